"""The open text, its diagnosis and the panels: which text is diagnosed, who is told, what the actions do."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from core.diagnosis.words import title
from stepper.controller import Controller
from stepper.diagnosing import Diagnosing
from stepper.models.diagnosis_state import FAULT, PLACE, Diagnosed
from stepper.panels import Panels
from stepper.views.diagnosis import DiagnosisView
from stepper.views.program import ProgramView
from stepper.writing import Writing

PANEL = "diagnosis"
LOOKING = (PANEL, "editor")
"""Panels that show what was found: while one of them is open, the text is diagnosed live."""


class Backward(QObject):
    """Has the text that is open diagnosed, and does what the actions on it ask for; `panel_wanted` asks for the panel."""

    panel_wanted = Signal()

    def __init__(self, controller: Controller, diagnosing: Diagnosing, writing: Writing, panels: Panels, parent: QObject) -> None:
        super().__init__(parent)
        self._controller, self._diagnosing, self._writing, self._panels = controller, diagnosing, writing, panels
        self._marked: tuple[object, ...] = (None, "", {})
        writing.opened.connect(diagnosing.take)
        writing.text_changed.connect(diagnosing.set_text)
        writing.applied.connect(diagnosing.set_open)
        diagnosing.changed.connect(self.mark_lines)
        panels.changed.connect(self._on_panels)

    @Slot()
    def check(self) -> None:
        """Diagnose the text as it stands, and show what is found."""
        if self._view() is not None:
            self._diagnosing.check()

    @Slot()
    def tell_more(self) -> None:
        """Open one level more of the fault that a person is at."""
        view = self._view()
        if view is not None:
            view.tell_more()

    @Slot()
    def next_fault(self) -> None:
        """Be at the next fault."""
        if self._view() is not None:
            self._diagnosing.next_fault()

    @Slot()
    def mark_lines(self) -> None:
        """Mark in the editor and in the program the lines whose place has been opened, and no others."""
        state = self._diagnosing.state
        told: dict[int, str] = {}
        for fault, key in zip(state.cards, state.keys, strict=True):
            if state.level(key) >= PLACE:
                words = self.tr("what it is, you have not been told yet")
                told[fault.line] = title(fault) if state.level(key) >= FAULT else words
        if (state.diagnosis, state.of, told) != self._marked:
            self._marked = state.diagnosis, state.of, told
            self._writing.set_diagnosis(state.diagnosis, state.of, told)
        view = self._panels.views.get("program")
        if isinstance(view, ProgramView):
            view.set_faults(self._places(self._diagnosing.state))

    @Slot(int)
    def show_line(self, line: int) -> None:
        """Bring a line of the text into view, in the editor where that is open, and in the program."""
        if self._panels.is_shown("editor"):
            self._writing.show_line(line)
        view, session = self._panels.views.get("program"), self._controller.session
        state = self._diagnosing.state
        fault = next((f for f in state.cards if f.line == line), None)
        if isinstance(view, ProgramView) and session is not None and fault is not None and state.of_open:
            statement = self._statement(fault.text, line)
            if statement is not None:
                view.show_statement(statement)

    def _places(self, state: Diagnosed) -> dict[int, str]:
        """Return a sentence for each statement of the open program whose fault's place was opened."""
        found: dict[int, str] = {}
        if not state.of_open or self._controller.session is None:
            return found
        for fault, key in zip(state.cards, state.keys, strict=True):
            level = state.level(key)
            statement = self._statement(fault.text, fault.line) if level >= PLACE else None
            if statement is not None:
                found[statement] = title(fault) if level >= FAULT else self.tr("Something is wrong here")
        return found

    def _statement(self, text: str, line: int) -> int | None:
        """Return which statement of the open program a typed line is: of several alike, the one that stands nearest."""
        session = self._controller.session
        if session is None:
            return None
        words = "".join(text.split())
        same = [s for s in session.program.statements if not s.derived and "".join(s.text.split()) == words]
        return min(same, key=lambda s: abs(s.line - line)).index if same else None

    @Slot()
    def write(self) -> None:
        """Show the editor, where a person writes their own backward."""
        self._writing.editor_wanted.emit()

    def _view(self) -> DiagnosisView | None:
        if not self._diagnosing.state.text.strip():
            return None
        self.panel_wanted.emit()
        view = self._panels.view(PANEL)
        return view if isinstance(view, DiagnosisView) else None

    @Slot()
    def _on_panels(self) -> None:
        seen = any(self._panels.is_shown(name) for name in LOOKING)
        self._diagnosing.set_seen(seen and self._panels.isVisible())
        self.mark_lines()
