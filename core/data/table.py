"""Samples with their targets, always samples as rows; and what is done to them before training."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.errors import StepperError
from core.program.ir import Array


class DataError(StepperError):
    """A data set that cannot be found, read or used as asked."""


@dataclass(frozen=True, eq=False)
class Table:
    """N samples of d inputs and c targets; both arrays are float64 and C-contiguous.

    `targets` is one-hot, class indices or a single 0/1 column for classes, numbers for a regression.
    `labels` are the class indices (int64) into `class_names`; None, with no names, for a regression.
    """

    inputs: Array
    targets: Array
    labels: Array | None
    input_names: tuple[str, ...]
    class_names: tuple[str, ...]
    source: str

    @property
    def size(self) -> int:
        """How many samples there are."""
        return self.inputs.shape[0]


def statistics(table: Table) -> tuple[Array, Array]:
    """Return the mean and the standard deviation (of the population, ddof = 0) of each input, both of shape (d,).

    An input that is the same in all samples has the standard deviation 1 here, so that
    standardising makes it 0 and divides nothing by zero.

    Raises:
        DataError: if an input is so large that its variance overflows.
    """
    x = table.inputs
    with np.errstate(all="ignore"):
        mean, std = x.mean(axis=0), x.std(axis=0)
    for j in np.flatnonzero(~(np.isfinite(mean) & np.isfinite(std)))[:1]:
        raise DataError(
            f"{table.source}: the input {shown(table.input_names[j])} has numbers too large to standardise; "
            "divide that column by a power of ten first"
        )
    # The mean of equal numbers may be off by a rounding, and its deviation then a tiny number instead of 0.
    std[(x == x[0]).all(axis=0) | (std == 0)] = 1.0
    return mean, std


def standardized(table: Table, mean: Array, std: Array) -> Table:
    """Return the table with (inputs - mean) / std; the targets stay. `mean` and `std` are (d,), of the training samples.

    Raises:
        DataError: if they are not of shape (d,), or a deviation is zero or not finite.
    """
    d = table.inputs.shape[1]
    if mean.shape != (d,) or std.shape != (d,):
        raise DataError(
            f"{table.source} has {d} inputs, so its mean and deviation are {d} numbers each, "
            f"not arrays of shape {mean.shape} and {std.shape}"
        )
    if not (np.isfinite(mean).all() and np.isfinite(std).all() and (std != 0).all()):
        raise DataError(f"{table.source}: the mean and the deviation must be finite, and no deviation 0, to standardise")
    return replace(table, inputs=(table.inputs - mean) / std)


def split(table: Table, held_out: float, seed: int) -> tuple[Table, Table]:
    """Return (training, held-out) tables: after a shuffle by PCG64(seed) the first round(N * held_out) are held out.

    The same table, share and seed give the same split on every machine. Classes are not balanced.

    Raises:
        DataError: if the seed is negative, the share is not between 0 and 1, or either part would be empty.
    """
    if seed < 0:
        raise DataError(f"the seed of a split must be 0 or more, not {seed}")
    if not 0 < held_out < 1:
        raise DataError(f"the held-out share must lie between 0 and 1, such as 0.2, not {held_out}")
    n = table.size
    count = round(n * held_out)
    if count in (0, n):
        part = "held-out" if count == 0 else "training"
        raise DataError(
            f"{table.source} has {counted(n, 'sample')}, and a held-out share of {held_out} leaves no {part} sample; "
            f"choose a {'larger' if count == 0 else 'smaller'} share or bring more samples"
        )
    order = np.random.Generator(np.random.PCG64(seed)).permutation(n)
    return _taken(table, order[count:]), _taken(table, order[:count])


def _taken(table: Table, rows: Array) -> Table:
    labels = None if table.labels is None else table.labels[rows]
    return replace(table, inputs=table.inputs[rows], targets=table.targets[rows], labels=labels)


def shown(text: str) -> str:
    """Return a text from a file as a message may show it: quoted, on one line, at most 40 characters."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return f"'{plain[:39]}…'" if len(plain) > 40 else f"'{plain}'"


def counted(n: int, noun: str) -> str:
    """Return `1 sample` or `3 samples`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
