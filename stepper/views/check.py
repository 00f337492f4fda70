"""Are the gradients right? One button checks them all; each is then seen cell by cell."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QFrame,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from core.health.gradcheck import GradientCheck, ParameterCheck, Progress, check
from core.health.gradcheck_words import glyph_of, sentence, summary
from core.health.vjpcheck import OperationCheck, operation_check
from core.session import Moment
from stepper import theme
from stepper.widgets import fonts, numbers
from stepper.widgets.check_matrices import CheckMatrices
from stepper.widgets.check_rows import CheckRows
from stepper.widgets.check_words import cell_text, operation_text, place_text
from stepper.widgets.pieces import Pieces
from stepper.widgets.tips import plain
from stepper.widgets.why_stack import ink, wrapped_label

Cell = tuple[int, ...]


class _What(NamedTuple):
    """What is being checked: all gradients, every cell of one, one cell, an operation; and in which iteration."""

    kind: Literal["all", "every", "cell", "operation"]
    iteration: int


class CheckView(QWidget):
    """Checks gradients when it is told to, in pieces between which the window stays alive.

    `value_clicked` gives a value and a cell.
    """

    value_clicked = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Gradient check"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._moment: Moment | None = None
        self._check: GradientCheck | None = None
        self._iteration = 0
        self._operation: tuple[OperationCheck, int] | None = None
        self._single: ParameterCheck | None = None
        self._cell: Cell | None = None
        self._followed: object = None
        self._drawn: tuple[object, ...] | None = None
        self.work = Pieces(self)
        self.work.progressed.connect(self._on_progress)
        self.work.ended.connect(self._on_ended)
        self.check_button = self._button(self.tr("Check all gradients"), self.tr("Check the gradient of every parameter (Enter)"))
        self.operation_button = self._button(
            self.tr("Check this operation"), self.tr("Check what the operation that just happened hands back")
        )
        self.every_button = self._button("", self.tr("It can take a while; Escape stops it"))
        self.check_button.clicked.connect(self.check_all)
        self.operation_button.clicked.connect(self.check_lit)
        self.every_button.clicked.connect(self.check_every)
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName(self.tr("How far the check has come"))
        self.place_label = wrapped_label(self.tr("what the numbers belong to"), self)
        self.summary_label = wrapped_label(self.tr("what was found"), self)
        self.sentence_label = wrapped_label(self.tr("what was found of the chosen parameter"), self)
        self.cell_label = wrapped_label(self.tr("the chosen cell"), self)
        policy = self.cell_label.sizePolicy()
        policy.setVerticalPolicy(QSizePolicy.Policy.Minimum)  # long numbers wrap where the panel is very narrow
        self.cell_label.setSizePolicy(policy)
        self.operation_label = wrapped_label(self.tr("what was found of the operation"), self)
        self.rows = CheckRows(self)
        self.rows.chosen.connect(self._on_row)
        self.matrices = CheckMatrices(self)
        self.matrices.cell_chosen.connect(self._on_cell)
        self._lay_out()
        self._show()

    def sizeHint(self) -> QSize:
        return QSize(420, 460)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 140)

    def draw(self, moment: Moment) -> None:
        """Take in a moment: what was checked stays, and is out of date where it does not belong to it."""
        before, self._moment = self._moment, moment
        if before is not None and (before.title, before.program.trainable) != (moment.title, moment.program.trainable):
            self.work.cancel()  # another program: nothing that was found says anything of it
            self._check = self._operation = self._single = self._cell = None
        self._follow(moment)
        self._show()

    # --- checking -----------------------------------------------------------------------------------

    @Slot()
    def check_all(self) -> None:
        """Check every gradient of the iteration that is looked at; while something is being checked, stop that."""
        if self.work.busy:
            self.cancel()
        elif self._moment is not None:
            moment = self._moment
            self._start(_What("all", moment.position.iteration), check(moment.program, moment.machine.peek))

    @Slot()
    def check_every(self) -> None:
        """Nudge every cell of the chosen parameter, in the iteration that was checked."""
        r = self._chosen()
        if r is not None and self._check is not None and not self.work.busy:
            work = check(self._check.program, self._check.inputs.get, [r.name], most=None)
            self._start(_What("every", self._iteration), work)

    @Slot()
    def check_lit(self) -> None:
        """Check the rule of the operation that just happened."""
        moment = self._moment
        if not self.work.busy and moment is not None and moment.lit is not None:
            work = operation_check(moment.program, moment.machine.peek, moment.lit.index)
            self._start(_What("operation", moment.position.iteration), work)

    @Slot()
    def cancel(self) -> None:
        """Stop checking; what was found before stays."""
        self.work.cancel()
        self._show()

    def _start(self, what: _What, work: Any) -> None:
        self.bar.setRange(0, 0)
        self.work.start(what, work)
        self._show()

    @Slot(object)
    def _on_progress(self, seen: object) -> None:
        if isinstance(seen, Progress):
            words = self.tr("{name}: {done} of {total} nudges")
            self.bar.setRange(0, max(seen.total, 1))
            self.bar.setFormat(words.format(name=seen.name, done=seen.done, total=seen.total))
            self.bar.setValue(seen.done)

    @Slot(object, object)
    def _on_ended(self, what: _What, found: Any) -> None:
        match what.kind:
            case "operation":
                self._operation = (found, what.iteration)
            case "all":
                self._check, self._iteration, self._single, self._cell = found, what.iteration, None, None
                if self._moment is not None:
                    self._follow(self._moment)
            case "every" if self._check is not None:
                self._check, self._single = self._check.with_results(found), None
            case _:
                self._single = next(iter(found.results), None)
        self._show()

    # --- what is chosen -----------------------------------------------------------------------------

    def _chosen(self) -> ParameterCheck | None:
        name = self.rows.current()
        return next((r for r in (self._check.results if self._check else ()) if r.name == name), None)

    def _follow(self, moment: Moment) -> None:
        """Choose what was chosen elsewhere: a cell of a parameter, or of its gradient."""
        s = moment.selection
        if self._check is None or s == self._followed or moment.program is not self._check.program:
            return
        self._followed = s
        for r in self._check.results:
            ends = moment.program.carried.get(r.name, ())
            if s.value is not None and s.value in (r.value, r.gradient, moment.program.inputs[r.name], *ends):
                self.rows.choose(r.name)
                self._cell = s.cell if s.cell is not None and _is_cell(r, s.cell) else None

    @Slot(str)
    def _on_row(self, name: str) -> None:
        del name
        self._cell = None
        self._show()

    @Slot(object, bool)
    def _on_cell(self, cell: Cell, own: bool) -> None:
        """Show a cell here and everywhere; of the learner's own gradient, that one."""
        r, found, moment = self._chosen(), self._check, self._moment
        if r is None or found is None or moment is None:
            return
        if not own or (r.own is not None and r.own.array.shape == r.nudged.shape):
            self._cell = cell
            if not r.misses[cell] >= 0 and not self.work.busy:
                work = check(found.program, found.inputs.get, [r.name], {r.name: [cell]})
                self._start(_What("cell", self._iteration), work)
            self._show()
        if moment.program is found.program:
            self.value_clicked.emit(r.gradient if own else r.value, cell)

    # --- what is shown ------------------------------------------------------------------------------

    def _show(self) -> None:
        moment, found, busy = self._moment, self._check, self.work.busy
        self.check_button.setText(self.tr("Stop") if busy else self.tr("Check all gradients"))
        self.check_button.setEnabled(moment is not None)
        self.operation_button.setEnabled(not busy and moment is not None and moment.lit is not None)
        self.bar.setVisible(busy)
        stale = self._is_stale()
        self.summary_label.setText(self._hint() if found is None else f"{glyph_of(found)} {summary(found)}")
        self.summary_label.setFont(fonts.sized(QApplication.font(), 0, bold=found is not None))
        here = 0 if moment is None else moment.position.iteration
        self.place_label.setText("" if found is None else place_text(self._iteration, here, stale))
        ink(self.place_label, theme.current().error if stale else theme.current().dim)
        self.rows.setVisible(found is not None and bool(found.results))
        self._show_parameter(stale)
        self._show_operation()
        for label in (self.place_label, self.summary_label, self.sentence_label, self.cell_label, self.operation_label):
            label.setVisible(bool(label.text()))

    def _show_parameter(self, stale: bool) -> None:
        found = self._check
        look = (found, stale, theme.current().key, numbers.shown_digits(), self.font().key())
        if self._drawn is None or look != self._drawn[:-1]:
            self.rows.show_results(found.results if found is not None else (), stale)
            self._drawn = None
        r = self._chosen()
        if r is not None and (self._cell is None or not _is_cell(r, self._cell)):
            self._cell = r.where if r.where is not None else (0,) * r.nudged.ndim if r.nudged.size else None
        if self._drawn != (*look, self.rows.current()):
            self._drawn = (*look, self.rows.current())
            self.sentence_label.setText("" if r is None or found is None else sentence(found.program, r))
            if found is not None:
                self.matrices.draw(found.program, r, self._cell, stale)
        seen = r is not None and r.verdict != "not finite"
        self.matrices.setVisible(seen)
        self.matrices.select(self._cell)
        shown = "" if r is None or self._cell is None or not seen else cell_text(r, self._single, self._cell)
        self.cell_label.setText(shown)
        self.every_button.setVisible(r is not None and 0 < r.nudges < r.cells)
        self.every_button.setEnabled(not self.work.busy)
        if r is not None:
            self.every_button.setText(self.tr("Nudge all {n} cells of {name}").format(n=r.cells, name=r.name))
            self.every_button.setAccessibleName(self.every_button.text())

    def _is_stale(self) -> bool:
        moment = self._moment
        if self._check is None or moment is None:
            return False
        here = moment.position.iteration == self._iteration and not moment.stale
        return not (here and self._check.holds(moment.program, moment.machine.peek))

    def _hint(self) -> str:
        return self.tr(
            "Each parameter is nudged a little, one cell after the other, to see how the loss changes. That slope is what its "
            "gradient must be. Nothing of your program is changed by it."
        )

    def _show_operation(self) -> None:
        moment = self._moment
        if self._operation is None or moment is None:
            self.operation_label.setText("")
            return
        found, iteration = self._operation
        here = iteration == moment.position.iteration and moment.lit is found.instruction and not moment.stale
        self.operation_label.setText(operation_text(found, iteration, here))
        t = theme.current()
        ink(self.operation_label, t.error if found.verdict == "wrong" else t.text if here else t.dim)

    # --- parts --------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter checks, or presses the button that has the keyboard; Escape stops."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            focus = QApplication.focusWidget()
            if isinstance(focus, QPushButton) and self.isAncestorOf(focus):
                focus.click()
            else:
                self.check_all()
        elif event.key() == Qt.Key.Key_Escape and self.work.busy:
            self.cancel()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_area"):
            self._use_fonts()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the buttons below each other where they do not fit beside each other."""
        super().resizeEvent(event)
        wide = sum(b.sizeHint().width() for b in (self.check_button, self.operation_button)) + 40 < self.width()
        self._buttons.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def _button(self, text: str, tip: str) -> QPushButton:
        made = QPushButton(text, self)
        made.setToolTip(plain(tip))
        made.setAccessibleName(text)
        made.setAccessibleDescription(tip)
        made.setAutoDefault(False)
        return made

    def _use_fonts(self) -> None:
        base = QApplication.font()
        self.place_label.setFont(fonts.sized(base, -1))
        self.cell_label.setFont(fonts.mono(base))

    def _lay_out(self) -> None:
        self._buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._buttons.setSpacing(6)
        self._buttons.addWidget(self.check_button)
        self._buttons.addWidget(self.operation_button)
        self._buttons.addStretch(1)
        inside = QWidget(self)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(6)
        words: tuple[QLabel, ...] = (self.operation_label, self.place_label, self.summary_label)
        for widget in (*words, self.rows, self.sentence_label, self.cell_label, self.matrices, self.every_button):
            column.addWidget(widget)
        column.addStretch(1)
        self._area = QScrollArea(self)
        self._area.setWidget(inside)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 6, 10, 6)
        box.setSpacing(6)
        box.addLayout(self._buttons)
        box.addWidget(self.bar)
        box.addWidget(self._area, 1)
        self._use_fonts()


def _is_cell(r: ParameterCheck, cell: Cell) -> bool:
    return len(cell) == r.nudged.ndim and all(0 <= i < n for i, n in zip(cell, r.nudged.shape, strict=True))
