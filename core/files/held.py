"""What was made of a file last, in the process that reads: a hundred arrays of one file are asked for one after the other."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

Made = TypeVar("Made")
_held: list[tuple[tuple[str, int, int], Any]] = []
"""One thing at most: two would be more than the memory of the process was meant for."""


def held(path: Path, make: Callable[[], Made]) -> Made:
    """Return what `make` returns, or what it returned for the same file, as long as that has not changed."""
    now = _stamp(path)
    if not _held or _held[0][0] != now:
        _held.clear()
        _held.append((now, make()))
    return _held[0][1]


def let_go(path: Path | None) -> None:
    """Forget what is held of any other file than this one, before that is read."""
    if _held and (path is None or _held[0][0][0] != str(path)):
        _held.clear()
        gc.collect()  # there may be rings in it


def is_any() -> bool:
    """Tell whether anything is held: then the next array of its file is asked for soon."""
    return bool(_held)


def _stamp(path: Path) -> tuple[str, int, int]:
    state = path.stat()
    return str(path), state.st_mtime_ns, state.st_size
