"""Bars of which one is read out: the one under the mouse, else the one that the arrow keys go to."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End)


class ReadBars(QWidget):
    """Keys, mouse and what a screen reader hears; a widget of its own says where its bars are, and their words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.at = 0
        self._hover: int | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def rects(self) -> Sequence[QRect]:
        """Return where the bars are, from the left."""
        return ()

    def spoken(self) -> tuple[str, str]:
        """Return what this is called, and the words of the bar that the arrows are at."""
        return "", ""

    def tell(self) -> None:
        """Have a screen reader know what is read out now."""
        name, words = self.spoken()
        self.setAccessibleName(name)
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrows go from bar to bar."""
        count = len(self.rects())
        if event.key() not in KEYS or not count:
            super().keyPressEvent(event)
            return
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -count, Qt.Key.Key_End: count}
        self.at = min(max(self.at + step[Qt.Key(event.key())], 0), count - 1)
        self._hover = None
        self.tell()
        self.update()

    def event(self, event: QEvent) -> bool:
        """Claim the arrows before they step the program."""
        ours = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in KEYS
        if ours and isinstance(event, QKeyEvent) and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            event.accept()
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read out the bar under the mouse."""
        self._hover = self._bar_at(event.position())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Forget where the mouse was."""
        self._hover = None
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show which bar the arrows go from."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide it."""
        self.update()

    def _bar_at(self, point: QPointF) -> int | None:
        return next((n for n, rect in enumerate(self.rects()) if rect.contains(point.toPoint())), None)
