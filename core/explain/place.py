"""What the arithmetic of a cell is asked of, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.explain.cells import Cell, Cells
from core.explain.numbers import exact
from core.program.ir import Array, Instruction


@dataclass(frozen=True)
class Arithmetic:
    """A cell's own arithmetic as plain text, and for each operand the cells that it came from."""

    text: str
    sources: tuple[Cells, ...]


@dataclass(frozen=True)
class Place:
    """One cell of a result: what it was made of, as arrays, and its own value."""

    instruction: Instruction
    operands: tuple[Array, ...]
    result: Array
    cell: Cell
    names: tuple[str, ...]

    @property
    def attributes(self) -> dict[str, Any]:
        """The keyword arguments of the operation."""
        return {k: v for k, v in self.instruction.attributes.items() if k != "in_place"}

    @property
    def own(self) -> str:
        """The cell's value in full."""
        return exact(self.result[self.cell])
