"""The one operation that just happened, as the equation is written, with the arithmetic of a cell."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPalette, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from core.explain import operations as prose
from core.explain.samples import sample_axes
from core.frames import body_line, call_text, line_part, local_labels, local_name, local_text
from core.program.ir import Instruction, Phase, Program
from core.session import Moment, Selection
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.equation import Equation
from stepper.widgets.tips import plain


class OperationView(QWidget):
    """Shows the operation just executed; before the first one, the one to come."""

    value_clicked = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Operation"))
        self._moment: Moment | None = None
        self._inside: Program | None = None
        self._chosen = Selection()
        self.phase_label = self._label(self.tr("phase"))
        self.equation_label = self._label(self.tr("operation"))
        self.equation_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.part_label = self._label(self.tr("part of"), wrap=True)
        self.equation = Equation(self)
        self.equation.value_clicked.connect(self._on_value)
        self.equation.setAccessibleName(self.tr("equation"))
        self.hint_label = self._label(self.tr("what to press"), wrap=True)
        self.hint_label.setMargin(3)
        self.hint_label.setAutoFillBackground(True)
        self.arithmetic_label = self._label(self.tr("arithmetic of the cell"), wrap=True)
        self.sentence_label = self._label(self.tr("explanation"), wrap=True)
        self.fault_label = self._label(self.tr("problem"), wrap=True)
        for label in (self.equation_label, self.arithmetic_label, self.sentence_label, self.fault_label):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        head = QHBoxLayout()
        head.addWidget(self.phase_label)
        head.addWidget(self.equation_label, 1)
        self._box = box = QVBoxLayout(self)
        box.setContentsMargins(10, 6, 10, 6)
        box.setSpacing(4)
        box.addLayout(head)
        box.addWidget(self.part_label)
        box.addWidget(self.equation, 1)
        for label in (self.arithmetic_label, self.sentence_label, self.fault_label, self.hint_label):
            box.addWidget(label)
        box.addStretch()
        self._use_fonts()

    def sizeHint(self) -> QSize:
        """Room for three small matrices."""
        return QSize(820, 300)

    def draw(self, moment: Moment) -> None:
        """Show a moment: what was just done, before the first operation the one to come, before a fault what fails.

        Inside an operation, what was done there; cell by cell, the operation that is open.
        """
        self._moment = moment
        around, moment = moment, self._deepest(moment)
        failing = _failing(moment)
        instruction = failing or (moment.upcoming if moment.element is not None else moment.lit) or moment.upcoming
        if instruction is None:
            self._draw_nothing()
            return
        moment = _in_its_def(moment, instruction)
        self._draw_header(moment, instruction)
        self._draw_place(around, moment, instruction)
        axes = sample_axes(moment.program, moment.shape, instruction.index + 1)
        self._draw_words(moment, instruction, axes)
        self._draw_arithmetic(self.equation.draw(moment, instruction, axes, failing is not None))
        self.equation.place(self._room())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw as big as the new room allows."""
        super().resizeEvent(event)
        self.equation.arrange(self._room())

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_box"):
            self._use_fonts()
        super().changeEvent(event)

    def _use_fonts(self) -> None:
        base = QApplication.font()
        self.phase_label.setFont(fonts.sized(base, 0, bold=True))
        mono = fonts.mono(base, 0.5)
        mono.setBold(True)
        self.equation_label.setFont(mono)
        self.part_label.setFont(fonts.sized(base, -1))
        self.hint_label.setFont(fonts.sized(base, 0, bold=True))
        self.equation.renew()

    def _room(self) -> int:
        """Return the height that the words leave to the equation."""
        margins = self._box.contentsMargins()
        width = self.width() - margins.left() - margins.right()
        used = margins.top() + margins.bottom() + self.phase_label.sizeHint().height()
        words = (self.part_label, self.arithmetic_label, self.sentence_label, self.fault_label, self.hint_label)
        for label in words:
            if not label.isHidden():
                used += label.heightForWidth(width) + self._box.spacing()
        return self.height() - used - 2 * self._box.spacing() - 2

    def _deepest(self, moment: Moment) -> Moment:
        """Return the innermost moment, with what was selected in it here: its values are not the program's."""
        inner = moment.deepest
        self._inside, before = (inner.program if inner is not moment else None), self._inside
        if self._inside is not before:
            self._chosen = Selection()
        if self._inside is None or self._chosen.value is None or inner.element is not None:
            return inner
        return replace(inner, selection=self._chosen)

    @Slot(object, object)
    def _on_value(self, value: int, cell: tuple[int, ...] | None) -> None:
        if self._inside is None:
            self.value_clicked.emit(value, cell)
        elif self._moment is not None:
            self._chosen = Selection(value, cell)
            self.draw(self._moment)

    # --- header and words -----------------------------------------------------------------------

    def _draw_place(self, around: Moment, moment: Moment, instruction: Instruction) -> None:
        """Say in which operations we are, and how far."""
        notes = []
        if around.inner is not None and around.upcoming is not None:
            inside, at = [around.upcoming.text], around.inner
            while at.inner is not None:
                inside.append(at.upcoming.text if at.upcoming is not None else at.title)
                at = at.inner
            part = self.tr("▼ inside  {lines}, {k} of {n} done")
            notes.append(part.format(lines="  ▸  ".join(inside), k=moment.k, n=moment.n))
        if moment.element is not None and moment.result is not None:
            part = self.tr("{k} of {n} cells of  {line}")
            notes.append(part.format(k=moment.element, n=moment.result.size, line=instruction.text))
        if notes:
            self.part_label.setText("   ·   ".join(notes))
            self.part_label.setVisible(True)

    def _draw_nothing(self) -> None:
        for label in (self.phase_label, self.equation_label, self.part_label, self.arithmetic_label, self.fault_label):
            label.setText("")
        for label in (self.part_label, self.arithmetic_label, self.fault_label, self.hint_label):
            label.setVisible(False)
        self.sentence_label.setText(
            self.tr("This program has no operations yet. Write a line under # forward, such as Z1 = W1 @ X + b1.")
        )
        self.equation.clear()

    def _draw_header(self, moment: Moment, instruction: Instruction) -> None:
        program, t = moment.program, theme.current()
        phase = program.phase_of(instruction.index)
        layer = program.layers[instruction.index] if program.layers else None
        words = [f"{theme.PHASE_SIGN[phase]} {self._phase_name(phase)}"]
        if layer is not None:
            words.append(self.tr("layer {n}").format(n=layer))
        if _failing(moment) is not None:
            words.insert(0, self.tr("✗ cannot run"))
        elif moment.element is not None:
            words.insert(0, self.tr("▼ cell by cell"))
        elif moment.lit is None:
            words.insert(0, self.tr("▷ next"))
        self.phase_label.setText(" · ".join(words) + " ·")
        _ink(self.phase_label, t.error if _failing(moment) is not None else t.phases[phase])
        inside = _is_inside(moment, instruction)
        text = local_text(program, instruction) if inside else instruction.text
        self.equation_label.setText(text)
        self.equation_label.setToolTip(plain(text))
        notes = []
        statement = program.statements[instruction.statement]
        count = statement.last - statement.first
        if inside:
            notes += self._what_def(moment, instruction)
        elif count > 1:
            part = self.tr("part {n} of {count} of  {line}")
            notes.append(part.format(n=instruction.index - statement.first + 1, count=count, line=statement.text))
        if instruction.adjoint_of is not None:
            notes.append(self.tr("adjoint of  {line}").format(line=program.instructions[instruction.adjoint_of].text))
        notes += self._what_names_mean(moment, instruction)
        self.part_label.setText("   ·   ".join(notes))
        self.part_label.setVisible(bool(notes))
        _ink(self.part_label, t.dim)

    def _what_def(self, moment: Moment, instruction: Instruction) -> list[str]:
        """Say which part of which line of a `def` an operation is, and in which call."""
        program, frame = moment.program, instruction.frames[-1]
        calls = call_text(program, instruction)
        line = body_line(program, program.calls[frame.call].function, frame.step)
        n, count = line_part(program, instruction)
        notes = [self.tr("in {call}").format(call=calls)]
        if count > 1 and line is not None:
            notes.insert(0, self.tr("part {n} of {count} of  {line}").format(n=n, count=count, line=line.text))
        name = local_name(program, instruction)
        if name:
            notes[-1] = self.tr("{name} in {call}").format(name=name, call=calls)
        return notes

    def _what_names_mean(self, moment: Moment, instruction: Instruction) -> list[str]:
        """Explain the name of a result that is not the one in the line: `W2_next` is what the line calls `W2`."""
        program = moment.program
        value = program.values[instruction.result]
        if value.kind == "part" or value.label == value.name:
            return []
        after = program.carried.get(value.name)
        if after is not None and after[1] == value.index:
            if program.phase_of(instruction.index) == "update":
                return [self.tr("{label} is {name} after this update").format(label=value.label, name=value.name)]
            return [self.tr("{label} is {name} in the next iteration").format(label=value.label, name=value.name)]
        return [self.tr("{label} is {name} from this line on").format(label=value.label, name=value.name)]

    def _draw_words(self, moment: Moment, instruction: Instruction, axes: dict[int, int]) -> None:
        more = prose.explanation_of(instruction)
        fault = moment.fault if _failing(moment) is not None else None
        if fault is not None:
            sentence = prose.filled(more.shape_reason, instruction, moment.program)
        else:
            sentence = prose.sentence(instruction, moment.program, moment.shape, axes)
        self.sentence_label.setText(sentence)
        tip = self.tr("{title}: {formula}\nGoing back (g arrives): {derivative}\nShape: {shape}").format(
            title=more.title, formula=more.formula, derivative=prose.filled(more.derivative, instruction, moment.program),
            shape=prose.filled(more.shape_reason, instruction, moment.program),
        )  # fmt: skip
        self.sentence_label.setToolTip(plain(tip))
        self.fault_label.setVisible(fault is not None)
        if fault is not None:
            line = moment.program.statements[fault.statement].text
            text = self.tr("✗ This line cannot run: {line}\n{message}")
            self.fault_label.setText(text.format(line=line, message=fault.message))
            _ink(self.fault_label, theme.current().error)
        self.hint_label.setVisible(fault is None and moment.lit is None and moment.element is None and self._inside is None)
        hint = self.tr("Press later ▶ above, or the → key, to do the first operation.")
        if moment.position.iteration > 1:
            hint = self.tr("Press later ▶ above, or the → key, to do the first operation of iteration {n}.")
        self.hint_label.setText(hint.format(n=moment.position.iteration))
        _ink(self.hint_label, theme.current().lit_text, theme.current().lit)

    def _draw_arithmetic(self, text: str) -> None:
        self.arithmetic_label.setVisible(bool(text))
        self.arithmetic_label.setText(text)
        rounded = self.tr("≈ because the numbers on the left are shown rounded; the result is shown in full.")
        self.arithmetic_label.setToolTip(plain(rounded) if " ≈ " in text else "")

    def _label(self, name: str, wrap: bool = False) -> QLabel:
        label = QLabel(self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setAccessibleName(name)
        label.setWordWrap(wrap)
        return label

    def _phase_name(self, phase: Phase) -> str:
        return {
            "forward": self.tr("forward"), "loss": self.tr("loss"), "backward": self.tr("backward"),
            "update": self.tr("update"), "predict": self.tr("predict"),
        }[phase]  # fmt: skip


def _is_inside(moment: Moment, instruction: Instruction) -> bool:
    """Tell whether an operation came out of a `def` that one stands in."""
    return bool(instruction.frames) and instruction.frames[-1].call in {c.index for c in moment.calls}


def _in_its_def(moment: Moment, instruction: Instruction) -> Moment:
    """Return the moment with the names that the `def` of an operation has for its values, where one stands in that."""
    if not _is_inside(moment, instruction):
        return moment
    values = list(moment.program.values)
    for index, label in local_labels(moment.program, instruction).items():
        values[index] = replace(values[index], label=label)
    return replace(moment, program=replace(moment.program, values=tuple(values)))


def _failing(moment: Moment) -> Instruction | None:
    """Return the operation that cannot be done next, if there is one, and if that may be told."""
    fault = moment.fault
    fails = fault is not None and moment.k == fault.instruction and not moment.quiet
    return moment.upcoming if fails else None


def _ink(label: QLabel, colour: str, ground: str = "") -> None:
    palette = QPalette()  # an empty one, so that all other roles follow the theme
    palette.setColor(QPalette.ColorRole.WindowText, QColor(colour))
    if ground:
        palette.setColor(QPalette.ColorRole.Window, QColor(ground))
    label.setPalette(palette)
