"""What a person changes by hand: numbers, the learning rate, the optimizer; and taking it back."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from core.changes import rate_of
from core.errors import StepperError
from stepper.controller import Controller


class Changing(QObject):
    """Passes changes by hand on to the session; on trouble the controller says one sentence."""

    rate_asked = Signal(str, str)

    def __init__(self, controller: Controller, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._controller = controller

    @Slot(int, object, str)
    def change_cell(self, value: int, cell: tuple[int, ...], text: str) -> None:
        """Type a number over a cell."""
        self._do("change_cell", value, cell, text)

    @Slot()
    def ask_rate(self) -> None:
        """Ask for another learning rate; `rate_asked` carries its name and what it is now."""
        session = self._controller.session
        if session is None:
            return
        name = rate_of(session.program)
        if name is None:
            self._controller.said.emit(self.tr("This program has no learning rate by itself, such as lr = 0.1, to change."))
            return
        self._controller.stop()
        self.rate_asked.emit(name, repr(session.program.first_values[name]))

    @Slot(str)
    def change_rate(self, text: str) -> None:
        """Use another learning rate from this iteration on."""
        session = self._controller.session
        name = None if session is None else rate_of(session.program)
        if session is not None and name is not None:
            self._do("change_cell", session.program.inputs[name], (), text)

    @Slot(str)
    def use_optimizer(self, name: str) -> None:
        """Update with another optimizer from here on."""
        self._do("use_optimizer", name)

    @Slot()
    def back_to_first_weights(self) -> None:
        """Begin again with the first weights, from here on."""
        self._do("back_to_first_weights")

    @Slot()
    def undo(self) -> None:
        """Take the newest change back."""
        self._do("undo")

    @Slot()
    def redo(self) -> None:
        """Make the change again that was taken back."""
        self._do("redo")

    @Slot()
    def recompute(self) -> None:
        """Compute what is out of date."""
        self._do("recompute")

    @Slot()
    def toggle_what_if(self) -> None:
        """Have what follows from a change computed at once, or not."""
        session = self._controller.session
        if session is not None:
            session.set_what_if(not session.what_if)

    def _do(self, method: str, *arguments: object) -> None:
        session = self._controller.session
        if session is not None:
            self._controller.stop()
            try:
                getattr(session, method)(*arguments)
            except StepperError as error:
                self._controller.said.emit(str(error))
