"""Which saved network a program was made of, and what was asked for: enough to look into the same file again later."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from core.files.problem import FileProblem, shown
from core.files.saved import Saved
from core.files.source import saved_file
from core.steppable.choices import Choices
from core.steppable.data import Samples

_PIECES, _PIECE = 16, 64 * 1024


@dataclass(frozen=True)
class Origin:
    """The saved network that a program was made of.

    `file` is its name in the folder of the session, `mark` tells it from any other file (`mark_of`), `text` is the program as
    it was made, before anything was changed by hand.
    """

    file: str
    mark: str
    text: str
    choices: Choices
    samples: Samples


def mark_of(saved: Saved) -> str:
    """Return what tells the files of a saved network from others: their sizes, and bytes from all over each.

    Of a file up to 1 MiB all bytes count; a larger one is not read whole, whatever its size.

    Raises:
        FileProblem: if one cannot be read.
    """
    path = Path(saved.path)
    beside = sorted({t.where.file for t in saved.tensors if t.where.file})
    digest = hashlib.sha256()
    for one in (path, *(path.with_name(name) for name in beside)):
        try:
            with one.open("rb") as file:
                size = file.seek(0, 2)
                digest.update(f"{size} ".encode())
                whole = size <= _PIECES * _PIECE
                for n in range(1 if whole else _PIECES):
                    file.seek(0 if whole else n * (size - _PIECE) // (_PIECES - 1))
                    digest.update(file.read(size if whole else _PIECE))
        except OSError as error:
            raise FileProblem(f"{shown(one.name)} cannot be read ({error.strerror or error}); is it still there?") from None
    return digest.hexdigest()


def same_network(origin: Origin, folder: Path) -> Saved:
    """Return what the file holds, read again; raises FileProblem if it is gone, or another one by now."""
    saved = saved_file(folder / origin.file)
    if mark_of(saved) != origin.mark:
        raise FileProblem(f"{shown(origin.file)} is another file by now; open it by itself to see what it holds")
    return saved
