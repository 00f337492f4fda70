"""Operations that reduce axes: sum, mean, max, min.

A tie in `max` or `min` shares the adjoint evenly among the cells that hold it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import ShapeError
from core.ops.base import Op, Site, expand_dims, register
from core.program.dims import Shape, axes_of
from core.program.expr import Expr, call


def reduced(x: Shape, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Shape:
    """Shape rule of reductions: the axes named by `axis` (all for None) go, or stay with size 1."""
    gone = axes_of(axis, len(x))
    if keepdims:
        return tuple(1 if i in gone else d for i, d in enumerate(x))
    return tuple(d for i, d in enumerate(x) if i not in gone)


def _mean_back(s: Site) -> Expr:
    gone = axes_of(s.attributes.get("axis"), len(s.shapes[0]))
    return expand_dims(s.g, s) / s.count([s.shapes[0][i] for i in gone])


def _extreme_back(s: Site) -> Expr:
    axis = s.attributes.get("axis")
    hit = call("equal", s.a, expand_dims(s.out, s))
    return expand_dims(s.g, s) * hit / call("sum", hit, axis=axis, keepdims=True)


def _cost(shapes: Any, out: Any, attributes: Any) -> int:
    return int(np.prod(shapes[0], dtype=np.int64))


def _reduction(name: str, function: Any, back: Any, *more_names: str) -> None:
    register(
        Op(
            name, function, reduced, (back,), names=(name, *more_names), attributes={"axis": None, "keepdims": False},
            numpy=f"np.{name}", cost=_cost,
        )
    )  # fmt: skip


_reduction("sum", np.sum, lambda s: expand_dims(s.g, s))
_reduction("mean", np.mean, _mean_back)
_reduction("max", np.max, _extreme_back, "amax")
_reduction("min", np.min, _extreme_back, "amin")


def _one_axis(x: Shape, axis: int | None = None, keepdims: bool = False) -> Shape:
    if isinstance(axis, tuple):
        raise ShapeError("`argmax` works along one axis")
    return reduced(x, axis, keepdims)


register(
    Op(
        "argmax", np.argmax, _one_axis, (None,), names=("argmax",), attributes={"axis": None, "keepdims": False},
        numpy="np.argmax", cost=_cost,
    )
)  # fmt: skip
