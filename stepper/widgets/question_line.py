"""A line to type a question into: it completes names and says at once, in one sentence, what does not fit."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QStringListModel, Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCompleter, QLabel, QLineEdit, QListView, QPushButton, QVBoxLayout, QWidget

from core.errors import NotationError
from core.notation.question import LONGEST, Question, compile, known_names
from core.session import Moment
from stepper import theme
from stepper.widgets import fonts

_WORD = re.compile(r"[^\W\d]\w*$")


class QuestionLine(QLineEdit):
    """A line edit that completes the name at the cursor."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaxLength(LONGEST)
        self._names = QStringListModel(self)
        self.popup = QListView(self)
        self.completer_box = QCompleter(self._names, self)
        self.completer_box.setPopup(self.popup)
        self.completer_box.setWidget(self)
        self.completer_box.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.completer_box.activated.connect(self._insert)
        self.textEdited.connect(self._on_edited)

    def set_names(self, names: Sequence[str]) -> None:
        """Complete these names from now on."""
        if list(names) != self._names.stringList():
            self._names.setStringList(list(names))

    def _word(self) -> str:
        found = _WORD.search(self.text()[: self.cursorPosition()])
        return found[0] if found else ""

    @Slot(str)
    def _on_edited(self, text: str) -> None:
        del text
        word = self._word()
        box = self.completer_box
        box.setCompletionPrefix(word)
        if not word or box.completionCount() == 0 or (box.completionCount() == 1 and box.currentCompletion() == word):
            self.popup.hide()
            return
        place = self.cursorRect()
        place.setWidth(max(160, self.popup.sizeHintForColumn(0) + 30))
        box.complete(place)

    @Slot(str)
    def _insert(self, name: str) -> None:
        at = self.cursorPosition()
        start = at - len(self._word())
        text = self.text()
        self.setText(text[:start] + name + text[at:])
        self.setCursorPosition(start + len(name))
        self.textEdited.emit(self.text())
        self.popup.hide()


class QuestionForm(QWidget):
    """The line with what can be made of it: a watch, a stop where it becomes true, a stop where it changes."""

    watch_asked = Signal(str)
    condition_asked = Signal(str)
    change_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._moment: Moment | None = None
        self._program: object = None
        self._question: Question | None = None
        self.line = QuestionLine(self)
        self.line.setAccessibleName(self.tr("An expression to watch or to stop at"))
        self.line.setPlaceholderText(self.tr("W1[0, 1]   norm(dW1)   L > 0.5"))
        self.line.setToolTip(
            self.tr(
                "Type an expression over the names of the program. An answer is watched; "
                "a comparison such as L > 0.5 can stop a run. Enter takes what fits."
            )
        )
        self.line.textChanged.connect(self._read)
        self.line.returnPressed.connect(self._on_return)
        self.watch = QPushButton(self.tr("Watch"), self)
        self.watch.setToolTip(self.tr("Always show what this is now"))
        self.watch.clicked.connect(self._on_watch)
        self.stop = QPushButton(self.tr("Stop there"), self)
        self.stop.clicked.connect(self._on_stop)
        self.said = QLabel(self)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.said.setAccessibleName(self.tr("What does not fit"))
        for button in (self.watch, self.stop):
            button.setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.line)
        layout.addWidget(self.said)
        self._read("")

    def draw(self, moment: Moment) -> None:
        """Read questions of this moment's program from now on."""
        self._moment = moment
        if moment.program is not self._program:
            self._program = moment.program
            self.line.set_names(known_names(moment.program))
            self._read(self.line.text())
        self.line.setFont(fonts.mono(self.font()))
        palette = self.said.palette()
        palette.setColor(self.said.foregroundRole(), QColor(theme.current().error))
        self.said.setPalette(palette)

    @Slot(str)
    def _read(self, text: str) -> None:
        self._question, said = None, ""
        if text.strip() and self._moment is not None:
            try:
                self._question = compile(text, self._moment.program, self._moment.machine.layout)
            except NotationError as error:
                said = str(error)
                said = said[0].upper() + said[1:]
        self.said.setText("✕ " + said if said else "")
        self.said.setVisible(bool(said))
        self.watch.setEnabled(self._question is not None)
        self.stop.setEnabled(self._question is not None)
        condition = self._question is not None and self._question.condition
        # Both words have room from the start: nothing moves while one types.
        self.stop.setText(self.tr("Stop if true") if condition or self._question is None else self.tr("Stop if changed"))
        self.stop.setToolTip(
            self.tr("Stop a run where this becomes true") if condition else self.tr("Stop a run where this gets another value")
        )

    @Slot()
    def _on_return(self) -> None:
        if self._question is not None and self._question.condition:
            self._on_stop()
        else:
            self._on_watch()

    @Slot()
    def _on_watch(self) -> None:
        if self._question is not None:
            text = self._question.text
            self.line.clear()
            self.watch_asked.emit(text)

    @Slot()
    def _on_stop(self) -> None:
        question = self._question
        if question is not None:
            self.line.clear()
            (self.condition_asked if question.condition else self.change_asked).emit(question.text)
