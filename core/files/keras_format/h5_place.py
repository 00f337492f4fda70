"""Where an HDF5 file lies: by itself, beside the file opened, or within a zip, unpacked or not."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, BinaryIO


class Part(io.RawIOBase):
    """A part of an open file, as a file of its own: what a zip stores unpacked."""

    def __init__(self, file: BinaryIO, offset: int, length: int) -> None:
        """Show `length` bytes of `file` from `offset`."""
        super().__init__()
        self._file, self._offset, self._length, self._at = file, offset, length, 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be read at any place."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Read on from the place."""
        view = memoryview(buffer)[: max(0, self._length - self._at)]
        self._file.seek(self._offset + self._at)
        data = self._file.read(len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


@dataclass(frozen=True)
class Place:
    """Where the HDF5 file lies: `file` is the bare name of a file beside the one opened, "" for that file itself.

    `offset` is where it starts there, None if it was unpacked and nothing of it can be mapped.
    """

    file: str = ""
    offset: int | None = 0
