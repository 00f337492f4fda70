"""JSON of a file, read so that nothing in it costs more than its size: depth, repeated keys and huge numbers are refused."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from core.files.problem import FileProblem, shown

DEEPEST = 200
_LONGEST_NUMBER = 400
_MARKS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
"""A text as a whole, or a bracket; it never goes back over what it has read, so it takes time in proportion to the text."""


def loads(data: bytes | str, what: str, deepest: int = DEEPEST) -> Any:
    """Return the value that a JSON text says; `what` is what messages call it ("its header").

    NaN, Infinity and -Infinity are taken as Python writes them.

    Raises:
        FileProblem: for anything that is not plain JSON in UTF-8, is nested deeper than `deepest` or gives a key twice.
    """
    if isinstance(data, bytes):
        try:
            data = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise FileProblem(
                f"{what} is no text in UTF-8 (byte {error.start} is none); the file is damaged, save it anew"
            ) from None
    _check_depth(data, what, deepest)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        got = dict(items)
        if len(got) != len(items):
            seen: set[str] = set()
            twice = next(k for k, _ in items if k in seen or seen.add(k))
            raise FileProblem(f"{what} gives {shown(twice)} twice; save it anew, with each name once")
        return got

    def whole(text: str) -> int:
        if len(text) > _LONGEST_NUMBER:
            raise FileProblem(f"{what} holds a number of {len(text)} digits, too long to be one of a network; save it anew")
        return int(text)

    try:
        return json.loads(data, object_pairs_hook=pairs, parse_int=whole)
    except json.JSONDecodeError as error:
        _no_json(what, f"{error.msg} in line {error.lineno}, column {error.colno}")
    except RecursionError:
        raise _deep(what, deepest) from None


def _check_depth(text: str, what: str, deepest: int) -> None:
    """Refuse a text that is nested too deep, before a parser recurses into it. Brackets within texts do not count."""
    if text.count("[") + text.count("{") <= deepest:
        return
    depth = 0
    for found in _MARKS.finditer(text):
        mark = found[0][0]
        if mark in "[{":
            depth += 1
            if depth > deepest:
                raise _deep(what, deepest)
        elif mark != '"':
            depth -= 1


def _deep(what: str, deepest: int) -> FileProblem:
    return FileProblem(f"{what} is nested more than {deepest} deep, which no network is; save it anew")


def _no_json(what: str, why: str) -> NoReturn:
    raise FileProblem(f"{what} is no JSON ({why}); the file is damaged or cut short, download or save it again") from None
