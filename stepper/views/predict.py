"""Predict: before a step one question about the next operation, then the answer. Never about digits."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QHideEvent, QKeyEvent, QPalette
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from core.execute.machine import Machine
from core.quiz import MOST_CHOICES, Question, question
from core.session import Moment
from stepper import theme
from stepper.widgets import fonts, page
from stepper.widgets.choice_button import ChoiceButton


class PredictView(QWidget):
    """Asks about the operation to come. `answered(bool)` says whether the choice was right.

    Whoever steps on without answering is told what it was, and asked the next one. Nothing is asked while the program
    runs, and nothing is computed while the view is hidden.
    """

    answered = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Predict the next operation"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._question: Question | None = None
        self._place: tuple[Machine, int, int] | None = None
        self._chosen: int | None = None
        self._right, self._asked = 0, 0
        page.panel(self)
        body = QWidget(self)
        box = QVBoxLayout(body)
        box.setContentsMargins(10, 8, 10, 8)
        box.setSpacing(6)
        self.title_label = self._label(self.tr("what is asked about"), body)
        self.code_label = self._label(self.tr("the next operation"), body)
        self.question_label = self._label(self.tr("question"), body)
        self.terms_label = self._label(self.tr("what the cell is made of"), body)
        self.hint_label = self._label(self.tr("how to answer"), body)
        self.answer_label = self._label(self.tr("answer"), body)
        self.reason_label = self._label(self.tr("reason"), body)
        self.before_label = self._label(self.tr("the question before"), body)
        self.tally_label = self._label(self.tr("answers so far"), body)
        self.buttons = [ChoiceButton(n, body) for n in range(MOST_CHOICES)]
        for label in (self.title_label, self.code_label, self.question_label, self.terms_label):
            box.addWidget(label)
        for button in self.buttons:
            button.pressed_with.connect(self.answer)
            box.addWidget(button)
        for label in (self.hint_label, self.answer_label, self.reason_label, self.before_label):
            box.addWidget(label)
        box.addStretch()
        box.addWidget(self.tally_label)
        scroll = QScrollArea(self)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setAccessibleName(self.tr("question and answers"))
        scroll.setWidget(body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        self._use_fonts()

    def sizeHint(self) -> QSize:
        return QSize(340, 320)

    @property
    def question(self) -> Question | None:
        """What is being asked now."""
        return self._question

    def draw(self, moment: Moment) -> None:
        """Ask about the operation to come; at the same place as before the answer stays where it is."""
        place = (moment.machine, moment.position.iteration, moment.k)
        if moment.running:
            self._question, self._place, self._chosen = None, None, None
            self.before_label.setText("")
        elif self._place is None or self._place[0] is not place[0] or self._place[1:] != place[1:]:
            self._look_back()
            self._place, self._chosen = place, None
            self._question = question(moment.program, moment.machine, *place[1:])
        self._show(moment.running, moment.upcoming is None)

    @Slot(int)
    def answer(self, choice: int) -> None:
        """Choose an answer, counted from 0; the first choice counts."""
        asked = self._question
        if asked is None or self._chosen is not None or not 0 <= choice < len(asked.choices):
            return
        self._chosen = choice
        right = choice == asked.right
        self._asked += 1
        self._right += right
        had_focus = any(b.hasFocus() for b in self.buttons)
        self._show()
        if had_focus:
            self.setFocus()  # a disabled button would hand the focus to any other widget
        self.answered.emit(right)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer with 1 to 4."""
        choice = event.key() - Qt.Key.Key_1
        if self._question is not None and self._chosen is None and 0 <= choice < len(self._question.choices):
            self.answer(choice)
            return
        super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Forget the question: whoever comes back is asked anew."""
        self._question, self._place, self._chosen = None, None, None
        self.before_label.setText("")
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() == QEvent.Type.FontChange and hasattr(self, "tally_label"):
            self._use_fonts()
        super().changeEvent(event)

    def _look_back(self) -> None:
        """Tell the answer of a question that was passed by."""
        asked = self._question
        if asked is None or self._chosen is not None:
            self.before_label.setText("")
            return
        text = self.tr("The last one, {operation}: it was: {answer}. {reason}")
        self.before_label.setText(
            text.format(operation=asked.instruction.text, answer=asked.choices[asked.right], reason=asked.reason)
        )

    def _show(self, running: bool = False, at_end: bool = False) -> None:
        asked, chosen, t = self._question, self._chosen, theme.current()
        if asked is None:
            self.title_label.setText(self.tr("Predict"))
            text = self.tr("There is nothing to predict about the next operation. Step on.")
            if at_end:
                text = self.tr("This iteration is done. Step on, and the next one begins with a new question.")
            if running:
                text = self.tr("Stop the run, and you are asked about the operation that comes next.")
            self.question_label.setText(text)
        else:
            self.title_label.setText(self.tr("Predict: what comes next?"))
            self.question_label.setText(asked.text)
        self.code_label.setText(asked.about if asked is not None else "")
        self.terms_label.setText(asked.hint if asked is not None else "")
        self.code_label.setVisible(asked is not None)
        self.terms_label.setVisible(asked is not None and bool(asked.hint))
        for n, button in enumerate(self.buttons):
            button.say(asked.choices[n] if asked is not None and n < len(asked.choices) else "", _mark(asked, chosen, n))
        self.hint_label.setVisible(asked is not None and chosen is None)
        self.hint_label.setText(self.tr("Choose with the mouse or press its number. Or just step on."))
        self.answer_label.setVisible(chosen is not None)
        self.reason_label.setVisible(chosen is not None)
        if asked is not None and chosen is not None:
            right = chosen == asked.right
            told = (
                self.tr("✓ Right.")
                if right
                else self.tr("✗ Not right. It is: {answer}.").format(answer=asked.choices[asked.right])
            )
            self.answer_label.setText(told)
            _ink(self.answer_label, t.phases["update"] if right else t.error)
            self.reason_label.setText(asked.reason)
        self.before_label.setVisible(bool(self.before_label.text()) and chosen is None)
        for label in (self.hint_label, self.before_label, self.tally_label):
            _ink(label, t.dim)
        self.tally_label.setText(self.tr("{right} of {asked} right so far").format(right=self._right, asked=self._asked))
        self.tally_label.setVisible(self._asked > 0)

    def _use_fonts(self) -> None:
        base = QApplication.font()
        self.title_label.setFont(fonts.sized(base, 0.5, bold=True))
        self.answer_label.setFont(fonts.sized(base, 0, bold=True))
        self.code_label.setFont(fonts.mono(base, 1))
        self.terms_label.setFont(fonts.mono(base))
        for label in (self.hint_label, self.before_label, self.tally_label):
            label.setFont(fonts.sized(base, -0.5))
        for button in self.buttons:
            button.setFont(base)

    def _label(self, name: str, parent: QWidget) -> QLabel:
        label = QLabel(parent)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setAccessibleName(name)
        label.setWordWrap(True)
        return label


def _mark(asked: Question | None, chosen: int | None, n: int) -> str:
    if asked is None or chosen is None:
        return ""
    return "✓" if n == asked.right else "✗" if n == chosen else " "


def _ink(label: QLabel, colour: str) -> None:
    palette = QPalette()  # an empty one, so that all other roles follow the theme
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):  # on the ground of a page labels write with Text
        palette.setColor(role, QColor(colour))
    label.setPalette(palette)
