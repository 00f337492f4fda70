"""A saved network as rows of a tree for Qt: what of it is shown, in which order. Texts are made when they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.files.saved import Saved
from stepper.models.saved_columns import Column, Said, titles
from stepper.models.saved_nodes import TOP, Node, Nodes
from stepper.models.saved_state import USUAL, SavedState
from stepper.models.saved_words import chosen_of

Index = QModelIndex | QPersistentModelIndex
TONE_ROLE = Qt.ItemDataRole.UserRole + 1
KIND_ROLE = Qt.ItemDataRole.UserRole + 2
RIGHT = (Column.MIN, Column.MAX, Column.NUMBERS, Column.BYTES, Column.RELATIVE)
IN_ORDER = -1
FEW = 32
_NOTHING = Saved("", "", 0)


class SavedRows(QAbstractItemModel):
    """The lines that the words let through, in the order of the file unless they are sorted.

    `saying` makes what says the texts of the cells. A line is known by its number among the nodes, which stays the same as
    long as the file does.
    """

    def __init__(self, saying: Callable[[Nodes], Said], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._saying = saying
        self.nodes = Nodes(_NOTHING, (), None, USUAL)
        self.cells = saying(self.nodes)
        self.tops: list[int] = []
        self.found = 0
        """How many tensors of the file the words let through."""
        self.found_layers = 0
        self._about: tuple[object, ...] = ()
        self._there: tuple[str, ...] = ()
        self._words: tuple[str, ...] = ()
        self._sorted: tuple[int, bool] = (IN_ORDER, False)
        self._titles = titles()

    # --- what is shown ------------------------------------------------------------------------------

    def show(self, state: SavedState) -> bool:
        """Show a file; True if it is another one, whose lines have other numbers."""
        saved = state.saved or _NOTHING
        about = (saved, state.layers, state.inferred, state.choices.activation, state.choices.output_activation)
        another = not self._about or any(a is not b and a != b for a, b in zip(about, self._about, strict=True))
        self._about = about
        there = _only_there(state)
        if another or tuple(there) != self._there:
            self.beginResetModel()
            if another:
                self.nodes = Nodes(saved, state.layers, state.inferred, state.choices)
                self.cells = self._saying(self.nodes)
            known = {} if state.other is None else {t.name: t for t in state.other.tensors}
            self._there = tuple(there)
            self.nodes.add_there([known[name] for name in there if name in known])
            self.cells.seen, self.cells.matches = state.seen, state.matches
            self._arrange()
            self.endResetModel()
            return another
        changed = [name for name, look in state.seen.items() if self.cells.seen.get(name) is not look]
        changed += [name for name, match in state.matches.items() if self.cells.matches.get(name) is not match]
        fewer = len(state.matches) < len(self.cells.matches)
        self.cells.seen, self.cells.matches = state.seen, state.matches
        self._tell(changed, fewer)
        return False

    def seek(self, text: str) -> None:
        """Show only the lines that hold all these words; a layer that does with all its tensors."""
        words = tuple(text.casefold().split())
        if words != self._words:
            self.beginResetModel()
            self._words = words
            self._arrange()
            self.endResetModel()

    @property
    def sought(self) -> bool:
        """Whether only a part is shown."""
        return bool(self._words)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort the layers by a column, and the tensors of each; −1 is the order of the file."""
        wanted = column, order == Qt.SortOrder.DescendingOrder
        if wanted != self._sorted:  # Qt asks twice
            self._sorted = wanted
            self._arrange_again()

    def sort_again(self) -> None:
        """Sort by what is known by now."""
        if self._sorted[0] != IN_ORDER:
            self._arrange_again()

    def _arrange_again(self) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        numbers = [(i.internalId(), i.column()) for i in before]
        self._arrange()
        self.changePersistentIndexList(before, [self.createIndex(self.nodes.list[n].at, c, n) for n, c in numbers])
        self.layoutChanged.emit()

    # --- which line is which ------------------------------------------------------------------------

    def node(self, index: Index) -> Node | None:
        """Return the line of an index."""
        return self.nodes.list[index.internalId()] if index.isValid() else None

    def tensor_of(self, index: Index) -> str | None:
        """Return the tensor that a line is looked at by: a layer by its weight; None if there is none in this file."""
        node = self.node(index)
        if node is None:
            return None
        if node.layer is not None:
            return chosen_of(node.layer)
        return node.tensor.name if node.tensor is not None and node.kind == "tensor" else None

    def place(self, name: str) -> QModelIndex:
        """Return where a tensor is shown; none if it is not."""
        number = self.nodes.of.get(name)
        return QModelIndex() if number is None else self.at(number)

    def at(self, number: int) -> QModelIndex:
        """Return where a line is shown; none if it is not."""
        node = self.nodes.list[number]
        hidden = node.at < 0 or (node.parent != TOP and self.nodes.list[node.parent].at < 0)
        return QModelIndex() if hidden else self.createIndex(node.at, 0, number)

    # --- as Qt asks for it --------------------------------------------------------------------------

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008 (as Qt has it)
        """Return a cell."""
        rows = self._rows(parent)
        if not (0 <= row < len(rows) and 0 <= column < len(Column)):
            return QModelIndex()
        return self.createIndex(row, column, rows[row])

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        """Return the layer that a tensor is of."""
        above = self.nodes.list[index.internalId()].parent if index.isValid() else TOP
        return QModelIndex() if above == TOP else self.createIndex(self.nodes.list[above].at, 0, above)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (as Qt has it)
        """Return how many lines are shown below one."""
        return len(self._rows(parent))

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008 (as Qt has it)
        """Tell whether anything is shown below a line."""
        return bool(self._rows(parent))

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (as Qt has it)
        """Return how many columns there are."""
        return len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the text of a cell, what it is not room enough for, how it is written (TONE_ROLE), or what it is of."""
        node = self.node(index)
        if node is None:
            return None
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.cells.text(node, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.cells.tip(node, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.cells.said(node) if column == Column.NAME else self.cells.text(node, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in RIGHT:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == TONE_ROLE:
            return self.cells.tone(node, column)
        return node.kind if role == KIND_ROLE else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the name of a column, and what it says."""
        if orientation == Qt.Orientation.Horizontal and 0 <= section < len(Column):
            if role == Qt.ItemDataRole.DisplayRole:
                return self._titles[Column(section)][0]
            if role == Qt.ItemDataRole.ToolTipRole:
                return self._titles[Column(section)][1]
        return None

    # --- inside -------------------------------------------------------------------------------------

    def _rows(self, parent: Index) -> Sequence[int]:
        if not parent.isValid():
            return self.tops
        return self.nodes.list[parent.internalId()].rows if parent.column() == 0 else ()

    def _tell(self, names: list[str], fewer: bool) -> None:
        """Tell that what is known of tensors has changed: of each, or where they are many of each layer's at once."""
        last = len(Column) - 1
        numbers = [n for name in names if (n := self.nodes.of.get(name)) is not None]
        above = self.tops if fewer else {self.nodes.list[n].parent for n in numbers}
        for number in (*above, *(numbers if len(numbers) <= FEW else ())):
            place = self.at(number)
            if place.isValid():
                self.dataChanged.emit(place, place.siblingAtColumn(last))
        for number in above if fewer or len(numbers) > FEW else ():
            node, top = self.nodes.list[number], self.at(number)
            if node.rows and top.isValid():
                self.dataChanged.emit(self.index(0, 0, top), self.index(len(node.rows) - 1, last, top))

    def _arrange(self) -> None:
        """Find what is shown, and in which order."""
        nodes, every = self.nodes, self.nodes.list
        names: set[str] = set()
        self.found_layers = 0
        self.tops = []
        for number in nodes.tops:
            top = every[number]
            whole = self._goes(number)
            shown = top.children if whole else [n for n in top.children if self._goes(n)]
            top.at = -1
            for n in top.children:
                every[n].at = -1
            top.rows = self._ordered(shown) if whole or shown else ()
            if whole or shown:
                self.tops.append(number)
                self.found_layers += top.layer is not None
                names.update(t.name for n in shown if every[n].kind == "tensor" and (t := every[n].tensor) is not None)
        self.found = len(names)
        self.tops = self._ordered(self.tops)
        for at, number in enumerate(self.tops):
            every[number].at = at
            for below, n in enumerate(every[number].rows):
                every[n].at = below

    def _goes(self, number: int) -> bool:
        sought = self.nodes.sought(number) if self._words else ""
        return all(word in sought for word in self._words)

    def _ordered(self, numbers: Sequence[int]) -> list[int]:
        """Return lines as they are sorted; what nothing is known of is last, and why a layer is closed stays first."""
        column, descending = self._sorted
        if column == IN_ORDER or len(numbers) < 2:
            return list(numbers)
        keys = {n: self.cells.key(self.nodes.list[n], column) for n in numbers}
        first = [n for n in numbers if self.nodes.list[n].kind == "why"]
        known = [n for n in numbers if n not in first and keys[n] not in (None, "")]
        known.sort(key=lambda n: keys[n], reverse=descending)  # type: ignore[arg-type, return-value]
        placed = {*first, *known}
        return [*first, *known, *(n for n in numbers if n not in placed)]


def _only_there(state: SavedState) -> list[str]:
    """Return the tensors that only the other file has, once all of this file are compared."""
    if state.other is None or state.saved is None:
        return []
    found = [m.other or m.name for m in state.matches.values() if m.kind == "only there"]
    return found if len(state.matches) - len(found) >= len(state.saved.tensors) else []


def compared(state: SavedState) -> int:
    """Return how many tensors of the file are compared."""
    return sum(m.kind != "only there" for m in state.matches.values())
