"""Single numbers of a layer with what they mean and the limit that they are compared with; no singular values."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.execute import units
from core.explain.numbers import number
from core.health.quantities import length
from core.program.ir import Array, Program

Reader = Callable[[int], "Array | None"]
Kind = Literal[
    "condition", "input condition", "largest", "smallest", "gradient", "adjoint", "update", "bias update", "saturated", "dead"
]
VANISHED, VANISHED_SHARE = 1e-4, 1e-3
EXPLODED, EXPLODED_SHARE = 1e2, 70.0
UPDATE = (1e-5, 1e-1)
SATURATED, DEAD, DEAD_ERROR = 0.5, 0.5, 0.7
GLYPHS = {"condition": "κ", "vanishing": "↘", "exploding": "↗", "saturated": "▥", "dead": "⊘", "nan": "⚠"}


@dataclass(frozen=True, slots=True)
class Measure:
    """One number. `number` is None where there is none here, and `meaning` then says why.

    `problem` says what is wrong beyond the limit and `glyph` is its sign; both are empty within it. `value` is the index
    of the value that the number is of.
    """

    kind: Kind
    number: float | None
    meaning: str
    limit: str = ""
    problem: str = ""
    glyph: str = ""
    value: int | None = None


def gradient_of(program: Program, name: str, value: Reader, last_norm: float | None, last: bool) -> Measure:
    """Return the length of a parameter's gradient, compared with that of the last layer, judged."""
    limit = (
        f"Warns above {number(EXPLODED)}, above {number(EXPLODED_SHARE)} times that of the last layer, and below "
        f"{number(VANISHED)} where it is also less than {number(VANISHED_SHARE)} of it."
    )
    if name not in program.gradients:
        return Measure("gradient", None, f"No line of the program computes a gradient of {name}.", limit)
    index = program.gradients[name]
    found = length_of(program, name, value)
    label = program.values[index].label
    if found is None:
        return Measure("gradient", None, f"{label} is not computed yet in this iteration.", limit, value=index)
    text = f"The length of {label}, the gradient of {name}, is {number(found)}: how steep the loss is along these weights."
    if math.isnan(found) or math.isinf(found):
        return Measure("gradient", found, text, limit, f"{label} is not finite.", GLYPHS["nan"], index)
    share = found / last_norm if last_norm and not last and math.isfinite(last_norm) else None
    if share is not None:
        text += f" That is {number(share)} times the length of the last layer's."
    problem, glyph = "", ""
    if found > EXPLODED or (share is not None and share > EXPLODED_SHARE):
        problem, glyph = f"{label} is very long ({number(found)}): the gradient explodes towards the first layers.", "exploding"
        if share is None or share <= EXPLODED_SHARE:
            problem = f"{label} is very long ({number(found)}): a step along it may throw the weights far away."
    elif share is not None and share < VANISHED_SHARE and found < VANISHED:
        problem, glyph = f"{label} is only {number(share)} times as long as the last layer's: the gradient vanishes.", "vanishing"
    return Measure("gradient", found, text, limit, problem, GLYPHS.get(glyph, ""), index)


def update_of(program: Program, name: str, value: Reader, kind: Kind) -> Measure:
    """Return how long the step of the update is, as a share of the length of the parameter before it, judged."""
    limit = f"Usual is about {number(1e-3)}; warns below {number(UPDATE[0])} and above {number(UPDATE[1])}."
    if kind == "bias update":
        limit = "Not judged: a bias often begins at or near 0, and then every step is large beside it."
    start, end = program.carried.get(name, (-1, -1))
    if start == end:
        return Measure(kind, None, f"No line of the program updates {name}.", limit, value=program.inputs.get(name))
    old, new = value(start), value(end)
    if old is None or new is None:
        return Measure(kind, None, f"{name} is not updated yet in this iteration.", limit, value=start)
    if old.shape != new.shape:
        text = f"The update changes the shape of {name}, so there is no step to measure."
        return Measure(kind, None, text, limit, value=end)
    with np.errstate(all="ignore"):
        before, step = length(old), length(np.asarray(new, dtype=float) - old)
    if not before:
        return Measure(
            kind, None, f"{name} was all zeros before this update, so its step is no share of anything.", limit, value=end
        )
    ratio = step / before
    text = f"The update changes {name} by {number(ratio)} of its length."
    problem, glyph = "", ""
    if not math.isfinite(ratio):
        problem, glyph = f"The step of {name} is not finite.", "nan"
    elif kind == "bias update":
        pass
    elif ratio > UPDATE[1]:
        problem, glyph = f"The step of {name} is {number(ratio)} of its length: the learning rate may be too large.", "exploding"
    elif 0 < ratio < UPDATE[0]:
        problem = f"The step of {name} is {number(ratio)} of its length: it hardly learns, unless it has learned all there is."
        glyph = "vanishing"
    return Measure(kind, ratio, text, limit, problem, GLYPHS.get(glyph, ""), end)


def closed_of(program: Program, gate: units.Gate | None, value: Reader) -> Measure | None:
    """Return the share of a layer's units that are saturated or dead on this batch, judged; None for a layer without such."""
    if gate is None:
        return None
    label, index = program.values[gate.read.value].label, gate.read.value
    dead = gate.kind == "dead"
    limit = f"Warns above {_percent(DEAD)} of a layer; {_percent(DEAD_ERROR)} is an error. Judged over this batch alone."
    if not dead:
        limit = f"Warns above {_percent(SATURATED)} of all cells of a hidden layer. Judged over this batch alone."
        if gate.last:
            limit = "An output may be saturated, if it is at the right answer. Judged over this batch alone."
    array = value(index)
    found = None if array is None else units.shares(gate, array)
    if found is None:
        return Measure(gate.kind, None, f"{label} is not computed yet in this iteration.", limit, value=index)
    skipped = f" {found.not_judged} with NaN in {label} are not judged." if found.not_judged else ""
    if math.isnan(found.share):
        text = f"Every unit has a NaN in {label}, so nothing can be said of them."
        return Measure(gate.kind, math.nan, text, limit, text, GLYPHS["nan"], index)
    one, closed = found.samples == 1, len(found.closed)
    limit += " One sample says little, so it warns of nothing here." if one else ""
    if dead:
        text = (
            f"{closed} of {found.units} units are dead on this batch: 0 in {label} for every sample, so that no gradient "
            f"passes.{skipped}"
        )
        error = "An error: " if found.share >= DEAD_ERROR else ""
        problem = (
            f"{error}{_percent(found.share)} of the units of layer {gate.layer} are dead."
            if found.share > DEAD and not one
            else ""
        )
    else:
        text = (
            f"{closed} of {found.units} units are saturated on this batch: in {label} they are beyond "
            f"±{number(units.SATURATED_AT)} on more than half of the samples, where the curve is flat. "
            f"{_percent(found.cells)} of all cells are.{skipped}"
        )
        many = found.cells > SATURATED and not gate.last and not one
        problem = f"{_percent(found.cells)} of the cells of layer {gate.layer} are saturated: it learns slowly." if many else ""
    return Measure(gate.kind, found.share, text, limit, problem, GLYPHS[gate.kind] if problem else "", index)


def slope_of(program: Program, index: int, found: float | None, last: float | None) -> Measure:
    """Return the length of the adjoint of a layer's sums, compared with that of the last layer."""
    loss = "L" if program.loss is None else program.values[program.loss].label
    label = program.values[index].label
    if found is None:
        return Measure("adjoint", None, f"∂{loss}/∂{label} is not computed yet in this iteration.", value=index)
    text = f"The length of ∂{loss}/∂{label} is {number(found)}: how strongly the loss depends on the sums of this layer."
    if last and math.isfinite(last) and math.isfinite(found):
        text += f" That is {number(found / last)} times that of the last layer."
    problem = "" if math.isfinite(found) else f"∂{loss}/∂{label} is not finite."
    return Measure("adjoint", found, text, "", problem, GLYPHS["nan"] if problem else "", index)


def length_of(program: Program, name: str, value: Reader) -> float | None:
    """Return the length of a parameter's gradient, None where there is none or it is not computed yet."""
    array = None if name not in program.gradients else value(program.gradients[name])
    return None if array is None else length(array)


def _percent(share: float) -> str:
    return f"{number(100 * share, 3)} %"
