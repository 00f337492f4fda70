"""Arrays that NumPy saved: .npy and .npz. Headers are read and compared with the sizes; no number is read but for checksums."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.files.limits import Limits
from core.files.npy_header import NpyHeader, named, npy_header
from core.files.problem import FileProblem, shown
from core.files.saved import ITEM_BYTES, Saved, Tensor, Where, capped
from core.files.zip_safe import CHECKED, Zip

if TYPE_CHECKING:
    import numpy as np

NEEDS: tuple[str, ...] = ()


def read(path: Path, limits: Limits) -> Saved:
    """Return the arrays of a .npy or .npz file; raises FileProblem."""
    with path.open("rb") as file:
        if file.read(6) == b"\x93NUMPY":
            file.seek(0)
            return _one(path, npy_header(file.read, "it"))
    return _several(path, limits)


def array(path: Path, name: str, rows: tuple[int, int] | None, limits: Limits) -> np.ndarray:
    """Return an array whose numbers begin with the highest byte, with the lowest first; raises FileProblem."""
    import numpy as np

    with path.open("rb") as file:
        if file.read(6) == b"\x93NUMPY":
            file.seek(0)
            header = npy_header(file.read, "it")
            data = file.read(_affordable(header, limits))
        else:
            with Zip(path, limits) as archive:
                member = next((n for n in archive.names if capped(n.removesuffix(".npy")) == name), "")
                stream = archive.open(member)
                header = npy_header(stream.read, named(name))
                data = stream.read(_affordable(header, limits))
                stream.finish()
    if len(data) != header.bytes or header.dtype not in ITEM_BYTES:
        raise FileProblem(f"{named(name)} is cut short; download or save the file again")
    raw = np.frombuffer(data, np.dtype(header.dtype).newbyteorder(">" if header.big_endian else "<"))
    whole = raw.reshape(header.shape, order=header.order).astype(header.dtype)
    return whole if rows is None else whole[rows[0] : rows[1]]


def _affordable(header: NpyHeader, limits: Limits) -> int:
    if header.bytes > limits.unpacked:
        raise FileProblem(
            f"an array of {header.bytes:,} bytes in this order of bytes is too large to turn; save it little-endian"
        )
    return header.bytes


def _one(path: Path, header: NpyHeader) -> Saved:
    size = path.stat().st_size
    name, left = path.name.removesuffix(".npy"), size - header.size
    if left < header.bytes:
        raise FileProblem(
            f"it is cut short or its header is wrong: it states {header.bytes:,} bytes of numbers and {left:,} are there; "
            "download or save it again"
        )
    warnings: list[str] = []
    if left > header.bytes and header.item:
        warnings.append(f"After its array the file holds {left - header.bytes:,} bytes more, which are not read.")
    if header.big_endian:
        where = Where("worker")
    else:
        where = Where("span", offset=header.size, length=header.bytes if header.item else left, order=header.order)
    return _saved("NumPy array (.npy)", path, size, [_tensor(name, header, where.length or header.bytes, where)], warnings)


def _several(path: Path, limits: Limits) -> Saved:
    tensors: list[Tensor] = []
    others: list[str] = []
    with Zip(path, limits) as archive:
        small = sum(m.size for m in archive.members.values()) <= CHECKED
        for member in archive.members.values():
            if not member.name.endswith(".npy"):
                others.append(member.name)
                continue
            name = member.name.removesuffix(".npy")
            stream = archive.open(member.name)
            header = npy_header(stream.read, named(name))
            left = member.size - header.size
            if left < 0 or (header.item and left != header.bytes):
                raise FileProblem(
                    f"{named(name)} is damaged: its header states {header.bytes:,} bytes of numbers, and the archive "
                    f"{max(left, 0):,}; save it anew with np.savez"
                )
            if small:
                stream.finish()
            start = archive.span(member.name)
            if header.big_endian:
                where = Where("worker")
            elif start is not None:
                checks = () if small else stream.checks
                where = Where("span", offset=start + header.size, length=left, order=header.order, checks=checks)
            else:
                where = Where("member", offset=header.size, length=left, member=capped(member.name, 20_000), order=header.order)
            tensors.append(_tensor(name, header, left, where))
    warnings = [f"The archive holds {shown(n)}, which is no array and is left out." for n in others[:5]]
    return _saved("NumPy archive (.npz)", path, path.stat().st_size, tensors, warnings)


def _saved(format: str, path: Path, size: int, tensors: list[Tensor], warnings: list[str]) -> Saved:
    if not any(t.readable for t in tensors):
        held = ", ".join(sorted({t.dtype for t in tensors})) or "nothing"
        raise FileProblem(f"it holds no array of numbers ({held}); save the weights as arrays of floats")
    return Saved(format, str(path), size, tuple(tensors), warnings=tuple(warnings))


def _tensor(name: str, header: NpyHeader, size: int, where: Where) -> Tensor:
    return Tensor(name, header.shape, header.dtype, size, where)
