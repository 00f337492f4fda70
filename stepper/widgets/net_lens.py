"""The lens over a heat map: the cells around one, large enough to read, with their indices."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from core.program.ir import Array
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets import net_marks as marks
from stepper.widgets.grid_paint import tint
from stepper.widgets.net_items import Heat
from stepper.widgets.numbers import short

MOST = 5
EDGE = 8.0
AWAY = 16.0
WIDEST = 420.0


@dataclass(frozen=True)
class Lens:
    """What is magnified: cells of one heat map around `at`, what the cell is in words, what its axes are.

    `selected` are cells to be framed, as (row, column).
    """

    heat: Heat
    cells: Array | None
    at: tuple[int, int]
    scale: float
    words: tuple[str, ...]
    axes: str
    selected: frozenset[tuple[int, int]]
    stale: bool = False

    def shown(self, most_rows: int = MOST, most_columns: int = MOST) -> tuple[range, range]:
        """Return the rows and columns that are magnified; at the rim of the heat map the cell is not in their middle."""
        return _around(self.at[0], self.heat.rows, most_rows), _around(self.at[1], self.heat.columns, most_columns)


class LensPainter:
    """Paints a lens inside `bounds`, beside the cell that it magnifies; the heat map stands moved by `offset`."""

    def __init__(self, painter: QPainter, lens: Lens, bounds: QRectF, offset: QPointF) -> None:
        self.p, self.lens, self.colours = painter, lens, theme.current()
        base = painter.font()
        self.small, self.mono = fonts.sized(base, -1), fonts.mono(base, -0.5)
        self.plain, self.bold = fonts.sized(base, 0), fonts.sized(base, 0, bold=True)
        metrics = QFontMetricsF(self.mono)
        self.cell = (metrics.horizontalAdvance("−8.88e−8") + 8, metrics.height() + 5)
        self.side = QFontMetricsF(self.small).horizontalAdvance(str(lens.heat.rows)) + 10
        self.line = QFontMetricsF(self.plain).height() + 2
        for most, lines in ((MOST, len(lens.words)), (3, len(lens.words)), (3, 2), (1, 2)):
            self.axes = lens.axes if lines > 2 or most == MOST else ""
            self.bottom = (QFontMetricsF(self.small).height() + 4 if self.axes else 0) + EDGE - 2
            self.words, self.top = lens.words[:lines], EDGE + self.line * min(lines, len(lens.words)) + 2
            self.rows, self.columns = lens.shown(most, most)
            self.source = self._source().translated(offset)
            cell = lens.heat.cell(*lens.at).translated(offset)
            self.rect = self._beside(bounds, cell, most)
            if bounds.contains(self.rect) and not self.rect.intersects(cell.adjusted(-4, -4, 4, 4)):
                break

    def paint(self) -> None:
        """Paint the frame of what is magnified, then the lens."""
        p, colours = self.p, self.colours
        p.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((colours.panel, 4.0), (colours.text, 1.6)):
            p.setPen(QPen(QColor(colour), width))
            p.drawRect(self.source)
        p.setPen(QPen(QColor(colours.text), 1.4))
        p.setBrush(QColor(colours.panel))
        p.drawRoundedRect(self.rect, 6, 6)
        for n, text in enumerate(self.words):
            self._text(n, text)
        self._numbers()
        if self.axes:
            p.setFont(self.small)
            p.setPen(QColor(colours.dim))
            place = QRectF(
                self.rect.left() + EDGE, self.rect.bottom() - self.bottom, self.rect.width() - 2 * EDGE, self.bottom - 4
            )
            p.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.axes)

    def _source(self) -> QRectF:
        heat = self.lens.heat
        return heat.cell(self.rows[0], self.columns[0]).united(heat.cell(self.rows[-1], self.columns[-1])).adjusted(-2, -2, 2, 2)

    def _beside(self, bounds: QRectF, cell: QRectF, most: int) -> QRectF:
        """Beside the cell where there is room, right first; else below or above it."""
        longest = QFontMetricsF(self.small).horizontalAdvance(self.axes)
        for n, text in enumerate(self.words):
            if n or most == MOST:  # in little room a long sentence is cut short, never a number
                longest = max(longest, QFontMetricsF(self.plain if n else self.bold).horizontalAdvance(text))
        longest = min(longest, WIDEST * fonts.zoom())  # what a rule says is a whole sentence
        width = max(self.side + len(self.columns) * self.cell[0], longest + 2) + 2 * EDGE
        height = self.top + self.cell[1] * (len(self.rows) + 1) + self.bottom
        away = self.source.united(cell).adjusted(-AWAY, -AWAY, AWAY, AWAY)
        x = away.right() if away.right() + width <= bounds.right() else away.left() - width
        y = cell.center().y() - height / 2
        if x < bounds.left():
            x = cell.center().x() - width / 2
            y = away.bottom() if away.bottom() + height <= bounds.bottom() else away.top() - height
        x = max(bounds.left(), min(x, bounds.right() - width))
        y = max(bounds.top(), min(y, bounds.bottom() - height))
        return QRectF(round(x) + 0.5, round(y) + 0.5, round(width), round(height))

    def _text(self, n: int, text: str) -> None:
        p, font = self.p, self.plain if n else self.bold
        p.setFont(font)
        p.setPen(QColor(self.colours.text))
        place = QRectF(
            self.rect.left() + EDGE, self.rect.top() + EDGE - 2 + n * self.line, self.rect.width() - 2 * EDGE, self.line
        )
        text = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        p.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _numbers(self) -> None:
        p, (wide, high) = self.p, self.cell
        left, top = self.rect.left() + EDGE + self.side, self.rect.top() + self.top
        p.setFont(self.small)
        p.setPen(QColor(self.colours.dim))
        if self.lens.heat.columns > 1:
            for n, column in enumerate(self.columns):
                p.drawText(QRectF(left + n * wide, top, wide, high), Qt.AlignmentFlag.AlignCenter, str(column))
        side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for n, row in enumerate(self.rows):
            p.drawText(QRectF(left - self.side, top + (n + 1) * high, self.side - 5, high), side, str(row))
        p.setFont(self.mono)
        for i, row in enumerate(self.rows):
            for j, column in enumerate(self.columns):
                self._cell(QRectF(left + j * wide, top + (i + 1) * high, wide, high), row, column)
        place = QRectF(
            left + self.columns.index(self.lens.at[1]) * wide, top + (self.rows.index(self.lens.at[0]) + 1) * high, wide, high
        )
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.setPen(QPen(QColor(self.colours.text), 2.2))
        p.drawRect(place)

    def _cell(self, place: QRectF, row: int, column: int) -> None:
        p, colours = self.p, self.colours
        number = None if self.lens.cells is None else float(self.lens.cells[row, column])
        strange = number is not None and not math.isfinite(number)
        p.setPen(QPen(QColor(colours.border), 1))
        p.setBrush(QColor(colours.panel) if number is None or strange else tint(number, self.lens.scale))
        p.drawRect(place)
        if strange and number is not None:
            p.setBrush(marks.broken_brush(number))
            p.drawRect(place)
        text = "·" if number is None else short(number, 3)
        if strange:
            p.fillRect(place.adjusted(place.width() / 4, 3, -place.width() / 4, -3), QColor(colours.panel))
        p.setPen(QColor(colours.error if strange else colours.dim if number is None or self.lens.stale else colours.text))
        p.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        if (row, column) in self.lens.selected:
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.setPen(QPen(QColor(colours.selection), 2))
            p.drawRect(place.adjusted(3, 2, -3, -2))


def _around(at: int, count: int, most: int) -> range:
    """Return up to `most` of `count` indices around one."""
    first = max(0, min(at - most // 2, count - most))
    return range(first, min(count, first + most))
