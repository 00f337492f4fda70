"""Collects what the rules find while a person goes through a training: since when, how often, and whether it still holds."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.execute.timeline import Position, Timeline
from core.health.finding import SEVERITIES, Finding, Severity
from core.health.look import Look
from core.health.past import MOST, Past
from core.health.rule import Limits, Mask, Rule, no_marks
from core.health.rules import DEFAULTS, ORDER, RULES, findings
from core.health.settings import HealthSettings
from core.program.ir import Array, Program

LONGEST_REPLAY = 200_000_000
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign on a value: `mask` says which cells, None the value as a whole; `text` is what to say of it."""

    rule: str
    glyph: str
    severity: Severity
    mask: Mask | None
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding with its history: first seen at `first` (iteration, k), last in iteration `last`, in `times` iterations.

    `current` tells whether it holds at the place that was looked at last. `finding` is the newest one, `earliest` that of the
    first iteration.
    """

    finding: Finding
    first: tuple[int, int]
    last: int
    times: int
    current: bool
    earliest: Finding | None = None

    @property
    def begin(self) -> Finding:
        """What was found in the first iteration: its cells are those of `first`, not those of now."""
        return self.finding if self.earliest is None else self.earliest

    @property
    def position(self) -> Position:
        """Where it was first seen: just after the operation."""
        return Position(*self.first)


@dataclass
class _Record:
    """What is known of one problem: its finding in the first and in the newest iteration, and all iterations it was seen in."""

    first: Finding
    newest: Finding
    newest_in: int
    iterations: set[int] = field(default_factory=set)
    k: int = 0


class Monitor:
    """Looks at a timeline wherever it stands, and remembers.

    A warning that comes back in each iteration is one problem with a count. An iteration that is looked at again counts once.
    `stand` looks at where the timeline stands; `see` takes in any look.
    """

    def __init__(self, timeline: Timeline, settings: HealthSettings = DEFAULTS) -> None:
        self.timeline, self.settings = timeline, settings
        self.past = Past(lambda: timeline.losses)
        self._records: dict[Key, _Record] = {}
        self._current: dict[Key, Finding] = {}
        self._look: Look | None = None
        self._found: list[Finding] = []
        self._reached = -1
        self._known: dict[Hashable, Any] = {}
        self._marks: dict[int, tuple[Mark, ...]] = {}
        self._limits: dict[str, Limits] = {}
        timeline.forgetters.append(self.forget_from)

    def set_settings(self, settings: HealthSettings) -> None:
        """Use other limits, or mute other rules; where the timeline stands is looked at anew."""
        same = {name for name, rule in RULES.items() if settings.limits_of(rule) == self.settings.limits_of(rule)}
        self.settings = settings
        self._limits = {}
        # What was found by other limits is not known any more; it is found again where one goes.
        self._records = {key: r for key, r in self._records.items() if key[0] in same - settings.muted}
        look, self._look = self._look, None
        if look is not None:
            self._begin()
            self.see(look)

    def stand(self) -> None:
        """Look at where the timeline stands; replays the iterations of an epoch before it where rules need them."""
        machine, at = self.timeline.machine, self.timeline.position
        last = self._look
        if last is None or last.iteration != at.iteration or last.values is not machine.values:
            self._fill(at.iteration)
        self.see(Look(self.timeline.program, machine.values, at.iteration, at.k, self.past))

    def see(self, look: Look) -> None:
        """Take in a look. Going on within an iteration, only what is new there is asked about."""
        last = self._look
        going_on = last is not None and last.values is look.values and last.iteration == look.iteration
        if not going_on:
            self._begin()
        # What was made by operations done before is known already, in both directions.
        new = self._reached if going_on else look.new
        if look.k > new:
            fresh = Look(look.program, look.values, look.iteration, look.k, self.past, new, self._known)
            self._found += findings(fresh, self.settings)
            self._reached = max(self._reached, look.k)
            if look.k == len(look.program):
                with np.errstate(all="ignore"):
                    fresh.remember()
        self._look = Look(look.program, look.values, look.iteration, look.k, self.past, known=self._known)
        if going_on and last is not None:
            self._unmark(look.program, *sorted((last.k, look.k)))
        self._current = {self._key(f): f for f in self._found if f.place <= look.k}
        for key, finding in self._current.items():
            self._record(key, finding, look.iteration)

    def problems(self) -> tuple[Problem, ...]:
        """Return all problems: errors first, and a cause before what may follow from it."""
        found = [
            Problem(
                self._current.get(key, r.newest), (min(r.iterations), r.k), max(r.iterations), len(r.iterations),
                key in self._current, r.first,
            )
            for key, r in self._records.items()
            if key[0] not in self.settings.muted
        ]  # fmt: skip
        return tuple(sorted(found, key=_rank))

    def current(self) -> tuple[Finding, ...]:
        """Return what holds where was looked last, in the order of the instructions."""
        return tuple(f for f in self._found if self._look is not None and f.place <= self._look.k)

    def marks(self, value: int) -> tuple[Mark, ...]:
        """Return the signs on a value where was looked last; the gravest first. None are given for what is not computed."""
        look = self._look
        if look is None or value >= len(look.program.values) or not look.has(value):
            return ()
        if value not in self._marks:
            self._marks[value] = self._marks_of(look, value)
        return self._marks[value]

    def forget_from(self, iteration: int) -> None:
        """Forget an iteration and all later ones: a change by hand made them others."""
        self.past.forget_from(iteration)
        for key, r in list(self._records.items()):
            r.iterations = {i for i in r.iterations if i < iteration}
            if not r.iterations:
                del self._records[key]
            elif r.newest_in >= iteration:
                r.newest, r.newest_in = r.first, min(r.iterations)
        if self._look is not None and self._look.iteration >= iteration:
            self._look = None
            self._begin()

    # -- inside --------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._found, self._reached, self._known, self._current, self._marks = [], -1, {}, {}, {}

    def _key(self, finding: Finding) -> Key:
        program = self.timeline.program if self._look is None else self._look.program
        return finding.rule, program.values[finding.value].label

    def _record(self, key: Key, finding: Finding, iteration: int) -> None:
        r = self._records.get(key)
        if r is None:
            r = self._records[key] = _Record(finding, finding, iteration, {iteration}, finding.place)
        if iteration <= min(r.iterations):
            r.first, r.k = finding, finding.place
        if iteration >= r.newest_in:
            r.newest, r.newest_in = finding, iteration
        r.iterations.add(iteration)

    def _unmark(self, program: Program, low: int, high: int) -> None:
        """Forget the signs on what a step between two places makes and reads, and on what it finds; others stay as they are."""
        touched = {f.value for f in self._found if low < f.place <= high}
        for i in program.instructions[low:high]:
            touched.update((i.result, *i.reads))
        for value in touched:
            self._marks.pop(value, None)

    def _marks_of(self, look: Look, value: int) -> tuple[Mark, ...]:
        found: list[Mark] = []
        said = {f.rule: f for f in self._current.values() if f.value == value}
        with np.errstate(all="ignore"):
            for name, rule in RULES.items():
                if name in self.settings.muted:
                    continue
                mask = None if rule.marks is no_marks else rule.marks(look, value, self._limits_of(rule))
                finding = said.get(name)
                if mask is not None and mask.any():
                    text, severity = (rule.about, _severity_of(name)) if finding is None else (finding.text, finding.severity)
                    found.append(Mark(name, rule.glyph, severity, mask, text))
                elif finding is not None:
                    found.append(Mark(name, rule.glyph, finding.severity, None, finding.text))
        return tuple(sorted(found, key=lambda m: SEVERITIES.index(m.severity)))

    def _limits_of(self, rule: Rule) -> Limits:
        if rule.name not in self._limits:
            self._limits[rule.name] = self.settings.limits_of(rule)
        return self._limits[rule.name]

    def _fill(self, iteration: int) -> None:
        """Know the iterations of an epoch before this one, by replay where they were run at full speed; not if that is long."""
        per = self.timeline.program_at(iteration).batching.per_epoch
        first = max(1, iteration - min(max(per, 10), MOST // 2) + 1)
        missing = [i for i in range(first, iteration) if self.past.at(i) is None]
        if not missing or _work(self.timeline.machine.values) * len(missing) > LONGEST_REPLAY:
            return
        for i in self.timeline.iterate(missing[0], iteration - 1):
            if self.past.at(i) is None:
                program: Program = self.timeline.program_at(i)
                with np.errstate(all="ignore"):
                    Look(program, list(self.timeline.values), i, None, self.past).remember()


def _severity_of(rule: str) -> Severity:
    return "error" if rule == "nonfinite" else "note"


def _rank(p: Problem) -> tuple[int, ...]:
    f = p.finding
    return SEVERITIES.index(f.severity), ORDER.get(f.rule, 99), *p.first, f.instruction


def _work(values: Any) -> int:
    arrays: list[Array] = [v for v in values if isinstance(v, np.ndarray)]
    return 1000 * len(values) + 20 * sum(v.size for v in arrays)
