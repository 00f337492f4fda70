"""Paints the neurons of a network drawn one by one, their biases and adjoints, and the loss."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from core.program.ir import Array
from core.program.network import INPUT, LOSS, Part
from stepper import theme
from stepper.widgets import net_marks as marks
from stepper.widgets.net_items import Item
from stepper.widgets.net_layout import Geometry
from stepper.widgets.net_scene import Scene
from stepper.widgets.numbers import short

EMPTY = "·"
MOST_STRIPES = 16


class NeuronPainter:
    """Paints what has a number of its own; `Painter` puts it together with what joins it."""

    def __init__(self, painter: QPainter, scene: Scene, geometry: Geometry) -> None:
        self.p, self.scene, self.g = painter, scene, geometry
        self.colours = theme.current()
        self._columns: dict[int, Array | None] = {}

    def _neurons(self, column: int) -> None:
        found = None if column == 0 else self.scene.network.layers[column - 1]
        if self.g.tight(column):
            kinds: list[tuple[str, Part]] = [("unit", INPUT if column == 0 else ("units", column, "act"))]
            if found is not None and found.bias is not None:
                kinds.append(("bias", ("bias", column)))
            for kind, part in kinds:
                marks.ring(self.p, self._extent(part), *self.scene.lit_as(Item(kind, column)), round_=False)
        for unit in range(self.scene.network.size(column)):
            if column == 0:
                self._input_name(unit)
            elif found is not None and found.bias is not None:
                self._bias(Item("bias", column, unit))
        # Above the rings of the biases: a number whose sign they cover is another one.
        for unit in range(self.scene.network.size(column)):
            self._neuron(Item("unit", column, unit))

    def _neuron(self, item: Item) -> None:
        p, r, c = self.p, self.g.radius, self.g.centre(item.layer, item.unit)
        circle = QRectF(c.x() - r, c.y() - r, 2 * r, 2 * r)
        stale = self.scene.stale(item)
        p.setPen(marks.stale_pen() if stale else QPen(QColor(self.colours.text), 1.4))
        p.setBrush(QColor(self.colours.panel))
        if self.scene.stripes:
            self._stripes(item, circle)
            return
        number = self.scene.number(item)
        roomy = self.g.roomy
        if number is not None and not roomy and math.isfinite(number):
            p.setBrush(theme.diverging(number, self.scene.unit_scales[item.layer]))
        p.drawEllipse(circle)
        if number is not None and not math.isfinite(number):
            p.setBrush(marks.broken_brush(number))
            p.drawEllipse(circle)
        before = self.scene.before_activation(item)
        if roomy:
            self._neuron_text(circle, number, before, stale)
        else:
            self._beside(item.layer, c, number, stale)
        if not self.g.tight(item.layer):
            marks.ring(p, circle, *self.scene.lit_as(item), round_=True)
        adjoint = self.scene.adjoint(item)
        if adjoint is not None and roomy:
            self._adjoint(c, adjoint, self.scene.stale_adjoint(item.layer))
        if self.scene.edited(item):
            marks.pencil(p, c + QPointF(r, -r) * 0.75)
        self._badge(item, c, r)

    def _stripes(self, item: Item, circle: QRectF) -> None:
        """A neuron with a stripe for each sample, from the first at the left to the last at the right."""
        p, column = self.p, self._column(item.layer)
        outline = p.pen()
        p.drawEllipse(circle)
        if column is not None:
            numbers = column[item.unit]
            path = QPainterPath()
            path.addEllipse(circle)
            p.save()
            p.setClipPath(path)
            self._fill_stripes(circle, numbers, self.scene.unit_scales[item.layer])
            p.restore()
            p.setPen(outline)
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.drawEllipse(circle)
        if not self.g.tight(item.layer):
            marks.ring(p, circle, *self.scene.lit_as(item), round_=True)
        if self.scene.edited(item):
            marks.pencil(p, circle.center() + QPointF(circle.width(), -circle.width()) * 0.375)
        self._badge(item, circle.center(), circle.width() / 2)

    def _badge(self, item: Item, c: QPointF, r: float) -> None:
        """What health rules say of a neuron, at its upper left."""
        found = self.scene.marks.told_at(item)
        if found:
            size = 7.0 if self.g.pitches[item.layer] >= 18 else 5.5
            marks.badge(self.p, c + QPointF(-r, -r) * 0.75, found, size * self.g.zoom)

    def _fill_stripes(self, circle: QRectF, numbers: Array, scale: float) -> None:
        p, wide = self.p, circle.width() / len(numbers)
        if len(numbers) > MOST_STRIPES and np.isfinite(numbers).all():
            p.drawImage(circle, marks.heat_image(numbers.reshape(1, -1), scale))
            return
        apart = wide >= 3
        p.setPen(QPen(QColor(self.colours.panel), 1) if apart else Qt.PenStyle.NoPen)
        for n, number in enumerate(numbers.tolist()):
            stripe = QRectF(circle.left() + n * wide, circle.top(), wide, circle.height())
            p.setBrush(theme.diverging(number, scale) if math.isfinite(number) else QColor(self.colours.panel))
            p.drawRect(stripe)
            if not math.isfinite(number):
                p.setBrush(marks.broken_brush(number))
                p.drawRect(stripe)

    def _column(self, column: int) -> Array | None:
        """The numbers of a column for all samples, looked up once."""
        if column not in self._columns:
            self._columns[column] = self.scene.column(column)
        return self._columns[column]

    def _beside(self, column: int, c: QPointF, number: float | None, stale: bool) -> None:
        """The number of a neuron too small to hold it, where there is room at its right."""
        if self.g.gap > 80 and column and self.g.pitches[column] >= 13:
            colour = self.colours.dim if stale else self.colours.text
            colour = self.colours.error if number is not None and not math.isfinite(number) else colour
            text = EMPTY if number is None else short(number, 3)
            self.p.setFont(marks.font_of(self.p, 10.5 * self.g.zoom))
            half = self.p.fontMetrics().horizontalAdvance(text) / 2 + 2
            self._tag(QPointF(c.x() + self.g.radius + 8 + half, c.y()), text, colour)

    def _neuron_text(self, circle: QRectF, number: float | None, before: tuple[str, float] | None, stale: bool) -> None:
        p, r = self.p, circle.width() / 2
        broken = number is not None and not math.isfinite(number)
        two = before is not None and r >= 21 and not broken
        size = min(r * 0.56, 16.0 * self.g.text)
        text, size = self._fitting(number, 1.9 * r, size)
        p.setFont(marks.font_of(p, size, bold=True))
        place = circle.translated(0, -r * 0.16) if two else circle
        if broken:
            self._tag(place.center(), text, self.colours.error)
        else:
            p.setPen(QColor(self.colours.text if number is not None and not stale else self.colours.dim))
            p.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        if two and before is not None:
            p.setFont(marks.font_of(p, min(r * 0.38, 12 * self.g.text)))
            p.setPen(QColor(self.colours.dim))
            under = "z " + short(before[1], 2)
            if p.fontMetrics().horizontalAdvance(under) <= 1.5 * r:  # the circle is little wider where it stands
                p.drawText(circle.translated(0, r * 0.42), Qt.AlignmentFlag.AlignCenter, under)

    def _fitting(self, number: float | None, room: float, size: float) -> tuple[str, float]:
        """Return a number as a text that has room, in a smaller font or with fewer digits, and the size of its font."""
        choices = [EMPTY] if number is None else [short(number, digits) for digits in (3, 2)]
        least = min(size, 8.0)
        for text in choices:
            for smaller in (size, (size + least) / 2, least):
                self.p.setFont(marks.font_of(self.p, smaller, bold=True))
                if self.p.fontMetrics().horizontalAdvance(text) <= room:
                    return text, smaller
        return choices[-1], least

    def _adjoint(self, c: QPointF, adjoint: tuple[str, float], stale: bool) -> None:
        p = self.p
        box, text = self._adjoint_box(c, adjoint)
        colour = QColor(self.colours.phases["backward"])
        p.setPen(marks.stale_pen() if stale else QPen(colour, 1))
        p.setBrush(QColor(self.colours.panel))
        p.drawRoundedRect(box, 4, 4)
        p.setPen(QColor(self.colours.text))
        p.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _adjoint_box(self, c: QPointF, adjoint: tuple[str, float]) -> tuple[QRectF, str]:
        """Return where the adjoint of the neuron at `c` stands, and its text; the painter has its font then."""
        name, number = adjoint
        name = name if len(name) <= 5 and self.g.gap >= 190 else "∂"
        text = f"{name} {short(number, 3 if self.g.gap >= 190 else 2)}"
        self.p.setFont(marks.font_of(self.p, 10.5 * self.g.text))
        wide = self.p.fontMetrics().horizontalAdvance(text) + 8
        return QRectF(c.x() + self.g.radius * 0.5, c.y() + self.g.radius * 0.66, wide, 14 * self.g.text), text

    def adjoint_boxes(self, column: int) -> list[QRectF]:
        """Return the boxes of the adjoints that stand at the neurons of a column."""
        if column == 0 or self.g.big(column) or not self.g.roomy:
            return []
        units = range(self.g.network.size(column))
        known = [(self.g.centre(column, u), self.scene.adjoint(Item("unit", column, u))) for u in units]
        return [self._adjoint_box(c, adjoint)[0] for c, adjoint in known if adjoint is not None]

    def _input_name(self, unit: int) -> None:
        name = self.scene.label(self.scene.network.input.value)
        text = f"{name.lower()}{unit + 1}" if len(name) == 1 else f"{name} {unit + 1}"
        c, p = self.g.centre(0, unit), self.p
        if self.g.pitches[0] < 12:
            return
        p.setFont(marks.font_of(p, 12 * self.g.text))
        p.setPen(QColor(self.colours.text))
        room = c.x() - self.g.radius - 8
        text = p.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, max(10, int(room)))
        place = QRectF(0, c.y() - 10, room, 20)
        p.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _bias(self, item: Item) -> None:
        p, box = self.p, self.g.bias_box(item.layer, item.unit)
        number = self.scene.number(item)
        p.setPen(QPen(QColor(self.colours.dim), 1.2))
        p.drawLine(*self.g.bias_line(item.layer, item.unit))
        if self.scene.stale(item):
            p.setPen(marks.stale_pen())
        p.setBrush(QColor(self.colours.window))
        if number is not None and not math.isfinite(number):
            p.drawRect(box)
            p.setBrush(marks.broken_brush(number))
        elif number is not None and not self.g.bias_text:
            p.setBrush(theme.diverging(number, self.scene.bias_edge_scale))
        p.drawRect(box)
        if self.g.bias_text:
            p.setFont(marks.font_of(p, 10 * self.g.text))
            sign = self.scene.bias_sign + " "
            choices = [sign + EMPTY] if number is None else [sign + short(number, 3), sign + short(number, 2), short(number, 2)]
            room = box.width() - 2
            text = next((t for t in choices if p.fontMetrics().horizontalAdvance(t) <= room), choices[-1])
            if number is not None and not math.isfinite(number):
                self._tag(box.center(), text, self.colours.error)
            else:
                p.setPen(QColor(self.colours.text))
                p.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        if self.scene.edited(item):
            marks.pencil(p, box.topRight())
        marks.badge(p, box.topLeft(), self.scene.marks.told_at(item), 6 * self.g.zoom)
        if not self.g.tight(item.layer):
            marks.ring(p, box, *self.scene.lit_as(item), round_=False)

    def _to_loss(self) -> None:
        last = len(self.scene.network.layers)
        rect = self._extent(("units", last, "act")).adjusted(4, 4, -4, -4)
        box = self.g.loss_box()
        self.p.setPen(QPen(QColor(self.colours.dim), 1, Qt.PenStyle.DashDotLine))
        units = range(self.scene.network.size(last)) if not self.g.big(last) else ()
        for unit in units:
            c = self.g.centre(last, unit)
            self.p.drawLine(QPointF(c.x() + self.g.radius, c.y()), QPointF(box.left(), box.center().y()))
        if not units:
            marks.fan(self.p, rect, QRectF(box.left(), box.center().y(), 1, 1))

    def _loss(self) -> None:
        p, box = self.p, self.g.loss_box()
        c, r = box.center(), box.width() / 2
        number = self.scene.number(Item("loss", 0))
        diamond = QPolygonF([c - QPointF(0, r), *(c + d for d in (QPointF(r, 0), QPointF(0, r), QPointF(-r, 0)))])
        stale = self.scene.stale(Item("loss", 0))
        p.setPen(marks.stale_pen() if stale else QPen(QColor(self.colours.phases["loss"]), 1.6))
        p.setBrush(QColor(self.colours.panel))
        p.drawPolygon(diamond)
        if number is not None and not math.isfinite(number):
            p.setBrush(marks.broken_brush(number))
            p.drawPolygon(diamond)
        text = EMPTY if number is None else short(number, 3)
        p.setFont(marks.font_of(p, min(r * 0.44, 14 * self.g.text), bold=True))
        if number is not None and p.fontMetrics().horizontalAdvance(text) > 1.5 * r:
            p.setPen(QColor(self.colours.phases["loss"]))
            p.drawText(box, Qt.AlignmentFlag.AlignCenter, theme.PHASE_SIGN["loss"])
            self._tag(QPointF(c.x(), c.y() + r + 19), text, self.colours.dim if stale else self.colours.text)
        elif number is not None and not math.isfinite(number):
            self._tag(c, text, self.colours.error)
        else:
            p.setPen(QColor(self.colours.text if number is not None and not stale else self.colours.dim))
            p.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        marks.badge(p, box.topLeft() + QPointF(4, 4), self.scene.marks.told_at(Item("loss", 0)), 7 * self.g.zoom)
        marks.ring(p, box, *self.scene.lit_as(Item("loss", 0)), round_=False)

    def _extent(self, part: Part) -> QRectF:
        if part == LOSS:
            return self.g.loss_box()
        if part[0] == "weights":
            return self.g.frame(int(part[1]))
        column = 0 if part[0] == "input" else int(part[1])
        n = self.scene.network.size(column)
        kind = "bias" if part[0] == "bias" else "unit"
        return self.g.place_of(Item(kind, column, 0)).united(self.g.place_of(Item(kind, column, n - 1))).adjusted(-4, -4, 4, 4)

    def _tag(self, at: QPointF, text: str, colour: str) -> QRectF:
        p, box = self.p, self._tag_box(at, text)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(QColor(self.colours.panel))
        p.drawRoundedRect(box, 3, 3)
        p.setPen(QColor(colour))
        p.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        return box

    def _tag_box(self, at: QPointF, text: str) -> QRectF:
        """Return where a tag stands; the painter has its font then."""
        self.p.setFont(marks.font_of(self.p, 10.5 * self.g.text))
        width, height = self.p.fontMetrics().horizontalAdvance(text) + 4, 14 * self.g.text
        return QRectF(at.x() - width / 2, at.y() - height / 2, width, height)
