"""What a `.stepper` file is: its parts, its limits, and what is said of one that does not hold together.

Written in `core.files.document`; taken apart in the reading process by `core.files.read_document`.
"""

from __future__ import annotations

from core.files.limits import MIB, Limits
from core.files.problem import FileProblem

SUFFIX = ".stepper"
FORMAT = "backprop stepper document"
VERSION = 1
MAIN = "document.json"
LARGEST_FILE = 1024 * MIB
LARGEST_JSON = 64 * MIB
LARGEST_ARRAY = 512 * MIB
LARGEST_WHOLE = 1024 * MIB
"""Bytes that all members of a document may unpack to."""
SLOWEST = 16 * MIB
"""Bytes of a document that are read in a second at least, from any disk: a large one may take longer than other files."""


def limits_of(size: int) -> Limits:
    """Return what reading a document of that many bytes may cost; the process that reads holds only a piece of it at a time."""
    usual = Limits()
    return Limits(unpacked=LARGEST_ARRAY, seconds=usual.seconds + size / SLOWEST)


def damaged(what: str) -> FileProblem:
    """Return what to say of a document that does not hold together."""
    return FileProblem(f"the document is damaged: {what}; open an older copy of it")
