"""The layers of a saved network that are not stepped, as boxes behind the columns of the picture."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from core.files.saved import Layer
from stepper import theme
from stepper.models.closed_words import line_of, lines_of, parted
from stepper.widgets import net_marks as marks

LEAD = 44.0
"""How far the boxes stand from what they follow."""
CORNER = 26.0
"""The height below the boxes, where the buttons of the picture stand."""
MOST = 7
HIGH, LOW, BETWEEN, LITTLE = 38.0, 22.0, 16.0, 11.0
HEAD = 7.0


def closed_width(width: float, zoom: float) -> float:
    """Return how wide the boxes are in a picture of this width."""
    return min(max(width * 0.17, 46.0), 170.0 * zoom * max(1.0, width / 1600))


def stacked(count: int, room: QRectF, zoom: float) -> tuple[QRectF, ...]:
    """Return boxes for so many layers, one below the other in the middle of a room; as many as there is room for.

    Where those of two lines are too high for all, they have one.
    """
    larger = zoom * max(1.0, min(1.5, room.height() / 500))
    high, between, fit = HIGH * larger, BETWEEN * larger, 0
    for high, between in ((HIGH * larger, BETWEEN * larger), (LOW * larger, LITTLE * larger)):
        fit = max(1, min(MOST, int((room.height() - 16 + between) // (high + between))))
        if fit >= min(count, MOST):
            break
    high = max(14.0, min(high, room.height() - 12))
    n = min(count, fit)
    top = room.center().y() - (n * high + (n - 1) * between) / 2
    return tuple(QRectF(room.left(), top + k * (high + between), max(30.0, room.width()), high) for k in range(n))


def paint_closed(p: QPainter, boxes: Sequence[QRectF], layers: Sequence[Layer], last: QRectF, zoom: float) -> None:
    """Paint the boxes, and what leads from the `last` column to the first of them and on to the others."""
    colours = theme.current()
    line = QPen(QColor(colours.dim), 1.4, Qt.PenStyle.DashLine)
    first, start = boxes[0], QPointF(last.right() - 2, last.center().y())
    turn = first.left() - LEAD * 0.45
    points = [
        start,
        QPointF(turn, start.y()),
        QPointF(turn, first.center().y()),
        QPointF(first.left() - HEAD, first.center().y()),
    ]
    if abs(start.y() - first.center().y()) < 8:
        points = [QPointF(start.x(), first.center().y()), points[-1]]
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.setPen(line)
    p.drawPolyline(points)
    _head(p, QPointF(first.left(), first.center().y()), QPointF(1, 0))
    for box, part in zip(boxes, parted(layers, len(boxes)), strict=True):
        if box is not first:
            p.setPen(line)
            above = boxes[boxes.index(box) - 1]
            p.drawLine(QPointF(box.center().x(), above.bottom()), QPointF(box.center().x(), box.top() - HEAD))
            _head(p, QPointF(box.center().x(), box.top()), QPointF(0, 1))
        p.setPen(QPen(QColor(colours.text), 1.4, Qt.PenStyle.DashLine))
        p.setBrush(QColor(colours.window))
        p.drawRoundedRect(box, 4, 4)
        _words(p, box, part, zoom, len(boxes) == 1)


def _words(p: QPainter, box: QRectF, part: Sequence[Layer], zoom: float, alone: bool) -> None:
    colours = theme.current()
    inner = box.adjusted(6, 2, -6, -2)
    larger = max(1.0, min(1.4, box.height() / (HIGH * zoom))) * zoom
    lines = lines_of(part, alone) if box.height() >= 0.9 * HIGH * zoom else (line_of(part, alone=alone),)
    for n, text in enumerate(lines):
        row = QRectF(inner.left(), inner.top() + n * inner.height() / len(lines), inner.width(), inner.height() / len(lines))
        p.setFont(marks.font_of(p, (12 if n == 0 else 11) * larger, bold=n == 0))
        p.setPen(QColor(colours.text if n == 0 else colours.dim))
        metrics = p.fontMetrics()
        if n == 0 and metrics.horizontalAdvance(text) > inner.width():
            text = line_of(part, long=False, alone=alone)
        p.drawText(row, Qt.AlignmentFlag.AlignCenter, metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(inner.width())))


def _head(p: QPainter, tip: QPointF, way: QPointF) -> None:
    aside = QPointF(-way.y(), way.x()) * (HEAD * 0.5)
    back = tip - way * HEAD
    p.setPen(Qt.PenStyle.NoPen)
    p.setBrush(QColor(theme.current().dim))
    p.drawPolygon(QPolygonF([tip, back + aside, back - aside]))
