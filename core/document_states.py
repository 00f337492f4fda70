"""What iterations start from, in a document: as much of it as is needed so that nothing that is shown takes a long replay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np

from core.document_changes import values_data, values_of
from core.document_program import items, whole
from core.execute.inputs import State
from core.execute.timeline import Course, Position, Timeline
from core.files.document import Box, Shelf
from core.files.document_form import damaged

MOST_STATES = 32
STATES_BYTES = 64 * 2**20
NEAR = 10


def states_work(t: Timeline, most: int = MOST_STATES) -> Callable[[], dict[int, State]]:
    """Return what gives the starts that a document keeps, in any thread: near the iteration that is looked at, and `most` others.

    What is not known now is replayed there, by a timeline of its own, to the same bits.
    """
    near = _near(t, t.iteration)
    held = dict(t.nearest(i) for i in near)
    far = _far(t, near, most)
    held |= {i: t.left_before(i) for i in far}
    chosen = sorted(near | far)
    if near <= set(held):
        return lambda: {i: held[i] for i in chosen}
    opened, course = t.opened, t.course()

    def work() -> dict[int, State]:
        again = Timeline(opened)
        again.resume(course, {i: state for i, state in held.items() if i > 1}, Position(1, 0))
        return {i: held[i] if i in held else dict(again.left_before(i)) for i in chosen}

    return work


def _far(t: Timeline, near: set[int], most: int) -> set[int]:
    """Return starts that are spread over the time that is known."""
    known = t.checkpoints()[1:]  # there may be very many
    size = sum(v.nbytes for v in t.nearest(t.iteration)[1].values() if isinstance(v, np.ndarray)) + 200
    most = min(most, STATES_BYTES // size, len(known))
    return {known[round(n * (len(known) - 1) / max(most - 1, 1))] for n in range(most)} - near


def _near(t: Timeline, iteration: int) -> set[int]:
    """Return which iterations' starts must be known, so that what is shown of an iteration needs no long replay."""
    return {i for i in (iteration, iteration - 1, iteration - max(t.opened.batching.per_epoch, NEAR)) if i > 1}


def states_data(states: Mapping[int, State], shelf: Shelf) -> list[dict[str, Any]]:
    """Return starts of iterations as plain data."""
    return [{"iteration": i, "values": values_data(state, shelf)} for i, state in states.items()]


def states_of(data: Any, box: Box) -> dict[int, State]:
    """Read what `states_data` wrote; raises FileProblem."""
    found: dict[int, State] = {}
    for entry in items(data, MOST_STATES + 3, "states"):
        match entry:
            case {"iteration": iteration, "values": dict(values)}:
                found[whole(iteration, 2)] = values_of(cast("dict[str, Any]", values), box)
            case _:
                raise damaged("a state in it cannot be read")
    return found


def resume(t: Timeline, course: Course, states: Mapping[int, State], place: Position) -> None:
    """Take up a training where it was left; raises FileProblem if the starts do not belong to it, or some are missing."""
    if not _near(t, place.iteration) <= set(states):
        raise damaged("what the iteration starts from is missing")
    programs = sorted({1: t.opened, **{e.iteration: e.program for e in course.events if e.program is not None}}.items())
    for iteration, state in states.items():
        program = [p for i, p in programs if i <= max(iteration - 1, 1)][-1]
        if set(state) != set(program.carried):
            raise damaged("a state in it belongs to another program")
    t.resume(course, states, place)
