"""Sets of cells that come from rows, columns and blocks, without listing them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Set
from typing import Any

Cell = tuple[int, ...]


class Cells(Set[Cell]):
    """The cells whose index along each axis lies in that axis' range; equal to the plain set of them."""

    def __init__(self, axes: tuple[range, ...]) -> None:
        self.axes = axes

    @classmethod
    def one(cls, cell: Cell) -> Cells:
        """Return the set of a single cell."""
        return cls(tuple(range(i, i + 1) for i in cell))

    @classmethod
    def whole(cls, shape: tuple[int, ...]) -> Cells:
        """Return all cells of a shape."""
        return cls(tuple(range(n) for n in shape))

    @classmethod
    def _from_iterable(cls, it: Any) -> Any:
        return frozenset(it)

    def __contains__(self, cell: object) -> bool:
        return (
            isinstance(cell, tuple) and len(cell) == len(self.axes) and all(i in r for i, r in zip(cell, self.axes, strict=True))
        )

    def __iter__(self) -> Iterator[Cell]:
        return itertools.product(*self.axes)

    def __len__(self) -> int:
        return math.prod(len(r) for r in self.axes)

    def __hash__(self) -> int:
        return hash(self.axes)

    def __repr__(self) -> str:
        return f"Cells({self.axes})"


def aligned(shape: tuple[int, ...], cell: Cell) -> Cell:
    """Return the cell that an operand of `shape` lends to a cell of the broadcast result."""
    tail = cell[len(cell) - len(shape) :]
    return tuple(0 if n == 1 else i for n, i in zip(shape, tail, strict=True))


NO_CELLS = Cells((range(0),))
