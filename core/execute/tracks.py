"""Tracks: numbers over the iterations (loss, norms of gradients, watches, scores), taken live or by replay.

Each iteration's number is kept once it is known. What is wanted later than it was run is filled in by replay, a slice
of time at a go. Scores cost much, so that they are known at a few iterations only.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from core.execute.meters import Meter, Track, layer_track, meter_of, unit_tracks, watch_track, weights_of
from core.execute.timeline import Timeline
from core.program.ir import Array, Program

__all__ = ["Track", "Tracks"]

MOST_SCORES, FEWEST_SCORES = 200, 12
SECONDS_OF_SCORES = 4.0
_SCORES = {
    "held_out_loss": ("held-out loss", "The loss on the samples that are never trained on."),
    "accuracy": ("accuracy, training", "The share of the training samples that are classified correctly."),
    "held_out_accuracy": ("accuracy, held-out", "The share of the samples never trained on that are classified correctly."),
}
Scores = Callable[[int], Mapping[str, float]]


class _Numbers:
    """A number for each iteration from 1 on, as far as known: NaN where unknown or not finite."""

    def __init__(self) -> None:
        self._values = np.full(256, np.nan)
        self._known = np.zeros(256, dtype=bool)

    def set(self, iteration: int, number: float) -> None:
        """Keep a number."""
        self._grow(iteration)
        self._values[iteration - 1] = number if math.isfinite(number) else math.nan
        self._known[iteration - 1] = True

    def set_all(self, first: int, numbers: Array) -> None:
        """Keep the numbers of iterations from `first` on."""
        last = first + numbers.size - 1
        self._grow(last)
        self._values[first - 1 : last] = np.where(np.isfinite(numbers), numbers, np.nan)
        self._known[first - 1 : last] = True

    def has(self, iteration: int) -> bool:
        """Tell whether an iteration's number is known."""
        return iteration <= self._known.size and bool(self._known[iteration - 1])

    def read(self, count: int) -> tuple[Array, Array]:
        """Return the numbers and what is known of the first `count` iterations; read only."""
        self._grow(count)
        return self._values[:count], self._known[:count]

    def missing(self, count: int) -> int | None:
        """Return the first iteration up to `count` that is not known."""
        known = self.read(count)[1]
        first = int(np.argmin(known)) if count else 0
        return None if not count or known[first] else first + 1

    def forget(self, iteration: int) -> None:
        """Forget an iteration and all later ones."""
        self._values[iteration - 1 :] = np.nan
        self._known[iteration - 1 :] = False

    def _grow(self, count: int) -> None:
        if count > self._values.size:
            size = max(count, 2 * self._values.size)
            values, known = np.full(size, np.nan), np.zeros(size, dtype=bool)
            values[: self._values.size], known[: self._known.size] = self._values, self._known
            self._values, self._known = values, known


class Tracks:
    """All tracks of one timeline. `scores` returns the scores with the parameters that an iteration starts from.

    `score_keys` are those it gives, of `held_out_loss`, `accuracy`, `held_out_accuracy`.
    """

    def __init__(self, timeline: Timeline, scores: Scores | None = None, score_keys: Sequence[str] = ()) -> None:
        self._timeline = timeline
        self._scores = scores
        self._score_keys = tuple(k for k in _SCORES if k in score_keys) if scores is not None else ()
        self._reached = 0
        self.version = 0  # counts how often something was forgotten
        self._losses_read = 0
        self._score_cost = 1e-6
        self._score_costs: tuple[float, ...] = ()
        self._wanted: tuple[str, ...] = ()
        self._numbers: dict[str, _Numbers] = {}
        self._meters: dict[str, tuple[Program, Meter | None]] = {}
        self._watches: dict[str, tuple[Program, Track]] = {}
        timeline.observers.append(self._see)
        timeline.forgetters.append(self.forget_from)

    @property
    def reached(self) -> int:
        """The last iteration that was ever done in this course; every series has this length."""
        return max(self._reached, len(self._timeline.losses))

    def built_in(self) -> tuple[Track, ...]:
        """Return the tracks that every person can ask for in this program."""
        program = self._timeline.program_at(1)
        found: list[Track] = []
        if program.loss is not None:
            name = program.values[program.loss].name
            found.append(Track("loss", "loss", "loss", f"{name}, the loss of each iteration's samples, before its update."))
        found += [Track(k, "loss" if k == "held_out_loss" else "scores", *_SCORES[k]) for k in self._score_keys]
        for family in ("gradient", "update"):
            for layer, weights in weights_of(program).items():
                found.append(layer_track(program, family, layer, weights))
        return (*found, *unit_tracks(program))

    def watch(self, text: str) -> Track:
        """Return the track of a watch: its answer at the end of each iteration, which must be one number."""
        program = self._timeline.program
        kept = self._watches.get(text)
        if kept is None or kept[0] is not program:
            kept = self._watches[text] = (program, watch_track(text, program))
        return kept[1]

    def want(self, ids: Iterable[str]) -> None:
        """Say which tracks are looked at: the others are not taken. Known numbers are kept."""
        self._wanted = tuple(dict.fromkeys(ids))

    @property
    def wanted(self) -> tuple[str, ...]:
        """The tracks that are looked at."""
        return self._wanted

    def series(self, id: str) -> Array:
        """Return the numbers of a track for iterations 1, 2, …; NaN where not finite or not known. Do not write to it."""
        return (self._losses() if id == "loss" else self._of(id)).read(self.reached)[0]

    def known(self, id: str) -> Array:
        """Return for each iteration whether the number is known; known and NaN is not finite. Do not write to it."""
        return (self._losses() if id == "loss" else self._of(id)).read(self.reached)[1]

    def complete(self) -> bool:
        """Tell whether everything that is wanted is known."""
        return self._missing() is None and self._missing_score() is None

    def fill(self, seconds: float) -> bool:
        """Catch up by replay for about so long; True when nothing is missing any more."""
        until = time.perf_counter() + seconds
        while (first := self._missing()) is not None:
            for _ in self._timeline.iterate(first, self.reached):
                if time.perf_counter() > until:
                    break
            self._give_up(first)
            if time.perf_counter() > until:
                return self.complete()
        while (iteration := self._missing_score()) is not None:
            self._score(iteration)
            if time.perf_counter() > until:
                break
        return self.complete()

    def forget_from(self, iteration: int) -> None:
        """Forget an iteration and all later ones: a change by hand made them others."""
        self.version += 1
        self._reached = min(self._reached, iteration - 1)
        self._losses_read = min(self._losses_read, iteration - 1)
        for numbers in self._numbers.values():
            numbers.forget(iteration)
        self._watches.clear()

    # -- inside --------------------------------------------------------------------------------------

    def _of(self, id: str) -> _Numbers:
        return self._numbers.setdefault(id, _Numbers())

    def _losses(self) -> _Numbers:
        """Take in the losses that are new; a list of many is slow to read."""
        numbers, losses = self._of("loss"), self._timeline.losses
        if self._losses_read < len(losses):
            numbers.set_all(self._losses_read + 1, np.asarray(losses[self._losses_read :], dtype=float))
            self._losses_read = len(losses)
        return numbers

    def _see(self, iteration: int, program: Program, values: Sequence[Any]) -> None:
        """Take an iteration's numbers; called for each that is done."""
        self._reached = max(self._reached, iteration)
        missing = [id for id in self._metered() if not self._of(id).has(iteration)]
        if not missing:
            return
        with np.errstate(all="ignore"):
            for id in missing:
                meter = self._meter(id, program)
                if meter is not None:
                    self._of(id).set(iteration, meter(iteration, values))

    def _metered(self) -> list[str]:
        """Return what is wanted and taken from the values of an iteration."""
        return [id for id in self._wanted if id != "loss" and id not in self._score_keys]

    def _meter(self, id: str, program: Program) -> Meter | None:
        kept = self._meters.get(id)
        if kept is None or kept[0] is not program:
            kept = self._meters[id] = (program, meter_of(id, program))
        return kept[1]

    def _missing(self) -> int | None:
        firsts = [
            self._of(id).missing(self.reached)
            for id in self._metered()
            if self._meter(id, self._timeline.program_at(1)) is not None
        ]
        return min((f for f in firsts if f is not None), default=None)

    def _give_up(self, iteration: int) -> None:
        """An iteration that replay did not give a number for will never have one: it counts as not finite."""
        for id in self._metered():
            if not self._of(id).has(iteration):
                self._of(id).set(iteration, math.nan)

    def _missing_score(self) -> int | None:
        wanted = [id for id in self._wanted if id in self._score_keys]
        if not wanted or not self.reached:
            return None
        most = max(FEWEST_SCORES, min(MOST_SCORES, int(SECONDS_OF_SCORES / self._score_cost)))
        stride = 1
        while self.reached // stride >= most:
            stride *= 2
        places = [*range(stride, self.reached + 1, stride)]
        return next((i for i in places if any(not self._of(id).has(i) for id in wanted)), None)

    def _score(self, iteration: int) -> None:
        assert self._scores is not None
        start = time.perf_counter()
        found = self._scores(iteration + 1)
        # The middle one of the last few says what they cost: one may have been held up, another be known already.
        self._score_costs = (*self._score_costs, time.perf_counter() - start)[-9:]
        self._score_cost = max(sorted(self._score_costs)[len(self._score_costs) // 2], 1e-6)
        for id in self._score_keys:
            self._of(id).set(iteration, found.get(id, math.nan))
