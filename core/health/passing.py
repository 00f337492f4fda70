"""Where on its way back through the lines of the backward a gradient became small or large: the line of the largest factor."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.explain.numbers import number
from core.health.telling import Teller, target_of
from core.program.ir import Program
from core.program.structure import descendants

RULES = ("vanish", "explod")


@dataclass(frozen=True)
class Passage:
    """One line of the way: what came in, what goes out, and how many times as large it is in the mean."""

    source: int
    result: int
    factor: float


def layers(teller: Teller, value: int, rising: bool) -> Iterator[tuple[int, str]]:
    """Yield the values that a gradient was handed on by, each with a sentence, to the line that changed its size most.

    `rising` tells whether the line that made it larger is looked for, or the one that made it smaller.
    """
    way = passages(teller, value)
    # The product that ends at a parameter gathers the samples; it is not a factor of the way.
    inner = [p for p in way if p.result != value] or way
    if not inner:
        return
    worst = (max if rising else min)(inner, key=lambda p: p.factor)
    for p in way:
        here, before = (f"`{teller.said(v)}`" for v in (p.result, p.source))
        if p.result != value or p is worst:
            text = f"{here} is {number(p.factor)} times as large as {before} in the mean (line {teller.line(p.result)})"
            yield p.result, f"{text}: {_most(teller, p, rising)}." if p is worst else f"{text}."
        if p is worst:
            return


def passages(teller: Teller, value: int) -> list[Passage]:
    """Return the lines that handed a gradient on, the latest first."""
    program = teller.program
    stream = _stream(program)
    found: list[Passage] = []
    result, at = value, value
    while True:
        maker = program.makers.get(at)
        if maker is None:
            return found
        on_the_way = [v for v in program.instructions[maker].reads if v in stream]
        if not on_the_way:
            return found
        at = max(on_the_way, key=lambda v: program.makers.get(v, -1))
        if program.values[at].kind != "part":
            a, b = _size(teller, at), _size(teller, result)
            found.append(Passage(at, result, b / a if a else math.inf if b else 1.0))
            result = at


def _stream(program: Program) -> set[int]:
    """The values of the backward that depend on the targets: the gradient itself, not what it is multiplied with."""
    target = target_of(program)
    start = [program.inputs[target]] if target is not None else [] if program.loss is None else [program.loss]
    late = descendants(program.instructions, start)
    return {i.result for i in program.instructions if program.phase_of(i.index) == "backward" and i.result in late}


def _size(teller: Teller, value: int) -> float:
    array = np.asarray(teller.values[value], dtype=float)
    return float(np.sqrt(np.mean(np.square(array)))) if array.size else 0.0


def _most(teller: Teller, p: Passage, rising: bool) -> str:
    """Say what it is multiplied with in the line of the largest factor."""
    program = teller.program
    stream = _stream(program)
    first = program.statements[program.instructions[program.makers[p.result]].statement].first
    parts: list[str] = []
    for i in program.instructions[first : program.makers[p.result] + 1]:
        for v in i.reads:
            if v not in stream and i.op in ("multiply", "matmul", "dot", "divide") and np.ndim(teller.values[v]):
                parts.append(f"`{teller.said(v)}` is {number(_size(teller, v))} in the mean")
    most = "here it grows most" if rising else "here it shrinks most"
    return f"{most}, as {' and '.join(dict.fromkeys(parts))}" if parts else most
