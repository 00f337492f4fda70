"""Signs at the edge of a heat map: which units of a layer are copies of others, which have no weights but 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen, QPolygon

from core.files.looks.looks import Look
from stepper.models.mark_signs import ink
from stepper.models.remark_signs import GLYPHS
from stepper.models.tensor_cells import TensorCells
from stepper.widgets import tensor_words
from stepper.widgets.tensor_legend import Entry

TICK = 6


class EdgeSign(NamedTuple):
    """A sign beside a unit: where that begins and ends, as shares of the side; `text` is the unit, from 1."""

    unit: int
    share: tuple[float, float]
    sign: str
    text: str
    ink: str


def edge_signs(look: Look, cells: TensorCells) -> list[EdgeSign]:
    """Return the signs at the edge, in the order of the units."""
    found: list[EdgeSign] = []
    for remark in look.remarks:
        if remark.kind == "duplicated":
            units = [u for group in tensor_words.unit_groups(remark) for u in group]
        elif remark.kind == "dead":
            units = [at[0] for at in remark.at if at]
        else:
            continue
        sign, colour = GLYPHS[remark.kind], ink(remark.severity)
        shares = ((u, cells.unit_share(u)) for u in units)
        found += [EdgeSign(u, share, sign, str(u + 1), colour) for u, share in shares if share is not None]
    return sorted(found, key=lambda s: s.unit)


def edge_entries(look: Look, cells: TensorCells) -> list[Entry]:
    """Return what the signs mean, for the legend."""
    if not edge_signs(look, cells):
        return []
    texts = ((r, tensor_words.edge_words(r)) for r in look.remarks)
    return [Entry(text, ink(r.severity), sign=GLYPHS[r.kind]) for r, text in texts if text]


def edge_room(signs: Sequence[EdgeSign], metrics: QFontMetrics, down: bool) -> int:
    """Return how much room the signs take: in width where the units lie down, in height where they lie across."""
    if not signs:
        return 0
    if not down:
        return metrics.height() + TICK + 2
    return max(metrics.horizontalAdvance(f"{s.sign} {s.text}") for s in signs) + TICK + 4


def paint_edge(painter: QPainter, signs: Sequence[EdgeSign], body: QRect, down: bool) -> None:
    """Paint the signs left of the units or above them: a tick for each, its sign and number where there is room."""
    metrics, free = painter.fontMetrics(), -(10**6)
    painter.save()
    for sign in signs:
        side, start = (body.height(), body.top()) if down else (body.width(), body.left())
        begin, end = start + round(sign.share[0] * side), start + round(sign.share[1] * side)
        middle, text = (begin + end) // 2, f"{sign.sign} {sign.text}"
        painter.setPen(QPen(QColor(sign.ink), 1))
        painter.setBrush(QColor(sign.ink))
        if down:
            x = body.left() - 2
            painter.drawPolygon(QPolygon([QPoint(x, middle), QPoint(x - TICK, middle - 3), QPoint(x - TICK, middle + 3)]))
            if middle - metrics.height() // 2 >= free:
                top = max(middle - metrics.height() // 2, 0)
                place = QRect(0, top, x - TICK - 2, metrics.height())
                painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
                free = top + metrics.height()
        else:
            y, wide = body.top() - 2, metrics.horizontalAdvance(text)
            painter.drawPolygon(QPolygon([QPoint(middle, y), QPoint(middle - 3, y - TICK), QPoint(middle + 3, y - TICK)]))
            left = max(min(middle - wide // 2, body.right() - wide), 0)
            if left >= free:
                painter.drawText(left, y - TICK - 2 - metrics.descent(), text)
                free = left + wide + 6
    painter.restore()
