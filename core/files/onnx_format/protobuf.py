"""The outermost fields of a protobuf message, enough to tell an ONNX graph from other bytes; nothing of it is decoded."""

from __future__ import annotations

from typing import IO

from core.files.problem import FileProblem

_ONNX_FIELDS = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
"""Numbers and wire types of the fields of onnx.ModelProto (onnx.proto3)."""
_GRAPH_DEF = (1, 2)
"""What a graph of TensorFlow begins with: a node."""
_SAVED_MODEL = {1, 2}
"""The fields of a SavedModel: the number of its schema, and its graphs."""


def protobuf(file: IO[bytes], size: int, suffix: str) -> str:
    """Return 'onnx' or 'savedmodel' if the bytes read as such a message from the first to the last, "" otherwise."""
    fields, short = _fields(file, size)
    seen = {n for n, _ in fields}
    fits = bool(fields) and all(_ONNX_FIELDS.get(n) == wire for n, wire in fields)
    if fits and 7 in seen and (seen & {1, 8} or suffix == ".onnx"):
        if short:
            raise FileProblem("it is an ONNX graph that is cut short; download or save it again")
        return "onnx"
    if fits and suffix == ".onnx":
        if short:
            raise FileProblem("it is an ONNX file that is cut short; download or save it again")
        raise FileProblem("it is an ONNX file without a graph in it; export the network anew")
    if suffix == ".pb" and fields and not short:
        if fields[0] == _GRAPH_DEF:
            raise FileProblem("it is a frozen graph of TensorFlow, which is not read here; turn it into .onnx with tf2onnx")
        return "savedmodel" if seen <= _SAVED_MODEL else ""
    return ""


def _fields(file: IO[bytes], size: int) -> tuple[list[tuple[int, int]], bool]:
    """Return the outermost fields of a protobuf message as (number, wire type), and whether the last reaches past the end.

    There are none if the bytes are no such message.
    """
    found: list[tuple[int, int]] = []
    at = 0
    while at < size and len(found) < 5_000:
        file.seek(at)
        block = file.read(24)
        tag, used = _varint(block)
        number, wire = tag >> 3, tag & 7
        if not used or not 1 <= number <= 4_000 or wire not in (0, 1, 2, 5):
            return ([], False) if used or not found else (found, True)
        at += used
        if wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            value, used = _varint(block[used:])
            if not used:
                return found, True
            at += used + (value if wire == 2 else 0)
        found.append((number, wire))
    return found, at > size


def _varint(data: bytes) -> tuple[int, int]:
    """Return a number written in groups of 7 bits, and how many bytes it took (0 if it does not end)."""
    value = 0
    for i, byte in enumerate(data[:10]):
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value, i + 1
    return 0, 0
