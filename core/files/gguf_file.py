"""GGUF files: the list of tensors and the metadata; plain floats are mapped, packed ("quantized") ones are only listed.

Source: "GGUF" (ggml/docs/gguf.md), versions 2 and 3.
"""

from __future__ import annotations

import math
import mmap
import struct
from pathlib import Path
from typing import Any

from core.files.limits import Limits
from core.files.problem import FileProblem, shown
from core.files.saved import ITEM_BYTES, MOST_METADATA, MOST_TENSORS, Saved, Tensor, Where

_PLAIN = {0: "float32", 1: "float16", 24: "int8", 25: "int16", 26: "int32", 27: "int64", 28: "float64", 30: "bfloat16"}
_PACKED = {
    2: "q4_0", 3: "q4_1", 6: "q5_0", 7: "q5_1", 8: "q8_0", 9: "q8_1", 10: "q2_k", 11: "q3_k", 12: "q4_k", 13: "q5_k", 14: "q6_k",
    15: "q8_k",
}  # fmt: skip
_VALUES = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_TEXT, _LIST = 8, 9
_MOST_VALUES = 5_000_000
_LONGEST = 200


def read(path: Path, limits: Limits) -> Saved:
    """Return the tensors of a file; raises FileProblem."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _Reader(data, path, limits).read()


class _Reader:
    def __init__(self, data: mmap.mmap, path: Path, limits: Limits) -> None:
        self.data, self.path, self.at = data, path, 4
        self.end = min(len(data), limits.header)
        self.values = 0

    def read(self) -> Saved:
        """Return the tensors."""
        version, tensors, pairs = self._take("<I")[0], *self._take("<QQ")
        if version not in (2, 3):
            raise FileProblem(f"it is a GGUF file of version {version}; versions 2 and 3 are read here")
        if tensors > MOST_TENSORS or pairs > MOST_TENSORS:
            raise FileProblem(f"it says that it has {tensors} tensors and {pairs} settings; it is damaged, download it again")
        about: dict[str, str] = {"version": str(version)}
        for _ in range(pairs):
            key = self._text()
            value = self._value(self._take("<I")[0], 0)
            if len(about) < MOST_METADATA:
                about[key] = str(value)
        listed = [self._info() for _ in range(tensors)]
        alignment = about.get("general.alignment", "32")
        step = int(alignment) if alignment.isdecimal() and 0 < int(alignment) <= 2**20 else 32
        start = self.at + -self.at % step
        size = len(self.data)
        made: list[Tensor] = []
        names: set[str] = set()
        for name, shape, kind, offset in listed:
            if name in names:
                raise FileProblem(f"it holds {shown(name)} twice, so it is unclear which one counts; download it again")
            names.add(name)
            dtype = _PLAIN.get(kind)
            if dtype is None:
                made.append(Tensor(name, shape, _PACKED.get(kind, f"type {kind}"), 0, Where("worker")))
                continue
            length = math.prod(shape) * ITEM_BYTES[dtype]
            if start + offset + length > size:
                raise FileProblem(f"the tensor {shown(name)} lies beyond the end of the file; it is cut short, download it again")
            made.append(Tensor(name, shape, dtype, length, Where("span", "", start + offset, length)))
        return Saved("GGUF", str(self.path), size, tuple(made), (), False, (), about)

    def _info(self) -> tuple[str, tuple[int, ...], int, int]:
        name = self._text()
        (axes,) = self._take("<I")
        if axes > 8:
            raise FileProblem(f"the tensor {shown(name)} has {axes} axes; the file is damaged, download it again")
        sizes = self._take(f"<{axes}Q")
        if math.prod(sizes) >= 2**62 or max(sizes, default=0) >= 2**62:
            raise FileProblem(f"the tensor {shown(name)} claims more numbers than any computer holds; download the file again")
        kind, offset = self._take("<IQ")
        return name, tuple(reversed(sizes)), kind, offset

    def _take(self, layout: str) -> tuple[Any, ...]:
        size = struct.calcsize(layout)
        if self.at + size > self.end:
            raise FileProblem("it is a GGUF file that is cut short or damaged; download it again")
        found = struct.unpack(layout, self.data[self.at : self.at + size])
        self.at += size
        return found

    def _text(self) -> str:
        (length,) = self._take("<Q")
        if length > self.end - self.at:
            raise FileProblem("it is a GGUF file that is cut short or damaged; download it again")
        self.at += length
        return self.data[self.at - length : self.at].decode("utf-8", "replace")

    def _value(self, kind: int, depth: int) -> str:
        """Return a setting as text; a list only says how long it is."""
        self.values += 1
        if self.values > _MOST_VALUES or depth > 4:
            raise FileProblem("it is a GGUF file with more settings than any network has; it is damaged, download it again")
        if kind == _TEXT:
            return self._text()[:_LONGEST]
        if kind == _LIST:
            inner, count = self._take("<IQ")
            if inner in _VALUES:
                size = struct.calcsize(_VALUES[inner]) * count
                if size > self.end - self.at:
                    raise FileProblem("it is a GGUF file that is cut short or damaged; download it again")
                self.at += size
            else:
                for _ in range(count):
                    self._value(inner, depth + 1)
            return f"a list of {count}"
        if kind not in _VALUES:
            raise FileProblem(f"it is a GGUF file with a setting of the unknown type {kind}; download it again")
        return str(self._take("<" + _VALUES[kind])[0])
