"""How a mend looks in the text that a person typed, where the diagnosis may have written a loss into its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import SequenceMatcher

from core.health.mending import Changed


def put_into(typed: str, diagnosed: str, mended: str, leave: Collection[int] = ()) -> str:
    """Return the typed text with what turns `diagnosed` into `mended`; lines that only `diagnosed` has do not come in.

    The typed lines in `leave`, counted from 1, stay as they are: those of other faults, which have mends of their own.
    """
    old = diagnosed.split("\n")
    place: dict[int, int] = {}
    for tag, i1, i2, j1, _ in _opcodes(old, typed.split("\n")):
        if tag == "equal":
            place.update({i: j1 + i - i1 for i in range(i1, i2)})
    new = mended.split("\n")
    lines: list[str] = []
    for tag, i1, i2, j1, j2 in _opcodes(old, new):
        if tag == "equal":
            lines += [old[i] for i in range(i1, i2) if i in place]
        elif i2 - i1 == j2 - j1:  # line by line, so that neighbours are left alone
            lines += [
                old[i] if place.get(i, -1) + 1 in leave else new[j] for i, j in zip(range(i1, i2), range(j1, j2), strict=True)
            ]
        else:
            lines += new[j1:j2]
    return "\n".join(lines)


def changes(before: str, after: str) -> tuple[Changed, ...]:
    """Return the lines that differ, old above new, each with its line in its own text."""
    old, new = before.split("\n"), after.split("\n")
    found: list[Changed] = []
    for tag, i1, i2, j1, j2 in _opcodes(old, new):
        if tag != "equal":
            found += [Changed("−", i + 1, old[i]) for i in range(i1, i2)]
            found += [Changed("+", j + 1, new[j]) for j in range(j1, j2)]
    return tuple(found)


def _opcodes(old: list[str], new: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
