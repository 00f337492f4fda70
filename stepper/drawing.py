"""Which view is drawn when: only what can be seen, and only once for all the keys that are waiting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtWidgets import QWidget

from core.session import Moment


class Drawing(Protocol):
    """What is asked of a view."""

    def draw(self, moment: Moment) -> None:
        """Show a moment."""


class Drawer(QObject):
    """Has views draw the newest moment when the event loop is next idle; a hidden one when it comes into sight."""

    def __init__(self, views: Sequence[QWidget], parent: QObject) -> None:
        super().__init__(parent)
        self.moment: Moment | None = None
        self.waiting: set[QWidget] = set()
        self._views = tuple(views)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.draw_now)
        for view in self._views:
            view.installEventFilter(self)

    def add(self, view: QWidget) -> None:
        """Draw another view from now on."""
        self._views = (*self._views, view)
        view.installEventFilter(self)
        self.waiting.add(view)
        self.look()

    @Slot()
    def look(self) -> None:
        """Draw what has come into sight since, as a panel from behind another does."""
        if self.moment is not None and self.waiting:
            self._soon.start()

    def show(self, moment: Moment) -> None:
        """Have every view show a moment."""
        self.moment = moment
        self.again()

    def again(self) -> None:
        """Have every view draw again, in other colours or with bigger text."""
        if self.moment is not None:
            self.waiting.update(self._views)
            self._soon.start()

    def stop(self) -> None:
        """Draw nothing until the next moment."""
        self._soon.stop()

    @Slot()
    def draw_now(self) -> None:
        """Draw the views that can be seen and show something older; the others wait until they are seen."""
        if self.moment is None:
            return
        for view in self._views:
            if view in self.waiting and can_be_seen(view):
                self.waiting.discard(view)
                if self.waiting:
                    self._soon.start()  # so that the others follow even if this one fails
                cast(Drawing, view).draw(self.moment)
        if not any(can_be_seen(view) for view in self.waiting):
            self._soon.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice a view that comes into sight: shown, or its part of a splitter opened again."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Resize, QEvent.Type.Move) and watched in self.waiting:
            self._soon.start()
        return super().eventFilter(watched, event)


def can_be_seen(view: QWidget) -> bool:
    """Tell whether any of a view is in sight. A collapsed part of a splitter is visible to Qt, but moved away."""
    rect, inner = view.rect(), view
    if not view.isVisible():
        return False
    while not rect.isEmpty():
        outer: QWidget | None = inner.parentWidget()
        if outer is None or inner.isWindow():
            return True
        rect = rect.translated(inner.pos()).intersected(outer.rect())
        inner = outer
    return False
