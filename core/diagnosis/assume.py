"""Which loss a program without one is about: the one that its output delta is the gradient of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.complete import load
from core.diagnosis.factors import constants, steps
from core.diagnosis.search import Work
from core.diagnosis.trials import first_inputs, trials
from core.errors import StepperError
from core.notation.parse import lines_of, parse
from core.program.ir import Program

LOSSES = ("half_sse", "sse", "mse", "bce", "cross_entropy")


def with_loss(text: str, program: Program, folder: Path | None) -> tuple[str, Program, int] | None:
    """Return the text with the loss that fits best written into it, its program, and the line that was put in.

    None where there is no output that could be compared with a target.
    """
    best: tuple[float, str, Program, int] | None = None
    for output, target, after in _outputs(program):
        for k, loss in enumerate(LOSSES):
            new, at = _inserted(text, after, f"L = {loss}({output}, {target})", program)
            try:
                found = load(new, folder=folder)
            except StepperError:
                continue
            if found.loss is None or not found.trainable:
                continue
            score = _score(found) - 0.001 * k
            if best is None or score > best[0]:
                best = (score, new, found, at)
        if best is not None:
            break
    return None if best is None else best[1:]


def _score(program: Program) -> float:
    """How well a backward fits a loss: right parameters count most, then values that are adjoints of it, then the exact factor."""
    drawn = trials(program)
    if not drawn:
        return -1.0
    work = Work(program, drawn)
    found = constants(work, steps(work))
    exact = sum(1 for c in found.values() if abs(c - 1) < 1e-6)
    known = sum(1 for v in work.lines if work.role_of(v) is not None)
    return 10.0 * len(found) + known + 0.1 * exact


def _outputs(program: Program) -> Iterator[tuple[str, str, int]]:
    """Yield (output, target, line after which the loss can stand): the last forward values of a target's shape."""
    base = first_inputs(program)
    read_forward = {v for i in program.instructions if program.phase_of(i.index) == "forward" for v in i.reads}
    data = [v for n in program.batching.sliced if isinstance(base[v := program.inputs[n]], np.ndarray)]
    targets = [v for v in data if v not in read_forward] or data[1:]
    made = trials(program, 1) or []
    shapes = {v: np.shape(made[0].values[v]) for v in range(len(program.values))} if made else _shapes(program)
    for t in targets:
        for s in reversed(program.statements):
            if s.phase != "forward" or s.last == s.first:
                continue
            v = program.instructions[s.last - 1].result
            if shapes.get(v) == shapes.get(t) and shapes.get(v):
                yield program.values[v].name, program.values[t].name, s.line


def _shapes(program: Program) -> dict[int, tuple[int, ...]]:
    from core.health.probe import Probe

    probe = Probe(program, first_inputs(program).__getitem__)
    return {v: np.shape(x) for v, x in enumerate(probe.values) if x is not None}


def _inserted(text: str, after: int, line: str, program: Program) -> tuple[str, int]:
    """Write a loss under a line, and its heading; the heading of what follows is said again."""
    lines = lines_of(text)
    source = parse(text)
    following = [n for n in source.sections if n > after]
    section = source.section_at(after + 1)
    head = ["# loss", line]
    if not following or min(following) > after + 1:
        head.append(f"# {section or 'backward'}" if section not in (None, "forward") else "# backward")
    return "\n".join([*lines[:after], *head, *lines[after:]]) + "\n", after + 2
