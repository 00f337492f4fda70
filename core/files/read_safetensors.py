"""A .safetensors file: 8 bytes of length, a header in JSON, and the numbers one tensor after the other.

Source: the format's description in the repository of safetensors. The header is read here and not by the library, whose
messages name no tensor; nothing of the numbers is read.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from core.files.json_safe import loads
from core.files.limits import Limits
from core.files.problem import FileProblem, shown
from core.files.saved import ITEM_BYTES, MOST_AXES, MOST_TENSORS, Saved, Tensor, Where, too_many

NEEDS: tuple[str, ...] = ()
_TYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32", "I32": "int32",
    "U64": "uint64", "I64": "int64", "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64", "C64": "complex64",
}  # fmt: skip
_SMALL = ("F8", "F6", "F4")
_METADATA = "__metadata__"


def read(path: Path, limits: Limits) -> Saved:
    """Return the tensors of a .safetensors file; raises FileProblem."""
    size = path.stat().st_size
    with path.open("rb") as file:
        first = file.read(8)
        length = int.from_bytes(first, "little")
        if len(first) < 8:
            raise FileProblem("it is cut short in its first 8 bytes; download or save it again")
        if length > limits.header:
            raise FileProblem(
                f"its header claims to be {length:,} bytes long, more than {limits.header:,} are read; it is damaged"
            )
        if 8 + length > size:
            raise FileProblem(
                f"it is cut short: its header is {length:,} bytes long and only {size - 8:,} follow; download or save it again"
            )
        header = loads(file.read(length), "its header", deepest=16)
    if not isinstance(header, dict):
        raise FileProblem("its header is no table of tensors; it is damaged, download or save it again")
    if len(header) > MOST_TENSORS + 1:
        raise too_many(len(header), "tensors", MOST_TENSORS)
    metadata = _metadata(header.pop(_METADATA, None))
    tensors = [_tensor(name, entry, 8 + length) for name, entry in header.items()]
    _check_places(tensors, 8 + length, size)
    if not tensors:
        raise FileProblem("it holds no tensor; save the network's state dict with safetensors' save_file")
    return Saved("safetensors", str(path), size, tuple(tensors), metadata=metadata)


def _metadata(given: Any) -> dict[str, str]:
    if given is None:  # MLX writes it where there is none
        return {}
    if not isinstance(given, dict) or not all(isinstance(v, str) for v in given.values()):
        raise FileProblem("the metadata in its header are not texts by name; it is damaged, save it anew")
    return given


def _tensor(name: str, entry: Any, base: int) -> Tensor:
    """Return a tensor of the header; `base` is where in the file the numbers begin."""

    def fault(why: str) -> FileProblem:
        return FileProblem(f"the tensor {shown(name)} {why}")

    if not isinstance(entry, dict):
        raise fault("has no entry in order in the header; it is damaged, save it anew")
    written, shape, places = entry.get("dtype"), _whole(entry.get("shape")), _whole(entry.get("data_offsets"))
    if not isinstance(written, str) or shape is None or places is None or len(places) != 2:
        raise fault("lacks its type, shape or place in the header; it is damaged, save it anew")
    if written not in _TYPES and written.startswith(_SMALL):
        bits = written[1]
        raise fault(
            f"holds floats of {bits} bits ({shown(written, 20)}), which NumPy cannot calculate with; "
            "turn them into float32 first, in PyTorch with tensor.to(torch.float32), and save it again"
        )
    if written not in _TYPES:
        raise fault(f"is of the type {shown(written, 20)}, which is not known; save it as float32")
    start, end = places
    count = math.prod(shape)
    if len(shape) > MOST_AXES or count >= 2**60:
        raise fault("claims a shape that no array has; it is damaged, save it anew")
    dtype = _TYPES[written]
    if end - start != count * ITEM_BYTES[dtype]:
        raise fault(
            f"takes {count * ITEM_BYTES[dtype]:,} bytes by its shape and type, and {end - start:,} by its place; "
            "it is damaged, save it anew"
        )
    return Tensor(name, tuple(shape), dtype, end - start, Where("span", offset=base + start, length=end - start))


def _whole(values: Any) -> list[int] | None:
    if not isinstance(values, list) or not set(map(type, values)) <= {int}:
        return None
    return values if min(values, default=0) >= 0 and max(values, default=0) < 2**62 else None


def _check_places(tensors: list[Tensor], base: int, size: int) -> None:
    """Refuse tensors that share bytes, bytes that belong to none, and a file that is too short or too long."""
    end, before = base, ""
    for tensor in sorted(tensors, key=lambda t: (t.where.offset, t.where.length)):
        where = tensor.where
        if where.offset < end:
            raise FileProblem(
                f"the tensors {shown(before)} and {shown(tensor.name)} overlap; it is damaged or a trap, save it anew"
            )
        if where.offset > end:
            raise FileProblem(
                f"before the tensor {shown(tensor.name)} lie {where.offset - end:,} bytes that belong to none; "
                "it is damaged, save it anew"
            )
        end, before = where.offset + where.length, tensor.name
    if end > size:
        raise FileProblem(
            f"it is cut short: {end:,} bytes are stated and {size:,} are there; the tensor {shown(before)} is not whole; "
            "download or save it again"
        )
    if end < size:
        raise FileProblem(f"after its last tensor come {size - end:,} bytes that belong to none; it is damaged, save it anew")
