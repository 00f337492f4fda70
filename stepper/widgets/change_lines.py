"""The lines of a program that an edit takes out and puts in: a sign and a colour for each, old above new."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QSizePolicy, QWidget

from core.health.remedies import Changed
from stepper import theme
from stepper.widgets import fonts

LONGEST = 200
FEWEST, MOST = 2, 8


class _Inks(QSyntaxHighlighter):
    """Colours a line by its sign."""

    def highlightBlock(self, text: str) -> None:
        """Colour one line."""
        colours = theme.current()
        found = QTextCharFormat()
        if text.startswith("−"):
            found.setForeground(QColor(colours.error))
        elif text.startswith("+"):
            found.setForeground(QColor(colours.phases["update"]))
        else:
            found.setForeground(QColor(colours.dim))
        self.setFormat(0, len(text), found)


class ChangeLines(QPlainTextEdit):
    """Shows changes of a text; it can be read and copied, not edited."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("What changes in the program"))
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._inks = _Inks(self.document())
        self._key = ""
        self._lines = FEWEST
        self._dress()

    def show_changes(self, changes: Sequence[Changed]) -> None:
        """Show these; a long line is cut, its place in the program stands before it."""
        self._dress()
        width = len(str(max((c.line for c in changes), default=0)))
        lines = [f"{c.sign} {c.line:>{width}}  {c.text[:LONGEST]}{'…' if len(c.text) > LONGEST else ''}" for c in changes]
        text = "\n".join(lines)
        if text != self.toPlainText():
            self.setPlainText(text)
        self._lines = len(lines)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As high as the lines, within reason."""
        lines = max(FEWEST, min(MOST, self._lines))
        bar = self.horizontalScrollBar().sizeHint().height()
        extra = 2 * self.frameWidth() + round(2 * self.document().documentMargin()) + bar + 6
        return QSize(260, lines * self.fontMetrics().lineSpacing() + extra)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ApplicationFontChange:
            self._dress()

    def _dress(self) -> None:
        key = f"{theme.current().key}/{fonts.zoom()}"
        if key != self._key:
            self._key = key
            self.setFont(fonts.mono(QApplication.font(), -0.5))
            self._inks.rehighlight()
