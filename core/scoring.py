"""How good the network is at each iteration: computed when asked for, and kept."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.execute.inputs import Datum
from core.execute.timeline import Timeline
from core.network_file import Evaluation, scores

PAUSE = 0.2
MOST_SCORES = 4096


class Scores:
    """The scores that `evaluations` compute on a timeline; none where there are no evaluations."""

    def __init__(self, timeline: Timeline, evaluations: Sequence[Evaluation]) -> None:
        self._timeline = timeline
        self.evaluations = tuple(evaluations)
        self._known: dict[int, Mapping[str, float]] = {}
        self._newest: tuple[float, Mapping[str, float]] | None = None
        timeline.forgetters.append(self._forget)

    def __len__(self) -> int:
        return len(self._known)

    def at(self, iteration: int) -> Mapping[str, float]:
        """Return the scores with the parameters that an iteration starts from."""
        if not self.evaluations:
            return {}
        found = self._known.get(iteration)
        if found is None:
            found = scores(self.evaluations, self._timeline.state_before(iteration), self._changed(iteration))
            if len(self._known) >= MOST_SCORES:
                del self._known[next(iter(self._known))]
            self._known[iteration] = found
        self._newest = (time.monotonic(), found)
        return found

    def in_run(self, iteration: int) -> Mapping[str, float]:
        """Return the same, but at most five times a second a new one: a run must not wait for its judges."""
        if iteration not in self._known and self._newest is not None and time.monotonic() - self._newest[0] < PAUSE:
            return self._newest[1]
        return self.at(iteration)

    def keys(self) -> list[str]:
        """Return which scores there are, by what the evaluating programs compute."""
        keys: list[str] = []
        for e in self.evaluations:
            made = {v.name for v in e.program.values}
            if e.part == "held-out":
                keys += [f"held_out_{key}" for key, name in (("loss", "L"), ("accuracy", "accuracy")) if name in made]
            elif "accuracy" in made:
                keys.append("accuracy")
        return keys

    def _changed(self, iteration: int) -> Mapping[str, Datum]:
        """Return data and hyperparameters that were changed by hand, as they are in an iteration."""
        names = {n for e in self._timeline.events if e.iteration <= iteration for n in e.values}
        return {n: v for n, v in self._timeline.program_at(iteration).first_values.items() if n in names}

    def _forget(self, iteration: int) -> None:
        self._known = {i: s for i, s in self._known.items() if i < iteration}
        self._newest = None


@dataclass(frozen=True, slots=True)
class ScoreOf:
    """Where a moment asks for its scores; it remembers the iteration, so that it tells of its own time."""

    scores: Scores
    iteration: int
    running: bool

    def __call__(self) -> Mapping[str, float]:
        return (self.scores.in_run if self.running else self.scores.at)(self.iteration)
