"""The picture of a network for mouse and keyboard: choosing, zooming, moving, pointing the lens, tooltips."""

from __future__ import annotations

import html
from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip, QWidget

from stepper.widgets import net_keys
from stepper.widgets.net_items import Item
from stepper.widgets.net_surface import NetSurface

PAN = 60.0


class NetCanvas(NetSurface):
    """Shows a scene; `item_chosen` says which part a person clicked or pressed Enter on."""

    item_chosen = Signal(object)
    resized = Signal()

    def __init__(self, describe: Callable[[Item], str], parent: QWidget | None = None) -> None:
        super().__init__(describe, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Picture of the network"))
        self._grabbed: QPointF | None = None
        self._moved = False

    def point_at(self, at: QPointF | None) -> None:
        """Put the lens where the mouse is: over a heat map it magnifies what is there."""
        g, over = self.geometry_, None if at is None else self.item_at(at)
        shape = Qt.CursorShape.PointingHandCursor
        if over is None:
            shape = Qt.CursorShape.OpenHandCursor if self.zoom > 1 else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)
        over = over if over is not None and g is not None and g.in_heat(over) else None
        if over != self._over:
            self._over = over
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.zoom == 1.0:
            self.fit()
        else:
            self._keep_inside()
        self.corner.move(self.width() - self.corner.width() - 2, self.height() - self.corner.height() - 2)
        self.resized.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grabbed, self._moved, self._by_keys = event.position(), False, False
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole network again; what the first click chose stays chosen."""
        self.fit()
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Take the lens away."""
        self.point_at(None)
        super().leaveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            way = event.position() - self._grabbed
            if self._moved or way.manhattanLength() >= QApplication.startDragDistance():
                self._moved, self._over = True, None
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self._grabbed = event.position()
                self.offset = self.offset + way
                self._keep_inside()
            return
        if self._by_keys:
            self._by_keys = False
            self.update()
        self.point_at(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._grabbed is not None and not self._moved:
            item = self.item_at(event.position())
            if item is not None:
                self.focus = item
                self.item_chosen.emit(item)
        self._grabbed = None
        self.point_at(event.position())
        self.redraw()

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(1.2**steps, event.position())
            event.accept()
        elif self.zoom > 1:
            way = QPointF(event.angleDelta()) / 2
            across = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self.offset = self.offset + (QPointF(way.y(), 0) if across else way)
            self._keep_inside()
            event.accept()
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, g = Qt.Key(event.key()), self.geometry_
        if g is None or not net_keys.is_plain(event):
            super().keyPressEvent(event)
        elif key in net_keys.MOVES:
            down, right = net_keys.MOVES[key]
            self.offset = self.offset - QPointF(right, down) * PAN
            self._keep_inside()
        elif key in net_keys.IN:
            self.zoom_by(1.25, self._eye())
        elif key in net_keys.OUT:
            self.zoom_by(1 / 1.25, self._eye())
        elif key in net_keys.FIT:
            self.fit()
        elif key in net_keys.CHOOSE and self.focus is not None:
            self.item_chosen.emit(self.focus)
        elif key in net_keys.ARROWS:
            first = net_keys.beside(g, None, 0)
            self._set_focus(first if self.focus is None else net_keys.along(g, self.focus, *net_keys.ARROWS[key]))
        else:
            super().keyPressEvent(event)

    def _eye(self) -> QPointF | None:
        """Where the keyboard zooms in: at its own place."""
        return None if self.focus is None or not self._by_keys else QPointF(self.position_of(self.focus))

    def focusNextPrevChild(self, forwards: bool) -> bool:
        """Tab goes through the columns of the picture before it leaves it."""
        g = self.geometry_
        if self.hasFocus() and g is not None:
            there = net_keys.beside(g, self.focus, 1 if forwards else -1)
            if there is not None:
                self._set_focus(there)
                return True
        return bool(super().focusNextPrevChild(forwards))

    def focusInEvent(self, event: QFocusEvent) -> None:
        g = self.geometry_
        if g is not None and event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            columns = g.columns()
            self._set_focus(columns[-1 if event.reason() == Qt.FocusReason.BacktabFocusReason else 0][0])
        super().focusInEvent(event)
        self.redraw()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.redraw()

    def event(self, event: QEvent) -> bool:
        """Show the full precision of what the mouse is over, and claim the keys that are needed here."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._claims(event):
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            item = self.item_at(QPointF(event.pos()))
            if item is None or self._over is not None:
                QToolTip.hideText()
                event.ignore()
            else:
                text = html.escape(self._describe(item)).replace("\n", "<br>")
                QToolTip.showText(event.globalPos(), f"<qt>{text}</qt>", self)
            return True
        return bool(super().event(event))

    def _claims(self, event: QKeyEvent) -> bool:
        return net_keys.claims(event, self._by_keys and net_keys.in_grid(self.geometry_, self.focus))

    def _set_focus(self, item: Item | None) -> None:
        if item is None:
            return
        self._by_keys, self._over = True, None
        self.focus = item
        self.setAccessibleDescription(self._describe(item))
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
        g = self.geometry_
        if g is not None and self.zoom > 1:
            at = g.place_of(item).center() + self.offset
            if not QRectF(20, g.header + 20, self.width() - 40, self.height() - g.header - 40).contains(at):
                self.offset = self.offset + QPointF(self.width() / 2, self.height() / 2) - at
                self._keep_inside()
        self.redraw()
