"""Are the gradients right? Derived beside checked by nudging, beside the learner's own, for every parameter of an iteration.

The *derived* gradient comes from the program's own forward lines (`core.execute.adjoints`); it is *checked by nudging*: one
cell is moved by h ≈ 1e-5 of the array's size one way and the other, and the difference of the two losses is divided by the
way (a centred difference; CS231n, *Gradient checks*). A derived gradient that nudging confirms is exact to rounding, so the
learner's own is measured against that, in every cell, also where an array is too large to nudge each of them.
All of it in float64.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import numpy as np

from core.execute.adjoints import adjoints
from core.health.gradresult import GradientCheck, ParameterCheck, Progress, settled
from core.health.nudging import Plan
from core.health.probe import Cell, Probe
from core.program.ir import Program

__all__ = ["GradientCheck", "ParameterCheck", "Progress", "check", "checked", "nudged_version"]

PIECE = 0.01
MOST_CELLS = 200


def check(
    program: Program,
    value: Callable[[int], Any],
    names: Sequence[str] | None = None,
    cells: Mapping[str, Sequence[Cell]] | None = None,
    most: int | None = MOST_CELLS,
) -> Generator[Progress, None, GradientCheck]:
    """Check the gradients of an iteration; `value` gives its inputs by index, such as `machine.peek`.

    Of `names` (default: every trainable parameter) each cell is nudged, of an array with more than `most` so many of them,
    always the same; None for all. `cells` names the cells to nudge instead. Inputs are read at once, so the iteration may
    be left meanwhile. Yields every ~10 ms how far it has come; the result is the value of StopIteration.
    """
    inputs = {v: value(v) for v in program.inputs.values()}
    held = {v: value(v) for v in program.gradients.values()}
    probe = Probe(program, inputs.__getitem__)
    wanted = tuple(program.trainable if names is None else names)
    return _run(probe, inputs, held, wanted, cells or {}, most)


def checked(
    program: Program, value: Callable[[int], Any], names: Sequence[str] | None = None, most: int | None = MOST_CELLS
) -> GradientCheck:
    """Check all at once; see `check`."""
    work = check(program, value, names, most=most)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def _run(
    probe: Probe,
    inputs: Mapping[int, Any],
    held: Mapping[int, Any],
    names: Sequence[str],
    cells: Mapping[str, Sequence[Cell]],
    most: int | None,
) -> Generator[Progress, None, GradientCheck]:
    program, loss = probe.program, probe.loss
    problem = _problem(program, loss, names)
    if problem or loss is None:
        return GradientCheck(program, loss, (), problem, inputs)
    started = {name: nudged_version(program, name) for name in names}
    found = adjoints(program, probe.values.__getitem__, list(started.values())) if np.isfinite(loss) else None
    plans = [Plan(probe, held, name, started[name], found, loss) for name in names]
    for plan in plans:
        plan.choose(cells.get(plan.name), most)
    total, done = sum(p.total for p in plans), 0
    until = time.perf_counter() + PIECE
    for plan in plans:
        for _ in plan.work():
            done += 1
            if time.perf_counter() > until:
                yield Progress(done, total, plan.name)
                until = time.perf_counter() + PIECE
    return GradientCheck(program, loss, settled([plan.result() for plan in plans]), inputs=inputs)


def _problem(program: Program, loss: float | None, names: Sequence[str]) -> str:
    if program.loss is None:
        return "There is no loss, so there is no slope to check; write one under `# loss`, such as `L = mse(A2, Y)`."
    if not names:
        return "There are no parameters under `# parameters` that the loss depends on, so there is no gradient to check."
    if loss is None:
        return "The loss cannot be computed in this iteration: a line before it fails. Mend that line first."
    return ""


def nudged_version(program: Program, name: str) -> int:
    """Return the version of a parameter that the loss is computed with: where the update comes first, the updated one."""
    versions = {v.index for v in program.values if v.name == name and v.kind != "part"}
    assert program.loss is not None
    last = program.makers.get(program.loss, -1)
    for i in program.instructions[: last + 1]:
        if program.phase_of(i.index) in ("forward", "loss"):
            read = next((v for v in i.reads if v in versions), None)
            if read is not None:
                return read
    return program.inputs[name]
