"""The problems that `stepper check` tells of, each with its way to the first cause and with what mends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from core.explain.cells import Cell
from core.health.agreement import WARN
from core.health.finding import SEVERITIES, Severity
from core.health.gradcheck_words import sentence
from core.health.gradresult import GradientCheck, ParameterCheck
from core.health.remedies import REMEDIES, RemedyError, apply
from core.health.rules import ORDER, RULES
from core.library import Opened
from core.program.ir import Program

FAULT, GRADIENT = "fault", "gradient"


@dataclass(frozen=True)
class Cause:
    """One link on the way from a symptom to its first cause; `value` is a label, `step` how many operations are done then."""

    value: str
    cell: Cell | None
    iteration: int
    step: int
    text: str


@dataclass(frozen=True)
class Found:
    """One problem: what was found when it was first as grave as it ever became, `since` which iteration it is there at all.

    `times` and `last` count the iterations that were looked at. `remedies` are ids, and whether each fits this program.
    """

    rule: str
    severity: Severity
    value: str
    cells: tuple[Cell, ...]
    count: int
    iteration: int
    step: int
    line: int | None
    text: str
    cause: tuple[Cause, ...]
    since: int
    last: int
    times: int
    layer: int | None = None
    units: tuple[int, ...] = ()
    numbers: dict[str, float] = field(default_factory=dict)
    remedies: tuple[tuple[str, bool], ...] = ()

    @property
    def title(self) -> str:
        """What the rule is called."""
        return {FAULT: "Cannot run", GRADIENT: "Wrong gradient"}.get(self.rule) or RULES[self.rule].title


def of_gradients(checks: Iterable[tuple[int, GradientCheck]]) -> list[Found]:
    """Return a problem for each parameter whose gradient is not right, where it is first as wrong as it ever is."""
    gravest: dict[str, Found] = {}
    for iteration, check in checks:
        for r in check.results:
            severity = _gravity(check, r)
            if severity is None:
                continue
            known = gravest.get(r.name)
            since, times = (known.since, known.times + 1) if known is not None else (iteration, 1)
            if known is None or SEVERITIES.index(severity) < SEVERITIES.index(known.severity):
                known = _gradient(check.program, r, severity, iteration)
            gravest[r.name] = replace(known, since=since, times=times, last=iteration)
    return list(gravest.values())


def _gravity(check: GradientCheck, r: ParameterCheck) -> Severity | None:
    if r.verdict in ("agrees", "both zero", "kink"):
        return None
    wrong = r.verdict == "wrong" or (r.verdict == "factor" and check.factor is None)
    if r.own is None:
        # Derived lines are exact; where nudging says otherwise it is mostly the loss that has no digits left, as in log(1 - A).
        return "warning" if wrong else "note"
    if r.verdict == "near":
        return "warning" if r.largest > WARN else "note"
    return "error" if wrong else "note"


def _gradient(program: Program, r: ParameterCheck, severity: Severity, iteration: int) -> Found:
    value = r.value if r.gradient is None else r.gradient
    label, step, text = program.values[value].label, program.makers.get(value, -1) + 1, sentence(program, r)
    cells = () if r.where is None else (cell_of(r.where),)
    cause = (Cause(label, cells[0] if cells else None, iteration, step, text),)
    numbers = {"error": float(r.largest)} | ({} if r.factor is None else {"factor": float(r.factor)})
    return Found(
        GRADIENT, severity, label, cells, 0, iteration, step, line_of(program, value), text, cause, iteration, iteration, 1,
        numbers=numbers,
    )  # fmt: skip


class Fits:
    """Knows which remedies fit a program; each is tried once."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._known: dict[str, bool] = {}

    def of(self, remedies: Iterable[tuple[str, bool]]) -> tuple[tuple[str, bool], ...]:
        """Return which of some remedies fit."""
        return tuple((id, self._fits(id)) for id, _ in remedies if id in REMEDIES)

    def _fits(self, id: str) -> bool:
        if id not in self._known:
            try:
                apply(id, self._opened.program, self._opened.folder)
                self._known[id] = True
            except RemedyError:
                self._known[id] = False
        return self._known[id]


def rank(f: Found) -> tuple[int, ...]:
    """Errors first, then a cause before what may follow from it; what cannot run, or is derived wrongly, explains the rest."""
    order = {FAULT: -2, GRADIENT: -1}.get(f.rule)
    return SEVERITIES.index(f.severity), ORDER[f.rule] if order is None else order, f.since, f.iteration, f.step


def line_of(program: Program, value: int) -> int | None:
    """Return the line that makes a value or gives it, None where there is none."""
    maker = program.makers.get(value)
    if maker is not None:
        return program.statements[program.instructions[maker].statement].line
    name = program.values[value].name
    return next((g.line for g in program.given if g.name == name), None)


def cell_of(cell: Iterable[Any]) -> Cell:
    """Return a cell as plain numbers."""
    return tuple(int(c) for c in cell)
