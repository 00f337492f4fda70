"""Placeholders in the texts of a lesson: what they say, and how a number stands in a sentence.

`{value: EXPRESSION}`, `{shape: EXPRESSION}`, `{loss: iteration N}`, `{loss: epoch N}` and `{line: NAME}`, each with more
after `|`: `in VARIANT`, `iteration N`, `digits N`, `places N`, `percent`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import NotationError
from core.explain.numbers import number
from core.program.ir import Array
from core.quiz import shape_text

_PLACEHOLDER = re.compile(r"\{(\w+):([^{}]*)\}")
_BRACE = re.compile(r"[{}]")
MOST_CELLS = 24
Kind = Literal["value", "shape", "loss", "line"]


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder; `of` is its expression, name, or `iteration` or `epoch` for a loss (then `count` is which).

    `iteration` is 0 where the step stands. `digits` and `places` are None if not said.
    """

    kind: Kind
    of: str
    count: int = 0
    variant: str = ""
    iteration: int = 0
    digits: int | None = None
    places: int | None = None
    percent: bool = False


def parts_of(text: str) -> list[str | Placeholder]:
    """Split a text into words and placeholders; raises NotationError for one that is none."""
    found: list[str | Placeholder] = []
    at = 0
    for match in _PLACEHOLDER.finditer(text):
        found += [_plain(text[at : match.start()]), _placeholder(match[1], match[2], match[0])]
        at = match.end()
    return [*found, _plain(text[at:])]


def _plain(text: str) -> str:
    brace = _BRACE.search(text)
    if brace is not None:
        near = text[max(0, brace.start() - 5) : brace.start() + 20].replace("\n", " ")
        raise NotationError(f"`{near}` has a brace that belongs to no placeholder such as {{value: sum(dW2)}}")
    return text


def _placeholder(kind: str, inside: str, whole: str) -> Placeholder:
    of, *more = (" ".join(part.split()) for part in inside.split("|"))
    if kind not in ("value", "shape", "loss", "line") or not of:
        raise NotationError(f"`{whole}` is no placeholder; there are {{value: …}}, {{shape: …}}, {{loss: …}} and {{line: …}}")
    count = 0
    if kind == "loss":
        of, _, n = of.partition(" ")
        if of not in ("iteration", "epoch") or not n.isdecimal() or int(n) < 1:
            raise NotationError(f"`{whole}` must name an iteration or an epoch, as in {{loss: epoch 20}}")
        count = int(n)
    variant, iteration, percent = "", 0, False
    digits: int | None = None
    places: int | None = None
    for part in more:
        word, _, rest = part.partition(" ")
        if word == "in" and rest:
            variant = rest
        elif part == "percent":
            percent = True
        elif (
            word in ("iteration", "digits", "places") and rest.isdecimal() and int(rest) <= (17 if word != "iteration" else 10**6)
        ):
            iteration = int(rest) if word == "iteration" else iteration
            digits = int(rest) if word == "digits" else digits
            places = int(rest) if word == "places" else places
        else:
            raise NotationError(
                f"`{whole}`: `{part}` is not known; after | can stand in VARIANT, iteration N, digits N, places N or percent"
            )
    return Placeholder(kind, of, count, variant, iteration, digits, places, percent)


def in_words(p: Placeholder, answer: Array) -> str:
    """Return an answer as it stands in a sentence; raises NotationError where it is too large for one."""
    if p.kind == "shape":
        return shape_text(answer.shape)
    if answer.size > MOST_CELLS:
        raise NotationError(f"`{p.of}` has {answer.size} numbers; a sentence holds at most {MOST_CELLS}")
    return _cells(p, answer)


def _cells(p: Placeholder, answer: Array) -> str:
    row = np.squeeze(answer)
    if row.ndim == 0:
        return _number(p, float(row))
    return ", ".join(_cells(p, part) if part.ndim == 0 else f"[{_cells(p, part)}]" for part in row)


def _number(p: Placeholder, x: float) -> str:
    finite = abs(x) < float("inf")  # NaN is not
    if p.percent and finite:
        return f"{100 * x:.{p.places or 0}f} %".replace("-", "−")
    if p.places is not None and finite:
        return f"{x:.{p.places}f}".replace("-", "−")
    if p.digits is None:
        return number(x)
    return repr(x).replace("-", "−") if p.digits > 16 and finite else number(x, max(p.digits, 1))
