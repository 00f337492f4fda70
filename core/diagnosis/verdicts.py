"""What is said in the end: of each parameter, and what confirms each mend."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace

import numpy as np

from core.diagnosis.biases import unused
from core.diagnosis.case import Case
from core.diagnosis.code import Change
from core.diagnosis.factors import CLOSE, constants, odd_lines
from core.diagnosis.mending import Mending
from core.diagnosis.remarks import frozen
from core.diagnosis.result import Fault, ParameterVerdict
from core.diagnosis.steps import steps
from core.diagnosis.trials import drawing, first_inputs
from core.diagnosis.work import Work, step_of
from core.execute.adjoints import adjoints
from core.health.gradcheck import nudged_version
from core.health.probe import Probe

SECOND = 60


def confirmed(faults: Sequence[Mending], final: Case | None, first: Case) -> Generator[None, None, list[Fault]]:
    """Say of each mend what it makes right on trials that were not used to find it; of one alone: its text."""
    right: set[str] = set()
    if final is not None:
        drawn = yield from drawing(final.program, seed=SECOND)
        if drawn:
            work = Work(final.program, drawn)
            found = constants(work, steps(work))
            if found and not odd_lines(work)[1]:
                right = set(found)
    yield
    said: list[Fault] = []
    for f in faults:
        alone = _alone(f, first)
        sentence = ""
        if f.change is not None and f.fault.parameters and set(f.fault.parameters) <= right:
            names = ", ".join(f.fault.parameters)
            others = " together with the other mends" if len(faults) > 1 else ""
            gradients = "gradient of {n} is" if len(f.fault.parameters) == 1 else "gradients of {n} are"
            sentence = (
                f"With this line mended{others}, the {gradients.format(n=names)} right on three random starts that were not used"
                " to find it."
            )
        elif f.change is not None and not f.fault.parameters and alone is not None and alone.program.fault is None:
            sentence = "With this line mended, the shapes of all lines fit."
        said.append(
            replace(f.fault, confirmed_by=f.fault.confirmed_by or sentence, mended=alone.text if alone is not None else None)
        )
        yield
    return said


def _alone(f: Mending, first: Case) -> Case | None:
    """Return the first case with one fault mended alone; of two in one line, the second with the first."""
    if f.change is None:
        return None
    if f.case is first:
        return first.with_(f.change)
    lines = {given: at for at, given in first.origin.items()}
    there = {at: n for n, at in first.typed.items()}

    def place(line: int) -> int | None:
        return there.get(lines.get(f.case.line(line), -1))

    wanted = [(place(line), new, line) for line, new in f.change.lines]
    above = [(place(line), new) for line, new in f.change.above]
    if any(at is None for at, *_ in (*wanted, *above)):
        return None
    return first.with_(
        Change(
            tuple((at, new) for at, new, _ in wanted if at is not None), tuple((at, new) for at, new in above if at is not None)
        )
    )


def verdicts(case: Case, before: dict[str, float] | None, common: float, faults: Sequence[Fault]) -> tuple[ParameterVerdict, ...]:
    """Return the verdict of each parameter of a case, those left out that are meant to stay as they are.

    `before` holds the factors of its updates, None if they are to be found.
    """
    program = case.program
    if before is None:
        drawn = case.trials
        work = Work(program, drawn) if drawn else None
        before = constants(work, steps(work)) if work is not None else {}
        common = odd_lines(work)[0] if work is not None else 1.0
    probe = Probe(program, first_inputs(program).__getitem__)
    unfed = unused(program)
    starts = {n: nudged_version(program, n) for n in program.trainable} if program.loss is not None else {}
    true = adjoints(program, probe.values.__getitem__, list(starts.values())) if program.loss is not None else None
    found: list[ParameterVerdict] = []
    accused = {n for f in faults for n in f.parameters}
    still = set(frozen(program)) - accused
    for name in (*(n for n in program.trainable if n not in still), *(n for n in unfed if n in accused)):
        truth = (true or {}).get(starts.get(name, -1)) if name in starts else np.zeros(np.shape(program.given_named(name).value))
        value = program.gradients.get(name)
        start, end = program.carried.get(name, (-1, -1))
        own = cosine = None
        if value is not None and probe.values[value] is not None:
            own = np.asarray(probe.values[value], dtype=float)
        if end >= 0 and probe.values[end] is not None and truth is not None:
            step = step_of(probe.values, start, end)
            if step is not None and step.shape == truth.shape:
                move = -step
                size = float(np.linalg.norm(move) * np.linalg.norm(truth))
                cosine = float(-np.vdot(move, truth) / size) if size and np.isfinite(size) else None
        c = before.get(name)
        verdict = "wrong"
        if any(f.fault == "never-reset" and name in f.parameters for f in faults):
            c = None
        if c is not None and c > 0 and abs(c / common - 1) <= CLOSE:
            verdict = "right" if abs(c - 1) <= CLOSE else "right up to a factor"
        found.append(ParameterVerdict(name, verdict, c, cosine, own, truth, value))
    return tuple(found)
