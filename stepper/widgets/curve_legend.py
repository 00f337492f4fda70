"""The legend of curves: a title, and for each curve a piece of its line, its name and its number; wraps where it is narrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.tips import plain

SAMPLE, GAP, BETWEEN = 26, 6, 14


@dataclass(frozen=True)
class Entry:
    """What the legend says of one curve."""

    text: str
    tip: str
    pen: QPen
    dots: bool = False


class CurveLegend(QWidget):
    """Paints a title and entries side by side, in as many rows as are needed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ""
        self.entries: tuple[Entry, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_entries(self, title: str, entries: Sequence[Entry]) -> None:
        """Say what there is from now on."""
        texts = [title, *(e.text for e in entries)]
        changed = texts != [self.title, *(e.text for e in self.entries)]
        self.title, self.entries = title, tuple(entries)
        if changed:
            self.setAccessibleName("; ".join(texts))
            self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(max((r.bottom() for r in self._places(width)), default=0)) + 2

    def sizeHint(self) -> QSize:
        width = max(self.width(), 200)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.fontMetrics().height() + 2)

    def _places(self, width: float) -> list[QRectF]:
        """Return where the title and each entry stand."""
        bold = QFontMetricsF(fonts.sized(self.font(), 0, bold=True))
        metrics = QFontMetricsF(self.font())
        widths = [bold.horizontalAdvance(self.title)]
        widths += [SAMPLE + GAP + metrics.horizontalAdvance(e.text) for e in self.entries]
        height, x, y = metrics.height() + 1, 0.0, 1.0
        found: list[QRectF] = []
        for wide in widths:
            if x and x + wide > width:
                x, y = 0.0, y + height
            found.append(QRectF(x, y, wide, height))
            x += wide + BETWEEN
        return found

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = theme.current()
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        places = self._places(self.width())
        painter.setPen(QColor(colours.text))
        painter.setFont(fonts.sized(self.font(), 0, bold=True))
        painter.drawText(places[0].adjusted(0, 0, 2, 0), flags, self.title)
        painter.setFont(self.font())
        for entry, place in zip(self.entries, places[1:], strict=True):
            middle = place.center().y()
            painter.setPen(entry.pen)
            painter.drawLine(QPointF(place.left(), middle), QPointF(place.left() + SAMPLE, middle))
            if entry.dots:
                painter.setBrush(entry.pen.color())
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.drawEllipse(QPointF(place.left() + SAMPLE / 2, middle), 3, 3)
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QColor(colours.text))
            painter.drawText(place.adjusted(SAMPLE + GAP, 0, 2, 0), flags, entry.text)

    def event(self, event: QEvent) -> bool:
        """Tell more of an entry under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            places = self._places(self.width())[1:]
            at = QPointF(event.pos())
            tips = [e.tip for e, place in zip(self.entries, places, strict=True) if place.contains(at)]
            if tips:
                QToolTip.showText(event.globalPos(), plain(tips[0]), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)
