"""What stands above the list of problems: words to look for, how grave, and what is muted."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from core.health.finding import SEVERITIES
from core.health.rules import RULES
from stepper.models.mark_signs import WARNING
from stepper.widgets.tips import plain


class ProblemHeader(QWidget):
    """`filtered` tells that another part of the problems is wanted; `unmuted` carries a rule that is to speak again."""

    filtered = Signal()
    unmuted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(self.tr("filter: words, W1, saturated…"))
        self.line.setAccessibleName(self.tr("Filter the problems"))
        self.line.setClearButtonEnabled(True)
        self.line.setMinimumWidth(60)
        self.line.textChanged.connect(self._on_changed)
        self._words = {
            "error": (f"{WARNING} " + self.tr("Errors: {n}"), self.tr("Show errors: numbers that are of no use any more")),
            "warning": (self.tr("Warnings: {n}"), self.tr("Show warnings: what will very likely stop the network from learning")),
            "note": (self.tr("Notes: {n}"), self.tr("Show notes: what is good to know")),
        }
        self.buttons: dict[str, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.line, 1)
        for severity in SEVERITIES:
            button = self._button(self._words[severity][1])
            button.setCheckable(True)
            button.setChecked(True)
            button.toggled.connect(self._on_changed)
            self.buttons[severity] = button
            row.addWidget(button)
        self.menu = QMenu(self)
        self.menu.setAccessibleName(self.tr("Muted rules"))
        self.menu.triggered.connect(self._on_unmute)
        self.muted = self._button(self.tr("Rules that say nothing now; choose one to have it speak again"))
        self.muted.setMenu(self.menu)
        self.muted.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row.addWidget(self.muted)
        self.draw(dict.fromkeys(SEVERITIES, 0), frozenset())

    @property
    def severities(self) -> frozenset[str]:
        """Which severities are to be shown."""
        return frozenset(s for s, button in self.buttons.items() if button.isChecked())

    def draw(self, counts: Mapping[str, int], muted: frozenset[str]) -> None:
        """Say how many there are of each severity, and what is muted."""
        for severity, button in self.buttons.items():
            text, tip = self._words[severity]
            short = text.format(n=counts[severity])
            button.setText(short)
            button.setAccessibleName(short)
            button.setToolTip(plain(tip))
        self.muted.setVisible(bool(muted))
        self.muted.setText(self.tr("Muted: {n}").format(n=len(muted)))
        self.muted.setAccessibleName(self.muted.text())
        names = {r: RULES[r].title if r in RULES else r for r in sorted(muted)}
        if list(names) != [a.data() for a in self.menu.actions()]:
            self.menu.clear()
            for rule, title in names.items():
                self.menu.addAction(self.tr("Unmute: {title}").format(title=title)).setData(rule)

    def _button(self, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(plain(tip))
        button.setAccessibleDescription(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    @Slot()
    def _on_changed(self) -> None:
        self.filtered.emit()

    @Slot(QAction)
    def _on_unmute(self, action: QAction) -> None:
        self.unmuted.emit(str(action.data()))
