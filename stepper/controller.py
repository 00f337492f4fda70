"""The one signal source: turns what a person does into calls of the session, and its changes into one signal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from core.document import Restored, opened
from core.errors import NotationError, StepperError
from core.files.document import is_document
from core.notes import Breakpoint
from core.program.ir import BodyLine, Program, fault_sentence
from core.rewritten import rewritten
from core.session import Session, Size
from stepper.running import Running


class Controller(QObject):
    """Owns the session. Every change arrives as `changed(Moment)`; every trouble as `said(sentence)`, news as `told`."""

    changed = Signal(object)
    opened = Signal(object)
    said = Signal(str)
    told = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session: Session | None = None
        self.target = ""
        self.restored: Restored | None = None
        """What the open session was restored from, if it came out of a document."""
        self.rewriting = False
        """Whether what is just being opened is the open program, written anew."""
        self.running = Running(self)
        self.running.said.connect(self.said)
        self.running.told.connect(self.told)
        self._cursor = -1
        self._body_cursor: BodyLine | None = None
        self._told = ""

    @Slot(str)
    def open(self, target: str) -> bool:
        """Open a TARGET; on trouble says one sentence and leaves what is open untouched."""
        try:
            found = opened(target)
        except NotationError as error:
            self.said.emit(f"{Path(target).name}, {error}" if error.line else f"{Path(target).name}: {error}")
            return False
        except StepperError as error:
            self.said.emit(str(error))
            return False
        self.take(found.session, target, found if is_document(target) else None)
        return True

    def take(self, session: Session, target: str = "", restored: Restored | None = None) -> None:
        """Work on a session from now on; `target` says where its program came from, `restored` what else its document held."""
        self.stop()
        self.restored = restored
        self.target = target or session.title
        self.session = self.running.session = session
        session.listen(self._on_change)
        self._told = ""
        self.opened.emit(session.moment())
        self._on_change()

    def rewrite(self, program: Program) -> None:
        """Go on with the open program written anew: the same document and, where its line still is, the same place."""
        if self.session is not None:
            self.stop()
            self.rewriting = True
            try:
                self.take(rewritten(self.session, program), self.target, self.restored)
            finally:
                self.rewriting = False

    def rename(self, title: str, target: str) -> None:
        """Call what is open something else: it was saved there."""
        if self.session is not None:
            self.target, self.session.title = target, title
            self._on_change()

    @Slot(str)
    def later(self, size: Size = "operation") -> None:
        """Go one step of a size later."""
        self._do("later", size)

    @Slot(str)
    def earlier(self, size: Size = "operation") -> None:
        """Go one step of a size earlier."""
        self._do("earlier", size)

    @Slot()
    def into(self) -> None:
        """Open the next operation: what it is made of, or its single cells."""
        self._do("into")

    @Slot()
    def into_earlier(self) -> None:
        """Open the last operation, at its end."""
        self._do("into", False, False)

    @Slot()
    def out(self) -> None:
        """Finish the operation that is open; outside of any, the phase."""
        self._do("out")

    @Slot()
    def out_earlier(self) -> None:
        """Go back to before the operation that is open; outside of any, to the start of the phase."""
        self._do("out", False)

    @Slot()
    def to_start(self) -> None:
        """Go to the very beginning."""
        self._do("to_start")

    @Slot(int)
    def to_statement(self, statement: int) -> None:
        """Go to just after a line of this iteration."""
        self._do("to_statement", statement)

    @Slot(int)
    def to_instruction(self, instruction: int) -> None:
        """Go to just after an operation of this iteration."""
        if self.session is not None:
            self._do("go", self.session.timeline.iteration, instruction + 1)

    @Slot(int)
    def set_cursor(self, statement: int) -> None:
        """Remember the line that the cursor of the program is on; -1 for none."""
        self._cursor = statement

    @Slot(object)
    def set_body_cursor(self, line: BodyLine | None) -> None:
        """Remember the line of a `def` that the cursor of the program is on; None for none."""
        self._body_cursor = line

    @Slot(object)
    def to_body_line(self, line: BodyLine) -> None:
        """Go to just after a line of a `def`, where it runs next."""
        self._do("to_body_line", line.function, line.step)

    @Slot()
    def to_cursor(self) -> None:
        """Run on to the line with the cursor."""
        if self.body_cursor is not None:
            self.to_body_line(self.body_cursor)
        elif self._on_line():
            self._do("to_line_later", self._cursor)

    @Slot()
    def back_to_cursor(self) -> None:
        """Go back to when the line with the cursor was executed last."""
        if self.body_cursor is not None:
            self._do("to_body_line", self.body_cursor.function, self.body_cursor.step, False)
        elif self._on_line():
            self._do("to_line_earlier", self._cursor)

    @property
    def body_cursor(self) -> BodyLine | None:
        """The line of a `def` with the cursor."""
        line = self._body_cursor
        known = self.session is not None and any(line in f.lines for f in self.session.program.functions)
        return line if known else None

    @property
    def cursor(self) -> int | None:
        """The line with the cursor, as the index of its statement."""
        return self._cursor if self._on_line() else None

    @Slot(int)
    def to_iteration(self, iteration: int) -> None:
        """Go to the end of an iteration."""
        if self.session is not None and iteration >= 1:
            self._do("go", iteration, len(self.session.timeline.program_at(iteration)))

    @Slot(int, int)
    def go(self, iteration: int, k: int) -> None:
        """Go to where `k` operations of an iteration are done."""
        self._do("go", iteration, k)

    @Slot(object, object)
    def select(self, value: int | None, cell: tuple[int, ...] | None = None) -> None:
        """Select a value everywhere, and perhaps one cell of it."""
        if self.session is not None:
            self.session.select(value, cell)

    @Slot(object)
    def select_sample(self, sample: int | None) -> None:
        """Make a sample of the data the current one everywhere; None for all."""
        if self.session is not None:
            self.session.select_sample(sample)

    # -- running -------------------------------------------------------------------------------------

    @Slot()
    def toggle_run(self) -> None:
        """Start running whole iterations, or stop; breakpoints that are switched on stop it."""
        self.running.toggle()

    def hunt(self, direction: str, breakpoints: Sequence[Breakpoint] | None = None) -> None:
        """Go `later` or `earlier` to where one of some breakpoints hits next; None for all that are switched on."""
        self.running.hunt(direction, breakpoints)

    def travel(self, iteration: int, k: int, value: int | None = None, cell: tuple[int, ...] | None = None) -> int:
        """Go to where `k` operations of an iteration are done, and select there; far away as a run that can be stopped.

        Returns the iteration that it is on the way to, 0 where it is there.
        """
        return self.running.travel(iteration, k, value, cell)

    def run_on(self, iterations: int) -> int:
        """Run so many iterations as fast as it goes, up to the next breakpoint; returns the last of them."""
        return self.running.run_on(iterations)

    @Slot()
    def run_earlier(self) -> None:
        """Go back to where a breakpoint hit last before here."""
        self.running.hunt("earlier")

    @Slot()
    def stop(self) -> None:
        """Stop running."""
        self.running.stop()

    @Slot(int)
    def set_speed(self, per_second: int) -> None:
        """Set how many iterations a run does in a second; 0 means as many as it can."""
        self.running.set_speed(per_second)

    # -- inside --------------------------------------------------------------------------------------

    def _do(self, method: str, *arguments: object) -> None:
        """Stop running and have the session do something; on trouble say one sentence."""
        if self.session is not None:
            self.stop()
            try:
                getattr(self.session, method)(*arguments)
            except StepperError as error:
                self.said.emit(str(error))

    def _on_line(self) -> bool:
        return self.session is not None and 0 <= self._cursor < len(self.session.program.statements)

    @Slot()
    def _on_change(self) -> None:
        session = self.session
        if session is None:
            return
        moment = session.moment()
        self.changed.emit(moment)
        fault = moment.fault
        if fault is None or moment.k < moment.machine.runnable or session.quiet:
            self._told = ""
        else:
            sentence = fault_sentence(session.program, fault)
            sentence = sentence[0].upper() + sentence[1:]
            if sentence != self._told:
                self._told = sentence
                self.said.emit(sentence)
