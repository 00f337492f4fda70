"""The first cause of a finding: link by link from the symptom, through what made it, to where it began.

A NaN or ±∞ is followed exactly, cell by cell, to the earliest operation whose operands are finite and whose result is
not (`core.health.origin`), over iterations where it came with a parameter; from there on through what made the operand
exactly 0, exactly 1 or too large (`core.health.breaking`). Other findings begin at their worst cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from core.execute.timeline import Timeline
from core.explain.arithmetic import why
from core.explain.cells import Cell
from core.explain.numbers import number
from core.health import passing
from core.health.breaking import Site, Step, broke, made
from core.health.lineage import Lineage
from core.health.origin import Origin, marked
from core.health.nonfinite import finite
from core.health.telling import Teller, own_cell
from core.program.ir import Program

LONGEST = 40
LONG_TEXT = 90
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


def chain(
    timeline: Timeline, iteration: int, finding: Found, cell: Cell | None = None, values: Sequence[Any] | None = None
) -> tuple[Link, ...]:  # fmt: skip
    """Return the links from a finding in an iteration to its first cause; the first is the symptom, the last the cause.

    `cell` picks one of the finding's cells; without it the one that began first is taken. `values` are those of the
    iteration, by index, if they are at hand.
    """
    values = timeline.machine_at(iteration).values if values is None else values
    array = None if values[finding.value] is None else np.asarray(values[finding.value])
    if array is None:
        return ()
    with np.errstate(all="ignore"):
        if array.dtype.kind == "f" and not (finite(array) if cell is None else np.isfinite(array[cell])):
            return tuple(_Tracer(timeline, iteration, values).broken(finding, cell))
        tracer = _Tracer(timeline, iteration, values, lineage=False)
        if finding.rule.startswith(passing.RULES):
            return tuple(tracer.passed(finding))
        return tuple(tracer.sized(finding, cell))


def roots(chains: Sequence[Sequence[Link]]) -> list[list[int]]:
    """Return which chains share a root, as groups of their places, in the order of time in which the roots arise.

    Chains share a root when they end at the same cell, or come to the same value from the same one: two saturated cells of
    one layer are one problem.
    """
    groups: list[list[int]] = []
    for n in sorted((n for n, links in enumerate(chains) if links), key=lambda n: _when(chains[n][-1])):
        known = next((g for g in groups if any(_together(chains[n], chains[other]) for other in g)), None)
        if known is None:
            groups.append([n])
        else:
            known.append(n)
    return [sorted(g) for g in groups]


def _when(link: Link) -> tuple[int, int, int]:
    return link.iteration, link.step, link.value


def _together(a: Sequence[Link], b: Sequence[Link]) -> bool:
    if _when(a[-1]) != _when(b[-1]):
        return False
    return a[-1].cell == b[-1].cell or (len(a) > 1 and len(b) > 1 and _when(a[-2]) == _when(b[-2]))


class _Tracer:
    """Follows one finding."""

    def __init__(self, timeline: Timeline, iteration: int, values: Sequence[Any], lineage: bool = True) -> None:
        self._timeline = timeline
        self._iteration = iteration
        self._values = values
        self._lineage = Lineage(timeline, iteration, values) if lineage else None
        self._tellers: dict[int, Teller] = {}

    def teller(self, iteration: int) -> Teller:
        if iteration not in self._tellers:
            own = iteration == self._iteration
            values = self._values if own else self._timeline.machine_at(iteration).values
            self._tellers[iteration] = Teller(self._timeline.program_at(iteration), values, iteration)
        return self._tellers[iteration]

    def link(self, iteration: int, value: int, cell: Cell | None, text: str) -> Link:
        return Link(value, cell, iteration, self.teller(iteration).step(value), text)

    # --- NaN and infinity: exact --------------------------------------------------------------------

    def broken(self, finding: Found, cell: Cell | None) -> Iterator[Link]:
        """Yield the links from a bad cell to its first cause."""
        assert self._lineage is not None
        if cell is None:
            marks = self._lineage.marks(self._iteration)[finding.value]
            cell = tuple(int(c) for c in np.unravel_index(int(np.argmin(marks)), marks.shape)) if marks.ndim else ()
        mark, origin = self._lineage.origin(self._iteration, finding.value, cell)
        at, value = self._iteration, finding.value
        said = -1
        while (at, value, cell) != (origin.iteration, origin.value, origin.cell):
            teller = self.teller(at)
            name = teller.program.values[value].name
            if value not in teller.program.makers:
                before, at_start = self._lineage.made_in(at, name, cell, mark)
                yield self._since(at, value, cell, before)
                start, end = self._timeline.program_at(before).carried[name]
                at, value = before, start if at_start else end
                continue
            source, found = self._source(teller, value, cell, mark)
            if value == finding.value or teller.program.values[value].kind != "part" or said == value:
                yield self.link(at, value, cell, self._passes(teller, value, cell, source, found))
            value, cell = source, found
        yield from self._root(origin)

    def _since(self, iteration: int, value: int, cell: Cell, before: int) -> Link:
        teller = self.teller(iteration)
        place, number = teller.place(value, cell), teller.number(value, cell)
        when = "comes so from" if before == iteration - 1 else "has not been finite since"
        return self.link(
            iteration, value, cell, f"{place} is {number} when iteration {iteration} starts: it {when} iteration {before}."
        )

    def _source(self, teller: Teller, value: int, cell: Cell, mark: int) -> tuple[int, Cell]:
        """Return a cell that this one is made of and that has the same origin."""
        assert self._lineage is not None
        site = teller.site(value, cell)
        assert site is not None
        marks = self._lineage.marks(teller.iteration)
        sources = why(site.instruction, site.seen, site.result, cell).sources
        for narrow in (True, False):
            for n, (operand, cells) in enumerate(zip(site.instruction.operands, sources, strict=True)):
                if operand.value is None or operand.value not in marks:
                    continue
                seen = marked(operand, marks, teller.values)
                axes = cells.axes if narrow and len(cells.axes) == seen.ndim else tuple(range(k) for k in seen.shape)
                hit = np.argwhere(seen[np.ix_(*axes)] == mark) if axes else np.argwhere(seen == mark)
                if len(hit):
                    own = tuple(int(r[int(c)]) for r, c in zip(axes, hit[0], strict=True))
                    return operand.value, own_cell(site.instruction, n, own)
        raise AssertionError("a bad cell that is not its own origin has a source with the same origin")

    def _passes(self, teller: Teller, value: int, cell: Cell, source: int, found: Cell) -> str:
        place = f"{teller.place(value, cell)} is {teller.number(value, cell)}"
        site = teller.site(value, cell)
        assert site is not None
        text = why(site.instruction, site.seen, site.result, cell).text
        reason = teller.place(source, found)
        line = f" in line {teller.line(value)}"
        if len(text) <= LONG_TEXT and " = " in text and site.op not in ("identity", "copy", "reshape", "transpose"):
            return f"{place}{line}: {text}{teller.belongs(value, cell)}."
        return f"{place}{line}: {reason} in it is {teller.number(source, found)}{teller.belongs(value, cell)}."

    def _root(self, origin: Origin) -> Iterator[Link]:
        """Yield the operation that breaks, and what made it break."""
        teller = self.teller(origin.iteration)
        value, cell = origin.value, origin.cell
        place, what = teller.place(value, cell), teller.number(value, cell)
        site = teller.site(value, cell)
        if site is None:
            yield self.link(
                origin.iteration, value, cell, f"{place} is {what} {self._given(origin)}{teller.belongs(value, cell)}."
            )
            return
        step = broke(site)
        text = why(site.instruction, site.seen, site.result, cell).text
        text = text if len(text) <= LONG_TEXT and " = " in text else ""
        line = f"line {teller.line(value)}"
        said = f"{place} becomes {what} in {line}, out of finite numbers: {f'{text}, ' if text else ''}{step.text}"
        yield self.link(origin.iteration, value, cell, f"{said}{teller.belongs(value, cell)}.")
        yield from self._back(origin.iteration, site, step)

    def _given(self, origin: Origin) -> str:
        program = self._timeline.program_at(origin.iteration)
        name = program.values[origin.value].name
        event = [e for e in self._timeline.events if e.iteration <= origin.iteration and name in e.values]
        if event:
            return f"by the change by hand before iteration {event[-1].iteration}"
        line = self.teller(origin.iteration).line(origin.value)
        return f"as it is given in line {line}" if line is not None else "as the iteration starts"

    # --- why a finite number is what it is -----------------------------------------------------------

    def _back(self, iteration: int, site: Site, step: Step | None) -> Iterator[Link]:
        """Yield what made a number exactly 0, exactly 1, or as large as it is, from a step back on."""
        teller = self.teller(iteration)
        for _ in range(LONGEST):
            if step is None or step.operand is None:
                return
            value = site.instruction.operands[step.operand].value
            if value is None:
                return
            cell = own_cell(site.instruction, step.operand, step.cell)
            place = f"{teller.place(value, cell)} is {teller.number(value, cell)}"
            belongs = teller.belongs(value, cell)
            if step.last:
                yield self.link(iteration, value, cell, f"{place}: {step.last}{belongs}.")
                return
            after = teller.site(value, cell)
            if after is None:
                yield from self._start(iteration, value, cell)
                return
            number = float(after.result[cell])
            was = None if site.result.dtype.kind != "f" else float(site.result[site.cell])
            site, step = after, made(after)
            # Parts of a compound line are told of only where something happens in them.
            if teller.program.values[value].kind != "part" or (number in (0, 1, -1) and number != was):
                clause = f": {step.text}" if step is not None and step.text else ""
                yield self.link(iteration, value, cell, f"{place}{clause}{belongs}.")

    def _start(self, iteration: int, value: int, cell: Cell) -> Iterator[Link]:
        """Yield what there is to say of a number that the iteration starts from."""
        teller = self.teller(iteration)
        program, name = teller.program, teller.program.values[value].name
        place, belongs = f"{teller.place(value, cell)} is {teller.number(value, cell)}", teller.belongs(value, cell)
        line = teller.line(value)
        given = f" as it is given in line {line}" if line is not None else ""
        if name not in program.carried or iteration == 1:
            yield self.link(iteration, value, cell, f"{place}{given}{belongs}.")
            return
        first, left = self._grown(name, cell, iteration)
        x = np.asarray(teller.values[value])[cell]
        if left is None:
            yield self.link(iteration, value, cell, f"{place}; it was {number(first)} in iteration 1.")
            return
        yield self.link(
            iteration, value, cell, f"{place} when iteration {iteration} starts; it was {number(first)} in iteration 1."
        )  # fmt: skip
        made_in = self._timeline.program_at(left - 1)
        end = made_in.carried[name][1]
        at = self.teller(left - 1)
        grown = np.asarray(at.values[end])[cell]
        if left - 1 >= 1 and (left - 1, end) != (iteration, value) and abs(float(grown)) <= abs(float(x)):
            yield self.link(
                left - 1, end, cell, f"{at.place(end, cell)} is {number(grown)}: the update of iteration {left - 1} is the first "
                f"to leave it more than {GROWN:g} times as large as it was, and too large a step is what does that.",
            )  # fmt: skip

    def _grown(self, name: str, cell: Cell, iteration: int) -> tuple[float, int | None]:
        """Return a parameter's first number, and the first iteration that starts with it much larger; None for none."""

        def size(at: int) -> float:
            return abs(float(np.asarray(self._timeline.state_before(at)[name])[cell]))

        first = float(np.asarray(self._timeline.state_before(1)[name])[cell])
        limit = GROWN * max(abs(first), 1.0)
        if not size(iteration) > limit:
            return first, None
        low, high = 1, iteration
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if size(middle) > limit else (middle, high)
        return first, high

    def sized(self, finding: Found, cell: Cell | None) -> Iterator[Link]:
        """Yield the links of a finding about finite numbers."""
        iteration = self._iteration
        teller = self.teller(iteration)
        value = finding.value
        cell = cell if cell is not None else (tuple(finding.cells[0]) if finding.cells else None)
        yield self.link(iteration, value, cell, finding.text)
        if cell is None:
            return
        site = teller.site(value, cell)
        if site is None:
            return
        yield from self._back(
            iteration, site, made(site, saturated=False) if finding.rule in ("saturated", "dead") else made(site)
        )

    def passed(self, finding: Found) -> Iterator[Link]:
        """Yield the layers that a gradient passed through, to the one that changed its size most."""
        teller = self.teller(self._iteration)
        yield self.link(self._iteration, finding.value, None, finding.text)
        for value, text in passing.layers(teller, finding.value, rising="explod" in finding.rule):
            yield self.link(self._iteration, value, None, text)


def program_of(timeline: Timeline, link: Link) -> Program:
    """Return the program that a link's value belongs to."""
    return timeline.program_at(link.iteration)
