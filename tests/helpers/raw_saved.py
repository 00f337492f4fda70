"""A `Saved` over a file of raw numbers, as a reader would list it, without a process that reads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.files.saved import Layer, Saved, Tensor, Where


def raw_saved(
    path: Path, arrays: Mapping[str, Any], layers: tuple[Layer, ...] = (), types: Mapping[str, str] | None = None
) -> Saved:
    """Write arrays one after the other, each in its own memory layout, and return what the file holds.

    `types` are other names of types, such as bfloat16 of the upper halves of float32.
    """
    tensors: list[Tensor] = []
    data = b""
    for name, value in arrays.items():
        a = np.asarray(value)
        order = "F" if a.ndim > 1 and a.flags.f_contiguous and not a.flags.c_contiguous else "C"
        raw = a.tobytes(order)
        where = Where("span", offset=len(data), length=len(raw), order=order)
        tensors.append(Tensor(name, a.shape, (types or {}).get(name, str(a.dtype)), len(raw), where))
        data += raw
    path.write_bytes(data)
    return Saved("raw numbers", str(path), len(data), tuple(tensors), layers)
