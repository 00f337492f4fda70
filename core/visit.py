"""Where a person has gone into an operation: the operations that stand open in each other, and steps inside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.execute.inside import Cells, Definition, Inside, cells, opened
from core.execute.timeline import Position
from core.moment import Moment, Selection
from core.program.ir import Array, Instruction, Program
from core.stops import Size


class Visit:
    """The open operations, the outermost first. `axis` is the sample axis of the program."""

    def __init__(self, axis: int) -> None:
        self._axis = axis
        self._frames: list[Inside] = []

    def __bool__(self) -> bool:
        return bool(self._frames)

    @property
    def operation(self) -> Instruction | None:
        """The program's own operation that is open."""
        return self._frames[0].instruction if self._frames else None

    @property
    def element(self) -> int | None:
        """How many cells are computed, where the program's own operation is open cell by cell."""
        return self._frames[0].done if self._frames and isinstance(self._frames[0], Cells) else None

    @property
    def result(self) -> Array | None:
        """The whole result, where the program's own operation is open cell by cell."""
        return self._frames[0].result if self._frames and isinstance(self._frames[0], Cells) else None

    @property
    def cell(self) -> tuple[int, ...] | None:
        """The cell computed last, where the program's own operation is open cell by cell."""
        return self._frames[0].cell if self._frames and isinstance(self._frames[0], Cells) else None

    @property
    def path(self) -> tuple[tuple[bool, int], ...]:
        """Whether each open operation is open cell by cell, and how much of it is done: enough to open them again."""
        return tuple((isinstance(frame, Cells), frame.done) for frame in self._frames)

    def resume(self, program: Program, values: Sequence[Any], k: int, path: Sequence[tuple[bool, int]]) -> None:
        """Open operations again as they stood open, from instruction `k` of a program on."""
        self.end()
        for depth, (elements, done) in enumerate(path):
            if depth:
                self.deeper(elements, True)
            else:
                self.enter(program, values, k, elements, True)
            if len(self._frames) == depth + 1:
                self._frames[-1].go(min(done, self._frames[-1].total))

    def end(self) -> None:
        """Leave everything."""
        self._frames.clear()

    def enter(self, program: Program, values: Sequence[Any], k: int, elements: bool, later: bool) -> None:
        """Open instruction `k` of a program: its definition or, with `elements` or where it has none, its cells.

        Before its first part or, towards earlier, after its last.
        """
        instruction = program.instructions[k]
        found: Inside = cells(instruction, values) if elements else opened(program, instruction, values, self._axis)
        if not later:
            found.go(found.total)
        self._frames.append(found)

    def deeper(self, elements: bool, later: bool) -> None:
        """Open the next (or the last) operation of the innermost definition; in single cells there is nothing to open."""
        last = self._frames[-1]
        if isinstance(last, Definition):
            k = last.done if later else last.done - 1
            if 0 <= k < last.total:
                last.go(k)
                self.enter(last.machine.program, last.machine.values, k, elements, later)

    def step(self, size: Size, later: bool) -> bool:
        """Make a step of an element, an operation or a line; False if it led out of the outermost operation."""
        if size == "element":
            self.deeper(True, later)
        last = self._frames[-1]
        done = last.done + (1 if later else -1)
        if isinstance(last, Definition) and size == "statement":
            ends = [0, *(s.last for s in last.machine.program.statements)]
            beyond = [e for e in ends if (e > last.done if later else e < last.done)]
            done = (min if later else max)(beyond, default=done)
        if 0 <= done <= last.total:
            last.go(done)
            return True
        return self.leave(later)

    def leave(self, later: bool) -> bool:
        """Leave the innermost operation, done or, towards earlier, undone; False if it was the outermost."""
        self._frames.pop()
        if self._frames:
            outer = self._frames[-1]
            outer.go(outer.done + later)
        return bool(self._frames)

    def moment(self, outer: Moment) -> Moment | None:
        """Return the moment inside the program's own operation, with those inside it; None where there is no definition."""
        found: Moment | None = None
        for at, frame in reversed(list(enumerate(self._frames))):
            if isinstance(frame, Definition):
                below = self._frames[at + 1] if at + 1 < len(self._frames) else None
                program, k = frame.machine.program, frame.done
                found = Moment(
                    title=frame.instruction.text, program=program, position=Position(1, k), epoch=1,
                    lit=program.instructions[k - 1] if k else None,
                    upcoming=program.instructions[k] if k < len(program) else None, fault=None, samples=outer.samples,
                    losses=(), epoch_losses=(), selection=_chosen(below), running=False, machine=frame.machine, inner=found,
                    element=below.done if isinstance(below, Cells) else None,
                    result=below.result if isinstance(below, Cells) else None,
                )  # fmt: skip
        return found


def _chosen(below: Inside | None) -> Selection:
    """Select what was done last inside: cell by cell, the cell."""
    if isinstance(below, Cells):
        return Selection(below.instruction.result, below.cell)
    return Selection()
