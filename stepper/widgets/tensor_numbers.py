"""Numbers of a tensor as text, of whatever type they are: whole numbers, truth values, complex ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepper.widgets import numbers

NARROW = {"float16": np.float16, "float32": np.float32, "bfloat16": np.float32, "bool": np.bool_}
EXACT_BELOW = 2**53


def short(x: Any) -> str:
    """Return a number in few digits; whole numbers and truth values have all of theirs."""
    kind = getattr(x, "dtype", np.dtype(float)).kind
    if kind in "iu":
        return str(x).replace("-", "−")
    if kind == "c":
        real, imaginary = numbers.short(x.real), numbers.short(x.imag)
        return f"{real} {'' if imaginary.startswith('−') else '+'}{imaginary}i"
    return numbers.short(x)


def full(x: Any) -> str:
    """Return a number in the fewest digits that give it back exactly."""
    return numbers.full(x)


def told(x: Any) -> str:
    """Return a number in full, and one that is none by its sign."""
    return full(x) if np.isfinite(x) or np.iscomplexobj(x) else numbers.short(x)


def of_block(x: float, dtype: str, exact: bool) -> Any:
    """Return what a cell of a heat map holds: a number in the tensor's own type where it is one, else the mean as it is."""
    if not exact or dtype.startswith("complex"):
        return np.float64(x)
    if dtype in NARROW:
        with np.errstate(all="ignore"):
            return NARROW[dtype](x)
    if dtype.startswith(("int", "uint")) and abs(x) < EXACT_BELOW:
        return np.int64(x)
    return np.float64(x)
