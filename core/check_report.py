"""`stepper check`: a training run from its start with the health rules on, and what they found with its first causes.

The rules look at every iteration where that is quick, at stretches of iterations where it is not: the first ones, some at equal
distances, the last ones. NaN and ∞ are looked for in every value of every iteration in any case.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.check_found import FAULT, Cause, Fits, Found, cell_of, line_of, of_gradients, rank
from core.errors import SettingError
from core.execute.timeline import Position, Timeline
from core.health.cause import chain
from core.health.finding import SEVERITIES, Finding
from core.health.gradcheck import checked
from core.health.gradresult import GradientCheck
from core.health.look import Look
from core.health.monitor import Monitor
from core.health.nonfinite import finite
from core.health.rules import RULES
from core.health.settings import HealthSettings
from core.library import Opened
from core.program.ir import Fault, Program, fault_sentence

START, WINDOW = 50, 10
# How long the rules may work, in µs as `_Run` reckons it, before they look at stretches only.
MOST_WORK = 10_000_000


@dataclass(frozen=True)
class HealthReport:
    """What a check found. `looked` are the stretches of iterations (first, last) that the rules looked at, of `reached` done.

    `gradients` are the checks by iteration: None where they were not asked for, none where not one iteration can run.
    """

    title: str
    asked: int
    reached: int
    looked: tuple[tuple[int, int], ...]
    stopped: str
    rules: tuple[str, ...]
    losses: tuple[float | None, float | None]
    found: tuple[Found, ...]
    gradients: tuple[tuple[int, GradientCheck], ...] | None = None

    @property
    def healthy(self) -> bool:
        """Whether there is neither an error nor a warning; notes are hints."""
        return all(f.severity == "note" for f in self.found)


def rules_named(text: str) -> tuple[str, ...]:
    """Return the rules of a list such as `nonfinite,dead`; raises SettingError."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in RULES:
            raise SettingError(f"there is no rule `{name}`; the rules are {', '.join(RULES)}")
    return tuple(name for name in RULES if name in names)


def health_report(
    opened: Opened, iterations: int, rules: Sequence[str] = (), gradients: bool = False, most_work: int = MOST_WORK
) -> HealthReport:  # fmt: skip
    """Run a program from its start and return what the rules (all, where none is named) find."""
    names = tuple(rules) or tuple(RULES)
    run = _Run(Timeline(opened.program), names, most_work)
    run.go(iterations)
    found = run.found()
    checks = run.gradients() if gradients else None
    found += of_gradients(checks or ())
    fits = Fits(opened)
    found = sorted((replace(f, remedies=fits.of(f.remedies)) for f in found), key=rank)
    losses = run.timeline.losses
    ends = (losses[0], losses[-1]) if losses else (None, None)
    return HealthReport(
        opened.title, iterations, run.reached, _stretches(run.looked), run.stopped, names, ends, tuple(found), checks
    )  # fmt: skip


class _Run:
    """Goes through the iterations and remembers of each problem the gravest finding, the first of those."""

    def __init__(self, timeline: Timeline, rules: Sequence[str], most_work: int) -> None:
        self.timeline = timeline
        self.reached, self.stopped = 0, ""
        self.looked: list[int] = []
        self._fault: Fault | None = None
        self._most_work = most_work
        self._scans = "nonfinite" in rules
        self._begun: set[int] = set()
        self._gravest: dict[tuple[str, str], tuple[Finding, int]] = {}
        self._monitor = Monitor(timeline, HealthSettings(frozenset(RULES) - set(rules)))

    def go(self, iterations: int) -> None:
        timeline, wanted = self.timeline, range(1, iterations + 1)
        program = timeline.opened
        first = timeline.state_before(1)
        ends = [end for name, (start, end) in program.carried.items() if start != end and finite(first[name])]
        chosen: Iterable[int] | None = None
        for i in timeline.iterate(1, iterations):
            self.reached = i
            values = timeline.values
            if chosen is None:
                chosen = wanted if iterations <= self._most(values) else planned(iterations, self._most(values), _window(program))
            if i in chosen or (self._scans and self._newly_bad(program, values)):
                self._look(i, values, len(program))
            if not all(finite(values[end]) for end in ends):
                if i < iterations:
                    self.stopped = (
                        f"After iteration {i} parameters are no longer finite numbers: what comes later only follows from it."
                    )
                return
        if self.reached < iterations:
            at = timeline.go(Position(self.reached + 1, len(program)))
            self._fault = timeline.fault
            self._look(at.iteration, timeline.machine.values, at.k)
            self.stopped = f"Iteration {at.iteration} cannot run to its end."

    def _most(self, values: Sequence[Any]) -> int:
        """Return how many iterations the rules may look at; reckoned, not clocked, so that it is always the same."""
        cost = 400 + 10 * len(values) + sum(v.size for v in values if isinstance(v, np.ndarray)) // 150
        return max(2 * START, self._most_work // cost)

    def _newly_bad(self, program: Program, values: Sequence[Any]) -> bool:
        """Tell whether NaN or ∞ begins at a value where it never began before."""
        bad = {v for v in (*program.inputs.values(), *program.makers) if not finite(values[v])}
        if not bad:
            return False
        begins = {i.result for i in program.instructions if i.result in bad and not bad.intersection(i.reads)}
        begins = (begins | bad.intersection(program.inputs.values())) - self._begun
        self._begun |= begins
        return bool(begins)

    def _look(self, iteration: int, values: Sequence[Any], k: int) -> None:
        monitor, program = self._monitor, self.timeline.opened
        monitor.see(Look(program, list(values), iteration, k, monitor.past))
        self.looked.append(iteration)
        for finding in monitor.current():
            key = finding.rule, program.values[finding.value].label
            known = self._gravest.get(key)
            if known is None or SEVERITIES.index(finding.severity) < SEVERITIES.index(known[0].severity):
                self._gravest[key] = finding, iteration

    def found(self) -> list[Found]:
        program = self.timeline.opened
        found: list[Found] = []
        for problem in self._monitor.problems():
            label = program.values[problem.finding.value].label
            finding, iteration = self._gravest[problem.finding.rule, label]
            links = chain(self.timeline, iteration, finding)
            cause = tuple(
                Cause(program.values[x.value].label, None if x.cell is None else cell_of(x.cell), x.iteration, x.step, x.text)
                for x in links
            )
            found.append(
                Found(
                    finding.rule, finding.severity, label, tuple(map(cell_of, finding.cells)), finding.count, iteration,
                    finding.place, line_of(program, finding.value), finding.text, cause, problem.first[0], problem.last,
                    problem.times, finding.layer, finding.units, dict(finding.numbers),
                    tuple((id, True) for id in finding.remedies),
                )
            )  # fmt: skip
        return [*found, *self._faults()]

    def _faults(self) -> list[Found]:
        fault, program = self._fault, self.timeline.opened
        if fault is None:
            return []
        at = self.timeline.position
        text, statement = fault_sentence(program, fault), program.statements[fault.statement]
        label = statement.target
        cause = (Cause(label, None, at.iteration, at.k, text),)
        return [
            Found(FAULT, "error", label, (), 0, at.iteration, at.k, statement.line, text, cause, at.iteration, at.iteration, 1)
        ]

    def gradients(self) -> tuple[tuple[int, GradientCheck], ...]:
        """Check the gradients of the first iteration and of the last one with a finite loss."""
        known = [i for i, loss in enumerate(self.timeline.losses, start=1) if math.isfinite(loss)]
        at = sorted({1, *known[-1:]}) if self.reached else []
        return tuple((i, checked(self.timeline.program_at(i), self.timeline.machine_at(i).peek)) for i in at)


def planned(iterations: int, most: int, window: int) -> set[int]:
    """Return about `most` iterations to look at: the first 50, stretches of `window` at equal distances, the last ones."""
    start = min(START, most, iterations)
    window = max(1, min(window, (most - start) // 2))
    count = max(1, (most - start) // window)
    ends = {start + (iterations - start) * n // count for n in range(1, count + 1)}
    return {*range(1, start + 1), *(i for end in ends for i in range(max(1, end - window + 1), end + 1))}


def _window(program: Program) -> int:
    """What some rules judge is an epoch, or ten iterations."""
    return max(WINDOW, min(program.batching.per_epoch, 256))


def _stretches(iterations: Iterable[int]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for i in sorted(set(iterations)):
        if found and found[-1][1] == i - 1:
            found[-1] = found[-1][0], i
        else:
            found.append((i, i))
    return tuple(found)
