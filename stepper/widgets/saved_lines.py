"""How the cells of the tree of a saved network are written."""

from __future__ import annotations

from PySide6.QtCore import QMargins, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem, QToolTip

from stepper import theme
from stepper.models.mark_signs import ink
from stepper.models.saved_columns import Column
from stepper.models.saved_rows import KIND_ROLE, TONE_ROLE
from stepper.widgets import fonts
from stepper.widgets.tips import plain

Index = QModelIndex | QPersistentModelIndex
ACROSS = ("title", "why")


class SavedDelegate(QStyledItemDelegate):
    """Writes a cell in the ink and weight of what it says; a title and a reason are written across by the tree."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """Say how a cell is written."""
        super().initStyleOption(option, index)
        tone, t = index.data(TONE_ROLE), theme.current()
        if index.data(KIND_ROLE) in ACROSS:
            option.text = ""  # type: ignore[attr-defined]
        if index.column() != Column.NAME:
            # A long shape or number is told by its beginning; of a name the end is what differs.
            option.textElideMode = Qt.TextElideMode.ElideRight  # type: ignore[attr-defined]
        if tone == "strong":
            option.font = fonts.sized(option.font, 0, bold=True)  # type: ignore[attr-defined]
        colour = t.dim if tone == "dim" else ink(tone) if tone in ("error", "warning") else t.text
        palette = option.palette  # type: ignore[attr-defined]
        palette.setColor(palette.ColorRole.Text, QColor(colour))
        option.palette = palette  # type: ignore[attr-defined]

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Leave some room between the lines."""
        return super().sizeHint(option, index).grownBy(QMargins(0, 2, 0, 2))

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        """Show all that there was no room for, as it is: Qt would take a `<` for markup."""
        text = str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
        QToolTip.showText(event.globalPos(), plain(text), view)
        return bool(text)
