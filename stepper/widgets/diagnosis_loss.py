"""What all of the diagnosis is measured against: the loss as written, or the one that is assumed, to choose another."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.diagnosis import Diagnosis
from core.diagnosis.assume import LOSSES
from stepper import theme
from stepper.widgets.diagnosis_prose import Prose
from stepper.widgets.tips import plain

KNOWN = {
    "half_sse": "½ Σ (a − y)²", "sse": "Σ (a − y)²", "mse": "mean (a − y)²", "bce": "−mean (y·ln a + (1−y)·ln (1−a))",
    "cross_entropy": "−mean Σ y·ln a",
}  # fmt: skip


class LossLine(QWidget):
    """`loss_chosen` carries the name of another loss to assume, empty for the one that fits best."""

    loss_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = Prose(self.tr("The loss that all is measured against"), self)
        self.label = QLabel(self.tr("Assume another:"), self)
        self.choice = QComboBox(self)
        self.choice.setAccessibleName(self.tr("Loss to assume"))
        self.choice.setToolTip(plain(self.tr("Write a line under # loss to have it known for sure")))
        self.choice.addItem(self.tr("the one that fits best"), "")
        for name in LOSSES:
            self.choice.addItem(f"{name}   {KNOWN[name]}", name)
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.setMinimumContentsLength(16)
        self.choice.activated.connect(self._on_choice)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.label)
        row.addWidget(self.choice, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.words)
        column.addLayout(row)

    def show_loss(self, diagnosis: Diagnosis | None, chosen: str, stale: bool) -> None:
        """Say which loss it is; where it is assumed, another one can be chosen."""
        assumed = diagnosis is not None and diagnosis.loss_assumed
        text = ""
        if diagnosis is not None and diagnosis.loss:
            loss = " ".join(diagnosis.loss.split())
            if not assumed:
                text = self.tr("Measured against your loss, `{loss}`").format(loss=loss)
            elif chosen:
                text = self.tr("Assumed, as you chose, for none is written: `{loss}`").format(loss=loss)
            else:
                text = self.tr("Assumed, for none is written and this one fits best: `{loss}`").format(loss=loss)
        self.words.say(text, theme.current().dim if stale else theme.current().text if assumed else theme.current().dim)
        self.label.setVisible(assumed)
        self.choice.setVisible(assumed)
        at = self.choice.findData(chosen)
        self.choice.setCurrentIndex(max(at, 0))
        self.setVisible(bool(text))

    @Slot()
    def _on_choice(self) -> None:
        self.loss_chosen.emit(str(self.choice.currentData() or ""))
