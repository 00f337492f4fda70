"""What a person changes, steps into and stops on, by keys in the real window; every number against plain NumPy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
XOR = Path(__file__).parents[2] / "resources" / "examples" / "xor.py"
CHANGED = 0.75


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


@dataclass
class Xor:
    """The network of the example, trained here and not by the app."""

    X: Array = field(default_factory=lambda: np.array([[0, 0, 1, 1], [0, 1, 0, 1]]))
    Y: Array = field(default_factory=lambda: np.array([[0, 1, 1, 0]]))

    def __post_init__(self) -> None:
        np.random.seed(2)
        self.W1, self.b1 = np.random.randn(3, 2), np.zeros((3, 1))
        self.W2, self.b2 = np.random.randn(1, 3), np.zeros((1, 1))

    def forward(self) -> dict[str, Array]:
        Z1 = self.W1 @ self.X + self.b1
        A1 = sigmoid(Z1)
        Z2 = self.W2 @ A1 + self.b2
        A2 = sigmoid(Z2)
        return {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2, "L": np.mean((A2 - self.Y) ** 2)}

    def iterate(self) -> float:
        """Train once; returns the loss before."""
        f = self.forward()
        dZ2 = 2 * (f["A2"] - self.Y) / 4 * f["A2"] * (1 - f["A2"])
        dZ1 = self.W2.T @ dZ2 * f["A1"] * (1 - f["A1"])
        self.W2 = self.W2 - 3.0 * (dZ2 @ f["A1"].T)
        self.b2 = self.b2 - 3.0 * dZ2.sum(axis=1, keepdims=True)
        self.W1 = self.W1 - 3.0 * (dZ1 @ self.X.T)
        self.b1 = self.b1 - 3.0 * dZ1.sum(axis=1, keepdims=True)
        return float(f["L"])


def same(seen: dict[str, Any], name: str, wanted: Any) -> None:
    """The numbers of a matrix on the screen are these: as they are painted, and in full."""
    cells = seen["matrices"][name]
    for which, close in ((0, 6e-4), (1, 1e-12)):
        shown = [[float(cell[which].split(" = ")[-1].split(",")[0].replace("−", "-")) for cell in row] for row in cells]
        np.testing.assert_allclose(shown, np.atleast_2d(wanted), rtol=close, atol=1e-15)


def operation(app: Any, start: str) -> dict[str, Any]:
    """Wait until the operation says something that begins so."""

    def found(seen: dict[str, Any]) -> dict[str, Any] | None:
        return seen if seen["drawn"] and any(text.startswith(start) for text in seen["operation"]) else None

    return app.until(found, f"the operation to say {start!r}, it says {app.read()['operation']}")


def choose_given(app: Any, name: str) -> None:
    """Choose what is given in the program, by keys alone."""
    app.press("alt+1")  # gives it the keyboard
    app.until(lambda seen: seen["focus"] == "Program, line by line", "the keyboard in the program")
    app.press("Up", "Up", "Return", *["Down"] * (1 + ["X", "Y", "W1"].index(name)), "Return")


def jump(app: Any, iteration: int) -> None:
    """Go to the end of an iteration by its number."""
    app.press("ctrl+g")
    app.until(lambda seen: seen["dialog"] == "Jump to an iteration", "the question")
    app.press("ctrl+a")
    app.type(str(iteration))
    app.press("Return")
    app.shows(f"iteration {iteration} · epoch {iteration} · 29 of 29 done")


def test_a_weight_typed_over_out_of_date_computed_and_undone(app: Any) -> None:
    app.shows("iteration 1 · epoch 1 · 0 of 29 done")
    choose_given(app, "W1")
    app.press("alt+5")
    app.until(lambda seen: seen["value"] and seen["value"][0] == "heat map of W1, 3 by 2", "W1 in the value panel")
    for _ in range(8):
        if app.read()["focus"].startswith("heat map"):
            break
        before_tab = app.read()["focus"]
        app.press("Tab")
        app.until(lambda seen, old=before_tab: seen["focus"] != old, "the keyboard to go on")
    assert app.read()["focus"] == "heat map of W1, 3 by 2"
    app.press("ctrl+Right", "F10")
    app.shows("iteration 1 · epoch 1 · 7 of 29 done · ◆ loss")
    xor = Xor()
    before = xor.forward()
    same(app.read(), "L", before["L"])

    app.press("Right")  # in the heat map the arrows move from cell to cell
    app.until(lambda seen: seen["value"][1].startswith(f"W1[0, 1] = {xor.W1[0, 1]!s}"), "the cell")
    app.press("F2")
    app.until(lambda seen: seen["value"][2] == str(xor.W1[0, 1]), "the number to be typed over")
    app.type(str(CHANGED))
    app.press("Return")
    seen = app.until(lambda seen: seen["bar"] and seen["drawn"] and seen, "what is out of date")
    assert seen["bar"].startswith("◷ After W1[0, 1]")
    assert seen["value"][1].startswith(f"W1[0, 1] = {CHANGED}") and "changed by hand" in seen["value"][1]
    assert all(name in seen["bar"].rsplit(":", 1)[1] for name in before)
    assert seen["stale"] == ["L", "A2"]
    same(seen, "L", before["L"])
    assert sum("out of date" in line for line in seen["lines"]) == 5

    app.press("F8")
    seen = app.until(lambda seen: not seen["bar"] and seen["drawn"] and seen, "all to be computed again")
    xor.W1[0, 1] = CHANGED
    after = xor.forward()
    assert seen["stale"] == [] and not any("out of date" in line for line in seen["lines"])
    for k, name in ((7, "L"), (6, "A2"), (5, "Z2"), (3, "A1"), (2, "Z1")):
        app.until(lambda seen, k=k: f" {k} of 29 done" in seen["status"] and seen["drawn"], f"operation {k}")
        same(app.read(), name, after[name])
        assert not np.array_equal(after[name], before[name])
        app.press("shift+F10")

    app.press("ctrl+Right", "F10")
    app.shows("iteration 1 · epoch 1 · 7 of 29 done")
    app.press("ctrl+z")
    seen = app.until(lambda seen: seen["bar"] and seen["drawn"] and seen, "what the undoing put out of date")
    assert seen["value"][1].startswith(f"W1[0, 1] = {Xor().W1[0, 1]!s}") and "changed" not in seen["value"][1]
    app.press("F8")
    seen = app.until(lambda seen: not seen["bar"] and seen["drawn"] and seen, "nothing to be out of date")
    same(seen, "L", before["L"])
    app.press("ctrl+y")
    app.until(lambda seen: seen["bar"] and seen["value"][1].startswith(f"W1[0, 1] = {CHANGED}"), "the change again")


def test_into_sigmoid_inside_it_and_out(app: Any) -> None:
    app.press("F10")
    app.shows("iteration 1 · epoch 1 · 2 of 29 done")
    known = Xor().forward()
    app.press("F11")
    operation(app, "▼ inside  A1 = sigmoid(Z1), 0 of 4 done")
    e = np.exp(-known["Z1"])
    for k, (name, value) in enumerate((("e.1", -known["Z1"]), ("e", e), ("A1.1", 1 + e), ("A1", 1 / (1 + e))), start=1):
        app.press("Right")
        seen = operation(app, f"▼ inside  A1 = sigmoid(Z1), {k} of 4 done")
        assert seen["status"].startswith("iteration 1 · epoch 1 · 2 of 29 done")
        same(seen, name, value)
    app.press("Right")
    app.shows("iteration 1 · epoch 1 · 3 of 29 done")
    app.press("ctrl+F11")
    operation(app, "▼ inside  A1 = sigmoid(Z1), 4 of 4 done")
    app.press("Left", "Left")
    same(operation(app, "▼ inside  A1 = sigmoid(Z1), 2 of 4 done"), "e", e)
    app.press("shift+F11")
    seen = app.shows("iteration 1 · epoch 1 · 3 of 29 done")
    assert not any(text.startswith("▼") for text in seen["operation"])
    same(seen, "A1", known["A1"])


def test_cell_by_cell(app: Any) -> None:
    xor = Xor()
    product = xor.W1 @ xor.X
    for n in range(1, 5):
        app.press("alt+Right")
        seen = operation(app, f"{n} of 12 cells of  Z1.1 = W1 @ X")
        shown = [cell[0] for row in seen["matrices"]["Z1.1"] for cell in row]
        np.testing.assert_allclose([float(x.replace("−", "-")) for x in shown[:n]], product.flat[:n], rtol=6e-4)
        assert set(shown[n:]) == {"·"}
    app.press("alt+Left")
    seen = operation(app, "3 of 12 cells of  Z1.1 = W1 @ X")
    assert seen["matrices"]["Z1.1"][0][3][0] == "·"
    app.press("shift+F11")
    same(app.shows("iteration 1 · epoch 1 · 1 of 29 done"), "Z1.1", product)


def test_a_condition_stops_a_run_and_is_found_again_from_later(opening: Callable[[str], Any], tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    shutil.copy(XOR, mine)
    xor, first, loss = Xor(), 0, 1.0
    while loss >= 0.2:
        first, loss = first + 1, xor.iterate()
    app = opening(str(mine))
    app.press("ctrl+shift+b")
    app.until(lambda seen: seen["focus"] == "An expression to watch or to stop at", "the line for conditions")
    app.type("L < 0.2")
    app.press("Return")
    app.until(lambda seen: "L < 0.2 | where it becomes true" in seen["notes"], "the stop in the list")
    jump(app, first - 3)
    app.press("F5")
    hit = f"iteration {first} · epoch {first} · 7 of 29 done · ◆ loss"
    seen = app.shows(hit)
    assert "L < 0.2 has become true" in seen["message"]
    same(seen, "L", loss)
    jump(app, first + 2)
    app.press("shift+F5")
    same(app.shows(hit), "L", loss)
    app.press("shift+F5")
    app.until(lambda seen: "earlier than here" in seen["message"], "word that there is none before")
    assert app.read()["status"].startswith(hit)

    app.end()
    again = opening(str(mine))  # what is left in a program is kept with it
    again.press("ctrl+shift+b")
    again.until(lambda seen: "L < 0.2 | where it becomes true" in seen["notes"], "the stop, still there")
