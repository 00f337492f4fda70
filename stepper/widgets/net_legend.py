"""What the signs in the picture of a network mean. Always visible; it breaks into lines where there is little room."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from stepper import theme
from stepper.models.closed_words import SIGN
from stepper.models.mark_signs import WARNING, ink
from stepper.widgets import net_marks as marks
from stepper.widgets.flow_legend import FlowLegend
from stepper.widgets.mark_overlay import brush, pattern

if TYPE_CHECKING:
    from core.health.monitor import Mark


@dataclass(frozen=True)
class Entry:
    """One sign and its meaning."""

    sign: str
    text: str
    mark: Mark | None = field(default=None, compare=False)


class NetLegend(FlowLegend):
    """A row of signs with their meanings."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[Entry, ...] = ()
        self.setAccessibleName(self.tr("Legend of the picture of the network"))

    def set_entries(self, entries: tuple[Entry, ...]) -> None:
        """Show these entries."""
        self._entries = entries
        self.say([e.text for e in entries])

    def paint_sign(self, painter: QPainter, n: int, box: QRectF) -> None:
        """Paint a sign as it is in the picture."""
        entry = self._entries[n]
        if entry.mark is not None:
            self._mark(painter, entry.mark, box)
        self._sign(painter, entry.sign, box)

    def _mark(self, p: QPainter, mark: Mark, box: QRectF) -> None:
        """What a rule marks: the pattern of its cells, or its glyph where it is of a value or a unit as a whole."""
        swatch = QRectF(box.left(), box.center().y() - 6, box.width(), 12)
        if mark.mask is None:
            marks.badge(p, box.center(), (mark,), 7)
            p.setFont(self.font())
            return
        p.fillRect(swatch, brush(mark))
        p.setPen(QPen(QColor(ink(mark.severity)), 1))
        p.drawRect(swatch)

    def _sign(self, p: QPainter, sign: str, box: QRectF) -> None:
        colours = theme.current()
        middle = box.center()
        left, right = QPointF(box.left(), middle.y()), QPointF(box.right(), middle.y())
        small = QRectF(middle.x() - 4, middle.y() - 4, 8, 8)
        p.setBrush(Qt.BrushStyle.NoBrush)
        if sign in ("positive", "negative"):
            p.setPen(marks.weight_pen(0.5 if sign == "positive" else -0.5, 1.0))
            p.drawLine(left, right)
        elif sign == "width":
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(QColor(colours.dim))
            p.drawPolygon([left, QPointF(right.x(), right.y() - 3), QPointF(right.x(), right.y() + 3)])
        elif sign in ("read", "written"):
            marks.ring(p, small.adjusted(1, 1, -1, -1), sign == "read", sign == "written", round_=True)
        elif sign == "closed":
            p.setPen(QPen(QColor(colours.text), 1.2, Qt.PenStyle.DashLine))
            p.drawRoundedRect(QRectF(box.left(), middle.y() - 7, box.width(), 14), 3, 3)
            p.drawText(box, Qt.AlignmentFlag.AlignCenter, SIGN)
        elif sign == "hollow":
            marks.hollow_line(p, left, right)
        elif sign == "stripes":
            self._stripes(p, QRectF(middle.x() - 7, middle.y() - 7, 14, 14))
        elif sign == "stale":
            marks.stale_hatch(p, QRectF(box.left(), middle.y() - 6, box.width(), 12))
        elif sign == "absent":
            p.setPen(QPen(QColor(colours.dim), 1.4, Qt.PenStyle.DotLine))
            p.drawEllipse(middle, 6, 6)
        elif sign == "edited":
            marks.pencil(p, middle)
        elif sign in ("bias", "gradient"):
            p.setPen(QPen(QColor(colours.dim), 1.2))
            p.setBrush(QColor(colours.window))
            p.drawRect(QRectF(middle.x() - 10, middle.y() - 6, 20, 12))
            p.setFont(marks.font_of(p, 10))
            p.setPen(QColor(colours.text))
            p.drawText(box, Qt.AlignmentFlag.AlignCenter, "+b" if sign == "bias" else "∂b")
            p.setFont(self.font())
        elif sign == "scale":
            rect = QRectF(box.left(), middle.y() - 5, box.width(), 10)
            fill = QLinearGradient(rect.topLeft(), rect.topRight())
            for at in (0.0, 0.5, 1.0):
                fill.setColorAt(at, theme.diverging(2 * at - 1, 1.0))
            p.setPen(QPen(QColor(colours.dim), 1))
            p.setBrush(fill)
            p.drawRect(rect)
        elif sign in ("broken", "broken cell", "broken both"):
            whole = QRectF(box.left(), middle.y() - 6, box.width(), 12)
            p.setPen(QPen(QColor(colours.dim), 1))
            p.setBrush(marks.broken_brush(float("nan")))
            if sign != "broken cell":
                p.drawRect(whole)
            p.setBrush(pattern(WARNING, colours.error))
            if sign != "broken":
                p.drawRect(whole.adjusted(whole.width() / 2 if sign == "broken both" else 0, 0, 0, 0))
        elif sign == "adjoint":
            p.setPen(QPen(QColor(colours.phases["backward"]), 1))
            p.drawRoundedRect(QRectF(box.left(), middle.y() - 6, box.width(), 12), 4, 4)
            p.setFont(marks.font_of(p, 10))
            p.setPen(QColor(colours.text))
            p.drawText(box, Qt.AlignmentFlag.AlignCenter, "dZ")
            p.setFont(self.font())

    def _stripes(self, p: QPainter, circle: QRectF) -> None:
        colours = theme.current()
        path = QPainterPath()
        path.addEllipse(circle)
        p.save()
        p.setClipPath(path)
        for n, share in enumerate((0.8, 0.0, -0.8)):
            stripe = QRectF(circle.left() + n * circle.width() / 3, circle.top(), circle.width() / 3, circle.height())
            p.fillRect(stripe, theme.diverging(share, 1.0))
        p.restore()
        p.setPen(QPen(QColor(colours.text), 1.2))
        p.drawEllipse(circle)
