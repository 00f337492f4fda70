"""What the parts of the value view show: a rectangle of numbers cut out of an array, with its marks."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.program.ir import Array
from core.session import Moment
from stepper.models import mark_signs
from stepper.widgets.value_axes import Names, place_name

if TYPE_CHECKING:
    from core.health.monitor import Mark

Cell = tuple[int, ...]
Place = tuple[int, int]


@dataclass(frozen=True)
class Plane:
    """The last two axes of the array of value `index`, at a place `at` of all axes before; a vector is one row.

    `refusal` says why the numbers cannot be typed over, `extent` is the magnitude of the strongest colour; `edited`
    are the changed cells of the whole array, all of it where that is empty; `marks` are those that stand at these cells.
    """

    index: int
    name: str
    array: Array
    at: Cell
    moment: Moment
    axes: Names
    extent: float
    stale: bool = False
    edited: Set[Cell] | None = None
    refusal: str = ""
    marks: tuple[Mark, ...] = ()

    @property
    def numbers(self) -> Array:
        """The numbers as rows and columns."""
        shape = self.array.shape
        if len(shape) > 2:
            return self.array[self.at]
        return np.reshape(self.array, (1, 1) if not shape else (1, shape[0])) if len(shape) < 2 else self.array

    @property
    def size(self) -> tuple[int, int]:
        """How many rows and columns there are."""
        shape = self.array.shape
        return (1, 1) if not shape else (1, shape[0]) if len(shape) == 1 else (shape[-2], shape[-1])

    def cell(self, place: Place) -> Cell:
        """Return the cell of the array at a place."""
        rank = self.array.ndim
        return () if not rank else (place[1],) if rank == 1 else (*self.at, *place)

    def place(self, cell: Cell | None) -> Place | None:
        """Return where a cell of the array is, None if it is not in this slice."""
        if (
            cell is None
            or len(cell) != self.array.ndim
            or not all(0 <= i < n for i, n in zip(cell, self.array.shape, strict=True))
        ):
            return None
        if len(cell) < 2:
            return (0, cell[0] if cell else 0)
        return (cell[-2], cell[-1]) if cell[:-2] == self.at else None

    def is_edited(self, place: Place) -> bool:
        """Tell whether the number at a place was changed by hand."""
        return self.edited is not None and (not self.edited or self.cell(place) in self.edited)

    def edited_places(self) -> list[Place]:
        """Return the places that were changed by hand one by one."""
        places = (self.place(cell) for cell in self.edited or ())
        return [place for place in places if place is not None]

    def marks_at(self, place: Place) -> tuple[Mark, ...]:
        """Return the marks of the cell at a place, the strongest first."""
        return mark_signs.at_cell(self.marks, place, self.size) if self.marks else ()

    def heading(self, axis: int, i: int) -> str:
        """Return the heading of a row (axis 0) or a column (axis 1): `[2] unit 3`; empty where there is no such axis."""
        at = self.array.ndim - 2 + axis
        return "" if at < 0 else f"[{i}] {place_name(self.axes[at], i, self.moment)}".rstrip()

    def where(self, place: Place) -> str:
        """Return a cell as it is written: `W1[0, 2]`."""
        cell = self.cell(place)
        return f"{self.name}[{', '.join(str(i) for i in cell)}]" if cell else self.name

    def meaning(self, place: Place) -> str:
        """Return what a cell is, counted from 1 as in all other views: `unit 1, input 3`; empty where nothing is known."""
        first = max(2 - self.array.ndim, 0)
        names = (place_name(self.axes[axis - 2], place[axis], self.moment) for axis in range(first, 2))
        return ", ".join(name for name in names if name)
