"""Small windows and large text: what would be too small to be read stands behind something else, and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers.inspecting import npz, read, saved_view
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stepper.arrangement import AREAS, ARRANGEMENTS, BY_ID, OPEN, PANELS, Arrangement, Fold, area_of, fold_of, shares
from stepper.looks import BIGGEST
from stepper.main_window import MainWindow
from stepper.models.saved_columns import Column
from stepper.panels import Panels
from stepper.views.network import NetworkView

WHOLE = Fold(halves=True, strip=True, right=True)


@pytest.fixture
def window(window: MainWindow) -> Iterator[MainWindow]:
    """The window on xor; afterwards text has its usual size again, for the application as well."""
    yield window
    window.looks.zoom_by(0)


def settle(qtbot: QtBot) -> None:
    qtbot.wait(30)
    QApplication.processEvents()


def seen(panels: Panels) -> set[str]:
    return {name for name in panels.docks if panels.is_in_front(name)}


@pytest.mark.parametrize(
    ("width", "height", "zoom", "arrangement", "wanted"),
    [
        (1280, 655, 1.0, "learn", OPEN), (1280, 655, 1.0, "inspect", OPEN), (2560, 1370, 1.0, "write", OPEN),
        (1280, 655, 1.0, "write", Fold(halves=True)), (1280, 585, 1.89, "inspect", WHOLE), (2560, 1340, 1.89, "inspect", OPEN),
        (800, 700, 1.0, "debug", Fold(right=True)), (1280, 400, 1.0, "learn", Fold(halves=True, strip=True)),
    ],
)  # fmt: skip
def test_what_has_to_be_folded(width: int, height: int, zoom: float, arrangement: Arrangement, wanted: Fold) -> None:
    assert fold_of(width, height, zoom, arrangement) == wanted


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_a_folded_window_has_two_columns_and_no_panel_is_lost(arrangement: Arrangement) -> None:
    areas = {p.id: area_of(p, arrangement, WHOLE) for p in PANELS}
    assert set(areas.values()) <= {"left", "left-low", "centre"} <= set(AREAS)
    assert areas["editor"] != areas["diagnosis"] or arrangement != "write"  # the text stays in sight beside what is said of it
    assert [area_of(p, arrangement) for p in PANELS] == [area_of(p, arrangement, OPEN) for p in PANELS]


def test_a_folded_window_gives_the_left_more_where_text_is_large() -> None:
    usual = shares(1280, 585, {"left", "centre"}, low_strip=True)
    large = shares(1280, 585, {"left", "centre"}, low_strip=True, zoom=1.89)
    assert usual.columns[0] < large.columns[0] <= 1280 * 45 // 100 and sum(large.columns) == 1280


@pytest.mark.parametrize("arrangement", ["inspect", "write", "learn", "debug"])
def test_with_the_largest_text_a_panel_can_be_read(window: MainWindow, qtbot: QtBot, arrangement: Arrangement) -> None:
    panels = window.panels
    window.actions_[f"arrange-{arrangement}"].trigger()
    settle(qtbot)
    before = {name for name in panels.docks if panels.is_shown(name)}
    window.looks.zoom_by(BIGGEST)
    settle(qtbot)
    assert {name for name in panels.docks if panels.is_shown(name)} == before
    for name in ("network", "tensor", "operation", "value"):
        if panels.is_shown(name):
            panels.show_panel(name)
            settle(qtbot)
            assert panels.docks[name].height() > 400 and panels.docks[name].width() > 500, name
    panels.show_panel("network")
    settle(qtbot)
    network = panels.view("network")
    assert isinstance(network, NetworkView) and network.canvas.height() > 200
    window.looks.zoom_by(0)
    settle(qtbot)
    assert {name for name in panels.docks if panels.is_shown(name)} == before
    assert {"network", "tensor"} <= seen(panels) or arrangement != "inspect"
    assert {"network", "operation", "loss"} <= seen(panels) or arrangement in ("inspect", "write")
    assert not panels.moved


def test_write_leaves_the_network_room(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_["arrange-write"].trigger()
    settle(qtbot)
    network = window.panels.view("network")
    assert isinstance(network, NetworkView) and network.canvas.height() > 300
    assert {"editor", "network", "diagnosis", "loss"} <= seen(window.panels)
    window.resize(1900, 1200)
    settle(qtbot)
    assert {"network", "operation"} <= seen(window.panels)
    window.resize(1280, 720)
    settle(qtbot)
    assert "network" in seen(window.panels) and "operation" not in seen(window.panels)


def test_the_keyboard_stays_where_it_is_when_the_window_folds(window: MainWindow, qtbot: QtBot) -> None:
    window.panels.show_panel("operation", focus=True)
    settle(qtbot)
    focus = QApplication.focusWidget()
    assert focus is not None and window.panels.current == "operation"
    window.looks.zoom_by(BIGGEST)
    settle(qtbot)
    assert QApplication.focusWidget() is focus and "operation" in seen(window.panels) and "network" not in seen(window.panels)


def test_where_a_person_has_moved_panels_nothing_folds(window: MainWindow, qtbot: QtBot) -> None:
    window.panels.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, window.panels.docks["network"])
    settle(qtbot)
    assert window.panels.moved
    window.looks.zoom_by(BIGGEST)
    settle(qtbot)
    assert {"network", "operation", "program", "loss"} <= seen(window.panels)


def test_what_is_opened_does_not_cover_the_kept_panel_in_a_narrow_window(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_["arrange-inspect"].trigger()
    window.resize(850, 720)
    settle(qtbot)
    window.panels.kept = "lesson"
    window.panels.show_panel("lesson")
    settle(qtbot)
    window.panels.show_panel("value")
    settle(qtbot)
    assert {"lesson", "value"} <= seen(window.panels)
    assert BY_ID["value"].area == BY_ID["lesson"].area == "right"


def test_the_tabs_in_front_are_in_front_again_when_the_window_unfolds(window: MainWindow, qtbot: QtBot) -> None:
    panels = window.panels
    window.actions_["arrange-inspect"].trigger()
    settle(qtbot)
    for name in ("graph", "operation", "value"):
        panels.show_panel(name)
    settle(qtbot)
    before = seen(panels)
    assert {"graph", "operation", "value"} <= before
    window.looks.zoom_by(BIGGEST)
    settle(qtbot)
    assert seen(panels) < before
    window.looks.zoom_by(0)
    settle(qtbot)
    assert seen(panels) == before
    window.looks.zoom_by(BIGGEST)
    settle(qtbot)
    panels.show_panel("tensor")  # what was looked at since then goes before what was
    settle(qtbot)
    window.looks.zoom_by(0)
    settle(qtbot)
    assert seen(panels) == before - {"operation"} | {"tensor"}


def test_the_columns_of_a_file_are_as_before_once_text_is(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    sizes = {"fc1": (4, 2), "fc2": (3, 4), "fc3": (1, 3)}
    values = {f"{name}.weight": np.ones(size) for name, size in sizes.items()}
    read(window, qtbot, npz(tmp_path / "mlp.npz", values | {f"{name}.bias": np.ones(size[0]) for name, size in sizes.items()}))
    settle(qtbot)
    tree = saved_view(window).tree
    before = [tree.columnWidth(column) for column in Column]
    for step in range(BIGGEST + 1):  # scroll bars come and go
        window.looks.zoom_by(step)
        settle(qtbot)
    window.looks.zoom_by(0)
    settle(qtbot)
    assert [tree.columnWidth(column) for column in Column] == before
