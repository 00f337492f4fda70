"""PyTorch's boxes in an inert pickle: which numbers of which storage a tensor is, every number of it checked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeGuard

from core.files.pickles.inert_values import Called, Items, Named, Persistent, Value
from core.files.problem import FileProblem, shown
from core.files.saved import ITEM_BYTES, MOST_AXES, Tensor, Where

_STORAGES = {
    "Double": "float64", "Float": "float32", "Half": "float16", "BFloat16": "bfloat16", "Long": "int64", "Int": "int32",
    "Short": "int16", "Char": "int8", "Byte": "uint8", "Bool": "bool", "ComplexDouble": "complex128", "ComplexFloat": "complex64",
    "QInt8": "qint8", "QUInt8": "quint8", "QInt32": "qint32",
}  # fmt: skip
_OTHER_BYTES = {"qint8": 1, "quint8": 1, "qint32": 4, "float8_e4m3fn": 1, "float8_e5m2": 1, "float8_e4m3fnuz": 1,
                "float8_e5m2fnuz": 1, "float8_e8m0fnu": 1, "complex32": 4}  # fmt: skip
_NAMES = {"float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32", "short": "int16",
          "cfloat": "complex64", "cdouble": "complex128", "chalf": "complex32"}  # fmt: skip
REBUILT = frozenset(
    f"torch._utils._rebuild_{n}" for n in ("tensor", "tensor_v2", "tensor_v3", "parameter", "parameter_with_state")
)
"""The functions of PyTorch that make the tensors that are read here."""
_MOST_REPEATED = 2**20
"""A tensor may have this many numbers, even if its storage has fewer (an expanded one has each of them many times)."""


@dataclass(frozen=True)
class Storage:
    """A run of numbers that tensors look into, as the pickle names it: `first` and `count` in numbers (bytes if untyped)."""

    key: str
    dtype: str
    count: int
    whole: int
    first: int = 0


@dataclass(frozen=True)
class Placed:
    """A tensor: its type and shape, and the numbers of a storage it is made of; strides and offset in numbers."""

    storage: Storage
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int

    @property
    def count(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)


def bytes_each(dtype: str) -> int:
    """Return the bytes of one number of a type; raises FileProblem for a type that is not known."""
    size = ITEM_BYTES.get(dtype) or _OTHER_BYTES.get(dtype)
    if not size:
        raise FileProblem(
            f"its numbers are of the type {shown(dtype)}, which is not known; convert them with .float() and save again"
        )
    return size


def storage_in(value: Value) -> Storage | None:
    """Return the storage that a persistent identifier stands for, None for anything else."""
    pid = value.pid if isinstance(value, Persistent) else None
    if not isinstance(pid, Items) or len(pid) < 5 or pid.values[0] != "storage":
        return None
    kind, key, count = pid.values[1], pid.values[2], pid.values[4]
    if not isinstance(kind, Named) or not isinstance(key, str) or not _is_count(count):
        raise FileProblem("a storage in it has no type, no name or no length; download or save it again")
    last = kind.name.rpartition(".")[2].removeprefix("_")
    dtype = "untyped" if last == "UntypedStorage" else _STORAGES.get(last.removesuffix("Storage"), "")
    if not dtype:
        raise FileProblem(
            f"its numbers are of the type {shown(last)}, which is not known; convert them with .float() and save again"
        )
    view = pid.values[5] if len(pid) > 5 else None
    if view is None:
        return Storage(key, dtype, count, count)
    # Old files name a part of a storage: (its key, its first number, how many).
    if not isinstance(view, Items) or len(view) != 3 or not all(map(_is_count, view.values[1:])):
        raise FileProblem("a storage in it is part of another one in a way that is not known; download or save it again")
    _, first, part = view.values
    assert isinstance(first, int) and isinstance(part, int)
    if first + part > count:
        raise FileProblem(f"storage {shown(key)} in it reaches beyond its end; download or save it again")
    return Storage(key, dtype, part, count, first)


def tensor_in(value: Value) -> Placed | None:
    """Return the tensor that a box stands for, None for anything else; raises FileProblem if it reaches beyond its storage."""
    for _ in range(8):
        if not isinstance(value, Called):
            return None
        args = value.args.values
        match value.name:
            case (
                "torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state" | "torch.nn.parameter.Parameter"
            ):
                value = args[0] if args else None
            case "torch._tensor._rebuild_from_type_v2" | "torch._tensor._rebuild_from_type":
                # A subclass of Tensor: (the function, the subclass, its arguments, …).
                function = args[0] if len(args) > 2 else None
                if not isinstance(function, Named) or not isinstance(args[2], Items):
                    return None
                value = Called(function.name, args[2])
            case "torch._utils._rebuild_tensor" | "torch._utils._rebuild_tensor_v2":
                return _placed(args, None)
            case "torch._utils._rebuild_tensor_v3":
                return _placed(args, args[6] if len(args) > 6 else None)
            case _:
                return None
    return None


def _placed(args: list[Value], kind: Value) -> Placed | None:
    storage = storage_in(args[0]) if len(args) >= 4 else None
    if storage is None:
        return None
    shape, strides, offset = _counts(args[2]), _counts(args[3]), args[1]
    if shape is None or strides is None or len(shape) != len(strides) or type(offset) is not int or offset < 0:
        raise FileProblem(f"the tensor in storage {shown(storage.key)} has an impossible shape, stride or offset; save it again")
    dtype, room = storage.dtype, storage.count
    if dtype == "untyped":
        dtype = kind.name.removeprefix("torch.") if isinstance(kind, Named) else "uint8"
        dtype = _NAMES.get(dtype, dtype)
        room = storage.count // bytes_each(dtype)
    placed = Placed(storage, dtype, shape, strides, offset)
    if placed.count and offset + 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) > room:
        raise FileProblem(
            f"a tensor in it reaches beyond the end of its storage {shown(storage.key)}; it is damaged or a trap, save it again"
        )
    if placed.count > max(room, _MOST_REPEATED):
        raise FileProblem(
            f"a tensor in it repeats the few numbers of storage {shown(storage.key)} more than {_MOST_REPEATED} times; "
            "call .contiguous() on it and save it again"
        )
    return placed


def placed_tensor(name: str, placed: Placed, lies: Callable[[Storage], Where]) -> Tensor:
    """Return a tensor as the app knows it; `lies` says where a whole storage is in the file (its length is checked here)."""
    storage, size = placed.storage, bytes_each(placed.dtype)
    each = 1 if storage.dtype == "untyped" else bytes_each(storage.dtype)
    where = lies(storage)
    if where.length < storage.whole * each:
        raise FileProblem(
            f"it is cut short: storage {shown(storage.key)} of {shown(name)} is not all there; download or save it again"
        )
    count = placed.count
    reach = 1 + sum((n - 1) * s for n, s in zip(placed.shape, placed.strides, strict=True)) if count else 0
    if placed.dtype not in ITEM_BYTES:
        return Tensor(name, placed.shape, placed.dtype, count * size, Where("worker"))
    strides = () if _contiguous(placed) else placed.strides
    return Tensor(
        name, placed.shape, placed.dtype, count * size,
        Where(where.kind, offset=where.offset + storage.first * each + placed.offset * size, length=reach * size,
              member=where.member, strides=strides),
    )  # fmt: skip


def _contiguous(placed: Placed) -> bool:
    """Return whether its numbers lie one after another; the stride of an axis with one entry says nothing."""
    step = 1
    for n, stride in zip(reversed(placed.shape), reversed(placed.strides), strict=True):
        if n > 1 and stride != step:
            return False
        step *= max(n, 1)
    return True


def _is_count(value: Value) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < 2**62


def _counts(value: Value) -> tuple[int, ...] | None:
    if isinstance(value, Called) and value.name == "torch.Size" and value.args.values:
        value = value.args.values[0]
    if not isinstance(value, Items) or len(value) > MOST_AXES or not all(map(_is_count, value)):
        return None
    return tuple(v for v in value if isinstance(v, int))
