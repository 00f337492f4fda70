"""Time: where the person stands, how to get to any other position, and the losses seen on the way.

Inside an iteration going earlier is free (the Machine keeps its values). Over iterations it is exact:
the nearest checkpoint before, then replay. Checkpoints only hold references to arrays that nobody
writes to; when they grow past the budget every second one is dropped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.data.batches import Picker, ends_epoch, epoch_of
from core.execute.inputs import Datum, State, initial_state, inputs_of
from core.execute.machine import Machine
from core.execute.runner import Runner
from core.program.ir import Fault, Program

BUDGET = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """`k` instructions of iteration `iteration` (from 1) are executed; (i, n) and (i + 1, 0) are two stops."""

    iteration: int
    k: int


class Timeline:
    """The history of one training: any position can be asked for, in any order, with equal bits."""

    def __init__(self, program: Program, budget: int = BUDGET) -> None:
        self.program = program
        self.losses: list[float] = []
        self.epoch_losses: list[float] = []
        self._budget = budget
        self._stride = 1
        self._checkpoints: dict[int, State] = {1: initial_state(program)}
        self._picker = Picker(program.batching)
        self._runner: Runner | None = None
        self.machine = self._machine(1)
        self.position = Position(1, 0)

    @property
    def iteration(self) -> int:
        """The iteration that is looked at."""
        return self.position.iteration

    @property
    def fault(self) -> Fault | None:
        """What stops the iteration that is looked at, if anything does."""
        return self.machine.fault

    def go(self, position: Position) -> Position:
        """Stand at a position, or as near before it as the program can go; returns where that is."""
        iteration = max(1, position.iteration)
        if iteration != self.iteration:
            self._open(iteration)
            iteration = self.iteration
        self.machine.go(min(position.k, len(self.program)) if iteration == position.iteration else len(self.program))
        self.position = Position(iteration, self.machine.done)
        if self.position.k == len(self.program):
            self._note(iteration, self._loss_of(self.machine))
            self._checkpoint(iteration + 1, self.machine.state())
        return self.position

    def run(self, iterations: int) -> bool:
        """Go on by whole iterations at full speed, to the end of the last; False if a line failed before.

        Standing inside an iteration, its end counts as the first.
        """
        n = len(self.program)
        start = self.iteration if self.position.k < n else self.iteration + 1
        target = start + iterations - 1
        ok = self._advance(start, target)
        last = target if ok else (self._runner.iteration if self._runner is not None else self.iteration)
        self.go(Position(max(last, 1) if ok else last + 1, n))
        return ok

    def state_before(self, iteration: int) -> State:
        """Return the state that an iteration starts from; replays from the nearest checkpoint."""
        if iteration not in self._checkpoints:
            self._advance(max(i for i in self._checkpoints if i <= iteration), iteration - 1)
        if iteration in self._checkpoints:
            return self._checkpoints[iteration]
        assert self._runner is not None
        return self._runner.state

    def _machine(self, iteration: int) -> Machine:
        return Machine(self.program, inputs_of(self.program, self._picker, self._checkpoints[iteration], iteration))

    def _open(self, iteration: int) -> None:
        nearest = max(i for i in self._checkpoints if i <= iteration)
        if nearest != iteration and not self._advance(nearest, iteration - 1):
            assert self._runner is not None
            iteration = self._runner.iteration + 1
        state = self._checkpoints.get(iteration)
        if state is None:
            assert self._runner is not None
            state = self._runner.state
        self.machine = Machine(self.program, inputs_of(self.program, self._picker, state, iteration))
        self.position = Position(iteration, 0)

    def _advance(self, start: int, last: int) -> bool:
        """Run iterations `start`…`last` with the Runner; False if one of them cannot run."""
        runner = self._runner
        if runner is None or runner.iteration != start - 1 or start in self._checkpoints:
            state = self._checkpoints.get(start)
            if state is None:
                nearest = max(i for i in self._checkpoints if i <= start)
                state, start = self._checkpoints[nearest], nearest
            if runner is None:
                runner = self._runner = Runner(self.program, state, start - 1)
            runner.state, runner.iteration, runner.fault = state, start - 1, None
        while runner.iteration < last:
            if not runner.step():
                return False
            self._note(runner.iteration, runner.loss)
            self._checkpoint(runner.iteration + 1, runner.state)
        return True

    def _loss_of(self, machine: Machine) -> float | None:
        if self.program.loss is None:
            return None
        value: Datum | None = machine.value(self.program.loss)
        return None if value is None else float(np.asarray(value).reshape(-1)[0])

    def _note(self, iteration: int, loss: float | None) -> None:
        if loss is None or iteration != len(self.losses) + 1:
            return
        self.losses.append(loss)
        batching = self.program.batching
        if ends_epoch(batching, iteration):
            seen = self.losses[-batching.per_epoch :]
            self.epoch_losses.append(math.fsum(seen) / len(seen) if all(map(math.isfinite, seen)) else sum(seen) / len(seen))

    def epoch(self) -> int:
        """The epoch that is looked at, from 1."""
        return epoch_of(self.program.batching, self.iteration)

    def _checkpoint(self, iteration: int, state: State) -> None:
        if iteration in self._checkpoints or (iteration - 1) % self._stride:
            return
        self._checkpoints[iteration] = state
        size = sum(v.nbytes for v in state.values() if isinstance(v, np.ndarray)) + 200
        if size * len(self._checkpoints) > self._budget and len(self._checkpoints) > 2:
            self._stride *= 2
            self._checkpoints = {i: s for i, s in self._checkpoints.items() if (i - 1) % self._stride == 0}
