"""The slim row above a panel: what it is, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QDockWidget, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from stepper import theme
from stepper.widgets import fonts


class SignButton(QToolButton):
    """A small button that paints its sign itself, in the colours of the theme; also done by an action with a key."""

    def __init__(self, sign: str, name: str, tip: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.sign = sign
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(name)
        self.setToolTip(tip)

    def sizeHint(self) -> QSize:
        side = self.fontMetrics().height() + 2
        return QSize(side + 4, side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the sign; under the mouse with a ground."""
        t, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse():
            painter.fillRect(self.rect(), QColor(t.border))
        painter.setPen(QPen(QColor(t.text if self.underMouse() else t.dim), 1.4))
        side = self.height() * 0.36
        box = QRectF(0, 0, side, side)
        box.moveCenter(QRectF(self.rect()).center())
        if self.sign == "close":
            painter.drawLine(box.topLeft(), box.bottomRight())
            painter.drawLine(box.topRight(), box.bottomLeft())
        elif self.sign == "float":
            painter.drawRect(box.adjusted(0, 2, -2, 0))
            painter.drawPolyline([box.topLeft() + (box.topRight() - box.topLeft()) * 0.35, box.topRight(),
                                  box.topRight() + (box.bottomRight() - box.topRight()) * 0.65])  # fmt: skip
        else:
            painter.setFont(fonts.sized(self.font(), -0.5, bold=True))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "?")
        painter.end()


class DockTitle(QWidget):
    """Names a panel; dragging it moves the panel, a double click makes it a window of its own."""

    help_wanted = Signal()
    close_wanted = Signal()

    def __init__(self, title: str, about: str, dock: QDockWidget) -> None:
        super().__init__(dock)
        self.title, self.about = title, about
        self.tabbed = False
        self._dock = dock
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        helping, floating, hiding = self.tr("Help: {title}"), self.tr("Float: {title}"), self.tr("Hide: {title}")
        apart = self.tr("Make this panel a window of its own, or put it back")
        again = self.tr("Hide this panel; the menu View shows it again")
        self.help_button = SignButton("help", helping.format(title=title), self.tr("Help on this panel (F1)"), self)
        self.float_button = SignButton("float", floating.format(title=title), apart, self)
        self.close_button = SignButton("close", hiding.format(title=title), again, self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 4, 0)
        row.setSpacing(0)
        row.addStretch(1)
        for button in (self.help_button, self.float_button, self.close_button):
            row.addWidget(button)
        self.help_button.clicked.connect(self.help_wanted)
        self.float_button.clicked.connect(self._float)
        self.close_button.clicked.connect(self.close_wanted)

    def sizeHint(self) -> QSize:
        return QSize(120, self.fontMetrics().height() + 3)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def set_tabbed(self, tabbed: bool) -> None:
        """Leave the name to the tab where there is one."""
        if tabbed != self.tabbed:
            self.tabbed = tabbed
            self.update()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange):
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Write the name and, paler, what the panel is for; what does not fit is left out with dots."""
        t, painter = theme.current(), QPainter(self)
        painter.fillRect(self.rect(), QColor(t.window))
        painter.setPen(QColor(t.border))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        x, right = 10, self.help_button.x() - 6
        bold, small = fonts.sized(QApplication.font(), -0.5, bold=True), fonts.sized(QApplication.font(), -0.5)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        if not self.tabbed:
            painter.setFont(bold)
            painter.setPen(QColor(t.text))
            painter.drawText(x, 0, right - x, self.height(), middle, self.title)
            x += QFontMetrics(bold).horizontalAdvance(self.title) + 10
        if right - x > 40:
            painter.setFont(small)
            painter.setPen(QColor(t.dim))
            text = QFontMetrics(small).elidedText(self.about, Qt.TextElideMode.ElideRight, right - x)
            painter.drawText(x, 0, right - x, self.height(), middle, text)
        painter.end()

    @Slot()
    def _float(self) -> None:
        self._dock.setFloating(not self._dock.isFloating())
