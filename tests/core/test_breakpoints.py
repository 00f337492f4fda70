"""Breakpoints towards later and towards earlier: the same hits as a plain scan of every position."""

from __future__ import annotations

from collections.abc import Generator
from functools import cache
from typing import Any

import numpy as np
import pytest
from helpers.programs import SETTINGS
from hypothesis import given
from hypothesis import strategies as st

from core.complete import load
from core.errors import StepperError
from core.execute.breakpoints import Change, Condition, Fresh, Hit, Line, arm, bits_of, earlier, later
from core.execute.events import Event
from core.execute.timeline import Course, Position, Timeline
from core.health import rules
from core.health.look import Look
from core.library import example_text
from core.notation.question import compile, evaluate
from core.notes import Bookmark, Breakpoint, Notes, Watch, from_data, line_breakpoint, to_data
from core.program.ir import Program

TWICE = """\
# data
X = np.array([[1.0, 2.0, 3.0]])
samples = "columns"
batch = 2
# parameters
W = np.array([[0.5]])
lr = 0.1
# forward
Z = W @ X
Z = Z - mean(Z)
Z = Z * W
# loss
L = sum(Z ** 2) / m
"""
TEXTS = {"xor": example_text("xor"), "first-seed": example_text("first-seed"), "flower": example_text("flower"), "twice": TWICE}
ENOUGH = 12


def drive(hunt: Generator[int, None, Hit | None]) -> Hit | None:
    """Run a hunt to its end."""
    while True:
        try:
            next(hunt)
        except StopIteration as end:
            return end.value


def never(rule: str) -> Any:
    """No rules."""
    return lambda iteration, program, values: []


@cache
def program(name: str) -> Program:
    """Return a program; read once."""
    return load(TEXTS[name])


def scan(p: Program, b: Breakpoint, iterations: int) -> list[Position]:
    """Return every hit, found by stepping from operation to operation and asking everywhere."""
    timeline, found, before = Timeline(p), list[Position](), None
    question = None if b.kind == "line" else compile(b.text, p)
    for iteration in range(1, iterations + 1):
        for k in range(len(p) + 1):
            timeline.go(Position(iteration, k))
            if question is None:
                if any(s.first == k and s.text == b.text for s in p.statements):
                    found.append(Position(iteration, k))
                continue
            answer = evaluate(question, k, timeline.machine.peek, iteration)
            if answer is None:
                continue
            now = bool(answer) if b.kind == "condition" else bits_of(answer)
            if (b.kind == "condition" and now and not before) or (b.kind == "change" and before is not None and now != before):
                found.append(Position(iteration, k))
            before = now
    return found


CONDITIONS = {
    "xor": ["L > 0.2535", "iteration == 7", "W1[0, 1] > -0.034 or epoch >= 9", "abs(dW1).max() < 0.012", "not L > 0.2534"],
    "first-seed": ["L > 0.255", "A2[0, 0] > 0.5", "iteration > 5 and X[0, 0] == 1", "b1[0, 0] > 0", "norm(W1) > 0.5"],
    "flower": ["L < 0.7", "norm(dW1) > 0.3", "any(Z1 > 3)"],
    "twice": ["Z[0, 0] > 0", "Z.max() > 0.1", "m == 1", "W[0, 0] < 0.499", "dZ.max() > 0.05"],
}
CHANGES = {
    "xor": ["W1[0, 1]", "W1", "L", "lr", "iteration", "W1_next - W1"],
    "first-seed": ["X", "W2[0, 0]", "A1 > 0.5", "dW1"],
    "flower": ["W1[1, 1]", "Z1 > 0"],
    "twice": ["Z[0, 0]", "W", "sign(Z[0, 0])"],
}


def breakpoints(name: str) -> list[Breakpoint]:
    return [
        *(Breakpoint("condition", t) for t in CONDITIONS[name]), *(Breakpoint("change", t) for t in CHANGES[name]),
        *(line_breakpoint(program(name).statements[i]) for i in (0, 2, -1)),
    ]  # fmt: skip


@cache
def hits(name: str, b: Breakpoint) -> list[Position]:
    return scan(program(name), b, ENOUGH)


@SETTINGS(60)
@given(st.data())
def test_hunts_find_what_a_scan_finds(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(TEXTS)))
    chosen = data.draw(st.lists(st.sampled_from(breakpoints(name)), min_size=1, max_size=3, unique=True))
    at = Position(data.draw(st.integers(1, ENOUGH)), data.draw(st.integers(0, len(program(name)))))
    all_hits = sorted({p for b in chosen for p in hits(name, b)})
    budget = data.draw(st.sampled_from([2**28, 1]))
    timeline = Timeline(program(name), budget)
    timeline.go(Position(data.draw(st.integers(1, ENOUGH)), 0))
    armed = arm(chosen, never)
    for hunt, wanted in (
        (later(timeline, armed, at, ENOUGH), min((p for p in all_hits if p > at), default=None)),
        (earlier(timeline, armed, at), max((p for p in all_hits if p < at), default=None)),
    ):
        found = drive(hunt)
        assert (found and found.position) == wanted
        if found is not None:
            assert set(found.breakpoints) == {b for b in chosen if found.position in hits(name, b)}


def test_every_breakpoint_of_the_table_is_not_empty() -> None:
    assert all(any(hits(name, b) for b in breakpoints(name) if b.kind == kind) for name in TEXTS for kind in ("line", "change"))
    assert sum(bool(hits(name, b)) for name in TEXTS for b in breakpoints(name) if b.kind == "condition") > 10


def test_going_about_between_two_pieces_does_not_disturb_a_hunt() -> None:
    timeline = Timeline(program("xor"))
    hunt = later(timeline, arm([Breakpoint("condition", "L < 0.2")], never), Position(1, 0))
    found: Hit | None = None
    try:
        for n in range(10_000):
            next(hunt)
            timeline.go(Position(1 + n % 5, n % 7))
    except StopIteration as end:
        found = end.value
    assert found is not None
    plain = Timeline(program("xor"))
    plain.run(found.position.iteration)
    assert plain.losses[-1] < 0.2 <= min(plain.losses[:-1])
    assert (
        drive(earlier(timeline, arm([Breakpoint("condition", "L < 0.2")], never), Position(found.position.iteration + 5, 0)))
        == found
    )


def test_a_hunt_can_be_cancelled_and_yields_often() -> None:
    timeline = Timeline(program("xor"))
    hunt = later(timeline, arm([Breakpoint("condition", "L < 0")], never), Position(1, 0))
    seen = [next(hunt) for _ in range(3)]
    hunt.close()
    assert seen == sorted(set(seen)) and seen[0] >= 1


@pytest.mark.parametrize("direction", ["later", "earlier"])
def test_first_nan_is_found_in_both_directions(direction: str) -> None:
    timeline = Timeline(program("flower"))
    armed = arm([Breakpoint("finding")], rules.finder)
    found = drive(later(timeline, armed, Position(1, 0), 5000))
    assert found is not None
    at = found.position
    if direction == "earlier":
        timeline.run(at.iteration + 50)
        back = drive(earlier(timeline, armed, Position(at.iteration + 50, 0)))
        assert back is not None and back.position >= at
        assert drive(earlier(timeline, armed, at)) is None
    timeline.go(at)
    instruction = timeline.program.instructions[at.k - 1]
    values = timeline.machine
    assert not np.isfinite(np.asarray(values.peek(instruction.result))).all()
    assert all(np.isfinite(np.asarray(values.peek(v))).all() for v in instruction.reads)
    said = rules.findings(Look(timeline.program, timeline.machine.values), rules=["nonfinite"])[0]
    assert said.instruction == instruction.index and said.severity == "error" and said.cells


def test_hunts_stop_at_a_line_that_fails() -> None:
    p = load("# parameters\nw = 3.0\n# forward\nq = w - 1.0\nL = 1.0 / q\n# update\nw = w - 1.0\n")
    timeline = Timeline(p)
    found = drive(later(timeline, arm([Breakpoint("condition", "q == 0")], never), Position(1, 0)))
    assert found is not None and found.position == Position(3, 1)
    last = p.statements[-1]
    hit = drive(later(timeline, arm([line_breakpoint(last)], never), Position(2, len(p))))
    assert hit is None, "that line is never reached again"


def test_breakpoints_that_make_no_sense_here_never_hit() -> None:
    for b in (Breakpoint("condition", "L >"), Breakpoint("change", "nothing"), Breakpoint("line", "a = b", 3)):
        assert drive(later(Timeline(program("xor")), arm([b], never), Position(1, 0), 5)) is None
    assert arm([Breakpoint("condition", "L > 0", enabled=False)], never) == []


def test_a_change_by_hand_is_seen() -> None:
    class Values(dict[int, Any]):
        pass

    p = program("xor")
    w = p.inputs["W1"]
    one = [None] * len(p.values)
    one[w] = np.full((3, 2), np.nan)
    change = Change(Breakpoint("change", "W1"))
    assert change.hits(1, p, one) == [], "nothing before, nothing changed"
    two = list(one)
    two[w] = np.where(True, -np.array(one[w]), 0)
    assert change.hits(2, p, two) == [], "NaN equals NaN"
    three = list(one)
    three[w] = np.zeros((3, 2))
    assert change.hits(3, p, three) == [0]
    four = list(one)
    four[w] = -np.zeros((3, 2))
    assert change.hits(4, p, four) == [0], "−0 has other bits than 0"


def test_a_change_by_hand_is_met_in_both_directions() -> None:
    timeline = Timeline(program("xor"))
    timeline.run(20)
    timeline.take(
        Course((Event(9, "W1 changed", {"W1": np.zeros((3, 2))}), Event(12, "lr", {"lr": 0.5})), tuple(timeline.losses[:8]))
    )
    timeline.run(20)
    for text, where in (("W1", Position(9, 0)), ("lr", Position(12, 0))):
        armed = arm([Breakpoint("change", text)], never)
        before = Position(where.iteration - 1, len(program("xor")))
        found = drive(later(timeline, armed, before, 30))
        assert found is not None and found.position == where
        back = drive(earlier(timeline, armed, Position(where.iteration, 1)))
        assert back is not None and back.position == where
    condition = arm([Breakpoint("condition", "lr < 1")], never)
    found = drive(later(timeline, condition, Position(1, 0), 30))
    assert (
        found is not None and found.position == Position(12, 0) and drive(earlier(timeline, condition, Position(20, 0))) == found
    )


def test_predicates_forget() -> None:
    p = program("xor")
    timeline = Timeline(p)
    timeline.go(Position(1, len(p)))
    values = timeline.machine.values
    fresh = Fresh(lambda iteration, program, values: [(3, "x")])
    for made in (Condition(Breakpoint("condition", "L > 0")), fresh, Line(line_breakpoint(p.statements[1]))):
        first = made.hits(1, p, values)
        made.forget()
        assert made.hits(1, p, values) == first != []


def test_notes_go_to_data_and_back() -> None:
    p = program("xor")
    notes = Notes().add(Breakpoint("condition", "L > 1")).add(Breakpoint("finding", enabled=False)).toggle_line(p.statements[3])
    notes = notes.add(Bookmark(7, 3, "here")).add(Watch("norm(dW1)")).add(Watch("norm(dW1)"))
    assert from_data(to_data(notes)) == (notes, ())
    assert len(notes.watches) == 1 and notes.add(Bookmark(7, 3, "other")).bookmarks == (Bookmark(7, 3, "other"),)
    assert not notes.switch(Breakpoint("condition", "L > 1")).breakpoints[0].enabled
    assert notes.toggle_line(p.statements[3]).at_line(p.statements[3]) is None
    assert notes.remove(Bookmark(7, 3)).bookmarks == () and notes.remove(Watch("norm(dW1)")).watches == ()


@pytest.mark.parametrize(
    "data", [3, "x", [], {"breakpoints": 3}, {"breakpoints": [3, {"kind": "line"}, {"kind": "x", "text": "y"}]}]
)
def test_what_cannot_be_read_is_said(data: Any) -> None:
    notes, said = from_data(data)
    assert notes == Notes() and all(s.endswith(".") for s in said) and said


@SETTINGS(60)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda t: st.lists(t) | st.dictionaries(
    st.sampled_from(["breakpoints", "bookmarks", "watches", "kind", "text", "iteration", "k", "note", "line"]), t)))  # fmt: skip
def test_any_data_is_read_without_a_fault(data: Any) -> None:
    notes, _ = from_data(data)
    assert from_data(to_data(notes))[0] == notes


def test_line_breakpoints_find_their_line_again() -> None:
    notes = Notes().toggle_line(program("xor").statements[3])
    edited = load(TEXTS["xor"].replace("# forward\n", "# forward\n# a word\n\n"))
    moved = notes.settled(edited)
    assert moved.at_line(edited.statements[3]) is not None and moved.breakpoints[0].line == program("xor").statements[3].line + 2
    with pytest.raises(StepperError):
        compile("L >", edited)
