"""The chain rule at one cell of a gradient: what arrives (upstream), times how strongly the operation here responds (local).

For a value u that an operation f uses, ∂L/∂u[i] = Σ ∂L/∂f[j] · ∂f[j]/∂u[i] over the cells j of the result, and over
the operations that use u (Griewank, Walther, *Evaluating Derivatives*, 2008, 3.2). Local derivatives are computed with
the same rules that `core.autodiff` writes lines with, at the cells that are asked for alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import ops
from core.errors import StepperError
from core.execute.adjoints import adjoints
from core.explain.cells import Cell
from core.explain.contributions import Contributions, total
from core.explain.moving import index_text
from core.explain.reasons import Factor, Reader, Sum, Term, largest_of, own_cell, sample_index
from core.explain.samples import ShapeOf
from core.ops.base import Site
from core.program.expr import Apply, Expr, Name, Num
from core.program.ir import Array, Instruction, Operand, Program
from core.program.network_adjoints import adjoints_of

MOST_TERMS = 12
_ARGS = "abcdefgh"
_ERRORS = (StepperError, ArithmeticError, ValueError, TypeError, IndexError, KeyError)


@dataclass(frozen=True)
class Way:
    """One operation through which the loss feels a value.

    Each term is upstream (its first factor: a cell of the value `upstream`; 1 for the loss itself, and a number that
    no line of the program holds, have no value) times local (its second factor: how that cell of the result of
    `forward` responds to the cell that is asked for).
    """

    forward: Instruction
    upstream: int | None
    sum: Sum


@dataclass(frozen=True)
class GradientParts:
    """A cell of an adjoint as the sum over the ways from its forward value `of[cell]` to the loss."""

    of: int
    cell: Cell
    ways: tuple[Way, ...]


class Chain:
    """Which value of a program is the adjoint of which, so that it need not be found for every cell anew."""

    def __init__(self, program: Program, shapes: ShapeOf) -> None:
        self.program = program
        adjoint = adjoints_of(program, shapes)
        self.adjoint: dict[int, int] = {}
        self.of: dict[int, int] = {}
        for name, gradient in program.gradients.items():
            if name in program.inputs:
                self.of.setdefault(gradient, program.inputs[name])
                self.adjoint[program.inputs[name]] = gradient
        for forward, found in adjoint.items():
            self.of.setdefault(found, forward)
            self.adjoint.setdefault(forward, found)
        needed = set() if program.loss is None else {program.loss}
        uses: dict[int, list[tuple[Instruction, int]]] = {}
        for i in reversed(program.instructions):
            if i.result not in needed:
                continue
            rules = ops.get(i.op).vjp
            for n, o in enumerate(i.operands):
                if o.value is not None and rules[n] is not None:
                    needed.add(o.value)
                    uses.setdefault(o.value, []).append((i, n))
        self.uses = {value: found[::-1] for value, found in uses.items()}

    def parts(
        self,
        value: int,
        cell: Cell,
        read: Reader,
        axes: dict[int, int],
        samples: Sequence[int] | Array = (),
        most: int = MOST_TERMS,
    ) -> GradientParts | None:
        """Return upstream × local of a cell, None for what is not known to be an adjoint or cannot be taken apart.

        Nothing is claimed that does not give the number itself again: a gradient that was written by hand, and
        is wrong, has no parts.
        """
        forward = self.of.get(value)
        array = read(value)
        if forward is None or array is None or len(cell) != array.ndim or forward not in self.uses:
            return None
        ways: list[Way] = []
        sums: list[float] = []
        size = 0.0
        for i, n in self.uses[forward]:
            own = cell[::-1] if i.operands[n].transposed else cell
            try:
                with np.errstate(all="ignore"):
                    found = self._way(i, n, own, read)
            except _ERRORS:
                return None
            if found is None:
                return None
            g, local, places, names = found
            with np.errstate(all="ignore"):
                products = g * local + 0.0  # −0 adds 0
            sums.append(total(products))
            size += float(np.sum(np.abs(products)))
            of = self.program.values[forward].label
            ways.append(self._terms(i, g, products, places, names, read, axes, samples, most, of))
        exact = 1e-9 if array.dtype.itemsize > 4 else 1e-4
        if not _same(total(np.array(sums)), float(array[cell]), exact, size):
            return None
        return GradientParts(forward, cell, tuple(ways))

    def _way(self, i: Instruction, n: int, cell: Cell, read: Reader) -> _Found | None:
        """Return upstream numbers, local ones, the cells of the result they stand at, and the local ones' names."""
        operands = [_seen(o, read) for o in i.operands]
        out = read(i.result)
        if out is None or any(o is None for o in operands):
            return None
        g_array = self._upstream(i.result, out, read)
        if g_array is None or g_array.shape != out.shape:
            return None
        found = _local(i, n, cell, [np.asarray(o) for o in operands], out)
        if found is None:
            return None
        local, places, names = found
        g = np.asarray(g_array[places] if out.ndim else g_array, dtype=float).reshape(-1)
        g, local = np.broadcast_arrays(g, np.asarray(local, dtype=float).reshape(-1))
        return g, local, places, (names[0], names[1], local)

    def _upstream(self, result: int, out: Array, read: Reader) -> Array | None:
        """Return the adjoint of a forward value: where no line of the program holds it, it is computed here."""
        if result == self.program.loss:
            return np.ones(out.shape)
        if result in self.adjoint:
            return read(self.adjoint[result])
        found = adjoints(self.program, read, [result])
        return None if found is None else found[result]

    def _terms(
        self,
        i: Instruction,
        g: Array,
        products: Array,
        places: _Places,
        names: _Named,
        read: Reader,
        axes: dict[int, int],
        samples: Sequence[int] | Array,
        most: int,
        of: str,
    ) -> Way:
        program = self.program
        upstream = None if i.result == program.loss else self.adjoint.get(i.result)
        axis = axes.get(i.result)
        at_sample = None if axis is None or axis >= len(places) else places[axis]
        largest, rest = largest_of(products, most)
        at = Contributions(products, (places,))
        terms: list[Term] = []
        for k in largest:
            cell = at.cell(0, k) or ()
            array = None if upstream is None else read(upstream)
            if upstream is None or array is None:
                loss = "L" if program.loss is None else program.values[program.loss].label
                first = Factor(f"∂{loss}/∂{index_text(program.values[i.result].label, cell)}", g[k])
            else:
                first = Factor(index_text(program.values[upstream].label, cell), array[cell], upstream, cell)
            sample = None if at_sample is None or isinstance(at_sample, int) else sample_index(samples, int(at_sample[k]))
            terms.append(Term((first, self._local_factor(i, k, names, of, read)), float(products[k]), sample))
        return Way(i, upstream, Sum(tuple(terms), products.size - len(terms), rest))

    def _local_factor(self, i: Instruction, k: int, names: _Named, of: str, read: Reader) -> Factor:
        operand, at, local = names
        if operand is None or operand.value is None:
            result = self.program.values[i.result].label
            return Factor(f"∂{result}/∂{of}", local[k])
        array = read(operand.value)
        assert array is not None
        seen = tuple(int(p) if isinstance(p, int) else int(p[k]) for p in at)
        own = own_cell(operand, seen)
        return Factor(index_text(self.program.values[operand.value].label, own), array[own], operand.value, own)


_Places = tuple[int | Array, ...]
_Named = tuple[Operand | None, _Places, Array]
_Found = tuple[Array, Array, _Places, _Named]


def _local(i: Instruction, n: int, cell: Cell, operands: list[Array], out: Array) -> tuple[Array, _Places, _Named] | None:
    """Return ∂out[j]/∂operand n[cell] for all cells j where it is not 0, those cells, and what the numbers are."""
    op = ops.get(i.op)
    if i.op in ("matmul", "dot") and max(o.ndim for o in operands) <= 2 and all(o.ndim for o in operands):
        return _of_product(i, n, cell, operands)
    if op.elementwise:
        places = _repeated(operands[n].shape, cell, out.shape)
        gathered = [_gather(o, places, out.ndim) for o in operands]
        local = _computed(i, n, gathered, np.asarray(out[places]), np.float64(1.0))
        return local, places, (None, (), local)
    if i.op == "mask_assign" and n == 0:
        local = np.array([0.0 if operands[1][cell] else 1.0])
        return local, cell, (None, (), local)
    if i.op in ("sum", "mean"):
        places = _kept(i, cell, operands[0].ndim)
        count = operands[0].size // max(out.size, 1)
        local = np.array([1.0 if i.op == "sum" else 1.0 / count])
        return local, places, (None, (), local)
    if i.op in ("softmax", "log_softmax"):
        return _along_axis(i, cell, operands[0], out)
    if not out.ndim:
        local = np.broadcast_to(_computed(i, n, operands, out, np.float64(1.0)), operands[n].shape)[cell].reshape(1)
        return local, (), (None, (), local)
    if i.op in ("reshape", "reshape_like", "expand_dims", "squeeze") and n == 0:
        flat = int(np.ravel_multi_index(cell, operands[0].shape)) if cell else 0
        local = np.array([1.0])
        return local, tuple(int(k) for k in np.unravel_index(flat, out.shape)), (None, (), local)
    return None


def _of_product(i: Instruction, n: int, cell: Cell, operands: list[Array]) -> tuple[Array, _Places, _Named]:
    """In a @ b the cell a[i, k] meets b[k, j] in every cell [i, j] of the result."""
    other = operands[1 - n]
    row: _Places
    if n == 0:
        along = np.arange(other.shape[-1]) if other.ndim > 1 else None
        mine = cell[:-1]
        places: _Places = mine if along is None else (*mine, along)
        row = (cell[-1],) if along is None else (cell[-1], along)
    else:
        along = np.arange(other.shape[0]) if other.ndim > 1 else None
        mine = cell[1:]
        places = mine if along is None else (along, *mine)
        row = (cell[0],) if along is None else (along, cell[0])
    local = np.asarray(other[row], dtype=float).reshape(-1)
    return local, places, (i.operands[1 - n], row, local)


def _along_axis(i: Instruction, cell: Cell, z: Array, out: Array) -> tuple[Array, _Places, _Named]:
    """One cell of softmax moves all results along its axis: ask the rule for each of them."""
    axis = i.attributes["axis"] % z.ndim
    places: _Places = tuple(np.arange(z.shape[axis]) if a == axis else c for a, c in enumerate(cell))
    column, result = np.asarray(z[places]), np.asarray(out[places])
    line = Instruction(i.index, i.op, i.operands, {"axis": 0}, i.result, i.statement, i.text)
    local = np.array([_computed(line, 0, [column], result, g)[cell[axis]] for g in np.eye(column.size)])
    return local, places, (None, (), local)


def _repeated(shape: tuple[int, ...], cell: Cell, out: tuple[int, ...]) -> _Places:
    """Return the cells of a result that an operand's cell is repeated into, as one list of places for each axis."""
    extra = len(out) - len(shape)
    ranges = [
        np.arange(out[a]) if a < extra or shape[a - extra] != out[a] else np.array([cell[a - extra]]) for a in range(len(out))
    ]
    return tuple(x.reshape(-1) for x in np.meshgrid(*ranges, indexing="ij")) if ranges else ()


def _gather(operand: Array, places: _Places, ndim: int) -> Any:
    if not operand.ndim:
        return operand
    tail = places[ndim - operand.ndim :]
    return operand[tuple(0 if n == 1 else p for n, p in zip(operand.shape, tail, strict=True))]


def _kept(i: Instruction, cell: Cell, ndim: int) -> _Places:
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


def _seen(operand: Operand, read: Reader) -> Any:
    if operand.value is None:
        return operand.number
    array = read(operand.value)
    return array.T if array is not None and operand.transposed else array


def _same(a: float, b: float, exact: float, size: float) -> bool:
    """Tell whether two numbers are the same up to rounding of sums of the size `size`."""
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if math.isinf(a) or math.isinf(b):
        return a == b
    return abs(a - b) <= exact * max(abs(b), size, 1e-300)
