"""The controls of runs beside each other: which mend, how far, whose steps, which parameters, which scale."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from stepper.widgets.tips import plain
from stepper.widgets.wrap_row import WrapRow

FURTHER = (20, 200, 2000)
LEAST_COMBO = 16


class CourseControls(QWidget):
    """`mend_chosen` and `steps_chosen` carry a row, `further` how many units more are wanted.

    `parameter_switched` carries a name and whether its curve is shown.
    """

    mend_chosen = Signal(int)
    steps_chosen = Signal(int)
    further = Signal(int)
    stopped = Signal()
    reset = Signal()
    parameter_switched = Signal(str, bool)
    redraw_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mends = self._combo(self.tr("Which mend"), self.tr("What is mended in the run beside yours"))
        self.mends.activated.connect(self.mend_chosen)
        self.steps = self._combo(self.tr("Whose steps"), self.tr("Whose steps the lower plot judges"))
        self.steps.activated.connect(self.steps_chosen)
        self.more: list[QToolButton] = []
        for n in FURTHER:
            made = self._button("", "")
            made.setProperty("units", n)
            made.clicked.connect(self._on_more)
            self.more.append(made)
        self.stop = self._button(self.tr("Stop"), self.tr("Stop where the runs are now"))
        self.stop.clicked.connect(self.stopped)
        self.again = self._button(self.tr("Reset"), self.tr("Begin again, at the start"))
        self.again.clicked.connect(self.reset)
        self.parameters = QToolButton(self)
        self.parameters.setText(self.tr("Parameters") + "  ")  # room for the little arrow
        self.parameters.setAccessibleName(self.tr("Choose whose steps are drawn"))
        self.parameters.setToolTip(self.tr("Choose whose steps are drawn"))
        self.parameters.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.parameters)
        self.menu.setAccessibleName(self.tr("Parameters"))
        self.menu.triggered.connect(self._on_parameter)
        self.parameters.setMenu(self.menu)
        self.means = self._toggle(
            self.tr("mean of each epoch"), self.tr("Draw one point for each epoch: the mean over its iterations")
        )
        self.means.setChecked(True)
        self.log = self._toggle(
            self.tr("log scale"), self.tr("Draw the losses on a logarithmic scale: each line up is ten times as much")
        )
        self.means.toggled.connect(self._on_toggled)
        self.log.toggled.connect(self._on_toggled)
        self._lay_out()

    def offer(self, mends: Sequence[str], steps: Sequence[str], epochs: bool) -> None:
        """Offer mends and runs by their names; with `epochs` the buttons count epochs."""
        for combo, texts in ((self.mends, mends), (self.steps, steps)):
            if [combo.itemText(k) for k in range(combo.count())] != list(texts):
                before = combo.currentIndex()
                combo.clear()
                combo.addItems(list(texts))
                combo.setCurrentIndex(min(max(before, 0), combo.count() - 1))
        self._which.setVisible(bool(mends))
        self.steps.setVisible(len(steps) > 1)
        for button in self.more:
            n = button.property("units")
            button.setText((self.tr("+{n} epochs") if epochs else self.tr("+{n}")).format(n=n))
            tip = self.tr("Run {n} epochs further") if epochs else self.tr("Run {n} iterations further")
            button.setToolTip(tip.format(n=n))
            button.setAccessibleName(tip.format(n=n))
        self.means.setVisible(epochs)
        self._rows.arrange()

    def offer_parameters(self, names: Sequence[str], hidden: Collection[str]) -> None:
        """Offer parameters; the menu is only made anew where there are others."""
        if list(names) != [a.data() for a in self.menu.actions()]:
            self.menu.clear()
            for name in names:
                action = QAction(name, self.menu)
                action.setCheckable(True)
                action.setData(name)
                self.menu.addAction(action)
        for action in self.menu.actions():
            action.setChecked(action.data() not in hidden)

    def set_state(self, running: bool, ended: bool, begun: bool) -> None:
        """Say what can be pressed now."""
        for button in self.more:
            button.setEnabled(not ended)
        self.stop.setEnabled(running)
        self.again.setEnabled(begun)

    def _lay_out(self) -> None:
        beside = QLabel(self.tr("beside yours:"), self)
        beside.setTextFormat(Qt.TextFormat.PlainText)
        beside.setBuddy(self.mends)
        self._which = QWidget(self)
        row = QHBoxLayout(self._which)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(6)
        row.addWidget(beside)
        row.addWidget(self.mends)
        order = (*self.more, self.stop, self.again, self.steps, self.parameters, self.means, self.log)
        self._rows = WrapRow((self._which, *order), self)
        for one, following in pairwise((self.mends, *order)):
            QWidget.setTabOrder(one, following)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._rows)

    def _combo(self, name: str, tip: str) -> QComboBox:
        made = QComboBox(self)
        made.setAccessibleName(name)
        made.setToolTip(tip)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        made.setMinimumContentsLength(LEAST_COMBO)
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        return made

    def _button(self, text: str, tip: str) -> QToolButton:
        made = QToolButton(self)
        made.setText(text)
        made.setToolTip(plain(tip))
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return made

    def _toggle(self, text: str, tip: str) -> QCheckBox:
        made = QCheckBox(text, self)
        made.setAccessibleName(tip)
        made.setToolTip(tip)
        return made

    @Slot()
    def _on_more(self) -> None:
        self.further.emit(int(self.sender().property("units")))

    @Slot(bool)
    def _on_toggled(self, _: bool) -> None:
        self.redraw_wanted.emit()

    @Slot(QAction)
    def _on_parameter(self, action: QAction) -> None:
        self.parameter_switched.emit(str(action.data()), action.isChecked())
