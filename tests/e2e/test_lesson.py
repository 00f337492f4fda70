"""The first lesson in the real window by keys alone; what it says against the same training computed here in plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS = 10


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def epochs(count: int, sign: float, right_operand: bool) -> tuple[list[float], float, tuple[int, ...]]:
    """Train as the lesson's program does, a sample an iteration: mean costs, the first error, the shape of dW2."""
    X, Y = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0.0, 1, 1, 0]])
    W1, b1 = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]), np.zeros((3, 1))
    W2, b2 = np.array([[0.1, 0.2, 0.3]]), np.zeros((1, 1))
    means: list[float] = []
    first: list[float] = []
    shape: tuple[int, ...] = ()
    for _ in range(count):
        costs = []
        for s in range(4):
            x, y = X[:, s : s + 1], Y[:, s : s + 1]
            Z1 = W1 @ x + b1
            A1 = sigmoid(Z1)
            Z2 = W2 @ A1 + b2
            A2 = sigmoid(Z2)
            costs.append(float(((y - A2) ** 2)[0, 0]))
            error = sign * 2 * (y - A2)
            first.append(float(error[0, 0]))
            dZ2 = error * sigmoid(Z2) * (1 - sigmoid(Z2))
            dA1 = W2.T @ dZ2
            dW2 = dZ2 @ (A1 if right_operand else A2).T
            shape = dW2.shape
            dZ1 = dA1 * sigmoid(Z1) * (1 - sigmoid(Z1))
            W2, b2 = W2 - 0.01 * dW2, b2 - 0.01 * dZ2
            W1, b1 = W1 - 0.01 * dZ1 @ x.T, b1 - 0.01 * dZ1
        means.append(float(np.mean(costs)))
    return means, first[0], shape


def stands(app: Any, n: int) -> dict[str, Any]:
    """Wait until a step, from 1, has been worked out and the window stands at its place."""

    def there(seen: dict[str, Any]) -> dict[str, Any] | None:
        lesson = seen["lesson"]
        return seen if lesson and lesson["count"] == f"step {n} of {STEPS}" and lesson["stands"] and seen["drawn"] else None

    return app.until(there, f"step {n}")


def words(seen: dict[str, Any]) -> str:
    return "\n".join(seen["lesson"]["texts"]).replace("−", "-")


def test_the_first_lesson_from_the_first_page_to_its_end(newcomer: Any) -> None:
    wrong, error, _ = epochs(20, 1.0, False)
    turned, _, shape = epochs(20, -1.0, False)
    mended, _, _ = epochs(20, -1.0, True)
    assert wrong[-1] > wrong[0] and turned[-1] < turned[0] and shape == (1, 1)
    for _ in range(8):
        if newcomer.read()["focus"] == "Lessons":
            break
        newcomer.press("Tab")
    newcomer.press("Down", "Up", "Return")
    seen = stands(newcomer, 1)
    assert seen["title"].startswith("cost-rises") and "lesson" in seen["panels"]
    newcomer.press("ctrl+Next")
    seen = stands(newcomer, 2)
    assert seen["lesson"]["asks"] == "sign" and f"{error:.4g}" not in words(seen)
    before = newcomer.screen.pixels()
    answer(newcomer, "2")
    seen = newcomer.until(lambda now: now if not now["lesson"]["asks"] else None, "the answer")
    assert "✓ Right: negative" in words(seen)
    assert f"{error:.4g}" in words(seen)
    assert newcomer.screen.pixels() != before
    for n in range(3, STEPS + 1):
        newcomer.press("ctrl+Next")
        seen = stands(newcomer, n)
        if n == 5:
            assert seen["lesson"]["asks"] == "shape"
            answer(newcomer, "1x1")
            newcomer.press("Return")
            seen = newcomer.until(lambda now: now if not now["lesson"]["asks"] else None, "the answer")
            assert "✓ Right: 1×1" in words(seen)
        if n == 7:
            assert f"{turned[-1]:.6f}" not in words(seen)
            answer(newcomer, "1")
            seen = newcomer.until(lambda now: now if not now["lesson"]["asks"] else None, "the answer")
            assert "✗ Not quite." in words(seen)
            for number in (wrong[-1], turned[-1], mended[-1]):
                assert f"{number:.6f}" in words(seen)
    assert "Done" in seen["lesson"]["next"]


def answer(app: Any, text: str) -> None:
    """Type an answer where the keyboard is when a lesson has been opened or its panel called."""
    if not app.read()["panels"]["lesson"]["focus"]:
        app.press("ctrl+l")
        app.until(lambda now: now["panels"].get("lesson", {}).get("focus"), "the keyboard in the lesson")
    app.type(text)
