"""The numbers of a tensor as a table, page by page: what is in sight is asked for, and nothing else is read."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from core.explain.copying import table_text
from core.files.problem import shown
from core.files.saved import Tensor
from stepper.models.tensor_cells import Range, TensorCells
from stepper.widgets import fonts
from stepper.widgets.tensor_pages import TensorPages
from stepper.widgets.tensor_rows import TensorRows

MARGIN = 40
"""Rows above and below those in sight that are asked for with them."""
MOST_COPIED = 2**20
MOVES = (
    Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End,
    Qt.Key.Key_PageUp, Qt.Key.Key_PageDown,
)  # fmt: skip


class NumbersTable(QTableView):
    """A table whose keys are its own before they are shortcuts of the window. `copy_asked` tells of the usual keys."""

    copy_asked = Signal()
    moved = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The usual keys copy."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_asked.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Claim the keys that are ours before they become shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
            copies = (QKeySequence.StandardKey.Copy, QKeySequence.StandardKey.SelectAll)
            if (plain and event.key() in MOVES) or any(event.matches(k) for k in copies):
                event.accept()
                return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More may be in sight."""
        super().resizeEvent(event)
        self.moved.emit()


class TensorTable(QWidget):
    """`rows_wanted` asks for rows of the tensor, the last one not included; `take` gets them. `copy_wanted` carries a text.

    `said` tells what cannot be done.
    """

    rows_wanted = Signal(int, int)
    copy_wanted = Signal(str)
    said = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = NumbersTable(self)
        self.numbers = TensorRows(fonts.mono(self.font(), -0.5), self)
        self.pages = TensorPages(self)
        self.note = QLabel(self)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.note.hide()
        self._key: tuple[object, str] = (None, "")
        self._asked: Range | None = None
        self._copying: tuple[Range, Range] | None = None
        self._width = 0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self.ask)
        self.table.setModel(self.numbers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        for header in (self.table.horizontalHeader(), self.table.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setMinimumSectionSize(10)
        self.table.verticalScrollBar().valueChanged.connect(self._on_moved)
        self.table.moved.connect(self._on_moved)
        self.table.copy_asked.connect(self.copy)
        self.pages.turned.connect(self._on_page)
        self.setFocusProxy(self.table)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(3)
        box.addWidget(self.note)
        box.addWidget(self.pages)
        box.addWidget(self.table, 1)
        self._use_fonts()

    def set_tensor(self, saved: object, tensor: Tensor, units: str, note: str) -> None:
        """Show a tensor of a file; its rows are asked for when it is seen. `note` stands above, where it is not empty."""
        self.note.setText(note)
        self.note.setVisible(bool(note))
        down, across = TensorCells(tensor.shape, 0, 0).down, TensorCells(tensor.shape, 0, 0).across
        cells = TensorCells(tensor.shape, down, across, units)
        known = self._key[0] is saved and self._key[1] == tensor.name
        if known and cells == self.numbers.cells:
            return
        if known:  # only now it is known along which axis the units lie
            self.numbers.cells = cells
            self.numbers.headerDataChanged.emit(Qt.Orientation.Vertical, 0, max(self.numbers.rowCount() - 1, 0))
            self.numbers.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, max(self.numbers.columnCount() - 1, 0))
        else:
            self._key, self._asked, self._copying, self._width = (saved, tensor.name), None, None, 0
            self.numbers.set_cells(cells)
            self.pages.set_size(down, across)
        self._fit()
        title = self.tr("numbers of {name}, {rows} by {columns}").format(name="{name}", rows=down, columns=across)
        self.table.setAccessibleName(title.replace("{name}", shown(tensor.name)))
        self._later.start()

    def forget(self) -> None:
        """Another tensor is looked at: what was asked for is not waited for any more."""
        self._asked = self._copying = None
        self._later.start()

    def take(self, first: int, found: Any) -> None:
        """Show rows that have come, and ask for what is still missing in sight."""
        if not self.numbers.take(first, found):
            return
        if self._asked is not None and self._asked[0] == first:
            self._asked = None
        self._fit()
        if self._copying is not None:
            self._copy_part(found, first)
        self._later.start()

    @Slot()
    def ask(self) -> None:
        """Ask for the rows in sight that are not there."""
        if not self.table.isVisible() or not self.numbers.columnCount() or self._copying is not None:
            return
        top, bottom = self.table.rowAt(0), self.table.rowAt(self.table.viewport().height() - 1)
        bottom = self.numbers.rowCount() - 1 if bottom < 0 else bottom
        if self.numbers.missing(top, bottom + 1) is None:
            return
        wanted = self.numbers.missing(top - MARGIN, bottom + 1 + MARGIN)
        seen = self.numbers.missing(top, bottom + 1)
        # Where not all of it comes at once, what is in sight comes first.
        if wanted is not None and seen is not None and wanted[1] < seen[1]:
            wanted = seen
        if wanted is not None and wanted != self._asked:
            self._asked = wanted
            self.rows_wanted.emit(*wanted)

    @Slot()
    def copy(self) -> None:
        """Copy what is selected, or the number at the cursor: tabs between columns, all digits."""
        ranges = self.table.selectionModel().selection()
        at = self.table.currentIndex()
        if not ranges.isEmpty():
            r = ranges.first()
            rows, columns = (r.top(), r.bottom() + 1), (r.left(), r.right() + 1)
        elif at.isValid():
            rows, columns = (at.row(), at.row() + 1), (at.column(), at.column() + 1)
        else:
            return
        part = self.numbers.part(rows, columns)
        if part is not None:
            self._give(part)
            return
        if (rows[1] - rows[0]) * self.numbers.cells.across > MOST_COPIED:
            self.said.emit(self.tr("That is too much to be copied. Select fewer rows, or export the tensor."))
            return
        top, left = self.numbers.top, self.numbers.left
        self._copying = (rows[0] + top, rows[1] + top), (columns[0] + left, columns[1] + left)
        self._asked = self._copying[0]
        self.rows_wanted.emit(*self._asked)

    def _copy_part(self, found: Any, first: int) -> None:
        """Copy what was asked for to be copied, now that it has come."""
        assert self._copying is not None
        rows, columns = self._copying
        if first == rows[0] and len(found) == rows[1] - rows[0]:
            self._copying = None
            self._give(found[:, slice(*columns)])

    def _give(self, part: np.ndarray) -> None:
        text = table_text(part)
        self.copy_wanted.emit(text.removesuffix("\n") if part.shape[0] == 1 else text)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what is in sight now."""
        super().showEvent(event)
        self._later.start()

    @Slot()
    def _on_moved(self) -> None:
        self._copying = None  # who scrolls on does not wait for it, and what is in sight has to come
        self._later.start()

    @Slot()
    def _on_page(self) -> None:
        self._asked = self._copying = None
        self.numbers.go_to(self.pages.top, self.pages.left)
        self._fit()
        self.table.scrollToTop()
        self._later.start()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_width"):
            self._use_fonts()
        super().changeEvent(event)

    def _use_fonts(self) -> None:
        self.numbers.font = fonts.mono(QApplication.font(), -0.5)
        for header in (self.table.horizontalHeader(), self.table.verticalHeader()):
            header.setFont(QApplication.font())  # one that nobody has seen yet keeps the old one else
        self._width = 0
        self._fit()

    def _fit(self) -> None:
        """Make all columns as wide as the widest text so far."""
        metrics, heading = QFontMetrics(self.numbers.font), self.table.horizontalHeader().fontMetrics()
        last = max(self.numbers.columnCount() - 1, 0)
        title = heading.horizontalAdvance(self.numbers.headerData(last, Qt.Orientation.Horizontal)) + 14
        self._width = max(self._width, self.numbers.widest() * metrics.horizontalAdvance("0") + 16, title, 40)
        if self.table.horizontalHeader().defaultSectionSize() != self._width:
            self.table.horizontalHeader().setDefaultSectionSize(self._width)
        if self.table.verticalHeader().defaultSectionSize() != metrics.height() + 6:
            self.table.verticalHeader().setDefaultSectionSize(metrics.height() + 6)
