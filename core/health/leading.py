"""What leads to a finding about finite numbers: its worst cell followed back, the way of a gradient, or the step of an update."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from core.execute.adjoints import adjoints
from core.explain.cells import Cell
from core.explain.numbers import number
from core.health.backwards import Found, Link, Tracer
from core.health.passing import way
from core.health.sizes import made
from core.health.telling import Teller

WHOLE = ("initialisation", "symmetric", "input-range")
LONG_STEP = 1e-3
UPHILL = 0.9
BAD = 1e3


def leading(tracer: Tracer, finding: Found, cell: Cell | None) -> Iterator[Link]:
    """Yield the links of a finding; the first is the finding itself."""
    at, value = tracer.iteration, finding.value
    teller = tracer.teller(at)
    scalar = np.ndim(teller.values[value]) == 0
    cell = cell if cell is not None else tuple(finding.cells[0]) if finding.cells else None
    yield tracer.link(at, value, cell, finding.text)
    if finding.rule in ("vanishing", "exploding"):
        yield from _way(tracer, value, finding.rule == "exploding")
    elif finding.rule in ("update-ratio", "unchanged"):
        yield from _step(tracer, value, rising=finding.rule == "update-ratio" and _ratio(teller, value) > LONG_STEP)
    elif finding.rule in ("rising", "alternating", "stalled"):
        yield from _slope(tracer, stalled=finding.rule == "stalled")
    elif finding.rule == "condition":
        yield from _matrix(tracer, value)
    elif finding.rule not in WHOLE and (cell is not None or scalar):
        site = teller.site(value, () if cell is None else cell)
        if site is not None:
            # A flat cell that is not just 1 is followed by its size.
            yield from tracer.back(at, site, made(site, finding.rule not in ("saturated", "dead")))


def _way(tracer: Tracer, value: int, rising: bool) -> Iterator[Link]:
    """Yield the lines that a gradient came through, to the one that changed its size most, and what did that."""
    at = tracer.iteration
    found = way(tracer.teller(at), value, rising)
    for passed, text in found.links:
        yield tracer.link(at, passed, None, text)
    if found.tail is not None:
        yield from tracer.on_from(at, *found.tail, told=any(v == found.tail[0] for v, _ in found.links))


def _step(tracer: Tracer, end: int, rising: bool) -> Iterator[Link]:
    """Yield the step that an update takes and what gives it its size: the rate or the gradient."""
    at = tracer.iteration
    teller = tracer.teller(at)
    program = teller.program
    maker = program.makers.get(end)
    if maker is None:
        return
    start = next((s for s, e in program.carried.values() if e == end), None)
    steps = [v for v in program.instructions[maker].reads if v != start]
    if len(steps) != 1:
        return
    step = steps[0]
    if program.values[step].kind != "part" or program.makers.get(step) is None:
        yield tracer.link(at, step, None, f"`{teller.said(step)}` is the step: it is {number(_largest(teller, step))} at most.")
    i = program.instructions[program.makers[step]] if step in program.makers else None
    factors = [] if i is None or i.op not in ("multiply", "divide") else list(i.reads)
    if not factors:
        return
    cause = (max if rising else min)(factors, key=lambda v: _largest(teller, v))
    if cause in program.makers:
        yield tracer.link(at, cause, None, f"`{teller.said(cause)}` is {number(_largest(teller, cause))} at most.")
        yield from _way(tracer, cause, rising)
    else:
        cells = np.shape(teller.values[cause])
        yield from tracer.on_from(at, cause, tuple(0 for _ in cells), told=False)


def _slope(tracer: Tracer, stalled: bool) -> Iterator[Link]:
    """Yield why a loss moves as it does: the update that changes its parameter most, and what gives it its size."""
    at = tracer.iteration
    teller = tracer.teller(at)
    program = teller.program
    ends = [end for name, (start, end) in program.carried.items() if name in program.trainable and start != end]
    weights = [e for e in ends if np.ndim(teller.values[e]) > 1 and min(np.shape(teller.values[e])) > 1] or ends
    if not weights:
        return
    uphill = [] if stalled else [e for e in ends if _uphill(teller, e)]
    if uphill:
        text = (
            "its step goes with the gradient, not against it, and so uphill: look at the sign of the update and of what it uses"
        )
        yield tracer.link(at, uphill[0], None, f"`{teller.said(uphill[0])}` (line {teller.line(uphill[0])}): {text}.")
        return
    most = max(weights, key=lambda e: _ratio(teller, e))
    ratio = _ratio(teller, most)
    text = f"`{teller.said(most)}` changes most, by {number(ratio)} of its length (line {teller.line(most)})."
    yield tracer.link(at, most, None, text)
    yield from _step(tracer, most, rising=not stalled or ratio > LONG_STEP)


def _matrix(tracer: Tracer, value: int) -> Iterator[Link]:
    """Yield the matrices that a badly conditioned one was made of, as far as they are badly conditioned too."""
    teller = tracer.teller(tracer.iteration)
    program = teller.program
    at = value
    while at in program.makers:
        reads = [v for v in program.instructions[program.makers[at]].reads if np.ndim(teller.values[v]) == 2]
        if not reads:
            return
        at = max(reads, key=lambda v: _condition(teller, v))
        if program.values[at].kind == "part":
            continue
        kappa = _condition(teller, at)
        if kappa < BAD:
            return
        where = "" if teller.line(at) is None else f" (line {teller.line(at)})"
        text = f"`{teller.said(at)}`{where} has the condition number {number(kappa)}, and hands it on."
        yield tracer.link(tracer.iteration, at, None, text)


def _condition(teller: Teller, value: int) -> float:
    matrix = np.asarray(teller.values[value])
    if matrix.dtype.kind != "f" or min(matrix.shape) < 2 or not np.isfinite(matrix).all():
        return 0.0
    # A row of zeros says nothing of the others.
    kept = matrix[np.any(matrix != 0, axis=1)][:, np.any(matrix != 0, axis=0)].astype(float)
    return float(np.linalg.cond(kept)) if min(kept.shape) > 1 else 0.0


def _uphill(teller: Teller, end: int) -> bool:
    """Tell whether a step has the direction of the true gradient."""
    start = next((s for s, e in teller.program.carried.values() if e == end), end)
    true = adjoints(teller.program, teller.values.__getitem__, [start])
    before, after = (np.asarray(teller.values[v], dtype=float) for v in (start, end))
    if true is None or before.shape != after.shape:
        return False
    slope, step = true[start], after - before
    size = float(np.linalg.norm(slope) * np.linalg.norm(step))
    return size > 0 and math.isfinite(size) and float(np.sum(slope * step)) > UPHILL * size


def _ratio(teller: Teller, end: int) -> float:
    start = next((s for s, e in teller.program.carried.values() if e == end), end)
    before, after = (np.asarray(teller.values[v], dtype=float) for v in (start, end))
    if before.shape != after.shape:
        return 0.0
    norm = float(np.linalg.norm(before))
    return float(np.linalg.norm(after - before)) / norm if norm else float(np.linalg.norm(after))


def _largest(teller: Teller, value: int) -> float:
    return float(np.max(np.abs(np.asarray(teller.values[value], dtype=float)), initial=0))
