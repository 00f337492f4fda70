"""Operations that move, pick or copy cells: reshape, slices, masked assignment, identity, casts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.errors import ShapeError
from core.ops.base import REQUIRED, Op, Site, register, same
from core.program.dims import Batch, Dim, Shape, axes_of, count
from core.program.expr import Expr, Num, call


def _first_dtype(x: Any, *_: Any, **__: Any) -> Any:
    return x[1] if isinstance(x, tuple) else type(x)


def _array_dtype(x: Any, *_: Any, **__: Any) -> Any:
    """The result is an array even where the operand is a plain number."""
    return np.dtype(x[1]) if isinstance(x, tuple) else np.asarray(x).dtype


def _getitem_dtype(x: Any, **_: Any) -> Any:
    if not isinstance(x, tuple) or isinstance(x[1], type):
        raise ShapeError("a plain number has no cells to pick")
    return x[1]


def _nothing(*_: Any) -> int:
    return 0


def identity(x):
    """Return `x` itself: another name for the same array."""
    return x


def copy(x):
    """Return a copy with the memory layout of `x`."""
    return np.copy(x, order="K")


def _expand_shape(x: Shape, axis: int | tuple[int, ...]) -> Shape:
    axes = axis if isinstance(axis, tuple) else (axis,)
    ndim = len(x) + len(axes)
    at = axes_of(axes, ndim)
    rest = iter(x)
    return tuple(1 if i in at else next(rest) for i in range(ndim))


def _squeeze_shape(x: Shape, axis: int | tuple[int, ...] | None = None) -> Shape:
    gone = tuple(i for i, d in enumerate(x) if d == 1) if axis is None else axes_of(axis, len(x))
    if any(x[i] != 1 for i in gone):
        raise ShapeError("`squeeze` removes only axes of size 1")
    return tuple(d for i, d in enumerate(x) if i not in gone)


def _reshape_shape(x: Shape, shape: tuple[int, ...] | int) -> Shape:
    wanted: list[Dim] = list(shape) if isinstance(shape, tuple) else [shape]
    total = count(x)
    known = math.prod(d for d in wanted if isinstance(d, int) and d != -1)
    if wanted.count(-1) > 1 or any(isinstance(d, int) and d < -1 for d in wanted):
        raise ShapeError("`reshape` needs sizes of at least 0, and -1 at most once")
    factor = total.factor if isinstance(total, Batch) else total
    if -1 in wanted and known and factor % known == 0:
        rest = factor // known
        wanted[wanted.index(-1)] = Batch(rest) if isinstance(total, Batch) else rest
    if -1 in wanted or count(wanted) != total:
        raise ShapeError(f"{total} numbers do not fill the shape {tuple(wanted)}")
    return tuple(wanted)


def reshape_like(x, other):
    """Return the numbers of `x` in the shape of `other`."""
    return np.reshape(x, np.shape(other))


def _reshape_like_shape(x: Shape, other: Shape) -> Shape:
    if count(x) != count(other):
        raise ShapeError(f"{count(x)} numbers do not fill the shape {other}")
    return other


def getitem(x, index):
    """Return `x[index]`; `index` holds integers, `(start, stop, step)` for slices, `...` and None."""
    return x[tuple(slice(*i) if isinstance(i, tuple) else i for i in index)]


def _getitem_shape(x: Shape, index: tuple[Any, ...]) -> Shape:
    used = sum(1 for i in index if i is not None and i is not Ellipsis)
    if used > len(x):
        raise ShapeError(f"too many indices: the array has {len(x)} axes, {used} were given")
    full: list[Any] = list(index)
    fill: list[Any] = [(None, None, None)] * (len(x) - used)
    if Ellipsis in full:
        at = full.index(Ellipsis)
        full[at : at + 1] = fill
    else:
        full += fill
    out: list[Dim] = []
    axis = 0
    for item in full:
        if item is None:
            out.append(1)
            continue
        dim = x[axis]
        axis += 1
        if item == (None, None, None):
            out.append(dim)
        elif isinstance(dim, Batch):
            raise ShapeError("the sample axis cannot be cut: its size is that of the batch")
        elif isinstance(item, tuple):
            out.append(len(range(*slice(*item).indices(dim))))
        elif not -dim <= item < dim:
            raise ShapeError(f"index {item} is outside an axis of size {dim}")
    return tuple(out)


def unslice(g, x, index):
    """Return zeros of the shape of `x` with `g` where `x[index]` was read from."""
    out = np.zeros_like(x, dtype=np.asarray(g).dtype)
    out[tuple(slice(*i) if isinstance(i, tuple) else i for i in index)] = g
    return out


def mask_assign(x, mask, value):
    """Return `x` with `value` (a single number) in the cells where `mask` is true."""
    out = np.copy(x, order="K")
    out[mask] = value
    return out


def _mask_shape(x: Shape, mask: Shape, value: Shape) -> Shape:
    if mask != x:
        raise ShapeError("a mask needs the shape of the array that it picks cells of")
    if value != ():
        raise ShapeError("only a single number can be written through a mask")
    if len(x) == 0:
        raise ShapeError("a single number has no cells that a mask could pick; use `where`")
    return x


def _mask_dtype(x: Any, mask: Any, value: Any) -> Any:
    if not isinstance(mask, tuple) or mask[1] != np.bool_:
        raise ShapeError("a mask is an array of true and false, such as `Z <= 0`")
    return _first_dtype(x)


def astype(x, dtype):
    """Return `x` converted to `dtype`, such as "float32"."""
    return np.asarray(x).astype(dtype)


def _astype_dtype(x: Any, dtype: str) -> Any:
    return np.dtype(dtype)


def plain_number(x):
    """Return a single number as a plain Python number, which takes on the precision of the array it meets."""
    return float(x)


def _single(x: Shape) -> Shape:
    if any(d != 1 for d in x):
        raise ShapeError("`float` needs a single number")
    return ()


def size_of(x, axis):
    """Return the size of one axis, `x.shape[axis]`, as a plain number."""
    return np.shape(x)[axis]


def _size_shape(x: Shape, axis: int) -> Shape:
    axes_of(axis, len(x))
    return ()


def _zeros_like_back(s: Site) -> Expr:
    return Num(0)


register(
    Op(
        "identity", identity, same, (lambda s: s.g,), names=("identity",), kind="activation", elementwise=True, view=True,
        cost=_nothing, dtype=_first_dtype,
    )
)  # fmt: skip
register(Op("copy", copy, same, (lambda s: s.g,), names=("copy",), elementwise=True, cost=_nothing))
register(Op("ones_like", np.ones_like, same, (_zeros_like_back,), names=("ones_like",), numpy="np.ones_like", cost=_nothing))
register(Op("zeros_like", np.zeros_like, same, (_zeros_like_back,), names=("zeros_like",), numpy="np.zeros_like", cost=_nothing))
register(
    Op(
        "expand_dims", np.expand_dims, _expand_shape, (lambda s: call("squeeze", s.g, axis=s.attributes["axis"]),),
        names=("expand_dims",), attributes={"axis": REQUIRED}, numpy="np.expand_dims", view=True, cost=_nothing,
    )
)  # fmt: skip
register(
    Op(
        "squeeze", np.squeeze, _squeeze_shape, (lambda s: call("reshape_like", s.g, s.a),), names=("squeeze",),
        attributes={"axis": None}, numpy="np.squeeze", view=True, cost=_nothing,
    )
)  # fmt: skip
register(
    Op(
        "reshape", np.reshape, _reshape_shape, (lambda s: call("reshape_like", s.g, s.a),), names=("reshape",),
        attributes={"shape": REQUIRED}, numpy="np.reshape", view=True, cost=_nothing, dtype=_array_dtype,
    )
)  # fmt: skip
register(
    Op(
        "reshape_like", reshape_like, _reshape_like_shape, (lambda s: call("reshape_like", s.g, s.a), None),
        names=("reshape_like",), view=True, cost=_nothing, dtype=_array_dtype,
    )
)  # fmt: skip
register(
    Op(
        "getitem", getitem, _getitem_shape, (lambda s: call("unslice", s.g, s.a, index=s.attributes["index"]),),
        form="subscript", attributes={"index": REQUIRED}, view=True, cost=_nothing, dtype=_getitem_dtype,
    )
)  # fmt: skip
register(
    Op(
        "unslice", unslice, lambda g, x, index: x, (lambda s: call("getitem", s.g, index=s.attributes["index"]), None),
        names=("unslice",), attributes={"index": REQUIRED}, cost=_nothing, dtype=_array_dtype,
    )
)  # fmt: skip
register(
    Op(
        "mask_assign", mask_assign, _mask_shape,
        (
            lambda s: call("mask_assign", s.g, s.b, 0),
            None,
            lambda s: call("sum", call("where", s.b, s.g, 0)),
        ),
        names=("mask_assign",), dtype=_mask_dtype,
    )
)  # fmt: skip
register(
    Op(
        "astype", astype, same, (lambda s: s.g,), names=("astype",), attributes={"dtype": REQUIRED}, cost=_nothing,
        dtype=_astype_dtype,
    )
)  # fmt: skip
register(
    Op(
        "size_of", size_of, _size_shape, (None,), names=("size_of",), attributes={"axis": REQUIRED}, cost=_nothing,
        dtype=lambda x, axis: int,
    )
)  # fmt: skip
register(
    Op(
        "plain_number", plain_number, _single, (lambda s: s.g,), names=("float",), numpy="float", cost=_nothing,
        dtype=lambda x: float,
    )
)  # fmt: skip
