"""Buttons side by side, on as many rows as they need."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

GAP = 6


class WrapRow(QWidget):
    """Puts its widgets from left to right, further ones on the next row; those that are hidden take no room."""

    def __init__(self, widgets: Sequence[QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widgets = list(widgets)
        for widget in self._widgets:
            widget.setParent(self)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def arrange(self) -> None:
        """Put every widget in its place for the width there is."""
        self._height(self.width(), move=True)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        shown = self._shown()
        width = sum(w.sizeHint().width() + GAP for w in shown)
        return QSize(max(width - GAP, 0), self._height(max(self.width(), self.minimumSizeHint().width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(max((min(w.sizeHint().width(), 160) for w in self._shown()), default=0), 0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, arg__1: int) -> int:
        """Return the height of all rows in a width."""
        return self._height(arg__1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap anew."""
        super().resizeEvent(event)
        self._height(self.width(), move=True)

    def _shown(self) -> list[QWidget]:
        return [w for w in self._widgets if not w.isHidden()]

    def _height(self, width: int, move: bool = False) -> int:
        x = y = row = 0
        for widget in self._shown():
            hint = widget.sizeHint()
            wide = min(hint.width(), max(width, 1))
            if x and x + wide > width:
                x, y, row = 0, y + row + GAP, 0
            if move:
                widget.setGeometry(x, y, wide, hint.height())
            x += wide + GAP
            row = max(row, hint.height())
        return y + row
