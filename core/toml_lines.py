"""Where each key of a TOML text stands: `tomllib` keeps no line numbers, and a person needs them."""

from __future__ import annotations

import re
from bisect import bisect_left
from contextlib import suppress

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:\\.|[^"\\\n])*"|' r"'[^'\n]*'", re.DOTALL
)  # a text of several lines may end with quotes of its own
_KEY = re.compile(r"""[ \t]*("(?:\\.|[^"\\\n])*"|'[^'\n]*'|[^\s"'=.\[\]{}#,]+)[ \t]*""")
_SCALAR = re.compile(r"[^,\]}#\n]*")


def line_of(text: str, path: str) -> int:
    """Return the line of a TOML text on which a key path such as `network.layers[2].units` stands.

    Where the key is not there, it is the line of what it belongs to; 0 if that is not there either.
    """
    lines = lines_of(text)
    while path and path not in lines:
        path = re.sub(r"(?:\.[^.\[]*|\[\d+\]|^[^.\[]*|.)$", "", path)
    return lines.get(path, 0)


def lines_of(text: str) -> dict[str, int]:
    """Return key path → line, from 1, for all keys, tables and items of lists (counted from 1) of a text that is TOML."""
    scan = _Scan(text)
    # Of what is not TOML, or nested too deeply, what was found so far is right.
    with suppress(IndexError, RecursionError):
        scan.document()
    return scan.found


class _Scan:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.found: dict[str, int] = {}
        self._tables: dict[str, int] = {}
        self._ends = [m.start() for m in re.finditer("\n", text)]

    def document(self) -> None:
        """Read tables and keys to the end of the text."""
        table = ""
        while self._peek():
            if self.text.startswith("[[", self.at):
                self.at += 2
                table = self._table(self._key())
                count = self._tables[table] = self._tables.get(table, 0) + 1
                self._note(table)
                table = self._note(f"{table}[{count}]")
                self.at += 2
            elif self.text[self.at] == "[":
                self.at += 1
                table = self._table(self._key())
                self._note(table)
                self.at += 1
            else:
                self._pair(table)

    def _peek(self) -> str:
        """Skip blanks and comments; return the next character, or nothing at the end."""
        blank = _BLANK.match(self.text, self.at)
        self.at = blank.end() if blank else self.at
        return self.text[self.at : self.at + 1]

    def _note(self, path: str) -> str:
        """Keep the line of a path, and of what it belongs to, where it is met first."""
        line = bisect_left(self._ends, self.at) + 1
        for end in [m.start() for m in re.finditer(r"[.\[]", path)] + [len(path)]:
            self.found.setdefault(path[:end], line)
        return path

    def _key(self) -> list[str]:
        parts: list[str] = []
        while True:
            part = _KEY.match(self.text, self.at)
            if part is None:
                raise IndexError
            self.at = part.end()
            parts.append(part[1].strip("\"'"))
            if self.text[self.at] != ".":
                return parts
            self.at += 1

    def _table(self, parts: list[str]) -> str:
        """Return the path of a table's name; what is a list of tables on the way means the last of them."""
        path = ""
        for n, part in enumerate(parts, 1):
            path = f"{path}.{part}" if path else part
            if n < len(parts) and path in self._tables:
                path += f"[{self._tables[path]}]"
        return path

    def _pair(self, owner: str) -> None:
        start = self.at
        key = ".".join(self._key())
        after, self.at = self.at, start
        path = self._note(f"{owner}.{key}" if owner else key)
        self.at = after + 1  # the `=`
        self._value(path)

    def _value(self, path: str) -> None:
        first = self._peek()
        text = _STRING.match(self.text, self.at) if first in ('"', "'") else None
        if text is not None:
            self.at = text.end()
        elif first in ("[", "{"):
            self.at += 1
            count = 0
            while self._peek() not in ("]", "}"):
                count += 1
                if first == "[":
                    self._value(self._note(f"{path}[{count}]"))
                else:
                    self._pair(path)
                if self._peek() == ",":
                    self.at += 1
                elif self._peek() == "":
                    raise IndexError
            self.at += 1
        else:
            scalar = _SCALAR.match(self.text, self.at)
            self.at = scalar.end() if scalar else self.at
