"""A file beside the one that was opened, such as the weights of an ONNX graph: by its bare name, never a link or elsewhere."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO

from core.files.problem import FileProblem, shown


def open_beside(path: Path, name: str) -> IO[bytes]:
    """Open the plain file `name` in the folder of `path` for reading.

    Raises:
        FileProblem: if the name is a path, or names a link, a folder, a device or nothing.
    """
    if not name or name in (".", "..") or any(c in name for c in "/\\\0:") or len(name) > 255:
        raise FileProblem(
            f"its numbers are said to lie in {shown(name)}, which is not the bare name of a file beside it and is not opened; "
            "save it with its weights in one file"
        )
    beside = path.parent / name
    try:
        state = beside.lstat()
        if not stat.S_ISREG(state.st_mode):
            raise FileProblem(
                f"its numbers are said to lie in {shown(name)}, which is a link or no plain file; put the file itself there"
            )
        return os.fdopen(os.open(beside, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)), "rb")
    except FileNotFoundError:
        raise FileProblem(
            f"its numbers are in the file {shown(name)}, which is not beside it; put both into the same folder"
        ) from None
    except OSError as error:
        raise FileProblem(f"its numbers are in the file {shown(name)}, which cannot be read ({error.strerror})") from None
