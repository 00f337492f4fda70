"""How classes become target columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast, get_args

import numpy as np

from core.data.table import DataError, Table, shown
from core.program.ir import Array

Targets = Literal["auto", "one-hot", "index"]
TARGETS: tuple[str, ...] = get_args(Targets)

MOST_CLASSES = 1_000
LARGEST_WHOLE = 2.0**53
"""Above this, float64 no longer tells neighbouring whole numbers apart."""


def encoded(labels: Array, classes: int, targets: Targets) -> Array:
    """Return the float64 targets of class indices `labels` (N,): N×1 or N×classes.

    "index" is a column of indices, "one-hot" a column a class; "auto" is one 0/1 column for two classes, else one-hot.
    """
    if targets == "index" or (targets == "auto" and classes == 2):
        return labels.astype(np.float64).reshape(-1, 1)
    one_hot = np.zeros((len(labels), classes))
    one_hot[np.arange(len(labels)), labels] = 1.0
    return one_hot


def re_encoded(table: Table, targets: Targets) -> Table:
    """Return a table of classes with its targets written another way.

    Raises:
        DataError: if its targets are numbers.
    """
    if targets == "auto":
        return table
    if table.labels is None:
        raise DataError(f'{table.source} has numbers as targets, not classes; use targets = "auto" with it')
    new = encoded(table.labels, len(table.class_names), targets)
    return Table(table.inputs, new, table.labels, table.input_names, table.class_names, table.source)


def from_text(cells: Sequence[str], what: str) -> tuple[Array, tuple[str, ...]]:
    """Return class indices (N,) int64 and the class names in sorted order. `what` names the column in messages.

    Raises:
        DataError: if there is only one class, or more than MOST_CLASSES.
    """
    names = sorted(set(cells))
    _check_count(len(names), what, names[0])
    index = {name: i for i, name in enumerate(names)}
    return np.array([index[c] for c in cells], dtype=np.int64), tuple(names)


def from_numbers(numbers: Array, what: str) -> tuple[Array, tuple[str, ...]]:
    """Return class indices (N,) int64 and the class names of whole numbers (N,), in numeric order.

    Raises:
        DataError: if there is only one class, or more than MOST_CLASSES.
    """
    values, labels = np.unique(numbers, return_inverse=True)
    names = tuple(str(int(v)) for v in values)
    _check_count(len(names), what, names[0])
    return labels.astype(np.int64).reshape(-1), names


def first_not_whole(numbers: Array) -> int | None:
    """Return the index of the first of the numbers (N,) that cannot be a class: a fraction, or too large to be exact."""
    bad = np.flatnonzero((numbers != np.floor(numbers)) | (np.abs(numbers) > LARGEST_WHOLE))
    return int(bad[0]) if bad.size else None


def one_hot_labels(targets: Array) -> Array | None:
    """Return the class indices (N,) int64 of targets (N×c, c ≥ 2) that are one-hot as they stand, else None."""
    if targets.shape[1] < 2 or not np.isin(targets, (0.0, 1.0)).all() or not (targets.sum(axis=1) == 1).all():
        return None
    return targets.argmax(axis=1).astype(np.int64)


def checked_targets(targets: str) -> Targets:
    """Return `targets`; raises DataError unless it is one of TARGETS."""
    if targets not in TARGETS:
        raise DataError(f"targets is {shown(str(targets))}; it can be auto, one-hot or index")
    return cast(Targets, targets)


def _check_count(count: int, what: str, first: str) -> None:
    if count == 1:
        raise DataError(
            f"{what} is {shown(first)} in every sample, one class only, so there is nothing to tell apart; "
            "choose another target column or bring samples of another class"
        )
    if count > MOST_CLASSES:
        raise DataError(
            f"{what} has {count} different values, and there can be at most {MOST_CLASSES} classes; "
            "is it the right target column?"
        )
