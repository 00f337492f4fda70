"""Layers without an order: the one in which their sizes chain, with the matrices stored as names of that kind usually are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from core.files.inference.infer_groups import Group
from core.files.inference.infer_names import Named, number_key, order_key, words
from core.files.saved import Tensor

Orientation = Literal["out,in", "in,out"]
ORIENTATIONS: tuple[Orientation, ...] = ("out,in", "in,out")
_MOST_SEARCHED = 7
"""Of so many layers every order is tried where neither their names nor the file's order chain."""


@dataclass(frozen=True)
class Reading:
    """One way to read the file: an order, how matrices are stored, whether they hold the bias; and how far it chains."""

    groups: tuple[Group, ...]
    orientation: Orientation
    column: bool
    fits: int
    how: str


def best(groups: Sequence[Group], wanted: Sequence[Orientation], theta: bool) -> list[Reading]:
    """Return the readings that chain furthest, of the most trusted order; two only where both orientations fit alike."""
    best: list[Reading] = []
    for how, order in _orders(groups):
        for column in (True, False) if theta else (False, True):
            possible: list[Orientation] = [o for o in wanted if not column or o == "out,in"]
            found = [Reading(tuple(order), o, column, _chained(order, o, column), how) for o in possible]
            found = [r for r in found if r.fits == max(x.fits for x in found)]
            if found and (not best or found[0].fits > best[0].fits):
                best = found
            if best and best[0].fits == len(groups):
                return best
    return best


def _orders(groups: Sequence[Group]) -> Iterator[tuple[str, list[Group]]]:
    """Yield orders of the layers with the reason for each, the most trusted first."""
    natural = sorted(groups, key=lambda g: order_key(g.name))
    counted = sorted(groups, key=lambda g: number_key(g.name, g.norm))
    asis = sorted(groups, key=lambda g: g.at)
    numbered = all(any(w.isdigit() for w in g.name) or order_key(g.name)[0] for g in groups) or _one_stem(groups)
    # A file that is not simply sorted has an order of its own, which says more than names of several kinds: conv4, dense5.
    sorted_file = [g.label for g in asis] == sorted(g.label for g in groups)
    names = ("in the order of their names", natural)
    file = ("in the order of the file", asis)
    for how, order in (names, file) if numbered and (sorted_file or _one_stem(groups)) else (file, names):
        if not _norms_lead(order) or (order is asis and not sorted_file):
            yield how, order
    yield "by the numbers in their names", counted
    yield file
    for orientation in ORIENTATIONS:
        placed = _placed([g for g in natural if not g.norm], [g for g in natural if g.norm], orientation)
        if placed is not None:
            yield "with each normalisation after a layer of its size", placed
    if len(groups) <= _MOST_SEARCHED:
        for orientation in ORIENTATIONS:
            order = _searched(groups, orientation)
            if order is not None:
                yield "in the only order in which their sizes chain", order


def _placed(layers: Sequence[Group], norms: Sequence[Group], orientation: Orientation) -> list[Group] | None:
    """Return the layers with each normalisation after one of its size, as early as there is one; None if there is none.

    Keras numbers the layers of a class by themselves: dense, dense_1, batch_normalization.
    """
    if not norms or any(g.why_closed for g in layers):
        return None
    order: list[Group] = []
    waiting = list(norms)
    for layer in layers:
        order.append(layer)
        if waiting and sizes_of(layer, orientation, False)[1] == waiting[0].tensors["gamma"].count:
            order.append(waiting.pop(0))
    return order if not waiting else None


def _one_stem(groups: Sequence[Group]) -> bool:
    """Tell whether the names differ in numbers alone: dense, dense_1, dense_2."""
    return len({tuple(w for w in g.name if not w.isdigit()) for g in groups}) == 1


def _norms_lead(order: Sequence[Group]) -> bool:
    """Tell whether a normalisation stands first or after another: then its name is of its kind, not of its place."""
    return (bool(order) and order[0].norm) or any(a.norm and b.norm for a, b in pairwise(order))


def sizes_of(g: Group, orientation: Orientation, column: bool) -> tuple[int, int]:
    """Return how many numbers enter a dense layer, and how many units it has."""
    assert g.weight is not None
    rows, columns = g.weight.shape
    entering, units = (columns, rows) if orientation == "out,in" else (rows, columns)
    return entering - column, units


def _chained(order: Sequence[Group], orientation: Orientation, column: bool) -> int:
    """Return how many layers from the first one fit: each takes what the one before gives, and its bias fits its units."""
    flow: int | None = None
    for n, g in enumerate(order):
        if g.why_closed:
            flow = flow if set(g.tensors) == {"slope"} else None
            continue
        if g.norm:
            size = g.tensors["gamma"].count
            if flow not in (None, size):
                return n
            flow = size
            continue
        entering, units = sizes_of(g, orientation, column)
        bias = g.tensors.get("bias")
        if entering < 1 or flow not in (None, entering):
            return n
        if bias is not None and (column or not _bias_fits(bias, units, orientation)):
            return n
        flow = units
    return len(order)


def _bias_fits(bias: Tensor, units: int, orientation: Orientation) -> bool:
    """Tell whether a bias has a number a unit; a column of it belongs to W @ X, whose W has a row a unit."""
    if bias.count != units or len(bias.shape) > 2:
        return False
    return not (len(bias.shape) == 2 and units > 1 and bias.shape[1] == 1 and orientation == "in,out")


def _searched(groups: Sequence[Group], orientation: Orientation) -> list[Group] | None:
    """Return the one order in which dense layers chain, None if there is none or more than one."""
    if any(g.norm or g.why_closed for g in groups):
        return None
    found: list[list[Group]] = []

    def walk(done: list[Group], rest: list[Group]) -> None:
        if len(found) > 1:
            return
        if not rest:
            found.append(done)
        for g in rest:
            if _chained([*done[-1:], g], orientation, False) == len(done[-1:]) + 1:
                walk([*done, g], [x for x in rest if x is not g])

    walk([], list(groups))
    return found[0] if len(found) == 1 else None


def chosen_of(readings: Sequence[Reading], kept: Sequence[Named]) -> Reading:
    """Choose between orientations that both fit: what writes such names stores its matrices so."""
    usual = _usual(kept)
    return next((r for r in readings if r.orientation == usual), readings[0])


def _usual(kept: Sequence[Named]) -> Orientation:
    parts = {w for n in kept for w in words(n.tensor.name)}
    column = any(n.role == "bias" and len(n.shape) == 2 and n.shape[1] == 1 and n.shape[0] > 1 for n in kept)
    row = any(n.role == "bias" and len(n.shape) == 2 and n.shape[0] == 1 and n.shape[1] > 1 for n in kept)
    if column or row:
        return "out,in" if column else "in,out"
    if parts & {"kernel", "kernels", "coef", "coefs", "syn"}:
        return "in,out"
    if parts & {"weight", "theta"}:
        return "out,in"
    return "in,out"
