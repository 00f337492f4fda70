"""All that a view draws: a program, a place in its time, the values there. Nothing in it changes any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.changes import refusal
from core.execute.events import Event
from core.execute.machine import Machine
from core.execute.timeline import Position, Timeline
from core.files.saved import Layer
from core.frames import chain
from core.health.cause import Link
from core.health.monitor import Mark, Problem
from core.health.rules import DEFAULTS
from core.health.settings import HealthSettings
from core.notes import Notes
from core.program.ir import Array, Call, Fault, Instruction, Phase, Program

if TYPE_CHECKING:
    from core.execute.tracks import Tracks

Cell = tuple[int, ...]
NO_NOTES = Notes()


def _no_scores() -> Mapping[str, float]:
    return {}


def _no_marks(index: int) -> tuple[Mark, ...]:
    del index
    return ()


def _nothing(index: int) -> Array | None:
    del index
    return None


@dataclass(frozen=True, slots=True)
class Selection:
    """What every view shows as selected: a value, perhaps one cell of it, and a sample by its index in the data."""

    value: int | None = None
    cell: Cell | None = None
    sample: int | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """Where a moment asks for values of the iteration before its own."""

    timeline: Timeline
    iteration: int

    def __call__(self, index: int) -> Array | None:
        if self.iteration < 2 or self.timeline.program_at(self.iteration - 1) is not self.timeline.program_at(self.iteration):
            return None
        datum = self.timeline.machine_at(self.iteration - 1).value(index)
        return None if datum is None else np.asarray(datum)


@dataclass(frozen=True)
class Moment:
    """What there is to see at one moment.

    `lit` is the instruction just executed, `upcoming` the next one; at a stop between iterations one of
    them is None. `old` holds the values that a change by hand has put out of date, as they were before it; `edited`
    maps the inputs changed by hand to their changed cells (none: all of it), `events` are all such changes
    and `old_losses` the losses before the newest one. `base` is the program of the first iteration, from which the
    training can be run once more; files that it names lie in `folder`. `call` is the call of a `def` of the learner that
    one stands in, the innermost one, by its index. `inner` is the moment inside the upcoming
    operation where a person has gone into it, `element` how many cells of its whole `result` are computed, where they
    go cell by cell. `problems` are all that the health rules found so far, `chosen` the one that a person looks at,
    `links` its way to its first cause. `closed` are the layers of a saved network behind the program, which cannot be
    stepped, `shapes` those of its arrays by their names in the file. A `quiet` one tells nothing that a question asks for: no
    problems, no shapes to come.
    """

    title: str
    program: Program
    position: Position
    epoch: int
    lit: Instruction | None
    upcoming: Instruction | None
    fault: Fault | None
    samples: Array
    losses: Sequence[float]
    epoch_losses: Sequence[float]
    selection: Selection
    running: bool
    machine: Machine
    score: Callable[[], Mapping[str, float]] = field(default=_no_scores, compare=False, repr=False)
    notes: Notes = NO_NOTES
    tracks: Tracks | None = field(default=None, compare=False, repr=False)
    events: tuple[Event, ...] = ()
    edited: Mapping[int, frozenset[Cell]] = field(default_factory=dict)
    old_losses: Sequence[float] = ()
    old: Mapping[int, Any] = field(default_factory=dict, compare=False, repr=False)
    inner: Moment | None = None
    call: int | None = None
    element: int | None = None
    result: Array | None = field(default=None, compare=False, repr=False)
    what_if: bool = False
    problems: tuple[Problem, ...] = ()
    chosen: Problem | None = None
    links: tuple[Link, ...] = ()
    signs: Callable[[int], tuple[Mark, ...]] = field(default=_no_marks, compare=False, repr=False)
    health: HealthSettings = DEFAULTS
    quiet: bool = False
    can_undo: bool = False
    can_redo: bool = False
    base: Program | None = field(default=None, compare=False, repr=False)
    folder: Path | None = None
    closed: tuple[Layer, ...] = ()
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict, compare=False, repr=False)
    earlier: Callable[[int], Array | None] = field(default=_nothing, compare=False, repr=False)

    @cached_property
    def stale(self) -> frozenset[int]:
        """The values that are shown as they were before a change by hand."""
        return frozenset(self.old)

    @cached_property
    def scores(self) -> Mapping[str, float]:
        """How good the network is here: `accuracy`, `held_out_accuracy`, `held_out_loss`; computed when asked for.

        With the parameters that this place leaves: at the end of an iteration the updated ones. Empty where
        there is nothing to judge by. In a run it may be a moment old, see `core.scoring`.
        """
        return self.score()

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls of the learner's own `def`s that one stands in, the outermost first."""
        return tuple(self.program.calls[c] for c in chain(self.program, self.call))

    @property
    def deepest(self) -> Moment:
        """The moment inside all operations that a person has gone into; itself where they have not."""
        return self if self.inner is None else self.inner.deepest

    @property
    def k(self) -> int:
        """How many instructions of this iteration are executed."""
        return self.position.k

    @property
    def n(self) -> int:
        """How many instructions an iteration has."""
        return len(self.program)

    @property
    def phase(self) -> Phase | None:
        """The phase of what just happened; before the first operation, of what comes next."""
        at = self.lit or self.upcoming
        return None if at is None else self.program.phase_of(at.index)

    def value(self, index: int) -> Array | None:
        """Return a value as an array (a plain number as a 0-d one), None if it is not computed yet.

        A stale one is the array from before the change.
        """
        maker = self.program.makers.get(index)
        if maker is not None and maker >= self.k:
            return None
        datum = self.old[index] if index in self.old else self.machine.peek(index)
        return None if datum is None else np.asarray(datum)

    def marks(self, index: int) -> tuple[Mark, ...]:
        """Return what the health rules say of a value here, the gravest first; nothing of one that is out of date."""
        return () if index in self.old or self.running else self.signs(index)

    @property
    def path(self) -> frozenset[int]:
        """The values of this iteration on the way from the chosen problem to its first cause."""
        return frozenset(link.value for link in self.links if link.iteration == self.position.iteration)

    def before(self, index: int) -> Array | None:
        """Return the same value one iteration before, at its end; None in the first iteration."""
        return self.earlier(index)

    def shape(self, index: int) -> tuple[int, ...] | None:
        """Return the shape of a value, known before it is computed; None behind a line that fails."""
        shape = self.machine.layout.shape(index)
        return None if shape is None else tuple(d for d in shape if isinstance(d, int))

    def told_shape(self, index: int) -> tuple[int, ...] | None:
        """Return the shape of a value as far as it may be told: in a quiet moment only that of one that is computed."""
        return None if self.quiet and self.program.makers.get(index, -1) >= self.k else self.shape(index)

    def current(self, name: str) -> int | None:
        """Return the value that a name stands for here: after its update, the updated one."""
        return self._standing.get(name)

    @cached_property
    def _standing(self) -> Mapping[str, int]:
        """Which value each name stands for here; a deep network asks for thousands."""
        found = dict(self.program.inputs)
        for instruction in self.program.instructions[: self.k]:
            if not self.is_part(instruction.result):
                found[self.program.values[instruction.result].name] = instruction.result
        return found

    def is_part(self, index: int) -> bool:
        """Tell whether a value is an unnamed part of a compound line, such as `Z1.1`."""
        return self.program.values[index].kind == "part"

    def can_change(self, index: int) -> str:
        """Return why a value cannot be changed by hand, empty if it can."""
        return refusal(self.program, index)
