"""The heaps in which an HDF5 file keeps its texts, checked before HDF5 reads them: at one damaged so, it goes round for ever.

Source: "HDF5 File Format Specification 3.0", section III.E (Disk Format: Level 1E - Global Heap). Seen with HDF5 2.0.0: an
object of number 0 (free space) that says to be 0 bytes long is followed by itself.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

from core.files.problem import FileProblem

LARGEST = 64 * 2**20
"""Bytes of a file that is looked through; a larger one is only held by the time that it may take."""
_SIGNATURE = b"GCOL\x01"
_HEADER, _OBJECT = 16, struct.Struct("<HHIQ")


def check_heaps(file: BinaryIO) -> None:
    """Raise FileProblem if a heap of the file would not end."""
    size = file.seek(0, 2)
    if size > LARGEST:
        return
    file.seek(0)
    data = file.read()
    at = data.find(_SIGNATURE)
    while at >= 0:
        _check(data, at)
        at = data.find(_SIGNATURE, at + 1)


def _check(data: bytes, start: int) -> None:
    (length,) = struct.unpack_from("<Q", data.ljust(start + _HEADER, b"\0"), start + 8)
    end = min(start + length, len(data))
    at = start + _HEADER
    while at + _OBJECT.size <= end:
        number, _, _, size = _OBJECT.unpack_from(data, at)
        step = _OBJECT.size + (size + 7) // 8 * 8 if number else size
        if not step:
            raise FileProblem("the place where it keeps its texts is damaged; download or save the file again")
        at += step
