"""Which loss a program without one is about: the one that its output delta is the gradient of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.diagnosis.case import Case
from core.diagnosis.code import Change
from core.diagnosis.factors import constants
from core.diagnosis.steps import steps
from core.diagnosis.trials import first_inputs, trials
from core.diagnosis.work import Work
from core.health.probe import Probe
from core.notation.parse import parse
from core.program.ir import Program

LOSSES = ("half_sse", "sse", "mse", "bce", "cross_entropy")


def with_loss(case: Case, wanted: str = "") -> Case | None:
    """Return a case without a loss with the one written into it that fits best, or the one that is wanted.

    None where there is no output that could be compared with a target.
    """
    best: tuple[float, Case] | None = None
    for output, target, after in _outputs(case.program):
        for k, loss in enumerate(LOSSES if not wanted else (wanted,)):
            found = _inserted(case, after, f"L = {loss}({output}, {target})")
            if found is None or found.program.loss is None or not found.program.trainable:
                continue
            score = _score(found.program) - 0.001 * k
            if best is None or score > best[0]:
                best = (score, found)
        if best is not None:
            break
    return None if best is None else best[1]


def best_loss(case: Case) -> str:
    """Return the name of the loss that fits a case with an assumed loss best, all else that was found being mended."""
    p = case.program
    assert p.loss is not None
    s = p.statements[p.instructions[p.makers[p.loss]].statement]
    name, _, rest = s.text.removeprefix("L = ").partition("(")
    best = (-1.0, name)
    for k, loss in enumerate(LOSSES):
        found = case if loss == name else case.with_(Change(((s.line, f"L = {loss}({rest}"),)))
        if found is not None and found.program.loss is not None:
            best = max(best, (_score(found.program) - 0.001 * k, loss))
    return best[1]


def _score(program: Program) -> float:
    """Return how well a backward fits a loss: right parameters count most, then its adjoints, then the exact factor."""
    drawn = trials(program)
    if not drawn:
        return -1.0
    work = Work(program, drawn)
    found = constants(work, steps(work))
    exact = sum(1 for c in found.values() if abs(c - 1) < 1e-6)
    known = sum(1 for v in work.lines if work.role_of(v) is not None)
    return 10.0 * len(found) + known + 0.1 * exact + 0.5 * _usual(program)


def _usual(program: Program) -> bool:
    """Tell whether a loss is the usual one for its output: cross-entropy where that sums to 1 over the classes."""
    drawn = trials(program, 1)
    i = program.instructions[program.makers[program.loss]] if program.loss is not None else None
    if not drawn or i is None or i.operands[0].value is None:
        return False
    out = np.asarray(drawn[0].values[i.operands[0].value], dtype=float)
    classes = 0 if program.batching.axis == -1 else -1
    sums = out.ndim == 2 and out.shape[classes] > 1 and bool(np.allclose(out.sum(axis=classes), 1))
    return sums and i.op == "cross_entropy"


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
    probe = Probe(program, first_inputs(program).__getitem__)
    return {v: np.shape(x) for v, x in enumerate(probe.values) if x is not None}


def _inserted(case: Case, after: int, line: str) -> Case | None:
    """Write a loss under a line, and its heading; the heading of what follows is said again."""
    source = parse(case.program.text)
    section = source.section_at(after + 1)
    head = ["# loss", line]
    if after + 1 not in source.sections:
        head.append(f"# {section if section not in (None, 'forward') else 'backward'}")
    found = case.with_(Change((), tuple((after + 1, text) for text in head)))
    if found is not None:
        found.assumed = True
    return found
