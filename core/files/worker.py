"""Reading a file in a process of its own, which is limited, watched by the clock, and ended when it has answered.

However that process ends — an answer, a crash of a library, too much memory or time — the app gets a `Saved`, numbers, or one
sentence.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.files.child import FRAME, PIECE
from core.files.json_safe import loads
from core.files.limits import LIMITS, Limits
from core.files.problem import FileProblem, escaped
from core.files.read_document import Part
from core.files.saved import ITEM_BYTES, Saved, Tensor

_CHILD = Path(__file__).with_name("child.py")
_LONGEST_SENTENCE = 2_000
_LONGEST_NAME = 80
_alive: set[subprocess.Popen[bytes]] = set()
"""The processes that run: none of them outlives the app, whatever it is at when it ends."""
_KEPT = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def read(path: Path, limits: Limits = LIMITS) -> Saved:
    """Return what a file holds, read in a process of its own.

    Raises:
        FileProblem: one sentence that begins with the file's name and says what is wrong and what to do.
    """
    with Worker(limits) as worker:
        return worker.read(path)


class Worker:
    """A process that reads one file after the other; a new one is started when it has died. Used by one thread at a time."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        """Start nothing yet."""
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._late = False
        self._seconds = limits.seconds  # of the request that is being answered
        self._unclean = False  # whether frames of an answer may still be in the pipe

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The number of the process, 0 if none runs."""
        return self._process.pid if self._process is not None else 0

    def read(self, path: Path) -> Saved:
        """Return what a file holds; raises FileProblem as `read` does."""
        named = _named(path)
        with self._asked(named, {"op": "read", "path": _absolute(path)}) as frames:
            answer = self._json(next(frames), named)
        try:
            saved = answer.get("saved")
            return Saved.from_data({**saved, "path": str(path)} if isinstance(saved, dict) else None)
        except FileProblem as error:
            raise FileProblem(f"{named}: {error}") from None

    def numbers(self, saved: Saved, tensor: Tensor, rows: tuple[int, int] | None = None) -> Iterator[bytes]:
        """Yield the little-endian bytes of a tensor in pieces, in the order in which they are stored.

        `rows` are the first and one past the last of its first axis, for a tensor whose place is 'worker' only.

        Raises:
            FileProblem: at the latest with the last piece, if the file is damaged there, or gives fewer or more bytes.
        """
        path, named = Path(saved.path), _named(Path(saved.path))
        if tensor.where.kind == "worker":
            shape = tensor.shape if rows is None else (rows[1] - rows[0], *tensor.shape[1:])
            left = ITEM_BYTES[tensor.dtype]
            for n in shape:
                left *= n
        else:
            left = tensor.where.length
        request = {"op": "array", "path": _absolute(path), "tensor": tensor.to_data(), "rows": list(rows) if rows else None}
        with self._asked(named, request) as frames:
            self._json(next(frames), named)
            for kind, data in frames:
                if kind == b"J":
                    self._json((kind, data), named)
                    break
                left -= len(data)
                if left < 0:
                    break
                yield data
        if left:
            raise FileProblem(
                f"{named}: its tensor is not as long as its header says; it has changed or is damaged, open it again"
            )

    def document(self, path: Path, limits: Limits) -> Iterator[Part]:
        """Yield the parts of a document of this app as `core.files.read_document` gives them, under limits of its own.

        Raises:
            FileProblem: as `read` does, at the latest with the last part.
        """
        named = _named(path)
        with self._asked(named, {"op": "document", "path": _absolute(path)}, limits) as frames:
            for kind, data in frames:
                part = data if kind == b"B" else self._json((kind, data), named)
                if isinstance(part, dict) and "done" in part:
                    return
                yield part

    def close(self) -> None:
        """End the process, if there is one. It has nothing to save."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        _alive.discard(process)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        if self._folder is not None:
            with contextlib.suppress(OSError):  # the process has taken it away, unless it was ended too early
                self._folder.rmdir()

    @contextlib.contextmanager
    def _asked(
        self, named: str, request: dict[str, Any], limits: Limits | None = None
    ) -> Generator[Iterator[tuple[bytes, bytes]], None, None]:
        """Send a request and give its answer's frames; the process is ended unless the answer was taken to its end."""
        process = self._running(named)
        self._late = False
        limits = limits or self._limits
        self._seconds = limits.seconds
        clock = threading.Timer(limits.seconds, self._too_late, (process,))
        clock.daemon = True
        clock.start()
        self._unclean = True
        try:
            data = json.dumps({**request, "limits": asdict(limits)}).encode("ascii")
            assert process.stdin is not None
            try:
                process.stdin.write(FRAME.pack(b"J", len(data)) + data)
                process.stdin.flush()
            except OSError:
                raise self._died(named, process) from None
            yield self._frames(named, process)
        finally:
            clock.cancel()
            if self._unclean or self._late:
                self.close()

    def _frames(self, named: str, process: subprocess.Popen[bytes]) -> Iterator[tuple[bytes, bytes]]:
        assert process.stdout is not None
        while True:
            head = process.stdout.read(FRAME.size)
            if len(head) < FRAME.size:
                raise self._died(named, process)
            kind, length = FRAME.unpack(head)
            if kind not in (b"J", b"B") or length > (self._limits.reply if kind == b"J" else PIECE):
                raise FileProblem(f"{named}: its contents are too much to list; it cannot be a network to step through")
            data = process.stdout.read(length)
            if len(data) < length:
                raise self._died(named, process)
            yield kind, data

    def _json(self, frame: tuple[bytes, bytes], named: str) -> dict[str, Any]:
        """Return an answer's JSON; raises FileProblem if it says that there was one."""
        answer = loads(frame[1], f"{named}: what its reader answered", deepest=40) if frame[0] == b"J" else None
        if not isinstance(answer, dict):
            raise FileProblem(f"{named}: its reader gave no answer; the file may be damaged, save it anew")
        if "problem" in answer or "done" in answer or "saved" in answer:
            self._unclean = False
        if "problem" in answer:
            sentence = answer["problem"] if isinstance(answer["problem"], str) else ""
            raise FileProblem(f"{named}: {escaped(sentence[:_LONGEST_SENTENCE])}")
        return answer

    def _running(self, named: str) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="stepper-read-"))
        except OSError as error:
            raise FileProblem(f"{named}: no folder can be made to read it in ({error.strerror}); free some space") from None
        environment = {k: os.environ[k] for k in _KEPT if k in os.environ}
        environment |= {
            "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1",
            "HDF5_USE_FILE_LOCKING": "FALSE", "HDF5_PLUGIN_PRELOAD": "::",
            # Without a home, Python would ask the system's list of users for one, which can be a service behind a socket.
            "HOME": str(self._folder), "USERPROFILE": str(self._folder),
        }  # fmt: skip
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-B", str(_CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, cwd=self._folder, env=environment,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )  # fmt: skip
            _alive.add(self._process)
            _widen(self._process)
        except OSError as error:
            self._folder.rmdir()
            raise FileProblem(
                f"{named}: no process can be started to read it ({error.strerror}); close other programs and try again"
            ) from None
        return self._process

    def _too_late(self, process: subprocess.Popen[bytes]) -> None:
        self._late = True
        process.kill()

    def _died(self, named: str, process: subprocess.Popen[bytes]) -> FileProblem:
        code = process.wait()
        if self._late:
            return FileProblem(
                f"{named}: reading it took longer than {self._seconds:g} seconds and was stopped; "
                "it is damaged, or too large for this app"
            )
        if code == -getattr(signal, "SIGXCPU", 999):
            return FileProblem(
                f"{named}: reading it took far longer than a file of its size takes, and was stopped; "
                "it is damaged or a trap, download or save it again"
            )
        return FileProblem(
            f"{named}: the process that read it ended before it answered (code {code}); "
            "the file is damaged, download or save it again"
        )


def _widen(process: subprocess.Popen[bytes]) -> None:
    """Let more wait in the pipe of the answers, where the system can: large documents and tensors come a third sooner."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        assert process.stdout is not None
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 2**20)


@atexit.register
def _end_all() -> None:
    for process in tuple(_alive):
        process.kill()


_shared: Worker | None = None
_turn = threading.Lock()


@contextlib.contextmanager
def shared() -> Generator[Worker, None, None]:
    """Give the process that reads numbers of files already listed, to one thread at a time; it is ended with the app."""
    global _shared
    with _turn:
        if _shared is None:
            _shared = Worker()
            atexit.register(_shared.close)
        yield _shared


def _named(path: Path) -> str:
    """Return a file's name as sentences begin with it."""
    name = escaped(path.name or str(path))
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _absolute(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 (links are kept)
