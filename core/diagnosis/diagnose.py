"""What is wrong with a backward pass that a person wrote: line by line, by name, with what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.complete import load
from core.diagnosis.assume import with_loss
from core.diagnosis.code import Change, Code, aligned
from core.diagnosis.factors import constants, odd_lines, steps
from core.diagnosis.mend import Mend, Mender
from core.diagnosis.naming import by_numbers
from core.diagnosis.result import Diagnosis, Fault, ParameterVerdict, Tie
from core.diagnosis.search import Place, Work, places
from core.diagnosis.signs import rewritten
from core.diagnosis.trials import Role, first_inputs, trials
from core.errors import StepperError
from core.execute.adjoints import adjoints
from core.health.probe import Probe
from core.program.ir import Program

SECOND = 60


@dataclass(eq=False)
class _Case:
    """One text on its way: what was given, the text that is diagnosed, its program, which line of the given each line is."""

    given: str
    text: str
    program: Program
    folder: Path | None
    assumed_at: int = 0

    def line(self, line: int) -> int:
        """Return the line of the given text that a line of the program's text is."""
        at = aligned(self.text, self.program).get(line, line)
        return at - 2 if self.assumed_at and at > self.assumed_at else at


def diagnose(text: str, folder: Path | None = None) -> Diagnosis:
    """Say what is wrong with the backward and the update of a program, as far as a person wrote them.

    The truth is the derivative of the program's own forward and loss. Files that the text names lie in `folder`.

    Raises:
        NotationError: if the text is not a program.
    """
    program = load(text, folder=folder)
    case = _Case(text, text, program, folder)
    if program.loss is None:
        assumed = with_loss(text, program, folder)
        if assumed is None:
            return Diagnosis(program, text, "", False, problem=_NO_LOSS)
        case.text, case.program, case.assumed_at = assumed
    return _diagnosed(case)


_NO_LOSS = (
    "There is no loss, and no output with the shape of a target to assume one for; write one under `# loss`, such as `L = mse(A2, Y)`."
)


def _diagnosed(case: _Case) -> Diagnosis:
    program = case.program
    loss = _loss_line(program)
    drawn = trials(program)
    if not drawn:
        return Diagnosis(program, case.text, loss, bool(case.assumed_at), problem=(
            "The loss cannot be computed with random numbers in the place of the parameters and data, so that there is nothing to"
            " measure the gradients against."))  # fmt: skip
    work = Work(program, drawn)
    before = constants(work, steps(work))
    found = places(work)
    code = Code(program, case.folder)
    mender = Mender(work, code)
    faults, changes = _structural(case, work, mender, found)
    text, origin, mended = _applied(case, code, changes)
    common, odd, whole = _factors(case, work, code, found, mended, origin)
    faults += odd
    return Diagnosis(
        program, case.text, loss, bool(case.assumed_at), _verdicts(program, work, before, common),
        tuple(sorted(faults, key=lambda f: f.line)), (), whole or text,
    )  # fmt: skip


def _loss_line(program: Program) -> str:
    assert program.loss is not None
    maker = program.makers.get(program.loss)
    return "" if maker is None else program.statements[program.instructions[maker].statement].text


def _role_text(program: Program, role: Role) -> str:
    label = program.values[role.index].label
    return f"∂L/∂{label}" if role.kind == "adjoint" else f"the derivative of {label}"


def _structural(
    case: _Case, work: Work, mender: Mender, found: Sequence[Place]
) -> tuple[list[Fault], list[Change]]:  # fmt: skip
    """Name the fault of each wrong line; a `def` that is at fault counts once for all lines that call it."""
    all_mends = {p.value: mender.mends(p) for p in found}
    shared: dict[Change, list[Place]] = {}
    for p in found:
        for m in all_mends[p.value]:
            if m.definition:
                shared.setdefault(m.change, []).append(p)
    faults: list[Fault] = []
    changes: list[Change] = []
    done: set[int] = set()
    for change, those in sorted(shared.items(), key=lambda item: -len(item[1])):
        if len(those) < 2 or any(p.value in done for p in those):
            continue
        mend = next(m for m in all_mends[those[0].value] if m.change == change)
        done |= {p.value for p in those}
        changes.append(change)
        faults.append(_fault(case, work, those, mend, ()))
    for p in found:
        if p.value in done:
            continue
        mends = all_mends[p.value]
        if mends:
            first, *rest = mends
            changes.append(first.change)
            faults.append(_fault(case, work, [p], first, rest))
        else:
            s = work.program.statements[work.statement_of(p.value)]
            faults.append(
                Fault(case.line(s.line), s.text, by_numbers(mender, p), parameters=tuple(sorted(p.parameters)),
                      role=_role_text(work.program, p.role), value=p.value)
            )  # fmt: skip
    return faults, changes


def _fault(case: _Case, work: Work, those: Sequence[Place], mend: Mend, rest: Sequence[Mend]) -> Fault:
    parameters = tuple(n for n in work.program.trainable if any(n in p.parameters for p in those))
    ties = tuple(Tie(case.line(m.line), m.text, m.expected, m.fault) for m in rest if m.fault == mend.fault or m.line != mend.line)
    return Fault(
        case.line(mend.line), mend.text, mend.fault, mend.expected, "", ties, parameters,
        _role_text(work.program, those[0].role), those[0].value,
    )  # fmt: skip


def _applied(case: _Case, code: Code, changes: Sequence[Change]) -> tuple[str, dict[int, int], Program | None]:
    """Return the text with changes, which line of the old each line is, and its program; None if it cannot be read."""
    text, origin = code.changed(Change(tuple(x for c in changes for x in c.lines), tuple(x for c in changes for x in c.above)))
    if not changes:
        return text, origin, case.program
    try:
        return text, origin, load(text, folder=case.folder)
    except StepperError:
        return text, origin, None


def _factors(
    case: _Case, work: Work, code: Code, found: Sequence[Place], mended: Program | None, origin: dict[int, int]
) -> tuple[float, list[Fault], str | None]:
    """Name the lines with a wrong sign or factor, looked for in the program in which all else is mended."""
    free = frozenset(p.value for p in found)
    if mended is not None and mended is not case.program:
        drawn = trials(mended)
        if drawn:
            work = Work(mended, drawn)
            free = frozenset(p.value for p in places(work))
            code = Code(mended, case.folder)
    common, odd = odd_lines(work, free)
    faults: list[Fault] = []
    changes: list[Change] = []
    p = work.program
    for o in odd:
        if o.value in free:
            continue
        s = p.statements[work.statement_of(o.value)]
        written = rewritten(work, code, o.value, o.times)
        role = work.role_of(o.value)
        line = s.line if p is case.program else origin.get(s.line, s.line)
        faults.append(
            Fault(case.line(line), s.text, "sign" if o.times < 0 else "scale", written[0] if written else "", "", (),
                  tuple(sorted(o.parameters)), _role_text(p, role[0]) if role else "", o.value if p is case.program else None)
        )  # fmt: skip
        if written:
            changes.append(written[1])
    if not changes:
        return common, faults, None
    text, _ = code.changed(Change(tuple(x for c in changes for x in c.lines)))
    return common, faults, text


def _verdicts(program: Program, work: Work, before: dict[str, float], common: float) -> tuple[ParameterVerdict, ...]:
    probe = Probe(program, first_inputs(program).__getitem__)
    true = adjoints(program, probe.values.__getitem__, list(work.starts.values())) or {}
    found: list[ParameterVerdict] = []
    for name in program.trainable:
        truth = true.get(work.starts[name])
        value = program.gradients.get(name)
        start, end = program.carried.get(name, (-1, -1))
        own = cosine = None
        if value is not None and probe.values[value] is not None:
            own = np.asarray(probe.values[value], dtype=float)
        if end >= 0 and probe.values[end] is not None and truth is not None:
            move = np.asarray(probe.values[end], dtype=float) - np.asarray(probe.values[start], dtype=float)
            if move.shape == truth.shape:
                size = float(np.linalg.norm(move) * np.linalg.norm(truth))
                cosine = float(-np.vdot(move, truth) / size) if size and np.isfinite(size) else None
        c = before.get(name)
        verdict = "wrong"
        if c is not None and c > 0 and abs(c / common - 1) <= 1e-6:
            verdict = "right" if abs(c - 1) <= 1e-6 else "right up to a factor"
        found.append(ParameterVerdict(name, verdict, c, cosine, own, truth, value))
    return tuple(found)
