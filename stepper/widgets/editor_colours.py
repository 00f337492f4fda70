"""The notation in colours: comments and headings, numbers, texts, functions, and names by what they are."""

from __future__ import annotations

import re
from collections.abc import Mapping

from PySide6.QtGui import QColor, QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from core import ops
from core.notation.convert import METHODS
from stepper import theme

_TOKEN = re.compile(
    r"(?P<comment>\#.*)|(?P<text>\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?)"
    r"|(?P<number>(?<![\w.])(?:\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?))|(?P<name>[^\W\d]\w*)"
)
_HEADING = re.compile(r"^\s*#+\s*(data|parameters?|forward|loss|cost|backward|update|predict)\b", re.IGNORECASE)
_WORDS = ("def", "return", "import", "as", "from", "True", "False", "None")
_PHASE: Mapping[str, str] = {"cost": "loss"}


class Colours(QSyntaxHighlighter):
    """Colours a document; `roles` says what each name is (see `core.writing.Analysis`)."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._roles: Mapping[str, str] = {}
        self._functions = frozenset(ops.function_names())
        self._formats: dict[str, QTextCharFormat] = {}
        self.make_formats()

    @property
    def roles(self) -> Mapping[str, str]:
        """What the names are."""
        return self._roles

    def set_roles(self, roles: Mapping[str, str]) -> None:
        """Take what the names are now; coloured anew only where that is another answer."""
        if dict(roles) != dict(self._roles):
            self._roles = dict(roles)
            self.rehighlight()

    def make_formats(self) -> None:
        """Take the colours of the theme in use. Bold and slanted say the same as the colours do."""
        t = theme.current()
        self._formats = {
            "comment": _format(t.dim, slanted=True), "text": _format(t.sizes[5]), "number": _format(t.sizes[0]),
            "word": _format(t.text, bold=True), "function": _format(t.selection), "definition": _format(t.selection, bold=True),
            "data": _format(t.read), "parameter": _format(t.phases["update"], bold=True),
            "gradient": _format(t.phases["backward"], slanted=True), "hyperparameter": _format(t.phases["update"]),
            "state": _format(t.phases["update"], slanted=True), "loss": _format(t.phases["loss"], bold=True),
        }  # fmt: skip
        for phase, colour in t.phases.items():
            self._formats[f"# {phase}"] = _format(colour, bold=True)
        for part in ("data", "parameters", "parameter"):
            self._formats[f"# {part}"] = _format(t.text, bold=True)

    def highlightBlock(self, text: str) -> None:
        """Colour one line. Positions of Qt count UTF-16 units."""
        wide = any(ord(c) > 0xFFFF for c in text)
        for match in _TOKEN.finditer(text):
            found = self._formats.get(self._kind(match, text))
            if found is not None:
                start, length = match.start(), len(match[0])
                if wide:
                    start, length = units(text[:start]), units(match[0])
                self.setFormat(start, length, found)

    def _kind(self, match: re.Match[str], text: str) -> str:
        kind, word = str(match.lastgroup), match[0]
        if kind == "comment":
            heading = _HEADING.match(text)
            if heading is None:
                return kind
            part = heading[1].lower()
            return f"# {_PHASE.get(part, part)}"
        if kind != "name":
            return kind
        before = text[: match.start()].rstrip()
        called = text[match.end() :].lstrip().startswith("(")
        if word in _WORDS:
            return "word"
        if before.endswith(".") and not before.endswith(("np.", "numpy.", "random.")):
            return "function" if word in METHODS or word in ("T", "shape") else ""
        role = self._roles.get(word, "")
        if role and not (called and role != "definition"):
            return role
        return "function" if word in self._functions and called else ""


def units(text: str) -> int:
    """Return the length of a text as Qt counts it, in UTF-16 units."""
    return len(text) + sum(ord(c) > 0xFFFF for c in text)


def _format(colour: str, bold: bool = False, slanted: bool = False) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(QColor(colour))
    if bold:
        made.setFontWeight(QFont.Weight.Bold)
    made.setFontItalic(slanted)
    return made
