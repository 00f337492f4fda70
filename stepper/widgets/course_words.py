"""What is said of runs beside each other: where they part, with a button that goes there, and what the loss shows."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from core.diagnosis import Diagnosis
from core.diagnosis.course import Course, Parting
from core.diagnosis.course_choices import Choice
from core.diagnosis.course_words import beside, verdict
from core.program.ir import Program

NARROWEST = 240


class CourseWords(QWidget):
    """`place_wanted` asks for an iteration and how many operations of it are done."""

    place_wanted = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place: tuple[int, int] | None = None
        self.notice = text_label(self.tr("What stands here"), self)
        self.parting = text_label(self.tr("Where they part"), self)
        self.verdict = text_label(self.tr("What the curves show"), self)
        self.go = QPushButton(self.tr("Go there"), self)
        self.go.setToolTip(self.tr("Go to this line of your own program, in the iteration in which they part"))
        self.go.setAutoDefault(False)
        self.go.clicked.connect(self._on_go)
        row = QHBoxLayout()
        row.addWidget(self.parting, 1)
        row.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.notice)
        column.addLayout(row)
        column.addWidget(self.verdict)

    def sizeHint(self) -> QSize:
        """As high as the sentences are in this width; a label by itself asks for the height of a narrow column."""
        layout = self.layout()
        height = 0 if layout is None else layout.heightForWidth(max(self.width(), NARROWEST))
        return QSize(NARROWEST, height)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()

    def say(
        self, course: Course, choice: Choice | None, diagnosis: Diagnosis, program: Program | None, names: tuple[str, ...] = ()
    ) -> None:
        """Say it of a course. `program` is the one in which the button goes to the line; None where it cannot.

        `names` are those of two programs of a lesson, of which none need be the faulty one.
        """
        self._say_parting(course, program, names)
        several = len(diagnosis.faults) > 1
        words: list[str] = []
        if names:
            words.append(beside(course, names))
        elif choice is None:
            words += [r.stopped for r in course.runs]
        else:
            many = choice.kind == "all" and several
            words.append(verdict(course, 0, self.tr("these faults") if many else self.tr("this fault"), many))
        if len(course.runs) > 2:
            words.append(verdict(course, 1, self.tr("what is left after this mend")))
        self.verdict.setText("\n".join(filter(None, words)))
        self.verdict.setVisible(bool(self.verdict.text()))
        self.updateGeometry()

    def hint(self, diagnosis: Diagnosis | None, choice: Choice | None, problem: str, stale: bool) -> None:
        """Say why there is nothing to see, or what is to be kept in mind about it."""
        self.notice.setText(self._notice(diagnosis, choice, problem, stale))
        self.notice.setVisible(bool(self.notice.text()))
        if diagnosis is None or problem:
            for part in (self.parting, self.go, self.verdict):
                part.hide()
        self.updateGeometry()

    def _notice(self, diagnosis: Diagnosis | None, choice: Choice | None, problem: str, stale: bool) -> str:
        if problem:
            return problem
        if diagnosis is None:
            return self.tr(
                "Here your program and the mended one run from the same start, so that you see what a fault does."
                " Check your code first; “See what it does” there begins it."
            )
        if stale:
            return self.tr("⚠ The open program is another one by now. These runs are of the one that was checked.")
        if choice is None and diagnosis.right:
            return self.tr("The gradients are right, so that there is nothing to mend; your program runs alone.")
        if choice is None:
            return self.tr("No mend is known for this program; it runs alone.")
        return ""

    def mend_name(self, choice: Choice, diagnosis: Diagnosis) -> str:
        """Return what a mend is called where one is chosen."""
        if choice.kind == "all":
            return self.tr("mended: all") if len(diagnosis.faults) > 1 else self.tr("mended")
        if choice.kind == "only":
            return self.tr("mended: only line {n}, {text}").format(n=choice.line, text=choice.text)
        return self.tr("taken: hint for line {n}, {text}").format(n=choice.line, text=choice.text)

    def run_names(self, course: Course, choice: Choice | None) -> list[str]:
        """Return what each run is called."""
        found = [self.tr("yours")]
        if choice is not None:
            only, hint = self.tr("only line {n} mended"), self.tr("with the hint for line {n}")
            found.append({"all": self.tr("mended"), "only": only, "hint": hint}[choice.kind].format(n=choice.line))
        return [*found, self.tr("all mended")][: len(course.runs)]

    def _say_parting(self, course: Course, program: Program | None, names: tuple[str, ...] = ()) -> None:
        self._place = None
        parting = course.parting() if len(course.runs) > 1 else None
        text = tip = ""
        if parting is not None:
            line = parting.line
            at = None if program is None else _made(program, parting)
            if program is not None and at is not None:  # a loss that was assumed moves the lines below it
                line = program.statements[program.instructions[at].statement].line
                self._place = parting.iteration, at + 1
            cell = f"[{', '.join(map(str, parting.cell))}]" if parting.cell else ""
            said = self.tr("They part in iteration {i} at line {line}, {name}: {one} {old}, {other} {new}.")
            if parting.shapes:
                said = self.tr("They part in iteration {i} at line {line}, the shape of {name}: {one} {old}, {other} {new}.")
            one, other = names or (self.tr("yours"), self.tr("mended"))
            text = said.format(
                i=parting.iteration, line=line, name=parting.name + cell, old=parting.numbers[0], new=parting.numbers[1],
                one=one, other=other,
            )  # fmt: skip
            tip = self.tr("exactly: {a} and {b}").format(a=parting.exact[0], b=parting.exact[1])
        self.parting.setText(text)
        self.parting.setToolTip(tip)
        self.parting.setVisible(bool(text))
        self.go.setVisible(self._place is not None)
        self.go.setAccessibleName(self.tr("Go there: {text}").format(text=text))

    @Slot()
    def _on_go(self) -> None:
        if self._place is not None:
            self.place_wanted.emit(*self._place)


def _made(program: Program, parting: Parting) -> int | None:
    """Return the instruction of a program that computes what two runs part in."""
    return next((i.index for i in program.instructions if program.values[i.result].label == parting.name), None)


def text_label(name: str, parent: QWidget) -> QLabel:
    """Return a label for sentences, which breaks its lines, and whose text can be copied."""
    made = QLabel(parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(True)
    made.setAccessibleName(name)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return made
