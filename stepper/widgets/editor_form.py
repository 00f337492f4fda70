"""How a text stands in the editor: one block a line, and every character given back as it came.

A text document of Qt ends its lines in one way and takes some characters for ends of lines. Other ends of lines than the
most frequent, and those characters, are shown as signs that the text itself does not hold.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

_ENDS = re.compile(r"\r\n|\r|\n")
_SPECIAL = ("\ufeff", "\u2028", "\u2029", "\ufdd0", "\ufdd1", "\ufffc")
_SIGNS = ("␍", "␊", "↵", "¶", "␤", *map(chr, range(0xE000, 0xE040)))


@dataclass(frozen=True)
class Form:
    """How the lines of a text end, and which sign stands for what else."""

    newline: str = "\n"
    signs: Mapping[str, str] = field(default_factory=dict[str, str])

    def shown(self, text: str) -> str:
        """Return text as it stands in the editor, with `\\n` at the ends of lines."""
        for sign, meant in self.signs.items():
            text = text.replace(meant, sign) if meant in _SPECIAL else text
        pieces = _ENDS.split(text)
        ends = _ENDS.findall(text)
        by_end = {meant: sign for sign, meant in self.signs.items()}
        marked = [piece + by_end.get(end, "") for piece, end in zip(pieces, ends, strict=False)]
        return "\n".join([*marked, pieces[-1]])

    def meant(self, shown: str) -> str:
        """Return what text of the editor stands for."""
        lines = shown.split("\n")
        ends = {sign: meant for sign, meant in self.signs.items() if meant not in _SPECIAL}
        out: list[str] = []
        for n, line in enumerate(lines):
            end = self.newline if n < len(lines) - 1 else ""
            if end and line[-1:] in ends:
                line, end = line[:-1], ends[line[-1]]
            out.append(line + end)
        text = "".join(out)
        for sign, meant in self.signs.items():
            text = text.replace(sign, meant if meant in _SPECIAL else "")
        return text


def form_of(text: str) -> Form:
    """Return the form in which a text can be shown and given back."""
    counted = Counter(_ENDS.findall(text))
    newline = counted.most_common(1)[0][0] if counted else "\n"
    wanted = [end for end in counted if end != newline] + [c for c in _SPECIAL if c in text]
    free = [sign for sign in _SIGNS if sign not in text]
    return Form(newline, dict(zip(free, wanted, strict=False)))
