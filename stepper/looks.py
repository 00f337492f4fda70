"""How everything looks, by the settings: colours, text size, digits, notation. Every change is seen at once."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QApplication

from stepper import theme
from stepper.settings import Settings
from stepper.widgets import fonts, names, numbers

KEYS = ("theme", "scale", "zoom", "digits", "notation")
SMALLEST, BIGGEST = -3, 8


class Looks(QObject):
    """Applies the settings of looks to the whole application; `changed` asks for everything to be drawn again."""

    changed = Signal()

    def __init__(self, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self.settings = settings
        QApplication.styleHints().colorSchemeChanged.connect(self._on_system_colours)

    def apply_all(self) -> None:
        """Apply what the settings say."""
        numbers.show_digits(self.settings.get("digits"))
        names.use_notation(self.settings.get("notation"))
        if self.settings.get("zoom"):
            self._zoom()
        self._paint()

    def set(self, key: str, value: Any) -> None:
        """Change one of the KEYS, remember it, and apply it; raises ValueError for what cannot be."""
        self.settings.set(key, value)
        if key == "digits":
            numbers.show_digits(value)
        elif key == "notation":
            names.use_notation(value)
        elif key == "zoom":
            self._zoom()
        else:
            self._paint()
        self.changed.emit()

    def zoom_by(self, steps: int) -> None:
        """Make all text bigger or smaller by steps of a point; 0 goes back to the usual size."""
        zoom = self.settings.get("zoom") + steps if steps else 0
        self.set("zoom", max(SMALLEST, min(BIGGEST, zoom)))

    def _paint(self) -> None:
        name = self.settings.get("theme")
        theme.apply(theme.system_name() if name == "system" else name, self.settings.get("scale"))

    def _zoom(self) -> None:
        application = QApplication.instance()
        if isinstance(application, QApplication):
            base = fonts.base_points()
            application.setProperty(fonts.BASE_POINTS, base)
            font = application.font()
            font.setPointSizeF(max(5.0, base + self.settings.get("zoom")))
            application.setFont(font)

    @Slot()
    def _on_system_colours(self) -> None:
        self._paint()
        self.changed.emit()
