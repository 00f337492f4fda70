"""A rectangle of numbers as a Qt model: every text is made when it is looked at, in full precision."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont

from stepper import theme
from stepper.models import mark_signs
from stepper.widgets import numbers
from stepper.widgets.grid import PENCIL
from stepper.widgets.tips import plain
from stepper.widgets.value_plane import Place, Plane

Index = QModelIndex | QPersistentModelIndex
SAMPLED = 300


class ValueModel(QAbstractTableModel):
    """The numbers of a plane. What is typed changes nothing here: `typed` tells value, cell and text."""

    typed = Signal(int, object, str)

    def __init__(self, font: QFont, parent: QObject) -> None:
        super().__init__(parent)
        self.plane: Plane | None = None
        self.font = font

    def set_plane(self, plane: Plane) -> None:
        """Show a plane from now on; what is selected stays while the size does."""
        old = self.plane
        if old is None or old.size != plane.size or old.index != plane.index:
            self.beginResetModel()
            self.plane = plane
            self.endResetModel()
            return
        self.plane = plane
        rows, columns = plane.size
        if rows and columns:
            self.dataChanged.emit(self.index(0, 0), self.index(rows - 1, columns - 1))
            if _headings(old) != _headings(plane):  # Qt asks for all of them then
                self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, columns - 1)
                self.headerDataChanged.emit(Qt.Orientation.Vertical, 0, rows - 1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self.plane is None else self.plane.size[0]

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self.plane is None else self.plane.size[1]

    def text(self, place: Place) -> str:
        """Return a number in full, and what is none by its sign."""
        assert self.plane is not None
        x = self.plane.numbers[place]
        return numbers.short(x) if not math.isfinite(x) else numbers.full(x)

    def widest(self) -> int:
        """Return the length of the longest text among up to some hundred cells, evenly picked."""
        if self.plane is None or 0 in self.plane.size:
            return 0
        rows, columns = self.plane.size
        step = max(rows * columns // SAMPLED, 1)
        return max(len(self.text((i // columns, i % columns))) for i in range(0, rows * columns, step))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        plane = self.plane
        if plane is None or not index.isValid():
            return None
        place = (index.row(), index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(place)
        if role == Qt.ItemDataRole.EditRole:
            return numbers.full(plane.numbers[place])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.FontRole:
            if not plane.stale:
                return self.font
            font = QFont(self.font)
            font.setItalic(True)
            return font
        if role == Qt.ItemDataRole.ForegroundRole:
            t = theme.current()
            return QColor(t.error if not math.isfinite(plane.numbers[place]) else t.dim if plane.stale else t.text)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(self._in_words(plane, place))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._in_words(plane, place)
        return None

    def _in_words(self, plane: Plane, place: Place) -> str:
        parts = [f"{plane.where(place)} = {numbers.full(plane.numbers[place])}", plane.meaning(place)]
        if plane.is_edited(place):
            parts.append(f"{PENCIL} " + self.tr("changed by hand"))
        if plane.stale:
            parts.append(self.tr("out of date"))
        return "\n".join((" · ".join(p for p in parts if p), *mark_signs.sentences(plane.marks_at(place))))

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Tell what was typed, if it is another text than before."""
        if self.plane is None or role != Qt.ItemDataRole.EditRole or self.plane.refusal:
            return False
        place, text = (index.row(), index.column()), str(value).strip()
        if text and text != numbers.full(self.plane.numbers[place]):
            self.typed.emit(self.plane.index, self.plane.cell(place), text)
        return False

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a row or a column is: its place in the array and what stands there, `[2] unit 3`."""
        if self.plane is None:
            return None
        text = self.plane.heading(0 if orientation == Qt.Orientation.Vertical else 1, section)
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        if role != Qt.ItemDataRole.ToolTipRole or not text:
            return None
        tip = self.tr(
            "{heading}\nIn brackets the place in the array, which counts from 0. Units, inputs and samples count from 1."
        )
        return plain(tip.format(heading=text))

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Everything can be selected; what may be changed can be typed over."""
        found = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return found if self.plane is None or self.plane.refusal else found | Qt.ItemFlag.ItemIsEditable


def _headings(plane: Plane) -> tuple[object, ...]:
    """Return what the headings are made of."""
    batch = tuple(plane.moment.samples.tolist()) if "sample" in plane.axes else ()
    return plane.axes, batch, plane.moment.selection.sample
