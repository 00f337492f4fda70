"""A lesson: a step's text, its question before anything is shown, and what there is to do next; else the list of lessons."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPalette
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from core.session import Moment
from stepper import theme
from stepper.models.lesson_state import LessonState
from stepper.widgets import fonts, page
from stepper.widgets.lesson_foot import LessonFoot
from stepper.widgets.lesson_head import LessonHead
from stepper.widgets.lesson_list import LessonList
from stepper.widgets.lesson_next import LessonNext
from stepper.widgets.lesson_question import LessonQuestion
from stepper.widgets.lesson_text import LessonText

SETTLED = 30
"""Milliseconds until what an answer brings, also elsewhere in the window, has found its place."""


class LessonView(QWidget):
    """Shows what it is given by `show_state`; what a person wants it says by signals.

    `step_wanted(n)` a step from 0, `answered(given)` an answer, `action_wanted(name)` one of `place`, `stop`, `run`, `diagnose`,
    `compare`, `edit`, `read`, `list`; `lesson_wanted(target)` a lesson.
    """

    step_wanted = Signal(int)
    answered = Signal(object)
    action_wanted = Signal(str)
    lesson_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Lesson"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.state = LessonState()
        self._fresh = False
        self._wanted: int | None = None
        page.panel(self)
        self.head, self.foot = LessonHead(self), LessonFoot(self)
        self.title = QLabel(self)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.title.setAccessibleName(self.tr("title of the step"))
        self.text = LessonText(self.tr("text of the step"), self)
        self.question = LessonQuestion(self)
        self.reveal = LessonText(self.tr("what comes to light"), self)
        self.next = LessonNext(self)
        self.page = self._page()
        self.list = LessonList(self)
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.page)
        self.stack.addWidget(self.list)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.stack, 1)
        column.addWidget(self.foot)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SETTLED)
        self._soon.timeout.connect(self._to_answer)
        self._connect()
        self._use_fonts()
        self.show_state(self.state)

    def sizeHint(self) -> QSize:
        return QSize(380, 480)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 40, self.fontMetrics().height() * 14)

    def show_state(self, state: LessonState) -> None:
        """Show a lesson at a step; without one, the list of lessons."""
        before, self.state = self.state, state
        step = (state.lesson, state.at)
        moved = (before.lesson, before.at) != step or before.shown is not state.shown
        answered = not moved and before.given is None and state.given is not None
        self.head.show_state(state)
        self.foot.show_state(state)
        self.stack.setCurrentWidget(self.list if state.lesson is None else self.page)
        self.list.show_entries(state.entries)
        self._show_step(state)
        if moved:
            self._wanted = None
            self.page.verticalScrollBar().setValue(0)
            if self._fresh and state.shown is not None:
                self._fresh = False
                self.begin()
        elif answered:
            self.foot.next_button.setFocus(Qt.FocusReason.OtherFocusReason)
            self._soon.start()

    def draw(self, moment: Moment) -> None:
        """Follow the colours; where the window stands is told by `show_state`."""
        del moment
        self._ink()
        self.show_state(self.state)

    def begin(self) -> None:
        """Take the keyboard where the next thing is to be done: the question, else the button to go on."""
        if self.state.lesson is None:
            self.list.begin()
        elif self.state.shown is not None and not self.state.open:
            self.question.begin()
        else:
            self.foot.next_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Hand the keyboard on to where the next thing is to be done."""
        super().focusInEvent(event)
        self.begin()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Scroll by page; answer with a number wherever in the panel the keyboard is."""
        bar = self.page.verticalScrollBar()
        if event.key() in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp) and not event.modifiers().value:
            way = 1 if event.key() == Qt.Key.Key_PageDown else -1
            bar.setValue(bar.value() + way * bar.pageStep())
        elif self.question.isVisible() and not self.question.isAncestorOf(self.focusWidget() or self):
            self.question.keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text and the theme."""
        if event.type() == QEvent.Type.FontChange and hasattr(self, "list"):
            self._use_fonts()
        super().changeEvent(event)

    # -- inside ----------------------------------------------------------------------------------------

    def _show_step(self, state: LessonState) -> None:
        shown = state.shown
        title = shown.title if shown is not None else "" if state.step is None else state.step.title
        title = "" if "{" in title else title  # what stands there is not worked out yet
        self.title.setVisible(bool(title))
        self.title.setText(title)
        self.text.say(state.trouble if shown is None else shown.text)
        self.question.show_question(None if shown is None else shown.question, state.given)
        self.reveal.say(shown.reveal if shown is not None and state.told else "")
        self.next.show_state(state)
        # What a text asks for stands right below it; after a question it comes last.
        box, after = self._box, 3 if shown is None or shown.question is None else 4
        if box.indexOf(self.next) != after:
            box.removeWidget(self.next)
            box.insertWidget(after, self.next)

    @Slot()
    def _to_answer(self) -> None:
        """Have the answer in sight, from its beginning."""
        self._box.activate()
        at = self.question.y() + self.question.verdict.y()
        bar = self.page.verticalScrollBar()
        shown = [part for part in (self.question, self.reveal, self.next) if not part.isHidden()]
        if not shown:  # the next step was asked for meanwhile
            self._wanted = None
            return
        end = max(part.geometry().bottom() for part in shown) + 8
        below = end - self.page.viewport().height()
        wanted = max(bar.value(), min(below, at - 3 * self.fontMetrics().height()))
        bar.setValue(wanted)
        self._wanted = wanted if bar.value() < wanted else None

    @Slot()
    def _on_range(self) -> None:
        """Go on to where the answer is, when the page has grown: its height is known only after it is laid out."""
        if self._wanted is not None:
            self._to_answer()

    def _page(self) -> QScrollArea:
        body = QWidget(self)
        box = self._box = QVBoxLayout(body)
        box.setContentsMargins(14, 10, 14, 12)
        box.setSpacing(10)
        for part in (self.title, self.text, self.question, self.reveal, self.next):
            box.addWidget(part)
        box.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setAccessibleName(self.tr("the step"))
        scroll.setWidget(body)
        page.panel(body)
        return scroll

    def _connect(self) -> None:
        self.page.verticalScrollBar().rangeChanged.connect(self._on_range)
        self.head.step_wanted.connect(self._on_step)
        self.head.list_wanted.connect(self._on_list)
        self.foot.step_wanted.connect(self._on_step)
        self.foot.action_wanted.connect(self.action_wanted)
        self.next.action_wanted.connect(self.action_wanted)
        self.question.answered.connect(self.answered)
        self.list.chosen.connect(self.lesson_wanted)

    @Slot(int)
    def _on_step(self, n: int) -> None:
        focus = QApplication.focusWidget()
        self._fresh = focus is not None and self.isAncestorOf(focus)
        self.step_wanted.emit(n)

    @Slot()
    def _on_list(self) -> None:
        self.action_wanted.emit("list")

    def _use_fonts(self) -> None:
        self.title.setFont(fonts.sized(QApplication.font(), 4, bold=True))
        self._ink()

    def _ink(self) -> None:
        palette = QPalette()
        for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
            palette.setColor(role, QColor(theme.current().text))
        self.title.setPalette(palette)
