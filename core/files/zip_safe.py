"""A zip file's directory and members, each number of it checked before it is believed."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from core.files.limits import Limits
from core.files.problem import FileProblem, shown

MOST_MEMBERS = 20_000
CHECKED = 32 * 2**20
"""Bytes of an archive whose checksums are gone through when it is opened; in a larger one, those of what is looked at."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1 | 0x40
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_END = b"PK\x05\x06"
_END_SIZE = 22
_PIECE = 2**20
_HIGHEST_RATIO = 2_000
"""No deflated stream unpacks to more than 1032 times its size."""
_BOMB_BYTES = 64 * 2**20
_BOMB_RATIO = 200
"""Numbers of a network that were ever trained do not shrink so much; what does, and is large, is made to fill a memory."""

_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError,
    RuntimeError, IndexError, KeyError, OverflowError, UnicodeError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the zip: bytes unpacked (`size`) and as they lie there (`packed`), and where its own header begins."""

    name: str
    size: int
    packed: int
    stored: bool
    crc: int
    header: int


class Zip:
    """A zip file that is open for reading. Names are texts, never paths: nothing is ever unpacked to a disk."""

    def __init__(self, path: Path, limits: Limits) -> None:
        """Read the directory.

        Raises:
            FileProblem: if it is no whole zip, or has members that are encrypted, doubled, overlapping or impossibly large.
        """
        self._limits = limits
        self._size = path.stat().st_size
        self._file: IO[bytes] = path.open("rb")
        try:
            self._members = self._directory()
        except BaseException:
            self._file.close()
            raise

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all members but folders, in the order of the directory."""
        return tuple(self._members)

    @property
    def members(self) -> Mapping[str, Member]:
        """All members but folders by name."""
        return self._members

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Zip:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def member(self, name: str) -> Member:
        """Return a member; raises FileProblem if there is none of that name."""
        if name not in self._members:
            raise FileProblem(f"it has no part {shown(name)}; it is incomplete, download or save it again")
        return self._members[name]

    def span(self, name: str) -> int | None:
        """Return where in the file the bytes of a stored member begin, or None if it is compressed."""
        member = self.member(name)
        return self._start(member) if member.stored else None

    def open(self, name: str) -> Stream:
        """Return a member's unpacked bytes as a stream that gives no more than the directory states."""
        member = self.member(name)
        return Stream(self._file, member, self._start(member))

    def read(self, name: str, most: int | None = None) -> bytes:
        """Return a member whole, checked against its checksum; raises FileProblem if it has more than `most` bytes."""
        member, most = self.member(name), self._limits.unpacked if most is None else most
        if member.size > most:
            raise FileProblem(f"its part {shown(name)} unpacks to {member.size} bytes, more than {most} are read; save it anew")
        stream = self.open(name)
        data = stream.read(member.size)
        stream.finish()
        return data

    def _start(self, member: Member) -> int:
        """Return where a member's bytes begin: the directory and the header before them must agree on the name."""
        self._file.seek(member.header)
        raw = self._file.read(_LOCAL.size)
        if len(raw) < _LOCAL.size or raw[:4] != b"PK\x03\x04":
            raise _damaged(member.name)
        fields = _LOCAL.unpack(raw)
        length, extra = cast("int", fields[9]), cast("int", fields[10])
        name = self._file.read(length)
        if member.name not in (name.decode("utf-8", "replace"), name.decode("cp437")):
            raise FileProblem(
                f"its part {shown(member.name)} is named otherwise in the zip's directory than before its data; save it anew"
            )
        start = member.header + _LOCAL.size + length + extra
        if start + member.packed > self._size:
            raise _damaged(member.name)
        return start

    def _directory(self) -> dict[str, Member]:
        self._check_end()
        try:
            with zipfile.ZipFile(self._file) as archive:
                found = archive.infolist()
        except _BROKEN:
            raise FileProblem("it is a zip file that is damaged or cut short; download or save it again") from None
        if len(found) > MOST_MEMBERS:
            raise FileProblem(f"it is a zip file of {len(found)} parts, more than {MOST_MEMBERS}; it cannot be a network")
        members: dict[str, Member] = {}
        for info in found:
            name = info.orig_filename
            if name in members:
                raise FileProblem(f"it holds {shown(name)} twice, so it is unclear which one counts; save it anew")
            if info.flag_bits & _ENCRYPTED:
                raise FileProblem(f"its part {shown(name)} is encrypted; unpack it and save it without a password")
            if info.compress_type not in _METHODS:
                raise FileProblem(f"its part {shown(name)} is compressed in an unusual way; save it anew with plain zip")
            stored = info.compress_type == zipfile.ZIP_STORED
            if "\0" in name or (stored and info.file_size != info.compress_size):
                raise _damaged(name)
            if info.header_offset < 0 or info.header_offset + info.compress_size > self._size:
                raise _damaged(name)
            if info.file_size > max(_HIGHEST_RATIO * info.compress_size, 64):
                raise _damaged(name)
            members[name] = Member(name, info.file_size, info.compress_size, stored, info.CRC, info.header_offset)
        self._check_overlaps(members)
        self._check_bomb(members)
        return {n: m for n, m in members.items() if not n.endswith("/")}

    def _check_end(self) -> None:
        """Refuse a directory larger than may be read, before zipfile reads it whole."""
        self._file.seek(max(0, self._size - _END_SIZE - 65_535))
        tail = self._file.read()
        at = tail.rfind(_END)
        if at < 0 or len(tail) - at < _END_SIZE:
            raise FileProblem("it begins as a zip file and its end is missing; download or save it again")
        (length,) = struct.unpack_from("<I", tail, at + 12)
        if length > self._limits.header and length != 0xFFFF_FFFF:
            raise FileProblem("it is a zip file with an enormous directory; it cannot be a network")

    def _check_overlaps(self, members: Mapping[str, Member]) -> None:
        """Refuse members that share bytes, as zip bombs do."""
        end = 0
        for member in sorted(members.values(), key=lambda m: m.header):
            if member.header < end:
                raise FileProblem(f"its part {shown(member.name)} overlaps another one; it is damaged or a trap, save it anew")
            end = member.header + _LOCAL.size + member.packed

    def _check_bomb(self, members: Mapping[str, Member]) -> None:
        size = sum(m.size for m in members.values())
        packed = sum(m.packed for m in members.values())
        if size > _BOMB_BYTES and size > _BOMB_RATIO * max(packed, 1):
            raise FileProblem(
                f"it is a zip file of {self._size:,} bytes that unpacks to {size:,}, as a zip bomb does; "
                "save it anew without compression"
            )


class Stream(io.RawIOBase):
    """A member's bytes as they are unpacked, from its first on; reading past what the directory states gives nothing."""

    def __init__(self, file: IO[bytes], member: Member, start: int) -> None:
        """Begin at the first byte. Several streams of a zip can be read by turns."""
        super().__init__()
        self._file, self._member = file, member
        self._at, self._left = start, member.packed
        self._inflate = None if member.stored else zlib.decompressobj(-15)
        self._given = self._crc = 0

    @property
    def checks(self) -> tuple[int, int]:
        """The checksum of what was read so far, and that which all of it must have."""
        return self._crc, self._member.crc

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes, fewer only at the end; all that are left if it is negative."""
        wanted = self._member.size - self._given if size < 0 else min(size, self._member.size - self._given)
        pieces: list[bytes] = []
        while wanted > 0:
            piece = self._piece(min(wanted, _PIECE))
            if not piece:
                raise _damaged(self._member.name)
            self._crc = zlib.crc32(piece, self._crc)
            self._given += len(piece)
            wanted -= len(piece)
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def skip(self, count: int) -> None:
        """Pass over the next `count` bytes."""
        while count > 0:
            passed = len(self.read(min(count, _PIECE)))
            if not passed:
                raise _damaged(self._member.name)
            count -= passed

    def finish(self) -> None:
        """Pass over what is left; raises FileProblem if the bytes are not those that were saved (their checksum)."""
        self.skip(self._member.size - self._given)
        if self._crc != self._member.crc:
            raise FileProblem(
                f"its part {shown(self._member.name)} is not as it was saved (its checksum differs); download or save it again"
            )

    def _piece(self, most: int) -> bytes:
        if self._inflate is None:
            return self._raw(most)
        try:
            while True:
                data = self._inflate.unconsumed_tail or self._raw(65_536)
                if not data and self._inflate.eof:
                    return b""
                piece = self._inflate.decompress(data, most)
                if piece or self._inflate.eof or not data:
                    return piece
        except zlib.error:
            raise _damaged(self._member.name) from None

    def _raw(self, most: int) -> bytes:
        self._file.seek(self._at)
        data = self._file.read(min(most, self._left))
        self._at += len(data)
        self._left -= len(data)
        return data


def _damaged(name: str) -> FileProblem:
    return FileProblem(f"its part {shown(name)} is damaged or cut short; download or save the file again")
