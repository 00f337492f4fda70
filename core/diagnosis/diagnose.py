"""What is wrong with a backward pass that a person wrote: line by line, by name, with what mends it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

from core.diagnosis.assume import best_loss, with_loss
from core.diagnosis.biases import symmetric
from core.diagnosis.case import Case
from core.diagnosis.code import joined
from core.diagnosis.factors import constants
from core.diagnosis.look import Look
from core.diagnosis.mending import Mending
from core.diagnosis.oddities import factors
from core.diagnosis.prior import prior_fault
from core.diagnosis.remarks import remarks
from core.diagnosis.result import Diagnosis, Fault
from core.diagnosis.search import places
from core.diagnosis.steps import steps
from core.diagnosis.verdicts import confirmed, verdicts
from core.diagnosis.work import Work
from core.diagnosis.wrong_lines import structural
from core.program.ir import Program

MOST_PRIOR = 12


NO_LOSS = (
    "There is no loss, and no output with the shape of a target to assume one for; write one under `# loss`, such as"
    " `L = mse(A2, Y)`."
)


NOT_COMPUTED = (
    "The loss cannot be computed with random numbers in the place of the parameters and data, so that there is nothing to"
    " measure the gradients against."
)


NO_PARAMETERS = "There are no parameters under `# parameters` that the loss depends on, so there is no gradient to check."


def diagnose(text: str, folder: Path | None = None, loss: str = "") -> Diagnosis:
    """Say what is wrong with the backward and the update of a program, as far as a person wrote them.

    The truth is the derivative of the program's own forward and loss. Files that the text names lie in `folder`; `loss` names the
    loss to assume (`half_sse`, `sse`, `mse`, `bce`, `cross_entropy`) where none is written, else the one that fits best is taken.

    Raises:
        NotationError: if the text is not a program.
    """
    work = diagnosing(text, folder, loss)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def diagnosing(text: str, folder: Path | None = None, loss: str = "") -> Generator[None, None, Diagnosis]:
    """Do what `diagnose` does in short pieces; the diagnosis is the value of StopIteration."""
    given = Case.of(text, folder)
    if given.program.loss is not None and not given.program.trainable:
        return Diagnosis(given.program, text, _loss_line(given.program), False, problem=NO_PARAMETERS)
    first, case, faults, open_ = yield from _prior(given, loss)
    if first.assumed and not loss and case.program.loss is not None and not open_:
        wanted = best_loss(case)
        if f"L = {wanted}(" not in _loss_line(first.program):
            first, case, faults, open_ = yield from _prior(given, wanted)
    if case.program.loss is None:
        return Diagnosis(first.program, text, "", False, faults=tuple(f.fault for f in faults), problem="" if faults else NO_LOSS)
    if open_:
        said = [replace(f.fault, parameters=f.fault.parameters or tuple(case.program.trainable)) for f in faults]
        return Diagnosis(first.program, first.text, _loss_line(first.program), first.assumed, verdicts(first, None, 1.0, said),
                         _in_order([*said, *symmetric(Look.of(first))]))  # fmt: skip
    drawn = yield from case.draw()
    if not drawn:
        return Diagnosis(case.program, case.text, _loss_line(case.program), case.assumed, faults=tuple(f.fault for f in faults),
                         problem="" if faults else NOT_COMPUTED)  # fmt: skip
    work = Work(case.program, drawn)
    before = constants(work, steps(work))
    wrong_places = yield from places(work)
    yield
    wrong_lines = yield from structural(case, work, wrong_places)
    mended = case.with_(joined([f.change for f in wrong_lines if f.change is not None])) or case
    common, odd = yield from factors(mended, work, wrong_places, mended is case)
    faults = _with_later_mends([*faults, *wrong_lines], odd)
    final = mended.with_(joined([f.change for f in odd if f.change is not None])) if odd else mended
    judged = verdicts(first, before if case is first else None, common, [f.fault for f in faults])
    said = yield from confirmed(faults, final, first)
    said += symmetric(Look.of(first))
    return Diagnosis(
        first.program, first.text, _loss_line(first.program), first.assumed, judged, _in_order(said),
        _beside(remarks(Look.of(first), said), said),
        final.text if final is not None and said else None,
    )  # fmt: skip


def _prior(given: Case, loss: str) -> Generator[None, None, tuple[Case, Case, list[Mending], bool]]:
    """Find what can be told before gradients are compared; `loss` is the one to assume.

    Returns the case with its loss, the case with all of that mended, the faults, and whether a line that fails is left.
    """
    first = case = given
    faults: list[Mending] = []
    known: frozenset[tuple[int, str]] = frozenset()
    for _ in range(MOST_PRIOR):
        yield
        if case.program.loss is None and (case.program.fault is None or _past_forward(case.program)):
            assumed = with_loss(case, loss)
            if assumed is None:
                break
            first = assumed if case is first else first
            case = assumed
        yield from case.draw()
        found = yield from prior_fault(Look.of(case), known)
        if found is None:
            break
        fault, change = found
        known |= {(fault.line, fault.fault)}
        faults.append(Mending(fault, case, change))
        after = case.with_(change) if change is not None else None
        if after is not None:
            case = after
        elif case.program.fault is not None and not _after(case.program):
            return first, case, faults, True
        elif case.program.fault is not None:
            break
    return first, case, faults, False


def _after(program: Program) -> bool:
    """Tell whether a line that does not fit is only a prediction, so that the rest can be diagnosed."""
    assert program.fault is not None
    s = program.statements[program.fault.statement]
    return s.phase == "predict" or (s.phase == "forward" and any(x.phase == "update" for x in program.statements[: s.index]))


def _past_forward(program: Program) -> bool:
    """Tell whether a line that does not fit is none of the forward that a loss could be computed from."""
    assert program.fault is not None
    return program.statements[program.fault.statement].phase != "forward" or _after(program)


def _with_later_mends(faults: Sequence[Mending], odd: Sequence[Mending]) -> list[Mending]:
    """Return all faults; what is odd in a line that a mend has put in is part of that mend."""
    found = list(faults)
    for later in odd:
        if later.fault.line:
            found.append(later)
            continue
        for n, f in enumerate(found):
            if f.fault.expected == later.fault.text:
                found[n] = replace(f, fault=replace(f.fault, expected=later.fault.expected))
    return found


def _in_order(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    found: list[Fault] = []
    for f in sorted(faults, key=lambda f: f.line):
        if all((f.line, f.fault) != (g.line, g.fault) for g in found):
            found.append(f)
    return tuple(found)


def _beside(hints: Sequence[Fault], faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Return the remarks that are not among the faults."""
    return tuple(h for h in hints if all((h.line, h.fault) != (f.line, f.fault) for f in faults))


def _loss_line(program: Program) -> str:
    maker = program.makers.get(program.loss) if program.loss is not None else None
    return "" if maker is None else program.statements[program.instructions[maker].statement].text
