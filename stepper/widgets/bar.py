"""A sentence on a ground of its own, above what it is about, with buttons behind it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from stepper import theme


class Bar(QFrame):
    """Has the sentence in `text`, and room for buttons in `row`; hidden at first."""

    def __init__(self, name: str, about: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setAutoFillBackground(True)
        self.text = QLabel(self)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setAccessibleName(about)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(12, 4, 8, 4)
        self.row.setSpacing(8)
        self.row.addWidget(self.text, 1)
        self.hide()

    def paint_theme(self) -> None:
        """Draw in the colours of the theme in use."""
        self.setPalette(lit_palette())


def lit_palette() -> QPalette:
    """Return the colours of what is to be noticed."""
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Window, QColor(theme.current().lit))
    palette.setColor(QPalette.ColorRole.WindowText, QColor(theme.current().lit_text))
    return palette
