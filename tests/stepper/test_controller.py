"""The controller: what a person does becomes calls of the session; its changes become one signal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from core.session import Moment
from stepper.controller import Controller


def place(controller: Controller) -> tuple[int, int]:
    assert controller.session is not None
    at = controller.session.timeline.position
    return at.iteration, at.k


def test_opening_tells_first_what_was_opened_then_where_it_stands(controller: Controller) -> None:
    told: list[str] = []
    controller.opened.connect(lambda m: told.append(f"opened {m.title}"))
    controller.changed.connect(lambda m: told.append(f"at {m.position.iteration} {m.k}"))
    assert controller.open("xor")
    assert told == ["opened xor", "at 1 0"]


@pytest.mark.parametrize("size", ["operation", "statement", "phase", "iteration"])
def test_earlier_undoes_later(controller: Controller, size: str) -> None:
    controller.open("xor")
    places = [place(controller)]
    for _ in range(40):
        controller.later(size)
        places.append(place(controller))
    assert len(set(places)) == 41
    for expected in reversed(places[:-1]):
        controller.earlier(size)
        assert place(controller) == expected
    controller.earlier(size)
    assert place(controller) == (1, 0)


def test_values_are_the_same_bits_when_one_comes_back(controller: Controller) -> None:
    moments: list[Moment] = []
    controller.changed.connect(moments.append)
    controller.open("xor")
    controller.to_iteration(5)
    controller.earlier("operation")
    before = moments[-1]
    controller.to_iteration(40)
    controller.to_start()
    controller.to_iteration(5)
    controller.earlier("operation")
    after = moments[-1]
    assert before.position == after.position
    for value in before.program.values:
        a, b = before.value(value.index), after.value(value.index)
        assert (a is None) == (b is None)
        assert a is None or b is None or (a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True))


def test_a_click_on_a_line_stands_just_after_it(controller: Controller) -> None:
    controller.open("xor")
    assert controller.session is not None
    controller.to_statement(3)
    assert place(controller) == (1, controller.session.program.statements[3].last)


def test_an_iteration_on_the_curve_is_gone_to(controller: Controller) -> None:
    controller.open("xor")
    assert controller.session is not None
    controller.to_iteration(7)
    assert place(controller) == (7, len(controller.session.program))
    controller.to_iteration(0)
    assert place(controller)[0] == 7


def test_selection_is_part_of_the_moment(controller: Controller) -> None:
    moments: list[Moment] = []
    controller.changed.connect(moments.append)
    controller.open("xor")
    controller.select(3, (0, 1))
    assert (moments[-1].selection.value, moments[-1].selection.cell) == (3, (0, 1))


@pytest.mark.parametrize("per_second", [30, 0])
def test_running_goes_on_by_itself_and_stops(controller: Controller, qtbot: QtBot, per_second: int) -> None:
    moments: list[Moment] = []
    controller.changed.connect(moments.append)
    controller.open("xor")
    controller.set_speed(per_second)
    controller.toggle_run()
    assert moments[-1].running
    qtbot.waitUntil(lambda: place(controller)[0] >= 4, timeout=5000)
    controller.toggle_run()
    assert not moments[-1].running
    stood = place(controller)
    qtbot.wait(120)
    assert place(controller) == stood
    assert len(moments[-1].losses) == stood[0]


def test_a_step_stops_a_run(controller: Controller, qtbot: QtBot) -> None:
    controller.open("xor")
    controller.toggle_run()
    controller.earlier("operation")
    assert controller.session is not None
    assert not controller.session.running


def test_a_file_that_cannot_be_opened_is_said_and_changes_nothing(controller: Controller, tmp_path: Path) -> None:
    said: list[str] = []
    controller.said.connect(said.append)
    controller.open("xor")
    controller.to_iteration(3)
    session = controller.session
    bad = tmp_path / "bad.py"
    bad.write_text("# forward\nimport os\n", "utf-8")
    assert not controller.open(str(bad))
    assert not controller.open(str(tmp_path / "missing.py"))
    assert controller.session is session
    assert controller.target == "xor"
    assert place(controller)[0] == 3
    assert len(said) == 2
    assert said[0].startswith("bad.py, line 2, column")
    assert all("\n" not in s and "Traceback" not in s for s in said)


def test_a_line_that_fails_is_said_when_it_is_reached_and_again_when_one_comes_back(
    controller: Controller, tmp_path: Path
) -> None:
    said: list[str] = []
    controller.said.connect(said.append)
    file = tmp_path / "mismatch.py"
    file.write_text(
        "# data\nX = np.array([[0.0, 1.0], [1.0, 0.0]])\n# parameters\nW = np.zeros((3, 5))\n"
        "# forward\nA = X + 1\nZ = W @ A\nL = mean(Z)\n",
        "utf-8",
    )
    assert controller.open(str(file))
    assert said == []
    controller.later("operation")
    assert len(said) == 1
    assert "Z = W @ A" in said[0]
    assert "W is 3×5" in said[0]
    controller.later("operation")
    controller.toggle_run()
    assert len(said) == 1
    controller.earlier("operation")
    controller.later("operation")
    assert len(said) == 2


def test_nothing_happens_before_anything_is_open(controller: Controller) -> None:
    for do in (controller.later, controller.earlier, controller.to_start, controller.toggle_run, controller.stop):
        do()
    controller.to_statement(1)
    controller.to_iteration(2)
    controller.select(1, None)
    assert controller.session is None
