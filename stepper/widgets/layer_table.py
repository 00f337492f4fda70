"""A table with a row for each layer: numbers, and a sign where one is beyond its limit. All of it by keyboard too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.tips import plain

MOST_ROWS = 9
_MOVES = (
    Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End,
    Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """What stands in one cell; `marked` where it is beyond its limit, `dim` where there is no number."""

    text: str = ""
    tip: str = ""
    marked: bool = False
    dim: bool = False


class LayerTable(QTableWidget):
    """Shows fields. `chosen(row, column)` tells of a cell that a person goes to, never of one that `go_to` goes to."""

    chosen = Signal(int, int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setWordWrap(False)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setHighlightSections(False)
            header.setSectionsClickable(False)
            header.setMinimumSectionSize(10)
            header.setDefaultSectionSize(30)
            header.setAutoFillBackground(False)
            header.viewport().setAutoFillBackground(False)
        self._shown: object = None
        self._quiet = False
        self.currentCellChanged.connect(self._on_current)
        self.clicked.connect(self._on_clicked)

    def show_fields(
        self,
        headings: Sequence[tuple[str, str]],
        names: Sequence[str],
        rows: Sequence[Sequence[Field]],
        hidden: Sequence[int] = (),
    ) -> None:
        """Show a row of fields for each name, under headings with their tips; columns that are `hidden` have nothing to say."""
        fresh = (
            tuple(headings), tuple(names), tuple(tuple(row) for row in rows), tuple(hidden), theme.current().key, fonts.zoom(),
        )  # fmt: skip
        if fresh == self._shown:
            return
        self._shown = fresh
        self._quiet = True
        self.setRowCount(len(names))
        self.setColumnCount(len(headings))
        for c, (text, tip) in enumerate(headings):
            item = QTableWidgetItem(text)
            item.setToolTip(plain(tip))
            self.setHorizontalHeaderItem(c, item)
            self.setColumnHidden(c, c in hidden)
        for r, row in enumerate(rows):
            self.setVerticalHeaderItem(r, QTableWidgetItem(names[r]))
            for c, field in enumerate(row):
                self._put(r, c, field)
        self._quiet = False
        self._fit()

    def go_to(self, row: int, column: int) -> None:
        """Put the cursor on a cell without telling."""
        self._quiet = True
        self.setCurrentCell(row, column)
        self._quiet = False

    def sizeHint(self) -> QSize:
        """As wide as the columns and as high as the rows, up to nine of them."""
        return QSize(self._width(), self._height())

    def minimumSizeHint(self) -> QSize:
        """The same height: a table cut in the middle of a row cannot be read."""
        return QSize(160, self._height())

    def _put(self, row: int, column: int, field: Field) -> None:
        item = self.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.setItem(row, column, item)
        t = theme.current()
        item.setText(field.text)
        item.setToolTip(plain(field.tip))
        item.setData(int(Qt.ItemDataRole.AccessibleDescriptionRole), field.tip)
        item.setForeground(QColor(t.error if field.marked else t.dim if field.dim else t.text))

    def _fit(self) -> None:
        metrics = self.fontMetrics()
        for c in range(self.columnCount()):
            texts = [i.text() for r in range(self.rowCount()) if (i := self.item(r, c)) is not None]
            head = self.horizontalHeaderItem(c)
            wide = max((metrics.horizontalAdvance(x) for x in (*texts, "" if head is None else head.text())), default=0)
            self.setColumnWidth(c, max(wide + 18, self.columnWidth(c) if self.columnWidth(c) < wide + 40 else 0))
        line = metrics.height() + 8
        for r in range(self.rowCount()):
            self.setRowHeight(r, line)
        self.setFixedHeight(self._height())
        self.updateGeometry()

    def _width(self) -> int:
        bar = self.verticalScrollBar().sizeHint().width() if self.rowCount() > MOST_ROWS else 0
        return self.horizontalHeader().length() + self.verticalHeader().sizeHint().width() + bar + 2

    def _height(self) -> int:
        line = self.fontMetrics().height() + 8
        bar = self.horizontalScrollBar().sizeHint().height() if self.horizontalHeader().length() > self.viewport().width() else 0
        return min(max(self.rowCount(), 1), MOST_ROWS) * line + self.horizontalHeader().sizeHint().height() + bar + 2

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make room for the scroll bar where the columns are too wide."""
        super().resizeEvent(event)
        self.setFixedHeight(self._height())

    @Slot(int, int, int, int)
    def _on_current(self, row: int, column: int, *_: int) -> None:
        if not self._quiet and row >= 0:
            self.chosen.emit(row, column)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        self.chosen.emit(index.row(), index.column())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space choose the cell again."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.currentRow() >= 0:
            self.chosen.emit(self.currentRow(), self.currentColumn())
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Claim the arrows before they step the program."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in _MOVES:
            keypad = Qt.KeyboardModifier.KeypadModifier
            if not event.modifiers() & ~keypad:
                event.accept()
                return True
        return super().event(event)
