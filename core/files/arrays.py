"""The numbers of a file, read only when they are looked at, and never more of them than that.

Numbers that lie in the file as they are ('span') are read by this process, which does nothing but copy them: no file is
mapped into memory, for one that is overwritten meanwhile, as a training script does, would end the app. All others are asked
of the limited process (`core.files.worker`).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.files.beside import open_beside
from core.files.looks.gather import Averaging, Summary, Summing, real
from core.files.problem import FileProblem, escaped, shown
from core.files.saved import ITEM_BYTES, Order, Saved, Tensor, Where
from core.files.worker import Worker, shared

PIECE = 2 * 2**20
"""Bytes that are looked at in one piece."""
MOST = 2**30
"""Bytes of one array that are given at once."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A tensor's numbers as a matrix that is gone through, row after row, in flat pieces: all its axes but the last are rows.

    `turned` says that it is the transpose of that matrix, since so the tensor is stored; then it has two axes.
    """

    shape: tuple[int, int]
    turned: bool
    pieces: Callable[[], Iterator[NDArray[Any]]]


def array(saved: Saved, name: str, rows: tuple[int, int] | None = None) -> NDArray[Any]:
    """Return an array of a file in its own shape and type, bfloat16 as float32 (which is exact).

    `rows` are the first and one past the last of its first axis; only those are read where the file allows it.

    Raises:
        KeyError: if there is no tensor of that name.
        FileProblem: if its type holds no numbers, it is too large, or the file has changed or is damaged there.
    """
    return _array(saved, saved.tensor(name), rows)


def _array(saved: Saved, tensor: Tensor, rows: tuple[int, int] | None = None, worker: Worker | None = None) -> NDArray[Any]:
    _readable(saved, tensor)
    name, shape = tensor.name, tensor.shape
    if rows is not None:
        if not shape or not 0 <= rows[0] <= rows[1] <= shape[0]:
            raise ValueError(f"rows {rows} of an array of the shape {shape}")
        shape = (rows[1] - rows[0], *shape[1:])
    where = tensor.where
    if math.prod(shape) * _size(tensor) > MOST:
        raise FileProblem(f"{_file(saved)}: {shown(name)} takes more than {MOST // 2**20} MiB at once; look at fewer of its rows")
    if where.strides:
        whole = _strided(saved, tensor, worker)
        return whole if rows is None else whole[rows[0] : rows[1]]
    cut = rows is not None and (where.kind == "worker" or (where.kind == "span" and (where.order == "C" or len(shape) == 1)))
    taken = rows if cut else None
    full = shape if cut else tensor.shape
    if math.prod(full) * _size(tensor) > MOST:
        raise FileProblem(f"{_file(saved)}: {shown(name)} is too large to be read in rows; save it as .npy or .safetensors")
    out = np.empty(math.prod(full), _type(tensor))
    at = 0
    for piece in _pieces(saved, tensor, taken, worker):
        out[at : at + len(piece)] = piece
        at += len(piece)
    made = out.reshape(full, order=_order(where))
    return made if cut or rows is None else made[rows[0] : rows[1]]


def stream(saved: Saved, tensor: Tensor, worker: Worker | None = None, in_rows: bool = False) -> Stream:
    """Return how the numbers of a tensor of the file are gone through; what is wrong with them is raised while they are.

    `worker` is asked for those that are not stored as they are, a shared one if it is None; two tensors that are gone through
    at the same time cannot share it. With `in_rows` nothing is turned, and a tensor that is stored so is loaded whole.

    Raises:
        FileProblem: if its type holds no numbers.
    """
    _readable(saved, tensor)
    across = tensor.shape[-1] if tensor.shape else 1
    down = math.prod(tensor.shape[:-1])
    stored = not tensor.where.strides and _order(tensor.where) == "F" and len(tensor.shape) > 1
    if stored and len(tensor.shape) == 2 and not in_rows:
        return Stream((across, down), True, lambda: _flat(saved, tensor, worker))
    if stored:
        return Stream((down, across), False, lambda: _cut(_array(saved, tensor, None, worker).reshape(-1)))
    return Stream((down, across), False, lambda: _flat(saved, tensor, worker))


def summary(saved: Saved, name: str) -> Summary:
    """Return what there is to say of an array, gone through in pieces; raises as `array` does."""
    return summary_of(saved, saved.tensor(name))


def summary_of(saved: Saved, tensor: Tensor) -> Summary:
    """Return what `summary` returns, without looking for the tensor by its name."""
    gathered = Summing()
    for piece in stream(saved, tensor).pieces():
        gathered.add(real(piece))
    return gathered.summary()


def blocks(saved: Saved, name: str, rows: int = 256, columns: int = 256) -> NDArray[np.float64]:
    """Return an array's averages over at most `rows` × `columns` blocks, for a heat map; raises as `array` does.

    All axes but the last are rows; an array of one axis is one row. A block with a number that is not finite is not finite.
    Complex numbers count by their absolute value.
    """
    numbers = stream(saved, saved.tensor(name))
    averaging = Averaging(numbers.shape, (columns, rows) if numbers.turned else (rows, columns))
    for piece in numbers.pieces():
        averaging.add(real(piece))
    return averaging.means().T if numbers.turned else averaging.means()


def _flat(saved: Saved, tensor: Tensor, worker: Worker | None = None) -> Iterator[NDArray[Any]]:
    """Yield all numbers in pieces, in the order in which they are stored (one with strides: row after row)."""
    if tensor.where.strides:
        yield from _cut(_strided(saved, tensor, worker).reshape(-1))
    else:
        yield from _pieces(saved, tensor, None, worker)


def _cut(flat: NDArray[Any]) -> Iterator[NDArray[Any]]:
    step = PIECE // flat.itemsize
    return (flat[at : at + step] for at in range(0, flat.size, step))


def _pieces(saved: Saved, tensor: Tensor, rows: tuple[int, int] | None, worker: Worker | None = None) -> Iterator[NDArray[Any]]:
    """Yield the numbers of a tensor without strides as they are stored, as flat arrays of its own type."""
    where = tensor.where
    if where.kind == "span":
        start, stop = 0, where.length
        count = tensor.count
        if rows is not None:
            row = math.prod(tensor.shape[1:])
            start, count = rows[0] * row * _size(tensor), (rows[1] - rows[0]) * row
        stop = start + count * _size(tensor)
        raw = _span(saved, tensor, start, stop)
        if len(where.checks) == 2 and rows is None:
            raw = _checked(saved, tensor, raw)
    else:
        raw = _asked(saved, tensor, rows, worker)
    rest = b""
    for data in raw:
        whole = (rest + data) if rest else data
        used = len(whole) // _size(tensor) * _size(tensor)
        rest = whole[used:]
        yield _decoded(whole[:used] if rest else whole, tensor)


def _checked(saved: Saved, tensor: Tensor, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield all pieces of what a zip holds; at the end, refuse them if they are not what was saved."""
    checksum, wanted = tensor.where.checks
    for data in pieces:
        checksum = zlib.crc32(data, checksum)
        yield data
    if checksum != wanted:
        raise FileProblem(
            f"{_file(saved)}: the numbers of {shown(tensor.name)} are not as they were saved (their checksum differs); "
            "download or save it again"
        )


def _span(saved: Saved, tensor: Tensor, start: int, stop: int) -> Iterator[bytes]:
    where, path = tensor.where, Path(saved.path)
    try:
        if not path.is_file():
            raise FileProblem(f"{_file(saved)}: it is not there any more; put it back, or open another one")
        with open_beside(path, where.file) if where.file else path.open("rb") as file:
            file.seek(where.offset + start)
            left = stop - start
            while left:
                data = file.read(min(left, PIECE))
                if not data:
                    raise FileProblem(f"{_file(saved)}: it has become shorter since it was opened; open it again")
                left -= len(data)
                yield data
    except OSError as error:
        raise FileProblem(f"{_file(saved)}: it cannot be read any more ({error.strerror}); open it again") from None


def _asked(saved: Saved, tensor: Tensor, rows: tuple[int, int] | None, worker: Worker | None) -> Iterator[bytes]:
    if tensor.where.length > MOST:
        raise FileProblem(f"{_file(saved)}: {shown(tensor.name)} is too large to be unpacked; save it without compression")
    with shared() if worker is None else nullcontext(worker) as asked:
        yield from asked.numbers(saved, tensor, rows)


def _strided(saved: Saved, tensor: Tensor, worker: Worker | None = None) -> NDArray[Any]:
    """Return a tensor whose numbers do not lie one after another, such as a transposed one, with numbers of its own."""
    where = tensor.where
    if tensor.count * _size(tensor) > MOST or where.length > MOST:
        raise FileProblem(f"{_file(saved)}: {shown(tensor.name)} takes more than {MOST // 2**20} MiB at once; save it contiguous")
    raw = _span(saved, tensor, 0, where.length) if where.kind == "span" else _asked(saved, tensor, None, worker)
    stored = _decoded(b"".join(raw), tensor)
    if not tensor.count:
        return np.empty(tensor.shape, stored.dtype)
    # Tensor.from_data has refused strides that reach past the end of what is stored.
    steps = [s * stored.itemsize for s in where.strides]
    return np.lib.stride_tricks.as_strided(stored, tensor.shape, steps, writeable=False).copy()


def _decoded(data: bytes, tensor: Tensor) -> NDArray[Any]:
    if tensor.dtype == "bfloat16":
        return (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    if tensor.dtype == "bool":
        return np.frombuffer(data, np.uint8) != 0
    return np.frombuffer(data, np.dtype(tensor.dtype).newbyteorder("<")).astype(tensor.dtype, copy=False)


def _type(tensor: Tensor) -> np.dtype[Any]:
    return np.dtype("float32" if tensor.dtype == "bfloat16" else tensor.dtype)


def _order(where: Where) -> Order:
    return "C" if where.kind == "worker" else where.order


def _size(tensor: Tensor) -> int:
    return ITEM_BYTES[tensor.dtype]


def _readable(saved: Saved, tensor: Tensor) -> None:
    if not tensor.readable:
        raise FileProblem(
            f"{_file(saved)}: {shown(tensor.name)} is of the type {shown(tensor.dtype, 30)}, not numbers that can be calculated "
            "with; save it as float32"
        )


def _file(saved: Saved) -> str:
    return escaped(Path(saved.path).name)[:80]
