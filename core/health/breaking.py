"""Why finite numbers gave NaN or ±∞, and the cell of an operand that did it, by operation."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from core.explain.numbers import number
from core.health.sizes import largest
from core.health.spot import Spot, Step, limits


def broke(s: Spot) -> Step:
    """Return why a cell is NaN or ±∞ though everything it was made of is finite, and the operand's cell that did it."""
    rule = _BREAKING.get(s.op)
    step = rule(s) if rule is not None else None
    return step or _overflow(s)


def _divide(s: Spot) -> Step | None:
    a, b = s.numbers()
    if b != 0:
        return None
    what = "0 / 0 has no value" if a == 0 else "a division by exactly 0"
    return Step(what, 1, s.places()[1])


def _log(s: Spot) -> Step | None:
    (x,) = s.numbers()
    what = "the logarithm of exactly 0" if x == 0 else "a negative number has no logarithm"
    return Step(what, 0, s.cell)


def _root(s: Spot) -> Step | None:
    return Step("a negative number has no square root", 0, s.cell)


def _exp(s: Spot) -> Step | None:
    return Step(f"exp overflows {s.kind} above {limits(s.result.dtype)[0]:.4g}", 0, s.places()[0])


def _power(s: Spot) -> Step | None:
    a, b = s.numbers()
    if a == 0 and b < 0:
        return Step("a negative power of 0 is a division by exactly 0", 0, s.places()[0])
    if a < 0 and b != math.floor(b):
        return Step("a broken power of a negative number is not a real number", 0, s.places()[0])
    return None


def _log_loss(s: Spot) -> Step | None:
    """A loss that takes logarithms of probabilities: the first cell at which one fails."""
    a, y = (np.asarray(o, dtype=s.seen[0].dtype) for o in s.seen)
    with np.errstate(all="ignore"):
        terms = y * np.log(a) + ((1 - y) * np.log(1 - a) if s.op == "bce" else 0)
    bad = np.argwhere(~np.isfinite(terms))
    if not len(bad):
        return None
    cell = tuple(int(c) for c in bad[0])
    p = float(a[cell])
    if p == 0:
        what = "it takes the logarithm of exactly 0"
    elif p == 1:
        what = "it takes log(1 − 1), the logarithm of exactly 0"
    else:
        what = f"it takes the logarithm of a negative number, as {number(p)} is no probability"
    return Step(what, 0, cell)


def _overflow(s: Spot) -> Step:
    """Everything else: too large a result."""
    kind = s.result.dtype
    end = f"beyond {number(np.finfo(kind).max)}, the largest number of {s.kind}" if kind.kind == "f" else ""
    found = largest(s)
    text = f"the result lies {end}" if end else "the result is too large"
    return Step(text, *found) if found else Step(text)


_BREAKING: dict[str, Callable[[Spot], Step | None]] = {
    "divide": _divide, "log": _log, "sqrt": _root, "exp": _exp, "power": _power, "power_function": _power,
    "bce": _log_loss, "cross_entropy": _log_loss,
}  # fmt: skip
