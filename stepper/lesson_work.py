"""Works out what a step of a lesson says: at once where that is quick, else in pieces; and ahead, the next one."""

from __future__ import annotations

import time
from collections.abc import Generator

from PySide6.QtCore import QObject, Signal, Slot

from core.errors import StepperError
from core.lessons.lesson import Step
from core.lessons.runs import Runs, Shown
from stepper.widgets.pieces import Pieces

AT_ONCE = 0.05
"""Seconds in which a step may be worked out before anything is said of it: most are, and nothing flickers."""


class StepWork(QObject):
    """`ready(found)` carries a step with its numbers, or a sentence that says why there are none."""

    ready = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pieces = Pieces(self)
        self._pieces.ended.connect(self._on_ended)
        self.waits = False
        """Whether anybody waits for a step."""

    def begin(self, runs: Runs, step: Step) -> None:
        """Work out a step; `ready` may come before this returns."""
        self.waits = True
        work = _worked_out(runs, step)
        until = time.perf_counter() + AT_ONCE
        while time.perf_counter() < until:
            try:
                next(work)
            except StopIteration as end:
                self._on_ended(True, end.value)
                return
        self._pieces.start(True, work)

    def look_ahead(self, runs: Runs, step: Step) -> None:
        """Work out a step that nobody waits for yet: the programs keep what was done of it."""
        self._pieces.start(False, _worked_out(runs, step))

    @property
    def busy(self) -> bool:
        """Whether anything is being worked out, be it ahead of time."""
        return self._pieces.busy

    def cancel(self) -> None:
        """Give up what is being worked out."""
        self._pieces.cancel()
        self.waits = False

    @Slot(object, object)
    def _on_ended(self, wanted: object, found: object) -> None:
        if wanted:
            self.waits = False
            self.ready.emit(found)


def _worked_out(runs: Runs, step: Step) -> Generator[None, None, Shown | str]:
    """Work out a step in pieces; a sentence where it does not hold."""
    try:
        return (yield from runs.showing(step))
    except StepperError as error:
        return str(error)
