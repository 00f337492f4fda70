"""The fonts of the app. All sizes follow the application's font, which a person makes bigger and smaller."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontDatabase, QFontInfo
from PySide6.QtWidgets import QApplication

SMALLEST = 7.5
BASE_POINTS = "stepperBasePoints"


def points(font: QFont) -> float:
    """Return the size of a font in points, also of one that was made in pixels."""
    size = font.pointSizeF()
    return size if size > 0 else QFontInfo(font).pointSizeF()


def mono(font: QFont, more: float = 0.0) -> QFont:
    """Return the font of code and numbers in the size of `font`, or some points more."""
    found = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    found.setPointSizeF(max(SMALLEST, points(font) + more))
    return found


def sized(font: QFont, more: float, bold: bool = False) -> QFont:
    """Return a font some points bigger or smaller, never too small to be read."""
    found = QFont(font)
    found.setPointSizeF(max(SMALLEST, points(font) + more))
    found.setBold(bold)
    return found


def scaled(font: QFont, scale: float) -> QFont:
    """Return a font `scale` times as big."""
    found = QFont(font)
    found.setPointSizeF(max(SMALLEST, points(font) * scale))
    return found


def base_points() -> float:
    """Return the size that text has when nobody has made it bigger or smaller."""
    application = QApplication.instance()
    known = None if application is None else application.property(BASE_POINTS)
    return float(known) if known is not None else points(QApplication.font())


def zoom() -> float:
    """Return how many times as big as usual text is now."""
    return points(QApplication.font()) / max(base_points(), 1.0)
