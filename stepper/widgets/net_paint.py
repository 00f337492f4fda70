"""Paints a scene of a network: weights, then neurons, then what is selected."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPolygonF

from core.program.ir import Array
from core.program.network import INPUT, LOSS, Part
from stepper import theme
from stepper.widgets import net_marks as marks
from stepper.widgets.net_header import Words
from stepper.widgets.net_layout import Geometry, Item
from stepper.widgets.net_scene import Scene
from stepper.widgets.numbers import short

EMPTY = "·"


class Painter:
    """Paints one scene into one geometry. `images` returns the heat map of an array, from a cache."""

    def __init__(
        self, painter: QPainter, scene: Scene, geometry: Geometry, words: Words, images: Callable[[Array, float], QImage]
    ) -> None:
        self.p, self.scene, self.g, self.words, self.images = painter, scene, geometry, words, images
        self.colours = theme.current()
        self.layers = range(1, len(scene.network.layers) + 1)

    def paint(self, focus: Item | None) -> None:
        """Paint everything below the names of the columns."""
        p = self.p
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        for layer in self.layers:
            if self.g.block(layer):
                self._block(layer)
            else:
                self._lines(layer)
        if self.scene.network.loss is not None:
            self._to_loss()
        for layer in self.layers:
            self._lit_weights(layer)
            if not self.g.block(layer) and self.g.labelled(layer):
                self._labels(layer)
        for column in range(len(self.scene.network.layers) + 1):
            if self.g.big(column):
                self._strip(column)
            else:
                self._neurons(column)
        if self.scene.network.loss is not None:
            self._loss()
        items, parts = self.scene.selected()
        for item in items:
            marks.selection_frame(p, self.g.place_of(item))
            if item.kind == "weight" and not self.g.block(item.layer):
                p.setPen(QPen(QColor(self.colours.selection), 2.5))
                p.drawLine(*self.g.line(item.layer, item.unit, item.source))
                self._label(item)
        for part in parts:
            marks.selection_frame(p, self._extent(part))
        if focus is not None:
            marks.focus_frame(p, self.g.place_of(focus))

    def _extent(self, part: Part) -> QRectF:
        if part == LOSS:
            return self.g.loss_box()
        if part[0] == "weights":
            return self.g.frame(int(part[1]))
        column = 0 if part[0] == "input" else int(part[1])
        n = self.scene.network.size(column)
        kind = "bias" if part[0] == "bias" else "unit"
        return self.g.place_of(Item(kind, column, 0)).united(self.g.place_of(Item(kind, column, n - 1))).adjusted(-4, -4, 4, 4)

    def _lines(self, layer: int) -> None:
        found = self.scene.network.layers[layer - 1]
        array = self.scene.array(self.scene.moment.current(found.weight))
        thickest = marks.THICKEST if self.g.radius > 8 else 3.0
        weights = {
            (u, s): None if array is None else float(array[found.weight_cell(u, s)])
            for u in range(found.units) for s in range(found.inputs)
        }  # fmt: skip
        for (unit, source), weight in sorted(weights.items(), key=lambda item: _strength(item[1])):
            a, b = self.g.line(layer, unit, source)
            known = weight is not None
            pen = marks.weight_pen(weight, self.scene.weight_scale, thickest) if known else QPen(QColor(self.colours.border), 1)
            self.p.setPen(pen)
            self.p.drawLine(a, b)
            if weight is not None and not math.isfinite(weight) and not self.g.labelled(layer):
                self._tag(a + (b - a) * 0.5, short(weight), self.colours.error)

    def _labels(self, layer: int) -> None:
        found = self.scene.network.layers[layer - 1]
        for unit in range(found.units):
            for source in range(found.inputs):
                self._label(Item("weight", layer, unit, source))

    def _label(self, item: Item) -> None:
        number = self.scene.number(item)
        if number is None:
            return
        bad = not math.isfinite(number)
        colour = self.colours.error if bad else (self.colours.text if number else self.colours.dim)
        self._tag(self.g.place_of(item).center(), short(number, 3), colour)

    def _tag(self, at: QPointF, text: str, colour: str) -> None:
        p = self.p
        p.setFont(marks.font_of(p, 10.5 * self.g.text))
        width, height = p.fontMetrics().horizontalAdvance(text) + 4, 14 * self.g.text
        box = QRectF(at.x() - width / 2, at.y() - height / 2, width, height)
        p.setPen(Qt.PenStyle.NoPen)
        p.setBrush(QColor(self.colours.panel))
        p.drawRoundedRect(box, 3, 3)
        p.setPen(QColor(colour))
        p.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _block(self, layer: int) -> None:
        found = self.scene.network.layers[layer - 1]
        rect = self.g.weights_block(layer)
        for column, left in ((layer - 1, True), (layer, False)):
            ends = self._extent(("input",) if column == 0 else ("units", column, "act")).adjusted(4, 4, -4, -4)
            marks.fan(self.p, ends if left else rect, rect if left else ends)
        array = self.scene.array(self.scene.moment.current(found.weight))
        marks.draw_heat(self.p, rect, None if array is None else self.images(array, self.scene.weight_scale))
        name = "×".join(str(d) for d in found.weight_shape)
        self._under(rect, name, array)

    def _under(self, rect: QRectF, text: str, array: Array | None) -> None:
        p = self.p
        bad = 0 if array is None else int(np.size(array) - np.count_nonzero(np.isfinite(array)))
        if bad:
            p.fillRect(rect, QBrush(QColor(self.colours.error), Qt.BrushStyle.BDiagPattern))
            text = self.words.broken.format(n=bad)
        p.setFont(marks.font_of(p, 11 * self.g.zoom))
        p.setPen(QColor(self.colours.error if bad else self.colours.dim))
        wide = p.fontMetrics().horizontalAdvance(text) + 8
        p.drawText(
            QRectF(rect.center().x() - wide / 2, rect.bottom() + 9, wide, 15 * self.g.zoom), Qt.AlignmentFlag.AlignCenter, text
        )

    def _lit_weights(self, layer: int) -> None:
        read, written = self.scene.lit_as(Item("weight", layer))
        if read or written:
            marks.ring(self.p, self.g.frame(layer).adjusted(4, 4, -4, -4), read, written, round_=False)

    def _strip(self, column: int) -> None:
        rect, n = self.g.strip(column), self.scene.network.size(column)
        numbers = self.scene.column(column)
        scale = self.scene.unit_scales[column]
        marks.draw_heat(self.p, rect, None if numbers is None else marks.heat_image(numbers.reshape(-1, 1), scale))
        self._under(rect, self.words.units.format(n=n), numbers)
        marks.ring(self.p, rect, *self.scene.lit_as(Item("unit", column)), round_=False)
        biases = self.scene.biases(column) if column else None
        if biases is not None:
            beside = self.g.bias_strip(column)
            marks.draw_heat(self.p, beside, marks.heat_image(biases.reshape(-1, 1), self.scene.bias_scale))
            self.p.setFont(marks.font_of(self.p, 10))
            self.p.setPen(QColor(self.colours.dim))
            self.p.drawText(QRectF(beside.center().x() - 14, beside.top() - 14, 28, 12), Qt.AlignmentFlag.AlignCenter, "+b")
            marks.ring(self.p, beside, *self.scene.lit_as(Item("bias", column)), round_=False)

    def _neurons(self, column: int) -> None:
        found = None if column == 0 else self.scene.network.layers[column - 1]
        if self.g.tight(column):
            kinds: list[tuple[str, Part]] = [("unit", INPUT if column == 0 else ("units", column, "act"))]
            if found is not None and found.bias is not None:
                kinds.append(("bias", ("bias", column)))
            for kind, part in kinds:
                marks.ring(self.p, self._extent(part), *self.scene.lit_as(Item(kind, column)), round_=False)
        for unit in range(self.scene.network.size(column)):
            item = Item("unit", column, unit)
            self._neuron(item)
            if column == 0:
                self._input_name(unit)
            elif found is not None and found.bias is not None:
                self._bias(Item("bias", column, unit))

    def _neuron(self, item: Item) -> None:
        p, r, c = self.p, self.g.radius, self.g.centre(item.layer, item.unit)
        number = self.scene.number(item)
        circle = QRectF(c.x() - r, c.y() - r, 2 * r, 2 * r)
        p.setPen(QPen(QColor(self.colours.text), 1.4))
        p.setBrush(QColor(self.colours.panel))
        roomy = self.g.roomy
        if number is not None and not roomy and math.isfinite(number):
            p.setBrush(theme.diverging(number, self.scene.unit_scales[item.layer]))
        p.drawEllipse(circle)
        if number is not None and not math.isfinite(number):
            p.setBrush(marks.broken_brush(number))
            p.drawEllipse(circle)
        before = self.scene.before_activation(item)
        if roomy:
            self._neuron_text(circle, number, before)
        else:
            self._beside(item.layer, c, number)
        if not self.g.tight(item.layer):
            marks.ring(p, circle, *self.scene.lit_as(item), round_=True)
        adjoint = self.scene.adjoint(item)
        if adjoint is not None and roomy:
            self._adjoint(c, adjoint)

    def _beside(self, column: int, c: QPointF, number: float | None) -> None:
        """The number of a neuron too small to hold it, where there is room at its right."""
        if self.g.gap > 80 and column and self.g.pitches[column] >= 13:
            colour = self.colours.error if number is not None and not math.isfinite(number) else self.colours.text
            text = EMPTY if number is None else short(number, 3)
            self.p.setFont(marks.font_of(self.p, 10.5 * self.g.zoom))
            half = self.p.fontMetrics().horizontalAdvance(text) / 2 + 2
            self._tag(QPointF(c.x() + self.g.radius + 8 + half, c.y()), text, colour)

    def _neuron_text(self, circle: QRectF, number: float | None, before: tuple[str, float] | None) -> None:
        p, r = self.p, circle.width() / 2
        broken = number is not None and not math.isfinite(number)
        two = before is not None and r >= 21 and not broken
        text = EMPTY if number is None else short(number, 3)
        size = min(r * 0.56, 16.0 * self.g.text)
        p.setFont(marks.font_of(p, size, bold=True))
        while p.fontMetrics().horizontalAdvance(text) > 1.86 * r and size > 8:
            size -= 1
            p.setFont(marks.font_of(p, size, bold=True))
        place = circle.translated(0, -r * 0.16) if two else circle
        if broken:
            self._tag(place.center(), text, self.colours.error)
        else:
            p.setPen(QColor(self.colours.text if number is not None else self.colours.dim))
            p.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        if two and before is not None:
            p.setFont(marks.font_of(p, min(r * 0.38, 12 * self.g.text)))
            p.setPen(QColor(self.colours.dim))
            p.drawText(circle.translated(0, r * 0.42), Qt.AlignmentFlag.AlignCenter, "z " + short(before[1], 2))

    def _adjoint(self, c: QPointF, adjoint: tuple[str, float]) -> None:
        name, number = adjoint
        p, r = self.p, self.g.radius
        name = name if len(name) <= 5 and self.g.gap >= 190 else "∂"
        text = f"{name} {short(number, 3 if self.g.gap >= 190 else 2)}"
        p.setFont(marks.font_of(p, 10.5 * self.g.text))
        wide = p.fontMetrics().horizontalAdvance(text) + 8
        box = QRectF(c.x() + r * 0.5, c.y() + r * 0.66, wide, 14 * self.g.text)
        colour = QColor(self.colours.phases["backward"])
        p.setPen(QPen(colour, 1))
        p.setBrush(QColor(self.colours.panel))
        p.drawRoundedRect(box, 4, 4)
        p.setPen(QColor(self.colours.text))
        p.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

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
        p.setBrush(QColor(self.colours.window))
        if number is not None and not math.isfinite(number):
            p.drawRect(box)
            p.setBrush(marks.broken_brush(number))
        elif number is not None and not self.g.bias_text:
            p.setBrush(theme.diverging(number, self.scene.bias_scale))
        p.drawRect(box)
        if self.g.bias_text:
            p.setFont(marks.font_of(p, 10 * self.g.text))
            choices = [EMPTY] if number is None else ["+b " + short(number, 3), "+b " + short(number, 2), short(number, 2)]
            room = box.width() - 2
            text = next((t for t in choices if p.fontMetrics().horizontalAdvance(t) <= room), choices[-1])
            if number is not None and not math.isfinite(number):
                self._tag(box.center(), text, self.colours.error)
            else:
                p.setPen(QColor(self.colours.text))
                p.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
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
        p.setPen(QPen(QColor(self.colours.phases["loss"]), 1.6))
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
            self._tag(QPointF(c.x(), c.y() + r + 19), text, self.colours.text)
        elif number is not None and not math.isfinite(number):
            self._tag(c, text, self.colours.error)
        else:
            p.setPen(QColor(self.colours.text if number is not None else self.colours.dim))
            p.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        marks.ring(p, box, *self.scene.lit_as(Item("loss", 0)), round_=False)


def _strength(weight: float | None) -> float:
    """The order of painting: the strongest weights last, on top, and above them what is not finite."""
    return 0.0 if weight is None else (abs(weight) if math.isfinite(weight) else math.inf)
