"""The process that reads files: started by `core.files.worker` alone, limited before it sees a byte, answers and is ended.

It is run as a script, isolated (`python -I child.py`). A frame is a letter, a length of 8 bytes, and that many bytes: J for
JSON, B for raw bytes. A request is one J; an answer is one J, or for numbers a J, any B and a J that says how it ended; for a
document of this app a J and any B for each of its parts, and such a last J.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import json
import os
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[2]))

from core.files.guard import Guard, Refused
from core.files.held import is_any, let_go
from core.files.kernel_wall import raise_wall
from core.files.kinds import READERS
from core.files.limits import Limits
from core.files.problem import FileProblem
from core.files.read_document import PIECE, parts
from core.files.saved import ITEM_BYTES, LONGEST_TEXT, Tensor, capped
from core.files.sniff import sniff
from core.files.zip_safe import Zip

FRAME = struct.Struct(">cQ")
_DAMAGED = "it is damaged, or not what it seems to be; download or save it again"


def main() -> None:
    """Answer requests until there are none any more. No traceback is ever printed: how it ends is said in an answer."""
    requests, answers = _pipes()
    _limit(Limits(), Limits().seconds)
    raise_wall()
    guard = Guard()
    gc.disable()  # looking for rings among the values of a large file would take longer than reading it
    while True:
        head = requests.read(FRAME.size)
        if len(head) < FRAME.size:
            return
        request = json.loads(requests.read(FRAME.unpack(head)[1]))
        let_go(Path(request["path"]) if request["op"] == "array" else None)
        limits = Limits(**request["limits"])
        # Numbers can lie in a larger file beside this one.
        _limit(limits, limits.seconds if request["op"] == "array" else _seconds(limits, request["path"]))
        for kind, data in _answer(request, limits, guard):
            answers.write(FRAME.pack(kind, len(data)))
            answers.write(data)
        answers.flush()
        guard.open()
        if not is_any():  # this takes longer than an array of a file that is held
            gc.collect()


def _answer(request: dict[str, Any], limits: Limits, guard: Guard) -> Iterator[tuple[bytes, bytes | memoryview]]:
    """Yield the frames of one answer. Whatever a reader raises ends in one sentence."""
    last: dict[str, Any]
    saved = b""
    try:
        if request["op"] == "read":
            # Written here, so that what JSON cannot say, or memory cannot hold twice, ends in a sentence, too.
            saved = json.dumps({"saved": _read(Path(request["path"]), limits, guard)}).encode("ascii")
        elif request["op"] == "document":
            yield from _document(Path(request["path"]), limits, guard)
        else:
            yield from _numbers(request, limits, guard)
        last = {"done": True}
    except FileProblem as error:
        last = {"problem": str(error)}
    except MemoryError:
        most = limits.memory // 2**20
        last = {"problem": f"reading it takes more than {most} MiB of memory; it is damaged, or too large for this app"}
    except Refused as error:
        last = {"problem": f"reading it led to something that is refused ({error}); do not trust this file"}
    except RecursionError:
        last = {"problem": "it is nested deeper than any network; it is damaged or a trap"}
    except OSError as error:
        if error.errno == errno.EPERM:  # the kernel's wall; a file that may not be read is EACCES
            last = {"problem": "reading it led to something that is refused; do not trust this file"}
        elif error.strerror:
            last = {"problem": f"it cannot be read ({error.strerror}); check the name and your permissions"}
        else:
            last = {"problem": _DAMAGED}
    except Exception as error:
        # Readers of damaged files raise anything; the type alone is safe to say, its text may quote the file.
        last = {"problem": f"{_DAMAGED} ({type(error).__name__})"}
    if guard.tried and "problem" not in last:
        last = {"problem": f"reading it led to something that is refused ({guard.tried}); do not trust this file"}
    yield b"J", saved if saved and "problem" not in last else json.dumps(last).encode("ascii")


def _read(path: Path, limits: Limits, guard: Guard) -> dict[str, Any]:
    guard.close(path)
    kind = sniff(path)
    if kind.format == "stepper":
        raise FileProblem(
            "it is a document of this app with its network, data and position; open it as one, not as a file of weights"
        )
    saved = _reader(kind.reader, guard, path).read(path, limits)
    if not saved.tensors and not saved.layers:
        raise FileProblem("it holds neither arrays of numbers nor layers; save the network anew, with its weights")
    return saved.to_data()


def _document(path: Path, limits: Limits, guard: Guard) -> Iterator[tuple[bytes, bytes]]:
    """Yield the parts of a document of this app: heads as JSON, numbers and files as they lie there."""
    guard.close(path)
    for part in parts(path, limits):
        yield (b"B", part) if isinstance(part, bytes) else (b"J", json.dumps(part).encode("ascii"))


def _reader(name: str, guard: Guard, path: Path) -> Any:
    """Return a reader, imported with all that it needs while the guard is open, and close the guard."""
    if name not in READERS:
        raise FileProblem(_DAMAGED)
    guard.open()
    reader = importlib.import_module(READERS[name])
    for need in getattr(reader, "NEEDS", ()):
        importlib.import_module(need)
    guard.close(path)
    return reader


def _numbers(request: dict[str, Any], limits: Limits, guard: Guard) -> Iterator[tuple[bytes, bytes | memoryview]]:
    """Yield the numbers of one tensor as little-endian bytes, in the order in which they are stored."""
    path, tensor = Path(request["path"]), Tensor.from_data(request["tensor"])
    rows = tuple(request["rows"]) if request["rows"] else None
    if tensor.where.kind == "member":
        yield b"J", b"{}"
        guard.close(path)
        yield from _unpacked(path, tensor, limits)
        return
    import numpy as np  # not at the top: a list of tensors does without

    guard.close(path)
    reader = _reader(sniff(path).reader, guard, path)
    got: np.ndarray = np.asarray(reader.array(path, tensor.name, rows, limits))
    if got.dtype.itemsize != ITEM_BYTES[tensor.dtype]:
        raise FileProblem(_DAMAGED)
    raw = np.ascontiguousarray(got)
    if raw.dtype.byteorder == ">" or (raw.dtype.byteorder == "=" and sys.byteorder == "big"):
        raw = raw.astype(raw.dtype.newbyteorder("<"))
    yield b"J", json.dumps({"shape": list(got.shape)}).encode("ascii")
    data = raw.reshape(-1).view(np.uint8).data
    for at in range(0, len(data), PIECE):
        yield b"B", data[at : at + PIECE]


def _unpacked(path: Path, tensor: Tensor, limits: Limits) -> Iterator[tuple[bytes, bytes]]:
    where = tensor.where
    with Zip(path, limits) as archive:
        names = [n for n in archive.names if capped(n, LONGEST_TEXT) == where.member]
        if not names or where.offset + where.length > archive.member(names[0]).size:
            raise FileProblem(_DAMAGED)
        stream = archive.open(names[0])
        stream.skip(where.offset)
        left = where.length
        while left:
            piece = stream.read(min(left, PIECE))
            left -= len(piece)
            yield b"B", piece
        stream.finish()


def _pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take the two pipes for ourselves: what a library prints goes nowhere."""
    requests, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    os.close(nowhere)
    # The folder was made for this process alone. Taken away while we stand in it, nothing can ever be put into it.
    with contextlib.suppress(OSError):
        Path.cwd().rmdir()
    return os.fdopen(requests, "rb"), os.fdopen(answers, "wb")


def _seconds(limits: Limits, path: str) -> float:
    """Return the seconds of the processor that a file of that size may cost: a small one that takes long is a trap."""
    try:
        size = os.stat(path).st_size  # noqa: PTH116 (a name that is none raises ValueError either way)
    except (OSError, ValueError):
        size = 0
    return min(limits.seconds, limits.least + size / limits.speed)


def _limit(limits: Limits, allowed: float) -> None:
    """Let the operating system hold this process: memory, processor, no files written, no processes, no core dumps."""
    try:
        import resource
    except ImportError:
        return  # Windows knows no such limits; the clock of the parent and the guard remain
    seconds = int(time.process_time() + allowed) + 1
    for name, soft in (
        ("RLIMIT_AS", limits.memory), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0), ("RLIMIT_NOFILE", limits.files),
        ("RLIMIT_NPROC", 0),
    ):  # fmt: skip
        which = getattr(resource, name, None)
        if which is not None:
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(which, (soft, soft))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main()
