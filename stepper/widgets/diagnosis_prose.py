"""Sentences with code in them: what stands between backticks is written in the font of code."""

from __future__ import annotations

import re
from html import escape

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from stepper import theme
from stepper.widgets.page import inline_code

_CODE = re.compile(r"`([^`\n]+)`")


class Prose(QLabel):
    """A label for sentences; every text is shown as it is, whatever signs are in it. It takes no more height than it needs."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._text, self._colour, self._bold = "", "", False
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setAccessibleName(name)
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def words(self) -> str:
        """What it says, with its backticks."""
        return self._text

    def say(self, text: str, colour: str = "", bold: bool = False) -> None:
        """Show a text; without a colour in that of all text. An empty one hides the label."""
        self._text, self._colour, self._bold = text, colour, bold
        self._write()
        self.setVisible(bool(text))
        self.setAccessibleDescription(text.replace("`", ""))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the size of all text and the theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.PaletteChange) and hasattr(self, "_bold"):
            self._write()

    def _write(self) -> None:
        text = html(self._text)
        colour = self._colour or theme.current().text
        made = f"<span style='color:{colour}'>{f'<b>{text}</b>' if self._bold else text}</span>" if text else ""
        if made != self.text():
            self.setText(made)


def html(text: str) -> str:
    """Return a text as markup that shows exactly it, with code in the font of code; a line indented by four is all code."""
    return "<br/>".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    if line.startswith("    "):
        return f"&nbsp;&nbsp;{inline_code(line.strip())}"
    return "".join(inline_code(part) if n % 2 else escape(part) for n, part in enumerate(_CODE.split(line)))
