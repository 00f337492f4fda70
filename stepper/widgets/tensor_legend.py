"""What stands below the heat map of a tensor: the cell in words, the scale of colours, what signs and patterns mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QRect
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QPainter

from stepper import theme
from stepper.widgets import numbers
from stepper.widgets.elided import shortened
from stepper.widgets.heat import Heat

LEFT = 4
SWATCH = 16
APART = 14


class Entry(NamedTuple):
    """A pattern (`brush`) or a `sign`, in an ink, and what it means."""

    text: str
    ink: str
    brush: QBrush | None = None
    sign: str = ""


def line_height(metrics: QFontMetrics) -> int:
    """Return how high a line of the legend is."""
    return metrics.height() + 4


def scale_width(metrics: QFontMetrics, extent: float) -> int:
    """Return how wide the scale is, with its numbers."""
    if not extent > 0:
        return 0
    text = numbers.short(extent, 3)
    return 82 + metrics.horizontalAdvance(f"−{text}") + metrics.horizontalAdvance(text)


def entry_lines(metrics: QFontMetrics, entries: Sequence[Entry], width: int) -> int:
    """Return how many lines the entries take."""
    places = _places(metrics, entries, width)
    return places[-1][1] + 1 if places else 0


def scale_lines(metrics: QFontMetrics, extent: float, note: str, width: int) -> int:
    """Return how many lines the scale and the note take: two where the note does not fit behind the scale."""
    scale = scale_width(metrics, extent)
    return 2 if scale and LEFT + scale + metrics.horizontalAdvance(note) > width - LEFT else 1


def paint_scale(painter: QPainter, heat: Heat, extent: float, note: str, y: int, width: int) -> None:
    """Paint the scale of colours from a height on, and behind it or below it a note."""
    metrics, x = painter.fontMetrics(), LEFT
    if extent > 0:
        heat.paint_legend(painter, QRect(x, y, width - x, metrics.height()), numbers.short(extent, 3), "")
    if scale_lines(metrics, extent, note, width) > 1:
        y += line_height(metrics)
    else:
        x += scale_width(metrics, extent)
    painter.setPen(QColor(theme.current().dim))
    painter.drawText(x, y + metrics.ascent(), shortened(note, metrics, width - LEFT - x))


def paint_entries(painter: QPainter, entries: Sequence[Entry], y: int, width: int, most: int) -> None:
    """Paint entries line by line from a height on, at most so many lines."""
    metrics = painter.fontMetrics()
    for entry, (x, line) in zip(entries, _places(metrics, entries, width), strict=True):
        if line >= most:
            return
        top = y + line * line_height(metrics)
        painter.setPen(QColor(entry.ink))
        if entry.brush is not None:
            swatch = QRect(x, top + 2, SWATCH, metrics.height() - 4)
            painter.fillRect(swatch, entry.brush)
            painter.drawRect(swatch)
            x = swatch.right() + 5
        elif entry.sign:
            painter.drawText(x, top + metrics.ascent(), entry.sign)
            x += metrics.horizontalAdvance(entry.sign) + 5
        text = shortened(entry.text, metrics, width - LEFT - x)
        painter.drawText(x, top + metrics.ascent(), text)


def _places(metrics: QFontMetrics, entries: Sequence[Entry], width: int) -> list[tuple[int, int]]:
    """Return for each entry its x and its line; what does not fit behind another begins a new line."""
    x, line, found = LEFT, 0, list[tuple[int, int]]()
    for entry in entries:
        before = SWATCH + 5 if entry.brush is not None else metrics.horizontalAdvance(entry.sign) + 5 if entry.sign else 0
        wide = before + metrics.horizontalAdvance(entry.text)
        if x > LEFT and x + wide > width - LEFT:
            x, line = LEFT, line + 1
        found.append((x, line))
        x += wide + APART
    return found
