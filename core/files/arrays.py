"""The numbers of a file, read only when they are looked at, and never more of them than that.

Numbers that lie in the file as they are ('span') are read by this process, which does nothing but copy them: no file is
mapped into memory, for one that is overwritten meanwhile, as a training script does, would end the app. All others are asked
of the limited process (`core.files.worker`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.files.beside import open_beside
from core.files.problem import FileProblem, escaped, shown
from core.files.saved import ITEM_BYTES, Order, Saved, Tensor, Where
from core.files.worker import shared

PIECE = 2 * 2**20
"""Bytes that are looked at in one piece."""
MOST = 2**30
"""Bytes of one array that are given at once."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What there is to say of an array: of its finite numbers the extremes, mean and standard deviation, None if there is none.

    Complex numbers count by their absolute value, truth values as 0 and 1.
    """

    count: int
    nonfinite: int
    zeros: int
    min: float | None
    max: float | None
    mean: float | None
    std: float | None


def array(saved: Saved, name: str, rows: tuple[int, int] | None = None) -> NDArray[Any]:
    """Return an array of a file in its own shape and type, bfloat16 as float32 (which is exact).

    `rows` are the first and one past the last of its first axis; only those are read where the file allows it.

    Raises:
        KeyError: if there is no tensor of that name.
        FileProblem: if its type holds no numbers, it is too large, or the file has changed or is damaged there.
    """
    tensor = _tensor(saved, name)
    shape = tensor.shape
    if rows is not None:
        if not shape or not 0 <= rows[0] <= rows[1] <= shape[0]:
            raise ValueError(f"rows {rows} of an array of the shape {shape}")
        shape = (rows[1] - rows[0], *shape[1:])
    where = tensor.where
    if math.prod(shape) * _size(tensor) > MOST:
        raise FileProblem(f"{_file(saved)}: {shown(name)} takes more than {MOST // 2**20} MiB at once; look at fewer of its rows")
    if where.strides:
        whole = _strided(saved, tensor)
        return whole if rows is None else whole[rows[0] : rows[1]]
    cut = rows is not None and (where.kind == "worker" or (where.kind == "span" and (where.order == "C" or len(shape) == 1)))
    taken = rows if cut else None
    full = shape if cut else tensor.shape
    if math.prod(full) * _size(tensor) > MOST:
        raise FileProblem(f"{_file(saved)}: {shown(name)} is too large to be read in rows; save it as .npy or .safetensors")
    out = np.empty(math.prod(full), _type(tensor))
    at = 0
    for piece in _pieces(saved, tensor, taken):
        out[at : at + len(piece)] = piece
        at += len(piece)
    made = out.reshape(full, order=_order(where))
    return made if cut or rows is None else made[rows[0] : rows[1]]


def summary(saved: Saved, name: str) -> Summary:
    """Return what there is to say of an array, gone through in pieces; raises as `array` does."""
    tensor = _tensor(saved, name)
    count = bad = zeros = 0
    low, high = math.inf, -math.inf
    known, mean, squares = 0, 0.0, 0.0
    for piece in _flat(saved, tensor):
        numbers = np.abs(piece) if piece.dtype.kind == "c" else piece
        count += numbers.size
        zeros += numbers.size - int(np.count_nonzero(numbers))
        if numbers.dtype.kind == "f":
            finite = np.isfinite(numbers)
            kept = int(np.count_nonzero(finite))
            bad += numbers.size - kept
            if kept < numbers.size:
                numbers = numbers[finite]
        if not numbers.size:
            continue
        low, high = min(low, float(numbers.min())), max(high, float(numbers.max()))
        with np.errstate(all="ignore"):
            exact = numbers.astype(np.float64)
            here = float(exact.mean())
            exact -= here
            spread = float(np.square(exact, out=exact).sum())
            # Means and squares of two pieces made one: Chan, Golub and LeVeque (1979).
            known, step = known + numbers.size, here - mean
            squares += spread + step * step * (known - numbers.size) * numbers.size / known
            mean += step * numbers.size / known
    if not known:
        return Summary(count, bad, zeros, None, None, None, None)
    return Summary(count, bad, zeros, low, high, mean, math.sqrt(squares / known))


def blocks(saved: Saved, name: str, rows: int = 256, columns: int = 256) -> NDArray[np.float64]:
    """Return an array's averages over at most `rows` × `columns` blocks, for a heat map; raises as `array` does.

    All axes but the last are rows; an array of one axis is one row. A block with a number that is not finite is not finite.
    Complex numbers count by their absolute value.
    """
    tensor = _tensor(saved, name)
    across = tensor.shape[-1] if tensor.shape else 1
    down = math.prod(tensor.shape[:-1])
    if not across * down:
        return np.zeros((min(down, rows), min(across, columns)))
    where = tensor.where
    if not where.strides and _order(where) == "F" and len(tensor.shape) == 2:
        return _block_means(_flat(saved, tensor), (across, down), (columns, rows)).T
    if not where.strides and _order(where) == "F" and len(tensor.shape) > 2:
        return _block_means(iter([array(saved, name).reshape(-1)]), (down, across), (rows, columns))
    return _block_means(_flat(saved, tensor), (down, across), (rows, columns))


def _block_means(pieces: Iterator[NDArray[Any]], shape: tuple[int, int], most: tuple[int, int]) -> NDArray[np.float64]:
    """Return the means of blocks of a matrix that comes in pieces, row after row."""
    across = shape[1]
    edges = [np.linspace(0, n, min(n, m) + 1).astype(np.int64) for n, m in zip(shape, most, strict=True)]
    sums = np.zeros((len(edges[0]) - 1, len(edges[1]) - 1))
    rest = np.zeros(0)
    row = 0
    with np.errstate(all="ignore"):
        for piece in pieces:
            real = np.abs(piece) if piece.dtype.kind == "c" else piece
            numbers = np.concatenate([rest, real]) if rest.size else real
            whole = numbers.size // across
            rest = numbers[whole * across :]
            if not whole:
                continue
            block = numbers[: whole * across].reshape(whole, across)
            first = int(np.searchsorted(edges[0], row, side="right")) - 1
            cuts = np.clip(edges[0][first:-1] - row, 0, whole)
            cuts = cuts[: int(np.searchsorted(cuts, whole))]
            # Not reduceat over the rows: it goes down each column alone, and takes twenty times as long.
            for i, (start, stop) in enumerate(zip(cuts, [*cuts[1:], whole], strict=True), first):
                strip = block[start:stop].sum(axis=0, dtype=np.float64)
                sums[i] += np.add.reduceat(strip, edges[1][:-1])
            row += whole
        return sums / np.outer(np.diff(edges[0]), np.diff(edges[1]))


def _flat(saved: Saved, tensor: Tensor) -> Iterator[NDArray[Any]]:
    """Yield all numbers in pieces, in the order in which they are stored (one with strides: row after row)."""
    if tensor.where.strides:
        yield _strided(saved, tensor).reshape(-1)
    else:
        yield from _pieces(saved, tensor, None)


def _pieces(saved: Saved, tensor: Tensor, rows: tuple[int, int] | None) -> Iterator[NDArray[Any]]:
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
    else:
        raw = _asked(saved, tensor, rows)
    rest = b""
    for data in raw:
        whole = (rest + data) if rest else data
        used = len(whole) // _size(tensor) * _size(tensor)
        rest = whole[used:]
        yield _decoded(whole[:used] if rest else whole, tensor)


def _span(saved: Saved, tensor: Tensor, start: int, stop: int) -> Iterator[bytes]:
    where, path = tensor.where, Path(saved.path)
    try:
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


def _asked(saved: Saved, tensor: Tensor, rows: tuple[int, int] | None) -> Iterator[bytes]:
    if tensor.where.length > MOST:
        raise FileProblem(f"{_file(saved)}: {shown(tensor.name)} is too large to be unpacked; save it without compression")
    with shared() as worker:
        yield from worker.numbers(saved, tensor, rows)


def _strided(saved: Saved, tensor: Tensor) -> NDArray[Any]:
    """Return a tensor whose numbers do not lie one after another, such as a transposed one, with numbers of its own."""
    where = tensor.where
    if tensor.count * _size(tensor) > MOST or where.length > MOST:
        raise FileProblem(f"{_file(saved)}: {shown(tensor.name)} takes more than {MOST // 2**20} MiB at once; save it contiguous")
    raw = _span(saved, tensor, 0, where.length) if where.kind == "span" else _asked(saved, tensor, None)
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


def _tensor(saved: Saved, name: str) -> Tensor:
    tensor = saved.tensor(name)
    if not tensor.readable:
        raise FileProblem(
            f"{_file(saved)}: {shown(name)} is of the type {shown(tensor.dtype, 30)}, not numbers that can be calculated with; "
            "save it as float32"
        )
    return tensor


def _file(saved: Saved) -> str:
    return escaped(Path(saved.path).name)[:80]
