"""What is gathered of a tensor once its summary is known: its histogram, where odd numbers are, what its units are like."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.files.looks.gather import Summary, real, segments
from core.files.looks.looks import Axis, Histogram

BINS = 64
MOST_AT = 20
MOST_UNITS = 2**20
MOST_COUNTED = 2**27
"""Of more numbers only some are counted in a histogram, at least half as many."""

_LARGEST = float(np.finfo(np.float64).max)


class Bars:
    """Gathers a histogram of finite numbers between the extremes of a summary."""

    def __init__(self, s: Summary) -> None:
        assert s.min is not None and s.max is not None
        self._every = max(1, -(-s.count // MOST_COUNTED))
        self._all_finite = not s.nonfinite
        # The difference of the two ends of a range may be more than the largest number; that of their halves is not.
        self._scale = 1.0 if math.isfinite(s.max - s.min) else 0.5
        self._range = (s.min * self._scale, s.max * self._scale)
        if s.min == s.max:
            half = abs(s.min) / 2 or 0.5
            self._range = (max(s.min - half, -_LARGEST), min(s.max + half, _LARGEST))
        self._bins = BINS if s.min < s.max else 1
        try:
            self._edges = np.histogram_bin_edges(np.zeros(0), self._bins, self._range)
        except ValueError:
            # The two ends are so near to each other that there are no 64 numbers between them.
            self._bins, self._edges = 1, np.array(self._range)
        self._counts = np.zeros(self._bins, np.int64)

    def add(self, at: int, piece: NDArray[Any]) -> None:
        """Take the next numbers."""
        numbers = real(piece[-at % self._every :: self._every])
        if numbers.dtype.kind == "f" and not self._all_finite:
            numbers = numbers[np.isfinite(numbers)]
        if self._bins == 1:
            self._counts[0] += numbers.size
            return
        exact = numbers.astype(np.float64) * self._scale
        self._counts += np.histogram(exact, self._bins, self._range)[0]

    def histogram(self) -> Histogram:
        """Return the histogram."""
        return Histogram(self._edges / self._scale, self._counts, self._every == 1)


class Places:
    """Gathers the first cells, as they are stored, of which `odd` tells that they are odd."""

    def __init__(self, odd: Callable[[NDArray[Any]], NDArray[np.bool_]], shape: tuple[int, ...], turned: bool) -> None:
        self._odd, self._shape, self._turned = odd, shape[::-1] if turned else shape, turned
        self.count = 0
        self._found: list[int] = []

    def add(self, at: int, piece: NDArray[Any]) -> None:
        """Take the next numbers."""
        odd = self._odd(piece)
        n = int(np.count_nonzero(odd))
        self.count += n
        if n and len(self._found) < MOST_AT:
            self._found += [at + int(i) for i in np.flatnonzero(odd)[: MOST_AT - len(self._found)]]

    def cells(self) -> tuple[tuple[int, ...], ...]:
        """Return the cells, in the order of their indices."""
        found = (tuple(int(i) for i in np.unravel_index(flat, self._shape)) for flat in self._found)
        return tuple(sorted(cell[::-1] if self._turned else cell for cell in found))


@dataclass(frozen=True, slots=True)
class Grid:
    """How units lie in the numbers as they are stored: as the rows or columns of a matrix that is `across` numbers wide."""

    units: int
    length: int
    across: int
    by_row: bool

    @classmethod
    def of(cls, shape: tuple[int, ...], units: Axis, turned: bool) -> Grid | None:
        """Return it for a tensor of at least two axes; None where there are too few units, or too many to look at."""
        n = shape[0] if units == "rows" else shape[-1]
        if not 2 <= n <= MOST_UNITS or not math.prod(shape):
            return None
        length = math.prod(shape) // n
        by_row = (units == "rows") != turned
        return cls(n, length, length if by_row else n, by_row)


@dataclass
class Units:
    """Gathers of each unit a hash of its weights, whether one of them is not 0, and whether one is not finite.

    The hash is a sum of the weights' words of 32 bits, each times a number of its place, in 64 bits: two units that differ have
    the same one with a chance of at most 2⁻³³, and two hashes of other `seed`s together leave no doubt.
    """

    grid: Grid
    seed: int
    summary: Summary
    hashes: NDArray[np.uint64] = field(init=False)
    alive: NDArray[np.bool_] = field(init=False)
    odd: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing."""
        g, s = self.grid, self.summary
        self.hashes = np.zeros(g.units, np.uint64)
        # Most tensors have too few zeros for one whole unit of them.
        self.alive = np.full(g.units, s.zeros < g.length)
        self.odd = np.zeros(g.units, np.bool_)

    def add(self, at: int, piece: NDArray[Any]) -> None:
        """Take the next numbers."""
        g = self.grid
        for row, column, block in segments(at, piece, g.across):
            here = slice(row, row + len(block)) if g.by_row else slice(column, column + block.shape[1])
            words = _words(block)
            each = words.shape[1] // block.shape[1]
            if g.by_row:
                factors = _factors(column * each, words.shape[1], self.seed)
                self.hashes[here] += np.einsum("ij,j->i", words, factors)
            else:
                sums = np.einsum("ij,i->j", words, _factors(row, len(block), self.seed))
                self.hashes[here] += sums.reshape(-1, each) @ (_factors(0, each, ~self.seed) | np.uint64(1))
            if self.summary.zeros >= g.length:
                self.alive[here] |= block.any(axis=int(g.by_row))
            if self.summary.nonfinite:
                self.odd[here] |= ~np.isfinite(block).all(axis=int(g.by_row))

    def dead(self) -> NDArray[np.intp]:
        """Return the units of which all weights are 0."""
        return np.flatnonzero(~self.alive)

    def alike(self, other: Units | None = None) -> NDArray[np.intp]:
        """Return pairs (earlier, later) of units with the same hash, also in `other`, but those that are dead or not finite."""
        wanted = np.flatnonzero(self.alive & ~self.odd)
        keys = self.hashes[wanted, None] if other is None else np.stack([self.hashes[wanted], other.hashes[wanted]], 1)
        if not wanted.size or self.grid.length < 2:
            return np.zeros((0, 2), np.intp)
        _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        pairs = np.stack([wanted[first[which.reshape(-1)]], wanted], 1)
        return pairs[pairs[:, 0] < pairs[:, 1]]


def _words(block: NDArray[Any]) -> NDArray[np.uint64]:
    """Return the bits of each row's numbers as words of at most 32 bits; −0 has those of 0, as it is the same weight."""
    same = block + block.dtype.type(0) if block.dtype.kind in "fc" else block
    word = min(4, same.itemsize)
    return np.ascontiguousarray(same).view(f"u{word}").astype(np.uint64)


def _factors(start: int, count: int, seed: int) -> NDArray[np.uint64]:
    """Return numbers that look drawn, by their places: SplitMix64 (Steele, Lea and Flood, 2014)."""
    x = np.arange(start + 1, start + count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    x += np.uint64(seed & 2**64 - 1)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
