"""Weights as text: a CSV with one matrix or several, or JSON with lists of numbers by name. Runs in the child process.

A CSV begins a new array at each line that is a single word, its name: `W1`, then its rows. JSON holds arrays as nested lists
under any names; a list of layers may say their activations. A Keras description in JSON is read as one.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

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
MOST_ARRAYS = 10_000

_WHAT = "the file"
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?|nan|inf|infinity)\Z", re.IGNORECASE | re.ASCII)
_FUNCTIONS = {
    "sigmoid": "sigmoid", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu", "leakyrelu": "leaky_relu", "elu": "elu",
    "softplus": "softplus", "softmax": "softmax", "logsoftmax": "log_softmax", "linear": "", "identity": "", "none": "",
}  # fmt: skip


def read(path: Path, limits: Limits) -> Saved:
    """Return what a table or a JSON text of weights holds; raises FileProblem."""
    data = _bytes(path)
    if not _is_json(data):
        return _weights("CSV", path, _csv_arrays(data, path), [])
    value = loads(data, _WHAT)
    if read_keras.is_description(value):
        return read_keras.read_json(path, value, limits)
    arrays: dict[str, Array] = {}
    said: list[str] = []
    for name, found in _json_arrays(value, path):
        arrays[_free(name, arrays)] = found
    _activations(value, said)
    return _weights("JSON", path, arrays, said)


def array(path: Path, name: str, rows: tuple[int, int] | None, limits: Limits) -> Array:
    """Return an array, or some rows of it; raises FileProblem."""
    data = _bytes(path)
    if not _is_json(data):
        found = _csv_arrays(data, path)
    else:
        value = loads(data, _WHAT)
        if read_keras.is_description(value):
            return read_keras.array(path, name, rows, limits)
        found = {}
        for own, numbers in _json_arrays(value, path):
            found[_free(own, found)] = numbers
    for own, numbers in found.items():
        if capped(own) == name:
            return numbers if rows is None else numbers[rows[0] : rows[1]]
    raise FileProblem(f"it no longer holds {shown(name)}; open it again")


def _bytes(path: Path) -> bytes:
    size = path.stat().st_size
    if size > LARGEST:
        raise FileProblem(f"it is a text of {size} bytes, and at most {LARGEST} are read; save the weights with np.savez as .npz")
    return path.read_bytes()


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


# -- CSV


def _csv_arrays(data: bytes, path: Path) -> dict[str, Array]:
    text = _decoded(data)
    separator = next((s for s in "\t;" if s in text), "," if "," in text else " ")
    arrays: dict[str, Array] = {}
    name, rows, first = path.stem or "W", cast("list[list[float]]", []), 0

    def close() -> None:
        if rows:
            if len(arrays) >= MOST_ARRAYS:
                raise FileProblem(f"it holds more than {MOST_ARRAYS} arrays; save the weights with np.savez as .npz")
            arrays[_free(name, arrays)] = np.array(rows)

    for line, cells in _cells(text, separator):
        if all(_NUMBER.match(c) for c in cells):
            row = [float(c) for c in cells]
            if rows and len(row) != len(rows[0]):
                raise FileProblem(
                    f"line {line} has {len(row)} numbers where line {first} has {len(rows[0])}; "
                    "give each row of a matrix as many, and put a line with the name before the next one"
                )
            if not rows:
                first = line
            rows.append(row)
        elif len(cells) == 1:
            close()
            name, rows = re.sub(r"^#\s*|:$", "", cells[0]) or "W", []
        elif not rows and not arrays:
            continue  # the names of the columns
        else:
            bad = next(c for c in cells if not _NUMBER.match(c))
            raise FileProblem(f"line {line}: {shown(bad)} is not a number; correct it, or save the weights with np.savez as .npz")
    close()
    return {n: _flattened(n, a) for n, a in arrays.items()}


def _flattened(name: str, a: Array) -> Array:
    """Return a single row or column called like a bias as the list that it is."""
    return a.reshape(-1) if name[:1] in "bB" and 1 in a.shape else a


def _cells(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    if separator == " ":
        rows: Iterator[list[str]] = (line.split() for line in text.split("\n"))
    else:
        rows = csv.reader(io.StringIO(text), delimiter=separator)
    line = 0
    while True:
        line += 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            raise FileProblem(
                f"line {line} is no row of numbers (it is too long, or its quotes do not close); "
                "save the weights with np.savez as .npz"
            ) from None
        cells = [c.strip() for c in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield line, cells


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1252"):
        try:
            return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    raise FileProblem("it is not a text in UTF-8; save the weights with np.savez as .npz")


# -- JSON


def _json_arrays(value: Any, path: Path) -> Iterator[tuple[str, Array]]:
    """Yield the arrays of a JSON value with dotted names, in the order of the file."""
    todo: list[tuple[str, Any]] = [("", value)]
    count = 0
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
                    raise FileProblem(f"it holds more than {MOST_ARRAYS} arrays; save the weights with np.savez as .npz")
                yield name or path.stem or "W", numbers
            elif any(isinstance(v, (dict, list)) for v in here):
                items = [(f"{name}.{k}" if name else str(k), v) for k, v in enumerate(here)]
                todo += reversed(items)


def _numbers(value: list[Any], name: str) -> Array | None:
    """Return nested lists of numbers of one shape as an array; None if they are something else, such as a list of matrices."""
    shape = _shape(value)
    if shape is None or len(shape) > 5 or 0 in shape:
        return None
    flat: list[float] = []
    todo: list[Any] = [value]
    while todo:
        here = todo.pop()
        if isinstance(here, list):
            todo += reversed(here)
        elif here is None:
            flat.append(math.nan)
        else:
            try:
                flat.append(float(here))
            except OverflowError:
                raise FileProblem(f"{shown(name)} holds a number that no float64 can hold; save the weights anew") from None
    return np.array(flat).reshape(shape)


def _shape(value: Any) -> tuple[int, ...] | None:
    """Return the shape of nested lists of numbers, None where they are ragged or hold anything else."""
    if not isinstance(value, list):
        return () if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) else None
    items = cast("list[Any]", value)
    if not items:
        return None
    first = _shape(items[0])
    if first is None or any(_shape(v) != first for v in items[1:]):
        return None
    return (len(items), *first)


def _activations(value: Any, said: list[str]) -> None:
    """Collect the activations that a list of layers gives, one a layer, or that stand in a list of their own."""
    if not isinstance(value, dict):
        layers: Any = value
    else:
        found = cast("dict[str, Any]", value)
        own = found.get("activations")
        if isinstance(own, list) and all(isinstance(f, str) for f in own):
            said += own
            return
        layers = found.get("layers")
    if isinstance(layers, list):
        names = [n.get("activation") for n in layers if isinstance(n, dict)]
        said += [n for n in names if isinstance(n, str)] if all(isinstance(n, str) for n in names) else []


def _free(name: str, taken: Mapping[str, Any]) -> str:
    n, free = 1, name
    while free in taken:
        n += 1
        free = f"{name} ({n})"
    return free
