"""The text field of the editor with what is known of its lines: their shapes, faults, marks and colours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeGuard

from PySide6.QtCore import QEvent, QRect, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QHelpEvent,
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
from core.writing import Analysis, Mark, Trouble
from stepper import theme
from stepper.widgets import editor_lines, fonts
from stepper.widgets.editor_colours import Colours, units
from stepper.widgets.editor_typing import INDENT, TypingEdit
from stepper.widgets.tips import plain


class CodeEdit(TypingEdit):
    """Shows beside the text what is known of it. `line_changed` tells of the line of the cursor (from 1)."""

    line_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._gutter: QWidget | None = None
        self._analysis = Analysis("")
        self._shapes: dict[int, str] = {}
        self._phases: dict[int, Phase] = {}
        self._troubles: dict[int, Trouble] = {}
        self._marks: dict[int, Mark] = {}
        self._line = 1
        self._blocks = 1
        self.setAccessibleName(self.tr("Text of the program"))
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setCenterOnScroll(False)
        self.colours = Colours(self.document())
        self.document().contentsChange.connect(self._on_contents)
        self.cursorPositionChanged.connect(self._on_cursor)
        self._use_font()

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

    def shape_words(self, line: int) -> str:
        """Return name and shape of what a line makes."""
        shape = self.shape_at(line)
        facts = self._analysis.lines.get(line)
        if not shape or facts is None or facts.shape != shape:
            return ""
        return self.tr("{name} is a number").format(name=facts.name) if shape == "number" else f"{facts.name}: {shape}"

    def words_at(self, line: int) -> str:
        """Return all that is to be said of a line: what is wrong, what the diagnosis says."""
        found = [words for words in (self.shape_words(line),) if words]
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
        if not hasattr(self, "colours"):
            return
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange, QEvent.Type.ApplicationFontChange):
            self._use_font()
        if event.type() == QEvent.Type.PaletteChange:
            self.paint_theme()

    def viewportEvent(self, event: QEvent) -> bool:
        """Say what is wrong where one points at."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.words_at(self.line_at(event.pos().y()))
            QToolTip.showText(event.globalPos(), plain(text), self)
            return True
        return super().viewportEvent(event)

    # -- inside ------------------------------------------------------------------------------------------

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
