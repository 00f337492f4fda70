"""What can be said of an array as a whole: statistics, a histogram, its difference to what it was before.

NaN and ∞ are counted by themselves and never get into a sum, a scale or a bar.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.program.ir import Array

MOST_BARS = 40
FEW = 4096


@dataclass(frozen=True, slots=True)
class Statistics:
    """An array in a few numbers. `memory` is in bytes.

    The numbers from `minimum` to `norm` are of the finite cells alone, None where there is none; `deviation` is that
    of the cells themselves (divided by their number, as `np.std`), `norm` the root of the sum of the squares. They are
    right to float64 (see `_sum`). `positives` and `negatives` count finite cells.
    """

    shape: tuple[int, ...]
    dtype: str
    memory: int
    cells: int
    finite: int
    zeros: int
    negatives: int
    positives: int
    nan: int
    plus_infinity: int
    minus_infinity: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    deviation: float | None
    norm: float | None


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many finite cells lie between each two of the `edges`: the lower one counts, of the last bar both do.

    Where all cells are one number there is one bar, and its two edges are that number. `whole` says that each bar is
    one whole number, the one at its lower edge.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    whole: bool
    nan: int
    plus_infinity: int
    minus_infinity: int


@dataclass(frozen=True, slots=True)
class Difference:
    """An array now minus the same one before, in float64.

    `largest` is the finite change of largest magnitude, at the cell `at`; None where no cell has a finite change.
    `changed` counts the cells that are not what they were, `lost` those of them that were finite and are not any more,
    `without` all in which one of the two numbers is NaN or infinite, so that there is no finite change.
    """

    array: Array
    largest: float | None
    at: tuple[int, ...]
    changed: int
    lost: int
    without: int


def statistics(array: Array) -> Statistics:
    """Return what there is to say of an array of numbers, or of true and false as 1 and 0."""
    finite = _finite(array)
    low = high = mean = deviation = norm = None
    if finite.size:
        low, high = float(finite.min()), float(finite.max())
        mean, deviation, norm = _moments(finite)
    nan, plus, minus = _strange(array)
    return Statistics(
        shape=array.shape, dtype=str(array.dtype), memory=array.nbytes, cells=array.size, finite=finite.size,
        zeros=int(np.count_nonzero(finite == 0)), negatives=int(np.count_nonzero(finite < 0)),
        positives=int(np.count_nonzero(finite > 0)), nan=nan, plus_infinity=plus, minus_infinity=minus,
        minimum=low, maximum=high, mean=mean, deviation=deviation, norm=norm,
    )  # fmt: skip


def histogram(array: Array, within: tuple[float, float] | None = None) -> Histogram:
    """Count an array's cells in bars of equal width, more of them for more cells, at most 40.

    The bars reach over all finite cells, and over the range `within`, so that they can stay where they were before.
    Whole numbers get a bar each where there are few enough.
    """
    finite = _finite(array)
    nan, plus, minus = _strange(array)
    ends = [*(() if within is None else within), *((float(finite.min()), float(finite.max())) if finite.size else ())]
    if not ends:
        return Histogram((), (), False, nan, plus, minus)
    edges, whole = _edges(min(ends), max(ends), finite, array.dtype.kind in "iub")
    if len(edges) == 2 and edges[0] == edges[1]:
        counts = [finite.size]
    else:
        at = np.minimum(np.searchsorted(np.array(edges), finite, side="right") - 1, len(edges) - 2)
        counts = np.bincount(at, minlength=len(edges) - 1).tolist()
    return Histogram(tuple(edges), tuple(counts), whole, nan, plus, minus)


def difference(now: Array, before: Array) -> Difference | None:
    """Return how an array differs from what it was before; None where it has another shape."""
    if now.shape != before.shape:
        return None
    with np.errstate(all="ignore"):
        one, other = np.asarray(now, dtype=float), np.asarray(before, dtype=float)
        change = np.asarray(one - other)
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    lost = int(np.count_nonzero(np.isfinite(other) & ~np.isfinite(one)))
    without = int(np.count_nonzero(~(np.isfinite(one) & np.isfinite(other))))
    changed = int(same.size - np.count_nonzero(same))
    size = np.where(np.isfinite(change), np.abs(change), -1.0)
    flat = int(size.argmax()) if size.size else 0
    if not size.size or size.reshape(-1)[flat] < 0:
        return Difference(change, None, (), changed, lost, without)
    at = tuple(int(i) for i in np.unravel_index(flat, change.shape))
    return Difference(change, float(change[at]), at, changed, lost, without)


def _finite(array: Array) -> Array:
    numbers = np.asarray(array, dtype=float).reshape(-1)
    return numbers[np.isfinite(numbers)]


def _strange(array: Array) -> tuple[int, int, int]:
    """Return how many cells are NaN, ∞ and −∞."""
    if array.dtype.kind != "f":
        return 0, 0, 0
    tests = (np.isnan(array), np.isposinf(array), np.isneginf(array))
    return tuple(int(np.count_nonzero(t)) for t in tests)  # type: ignore[return-value]


def _moments(finite: Array) -> tuple[float, float, float]:
    """Return mean, standard deviation and norm, with nothing lost to cancelling, overflow or underflow.

    All is scaled by a power of two, which costs no digit, so that the squares neither overflow nor vanish.
    """
    _, exponent = math.frexp(float(np.abs(finite).max()))
    scaled, n = np.ldexp(finite, -exponent), finite.size
    mean = _sum(scaled) / n
    away = scaled - mean
    # The mean is rounded itself; the second term takes back what that does to the sum of the squares.
    spread = max(_sum(away * away) - _sum(away) ** 2 / n, 0.0) / n if finite.min() < finite.max() else 0.0
    if spread and spread < 1e-200:  # the cells differ by so little that their squares begin to vanish
        _, more = math.frexp(float(np.abs(away).max()))
        away = np.ldexp(away, -more)
        spread = math.ldexp(math.sqrt(max(_sum(away * away) - _sum(away) ** 2 / n, 0.0) / n), more) ** 2
    norm = math.sqrt(_sum(scaled * scaled))
    exact = _sum(finite) / n  # where nothing overflows, also what the scaling made vanish counts
    average = exact if math.isfinite(exact) else _unscaled(mean, exponent)
    return average, _unscaled(math.sqrt(spread), exponent), _unscaled(norm, exponent)


def _unscaled(x: float, exponent: int) -> float:
    try:
        return math.ldexp(x, exponent)
    except OverflowError:
        return math.inf


def _sum(numbers: Array) -> float:
    """Return a sum right to float64; infinite or NaN where it overflows on the way.

    Of few numbers it is rounded once (Shewchuk 1997, `math.fsum`); many are added in pairs, and what each addition rounds
    off is found exactly (Knuth, *The Art of Computer Programming* 2, 4.2.2, theorem B) and added at the end.
    """
    if numbers.size <= FEW:
        try:
            return math.fsum(numbers.tolist())
        except OverflowError:
            return math.inf
    with np.errstate(all="ignore"):
        total, lost = numbers, np.zeros_like(numbers)
        while total.size > 1:
            if total.size % 2:
                total, lost = np.append(total, 0.0), np.append(lost, 0.0)
            a, b = total[::2], total[1::2]
            total = a + b
            from_b = total - a
            lost = lost[::2] + lost[1::2] + ((a - (total - from_b)) + (b - from_b))
        return float(total[0] + lost[0])


def _edges(low: float, high: float, finite: Array, integers: bool) -> tuple[list[float], bool]:
    """Return the edges of the bars, and whether each bar is one whole number."""
    if low == high:
        return [low, high], False
    if integers and high - low < MOST_BARS:
        return [low + i for i in range(int(high - low) + 2)], True
    bars = min(MOST_BARS, max(5, math.ceil(2 * finite.size ** (1 / 3))))  # the rule of Rice
    # Weighted ends, because high - low can overflow; where the numbers lie so close that edges coincide, there are fewer.
    inner = [low * (1 - i / bars) + high * (i / bars) for i in range(1, bars)]
    return sorted({low, high, *(x for x in inner if low < x < high)}), False
