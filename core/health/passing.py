"""Where on its way back through the lines of the backward a gradient became small or large: the line of the largest factor."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.explain.cells import Cell
from core.explain.numbers import number
from core.health.telling import Teller, target_of
from core.program.ir import Program
from core.program.structure import descendants

FLAT = 1e-2
PRODUCTS = ("matmul", "dot", "outer")


@dataclass(frozen=True)
class Passage:
    """One line of the way: what comes out, what came in (None where the way begins), and the factor of its size.

    `other` is what it was multiplied with there, where that is one array.
    """

    result: int
    source: int | None
    factor: float
    other: int | None = None


@dataclass(frozen=True)
class Way:
    """The values that handed a gradient on, each with a sentence, the latest first, to the line that changed its size most.

    `tail` is a cell to go on from: the largest of what it was multiplied with there, or of the error that it began with.
    """

    links: tuple[tuple[int, str], ...]
    tail: tuple[int, Cell] | None


def way(teller: Teller, value: int, rising: bool) -> Way:
    """Return the way of a gradient; `rising` tells whether the line that made it larger is looked for, or smaller."""
    found = passages(teller, value)
    if not found:
        return Way((), None)
    worst = (max if rising else min)(found, key=lambda p: p.factor)
    links: list[tuple[int, str]] = []
    for p in found:
        if p.result != value or p is worst:
            links.append((p.result, _sentence(teller, p, value, rising) if p is worst else _plain(teller, p)))
        if p is worst:
            break
    tail = worst.result if worst.source is None else worst.other
    return Way(tuple(links), None if tail is None else (tail, _largest_cell(teller, tail)))


def passages(teller: Teller, value: int) -> list[Passage]:
    """Return the lines that handed a gradient on, the latest first.

    The product that ends at a parameter gathers the samples: its factor is the size of what it is multiplied with. The first
    error counts for each sample as if the loss were a sum.
    """
    program = teller.program
    stream = _stream(program)
    found: list[Passage] = []
    result = at = value
    while (maker := program.makers.get(at)) is not None:
        on_the_way = [v for v in program.instructions[maker].reads if v in stream]
        if not on_the_way:
            break
        at = max(on_the_way, key=lambda v: program.makers.get(v, -1))
        if program.values[at].kind != "part":
            found.append(_passage(teller, at, result, result == value, stream))
            result = at
    shape = np.shape(teller.values[result])
    samples = shape[program.batching.axis % len(shape)] if shape else 1
    return [*found, Passage(result, None, _size(teller, result) * samples)]


def _passage(teller: Teller, source: int, result: int, last: bool, stream: set[int]) -> Passage:
    program = teller.program
    first = program.statements[program.instructions[program.makers[result]].statement].first
    line = program.instructions[first : program.makers[result] + 1]
    products = [i for i in line if i.op in PRODUCTS]
    others = [v for i in products for v in i.reads if v not in stream]
    if not products:
        # A slope that lets hardly anything through: a flat sigmoid, the mask of a unit that is off.
        factors = [v for i in line if i.op == "multiply" for v in i.reads if v not in stream and np.ndim(teller.values[v])]
        others = sorted((v for v in factors if _size(teller, v) < FLAT), key=lambda v: _size(teller, v))[:1]
        if not others and _size(teller, result) < FLAT * _size(teller, source):
            others = [v for v in factors if program.values[v].kind != "part"][:1]
    other = others[0] if len(others) == 1 else None
    if last and other is not None:
        return Passage(result, source, _size(teller, other), other)
    a, b = _size(teller, source), _size(teller, result)
    return Passage(result, source, b / a if a else math.inf if b else 1.0, other)


def _stream(program: Program) -> set[int]:
    """The values of the backward that depend on the targets: the gradient itself, not what it is multiplied with."""
    target = target_of(program)
    start = [program.inputs[target]] if target is not None else [] if program.loss is None else [program.loss]
    late = descendants(program.instructions, start)
    return {i.result for i in program.instructions if program.phase_of(i.index) in ("backward", "update") and i.result in late}


def _size(teller: Teller, value: int) -> float:
    array = np.asarray(teller.values[value], dtype=float)
    return float(np.sqrt(np.mean(np.square(array)))) if array.size else 0.0


def _largest_cell(teller: Teller, value: int) -> Cell:
    array = np.abs(np.asarray(teller.values[value], dtype=float))
    return tuple(int(c) for c in np.unravel_index(int(np.argmax(array)), array.shape)) if array.ndim else ()


def _plain(teller: Teller, p: Passage) -> str:
    here, before = (f"`{teller.said(v or 0)}`" for v in (p.result, p.source))
    return f"{here} is {number(p.factor)} times as large as {before} in the mean (line {teller.line(p.result)})."


def _sentence(teller: Teller, p: Passage, value: int, rising: bool) -> str:
    here, line = f"`{teller.said(p.result)}`", teller.line(p.result)
    most = "grows" if rising else "shrinks"
    if p.source is None:
        return (
            f"{here} (line {line}) is what the way back begins with: it is {number(_size(teller, p.result))} in the mean already."
        )
    if p.result == value and p.other is not None:
        return f"{here} (line {line}) {most} by `{teller.said(p.other)}`, which is {number(p.factor)} in the mean."
    return f"{_plain(teller, p)[:-1]}: here it {most} most{_by(teller, p)}."


def _by(teller: Teller, p: Passage) -> str:
    """Say what it is multiplied with."""
    program, stream = teller.program, _stream(teller.program)
    first = program.statements[program.instructions[program.makers[p.result]].statement].first
    parts: list[str] = []
    for i in program.instructions[first : program.makers[p.result] + 1]:
        for v in i.reads:
            if v not in stream and i.op in (*PRODUCTS, "multiply", "divide") and np.ndim(teller.values[v]):
                parts.append(f"`{teller.said(v)}` is {number(_size(teller, v))} in the mean")
    return f", as {' and '.join(dict.fromkeys(parts))}" if parts else ""
