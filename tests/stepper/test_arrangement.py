"""Panels: each is in the table once, has a page and an action; arrangements share the room; what was left comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTabBar
from pytestqt.qtbot import QtBot

from stepper import actions, help
from stepper.arrangement import AREAS, ARRANGEMENTS, PANELS, Arrangement, area_of, shares
from stepper.controller import Controller
from stepper.drawing import can_be_seen
from stepper.main_window import MainWindow
from stepper.panels import SIDES
from stepper.settings import Settings
from stepper.widgets.dock_title import DockTitle

LEARN = {"program", "network", "operation", "loss"}


def seen(window: MainWindow) -> set[str]:
    return {name for name in window.panels.docks if window.panels.is_in_front(name)}


def settle(qtbot: QtBot) -> None:
    qtbot.wait(20)
    QApplication.processEvents()


def test_the_table_is_whole() -> None:
    assert len({p.id for p in PANELS}) == len(PANELS)
    assert len({p.view for p in PANELS}) == len(PANELS)
    for panel in PANELS:
        assert panel.page in help.PAGES, panel.id
        assert f"panel-{panel.id}" in actions.BY_ID
        assert all(area_of(panel, a) in AREAS for a in ARRANGEMENTS)
    modules = {path.stem for path in (Path(__file__).parents[2] / "stepper" / "views").glob("*.py")}
    assert {p.id for p in PANELS} - {"help"} == modules & {p.id for p in PANELS} - {"help"}


def test_every_view_is_under_the_contract_of_independence() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
    for panel in PANELS:
        if panel.view.__module__.startswith("stepper.views"):
            assert f'"{panel.view.__module__}"' in text


def test_learn_shows_four_and_makes_no_more(window: MainWindow) -> None:
    assert seen(window) == LEARN
    assert set(window.panels.views) == LEARN
    assert [a.isChecked() for n, a in ((p.id, window.actions_[f"panel-{p.id}"]) for p in PANELS)] == [
        p.id in LEARN for p in PANELS
    ]


@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
@pytest.mark.parametrize(("width", "height"), [(1280, 720), (2560, 1440)])
def test_each_arrangement_fills_the_window(
    window: MainWindow, qtbot: QtBot, arrangement: Arrangement, width: int, height: int
) -> None:
    window.resize(width, height)
    window.actions_[f"arrange-{arrangement}"].trigger()
    settle(qtbot)
    assert (window.width(), window.height()) == (width, height)
    assert window.actions_[f"arrange-{arrangement}"].isChecked()
    for panel in PANELS:
        assert window.panels.is_shown(panel.id) == (arrangement in panel.shown)
    fronts = seen(window)
    room = 0
    for name in fronts:
        dock = window.panels.docks[name]
        least = window.panels.view(name).minimumSizeHint()
        assert dock.width() >= least.width() and dock.height() >= least.height(), name
        assert dock.width() >= 300 and dock.height() >= 100, name
        room += dock.width() * dock.height()
    assert room > 0.9 * window.panels.width() * window.panels.height()


def test_the_room_is_shared_as_it_always_was() -> None:
    areas = {"left", "centre", "centre-low", "bottom"}
    small = shares(1280, 655, areas, low_strip=True)  # type: ignore[arg-type]
    assert small.columns == (384, 896, 0)
    assert small.strip == 104
    assert 250 <= small.low <= 270
    assert shares(1280, 655, areas, low_strip=False).strip == 150  # type: ignore[arg-type]
    wide = shares(1280, 655, areas | {"right"}, low_strip=True)  # type: ignore[arg-type]
    assert wide.columns[0] >= 300 and wide.columns[2] >= 330 and sum(wide.columns) == 1280


def test_a_key_shows_a_panel_with_the_keyboard_and_hides_it(window: MainWindow, qtbot: QtBot) -> None:
    key = actions.BY_ID["panel-value"].keys[0]
    assert key == "Alt+5"
    QTest.keyClick(window, Qt.Key.Key_5, Qt.KeyboardModifier.AltModifier)
    settle(qtbot)
    assert "value" in seen(window)
    assert window.actions_["panel-value"].isChecked()
    focus = QApplication.focusWidget()
    assert focus is not None and window.panels.docks["value"].isAncestorOf(focus)
    QTest.keyClick(window, Qt.Key.Key_5, Qt.KeyboardModifier.AltModifier)
    settle(qtbot)
    assert "value" not in seen(window)
    assert not window.actions_["panel-value"].isChecked()


def test_closing_a_dock_unticks_it_and_a_tab_behind_comes_to_the_front(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_["panel-graph"].trigger()
    settle(qtbot)
    assert "graph" in seen(window) and "network" not in seen(window)
    assert window.actions_["panel-network"].isChecked()
    bars = [b for b in window.panels.findChildren(QTabBar) if b.isVisible() and b.count() == 2]
    assert bars and bars[0].accessibleName()
    window.actions_["panel-network"].trigger()
    settle(qtbot)
    assert "network" in seen(window)
    title = window.panels.docks["network"].titleBarWidget()
    assert isinstance(title, DockTitle) and title.tabbed
    qtbot.mouseClick(title.close_button, Qt.MouseButton.LeftButton)
    settle(qtbot)
    assert not window.actions_["panel-network"].isChecked()
    assert "graph" in seen(window)


def test_only_what_is_in_front_is_drawn(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    window.actions_["panel-graph"].trigger()
    settle(qtbot)
    drawn: list[str] = []
    for name in ("network", "graph"):
        monkeypatch.setattr(window.panels.view(name), "draw", lambda m, name=name: drawn.append(name))
    window.controller.later("operation")
    qtbot.waitUntil(lambda: bool(drawn))
    assert drawn == ["graph"]
    assert not can_be_seen(window.network_view)
    window.panels.show_panel("network")
    qtbot.waitUntil(lambda: drawn == ["graph", "network"])


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_floating_panel_still_steps(window: MainWindow, qtbot: QtBot) -> None:
    window.panels.docks["operation"].setFloating(True)
    settle(qtbot)
    assert window.panels.is_in_front("operation")
    assert window.focusWidget() is window.top_bar.later_button
    window.controller.later("operation")
    window.drawer.draw_now()
    assert window.operation_view not in window.drawer.waiting
    window.actions_["reset-arrangement"].trigger()
    settle(qtbot)
    assert not window.panels.docks["operation"].isFloating()
    assert seen(window) == LEARN


def test_reset_puts_everything_back(window: MainWindow, qtbot: QtBot) -> None:
    before = {n: d.geometry() for n, d in window.panels.docks.items() if not d.isHidden()}
    window.panels.hide_panel("network")
    window.panels.show_panel("value")
    window.panels.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, window.panels.docks["program"])
    settle(qtbot)
    assert window.panels.moved
    window.actions_["reset-arrangement"].trigger()
    qtbot.waitUntil(lambda: {n: d.geometry() for n, d in window.panels.docks.items() if not d.isHidden()} == before)
    assert not window.panels.moved


def reopened(window: MainWindow, qtbot: QtBot) -> MainWindow:
    window.close()
    again = MainWindow(Controller(), Settings(window.settings.path))
    qtbot.addWidget(again)
    again.resize(1280, 720)
    again.show()
    qtbot.waitExposed(again)
    settle(qtbot)
    return again


def test_open_panels_come_back(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_["panel-value"].trigger()
    window.panels.hide_panel("loss")
    settle(qtbot)
    again = reopened(window, qtbot)
    assert seen(again) == {"program", "network", "operation", "value"}
    assert not again.panels.moved


def test_moved_panels_and_the_arrangement_come_back(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_["arrange-inspect"].trigger()
    settle(qtbot)
    window.panels.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, window.panels.docks["network"])
    settle(qtbot)
    again = reopened(window, qtbot)
    assert again.panels.arrangement == "inspect"
    assert again.actions_["arrange-inspect"].isChecked()
    assert again.panels.dockWidgetArea(again.panels.docks["network"]) == Qt.DockWidgetArea.RightDockWidgetArea


def test_a_damaged_state_is_passed_over(window: MainWindow, qtbot: QtBot) -> None:
    window.settings.set("window/docks", QByteArray(b"nonsense"))
    window.settings.set("window/panels", "no,such,panel")
    again = MainWindow(Controller(), window.settings)
    qtbot.addWidget(again)
    again.show()
    qtbot.waitExposed(again)
    settle(qtbot)
    assert seen(again) == LEARN


def test_the_room_that_a_person_shared_stays(window: MainWindow, qtbot: QtBot) -> None:
    edge = window.panels.docks["operation"].geometry().topLeft() + QPoint(200, -3)
    qtbot.waitUntil(lambda: window.panels.isSeparator(edge))
    QTest.mousePress(window.panels, Qt.MouseButton.LeftButton, pos=edge)
    QTest.mouseRelease(window.panels, Qt.MouseButton.LeftButton, pos=edge)
    assert window.panels.moved
    window.panels.show_panel("value")
    settle(qtbot)
    assert window.panels.docks["value"].width() >= 240


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_panel_floats_and_moves_without_a_mouse(window: MainWindow, qtbot: QtBot) -> None:
    window.panels.show_panel("value", focus=True)
    settle(qtbot)
    assert window.panels.current == "value"
    dock = window.panels.docks["value"]
    window.actions_["float-panel"].trigger()
    settle(qtbot)
    assert dock.isFloating() and window.panels.current == "value"
    window.actions_["float-panel"].trigger()
    settle(qtbot)
    assert not dock.isFloating() and "value" in seen(window)
    for side in ("right", "bottom", "top", "left"):
        window.actions_[f"move-{side}"].trigger()
        settle(qtbot)
        assert window.panels.dockWidgetArea(dock) == SIDES[side]
        assert "value" in seen(window) and dock.width() > 200 and dock.height() > 100


def test_the_steps_are_no_panel(window: MainWindow) -> None:
    window.panels.current = "value"
    window.top_bar.run_button.setFocus()
    assert window.panels.current == ""
    window.actions_["float-panel"].trigger()
    window.actions_["move-left"].trigger()
    assert not any(dock.isFloating() for dock in window.panels.docks.values())
