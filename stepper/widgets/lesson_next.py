"""What a person can do at a step, besides going on: run, be told, compare, try it themselves."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from stepper import theme
from stepper.models.lesson_state import LessonState


class LessonNext(QWidget):
    """Buttons, each only where the step has it. `action_wanted(name)`: `run`, `diagnose`, `compare`, `edit`, `read`."""

    action_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run_button = QPushButton(self)
        self.diagnose_button = QPushButton(self.tr("&Diagnose this program"), self)
        self.compare_button = QPushButton(self)
        self.edit_button = QPushButton(self.tr("Tr&y it yourself in the editor"), self)
        self.read_button = QPushButton(self.tr("&Read on"), self)
        self.read_button.setFlat(True)
        self.read_button.setToolTip(self.tr("Read what comes of it without doing it"))
        self.run_button.setToolTip(self.tr("Go on from here; the loss grows below"))
        self.diagnose_button.setToolTip(self.tr("Find out which lines are wrong, and how"))
        self.compare_button.setToolTip(self.tr("Train both from the same start, side by side"))
        self.edit_button.setToolTip(self.tr("Change the lines of this program; the lesson stays where it is"))
        self._names = {
            self.run_button: "run", self.diagnose_button: "diagnose", self.compare_button: "compare", self.edit_button: "edit",
            self.read_button: "read",
        }  # fmt: skip
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        for button in self._names:
            button.setAutoDefault(True)
            button.clicked.connect(self._on_click)
            column.addWidget(button)
        column.setAlignment(self.read_button, Qt.AlignmentFlag.AlignRight)

    def show_state(self, state: LessonState) -> None:
        """Show the buttons that the step has, once there is nothing left to answer."""
        step = state.step if state.open else None
        has = {
            self.run_button: step is not None and step.run > 0,
            self.diagnose_button: step is not None and step.diagnose and "diagnosis" in state.panels,
            self.compare_button: step is not None and step.compare is not None and "course" in state.panels,
            self.read_button: step is not None and not state.told and bool(state.shown and state.shown.reveal),
            self.edit_button: step is not None and (step.diagnose or self._is_last(state)) and "editor" in state.panels,
        }
        if step is not None and step.run:
            words = self.tr("&Run 1 iteration") if step.run == 1 else self.tr("&Run {n} iterations").format(n=step.run)
            self.run_button.setText(f"▷  {words}")
            self.run_button.setEnabled(not state.busy)
        if step is not None and step.compare is not None:
            one, other = step.compare.variants
            self.compare_button.setText(self.tr("&Compare {one} and {other}").format(one=one, other=other))
        for button, there in has.items():
            button.setVisible(there)
        self._paint_first(has, state.told)
        self.setVisible(any(has.values()))

    def _paint_first(self, has: Mapping[QPushButton, bool], told: bool) -> None:
        """Give what the step asks for the ground of the one thing to press, until it is done."""
        t = theme.current()
        first = None if told else next((button for button, there in has.items() if there), None)
        for button in has:
            palette = QPalette()
            if button is first:
                palette.setColor(QPalette.ColorRole.Button, QColor(t.accent))
                palette.setColor(QPalette.ColorRole.ButtonText, QColor(t.accent_text))
            button.setPalette(palette)

    def _is_last(self, state: LessonState) -> bool:
        return state.lesson is not None and state.at + 1 == len(state.lesson.steps)

    @Slot()
    def _on_click(self) -> None:
        button = self.sender()
        if isinstance(button, QPushButton):
            self.action_wanted.emit(self._names[button])
