"""What else can be asked of a number: where it was made, when it changed, to stop when it changes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from stepper.widgets.tips import plain


class Asks(QWidget):
    """Buttons for one number; `plot_wanted` and `stop_wanted` give the expression, such as `W1[0, 2]`."""

    go_wanted = Signal()
    plot_wanted = Signal(str)
    stop_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._expression = ""
        self.go_button = self._button("", self._on_go)
        self.plot_button = self._button(self.tr("When did it change?"), self._on_plot)
        self.stop_button = self._button(self.tr("Stop when it changes"), self._on_stop)
        self._row = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._row.setSpacing(4)
        self._row.addWidget(self.plot_button)
        self._row.addWidget(self.stop_button)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self.go_button)
        box.addLayout(self._row)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def draw(self, chosen: bool, expression: str | None, go: str) -> None:
        """Show the buttons for a number, none if no number is `chosen`; `go` says where it was made, empty if one is there."""
        self._expression = expression or ""
        self.setVisible(chosen or bool(go))
        self.go_button.setText(go)
        self.go_button.setAccessibleName(go)
        self.go_button.setVisible(bool(go))
        nameless = self.tr("A part of a line has no name of its own that could be asked for.")
        plots = self.tr("Plot this number over the iterations.")
        stops = self.tr("Set a breakpoint: a run stops as soon as this number changes.")
        for button, tip in ((self.plot_button, plots), (self.stop_button, stops)):
            button.setVisible(chosen)
            button.setEnabled(expression is not None)
            button.setToolTip(plain(nameless if expression is None else tip))
            button.setAccessibleDescription(nameless if expression is None else tip)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stand buttons below each other where the room is narrow."""
        super().resizeEvent(event)
        needed = self.plot_button.sizeHint().width() + self.stop_button.sizeHint().width() + self._row.spacing()
        direction = QBoxLayout.Direction.LeftToRight if event.size().width() >= needed else QBoxLayout.Direction.TopToBottom
        self._row.setDirection(direction)

    @Slot()
    def _on_go(self) -> None:
        self.go_wanted.emit()

    @Slot()
    def _on_plot(self) -> None:
        if self._expression:
            self.plot_wanted.emit(self._expression)

    @Slot()
    def _on_stop(self) -> None:
        if self._expression:
            self.stop_wanted.emit(self._expression)

    def _button(self, text: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text, self)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        button.setAccessibleName(text)
        return button
