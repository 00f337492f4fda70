"""What a plot of samples shows, and where in the widget it stands."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QFont, QFontMetrics

from core.predictions import Answers, Box, NeuronLine, Surface
from core.program.ir import Array
from stepper.widgets import fonts
from stepper.widgets.numbers import short

NEAR = 14
LEAST_FOR_NAMES = 170
MOST_NUMBERED = 16


@dataclass(frozen=True, eq=False)
class PlotScene:
    """What is to be seen. Arrays have one entry a point; `sample` says which sample it is, `number` its class (or output).

    `filled` tells whether it is in the batch; `strength` colours points whose target is a number, None for classes.
    """

    box: Box
    x: Array
    y: Array
    sample: Array
    number: Array
    classes: int
    wrong: Array
    filled: Array
    x_name: str
    y_name: str
    strength: Array | None = None
    surface: Surface | None = None
    lines: tuple[NeuronLine, ...] = ()
    curve: Answers | None = None
    threshold: float | None = None


class Frame:
    """Where the parts of a scene stand in a widget of a size, with axes written in a font."""

    def __init__(self, scene: PlotScene, size: QSize, font: QFont) -> None:
        self.scene = scene
        self.size, self.line = size, QFontMetrics(font).height()
        self.across, self.up = self._ticks(size.width() - 60, 5, False), self._ticks(size.height(), 2.6, True)
        metrics = QFontMetrics(font)
        wide = max((metrics.horizontalAdvance(short(v, 3)) for v in self.up), default=20)
        # In little room the names of the axes give way to the points.
        self.named = size.height() >= LEAST_FOR_NAMES
        left, below = wide + 10 + self.named * self.line, (1 + self.named) * self.line + 8
        top = max(6, self.line // 2)
        self.room = QRectF(left, top, max(size.width() - left - 10, 20), max(size.height() - below - top, 20))
        box, room = scene.box, self.room
        self.x = room.left() + (scene.x - box.left) / box.width * room.width()
        self.y = room.bottom() - (scene.y - box.bottom) / box.height * room.height()
        self.usable: Array = np.isfinite(self.x) & np.isfinite(self.y)

    @property
    def mark(self) -> float:
        """How large the mark of a sample is: smaller where there are many."""
        apart = (self.room.width() * self.room.height() / max(self.scene.x.size, 1)) ** 0.5
        return max(5.0, min(13.0, 0.23 * apart)) * max(1.0, fonts.zoom() ** 0.5)

    def place(self, x: float, y: float) -> QPointF:
        """Return where a point of the plane stands."""
        box, room = self.scene.box, self.room
        return QPointF(
            room.left() + (x - box.left) / box.width * room.width(), room.bottom() - (y - box.bottom) / box.height * room.height()
        )

    def sample_at(self, at: QPointF) -> int | None:
        """Return the sample nearest to a place, None if none is near."""
        if not self.usable.any():
            return None
        apart = np.where(self.usable, np.hypot(self.x - at.x(), self.y - at.y()), np.inf)
        nearest = int(np.argmin(apart))
        return int(self.scene.sample[nearest]) if apart[nearest] <= NEAR else None

    def points_of(self, sample: int | None) -> list[QPointF]:
        """Return where the points of a sample stand."""
        if sample is None:
            return []
        found = np.flatnonzero(self.usable & (self.scene.sample == sample)).tolist()
        return [QPointF(float(self.x[n]), float(self.y[n])) for n in found]

    def _ticks(self, length: float, lines_apart: float, vertical: bool) -> list[float]:
        """Return the places of round numbers along an axis, as many as there is room for."""
        box = self.scene.box
        low, high = (box.bottom, box.top) if vertical else (box.left, box.right)
        rough = (high - low) / max(length / max(self.line * lines_apart, 20), 1)
        if not (math.isfinite(rough) and rough > 0):
            return []
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(m * power for m in (1, 2, 5, 10, 20) if m * power >= rough * 0.999)
        first, last = math.ceil(low / step), math.floor(high / step)
        return [n * step for n in range(first, last + 1)] if last - first < 100 else []
