"""Activations. Every rule uses the activation's own result where it can, as textbooks do."""

from __future__ import annotations

import numpy as np

from core.ops.base import Op, register, same
from core.program.expr import call


def sigmoid(z):
    """Logistic function 1 / (1 + exp(-z)), written so that exp never overflows."""
    e = np.exp(-np.abs(z))
    return np.where(np.greater_equal(z, 0), 1.0, e) / (1.0 + e)


def sigmoid_written_out(z):
    """Logistic function exactly as `1 / (1 + np.exp(-z))` computes it; exp(-z) overflows for large -z."""
    return 1 / (1 + np.exp(-z))


def relu(z):
    """Rectified linear unit: z where it is positive, else 0."""
    return np.maximum(z, 0)


def _cost(flops: int):
    return lambda shapes, out, attributes: flops * int(np.prod(out))


register(
    Op(
        "sigmoid", sigmoid, same, (lambda s: s.g * s.out * (1 - s.out),), names=("sigmoid",), elementwise=True, kind="activation",
        cost=_cost(14), definition="1 / (1 + exp(-z))",
    )
)  # fmt: skip
register(
    Op(
        "sigmoid_written_out", sigmoid_written_out, same, (lambda s: s.g * s.out * (1 - s.out),),
        names=("sigmoid_written_out",), elementwise=True, cost=_cost(13), definition="1 / (1 + exp(-z))",
    )
)  # fmt: skip
register(
    Op(
        "tanh", np.tanh, same, (lambda s: s.g * (1 - s.out**2),), names=("tanh",), numpy="np.tanh", ufunc=np.tanh,
        elementwise=True, kind="activation", cost=_cost(10), definition="(exp(z) - exp(-z)) / (exp(z) + exp(-z))",
    )
)  # fmt: skip
register(
    Op(
        "relu", relu, same, (lambda s: s.g * call("greater", s.a, 0),), names=("relu",), elementwise=True, kind="activation",
        cost=_cost(1), definition="maximum(z, 0)",
    )
)  # fmt: skip
