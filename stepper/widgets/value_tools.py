"""The row above a value: which slice of it is shown, its scale fitted anew, its numbers copied."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from stepper.widgets.press_button import PressButton
from stepper.widgets.value_slice import SliceBoxes


class ValueTools(QWidget):
    """`fit_wanted` asks for a scale that fits, the others for a copy: of the selection, of all as CSV, of all as NumPy code."""

    fit_wanted = Signal()
    selection_wanted = Signal()
    csv_wanted = Signal()
    numpy_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slices = SliceBoxes(self)
        tip = self.tr("Scales only grow, so that steps can be compared. Fit them anew.")
        self.fit_button = PressButton(self.tr("Fit scale"), tip, self)
        self.fit_button.clicked.connect(self.fit_wanted)
        self.menu = QMenu(self)
        self.menu.setAccessibleName(self.tr("Copy"))
        for text, wanted in (
            (self.tr("Copy the selection"), self.selection_wanted),
            (self.tr("Copy all as CSV"), self.csv_wanted),
            (self.tr("Copy all as NumPy code"), self.numpy_wanted),
        ):
            self.menu.addAction(text).triggered.connect(wanted)
        self.copy_button = PressButton(self.tr("Copy"), self.tr("Copy numbers with all their digits."), self)
        self.copy_button.setText(self.tr("Copy ▾"))
        self.copy_button.setMenu(self.menu)
        self.copy_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.slices)
        row.addStretch()
        row.addWidget(self.fit_button)
        row.addWidget(self.copy_button)

    def show_for(self, there: bool, scaled: bool) -> None:
        """Offer to copy where there are numbers, and to fit the scale where there is one."""
        self.copy_button.setVisible(there)
        self.fit_button.setVisible(there and scaled)
