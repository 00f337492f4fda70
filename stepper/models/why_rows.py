"""The rows that explain a number: what a term is made of, what it adds, whose sample it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt

from core.explain.reasons import Factor

Index = QModelIndex | QPersistentModelIndex
ENTRY_ROLE = int(Qt.ItemDataRole.UserRole)
ROW_ROLE = ENTRY_ROLE + 1


@dataclass(frozen=True)
class Entry:
    """One field: words, or a number with its name. A `factor` with a value leads to it.

    `share` is a bar from −1 to 1; one that is longer is cut off.
    """

    words: str = ""
    number: Any = None
    factor: Factor | None = None
    share: float | None = None

    @property
    def leads(self) -> bool:
        """Whether the field is a link to another number."""
        return self.factor is not None and self.factor.value is not None


@dataclass(frozen=True)
class WhyRow:
    """One row: its fields, the sample that it belongs to, whether it is the current one, whether it stands for more rows."""

    entries: tuple[Entry, ...]
    sample: int | None = None
    current: bool = False
    more: bool = False


class WhyModel(QAbstractTableModel):
    """Rows with a heading for each column. `say` makes the text of a number, `say_all` that of all its digits.

    Text is made only where it is looked at.
    """

    def __init__(self, say: Callable[[Any], str], say_all: Callable[[Any], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.headings: tuple[str, ...] = ()
        self.rows: tuple[WhyRow, ...] = ()
        self._say, self._say_all = say, say_all

    def set_rows(self, headings: Sequence[str], rows: Sequence[WhyRow]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.headings, self.rows = tuple(headings), tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(self.headings)

    def entry(self, index: Index) -> Entry:
        """Return a field."""
        entries = self.rows[index.row()].entries
        return entries[index.column()] if index.column() < len(entries) else Entry()

    def name_of(self, entry: Entry) -> str:
        """Return what stands before the number of a field."""
        return entry.words if entry.factor is None else entry.factor.name

    def number_of(self, entry: Entry) -> str:
        """Return the number of a field as it is shown, empty if it has none."""
        number = entry.number if entry.factor is None else entry.factor.number
        bare = entry.factor is not None and not entry.leads and entry.factor.name == self._say_all(number)
        return "" if number is None or bare else self._say(number)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """Return a field as text, its number in full for the tip and for a screen reader, or the field itself."""
        if not index.isValid():
            return None
        entry = self.entry(index)
        if role == ENTRY_ROLE:
            return entry
        if role == ROW_ROLE:
            return self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return "  ".join(t for t in (self.name_of(entry), self.number_of(entry)) if t)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._in_full(entry, self.rows[index.row()])
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """Return the heading of a column."""
        wanted = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
        if orientation != Qt.Orientation.Horizontal or role not in wanted or section >= len(self.headings):
            return None
        return self.headings[section]

    def _in_full(self, entry: Entry, row: WhyRow) -> str:
        number = entry.number if entry.factor is None else entry.factor.number
        text = self.name_of(entry)
        if number is not None:
            text = f"{text} = {self._say_all(number)}" if text else self._say_all(number)
        translate = QCoreApplication.translate
        if entry.leads:
            return text + "\n" + translate("WhyModel", "Click, or press Enter: why this number?")
        if row.more:
            return text + "\n" + translate("WhyModel", "Click, or press Enter: show all of them.")
        if row.sample is not None:
            return (
                text
                + "\n"
                + translate("WhyModel", "Click, or press Enter: make sample {n} the current one.").format(n=row.sample + 1)
            )
        return text
