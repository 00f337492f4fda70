"""The links of a chain, and the way back from a number that is exactly 0, exactly 1, huge or tiny to what made it so."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from core.execute.timeline import Timeline
from core.explain.cells import Cell
from core.explain.numbers import number
from core.health.sizes import made
from core.health.spot import Spot, Step
from core.health.telling import Teller, own_cell

LONGEST = 40
GROWN = 10.0


@dataclass(frozen=True)
class Link:
    """One link from a symptom to its cause: a cell of a value (None: all of it), where it stands, and a sentence.

    `value` is an index in the program of `iteration`; `step` is k, after which the value stands there.
    """

    value: int
    cell: Cell | None
    iteration: int
    step: int
    text: str


class Found(Protocol):
    """What a chain asks of a finding."""

    @property
    def rule(self) -> str:
        """The name of the rule."""
        ...

    @property
    def value(self) -> int:
        """The index of the value."""
        ...

    @property
    def cells(self) -> Sequence[Cell]:
        """The first few cells that are concerned."""
        ...

    @property
    def text(self) -> str:
        """One sentence that says what was found."""
        ...


class Tracer:
    """Follows cells of one iteration back, to earlier ones where the way leads there."""

    def __init__(self, timeline: Timeline, iteration: int, values: Sequence[Any]) -> None:
        self.timeline = timeline
        self.iteration = iteration
        self._values = values
        self._tellers: dict[int, Teller] = {}

    def teller(self, iteration: int) -> Teller:
        """Return what names the cells of an iteration."""
        if iteration not in self._tellers:
            own = iteration == self.iteration
            values = self._values if own else self.timeline.machine_at(iteration).values
            self._tellers[iteration] = Teller(self.timeline.program_at(iteration), values, iteration)
        return self._tellers[iteration]

    def link(self, iteration: int, value: int, cell: Cell | None, text: str) -> Link:
        """Return a link."""
        return Link(value, cell, iteration, self.teller(iteration).step(value), text)

    def back(self, iteration: int, site: Spot, step: Step | None) -> Iterator[Link]:
        """Yield what made a number exactly 0, exactly 1, or as large as it is, from a step back on."""
        teller = self.teller(iteration)
        waiting: tuple[int, Cell] | None = None
        for _ in range(LONGEST):
            value = None if step is None or step.operand is None else site.instruction.operands[step.operand].value
            if step is None or step.operand is None or value is None:
                break
            cell = own_cell(site.instruction, step.operand, step.cell)
            after = teller.site(value, cell)
            # Parts of a compound line are told of only where something happens in them.
            x, was = float(np.asarray(teller.values[value])[cell]), float(site.result[site.cell])
            told = (
                after is None or bool(step.last) or teller.program.values[value].kind != "part" or (x in (0, 1, -1) and x != was)
            )
            if told and waiting is not None:
                yield self._from(iteration, waiting, value, cell)
                waiting = None
            if not math.isfinite(x):
                yield from self.bad(iteration, value, cell)
                return
            if step.last:
                yield self._says(iteration, value, cell, step.last)
                return
            if after is None:
                yield from self.start(iteration, value, cell)
                return
            site, step = after, made(after)
            if told and step is not None and step.text:
                yield self._says(iteration, value, cell, step.text)
            elif told:
                waiting = value, cell
        if waiting is not None:
            yield self._says(iteration, *waiting, "")

    def _says(self, iteration: int, value: int, cell: Cell, clause: str) -> Link:
        teller = self.teller(iteration)
        head = f"{teller.place(value, cell)} is {teller.number(value, cell)}{f': {clause}' if clause else ''}"
        return self.link(iteration, value, cell, f"{head}{teller.belongs(value, cell)}.")

    def _from(self, iteration: int, of: tuple[int, Cell], value: int, cell: Cell) -> Link:
        """Return the link of a cell of which there is no more to say than which cell matters most to it."""
        teller = self.teller(iteration)
        place, other = teller.place(value, cell), np.asarray(teller.values[value])[cell]
        same = abs(float(other)) == abs(float(np.asarray(teller.values[of[0]])[of[1]]))
        return self._says(iteration, *of, f"it comes from {place}" if same else f"{place} matters most to it")

    def bad(self, iteration: int, value: int, cell: Cell) -> Iterator[Link]:
        """Yield what there is to say of a NaN or ±∞ that a finite number was made of, as 1 is the sigmoid of ∞."""
        teller = self.teller(iteration)
        yield self.link(iteration, value, cell, f"{teller.place(value, cell)} is {teller.number(value, cell)}.")

    def on_from(self, iteration: int, value: int, cell: Cell, told: bool) -> Iterator[Link]:
        """Yield the links from a cell on to what gives it its size; `told` tells whether the cell itself has been told of."""
        teller = self.teller(iteration)
        site = teller.site(value, cell)
        if site is None:
            yield from self.start(iteration, value, cell)
            return
        if not told:
            place = f"{teller.place(value, cell)} is {teller.number(value, cell)}"
            yield self.link(iteration, value, cell, f"{place}{teller.belongs(value, cell)}.")
        yield from self.back(iteration, site, made(site, saturated=False))

    def start(self, iteration: int, value: int, cell: Cell) -> Iterator[Link]:
        """Yield what there is to say of a number that the iteration starts from."""
        teller = self.teller(iteration)
        program, name = teller.program, teller.program.values[value].name
        place, belongs = f"{teller.place(value, cell)} is {teller.number(value, cell)}", teller.belongs(value, cell)
        line = teller.line(value)
        given = f" as it is given in line {line}" if line is not None else ""
        if name not in program.carried or iteration == 1:
            yield self.link(iteration, value, cell, f"{place}{given}{belongs}.")
            return
        first, left, limit = self._grown(name, cell, iteration)
        was = "" if first is None else f"; it was {number(first)} in iteration 1"
        yield self.link(iteration, value, cell, f"{place} when iteration {iteration} starts{was}.")
        if left is None:
            return
        end = self.timeline.program_at(left - 1).carried[name][1]
        before = self.teller(left - 1)
        grown = abs(float(np.asarray(before.values[end])[cell]))
        if grown > limit and (left - 1, end) != (iteration, value):
            yield self.link(
                left - 1, end, cell,
                f"{before.place(end, cell)} is {before.number(end, cell)}: the update of iteration {left - 1} is the first to "
                f"leave it above {number(limit)} in size, and too large a step is what does that.",
            )  # fmt: skip

    def _grown(self, name: str, cell: Cell, iteration: int) -> tuple[float | None, int | None, float]:
        """Return a parameter's first number, the first iteration that starts with it much larger, and what counts as that."""

        def size(at: int) -> float:
            return abs(float(np.asarray(self.timeline.state_before(at)[name])[cell]))

        beginning = np.asarray(self.timeline.state_before(1).get(name))
        if beginning.dtype.kind != "f" or beginning.ndim != len(cell):
            return None, None, 0.0
        first = float(beginning[cell])
        limit = GROWN * max(abs(first), 1.0)
        if not size(iteration) > limit:
            return first, None, limit
        low, high = 1, iteration
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if size(middle) > limit else (middle, high)
        return first, high, limit
