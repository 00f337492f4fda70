"""The words in the boxes of the graph of operations: their fonts, how code is cut, and the room that all of it needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from PySide6.QtCore import QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtWidgets import QApplication

from core.program.graph import Node
from stepper.widgets import fonts
from stepper.widgets.graph_scene import Words
from stepper.widgets.numbers import size_text

PAD = 8.0
WIDEST = 118.0
MOST_LINES = 3


@dataclass(frozen=True)
class Pens:
    """The fonts of the picture; all follow the size of all text."""

    name: QFont
    code: QFont
    small: QFont

    @cached_property
    def of_name(self) -> QFontMetricsF:
        """The size of the letters of names."""
        return QFontMetricsF(self.name)

    @cached_property
    def of_code(self) -> QFontMetricsF:
        """The size of the letters of code."""
        return QFontMetricsF(self.code)

    @cached_property
    def of_small(self) -> QFontMetricsF:
        """The size of the letters of shapes and signs."""
        return QFontMetricsF(self.small)

    @property
    def title(self) -> float:
        """The height of the title of a band."""
        return self.of_small.height() + 2


def pens() -> Pens:
    """Return the fonts for the size that text has now."""
    base = QApplication.font()
    return Pens(fonts.sized(base, 0, bold=True), fonts.mono(base, -1), fonts.sized(base, -1))


def cut(text: str, metrics: QFontMetricsF) -> tuple[str, ...]:
    """Cut code into at most three lines of about the same length, so that boxes stay narrow; the rest is elided."""
    limit = WIDEST * fonts.zoom()
    lines = _cut(text, metrics, limit)
    narrower = limit
    while len(lines) > 1 and narrower > limit / 3:
        narrower -= limit / 24
        other = _cut(text, metrics, narrower)
        if len(other) > len(lines) or max(map(len, other)) > max(map(len, lines)):
            break
        lines = other
    return tuple(metrics.elidedText(line, Qt.TextElideMode.ElideRight, 1.4 * limit) for line in lines)


def _cut(text: str, metrics: QFontMetricsF, limit: float) -> list[str]:
    """Cut at the last space that fits, else after a bracket."""
    lines: list[str] = []
    while text:
        at = len(text)
        if len(lines) < MOST_LINES - 1 and metrics.horizontalAdvance(text) > limit:
            breaks = [i + 1 for i, sign in enumerate(text[:-1]) if sign in " ("]
            fit = [i for i in breaks if metrics.horizontalAdvance(text[:i].rstrip()) <= limit]
            spaces = [i for i in fit if text[i - 1] == " "]
            at = (spaces or fit or breaks[:1] or [at])[-1]
        lines.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return lines


def box_size(node: Node, words: Words, shape: tuple[int, ...] | None, use: Pens) -> QSizeF:
    """Return the size of the box of a node; there is room for a number where there may be one."""
    name, small, code = use.of_name, use.of_small, use.of_code
    detail = "" if shape is None else size_text(shape) if shape else "−0.00000"
    room = max(small.horizontalAdvance(detail), small.horizontalAdvance("⚠ NaN") + 6)
    first = name.horizontalAdvance(words.name) + room + 6
    if node.given:
        return QSizeF(first + 2 * PAD, name.height() + 6)
    first += small.horizontalAdvance("▶ ")
    widest = max((code.horizontalAdvance(line) for line in words.lines), default=0.0)
    return QSizeF(max(first, widest) + 2 * PAD, name.height() + code.height() * len(words.lines) + 9)
