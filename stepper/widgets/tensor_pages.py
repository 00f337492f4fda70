"""Which part of a large tensor the table of its numbers shows: a row and a column to begin with."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QWidget

from stepper.widgets.tensor_rows import COLUMNS_A_PAGE, ROWS_A_PAGE
from stepper.widgets.tips import plain

LARGEST = 2**31 - 1


class TensorPages(QWidget):
    """Two boxes for where the page begins, each hidden where all of it fits on one; `turned` tells of another page."""

    turned = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = self._box(self.tr("first row of the page"), ROWS_A_PAGE)
        self.columns = self._box(self.tr("first column of the page"), COLUMNS_A_PAGE)
        self.words = [QLabel(self), QLabel(self), QLabel(self), QLabel(self)]
        for label in self.words:
            label.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for at, widget in enumerate((self.rows, self.columns)):
            row.addWidget(self.words[2 * at])
            row.addWidget(widget)
            row.addWidget(self.words[2 * at + 1])
        row.addStretch()
        self.words[0].setBuddy(self.rows)
        self.words[2].setBuddy(self.columns)
        self.set_size(0, 0)

    @property
    def top(self) -> int:
        """The first row of the page."""
        return self.rows.value()

    @property
    def left(self) -> int:
        """The first column of the page."""
        return self.columns.value()

    def set_size(self, down: int, across: int) -> None:
        """Begin anew with a tensor of so many rows and columns."""
        names = (self.tr("Rows from"), self.tr("Columns from"))
        sizes = ((down, ROWS_A_PAGE, self.rows), (across, COLUMNS_A_PAGE, self.columns))
        for at, (size, page, box) in enumerate(sizes):
            with QSignalBlocker(box):
                box.setMaximum(min(max(size - 1, 0), LARGEST))
                box.setValue(0)
            self.words[2 * at].setText(names[at])
            self.words[2 * at + 1].setText(self.tr("of {n}, {page} at a time").format(n=f"{size:,}", page=f"{page:,}"))
            for widget in (box, self.words[2 * at], self.words[2 * at + 1]):
                widget.setVisible(size > page)
        self.setVisible(down > ROWS_A_PAGE or across > COLUMNS_A_PAGE)

    def _box(self, name: str, step: int) -> QSpinBox:
        box = QSpinBox(self)
        box.setAccessibleName(name)
        box.setToolTip(plain(self.tr("Counted from 0. The arrows turn the page.")))
        box.setSingleStep(step)
        box.setKeyboardTracking(False)
        box.valueChanged.connect(self._on_value)
        return box

    @Slot(int)
    def _on_value(self, _: int) -> None:
        self.turned.emit()
