"""What the bar above everything is made of: buttons that leave the arrow keys alone, and a slider that takes them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QKeyEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QSlider, QStyle, QStyleOptionToolButton, QStylePainter, QToolButton, QWidget

from stepper import theme

GAP = 6
_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
_SLIDER_KEYS = (*_ARROWS, Qt.Key.Key_Home, Qt.Key.Key_End)


class BarButton(QToolButton):
    """A button of an action. It leaves the arrow keys alone: they step, they do not walk over buttons.

    The `primary` button, the one thing that a newcomer should press, has a ground of its own.
    """

    def __init__(
        self, action: QAction, parent: QWidget, words: bool = True, icon_last: bool = False, primary: bool = False
    ) -> None:
        super().__init__(parent)
        self._icon_last, self._primary = icon_last, primary
        self.setDefaultAction(action)
        self.setAutoRaise(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAutoRepeat(False)
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if words else Qt.ToolButtonStyle.ToolButtonIconOnly
        self.setToolButtonStyle(style)
        self.setIconSize(QSize(18, 18) if words else QSize(14, 14))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(action.text().replace("&", ""))
        self.setAccessibleDescription(action.toolTip())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the button with icon and words together in its middle; the style would put them at one edge."""
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        words = self.text() if self.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon else ""
        option.text, option.icon = "", QIcon()
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
        side, gap = self.iconSize().width(), GAP if words else 0
        wide = self.fontMetrics().horizontalAdvance(words)
        left, middle = (self.width() - side - gap - wide) // 2, self.height() // 2
        at_icon, at_words = (left + wide + gap, left) if self._icon_last else (left, left + side + gap)
        mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
        if self._primary and self.isEnabled():
            self._paint_primary(painter, words, QRect(at_icon, middle - side // 2, side, side), at_words)
            return
        self.icon().paint(painter, at_icon, middle - side // 2, side, side, Qt.AlignmentFlag.AlignCenter, mode)
        group = QPalette.ColorGroup.Normal if self.isEnabled() else QPalette.ColorGroup.Disabled
        painter.setPen(self.palette().color(group, QPalette.ColorRole.ButtonText))
        if self.hasFocus():
            # The style shows no focus on such buttons; without it the keyboard would be lost here.
            painter.setPen(QPen(QColor(theme.current().selection), 2))
            painter.drawRoundedRect(self.rect().adjusted(3, 3, -4, -4), 3, 3)
            painter.setPen(self.palette().color(group, QPalette.ColorRole.ButtonText))
        painter.drawText(at_words, 0, wide + 2, self.height(), int(Qt.AlignmentFlag.AlignVCenter), words)

    def _paint_primary(self, painter: QPainter, words: str, icon: QRect, at_words: int) -> None:
        t = theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QColor(t.accent)
        if self.isDown():
            ground = ground.darker(125)
        elif self.underMouse():
            ground = ground.darker(110)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 4, 4)
        painter.setBrush(QColor(t.accent_text))
        box = icon.adjusted(4, 2, -2, -2)
        painter.drawPolygon([box.topLeft(), box.bottomLeft(), QPoint(box.right(), box.center().y())])
        painter.setPen(QPen(QColor(t.accent_text), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.hasFocus():
            painter.drawRoundedRect(self.rect().adjusted(4, 4, -5, -5), 3, 3)
        painter.drawText(at_words, 0, self.width() - at_words, self.height(), int(Qt.AlignmentFlag.AlignVCenter), words)

    def sizeHint(self) -> QSize:
        """Leave room around icon and words, and a place big enough to hit."""
        words = self.text() if self.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon else ""
        wide = self.fontMetrics().horizontalAdvance(words) + GAP if words else 0
        return QSize(max(32, self.iconSize().width() + wide + 20), max(32, self.fontMetrics().height() + 14))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pass the arrow keys on; Enter presses like Space."""
        if event.key() in _ARROWS:
            event.ignore()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


class SpeedSlider(QSlider):
    """A slider that keeps the arrow keys while it has the focus."""

    def event(self, event: QEvent) -> bool:
        """Claim the keys that move the slider before they become shortcuts of the window."""
        plain = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        claims = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.modifiers() in plain
        if claims and isinstance(event, QKeyEvent) and event.key() in _SLIDER_KEYS:
            event.accept()
            return True
        return super().event(event)
