"""How numbers over the iterations are shown: logarithms, the extent of a scale, where a curve is broken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.program.ir import Array

LARGEST = 1e300
SMALLEST_SHARE = 1e-9


@dataclass(frozen=True, slots=True)
class Broken:
    """Iterations, from 1, in which a number is not finite. `for_good`: from the first of them on to the end."""

    iterations: Array
    for_good: bool


def logarithms(numbers: Array) -> Array:
    """Return log10 of each number; NaN where there is none, for 0 and below."""
    with np.errstate(all="ignore"):
        return np.log10(np.where(numbers > 0, numbers, np.nan))


def extent(curves: Iterable[Array]) -> tuple[float, float] | None:
    """Return the smallest and the largest finite number, never beyond what can be drawn; None where there is none.

    They always differ by a little, so that a scale can be made of them.
    """
    low, high = np.inf, -np.inf
    for y in curves:
        finite = y[np.isfinite(y)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if low > high:
        return None
    low, high = max(low, -LARGEST), min(high, LARGEST)
    least = max(abs(low), abs(high)) * SMALLEST_SHARE
    if high - low <= least:
        half = abs(high) * 0.05 or 0.5
        return low - half, high + half
    return low, high


def broken(numbers: Array, known: Array) -> Broken:
    """Return where the numbers are known and not finite."""
    bad = np.flatnonzero(known & ~np.isfinite(numbers)) + 1
    for_good = bool(bad.size) and bool(bad[-1] == numbers.size) and bad.size == numbers.size - bad[0] + 1
    return Broken(bad, for_good)
