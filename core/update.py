"""What the update does: old to new for every parameter, and the loss before and after on the same samples."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core import ops
from core.errors import ExecutionError
from core.execute.adjoints import adjoints, upstream_of
from core.execute.inputs import Datum, compute, reader
from core.execute.machine import Machine
from core.explain.cells import Cell, aligned
from core.explain.numbers import number
from core.notation.print import apply_text
from core.program.ir import Array, Operand, Program, Statement

Verdict = Literal["unknown", "not finite", "rounding", "agrees", "less", "more", "rises", "uphill", "falls"]
CLOSE = 0.25
ROUNDING = 64
_ATOM, _SIGNED, _NEGATIVE = 9, 6, 0


@dataclass(frozen=True)
class Change:
    """One parameter's way through an iteration: `old` at its start, `new` at its end (None: not done yet).

    `share` is ‖new − old‖ / ‖old‖ (2-norms over all cells), None where not known or `old` is all zeros; `largest` the
    cell that changes most, a NaN first. `waits_for` are the values that the lines read and that are not computed yet;
    `lines` are the lines that assign the parameter, in order.
    """

    name: str
    start: int
    end: int
    old: Array
    new: Array | None
    share: float | None
    largest: Cell | None
    waits_for: tuple[int, ...]
    lines: tuple[Statement, ...]

    def by(self, cell: Cell) -> float | None:
        """Return new − old of one cell; None until it is done, or where the shape changes."""
        if self.new is None or self.new.shape != self.old.shape:
            return None
        with np.errstate(all="ignore"):
            return float(self.new[cell] - self.old[cell])


@dataclass(frozen=True)
class LossChange:
    """The loss before the update and after it, on the same samples, with the same random draws.

    `predicted` is Σ ∂L/∂θ · (new − old) over all parameters, to first order, with the true adjoints of the loss; `own` the
    same sum with the arrays that the program's update takes for gradients, None unless each updated parameter has one.
    `after` and `predicted` are None where they cannot be computed.
    """

    before: float
    after: float | None
    predicted: float | None
    own: float | None
    verdict: Verdict

    @property
    def misled(self) -> bool:
        """Whether the program's own gradients say something else of this step than the slope of its loss does."""
        if self.own is None or self.predicted is None or not np.isfinite([self.own, self.predicted]).all():
            return False
        return not math.isclose(self.own, self.predicted, rel_tol=1e-3, abs_tol=1e-9 * abs(self.before))

    @property
    def actual(self) -> float | None:
        """By how much the loss has changed; negative where it has fallen."""
        return None if self.after is None else self.after - self.before


@dataclass(frozen=True)
class _Kept:
    """What was computed of a machine once, and the very arrays that it was computed from."""

    changes: dict[str, tuple[Any, Any, Change]]
    losses: list[tuple[tuple[Any, ...], LossChange]]
    lines: dict[str, tuple[Statement, ...]]


_kept: weakref.WeakKeyDictionary[Machine, _Kept] = weakref.WeakKeyDictionary()


def changes(program: Program, machine: Machine, k: int) -> tuple[Change, ...]:
    """Return the change of every trainable parameter that the program updates, where `k` instructions are executed."""
    memory = _kept.setdefault(machine, _Kept({}, [], {}))
    kept = memory.changes
    found: list[Change] = []
    for name in program.trainable:
        start, end = program.carried.get(name, (0, 0))
        if start == end:
            continue
        old, new = machine.peek(start), machine.peek(end)
        if name not in memory.lines:
            memory.lines[name] = _lines(program, name)
        lines = memory.lines[name]
        if program.makers.get(end, k) >= k or new is None:
            waits = tuple(dict.fromkeys(v for v in _needed(program, lines) if program.makers.get(v, -1) >= k))
            old_array = np.asarray(old)
            found.append(Change(name, start, end, old_array, None, None, None, waits, lines))
            continue
        known = kept.get(name)
        if known is None or known[0] is not old or known[1] is not new:
            known = kept[name] = (old, new, _done(name, start, end, old, new, lines))
        found.append(known[2])
    return tuple(found)


def loss_change(program: Program, machine: Machine, k: int) -> LossChange | None:
    """Return what the update does to the loss; None until all parameters are updated, or without a loss."""
    every = changes(program, machine, k)
    before = None if program.loss is None else machine.peek(program.loss)
    if program.loss is None or before is None or np.size(before) != 1 or not every or any(c.new is None for c in every):
        return None
    made_from = (before, *(machine.peek(v) for c in every for v in (c.start, c.end)))
    kept = _kept.setdefault(machine, _Kept({}, [], {})).losses
    if not kept or any(a is not b for a, b in zip(kept[0][0], made_from, strict=True)):
        steps = {c.name: (c.old, c.new) for c in every if c.new is not None}
        kept[:] = [(made_from, weighed(program, machine, steps))]
    return kept[0][1]


def weighed(program: Program, machine: Machine, steps: Mapping[str, tuple[Array, Array]]) -> LossChange:
    """Return what a step of the parameters, name → (old, new), does to the loss of an iteration that is computed that far."""
    assert program.loss is not None
    loss = np.asarray(machine.peek(program.loss))
    before = float(loss.reshape(-1)[0])
    # A loss that is computed between two updates is not a loss of the parameters that the iteration starts from.
    between = any(program.phase_of(i.index) == "update" for i in upstream_of(program, program.loss))
    if between or any(old.shape != new.shape for old, new in steps.values()):
        return LossChange(before, None, None, None, "unknown")
    start = {name: program.inputs[name] for name in steps}
    after = loss_with(program, machine.peek, {start[name]: new for name, (_, new) in steps.items()})
    slopes = adjoints(program, machine.peek, list(start.values()))
    predicted = None if slopes is None else sum(_along(slopes[start[name]], *step) for name, step in steps.items())
    gradients = {name: np.asarray(machine.peek(program.gradients[name])) for name in steps if name in program.gradients}
    own: float | None = None
    if all(name in gradients and gradients[name].shape == old.shape for name, (old, _) in steps.items()):
        own = sum(_along(gradients[name], *step) for name, step in steps.items())
    eps = float(np.finfo(loss.dtype if loss.dtype.kind == "f" else float).eps)
    return LossChange(before, after, predicted, own, verdict_of(before, after, predicted, eps))


def _along(slope: Array, old: Array, new: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.sum(slope * (np.asarray(new, dtype=float) - old)))


def loss_with(program: Program, value: Callable[[int], Any], replaced: dict[int, Datum]) -> float | None:
    """Return the loss of the same iteration with other inputs, by their value index; None where it cannot be computed."""
    if program.loss is None:
        return None
    values: list[Any] = [value(v) for v in range(len(program.values))]
    for index, datum in replaced.items():
        values[index] = datum
    try:
        with np.errstate(all="ignore"):
            for i in upstream_of(program, program.loss):
                values[i.result] = compute(i, reader(i)(values))
    except ExecutionError:
        return None
    return _single(values[program.loss])


def verdict_of(before: float, after: float | None, predicted: float | None, eps: float) -> Verdict:
    """Judge a step by the actual change of the loss and the predicted one; `eps` is the rounding of one operation."""
    if after is None or predicted is None:
        return "unknown"
    if not np.isfinite([before, after, predicted]).all():
        return "not finite"
    actual = after - before
    if max(abs(actual), abs(predicted)) <= ROUNDING * eps * max(abs(before), abs(after)):
        return "rounding"
    if predicted > 0:
        return "uphill" if actual > 0 else "falls"
    if actual > 0:
        return "rises"
    if abs(actual - predicted) <= CLOSE * abs(predicted):
        return "agrees"
    return "less" if actual > predicted else "more"


def sentence(found: LossChange, loss: str) -> str:
    """Return in a sentence or two whether the slope kept what it promised; `loss` is what the loss is called."""
    return {
        "unknown": f"What {loss} would be after this update cannot be told, so nothing is said of the slope.",
        "not finite": f"A number here is not finite, so a prediction of {loss} means nothing any more.",
        "rounding": f"{loss} stays as it is, but for rounding: there is no slope left along this step.",
        "agrees": "As predicted: the step is small enough for the slope to hold all the way.",
        "less": f"{loss} falls, but by less than predicted: on the way the slope becomes flatter or turns.",
        "more": f"{loss} falls by more than predicted: on the way the slope becomes steeper.",
        "rises": f"{loss} rises although a fall was predicted: the step is too large for the slope to hold. "
        "A smaller learning rate takes smaller steps.",
        "uphill": f"{loss} rises, as the slope says: this step goes uphill. Look at the signs of the gradient and of the "
        "update; an optimizer with a memory, such as momentum, may do so for a while.",
        "falls": f"{loss} falls although a rise was predicted: the step goes uphill at first, and is so long that it comes "
        "down on the other side.",
    }[found.verdict]


def arithmetic(program: Program, machine: Machine, statement: Statement, cell: Cell) -> str | None:
    """Return a line for one cell of its result with numbers in the place of names: `0.53 − 3 · 0.012 ≈ 0.494`.

    What is not computed cell by cell, such as a product of matrices within the line, stands as its number. None if the line
    is not computed or its result has no such cell.
    """
    result = program.instructions[statement.last - 1].result
    datum = machine.peek(result)
    if datum is None or len(cell) != np.ndim(datum) or any(not 0 <= c < n for c, n in zip(cell, np.shape(datum), strict=True)):
        return None
    writer = _Writer(program, machine, statement)
    left, _ = writer.value(Operand(result), cell, top=True)
    right = number(np.asarray(datum)[cell])
    left = left.replace(" * ", " · ").replace(" - ", " − ")
    return f"{left} {'=' if writer.exact and _same(right, np.asarray(datum)[cell]) else '≈'} {right}"


class _Writer:
    """Writes one cell of a line; `exact` stays true while every number stands in full."""

    def __init__(self, program: Program, machine: Machine, statement: Statement) -> None:
        self.program, self.machine, self.statement = program, machine, statement
        self.exact = True

    def value(self, operand: Operand, cell: Cell, top: bool = False) -> tuple[str, int]:
        if operand.value is None:
            return self._number(operand.number)
        maker = self.program.makers.get(operand.value, -1)
        datum = np.asarray(self.machine.peek(operand.value))
        datum, mine = (datum.T, True) if operand.transposed else (datum, False)
        at = aligned(datum.shape, cell)
        inside = self.statement.first <= maker < self.statement.last
        if not inside or mine:
            return self._number(datum[at])
        i = self.program.instructions[maker]
        op = ops.get(i.op)
        if not (op.elementwise or i.op == "identity") or op.implicit:
            return self._number(datum[at])
        args = [self.value(o, at) for o in i.operands]
        if i.op == "identity":
            return args[0]
        if op.form == "infix":
            args = [a if n == 0 or a[1] != _SIGNED else (a[0], _NEGATIVE) for n, a in enumerate(args)]
        return apply_text(i.op, args, {k: v for k, v in i.attributes.items() if k != "in_place"})

    def _number(self, x: Any) -> tuple[str, int]:
        text = number(x)
        self.exact = self.exact and _same(text, x)
        return text, _SIGNED if text.startswith("−") else _ATOM


def _same(text: str, x: Any) -> bool:
    return float(text.replace("−", "-").replace("∞", "inf")) == float(x) or bool(np.isnan(x))


def _lines(program: Program, name: str) -> tuple[Statement, ...]:
    end = program.carried[name][1]
    of_it = {i.statement for i in upstream_of(program, end) if program.values[i.result].name == name}
    found = [s for s in program.statements if s.index in of_it and s.target == name]
    return tuple(found) or (program.statements[program.instructions[program.makers[end]].statement],)


def _needed(program: Program, lines: tuple[Statement, ...]) -> list[int]:
    """Return what the lines of a parameter read from elsewhere."""
    found: list[int] = []
    for s in lines:
        own = {i.result for i in program.instructions[s.first : s.last]}
        found += [v for i in program.instructions[s.first : s.last] for v in i.reads if v not in own]
    return found


def _done(name: str, start: int, end: int, old: Any, new: Any, lines: tuple[Statement, ...]) -> Change:
    a, b = np.asarray(old), np.asarray(new)
    share, largest = None, None
    if a.shape == b.shape and a.size:
        with np.errstate(all="ignore"):
            moved = np.abs(b - a)
            norm = float(np.sqrt(np.sum(a * a)))  # not linalg.norm: its BLAS threads can wait for each other
            share = float(np.sqrt(np.sum(moved * moved))) / norm if norm else None
        # NumPy's argmax takes the first NaN for the largest, which is what a person should be shown.
        largest = tuple(int(c) for c in np.unravel_index(int(np.argmax(moved)), a.shape))
    return Change(name, start, end, a, b, share, largest, (), lines)


def _single(datum: Datum) -> float:
    return float(np.asarray(datum).reshape(-1)[0])
