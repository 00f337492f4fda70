"""Where everything of a network stands in a picture of a given size. Geometry only, no colours and no text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF

from core.program.network import Network

MOST_NEURONS = 16
HEADER = 56.0
LOW_HEADER = 34.0
BIAS_BOX = (64.0, 15.0)
RINGS = 16.0  # how far the rings around something that is read and written reach


class Item(NamedTuple):
    """One thing that can be pointed at: `unit` of a `layer` (0 is the input), `weight`, `bias` or `loss`.

    A weight matrix drawn as one block has `source` −1 where no single weight is meant.
    """

    kind: str
    layer: int
    unit: int = 0
    source: int = 0


@dataclass(frozen=True)
class Geometry:
    """The places of one picture: the x of each column (the last is the loss, if there is one) and all sizes.

    `zoom` is how much larger than usual a person wants all text.
    """

    network: Network
    width: float
    height: float
    xs: tuple[float, ...]
    radius: float
    pitches: tuple[float, ...]
    gap: float
    zoom: float = 1.0

    def big(self, column: int) -> bool:
        """Tell whether a column has too many units to be drawn one by one."""
        return self.network.size(column) > MOST_NEURONS

    def block(self, layer: int) -> bool:
        """Tell whether the weights into a layer are drawn as a heat map instead of lines."""
        return self.big(layer - 1) or self.big(layer)

    @property
    def header(self) -> float:
        """The height that the names of the columns take; less in a low picture, which leaves their second line out."""
        return header_of(self.height, self.zoom)

    @property
    def middle(self) -> float:
        """The height at which every column is centred; biases stand higher than anything hangs below."""
        raised = self.bias_text and not any(self.tight(c) for c in range(1, len(self.pitches)) if not self.big(c))
        return self.header + (self.height - self.header) / 2 + (7 if raised else 0)

    def centre(self, column: int, unit: int) -> QPointF:
        """Return the centre of a neuron, or of a unit's place in its strip."""
        n = self.network.size(column)
        if self.big(column):
            strip = self.strip(column)
            return QPointF(strip.center().x(), strip.top() + (unit + 0.5) * strip.height() / n)
        return QPointF(self.xs[column], self.middle + (unit - (n - 1) / 2) * self.pitches[column])

    def strip(self, column: int) -> QRectF:
        """Return the heat map strip of a column with many units."""
        width = min(34.0, max(14.0, self.gap * 0.12)) * (1 if self.gap > 90 else 0.8)
        top, bottom = self.header + 14, self.height - 30
        return QRectF(self.xs[column] - width / 2, top, width, max(20.0, bottom - top))

    def bias_strip(self, layer: int) -> QRectF:
        """Return the narrow strip of biases beside a strip of units."""
        strip = self.strip(layer)
        return QRectF(strip.left() - 12, strip.top(), 8, strip.height())

    def bias_box(self, layer: int, unit: int) -> QRectF:
        """Return the box of one bias: up and to the left of its neuron, or beside it where neurons stand close.

        It keeps so far away that the rings around either never cover the number of the other.
        """
        c, r = self.centre(layer, unit), self.radius
        if not self.bias_text:
            width, height = max(7.0, r * 0.8), max(6.0, r * 0.7)
            return QRectF(c.x() - r * 0.82 - width, c.y() - r * 0.55 - height, width, height)
        width, height = BIAS_BOX[0] * self.text, BIAS_BOX[1] * self.text
        if self.tight(layer):
            return QRectF(c.x() - r - 19 - width, c.y() - height / 2, width, height)
        return QRectF(c.x() - (r + RINGS) * 0.82 - width, c.y() - (r + RINGS) * 0.57 - height, width, height)

    def bias_line(self, layer: int, unit: int) -> tuple[QPointF, QPointF]:
        """Return the ends of the line from the box of a bias to its neuron."""
        box, c = self.bias_box(layer, unit), self.centre(layer, unit)
        start = QPointF(box.right(), min(max(c.y(), box.top()), box.bottom()))
        way = start - c
        return start, c + way * (self.radius / (math.hypot(way.x(), way.y()) or 1.0))

    @property
    def bias_text(self) -> bool:
        """Tell whether there is room for the numbers of the biases."""
        small = [p for c, p in enumerate(self.pitches) if c and not self.big(c)]
        return self.gap > 118 * self.text and min(small, default=99.0) >= 34

    def weights_block(self, layer: int) -> QRectF:
        """Return the heat map of the weights into a layer, turned as the array is written."""
        shape = self.network.layers[layer - 1].weight_shape
        rows, columns = shape if len(shape) == 2 else (shape[0], 1)
        left = self.xs[layer - 1] + self._half(layer - 1) + 16
        right = self.xs[layer] - self._half(layer) - 22
        room = QRectF(left, self.header + 26, max(16.0, right - left), max(20.0, self.height - self.header - 64))
        ratio = min(2.2, max(0.45, math.sqrt(columns / rows)))
        width = min(room.width(), room.height() * 0.8 * ratio, 260.0)
        height = min(room.height(), width / ratio)
        return QRectF(room.center().x() - width / 2, self.middle - 6 - height / 2, width, height)

    def frame(self, layer: int) -> QRectF:
        """Return the frame around the weights into a layer."""
        if self.block(layer):
            return self.weights_block(layer).adjusted(-6, -6, 6, 6)
        left, right = self.xs[layer - 1] + self.radius + 12, self.xs[layer] - self.radius - 12
        if self.network.layers[layer - 1].bias is not None:
            right = min(right, self.bias_box(layer, 0).left() - RINGS) if self.bias_text else right - 6
        ends = [self.centre(c, u).y() for c in (layer - 1, layer) for u in (0, self.network.size(c) - 1)]
        return QRectF(left, min(ends) - 12, max(10.0, right - left), max(ends) - min(ends) + 24)

    def loss_box(self) -> QRectF:
        """Return the square around the diamond of the loss."""
        r = max(self.radius * 1.15, 17.0)
        return QRectF(self.xs[-1] - r, self.middle - r, 2 * r, 2 * r)

    def line(self, layer: int, unit: int, source: int) -> tuple[QPointF, QPointF]:
        """Return the two ends of the line of one weight, at the rims of its neurons."""
        a, b = self.centre(layer - 1, source), self.centre(layer, unit)
        length = math.hypot(b.x() - a.x(), b.y() - a.y()) or 1.0
        step = (b - a) * (self.radius / length)
        return a + step, b - step

    def place_of(self, item: Item) -> QRectF:
        """Return the rectangle that stands for an item, for rings, frames and scrolling to it."""
        if item.kind == "loss":
            return self.loss_box()
        if item.kind == "unit":
            c = self.centre(item.layer, item.unit)
            half = QPointF(self._half(item.layer), 3 if self.big(item.layer) else self.radius)
            return QRectF(c - half, c + half)
        if item.kind == "bias":
            if not self.big(item.layer):
                return self.bias_box(item.layer, item.unit)
            strip, c = self.bias_strip(item.layer), self.centre(item.layer, item.unit)
            return QRectF(strip.left(), c.y() - 3, strip.width(), 6)
        if self.block(item.layer):
            block = self.weights_block(item.layer)
            return block if item.source < 0 else self._cell(block, item)
        a, b = self.line(item.layer, item.unit, item.source)
        middle = a + (b - a) * self.label_share(item.layer)
        return QRectF(middle.x() - 20 * self.text, middle.y() - 8 * self.text, 40 * self.text, 16 * self.text)

    @property
    def text(self) -> float:
        """How much larger than usual text is: it grows with the picture, but less."""
        return self.zoom * min(1.5, max(1.0, min(self.width / 1100, self.height / 430, self.radius / 18)))

    def tight(self, column: int) -> bool:
        """Tell whether the neurons of a column stand so near that rings around each would touch."""
        return self.pitches[column] < 2 * self.radius + 14 and self.network.size(column) > 1

    @property
    def roomy(self) -> bool:
        """Tell whether a neuron has room for its number inside."""
        return self.radius >= 14

    def label_share(self, layer: int) -> float:
        """Return how far along the lines the numbers of the weights keep the largest distance; see `label_gap`."""
        return self._shares[layer][0]

    def labelled(self, layer: int) -> bool:
        """Tell whether the numbers of the weights have room at their lines."""
        if self.block(layer) or self.gap < 105 or not self.roomy:
            return False
        return self._shares[layer][1] >= 14 * self.text

    @cached_property
    def _shares(self) -> dict[int, tuple[float, float]]:
        """For each layer drawn in lines: how far along the numbers stand best, and their distance there."""
        choices = (0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.56, 0.62)
        layers = [i for i in range(1, len(self.network.layers) + 1) if not self.block(i)]
        gaps = {i: [(min(self._label_gap(i, t), 18.0 * self.text), -n, t) for n, t in enumerate(choices)] for i in layers}
        return {i: (max(found)[2], max(found)[0]) for i, found in gaps.items()}

    def item_at(self, p: QPointF) -> Item | None:
        """Return what stands at a point of the picture, None for nothing."""
        n = self.network
        if n.loss is not None and self.loss_box().contains(p):
            d = p - self.loss_box().center()
            if abs(d.x()) + abs(d.y()) <= self.loss_box().width() / 2 + 2:
                return Item("loss", 0)
        for column in range(len(n.layers) + 1):
            found = self._in_column(column, p)
            if found is not None:
                return found
        for layer in range(1, len(n.layers) + 1):
            if self.block(layer) and self.weights_block(layer).contains(p):
                return self._weight_in_block(layer, p)
        near = [(d, item) for item in self._line_items() if (d := self._distance(item, p)) < 6]
        return min(near)[1] if near else None

    def columns(self) -> list[list[Item]]:
        """Return all items by columns from left to right, for the keyboard."""
        n = self.network
        out = [[Item("unit", 0, u) for u in range(n.inputs)]]
        for number, layer in enumerate(n.layers, 1):
            if self.block(number):
                out.append([Item("weight", number, 0, -1)])
            else:
                out.append([Item("weight", number, u, s) for u in range(layer.units) for s in range(layer.inputs)])
            if layer.bias is not None:
                out.append([Item("bias", number, u) for u in range(layer.units)])
            out.append([Item("unit", number, u) for u in range(layer.units)])
        if n.loss is not None:
            out.append([Item("loss", 0)])
        return out

    def _half(self, column: int) -> float:
        return self.strip(column).width() / 2 if self.big(column) else self.radius

    def _in_column(self, column: int, p: QPointF) -> Item | None:
        n = self.network.size(column)
        has_bias = column > 0 and self.network.layers[column - 1].bias is not None
        if self.big(column):
            strip = self.strip(column)
            unit = min(n - 1, max(0, int((p.y() - strip.top()) / strip.height() * n)))
            if has_bias and self.bias_strip(column).adjusted(-2, 0, 2, 0).contains(p):
                return Item("bias", column, unit)
            return Item("unit", column, unit) if strip.contains(p) else None
        for unit in range(n):
            if has_bias and self.bias_box(column, unit).adjusted(-1, -1, 1, 1).contains(p):
                return Item("bias", column, unit)
            d = p - self.centre(column, unit)
            if math.hypot(d.x(), d.y()) <= self.radius + 1:
                return Item("unit", column, unit)
        return None

    def _weight_in_block(self, layer: int, p: QPointF) -> Item:
        block, found = self.weights_block(layer), self.network.layers[layer - 1]
        shape = found.weight_shape if len(found.weight_shape) == 2 else (found.weight_shape[0], 1)
        row = min(shape[0] - 1, int((p.y() - block.top()) / block.height() * shape[0]))
        column = min(shape[1] - 1, int((p.x() - block.left()) / block.width() * shape[1]))
        unit, source = found.unit_and_source((row, column)[: len(found.weight_shape)])
        return Item("weight", layer, unit, source)

    def _cell(self, block: QRectF, item: Item) -> QRectF:
        layer = self.network.layers[item.layer - 1]
        cell = layer.weight_cell(item.unit, item.source)
        row, column = cell if len(cell) == 2 else (cell[0], 0)
        rows, columns = layer.weight_shape if len(layer.weight_shape) == 2 else (layer.weight_shape[0], 1)
        w, h = block.width() / columns, block.height() / rows
        rect = QRectF(block.left() + column * w, block.top() + row * h, w, h)
        return rect.adjusted(-max(0, 3 - w / 2), -max(0, 3 - h / 2), max(0, 3 - w / 2), max(0, 3 - h / 2))

    def _line_items(self) -> list[Item]:
        items = [column for column in self.columns() if column[0].kind == "weight"]
        return [i for column in items for i in column if i.source >= 0 and not self.block(i.layer)]

    def _distance(self, item: Item, p: QPointF) -> float:
        a, b = self.line(item.layer, item.unit, item.source)
        d, q = b - a, p - a
        length = d.x() ** 2 + d.y() ** 2
        t = min(1.0, max(0.0, (q.x() * d.x() + q.y() * d.y()) / length)) if length else 0.0
        return math.hypot(q.x() - t * d.x(), q.y() - t * d.y())

    def _label_gap(self, layer: int, share: float) -> float:
        n = self.network
        ys = sorted(
            a.y() + (b.y() - a.y()) * share
            for u in range(n.size(layer)) for s in range(n.size(layer - 1))
            for a, b in [self.line(layer, u, s)]
        )  # fmt: skip
        return min((b - a for a, b in pairwise(ys)), default=99.0)


def header_of(height: float, zoom: float = 1.0) -> float:
    """Return the height that the names of the columns take in a picture of this height."""
    return zoom * (HEADER if height >= 230 else LOW_HEADER)


def geometry_of(network: Network, width: float, height: float, zoom: float = 1.0) -> Geometry:
    """Lay a network out in a picture of this size, in pixels."""
    layers = len(network.layers)
    steps = layers + (0.7 if network.loss is not None else 0.0)
    left, right = min(64.0, 34 + width * 0.03), (50.0 if network.loss is not None else 70.0)
    if network.inputs > MOST_NEURONS:
        left = 46.0
    gap = max(30.0, min((width - left - right) / max(steps, 1), 330.0 * max(1.0, height / 500)))
    start = max(left, (width - gap * steps - right + left) / 2)
    xs = [start + gap * c for c in range(layers + 1)]
    if network.loss is not None:
        xs.append(xs[-1] + 0.7 * gap)
    room = height - header_of(height, zoom) - 10
    sizes = [max(network.size(c), 1) for c in range(layers + 1)]
    pitches = tuple(min((room - (24 if n > 3 else 0)) / n, 120.0 * max(1.0, height / 500)) for n in sizes)
    small = [p for c, p in enumerate(pitches) if network.size(c) <= MOST_NEURONS]
    limit = 30.0 * max(1.0, min(height / 520, width / 900))
    radius = max(3.0, min([limit, gap * 0.17, *(min(p * 0.4, max(16.0, (p - 20) / 2)) for p in small)]))
    return Geometry(network, width, height, tuple(xs), radius, pitches, gap, zoom)
