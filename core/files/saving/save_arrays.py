"""Arrays → a file of weights, in the form that the ending of its name says: .npz or .safetensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import IO

import numpy as np

from core.files.saved import Saved
from core.files.saving.save_npz import write_npz
from core.files.saving.save_safetensors import Part, write_safetensors
from core.program.ir import Array


def part_of(name: str, array: Array, dtype: str = "") -> Part:
    """Return an array that is there already as what is written; its type is its own if none is said."""
    return Part(name, dtype or str(array.dtype), array.shape, partial(np.asanyarray, array))


def parts_writer(ending: str, parts: Sequence[Part], metadata: Mapping[str, str] | None = None) -> Callable[[IO[bytes]], None]:
    """Return what writes arrays into an open file; only .safetensors keeps `metadata`."""
    if ending.lower() == ".npz":
        return partial(_npz, parts)
    return partial(write_safetensors, parts=parts, metadata=metadata)


def metadata_to_keep(saved: Saved) -> Mapping[str, str]:
    """Return what a .safetensors file says of itself, for one that is made of it; that of other formats means nothing there."""
    return dict(saved.metadata) if saved.format.lower().startswith("safetensors") else {}


def _npz(parts: Sequence[Part], file: IO[bytes]) -> None:
    write_npz(file, [(p.name, p.get) for p in parts])
