"""Losses: one number that says how far the outputs are from the targets.

With the reduction "mean", `mse` averages over all elements; the others add up the outputs and average over
the samples, whose axis the program knows (`samples`: -1 for columns, 0 for rows). "sum" adds up everything.
Sources: Bishop, *Pattern Recognition and Machine Learning* (2006), 4.3.2 and 5.2; the fused form is the
one that PyTorch documents for `BCEWithLogitsLoss`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import ShapeError
from core.ops.base import Op, Site, register
from core.program.dims import Shape
from core.program.expr import Expr, Num, call


def mse(a, y, reduction="mean"):
    """Mean squared error: the mean (or the sum) over all elements of (a − y)²."""
    return np.mean((a - y) ** 2) if reduction == "mean" else np.sum((a - y) ** 2)


def sse(a, y):
    """Sum of squared errors: the sum over all elements of (a − y)²."""
    return np.sum((a - y) ** 2)


def half_sse(a, y):
    """Half the sum of squared errors, whose derivative is just a − y."""
    return 0.5 * np.sum((a - y) ** 2)


def mae(a, y, samples, reduction="mean"):
    """Absolute error: |a − y| summed over outputs, mean over samples (or summed)."""
    total = np.sum(np.abs(a - y))
    return total / a.shape[samples] if reduction == "mean" else total


def huber(a, y, samples, delta=1.0, reduction="mean"):
    """Huber's loss (1964): ½e² for errors e up to `delta`, beyond that delta·(|e| − ½delta)."""
    e = a - y
    total = np.sum(np.where(np.abs(e) <= delta, 0.5 * e**2, delta * (np.abs(e) - 0.5 * delta)))
    return total / a.shape[samples] if reduction == "mean" else total


def hinge(a, y, samples, reduction="mean"):
    """Hinge loss max(0, 1 − y·a) for targets of −1 and 1, summed over outputs, mean over samples (or summed)."""
    total = np.sum(np.maximum(1 - y * a, 0))
    return total / a.shape[samples] if reduction == "mean" else total


def bce(a, y, samples, reduction="mean"):
    """Binary cross-entropy of probabilities `a` in (0, 1), summed over outputs, mean over samples (or summed)."""
    total = -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a))
    return total / a.shape[samples] if reduction == "mean" else total


def bce_with_logits(z, y, samples, reduction="mean"):
    """Binary cross-entropy of sigmoid(z), computed from z itself: finite for every finite z."""
    total = np.sum(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))
    return total / z.shape[samples] if reduction == "mean" else total


def _loss_shape(a: Shape, y: Shape, samples: int = 0, **_: Any) -> Shape:
    if a != y:
        raise ShapeError("the outputs and the targets have different shapes")
    if a == () and samples:
        raise ShapeError("this loss needs an array with a sample axis")
    return ()


def per_sample(s: Site) -> Expr:
    """Return what a loss is divided by: the number of samples, or 1 for a sum."""
    return Num(1) if s.attributes.get("reduction") == "sum" else s.size(s.shapes[0][s.attributes["samples"]])


def _elements(s: Site) -> Expr:
    return Num(1) if s.attributes.get("reduction") == "sum" else s.count(s.shapes[0])


def _slope_of_huber(s: Site) -> Expr:
    delta = s.attributes.get("delta", 1.0)
    return call("maximum", call("minimum", s.a - s.b, delta), -delta) / per_sample(s)


def loss_cost(flops: int) -> Any:
    """Return a cost rule of so many floating point operations an element."""
    return lambda shapes, out, attributes: flops * int(np.prod(shapes[0]))


def _loss(name: str, function: Any, first: Any, second: Any, flops: int, definition: str, **attributes: Any) -> None:
    register(
        Op(
            name, function, _loss_shape, (lambda s: s.g * first(s), lambda s: s.g * second(s)), names=(name,), kind="loss",
            attributes=attributes, context={k: k for k in attributes if k == "samples"}, cost=loss_cost(flops),
            definition=definition,
        )
    )  # fmt: skip


_BOTH: dict[str, Any] = {"samples": None, "reduction": "mean"}
_loss(
    "mse", mse, lambda s: 2 * (s.a - s.b) / _elements(s), lambda s: 2 * (s.b - s.a) / _elements(s), 3,
    "e = a - y\nmean(e ** 2)", reduction="mean",
)  # fmt: skip
_loss("sse", sse, lambda s: 2 * (s.a - s.b), lambda s: 2 * (s.b - s.a), 3, "e = a - y\nsum(e ** 2)")
_loss("half_sse", half_sse, lambda s: s.a - s.b, lambda s: s.b - s.a, 3, "e = a - y\n0.5 * sum(e ** 2)")
_loss(
    "mae", mae, lambda s: call("sign", s.a - s.b) / per_sample(s), lambda s: call("sign", s.b - s.a) / per_sample(s), 2,
    "e = a - y\nsum(abs(e)) / m", **_BOTH,
)  # fmt: skip
_loss(
    "huber", huber, _slope_of_huber, lambda s: -_slope_of_huber(s), 6,
    "e = a - y\nsmall = 0.5 * e ** 2\n"
    "large = {delta} * (abs(e) - 0.5 * {delta})\neach = where(abs(e) <= {delta}, small, large)\nsum(each) / m",
    samples=None, delta=1.0, reduction="mean",
)  # fmt: skip
_loss(
    "hinge", hinge,
    lambda s: -s.b * call("less", s.a * s.b, 1) / per_sample(s), lambda s: -s.a * call("less", s.a * s.b, 1) / per_sample(s),
    4, "each = maximum(1 - y * a, 0)\nsum(each) / m", **_BOTH,
)  # fmt: skip
_loss(
    "bce", bce,
    lambda s: ((1 - s.b) / (1 - s.a) - s.b / s.a) / per_sample(s),
    lambda s: (call("log", 1 - s.a) - call("log", s.a)) / per_sample(s),
    24, "of_ones = y * log(a)\nof_zeros = (1 - y) * log(1 - a)\n-sum(of_ones + of_zeros) / m", **_BOTH,
)  # fmt: skip
_loss(
    "bce_with_logits", bce_with_logits,
    lambda s: (call("sigmoid", s.a) - s.b) / per_sample(s), lambda s: -s.a / per_sample(s),
    26, "e = exp(-abs(z))\neach = maximum(z, 0) - z * y + log(1 + e)\nsum(each) / m", **_BOTH,
)  # fmt: skip
