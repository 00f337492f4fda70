"""Time: where the person stands, how to get to any other position, and the losses seen on the way.

Inside an iteration going earlier is free (the Machine keeps its values). Over iterations it is exact:
the nearest checkpoint before, then replay. Checkpoints only hold references to arrays that nobody
writes to; when they grow past the budget every second one is dropped. A checkpoint holds what the
iteration before left, so that a change by hand there neither needs nor spoils it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.data.batches import Picker, ends_epoch, epoch_of
from core.execute.events import Event, entered, programs_of
from core.execute.inputs import Datum, State, initial_state, inputs_of
from core.execute.machine import Machine
from core.execute.runner import Runner
from core.notation.check import Layout, facts_of, infer
from core.program.ir import Fault, Program

BUDGET = 256 * 1024 * 1024
Observer = Callable[[int, Program, Sequence[Any]], None]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """`k` instructions of iteration `iteration` (from 1) are executed; (i, n) and (i + 1, 0) are two stops."""

    iteration: int
    k: int


@dataclass(frozen=True)
class Course:
    """One course of a training: its changes by hand, and the losses seen in it."""

    events: tuple[Event, ...] = ()
    losses: tuple[float, ...] = ()


class Timeline:
    """The history of one training: any position can be asked for, in any order, with equal bits.

    `observers` are told of every iteration that was done, with its program and all values by index;
    `forgetters` of the first iteration that a change by hand made another.
    """

    def __init__(self, program: Program, budget: int = BUDGET) -> None:
        self.losses: list[float] = []
        self.epoch_losses: list[float] = []
        self.events: tuple[Event, ...] = ()
        self.observers: list[Observer] = []
        self.forgetters: list[Callable[[int], None]] = []
        self._base = program
        self._programs: dict[int, Program] = {1: program}
        self._layouts: dict[Any, Layout] = {}
        self._budget = budget
        self._stride = 1
        self._checkpoints: dict[int, State] = {1: initial_state(program)}
        self._picker = Picker(program.batching)
        self._runner: Runner | None = None
        self._held = 0
        self.machine = self._machine(1, self._checkpoints[1])
        self._before: tuple[int, Machine] | None = None
        self.position = Position(1, 0)

    @property
    def program(self) -> Program:
        """The program of the iteration that is looked at."""
        return self.machine.program

    @property
    def opened(self) -> Program:
        """The program as it was opened, without any change by hand."""
        return self._base

    @property
    def iteration(self) -> int:
        """The iteration that is looked at."""
        return self.position.iteration

    @property
    def fault(self) -> Fault | None:
        """What stops the iteration that is looked at, if anything does."""
        return self.machine.fault

    @property
    def values(self) -> Sequence[Any]:
        """All values of the iteration that `iterate` did last, by index; they change with the next one."""
        return () if self._runner is None else self._runner.values

    def program_at(self, iteration: int) -> Program:
        """Return the program of an iteration; a change by hand may have made it another."""
        # Without changes by hand, as nearly always, there is only one; this is asked in every iteration of a run.
        return self._programs[1 if len(self._programs) == 1 else max(i for i in self._programs if i <= iteration)]

    def go(self, position: Position) -> Position:
        """Stand at a position, or as near before it as the program can go; returns where that is."""
        iteration = max(1, position.iteration)
        if iteration != self.iteration:
            self._open(iteration)
            iteration = self.iteration
        n = len(self.program)
        self.machine.go(min(position.k, n) if iteration == position.iteration else n)
        self.position = Position(iteration, self.machine.done)
        if self.position.k == n:
            self._done(iteration, self._loss_of(self.machine), self.machine.state(), self.machine.values)
        return self.position

    def run(self, iterations: int) -> bool:
        """Go on by whole iterations at full speed, to the end of the last; False if a line failed before.

        Standing inside an iteration, its end counts as the first.
        """
        first = self.next_iteration()
        target = first + iterations - 1
        last = max(self.iterate(first, target), default=first - 1)
        self.stand_after(last, target)
        return last == target

    def next_iteration(self) -> int:
        """Return the next iteration that a run would complete."""
        return self.iteration if self.position.k < len(self.program) else self.iteration + 1

    def stand_after(self, last: int, target: int) -> None:
        """Stand where a run to `target` ends that did `last` as its last: there, or at the line that failed."""
        reached = max(last, 1) if last == target else last + 1
        self.go(Position(reached, len(self.program_at(reached))))

    def iterate(self, first: int, last: int) -> Iterator[int]:
        """Run iterations at full speed and yield each one done; ends early at a line that fails.

        Between two of them anything may be asked of this timeline; what that disturbs is replayed.
        """
        for iteration in range(first, last + 1):
            again = self._runner is not None and self._runner.iteration == iteration
            if again and self._held != iteration:
                again, self._runner = False, None  # it was only started after this one, and has no values of it
            if not self._reach(iteration):
                return
            if again:
                self._observe(iteration, self.values)
            yield iteration

    def state_before(self, iteration: int) -> State:
        """Return the state that an iteration starts from; replays from the nearest checkpoint."""
        return entered(self.left_before(iteration), self.events, iteration, self.program_at(iteration))

    def left_before(self, iteration: int) -> State:
        """Return what the iteration before left, before any change by hand; replays from the nearest checkpoint."""
        if iteration in self._checkpoints:
            return self._checkpoints[iteration]
        self._reach(iteration - 1)
        assert self._runner is not None
        return self._runner.state

    def nearest(self, iteration: int) -> tuple[int, State]:
        """Return the latest iteration, at most this one, of which it is known without replay what the one before left."""
        if iteration in self._checkpoints:
            return iteration, self._checkpoints[iteration]
        known = max(i for i in self._checkpoints if i <= max(iteration, 1))
        runner = self._runner
        if runner is not None and self._held == runner.iteration and known < runner.iteration + 1 <= iteration:
            return runner.iteration + 1, dict(runner.state)
        return known, self._checkpoints[known]

    def machine_at(self, iteration: int) -> Machine:
        """Return a whole iteration with all its values, without going there; the last one asked for is kept."""
        if self._before is None or self._before[0] != iteration:
            machine = self._machine(iteration, self.state_before(iteration))
            machine.go(len(machine.program))
            self._before = (iteration, machine)
        return self._before[1]

    def checkpoints(self) -> list[int]:
        """Return the iterations that can be started without replay, from the first on."""
        return sorted(self._checkpoints)

    # -- changes by hand -----------------------------------------------------------------------------

    def course(self) -> Course:
        """Return the course up to now, to come back to."""
        return Course(self.events, tuple(self.losses))

    def take(self, course: Course) -> int:
        """Change to another course; returns the first iteration that is another. Stands before it, or where it stood."""
        differing = [e.iteration for e in (*self.events, *course.events) if e not in self.events or e not in course.events]
        first = min(differing, default=1)
        at = self.position
        self.events = course.events
        self._programs = programs_of(self._base, course.events)
        self._layouts.clear()
        self._checkpoints = {i: s for i, s in self._checkpoints.items() if i <= first}
        self._runner, self._before = None, None
        same = self.losses[: first - 1]  # a change may have been made before they were known
        self.losses = max(list(course.losses), same, key=len)
        self._tell_epochs()
        for forget in self.forgetters:
            forget(first)
        if at.iteration >= first:
            self._open(first)
            self.go(at if at.iteration == first else Position(first, 0))
        return first

    def resume(self, course: Course, states: Mapping[int, State], position: Position) -> None:
        """Take up a training where it was left: its course, what the iterations before some had left, where it stood."""
        self.take(course)
        self._checkpoints |= states
        self._open(position.iteration)
        self.go(position)

    # -- inside --------------------------------------------------------------------------------------

    def _machine(self, iteration: int, state: State) -> Machine:
        program = self.program_at(iteration)
        inputs = inputs_of(program, self._picker, state, iteration)
        facts = {name: facts_of(value) for name, value in inputs.items()}
        key = (id(program), *facts.values())
        if key not in self._layouts:
            self._layouts[key] = infer(program, facts)
        return Machine(program, inputs, self._layouts[key])

    def _open(self, iteration: int) -> None:
        if iteration not in self._checkpoints and not self._reach(iteration - 1):
            assert self._runner is not None
            iteration = self._runner.iteration + 1
        state = self.state_before(iteration)
        if iteration == self.iteration + 1 and self.machine.done == len(self.program):
            self._before = (self.iteration, self.machine)
        self.machine = self._machine(iteration, state)
        self.position = Position(iteration, 0)

    def _reach(self, iteration: int) -> bool:
        """Have the Runner stand at the end of an iteration; False if one up to there cannot run."""
        # Going on by one is what a run does all the time; it must not look at every checkpoint.
        if self._runner is None or not iteration - 1 <= self._runner.iteration <= iteration:
            nearest = max(i for i in self._checkpoints if i <= max(iteration, 1))
            if self._runner is None or not nearest - 1 <= self._runner.iteration <= iteration:
                self._start(nearest, self._checkpoints[nearest])
        assert self._runner is not None
        while self._runner.iteration < iteration:
            if not self._step(self._runner.iteration + 1):
                return False
        return True

    def _start(self, iteration: int, left: State) -> None:
        program = self.program_at(iteration)
        state = entered(left, self.events, iteration, program)
        if self._runner is None or self._runner.program is not program:
            self._runner = Runner(program, state, iteration - 1)
        self._runner.state, self._runner.iteration, self._runner.fault = dict(state), iteration - 1, None
        self._held = 0

    def _step(self, iteration: int) -> bool:
        assert self._runner is not None
        if iteration in self._programs and iteration > 1:
            self._start(iteration, self._checkpoints.get(iteration, self._runner.state))
        runner = self._runner
        if not runner.step():
            return False
        self._held = iteration
        self._done(iteration, runner.loss, runner.state, runner.values)
        return True

    def _done(self, iteration: int, loss: float | None, state: State, values: Sequence[Any]) -> None:
        self._note(iteration, loss)
        self._checkpoint(iteration + 1, state)
        self._observe(iteration, values)

    def _observe(self, iteration: int, values: Sequence[Any]) -> None:
        for observe in self.observers:
            observe(iteration, self.program_at(iteration), values)

    def _loss_of(self, machine: Machine) -> float | None:
        if machine.program.loss is None:
            return None
        value: Datum | None = machine.value(machine.program.loss)
        return None if value is None else float(np.asarray(value).reshape(-1)[0])

    def _note(self, iteration: int, loss: float | None) -> None:
        if loss is None or iteration != len(self.losses) + 1:
            return
        self.losses.append(loss)
        if ends_epoch(self._base.batching, iteration):
            self.epoch_losses.append(mean_loss(self.losses[-self._base.batching.per_epoch :]))

    def _tell_epochs(self) -> None:
        per = self._base.batching.per_epoch
        whole = len(self.losses) // per
        self.epoch_losses = [mean_loss(self.losses[i * per : (i + 1) * per]) for i in range(whole)]

    def epoch(self) -> int:
        """The epoch that is looked at, from 1."""
        return epoch_of(self._base.batching, self.iteration)

    def _checkpoint(self, iteration: int, state: State) -> None:
        if iteration in self._checkpoints or (iteration - 1) % self._stride:
            return
        self._checkpoints[iteration] = state
        size = sum(v.nbytes for v in state.values() if isinstance(v, np.ndarray)) + 200
        if size * len(self._checkpoints) > self._budget and len(self._checkpoints) > 2:
            self._stride *= 2
            self._checkpoints = {i: s for i, s in self._checkpoints.items() if (i - 1) % self._stride == 0}


def mean_loss(losses: Sequence[float]) -> float:
    """Return the mean of an epoch's losses, rounded once where they are all finite."""
    return math.fsum(losses) / len(losses) if all(map(math.isfinite, losses)) else sum(losses) / len(losses)
