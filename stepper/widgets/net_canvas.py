"""The surface a network is painted on: zoom, pan, mouse and keyboard, tooltips."""

from __future__ import annotations

import html
from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip, QWidget

from core.program.ir import Array
from stepper import theme
from stepper.widgets import fonts, net_marks
from stepper.widgets.net_header import HeaderPainter, Words
from stepper.widgets.net_layout import Geometry, Item, geometry_of
from stepper.widgets.net_paint import Painter
from stepper.widgets.net_scene import Scene

LARGEST_ZOOM = 12.0


class NetCanvas(QWidget):
    """Shows a scene; `item_chosen` says which part a person clicked or pressed Enter on."""

    item_chosen = Signal(object)
    resized = Signal()

    def __init__(self, describe: Callable[[Item], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._describe = describe
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Picture of the network"))
        self.zoom = 1.0
        self.offset = QPointF(0, 0)
        self.focus: Item | None = None
        self._scene: Scene | None = None
        self._geometry: Geometry | None = None
        self._images: dict[tuple[int, float, str], tuple[Array, QImage]] = {}
        self._grabbed: QPointF | None = None
        self._moved = False
        self._words = Words(
            units=self.tr("{n} units"), layer=self.tr("layer {n}"), broken=self.tr("{n} not finite"),
            inputs=self.tr("input"), loss=self.tr("loss"),
        )  # fmt: skip

    def show_scene(self, scene: Scene | None) -> None:
        """Show a scene from now on."""
        old = self._scene
        if scene is None or old is None or old.network is not scene.network:
            self.focus, self._geometry = None, None
            self.fit()
        self._scene = scene
        self.update()

    @property
    def geometry_(self) -> Geometry | None:
        """The places of everything in the picture as it is zoomed now, before it is moved by `offset`."""
        if self._scene is None:
            return None
        width, height = self.width() * self.zoom, self.height() * self.zoom
        g = self._geometry
        zoom = min(1.7, max(0.9, fonts.zoom()))
        if g is None or (g.width, g.height, g.zoom) != (width, height, zoom) or g.network is not self._scene.network:
            g = self._geometry = geometry_of(self._scene.network, width, height, zoom)
        return g

    def position_of(self, item: Item) -> QPoint:
        """Return where in the widget the middle of an item is."""
        g = self.geometry_
        assert g is not None
        return (g.place_of(item).center() + self.offset).toPoint()

    def item_at(self, at: QPointF) -> Item | None:
        """Return the item at a place in the widget."""
        g = self.geometry_
        return None if g is None or at.y() < g.header - 4 else g.item_at(at - self.offset)

    def fit(self) -> None:
        """Show the whole network."""
        self.zoom, self.offset = 1.0, QPointF(0, 0)
        self.update()

    def zoom_by(self, factor: float, around: QPointF | None = None) -> None:
        """Zoom in or out around a place in the widget, by default its middle."""
        around = around if around is not None else QPointF(self.width() / 2, self.height() / 2)
        zoom = min(max(self.zoom * factor, 1.0), LARGEST_ZOOM)
        share = (around - self.offset) / self.zoom
        self.zoom = zoom
        self.offset = around - share * zoom
        self._keep_inside()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.panel))
        g = self.geometry_
        if self._scene is None or g is None:
            return
        painter.save()
        if self.zoom > 1:
            painter.setClipRect(QRectF(0, g.header, self.width(), self.height()))
        painter.translate(self.offset)
        Painter(painter, self._scene, g, self._words, self._image).paint(self.focus if self.hasFocus() else None)
        painter.restore()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(self.offset.x(), 0)
        HeaderPainter(painter, self._scene, g, self._words).paint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.zoom == 1.0:
            self.fit()
        else:
            self._keep_inside()
        self.resized.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grabbed, self._moved = event.position(), False
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            way = event.position() - self._grabbed
            if self._moved or way.manhattanLength() >= QApplication.startDragDistance():
                self._moved = True
                self._grabbed = event.position()
                self.offset += way
                self._keep_inside()
            return
        over = self.item_at(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if over is not None else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._grabbed is not None and not self._moved:
            item = self.item_at(event.position())
            if item is not None:
                self.focus = item
                self.item_chosen.emit(item)
        self._grabbed = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(1.2**steps, event.position())
            event.accept()
        elif self.zoom > 1:
            way = QPointF(event.angleDelta()) / 2
            self.offset += QPointF(way.y(), 0) if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else way
            self._keep_inside()
            event.accept()
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(1.25)
        elif key == Qt.Key.Key_Minus:
            self.zoom_by(1 / 1.25)
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.focus is not None:
            self.item_chosen.emit(self.focus)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._go(0, 1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._go(1 if key == Qt.Key.Key_Right else -1, 0)
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forwards: bool) -> bool:
        """Tab goes through the columns of the picture before it leaves it."""
        if self.hasFocus() and self._go(1 if forwards else -1, 0):
            return True
        return bool(super().focusNextPrevChild(forwards))

    def focusInEvent(self, event: QFocusEvent) -> None:
        g = self.geometry_
        if g is not None and event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            columns = g.columns()
            self._set_focus(columns[-1 if event.reason() == Qt.FocusReason.BacktabFocusReason else 0][0])
        super().focusInEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        """Show the full precision of what the mouse is over."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            item = self.item_at(QPointF(event.pos()))
            if item is None:
                QToolTip.hideText()
                event.ignore()
            else:
                text = html.escape(self._describe(item)).replace("\n", "<br>")
                QToolTip.showText(event.globalPos(), f"<qt>{text}</qt>", self)
            return True
        return bool(super().event(event))

    def _go(self, columns: int, rows: int) -> bool:
        """Move the keyboard's place; returns whether there was somewhere to go."""
        g = self.geometry_
        if g is None:
            return False
        table = g.columns()
        if self.focus is None:
            self._set_focus(table[0][0])
            return True
        here = self.focus[:2]
        at = next((c for c, items in enumerate(table) if items[0][:2] == here), 0)
        row = table[at].index(self.focus) if self.focus in table[at] else 0
        column = at + columns
        if not 0 <= column < len(table):
            return False
        if columns:
            share = (row + 0.5) / len(table[at])
            row = min(len(table[column]) - 1, int(share * len(table[column])))
        else:
            row = min(max(row + rows, 0), len(table[column]) - 1)
        self._set_focus(table[column][row])
        return True

    def _set_focus(self, item: Item) -> None:
        self.focus = item
        self.setAccessibleDescription(self._describe(item))
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
        g = self.geometry_
        if g is not None and self.zoom > 1:
            at = g.place_of(item).center() + self.offset
            if not QRectF(20, g.header + 20, self.width() - 40, self.height() - g.header - 40).contains(at):
                self.offset += QPointF(self.width() / 2, self.height() / 2) - at
                self._keep_inside()
        self.update()

    def _keep_inside(self) -> None:
        low = QPointF(self.width() * (1 - self.zoom), self.height() * (1 - self.zoom))
        self.offset = QPointF(min(0.0, max(low.x(), self.offset.x())), min(0.0, max(low.y(), self.offset.y())))
        self.update()

    def _image(self, array: Array, scale: float) -> QImage:
        """Return the heat map of an array, from the last few drawn; arrays are never written to."""
        key = (id(array), scale, theme.current().name)
        found = self._images.get(key)
        if found is None or found[0] is not array:
            if len(self._images) > 24:
                self._images.clear()
            found = self._images[key] = (array, net_marks.heat_image(array, scale))
        return found[1]
