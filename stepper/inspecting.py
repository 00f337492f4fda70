"""The saved network that is inspected: read in the background, opened to be stepped, and put away with what replaces it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from core.errors import StepperError
from core.files.looks.looks import Look
from core.files.source import unchanged
from core.library import EXAMPLES, Opened
from core.saved_target import is_saved
from core.session import session_of
from core.steppable.choices import Choices
from core.steppable.data import Samples
from stepper.comparing import COMPARE, DIFFERENCE, KEYS, OTHER, THERE, Comparing
from stepper.controller import Controller
from stepper.held_program import HeldProgram
from stepper.inspecting_words import not_looked_into, not_opened
from stepper.inspecting_work import Read, read, read_again, read_of
from stepper.looking import EXPORT, HERE, ROWS, Looking
from stepper.models.saved_state import RANDOM, USUAL, SavedState
from stepper.shown_file import READ, ShownFile

STEP, SEE, AGAIN = "step", "see", "again"
"""Reading a file to step it otherwise, one that somebody else opened, and that of the session that is open."""
LARGEST_AT_ONCE = 10_000_000
"""A network of more numbers is stepped only when somebody asks for it: its program takes long, and eight bytes a number."""
OF_THE_FILE = (HERE, ROWS, *KEYS)
"""What is done with the file that is shown, and is given up with it."""


class Inspecting(QObject):
    """Owns what is known of the saved network; tells every change by `changed(SavedState)`.

    `read_in()` tells that another file was read and is shown, `rows(first, numbers)` brings numbers that were asked for,
    `said(sentence)` tells of trouble and `told(sentence)` of what has happened. Nothing that is open is lost by a file that
    cannot be read.
    """

    changed = Signal(object)
    read_in = Signal()
    rows = Signal(int, object)
    said = Signal(str)
    told = Signal(str)

    def __init__(self, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shown = ShownFile(self)
        self._shown.changed.connect(self.changed)
        self.work = self._shown.work
        self.work.part.connect(self._on_part)
        self.work.ended.connect(self._on_ended)
        self._looking = Looking(self._shown)
        self._looking.said.connect(self.said)
        self.slow = self._looking.slow
        self._comparing = Comparing(self._shown)
        self._controller = controller
        self._taking = False
        self._failed = False
        self.program = HeldProgram(controller)
        self._shown.waits.connect(self._on_waiting)
        controller.opened.connect(self._on_opened)
        controller.changed.connect(self._on_changed)

    @property
    def state(self) -> SavedState:
        """All that there is to show."""
        return self._shown.state

    @property
    def path(self) -> str:
        """Where the file lies; empty without one."""
        return self._shown.path

    @property
    def holds(self) -> bool:
        """Whether a saved network is shown, or is just being opened."""
        return self._taking or self.state.saved is not None or self.work.is_on(SEE) or self.work.is_on(AGAIN)

    @property
    def parameters(self) -> Mapping[str, str]:
        """Which tensor of the file each parameter of the open program began with, by name."""
        return self.program.parameters(self.state)

    # -- files -----------------------------------------------------------------------------------------

    def read(self, path: str, choices: Choices = USUAL, samples: Samples = RANDOM) -> None:
        """Read a saved network and open it to be stepped, as far as it can be."""
        self._shown.cancel(SEE, STEP, AGAIN)
        self._shown.read(READ, path, lambda: read(path, choices, samples, LARGEST_AT_ONCE))

    def take(self, opened: Opened) -> None:
        """Open a saved network of which the program was made already."""
        if opened.saved is not None:
            self._take(read_of(opened, opened.saved), False)

    def show(self, opened: Opened) -> None:
        """Show a saved network of which somebody else has opened the program."""
        if opened.saved is not None:
            self._shown.cancel(SEE, AGAIN)
            self._show(read_of(opened, opened.saved))

    @Slot(object, object)
    def step(self, choices: Choices, samples: Samples) -> None:
        """Open the program of the file anew, as a person chose it; on trouble the open one stays."""
        saved = self.state.saved
        if saved is not None and not self.work.is_on(READ):
            self._shown.set(steps_trouble="")
            self._shown.read(STEP, saved.path, lambda: read(saved.path, choices, samples))

    def close(self) -> bool:
        """Wait for what is being exported before the window goes; False, and a sentence, where that has failed."""
        self._failed = False
        self.work.finish(EXPORT)
        return not self._failed

    def end(self) -> None:
        """Give up everything else."""
        self.work.close()
        self.slow.close()

    # -- tensors, and another file ---------------------------------------------------------------------

    @Slot(object)
    def choose(self, name: str) -> None:
        """Look at a tensor of the file."""
        if self._looking.choose(name, THERE, DIFFERENCE):
            self._comparing.look()

    @Slot()
    def ask_spectrum(self) -> None:
        """Work out the singular values of the tensor that is looked at, also where that takes long."""
        self._looking.ask_spectrum()

    @Slot(int, int)
    def ask_rows(self, first: int, last: int) -> None:
        """Ask for rows of the numbers of the tensor that is looked at."""
        self._looking.ask_rows(first, last)

    def export(self, name: str, path: str) -> None:
        """Write the numbers of a tensor into a file of its own."""
        self._looking.export(name, path)

    def compare_with(self, path: str) -> None:
        """Compare the file, tensor by tensor, with another one, such as a later checkpoint."""
        self._comparing.begin(path)

    @Slot()
    def stop_comparing(self) -> None:
        """Put the other file away."""
        self._comparing.end()

    # -- what the background brings --------------------------------------------------------------------

    @Slot(str)
    def _on_waiting(self, name: str) -> None:
        self.told.emit(self.tr("Reading {name} …").format(name=name))

    @Slot(str, object)
    def _on_part(self, key: str, found: Any) -> None:
        if key == HERE:
            self._shown.set(look=found)
        elif key == COMPARE:
            self._comparing.add(found)

    @Slot(str, object)
    def _on_ended(self, key: str, found: Any) -> None:
        self._shown.ended(key)
        if isinstance(found, StepperError):
            self._on_trouble(key, str(found))
        elif key in (SEE, AGAIN):
            came_back = key == AGAIN and self._controller.restored is not None
            self._show(found, key == AGAIN or found.opened is not None, came_back)
            if came_back:
                self.read_in.emit()
        elif isinstance(found, Read):
            same = found.stamp == self._shown.stamps.get(found.saved.path) and found.saved == self.state.saved
            self._take(found, key == STEP and same)
        elif key == HERE and isinstance(found, Look):
            self._looking.show(found)
        elif key == OTHER:
            self._comparing.take(*found)
        elif key in (THERE, DIFFERENCE):
            self._comparing.show(key, found)
        elif key == ROWS:
            self.rows.emit(*found)
        elif key.startswith(EXPORT):
            self.told.emit(self.tr("Saved: {file}").format(file=found))

    def _on_trouble(self, key: str, sentence: str) -> None:
        if key == HERE:
            self._shown.set(look=None, look_trouble=sentence)
        elif key in (THERE, DIFFERENCE, ROWS):
            self.said.emit(sentence)
        elif key in (READ, SEE, STEP):
            self._shown.set(trouble="" if self.state.saved is not None else sentence)
            self.said.emit(sentence)
        elif key == AGAIN:
            self._shown.set(trouble=sentence)
            self.told.emit(not_looked_into(sentence))
        elif key in (OTHER, COMPARE):
            self.said.emit(self.tr("It cannot be compared: {why}").format(why=sentence))
        else:
            self._failed = True
            self.said.emit(self.tr("The tensor was not saved: {why}").format(why=sentence))

    def _take(self, found: Read, is_shown: bool) -> None:
        """Show a file that was read and open its program; where none can be made, what is open stays.

        `is_shown` tells that the file is shown already.
        """
        if found.opened is None:
            if is_shown:
                self._shown.set(steps_trouble=found.trouble)
                return
            self._show(found, False)
            session = self._controller.session
            self.told.emit(not_opened(found, "" if session is None else session.title))
            self.read_in.emit()
            return
        self._taking = True
        self._controller.take(session_of(found.opened), found.saved.path)
        self._taking = False
        if is_shown:
            self.program.hold(found)
            self._shown.set(
                layers=found.layers, inferred=found.inferred, choices=found.choices, samples=found.samples,
                steps=found.steps, steps_trouble="", by_hand=False,
            )  # fmt: skip
            return
        self._show(found)
        self.read_in.emit()

    def _show(self, found: Read, holds: bool = True, came_back: bool = False) -> None:
        """Show a file that was read, with its first weight; `holds` tells that its program is the open one."""
        self._leave()
        self.program.hold(found, holds, came_back)
        self._shown.stamps = {found.saved.path: found.stamp}
        state = SavedState(
            found.saved, found.layers, found.inferred, choices=found.choices, samples=found.samples, steps=found.steps,
            steps_trouble=found.trouble, busy=self._shown.busy, by_hand=self.program.is_by_hand,
        )  # fmt: skip
        self._shown.set_all(state)
        first = next((n for layer in found.layers for r, n in layer.tensors.items() if r == "weight"), "")
        self.choose(first or next((t.name for t in found.saved.tensors), ""))

    @Slot(object)
    def _on_opened(self, _: object) -> None:
        """Put the file away when another program is opened; inspect that of one that somebody else opened."""
        if self._taking:
            return
        if self._controller.rewriting:
            self._on_rewritten()
            return
        self._leave(READ, SEE, STEP, AGAIN)
        self._put_away()
        target, session = self._controller.target, self._controller.session
        origin = None if session is None else session.origin
        if session is not None and origin is not None:
            folder = session.folder or Path()
            self._shown.read(AGAIN, origin.file, lambda: read_again(origin, folder))
        elif target not in EXAMPLES and is_saved(target):
            self._shown.start(SEE, lambda: read(target, USUAL, RANDOM, LARGEST_AT_ONCE))

    def _on_rewritten(self) -> None:
        """Stay with the file, unless it was written anew: then the program has other numbers by now."""
        s = self.state
        self._shown.cancel(STEP)
        if not self.program.holds or s.saved is None:
            return
        path, choices, samples = s.saved.path, s.choices, s.samples
        try:
            unchanged(Path(path), self._shown.stamps[path])
        except StepperError:
            self._leave()
            self._put_away()
            self._shown.read(SEE, path, lambda: read(path, choices, samples))

    @Slot(object)
    def _on_changed(self, _: object) -> None:
        if not self._taking and self.program.is_by_hand != self.state.by_hand:
            self._shown.set(by_hand=self.program.is_by_hand)

    def _put_away(self) -> None:
        self.program.let_go()
        if self.state != SavedState():
            self._shown.set_all(SavedState(busy=self._shown.busy))

    def _leave(self, *more: str) -> None:
        """Give up all that is being done with the file."""
        self._shown.cancel(*OF_THE_FILE, *more)
        self._looking.leave()
