"""Paints a scene of a network: what joins the columns, the columns, then what is selected."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from core.program.ir import Array
from core.program.network import LOSS, Part
from stepper.models.mark_signs import WARNING
from stepper.widgets import net_marks as marks
from stepper.widgets.net_closed import paint_closed
from stepper.widgets.net_header import Words
from stepper.widgets.net_items import Item
from stepper.widgets.net_layout import Geometry
from stepper.widgets.net_neurons import NeuronPainter
from stepper.widgets.net_scene import Scene
from stepper.widgets.numbers import short

MOST_BADGES = 40


class Painter(NeuronPainter):
    """Paints one scene into one geometry. `images` returns the heat map of an array, from a cache."""

    def __init__(
        self, painter: QPainter, scene: Scene, geometry: Geometry, words: Words, images: Callable[[Array, float], QImage]
    ) -> None:
        super().__init__(painter, scene, geometry)
        self.words, self.images = words, images
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
            if self.g.block(layer):
                continue
            if self.g.labelled(layer):
                self._labels(layer)
            else:
                self._broken_labels(layer)
        for column in range(len(self.scene.network.layers) + 1):
            if self.g.big(column):
                self._strip(column)
            else:
                self._neurons(column)
        if self.scene.network.loss is not None:
            self._loss()
        if self.g.closed:
            paint_closed(p, self.g.closed_boxes, self.scene.moment.closed, self._extent(self._last), self.g.zoom)
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

    @property
    def _last(self) -> Part:
        """What the closed layers follow."""
        n = self.scene.network
        return LOSS if n.loss is not None else ("units", len(n.layers), "act")

    def _lines(self, layer: int) -> None:
        found = self.scene.network.layers[layer - 1]
        array = self.scene.array(self.scene.edge_value(layer, "weight"))
        thickest = marks.THICKEST if self.g.radius > 8 else 3.0
        weights = {
            (u, s): None if array is None else float(array[found.weight_cell(u, s)])
            for u in range(found.units) for s in range(found.inputs)
        }  # fmt: skip
        for (unit, source), weight in sorted(weights.items(), key=lambda item: _strength(item[1])):
            a, b = self.g.line(layer, unit, source)
            if weight is None:
                marks.hollow_line(self.p, a, b)
                continue
            self.p.setPen(marks.weight_pen(weight, self.scene.edge_scale, thickest))
            self.p.drawLine(a, b)
        if self.scene.stale(Item("weight", layer)):
            marks.stale_hatch(self.p, self.g.frame(layer))
        if not self.g.labelled(layer):
            self._line_badges(layer)

    def _line_badges(self, layer: int) -> None:
        """What health rules say of single weights; of many, only the name of the column does."""
        value = self.scene.edge_value(layer, "weight")
        if not self.scene.marks.of(value):
            return
        found = self.scene.network.layers[layer - 1]
        items = [Item("weight", layer, u, s) for u in range(found.units) for s in range(found.inputs)]
        marked = [(i, m) for i in items if (m := self.scene.marks.told_at(i))]
        for item, mark in marked if len(marked) <= MOST_BADGES else []:
            a, b = self.g.line(layer, item.unit, item.source)
            marks.badge(self.p, a + (b - a) * 0.35, mark, 5.5 * self.g.zoom)

    def _labels(self, layer: int) -> None:
        """The numbers of the weights; what an adjoint would cut, and so make another number of, is left out."""
        found = self.scene.network.layers[layer - 1]
        taken = self.adjoint_boxes(layer - 1)
        for unit in range(found.units):
            for source in range(found.inputs):
                item = Item("weight", layer, unit, source)
                number = self.scene.number(item)
                if number is None or (taken and self._is_cut(item, short(number, 3), taken)):
                    continue
                self._label(item)

    def _is_cut(self, item: Item, text: str, taken: list[QRectF]) -> bool:
        box = self._tag_box(self.g.place_of(item).center(), text)
        return any(box.intersects(other) for other in taken)

    def _broken_labels(self, layer: int) -> None:
        """Where there is no room for all numbers, at least those that are not finite, as many as stand free of each other."""
        found = self.scene.network.layers[layer - 1]
        array = self.scene.array(self.scene.edge_value(layer, "weight"))
        if array is None or np.isfinite(array).all():
            return
        taken: list[QRectF] = []
        for unit in range(found.units):
            for source in range(found.inputs):
                item = Item("weight", layer, unit, source)
                number, place = self.scene.number(item), self.g.place_of(item)
                if number is not None and not math.isfinite(number) and not any(place.intersects(t) for t in taken):
                    taken.append(self._tag(place.center(), short(number), self.colours.error))

    def _label(self, item: Item) -> None:
        number = self.scene.number(item)
        if number is None:
            return
        bad = not math.isfinite(number)
        colour = self.colours.error if bad else (self.colours.text if number else self.colours.dim)
        box = self._tag(self.g.place_of(item).center(), short(number, 3), colour)
        if self.scene.edited(item):
            marks.pencil(self.p, QPointF(box.left() - 5, box.center().y()))
        marks.badge(self.p, QPointF(box.right() + 5, box.center().y()), self.scene.marks.told_at(item), 6 * self.g.zoom)

    def _block(self, layer: int) -> None:
        found = self.scene.network.layers[layer - 1]
        rect = self.g.weights_block(layer)
        before, after = (self._extent(q).adjusted(4, 4, -4, -4) for q in self._around(layer))
        marks.fan(self.p, before, rect)
        marks.fan(self.p, rect, after)
        array = self.scene.array(self.scene.edge_value(layer, "weight"))
        marks.draw_heat(self.p, rect, None if array is None else self.images(array, self.scene.edge_scale))
        heat = self.g.heat(Item("weight", layer, 0, -1))
        marks.draw_layers(self.p, rect, self.scene.marks.block(layer, "weight", heat.rows, heat.columns))
        if found.bias is not None and self.g.big(layer):
            after = self.g.bias_strip(layer)
        room = 2 * min(rect.center().x() - before.right(), after.left() - rect.center().x()) - 4
        self._under(rect, "×".join(str(d) for d in found.weight_shape), array, room)
        self._state(rect, Item("weight", layer, 0, -1))

    def _around(self, layer: int) -> tuple[Part, Part]:
        """Return the columns before and behind the weights into a layer."""
        before: Part = ("units", layer - 1, "act") if layer > 1 else ("input",)
        return before, ("units", layer, "act")

    def _under(self, rect: QRectF, text: str, array: Array | None, room: float) -> None:
        """What stands below a heat map, where there is room: its size, or how much in it is not finite."""
        p = self.p
        bad = 0 if array is None else int(np.size(array) - np.count_nonzero(np.isfinite(array)))
        choices = (self.words.broken.format(n=f"{bad:,}"), f"{WARNING} {bad:,}", WARNING) if bad else (text,)
        p.setFont(marks.font_of(p, 11 * self.g.zoom))
        p.setPen(QColor(self.colours.error if bad else self.colours.dim))
        text = next((t for t in choices if p.fontMetrics().horizontalAdvance(t) + 8 <= room), WARNING if bad else "")
        wide = p.fontMetrics().horizontalAdvance(text) + 8
        p.drawText(
            QRectF(rect.center().x() - wide / 2, rect.bottom() + 9, wide, 15 * self.g.zoom), Qt.AlignmentFlag.AlignCenter, text
        )

    def _lit_weights(self, layer: int) -> None:
        read, written = self.scene.lit_as(Item("weight", layer))
        if read or written:
            marks.ring(self.p, self.g.frame(layer).adjusted(4, 4, -4, -4), read, written, round_=False)

    def _strip(self, column: int) -> None:
        rect, numbers = self.g.strip(column), self.scene.column(column)
        heat = self.g.heat(Item("unit", column))
        scale = self.scene.unit_scales[column]
        image = None if numbers is None else marks.heat_image(numbers.reshape(heat.rows, heat.columns), scale)
        marks.draw_heat(self.p, rect, image)
        if numbers is not None:
            marks.draw_layers(self.p, rect, self.scene.marks.strip(column, heat.rows, heat.columns))
        self._under(rect, self._size(column), numbers, self.g.gap)
        self._state(rect, Item("unit", column))
        marks.ring(self.p, rect, *self.scene.lit_as(Item("unit", column)), round_=False)
        if column and self.scene.network.layers[column - 1].bias is not None:
            self._bias_strip(column)

    def _size(self, column: int) -> str:
        """What stands below the heat map of a column."""
        n, side, words = self.scene.network.size(column), self.g.pixels(column), self.words
        if side:
            return words.pixels.format(side=side)
        if not self.scene.stripes:
            return words.units.format(n=n)
        return (words.samples if self.g.gap > 150 else "{n} × {m}").format(n=n, m=self.scene.stripes)

    def _bias_strip(self, layer: int) -> None:
        beside, biases = self.g.bias_strip(layer), self.scene.biases(layer)
        image = None if biases is None else marks.heat_image(biases.reshape(-1, 1), self.scene.bias_edge_scale)
        marks.draw_heat(self.p, beside, image)
        if biases is not None:
            marks.draw_layers(self.p, beside, self.scene.marks.block(layer, "bias", biases.size, 1))
        self._state(beside, Item("bias", layer))
        self.p.setFont(marks.font_of(self.p, 10))
        self.p.setPen(QColor(self.colours.dim))
        place = QRectF(beside.center().x() - 14, beside.top() - 14, 28, 12)
        self.p.drawText(place, Qt.AlignmentFlag.AlignCenter, self.scene.bias_sign)
        marks.ring(self.p, beside, *self.scene.lit_as(Item("bias", layer)), round_=False)

    def _state(self, rect: QRectF, item: Item) -> None:
        """Whether a heat map is out of date, and whether something in it was changed by hand."""
        if self.scene.stale(item):
            marks.stale_hatch(self.p, rect)
        if self.scene.target(item)[0] in self.scene.moment.edited:
            marks.pencil(self.p, rect.topRight() + QPointF(-2, 2))


def _strength(weight: float | None) -> float:
    """The order of painting: the strongest weights last, on top, and above them what is not finite."""
    return 0.0 if weight is None else (abs(weight) if math.isfinite(weight) else math.inf)
