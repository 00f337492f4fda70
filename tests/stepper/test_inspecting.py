"""Opening a saved network in the window: read in the background, stepped as chosen, and put away with what replaces it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.steppable.build import Choices
from core.steppable.data import Samples
from stepper.controller import Controller
from stepper.main_window import MainWindow
from stepper.models.saved_state import USUAL
from stepper.settings import Settings
from stepper.views.stepping import SteppingView

RNG = np.random.default_rng(3)


@pytest.fixture
def mlp(tmp_path: Path) -> Path:
    path = tmp_path / "mlp.npz"
    layers = {"W1": (4, 8), "b1": (8,), "W2": (8, 3), "b2": (3,)}
    np.savez(path, **{name: RNG.standard_normal(shape) for name, shape in layers.items()})
    return path


@pytest.fixture
def convolution(tmp_path: Path) -> Path:
    path = tmp_path / "conv.npz"
    np.savez(path, **{"conv.weight": RNG.standard_normal((4, 1, 3, 3)), "conv.bias": np.zeros(4)})
    return path


def read(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    window.open_file(str(path))
    settle(window, qtbot)


def settle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.inspecting.work.busy, timeout=20_000)


def test_a_saved_network_is_read_shown_and_opened(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    read(window, qtbot, mlp)
    state = window.inspecting.state
    assert state.saved is not None and state.saved.path == str(mlp) and not state.busy
    assert window.controller.target == str(mlp)
    assert "mlp.npz" in window.windowTitle()
    assert window.panels.arrangement == "inspect" and window.panels.is_in_front("saved")
    assert state.tensor == "W1" and state.look is not None
    assert state.look.summary.max == np.load(mlp)["W1"].max()
    assert str(mlp) in window.files.recent()


def test_the_program_begins_with_the_numbers_of_the_file(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    read(window, qtbot, mlp)
    session = window.controller.session
    assert session is not None
    with np.load(mlp) as held:
        for name in held.files:
            assert np.array_equal(session.program.first_values[name], held[name])


def test_what_was_chosen_is_stepped_and_kept(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    read(window, qtbot, mlp)
    choices, samples = Choices("tanh", "identity", loss="mse"), Samples(inputs=(1.0, 2.0, 3.0, 4.0), target=(0.0, 1.0, 0.0))
    window.inspecting.choose("b1")
    window.inspecting.step(choices, samples)
    settle(window, qtbot)
    state, session = window.inspecting.state, window.controller.session
    assert (state.choices, state.samples, state.steps_trouble) == (choices, samples, "")
    assert state.tensor == "b1"
    assert session is not None and any(s.text.startswith("A1 = tanh(Z1)") for s in session.program.statements)
    with np.load(mlp) as held:
        hidden = np.tanh(np.array([[1.0, 2.0, 3.0, 4.0]]) @ held["W1"] + held["b1"])
        out = hidden @ held["W2"] + held["b2"]
    session.go(1, len(session.program))
    assert session.timeline.losses[0] == pytest.approx(np.mean((out - [[0.0, 1.0, 0.0]]) ** 2), rel=1e-14)


def test_a_choice_that_does_not_fit_leaves_the_open_program(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    read(window, qtbot, mlp)
    session = window.controller.session
    window.inspecting.step(USUAL, Samples(inputs=(1.0, 2.0)))
    settle(window, qtbot)
    assert window.controller.session is session
    assert "2 numbers" in window.inspecting.state.steps_trouble
    assert window.inspecting.state.choices == USUAL and not window.inspecting.state.busy


def test_what_cannot_be_stepped_is_inspected_beside_what_is_open(window: MainWindow, qtbot: QtBot, convolution: Path) -> None:
    session = window.controller.session
    read(window, qtbot, convolution)
    assert window.controller.session is session
    assert window.inspecting.state.tensor == "conv.weight" and window.inspecting.state.look is not None
    assert "xor" in window.message.text and "4 axes" in window.message.text


def test_a_large_network_is_stepped_only_when_asked_for(
    window: MainWindow, qtbot: QtBot, mlp: Path, convolution: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stepper.inspecting.LARGEST_AT_ONCE", 20)
    session = window.controller.session
    read(window, qtbot, convolution)
    assert "4 axes" in window.message.text
    read(window, qtbot, mlp)
    state = window.inspecting.state
    assert window.controller.session is session and state.steps is None and not state.steps_trouble
    assert state.tensor == "W1" and state.look is not None
    assert "67 numbers" in window.message.text and "xor" in window.message.text
    window.inspecting.step(USUAL, Samples())
    settle(window, qtbot)
    assert window.controller.target == str(mlp) and window.inspecting.state.steps is not None


def test_a_bad_file_leaves_everything_as_it_was(window: MainWindow, qtbot: QtBot, mlp: Path, tmp_path: Path) -> None:
    read(window, qtbot, mlp)
    state, session = window.inspecting.state, window.controller.session
    bad = tmp_path / "bad.npz"
    bad.write_bytes(mlp.read_bytes()[:300])
    read(window, qtbot, bad)
    assert window.controller.session is session and window.inspecting.state == state
    assert window.message.text.startswith("bad.npz: ")


def test_another_program_puts_the_file_and_the_arrangement_away(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    read(window, qtbot, mlp)
    window.open_file("xor")
    assert window.inspecting.state.saved is None
    assert window.panels.arrangement == "learn"


def test_a_tensor_and_its_parameter_are_chosen_together(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    read(window, qtbot, mlp)
    window.wiring._on_tensor("W2")
    moment = window.controller.session.moment()  # type: ignore[union-attr]
    assert moment.program.values[moment.selection.value].name == "W2"
    value = next(v.index for v in moment.program.values if v.name == "b2")
    window.controller.select(value)
    assert window.inspecting.state.tensor == "b2"


def test_two_checkpoints_are_compared(window: MainWindow, qtbot: QtBot, mlp: Path, tmp_path: Path) -> None:
    with np.load(mlp) as held:
        values = dict(held)
    values["W2"] = values["W2"] + 0.5
    later = tmp_path / "later.npz"
    np.savez(later, **values)
    read(window, qtbot, mlp)
    window.inspecting.choose("W2")
    window.inspecting.compare_with(str(later))
    settle(window, qtbot)
    state = window.inspecting.state
    assert {n: m.kind for n, m in state.matches.items()} == {"W1": "equal", "b1": "equal", "W2": "different", "b2": "equal"}
    assert state.difference is not None and state.difference.summary.mean == pytest.approx(0.5)
    assert state.other_look is not None and window.actions_["stop-comparing"].isEnabled()
    window.actions_["stop-comparing"].trigger()
    assert window.inspecting.state.other is None and not window.inspecting.state.matches


def test_a_file_written_anew_is_not_taken_for_the_old_one(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    read(window, qtbot, mlp)
    np.savez(mlp, W1=np.zeros((4, 8)))
    window.inspecting.choose("W2")
    settle(window, qtbot)
    assert "has changed since it was opened" in window.inspecting.state.look_trouble


def test_a_tensor_is_exported(window: MainWindow, qtbot: QtBot, mlp: Path, tmp_path: Path) -> None:
    read(window, qtbot, mlp)
    window.inspecting.export("W1", str(tmp_path / "W1.npy"))
    settle(window, qtbot)
    assert np.array_equal(np.load(tmp_path / "W1.npy"), np.load(mlp)["W1"])
    window.inspecting.export("W1", str(tmp_path / "nowhere" / "W1.npy"))
    settle(window, qtbot)
    assert window.message.text.startswith("The tensor was not saved")


def test_a_network_that_somebody_else_opened_is_inspected_too(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    assert window.controller.open(str(mlp))
    settle(window, qtbot)
    assert window.inspecting.state.saved is not None and window.inspecting.state.steps is not None


def test_nothing_waits_for_singular_values_that_take_long(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "large.npz"
    large = RNG.standard_normal((700, 600))
    np.savez(path, W1=large, b1=np.zeros(600), W2=RNG.standard_normal((600, 3)))
    read(window, qtbot, path)
    inspecting = window.inspecting
    assert inspecting.state.look is not None and inspecting.state.look.spectrum_later
    inspecting.ask_spectrum()
    inspecting.choose("W2")
    settle(window, qtbot)
    assert inspecting.state.look is not None and inspecting.state.look.name == "W2"
    qtbot.waitUntil(lambda: not inspecting.slow.busy, timeout=60_000)
    assert inspecting.state.tensor == "W2" and inspecting.state.look.name == "W2"
    inspecting.choose("W1")
    settle(window, qtbot)
    found = inspecting.state.look.spectrum
    assert found is not None and found.values == pytest.approx(np.linalg.svd(large, compute_uv=False), rel=1e-12)


def test_a_text_that_was_chosen_as_a_network_is_said_to_be_none(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    session, path = window.controller.session, tmp_path / "notes.txt"
    path.write_text("hello\n", "utf-8")
    window.saved_files.network_chosen.emit(str(path))
    settle(window, qtbot)
    assert "no network" in window.message.text and window.controller.session is session
    path = tmp_path / "mine.py"
    path.write_text("# parameters\nw = np.array([1.0])\n# forward\nz = w * 2\n", "utf-8")
    window.saved_files.network_chosen.emit(str(path))
    assert window.controller.target == str(path)


def test_a_built_in_set_that_fits_is_ready_to_be_stepped(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    read(window, qtbot, mlp)
    view = window.panels.view("stepping")
    assert isinstance(view, SteppingView)
    view.data.ways["set"].click()
    assert view.data.set.holds() == "iris" and view.button.isEnabled()
    view.button.click()
    settle(window, qtbot)
    assert window.inspecting.state.samples == Samples("iris") and window.inspecting.state.steps_trouble == ""


def stood(window: MainWindow) -> tuple[bool, bool]:
    """Tell whether the panels stand as `moved_by_hand` left them."""
    docks = window.panels.docks
    return docks["network"].x() > docks["operation"].x(), window.panels.is_shown("loss")


def moved_by_hand(window: MainWindow, qtbot: QtBot) -> None:
    window.panels.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, window.panels.docks["network"])
    window.panels.hide_panel("loss")
    qtbot.wait(30)
    assert window.panels.moved and stood(window) == (True, False)


def test_panels_that_a_person_moved_come_back_when_the_file_is_put_away(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    moved_by_hand(window, qtbot)
    read(window, qtbot, mlp)
    assert window.panels.arrangement == "inspect" and not window.panels.moved
    window.open_file("xor")
    qtbot.wait(30)
    assert window.panels.arrangement == "learn" and window.panels.moved and stood(window) == (True, False)


def test_panels_that_a_person_moved_come_back_after_a_start_with_a_file(window: MainWindow, qtbot: QtBot, mlp: Path) -> None:
    moved_by_hand(window, qtbot)
    window.close()
    for target in (mlp, None):
        window = MainWindow(Controller(), Settings(window.settings.path))
        qtbot.addWidget(window)
        window.resize(1280, 720)
        if target is not None:
            read(window, qtbot, target)
        window.show()
        qtbot.waitExposed(window)
        qtbot.wait(30)
        assert window.panels.arrangement == ("learn" if target is None else "inspect")
        window.close()
    assert window.panels.moved and not window.panels.is_shown("loss")


def test_the_keyboard_steps_once_there_is_something_to_step(
    qtbot: QtBot, settings: Settings, mlp: Path, convolution: Path
) -> None:
    fresh = MainWindow(Controller(), settings)
    qtbot.addWidget(fresh)
    fresh.show_first_page()
    fresh.show()
    qtbot.waitExposed(fresh)
    fresh.activateWindow()
    qtbot.waitUntil(fresh.isActiveWindow)
    read(fresh, qtbot, convolution)
    assert fresh.moment is None and fresh.panels.current == "saved"
    read(fresh, qtbot, mlp)
    assert fresh.moment is not None and fresh.top_bar.later_button.hasFocus()


@pytest.mark.parametrize("name", ["saved", "tensor", "stepping"])
def test_a_panel_of_a_file_that_is_given_the_keyboard_shows_where_it_is(
    window: MainWindow, qtbot: QtBot, mlp: Path, name: str
) -> None:
    read(window, qtbot, mlp)
    qtbot.wait(30)
    window.panels.show_panel(name, focus=True)
    focus, view = QApplication.focusWidget(), window.panels.view(name)
    assert focus is not None and focus is not view and view.isAncestorOf(focus)
    assert focus.isVisible() and focus.isEnabled() and focus.focusPolicy() & Qt.FocusPolicy.TabFocus
