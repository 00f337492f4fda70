"""Is the rule of one operation right here? What it hands back to each operand, against nudging that operand.

The adjoint of the result is drawn at random, always the same: a rule that is wrong in any cell then shows, which with the
adjoint of this iteration it need not. Where the operation computes the adjoint of a value (a line of the backward phase),
that adjoint is checked as well, by nudging the value itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import ops
from core.errors import StepperError
from core.execute.adjoints import adjoints, terms
from core.execute.inputs import REFUSALS, reader
from core.health.agreement import NOTE, Verdict, errors, floor_of, largest, level
from core.health.gradcheck import PIECE
from core.health.probe import Branches, Cell, Mover, Probe, branch, in_float64, widened
from core.program.ir import Array, Instruction, Program
from core.program.network_adjoints import adjoints_of

MOST_CELLS = 100


@dataclass(frozen=True, eq=False)
class OperandCheck:
    """What a rule hands back to one operand (`ruled`) and what nudging says (`nudged`, NaN where not nudged).

    `label` is the operand as it is read (`A1.T`). `kinks` are cells at which the nudge went over a kink and the numbers
    differ for that reason; `why` says in a few words why nothing could be checked.
    """

    label: str
    ruled: Array | None
    nudged: Array | None
    largest: float
    where: Cell | None
    verdict: Verdict
    kinks: tuple[Cell, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class AdjointCheck:
    """Whether the result is ∂L/∂`of`, cell by cell, as far as it was nudged."""

    of: str
    largest: float
    where: Cell | None
    verdict: Verdict


@dataclass(frozen=True, eq=False)
class OperationCheck:
    """What was found of one instruction; `sentence` says it."""

    instruction: Instruction
    operands: tuple[OperandCheck, ...]
    adjoint: AdjointCheck | None
    sentence: str

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all."""
        order: Sequence[Verdict] = ("wrong", "near", "unknown", "not finite", "kink", "both zero", "agrees")
        found = {o.verdict for o in self.operands if not o.why}
        if self.adjoint is not None:
            found.add(self.adjoint.verdict)
        for verdict in order:
            if verdict in found:
                return verdict
        return "unknown"


def check_operation(program: Program, value: Callable[[int], Any], index: int, most: int = MOST_CELLS) -> OperationCheck:
    """Check an operation all at once; see `operation_check`."""
    work = operation_check(program, value, index, most)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def operation_check(
    program: Program, value: Callable[[int], Any], index: int, most: int = MOST_CELLS
) -> Generator[None, None, OperationCheck]:
    """Check the rules of the instruction `index` at the values of an iteration, in float64; `value` gives its inputs.

    Of an operand with more than `most` cells so many are nudged, always the same. Yields every ~10 ms.
    """
    return _run(Probe(program, value), index, most)


def _run(probe: Probe, index: int, most: int) -> Generator[None, None, OperationCheck]:
    program = probe.program
    i = program.instructions[index]
    if probe.values[i.result] is None:
        return OperationCheck(i, (), None, "This operation cannot run here, so there is nothing to check.")
    rules, found = ops.get(i.op).vjp, list[OperandCheck]()
    pieces = _Pieces()
    for n, o in enumerate(i.operands):
        if o.value is not None and rules[n] is not None:
            found.append((yield from _operand(probe, i, n, most, pieces)))
    adjoint = yield from _adjoint(probe, i, most, pieces)
    return OperationCheck(i, tuple(found), adjoint, _sentence(program, i, found, adjoint))


class _Pieces:
    """Says when a piece of work is done."""

    def __init__(self) -> None:
        self._until = time.perf_counter() + PIECE

    def over(self) -> bool:
        if time.perf_counter() < self._until:
            return False
        self._until = time.perf_counter() + PIECE
        return True


def _operand(probe: Probe, i: Instruction, n: int, most: int, pieces: _Pieces) -> Generator[None, None, OperandCheck]:
    operand, program = i.operands[n], probe.program
    assert operand.value is not None
    label = program.values[operand.value].label + (".T" if operand.transposed else "")

    def nothing(why: str) -> OperandCheck:
        return OperandCheck(label, None, None, np.nan, None, "unknown", (), why)

    operands = [widened(o) for o in reader(i)(probe.values)]
    start = np.asarray(operands[n])
    if start.dtype.kind != "f":
        return nothing("whole numbers cannot be nudged")
    out = np.asarray(probe.values[i.result], dtype=float)
    if not (np.isfinite(start).all() and np.isfinite(out).all()):
        return nothing("a number here is not finite, so there is no slope")
    g = np.random.Generator(np.random.PCG64(out.size)).uniform(0.5, 1.5, out.shape)
    g = g * np.where(np.arange(out.size).reshape(out.shape) % 2, -1.0, 1.0)
    ruled = _ruled(probe, i, n, g)
    if ruled is None:
        return nothing("its rule cannot be computed here")

    def run(moved: Array) -> tuple[float, Branches]:
        seen_by = [*operands[:n], moved, *operands[n + 1 :]]
        with np.errstate(all="ignore"):
            try:
                seen = in_float64(i, seen_by)
            except StepperError:
                return np.nan, []
            taken = branch(i, seen_by, seen)
            return float(np.sum(g * seen)), [] if taken is None else [(i.index, taken)]

    at, here = run(start)
    mover = Mover(np.asarray(start, dtype=float), run, at, here)
    floor = floor_of(float(np.sum(np.abs(g * out))), mover.h)
    nudged, floors = np.full(start.shape, np.nan), np.full(start.shape, floor)
    kinks: list[Cell] = []
    for cell in _cells(start.shape, most):
        seen = mover.cell(cell)
        nudged[cell] = seen.slope
        off = not abs(seen.slope - ruled[cell]) <= floor + NOTE * abs(ruled[cell])
        if off and seen.kink is not None:
            kinks.append(cell)
            nudged[cell] = np.nan
        elif off and np.isfinite(seen.slope):
            nudged[cell], floors[cell] = mover.careful(cell, floor)
        if pieces.over():
            yield
    worst, where = largest(errors(ruled, nudged, floors))
    verdict = level(worst)
    if kinks and verdict in ("agrees", "unknown"):
        verdict = "kink"
    why = "nudging gives no finite number here" if verdict == "unknown" else ""
    return OperandCheck(label, ruled, nudged, worst, where, verdict, tuple(kinks), why)


def _ruled(probe: Probe, i: Instruction, n: int, g: Array) -> Array | None:
    """Return what the rule of operand n hands back for an adjoint g of the result."""
    with_rule = [k for k, o in enumerate(i.operands) if o.value is not None and ops.get(i.op).vjp[k] is not None]
    try:
        with np.errstate(all="ignore"):
            handed = terms(i, g, probe.values.__getitem__, set(i.reads))
    except (StepperError, MemoryError, *REFUSALS):
        return None
    return np.asarray(handed[with_rule.index(n)][1], dtype=float)


def _adjoint(probe: Probe, i: Instruction, most: int, pieces: _Pieces) -> Generator[None, None, AdjointCheck | None]:
    """Check the result as the adjoint that it is known to be."""
    program, loss = probe.program, probe.loss
    if loss is None or not np.isfinite(loss) or program.phase_of(i.index) not in ("backward", "update"):
        return None
    if not program.statements[i.statement].derived:
        return None
    of = next((program.inputs[p] for p, g in program.gradients.items() if g == i.result), None)
    if of is None:
        known: Mapping[int, int] = adjoints_of(program, lambda v: np.shape(probe.values[v]))
        of = next((v for v, g in known.items() if g == i.result), None)
    if of is None:
        return None
    mover = probe.mover(of)
    own = np.asarray(probe.values[i.result], dtype=float)
    true = adjoints(program, probe.values.__getitem__, [of])
    if own.shape != mover.start.shape:
        return None
    floor = floor_of(loss, mover.h)
    nudged, floors = np.full(own.shape, np.nan), np.full(own.shape, floor)
    for cell in _cells(own.shape, most):
        seen = mover.cell(cell)
        if seen.kink is None:
            nudged[cell] = seen.slope
            if abs(seen.slope - own[cell]) > floor + NOTE * abs(own[cell]):
                nudged[cell], floors[cell] = mover.careful(cell, floor)
        elif true is not None:
            nudged[cell] = true[of][cell]
        if pieces.over():
            yield
    worst, where = largest(errors(own, nudged, floors))
    return AdjointCheck(program.values[of].label, worst, where, level(worst))


def _cells(shape: tuple[int, ...], most: int) -> list[Cell]:
    n = int(np.prod(shape, dtype=np.int64))
    chosen = range(n) if n <= most else np.random.Generator(np.random.PCG64(n)).choice(n, size=most, replace=False)
    return [tuple(int(x) for x in np.unravel_index(int(k), shape)) if shape else () for k in chosen]


def _sentence(program: Program, i: Instruction, found: Sequence[OperandCheck], adjoint: AdjointCheck | None) -> str:
    said: list[str] = []
    label = program.values[i.result].label
    if adjoint is not None:
        loss = "L" if program.loss is None else program.values[program.loss].label
        slope = f"∂{loss}/∂{adjoint.of}"
        said.append(
            f"{label} is {slope}: nudging {adjoint.of} says the same."
            if adjoint.verdict == "agrees"
            else f"{label} is not {slope}: the largest relative error is {_error(adjoint.largest)}."
        )
    checked, left = [o for o in found if not o.why], [o for o in found if o.why]
    name = ops.get(i.op).symbol or i.op
    wrong = [o for o in checked if o.verdict in ("near", "wrong")]
    good = [o.label for o in checked if o not in wrong]
    if not found:
        said.append(f"`{name}` has no slope to hand back, so there is no rule to check.")
    for o in wrong:
        where = f" at [{', '.join(map(str, o.where))}]" if o.where else ""
        said.append(
            f"The rule of `{name}` for {o.label} is wrong: it differs from nudging by {_error(o.largest)}{where}, "
            "relative to the largest number."
        )
    if good:
        names = " and ".join(dict.fromkeys(good))
        said.append(f"The rule of `{name}` is right here for {names}: it hands back what nudging says.")
    bent = sum(len(o.kinks) for o in checked)
    if bent:
        cells = "one cell" if bent == 1 else f"{bent} cells"
        said.append(f"At {cells} the nudge went over a kink, where there is no one slope; these are left out.")
    if not checked:  # beside what could be checked, it is no news that data are whole numbers
        for why in dict.fromkeys(o.why for o in left):
            names = " and ".join(dict.fromkeys(o.label for o in left if o.why == why))
            said.append(f"{names} could not be checked: {why}.")
    return " ".join(said)


def _error(x: float) -> str:
    return "not a finite number" if not np.isfinite(x) else f"{x:.1e}".replace("e-0", "e-").replace("e-", "e−")
