"""What the values of a program are to the rules, found by dataflow and never by a name; worked out once for each program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from core.execute.meters import weights_of
from core.explain.samples import sample_axes
from core.notation.check import Layout, facts_of, infer
from core.program.ir import Instruction, Program
from core.program.network import Layer, Network, network_of
from core.program.network_find import SAME_NUMBERS
from core.program.structure import ancestors, descendants

SQUASHING = ("sigmoid", "sigmoid_written_out", "tanh")
PRODUCTS = ("matmul", "dot")
COMPARING = ("greater", "greater_equal", "less", "less_equal")
MOST_KEPT = 16
Plan = TypeVar("Plan")


@dataclass(frozen=True, slots=True)
class Site:
    """An activation in the forward lines: `kind` (`sigmoid`, `tanh`, `relu`), what it reads, what it makes, by value index.

    `layer` counts from 1, None where it belongs to none. `hidden` tells whether weights come after it. The axes are those of
    `result`, None where not known.
    """

    kind: str
    pre: int
    result: int
    instruction: int
    layer: int | None
    hidden: bool
    unit_axis: int | None
    sample_axis: int | None


class Roles:
    """The roles of the values of one program, for inputs of one set of shapes; each worked out when it is asked for."""

    def __init__(self, program: Program, layout: Layout) -> None:
        self.program, self.layout = program, layout
        self._once: dict[str, Any] = {}

    def once(self, name: str, work_out: Callable[[Roles], Plan]) -> Plan:
        """Return what a rule needs to know of the program, worked out when it is asked for first."""
        if name not in self._once:
            self._once[name] = work_out(self)
        return self._once[name]

    def shape(self, value: int) -> tuple[int, ...] | None:
        """Return the shape of a value, None where it is not known."""
        found = self.layout.facts[value]
        return None if found is None else tuple(d for d in found.shape if isinstance(d, int))

    @cached_property
    def readers(self) -> Mapping[int, Sequence[Instruction]]:
        """The instructions that read each value."""
        found: dict[int, list[Instruction]] = {}
        for i in self.program.instructions:
            for v in dict.fromkeys(i.reads):
                found.setdefault(v, []).append(i)
        return found

    @cached_property
    def forward(self) -> tuple[Instruction, ...]:
        """The instructions of the forward lines and of the loss."""
        return tuple(i for i in self.program.instructions if self.program.phase_of(i.index) in ("forward", "loss"))

    @cached_property
    def network(self) -> Network | None:
        """The chain of dense layers."""
        return network_of(self.program, self.shape)

    @cached_property
    def axes(self) -> Mapping[int, int]:
        """The sample axis of each value that has one."""
        return sample_axes(self.program, self.shape)

    @cached_property
    def weights(self) -> Mapping[int, tuple[str, ...]]:
        """The weight parameters of each layer, from 1."""
        found = weights_of(self.program)
        return found if found or self.network is None else {n: (x.weight,) for n, x in enumerate(self.network.layers, 1)}

    @cached_property
    def layer_of(self) -> Mapping[str, int]:
        """The layer of each weight parameter and bias."""
        found = {name: layer for layer, names in self.weights.items() for name in names}
        for number, layer in enumerate(() if self.network is None else self.network.layers, 1):
            if layer.bias is not None:
                found.setdefault(layer.bias, number)
        return found

    @cached_property
    def parameters(self) -> Mapping[str, tuple[int, int]]:
        """The trainable parameters with their values at the start and the end; equal ones where no line changes them."""
        given = self.program.inputs
        return {n: self.program.carried.get(n, (given[n], given[n])) for n in self.program.trainable if n in given}

    @cached_property
    def of_gradient(self) -> Mapping[int, str]:
        """The parameter that a value is the gradient of."""
        return {value: name for name, value in self.program.gradients.items()}

    @cached_property
    def of_end(self) -> Mapping[int, str]:
        """The trainable parameter that a value is the next one of."""
        return {end: name for name, (start, end) in self.parameters.items() if start != end}

    @cached_property
    def biases(self) -> frozenset[str]:
        """The parameters that are added to a product with weights: all trainable arrays that meet no data in a product."""
        weights = {name for names in self.weights.values() for name in names}
        return frozenset(self.parameters) - weights if weights else frozenset()

    @cached_property
    def data(self) -> frozenset[int]:
        """The data, and whatever shows the very same numbers."""
        found = {v.index for v in self.program.values if v.kind == "data"}
        for i in self.program.instructions:
            if i.op in SAME_NUMBERS and i.reads and i.reads[0] in found:
                found.add(i.result)
        return frozenset(found)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The sigmoids, tangents and rectified units of the forward lines, in order."""
        starts = {start for start, _ in self.parameters.values()}
        trained = descendants(self.forward, starts)
        products = [i for i in self.forward if i.op in PRODUCTS and trained.intersection(i.reads)]
        leading = ancestors(self.forward, [v for i in products for v in i.reads])
        known = descendants(self.forward, {i.result for i in products})
        found: list[Site] = []
        for i in self.forward:
            kind = _kind(i, self.program)
            if not kind or not self.shape(i.result):
                continue
            asked = {v for v in i.reads if v in self._made and self._made[v].op in COMPARING}
            pre = next((v for v in i.reads if v in known - asked and self.shape(v) == self.shape(i.result)), None)
            if pre is None:
                continue
            hidden = i.result in leading
            axis, rank = self.axes.get(i.result), len(self.shape(i.result) or ())
            units = None if axis is None or rank != 2 else 1 - axis
            layer = self.program.layers[i.index] if i.index < len(self.program.layers) else None
            last = self.network is not None and self.network.layers[-1].act.value == i.result
            if kind == "relu" and not hidden and not last:
                continue
            found.append(Site(kind, pre, i.result, i.index, layer, hidden, units, axis))
        return tuple(found)

    @cached_property
    def _made(self) -> Mapping[int, Instruction]:
        return {i.result: i for i in self.program.instructions}

    @cached_property
    def site_of(self) -> Mapping[int, Site]:
        """The site of what an activation reads and of what it makes."""
        return {v: s for s in self.sites for v in (s.pre, s.result)}

    @cached_property
    def to_loss(self) -> frozenset[int]:
        """Everything that the loss is computed from."""
        return frozenset(() if self.program.loss is None else ancestors(self.program.instructions, [self.program.loss]))

    def target_of(self, site: Site) -> int | None:
        """Return the data that an output is compared with: of its shape, and not what the output is made from."""
        if site.result not in self.to_loss:
            return None
        used = ancestors(self.forward, [site.result])
        shape = self.shape(site.result)
        found = [v for v in sorted(self.data & self.to_loss) if v not in used and self.shape(v) == shape]
        return found[0] if found else None

    def layer(self, number: int) -> Layer | None:
        """Return a dense layer, from 1."""
        layers = () if self.network is None else self.network.layers
        return layers[number - 1] if 0 < number <= len(layers) else None


def _kind(i: Instruction, program: Program) -> str:
    if i.op in SQUASHING:
        return "tanh" if i.op == "tanh" else "sigmoid"
    zero = any(o.number == 0 for o in i.operands)
    if i.op == "relu" or (i.op in ("maximum", "where", "mask_assign") and zero):
        return "relu"
    if i.op == "multiply" and len(i.reads) == 2:
        for a, b in (i.reads, i.reads[::-1]):
            maker = program.instructions[program.makers[b]] if b in program.makers else None
            if maker is not None and maker.op in ("greater", "greater_equal") and maker.reads == (a,) and _with_zero(maker):
                return "relu"
    return ""


def _with_zero(i: Instruction) -> bool:
    return any(o.number == 0 for o in i.operands)


_kept: dict[tuple[Any, ...], Roles] = {}


def roles_of(program: Program, values: Sequence[Any]) -> Roles:
    """Return the roles of a program for the inputs that `values` holds; kept once worked out."""
    key = (id(program), *(np.shape(values[v]) for v in program.inputs.values()))
    known = _kept.get(key)
    if known is None or known.program is not program:
        if len(_kept) >= MOST_KEPT:
            del _kept[next(iter(_kept))]
        layout = infer(program, {name: facts_of(values[v]) for name, v in program.inputs.items()})
        known = _kept[key] = Roles(program, layout)
    return known
