"""Samples that are pictures: a sheet of many small ones, the wrong ones marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QToolTip, QWidget

from core.program.ir import Array
from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.data_card import picture_of
from stepper.widgets.tips import plain

CELL = 46
GAP = 8


@dataclass(frozen=True, eq=False)
class SheetScene:
    """What is on the sheet: which samples, their shades (features×pictures), a word for each, and which are wrong."""

    samples: tuple[int, ...]
    shades: Array
    side: tuple[int, int]
    words: tuple[str, ...]
    wrong: tuple[bool, ...]
    in_batch: tuple[bool, ...]


class Sheet(QWidget):
    """Small pictures in rows; `sample_chosen` gives the one that was clicked or gone to."""

    sample_chosen = Signal(object)

    def __init__(self, describe: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._describe = describe
        self._scene: SheetScene | None = None
        self._current: int | None = None
        self._images: list[QImage] = []
        self._painted_as = ""
        self.setAccessibleName(self.tr("Pictures of the samples"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @property
    def scene(self) -> SheetScene | None:
        """What is shown now."""
        return self._scene

    def show_scene(self, scene: SheetScene, current: int | None) -> None:
        """Show pictures, one of them as the current one."""
        before = self._scene
        if before is None or before.samples != scene.samples or before.shades is not scene.shades:
            self._painted_as = ""
        moved = current != self._current
        self._scene, self._current = scene, current
        self.fit(self.width())
        if moved:
            self._bring_into_sight()
        self.update()

    def fit(self, width: int) -> None:
        """Take as much height as the pictures need in a width."""
        count = 0 if self._scene is None else len(self._scene.samples)
        columns = self._columns(width)
        self.setMinimumHeight(-(-count // columns) * self._pitch()[1] + GAP)

    def places(self) -> list[QRectF]:
        """Return where the pictures stand, with their words."""
        (wide, high), columns = self._pitch(), self._columns(self.width())
        count = 0 if self._scene is None else len(self._scene.samples)
        return [QRectF(GAP + n % columns * wide, GAP + n // columns * high, wide - GAP, high - GAP) for n in range(count)]

    def _pitch(self) -> tuple[int, int]:
        word = self.fontMetrics()
        return max(CELL, word.horizontalAdvance("8 ✗ 8")) + GAP, CELL + word.height() + 2 + GAP

    def _columns(self, width: int) -> int:
        return max(1, (width - GAP) // self._pitch()[0])

    def _at(self, at: QPointF) -> int | None:
        return next((n for n, place in enumerate(self.places()) if place.contains(at)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        n = self._at(event.position()) if event.button() == Qt.MouseButton.LeftButton else None
        if n is not None and self._scene is not None:
            self.sample_chosen.emit(self._scene.samples[n])
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        scene, key = self._scene, event.key()
        columns = self._columns(self.width())
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns,
            Qt.Key.Key_Home: -(10**6), Qt.Key.Key_End: 10**6, Qt.Key.Key_Return: 0, Qt.Key.Key_Enter: 0, Qt.Key.Key_Space: 0,
        }  # fmt: skip
        if scene is None or not scene.samples or key not in steps:
            super().keyPressEvent(event)
            return
        step, last = steps[Qt.Key(key)], len(scene.samples) - 1
        if self._current not in scene.samples:
            self.sample_chosen.emit(scene.samples[0 if step >= 0 else last])
            return
        self.sample_chosen.emit(scene.samples[max(0, min(last, scene.samples.index(self._current) + step))])

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            n = self._at(QPointF(event.pos()))
            text = "" if n is None or self._scene is None else self._describe(self._scene.samples[n])
            QToolTip.showText(event.globalPos(), plain(text), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        scene, t = self._scene, theme.current()
        if scene is None:
            return
        if self._painted_as != t.key:
            self._painted_as = t.key
            self._images = [picture_of(scene.shades[:, n], scene.side) for n in range(len(scene.samples))]
        p = QPainter(self)
        p.setRenderHint(QPainter.RenderHint.Antialiasing)
        p.setBrush(Qt.BrushStyle.NoBrush)
        seen = QRectF(event.rect())
        for n, (sample, place) in enumerate(zip(scene.samples, self.places(), strict=True)):
            if place.adjusted(-GAP, -GAP, GAP, GAP).intersects(seen):
                self._paint_one(p, scene, n, sample == self._current, place)

    def _paint_one(self, p: QPainter, scene: SheetScene, n: int, current: bool, place: QRectF) -> None:
        t = theme.current()
        tall, wide = scene.side
        scale = CELL / max(tall, wide)
        frame = QRectF(place.center().x() - wide * scale / 2, place.top(), wide * scale, tall * scale)
        p.drawImage(frame, self._images[n])
        wrong = scene.wrong[n]
        p.setPen(QPen(QColor(t.error if wrong else t.border), 2.4 if wrong else 1))
        p.drawRect(frame)
        if current:
            p.setPen(QPen(QColor(t.selection), 2.8))
            p.drawRoundedRect(frame.adjusted(-4, -4, 4, 4), 3, 3)
            if self.hasFocus():
                p.setPen(QPen(QColor(t.text), 1, Qt.PenStyle.DotLine))
                p.drawRect(frame.adjusted(-6, -6, 6, 6))
        p.setFont(fonts.sized(self.font(), 0, bold=wrong))
        p.setPen(QColor(t.error if wrong else t.text))
        word = QRectF(place.left() - GAP / 2, place.top() + CELL + 2, place.width() + GAP, place.height() - CELL)
        p.drawText(word, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, scene.words[n])
        if scene.in_batch[n]:
            drawn = p.fontMetrics().horizontalAdvance(scene.words[n])
            y = word.top() + p.fontMetrics().height()
            p.setPen(QPen(QColor(t.text), 1.6))
            p.drawLine(QPointF(word.center().x() - drawn / 2, y), QPointF(word.center().x() + drawn / 2, y))
        p.setFont(self.font())

    def _bring_into_sight(self) -> None:
        scene = self._scene
        outer = self.parentWidget()
        area = None if outer is None else outer.parentWidget()
        if scene is not None and self._current in scene.samples and isinstance(area, QScrollArea):
            at = self.places()[scene.samples.index(self._current)].center()
            area.ensureVisible(round(at.x()), round(at.y()), CELL, CELL)


class SheetScroll(QScrollArea):
    """The sheet, scrolled where it is too long."""

    def __init__(self, sheet: Sheet, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sheet = sheet
        self.setWidget(sheet)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Pictures of the samples"))

    def minimumSizeHint(self) -> QSize:
        return QSize(90, 50)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.sheet.fit(self.viewport().width())
