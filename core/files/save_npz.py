"""Arrays → an .npz file that NumPy reads without pickle."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from typing import IO

import numpy as np

from core.files.problem import FileProblem, shown
from core.program.ir import Array

_TIME = (1980, 1, 1, 0, 0, 0)
"""The same numbers give the same bytes, whenever they are written."""

Source = Iterable[tuple[str, Callable[[], Array]]]
"""Names, each with what gives its array when it is wanted: never more than one has to be in memory."""


def write_npz(file: IO[bytes], arrays: Source) -> None:
    """Write arrays as np.savez does, uncompressed, in their own types and memory layouts.

    Raises:
        FileProblem: for a name that a zip cannot hold, or that is there twice.
    """
    names: set[str] = set()
    refused = "an array called {} cannot be written into an .npz file; write .safetensors"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, get in arrays:
            if not name or name in names or "\0" in name or len(name.encode("utf-8", "surrogatepass")) > 60_000:
                raise FileProblem(refused.format(shown(name)))
            names.add(name)
            array = np.asanyarray(get())
            info = zipfile.ZipInfo(f"{name}.npy", _TIME)
            try:
                with archive.open(info, "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
            except UnicodeEncodeError:
                raise FileProblem(refused.format(shown(name))) from None
