"""What is inside an operation: its definition in simpler operations, and below that its single cells."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core import ops
from core.execute.inputs import Datum, compute, reader
from core.execute.machine import Machine
from core.notation.draft import draft
from core.program.ir import Array, Instruction, Operand, Program


@dataclass
class Definition:
    """An operation opened as a small program of simpler operations, of which `machine` has done some."""

    instruction: Instruction
    machine: Machine

    @property
    def total(self) -> int:
        """How many operations there are inside."""
        return len(self.machine.program)

    @property
    def done(self) -> int:
        """How many of them are executed."""
        return self.machine.done

    def go(self, done: int) -> None:
        """Stand where so many are executed."""
        self.machine.go(done)


@dataclass
class Cells:
    """An operation opened cell by cell, in the order of the array; `done` of its `total` cells are computed.

    `result` is the whole result: of it, a person is shown what is done.
    """

    instruction: Instruction
    result: Array
    done: int = 0

    @property
    def total(self) -> int:
        """How many cells there are."""
        return self.result.size

    def go(self, done: int) -> None:
        """Stand where so many cells are computed."""
        self.done = max(0, min(done, self.total))

    @property
    def cell(self) -> tuple[int, ...] | None:
        """The cell computed last, None before the first."""
        return None if not self.done else tuple(int(i) for i in np.unravel_index(self.done - 1, self.result.shape))


Inside = Definition | Cells


def opened(program: Program, instruction: Instruction, values: Sequence[Any], samples: int) -> Inside:
    """Open an operation whose operands stand in `values`, by index, before its first part.

    `samples` is the axis of the samples.

    Raises:
        ExecutionError: if it cannot be computed.
    """
    with np.errstate(all="ignore"):
        operands = reader(instruction)(values)
        result = compute(instruction, operands)
    found = _definition(program, instruction, values, result, samples)
    return found if found is not None else Cells(instruction, np.asarray(result))


def cells(instruction: Instruction, values: Sequence[Any]) -> Cells:
    """Open an operation cell by cell."""
    with np.errstate(all="ignore"):
        return Cells(instruction, np.asarray(compute(instruction, reader(instruction)(values))))


def _definition(
    program: Program, instruction: Instruction, values: Sequence[Any], result: Datum, samples: int
) -> Definition | None:
    op = ops.get(instruction.op)
    if not op.definition or instruction.attributes.get("in_place"):
        return None
    names = {o.value: _name(program, o.value) for o in instruction.operands if o.value is not None}
    inputs: dict[str, Datum] = {name: values[index] for index, name in names.items()}
    if any(np.ndim(v) == 0 for v in inputs.values()):
        return None  # `m` and the axes below need arrays
    called = tuple(inspect.signature(op.forward).parameters)[: op.arity] if op.ufunc is None else ("x",)
    written = {c: _written(o, names) for c, o in zip(called, instruction.operands, strict=True)}
    target = _name(program, instruction.result)
    definition = op.definition
    if op.name == "softmax_cross_entropy" and len({np.shape(v) for v in inputs.values()}) > 1:
        definition = definition.replace("y *", "one_hot(y, z) *")
    text = _text(definition, instruction, written, target if target not in inputs else f"{target}_new", samples)
    shapes = "".join(f"{name} = zeros({np.shape(value)})\n" for name, value in inputs.items())
    rows = 'samples = "rows"\n' if samples == 0 else 'samples = "columns"\n'
    small = draft(f"# data\n{rows}{shapes}# forward\n{text}\n").program
    small = replace(small, given=tuple(replace(g, value=np.asarray(inputs[g.name])) for g in small.given))
    if "m" in small.inputs:
        inputs["m"] = np.shape(next(iter(inputs.values())))[samples]
    machine = Machine(small, {name: inputs[name] for name in small.inputs})
    machine.go(len(small))
    last = machine.peek(small.instructions[-1].result)
    machine.go(0)
    # An operation that is computed otherwise, with numbers that differ, is not explained by its definition.
    agrees = last is not None and np.allclose(last, result, rtol=_tolerance(result), atol=1e-12, equal_nan=True)
    return Definition(instruction, machine) if agrees and machine.fault is None else None


def _text(definition: str, instruction: Instruction, written: dict[str, str], target: str, samples: int) -> str:
    attributes = dict(ops.get(instruction.op).attributes) | dict(instruction.attributes)
    text = definition.format(**{**attributes, "classes": 0 if samples == -1 else -1})
    if attributes.get("reduction") == "sum":
        text = text.removesuffix(" / m").replace("mean(", "sum(")
    lines = text.split("\n")
    local = {line.split(" = ")[0] for line in lines[:-1]}
    taken = {w.removesuffix(".T") for w in written.values()} | {target}
    renamed = {name: f"{name}_" if name in taken else name for name in local} | written
    lines[-1] = f"{target} = {lines[-1]}"
    out = []
    for line in lines:
        name, _, right = line.partition(" = ")
        right = re.sub(r"\b[A-Za-z_]\w*\b(?!\s*[(=])", lambda w: renamed.get(w[0], w[0]), right)
        out.append(f"{renamed.get(name, name) if name != target else target} = {right}")
    return "\n".join(out)


def _written(operand: Operand, names: dict[int, str]) -> str:
    if operand.value is None:
        return repr(operand.number)
    return names[operand.value] + (".T" if operand.transposed else "")


def _name(program: Program, index: int) -> str:
    """Return a name for a value that can stand in the notation: `A2`, `L_1` for the part `L.1`."""
    return re.sub(r"\W+", "_", program.values[index].label).strip("_")


def _tolerance(result: Datum) -> float:
    kind: Array | np.generic = np.asarray(result)
    return float(np.finfo(kind.dtype).eps) * 1e4 if kind.dtype.kind == "f" else 0.0
