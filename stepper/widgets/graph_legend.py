"""What the lines and frames in the graph of operations mean. Always visible; it breaks where there is little room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from stepper import theme
from stepper.models import mark_signs
from stepper.models.closed_words import SIGN
from stepper.widgets.flow_legend import FlowLegend

if TYPE_CHECKING:
    from core.health.monitor import Mark


class GraphLegend(FlowLegend):
    """A row of signs with their meanings."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._always = (
            ("lit", self.tr("just done")), ("next", self.tr("next")), ("waiting", self.tr("not done yet")),
            ("read", self.tr("read by it")), ("kept", self.tr("kept from the forward")),
            ("selected", self.tr("selected, and what it is made from")),
        )  # fmt: skip
        self.entries: tuple[tuple[str, str], ...] = ()
        self.setAccessibleName(self.tr("Legend of the graph"))
        self.draw(stale=False, edited=False)

    def draw(self, stale: bool, edited: bool, path: bool = False, marks: Sequence[Mark] = (), closed: bool = False) -> None:
        """Explain what there is to see; changes by hand, problems and closed layers only where there are some."""
        entries = self._always
        if stale:
            entries += (("stale", self.tr("out of date")),)
        if edited:
            entries += (("edited", self.tr("changed by hand")),)
        if path:
            entries += (("path", self.tr("from the first cause (1) to the problem")),)
        if closed:
            entries += (("closed", self.tr("closed layer: it is not stepped")),)
        entries += tuple((f"mark {mark.severity} {mark.glyph}", mark_signs.named(mark)) for mark in marks)
        self.entries = entries
        self.say([text for _, text in entries])

    def paint_sign(self, painter: QPainter, n: int, box: QRectF) -> None:
        """Paint a sign as it is in the graph."""
        self._sign(painter, self.entries[n][0], box)

    def _sign(self, p: QPainter, sign: str, box: QRectF) -> None:
        t = theme.current()
        middle = box.center().y()
        left, right = QPointF(box.left() + 1, middle), QPointF(box.right() - 1, middle)
        frame = QRectF(box.left() + 2, middle - 6, box.width() - 4, 12)
        p.setBrush(Qt.BrushStyle.NoBrush)
        if sign == "read":
            p.setPen(QPen(QColor(t.read), 3.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            p.drawLine(left, right)
        elif sign == "kept":
            pen = QPen(QColor(t.dim), 1.2)
            pen.setDashPattern([5, 3])
            p.setPen(pen)
            p.drawLine(left, right)
        elif sign == "selected":
            p.setPen(QPen(QColor(t.selection), 2.4))
            p.drawRoundedRect(frame, 4, 4)
        elif sign == "path":
            p.setPen(QPen(QColor(t.error), 6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            p.drawLine(left, right)
            p.setPen(QPen(QColor(t.panel), 2, Qt.PenStyle.DashLine))
            p.drawLine(left, right)
        elif sign.startswith("mark"):
            _, severity, glyph = sign.split(" ", 2)
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(QColor(mark_signs.ink(severity)))
            p.drawRoundedRect(frame, 4, 4)
            p.setPen(QColor(t.panel))
            p.drawText(box, Qt.AlignmentFlag.AlignCenter, glyph[:1])
        elif sign == "edited":
            p.setPen(Qt.PenStyle.NoPen)
            p.setBrush(QColor(t.text))
            p.drawRoundedRect(frame, 4, 4)
            p.setPen(QColor(t.panel))
            p.drawText(box, Qt.AlignmentFlag.AlignCenter, "✎")
        else:
            styles = {"waiting": Qt.PenStyle.DotLine, **dict.fromkeys(("next", "stale", "closed"), Qt.PenStyle.DashLine)}
            style = styles.get(sign, Qt.PenStyle.SolidLine)
            if sign == "lit":
                p.setBrush(QColor(t.lit))
            elif sign == "stale":
                p.setBrush(QBrush(QColor(t.dim), Qt.BrushStyle.BDiagPattern))
            p.setPen(QPen(QColor(t.dim), 2 if sign == "lit" else 1.2, style))
            p.drawRoundedRect(frame, 4, 4)
            p.setPen(QColor(t.lit_text if sign == "lit" else t.dim))
            p.setFont(self.font())
            p.drawText(box, Qt.AlignmentFlag.AlignCenter, {"lit": "▶", "next": "▷", "closed": SIGN}.get(sign, ""))
