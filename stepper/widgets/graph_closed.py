"""The layers of a saved network that are not stepped, at the end of the graph of operations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from core.files.saved import Layer
from stepper import theme
from stepper.models.closed_words import lines_of, parted
from stepper.widgets.graph_layout import COLUMN_GAP, MARGIN, Line, Places, rounded
from stepper.widgets.graph_text import PAD, Pens

MOST = 4
LEAD, BETWEEN = 40.0, 22.0
HEAD = 7.0
WIDEST = 190.0


@dataclass(frozen=True)
class Closed:
    """The boxes of closed layers and the layers that each stands for, what leads to them, and the room that all then takes."""

    boxes: tuple[QRectF, ...]
    parts: tuple[tuple[Layer, ...], ...]
    lines: tuple[Line, ...]
    size: QSizeF

    def box_at(self, at: QPointF) -> int | None:
        """Return which box is at a place."""
        return next((n for n, box in enumerate(self.boxes) if box.contains(at)), None)


def closed_of(places: Places, layers: Sequence[Layer], use: Pens) -> Closed:
    """Lay the closed layers out behind the last forward operation of a graph, one below the other."""
    parts = parted(layers, MOST)
    texts = [lines_of(part) for part in parts]
    wide = max((max(use.of_name.horizontalAdvance(a), use.of_small.horizontalAdvance(b)) for a, b in texts), default=0.0)
    width, high = min(wide, WIDEST * max(1.0, use.title / 16)) + 2 * PAD, use.of_name.height() + use.of_small.height() + 9
    last = max((n for n in places.graph.nodes if n.lane == "forward"), key=lambda n: n.last, default=None)
    start = QRectF(MARGIN, MARGIN, 0, high) if last is None else places.boxes[last.index]
    left = places.size.width() + LEAD
    top = start.center().y() - high / 2
    boxes = tuple(QRectF(left, top + n * (high + BETWEEN), width, high) for n in range(len(parts)))
    lines: list[Line] = []
    if boxes:
        first, below = boxes[0], QPointF(start.center().x(), start.bottom())
        track = below.y() + 9  # straight on where nothing stands between, else below what does
        free = not any(b.left() > start.right() - 1 and b.top() < first.center().y() < b.bottom() for b in places.boxes)
        end = QPointF(first.left(), first.center().y())
        points = [QPointF(start.right(), start.center().y()), end]
        if not free:
            turn = QPointF(places.size.width() + LEAD / 2 - COLUMN_GAP / 2, track)
            points = [below, QPointF(below.x(), track), turn, QPointF(turn.x(), end.y()), end]
        lines.append(Line(rounded(points, QPointF(1, 0)), end, QPointF(1, 0)))
    for one, other in pairwise(boxes):
        end = QPointF(other.center().x(), other.top())
        lines.append(Line(rounded([QPointF(end.x(), one.bottom()), end], QPointF(0, 1)), end, QPointF(0, 1)))
    reach = max((box.bottom() for box in boxes), default=0.0)
    room = QSizeF(left + width + MARGIN, max(places.size.height(), reach + MARGIN)) if boxes else places.size
    return Closed(boxes, tuple(parts), tuple(lines), room)


def paint_closed(p: QPainter, closed: Closed, use: Pens, zoom: float, focus: int | None) -> None:
    """Paint the boxes and what leads to them; `focus` is the box that the keyboard is at."""
    colours = theme.current()
    thicker = 1 / min(1.0, max(0.2, zoom))
    for line in closed.lines:
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.setPen(QPen(QColor(colours.dim), 1.3 * thicker, Qt.PenStyle.DashLine))
        p.drawPath(line.path)
        aside = QPointF(-line.heading.y(), line.heading.x()) * (HEAD / 2)
        back = line.end - line.heading * HEAD
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(QColor(colours.dim))
        p.drawPolygon([line.end, back + aside, back - aside])
    for n, (box, part) in enumerate(zip(closed.boxes, closed.parts, strict=True)):
        p.setPen(QPen(QColor(colours.text), 1.3 * thicker, Qt.PenStyle.DashLine))
        p.setBrush(QColor(colours.window))
        p.drawRoundedRect(box, 4, 4)
        inner = box.adjusted(PAD, 3, -PAD, -3)
        for row, (text, font, metrics, ink) in enumerate(
            zip(lines_of(part), (use.name, use.small), (use.of_name, use.of_small), (colours.text, colours.dim), strict=True)
        ):
            place = QRectF(
                inner.left(), inner.top() if row == 0 else inner.bottom() - metrics.height(), inner.width(), metrics.height()
            )
            p.setFont(font)
            p.setPen(QColor(ink))
            p.drawText(place, Qt.AlignmentFlag.AlignCenter, metrics.elidedText(text, Qt.TextElideMode.ElideRight, inner.width()))
        if n == focus:
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.setPen(QPen(QColor(colours.text), 1.4 * thicker, Qt.PenStyle.DashLine))
            p.drawRoundedRect(box.adjusted(-7, -7, 7, 7), 8, 8)
