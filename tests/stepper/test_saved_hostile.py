"""Hostile and damaged files in the window: one sentence as plain text, and what is open stays as it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.hostile_files import KINDS, hostile, safetensors
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from core.files.problem import shown
from stepper.main_window import MainWindow
from stepper.widgets.message_bar import LONGEST

EVIL = "<b>bold</b><img src=x>\u202egnp\x1b[31m\n"


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The first file of each kind that ends in a sentence."""
    folder = tmp_path_factory.mktemp("hostile") / "in"
    folder.mkdir()
    found: dict[int, Path] = {}
    for kind, name, words in hostile(folder):
        if words:
            found.setdefault(kind, folder / name)
    return found


def _settled(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.inspecting.work.busy, timeout=30_000)


def _open(window: MainWindow, qtbot: QtBot, path: Path) -> str:
    """Open a file as the menu, a drop or the recent list does; return what the bar says."""
    window.message.dismiss()
    window.files.open(str(path))
    _settled(window, qtbot)
    return window.message.text


def _standing(window: MainWindow) -> tuple[Any, ...]:
    session = window.controller.session
    assert session is not None
    state = window.inspecting.state
    return session, session.timeline.position, window.windowTitle(), window.controller.target, state.saved, state.tensor


def _check_said(window: MainWindow, sentence: str) -> None:
    assert 20 < len(sentence) <= LONGEST + 1
    assert sentence.isprintable(), repr(sentence)
    assert not window.message.is_news
    for label in window.message.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText


def test_what_is_open_stays_as_it_is(cases: dict[int, Path], window: MainWindow, qtbot: QtBot) -> None:
    assert set(KINDS) - set(cases) == {15}, "code of Keras becomes a network with closed boxes"
    window.controller.later()
    before = _standing(window)
    for path in cases.values():
        sentence = _open(window, qtbot, path)
        _check_said(window, sentence)
        assert path.name in sentence
        assert _standing(window) == before
        window.message.dismiss()
        assert not window.controller.open(str(path)), "also as the command line and a restored window do it"
        assert window.message.text == sentence
        assert _standing(window) == before


@pytest.fixture
def network(tmp_path: Path, window: MainWindow, qtbot: QtBot) -> Path:
    """A saved network that is open and inspected."""
    path = tmp_path / "net.npz"
    r = np.random.default_rng(0)
    np.savez(path, W1=r.normal(size=(300, 200)), b1=np.zeros(200), W2=r.normal(size=(200, 3)), b2=np.zeros(3))
    assert _open(window, qtbot, path) == "" or window.message.is_news
    assert window.inspecting.state.saved is not None and window.inspecting.state.tensor == "W1"
    return path


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def _circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


CHANGES: dict[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "cut short": lambda p: os.truncate(p, 5000),
    "empty": lambda p: p.write_bytes(b""),
    "another": lambda p: np.savez(p, other=np.ones(3)),
    "overwritten": lambda p: p.write_bytes(os.urandom(p.stat().st_size)),
    "a pipe": _pipe,
    "a device": _device,
    "a circle of links": _circle,
    "a folder": _folder,
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_open(change: str, network: Path, window: MainWindow, qtbot: QtBot) -> None:
    saved, session = window.inspecting.state.saved, window.controller.session
    window.controller.later()
    CHANGES[change](network)
    window.inspecting.choose("W2")
    _settled(window, qtbot)
    state = window.inspecting.state
    assert state.look is None and state.look_trouble.isprintable() and len(state.look_trouble) > 20
    assert state.saved is saved and window.controller.session is session
    window.inspecting.ask_rows(0, 10)
    window.inspecting.export("W1", str(network.with_name("out.npy")))
    _settled(window, qtbot)
    _check_said(window, window.message.text)
    assert not network.with_name("out.npy").exists()
    window.controller.later()
    assert window.controller.session is session, "the program goes on with the numbers that it has"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_plain_file(tmp_path: Path, window: MainWindow, qtbot: QtBot) -> None:
    before = _standing(window)
    makers = (_pipe, _device, _circle, _folder)
    for n, (ending, make) in enumerate(product((".npz", ".py", ".toml", ".stepper", ".onnx", ""), makers)):
        path = tmp_path / f"a{n}{ending}"
        path.write_bytes(b"")
        make(path)
        sentence = _open(window, qtbot, path)
        _check_said(window, sentence)
        assert _standing(window) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is permitted to root")
def test_a_file_that_may_not_be_read(tmp_path: Path, window: MainWindow, qtbot: QtBot) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, W=np.ones((2, 2)))
    path.chmod(0)
    before = _standing(window)
    _check_said(window, _open(window, qtbot, path))
    assert _standing(window) == before


def test_names_of_a_file_are_shown_as_plain_text(tmp_path: Path, window: MainWindow, qtbot: QtBot) -> None:
    """Also of 1 MB: in the panels, the title, the message, and the tooltips; none is markup, turns the line or is that long."""
    names = (f"{EVIL}{'x' * 1_000_000}.weight", f"{EVIL}.bias", "../../x")
    header, at = {}, 0
    for name, shape in zip(names, ([3, 2], [3], [2, 2]), strict=True):
        size = 4 * int(np.prod(shape))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    path = tmp_path / "a.safetensors"
    path.write_bytes(safetensors({"__metadata__": {EVIL: EVIL * 1000}, **header}, np.ones(at // 4, "f4").tobytes()))
    _open(window, qtbot, path)
    state = window.inspecting.state
    assert state.saved is not None and len(state.saved.tensors) == 3
    for tensor in state.saved.tensors:
        window.inspecting.choose(tensor.name)
        _settled(window, qtbot)
    window.show()
    window.drawer.draw_now()
    for label in window.findChildren(QLabel):
        text = label.text()
        if "bold" in text or "img" in text:
            assert label.textFormat() == Qt.TextFormat.PlainText, text[:200]
            assert "\u202e" not in text and "\x1b" not in text, ascii(text[:200])
        assert len(text) < 20_000
        assert len(label.toolTip()) < 20_000 and "\u202e" not in label.toolTip() and "<img" not in label.toolTip()
    assert shown(names[0]) != names[0]


def test_a_name_of_a_file_cannot_steer_the_window(tmp_path: Path, window: MainWindow, qtbot: QtBot) -> None:
    whole = tmp_path / "<b>net\u202egnp\nfake.npz"
    np.savez(whole, W1=np.ones((2, 3)), W2=np.ones((3, 1)))
    _open(window, qtbot, whole)
    assert window.windowTitle().startswith("<b>net\\u202egnp\\nfake.npz")
    for ending in (".npz", ".py", ".stepper", ".toml"):
        path = tmp_path / f"<b>bad\u202egnp\nfake{ending}"
        path.write_bytes(b"PK\3\4")
        sentence = _open(window, qtbot, path)
        _check_said(window, sentence)
    window.message.say("\u202e" * 1_000_000)
    assert len(window.message.text) == LONGEST + 1 and window.message.text.isprintable()
