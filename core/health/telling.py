"""How a cell of an iteration is called in a sentence: its name, its number, its sample and that sample's label."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from core.data.batches import indices_of
from core.explain.cells import Cell
from core.explain.moving import index_text
from core.explain.numbers import exact, number
from core.explain.samples import sample_axes
from core.health.spot import Spot
from core.program.ir import Instruction, Program


class Teller:
    """Names the cells of one iteration."""

    def __init__(self, program: Program, values: Sequence[Any], iteration: int) -> None:
        self.program = program
        self.values = values
        self.iteration = iteration
        self._axes: dict[int, int] | None = None

    def said(self, value: int) -> str:
        """Return a value's name; a part of a compound line as it is written: `1 - A2`."""
        found = self.program.values[value]
        maker = self.program.makers.get(value)
        if found.kind != "part" or maker is None:
            return found.label
        i = self.program.instructions[maker]
        text = i.text.removeprefix(f"{found.label} = ")
        for read in i.reads:
            inner = self.program.values[read]
            if inner.kind == "part":
                text = re.sub(rf"(?<![\w.]){re.escape(inner.label)}(?![\w.])", _putting(self.said(read)), text)
        return text

    def place(self, value: int, cell: Cell | None) -> str:
        """Return a cell as it is called in a sentence: `A2[0, 17]`, or `1 - A2` at [0, 17]."""
        said = self.said(value)
        if cell is None or not cell:
            return f"`{said}`"
        if re.fullmatch(r"[^\W\d]\w*", said):
            return f"`{index_text(said, cell)}`"
        return f"`{said}` at [{', '.join(map(str, cell))}]"

    def number(self, value: int, cell: Cell) -> str:
        """Return the number that a cell is: 0 and 1 as exactly that."""
        x = np.asarray(self.values[value])[cell]
        if x in (0, 1, -1):
            return f"exactly {exact(x)}"
        return number(x)

    def site(self, value: int, cell: Cell) -> Spot | None:
        """Return a cell with what it was made of; None for what an iteration starts from."""
        maker = self.program.makers.get(value)
        if maker is None:
            return None
        i = self.program.instructions[maker]
        seen = [np.asarray(o.number if o.value is None else self.values[o.value]) for o in i.operands]
        seen = [s.T if o.transposed else s for o, s in zip(i.operands, seen, strict=True)]
        return Spot(i, tuple(seen), np.asarray(self.values[value]), cell)

    def line(self, value: int) -> int | None:
        """Return the line that a value is written in, also of what is given."""
        maker = self.program.makers.get(value)
        if maker is not None:
            return self.program.statements[self.program.instructions[maker].statement].line
        name = self.program.values[value].name
        return next((g.line for g in self.program.given if g.name == name), None)

    def step(self, value: int) -> int:
        """Return k, how many operations are done when a value stands."""
        maker = self.program.makers.get(value)
        return 0 if maker is None else maker + 1

    def sample(self, value: int, cell: Cell | None) -> int | None:
        """Return the index in the data of the sample that a cell belongs to."""
        if not cell:
            return None
        if self._axes is None:
            self._axes = sample_axes(self.program, self._shape)
        axis = self._axes.get(value)
        if axis is None or axis >= len(cell):
            return None
        indices = indices_of(self.program.batching, self.iteration)
        return int(indices[cell[axis]]) if cell[axis] < len(indices) else None

    def belongs(self, value: int, cell: Cell | None) -> str:
        """Return which sample a cell belongs to and its label, as an appendix to a sentence; "" where it belongs to none."""
        sample = self.sample(value, cell)
        if sample is None:
            return ""
        label = self.label(sample)
        return f" (sample {sample + 1}, {label})" if label else f" (sample {sample + 1})"

    def label(self, sample: int) -> str:
        """Return what a sample should give: `Y = 1` or `class 2`; "" where that is no single thing to say."""
        target = target_of(self.program)
        if target is None:
            return ""
        whole = np.asarray(self.program.first_values[target])
        own = np.take(whole, sample, axis=self.program.batching.axis % whole.ndim).reshape(-1)
        if own.size == 1:
            return f"{target} = {number(own[0])}"
        if np.all((own == 0) | (own == 1)) and own.sum() == 1:
            return f"class {int(np.argmax(own))}"
        return ""

    def _shape(self, value: int) -> tuple[int, ...] | None:
        return None if self.values[value] is None else np.shape(self.values[value])


def _putting(said: str) -> Callable[[re.Match[str]], str]:
    """Return what puts an expression in the place of a name: in parentheses, where it does not stand in some already."""

    def put(found: re.Match[str]) -> str:
        before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
        alone = re.fullmatch(r"[\w.]+(\([^()]*\))?", said) or (before == "(" and after in (")", ","))
        return said if alone or (not before and not after) else f"({said})"

    return put


def target_of(program: Program) -> str | None:
    """Return the name of the data that the lines read last: the answers that are wanted, where there is other data."""
    first: dict[str, int] = {}
    for name in program.batching.sliced:
        readers = [i.index for i in program.instructions if program.inputs.get(name) in i.reads]
        if readers:
            first[name] = min(readers)
    return max(first, key=lambda n: first[n]) if len(first) > 1 else None


def own_cell(instruction: Instruction, operand: int, cell: Cell) -> Cell:
    """Return the cell of the value itself that an instruction sees at `cell`."""
    return cell[::-1] if instruction.operands[operand].transposed else cell
