"""What a picture of a network shows at a moment: the numbers of every part, what is lit, what is selected."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from core.program.ir import Array
from core.program.network import INPUT, LOSS, Network, Part, Touch, Units, touches
from core.session import Moment
from stepper.widgets.names import shown
from stepper.widgets.net_health import NetMarks
from stepper.widgets.net_items import Item


@dataclass(frozen=True)
class Scene:
    """A moment seen as a network, for one sample of the batch, or for all of them (None).

    Scales are largest finite magnitudes that colours reach. The edges show the parameters, or with `gradients`
    the gradients of the parameters, on scales of their own.
    """

    moment: Moment
    network: Network
    sample: int | None
    weight_scale: float
    unit_scales: tuple[float, ...]
    bias_scale: float
    gradients: bool = False
    gradient_scale: float = 0.0
    bias_gradient_scale: float = 0.0

    @property
    def edge_scale(self) -> float:
        """The scale of what the edges show."""
        return self.gradient_scale if self.gradients else self.weight_scale

    @property
    def bias_edge_scale(self) -> float:
        """The scale of what stands at the biases."""
        return self.bias_gradient_scale if self.gradients else self.bias_scale

    @property
    def bias_sign(self) -> str:
        """What stands before the number of a bias, or of its gradient."""
        return "∂b" if self.gradients else "+b"

    @property
    def stripes(self) -> int:
        """How many samples are shown side by side, 0 where one is shown."""
        return self.samples if self.sample is None else 0

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
            sample = self.sample if item.sample < 0 else item.sample
            return units.value, None if sample is None else units.cell(item.unit, sample)
        layer, value = n.layers[item.layer - 1], self.edge_value(item.layer, item.kind)
        if value is None:
            return None, None
        if item.kind == "bias":
            return value, layer.bias_cell(item.unit)
        return value, None if item.source < 0 else layer.weight_cell(item.unit, item.source)

    def edge_value(self, layer: int, kind: str) -> int | None:
        """Return the value that the edges into a layer (`weight`) or its biases (`bias`) show, None if there is none."""
        found = self.network.layers[layer - 1]
        name = found.weight if kind == "weight" else found.bias
        if name is None:
            return None
        return self.gradient_of(layer, kind) if self.gradients else self.moment.current(name)

    def gradient_of(self, layer: int, kind: str) -> int | None:
        """Return the gradient of the weights or biases of a layer, None if there is none of the same shape."""
        found = self.network.layers[layer - 1]
        name, shape = (found.weight, found.weight_shape) if kind == "weight" else (found.bias, found.bias_shape)
        value = self.moment.program.gradients.get(name or "")
        if value is None or self.moment.shape(value) != shape:
            return None
        part: Part = ("weights" if kind == "weight" else "bias", layer)
        return value if part in self.network.parts.get(value, ()) else None

    @cached_property
    def waiting(self) -> bool:
        """Whether edges are to show gradients of which none is computed yet."""
        values = [self.edge_value(layer, "weight") for layer in range(1, len(self.network.layers) + 1)]
        return self.gradients and all(self.array(v) is None for v in values)

    def stale(self, item: Item) -> bool:
        """Tell whether an item shows a number from before a change by hand."""
        return self.target(item)[0] in self.moment.stale

    def edited(self, item: Item) -> bool:
        """Tell whether an item shows a number that was changed by hand."""
        value, cell = self.target(item)
        cells = None if value is None else self.moment.edited.get(value)
        return cells is not None and (cell is None or not cells or cell in cells)

    @cached_property
    def shown_values(self) -> frozenset[int]:
        """Every value that is to be seen in the picture."""
        n = self.network
        values: list[int | None] = [n.loss, n.input.value]
        for number, layer in enumerate(n.layers, 1):
            values += [self.edge_value(number, "weight"), self.edge_value(number, "bias"), layer.act.value, layer.pre.value]
            values += [n.adjoints.get(layer.pre.value), n.adjoints.get(layer.act.value)]
        return frozenset(v for v in values if v is not None and self.array(v) is not None)

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
        number = self.number_in(layer.pre.value, self._cell(layer.pre, item))
        return None if number is None else (self.label(layer.pre.value), number)

    def adjoint(self, item: Item) -> tuple[str, float] | None:
        """Return the adjoint known at a neuron with its name: of the weighted sum, else of the activation."""
        if item.kind != "unit" or item.layer == 0:
            return None
        layer = self.network.layers[item.layer - 1]
        for units in (layer.pre, layer.act):
            value = self.network.adjoints.get(units.value)
            number = self.number_in(value, self._cell(units, item))
            if value is not None and number is not None:
                return self.label(value), number
        return None

    def stale_adjoint(self, layer: int) -> bool:
        """Tell whether the adjoint at a layer is from before a change by hand."""
        found = self.network.layers[layer - 1]
        return any(self.network.adjoints.get(u.value) in self.moment.stale for u in (found.pre, found.act))

    def _cell(self, units: Units, item: Item) -> tuple[int, ...] | None:
        sample = self.sample if item.sample < 0 else item.sample
        return None if sample is None else units.cell(item.unit, sample)

    def gradient(self, item: Item) -> tuple[str, float] | None:
        """Return the gradient known at a weight or bias with its name."""
        if item.kind not in ("weight", "bias") or item.source < 0:
            return None
        value = self.gradient_of(item.layer, item.kind)
        layer = self.network.layers[item.layer - 1]
        cell = layer.bias_cell(item.unit) if item.kind == "bias" else layer.weight_cell(item.unit, item.source)
        number = self.number_in(value, cell)
        return None if value is None or number is None else (self.label(value), number)

    def parameter(self, item: Item) -> tuple[str, float] | None:
        """Return the parameter at a weight or bias with its name."""
        return replace(self, gradients=False).named(item) if item.kind in ("weight", "bias") else None

    def named(self, item: Item) -> tuple[str, float] | None:
        """Return the number that an item shows with the name of its value."""
        value, number = self.target(item)[0], self.number(item)
        return None if value is None or number is None else (self.label(value), number)

    def label(self, value: int) -> str:
        """Return what a person calls a value."""
        return shown(self.moment.program, value)

    def column(self, column: int) -> Array | None:
        """Return the numbers of all units of a column for the sample; for all samples, a column for each."""
        units = self.network.units(column)
        return self.laid_out(self.array(units.value), units)

    def laid_out(self, array: Array | None, units: Units) -> Array | None:
        """Return what an array of units holds for the sample, one a unit; for all samples, a column for each."""
        if self.sample is not None:
            return _along(array, units.sample_axis, self.sample)
        if array is None or units.sample_axis is None:
            return array if array is None else np.broadcast_to(array.reshape(-1, 1), (array.size, self.samples))
        whole: Array = np.moveaxis(array, units.sample_axis, -1).reshape(-1, array.shape[units.sample_axis])
        return whole

    @cached_property
    def marks(self) -> NetMarks:
        """What health rules say of the parts."""
        return NetMarks(self)

    def biases(self, layer: int) -> Array | None:
        """Return the biases of a layer, or their gradients, one a unit."""
        array = self.array(self.edge_value(layer, "bias"))
        return None if array is None else np.broadcast_to(array.reshape(-1), (self.network.layers[layer - 1].units,))

    def cells(self, item: Item, rows: int, columns: int) -> Array | None:
        """Return the numbers of the heat map that an item belongs to, as rows and columns."""
        if item.kind == "weight":
            found = self.array(self.edge_value(item.layer, "weight"))
        else:
            found = self.biases(item.layer) if item.kind == "bias" else self.column(item.layer)
        return None if found is None else found.reshape(rows, columns)

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
            at = Item("unit", 0 if part == INPUT else int(part[1]), unit, 0, sample if self.sample is None else -1)
            return [at] if self.sample in (None, sample) else []
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
