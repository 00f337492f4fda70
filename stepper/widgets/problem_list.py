"""The list of problems: how a row is painted, and its keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from stepper import theme
from stepper.models.mark_signs import WARNING, ink
from stepper.models.problem_rows import ROW_ROLE, Key, ProblemModel, ProblemRow
from stepper.widgets import fonts
from stepper.widgets.tips import plain

Index = QModelIndex | QPersistentModelIndex
PAD = 6
SIGN = 26
WRAP = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeft) | int(Qt.AlignmentFlag.AlignTop)
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ProblemDelegate(QStyledItemDelegate):
    """Paints a sign, the name of the rule with its severity and history, and below it the whole sentence."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the height of the sentence at the width of the list."""
        row = index.data(ROW_ROLE)
        view = option.widget
        width = view.viewport().width() if isinstance(view, QAbstractItemView) else 300
        return QSize(60, 0 if row is None else self._height(row, width))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        row: ProblemRow | None = index.data(ROW_ROLE)
        if row is None:
            return
        t, view = theme.current(), option.widget
        chosen = isinstance(view, QAbstractItemView) and view.currentIndex().row() == index.row()
        rect: QRect = option.rect  # type: ignore[attr-defined]
        severity = row.problem.finding.severity
        colour = QColor(ink(severity))
        painter.save()
        if chosen:
            painter.fillRect(rect, QColor(t.window))
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), QColor(t.selection))
        inner = rect.adjusted(PAD, 3, -PAD, -3)
        painter.setFont(fonts.sized(QApplication.font(), 2, bold=True))
        painter.setPen(colour)
        first = painter.fontMetrics().height()
        painter.drawText(QRect(inner.left(), inner.top(), SIGN - 4, first), Qt.AlignmentFlag.AlignCenter, row.glyph[:1])
        bold, small = fonts.sized(QApplication.font(), 0, bold=True), fonts.sized(QApplication.font(), -1)
        painter.setFont(bold)
        title = _title(row)
        head = QRect(inner.left() + SIGN, inner.top(), inner.width() - SIGN, painter.fontMetrics().height())
        title = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, head.width())
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        used = painter.fontMetrics().horizontalAdvance(title) + 12
        painter.setFont(small)
        painter.setPen(QColor(t.dim))
        beside = painter.fontMetrics().horizontalAdvance(row.history) <= head.width() - used
        if beside:
            painter.drawText(head, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, row.history)
        below = painter.fontMetrics().height()
        painter.setFont(QApplication.font())
        painter.setPen(QColor(t.text if row.problem.current else t.dim))
        body = inner.adjusted(SIGN, head.height(), 0, 0 if beside else -below)
        painter.drawText(body, WRAP, row.text)
        if not beside:
            painter.setFont(small)
            painter.setPen(QColor(t.dim))
            foot = QRect(body.left(), inner.bottom() - below + 1, body.width(), below)
            history = painter.fontMetrics().elidedText(row.history, Qt.TextElideMode.ElideRight, foot.width())
            painter.drawText(foot, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, history)
        painter.setPen(QColor(t.border))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        if chosen and view.hasFocus():
            painter.setPen(QPen(QColor(t.selection), 1, Qt.PenStyle.DotLine))
            painter.drawRect(rect.adjusted(1, 1, -2, -2))
        painter.restore()

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        """Show all of a row."""
        row = index.data(ROW_ROLE)
        text = "" if row is None else "\n".join((_title(row), row.text, row.history))
        QToolTip.showText(event.globalPos(), plain(text), view)
        return bool(text)

    def _height(self, row: ProblemRow, width: int) -> int:
        bold = QFontMetrics(fonts.sized(QApplication.font(), 0, bold=True))
        small, body = QFontMetrics(fonts.sized(QApplication.font(), -1)), QFontMetrics(QApplication.font())
        room = width - 2 * PAD - SIGN
        beside = small.horizontalAdvance(row.history) <= room - bold.horizontalAdvance(_title(row)) - 12
        text = body.boundingRect(QRect(0, 0, room, 10_000), WRAP, row.text).height()
        return 6 + bold.height() + text + (0 if beside else small.height()) + 2


class ProblemList(QListView):
    """Shows problems. `wanted` says what a person wants with the chosen one: go, cause or mute."""

    wanted = Signal(str)
    chosen = Signal(object)

    def __init__(self, rows: ProblemModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = rows
        self.setModel(rows)
        self.setItemDelegate(ProblemDelegate(self))
        self.setAccessibleName(self.tr("Problems, the cause before what follows from it"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)

    def current(self) -> ProblemRow | None:
        """Return the chosen row."""
        at = self.currentIndex().row()
        return self.rows.rows[at] if 0 <= at < len(self.rows.rows) else None

    def stand_at(self, key: Key | None) -> None:
        """Choose a problem where it is shown."""
        at = self.rows.row_of(key)
        if at >= 0 and at != self.currentIndex().row():
            self.setCurrentIndex(self.rows.index(at))

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Tell which problem is chosen."""
        super().currentChanged(current, previous)  # type: ignore[arg-type]
        self.viewport().update()
        self.chosen.emit(self.current())

    def sizeHint(self) -> QSize:
        """Room for three problems."""
        return QSize(360, 140)

    def minimumSizeHint(self) -> QSize:
        """Room for one problem."""
        return QSize(160, 60)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap anew."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.scheduleDelayedItemsLayout()

    def mouseDoubleClickEvent(self, event: QEvent) -> None:
        """Go to a problem."""
        if self.current() is not None:
            self.wanted.emit("go")

    def event(self, event: QEvent) -> bool:
        """Claim the keys of the list before they become shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            bare = not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
            if bare and event.key() in (*ENTER, Qt.Key.Key_M, Qt.Key.Key_Up, Qt.Key.Key_Down):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes to the problem, with Shift to its first cause; M mutes its rule."""
        if event.key() in ENTER and self.current() is not None:
            self.wanted.emit("cause" if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else "go")
        elif event.key() == Qt.Key.Key_M and self.current() is not None:
            self.wanted.emit("mute")
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.ignore()  # earlier and later belong to the window
        else:
            super().keyPressEvent(event)


def _title(row: ProblemRow) -> str:
    """Return the name of a rule with how grave it is."""
    sign = f"{WARNING} " if row.problem.finding.severity == "error" else ""
    return f"{sign}{row.severity}: {row.title}"
