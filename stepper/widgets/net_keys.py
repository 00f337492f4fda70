"""Where the keyboard goes in the picture of a network: from column to column, and from cell to cell of a heat map."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from stepper.widgets.net_layout import Geometry, Item

ARROWS = {
    Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_PageUp: (-10, 0), Qt.Key.Key_PageDown: (10, 0),
}  # fmt: skip
MOVES = {Qt.Key.Key_W: (-1, 0), Qt.Key.Key_S: (1, 0), Qt.Key.Key_A: (0, -1), Qt.Key.Key_D: (0, 1)}
CHOOSE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
IN, OUT, FIT = (Qt.Key.Key_Plus, Qt.Key.Key_Equal), (Qt.Key.Key_Minus,), (Qt.Key.Key_0, Qt.Key.Key_F)
PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)


def is_plain(event: QKeyEvent) -> bool:
    """Tell whether a key is pressed without Ctrl, Alt or Shift; a plus may need Shift."""
    return event.modifiers() in PLAIN or (event.key() in IN and event.modifiers() == Qt.KeyboardModifier.ShiftModifier)


def claims(event: QKeyEvent, in_grid: bool) -> bool:
    """Tell whether the picture takes a key before it becomes a shortcut of the window.

    Left and Right step through time, but within a heat map (`in_grid`) they go from cell to cell.
    """
    key = Qt.Key(event.key())
    if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and is_plain(event):
        return in_grid
    return is_plain(event) and (key in ARROWS or key in MOVES or key in (*CHOOSE, *IN, *OUT, *FIT))


def in_grid(g: Geometry | None, item: Item | None) -> bool:
    """Tell whether the arrows go from cell to cell at an item, in both directions."""
    return g is not None and item is not None and g.in_heat(item) and g.heat(item).columns > 1


def along(g: Geometry, item: Item, down: int, right: int) -> Item | None:
    """Return the item that an arrow leads to, None if there is none."""
    if not in_grid(g, item):
        return beside(g, item, right) if right else _in_column(g, item, down)
    if item.source < 0 or (item.kind == "unit" and g.samples and item.sample < 0):
        return g.item_in(item, item.unit if item.kind == "unit" else 0, 0)
    heat, (row, column) = g.heat(item), g.cell_of(item)
    return g.item_in(item, min(max(row + down, 0), heat.rows - 1), min(max(column + right, 0), heat.columns - 1))


def beside(g: Geometry, item: Item | None, columns: int) -> Item | None:
    """Return the item as many columns further on, at the same height; None outside. Without an item, the first."""
    table = g.columns()
    if item is None:
        return table[0][0]
    at, row = _place(table, item)
    if not 0 <= at + columns < len(table):
        return None
    share = (row + 0.5) / len(table[at])
    there = table[at + columns]
    return there[min(len(there) - 1, int(share * len(there)))]


def _in_column(g: Geometry, item: Item, down: int) -> Item:
    table = g.columns()
    at, row = _place(table, item)
    return table[at][min(max(row + down, 0), len(table[at]) - 1)]


def _place(table: list[list[Item]], item: Item) -> tuple[int, int]:
    at = next((c for c, items in enumerate(table) if items[0][:2] == item[:2]), 0)
    if item.kind in ("unit", "bias", "closed"):
        return at, min(item.unit, len(table[at]) - 1)
    return at, table[at].index(item) if item in table[at] else 0
