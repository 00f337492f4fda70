"""The true adjoints of one iteration as numbers, whatever its own backward lines say.

Reverse accumulation (Griewank, Walther, *Evaluating Derivatives*, 2008, 3.2) with the same vjp rules that
`core.autodiff` writes lines with; here each rule's expression is computed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from core import ops
from core.errors import StepperError
from core.execute.inputs import REFUSALS
from core.ops.base import Site
from core.program.expr import Apply, Expr, Name, Num
from core.program.ir import Array, Instruction, Operand, Program

_G, _OUT, _ARGS = "g", "out", "abcdefgh"


def adjoints(program: Program, value: Callable[[int], Any], wanted: Sequence[int]) -> dict[int, Array] | None:
    """Return ∂L/∂v, in the shape of v, for each wanted value v; None where it cannot be computed.

    `value` gives each value of the iteration by its index. The loss is taken as the program computes it from its
    inputs; where its samples, its random draws and its state stay as they are. A value that the loss does not depend
    on has an adjoint of zeros. Not-a-numbers are carried along as NumPy does.
    """
    if program.loss is None:
        return None
    try:
        with np.errstate(all="ignore"):
            found = _sweep(program, value, set(wanted))
    except (StepperError, MemoryError, *REFUSALS):
        return None
    return {v: found[v] if v in found else np.zeros(np.shape(value(v))) for v in wanted}


def upstream_of(program: Program, result: int) -> list[Instruction]:
    """Return the instructions that a value is computed from, in their order."""
    needed, found = {result}, list[Instruction]()
    for i in reversed(program.instructions):
        if i.result in needed:
            needed.update(i.reads)
            found.append(i)
    return found[::-1]


def _sweep(program: Program, value: Callable[[int], Any], wanted: set[int]) -> dict[int, Array]:
    assert program.loss is not None
    loss = np.asarray(value(program.loss), dtype=float)
    found: dict[int, Array] = {program.loss: np.ones(loss.shape)}
    needed = upstream_of(program, program.loss)
    active = _active(needed, wanted)
    for i in reversed(needed):
        g = found.get(i.result)
        if g is None or i.result not in active:
            continue
        for operand, term in terms(i, g, value, active):
            term = term.T if operand.transposed else term
            assert operand.value is not None
            before = found.get(operand.value)
            found[operand.value] = term if before is None else before + term
    return found


def _active(needed: Sequence[Instruction], wanted: set[int]) -> set[int]:
    """Values that depend on a wanted one in a way that can be differentiated."""
    active = set(wanted)
    for i in needed:
        rules = ops.get(i.op).vjp
        if any(o.value in active and rules[n] is not None for n, o in enumerate(i.operands)):
            active.add(i.result)
    return active


def terms(
    i: Instruction, g: Array, value: Callable[[int], Any], active: set[int]
) -> list[tuple[Operand, Array]]:  # fmt: skip
    """Return what one instruction hands back to each of its operands, in the operand's shape as it is read."""
    op = ops.get(i.op)
    operands = [o.number if o.value is None else _seen(value(o.value), o) for o in i.operands]
    out = value(i.result)
    shapes = tuple(np.shape(np.asarray(o)) for o in operands)
    known: dict[str, Any] = {_G: g, _OUT: out, **dict(zip(_ARGS, operands, strict=False))}
    args = tuple(
        Num(o.number) if o.number is not None and o.value is None else Name(n) for n, o in zip(_ARGS, i.operands, strict=False)
    )
    attributes = {k: v for k, v in i.attributes.items() if k != "in_place"}
    site = Site(Name(_G), args, Name(_OUT), attributes, shapes, np.shape(out))
    found: list[tuple[Operand, Array]] = []
    for operand, rule, shape in zip(i.operands, op.vjp, shapes, strict=True):
        if rule is not None and operand.value in active:
            term = np.asarray(_computed(rule(site), known))
            found.append((operand, _fitted(term, np.shape(out) if op.elementwise else None, shape)))
    return found


def _seen(datum: Any, operand: Operand) -> Any:
    return np.transpose(datum) if operand.transposed and datum is not None else datum


def _computed(e: Expr, known: Mapping[str, Any]) -> Any:
    if isinstance(e, Name):
        return known[e.name]
    if isinstance(e, Num):
        return e.number
    assert isinstance(e, Apply)
    return ops.get(e.op).forward(*(_computed(a, known) for a in e.args), **dict(e.attributes))


def _fitted(term: Array, out: tuple[int, ...] | None, wanted: tuple[int, ...]) -> Array:
    """Sum away the axes over which an operand was repeated, and repeat a term that stands for all of its cells."""
    if term.shape == wanted:
        return term
    full = term.shape if out is None else out
    extra = len(full) - len(wanted)
    if extra >= 0:
        repeated = tuple(a for a in range(len(wanted)) if wanted[a] == 1 and full[a + extra] != 1)
        if extra or repeated:
            term = np.broadcast_to(term, full) if term.shape != full else term
            term = term.sum(axis=tuple(range(extra))) if extra else term
            term = term.sum(axis=repeated, keepdims=True) if repeated else term
    return term if term.shape == wanted else np.broadcast_to(term, wanted)
