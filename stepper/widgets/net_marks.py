"""The signs that a picture of a network is made of: pens, rings, frames, arrows, heat maps; none is colour alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QImage, QPainter, QPainterPath, QPen, QPolygonF

from core.program.ir import Array, Phase
from stepper import theme
from stepper.models.mark_signs import ink, short_glyph
from stepper.widgets import shades
from stepper.widgets.mark_overlay import Layer, overlay

if TYPE_CHECKING:
    from core.health.monitor import Mark

THICKEST = 6.0
LEVELS = 127


def font_of(painter: QPainter, pixels: float, bold: bool = False) -> QFont:
    """Return the painter's font in a size in pixels, never too small to be read."""
    font = QFont(painter.font())
    font.setPixelSize(max(8, round(pixels)))
    font.setBold(bold)
    return font


def weight_pen(weight: float, scale: float, thickest: float = THICKEST) -> QPen:
    """Return the pen of a weight: colour and dashes for its sign, width for its size, dots where it is not finite."""
    colours = theme.current()
    if not math.isfinite(weight):
        return QPen(QColor(colours.error), 2, Qt.PenStyle.DotLine)
    if weight == 0:
        return QPen(QColor(colours.border), 1)
    width = 1.2 + (thickest - 1.2) * min(1.0, abs(weight) / scale if scale > 0 else 1.0)
    pen = QPen(QColor(colours.positive if weight > 0 else colours.negative), width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if weight < 0:
        pen.setDashPattern([max(1.5, 7 / width), max(0.8, 4 / width)])
    return pen


def hollow_line(painter: QPainter, a: QPointF, b: QPointF) -> None:
    """Draw a line that has no number yet: two thin lines with nothing between them."""
    colours = theme.current()
    for colour, width in ((colours.border, 4.0), (colours.panel, 2.0)):
        painter.setPen(QPen(QColor(colour), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawLine(a, b)


def stale_pen() -> QPen:
    """Return the outline of what is out of date."""
    return QPen(QColor(theme.current().dim), 1.6, Qt.PenStyle.DashLine)


def stale_hatch(painter: QPainter, rect: QRectF) -> None:
    """Hatch what is out of date, and outline it with dashes."""
    painter.fillRect(rect, QBrush(QColor(theme.current().dim), Qt.BrushStyle.FDiagPattern))
    painter.setPen(stale_pen())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect)


def pencil(painter: QPainter, at: QPointF) -> None:
    """Draw the sign of a change by hand: a pencil on a disc of its own."""
    colours = theme.current()
    painter.save()
    painter.translate(at)
    painter.setPen(QPen(QColor(colours.selection), 1))
    painter.setBrush(QColor(colours.panel))
    painter.drawEllipse(QPointF(0, 0), 7, 7)
    painter.rotate(45)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.selection))
    painter.drawRect(QRectF(-1.6, -5, 3.2, 6.4))
    painter.drawPolygon(QPolygonF([QPointF(-1.6, 2), QPointF(1.6, 2), QPointF(0, 5)]))
    painter.restore()


def badge(painter: QPainter, at: QPointF, marks: Sequence[Mark], size: float = 7.0) -> None:
    """Draw the glyph of the strongest of some marks on a disc of its own, with a small + where there are more.

    A note is smaller than a warning.
    """
    if not marks:
        return
    size = size if marks[0].severity != "note" else max(5.0, 0.8 * size)
    colour = QColor(ink(marks[0].severity))
    disc = QRectF(at.x() - size, at.y() - size, 2 * size, 2 * size)
    painter.setPen(QPen(colour, 2.0 if marks[0].severity == "error" else 1.2))
    painter.setBrush(QColor(theme.current().panel))
    painter.drawEllipse(disc)
    painter.setFont(font_of(painter, 1.5 * size, bold=True))
    painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, short_glyph(marks[0]))
    if len(marks) > 1:
        painter.setFont(font_of(painter, 9, bold=True))
        painter.drawText(QPointF(disc.right() - 2, disc.top() + 3), "+")


def draw_layers(painter: QPainter, rect: QRectF, layers: Sequence[Layer]) -> None:
    """Draw the marks of a heat map over it."""
    if layers and rect.width() >= 1 and rect.height() >= 1:
        painter.drawImage(rect.topLeft(), overlay(layers, round(rect.width()), round(rect.height())))


def broken_brush(number: float) -> QBrush:
    """Return the pattern of a number that is not finite: NaN, ∞ and −∞ have one each."""
    pattern = Qt.BrushStyle.BDiagPattern
    if math.isinf(number):
        pattern = Qt.BrushStyle.VerPattern if number > 0 else Qt.BrushStyle.HorPattern
    return QBrush(QColor(theme.current().error), pattern)


def ring(painter: QPainter, rect: QRectF, read: bool, written: bool, round_: bool) -> None:
    """Draw the signs of being read (dotted, `theme.read`) and written (double, `theme.written`) around something."""
    colours = theme.current()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    away = 3.0
    if written:
        painter.setPen(QPen(QColor(colours.written), 1.8))
        for step in (away, away + 3.5):
            _outline(painter, rect.adjusted(-step, -step, step, step), round_)
        away += 7.5
    if read:
        pen = QPen(QColor(colours.read), 2.2, Qt.PenStyle.DotLine)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        _outline(painter, rect.adjusted(-away, -away, away, away), round_)


def selection_frame(painter: QPainter, rect: QRectF) -> None:
    """Draw the frame of what is selected."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.current().selection), 2.5))
    painter.drawRoundedRect(rect.adjusted(-3, -3, 3, 3), 3, 3)


def focus_frame(painter: QPainter, rect: QRectF) -> None:
    """Draw the sign of the keyboard's place."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.current().text), 1.2, Qt.PenStyle.DashLine))
    painter.drawRoundedRect(rect.adjusted(-6, -6, 6, 6), 4, 4)


def arrow(painter: QPainter, start: float, end: float, y: float, phase: Phase) -> None:
    """Draw the flow from one x to another at height y, in the hue of its phase."""
    colour = QColor(theme.current().phases[phase])
    painter.setPen(QPen(colour, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    painter.setBrush(colour)
    way = 1.0 if end >= start else -1.0
    painter.drawLine(QPointF(start, y), QPointF(end - way * 9, y))
    painter.setPen(Qt.PenStyle.NoPen)
    tip = QPolygonF([QPointF(end, y), QPointF(end - way * 11, y - 6), QPointF(end - way * 11, y + 6)])
    painter.drawPolygon(tip)


def heat_image(array: Array, scale: float) -> QImage:
    """Return a matrix as an image, a pixel a cell, on the diverging scale; cells that are not finite in the error colour."""
    cells = np.asarray(array, dtype=float)
    cells = cells.reshape(cells.shape[0], -1)
    finite = np.isfinite(cells)
    share = np.clip(np.where(finite, cells, 0.0) * (LEVELS / scale if scale > 0 else 1.0), -LEVELS, LEVELS)
    pixels = shades.table(LEVELS)[np.rint(share).astype(int) + LEVELS]
    if not finite.all():
        pixels = np.where(finite, pixels, np.uint32(QColor(theme.current().error).rgb()))
    height, width = cells.shape
    data = np.ascontiguousarray(pixels, dtype=np.uint32).tobytes()
    return QImage(data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


def draw_heat(painter: QPainter, rect: QRectF, image: QImage | None) -> None:
    """Draw a heat map into a rectangle; without an image, the empty sign of what is not computed yet."""
    colours = theme.current()
    if image is None:
        painter.fillRect(rect, QColor(colours.panel))
        painter.setPen(QColor(colours.dim))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, "·")
    else:
        shrinks = image.height() > rect.height() or image.width() > rect.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrinks)
        painter.drawImage(rect, image)
    painter.setPen(QPen(QColor(colours.dim), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(rect)


def fan(painter: QPainter, a: QRectF, b: QRectF) -> None:
    """Draw the band that joins a column to the weights that read it, or the weights to the column they make."""
    path = QPainterPath(a.topRight())
    path.lineTo(b.topLeft())
    path.lineTo(b.bottomLeft())
    path.lineTo(a.bottomRight())
    path.closeSubpath()
    colours = theme.current()
    painter.setPen(QPen(QColor(colours.border), 1))
    painter.setBrush(QColor(colours.window))
    painter.drawPath(path)


def _outline(painter: QPainter, rect: QRectF, round_: bool) -> None:
    if round_:
        painter.drawEllipse(rect)
    else:
        painter.drawRoundedRect(rect, 5, 5)
