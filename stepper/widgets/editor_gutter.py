"""The column left of the text: line numbers, what is wrong with a line, and what the diagnosis says of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from stepper import theme
from stepper.widgets import fonts
from stepper.widgets.editor_text import CodeEdit
from stepper.widgets.tips import plain

RIGHT, WRONG, FAULT = "✓", "✗", "⚠"


class Gutter(QWidget):
    """Paints beside the lines that the editor shows; it has no keyboard, what it says is said by the editor too."""

    def __init__(self, editor: CodeEdit) -> None:
        super().__init__(editor)
        self._editor = editor
        self.setAccessibleName(self.tr("Line numbers and marks"))
        editor.set_gutter(self)
        editor.blockCountChanged.connect(self._on_count)
        editor.updateRequest.connect(self._on_update)

    def sizeHint(self) -> QSize:
        """As wide as the numbers need."""
        metrics = self._editor.fontMetrics()
        digits = max(2, len(str(self._editor.blockCount())))
        return QSize(metrics.horizontalAdvance("9") * digits + metrics.horizontalAdvance("⚠") + 20, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the lines in sight."""
        t = theme.current()
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(t.window))
        painter.setPen(QColor(t.border))
        painter.drawLine(self.width() - 1, event.rect().top(), self.width() - 1, event.rect().bottom())
        editor = self._editor
        metrics = editor.fontMetrics()
        sign_width = metrics.horizontalAdvance("⚠") + 6
        current = editor.textCursor().blockNumber() + 1
        for line, rect in editor.lines_in_sight():
            if rect.bottom() < event.rect().top() or rect.top() > event.rect().bottom():
                continue
            row = QRect(0, rect.top(), self.width(), metrics.height())
            phase = editor.phase_at(line)
            if phase:
                painter.fillRect(QRect(self.width() - 4, rect.top(), 3, rect.height()), QColor(t.phases[phase]))
            painter.setFont(fonts.sized(editor.font(), -1))
            painter.setPen(QColor(t.text if line == current else t.dim))
            painter.drawText(row.adjusted(sign_width, 0, -9, 0), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             str(line))  # fmt: skip
            sign, colour = self._sign(line)
            if sign:
                painter.setFont(fonts.sized(editor.font(), 0, bold=True))
                painter.setPen(QColor(colour))
                painter.drawText(QRect(0, rect.top(), sign_width, metrics.height()), Qt.AlignmentFlag.AlignCenter, sign)
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Say what a mark means when one points at it."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            line = self._editor.line_at(event.pos().y())
            text = self._editor.words_at(line)
            QToolTip.showText(event.globalPos(), plain(text), self)
            return True
        return super().event(event)

    def _sign(self, line: int) -> tuple[str, str]:
        t = theme.current()
        if self._editor.has_trouble(line):
            return FAULT, t.error
        mark = self._editor.mark_at(line)
        if mark is None:
            return "", ""
        return (RIGHT, t.phases["update"]) if mark.right else (WRONG, t.error)

    def _on_count(self) -> None:
        self._editor.lay_out_gutter()

    def _on_update(self, rect: QRect, dy: int) -> None:
        if dy:
            self.scroll(0, dy)
        else:
            self.update(0, rect.y(), self.width(), rect.height())
