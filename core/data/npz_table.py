"""An .npz file with arrays X and Y as a Table."""

from __future__ import annotations

import math
from typing import IO, Literal, cast, get_args

import numpy as np

from core.data.classes import Targets, encoded, first_not_whole, from_numbers, one_hot_labels
from core.data.npz_arrays import LARGEST_ARRAY, Arrays, Header
from core.data.table import DataError, Table, counted, shown
from core.program.ir import Array

Samples = Literal["rows", "columns"]
SAMPLES: tuple[str, ...] = get_args(Samples)


def checked_samples(samples: str) -> Samples:
    """Return `samples`; raises DataError unless it is one of SAMPLES."""
    if samples not in SAMPLES:
        raise DataError(f"samples is {shown(str(samples))}; it can be rows or columns")
    return cast(Samples, samples)


def read_npz(file: IO[bytes], source: str, *, targets: Targets = "auto", samples: Samples = "rows") -> Table:
    """Read an open .npz file that np.savez or np.savez_compressed wrote; pickled arrays are refused, unread.

    X is N×d and Y is N×c with `samples="rows"`, d×N and c×N with "columns"; an array of one axis is one number a sample.
    A Y that is one-hot as it stands is classes. A single row or column of numbers stays numbers unless
    `targets` is "one-hot" or "index", which make classes of whole numbers in numeric order.

    Raises:
        DataError: one sentence with the array and the index of the fault.
    """
    arrays = Arrays(file, source)
    missing = [n for n in "XY" if n not in arrays.names]
    if missing:
        held = ", ".join(shown(n) for n in arrays.names[:8]) or "no arrays"
        raise DataError(
            f"{source} has no array {' and no array '.join(missing)}, it has {held}; "
            f"write it with np.savez({shown(source)}, X=inputs, Y=targets)"
        )
    headers = [_checked(arrays.header(n), f"{source}: {n}") for n in "XY"]
    _check_counts(headers[0], headers[1], source, samples)
    inputs, given = _as_rows(arrays.read("X"), samples), _as_rows(arrays.read("Y"), samples)
    made, labels, names = _targets(given, headers[1].shape, f"{source}: Y", targets, samples)
    return Table(inputs, made, labels, tuple(f"x{j + 1}" for j in range(inputs.shape[1])), names, source)


def _checked(header: Header, what: str) -> Header:
    """Refuse an array that cannot be samples."""
    if len(header.shape) not in (1, 2):
        raise DataError(
            f"{what} has {len(header.shape)} axes, and 1 or 2 are needed; "
            "reshape it to samples by numbers, such as X.reshape(len(X), -1) for pictures, and save it again"
        )
    if math.prod(header.shape) == 0:
        raise DataError(f"{what} is empty (its shape is {header.shape}); it needs at least one number a sample")
    return header


def _check_counts(x: Header, y: Header, source: str, samples: Samples) -> None:
    axis = 0 if samples == "rows" else -1
    n, m = x.shape[axis], y.shape[axis]
    if n == m:
        return
    message = f"{source}: X has {counted(n, 'sample')} ({samples} of {x.shape}) but Y has {m} ({samples} of {y.shape})"
    other = "columns" if samples == "rows" else "rows"
    if x.shape[-1 - axis] == y.shape[-1 - axis]:
        raise DataError(f"{message}; the {other} agree, so read it with samples as {other}, or save X.T and Y.T")
    raise DataError(f"{message}; save as many targets as samples, with samples as {samples}")


def _as_rows(array: Array, samples: Samples) -> Array:
    """Return an array with samples as rows, two axes, C-contiguous."""
    if array.ndim == 1:
        return array.reshape(-1, 1)
    return np.ascontiguousarray(array.T if samples == "columns" else array)


def _targets(
    given: Array, shape: tuple[int, ...], what: str, targets: Targets, samples: Samples
) -> tuple[Array, Array | None, tuple[str, ...]]:
    labels = one_hot_labels(given)
    if labels is not None:
        names = tuple(str(i) for i in range(given.shape[1]))
        return (encoded(labels, len(names), "index") if targets == "index" else given), labels, names
    if targets == "auto":
        return given, None, ()
    if given.shape[1] > 1:
        raise DataError(
            f'{what} does not hold a single 1 and otherwise 0 for each sample, so it is not classes; use targets = "auto", '
            "or save one class index a sample"
        )
    i = first_not_whole(given[:, 0])
    if i is not None:
        place = str(i) if len(shape) == 1 else f"{i}, 0" if samples == "rows" else f"0, {i}"
        raise DataError(
            f"{what}[{place}] is {given[i, 0]:g}, not a whole number (or too large a one), and cannot be a class; "
            'correct it, or use targets = "auto"'
        )
    labels, names = from_numbers(given[:, 0], what)
    if len(labels) * len(names) * 8 > LARGEST_ARRAY:
        raise DataError(f"{what} has {len(names)} classes, too many for one-hot targets of so many samples; save fewer samples")
    return encoded(labels, len(names), targets), labels, names
