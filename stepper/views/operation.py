"""The one operation that just happened, as the equation is written, with the arithmetic of a cell."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPalette, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from core.explain import operations as prose
from core.explain.arithmetic import why
from core.explain.clash import clashing
from core.explain.moving import index_text as cell_name
from core.explain.samples import operand_axis, operand_shape, sample_axes
from core.program.ir import Array, Instruction, Operand, Phase
from core.session import Moment
from stepper import theme
from stepper.models.equation import pieces, size_colours
from stepper.widgets import fonts
from stepper.widgets.flow import FlowScroll
from stepper.widgets.glyph import Glyph
from stepper.widgets.matrix import Cell
from stepper.widgets.operand_matrix import OperandMatrix
from stepper.widgets.tips import plain

USUAL_MATRICES = 3


class OperationView(QWidget):
    """Shows the operation just executed; before the first one, the one to come."""

    value_clicked = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Operation"))
        self._moment: Moment | None = None
        self._matrices: list[OperandMatrix] = []
        self._glyphs: list[Glyph] = []
        self.phase_label = self._label(self.tr("phase"))
        self.equation_label = self._label(self.tr("operation"))
        self.equation_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.part_label = self._label(self.tr("part of"), wrap=True)
        self.equation = FlowScroll(self)
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
        for at in range(USUAL_MATRICES):  # made here, so that the Tab key comes to them before it comes to what follows
            self._matrix(at).hide()

    def sizeHint(self) -> QSize:
        """Room for three small matrices."""
        return QSize(820, 300)

    def draw(self, moment: Moment) -> None:
        """Show a moment: what was just done, before the first operation the one to come, before a fault what fails."""
        self._moment = moment
        failing = _failing(moment)
        instruction = failing or moment.lit or moment.upcoming
        if instruction is None:
            self._draw_nothing()
            return
        self._draw_header(moment, instruction)
        axes = sample_axes(moment.program, moment.shape, instruction.index + 1)
        self._draw_words(moment, instruction, axes)
        self._draw_equation(moment, instruction, axes)

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
        for glyph in self._glyphs:
            glyph.renew()

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

    # --- header and words -----------------------------------------------------------------------

    def _draw_nothing(self) -> None:
        for label in (self.phase_label, self.equation_label, self.part_label, self.arithmetic_label, self.fault_label):
            label.setText("")
        for label in (self.part_label, self.arithmetic_label, self.fault_label, self.hint_label):
            label.setVisible(False)
        self.sentence_label.setText(
            self.tr("This program has no operations yet. Write a line under # forward, such as Z1 = W1 @ X + b1.")
        )
        self._show([])

    def _draw_header(self, moment: Moment, instruction: Instruction) -> None:
        program, t = moment.program, theme.current()
        phase = program.phase_of(instruction.index)
        layer = program.layers[instruction.index] if program.layers else None
        words = [f"{theme.PHASE_SIGN[phase]} {self._phase_name(phase)}"]
        if layer is not None:
            words.append(self.tr("layer {n}").format(n=layer))
        if _failing(moment) is not None:
            words.insert(0, self.tr("✗ cannot run"))
        elif moment.lit is None:
            words.insert(0, self.tr("▷ next"))
        self.phase_label.setText(" · ".join(words) + " ·")
        _ink(self.phase_label, t.error if _failing(moment) is not None else t.phases[phase])
        self.equation_label.setText(instruction.text)
        self.equation_label.setToolTip(plain(instruction.text))
        notes = []
        statement = program.statements[instruction.statement]
        count = statement.last - statement.first
        if count > 1:
            part = self.tr("part {n} of {count} of  {line}")
            notes.append(part.format(n=instruction.index - statement.first + 1, count=count, line=statement.text))
        if instruction.adjoint_of is not None:
            notes.append(self.tr("adjoint of  {line}").format(line=program.instructions[instruction.adjoint_of].text))
        notes += self._what_names_mean(moment, instruction)
        self.part_label.setText("   ·   ".join(notes))
        self.part_label.setVisible(bool(notes))
        _ink(self.part_label, t.dim)

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
        self.hint_label.setVisible(fault is None and moment.lit is None)
        hint = self.tr("Press later ▶ above, or the → key, to do the first operation.")
        if moment.position.iteration > 1:
            hint = self.tr("Press later ▶ above, or the → key, to do the first operation of iteration {n}.")
        self.hint_label.setText(hint.format(n=moment.position.iteration))
        _ink(self.hint_label, theme.current().lit_text, theme.current().lit)

    # --- the equation ---------------------------------------------------------------------------

    def _draw_equation(self, moment: Moment, instruction: Instruction, axes: dict[int, int]) -> None:
        """Lay out result and operands in the order in which they are written, and explain one cell."""
        groups: list[list[QWidget]] = [[]]
        matrices, glyphs = 0, 0
        result = Operand(instruction.result)
        colours = size_colours(moment, [result, *instruction.operands], axes, theme.current().sizes)
        operand_widgets: list[OperandMatrix | None] = [None] * len(instruction.operands)
        result_widget: OperandMatrix | None = None
        pending: list[QWidget] = []
        used: set[int] = set()
        failing = _failing(moment) is not None
        clashes = _clashes(moment, instruction) if failing else ()
        parts = pieces(instruction)
        culprit = next((p for p in parts if isinstance(p, str)), None) if any(clashes) else None
        left: list[Operand | str] = [result, "="]
        if failing:  # what fails has no result to show
            left = [f"{moment.program.values[instruction.result].label} ="]
        for piece in [*left, *parts]:
            if isinstance(piece, str) or piece.value is None:
                label = self._glyph(glyphs)
                text = piece if isinstance(piece, str) else str(piece.number).replace("-", "−")
                label.say(text, culprit=piece is culprit)
                glyphs += 1
                if piece in (")", "))") or (isinstance(piece, str) and piece.startswith((",", "]", ".", "["))):
                    groups[-1].append(label)
                else:
                    pending.append(label)
                continue
            widget = self._matrix(matrices)
            matrices += 1
            is_result = not failing and result_widget is None
            at = next((i for i, o in enumerate(instruction.operands) if not is_result and o == piece and i not in used), None)
            self._fill(widget, moment, piece, axes, colours, frozenset() if at is None or not clashes else clashes[at])
            groups.append([*pending, widget])
            pending = []
            if is_result:
                result_widget = widget
            elif at is not None:
                used.add(at)
                operand_widgets[at] = widget
        if pending:
            groups.append(pending)
        self.arithmetic_label.setVisible(False)
        if result_widget is not None:
            self._explain(moment, instruction, result_widget, operand_widgets)
        self._show([g for g in groups if g])

    def _fill(
        self,
        widget: OperandMatrix,
        moment: Moment,
        operand: Operand,
        axes: dict[int, int],
        colours: dict[object, str],
        clash: frozenset[int],
    ) -> None:
        index = operand.value
        assert index is not None
        array = _seen(moment, operand)
        shape = moment.shape(index) or ()
        shape = shape[::-1] if operand.transposed else shape
        at = operand_axis(operand, axes, moment.shape)
        names = [colours.get("samples" if i == at else size, "") for i, size in enumerate(shape)]
        labels = [self.tr("{n} samples").format(n=size) if i == at and size > 1 else "" for i, size in enumerate(shape)]
        widget.value, widget.transposed = index, operand.transposed
        widget.set_matrix(
            prose.operand_name(operand, moment.program), array, shape=shape,
            row_colour=names[-2] if len(shape) > 1 else "", column_colour=names[-1] if shape else "",
            row_label=labels[-2] if len(shape) > 1 else "", column_label=labels[-1] if shape else "",
            clashes=(len(shape) - 2 in clash, len(shape) - 1 in clash),
        )  # fmt: skip
        cell = moment.selection.cell
        if moment.selection.value == index and cell is not None and len(cell) == len(shape):
            widget.set_selected(cell[::-1] if operand.transposed else cell)

    def _explain(
        self, moment: Moment, instruction: Instruction, result_widget: OperandMatrix, operand_widgets: list[OperandMatrix | None]
    ) -> None:
        """Write the arithmetic of the selected cell of the result, or of its first, and mark where it came from."""
        result = moment.value(instruction.result)
        self.arithmetic_label.setVisible(result is not None and bool(result.size))
        if result is None or not result.size:
            return
        cell = tuple(0 for _ in result.shape)
        chosen = moment.selection.cell
        if chosen is not None:
            for operand in (Operand(instruction.result), *instruction.operands):
                seen = chosen[::-1] if operand.transposed else chosen
                # A cell of an operand asks for the cell that it became, where the two stand in the same place.
                if (
                    operand.value == moment.selection.value
                    and _same_place(moment, operand, result.shape)
                    and _inside(seen, result.shape)
                ):
                    cell = seen
                    break
        operands = [o.number if o.value is None else _seen(moment, o) for o in instruction.operands]
        if any(o is None for o in operands):
            return
        names = [prose.operand_name(o, moment.program) for o in instruction.operands]
        found = why(instruction, [o for o in operands if o is not None], result, cell, names)
        result_widget.set_selected(cell)
        for widget, cells in zip(operand_widgets, found.sources, strict=True):
            if widget is not None:
                widget.set_highlighted(cells)
        name = cell_name(moment.program.values[instruction.result].label, cell)
        self.arithmetic_label.setText(self.tr("{cell}:  {arithmetic}").format(cell=name, arithmetic=found.text))
        rounded = self.tr("≈ because the numbers on the left are shown rounded; the result is shown in full.")
        self.arithmetic_label.setToolTip(plain(rounded) if " ≈ " in found.text else "")

    # --- parts ----------------------------------------------------------------------------------

    def _show(self, groups: list[list[QWidget]]) -> None:
        shown = {id(w) for group in groups for w in group}
        for widget in (*self._matrices, *self._glyphs):
            widget.setVisible(id(widget) in shown)
        self.equation.set_groups(groups, self._room())

    def _matrix(self, at: int) -> OperandMatrix:
        while len(self._matrices) <= at:
            widget = OperandMatrix(self.equation.inside)
            widget.value_clicked.connect(self.value_clicked)
            if self._matrices:
                QWidget.setTabOrder(self._matrices[-1], widget)
            self._matrices.append(widget)
        return self._matrices[at]

    def _glyph(self, at: int) -> Glyph:
        while len(self._glyphs) <= at:
            self._glyphs.append(Glyph(self.equation.inside))
        return self._glyphs[at]

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


def _seen(moment: Moment, operand: Operand) -> Array | None:
    """Return an operand's array as the instruction sees it."""
    assert operand.value is not None
    array = moment.value(operand.value)
    return array.T if array is not None and operand.transposed else array


def _same_place(moment: Moment, operand: Operand, shape: tuple[int, ...]) -> bool:
    array = None if operand.value is None else _seen(moment, operand)
    return array is not None and array.shape == shape


def _inside(cell: Cell, shape: tuple[int, ...]) -> bool:
    return len(cell) == len(shape) and all(0 <= i < n for i, n in zip(cell, shape, strict=True))


def _failing(moment: Moment) -> Instruction | None:
    """Return the operation that cannot be done next, if there is one."""
    fault = moment.fault
    return moment.upcoming if fault is not None and moment.k == fault.instruction else None


def _clashes(moment: Moment, instruction: Instruction) -> tuple[frozenset[int], ...]:
    return clashing(instruction.op, [operand_shape(o, moment.shape) or () for o in instruction.operands])


def _ink(label: QLabel, colour: str, ground: str = "") -> None:
    palette = QPalette()  # an empty one, so that all other roles follow the theme
    palette.setColor(QPalette.ColorRole.WindowText, QColor(colour))
    if ground:
        palette.setColor(QPalette.ColorRole.Window, QColor(ground))
    label.setPalette(palette)
