"""How far a lesson has come: a dot for each step, which is also a button that leads there."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from stepper import theme
from stepper.widgets.tips import plain


class Dot(QAbstractButton):
    """One step: a ring if it was not read yet, a full dot if it was, a long one where we are."""

    def __init__(self, n: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.n = n
        self.here, self.read = False, False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        side = self.fontMetrics().height()
        return QSize(side + (8 if self.here else 0), side + 4)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses like Space."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the dot; with the keyboard it has a frame around it."""
        t, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        high = self.fontMetrics().height() * 0.55
        wide = high * 2 if self.here else high
        dot = QRectF((self.width() - wide) / 2, (self.height() - high) / 2, wide, high)
        ink = QColor(t.accent if self.here or self.underMouse() else t.dim)
        painter.setPen(QPen(ink, 1.5))
        painter.setBrush(ink if self.here or self.read else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(dot, high / 2, high / 2)
        if self.hasFocus():
            painter.setPen(QPen(QColor(t.selection), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        painter.end()


class LessonDots(QWidget):
    """A row of dots. `wanted(n)` carries the step, from 0, that was pressed."""

    wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Steps of the lesson"))
        self.dots: list[Dot] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addStretch(1)
        policy = self.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
        self.setSizePolicy(policy)

    def show_steps(self, count: int, at: int, read: Mapping[int, str]) -> None:
        """Show `count` steps, standing at one; `read` are the titles of those that were read."""
        while len(self.dots) > count:
            dot = self.dots.pop()
            self._row.removeWidget(dot)
            dot.hide()
            dot.deleteLater()
        while len(self.dots) < count:
            dot = Dot(len(self.dots), self)
            dot.clicked.connect(self._on_click)
            self._row.insertWidget(len(self.dots), dot)
            self.dots.append(dot)
        for n, dot in enumerate(self.dots):
            dot.here, dot.read = n == at, n in read
            words = self.tr("step {n} of {count}").format(n=n + 1, count=count)
            if read.get(n):
                words = self.tr("{step}: {title}").format(step=words, title=read[n])
            state = self.tr("you are here") if n == at else self.tr("read") if n in read else self.tr("not read yet")
            dot.setAccessibleName(self.tr("{step} ({state})").format(step=words, state=state))
            dot.setToolTip(plain(words))
            dot.updateGeometry()
            dot.update()

    @Slot()
    def _on_click(self) -> None:
        dot = self.sender()
        if isinstance(dot, Dot):
            self.wanted.emit(dot.n)
