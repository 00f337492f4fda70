"""Paints marks beside numbers and names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter

from stepper.models.mark_signs import STRIP, glyphs_of, ink, tags
from stepper.widgets.mark_overlay import brush

if TYPE_CHECKING:
    from core.health.monitor import Mark


def paint_at_cell(painter: QPainter, rect: QRect, marks: Sequence[Mark], colour: str = "") -> None:
    """Paint the marks of a cell that shows its number: a strip of the pattern at the left, the glyphs at the right edge.

    The painter's font is the one of the glyphs.
    """
    if not marks:
        return
    strip = QRect(rect.left() + 1, rect.top() + 1, STRIP, rect.height() - 2)
    painter.fillRect(strip, brush(marks[0]))
    text = glyphs_of(marks)
    room = painter.fontMetrics().horizontalAdvance(text)
    painter.setPen(QColor(colour or ink(marks[0].severity)))
    painter.drawText(
        QRect(rect.right() - room - 2, rect.top(), room + 1, rect.height()),
        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
        text,
    )


def paint_tags(painter: QPainter, x: int, baseline: int, marks: Sequence[Mark]) -> None:
    """Write tags from a place on, in the painter's font."""
    metrics = painter.fontMetrics()
    for text, colour in tags(marks):
        painter.setPen(QColor(colour))
        painter.drawText(x, baseline, text)
        x += metrics.horizontalAdvance(text + " ")
