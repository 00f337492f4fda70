"""Text → statements, without the lines that cannot be read; each of those with one sentence."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import NotationError
from core.notation.parse import MOST_CHARACTERS, Raw, Source, lines_of, parse
from core.notation.syntax import python_tree

MOST = 20
_WRAPPED = re.compile(r"^this is not a line that Python could read \((.*)\)$", re.DOTALL)
_OPENED = re.compile(r"expected an indented block after .* on line (\d+)")
_LOOPS = re.compile(r"expected an indented block after '(for|while|if|with|try|class)'")
_GIVES = re.compile(r"^\s*(?:def\s+)?([^\W\d]\w*)\s*(?:\(|\[|(?:\*\*|//|[-+*/@])?=(?!=)|$)")
_CLOSED = re.compile(r"'(.)' was never closed")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with the lines `line` to `last`, in one sentence.

    What is underlined stands in `line` from `column` up to, not including, `end`; both count characters from 0.
    """

    line: int
    last: int
    column: int
    end: int
    message: str


def lost_names(text: str, troubles: Sequence[Trouble]) -> dict[str, int]:
    """Return the names that lines which cannot be read would give, each with the first such line."""
    rows = lines_of(text)
    found: dict[str, int] = {}
    for trouble in troubles:
        for number in range(trouble.line, min(trouble.last, len(rows)) + 1):
            match = _GIVES.match(rows[number - 1])
            if match:
                found.setdefault(match[1], number)
    return found


def read(text: str) -> tuple[Source, list[Raw | ast.Expr], list[Trouble]]:
    """Return what of a text can be read, its statements, and what is wrong with the rest."""
    rows = lines_of(text)
    troubles: list[Trouble] = []
    if len(text) > MOST_CHARACTERS:
        return Source(lines=rows), [], [Trouble(1, 1, 0, len(rows[0]), "The text is too long for a program.")]
    left = [row.replace("\0", " ") for row in rows]
    for number, row in enumerate(rows, 1):
        if "\0" in row:
            at = row.index("\0")
            troubles.append(Trouble(number, number, at, at + 1, "No program can hold this character (NUL); take it out."))
            left[number - 1] = ""
            break
    for _ in range(MOST):
        try:
            source = parse("\n".join(left))
        except NotationError as error:
            first, last, is_syntax = _statement_at(left, error)
            if not _follows_another(rows, first, troubles) and "".join(left[first - 1 : last]).strip():
                troubles.append(_trouble(rows, first, last, error, is_syntax))
            for n in range(first, last + 1):
                left[n - 1] = ""
        else:
            return source, source.statements, troubles
    return Source(lines=rows), [], troubles


def node_range(rows: Sequence[str], node: ast.expr) -> tuple[int, int]:
    """Return the columns of a node in its first line, in characters from 0 (`ast` counts bytes)."""
    row = rows[node.lineno - 1].encode() if node.lineno <= len(rows) else b""
    end = node.end_col_offset if node.end_lineno == node.lineno and node.end_col_offset is not None else len(row)
    start = len(row[: node.col_offset].decode("utf-8", "ignore"))
    return start, max(start + 1, len(row[:end].decode("utf-8", "ignore")))


def _statement_at(rows: Sequence[str], error: NotationError) -> tuple[int, int, bool]:
    """Return the first and the last line of the statement that an error is in, and whether Python cannot read it."""
    line = min(max(error.line, 1), max(len(rows), 1))
    try:
        body = python_tree("\n".join(rows)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        opened = _OPENED.search(error.bare)
        if opened:
            line = int(opened[1])
        while line > 1 and not rows[line - 1].strip():
            line -= 1
        if not rows[line - 1].strip():  # nothing above it: the fault is somewhere below
            line = next((n for n, row in enumerate(rows, 1) if row.strip()), line)
        return line, line, True
    for node in body:
        if node.lineno <= line <= (node.end_lineno or node.lineno):
            return node.lineno, node.end_lineno or node.lineno, False
    return line, line, False


def _follows_another(rows: Sequence[str], line: int, troubles: Sequence[Trouble]) -> bool:
    """Tell whether a line only cannot be read because one above it could not: the body of a `def`, the rest of a bracket."""
    indented = rows[line - 1][:1] in (" ", "\t", ")", "]", "}")
    above = max((t.line for t in troubles if t.line < line), default=0)
    return indented and above > 0 and all(not r.strip() or r[:1] in (" ", "\t", ")", "]", "}") for r in rows[above:line])


def _trouble(rows: Sequence[str], first: int, last: int, error: NotationError, is_syntax: bool) -> Trouble:
    row = rows[first - 1]
    start = len(row) - len(row.lstrip())
    at = start
    if error.line == first:
        column = error.column - 1
        at = column if is_syntax else len(row.encode()[:column].decode("utf-8", "ignore"))
    at = max(start, min(at, len(row.rstrip()) - 1)) if row.strip() else 0
    end = len(row.rstrip()) if not is_syntax or at < start + 1 else _word_end(row, at)
    return Trouble(first, last, at, max(at + 1, end), said(error))


def _word_end(row: str, at: int) -> int:
    match = re.compile(r"\w+|\S").match(row, at)
    return match.end() if match else at + 1


def said(error: NotationError) -> str:
    """Return the reason of an error in words of a person: those of Python's reader are kept where they help."""
    match = _WRAPPED.match(error.bare)
    if match is None:
        return error.bare if error.bare.endswith((".", "?")) else f"{error.bare}."
    reason = match[1]
    closed = _CLOSED.search(reason)
    if closed:
        return f"The bracket `{closed[1]}` is not closed."
    if reason == "invalid syntax":
        return "This line cannot be read from here on; something is missing, or stands there too much."
    if "forgot a comma" in reason:
        return "Something is missing here: perhaps an operator or a comma."
    if "Maybe you meant '=='" in reason:
        return "One `=` gives a name a value, and only a name can stand left of it; `==` compares."
    if "unterminated" in reason:
        return "A text in quotes is not ended in this line."
    loop = _LOOPS.search(reason)
    if loop:
        return f"`{loop[1]}` is not part of the notation; write the lines of one iteration, one under the other."
    if _OPENED.search(reason):
        return "After this line one that is four spaces in is needed, as `    return x * 2`."
    if "indent" in reason:
        return "The indent of this line does not fit: lines of a program begin at the left edge, those of a `def` four spaces in."
    return f"This line cannot be read: {reason[:200].rstrip('.?!')}."
