"""What stands at a point of the picture of a network."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF

from stepper.widgets.net_layout import Geometry, Item

NEAR = 6.0  # how far from the line of a weight a person may point


def item_at(g: Geometry, p: QPointF) -> Item | None:
    """Return what stands at a point of the picture, None for nothing."""
    n = g.network
    for number, box in enumerate(g.closed_boxes if g.closed else ()):
        if box.contains(p):
            return Item("closed", 0, number)
    if n.loss is not None and g.loss_box().contains(p):
        d = p - g.loss_box().center()
        if abs(d.x()) + abs(d.y()) <= g.loss_box().width() / 2 + 2:
            return Item("loss", 0)
    for column in range(len(n.layers) + 1):
        found = _in_strips(g, column, p) if g.big(column) else _in_neurons(g, column, p)
        if found is not None:
            return found
    for layer in range(1, len(n.layers) + 1):
        if g.block(layer) and g.weights_block(layer).contains(p):
            return _in_heat(g, Item("weight", layer), p)
    lines = [i for column in g.columns() if column[0].kind == "weight" for i in column if not g.block(i.layer)]
    near = [(d, item) for item in lines if (d := _distance(g, item, p)) < NEAR]
    return min(near)[1] if near else None


def _in_strips(g: Geometry, column: int, p: QPointF) -> Item | None:
    has_bias = column > 0 and g.network.layers[column - 1].bias is not None
    if has_bias and g.bias_strip(column).adjusted(-2, 0, 2, 0).contains(p):
        return _in_heat(g, Item("bias", column), p)
    return _in_heat(g, Item("unit", column), p) if g.strip(column).contains(p) else None


def _in_heat(g: Geometry, like: Item, p: QPointF) -> Item:
    return g.item_in(like, *g.heat(like).at(p))


def _in_neurons(g: Geometry, column: int, p: QPointF) -> Item | None:
    has_bias = column > 0 and g.network.layers[column - 1].bias is not None
    for unit in range(g.network.size(column)):
        if has_bias and g.bias_box(column, unit).adjusted(-1, -1, 1, 1).contains(p):
            return Item("bias", column, unit)
        d = p - g.centre(column, unit)
        if math.hypot(d.x(), d.y()) <= g.radius + 1:
            share = (d.x() / g.radius + 1) / 2
            return Item("unit", column, unit, 0, min(g.samples - 1, max(0, int(share * g.samples))) if g.samples else -1)
    return None


def _distance(g: Geometry, item: Item, p: QPointF) -> float:
    a, b = g.line(item.layer, item.unit, item.source)
    d, q = b - a, p - a
    length = d.x() ** 2 + d.y() ** 2
    t = min(1.0, max(0.0, (q.x() * d.x() + q.y() * d.y()) / length)) if length else 0.0
    return math.hypot(q.x() - t * d.x(), q.y() - t * d.y())
