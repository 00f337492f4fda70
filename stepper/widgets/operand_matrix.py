"""The matrix of a value in an equation, perhaps seen transposed."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from stepper.widgets.matrix import Cell, MatrixWidget


class OperandMatrix(MatrixWidget):
    """The matrix of a value in an equation; clicks are told in the value's own, untransposed cells."""

    value_clicked = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.value: int | None = None
        self.transposed = False
        self.cell_clicked.connect(self._on_cell)

    @Slot(object)
    def _on_cell(self, cell: Cell) -> None:
        if self.value is not None:
            self.value_clicked.emit(self.value, cell[::-1] if self.transposed else cell)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click beside the cells chooses the whole value."""
        if self.cell_at(event.position()) is None and self.value is not None:
            self.value_clicked.emit(self.value, None)
        else:
            super().mousePressEvent(event)
