"""Bars on a logarithmic scale. A zero stands at the floor with a sign, what is no number has a pattern and a word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.elided import shortened
from stepper.widgets.grid_paint import pattern_of
from stepper.widgets.numbers import short
from stepper.widgets.read_bars import ReadBars

MOST_TICKS = 5
WIDEST = 46


@dataclass(frozen=True)
class Bar:
    """One bar: `label` stands below it where there is room, `words` are read out. `number` is not negative.

    `number` None is one that is not known; a `hatched` bar is of the second kind; `marked` is beyond its limit.
    """

    label: str
    number: float | None
    words: str
    hatched: bool = False
    marked: bool = False


class LogBars(ReadBars):
    """Draws bars. One of them is read out: the one under the mouse, else the one that the arrows go to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars: tuple[Bar, ...] = ()
        self.line: tuple[float, str] | None = None
        self.empty = ""
        self._title = ""

    def show_bars(self, title: str, bars: Sequence[Bar], line: tuple[float, str] | None = None, empty: str = "") -> None:
        """Show bars under a title, perhaps with a line at a number; `empty` says why there are none."""
        fresh = (title, tuple(bars), line, empty)
        if fresh == (self._title, self.bars, self.line, self.empty):
            return
        if title != self._title:
            self.at = 0
        self._title, self.bars, self.line, self.empty = fresh
        self.at = min(self.at, max(len(self.bars) - 1, 0))
        self.tell()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for some forty bars."""
        return QSize(320, 190)

    def minimumSizeHint(self) -> QSize:
        """Enough to see how they fall."""
        return QSize(160, round(150 * max(1.0, fonts.zoom())))

    def extent(self) -> tuple[int, int]:
        """Return the powers of ten from the floor to the top."""
        logs = [math.log10(b.number) for b in self.bars if b.number is not None and 0 < b.number < math.inf]
        if not logs:
            return -1, 1
        low, high = math.floor(min(logs)), math.ceil(max(logs))
        low -= min(logs) - low < 0.15  # the smallest bar must not look like a zero
        return low, max(high, low + 1)

    def y_of(self, number: float) -> int:
        """Return how high a number stands; 0 and less at the floor, ∞ at the top."""
        low, high = self.extent()
        area = self._area()
        if not number > 0:
            return area.bottom()
        share = 1.0 if math.isinf(number) else (math.log10(number) - low) / (high - low)
        return round(area.bottom() - min(max(share, 0.0), 1.0) * area.height())

    def rect_of(self, bar: int) -> QRect:
        """Return the whole column of a bar."""
        area, count = self._area(), max(len(self.bars), 1)
        room = min(area.width(), count * WIDEST)
        x0, x1 = room * bar // count, room * (bar + 1) // count
        return QRect(area.left() + x0, area.top(), max(x1 - x0, 1), area.height())

    def _area(self) -> QRect:
        metrics = self.fontMetrics()
        line = metrics.height() + 4
        left = max(metrics.horizontalAdvance(short(10.0**p)) for p in self.extent()) + 12
        return QRect(left, 2 * line, max(self.width() - left - 8, 10), max(self.height() - 4 * line - 4, 10))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the title, the scale, the bars and the words of one of them."""
        painter = QPainter(self)
        t, metrics, area = theme.current(), self.fontMetrics(), self._area()
        line = metrics.height() + 4
        painter.setPen(QColor(t.text))
        painter.drawText(4, metrics.ascent() + 2, shortened(self._title, metrics, self.width() - 8))
        if not self.bars:
            painter.setPen(QColor(t.dim))
            words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(8, line, -8, 0), words, self.empty)
            painter.end()
            return
        self._paint_scale(painter, metrics, area)
        for n, bar in enumerate(self.bars):
            self._paint_bar(painter, metrics, n, bar)
        if self.line is not None:
            self._paint_line(painter, metrics, area, *self.line)
        self._paint_labels(painter, metrics, area, line)
        at = self.at if self._hover is None else self._hover
        if self.hasFocus() or self._hover is not None:
            painter.setPen(QPen(QColor(t.selection), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect_of(at).adjusted(0, 0, -1, 0))
        painter.setPen(QColor(t.text))
        words = shortened(self.bars[at].words, metrics, self.width() - 8)
        painter.drawText(4, self.height() - metrics.descent() - 3, words)
        painter.end()

    def _paint_scale(self, painter: QPainter, metrics: QFontMetrics, area: QRect) -> None:
        t, (low, high) = theme.current(), self.extent()
        step = max(1, -(-(high - low) // MOST_TICKS))
        for power in range(high, low - 1, -step):
            y = self.y_of(10.0**power)
            painter.setPen(QColor(t.border))
            painter.drawLine(area.left(), y, area.right(), y)
            painter.setPen(QColor(t.dim))
            text = short(10.0**power)
            painter.drawText(area.left() - 6 - metrics.horizontalAdvance(text), y + metrics.ascent() // 2 - 1, text)
        painter.setPen(QColor(t.dim))
        painter.drawLine(area.left(), area.bottom() + 1, area.right(), area.bottom() + 1)

    def _paint_bar(self, painter: QPainter, metrics: QFontMetrics, place: int, bar: Bar) -> None:
        t, column = theme.current(), self.rect_of(place)
        gap = 3 if column.width() > 12 else 1 if column.width() > 2 else 0
        column = column.adjusted(gap, 0, -gap, 0) if column.width() > 2 * gap else column
        if bar.number is None:
            return
        if not math.isfinite(bar.number):
            painter.fillRect(column, QBrush(QColor(t.error), pattern_of(bar.number)))
            return
        if bar.number == 0:
            middle, base = column.center().x(), column.bottom()
            half = max(min(column.width() // 2, 5), 2)
            painter.setPen(QPen(QColor(t.error), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolygon(
                [QPoint(middle - half, base - 2 * half), QPoint(middle + half, base - 2 * half), QPoint(middle, base)]
            )
            return
        ink = QColor(t.error if bar.marked else t.written if bar.hatched else t.read)
        top = min(self.y_of(bar.number), column.bottom() - 2)
        rect = QRect(column.left(), top, column.width(), column.bottom() - top + 1)
        if bar.hatched and rect.width() > 3:
            painter.fillRect(rect, QBrush(ink, Qt.BrushStyle.BDiagPattern))
            painter.setPen(ink)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        else:
            painter.fillRect(rect, ink)
        if bar.marked:
            painter.setPen(QColor(t.error))
            painter.drawText(rect.center().x() - metrics.horizontalAdvance("⚠") // 2, rect.top() - 3, "⚠")

    def _paint_line(self, painter: QPainter, metrics: QFontMetrics, area: QRect, number: float, text: str) -> None:
        if not 10.0 ** self.extent()[0] <= number <= 10.0 ** self.extent()[1]:
            return
        y = self.y_of(number)
        painter.setPen(QPen(QColor(theme.current().error), 1, Qt.PenStyle.DashLine))
        painter.drawLine(area.left(), y, area.right(), y)
        wide = metrics.horizontalAdvance(text)
        back = QRect(area.right() - wide - 6, y - metrics.height() - 1, wide + 6, metrics.height())
        painter.fillRect(back, QColor(theme.current().panel))
        painter.setPen(QColor(theme.current().error))
        painter.drawText(back.left() + 3, y - metrics.descent() - 1, text)

    def _paint_labels(self, painter: QPainter, metrics: QFontMetrics, area: QRect, line: int) -> None:
        """Write what stands below the bars: the labels that have room, from the left; a zero says so."""
        free = area.left() - 1
        for n, bar in enumerate(self.bars):
            strange = bar.number is not None and (bar.number == 0 or not math.isfinite(bar.number))
            text = bar.label
            if strange and bar.number is not None:
                text = f"{bar.label} {short(bar.number)}".strip()
            column = self.rect_of(n)
            wide = metrics.horizontalAdvance(text)
            x = max(column.center().x() - wide // 2, area.left())
            if not text or x <= free or x + wide > self.width():
                continue
            painter.setPen(QColor(theme.current().error if strange else theme.current().dim))
            painter.drawText(x, area.bottom() + line, text)
            free = x + wide + 6

    def rects(self) -> list[QRect]:
        """Return where the bars are."""
        return [self.rect_of(n) for n in range(len(self.bars))]

    def spoken(self) -> tuple[str, str]:
        """Return the title, and the words of the bar that the arrows are at."""
        return self._title, self.bars[self.at].words if self.bars else self.empty
