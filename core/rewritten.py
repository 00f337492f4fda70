"""The open document after its text was written anew."""

from __future__ import annotations

from core.execute.timeline import Position
from core.moment import Selection
from core.program.ir import Program
from core.session import Session

MOST_AGAIN = 100
"""Iterations that are run again at once when the text of a program was changed."""


def rewritten(session: Session, program: Program) -> Session:
    """Return a session on the same document after its text was written anew.

    Breakpoints, bookmarks and watches stay, and so does the place: just after the line that was done last, if the new
    text has it, else at the start. Far from the start that is in the first iteration, as all iterations run anew.
    What was changed by hand was a change of the old program, and is not made again; scores of it are gone too.
    """
    made = Session(program, session.title, folder=session.folder)
    made.assumed, made.chosen = session.assumed, session.chosen
    made.layers, made.closed, made.shapes = session.layers, session.closed, session.shapes
    made.origin = session.origin
    made.notes = session.notes.settled(program)
    made.edits.what_if = session.what_if
    at, old = session.timeline.position, session.program
    iteration = at.iteration if at.iteration <= MOST_AGAIN else 1
    if at.k == 0:
        made.timeline.go(Position(iteration, 0))
    else:
        done = old.statements[old.instructions[min(at.k, len(old)) - 1].statement]
        alike = [s for s in program.statements if s.text == done.text]
        same = min(alike, key=lambda s: abs(s.line - done.line), default=None)
        if same is not None:
            made.timeline.go(Position(iteration, same.last))
    chosen = None if session.selection.value is None else old.values[session.selection.value].label
    value = next((v.index for v in program.values if v.label == chosen), None)
    made.selection = Selection(value, None, None)
    return made
