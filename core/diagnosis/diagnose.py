"""What is wrong with a backward pass that a person wrote: line by line, by name, with what mends it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.diagnosis.assume import best_loss, with_loss
from core.diagnosis.biases import symmetric, unused
from core.diagnosis.case import Case
from core.diagnosis.code import Change, joined
from core.diagnosis.factors import CLOSE, Odd, ambiguous, constants, odd_lines, steps
from core.diagnosis.look import Look
from core.diagnosis.mend import Mend, Mender
from core.diagnosis.naming import by_numbers
from core.diagnosis.prior import prior_fault
from core.diagnosis.remarks import remarks
from core.diagnosis.result import Diagnosis, Fault, ParameterVerdict, Tie
from core.diagnosis.search import Place, Work, places
from core.diagnosis.signs import rewritten
from core.diagnosis.trials import Role, first_inputs, trials
from core.execute.adjoints import adjoints
from core.health.gradcheck import nudged_version
from core.health.probe import Probe
from core.program.ir import Program

SECOND = 60
MOST_PRIOR = 12
NO_LOSS = "There is no loss, and no output with the shape of a target to assume one for; write one under `# loss`, such as `L = mse(A2, Y)`."
NOT_COMPUTED = (
    "The loss cannot be computed with random numbers in the place of the parameters and data, so that there is nothing to measure the"
    " gradients against."
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
        return Diagnosis(case.program, text, "", False, faults=tuple(f.fault for f in faults), problem="" if faults else NO_LOSS)
    if open_:
        said = [replace(f.fault, parameters=f.fault.parameters or tuple(case.program.trainable)) for f in faults]
        return Diagnosis(first.program, first.text, _loss_line(first.program), first.assumed, _verdicts(first, None, 1.0, said),
                         _in_order([*said, *symmetric(Look.of(first))]))  # fmt: skip
    drawn = trials(case.program)
    if not drawn:
        return Diagnosis(case.program, case.text, _loss_line(case.program), case.assumed, faults=tuple(f.fault for f in faults),
                         problem="" if faults else NOT_COMPUTED)  # fmt: skip
    work = Work(case.program, drawn)
    before = constants(work, steps(work))
    wrong_places = places(work)
    yield
    structural = yield from _structural(case, work, wrong_places)
    mended = case.with_(joined([f.change for f in structural if f.change is not None])) or case
    common, odd = _factors(mended, work, wrong_places, mended is case)
    yield
    faults += [*structural, *odd]
    final = mended.with_(joined([f.change for f in odd if f.change is not None])) if odd else mended
    verdicts = _verdicts(first, before if case is first else None, common, [f.fault for f in faults])
    said = yield from _confirmed(faults, final, case)
    said += [f for f in symmetric(Look.of(first))]
    return Diagnosis(
        first.program, first.text, _loss_line(first.program), first.assumed, verdicts, _in_order(said),
        _beside(remarks(Look.of(first)), said),
        final.text if final is not None and said else None,
    )  # fmt: skip


def _prior(given: Case, loss: str) -> Generator[None, None, tuple[Case, Case, list[_Found], bool]]:
    """Find what can be told before gradients are compared; `loss` is the one to assume.

    Returns the case with its loss, the case with all of that mended, the faults, and whether a line that fails is left.
    """
    first = case = given
    faults: list[_Found] = []
    known: frozenset[tuple[int, str]] = frozenset()
    for _ in range(MOST_PRIOR):
        yield
        if case.program.loss is None and (case.program.fault is None or _past_forward(case.program)):
            assumed = with_loss(case, loss)
            if assumed is None:
                break
            first = assumed if case is first else first
            case = assumed
        found = yield from prior_fault(Look.of(case), known)
        if found is None:
            break
        fault, change = found
        known |= {(fault.line, fault.fault)}
        faults.append(_Found(fault, case, change))
        after = case.with_(change) if change is not None else None
        if after is not None:
            case = after
        elif case.program.fault is not None and not _after(case.program):
            return first, case, faults, True
        elif case.program.fault is not None:
            break
    return first, case, faults, False


@dataclass(frozen=True, eq=False)
class _Found:
    """A fault, and the change that mends it in the text of a case."""

    fault: Fault
    case: Case
    change: Change | None


def _after(program: Program) -> bool:
    """Tell whether a line that does not fit is only a prediction, so that the rest can be diagnosed."""
    assert program.fault is not None
    s = program.statements[program.fault.statement]
    return s.phase == "predict" or (s.phase == "forward" and any(x.phase == "update" for x in program.statements[: s.index]))


def _past_forward(program: Program) -> bool:
    """Tell whether a line that does not fit is none of the forward that a loss could be computed from."""
    assert program.fault is not None
    return program.statements[program.fault.statement].phase != "forward" or _after(program)


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


def role_text(program: Program, role: Role) -> str:
    """Return what a value should be, in words: ∂L/∂Z2, or the derivative of A1."""
    label = program.values[role.index].label
    return f"∂L/∂{label}" if role.kind == "adjoint" else f"the derivative of {label}"


# -- lines that compute something else ---------------------------------------------------------------------


def _structural(case: Case, work: Work, found: Sequence[Place]) -> Generator[None, None, list[_Found]]:
    """Name the fault of each wrong line; a `def` that is at fault counts once for all lines that call it."""
    mender = Mender(work, case.code)
    all_mends: dict[int, list[Mend]] = {}
    for p in found:
        all_mends[p.value] = yield from mender.mends(p)
    faults: list[_Found] = []
    done: set[int] = set()
    for group in _written_over(found, all_mends):
        done |= {p.value for p in group}
        faults.append(_named(case, work, group, [_last_move(group, all_mends)]))
    for those, mend in _shared(found, all_mends):
        if not any(p.value in done for p in those):
            done |= {p.value for p in those}
            others = [m for m in all_mends[those[0].value] if m.definition and m.change != mend.change and m.line != mend.line]
            faults.append(_named(case, work, those, [mend, *others]))
    for name, those in _blamed(mender, [p for p in found if p.value not in done]).items():
        done |= {p.value for p in those}
        at = case.code.source.definitions[name].value.lineno
        fault = Fault(case.line(at), case.code.lines[at - 1].strip(), by_numbers(mender, those[0]), parameters=_ordered(work, those),
                      role=role_text(work.program, those[0].role), value=those[0].value)  # fmt: skip
        changes = [all_mends[p.value][0].change for p in those if all_mends[p.value]]
        faults.append(_Found(fault, case, joined(changes) if len(changes) == len(those) else None))
    for p in found:
        if p.value in done:
            continue
        if all_mends[p.value]:
            faults.append(_named(case, work, [p], all_mends[p.value]))
            continue
        s = work.program.statements[work.statement_of(p.value)]
        blamed = mender.definition_to_blame(p)
        name = by_numbers(mender, p)
        if blamed is not None:
            at = case.code.source.definitions[blamed].value.lineno
            text = case.code.lines[at - 1].strip()
            tie = (Tie(case.line(s.line), s.text, "", name),) if mender.calls_of(blamed) == 1 else ()
            fault = Fault(case.line(at), text, name, ties=tie, parameters=_ordered(work, [p]),
                          role=role_text(work.program, p.role), value=p.value)  # fmt: skip
        else:
            fault = Fault(case.line(s.line), s.text, name, parameters=_ordered(work, [p]), role=role_text(work.program, p.role),
                          value=p.value)  # fmt: skip
        faults.append(_Found(fault, case, None))
    return faults


def _blamed(mender: Mender, found: Sequence[Place]) -> dict[str, list[Place]]:
    """Return the `def`s that several wrong lines call and that compute nothing known, with these lines."""
    calling: dict[str, list[Place]] = {}
    for p in found:
        if (name := mender.definition_to_blame(p)) is not None:
            calling.setdefault(name, []).append(p)
    return {name: those for name, those in calling.items() if len(those) > 1}


def _written_over(found: Sequence[Place], mends: dict[int, list[Mend]]) -> list[list[Place]]:
    """Return the places that one line, which comes too early, spoils."""
    by_line: dict[int, list[Place]] = {}
    for p in found:
        if mends[p.value] and mends[p.value][0].edit.kind == "version":
            by_line.setdefault(mends[p.value][0].change.lines[0][0], []).append(p)
    return [group for group in by_line.values() if len(group) > 1]


def _last_move(group: Sequence[Place], mends: dict[int, list[Mend]]) -> Mend:
    """Return the first place's mend, with the early line moved under the last of them."""
    first, last = mends[group[0].value][0], mends[group[-1].value][0]
    return replace(first, change=last.change)


def _shared(found: Sequence[Place], mends: dict[int, list[Mend]]) -> Iterator[tuple[list[Place], Mend]]:
    """Yield the edits of a `def` that mend several lines, those of most lines first."""
    shared: dict[Change, tuple[list[Place], Mend]] = {}
    for p in found:
        for m in mends[p.value]:
            if m.definition:
                shared.setdefault(m.change, ([], m))[0].append(p)
    several = [pair for pair in shared.values() if len(pair[0]) > 1]
    yield from sorted(several, key=lambda pair: -len(pair[0]))


def _named(case: Case, work: Work, those: Sequence[Place], mends: Sequence[Mend]) -> _Found:
    first, *rest = mends
    ties: list[Tie] = []
    for m in rest:  # other spellings of the same are none
        if (m.line, m.fault) not in {(first.line, first.fault), *((t.line, t.fault) for t in ties)} and _as_good(m, first):
            ties.append(Tie(case.line(m.line), m.text, m.expected, m.fault))
    fault = Fault(case.line(first.line), first.text, first.fault, first.expected, "", tuple(ties), _ordered(work, those),
                  role_text(work.program, those[0].role), those[0].value)  # fmt: skip
    return _Found(fault, case, first.change)


def _as_good(m: Mend, first: Mend) -> bool:
    """Tell whether an edit mends as plainly as the first: the same factor is left, and no more places change."""
    return abs(abs(m.factor) - abs(first.factor)) <= CLOSE and len(m.edit.spans) <= len(first.edit.spans) and m.line != first.line


def _ordered(work: Work, those: Sequence[Place]) -> tuple[str, ...]:
    return tuple(n for n in work.program.trainable if any(n in p.parameters for p in those))


# -- signs and factors -------------------------------------------------------------------------------------


def _factors(case: Case, work: Work, found: Sequence[Place], same: bool) -> tuple[float, list[_Found]]:
    """Name the lines with a wrong sign or factor, looked for in the program in which all else is mended."""
    free = frozenset(p.value for p in found)
    if not same:
        drawn = trials(case.program)
        if not drawn:
            return 1.0, []
        work = Work(case.program, drawn)
        free = frozenset(p.value for p in places(work))
    common, odd = odd_lines(work, free)
    faults: list[_Found] = []
    p = work.program
    if odd and (blamed := _scaled_definition(case, work)) is not None:
        return 1.0, [blamed]
    open_ = ambiguous(work, steps(work))
    for o in odd:
        if o.value in free:
            continue
        s = p.statements[work.statement_of(o.value)]
        written = rewritten(work, case.code, o.value, o.times)
        role = work.role_of(o.value)
        at = case.line(s.line)
        fault = Fault(at, case.given(at) or s.text, "sign" if o.times < 0 else "scale", written[0] if written else "", "",
                      _other_updates(case, work, o) if open_ and o.times > 0 else (), tuple(n for n in p.trainable if n in o.parameters), role_text(p, role[0]) if role else "", o.value)  # fmt: skip
        faults.append(_Found(fault, case, written[1] if written else None))
    return common, faults


def _scaled_definition(case: Case, work: Work) -> _Found | None:
    """Return the fault of a `def` that is a constant too large in all its uses, if mending it makes every parameter right."""
    mender = Mender(work, case.code)
    for name, c in mender.scaled_definitions().items():
        d = case.code.source.definitions[name]
        text = case.code.source_of(d.value)
        new = next(iter(_times(text, 1 / c)), None)
        if new is None:
            continue
        at = d.value.lineno
        line = case.code.lines[at - 1]
        changed = line.replace(text, new) if text in line else None
        if changed is None:
            continue
        change = Change(((at, changed),))
        after = case.with_(change)
        drawn = trials(after.program) if after is not None and after.program.fault is None else []
        if not drawn:
            continue
        then = Work(drawn[0].probe.program, drawn)
        if then.wrong() or odd_lines(then)[1]:
            continue
        lines = [work.statement_of(v) for v in work.lines]
        calling = [n for n in lines if f"{name}(" in case.code.raws[n].text]
        ties = tuple(
            Tie(case.line(case.code.raws[n].line), case.code.raws[n].text, "", "sign" if c < 0 else "scale") for n in calling
        )
        parameters = tuple(
            n for n in work.program.trainable if any(n in work.leads_to[v] for v in work.lines if work.statement_of(v) in calling)
        )
        fault = Fault(case.line(at), line.strip(), "sign" if c < 0 else "scale", changed.strip(), "", ties if len(calling) == 1 else (),
                      parameters, f"the derivative that `{name}` is called for")  # fmt: skip
        return _Found(fault, case, change)
    return None


def _times(text: str, times: float) -> list[str]:
    """Return an expression times a constant, as plainly as it can be written."""
    if times == -1:
        return [f"-({text})"]
    return [f"{times:g} * ({text})"] if float(f"{times:g}") == times else [f"{times!r} * ({text})"]


def _other_updates(case: Case, work: Work, odd: Odd) -> tuple[Tie, ...]:
    """Return the updates that might step too short instead of this one too far."""
    found: list[Tie] = []
    for name, step in steps(work).items():
        if name not in odd.parameters and step.values:
            raw = case.code.raws[work.statement_of(step.values[-1])]
            found.append(Tie(case.line(raw.line), raw.text, "", "scale"))
    here = case.code.raws[work.statement_of(odd.value)]
    own = [s.values[-1] for n, s in steps(work).items() if n in odd.parameters and s.values]
    for v in own:
        raw = case.code.raws[work.statement_of(v)]
        if raw.line != here.line:
            found.append(Tie(case.line(raw.line), raw.text, "", "scale"))
    return tuple(found)


# -- what is said ------------------------------------------------------------------------------------------


def _confirmed(faults: Sequence[_Found], final: Case | None, case: Case) -> Generator[None, None, list[Fault]]:
    """Say of each mend what it makes right on trials that were not used to find it; of one alone: its text."""
    right: set[str] = set()
    if final is not None:
        drawn = trials(final.program, seed=SECOND)
        if drawn:
            work = Work(final.program, drawn)
            found = constants(work, steps(work))
            if found and not odd_lines(work)[1]:
                right = set(found)
    yield
    said: list[Fault] = []
    for f in faults:
        alone = f.case.with_(f.change) if f.change is not None else None
        sentence = ""
        if f.change is not None and f.fault.parameters and set(f.fault.parameters) <= right:
            names = ", ".join(f.fault.parameters)
            others = " together with the other mends" if len(faults) > 1 else ""
            gradients = "gradient of {n} is" if len(f.fault.parameters) == 1 else "gradients of {n} are"
            sentence = f"With this line mended{others}, the {gradients.format(n=names)} right on three random starts that were not used to find it."
        elif f.change is not None and not f.fault.parameters and alone is not None and alone.program.fault is None:
            sentence = "With this line mended, the shapes of all lines fit."
        said.append(
            replace(f.fault, confirmed_by=f.fault.confirmed_by or sentence, mended=alone.text if alone is not None else None)
        )
        yield
    return said


def _verdicts(
    case: Case, before: dict[str, float] | None, common: float, faults: Sequence[Fault]
) -> tuple[ParameterVerdict, ...]:
    """Return the verdict of each parameter of a case; `before` holds the factors of its updates, None if they are to be found."""
    program = case.program
    if before is None:
        drawn = trials(program) if program.loss is not None else []
        work = Work(program, drawn) if drawn else None
        before = constants(work, steps(work)) if work is not None else {}
        common = odd_lines(work)[0] if work is not None else 1.0
    probe = Probe(program, first_inputs(program).__getitem__)
    unfed = unused(program)
    starts = {n: nudged_version(program, n) for n in program.trainable} if program.loss is not None else {}
    true = adjoints(program, probe.values.__getitem__, list(starts.values())) if program.loss is not None else None
    found: list[ParameterVerdict] = []
    for name in (*program.trainable, *unfed):
        truth = (true or {}).get(starts.get(name, -1)) if name in starts else np.zeros(np.shape(program.given_named(name).value))
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
        if any(f.fault == "never-reset" and name in f.parameters for f in faults):
            c = None
        if c is not None and c > 0 and abs(c / common - 1) <= CLOSE:
            verdict = "right" if abs(c - 1) <= CLOSE else "right up to a factor"
        found.append(ParameterVerdict(name, verdict, c, cosine, own, truth, value))
    return tuple(found)
