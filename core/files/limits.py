"""What a file may cost. A reader stops with a FileProblem before it goes over one of these."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes and seconds of one read. The process that reads is held to `memory` and `seconds` by the operating system."""

    memory: int = 1024 * MIB
    """Bytes of address space of the child process."""
    seconds: float = 10.0
    """Seconds that one request may take, by the clock and of the processor."""
    least: float = 4.0
    """Seconds of the processor that the smallest file may take; a larger one may take more, up to `seconds`."""
    speed: float = 4.0 * MIB
    """Bytes of a file for which it may take a second more."""
    header: int = 100 * MIB
    """Bytes of one file's header or table of contents."""
    unpacked: int = 256 * MIB
    """Bytes that one member may unpack to when the reader needs it whole in memory."""
    reply: int = 64 * MIB
    """Bytes of the JSON that a child may answer."""
    array: int = 512 * MIB
    """Bytes of one tensor that the child sends at once."""
    files: int = 64
    """Files that the child may have open."""


LIMITS = Limits()
