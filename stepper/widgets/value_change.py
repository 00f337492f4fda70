"""How a value differs from what it was one iteration before: in words, and as a heat map."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from core.explain.statistics import Difference
from stepper.widgets import numbers
from stepper.widgets.value_heat import ValueHeat
from stepper.widgets.value_plane import Place, Plane


class ValueChange(QWidget):
    """Shows a difference: the largest change, how much changed, and every cell."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setAccessibleName(self.tr("largest change"))
        self.words.setWordWrap(True)
        self.heat = ValueHeat(self)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.words)
        box.addWidget(self.heat, 1)

    def set_difference(self, found: Difference, plane: Plane, selected: Place | None, other_samples: bool) -> None:
        """Show a difference, whose array `plane` holds; `other_samples` says that the two belong to different batches."""
        before = plane.moment.position.iteration - 1
        parts = [self.tr("Now minus the same value in iteration {n}.").format(n=before)]
        if not found.changed:
            parts.append(self.tr("Nothing changed."))
        elif found.largest is not None:
            where = f"[{', '.join(map(str, found.at))}]" if found.at else ""
            text = self.tr("Largest change: {x} at {where}.") if where else self.tr("Change: {x}.")
            parts.append(text.format(x=numbers.full(found.largest), where=where))
            parts.append(self.tr("{n} of {total} cells changed.").format(n=found.changed, total=plane.array.size))
        if found.lost:
            parts.append(self.tr("Cells that were finite and are not any more: {n}.").format(n=found.lost))
        if found.without:
            parts.append(self.tr("Cells without a difference, as now or before they are NaN or ∞: {n}.").format(n=found.without))
        if other_samples:
            parts.append(self.tr("The batch before had other samples."))
        self.words.setText(" ".join(parts))
        self.heat.set_plane(plane, selected)
