"""Tracks: what is taken live, what is filled in by replay, and what a change by hand makes forgotten."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers.programs import SETTINGS
from hypothesis import given
from hypothesis import strategies as st

from core.complete import load
from core.execute.events import Event
from core.execute.meters import norm, weights_of
from core.execute.timeline import Course, Position, Timeline
from core.execute.tracks import MOST_SCORES, Tracks
from core.library import example_text, open_target
from core.program.ir import Program
from core.session import Session

IDS = ("gradient:1", "gradient:2", "update:1", "update:2", "watch:W1[0, 0]", "watch:iteration * L", "watch:norm(dW1)")


def plain(program: Program, iterations: int) -> dict[str, np.ndarray]:
    """Return the same numbers computed from the values of the Machine."""
    timeline, found = Timeline(program), {id: list[float]() for id in IDS}
    for iteration in range(1, iterations + 1):
        timeline.go(Position(iteration, len(program)))
        v: dict[str, Any] = {x.label: timeline.machine.peek(x.index) for x in program.values}
        for layer in (1, 2):
            w, after = v[f"W{layer}"], v[f"W{layer}_next"]
            found[f"gradient:{layer}"].append(np.linalg.norm(v[f"dW{layer}"]))
            found[f"update:{layer}"].append(np.linalg.norm(after - w) / np.linalg.norm(w))
        found["watch:W1[0, 0]"].append(v["W1_next"][0, 0])
        found["watch:iteration * L"].append(iteration * float(v["L"]))
        found["watch:norm(dW1)"].append(np.linalg.norm(v["dW1"]))
    return {id: np.array(numbers) for id, numbers in found.items()}


@pytest.mark.parametrize("name", ["xor", "first-seed", "flower"])
@pytest.mark.parametrize("live", [True, False])
def test_live_and_replayed_numbers_are_the_same(name: str, live: bool) -> None:
    program = load(example_text(name))
    timeline = Timeline(program)
    tracks = Tracks(timeline)
    if live:
        tracks.want(IDS)
    for n in range(len(program) + 1):
        timeline.go(Position(1, n))
    timeline.run(40)
    assert tracks.reached == len(timeline.losses) == 41
    tracks.want(IDS)
    assert tracks.complete() is live
    while not tracks.fill(0.001):
        pass
    for id, wanted in plain(program, 41).items():
        assert tracks.known(id).all()
        np.testing.assert_allclose(tracks.series(id), wanted, rtol=1e-12, atol=0)
    assert tracks.series("loss").tolist() == timeline.losses
    assert timeline.position == Position(41, len(program)), "catching up goes nowhere"


def test_what_is_not_wanted_is_not_taken_and_unknown_is_not_known() -> None:
    timeline = Timeline(load(example_text("xor")))
    tracks = Tracks(timeline)
    timeline.run(20)
    assert not tracks.known("gradient:1").any() and np.isnan(tracks.series("gradient:1")).all()
    tracks.want(["gradient:1"])
    timeline.run(300)
    assert tracks.known("gradient:1").sum() == 300 and tracks.series("gradient:1").size == 320
    assert tracks.fill(60) and tracks.known("gradient:1").all()


def test_not_finite_is_known_and_nan() -> None:
    timeline = Timeline(load(example_text("flower")))
    tracks = Tracks(timeline)
    timeline.run(5000)
    tracks.want(["gradient:1", "update:2", "watch:L"])
    assert tracks.fill(60)
    for id in ("gradient:1", "update:2", "watch:L", "loss"):
        series, known = tracks.series(id), tracks.known(id)
        assert known.all() and np.isnan(series[-1]) and np.isfinite(series[:1000]).all() and not np.isinf(series).any()


def test_a_change_by_hand_forgets_what_follows() -> None:
    program = load(example_text("xor"))
    timeline = Timeline(program)
    tracks = Tracks(timeline)
    tracks.want(IDS)
    timeline.run(30)
    before = {id: tracks.series(id).copy() for id in IDS}
    course = timeline.course()
    timeline.take(Course((Event(11, "W1 changed", {"W1": np.zeros((3, 2))}),), course.losses[:10]))
    assert tracks.reached == 10 and tracks.series("loss").tolist() == list(course.losses[:10])
    timeline.go(Position(1, 0))
    timeline.run(30)
    assert tracks.fill(60)
    for id in IDS:
        assert (tracks.series(id)[:10] == before[id][:10]).all() and (tracks.series(id)[10:] != before[id][10:]).any()
    timeline.take(course)
    assert tracks.fill(60)
    for id in IDS:
        np.testing.assert_array_equal(tracks.series(id), before[id])


def test_the_tracks_of_a_program_and_of_watches() -> None:
    session = Session(load(example_text("xor")), "xor")
    tracks = Tracks(session.timeline)
    assert [t.id for t in tracks.built_in()] == [
        "loss", "gradient:1", "gradient:2", "update:1", "update:2", "saturated:1", "saturated:2",
    ]  # fmt: skip
    assert weights_of(session.program) == {1: ("W1",), 2: ("W2",)}
    assert all(t.sentence.endswith(".") and not t.problem for t in tracks.built_in())
    assert tracks.watch("W1").problem.startswith("`W1` is 3×2; only one number can be plotted")
    assert "did you mean" in tracks.watch("dW3").problem
    assert not tracks.watch("L").problem
    tracks.want(["watch:W1", "watch:dW3", "watch:", "gradient:9", "nonsense"])
    session.run(3)
    assert tracks.complete() and not tracks.known("watch:W1").any(), "what has no numbers is never waited for"


def test_scores_are_sparse() -> None:
    opened = open_target("iris")
    session = Session(opened.program, "iris", opened.evaluations)
    asked: list[int] = []

    def scores(iteration: int) -> Any:
        asked.append(iteration)
        return session.scores_at(iteration)

    tracks = Tracks(session.timeline, scores, ("accuracy", "held_out_loss", "held_out_accuracy"))
    assert [t.id for t in tracks.built_in()][:4] == ["loss", "held_out_loss", "accuracy", "held_out_accuracy"]
    session.run(900)
    assert not asked
    tracks.want(["accuracy"])
    while not tracks.fill(0.01):
        pass
    known = tracks.known("held_out_accuracy")
    assert 100 <= known.sum() < MOST_SCORES and len(asked) == known.sum()
    at = int(np.flatnonzero(known)[5]) + 1
    assert tracks.series("accuracy")[at - 1] == session.scores_at(at + 1)["accuracy"]


@SETTINGS(100)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=6))
def test_norms_do_not_overflow(numbers: list[float]) -> None:
    with np.errstate(all="ignore"):
        wanted = float(np.hypot.reduce(numbers)) if numbers else 0.0
        assert norm([np.array(numbers)]) == pytest.approx(wanted, rel=1e-12, abs=0)
