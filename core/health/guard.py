"""Watches a run at full speed for NaN and ±∞, and finds the first bad operation by replay.

Only the loss is looked at in every iteration, and what lives on in every sixteenth: a number that is not finite stays so
in a parameter, so nothing is lost but a few iterations, which the replay goes back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.execute.timeline import Position, Timeline
from core.health.lineage import Lineage
from core.health.nonfinite import finite
from core.health.origin import NEVER
from core.program.ir import Program

EVERY = 16


class Guard:
    """Raises its alarm at the first iteration that is known to be bad; it observes whatever the timeline does.

    What was bad when it began to look, or at the last `reset`, raises no alarm again.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._program: Program | None = None
        self._loss: int | None = None
        self._ends: tuple[int, ...] = ()
        self._known: int | None = None
        self.alarm: int | None = None
        timeline.observers.append(self.see)
        timeline.forgetters.append(self.forget_from)

    def see(self, iteration: int, program: Program, values: Sequence[Any]) -> None:
        """Look at an iteration that was done."""
        if program is not self._program:
            self._program, self._loss = program, program.loss
            self._ends = tuple(end for start, end in program.carried.values() if start != end)
        loss = 0.0 if self._loss is None else values[self._loss]
        # A NumPy float64 is a float: the usual loss is asked without a detour.
        fine = math.isfinite(loss if isinstance(loss, float) else _number(loss))
        if fine and (iteration % EVERY or all(finite(values[end]) for end in self._ends)):
            return
        if self._known is None or iteration < self._known:
            self._known = self.alarm = iteration

    def check(self, iteration: int) -> None:
        """Look at what lives on after an iteration, whichever it is: for the end of a run."""
        if (
            iteration >= 1
            and self._known is None
            and not all(finite(v) for v in self._timeline.state_before(iteration + 1).values())
        ):
            self._known = self.alarm = iteration

    def reset(self) -> None:
        """Take note of the alarm: what is bad is known."""
        self.alarm = None

    def forget_from(self, iteration: int) -> None:
        """Forget what was known of an iteration and all later ones: a change by hand made them others."""
        if self._known is not None and self._known >= iteration:
            self._known = self.alarm = None


def first_bad(timeline: Timeline, iteration: int) -> Position | None:
    """Return the place just after the first operation that led to a bad loss or parameter in an iteration; None if none is.

    Goes back to the last start of an iteration with finite numbers only and replays from there. What was bad from the
    start of an iteration, given so or changed by hand, is found at its place 0. Bad numbers that lead nowhere are passed over.
    """
    lineage = Lineage(timeline, iteration)
    # The last iteration that started healthy counts too: its bad loss is nothing that later ones are made of.
    first = min(_earliest(lineage, lineage.first), _earliest(lineage, iteration))
    if first == NEVER:
        return None
    place = lineage.place(first)
    return Position(place.iteration, place.place)


def _earliest(lineage: Lineage, iteration: int) -> int:
    """Return the number of the earliest origin of a bad loss or a bad number that lives on; NEVER if there is none."""
    program, marks = lineage.program(iteration), lineage.marks(iteration)
    watched = [end for _, end in program.carried.values()]
    if program.loss is not None:
        watched.append(program.loss)
    return min((int(np.min(marks[v], initial=NEVER)) for v in watched if v in marks), default=NEVER)


def _number(value: Any) -> float:
    return float(np.asarray(value, dtype=float).reshape(-1)[0])
