"""A line of text that ends in … where there is no room for all of it; what is left out is never a part of a number."""

from __future__ import annotations

import re

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

BETWEEN = " · "
"""What stands between parts of a line that can be read by themselves."""
NUMBER = re.compile(r"[-−+]?\d[\d.,×]*(?:e[-−+]?\d+)?")


def shortened(text: str, metrics: QFontMetrics, room: int) -> str:
    """Return as much of a line as there is room for in pixels, with … where something is left out.

    Whole parts are left out where there are any. A number that is cut off could be read as another one: none is.
    """
    if metrics.horizontalAdvance(text) <= room:
        return text
    parts = text.split(BETWEEN)
    for count in range(len(parts) - 1, 0, -1):
        fewer = BETWEEN.join((*parts[:count], "…"))
        if metrics.horizontalAdvance(fewer) <= room:
            return fewer
    cut = metrics.elidedText(parts[0] + "…", Qt.TextElideMode.ElideRight, room).removesuffix("…")
    halved = next((n for n in NUMBER.finditer(text) if n.start() < len(cut) < n.end()), None)
    return (cut if halved is None else cut[: halved.start()]) + "…"


class ElidedLabel(QWidget):
    """Shows as much of its text as there is room for; `text` and what a screen reader hears stay whole."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def text(self) -> str:
        """Return the whole text."""
        return self._text

    def setText(self, text: str) -> None:
        """Show a text."""
        if text != self._text:
            self._text = text
            self.setAccessibleDescription(text)
            self.update()

    def sizeHint(self) -> QSize:
        """One line, all of it."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._text), metrics.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text, shortened if need be."""
        del event
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = shortened(self._text, self.fontMetrics(), self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.end()
