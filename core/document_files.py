"""The data files that a program names: put into its document, and laid out in a folder when that is opened elsewhere.

A name from a document becomes a path only if it is a plain one below the folder, as the learner's own text has it.
"""

from __future__ import annotations

import ast
import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, cast

from core.data.given import FILE_FUNCTIONS
from core.data.sources import BUILT_IN
from core.data.sources import SUFFIXES as DATA
from core.files.document import Box, Shelf
from core.files.document_form import damaged
from core.files.kinds import SUFFIXES as NETWORKS
from core.files.problem import FileProblem
from core.files.source import saved_file
from core.notation.syntax import python_tree

LARGEST_FILES = 64 * 2**20
"""Bytes of all files that are put into a document; it opens without a larger one, with the numbers that came out of it."""
MOST_FILES, MOST_PARTS, LONGEST_NAME = 100, 8, 200
SUFFIXES = tuple({*DATA, *NETWORKS, ".data", ".bin", ".onnx_data", ".weights"})
"""How the names of files in a document may end: nothing that any system would run."""
APART = (".onnx", ".json")
"""Files whose numbers may lie in another one beside them."""
_FORBIDDEN = frozenset('<>:"|?*\\')
_laid_out: list[tempfile.TemporaryDirectory[str]] = []


def is_plain(name: str) -> bool:
    """Tell whether a name leads to a data file below the folder that it is looked up in, on every system."""
    parts = name.split("/")
    return (
        0 < len(name) <= LONGEST_NAME
        and len(parts) <= MOST_PARTS
        and all(p and p == p.strip() and not p.startswith(".") and not p.endswith(".") for p in parts)
        and name.isprintable()
        and not _FORBIDDEN & set(name)
        and parts[-1].lower().endswith(SUFFIXES)
    )


def named_files(text: str) -> tuple[str, ...]:
    """Return the files that a program's text names, without those whose name is no plain one."""
    return tuple(name for name in _named(text) if is_plain(name))[:MOST_FILES]


def missing_files(text: str, folder: Path) -> tuple[str, ...]:
    """Return the files that a program's text names and that are not there, as those outside of its folder may be."""
    found: list[str] = []
    for name in _named(text)[:MOST_FILES]:
        try:
            there = "\0" not in name and (folder / name).is_file()
        except (OSError, ValueError):
            there = False
        if not there:
            found.append(name)
    return tuple(found)


def _named(text: str) -> tuple[str, ...]:
    try:
        tree = python_tree(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FILE_FUNCTIONS:
            for argument in (*node.args[:1], *(k.value for k in node.keywords if k.arg in ("source", "file"))):
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value not in BUILT_IN:
                    found[argument.value] = None
    return tuple(found)


def files_data(texts: tuple[str, ...], folder: Path | None, shelf: Shelf) -> dict[str, int]:
    """Put the files that some texts name on the shelf, and return their numbers by name; what cannot be read is left out.

    The document still opens without such a file: it holds the numbers that came out of it.
    """
    found: dict[str, int] = {}
    left = LARGEST_FILES
    named = dict.fromkeys(n for text in texts for n in named_files(text))
    more = [n for name in named for n in _beside(name, folder)]
    for name in list(dict.fromkeys((*named, *more)))[:MOST_FILES]:
        with contextlib.suppress(OSError):
            path = (folder or Path()) / name
            size = path.stat().st_size if path.is_file() else left + 1
            if size <= left:
                left -= size
                found[name] = shelf.put_file(path.read_bytes())
    return found


def _beside(name: str, folder: Path | None) -> list[str]:
    """Return the files in which a saved network keeps its numbers, where those are not in itself."""
    if not name.lower().endswith(APART):
        return []
    try:
        saved = saved_file((folder or Path()) / name)
    except FileProblem:
        return []
    others = dict.fromkeys(t.where.file for t in saved.tensors if t.where.file)
    return [n for n in (str(PurePosixPath(name).with_name(other)) for other in others) if is_plain(n)]


def files_of(box: Box) -> dict[str, bytes]:
    """Return the files that lie in a document by name; raises FileProblem."""
    data = box.data.get("files")
    if not isinstance(data, Mapping) or len(data) > MOST_FILES:
        raise damaged("its list of files cannot be read")
    found: dict[str, bytes] = {}
    for name, number in cast("Mapping[str, Any]", data).items():
        if not is_plain(name):
            raise damaged("a file in it has a name that is none")
        found[name] = box.file(number)
    return found


def folder_of(files: Mapping[str, bytes], beside: Path) -> Path:
    """Return a folder in which the files of a document lie: the document's own, or one for as long as the app runs.

    Where none can be made it is the document's own all the same; the document holds the numbers that came out of the files.
    """
    if all(_is_there(beside / name, data) for name, data in files.items()):
        return beside
    try:
        made = tempfile.TemporaryDirectory(prefix="stepper-", ignore_cleanup_errors=True)
        _laid_out.append(made)  # it goes when the app ends
        for name, data in files.items():
            path = Path(made.name) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except OSError:
        return beside
    return Path(made.name)


def is_laid_out(path: Path) -> bool:
    """Tell whether a file was laid out of a document, and goes when the app ends."""
    return any(path.is_relative_to(made.name) for made in _laid_out)


def _is_there(path: Path, data: bytes) -> bool:
    try:
        return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False
