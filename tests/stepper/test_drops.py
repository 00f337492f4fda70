"""Files that are dropped on the window open, wherever they fall; everything else is answered with a sentence or left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.dropping import drop
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from stepper.main_window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def middle(window: MainWindow, widget: QWidget) -> QPoint:
    return widget.mapTo(window, widget.rect().center())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a net.npz"
    np.savez(path, W1=np.ones((3, 2)), b1=np.ones(2))
    return path


@pytest.mark.parametrize("where", ["the network", "the editor", "a search line", "the bar"])
def test_a_file_opens_wherever_it_falls(window: MainWindow, qtbot: QtBot, file: Path, where: str) -> None:
    window.show_editor()
    text = window.writing.text
    view: QWidget = {"the network": window.network_view, "the bar": window.top_bar}.get(where, window.panels.view("editor"))
    if where == "a search line":
        window.arrange("inspect")
        view = window.panels.view("saved")
        view = next(line for line in view.findChildren(QLineEdit) if not line.isReadOnly())
    assert drop(window, [file], middle(window, view))
    qtbot.waitUntil(lambda: window.windowTitle() == "a net.npz — Backprop Stepper")
    assert window.writing.text != text and str(file) not in text
    if isinstance(view, QLineEdit):
        assert view.text() == ""


def test_a_text_is_left_to_the_editor(window: MainWindow) -> None:
    window.show_editor()
    editor = window.panels.view("editor")
    title = window.windowTitle().removeprefix("● ")
    assert drop(window, "Z9 = 1", middle(window, editor))
    assert "Z9 = 1" in window.writing.text
    assert window.message.isHidden() and window.windowTitle() == f"● {title}"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (["https://example.org/net.npz"], "https://example.org/net.npz is an address"),
        ([Path("/tmp/a.npz"), Path("/tmp/b.npz")], "2 files were dropped. Drop one"),
        ([Path("/no such file.npz")], "no such file"),
        (["https://example.org/" + "‮" * 9], "\\u202e"),
    ],
)
def test_what_is_not_one_file_is_one_sentence(window: MainWindow, what: list[Path | str], words: str) -> None:
    title = window.windowTitle()
    assert drop(window, what)
    assert words in window.message.text
    assert window.windowTitle() == title


def test_a_folder_is_one_sentence(window: MainWindow, tmp_path: Path) -> None:
    drop(window, [tmp_path])
    assert "folder" in window.message.text


def test_a_panel_that_floats_takes_files_too(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    dock = window.panels.docks["network"]
    dock.setFloating(True)
    qtbot.waitExposed(dock)
    qtbot.waitUntil(lambda: drop(dock, [file]))
    qtbot.waitUntil(lambda: window.windowTitle() == "a net.npz — Backprop Stepper")


def test_while_a_dialog_asks_nothing_is_dropped(window: MainWindow, qtbot: QtBot, file: Path) -> None:
    window.saved_files.choose_network()
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    assert not drop(window, [file])
    dialog.close()
    assert window.windowTitle().startswith("xor")
