"""How the numbers of a tensor are spread: bars with numbers at both axes, and beside them how many are no number."""

from __future__ import annotations

import math

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from core.files.looks.looks import Look
from stepper import theme
from stepper.widgets import numbers
from stepper.widgets.elided import shortened
from stepper.widgets.grid_paint import pattern_of
from stepper.widgets.read_bars import ReadBars

APART = 12
MOST_TICKS = 5


class TensorHistogram(ReadBars):
    """Draws the histogram of a look. One bar is told in words: that under the mouse, else that of the arrows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look: Look | None = None
        self.is_log = False
        self.empty = ""
        self._name = ""

    def set_look(self, name: str, look: Look, empty: str) -> None:
        """Show how the numbers of a look are spread; `empty` says why there may be no bars."""
        if name != self._name:
            self.at = 0
        self._name, self.look, self.empty = name, look, empty
        self.at = min(self.at, max(len(self.counts()) - 1, 0))
        self.tell()
        self.update()

    def set_log(self, on: bool) -> None:
        """Draw the counts on a logarithmic scale, or as they are."""
        self.is_log = on
        self.update()

    def counts(self) -> list[int]:
        """Return how many numbers each bar counts; the last one those that are no numbers, if there are any."""
        h = None if self.look is None else self.look.histogram
        found = [] if h is None else [int(n) for n in h.counts]
        return [*found, self.look.summary.nonfinite] if self.look is not None and self.look.summary.nonfinite else found

    @property
    def _inner(self) -> int:
        return 0 if self.look is None or self.look.histogram is None else len(self.look.histogram.counts)

    def text_of(self, bar: int) -> str:
        """Return a bar in words: `12 of 100 numbers: from 0 up to 0.5`."""
        counts = self.counts()
        if not counts or self.look is None:
            return self.empty
        if bar >= self._inner or self.look.histogram is None:
            return self.tr("{n} of {total} numbers: NaN or ∞").format(n=f"{counts[bar]:,}", total=f"{self.look.summary.count:,}")
        h = self.look.histogram
        low, high = numbers.short(h.edges[bar]), numbers.short(h.edges[bar + 1])
        total = sum(counts[: self._inner])
        if h.edges[bar] == h.edges[bar + 1]:
            what = self.tr("exactly {low}").format(low=low)
        elif bar == self._inner - 1:
            what = self.tr("from {low} up to and with {high}").format(low=low, high=high)
        else:
            what = self.tr("from {low} up to {high}").format(low=low, high=high)
        words = self.tr("{n} of {total} numbers: {what}") if h.exact else self.tr("{n} of {total} numbers of a sample: {what}")
        return words.format(n=f"{counts[bar]:,}", total=f"{total:,}", what=what)

    def sizeHint(self) -> QSize:
        """Room for forty bars."""
        return QSize(300, 190)

    def minimumSizeHint(self) -> QSize:
        """Enough to see that there is something."""
        return QSize(150, 100)

    # --- places --------------------------------------------------------------------------------

    def share_of(self, count: int) -> float:
        """Return how high a bar of a count is, as a share of the whole height."""
        most = max(self.counts(), default=0)
        if count <= 0 or not most:
            return 0.0
        return (math.log10(count) + 0.3) / (math.log10(most) + 0.3) if self.is_log else count / most

    def rect_of(self, bar: int) -> QRect:
        """Return the whole column of a bar, from the top to the line on which it stands."""
        area, inner = self._area(), self._inner
        wide = self._strange_width()
        room = area.width() - (wide + APART if len(self.counts()) > inner else 0)
        if bar >= inner:
            return QRect(area.left() + max(room, 0) + APART + 3, area.top(), wide - 6, area.height())
        x0, x1 = room * bar // inner, room * (bar + 1) // inner
        return QRect(area.left() + x0, area.top(), max(x1 - x0, 1), area.height())

    def rects(self) -> list[QRect]:
        """Return where the bars are."""
        return [self.rect_of(n) for n in range(len(self.counts()))]

    def spoken(self) -> tuple[str, str]:
        """Return whose histogram this is, and the words of the bar that the arrows are at."""
        return self.tr("histogram of {name}").replace("{name}", self._name), self.text_of(self.at)

    def _strange_width(self) -> int:
        return max(self.fontMetrics().horizontalAdvance("NaN, ∞") + 8, 48)

    def _area(self) -> QRect:
        metrics = self.fontMetrics()
        line = metrics.height() + 4
        left = max((metrics.horizontalAdvance(_count(n)) for n in self._ticks()), default=0) + 12
        return QRect(left, line, max(self.width() - left - 10, 10), max(self.height() - 3 * line - 6, 10))

    def _ticks(self) -> list[int]:
        """Return the counts that are written at the left."""
        most = max(self.counts(), default=0)
        if not most:
            return []
        if self.is_log:
            powers = list(range(int(math.log10(most)) + 1))
            return [10**p for p in powers[:: -(-len(powers) // MOST_TICKS)]]
        step = max(round(_step(most)), 1)
        return list(range(0, most + 1, step))

    # --- painting ------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the bars, both axes, and one bar in words."""
        painter = QPainter(self)
        t, metrics, area, counts = theme.current(), self.fontMetrics(), self._area(), self.counts()
        if not counts:
            painter.setPen(QColor(t.dim))
            words = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(8, 0, -8, 0), words, self.empty)
            painter.end()
            return
        self._paint_counts(painter, metrics, area)
        for bar, count in enumerate(counts):
            column = self.rect_of(bar)
            height = max(round(column.height() * self.share_of(count)), 3) if count else 0  # what is there can be seen
            rect = QRect(column.left(), column.bottom() - height + 1, column.width(), height)
            if bar >= self._inner:
                self._paint_strange(painter, metrics, rect, count)
            elif height:
                painter.fillRect(rect.adjusted(0, 0, -1 if rect.width() > 2 else 0, 0), QColor(t.read))
        self._paint_range(painter, metrics, area)
        at = self.at if self._hover is None else self._hover
        if self.hasFocus() or self._hover is not None:
            painter.setPen(QPen(QColor(t.selection), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect_of(at).adjusted(-1, 0, 0, 0))
        painter.setPen(QColor(t.text))
        text = shortened(self.text_of(at), metrics, self.width() - 8)
        painter.drawText(4, area.bottom() + 2 * (metrics.height() + 4), text)
        painter.end()

    def _paint_counts(self, painter: QPainter, metrics: QFontMetrics, area: QRect) -> None:
        t, free = theme.current(), self.height()
        for n in self._ticks():
            y = area.bottom() - round(area.height() * self.share_of(n))
            if y > free:
                continue
            painter.setPen(QColor(t.border))
            painter.drawLine(area.left(), y, area.right(), y)
            painter.setPen(QColor(t.dim))
            text = _count(n)
            painter.drawText(area.left() - 6 - metrics.horizontalAdvance(text), y + metrics.ascent() // 2 - 1, text)
            free = y - metrics.height()
        painter.setPen(QColor(t.dim))
        painter.drawLine(area.left(), area.bottom() + 1, area.right(), area.bottom() + 1)

    def _paint_strange(self, painter: QPainter, metrics: QFontMetrics, rect: QRect, count: int) -> None:
        ink = QColor(theme.current().error)
        painter.fillRect(rect, QBrush(ink, pattern_of(math.nan)))
        painter.setPen(ink)
        painter.drawRect(rect.adjusted(0, 0, -1, -1))
        middle, text = rect.center().x(), f"{count:,}"
        word = "NaN, ∞"
        painter.drawText(middle - metrics.horizontalAdvance(word) // 2, rect.bottom() + metrics.height() + 4, word)
        right = self.width() - metrics.horizontalAdvance(text) - 2
        painter.drawText(min(middle - metrics.horizontalAdvance(text) // 2, right), rect.top() - 4, text)

    def _paint_range(self, painter: QPainter, metrics: QFontMetrics, area: QRect) -> None:
        """Write the range below the bars: both its ends, and between them round numbers where there is room."""
        h = None if self.look is None else self.look.histogram
        if h is None or not self._inner:
            return
        t, y = theme.current(), area.bottom() + metrics.height() + 4
        left, right = self.rect_of(0).left(), self.rect_of(self._inner - 1).right()
        low, high = float(h.edges[0]), float(h.edges[-1])
        painter.setPen(QColor(t.dim))
        first, last = numbers.short(low, 3), numbers.short(high, 3)
        painter.drawText(left, y, first)
        if low == high:
            return
        end = max(right - metrics.horizontalAdvance(last), left)
        free = left + metrics.horizontalAdvance(first) + 10
        if end < free:
            return
        painter.drawText(end, y, last)
        for x in _round_numbers(low, high):
            # Halved, because the whole range may be more than a float can hold.
            at = left + round((right - left) * ((x / 2 - low / 2) / (high / 2 - low / 2)))
            text = numbers.short(x, 3)
            half = metrics.horizontalAdvance(text) // 2
            if x == 0:
                painter.setPen(QPen(QColor(t.text), 1, Qt.PenStyle.DashLine))
                painter.drawLine(at, area.top(), at, area.bottom())
            if at - half >= free and at + half <= end - 10:
                painter.setPen(QColor(t.text if x == 0 else t.dim))
                painter.drawLine(at, area.bottom() + 1, at, area.bottom() + 4)
                painter.drawText(at - half, y, text)
                free = at + half + 10


def _step(size: float) -> float:
    """Return the round step (1, 2 or 5 times a power of ten) that divides a size into a few."""
    power = 10.0 ** math.floor(math.log10(size / MOST_TICKS))
    return next((k * power for k in (1, 2, 5, 10) if k * power * MOST_TICKS >= size), 10 * power)


def _round_numbers(low: float, high: float) -> list[float]:
    size = high / 2 - low / 2
    if not (math.isfinite(size) and size > 1e-300):
        return []
    step = _step(size) * 2
    if not math.isfinite(step) or abs(low / step) > 1e6 or abs(high / step) > 1e6:
        return []
    return [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _count(n: int) -> str:
    for size, sign in ((10**9, "G"), (10**6, "M"), (10**4, "k")):
        if n >= size:
            return f"{n / (1000 if sign == 'k' else size):.3g}{sign}"
    return str(n)
