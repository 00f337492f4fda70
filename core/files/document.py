"""A `.stepper` file: a zip of `document.json`, `arrays/N.npy` and `files/N`. This is the box alone.

An array comes back with its dtype, shape and strides, since the bits of a later product may depend on them.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.files.document_form import (
    FORMAT,
    LARGEST_ARRAY,
    LARGEST_FILE,
    LARGEST_JSON,
    LARGEST_WHOLE,
    MAIN,
    SUFFIX,
    VERSION,
    damaged,
    limits_of,
)
from core.files.limits import MIB
from core.files.problem import FileProblem
from core.files.worker import Part, Worker
from core.program.ir import Array

_STAMP = (1980, 1, 1, 0, 0, 0)
_KINDS = "biuf"


class Slot:
    """A place on the shelf; its number is known when the document is packed."""

    __slots__ = ("array", "number")

    def __init__(self, array: Array) -> None:
        self.array, self.number = array, -1


class Shelf:
    """Arrays and files on their way into a document. What is put here must not be written to until it is packed.

    Putting costs next to nothing; packing finds what is the same, in another thread if need be.
    """

    def __init__(self) -> None:
        self.files: list[bytes] = []
        self._slots: dict[int, Slot] = {}

    def put(self, array: Array) -> Slot:
        """Put an array on the shelf; what is returned stands for its number in the data of the document."""
        slot = self._slots.get(id(array))  # a slot holds its array, so that no other one gets its id
        if slot is None:
            slot = self._slots[id(array)] = Slot(array)
        return slot

    def put_file(self, data: bytes) -> int:
        """Put a file on the shelf; returns its number, from 0."""
        if data not in self.files:
            self.files.append(data)
        return self.files.index(data)

    def packed(self, data: Mapping[str, Any]) -> bytes:
        """Return the whole document: `data` is plain, and refers to the shelf by number.

        Raises:
            FileProblem: if it is larger than what `unpacked` reads.
        """
        arrays, strides = self._numbered()
        whole = {"format": FORMAT, "version": VERSION, "strides": strides, **data}
        main = json.dumps(whole, allow_nan=False, indent=1, default=_number).encode("utf-8")
        size = len(main) + sum(a.nbytes + 128 for a in arrays) + sum(map(len, self.files))
        if size > LARGEST_WHOLE or len(main) > LARGEST_JSON or any(a.nbytes > LARGEST_ARRAY for a in arrays):
            raise FileProblem(f"it would take {size // MIB} MiB, more than a document can hold; save the weights alone")
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            _write(archive, MAIN, main, zipfile.ZIP_DEFLATED)
            for n, array in enumerate(arrays):
                _write(archive, f"arrays/{n}.npy", _npy(array), zipfile.ZIP_STORED)
            for n, blob in enumerate(self.files):
                _write(archive, f"files/{n}", blob, zipfile.ZIP_STORED if len(blob) > MIB else zipfile.ZIP_DEFLATED)
        return out.getvalue()

    def _numbered(self) -> tuple[list[Array], list[tuple[int, ...] | None]]:
        """Number the slots, the same content once; returns the arrays and their strides by number."""
        arrays: list[Array] = []
        strides: list[tuple[int, ...] | None] = []
        known: dict[tuple[Any, ...], int] = {}
        for slot in self._slots.values():
            array = slot.array
            plain = array.flags.c_contiguous or array.flags.f_contiguous
            laid = None if plain else tuple(array.strides)
            order = "C" if array.flags.c_contiguous else "F"
            content = hashlib.sha256(array.tobytes(order="F" if order == "F" and plain else "C")).digest()
            key = (array.dtype.str, array.shape, order if plain else laid, content)
            slot.number = known.setdefault(key, len(arrays))
            if slot.number == len(arrays):
                arrays.append(array)
                strides.append(laid)
        return arrays, strides


def _number(slot: Any) -> int:
    if not isinstance(slot, Slot):
        raise TypeError
    return slot.number


@dataclass
class Box:
    """What an opened document holds: plain data, and arrays and files by number, read and checked. An array is made once."""

    data: Mapping[str, Any]
    arrays: Sequence[Array]
    files: Sequence[bytes] = field(default=())

    def array(self, number: Any) -> Array:
        """Return an array; raises FileProblem where there is none of that number."""
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(self.arrays):
            raise damaged(f"it names an array {number!r:.20}, which it does not hold")
        return self.arrays[number]

    def file(self, number: Any) -> bytes:
        """Return a file; raises FileProblem where there is none of that number."""
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(self.files):
            raise damaged(f"it names a file {number!r:.20}, which it does not hold")
        return self.files[number]


def is_document(target: str) -> bool:
    """Tell whether a TARGET is a document of this app, by its name."""
    return target.lower().endswith(SUFFIX)


def unpacked(path: Path, worker: Worker | None = None) -> Box:
    """Read a document, taken apart and checked in a process of its own: `worker`, else a new one.

    Raises:
        FileProblem: one sentence that begins with the file's name, if it is none, damaged, too large, or of a newer version.
    """
    limits = limits_of(_size(path))
    try:
        if worker is not None:
            return _box(worker.document(path, limits))
        with Worker(limits) as own:
            return _box(own.document(path, limits))
    except MemoryError:
        raise FileProblem(f"{path.name}: there is not enough memory to open it; close other programs") from None
    except (ValueError, TypeError, KeyError, RecursionError):  # a process that was led astray may answer anything
        raise FileProblem(f"{path.name}: {damaged('what was read of it does not hold together')}") from None


def _size(path: Path) -> int:
    """Return the bytes of a file that can be a document; what needs no reading is said without a process."""
    try:
        why = _unfit(path)
        if not why:
            return path.stat().st_size
    except OSError as error:
        raise FileProblem(f"{path} cannot be read ({error.strerror or error}); check the name and your permissions") from None
    except ValueError:
        why = f"this is not a file name; name a document ending in {SUFFIX}"
    raise FileProblem(f"{path.name}: {why}")


def _unfit(path: Path) -> str:
    if path.is_dir():
        return f"it is a folder; name a document ending in {SUFFIX}"
    if not path.is_file():
        return "there is no such file; check the spelling" if not path.exists() else "it is not a regular file"
    size = path.stat().st_size
    if size > LARGEST_FILE:
        return f"it has {size // MIB} MiB, more than a document can hold; is it the right file?"
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            return f"it is not a document of this app: those are zip files ending in {SUFFIX}"
    return ""


def _box(parts: Iterator[Part]) -> Box:
    """Put together what the reading process sends: the main JSON, and each array and file, none of them twice in memory."""
    data = json.loads(_bytes(parts, _head(parts)["length"]))
    strides: list[Any] = data["strides"]
    left, apart = LARGEST_WHOLE, LARGEST_ARRAY
    arrays: list[Array] = []
    files: list[bytes] = []
    for head in iter(lambda: _head(parts), {}):
        left -= head["length"]
        if left < 0 or head["length"] < 0:
            raise ValueError
        if len(arrays) < len(strides):
            made = _array(parts, head, strides[len(arrays)], apart)
            apart -= 0 if made.base is None else made.base.nbytes
            arrays.append(made)
        else:
            files.append(_bytes(parts, head["length"]))
    if len(arrays) < len(strides):
        raise ValueError
    return Box(data, arrays, files)


def _head(parts: Iterator[Part]) -> dict[str, Any]:
    """Return what is said of the next part, nothing after the last."""
    found = next(parts, {})
    if isinstance(found, bytes):
        raise ValueError
    return found


def _pieces(parts: Iterator[Part], length: int) -> Iterator[bytes]:
    """Yield the bytes of a part, of which it was said how many they are."""
    while length:
        piece = next(parts, b"")
        if not isinstance(piece, bytes) or not 0 < len(piece) <= length:
            raise ValueError
        length -= len(piece)
        yield piece


def _bytes(parts: Iterator[Part], length: int) -> bytes:
    gathered = io.BytesIO()  # it gives away what it has gathered without a copy
    for piece in _pieces(parts, length):
        gathered.write(piece)
    return gathered.getvalue()


def _array(parts: Iterator[Part], head: Mapping[str, Any], strides: Any, apart: int) -> Array:
    """Return an array that owns aligned memory, laid out as the one that was saved where that takes at most `apart` bytes."""
    dtype = np.dtype(head["dtype"]).newbyteorder(">" if head["big"] else "<")
    shape = tuple(head["shape"])
    if dtype.kind not in _KINDS or len(shape) > 32 or math.prod(shape) * dtype.itemsize != head["length"]:
        raise ValueError
    if not math.prod(shape):
        return np.zeros(shape, dtype, order=head["order"])
    made = np.empty(shape, dtype, order=head["order"])
    into, at = made.reshape(-1, order=head["order"]).view(np.uint8), 0
    for piece in _pieces(parts, head["length"]):
        into[at : at + len(piece)] = np.frombuffer(piece, np.uint8)
        at += len(piece)
    return made if strides is None else _strided(made, strides, apart)


def _write(archive: zipfile.ZipFile, name: str, data: bytes, method: int) -> None:
    info = zipfile.ZipInfo(name, _STAMP)
    info.compress_type = method
    info.external_attr = 0o644 << 16
    archive.writestr(info, data)


def _npy(array: Array) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=(1, 0), allow_pickle=False)
    return out.getvalue()


def _strided(found: Array, strides: Any, most: int) -> Array:
    """Return the same numbers in memory laid out by `strides`; as they come where those cannot be, or take more than `most`.

    A few numbers can lie far apart: without a bound for all arrays together, a small document would fill the memory.
    """
    plain = found if found.flags.c_contiguous else np.copy(found, order="C")
    whole = isinstance(strides, list) and len(strides) == found.ndim and all(type(s) is int for s in strides)
    if not whole or not found.size or any(s % found.dtype.itemsize for s in strides):
        return plain
    spans = [s * (n - 1) for s, n in zip(strides, found.shape, strict=True)]
    low, high = sum(min(s, 0) for s in spans), sum(max(s, 0) for s in spans)
    if high - low + found.dtype.itemsize > most:
        return plain
    buffer = np.zeros((high - low) // found.dtype.itemsize + 1, found.dtype)
    laid = np.ndarray(found.shape, found.dtype, buffer, -low, tuple(strides))
    laid[...] = plain
    return laid
