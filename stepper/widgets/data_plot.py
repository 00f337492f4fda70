"""Samples as points in a plane, over the network's answer; or beside its curve. Points are chosen with mouse or keys."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.predictions import Answers, Box, NeuronLine, Surface
from core.program.ir import Array
from stepper import theme
from stepper.widgets import data_marks as marks
from stepper.widgets import fonts
from stepper.widgets.numbers import short
from stepper.widgets.tips import plain

LEVELS = 32
NEAR = 14
MOST_NUMBERED = 24
STEP_KEYS = {
    Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1,
    Qt.Key.Key_Home: -math.inf, Qt.Key.Key_End: math.inf,
}  # fmt: skip


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


class DataPlot(QWidget):
    """Draws a scene; `sample_chosen` gives the sample that was clicked or gone to, `resized` tells of a new size."""

    sample_chosen = Signal(object)
    resized = Signal()

    def __init__(self, describe: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._describe = describe
        self._scene: PlotScene | None = None
        self._current: int | None = None
        self._painted: QPixmap | None = None
        self._painted_as: tuple[object, ...] = ()
        self.setAccessibleName(self.tr("Plot of the data"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(140, 110)

    def sizeHint(self) -> QSize:
        return QSize(460, 360)

    @property
    def scene(self) -> PlotScene | None:
        """What is shown now."""
        return self._scene

    def show_scene(self, scene: PlotScene, current: int | None) -> None:
        """Show a scene with one sample as the current one."""
        if scene is not self._scene:
            self._scene, self._painted = scene, None
        self._current = current
        self.update()

    def room(self) -> QRectF:
        """Return where points are drawn; outside of it stand the numbers and names of the axes."""
        metrics = self.fontMetrics()
        wide = max((metrics.horizontalAdvance(short(v, 3)) for v in self._ticks(vertical=True)), default=20)
        left, below = wide + metrics.height() + 10, 2 * metrics.height() + 8
        return QRectF(left, 6, max(self.width() - left - 10, 20), max(self.height() - below - 6, 20))

    def place(self, x: float, y: float) -> QPointF:
        """Return where in the widget a point stands."""
        assert self._scene is not None
        box, room = self._scene.box, self.room()
        return QPointF(
            room.left() + (x - box.left) / box.width * room.width(), room.bottom() - (y - box.bottom) / box.height * room.height()
        )

    def sample_at(self, at: QPointF) -> int | None:
        """Return the sample nearest to a place, None if none is near."""
        scene = self._scene
        if scene is None or not scene.x.size:
            return None
        px, py = self._pixels()
        apart = np.hypot(px - at.x(), py - at.y())
        apart = np.where(np.isfinite(apart), apart, np.inf)
        nearest = int(np.argmin(apart))
        return int(scene.sample[nearest]) if apart[nearest] <= NEAR else None

    # -- events ---------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self.sample_at(event.position()) if event.button() == Qt.MouseButton.LeftButton else None
        if found is not None:
            self.sample_chosen.emit(found)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        near = self.sample_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if near else Qt.CursorShape.ArrowCursor)
        super().mouseMoveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        found = self._gone_to(event.key())
        if found is None:
            super().keyPressEvent(event)
        else:
            self.sample_chosen.emit(found)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self.sample_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), "" if found is None else plain(self._describe(found)), self)
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def _gone_to(self, key: int) -> int | None:
        """Return the sample that a key goes to: the one before or after, the first, the last, or the current one itself."""
        if self._scene is None or not self._scene.sample.size:
            return None
        known = np.unique(self._scene.sample)
        at = None if self._current is None else int(np.searchsorted(known, self._current))
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            return int(known[0]) if self._current is None else self._current
        if key not in STEP_KEYS:
            return None
        step = STEP_KEYS[Qt.Key(key)]
        start = (-1 if step > 0 else len(known)) if at is None else at
        return int(known[int(max(0, min(len(known) - 1, start + step)))])

    # -- painting -------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        p = QPainter(self)
        if self._scene is None:
            return
        ratio = self.devicePixelRatioF()
        wanted = (theme.current().key, self.size(), ratio, self.font().key())
        if self._painted is None or wanted != self._painted_as:
            self._painted, self._painted_as = QPixmap(self.size() * ratio), wanted
            self._painted.setDevicePixelRatio(ratio)
            self._painted.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._painted)
            painter.setFont(self.font())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint(painter, self._scene)
            painter.end()
        p.drawPixmap(0, 0, self._painted)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        px, py = self._pixels()
        for n in np.flatnonzero(self._scene.sample == (-1 if self._current is None else self._current)).tolist():
            if math.isfinite(px[n]) and math.isfinite(py[n]):
                marks.paint_current(p, QPointF(float(px[n]), float(py[n])), self._size())
        if self.hasFocus():
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.setPen(QPen(QColor(theme.current().selection), 1.5, Qt.PenStyle.DotLine))
            p.drawRect(self.room().adjusted(-2, -2, 2, 2))

    def _paint(self, p: QPainter, scene: PlotScene) -> None:
        t, room = theme.current(), self.room()
        p.fillRect(room, QColor(t.panel))
        p.save()
        p.setClipRect(room)
        if scene.surface is not None:
            self._paint_surface(p, scene.surface, scene.classes, room)
        self._paint_ticks(p, room)
        self._paint_borders(p, scene)
        if scene.curve is not None:
            self._paint_curve(p, scene, scene.curve)
        self._paint_lines(p, scene, room)
        p.restore()
        p.setClipRect(room.adjusted(-6, -5, 6, 6))
        self._paint_points(p, scene)
        p.setClipping(False)
        self._paint_axes(p, scene, room)

    def _paint_surface(self, p: QPainter, surface: Surface, classes: int, room: QRectF) -> None:
        rows, columns = surface.classes.shape
        pixels = np.ascontiguousarray(_colours(surface, classes), dtype=np.uint32)
        image = QImage(pixels.tobytes(), columns, rows, 4 * columns, QImage.Format.Format_RGB32)
        # The middle of a pixel is a point of the grid, and the outermost points stand on the edge.
        wide, high = room.width() / (columns - 1) / 2, room.height() / (rows - 1) / 2
        whole = room.adjusted(-wide, -high, wide, high)
        p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, len(surface.borders) == 0 or classes <= 2)
        p.drawImage(whole, image)
        if surface.nothing.any():
            brush = marks.hatch()
            for row in np.flatnonzero(surface.nothing.any(axis=1)).tolist():
                edges = np.flatnonzero(np.diff(np.concatenate(([0], surface.nothing[row].astype(int), [0]))))
                for a, b in edges.reshape(-1, 2).tolist():
                    p.fillRect(
                        QRectF(whole.left() + 2 * wide * a, whole.top() + 2 * high * row, 2 * wide * (b - a), 2 * high), brush
                    )

    def _paint_borders(self, p: QPainter, scene: PlotScene) -> None:
        t = theme.current()
        if scene.surface is not None and scene.surface.borders.size:
            p.setPen(QPen(QColor(t.text), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            for x0, y0, x1, y1 in scene.surface.borders.tolist():
                p.drawLine(self.place(x0, y0), self.place(x1, y1))
        if scene.threshold is not None:
            p.setPen(QPen(QColor(t.dim), 1.2, Qt.PenStyle.DashLine))
            p.drawLine(self.place(scene.box.left, scene.threshold), self.place(scene.box.right, scene.threshold))

    def _paint_curve(self, p: QPainter, scene: PlotScene, curve: Answers) -> None:
        outputs = curve.outputs.shape[0]
        for n in range(outputs):
            p.setPen(QPen(marks.class_colour(n, outputs if outputs > 1 else 0), 2, marks.DASHES[n % len(marks.DASHES)]))
            usable = np.isfinite(curve.outputs[n])
            ends = np.flatnonzero(np.diff(np.concatenate(([0], usable.astype(int), [0])))).reshape(-1, 2)
            far = 3 * scene.box.height
            heights = np.clip(curve.outputs[n], scene.box.bottom - far, scene.box.top + far)
            for a, b in ends.tolist():
                line = [self.place(x, y) for x, y in zip(curve.x[a:b].tolist(), heights[a:b].tolist(), strict=True)]
                p.drawPolyline(QPolygonF(line))

    def _paint_lines(self, p: QPainter, scene: PlotScene, room: QRectF) -> None:
        t = theme.current()
        numbered = len(scene.lines) <= MOST_NUMBERED
        small = fonts.sized(self.font(), -1, bold=True)
        p.setFont(small)
        for n, line in enumerate(scene.lines):
            a, b = self.place(*line.start), self.place(*line.end)
            p.setPen(QPen(QColor(t.text), 1.2, Qt.PenStyle.DashLine))
            p.drawLine(a, b)
            if numbered:
                self._paint_number(p, scene, line, (a, b), 0.5 + 0.3 * ((n % 3) - 1), room)
        p.setFont(self.font())

    def _paint_number(
        self, p: QPainter, scene: PlotScene, line: NeuronLine, ends: tuple[QPointF, QPointF], share: float, room: QRectF
    ) -> None:
        """Write the number of a unit on its line, with an arrow to the side where its sum is positive."""
        t, box = theme.current(), scene.box
        at = ends[0] + (ends[1] - ends[0]) * share
        # What is at right angles in the picture, whose two axes have scales of their own.
        dx, dy = line.side[0] / room.width() * box.width, -line.side[1] / room.height() * box.height
        length = math.hypot(dx, dy)
        if not length or not math.isfinite(length):
            return
        dx, dy = dx / length, dy / length
        tip = QPointF(at.x() + 20 * dx, at.y() + 20 * dy)
        p.setPen(QPen(QColor(t.text), 1.4))
        p.drawLine(at, tip)
        p.setBrush(QColor(t.text))
        p.drawPolygon(
            QPolygonF(
                [
                    QPointF(tip.x() + 5 * dx, tip.y() + 5 * dy),
                    QPointF(tip.x() - 3.5 * dy, tip.y() + 3.5 * dx),
                    QPointF(tip.x() + 3.5 * dy, tip.y() - 3.5 * dx),
                ]
            )
        )
        text = str(line.unit + 1)
        metrics = p.fontMetrics()
        wide = max(metrics.horizontalAdvance(text) + 8, metrics.height())
        chip = QRectF(at.x() - wide / 2, at.y() - metrics.height() / 2, wide, metrics.height())
        p.setBrush(QColor(t.panel))
        p.drawRoundedRect(chip, metrics.height() / 2, metrics.height() / 2)
        p.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_points(self, p: QPainter, scene: PlotScene) -> None:
        t, size = theme.current(), self._size()
        px, py = self._pixels()
        made: dict[tuple[int, bool], QPixmap] = {}
        pad = size + 4
        usable = np.isfinite(px) & np.isfinite(py)
        # Those of the batch on top of the others, the wrong ones on top of all.
        for n in sorted(np.flatnonzero(usable).tolist(), key=lambda n: (bool(scene.wrong[n]), bool(scene.filled[n]))):
            at, number, filled = QPointF(float(px[n]), float(py[n])), int(scene.number[n]), bool(scene.filled[n])
            if scene.strength is not None:
                ink = theme.diverging(float(scene.strength[n]), 1.0)
                marks.paint_mark(p, at, size, 0, ink, QColor(t.text), 1.8 if filled else 0.8)
                continue
            if (number, filled) not in made:
                made[number, filled] = self._mark(size, pad, number, filled, scene.classes)
            p.drawPixmap(QPointF(at.x() - pad, at.y() - pad), made[number, filled])
        for n in np.flatnonzero(usable & scene.wrong).tolist():
            marks.paint_wrong(p, QPointF(float(px[n]), float(py[n])), size)

    def _mark(self, size: float, pad: float, number: int, filled: bool, classes: int) -> QPixmap:
        """Return the mark of a class, painted once: there may be thousands of it."""
        t, ratio = theme.current(), self.devicePixelRatioF()
        found = QPixmap(math.ceil(2 * pad * ratio), math.ceil(2 * pad * ratio))
        found.setDevicePixelRatio(ratio)
        found.fill(Qt.GlobalColor.transparent)
        p = QPainter(found)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = marks.class_colour(number, classes)
        fill, edge = (ink, QColor(t.text)) if filled else (QColor(t.panel), ink)
        marks.paint_mark(p, QPointF(pad, pad), size, number, fill, edge, 1.0 if filled else 1.6)
        p.end()
        return found

    def _paint_ticks(self, p: QPainter, room: QRectF) -> None:
        assert self._scene is not None
        if self._scene.surface is not None:
            return
        p.setPen(QPen(QColor(theme.current().border), 1))
        box = self._scene.box
        for v in self._ticks(vertical=True):
            p.drawLine(self.place(box.left, v), self.place(box.right, v))
        for v in self._ticks(vertical=False):
            p.drawLine(self.place(v, box.bottom), self.place(v, box.top))

    def _paint_axes(self, p: QPainter, scene: PlotScene, room: QRectF) -> None:
        t, box = theme.current(), scene.box
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.setPen(QPen(QColor(t.dim), 1))
        p.drawRect(room)
        high = self.fontMetrics().height()
        for v in self._ticks(vertical=True):
            y = self.place(box.left, v).y()
            p.drawLine(QPointF(room.left() - 4, y), QPointF(room.left(), y))
            place = QRectF(high, y - high / 2, room.left() - high - 6, high)
            p.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, short(v, 3))
        for v in self._ticks(vertical=False):
            x = self.place(v, box.bottom).x()
            p.drawLine(QPointF(x, room.bottom()), QPointF(x, room.bottom() + 4))
            place = QRectF(x - 40, room.bottom() + 4, 80, high)
            p.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, short(v, 3))
        p.setPen(QColor(t.text))
        p.drawText(QRectF(room.left(), room.bottom() + 4 + high, room.width(), high), Qt.AlignmentFlag.AlignHCenter, scene.x_name)
        p.save()
        p.translate(2, room.center().y())
        p.rotate(-90)
        p.drawText(QRectF(-room.height() / 2, 0, room.height(), high), Qt.AlignmentFlag.AlignHCenter, scene.y_name)
        p.restore()

    def _ticks(self, vertical: bool) -> list[float]:
        """Return the places of round numbers along an axis, as many as there is room for."""
        scene = self._scene
        if scene is None:
            return []
        low, high = (scene.box.bottom, scene.box.top) if vertical else (scene.box.left, scene.box.right)
        apart = (self.height() if vertical else self.width() - 60) / max(
            self.fontMetrics().height() * (2.6 if vertical else 5), 20
        )
        rough = (high - low) / max(apart, 1)
        if not (math.isfinite(rough) and rough > 0):
            return []
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
        first, last = math.ceil(low / step), math.floor(high / step)
        return [n * step for n in range(first, last + 1)] if last - first < 100 else []

    def _pixels(self) -> tuple[Array, Array]:
        assert self._scene is not None
        box, room = self._scene.box, self.room()
        x = room.left() + (self._scene.x - box.left) / box.width * room.width()
        return x, room.bottom() - (self._scene.y - box.bottom) / box.height * room.height()

    def _size(self) -> float:
        """Return how large a mark is: smaller where there are many."""
        count = 0 if self._scene is None else self._scene.x.size
        base = 13.0 if count <= 40 else 9.0 if count <= 500 else 7.0
        return base * (0.8 if min(self.width(), self.height()) < 260 else 1.0) * max(1.0, fonts.zoom() ** 0.5)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self._painted = None
        super().changeEvent(event)


def _colours(surface: Surface, classes: int) -> Array:
    """Return the colour of each point of a surface as 0xffrrggbb: paler than the points that stand on it."""
    panel = QColor(theme.current().panel)
    if classes > 2:
        inks = [marks.class_colour(c, classes) for c in range(classes)]
        table = np.array(
            [[marks.blend(panel, ink, 0.14 + 0.3 * n / LEVELS).rgb() for n in range(LEVELS + 1)] for ink in inks], dtype=np.uint32
        )
        levels = np.rint(surface.strength * LEVELS).astype(int)
        found = table[np.maximum(surface.classes, 0), levels]
    else:
        ends = marks.class_colour(0, 2), marks.class_colour(1, 2)
        ladder = [marks.blend(panel, ends[n > 0], 0.5 * abs(n) / LEVELS).rgb() for n in range(-LEVELS, LEVELS + 1)]
        found = np.array(ladder, dtype=np.uint32)[np.rint(surface.strength * LEVELS).astype(int) + LEVELS]
    return np.where(surface.nothing, panel.rgb(), found)
