"""Running by itself: whole iterations, on to a breakpoint or back to one, or on to a place."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.execute.breakpoints import Armed, Hit, arm, earlier, later
from core.execute.timeline import Position
from core.health import rules
from core.notes import Breakpoint, line_of
from core.program.ir import BodyLine
from core.session import Session

SLICE = 0.012
NEAR = 32
"""Iterations that are done on the way to a place without anybody being shown them."""
Hunt = Generator[int, None, Hit | None]


@dataclass(frozen=True, slots=True)
class Goal:
    """Where a run ends by itself, and which value and cell are selected there; without, the run stops at the first NaN or ∞."""

    at: Position
    selects: tuple[int | None, tuple[int, ...] | None] | None = None


class Running(QObject):
    """Has a session run, a few milliseconds at a time; `said` carries trouble, `told` where it has stopped and why."""

    said = Signal(str)
    told = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.session: Session | None = None
        self._timer = QTimer(self)
        self._interval = 30
        self._timer.setInterval(self._interval)
        self._timer.timeout.connect(self._run_slice)
        self._quick = False
        self._hunt: Hunt | None = None
        self._goal: Goal | None = None
        self._looking_back = False
        self._armed: list[Armed] = []

    @property
    def active(self) -> bool:
        """Whether anything runs."""
        return self._timer.isActive()

    def toggle(self) -> None:
        """Start running whole iterations, or stop; breakpoints that are switched on stop it."""
        if self._timer.isActive():
            self.stop()
        elif self.session is not None:
            self._armed = arm(self.session.notes.breakpoints, rules.finder)
            self.session.set_running(True)
            if self._armed and self._quick:
                self._hunt = later(self.session.timeline, self._armed, self.session.timeline.position)
            self._timer.start()

    def hunt(self, direction: str, breakpoints: Sequence[Breakpoint] | None = None) -> None:
        """Go `later` or `earlier` to where one of some breakpoints hits next; None for all that are switched on."""
        session = self.session
        if session is None:
            return
        self.stop()
        chosen = session.notes.breakpoints if breakpoints is None else [replace(b, enabled=True) for b in breakpoints]
        self._armed = arm(chosen, rules.finder)
        if not self._armed:
            self.said.emit(
                self.tr("There is no breakpoint that is switched on. Put one on a line with F9, or under Stops and watches.")
            )
            return
        session.set_running(True)
        hunting = later if direction == "later" else earlier
        self._timer.setInterval(0)  # what is hunted for is wanted soon, however slowly a person has things run
        self._hunt, self._looking_back = hunting(session.timeline, self._armed, session.timeline.position), direction != "later"
        self._timer.start()

    def travel(self, iteration: int, k: int, value: int | None = None, cell: tuple[int, ...] | None = None) -> int:
        """Go to where `k` operations of an iteration are done, and select there; far away as a run that can be stopped.

        Returns the iteration that it is on the way to, 0 where it is there.
        """
        session = self.session
        if session is None:
            return 0
        self.stop()
        goal = Goal(Position(iteration, k), (value, cell))
        near = max(c for c in session.timeline.checkpoints() if c <= iteration)
        if iteration - near <= NEAR:
            self._arrive(session, goal)
            return 0
        self._go_on_to(session, goal, later(session.timeline, [], Position(near, 0), iteration - 1))
        return iteration

    def run_on(self, iterations: int) -> int:
        """Run so many iterations as fast as it goes, up to the next breakpoint; returns the last of them."""
        session = self.session
        if session is None or iterations < 1:
            return 0
        self.stop()
        last = session.timeline.next_iteration() + iterations - 1
        goal = Goal(Position(last, len(session.timeline.program_at(last))))
        self._armed = arm(session.notes.breakpoints, rules.finder)
        self._go_on_to(session, goal, later(session.timeline, self._armed, session.timeline.position, last))
        return last

    def _go_on_to(self, session: Session, goal: Goal, hunt: Hunt) -> None:
        self._goal, self._hunt, self._looking_back = goal, hunt, False
        session.set_running(True)
        self._timer.setInterval(0)
        self._timer.start()

    def _arrive(self, session: Session, goal: Goal) -> None:
        session.go(goal.at.iteration, goal.at.k)
        if goal.selects is not None and goal.selects != (session.selection.value, session.selection.cell):
            session.select(*goal.selects)

    def stop(self) -> None:
        """Stop running."""
        if self._hunt is not None:
            self._hunt.close()
        self._hunt, self._goal, self._looking_back, self._armed = None, None, False, []
        if self._timer.isActive():
            self._timer.stop()
            self._timer.setInterval(self._interval)
            if self.session is not None:
                self.session.set_running(False)

    def set_speed(self, per_second: int) -> None:
        """Set how many iterations a run does in a second; 0 means as many as it can."""
        self._quick = per_second <= 0
        self._interval = 30 if self._quick else max(1, 1000 // per_second)
        self._timer.setInterval(self._interval)

    @Slot()
    def _run_slice(self) -> None:
        session = self.session
        if session is None:
            return
        if self._hunt is not None:
            self._hunt_slice(session, self._hunt)
        elif self._armed:
            self._careful_slice(session)
        elif self._quick:
            count, start = 1, time.perf_counter()
            while session.timeline.run(count) and time.perf_counter() - start < SLICE:
                count = min(count * 2, 64)
            session.set_running(True)
        else:
            session.run(1)
        if session.timeline.fault is not None and not self._looking_back:
            self.stop()
        elif session.guard.alarm is not None and self._watches():
            self._stop_at_first_bad(session)

    def _watches(self) -> bool:
        """Whether what runs is to stop where numbers stop being finite; a hunt has another end, and so has a way to a place."""
        return self._timer.isActive() and (self._hunt is None or (self._goal is not None and self._goal.selects is None))

    def _hunt_slice(self, session: Session, hunt: Hunt) -> None:
        """Hunt for a few milliseconds; show how far a run has come, and stand where it ends."""
        try:
            reached = next(hunt)
        except StopIteration as end:
            self._end_hunt(session, end.value)
            return
        if not self._looking_back and reached >= session.timeline.next_iteration():
            session.stand_after(reached)

    def _careful_slice(self, session: Session) -> None:
        """Run one iteration, if no breakpoint hits in it."""
        timeline = session.timeline
        hunt = later(timeline, self._armed, timeline.position, timeline.next_iteration())
        try:
            while True:
                next(hunt)
        except StopIteration as end:
            if end.value is None:
                session.run(1)
            else:
                self._end_hunt(session, end.value)

    def _end_hunt(self, session: Session, hit: Hit | None) -> None:
        back, goal = self._looking_back, self._goal
        self.stop()
        if hit is None:
            if goal is not None:
                self._arrive(session, goal)
            elif back:
                self.told.emit(self.tr("None of the breakpoints hits earlier than here."))
            else:
                session.run(1)
            return
        at = hit.position
        lines = [line_of(session.timeline.program_at(at.iteration), b) for b in hit.breakpoints]
        inner = next((line for line in lines if isinstance(line, BodyLine)), None)
        if inner is None:
            session.go(at.iteration, at.k)
        else:
            session.stop_before(at.iteration, at.k, inner.function)
        names = "; ".join(dict.fromkeys(self._breakpoint_text(b) for b in hit.breakpoints))
        self.told.emit(self.tr("Stopped at iteration {i}: {why}").format(i=hit.position.iteration, why=names))

    def _stop_at_first_bad(self, session: Session) -> None:
        """Stand at the operation that first made a number that is not finite; one step earlier all is still well."""
        self.stop()
        if session.to_first_bad():
            at = session.timeline.position
            words = self.tr(
                "Stopped at iteration {i}: here the numbers stop being finite. One step earlier all is well; Problems tells why."
            )
            self.told.emit(words.format(i=at.iteration))

    def _breakpoint_text(self, b: Breakpoint) -> str:
        if b.kind == "line":
            return self.tr("before line {n}, {line}").format(n=b.line, line=b.text)
        if b.kind == "condition":
            return self.tr("{condition} has become true").format(condition=b.text)
        if b.kind == "change":
            return self.tr("{value} has changed").format(value=b.text)
        if b.text in ("", "nonfinite"):
            return self.tr("a number is not finite")
        if b.text == "any":
            return self.tr("a problem begins here")
        return self.tr("a problem begins here: {rule}").format(
            rule=rules.RULES[b.text].title if b.text in rules.RULES else b.text
        )
