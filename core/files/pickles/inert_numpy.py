"""NumPy's boxes in an inert pickle: arrays, single numbers and types, as pickle and joblib write them. Numbers only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.files.pickles.inert_pickle import Machine
from core.files.pickles.inert_source import Account, Source
from core.files.pickles.inert_values import Called, Items, Named, Span, Table, Value
from core.files.problem import FileProblem
from core.files.saved import ITEM_BYTES

_MOST_AXES = 32
_MOST_OBJECTS = 100_000
_DEEPEST = 8
_LARGEST_ITEM = 2**31


@dataclass(frozen=True, eq=False)
class Ndarray:
    """An array of a pickle: `data` is where its numbers lie or the bytes themselves.

    Of an array of Python objects there are no numbers: `objects` holds what was written, `dtype` is the object type.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    order: Literal["C", "F"]
    data: Span | bytes
    objects: Items | None = None

    @property
    def numeric(self) -> bool:
        """Whether its numbers can be read."""
        return self.objects is None and self.dtype.name in ITEM_BYTES

    def values(self, source: Source) -> np.ndarray:
        """Return the array, in the byte order of this computer; only for numbers and fixed-length text."""
        data = source.take(self.data) if isinstance(self.data, Span) else self.data
        flat = np.frombuffer(data, self.dtype)
        return flat.reshape(self.shape, order=self.order).astype(self.dtype.newbyteorder("="))


def array_in(value: Value) -> Ndarray | None:
    """Return the array that a box stands for, None for anything else; raises FileProblem if it contradicts itself."""
    if not isinstance(value, Called):
        return None
    if isinstance(value.payload, Ndarray):
        return value.payload
    if _is(value, "multiarray._reconstruct"):
        return _reconstructed(value)
    if _is(value, "numeric._frombuffer"):
        return _from_buffer(value)
    if value.name in _WRAPPED and len(value.args) >= 3:
        return _stated(value.args.values[2])
    return None


def number_in(value: Value, source: Source | None) -> bool | int | float | None:
    """Return a plain number, or the one that a box of NumPy's single numbers stands for; None for anything else.

    Without a source only one whose bytes are already there, as in a file of PyTorch.
    """
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Called) and _is(value, "multiarray.scalar") and len(value.args) == 2:
        dtype, data = dtype_in(value.args.values[0]), value.args.values[1]
        if dtype is None or dtype.kind not in "biuf" or not isinstance(data, (bytes, Span)):
            return None
        if isinstance(data, Span):
            if source is None:
                return None
            data = source.take(data)
        return np.frombuffer(data, dtype)[0].item() if len(data) == dtype.itemsize else None
    return None


def dtype_in(value: Value, depth: int = 0) -> np.dtype | None:
    """Return the type that a box stands for: a number, a fixed-length text, or objects; None for what is none.

    Of records (as the nodes of a decision tree), dates and numbers that no reader knows there is just the size: plain bytes.
    """
    if not isinstance(value, Called) or value.name != "numpy.dtype" or not value.args.values or depth > _DEEPEST:
        return None
    code = value.args.values[0]
    if not isinstance(code, str) or len(code) > 12:
        return None
    kind, digits = code[:1], code[1:]
    if len(kind) != 1 or kind not in "biufcOSUVmM" or not digits.isascii() or (digits and not digits.isdigit()):
        return None
    size = int(digits or 0)
    if kind == "O":
        return np.dtype(object)
    state = value.state
    if 1 <= size < _LARGEST_ITEM and kind not in "SU" and f"{kind}{size}" not in _CODES:
        return np.dtype(object) if _holds_objects(state, depth) else np.dtype(f"V{size}")
    if not 1 <= size < _LARGEST_ITEM:
        return None
    order = "<"
    if isinstance(state, Items) and len(state) >= 2:
        order = state.values[1]
        # Fields 2 to 4 describe arrays inside each number, and records.
        if any(v is not None for v in state.values[2:5]):
            return None
    return np.dtype(f"{'>' if order == '>' else '<'}{kind}{size}")


def _holds_objects(state: Value, depth: int) -> bool:
    """Return whether a part of a record is a Python object: field 2 of a type's state is a type in it, field 4 all its parts."""
    if not isinstance(state, Items) or len(state) < 5:
        return False
    single, parts = state.values[2], state.values[4]
    held = [single.values[0]] if isinstance(single, Items) and len(single) else []
    if isinstance(parts, Table):
        held += [part.values[0] for _, part in parts.pairs if isinstance(part, Items) and len(part)]
    kinds = [dtype_in(inner, depth + 1) for inner in held]
    return any(k is None or k.kind == "O" for k in kinds)


_CODES = frozenset(["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"])


def _is(value: Called, name: str) -> bool:
    """Return whether a box is NumPy's function `name`: since NumPy 2 its modules are below `_core`."""
    return value.name in (f"numpy.core.{name}", f"numpy._core.{name}")


def _shape_in(value: Value) -> tuple[int, ...] | None:
    values = value.values if isinstance(value, Items) else [value]
    if len(values) > _MOST_AXES:
        return None
    shape = tuple(v for v in values if type(v) is int and v >= 0)
    return shape if len(shape) == len(values) else None


def _reconstructed(value: Called) -> Ndarray | None:
    return _stated(value.state)


_WRAPPED = (
    "jax._src.array._reconstruct_array", "jax._src.device_array.reconstruct_device_array",
    "dill._dill._create_array", "dill.dill._create_array",
)  # fmt: skip
"""How JAX and dill pickle an array: NumPy's function, its arguments, and the state that NumPy would give it."""


def _stated(state: Value) -> Ndarray | None:
    if not isinstance(state, Items) or len(state) not in (4, 5):
        return None
    shape, kind, fortran, data = state.values[-4:]
    order = "F" if fortran else "C"
    return _array(_shape_in(shape), dtype_in(kind), order, data)


def _from_buffer(value: Called) -> Ndarray | None:
    if len(value.args) < 4:
        return None
    data, kind, shape, order = value.args.values[:4]
    return _array(_shape_in(shape), dtype_in(kind), "F" if order == "F" else "C", data)


def _array(shape: tuple[int, ...] | None, dtype: np.dtype | None, order: Literal["C", "F"], data: Value) -> Ndarray | None:
    if shape is None:
        raise FileProblem("an array in its pickle has an impossible shape; save the network anew")
    if dtype is None:
        return None
    if dtype.kind == "O":
        return Ndarray(shape, dtype, order, b"", data if isinstance(data, Items) else Items("list", []))
    if isinstance(data, str):
        # Python 2 wrote bytes as text.
        try:
            data = data.encode("latin-1")
        except UnicodeEncodeError:
            raise FileProblem("an array in its pickle holds text instead of numbers; save the network anew") from None
    if not isinstance(data, (bytes, Span)):
        return None
    length = data.length if isinstance(data, Span) else len(data)
    needed = math.prod(shape) * dtype.itemsize
    if length != needed:
        raise FileProblem(
            f"an array in its pickle has {length} bytes of numbers where its shape {_sized(shape)} needs "
            f"{needed if needed < 1 << 62 else 'far more'}; save the network anew"
        )
    return Ndarray(shape, dtype, order, data)


def _sized(shape: tuple[int, ...]) -> str:
    return "(" + ", ".join(str(n) if n < 1 << 62 else "…" for n in shape[:6]) + ("…" if len(shape) > 6 else "") + ")"


# ---- joblib: the numbers of an array follow right behind its box, in the same stream


def behind(value: Called, source: Source, account: Account) -> Value:
    """Return a box of joblib's with the array that follows it in the file; any other box as it is."""
    if value.name in ("joblib.numpy_pickle_compat.NDArrayWrapper", "joblib.numpy_pickle_compat.ZNDArrayWrapper",
                      "joblib.numpy_pickle.NDArrayWrapper", "joblib.numpy_pickle.ZNDArrayWrapper"):  # fmt: skip
        raise FileProblem(
            "it was written by joblib before 0.10, which kept its arrays in files beside it; "
            "open it with scikit-learn and joblib.dump it again"
        )
    if not value.name.endswith(".numpy_pickle.NumpyArrayWrapper") or value.payload is not None:
        return value
    state = dict(value.state.texts()) if isinstance(value.state, Table) else {}
    shape, dtype = _shape_in(state.get("shape")), dtype_in(state.get("dtype"))
    if shape is None or dtype is None:
        raise FileProblem("an array in it is of no type of numbers, so where it ends cannot be known; save the network anew")
    value.payload = _behind(shape, dtype, "F" if state.get("order") == "F" else "C", state, source, account)
    return value


def _behind(
    shape: tuple[int, ...], dtype: np.dtype, order: Literal["C", "F"], state: dict[str, Value], source: Source, account: Account
) -> Ndarray:
    if dtype.kind == "O":
        # Python objects are a pickle within the stream, as inert as this one.
        inner = array_in(Machine(source, account).run())
        return inner or Ndarray(shape, dtype, order, b"", Items("list", []))
    if state.get("numpy_array_alignment_bytes") is not None:
        padding = source.read(1)
        source.skip(padding[0] if padding else 1)
    return Ndarray(shape, dtype, order, source.skip(math.prod(shape) * dtype.itemsize))


def texts_in(value: Value, source: Source) -> tuple[str, ...]:
    """Return what an array or a list holds as texts, for names of classes; empty if it is none."""
    array = array_in(value)
    if array is None:
        items = value.values if isinstance(value, Items) else []
    elif array.objects is not None:
        items = array.objects.values
    elif math.prod(array.shape) <= _MOST_OBJECTS:
        items = _texts(array, source) if array.dtype.kind in "SU" else array.values(source).ravel().tolist()
    else:
        items = []
    return tuple(str(v) for v in items[:_MOST_OBJECTS] if isinstance(v, (str, bool, int, float)) and not isinstance(v, Named))


def _texts(array: Ndarray, source: Source) -> list[str]:
    """Return fixed-length texts; NumPy itself stumbles over numbers that are no characters."""
    data = source.take(array.data) if isinstance(array.data, Span) else array.data
    code = "latin-1" if array.dtype.kind == "S" else "utf-32-be" if array.dtype.byteorder == ">" else "utf-32-le"
    size = array.dtype.itemsize
    return [data[at : at + size].decode(code, "replace").rstrip("\0") for at in range(0, len(data), size)]
