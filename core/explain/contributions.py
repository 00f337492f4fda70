"""What each term of a sum adds to one cell: of products, sums, means and losses, as numbers that add up to it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.explain.cells import Cell, aligned
from core.program.ir import Array, Instruction

Index = tuple[int | Array, ...]


@dataclass(frozen=True)
class Contributions:
    """The terms of one cell, in the order of the sum.

    `numbers[i]` is what term i adds to the cell, in the cell's own unit: those of a mean are divided already, so
    that they always add up to it. `places[k]` says for each axis of operand k, as the operation sees it, at which
    place the terms stand: one place for all of them or one for each; None where an operand lends them nothing.
    """

    numbers: Array
    places: tuple[Index | None, ...]

    def cell(self, operand: int, term: int) -> Cell | None:
        """Return the cell of an operand, as the operation sees it, that a term was made of."""
        place = self.places[operand]
        return None if place is None else tuple(int(p) if isinstance(p, int) else int(p[term]) for p in place)


def contributions(instruction: Instruction, operands: Sequence[Array], cell: Cell) -> Contributions | None:
    """Return what the terms of `cell` of the result add to it, None for an operation that adds nothing up.

    `operands` are given as the instruction sees them, transposed where it reads them so.
    """
    rule = _RULES.get(instruction.op)
    if rule is None:
        return None
    attributes = {k: v for k, v in instruction.attributes.items() if k != "in_place"}
    with np.errstate(all="ignore"):
        found = rule([np.asarray(o) for o in operands], cell, attributes)
        return None if found is None else Contributions(found.numbers + 0.0, found.places)  # −0 adds 0


def by_size(numbers: Array) -> Array:
    """Return the places of numbers from the largest magnitude to the smallest; NaN first, then the infinite ones."""
    rank = np.where(np.isnan(numbers), np.inf, np.abs(numbers))
    return np.lexsort((np.arange(rank.size), -rank, ~np.isnan(numbers)))


def total(numbers: Array) -> float:
    """Return the sum, rounded once; NaN and ∞ as NumPy adds them."""
    try:
        return math.fsum(numbers.tolist())
    except (OverflowError, ValueError):  # a sum beyond the largest float, or ∞ − ∞
        with np.errstate(all="ignore"):
            return float(np.sum(numbers))


def _product(operands: Sequence[Array], cell: Cell, attributes: dict[str, Any]) -> Contributions | None:
    a, b = operands
    if not a.ndim or not b.ndim:
        return None
    batch = cell[: max(a.ndim - 2, b.ndim - 2, 0)]
    rest = cell[len(batch) :]
    along = np.arange(a.shape[-1])
    at_a: Index = (*aligned(a.shape[:-2], batch), *(rest[:1] if a.ndim > 1 else ()), along)
    at_b: Index = (*aligned(b.shape[:-2], batch), along, *(rest[-1:] if b.ndim > 1 else ()))
    return Contributions(_floats(a[at_a]) * _floats(b[at_b]), (at_a, at_b))


def _dot(operands: Sequence[Array], cell: Cell, attributes: dict[str, Any]) -> Contributions | None:
    if max(o.ndim for o in operands) > 2:  # np.dot pairs every row with every column there
        return None
    return _product(operands, cell, attributes)


def _sum(operands: Sequence[Array], cell: Cell, attributes: dict[str, Any]) -> Contributions:
    (x,) = operands
    axis, keep = attributes.get("axis"), attributes.get("keepdims", False)
    named = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = sorted({a % x.ndim for a in named}) if x.ndim else []
    along = iter(np.unravel_index(np.arange(math.prod(x.shape[a] for a in gone)), [x.shape[a] for a in gone]) if gone else ())
    kept = iter(cell)
    place: list[int | Array] = []
    for i in range(x.ndim):
        at = next(kept) if keep or i not in gone else 0
        place.append(np.asarray(next(along)) if i in gone else at)
    return Contributions(_floats(x[tuple(place)]).reshape(-1), (tuple(place),))


def _mean(operands: Sequence[Array], cell: Cell, attributes: dict[str, Any]) -> Contributions:
    found = _sum(operands, cell, attributes)
    return Contributions(found.numbers / max(found.numbers.size, 1), found.places)


def _loss(formula: Callable[[Array, Array, dict[str, Any]], Array], over: str) -> Callable[..., Contributions | None]:
    """A loss that is a sum over cells, divided by the number of `cells`, of `samples`, or by nothing."""

    def rule(operands: Sequence[Array], cell: Cell, attributes: dict[str, Any]) -> Contributions | None:
        a, y = operands
        if a.shape != y.shape:
            return None
        terms = _floats(formula(_floats(a), _floats(y), attributes)).reshape(-1)
        if over and attributes.get("reduction", "mean") == "mean":
            terms = terms / (a.size if over == "cells" else a.shape[attributes["samples"]])
        place = tuple(np.asarray(i) for i in np.unravel_index(np.arange(a.size), a.shape)) if a.ndim else ()
        return Contributions(terms, (place, place))

    return rule


def _huber(a: Array, y: Array, attributes: dict[str, Any]) -> Array:
    e, delta = np.abs(a - y), attributes.get("delta", 1.0)
    return np.where(e <= delta, 0.5 * e**2, delta * (e - 0.5 * delta))


def _scores(operands: Sequence[Array], cell: Cell, attributes: dict[str, Any]) -> Contributions | None:
    """One term a sample: the log of the sum over its classes, less the score of the right class."""
    z, y = operands
    if z.ndim != 2:
        return None
    columns = attributes["samples"] == -1
    rows = _floats(z.T if columns else z)
    highest = rows.max(axis=1, keepdims=True)
    logs = highest + np.log(np.sum(np.exp(rows - highest), axis=1, keepdims=True))
    n = rows.shape[0]
    along = np.arange(n)
    if y.shape == z.shape:
        targets = _floats(y.T if columns else y)
        terms, right = np.sum(targets * (logs - rows), axis=1), np.argmax(targets, axis=1)
    else:
        right = y.reshape(-1).astype(int)
        terms = logs[:, 0] - rows[along, right]
    terms = terms / n if attributes.get("reduction", "mean") == "mean" else terms
    place: Index = (right, along) if columns else (along, right)
    return Contributions(terms, (place, None))


def _floats(x: Any) -> Array:
    return np.asarray(x, dtype=np.float64)


_RULES: dict[str, Callable[..., Contributions | None]] = {
    "matmul": _product, "dot": _dot, "sum": _sum, "mean": _mean, "softmax_cross_entropy": _scores,
    "mse": _loss(lambda a, y, _: (a - y) ** 2, "cells"), "sse": _loss(lambda a, y, _: (a - y) ** 2, ""),
    "half_sse": _loss(lambda a, y, _: 0.5 * (a - y) ** 2, ""), "mae": _loss(lambda a, y, _: np.abs(a - y), "samples"),
    "huber": _loss(_huber, "samples"), "hinge": _loss(lambda a, y, _: np.maximum(1 - y * a, 0), "samples"),
    "bce": _loss(lambda a, y, _: -(y * np.log(a) + (1 - y) * np.log(1 - a)), "samples"),
    "bce_with_logits": _loss(lambda z, y, _: np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))), "samples"),
    "cross_entropy": _loss(lambda a, y, _: -y * np.log(a), "samples"),
}  # fmt: skip
