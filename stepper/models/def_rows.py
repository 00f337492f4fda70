"""What the lines of the learner's own `def`s show at a moment: how far they are, and what their names stand for."""

from __future__ import annotations

from typing import Literal

from core.frames import body_line, chain, frame_in, meanings
from core.program.dims import show
from core.program.ir import BodyLine, Call
from core.session import Moment


def status(moment: Moment, call: Call, line: BodyLine) -> Literal["waiting", "done", "lit", "next"]:
    """Return the status of a line of a call that one stands in: see `program_model.Status`.

    The line just executed is lit in the innermost call; in an outer one a hollow mark shows the line that one has gone into.
    """
    lit, upcoming = frame_in(moment.program, moment.lit, call.index), frame_in(moment.program, moment.upcoming, call.index)
    if call.index != moment.call:
        inner = moment.calls[[c.index for c in moment.calls].index(call.index) + 1]
        now = frame_in(moment.program, moment.program.instructions[inner.first], call.index)
        assert now is not None
        if line.step == now.step:
            return "next"
        return "done" if line.step < now.step else "waiting"
    if lit is not None and lit.step == line.step:
        return "lit"
    if upcoming is not None and upcoming.step == line.step:
        return "next"
    if moment.k == call.last or (lit is not None and line.step < lit.step):
        return "done"
    return "waiting"


def comes_next(moment: Moment, call: Call, line: BodyLine) -> bool:
    """Tell whether the next operation is of this line of a call."""
    frame = frame_in(moment.program, moment.upcoming, call.index)
    return frame is not None and frame.step == line.step


def progress(moment: Moment, call: Call, line: BodyLine) -> tuple[int, int]:
    """Return how many operations of a line of a call are done, and how many there are."""
    inside = moment.program.instructions[call.first : call.last]
    own = [i.index for i in inside if (f := frame_in(moment.program, i, call.index)) is not None and f.step == line.step]
    return sum(k < moment.k for k in own), len(own)


def upcoming(moment: Moment) -> BodyLine | None:
    """Return the line of a `def` that comes next and that one does not stand in yet."""
    after = moment.upcoming
    if after is None or not after.frames:
        return None
    inside = chain(moment.program, moment.call)
    frame = next((f for f in after.frames if f.call not in inside), None)
    return None if frame is None else body_line(moment.program, moment.program.calls[frame.call].function, frame.step)


def exact(moment: Moment) -> BodyLine | None:
    """Return the line of a `def` just executed or, before the first, to come, in the call that one stands in."""
    if moment.call is None:
        return None
    frame = frame_in(moment.program, moment.lit, moment.call) or frame_in(moment.program, moment.upcoming, moment.call)
    return None if frame is None else body_line(moment.program, moment.program.calls[moment.call].function, frame.step)


def value_of(moment: Moment, call: Call, line: BodyLine) -> int | None:
    """Return the value that a line of a call gives; None where it gives none."""
    operand = call.results[line.step]
    return None if operand is None else operand.value


def names(moment: Moment, call: Call, step: int) -> tuple[tuple[str, int, str], ...]:
    """Return what the names of a `def` stand for at one of its lines: name, value, and a sentence without its end.

    The name that the line gives is among them.
    """
    program = moment.program
    found: list[tuple[str, int, str]] = []
    for name, operand in meanings(program, call.index, step + 1).items():
        if operand.value is None:
            continue
        label = program.values[operand.value].label + (".T" if operand.transposed else "")
        shape = moment.told_shape(operand.value)
        size = "" if not shape else f" ({show(shape[::-1] if operand.transposed else shape)})"
        found.append((name, operand.value, f"{name} = {label}{size}"))
    return tuple(found)
