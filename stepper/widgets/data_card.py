"""One sample as a large picture, beside what the network answers as bars."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from core.program.ir import Array
from stepper import theme
from stepper.widgets import data_marks as marks
from stepper.widgets import fonts
from stepper.widgets.numbers import short

LARGEST, SMALLEST = 300, 84


def picture_of(shades: Array, side: tuple[int, int]) -> QImage:
    """Return one sample as a picture: from the ground (0) to the ink (1) of the theme; what is not finite in the error colour."""
    usable = np.isfinite(shades)
    levels = np.rint(np.clip(np.where(usable, shades, 0), 0, 1) * 255).astype(int)
    pixels = (
        np.where(usable, _ladder(theme.current().key)[levels], QColor(theme.current().error).rgb())
        .astype(np.uint32)
        .reshape(side)
    )
    return QImage(np.ascontiguousarray(pixels).tobytes(), side[1], side[0], 4 * side[1], QImage.Format.Format_RGB32).copy()


@lru_cache(maxsize=4)
def _ladder(_: str) -> Array:
    t = theme.current()
    return np.array([marks.blend(QColor(t.panel), QColor(t.text), n / 255).rgb() for n in range(256)], dtype=np.uint32)


@dataclass(frozen=True, eq=False)
class Card:
    """One sample: its shades, how it is said, and the outputs with their names; `target` and `found` are outputs or None."""

    shades: Array
    side: tuple[int, int]
    text: str
    outputs: Array
    names: tuple[str, ...]
    target: int | None
    found: int | None


class SampleCard(QWidget):
    """The current sample large, and what the network answers, as bars."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._card: Card | None = None
        self.setAccessibleName(self.tr("The current sample"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(250, 400)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 70)

    def show_card(self, card: Card) -> None:
        """Show a sample."""
        self._card = card
        self.setAccessibleDescription(card.text)
        self.update()

    def _places(self, rows: int) -> tuple[QRectF, QRectF, float]:
        """Return where the picture and the bars stand, side by side where it is wide, and how high a bar is."""
        line = self.fontMetrics().height() + 2.0
        if self.width() > 1.35 * self.height():
            side = max(20.0, min(LARGEST, self.height() - 4, self.width() * 0.42))
            bars = QRectF(side + 14, 2, self.width() - side - 16, self.height() - 4)
        else:
            side = max(20.0, min(LARGEST, self.width() - 4, max(self.height() - rows * line - 12, SMALLEST)))
            bars = QRectF(2, side + 10, self.width() - 4, self.height() - side - 12)
        return QRectF(2, 2, side, side), bars, min(line * 1.25, max(bars.height() / max(rows, 1), line * 0.8))

    def paintEvent(self, event: QPaintEvent) -> None:
        card, t = self._card, theme.current()
        if card is None:
            return
        p = QPainter(self)
        at, bars, high = self._places(len(card.outputs))
        image = picture_of(card.shades, card.side)
        tall, wide = card.side
        scale = min(at.width() / wide, at.height() / tall)
        frame = QRectF(at.left(), at.top(), wide * scale, tall * scale)
        p.drawImage(frame, image)
        p.setPen(QPen(QColor(t.border), 1))
        p.drawRect(frame)
        finite = card.outputs[np.isfinite(card.outputs)]
        top = max(1.0, float(finite.max())) if finite.size else 1.0
        low = min(0.0, float(finite.min())) if finite.size else 0.0
        for row, n in enumerate(_most_telling(card, int(bars.height() // high))):
            self._paint_bar(p, card, n, QRectF(bars.left(), bars.top() + row * high, bars.width(), high), low, top)

    def _paint_bar(self, p: QPainter, card: Card, n: int, row: QRectF, low: float, top: float) -> None:
        t, metrics = theme.current(), self.fontMetrics()
        value = float(card.outputs[n])
        name = max((metrics.horizontalAdvance(v) for v in card.names), default=0) + 6
        number = metrics.horizontalAdvance("−0.00000") + 4
        sign = metrics.horizontalAdvance("✓✗") + 4
        room = QRectF(row.left() + name, row.top() + 2, max(row.width() - name - number - sign, 10), row.height() - 4)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        p.setFont(fonts.sized(self.font(), 0, bold=n in (card.target, card.found)))
        p.setPen(QColor(t.text))
        p.drawText(QRectF(row.left(), row.top(), name - 6, row.height()), right, card.names[n])
        wrong = card.found is not None and card.target is not None and card.found != card.target
        ink = QColor(t.error) if n == card.found and wrong else QColor(t.phases["update"]) if n == card.found else QColor(t.dim)
        zero = room.left() + room.width() * (0 - low) / (top - low)
        p.fillRect(room, QColor(t.window))
        if math.isfinite(value):
            end = room.left() + room.width() * (value - low) / (top - low)
            p.fillRect(QRectF(min(zero, end), room.top(), max(abs(end - zero), 1.0), room.height()), ink)
        else:
            p.fillRect(room, marks.hatch())
        if n == card.target:
            p.setPen(QPen(QColor(t.text), 1.5))
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.drawRect(room)
        p.setPen(QColor(t.text))
        p.drawText(QRectF(room.right() + 4, row.top(), number, row.height()), left, short(value, 3))
        told = ("✓" if not wrong else "✗") if n == card.found else ""
        p.setPen(ink if told else QColor(t.text))
        p.drawText(QRectF(room.right() + 4 + number, row.top(), sign, row.height()), left, told)
        p.setFont(self.font())


def _most_telling(card: Card, room: int) -> list[int]:
    """Return which outputs are shown where not all have room: the target's, the answer's, and the largest, in order."""
    order = [n for n in (card.target, card.found) if n is not None]
    order += np.argsort(-np.nan_to_num(card.outputs), kind="stable").tolist()
    return sorted(list(dict.fromkeys(order))[: max(room, 1)])
