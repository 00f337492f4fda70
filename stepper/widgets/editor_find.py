"""Finding in the text: a line above it, that goes with Esc."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QTextCursor, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QToolButton, QWidget


class FindBar(QWidget):
    """Looks for a text in an editor, and says where there is none."""

    closed = Signal()

    def __init__(self, editor: QPlainTextEdit, parent: QWidget) -> None:
        super().__init__(parent)
        self._editor = editor
        self.field = QLineEdit(self)
        self.field.setAccessibleName(self.tr("Find in the text"))
        self.field.setPlaceholderText(self.tr("Find in the text"))
        self.field.setClearButtonEnabled(True)
        self.said = QLabel(self)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setAccessibleName(self.tr("What was found"))
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self.field, 1)
        self.buttons: list[QToolButton] = []
        for text, name, slot in (
            ("↑", self.tr("Find the one before (Shift+Enter)"), self.find_before),
            ("↓", self.tr("Find the next one (Enter)"), self.find_next),
            ("✕", self.tr("Close the search (Esc)"), self.close_bar),
        ):
            button = QToolButton(self)
            button.setText(text)
            button.setAutoRaise(True)
            button.setAccessibleName(name)
            button.setToolTip(name)
            button.clicked.connect(slot)
            row.addWidget(button)
            self.buttons.append(button)
        row.addWidget(self.said)
        self.field.textEdited.connect(self._on_typed)
        self.setFocusProxy(self.field)
        self.hide()

    def open_bar(self) -> None:
        """Show the line, with what is selected in it."""
        chosen = self._editor.textCursor().selectedText()
        if chosen and "\u2029" not in chosen:
            self.field.setText(chosen)
        self.show()
        self.field.selectAll()
        self.field.setFocus()

    @Slot()
    def close_bar(self) -> None:
        """Hide the line; the keyboard goes back to the text."""
        self.hide()
        self._editor.setFocus()
        self.closed.emit()

    @Slot()
    def find_next(self) -> None:
        """Go to the next place, from the start again after the last one."""
        self._find(QTextDocument.FindFlag(0))

    @Slot()
    def find_before(self) -> None:
        """Go to the place before."""
        self._find(QTextDocument.FindFlag.FindBackward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter finds, Esc closes."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            (self.find_before if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else self.find_next)()
        elif event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        else:
            super().keyPressEvent(event)

    @Slot(str)
    def _on_typed(self, text: str) -> None:
        cursor = self._editor.textCursor()
        cursor.setPosition(cursor.selectionStart())
        self._editor.setTextCursor(cursor)
        self.said.setText("")
        if text:
            self.find_next()

    def _find(self, flags: QTextDocument.FindFlag) -> None:
        wanted = self.field.text()
        if not wanted:
            return
        self.said.setText("")
        if self._editor.find(wanted, flags):
            return
        kept = self._editor.textCursor()
        end = QTextCursor.MoveOperation.End if flags else QTextCursor.MoveOperation.Start
        self._editor.moveCursor(end)
        if not self._editor.find(wanted, flags):
            self._editor.setTextCursor(kept)
            self.said.setText(self.tr("not found"))
