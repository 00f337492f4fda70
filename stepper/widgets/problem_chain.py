"""The way from a problem to its first cause, link by link; each can be gone to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QListWidget, QListWidgetItem, QWidget

from stepper import theme
from stepper.widgets.tips import plain

if TYPE_CHECKING:
    from core.health.cause import Link

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ChainList(QListWidget):
    """Shows links from the symptom (top) to the first cause (bottom); `went` carries the link that a person chose."""

    went = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.links: tuple[Link, ...] = ()
        self.setAccessibleName(self.tr("From the problem to its first cause"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrap(True)
        self.setSpacing(1)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.itemClicked.connect(self._on_clicked)

    def show_links(self, links: Sequence[Link], hint: str, here: int) -> None:
        """Show links, or a sentence where there are none; `here` is the iteration that is looked at."""
        self.links = tuple(links)
        self.clear()
        for n, link in enumerate(self.links):
            first, last = n == 0, n == len(self.links) - 1
            sign = "●" if last else "└" if not first else "▼"
            words = self.tr("First cause: {text}") if last and not first else "{text}"
            when = "" if link.iteration == here else self.tr(" (iteration {n})").format(n=link.iteration)
            item = QListWidgetItem(f"{sign} {words.format(text=link.text)}{when}", self)
            item.setToolTip(plain(self.tr("{text}\nClick, or press Enter, to go there.").format(text=link.text)))
            if last and not first:
                font = self.font()
                font.setBold(True)
                item.setFont(font)
                item.setForeground(QColor(theme.current().error))
        if not self.links:
            item = QListWidgetItem(hint, self)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            item.setForeground(QColor(theme.current().dim))
        else:
            self.setCurrentRow(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap anew."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def event(self, event: QEvent) -> bool:
        """Claim the keys of the list before they become shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            bare = not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
            if bare and event.key() in (*ENTER, Qt.Key.Key_Up, Qt.Key.Key_Down):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes to a link."""
        if event.key() in ENTER:
            self._go(self.currentRow())
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            event.ignore()
        else:
            super().keyPressEvent(event)

    @Slot(QListWidgetItem)
    def _on_clicked(self, item: QListWidgetItem) -> None:
        self._go(self.row(item))

    def _go(self, row: int) -> None:
        if 0 <= row < len(self.links):
            self.went.emit(self.links[row])
