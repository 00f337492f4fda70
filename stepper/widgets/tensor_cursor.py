"""Cells of which one is told in words: the one under the mouse, else the one that the arrow keys go to."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QFocusEvent, QHelpEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from stepper.models.tensor_cells import Place
from stepper.widgets.tips import plain

STEPS = {
    Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Home: (0, -(10**9)), Qt.Key.Key_End: (0, 10**9),
    Qt.Key.Key_PageUp: (-10, 0), Qt.Key.Key_PageDown: (10, 0),
}  # fmt: skip


class CellCursor(QWidget):
    """Keys, mouse and what a screen reader hears; a widget of its own says where its cells are, and their words.

    `copy_wanted` carries what is to be copied.
    """

    copy_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cursor_place: Place = (0, 0)
        self._hover: Place | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def size_of(self) -> Place:
        """Return how many rows and columns of cells there are."""
        return 0, 0

    @property
    def empty(self) -> bool:
        """Whether there is no cell."""
        return 0 in self.size_of()

    def place_at(self, point: QPointF) -> Place | None:
        """Return the cell under a point."""
        del point
        return None

    def tip_at(self, point: QPointF) -> str:
        """Return what is said of a point."""
        del point
        return ""

    def copied(self, place: Place) -> str:
        """Return what is copied of a cell."""
        del place
        return ""

    def is_ours(self, event: QKeyEvent) -> bool:
        """Tell whether a key is meant for the cells, before it becomes a shortcut of the window."""
        if event.matches(QKeySequence.StandardKey.Copy):
            return True
        plain_key = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        return plain_key and event.key() in STEPS

    def say(self) -> None:
        """Have a screen reader know what is shown, and the cell that the arrows are at."""

    def describe(self, text: str) -> None:
        """Tell a screen reader what is at the arrows now."""
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the cell under the mouse."""
        super().mousePressEvent(event)
        place = self.place_at(event.position())
        if place is not None:
            self.move_to(place)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell which cell the mouse is over."""
        place = self.place_at(event.position())
        if place != self._hover:
            self._hover = place
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Forget where the mouse was."""
        self._hover = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move, the usual keys copy."""
        if self.empty or not self.is_ours(event):
            super().keyPressEvent(event)
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_wanted.emit(self.copied(self.cursor_place))
        else:
            down, right = STEPS[Qt.Key(event.key())]
            row, column = self.cursor_place[0] + down, self.cursor_place[1] + right
            rows, columns = self.size_of()
            self.move_to((min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)))

    def event(self, event: QEvent) -> bool:
        """Claim the keys that are ours before they become shortcuts of the window; tell a cell in full."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self.is_ours(event):
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), plain(self.tip_at(QPointF(event.pos()))), self)
            return True
        return super().event(event)

    def move_to(self, place: Place) -> None:
        """Have the keyboard be at a cell."""
        self.cursor_place, self._hover = place, None
        self.say()
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the cursor."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide the cursor."""
        self.update()
