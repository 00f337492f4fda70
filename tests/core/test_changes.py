"""Changes by hand: what they change, what is out of date after them, and that taking them back leaves no trace."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.bits import bits, floats
from helpers.programs import SETTINGS
from helpers.twin import BATCHED, Twin, change
from hypothesis import given
from hypothesis import strategies as st

from core.changes import refusal, typed, with_optimizer
from core.complete import load
from core.errors import ChangeError
from core.library import open_target
from core.session import SIZES, Session


def check(session, twin):
    """Whatever a moment shows as current is what the twin computes; what it shows otherwise is marked."""
    m = session.moment()
    fresh, losses = twin.machine(m.position.iteration)
    for index, value in enumerate(m.program.values):
        shown = m.value(index)
        if shown is not None and index not in m.stale:
            assert bits(shown) == bits(np.asarray(fresh.peek(index))), (value.label, m.position)
    done = min(len(losses), len(m.losses))
    assert floats(m.losses[:done]) == floats(losses[:done])
    assert [e.iteration for e in m.events] == [at for at, _ in twin.changes]
    for index in m.stale:  # what is out of date was computed, and really may differ
        assert m.value(index) is not None


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("later"), st.sampled_from(SIZES)),
        st.tuples(st.just("earlier"), st.sampled_from(SIZES)),
        st.tuples(st.just("run"), st.integers(1, 4)),
        st.tuples(st.just("go"), st.tuples(st.integers(1, 6), st.integers(0, 30))),
        st.tuples(
            st.just("change"), st.tuples(st.sampled_from(["W", "b", "v", "X", "Y", "lr"]), st.integers(0, 5), st.floats(-3, 3))
        ),
        st.tuples(st.just("undo"), st.just(None)),
        st.tuples(st.just("redo"), st.just(None)),
        st.tuples(st.just("recompute"), st.just(None)),
        st.tuples(st.just("what_if"), st.booleans()),
        st.tuples(st.just("weights"), st.just(None)),
    ),
    max_size=14,
)


@given(ACTIONS)
@SETTINGS(60)
def test_after_any_edits_nothing_stale_is_shown_as_current(actions):
    session = Session(load(BATCHED), "batched")
    program = session.program
    twin = Twin(program)
    for action, what in actions:
        iteration = session.timeline.iteration
        if action in ("later", "earlier"):
            getattr(session, action)(what)
        elif action == "run":
            session.run(what)
        elif action == "go":
            session.go(*what)
        elif action == "change":
            name, at, number = what
            change(session, twin, name, at, number)
        elif action == "undo" and twin.back:
            session.undo()
            twin.undone.append(twin.changes)
            twin.changes = twin.back.pop()
        elif action == "redo" and twin.undone:
            session.redo()
            twin.back.append(twin.changes)
            twin.changes = twin.undone.pop()
        elif action == "recompute":
            session.recompute()
            assert not session.moment().stale
        elif action == "what_if":
            session.set_what_if(what)
        elif action == "weights":
            at = iteration + (session.timeline.position.k == len(program))
            session.back_to_first_weights()
            twin.do(at, {n: program.first_values[n] for n in program.carried})
        check(session, twin)


def test_an_edit_puts_what_follows_out_of_date_until_it_is_computed():
    session = Session(open_target("xor").program, "xor")
    p = session.program
    session.go(3, 8)
    before = {i: session.moment().value(i) for i in range(len(p.values))}
    session.change_cell(p.inputs["W2"], (0, 1), "2.5")
    m = session.moment()
    assert m.position.k == 8
    assert m.value(p.inputs["W2"])[0, 1] == 2.5
    assert m.edited == {p.inputs["W2"]: frozenset({(0, 1)})}
    labels = {p.values[i].label for i in m.stale}
    assert {"Z2", "A2", "L"} <= labels
    assert not labels & {"Z1", "A1", "W2", "X"}
    for i in m.stale:
        assert bits(m.value(i)) == bits(before[i])
    session.recompute()
    now = session.moment()
    assert not now.stale
    assert now.value(p.loss) != before[p.loss]
    a1 = now.value(next(v.index for v in p.values if v.label == "A1"))
    z2 = now.value(p.inputs["W2"]) @ a1 + now.value(p.inputs["b2"])
    assert np.array_equal(now.value(next(v.index for v in p.values if v.label == "Z2")), z2)


def test_what_if_computes_at_once():
    session = Session(open_target("xor").program, "xor")
    session.go(2, 8)
    session.set_what_if(True)
    before = session.moment().value(session.program.loss)
    session.change_cell(session.program.inputs["W1"], (0, 0), "-4")
    assert not session.moment().stale
    assert session.moment().value(session.program.loss) != before


def test_an_updated_parameter_is_changed_from_the_next_iteration_on():
    session = Session(open_target("xor").program, "xor")
    p = session.program
    start, end = p.carried["W1"]
    session.go(4, len(p))
    kept = session.moment().losses[:4]
    session.change_cell(end, (1, 1), "0.125")
    m = session.moment()
    assert (m.position.iteration, m.position.k) == (5, 0)
    assert m.value(start)[1, 1] == 0.125
    assert list(m.losses) == list(kept)
    session.undo()
    assert not session.moment().events
    with pytest.raises(ChangeError, match="not computed yet"):
        session.go(4, 3)
        session.change_cell(end, (1, 1), "1")


def test_undo_brings_the_old_course_back_and_redo_the_new():
    session, other = (Session(open_target("xor").program, "xor") for _ in range(2))
    session.run(20)
    other.run(20)
    old = list(session.moment().losses)
    session.go(10, 0)
    session.change_cell(session.program.inputs["lr"], (), "0.05")
    assert len(session.moment().losses) == 9
    assert list(session.moment().old_losses) == old
    session.run(11)
    new = list(session.moment().losses)
    assert new[9] == old[9]  # the rate is used by the update, after the loss of its iteration
    assert new[10] != old[10]
    session.undo()
    assert floats(session.moment().losses) == floats(old)
    session.go(20, len(session.program))
    other.go(20, len(other.program))
    assert [bits(session.moment().value(i)) for i in range(len(session.program.values))] == [
        bits(other.moment().value(i)) for i in range(len(other.program.values))
    ]
    session.redo()
    session.run(11)
    assert floats(session.moment().losses) == floats(new)


@pytest.mark.parametrize("name", ["momentum", "rmsprop", "adam", "adamw", "nesterov", "adagrad", "averaged_momentum", "sgd"])
def test_another_optimizer_from_here_on(name):
    session = Session(open_target("xor").program, "xor")
    session.go(5, 3)
    session.use_optimizer(name)
    session.go(6, 0)
    m = session.moment()
    w, g = m.value(m.program.inputs["W1"]), None
    session.later("iteration")
    m = session.moment()
    g = m.value(m.program.gradients["W1"])
    assert m.program.instructions[m.program.makers[m.program.gradients["W1"]]].adjoint_of is not None
    lr = 3.0
    expected = {
        "sgd": lr * g, "momentum": lr * g, "nesterov": lr * (g + 0.9 * g), "averaged_momentum": lr * (0.1 * g),
        "adagrad": lr * g / (np.abs(g) + 1e-8), "rmsprop": lr * g / (np.sqrt(0.1 * g**2) + 1e-8),
        "adam": lr * g / (np.abs(g) + 1e-8), "adamw": lr * g / (np.abs(g) + 1e-8) + lr * 0.01 * w,
    }[name]  # fmt: skip
    np.testing.assert_allclose(w - m.value(m.program.carried["W1"][1]), expected, rtol=1e-9, atol=1e-12)
    session.go(5, len(session.timeline.program_at(5)))
    assert session.program.text == open_target("xor").program.text
    session.undo()
    assert not session.moment().events


def test_changing_the_optimizer_twice_starts_its_state_anew():
    session = Session(open_target("digits").program, "digits")
    session.go(3, 0)
    session.use_optimizer("momentum")
    session.run(2)
    session.use_optimizer("adam")
    m = session.moment()
    names = [n for n in m.program.carried if n not in m.program.trainable]
    assert names
    assert all(not np.any(m.value(m.program.inputs[n])) for n in names if n in m.program.inputs)


def test_what_cannot_be_changed_is_said():
    session = Session(open_target("xor").program, "xor")
    p = session.program
    z1 = next(v.index for v in p.values if v.label == "Z1")
    assert "calculated from" in refusal(p, z1)
    assert refusal(p, p.inputs["W1"]) == "" == refusal(p, p.inputs["Y"]) == refusal(p, p.inputs["lr"])
    session.go(1, 5)
    for text in ("abc", "", "1,5", "0x10"):
        with pytest.raises(ChangeError, match="not a number"):
            session.change_cell(p.inputs["W1"], (0, 0), text)
    with pytest.raises(ChangeError, match="no cell"):
        session.change_cell(p.inputs["W1"], (9, 0), "1")
    with pytest.raises(ChangeError):
        session.change_cell(z1, (0, 0), "1")
    assert not session.moment().events


def test_numbers_are_read_in_the_type_of_what_they_replace():
    assert typed(" −1e-3 ", np.zeros(2), "W") == -1e-3
    assert typed("inf", np.zeros(2), "W") == np.inf
    assert np.isnan(typed("nan", np.zeros(2), "W"))
    assert typed("3", 5, "n") == 3
    assert isinstance(typed("3", 5, "n"), int)
    assert isinstance(typed("3", 5.0, "n"), float)
    assert typed("0.5", 5, "n") == 0.5
    assert typed("True", np.zeros(2, bool), "mask") is True
    with pytest.raises(ChangeError, match="whole numbers"):
        typed("0.5", np.zeros(2, np.int64), "labels")
    with pytest.raises(ChangeError, match="too large for float16"):
        typed("1e6", np.zeros(2, np.float16), "W")


def test_an_optimizer_cannot_take_the_place_of_updates_between_other_lines():
    program = load(BATCHED.replace("# update\nv = 0.9", "# update\nW = W - 0 * dW\n# backward\nq = 2 * L\n# update\nv = 0.9"))
    with pytest.raises(ChangeError):
        with_optimizer(program, "adam", 1)
    with pytest.raises(ChangeError, match="no optimizer"):
        with_optimizer(open_target("xor").program, "lion", 1)
