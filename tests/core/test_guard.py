"""The guard of a run at full speed, and chains of whatever the rules find in random programs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from helpers.programs import SETTINGS, nets
from hypothesis import given
from hypothesis import strategies as st

from core.complete import load
from core.execute.events import Event
from core.execute.timeline import Course, Position, Timeline
from core.explain.arithmetic import why
from core.health.cause import chain, roots
from core.health.guard import EVERY, Guard, first_bad
from core.health.lineage import Lineage
from core.health.monitor import Monitor
from core.library import open_target
from core.program.ir import Program

HIDDEN = """\
# data
X = np.array([[1.0, 2.0], [0.5, 3.0]])
Y = np.array([[1.0, 0.0]])
samples = "columns"
# parameters
W = np.array([[0.1, 0.2]])
s = 1.0
lr = 0.01
# forward
Z = W @ X
A = where(Z > 0, Z, 0)
# loss
L = mse(A, Y)
# update
s = s * 1e40
"""


def index_of(program: Program, label: str) -> int:
    return next(v.index for v in program.values if v.label == label)


def test_a_healthy_run_raises_no_alarm_and_has_no_first_bad_operation() -> None:
    timeline = Timeline(open_target("xor").program)
    guard = Guard(timeline)
    assert timeline.run(200)
    assert guard.alarm is None
    assert first_bad(timeline, 200) is None


def test_a_state_that_the_loss_does_not_show_is_seen_within_sixteen_iterations() -> None:
    program = load(HIDDEN)
    timeline = Timeline(program)
    guard = Guard(timeline)
    for _ in timeline.iterate(1, 100):
        if guard.alarm is not None:
            break
    assert guard.alarm == EVERY
    assert np.isfinite(timeline.losses).all()
    # 1e40 to the eighth is the first beyond float64.
    assert first_bad(timeline, guard.alarm) == Position(8, program.makers[index_of(program, "s_next")] + 1)


def test_the_end_of_a_run_can_be_checked() -> None:
    timeline = Timeline(load(HIDDEN))
    guard = Guard(timeline)
    timeline.run(10)
    assert guard.alarm is None
    guard.check(10)
    assert guard.alarm == 10


def test_one_alarm_is_raised_until_a_change_by_hand_makes_the_course_another() -> None:
    timeline = Timeline(load(HIDDEN))
    guard = Guard(timeline)
    timeline.run(40)
    assert guard.alarm == EVERY
    guard.reset()
    timeline.run(40)
    assert guard.alarm is None
    timeline.take(Course((Event(5, "s = 1", {"s": 1.0}, {}),)))
    timeline.run(40)
    assert guard.alarm == EVERY
    assert first_bad(timeline, EVERY) is not None


def test_a_change_by_hand_that_is_not_finite_is_found_where_it_was_made() -> None:
    program = open_target("xor").program
    timeline = Timeline(program)
    bad = np.array(timeline.state_before(1)["W1"])
    bad[1, 0] = np.inf
    timeline.take(Course((Event(7, "W1[1, 0] = ∞", {"W1": bad}, {"W1": frozenset({(1, 0)})}),)))
    guard = Guard(timeline)
    for _ in timeline.iterate(1, 60):
        if guard.alarm is not None:
            break
    assert guard.alarm is not None
    assert first_bad(timeline, guard.alarm) == Position(7, 0)


def test_a_chain_far_after_its_cause_passes_over_the_iterations_between() -> None:
    program = open_target("xor").program
    timeline = Timeline(program)
    bad = np.array(timeline.state_before(1)["W2"])
    bad[0, 2] = np.nan
    timeline.take(Course((Event(3, "W2[0, 2] = NaN", {"W2": bad}, {"W2": frozenset({(0, 2)})}),)))
    timeline.run(500)
    finding: Any = SimpleNamespace(rule="nonfinite", value=program.loss, cells=(), text="")
    links = chain(timeline, 500, finding)
    assert (links[-1].iteration, links[-1].step, links[-1].cell) == (3, 0, (0, 2))
    assert {link.iteration for link in links} <= {3, 4, 500}
    assert roots([links, chain(timeline, 4, finding)]) == [[0, 1]]


def descends(timeline: Timeline, at: int, value: int, cell: Any, known: dict[Any, Any]) -> tuple[Any, ...]:
    """Return the earliest place that a bad cell descends from, over iterations, by brute force: (iteration, k, rank, cell)."""
    key = (at, value, cell)
    if key in known:
        return known[key]
    program, values = timeline.program_at(at), timeline.machine_at(at).values
    maker = program.makers.get(value)
    found: list[tuple[Any, ...]] = []
    if maker is None:
        name = program.values[value].name
        if at > 1 and name in program.carried:
            end = program.carried[name][1]
            if not np.isfinite(np.asarray(timeline.machine_at(at - 1).values[end])[cell]):
                found.append(descends(timeline, at - 1, end, cell, known))
        rank = list(program.inputs.values()).index(value)
        known[key] = min(found, default=(at, 0, rank, cell))
        return known[key]
    i = program.instructions[maker]
    seen = [np.asarray(o.number if o.value is None else values[o.value]) for o in i.operands]
    seen = [s.T if o.transposed else s for s, o in zip(seen, i.operands, strict=True)]
    for o, s, cells in zip(i.operands, seen, why(i, seen, values[value], cell).sources, strict=True):
        for c in cells if s.dtype.kind == "f" else ():
            if o.value is not None and not np.isfinite(s[c]):
                found.append(descends(timeline, at, o.value, c[::-1] if o.transposed else c, known))
    known[key] = min(found, default=(at, maker + 1, 0, cell))
    return known[key]


@SETTINGS(40)
@given(nets(dtype="float64"), st.data())
def test_origins_over_iterations_are_what_a_scan_of_all_of_them_finds(net: Any, data: Any) -> None:
    program = load(net.text)
    timeline = Timeline(program, budget=data.draw(st.sampled_from([1, 10**9])))
    events: list[Event] = []
    for at in sorted(data.draw(st.sets(st.integers(1, 4), min_size=1, max_size=2))):
        name = data.draw(st.sampled_from(program.trainable))
        array = np.array(timeline.state_before(at)[name])
        array.reshape(-1)[data.draw(st.integers(0, 20)) % array.size] = data.draw(
            st.sampled_from([np.nan, np.inf, -np.inf, 1e160, -1e300])
        )  # fmt: skip
        events.append(Event(at, "hurt", {name: array}, {}))
    timeline.take(Course(tuple(events)))
    asked = data.draw(st.integers(1, 6))
    lineage = Lineage(timeline, asked)
    known: dict[Any, Any] = {}
    for value in list(lineage.marks(asked)):
        for cell in np.argwhere(~np.isfinite(np.asarray(lineage.values(asked)[value])))[:4]:
            at = tuple(int(c) for c in cell)
            _, origin = lineage.origin(asked, value, at)
            iteration, place, _, where = descends(timeline, asked, value, at, known)
            assert (origin.iteration, origin.place, origin.cell) == (iteration, place, where)


@SETTINGS(25)
@given(nets(), st.data())
def test_whatever_is_found_has_a_chain_of_whole_sentences_to_places_that_are_there(net: Any, data: Any) -> None:
    program = load(net.text)
    timeline = Timeline(program)
    name = data.draw(st.sampled_from(program.trainable))
    array = np.array(timeline.state_before(1)[name])
    array.reshape(-1)[0] = data.draw(st.sampled_from([1.0, 30.0, -50.0, 1e10, 1e30, 0.0, np.inf]))
    timeline.take(Course((Event(1, "changed", {name: array}, {}),)))
    monitor = Monitor(timeline)
    for iteration in (1, 2, 5):
        timeline.go(Position(iteration, len(program)))
        monitor.stand()
        for finding in monitor.current():
            links = chain(timeline, iteration, finding)
            assert links
            assert links[0].value == finding.value
            for link in links:
                assert 0 <= link.step <= len(timeline.program_at(link.iteration))
                assert link.iteration <= iteration
                assert link.text.endswith(".")
                if link.cell is not None:
                    there = np.asarray(timeline.machine_at(link.iteration).values[link.value])
                    assert link.cell in np.ndindex(there.shape)
