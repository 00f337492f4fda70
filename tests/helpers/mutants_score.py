"""What a diagnosis said of a mutant, against what had to be said."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from helpers.mutants import Mutant, Pair
from helpers.right_programs import BY_NAME

from core.diagnosis import diagnose

REMARKS = ("symmetric-start", "bias-missing", "epsilon")


@dataclass(frozen=True)
class Said:
    """One diagnosis: verdicts by parameter, and each fault as (its name, its line, [(name, line) of each tie])."""

    verdicts: dict[str, str]
    faults: tuple[tuple[str, int, tuple[tuple[str, int], ...]], ...]
    hints: tuple[tuple[str, int], ...]
    right: bool
    seconds: float
    raised: str = ""

    @property
    def lines(self) -> set[int]:
        """All the lines that are named."""
        return {line for _, line, ties in self.faults for line in (line, *(at for _, at in ties))}

    def __str__(self) -> str:
        if self.raised:
            return f"raised {self.raised}"
        faults = "; ".join(
            f"line {line} {name}" + "".join(f" or line {at} {tie}" for tie, at in ties) for name, line, ties in self.faults
        )
        hints = "".join(f"; hint line {line} {name}" for name, line in self.hints)
        verdicts = ", ".join(f"{p} {v}" for p, v in self.verdicts.items())
        return f"{faults or 'no fault'}{hints} | {verdicts}"


def said(text: str) -> Said:
    """Diagnose a program; what it raises is kept."""
    start = time.perf_counter()
    try:
        d: Any = diagnose(text)
    except Exception as error:
        return Said({}, (), (), False, time.perf_counter() - start, f"{type(error).__name__}: {error}"[:200])
    seconds = time.perf_counter() - start
    faults = tuple((f.fault, f.line, tuple((t.fault, t.line) for t in f.ties)) for f in d.faults)
    return Said(
        {p.name: p.verdict for p in d.parameters}, faults, tuple((h.fault, h.line) for h in d.hints), bool(d.right), seconds
    )


@dataclass(frozen=True)
class Score:
    """`parameters` is None where nothing can be said of them. `beside`: a right line is named, and another one apart from it."""

    parameters: bool | None
    named: bool
    alone: bool
    name: bool
    wrong_alone: bool
    beside: bool


def score(mutant: Mutant, it: Said) -> Score:
    """Return how well a mutant was diagnosed."""
    parameters = parameters_right(mutant.program, mutant.expected.wrong, mutant.expected.either, it)
    if not mutant.fault:
        fine = not it.faults and it.right and not it.raised
        return Score(parameters, fine, fine, fine, bool(it.faults), False)
    right, free = set(mutant.lines), {*mutant.lines, *mutant.also}
    remarks = tuple((n, at, ()) for n, at in it.hints if n in REMARKS and n in mutant.names and at in right)
    found = [[(n, at), *ties] for n, at, ties in (*it.faults, *remarks)]
    hit = [next((n for n, at in group if at in right), None) for group in found]
    names = [n for n in hit if n is not None]
    lines = {at for group in found for _, at in group}
    return Score(
        parameters,
        bool(names),
        bool(names) and lines <= free,
        any(n in mutant.names for n in names),
        bool(it.lines) and not it.lines & free,
        bool(names) and any(not {at for _, at in group} & free for group in found),
    )


def parameters_right(program: str, wrong: Collection[str] | None, either: Collection[str], it: Said) -> bool | None:
    """Tell whether all and only the wrong parameters are called wrong; None for a program that cannot run."""
    if wrong is None:
        return None
    return all(
        p in either or ((it.verdicts.get(p) == "wrong") == (p in wrong) and (p in wrong or p in it.verdicts))
        for p in BY_NAME[program].parameters
    )


def both_found(pair: Pair, it: Said) -> bool:
    """Tell whether a line of each of two faults is named."""
    return all(set(lines) & it.lines for lines in pair.lines)


def accused_beside(pair: Pair, it: Said) -> bool:
    """Tell whether a line is named that belongs to neither of two faults, and no tie of it does."""
    free = {line for lines in pair.lines for line in lines} | pair.also
    return any(not {line, *(at for _, at in ties)} & free for _, line, ties in it.faults)


def accused(it: Said) -> bool:
    """Tell whether a right program is called wrong in any way."""
    return bool(it.faults) or not it.right or "wrong" in it.verdicts.values() or bool(it.raised)
