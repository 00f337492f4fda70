"""Where a backward goes wrong: which line, given what it reads, does not compute what it is used as.

No name is trusted. A value is put in the place of another (the true adjoint of some forward value), and what follows is
computed anew: where that makes parameters right that were wrong, everything after the line is right, and the line is not.
The lines that are found are taken as mended, and the rest is looked at again, so that several faults are found at once.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np

from core.diagnosis.factors import line_factor
from core.diagnosis.trials import SAME, Role
from core.diagnosis.work import Work
from core.program.structure import ancestors

MOST_FAULTS = 12


@dataclass(frozen=True)
class Place:
    """A wrong line: the value that it makes, what it should be, and the parameters that this mends.

    With `step`, the line is an update, and its step is what should be a multiple of the role. `others` are roles that mend as
    much: behind a ReLU, ∂L/∂A1 and ∂L/∂Z1 do the same. `scale` is how many times the role the value must be, None for any.
    `later` is a value whose line might be mended instead.
    """

    value: int
    role: Role
    parameters: frozenset[str]
    step: bool = False
    others: tuple[Role, ...] = ()
    scale: float | None = None
    later: int | None = None


def places(work: Work) -> Generator[None, None, list[Place]]:
    """Find the wrong lines, and leave them mended in `work`; yields after each line that was looked at."""
    found: list[Place] = []
    while len(found) < MOST_FAULTS:
        wrong = work.wrong()
        if not wrong:
            break
        best = (yield from _best(work, wrong)) or _update(work, wrong)
        if best.step:
            work.settled |= best.parameters
        else:
            work.accept(best.value, best.role, best.scale)
        found.append(best)
    return sorted(found, key=lambda p: work.program.makers[p.value])


def _best(work: Work, wrong: list[str]) -> Generator[None, None, Place | None]:
    candidates: list[Place] = []
    own = set(work.gradients.values())
    for value in work.lines:
        if value in work.replaced or not any(n in work.leads_to[value] for n in wrong):
            continue
        found: list[tuple[Role, frozenset[str], float | None]] = []
        beside = work.beside(value) if value not in own else {}
        for role in roles_for(work, value):
            scale = work.scale_for(value, role, beside)
            found.append((role, work.mended_by(value, role, wrong, scale), scale))
            yield
        most = max((len(p) for _, p, _ in found), default=0)
        if most:
            (role, parameters, scale), *others = [one for one in found if len(one[1]) == most]
            alike = tuple(r for r, p, _ in others if p == parameters)
            candidates.append(Place(value, role, parameters, others=alike, scale=scale))
    if not candidates:
        return None
    most = max(len(c.parameters) for c in candidates)
    top = [c for c in candidates if len(c.parameters) == most]
    chain = [c for c in top if c is top[0] or _follows(work, top[0].value, c.value)]
    known = [_as_such(work, c) for c in chain]
    unknown = next((n for n, r in enumerate(known) if r is None), len(chain))
    # a line that hands on what it was given adds nothing, though something is missing after it
    idle = [n for n, r in enumerate(known[:unknown]) if r is not None and _hands_on(work, chain[n].value, r[0])]
    last = chain[unknown] if 0 < unknown < len(chain) and not idle else None
    if last is not None and last.value in own and len(work.leads_to[last.value]) == 1 and not _there(work, chain[unknown - 1]):
        # a gradient that is made in the usual way, of what nothing has made into what it should be: either may be mended
        return replace(chain[unknown - 1], later=last.value)
    if unknown < len(chain) and not idle and chain[unknown].scale is not None:
        return _turning(work, chain[unknown:])
    return chain[idle[-1]] if idle else chain[unknown] if unknown < len(chain) else chain[-1]


def _turning(work: Work, chain: list[Place]) -> Place:
    """Return the first of some lines, all of a wrong sign or size, that brings it in; with the next as a tie if none does."""
    for place in chain:
        own, found = line_factor(work, place.value), work.role_of(place.value)
        if own is None or found is None or place.scale is None:
            return place
        times = place.scale / found[1]
        if own < 0 if times < 0 else abs(own * times - 1) <= SAME:
            return place
    return replace(chain[0], later=chain[1].value) if len(chain) > 1 else chain[0]


def _there(work: Work, place: Place) -> bool:
    """Tell whether another line computes what a place should."""
    found = [work.role_of(v) for v in work.lines if v != place.value]
    return any(r is not None and r[0] in (place.role, *place.others) for r in found)


def _as_such(work: Work, place: Place) -> tuple[Role, float] | None:
    """Return what a value is, if it is of the kind and size that it should be: a derivative of an activation is no adjoint."""
    found = work.role_of(place.value)
    if found is None or found[0].kind != place.role.kind:
        return None
    other = place.scale is None or found[0] not in (place.role, *place.others)
    return found if other or abs(found[1] / (place.scale or 1.0) - 1) <= SAME else None


def _hands_on(work: Work, value: int, role: Role) -> bool:
    """Tell whether a line only gives what an earlier one has: it passes on an adjoint that is there already."""
    at = work.program.makers[value]
    return any(work.program.makers[v] < at and (found := work.role_of(v)) is not None and found[0] == role for v in work.lines)


def _update(work: Work, wrong: list[str]) -> Place:
    """Return the update of a parameter that no line before it explains."""
    p = work.program
    name = min(wrong, key=lambda n: p.makers[p.carried[n][1]])
    return Place(p.carried[name][1], work.own_role(name), frozenset([name]), step=True)


def _follows(work: Work, earlier: int, later: int) -> bool:
    return earlier in ancestors(work.program.instructions, [later])


def roles_for(work: Work, value: int) -> list[Role]:
    """Return what a value could be, the likeliest first: roles of its own shape, then others."""
    own = [work.own_role(n) for n, v in work.gradients.items() if v == value]
    if own and len(work.leads_to[value]) == 1:
        return own
    here = np.shape(work.now[0][value])
    truth = work.trials[0].truth
    same = [r for r, a in truth.items() if a.shape == here and (here or r.kind == "adjoint")]
    turned = [Role(r.kind, r.index, True) for r, a in truth.items() if a.ndim == 2 and a.T.shape == here and a.shape != here]
    return [*own, *same, *turned, *(r for r, a in truth.items() if a.shape != here and r.kind == "adjoint")]
