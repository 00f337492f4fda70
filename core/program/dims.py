"""Sizes of array axes: plain integers and the symbolic batch size `m`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import ShapeError, SymbolicError


@dataclass(frozen=True, slots=True)
class Batch:
    """The size `factor · m`, where `m` is the number of samples in a batch."""

    factor: int = 1

    def __str__(self) -> str:
        return "m" if self.factor == 1 else f"{self.factor}m"


Dim = int | Batch
Shape = tuple[Dim, ...]


def times(a: Dim, b: Dim) -> Dim:
    """Return the product of two sizes.

    Raises:
        SymbolicError: for m·m, which no derived line needs.
    """
    if isinstance(a, int) and isinstance(b, int):
        return a * b
    if isinstance(a, Batch) and isinstance(b, Batch):
        raise SymbolicError("the batch size would appear twice in one array")
    number, batch = (a, b) if isinstance(a, int) else (b, a)
    assert isinstance(number, int) and isinstance(batch, Batch)
    return Batch(batch.factor * number) if number else 0


def count(shape: Sequence[Dim]) -> Dim:
    """Return the number of elements of an array of this shape."""
    total: Dim = 1
    for dim in shape:
        total = times(total, dim)
    return total


def broadcast(*shapes: Shape) -> Shape:
    """Return the shape that NumPy broadcasts `shapes` to (NumPy manual, "Broadcasting").

    Raises:
        ShapeError: if an axis has two different sizes, neither of them 1.
    """
    out: list[Dim] = []
    for axis in range(-max((len(s) for s in shapes), default=0), 0):
        size: Dim = 1
        for shape in shapes:
            dim = shape[axis] if -axis <= len(shape) else 1
            if dim == 1 or dim == size:
                continue
            if size != 1:
                raise ShapeError(f"sizes {size} and {dim} do not go together")
            size = dim
        out.append(size)
    return tuple(out)


def axes_of(axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """Return `axis` as a tuple of non-negative axes; None means all of them.

    Raises:
        ShapeError: for an axis that the array does not have, or one named twice.
    """
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    for a in axes:
        if not -ndim <= a < ndim:
            raise ShapeError(f"there is no axis {a} in an array with {ndim} axes")
    found = tuple(a % ndim for a in axes)
    if len(set(found)) != len(found):
        raise ShapeError("the same axis is named twice")
    return found


def show(shape: Sequence[Dim]) -> str:
    """Write a shape as people say it: `3×4`; a single number is `scalar`, a vector `(5,)`."""
    if len(shape) == 0:
        return "scalar"
    if len(shape) == 1:
        return f"({shape[0]},)"
    return "×".join(str(d) for d in shape)
