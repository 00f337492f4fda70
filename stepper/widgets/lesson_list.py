"""The list of lessons: each with its title, one line, and how far one has come."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from stepper import theme
from stepper.models.lesson_state import Entry
from stepper.widgets import fonts
from stepper.widgets.tips import plain

WRAP = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
PAD = 8
Index = QModelIndex | QPersistentModelIndex


def far_text(entry: Entry) -> str:
    """Return how far a lesson was read: nothing, `2 of 8` or a tick."""
    if entry.done:
        return "✓"
    return f"{entry.read}/{entry.steps}" if entry.read else ""


class _Painter(QStyledItemDelegate):
    """Paints a title, at its right how far one has come, and below it the summary in as many lines as it needs."""

    def __init__(self, parent: LessonList) -> None:
        super().__init__(parent)
        self._list = parent

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        title, words = self._boxes(QRect(0, 0, self._list.viewport().width(), 10000), index)
        return QSize(60, max(words.bottom(), title.bottom()) + PAD)

    def _boxes(self, room: QRect, index: Index) -> tuple[QRect, QRect]:
        base = QApplication.font()
        entry = self._list.entries[index.row()]
        inner = room.adjusted(PAD + 2, PAD, -PAD - 2, 0)
        far = QFontMetrics(base).horizontalAdvance(far_text(entry)) + 12
        title = QFontMetrics(fonts.sized(base, 0.5, bold=True)).boundingRect(inner.adjusted(0, 0, -far, 0), WRAP, entry.title)
        below = QRect(inner.left(), title.bottom() + 3, inner.width(), 10000)
        return title, QFontMetrics(base).boundingRect(below, WRAP, entry.summary)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry = self._list.entries[index.row()]
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        t, base = theme.current(), QApplication.font()
        title, words = self._boxes(rect, index)
        painter.save()
        if state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect.adjusted(2, 1, -2, -1), QColor(t.window))
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QColor(t.accent))
            painter.drawRoundedRect(rect.adjusted(2, 1, -3, -2), 4, 4)
        painter.setFont(fonts.sized(base, 0.5, bold=True))
        painter.setPen(QColor(t.text))
        painter.drawText(title.adjusted(0, 0, 4, 0), WRAP, entry.title)
        painter.setFont(base)
        painter.setPen(QColor(t.dim))
        painter.drawText(words.adjusted(0, 0, 4, 0), WRAP, entry.summary)
        painter.setPen(QColor(t.phases["update"] if entry.done else t.dim))
        at = QRect(rect.left(), title.top(), rect.width() - PAD - 2, QFontMetrics(base).height())
        painter.drawText(at, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), far_text(entry))
        painter.restore()


class LessonList(QListWidget):
    """`chosen(target)` carries the TARGET of a lesson; a click, Enter or Space chooses."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Lessons"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.entries: Sequence[Entry] = ()
        self.setItemDelegate(_Painter(self))
        self.itemClicked.connect(self._choose)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show the lessons."""
        if list(entries) == list(self.entries):
            return
        row = max(0, self.currentRow())
        self.entries = tuple(entries)
        self.clear()
        for entry in entries:
            item = QListWidgetItem(self)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, self._spoken(entry))
            item.setToolTip(plain(self._spoken(entry)))
        self.setCurrentRow(min(row, len(entries) - 1))

    def begin(self) -> None:
        """Take the keyboard, on the first lesson that is not read yet."""
        self.setCurrentRow(next((n for n, entry in enumerate(self.entries) if not entry.done), 0))
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space choose."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.currentRow() >= 0:
            self._choose(self.currentItem())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, e: QResizeEvent) -> None:
        """Break the lines anew."""
        super().resizeEvent(e)
        self.scheduleDelayedItemsLayout()

    def _spoken(self, entry: Entry) -> str:
        if entry.done:
            return self.tr("{title} (read): {summary}").format(title=entry.title, summary=entry.summary)
        if entry.read:
            words = self.tr("{title} ({n} of {count} steps read): {summary}")
            return words.format(title=entry.title, n=entry.read, count=entry.steps, summary=entry.summary)
        return entry.line

    @Slot(QListWidgetItem)
    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(self.entries[self.row(item)].target)
