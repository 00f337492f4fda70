"""The line in which a new number is typed, over the cell that it is for."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

LEAST = 170


class NumberEditor(QLineEdit):
    """Hidden until `begin`. `typed` carries a new text after Enter, or when a person goes on elsewhere; Escape gives up."""

    typed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self.setAccessibleName(self.tr("new number"))
        self.hide()
        self.editingFinished.connect(self._on_finished)

    def begin(self, over: QRect, number: str, typed: str = "") -> None:
        """Stand over a cell of the parent with its number, or with the first sign that was typed."""
        room, size = self._over.rect(), self.sizeHint()
        width = min(max(over.width(), LEAST), max(room.width() - 4, 60))
        x = max(min(over.left(), room.width() - width - 2), 0)
        y = max(min(over.center().y() - size.height() // 2, room.height() - size.height()), 0)
        self.setGeometry(x, y, width, size.height())
        self.setText(typed or number)
        if not typed:
            self.selectAll()
        self.setModified(bool(typed))
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def give_up(self) -> None:
        """End without a change; the keyboard goes back to the parent."""
        if self.isHidden():
            return
        had = self.hasFocus()
        self.setModified(False)
        self.hide()
        if had:
            self._over.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape gives up."""
        if event.key() == Qt.Key.Key_Escape:
            self.give_up()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Claim Escape before it becomes a shortcut of the window."""
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    @Slot()
    def _on_finished(self) -> None:
        if self.isHidden():
            return
        text, changed = self.text().strip(), self.isModified()
        self.give_up()
        if changed and text:
            self.typed.emit(text)
