"""How the numbers of an array are spread: bars over a fixed range, and beside them what is no number."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from core.explain.statistics import Histogram
from stepper import theme
from stepper.widgets import numbers
from stepper.widgets.elided import shortened
from stepper.widgets.grid_paint import pattern_of, stale_brush
from stepper.widgets.read_bars import ReadBars

STRANGE = (("−∞", float("-inf")), ("∞", float("inf")), ("NaN", float("nan")))
APART = 12


class ValueHistogram(ReadBars):
    """Draws a histogram. One bar is read out in words: the one under the mouse, else the one that the arrows go to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown: Histogram | None = None
        self._bars: list[tuple[str, int, float | None]] = []
        self._name = ""
        self._stale = False

    def set_histogram(self, name: str, histogram: Histogram, stale: bool) -> None:
        """Show how the numbers of a value are spread."""
        if self.shown is None or name != self._name:
            self.at = 0
        self._name, self.shown, self._stale = name, histogram, stale
        self._bars = self._describe(histogram)
        self.at = min(self.at, max(len(self.bars()) - 1, 0))
        self.tell()
        self.update()

    def bars(self) -> list[tuple[str, int, float | None]]:
        """Return each bar as what it counts, how many that are, and for one beside the range which number that is none."""
        return self._bars

    def _describe(self, h: Histogram) -> list[tuple[str, int, float | None]]:
        found: list[tuple[str, int, float | None]] = []
        last = len(h.counts) - 1
        for i, count in enumerate(h.counts):
            low, high = numbers.short(h.edges[i]), numbers.short(h.edges[i + 1])
            if h.whole or low == high:
                words = self.tr("exactly {low}").format(low=low)
            elif i == last:
                words = self.tr("from {low} up to and with {high}").format(low=low, high=high)
            else:
                words = self.tr("from {low} up to {high}").format(low=low, high=high)
            found.append((words, count, None))
        counts = (h.minus_infinity, h.plus_infinity, h.nan)
        found += [(sign, n, x) for (sign, x), n in zip(STRANGE, counts, strict=True) if n]
        return found

    def text_of(self, bar: int) -> str:
        """Return a bar in words: `12 of 100 cells: from 0 up to 0.5`."""
        bars = self.bars()
        if not bars:
            return self.tr("There is no cell.")
        total = sum(count for _, count, _ in bars)
        words, count, _ = bars[bar]
        return self.tr("{n} of {total} cells: {what}").format(n=count, total=total, what=words)

    def sizeHint(self) -> QSize:
        """Room for forty bars."""
        return QSize(300, 200)

    def minimumSizeHint(self) -> QSize:
        """Enough to see that there is something."""
        return QSize(140, 110)

    def rect_of(self, bar: int) -> QRect:
        """Return the whole column of a bar, from the top to the line on which it stands."""
        assert self.shown is not None
        area, inner = self._area(), len(self.shown.counts)
        outer = len(self.bars()) - inner
        wide = self._strange_width()
        room = area.width() - (outer * wide + APART if outer else 0)
        if bar >= inner:
            left = area.left() + max(room, 0) + APART + (bar - inner) * wide
            return QRect(left + 3, area.top(), wide - 6, area.height())
        room = min(room, 120) if inner == 1 else room
        x0, x1 = room * bar // inner, room * (bar + 1) // inner
        return QRect(area.left() + x0, area.top(), max(x1 - x0, 1), area.height())

    def _strange_width(self) -> int:
        return max(self.fontMetrics().horizontalAdvance("−∞ NaN"), 44)

    def _area(self) -> QRect:
        line = self.fontMetrics().height() + 4
        left = max((self.fontMetrics().horizontalAdvance(str(n)) for _, n, _ in self.bars()), default=0) + 10
        # Above the bars the counts of what is no number; below their range, and the bar in words.
        return QRect(left, line, max(self.width() - left - 8, 10), max(self.height() - 3 * line - 6, 10))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the bars, what they count, and their range."""
        if self.shown is None:
            return
        painter = QPainter(self)
        t, metrics, area, bars = theme.current(), self.fontMetrics(), self._area(), self.bars()
        line = metrics.height() + 4
        most = max((count for _, count, _ in bars), default=0)
        painter.setPen(QColor(t.dim))
        if bars:
            _right(painter, metrics, area.left() - 6, area.top() + metrics.ascent() // 2, str(most))
            _right(painter, metrics, area.left() - 6, area.bottom(), "0")
        for i, (words, count, strange) in enumerate(bars):
            column = self.rect_of(i)
            height = max(round(column.height() * count / most), 3) if count else 0  # what is there can be seen
            rect = QRect(column.left(), column.bottom() - height + 1, column.width(), height)
            if strange is not None:
                painter.fillRect(rect, QBrush(QColor(t.error), pattern_of(strange)))
                painter.setPen(QColor(t.error))
                painter.drawRect(rect.adjusted(0, 0, -1, -1))
                place = column.adjusted(-20, 0, 20, 0)
                painter.drawText(place.center().x() - metrics.horizontalAdvance(words) // 2, area.bottom() + line, words)
                text = str(count)
                painter.drawText(place.center().x() - metrics.horizontalAdvance(text) // 2, rect.top() - 4, text)
            elif height:
                painter.fillRect(rect.adjusted(0, 0, -1 if rect.width() > 2 else 0, 0), QColor(t.dim if self._stale else t.read))
                if self._stale:
                    painter.fillRect(rect, QBrush(QColor(t.panel), Qt.BrushStyle.Dense4Pattern))
        self._paint_range(painter, metrics, area, line)
        if bars:
            at = self.at if self._hover is None else self._hover
            if self.hasFocus() or self._hover is not None:
                painter.setPen(QPen(QColor(t.selection), 1, Qt.PenStyle.DotLine))
                painter.drawRect(self.rect_of(at).adjusted(-1, 0, 0, 0))
        painter.setPen(QColor(t.text))
        text = self.text_of(self.at if self._hover is None else self._hover)
        y = area.bottom() + 2 * line
        painter.drawText(4, y, shortened(text, metrics, self.width() - 8))
        if self._stale:
            painter.fillRect(QRect(0, 0, self.width(), 4), stale_brush())
        painter.end()

    def _paint_range(self, painter: QPainter, metrics: QFontMetrics, area: QRect, line: int) -> None:
        assert self.shown is not None
        t, edges, inner = theme.current(), self.shown.edges, len(self.shown.counts)
        painter.setPen(QColor(t.dim))
        painter.drawLine(area.left(), area.bottom() + 1, area.right(), area.bottom() + 1)
        if not inner:
            return
        left, right = self.rect_of(0).left(), self.rect_of(inner - 1).right()
        y = area.bottom() + line
        low, high = numbers.short(edges[0]), numbers.short(edges[-1] - self.shown.whole)
        painter.drawText(left, y, low)
        if low == high:
            return
        end = right - metrics.horizontalAdvance(high)
        if end > left + metrics.horizontalAdvance(low) + 8:
            painter.drawText(end, y, high)
        if edges[0] < 0 < edges[-1] and not self.shown.whole:
            # Halved, because the whole range may be more than a float can hold.
            x = left + round((right - left) * (-edges[0] / 2) / (edges[-1] / 2 - edges[0] / 2))
            painter.setPen(QPen(QColor(t.text), 1, Qt.PenStyle.DashLine))
            painter.drawLine(x, area.top(), x, area.bottom())
            if left + metrics.horizontalAdvance(low) + 8 < x < end - 8:
                painter.setPen(QColor(t.text))
                painter.drawText(x - metrics.horizontalAdvance("0") // 2, y, "0")

    def rects(self) -> list[QRect]:
        """Return where the bars are."""
        return [self.rect_of(n) for n in range(len(self.bars()))]

    def spoken(self) -> tuple[str, str]:
        """Return whose histogram this is, and the words of the bar that the arrows are at."""
        name = self.tr("histogram of {name}").format(name=self._name)
        return self.tr("{name}, out of date").format(name=name) if self._stale else name, self.text_of(self.at)


def _right(painter: QPainter, metrics: QFontMetrics, x: int, y: int, text: str) -> None:
    painter.drawText(x - metrics.horizontalAdvance(text), y, text)
