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
from core.health.look import Look
from core.health.mending import Mended
from core.health.mends_forward import SIGMOIDS
from core.health.remedies import apply
from core.health.rules import findings
from core.program.ir import Array, Program

BUDGET = 16 * 1024 * 1024
SAME = 1e-6
LOOKED_BACK, OFTEN = 100, 0.2
FLAT = 5.0
MOST_SAID = 4
LASTING = ("saturated", "dead", "symmetric", "vanishing", "exploding")
FEWEST_DIGITS = 4
Pair = tuple[int, int, int]


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
    shown: tuple[str, str]
    """The same two in as few digits as tell them apart, at least four."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison has shown: `better`, `worse`, `same` or `open`, and one or two sentences."""

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
        self._stays: tuple[int, tuple[str, ...]] | None = None
        self._said: tuple[object, Verdict] | None = None
        self._pairs: dict[tuple[int, int], list[Pair]] = {}

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
        a, b = self.first.program_at(iteration), self.second.program_at(iteration)
        key = (id(a), id(b))
        if key not in self._pairs:
            self._pairs[key] = pairs_of(a, b)
        return first_difference(iteration, a, self._pairs[key], self.first.values, self.second.values)

    def verdict(self) -> Verdict:
        """Say what the second run shows, in one sentence."""
        key = (self.done, *self.stopped)
        if self._said is None or self._said[0] != key:
            self._said = (key, self._judged())
        return self._said[1]

    def _judged(self) -> Verdict:
        if not self.done:
            return Verdict("open", "Not run yet.")
        old, new = (np.array(losses, dtype=np.float64) for losses in self.losses)
        if self.stopped[1]:
            return Verdict("worse", f"The second run stops: {self.stopped[1]}.")
        if not new.size:
            return Verdict("open", "No loss is written in this program, so that there is nothing to compare but the values.")
        if self.difference is None:
            return Verdict("same", f"No difference: up to iteration {self.done} every value has the same bits.")
        return _verdict(old, new)

    def stays(self) -> tuple[str, ...]:
        """Say what the second run's last iteration still shows of what a remedy might have mended; of whole batches only."""
        program, values = self.second.program_at(max(1, self.done)), self.second.values
        if not self.done or self.stopped[1] or program.batching.per_epoch > 1:
            return ()
        if self._stays is None or self._stays[0] != self.done:
            found = [*_still_rising(np.array(self.losses[1], dtype=np.float64)), *_still_flat(program, values)]
            hidden = _multiplied(program)
            for f in findings(Look(program, values, self.done), rules=LASTING):
                if f.severity != "note" and (f.rule != "saturated" or f.value in hidden):
                    found.append(f.text)
            self._stays = (self.done, tuple(found[:MOST_SAID]))
        return self._stays[1]


def pairs_of(a: Program, b: Program) -> list[Pair]:
    """Return (k, value of a, value of b) of what two programs compute under the same name, in the order of the first.

    `k` operations of the first are done when it is computed. Their lines may stand elsewhere, and each may have others.
    """
    there = {b.values[i.result].label: i.result for i in b.instructions if b.values[i.result].kind != "part"}
    return [
        (i.index + 1, i.result, there[a.values[i.result].label])
        for i in a.instructions
        if a.values[i.result].kind != "part" and a.values[i.result].label in there
    ]


def first_difference(
    iteration: int, a: Program, pairs: Sequence[Pair], old: Sequence[Any], new: Sequence[Any]
) -> Difference | None:  # fmt: skip
    """Return the first of `pairs_of` two programs whose values in an iteration differ in any bit, None if none does."""
    for k, one, other in pairs:
        x, y = np.asarray(old[one]), np.asarray(new[other])
        if not _same_bits(x, y):
            return Difference(iteration, k, a.values[one].label, *_where(x, y))
    return None


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


def _where(x: Array, y: Array) -> tuple[tuple[int, ...], str, str, tuple[str, str]]:
    """Return the first cell in which two arrays differ, and how both are written there."""
    if x.shape != y.shape:
        shapes = ("×".join(map(str, a.shape)) or "a number" for a in (x, y))
        old, new = shapes
        return (), old, new, (old, new)
    if x.dtype.kind == y.dtype.kind == "f":
        differing = np.argwhere(_other(x, y))
    else:
        differing = np.argwhere(x != y)
    if not len(differing):
        return (), str(x.dtype), str(y.dtype), (str(x.dtype), str(y.dtype))
    cell = tuple(int(c) for c in differing[0])
    return cell, str(x[cell]), str(y[cell]), _apart(x[cell], y[cell])


def _apart(x: Any, y: Any) -> tuple[str, str]:
    """Write two numbers in the fewest digits, from four on, that tell them apart."""
    found = (str(x), str(y))
    for digits in range(FEWEST_DIGITS, 18):
        found = (_short(float(x), digits), _short(float(y), digits))
        if found[0] != found[1]:
            break
    return found


def _verdict(old: Array, new: Array) -> Verdict:
    bad, still_bad = _first_bad(old), _first_bad(new)
    ends = f"it ends at {_short(new[-1])}"
    if bad and not still_bad:
        return Verdict("better", f"Mended so far: the loss stays finite ({ends}); without it, it is not from iteration {bad} on.")
    if still_bad and not bad:
        return Verdict("worse", f"Worse: the loss is not finite from iteration {still_bad} on; without it, it stays finite.")
    if bad and still_bad:
        if still_bad == bad:
            return Verdict("same", f"Not mended: the loss is not finite from iteration {bad} on in both runs.")
        later = "later" if still_bad > bad else "sooner"
        return Verdict(
            "same", f"Not mended: the loss is not finite from iteration {still_bad} on, only {later} than without it ({bad})."
        )
    a, b = float(old[-1]), float(new[-1])
    if math.isclose(a, b, rel_tol=SAME):
        return Verdict("same", f"No difference that matters: both end at a loss of {_short(b)}.")
    better = b < a
    word = "lower" if better else "higher"
    return Verdict("better" if better else "worse", f"The loss ends {word}: at {_short(b)}, without it at {_short(a)}.")


def _still_rising(losses: Array) -> list[str]:
    """Return a sentence (or none) where the loss of whole batches goes up again and again."""
    last = losses[-LOOKED_BACK - 1 :]
    with np.errstate(all="ignore"):
        rises = int(np.sum(np.diff(last) > 0))
    if last.size <= LOOKED_BACK or not np.isfinite(last).all() or rises < OFTEN * LOOKED_BACK:
        return []
    return [f"The loss rises in {rises} of the last {LOOKED_BACK} iterations: the steps are still too long."]


def _multiplied(program: Program) -> set[int]:
    """Return what goes into a product of the forward, as the outputs of hidden layers do."""
    return {
        v for i in program.instructions if i.op in ("matmul", "dot") and program.phase_of(i.index) == "forward" for v in i.reads
    }


def _still_flat(program: Program, values: Sequence[Any]) -> list[str]:
    """Say where a sigmoid of the output is flat at the wrong label; a fused loss does not mend that."""
    found: list[str] = []
    labels = [np.asarray(values[program.inputs[n]]) for n in program.batching.sliced if n in program.inputs]
    hidden = _multiplied(program)
    for i in program.instructions:
        if i.op not in SIGMOIDS or i.operands[0].value is None or i.result in hidden or program.phase_of(i.index) != "forward":
            continue
        z = np.asarray(values[i.operands[0].value], dtype=np.float64)
        wrong = [(z > 0) != (y > 0.5) for y in labels if y.shape == z.shape and np.isin(y, (0, 1)).all()]
        flat = np.abs(z[wrong[0]]) if wrong else np.zeros(0)
        flat = flat[np.isfinite(flat) & (flat >= FLAT)]
        if flat.size:
            name, largest = program.values[i.result].label, _short(float(flat.max()))
            found.append(
                f"{name} is still saturated at the wrong label in {flat.size} of its {z.size} outputs: |z| up to {largest},"
                " where the sigmoid is almost flat."
            )
    return found


def _first_bad(losses: Array) -> int:
    """Return the first iteration from which on no loss is finite any more, 0 if the last one is."""
    finite = np.flatnonzero(np.isfinite(losses))
    if finite.size and finite[-1] == losses.size - 1:
        return 0
    return int(finite[-1]) + 2 if finite.size else 1


def _short(number: float, digits: int = FEWEST_DIGITS) -> str:
    return f"{number:.{digits}g}".replace("-", "−").replace("inf", "∞").replace("nan", "NaN")
