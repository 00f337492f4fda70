"""Products of matrices and vectors, batched or not; the transpose.

Source: Goodfellow, Bengio, Courville, *Deep Learning* (2016), 6.5.6; shapes as in the NumPy manual
for `matmul` and `dot`.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from core.errors import ShapeError
from core.ops.base import REQUIRED, Op, Site, register
from core.program.dims import Dim, Shape, broadcast
from core.program.expr import Expr, call


def matmul_shape(a: Shape, b: Shape) -> Shape:
    """Shape rule of `a @ b`: (…, n, k) and (…, k, p) give (…, n, p); a vector lends its axis and loses it."""
    if len(a) == 0 or len(b) == 0:
        raise ShapeError("`@` needs arrays, not single numbers")
    inner: Dim = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        raise ShapeError("the inner sizes differ")
    batch = broadcast(a[:-2], b[:-2])
    return batch + a[-2:-1] + (b[-1:] if len(b) > 1 else ())


def dot_shape(a: Shape, b: Shape) -> Shape:
    """Shape rule of `np.dot`: as `@`, but a scalar multiplies and higher axes are not paired."""
    if len(a) == 0 or len(b) == 0:
        return a + b
    if len(a) <= 2 and len(b) <= 2:
        return matmul_shape(a, b)
    if a[-1] != (b[-2] if len(b) > 1 else b[0]):
        raise ShapeError("the inner sizes differ")
    return a[:-1] + (b[:-2] + b[-1:] if len(b) > 1 else ())


def _swap(x: Expr, shape: Shape) -> Expr:
    return x.T if len(shape) == 2 else call("swapaxes", x, axis1=-1, axis2=-2)


def _as_row(x: Expr) -> Expr:
    return call("expand_dims", x, axis=-2)


def _as_column(x: Expr) -> Expr:
    return call("expand_dims", x, axis=-1)


def _matmul_first(s: Site) -> Expr:
    a, b = s.shapes
    if len(a) == 1 and len(b) == 1:
        return s.g * s.b
    if len(b) == 1:
        return call("outer", s.g, s.b) if len(a) == 2 else _as_column(s.g) * s.b
    if len(a) == 1 and len(b) > 2:
        return call("squeeze", _as_row(s.g) @ _swap(s.b, b), axis=-2)
    return s.g @ _swap(s.b, b)


def _matmul_second(s: Site) -> Expr:
    a, b = s.shapes
    if len(a) == 1 and len(b) == 1:
        return s.g * s.a
    if len(a) == 1:
        return call("outer", s.a, s.g) if len(b) == 2 else _as_column(s.a) * _as_row(s.g)
    if len(b) == 1 and len(a) > 2:
        return call("squeeze", _swap(s.a, a) @ _as_column(s.g), axis=-1)
    return _swap(s.a, a) @ s.g


def _dot_first(s: Site) -> Expr:
    if len(s.shapes[0]) == 0 or len(s.shapes[1]) == 0:
        return s.g * s.b
    if len(s.shapes[1]) == 1 and len(s.shapes[0]) > 1:
        return _as_column(s.g) * s.b if len(s.shapes[0]) > 2 else call("outer", s.g, s.b)
    _at_most_two_axes(s)
    return _matmul_first(s)


def _dot_second(s: Site) -> Expr:
    if len(s.shapes[0]) == 0 or len(s.shapes[1]) == 0:
        return s.g * s.a
    _at_most_two_axes(s)
    return _matmul_second(s)


def _at_most_two_axes(s: Site) -> None:
    few, many = sorted((len(s.shapes[0]), len(s.shapes[1])))
    if few > 1 and many > 2:
        raise ShapeError("np.dot of arrays with more than two axes has no derived backward here; write `@` instead")


def _matmul_cost(shapes: Any, out: Any, attributes: Any) -> int:
    return 2 * int(np.prod(out, dtype=np.int64)) * (int(shapes[0][-1]) if shapes[0] else 1)


def _outer_shape(a: Shape, b: Shape) -> Shape:
    if len(a) != 1 or len(b) != 1:
        raise ShapeError("`outer` needs two vectors (arrays with one axis)")
    return a + b


def _swapaxes_shape(x: Shape, axis1: int, axis2: int) -> Shape:
    for axis in (axis1, axis2):
        if not -len(x) <= axis < len(x):
            raise ShapeError(f"there is no axis {axis} in an array with {len(x)} axes")
    out = list(x)
    out[axis1], out[axis2] = out[axis2], out[axis1]
    return tuple(out)


def _transpose_shape(x: Shape, axes: tuple[int, ...] | None = None) -> Shape:
    if axes is None:
        return x[::-1]
    if sorted(a % max(len(x), 1) for a in axes) != list(range(len(x))):
        raise ShapeError(f"`transpose` needs each of the {len(x)} axes once")
    return tuple(x[a] for a in axes)


def _transpose_back(s: Site) -> Expr:
    axes = s.attributes.get("axes")
    if axes is None:
        return s.g.T
    return call("transpose", s.g, axes=tuple(int(i) for i in np.argsort([a % len(axes) for a in axes])))


register(
    Op(
        "matmul", operator.matmul, matmul_shape, (_matmul_first, _matmul_second), names=("matmul",), form="infix",
        symbol="@", precedence=5, ufunc=np.matmul, cost=_matmul_cost,
    )
)  # fmt: skip
register(Op("dot", np.dot, dot_shape, (_dot_first, _dot_second), names=("dot",), numpy="np.dot", cost=_matmul_cost))
register(
    Op(
        "outer", np.outer, _outer_shape, (lambda s: s.g @ s.b, lambda s: s.a @ s.g), names=("outer",),
        numpy="np.outer",
    )
)  # fmt: skip
register(
    Op(
        "transpose", np.transpose, _transpose_shape, (_transpose_back,), names=("transpose",), form="attribute",
        symbol=".T", attributes={"axes": None}, numpy="np.transpose", view=True, cost=lambda *_: 0,
    )
)  # fmt: skip
register(
    Op(
        "swapaxes", np.swapaxes, _swapaxes_shape,
        (lambda s: call("swapaxes", s.g, axis1=s.attributes["axis1"], axis2=s.attributes["axis2"]),),
        names=("swapaxes",), attributes={"axis1": REQUIRED, "axis2": REQUIRED}, numpy="np.swapaxes", view=True, cost=lambda *_: 0,
    )
)  # fmt: skip
