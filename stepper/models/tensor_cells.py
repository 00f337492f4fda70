"""Which numbers of a tensor each cell of its heat map stands for, and how they are called."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QCoreApplication

from core.files.looks.looks import Axis, Look

translate = QCoreApplication.translate
Place = tuple[int, int]
Range = tuple[int, int]
"""The first and one past the last."""


@dataclass(frozen=True)
class TensorCells:
    """A tensor of a `shape` as `rows` × `columns` blocks: its last axis lies across, all others lie down.

    `units` says along which axis the units of its layer lie, '' if along none.
    """

    shape: tuple[int, ...]
    rows: int
    columns: int
    units: Axis | str = ""

    @classmethod
    def of(cls, look: Look, shape: tuple[int, ...]) -> TensorCells:
        """Return the cells of a heat map."""
        return cls(shape, look.blocks.shape[0], look.blocks.shape[1], look.units)

    @property
    def down(self) -> int:
        """How many rows of numbers there are."""
        return math.prod(self.shape[:-1])

    @property
    def across(self) -> int:
        """How many numbers a row has."""
        return self.shape[-1] if self.shape else 1

    @property
    def exact(self) -> bool:
        """Whether every cell is one number."""
        return (self.rows, self.columns) == (self.down, self.across)

    @cached_property
    def _edges(self) -> tuple[list[int], list[int]]:
        sizes = ((self.down, self.rows), (self.across, self.columns))
        rows, columns = (np.linspace(0, n, m + 1).astype(np.int64).tolist() for n, m in sizes)
        return rows, columns

    def rows_of(self, row: int) -> Range:
        """Return which rows of numbers a row of cells stands for."""
        return self._edges[0][row], self._edges[0][row + 1]

    def columns_of(self, column: int) -> Range:
        """Return which columns of numbers a column of cells stands for."""
        return self._edges[1][column], self._edges[1][column + 1]

    def count(self, place: Place) -> int:
        """Return of how many numbers a cell is the mean."""
        rows, columns = self.rows_of(place[0]), self.columns_of(place[1])
        return (rows[1] - rows[0]) * (columns[1] - columns[0])

    def block_words(self) -> str:
        """Return what a cell is: `each cell is the mean of 16×16 numbers`."""
        if self.exact:
            return translate("TensorHeat", "each cell is one number")
        high, wide = (-(-n // max(m, 1)) for n, m in ((self.down, self.rows), (self.across, self.columns)))
        if self.down % max(self.rows, 1) or self.across % max(self.columns, 1):
            return translate("TensorHeat", "each cell is the mean of up to {rows}×{columns} numbers").format(
                rows=high, columns=wide
            )
        return translate("TensorHeat", "each cell is the mean of {rows}×{columns} numbers").format(rows=high, columns=wide)

    def where(self, place: Place) -> str:
        """Return the place of a cell in the tensor, counted from 0: `[3, 5]`, `[16–31, 0–15]`; '' of a single number."""
        if not self.shape:
            return ""
        columns = _span(*self.columns_of(place[1]))
        if len(self.shape) == 1:
            return f"[{columns}]"
        first, last = self.rows_of(place[0])
        if len(self.shape) == 2:
            return f"[{_span(first, last)}, {columns}]"
        begin, end = (self._index(row) for row in (first, last - 1))
        if begin == end:
            return f"[{begin}, {columns}]"
        return translate("TensorHeat", "[{first}, {columns}] to [{last}, {columns}]").format(
            first=begin, last=end, columns=columns
        )

    def meaning(self, place: Place) -> str:
        """Return which units and inputs of its layer a cell belongs to, counted from 1; '' where that is not known."""
        if not self.units or len(self.shape) < 2:
            return ""
        rows, columns = self.rows_of(place[0]), self.columns_of(place[1])
        if self.units == "columns":
            units, inputs = columns, rows if len(self.shape) == 2 else None
        else:
            each = self.each
            units, inputs = (rows[0] // each, -(-rows[1] // each)), columns if len(self.shape) == 2 else None
        words = _counted(units, translate("TensorHeat", "unit {n}"), translate("TensorHeat", "units {n}"))
        if inputs is None:
            return words
        return f"{words}, " + _counted(inputs, translate("TensorHeat", "input {n}"), translate("TensorHeat", "inputs {n}"))

    @property
    def each(self) -> int:
        """How many rows of numbers a unit has where the units lie down."""
        return max(math.prod(self.shape[1:-1]), 1)

    def unit_share(self, unit: int) -> tuple[float, float] | None:
        """Return where a unit begins and ends, as shares of the height or width of the whole; None if there is none such."""
        count = 0 if len(self.shape) < 2 else self.across if self.units == "columns" else self.shape[0]
        return (unit / count, (unit + 1) / count) if self.units and 0 <= unit < count else None

    def _index(self, row: int) -> str:
        return ", ".join(str(int(i)) for i in np.unravel_index(row, self.shape[:-1]))


def _span(first: int, last: int) -> str:
    return str(first) if last - first <= 1 else f"{first}–{last - 1}"


def _counted(of: Range, one: str, many: str) -> str:
    return (one if of[1] - of[0] <= 1 else many).format(n=_span(of[0] + 1, of[1] + 1))
