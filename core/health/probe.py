"""One iteration computed anew in float64, as often as wanted with one array moved a little: what gradients are checked by.

Whatever the network's own type, single and half precision would drown a nudge in rounding. Everything else stays as it is:
the batch, the state, and the random draws, which are keyed by the iteration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import ExecutionError
from core.execute.adjoints import upstream_of
from core.execute.inputs import compute, reader
from core.program.ir import Array, Instruction, Program

Cell = tuple[int, ...]
EPS = float(np.finfo(np.float64).eps)
STEP = 1e-5
_COMPARISONS = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")


@dataclass(frozen=True, slots=True)
class Nudge:
    """The slope seen by moving one way and the other: `slope` of the centred difference, `later` and `earlier` one-sided.

    `kink` is the operation that went over from one branch to another on the way, and the cell of its operand or result
    where it did; None where the way is smooth.
    """

    slope: float
    earlier: float
    later: float
    kink: tuple[int, Cell] | None = None

    def between(self, number: float, slack: float) -> bool:
        """Tell whether a number lies between the two one-sided slopes: at a kink any such number may be called the slope."""
        low, high = sorted((self.earlier, self.later))
        return low - slack <= number <= high + slack


class Probe:
    """The lines of an iteration in float64. `values` are all its values by index, None behind a line that fails.

    Nothing is kept of the machine that `value` reads from: it may go on.
    """

    def __init__(self, program: Program, value: Callable[[int], Any]) -> None:
        self.program = program
        self.values: list[Any] = [None] * len(program.values)
        for index in program.inputs.values():
            self.values[index] = widened(value(index))
        with np.errstate(all="ignore"):
            for i in program.instructions[: program.runnable]:
                try:
                    self.values[i.result] = in_float64(i, reader(i)(self.values))
                except ExecutionError:
                    break
        self._needed = [] if program.loss is None else upstream_of(program, program.loss)

    @property
    def loss(self) -> float | None:
        """The loss; a loss of several numbers is taken as their sum. None where it cannot be computed."""
        datum = None if self.program.loss is None else self.values[self.program.loss]
        return None if datum is None else float(np.sum(datum))

    def again(self, replaced: Mapping[int, Any], lines: Sequence[Instruction]) -> list[Any] | None:
        """Return all values with some replaced and then lines computed anew; None where one cannot be."""
        values = list(self.values)
        for index, datum in replaced.items():
            values[index] = datum
        try:
            with np.errstate(all="ignore"):
                for i in lines:
                    if i.result not in replaced:
                        values[i.result] = in_float64(i, reader(i)(values))
        except ExecutionError:
            return None
        return values

    def after(self, index: int) -> list[Instruction]:
        """Return the operations through which the loss feels a value, in their order."""
        return depending(self._needed, index)

    def mover(self, index: int) -> Mover:
        """Return what nudges a value of this iteration."""
        lines = self.after(index)

        def run(moved: Array) -> tuple[float, Branches]:
            values = self.again({index: moved}, lines)
            if values is None or self.program.loss is None:
                return np.nan, []
            return float(np.sum(values[self.program.loss])), branches(lines, values)

        start = np.asarray(self.values[index], dtype=np.float64)
        return Mover(start, run, np.nan if self.loss is None else self.loss, branches(lines, self.values))


Branches = list[tuple[int, Any]]


class Mover:
    """Moves one array and looks at what becomes of a number; `run` gives that number and the branches that were taken.

    `at` and `here` are the number and the branches where nothing is moved.
    """

    def __init__(self, start: Array, run: Callable[[Array], tuple[float, Branches]], at: float, here: Branches) -> None:
        self.start = start
        self._run, self._at, self._here = run, at, here
        scale = float(np.max(np.abs(start))) if start.size else 1.0
        self.h = STEP * (scale if np.isfinite(scale) and scale > 0 else 1.0)

    def cell(self, cell: Cell, times: float = 1.0) -> Nudge:
        """Return the slope along one cell, nudged by `times` the usual half width."""
        high, low = self.start[cell] + times * self.h, self.start[cell] - times * self.h
        return self._along(self._with(cell, high), self._with(cell, low), float(high - low))

    def careful(self, cell: Cell, floor: float) -> tuple[float, float]:
        """Return the slope along one cell by the better of two widths, and how far it can be off.

        That is the rounding (`floor` at the usual width) and how much the slope bends: what twice the width says else.
        """
        own = STEP * abs(float(self.start[cell])) / self.h
        found: list[tuple[float, float]] = []
        for times in (1.0, own) if 0 < own < 0.5 else (1.0,):
            once, twice = self.cell(cell, times).slope, self.cell(cell, 2 * times).slope
            off = abs(once - twice) + floor / times
            found.append((once, off if np.isfinite(off) else np.inf))
        return min(found, key=lambda f: f[1])

    def direction(self, direction: Array) -> Nudge:
        """Return the slope along a direction of length 1, moved by as much of the whole array as of a cell else."""
        size = float(np.sqrt(np.mean(self.start**2)))
        h = STEP * (size if np.isfinite(size) and size > 0 else 1.0)
        return self._along(self.start + h * direction, self.start - h * direction, 2 * h)

    def _with(self, cell: Cell, number: Any) -> Array:
        moved = np.copy(self.start, order="K")
        moved[cell] = number
        return moved

    def _along(self, high: Array, low: Array, width: float) -> Nudge:
        (above, one), (below, other), at = self._run(high), self._run(low), self._at
        kink = crossed(self._here, one, other)
        with np.errstate(all="ignore"):
            above, at, below = np.float64(above), np.float64(at), np.float64(below)
            return Nudge(float((above - below) / width), float(2 * (at - below) / width), float(2 * (above - at) / width), kink)


def widened(datum: Any) -> Any:
    """Return floating point numbers in float64, anything else as it is."""
    kind = getattr(datum, "dtype", None)
    if kind is None or kind.kind != "f" or kind == np.float64:
        return datum
    return np.asarray(datum, dtype=np.float64) if isinstance(datum, np.ndarray) else np.float64(datum)


def in_float64(i: Instruction, operands: list[Any]) -> Any:
    """Return the result of an instruction; a cast to a shorter floating point type leaves the numbers as they are.

    Raises:
        ExecutionError: where Python or NumPy refuses.
    """
    if i.op == "astype" and np.dtype(i.attributes["dtype"]).kind == "f":
        return np.asarray(operands[0], dtype=np.float64)
    return compute(i, operands)


def depending(lines: Sequence[Instruction], index: int) -> list[Instruction]:
    """Return those of some instructions whose result depends on a value, in their order; not the one that makes it."""
    moved, found = {index}, list[Instruction]()
    for i in lines:
        if i.result != index and not moved.isdisjoint(i.reads):
            moved.add(i.result)
            found.append(i)
    return found


def branches(lines: Sequence[Instruction], values: Sequence[Any]) -> Branches:
    """Return for each operation that has kinks or jumps which branch each of its cells takes, as an array."""
    found: Branches = []
    with np.errstate(all="ignore"):
        for i in lines:
            taken = branch(i, reader(i)(values), values[i.result])
            if taken is not None:
                found.append((i.index, taken))
    return found


def branch(i: Instruction, operands: Sequence[Any], out: Any) -> Any:
    """Return which branch of an operation each cell takes; None for one that is smooth everywhere."""
    a: Any = operands[0] if operands else None
    match i.op:
        case "relu" | "leaky_relu" | "selu":
            return np.greater(a, 0)
        case "elu":
            return np.greater(a, 0) if i.attributes.get("alpha", 1.0) != 1.0 else None
        case "abs":
            return np.sign(a)
        case "maximum" | "minimum":
            return np.sign(np.subtract(a, operands[1]))
        case "max" | "min":
            axis = i.attributes.get("axis")
            kept = out if axis is None or i.attributes.get("keepdims") else np.expand_dims(out, axis)
            return np.equal(a, kept)
        case "mae":
            return np.sign(np.subtract(a, operands[1]))
        case "hinge":
            return np.less(np.multiply(a, operands[1]), 1)
        case "astype":
            return out if np.asarray(out).dtype.kind != "f" else None
        case "sign" | "floor" | "argmax":
            return out
        case op if op in _COMPARISONS:
            return out
        case _:
            return None


def crossed(here: Branches, *others: Branches) -> tuple[int, Cell] | None:
    """Return the first operation, and a cell of it, that takes another branch elsewhere than here."""
    for other in others:
        for (index, before), (_, after) in zip(here, other, strict=False):
            if np.shape(before) != np.shape(after):
                return index, ()
            changed = np.not_equal(before, after)
            if np.any(changed):
                first = int(np.argmax(changed))
                return index, tuple(int(x) for x in np.unravel_index(first, np.shape(changed))) if np.ndim(changed) else ()
    return None
