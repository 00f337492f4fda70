"""A saved network in the window: small files, and what waits for it and finds its panels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from stepper.main_window import MainWindow
from stepper.views.saved import SavedView
from stepper.views.stepping import SteppingView
from stepper.views.tensor import TensorView

RNG = np.random.default_rng(7)
Values = dict[str, np.ndarray]


def numbers(seed: int = 0) -> Values:
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal(shape) for name, shape in {"W1": (4, 8), "b1": (8,), "W2": (8, 3), "b2": (3,)}.items()}


def npz(path: Path, values: Values | None = None) -> Path:
    np.savez(path, **(numbers() if values is None else values))
    return path


def settle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.inspecting.work.busy, timeout=20_000)


def read(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    window.open_file(str(path))
    settle(window, qtbot)


def form(window: MainWindow) -> SteppingView:
    view = window.panels.view("stepping")
    assert isinstance(view, SteppingView)
    return view


def tensor(window: MainWindow) -> TensorView:
    view = window.panels.view("tensor")
    assert isinstance(view, TensorView)
    return view


def saved_view(window: MainWindow) -> SavedView:
    view = window.panels.view("saved")
    assert isinstance(view, SavedView)
    return view
