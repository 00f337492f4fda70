"""Signs and constant factors: which lines make one parameter's update differ from the others' by a factor.

Every gradient is by now a multiple of the true one. A common positive factor acts like another learning rate and is right. What
differs is explained by the fewest lines; among lines that lead to the same parameters, by the one whose own factor is odd.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.changes import rate_of
from core.diagnosis.steps import Step, steps, whole
from core.diagnosis.targets import targets_of
from core.diagnosis.trials import RATE
from core.diagnosis.work import Work, step_of
from core.program.ir import Program
from core.program.structure import ancestors

CLOSE = 1e-6
MOST_LINES = 3
_USUAL = 3.0


@dataclass(frozen=True)
class Odd:
    """A line whose result is off by a factor: `times` is what mends it; `others` are lines that would do as well."""

    value: int
    times: float
    parameters: frozenset[str]
    others: tuple[int, ...] = ()


def constants(work: Work, made: Mapping[str, Step]) -> dict[str, float]:
    """Return the c of each parameter with update = −c · (the usual step) · ∇L; 1 is right, a common c > 0 as well.

    Updates that are no multiples of the gradient (Adam) count by their direction. Where the rate stands in the gradient
    itself, it is taken out of it.
    """
    rate = _rate(work)
    inside = {
        n
        for n in made
        if n not in work.by_step and rate is not None and rate in ancestors(work.program.instructions, [work.gradients[n]])
    }
    plain = {n: w for n, s in made.items() if n not in work.by_step and n not in inside and (w := whole(s)) is not None}
    usual = _usual(plain) if plain else RATE
    found: dict[str, float] = {}
    for name, step in made.items():
        c = work.factor(name)
        if c is None or name in work.settled:
            continue
        w = whole(step)
        if name in work.by_step:
            found[name] = c / usual
        elif name in inside and w is not None:
            found[name] = c * -w / RATE
        elif w is not None:
            found[name] = c * -w / usual
        elif (along := _direction(work, name)) is not None:
            found[name] = c * along
    return found


def ambiguous(work: Work, made: Mapping[str, Step]) -> bool:
    """Tell whether it is open which of the updates steps too far: no rate is named, and as many do one as the other."""
    sizes = Counter(float(f"{abs(w):.6g}") for s in made.values() if (w := whole(s)) is not None)
    counts = [n for _, n in sizes.most_common()]
    return len(counts) > 1 and counts[0] == counts[1]


def _rate(work: Work) -> int | None:
    name = rate_of(work.program)
    return None if name is None else work.program.inputs.get(name)


def _usual(ratios: Mapping[str, float]) -> float:
    """Return how long the steps of most parameters are."""
    sizes = Counter(float(f"{abs(w):.6g}") for w in ratios.values())
    if not sizes:
        return 1.0
    most = max(sizes.values())
    return min((s for s, n in sizes.items() if n == most), key=lambda s: abs(np.log(s)))


def _direction(work: Work, name: str) -> float | None:
    """Return 1 where an update goes down its gradient, −1 where it goes up, None where it does not move."""
    start, end = work.program.carried[name]
    for values in work.now:
        step = step_of(values, start, end)
        g = work.gradient(name, values)
        if step is not None and np.shape(g) == np.shape(step):
            with np.errstate(all="ignore"):
                along = float(np.sum(step * np.asarray(g, dtype=float)))
            if along and np.isfinite(along):
                return 1.0 if along > 0 else -1.0
    return None


def odd_lines(work: Work, free: frozenset[int] = frozenset()) -> tuple[float, list[Odd]]:
    """Return the positive factor common to all, and the fewest lines that, multiplied by a constant, give it to every parameter.

    `free` are lines that are mended already, whose factor is open.
    """
    made = steps(work)
    found = constants(work, made)
    if not found:
        return 1.0, []
    groups = _groups(work, made)
    covers: list[tuple[int, int, float, list[tuple[frozenset[str], float]]]] = []
    for common in _commons(found):
        needed = {n: common / c for n, c in found.items() if abs(common / c - 1) > CLOSE}
        cover = _cover(needed, list(groups))
        if cover is not None:
            covers.append((len(cover), len(needed), common, cover))
    if not covers:
        return 1.0, []
    best = min(covers, key=lambda c: c[0])

    def ranked(group: frozenset[str], times: float) -> list[tuple[tuple[float, ...], int]]:
        return sorted((_oddness(work, made, v, times, free), v) for v in groups[group])

    # one parameter twice too far, or the other half as far as it should: the numbers cannot tell
    instead = [ranked(*c[3][0])[0][1] for c in covers if c is not best and c[:2] == best[:2] == (1, len(found) / 2)]
    odd: list[Odd] = []
    for group, times in best[3]:
        (rank, first), *rest = ranked(group, times)
        others = [] if rank[0] <= 0 else [v for r, v in rest if r[0] < _USUAL]
        odd.append(Odd(first, times, group, tuple(others + instead)))
    return best[2], sorted(odd, key=lambda o: work.program.makers[o.value])


def _commons(found: Mapping[str, float]) -> list[float]:
    """Return the positive factors that may be common to all: 1 first, then those that are there, the most frequent first."""
    sizes = Counter(float(f"{abs(c):.9g}") for c in found.values())
    exact = {float(f"{abs(c):.9g}"): abs(c) for c in found.values()}
    return [1.0, *(exact[s] for s, _ in sizes.most_common() if abs(s - 1) > CLOSE)]


def _groups(work: Work, made: Mapping[str, Step]) -> dict[frozenset[str], list[int]]:
    """Return the lines by the parameters that they lead to."""
    found: dict[frozenset[str], list[int]] = {}
    for v in work.lines:
        if work.leads_to[v]:
            found.setdefault(work.leads_to[v], []).append(v)
    for name, step in made.items():
        for v in step.values:
            if work.judged(work.statement_of(v)):
                found.setdefault(frozenset([name]), []).append(v)
    return found


def _cover(
    needed: Mapping[str, float], groups: list[frozenset[str]]
) -> list[tuple[frozenset[str], float]] | None:  # fmt: skip
    """Return the fewest groups whose factors multiply to what is needed."""
    if not needed:
        return []
    for size in range(1, min(MOST_LINES, len(groups)) + 1):
        for chosen in combinations(groups, size):
            times = _solved(needed, chosen)
            if times is not None:
                return list(zip(chosen, times, strict=True))
    by_one = [(frozenset([n]), x) for n, x in needed.items() if frozenset([n]) in groups]
    return by_one if len(by_one) == len(needed) else None


def _solved(needed: Mapping[str, float], chosen: tuple[frozenset[str], ...]) -> list[float] | None:
    left = dict(needed)
    names = {n for g in chosen for n in g}
    if not set(needed) <= names:
        return None
    times: list[float] = []
    # smaller groups are settled last: what a large one leaves over, they mend
    order = sorted(chosen, key=len, reverse=True)
    for k, group in enumerate(order):
        alone = [n for n in group if not any(n in g for g in order[k + 1 :])] or list(group)
        x = left.get(alone[0], 1.0)
        if abs(x - 1) <= CLOSE:
            return None
        times.append(x)
        for n in group:
            left[n] = left.get(n, 1.0) / x
    if any(abs(x - 1) > CLOSE for x in left.values()):
        return None
    return [times[order.index(g)] for g in chosen]


def _oddness(work: Work, made: Mapping[str, Step], value: int, times: float, free: frozenset[int]) -> tuple[float, ...]:
    """The smaller the likelier: a line whose own factor, once mended, is what such lines have."""
    if value in free:
        return (-1.0,)
    own, usual = own_factor(work, made, value)
    if own is None:
        return (2.0, 0.0)
    if np.isclose(own, usual):
        return (_USUAL, 0.0)
    if times < 0:
        wrong_now, right_then = np.sign(own) != np.sign(usual), np.sign(own * times) == np.sign(usual)
        fits = 0.0 if wrong_now and right_then else 1.0
        if abs(abs(times) - 1) > CLOSE and not np.isclose(abs(own * times), abs(usual)):
            fits += 0.5
    else:
        fits = 0.0 if np.isclose(own * times, usual, rtol=1e-5) and not np.isclose(own, usual, rtol=1e-5) else 1.0
    targets = 0.0 if _reads_target(work.program, value) else 1.0
    return (fits, targets, -float(work.program.makers[value]))


def _reads_target(program: Program, value: int) -> bool:
    s = program.statements[program.instructions[program.makers[value]].statement]
    targets = set(targets_of(program))
    return any(not targets.isdisjoint(i.reads) for i in program.instructions[s.first : s.last])


def own_factor(work: Work, made: Mapping[str, Step], value: int) -> tuple[float | None, float]:
    """Return the factor that a line itself brings in, and what such lines usually bring in here."""
    for name, step in made.items():
        if value in step.values:
            at = step.values.index(value)
            others = [_own(s, at) for n, s in made.items() if n != name and at < len(s.values)]
            usual = _majority([r for r in others if r is not None])
            return _own(step, at), -1.0 if usual is None and at == len(step.values) - 1 else (1.0 if usual is None else usual)
    own = line_factor(work, value)
    gradients = {v: n for n, v in work.gradients.items()}
    if value in gradients:
        others = [line_factor(work, v) for v in gradients if v != value]
        usual = _majority([r for r in others if r is not None])
        return own, 1.0 if usual is None else usual
    if _reads_target(work.program, value):  # where updates add, the error is written the other way round
        totals = [w for s in made.values() if (w := whole(s)) is not None]
        up = sum(1 if w > 0 else -1 for w in totals)
        return own, -1.0 if up > 0 else 1.0
    return own, 1.0


def _own(step: Step, at: int) -> float | None:
    """Return the constant that a line of an update brings in, or its sign alone."""
    ratio = step.ratios[at] if at < len(step.ratios) else None
    return step.signs[at] if ratio is None else ratio


def _majority(ratios: list[float]) -> float | None:
    if not ratios:
        return None
    sizes = Counter(float(f"{r:.6g}") for r in ratios)
    [(best, n), *rest] = sizes.most_common()
    if rest and rest[0][1] == n:
        return 1.0 if 1.0 in sizes else None
    return best


def line_factor(work: Work, value: int) -> float | None:
    """Return c with result = c · truth where what the line reads counts as true."""
    p = work.program
    role = work.role_of(value)
    if role is None:
        return None
    s = p.statements[work.statement_of(value)]
    read = {v for i in p.instructions[s.first : s.last] for v in i.reads if v in work.leads_to and v != value}
    c = role[1]
    for v in read:
        before = work.role_of(v)
        if before is not None and before[0].kind == "adjoint" and v not in work.replaced:
            return c / before[1]
    return c
