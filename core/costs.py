"""What an operation costs: floating point operations and the memory of its result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core import ops
from core.explain.samples import operand_shape
from core.notation.check import Layout
from core.program.ir import Instruction, Program


@dataclass(frozen=True)
class Cost:
    """`operations` are floating point operations as `Op.flops` counts them, `bytes` the memory that the result takes."""

    operations: int
    bytes: int
    work: str
    memory: str


def cost(instruction: Instruction, program: Program, layout: Layout) -> Cost | None:
    """Return the cost of an operation with its two sentences; None behind a line whose shapes do not agree."""

    def shape(value: int) -> tuple[int, ...] | None:
        found = layout.shape(value)
        return None if found is None else tuple(d for d in found if isinstance(d, int))

    shapes = [operand_shape(o, shape) for o in instruction.operands]
    out, facts = shape(instruction.result), layout.facts[instruction.result]
    known = [s for s in shapes if s is not None]
    if out is None or facts is None or len(known) != len(shapes):
        return None
    op = ops.get(instruction.op)
    attributes = {k: v for k, v in instruction.attributes.items() if k != "in_place"}
    count = op.flops(known, out, attributes)
    cells = math.prod(out)
    if isinstance(facts.dtype, type):
        return Cost(count, 0, _work(instruction.op, count, cells), "A plain Python number.")
    size = int(np.dtype(facts.dtype).itemsize)
    first = instruction.operands[0]
    # A bare name or a transposed one is a view too: NumPy copies nothing.
    if op.view and first.value is not None and not isinstance((layout.facts[first.value] or facts).dtype, type):
        name = program.values[first.value].label
        return Cost(count, 0, _work(instruction.op, count, cells), f"No memory of its own: it looks into {name}.")
    memory = (
        f"{memory_text(cells * size)} for the result: {_numbers(cells)} of {size} {_s('byte', size)} ({np.dtype(facts.dtype)})."
    )
    return Cost(count, cells * size, _work(instruction.op, count, cells), memory)


def total(costs: Sequence[Cost]) -> str:
    """Return in words what several operations cost together."""
    return f"about {sum(c.operations for c in costs):,} floating point operations"


def memory_text(count: int) -> str:
    """Return an amount of memory as people say it: `96 bytes`, `784 KiB`."""
    if count < 10_000:
        return f"{count:,} {_s('byte', count)}"
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{count / size:.3g} {unit}" if count / size < 1000 else f"{count // size} {unit}"
    return f"{count} bytes"


def _work(op: str, count: int, cells: int) -> str:
    if not count:
        return "No arithmetic: numbers are only moved or seen in another way."
    if op in ("matmul", "dot") and cells and count % (2 * cells) == 0:
        inner = count // (2 * cells)
        return f"{count:,} multiplications and additions: {_numbers(cells)}, each from {inner:,} {_s('product', inner)}."
    if cells > 1 and count % cells == 0 and count > cells:
        return f"About {count:,} floating point operations: {_numbers(cells)}, about {count // cells:,} for each."
    if count == cells:
        return f"{count:,} floating point {_s('operation', count)}, one for each number of the result."
    return f"About {count:,} floating point operations."


def _numbers(count: int) -> str:
    return f"{count:,} {_s('number', count)}"


def _s(word: str, count: int) -> str:
    return word if count == 1 else word + "s"
