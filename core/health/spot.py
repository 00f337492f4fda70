"""One cell of a result with the operands it was made of, and one step back from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.explain.cells import Cell, aligned
from core.program.ir import Array, Instruction


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
class Spot:
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
