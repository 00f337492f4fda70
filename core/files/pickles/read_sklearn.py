"""Python pickles that are no PyTorch file: models of scikit-learn (pickle or joblib, alone or in a Pipeline) and plain arrays.

A pickle is read by `inert_pickle`, so nothing in it is imported or called. The arrays of an unpacked file stay where they are;
those of a packed one (joblib's `compress`) are unpacked again when someone looks at the first of them.
"""

from __future__ import annotations

import bz2
import io
import lzma
import math
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np

from core.files.held import held
from core.files.limits import Limits
from core.files.pickles.inert_numpy import Ndarray, behind
from core.files.pickles.inert_pickle import Machine
from core.files.pickles.inert_source import Account, Source
from core.files.pickles.inert_values import Called, Span, Value
from core.files.pickles.pickle_arrays import facts_in, named_arrays
from core.files.pickles.sklearn_layers import Estimator, estimator_in
from core.files.problem import FileProblem, shown
from core.files.saved import Saved, Tensor, Where, capped
from core.files.torch_format.read_torch import Embedded, saved_of

_PIECE = 2**20
_AGAIN = "download or save it again"
_KNOWN_PACKAGES = ("sklearn.", "numpy.", "joblib.", "builtins.", "copyreg.", "collections.", "_codecs.", "argparse.", "pathlib.")


def read(path: Path, limits: Limits) -> Saved:
    """Return what a pickle holds; raises FileProblem in one sentence."""
    with _opened(path, limits) as (source, packed):
        embedded = Embedded(source, packed)
        value = _value(source, embedded)
        if embedded.places:
            return saved_of(path, value, source.account, embedded.lies)
        if isinstance(value, Called) and value.name.startswith("pandas."):
            kind = value.name.rpartition(".")[2]
            raise FileProblem(
                f"it is a {kind} of pandas, which is data and no network; write it with to_csv to give it to a network as data"
            )
        estimator = estimator_in(value, source)
        arrays = estimator.arrays if estimator is not None else named_arrays(value)
        if not arrays and any(n.endswith(".BytesIO") for n in source.account.called):
            raise FileProblem("it holds a packed file, as Keras pickles a network; load it in Keras and model.save('name.keras')")
        if not arrays:
            raise FileProblem(f"no arrays of numbers are in it, just {_what(value)}; save the weights of a network in it")
        tensors = tuple(_tensor(name, found, packed) for name, found in arrays.items())
        return Saved(
            _format(value, estimator, source), str(path), path.stat().st_size, tensors,
            estimator.layers if estimator else (), complete=bool(estimator and estimator.complete),
            metadata=estimator.metadata if estimator else facts_in(value, source),
            warnings=(*(estimator.said if estimator else ()), *_unknown(source.account)),
        )  # fmt: skip


def array(path: Path, name: str, rows: tuple[int, int] | None, limits: Limits) -> np.ndarray:
    """Return the numbers of one array, or of its rows from `start` to `stop`; raises FileProblem if there is no such array."""
    if _is_packed(path):  # to unpack it anew for each of its arrays would take minutes
        arrays, source = held(path, lambda: _unpacked_arrays(path, limits))
        values = _numbers(arrays, name, source)
    else:
        with _opened(path, limits) as (source, _):
            values = _numbers(_arrays(source, packed=False), name, source)
    return values[rows[0] : rows[1]] if rows else values


def _unpacked_arrays(path: Path, limits: Limits) -> tuple[Mapping[str, Ndarray], Source]:
    with _opened(path, limits) as (source, packed):
        return _arrays(source, packed), source  # which is in memory, and stays open


def _arrays(source: Source, packed: bool) -> Mapping[str, Ndarray]:
    """Return all arrays by name; a name that is cut to that of an earlier one is not in it."""
    value = _value(source, Embedded(source, packed))
    estimator = estimator_in(value, source)
    arrays: dict[str, Ndarray] = {}
    for name, found in (estimator.arrays if estimator is not None else named_arrays(value)).items():
        arrays.setdefault(capped(name), found)
    return arrays


def _numbers(arrays: Mapping[str, Ndarray], name: str, source: Source) -> np.ndarray:
    found = arrays.get(name)
    if found is None or not found.numeric:
        raise FileProblem(f"there is no array {shown(name)} of numbers in it any more; open it again")
    return found.values(source)


def _value(source: Source, embedded: Embedded) -> Value:
    return Machine(source, source.account, follow=lambda box, at: behind(box, at, source.account), call=embedded).run()


def _tensor(name: str, found: Ndarray, packed: bool) -> Tensor:
    size = found.dtype.itemsize * math.prod(found.shape)
    plain = found.dtype.byteorder != ">" and not packed and isinstance(found.data, Span)
    order = found.order if len(found.shape) > 1 else "C"
    if plain and isinstance(found.data, Span):
        where = Where("span", offset=found.data.offset, length=found.data.length, order=order)
    else:
        where = Where("worker")
    return Tensor(name, found.shape, found.dtype.name, size, where)


# ---- packed files


class _Unpacker(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


@contextmanager
def _opened(path: Path, limits: Limits) -> Generator[tuple[Source, bool]]:
    """Give the bytes of the pickle to read from, and whether they were packed."""
    with path.open("rb") as file:
        head = file.read(6)
        file.seek(0)
        if head.startswith(b"\x04\x22\x4d\x18"):
            raise FileProblem("it is packed with LZ4, which is not read; joblib.dump it again with compress=3")
        if head[:2] == b"ZF":
            raise FileProblem("it was written by joblib before 0.10; open it there and joblib.dump it again")
        unpacker, name = _chosen(head)
        if unpacker is None:
            yield Source(file, 0, path.stat().st_size, Account()), False
            return
        data = _unpacked(file, unpacker, name, limits.unpacked)
    yield Source(data, 0, data.seek(0, io.SEEK_END), Account()), True


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return _chosen(file.read(6))[0] is not None


def _chosen(head: bytes) -> tuple[_Unpacker | None, str]:
    if head[:2] == b"\x1f\x8b":
        return zlib.decompressobj(31), "gzip"
    if head[:1] == b"\x78" and len(head) > 1 and (head[0] * 256 + head[1]) % 31 == 0:
        return zlib.decompressobj(15), "zlib"
    if head[:3] == b"BZh":
        return bz2.BZ2Decompressor(), "bz2"
    if head[:6] == b"\xfd7zXZ\x00":
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=128 * 2**20), "xz"
    if head[:3] == b"\x5d\x00\x00":
        return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=128 * 2**20), "lzma"
    return None, ""


def _unpacked(file: BinaryIO, unpacker: _Unpacker, name: str, most: int) -> io.BytesIO:
    """Unpack a whole file, never into more than `most` bytes."""
    out = io.BytesIO()
    try:
        while not unpacker.eof:  # pyright: ignore[reportAttributeAccessIssue]
            rest: bytes = getattr(unpacker, "unconsumed_tail", b"")
            data = rest or (b"" if not getattr(unpacker, "needs_input", True) else file.read(_PIECE))
            if not data and getattr(unpacker, "needs_input", True):
                raise FileProblem(f"it is cut short: its {name} packing ends in the middle; {_AGAIN}")
            out.write(unpacker.decompress(data, _PIECE))
            if out.tell() > most:
                raise FileProblem(
                    f"it unpacks to more than {most // 2**20} MiB, which is not read; joblib.dump it without compress"
                )
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
        raise FileProblem(f"its {name} packing is damaged; {_AGAIN}") from None
    return out


# ---- words


def _format(value: Value, estimator: Estimator | None, source: Source) -> str:
    how = "joblib" if "joblib.numpy_pickle.NumpyArrayWrapper" in source.account.called else "pickle"
    if estimator is not None:
        return f"scikit-learn {estimator.name} ({how})"
    if isinstance(value, Called):
        return f"Python {how}: {value.name.rpartition('.')[2]}"
    return f"Python {how} of arrays"


def _unknown(account: Account) -> list[str]:
    names = [n for n in account.called if not n.startswith(_KNOWN_PACKAGES)]
    if not names:
        return []
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return [f"it names classes that are not known here, which were not run: {', '.join(map(shown, names[:5]))}{more}"]


def _what(value: Value) -> str:
    return f"an object of the class {shown(value.name)}" if isinstance(value, Called) else "other things"
