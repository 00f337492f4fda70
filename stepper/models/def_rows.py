"""What the lines of the learner's own `def`s show at a moment: how far they are, and what their names stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QObject

from core.frames import body_line, chain, frame_in, meanings
from core.program.dims import show
from core.program.ir import BodyLine, Call, Program
from core.session import Moment
from stepper.models.program_row import Row, Status, worst


class DefRows(QObject):
    """Makes the rows of the learner's own functions."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._program: Program | None = None
        self._widest: dict[tuple[str, int], str] = {}

    def rows(self, moment: Moment, is_open: bool, inner: Callable[[Moment, int], list[Row]]) -> list[Row]:
        """Return the learner's own functions; those that one stands in with what their names stand for in this call.

        `inner` makes the rows of an operation that stands open there.
        """
        if moment.program is not self._program:
            self._program, self._widest = moment.program, {}
        functions = moment.program.functions
        if not functions:
            return []
        folded: Status = "lit" if is_open else "waiting"
        rows = [Row("defs-heading", self.tr("your functions"), note=", ".join(f.name for f in functions), status=folded)]
        here = {c.function: c for c in moment.calls}
        for function in functions if is_open else ():
            call = here.get(function.name)
            found = () if call is None else names(moment, call, 0)
            rows.append(Row("def", function.text, names=found))
            for line in function.lines:
                rows.append(self._body_row(moment, line, call))
                if moment.inner is not None and call is not None and rows[-1].status == "next" and call.index == moment.call:
                    rows += inner(moment.inner, 2)
        return rows

    def _body_row(self, moment: Moment, line: BodyLine, call: Call | None) -> Row:
        here = moment.notes.at_line(line)
        row = Row("body", line.text, body=line, depth=1, stop=None if here is None else here.enabled)
        failing = moment.fault is not None and moment.k == moment.fault.instruction
        if call is None:
            nearest = upcoming(moment)
            return replace(
                row,
                widest=self._reserved(moment, line),
                status=("failed" if failing else "next") if nearest == line else "waiting",
            )
        value = value_of(moment, call, line)
        known = None if value is None else moment.told_shape(value)
        shape = "" if known is None else show(known) if known else self.tr("number")
        made = [] if value is None or moment.program.makers.get(value, -1) >= moment.k else [value]
        mark, severity, problems = worst(moment, made)
        done, count = progress(moment, call, line)
        state = status(moment, call, line) if not (failing and comes_next(moment, call, line)) else "failed"
        note = self.tr("{done} of {count}").format(done=done, count=count) if 0 < done < count else ""
        widest = self.tr("{done} of {count}").format(done=count, count=count) if count > 1 else ""
        return replace(
            row, note=note, widest=widest, value=value, shape=shape, status=state, mark=mark, severity=severity,
            selected=value is not None and value == moment.selection.value, problems=problems,
            names=names(moment, call, line.step),
        )  # fmt: skip

    def _reserved(self, moment: Moment, line: BodyLine) -> str:
        """Return the widest words that a line of a `def` has in a call, so that it is not cut anew when one goes in."""
        key = (line.function, line.step)
        if key not in self._widest:
            texts = [""]
            for call in moment.program.calls:
                if call.function == line.function:
                    count = progress(moment, call, line)[1]
                    value = value_of(moment, call, line)
                    known = None if value is None else moment.shape(value)
                    shape = "" if known is None else show(known) if known else self.tr("number")
                    words = self.tr("{done} of {count}").format(done=count, count=count) if count > 1 else ""
                    texts.append("  ".join(t for t in (words, shape) if t))
            self._widest[key] = max(texts, key=len)
        return self._widest[key]


def status(moment: Moment, call: Call, line: BodyLine) -> Literal["waiting", "done", "lit", "next"]:
    """Return the status of a line of a call that one stands in: see `program_row.Status`.

    The line just executed is lit in the innermost call; in an outer one a hollow mark shows the line that one has gone into.
    """
    if call.results[line.step] is None:
        return "waiting"  # nothing is made of it: no operation came out of it
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
