"""What a person leaves in a program: breakpoints, bookmarks, watches. Plain immutable data, kept with the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from core.program.ir import BodyLine, Program, Statement

Kind = Literal["line", "condition", "change", "finding"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LONGEST_TEXT = 500
LONGEST_NOTE = 2000
MOST = 500


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Where to stop. What `text` says depends on the kind.

    `line`: the line's own text, by which it is found again when the file was edited; `line` is its number, from 1.
    `condition`: a question answered by yes or no. `change`: a name or a cell of it, such as `W1[0, 2]`.
    `finding`: the health rule, empty for any.
    """

    kind: Kind
    text: str = ""
    line: int = 0
    enabled: bool = True

    def same(self, other: Breakpoint) -> bool:
        """Tell whether the other one stops at the same, on or off."""
        return (self.kind, self.text, self.line) == (other.kind, other.text, other.line)


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A position to come back to: `k` operations of an iteration (from 1) are done; with a note."""

    iteration: int
    k: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """A question whose answer is always shown."""

    text: str


@dataclass(frozen=True, slots=True)
class Notes:
    """All that is left in a program, in the order in which it was added; every method returns new notes."""

    breakpoints: tuple[Breakpoint, ...] = ()
    bookmarks: tuple[Bookmark, ...] = ()
    watches: tuple[Watch, ...] = ()

    def add(self, note: Breakpoint | Bookmark | Watch) -> Notes:
        """Add one; what stands already is switched on, a second bookmark of a position takes the place of the first."""
        if isinstance(note, Breakpoint):
            if any(b.same(note) for b in self.breakpoints):
                return self.switch(note, note.enabled)
            return replace(self, breakpoints=(*self.breakpoints, note)[-MOST:])
        if isinstance(note, Bookmark):
            at = (note.iteration, note.k)
            others = [b for b in self.bookmarks if (b.iteration, b.k) != at]
            return replace(self, bookmarks=tuple(sorted((*others, note), key=lambda b: (b.iteration, b.k)))[-MOST:])
        return self if note in self.watches else replace(self, watches=(*self.watches, note)[-MOST:])

    def remove(self, note: Breakpoint | Bookmark | Watch) -> Notes:
        """Take one away; nothing happens where there is no such."""
        if isinstance(note, Breakpoint):
            return replace(self, breakpoints=tuple(b for b in self.breakpoints if not b.same(note)))
        if isinstance(note, Bookmark):
            at = (note.iteration, note.k)
            return replace(self, bookmarks=tuple(b for b in self.bookmarks if (b.iteration, b.k) != at))
        return replace(self, watches=tuple(w for w in self.watches if w != note))

    def switch(self, which: Breakpoint, on: bool | None = None) -> Notes:
        """Switch a breakpoint on or off; None turns it over."""
        return replace(
            self,
            breakpoints=tuple(
                replace(b, enabled=not b.enabled if on is None else on) if b.same(which) else b for b in self.breakpoints
            ),
        )

    def toggle_line(self, statement: Statement | BodyLine) -> Notes:
        """Put a breakpoint before a line, perhaps one of a `def`, or take it away."""
        return self.remove(line_breakpoint(statement)) if self.at_line(statement) else self.add(line_breakpoint(statement))

    def at_line(self, statement: Statement | BodyLine) -> Breakpoint | None:
        """Return the breakpoint before a line, on or off."""
        wanted = line_breakpoint(statement)
        return next((b for b in self.breakpoints if b.same(wanted)), None)

    def settled(self, program: Program) -> Notes:
        """Return the notes with the line breakpoints on the lines that they belong to now, as after an edit of the file.

        One whose line is gone stays, and never hits; bookmarks are kept within the iteration.
        """
        found: dict[tuple[Kind, str, int], Breakpoint] = {}
        for b in self.breakpoints:
            line = line_of(program, b)
            moved = b if line is None else replace(b, line=line.line)
            found.setdefault((moved.kind, moved.text, moved.line), moved)
        bookmarks = tuple(replace(b, k=min(b.k, len(program))) for b in self.bookmarks)
        return replace(self, breakpoints=tuple(found.values()), bookmarks=bookmarks)


def line_breakpoint(statement: Statement | BodyLine) -> Breakpoint:
    """Return the breakpoint that stands before a line."""
    return Breakpoint("line", statement.text, statement.line)


def line_of(program: Program, which: Breakpoint) -> Statement | BodyLine | None:
    """Return the line that a line breakpoint stands before, perhaps one of a `def`: of those with its text the nearest one."""
    if which.kind != "line":
        return None
    lines: list[Statement | BodyLine] = [*program.statements, *(b for f in program.functions for b in f.lines)]
    return min((s for s in lines if s.text == which.text), key=lambda s: abs(s.line - which.line), default=None)


def to_data(notes: Notes) -> dict[str, Any]:
    """Return the notes as plain data for JSON."""
    return {
        "breakpoints": [
            {"kind": b.kind, "text": b.text, "enabled": b.enabled} | ({"line": b.line} if b.kind == "line" else {})
            for b in notes.breakpoints
        ],
        "bookmarks": [{"iteration": b.iteration, "k": b.k, "note": b.note} for b in notes.bookmarks],
        "watches": [w.text for w in notes.watches],
    }


def from_data(data: object) -> tuple[Notes, tuple[str, ...]]:
    """Read what `to_data` wrote, whatever became of it; what does not fit is left out, each with one sentence."""
    if data is None:
        return Notes(), ()
    if not isinstance(data, Mapping):
        return Notes(), ("The breakpoints, bookmarks and watches could not be read: they are not in the form of this app.",)
    notes, said = Notes(), list[str]()
    for key, what, read in (
        ("breakpoints", "breakpoint", _breakpoint), ("bookmarks", "bookmark", _bookmark), ("watches", "watch", _watch),
    ):  # fmt: skip
        entries = data.get(key, ())
        if not isinstance(entries, Sequence) or isinstance(entries, (str, bytes)):
            said.append(f"The {key} could not be read: a list is needed.")
            continue
        for n, entry in enumerate(entries[:MOST], 1):
            note = read(entry)
            if note is None:
                said.append(f"{what.capitalize()} {n} could not be read and was left out.")
            else:
                notes = notes.add(note)
        if len(entries) > MOST:
            said.append(f"Only the first {MOST} {key} were read.")
    return notes, tuple(said)


def _breakpoint(entry: Any) -> Breakpoint | None:
    if not isinstance(entry, Mapping) or entry.get("kind") not in KINDS:
        return None
    kind, text, line = entry["kind"], _text(entry.get("text", ""), LONGEST_TEXT), entry.get("line", 0)
    enabled = entry.get("enabled", True)
    if text is None or (not text and kind != "finding") or not isinstance(enabled, bool) or not _whole(line, 0):
        return None
    return Breakpoint(kind, text, line if kind == "line" else 0, enabled)


def _bookmark(entry: Any) -> Bookmark | None:
    if not isinstance(entry, Mapping) or not _whole(entry.get("iteration"), 1) or not _whole(entry.get("k"), 0):
        return None
    note = _text(entry.get("note", ""), LONGEST_NOTE)
    return None if note is None else Bookmark(entry["iteration"], entry["k"], note)


def _watch(entry: Any) -> Watch | None:
    text = _text(entry, LONGEST_TEXT)
    return Watch(text) if text else None


def _text(text: Any, longest: int) -> str | None:
    return text if isinstance(text, str) and len(text) <= longest else None


def _whole(number: Any, least: int) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and least <= number < 2**53
