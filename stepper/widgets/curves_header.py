"""The line above all curves: which are shown, the scale of the loss, where one is, and what the signs mean."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QColor, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from core.session import Moment
from stepper import theme
from stepper.models.mark_signs import loud_problems
from stepper.widgets import fonts
from stepper.widgets.loss_plot import KeyToSigns

ROOM_FOR_KEYS = 600


class CurvesHeader(QWidget):
    """`switched` says that a plot is to be shown or hidden, by its id; `log_switched` asks for the other scale of the loss."""

    switched = Signal(str, bool)
    log_switched = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(1)  # a narrow window cuts the words; it is not made wider by them
        self.menu_button = QToolButton(self)
        self.menu_button.setText(self.tr("Show") + "  ")  # room for the little arrow
        self.menu_button.setAccessibleName(self.tr("Choose which curves are shown"))
        self.menu_button.setToolTip(self.tr("Choose which curves are shown"))
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.menu_button)
        self.menu.setAccessibleName(self.tr("Curves"))
        self.menu.triggered.connect(self._on_triggered)
        self.menu_button.setMenu(self.menu)
        self.log_button = QToolButton(self)
        self.log_button.setText(self.tr("log scale"))
        self.log_button.setCheckable(True)
        self.log_button.setAccessibleName(self.tr("Draw the loss on a logarithmic scale"))
        self.log_button.setToolTip(self.tr("Draw the loss on a logarithmic scale: each line up is ten times as much"))
        self.log_button.toggled.connect(self.log_switched)
        self.state = QLabel(self)
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setAccessibleName(self.tr("Where you are"))
        self.state.setMinimumWidth(1)
        self._keys = {
            "here": KeyToSigns("here", self.tr("where you are"), self),
            "flag": KeyToSigns("flag", self.tr("bookmark"), self),
            "event": KeyToSigns("event", self.tr("changed by hand"), self),
            "problem": KeyToSigns("problem", self.tr("a problem begins"), self),
        }
        self._meant: set[str] = set()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.menu_button, self.log_button):
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            row.addWidget(button)
        row.addSpacing(8)
        row.addWidget(self.state, 1)
        for key in self._keys.values():
            row.addWidget(key)

    def offer(self, names: Sequence[tuple[str, str]], hidden: Collection[str]) -> None:
        """Offer plots by id and title; the menu is only made anew where there are others."""
        if list(names) != [(a.data(), a.text()) for a in self.menu.actions()]:
            self.menu.clear()
            for id, title in names:
                action = QAction(title, self.menu)
                action.setCheckable(True)
                action.setData(id)
                self.menu.addAction(action)
        for action in self.menu.actions():
            action.setChecked(action.data() not in hidden)
        self.log_button.setVisible("loss" in dict(names) and "loss" not in hidden)

    def say(self, moment: Moment, filling: bool) -> None:
        """Say where a moment is, and whether numbers are being filled in."""
        text = self.tr("iteration {n}").format(n=moment.position.iteration)
        if filling:
            text = self.tr("iteration {n} · filling in what was not followed before …").format(n=moment.position.iteration)
        self.state.setText(text)
        shown = {
            "here": True,
            "flag": bool(moment.notes.bookmarks),
            "event": bool(moment.events),
            "problem": bool(loud_problems(moment)),
        }
        self._meant = {name for name, on in shown.items() if on}
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() >= ROOM_FOR_KEYS * max(1.0, fonts.zoom())
        for name, key in self._keys.items():
            key.setVisible(room and name in self._meant)

    def dress(self) -> None:
        """Put the colours of the theme on."""
        palette = self.state.palette()
        palette.setColor(self.state.foregroundRole(), QColor(theme.current().text))
        self.state.setPalette(palette)

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        self.switched.emit(action.data(), action.isChecked())
