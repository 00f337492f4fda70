"""Why a number is exactly 0, exactly 1, tiny or huge: one step back, by operation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.explain.arithmetic import why
from core.explain.cells import Cell
from core.explain.contributions import by_size, contributions
from core.explain.numbers import number
from core.health.spot import Spot, Step, limits

TINY = 1e-3
SUMS = ("matmul", "dot", "outer", "sum", "mean")
LOGS = ("bce", "cross_entropy", "bce_with_logits", "softmax_cross_entropy")


def made(s: Spot, saturated: bool = True) -> Step | None:
    """Return why a cell is exactly 0, exactly ±1 or the size that it is; None where there is nothing to add."""
    for rule in (
        _run_out if saturated else None, _zero if s.out == 0 else None, _one if abs(s.out) == 1 else None,
        _small if 0 < abs(s.out) < TINY else None, _large,
    ):  # fmt: skip
        step = None if rule is None else rule(s)
        if step is not None:
            return step
    return None


def _run_out(s: Spot) -> Step | None:
    """A function that has run out of digits: its argument is the cause."""
    over, under, one, steep = limits(s.result.dtype)
    x = s.out
    if s.op in ("sigmoid", "sigmoid_written_out") and x in (0, 1):
        z = s.numbers()[0]
        limit = one if x == 1 else under if s.op == "sigmoid" else -over
        side, word = ("above", "1") if x == 1 else ("below", "0")
        last = f"{side} {limit:.2f} sigmoid is exactly {word}: it has run out of {s.kind}"
        return Step(f"sigmoid of {number(z)} is exactly {word}", 0, s.cell, last.replace("-", "−"))
    if s.op == "tanh" and abs(x) == 1:
        last = f"beyond ±{steep:.2f} tanh is exactly ±1: it has run out of {s.kind}"
        return Step(f"tanh of {number(s.numbers()[0])} is exactly {number(x)}", 0, s.cell, last)
    if s.op == "exp" and x == 0:
        last = f"below {under:.1f} exp is exactly 0: it has run out of {s.kind}".replace("-", "−")
        return Step(f"exp of {number(s.numbers()[0])} is exactly 0", 0, s.cell, last)
    if s.op in ("softmax", "log_softmax") and (x in (0, 1) or s.op == "log_softmax"):
        (z,) = s.seen
        row = np.moveaxis(z, s.instruction.attributes["axis"], -1)[_without(s)]
        below = float(np.max(row) - z[s.cell])
        if x == 1:
            return Step(
                "the others are too small to be seen beside it",
                0,
                s.cell,
                f"the largest by so much that softmax is exactly 1 in {s.kind}",
            )
        return Step(
            f"softmax of a score {number(below)} below the largest is exactly 0", 0, s.cell,
            f"{number(below)} below the largest score: exp of that is exactly 0 in {s.kind}",
        )  # fmt: skip
    return None


def _without(s: Spot) -> Cell:
    axis = s.instruction.attributes["axis"] % s.result.ndim
    return tuple(c for n, c in enumerate(s.cell) if n != axis)


def _zero(s: Spot) -> Step | None:
    if s.op in ("add", "subtract"):
        a, b = s.numbers()
        places = s.places()
        which = 1 if s.instruction.operands[0].value is None else 0
        return Step(
            f"it is {number(a)} {'+' if s.op == 'add' else '−'} {number(b)}, of numbers exactly equal", which, places[which]
        )
    if s.op in ("multiply", "divide"):
        a, b = s.numbers()
        which = 0 if a == 0 or (s.op == "divide" or (b != 0 and abs(a) <= abs(b))) else 1
        small = "a factor is exactly 0" if 0 in (a, b) else f"the result is below the smallest number of {s.kind}"
        return Step(small, which, s.places()[which])
    if s.op in ("relu", "maximum", "minimum"):
        found = [n for n, o in enumerate(s.instruction.operands) if o.value is not None]
        if len(found) == 1:
            x = s.numbers()[found[0]]
            return Step(f"{number(x)} is cut off at 0", found[0], s.places()[found[0]])
    if s.op in ("where", "mask_assign"):
        # A number written there is no cell to go on from; what chose it is.
        chooser, taken = (0, 1 if s.seen[0][s.places()[0]] else 2) if s.op == "where" else (1, 2 if s.seen[1][s.cell] else 0)
        if s.instruction.operands[taken].value is None:
            return Step("the 0 was chosen by a condition", chooser, s.places()[chooser])
    if s.op in ("matmul", "dot", "sum", "mean"):
        terms = contributions(s.instruction, s.seen, s.cell)
        if terms is not None and terms.numbers.size and not terms.numbers.any():
            for n in range(len(s.seen)):
                cell = terms.cell(n, 0)
                if cell is not None and s.seen[n][cell] == 0:
                    return Step(f"all {terms.numbers.size} terms of the sum are 0", n, cell)
    return _large(s)


def _one(s: Spot) -> Step | None:
    operands = s.instruction.operands
    if s.op in ("add", "subtract"):
        a, b = (abs(x) for x in s.numbers())
        which = 0 if a < b else 1
        if operands[which].value is None or s.numbers()[which] == 0:
            return None
        x = s.numbers()[which]
        return Step(f"{number(x)} is lost beside 1 in {s.kind}", which, s.places()[which])
    if s.op == "divide":
        which = 1 if operands[1].value is not None else 0
        return Step(f"it is {number(s.numbers()[0])} / {number(s.numbers()[1])}", which, s.places()[which])
    if s.op == "exp":
        return None
    return _large(s)


def _small(s: Spot) -> Step | None:
    """The operand that makes a result tiny: the smallest factor."""
    if s.op in ("multiply", "divide"):
        a, b = (abs(x) for x in s.numbers())
        sizes = (a, 1 / b if s.op == "divide" and b else b)
        which = 0 if sizes[0] <= sizes[1] else 1
        return Step("", which, s.places()[which])
    if s.op in ("matmul", "dot"):
        terms = contributions(s.instruction, s.seen, s.cell)
        if terms is not None and terms.numbers.size:
            at = int(by_size(terms.numbers)[0])
            cells = [(abs(float(s.seen[n][c])), n, c) for n in range(len(s.seen)) if (c := terms.cell(n, at)) is not None]
            _, which, cell = min(cells, key=lambda x: x[0])
            return Step("it is the smallest factor of the sum", which, cell)
    return None


def _large(s: Spot) -> Step | None:
    """The operand that gives a result its size: the largest factor of the largest term, or just what was copied."""
    found = largest(s)
    if found is None:
        return None
    which, cell = found
    if s.op in SUMS and s.instruction.op not in ("outer",):
        return Step(
            "it is the largest factor of the sum" if s.op in ("matmul", "dot") else "it is the largest term of the sum",
            which,
            cell,
        )
    return Step("", which, cell)


def largest(s: Spot) -> tuple[int, Cell] | None:
    """Return the operand, of those that are values, and its cell that is most to blame for the size of the result."""
    operands = s.instruction.operands
    candidates: list[tuple[float, int, Cell]] = []
    terms = contributions(s.instruction, s.seen, s.cell)
    if terms is not None and terms.numbers.size:
        at = int(by_size(terms.numbers)[0])
        for n, operand in enumerate(operands[:1] if s.op in LOGS else operands):
            cell = terms.cell(n, at)
            if cell is not None and operand.value is not None:
                candidates.append((abs(float(s.seen[n][cell])), n, cell))
    elif s.op == "divide":
        a, b = (abs(x) for x in s.numbers())
        sizes = (a, 1 / b if b else math.inf)
        candidates = [(x, n, c) for n, (x, c) in enumerate(zip(sizes, s.places(), strict=True)) if operands[n].value is not None]
    else:
        candidates = list(_by_source(s))
    return None if not candidates else max(candidates, key=lambda c: (c[0], -c[1]))[1:]


def _by_source(s: Spot) -> Sequence[tuple[float, int, Cell]]:
    """Return the largest cell of each operand among those that a cell was made of."""
    found: list[tuple[float, int, Cell]] = []
    sources = why(s.instruction, s.seen, s.result, s.cell).sources
    for n, (operand, cells) in enumerate(zip(s.instruction.operands, sources, strict=True)):
        if operand.value is None or not cells or s.seen[n].dtype.kind == "b" or len(cells.axes) != s.seen[n].ndim:
            continue
        block = np.abs(np.asarray(s.seen[n][np.ix_(*cells.axes)] if cells.axes else s.seen[n], dtype=float))
        at = np.unravel_index(int(np.argmax(block)), block.shape) if block.ndim else ()
        cell = tuple(int(r[int(k)]) for r, k in zip(cells.axes, at, strict=True))
        found.append((float(block[at]), n, cell))
    return found
