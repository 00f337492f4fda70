"""What is gathered of an array that comes in flat pieces: its extremes and moments, and the averages of its blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Summary:
    """What there is to say of an array: of its finite numbers the extremes, mean and standard deviation, None if there is none.

    Complex numbers count by their absolute value, truth values as 0 and 1.
    """

    count: int
    nonfinite: int
    zeros: int
    min: float | None
    max: float | None
    mean: float | None
    std: float | None


def real(piece: NDArray[Any]) -> NDArray[Any]:
    """Return numbers as they are counted: complex ones by their absolute value."""
    return np.abs(piece) if piece.dtype.kind == "c" else piece


def segments(at: int, piece: NDArray[Any], across: int) -> Iterator[tuple[int, int, NDArray[Any]]]:
    """Yield a flat piece of a matrix that begins at its number `at`, as (row, column, matrix) of whole rows or a part of one."""
    row, column = divmod(at, across)
    start = 0
    if column and piece.size:
        start = min(across - column, piece.size)
        yield row, column, piece[None, :start]
        row += 1
    whole = (piece.size - start) // across
    if whole:
        yield row, 0, piece[start : start + whole * across].reshape(whole, across)
    rest = piece[start + whole * across :]
    if rest.size:
        yield row + whole, 0, rest[None]


class Summing:
    """Gathers a `Summary`."""

    def __init__(self) -> None:
        self._count = self._bad = self._zeros = self._known = 0
        self._low, self._high, self._mean, self._squares = math.inf, -math.inf, 0.0, 0.0

    def add(self, numbers: NDArray[Any]) -> None:
        """Take the next numbers, which are real."""
        self._count += numbers.size
        self._zeros += numbers.size - int(np.count_nonzero(numbers))
        if numbers.dtype.kind == "f":
            finite = np.isfinite(numbers)
            kept = int(np.count_nonzero(finite))
            self._bad += numbers.size - kept
            if kept < numbers.size:
                numbers = numbers[finite]
        if not numbers.size:
            return
        self._low, self._high = min(self._low, float(numbers.min())), max(self._high, float(numbers.max()))
        with np.errstate(all="ignore"):
            exact = numbers.astype(np.float64)
            here = float(exact.mean())
            exact -= here
            spread = float(np.square(exact, out=exact).sum())
            # Means and squares of two pieces made one: Chan, Golub and LeVeque (1979).
            self._known, step = self._known + numbers.size, here - self._mean
            self._squares += spread + step * step * (self._known - numbers.size) * numbers.size / self._known
            self._mean += step * numbers.size / self._known

    def summary(self) -> Summary:
        """Return what there is to say of all that was taken."""
        if not self._known:
            return Summary(self._count, self._bad, self._zeros, None, None, None, None)
        # Numbers near the largest there are add up to ∞: then there is no mean to speak of.
        mean, std = (m if math.isfinite(m) else None for m in (self._mean, math.sqrt(self._squares / self._known)))
        return Summary(self._count, self._bad, self._zeros, self._low, self._high, mean, std)


class Averaging:
    """Gathers the means of at most `most` blocks of a matrix of the shape `shape`, which comes row after row."""

    def __init__(self, shape: tuple[int, int], most: tuple[int, int]) -> None:
        self._edges = [np.linspace(0, n, min(n, m) + 1).astype(np.int64) for n, m in zip(shape, most, strict=True)]
        self._sums = np.zeros((len(self._edges[0]) - 1, len(self._edges[1]) - 1))
        self._across, self._at = shape[1], 0

    def add(self, numbers: NDArray[Any]) -> None:
        """Take the next numbers, which are real."""
        if not numbers.size:
            return
        for row, column, block in segments(self._at, numbers, self._across):
            first, rows = _cuts(self._edges[0], row, len(block))
            left, columns = _cuts(self._edges[1], column, block.shape[1])
            with np.errstate(all="ignore"):
                # Not reduceat over the rows: it goes down each column alone, and takes twenty times as long.
                for i, (start, stop) in enumerate(zip(rows, [*rows[1:], len(block)], strict=True), first):
                    strip = block[start:stop].sum(axis=0, dtype=np.float64)
                    self._sums[i, left : left + len(columns)] += np.add.reduceat(strip, columns)
        self._at += numbers.size

    def means(self) -> NDArray[np.float64]:
        """Return the means; a block with a number that is not finite is not finite."""
        with np.errstate(all="ignore"):
            return self._sums / np.outer(np.diff(self._edges[0]), np.diff(self._edges[1]))


def _cuts(edges: NDArray[np.int64], start: int, size: int) -> tuple[int, NDArray[np.int64]]:
    """Return the block in which a stretch begins, and where in the stretch each of its blocks begins."""
    first = int(np.searchsorted(edges, start, side="right")) - 1
    cuts = np.maximum(edges[first:-1] - start, 0)
    return first, cuts[: int(np.searchsorted(cuts, size))]
