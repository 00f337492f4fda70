"""Where one stands in a program and what one looks at: steps of every size, into operations and `def`s, out of them."""

from __future__ import annotations

from dataclasses import replace

from core.execute.timeline import Position, Timeline
from core.frames import OUTSIDE, after_operation, body_line, entered, line_stop, runs, standing
from core.moment import Selection
from core.program.ir import Instruction, Program
from core.stops import Size, next_stop, previous_stop
from core.visit import Visit

SMALL = ("element", "operation", "statement")


class Walk:
    """Moves on a timeline. `visit` is what one has gone into, `selection` what is selected.

    The methods that move return whether there was anything to do.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.visit = Visit(timeline.program.batching.axis)
        self.selection = Selection()
        self._placed: int | None = None  # in which call of a `def` a person has put themselves, see `core.frames`

    @property
    def call(self) -> int | None:
        """The call of a `def` that one stands in, the innermost one."""
        return standing(self._program, self._timeline.position.k, self._placed)

    def stay_outside(self) -> None:
        """Leave every operation and `def` that one has gone into."""
        self.visit.end()
        self._placed = None

    def go(self, position: Position, placed: int | None = None) -> bool:
        """Stand at a position; `placed` is the call of a `def` that one stands in there, where that is open."""
        self.stay_outside()
        self._timeline.go(position)
        self._placed = placed
        return True

    def to_line(self, statement: int, later: bool) -> bool:
        """Go on to just after a line, in this iteration or the next; or back to when it was executed last."""
        at, last = self._timeline.position, self._program.statements[statement].last
        if later:
            return self.go(Position(at.iteration if at.k < last else at.iteration + 1, last))
        if at.k <= last and at.iteration == 1:
            return False
        return self.go(Position(at.iteration if at.k > last else at.iteration - 1, last))

    def to_body_line(self, function: str, step: int, later: bool) -> bool:
        """Go on to just after a line of a `def`, in whatever call comes next; or back to when it ran last."""
        at, call = self._timeline.position, self.call
        line = body_line(self._program, function, step)
        if line is None:
            return False
        # Where a call has just ended and one stands outside of it, its last line is not what one stands at.
        here = call is not None and self._program.calls[call].function == function
        places = [end for _, end in runs(self._program, line)]
        beyond = [k for k in places if (k > at.k if later else (k < at.k or (k == at.k and not here)))]
        iteration = at.iteration
        if not beyond and (later or at.iteration > 1):
            iteration += 1 if later else -1
            beyond = [end for _, end in runs(self._timeline.program_at(iteration), line)]
        return bool(beyond) and self._to_body(iteration, (min if later else max)(beyond), function)

    def before(self, iteration: int, k: int, function: str) -> bool:
        """Stand before operation `k` of an iteration, in the call of a function that it comes out of."""
        program = self._timeline.program_at(iteration)
        frames = program.instructions[k].frames
        placed = next((f.call for f in frames if program.calls[f.call].function == function), None)
        return self.go(Position(iteration, k), placed)

    def step(self, size: Size, later: bool) -> bool:
        """Go to the next (or the previous) stop of a size.

        Inside an operation a step of an element or an operation stays inside, until its end; a larger one leaves it.
        Inside a `def` a step of a line is one of the lines of the `def`.
        """
        if size == "element" and not self.visit:
            self.into(True, later)
        if self.visit and size in SMALL:
            return self._step_inside(size, later)
        if self.visit and not later:
            return self.go(self._timeline.position)
        if size in SMALL:
            return self._small_step(size, later)
        return self.go((next_stop if later else previous_stop)(self._timeline.program_at, self._timeline.position, size))

    def into(self, elements: bool, later: bool) -> bool:
        """Open the next operation (or, towards earlier, the last one at its end): its definition, else its cells.

        Where the next operation lies in a `def` that one is not in yet, go into that; nothing is done by it.
        """
        if self.visit:
            self.visit.deeper(elements, later)
            self._follow()
            return True
        at = self._timeline.position
        call = None if elements else entered(self._program, at.k, self.call, later)
        if call is not None:
            self._placed = call
            return True
        if later and at.k >= len(self._program):
            at = Position(at.iteration + 1, 0)
        elif not later and at.k:
            at = Position(at.iteration, at.k - 1)
        elif not later:
            return False
        at = self._timeline.go(at)
        if at.k < self._timeline.machine.runnable:
            self.visit.enter(self._program, self._timeline.machine.values, at.k, elements, later)
            self.selection = replace(self.selection, value=self._program.instructions[at.k].result, cell=None)
        self._follow()
        return True

    def out(self, later: bool) -> bool:
        """Leave an operation or a `def` that was gone into, finishing or, towards earlier, undoing it; else end the phase."""
        call = self.call
        if self.visit:
            opened = self.visit.operation
            if not self.visit.leave(later):
                self._left(later, opened)
            return True
        if call is None:
            return self.step("phase", later)
        left = self._program.calls[call]
        placed = OUTSIDE if left.parent is None else left.parent
        return self.go(Position(self._timeline.iteration, left.last if later else left.first), placed)

    # -- inside --------------------------------------------------------------------------------------

    @property
    def _program(self) -> Program:
        return self._timeline.program

    def _to_body(self, iteration: int, k: int, function: str) -> bool:
        """Stand in the call of a function that the operation before `k` came out of."""
        program = self._timeline.program_at(iteration)
        frames = program.instructions[k - 1].frames
        return self.go(Position(iteration, k), next(f.call for f in frames if program.calls[f.call].function == function))

    def _small_step(self, size: Size, later: bool) -> bool:
        """Make a step of an operation or a line; within a `def`, a line of it."""
        at, call = self._timeline.position, self.call
        stop = line_stop(self._program, at.k, call, later) if size == "statement" else None
        if stop is not None:
            return self.go(Position(at.iteration, stop[0]), stop[1])
        target = (next_stop if later else previous_stop)(self._timeline.program_at, at, size)
        if size == "statement":
            return self.go(target)
        same = target.iteration == at.iteration
        program = self._timeline.program_at(target.iteration)
        return self.go(target, after_operation(program, target.k, call if same else None, later))

    def _step_inside(self, size: Size, later: bool) -> bool:
        opened = self.visit.operation
        if self.visit.step(size, later):
            self._follow()
        else:
            self._left(later, opened)
        return True

    def _left(self, later: bool, operation: Instruction | None) -> None:
        at, call = self._timeline.position, self.call
        self._timeline.go(Position(at.iteration, at.k + later))
        self._placed = after_operation(self._program, at.k + 1, call, True) if later else call
        self.selection = replace(self.selection, value=None if operation is None else operation.result, cell=None)

    def _follow(self) -> None:
        """Cell by cell, select the one that was computed last."""
        if self.visit.element is not None and self.visit.operation is not None:
            self.selection = replace(self.selection, value=self.visit.operation.result, cell=self.visit.cell)
