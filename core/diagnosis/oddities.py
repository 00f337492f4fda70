"""Lines with a wrong sign or factor, named and mended."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from core.diagnosis.case import Case
from core.diagnosis.code import Change
from core.diagnosis.definitions import scaled_definitions
from core.diagnosis.factors import Odd, ambiguous, odd_lines
from core.diagnosis.mend import Mender
from core.diagnosis.mending import Mending
from core.diagnosis.naming import role_text
from core.diagnosis.result import Fault, Tie
from core.diagnosis.search import Place, places
from core.diagnosis.signs import rewritten
from core.diagnosis.steps import steps
from core.diagnosis.work import Work


def factors(case: Case, work: Work, found: Sequence[Place], same: bool) -> Generator[None, None, tuple[float, list[Mending]]]:
    """Name the lines with a wrong sign or factor, looked for in the program in which all else is mended."""
    free = frozenset(p.value for p in found)
    if not same:
        drawn = yield from case.draw()
        if not drawn:
            return 1.0, []
        work = Work(case.program, drawn)
        free = frozenset(p.value for p in (yield from places(work)))
    common, odd = odd_lines(work, free)
    faults: list[Mending] = []
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
        at = case.line(s.line) if case.typed.get(s.line) in case.origin else 0  # 0: another mend has put the line in
        fault = Fault(
            at, case.given(at) or s.text, "sign" if o.times < 0 else "scale", written[0] if written else "",
            ties=_other_updates(case, work, o) if open_ and o.times > 0 else _other_lines(case, work, o),
            parameters=tuple(n for n in p.trainable if n in o.parameters),
            role=role_text(p, role[0]) if role else "", value=o.value,
        )  # fmt: skip
        faults.append(Mending(fault, case, written[1] if written else None))
    return common, faults


def _scaled_definition(case: Case, work: Work) -> Mending | None:
    """Return the fault of a `def` that is a constant too large in all its uses, if mending it makes every parameter right."""
    mender = Mender(work, case.code)
    for name, c in scaled_definitions(mender).items():
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
        drawn = after.trials if after is not None and after.program.fault is None else []
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
        fault = Fault(case.line(at), line.strip(), "sign" if c < 0 else "scale", changed.strip(), "",
                      ties if len(calling) == 1 else (), parameters, f"the derivative that `{name}` is called for")  # fmt: skip
        return Mending(fault, case, change)
    return None


def _times(text: str, times: float) -> list[str]:
    """Return an expression times a constant, as plainly as it can be written."""
    if times == -1:
        return [f"-({text})"]
    return [f"{times:g} * ({text})"] if float(f"{times:g}") == times else [f"{times!r} * ({text})"]


def _other_lines(case: Case, work: Work, odd: Odd) -> tuple[Tie, ...]:
    """Return the lines that may bring in the factor as well."""
    raws = [case.code.raws[work.statement_of(v)] for v in odd.others if v != odd.value]
    return tuple(Tie(case.line(r.line), r.text, "", "sign" if odd.times < 0 else "scale") for r in dict.fromkeys(raws))


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
