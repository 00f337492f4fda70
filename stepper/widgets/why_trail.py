"""The way from number to number: where one came from, and the button that leads back."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPalette, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.tips import plain

Cell = tuple[int, ...]


@dataclass(frozen=True)
class Stop:
    """A number that one came by: its value and cell, its name, and where in time it was looked at.

    `jumped` tells that the way on from it led to another place in time.
    """

    value: int
    cell: Cell
    name: str
    iteration: int
    k: int
    jumped: bool = False


class Trail:
    """Remembers the links that were followed. A number that was chosen in any other way begins a new trail."""

    def __init__(self) -> None:
        self.stops: list[Stop] = []
        self.here: Stop | None = None
        self._going: tuple[int, Cell | None] | None = None

    def clear(self) -> None:
        """Forget everything."""
        self.stops, self.here, self._going = [], None, None

    def arrive(self, stop: Stop | None) -> bool:
        """Note what is looked at now, None for no number; returns whether it is another one than before."""
        at = None if stop is None else (stop.value, stop.cell)
        before = None if self.here is None else (self.here.value, self.here.cell)
        if at != before and at != self._going:
            self.stops = []
        if at is None or at == self._going:
            self._going = None
        self.here = stop
        return at != before

    def leave(self, value: int, cell: Cell | None, jumped: bool = False) -> None:
        """Note that a link is followed, perhaps to another place in time."""
        here = self.here
        if here is not None and (jumped or (here.value, here.cell) != (value, cell)):
            self.stops.append(Stop(here.value, here.cell, here.name, here.iteration, here.k, jumped))
        self._going = (value, cell)

    def back(self) -> Stop | None:
        """Take the last stop off the trail, None if there is none; one goes to it now."""
        if not self.stops:
            return None
        stop = self.stops.pop()
        self._going = (stop.value, stop.cell)
        return stop


class TrailBar(QWidget):
    """Shows a trail, its end if it is long, and a button that leads back; nothing while there is no trail."""

    back_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QToolButton(self)
        self.button.setText(self.tr("◂ back"))
        self.button.setToolTip(plain(self.tr("To the number that you came from (Backspace)")))
        self.button.setAccessibleName(self.tr("back to the number that you came from"))
        self.button.clicked.connect(self.back_wanted)
        self.label = QLabel(self)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setAccessibleName(self.tr("how you came here"))
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._text = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.button)
        row.addWidget(self.label, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._use_fonts()

    def draw(self, trail: Trail) -> None:
        """Show a trail."""
        self._text = " › ".join(stop.name for stop in trail.stops)
        self.setVisible(bool(self._text))
        self.label.setToolTip(plain(self._text))
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.WindowText, QColor(theme.current().dim))
        self.label.setPalette(palette)
        self._write()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as much of the end as there is room for."""
        super().resizeEvent(event)
        self._write()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_text"):
            self._use_fonts()

    def _use_fonts(self) -> None:
        self.label.setFont(fonts.mono(QApplication.font(), -1))

    def _write(self) -> None:
        room = max(self.width() - self.button.sizeHint().width() - 10, 40)
        metrics = QFontMetrics(self.label.font())
        self.label.setText(metrics.elidedText(self._text + " ›", Qt.TextElideMode.ElideLeft, room) if self._text else "")
