"""Losses: one number that says how far the outputs are from the targets.

`mse` averages over all elements; the cross-entropies add up the outputs and average over the samples,
whose axis the program knows (`samples`: -1 for columns, 0 for rows).
Sources: Bishop, *Pattern Recognition and Machine Learning* (2006), 4.3.2 and 5.2; the fused form is the
one that PyTorch documents for `BCEWithLogitsLoss`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import ShapeError
from core.ops.base import Op, Site, register
from core.program.dims import Shape
from core.program.expr import Expr, call


def mse(a, y):
    """Mean squared error: the mean over all elements of (a − y)²."""
    return np.mean((a - y) ** 2)


def sse(a, y):
    """Sum of squared errors: the sum over all elements of (a − y)²."""
    return np.sum((a - y) ** 2)


def half_sse(a, y):
    """Half the sum of squared errors, whose derivative is just a − y."""
    return 0.5 * np.sum((a - y) ** 2)


def bce(a, y, samples):
    """Binary cross-entropy of probabilities `a` in (0, 1), summed over outputs, mean over samples."""
    return -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)) / a.shape[samples]


def bce_with_logits(z, y, samples):
    """Binary cross-entropy of sigmoid(z), computed from z itself: finite for every finite z."""
    return np.sum(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))) / z.shape[samples]


def _loss_shape(a: Shape, y: Shape, samples: int = 0) -> Shape:
    if a != y:
        raise ShapeError("the outputs and the targets have different shapes")
    if a == () and samples:
        raise ShapeError("a cross-entropy needs an array with a sample axis")
    return ()


def _per_sample(s: Site) -> Expr:
    return s.size(s.shapes[0][s.attributes["samples"]])


def _cost(flops: int) -> Any:
    return lambda shapes, out, attributes: flops * int(np.prod(shapes[0]))


register(
    Op(
        "mse", mse, _loss_shape,
        (
            lambda s: s.g * (2 * (s.a - s.b) / s.count(s.shapes[0])),
            lambda s: s.g * (2 * (s.b - s.a) / s.count(s.shapes[0])),
        ),
        names=("mse",), kind="loss", cost=_cost(3), definition="mean((a - y) ** 2)",
    )
)  # fmt: skip
register(
    Op(
        "sse", sse, _loss_shape, (lambda s: s.g * (2 * (s.a - s.b)), lambda s: s.g * (2 * (s.b - s.a))),
        names=("sse",), kind="loss", cost=_cost(3), definition="sum((a - y) ** 2)",
    )
)  # fmt: skip
register(
    Op(
        "half_sse", half_sse, _loss_shape, (lambda s: s.g * (s.a - s.b), lambda s: s.g * (s.b - s.a)),
        names=("half_sse",), kind="loss", cost=_cost(3), definition="0.5 * sum((a - y) ** 2)",
    )
)  # fmt: skip
register(
    Op(
        "bce", bce, _loss_shape,
        (
            lambda s: s.g * (((1 - s.b) / (1 - s.a) - s.b / s.a) / _per_sample(s)),
            lambda s: s.g * ((call("log", 1 - s.a) - call("log", s.a)) / _per_sample(s)),
        ),
        names=("bce",), kind="loss", attributes={"samples": None}, cost=_cost(24),
        definition="-sum(y * log(a) + (1 - y) * log(1 - a)) / m",
    )
)  # fmt: skip
register(
    Op(
        "bce_with_logits", bce_with_logits, _loss_shape,
        (
            lambda s: s.g * ((call("sigmoid", s.a) - s.b) / _per_sample(s)),
            lambda s: s.g * (-s.a / _per_sample(s)),
        ),
        names=("bce_with_logits",), kind="loss", attributes={"samples": None}, cost=_cost(26),
        definition="sum(maximum(z, 0) - z * y + log(1 + exp(-abs(z)))) / m",
    )
)  # fmt: skip
