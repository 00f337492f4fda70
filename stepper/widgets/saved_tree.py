"""The tree of a saved network: how its lines are painted, its keys, and which of them are folded."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt, Signal, Slot
from PySide6.QtGui import QAction, QColor, QContextMenuEvent, QKeyEvent, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QMenu,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from core.files.problem import escaped
from stepper import theme
from stepper.models.saved_columns import Column
from stepper.models.saved_rows import IN_ORDER, KIND_ROLE, TONE_ROLE, SavedRows
from stepper.models.saved_state import SavedState
from stepper.widgets import fonts
from stepper.widgets.saved_lines import ACROSS, SavedDelegate

Index = QModelIndex | QPersistentModelIndex
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
FOLDING = (Qt.Key.Key_Left, Qt.Key.Key_Right)
MOST_OPEN = 2000
"""With more lines than that all layers begin folded: nobody scrolls through them."""
COMPARED = (Column.DIFFERENCE, Column.RELATIVE)
WIDTHS = {
    Column.NAME: "transformer.layer.0", Column.DIFFERENCE: "◫ shape differs", Column.RELATIVE: "0.00001234",
    Column.WHAT: "dense, GELU exact ✓", Column.SHAPE: "1024 → 1024", Column.REMARK: "⚠ 12 NaN or ∞", Column.MIN: "−0.12345",
    Column.MAX: "−0.12345", Column.NUMBERS: "10,000,000", Column.TYPE: "bfloat16", Column.BYTES: "1000 bytes",
}  # fmt: skip
"""What there has to be room for in each column, at first; in the FITTED ones no more than what stands there."""
FITTED = (Column.NAME, Column.WHAT, Column.SHAPE)


class SavedTree(QTreeView):
    """`chosen` carries the name of the tensor that a person has chosen; Enter says it once more."""

    chosen = Signal(object)

    def __init__(self, rows: SavedRows, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows = rows
        self.setAccessibleName(self.tr("Layers and tensors"))
        self.setItemDelegate(SavedDelegate(self))
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setIndentation(14)
        self.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMinimumHeight(60)
        self._nodes = rows.nodes
        self._followed = ""
        self._folded: set[int] = set()
        self._arranging = False
        self._fitting = False
        self._sized: set[int] = set()
        self.setModel(rows)
        rows.modelReset.connect(self._on_reset)  # after the view's own, which forgets what is folded
        head = self.header()
        head.setSortIndicator(IN_ORDER, Qt.SortOrder.AscendingOrder)
        head.setSortIndicatorClearable(True)
        head.setStretchLastSection(False)
        head.setResizeContentsPrecision(0)  # what is in sight tells how wide a column is; a file may hold thousands of tensors
        head.setSectionsMovable(False)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setMinimumSectionSize(30)
        head.sectionResized.connect(self._on_sized)
        self.setSortingEnabled(True)
        self._fitting = True
        for column in COMPARED:
            self.setColumnHidden(column, True)
        self._fitting = False
        self.collapsed.connect(self._on_collapsed)
        self.expanded.connect(self._on_expanded)

    # --- what is shown ------------------------------------------------------------------------------

    def show_state(self, state: SavedState) -> None:
        """Show a file; the chosen line follows the tensor that is looked at."""
        self._arranging = True
        comparing = state.other is not None
        if self.isColumnHidden(Column.DIFFERENCE) is comparing:
            self._fitting = True
            for column in COMPARED:
                self.setColumnHidden(column, not comparing)
            self._fitting = False
            self._fit()
        self.rows.show(state)
        self._follow(state.tensor)
        self._arranging = False
        self.viewport().update()

    def seek(self, words: str) -> None:
        """Show only what holds these words, unfolded."""
        self.rows.seek(words)

    def _follow(self, name: str) -> None:
        """Stand at a tensor that was chosen elsewhere; a layer that stands for it stays chosen."""
        if name != self._followed:
            self._followed = name
            self._stand()

    def _stand(self) -> None:
        here = self.currentIndex()
        if here.isValid() and (self.rows.tensor_of(here) or "") == self._followed:
            return
        place = self.rows.place(self._followed)
        if place.isValid():
            self.setCurrentIndex(place)
            if place.row() == 0 and place.parent().row() <= 0:
                self.scrollToTop()  # with its layer above it, also where the panel is still low
            else:
                self.scrollTo(place)
        else:
            self.selectionModel().clear()

    @Slot()
    def _on_reset(self) -> None:
        """Fold again what was folded: with a reset Qt forgets it; and stand where one stood."""
        arranging, self._arranging = self._arranging, True
        nodes = self.rows.nodes
        if nodes is not self._nodes:  # another file
            self._nodes, self._followed = nodes, ""
            self._folded = set(nodes.tops) if len(nodes.list) > MOST_OPEN else set()
        for number in self.rows.tops:
            if number not in self._folded or self.rows.sought:
                self.expand(self.rows.at(number))
        self._stand()
        self._fit()
        self._arranging = arranging

    @Slot(QModelIndex)
    def _on_collapsed(self, index: QModelIndex) -> None:
        if not self._arranging and not self.rows.sought:
            self._folded.add(index.internalId())

    @Slot(QModelIndex)
    def _on_expanded(self, index: QModelIndex) -> None:
        if not self._arranging and not self.rows.sought:
            self._folded.discard(index.internalId())

    @Slot()
    def _fold_all(self) -> None:
        self._folded = set(self.rows.nodes.tops)
        self.collapseAll()

    @Slot()
    def _unfold_all(self) -> None:
        self._folded.clear()
        self.expandAll()

    # --- what a person wants ------------------------------------------------------------------------

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Say which tensor was chosen."""
        super().currentChanged(current, previous)
        if not self._arranging and current.isValid():
            name = self.rows.tensor_of(current)
            if name is not None and name != self._followed:
                self._followed = name
                self.chosen.emit(name)

    @Slot()
    def copy_name(self) -> None:
        """Copy the name of the chosen tensor; signs that would not show themselves are written out."""
        name = self.rows.tensor_of(self.currentIndex()) or self._of_the_other()
        if name:
            QApplication.clipboard().setText(escaped(name))

    def _of_the_other(self) -> str:
        node = self.rows.node(self.currentIndex())
        return node.tensor.name if node is not None and node.tensor is not None else ""

    def event(self, event: QEvent) -> bool:
        """Claim the keys that fold, and the one that copies, before they are shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            bare = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            if (bare and event.key() in (*FOLDING, *ENTER)) or event.matches(QKeySequence.StandardKey.Copy):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses, Ctrl+C copies the name; the arrows go, fold and unfold."""
        if event.key() in ENTER:
            name = self.rows.tensor_of(self.currentIndex())
            if name is not None:
                self._followed = name
                self.chosen.emit(name)
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_name()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what can be done with the lines."""
        menu = self.menu()
        at = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            at = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).bottomLeft() + QPoint(20, 0))
        menu.popup(at)

    def menu(self) -> QMenu:
        """Return the menu of the chosen line."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copying = menu.addAction(self.tr("&Copy the name"), QKeySequence(QKeySequence.StandardKey.Copy), self.copy_name)
        copying.setEnabled(bool(self.rows.tensor_of(self.currentIndex()) or self._of_the_other()))
        menu.addAction(self.tr("&Unfold all layers"), self._unfold_all)
        menu.addAction(self.tr("&Fold all layers"), self._fold_all)
        sorting = menu.addMenu(self.tr("&Sort by"))
        theme.outline_menu(sorting)
        sorting.triggered.connect(self._on_sort)
        chosen = self.header().sortIndicatorSection() if self.header().sortIndicatorSection() < len(Column) else IN_ORDER
        for column in (IN_ORDER, *(c for c in Column if not self.isColumnHidden(c))):
            title = self.rows.headerData(column, Qt.Orientation.Horizontal) or self.tr("the order of the file")
            action = sorting.addAction(title)
            action.setData(int(column))
            action.setCheckable(True)
            action.setChecked(column == chosen)
        return menu

    @Slot(QAction)
    def _on_sort(self, action: QAction) -> None:
        column = int(action.data())
        down = column in (*COMPARED, Column.NUMBERS, Column.BYTES, Column.SHAPE, Column.MAX)
        self.sortByColumn(column, Qt.SortOrder.DescendingOrder if down else Qt.SortOrder.AscendingOrder)

    # --- painting and room --------------------------------------------------------------------------

    def drawRow(self, painter: QPainter, options: QStyleOptionViewItem, index: Index) -> None:
        """Paint a line; a title, and the reason that a layer is closed, across all columns."""
        super().drawRow(painter, options, index)
        tone = index.data(TONE_ROLE)
        if index.data(KIND_ROLE) not in ACROSS:
            return
        name = index.sibling(index.row(), Column.NAME)
        first = self.visualRect(name)
        box = QRect(first.left() + 3, first.top(), self.viewport().width() - first.left() - 6, first.height())
        painter.save()
        painter.setFont(fonts.sized(self.font(), 0, bold=tone == "strong"))
        chosen = self.selectionModel().isSelected(name)
        t = theme.current()
        colour = self.palette().highlightedText().color() if chosen else QColor(t.dim if tone == "dim" else t.text)
        painter.setPen(colour)
        text = painter.fontMetrics().elidedText(self.rows.data(index), Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the names what room is left."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_sized"):
            self._fit()

    def _fit(self) -> None:
        """Share the room; a column that a person has sized keeps its width."""
        fitting, self._fitting = self._fitting, True  # again while it is at it, where a scroll bar comes or goes
        metrics, room = self.fontMetrics(), self.viewport().width()
        wide = {c: metrics.horizontalAdvance(text) + 14 for c, text in WIDTHS.items()}
        for column in FITTED:
            needed = max(self.sizeHintForColumn(column), self.header().sectionSizeHint(column))
            wide[column] = min(wide[column], needed + 4)
        others = [c for c in Column if c != Column.NAME and not self.isColumnHidden(c)]
        for column in others:
            if column not in self._sized:
                self.setColumnWidth(column, wide[column])
        if Column.NAME not in self._sized:
            least, left = max(min(wide[Column.NAME], room * 30 // 100), 60), room
            if room - least < self.columnWidth(others[0]):  # as with the largest text: better a name that can be read
                least = left = min(wide[Column.NAME], room)
            for column in others:
                if left - self.columnWidth(column) < least:
                    break
                left -= self.columnWidth(column)
            self.setColumnWidth(Column.NAME, max(left, least))
        self._fitting = fitting

    @Slot(int, int, int)
    def _on_sized(self, column: int, before: int, width: int) -> None:
        del before, width
        if not self._fitting and not self.isColumnHidden(column):
            self._sized.add(column)
