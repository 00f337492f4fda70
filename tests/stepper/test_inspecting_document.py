"""A document that was made of a saved network: its panels come back as if the network were open, and nothing of it is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.inspecting import form, npz, numbers, read, saved_view, settle, tensor
from pytestqt.qtbot import QtBot

from core.document import document_of
from core.session import Session
from core.steppable.choices import Choices
from core.steppable.data import Samples
from stepper import app
from stepper.main_window import MainWindow
from stepper.settings import Settings

CHOICES = Choices("tanh", "identity", loss="mse", optimizer="adam", learning_rate=0.02)
SAMPLES = Samples(inputs=(1.0, 2.0, 3.0, 4.0), target=(0.0, 1.0, 0.0))


@pytest.fixture
def mlp(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    return npz(tmp_path / "mine" / "mlp.npz")


@pytest.fixture
def document(window: MainWindow, qtbot: QtBot, mlp: Path, tmp_path: Path) -> Path:
    """A session on a network, stepped as chosen, trained and changed by hand; another program is open by now."""
    (tmp_path / "theirs").mkdir()
    path = tmp_path / "theirs" / "a.stepper"
    read(window, qtbot, mlp)
    window.inspecting.step(CHOICES, SAMPLES)
    settle(window, qtbot)
    session = session_of(window)
    session.run(5)
    session.change_cell(session.program.inputs["W1"], (0, 0), "0.5")
    session.later()
    window.documents.save_to(str(path))
    window.open_file("xor")
    assert window.inspecting.state.saved is None and window.panels.arrangement == "learn"
    return path


def session_of(window: MainWindow) -> Session:
    assert window.controller.session is not None
    return window.controller.session


def check(window: MainWindow, qtbot: QtBot) -> None:
    """Fail unless all panels show the network and what was chosen, as if it were open."""
    state = window.inspecting.state
    assert state.saved is not None and Path(state.saved.path).name == "mlp.npz" and not state.busy and not state.trouble
    assert (state.choices, state.samples, state.steps_trouble) == (CHOICES, SAMPLES, "")
    assert state.steps is not None and state.steps.loss == "mse"
    assert state.tensor == "W1" and state.look is not None
    assert state.look.summary.max == numbers()["W1"].max()
    assert window.panels.arrangement == "inspect" and window.panels.is_shown("saved")
    window.drawer.draw_now()
    kept = {key: row.holds() for key, row in form(window).choices.items()}
    assert (kept["activation"], kept["output_activation"], kept["loss"], kept["optimizer"]) == ("tanh", "identity", "mse", "adam")
    assert form(window).rate.holds() == "0.02" and form(window).data.way() == "typed"
    assert saved_view(window)._state is state and tensor(window)._state is state  # pyright: ignore[reportPrivateUsage]
    window.wiring._on_tensor("W2")  # pyright: ignore[reportPrivateUsage]
    moment = session_of(window).moment()
    assert moment.selection.value is not None and moment.program.values[moment.selection.value].name == "W2"
    window.controller.select(next(v.index for v in moment.program.values if v.name == "b1"))
    settle(window, qtbot)
    assert window.inspecting.state.tensor == "b1"
    with qtbot.waitSignal(window.inspecting.rows) as got:
        window.inspecting.ask_rows(0, 8)
    assert got.args is not None and np.array_equal(np.ravel(np.asarray(got.args[1], dtype=float)), numbers()["b1"])


def test_the_panels_come_back(window: MainWindow, qtbot: QtBot, document: Path, mlp: Path) -> None:
    shutil.rmtree(mlp.parent)
    read(window, qtbot, document)
    session = session_of(window)
    assert (session.timeline.iteration, session.timeline.position.k) == (6, 0) and session.edits.can_undo
    check(window, qtbot)
    assert window.inspecting.state.by_hand
    assert session_of(window) is session and window.controller.target == str(document)
    assert window.files.recent()[0] == str(document)
    assert not any("stepper-" in Path(recent).parent.name for recent in window.files.recent())
    assert window.windowTitle() == "a.stepper — Backprop Stepper"


def test_beside_its_network_that_is_looked_into(window: MainWindow, qtbot: QtBot, document: Path, mlp: Path) -> None:
    place = mlp.parent / "a.stepper"
    shutil.move(document, place)
    read(window, qtbot, place)
    assert window.inspecting.path == str(mlp)
    check(window, qtbot)
    assert window.files.recent()[0] == str(place)


def test_another_program_puts_it_away_again(window: MainWindow, qtbot: QtBot, document: Path) -> None:
    read(window, qtbot, document)
    window.open_file("xor")
    assert window.inspecting.state.saved is None and window.panels.arrangement == "learn"
    window.open_file(str(document))  # which is given up before its network was read
    window.open_file("xor")
    settle(window, qtbot)
    assert window.inspecting.state.saved is None and window.panels.arrangement == "learn"


def test_the_app_is_started_with_a_document(document: Path, settings: Settings, qtbot: QtBot) -> None:
    running = app.start(str(document), settings.path)
    qtbot.addWidget(running.window)
    try:
        settle(running.window, qtbot)
        assert session_of(running.window).timeline.iteration == 6
        check(running.window, qtbot)
    finally:
        running.window.close()
        running.reporter.remove()


def test_it_is_stepped_otherwise_when_somebody_asks(window: MainWindow, qtbot: QtBot, document: Path, mlp: Path) -> None:
    shutil.rmtree(mlp.parent)
    read(window, qtbot, document)
    before = session_of(window)
    window.inspecting.step(Choices("relu"), Samples(count=3))
    settle(window, qtbot)
    state = window.inspecting.state
    assert session_of(window) is not before and session_of(window).timeline.iteration == 1
    assert (state.choices, state.samples, state.by_hand) == (Choices("relu"), Samples(count=3), False)
    assert not any("stepper-" in Path(recent).parent.name for recent in window.files.recent())


def test_a_text_that_was_changed_is_by_hand_and_keeps_its_tensors(
    window: MainWindow, qtbot: QtBot, mlp: Path, tmp_path: Path
) -> None:
    read(window, qtbot, mlp)
    window.writing.apply_text(window.writing.text.replace("relu(Z1)", "tanh(Z1)"))
    path = mlp.parent / "a.stepper"
    window.documents.save_to(str(path))
    window.open_file("xor")
    read(window, qtbot, path)
    assert window.inspecting.state.by_hand and "tanh(Z1)" in session_of(window).timeline.opened.text
    assert window.inspecting.parameters == {n: n for n in ("W1", "b1", "W2", "b2")}


def test_a_network_that_is_gone_is_one_sentence(
    window: MainWindow, qtbot: QtBot, document: Path, mlp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.document_files.LARGEST_FILES", 10)
    read(window, qtbot, document)
    window.documents.save_to(str(document))  # now without its files
    window.open_file("xor")
    shutil.rmtree(mlp.parent)
    read(window, qtbot, document)
    assert session_of(window).timeline.iteration == 6
    assert window.inspecting.state.saved is None and "mlp.npz" in window.inspecting.state.trouble
    assert window.message.text.startswith("The session is as it was; the network that it was made of cannot be looked into: ")
    assert window.message.text.count("mlp.npz") == 1
    npz(document.parent / "mlp.npz", numbers(5))
    window.open_file("xor")
    read(window, qtbot, document)
    assert window.inspecting.state.saved is None and session_of(window).timeline.iteration == 6
    assert "another file by now" in window.message.text
    npz(document.parent / "mlp.npz")  # it is there again
    window.open_file("xor")
    read(window, qtbot, document)
    check(window, qtbot)


def test_without_its_data_the_network_is_looked_into(window: MainWindow, qtbot: QtBot, mlp: Path, tmp_path: Path) -> None:
    data = tmp_path / "points.csv"
    data.write_text("a,b,c,d,y\n" + "".join(f"{k},{k + 1},{-k},1,{k % 3}\n" for k in range(6)))
    read(window, qtbot, mlp)
    window.inspecting.step(Choices("tanh"), Samples(str(data)))
    settle(window, qtbot)
    assert window.inspecting.state.steps_trouble == ""
    path = mlp.parent / "a.stepper"
    window.documents.save_to(str(path))
    window.open_file("xor")
    data.unlink()
    read(window, qtbot, path)
    state = window.inspecting.state
    assert state.saved is not None and state.choices == Choices("tanh") and state.samples == Samples(str(data))
    assert state.steps is None and "neither a built-in data set" in state.steps_trouble
    assert window.inspecting.parameters == {n: n for n in ("W1", "b1", "W2", "b2")}
    assert session_of(window).program.first_values["W1"] is not None


def test_recovered_work_has_its_network_too(window: MainWindow, qtbot: QtBot, mlp: Path, tmp_path: Path) -> None:
    read(window, qtbot, mlp)
    window.inspecting.step(CHOICES, SAMPLES)
    settle(window, qtbot)
    session = session_of(window)
    session.run(5)
    session.change_cell(session.program.inputs["W1"], (0, 0), "0.5")
    window.open_file("xor")  # keeps what is unsaved
    shutil.rmtree(mlp.parent)
    window.actions_.call("unsaved")
    window.writing.left.bar.open_button.click()
    settle(window, qtbot)
    assert session_of(window).timeline.iteration == 5 and window.inspecting.state.by_hand
    check(window, qtbot)


def test_a_document_of_other_things_shows_no_network(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "xor.stepper"
    path.write_bytes(document_of(session_of(window)))
    read(window, qtbot, path)
    assert window.inspecting.state.saved is None and window.panels.arrangement == "learn"
