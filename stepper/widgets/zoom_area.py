"""A surface that is larger than its window: zoom, move, fit, by mouse and by call. What is on it is painted by others."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QSizePolicy, QWidget

from stepper.widgets import fonts

SMALLEST_ZOOM, LARGEST_ZOOM = 0.1, 4.0
READABLE = 0.6
ROOMY = 1.35
AROUND = 30


class ZoomArea(QAbstractScrollArea):
    """Keeps a zoom and a place. A heir sets `content`, paints in `paintEvent` and hears of clicks in `clicked_at`.

    At first all of the content is shown if it can be read then; after `fit` all of it, however small; after
    `zoom_by` what was zoomed to.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.viewport().setMouseTracking(True)
        self.horizontalScrollBar().setAccessibleName(self.tr("Move the picture left and right"))
        self.verticalScrollBar().setAccessibleName(self.tr("Move the picture up and down"))
        self.horizontalScrollBar().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.verticalScrollBar().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.zoom = 1.0
        self.content = QSizeF()
        self.keeps: Literal["readable", "whole", "zoom"] = "readable"
        self._grabbed: QPointF | None = None
        self._moved = False

    def fit(self) -> None:
        """Show all of it, however small."""
        self.keeps = "whole"
        self.arrange()

    def zoom_by(self, factor: float, around: QPointF | None = None) -> None:
        """Zoom in or out around a place in the viewport, by default its middle."""
        around = QPointF(self.viewport().rect().center()) if around is None else around
        fixed = self.to_content(around)
        self.keeps = "zoom"
        self._set_zoom(self.zoom * factor)
        wanted = fixed * self.zoom - around
        self.horizontalScrollBar().setValue(round(wanted.x()))
        self.verticalScrollBar().setValue(round(wanted.y()))

    def arrange(self) -> None:
        """Take a new size of the content or of the window into account."""
        if self.keeps == "zoom":
            self._set_zoom(self.zoom)
        else:
            self._set_zoom(max(self._whole(), READABLE / fonts.zoom()) if self.keeps == "readable" else self._whole())

    def bring(self, box: QRectF) -> None:
        """Scroll, if need be, until a part of the content and a little around it is in sight."""
        for bar, low, high, room in (
            (self.horizontalScrollBar(), box.left(), box.right(), self.viewport().width()),
            (self.verticalScrollBar(), box.top(), box.bottom(), self.viewport().height()),
        ):
            low, high = low * self.zoom - AROUND, high * self.zoom + AROUND
            if low < bar.value() or high > bar.value() + room:
                bar.setValue(round((low + high - room) / 2))

    def offset(self) -> QPointF:
        """Return where in the viewport the content begins; what is smaller than the room stands in its middle."""
        size, room = self.content * self.zoom, self.viewport().size()
        x = (room.width() - size.width()) / 2 if size.width() < room.width() else -self.horizontalScrollBar().value()
        y = (room.height() - size.height()) / 2 if size.height() < room.height() else -self.verticalScrollBar().value()
        return QPointF(x, y)

    def to_content(self, at: QPointF) -> QPointF:
        """Return the place in the content that is at a place in the viewport."""
        return (at - self.offset()) / self.zoom

    def clicked_at(self, at: QPointF) -> None:
        """Hear that a place in the content was clicked."""

    def can_be_clicked(self, at: QPointF) -> bool:
        """Tell whether a click at a place in the content does something."""
        return False

    def _whole(self) -> float:
        if self.content.isEmpty():
            return 1.0
        room = self.maximumViewportSize()
        return min(room.width() / self.content.width(), room.height() / self.content.height(), ROOMY)

    def _set_zoom(self, zoom: float) -> None:
        self.zoom = min(max(zoom, SMALLEST_ZOOM), LARGEST_ZOOM)
        size, most = self.content * self.zoom, self.maximumViewportSize()
        if size.width() < most.width() + 1 and size.height() < most.height() + 1:  # no bars, so no room for bars either
            size = QSizeF(0, 0)
        for bar, length, room in (
            (self.horizontalScrollBar(), size.width(), self.viewport().width()),
            (self.verticalScrollBar(), size.height(), self.viewport().height()),
        ):
            bar.setRange(0, max(0, int(length - room + 0.999)))
            bar.setPageStep(max(1, room))
            bar.setSingleStep(24)
        self.viewport().update()

    # --- events ---------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep showing all of it, if all of it was shown."""
        super().resizeEvent(event)
        self.arrange()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Paint anew where the scroll bars have moved."""
        self.viewport().update()

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
        over = self.can_be_clicked(self.to_content(event.position()))
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a click or a move."""
        if event.button() == Qt.MouseButton.LeftButton and self._grabbed is not None and not self._moved:
            self.clicked_at(self.to_content(event.position()))
        self._grabbed = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl; else scroll."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(1.2 ** (event.angleDelta().y() / 120), event.position())
            event.accept()
        else:
            super().wheelEvent(event)
