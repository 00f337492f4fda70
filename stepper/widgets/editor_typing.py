"""Typing: the text of the editor, every character of it, the keys that write it, and what can be written on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from core.writing import Completion, Completions
from stepper.widgets import editor_lines
from stepper.widgets.editor_choices import Choices
from stepper.widgets.editor_colours import units
from stepper.widgets.editor_form import Form, form_of

INDENT = 4
NUL = "\0"
Ask = Callable[[int, int], Completions]


class TypingEdit(QPlainTextEdit):
    """Edits a text. `edited` tells of another text, `refused` of one sentence about text that cannot be taken.

    `ask` gives the completions at a line and a column.
    """

    edited = Signal()
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ask: Ask | None = None
        self._form = Form()
        self._free_tab = False
        self._last = ""
        self._revision, self._joined, self._meant = -1, "", ""
        self.choices = Choices(self)
        self.choices.taken.connect(self._take)
        self.textChanged.connect(self._on_text)

    # -- text ------------------------------------------------------------------------------------------

    def set_text(self, text: str) -> bool:
        """Begin with another text, that cannot be undone; False, and a sentence, for one with a NUL in it."""
        if NUL in text:
            self.refused.emit(self.tr("This text holds a character that no program can hold (NUL); it was not taken."))
            return False
        self._form, self._revision = form_of(text), -1
        self.choices.hide()
        self.setPlainText(self._form.shown(text))
        self.document().clearUndoRedoStacks()
        return True

    def text(self) -> str:
        """Return the text, every character as it came or was typed."""
        self._shown()
        return self._meant

    def replace_text(self, text: str) -> None:
        """Make it another text as one step that can be undone, and show what is other; lines that stay are not touched."""
        if NUL in text:
            self.refused.emit(self.tr("This text holds a character that no program can hold (NUL); it was not taken."))
            return
        first = editor_lines.replace_lines(self, self._form.shown(text).split("\n"))
        if first:
            self.show_line(first)

    def _shown(self) -> str:
        """Return the text as the document has it, put together once for each change."""
        now = self.document().revision()
        if now == self._revision:
            return self._joined
        lines: list[str] = []
        block = self.document().firstBlock()
        while block.isValid():
            lines.append(block.text())
            block = block.next()
        self._revision, self._joined = now, "\n".join(lines)
        self._meant = self._form.meant(self._joined)
        return self._joined

    def place(self) -> tuple[int, int]:
        """Return line (from 1) and column (characters from 0) of the cursor."""
        cursor = self.textCursor()
        before = cursor.block().text().encode("utf-16-le")[: 2 * cursor.positionInBlock()].decode("utf-16-le", "ignore")
        return cursor.blockNumber() + 1, len(before)

    def show_line(self, line: int) -> None:
        """Put the cursor at the first character of a line and have it in the middle."""
        block = self.document().findBlockByNumber(max(0, min(line, self.blockCount()) - 1))
        cursor = QTextCursor(block)
        cursor.setPosition(block.position() + len(block.text()) - len(block.text().lstrip()))
        self.setTextCursor(cursor)
        self.centerCursor()

    @Slot()
    def complete(self) -> None:
        """Offer what can be written at the cursor."""
        self._offer(asked=True)

    @Slot()
    def toggle_comment(self) -> None:
        """Make the chosen lines comments, or lines again."""
        editor_lines.toggle_comment(self)

    # -- events ----------------------------------------------------------------------------------------

    def event(self, e: QEvent) -> bool:
        """Claim the keys of an editor before they become shortcuts of the window."""
        if e.type() == QEvent.Type.ShortcutOverride and isinstance(e, QKeyEvent):
            is_choice = not self.choices.isHidden() and e.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if is_choice and not e.modifiers():
                e.accept()
                return True
            if e.matches(QKeySequence.StandardKey.Undo) or _is_redo(e):
                e.accept()
                return True
        return super().event(e)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click elsewhere ends a choice."""
        self.choices.hide()
        super().mousePressEvent(event)

    def focusOutEvent(self, event: object) -> None:
        """A choice ends when the keyboard goes elsewhere."""
        self.choices.hide()
        super().focusOutEvent(event)  # type: ignore[arg-type]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Handle choices, Tab, Enter and Backspace; leave the rest to Qt."""
        if self._choose_by(event):
            return
        key, plain_key = event.key(), not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        free, self._free_tab = self._free_tab, False
        if key == Qt.Key.Key_Escape:
            self._free_tab = True
            event.ignore()
        elif key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab) and (free or self.isReadOnly()):
            self.setTabChangesFocus(True)
            self.focusNextPrevChild(key == Qt.Key.Key_Tab)
            self.setTabChangesFocus(False)
        elif _is_redo(event):
            self.redo()
        elif self.isReadOnly():
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Tab and plain_key:
            editor_lines.indent(self, INDENT)
        elif key == Qt.Key.Key_Backtab:
            editor_lines.unindent(self, INDENT)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            editor_lines.new_line(self, INDENT)
        elif key == Qt.Key.Key_Backspace and plain_key and editor_lines.back_by_indent(self, INDENT):
            pass
        else:
            super().keyPressEvent(event)
            typed = event.text()
            goes_on = not self.choices.isHidden() and key in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete)
            if goes_on or (typed and (typed.isidentifier() or typed.isdigit() or typed == ".")):
                self._offer(asked=False)
            elif event.text() or key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End):
                self.choices.hide()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Take text; a file that is dropped belongs to the window."""
        return source.hasText() and not source.hasUrls()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Insert plain text; one sentence for text with a NUL in it."""
        if NUL in source.text():
            self.refused.emit(self.tr("What you pasted holds a character that no program can hold (NUL); it was not taken."))
        elif source.hasText():
            self.textCursor().insertText(source.text())

    # -- inside ----------------------------------------------------------------------------------------

    def _choose_by(self, event: QKeyEvent) -> bool:
        """Have a key choose among the completions, if they are shown and it is one that does."""
        if self.choices.isHidden():
            return False
        moves = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 7, Qt.Key.Key_PageUp: -7}
        key = Qt.Key(event.key())
        if key in moves and not event.modifiers():
            self.choices.move_by(moves[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab) and not event.modifiers():
            self._take(self.choices.current)
        elif key == Qt.Key.Key_Escape:
            self.choices.hide()
        else:
            return False
        return True

    def _offer(self, asked: bool) -> None:
        if self.ask is None or self.isReadOnly():
            return
        line, column = self.place()
        found = self.ask(line, column)
        before = self.textCursor().block().text()
        is_dot = column > 0 and before[column - 1 : column] == "."
        if not asked and not is_dot and len(found.typed) < 2:
            found = Completions(column, "")
        rect = self.cursorRect().translated(self.viewport().pos())
        self.choices.offer(found, rect, self.viewport().geometry())

    @Slot(object)
    def _take(self, completion: Completion | None) -> None:
        self.choices.hide()
        if completion is None or self.ask is None:
            return
        line, column = self.place()
        found = self.ask(line, column)
        if completion not in found.items:
            return
        cursor = self.textCursor()
        cursor.movePosition(
            QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, units(found.typed)
        )  # fmt: skip
        text = completion.text
        after = self.textCursor().block().text()[self.textCursor().positionInBlock() :]
        closing = {"(": ")", "[": "]"}.get(text[-1], "")
        if closing and after[:1] == text[-1]:
            text, closing = text[:-1], ""
        cursor.insertText(text + closing)
        if closing:
            cursor.movePosition(QTextCursor.MoveOperation.Left)
        self.setTextCursor(cursor)
        self.setFocus()

    @Slot()
    def _on_text(self) -> None:
        now = self._shown()
        if now != self._last:
            self._last = now
            self.edited.emit()


def _is_redo(e: QKeyEvent) -> bool:
    control = Qt.KeyboardModifier.ControlModifier
    return e.matches(QKeySequence.StandardKey.Redo) or (e.key() == Qt.Key.Key_Y and e.modifiers() == control)
