"""Finds the chain of dense layers in a program by dataflow alone, whatever its names and its convention."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.program.ir import Instruction, Program
from core.program.network_adjoints import adjoints_of
from core.program.network_parts import INPUT, LOSS, Layer, Network, Part, ShapeOf, Units
from core.program.structure import ancestors, descendants

PRODUCTS = ("matmul", "dot")
SAME_NUMBERS = ("identity", "copy", "transpose", "astype")
NO_ACTIVATION = ("log", "abs", "square", "sign", "greater", "greater_equal", "less", "less_equal", "equal", "not_equal")
ARITHMETIC = ("add", "subtract", "multiply", "divide", "power", "power_function", "negative", "where", "mask_assign")
FUSED_WITH = ("sigmoid", "sigmoid_written_out", "softmax")
CELL_BY_CELL = (*ARITHMETIC, *SAME_NUMBERS, "sqrt", "square", "sign", "abs", "maximum", "minimum")


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


class Finder:
    """Finds the network of one program; `shape_of` gives the shape of a value, None where it is not known."""

    def __init__(self, program: Program, shape_of: ShapeOf) -> None:
        self.program, self.shape_of = program, shape_of
        self.forward = [i for i in program.instructions if program.phase_of(i.index) in ("forward", "loss")]
        self.maker = {i.result: i for i in program.instructions}
        self.versions: dict[str, list[int]] = {}
        for v in program.values:
            if v.kind != "part":
                self.versions.setdefault(v.name, []).append(v.index)
        names = [g.name for g in program.given if g.section == "parameters" and g.name in program.inputs]
        names = [n for n in names if n in program.trainable or isinstance(program.given_named(n).value, np.ndarray)]
        self.parameters = {program.inputs[n]: n for n in names}
        self.products = {p.result: p for i in self.forward if (p := self._product(i)) is not None}

    def run(self) -> Network | None:
        """Return the chain of dense layers, None if there is none."""
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
        adjoints = adjoints_of(self.program, self.shape_of)
        found = Network(source, layers[0].inputs, tuple(layers), self.program.loss, adjoints)
        return replace(found, parts=self._parts(found, chain, adjoints))

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

    def _after(self, index: int, last: int | None = None) -> list[Instruction]:
        """The forward operations after one, up to `last` of them all."""
        end = None if last is None else bisect_right(self.forward, last, key=_index)
        return self.forward[bisect_right(self.forward, index, key=_index) : end]

    def _between(self, p: _Product, value: int) -> set[int]:
        """The values on all ways from a product to a value, both included; none if no way leads there.

        Only what is computed between the two is looked at: all of a deep network for each of its layers would take minutes.
        """
        maker = self.maker.get(value)
        some = self._after(p.instruction, -1 if maker is None else maker.index)
        return descendants(some, [p.result]) & ancestors(some, [value])

    def _layer(self, p: _Product, following: _Product | None) -> Layer | None:
        shape = self._shape(p.result)
        if following is not None:
            path = self._between(p, following.data)
            if following.data not in path:
                return None
            act = self._data_units(following)
        else:
            act_value, path = self._last_activation(p, descendants(self.forward, [p.result]))
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
        path = path & ancestors(self.forward, [best])
        # A fused loss reads the sums, but the network's answer is what the activation beside it makes of them.
        beside = [i.result for i in self.forward if i.op in FUSED_WITH and i.reads == (best,) and i.result not in path]
        return (beside[0], path | {beside[0]}) if beside and loss is not None else (best, path)

    def _bias(self, p: _Product, path: set[int], act: int) -> tuple[str | None, tuple[int, ...], int]:
        """The parameter that is added to the product before anything else is done to it, if there is one."""
        units, value = self._units_of(p), p.result
        for i in self._after(p.instruction):
            if i.result not in path or value not in i.reads:
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
            before = self._between(p, layer.pre.value)
            for v in before:
                add(v, ("units", number, "pre"))
            for v in self._between(p, layer.act.value) - before:
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
        found: set[int] = set()
        for i in (self.maker[v] for v in self._makes(p.name) if v in self.maker):
            if i.op in (*PRODUCTS, "outer") and self.program.phase_of(i.index) in ("backward", "update"):
                sources = {v: self._chase(v, False)[0] for v in i.reads}
                if p.data in sources.values():
                    found.update(x for v, source in sources.items() if source != p.data for x in (v, source))
        return found

    def _values_of(self, name: str) -> list[int]:
        """A parameter at the start and the end of an iteration, the versions between, and its gradient."""
        start, end = self.program.carried.get(name, (self.program.inputs[name],) * 2)
        versions = self.versions.get(name, [])
        gradient = self.program.gradients.get(name, -1)
        return [start, end, *versions] + ([gradient] if gradient in self._makes(name) else [])


def _index(i: Instruction) -> int:
    return i.index


def _line_parts(program: Program, first: int, last: int) -> list[tuple[int, int]]:
    """The parts of a compound backward or update line, each with the value of the whole line."""
    if last <= first or program.phase_of(first) not in ("backward", "update"):
        return []
    whole = program.instructions[last - 1].result
    return [(i.result, whole) for i in program.instructions[first : last - 1]]
