"""Accuracy in the window: said beside the loss, of the place looked at, only where there is something to judge by."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.library import open_target
from core.session import Session
from stepper.main_window import MainWindow
from stepper.widgets.numbers import percent
from stepper.widgets.score_label import ScoreLabel


def test_a_program_that_was_written_shows_none(window: MainWindow) -> None:
    assert window.loss_view.scores.isHidden()
    assert window.loss_view.scores.text() == ""


def test_the_window_says_how_good_the_network_is_here(window: MainWindow) -> None:
    assert window.controller.open("iris")
    label = window.loss_view.scores
    session = window.controller.session
    assert session is not None
    for iteration, k in ((1, 0), (9, 25), (10, 0), (10, 7), (3, 4)):
        session.go(iteration, k)
        window.drawer.draw_now()
        found = session.scores_at(iteration + (k == len(session.program)))
        assert label.text() == f"accuracy {percent(found['accuracy'])}, held out {percent(found['held_out_accuracy'])}"
    assert label.isVisible()
    assert "never trained on" in label.toolTip()
    assert window.controller.open("xor")
    window.drawer.draw_now()
    assert label.isHidden()


def test_they_follow_a_run(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.open("iris")
    window.controller.set_speed(0)
    window.controller.toggle_run()
    qtbot.waitUntil(lambda: window.moment is not None and window.moment.position.iteration > 60, timeout=20_000)
    window.controller.stop()
    QApplication.processEvents()
    window.drawer.draw_now()
    assert window.moment is not None
    assert window.controller.session is not None
    found = window.controller.session.scores_at(window.moment.position.iteration + 1)
    assert percent(found["held_out_accuracy"]) in window.loss_view.scores.text()
    assert found["held_out_accuracy"] > 0.9


@pytest.mark.parametrize("width", [700, 1280])
def test_they_do_not_make_the_window_wider(window: MainWindow, qtbot: QtBot, width: int) -> None:
    window.controller.open("iris")
    window.resize(width, 600)
    window.drawer.draw_now()
    qtbot.wait(20)
    assert window.width() == width


def test_a_file_keeps_its_evaluations(window: MainWindow, tmp_path: Path) -> None:
    file = tmp_path / "sine.toml"
    file.write_text(
        '[network]\nlayers = [{units = 4, activation = "tanh"}, {units = 1, activation = "identity"}]\n'
        '[data]\nsource = "sine"\nheld_out = 0.25\n',
        "utf-8",
    )
    window.open_file(str(file))
    window.drawer.draw_now()
    assert window.loss_view.scores.text().startswith("held-out loss ")


def test_the_words(qtbot: QtBot) -> None:
    label = ScoreLabel()
    qtbot.addWidget(label)
    for scores, text in (
        ({"accuracy": 0.9666, "held_out_accuracy": 0.95, "held_out_loss": 0.2}, "accuracy 96.7 %, held out 95 %"),
        ({"accuracy": 1.0}, "accuracy 100 %"),
        ({"held_out_loss": 0.25}, "held-out loss 0.25"),
        ({}, ""),
    ):
        label.say(scores)
        assert label.text() == text
        assert label.isHidden() == (not text)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.9999, "99.9 %"),
        (0.0001, "0.1 %"),
        (0.5, "50 %"),
        (1 / 3, "33.3 %"),
        (float("nan"), "NaN"),
    ],
)
def test_not_quite_all_never_looks_like_all(share: float, text: str) -> None:
    assert percent(share) == text


def test_a_picture_shows_them_too() -> None:
    found = open_target("digits")
    session = Session(found.program, found.title, found.evaluations)
    assert session.moment().scores["accuracy"] < 0.5
