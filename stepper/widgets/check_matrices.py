"""One gradient as matrices side by side: the learner's own, the derived, the nudged, and how far they are apart."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from core.health.agreement import WRONG, scale_of
from core.health.gradresult import ParameterCheck
from core.program.ir import Program
from stepper.widgets.flow import FlowScroll
from stepper.widgets.matrix import Cell, MatrixWidget
from stepper.widgets.names import shown


class CheckMatrices(FlowScroll):
    """As high as it needs to be. `cell_chosen` carries a cell, and whether it is one of the learner's own gradient."""

    cell_chosen = Signal(object, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("The gradient, cell by cell"))
        self.own, self.derived, self.nudged, self.error = (MatrixWidget(self.inside) for _ in range(4))
        for matrix in (self.derived, self.nudged, self.error):
            matrix.cell_clicked.connect(self._on_cell)
        self.own.cell_clicked.connect(self._on_own)
        self._same_shape = True

    def draw(self, program: Program, r: ParameterCheck | None, cell: Cell | None, stale: bool) -> None:
        """Show a parameter's gradients in the same colours; nothing for None."""
        groups: list[list[QWidget]] = []
        every = (self.own, self.derived, self.nudged, self.error)
        if r is not None and r.verdict != "not finite":
            arrays = [a for a in (r.derived, r.nudged, None if r.own is None else r.own.array) if a is not None]
            extent = scale_of(*arrays)
            if r.own is not None and r.gradient is not None:
                sign = "−" if r.own.uphill else ""
                name = self.tr("yours: {name}").format(name=sign + shown(program, r.gradient))
                self.own.set_matrix(name, r.own.array, extent=extent, stale=stale)
                self._same_shape = r.own.array.shape == r.nudged.shape
                groups.append([self.own])
            if r.derived is not None:
                self.derived.set_matrix(self.tr("derived"), r.derived, extent=extent, stale=stale)
                groups.append([self.derived])
            whole = r.nudges == r.cells
            if whole:
                self.nudged.set_matrix(self.tr("checked by nudging"), r.nudged, extent=extent, stale=stale)
                groups.append([self.nudged])
            if (whole or r.own is not None) and r.where is not None:
                # The strongest colour stands for what counts as wrong.
                self.error.set_matrix(self.tr("relative error"), r.error, extent=WRONG, stale=stale)
                groups.append([self.error])
        used = [w for group in groups for w in group]
        for matrix in every:
            matrix.setVisible(matrix in used)
        self.select(cell)
        self.setVisible(bool(groups))
        self.set_groups(groups)

    def select(self, cell: Cell | None) -> None:
        """Frame a cell in all of them."""
        for matrix in (self.derived, self.nudged, self.error):
            matrix.set_selected(cell)
        self.own.set_selected(cell if self._same_shape else None)

    def arrange(self, height: int | None = None) -> None:
        """Lay out, and ask for all the height of it: what is around scrolls."""
        super().arrange(height)
        self.setMinimumHeight(self.maximumHeight())

    @Slot(object)
    def _on_cell(self, cell: Cell) -> None:
        self.cell_chosen.emit(cell, False)

    @Slot(object)
    def _on_own(self, cell: Cell) -> None:
        self.cell_chosen.emit(cell, True)
