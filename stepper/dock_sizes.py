"""The sizes of docks: Qt takes wishes only, and what it makes of them must be known to wish rightly."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStyle

Needs = Callable[[QDockWidget], QSize]
"""The least size in which a dock can be read."""
LEAST_WIDTH, LEAST_HEIGHT, TAB_FRAME = 330, 150, 12


def gap(window: QMainWindow) -> int:
    """Return how broad the line between two docks is."""
    return window.style().pixelMetric(QStyle.PixelMetric.PM_DockWidgetSeparatorExtent, None, window)


def share_out(
    window: QMainWindow, needs: Needs, wanted: list[tuple[list[QDockWidget], int]], room: int, sideways: bool
) -> list[int]:
    """Give groups of docks, each group behind one tab bar or in one column, their sizes; returns them.

    The first takes what is left, and none less than it needs. Sizes that do not add up to what there is leave Qt with two
    minds about where a line between docks is.
    """
    hints = [[needs(dock) for dock in docks] for docks, _ in wanted]
    tab = window.fontMetrics().height() + TAB_FRAME
    least = [
        max(hint.width() if sideways else hint.height() + (tab if len(group) > 1 else 0) for hint in group) for group in hints
    ]
    sizes = [max(size, need) for (_, size), need in zip(wanted, least, strict=True)]
    lines = gap(window) * (len(sizes) - 1)
    sizes[0] = max(least[0], room - lines - sum(sizes[1:]))
    over = sum(sizes) + lines - room
    for n in sorted(range(len(sizes)), key=lambda n: least[n] - sizes[n]):
        less = max(0, min(over, sizes[n] - least[n]))
        sizes[n] -= less
        over -= less
    orientation = Qt.Orientation.Horizontal if sideways else Qt.Orientation.Vertical
    window.resizeDocks([docks[0] for docks, _ in wanted], [max(1, size) for size in sizes], orientation)
    return sizes


def make_room(window: QMainWindow, dock: QDockWidget) -> None:
    """Give a dock that comes anew into a room that a person has shared enough of it to be read."""
    if dock.isFloating():
        return
    for have, want, room, way in (
        (dock.width(), LEAST_WIDTH, window.width(), Qt.Orientation.Horizontal),
        (dock.height(), LEAST_HEIGHT, window.height(), Qt.Orientation.Vertical),
    ):
        if have < want < room:
            # Qt shares out what is asked for too much: asked for this much, it gives what is wanted.
            window.resizeDocks([dock], [want * (room - have) // (room - want)], way)
