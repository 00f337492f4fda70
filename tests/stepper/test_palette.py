"""The command palette finds every action of the table by a few letters, and does it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTreeWidgetItem
from pytestqt.qtbot import QtBot

from stepper import actions
from stepper.main_window import MainWindow
from stepper.palette import Palette, closeness, rank

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def opened(window: MainWindow) -> Palette:
    QTest.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    palette = window.findChild(Palette)
    assert isinstance(palette, Palette)
    return palette


def rows(palette: Palette) -> list[QTreeWidgetItem]:
    found = [palette.list.topLevelItem(n) for n in range(palette.list.topLevelItemCount())]
    return [row for row in found if row is not None]


def ids(palette: Palette) -> list[str]:
    return [str(row.data(0, Qt.ItemDataRole.UserRole)) for row in rows(palette)]


def test_letters_must_stand_in_order() -> None:
    assert closeness("tst", "To the start") is not None
    assert closeness("tsr", "Start") is None
    starts, inside, scattered = (closeness("ne", text) for text in ("Next line", "One line", "Input size"))
    assert starts is not None and inside is not None and scattered is not None
    assert starts > inside > scattered


@pytest.mark.parametrize("item", actions.ITEMS, ids=lambda i: i.id)
def test_every_action_is_found_by_its_own_text(item: actions.Item) -> None:
    scores = {other.id: rank(actions.plain(item.text), other) or 0 for other in actions.ITEMS}
    assert scores[item.id] >= 1000
    assert scores[item.id] >= sorted(scores.values())[-3]


def test_everything_is_listed_with_its_keys(window: MainWindow, qtbot: QtBot) -> None:
    palette = opened(window)
    assert ids(palette) == [item.id for item in actions.ITEMS]
    for row, item in zip(rows(palette), actions.ITEMS, strict=True):
        assert row.text(2) == actions.keys_text(item)
    QTest.keyClick(palette.line, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.findChild(Palette) is None)


def test_typing_and_enter_does_an_action(window: MainWindow, qtbot: QtBot) -> None:
    palette = opened(window)
    assert palette.line.hasFocus() or palette.focusWidget() is palette.line
    QTest.keyClicks(palette.line, "next phase")
    assert ids(palette)[0] == "phase-later"
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert window.moment is not None and window.moment.k == 6
    qtbot.waitUntil(lambda: window.findChild(Palette) is None)


def test_arrows_move_in_the_list_and_do_not_step(window: MainWindow, qtbot: QtBot) -> None:
    palette = opened(window)
    first = palette.list.currentItem()
    QTest.keyClick(palette.line, Qt.Key.Key_Down)
    QTest.keyClick(palette.line, Qt.Key.Key_Right)
    assert palette.list.currentIndex().row() == 1
    assert palette.line.accessibleDescription()
    QTest.keyClick(palette.line, Qt.Key.Key_Up)
    assert palette.list.currentItem() is first
    QTest.keyClick(palette.line, Qt.Key.Key_PageDown)
    assert palette.list.currentIndex().row() > 5
    assert window.moment is not None and window.moment.k == 0
    palette.close()


def test_what_is_not_possible_says_why_and_does_nothing(window: MainWindow, qtbot: QtBot) -> None:
    palette = opened(window)
    palette.line.setText("one operation earlier")
    row = rows(palette)[0]
    assert "(not now)" in row.text(0)
    assert "very start" in palette.tip.text()
    done: list[str] = []
    palette.wanted.connect(done.append)
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert not done and palette.isVisible()
    palette.close()


def test_letters_that_nothing_has_are_said(window: MainWindow, qtbot: QtBot) -> None:
    palette = opened(window)
    palette.line.setText("qqqq zzzz")
    assert not rows(palette)
    assert "No action" in palette.tip.text()
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    QTest.keyClick(palette.line, Qt.Key.Key_Down)
    palette.close()


def test_a_click_does_an_action(window: MainWindow, qtbot: QtBot) -> None:
    palette = opened(window)
    palette.line.setText("next line")
    item = rows(palette)[0]
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=palette.list.visualItemRect(item).center())
    assert window.moment is not None and window.moment.k == 2
