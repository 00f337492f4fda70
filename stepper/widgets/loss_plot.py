"""What the loss view is made of: losses that grow, a plot that travels instead of panning, entries of a legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.program.ir import Array
from stepper import theme
from stepper.widgets.numbers import short
from stepper.widgets.tips import plain

NEAR = 8


def flag() -> QPainterPath:
    """Return the sign of a bookmark, a flag on its pole, in a square from −½ to ½."""
    path = QPainterPath(QPointF(-0.35, -0.5))
    for x, y in ((0.5, -0.2), (-0.2, 0.1), (-0.2, 0.5), (-0.35, 0.5), (-0.35, -0.5)):
        path.lineTo(x, y)
    return path


def pencil() -> QPainterPath:
    """Return the sign of a change by hand, a pencil pointing at what it changed, in a square from −½ to ½."""
    path = QPainterPath(QPointF(0.0, 0.5))
    for x, y in ((-0.22, 0.1), (-0.22, -0.5), (0.22, -0.5), (0.22, 0.1), (0.0, 0.5)):
        path.lineTo(x, y)
    return path


def warning() -> QPainterPath:
    """Return the sign of a problem, a triangle with a gap for its mark, in a square from −½ to ½."""
    path = QPainterPath(QPointF(0.0, -0.5))
    for x, y in ((0.5, 0.45), (-0.5, 0.45), (0.0, -0.5)):
        path.lineTo(x, y)
    for box in (QRectF(-0.06, -0.2, 0.12, 0.32), QRectF(-0.06, 0.22, 0.12, 0.12)):
        path.addRect(box)
    return path


SIGNS = {"flag": flag, "event": pencil, "problem": warning}


def sign_colour(sign: str) -> str:
    """Return the colour of a sign in the theme in use."""
    colours = theme.current()
    return {"flag": colours.phases["update"], "problem": colours.error}.get(sign, colours.written)


class Series:
    """Losses as an array that grows with the list it is read from; infinite ones are gaps, as NaN is."""

    def __init__(self) -> None:
        self._of: Sequence[float] | None = None
        self._buffer: Array = np.empty(256)
        self.count = 0
        self.low, self.high = math.inf, -math.inf
        self.bad: list[int] = []

    @property
    def y(self) -> Array:
        """The losses read so far, NaN where one is not finite."""
        return self._buffer[: self.count]

    def read(self, losses: Sequence[float]) -> bool:
        """Take in what is new in `losses`; returns whether anything is."""
        last = losses[self.count - 1] if 0 < self.count <= len(losses) else math.nan
        known = self.y[-1] if self.count else math.nan
        same = last == known or (not math.isfinite(last) and not math.isfinite(known))
        changed = losses is not self._of or len(losses) < self.count or not same
        if changed:
            self._of, self.count, self.low, self.high, self.bad = losses, 0, math.inf, -math.inf, []
        total = len(losses)
        if total == self.count:
            return changed
        if total > self._buffer.size:
            grown = np.empty(max(total, 2 * self._buffer.size))
            grown[: self.count] = self.y
            self._buffer = grown
        new = np.array(losses[self.count : total], dtype=float)
        finite = np.isfinite(new)
        self.bad.extend((np.flatnonzero(~finite) + self.count + 1).tolist())
        if finite.any():
            self.low, self.high = min(self.low, float(new[finite].min())), max(self.high, float(new[finite].max()))
        self._buffer[self.count : total] = np.where(finite, new, np.nan)
        self.count = total
        return True


class IterationAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis that counts: there is nothing between two iterations."""

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        """Return the spacings of the ticks that are whole numbers."""
        whole = [(step, start) for step, start in super().tickSpacing(minVal, maxVal, size) if step >= 1]
        return whole or [(1.0, 0.0)]


class NumberAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis of numbers, which on a logarithmic scale (it is given the logarithms) names as many as there is room for."""

    def logTickValues(self, minVal: float, maxVal: float, size: float, stdTicks: Any) -> Any:
        """Return the places that are named: whole powers of ten, or 1, 2, 5 of each, or round numbers in between."""
        span = maxVal - minVal
        room = max(2, int(size / 22))
        if span > 1.2:
            step = max(1, math.ceil(span / room))
            first = math.ceil(minVal / step) * step
            return [(float(step), [float(p) for p in range(first, math.floor(maxVal) + 1, step)])]
        low, high = 10.0**minVal, 10.0**maxVal
        if span > 0.6:
            powers = range(math.floor(minVal), math.ceil(maxVal) + 1)
            named = [d * 10.0**p for p in powers for d in (1, 2, 5)]
        else:
            step = 10.0 ** math.floor(math.log10((high - low) / 2)) if high > low else high
            while (high - low) / step > room:
                step *= 2 if round(step / 10.0 ** math.floor(math.log10(step))) != 2 else 2.5
            named = [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)]
        return [(span, [math.log10(n) for n in named if low <= n <= high and n > 0])]

    def logTickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """Return the numbers themselves."""
        return [short(10.0**v, 3).replace(".0e", "e") for v in values]


class LossPlot(pg.PlotWidget):  # type: ignore[misc]
    """The plot itself: never pans or zooms; a press or a drag says which iteration is meant."""

    travelled = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False, axisItems={"bottom": IterationAxis("bottom"), "left": NumberAxis("left")})
        self.item: Any = self.getPlotItem()  # pyqtgraph makes its methods at run time
        self.item.setMenuEnabled(False)
        # pyqtgraph makes a menu with widgets in it, shown or not. Without a parent it dies when Python gets to it, in the
        # middle of the scene's own end, and Qt crashes; as our child it outlives the scene.
        menu = self.item.ctrlMenu
        menu.setParent(self, menu.windowFlags())
        self.item.hideButtons()
        self.item.setMouseEnabled(False, False)
        self.item.disableAutoRange()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFrameShape(self.Shape.NoFrame)
        self._last = 0
        self.tips: list[tuple[float, str]] = []

    def use_font(self, font: QFont) -> None:
        """Write the numbers at the axes in a font, with room for the topmost one."""
        height = QFontMetrics(font).height()
        self.item.layout.setContentsMargins(1, height // 2, 1, 1)
        for name in ("left", "bottom"):
            axis = self.item.getAxis(name)
            axis.setTickFont(font)
            axis.setStyle(tickTextHeight=height, hideOverlappingLabels=True)
            axis.setTickDensity(1.0 if height < 20 else 0.6)
        self.item.getAxis("left").setStyle(hideOverlappingLabels=False)
        self.item.getAxis("bottom").setHeight(None)

    def iteration_at(self, x: float) -> int:
        """Return the iteration nearest to a place in the widget, not limited to those that exist."""
        box = self.item.getViewBox()
        return round(box.mapSceneToView(self.mapToScene(round(x), 0)).x())

    def x_of(self, iteration: float) -> float:
        """Return where in the widget an iteration stands."""
        box = self.item.getViewBox()
        return float(self.mapFromScene(box.mapViewToScene(QPointF(iteration, 0))).x())

    def tip_at(self, x: float) -> str:
        """Return what is to be said of the signs near a place in the widget."""
        near = [(abs(self.x_of(iteration) - x), text) for iteration, text in self.tips]
        return "\n".join(text for distance, text in near if distance <= NEAR)

    def viewportEvent(self, event: QEvent) -> bool:
        """Tell of the signs under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self.tip_at(event.pos().x())
            if text:
                QToolTip.showText(event.globalPos(), plain(text), self)
            else:
                QToolTip.hideText()
            return True
        return bool(super().viewportEvent(event))

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        if ev.button() == Qt.MouseButton.LeftButton:
            self._last = 0
            self._travel(ev)
        ev.accept()

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        if ev.buttons() & Qt.MouseButton.LeftButton:
            self._travel(ev)
        ev.accept()

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        ev.accept()

    def mouseDoubleClickEvent(self, ev: QMouseEvent) -> None:
        ev.accept()

    def wheelEvent(self, ev: QWheelEvent) -> None:
        ev.ignore()

    def _travel(self, event: QMouseEvent) -> None:
        iteration = self.iteration_at(event.position().x())
        if iteration != self._last:
            self._last = iteration
            self.travelled.emit(iteration)


def key_target(key: int, here: int, done: bool, count: int) -> int | None:
    """Return the iteration that a key leads to, perhaps beyond the ends; None for a key that does not travel.

    `done` tells whether iteration `here` stands at its end; `count` is the last one that was ever done.
    """
    page = max(1, count // 10)
    targets = {
        int(Qt.Key.Key_Left): here - 1, int(Qt.Key.Key_Right): here + 1 if done else here,
        int(Qt.Key.Key_PageUp): here - page, int(Qt.Key.Key_PageDown): here + page,
        int(Qt.Key.Key_Home): 1, int(Qt.Key.Key_End): count,
    }  # fmt: skip
    return targets.get(key)


class KeyToSigns(QWidget):
    """One entry of the legend: a sample of what is drawn, and what it means."""

    def __init__(self, sign: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sign, self._text = sign, text
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(24 + metrics.horizontalAdvance(self._text) + 12, metrics.height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        middle = self.height() / 2
        if self._sign == "line":
            painter.setPen(QPen(QColor(colours.read), 1))
            painter.drawLine(QPointF(0, middle), QPointF(18, middle))
        elif self._sign == "point":
            painter.setPen(QPen(QColor(colours.written), 1))
            painter.drawLine(QPointF(0, middle), QPointF(18, middle))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(QColor(colours.written))
            painter.drawEllipse(QPointF(9, middle), 3.5, 3.5)
        elif self._sign == "here":
            painter.setPen(QPen(QColor(colours.selection), 2, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(9, 1), QPointF(9, self.height() - 1))
        elif self._sign == "ghost":
            painter.setPen(QPen(QColor(colours.dim), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(0, middle), QPointF(18, middle))
        elif self._sign in SIGNS:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(sign_colour(self._sign)), 0))
            painter.setBrush(QColor(sign_colour(self._sign)))
            painter.translate(9, middle)
            painter.scale(12, 12)
            painter.drawPath(SIGNS[self._sign]())
            painter.resetTransform()
        else:
            painter.setPen(QPen(QColor(colours.error), 2))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawLine(QPointF(5, middle - 4), QPointF(13, middle + 4))
            painter.drawLine(QPointF(5, middle + 4), QPointF(13, middle - 4))
        painter.setPen(QColor(colours.dim))
        place = QRectF(24, 0, self.width() - 24, self.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._text)
