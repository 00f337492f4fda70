"""Stops, watches and bookmarks: what a person left in the program, what it is worth now, and how to get there."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QPushButton, QVBoxLayout, QWidget

from core.errors import ExecutionError, NotationError
from core.health.rules import RULES
from core.notation.question import Question, compile, compile_condition, evaluate
from core.notes import Bookmark, Breakpoint, Watch, line_of
from core.program.ir import Program
from core.session import Moment
from stepper.widgets import fonts
from stepper.widgets.notes_tree import Note, NotesTree
from stepper.widgets.numbers import full, size_text
from stepper.widgets.question_line import QuestionForm

FEW_CELLS, MANY_CELLS = 4, 40
WIDE = 760


class NotesView(QWidget):
    """Lists what there is and says what a person wants of it; it changes nothing itself."""

    breakpoint_added = Signal(object)
    breakpoint_switched = Signal(object)
    breakpoint_removed = Signal(object)
    watch_added = Signal(str)
    watch_removed = Signal(str)
    watch_plotted = Signal(str)
    bookmark_gone_to = Signal(object)
    bookmark_removed = Signal(object)
    bookmark_noted = Signal(object, str)
    hunt = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Stops and watches"))
        self._moment: Moment | None = None
        self._program: Program | None = None
        self._questions: dict[Note, Question | str] = {}
        self.form = QuestionForm(self)
        self.setFocusProxy(self.form.line)
        self.form.watch_asked.connect(self.watch_added)
        self.form.condition_asked.connect(self._on_condition)
        self.form.change_asked.connect(self._on_change)
        self.tree = NotesTree(self)
        self.tree.switched.connect(self.breakpoint_switched)
        self.tree.removed.connect(self._remove)
        self.tree.gone_to.connect(self._go)
        self.tree.noted.connect(self.bookmark_noted)
        self.tree.chosen.connect(self._offer)
        self.earlier = self._button(self.tr("◀ Earlier"), self.tr("Go back to where this hit last (Shift+Enter)"))
        self.later = self._button(self.tr("Later ▶"), self.tr("Run on to where this hits next (Enter)"))
        self.go = self._button(self.tr("Go there"), self.tr("Travel to this place (Enter)"))
        self.note = self._button(self.tr("Note…"), self.tr("Write what this place is (F2)"))
        self.plot = self._button(self.tr("Plot"), self.tr("Show this over the iterations, among the curves (Enter)"))
        self.remove = self._button(self.tr("Remove"), self.tr("Take this away (Delete)"))
        self.problems = self._button(
            self.tr("Stop at NaN or ∞"),
            self.tr("Stop a run at the first operation that makes NaN or infinity out of finite numbers"),
        )
        self.bookmark = self._button(self.tr("Bookmark here"), self.tr("Remember the place where you are, to come back to it"))
        self.earlier.clicked.connect(self._on_earlier)
        self.later.clicked.connect(self._on_go)
        self.go.clicked.connect(self._on_go)
        self.note.clicked.connect(self.tree.write_note)
        self.plot.clicked.connect(self._on_go)
        self.remove.clicked.connect(self._on_remove)
        self.problems.clicked.connect(self._on_problems)
        self.bookmark.clicked.connect(self._on_bookmark)
        self._chosen = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._chosen.setSpacing(6)
        for button in (self.earlier, self.later, self.go, self.note, self.plot, self.remove):
            self._chosen.addWidget(button)
        self._chosen.addStretch(1)
        self._adding = QGridLayout()
        self._adding.setSpacing(6)
        self._top = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._top.setSpacing(6)
        self._top.addWidget(self.form, 1)
        self._top.addLayout(self._adding)
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._body.setSpacing(6)
        self._body.addWidget(self.tree, 1)
        self._body.addLayout(self._chosen)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(6)
        layout.addLayout(self._top)
        layout.addLayout(self._body, 1)
        self._wide: bool | None = None
        self._arrange(wide=False)
        self._offer(None)

    def _button(self, text: str, tip: str) -> QPushButton:
        made = QPushButton(text, self)
        made.setToolTip(tip)
        made.setAccessibleDescription(tip)
        made.setAutoDefault(False)
        return made

    def sizeHint(self) -> QSize:
        return QSize(360, 360)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 180)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(self.width() >= WIDE * max(1.0, fonts.zoom()))

    def _arrange(self, wide: bool) -> None:
        """Put the buttons beside what they belong to where there is room, else beneath it."""
        if wide is self._wide:
            return
        self._wide = wide
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._top.setDirection(across if wide else down)
        self._body.setDirection(across if wide else down)
        self._chosen.setDirection(down if wide else across)
        columns = 4 if wide else 2
        for n, button in enumerate((self.form.watch, self.form.stop, self.problems, self.bookmark)):
            self._adding.addWidget(button, n // columns, n % columns, Qt.AlignmentFlag.AlignTop)

    def draw(self, moment: Moment) -> None:
        """Show what is left in the program and what it is worth at a moment."""
        self._moment = moment
        self.form.draw(moment)
        notes = moment.notes
        every: tuple[Note, ...] = (*notes.breakpoints, *notes.watches, *notes.bookmarks)
        if moment.program is not self._program:
            self._program, self._questions = moment.program, {}
        self._questions = {n: q for n, q in self._questions.items() if n in every}
        hints = (
            self.tr("none yet: type a condition above"), self.tr("none yet: type an expression above"), self.tr("none yet"),
        )  # fmt: skip
        self.tree.show_notes(notes, {n: self._texts(moment, n) for n in every}, hints)
        self.problems.setEnabled(not any(b.kind == "finding" for b in notes.breakpoints))
        self._offer(self.tree.current_note())

    # -- what a row says -----------------------------------------------------------------------------

    def _texts(self, moment: Moment, note: Note) -> tuple[str, str, str]:
        if isinstance(note, Bookmark):
            where = self.tr("iteration {i}, {k} done").format(i=note.iteration, k=note.k)
            return note.note or self.tr("bookmark"), where, self.tr("F2 changes the note")
        if isinstance(note, Watch):
            now, tip = self._worth(moment, note)
            return note.text, now, "\n".join((note.text, tip or now))
        if note.kind == "line":
            now = self.tr("before line {n}").format(n=note.line)
            if line_of(moment.program, note) is None:
                now = self.tr("⚠ this line is not in the program")
            return note.text, now, f"{note.text}\n{now}"
        if note.kind == "finding":
            now = self.tr("at the first operation that makes it")
            if note.text == "any":
                return self.tr("any problem"), self.tr("where it begins"), self.tr("any problem, where it begins")
            title = RULES[note.text].title if note.text in RULES else note.text
            return self.tr("NaN or ∞") if note.text in ("", "nonfinite") else title, now, now
        question = self._question(moment, note)
        now = self.tr("where it becomes true") if note.kind == "condition" else self.tr("where it changes")
        if isinstance(question, str):
            now = f"⚠ {question}"
        return note.text, now, f"{note.text}\n{now}"

    def _question(self, moment: Moment, note: Breakpoint | Watch) -> Question | str:
        """Return the question that a note asks, or why it cannot be asked of this program."""
        if note not in self._questions:
            read = compile_condition if isinstance(note, Breakpoint) and note.kind == "condition" else compile
            try:
                self._questions[note] = read(note.text, moment.program, moment.machine.layout)
            except NotationError as error:
                self._questions[note] = str(error)
        return self._questions[note]

    def _worth(self, moment: Moment, watch: Watch) -> tuple[str, str]:
        """Return what a watch is worth now, and more of it for a tip."""
        question = self._question(moment, watch)
        if isinstance(question, str):
            return f"⚠ {question}", ""
        point = question.at(moment.k)
        if point is not None and moment.stale.intersection(v for v in point.values if v is not None):
            return self.tr("⚠ out of date"), self.tr("A number was changed by hand; step or run to compute this again.")
        try:
            answer = evaluate(question, moment.k, moment.machine.peek, moment.position.iteration)
        except ExecutionError as error:
            return f"⚠ {error}", ""
        if answer is None:
            return self.tr("not computed yet"), ""
        array = np.asarray(answer)
        if array.ndim == 0:
            return full(answer), ""
        return self._cells(array, FEW_CELLS), self._cells(array, MANY_CELLS)

    def _cells(self, array: np.ndarray, most: int) -> str:
        cells = ", ".join(full(x) for x in array.reshape(-1)[:most])
        return f"{size_text(array.shape)}:  {cells}" + (", …" if array.size > most else "")

    # -- what a person wants -------------------------------------------------------------------------

    @Slot(object)
    def _offer(self, note: object) -> None:
        """Show the buttons that make sense for the chosen row."""
        self.earlier.setVisible(isinstance(note, Breakpoint))
        self.later.setVisible(isinstance(note, Breakpoint))
        self.go.setVisible(isinstance(note, Bookmark))
        self.note.setVisible(isinstance(note, Bookmark))
        self.plot.setVisible(isinstance(note, Watch))
        self.remove.setVisible(note is not None)
        question = self._questions.get(note) if isinstance(note, Watch) else None
        self.plot.setEnabled(isinstance(question, Question) and int(np.prod(question.shape)) == 1)

    @Slot(str)
    def _on_condition(self, text: str) -> None:
        self.breakpoint_added.emit(Breakpoint("condition", text))

    @Slot(str)
    def _on_change(self, text: str) -> None:
        self.breakpoint_added.emit(Breakpoint("change", text))

    @Slot()
    def _on_problems(self) -> None:
        self.breakpoint_added.emit(Breakpoint("finding"))

    @Slot()
    def _on_bookmark(self) -> None:
        if self._moment is not None:
            at = self._moment.position
            known = [b for b in self._moment.notes.bookmarks if (b.iteration, b.k) == (at.iteration, at.k)]
            if not known:
                self.bookmark_noted.emit(Bookmark(at.iteration, at.k), "")

    @Slot(object)
    def _remove(self, note: Note) -> None:
        if isinstance(note, Breakpoint):
            self.breakpoint_removed.emit(note)
        elif isinstance(note, Watch):
            self.watch_removed.emit(note.text)
        else:
            self.bookmark_removed.emit(note)

    @Slot(object, bool)
    def _go(self, note: Note, earlier: bool) -> None:
        if isinstance(note, Breakpoint):
            self.hunt.emit("earlier" if earlier else "later", note)
        elif isinstance(note, Bookmark):
            self.bookmark_gone_to.emit(note)
        elif self.plot.isEnabled():
            self.watch_plotted.emit(note.text)

    @Slot()
    def _on_earlier(self) -> None:
        note = self.tree.current_note()
        if note is not None:
            self._go(note, True)

    @Slot()
    def _on_go(self) -> None:
        note = self.tree.current_note()
        if note is not None:
            self._go(note, False)

    @Slot()
    def _on_remove(self) -> None:
        note = self.tree.current_note()
        if note is not None:
            self._remove(note)
            self.tree.setFocus(Qt.FocusReason.OtherFocusReason)
