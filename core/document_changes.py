"""Changes by hand in a document: the events, the courses of the training that they make, and what undo can take back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from core.document_program import LARGEST, datum_data, datum_of, items, program_data, program_of, whole
from core.edits import Steps
from core.execute.events import Event
from core.execute.inputs import Datum
from core.execute.timeline import Course, Position
from core.files.document import Box, Shelf
from core.files.document_form import damaged

MOST_EVENTS, MOST_STEPS, MOST_CELLS = 10_000, 200, 1_000_000
STEPS_BYTES = 64 * 2**20


class Events:
    """All changes of all courses, each once. A change is itself in every course that it is in."""

    def __init__(self, courses: Sequence[Sequence[Event]]) -> None:
        self.all: list[Event] = []
        self._at: dict[int, int] = {}
        for course in courses:
            for event in course:
                if id(event) not in self._at:
                    self._at[id(event)] = len(self.all)
                    self.all.append(event)

    def number(self, event: Event) -> int:
        """Return the number of a change."""
        return self._at[id(event)]


def affordable(steps: Steps) -> Steps:
    """Return the newest of some changes, as many as a document holds: each keeps the losses that there were before it."""
    left, kept = STEPS_BYTES, 0
    for course, _ in reversed(steps[-MOST_STEPS:]):
        left -= 8 * len(course.losses)
        if left < 0:
            break
        kept += 1
    return steps[len(steps) - kept :]


def event_data(event: Event, shelf: Shelf) -> dict[str, Any]:
    """Return a change by hand as plain data."""
    return {
        "iteration": event.iteration,
        "text": event.text,
        "values": values_data(event.values, shelf),
        "cells": {name: sorted([int(i) for i in cell] for cell in cells) for name, cells in event.cells.items()},
        "program": None if event.program is None else program_data(event.program, shelf),
    }


def event_of(data: Any, box: Box) -> Event:
    """Read what `event_data` wrote; raises FileProblem."""
    match data:
        case {"iteration": iteration, "text": str(text), "values": dict(values), "cells": dict(cells), "program": program}:
            where = {name: frozenset(cell_of(c) for c in items(found, MOST_CELLS, "cells")) for name, found in cells.items()}
            made = None if program is None else program_of(program, box)
            return Event(whole(iteration, 1), text[:500], values_of(cast("dict[str, Any]", values), box), where, made)
        case _:
            raise damaged("a change by hand in it cannot be read")


def course_data(course: Course, events: Events, shelf: Shelf) -> dict[str, Any]:
    """Return a course of the training as plain data."""
    return {"events": [events.number(e) for e in course.events], "losses": shelf.put(np.array(course.losses, dtype=np.float64))}


def course_of(data: Any, events: Sequence[Event], box: Box) -> Course:
    """Read what `course_data` wrote; raises FileProblem."""
    match data:
        case {"events": numbers, "losses": losses}:
            found = box.array(losses)
            if found.ndim != 1 or found.dtype != np.float64:
                raise damaged("its losses cannot be read")
            chosen = [whole(n, 0, len(events) - 1) for n in items(numbers, MOST_EVENTS, "changes by hand")]
            return Course(tuple(events[n] for n in chosen), tuple(found.tolist()))
        case _:
            raise damaged("a course of the training in it cannot be read")


def step_data(step: tuple[Course, Position], events: Events, shelf: Shelf) -> dict[str, Any]:
    """Return what can be taken back, or made again, as plain data."""
    course, at = step
    return {**course_data(course, events, shelf), "iteration": at.iteration, "k": at.k}


def steps_of(data: Any, events: Sequence[Event], box: Box) -> Steps:
    """Read a list of what `step_data` wrote; raises FileProblem."""
    return [
        (course_of(entry, events, box), Position(whole(entry.get("iteration"), 1), whole(entry.get("k"))))
        for entry in items(data, MOST_STEPS, "changes to take back")
    ]


def values_data(values: Mapping[str, Datum], shelf: Shelf) -> dict[str, Any]:
    """Return values by name as plain data."""
    return {name: datum_data(value, shelf) for name, value in values.items()}


def values_of(data: Mapping[str, Any], box: Box) -> dict[str, Datum]:
    """Read what `values_data` wrote; raises FileProblem."""
    return {name: datum_of(value, box) for name, value in data.items()}


def old_of(data: Any, values: int, box: Box) -> dict[int, Datum | None]:
    """Read the values that are out of date; `values` is how many a program has. Raises FileProblem."""
    found: dict[int, Datum | None] = {}
    for entry in items(data, MOST_CELLS, "values that are out of date"):
        match entry:
            case {"value": index, "was": was}:
                found[whole(index, 0, values - 1)] = None if was is None else datum_of(was, box)
            case _:
                raise damaged("a value that is out of date cannot be read")
    return found


def cell_of(data: Any) -> tuple[int, ...]:
    """Read the indices of a cell; raises FileProblem."""
    return tuple(whole(i, -LARGEST) for i in items(data, 32, "axes of a cell"))
