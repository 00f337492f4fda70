"""One's own program through *Check my code* in the real window: told bit by bit, mended, undone; numbers by plain NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

MINE = """\
c = 2.0
# data
X = np.array([[0.0, 0.5, 1, 1], [0, 1, 0, 1]])
Y = np.array([[0.0, 1, 1, 0]])
samples = "columns"
# parameters
W1 = np.array([[0.4, -0.6], [0.9, 0.3], [-1.2, 0.8]])
b1 = np.zeros((3, 1))
W2 = np.array([[0.7, -1.1, 0.5]])
b2 = np.zeros((1, 1))
lr = 0.5
# forward
Z1 = W1 @ X + b1
A1 = tanh(Z1)
A2 = W2 @ A1 + b2
# loss
L = mse(A2, Y)
# backward
dA2 = c * (A2 - Y) / 4
dW2 = dA2 @ A1.T
db2 = np.sum(dA2, axis=1, keepdims=True)
dA1 = W2.T @ dA2
dZ1 = dA1 * (1 + A1 ** 2)
dW1 = dZ1 @ X.T
db1 = np.sum(dZ1, axis=1, keepdims=True)
# update
W1 = W1 - lr * dW1
b1 = b1 - lr * db1
W2 = W2 - lr * dW2
b2 = b2 - lr * db2
"""
WRONG, RIGHT = "dZ1 = dA1 * (1 + A1 ** 2)", "dZ1 = dA1 * (1 - A1 ** 2)"
LINE = MINE.split("\n").index(WRONG) + 1
X = np.array([[0.0, 0.5, 1, 1], [0, 1, 0, 1]])
Y = np.array([[0.0, 1, 1, 0]])
START = {
    "W1": np.array([[0.4, -0.6], [0.9, 0.3], [-1.2, 0.8]]), "b1": np.zeros((3, 1)),
    "W2": np.array([[0.7, -1.1, 0.5]]), "b2": np.zeros((1, 1)),
}  # fmt: skip


def loss(p: dict[str, Any]) -> float:
    return float(np.mean((p["W2"] @ np.tanh(p["W1"] @ X + p["b1"]) + p["b2"] - Y) ** 2))


def gradients(sign: float, c: float = 2.0) -> dict[str, Any]:
    """The gradients as the program computes them; with −1 they are right."""
    A1 = np.tanh(START["W1"] @ X + START["b1"])
    dA2 = c * (START["W2"] @ A1 + START["b2"] - Y) / 4
    dZ1 = START["W2"].T @ dA2 * (1 + sign * A1**2)
    return {"W1": dZ1 @ X.T, "b1": dZ1.sum(1, keepdims=True), "W2": dA2 @ A1.T, "b2": dA2.sum(1, keepdims=True)}


def nudged(name: str) -> Any:
    """The slope of the loss at each cell of a parameter, by nudging it."""
    found = np.zeros_like(START[name])
    for cell in np.ndindex(found.shape):
        there = [START | {name: START[name].copy()} for _ in range(2)]
        there[0][name][cell] += 1e-5
        there[1][name][cell] -= 1e-5
        found[cell] = (loss(there[0]) - loss(there[1])) / 2e-5
    return found


def numbers(cells: list[list[list[str]]]) -> Any:
    """The numbers that the cells of a matrix are painted with."""
    return np.array([[float(painted.replace("−", "-")) for painted, _ in row] for row in cells])


def cosine(a: Any, b: Any) -> float:
    return float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))


def checked(app: Any, start: str) -> dict[str, Any]:
    """Wait until what was found of the text as it is now begins in a certain way."""

    def found(seen: dict[str, Any]) -> dict[str, Any] | None:
        d = seen["diagnosis"]
        return seen if d and d["summary"].startswith(start) and d["place"] == "✓ up to date" and seen["drawn"] else None

    return app.until(found, start)


def click(app: Any, at: list[int]) -> None:
    app.screen.do("mousemove", str(at[0]), str(at[1]), "click", "1")


def test_told_step_by_step_mended_run_and_undone(newcomer: Any, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    newcomer.press("Tab")
    newcomer.until(lambda seen: seen["focus"] == "Check my code", "the second button")
    newcomer.press("Return")
    newcomer.press("Return")
    newcomer.until(lambda seen: seen["modal"], "the dialog")
    newcomer.type(str(file))
    newcomer.press("Return")
    seen = checked(newcomer, "✗ Wrong: W1 and b1")

    true, own = gradients(-1.0), gradients(1.0)
    for name in START:
        right = name in ("W2", "b2")
        verdict, _, spoken = seen["diagnosis"]["rows"][name]
        assert verdict == ("✓ right" if right else "✗ wrong")
        assert f"(cosine with −∇L: {'1' if right else f'{cosine(own[name], true[name]):+.2f}'})" in spoken
        if right:
            np.testing.assert_allclose(own[name], true[name])

    click(newcomer, seen["diagnosis"]["at"]["W1"])
    seen = newcomer.until(lambda now: now if len(now["diagnosis"]["cells"]) == 3 else None, "the cells, with those of nudging")
    shown = list(seen["diagnosis"]["cells"].values())
    for cells, wanted in zip(shown, (own["W1"], true["W1"], nudged("W1")), strict=True):
        np.testing.assert_allclose(numbers(cells), wanted, rtol=1e-3)

    for level, says in enumerate(("Hint", f"Line {LINE}", "sign", "becomes"), 1):
        before = "\n".join(seen["diagnosis"]["cards"])
        assert level == 1 or says not in before
        newcomer.press("F4")
        seen = newcomer.until(lambda now, b=before: now if "\n".join(now["diagnosis"]["cards"]) != b else None, f"level {level}")
        assert level == 1 or says in "\n".join(seen["diagnosis"]["cards"])
    assert seen["diagnosis"]["mends"][0].split("\n") == [f"− {LINE}  {WRONG}", f"+ {LINE}  {RIGHT}"]
    assert seen["editor"]["text"] == MINE

    click(newcomer, seen["diagnosis"]["put"][0])
    seen = checked(newcomer, "✓ Every gradient is right.")
    assert seen["editor"]["text"] == MINE.replace(WRONG, RIGHT)
    assert seen["editor"]["stale"]
    newcomer.press("ctrl+Return")
    newcomer.until(lambda now: not now["editor"]["stale"] and now["drawn"], "the mended text to run")
    seen = checked(newcomer, "✓ Every gradient is right.")
    assert all(row[0] == "✓ right" and "(cosine with −∇L: 1)" in row[2] for row in seen["diagnosis"]["rows"].values())

    if newcomer.read()["focus"] != "Text of the program":
        newcomer.press("ctrl+e")
    newcomer.until(lambda now: now["focus"] == "Text of the program", "the editor")
    newcomer.press("ctrl+Home", "End", "BackSpace", "BackSpace", "BackSpace")
    newcomer.type("1.0")
    seen = checked(newcomer, "≈")
    half = gradients(-1.0, 1.0)
    assert all(np.allclose(half[name] * 2, true[name]) for name in START)
    assert all(row[0] == "≈ right up to a factor 1/2" for row in seen["diagnosis"]["rows"].values())

    for _ in range(10):
        if newcomer.read()["editor"]["text"] == MINE:
            break
        newcomer.press("ctrl+z")
    seen = checked(newcomer, "✗ Wrong: W1 and b1")
    assert seen["editor"]["text"] == MINE == file.read_text()
