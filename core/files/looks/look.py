"""One tensor of a file looked at: what its numbers are like, and what is worth knowing of them.

The numbers are gone through in pieces, so that a tensor that lies in the file as it is takes no more memory than one piece:
once for the summary and the heat map, once more for the rest, and a third time where units may be the same. Only for its
singular values is a matrix loaded whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.files.arrays import Stream, array, stream
from core.files.inference.infer_names import named, words
from core.files.looks.compare import together
from core.files.looks.gather import Averaging, Summary, Summing, real
from core.files.looks.look_parts import MOST_AT, Bars, Grid, Places, Units
from core.files.looks.looks import Axis, Look, Remark, Spectrum
from core.files.saved import Layer, Saved, Tensor
from core.files.worker import Worker

SIDE = 256
"""A heat map has so many blocks down and across."""
HIGH_CONDITION = 1e6
LARGE = 1e6
AT_ONCE = (512, 4_000_000)
"""Singular values of matrices with at most so many rows or columns, and numbers, are worked out without being asked for."""
ASKED = (4096, 2**25)
"""Those of larger ones are not worked out at all."""

_UNITLESS = ("ConvTranspose", "Embedding")
"""Layers of which neither the first nor the last axis of the weight is that of units."""
_TABLES = frozenset(("embedding", "embeddings", "embed", "emb", "wte", "wpe"))
"""Words in the names of tables with a row for each sign of an alphabet; that of a filler is 0 on purpose."""

_Pieces = Callable[[], Iterator[NDArray[Any]]]


def first_look(saved: Saved, name: str) -> Look:
    """Return what a heat map needs, in one go through the numbers: the summary and the blocks.

    Raises:
        KeyError: if there is no tensor of that name.
        FileProblem: if its numbers cannot be read.
    """
    found, means = _gathered(stream(saved, saved.tensor(name)))
    return Look(name, found, means, None)


def look(saved: Saved, name: str, layer: Layer | None = None, spectrum: bool = False, first: Look | None = None) -> Look:
    """Return all that there is to see of a tensor; `layer` is the one that it is of, `first` its first look if there is one.

    A weight that is of no known layer is taken to have its units along the first axis. With `spectrum`, singular values are
    also worked out where that takes long: 1024×1024 about a second, 2048×2048 about ten, 4096×4096 one to two minutes.

    Raises:
        KeyError: if there is no tensor of that name.
        FileProblem: if its numbers cannot be read.
    """
    tensor = saved.tensor(name)
    seen = first or first_look(saved, name)
    s, numbers = seen.summary, stream(saved, tensor)
    role = _role(tensor, layer)
    units = _units(saved, tensor, layer, role)
    grid = Grid.of(tensor.shape, units, numbers.turned) if units and not _same(tensor, s) else None
    bars = Bars(s) if s.min is not None else None
    places = Places(_nonfinite, tensor.shape, numbers.turned) if s.nonfinite else None
    negative = Places(_negative, tensor.shape, numbers.turned) if role == "variance" and s.min is not None and s.min < 0 else None
    found = Units(grid, 0, s) if grid is not None else None
    _go_through(numbers.pieces, [p for p in (bars, places, negative, found) if p is not None])
    values, later = _spectrum(saved, tensor, s, spectrum)
    remarks: list[Remark] = []
    if places is not None:
        remarks.append(Remark("nonfinite", "error", places.count, places.cells()))
    if negative is not None:
        remarks.append(Remark("variance", "error", negative.count, negative.cells()))
    remarks += _plain_remarks(tensor, s, bool(units) or role in ("gamma", "variance"))
    if found is not None:
        remarks += _unit_remarks(numbers.pieces, found)
    if values is not None and units and not _same(tensor, s):
        remarks += _spectrum_remarks(values)
    histogram = bars.histogram() if bars is not None else None
    return replace(
        seen, histogram=histogram, units=units or "", remarks=tuple(remarks), spectrum=values, spectrum_later=later
    )  # fmt: skip


def difference(saved: Saved, other: Saved, name: str, other_name: str) -> Look:
    """Return a look at there − here, of two tensors of the same shape, in float64; it has no units and no spectrum.

    Where one is not finite the difference is not, either, also where both are NaN.

    Raises:
        KeyError: if there is no tensor of that name.
        ValueError: if their shapes differ.
        FileProblem: if the numbers of one cannot be read.
    """
    tensor, theirs = saved.tensor(name), other.tensor(other_name)
    if tensor.shape != theirs.shape:
        raise ValueError(f"a tensor of the shape {tensor.shape} has no difference from one of {theirs.shape}")
    with Worker() as worker:
        here, _ = together(saved, other, tensor, theirs, worker)

        def pieces() -> Iterator[NDArray[Any]]:
            exact = np.complex128 if "complex" in tensor.dtype + theirs.dtype else np.float64
            for a, b in together(saved, other, tensor, theirs, worker)[1]:
                with np.errstate(all="ignore"):
                    yield b.astype(exact) - a.astype(exact)

        s, means = _gathered(Stream(here.shape, here.turned, pieces))
        bars = Bars(s) if s.min is not None else None
        places = Places(_nonfinite, tensor.shape, here.turned) if s.nonfinite else None
        _go_through(pieces, [p for p in (bars, places) if p is not None])
    remarks = [Remark("nonfinite", "note", places.count, places.cells())] if places is not None else []
    if s.count and s.zeros == s.count:
        remarks.append(Remark("all_zero", "note", s.count))
    return Look(name, s, means, bars.histogram() if bars is not None else None, "", tuple(remarks))


def layer_of(layers: Sequence[Layer], name: str) -> Layer | None:
    """Return the first layer that a tensor is of, None if it is of none."""
    return next((layer for layer in layers if name in layer.tensors.values()), None)


def _gathered(numbers: Stream) -> tuple[Summary, NDArray[np.float64]]:
    summing, averaging = Summing(), Averaging(numbers.shape, (SIDE, SIDE))
    for piece in numbers.pieces():
        counted = real(piece)
        summing.add(counted)
        averaging.add(counted)
    means = averaging.means()
    return summing.summary(), means.T if numbers.turned else means


def _go_through(pieces: _Pieces, parts: Sequence[Bars | Places | Units]) -> None:
    if not parts:
        return
    at = 0
    for piece in pieces():
        for part in parts:
            part.add(at, piece)
        at += piece.size


def _nonfinite(piece: NDArray[Any]) -> NDArray[np.bool_]:
    return ~np.isfinite(piece)


def _negative(piece: NDArray[Any]) -> NDArray[np.bool_]:
    return real(piece) < 0


def _role(tensor: Tensor, layer: Layer | None) -> str:
    """Return what a tensor is in its layer, by its name where it is of none."""
    if layer is not None:
        return next((role for role, name in layer.tensors.items() if name == tensor.name), "")
    return named(tensor).role


def _units(saved: Saved, tensor: Tensor, layer: Layer | None, role: str) -> Axis | None:
    """Return along which axis the units of a weight lie, None if it is none."""
    if len(tensor.shape) < 2 or (layer is not None and role != "weight"):
        return None
    if (layer is None or layer.kind == "box") and not _TABLES.isdisjoint(words(tensor.name)):
        return None
    if layer is None:
        flat = tensor.shape[0] == 1 or math.prod(tensor.shape[1:]) == 1
        return None if flat or role not in ("", "weight") else "rows"
    if any(part in str(layer.attributes.get("class", "")) for part in _UNITLESS):
        return None
    # A convolution of Keras has its units along the last axis, all others along the first one.
    usual = "in,out" if layer.kind == "box" and saved.format.startswith("Keras") else "out,in"
    return "columns" if layer.attributes.get("orientation", usual) == "in,out" else "rows"


def _same(tensor: Tensor, s: Summary) -> bool:
    """Return whether all numbers are the same finite one."""
    # Complex numbers that are equally large need not be equal.
    return s.min == s.max and not s.nonfinite and (s.max == 0 or not tensor.dtype.startswith("complex"))


def _plain_remarks(tensor: Tensor, s: Summary, weighs: bool) -> Iterator[Remark]:
    """Yield what the summary tells; `weighs` says that nothing passes numbers of this kind if all are 0."""
    if s.min is None or s.max is None:
        return
    if s.count > 1 and s.zeros == s.count:
        yield Remark("all_zero", "warning" if weighs else "note", s.count)
    elif s.count > 1 and _same(tensor, s):
        yield Remark("constant", "warning" if weighs and len(tensor.shape) > 1 else "note", s.count, (), s.min)
    elif 2 * s.zeros > s.count > 1:
        yield Remark("zeros", "note", s.zeros)
    largest = max(-s.min, s.max)
    if tensor.dtype.startswith(("float", "bfloat", "complex")):
        most = float(np.finfo(np.float16).max) / 2 if tensor.dtype == "float16" else LARGE
        if largest > most:
            yield Remark("large", "warning", 0, (), largest)


def _unit_remarks(pieces: _Pieces, found: Units) -> Iterator[Remark]:
    dead = found.dead()
    if dead.size:
        yield Remark("dead", "warning", int(dead.size), tuple((int(i),) for i in dead[:MOST_AT]))
    if found.alike().size:
        again = Units(found.grid, 1, found.summary)
        _go_through(pieces, [again])
        pairs = found.alike(again)
        if pairs.size:
            yield Remark("duplicated", "warning", len(pairs), tuple((int(a), int(b)) for a, b in pairs[:MOST_AT]))


def _spectrum(saved: Saved, tensor: Tensor, s: Summary, asked: bool) -> tuple[Spectrum | None, bool]:
    """Return the singular values of a matrix, and whether they are left out since they take long."""
    if len(tensor.shape) != 2 or not s.count or s.nonfinite or tensor.dtype == "bool":
        return None, False
    side = min(tensor.shape)
    if side > ASKED[0] or s.count > ASKED[1]:
        return None, False
    if not asked and (side > AT_ONCE[0] or s.count > AT_ONCE[1]):
        return None, True
    exact = np.complex128 if tensor.dtype.startswith("complex") else np.float64
    try:
        values: NDArray[Any] = np.linalg.svd(array(saved, tensor.name).astype(exact), compute_uv=False)
    except np.linalg.LinAlgError:
        return None, False
    # As numpy.linalg.matrix_rank does. 16 bits are too few for it: everything would count as lost.
    narrow = tensor.dtype in ("float16", "bfloat16", "float32", "complex64")
    least = float(values[0]) * max(tensor.shape) * float(np.finfo(np.float32 if narrow else np.float64).eps)
    lost = values[-1] <= float(values[0]) * max(tensor.shape) * float(np.finfo(np.float64).eps)
    with np.errstate(all="ignore"):
        condition = math.inf if lost else float(values[0] / values[-1])
    return Spectrum(values, condition, int(np.count_nonzero(values > least))), False


def _spectrum_remarks(spectrum: Spectrum) -> Iterator[Remark]:
    high = spectrum.condition > HIGH_CONDITION
    if high:
        yield Remark("condition", "warning", 0, (), spectrum.condition)
    if spectrum.rank < len(spectrum.values):
        # A large matrix of float32 has a few values in the noise of rounding without anything being wrong with it.
        yield Remark("rank", "warning" if high else "note", 0, (), float(spectrum.rank))
