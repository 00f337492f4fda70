"""What there is to see of one tensor of a file, and of two files beside each other: numbers and codes, no sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.files.arrays import Summary

Axis = Literal["rows", "columns"]
RemarkKind = Literal["nonfinite", "all_zero", "zeros", "constant", "duplicated", "dead", "condition", "rank", "large", "variance"]
MatchKind = Literal["equal", "near", "different", "shape", "type", "only here", "only there"]


@dataclass(frozen=True, slots=True)
class Histogram:
    """How the finite numbers of a tensor are spread: `counts` (k,) between `edges` (k + 1,), of equal width.

    `exact` is False where only some of the numbers were counted, evenly spread over the tensor.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Remark:
    """What is worth knowing of a tensor, by its kind; `count` says of how many numbers or units, `at` where the first are.

    `nonfinite`: NaN or infinite numbers, `at` their cells. `all_zero`; `zeros`: more than half are 0. `constant`: all numbers
    are the same one, `value`. `duplicated`: units with the same weights as an earlier one, `at` pairs (earlier, later).
    `dead`: units whose weights are all 0, `at` (unit,). `condition`: the condition number `value` is high. `rank`: of full
    rank it is not, `value` is its numerical rank. `large`: the largest absolute number is `value`. `variance`: `count`
    variances are negative.
    """

    kind: RemarkKind
    severity: Literal["error", "warning", "note"]
    count: int = 0
    at: tuple[tuple[int, ...], ...] = ()
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The singular values of a matrix, the largest first; `condition` is the largest by the smallest.

    It is ∞ where the smallest is 0 but for rounding in float64: what such a quotient gives says nothing.
    """

    values: NDArray[np.float64]
    condition: float
    rank: int


@dataclass(frozen=True)
class Look:
    """One tensor looked at: `blocks` (≤ 256, ≤ 256) are the averages that its heat map shows.

    `units` says along which axis the units of its layer lie, '' if it is no weight. `spectrum` is None where there is none
    (no matrix, or numbers that are not finite), or where it was not asked for since it takes long: `spectrum_later`.
    """

    name: str
    summary: Summary
    blocks: NDArray[np.float64]
    histogram: Histogram | None
    units: Axis | Literal[""] = ""
    remarks: tuple[Remark, ...] = ()
    spectrum: Spectrum | None = None
    spectrum_later: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A tensor of one file beside that of the same name in another one; `other` is its name there, '' if there is none.

    `largest` is the largest absolute difference, `rms` the root of the mean squared one, `relative` rms by the rms of the
    numbers here, `differing` how many numbers are not the same bits' value (NaN equals NaN), `cosine` of the two as vectors.
    None where they cannot be compared.
    """

    name: str
    other: str
    kind: MatchKind
    largest: float | None = None
    rms: float | None = None
    relative: float | None = None
    differing: int | None = None
    cosine: float | None = None
