"""Singular values of a matrix: how strongly it stretches in its different directions.

The condition number κ is the largest singular value divided by the smallest (Golub, Van Loan, *Matrix Computations*, 2013,
2.6). Everything is computed in float64, whatever the matrix is kept in; a singular value counts as 0 below
largest · max(rows, columns) · 2.2e-16, as in `numpy.linalg.matrix_rank`.
"""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.program.ir import Array

MOST_WORK = 3e8
"""rows · columns · the smaller of both, up to which singular values are computed: about a tenth of a second."""
_known: dict[tuple[int, int | None], tuple[weakref.ref[Any], Spectrum]] = {}


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The singular values of a matrix, largest first; none where `problem` says why.

    `shape` is that of the matrix taken apart, units × samples where it has such. `empty` is how many of its rows are all
    zeros; `used` how many samples of all `samples` were taken, fewer where all of them are too many.
    """

    shape: tuple[int, int]
    dtype: str
    values: tuple[float, ...] = ()
    rank: int = 0
    empty: int = 0
    used: int = 0
    samples: int = 0
    problem: str = ""

    @property
    def condition(self) -> float:
        """The condition number: ∞ for a matrix without full rank, NaN where there are no singular values."""
        if not self.values:
            return math.nan
        return math.inf if self.rank < len(self.values) else self.values[0] / self.values[-1]

    @property
    def condition_without_empty(self) -> float:
        """The condition number of what is left without the rows that are all zeros; NaN if nothing is."""
        left = min(self.shape[0] - self.empty, self.shape[1])
        if not self.values or left <= 0 or not self.rank:
            return math.nan
        return math.inf if self.rank < left else self.values[0] / self.values[left - 1]

    @property
    def largest(self) -> float:
        """The largest singular value."""
        return self.values[0] if self.values else math.nan

    @property
    def smallest(self) -> float:
        """The smallest singular value; one that is nothing but rounding is 0."""
        return math.nan if not self.values else self.values[-1] if self.rank == len(self.values) else 0.0

    def is_zero(self, place: int) -> bool:
        """Tell whether a singular value is 0 but for rounding."""
        return place >= self.rank


def spectrum(array: Array, unit_axis: int | None = None) -> Spectrum:
    """Return the singular values of a matrix; a vector counts as a matrix of one row. Kept as long as the array lives.

    The array must not be written to any more. With `unit_axis` the matrix holds one number for each unit and sample: then
    its samples may be thinned out, and units that are 0 on every one of them are counted.
    """
    found = known(array, unit_axis)
    if found is None:
        found = _computed(array, unit_axis)
        key = (id(array), unit_axis)
        _known[key] = (weakref.ref(array, lambda _: _known.pop(key, None)), found)
    return found


def known(array: Array, unit_axis: int | None = None) -> Spectrum | None:
    """Return the singular values if they have been computed before."""
    kept = _known.get((id(array), unit_axis))
    return kept[1] if kept is not None and kept[0]() is array else None


def work(array: Array, unit_axis: int | None = None) -> float:
    """Return how much there is to compute, in multiplications and additions."""
    if known(array, unit_axis) is not None or array.ndim > 2 or not array.size:
        return 0.0
    rows, columns = _as_matrix(array, unit_axis).shape
    whole = float(rows * columns * min(rows, columns))
    return whole if unit_axis is not None or whole <= MOST_WORK else 0.0


def _as_matrix(array: Array, unit_axis: int | None) -> Array:
    """Return a matrix, of units × samples where there are such."""
    if array.ndim == 2:
        return array.T if unit_axis == 1 else array
    return array.reshape(-1, 1) if unit_axis == 0 else array.reshape(1, -1)


def _computed(array: Array, unit_axis: int | None) -> Spectrum:
    dtype = str(array.dtype)
    if array.ndim > 2 or not array.size or array.dtype.kind not in "fiub":
        return Spectrum((0, 0), dtype, problem="It is no matrix, so it has no singular values.")
    matrix = _as_matrix(array, unit_axis).astype(np.float64)
    shape = (int(matrix.shape[0]), int(matrix.shape[1]))
    bad = int(matrix.size - np.isfinite(matrix).sum())
    if bad:
        text = f"{bad} of its {matrix.size} cells are not finite, so it has no singular values."
        return Spectrum(shape, dtype, problem=text)
    samples = used = shape[1] if unit_axis is not None else 0
    if shape[0] * shape[1] * min(shape) > MOST_WORK:
        used = min(max(int(MOST_WORK / shape[0] ** 2), 1), shape[1]) if unit_axis is not None else 0
        if not used or shape[0] * used * min(shape[0], used) > MOST_WORK:
            return Spectrum(shape, dtype, problem=f"With {shape[0]}×{shape[1]} cells it is too large for its singular values.")
        matrix = matrix[:, np.linspace(0, shape[1] - 1, used).astype(int)]
    empty = int((~matrix.any(axis=1)).sum())
    try:
        values = np.linalg.svd(matrix, compute_uv=False)
    except np.linalg.LinAlgError:
        return Spectrum(shape, dtype, problem="Its singular values could not be computed: the method did not converge.")
    if not np.isfinite(values).all():
        return Spectrum(shape, dtype, problem="Its largest singular value is too large for float64.")
    floor = float(values[0]) * max(matrix.shape) * float(np.finfo(np.float64).eps)
    rank = int((values > floor).sum()) if values[0] > 0 else 0
    numbers = tuple(float(v) for v in values)
    return Spectrum((shape[0], used or shape[1]), dtype, numbers, rank, empty, used, samples)
