"""The header of a .npy array, read by its grammar: it looks like a Python literal and is never handed to Python.

Source: numpy.lib.format, "Format Version 1.0" and later; Python 2 wrote `3L` for 3.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from core.files.problem import FileProblem, shown
from core.files.saved import ITEM_BYTES, MOST_AXES, Order

_MAGIC = b"\x93NUMPY"
_LONGEST = 10_000
"""Bytes of a header, as NumPy itself takes them."""
_LONGEST_NUMBER = 20
_HEADER = re.compile(
    r"\{\s*'descr'\s*:\s*(?P<descr>'[^'\\]*'|\[.*\])\s*,\s*'fortran_order'\s*:\s*(?P<fortran>True|False)\s*,"
    r"\s*'shape'\s*:\s*\((?P<shape>[-0-9L,\s]*)\)\s*,?\s*\}\s*"
)
_SIMPLE = re.compile(r"'([<>|=]?)([a-zA-Z?])([0-9]{0,9})(?:\[[^\]']*\])?'")
_KINDS = {"f": "float", "i": "int", "u": "uint", "c": "complex"}
_OTHERS = {"U": "text", "S": "bytes", "a": "bytes", "M": "datetime", "m": "timedelta", "V": "void"}
_OBJECT = re.compile(r"'[<>|=]?O[0-9]*'")


@dataclass(frozen=True, slots=True)
class NpyHeader:
    """What it states: `size` is the bytes of the header itself, `item` those of one number (0 if unknown)."""

    shape: tuple[int, ...]
    dtype: str
    order: Order
    big_endian: bool
    item: int
    size: int

    @property
    def bytes(self) -> int:
        """How many bytes of numbers must follow."""
        return math.prod(self.shape) * self.item


def npy_header(read: Callable[[int], bytes], what: str) -> NpyHeader:
    """Read a header from the first bytes of an array on; `what` is what messages call the array, quoted.

    Raises:
        FileProblem: if it is damaged, unbelievable, or says that the array holds Python objects.
    """
    head = read(10)
    if head[:6] != _MAGIC:
        raise _damaged(what)
    if len(head) < 10:
        raise FileProblem(f"{what} is cut short in its header; download or save it again")
    version, length, used = head[6], struct.unpack("<H", head[8:10])[0], 10
    if version not in (1, 2, 3):
        raise FileProblem(f"{what} is written in version {version} of the .npy format, which is not known; save it with np.save")
    if version > 1:
        more = read(2)
        if len(more) < 2:
            raise FileProblem(f"{what} is cut short in its header; download or save it again")
        length, used = struct.unpack("<I", head[8:10] + more)[0], 12
    if length > _LONGEST:
        raise FileProblem(
            f"{what} has a header of {length} bytes, more than the {_LONGEST} of any array; save it anew with np.save"
        )
    raw = read(length)
    if len(raw) < length:
        raise FileProblem(f"{what} is cut short in its header; download or save it again")
    found = _HEADER.fullmatch(raw.decode("utf-8" if version == 3 else "latin-1", "replace"))
    if found is None:
        raise _damaged(what)
    dtype, item, big = _type(found["descr"], what)
    order: Order = "F" if found["fortran"] == "True" else "C"
    return NpyHeader(_shape(found["shape"], item, what), dtype, order, big, item, used + length)


def _type(descr: str, what: str) -> tuple[str, int, bool]:
    """Return the type's name, its bytes (0 if unknown) and whether the highest byte comes first."""
    if _OBJECT.search(descr):
        raise FileProblem(
            f"{what} holds Python objects (dtype object), which are never opened here, for that could run code; "
            "save each array under a name of its own, with .astype(float)"
        )
    found = _SIMPLE.fullmatch(descr)
    if found is None:
        if descr.startswith("["):
            return "structured", 0, False
        raise _damaged(what)
    order, letter, digits = found.groups()
    size = int(digits or 0)
    if letter == "b" and size == 1:
        return "bool", 1, False
    if letter in _KINDS:
        name = f"{_KINDS[letter]}{size * 8}"
        if name not in ITEM_BYTES and name not in ("float96", "float128", "complex192", "complex256"):
            raise _damaged(what)
        return name, size, order == ">" and size > 1
    if letter in _OTHERS:
        return _OTHERS[letter], (4 * size if letter == "U" else 8 if letter in "Mm" else size), False
    raise _damaged(what)


def _shape(text: str, item: int, what: str) -> tuple[int, ...]:
    parts = [p.strip() for p in text.split(",")]
    if parts and not parts[-1]:
        parts.pop()
    shape: list[int] = []
    for part in parts:
        digits = part.removesuffix("L")
        if not digits.lstrip("-").isdecimal() or len(digits) > _LONGEST_NUMBER:
            raise _damaged(what)
        if digits.startswith("-"):
            raise FileProblem(f"{what} has an axis of {digits}, and none can be negative; it is damaged, save it anew")
        shape.append(int(digits))
    if len(shape) > MOST_AXES:
        raise FileProblem(f"{what} has {len(shape)} axes, more than the {MOST_AXES} of any array; save it anew")
    if math.prod(n for n in shape if n) * max(item, 1) >= 2**62:
        raise FileProblem(f"{what} claims more numbers than any computer holds; it is damaged, save it anew")
    return tuple(shape)


def _damaged(what: str) -> FileProblem:
    return FileProblem(f"{what} is no NumPy array or its header is damaged; save it anew with np.save or np.savez")


def named(name: str) -> str:
    """Return what messages call an array of that name."""
    return f"the array {shown(name)}"
