"""Why finite numbers gave NaN or ±∞, and why a number is exactly 0, exactly 1 or huge: one step back each, by operation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.explain.arithmetic import why
from core.explain.cells import Cell, aligned
from core.explain.contributions import by_size, contributions
from core.explain.numbers import number
from core.program.ir import Array, Instruction

TINY = 1e-3
CELLWISE = ("add", "subtract", "multiply", "divide", "power", "power_function")
SUMS = ("matmul", "dot", "outer", "sum", "mean")
LOGS = ("bce", "cross_entropy", "bce_with_logits", "softmax_cross_entropy")
GROWS = (*CELLWISE, *SUMS, "exp", "square", "abs", "negative", "sqrt", "relu", "leaky_relu", "elu", "softplus", "gelu", "maximum",
         "minimum", "where", "mask_assign")  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One step back: the clause that says why, and which cell of which operand (as it is seen) it comes from.

    `last` is the clause about that cell where nothing is to be asked any further; `operand` is None at an end.
    """

    text: str
    operand: int | None = None
    cell: Cell = ()
    last: str = ""


@dataclass(frozen=True)
class Site:
    """One cell of a result, with the operands as the instruction sees them."""

    instruction: Instruction
    seen: tuple[Array, ...]
    result: Array
    cell: Cell

    @property
    def op(self) -> str:
        """The name of the operation."""
        return self.instruction.op

    @property
    def out(self) -> float:
        """The number that the cell is."""
        return float(self.result[self.cell])

    @property
    def kind(self) -> str:
        """What the numbers are counted in: `float64`."""
        return str(self.result.dtype)

    def places(self) -> list[Cell]:
        """Return the cell that each operand lends, for operations that work cell by cell."""
        return [aligned(o.shape, self.cell) for o in self.seen]

    def numbers(self) -> list[float]:
        """Return the numbers that the operands lend, for operations that work cell by cell."""
        return [float(o[c]) for o, c in zip(self.seen, self.places(), strict=True)]


def limits(dtype: np.dtype[Any]) -> tuple[float, float, float, float]:
    """Return where exp overflows, where it becomes 0, where sigmoid is exactly 1 and where tanh is, for a type of float."""
    info = np.finfo(dtype if dtype.kind == "f" else np.float64)
    eps = float(info.eps)
    smallest = math.log(float(info.smallest_subnormal)) - math.log(2)
    return math.log(float(info.max)), smallest, -math.log(eps / 2), 0.5 * math.log(8 / eps)


def broke(s: Site) -> Step:
    """Return why a cell is NaN or ±∞ though everything it was made of is finite, and the operand's cell that did it."""
    rule = _BREAKING.get(s.op)
    step = rule(s) if rule is not None else None
    return step or _overflow(s)


def made(s: Site, saturated: bool = True) -> Step | None:
    """Return why a cell is exactly 0, exactly ±1 or the size that it is; None where there is nothing to add."""
    for rule in (
        _run_out if saturated else None, _zero if s.out == 0 else None, _one if abs(s.out) == 1 else None,
        _small if 0 < abs(s.out) < TINY else None, _large,
    ):  # fmt: skip
        step = None if rule is None else rule(s)
        if step is not None:
            return step
    return None


# --- finite in, NaN or infinite out --------------------------------------------------------------


def _divide(s: Site) -> Step | None:
    a, b = s.numbers()
    if b != 0:
        return None
    what = "0 / 0 has no value" if a == 0 else "a division by exactly 0"
    return Step(what, 1, s.places()[1])


def _log(s: Site) -> Step | None:
    (x,) = s.numbers()
    what = "the logarithm of exactly 0" if x == 0 else "a negative number has no logarithm"
    return Step(what, 0, s.cell)


def _root(s: Site) -> Step | None:
    return Step("a negative number has no square root", 0, s.cell)


def _exp(s: Site) -> Step | None:
    return Step(f"exp overflows {s.kind} above {limits(s.result.dtype)[0]:.4g}", 0, s.places()[0])


def _power(s: Site) -> Step | None:
    a, b = s.numbers()
    if a == 0 and b < 0:
        return Step("a negative power of 0 is a division by exactly 0", 0, s.places()[0])
    if a < 0 and b != math.floor(b):
        return Step("a broken power of a negative number is not a real number", 0, s.places()[0])
    return None


def _log_loss(s: Site) -> Step | None:
    """A loss that takes logarithms of probabilities: the first cell at which one fails."""
    a, y = (np.asarray(o, dtype=s.seen[0].dtype) for o in s.seen)
    with np.errstate(all="ignore"):
        terms = y * np.log(a) + ((1 - y) * np.log(1 - a) if s.op == "bce" else 0)
    bad = np.argwhere(~np.isfinite(terms))
    if not len(bad):
        return None
    cell = tuple(int(c) for c in bad[0])
    p = float(a[cell])
    if p == 0:
        what = "it takes the logarithm of exactly 0"
    elif p == 1:
        what = "it takes log(1 − 1), the logarithm of exactly 0"
    else:
        what = f"it takes the logarithm of a negative number, as {number(p)} is no probability"
    return Step(what, 0, cell)


def _overflow(s: Site) -> Step:
    """Everything else: too large a result."""
    largest = (
        f"beyond {number(np.finfo(s.result.dtype).max)}, the largest number of {s.kind}" if s.result.dtype.kind == "f" else ""
    )
    found = _largest(s)
    text = f"the result lies {largest}" if largest else "the result is too large"
    return Step(text, *found) if found else Step(text)


_BREAKING: dict[str, Callable[[Site], Step | None]] = {
    "divide": _divide, "log": _log, "sqrt": _root, "exp": _exp, "power": _power, "power_function": _power,
    "bce": _log_loss, "cross_entropy": _log_loss,
}  # fmt: skip


# --- exactly 0, exactly 1, huge -------------------------------------------------------------------


def _run_out(s: Site) -> Step | None:
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


def _without(s: Site) -> Cell:
    axis = s.instruction.attributes["axis"] % s.result.ndim
    return tuple(c for n, c in enumerate(s.cell) if n != axis)


def _zero(s: Site) -> Step | None:
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


def _one(s: Site) -> Step | None:
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


def _small(s: Site) -> Step | None:
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


def _large(s: Site) -> Step | None:
    """The operand that gives a result its size: the largest factor of the largest term, or just what was copied."""
    found = _largest(s)
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


def _largest(s: Site) -> tuple[int, Cell] | None:
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


def _by_source(s: Site) -> Sequence[tuple[float, int, Cell]]:
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
