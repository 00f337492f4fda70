"""HDF5 files walked link by link: only what lies in the file itself is ever opened.

HDF5 can point out of a file: external links, soft links, external storage (h5py reads any system file through it, even for
a file in memory), and virtual data sets. Each is refused by name before the object behind it is opened or read.
Source: "HDF5 File Format Specification 3.0", sections III.D (links) and IV.A.2.i (data storage).
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from core.files.keras_format.h5_heap import check_heaps
from core.files.keras_format.h5_place import Place
from core.files.limits import Limits
from core.files.problem import FileProblem, shown
from core.files.saved import ITEM_BYTES, MOST_TENSORS, Tensor, Where

Group = Any
"""An open h5py.Group; what h5py gives for a path may be one or not, which is asked at run time."""
Dataset = Any
"""An open h5py.Dataset."""
_DEEPEST = 32
_LONGEST_ATTRIBUTE = 64 * 2**20
_MOST_AT_ONCE = 2**20
"""Bytes that may be declared without being stored: what was never written reads as zeros."""
_BEST_PACKING = 1100
"""Deflate makes at most 1032 bytes of one; more is declared than can be stored."""
_FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 4: "szip", 5: "nbit", 6: "scale-offset", 32000: "lzf"}
"""The filters that come with h5py. Any other would have HDF5 look for a plug-in to run."""


_BROKEN = (OSError, RuntimeError, ValueError, TypeError, KeyError, UnicodeError, OverflowError)
"""What h5py raises for a damaged file."""


class H5:
    """An open HDF5 file; used as a context manager."""

    def __init__(self, source: Path | BinaryIO, limits: Limits, place: Place) -> None:
        """Open it for reading; raises FileProblem if it is damaged."""
        import h5py

        self._limits, self._place, self._h5py = limits, place, h5py
        self._source, self._heaps_checked = source, False
        try:
            self.file = h5py.File(source, "r", locking=False)
        except _BROKEN:
            raise FileProblem(
                "it is cut short or damaged where HDF5 keeps its table of contents; download or save it again"
            ) from None
        self._mappable = place.offset is not None and self.file.userblock_size == 0

    def __enter__(self) -> H5:
        """Return itself."""
        return self

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        """Close the file; what HDF5 raises anywhere in a damaged one becomes a FileProblem."""
        with contextlib.suppress(*_BROKEN):
            self.file.close()
        if isinstance(error, _BROKEN):
            raise FileProblem("it is a damaged HDF5 file; download or save it again") from None

    def open(self, group: Group, name: str, path: str) -> Group | None:
        """Return the object that a hard link of a group leads to, None if there is no such link or it is a named type.

        `name` is one step, without a slash; `path` is what messages call it. Raises FileProblem for any other link.
        """
        if "/" in name or name in ("", "."):
            raise FileProblem(f"{shown(path)} is no name of one step in an HDF5 file; it is damaged, save it again")
        link = group.get(name, getlink=True) if name in group.id else None
        if link is None:
            return None
        if isinstance(link, self._h5py.ExternalLink):
            raise FileProblem(
                f"{shown(path)} is a link into another file, {shown(link.filename)}, which is never followed; save the model anew"
            )
        if isinstance(link, self._h5py.SoftLink):
            raise FileProblem(f"{shown(path)} is a soft link to {shown(link.path)}, which is never followed; save the model anew")
        if not isinstance(link, self._h5py.HardLink):
            raise FileProblem(f"{shown(path)} is a link of an unknown kind, which is never followed; save the model anew")
        try:
            found = self._h5py.h5o.open(group.id, name.encode())
        except (KeyError, OSError, RuntimeError, ValueError):
            raise FileProblem(f"{shown(path)} is damaged; download or save the file again") from None
        if isinstance(found, self._h5py.h5g.GroupID):
            return self._h5py.Group(found)
        if isinstance(found, self._h5py.h5d.DatasetID):
            return self._h5py.Dataset(found)
        return None

    def at(self, path: str, start: Group | None = None) -> Group | None:
        """Return what lies at a path of several steps, each checked; None if there is nothing."""
        here: Any = self.file["/"] if start is None else start
        done = ""
        for step in (p for p in path.split("/") if p):
            if not isinstance(here, self._h5py.Group):
                return None
            done = f"{done}/{step}".lstrip("/")
            here = self.open(here, step, done)
        return here

    def group(self, path: str, start: Group | None = None) -> Group | None:
        """Return the group at a path, None if there is none."""
        found = self.at(path, start)
        return found if isinstance(found, self._h5py.Group) else None

    def datasets(self, start: Group | None = None, prefix: str = "") -> Iterator[tuple[str, Dataset]]:
        """Yield the path and the data set of all that lies below a group, in natural order; raises FileProblem."""
        root = self.file["/"] if start is None else start
        waiting: list[tuple[str, Any, int]] = [(prefix, root, 0)]
        met: set[Any] = {self._key(root)}
        count = 0
        while waiting:
            path, group, depth = waiting.pop()
            if depth > _DEEPEST:
                raise FileProblem(f"its groups are nested deeper than {_DEEPEST}; it cannot be a network")
            names = self._names(group, path)
            inner: list[tuple[str, Any, int]] = []
            for name in names:
                count += 1
                if count > MOST_TENSORS:
                    raise FileProblem(f"it has more than {MOST_TENSORS} objects; it cannot be a network")
                whole = f"{path}/{name}".lstrip("/")
                found = self.open(group, name, whole)
                if isinstance(found, self._h5py.Dataset):
                    yield whole, found
                elif found is not None:
                    key = self._key(found)
                    if key in met:
                        raise FileProblem(f"its group {shown(whole)} is reached in two ways or in a circle; save the model anew")
                    met.add(key)
                    inner.append((whole, found, depth + 1))
            waiting.extend(reversed(inner))

    def _names(self, group: Group, path: str) -> list[str]:
        if len(group) > MOST_TENSORS:
            raise FileProblem(f"it has more than {MOST_TENSORS} objects; it cannot be a network")
        try:
            return sorted(group.keys(), key=natural)
        except (OSError, RuntimeError, ValueError):
            raise FileProblem(f"its group {shown(path or '/')} is damaged; download or save the file again") from None

    def _key(self, group: Group) -> Any:
        info = self._h5py.h5o.get_info(group.id)
        return info.fileno, info.addr

    def tensor(self, name: str, data: Dataset) -> Tensor:
        """Return a data set as a tensor, where its numbers lie included; raises FileProblem if they are not in the file."""
        shape, dtype = self.judged(name, data)
        stored = int(data.id.get_storage_size())
        written = _dtype_name(dtype)
        if written not in ITEM_BYTES:
            return Tensor(name, shape, written, stored, Where("worker", self._place.file))
        declared = math.prod(shape) * dtype.itemsize
        offset = data.id.get_offset() if data.chunks is None and self._mappable and written == dtype.name else None
        little = dtype.byteorder in "<|=" and not data.is_virtual
        if offset is not None and offset >= 0 and little and stored == declared and self._place.offset is not None:
            return Tensor(name, shape, written, declared, Where("span", self._place.file, self._place.offset + offset, declared))
        return Tensor(name, shape, written, stored, Where("worker", self._place.file))

    def judged(self, name: str, data: Dataset) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Return shape and type of a data set after judging where its numbers lie; nothing is read. Raises FileProblem."""
        plist = data.id.get_create_plist()
        if plist.get_external_count():
            outside = plist.get_external(0)[0].decode("utf-8", "replace")
            raise FileProblem(
                f"{shown(name)} keeps its numbers in another file, {shown(outside)}, which is never opened; save the model anew"
            )
        if data.is_virtual:
            raise FileProblem(
                f"{shown(name)} is a virtual data set, made of parts of other files, which are never opened; save the model anew"
            )
        for i in range(plist.get_nfilters()):
            code = int(plist.get_filter(i)[0])
            if code not in _FILTERS:
                raise FileProblem(
                    f"{shown(name)} is packed with filter {code}, which is not read here; save it with gzip or unpacked"
                )
        try:
            shape, dtype = data.shape, data.dtype
        except (TypeError, ValueError, OSError):
            return (), np.dtype("V1")
        if shape is None:
            return (0,), dtype
        shape = tuple(int(n) for n in shape)
        item = dtype.itemsize
        if data.chunks is not None and math.prod(data.chunks) * item > self._limits.unpacked:
            raise FileProblem(f"{shown(name)} is stored in pieces of more than {self._limits.unpacked} bytes; save it unpacked")
        declared, stored = math.prod(shape) * item, int(data.id.get_storage_size())
        if declared > max(_MOST_AT_ONCE, stored * _BEST_PACKING if plist.get_nfilters() else stored):
            raise FileProblem(
                f"{shown(name)} declares {declared} bytes, but only {stored} are stored; it is cut short, or made to fill memory"
            )
        if data.chunks is None and stored not in (0, declared):
            raise FileProblem(f"{shown(name)} declares {declared} bytes, but {stored} are stored; download or save it again")
        return shape, dtype

    def numbers(self, name: str, data: Dataset, rows: tuple[int, int] | None) -> np.ndarray:
        """Return a data set's numbers, or those of some rows; raises FileProblem."""
        shape, dtype = self.judged(name, data)
        if _dtype_name(dtype) not in ITEM_BYTES:
            raise FileProblem(f"{shown(name)} holds no numbers, but {_dtype_name(dtype)}")
        start, stop = (0, shape[0] if shape else 1) if rows is None else rows
        part = (stop - start) * math.prod(shape[1:]) * dtype.itemsize
        if part > self._limits.array:
            raise FileProblem(f"{shown(name)} has {part} bytes, more than {self._limits.array} at once")
        try:
            found = np.asarray(data[start:stop] if rows is not None and shape else data[()])
        except (OSError, ValueError, RuntimeError, TypeError):
            raise FileProblem(f"the numbers of {shown(name)} are damaged or cut short; download or save the file again") from None
        return found.astype(found.dtype.newbyteorder("="), copy=False)

    def text_attribute(self, at: Group, name: str) -> str | None:
        """Return an attribute that is one text, None if it is missing or none; raises FileProblem if it is damaged."""
        found = self._attribute(at, name, 1)
        if isinstance(found, np.ndarray):
            found = found.reshape(-1)[0] if found.size == 1 else None
        return _text(found)

    def text_list(self, at: Group, name: str) -> list[str] | None:
        """Return an attribute that is a list of texts, also one cut into name0, name1, …; None if it is missing."""
        found: Any = self._attribute(at, name, MOST_TENSORS)
        if found is None:
            pieces: list[str] = []
            for i in range(MOST_TENSORS):
                piece: Any = self._attribute(at, f"{name}{i}", MOST_TENSORS)
                if piece is None:
                    return pieces if i else None
                pieces.extend(t for v in np.asarray(piece).reshape(-1) if (t := _text(v)) is not None)
        return [t for v in np.asarray(found).reshape(-1) if (t := _text(v)) is not None]

    def _check_heaps(self) -> None:
        if self._heaps_checked:
            return
        if isinstance(self._source, Path):
            with self._source.open("rb") as file:
                check_heaps(file)
        else:
            check_heaps(self._source)
        self._heaps_checked = True

    def _attribute(self, at: Group, name: str, most: int) -> Any:
        try:
            if not self._h5py.h5a.exists(at.id, name.encode()):
                return None
            own = at.attrs.get_id(name)
            if own.shape is None or math.prod(own.shape) > most or math.prod(own.shape) * own.dtype.itemsize > _LONGEST_ATTRIBUTE:
                return None
            if own.dtype.kind not in "SOU" or (own.dtype.kind == "O" and self._h5py.check_string_dtype(own.dtype) is None):
                return None
            if own.dtype.kind == "O":
                self._check_heaps()
            return at.attrs[name]
        except (OSError, RuntimeError, ValueError, TypeError, KeyError, UnicodeError):
            raise FileProblem(f"its setting {shown(name)} is damaged; download or save the file again") from None


def natural(text: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts dense_2 before dense_10."""
    parts = re.split(r"([0-9]{1,9})", text)
    return [(0, int(p), "") if i % 2 else (1, 0, p) for i, p in enumerate(parts)]


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value) if isinstance(value, str) else None


def _dtype_name(dtype: np.dtype[Any]) -> str:
    if dtype.kind in "OSUV":
        return {"O": "text or objects", "S": "text", "U": "text", "V": "records"}[dtype.kind]
    return dtype.newbyteorder("=").name
