"""How one row of the program is laid out and painted."""

from __future__ import annotations

import re
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QApplication, QStyledItemDelegate, QStyleOptionViewItem, QToolTip, QWidget

from stepper import theme
from stepper.models import mark_signs
from stepper.models.program_model import ROW_ROLE
from stepper.models.program_row import STATUS_SIGN, Row
from stepper.widgets import fonts
from stepper.widgets.tips import plain

STOP = 14
GUTTER = STOP + 24
INDENT = 18
PAD = 8
STOP_SIGN = {True: "●", False: "○"}
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Plan:
    """Where the parts of a row go: its code cut into lines, the sentence of a fault, the right-hand words, the mark."""

    code: list[str]
    fault: list[str]
    right: str
    height: int
    mark: str = ""


class LineDelegate(QStyledItemDelegate):
    """Paints one row; a long line is continued below with an indent, never cut off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.use_font(QApplication.font())

    def use_font(self, font: QFont) -> None:
        """Write code and small print in sizes that go with a font."""
        self.mono = fonts.mono(font)
        self.small = fonts.sized(font, -1)

    def plan(self, row: Row, width: int) -> Plan:
        """Return the layout of a row for a width."""
        code_metrics, small = QFontMetrics(self.mono), QFontMetrics(self.small)
        right = "  ".join(t for t in (row.note, row.shape) if t)
        if row.kind in ("heading", "given-heading", "defs-heading"):
            return Plan([row.text], [], row.note, small.height() + (14 if row.kind == "heading" else 10))
        mark, code = "", list[str]()
        # The word of a mark gives way where the code would be cut for it; its sign never does.
        for mark in dict.fromkeys((row.mark, row.mark.partition(" ")[0])):
            kept = "  ".join(t for t in (mark and f"{mark}  ", row.widest or row.note, row.shape) if t)
            room = width - GUTTER - row.depth * INDENT - 2 * PAD - (small.horizontalAdvance(kept) + PAD if kept else 0)
            code = cut(row.text, max(8, room // max(1, code_metrics.horizontalAdvance("0"))))
            if len(code) == 1:
                break
        fault = fold(row.fault, small, width - GUTTER - 2 * PAD) if row.fault else []
        return Plan(code, fault, right, len(code) * code_metrics.height() + len(fault) * small.height() + 6, mark)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the height that a row needs at the width of the view."""
        view = option.widget
        width = view.viewport().width() if isinstance(view, QAbstractItemView) else option.rect.width()
        return QSize(GUTTER, self.plan(index.data(ROW_ROLE), width).height)

    def left_edge(self, rect: QRect) -> QRect:
        """Return where a breakpoint is painted: clicking there puts one or takes it away."""
        return QRect(rect.left(), rect.top(), STOP + 4, rect.height())

    def right_edge(self, row: Row, rect: QRect) -> QRect:
        """Return where the shape of a row is painted: clicking it chooses the value."""
        width = QFontMetrics(self.small).horizontalAdvance(row.shape) + 2 * PAD
        return QRect(rect.right() - width, rect.top(), width + 1, QFontMetrics(self.mono).height() + 6)

    def word_at(self, row: Row, rect: QRect, at: QPoint) -> str:
        """Return the word of a row's code at a point, empty if there is none."""
        metrics = QFontMetrics(self.mono)
        code = self.plan(row, rect.width()).code
        number = (at.y() - rect.top() - 3) // max(1, metrics.height())
        left = rect.left() + GUTTER + row.depth * INDENT
        if not 0 <= number < len(code) or at.x() < left:
            return ""
        for word in re.finditer(r"[^\W\d]\w*", code[number]):
            before, through = (
                metrics.horizontalAdvance(code[number][: word.start()]),
                metrics.horizontalAdvance(code[number][: word.end()]),
            )
            if before <= at.x() - left < through:
                return word[0]
        return ""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        row: Row = index.data(ROW_ROLE)
        view = option.widget
        focused = isinstance(view, QAbstractItemView) and view.hasFocus() and view.currentIndex().row() == index.row()
        painter.save()
        if row.kind in ("heading", "given-heading", "defs-heading"):
            self._paint_heading(painter, option.rect, row)
        else:
            self._paint_line(painter, option.rect, row)
        if focused:
            painter.setPen(QPen(QColor(theme.current().selection), 1, Qt.PenStyle.DotLine))
            painter.drawRect(option.rect.adjusted(1, 0, -2, -1))
        painter.restore()

    def _paint_heading(self, painter: QPainter, rect: QRect, row: Row) -> None:
        t = theme.current()
        colour = QColor(t.phases[row.phase]) if row.phase else QColor(t.dim)
        sign = theme.PHASE_SIGN[row.phase] if row.phase else ("▾" if row.status == "lit" else "▸")
        bold = QFont(self.small)
        bold.setBold(True)
        top = rect.bottom() - QFontMetrics(bold).height() - 3
        base = QRect(rect.left(), top, rect.width(), QFontMetrics(bold).height())
        painter.setFont(bold)
        painter.setPen(colour)
        painter.drawText(QRect(base.left() + STOP, top, GUTTER - STOP, base.height()), Qt.AlignmentFlag.AlignCenter, sign)
        painter.drawText(base.adjusted(GUTTER, 0, 0, 0), Qt.AlignmentFlag.AlignLeft, row.text)
        used = GUTTER + QFontMetrics(bold).horizontalAdvance(row.text) + 12
        room = base.adjusted(used, 0, -PAD, 0)
        painter.setFont(self.small)
        if row.mark:
            painter.setPen(QColor(mark_signs.ink(row.severity)))
            painter.drawText(room, Qt.AlignmentFlag.AlignRight, row.mark)
            room.setRight(room.right() - QFontMetrics(self.small).horizontalAdvance(f"{row.mark}  "))
        painter.setPen(QColor(t.dim))
        note = QFontMetrics(self.small).elidedText(row.note, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignRight if row.phase else Qt.AlignmentFlag.AlignLeft, note)

    def _paint_line(self, painter: QPainter, rect: QRect, row: Row) -> None:
        t = theme.current()
        plan = self.plan(row, rect.width())
        code_metrics, small = QFontMetrics(self.mono), QFontMetrics(self.small)
        lit = row.status == "lit"
        if lit:
            painter.fillRect(rect, QColor(t.lit))
        if row.phase:
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), QColor(t.phases[row.phase]))
        ink = QColor(t.lit_text if lit else t.error if row.status == "failed" else t.text)
        quiet = QColor(t.lit_text if lit else t.dim)
        line = QRect(rect.left(), rect.top() + 3, rect.width(), code_metrics.height())
        painter.setFont(self.small)
        if row.stop is not None:
            painter.setPen(QColor(t.lit_text if lit else t.error))
            painter.drawText(
                QRect(rect.left() + 4, line.top(), STOP, line.height()), Qt.AlignmentFlag.AlignCenter, STOP_SIGN[row.stop]
            )
        painter.setPen(quiet if row.status == "done" else ink)
        line.translate(row.depth * INDENT, 0)
        if row.depth and row.kind != "body":  # a line at its left edge ties it to the operation that it is inside of
            painter.fillRect(QRect(line.left() + STOP - 6, rect.top(), 2, rect.height()), quiet)
        gutter = QRect(line.left() + STOP, line.top(), GUTTER - STOP, line.height())
        painter.drawText(gutter, Qt.AlignmentFlag.AlignCenter, STATUS_SIGN[row.status])
        font = QFont(self.mono)
        font.setItalic(row.derived)
        font.setBold(lit)
        painter.setFont(font)
        painter.setPen(ink)
        for text in plan.code:
            painter.drawText(line.adjusted(GUTTER, 0, 0, 0), Qt.AlignmentFlag.AlignLeft, text)
            line.translate(0, code_metrics.height())
        painter.setFont(self.small)
        painter.setPen(QColor(t.error))
        for text in plan.fault:
            painter.drawText(line.adjusted(GUTTER, 0, 0, 0), Qt.AlignmentFlag.AlignLeft, text)
            line.translate(0, small.height())
        painter.setPen(quiet)
        first = QRect(rect.left(), rect.top() + 3, rect.width() - PAD, code_metrics.height())
        painter.drawText(first, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, plan.right)
        if plan.mark:
            painter.setPen(quiet if lit else QColor(mark_signs.ink(row.severity)))
            first.setRight(first.right() - small.horizontalAdvance(f"{plan.right}    " if plan.right else ""))
            painter.drawText(first, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, plan.mark)
        if row.selected:
            painter.setPen(QPen(QColor(t.selection), 2))
            painter.drawRect(self.right_edge(row, rect).adjusted(2, 2, -3, -3))

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        """Show what a row is, as plain text."""
        row = index.data(ROW_ROLE)
        text = self._help(row) if isinstance(row, Row) else ""
        if isinstance(row, Row) and row.names:
            word = self.word_at(row, option.rect, event.pos())
            meant = next((said for name, _, said in row.names if name == word), "")
            text = self.tr("{what}, in this call\nClick to see it.").format(what=meant) if meant else text
        QToolTip.showText(event.globalPos(), plain(text), view)
        return bool(text)

    def _help(self, row: Row) -> str:
        if row.kind == "line":
            origin = (
                self.tr("Derived: this line follows from your forward lines.") if row.derived else self.tr("As you wrote it.")
            )
            return "\n".join(
                (
                    row.text,
                    *row.problems,
                    origin,
                    self.tr("Click to go to just after this line; click its shape to see the value."),
                    self.tr("Click at its left edge, or press F9, to stop there."),
                )
            )
        if row.kind == "given-heading":
            return "\n".join((self.tr("The data and the first parameters. Click to open or close."), *row.problems))
        if row.kind == "defs-heading":
            return self.tr("The functions that you have written. Into (F11) goes into a call. Click to open or close.")
        if row.kind == "body":
            return "\n".join(
                (
                    row.text,
                    *row.problems,
                    self.tr("A line of your own function. Click to go to just after it, in the next call."),
                    self.tr("Click at its left edge, or press F9, to stop there in every call."),
                )
            )
        return "\n".join((*row.problems, self.tr("Click to see the value."))) if row.value is not None else ""


def cut(text: str, columns: int) -> list[str]:
    """Cut a line of code into pieces of at most `columns` characters, continued ones indented, at spaces if possible."""
    pieces: list[str] = []
    rest, indent = text, ""
    while len(indent) + len(rest) > columns:
        room = columns - len(indent)
        at = rest.rfind(" ", 1, room + 1)
        at = at if at > room // 3 else room
        pieces.append(indent + rest[:at])
        rest, indent = rest[at:].lstrip(" "), "    " if columns > 12 else " "
    return [*pieces, indent + rest] if rest or not pieces else pieces


def fold(text: str, metrics: QFontMetrics, width: int) -> list[str]:
    """Fold a sentence into lines of at most `width` pixels, at its spaces."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and metrics.horizontalAdvance(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
