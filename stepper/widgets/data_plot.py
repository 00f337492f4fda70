"""Samples as points in a plane, over the network's answer, or beside its curve. Chosen with the mouse or the keys."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from stepper import theme
from stepper.widgets import data_marks as marks
from stepper.widgets.data_frame import Frame, PlotScene
from stepper.widgets.data_paint import ScenePainter
from stepper.widgets.tips import plain

STEP_KEYS = {
    Qt.Key.Key_Up: -1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_Right: 1,
    Qt.Key.Key_Home: -math.inf, Qt.Key.Key_End: math.inf,
}  # fmt: skip


class DataPlot(QWidget):
    """Draws a scene; `sample_chosen` gives the sample that was clicked or gone to, `resized` tells of a new size."""

    sample_chosen = Signal(object)
    resized = Signal()

    def __init__(self, describe: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._describe = describe
        self._scene: PlotScene | None = None
        self._current: int | None = None
        self._frame: Frame | None = None
        self._painted: QPixmap | None = None
        self._painted_as: tuple[object, ...] = ()
        self.setAccessibleName(self.tr("Plot of the data"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 80)

    def sizeHint(self) -> QSize:
        return QSize(460, 360)

    @property
    def scene(self) -> PlotScene | None:
        """What is shown now."""
        return self._scene

    def show_scene(self, scene: PlotScene, current: int | None) -> None:
        """Show a scene with one sample as the current one."""
        if scene is not self._scene:
            self._scene, self._frame, self._painted = scene, None, None
        self._current = current
        self.update()

    def frame(self) -> Frame | None:
        """Return where everything stands, None if there is nothing."""
        if self._frame is None and self._scene is not None:
            self._frame = Frame(self._scene, self.size(), self.font())
        return self._frame

    # -- events ---------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._sample_at(event.position()) if event.button() == Qt.MouseButton.LeftButton else None
        if found is not None:
            self.sample_chosen.emit(found)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        near = self._sample_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if near else Qt.CursorShape.ArrowCursor)
        super().mouseMoveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        found = self._gone_to(event.key())
        if found is None:
            super().keyPressEvent(event)
        else:
            self.sample_chosen.emit(found)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            found = self._sample_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), "" if found is None else plain(self._describe(found)), self)
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._frame = self._painted = None
        self.resized.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() == QEvent.Type.FontChange:
            self._frame = self._painted = None
        super().changeEvent(event)

    def _sample_at(self, at: QPointF) -> int | None:
        frame = self.frame()
        return None if frame is None else frame.sample_at(at)

    def _gone_to(self, key: int) -> int | None:
        """Return the sample that a key goes to: the one before or after, the first, the last, or the current one itself."""
        if self._scene is None or not self._scene.sample.size:
            return None
        known = np.unique(self._scene.sample)
        last = len(known) - 1
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            return int(known[0]) if self._current is None else self._current
        if key not in STEP_KEYS:
            return None
        step = STEP_KEYS[Qt.Key(key)]
        start = int(np.searchsorted(known, self._current)) if self._current is not None else -1 if step > 0 else last + 1
        return int(known[int(max(0, min(last, start + step)))])

    # -- painting -------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        frame = self.frame()
        if frame is None:
            return
        p = QPainter(self)
        p.drawPixmap(0, 0, self._picture(frame))
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        for at in frame.points_of(self._current):
            marks.paint_current(p, at, frame.mark)
        if self.hasFocus():
            p.setBrush(Qt.BrushStyle.NoBrush)
            p.setPen(QPen(QColor(theme.current().selection), 1.5, Qt.PenStyle.DotLine))
            p.drawRect(QRectF(frame.room).adjusted(-2, -2, 2, 2))

    def _picture(self, frame: Frame) -> QPixmap:
        """Return all but the current sample, painted anew only if it changed."""
        ratio = self.devicePixelRatioF()
        wanted = (theme.current().key, ratio)
        if self._painted is None or wanted != self._painted_as:
            found = QPixmap(self.size() * ratio)
            found.setDevicePixelRatio(ratio)
            found.fill(Qt.GlobalColor.transparent)
            painter = QPainter(found)
            ScenePainter(painter, frame, self.font(), ratio).paint()
            painter.end()
            self._painted, self._painted_as = found, wanted
        return self._painted
