"""The list of stops, watches and bookmarks: three groups, each row with what it is and what it is worth now."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from core.notes import Bookmark, Breakpoint, Notes, Watch
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.tips import plain

Note = Breakpoint | Bookmark | Watch
_NOTE = int(Qt.ItemDataRole.UserRole)


class Ticks(QStyledItemDelegate):
    """Writes a row, with a box to tick that is seen in both themes."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Say how a row is written."""
        super().initStyleOption(option, index)
        option.palette = theme.outlining(option.palette, theme.TICK)  # type: ignore[attr-defined]


class NotesTree(QTreeWidget):
    """Rows of notes. Delete removes, Space switches, Enter goes (with Shift towards earlier), F2 writes a bookmark's note."""

    switched = Signal(object)
    removed = Signal(object)
    gone_to = Signal(object, bool)
    noted = Signal(object, str)
    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Stops, watches and bookmarks"))
        self.setItemDelegate(Ticks(self))
        self.setColumnCount(2)
        self.setHeaderLabels([self.tr("what"), self.tr("now")])
        self.setHeaderHidden(True)
        self.header().setStretchLastSection(True)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setRootIsDecorated(False)
        self.setIndentation(12)
        self.setUniformRowHeights(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setEditTriggers(QTreeWidget.EditTrigger.NoEditTriggers)
        self._notes: Notes | None = None
        titles = (self.tr("Stops"), self.tr("Watches"), self.tr("Bookmarks"))
        self._items: list[list[QTreeWidgetItem]] = [[], [], []]
        # A row may be replaced while Qt still tells of its change: it must live until that is over.
        self._taken: list[list[QTreeWidgetItem]] = [[], [], []]
        self._groups = [QTreeWidgetItem([title, ""]) for title in titles]
        self.addTopLevelItems(self._groups)
        for group in self._groups:
            group.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            group.setExpanded(True)
        self.itemChanged.connect(self._on_changed)
        self.currentItemChanged.connect(self._on_current)
        self.itemDoubleClicked.connect(self._on_double_click)

    def sizeHint(self) -> QSize:
        return QSize(340, 260)

    def show_notes(self, notes: Notes, texts: dict[Note, tuple[str, str, str]], hints: Sequence[str]) -> None:
        """Show notes. `texts` says for each what it is, what it is worth now, and its tip; `hints` stand in empty groups."""
        self.blockSignals(True)
        if notes != self._notes:
            self._rebuild(notes)
        for group, items, hint in zip(self._groups, self._items, hints, strict=True):
            group.setFont(0, fonts.sized(self.font(), 0, bold=True))
            group.setSizeHint(0, self._room())
            if not items:
                self._hint(group, hint)
            for item in items:
                item.setSizeHint(0, self._room())
                what, now, tip = texts[item.data(0, _NOTE)]
                _set(item, 0, what)
                _set(item, 1, now)
                item.setToolTip(0, plain(tip))
                item.setToolTip(1, plain(tip))
                if not isinstance(item.data(0, _NOTE), Bookmark):
                    item.setFont(0, fonts.mono(self.font()))
                ink = theme.current().error if now.startswith("⚠") else theme.current().text
                item.setForeground(1, QColor(ink))
        self.blockSignals(False)

    def _room(self) -> QSize:
        return QSize(0, self.fontMetrics().height() + 6)

    def _hint(self, group: QTreeWidgetItem, hint: str) -> None:
        """Say in an empty group how something comes into it."""
        if group.childCount() == 0:
            item = QTreeWidgetItem(group)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            item.setFirstColumnSpanned(True)
        item = group.child(0)
        if item is not None:
            _set(item, 0, hint)
            item.setToolTip(0, plain(hint))
            item.setForeground(0, QColor(theme.current().dim))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setColumnWidth(0, max(90, self.viewport().width() * 52 // 100))

    def current_note(self) -> Note | None:
        """Return what the chosen row stands for; None for a title."""
        item = self.currentItem()
        return None if item is None else item.data(0, _NOTE)

    def _rebuild(self, notes: Notes) -> None:
        before, row = self.current_note(), self._row()
        self._notes = notes
        for n, entries in enumerate((notes.breakpoints, notes.watches, notes.bookmarks)):
            group = self._groups[n]
            self._taken[n] = group.takeChildren()
            self._items[n] = []
            for note in entries:
                item = QTreeWidgetItem(group)
                self._items[n].append(item)
                item.setData(0, _NOTE, note)
                flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
                if isinstance(note, Breakpoint):
                    item.setFlags(flags | Qt.ItemFlag.ItemIsUserCheckable)
                    item.setCheckState(0, Qt.CheckState.Checked if note.enabled else Qt.CheckState.Unchecked)
                else:
                    item.setFlags(flags | Qt.ItemFlag.ItemIsEditable if isinstance(note, Bookmark) else flags)
        self._stand_at(before, row)

    def _row(self) -> tuple[int, int]:
        item = self.currentItem()
        parent = None if item is None else item.parent()
        if item is None or parent is None:
            return (0, 0)
        return self.indexOfTopLevelItem(parent), parent.indexOfChild(item)

    def _stand_at(self, before: Note | None, row: tuple[int, int]) -> None:
        """Stay on the row that was chosen, as it is now; where it was removed, on the one in its place."""
        if before is None:
            return
        group, items = self._groups[row[0]], self._items[row[0]]
        same = [i for i in items if _same(i.data(0, _NOTE), before)]
        item = same[0] if same else (items[min(row[1], len(items) - 1)] if items else group)
        self.setCurrentItem(item)

    @Slot(QTreeWidgetItem, int)
    def _on_changed(self, item: QTreeWidgetItem, column: int) -> None:
        note = item.data(0, _NOTE)
        if isinstance(note, Breakpoint) and column == 0:
            if (item.checkState(0) == Qt.CheckState.Checked) is not note.enabled:
                self.switched.emit(note)
        elif isinstance(note, Bookmark) and column == 0:
            self.noted.emit(note, item.text(0).strip())

    @Slot(QTreeWidgetItem, QTreeWidgetItem)
    def _on_current(self, now: QTreeWidgetItem | None, before: QTreeWidgetItem | None) -> None:
        del before
        self.chosen.emit(None if now is None else now.data(0, _NOTE))

    @Slot(QTreeWidgetItem, int)
    def _on_double_click(self, item: QTreeWidgetItem, column: int) -> None:
        del column
        if item.data(0, _NOTE) is not None:
            self.gone_to.emit(item.data(0, _NOTE), False)

    @Slot()
    def write_note(self) -> None:
        """Begin to write the note of the chosen bookmark."""
        item = self.currentItem()
        if item is not None and isinstance(item.data(0, _NOTE), Bookmark):
            self.editItem(item, 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        note, key = self.current_note(), event.key()
        if key == Qt.Key.Key_F2:
            self.write_note()
        elif note is not None and key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(note)
        elif isinstance(note, Breakpoint) and key == Qt.Key.Key_Space:
            self.switched.emit(note)
        elif note is not None and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.gone_to.emit(note, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)


def _set(item: QTreeWidgetItem, column: int, text: str) -> None:
    if item.text(column) != text:
        item.setText(column, text)


def _same(one: Note, other: Note) -> bool:
    if isinstance(one, Breakpoint) and isinstance(other, Breakpoint):
        return one.same(other)
    if isinstance(one, Bookmark) and isinstance(other, Bookmark):
        return (one.iteration, one.k) == (other.iteration, other.k)
    return one == other
