"""How much room the screen has."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget


def room_of(widget: QWidget) -> QSize:
    """Return the size that windows can have on the screen that a widget is on, in pixels.

    Not by `widget.screen()`: PySide6 (6.11.3) makes the screen a child of the widget, and where the collector takes both away
    together the application's own screen is deleted; the next window that is made then crashes.
    """
    screen = QGuiApplication.screenAt(widget.frameGeometry().center())
    return (screen if screen is not None else QGuiApplication.primaryScreen()).availableSize()  # pyright: ignore[reportUnnecessaryComparison]
