"""Small networks that are ill in one way each, at the end of an iteration that shows it."""

from __future__ import annotations

import numpy as np

from core.complete import load
from core.session import Session

BROKEN = ("saturated", "dead", "zero", "nan")
UNITS, SAMPLES = 5, 40


def sick(kind: str, iterations: int = 4) -> Session:
    """Return a session on a network with saturated units, dead ones, copies of one, or (its weights too large) NaN."""
    rng = np.random.default_rng(3)
    w1, b1, w2 = rng.normal(size=(UNITS, 2)), np.zeros((UNITS, 1)), rng.normal(size=(1, UNITS))
    activation = "sigmoid"
    if kind == "saturated":
        w1, b1 = 20 * w1, 3 * rng.normal(size=(UNITS, 1))
    elif kind == "dead":
        activation, b1 = "relu", np.array([[-60.0], [-60.0], [-60.0], [-60.0], [0.5]])
    elif kind == "zero":
        activation, w1, w2 = "tanh", 0 * w1, 0 * w2
    elif kind == "nan":
        activation, w2 = "relu", 200 * np.abs(w2)
    text = NETWORK.format(w1=w1.tolist(), b1=b1.tolist(), w2=w2.tolist(), activation=activation, **_data(rng))
    session = Session(load(text), kind)
    session.run(iterations)
    session.to_first_bad()
    return session


def _data(rng: np.random.Generator) -> dict[str, object]:
    x = rng.normal(size=(2, SAMPLES))
    return {"x": x.tolist(), "y": (x[:1] * x[1:] > 0).astype(float).tolist()}


NETWORK = """\
# data
X = np.array({x})
Y = np.array({y})
samples = "columns"
# parameters
W1 = np.array({w1})
b1 = np.array({b1})
W2 = np.array({w2})
b2 = np.array([[0.0]])
lr = 0.1
# forward
Z1 = W1 @ X + b1
A1 = {activation}(Z1)
Z2 = W2 @ A1 + b2
A2 = sigmoid(Z2)
# loss
L = bce(A2, Y)
"""
