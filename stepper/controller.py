"""The one signal source: turns what a person does into calls of the session, and its changes into one signal."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.errors import NotationError, StepperError
from core.library import open_target
from core.program.ir import fault_sentence
from core.session import Session, Size

SLICE = 0.012


class Controller(QObject):
    """Owns the session. Every change arrives as `changed(Moment)`; every trouble as `said(sentence)`."""

    changed = Signal(object)
    opened = Signal(object)
    said = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session: Session | None = None
        self.target = ""
        self._timer = QTimer(self)
        self._timer.setInterval(30)
        self._timer.timeout.connect(self._run_slice)
        self._quick = False
        self._told = ""

    @Slot(str)
    def open(self, target: str) -> bool:
        """Open a TARGET; on trouble says one sentence and leaves what is open untouched."""
        try:
            found = open_target(target)
        except NotationError as error:
            self.said.emit(f"{Path(target).name}, {error}" if error.line else f"{Path(target).name}: {error}")
            return False
        except StepperError as error:
            self.said.emit(str(error))
            return False
        self.take(Session(found.program, found.title, found.evaluations), target)
        return True

    def take(self, session: Session, target: str = "") -> None:
        """Work on a session from now on; `target` says where its program came from."""
        self.stop()
        self.target = target or session.title
        self.session = session
        session.listen(self._on_change)
        self._told = ""
        self.opened.emit(session.moment())
        self._on_change()

    @Slot(str)
    def later(self, size: Size = "operation") -> None:
        """Go one step of a size later."""
        if self.session is not None:
            self.stop()
            self.session.later(size)

    @Slot(str)
    def earlier(self, size: Size = "operation") -> None:
        """Go one step of a size earlier."""
        if self.session is not None:
            self.stop()
            self.session.earlier(size)

    @Slot()
    def to_start(self) -> None:
        """Go to the very beginning."""
        if self.session is not None:
            self.stop()
            self.session.to_start()

    @Slot(int)
    def to_statement(self, statement: int) -> None:
        """Go to just after a line of this iteration."""
        if self.session is not None:
            self.stop()
            self.session.to_statement(statement)

    @Slot(int)
    def to_iteration(self, iteration: int) -> None:
        """Go to the end of an iteration."""
        if self.session is not None and iteration >= 1:
            self.stop()
            self.session.go(iteration, len(self.session.program))

    @Slot(object, object)
    def select(self, value: int | None, cell: tuple[int, ...] | None = None) -> None:
        """Select a value everywhere, and perhaps one cell of it."""
        if self.session is not None:
            self.session.select(value, cell)

    @Slot()
    def toggle_run(self) -> None:
        """Start running whole iterations, or stop."""
        if self._timer.isActive():
            self.stop()
        elif self.session is not None:
            self.session.set_running(True)
            self._timer.start()

    @Slot()
    def stop(self) -> None:
        """Stop running."""
        if self._timer.isActive():
            self._timer.stop()
            if self.session is not None:
                self.session.set_running(False)

    @Slot(int)
    def set_speed(self, per_second: int) -> None:
        """Set how many iterations a run does in a second; 0 means as many as it can."""
        self._quick = per_second <= 0
        self._timer.setInterval(30 if self._quick else max(1, 1000 // per_second))

    @Slot()
    def _run_slice(self) -> None:
        session = self.session
        if session is None:
            return
        if self._quick:
            count, start = 1, time.perf_counter()
            while session.timeline.run(count) and time.perf_counter() - start < SLICE:
                count = min(count * 2, 64)
            session.set_running(True)
        else:
            session.run(1)
        if session.timeline.fault is not None:
            self.stop()

    @Slot()
    def _on_change(self) -> None:
        session = self.session
        if session is None:
            return
        moment = session.moment()
        self.changed.emit(moment)
        fault = moment.fault
        if fault is None or moment.k < moment.machine.runnable:
            self._told = ""
        else:
            sentence = fault_sentence(session.program, fault)
            sentence = sentence[0].upper() + sentence[1:]
            if sentence != self._told:
                self._told = sentence
                self.said.emit(sentence)
