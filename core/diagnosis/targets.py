"""Which data are targets, and what is computed from them."""

from __future__ import annotations

from core.program.ir import Program
from core.program.structure import ancestors


def targets_of(program: Program) -> list[int]:
    """Return the data that only the loss (and the backward) reads: the targets."""
    feeds = {v for i in program.instructions if program.phase_of(i.index) == "forward" for v in i.reads}
    loss = {v for i in program.instructions if program.phase_of(i.index) == "loss" for v in i.reads}
    return [v for n in program.batching.sliced if (v := program.inputs[n]) in loss and v not in feeds]


def depends(program: Program, value: int, on: frozenset[int] | set[int]) -> bool:
    """Tell whether a value is computed from one of some others; to read a size is none of it."""
    return not ancestors([i for i in program.instructions if i.op != "size_of"], [value]).isdisjoint(on)
