"""Pictures that travel with the app, read as package data: nothing is looked for on the person's disk."""

from __future__ import annotations

from importlib import resources as package_files

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from stepper import theme

SIZES = (16, 20, 24, 32, 40, 48, 64)
APP_SIZES = (16, 24, 32, 48, 64, 128, 256)


def icon_text(name: str) -> str:
    """Return the SVG text of an icon; raises FileNotFoundError."""
    return (package_files.files("resources") / "icons" / f"{name}.svg").read_text("utf-8")


def icon(name: str) -> QIcon:
    """Return an icon in the colours of the theme in use, with a paler form for a disabled button."""
    text = icon_text(name)
    found = QIcon()
    colours = theme.current()
    for mode, colour in ((QIcon.Mode.Normal, colours.text), (QIcon.Mode.Disabled, colours.border)):
        renderer = QSvgRenderer(QByteArray(text.replace("currentColor", colour).encode()))
        for size in SIZES:
            found.addPixmap(_pixmap(renderer, size), mode)
    return found


def app_icon() -> QIcon:
    """Return the icon of the app; it has its own colours."""
    renderer = QSvgRenderer(QByteArray(icon_text("app").encode()))
    found = QIcon()
    for size in APP_SIZES:
        found.addPixmap(_pixmap(renderer, size))
    return found


def _pixmap(renderer: QSvgRenderer, size: int) -> QPixmap:
    pixmap = QPixmap(QSize(size, size))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter)
    painter.end()
    return pixmap
