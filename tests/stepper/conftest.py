"""Widgets are tested without a display; every test has settings of its own."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("PYTEST_QT_API", "pyside6")

import pytest

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from stepper.controller import Controller
    from stepper.main_window import MainWindow
    from stepper.settings import Settings


EVERY = 10  # tests between two collections; each costs a tenth of a second
_COUNT = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def settled() -> Iterator[None]:
    """Leave what is there before the first test out of every later collection; that makes each a short one."""
    gc.collect()
    gc.freeze()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def tidy() -> Iterator[None]:
    """Take what is left of earlier windows away between tests, not in the midst of a call of Qt that it would crash."""
    gc.disable()
    yield
    if next(_COUNT) % EVERY == 0:
        gc.collect()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    from stepper.settings import Settings

    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def controller(qtbot: QtBot) -> Iterator[Controller]:
    from stepper.controller import Controller

    made = Controller()
    yield made
    made.stop()


@pytest.fixture
def window(qtbot: QtBot, settings: Settings) -> MainWindow:
    """The window on xor, shown and active, before its first operation."""
    from stepper.controller import Controller
    from stepper.main_window import MainWindow

    made = MainWindow(Controller(), settings)
    qtbot.addWidget(made)
    made.set_theme("light")
    made.resize(1280, 720)
    assert made.controller.open("xor")
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    made.drawer.draw_now()
    return made
