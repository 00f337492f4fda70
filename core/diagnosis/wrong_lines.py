"""Lines that compute something else than they should: what each fault is called, and what mends it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

import numpy as np

from core.diagnosis.case import Case
from core.diagnosis.code import Change, joined
from core.diagnosis.definitions import calls_of, definition_to_blame
from core.diagnosis.factors import CLOSE
from core.diagnosis.mend import Mend, Mender
from core.diagnosis.mending import Mending
from core.diagnosis.naming import by_numbers, role_text
from core.diagnosis.result import Fault, Tie
from core.diagnosis.search import Place, roles_for
from core.diagnosis.signs import rewritten
from core.diagnosis.targets import depends
from core.diagnosis.trials import Role
from core.diagnosis.work import Work
from core.program.structure import ancestors

MOST_ROLES = 8


def structural(case: Case, work: Work, found: Sequence[Place]) -> Generator[None, None, list[Mending]]:
    """Name the fault of each wrong line; a `def` that is at fault counts once for all lines that call it."""
    mender = Mender(work, case.code)
    all_mends: dict[int, list[Mend]] = {}
    found = list(found)
    faults: list[Mending] = []
    done: set[int] = set()
    for p in list(found):
        if (scaled := _scaled(case, mender, p)) is not None:
            faults.append(scaled)
            found.remove(p)
            continue
        all_mends[p.value] = yield from mender.mends(p)
        if not all_mends[p.value]:
            before = yield from _before(work, mender, p, all_mends)
            if before is not None:
                found.insert(found.index(p), before)
    for group in _written_over(found, all_mends):
        done |= {p.value for p in group}
        faults.append(_named(case, work, group, [_last_move(group, all_mends)]))
    for those, mend in _shared(found, all_mends):
        if not any(p.value in done for p in those):
            done |= {p.value for p in those}
            others = [m for m in all_mends[those[0].value] if m.definition and m.line != mend.line]
            faults.append(_named(case, work, those, [mend, *others]))
    for name, those in _blamed(mender, [p for p in found if p.value not in done]).items():
        done |= {p.value for p in those}
        at = case.code.source.definitions[name].value.lineno
        fault = Fault(case.line(at), case.code.lines[at - 1].strip(), by_numbers(mender, those[0]),
                      parameters=_ordered(work, those),
                      role=role_text(work.program, those[0].role), value=those[0].value)  # fmt: skip
        changes = [all_mends[p.value][0].change for p in those if all_mends[p.value]]
        faults.append(Mending(fault, case, joined(changes) if len(changes) == len(those) else None))
    for p in found:
        if p.value in done:
            continue
        if all_mends[p.value]:
            faults.append(_named(case, work, [p], all_mends[p.value]))
            continue
        s = work.program.statements[work.statement_of(p.value)]
        blamed = definition_to_blame(mender, p)
        name = by_numbers(mender, p)
        if blamed is not None:
            at = case.code.source.definitions[blamed].value.lineno
            text = case.code.lines[at - 1].strip()
            tie = (Tie(case.line(s.line), s.text, "", name),) if calls_of(mender, blamed) == 1 else ()
            fault = Fault(case.line(at), text, name, ties=tie, parameters=_ordered(work, [p]),
                          role=role_text(work.program, p.role), value=p.value)  # fmt: skip
        else:
            fault = Fault(case.line(s.line), s.text, name, ties=_later(case, work, p, name), parameters=_ordered(work, [p]),
                          role=role_text(work.program, p.role), value=p.value)  # fmt: skip
        faults.append(Mending(fault, case, None))
    return faults


def _scaled(case: Case, mender: Mender, place: Place) -> Mending | None:
    """Return the fault of a line that is what it should be but for a sign or factor, where another part stands beside it."""
    if place.scale is None:
        return None
    work, statement = mender.work, mender.work.statement_of(place.value)
    raw = case.code.raws[statement]
    names = case.code.names_before(statement)
    fits = [mender.fits(replace(place, role=r, scale=None), statement, case.code.segment(raw), names)
            for r in (place.role, *place.others)]  # fmt: skip
    c = next((c for c in fits if c is not None), None)
    if c is None:
        return None
    times = place.scale / c
    written = rewritten(work, case.code, place.value, times)
    fault = Fault(case.line(raw.line), raw.text, "sign" if times < 0 else "scale", written[0] if written else "", "", (),
                  _ordered(work, [place]), role_text(work.program, place.role), place.value)  # fmt: skip
    return Mending(fault, case, written[1] if written else None)


def _before(
    work: Work, mender: Mender, place: Place, mends: dict[int, list[Mend]]
) -> Generator[None, None, Place | None]:  # fmt: skip
    """Find a second wrong line right before one that no edit mends: no parameter stands between them to tell them apart.

    It is one that computes nothing known, and with which mended the other can be mended; or that can be mended itself.
    """
    above = ancestors(work.program.instructions, [place.value])
    for value in reversed(work.lines):
        made = set(work.lines) & ancestors(work.program.instructions, [value]) - {value}
        if value not in above or value in work.replaced or value == place.value or work.role_of(value) is not None:
            continue
        if not made and not depends(work.program, value, mender.targets):
            continue  # a helper made of the forward alone
        roles = [r for r in roles_for(work, value) if r.kind == "adjoint" and not r.transposed]
        roles = [r for r in roles if np.shape(work.trials[0].truth[r]) == np.shape(work.now[0][value])] or roles
        own: tuple[Role, list[Mend]] | None = None
        for role in roles[:MOST_ROLES]:
            kept = work.now
            work.accept(value, role)
            found = yield from mender.mends(place)
            if found:
                mends[place.value] = found
                mends[value] = yield from mender.mends(Place(value, role, place.parameters))
                return Place(value, role, place.parameters)
            del work.replaced[value]
            work.now = kept
            if own is None:
                tried = yield from mender.mends(Place(value, role, place.parameters))
                own = (role, tried) if tried else None
        if own is not None:
            role, mends[value] = own
            work.accept(value, role)
            mends[place.value] = yield from mender.mends(place)
            return Place(value, role, place.parameters)
    return None


def _blamed(mender: Mender, found: Sequence[Place]) -> dict[str, list[Place]]:
    """Return the `def`s that several wrong lines call and that compute nothing known, with these lines."""
    calling: dict[str, list[Place]] = {}
    for p in found:
        if (name := definition_to_blame(mender, p)) is not None:
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


def _named(case: Case, work: Work, those: Sequence[Place], mends: Sequence[Mend]) -> Mending:
    first, *rest = mends
    ties: list[Tie] = []
    for m in rest:  # other spellings of the same are none
        if (m.line, m.fault) not in {(first.line, first.fault), *((t.line, t.fault) for t in ties)} and _as_good(m, first):
            ties.append(Tie(case.line(m.line), m.text, m.expected, m.fault))
    ties += [t for p in those for t in _later(case, work, p, first.fault)]
    fault = Fault(case.line(first.line), first.text, first.fault, first.expected, "", tuple(ties), _ordered(work, those),
                  role_text(work.program, those[0].role), those[0].value, term=first.edit.kind == "plus")  # fmt: skip
    return Mending(fault, case, first.change)


def _later(case: Case, work: Work, place: Place, fault: str) -> tuple[Tie, ...]:
    """Return the line after a place that would do as well."""
    if place.later is None:
        return ()
    s = work.program.statements[work.statement_of(place.later)]
    return (Tie(case.line(s.line), s.text, "", fault),)


def _as_good(m: Mend, first: Mend) -> bool:
    """Tell whether an edit mends as plainly as the first: the same factor is left, and no more places change."""
    plain = len(m.edit.spans) <= len(first.edit.spans) or bool(m.definition and first.definition)
    return abs(abs(m.factor) - abs(first.factor)) <= CLOSE and plain and m.line != first.line


def _ordered(work: Work, those: Sequence[Place]) -> tuple[str, ...]:
    return tuple(n for n in work.program.trainable if any(n in p.parameters for p in those))
