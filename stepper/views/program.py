"""The program, line by line as it is written: what has run, what has just happened, what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from core.session import Moment
from stepper import theme
from stepper.models.program_model import ROW_ROLE, STATUS_SIGN, ProgramModel, Row
from stepper.widgets.tips import plain

GUTTER = 24
PAD = 8
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Plan:
    """Where the parts of a row go: its code cut into lines, the sentence of a fault, the right-hand words."""

    code: list[str]
    fault: list[str]
    right: str
    height: int


class LineDelegate(QStyledItemDelegate):
    """Paints one row; a long line is continued below with an indent, never cut off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.small = QFont()
        self.small.setPointSizeF(max(7.5, self.small.pointSizeF() - 1))

    def plan(self, row: Row, width: int) -> Plan:
        """Return the layout of a row for a width."""
        code_metrics, small = QFontMetrics(self.mono), QFontMetrics(self.small)
        right = "  ".join(t for t in (row.note, row.shape) if t)
        if row.kind in ("heading", "given-heading"):
            return Plan([row.text], [], row.note, small.height() + (14 if row.kind == "heading" else 10))
        room = width - GUTTER - 2 * PAD - (small.horizontalAdvance(right) + PAD if right else 0)
        code = cut(row.text, max(8, room // max(1, code_metrics.horizontalAdvance("0"))))
        fault = fold(row.fault, small, width - GUTTER - 2 * PAD) if row.fault else []
        return Plan(code, fault, right, len(code) * code_metrics.height() + len(fault) * small.height() + 6)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """Return the height that a row needs at the width of the view."""
        view = option.widget
        width = view.viewport().width() if isinstance(view, QAbstractItemView) else option.rect.width()
        return QSize(GUTTER, self.plan(index.data(ROW_ROLE), width).height)

    def right_edge(self, row: Row, rect: QRect) -> QRect:
        """Return where the shape of a row is painted: clicking it chooses the value."""
        width = QFontMetrics(self.small).horizontalAdvance(row.shape) + 2 * PAD
        return QRect(rect.right() - width, rect.top(), width + 1, QFontMetrics(self.mono).height() + 6)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        row: Row = index.data(ROW_ROLE)
        view = option.widget
        focused = isinstance(view, QAbstractItemView) and view.hasFocus() and view.currentIndex().row() == index.row()
        painter.save()
        if row.kind in ("heading", "given-heading"):
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
        painter.drawText(QRect(base.left(), top, GUTTER, base.height()), Qt.AlignmentFlag.AlignCenter, sign)
        painter.drawText(base.adjusted(GUTTER, 0, 0, 0), Qt.AlignmentFlag.AlignLeft, row.text)
        used = GUTTER + QFontMetrics(bold).horizontalAdvance(row.text) + 12
        room = base.adjusted(used, 0, -PAD, 0)
        painter.setFont(self.small)
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
        painter.setPen(quiet if row.status == "done" else ink)
        gutter = QRect(rect.left() + 3, line.top(), GUTTER - 3, line.height())
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
        if row.selected:
            painter.setPen(QPen(QColor(t.selection), 2))
            painter.drawRect(self.right_edge(row, rect).adjusted(2, 2, -3, -3))

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:  # noqa: N802
        """Show what a row is, as plain text."""
        row = index.data(ROW_ROLE)
        text = self._help(row) if isinstance(row, Row) else ""
        QToolTip.showText(event.globalPos(), plain(text), view)
        return bool(text)

    def _help(self, row: Row) -> str:
        if row.kind == "line":
            origin = self.tr("Derived: this line follows from your forward lines.") if row.derived else self.tr("As you wrote it.")
            return "\n".join((row.text, origin, self.tr("Click to go to just after this line; click its shape to see the value.")))
        if row.kind == "given-heading":
            return self.tr("The data and the first parameters. Click to open or close.")
        return self.tr("Click to see the value.") if row.value is not None else ""


class LineList(QListView):
    """The list with its keys: up and down move the cursor, Enter goes there, Space chooses the value."""

    went = Signal(QModelIndex)
    chose = Signal(QModelIndex)
    pressed_at = QPoint()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Remember where a click began: on the code or on the shape."""
        self.pressed_at = event.position().toPoint()
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Handle Enter and Space; leave the rest to the list."""
        index = self.currentIndex()
        if index.isValid() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.went.emit(index)
        elif index.isValid() and event.key() == Qt.Key.Key_Space:
            self.chose.emit(index)
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.ignore()  # earlier and later belong to the window
        else:
            super().keyPressEvent(event)


class ProgramView(QWidget):
    """Shows the program of a moment. Clicking a line goes to it; clicking its shape chooses its value."""

    statement_clicked = Signal(int)
    value_clicked = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Program"))
        self.model = ProgramModel(self)
        self.list = LineList(self)
        self.list.setAccessibleName(self.tr("Program, line by line"))
        self.list.setModel(self.model)
        self.delegate = LineDelegate(self)
        self.list.setItemDelegate(self.delegate)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.clicked.connect(self._on_clicked)
        self.list.went.connect(self._on_went)
        self.list.chose.connect(self._on_chose)
        self.setFocusProxy(self.list)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.list)
        self._moment: Moment | None = None

    def sizeHint(self) -> QSize:  # noqa: N802
        """A column wide enough for usual lines."""
        return QSize(360, 500)

    def draw(self, moment: Moment) -> None:
        """Show a moment; the lit line is brought into view whenever it is another one."""
        before, self._moment = self._moment, moment
        renewed = self.model.draw(moment)
        if renewed or before is None or before.position != moment.position:
            self._show_lit()
        self.list.viewport().update()

    def _show_lit(self) -> None:
        at = None if self._moment is None else self._moment.lit or self._moment.upcoming
        row = None if at is None else self.model.row_of(at.statement)
        if row is None or self._moment is None:
            return
        self.list.setCurrentIndex(self.model.index(row))
        if self._moment.lit is None:
            self.list.scrollToTop()
        self.list.scrollTo(self.model.index(row), QAbstractItemView.ScrollHint.EnsureVisible)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Keep the lit line in view."""
        super().resizeEvent(event)
        self._show_lit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Take new fonts into account."""
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "list"):
            self.list.scheduleDelayedItemsLayout()
        super().changeEvent(event)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        row: Row = index.data(ROW_ROLE)
        on_shape = row.shape and self.delegate.right_edge(row, self.list.visualRect(index)).contains(self.list.pressed_at)
        if row.kind == "line" and on_shape:
            self._on_chose(index)
        else:
            self._on_went(index)

    @Slot(QModelIndex)
    def _on_went(self, index: QModelIndex) -> None:
        row: Row = index.data(ROW_ROLE)
        if row.kind == "given-heading":
            self.model.toggle_given()
            self.list.setCurrentIndex(self.model.index(index.row()))
        elif row.statement is not None:
            self.statement_clicked.emit(row.statement)
        elif row.value is not None:
            self.value_clicked.emit(row.value, None)

    @Slot(QModelIndex)
    def _on_chose(self, index: QModelIndex) -> None:
        row: Row = index.data(ROW_ROLE)
        if row.value is not None:
            self.value_clicked.emit(row.value, None)
        elif row.kind == "given-heading":
            self._on_went(index)


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
