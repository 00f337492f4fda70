"""The registry of operations: what an operation is, and how its shape and type are inferred."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from core.errors import ShapeError
from core.program.dims import Batch, Dim, Shape, broadcast, count
from core.program.expr import Apply, Expr, Name, Num, call
from core.program.ir import Array, Number

Form = Literal["infix", "prefix", "call", "attribute", "subscript"]
Datum = Array | np.generic | Number


@dataclass(frozen=True)
class Site:
    """What a vjp rule knows of the place it is used at.

    `g` is the adjoint of the result (of the result's shape); `args` are the operands as expressions,
    `out` the result; `shapes` and `out_shape` their shapes, in which `m` may stand for the batch size.
    """

    g: Expr
    args: tuple[Expr, ...]
    out: Expr
    attributes: Mapping[str, Any]
    shapes: tuple[Shape, ...]
    out_shape: Shape
    batch_name: str = "m"

    @property
    def a(self) -> Expr:
        """The first operand."""
        return self.args[0]

    @property
    def b(self) -> Expr:
        """The second operand."""
        return self.args[1]

    @property
    def c(self) -> Expr:
        """The third operand."""
        return self.args[2]

    def size(self, dim: Dim) -> Expr:
        """Return a size as it is written: `m`, `3 * m` or a number."""
        return dim.factor * Name(self.batch_name) if isinstance(dim, Batch) else Num(dim)

    def count(self, shape: Sequence[Dim]) -> Expr:
        """Return the number of elements of `shape` as it is written."""
        return self.size(count(shape))


REQUIRED: Any = inspect.Parameter.empty
Rule = Callable[[Site], Expr]
ShapeRule = Callable[..., Shape]


@dataclass(frozen=True)
class Op:
    """A pure NumPy function with all that the app needs to know of it.

    `forward(*operands, **attributes)` computes it; `shape(*shapes, **attributes)` is its shape rule;
    `vjp` holds one rule an operand (None: not differentiable there). `names` are the functions it is
    called by in the notation, `symbol` its operator. `attributes` are its keyword arguments with their
    defaults, in order; REQUIRED where there is none. `numpy` is the text that calls it in a plain script;
    None prints the source of `forward` as a helper. `ufunc` can write into a buffer. `kind` says what a
    learner would look for it as. `cost` counts floating point operations. `definition` says the same in
    simpler operations, as lines of the notation over the operands' names: the last line is the result, `{axis}`
    stands for an attribute, `{classes}` for the axis of the classes. `context` names
    the attributes that the program fills in where they are not typed (`samples`, `class_axis`, `seed`, `target`),
    `implicit` the operands it adds (`iteration`).

    """

    name: str
    forward: Callable[..., Any]
    shape: ShapeRule
    vjp: tuple[Rule | None, ...]
    names: tuple[str, ...] = ()
    form: Form = "call"
    symbol: str = ""
    precedence: int = 0
    attributes: Mapping[str, Any] = field(default_factory=dict)
    numpy: str | None = None
    ufunc: np.ufunc | None = None
    elementwise: bool = False
    view: bool = False
    cost: Callable[..., int] | None = None
    dtype: Callable[..., Any] | None = None
    definition: str = ""
    kind: Literal["", "activation", "loss"] = ""
    context: Mapping[str, str] = field(default_factory=dict)
    implicit: tuple[str, ...] = ()

    @property
    def arity(self) -> int:
        """The number of operands."""
        return len(self.vjp)

    def flops(self, shapes: Sequence[tuple[int, ...]], out: tuple[int, ...], attributes: Mapping[str, Any]) -> int:
        """Return the number of floating point operations for concrete shapes."""
        if self.cost is not None:
            return self.cost(shapes, out, attributes)
        return int(np.prod(out, dtype=np.int64))

    def source(self) -> str:
        """Return the source of `forward`, which a printed script uses as it is."""
        return inspect.getsource(self.forward)


_OPS: dict[str, Op] = {}
_NAMES: dict[str, Op] = {}


def register(op: Op) -> Op:
    """Add an operation to the table; its name and the functions it is called by must be new."""
    if op.name in _OPS or any(n in _NAMES for n in op.names):
        raise ValueError(f"operation {op.name} is registered twice")
    _OPS[op.name] = op
    for name in op.names:
        _NAMES[name] = op
    return op


def get(name: str) -> Op:
    """Return the operation with this name; raises KeyError."""
    return _OPS[name]


def named(function: str) -> Op | None:
    """Return the operation that the notation calls by `function`, or None."""
    return _NAMES.get(function)


def function_names() -> list[str]:
    """Return every function name that the notation knows."""
    return sorted(_NAMES)


def all_ops() -> Iterator[Op]:
    """Iterate over the table in the order of registration."""
    return iter(_OPS.values())


def elementwise(*shapes: Shape, **_: Any) -> Shape:
    """Shape rule of operations that work cell by cell."""
    return broadcast(*shapes)


def same(x: Shape, **_: Any) -> Shape:
    """Shape rule of operations that keep the shape of their operand."""
    return x


def dtype_of(op: Op, operands: Sequence[Datum | tuple[Shape, Any]], attributes: Mapping[str, Any]) -> Any:
    """Return the dtype of the result, or the Python type for plain numbers (`int`, `float`, `bool`).

    An operand is a plain number or a pair (shape, dtype). NumPy itself is asked, on arrays of one cell.

    Raises:
        ShapeError: if NumPy has no such operation for these types.
    """
    if op.dtype is not None:
        return op.dtype(*operands, **attributes)
    stand_ins = [_one_cell(o) for o in operands]
    if all(type(x) is int for x in stand_ins):
        stand_ins = [1 if x >= 0 else -1 for x in stand_ins]  # 10 ** 100000000 has the type of 1 ** 1
    try:
        with np.errstate(all="ignore"):
            result = op.forward(*stand_ins, **attributes)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ShapeError(f"NumPy cannot do this with these types ({error})") from None
    if isinstance(result, complex) or np.iscomplexobj(result):
        raise ShapeError("a root of a negative number is not a real number")
    return type(result) if isinstance(result, (bool, int, float)) and not isinstance(result, np.generic) else result.dtype


def _one_cell(operand: Datum | tuple[Shape, Any]) -> Any:
    if not isinstance(operand, tuple):
        return operand
    shape, dtype = operand
    if isinstance(dtype, type):
        return dtype(1)
    cell = np.ones((1,) * len(shape), dtype=dtype)
    return cell if shape else cell[()]


def expand_dims(g: Expr, site: Site) -> Expr:
    """Give `g`, the adjoint of a reduction, back its summed-away axes with size 1."""
    if site.attributes.get("keepdims") or site.attributes.get("axis") is None:
        return g
    axis = site.attributes["axis"]
    if isinstance(g, Apply) and g.op == "ones_like":
        return Num(1)
    return call("expand_dims", g, axis=axis)
