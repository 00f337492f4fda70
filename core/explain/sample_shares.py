"""Which sample contributed how much to one number, such as a cell of a gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.explain import moving
from core.explain.cells import Cell, aligned
from core.explain.contributions import contributions, total
from core.explain.place import Place
from core.explain.reasons import Reader, Sum, Term, largest_of, own_cell, sample_index, sample_places
from core.program.ir import Array, Instruction, Program

DEEPEST = 30
_ONE_CELL = {"identity", "copy", "astype", "reshape", "reshape_like", "expand_dims", "squeeze", "transpose", "swapaxes"}


@dataclass(frozen=True)
class Shares:
    """What each sample of a batch adds to a number, by its place in the batch, and what belongs to no sample.

    Both together add up to the number. The second is 0 but for lines such as `dW1 = dZ1 @ X.T + l2 * W1`.
    """

    numbers: Array
    other: float


def shares(program: Program, value: int, cell: Cell, read: Reader, axes: dict[int, int]) -> Shares | None:
    """Return what each sample adds to a cell, None where its number is not a sum over the samples.

    A sum over the samples is found through what only scales, negates, moves or adds: `(dZ1 @ X.T) / m`. `axes`
    is what `core.explain.samples.sample_axes` found.
    """
    with np.errstate(all="ignore"):
        return _shares(program, value, cell, read, axes, DEEPEST)


def by_sample(found: Shares, samples: Sequence[int] | Array, most: int) -> Sum:
    """Return shares as a sum with a term for each sample by its index in the data, the largest ones first.

    What belongs to no sample is the last term.
    """
    largest, rest = largest_of(found.numbers, most)
    terms = [Term((), float(found.numbers[i]), sample_index(samples, i)) for i in largest]
    if found.other:
        terms.append(Term((), found.other))
    return Sum(tuple(terms), found.numbers.size - len(largest), rest)


def _shares(program: Program, value: int, cell: Cell, read: Reader, axes: dict[int, int], depth: int) -> Shares | None:
    maker = program.makers.get(value)
    if maker is None or value in axes or not depth:  # what has a sample axis itself belongs to one sample
        return None
    i = program.instructions[maker]
    arrays = [_seen(program, i, n, read) for n in range(len(i.operands))]
    result = read(value)
    if result is None or any(a is None for a in arrays):
        return None
    operands = [np.asarray(a) for a in arrays]
    found = contributions(i, operands, cell)
    if found is not None:
        places = sample_places(i, found, axes)
        return None if places is None else Shares(_gathered(places, found.numbers), 0.0)

    def of(n: int, seen: Cell) -> Shares | None:
        o = i.operands[n]
        return None if o.value is None else _shares(program, o.value, own_cell(o, seen), read, axes, depth - 1)

    cells = [aligned(o.shape, cell) for o in operands] if i.op in _CELLWISE else []
    numbers = [float(o[c]) for o, c in zip(operands, cells, strict=False)]
    if i.op in ("add", "subtract"):
        return _added([of(n, c) for n, c in enumerate(cells)], numbers, -1.0 if i.op == "subtract" else 1.0)
    if i.op == "negative":
        return _scaled(of(0, cells[0]), -1.0)
    if i.op == "divide":
        return None if of(1, cells[1]) is not None else _scaled(of(0, cells[0]), 1.0 / numbers[1])
    if i.op == "multiply":
        first, second = of(0, cells[0]), of(1, cells[1])
        if (first is None) == (second is None):
            return None
        return _scaled(first, numbers[1]) if second is None else _scaled(second, numbers[0])
    if i.op in _ONE_CELL:
        place = Place(i, tuple(operands), result, cell, tuple("ab"[: len(operands)]))
        return of(0, next(iter(moving.RULES[i.op](place).sources[0])))
    return None


_CELLWISE = {"add", "subtract", "multiply", "divide", "negative"}


def _seen(program: Program, i: Instruction, n: int, read: Reader) -> Any:
    o = i.operands[n]
    if o.value is None:
        return o.number
    array = read(o.value)
    return array.T if array is not None and o.transposed else array


def _gathered(places: Array, numbers: Array) -> Array:
    """Add up the terms of each place; NaN and ∞ stay with their own sample."""
    if places.size == numbers.size and np.array_equal(places, np.arange(places.size)):
        return numbers
    found = np.zeros(int(places.max()) + 1 if places.size else 0)
    np.add.at(found, places, numbers)
    return found


def _scaled(found: Shares | None, by: float) -> Shares | None:
    return None if found is None else Shares(found.numbers * by, found.other * by)


def _added(parts: list[Shares | None], numbers: list[float], sign: float) -> Shares | None:
    a, b = parts
    if a is None and b is None:
        return None
    first = a if a is not None else Shares(np.zeros(0), numbers[0])
    second = b if b is not None else Shares(np.zeros(0), numbers[1])
    size = max(first.numbers.size, second.numbers.size)
    together = _filled(first.numbers, size) + sign * _filled(second.numbers, size)
    return Shares(together, total(np.array([first.other, sign * second.other])))


def _filled(numbers: Array, size: int) -> Array:
    return np.concatenate([numbers, np.zeros(size - numbers.size)])
