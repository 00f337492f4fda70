"""Writing a file so that it is either the old one or the whole new one, never half of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from core.errors import StepperError

PART = ".stepper-part"
"""The ending of a file that is being written."""
OLD = 3600
"""Seconds after which nobody writes such a file any more: whoever began it was killed."""


class SavingError(StepperError):
    """A file that could not be written; what stood there before still does."""


def save_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8: beside it first, then in its place.

    Raises:
        SavingError: if that is not possible; nothing is changed then.
    """
    save_bytes(path, text.encode("utf-8"))


def save_bytes(path: Path, data: bytes) -> None:
    """Write a file: beside it first, then in its place. A link is followed; permissions are kept.

    Raises:
        SavingError: if that is not possible; nothing is changed then.
    """

    def write(file: IO[bytes]) -> None:
        file.write(data)

    save_with(path, write)


def save_with(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Let `write` write a file, as `save_bytes` does, without having all of it in memory; what `write` raises comes through.

    Raises:
        SavingError: if that is not possible; nothing is changed then.
    """
    save_all({path: write})


def save_all(files: Mapping[Path, Callable[[IO[bytes]], None]]) -> None:
    """Let several files that belong together be written, as `save_with` does one: none takes its place before all are there.

    Raises:
        SavingError: if that is not possible; nothing is changed then.
    """
    path = Path()
    try:
        with contextlib.ExitStack() as stack:
            ready: dict[Path, _New] = {}
            for path, write in files.items():
                target = _target(path)
                new = ready[path] = _New(target)
                stack.callback(new.drop)
                write(new.file)
                new.file.flush()
                os.fsync(new.file.fileno())
            for path, new in ready.items():  # noqa: B007 (the last one is told of)
                new.place()
    except OSError as error:
        raise SavingError(f"{path} cannot be written ({error.strerror or error}); choose another folder or name") from None


def _target(path: Path) -> Path:
    """Return where a path leads; raises SavingError where nothing should be written there, OSError where it cannot be told."""
    if path.is_dir():
        raise SavingError(f"{path} is a folder; give the name of a file in it")
    if not path.exists() and path.is_symlink() and _is_loop(path):
        raise SavingError(f"{path} is a link that leads back to itself; choose another name")
    if path.is_file() and not os.access(path, os.W_OK):
        raise SavingError(f"{path} is read-only; choose another name, or allow writing to it")
    return path if _is_device(path) else path.resolve()


def _is_device(path: Path) -> bool:
    """Tell whether a path is no file on a disk but, as /dev/stdout, something to be written to as it is."""
    return path.exists() and not path.is_file()


def _is_loop(path: Path) -> bool:
    try:
        path.resolve()
    except RuntimeError:
        return True
    return False


class _New:
    """What is to become a file: it lies beside it meanwhile, so that only its name has to change."""

    def __init__(self, target: Path) -> None:
        self._target, self._named = target, Path()
        self.file: IO[bytes]
        if _is_device(target):
            self.file = tempfile.TemporaryFile()  # noqa: SIM115 (open until it is dropped)
            return
        _sweep(target.parent)
        handle, name = tempfile.mkstemp(prefix=".", suffix=PART, dir=target.parent)
        self._named = Path(name)
        self.file = os.fdopen(handle, "w+b")

    def place(self) -> None:
        """Put it in its place."""
        if self._named == Path():
            with self._target.open("wb") as device:
                self.file.seek(0)
                shutil.copyfileobj(self.file, device)
            return
        self._named.chmod(self._target.stat().st_mode & 0o777 if self._target.exists() else 0o666 & ~_umask())
        self.file.close()  # before it is moved, as Windows wants it
        self._named.replace(self._target)
        self._named = Path()

    def drop(self) -> None:
        """Forget it, unless it is in its place."""
        with contextlib.suppress(OSError):  # of a full disk what could not be written comes up once more
            self.file.close()
        if self._named != Path():
            with contextlib.suppress(OSError):
                self._named.unlink()


def _sweep(folder: Path) -> None:
    """Take away what was begun in a folder by an app that was killed."""
    with contextlib.suppress(OSError):
        for left in folder.glob(f".*{PART}"):
            with contextlib.suppress(OSError):
                if time.time() - left.stat().st_mtime > OLD:
                    left.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
