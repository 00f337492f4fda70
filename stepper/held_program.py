"""Whether the program that is open was made of the saved network that is shown, and what follows from that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.program.ir import Program
from core.saved_writing import tensor_names
from stepper.controller import Controller
from stepper.inspecting_work import Read
from stepper.models.saved_state import SavedState


class HeldProgram:
    """Knows the open program by its text: `holds` tells that the file is its own, `came_back` that a document brought it."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self.holds = self.came_back = False
        self._text = ""  # as it was made of the file, before anything was changed by hand
        self._named: tuple[Program | None, Mapping[str, str]] = (None, {})

    def hold(self, found: Read, holds: bool = True, came_back: bool = False) -> None:
        """Take a file for that of the open program, or, without `holds`, for one beside it."""
        self.holds, self.came_back, self._text = holds, came_back, found.text

    def let_go(self) -> None:
        """Know of no file any more."""
        self.holds = self.came_back = False

    @property
    def is_by_hand(self) -> bool:
        """Whether the program is another one by now than what was made of the file."""
        session = self._controller.session
        if session is None or not self.holds:
            return False
        return session.timeline.opened.text != self._text or bool(session.timeline.events)

    def parameters(self, state: SavedState) -> Mapping[str, str]:
        """Return which tensor of the file each parameter of the open program began with, by name."""
        session = self._controller.session
        if session is None or state.saved is None or not self.holds:
            return {}
        program = session.timeline.opened
        if program.text == self._text and state.steps is not None and not self.came_back:
            return state.steps.parameters
        # Changed by hand, or perhaps written by another version of the app: its own text says it.
        if self._named[0] is not program:
            self._named = program, tensor_names(program, Path(state.saved.path), session.folder)
        return self._named[1]
