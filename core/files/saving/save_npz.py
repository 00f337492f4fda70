"""Arrays → an .npz file that NumPy reads without pickle."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable
from typing import IO

import numpy as np

from core.files.problem import FileProblem, shown
from core.program.ir import Array

_DRIVE = re.compile(r"^([A-Za-z]):")
_TIME = (1980, 1, 1, 0, 0, 0)
"""The same numbers give the same bytes, whenever they are written."""

Source = Iterable[tuple[str, Callable[[], Array]]]
"""Names, each with what gives its array when it is wanted: never more than one has to be in memory."""


def member_name(name: str) -> str:
    """Return an array's name as a zip may hold it: wherever it is unpacked, it leads to no place outside.

    Slashes within stay, as in `layers/dense/vars/0`. What makes a path of it is written as in a web address: `/x` as `%2Fx`.
    """
    parts = [p.replace(".", "%2E") if p in (".", "..") else p for p in name.replace("\\", "%5C").split("/")]
    safe = _DRIVE.sub(r"\1%3A", "/".join(parts))
    return "%2F" + safe[1:] if safe.startswith("/") else safe


def write_npz(file: IO[bytes], arrays: Source) -> None:
    """Write arrays as np.savez does, uncompressed, in their own types and memory layouts, under their `member_name`.

    Raises:
        FileProblem: for a name that a zip cannot hold, or that is there twice.
    """
    names: set[str] = set()
    refused = "an array called {} cannot be written into an .npz file; write .safetensors"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, get in arrays:
            member = member_name(name)
            if not name or member in names or "\0" in name or len(member.encode("utf-8", "surrogatepass")) > 60_000:
                raise FileProblem(refused.format(shown(name)))
            names.add(member)
            array = np.asanyarray(get())
            info = zipfile.ZipInfo(f"{member}.npy", _TIME)
            try:
                with archive.open(info, "w", force_zip64=True) as opened:
                    np.lib.format.write_array(opened, array, allow_pickle=False)
            except UnicodeEncodeError:
                raise FileProblem(refused.format(shown(name))) from None
