"""The text field of the editor: what every editor does, and the shapes, faults and marks of the lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeGuard

from PySide6.QtCore import QEvent, QMimeData, QRect, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QTextEdit, QToolTip, QWidget

from core.notation.parse import SETUP, Section
from core.program.ir import Phase
from core.writing import Analysis, Completion, Completions, Mark, Trouble
from stepper import theme
from stepper.widgets import editor_lines, fonts
from stepper.widgets.editor_choices import Choices
from stepper.widgets.editor_colours import Colours, units
from stepper.widgets.editor_form import Form, form_of
from stepper.widgets.tips import plain

INDENT = 4
NUL = "\0"
PAIRS = {"(": ")", "[": "]", "{": "}"}
Ask = Callable[[int, int], Completions]


class CodeEdit(QPlainTextEdit):
    """Edits a text. `edited` tells of another text, `line_changed` of the line of the cursor (from 1), `refused` of one
    sentence about text that cannot be taken. `ask` gives the completions at a line and a column.
    """

    edited = Signal()
    line_changed = Signal(int)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ask: Ask | None = None
        self._form = Form()
        self._gutter: QWidget | None = None
        self._analysis = Analysis("")
        self._shapes: dict[int, str] = {}
        self._phases: dict[int, Phase] = {}
        self._troubles: dict[int, Trouble] = {}
        self._marks: dict[int, Mark] = {}
        self._line = 1
        self._blocks = 1
        self._free_tab = False
        self._last = ""
        self._revision, self._joined, self._meant = -1, "", ""
        self.setAccessibleName(self.tr("Text of the program"))
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setCenterOnScroll(False)
        self.colours = Colours(self.document())
        self.choices = Choices(self)
        self.choices.taken.connect(self._take)
        self.document().contentsChange.connect(self._on_contents)
        self.textChanged.connect(self._on_text)
        self.cursorPositionChanged.connect(self._on_cursor)
        self._use_font()

    # -- text --------------------------------------------------------------------------------------------

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

    # -- what is known -----------------------------------------------------------------------------------

    def set_analysis(self, analysis: Analysis) -> None:
        """Show shapes, faults and roles of the text."""
        self._analysis = analysis
        self._shapes = {line: f.shape for line, f in analysis.lines.items()}
        self._phases = {n: f.section for n, f in analysis.lines.items() if f.section is not None and is_phase(f.section)}
        self._troubles = {t.line: t for t in analysis.troubles}
        # A name whose line cannot be read just now stays what it was.
        self.colours.set_roles({**self.colours.roles, **analysis.roles} if analysis.troubles else analysis.roles)
        self._underline()
        self._repaint()

    def set_marks(self, marks: Mapping[int, Mark]) -> None:
        """Show what a diagnosis says of the lines; nothing if it is empty."""
        self._marks = dict(marks)
        self._repaint()

    def trouble_at(self, line: int) -> Trouble | None:
        """Return what is wrong with a line."""
        return next((t for n, t in self._troubles.items() if n <= line <= n + t.last - t.line), None)

    def has_trouble(self, line: int) -> bool:
        """Tell whether a fault begins in a line."""
        return line in self._troubles

    def mark_at(self, line: int) -> Mark | None:
        """Return what the diagnosis says of a line."""
        return self._marks.get(line)

    def phase_at(self, line: int) -> Phase | None:
        """Return the phase of a line that computes something."""
        return self._phases.get(line)

    def shape_at(self, line: int) -> str:
        """Return the shape that is shown at the end of a line."""
        return self._shapes.get(line, "") if line not in self._troubles else ""

    def words_at(self, line: int) -> str:
        """Return all that is to be said of a line: what is wrong, what the diagnosis says."""
        found: list[str] = []
        trouble = self.trouble_at(line)
        if trouble is not None:
            found.append(trouble.message)
        mark = self.mark_at(line)
        if mark is not None and mark.right:
            found.append(self.tr("✓ The diagnosis found this line to be right."))
        elif mark is not None:
            found.append(self.tr("✗ The diagnosis found a fault here: {fault}").format(fault=mark.words))
        return "\n".join(found)

    def lines_in_sight(self) -> Iterator[tuple[int, QRect]]:
        """Iterate over the lines that can be seen, with where they stand in the viewport."""
        block = self.firstVisibleBlock()
        bottom = self.viewport().height()
        while block.isValid():
            rect = self.blockBoundingGeometry(block).translated(self.contentOffset()).toRect()
            if rect.top() > bottom:
                return
            if block.isVisible():
                yield block.blockNumber() + 1, rect
            block = block.next()

    def line_at(self, y: int) -> int:
        """Return the line at a height of the viewport."""
        return next((line for line, rect in self.lines_in_sight() if rect.top() <= y <= rect.bottom()), 0)

    # -- what one does -----------------------------------------------------------------------------------

    @Slot()
    def complete(self) -> None:
        """Offer what can be written at the cursor."""
        self._offer(asked=True)

    @Slot()
    def toggle_comment(self) -> None:
        """Make the chosen lines comments, or lines again."""
        editor_lines.toggle_comment(self)

    def set_gutter(self, gutter: QWidget) -> None:
        """Take the widget that stands left of the text."""
        self._gutter = gutter
        self.lay_out_gutter()

    def lay_out_gutter(self) -> None:
        """Give the gutter the width that it needs."""
        if self._gutter is not None:
            width = self._gutter.sizeHint().width()
            self.setViewportMargins(width, 0, 0, 0)
            rect = self.contentsRect()
            self._gutter.setGeometry(rect.left(), rect.top(), width, rect.height())

    def paint_theme(self) -> None:
        """Take the colours of the theme in use."""
        self.colours.make_formats()
        self.colours.rehighlight()
        self._underline()
        self._repaint()

    # -- events ------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the line of the cursor, the text, then the shape after each line."""
        t = theme.current()
        under = QPainter(self.viewport())
        line = self.textCursor().blockNumber() + 1
        for number, rect in self.lines_in_sight():
            if number == line:
                under.fillRect(QRect(0, rect.top(), self.viewport().width(), rect.height()), QColor(t.window))
        under.end()
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        small = fonts.sized(QApplication.font(), -1)
        small.setItalic(False)
        painter.setFont(small)
        painter.setPen(QColor(t.dim))
        gap = QFontMetrics(self.font()).horizontalAdvance("  ")
        for number, rect in self.lines_in_sight():
            shape = self.shape_at(number)
            if not shape:
                continue
            layout = self.document().findBlockByNumber(number - 1).layout()
            last = layout.lineAt(layout.lineCount() - 1)
            at = last.naturalTextRect()
            left = rect.left() + int(at.right()) + gap
            width = QFontMetrics(small).horizontalAdvance(shape)
            if left + width < self.viewport().width():
                row = QRect(left, rect.top() + int(at.top()), width + 4, int(at.height()))
                painter.drawText(row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shape)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the gutter as high as the text."""
        super().resizeEvent(event)
        self.lay_out_gutter()

    def changeEvent(self, event: QEvent) -> None:
        """Take new fonts and colours."""
        super().changeEvent(event)
        if not hasattr(self, "choices"):
            return
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange, QEvent.Type.ApplicationFontChange):
            self._use_font()
        if event.type() == QEvent.Type.PaletteChange:
            self.paint_theme()

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

    def viewportEvent(self, event: QEvent) -> bool:
        """Say what is wrong where one points at."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.words_at(self.line_at(event.pos().y()))
            QToolTip.showText(event.globalPos(), plain(text), self)
            return True
        return super().viewportEvent(event)

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

    # -- inside ------------------------------------------------------------------------------------------

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

    @Slot(int, int, int)
    def _on_contents(self, position: int, removed: int, added: int) -> None:
        """Keep shapes and marks beside their lines when lines come and go above them."""
        del removed, added
        now = self.blockCount()
        by = now - self._blocks
        self._blocks = now
        if not by:
            return
        first = self.document().findBlock(position)
        line = first.blockNumber() + 1
        if position == first.position() and by > 0:
            line -= 1  # new lines at the start of a line push the line itself down
        for table in (self._shapes, self._phases, self._troubles, self._marks):
            moved = {(n + by if n > line else n): what for n, what in table.items() if by > 0 or not line < n <= line - by}
            table.clear()
            table.update(moved)  # type: ignore[arg-type]

    @Slot()
    def _on_text(self) -> None:
        now = self._shown()
        if now != self._last:
            self._last = now
            self.edited.emit()

    @Slot()
    def _on_cursor(self) -> None:
        self._underline()
        self.viewport().update()
        line = self.textCursor().blockNumber() + 1
        if self._gutter is not None:
            self._gutter.update()
        if line != self._line:
            self._line = line
            self.choices.hide()
            self.line_changed.emit(line)

    def _underline(self) -> None:
        """Underline the faults, and the bracket that belongs to the one at the cursor."""
        t = theme.current()
        found: list[QTextEdit.ExtraSelection] = []
        for line, trouble in self._troubles.items():
            block = self.document().findBlockByNumber(line - 1)
            if not block.isValid():
                continue
            text = block.text()
            start, end = units(text[: trouble.column]), units(text[: trouble.end])
            if start >= end:
                start = max(0, end - 1)
            if text:
                wave = QTextCharFormat()
                wave.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
                wave.setUnderlineColor(QColor(t.error))
                found.append(self._selection(block.position() + start, block.position() + end, wave))
        pair = editor_lines.bracket_pair(self)
        if pair is not None:
            box = QTextCharFormat()
            box.setBackground(QColor(t.lit))
            box.setForeground(QColor(t.lit_text))
            box.setFontWeight(QFont.Weight.Bold)
            found += [self._selection(at, at + 1, box) for at in pair]
        self.setExtraSelections(found)

    def _selection(self, start: int, end: int, how: QTextCharFormat) -> QTextEdit.ExtraSelection:
        made = QTextEdit.ExtraSelection()
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        cursor.setPosition(min(end, self.document().characterCount() - 1), QTextCursor.MoveMode.KeepAnchor)
        made.cursor = cursor  # type: ignore[attr-defined]
        made.format = how  # type: ignore[attr-defined]
        return made

    def _repaint(self) -> None:
        self.viewport().update()
        if self._gutter is not None:
            self._gutter.update()

    def _use_font(self) -> None:
        font = fonts.mono(QApplication.font())
        if self.font() != font:
            self.setFont(font)
        self.setTabStopDistance(QFontMetrics(font).horizontalAdvance(" ") * INDENT)
        self.lay_out_gutter()


def is_phase(section: Section) -> TypeGuard[Phase]:
    """Tell whether a part of a program is a phase, and not what is given."""
    return section not in SETUP


def _is_redo(e: QKeyEvent) -> bool:
    control = Qt.KeyboardModifier.ControlModifier
    return e.matches(QKeySequence.StandardKey.Redo) or (e.key() == Qt.Key.Key_Y and e.modifiers() == control)
