"""What the tests of the picture of a network share: a wide network, a session at a place, values by label."""

from __future__ import annotations

import numpy as np

from core.library import open_target
from core.program.ir import Program
from core.session import Moment, Session

WIDE = """
# data
np.random.seed(0)
X = np.random.rand(64, 20)
Y = np.random.rand(3, 20)
samples = "columns"
# parameters
W1 = np.random.randn(40, 64) * 0.2
b1 = np.zeros((40, 1))
W2 = np.random.randn(3, 40) * 0.2
b2 = np.zeros((3, 1))
lr = 0.1
# forward
Z1 = W1 @ X + b1
A1 = relu(Z1)
Z2 = W2 @ A1 + b2
A2 = sigmoid(Z2)
# loss
L = mse(A2, Y)
"""


def at(program: Program, label: str, iteration: int = 1) -> Session:
    """Return a session that stands just after the operation that makes `label`; "" is the start."""
    session = Session(program, "test")
    k = 0 if not label else 1 + next(i.index for i in program.instructions if program.values[i.result].label == label)
    session.go(iteration, k)
    return session


def xor(label: str = "") -> Session:
    return at(open_target("xor").program, label)


def value(session: Session, label: str) -> int:
    return next(v.index for v in session.program.values if v.label == label)


def array(moment: Moment, label: str) -> np.ndarray:
    found = moment.value(next(v.index for v in moment.program.values if v.label == label))
    assert found is not None
    return found
