"""Where the raw numbers of an ONNX file lie in it, found by its protobuf frames alone: nothing of them is loaded.

Source: "Protocol Buffers: Encoding" (wire types 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes) and the field numbers
of onnx.proto3.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

from core.files.problem import FileProblem

Key = tuple[str, int, int]
"""('initializer', its number, 0) or ('node', its number, the number of its attribute)."""

_GRAPH, _NODE, _OPERATOR, _INITIALIZER, _ATTRIBUTE, _TENSOR, _RAW = 7, 1, 4, 5, 5, 5, 9
_LENGTH = 2


def spans(path: Path) -> dict[Key, tuple[int, int]]:
    """Return offset and length of the raw data of each initialiser, and of each tensor of a Constant node."""
    found: dict[Key, tuple[int, int]] = {}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        graphs = [(a, b) for n, a, b in _fields(data, 0, len(data)) if n == _GRAPH]
        if len(graphs) != 1:
            return {}  # a message said in several parts is merged by protobuf; then nothing is mapped
        nodes = initializers = 0
        for number, start, end in _fields(data, *graphs[0]):
            if number == _INITIALIZER:
                _note(found, ("initializer", initializers, 0), data, start, end)
                initializers += 1
            elif number == _NODE:
                fields = list(_fields(data, start, end))
                # Trees of other operators fill attributes with millions of numbers, each a field of its own.
                constant = any(n == _OPERATOR and data[a:b] == b"Constant" for n, a, b in fields)
                for i, (a, b) in enumerate([(a, b) for n, a, b in fields if n == _ATTRIBUTE and constant]):
                    tensors = [(c, d) for n, c, d in _fields(data, a, b) if n == _TENSOR]
                    if len(tensors) == 1:
                        _note(found, ("node", nodes, i), data, *tensors[0])
                nodes += 1
    return found


def _note(found: dict[Key, tuple[int, int]], key: Key, data: mmap.mmap, start: int, end: int) -> None:
    raw = [(a, b) for n, a, b in _fields(data, start, end) if n == _RAW]
    if len(raw) == 1:
        found[key] = raw[0][0], raw[0][1] - raw[0][0]


def _fields(data: mmap.mmap, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield number, start and end of each field of a message that has a length; raises FileProblem if one reaches beyond."""
    while at < end:
        tag, at = _varint(data, at, end)
        wire = tag & 7
        if wire == _LENGTH:
            length, at = _varint(data, at, end)
            if length > end - at:
                raise _damaged()
            yield tag >> 3, at, at + length
            at += length
        elif wire == 0:
            _, at = _varint(data, at, end)
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            raise _damaged()


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    value = 0
    for i in range(10):
        if at >= end:
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value, at
    raise _damaged()


def _damaged() -> FileProblem:
    return FileProblem("it is an ONNX file that is cut short or damaged; download or save it again")
