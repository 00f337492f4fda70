"""JSON of a file, read so that nothing in it costs more than its size: depth, repeated keys and huge numbers are refused."""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any, NoReturn

from core.files.problem import FileProblem, shown

DEEPEST = 200
MOST_LISTS, MOST_TEXTS = 8_000_000, 4_000_000
"""Lists and mappings, and texts, that one JSON may hold: Python takes some hundred bytes for each of them."""

_TEXT = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""A text as a whole; it never goes back over what it has read, so it takes time in proportion to the text."""
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_STEPS = {ord("["): 1, ord("]"): -1}
_NO_BRACKETS = bytes(n for n in range(256) if n not in b"[]{}")


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
    _check_size(data, what)
    _check_depth(data, what, deepest)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        got = dict(items)
        if len(got) != len(items):
            seen: set[str] = set()
            twice = next(k for k, _ in items if k in seen or seen.add(k))
            raise FileProblem(f"{what} gives {shown(twice)} twice; save it anew, with each name once")
        return got

    try:
        return json.loads(data, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        _no_json(what, f"{error.msg} in line {error.lineno}, column {error.colno}")
    except ValueError:  # Python reads no whole number of more than 4300 digits
        raise FileProblem(
            f"{what} holds a number of thousands of digits, too long to be one of a network; save it anew"
        ) from None
    except RecursionError:
        raise _deep(what, deepest) from None


def _check_size(text: str, what: str) -> None:
    """Refuse what is cut short, or holds more than any network, before it is read: that may take long and much memory."""
    start, end = text.lstrip()[:1], text.rstrip()[-1:]
    if (start, end) != ("{", "}") and start in ("{", "[") and (start, end) != ("[", "]"):
        _no_json(what, f"it begins with {start} and ends with {shown(end)}")
    if text.count("[") + text.count("{") > MOST_LISTS or text.count('"') > 2 * MOST_TEXTS:
        raise FileProblem(
            f"{what} holds millions of lists or texts, more than any network; save its weights with np.savez as .npz"
        )


def _check_depth(text: str, what: str, deepest: int) -> None:
    """Refuse a text that is nested too deep, before a parser recurses into it. Brackets within texts do not count."""
    if text.count("[") + text.count("{") <= deepest:
        return
    left = _TEXT.sub("", text).encode("utf-8", "surrogatepass").translate(_BRACKETS, _NO_BRACKETS)
    deep, before = 0, 2 * len(left)
    while b"[]" in left and 2 * len(left) <= before:  # each turn takes the innermost pairs away, as long as those are many
        before, left, deep = len(left), left.replace(b"[]", b""), deep + 1
    if deep + max(accumulate(map(_STEPS.__getitem__, left)), default=0) > deepest:  # what does not match, the parser refuses
        raise _deep(what, deepest)


def _deep(what: str, deepest: int) -> FileProblem:
    return FileProblem(f"{what} is nested more than {deepest} deep, which no network is; save it anew")


def _no_json(what: str, why: str) -> NoReturn:
    raise FileProblem(f"{what} is no JSON ({why}); the file is damaged or cut short, download or save it again") from None
