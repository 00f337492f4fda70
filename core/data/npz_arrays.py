"""The arrays of an .npz file: its zip directory and the array headers are judged before any data is read."""

from __future__ import annotations

import math
import struct
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from core.data.table import DataError, shown
from core.program.ir import Array

LARGEST_FILE = 500_000_000
LARGEST_ARRAY = 500_000_000
"""Bytes that one array may take as float64."""

_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError,
    NotImplementedError, RuntimeError, IndexError, KeyError, OverflowError,
)  # fmt: skip
_PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1
_HEADER_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


@dataclass(frozen=True)
class Header:
    """What the header of an array states; `fortran` says that its first axis runs fastest."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]


class Arrays:
    """An .npz file that np.savez or np.savez_compressed wrote. Pickled arrays are refused, unread."""

    def __init__(self, file: IO[bytes], source: str) -> None:
        """Read the directory of an open file; `source` is what messages call it. Raises DataError."""
        try:
            self._archive = zipfile.ZipFile(file)
        except _BROKEN:
            raise DataError(f"{source} is not an .npz file; write one with np.savez({shown(source)}, X=X, Y=Y)") from None
        self._source = source
        self._members = {i.filename: i for i in self._archive.infolist()}
        self.names = tuple(n.removesuffix(".npy") for n in self._members if n.endswith(".npy"))

    def header(self, name: str) -> Header:
        """Return the header of an array of real numbers.

        Raises:
            KeyError: if there is no array of that name.
            DataError: if it is damaged, holds anything but real numbers, or is larger than LARGEST_ARRAY.
        """
        info, what = self._members[f"{name}.npy"], f"{self._source}: {name}"
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _PLAIN_METHODS:
            raise DataError(f"{what} is encrypted or compressed in an unusual way; write the file anew with np.savez")
        try:
            with self._archive.open(info) as stream:
                header = _parsed(stream)
                start = stream.tell()
        except _BROKEN:
            raise DataError(f"{what} is damaged or no NumPy array; write the file anew with np.savez") from None
        dtype, count = header.dtype, math.prod(header.shape)
        if dtype.hasobject:
            raise DataError(
                f"{what} holds Python objects (dtype object), which are never opened here because that could run code; "
                "convert it with .astype(float) and save it again"
            )
        if dtype.kind not in "biuf":
            hint = (
                f"save class indices instead: np.unique({name}, return_inverse=True)[1]"
                if dtype.kind in "US"
                else "convert it and save it again"
            )
            raise DataError(f"{what} holds values of type {shown(str(dtype))}, not real numbers; {hint}")
        if count * 8 > LARGEST_ARRAY:
            raise DataError(f"{what} takes more than {LARGEST_ARRAY // 10**6} MB as float64; save fewer samples or numbers")
        if start + count * dtype.itemsize != info.file_size:
            raise DataError(f"{what} is damaged: its header and its size disagree; write the file anew with np.savez")
        return header

    def read(self, name: str) -> Array:
        """Return an array as float64 in its own shape.

        Raises:
            KeyError, DataError: as `header` does, and if a number is NaN or infinite, said with its index as NumPy counts.
        """
        header, what = self.header(name), f"{self._source}: {name}"
        try:
            with self._archive.open(self._members[f"{name}.npy"]) as stream:
                _parsed(stream)
                data = stream.read()  # never more than the directory states, which the header was checked against
        except _BROKEN:
            data = None
        if data is None or len(data) != math.prod(header.shape) * header.dtype.itemsize:
            raise DataError(f"{what} is damaged, its data does not match its checksum or size; write the file anew with np.savez")
        raw = np.frombuffer(data, dtype=header.dtype).reshape(header.shape, order="F" if header.fortran else "C")
        with np.errstate(all="ignore"):
            numbers = raw.astype(np.float64)
        bad = np.argwhere(~np.isfinite(numbers))
        if len(bad):
            place = tuple(int(i) for i in bad[0])
            kind = "NaN" if np.isnan(numbers[place]) else "infinite"
            index = f"[{', '.join(map(str, place))}]" if place else ""
            raise DataError(f"{what}{index} is {kind}; replace it by a number or leave out its sample, and save it again")
        return numbers


def _parsed(stream: IO[bytes]) -> Header:
    """Read the header of a .npy stream; its text is parsed as a literal by NumPy, never executed. Raises ValueError."""
    try:
        reader = _HEADER_READERS[np.lib.format.read_magic(stream)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about headers that Python 2 wrote
            shape, fortran, dtype = reader(stream)
    except Exception as error:
        # NumPy lets what its own helpers raise come through: SyntaxError, TokenError, TypeError and more.
        raise ValueError("not the header of an array") from error
    if any(n < 0 for n in shape):
        raise ValueError("an axis cannot be negative")
    return Header(shape, fortran, dtype)
