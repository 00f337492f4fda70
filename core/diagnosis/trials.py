"""Random trials of an iteration: parameters and data drawn anew, all values and all true adjoints.

One trial with a single sample matches many values with many adjoints; three do not (HEALTH.md, section 2).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from core import ops
from core.changes import rate_of
from core.data.batches import Picker
from core.execute.adjoints import adjoints, terms
from core.execute.inputs import initial_state, inputs_of
from core.health.probe import Probe
from core.program.ir import Array, Instruction, Program

T = TypeVar("T")
TRIALS = 3
SAME = 1e-6
MOST_DRAWN = 12
_ARITHMETIC = ("add", "subtract", "multiply", "divide", "power", "negative", "identity", "astype")
RATE = 0.7


@dataclass(frozen=True)
class Role:
    """What a value may be: the adjoint ∂L/∂v of a forward value, the local derivative of an activation, or a part of a gradient.

    `index` is that of the forward value; of a part, the value that is made by the use of the parameter that adds it.
    """

    kind: str
    index: int
    transposed: bool = False


@dataclass(eq=False)
class Trial:
    """One draw: `values` by index, and `truth`: the true numbers of each role."""

    probe: Probe
    values: list[Any]
    truth: dict[Role, Array]


def first_inputs(program: Program) -> dict[int, Any]:
    """Return what the learner's own first iteration starts from, by index."""
    found = inputs_of(program, Picker(program.batching), initial_state(program), 1)
    return {program.inputs[name]: datum for name, datum in found.items()}


def trials(program: Program, count: int = TRIALS, seed: int = 6) -> list[Trial]:
    """Draw trials at once; see `drawing`."""
    return drained(drawing(program, count, seed))


def drained(work: Generator[None, None, T]) -> T:
    """Return what work in pieces comes to."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def drawing(program: Program, count: int = TRIALS, seed: int = 6) -> Generator[None, None, list[Trial]]:
    """Draw trials, one a piece; state starts as it is given, the learning rate is RATE. Empty if no trial has a finite loss.

    Every parameter has a gradient other than 0 in each of them, if it can have one: a ReLU that is off tells nothing.
    """
    base = first_inputs(program)
    for labels in (False, True):
        found: list[Trial] = []
        for n in range(MOST_DRAWN):
            trial = _trial(program, base, np.random.default_rng((seed, n)), labels)
            yield
            if trial is None:
                break
            found.append(trial)
            best = _telling(program, found, count)
            if len(best) == count:
                return _alike(best)
        if len(found) >= count:
            return _alike(found[:count])
    return []


def _trial(program: Program, base: Mapping[int, Any], rng: np.random.Generator, labels: bool) -> Trial | None:
    drawn = {v: _drawn(program, v, datum, rng, labels) for v, datum in base.items()}
    rate = rate_of(program)
    if rate is not None and rate in program.inputs:
        drawn[program.inputs[rate]] = RATE
    probe = Probe(program, drawn.__getitem__)
    if probe.loss is None or not np.isfinite(probe.loss):
        return None
    truth = _truth(program, probe)
    return Trial(probe, probe.values, truth) if truth else None


def _telling(program: Program, drawn: Sequence[Trial], count: int) -> list[Trial]:
    """Return as many trials, each with a gradient other than 0 for all parameters that ever have one.

    A gradient that is one number has both signs among them: a size would look right else.
    """
    of = {v.index for v in program.values if v.name in program.trainable}
    ever = {r for t in drawn for r in t.truth if r.kind == "adjoint" and r.index in of}
    good = [t for t in drawn if ever <= t.truth.keys()]
    if len(good) < count:
        return []
    single = [r for r in ever if all(t.truth[r].size == 1 for t in good)]

    def signs(last: Trial) -> int:
        return sum(len({float(np.sign(t.truth[r].ravel()[0])) for t in (*good[: count - 1], last)}) for r in single)

    last = max(good[count - 1 :], key=signs)
    return [*good[: count - 1], last] if signs(last) == 2 * len(single) or len(drawn) == MOST_DRAWN else []


def _alike(drawn: list[Trial]) -> list[Trial]:
    """Return the trials with the roles that all of them have."""
    common = set.intersection(*(set(t.truth) for t in drawn))
    return [Trial(t.probe, t.values, {r: a for r, a in t.truth.items() if r in common}) for t in drawn]


def _drawn(program: Program, index: int, datum: Any, rng: np.random.Generator, labels: bool) -> Any:
    name = program.values[index].name
    if name in program.trainable:
        shape = np.shape(datum)
        size = 1.5 / np.sqrt(max(shape, default=1)) if len(shape) > 1 and min(shape) > 1 else 0.8
        return rng.standard_normal(shape) * size
    if program.values[index].kind != "data" or not isinstance(datum, np.ndarray) or datum.dtype.kind not in "fiu":
        return datum
    if labels:  # whole numbers stand for classes here: other samples' labels
        order = rng.permutation(datum.shape[program.batching.axis])
        taken = np.take(datum, order, axis=program.batching.axis)
        return taken + 0.3 * rng.standard_normal(taken.shape) if taken.dtype.kind == "f" else taken
    if np.isin(datum, (0, 1)).all() and _is_target(program, index):
        sums = {axis: np.allclose(datum.sum(axis=axis), 1) for axis in range(datum.ndim) if datum.shape[axis] > 1}
        drawn = rng.uniform(0.05, 0.95, datum.shape)
        classes = 0 if program.batching.axis == -1 else datum.ndim - 1
        if sums.get(classes):
            drawn = drawn / drawn.sum(axis=classes, keepdims=True)
        return drawn
    return rng.standard_normal(datum.shape)


def _is_target(program: Program, index: int) -> bool:
    """Tell whether a data array is read by the loss, or by no product of the forward."""
    return not any(index in i.reads and program.phase_of(i.index) == "forward" for i in program.instructions)


def forward_values(program: Program) -> list[int]:
    """Return the values of the forward and the loss, and the parameters that they read."""
    made = [i.result for i in program.instructions if program.phase_of(i.index) in ("forward", "loss")]
    made.sort(key=lambda v: program.values[v].kind == "part")  # what has a name comes first
    return [*(program.inputs[n] for n in program.trainable), *made]


def _truth(program: Program, probe: Probe) -> dict[Role, Array]:
    wanted = [v for v in forward_values(program) if np.asarray(probe.values[v]).dtype.kind == "f"]
    found = adjoints(program, probe.values.__getitem__, wanted)
    if found is None:
        return {}
    truth = {Role("adjoint", v): a for v, a in found.items() if np.any(a)}
    for i in program.instructions:
        z = activated(program, i)
        if z is not None:
            out = np.asarray(probe.values[i.result], dtype=float)
            with np.errstate(all="ignore"):
                [(_, factor)] = terms(i, np.ones(out.shape), probe.values.__getitem__, {z})
            truth[Role("factor", i.result)] = factor
    return {**truth, **_parts(program, probe, truth)}


def _parts(program: Program, probe: Probe, truth: Mapping[Role, Array]) -> dict[Role, Array]:
    """Return what each use of a parameter that is used more than once, as by a decay of weights, adds to its gradient."""
    found: dict[Role, Array] = {}
    for name in program.trainable:
        uses = [i for i in program.instructions if program.inputs[name] in i.reads and Role("adjoint", i.result) in truth]
        for i in uses if len(uses) > 1 else ():
            with np.errstate(all="ignore"):
                added = terms(i, truth[Role("adjoint", i.result)], probe.values.__getitem__, {program.inputs[name]})
            found[Role("part", i.result)] = np.sum([term for _, term in added], axis=0)
    return found


def activated(program: Program, i: Instruction) -> int | None:
    """Return what a forward operation is the activation of, as in `sigmoid(Z1)` or `maximum(Z1, 0)`; None for others."""
    op = ops.get(i.op)
    if program.phase_of(i.index) != "forward" or not op.elementwise or i.op in _ARITHMETIC or len(i.reads) != 1:
        return None
    rules = [r for r, o in zip(op.vjp, i.operands, strict=True) if o.value is not None]
    return i.reads[0] if rules[0] is not None else None


def constant(found: Sequence[Any], truth: Sequence[Array]) -> float | None:
    """Return the c ≠ 0 with found = c · truth in all trials; None if there is none, or the shapes differ."""
    if any(f is None or np.shape(f) != t.shape for f, t in zip(found, truth, strict=True)):
        return None
    c: float | None = None
    for f, t in zip(found, truth, strict=True):
        numbers = np.asarray(f, dtype=float)
        size = float(np.max(np.abs(t), initial=0.0))
        if not size or not np.isfinite(numbers).all() or not np.isfinite(size):
            return None
        if c is None:
            c = float(np.vdot(numbers / size, t / size) / np.vdot(t / size, t / size))
            if not c:
                return None
        if float(np.max(np.abs(numbers - c * t))) > SAME * abs(c) * size:
            return None
    return c


def fitted(found: Any, shape: tuple[int, ...]) -> Any:
    """Return a gradient in its parameter's shape where both are one number, or all axes but those of length 1 agree."""
    if found is None or np.shape(found) == shape:
        return found
    return np.reshape(found, shape) if np.size(found) == int(np.prod(shape, dtype=np.int64)) == 1 else found


def again(trial: Trial, replaced: Mapping[int, Any]) -> list[Any] | None:
    """Return a trial's values with some of them replaced and what depends on them computed anew."""
    program = trial.probe.program
    first = min((program.makers.get(v, -1) for v in replaced), default=0)
    moved, lines = set(replaced), []
    for i in program.instructions[max(first, 0) :]:
        if i.result not in replaced and not moved.isdisjoint(i.reads):
            moved.add(i.result)
            lines.append(i)
    return trial.probe.again(replaced, lines)
