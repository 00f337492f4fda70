"""Paints a plot of samples: the answer as a surface or a curve, the lines of the neurons, the points, the axes."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen, QPixmap, QPolygonF

from core.predictions import Answers, NeuronLine, Surface
from core.program.ir import Array
from stepper import theme
from stepper.widgets import data_marks as marks
from stepper.widgets import fonts
from stepper.widgets.data_frame import MOST_NUMBERED, Frame
from stepper.widgets.numbers import short

LEVELS = 32
ARROW = 20


class ScenePainter:
    """Paints one scene with a painter; `ratio` is how many pixels of the screen one of the widget is."""

    def __init__(self, painter: QPainter, frame: Frame, font: QFont, ratio: float) -> None:
        self.p, self.frame, self.scene = painter, frame, frame.scene
        self.font, self.ratio = font, ratio

    def paint(self) -> None:
        """Paint everything but the current sample."""
        p, scene, room = self.p, self.scene, self.frame.room
        p.setFont(self.font)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.fillRect(room, QColor(theme.current().panel))
        p.setClipRect(room)
        if scene.surface is None:
            self._grid()
        else:
            self._surface(scene.surface)
        self._borders()
        if scene.curve is not None:
            self._curve(scene.curve)
        self._lines()
        p.setClipRect(room.adjusted(-6, -5, 6, 6))
        self._points()
        self._numbers()
        p.setClipping(False)
        self._axes()

    def _surface(self, surface: Surface) -> None:
        p, room = self.p, self.frame.room
        rows, columns = surface.classes.shape
        pixels = np.ascontiguousarray(_colours(surface, self.scene.classes), dtype=np.uint32)
        image = QImage(pixels.tobytes(), columns, rows, 4 * columns, QImage.Format.Format_RGB32)
        # The middle of a pixel is a point of the grid, and the outermost points stand on the edge.
        wide, high = room.width() / (columns - 1), room.height() / (rows - 1)
        whole = room.adjusted(-wide / 2, -high / 2, wide / 2, high / 2)
        p.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.scene.classes <= 2)
        p.drawImage(whole, image)
        brush = marks.hatch()
        for row in np.flatnonzero(surface.nothing.any(axis=1)).tolist():
            for a, b in _runs(surface.nothing[row]):
                p.fillRect(QRectF(whole.left() + wide * a, whole.top() + high * row, wide * (b - a), high), brush)

    def _borders(self) -> None:
        p, scene, t = self.p, self.scene, theme.current()
        if scene.surface is not None and scene.surface.borders.size:
            p.setPen(QPen(QColor(t.text), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            place = self.frame.place
            p.drawLines([QLineF(place(x0, y0), place(x1, y1)) for x0, y0, x1, y1 in scene.surface.borders.tolist()])
        if scene.threshold is not None:
            p.setPen(QPen(QColor(t.dim), 1.2, Qt.PenStyle.DashLine))
            p.drawLine(self.frame.place(scene.box.left, scene.threshold), self.frame.place(scene.box.right, scene.threshold))

    def _curve(self, curve: Answers) -> None:
        box, outputs = self.scene.box, curve.outputs.shape[0]
        for n in range(outputs):
            self.p.setPen(QPen(marks.curve_colour(n, outputs), 2, marks.DASHES[n % len(marks.DASHES)]))
            heights = np.clip(curve.outputs[n], box.bottom - 3 * box.height, box.top + 3 * box.height)
            for a, b in _runs(~np.isnan(heights)):
                places = [self.frame.place(x, y) for x, y in zip(curve.x[a:b].tolist(), heights[a:b].tolist(), strict=True)]
                self.p.drawPolyline(QPolygonF(places))
        for a, b in _runs(np.asarray(np.isnan(curve.outputs).any(axis=0))):
            corners = self.frame.place(float(curve.x[a]), box.top), self.frame.place(float(curve.x[b - 1]), box.bottom)
            self.p.fillRect(QRectF(*corners), marks.hatch())

    def _lines(self) -> None:
        lines, t = self.scene.lines, theme.current()
        numbered = len(lines) <= MOST_NUMBERED
        self.p.setPen(QPen(QColor(t.text if numbered else t.dim), 1.2 if numbered else 0.8, Qt.PenStyle.DashLine))
        for line in lines:
            self.p.drawLine(self.frame.place(*line.start), self.frame.place(*line.end))

    def _numbers(self) -> None:
        lines = self.scene.lines
        if len(lines) > MOST_NUMBERED:
            return
        self.p.setFont(fonts.sized(self.font, -1, bold=True))
        for n, line in enumerate(lines):
            a, b = self.frame.place(*line.start), self.frame.place(*line.end)
            self._number(line, a + (b - a) * (0.5 + 0.3 * ((n % 3) - 1)))
        self.p.setFont(self.font)

    def _number(self, line: NeuronLine, at: QPointF) -> None:
        """Write the number of a unit on its line, with an arrow to the side where its sum is positive."""
        p, t, box, room = self.p, theme.current(), self.scene.box, self.frame.room
        # What is at right angles in the picture, whose two axes have scales of their own.
        dx, dy = line.side[0] / room.width() * box.width, -line.side[1] / room.height() * box.height
        length = math.hypot(dx, dy)
        if not length or not math.isfinite(length):
            return
        dx, dy = dx / length, dy / length
        tip = QPointF(at.x() + ARROW * dx, at.y() + ARROW * dy)
        p.setPen(QPen(QColor(t.text), 1.4))
        p.drawLine(at, tip)
        p.setBrush(QColor(t.text))
        head = ((5 * dx, 5 * dy), (-3.5 * dy, 3.5 * dx), (3.5 * dy, -3.5 * dx))
        p.drawPolygon(QPolygonF([QPointF(tip.x() + x, tip.y() + y) for x, y in head]))
        text, metrics = str(line.unit + 1), p.fontMetrics()
        high = metrics.height()
        wide = max(metrics.horizontalAdvance(text) + 8, high)
        chip = QRectF(at.x() - wide / 2, at.y() - high / 2, wide, high)
        p.setBrush(QColor(t.panel))
        p.drawRoundedRect(chip, high / 2, high / 2)
        p.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)

    def _points(self) -> None:
        p, scene, frame, size = self.p, self.scene, self.frame, self.frame.mark
        made: dict[tuple[int, bool], QPixmap] = {}
        pad = size + 4
        # Those of the batch on top of the others, the wrong ones on top of all.
        order = np.lexsort((scene.filled, scene.wrong))
        for n in order[frame.usable[order]].tolist():
            x, y, number, filled = float(frame.x[n]), float(frame.y[n]), int(scene.number[n]), bool(scene.filled[n])
            if scene.strength is not None:
                ink, edge = theme.diverging(float(scene.strength[n]), 1.0), QColor(theme.current().text)
                marks.paint_mark(p, QPointF(x, y), size, 0, ink, edge, 1.8 if filled else 0.8)
                continue
            if (number, filled) not in made:
                made[number, filled] = self._mark(size, pad, number, filled)
            p.drawPixmap(QPointF(x - pad, y - pad), made[number, filled])
        wrong = np.flatnonzero(frame.usable & scene.wrong).tolist()
        if wrong:
            pad = 2 * size + 4
            sign, painter = self._blank(pad)
            marks.paint_wrong(painter, QPointF(pad, pad), size)
            painter.end()
            for n in wrong:
                p.drawPixmap(QPointF(float(frame.x[n]) - pad, float(frame.y[n]) - pad), sign)

    def _blank(self, pad: float) -> tuple[QPixmap, QPainter]:
        """Return something to paint a mark on, once: there may be thousands of it."""
        side = math.ceil(2 * pad * self.ratio)
        found = QPixmap(side, side)
        found.setDevicePixelRatio(self.ratio)
        found.fill(Qt.GlobalColor.transparent)
        painter = QPainter(found)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        return found, painter

    def _mark(self, size: float, pad: float, number: int, filled: bool) -> QPixmap:
        t = theme.current()
        found, p = self._blank(pad)
        ink = marks.class_colour(number, self.scene.classes)
        fill, edge = (ink, QColor(t.text)) if filled else (QColor(t.panel), ink)
        marks.paint_mark(p, QPointF(pad, pad), size, number, fill, edge, 1.0 if filled else 1.6)
        p.end()
        return found

    def _grid(self) -> None:
        box, place = self.scene.box, self.frame.place
        self.p.setPen(QPen(QColor(theme.current().border), 1))
        for v in self.frame.up:
            self.p.drawLine(place(box.left, v), place(box.right, v))
        for v in self.frame.across:
            self.p.drawLine(place(v, box.bottom), place(v, box.top))

    def _axes(self) -> None:
        p, scene, frame, t = self.p, self.scene, self.frame, theme.current()
        room, high, align = frame.room, frame.line, Qt.AlignmentFlag
        p.setBrush(Qt.BrushStyle.NoBrush)
        p.setPen(QPen(QColor(t.dim), 1))
        p.drawRect(room)
        for v in frame.up:
            y = frame.place(scene.box.left, v).y()
            p.drawLine(QPointF(room.left() - 4, y), QPointF(room.left(), y))
            place = QRectF(0, y - high / 2, room.left() - 6, high)
            p.drawText(place, align.AlignRight | align.AlignVCenter, short(v, 3))
        for v in frame.across:
            x = frame.place(v, scene.box.bottom).x()
            p.drawLine(QPointF(x, room.bottom()), QPointF(x, room.bottom() + 4))
            p.drawText(QRectF(x - 40, room.bottom() + 4, 80, high), align.AlignHCenter | align.AlignTop, short(v, 3))
        if not frame.named:
            return
        p.setPen(QColor(t.text))
        p.drawText(QRectF(room.left(), room.bottom() + 4 + high, room.width(), high), align.AlignHCenter, scene.x_name)
        p.save()
        p.translate(2, room.center().y())
        p.rotate(-90)
        p.drawText(QRectF(-room.height() / 2, 0, room.height(), high), align.AlignHCenter, scene.y_name)
        p.restore()


def _runs(where: Array) -> list[tuple[int, int]]:
    """Return from where to where (not included) a row of yes and no says yes."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], where.astype(int), [0]))))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _colours(surface: Surface, classes: int) -> Array:
    """Return the colour of each point of a surface as 0xffrrggbb: paler than the points that stand on it."""
    panel = QColor(theme.current().panel)
    if classes > 2:
        inks = [marks.class_colour(c, classes) for c in range(classes)]
        shares = [0.14 + 0.3 * n / LEVELS for n in range(LEVELS + 1)]
        table = np.array([[marks.blend(panel, ink, share).rgb() for share in shares] for ink in inks], dtype=np.uint32)
        found = table[np.maximum(surface.classes, 0), np.rint(surface.strength * LEVELS).astype(int)]
    else:
        ends = marks.class_colour(0, 2), marks.class_colour(1, 2)
        ladder = [marks.blend(panel, ends[n > 0], 0.5 * abs(n) / LEVELS).rgb() for n in range(-LEVELS, LEVELS + 1)]
        found = np.array(ladder, dtype=np.uint32)[np.rint(surface.strength * LEVELS).astype(int) + LEVELS]
    return np.where(surface.nothing, panel.rgb(), found)
