"""The sizes of a step, and the stop that a step of each leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from core.execute.timeline import Position
from core.program.ir import Program

Size = Literal["element", "operation", "statement", "layer", "phase", "iteration", "epoch"]
SIZES: tuple[Size, ...] = ("element", "operation", "statement", "layer", "phase", "iteration", "epoch")
ProgramAt = Callable[[int], Program]


def next_stop(program: ProgramAt, at: Position, size: Size) -> Position:
    """Return the next position at which a step of `size` is complete."""
    here = program(at.iteration)
    n = len(here)
    if size == "epoch":
        per = here.batching.per_epoch
        if at.k < n or at.iteration % per:
            last = -(-at.iteration // per) * per
            return Position(last, len(program(last)))
    if at.k >= n:
        return Position(at.iteration + 1, 0)
    if size in ("element", "operation"):
        return Position(at.iteration, at.k + 1)
    if size == "iteration":
        return Position(at.iteration, n)
    return Position(at.iteration, min(k for k in stops(here, size) if k > at.k))


def previous_stop(program: ProgramAt, at: Position, size: Size) -> Position:
    """Return the position that a step of `size` towards earlier leads to."""
    here = program(at.iteration)
    if size == "epoch":
        per = here.batching.per_epoch
        if at.k > 0 or (at.iteration - 1) % per:
            return Position((at.iteration - 1) // per * per + 1, 0)
    if at.k == 0:
        return Position(at.iteration - 1, len(program(at.iteration - 1))) if at.iteration > 1 else at
    if size in ("element", "operation"):
        return Position(at.iteration, at.k - 1)
    if size == "iteration":
        return Position(at.iteration, 0)
    return Position(at.iteration, max(k for k in stops(here, size) if k < at.k))


def stops(program: Program, size: Size) -> list[int]:
    """Return the places within an iteration where a line, a layer or a phase begins or ends, from 0 to n.

    A layer ends where its phase ends, too: its forward and its backward are two steps.
    """
    if size == "statement":
        return sorted({0, *(s.last for s in program.statements)})
    ends = {0, len(program)}
    for a, b in zip(program.statements, program.statements[1:], strict=False):
        if a.phase != b.phase or (size == "layer" and _layer(program, a.last - 1) != _layer(program, b.last - 1)):
            ends.add(a.last)
    return sorted(ends)


def _layer(program: Program, instruction: int) -> int | None:
    return program.layers[instruction] if program.layers else None
