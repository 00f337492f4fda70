"""The chain rule at one cell of a gradient: what arrives (upstream), times how strongly the operation here responds (local).

For a value u that an operation f uses, ∂L/∂u[i] = Σ ∂L/∂f[j] · ∂f[j]/∂u[i] over the cells j of the result, and over
the operations that use u (Griewank, Walther, *Evaluating Derivatives*, 2008, 3.2). Local derivatives are computed with
the same rules that `core.autodiff` writes lines with, at the cells that are asked for alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core import ops
from core.errors import StepperError
from core.execute.adjoints import adjoints
from core.execute.local import Local, Places, local
from core.explain.cells import Cell
from core.explain.contributions import total
from core.explain.moving import index_text
from core.explain.reasons import Factor, Reader, Sum, Term, factor, largest_of, own_cell, sample_index, seen
from core.explain.samples import ShapeOf
from core.program.ir import Array, Instruction, Program
from core.program.network_adjoints import adjoints_of

MOST_TERMS = 12
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
        asked = _Asked(forward, read, axes, samples, most)
        found = [self._way(i, n, cell, asked) for i, n in self.uses[forward]]
        ways = [w for w in found if w is not None]
        if len(ways) < len(found):
            return None
        exact = 1e-9 if array.dtype.itemsize > 4 else 1e-4
        size = sum(size for _, _, size in ways)
        if not _same(total(np.array([number for _, number, _ in ways])), float(array[cell]), exact, size):
            return None
        return GradientParts(forward, cell, tuple(way for way, _, _ in ways))

    def _way(self, i: Instruction, n: int, cell: Cell, asked: _Asked) -> tuple[Way, float, float] | None:
        """Return what operand n of an instruction brings back, the sum of it, and that of the magnitudes in it."""
        operands = [seen(o, asked.read) for o in i.operands]
        out = asked.read(i.result)
        if out is None or any(o is None for o in operands):
            return None
        upstream = self._upstream(i.result, out, asked.read)
        if upstream is None or upstream.shape != out.shape:
            return None
        with np.errstate(all="ignore"):
            try:
                found = local(i, n, own_cell(i.operands[n], cell), [np.asarray(o) for o in operands], out)
            except _ERRORS:
                return None
            if found is None:
                return None
            at = np.asarray(upstream[found.places], dtype=float).reshape(-1)
            g, slopes = np.broadcast_arrays(at, np.asarray(found.numbers, dtype=float).reshape(-1))
            products = g * slopes + 0.0  # −0 adds 0
            size = float(np.sum(np.abs(products)))
        return self._terms(i, g, slopes, products, found, asked), total(products), size

    def _upstream(self, result: int, out: Array, read: Reader) -> Array | None:
        """Return the adjoint of a forward value: where no line of the program holds it, it is computed here."""
        if result == self.program.loss:
            return np.ones(out.shape)
        if result in self.adjoint:
            return read(self.adjoint[result])
        found = adjoints(self.program, read, [result])
        return None if found is None else found[result]

    def _terms(self, i: Instruction, g: Array, slopes: Array, products: Array, found: Local, asked: _Asked) -> Way:
        program = self.program
        upstream = None if i.result == program.loss else self.adjoint.get(i.result)
        axis = asked.axes.get(i.result)
        sample = None if axis is None or axis >= len(found.places) else found.places[axis]
        if isinstance(sample, int) and products.size > 1:
            sample = None  # all terms are of the one sample that the cell itself belongs to
        largest, rest = largest_of(products, asked.most)
        terms: list[Term] = []
        for k in largest:
            cell = _at(found.places, k)
            if upstream is None:
                loss = "L" if program.loss is None else program.values[program.loss].label
                first = Factor(f"∂{loss}/∂{index_text(program.values[i.result].label, cell)}", g[k])
            else:
                first = factor(program, upstream, cell, asked.read)
            if found.operand is None or found.operand.value is None:
                result, of = program.values[i.result].label, program.values[asked.forward].label
                second = Factor(f"∂{result}/∂{of}", slopes[k])
            else:
                second = factor(program, found.operand.value, own_cell(found.operand, _at(found.at, k)), asked.read)
            whose = None if sample is None else sample_index(asked.samples, sample if isinstance(sample, int) else int(sample[k]))
            terms.append(Term((first, second), float(products[k]), whose))
        return Way(i, upstream, Sum(tuple(terms), products.size - len(terms), rest))


@dataclass(frozen=True)
class _Asked:
    """Of which forward value the adjoint is taken apart, and what is known of the moment."""

    forward: int
    read: Reader
    axes: dict[int, int]
    samples: Sequence[int] | Array
    most: int


def _at(places: Places, k: int) -> Cell:
    return tuple(int(p) if isinstance(p, int) else int(p[k]) for p in places)


def _same(a: float, b: float, exact: float, size: float) -> bool:
    """Tell whether two numbers are the same up to rounding of sums of the size `size`."""
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if math.isinf(a) or math.isinf(b):
        return a == b
    return abs(a - b) <= exact * max(abs(b), size, 1e-300)
