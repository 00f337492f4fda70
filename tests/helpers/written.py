"""A small network with a backward pass written by hand, to put faults into."""

from __future__ import annotations

from typing import Any

from core.complete import load
from core.execute.timeline import Position, Timeline
from core.health.gradcheck import GradientCheck, check
from core.program.ir import Program

COLUMNS = """\
# data
X = np.array([[0, 0, 1.0, 1], [0, 1, 0, 1]])
Y = np.array([[0, 1, 1.0, 0]])
samples = "columns"
# parameters
np.random.seed(1)
W1 = np.random.randn(2, 2)
b1 = 0.1 * np.ones((2, 1))
W2 = np.random.randn(1, 2)
b2 = np.zeros((1, 1))
lr = 0.5
# forward
A1 = sigmoid(W1 @ X + b1)
A2 = sigmoid(W2 @ A1 + b2)
L = half_sse(A2, Y)
# backward
dZ2 = (A2 - Y) * A2 * (1 - A2)
dW2 = dZ2 @ A1.T
db2 = sum(dZ2, axis=1, keepdims=True)
dZ1 = (W2.T @ dZ2) * A1 * (1 - A1)
dW1 = dZ1 @ X.T
db1 = sum(dZ1, axis=1, keepdims=True)
# update
W1 -= lr * dW1
b1 -= lr * db1
W2 -= lr * dW2
b2 -= lr * db2
"""
ROWS = """\
# data
X = np.array([[0, 0], [0, 1.0], [1, 0], [1, 1]])
Y = np.array([[0], [1.0], [1], [0]])
samples = "rows"
# parameters
np.random.seed(2)
W1 = np.random.randn(2, 3)
b1 = 0.1 * np.ones(3)
W2 = np.random.randn(3, 1)
lr = 0.5
# forward
A1 = tanh(X @ W1 + b1)
A2 = sigmoid(A1 @ W2)
L = mse(A2, Y)
# backward
dZ2 = 2 * (A2 - Y) / 4 * A2 * (1 - A2)
dW2 = A1.T @ dZ2
dZ1 = (dZ2 @ W2.T) * (1 - A1 ** 2)
dW1 = X.T @ dZ1
db1 = sum(dZ1, axis=0)
# update
W1 -= lr * dW1
b1 -= lr * db1
W2 -= lr * dW2
"""
RIGHT = ("agrees", "both zero", "kink")


def standing(program: Program, iteration: int = 1, k: int | None = None) -> Timeline:
    """Return a timeline that stands somewhere, by default at the end of the iteration."""
    timeline = Timeline(program)
    timeline.go(Position(iteration, len(program) if k is None else k))
    return timeline


def check_of(text: str | Program, iteration: int = 1, **how: Any) -> GradientCheck:
    """Check the gradients of a program, all at once."""
    program = load(text) if isinstance(text, str) else text
    work = check(program, standing(program, iteration).machine.peek, **how)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def verdicts(found: GradientCheck) -> dict[str, str]:
    """Return the verdicts by name."""
    return {r.name: r.verdict for r in found.results}
