"""A session goes on after the text of its program was written anew: the same place, stops and watches."""

from __future__ import annotations

from core.complete import load
from core.library import example_text
from core.notes import Watch
from core.rewritten import MOST_AGAIN, rewritten
from core.session import Session

TEXT = example_text("xor")


def at_line(session: Session, text: str) -> None:
    session.to_statement(next(s.index for s in session.program.statements if s.text == text))


def test_the_place_is_just_after_the_same_line() -> None:
    session = Session(load(TEXT), "xor")
    session.later("iteration")
    session.later("iteration")
    at_line(session, "A1 = sigmoid(Z1)")
    now = rewritten(session, load(TEXT.replace("Z1 = W1 @ X + b1\n", "Q = X * 2\nZ1 = W1 @ X + b1\n")))
    lit = now.moment().lit
    assert lit is not None and now.program.statements[lit.statement].text == "A1 = sigmoid(Z1)"
    assert now.timeline.iteration == session.timeline.iteration > 1


def test_where_the_line_is_gone_it_is_the_start() -> None:
    session = Session(load(TEXT), "xor")
    at_line(session, "A1 = sigmoid(Z1)")
    now = rewritten(session, load(TEXT.replace("A1 = sigmoid(Z1)", "A1 = tanh(Z1)")))
    assert (now.timeline.position.iteration, now.timeline.position.k) == (1, 0)


def test_far_away_it_is_the_first_iteration() -> None:
    session = Session(load(TEXT), "xor")
    session.run(MOST_AGAIN + 20)
    at_line(session, "A1 = sigmoid(Z1)")
    assert rewritten(session, load(TEXT)).timeline.iteration == 1


def test_notes_title_and_selection_come_along() -> None:
    session = Session(load(TEXT), "xor")
    line = next(s for s in session.program.statements if s.text == "A1 = sigmoid(Z1)")
    session.note(session.notes.toggle_line(line).add(Watch("W1")))
    value = next(v.index for v in session.program.values if v.label == "A1")
    session.select(value)
    now = rewritten(session, load("# mine\n" + TEXT))
    moved = next(s for s in now.program.statements if s.text == line.text)
    assert now.notes.at_line(moved) is not None and moved.line == line.line + 1
    assert now.notes.watches == session.notes.watches
    assert now.title == "xor"
    assert now.selection.value is not None and now.program.values[now.selection.value].label == "A1"


def test_a_line_that_fails_is_no_obstacle() -> None:
    session = Session(load(TEXT), "xor")
    session.later("iteration")
    now = rewritten(session, load(TEXT.replace("W2 @ A1", "A1 @ W2")))
    assert now.program.fault is not None
    assert now.timeline.position.k <= now.timeline.machine.runnable
