"""One gradient three times: yours, the true one, and as nudging shows it; where yours differs, each cell has a ≠."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from core.diagnosis import ParameterVerdict
from core.health.agreement import WARN, scale_of
from core.health.gradresult import ParameterCheck
from core.health.monitor import Mark
from core.program.ir import Array, Program
from stepper.widgets.flow import FlowScroll
from stepper.widgets.matrix import Cell, MatrixWidget
from stepper.widgets.names import shown

MOST_SIGNS = 100
"""Of more cells than these, most of which differ, only the name has a sign: signs everywhere would hide the colours."""


class DiagnosisMatrices(FlowScroll):
    """As high as it needs to be. `cell_chosen` carries a cell, and whether it is one of the learner's own gradient."""

    cell_chosen = Signal(object, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("The gradient, cell by cell"))
        self.own, self.true, self.nudged, self.difference = (MatrixWidget(self.inside) for _ in range(4))
        for matrix in (self.true, self.nudged, self.difference):
            matrix.cell_clicked.connect(self._on_cell)
        self.own.cell_clicked.connect(self._on_own)
        self._same = True

    def show_gradient(self, program: Program, p: ParameterVerdict, check: ParameterCheck | None, stale: bool) -> None:
        """Show a parameter's gradients in the same colours; `check` is what nudging has found so far."""
        arrays = [a for a in (p.own, p.true) if a is not None]
        extent = scale_of(*arrays) if arrays else 0.0
        wrong = different(p)
        self._same = wrong is not None
        groups: list[list[QWidget]] = []
        if p.own is not None:
            name = "" if p.value is None else shown(program, p.value)
            self.own.set_matrix(
                self.tr("yours: {name}").format(name=name) if name else self.tr("yours"), p.own, extent=extent, stale=stale,
                marks=self._marks(p, wrong),
            )  # fmt: skip
            groups.append([self.own])
        if p.true is not None:
            self.true.set_matrix(self.tr("true"), p.true, extent=extent, stale=stale)
            groups.append([self.true])
        if check is not None and check.nudges == check.cells and check.verdict != "not finite":
            self.nudged.set_matrix(self.tr("checked by nudging"), check.nudged, extent=extent, stale=stale)
            groups.append([self.nudged])
        if wrong is not None and wrong.any() and self.own.is_heat_map and p.own is not None and p.true is not None:
            # Of cells too small for a sign of their own, the colours of the difference say which are wrong.
            with np.errstate(all="ignore"):
                self.difference.set_matrix(self.tr("yours − true"), p.own - p.true, extent=extent, stale=stale)
            groups.append([self.difference])
        used = [w for group in groups for w in group]
        for matrix in (self.own, self.true, self.nudged, self.difference):
            matrix.setVisible(matrix in used)
        self.setVisible(bool(groups))
        self.set_groups(groups)

    def select(self, cell: Cell | None) -> None:
        """Frame a cell in all of them."""
        for matrix in (self.true, self.nudged, self.difference):
            matrix.set_selected(cell)
        self.own.set_selected(cell if self._same else None)

    def arrange(self, height: int | None = None) -> None:
        """Lay out, and ask for all the height of it: what is around scrolls."""
        super().arrange(height)
        self.setMinimumHeight(self.maximumHeight())

    def _marks(self, p: ParameterVerdict, wrong: Array | None) -> tuple[Mark, ...]:
        if p.true is None or (wrong is not None and not wrong.any()):
            return ()
        if wrong is None:
            return (Mark("", "≠", "error", None, self.tr("has another shape than the parameter")),)
        if p.verdict == "right up to a factor":
            return (Mark("", "≈", "warning", None, self.tr("right up to the factor that all gradients share")),)
        if wrong.size > MOST_SIGNS and 2 * np.count_nonzero(wrong) > wrong.size:
            words = self.tr("{n} of {all} cells differ from the true gradient").format(n=np.count_nonzero(wrong), all=wrong.size)
            return (Mark("", "≠", "error", None, words),)
        return (Mark("", "≠", "error", wrong, self.tr("differs from the true gradient")),)

    @Slot(object)
    def _on_cell(self, cell: Cell) -> None:
        self.cell_chosen.emit(cell, False)

    @Slot(object)
    def _on_own(self, cell: Cell) -> None:
        self.cell_chosen.emit(cell, True)


def different(p: ParameterVerdict) -> Array | None:
    """Return which cells of the learner's own gradient differ from the true one; None where the shapes do."""
    if p.own is None or p.true is None or p.own.shape != p.true.shape:
        return None
    with np.errstate(all="ignore"):
        near = np.abs(p.own - p.true) <= WARN * scale_of(p.own, p.true)
    both = ~np.isfinite(p.own) & ~np.isfinite(p.true)
    return ~(near | both)
