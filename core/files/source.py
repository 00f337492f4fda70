"""`tensor("mlp.safetensors", "fc1.weight")`: one array of a saved network, as it is written in the file.

The last few files are kept as read, so that a program with twenty parameters reads its file once; a file that has changed
since is read again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np

from core.files.problem import FileProblem, shown
from core.files.saved import Saved
from core.files.worker import read
from core.program.ir import Array

MOST_NUMBERS = 50_000_000
"""Of one parameter: a program keeps several copies of each while it runs."""
_KEPT_FILES = 4
_KEPT_BYTES = 64 * 2**20
Stamp = tuple[str, int, int]
"""Tells one state of a file from another: its path, when it was written, and its size."""


class _Kept:
    """Files as read, and the small arrays of those, the least used forgotten first. Used by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: OrderedDict[Stamp, Saved] = OrderedDict()
        self._arrays: OrderedDict[tuple[Stamp, str], Array] = OrderedDict()

    def file(self, path: Path) -> tuple[Stamp, Saved]:
        key = stamp(path)
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
                return key, self._files[key]
        saved = read(path)
        with self._lock:
            self._files[key] = saved
            while len(self._files) > _KEPT_FILES:
                gone, _ = self._files.popitem(last=False)
                for other in [k for k in self._arrays if k[0] == gone]:
                    del self._arrays[other]
        return key, saved

    def array(self, now: Stamp, saved: Saved, name: str) -> Array:
        key = now, name
        with self._lock:
            if key in self._arrays:
                self._arrays.move_to_end(key)
                return self._arrays[key]
        from core.files.arrays import array

        # A copy of our own: what lies in the file may change or go away while the program runs.
        made = np.array(array(saved, name), order="K", copy=True)
        made.setflags(write=False)
        with self._lock:
            self._arrays[key] = made
            while len(self._arrays) > 1 and sum(a.nbytes for a in self._arrays.values()) > _KEPT_BYTES:
                self._arrays.popitem(last=False)
        return made


_kept = _Kept()


def saved_file(path: Path) -> Saved:
    """Return what a file holds, read in a child process, or as it was read before if it has not changed since.

    Raises:
        FileProblem: one sentence, if it cannot be read.
    """
    return _kept.file(path)[1]


def unchanged(path: Path, since: Stamp) -> None:
    """Raise FileProblem if a file is not any more what it was."""
    if stamp(path) != since:
        raise FileProblem(f"{shown(path.name)} has changed since it was opened; open it again")


def tensor(file: str, name: str, folder: Path | None = None) -> Array:
    """Return an array of a saved network beside the program, in its own type (bfloat16 as float32, which holds it exactly).

    Raises:
        FileProblem: if the file or the array is not there, or does not hold real numbers.
    """
    if not isinstance(file, str) or not isinstance(name, str) or not file or "\0" in file:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise FileProblem('write the file and the array in quotes, as in tensor("mlp.npz", "W1")')
    path = (folder or Path()) / file
    now, saved = _kept.file(path)
    try:
        found = saved.tensor(name)
    except KeyError:
        held = ", ".join(shown(t.name) for t in saved.tensors[:8]) or "none"
        raise FileProblem(f"{path.name} holds no array {shown(name)}; it holds {held}") from None
    if not found.readable or found.dtype.startswith("complex"):
        raise FileProblem(f"{path.name}: {shown(name)} holds numbers of the type {shown(found.dtype)}, which no layer here takes")
    if found.count > MOST_NUMBERS:
        raise FileProblem(f"{path.name}: {shown(name)} has {found.count} numbers, and at most {MOST_NUMBERS} can be stepped")
    return np.array(_kept.array(now, saved, name), order="K", copy=True)


def stamp(path: Path) -> Stamp:
    """Return what tells this state of a file from a later one; raises FileProblem if there is none."""
    try:
        state = path.stat()
        return str(path.resolve()), state.st_mtime_ns, state.st_size
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a file name"
        raise FileProblem(f"{shown(path.name)} cannot be read ({reason}); check the name and your permissions") from None
