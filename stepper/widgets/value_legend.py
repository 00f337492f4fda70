"""What stands below a heat map: the number in one cell in full, the scale, and what the patterns mean."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QRect, Qt
from PySide6.QtGui import QBrush, QColor, QPainter

from stepper import theme
from stepper.models import mark_signs
from stepper.widgets import mark_overlay, numbers
from stepper.widgets.grid import CLOCK
from stepper.widgets.grid_paint import pattern_of, stale_brush
from stepper.widgets.heat import Heat
from stepper.widgets.value_plane import Plane

translate = QCoreApplication.translate
STRANGE = {"NaN": float("nan"), "∞": float("inf"), "−∞": float("-inf")}
LEFT = 4


def line_height(font_height: int) -> int:
    """Return how high a line of the legend is."""
    return font_height + 4


def has_warnings(plane: Plane, heat: Heat) -> bool:
    """Tell whether the legend has a line for patterns."""
    return plane.stale or bool(heat.bad) or bool(plane.marks)


def paint_legend(painter: QPainter, plane: Plane, heat: Heat, texts: Sequence[str], rect: QRect) -> None:
    """Paint the texts line by line, below them the scale, below that the patterns, within `rect` from its top."""
    metrics = painter.fontMetrics()
    line, y = line_height(metrics.height()), rect.top()
    painter.setPen(QColor(theme.current().text))
    for text in texts:
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width() - 2 * LEFT)
        painter.drawText(LEFT, y + metrics.ascent(), shown)
        y += line
    scale = QRect(LEFT, y, rect.width() - 2 * LEFT, metrics.height())
    heat.paint_legend(painter, scale, numbers.short(plane.extent, 3), _all(plane, heat))
    _paint_patterns(painter, plane, heat, y + line)


def _paint_patterns(painter: QPainter, plane: Plane, heat: Heat, y: int) -> None:
    t, metrics, x = theme.current(), painter.fontMetrics(), LEFT
    text = translate("ValueHeat", "{n} × {sign}")
    entries = [
        (
            translate("ValueHeat", "{n} × {sign}").format(n=count, sign=sign),
            t.error,
            QBrush(QColor(t.error), pattern_of(STRANGE[sign])),
        )
        for sign, count in heat.bad.items()
    ]
    if plane.stale:
        entries.append((f"{CLOCK} " + translate("ValueHeat", "out of date"), t.dim, stale_brush()))
    for mark in plane.marks:
        named = translate("ValueHeat", "{n} × {sign}").format(n=mark_signs.count_of(mark), sign=mark_signs.named(mark))
        entries.append((named, mark_signs.ink(mark.severity), mark_overlay.brush(mark)))
    for text, colour, brush in entries:
        swatch = QRect(x, y + 2, 16, metrics.height() - 4)
        painter.fillRect(swatch, brush)
        painter.setPen(QColor(colour))
        painter.drawRect(swatch)
        painter.drawText(swatch.right() + 5, y + metrics.ascent(), text)
        x = swatch.right() + 5 + metrics.horizontalAdvance(text) + 14


def _all(plane: Plane, heat: Heat) -> str:
    """Return what all cells are, where that is one number that no colour tells."""
    rows, columns = plane.size
    if heat.bad and not plane.extent > 0:
        if sum(heat.bad.values()) == rows * columns:
            return translate("ValueHeat", "no finite number")
        return translate("ValueHeat", "all the others 0")
    return translate("ValueHeat", "all {n}").format(n=heat.flat) if heat.flat and rows * columns else ""
