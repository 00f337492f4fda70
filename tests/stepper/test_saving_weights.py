"""File ▸ Save the weights as…, Save the network as…: what is written, what is said, and when it is possible."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from helpers.saved_files import seeds
from onnx.reference import ReferenceEvaluator
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.files.saved import Layer
from core.library import open_target
from core.network_file import load_toml
from core.session import Session, session_of
from core.steppable.build import Choices
from stepper import files
from stepper.controller import Controller
from stepper.main_window import MainWindow
from stepper.save_dialog import FormsDialog
from stepper.settings import Settings

OWN = {"W1": "fc1.weight", "b1": "fc1.bias", "W2": "fc2.weight", "b2": "fc2.bias"}


@pytest.fixture
def window(qtbot: QtBot, settings: Settings) -> MainWindow:
    made = MainWindow(Controller(), settings)
    qtbot.addWidget(made)
    return made


def on_saved(window: MainWindow, folder: Path, name: str = "seed.safetensors") -> Session:
    (folder / name).write_bytes(seeds()[name])
    session = session_of(open_target(str(folder / name), None, Choices(activation="tanh", optimizer="adam", learning_rate=0.05)))
    window.controller.take(session, str(folder / name))
    session.run(10)
    return session


def now(session: Session, name: str) -> np.ndarray:
    moment = session.moment()
    value = moment.value(moment.current(name) or 0)
    assert value is not None
    return value


def told(window: MainWindow) -> str:
    return window.message.text


def dialog(window: MainWindow) -> FormsDialog:
    return window.findChildren(FormsDialog)[-1]


def test_the_weights_are_saved_from_the_menu_under_the_names_of_the_file(window: MainWindow, tmp_path: Path) -> None:
    session = on_saved(window, tmp_path)
    window.actions_["save-weights"].trigger()
    asked = dialog(window)
    assert asked.acceptMode() == QFileDialog.AcceptMode.AcceptSave and asked.defaultSuffix() == "safetensors"
    asked.selectNameFilter(asked.nameFilters()[1])
    asked.filterSelected.emit(asked.nameFilters()[1])
    assert asked.defaultSuffix() == "npz"
    asked.fileSelected.emit(str(tmp_path / "out.npz"))
    asked.reject()
    found = np.load(tmp_path / "out.npz")
    assert {k: found[k].tobytes() for k in found} == {OWN[n]: now(session, n).tobytes() for n in OWN}
    assert "iteration 11" in told(window) or f"iteration {session.timeline.iteration}" in told(window)
    assert "out.npz" in told(window)


def test_large_weights_are_saved_in_the_background_as_they_stood(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(files, "LARGE", 10)
    session = on_saved(window, tmp_path)
    before = now(session, "W1")
    window.files.save_weights(str(tmp_path / "out.npz"))
    assert "Saving" in told(window)
    session.run(3)
    qtbot.waitUntil(lambda: "iteration 10" in told(window))
    assert np.load(tmp_path / "out.npz")["fc1.weight"].tobytes() == before.tobytes() != now(session, "W1").tobytes()
    window.files.save_weights(str(tmp_path / "no folder" / "out.npz"))
    qtbot.waitUntil(lambda: "The weights were not saved" in told(window))


def test_onnx_of_the_window_computes_what_it_shows(window: MainWindow, tmp_path: Path) -> None:
    session = on_saved(window, tmp_path)
    session.go(session.timeline.iteration + 1, 0)
    window.files.save_weights(str(tmp_path / "out.onnx"))
    last = [s for s in session.program.statements if s.phase == "forward"][-1]
    session.go(session.timeline.iteration, last.last)
    model = onnx.load(tmp_path / "out.onnx")
    x = now(session, "X").astype(np.float32)
    (got,) = ReferenceEvaluator(model).run(None, {model.graph.input[0].name: x})
    np.testing.assert_allclose(got, now(session, last.target), rtol=2e-6, atol=2e-6)


def test_a_network_is_saved_from_the_menu_and_opens_again(window: MainWindow, tmp_path: Path) -> None:
    session = on_saved(window, tmp_path)
    window.actions_["save-network"].trigger()
    asked = dialog(window)
    assert asked.defaultSuffix() == "toml"
    asked.fileSelected.emit(str(tmp_path / "net.toml"))
    asked.reject()
    made = load_toml((tmp_path / "net.toml").read_text("utf-8"), tmp_path).program
    assert np.array_equal(made.first_values["W1"], now(session, "W1").T)
    assert "net.weights.npz" in told(window)


def test_a_network_of_the_form_can_be_saved_with_what_it_learned(window: MainWindow, tmp_path: Path) -> None:
    text = '[network]\nlayers = [{units = 3, activation = "elu", slope = 0.5}, {units = 1}]\n[data]\nsource = "xor"\n'
    network = load_toml(text)
    window.files.take_network(network, "mine", "")
    session = window.controller.session
    assert session is not None
    session.run(4)
    window.files.save_described(str(tmp_path / "net.toml"))
    again = load_toml((tmp_path / "net.toml").read_text("utf-8"), tmp_path).program
    assert all(np.array_equal(again.first_values[p], now(session, p)) for p in session.program.trainable)
    assert "slope = 0.5" in (tmp_path / "net.toml").read_text("utf-8")


def test_what_cannot_be_saved_is_said_and_loses_nothing(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = on_saved(window, tmp_path)
    before = session.timeline.position
    window.files.save_weights(str(tmp_path / "no folder" / "out.npz"))
    assert "The weights were not saved" in told(window)
    (tmp_path / "out.npz").write_bytes(b"precious")
    monkeypatch.setattr(os, "fsync", _full)
    window.files.save_weights(str(tmp_path / "out.npz"))
    assert "No space left" in told(window) and (tmp_path / "out.npz").read_bytes() == b"precious"
    window.files.save_described(str(tmp_path / "out.toml"))
    assert "The network was not saved" in told(window)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.npz", "seed.safetensors", "settings.ini"]
    assert window.controller.session is session and session.timeline.position == before
    session.closed = (Layer("box", "conv", steppable=False),)
    window.files.choose_described()
    assert "'conv'" in told(window) and not window.findChildren(FormsDialog)


def _full(_: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_names_of_a_file_are_escaped_in_what_is_said(window: MainWindow, tmp_path: Path) -> None:
    on_saved(window, tmp_path)
    window.files.save_weights(str(tmp_path / "a\u202eb<b>.npz"))
    assert "\u202e" not in told(window) and "\\u202e" in told(window)


def test_it_is_possible_only_where_there_are_parameters(window: MainWindow, tmp_path: Path) -> None:
    table = window.actions_
    assert not table["save-weights"].isEnabled() and not table["save-network"].isEnabled()
    window.files.save_weights(str(tmp_path / "a.npz"))
    window.files.choose_weights()
    window.files.choose_described()
    window.controller.open("xor")
    assert table["save-weights"].isEnabled() and table["save-network"].isEnabled()
    (tmp_path / "a.py").write_text("# data\nX = np.array([[1.0, 2.0]])\n# forward\nA = relu(X)\n", "utf-8")
    window.controller.open(str(tmp_path / "a.py"))
    assert not table["save-weights"].isEnabled()
    window.files.choose_described()
    assert "says less than a program" in told(window)
