"""The surface that the graph of operations is painted on: zoom, pan, mouse and keyboard, tooltips."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from core.files.saved import Layer
from stepper import theme
from stepper.models.closed_words import describe
from stepper.widgets.graph_closed import Closed, closed_of, paint_closed
from stepper.widgets.graph_layout import Places, places_of
from stepper.widgets.graph_paint import GraphPainter, paint_titles
from stepper.widgets.graph_scene import GraphScene, Words, words_of
from stepper.widgets.graph_text import box_size, cut, pens
from stepper.widgets.tips import plain
from stepper.widgets.zoom_area import ZoomArea

Key = Qt.Key


class GraphCanvas(ZoomArea):
    """Shows a scene. `node_chosen` gives the node that was clicked, `node_entered` the one that was double-clicked.

    `closed_chosen` gives a layer that is not stepped, by its name in the file. The boxes of those are counted on after the nodes.
    """

    node_chosen = Signal(int)
    node_entered = Signal(int)
    closed_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Picture of the operations"))
        self.viewport().setAccessibleName(self.tr("Picture of the operations"))
        self.focus: int | None = None
        self._scene: GraphScene | None = None
        self._places: Places | None = None
        self._closed: Closed | None = None
        self._words: tuple[Words, ...] = ()
        self._laid_out: tuple[object, ...] = ()
        self._pens = pens()

    # --- what is shown --------------------------------------------------------------------------

    def show_scene(self, scene: GraphScene | None) -> None:
        """Show a scene from now on; where not all fits in, what has just happened comes into sight."""
        old, self._scene = self._scene, scene
        if scene is None:
            self._places, self._closed, self.focus, self.content = None, None, None, QSizeF()
            self.viewport().update()
            return
        new = old is None or old.graph is not scene.graph
        if new:
            self.focus, self.keeps = None, "readable"
        self._lay_out()
        if new or old is None or (old.moment.position != scene.moment.position and not scene.moment.running):
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
        box = self._box(node)
        return QRectF(box.topLeft() * self.zoom + self.offset(), box.size() * self.zoom)

    def node_at(self, at: QPointF) -> int | None:
        """Return the node at a place in the viewport, or the box of a closed layer."""
        return self._at(self.to_content(at))

    def _at(self, at: QPointF) -> int | None:
        if self._places is None or self._closed is None:
            return None
        found, box = self._places.node_at(at), self._closed.box_at(at)
        return found if box is None else len(self._places.boxes) + box

    def _box(self, node: int) -> QRectF:
        assert self._places is not None and self._closed is not None
        return [*self._places.boxes, *self._closed.boxes][node]

    def _part(self, node: int) -> tuple[Layer, ...]:
        """Return the closed layers that a box stands for, none if it is a node."""
        at = -1 if self._places is None else node - len(self._places.boxes)
        return self._closed.parts[at] if at >= 0 and self._closed is not None else ()

    def _describe(self, node: int) -> str:
        if self._scene is None:
            return ""
        part = self._part(node)
        return describe(part, self._scene.moment.shapes) if part else self._scene.describe(self._scene.graph.nodes[node])

    def _lay_out(self) -> None:
        scene = self._scene
        if scene is None:
            return
        use = pens()
        words = tuple(words_of(scene.moment, scene.graph, n) for n in scene.graph.nodes)
        key = (words, use.name, use.code, scene.moment.closed)
        if self._places is not None and self._places.graph is scene.graph and self._laid_out == key:
            return
        shapes = (scene.moment.shape(n.value) for n in scene.graph.nodes)
        self._laid_out, self._pens = key, use
        self._words = tuple(replace(w, lines=cut(w.text, use.of_code)) for w in words)
        sizes = [box_size(n, w, s, use) for n, w, s in zip(scene.graph.nodes, self._words, shapes, strict=True)]
        self._places = places_of(scene.graph, sizes, use.title)
        self._closed = closed_of(self._places, scene.moment.closed, use)
        self.content = self._closed.size
        self.arrange()

    def _follow(self) -> None:
        scene = self._scene
        at = None if scene is None else scene.lit if scene.lit is not None else scene.next
        if at is not None and self._places is not None:
            self.bring(self._places.boxes[at])

    # --- events ---------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is in sight."""
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), QColor(theme.current().panel))
        if self._scene is None or self._places is None or self._closed is None:
            return
        offset = self.offset()
        shown = QRectF(-offset / self.zoom, QSizeF(self.viewport().size()) / self.zoom)
        painter.save()
        painter.translate(offset)
        painter.scale(self.zoom, self.zoom)
        focus = self.focus if self.hasFocus() else None
        nodes = len(self._places.boxes)
        own = focus if focus is not None and focus < nodes else None
        GraphPainter(painter, self._scene, self._places, self._words, self._pens, self.zoom).paint(shown, own)
        paint_closed(painter, self._closed, self._pens, self.zoom, None if focus is None else focus - nodes)
        painter.restore()
        paint_titles(painter, self._places, self._pens, self.zoom, offset)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what has just happened in sight; what a person has zoomed to stays where it is."""
        super().resizeEvent(event)
        if self.keeps == "readable":
            self._follow()

    def changeEvent(self, event: QEvent) -> None:
        """Take another size of text into account."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_pens"):
            self._lay_out()

    def can_be_clicked(self, at: QPointF) -> bool:
        """Every box can be clicked."""
        return self._at(at) is not None

    def clicked_at(self, at: QPointF) -> None:
        """Choose the node at a place."""
        node = self._at(at)
        if node is not None:
            self._set_focus(node, bring=False)
            self._choose(node)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Enter the node under the mouse."""
        node = self.node_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and node is not None and not self._part(node):
            self.node_entered.emit(node)

    def _choose(self, node: int, enter: bool = False) -> None:
        part = self._part(node)
        if part:
            self.closed_chosen.emit(part[0].name)
        else:
            (self.node_entered if enter else self.node_chosen).emit(node)

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
                QToolTip.showText(event.globalPos(), plain(self._describe(node)), self)
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
            self._choose(self.focus, enter=key != Key.Key_Space)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Begin where the program stands."""
        super().focusInEvent(event)
        scene = self._scene
        if self.focus is None and scene is not None and scene.graph.nodes:
            at = [n for n in (scene.selected, scene.lit, scene.next, 0) if n is not None]
            self._set_focus(at[0], bring=event.reason() != Qt.FocusReason.MouseFocusReason)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the sign of the keyboard's place away."""
        super().focusOutEvent(event)
        self.viewport().update()

    def _go(self, steps: int) -> None:
        count = 0 if self._places is None or self._closed is None else len(self._places.boxes) + len(self._closed.boxes)
        if count:
            self._set_focus(0 if self.focus is None else min(max(self.focus + steps, 0), count - 1))

    def _set_focus(self, node: int, bring: bool = True) -> None:
        self.focus = node
        if bring and self._places is not None:
            self.bring(self._box(node))
        self._tell()
        self.viewport().update()

    def _tell(self) -> None:
        """Tell a screen reader about the node that has the keyboard, else about the one just done."""
        scene = self._scene
        node = self.focus if self.focus is not None else None if scene is None else scene.lit
        text = "" if node is None else self._describe(node)
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
