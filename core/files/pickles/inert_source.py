"""The bytes that a pickle is read from, and what reading it may cost."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from core.files.pickles.inert_values import Span
from core.files.problem import FileProblem


@dataclass
class Account:
    """What may still be spent on one file, and what was met in it; one account serves all pickles of a file."""

    operations: int = 1_000_000
    text: int = 128 << 20
    one_text: int = 64 << 20
    depth: int = 500
    integer_bits: int = 2048
    # Every class and function named, and those of them that the file wants to be called, in the order met.
    names: dict[str, None] = field(default_factory=dict)
    called: dict[str, None] = field(default_factory=dict)


class Source:
    """Bytes to read a pickle from: a part of a file, from `start` to `end`; never reads further than what is there."""

    def __init__(self, handle: BinaryIO, start: int, end: int, account: Account) -> None:
        self._handle = handle
        self.account = account
        self.end = end
        handle.seek(start)

    def tell(self) -> int:
        """Return where the next byte is read, from the start of the file."""
        return self._handle.tell()

    def seek(self, offset: int) -> None:
        """Go to `offset` from the start of the file."""
        self._handle.seek(offset)

    @contextmanager
    def within(self, span: Span) -> Generator[None]:
        """Read from the bytes of a span alone for a while, beginning with its first."""
        end, self.end = self.end, min(self.end, span.offset + span.length)
        self.seek(span.offset)
        try:
            yield
        finally:
            self.end = end

    def left(self) -> int:
        """Return the number of bytes that can still be read."""
        return max(0, self.end - self._handle.tell())

    def read(self, count: int) -> bytes:
        """Return `count` bytes, fewer at the end."""
        if count > 8:
            count = min(count, self.left())
            self._spend(count)
        elif self._handle.tell() + count > self.end:
            count = self.left()
        return self._handle.read(count)

    def readline(self) -> bytes:
        """Return one line with its end."""
        line = self._handle.readline(min(self.left(), self.account.one_text))
        self._spend(len(line))
        return line

    def skip(self, count: int) -> Span:
        """Pass over `count` bytes without reading them, and return where they are."""
        offset = self.tell()
        if count < 0 or count > self.left():
            raise FileProblem(
                f"it is cut short: at byte {offset} more bytes should follow than the {self.left()} there are; "
                "download or save it again"
            )
        self.seek(offset + count)
        return Span(offset, count)

    def take(self, span: Span) -> bytes:
        """Return the bytes of a span; where the next byte is read stays as it is."""
        here = self.tell()
        self.seek(span.offset)
        data = self._handle.read(span.length)
        self.seek(here)
        return data

    def _spend(self, count: int) -> None:
        self.account.text -= count
        if count > self.account.one_text or self.account.text < 0:
            raise FileProblem("its pickle holds more text than a saved network needs; it is damaged or a trap, save it anew")
