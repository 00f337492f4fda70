"""A sign or a word between the matrices of an equation."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from stepper import theme
from stepper.widgets import fonts

PAD = 5


class Glyph(QLabel):
    """Plain text in the font of code. The operator that cannot work is framed, with a cross above it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.culprit = False
        self._scale = 1.0

    def say(self, text: str, culprit: bool = False) -> None:
        """Show a text; `culprit` marks the operator that fails."""
        self.culprit = culprit
        self.setText(text)
        palette = QPalette()
        if culprit:
            palette.setColor(QPalette.ColorRole.WindowText, QColor(theme.current().error))
        self.setPalette(palette)
        self.setAccessibleName(self.tr("{sign}, cannot work here").format(sign=text) if culprit else text)
        self.renew()

    def set_scale(self, scale: float) -> None:
        """Draw bigger or smaller than usual."""
        if scale != self._scale:
            self._scale = scale
            self.renew()

    def sizeHint(self) -> QSize:
        """Leave room for the frame."""
        size = super().sizeHint()
        if not self.culprit:
            return size
        above = QFontMetrics(self.font()).height()
        return QSize(size.width() + 4 * PAD, size.height() + 2 * (PAD + above))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text, and the frame around a culprit."""
        super().paintEvent(event)
        if not self.culprit:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.current().error), 2))
        height = QFontMetrics(self.font()).height()
        box = self.rect().adjusted(PAD // 2, height, -PAD // 2, -height)
        painter.drawRoundedRect(box, 4, 4)
        painter.drawText(self.rect().adjusted(0, 0, 0, -self.height() + height), Qt.AlignmentFlag.AlignCenter, "✗")
        painter.end()

    def renew(self) -> None:
        """Follow the size of all text."""
        found = fonts.mono(QApplication.font(), 3 if len(self.text()) < 12 else 0)
        self.setFont(fonts.scaled(found, self._scale))
