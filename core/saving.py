"""Writing a file so that it is either the old one or the whole new one, never half of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from core.errors import StepperError


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
    ready: dict[Path, tuple[Path, Path]] = {}
    path = Path()
    try:
        for path, write in files.items():
            if path.is_dir():
                raise SavingError(f"{path} is a folder; give the name of a file in it")
            target = path.resolve()
            handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
            ready[path] = Path(name), target
            with os.fdopen(handle, "wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        for path in files:
            beside, target = ready[path]
            beside.replace(target)
            del ready[path]
    except OSError as error:
        raise SavingError(f"{path} cannot be written ({error.strerror or error}); choose another folder or name") from None
    finally:
        for beside, _ in ready.values():
            beside.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
