"""One whole iteration of XOR by keys in the real window; the numbers on the screen against plain NumPy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np


def iteration_of_xor() -> Iterator[tuple[str, str, np.ndarray[Any, Any]]]:
    """Yield the phase, the name and the value of each of the 29 operations, computed here and not by the app."""
    X = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    Y = np.array([[0, 1, 1, 0]])
    np.random.seed(2)
    W1, b1 = np.random.randn(3, 2), np.zeros((3, 1))
    W2, b2 = np.random.randn(1, 3), np.zeros((1, 1))
    lr, m = 3.0, 4

    def sigmoid(z: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return 1 / (1 + np.exp(-z))

    Z1 = W1 @ X + b1
    A1 = sigmoid(Z1)
    Z2 = W2 @ A1 + b2
    A2 = sigmoid(Z2)
    yield from (("→ forward", "Z1.1", W1 @ X), ("→ forward", "Z1", Z1), ("→ forward", "A1", A1))
    yield from (("→ forward", "Z2.1", W2 @ A1), ("→ forward", "Z2", Z2), ("→ forward", "A2", A2))
    yield "◆ loss", "L", np.asarray(np.mean((A2 - Y) ** 2))
    dA2 = 2 * (A2 - Y) / m
    dZ2 = dA2 * A2 * (1 - A2)
    dW2, db2 = dZ2 @ A1.T, dZ2.sum(axis=1, keepdims=True)
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * A1 * (1 - A1)
    dW1, db1 = dZ1 @ X.T, dZ1.sum(axis=1, keepdims=True)
    for name, value in (
        ("dA2.1", A2 - Y), ("dA2.2", 2 * (A2 - Y)), ("dA2", dA2), ("dZ2.1", dA2 * A2), ("dZ2.2", 1 - A2), ("dZ2", dZ2),
        ("dW2", dW2), ("db2", db2), ("dA1", dA1), ("dZ1.1", dA1 * A1), ("dZ1.2", 1 - A1), ("dZ1", dZ1),
        ("dW1", dW1), ("db1", db1),
    ):  # fmt: skip
        yield "← backward", name, value
    for name, value, gradient in (("W2", W2, dW2), ("b2", b2, db2), ("W1", W1, dW1), ("b1", b1, db1)):
        yield "↻ update", f"{name}.1", lr * gradient
        yield "↻ update", f"{name}_next", value - lr * gradient


def numbers(cells: list[list[list[str]]], which: int) -> np.ndarray[Any, Any]:
    """Return the numbers of a matrix on the screen: as painted (0), or in full as pointing at a cell tells (1)."""
    return np.array([[float(cell[which].split(" = ")[-1].replace("−", "-")) for cell in row] for row in cells])


def test_a_whole_iteration_by_keys(app: Any) -> None:
    assert app.read()["title"] == "xor — Backprop Stepper"
    app.shows("iteration 1 · epoch 1 · 0 of 29 done · → forward")
    operations = list(iteration_of_xor())
    assert len(operations) == 29
    before = app.screen.pixels()
    shown = []
    for k, (phase, name, value) in enumerate(operations, start=1):
        app.press("Right")
        seen = app.shows(f"iteration 1 · epoch 1 · {k} of 29 done · {phase}")
        assert name in seen["matrices"], (name, seen["matrices"].keys())
        cells = seen["matrices"][name]
        expected = np.atleast_2d(value)
        np.testing.assert_allclose(numbers(cells, 1), expected, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(numbers(cells, 0), expected, rtol=6e-4, atol=1e-15)
        assert sum("just executed" in line for line in seen["lines"]) == 1
        after = app.screen.pixels()
        assert after != before, f"nothing changed on the screen at {name}"
        before = after
        shown.append(seen)
    assert any(re.fullmatch(r"loss 0\.2734", text) for text in seen["labels"])
    for k in range(28, 0, -1):
        app.press("Left")
        seen = app.shows(f"iteration 1 · epoch 1 · {k} of 29 done")
        assert seen["matrices"] == shown[k - 1]["matrices"]
        assert seen["lines"] == shown[k - 1]["lines"]
    app.press("Left")
    app.shows("iteration 1 · epoch 1 · 0 of 29 done")


def test_the_larger_steps(app: Any) -> None:
    for key, there in (
        ("F10", "iteration 1 · epoch 1 · 2 of 29"), ("Right", "iteration 1 · epoch 1 · 3 of 29"),
        ("shift+F10", "iteration 1 · epoch 1 · 2 of 29"), ("ctrl+Right", "iteration 1 · epoch 1 · 6 of 29"),
        ("shift+F11", "iteration 1 · epoch 1 · 7 of 29"), ("ctrl+Left", "iteration 1 · epoch 1 · 6 of 29"),
        ("shift+Right", "iteration 1 · epoch 1 · 29 of 29"), ("shift+Right", "iteration 2 · epoch 2 · 0 of 29"),
        ("shift+Left", "iteration 1 · epoch 1 · 29 of 29"), ("shift+Left", "iteration 1 · epoch 1 · 0 of 29"),
    ):  # fmt: skip
        app.press(key)
        app.shows(there)


def test_run_stop_mouse_and_quit(app: Any) -> None:
    x, y = app.read()["button"]
    app.screen.do("mousemove", str(x), str(y), "click", "1")
    app.shows("iteration 1 · epoch 1 · 1 of 29 done")
    app.press("F5")
    app.shows("iteration 3 ")
    app.press("F5")
    stood = app.read()["status"]
    assert "running" not in stood
    assert app.read()["status"] == stood
    app.press("Home")
    app.shows("iteration 1 · epoch 1 · 0 of 29 done")
    app.press("ctrl+q")
    assert app.process.wait(20) == 0
