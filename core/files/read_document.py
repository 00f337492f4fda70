"""Taking a `.stepper` file apart, in the reading process: nothing of it is handed on before it was checked.

What goes out is a row of parts, each a head and that many bytes in pieces: the main JSON, every array, every file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from core.files.document_form import FORMAT, LARGEST_JSON, LARGEST_WHOLE, MAIN, VERSION, damaged
from core.files.json_safe import loads
from core.files.limits import MIB, Limits
from core.files.npy_header import NpyHeader, npy_header
from core.files.problem import FileProblem
from core.files.zip_safe import Stream, Zip

PIECE = MIB
_NO_VERSION = 10**6
_KINDS = ("bool", "int", "uint", "float")
Part = dict[str, Any] | bytes
"""A head says how many bytes follow it (`length`); that of an array also its `shape`, `dtype`, `order` and `big` (endian)."""


def parts(path: Path, limits: Limits) -> Iterator[Part]:
    """Yield a document's parts, each a head and its bytes: the main JSON, the arrays by number, the files by number.

    Raises:
        FileProblem: at the latest with the last piece, if it is no document, damaged, too large, or of a newer version.
    """
    with Zip(path, limits) as archive:
        arrays, files = _counts(archive)
        main = archive.read(MAIN, LARGEST_JSON)
        _check(loads(main, MAIN), arrays)
        yield {"length": len(main)}
        for at in range(0, len(main), PIECE):
            yield main[at : at + PIECE]
        del main
        for n in range(arrays):
            yield from _array(archive.open(_sized(archive, f"arrays/{n}.npy", limits)), archive.member(f"arrays/{n}.npy").size)
        for n in range(files):
            length = archive.member(_sized(archive, f"files/{n}", limits)).size
            yield {"length": length}
            yield from _pieces(archive.open(f"files/{n}"), length)


def _counts(archive: Zip) -> tuple[int, int]:
    """Return how many arrays and files it holds; all its parts must be there, and no others."""
    names = set(archive.names)
    if MAIN not in names:
        raise FileProblem(f"it is a zip file, and not a document of this app: {MAIN} is missing in it")
    arrays = sum(name.startswith("arrays/") for name in names)
    files = len(names) - arrays - 1
    expected = {MAIN, *(f"arrays/{n}.npy" for n in range(arrays)), *(f"files/{n}" for n in range(files))}
    if names != expected or len(archive.members) != len(names):
        raise damaged("it holds parts that no document has, or not all of them")
    if sum(m.size for m in archive.members.values()) > LARGEST_WHOLE:
        raise FileProblem(f"it unpacks to more than {LARGEST_WHOLE // MIB} MiB, more than a document can hold")
    return arrays, files


def _check(data: Any, arrays: int) -> None:
    if not isinstance(data, dict) or cast("dict[str, Any]", data).get("format") != FORMAT:
        raise FileProblem(f"it is a zip file, and not a document of this app: {MAIN} in it is of another kind")
    version, strides = (cast("dict[str, Any]", data).get(key) for key in ("version", "strides"))
    if not isinstance(version, int) or isinstance(version, bool) or not 0 < version < _NO_VERSION:
        raise damaged("it does not say its version")
    if version > VERSION:
        raise FileProblem(
            f"it was written by a newer version of this app (format {version}; this one reads up to {VERSION}); update the app"
        )
    if not isinstance(strides, list) or len(cast("list[Any]", strides)) != arrays:
        raise damaged("its list of arrays does not fit the arrays that it holds")


def _sized(archive: Zip, name: str, limits: Limits) -> str:
    size = archive.member(name).size
    if size > limits.unpacked:
        raise FileProblem(f"its part '{name}' unpacks to {size} bytes, more than {limits.unpacked} are read; save it anew")
    return name


def _array(stream: Stream, size: int) -> Iterator[Part]:
    head = _header(stream)
    length = size - head.size
    if not head.item or not head.dtype.startswith(_KINDS):
        raise damaged("an array in it is not one of numbers")
    if head.bytes != length:
        raise damaged("the header and the size of an array in it disagree")
    yield {"length": length, "shape": list(head.shape), "dtype": head.dtype, "order": head.order, "big": head.big_endian}
    yield from _pieces(stream, length)


def _header(stream: Stream) -> NpyHeader:
    seen = bytearray()

    def read(count: int) -> bytes:
        piece = stream.read(count)
        seen.extend(piece)
        return piece

    try:
        found = npy_header(read, "")
    except FileProblem:
        objects = b"'|O'" in seen
        raise damaged(f"an array in it {'is not one of numbers' if objects else 'has no header that can be read'}") from None
    if bytes(seen[6:8]) != b"\x01\x00":
        raise damaged("an array in it has no header that can be read")
    return found


def _pieces(stream: Stream, length: int) -> Iterator[bytes]:
    while length:
        piece = stream.read(min(length, PIECE))
        length -= len(piece)
        yield piece
    stream.finish()
