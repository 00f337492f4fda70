"""What a change by hand has put out of date, and the two ways on; hidden while everything is up to date."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from core.session import Moment
from stepper.widgets.bar import Bar


class StaleBar(Bar):
    """Says how many values are out of date, by which change; its buttons are those of the table of actions."""

    def __init__(self, recompute: QAction, undo: QAction, parent: QWidget | None = None) -> None:
        tr = QCoreApplication.translate
        super().__init__(tr("StaleBar", "Out of date"), tr("StaleBar", "What is out of date"), parent)
        for action in (recompute, undo):
            button = QToolButton(self)
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setAccessibleName(action.text().replace("&", ""))
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.row.addWidget(button)

    def draw(self, moment: Moment) -> None:
        """Show what is out of date at a moment."""
        if moment.stale and moment.events:
            newest = moment.events[-1].text
            names = ", ".join(moment.program.values[i].label for i in sorted(moment.stale) if not moment.is_part(i))
            words = self.tr(
                "◷ After {change}, these are out of date and shown as they were: {names}. Step on, or compute them again."
            )
            self.text.setText(words.format(change=newest, names=names))
            self.paint_theme()
        elif moment.stale:
            self.text.setText(self.tr("◷ Some values are out of date. Step on, or compute them again."))
        self.setVisible(bool(moment.stale))
