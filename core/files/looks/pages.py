"""Some rows of a tensor's numbers, for a table that shows only what is in sight."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

from core.files.arrays import array
from core.files.saved import Saved, Tensor


def table_shape(tensor: Tensor) -> tuple[int, int]:
    """Return a tensor's size as a table: its last axis across, all others down; a single number is 1×1."""
    return (math.prod(tensor.shape[:-1]), tensor.shape[-1]) if tensor.shape else (1, 1)


def table_rows(saved: Saved, name: str, first: int, last: int) -> NDArray[Any]:
    """Return rows `first` to `last` (not included) of a tensor as a table, of the shape (last − first, across).

    Only the part of the first axis that they lie in is read where the file allows it. Raises as `core.files.arrays.array`
    does.
    """
    tensor = saved.tensor(name)
    down, across = table_shape(tensor)
    first, last = max(0, first), min(last, down)
    if len(tensor.shape) < 2:
        return array(saved, name).reshape(1, across)[first:last]
    each = math.prod(tensor.shape[1:-1])
    if not each or last <= first:
        return array(saved, name, (0, 0)).reshape(0, across)
    begin, end = first // each, -(-last // each)
    return array(saved, name, (begin, end)).reshape(-1, across)[first - begin * each : last - begin * each]
