"""One parameter of the learner's backward: what is wrong with its gradient in words, and cell by cell."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication, QFrame, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from core.diagnosis import Diagnosis, ParameterVerdict
from core.diagnosis.trials import first_inputs
from core.explain.moving import index_text
from core.health.gradcheck import Progress, check
from core.health.gradresult import GradientCheck, ParameterCheck
from stepper import theme
from stepper.widgets import fonts, numbers
from stepper.widgets.diagnosis_matrices import DiagnosisMatrices, different
from stepper.widgets.diagnosis_prose import Prose
from stepper.widgets.diagnosis_words import full_verdict, has_shape
from stepper.widgets.pieces import Pieces
from stepper.widgets.tips import plain
from stepper.widgets.why_stack import wrapped_label

Cell = tuple[int, ...]


class ParameterDetail(QFrame):
    """Nudges the parameter that it shows, in pieces.

    `cell_chosen` carries the gradient's value in the diagnosed program and a cell.
    """

    cell_chosen = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("The chosen parameter"))
        self._diagnosis: Diagnosis | None = None
        self._verdict: ParameterVerdict | None = None
        self._inputs: dict[int, Any] = {}
        self._checks: dict[str, ParameterCheck] = {}
        self._single: ParameterCheck | None = None
        self._cell: Cell | None = None
        self._stale = False
        self._key: tuple[object, ...] = ()
        self.work = Pieces(self)
        self.work.progressed.connect(self._on_progress)
        self.work.ended.connect(self._on_ended)
        self.title = Prose(self.tr("what is shown"), self)
        self.words = Prose(self.tr("what was found of the parameter"), self)
        self.matrices = DiagnosisMatrices(self)
        self.matrices.cell_chosen.connect(self._on_cell)
        self.nudging = Prose(self.tr("what nudging says"), self)
        self.cell_label = wrapped_label(self.tr("the chosen cell"), self)
        policy = self.cell_label.sizePolicy()
        policy.setVerticalPolicy(QSizePolicy.Policy.Minimum)
        self.cell_label.setSizePolicy(policy)
        self.bar = QProgressBar(self)
        self.bar.setAccessibleName(self.tr("How far the nudging has come"))
        self.every_button = QPushButton(self)
        self.every_button.setAutoDefault(False)
        self.every_button.setToolTip(plain(self.tr("It can take a while")))
        self.every_button.clicked.connect(self.nudge_all)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(5)
        for part in (self.title, self.words, self.matrices, self.cell_label, self.nudging, self.bar):
            column.addWidget(part)
        column.addWidget(self.every_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._use_fonts()
        self.hide()

    def show_parameter(self, diagnosis: Diagnosis | None, name: str, stale: bool) -> None:
        """Show a parameter of a diagnosis, nudging it if that has not been done yet; none for an empty name."""
        if diagnosis is not self._diagnosis:
            self.work.cancel()
            self._diagnosis, self._checks, self._inputs, self._key = diagnosis, {}, {}, ()
        found = None if diagnosis is None else next((p for p in diagnosis.parameters if p.name == name), None)
        before, self._verdict, self._stale = self._verdict, found, stale
        if found is not before:
            self._cell, self._single = None, None
            self.work.cancel()
            if found is not None and name not in self._checks:
                self._start(name)
        self.setVisible(found is not None)
        if found is not None:
            self._draw()

    @Slot()
    def nudge_all(self) -> None:
        """Nudge every cell of the parameter, however many there are."""
        if self._verdict is not None and not self.work.busy:
            self._start(self._verdict.name, most=None)
            self._draw()

    def select(self, cell: Cell | None) -> None:
        """Frame a cell that was chosen elsewhere."""
        p = self._verdict
        true = None if p is None else p.true
        if true is not None and (cell is None or _is_cell(true.shape, cell)) and cell != self._cell:
            self._cell = cell
            self._draw()

    # --- nudging --------------------------------------------------------------------------------------

    def _start(self, name: str, **how: Any) -> None:
        d = self._diagnosis
        if d is None or d.program.loss is None:
            return
        if not self._inputs:
            self._inputs = first_inputs(d.program)
        self.bar.setRange(0, 0)
        self.work.start((d, name), check(d.program, self._inputs.get, [name], **how))

    @Slot(object)
    def _on_progress(self, seen: object) -> None:
        if isinstance(seen, Progress):
            self.bar.setRange(0, max(seen.total, 1))
            words = self.tr("{name}: {done} of {total} nudges")
            self.bar.setFormat(words.format(name=seen.name, done=seen.done, total=seen.total))
            self.bar.setValue(seen.done)

    @Slot(object, object)
    def _on_ended(self, what: tuple[Diagnosis, str], found: GradientCheck) -> None:
        _, name = what
        result = next(iter(found.results), None)
        if result is not None:
            before = self._checks.get(name)
            if before is not None and result.nudges < before.nudges:
                self._single = result
            else:
                self._checks[name] = result
        self._draw()

    # --- what is shown --------------------------------------------------------------------------------

    def _draw(self) -> None:
        d, p = self._diagnosis, self._verdict
        if d is None or p is None:
            return
        t = theme.current()
        r = self._checks.get(p.name)
        self.title.say(self.tr("`{name}` in your first iteration").format(name=p.name), bold=True)
        self.words.say(full_verdict(p, d), t.dim if self._stale else "")
        look = (d, p, r, self._stale, t.key, numbers.shown_digits(), self.font().key())
        if look != self._key:
            self._key = look
            self.matrices.show_gradient(d.program, p, r, self._stale)
        self.matrices.select(self._cell)
        self.nudging.say(self._nudging_text(p, r), t.dim)
        self.bar.setVisible(self.work.busy)
        self.every_button.setVisible(r is not None and 0 < r.nudges < r.cells and not self.work.busy)
        if r is not None:
            self.every_button.setText(self.tr("Nudge all {n} cells of {name}").format(n=r.cells, name=p.name))
        self.cell_label.setText(self._cell_text(p, r))
        self.cell_label.setVisible(bool(self.cell_label.text()))

    def _nudging_text(self, p: ParameterVerdict, r: ParameterCheck | None) -> str:
        if r is None:
            return self.tr("Nudging each cell to see how the loss changes…") if self.work.busy else ""
        if r.verdict == "not finite":
            return self.tr("⊘ Nudging gives no finite number here: the loss itself is not one.")
        some = self.tr("{n} of {all} cells were nudged").format(n=r.nudges, all=r.cells)
        how = self.tr("all {n} cells were nudged").format(n=r.cells) if r.nudges == r.cells else some
        if r.confirmed:
            words = self.tr("✓ Checked: {how} a little one way and the other, and the loss changes as the true gradient says.")
        else:
            words = self.tr("✗ {how}, and the loss does not change as the true gradient says: there is a kink in the program.")
        return words.format(how=how)

    def _cell_text(self, p: ParameterVerdict, r: ParameterCheck | None) -> str:
        cell = self._cell
        if cell is None or p.true is None or not _is_cell(p.true.shape, cell):
            return ""
        rows: list[tuple[str, str]] = []
        wrong = different(p)
        if p.own is not None and wrong is not None:
            sign = "≠ " if wrong[cell] else ""
            rows.append((self.tr("yours"), sign + numbers.full(float(p.own[cell]))))
        rows.append((self.tr("true"), numbers.full(float(p.true[cell]))))
        seen = r if r is None or self._single is None or r.misses[cell] >= 0 else self._single
        nudged = float("nan") if seen is None else float(seen.nudged[cell])
        if nudged == nudged:
            rows.append((self.tr("nudged"), numbers.full(nudged)))
        wide = max(len(what) for what, _ in rows)
        return "\n".join([index_text(p.name, cell), *(f"  {what:<{wide}}  {number}" for what, number in rows)])

    @Slot(object, bool)
    def _on_cell(self, cell: Cell, own: bool) -> None:
        p = self._verdict
        if p is None or p.true is None:
            return
        if not own or has_shape(p):
            self._cell = cell if _is_cell(p.true.shape, cell) else (0,) * p.true.ndim
            r = self._checks.get(p.name)
            if r is not None and not r.misses[self._cell] >= 0 and not self.work.busy:
                self._start(p.name, cells={p.name: [self._cell]})
            self._draw()
        if p.value is not None and p.own is not None and _is_cell(p.own.shape, cell):
            self.cell_chosen.emit(p.value, cell)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "cell_label"):
            self._use_fonts()

    def _use_fonts(self) -> None:
        self.cell_label.setFont(fonts.mono(QApplication.font()))


def _is_cell(shape: tuple[int, ...], cell: Cell) -> bool:
    return len(cell) == len(shape) and all(0 <= i < n for i, n in zip(cell, shape, strict=True))
