"""A shape fault explained in the learner's own names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.program.dims import Dim, Shape, show
from core.program.ir import Instruction, Operand, Value

_SYMBOLS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}


def explain(instruction: Instruction, values: Sequence[Value], facts: Sequence[Any], reason: str) -> str:
    """Return one sentence or two: what each operand is, which sizes meet, what to look at."""
    named = [(_label(o, values), _shape(o, facts)) for o in instruction.operands if o.value is not None]
    sizes = ", ".join(f"{name} is {show(shape)}" for name, shape in named)
    if reason == "the inner sizes differ" and len(named) == 2:
        return f"{sizes}: {_meet(named)}. In a product these two must be equal."
    if instruction.attributes.get("in_place") and reason == "in place":
        target = named[0][0]
        return f"{sizes}: {target} is changed in place, so it keeps its shape, and the right side does not fit into it."
    by_cell = "do not go together" in reason and instruction.op not in ("matmul", "dot")
    if by_cell and len(named) == 2 and named[0][1] and named[1][1]:
        return f"{sizes}: cell by cell their sizes must be equal or 1, and {_clash(named[0][1], named[1][1])}."
    return f"{sizes}: {reason}." if sizes else f"{reason}."


def _label(operand: Operand, values: Sequence[Value]) -> str:
    assert operand.value is not None
    value = values[operand.value]
    return (value.label if value.kind == "part" else value.name) + (".T" if operand.transposed else "")


def _shape(operand: Operand, facts: Sequence[Any]) -> Shape:
    assert operand.value is not None
    shape: Shape = facts[operand.value].shape
    return shape[::-1] if operand.transposed else shape


def _meet(named: list[tuple[str, Shape]]) -> str:
    (a, a_dims), (b, b_dims) = named
    a_shape, b_shape = list(a_dims), list(b_dims)
    left = _some(a_shape[-1], "column" if len(a_shape) > 1 else "number")
    right = _some(b_shape[-2] if len(b_shape) > 1 else b_shape[0], "row" if len(b_shape) > 1 else "number")
    verb = "meets" if a_shape[-1] == 1 else "meet"
    return f"the {left} of {a} {verb} the {right} of {b}"


def _some(size: Dim, noun: str) -> str:
    return f"{size} {noun}" if size == 1 else f"{size} {noun}s"


def _clash(a: Shape, b: Shape) -> str:
    for i in range(1, min(len(a), len(b)) + 1):
        if a[-i] != b[-i] and 1 not in (a[-i], b[-i]):
            return f"{a[-i]} meets {b[-i]}"
    return "they differ"
