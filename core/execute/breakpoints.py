"""Where to stop: predicates over the values of an iteration, and the hunt for the next or the last place they hit.

A hit is a position. Both directions mean the same hits: later is the first one after a position, earlier the last one
before it. A *line* hits just before it. A *condition* hits where it becomes true: true at a check point (a place where
one of its names gets a value), not true at the check point before. A *change* hits where a name, or a cell of it, gets
other bits than before; NaN equals NaN. Anything else is a predicate that is handed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from core.errors import ExecutionError, NotationError
from core.execute.timeline import Position, Timeline
from core.frames import runs
from core.notation.question import Point, Question, compile, compile_condition
from core.notes import Breakpoint, line_of
from core.program.ir import BodyLine, Program

PIECE = 0.01
FIRST_BLOCK, LARGEST_BLOCK = 16, 1024
NEVER = 2**53
Find = Callable[[int, Program, Sequence[Any]], Sequence[tuple[int, Hashable]]]


class Predicate(Protocol):
    """Says where an iteration hits. It may remember the iteration before: it sees them in order."""

    def forget(self) -> None:
        """Begin anew, with no iteration before."""
        ...

    def hits(self, iteration: int, program: Program, values: Sequence[Any]) -> list[int]:
        """Take in an iteration and return the places `k` where it hits, earliest first.

        `values` holds what was computed in it by index, None where a line failed before.
        """
        ...


@dataclass(frozen=True)
class Armed:
    """A breakpoint with the predicate that knows where it hits."""

    breakpoint: Breakpoint
    predicate: Predicate


@dataclass(frozen=True, slots=True)
class Hit:
    """A place to stop at, and every breakpoint that hits there."""

    position: Position
    breakpoints: tuple[Breakpoint, ...]


def arm(breakpoints: Sequence[Breakpoint], finding: Callable[[str], Find]) -> list[Armed]:
    """Return what is switched on, ready to hunt; `finding` gives for a rule what finds its findings (see `Fresh`)."""
    found: list[Armed] = []
    for b in breakpoints:
        if b.enabled:
            predicate: Predicate = Fresh(finding(b.text)) if b.kind == "finding" else _KINDS[b.kind](b)
            found.append(Armed(b, predicate))
    return found


def later(timeline: Timeline, armed: Sequence[Armed], at: Position, last: int = NEVER) -> Generator[int, None, Hit | None]:
    """Hunt for the first hit after a position, not past iteration `last`.

    Yields every ~10 ms the iteration that it has come to; between two pieces anything may be done with the timeline.
    Returns None where nothing hits up to `last` or to a line that fails.
    """
    _forget(armed)
    for found in _replayed(timeline, max(1, at.iteration - 1), last):
        if isinstance(found, int):
            yield found
            continue
        iteration, values = found
        hits = in_iteration(armed, iteration, timeline.program_at(iteration), values)
        for k in sorted(hits):
            if (iteration, k) > (at.iteration, at.k):
                return Hit(Position(iteration, k), tuple(hits[k]))
    return None


def earlier(timeline: Timeline, armed: Sequence[Armed], at: Position) -> Generator[int, None, Hit | None]:
    """Hunt for the last hit before a position: block by block from checkpoints, each replayed. Yields as `later` does."""
    high, size = at.iteration, FIRST_BLOCK
    while high >= 1:
        low = max(c for c in timeline.checkpoints() if c <= max(1, high - size + 1))
        _forget(armed)
        best: Hit | None = None
        for found in _replayed(timeline, max(1, low - 1), high):
            if isinstance(found, int):
                yield found
                continue
            iteration, values = found
            hits = in_iteration(armed, iteration, timeline.program_at(iteration), values)
            if iteration >= low:
                before = [k for k in hits if (iteration, k) < (at.iteration, at.k)]
                if before:
                    best = Hit(Position(iteration, max(before)), tuple(hits[max(before)]))
        if best is not None:
            return best
        high, size = low - 1, min(2 * size, LARGEST_BLOCK)
    return None


def in_iteration(
    armed: Sequence[Armed], iteration: int, program: Program, values: Sequence[Any]
) -> dict[int, list[Breakpoint]]:  # fmt: skip
    """Return what hits in an iteration, by the place `k`; the predicates have seen the one before, if there is one."""
    found: dict[int, list[Breakpoint]] = {}
    with np.errstate(all="ignore"):
        for a in armed:
            for k in a.predicate.hits(iteration, program, values):
                found.setdefault(k, []).append(a.breakpoint)
    return found


def _forget(armed: Sequence[Armed]) -> None:
    for a in armed:
        a.predicate.forget()


def _replayed(timeline: Timeline, first: int, last: int) -> Iterator[int | tuple[int, Sequence[Any]]]:
    """Run iterations and yield each with its values; between pieces, when the timeline may be moved, only its number.

    Ends with the iteration in which a line fails, as far as it can be computed.
    """
    n = max(c for c in timeline.checkpoints() if c <= first)
    while n <= last:
        until = time.perf_counter() + PIECE
        run = timeline.iterate(n, last)
        broken = True
        for n in run:
            if n >= first:
                yield n, timeline.values
            if time.perf_counter() > until or n == last:
                broken = False
                break
            n += 1
        if broken:
            if n >= first:
                yield n, timeline.machine_at(n).values
            return
        yield n
        n += 1


class Line:
    """Just before a line; before a line of a `def`, in every call."""

    def __init__(self, which: Breakpoint) -> None:
        self._which = which
        self._program: Program | None = None
        self._places: list[int] = []

    def forget(self) -> None:
        """There is nothing to forget."""

    def hits(self, iteration: int, program: Program, values: Sequence[Any]) -> list[int]:
        """Return the places before the line, as far as the iteration gets."""
        if program is not self._program:
            self._program, self._places = program, _before(program, self._which)
        return [k for k in self._places if not k or values[program.instructions[k - 1].result] is not None]


def _before(program: Program, which: Breakpoint) -> list[int]:
    line = line_of(program, which)
    if isinstance(line, BodyLine):
        return [first for first, _ in runs(program, line)]
    return [] if line is None else [line.first]


class _Asking:
    """What conditions and changes share: the question, read anew for another program, and its answers in order."""

    _read: Callable[..., Question] = staticmethod(compile)

    def __init__(self, which: Breakpoint) -> None:
        self._text = which.text
        self._program: Program | None = None
        self._question: Question | None = None
        self._seen: list[Any] = []

    def forget(self) -> None:
        """Begin anew, with no iteration before."""
        self._seen = []

    def _points(self, program: Program, values: Sequence[Any]) -> Iterator[tuple[Question, Point]]:
        """Yield the check points at which the answer can be another than at the one before."""
        if program is not self._program:
            self._program = program
            try:
                self._question = self._read(self._text, program)
            except NotationError:
                self._question = None
        question = self._question
        if question is None:
            return
        for point in question.points:
            seen = [None if v is None else values[v] for v in point.values]
            # What lives on from iteration to iteration is the same array, and nobody writes to it.
            same = point.k == 0 and bool(self._seen) and all(a is b is not None for a, b in zip(seen, self._seen, strict=True))
            self._seen = seen
            if not same:
                yield question, point


class Condition(_Asking):
    """Where a condition becomes true."""

    _read = staticmethod(compile_condition)

    def __init__(self, which: Breakpoint) -> None:
        super().__init__(which)
        self._true = False

    def forget(self) -> None:
        """Begin anew: nothing was true before."""
        super().forget()
        self._true = False

    def hits(self, iteration: int, program: Program, values: Sequence[Any]) -> list[int]:
        """Return where the condition is true and was not at the check point before."""
        found: list[int] = []
        for question, point in self._points(program, values):
            try:
                answer = question.ask(point, values, iteration)
            except ExecutionError:
                answer = False
            if answer is None:
                break
            true = bool(answer)
            if true and not self._true:
                found.append(point.k)
            self._true = true
        return found


class Change(_Asking):
    """Where a name, or a cell of it, gets other bits."""

    def __init__(self, which: Breakpoint) -> None:
        super().__init__(which)
        self._bits: Hashable = None

    def forget(self) -> None:
        """Begin anew: there was no value before."""
        super().forget()
        self._bits = None

    def hits(self, iteration: int, program: Program, values: Sequence[Any]) -> list[int]:
        """Return where the bits differ from those at the check point before."""
        found: list[int] = []
        for question, point in self._points(program, values):
            try:
                answer = question.ask(point, values, iteration)
            except ExecutionError:
                continue
            if answer is None:
                break
            bits = bits_of(answer)
            if self._bits is not None and bits != self._bits:
                found.append(point.k)
            self._bits = bits
        return found


class Fresh:
    """Where something is found that was not found in the iteration before: only the first place in an iteration.

    `find` returns pairs (k, what) for an iteration, its program and its values; what is `what` in two iterations is the
    same finding.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._known: set[Hashable] = set()

    def forget(self) -> None:
        """Begin anew: nothing was found before."""
        self._known = set()

    def hits(self, iteration: int, program: Program, values: Sequence[Any]) -> list[int]:
        """Return the place of the first new finding."""
        found = self._find(iteration, program, values)
        new = [k for k, what in found if what not in self._known]
        self._known = {what for _, what in found}
        return [min(new)] if new else []


def bits_of(datum: Any) -> Hashable:
    """Return everything that tells two values apart: shape, dtype and bits, every NaN the same one."""
    array = np.asarray(datum)
    if array.dtype.kind == "f" and np.isnan(array).any():
        array = np.where(np.isnan(array), array.dtype.type(np.nan), array)
    return array.shape, array.dtype.str, array.tobytes()


_KINDS: dict[str, Callable[[Breakpoint], Predicate]] = {"line": Line, "condition": Condition, "change": Change}
