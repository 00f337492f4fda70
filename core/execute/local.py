"""How strongly the cells of a result respond to one cell of an operand, computed for these cells alone.

The rules are those that `core.autodiff` writes lines with; sources in `core.ops`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core import ops
from core.explain.cells import Cell
from core.ops.base import Site
from core.program.expr import Apply, Expr, Name, Num
from core.program.ir import Array, Instruction, Operand

_ARGS = "abcdefgh"
Places = tuple[int | Array, ...]


@dataclass(frozen=True)
class Local:
    """∂out[j]/∂operand[cell] for the cells j of a result where it is not 0.

    `places` are the cells j, for each axis one place or one for each of them; `numbers` the derivatives, one for all
    cells or one for each. Where the numbers are just cells of another `operand`, as in a product, `at` says which.
    """

    numbers: Array
    places: Places
    operand: Operand | None = None
    at: Places = ()


def local(i: Instruction, n: int, cell: Cell, operands: list[Array], out: Array) -> Local | None:
    """Return how the cells of a result respond to `cell` of operand n, None where that is not worked out here.

    `operands` and `cell` are as the instruction sees them, transposed where it reads them so.

    Raises:
        StepperError, ArithmeticError, ValueError, TypeError, IndexError: where a rule cannot be computed.
    """
    if i.op in ("matmul", "dot") and max(o.ndim for o in operands) <= 2 and all(o.ndim for o in operands):
        return _of_product(i, n, cell, operands)
    if ops.get(i.op).elementwise:
        places = _repeated(operands[n].shape, cell, out.shape)
        gathered = [_gather(o, places, out.ndim) for o in operands]
        return Local(_computed(i, n, gathered, np.asarray(out[places]), np.float64(1.0)), places)
    if i.op == "mask_assign" and n == 0:
        return Local(np.array([0.0 if operands[1][cell] else 1.0]), cell)
    if i.op in ("sum", "mean"):
        count = operands[0].size // max(out.size, 1)
        return Local(np.array([1.0 if i.op == "sum" else 1.0 / count]), _kept(i, cell, operands[0].ndim))
    if i.op in ("softmax", "log_softmax", "max", "min") and isinstance(i.attributes.get("axis"), int):
        return _along_axis(i, cell, operands[0], out)
    if not out.ndim:
        whole = np.broadcast_to(_computed(i, n, operands, out, np.float64(1.0)), operands[n].shape)
        return Local(np.asarray(whole[cell]).reshape(1), ())
    if i.op in ("reshape", "reshape_like", "expand_dims", "squeeze") and n == 0:
        flat = int(np.ravel_multi_index(cell, operands[0].shape)) if cell else 0
        return Local(np.array([1.0]), tuple(int(k) for k in np.unravel_index(flat, out.shape)))
    return None


def _of_product(i: Instruction, n: int, cell: Cell, operands: list[Array]) -> Local:
    """In a @ b the cell a[i, k] meets b[k, j] in every cell [i, j] of the result."""
    other = operands[1 - n]
    mine = cell[:-1] if n == 0 else cell[1:]
    if other.ndim == 1:
        places, at = mine, (cell[-1] if n == 0 else cell[0],)
    elif n == 0:
        along = np.arange(other.shape[-1])
        places, at = (*mine, along), (cell[-1], along)
    else:
        along = np.arange(other.shape[0])
        places, at = (along, *mine), (along, cell[0])
    return Local(np.asarray(other[at], dtype=float).reshape(-1), places, i.operands[1 - n], at)


def _along_axis(i: Instruction, cell: Cell, z: Array, out: Array) -> Local:
    """One cell of softmax moves all results along its axis: ask the rule for each of them; of max there is only one."""
    axis = i.attributes["axis"] % z.ndim
    along: Places = tuple(np.arange(z.shape[axis]) if a == axis else c for a, c in enumerate(cell))
    places = along if i.op in ("softmax", "log_softmax") else _kept(i, cell, z.ndim)
    column, result = np.asarray(z[along]), np.asarray(out[places])
    line = replace(i, attributes={"axis": 0})
    units = np.eye(column.size) if result.ndim else [np.float64(1.0)]
    return Local(np.array([_computed(line, 0, [column], result, g)[cell[axis]] for g in units]), places)


def _repeated(shape: tuple[int, ...], cell: Cell, out: tuple[int, ...]) -> Places:
    """Return the cells of a result that an operand's cell is repeated into, as one list of places for each axis."""
    extra = len(out) - len(shape)
    ranges = [
        np.arange(out[a]) if a < extra or shape[a - extra] != out[a] else np.array([cell[a - extra]]) for a in range(len(out))
    ]
    return tuple(x.reshape(-1) for x in np.meshgrid(*ranges, indexing="ij")) if ranges else ()


def _gather(operand: Array, places: Places, ndim: int) -> Any:
    if not operand.ndim:
        return operand
    tail = places[ndim - operand.ndim :]
    return operand[tuple(0 if n == 1 else p for n, p in zip(operand.shape, tail, strict=True))]


def _kept(i: Instruction, cell: Cell, ndim: int) -> Places:
    axis, keep = i.attributes.get("axis"), i.attributes.get("keepdims", False)
    named = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = {a % ndim for a in named} if ndim else set[int]()
    return tuple(0 if a in gone else c for a, c in enumerate(cell) if keep or a not in gone)


def _computed(i: Instruction, n: int, operands: list[Any], out: Any, g: Any) -> Array:
    """Return what the rule of operand n gives for an adjoint g of the result."""
    rule = ops.get(i.op).vjp[n]
    assert rule is not None
    known: dict[str, Any] = {"g": g, "out": out, **dict(zip(_ARGS, operands, strict=False))}
    args = tuple(
        Num(o.number) if o.value is None and o.number is not None else Name(a) for a, o in zip(_ARGS, i.operands, strict=False)
    )
    attributes = {k: v for k, v in i.attributes.items() if k != "in_place"}
    site = Site(Name("g"), args, Name("out"), attributes, tuple(np.shape(o) for o in operands), np.shape(out))
    return np.asarray(_number(rule(site), known), dtype=float)


def _number(e: Expr, known: dict[str, Any]) -> Any:
    if isinstance(e, Name):
        return known[e.name]
    if isinstance(e, Num):
        return e.number
    assert isinstance(e, Apply)
    return ops.get(e.op).forward(*(_number(a, known) for a in e.args), **dict(e.attributes))
