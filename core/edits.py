"""Changes by hand that were made on a timeline, to be taken back and made again, and what they put out of date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.execute.events import Event
from core.execute.inputs import Datum
from core.execute.timeline import Course, Position, Timeline

Steps = Sequence[tuple[Course, Position]]


class Edits:
    """Makes changes. With `what_if` what depends on one is computed at once; without, it stays as it was, out of date."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.what_if = False
        self._old: dict[int, Datum | None] = {}
        self._undo: list[tuple[Course, Position]] = []
        self._redo: list[tuple[Course, Position]] = []

    @property
    def old(self) -> Mapping[int, Datum | None]:
        """The values that are out of date, as they were before the change."""
        return self._old

    @property
    def old_losses(self) -> Sequence[float]:
        """The losses before the newest change."""
        return self._undo[-1][0].losses if self._undo and self._timeline.events else ()

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to make again."""
        return bool(self._redo)

    @property
    def history(self) -> tuple[Steps, Steps]:
        """What can be taken back, and what can be made again: each the course and the place to come to, the nearest last."""
        return tuple(self._undo), tuple(self._redo)

    def resume(self, undo: Steps, redo: Steps, old: Mapping[int, Datum | None]) -> None:
        """Take up changes where they were left; `old` are the values that are out of date."""
        self._undo, self._redo, self._old = list(undo), list(redo), dict(old)

    def forget_old(self) -> None:
        """Show everything as it is now: nothing is out of date any more."""
        self._old = {}

    def make(self, event: Event) -> None:
        """Make a change; what was changed later than this was changed in another course, and goes."""
        course = self._timeline.course()
        self._undo.append((course, self._timeline.position))
        self._redo.clear()
        kept = tuple(e for e in self._timeline.events if e.iteration <= event.iteration)
        self._take(Course((*kept, event), course.losses[: event.iteration - 1]))

    def undo(self) -> None:
        """Take the newest change back; from later on, stand where it was made."""
        self._swap(self._undo, self._redo)

    def redo(self) -> None:
        """Make a change again that was taken back."""
        self._swap(self._redo, self._undo)

    def _swap(self, taken: list[tuple[Course, Position]], kept: list[tuple[Course, Position]]) -> None:
        course, at = taken.pop()
        kept.append((self._timeline.course(), self._timeline.position))
        self._take(course, at)

    def _take(self, course: Course, at: Position | None = None) -> None:
        """Take another course. What it makes otherwise within this iteration stays as it was, and is out of date."""
        before, machine, old = self._timeline.position, self._timeline.machine, self._old
        self._old = {}
        first = self._timeline.take(course)
        program, now = self._timeline.program, self._timeline.machine
        if first > before.iteration:
            if at is None and self._timeline.position.k == len(program):
                self._timeline.go(Position(first, 0))
        elif first == before.iteration and machine.program.instructions is program.instructions and not self.what_if:
            made = [i.result for i in program.instructions[: self._timeline.position.k]]
            shown = {index: old.get(index, machine.peek(index)) for index in made}
            self._old = {index: datum for index, datum in shown.items() if not _same(datum, now.peek(index))}


def _same(a: Datum | None, b: Datum | None) -> bool:
    return type(a) is type(b) and np.asarray(a).tobytes() == np.asarray(b).tobytes()
