"""The first cause of a finding: link by link from the symptom, through what made it, to where it began.

A NaN or ±∞ is followed exactly, cell by cell, to the earliest operation whose operands are finite and whose result is
not (`core.health.origin`), over iterations where it came with a parameter; from there on through what made the operand
exactly 0, exactly 1 or too large (`core.health.breaking`). Other findings begin at their worst cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from core.execute.timeline import Timeline
from core.explain.arithmetic import why
from core.explain.cells import Cell
from core.health.backwards import Found, Link, Tracer
from core.health.breaking import broke
from core.health.leading import leading
from core.health.lineage import Lineage
from core.health.nonfinite import finite
from core.health.origin import Origin, marked
from core.health.telling import Teller, own_cell

__all__ = ["Link", "chain", "roots"]

LONG_TEXT = 90


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
            return tuple(_Broken(timeline, iteration, values).links(finding, cell))
        return tuple(leading(Tracer(timeline, iteration, values), finding, cell))


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


class _Broken(Tracer):
    """Follows a NaN or ±∞."""

    def __init__(self, timeline: Timeline, iteration: int, values: Sequence[Any]) -> None:
        super().__init__(timeline, iteration, values)
        self._lineage = Lineage(timeline, iteration, values)

    def links(self, finding: Found, cell: Cell | None) -> Iterator[Link]:
        """Yield the links from a bad cell to its first cause."""
        if cell is None:
            marks = self._lineage.marks(self.iteration)[finding.value]
            cell = tuple(int(c) for c in np.unravel_index(int(np.argmin(marks)), marks.shape)) if marks.ndim else ()
        yield from self.bad(self.iteration, finding.value, cell)

    def bad(self, iteration: int, value: int, cell: Cell) -> Iterator[Link]:
        """Yield the links from a bad cell of an iteration to its first cause."""
        mark, origin = self._lineage.origin(iteration, value, cell)
        at, symptom = iteration, value
        while (at, value, cell) != (origin.iteration, origin.value, origin.cell):
            teller = self.teller(at)
            name = teller.program.values[value].name
            if value not in teller.program.makers:
                before, at_start = self._lineage.made_in(at, name, cell, mark)
                yield self._since(at, value, cell, before)
                start, end = self.timeline.program_at(before).carried[name]
                at, value = before, start if at_start else end
                continue
            source, found = self._source(teller, value, cell, mark)
            if value == symptom or teller.program.values[value].kind != "part":
                yield self.link(at, value, cell, self._passes(teller, value, cell, source, found))
            value, cell = source, found
        yield from self._root(origin)

    def _since(self, iteration: int, value: int, cell: Cell, before: int) -> Link:
        teller = self.teller(iteration)
        place, number = teller.place(value, cell), teller.number(value, cell)
        when = f"iteration {before} left it so" if before == iteration - 1 else f"it has not been finite since iteration {before}"
        return self.link(iteration, value, cell, f"{place} is {number} when iteration {iteration} starts: {when}.")

    def _source(self, teller: Teller, value: int, cell: Cell, mark: int) -> tuple[int, Cell]:
        """Return a cell that this one is made of and that has the same origin."""
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
        yield from self.back(origin.iteration, site, step)

    def _given(self, origin: Origin) -> str:
        program = self.timeline.program_at(origin.iteration)
        name = program.values[origin.value].name
        event = [e for e in self.timeline.events if e.iteration <= origin.iteration and name in e.values]
        if event:
            return f"by the change by hand before iteration {event[-1].iteration}"
        line = self.teller(origin.iteration).line(origin.value)
        return f"as it is given in line {line}" if line is not None else "as the iteration starts"
