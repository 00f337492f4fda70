"""Three ways to begin an empty text: all of it one's own, the forward alone, forward and backward."""

from __future__ import annotations

from importlib import resources as package_files

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

STARTS = ("forward", "backward", "own")


def template(name: str) -> str:
    """Return the text of a start; raises KeyError."""
    if name not in STARTS:
        raise KeyError(name)
    return (package_files.files("resources") / "templates" / f"{name}.py").read_text("utf-8")


class Starts(QWidget):
    """Offers the starts while there is no text; `chosen` carries the text of one."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Begin with"))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        head = QLabel(self.tr("Write your own program: type here, or begin with one of these."), self)
        head.setTextFormat(Qt.TextFormat.PlainText)
        head.setWordWrap(True)
        column.addWidget(head)
        texts = {
            "forward": (self.tr("Forwar&d only"), self.tr("You write forward and loss; the rest is derived for you.")),
            "backward": (self.tr("Forward and &backward"), self.tr("You write the gradients too; the update is derived.")),
            "own": (self.tr("&All of it mine"), self.tr("You write every line, with small functions of your own.")),
        }
        self.buttons: dict[str, QPushButton] = {}
        for name, (title, words) in texts.items():
            button = QPushButton(title, self)
            button.setObjectName(name)
            button.setAutoDefault(False)
            button.setAccessibleDescription(words)
            button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            button.clicked.connect(self._on_clicked)
            about = QLabel(words, self)
            about.setTextFormat(Qt.TextFormat.PlainText)
            about.setWordWrap(True)
            column.addWidget(button)
            column.addWidget(about)
            self.buttons[name] = button

    @Slot()
    def _on_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, QPushButton):
            self.chosen.emit(template(button.objectName()))
