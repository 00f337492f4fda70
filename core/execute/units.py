"""Which units of a layer are saturated or dead, judged over the samples of one iteration.

A sigmoid or tanh is saturated where |z| ≥ 5: its slope there is below 0.007 (sigmoid) or 0.0002 (tanh), so that nearly no
gradient passes. (Softsign still has a slope of 0.028 there, and is not judged.) A unit with a ReLU is dead where it gives 0 for
every sample: then no gradient passes at all. (The limits are those of DeepDiagnosis and of SageMaker Debugger; both judge an
epoch, what is here one batch.)
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core.data.batches import Picker
from core.execute.inputs import initial_state, inputs_of
from core.notation.check import facts_of, infer
from core.program.ir import Array, Instruction, Program
from core.program.network import Layer, Network, ShapeOf, Units, network_of

Kind = Literal["saturated", "dead"]
SATURATED_AT = 5.0
SATURATING = ("sigmoid", "sigmoid_written_out", "tanh")
_MASKS = ("where", "mask_assign", "multiply")
_COMPARE = ("greater", "greater_equal", "less", "less_equal")
_KNOWN = 4
_known: list[tuple[weakref.ref[Program], tuple[Gate, ...]]] = []


@dataclass(frozen=True, slots=True)
class Gate:
    """The activation of a layer that can close: `kind` says how, `read` is the value that it is judged by.

    A saturated unit is seen in the sums that go into the activation, a dead one in what comes out.
    """

    layer: int
    kind: Kind
    read: Units
    last: bool


@dataclass(frozen=True, slots=True)
class Shares:
    """What share of a layer's units is closed. Units with a NaN among their numbers are not judged.

    `share` is NaN where no unit can be judged. `cells` is the share of single numbers, `units` and `samples` how many there are.
    """

    kind: Kind
    share: float
    closed: tuple[int, ...]
    cells: float
    units: int
    samples: int
    not_judged: int


def gates_in(program: Program, network: Network) -> tuple[Gate, ...]:
    """Return the activations of a network that can saturate or die, first layer first."""
    found: list[Gate] = []
    for number, layer in enumerate(network.layers, 1):
        last = number == len(network.layers)
        if layer.activation in SATURATING:
            found.append(Gate(number, "saturated", layer.pre, last))
        elif (out := _rectified(program, layer)) is not None:
            found.append(Gate(number, "dead", Units(out, layer.pre.unit_axis, layer.pre.sample_axis), last))
    return tuple(found)


def gates_of(program: Program) -> tuple[Gate, ...]:
    """Return the same of a program, whose shapes are inferred from its first iteration; kept for the last few programs."""
    for kept, gates in _known:
        if kept() is program:
            return gates
    inputs = inputs_of(program, Picker(program.batching), initial_state(program), 1)
    layout = infer(program, {name: facts_of(value) for name, value in inputs.items()})

    def shape_of(value: int) -> tuple[int, ...] | None:
        shape = layout.shape(value)
        return None if shape is None else tuple(d for d in shape if isinstance(d, int))

    gates = gates_within(program, shape_of)
    _known[:] = [(weakref.ref(program), gates), *_known[: _KNOWN - 1]]
    return gates


def gates_within(program: Program, shape_of: ShapeOf) -> tuple[Gate, ...]:
    """Return the gates of the network in a program, none if there is no network."""
    network = network_of(program, shape_of)
    return () if network is None else gates_in(program, network)


def shares(gate: Gate, datum: Any) -> Shares | None:
    """Return what share of a layer's units is closed, from the value that `gate.read` names; None where that has no cells.

    A unit counts as saturated where it is so on more than half of the samples, as dead where it is so on every one.
    """
    rows = by_unit(np.asarray(datum), gate.read)
    if rows is None:
        return None
    with np.errstate(all="ignore"):
        cells = np.abs(rows) >= SATURATED_AT if gate.kind == "saturated" else rows == 0
    judged = ~np.isnan(rows).any(axis=1)
    closed = (cells.mean(axis=1) > 0.5 if gate.kind == "saturated" else cells.all(axis=1)) & judged
    count = int(judged.sum())
    share = float(closed.sum()) / count if count else float("nan")
    part = float(cells[judged].mean()) if count else float("nan")
    which = tuple(int(u) for u in np.flatnonzero(closed))
    return Shares(gate.kind, share, which, part, rows.shape[0], rows.shape[1], rows.shape[0] - count)


def by_unit(array: Array, units: Units) -> Array | None:
    """Return an array with one row for each unit and one column for each sample; None for one without cells."""
    if not array.size or array.dtype.kind not in "fiub":
        return None
    if array.ndim == 2 and units.unit_axis is not None:
        return array if units.unit_axis == 0 else array.T
    return array.reshape(-1, 1) if units.sample_axis is None else array.reshape(1, -1)


def meter(program: Program, kind: str, layer: int) -> Callable[[int, Sequence[Any]], float] | None:
    """Return what takes the share of a layer's closed units from the values of an iteration; None where none can close."""
    gate = next((g for g in gates_of(program) if g.kind == kind and g.layer == layer), None)
    if gate is None:
        return None

    def take(iteration: int, values: Sequence[Any]) -> float:
        del iteration
        found = None if values[gate.read.value] is None else shares(gate, values[gate.read.value])
        return float("nan") if found is None else found.share

    return take


def _rectified(program: Program, layer: Layer) -> int | None:
    """Return the value in which a ReLU, however it is written, has put its zeros."""
    makers = program.makers
    follows = {layer.pre.value}
    masks: set[int] = set()
    for i in program.instructions[layer.product :]:
        if i.index > makers.get(layer.act.value, -1):
            break
        if not follows.intersection(i.reads) and not masks.intersection(i.reads):
            continue
        if i.op == "relu" or (i.op == "maximum" and any(o.number == 0 for o in i.operands)):
            return i.result
        if i.op in _COMPARE and any(o.number == 0 for o in i.operands):
            masks.add(i.result)
        elif i.op in _MASKS and masks.intersection(i.reads) and _gives_zero(i):
            return i.result
        elif i.op in ("identity", "copy", "astype"):
            (masks if masks.intersection(i.reads) else follows).add(i.result)
    return None


def _gives_zero(i: Instruction) -> bool:
    """Tell whether a masked operation puts zeros in: not one like `where(Z > 0, Z, 0.01 * Z)`."""
    return i.op == "multiply" or any(o.number == 0 for o in i.operands)
