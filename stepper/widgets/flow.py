"""Widgets side by side, wrapped into rows where the room is too narrow, scrolled where that is not enough."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from stepper.widgets.glyph import Glyph
from stepper.widgets.matrix import MatrixWidget

# Text never becomes too small to be read; below 0.85 it is mostly pictures that shrink.
SCALES = (1.5, 1.4, 1.25, 1.0, 0.85, 0.7, 0.55)
EDGE = 2
SPACE = 10
ROW_SPACE = 14


class _Size(NamedTuple):
    """How big a widget is, and the height at which it is level with its neighbours."""

    width: int
    height: int
    middle: int


class FlowScroll(QScrollArea):
    """Lays out groups of widgets; a group is never torn apart, and the middles of a row's matrices are level.

    Everything is drawn as big as the room allows, within what is comfortable to read.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inside = QWidget(self)
        self.setWidget(self.inside)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._groups: list[list[QWidget]] = []
        self._height = 0
        self.scale = 1.0

    def minimumSizeHint(self) -> QSize:
        """Enough to see that there is something."""
        return QSize(120, 60)

    def set_groups(self, groups: Sequence[Sequence[QWidget]], height: int = 0) -> None:
        """Show these widgets, which must be children of `inside`, from now on, where possible in so much height."""
        self._groups = [list(g) for g in groups]
        self.arrange(height)

    def arrange(self, height: int | None = None) -> None:
        """Put every widget in its place for the width there is, and the height that is wished for."""
        self._height = self._height if height is None else height
        rows, size = self._best()
        sizes = self._sizes()
        y = EDGE
        for row in rows:
            widgets = [w for group in row for w in group]
            above, below = _level(widgets, sizes)
            x = 4
            for widget in widgets:
                own = sizes[widget]
                widget.setGeometry(x, y + above - own.middle, own.width, own.height)
                x += own.width + SPACE
            y += above + below + ROW_SPACE
        self.inside.resize(max(size.width(), 10), size.height())
        # No taller than what it holds, so that the words below stand close to the equation.
        bar = self.horizontalScrollBar().sizeHint().height() if size.width() > self.width() else 0
        self.setMaximumHeight(size.height() + bar + 2)

    def _best(self) -> tuple[list[list[list[QWidget]]], QSize]:
        """Return the rows and their size, drawn at the largest scale at which all of it can be seen.

        Else at the largest that needs the fewest rows; it has to be scrolled then. A smaller scale never needs more
        room, so that halving finds it.
        """
        usual, size = self._at(1.0)
        if self._height <= 0:
            return usual, size
        tried = {1.0: (usual, size)}

        def at(scale: float) -> tuple[list[list[list[QWidget]]], QSize]:
            if scale not in tried:
                tried[scale] = self._at(scale)
            return tried[scale]

        def fits(scale: float) -> bool:
            rows, size = at(scale)
            return size.width() <= self.width() and size.height() <= self._height and len(rows) <= len(usual)

        best = _first(SCALES, fits)
        if best is None:
            smallest = SCALES[-1]
            rows, size = at(smallest)
            fewest = len(rows) if size.width() <= self.width() else len(usual)
            few = _first(SCALES, lambda scale: at(scale)[1].width() <= self.width() and len(at(scale)[0]) <= fewest)
            best = few if few is not None and fewest < len(usual) else 1.0
        return tried[best] if self.scale == best else self._at(best)

    def _at(self, scale: float) -> tuple[list[list[list[QWidget]]], QSize]:
        self.scale = scale
        for widget in (w for group in self._groups for w in group):
            if isinstance(widget, MatrixWidget | Glyph):
                widget.set_scale(scale)
        sizes = self._sizes()
        rows = self._rows(self.width() - 2, sizes)
        height, widest = EDGE, 0
        for row in rows:
            widgets = [w for group in row for w in group]
            height += sum(_level(widgets, sizes)) + ROW_SPACE
            widest = max(widest, 4 + _width(widgets, sizes))
        return rows, QSize(widest, max(height - ROW_SPACE + EDGE, 10))

    def _sizes(self) -> dict[QWidget, _Size]:
        """Return the size of each widget at the scale in use; asked for once, because each answer is worked out."""
        hints = {w: w.sizeHint() for group in self._groups for w in group}
        return {w: _Size(hint.width(), hint.height(), _middle(w)) for w, hint in hints.items()}

    def _rows(self, room: int, sizes: Mapping[QWidget, _Size]) -> list[list[list[QWidget]]]:
        rows: list[list[list[QWidget]]] = [[]]
        used = 4
        for group in self._groups:
            width = _width(group, sizes)
            if rows[-1] and used + width > room:
                rows.append([])
                used = 4
            rows[-1].append(group)
            used += width
        return rows

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap anew."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.arrange()


def _first(scales: Sequence[float], good: Callable[[float], bool]) -> float | None:
    """Return the first that is good of some scales that are good from one of them on; None if none is."""
    at = bisect_left(scales, True, key=good)
    return scales[at] if at < len(scales) else None


def _level(widgets: Sequence[QWidget], sizes: Mapping[QWidget, _Size]) -> tuple[int, int]:
    """Return how far a row reaches above and below the height at which its widgets are level."""
    above = max((sizes[w].middle for w in widgets), default=0)
    return above, max((sizes[w].height - sizes[w].middle for w in widgets), default=0)


def _width(group: Sequence[QWidget], sizes: Mapping[QWidget, _Size]) -> int:
    return sum(sizes[w].width + SPACE for w in group)


def _middle(widget: QWidget) -> int:
    """Return the height at which a widget is level with its neighbours: the middle of its cells."""
    if isinstance(widget, MatrixWidget):
        return widget.body().center().y()
    return widget.sizeHint().height() // 2
