"""What a change by hand has put out of date, and the two ways on; hidden while everything is up to date."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from core.session import Moment
from stepper import theme


class StaleBar(QFrame):
    """Says how many values are out of date, by which change; its buttons are those of the table of actions."""

    def __init__(self, recompute: QAction, undo: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Out of date"))
        self.setAutoFillBackground(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 8, 4)
        row.setSpacing(8)
        self.text = QLabel(self)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setAccessibleName(self.tr("What is out of date"))
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row.addWidget(self.text, 1)
        for action in (recompute, undo):
            button = QToolButton(self)
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setAccessibleName(action.text().replace("&", ""))
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            row.addWidget(button)
        self.hide()

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

    def paint_theme(self) -> None:
        """Draw in the colours of the theme in use."""
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Window, QColor(theme.current().lit))
        palette.setColor(QPalette.ColorRole.WindowText, QColor(theme.current().lit_text))
        self.setPalette(palette)
