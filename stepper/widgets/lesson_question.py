"""The question of a step: asked before anything is shown, answered once, explained kindly."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QColor, QKeyEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from core.lessons.runs import Asked
from stepper import theme
from stepper.models.lesson_state import SHOWN, Given
from stepper.widgets import fonts
from stepper.widgets.choice_button import ChoiceButton
from stepper.widgets.lesson_text import LessonText

SHAPE = re.compile(r"\s*[(\[]?\s*(\d{1,6})\s*(?:[×x*,\s]|by)\s*(\d{1,6})\s*[)\]]?\s*", re.IGNORECASE)
SIGNS: Mapping[str, str] = {
    "positive": "+", "negative": "−", "zero": "0", "exactly zero": "0", "rises": "↗", "falls": "↘", "stays": "→",
    "not a number": "?", "becomes nan": "?",
}  # fmt: skip
"""What stands before an option, by how it begins: a sign is read faster than its name."""


def shape_of(text: str) -> tuple[int, int] | None:
    """Return the shape that was typed: `1×3`, `1x3`, `(1, 3)`, `1 3`; None if it is none."""
    found = SHAPE.fullmatch(text)
    return None if found is None else (int(found[1]), int(found[2]))


def number_of(text: str) -> float | None:
    """Return the number that was typed, also with a real minus or a decimal comma; None if it is none."""
    try:
        found = float(text.strip().replace("−", "-").replace(",", "."))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def unmarked(text: str) -> str:
    """Return an option without the marks of Markdown, for a button."""
    return text.replace("`", "").replace("**", "")


def is_typed(asked: Asked) -> bool:
    """Tell whether an answer is typed rather than chosen: a number, and a shape, which nobody should guess from a list."""
    return not asked.options or (asked.kind == "shape" and shape_of(asked.right_text) is not None)


def is_right(asked: Asked, given: Given) -> bool:
    """Tell whether an answer is the right one; one that was shown is not."""
    if given == SHOWN:
        return False
    if isinstance(given, str):
        return shape_of(given) is not None and shape_of(given) == shape_of(asked.right_text)
    return asked.is_right(given)


def fits(asked: Asked, given: Given) -> bool:
    """Tell whether an answer, kept from an earlier time, is one to this question."""
    if given == SHOWN:
        return True
    if not is_typed(asked):
        return isinstance(given, int) and not isinstance(given, bool) and 0 <= given < len(asked.options)
    return isinstance(given, str) if asked.kind == "shape" else isinstance(given, (int, float))


class LessonQuestion(QWidget):
    """A card with one question. `answered(given)` carries an option from 0, a number, a shape as typed, or SHOWN."""

    answered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Question"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._asked: Asked | None = None
        self._given: Given | None = None
        self.head = QLabel(self)
        self.head.setTextFormat(Qt.TextFormat.PlainText)
        self.prompt = LessonText(self.tr("what is asked"), self)
        self.buttons: list[ChoiceButton] = []
        self.field = QLineEdit(self)
        self.field.setMaxLength(40)
        self.check_button = QPushButton(self.tr("Chec&k"), self)
        self.show_button = QPushButton(self.tr("Show &me"), self)
        self.show_button.setToolTip(self.tr("See the answer without guessing"))
        self.show_button.setFlat(True)
        self.hint, self.verdict = QLabel(self), QLabel(self)
        for label, name in ((self.hint, self.tr("how to answer")), (self.verdict, self.tr("answer"))):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setAccessibleName(name)
        self.explanation = LessonText(self.tr("why"), self)
        for button in (self.check_button, self.show_button):
            button.setAutoDefault(True)
        self._lay_out()
        self.field.returnPressed.connect(self._on_typed)
        self.check_button.clicked.connect(self._on_typed)
        self.show_button.clicked.connect(self._on_show)
        self._use_fonts()
        self.hide()

    def show_question(self, asked: Asked | None, given: Given | None) -> None:
        """Show a question with what was answered; the answer to an unanswered one is nowhere in this widget."""
        just_answered = asked is self._asked and self._given is None and given is not None
        if asked is not self._asked:
            self.field.clear()
            self.hint.clear()
        elif given == self._given:
            self._colour()
            return
        self._asked, self._given = asked, given
        self.setVisible(asked is not None)
        if asked is None:
            return
        done = given is not None
        self.head.setText(self.tr("The question was") if done else self.tr("Before you look"))
        self.prompt.say(asked.prompt)
        self.setAccessibleDescription(self.prompt.toPlainText())
        self._show_options(asked, given)
        typed = is_typed(asked) and not done
        self.field.setVisible(typed)
        self.check_button.setVisible(typed)
        self.show_button.setVisible(not done)
        if typed:
            self._prepare_field(asked)
        elif not done:
            self.hint.setText(self.tr("Choose, or press its number."))
        self.hint.setVisible(not done)
        self.verdict.setVisible(done)
        self.explanation.say(asked.explanation if done else "")
        self.verdict.setText("" if given is None else self._verdict(asked, given))
        if just_answered and QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.verdict.text()))
        self._colour()

    def begin(self) -> None:
        """Take the keyboard, without choosing anything."""
        at: QWidget = self.field if not self.field.isHidden() else self
        at.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Answer with 1 to 9; where an answer is typed, a digit begins it."""
        choice = event.key() - Qt.Key.Key_1
        asked = self._asked
        if (
            asked is not None
            and self._given is None
            and self._is_option(asked, choice)
            and not event.modifiers().value & (Qt.KeyboardModifier.ControlModifier.value | Qt.KeyboardModifier.AltModifier.value)
        ):
            self.answered.emit(choice)
            return
        if self.field.isVisible() and event.text().isdigit():
            self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.field.insert(event.text())
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text and the theme."""
        if event.type() == QEvent.Type.FontChange and hasattr(self, "explanation"):
            self._use_fonts()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a card; with the keyboard it has a thick frame."""
        t, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.accent if self._given is None else t.border), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor(t.panel))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), 6, 6)
        painter.end()

    # -- inside ----------------------------------------------------------------------------------------

    def _is_option(self, asked: Asked, choice: int) -> bool:
        return not is_typed(asked) and 0 <= choice < len(asked.options)

    def _show_options(self, asked: Asked, given: Given | None) -> None:
        options = () if is_typed(asked) else asked.options
        while len(self.buttons) < len(options):
            button = ChoiceButton(len(self.buttons), self)
            button.pressed_with.connect(self._on_choice)
            self._choices.addWidget(button)
            self.buttons.append(button)
        right = -1 if given is None else asked.right
        for n, button in enumerate(self.buttons):
            text = unmarked(options[n]) if n < len(options) else ""
            sign = next((s for word, s in SIGNS.items() if text.lower().startswith(word)), "")
            mark = "" if given is None else "✓" if n == right else "✗" if n == given else " "
            button.say(f"{sign}  {text}" if sign else text, mark)

    def _prepare_field(self, asked: Asked) -> None:
        if asked.kind == "shape":
            name, example = self.tr("rows × columns"), self.tr("rows × columns, such as 2 × 5")
            hint = self.tr("Type rows × columns (x will do), then Enter.")
        else:
            name, example = self.tr("a number"), self.tr("a number")
            hint = self.tr("Type a number, then Enter. About right is right.")
        self.field.setAccessibleName(name)
        self.field.setPlaceholderText(example)
        self.hint.setText(hint)

    def _verdict(self, asked: Asked, given: Given) -> str:
        answer = unmarked(asked.right_text)
        if is_right(asked, given):
            return self.tr("✓ Right: {answer}").format(answer=answer)
        if given == SHOWN:
            return self.tr("It is: {answer}").format(answer=answer)
        if is_typed(asked):
            return self.tr("✗ Not {given}. It is: {answer}").format(given=given, answer=answer)
        return self.tr("✗ Not quite. It is: {answer}").format(answer=answer)

    def _lay_out(self) -> None:
        self._choices = QVBoxLayout()
        self._choices.setSpacing(4)
        typing = QHBoxLayout()
        typing.addWidget(self.field, 1)
        typing.addWidget(self.check_button)
        below = QHBoxLayout()
        below.addWidget(self.hint, 1)
        below.addWidget(self.show_button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(7)
        column.addWidget(self.head)
        column.addWidget(self.prompt)
        column.addLayout(self._choices)
        column.addLayout(typing)
        column.addLayout(below)
        column.addWidget(self.verdict)
        column.addWidget(self.explanation)

    def _colour(self) -> None:
        t = theme.current()
        right = self._asked is not None and self._given is not None and is_right(self._asked, self._given)
        _ink(self.head, t.accent if self._given is None else t.dim)
        _ink(self.hint, t.dim)
        _ink(self.verdict, t.phases["update"] if right else t.text)
        self.update()

    def _use_fonts(self) -> None:
        base = QApplication.font()
        self.head.setFont(fonts.sized(base, -0.5, bold=True))
        self.hint.setFont(fonts.sized(base, -0.5))
        self.verdict.setFont(fonts.sized(base, 0.5, bold=True))
        self.field.setFont(fonts.mono(base, 1))

    @Slot(int)
    def _on_choice(self, n: int) -> None:
        self._give(n)

    @Slot()
    def _on_show(self) -> None:
        self._give(SHOWN)

    @Slot()
    def _on_typed(self) -> None:
        asked, text = self._asked, self.field.text().strip()
        if asked is None or self._given is not None or not text:
            return
        if asked.kind == "shape":
            shape = shape_of(text)
            if shape is None:
                self.hint.setText(self.tr("Type two numbers, rows × columns, such as 2 × 5."))
                return
            self._give(f"{shape[0]}×{shape[1]}")
            return
        number = number_of(text)
        if number is None:
            self.hint.setText(self.tr("Type one number, such as 0.25 or 1e-5."))
            return
        self._give(number)

    def _give(self, given: Given) -> None:
        if self._asked is not None and self._given is None:
            self.answered.emit(given)


def _ink(label: QLabel, colour: str) -> None:
    palette = QPalette()  # an empty one, so that all other roles follow the theme
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):  # on the ground of a page labels write with Text
        palette.setColor(role, QColor(colour))
    label.setPalette(palette)
