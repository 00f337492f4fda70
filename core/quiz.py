"""A question about what the next operation will give: its shape, a sign, or whether the loss falls. Never digits.

The answer is computed from the program itself, privately: nothing that the person sees moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core.errors import ExecutionError
from core.execute.inputs import Datum, compute, reader
from core.execute.machine import Machine
from core.explain import why
from core.explain.cells import Cell
from core.explain.line import shape_reason, shapes_of
from core.explain.moving import RULES as MOVING
from core.explain.moving import index_text
from core.explain.numbers import number
from core.explain.operations import operand_name
from core.explain.samples import ShapeOf, operand_shape, sample_axes
from core.program.ir import Instruction, Program
from core.update import sentence, weighed

Kind = Literal["shape", "sign", "loss"]
MOST_CHOICES = 4
NOT_A_NUMBER = "not a number (NaN)"
_MAY_FAIL = {"log", "divide", "sqrt", "power", "power_function"}


@dataclass(frozen=True)
class Question:
    """One question about an instruction.

    `about` is the operation as code, `hint` what a cell is made of, with the answer left out (may be empty). `right` is the
    place of the one right choice; `reason` says why.
    """

    kind: Kind
    instruction: Instruction
    cell: Cell | None
    about: str
    text: str
    hint: str
    choices: tuple[str, ...]
    right: int
    reason: str


def question(program: Program, machine: Machine, iteration: int, k: int) -> Question | None:
    """Return a question about the instruction after the first `k`; always the same one at the same place.

    None where there is nothing to ask: at the end of an iteration, before a line that fails, of an operation that only
    moves numbers and keeps their shape.
    """
    if not 0 <= k < machine.runnable:
        return None
    instruction = program.instructions[k]
    operands = _operands(machine, instruction)
    if operands is None:
        return None
    kept = machine.peek(instruction.result)
    if kept is None:
        try:
            with np.errstate(all="ignore"):
                kept = compute(instruction, list(operands))
        except ExecutionError:
            return None
    result = np.asarray(kept)
    if k == _last_update(program):
        asked = _of_loss(program, machine, instruction, kept)
        if asked is not None:
            return asked
    turns = [_of_shape, _of_sign] if iteration == 1 and k % 2 == 0 else [_of_sign, _of_shape]
    place = _Place(program, machine, instruction, operands, result, (iteration, k))
    return next((asked for turn in turns if (asked := turn(place)) is not None), None)


@dataclass(frozen=True)
class _Place:
    program: Program
    machine: Machine
    instruction: Instruction
    operands: tuple[Any, ...]
    result: np.ndarray[Any, np.dtype[Any]]
    seed: tuple[int, int]

    @property
    def name(self) -> str:
        return self.program.values[self.instruction.result].label

    @property
    def shapes(self) -> ShapeOf:
        def shape(value: int) -> tuple[int, ...] | None:
            found = self.machine.layout.shape(value)
            return None if found is None else tuple(d for d in found if isinstance(d, int))

        return shape


def _operands(machine: Machine, instruction: Instruction) -> tuple[Any, ...] | None:
    if any(machine.peek(v) is None for v in instruction.reads):
        return None
    found = {v: machine.peek(v) for v in instruction.reads}
    return tuple(reader(instruction)([found.get(v) for v in range(max(found, default=-1) + 1)]))


# --- the loss -----------------------------------------------------------------------------------


def _last_update(program: Program) -> int | None:
    """Return the instruction that completes the update of the last parameter."""
    ends = [
        program.makers[end]
        for name in program.trainable
        for _, end in [program.carried.get(name, (0, -1))]
        if end in program.makers
    ]
    return max(ends, default=None)


def _of_loss(program: Program, machine: Machine, instruction: Instruction, result: Datum) -> Question | None:
    loss = program.loss
    if loss is None or np.asarray(machine.peek(loss)).size != 1 or program.makers.get(loss, len(program)) > instruction.index:
        return None
    steps: dict[str, tuple[Any, Any]] = {}
    for name in program.trainable:
        start, end = program.carried.get(name, (0, 0))
        if start != end:
            new = result if end == instruction.result else machine.peek(end)
            steps[name] = (np.asarray(machine.peek(start)), np.asarray(new))
    found = weighed(program, machine, steps)
    if found.after is None or np.isnan(found.before):
        return None
    called = program.values[loss].label
    choices = ["falls", "rises", "stays exactly the same"]
    broken = bool(np.isnan(found.after)) or not all(np.isfinite(new).all() for _, new in steps.values())
    choices += [NOT_A_NUMBER] if broken else []
    actual = found.after - found.before
    right = 3 if np.isnan(found.after) else 2 if found.after == found.before else 0 if actual < 0 else 1
    batch = _samples(program, machine)
    text = f"This completes the update. On the same {batch}, what will {called} do?"
    reason = (
        f"On the same {batch} {called} goes from {number(found.before, 6)} to {number(found.after, 6)}. {sentence(found, called)}"
    )
    return Question("loss", instruction, None, instruction.text, text, "", tuple(choices), right, reason)


def _samples(program: Program, machine: Machine) -> str:
    b = program.batching
    for name in b.sliced:
        shape = np.shape(np.asarray(machine.peek(program.inputs[name])))
        n = shape[b.axis] if shape else 1
        return f"{n} samples" if n != 1 else "one sample"
    return "data"


# --- a sign -------------------------------------------------------------------------------------


def _of_sign(p: _Place) -> Question | None:
    if p.result.dtype.kind != "f" or not p.result.size or p.instruction.op in MOVING:
        return None
    place = int(np.random.default_rng(p.seed).integers(p.result.size))
    cell = tuple(int(c) for c in np.unravel_index(place, p.result.shape))
    value = float(p.result[cell])
    choices = ["positive", "negative", "exactly zero"]
    doubtful = p.instruction.op in _MAY_FAIL or not all(np.all(np.isfinite(o)) for o in p.operands)
    choices += [NOT_A_NUMBER] if doubtful or np.isnan(value) else []
    right = 3 if np.isnan(value) else 0 if value > 0 else 1 if value < 0 else 2
    names = [operand_name(o, p.program) for o in p.instruction.operands]
    found = why(p.instruction, p.operands, p.result, cell, names)
    what = index_text(p.name, cell)
    left = _left(found.text)
    text = f"Which sign will {what} have?"
    reason = f"{what} = {left} ≈ {number(value)}, which is {choices[right]}." if left else f"{what}: {found.text}."
    if left and found.text.endswith(f" = {number(value)}"):
        reason = reason.replace(" ≈ ", " = ")
    hint = f"{left} = ?" if left else ""
    return Question("sign", p.instruction, cell, p.instruction.text, text, hint, tuple(choices), right, reason)


def _left(text: str) -> str:
    """Return the side of an arithmetic that does not give the answer away."""
    for sign in (" = ", " ≈ "):
        left, found, _ = text.rpartition(sign)
        if found:
            return left
    return ""


# --- a shape ------------------------------------------------------------------------------------


def _of_shape(p: _Place) -> Question | None:
    right = p.result.shape
    wrong: list[str] = []
    for shape in _mistakes(p):
        text = shape_text(shape)
        if shape != right and text not in wrong and all(n > 0 for n in shape):
            wrong.append(text)
    if not wrong:
        return None
    order = np.random.default_rng(p.seed).permutation(min(len(wrong), MOST_CHOICES - 1) + 1)
    listed = [shape_text(right), *wrong[: MOST_CHOICES - 1]]
    choices = tuple(listed[int(i)] for i in order)
    shown = shapes_of(p.instruction, p.program, p.shapes)
    asked = shown.partition(" = ")[2]
    text = f"Which shape will {p.name} have?"
    axes = sample_axes(p.program, p.shapes, p.instruction.index + 1)
    reason = f"{shown}. {shape_reason(p.instruction, p.program, p.shapes, axes)}"
    return Question("shape", p.instruction, None, f"{p.name} = {asked}", text, "", choices, choices.index(listed[0]), reason)


def shape_text(shape: Sequence[int]) -> str:
    """Return a shape as a choice: `3×4`, `5 numbers`, `a single number`."""
    if not shape:
        return "a single number"
    return "×".join(str(n) for n in shape) if len(shape) > 1 else f"({shape[0]},), one axis"


def _mistakes(p: _Place) -> list[tuple[int, ...]]:
    """Return shapes that people take for the right one, the likeliest first."""
    out: tuple[int, ...] = p.result.shape
    seen: list[tuple[int, ...]] = [operand_shape(o, p.shapes) or () for o in p.instruction.operands]
    found: list[tuple[int, ...]] = [out[::-1]] if len(out) == 2 else []
    if p.instruction.op in ("matmul", "dot") and len(seen[0]) == len(seen[1]) == 2:
        (rows, inner), (_, columns) = seen
        found += [(inner, inner), (rows, inner), (inner, columns)]
    if len(seen) == 1 and len(seen[0]) == 2:
        rows, columns = seen[0]
        if out != seen[0]:  # a sum over the wrong axis, over all of them, or with another keepdims
            found += [(rows, 1), (1, columns), (columns,), (rows,), ()]
        else:
            found += [(rows, 1), (), (rows * columns,)]
    bigger = [s for s in seen if len(s) == 2]
    if len(bigger) == 2 and p.instruction.op not in ("matmul", "dot"):
        a, b = bigger
        found += [a, b, (a[0] + b[0], max(a[1], b[1])), (max(a[0], b[0]), a[1] + b[1])]
    found += [s for s in seen if s]
    return [*found, ()] if out else [*found, (1,)]
