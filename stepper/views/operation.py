"""The one operation that just happened, as the equation is written, with the arithmetic of a cell."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from core.explain import operations as prose
from core.explain.arithmetic import why
from core.explain.moving import index_text as cell_name
from core.explain.samples import operand_axis, sample_axes
from core.program.ir import Array, Instruction, Operand, Phase
from core.session import Moment
from stepper import theme
from stepper.models.equation import pieces, size_colours
from stepper.widgets.flow import FlowScroll
from stepper.widgets.matrix import Cell
from stepper.widgets.operand_matrix import OperandMatrix
from stepper.widgets.tips import plain


class OperationView(QWidget):
    """Shows the operation just executed; before the first one, the one to come."""

    value_clicked = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Operation"))
        self._moment: Moment | None = None
        self._matrices: list[OperandMatrix] = []
        self._glyphs: list[QLabel] = []
        mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.phase_label = self._label(self.tr("phase"), bold=True)
        self.equation_label = self._label(self.tr("operation"))
        mono.setBold(True)
        self.equation_label.setFont(mono)
        self.equation_label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.part_label = self._label(self.tr("part of"), dim=True, wrap=True)
        self.equation = FlowScroll(self)
        self.equation.setAccessibleName(self.tr("equation"))
        self.arithmetic_label = self._label(self.tr("arithmetic of the cell"), wrap=True)
        self.sentence_label = self._label(self.tr("explanation"), wrap=True)
        self.fault_label = self._label(self.tr("problem"), wrap=True)
        for label in (self.equation_label, self.arithmetic_label, self.sentence_label, self.fault_label):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        head = QHBoxLayout()
        head.addWidget(self.phase_label)
        head.addWidget(self.equation_label, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 6, 10, 8)
        box.setSpacing(4)
        box.addLayout(head)
        box.addWidget(self.part_label)
        box.addWidget(self.equation, 1)
        for label in (self.arithmetic_label, self.sentence_label, self.fault_label):
            box.addWidget(label)
        box.addStretch()

    def sizeHint(self) -> QSize:
        """Room for three small matrices."""
        return QSize(820, 300)

    def draw(self, moment: Moment) -> None:
        """Show a moment."""
        self._moment = moment
        instruction = moment.lit or moment.upcoming
        if instruction is None:
            self._draw_nothing()
            return
        self._draw_header(moment, instruction)
        axes = sample_axes(moment.program, moment.shape, instruction.index + 1)
        self._draw_equation(moment, instruction, axes)
        self._draw_words(moment, instruction, axes)

    # --- header and words -----------------------------------------------------------------------

    def _draw_nothing(self) -> None:
        for label in (self.phase_label, self.equation_label, self.part_label, self.arithmetic_label, self.fault_label):
            label.setText("")
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
        if moment.lit is None:
            words.insert(0, self.tr("▷ next"))
        self.phase_label.setText(" · ".join(words) + " ·")
        _ink(self.phase_label, t.phases[phase])
        self.equation_label.setText(instruction.text)
        notes = []
        statement = program.statements[instruction.statement]
        count = statement.last - statement.first
        if count > 1:
            part = self.tr("part {n} of {count} of  {line}")
            notes.append(part.format(n=instruction.index - statement.first + 1, count=count, line=statement.text))
        if instruction.adjoint_of is not None:
            notes.append(self.tr("adjoint of  {line}").format(line=program.instructions[instruction.adjoint_of].text))
        self.part_label.setText("   ·   ".join(notes))
        _ink(self.part_label, t.dim)

    def _draw_words(self, moment: Moment, instruction: Instruction, axes: dict[int, int]) -> None:
        sentence = prose.sentence(instruction, moment.program, moment.shape, axes)
        if moment.lit is None:
            invitation = self.tr("Press → to do the first operation.")
            if moment.position.iteration > 1:
                invitation = self.tr("Press → to do the first operation of iteration {n}.").format(n=moment.position.iteration)
            sentence = f"{invitation} {sentence}"
        self.sentence_label.setText(sentence)
        more = prose.explanation(instruction.op)
        tip = self.tr("{title}: {formula}\nGoing back (g arrives): {derivative}\nShape: {shape}").format(
            title=more.title, formula=more.formula, derivative=prose.filled(more.derivative, instruction, moment.program),
            shape=prose.filled(more.shape_reason, instruction, moment.program),
        )  # fmt: skip
        self.sentence_label.setToolTip(plain(tip))
        fault = moment.fault
        failing = fault is not None and moment.k == fault.instruction
        self.fault_label.setVisible(failing)
        if fault is not None and failing:
            line = moment.program.statements[fault.statement].text
            self.fault_label.setText(
                self.tr("✗ The next line cannot run: {line}\n{message}").format(line=line, message=fault.message)
            )
            _ink(self.fault_label, theme.current().error)

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
        for piece in [result, "=", *pieces(instruction)]:
            if isinstance(piece, str) or piece.value is None:
                label = self._glyph(glyphs)
                text = piece if isinstance(piece, str) else str(piece.number).replace("-", "−")
                font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
                font.setPointSizeF(font.pointSizeF() + (3 if len(text) < 12 else 0))
                label.setFont(font)
                label.setText(text)
                glyphs += 1
                if piece in (")", "))") or (isinstance(piece, str) and piece.startswith((",", "]", ".", "["))):
                    groups[-1].append(label)
                else:
                    pending.append(label)
                continue
            widget = self._matrix(matrices)
            matrices += 1
            self._fill(widget, moment, piece, axes, colours)
            groups.append([*pending, widget])
            pending = []
            if result_widget is None:
                result_widget = widget
                continue
            at = next((i for i, o in enumerate(instruction.operands) if o == piece and i not in used), None)
            if at is not None:
                used.add(at)
                operand_widgets[at] = widget
        if pending:
            groups.append(pending)
        assert result_widget is not None
        self._explain(moment, instruction, result_widget, operand_widgets)
        self._show([g for g in groups if g])

    def _fill(
        self, widget: OperandMatrix, moment: Moment, operand: Operand, axes: dict[int, int], colours: dict[object, str]
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

    # --- parts ----------------------------------------------------------------------------------

    def _show(self, groups: list[list[QWidget]]) -> None:
        shown = {id(w) for group in groups for w in group}
        for widget in (*self._matrices, *self._glyphs):
            widget.setVisible(id(widget) in shown)
        self.equation.set_groups(groups)

    def _matrix(self, at: int) -> OperandMatrix:
        while len(self._matrices) <= at:
            widget = OperandMatrix(self.equation.inside)
            widget.value_clicked.connect(self.value_clicked)
            self._matrices.append(widget)
        return self._matrices[at]

    def _glyph(self, at: int) -> QLabel:
        while len(self._glyphs) <= at:
            label = QLabel(self.equation.inside)
            label.setTextFormat(Qt.TextFormat.PlainText)
            self._glyphs.append(label)
        return self._glyphs[at]

    def _label(self, name: str, bold: bool = False, dim: bool = False, wrap: bool = False) -> QLabel:
        label = QLabel(self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setAccessibleName(name)
        label.setWordWrap(wrap)
        font = QFont(label.font())
        font.setBold(bold)
        if dim:
            font.setPointSizeF(max(7.5, font.pointSizeF() - 1))
        label.setFont(font)
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


def _ink(label: QLabel, colour: str) -> None:
    palette = QPalette()  # an empty one, so that all other roles follow the theme
    palette.setColor(QPalette.ColorRole.WindowText, QColor(colour))
    label.setPalette(palette)
