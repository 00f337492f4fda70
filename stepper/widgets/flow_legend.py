"""A row of signs with their meanings; it breaks into lines where there is little room."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from stepper import theme

SIGN = 24.0
BETWEEN = 6
SPACE = 12.0


class FlowLegend(QWidget):
    """Lays out signs and words. A legend of its own says how each of its signs is painted, by `paint_sign`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        # Not Fixed: a layout would then hold the height to that of the size hint, which has a width of its own.
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def say(self, words: Sequence[str]) -> None:
        """Have these words stand behind the signs, in this order."""
        if tuple(words) != self._words:
            self._words = tuple(words)
            self.setAccessibleDescription("; ".join(words))
            self.updateGeometry()
        self.update()

    def paint_sign(self, painter: QPainter, n: int, box: QRectF) -> None:
        """Paint the sign before the words with this number."""

    def hasHeightForWidth(self) -> bool:
        """A narrow legend is higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height that all entries need."""
        return int(self._places(width)[1])

    def sizeHint(self) -> QSize:
        """One line, if there is room."""
        return QSize(600, self.heightForWidth(600))

    def minimumSizeHint(self) -> QSize:
        """A legend may be narrow."""
        return QSize(120, self._line())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint each sign, and its words behind it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for n, place in enumerate(self._places(self.width())[0]):
            self.paint_sign(painter, n, QRectF(place.left(), place.top(), SIGN, place.height()))
            painter.setPen(QColor(theme.current().dim))
            room = place.adjusted(SIGN + BETWEEN, 0, 4, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._words[n])

    def _line(self) -> int:
        return max(self.fontMetrics().height() + 4, 19)

    def _places(self, width: float) -> tuple[list[QRectF], float]:
        x, y, line = 0.0, 0.0, self._line()
        places: list[QRectF] = []
        for words in self._words:
            wide = SIGN + BETWEEN + self.fontMetrics().horizontalAdvance(words)
            if x and x + wide > width:
                x, y = 0.0, y + line
            places.append(QRectF(x, y, wide, line))
            x += wide + SPACE
        return places, y + line
