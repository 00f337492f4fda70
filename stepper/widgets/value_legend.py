"""What stands below a heat map: the number in one cell in full, the scale, and what the patterns mean."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QRect
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QPainter

from stepper import theme
from stepper.models import mark_signs
from stepper.widgets import mark_overlay, numbers
from stepper.widgets.elided import shortened
from stepper.widgets.grid import CLOCK
from stepper.widgets.grid_paint import pattern_of, stale_brush
from stepper.widgets.heat import Heat
from stepper.widgets.value_plane import Plane

translate = QCoreApplication.translate
STRANGE = {"NaN": float("nan"), "∞": float("inf"), "−∞": float("-inf")}
LEFT = 4
SWATCH = 16


def line_height(font_height: int) -> int:
    """Return how high a line of the legend is."""
    return font_height + 4


def pattern_lines(metrics: QFontMetrics, plane: Plane, heat: Heat, width: int) -> int:
    """Return how many lines of the legend explain patterns."""
    places = _places(metrics, [text for text, _, _ in _entries(plane, heat)], width)
    return places[-1][1] + 1 if places else 0


def paint_legend(painter: QPainter, plane: Plane, heat: Heat, texts: Sequence[str], rect: QRect) -> None:
    """Paint the texts line by line, below them the scale, below that the patterns, within `rect` from its top."""
    metrics = painter.fontMetrics()
    line, y = line_height(metrics.height()), rect.top()
    painter.setPen(QColor(theme.current().text))
    for text in texts:
        shown = shortened(text, metrics, rect.width() - 2 * LEFT)
        painter.drawText(LEFT, y + metrics.ascent(), shown)
        y += line
    scale = QRect(LEFT, y, rect.width() - 2 * LEFT, metrics.height())
    heat.paint_legend(painter, scale, numbers.short(plane.extent, 3), _all(plane, heat))
    _paint_patterns(painter, plane, heat, y + line, rect.width())


def _entries(plane: Plane, heat: Heat) -> list[tuple[str, str, QBrush]]:
    """Return the patterns in a heat map: what each says, in which colour, and how it is drawn."""
    t, said = theme.current(), translate("ValueHeat", "{n} × {sign}")
    entries = [
        (said.format(n=count, sign=sign), t.error, QBrush(QColor(t.error), pattern_of(STRANGE[sign])))
        for sign, count in heat.bad.items()
    ]
    for mark in plane.marks:
        text = said.format(n=mark_signs.count_of(mark), sign=mark_signs.named(mark))
        entries.append((text, mark_signs.ink(mark.severity), mark_overlay.brush(mark)))
    if plane.stale:
        entries.append((f"{CLOCK} " + translate("ValueHeat", "out of date"), t.dim, stale_brush()))
    return entries


def _places(metrics: QFontMetrics, texts: Sequence[str], width: int) -> list[tuple[int, int]]:
    """Return for each text its x and its line; what does not fit behind another begins a new line."""
    x, line, found = LEFT, 0, list[tuple[int, int]]()
    for text in texts:
        wide = SWATCH + 5 + metrics.horizontalAdvance(text)
        if x > LEFT and x + wide > width - LEFT:
            x, line = LEFT, line + 1
        found.append((x, line))
        x += wide + 14
    return found


def _paint_patterns(painter: QPainter, plane: Plane, heat: Heat, y: int, width: int) -> None:
    metrics, entries = painter.fontMetrics(), _entries(plane, heat)
    places = _places(metrics, [text for text, _, _ in entries], width)
    for (text, colour, brush), (x, line) in zip(entries, places, strict=True):
        top = y + line * line_height(metrics.height())
        swatch = QRect(x, top + 2, SWATCH, metrics.height() - 4)
        painter.fillRect(swatch, brush)
        painter.setPen(QColor(colour))
        painter.drawRect(swatch)
        painter.drawText(swatch.right() + 5, top + metrics.ascent(), text)


def _all(plane: Plane, heat: Heat) -> str:
    """Return what all cells are, where that is one number that no colour tells."""
    rows, columns = plane.size
    if heat.bad and not plane.extent > 0:
        if sum(heat.bad.values()) == rows * columns:
            return translate("ValueHeat", "no finite number")
        return translate("ValueHeat", "all the others 0")
    return translate("ValueHeat", "all {n}").format(n=heat.flat) if heat.flat and rows * columns else ""
