"""Operations that move, pick or copy cells: for each cell of the result, the one that it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from core.explain.cells import NO_CELLS, Cell, Cells, aligned
from core.explain.place import Arithmetic, Place


def moved(where: Callable[[Place], Cell]) -> Callable[[Place], Arithmetic]:
    def rule(p: Place) -> Arithmetic:
        cell = where(p)
        rest = tuple(NO_CELLS for _ in p.operands[1:])
        return Arithmetic(f"{index_text(p.names[0], cell)} = {p.own}", (Cells.one(cell), *rest))

    return rule


def index_text(name: str, cell: Cell) -> str:
    """Return a cell as it is written: `W1[0, 2]`; a single number by its name alone."""
    return f"{name}[{', '.join(str(i) for i in cell)}]" if cell else name


def _refilled(p: Place) -> Cell:
    flat = int(np.ravel_multi_index(p.cell, p.result.shape)) if p.cell else 0
    return tuple(int(i) for i in np.unravel_index(flat, p.operands[0].shape)) if p.operands[0].ndim else ()


def _transposed(p: Place) -> Cell:
    axes = p.attributes.get("axes")
    if axes is None:
        return p.cell[::-1]
    found = [0] * len(p.cell)
    for at, axis in zip(p.cell, axes, strict=True):
        found[axis % len(found)] = at
    return tuple(found)


def _swapped(p: Place) -> Cell:
    found = list(p.cell)
    i, j = p.attributes.get("axis1", -1), p.attributes.get("axis2", -2)
    found[i], found[j] = found[j], found[i]
    return tuple(found)


def _ranges(shape: tuple[int, ...], index: Sequence[Any]) -> list[range | int | None]:
    """Spell out an index: for each item the range it covers, a single place, or None for a new axis."""
    items = list(index)
    used = sum(1 for i in items if i is not None and i is not Ellipsis)
    fill: list[Any] = [(None, None, None)] * (len(shape) - used)
    at = next((n for n, i in enumerate(items) if i is Ellipsis), None)
    items = [*items, *fill] if at is None else [*items[:at], *fill, *items[at + 1 :]]
    sizes = iter(shape)
    found: list[range | int | None] = []
    for item in items:
        if item is None:
            found.append(None)
            continue
        n = next(sizes)
        found.append(range(*slice(*item).indices(n)) if isinstance(item, tuple) else item % n)
    return found


def _picked(p: Place) -> Cell:
    cell = iter(p.cell)
    found: list[int] = []
    for item in _ranges(p.operands[0].shape, p.attributes["index"]):
        if item is None:
            next(cell)
        else:
            found.append(item[next(cell)] if isinstance(item, range) else item)
    return tuple(found)


def _unslice(p: Place) -> Arithmetic:
    found: list[int] = []
    sizes = iter(p.cell)
    for item in _ranges(p.result.shape, p.attributes["index"]):
        if item is None:
            found.append(0)
            continue
        at = next(sizes)
        if at not in (item if isinstance(item, range) else (item,)):
            return Arithmetic("nothing was read from this cell, so it is 0", (NO_CELLS, NO_CELLS))
        if isinstance(item, range):
            found.append(item.index(at))
    cell = aligned(p.operands[0].shape, tuple(found))
    return Arithmetic(f"{index_text(p.names[0], cell)} = {p.own}", (Cells.one(cell), NO_CELLS))


def like(word: str) -> Callable[[Place], Arithmetic]:
    return lambda p: Arithmetic(f"every cell is {word}: {p.own}", (NO_CELLS,))


def _size_of(p: Place) -> Arithmetic:
    shape = "×".join(str(n) for n in p.operands[0].shape)
    return Arithmetic(f"axis {p.attributes['axis']} of the shape {shape} has the size {p.own}", (NO_CELLS,))


_SAME_CELL = moved(lambda p: p.cell)
_REFILLED = moved(_refilled)
RULES: dict[str, Callable[[Place], Arithmetic]] = {
    "identity": _SAME_CELL, "copy": _SAME_CELL, "astype": _SAME_CELL,
    "reshape": _REFILLED, "reshape_like": _REFILLED, "expand_dims": _REFILLED, "squeeze": _REFILLED,
    "transpose": moved(_transposed), "swapaxes": moved(_swapped), "getitem": moved(_picked), "unslice": _unslice,
    "ones_like": like("1"), "zeros_like": like("0"), "size_of": _size_of,
}  # fmt: skip
