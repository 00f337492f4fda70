"""MATLAB files of version 5 (`save` without -v7.3): their arrays of plain numbers, read by our own small reader.

Source: "MAT-File Format" (MathWorks), chapter 1, level 5: 128 bytes of header, then elements of a type, a length and bytes.
"""

from __future__ import annotations

import math
import mmap
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from core.files.limits import Limits
from core.files.problem import FileProblem, shown
from core.files.saved import MOST_AXES, MOST_TENSORS, Saved, Tensor, Where, capped

_HEADER = 128
_MATRIX, _COMPRESSED = 14, 15
_STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CLASSES = {
    6: "float64", 7: "float32", 8: "int8", 9: "uint8", 10: "int16", 11: "uint16", 12: "int32", 13: "uint32", 14: "int64",
    15: "uint64",
}  # fmt: skip
_OTHERS = {1: "cells", 2: "a struct", 3: "an object", 4: "text", 5: "sparse", 16: "a function", 17: "an object", 18: "an object"}
_COMPLEX, _LOGICAL = 0x0800, 0x0200
_CUT = "it is a MATLAB file that is cut short or damaged; copy it again, or save it anew in MATLAB"


@dataclass(frozen=True)
class _Array:
    """A variable; `at` and `length` are its numbers in `data`, `base` where `data` lies in the file, None if it was packed."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    stored: str
    at: int
    length: int
    data: Any
    base: int | None


def read(path: Path, limits: Limits) -> Saved:
    """Return the arrays of a file; raises FileProblem."""
    tensors: list[Tensor] = []
    names: set[str] = set()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        order = _order(whole)
        about = whole[:116].split(b"\0")[0].decode("latin-1").strip()
        for found in _arrays(whole, order, limits):
            if found.name in names:
                raise FileProblem(f"it holds {shown(found.name)} twice, so it is unclear which one counts; save it anew")
            names.add(found.name)
            plain = found.base is not None and np.dtype(found.stored).newbyteorder(order) == np.dtype("<" + found.stored)
            plain = plain and found.stored and np.dtype(found.stored).name == found.dtype
            where = (
                Where("span", "", (found.base or 0) + found.at, found.length, "", "F") if plain else Where("worker", order="F")
            )
            tensors.append(Tensor(found.name, found.shape, found.dtype, found.length, where))
    assumed = ("its arrays have no layers; Theta matrices of courses have a row for each unit, and the bias in the first column",)
    return Saved("MATLAB", str(path), path.stat().st_size, tuple(tensors), (), False, assumed, {"header": about})


def array(path: Path, name: str, rows: tuple[int, int] | None, limits: Limits) -> np.ndarray:
    """Return the numbers of one array; raises FileProblem."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        order = _order(whole)
        for found in _arrays(whole, order, limits):
            if capped(found.name) == name and found.stored:
                raw = bytes(found.data[found.at : found.at + found.length])
                numbers = np.frombuffer(raw, np.dtype(found.stored).newbyteorder(order)).astype(found.dtype)
                made = numbers.reshape(found.shape, order="F")
                return made if rows is None else made[rows[0] : rows[1]]
    raise FileProblem(f"it has no array {shown(name)} any more; open it again")


def _order(data: Any) -> Literal["<", ">"]:
    if len(data) < _HEADER or data[126:128] not in (b"IM", b"MI"):
        raise FileProblem(_CUT)
    if data[124:126] in (b"\x00\x02", b"\x02\x00"):
        raise FileProblem("it is a MATLAB file of version 7.3; save it with save('name.mat', '-v7'), which is read here")
    return "<" if data[126:128] == b"IM" else ">"


def _arrays(whole: Any, order: str, limits: Limits) -> Iterator[_Array]:
    at, count, left = _HEADER, 0, limits.unpacked
    while at < len(whole):
        kind, start, length, after = _element(whole, at, len(whole), order)
        count += 1
        if count > MOST_TENSORS:
            raise FileProblem(f"it has more than {MOST_TENSORS} arrays; it cannot be a network")
        if kind == _COMPRESSED:
            data = _unpacked(whole[start : start + length], left)
            left -= len(data)
            inner, a, n, _ = _element(data, 0, len(data), order)
            if inner == _MATRIX:
                yield _matrix(data, a, a + n, order, None)
            at = start + length
        else:
            if kind == _MATRIX:
                yield _matrix(whole, start, start + length, order, 0)
            at = after


def _unpacked(data: bytes, most: int) -> bytes:
    try:
        stream = zlib.decompressobj()
        made = stream.decompress(data, max(most, 1))
    except zlib.error:
        raise FileProblem(_CUT) from None
    if stream.unconsumed_tail:
        raise FileProblem(
            "its arrays unpack to more than is read at once; save it with save('name.mat', '-v6'), which does not pack"
        )
    if not stream.eof:
        raise FileProblem(_CUT)
    return made


def _element(data: Any, at: int, end: int, order: str) -> tuple[int, int, int, int]:
    """Return type, start and length of the element at a place, and where the next one begins."""
    if at + 8 > end:
        raise FileProblem(_CUT)
    kind, length = struct.unpack(order + "II", data[at : at + 8])
    if kind >> 16:
        length, kind = kind >> 16, kind & 0xFFFF
        start, after = at + 4, at + 8
        if length > 4:
            raise FileProblem(_CUT)
    else:
        start = at + 8
        after = start + length + -length % 8
    if start + length > end:
        raise FileProblem(_CUT)
    return kind, start, length, after


def _matrix(data: Any, at: int, end: int, order: str, base: int | None) -> _Array:
    """Return what an element of type matrix holds: flags, sizes, name, numbers."""
    _, start, length, at = _element(data, at, end, order)
    if length != 8:
        raise FileProblem(_CUT)
    (flags,) = struct.unpack(order + "I", data[start : start + 4])
    kind = flags & 0xFF
    _, start, length, at = _element(data, at, end, order)
    if length % 4 or length // 4 > MOST_AXES:
        raise FileProblem(_CUT)
    shape = tuple(struct.unpack(f"{order}{length // 4}i", data[start : start + length]))
    _, start, length, at = _element(data, at, end, order)
    name = bytes(data[start : start + length]).decode("latin-1")
    if any(n < 0 for n in shape):
        raise FileProblem(f"the array {shown(name)} has the shape {shape}, which there is not; save it anew")
    if kind not in _CLASSES or flags & _COMPLEX:
        what = "complex" if kind in _CLASSES else _OTHERS.get(kind, f"class {kind}")
        return _Array(name, shape, what, "", 0, 0, data, None)
    stored, start, length, _ = _element(data, at, end, order)
    code = _STORED.get(stored)
    if code is None:
        raise FileProblem(_CUT)
    if math.prod(shape) * np.dtype(code).itemsize != length:
        raise FileProblem(
            f"the array {shown(name)} declares {math.prod(shape)} numbers, but {length} bytes are stored; save it anew"
        )
    dtype = "bool" if flags & _LOGICAL and code == "u1" else _CLASSES[kind]
    return _Array(name, shape, dtype, code, start, length, data, base)
