"""How far one gradient is from another, and what that is called. Levels and floor: HEALTH.md, section 1."""

from __future__ import annotations

from typing import Literal

import numpy as np

from core.health.probe import EPS
from core.program.ir import Array

NOTE, WARN, WRONG = 1e-7, 1e-4, 1e-2
Verdict = Literal["agrees", "near", "factor", "wrong", "both zero", "kink", "not finite", "unknown"]


def floor_of(loss: float, h: float) -> float:
    """Return how far rounding alone can move a centred difference of half width `h`: 10·eps·|L| / h."""
    return 10 * EPS * abs(loss) / h


def scale_of(*arrays: Array) -> float:
    """Return the largest finite magnitude in some arrays, 0 if there is none."""
    largest = 0.0
    for array in arrays:
        finite = np.abs(array[np.isfinite(array)])
        largest = max(largest, float(finite.max()) if finite.size else 0.0)
    return largest


def errors(found: Array, truth: Array, floor: Array | float) -> Array:
    """Return the relative error of each cell, measured against the largest entry of both arrays.

    A difference of at most `floor` is none. Where the truth is NaN (not known) the error is NaN; where it is finite and what
    was found is not, the error is ∞.
    """
    with np.errstate(all="ignore"):
        difference = np.abs(np.asarray(found, dtype=float) - truth)
        excess = np.where(difference <= floor, 0.0, difference)
        scale = scale_of(np.asarray(found, dtype=float), truth)
        error = excess / scale if scale else excess
    error = np.where(np.isfinite(truth) & ~np.isfinite(found), np.inf, error)
    return np.where(np.isfinite(truth), error, np.nan)


def largest(error: Array) -> tuple[float, tuple[int, ...] | None]:
    """Return the largest of some errors and its cell; NaN and None where none is known."""
    if not error.size or np.isnan(error).all():
        return float("nan"), None
    at = int(np.nanargmax(error))
    where = tuple(int(x) for x in np.unravel_index(at, error.shape)) if error.ndim else ()
    return float(error[where]), where


def factor_of(found: Array, truth: Array) -> float | None:
    """Return the c with found = c · truth up to the level of a warning; None if there is none."""
    known = np.isfinite(truth)
    f, t = np.asarray(found, dtype=float)[known], truth[known]
    size = scale_of(t)
    if not f.size or not size or not np.isfinite(f).all():
        return None
    f, t = f / size, t / size
    c = float(np.dot(f, t) / np.dot(t, t))
    if not c:
        return None
    return c if float(np.max(np.abs(f - c * t))) <= WARN * max(abs(c), float(np.max(np.abs(f)))) else None


def tells(truth: Array) -> bool:
    """Tell whether a constant factor says anything: of a single number everything is a multiple."""
    finite = np.abs(truth[np.isfinite(truth)])
    return bool(np.count_nonzero(finite > 1e-3 * scale_of(truth)) > 1)


def level(error: float) -> Verdict:
    """Name a relative error."""
    if np.isnan(error):
        return "unknown"
    return "agrees" if error <= WARN else "near" if error <= WRONG else "wrong"
