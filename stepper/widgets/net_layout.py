"""Where everything of a network stands in a picture of a given size. Geometry only, no colours and no text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from PySide6.QtCore import QPointF, QRectF

from core.program.network import Network
from stepper.widgets.net_closed import CORNER, LEAD, closed_width, stacked
from stepper.widgets.net_items import Heat, Item
from stepper.widgets.net_labels import LEAST, shares_of

MOST_NEURONS = 16
PICTURES = {64: 8, 784: 28}  # inputs that are pixels, and the pixels a side
HEADER = 56.0
LOW_HEADER = 34.0
BIAS_BOX = (64.0, 15.0)
RINGS = 16.0  # how far the rings around something that is read and written reach


@dataclass(frozen=True)
class Geometry:
    """The places of one picture: the x of each column (the last is the loss, if there is one) and all sizes.

    `zoom` is how much larger than usual a person wants all text; `samples`, where all samples of the batch are
    shown at once, how many there are, else 0. `closed` is how many layers follow that are not stepped.
    """

    network: Network
    width: float
    height: float
    xs: tuple[float, ...]
    radius: float
    pitches: tuple[float, ...]
    gap: float
    zoom: float = 1.0
    samples: int = 0
    closed: int = 0

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

    @cached_property
    def middle(self) -> float:
        """The height at which every column is centred; biases stand higher than anything hangs below."""
        raised = self.bias_text and not any(self.tight(c) for c in range(1, len(self.pitches)) if not self.big(c))
        return self.header + (self.height - self.header) / 2 + (7 if raised else 0)

    def pixels(self, column: int) -> int:
        """Return the pixels a side of inputs that are drawn as the picture they are, 0 for all other columns."""
        return 0 if column or self.samples else PICTURES.get(self.network.inputs, 0)

    def centre(self, column: int, unit: int) -> QPointF:
        """Return the centre of a neuron, or of a unit's place in its heat map."""
        if self.big(column):
            return self.place_of(Item("unit", column, unit)).center()
        n = self.network.size(column)
        return QPointF(self.xs[column], self.middle + (unit - (n - 1) / 2) * self.pitches[column])

    def strip(self, column: int) -> QRectF:
        """Return the heat map of a column with many units: a strip, broader for all samples, or a picture."""
        top, bottom = self.header + 14, self.height - 30
        if self.pixels(column):
            side = max(24.0, min(bottom - top, 2 * (self.xs[0] - 8), self.gap * 0.8))
            return QRectF(self.xs[column] - side / 2, self.middle - 6 - side / 2, side, side)
        width = min(34.0, max(14.0, self.gap * 0.12)) * (1 if self.gap > 90 else 0.8)
        if self.samples > 1:
            width = max(width, min(self.gap * 0.3, 90.0, 2 * (self.xs[0] - 8)))
        return QRectF(self.xs[column] - width / 2, top, width, max(20.0, bottom - top))

    def heat(self, item: Item) -> Heat:
        """Return the heat map that an item is a cell of; only for what is `in_heat`."""
        if item.kind == "weight":
            rows, *rest = self.network.layers[item.layer - 1].weight_shape
            return Heat(self.weights_block(item.layer), rows, rest[0] if rest else 1)
        n = self.network.size(item.layer)
        if item.kind == "bias":
            return Heat(self.bias_strip(item.layer), n, 1)
        side = self.pixels(item.layer)
        return Heat(self.strip(item.layer), side or n, side or max(self.samples, 1))

    def in_heat(self, item: Item) -> bool:
        """Tell whether an item is a cell of a heat map, or a heat map as a whole."""
        if item.kind == "weight":
            return self.block(item.layer)
        return item.kind in ("unit", "bias") and self.big(item.layer)

    def cell_of(self, item: Item) -> tuple[int, int]:
        """Return the row and column of an item in its heat map."""
        if item.kind == "weight":
            cell = self.network.layers[item.layer - 1].weight_cell(item.unit, max(item.source, 0))
            return cell[0], cell[1] if len(cell) > 1 else 0
        if item.kind == "bias":
            return item.unit, 0
        side = self.pixels(item.layer)
        return divmod(item.unit, side) if side else (item.unit, max(item.sample, 0))

    def item_in(self, like: Item, row: int, column: int) -> Item:
        """Return the item in a cell of the heat map that another item belongs to."""
        if like.kind == "weight":
            found = self.network.layers[like.layer - 1]
            return Item("weight", like.layer, *found.unit_and_source((row, column)[: len(found.weight_shape)]))
        if like.kind == "bias":
            return Item("bias", like.layer, row)
        side = self.pixels(like.layer)
        return Item("unit", like.layer, row * side + column if side else row, 0, column if self.samples else -1)

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

    @cached_property
    def bias_text(self) -> bool:
        """Tell whether there is room for the numbers of the biases."""
        small = [p for c, p in enumerate(self.pitches) if c and not self.big(c)]
        return self.gap > 118 * self.text and min(small, default=99.0) >= 34

    def weights_block(self, layer: int) -> QRectF:
        """Return the heat map of the weights into a layer, turned as the array is written."""
        shape = self.network.layers[layer - 1].weight_shape
        rows, columns = shape if len(shape) == 2 else (shape[0], 1)
        left = self.xs[layer - 1] + self._half(layer - 1) + 22
        right = self.xs[layer] - self._half(layer) - 22
        if self.network.layers[layer - 1].bias is not None and not self.big(layer):
            right = min(right, self.bias_box(layer, 0).left() - 14)
        room = QRectF(left, self.header + 26, max(16.0, right - left), max(20.0, self.height - self.header - 64))
        ratio = min(2.2, max(0.45, math.sqrt(columns / rows)))
        width = min(room.width(), room.height() * 0.8 * ratio, 260.0 * max(1.0, self.height / 430))
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
        if item.kind == "closed":
            return self.closed_boxes[min(item.unit, len(self.closed_boxes) - 1)]
        if self.in_heat(item):
            return self._place_in_heat(item)
        if item.kind == "unit":
            c, half = self.centre(item.layer, item.unit), QPointF(self.radius, self.radius)
            return QRectF(c - half, c + half)
        if item.kind == "bias":
            return self.bias_box(item.layer, item.unit)
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
        """Return how far along the lines the numbers of the weights stand best."""
        return self._shares[layer][0]

    @cached_property
    def _shares(self) -> dict[int, tuple[float, float]]:
        return shares_of(self)

    def labelled(self, layer: int) -> bool:
        """Tell whether the numbers of the weights have room at their lines."""
        return not self.block(layer) and self.gap >= 105 and self.roomy and self._shares[layer][1] >= LEAST * self.text

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
        if self.closed:
            out.append([Item("closed", 0, n) for n in range(len(self.closed_boxes))])
        return out

    @cached_property
    def closed_boxes(self) -> tuple[QRectF, ...]:
        """The boxes of the closed layers, one below the other; the last stands for the rest where there is no room for all."""
        half = self.loss_box().width() / 2 if self.network.loss is not None else self._half(len(self.pitches) - 1)
        left = self.xs[-1] + half + LEAD
        wide = min(self.width - left - 10, closed_width(self.width, self.zoom))
        return stacked(self.closed, QRectF(left, self.header, wide, self.height - self.header - CORNER), self.zoom)

    def _half(self, column: int) -> float:
        return self.strip(column).width() / 2 if self.big(column) else self.radius

    def _place_in_heat(self, item: Item) -> QRectF:
        heat = self.heat(item)
        if item.source < 0:
            return heat.rect
        cell = heat.cell(*self.cell_of(item))
        if item.kind == "unit" and item.sample < 0 and not self.pixels(item.layer):
            cell = QRectF(heat.rect.left(), cell.top(), heat.rect.width(), cell.height())
        across, down = max(0.0, 3 - cell.width() / 2), max(0.0, 3 - cell.height() / 2)
        return cell.adjusted(-across, -down, across, down)


def header_of(height: float, zoom: float = 1.0) -> float:
    """Return the height that the names of the columns take in a picture of this height."""
    return zoom * (HEADER if height >= 230 else LOW_HEADER)
