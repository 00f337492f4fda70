"""The dense layers in a program: which values are inputs, weights, biases and units, found by dataflow alone.

A dense layer is a product of a weight parameter with what the layer before gives (Goodfellow, Bengio,
Courville, *Deep Learning*, 2016, 6.1), in either convention: `W @ X` with samples as columns, `X @ W` as rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.program.ir import Instruction, Program
from core.program.structure import ancestors, descendants

ShapeOf = Callable[[int], tuple[int, ...] | None]
Part = tuple[str, ...] | tuple[str, int] | tuple[str, int, str]
"""`("input",)`, `("weights", l)`, `("bias", l)`, `("units", l, "pre")`, `("units", l, "act")` or `("loss",)`; layers from 1."""
INPUT: Part = ("input",)
LOSS: Part = ("loss",)

PRODUCTS = ("matmul", "dot")
SAME_NUMBERS = ("identity", "copy", "transpose", "astype")
NO_ACTIVATION = ("log", "abs", "square", "sign", "greater", "greater_equal", "less", "less_equal", "equal", "not_equal")
ARITHMETIC = ("add", "subtract", "multiply", "divide", "power", "power_function", "negative", "where", "mask_assign")
CELL_BY_CELL = (*ARITHMETIC, *SAME_NUMBERS, "sqrt", "square", "sign", "abs", "maximum", "minimum")


@dataclass(frozen=True, slots=True)
class Units:
    """A value that holds one number for each unit and sample; an axis is None where the array has none."""

    value: int
    unit_axis: int | None
    sample_axis: int | None

    def cell(self, unit: int, sample: int) -> tuple[int, ...]:
        """Return where the number of a unit for a sample stands."""
        axes = {self.unit_axis: unit, self.sample_axis: sample}
        return tuple(axes[a] for a in range(sum(a is not None for a in axes)))

    def unit_and_sample(self, cell: Sequence[int]) -> tuple[int, int]:
        """Return the unit and the sample of a cell; 0 for an axis that the array does not have."""
        return tuple(0 if a is None else cell[a] for a in (self.unit_axis, self.sample_axis))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Layer:
    """One dense layer. `weight_out_first` tells whether the weights are stored as out×in, as in `W @ X`.

    `pre` is the weighted sum with its bias, `act` the last value of the layer that the next layer or the
    loss reads (the same as `pre` where there is no activation). `product` is the instruction of the product.
    """

    weight: str
    weight_shape: tuple[int, ...]
    weight_out_first: bool
    inputs: int
    units: int
    product: int
    pre: Units
    act: Units
    activation: str | None
    bias: str | None = None
    bias_shape: tuple[int, ...] = ()

    def weight_cell(self, unit: int, source: int) -> tuple[int, ...]:
        """Return where the weight from input `source` to `unit` stands."""
        if len(self.weight_shape) == 1:
            return (source,) if self.units == 1 else (unit,)
        return (unit, source) if self.weight_out_first else (source, unit)

    def unit_and_source(self, cell: Sequence[int]) -> tuple[int, int]:
        """Return the unit and the input that the weight in a cell joins."""
        if len(cell) == 1:
            return (0, cell[0]) if self.units == 1 else (cell[0], 0)
        return (cell[0], cell[1]) if self.weight_out_first else (cell[1], cell[0])

    def bias_cell(self, unit: int) -> tuple[int, ...]:
        """Return where the bias of a unit stands; one bias may serve all units."""
        return tuple(unit if d > 1 else 0 for d in self.bias_shape)


@dataclass(frozen=True)
class Network:
    """A chain of dense layers from `input` to the loss.

    `adjoints` maps a forward value to the derived value that is its adjoint; `parts` maps a value to the
    part of the picture that it counts for.
    """

    input: Units
    inputs: int
    layers: tuple[Layer, ...]
    loss: int | None
    adjoints: Mapping[int, int] = field(default_factory=dict)
    parts: Mapping[int, frozenset[Part]] = field(default_factory=dict)

    def size(self, column: int) -> int:
        """The number of units in a column: 0 is the input, `l` is layer `l`."""
        return self.inputs if column == 0 else self.layers[column - 1].units

    def units(self, column: int) -> Units:
        """What a column shows: the input, or the activations of a layer."""
        return self.input if column == 0 else self.layers[column - 1].act


@dataclass(frozen=True, slots=True)
class Touch:
    """What an instruction reads and writes, in parts of the network."""

    reads: frozenset[Part] = frozenset()
    writes: frozenset[Part] = frozenset()


def network_of(program: Program, shape_of: ShapeOf) -> Network | None:
    """Return the chain of dense layers that leads to the loss (without one: the longest), None if there is none.

    `shape_of` gives the shape of a value, None where it is not known.
    """
    return _Finder(program, shape_of).run()


def touches(network: Network, program: Program, instruction: Instruction) -> Touch:
    """Return what an instruction reads and writes, in parts of the network.

    A value of the backward counts for the part that it is the gradient or the adjoint of; what is not known
    to be one counts for nothing. In lines written by hand that is what meets the input of a layer in the product
    that its weights are updated with (∂L/∂W = δ·Aᵀ, up to a factor). The parts of a compound line count for
    what the whole line writes, except in an update, where only the last operation changes the parameter.
    """
    phase = program.phase_of(instruction.index)
    nothing: frozenset[Part] = frozenset()
    reads = nothing.union(*(network.parts.get(v, nothing) for v in instruction.reads))
    if phase == "update" and program.values[instruction.result].kind == "part":
        return Touch(reads, nothing)
    return Touch(reads, network.parts.get(instruction.result, nothing))


@dataclass(frozen=True, slots=True)
class _Product:
    """A product with a weight: the parameter, where it stands, the other operand and how it is seen."""

    instruction: int
    result: int
    name: str
    weight: int
    weight_seen_transposed: bool
    first: bool
    data: int
    data_seen_transposed: bool
    data_as_read: int


class _Finder:
    def __init__(self, program: Program, shape_of: ShapeOf) -> None:
        self.program, self.shape_of = program, shape_of
        self.forward = [i for i in program.instructions if program.phase_of(i.index) in ("forward", "loss")]
        self.maker = {i.result: i for i in program.instructions}
        names = [g.name for g in program.given if g.section == "parameters" and g.name in program.inputs]
        names = [n for n in names if n in program.trainable or isinstance(program.given_named(n).value, np.ndarray)]
        self.parameters = {program.inputs[n]: n for n in names}
        self.products = {p.result: p for i in self.forward if (p := self._product(i)) is not None}

    def run(self) -> Network | None:
        chain = self._chain()
        if not chain:
            return None
        layers: list[Layer] = []
        for number, product in enumerate(chain):
            layer = self._layer(product, chain[number + 1] if number + 1 < len(chain) else None)
            if layer is None:
                return None
            layers.append(layer)
        root = chain[0]
        source = self._data_units(root)
        adjoints = _adjoints(self.program, self.shape_of)
        found = Network(source, layers[0].inputs, tuple(layers), self.program.loss)
        parts = self._parts(found, chain, adjoints)
        return Network(source, layers[0].inputs, tuple(layers), self.program.loss, adjoints, parts)

    def _chase(self, value: int, transposed: bool) -> tuple[int, bool]:
        """Follow a value back to the array whose numbers it shows, and whether it shows them transposed."""
        while (maker := self.maker.get(value)) is not None and maker.op in SAME_NUMBERS:
            first = maker.operands[0]
            if first.value is None or maker.attributes.get("axes") is not None:
                break
            transposed ^= first.transposed ^ (maker.op == "transpose")
            value = first.value
        return value, transposed

    def _product(self, i: Instruction) -> _Product | None:
        if i.op not in PRODUCTS or len(i.operands) != 2 or any(o.value is None for o in i.operands):
            return None
        seen = [self._chase(o.value, o.transposed) for o in i.operands if o.value is not None]
        weights = [n for n, (v, _) in enumerate(seen) if v in self.parameters]
        shapes = [self.shape_of(v) for v, _ in seen] + [self.shape_of(i.result)]
        if len(weights) != 1 or any(s is None or not len(s) <= 2 for s in shapes) or not shapes[0] or not shapes[1]:
            return None
        at = weights[0]
        (weight, weight_t), (data, data_t) = seen[at], seen[1 - at]
        as_read = i.operands[1 - at].value
        assert as_read is not None
        return _Product(i.index, i.result, self.parameters[weight], weight, weight_t, at == 0, data, data_t, as_read)

    def _chain(self) -> list[_Product]:
        """The products in order: each reads what the one before it gives; the chain that leads to the loss."""
        owner: dict[int, _Product] = {}
        before: dict[int, _Product | None] = {}
        depth: dict[int, int] = {}
        to_loss = None if self.program.loss is None else ancestors(self.program.instructions, [self.program.loss])
        last: _Product | None = None
        for i in self.forward:
            product = self.products.get(i.result)
            above = [owner[v] for v in i.reads if v in owner]
            if product is None:
                if above:
                    owner[i.result] = max(above, key=lambda p: depth[p.result])
                continue
            parent = owner.get(product.data_as_read)
            if parent is not None and self._units_of(parent) != self._data_size(product):
                continue
            owner[i.result] = product
            before[i.result] = parent
            depth[i.result] = 1 + (depth[parent.result] if parent is not None else 0)
            if (to_loss is None or i.result in to_loss) and (last is None or depth[i.result] >= depth[last.result]):
                last = product
        chain: list[_Product] = []
        while last is not None:
            chain.insert(0, last)
            last = before[last.result]
        return chain

    def _shape(self, value: int) -> tuple[int, ...]:
        shape = self.shape_of(value)
        assert shape is not None
        return shape

    def _weight_out_first(self, p: _Product) -> bool:
        return p.first != p.weight_seen_transposed

    def _units_of(self, p: _Product) -> int:
        shape = self._shape(p.weight)
        return 1 if len(shape) == 1 else shape[0 if self._weight_out_first(p) else 1]

    def _data_size(self, p: _Product) -> int:
        shape = self._shape(p.weight)
        return shape[0] if len(shape) == 1 else shape[1 if self._weight_out_first(p) else 0]

    def _data_units(self, p: _Product) -> Units:
        if len(self._shape(p.data)) == 1:
            return Units(p.data, 0, None)
        unit_axis = (0 if p.first else 1) ^ p.data_seen_transposed
        return Units(p.data, unit_axis, 1 - unit_axis)

    def _axes_of_result(self, p: _Product, value: int, transposed: bool) -> Units:
        """The axes of a value that has the shape of the product, or of its transpose."""
        ndim = len(self._shape(value))
        if ndim == 2:
            unit_axis = (0 if p.first else 1) ^ transposed
            return Units(value, unit_axis, 1 - unit_axis)
        if ndim == 1:
            return Units(value, None, 0) if len(self._shape(p.weight)) == 1 else Units(value, 0, None)
        return Units(value, None, None)

    def _layer(self, p: _Product, following: _Product | None) -> Layer | None:
        shape = self._shape(p.result)
        path = descendants(self.forward, [p.result])
        if following is not None:
            path &= ancestors(self.forward, [following.data])
            if following.data not in path:
                return None
            act = self._data_units(following)
        else:
            act_value, path = self._last_activation(p, path)
            act = self._axes_of_result(p, act_value, self._shape(act_value) != shape)
        bias, bias_shape, pre_value = self._bias(p, path, act.value)
        pre = self._axes_of_result(p, pre_value, self._shape(pre_value) != shape)
        return Layer(
            weight=p.name, weight_shape=self._shape(p.weight), weight_out_first=self._weight_out_first(p),
            inputs=self._data_size(p), units=self._units_of(p), product=p.instruction, pre=pre, act=act,
            activation=self._activation(pre_value, act.value), bias=bias, bias_shape=bias_shape,
        )  # fmt: skip

    def _last_activation(self, p: _Product, path: set[int]) -> tuple[int, set[int]]:
        """The last value on every way from the product to the loss that does not know the targets yet."""
        data = {v.index for v in self.program.values if v.kind == "data"}
        used = ancestors(self.forward, [p.result])
        late = descendants(self.forward, data - used)
        loss = self.program.loss
        if loss is not None:
            path = path & ancestors(self.forward, [loss])
        size = sorted(self._shape(p.result))
        steps = [i for i in self.forward if i.result in path and i.result != p.result]
        best = p.result
        for number, i in enumerate(steps):
            fits = i.result not in late and i.result != loss and sorted(self.shape_of(i.result) or ()) == size
            if not fits or i.op in NO_ACTIVATION or i.op in PRODUCTS:
                continue
            open_ends = {v for j in steps[number + 1 :] for v in j.reads if v in path and v < i.result}
            if not open_ends and (loss is None or any(i.result in j.reads for j in steps[number + 1 :])):
                best = i.result
        return best, path & ancestors(self.forward, [best])

    def _bias(self, p: _Product, path: set[int], act: int) -> tuple[str | None, tuple[int, ...], int]:
        """The parameter that is added to the product before anything else is done to it, if there is one."""
        units, value = self._units_of(p), p.result
        for i in self.forward:
            if i.result not in path or value not in i.reads or i.index <= p.instruction:
                continue
            if i.op in SAME_NUMBERS and value != act:
                value = i.result
                continue
            others = [self._chase(v, False)[0] for v in i.reads if v != value]
            names = [(v, self.parameters[v]) for v in others if v in self.parameters]
            if i.op in ("add", "subtract") and len(names) == 1 and np.prod(self._shape(names[0][0]), dtype=int) in (1, units):
                return names[0][1], self._shape(names[0][0]), i.result
            break
        return None, (), value

    def _activation(self, pre: int, act: int) -> str | None:
        maker = self.maker.get(act)
        if pre == act or maker is None or maker.reads != (pre,) or maker.op in ARITHMETIC:
            return None
        if maker.op == "maximum" and any(o.number == 0 for o in maker.operands):
            return "relu"
        return "sigmoid" if maker.op == "sigmoid_written_out" else maker.op

    def _parts(self, n: Network, chain: list[_Product], adjoints: Mapping[int, int]) -> dict[int, frozenset[Part]]:
        found: dict[int, set[Part]] = {}

        def add(value: int, *parts: Part) -> None:
            found.setdefault(value, set()).update(parts)

        add(n.input.value, INPUT)
        if n.loss is not None:
            after = descendants(self.forward, [n.layers[-1].act.value]) & ancestors(self.forward, [n.loss])
            for v in after - {n.layers[-1].act.value}:
                add(v, LOSS)
        for number, (layer, p) in enumerate(zip(n.layers, chain, strict=True), 1):
            below = ancestors(self.forward, [layer.pre.value])
            path = descendants(self.forward, [p.result])
            for v in path & below:
                add(v, ("units", number, "pre"))
            for v in (path & ancestors(self.forward, [layer.act.value])) - below:
                add(v, ("units", number, "act"))
            if layer.act.value == layer.pre.value:
                add(layer.act.value, ("units", number, "act"))
            for name, kind in ((layer.weight, "weights"), (layer.bias, "bias")):
                if name is not None:
                    for v in self._values_of(name):
                        add(v, (kind, number))
        for value, adjoint in adjoints.items():
            if value in found and adjoint not in found:
                add(adjoint, *found[value])
        for number, p in enumerate(chain, 1):
            for v in self._deltas(p):
                if v not in found:
                    add(v, ("units", number, "pre"))
        for s in self.program.statements:
            for part, whole in _line_parts(self.program, s.first, s.last):
                if part not in found and whole in found:
                    add(part, *found[whole])
        return {v: frozenset(p) for v, p in found.items()}

    def _makes(self, name: str) -> set[int]:
        """The values that become the next value of a parameter cell by cell, its gradient among them."""
        end = self.program.carried.get(name, (-1, -1))[1]
        shape, found, queue = self.shape_of(self.program.inputs[name]), {end}, [end]
        while queue:
            maker = self.maker.get(queue.pop())
            if maker is not None and maker.op in CELL_BY_CELL:
                new = [v for v in maker.reads if v not in found and self.shape_of(v) in (shape, (shape or ())[::-1])]
                found.update(new)
                queue.extend(new)
        return found

    def _deltas(self, p: _Product) -> set[int]:
        """What meets the input of a layer in the product that makes its next weights."""
        made = self._makes(p.name)
        found: set[int] = set()
        for i in self.program.instructions:
            if i.op in (*PRODUCTS, "outer") and i.result in made and self.program.phase_of(i.index) in ("backward", "update"):
                sources = {v: self._chase(v, False)[0] for v in i.reads}
                if p.data in sources.values():
                    found.update(x for v, source in sources.items() if source != p.data for x in (v, source))
        return found

    def _values_of(self, name: str) -> list[int]:
        """A parameter at the start and the end of an iteration, the versions between, and its gradient."""
        start, end = self.program.carried.get(name, (self.program.inputs[name],) * 2)
        versions = [v.index for v in self.program.values if v.name == name and v.kind != "part"]
        gradient = self.program.gradients.get(name, -1)
        return [start, end, *versions] + ([gradient] if gradient in self._makes(name) else [])


def _line_parts(program: Program, first: int, last: int) -> list[tuple[int, int]]:
    """The parts of a compound backward or update line, each with the value of the whole line."""
    if last <= first or program.phase_of(first) not in ("backward", "update"):
        return []
    whole = program.instructions[last - 1].result
    return [(i.result, whole) for i in program.instructions[first : last - 1]]


def _adjoints(program: Program, shape_of: ShapeOf) -> dict[int, int]:
    """Return forward value → its adjoint, for the lines that were derived.

    A derived line is named for the value whose adjoint it is (`core.autodiff`), with `_` appended where the name was
    taken; of several versions it belongs to the last one made before the operation that it is derived from.
    Values whose only use hands their adjoint on unchanged (`D = A - Y`) share that of the result.
    """
    found: dict[int, int] = {}
    forward = [i for i in program.instructions if program.phase_of(i.index) in ("forward", "loss")]
    for s in program.statements:
        if not s.derived or s.phase != "backward" or s.last <= s.first:
            continue
        line = program.instructions[s.last - 1]
        tags = [i.adjoint_of for i in program.instructions[s.first : s.last] if i.adjoint_of is not None]
        if not tags:
            continue
        latest = max(tags) if line.adjoint_of is None else line.adjoint_of
        candidates = [
            i.result for i in forward
            if i.index < latest and i.result not in found and shape_of(i.result) == shape_of(line.result)
            and _named_for(s.target, program.values[i.result].name, program.values[i.result].label)
        ]  # fmt: skip
        if candidates:
            found[max(candidates)] = line.result
    uses: dict[int, list[Instruction]] = {}
    for i in forward:
        for v in i.reads:
            uses.setdefault(v, []).append(i)
    derived = {i.adjoint_of for i in program.instructions} - {None}
    for i in reversed(forward):
        value = i.result
        use = uses.get(value, [])
        if value in found or len(use) != 1 or not derived or use[0].result not in found:
            continue
        passes = use[0].op in ("add", "identity") or (use[0].op == "subtract" and use[0].operands[0].value == value)
        if passes and use[0].reads.count(value) == 1 and shape_of(value) == shape_of(use[0].result):
            found[value] = found[use[0].result]
    return found


def _named_for(target: str, name: str, label: str) -> bool:
    wanted = "d" + (label.replace(".", "_") if "." in label else name)
    return target.startswith(wanted) and not target[len(wanted) :].strip("_")
