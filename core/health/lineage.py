"""Origins over iterations: a bad parameter hands its origin on, and is followed back to where it became bad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.execute.inputs import State
from core.execute.timeline import Timeline
from core.explain.cells import Cell
from core.health.nonfinite import finite
from core.health.origin import NEVER, Marks, Origin, decoded, iteration_of, origins
from core.program.ir import Array, Program


class Lineage:
    """The origins of all bad cells of one iteration, whichever iteration they lie in.

    Followed from the last iteration that started healthy. `values` are those of the iteration as far as it is computed.
    """

    def __init__(self, timeline: Timeline, iteration: int, values: Sequence[Any] | None = None) -> None:
        self._timeline = timeline
        self._iteration = iteration
        self._values = timeline.machine_at(iteration).values if values is None else values
        self._entering: dict[int, Mapping[int, Array]] = {}
        self._marks: dict[int, Marks] = {}
        self.first = healthy_start(timeline, iteration)
        self._follow()

    def values(self, iteration: int) -> Sequence[Any]:
        """Return all values of an iteration."""
        return self._values if iteration == self._iteration else self._timeline.machine_at(iteration).values

    def program(self, iteration: int) -> Program:
        """Return the program of an iteration."""
        return self._timeline.program_at(iteration)

    def marks(self, iteration: int) -> Marks:
        """Return the numbers of the origins in an iteration, by value."""
        if iteration not in self._marks:
            self._marks[iteration] = origins(
                self.program(iteration), self.values(iteration), iteration, self._entering_at(iteration)
            )  # fmt: skip
        return self._marks[iteration]

    def origin(self, iteration: int, value: int, cell: Cell) -> tuple[int, Origin]:
        """Return where a bad cell began, with its number.

        Raises:
            KeyError: if the cell is finite.
        """
        number = int(self.marks(iteration)[value][cell])
        if number == NEVER:
            raise KeyError(cell)
        return number, self.place(number)

    def place(self, number: int) -> Origin:
        """Return the place that a number stands for."""
        at = iteration_of(number)
        values = self.values(at)
        return decoded(number, self.program(at), lambda v: np.shape(values[v]))

    def made_in(self, iteration: int, name: str, cell: Cell, number: int) -> tuple[int, bool]:
        """Return the iteration in which a cell of what lives on got its origin, and whether it had it when that started.

        It starts with it where the cell was given so or changed by hand; else the iteration made it so.
        """
        while iteration > self.first:
            if iteration_of(number) == iteration and self.place(number).place == 0:
                return iteration, True
            start = self.program(iteration - 1).carried[name][0]
            before = self._entering_at(iteration - 1).get(start)
            if before is None or int(before[cell]) != number:
                return iteration - 1, False
            iteration -= 1
        return iteration, True

    def _entering_at(self, iteration: int) -> Mapping[int, Array]:
        return self._entering[max((i for i in self._entering if i <= iteration), default=self.first)]

    def _follow(self) -> None:
        """Hand the origins on from iteration to iteration; where they have settled, only what becomes bad is looked for."""
        same, epoch = 0, self.program(self.first).batching.per_epoch
        last: Mapping[int, Array] = {}
        for at in range(self.first, self._iteration + 1):
            program = self.program(at)
            state = self._timeline.state_before(at)
            if same > epoch and program is self.program(at - 1) and _same_cells(last, program, state):
                continue
            entering: Marks = {} if at == self.first else self._left(at)
            self._entering[at] = self._at_start(program, state, at, entering)
            same = same + 1 if at > self.first and _equal(last, self._entering[at]) else 0
            last = self._entering[at]
            if same > epoch and _all_bad(last, program, state):
                return

    def _left(self, iteration: int) -> Marks:
        """Return the numbers that the iteration before left in what lives on, by the value that takes it up."""
        before, after = self.program(iteration - 1), self.program(iteration)
        marks = self.marks(iteration - 1)
        self._marks = {}
        return {
            after.carried[name][0]: marks[end]
            for name, (_, end) in before.carried.items()
            if end in marks and name in after.carried
        }

    def _at_start(self, program: Program, state: State, iteration: int, entering: Marks) -> Marks:
        """Return the numbers of what lives on as an iteration starts; what is newly bad there begins there."""
        values: list[Any] = [None] * len(program.values)
        for name, (start, _) in program.carried.items():
            values[start] = state[name]
        fitting = {v: m for v, m in entering.items() if m.shape == np.shape(values[v])}
        carried = {start for start, _ in program.carried.values()}
        return {v: m for v, m in origins(program, values, iteration, fitting).items() if v in carried}


def healthy_start(timeline: Timeline, iteration: int) -> int:
    """Return the last iteration, up to `iteration`, that starts with finite numbers only; 1 if there is none."""
    low, high = 1, iteration
    for at in reversed([c for c in timeline.checkpoints() if c <= iteration]):
        low = at
        if _healthy(timeline.state_before(at)):
            break
        high = at - 1
    found = low
    for at in range(low + 1, high + 1):
        if _healthy(timeline.state_before(at)):
            found = at
    return found


def _healthy(state: State) -> bool:
    return all(finite(v) for v in state.values())


def _same_cells(marks: Mapping[int, Array], program: Program, state: State) -> bool:
    """Tell whether just the cells that have a number are bad."""
    for name, (start, _) in program.carried.items():
        if start in marks:
            if not np.array_equal(marks[start] < NEVER, ~np.isfinite(np.asarray(state[name]))):
                return False
        elif not finite(state[name]):
            return False
    return True


def _all_bad(marks: Mapping[int, Array], program: Program, state: State) -> bool:
    """Tell whether every number that is trained is bad: then nothing more can become so, and none of them is mended."""
    starts = [program.carried[n][0] for n in program.trainable if n in program.carried and np.asarray(state[n]).dtype.kind == "f"]
    return all(v in marks and bool((marks[v] < NEVER).all()) for v in starts) if starts else False


def _equal(a: Mapping[int, Array], b: Mapping[int, Array]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[v], b[v]) for v in a)
