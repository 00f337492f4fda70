"""A saved network: what its file holds, layer by layer and tensor by tensor, alone or beside another one."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from core.files.problem import escaped
from stepper import theme
from stepper.models.saved_columns import Column
from stepper.models.saved_rows import IN_ORDER, SavedRows
from stepper.models.saved_state import SavedState
from stepper.models.saved_words import cut
from stepper.widgets.saved_cells import Cells
from stepper.widgets.saved_compare import SavedCompare
from stepper.widgets.saved_empty import SavedEmpty
from stepper.widgets.saved_header import PlainLabel, SavedHeader
from stepper.widgets.saved_search import SavedSearch
from stepper.widgets.saved_tree import SavedTree

LONGEST_TROUBLE = 1000
LOW_LINES = 20


class SavedView(QWidget):
    """Shows what `show_state` is given, and says what a person wants of it; it changes nothing itself.

    `tensor_chosen` carries the name of a tensor, exactly as it is in the file.
    """

    tensor_chosen = Signal(object)
    open_wanted = Signal()
    compare_wanted = Signal()
    compare_ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Saved network"))
        self._state = SavedState()
        self._done = False
        self.status = PlainLabel(self.tr("What is going on"), self)
        self.empty = SavedEmpty(self)
        self.empty.open_wanted.connect(self.open_wanted)
        self.header = SavedHeader(self)
        self.compare = SavedCompare(self)
        self.compare.wanted.connect(self.compare_wanted)
        self.compare.ended.connect(self.compare_ended)
        self.compare.sorted_by.connect(self._on_sorted)
        self.search = SavedSearch(self)
        self.search.changed.connect(self._on_sought)
        self.search.left.connect(self._on_left)
        self.rows = SavedRows(Cells, self)
        self.tree = SavedTree(self.rows, self)
        self.tree.chosen.connect(self.tensor_chosen)
        self.tree.header().sectionClicked.connect(self.compare.stop_sorting)
        self.none = PlainLabel(self.tr("Nothing was found"), self)
        inside = QWidget(self)
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        for part in (self.header, self.compare, self.search, self.none):
            column.addWidget(part)
        column.addWidget(self.tree, 1)
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(inside)
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 6, 8, 6)
        box.setSpacing(5)
        box.addWidget(self.status)
        box.addWidget(self.stack, 1)
        self._show()

    def sizeHint(self) -> QSize:
        """Room for some layers."""
        return QSize(360, 560)

    def minimumSizeHint(self) -> QSize:
        """Enough to read some lines."""
        return QSize(240, 140)

    # --- drawing ------------------------------------------------------------------------------------

    def show_state(self, state: SavedState) -> None:
        """Show what is known of the saved network."""
        before, self._state = self._state, state
        if state.saved is not before.saved and self.search.line.text():
            self.search.line.clear()
        self._show()

    def _show(self) -> None:
        s, t = self._state, theme.current()
        if s.busy:
            self.status.say(self.tr("Reading {name} …").format(name=cut(s.busy)), t.text)
        else:
            self.status.say(f"⚠ {escaped(s.trouble[:LONGEST_TROUBLE])}" if s.trouble else "", t.error)
        self.stack.setCurrentIndex(0 if s.saved is None else 1)
        self.empty.show_state(s)
        self.header.show_state(s)
        self._share()
        self.compare.show_state(s)
        self.tree.show_state(s)
        done = self.compare.is_done(s)
        if done and not self._done:
            self.rows.sort_again()
        self._done = done
        self._show_count()

    def _show_count(self) -> None:
        self.search.show_count(self.rows)
        nothing = not self.rows.tops
        words = (
            self.tr("Nothing in the file goes with these words.") if self.rows.sought else self.tr("The file holds no tensor.")
        )
        self.none.say(words if nothing else "", theme.current().dim)

    # --- what a person wants ------------------------------------------------------------------------

    @Slot(str)
    def _on_sought(self, words: str) -> None:
        self.tree.seek(words)
        self._show_count()

    @Slot()
    def _on_left(self) -> None:
        self.tree.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot(bool)
    def _on_sorted(self, on: bool) -> None:
        self.tree.sortByColumn(Column.DIFFERENCE if on else IN_ORDER, Qt.SortOrder.DescendingOrder)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Give the keyboard to the tree; as a focus proxy it would make the Tab key leap over what stands above it."""
        (self.empty.button if self._state.saved is None else self.tree).setFocus(event.reason())

    def event(self, event: QEvent) -> bool:
        """Claim Ctrl+F while the keyboard is in the panel; elsewhere it is the editor's."""
        ours = isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Find) and self._state.saved is not None
        if ours and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+F goes to the line to look for something."""
        if event.matches(QKeySequence.StandardKey.Find) and self._state.saved is not None:
            self.search.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.search.line.selectAll()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the height between the folded part and the tree."""
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        self.header.share(self.height())
        self.header.be_short(self.height() < LOW_LINES * self.fontMetrics().height())
