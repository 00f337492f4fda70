"""The signs of the data view: a shape and a colour for each class, a ring and ✗ for a wrong answer, and their legend."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QLinearGradient, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from stepper import theme
from stepper.widgets.flow_legend import FlowLegend

DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
# Corners on a circle: how many, where the first stands (in turns), how deep between them (1: a straight side).
SHAPES = (
    (0, 0.0, 1.0), (3, -0.25, 1.0), (4, 0.125, 1.0), (4, 0.0, 1.0), (3, 0.25, 1.0),
    (5, -0.25, 0.45), (6, 0.0, 1.0), (4, 0.0, 0.4), (3, 0.5, 1.0), (3, 0.0, 1.0),
)  # fmt: skip


def class_colour(number: int, classes: int) -> QColor:
    """Return the colour of a class; of two, the first is that of negative numbers."""
    t = theme.current()
    if classes <= 2:
        return QColor((t.negative, t.positive)[number % 2] if classes == 2 else t.read)
    return QColor(t.sizes[number % len(t.sizes)])


def curve_colour(number: int, outputs: int) -> QColor:
    """Return the colour of the curve of an output; a single one stands out from the targets."""
    return class_colour(number, outputs) if outputs > 1 else QColor(theme.current().written)


def blend(ground: QColor, ink: QColor, share: float) -> QColor:
    """Return `ground` with a share of `ink` in it."""
    pairs = ((ground.redF(), ink.redF()), (ground.greenF(), ink.greenF()), (ground.blueF(), ink.blueF()))
    return QColor.fromRgbF(*(max(0.0, min(1.0, a + (b - a) * share)) for a, b in pairs))


def hatch() -> QBrush:
    """Return what is painted where there is no answer."""
    return QBrush(QColor(theme.current().error), Qt.BrushStyle.BDiagPattern)


def paint_mark(p: QPainter, at: QPointF, size: float, number: int, fill: QColor, edge: QColor, wide: float = 1.0) -> None:
    """Paint the shape of a class, `size` pixels across."""
    corners, turn, deep = SHAPES[number % len(SHAPES)]
    p.setPen(QPen(edge, wide))
    p.setBrush(fill)
    if not corners:
        p.drawEllipse(at, size / 2, size / 2)
        return
    radius = size / 2 * (1.22 if corners <= 4 else 1.12)
    steps = corners if deep == 1.0 else 2 * corners
    points = [
        QPointF(
            at.x() + math.cos(2 * math.pi * (turn + n / steps)) * radius * (deep if n % 2 and deep < 1 else 1),
            at.y() + math.sin(2 * math.pi * (turn + n / steps)) * radius * (deep if n % 2 and deep < 1 else 1),
        )
        for n in range(steps)
    ]
    p.drawPolygon(QPolygonF(points))


def paint_wrong(p: QPainter, at: QPointF, size: float) -> None:
    """Paint what marks a wrong answer: a ring, and a ✗ at its upper right."""
    t = theme.current()
    radius = size / 2 + min(3.0, size * 0.35)
    p.setBrush(Qt.BrushStyle.NoBrush)
    p.setPen(QPen(QColor(t.error), 1.4 if size > 6 else 1.0))
    p.drawEllipse(at, radius, radius)
    arm = max(1.8, size * 0.26)
    x, y = at.x() + radius * 0.9, at.y() - radius * 0.9
    for colour, wide in ((QColor(t.panel), arm + 1.4), (QColor(t.error), 1.8 if size > 6 else 1.2)):
        p.setPen(QPen(colour, wide, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        p.drawLine(QPointF(x - arm, y - arm), QPointF(x + arm, y + arm))
        p.drawLine(QPointF(x - arm, y + arm), QPointF(x + arm, y - arm))


def paint_current(p: QPainter, at: QPointF, size: float) -> None:
    """Paint what marks the current sample: a thick ring with a gap to the mark."""
    t = theme.current()
    p.setBrush(Qt.BrushStyle.NoBrush)
    radius = size / 2 + 6.5
    for colour, wide in ((QColor(t.panel), 5.0), (QColor(t.selection), 2.6)):
        p.setPen(QPen(colour, wide))
        p.drawEllipse(at, radius, radius)


@dataclass(frozen=True)
class Key:
    """One entry of the legend: which sign, of which class, and what it means."""

    sign: str
    text: str
    number: int = 0
    classes: int = 0


class DataLegend(FlowLegend):
    """A row of signs with their meanings."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys: tuple[Key, ...] = ()
        self.setAccessibleName(self.tr("Legend of the data"))

    @property
    def keys(self) -> tuple[Key, ...]:
        """What is explained now."""
        return self._keys

    def set_keys(self, keys: tuple[Key, ...]) -> None:
        """Explain these signs."""
        self._keys = keys
        self.say([k.text for k in keys])

    def paint_sign(self, painter: QPainter, n: int, box: QRectF) -> None:
        """Paint a sign as it is among the data."""
        self._sign(painter, self._keys[n], box)

    def _sign(self, p: QPainter, key: Key, box: QRectF) -> None:
        t, at = theme.current(), box.center()
        ink = class_colour(key.number, key.classes)
        left, right = QPointF(box.left() + 1, at.y()), QPointF(box.right() - 1, at.y())
        if key.sign == "class":
            paint_mark(p, at, 9, key.number, ink, QColor(t.text))
        elif key.sign == "elsewhere":
            paint_mark(p, at, 9, key.number, QColor(t.panel), QColor(t.text), 1.4)
        elif key.sign == "batch":
            paint_mark(p, at, 9, key.number, QColor(t.text), QColor(t.text), 1.4)
        elif key.sign == "wrong":
            paint_wrong(p, at, 6)
        elif key.sign == "current":
            paint_current(p, at, 3)
        elif key.sign == "border":
            p.setPen(QPen(QColor(t.text), 2))
            p.drawLine(left, right)
        elif key.sign == "neuron":
            p.setPen(QPen(QColor(t.text), 1.2, Qt.PenStyle.DashLine))
            p.drawLine(left, right)
        elif key.sign == "curve":
            p.setPen(QPen(curve_colour(key.number, key.classes), 2, DASHES[key.number % len(DASHES)]))
            p.drawLine(left, right)
        elif key.sign == "threshold":
            p.setPen(QPen(QColor(t.dim), 1.2, Qt.PenStyle.DashLine))
            p.drawLine(left, right)
        elif key.sign == "nothing":
            p.setPen(QPen(QColor(t.error), 1))
            p.setBrush(hatch())
            p.drawRect(QRectF(box.left() + 1, at.y() - 6, box.width() - 2, 12))
        elif key.sign == "scale":
            rect = QRectF(box.left(), at.y() - 5, box.width(), 10)
            fill = QLinearGradient(rect.topLeft(), rect.topRight())
            for n in range(5):
                fill.setColorAt(n / 4, theme.diverging(n / 2 - 1, 1.0))
            p.setPen(QPen(QColor(t.dim), 1))
            p.setBrush(fill)
            p.drawRect(rect)
        elif key.sign == "underline":
            p.setPen(QPen(QColor(t.text), 1.8))
            p.drawLine(QPointF(left.x(), at.y() + 5), QPointF(right.x(), at.y() + 5))
        elif key.sign == "outlined":
            p.setPen(QPen(QColor(t.text), 1.5))
            p.setBrush(QColor(t.window))
            p.drawRect(QRectF(box.left() + 1, at.y() - 4, box.width() - 2, 8))
        else:
            p.setPen(QPen(QColor(t.error if key.sign == "wrong picture" else t.selection), 2.4))
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.drawRect(QRectF(at.x() - 6, at.y() - 6, 12, 12))
