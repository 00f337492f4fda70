"""What a picture of a network shows at a moment: the numbers of every part, what is lit, what is selected."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.program.ir import Array
from core.program.network import INPUT, LOSS, Network, Part, Touch, Units, touches
from core.session import Moment
from stepper.widgets.net_layout import Item


@dataclass(frozen=True)
class Scene:
    """A moment seen as a network, for one sample. Scales are largest finite magnitudes that colours reach."""

    moment: Moment
    network: Network
    sample: int
    weight_scale: float
    unit_scales: tuple[float, ...]
    bias_scale: float

    @property
    def samples(self) -> int:
        """How many samples there are to choose from."""
        return samples_of(self.network, self.moment)

    @cached_property
    def touch(self) -> Touch:
        """What the step just taken reads and writes."""
        lit = self.moment.lit
        return Touch() if lit is None else touches(self.network, self.moment.program, lit)

    def part_of(self, item: Item) -> tuple[Part, ...]:
        """Return the parts that an item belongs to."""
        if item.kind == "loss":
            return (LOSS,)
        if item.kind == "unit":
            return (INPUT,) if item.layer == 0 else (("units", item.layer, "pre"), ("units", item.layer, "act"))
        return (("weights" if item.kind == "weight" else "bias", item.layer),)

    def lit_as(self, item: Item) -> tuple[bool, bool]:
        """Tell whether the step just taken reads and writes the part of an item."""
        touch, parts = self.touch, self.part_of(item)
        return any(p in touch.reads for p in parts), any(p in touch.writes for p in parts)

    def target(self, item: Item) -> tuple[int | None, tuple[int, ...] | None]:
        """Return the value and the cell that an item shows; a parameter after its update is the new one."""
        n = self.network
        if item.kind == "loss":
            return n.loss, None
        if item.kind == "unit":
            units = n.units(item.layer)
            return units.value, units.cell(item.unit, self.sample)
        layer = n.layers[item.layer - 1]
        if item.kind == "bias":
            return (None, None) if layer.bias is None else (self.moment.current(layer.bias), layer.bias_cell(item.unit))
        cell = None if item.source < 0 else layer.weight_cell(item.unit, item.source)
        return self.moment.current(layer.weight), cell

    def array(self, value: int | None) -> Array | None:
        """Return a value as an array, None if it is not computed yet."""
        return None if value is None else self.moment.value(value)

    def number(self, item: Item) -> float | None:
        """Return the number that an item shows, None if it is not computed yet."""
        return self.number_in(*self.target(item))

    def number_in(self, value: int | None, cell: tuple[int, ...] | None) -> float | None:
        """Return one cell of a value, or its only number; None where there is none."""
        array = self.array(value)
        if array is None or (cell is None and array.size != 1):
            return None
        try:
            return float(array[cell] if cell is not None else array.reshape(-1)[0])
        except (IndexError, TypeError, ValueError):
            return None

    def before_activation(self, item: Item) -> tuple[str, float] | None:
        """Return the weighted sum at a neuron with its name, where the activation is another value."""
        if item.kind != "unit" or item.layer == 0:
            return None
        layer = self.network.layers[item.layer - 1]
        if layer.pre.value == layer.act.value:
            return None
        number = self.number_in(layer.pre.value, layer.pre.cell(item.unit, self.sample))
        return None if number is None else (self.label(layer.pre.value), number)

    def adjoint(self, item: Item) -> tuple[str, float] | None:
        """Return the adjoint known at a neuron with its name: of the weighted sum, else of the activation."""
        if item.kind != "unit" or item.layer == 0:
            return None
        layer = self.network.layers[item.layer - 1]
        for units in (layer.pre, layer.act):
            value = self.network.adjoints.get(units.value)
            number = self.number_in(value, units.cell(item.unit, self.sample))
            if value is not None and number is not None:
                return self.label(value), number
        return None

    def gradient(self, item: Item) -> tuple[str, float] | None:
        """Return the gradient known at a weight or bias with its name."""
        if item.kind not in ("weight", "bias") or item.source < 0:
            return None
        layer = self.network.layers[item.layer - 1]
        name = layer.weight if item.kind == "weight" else layer.bias
        value = self.moment.program.gradients.get(name or "")
        if value is None or self.part_of(item)[0] not in self.network.parts.get(value, ()):
            return None
        number = self.number_in(value, self.target(item)[1])
        return None if number is None else (self.label(value), number)

    def label(self, value: int) -> str:
        """Return what a person calls a value."""
        return self.moment.program.values[value].label

    def column(self, column: int) -> Array | None:
        """Return the numbers of all units of a column for the sample."""
        units = self.network.units(column)
        return _along(self.array(units.value), units.sample_axis, self.sample)

    def biases(self, layer: int) -> Array | None:
        """Return the biases of a layer, one a unit."""
        found = self.network.layers[layer - 1]
        if found.bias is None:
            return None
        array = self.array(self.moment.current(found.bias))
        return None if array is None else np.broadcast_to(array.reshape(-1), (found.units,))

    def selected(self) -> tuple[set[Item], set[Part]]:
        """Return the items whose cell is selected, or else the parts that are selected as a whole."""
        value, cell = self.moment.selection.value, self.moment.selection.cell
        if value is None:
            return set(), set()
        parts = set(self.network.parts.get(value, ()))
        if not parts:
            return set(), set()
        items = set() if cell is None else {i for p in parts for i in self._item_of(p, value, tuple(cell))}
        return (items, set()) if cell is not None else (set(), parts)

    def sample_of_selection(self) -> int | None:
        """Return the sample that the selected cell belongs to, where it belongs to one."""
        value, cell = self.moment.selection.value, self.moment.selection.cell
        if value is None or cell is None:
            return None
        for part in self.network.parts.get(value, ()):
            units = self._units_of(part, value)
            if units is not None and units.sample_axis is not None and len(cell) > units.sample_axis:
                return cell[units.sample_axis]
        return None

    def _units_of(self, part: Part, value: int) -> Units | None:
        if part == INPUT:
            units = self.network.input
        elif part[0] == "units":
            layer = self.network.layers[int(part[1]) - 1]
            units = layer.pre if part[-1] == "pre" else layer.act
        else:
            return None
        return units if self.moment.shape(value) == self.moment.shape(units.value) else None

    def _item_of(self, part: Part, value: int, cell: tuple[int, ...]) -> list[Item]:
        units = self._units_of(part, value)
        if units is not None:
            unit, sample = units.unit_and_sample(cell)
            return [Item("unit", 0 if part == INPUT else int(part[1]), unit)] if sample == self.sample else []
        if part[0] == "weights":
            layer = self.network.layers[int(part[1]) - 1]
            if self.moment.shape(value) == layer.weight_shape:
                return [Item("weight", int(part[1]), *layer.unit_and_source(cell))]
        if part[0] == "bias":
            layer = self.network.layers[int(part[1]) - 1]
            if self.moment.shape(value) == layer.bias_shape:
                return [Item("bias", int(part[1]), u) for u in range(layer.units) if layer.bias_cell(u) == cell]
        return [Item("loss", 0)] if part == LOSS and value == self.network.loss else []


def samples_of(network: Network, moment: Moment) -> int:
    """Return how many samples the batch of a moment has, as the input of the network shows them."""
    shape = moment.shape(network.input.value)
    axis = network.input.sample_axis
    return 1 if shape is None or axis is None or len(shape) <= axis else shape[axis]


def _along(array: Array | None, sample_axis: int | None, sample: int) -> Array | None:
    if array is None:
        return None
    if sample_axis is None:
        return array.reshape(-1)
    taken: Array = np.take(array, min(sample, array.shape[sample_axis] - 1), axis=sample_axis)
    return taken.reshape(-1)
