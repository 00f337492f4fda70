"""The surface that the graph of operations is painted on: zoom, pan, mouse and keyboard, tooltips."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QSizePolicy, QToolTip, QWidget

from stepper import theme
from stepper.widgets.graph_layout import Places, places_of
from stepper.widgets.graph_paint import GraphPainter, band_colour, box_size, cut, pens
from stepper.widgets.graph_scene import GraphScene, Words, phase_name, translate, words_of
from stepper.widgets.tips import plain

SMALLEST_ZOOM, LARGEST_ZOOM = 0.1, 4.0
READABLE = 0.6
ROOMY = 1.35
Key = Qt.Key


class GraphCanvas(QAbstractScrollArea):
    """Shows a scene. `node_chosen` gives the node that was clicked, `node_entered` the one that was double-clicked."""

    node_chosen = Signal(int)
    node_entered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Picture of the operations"))
        self.viewport().setAccessibleName(self.tr("Picture of the operations"))
        self.viewport().setMouseTracking(True)
        self.horizontalScrollBar().setAccessibleName(self.tr("Move the picture left and right"))
        self.verticalScrollBar().setAccessibleName(self.tr("Move the picture up and down"))
        self.horizontalScrollBar().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.verticalScrollBar().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.zoom = 1.0
        self.fitted = True
        self.focus: int | None = None
        self._scene: GraphScene | None = None
        self._places: Places | None = None
        self._words: tuple[Words, ...] = ()
        self._laid_out: tuple[object, ...] = ()
        self._grabbed: QPointF | None = None
        self._moved = False
        self._pens = pens()

    # --- what is shown --------------------------------------------------------------------------

    def show_scene(self, scene: GraphScene | None) -> None:
        """Show a scene from now on; where not all fits in, what has just happened comes into sight."""
        old, self._scene = self._scene, scene
        if scene is None:
            self._places, self.focus = None, None
            self.viewport().update()
            return
        new = old is None or old.graph is not scene.graph
        if new:
            self.focus, self.fitted = None, True
        self._lay_out()
        if new or old is None or old.moment.position != scene.moment.position:
            self._follow()
        self._tell()
        self.viewport().update()

    @property
    def places(self) -> Places | None:
        """Where everything is, at zoom 1."""
        return self._places

    def place_of(self, node: int) -> QRectF:
        """Return where in the viewport a node is."""
        assert self._places is not None
        box = self._places.boxes[node]
        return QRectF(box.topLeft() * self.zoom + self._offset(), box.size() * self.zoom)

    def node_at(self, at: QPointF) -> int | None:
        """Return the node at a place in the viewport."""
        return None if self._places is None else self._places.node_at((at - self._offset()) / self.zoom)

    def _lay_out(self) -> None:
        scene = self._scene
        if scene is None:
            return
        use = pens()
        words = tuple(words_of(scene.moment, scene.graph, n) for n in scene.graph.nodes)
        shapes = tuple(scene.moment.shape(n.value) for n in scene.graph.nodes)
        key = (scene.graph, words, shapes, use.name, use.code)
        if self._laid_out and self._laid_out[0] is scene.graph and self._laid_out[1:] == key[1:]:
            return
        metrics = QFontMetricsF(use.code)
        self._laid_out, self._pens = key, use
        self._words = tuple(replace(w, lines=cut(w.text, metrics)) for w in words)
        sizes = [box_size(n, w, s, use) for n, w, s in zip(scene.graph.nodes, self._words, shapes, strict=True)]
        self._places = places_of(scene.graph, sizes, use.title)
        self._arrange()

    # --- zoom and place -------------------------------------------------------------------------

    def fit(self) -> None:
        """Show the whole graph, however small."""
        self.fitted = True
        self._set_zoom(self._whole())

    def zoom_by(self, factor: float, around: QPointF | None = None) -> None:
        """Zoom in or out around a place in the viewport, by default its middle."""
        room = self.viewport().rect()
        around = QPointF(room.center()) if around is None else around
        fixed = (around - self._offset()) / self.zoom
        self.fitted = False
        self._set_zoom(self.zoom * factor)
        wanted = fixed * self.zoom - around
        self.horizontalScrollBar().setValue(round(wanted.x()))
        self.verticalScrollBar().setValue(round(wanted.y()))

    def _whole(self) -> float:
        if self._places is None:
            return 1.0
        room, size = self.maximumViewportSize(), self._places.size
        return min(room.width() / size.width(), room.height() / size.height(), ROOMY)

    def _arrange(self) -> None:
        """Show all of it if it can be read then, else as much as can be read."""
        if self.fitted:
            self._set_zoom(max(self._whole(), READABLE))
        else:
            self._set_zoom(self.zoom)

    def _set_zoom(self, zoom: float) -> None:
        self.zoom = min(max(zoom, SMALLEST_ZOOM), LARGEST_ZOOM)
        size = self._places.size * self.zoom if self._places is not None else QSizeF()
        for bar, length, room in (
            (self.horizontalScrollBar(), size.width(), self.viewport().width()),
            (self.verticalScrollBar(), size.height(), self.viewport().height()),
        ):
            bar.setRange(0, max(0, int(length - room + 0.999)))
            bar.setPageStep(max(1, room))
            bar.setSingleStep(24)
        self.viewport().update()

    def _offset(self) -> QPointF:
        """Return where the top left corner of the graph is; what is smaller than the room stands in its middle."""
        if self._places is None:
            return QPointF()
        size, room = self._places.size * self.zoom, self.viewport().size()
        x = (room.width() - size.width()) / 2 if size.width() < room.width() else -self.horizontalScrollBar().value()
        y = (room.height() - size.height()) / 2 if size.height() < room.height() else -self.verticalScrollBar().value()
        return QPointF(x, y)

    def _follow(self) -> None:
        scene = self._scene
        if scene is not None:
            at = scene.lit if scene.lit is not None else scene.next
            if at is not None:
                self._bring(at)

    def _bring(self, node: int) -> None:
        """Scroll no further than it takes to see a node and a little around it."""
        if self._places is None:
            return
        box = self._places.boxes[node]
        for bar, low, high, room in (
            (self.horizontalScrollBar(), box.left(), box.right(), self.viewport().width()),
            (self.verticalScrollBar(), box.top(), box.bottom(), self.viewport().height()),
        ):
            low, high = low * self.zoom - 30, high * self.zoom + 30
            if low < bar.value() or high > bar.value() + room:
                bar.setValue(round((low + high - room) / 2))

    # --- events ---------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is in sight."""
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), QColor(theme.current().panel))
        if self._scene is None or self._places is None:
            return
        offset = self._offset()
        shown = QRectF(-offset / self.zoom, QSizeF(self.viewport().size()) / self.zoom)
        painter.save()
        painter.translate(offset)
        painter.scale(self.zoom, self.zoom)
        focus = self.focus if self.hasFocus() else None
        GraphPainter(painter, self._scene, self._places, self._words, self._pens, self.zoom).paint(shown, focus)
        painter.restore()
        self._titles(painter, offset)

    def _titles(self, painter: QPainter, offset: QPointF) -> None:
        """The titles of the bands stay in sight when the picture is moved sideways."""
        assert self._places is not None
        colours = theme.current()
        font = painter.font()
        font.setPointSizeF(max(7.0, self._pens.small.pointSizeF() * min(1.0, self.zoom)))
        font.setBold(True)
        painter.setFont(font)
        for name, rect in self._places.bands:
            text = translate("graph", "given")
            if name != "given":
                text = f"{theme.PHASE_SIGN[name]} {phase_name(name)}"  # type: ignore[index,arg-type]
            at = QPointF(max(rect.left() * self.zoom + offset.x(), 0) + 10, rect.top() * self.zoom + offset.y() + 2)
            box = QRectF(at, QSizeF(painter.fontMetrics().horizontalAdvance(text) + 6, self._pens.title * self.zoom))
            painter.fillRect(box, band_colour(name))
            painter.setPen(QColor(colours.dim if name == "given" else colours.phases[name]))  # type: ignore[index]
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep showing all of it, if all of it was shown."""
        super().resizeEvent(event)
        self._arrange()
        self._follow()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Paint anew where the scroll bars have moved."""
        self.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        """Take another size of text into account."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_pens"):
            self._lay_out()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a move."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._grabbed, self._moved = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the picture with the mouse, or show what can be clicked."""
        if self._grabbed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            way = event.position() - self._grabbed
            if self._moved or way.manhattanLength() >= QApplication.startDragDistance():
                self._moved = True
                self._grabbed = event.position()
                self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - round(way.x()))
                self.verticalScrollBar().setValue(self.verticalScrollBar().value() - round(way.y()))
            return
        over = self.node_at(event.position())
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if over is not None else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose the node under the mouse, unless the picture was moved."""
        if event.button() == Qt.MouseButton.LeftButton and self._grabbed is not None and not self._moved:
            node = self.node_at(event.position())
            if node is not None:
                self._set_focus(node, bring=False)
                self.node_chosen.emit(node)
        self._grabbed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Enter the node under the mouse."""
        node = self.node_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and node is not None:
            self.node_entered.emit(node)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl; else scroll."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(1.2 ** (event.angleDelta().y() / 120), event.position())
            event.accept()
        else:
            super().wheelEvent(event)

    def event(self, event: QEvent) -> bool:
        """Claim the keys of the graph before they become shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _ours(event):
            event.accept()
            return True
        return bool(super().event(event))

    def viewportEvent(self, event: QEvent) -> bool:
        """Say in a tooltip what the mouse is over."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            node = self.node_at(QPointF(event.pos()))
            if node is None or self._scene is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), plain(self._scene.describe(self._scene.graph.nodes[node])), self)
            return True
        return bool(super().viewportEvent(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go through the nodes in the order of the program; left and right belong to the window."""
        key = event.key()
        if not _ours(event):
            event.ignore()
        elif key in (Key.Key_Up, Key.Key_Down):
            self._go(1 if key == Key.Key_Down else -1)
        elif key in (Key.Key_Plus, Key.Key_Equal):
            self.zoom_by(1.25)
        elif key == Key.Key_Minus:
            self.zoom_by(1 / 1.25)
        elif key == Key.Key_0:
            self.fit()
        elif self.focus is not None:
            (self.node_chosen if key == Key.Key_Space else self.node_entered).emit(self.focus)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Begin where the program stands."""
        super().focusInEvent(event)
        scene = self._scene
        if self.focus is None and scene is not None and scene.graph.nodes:
            at = [n for n in (scene.selected, scene.lit, scene.next, 0) if n is not None]
            self._set_focus(at[0])
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the sign of the keyboard's place away."""
        super().focusOutEvent(event)
        self.viewport().update()

    def _go(self, steps: int) -> None:
        count = 0 if self._scene is None else len(self._scene.graph.nodes)
        if count:
            self._set_focus(0 if self.focus is None else min(max(self.focus + steps, 0), count - 1))

    def _set_focus(self, node: int, bring: bool = True) -> None:
        self.focus = node
        if bring:
            self._bring(node)
        self._tell()
        self.viewport().update()

    def _tell(self) -> None:
        """Tell a screen reader about the node that has the keyboard, else about the one just done."""
        scene = self._scene
        node = self.focus if self.focus is not None else None if scene is None else scene.lit
        text = "" if scene is None or node is None else scene.describe(scene.graph.nodes[node])
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)
            if self.hasFocus():
                QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))


def _ours(event: QKeyEvent) -> bool:
    keys = (Key.Key_Up, Key.Key_Down, Key.Key_Return, Key.Key_Enter, Key.Key_Space)
    zoom = (Key.Key_Plus, Key.Key_Equal, Key.Key_Minus, Key.Key_0)
    extra = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
    shifted = event.modifiers() & Qt.KeyboardModifier.ShiftModifier and event.key() not in (Key.Key_Plus, Key.Key_Equal)
    return event.key() in keys + zoom and not extra and not shifted
