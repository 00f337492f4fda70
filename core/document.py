"""A whole session as a document, and back: program, values, changes by hand, place in time, notes, settings, text.

What is restored is equal to the last bit. See `resources/help/document.md` for the form of a document.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import numerics
from core.document_changes import (
    MOST_EVENTS,
    Events,
    affordable,
    cell_of,
    course_data,
    course_of,
    event_data,
    event_of,
    old_of,
    step_data,
    steps_of,
)
from core.document_files import files_data, files_of, folder_of, missing_files
from core.document_layers import layers_data, layers_of
from core.document_origin import origin_data, origin_of
from core.document_program import (
    LONGEST_TEXT,
    datum_data,
    evaluations_data,
    head_of,
    in_file,
    items,
    program_data,
    whole,
)
from core.document_states import MOST_STATES, resume, states_data, states_of, states_work
from core.execute.timeline import Position
from core.files.document import Box, Shelf, is_document, unpacked
from core.files.document_form import damaged
from core.files.problem import FileProblem, shown
from core.files.worker import Worker
from core.frames import OUTSIDE
from core.health.settings import HealthSettings
from core.library import open_target
from core.notes import from_data, to_data
from core.numerics import Numerics
from core.session import Selection, Session, session_of

MOST_ITERATIONS = 2 * 10**7
DEEPEST, MOST_SENTENCES, LONGEST_SENTENCE = 20, 500, 1000
NOTHING = Numerics()


@dataclass(frozen=True)
class Written:
    """The text in the editor, and the one that was run last (None: none)."""

    text: str
    applied: str | None = None


@dataclass(frozen=True)
class Restored:
    """What came out of a document: the session as it was left, the text beside it, what computed it, and remarks."""

    session: Session
    written: Written | None = None
    numerics: Numerics = NOTHING
    said: tuple[str, ...] = ()


def document_of(session: Session, written: Written | None = None) -> bytes:
    """Return a session, and perhaps the text that is being edited beside it, as a document.

    Raises:
        FileProblem: if it is too large for one.
    """
    return document_work(session, written)()


def document_work(session: Session, written: Written | None = None, most_states: int = MOST_STATES) -> Callable[[], bytes]:
    """Return what makes the document of a session as it stands now, in any thread, whatever the session does meanwhile.

    Of the starts of far iterations there are at most `most_states`: without them going back there takes a replay.
    Both raise FileProblem if it is too large for a document.
    """
    shelf, t = Shelf(), session.timeline
    if t.iteration > MOST_ITERATIONS:
        raise FileProblem(f"a document holds at most {MOST_ITERATIONS} iterations; go to an earlier one")
    undo, redo = (affordable(steps) for steps in session.edits.history)
    events = Events([t.events, *(course.events for course, _ in (*undo, *redo))])
    texts = (t.opened.text, *(e.program.text for e in t.events if e.program is not None), "" if written is None else written.text)
    at = t.position
    data: dict[str, Any] = {
        "title": session.title,
        "computed_by": numerics.here().to_data(),
        "program": program_data(t.opened, shelf),
        "evaluations": evaluations_data(session.evaluations, shelf),
        "events": [event_data(e, shelf) for e in events.all],
        "course": course_data(t.course(), events, shelf),
        "position": {
            "iteration": at.iteration,
            "k": at.k,
            "call": session.walk.call,
            "inside": [list(step) for step in session.walk.visit.path],
        },
        "assumed": list(session.assumed),
        "chosen": list(session.chosen),
        "layers": layers_data(session.layers, session.closed, session.shapes),
        "described": session.described,
        "origin": origin_data(session.origin, t.opened.text, session.folder),
        "undo": [step_data(s, events, shelf) for s in undo],
        "redo": [step_data(s, events, shelf) for s in redo],
        "out_of_date": [
            {"value": index, "was": None if datum is None else datum_data(datum, shelf)}
            for index, datum in session.edits.old.items()
        ],
        "what_if": session.what_if,
        "selection": {
            "value": session.selection.value,
            "cell": None if session.selection.cell is None else [int(i) for i in session.selection.cell],
            "sample": None if session.selection.sample is None else int(session.selection.sample),
        },
        "notes": to_data(session.notes),
        "health": session.monitor.settings.to_data(),
        "editor": None if written is None else {"text": written.text, "applied": written.applied},
    }
    states, folder = states_work(t, most_states), session.folder

    def work() -> bytes:
        return shelf.packed({**data, "states": states_data(states(), shelf), "files": files_data(texts, folder, shelf)})

    return work


def open_document(path: Path, beside: Path | None = None, worker: Worker | None = None) -> Restored:
    """Open a document: the session as it was left. `beside` is the folder that it belongs to, if not that where it lies.

    It is read in a process of its own, or in that of `worker`.

    Raises:
        FileProblem: one sentence, if it is damaged, of a newer version, or no document.
    """
    box = unpacked(path, worker)
    return in_file(path, lambda: _restored(box, path.parent if beside is None else beside))


def opened(target: str) -> Restored:
    """Open a TARGET as a session: a document as it was left, anything else at its beginning.

    Raises:
        StepperError: as `open_target` does.
    """
    return open_document(Path(target)) if is_document(target) else Restored(session_of(open_target(target)))


def _restored(box: Box, beside: Path) -> Restored:
    data = box.data
    title, program, evaluations = head_of(box)
    folder = folder_of(files_of(box), beside)
    session = Session(program, title, evaluations, folder)
    t = session.timeline
    all_events = [event_of(e, box) for e in items(data.get("events"), MOST_EVENTS, "changes by hand")]
    course = course_of(data.get("course"), all_events, box)
    place, call, inside = _position_of(data.get("position"))
    notes, said = from_data(data.get("notes"))
    session.notes = notes
    session.edits.what_if = data.get("what_if") is True
    computed_by = Numerics.from_data(data.get("computed_by"))
    with numerics.using(computed_by.threads):
        resume(t, course, states_of(data.get("states"), box), place)
    if t.position != place:
        raise damaged("the place in time that it was left at is not in its program")
    session.walk.go(place, OUTSIDE if call is None else call)
    if inside and place.k < t.machine.runnable:
        session.walk.visit.resume(t.program, t.machine.values, place.k, inside)
    session.assumed, session.chosen = (_sentences(data.get(key)) for key in ("assumed", "chosen"))
    session.layers, session.closed, session.shapes = layers_of(data.get("layers"))
    session.described = _text_of(data.get("described"))
    session.origin = origin_of(data.get("origin"), program.text, folder)
    session.edits.resume(
        steps_of(data.get("undo"), all_events, box), steps_of(data.get("redo"), all_events, box),
        old_of(data.get("out_of_date"), len(t.program.values), box),
    )  # fmt: skip
    session.selection = _selection_of(data.get("selection"), session)
    session.monitor.set_settings(HealthSettings.from_data(data.get("health")))
    missing = ", ".join(shown(name, 200) for name in missing_files(t.opened.text, folder))
    if missing:
        said = (*said, f"The program reads {missing}, which is not there; its numbers are here, and are used.")
    return Restored(session, _written_of(data.get("editor")), computed_by, said)


# -- time ----------------------------------------------------------------------------------------------


def _position_of(data: Any) -> tuple[Position, int | None, list[tuple[bool, int]]]:
    match data:
        case {"iteration": iteration, "k": k, "call": call, "inside": inside}:
            found: list[tuple[bool, int]] = []
            for step in items(inside, DEEPEST, "open operations"):
                match step:
                    case [bool(elements), done]:
                        found.append((elements, whole(done)))
                    case _:
                        raise damaged("an open operation in it cannot be read")
            place = Position(whole(iteration, 1, MOST_ITERATIONS), whole(k))
            return place, None if call is None else whole(call), found
        case _:
            raise damaged("the place in time cannot be read")


# -- what a person looks at ----------------------------------------------------------------------------


def _selection_of(data: Any, session: Session) -> Selection:
    """Return what was selected, as far as it is still there: nothing depends on it."""
    match data:
        case {"value": int(value), "cell": cell, "sample": sample} if 0 <= value < len(session.program.values):
            pass
        case {"sample": sample}:
            value, cell = None, None
        case _:
            return Selection()
    total = session.program.batching.total
    chosen = sample if isinstance(sample, int) and not isinstance(sample, bool) and 0 <= sample < total else None
    if value is None or cell is None:
        return Selection(value, None, chosen)
    shape = session.timeline.machine.layout.shape(value) or ()
    where = cell_of(cell)
    fits = len(where) == len(shape) and all(isinstance(n, int) and 0 <= i < n for i, n in zip(where, shape, strict=True))
    return Selection(value, where if fits else None, chosen)


def _sentences(data: Any) -> tuple[str, ...]:
    return tuple(str(text)[:LONGEST_SENTENCE] for text in items(data, MOST_SENTENCES, "remarks") if isinstance(text, str))


def _text_of(data: Any) -> str:
    """Return a text that may be missing, as it is in documents of earlier versions of the app."""
    if not isinstance(data, str):
        return ""
    if len(data) > LONGEST_TEXT:
        raise damaged("the text of its description cannot be read")
    return data


def _written_of(data: Any) -> Written | None:
    match data:
        case None:
            return None
        case {"text": str(text), "applied": (str() | None) as applied} if len(text) <= LONGEST_TEXT and "\0" not in text:
            return Written(text, applied)
        case _:
            raise damaged("the text of the editor in it cannot be read")
