"""Weights as text: a CSV with one matrix or several, or JSON with lists of numbers by name. Runs in the child process.

A CSV begins a new array at each line that is a single word, its name: `W1`, then its rows. JSON holds arrays as nested lists
under any names; a list of layers may say their activations. A Keras description in JSON is read as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import NoneType
from typing import Any, cast

import numpy as np

from core.files.csv_weights import MOST_ARRAYS, Names, csv_arrays, too_many
from core.files.held import held
from core.files.inference.infer import infer
from core.files.json_safe import loads
from core.files.keras_format import read_keras
from core.files.limits import Limits
from core.files.problem import FileProblem, shown
from core.files.saved import Layer, Saved, Tensor, Where, capped
from core.program.ir import Array

NEEDS = ("h5py",)
LARGEST = 64 * 2**20
"""Bytes of text: its numbers as Python sees them take many times that in memory."""
_WHAT = "the file"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_NUMBERS, _MOST_AXES = {int, float, NoneType}, 5
_FUNCTIONS = {
    "sigmoid": "sigmoid", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu", "leakyrelu": "leaky_relu", "elu": "elu",
    "softplus": "softplus", "softmax": "softmax", "logsoftmax": "log_softmax", "linear": "", "identity": "", "none": "",
    "selu": "selu", "silu": "silu", "swish": "silu", "softsign": "softsign",  # "gelu" has two forms, so it is asked
}  # fmt: skip


def read(path: Path, limits: Limits) -> Saved:
    """Return what a table or a JSON text of weights holds; raises FileProblem."""
    data = _bytes(path)
    if not _is_json(data):
        return _weights("CSV", path, _csv_arrays(data, path), [])
    value = loads(data, _WHAT)
    if read_keras.is_description(value):
        return read_keras.read_json(path, value, limits)
    return _weights("JSON", path, dict(_json_arrays(value, path)), _activations(value))


def array(path: Path, name: str, rows: tuple[int, int] | None, limits: Limits) -> Array:
    """Return an array, or some rows of it; raises FileProblem."""
    found = held(path, lambda: _found(path))
    if found is None:
        return read_keras.array(path, name, rows, limits)
    for own, numbers in found.items():
        if capped(own) == name:
            return numbers if rows is None else numbers[rows[0] : rows[1]]
    raise FileProblem(f"it no longer holds {shown(name)}; open it again")


def _found(path: Path) -> Mapping[str, Array] | None:
    """Return all arrays by name, None where it is a description and they lie in another file."""
    data = _bytes(path)
    if not _is_json(data):
        return _csv_arrays(data, path)
    value = loads(data, _WHAT)
    return None if read_keras.is_description(value) else dict(_json_arrays(value, path))


def _bytes(path: Path) -> bytes:
    size = path.stat().st_size
    if size > LARGEST:
        raise FileProblem(f"it is a text of {size} bytes, and at most {LARGEST} are read; save the weights with np.savez as .npz")
    data = path.read_bytes()
    if data[:2] in _UTF16:  # as `python … > W.json` makes it in the PowerShell of Windows
        data = _decoded(data).encode("utf-8", "replace")
    return data


def _is_json(data: bytes) -> bool:
    return data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def _weights(format: str, path: Path, arrays: Mapping[str, Array], functions: Sequence[str]) -> Saved:
    if not arrays:
        raise FileProblem("it holds no lists of numbers that could be weights; save them by name, such as W1 and b1")
    tensors = tuple(Tensor(n, a.shape, "float64", a.nbytes, Where("worker")) for n, a in arrays.items())
    layers, why = _layers(tensors, functions)
    return Saved(f"{format} weights", str(path), path.stat().st_size, tensors, layers, bool(layers), why)


def _layers(tensors: Sequence[Tensor], functions: Sequence[str]) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
    """Return the layers where the file says a function for each of them; else none, so that they are inferred and asked."""
    short = [Tensor(capped(t.name), t.shape, t.dtype, t.bytes, t.where) for t in tensors]
    found = infer(short)
    known = [_FUNCTIONS.get(re.sub(r"[^a-z]", "", f.lower())) for f in functions]
    if not functions or None in known or len(known) != len(found.layers) or any(n.kind != "dense" for n in found.layers):
        return (), ()
    layers = tuple(replace(n, activation=f or "") for n, f in zip(found.layers, known, strict=True))
    return layers, found.why


def _csv_arrays(data: bytes, path: Path) -> dict[str, Array]:
    return csv_arrays(_decoded(data), path.stem or "W")


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in _UTF16 else "cp1252"):
        try:
            return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    raise FileProblem("it is not a text in UTF-8; save the weights with np.savez as .npz")


def _json_arrays(value: Any, path: Path) -> Iterator[tuple[str, Array]]:
    """Yield the arrays of a JSON value with dotted names, in the order of the file."""
    todo: list[tuple[str, Any]] = [("", value)]
    names, count = Names(), 0
    while todo:
        name, here = todo.pop()
        if isinstance(here, dict):
            items = [(f"{name}.{k}" if name else str(k), v) for k, v in here.items()]
            todo += reversed(items)
        elif isinstance(here, list) and here:
            numbers = _numbers(here, name or path.stem)
            if numbers is not None:
                count += 1
                if count > MOST_ARRAYS:
                    raise too_many()
                yield names.free(name or path.stem or "W"), numbers
            elif any(isinstance(v, (dict, list)) for v in here):
                items = [(f"{name}.{k}" if name else str(k), v) for k, v in enumerate(here)]
                todo += reversed(items)


def _numbers(value: list[Any], name: str) -> Array | None:
    """Return nested lists of numbers of one shape as an array; None if they are something else, such as a list of matrices."""
    flat, shape = value, [len(value)]
    while not (kinds := set(map(type, flat))) <= _NUMBERS:
        lengths = set(map(len, flat)) if kinds == {list} else set[int]()
        if len(lengths) != 1 or 0 in lengths or len(shape) == _MOST_AXES:
            return None
        shape += lengths
        flat = list(chain.from_iterable(flat))
    try:
        return np.array(flat, np.float64).reshape(shape)  # null is NaN
    except OverflowError:
        raise FileProblem(f"{shown(name)} holds a number that no float64 can hold; save the weights anew") from None


def _activations(value: Any) -> list[str]:
    """Return the activations that a list of layers gives, one a layer, or that stand in a list of their own; else none."""
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        own = found.get("activations")
        if isinstance(own, list) and all(isinstance(f, str) for f in own):
            return own
        value = found.get("layers")
    names = [n.get("activation") for n in value if isinstance(n, dict)] if isinstance(value, list) else []
    texts = [n for n in names if isinstance(n, str)]
    return texts if len(texts) == len(names) else []
