"""Which slice of an array with more than two axes is shown."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QWidget

from stepper.widgets.value_plane import Cell

USUAL = 2


class SliceBoxes(QWidget):
    """A box for every axis before the last two; hidden where there is none. `moved` tells of another choice."""

    moved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.boxes: list[QSpinBox] = []
        self.at: Cell = ()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        label = QLabel(self.tr("slice"), self)
        label.setAccessibleName(label.text())
        self._row.addWidget(label)
        self._have(USUAL)  # made here, so that the Tab key comes to them before it comes to what follows
        self.hide()

    def choose(self, shape: tuple[int, ...], at: Cell | None) -> None:
        """Offer the slices of leading axes of such a shape; go to one of them, or for None stay where that is possible."""
        if at is not None:
            self.at = at
        if len(self.at) != len(shape) or any(i >= n for i, n in zip(self.at, shape, strict=True)):
            self.at = tuple(0 for _ in shape)
        self._have(len(shape))
        for i, box in enumerate(self.boxes):
            box.setVisible(i < len(shape))
            if i < len(shape):
                box.blockSignals(True)
                box.setRange(0, max(shape[i] - 1, 0))
                box.setValue(self.at[i])
                box.blockSignals(False)
        self.setVisible(bool(shape))

    def _have(self, count: int) -> None:
        while len(self.boxes) < count:
            box = QSpinBox(self)
            box.setAccessibleName(self.tr("slice, axis {n}").format(n=len(self.boxes)))
            box.valueChanged.connect(self._on_value)
            self.boxes.append(box)
            self._row.addWidget(box)

    @Slot(int)
    def _on_value(self, value: int) -> None:
        self.at = tuple(box.value() for box in self.boxes[: len(self.at)])
        self.moved.emit()
