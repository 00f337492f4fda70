"""How well-conditioned each layer is, as numbers: its weights, its input, its gradient, its update, its units.

Every number comes with one sentence of what it means, the limit that it is compared with, and, beyond that, what is wrong.
The limits and their sources stand in the table of health rules; singular values cost much and are asked for one by one.
"""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.execute import units
from core.execute.adjoints import adjoints
from core.explain.numbers import number
from core.health.measures import GLYPHS, Kind, Measure, Reader, closed_of, gradient_of, length_of, slope_of, update_of
from core.health.quantities import length
from core.health.spectrum import Spectrum
from core.program.ir import Array, Program
from core.program.network import Network, ShapeOf, network_of

CONDITION = {8: 1e8, 4: 1e4, 2: 1e2}
"""By the bytes of a number: about 1/√ε, beyond which half of its digits are lost."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A matrix whose singular values can be asked for; `array` is None where it is not computed yet.

    `unit_axis` is given for the input of a layer, which holds one number for each unit and sample.
    """

    value: int
    name: str
    array: Array | None
    unit_axis: int | None = None


@dataclass(frozen=True)
class Row:
    """One layer, or a matrix of parameters that belongs to none (`layer` is 0)."""

    layer: int
    name: str
    weight: Matrix
    input: Matrix | None
    gradient: Measure
    adjoint: Measure | None
    update: Measure
    bias_update: Measure | None
    saturated: Measure | None
    dead: Measure | None


_adjoints: list[tuple[weakref.ref[Any], dict[int, float]]] = []


def rows_of(program: Program, value: Reader, shape_of: ShapeOf) -> tuple[Row, ...]:
    """Return what there is to say of each layer at a moment, without singular values.

    `value` gives the array of a value, None where it is not computed yet; `shape_of` shapes, also of what is not.
    """
    network = network_of(program, shape_of)
    found: list[Row] = []
    last: float | None = None
    names: set[str] = set()
    if network is not None:
        gates = {g.layer: g for g in units.gates_in(program, network)}
        slopes = _adjoint_norms(program, network, value)
        last = length_of(program, network.layers[-1].weight, value)
        last_slope = slopes.get(network.layers[-1].pre.value)
        for n, layer in enumerate(network.layers, 1):
            names |= {layer.weight, layer.bias or layer.weight}
            into = network.units(n - 1)
            axis = 1 if into.unit_axis is None else into.unit_axis
            pre = layer.pre.value
            closed = closed_of(program, gates.get(n), value)
            found.append(
                Row(
                    n, f"layer {n}", _parameter(program, layer.weight, value),
                    Matrix(into.value, program.values[into.value].label, value(into.value), axis),
                    gradient_of(program, layer.weight, value, last, n == len(network.layers)),
                    slope_of(program, pre, slopes.get(pre), last_slope),
                    update_of(program, layer.weight, value, "update"),
                    None if layer.bias is None else update_of(program, layer.bias, value, "bias update"),
                    closed if closed is not None and closed.kind == "saturated" else None,
                    closed if closed is not None and closed.kind == "dead" else None,
                )
            )  # fmt: skip
    for name in program.trainable:
        shape = shape_of(program.inputs[name])
        if name not in names and shape is not None and len(shape) == 2:
            gradient = gradient_of(program, name, value, None, last=True)
            update = update_of(program, name, value, "update")
            found.append(Row(0, name, _parameter(program, name, value), None, gradient, None, update, None, None, None))
    return tuple(found)


# -- singular values ---------------------------------------------------------------------------------


def limit_of(dtype: str) -> float:
    """Return the condition number up to which numbers of a type keep about half of their digits; whole numbers as float64."""
    kind = np.dtype(dtype)
    return CONDITION.get(kind.itemsize if kind.kind == "f" else 8, CONDITION[8])


def condition_of(matrix: Matrix, found: Spectrum) -> Measure:
    """Return the condition number of the weights of a layer, or of its input, judged."""
    kind: Kind = "condition" if matrix.unit_axis is None else "input condition"
    if found.problem:
        sign = GLYPHS["nan"] if "not finite" in found.problem else ""
        problem = f"{matrix.name}: {found.problem}" if sign else ""
        return Measure(kind, None, f"{matrix.name}: {found.problem}", "", problem, sign, matrix.value)
    of, limit = found.condition, limit_of(found.dtype)
    kept = found.dtype if np.dtype(found.dtype).kind == "f" else "float64"
    said = f"Warns above {number(limit)}, the limit for {kept}."
    text = f"The condition number κ of {matrix.name} is {number(of)}: "
    full = len(found.values)
    judged = of if matrix.unit_axis is None else found.condition_without_empty
    told = found.shape[0] - found.empty
    few = matrix.unit_axis is not None and not 2 <= told <= found.shape[1] // 2
    if few:
        said = f"Not judged: {found.shape[1]} samples are too few to tell {told} units apart." if told > 1 else "Not judged."
    if found.rank == 0:
        text += "all of its cells are 0, so nothing gets through it."
    elif math.isinf(of):
        text += f"only {found.rank} of its {full} directions get through, for its rank is {found.rank}."
        if matrix.unit_axis is not None and found.empty and not math.isinf(judged):
            one = found.empty == 1
            text += f" {found.empty} of its units {'is' if one else 'are'} 0 on every sample here; κ is {number(judged)} without."
    elif full == 1:
        text += "it has but one direction."
    else:
        text += f"it stretches its strongest direction {number(of)} times as much as its weakest."
    if matrix.unit_axis is not None and found.used < found.samples:
        text += f" (Taken of {found.used} of the {found.samples} samples.)"
    problem = ""
    if found.rank == 0 or (judged > limit and not few):
        what = "What lies in its weak directions drowns in rounding, and errors in its strong ones grow."
        if matrix.unit_axis is not None:
            what = "Some of its units nearly repeat others: learning is slow in some directions, restless in others."
        problem = f"{matrix.name} is badly conditioned: κ = {number(judged)}"
        problem += f" is more than {number(limit)}" if math.isfinite(judged) else f", for its rank is {found.rank} of {full}"
        problem += f". {what}"
    return Measure(kind, of, text, said, problem, GLYPHS["condition"] if problem else "", matrix.value)


def extremes_of(matrix: Matrix, found: Spectrum) -> tuple[Measure, Measure]:
    """Return the largest and the smallest singular value of a matrix."""
    if found.problem:
        text = f"{matrix.name}: {found.problem}"
        return Measure("largest", None, text, value=matrix.value), Measure("smallest", None, text, value=matrix.value)
    high = f"The largest singular value of {matrix.name}: no input becomes longer than {number(found.largest)} times its length."
    low = f"The smallest singular value of {matrix.name}: its weakest direction is stretched {number(found.smallest)} times."
    if not found.smallest:
        low = f"The smallest singular value of {matrix.name} is 0 but for rounding: what lies in that direction is lost."
    return (
        Measure("largest", found.largest, high, value=matrix.value),
        Measure("smallest", found.smallest, low, value=matrix.value),
    )


def _adjoint_norms(program: Program, network: Network, value: Reader) -> dict[int, float]:
    """Return the lengths of ∂L/∂z of each layer: of the program's own derived lines, else computed here once."""
    wanted = [layer.pre.value for layer in network.layers]
    if all(v in network.adjoints for v in wanted):
        own = {v: value(network.adjoints[v]) for v in wanted}
        return {v: length(a) for v, a in own.items() if a is not None}
    if program.loss is None or value(program.loss) is None:
        return {}
    first = value(wanted[0])
    if first is None:
        return {}
    if _adjoints and _adjoints[0][0]() is first and set(_adjoints[0][1]) == set(wanted):
        return _adjoints[0][1]
    slopes = adjoints(program, value, wanted)
    found = {} if slopes is None else {v: length(a) for v, a in slopes.items()}
    _adjoints[:] = [(weakref.ref(first), found)]
    return found


def _parameter(program: Program, name: str, value: Reader) -> Matrix:
    """Return a parameter as it stands at the moment: once it is updated, the updated one."""
    start, end = program.carried.get(name, (program.inputs[name],) * 2)
    new = value(end)
    at = start if new is None else end
    return Matrix(at, name, value(start) if new is None else new)
