"""What can be chosen in the data view: pictures or points, only the wrong ones, the neurons' lines, the two axes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QWidget

from core.predictions import Predictor
from stepper.widgets.data_scenes import input_name

MOST_AXES = 200


class DataControls(QWidget):
    """A row of choices, of which only those that mean something for the data are seen; `changed` tells of a choice."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("What to show of the data"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        self.as_pictures = self._box(self.tr("As &pictures"), False)
        self.only_wrong = self._box(self.tr("Only wron&g ones"), False)
        self.lines = self._box(self.tr("Lines of the ne&urons"), True)
        self._axes = QWidget(self)
        axes = QHBoxLayout(self._axes)
        axes.setContentsMargins(0, 0, 0, 0)
        self.across, self.up = QComboBox(self._axes), QComboBox(self._axes)
        for box, name, sign in ((self.across, self.tr("Input across"), "→"), (self.up, self.tr("Input upwards"), "↑")):
            box.setAccessibleName(name)
            box.setToolTip(name)
            box.currentIndexChanged.connect(self.changed)
            arrow = QLabel(sign, self._axes)
            arrow.setTextFormat(Qt.TextFormat.PlainText)
            arrow.setBuddy(box)
            axes.addWidget(arrow)
            axes.addWidget(box)
        for part in (self.as_pictures, self.only_wrong, self.lines, self._axes):
            row.addWidget(part)
        row.addStretch(1)
        self._axes.hide()
        self.hide()

    def offer(self, predictor: Predictor, fresh: bool) -> None:
        """Offer what there is to choose for some data; `fresh` data decide anew whether they are pictures."""
        for part in (self.as_pictures, self.across, self.up):
            part.blockSignals(True)
        if fresh:
            self.as_pictures.setChecked(predictor.pictures)
        names = [input_name(f) for f in predictor.varying[:MOST_AXES]]
        for box, first in ((self.across, 0), (self.up, 1)):
            if [box.itemText(n) for n in range(box.count())] != names:
                box.clear()
                box.addItems(names)
                box.setCurrentIndex(min(first, len(names) - 1))
        for part in (self.as_pictures, self.across, self.up):
            part.blockSignals(False)
        self.arrange(predictor)

    def arrange(self, predictor: Predictor) -> None:
        """Show only what means something for what is shown now."""
        pictures, inputs = self.pictures(predictor), len(predictor.varying)
        self.as_pictures.setVisible(predictor.side is not None)
        self._axes.setVisible(not pictures and inputs > 2)
        self.only_wrong.setVisible(pictures and predictor.truth is not None)
        self.lines.setVisible(not pictures and inputs == 2 and predictor.source.network is not None)
        self.setVisible(any(not c.isHidden() for c in (self._axes, self.only_wrong, self.lines, self.as_pictures)))

    def pictures(self, predictor: Predictor) -> bool:
        """Tell whether the samples are to be shown as pictures."""
        return predictor.side is not None and self.as_pictures.isChecked()

    def axes(self, predictor: Predictor) -> tuple[int, int]:
        """Return the inputs to be shown across and upwards."""
        if len(predictor.varying) == 2:
            return predictor.varying[0], predictor.varying[1]
        return predictor.varying[max(self.across.currentIndex(), 0)], predictor.varying[max(self.up.currentIndex(), 0)]

    def chosen(self) -> tuple[object, ...]:
        """Return all choices, to tell whether one changed."""
        boxes = self.as_pictures.isChecked(), self.only_wrong.isChecked(), self.lines.isChecked()
        return (*boxes, self.across.currentIndex(), self.up.currentIndex())

    def _box(self, text: str, checked: bool) -> QCheckBox:
        box = QCheckBox(text, self)
        box.setAccessibleName(text.replace("&", ""))
        box.setChecked(checked)
        box.toggled.connect(self.changed)
        box.setVisible(False)
        return box
