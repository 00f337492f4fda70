"""Widgets side by side, wrapped into rows where the room is too narrow, scrolled where that is not enough."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from stepper.widgets.matrix import MatrixWidget

SPACE = 10
ROW_SPACE = 14


class FlowScroll(QScrollArea):
    """Lays out groups of widgets; a group is never torn apart, and the middles of a row's matrices are level."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inside = QWidget(self)
        self.setWidget(self.inside)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._groups: list[list[QWidget]] = []

    def minimumSizeHint(self) -> QSize:
        """Enough to see that there is something."""
        return QSize(120, 60)

    def set_groups(self, groups: Sequence[Sequence[QWidget]]) -> None:
        """Show these widgets, which must be children of `inside`, from now on."""
        self._groups = [list(g) for g in groups]
        self.arrange()

    def arrange(self) -> None:
        """Put every widget in its place for the width there is."""
        room = self.viewport().width()
        rows: list[list[list[QWidget]]] = [[]]
        used = 0
        for group in self._groups:
            width = _width(group)
            if rows[-1] and used + width > room:
                rows.append([])
                used = 0
            rows[-1].append(group)
            used += width
        y, widest = 4, 0
        for row in rows:
            widgets = [w for group in row for w in group]
            above = max((_middle(w) for w in widgets), default=0)
            below = max((w.sizeHint().height() - _middle(w) for w in widgets), default=0)
            x = 4
            for widget in widgets:
                size = widget.sizeHint()
                widget.setGeometry(x, y + above - _middle(widget), size.width(), size.height())
                x += size.width() + SPACE
            widest = max(widest, x)
            y += above + below + ROW_SPACE
        height = max(y - ROW_SPACE + 4, 10)
        self.inside.resize(max(widest, 10), height)
        # No taller than what it holds, so that the words below stand close to the equation.
        bar = self.horizontalScrollBar().sizeHint().height() if widest > room else 0
        self.setMaximumHeight(height + bar + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap anew."""
        super().resizeEvent(event)
        self.arrange()


def _width(group: Sequence[QWidget]) -> int:
    return sum(w.sizeHint().width() + SPACE for w in group)


def _middle(widget: QWidget) -> int:
    """Return the height at which a widget is level with its neighbours: the middle of its cells."""
    if isinstance(widget, MatrixWidget):
        return widget.body().center().y()
    return widget.sizeHint().height() // 2
