"""Where a step of a lesson stands in a program, and what an expression is there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import NotationError
from core.execute.machine import Machine
from core.notation.question import compile
from core.program.dims import show
from core.program.ir import Array, Program, Statement

_CELL = re.compile(r"([\w.]+)\s*(?:\[([\d,\s]*|largest|smallest)\])?")


@dataclass(frozen=True, slots=True)
class Place:
    """A position in one of the programs, and what is to be selected there: a value by its index, and a cell of it."""

    variant: str
    iteration: int
    k: int
    value: int | None = None
    cell: tuple[int, ...] | None = None


def statement_named(program: Program, line: str | int) -> Statement:
    """Return the line with a text, else the first that computes a name, or the line with a number; raises NotationError."""
    if isinstance(line, int):
        found = [s for s in program.statements if s.line == line]
    else:
        found = [s for s in program.statements if s.text.strip() == line]
        found = found or [s for s in program.statements if s.target == line or line in _labels(program, s)]
    if not found:
        raise NotationError(f"no line of the program computes `{line}` or reads so")
    return found[0]


def _labels(program: Program, statement: Statement) -> list[str]:
    return [program.values[i.result].label for i in program.instructions[statement.first : statement.last]]


def value_named(program: Program, machine: Machine, k: int, text: str) -> tuple[int, tuple[int, ...] | None]:
    """Return the value and the cell that `dw2[0, 1]` names after `k` instructions, or first after them.

    `dw2[largest]` and `dw2[smallest]` name the cell with that number, the first of several.

    Raises:
        NotationError: if there is no such value or cell.
    """
    found = _CELL.fullmatch(text.strip())
    if found is None:
        raise NotationError(f"`{text}` is neither a value such as dW2 nor a cell such as dW2[0, 1]")
    name, inside = found.groups()
    index = _labelled(program, name)
    if index is None:
        index = _current(program, name, k)
    if inside is None:
        return index, None
    known: Any = machine.peek(index)
    shape = np.shape(known)
    if inside in ("largest", "smallest") and np.size(known) and known is not None:
        flat = int(np.argmax(known) if inside == "largest" else np.argmin(known))
        return index, tuple(int(n) for n in np.unravel_index(flat, shape))
    if inside in ("largest", "smallest"):
        raise NotationError(f"{name} is not computed here, and has no {inside} cell")
    cell = tuple(int(n) for n in inside.split(",") if n.strip())
    if known is None or len(cell) != len(shape) or not all(i < n for i, n in zip(cell, shape, strict=True)):
        raise NotationError(f"{name} has no cell [{inside}]: it is {show(shape) or 'a single number'}, and cells count from 0")
    return index, cell


def _labelled(program: Program, name: str) -> int | None:
    """Return the one value with a label that is not also a name of several."""
    several = sum(v.name == name and v.kind != "part" for v in program.values) > 1
    return None if several else next((v.index for v in program.values if v.label == name), None)


def _current(program: Program, name: str, k: int) -> int:
    versions = [v.index for v in program.values if v.name == name and v.kind != "part"]
    if not versions:
        raise NotationError(f"there is no value {name} in this program")
    computed = [v for v in versions if program.makers.get(v, -1) < k]
    return computed[-1] if computed else versions[0]


def answer_at(program: Program, machine: Machine, iteration: int, k: int, text: str) -> Array:
    """Return what an expression is after `k` instructions, or where all its names are first known after that.

    Raises:
        NotationError: if it is no expression, or the program stops before it is known.
        ExecutionError: where NumPy refuses.
    """
    asked = compile(text, program, machine.layout)
    point = asked.at(k) or asked.points[0]
    values: Sequence[Any] = machine.values
    with np.errstate(all="ignore"):
        answer = asked.ask(point, values, iteration)
    if answer is None:
        raise NotationError(f"`{text}` is never computed: the program stops before")
    return np.asarray(answer)
