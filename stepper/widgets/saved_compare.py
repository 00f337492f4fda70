"""Two saved networks beside each other: which other one, how far the comparison is, and what it has found."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QPushButton, QVBoxLayout, QWidget

from stepper import theme
from stepper.models.saved_rows import compared
from stepper.models.saved_state import SavedState
from stepper.widgets.saved_facts import file_name
from stepper.widgets.saved_header import PlainLabel
from stepper.widgets.tips import plain
from stepper.widgets.wrap_row import WrapRow


class SavedCompare(QWidget):
    """`wanted` asks for another file, `ended` puts it away; `sorted_by` says whether what differs most is to be first."""

    wanted = Signal()
    ended = Signal()
    sorted_by = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Comparison"))
        self.button = QPushButton(self.tr("Compare with…"), self)
        self.button.setToolTip(plain(self.tr("Show how another saved network differs, such as a later checkpoint of this one")))
        self.end_button = QPushButton(self.tr("× Stop comparing"), self)
        for button in (self.button, self.end_button):
            button.setAutoDefault(False)
        self.button.setAccessibleName(self.tr("Compare with another file"))
        self.end_button.setAccessibleName(self.tr("Stop comparing"))
        self.first_box = QCheckBox(self.tr("Largest difference first"), self)
        self.first_box.setAccessibleName(self.first_box.text())
        self.first_box.setToolTip(plain(self.tr("Sort the layers, and the tensors of each, by how much they differ")))
        self.row = WrapRow([self.button, self.end_button, self.first_box], self)
        self.with_label = PlainLabel(self.tr("Compared with"), self)
        self.found_label = PlainLabel(self.tr("What was found"), self)
        self.button.clicked.connect(self.wanted)
        self.end_button.clicked.connect(self.ended)
        self.first_box.toggled.connect(self.sorted_by)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for part in (self.with_label, self.found_label, self.row):
            column.addWidget(part)

    def show_state(self, state: SavedState) -> None:
        """Show with what the file is compared."""
        other, t = state.other, theme.current()
        comparing = other is not None
        self.button.setVisible(not comparing)
        self.end_button.setVisible(comparing)
        self.first_box.setVisible(comparing)
        if not comparing and self.first_box.isChecked():
            self.first_box.setChecked(False)
        self.row.arrange()
        words = self.tr("Compared with {name}: choose a tensor to open its difference.")
        self.with_label.say("" if other is None else words.format(name=file_name(other)))
        self.found_label.say(self._found(state) if comparing else "", t.dim)

    def is_done(self, state: SavedState) -> bool:
        """Tell whether all tensors are compared."""
        return state.saved is not None and state.other is not None and compared(state) >= len(state.saved.tensors)

    @Slot(int)
    def stop_sorting(self, column: int) -> None:
        """Take in that the rows are sorted in another way now."""
        del column
        self.first_box.blockSignals(True)
        self.first_box.setChecked(False)
        self.first_box.blockSignals(False)

    def _found(self, state: SavedState) -> str:
        saved = state.saved
        total = 0 if saved is None else len(saved.tensors)
        if not self.is_done(state):
            return self.tr("{n} of {total} compared…").format(n=f"{compared(state):,}", total=f"{total:,}")
        counts = Counter(m.kind for m in state.matches.values())
        if set(counts) <= {"equal"}:
            return self.tr("= All {n} tensors are equal").format(n=f"{total:,}")
        told = (
            ("different", self.tr("≠ {n} different")), ("near", self.tr("≈ {n} nearly equal")), ("equal", self.tr("= {n} equal")),
            ("shape", self.tr("◫ {n} of another shape")), ("type", self.tr("◇ {n} not readable")),
            ("only here", self.tr("◁ {n} only here")), ("only there", self.tr("▷ {n} only there")),
        )  # fmt: skip
        return " · ".join(text.format(n=f"{counts[kind]:,}") for kind, text in told if counts[kind])
