"""Cells and pixels: several cells in one pixel, one cell over several, and what is too small to be seen made wider."""

from __future__ import annotations

import numpy as np

from core.program.ir import Array


def blocks(array: Array, height: int, width: int, function: np.ufunc) -> Array:
    """Return an array of `height` × `width`, at most as many as there are cells; `function` puts each block together."""
    at_rows = np.arange(height) * array.shape[0] // height
    at_columns = np.arange(width) * array.shape[1] // width
    return function.reduceat(function.reduceat(array, at_rows, axis=0), at_columns, axis=1)


def spread(array: Array, height: int, width: int) -> Array:
    """Return an array in which every block is as large as it is on a screen of `height` × `width` pixels."""
    rows = np.arange(height) * array.shape[0] // height
    columns = np.arange(width) * array.shape[1] // width
    return np.take(np.take(array, columns, axis=1), rows, axis=0)


def widened(kind: Array, across: int, down: int) -> Array:
    """Return the marks (0 is none), each that many pixels wider and higher; where two meet, the larger number wins.

    At the edges the marks grow inwards.
    """
    found = kind
    for step, axis in ((across, 1), (down, 0)):
        once = np.moveaxis(found, axis, 0).copy()
        size, half = len(once), step // 2
        if size > 2 * step:
            once[step - half] = once[: step - half + 1].max(axis=0)
            once[size - 1 - half] = once[size - 1 - half :].max(axis=0)
        wide = once.copy()
        for shift in range(-(step - half), half + 1):
            here, there = slice(max(shift, 0), size + min(shift, 0)), slice(max(-shift, 0), size - max(shift, 0))
            wide[here] = np.maximum(wide[here], once[there])
        found = np.moveaxis(wide, 0, axis)
    return found
