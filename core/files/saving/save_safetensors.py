"""Arrays → a .safetensors file: the length of a header, the header as JSON, the numbers one after the other.

Source: https://github.com/huggingface/safetensors, "Format".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from core.files.problem import FileProblem, shown
from core.files.saved import ITEM_BYTES
from core.program.ir import Array

_CODES = {
    "bool": "BOOL", "int8": "I8", "uint8": "U8", "int16": "I16", "uint16": "U16", "int32": "I32", "uint32": "U32", "int64": "I64",
    "uint64": "U64", "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64",
}  # fmt: skip
_PIECE = 2**24


@dataclass(frozen=True)
class Part:
    """An array to write: its name, type ('bfloat16' is given as float32 and cut), shape, and what gives its numbers."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    get: Callable[[], Array]


def write_safetensors(file: IO[bytes], parts: Sequence[Part], metadata: Mapping[str, str] | None = None) -> None:
    """Write arrays in row-major order, bit for bit; larger types first, so that every number lies aligned.

    Raises:
        FileProblem: for a type or a name that such a file cannot hold.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    order = sorted(parts, key=lambda p: (-ITEM_BYTES.get(p.dtype, 0), p.name))
    at = 0
    for p in order:
        if p.dtype not in _CODES:
            what = f"{shown(p.name)} is of the type {shown(p.dtype)}"
            raise FileProblem(f"{what}, which a .safetensors file cannot hold; write .npz")
        if p.name in header or p.name == "__metadata__":
            raise FileProblem(f"an array called {shown(p.name)} cannot be written into a .safetensors file; write .npz")
        size = int(np.prod(p.shape, dtype=np.int64)) * ITEM_BYTES[p.dtype]
        header[p.name] = {"dtype": _CODES[p.dtype], "shape": list(p.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=True).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)
    for p in order:
        _numbers(file, p)


def _numbers(file: IO[bytes], p: Part) -> None:
    array = np.asarray(p.get())
    if array.shape != p.shape:
        raise FileProblem(f"{shown(p.name)} has changed while it was written; open the file again")
    flat = array.reshape(-1)
    step = max(1, _PIECE // ITEM_BYTES[p.dtype])
    for start in range(0, flat.size, step):
        piece = flat[start : start + step]
        if p.dtype == "bfloat16":
            # Its numbers are those of float32 whose lower 16 bits are 0, so that cutting them off loses nothing.
            file.write((np.ascontiguousarray(piece, "<f4").view("<u4") >> 16).astype("<u2").tobytes())
        else:
            file.write(np.ascontiguousarray(piece, np.dtype(p.dtype).newbyteorder("<")).tobytes())
