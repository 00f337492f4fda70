"""The tour: points at panels, notices what the person did, does it for whoever goes on, and ends at any time."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stepper import tour
from stepper.arrangement import BY_ID
from stepper.main_window import MainWindow
from stepper.tour import ASKS, DOES, Tour, beside


@pytest.fixture
def running(window: MainWindow) -> Tour:
    window.controller.open("rows")
    window.actions_["tour"].trigger()
    assert window.guide.tour.is_on
    return window.guide.tour


def to(running: Tour, ask: str) -> None:
    while running.steps[running.at].ask != ask:
        running.next()


def test_the_steps_are_whole() -> None:
    steps = tour.steps()
    assert 6 <= len(steps) <= 8
    for step in steps:
        assert step.panel in BY_ID or step.panel == "top"
        assert step.ask in ASKS
        assert bool(step.ask) == bool(step.do)
        assert 1 <= step.text.count(".") <= 3 and len(step.text) < 180
    assert {step.ask for step in steps} == set(ASKS)
    assert set(DOES) <= set(ASKS)


def test_it_opens_xor_and_points_at_the_program(running: Tour, window: MainWindow) -> None:
    assert window.windowTitle().startswith("xor")
    assert window.moment is not None and window.moment.k == 0
    assert running.isVisible() and running.ring.isVisible()
    dock = window.panels.docks["program"]
    assert running.ring.geometry().contains(QRect(dock.mapTo(window, dock.rect().center()), QSize(1, 1)))
    assert not running.geometry().intersects(QRect(dock.mapTo(window, dock.rect().topLeft()), dock.size()))
    assert running.next_button.hasFocus()
    assert running.accessibleDescription()


def test_it_notices_what_the_person_did(running: Tour, window: MainWindow) -> None:
    to(running, "later")
    assert "✓" not in running.do.text()
    QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Right)
    assert window.moment is not None and window.moment.k == 1
    assert "✓" in running.do.text()
    running.next()
    assert running.steps[running.at].ask == "cell"
    assert window.moment.lit is not None
    window.operation_view.value_clicked.emit(window.moment.lit.result, (0, 0))
    assert "✓" in running.do.text()


def test_next_does_what_was_asked_for(running: Tour, window: MainWindow) -> None:
    seen: list[str] = []
    for _ in range(len(running.steps)):
        assert window.moment is not None
        seen.append(f"{window.moment.position.iteration}:{window.moment.k}")
        QTest.keyClick(running.next_button, Qt.Key.Key_Return)
    assert not running.is_on and not running.isVisible() and not running.ring.isVisible()
    assert seen == ["1:0", "1:0", "1:1", "1:1", "1:7", "1:21", "1:20", "4:0"]


def test_back_and_escape(running: Tour, window: MainWindow) -> None:
    assert not running.back_button.isEnabled()
    running.next()
    QTest.keyClick(running.back_button, Qt.Key.Key_Space)
    assert running.at == 0
    QTest.keyClick(running.next_button, Qt.Key.Key_Escape)
    assert not running.is_on


def test_escape_ends_it_wherever_the_keyboard_is(running: Tour, window: MainWindow) -> None:
    window.program_view.list.setFocus()
    assert window.actions_["dismiss"].isEnabled()
    QTest.keyClick(window.program_view.list, Qt.Key.Key_Escape)
    assert not running.is_on
    assert not window.actions_["dismiss"].isEnabled()


def test_it_stays_beside_its_panel(running: Tour, window: MainWindow, qtbot: QtBot) -> None:
    to(running, "cell")
    window.resize(1600, 900)
    qtbot.wait(30)
    dock = window.panels.docks["operation"]
    assert running.ring.geometry().contains(QRect(dock.mapTo(window, dock.rect().center()), QSize(1, 1)))
    assert window.rect().contains(running.geometry())


def test_opening_something_else_ends_it(running: Tour, window: MainWindow) -> None:
    window.controller.open("rows")
    assert not running.is_on
    window.actions_["first-page"].trigger()
    window.first_page.tour_button.click()
    assert running.is_on and not window.at_first_page


def test_a_hidden_panel_is_opened_for_it(window: MainWindow, qtbot: QtBot) -> None:
    window.panels.hide_panel("loss")
    window.actions_["tour"].trigger()
    to(window.guide.tour, "run")
    qtbot.wait(10)
    assert window.panels.is_in_front("loss")


@pytest.mark.parametrize(
    "target",
    [QRect(0, 60, 300, 600), QRect(400, 60, 880, 300), QRect(0, 0, 1280, 60), QRect(0, 560, 1280, 160), QRect(0, 0, 1280, 720)],
)
def test_the_card_is_in_the_room_and_beside_the_panel_if_it_can_be(target: QRect) -> None:
    room = QRect(0, 0, 1280, 720)
    card = beside(target, QSize(300, 160), room)
    assert room.contains(card)
    assert target == room or not card.intersects(target)
