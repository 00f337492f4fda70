"""The buttons in the corner of a picture that can be zoomed: smaller, bigger, all of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from stepper.widgets.tips import plain

STEP = 1.25


class NetCorner(QWidget):
    """`zoomed` carries the factor to zoom by; `fitted` asks for the whole picture."""

    zoomed = Signal(float)
    fitted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Zoom"))
        self.smaller = self._button("−", self.tr("Zoom out"), self.tr("Zoom out (−, or Ctrl and the wheel)"))
        self.bigger = self._button(
            "+", self.tr("Zoom in"), self.tr("Zoom in (+, or Ctrl and the wheel); then drag, or W A S D, to move")
        )
        self.whole = self._button(self.tr("fit"), self.tr("Fit"), self.tr("Show the whole network (0, F or a double click)"))
        self.smaller.clicked.connect(self._out)
        self.bigger.clicked.connect(self._in)
        self.whole.clicked.connect(self.fitted)
        self.setAutoFillBackground(True)  # the picture may lie below, where it is zoomed
        self.setBackgroundRole(QPalette.ColorRole.Base)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        for button in (self.smaller, self.bigger, self.whole):
            row.addWidget(button)
        self.set_zoom(1.0, 2.0)
        self.adjustSize()

    def set_zoom(self, zoom: float, largest: float) -> None:
        """Enable what leads somewhere."""
        self.smaller.setEnabled(zoom > 1.0)
        self.whole.setEnabled(zoom > 1.0)
        self.bigger.setEnabled(zoom < largest)

    def _button(self, text: str, name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setAccessibleName(name)
        button.setToolTip(plain(tip))
        button.setAutoRaise(True)
        button.setMinimumSize(24, 24)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setCursor(Qt.CursorShape.ArrowCursor)
        return button

    @Slot()
    def _in(self) -> None:
        self.zoomed.emit(STEP)

    @Slot()
    def _out(self) -> None:
        self.zoomed.emit(1 / STEP)
