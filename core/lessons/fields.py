"""Reads a table of TOML key by key: what is missing, of the wrong kind or unknown is one sentence with the key's path."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from core.errors import DescriptionError

LONGEST = 20_000
MOST = 10**6


class Fields:
    """One table. Each method reads a key; `done` refuses those that nothing read."""

    def __init__(self, tree: Any, path: str) -> None:
        if not isinstance(tree, Mapping):
            raise DescriptionError(path, "must be a table, as in { iteration = 1 }")
        self._tree: Mapping[str, Any] = tree
        self._read: set[str] = set()
        self.path = path

    def __contains__(self, key: str) -> bool:
        return key in self._tree

    def place(self, key: str) -> str:
        """Return the path of a key."""
        return f"{self.path}.{key}" if self.path else key

    def refuse(self, key: str, why: str) -> DescriptionError:
        """Return the error for a key, or, where it is empty, for the table."""
        return DescriptionError(self.place(key) if key else self.path, why)

    def raw(self, key: str) -> Any:
        """Return whatever stands there, None for nothing."""
        self._read.add(key)
        return self._tree.get(key)

    def text(self, key: str, needed: bool = False, lines: bool = True) -> str:
        """Return a text without blanks around it; empty where there is none."""
        found = self.raw(key)
        if found is None:
            found = ""
        if not isinstance(found, str):
            raise self.refuse(key, "must be a text in quotes")
        if len(found) > LONGEST:
            raise self.refuse(key, f"is longer than {LONGEST} characters")
        if not lines and "\n" in found.strip():
            raise self.refuse(key, "must be a single line")
        if needed and not found.strip():
            raise self.refuse(key, "is missing" if key not in self._tree else "is empty")
        return found.strip()

    def word(self, key: str, known: Collection[str], needed: bool = False) -> str:
        """Return one of a few words; empty where there is none."""
        found = self.text(key, needed)
        if found and found not in known:
            raise self.refuse(key, f"is {found!r}; {_near(found, known)}")
        return found

    def whole(self, key: str, default: int, least: int) -> int:
        """Return a whole number from `least` up to a million."""
        found = self.raw(key)
        if found is None:
            return default
        if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= MOST:
            raise self.refuse(key, f"must be a whole number from {least} up to {MOST}")
        return found

    def number(self, key: str, default: float) -> float:
        """Return a number above 0 and at most 1."""
        found = self.raw(key)
        if found is None:
            return default
        if not isinstance(found, (int, float)) or isinstance(found, bool) or not 0 < found <= 1:
            raise self.refuse(key, "must be a number above 0 and at most 1")
        return float(found)

    def truth(self, key: str) -> bool:
        """Return true or false; false where there is nothing."""
        found = self.raw(key)
        if found is not None and not isinstance(found, bool):
            raise self.refuse(key, "must be true or false")
        return bool(found)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, none of them empty."""
        found = self.raw(key)
        if found is None:
            return ()
        if not isinstance(found, list) or not all(isinstance(t, str) and t.strip() for t in found):
            raise self.refuse(key, 'must be a list of texts, such as ["one", "two"]')
        return tuple(str(t).strip() for t in found)

    def inner(self, key: str) -> Fields | None:
        """Return a table within this one, None where there is none."""
        found = self.raw(key)
        return None if found is None else Fields(found, self.place(key))

    def done(self) -> None:
        """Refuse a key that nothing has read."""
        for key in self._tree:
            if key not in self._read:
                raise self.refuse(key, f"is not known here; {_near(key, self._read)}")


def _near(word: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(word, list(known), 1)
    return f"did you mean {near[0]}?" if near else f"it can be {', '.join(sorted(known))}"
