"""Arrays as text that can be taken elsewhere: for a spreadsheet, for a file, for a Python script; nothing is rounded."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from core.program.ir import Array

PLAIN = ("float64", "int64", "bool")


def exactly(x: Any) -> str:
    """Return one number as Python writes it, in the fewest digits that give it back: `0.1`, `-3`, `True`, `nan`, `-inf`."""
    value = np.asarray(x)[()]
    return str(value)


def table_text(array: Array) -> str:
    """Return an array as lines of numbers with tabs between them, as spreadsheets take it."""
    return _lines(array, "\t")


def csv_text(array: Array) -> str:
    """Return an array as CSV without a heading; of more than two axes, all but the last count as rows."""
    return _lines(array, ",")


def numpy_code(array: Array) -> str:
    """Return a Python expression that gives an array back, every bit of it, with its shape and its dtype.

    Signs of zeros and of NaNs are kept; only what is hidden inside an unusual NaN is not. The memory layout is not told.
    """
    dtype = "" if str(array.dtype) in PLAIN else f", dtype=np.{array.dtype.name}"
    if 0 in array.shape:
        shape = ", ".join(str(n) for n in array.shape)
        return f"np.zeros(({shape}{',' if array.ndim == 1 else ''}), dtype=np.{array.dtype.name})".replace(
            "np.bool)", "np.bool_)"
        )
    return f"np.array({_nested(array, len('np.array('), _code_of(array))}{dtype})"


def _lines(array: Array, between: str) -> str:
    rows = array.reshape(1, -1) if array.ndim < 2 else array.reshape(-1, array.shape[-1]) if array.size else array[:0, :0]
    return "".join(between.join(exactly(x) for x in row) + "\n" for row in rows if array.size)


def _nested(array: Array, indent: int, write: Callable[[Any], str]) -> str:
    if array.ndim == 0:
        return write(array[()])
    if array.ndim == 1:
        return f"[{', '.join(write(x) for x in array)}]"
    inner = f",\n{' ' * (indent + 1)}".join(_nested(part, indent + 1, write) for part in array)
    return f"[{inner}]"


def _code_of(array: Array) -> Callable[[Any], str]:
    def write(x: Any) -> str:
        number = x.item()
        if isinstance(number, float) and not math.isfinite(number):
            return ("-" if math.copysign(1.0, number) < 0 else "") + ("np.nan" if math.isnan(number) else "np.inf")
        text = exactly(x)
        # Python reads a float32's short text as a float64 first; where that rounds elsewhere, the long text is written.
        return text if isinstance(number, bool | int) or array.dtype.type(float(text)) == x else repr(number)

    return write
