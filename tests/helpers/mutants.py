"""Every fault of a backward pass at every place of the right programs, with what must be found, judged by NumPy alone.

`known` mutants come from single edits such as a search for the mend would try; of the others at least the wrong line has more
than such an edit changed, so that a search has to find it without being able to undo it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from helpers.mutants_chain import CHAIN
from helpers.mutants_forward import FORWARD
from helpers.mutants_lines import LINES
from helpers.mutants_moves import MOVES
from helpers.mutants_run import STARTS, Run
from helpers.mutants_site import Edits, Site, Sketch
from helpers.right_programs import BY_NAME, RIGHT, Right

SAME = 1e-10
RATES = ("lr = ", "eta = ", "alpha = ", "learning_rate = ")
RIGHT_WITHIN, WRONG_BEYOND = 1e-6, 1e-4
# Central differences of a loss of about 1 are off by some 1e-11.
NOTHING = 1e-8


@dataclass(frozen=True)
class Expected:
    """What one iteration says of the parameters: those that are wrong, those that may be called either, a common factor.

    `wrong` is None for a program that cannot run.
    """

    wrong: frozenset[str] | None
    either: frozenset[str] = frozenset()
    factor: float | None = None


@dataclass(frozen=True)
class Mutant:
    """A right program with a fault. `fault` is '' where only a factor common to all parameters came of it.

    `line` is the wrong line; each of `lines` is truly it. `also` may be named without being it. Any of `names` is the
    fault's name. Lines count from 1 in `text`.
    """

    program: str
    line: int
    lines: tuple[int, ...]
    also: tuple[int, ...]
    text: str
    names: tuple[str, ...]
    way: str
    known: bool
    expected: Expected
    sketch: Sketch = field(repr=False, compare=False)

    @property
    def fault(self) -> str:
        """The usual name of the fault."""
        return "" if self.expected.factor is not None else self.names[0]

    @property
    def typed(self) -> str:
        """The wrong line's text."""
        return self.text.splitlines()[self.line - 1].strip()


@dataclass(frozen=True)
class Pair:
    """Two faults in one program; their lines are those of the program with both."""

    program: str
    text: str
    both: tuple[Mutant, Mutant]
    lines: tuple[tuple[int, ...], tuple[int, ...]]
    also: frozenset[int]
    expected: Expected


@dataclass(frozen=True)
class Made:
    """All mutants; how many were dropped since they compute the same as the right program, or were made twice."""

    mutants: tuple[Mutant, ...]
    equal: int
    twice: int


def kinds(right: Right) -> dict[str, str]:
    """Return the data arrays by name, with what they hold; the inputs first."""
    found = {right.lines[i].split(" =")[0]: "inputs" for i in right.at("X")}
    return found | {right.lines[i].split(" =")[0]: right.marks[i].words[1] for i in right.at("Y")}


def runs(right: Right, text: str) -> list[Run]:
    """Return a program at the given start and at random ones."""
    return [Run(text, right.parameters, kinds(right), seed or None) for seed in range(STARTS)]


def changes(right: Right, text: str, times: int = 1) -> list[dict[str, Any]] | None:
    """Return how far each parameter moves from each start; None for a program that cannot run."""
    try:
        return [run.iterate(times) for run in runs(right, text)]
    except (ValueError, IndexError, TypeError, AttributeError, NameError, np.exceptions.AxisError):
        return None


@lru_cache(maxsize=1024)
def _slopes(name: str, head: str, text: str) -> tuple[dict[str, Any], ...]:
    return tuple(run.gradients() for run in runs(BY_NAME[name], text))


def slopes(right: Right, text: str) -> tuple[dict[str, Any], ...]:
    """Return the true gradients from each start, of the forward lines as they stand."""
    head = text[: text.index("# backward")]
    return _slopes(right.name, head, head + "# backward\n")


@lru_cache(maxsize=64)
def _right(name: str) -> tuple[list[dict[str, Any]], float]:
    """Return the changes of a right program from each start, and how much of −∇L they are."""
    right = BY_NAME[name]
    moved = changes(right, right.text)
    assert moved is not None
    p = right.parameters[0]
    g = slopes(right, right.text)[0][p]
    return moved, float(-np.sum(moved[0][p] * g) / np.sum(g * g))


def judged(right: Right, text: str) -> Expected:
    """Say which parameters' changes are not the multiple of −∇L that the right program's are, nor all one other."""
    moved = changes(right, text)
    if moved is None:
        return Expected(None)
    true = slopes(right, text)
    usual = _right(right.name)[1]
    with np.errstate(all="ignore"):
        errors = {p: [_off(moved[k][p], true[k][p], usual) for k in range(STARTS)] for p in right.parameters}
        if all(max(e) < RIGHT_WITHIN for e in errors.values()):
            return Expected(frozenset())
        factors = [_factor(moved[k][p], true[k][p]) for p in right.parameters for k in range(STARTS)]
        one = factors[0]
        if all(f > 0 and abs(f / one - 1) < 1e-5 for f in factors):
            return Expected(frozenset(), factor=one / usual)
    wrong = {p for p, e in errors.items() if e[0] > WRONG_BEYOND}
    if not any(name in text for name in RATES) and all(f > 0 for f in factors) and len(right.parameters) == 2:
        # Two factors, and no rate by name that would say which of them is meant: either parameter may be called wrong.
        return Expected(frozenset(), frozenset(right.parameters))
    either = {p for p, e in errors.items() if p not in wrong and max(e) > RIGHT_WITHIN}
    return Expected(frozenset(wrong), frozenset(either))


def _off(moved: Any, true: Any, usual: float) -> float:
    """Return how far a change is from `usual` times −∇L, against the larger of both."""
    if moved.shape != true.shape or not np.all(np.isfinite(moved)):
        return np.inf
    scale = max(float(np.max(np.abs(usual * true))), float(np.max(np.abs(moved))))
    return 0.0 if scale < NOTHING else float(np.max(np.abs(moved + usual * true))) / scale


def _factor(moved: Any, true: Any) -> float:
    """Return c where a change is −c∇L, else NaN."""
    if moved.shape != true.shape or not np.all(np.isfinite(moved)):
        return np.nan
    c = float(-np.sum(moved * true) / np.sum(true * true))
    return c if _off(moved, true, c) < RIGHT_WITHIN else np.nan


def built(right: Right, edits: Edits) -> tuple[str, dict[int, int]]:
    """Return the text with edits made, and the number of the first line that stands for each line of the right program."""
    out: list[str] = []
    starts: dict[int, int] = {}
    for i, line in enumerate(right.lines):
        starts[i] = len(out) + 1
        out.extend(edits.get(i, (line,)))
    return "\n".join(out) + "\n", starts


def _same(a: Sequence[Mapping[str, Any]] | None, b: Sequence[Mapping[str, Any]] | None) -> bool:
    if a is None or b is None:
        return a is b
    for one, other in zip(a, b, strict=True):
        for p, x in one.items():
            y = other[p]
            if x.shape != y.shape or not np.all(np.abs(x - y) <= SAME * np.max(np.abs(x), initial=1e-300)):
                return False
    return True


def _from(right: Right, sketch: Sketch) -> Mutant | None:
    """Return the mutant of a sketch; None if it computes the same as the right program."""
    text, starts = built(right, sketch.edits)
    lines = tuple(starts[i] + k for i, k in sketch.spots)
    also = tuple(starts[i] + k for i, k in sketch.also)
    moved = changes(right, text)
    remark = sketch.names[0] in ("symmetric-start",)
    if sketch.wrong is not None:
        if _same(changes(right, text, 2), changes(right, right.text, 2)):
            return None
        expected = Expected(frozenset(sketch.wrong))
    elif not remark and _same(moved, _right(right.name)[0]):
        return None
    else:
        expected = judged(right, text)
        if sketch.names[0] == "epsilon" and expected.factor is not None:
            expected = Expected(frozenset(), frozenset(right.parameters))
    names = sketch.names if moved is not None else tuple(dict.fromkeys((*sketch.names, "shape")))
    return Mutant(right.name, lines[0], lines, also, text, names, sketch.way, sketch.known, expected, sketch)


def made(programs: Sequence[Right] = RIGHT) -> Made:
    """Make all mutants of some programs, always the same in the same order.

    Of one line at most one mutant a fault and `known` cannot run: there would be hundreds that only show that shapes are checked.
    """
    out: list[Mutant] = []
    equal = twice = 0
    for right in programs:
        site, seen, stopped = Site(right), dict[str, int](), set[tuple[str, int, bool]]()
        for make in (*LINES, *CHAIN, *MOVES, *FORWARD):
            for sketch in make(site):
                mutant = _from(right, sketch)
                if mutant is None:
                    equal += 1
                    continue
                if mutant.text in seen:
                    twice += 1
                    out[seen[mutant.text]] = _merged(out[seen[mutant.text]], mutant)
                    continue
                if mutant.expected.wrong is None:
                    key = (mutant.names[0], mutant.line, mutant.known)
                    if key in stopped:
                        continue
                    stopped.add(key)
                seen[mutant.text] = len(out)
                out.append(mutant)
    return Made(tuple(out), equal, twice)


def _merged(one: Mutant, other: Mutant) -> Mutant:
    """Return a mutant that two faults make alike: either name is right."""
    return Mutant(
        one.program, one.line, tuple(dict.fromkeys((*one.lines, *other.lines))), tuple(dict.fromkeys((*one.also, *other.also))),
        one.text, tuple(dict.fromkeys((*one.names, *other.names))), one.way, one.known or other.known, one.expected, one.sketch,
    )  # fmt: skip


def pairs(mutants: Sequence[Mutant], most: int = 150, seed: int = 6) -> list[Pair]:
    """Return pairs of faults on different lines of a program, each of which shows beside the other."""
    rng = random.Random(seed)
    found: list[Pair] = []
    usable = {
        r.name: [m for m in mutants if m.program == r.name and m.fault and m.expected.wrong and m.sketch.wrong is None]
        for r in RIGHT
    }
    chosen = [r for r in RIGHT if usable[r.name]]
    for k in range(most * 20):
        if len(found) == most or not chosen:
            break
        right = chosen[k % len(chosen)]
        # First the faults, then a mutant of each: else most pairs would be of the faults that have the most places.
        by_fault = sorted({m.fault for m in usable[right.name]})
        faults = [rng.choice(by_fault) for _ in range(2)]
        a, b = (rng.choice([m for m in usable[right.name] if m.fault == fault]) for fault in faults)
        pair = _pair(right, a, b)
        if pair is not None:
            found.append(pair)
    return found


def _pair(right: Right, a: Mutant, b: Mutant) -> Pair | None:
    touched = [set(m.sketch.edits) | {i for i, _ in m.sketch.spots} for m in (a, b)]
    if touched[0] & touched[1]:
        return None
    text, starts = built(right, {**a.sketch.edits, **b.sketch.edits})
    moved = changes(right, text)
    if moved is None or any(_same(moved, changes(right, m.text)) for m in (a, b)):
        return None
    expected = judged(right, text)
    if expected.wrong is None or not (a.expected.wrong or set()) | (b.expected.wrong or set()) <= expected.wrong:
        return None
    lines = tuple(tuple(starts[i] + k for i, k in m.sketch.spots) for m in (a, b))
    also = frozenset(starts[i] + k for m in (a, b) for i, k in m.sketch.also)
    return Pair(right.name, text, (a, b), (lines[0], lines[1]), also, expected)
