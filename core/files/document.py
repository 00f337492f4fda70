"""A `.stepper` file: a zip of `document.json`, `arrays/N.npy` and `files/N`. This is the box alone.

An array comes back with its dtype, shape and strides, since the bits of a later product may depend on them.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np

from core.files.json_safe import loads
from core.files.limits import MIB, Limits
from core.files.problem import FileProblem
from core.files.zip_safe import Zip
from core.program.ir import Array

SUFFIX = ".stepper"
FORMAT = "backprop stepper document"
VERSION = 1
MAIN = "document.json"
LARGEST_FILE = 1024 * MIB
LARGEST_JSON = 64 * MIB
LARGEST_ARRAY = 512 * MIB
LARGEST_WHOLE = 1024 * MIB
"""Bytes that all members of a document may unpack to."""
_LIMITS = Limits(unpacked=LARGEST_ARRAY)
_STAMP = (1980, 1, 1, 0, 0, 0)
_KINDS = "biuf"


class Shelf:
    """Arrays and files on their way into a document, each different one once."""

    def __init__(self) -> None:
        self.arrays: list[Array] = []
        self.strides: list[tuple[int, ...] | None] = []
        self.files: list[bytes] = []
        self._known: dict[tuple[Any, ...], int] = {}
        self._same: dict[int, int] = {}

    def put(self, array: Array) -> int:
        """Put an array on the shelf; returns its number, from 0."""
        at = self._same.get(id(array))
        if at is not None and self.arrays[at] is array:
            return at
        plain = array.flags.c_contiguous or array.flags.f_contiguous
        strides = None if plain else tuple(array.strides)
        order = "C" if array.flags.c_contiguous else "F"
        content = hashlib.sha256(array.tobytes(order="F" if order == "F" and plain else "C")).digest()
        key = (array.dtype.str, array.shape, order if plain else strides, content)
        if key not in self._known:
            self._known[key] = len(self.arrays)
            self.arrays.append(array)
            self.strides.append(strides)
        if self.arrays[self._known[key]] is array:
            self._same[id(array)] = self._known[key]
        return self._known[key]

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
        whole = {"format": FORMAT, "version": VERSION, "strides": self.strides, **data}
        main = json.dumps(whole, allow_nan=False, indent=1).encode("utf-8")
        size = len(main) + sum(a.nbytes + 128 for a in self.arrays) + sum(map(len, self.files))
        if size > LARGEST_WHOLE or len(main) > LARGEST_JSON or any(a.nbytes > LARGEST_ARRAY for a in self.arrays):
            raise FileProblem(f"it would take {size // MIB} MiB, more than a document can hold; save the weights alone")
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            _write(archive, MAIN, main, zipfile.ZIP_DEFLATED)
            for n, array in enumerate(self.arrays):
                _write(archive, f"arrays/{n}.npy", _npy(array), zipfile.ZIP_STORED)
            for n, blob in enumerate(self.files):
                _write(archive, f"files/{n}", blob, zipfile.ZIP_STORED if len(blob) > MIB else zipfile.ZIP_DEFLATED)
        return out.getvalue()


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


def damaged(what: str) -> FileProblem:
    """Return what to say of a document that does not hold together."""
    return FileProblem(f"the document is damaged: {what}; open an older copy of it")


def unpacked(path: Path) -> Box:
    """Read a document.

    Raises:
        FileProblem: one sentence that begins with the file's name, if it is none, damaged, too large, or of a newer version.
    """
    try:
        return _unpacked(path)
    except FileProblem as error:
        raise FileProblem(f"{path.name}: {error}") from None
    except OSError as error:
        raise FileProblem(f"{path} cannot be read ({error.strerror or error}); check the name and your permissions") from None
    except MemoryError:
        raise FileProblem(f"{path.name}: there is not enough memory to open it; close other programs") from None
    except ValueError:
        raise FileProblem(f"{path.name}: this is not a file name; name a document ending in {SUFFIX}") from None


def _unpacked(path: Path) -> Box:
    if path.is_dir():
        raise FileProblem(f"it is a folder; name a document ending in {SUFFIX}")
    if not path.is_file():
        raise FileProblem("there is no such file; check the spelling" if not path.exists() else "it is not a regular file")
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise FileProblem(f"it has {size // MIB} MiB, more than a document can hold; is it the right file?")
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":
            raise FileProblem(f"it is not a document of this app: those are zip files ending in {SUFFIX}")
    with Zip(path, _LIMITS) as archive:
        _check_names(archive)
        data = loads(archive.read(MAIN, LARGEST_JSON), MAIN)
        _check_version(data)
        strides = data.get("strides")
        count = sum(name.startswith("arrays/") for name in archive.names)
        if not isinstance(strides, list) or len(strides) != count:
            raise damaged("its list of arrays does not fit the arrays that it holds")
        arrays = [_array(archive.read(f"arrays/{n}.npy"), strides[n]) for n in range(count)]
        files = [archive.read(f"files/{n}") for n in range(len(archive.names) - count - 1)]
    return Box(data, arrays, files)


def _check_names(archive: Zip) -> None:
    names = set(archive.names)
    if MAIN not in names:
        raise FileProblem(f"it is a zip file, and not a document of this app: {MAIN} is missing in it")
    arrays = sum(name.startswith("arrays/") for name in names)
    expected = {MAIN, *(f"arrays/{n}.npy" for n in range(arrays)), *(f"files/{n}" for n in range(len(names) - arrays - 1))}
    if names != expected or len(archive.members) != len(names):
        raise damaged("it holds parts that no document has, or not all of them")
    if sum(m.size for m in archive.members.values()) > LARGEST_WHOLE:
        raise FileProblem(f"it unpacks to more than {LARGEST_WHOLE // MIB} MiB, more than a document can hold")


def _check_version(data: Any) -> None:
    if not isinstance(data, dict) or cast("dict[str, Any]", data).get("format") != FORMAT:
        raise FileProblem(f"it is a zip file, and not a document of this app: {MAIN} in it is of another kind")
    version = cast("dict[str, Any]", data).get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise damaged("it does not say its version")
    if version > VERSION:
        raise FileProblem(
            f"it was written by a newer version of this app (format {version}; this one reads up to {VERSION}); update the app"
        )


def _write(archive: zipfile.ZipFile, name: str, data: bytes, method: int) -> None:
    info = zipfile.ZipInfo(name, _STAMP)
    info.compress_type = method
    info.external_attr = 0o644 << 16
    archive.writestr(info, data)


def _npy(array: Array) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=(1, 0), allow_pickle=False)
    return out.getvalue()


def _array(raw: bytes, strides: Any) -> Array:
    stream = io.BytesIO(raw)
    try:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise ValueError
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    except Exception:  # NumPy lets what its own helpers raise come through: SyntaxError, TokenError, TypeError and more
        raise damaged("an array in it has no header that can be read") from None
    shape = tuple(int(n) for n in shape)
    start = stream.tell()
    if dtype.kind not in _KINDS or dtype.hasobject or len(shape) > 32 or any(n < 0 for n in shape):
        raise damaged("an array in it is not one of numbers")
    if math.prod(shape) * dtype.itemsize != len(raw) - start:
        raise damaged("the header and the size of an array in it disagree")
    if not math.prod(shape):
        return np.zeros(shape, dtype, order="F" if fortran else "C")
    found = np.frombuffer(raw, dtype, offset=start).reshape(shape, order="F" if fortran else "C")
    # A copy owns aligned memory, as the array had that was saved; reading it where it lies could be unaligned.
    return np.copy(found, order="K") if strides is None else _strided(found, strides)


def _strided(found: Array, strides: Any) -> Array:
    """Return the same numbers in memory laid out by `strides`; where those cannot be, as they come."""
    plain = np.copy(found, order="C")
    whole = isinstance(strides, list) and len(strides) == found.ndim and all(type(s) is int for s in strides)
    if not whole or not found.size or any(s % found.dtype.itemsize for s in strides):
        return plain
    spans = [s * (n - 1) for s, n in zip(strides, found.shape, strict=True)]
    low, high = sum(min(s, 0) for s in spans), sum(max(s, 0) for s in spans)
    if high - low > LARGEST_ARRAY:
        return plain
    buffer = np.zeros((high - low) // found.dtype.itemsize + 1, found.dtype)
    laid = np.ndarray(found.shape, found.dtype, buffer, -low, tuple(strides))
    laid[...] = plain
    return laid
