"""One operation as its equation: result, operands and signs as they are written, with the cell that is explained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from core.explain import operations as prose
from core.explain.arithmetic import why
from core.explain.clash import clashing
from core.explain.moving import index_text as cell_name
from core.explain.samples import operand_axis, operand_shape
from core.program.ir import Array, Instruction, Operand
from core.session import Moment
from stepper import theme
from stepper.models.equation import pieces, size_colours
from stepper.models.mark_signs import turned
from stepper.widgets.flow import FlowScroll
from stepper.widgets.glyph import Glyph
from stepper.widgets.matrix import Cell
from stepper.widgets.names import shown
from stepper.widgets.operand_matrix import OperandMatrix

if TYPE_CHECKING:
    from core.health.monitor import Mark

USUAL_MATRICES = 3


class Equation(FlowScroll):
    """Draws an operation; `value_clicked` gives the value (by index) and the cell that was clicked."""

    value_clicked = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrices: list[OperandMatrix] = []
        self.glyphs: list[Glyph] = []
        self._wanted: Sequence[Sequence[QWidget]] = ()
        for at in range(USUAL_MATRICES):  # made here, so that the Tab key comes to them before it comes to what follows
            self._matrix(at).hide()

    def renew(self) -> None:
        """Follow the size of all text."""
        for glyph in self.glyphs:
            glyph.renew()

    def clear(self) -> None:
        """Have nothing to show."""
        self._wanted = ()
        self.place(0)

    def place(self, height: int) -> None:
        """Show what was drawn, where possible in so much height."""
        shown = {id(w) for group in self._wanted for w in group}
        for widget in (*self.matrices, *self.glyphs):
            widget.setVisible(id(widget) in shown)
        self.set_groups(self._wanted, height)

    def draw(self, moment: Moment, instruction: Instruction, axes: dict[int, int], failing: bool) -> str:
        """Lay out result and operands in the order in which they are written; returns the arithmetic of one cell.

        `axes` is the sample axis of each value that has one. An operation that is `failing` has no result
        to show; what does not go together in it is marked.
        """
        groups: list[list[QWidget]] = [[]]
        matrices, glyphs = 0, 0
        result = Operand(instruction.result)
        colours = size_colours(moment, [result, *instruction.operands], axes, theme.current().sizes)
        operand_widgets: list[OperandMatrix | None] = [None] * len(instruction.operands)
        result_widget: OperandMatrix | None = None
        pending: list[QWidget] = []
        used: set[int] = set()
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
            open_ = is_result and moment.element is not None and moment.upcoming is instruction
            clash = frozenset[int]() if at is None or not clashes else clashes[at]
            self._fill(widget, moment, piece, axes, colours, clash, moment.element if open_ else None)
            groups.append([*pending, widget])
            pending = []
            if is_result:
                result_widget = widget
            elif at is not None:
                used.add(at)
                operand_widgets[at] = widget
        if pending:
            groups.append(pending)
        self._wanted = [g for g in groups if g]
        return "" if result_widget is None else self._explain(moment, instruction, result_widget, operand_widgets)

    def _fill(
        self,
        widget: OperandMatrix,
        moment: Moment,
        operand: Operand,
        axes: dict[int, int],
        colours: dict[object, str],
        clash: frozenset[int],
        done: int | None,
    ) -> None:
        index = operand.value
        assert index is not None
        array = _seen(moment, operand) if done is None else moment.result
        shape = moment.shape(index) or ()
        shape = shape[::-1] if operand.transposed else shape
        at = operand_axis(operand, axes, moment.shape)
        names = [colours.get("samples" if i == at else size, "") for i, size in enumerate(shape)]
        labels = [self.tr("{n} samples").format(n=size) if i == at and size > 1 else "" for i, size in enumerate(shape)]
        widget.value, widget.transposed = index, operand.transposed
        widget.set_matrix(
            _heading(moment, operand), array, shape=shape,
            row_colour=names[-2] if len(shape) > 1 else "", column_colour=names[-1] if shape else "",
            row_label=labels[-2] if len(shape) > 1 else "", column_label=labels[-1] if shape else "",
            clashes=(len(shape) - 2 in clash, len(shape) - 1 in clash), stale=index in moment.stale,
            edited=_turned(moment.edited.get(index), operand.transposed), done=done,
            marks=_marks(moment, operand) if done is None else (),
        )  # fmt: skip
        cell = moment.selection.cell
        if moment.selection.value == index and cell is not None and len(cell) == len(shape):
            widget.set_selected(cell[::-1] if operand.transposed else cell)

    def _explain(
        self, moment: Moment, instruction: Instruction, result_widget: OperandMatrix, operand_widgets: list[OperandMatrix | None]
    ) -> str:
        """Return the arithmetic of the selected cell of the result, or of its first, and mark where it came from."""
        open_ = moment.element is not None and moment.upcoming is instruction
        result = moment.result if open_ else moment.value(instruction.result)
        if result is None or not result.size or (open_ and not moment.element):
            return ""
        cell = tuple(0 for _ in result.shape)
        chosen = moment.selection.cell
        if open_ and moment.element is not None:  # the cell computed last; nothing is said of those to come
            here = chosen if moment.selection.value == instruction.result and chosen is not None else None
            last = tuple(int(i) for i in np.unravel_index(moment.element - 1, result.shape))
            chosen = here if here is not None and np.ravel_multi_index(here, result.shape) < moment.element else last
            cell = chosen
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
            return ""
        names = [prose.operand_name(o, moment.program) for o in instruction.operands]
        found = why(instruction, [o for o in operands if o is not None], result, cell, names)
        result_widget.set_selected(cell)
        for widget, cells in zip(operand_widgets, found.sources, strict=True):
            if widget is not None:
                widget.set_highlighted(cells)
        name = cell_name(shown(moment.program, instruction.result), cell)
        if instruction.result in moment.stale:
            return self.tr("{cell}:  ◷ out of date").format(cell=name)
        return self.tr("{cell}:  {arithmetic}").format(cell=name, arithmetic=found.text)

    def _matrix(self, at: int) -> OperandMatrix:
        while len(self.matrices) <= at:
            widget = OperandMatrix(self.inside)
            widget.value_clicked.connect(self.value_clicked)
            if self.matrices:
                QWidget.setTabOrder(self.matrices[-1], widget)
            self.matrices.append(widget)
        return self.matrices[at]

    def _glyph(self, at: int) -> Glyph:
        while len(self.glyphs) <= at:
            self.glyphs.append(Glyph(self.inside))
        return self.glyphs[at]


def _heading(moment: Moment, operand: Operand) -> str:
    assert operand.value is not None
    name = shown(moment.program, operand.value)
    return name if not operand.transposed else f"({name}).T" if "/" in name else f"{name}.T"


def _seen(moment: Moment, operand: Operand) -> Array | None:
    """Return an operand's array as the instruction sees it."""
    assert operand.value is not None
    array = moment.value(operand.value)
    return array.T if array is not None and operand.transposed else array


def _marks(moment: Moment, operand: Operand) -> tuple[Mark, ...]:
    """Return the marks of an operand's value as the instruction sees it."""
    assert operand.value is not None
    marks = moment.marks(operand.value)
    return turned(marks) if marks and operand.transposed else marks


def _turned(cells: frozenset[Cell] | None, transposed: bool) -> frozenset[Cell] | None:
    return frozenset(c[::-1] for c in cells) if cells and transposed else cells


def _same_place(moment: Moment, operand: Operand, shape: tuple[int, ...]) -> bool:
    array = None if operand.value is None else _seen(moment, operand)
    return array is not None and array.shape == shape


def _inside(cell: Cell, shape: tuple[int, ...]) -> bool:
    return len(cell) == len(shape) and all(0 <= i < n for i, n in zip(cell, shape, strict=True))


def _clashes(moment: Moment, instruction: Instruction) -> tuple[frozenset[int], ...]:
    return clashing(instruction.op, [operand_shape(o, moment.shape) or () for o in instruction.operands])
