"""A part of a tensor's numbers as a Qt model: rows come when they are asked for, every text is made when it is looked at."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont

from stepper import theme
from stepper.models.tensor_cells import Range, TensorCells
from stepper.widgets import tensor_numbers
from stepper.widgets.tips import plain

Index = QModelIndex | QPersistentModelIndex
ROWS_A_PAGE, COLUMNS_A_PAGE = 10_000, 500
MOST_KEPT = 2_000
AT_ONCE = 2**20
"""Numbers that are asked for at once: no more rows than have so many, but always one."""
WAITING = "…"


class TensorRows(QAbstractTableModel):
    """One page of a tensor as a table: rows and columns from `top` and `left` on. What has not come yet is `…`."""

    def __init__(self, font: QFont, parent: QObject) -> None:
        super().__init__(parent)
        self.font = font
        self.cells = TensorCells((), 0, 0)
        self.top = self.left = 0
        self._rows: dict[int, Any] = {}

    def set_cells(self, cells: TensorCells) -> None:
        """Show another tensor, from its beginning; `cells` has one for each number."""
        self.beginResetModel()
        self.cells, self.top, self.left = cells, 0, 0
        self._rows = {}
        self.endResetModel()

    def go_to(self, top: int, left: int) -> None:
        """Show another page."""
        self.beginResetModel()
        if left != self.left:
            self._rows = {}
        self.top, self.left = top, left
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else max(min(self.cells.down - self.top, ROWS_A_PAGE), 0)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else max(min(self.cells.across - self.left, COLUMNS_A_PAGE), 0)

    def missing(self, first: int, last: int) -> Range | None:
        """Return which of these rows of the page have to be asked for, counted in the tensor; None if all are there."""
        rows = [r for r in range(max(first, 0) + self.top, min(last, self.rowCount()) + self.top) if r not in self._rows]
        if not rows:
            return None
        most = max(AT_ONCE // max(self.cells.across, 1), 1)
        return rows[0], min(rows[-1] + 1, rows[0] + most)

    def take(self, first: int, found: Any) -> bool:
        """Keep rows that have come, `first` counted in the tensor; False if they are not of this tensor."""
        if not isinstance(found, np.ndarray) or found.ndim != 2 or found.shape[1] != self.cells.across:
            return False
        if first < 0 or first + len(found) > self.cells.down:
            return False
        if len(self._rows) + len(found) > MOST_KEPT:
            self._rows = {}
        # Copied, so that a row of millions is not kept for the few of its numbers that are shown.
        part = found[:, self.left : self.left + COLUMNS_A_PAGE].copy()
        self._rows.update(zip(range(first, first + len(found)), part, strict=True))
        begin, end = max(first - self.top, 0), min(first + len(found) - self.top, self.rowCount()) - 1
        if begin <= end and self.columnCount():
            self.dataChanged.emit(self.index(begin, 0), self.index(end, self.columnCount() - 1))
        return True

    def number(self, row: int, column: int) -> Any:
        """Return a number of the page, None if it has not come yet."""
        found = self._rows.get(row + self.top)
        return None if found is None else found[column]

    def part(self, rows: Range, columns: Range) -> Any:
        """Return a rectangle of the page as an array, None if some of it has not come yet."""
        wanted = range(rows[0] + self.top, rows[1] + self.top)
        return np.stack([self._rows[r][slice(*columns)] for r in wanted]) if all(r in self._rows for r in wanted) else None

    def widest(self) -> int:
        """Return how many signs the longest text of some hundred numbers that are there has."""
        rows = list(self._rows.values())[:: max(len(self._rows) // 20, 1)]
        step = max(self.columnCount() // 20, 1)
        return max((len(tensor_numbers.short(x)) for row in rows for x in row[::step]), default=1)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        if not index.isValid():
            return None
        x = self.number(index.row(), index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return WAITING if x is None else tensor_numbers.short(x)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.FontRole:
            return self.font
        if role == Qt.ItemDataRole.ForegroundRole:
            t = theme.current()
            return QColor(t.dim if x is None else t.error if _strange(x) else t.text)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            words = self.in_words(index.row(), index.column())
            return plain(words) if role == Qt.ItemDataRole.ToolTipRole else words
        return None

    def in_words(self, row: int, column: int) -> str:
        """Return a number in full with its place: `[3, 5] = 0.1 · unit 4, input 6`."""
        x = self.number(row, column)
        place = (row + self.top, column + self.left)
        told = self.tr("not read yet") if x is None else tensor_numbers.told(x)
        where = f"{self.where(place)} = {told}" if self.cells.shape else told
        return " · ".join(p for p in (where, self.meaning(place)) if p)

    def where(self, place: tuple[int, int]) -> str:
        """Return the place of a number in the tensor."""
        rank = len(self.cells.shape)
        rows = self._leading(place[0]) if rank > 1 else []
        return f"[{', '.join([*rows, str(place[1])])}]" if rank else ""

    def meaning(self, place: tuple[int, int]) -> str:
        """Return which unit and input a number belongs to, counted from 1; '' where that is not known."""
        parts = [self._named(0, place[0]), self._named(1, place[1])]
        return ", ".join(p for p in parts if p)

    def _leading(self, row: int) -> list[str]:
        return [str(int(i)) for i in np.unravel_index(row, self.cells.shape[:-1])]

    def _named(self, axis: int, at: int) -> str:
        """Return what stands at a place of an axis: 0 is down, 1 across."""
        c = self.cells
        if not c.units or len(c.shape) < 2:
            return ""
        if (c.units == "rows") == (axis == 0):
            return self.tr("unit {n}").format(n=(at // c.each if axis == 0 else at) + 1)
        return self.tr("input {n}").format(n=at + 1) if len(c.shape) == 2 else ""

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a row or a column is: its place in the tensor and what stands there, `[2] unit 3`."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        down = orientation == Qt.Orientation.Vertical
        at = section + (self.top if down else self.left)
        places = (self._leading(at) if len(self.cells.shape) > 1 else []) if down else [str(at)] if self.cells.shape else []
        text = f"[{', '.join(places)}] {self._named(0 if down else 1, at)}".strip() if places else " "
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        return plain(
            text + "\n" + self.tr("In brackets the place in the tensor, which counts from 0. Units and inputs count from 1.")
        )


def _strange(x: Any) -> bool:
    return x.dtype.kind in "fc" and not (math.isfinite(x.real) and math.isfinite(x.imag))
