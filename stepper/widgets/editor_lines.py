"""What an editor does with whole lines: indent, comment, begin a new one, take another text."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from PySide6.QtGui import QTextBlock, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

OPEN, CLOSE = "([{", ")]}"
FAR = 5000


def chosen_lines(editor: QPlainTextEdit) -> list[QTextBlock]:
    """Return the lines that are selected, or that of the cursor."""
    cursor = editor.textCursor()
    document = editor.document()
    first, last = document.findBlock(cursor.selectionStart()), document.findBlock(cursor.selectionEnd())
    if cursor.hasSelection() and cursor.selectionEnd() == last.position() and first != last:
        last = last.previous()
    found = [first]
    while found[-1] != last and found[-1].next().isValid():
        found.append(found[-1].next())
    return found


def indent(editor: QPlainTextEdit, by: int) -> None:
    """Indent the chosen lines, or write spaces up to the next stop."""
    cursor = editor.textCursor()
    if not cursor.hasSelection():
        column = cursor.positionInBlock()
        cursor.insertText(" " * (by - column % by))
        return
    cursor.beginEditBlock()
    for block in chosen_lines(editor):
        if block.text().strip():
            QTextCursor(block).insertText(" " * by)
    cursor.endEditBlock()


def unindent(editor: QPlainTextEdit, by: int) -> None:
    """Take one step of the indent of the chosen lines."""
    cursor = editor.textCursor()
    cursor.beginEditBlock()
    for block in chosen_lines(editor):
        text = block.text()
        gone = 1 if text.startswith("\t") else min(by, len(text) - len(text.lstrip(" ")))
        _remove(block, 0, gone)
    cursor.endEditBlock()


def toggle_comment(editor: QPlainTextEdit) -> None:
    """Put `# ` before the chosen lines, or take it away where all of them have it."""
    blocks = [b for b in chosen_lines(editor) if b.text().strip()]
    if not blocks or editor.isReadOnly():
        return
    cursor = editor.textCursor()
    cursor.beginEditBlock()
    if all(b.text().lstrip().startswith("#") for b in blocks):
        for block in blocks:
            text = block.text()
            at = text.index("#")
            _remove(block, at, 2 if text[at + 1 : at + 2] == " " else 1)
    else:
        least = min(len(b.text()) - len(b.text().lstrip()) for b in blocks)
        for block in blocks:
            at = QTextCursor(block)
            at.setPosition(block.position() + least)
            at.insertText("# ")
    cursor.endEditBlock()


def new_line(editor: QPlainTextEdit, by: int) -> None:
    """Begin a line with the indent of this one: more after a colon, less after a `return`."""
    cursor = editor.textCursor()
    before = cursor.block().text()[: cursor.positionInBlock()]
    space = before[: len(before) - len(before.lstrip())]
    code = before.split("#")[0].rstrip()
    if code.endswith(":"):
        space += " " * by
    elif code.lstrip().startswith("return"):
        space = space[:-by]
    cursor.insertText("\n" + space)
    editor.setTextCursor(cursor)
    editor.ensureCursorVisible()


def back_by_indent(editor: QPlainTextEdit, by: int) -> bool:
    """Take one step of the indent if there is nothing but spaces before the cursor; False if there is more."""
    cursor = editor.textCursor()
    before = cursor.block().text()[: cursor.positionInBlock()]
    if cursor.hasSelection() or not before or before.strip(" "):
        return False
    gone = (len(before) - 1) % by + 1
    cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, gone)
    cursor.removeSelectedText()
    return True


def replace_lines(editor: QPlainTextEdit, lines: Sequence[str]) -> int:
    """Make the lines of a document others, as one step to undo; those that stay are not touched.

    Returns the first line (from 1) that is another one, 0 if none is.
    """
    document = editor.document()
    old = [document.findBlockByNumber(n).text() for n in range(document.blockCount())]
    changes = [c for c in difflib.SequenceMatcher(None, old, list(lines), autojunk=False).get_opcodes() if c[0] != "equal"]
    if not changes:
        return 0
    cursor = QTextCursor(document)
    cursor.setPosition(document.findBlockByNumber(min(changes[0][1], len(old) - 1)).position())  # where undo leaves it
    cursor.beginEditBlock()
    first_other = 0
    for kind, i, j, k, n in reversed(changes):
        first_other = k + 1
        if kind == "insert":
            at_end = i == len(old)
            if at_end:
                cursor.movePosition(QTextCursor.MoveOperation.End)
            else:
                cursor.setPosition(document.findBlockByNumber(i).position())
            text = "\n".join(lines[k:n])
            cursor.insertText(f"\n{text}" if at_end else f"{text}\n")
            continue
        first, last = document.findBlockByNumber(i), document.findBlockByNumber(j - 1)
        start, end = first.position(), last.position() + last.length() - 1
        if kind == "delete":
            if j < len(old):
                end += 1
            elif i > 0:
                start -= 1
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText("\n".join(lines[k:n]))
    cursor.endEditBlock()
    return first_other


def bracket_pair(editor: QPlainTextEdit) -> tuple[int, int] | None:
    """Return the places of the bracket at the cursor and of its partner; comments and texts are not told apart."""
    document, position = editor.document(), editor.textCursor().position()
    for at in (position, position - 1):
        sign = document.characterAt(at) if at >= 0 else ""
        if sign and sign in OPEN + CLOSE:
            step = 1 if sign in OPEN else -1
            other = (CLOSE if step == 1 else OPEN)[(OPEN if step == 1 else CLOSE).index(sign)]
            depth, place = 0, at
            for _ in range(FAR):
                found = document.characterAt(place)
                depth += (found == sign) - (found == other)
                if depth == 0:
                    return at, place
                place += step
                if place < 0 or place >= document.characterCount():
                    break
    return None


def _remove(block: QTextBlock, at: int, count: int) -> None:
    if count > 0:
        cursor = QTextCursor(block)
        cursor.setPosition(block.position() + at)
        cursor.setPosition(block.position() + at + count, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
