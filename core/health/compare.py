"""A second run from the same start, with a remedy in it: both losses, and the first operation that gives something else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.execute.events import Event
from core.execute.timeline import Course, Timeline
from core.health.mending import Mended
from core.health.remedies import apply
from core.program.ir import Array, Program

BUDGET = 16 * 1024 * 1024
SAME = 1e-6
LOOKED_BACK, OFTEN = 100, 0.2


@dataclass(frozen=True, slots=True)
class Difference:
    """The first operation at which two runs differ in any bit: after `k` operations of an iteration.

    `name` is its result; `cell` the first that differs, `old` and `new` are what stands there in the two runs (texts that
    give the number back exactly). Where the shapes differ these are the shapes.
    """

    iteration: int
    k: int
    name: str
    cell: tuple[int, ...]
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison has shown: a glyph and a word (`better`, `worse`, `same`, `open`), and one sentence."""

    kind: str
    text: str


class SecondRun:
    """Two runs beside each other, iteration by iteration: as it is, and with a remedy.

    `program` is that of the first iteration, `events` the changes by hand since; both runs get them. Neither touches
    the session: what is run here, nobody sees there.

    Raises:
        RemedyError: where the remedy does not fit a program that a change by hand put in its place.
    """

    def __init__(
        self, program: Program, mended: Mended, events: Sequence[Event] = (), folder: Path | None = None, choice: str = ""
    ) -> None:
        self.mended = mended
        self.choice = choice
        self.done = 0
        self.difference: Difference | None = None
        self.notes: tuple[str, ...] = mended.notes
        self.first = _timeline(program, events)
        self.second = _timeline(mended.program, self._carried_over(program, events, folder))
        self.stopped: list[str] = ["", ""]
        self._pairs: dict[tuple[int, int], list[tuple[int, int, int]]] = {}

    def _carried_over(self, program: Program, events: Sequence[Event], folder: Path | None) -> list[Event]:
        """Return the changes by hand as they are in the mended program: what the remedy itself sets is left out."""
        old, new = program.first_values, self.mended.program.first_values
        set_by_remedy = {
            n for n in old if n not in new or not np.array_equal(np.asarray(old[n]), np.asarray(new[n]), equal_nan=True)
        }
        found: list[Event] = []
        lost: set[str] = set()
        for event in events:
            values = {n: v for n, v in event.values.items() if n not in set_by_remedy}
            lost |= set(event.values) - set(values)
            other = None
            if event.program is not None:
                mended = apply(self.mended.remedy, event.program, folder, self.choice)
                other = mended.program
            found.append(replace(event, values=values, program=other))
        if lost:
            names = ", ".join(sorted(lost))
            self.notes = (*self.notes, f"Your change by hand of {names} is left out of the second run: the remedy sets it.")
        return found

    @property
    def losses(self) -> tuple[Sequence[float], Sequence[float]]:
        """The losses of both runs, from iteration 1 on."""
        return self.first.losses, self.second.losses

    @property
    def ended(self) -> bool:
        """Tell whether neither run can go on."""
        return all(self.stopped)

    def step(self) -> bool:
        """Run both one iteration on; False if neither can."""
        at = self.done + 1
        for place, timeline in enumerate((self.first, self.second)):
            if not self.stopped[place] and at not in timeline.iterate(at, at):
                self.stopped[place] = f"a line of it cannot run in iteration {at}"
        if self.ended:
            return False
        self.done = at
        if self.difference is None and not any(self.stopped):
            self.difference = self._compared(at)
        return True

    def _compared(self, iteration: int) -> Difference | None:
        """Compare what both computed under the same name, in the order of the first."""
        a, b = self.first.program_at(iteration), self.second.program_at(iteration)
        key = (id(a), id(b))
        if key not in self._pairs:
            there = {b.values[i.result].label: i.result for i in b.instructions if b.values[i.result].kind != "part"}
            self._pairs[key] = [
                (i.index + 1, i.result, there[a.values[i.result].label])
                for i in a.instructions
                if a.values[i.result].kind != "part" and a.values[i.result].label in there
            ]
        old, new = self.first.values, self.second.values
        for k, one, other in self._pairs[key]:
            x, y = np.asarray(old[one]), np.asarray(new[other])
            if not _same_bits(x, y):
                return Difference(iteration, k, a.values[one].label, *_where(x, y))
        return None

    def verdict(self) -> Verdict:
        """Say what the second run shows, in one sentence."""
        if not self.done:
            return Verdict("open", "Not run yet.")
        old, new = (np.array(losses, dtype=np.float64) for losses in self.losses)
        if self.stopped[1]:
            return Verdict("worse", f"The second run stops: {self.stopped[1]}.")
        if not new.size:
            return Verdict("open", "No loss is written in this program, so that there is nothing to compare but the values.")
        if self.difference is None:
            return Verdict("same", f"No difference: up to iteration {self.done} every value has the same bits.")
        found = _verdict(old, new)
        still = "" if self.mended.program.batching.per_epoch > 1 else _still_rising(new)
        return replace(found, text=found.text + still)


def _timeline(program: Program, events: Sequence[Event]) -> Timeline:
    made = Timeline(program, BUDGET)
    if events:
        made.take(Course(tuple(events), ()))
    return made


def _same_bits(x: Array, y: Array) -> bool:
    """Tell whether two arrays are equal in shape and in every bit; NaN is NaN, 0 is not −0."""
    if x.shape != y.shape or x.dtype != y.dtype:
        return False
    if x.dtype.kind != "f":
        return bool(np.array_equal(x, y))
    return not _other(x, y).any()


def _other(x: Array, y: Array) -> Array:
    """Return where two arrays of a shape differ in more than nothing."""
    with np.errstate(all="ignore"):
        same = (x == y) & (np.signbit(x) == np.signbit(y)) | (np.isnan(x) & np.isnan(y))
    return np.asarray(~same)


def _where(x: Array, y: Array) -> tuple[tuple[int, ...], str, str]:
    if x.shape != y.shape:
        return (), " × ".join(map(str, x.shape)) or "a number", " × ".join(map(str, y.shape)) or "a number"
    if x.dtype.kind == y.dtype.kind == "f":
        differing = np.argwhere(_other(x, y))
    else:
        differing = np.argwhere(x != y)
    if not len(differing):
        return (), str(x.dtype), str(y.dtype)
    cell = tuple(int(c) for c in differing[0])
    return cell, _text(x[cell]), _text(y[cell])


def _text(number: Any) -> str:
    return str(number.item() if number.dtype == np.float64 else number)


def _verdict(old: Array, new: Array) -> Verdict:
    bad, still_bad = _first_bad(old), _first_bad(new)
    ends = f"it ends at {_short(new[-1])}"
    if bad and not still_bad:
        return Verdict(
            "better", f"Mended so far: the loss stays finite ({ends}); as it is it is not finite from iteration {bad} on."
        )
    if still_bad and not bad:
        return Verdict("worse", f"Worse: the loss is not finite from iteration {still_bad} on; as it is it stays finite.")
    if bad and still_bad:
        if still_bad == bad:
            return Verdict("same", f"Not mended: the loss is not finite from iteration {bad} on in both runs.")
        later = "later" if still_bad > bad else "sooner"
        return Verdict(
            "same", f"Not mended: the loss is not finite from iteration {still_bad} on, only {later} than as it is ({bad})."
        )
    a, b = float(old[-1]), float(new[-1])
    if math.isclose(a, b, rel_tol=SAME):
        return Verdict("same", f"No difference that matters: both end at a loss of {_short(b)}.")
    better = b < a
    word = "lower" if better else "higher"
    return Verdict("better" if better else "worse", f"The loss ends {word}: {_short(b)}, as it is {_short(a)}.")


def _still_rising(losses: Array) -> str:
    """Return a sentence where the loss of whole batches still goes up again and again; steps that short do not do that."""
    last = losses[-LOOKED_BACK - 1 :]
    with np.errstate(all="ignore"):
        rises = int(np.sum(np.diff(last) > 0))
    if last.size <= LOOKED_BACK or not np.isfinite(last).all() or rises < OFTEN * LOOKED_BACK:
        return ""
    return f" What stays: it rises in {rises} of the last {LOOKED_BACK} iterations, so the steps are still too long."


def _first_bad(losses: Array) -> int:
    """Return the first iteration from which on no loss is finite any more, 0 if the last one is."""
    finite = np.flatnonzero(np.isfinite(losses))
    if finite.size and finite[-1] == losses.size - 1:
        return 0
    return int(finite[-1]) + 2 if finite.size else 1


def _short(number: float) -> str:
    return f"{number:.4g}".replace("-", "−").replace("inf", "∞").replace("nan", "NaN")
