"""Lines written anew without more parentheses than they need."""

from __future__ import annotations

import ast
from typing import Any

from core.notation.syntax import python_tree


def tidy(segment: str, typed: str = "") -> str:
    """Return a line without parentheses that are not needed, those that were typed excepted."""
    try:
        wanted = ast.dump(ast_of(segment))
    except (SyntaxError, ValueError):
        return segment
    again = True
    while again:
        again = False
        for a, b in _pairs(segment):
            inner = segment[a : b + 1]
            if inner in typed:
                continue
            shorter = segment[:a] + segment[a + 1 : b] + segment[b + 1 :]
            try:
                same = ast.dump(ast_of(shorter)) == wanted
            except (SyntaxError, ValueError):
                continue
            if same:
                segment, again = shorter, True
                break
    return segment


def _pairs(segment: str) -> list[tuple[int, int]]:
    """Return where parentheses open and close."""
    found: list[tuple[int, int]] = []
    open_: list[int] = []
    for n, c in enumerate(segment):
        if c == "(":
            open_.append(n)
        elif c == ")" and open_:
            found.append((open_.pop(), n))
    return sorted(found)


def tidy_def(text: str) -> str:
    """Return a `def` whose returned expression has no parentheses around all of it."""
    lines = text.split("\n")
    for n, line in enumerate(lines):
        bare = line.strip()
        if bare.startswith("return (") and bare.endswith(")"):
            inner = bare[len("return (") : -1]
            try:
                if ast.dump(ast_of(f"_ = {inner}").value) == ast.dump(ast_of(f"_ = ({inner})").value):
                    lines[n] = line[: len(line) - len(line.lstrip())] + f"return {inner}"
            except (SyntaxError, ValueError):
                pass
    return "\n".join(lines)


def ast_of(segment: str) -> Any:
    """Return the one statement of a line."""
    return python_tree(segment.strip()).body[0]
