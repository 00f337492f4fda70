"""What the reading process may do while it reads: an audit hook of Python (PEP 578) that refuses everything but reading.

It is a second wall. The first is that no reader of ours ever calls what a file names; the third are the limits of the
operating system and, on Linux, its filter of system calls (`core.files.kernel_wall`). Libraries in C are not heard by this one:
what they must not do, their readers rule out before they call them.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

IMPORTS = frozenset(
    ("core", "encodings", "google", "h5py", "ml_dtypes", "numpy", "onnx", "safetensors", "zlib", "gzip", "bz2", "lzma", "json",
     "re", "csv", "_csv", "zipfile", "struct", "math", "decimal", "_decimal", "fractions", "unicodedata", "heapq", "bisect",
     "difflib", "tarfile", "_bz2", "_lzma", "_compression", "compression", "stringprep", "_strptime", "locale", "array")
)  # fmt: skip
"""Packages that a reader may still import while it reads; all others are imported before, or not at all."""

_HARMLESS = frozenset(
    ("array.__new__", "builtins.id", "gc.get_objects", "mmap.__new__", "object.__getattr__", "object.__setattr__",
     "sys._getframe", "sys._getframemodulename", "time.sleep", "sys.unraisablehook", "resource.setrlimit")
)  # fmt: skip
_IMPORTING = frozenset(("marshal.loads", "os.listdir", "os.scandir", "exec", "compile", "ctypes.dlopen"))
_UNHEARD = {
    "os": ("mkfifo", "mknod", "chroot", "openpty", "memfd_create", "pidfd_open", "setns", "unshare"),
    "_posixsubprocess": ("fork_exec",),
    "subprocess": ("_fork_exec",),
    "signal": ("pidfd_send_signal",),
}
"""Functions that an audit hook does not hear of, and that reading does not need: they are replaced."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Refused(Exception):
    """The reading process tried what reading does not need."""


class Guard:
    """Hears what the process does. While it is closed for a file, that file and plain ones in its folder can be read, no more."""

    def __init__(self) -> None:
        """Begin to hear; a hook cannot be taken away again, so a process has one guard."""
        roots = {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, str(Path(__file__).parents[2])}
        self._roots = tuple(os.path.realpath(r) + os.sep for r in roots if r)
        self._file = self._folder = ""
        self._closed = False
        self.tried = ""
        sys.addaudithook(self._hear)

    def close(self, path: Path) -> None:
        """From now on, only read; `path` is the file that was asked for."""
        self._file = os.path.realpath(path)
        self._folder = os.path.realpath(path.parent)
        self.tried = ""
        self._replace()
        self._closed = True

    def open(self) -> None:
        """Let our own code import what a reader needs."""
        self._closed = False

    def _replace(self) -> None:
        for name, functions in (*_UNHEARD.items(), ("posix", _UNHEARD["os"])):
            module = sys.modules.get(name)
            for function in functions:
                if module is not None and hasattr(module, function):
                    setattr(module, function, self._refused)

    def _refused(self, *_: Any, **__: Any) -> None:
        self._refuse("a call for something else than reading")

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._closed or event in _HARMLESS:
            return
        if event == "open":
            self._opens(*args)
        elif event == "import":
            if str(args[0]).partition(".")[0] not in IMPORTS:
                raise ImportError(f"{args[0]} is not imported while a file is read")
        elif event not in _IMPORTING or not self._ours(event, args[0] if args else None):
            self._refuse(event)

    def _opens(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int):
            return
        if any(c in str(mode or "") for c in "wxa+") or (isinstance(flags, int) and flags & _WRITING):
            self._refuse("open for writing")
        real = os.path.realpath(os.fsdecode(path))
        if real != self._file and os.path.dirname(real) != self._folder and not self._is_ours(real):  # noqa: PTH120
            self._refuse("open another file")

    def _ours(self, event: str, what: Any) -> bool:
        """Tell whether this belongs to importing a module of Python, of a library of ours or of the app."""
        if event == "marshal.loads":
            return True  # makes code and runs none; that is `exec`
        name = getattr(what, "co_filename", what)
        if event == "compile":
            return False
        if isinstance(name, bytes):
            name = os.fsdecode(name)
        if not isinstance(name, str):
            return False
        return name.startswith("<frozen ") or (os.path.isabs(name) and self._is_ours(os.path.realpath(name)))  # noqa: PTH117

    def _is_ours(self, real: str) -> bool:
        return (real + os.sep).startswith(self._roots)

    def _refuse(self, what: str) -> None:
        self.tried = what
        raise Refused(what)
