"""What stands above a value: its name, shape and kind, the line that made it, and what is to be known of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from core.frames import call_text, named_in
from core.program.ir import Operand, Program
from core.session import Moment
from stepper import theme
from stepper.models import mark_signs
from stepper.models.equation import size_colours
from stepper.widgets import fonts, numbers
from stepper.widgets.facts_grid import ink
from stepper.widgets.grid import CLOCK, PENCIL
from stepper.widgets.names import adjoint_names, shown
from stepper.widgets.tips import plain
from stepper.widgets.value_axes import AxisNames

if TYPE_CHECKING:
    from core.health.monitor import Mark

translate = QCoreApplication.translate


class Sizes(QWidget):
    """A shape, each size in the colour that it has elsewhere."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: list[tuple[str, str]] = []
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_sizes(self, shape: tuple[int, ...], colours: list[str]) -> None:
        """Show a shape; a size without a colour is dim."""
        self._parts = [("number", "")] if not shape else [("(", "")] if len(shape) == 1 else []
        for i, (size, colour) in enumerate(zip(shape, colours, strict=True)):
            self._parts += [("×", "")] * (i > 0) + [(str(size), colour)]
        if len(shape) == 1:
            self._parts.append((",)", ""))
        if not shape:
            self._parts = [(self.tr("a single number"), "")]
        self.setAccessibleName(numbers.size_text(shape))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the text."""
        metrics = self.fontMetrics()
        return QSize(sum(metrics.horizontalAdvance(text) for text, _ in self._parts) + 2, metrics.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint size after size."""
        painter = QPainter(self)
        x, metrics = 0, self.fontMetrics()
        for text, colour in self._parts:
            painter.setPen(QColor(colour or theme.current().dim))
            painter.drawText(x, metrics.ascent(), text)
            x += metrics.horizontalAdvance(text)
        painter.end()


class ValueHead(QWidget):
    """The heading of the value view."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = self._label(self.tr("name"))
        self.sizes = Sizes(self)
        self.dtype = self._label(self.tr("type"))
        self.kind = self._label(self.tr("what it is"), wrap=True)
        self.marks = self._label(self.tr("what to know of it"), wrap=True)
        self.problems = self._label(self.tr("what is wrong with it"), wrap=True)
        for label in (self.name, self.kind):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        top = QHBoxLayout()
        top.setSpacing(8)
        for widget in (self.name, self.sizes, self.dtype):
            top.addWidget(widget, 0, Qt.AlignmentFlag.AlignBottom)
        top.addStretch()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addLayout(top)
        box.addWidget(self.kind)
        box.addWidget(self.marks)
        box.addWidget(self.problems)
        self._use_fonts()

    def set_nothing(self, text: str) -> None:
        """Have no value to tell of, only a sentence."""
        for widget in (self.name, self.sizes, self.dtype, self.marks, self.problems):
            widget.setVisible(False)
        self.kind.setText(text)
        ink(self.kind, theme.current().dim)

    def draw(self, moment: Moment, index: int, axes: AxisNames, dtype: str, chosen: bool, refusal: str) -> None:
        """Tell of a value; `chosen` says whether a person selected it, `refusal` why it cannot be typed over."""
        t, program = theme.current(), moment.program
        name = shown(program, index)
        self.name.setText(name)
        self.name.setToolTip(plain(name))
        shape = moment.told_shape(index)
        lit = moment.lit
        operands = [] if lit is None else [Operand(lit.result), *lit.operands]
        colours = size_colours(moment, [*operands, Operand(index)], axes.samples, t.sizes)
        at = axes.samples.get(index)
        sizes = shape or ()
        self.sizes.set_sizes(sizes, [colours.get("samples" if i == at else n, "") for i, n in enumerate(sizes)])
        self.dtype.setText(dtype)
        ink(self.dtype, t.dim)
        words = [] if chosen else [self.tr("just made (no value is selected)")]
        words.append(kind_of(program, index))
        words += in_function(program, index)
        words += made_by(program, index)
        self.kind.setText(" · ".join(words))
        ink(self.kind, t.dim)
        marks: list[str] = []
        if index in moment.stale:
            marks.append(f"{CLOCK} " + self.tr("out of date"))
        if index in moment.edited:
            cells = moment.edited[index]
            text = self.tr("changed by hand ({n} cells)").format(n=len(cells)) if len(cells) > 1 else self.tr("changed by hand")
            marks.append(f"{PENCIL} {text}")
        if not refusal:
            marks.append(f"{PENCIL} " + self.tr("can be typed over"))
        self.marks.setText(
            "   ".join(marks).replace(" ", "\u00a0").replace("\u00a0" * 3, "  ")
        )  # only between marks a line may end
        stale = self.tr("These numbers are from before the last change by hand. Run on to compute them anew.")
        self.marks.setToolTip(plain(stale if index in moment.stale else ""))
        ink(self.marks, t.written)
        self._draw_problems(mark_signs.ordered(moment.marks(index)))
        self.name.setVisible(True)
        self.sizes.setVisible(shape is not None)
        self.dtype.setVisible(bool(dtype))
        self.marks.setVisible(bool(marks))
        said = (name, self.sizes.accessibleName(), dtype, *words, *marks, self.problems.text())
        self.setAccessibleName(", ".join(x for x in said if x))

    def _draw_problems(self, marks: Sequence[Mark]) -> None:
        """Say in full what is gravest of what health rules say, and name the rest; the tip says all in full."""
        lines = mark_signs.sentences(marks)
        rest = " · ".join(mark_signs.named(m) for m in marks[1:])
        self.problems.setText("\n".join(x for x in (*lines[:1], rest) if x))
        self.problems.setToolTip(plain("\n".join(lines) if rest else ""))
        self.problems.setVisible(bool(lines))
        if marks:
            ink(self.problems, mark_signs.ink(marks[0].severity))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() == QEvent.Type.FontChange and hasattr(self, "marks"):
            self._use_fonts()
        super().changeEvent(event)

    def _use_fonts(self) -> None:
        base = QApplication.font()
        self.name.setFont(fonts.sized(base, 2, bold=True))
        for label in (self.kind, self.marks, self.problems, self.dtype):
            label.setFont(fonts.sized(base, -0.5))

    def _label(self, name: str, wrap: bool = False) -> QLabel:
        label = QLabel(self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setAccessibleName(name)
        label.setWordWrap(wrap)
        return label


def kind_of(program: Program, index: int) -> str:
    """Return what a value is in words: `parameter`, `gradient of W1`, `W1 after the update`."""
    value = program.values[index]
    for name, gradient in program.gradients.items():
        if gradient == index:
            return translate("ValueHead", "gradient of {name}").format(name=name)
    after = program.carried.get(value.name)
    if after is not None and after[1] == index and after[0] != index:
        return translate("ValueHead", "{name} after this update").format(name=value.name)
    if index == program.loss:
        return translate("ValueHead", "the loss")
    of = adjoint_names(program).get(index)
    if of is not None:
        return translate("ValueHead", "adjoint of {name}: how the loss changes with it").format(name=of)
    if value.kind == "parameter" and value.name not in program.trainable:
        return translate("ValueHead", "parameter that is not trained")
    return {
        "data": translate("ValueHead", "data"),
        "parameter": translate("ValueHead", "parameter"),
        "hyperparameter": translate("ValueHead", "hyperparameter"),
        "state": translate("ValueHead", "state"),
        "constant": translate("ValueHead", "constant"),
        "size": translate("ValueHead", "a size"),
        "result": translate("ValueHead", "result"),
        "part": translate("ValueHead", "part of a line"),
    }[value.kind]


def in_function(program: Program, index: int) -> list[str]:
    """Return what a part of a line is in the functions of the learner that it came out of: `s in sigmoid_prime(Z2)`."""
    maker = program.makers.get(index)
    if maker is None or program.values[index].kind != "part" or not program.instructions[maker].frames:
        return []
    named = named_in(program, program.instructions[maker])
    name, calls = next(((n, c) for n, c in named if n), named[0] if named else ("", ""))
    if name:
        return [translate("ValueHead", "{name} in {calls}").format(name=name, calls=calls)]
    if named:
        return [translate("ValueHead", "what {calls} returns").format(calls=calls)]
    return [translate("ValueHead", "in {calls}").format(calls=call_text(program, program.instructions[maker]))]


def made_by(program: Program, index: int) -> list[str]:
    """Return the line that made a value, or the one that gave it, as the words of a heading."""
    maker = program.makers.get(index)
    if maker is not None:
        instruction = program.instructions[maker]
        statement = program.statements[instruction.statement]
        texts = [statement.text]
        if program.values[index].kind == "part":
            texts.append(translate("ValueHead", "there {part}").format(part=instruction.text))
        return texts
    name = program.values[index].name
    line = next((g.line for g in program.given if g.name == name), 0)
    return [translate("ValueHead", "given in line {n}").format(n=line)] if line else []
