"""What every list of names and numbers has: a grid that scrolls, reached by the keyboard, in which no text is markup; its ink."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QWidget


def grid_in(area: QScrollArea, between: int) -> QGridLayout:
    """Dress a scroll area and return the grid in it, on a widget of its own; its columns are `between` pixels apart."""
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    inside = QWidget(area)
    grid = QGridLayout(inside)
    grid.setContentsMargins(4, 4, 4, 4)
    grid.setHorizontalSpacing(between)
    grid.setVerticalSpacing(3)
    area.setWidget(inside)
    return grid


def label_in(area: QScrollArea) -> QLabel:
    """Return a new label for the grid of an area; it never takes text for markup."""
    label = QLabel(area.widget())
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def ink(widget: QWidget, colour: str) -> None:
    """Have a widget write in a colour."""
    palette = QPalette()  # an empty one, so that all other roles follow the theme
    palette.setColor(QPalette.ColorRole.WindowText, QColor(colour))
    widget.setPalette(palette)
