"""Central differences, and how far a gradient may be from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

EPS = float(np.finfo(np.float64).eps)
Arrays = Mapping[str, np.ndarray]


def step_for(x: np.ndarray) -> float:
    """Return the probe's half width: 1e-5 times the scale of `x`."""
    scale = float(np.max(np.abs(x))) if x.size else 1.0
    return 1e-5 * (scale or 1.0)


def central_difference(loss: Callable[[Arrays], float], at: Arrays, name: str) -> np.ndarray:
    """Return d loss / d at[name], cell by cell, in float64: (L(x + h) - L(x - h)) / (2 h)."""
    x = np.array(at[name], dtype=np.float64)
    h = step_for(x)
    out = np.zeros_like(x)
    for cell in np.ndindex(x.shape):
        seen = []
        for sign in (1, -1):
            moved = x.copy()
            moved[cell] += sign * h
            seen.append((loss({**at, name: moved}), moved[cell]))
        (later, high), (earlier, low) = seen
        out[cell] = (later - earlier) / (high - low)
    return out


def relative_error(gradient: np.ndarray, true: np.ndarray, loss: float, h: float) -> float:
    """Return the largest difference against the largest entry, beyond what rounding alone explains.

    Rounding of the two losses moves a central difference by up to 10·eps·|L| / h (HEALTH.md, section 1).
    """
    assert gradient.shape == true.shape, f"the gradient is {gradient.shape}, its parameter {true.shape}"
    difference = float(np.max(np.abs(gradient - true), initial=0.0))
    floor = 10 * EPS * abs(loss) / h
    scale = float(np.max(np.abs(true), initial=0.0))
    if difference <= floor:
        return 0.0
    return difference / scale if scale else np.inf
