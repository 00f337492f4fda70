"""The one error of a file that cannot be read, and texts of a file made fit to be shown."""

from __future__ import annotations

import unicodedata

from core.errors import StepperError

_LONGEST = 60
_ESCAPED = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Control and direction-changing characters, lone surrogates, private and unassigned ones, line separators."""


class FileProblem(StepperError):
    """A file that is damaged, hostile, or not for this app: one sentence with what, where, and what to do."""


def escaped(text: str) -> str:
    r"""Return a text with every character that would not show itself written as \n, \x1b or \u202e; nothing is cut."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_one(c) for c in text)


def shown(name: str, most: int = _LONGEST) -> str:
    """Return a name from a file as a person may see it: on one line, escaped, at most `most` characters, in quotes.

    The name itself is kept as it is; only what is shown changes. It is plain text, never markup.
    """
    return f"'{bare(name, most)}'"


def bare(text: str, most: int = _LONGEST) -> str:
    """Return a text from a file as `shown` does, without the quotes."""
    plain = escaped(text[: most + 1])
    return f"{plain[: most - 1]}…" if len(plain) > most or len(text) > most else plain


def _one(c: str) -> str:
    if c == " " or (unicodedata.category(c) not in _ESCAPED and c != "\xa0" and c.isprintable()):
        return c
    return c.encode("unicode_escape").decode("ascii")
