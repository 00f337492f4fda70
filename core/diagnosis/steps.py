"""How each parameter's update goes on from its gradient: line by line, by which constant, with which sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.diagnosis.trials import constant, fitted
from core.diagnosis.work import Work, step_of
from core.program.structure import ancestors


@dataclass(frozen=True)
class Step:
    """How a parameter's update goes on from its gradient: the values of its lines, and the constant of each, if it has one.

    `signs` says of each line whether it turns the sign of every cell: 1 no, −1 yes, None neither.
    """

    values: tuple[int, ...]
    ratios: tuple[float | None, ...]
    signs: tuple[float | None, ...]


def steps(work: Work) -> dict[str, Step]:
    """Return the update of each parameter after its gradient; a state counts as it is given, so usually 0."""
    found: dict[str, Step] = {}
    p = work.program
    for name, g in work.gradients.items():
        start, end = p.carried[name]
        if name in work.by_step:
            found[name] = Step((end,), (-1.0,), (-1.0,))
            continue
        chain = [
            s for s in p.statements
            if s.last > s.first and p.instructions[s.last - 1].result != g
            and g in ancestors(p.instructions, [p.instructions[s.last - 1].result])
            and p.instructions[s.last - 1].result in ancestors(p.instructions, [end])
        ]  # fmt: skip
        values = tuple(p.instructions[s.last - 1].result for s in chain)
        ratios: list[float | None] = []
        before = [np.asarray(work.gradient(name, v), dtype=float) for v in work.now]
        for v in values:
            after = [np.asarray(t[v], dtype=float) for t in work.now]
            if v == end:
                moved = [step_of(t, start, end) for t in work.now]
                after = [-m for m in moved if m is not None]
            if len(after) < len(before):
                ratios.append(None)
                break
            before = [fitted(b, a.shape) for a, b in zip(after, before, strict=True)]
            ratios.append(constant(after, before))
            before = after
        found[name] = Step(values, tuple(ratios), tuple(_signs(work, name, values)))
    return found


def _signs(work: Work, name: str, values: Sequence[int]) -> list[float | None]:
    """Return whether each line of an update turns the sign of what it reads, cell by cell."""
    p = work.program
    start, end = p.carried[name]
    known: dict[int, float] = {work.gradients[name]: 1.0}
    found: list[float | None] = []
    for value in values:
        s = p.statements[work.statement_of(value)]
        read = [v for i in p.instructions[s.first : s.last] for v in i.reads if v in known]
        sign: float | None = None
        for t in work.now:
            moved = step_of(t, start, end) if value == end else t[value]
            g = work.gradient(name, t)
            if moved is None or np.shape(moved) != np.shape(g):
                break
            with np.errstate(all="ignore"):
                along = np.asarray(moved, dtype=float) * np.asarray(g, dtype=float) * (-1 if value == end else 1)
            here = 1.0 if np.all(along >= 0) else -1.0 if np.all(along <= 0) else None
            if here is None or (sign is not None and here != sign):
                sign = None
                break
            sign = here
        if sign is not None:
            known[value] = sign
        found.append(sign * known[read[-1]] if sign is not None and read else None)
    return found


def whole(step: Step) -> float | None:
    """Return the factor of an update after its gradient, None where it is no multiple of it."""
    product = 1.0
    for ratio in step.ratios:
        if ratio is None:
            return None
        product *= ratio
    return product if step.ratios else None
