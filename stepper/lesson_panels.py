"""The panels that a step of a lesson asks for: shown beside it, and put away again with the step."""

from __future__ import annotations

from collections.abc import Collection

from stepper.models.lesson_state import LessonState
from stepper.panels import Panels

LATE = ("diagnosis", "course", "problems", "check", "compare", "update", "conditioning")
"""Panels that tell what a question asks for: they are shown when it has been answered."""


class StepPanels:
    """Shows what a step names; what a person had open stays open."""

    def __init__(self, panels: Panels) -> None:
        self._panels = panels
        self._mine: set[str] = set()

    def show(self, state: LessonState) -> None:
        """Show the panels that the step names, as far as its question has been answered; put away those of other steps."""
        wanted = [] if state.shown is None else [p for p in state.shown.step.show if p in self._panels.docks]
        if not state.open:
            wanted = [p for p in wanted if p not in LATE]
        self.clear(wanted)
        for name in reversed(wanted):
            self.mark(name)
            if not self._panels.is_in_front(name):
                self._panels.show_panel(name)

    def mark(self, name: str) -> None:
        """Note that a panel, if it is not open yet, is opened for this step."""
        if name in self._panels.docks and not self._panels.is_shown(name):
            self._mine.add(name)

    def clear(self, wanted: Collection[str] = ()) -> None:
        """Put away what was opened for a step, but what is wanted."""
        for name in self._mine - set(wanted):
            self._panels.put_away(name)
        self._mine &= set(wanted)
