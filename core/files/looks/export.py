"""One tensor of a file, written into a file of its own."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from core.files.arrays import MOST, array
from core.files.problem import FileProblem, escaped, shown
from core.files.saved import ITEM_BYTES, Saved, Tensor
from core.files.saving.save_arrays import part_of, parts_writer
from core.saving import SavingError, save_with

_ROWS = 1000
"""So many rows of a table are written at once."""


def export_tensor(saved: Saved, name: str, out: Path) -> None:
    """Write a tensor into a file of its own, all of it or nothing; the ending of `out` says in which form, see `SUFFIXES`.

    Every number can be read back to its last bit. bfloat16 becomes float32, which holds the same numbers, but in .safetensors,
    which knows it. A .csv is a table without a heading: one axis is a column, of more than two axes all but the last are rows,
    and each number is written in as many digits as float64 takes to give it back. .npz and .safetensors keep the name.

    Raises:
        KeyError: if there is no tensor of that name.
        FileProblem: if its numbers cannot be read, or not written in that form.
        SavingError: if the ending is another one, or the file cannot be written.
    """
    suffix = out.suffix.lower()
    if suffix not in SUFFIXES:
        raise SavingError(f"{escaped(str(out))} ends in none of {', '.join(SUFFIXES)}; the ending says the form to write")
    tensor = saved.tensor(name)
    if tensor.count * ITEM_BYTES.get(tensor.dtype, 0) > MOST:
        raise FileProblem(f"{shown(name)} takes more than {MOST // 2**20} MiB, which is too large to be written in one piece")
    if suffix == ".csv" and tensor.dtype.startswith("complex"):
        raise FileProblem(f"{shown(name)} holds complex numbers, which a .csv file cannot hold; write .npy")
    numbers = array(saved, name)
    save_with(out, lambda file: _WRITERS[suffix](file, tensor, numbers))


def _npy(file: IO[bytes], _: Tensor, numbers: NDArray[Any]) -> None:
    np.lib.format.write_array(file, numbers, allow_pickle=False)


def _npz(file: IO[bytes], tensor: Tensor, numbers: NDArray[Any]) -> None:
    parts_writer(".npz", [part_of(tensor.name, numbers)])(file)


def _safetensors(file: IO[bytes], tensor: Tensor, numbers: NDArray[Any]) -> None:
    parts_writer(".safetensors", [part_of(tensor.name, numbers, tensor.dtype)])(file)


def _csv(file: IO[bytes], _: Tensor, numbers: NDArray[Any]) -> None:
    table = numbers.reshape(-1, 1 if numbers.ndim < 2 else numbers.shape[-1]) if numbers.size else numbers.reshape(0, 1)
    for start in range(0, len(table), _ROWS):
        text = io.StringIO()
        for row in table[start : start + _ROWS].astype(_exact(table.dtype)).tolist():
            text.write(",".join(map(repr, row)) + "\n")
        file.write(text.getvalue().encode("ascii"))


def _exact(dtype: np.dtype[Any]) -> type[np.float64] | type[np.uint64] | type[np.int64]:
    """Return the type in which Python writes numbers of a type, none of which it changes."""
    return np.float64 if dtype.kind == "f" else np.uint64 if dtype.kind in "ub" else np.int64


_WRITERS: dict[str, Callable[[IO[bytes], Tensor, NDArray[Any]], None]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".csv": _csv,
    ".safetensors": _safetensors,
}
SUFFIXES = tuple(_WRITERS)
"""The endings of what can be written."""
