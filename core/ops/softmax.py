"""Softmax and the cross-entropies of several classes.

Sources: Bishop, *Pattern Recognition and Machine Learning* (2006), 4.3.4; Goodfellow, Bengio, Courville,
*Deep Learning* (2016), 6.2.2.3. The largest entry is subtracted before exp, which changes nothing but the range.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import ShapeError
from core.ops.base import REQUIRED, Op, Site, register
from core.ops.losses import per_sample
from core.program.dims import Shape, axes_of
from core.program.expr import Expr, call


def softmax(z, axis):
    """Softmax along `axis`: exp(z) divided by its sum, so that each sample's outputs add up to 1."""
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(z, axis):
    """Logarithm of softmax, computed without ever taking the logarithm of 0."""
    shifted = z - np.max(z, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def one_hot(y, z, samples):
    """Return class indices `y` as columns (or rows) of 0 and 1 of the shape of `z`."""
    classes = 0 if samples == -1 else -1
    index = np.expand_dims(np.reshape(y, -1), classes).astype(np.int64)
    out = np.zeros_like(z)
    np.put_along_axis(out, index, 1, axis=classes)
    return out


def cross_entropy(a, y, samples, reduction="mean"):
    """Cross-entropy of class probabilities `a` against one-hot targets, mean over samples (or their sum)."""
    total = -np.sum(y * np.log(a))
    return total / a.shape[samples] if reduction == "mean" else total


def softmax_cross_entropy(z, y, samples, reduction="mean"):
    """Cross-entropy of softmax(z), computed from z itself.

    `y` holds class indices from 0, or has z's shape and adds up to 1 for each sample (one-hot, or smoothed):
    the gradient softmax(z) − y is right only then.
    """
    classes = 0 if samples == -1 else -1
    shifted = z - np.max(z, axis=classes, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=classes, keepdims=True))
    if np.shape(y) == np.shape(z):
        if np.any(np.abs(np.sum(y, axis=classes) - 1) > 1e-3):
            raise ValueError("the targets of each sample must add up to 1")
        total = -np.sum(y * log_p)
    else:
        index = np.expand_dims(np.reshape(y, -1), classes).astype(np.int64)
        if np.any(index < 0):
            raise ValueError("a class index must not be negative")
        total = -np.sum(np.take_along_axis(log_p, index, axis=classes))
    return total / z.shape[samples] if reduction == "mean" else total


def _along(z: Shape, axis: int) -> Shape:
    axes_of(axis, len(z))
    return z


def _indices_fit(y: Shape, z: Shape, samples: int) -> bool:
    """Class indices are one a sample: (m,), 1×m for columns or m×1 for rows."""
    m = z[samples]
    return y in ((m,), (1, m) if samples == -1 else (m, 1))


def _one_hot_shape(y: Shape, z: Shape, samples: int) -> Shape:
    if len(z) != 2 or not _indices_fit(y, z, samples):
        raise ShapeError("class indices need one whole number for each sample")
    return z


def _cross_entropy_shape(a: Shape, y: Shape, samples: int, reduction: str = "mean") -> Shape:
    if a != y or not a:
        raise ShapeError("the probabilities and the one-hot targets have different shapes")
    return ()


def _fused_shape(z: Shape, y: Shape, samples: int, reduction: str = "mean") -> Shape:
    if len(z) != 2 or (y != z and not _indices_fit(y, z, samples)):
        raise ShapeError("the targets are neither one-hot, of the shape of the outputs, nor one class index for each sample")
    return ()


def _fused_dtype(z: Any, y: Any, **_: Any) -> Any:
    """Asked of NumPy without class indices: one cell has no class 1 to pick."""
    floating = np.exp(np.ones(1, dtype=z[1])).dtype
    return np.result_type(floating, y[1]) if y[0] == z[0] else floating


def _classes(s: Site) -> int:
    return 0 if s.attributes["samples"] == -1 else -1


def _fused_back(s: Site) -> Expr:
    samples = s.attributes["samples"]
    y = s.b if s.shapes[1] == s.shapes[0] else call("one_hot", s.b, s.a, samples=samples)
    return s.g * ((call("softmax", s.a, axis=_classes(s)) - y) / per_sample(s))


def _softmax_back(s: Site) -> Expr:
    axis = s.attributes["axis"]
    return s.out * (s.g - call("sum", s.g * s.out, axis=axis, keepdims=True))


def _log_softmax_back(s: Site) -> Expr:
    axis = s.attributes["axis"]
    return s.g - call("exp", s.out) * call("sum", s.g, axis=axis, keepdims=True)


def _cost(flops: int) -> Any:
    return lambda shapes, out, attributes: flops * int(np.prod(shapes[0]))


_SAMPLES = {"samples": "samples"}
_SOFTMAX = """largest = max(z, axis={axis}, keepdims=True)
e = exp(z - largest)
total = sum(e, axis={axis}, keepdims=True)
e / total"""
_LOG_SOFTMAX = """shifted = z - max(z, axis={axis}, keepdims=True)
total = sum(exp(shifted), axis={axis}, keepdims=True)
shifted - log(total)"""
_FUSED = """shifted = z - max(z, axis={classes}, keepdims=True)
total = sum(exp(shifted), axis={classes}, keepdims=True)
log_p = shifted - log(total)
each = y * log_p
-sum(each) / m"""
_REDUCED: dict[str, Any] = {"samples": None, "reduction": "mean"}
register(
    Op(
        "softmax", softmax, _along, (_softmax_back,), names=("softmax",), kind="activation",
        attributes={"axis": REQUIRED}, context={"axis": "class_axis"},
        cost=_cost(13), definition=_SOFTMAX,
    )
)  # fmt: skip
register(
    Op(
        "log_softmax", log_softmax, _along, (_log_softmax_back,), names=("log_softmax",), kind="activation",
        attributes={"axis": REQUIRED}, context={"axis": "class_axis"}, cost=_cost(14),
        definition=_LOG_SOFTMAX,
    )
)  # fmt: skip
register(
    Op(
        "one_hot",
        one_hot,
        _one_hot_shape,
        (None, None),
        names=("one_hot",),
        attributes={"samples": None},
        context=_SAMPLES,
        cost=lambda *_: 0,
        dtype=lambda y, z, **_: np.dtype(z[1]),
    )
)
register(
    Op(
        "cross_entropy", cross_entropy, _cross_entropy_shape,
        (lambda s: s.g * (-s.b / s.a / per_sample(s)), lambda s: s.g * (-call("log", s.a) / per_sample(s))),
        names=("cross_entropy",), kind="loss", attributes=_REDUCED, context=_SAMPLES, cost=_cost(12),
        definition="each = y * log(a)\n-sum(each) / m",
    )
)  # fmt: skip
register(
    Op(
        "softmax_cross_entropy", softmax_cross_entropy, _fused_shape, (_fused_back, None),
        names=("softmax_cross_entropy",), kind="loss", attributes=_REDUCED, context=_SAMPLES, cost=_cost(16), dtype=_fused_dtype,
        definition=_FUSED,
    )
)  # fmt: skip
