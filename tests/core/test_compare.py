"""A second run begins as the first did; where they first differ is the first operation that a scan of all bits finds."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.programs import SETTINGS, Net, nets
from hypothesis import given
from hypothesis import strategies as st

from core.complete import load
from core.execute.events import Event
from core.execute.machine import Machine
from core.execute.timeline import Position, Timeline
from core.health.compare import SecondRun
from core.health.remedies import Mended, apply, offered
from core.library import open_target
from core.program.ir import Program
from core.session import Session, session_of

SYMMETRIC = {"np.random.randn(3, 2)": "np.ones((3, 2))", "np.random.randn(1, 3)": "np.ones((1, 3))"}


def run(program: Program, id: str, iterations: int, choice: str = "", session: Session | None = None) -> SecondRun:
    made = SecondRun(program, apply(id, program, None, choice), () if session is None else session.timeline.events, None, choice)
    for _ in range(iterations):
        made.step()
    return made


def scan(one: Machine, other: Machine) -> int | None:
    """Return k of the first operation of the same name whose result differs in any bit, by looking at every one."""
    a, b = one.program, other.program
    named = {b.values[i.result].label: i.result for i in b.instructions}
    for i in a.instructions:
        value = a.values[i.result]
        if value.kind != "part" and value.label in named:
            x, y = np.asarray(one.peek(value.index)), np.asarray(other.peek(named[value.label]))
            if x.shape != y.shape or x.dtype != y.dtype:
                return i.index + 1
            if x.dtype.kind == "f" and np.array_equal(np.isnan(x), np.isnan(y)):
                x, y = np.where(np.isnan(x), 0, x), np.where(np.isnan(y), 0, y)  # one NaN is as good as another
            if x.tobytes() != y.tobytes():
                return i.index + 1
    return None


@pytest.mark.parametrize("name", ["xor", "flower", "rows", "first-seed"])
def test_the_first_difference_is_that_of_a_whole_scan(name: str) -> None:
    program = open_target(name).program
    for id, mended in offered(program).items():
        if not isinstance(mended, Mended):
            continue
        made = run(program, id, 6)
        timelines = Timeline(program), Timeline(mended.program)
        found = None
        for iteration in range(1, 7):
            k = scan(*(t.machine_at(iteration) for t in timelines))
            if k is not None:
                found = (iteration, k)
                break
        difference = made.difference
        assert (None if difference is None else (difference.iteration, difference.k)) == found, id
        if difference is not None:
            assert difference.old != difference.new and difference.shown[0] != difference.shown[1]


@given(nets(), st.data())
@SETTINGS(25)
def test_the_first_difference_in_any_program(written: Net, data: st.DataObject) -> None:
    program = load(written.text)
    fitting = [m for m in offered(program).values() if isinstance(m, Mended)]
    if program.fault is not None or not fitting:
        return
    mended = data.draw(st.sampled_from(fitting))
    made = SecondRun(program, mended)
    while made.done < 4 and made.step():
        pass
    timelines = Timeline(program), Timeline(mended.program)
    places = ((i, scan(*(t.machine_at(i) for t in timelines))) for i in range(1, made.done + 1))
    wanted = next(((i, k) for i, k in places if k is not None), None)
    difference = made.difference
    if not any(made.stopped):
        assert (None if difference is None else (difference.iteration, difference.k)) == wanted
    assert made.verdict().text and all(made.stays())


def test_both_losses_are_those_of_the_programs_by_themselves() -> None:
    program = open_target("first-seed").program
    made = run(program, "smaller-rate", 30)
    for losses, alone in zip(made.losses, (program, made.mended.program), strict=True):
        timeline = Timeline(alone)
        timeline.run(30)
        assert list(losses) == timeline.losses


def test_a_second_run_leaves_the_session_as_it_is() -> None:
    session = session_of(open_target("xor"))
    session.go(3, 5)
    losses, at = list(session.timeline.losses), session.timeline.position
    made = run(session.moment().base or session.program, "smaller-rate", 200)
    assert made.done == 200 and session.timeline.losses == losses and session.timeline.position == at == Position(3, 5)


def test_the_flower_with_a_fused_loss_ends_the_nan_and_nothing_else() -> None:
    program = open_target("flower").program
    made = run(program, "fused-loss", 3500)
    old, new = (np.array(x) for x in made.losses)
    assert not np.isfinite(old[-1]) and np.isfinite(new).all()
    assert made.difference is not None and (made.difference.iteration, made.difference.name) == (1, "L")
    verdict = made.verdict()
    assert verdict.kind == "better" and "stays finite" in verdict.text
    assert "still too long" in made.stays()[0], "the rate is too large as before"
    assert any("A2 is still saturated at the wrong label" in text for text in made.stays()), "the saturation stays too"
    mended, values = made.second.program_at(1), made.second.values
    at = {mended.values[i].label: np.asarray(values[i]) for i in (*mended.inputs.values(), *mended.makers)}
    accuracy = float(np.mean((at["A2"] > 0.5) == (at["Y"] > 0.5)))
    assert 0.6 < accuracy < 0.85, "about 72 %: it does not learn the petals"


def test_a_fused_loss_leaves_the_saturation_and_says_so() -> None:
    text = open_target("flower").program.text.replace("np.sqrt(2 / 4)", "900").replace("lr = 1.2", "lr = 1e-6")
    made = run(load(text), "fused-loss", 2)
    assert not np.isfinite(made.losses[0]).any() and np.isfinite(made.losses[1]).all()
    assert any("A2 is still saturated at the wrong label" in said for said in made.stays())


def test_a_smaller_rate_ends_the_jumps_of_the_flower_at_first() -> None:
    program = open_target("flower").program
    made = run(program, "smaller-rate", 300, "10")
    old, new = (np.array(x) for x in made.losses)
    assert np.sum(np.diff(old) > 0) > 30 > np.sum(np.diff(new) > 0)
    assert made.difference is not None and made.difference.name == "W2_next"
    assert made.verdict().kind == "worse", "slower: after so few iterations the loss is higher"


def test_units_that_are_alike_become_different() -> None:
    text = open_target("xor").program.text
    for old, new in SYMMETRIC.items():
        text = text.replace(old, new)
    program = load(text)
    made = run(program, "break-symmetry", 3000)
    first, second = (np.asarray(t.state_before(3000)["W1"]) for t in (made.first, made.second))
    assert np.array_equal(first[0], first[1]) and not np.allclose(second[0], second[1])
    assert made.verdict().kind == "better"
    smaller = run(program, "break-symmetry", 300, "0.1")
    assert smaller.verdict().kind == "worse", "it stands still for long before the units part"


def test_equal_programs_do_not_differ() -> None:
    program = open_target("xor").program
    made = run(program, "clip", 50, "5")
    assert made.verdict().text.startswith("No difference") and made.verdict().kind == "same"
    assert SecondRun(program, made.mended).verdict().kind == "open"


def test_changes_by_hand_are_made_in_both_runs() -> None:
    session = session_of(open_target("xor"))
    session.go(5, 0)
    session.change_cell(session.program.inputs["W1"], (0, 0), "2.5")
    made = run(open_target("xor").program, "clip", 10, "5", session)
    for timeline in (made.first, made.second):
        assert np.asarray(timeline.state_before(5)["W1"])[0, 0] == 2.5
    assert not made.notes


def test_what_the_remedy_sets_by_itself_is_not_set_by_hand_again() -> None:
    session = session_of(open_target("xor"))
    session.change_cell(session.program.inputs["lr"], (), "9")
    base = session.moment().base
    assert base is not None
    event = session.timeline.events[0]
    assert isinstance(event, Event)
    made = run(open_target("xor").program, "smaller-rate", 3, "3", session)
    assert made.second.program_at(3).first_values["lr"] == 1.0 and made.first.program_at(3).first_values["lr"] == 9
    assert any("lr" in note for note in made.notes)


def test_another_optimizer_by_hand_gets_the_remedy_too() -> None:
    session = session_of(open_target("flower"))
    session.go(4, 0)
    session.use_optimizer("adam")
    made = run(open_target("flower").program, "fused-loss", 6, "", session)
    mended = made.second.program_at(5)
    assert "bce_with_logits" in mended.text and "mW1_hat" in mended.text and np.isfinite(made.losses[1]).all()


def test_a_program_that_stops_is_said() -> None:
    program = open_target("xor").program
    made = run(program, "smaller-rate", 2)
    made.stopped[1] = "a line of it cannot run in iteration 3"
    assert made.verdict().kind == "worse"
    assert made.step() and made.done == 3
    made.stopped[0] = made.stopped[1]
    assert not made.step() and made.ended
