"""What is open, where it stands, what is selected. Knows no Qt; tells plain listeners of every change."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from core.data.batches import indices_of
from core.execute.machine import Machine
from core.execute.timeline import Position, Timeline
from core.network_file import Evaluation, scores
from core.program.ir import Array, Fault, Instruction, Phase, Program

Size = Literal["operation", "statement", "phase", "iteration"]
SIZES: tuple[Size, ...] = ("operation", "statement", "phase", "iteration")
PAUSE = 0.2
MOST_SCORES = 4096


def _no_scores() -> Mapping[str, float]:
    return {}


@dataclass(frozen=True, slots=True)
class Selection:
    """The value, and perhaps one cell of it, that every view shows as selected."""

    value: int | None = None
    cell: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Moment:
    """All that a view draws: the program, a position in time, the values there, the losses so far.

    `lit` is the instruction just executed, `upcoming` the next one; at a stop between iterations one of
    them is None. A moment does not change when the session moves on.
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

    @cached_property
    def scores(self) -> Mapping[str, float]:
        """How good the network is here: `accuracy`, `held_out_accuracy`, `held_out_loss`; computed when asked for.

        With the parameters that this place leaves: at the end of an iteration the updated ones. Empty where
        there is nothing to judge by. In a run it may be a moment old, see `Session.scores_in_run`.
        """
        return self.score()

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
        """Return a value as an array (a plain number as a 0-d one), None if it is not computed yet."""
        maker = self.program.makers.get(index)
        if maker is not None and maker >= self.k:
            return None
        datum = self.machine.peek(index)
        return None if datum is None else np.asarray(datum)

    def shape(self, index: int) -> tuple[int, ...] | None:
        """Return the shape of a value, known before it is computed; None behind a line that fails."""
        shape = self.machine.layout.shape(index)
        return None if shape is None else tuple(d for d in shape if isinstance(d, int))

    def current(self, name: str) -> int | None:
        """Return the value that a name stands for here: after its update, the updated one."""
        found = self.program.inputs.get(name)
        for instruction in self.program.instructions[: self.k]:
            if self.program.values[instruction.result].name == name and not self.is_part(instruction.result):
                found = instruction.result
        return found

    def is_part(self, index: int) -> bool:
        """Tell whether a value is an unnamed part of a compound line, such as `Z1.1`."""
        return self.program.values[index].kind == "part"


@dataclass(frozen=True, slots=True)
class _Score:
    """Where a moment asks for its scores; it remembers the iteration, so that it tells of its own time."""

    session: Session
    iteration: int
    running: bool

    def __call__(self) -> Mapping[str, float]:
        ask = self.session.scores_in_run if self.running else self.session.scores_at
        return ask(self.iteration)


class Session:
    """One open program and its time. Every method that changes something tells the listeners once."""

    def __init__(self, program: Program, title: str, evaluations: Sequence[Evaluation] = ()) -> None:
        self.program = program
        self.title = title
        self.evaluations = tuple(evaluations)
        self.timeline = Timeline(program)
        self.selection = Selection()
        self.running = False
        self._listeners: list[Callable[[], None]] = []
        self._scores: dict[int, Mapping[str, float]] = {}
        self._scored: tuple[float, Mapping[str, float]] | None = None

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called after every change."""
        self._listeners.append(listener)

    def moment(self) -> Moment:
        """Return what there is to see now."""
        t = self.timeline
        k = t.position.k
        instructions = self.program.instructions
        return Moment(
            title=self.title, program=self.program, position=t.position, epoch=t.epoch(),
            lit=instructions[k - 1] if k else None, upcoming=instructions[k] if k < len(instructions) else None,
            fault=t.fault, samples=indices_of(self.program.batching, t.iteration), losses=t.losses,
            epoch_losses=t.epoch_losses, selection=self.selection, running=self.running, machine=t.machine,
            score=_Score(self, t.iteration + (k == len(instructions)), self.running) if self.evaluations else _no_scores,
        )  # fmt: skip

    def scores_at(self, iteration: int) -> Mapping[str, float]:
        """Return how good the network is with the parameters that an iteration starts from; kept once computed."""
        found = self._scores.get(iteration)
        if found is None:
            found = scores(self.evaluations, self.timeline.state_before(iteration)) if self.evaluations else {}
            if len(self._scores) >= MOST_SCORES:
                del self._scores[next(iter(self._scores))]
            self._scores[iteration] = found
        self._scored = (time.monotonic(), found)
        return found

    def scores_in_run(self, iteration: int) -> Mapping[str, float]:
        """Return the same, but at most five times a second a new one: a run must not wait for its judges."""
        if iteration not in self._scores and self._scored is not None and time.monotonic() - self._scored[0] < PAUSE:
            return self._scored[1]
        return self.scores_at(iteration)

    def go(self, iteration: int, k: int) -> None:
        """Stand where `k` instructions of an iteration are executed."""
        self.timeline.go(Position(iteration, k))
        self._tell()

    def to_start(self) -> None:
        """Stand before the first operation of the first iteration."""
        self.go(1, 0)

    def to_statement(self, statement: int) -> None:
        """Stand, within this iteration, just after a line."""
        self.go(self.timeline.iteration, self.program.statements[statement].last)

    def later(self, size: Size = "operation") -> None:
        """Go to the next stop of a size; from the end of an iteration to the start of the next."""
        self._move(next_stop(self.program, self.timeline.position, size))

    def earlier(self, size: Size = "operation") -> None:
        """Go to the previous stop of a size; from the start of an iteration to the end of the one before."""
        self._move(previous_stop(self.program, self.timeline.position, size))

    def run(self, iterations: int) -> bool:
        """Go on by whole iterations at full speed; False if a line failed."""
        ok = self.timeline.run(iterations)
        self._tell()
        return ok

    def set_running(self, running: bool) -> None:
        """Say whether the program is running by itself."""
        self.running = running
        self._tell()

    def select(self, value: int | None, cell: tuple[int, ...] | None = None) -> None:
        """Select a value, and perhaps one cell of it."""
        self.selection = Selection(value, cell)
        self._tell()

    def _move(self, position: Position) -> None:
        self.timeline.go(position)
        self._tell()

    def _tell(self) -> None:
        for listener in list(self._listeners):
            listener()


def next_stop(program: Program, at: Position, size: Size) -> Position:
    """Return the next position at which a step of `size` is complete."""
    n = len(program)
    if at.k >= n:
        return Position(at.iteration + 1, 0)
    if size == "operation":
        return Position(at.iteration, at.k + 1)
    if size == "iteration":
        return Position(at.iteration, n)
    return Position(at.iteration, min(k for k in stops(program, size) if k > at.k))


def previous_stop(program: Program, at: Position, size: Size) -> Position:
    """Return the position that a step of `size` towards earlier leads to."""
    if at.k == 0:
        return Position(at.iteration - 1, len(program)) if at.iteration > 1 else at
    if size == "operation":
        return Position(at.iteration, at.k - 1)
    if size == "iteration":
        return Position(at.iteration, 0)
    return Position(at.iteration, max(k for k in stops(program, size) if k < at.k))


def stops(program: Program, size: Size) -> list[int]:
    """Return the places within an iteration where a line or a phase begins or ends, from 0 to n."""
    if size == "statement":
        return sorted({0, *(s.last for s in program.statements)})
    ends = {0, len(program)}
    for a, b in zip(program.statements, program.statements[1:], strict=False):
        if a.phase != b.phase:
            ends.add(a.last)
    return sorted(ends)
