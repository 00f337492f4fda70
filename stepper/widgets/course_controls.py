"""The controls of runs beside each other: which mend, how far, whose steps, which parameters, which scale."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from stepper.widgets.tips import plain
from stepper.widgets.wrap_row import WrapRow

FURTHER = (20, 200, 2000)
LEAST_COMBO = 13


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
        self.parameters: list[QAction] = []
        self.more: list[QToolButton] = []
        for n in FURTHER:
            made = self._button(self.tr("+{n}").format(n=n), "")
            made.setProperty("units", n)
            made.clicked.connect(self._on_more)
            self.more.append(made)
        self.stop = self._button("■", self.tr("Stop where the runs are now"))
        self.stop.clicked.connect(self.stopped)
        self.again = self._button("↺", self.tr("Begin again, at the start"))
        self.again.clicked.connect(self.reset)
        room = "  "  # for the little arrow
        self.show_button = self._button(self.tr("Show") + room, self.tr("Choose whose steps are drawn, and how"))
        self.show_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.show_button)
        self.menu.setAccessibleName(self.tr("Show"))
        self.menu.setToolTipsVisible(True)
        mean = self.tr("One point for each epoch: the mean over its iterations")
        self.means = self._toggle(self.tr("Mean of each epoch"), mean)
        self.means.setChecked(True)
        self.log = self._toggle(self.tr("Losses on a logarithmic scale"), self.tr("Each line up is ten times as much"))
        self.menu.addSeparator()
        self.menu.triggered.connect(self._on_triggered)
        self.show_button.setMenu(self.menu)
        self.units = QLabel(self)
        self.units.setTextFormat(Qt.TextFormat.PlainText)
        order = (self.mends, self.units, *self.more, self.stop, self.again, self.steps, self.show_button)
        self._rows = WrapRow(order, self)
        for one, following in pairwise(w for w in order if w is not self.units):
            QWidget.setTabOrder(one, following)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._rows)

    def offer(self, mends: Sequence[str], steps: Sequence[str], epochs: bool) -> None:
        """Offer mends and runs by their names; with `epochs` the buttons count epochs."""
        for combo, texts in ((self.mends, mends), (self.steps, steps)):
            if [combo.itemText(k) for k in range(combo.count())] != list(texts):
                before = combo.currentIndex()
                combo.clear()
                combo.addItems(list(texts))
                combo.setCurrentIndex(min(max(before, 0), combo.count() - 1))
        self.mends.setVisible(bool(mends))
        self.steps.setVisible(len(steps) > 1)
        self.units.setText(self.tr("epochs:") if epochs else self.tr("iterations:"))
        for button in self.more:
            tip = self.tr("Run {n} epochs further") if epochs else self.tr("Run {n} iterations further")
            button.setToolTip(tip.format(n=button.property("units")))
            button.setAccessibleName(tip.format(n=button.property("units")))
        self.means.setVisible(epochs)
        self.units.setFixedHeight(self.more[0].sizeHint().height())  # level with the buttons
        self._rows.arrange()

    def offer_parameters(self, names: Sequence[str], hidden: Collection[str]) -> None:
        """Offer parameters; the menu is only made anew where there are others."""
        if list(names) != [a.data() for a in self.parameters]:
            for action in self.parameters:
                self.menu.removeAction(action)
                action.deleteLater()
            self.parameters = [self._toggle(self.tr("steps of {name}").format(name=name), "", name) for name in names]
        for action in self.parameters:
            action.setChecked(action.data() not in hidden)

    def set_state(self, running: bool, ended: bool, begun: bool) -> None:
        """Say what can be pressed now."""
        for button in self.more:
            button.setEnabled(not ended)
        self.stop.setEnabled(running)
        self.again.setEnabled(begun)

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
        made.setAccessibleName(tip)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return made

    def _toggle(self, text: str, tip: str, name: str = "") -> QAction:
        made = QAction(text.replace("&", "&&"), self.menu)
        made.setCheckable(True)
        made.setToolTip(tip)
        made.setData(name)
        self.menu.addAction(made)
        return made

    @Slot()
    def _on_more(self) -> None:
        self.further.emit(int(self.sender().property("units")))

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        if action in (self.means, self.log):
            self.redraw_wanted.emit()
        else:
            self.parameter_switched.emit(str(action.data()), action.isChecked())
