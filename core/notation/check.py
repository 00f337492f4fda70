"""Shapes and types of every value, before anything runs; NumPy's own rules, in our words where they fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import ops
from core.errors import ShapeError, SymbolicError
from core.notation.mismatch import explain
from core.program.dims import Batch, Shape, broadcast
from core.program.ir import Array, Fault, Instruction, Number, Program


@dataclass(frozen=True, slots=True)
class Facts:
    """Shape and dtype of a value; a plain number has shape () and the dtype `int`, `float` or `bool`."""

    shape: Shape
    dtype: Any


@dataclass(frozen=True)
class Layout:
    """What is known of every value for one set of inputs; None behind the line that fails."""

    facts: tuple[Facts | None, ...]
    fault: Fault | None

    def shape(self, value: int) -> Shape | None:
        """The shape of a value, None if it is never computed."""
        found = self.facts[value]
        return None if found is None else found.shape


def facts_of(datum: Array | np.generic | Number) -> Facts:
    """Return the facts of a concrete array or number."""
    if isinstance(datum, (bool, int, float)) and not isinstance(datum, np.generic):
        return Facts((), type(datum))
    return Facts(np.shape(datum), np.asarray(datum).dtype)


def first_facts(program: Program) -> dict[str, Facts]:
    """Return the facts of every input of a full batch, as the first iteration has them."""
    given = program.first_values
    found: dict[str, Facts] = {}
    for name in program.inputs:
        if name not in given:
            found[name] = Facts((), int)
            continue
        known = facts_of(given[name])
        if name in program.batching.sliced:
            shape = list(known.shape)
            shape[program.batching.axis] = program.batching.size
            known = Facts(tuple(shape), known.dtype)
        found[name] = known
    return found


def infer_instruction(instruction: Instruction, facts: Sequence[Facts | None]) -> Facts:
    """Return the facts of an instruction's result.

    Raises:
        ShapeError: if the operands do not fit; the message is the bare reason.
    """
    op = ops.get(instruction.op)
    operands: list[Any] = []
    shapes: list[Shape] = []
    for operand in instruction.operands:
        if operand.value is None:
            assert operand.number is not None
            operands.append(operand.number)
            shapes.append(())
            continue
        known = facts[operand.value]
        assert known is not None
        shape = known.shape[::-1] if operand.transposed else known.shape
        shapes.append(shape)
        operands.append((shape, known.dtype))
    attributes = dict(instruction.attributes)
    in_place = attributes.pop("in_place", False)
    shape = op.shape(*shapes, **attributes)
    dtype = ops.dtype_of(op, operands, attributes)
    if in_place:
        before = operands[0][1]
        if broadcast(*shapes) != shapes[0]:
            raise ShapeError("in place")
        if not np.can_cast(np.dtype(dtype), np.dtype(before), "same_kind"):
            raise ShapeError(
                f"an array of whole numbers ({np.dtype(before)}) cannot store fractions in place; "
                "write its numbers with a decimal point"
            )
        return Facts(shapes[0], before)
    return Facts(shape, dtype)


def infer(program: Program, inputs: Mapping[str, Facts]) -> Layout:
    """Infer every value of an iteration from its inputs, up to the first line that fails."""
    facts: list[Facts | None] = [None] * len(program.values)
    for name, index in program.inputs.items():
        facts[index] = inputs[name]
    for instruction in program.instructions:
        try:
            facts[instruction.result] = infer_instruction(instruction, facts)
        except ShapeError as error:
            message = explain(instruction, program.values, facts, str(error))
            return Layout(tuple(facts), Fault(instruction.statement, instruction.index, message))
    return Layout(tuple(facts), None)


def symbolic_inputs(program: Program, concrete: Mapping[str, Facts]) -> dict[str, Facts]:
    """Return the input facts with the sample axis of every batched data array replaced by `m`."""
    out = dict(concrete)
    for name in program.batching.sliced:
        shape = list(concrete[name].shape)
        shape[program.batching.axis] = Batch()
        out[name] = Facts(tuple(shape), concrete[name].dtype)
    return out


def infer_symbolic(program: Program, concrete: Mapping[str, Facts]) -> Layout | None:
    """Infer with `m` for the batch size; None where only the concrete size makes the program fit."""
    try:
        layout = infer(program, symbolic_inputs(program, concrete))
    except SymbolicError:
        return None
    return layout if layout.fault is None else None
