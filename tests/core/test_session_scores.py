"""How good the network is at a place: the evaluations run with the parameters of that place, once, when asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from core import scoring
from core.execute.runner import Runner
from core.library import Opened, open_target
from core.network_file import Evaluation, scores
from core.report import training
from core.session import Session


@pytest.fixture
def iris() -> Opened:
    return open_target("iris")


def made(opened: Opened) -> Session:
    return Session(opened.program, opened.title, opened.evaluations)


def test_they_are_those_that_a_training_reports(iris: Opened) -> None:
    rows = [r for r in training(iris.program, 12, iris.evaluations) if "accuracy" in r]
    session = made(iris)
    assert len(rows) == 3
    for row in rows:
        session.go(row["iteration"], len(iris.program))
        found = session.moment().scores
        assert set(found) == {"accuracy", "held_out_accuracy", "held_out_loss"}
        assert all(found[k] == row[k] for k in found)


def test_they_are_those_of_the_place(iris: Opened) -> None:
    session = made(iris)
    session.go(3, 5)
    inside = session.moment().scores
    assert inside == session.scores_at(3)
    session.go(3, len(iris.program))
    assert session.moment().scores == session.scores_at(4)
    session.go(4, 0)
    assert session.moment().scores == session.scores_at(4) != inside


@pytest.mark.parametrize("budget", [1, 10**9])
def test_going_about_changes_neither_them_nor_the_values(iris: Opened, budget: int) -> None:
    runner = Runner(iris.program)
    for _ in range(20):
        runner.step()
    wanted = scores(iris.evaluations, runner.state)
    session = made(iris)
    session.timeline._budget = budget
    session.go(30, 3)
    losses = list(session.timeline.losses)
    assert session.scores_at(21) == wanted
    assert session.timeline.position.iteration == 30
    session.run(5)
    assert session.timeline.losses[: len(losses)] == losses
    assert session.timeline.position.iteration == 34


def test_a_moment_keeps_its_own(iris: Opened) -> None:
    session = made(iris)
    session.go(2, 0)
    early = session.moment()
    session.go(40, 0)
    assert early.scores == session.scores_at(2)
    assert early.scores != session.scores_at(40)


def test_each_is_computed_once_and_only_when_asked(iris: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    plain = Evaluation.run

    def counted(self: Evaluation, state: Mapping[str, Any]) -> dict[str, float]:
        asked.append(self.part)
        return plain(self, state)

    monkeypatch.setattr(Evaluation, "run", counted)
    session = made(iris)
    session.go(5, 0)
    moments = [session.moment() for _ in range(3)]
    assert asked == []
    assert moments[0].scores == moments[1].scores
    session.go(5, 9)
    assert session.moment().scores
    assert asked == ["training", "held-out"]


def test_a_run_asks_at_most_five_times_a_second(iris: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(scoring.time, "monotonic", lambda: now[0])
    session = made(iris)
    session.set_running(True)
    session.run(1)
    first = session.moment().scores
    session.run(10)
    now[0] += 0.1
    assert session.moment().scores is first
    now[0] += 0.11
    assert session.moment().scores == session.scores_at(12) != first
    session.run(3)
    session.set_running(False)
    assert session.moment().scores == session.scores_at(15)


def test_the_memory_of_them_is_bounded(iris: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "MOST_SCORES", 3)
    session = made(iris)
    for iteration in range(1, 8):
        session.scores_at(iteration)
    assert len(session._scores) == 3


def test_a_program_that_was_written_has_none() -> None:
    session = made(open_target("xor"))
    assert session.moment().scores == {}
    assert session.scores_at(1) == {}
