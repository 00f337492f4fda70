"""One of several answers to a question; when it is answered the button says which was right."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPaintEvent, QPalette
from PySide6.QtWidgets import QPushButton, QStyle, QStyleOptionButton, QStylePainter, QWidget

MARGIN = 10
FLAGS = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextShowMnemonic | Qt.TextFlag.TextWordWrap


class ChoiceButton(QPushButton):
    """One choice with its number; after the answer it shows whether it was the right one. Long words take more lines."""

    pressed_with = Signal(int)

    def __init__(self, n: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._n = n
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumWidth(40)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.clicked.connect(self._on_click)

    def say(self, text: str, mark: str) -> None:
        """Show a choice; an empty one is hidden. `mark` is empty while it can still be chosen."""
        self.setVisible(bool(text))
        self.setEnabled(not mark)
        self.setText(f"{self._n + 1}   {text}   {mark}".rstrip().replace("&", "&&"))
        font = self.font()
        font.setBold(mark == "✓")
        self.setFont(font)
        self.setAccessibleName(self.tr("choice {n}: {text}").format(n=self._n + 1, text=f"{text} {mark}".rstrip()))

    def sizeHint(self) -> QSize:
        return super().sizeHint() + QSize(0, 4)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, arg__1: int) -> int:
        """Return the height that all of the words need."""
        room = self.fontMetrics().boundingRect(0, 0, max(1, arg__1 - 2 * MARGIN), 10000, int(FLAGS), self.text())
        return max(self.sizeHint().height(), room.height() + 12)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text at the left. (A style sheet could say so, but then the colours of another theme are not taken.)"""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        painter, text, style = QStylePainter(self), self.text(), self.style()
        option.text = ""  # type: ignore[attr-defined]
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        room = self.rect().adjusted(MARGIN, 0, -MARGIN, 0)
        style.drawItemText(painter, room, int(FLAGS), self.palette(), self.isEnabled(), text, QPalette.ColorRole.ButtonText)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses like Space."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _on_click(self) -> None:
        self.pressed_with.emit(self._n)
