"""Every action is declared once, can be found in a menu, has keys that nothing else has, and does what it says."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from core.library import EXAMPLES
from core.session import Moment
from stepper import actions
from stepper.main_window import MainWindow

LEADS_TO = {"operation-later": 15, "operation-earlier": 13, "iteration-later": 29, "iteration-earlier": 0, "start": 0}
"""Where some actions lead from operation 14 of the first iteration."""


INSIDE = ("run", "run-earlier", "into", "into-earlier", "out", "out-earlier", "element-later", "element-earlier", "to-cursor",
          "back-to-cursor")  # fmt: skip
"""Steps within an operation, to a cursor and in a run: tested by themselves."""


def place(window: MainWindow) -> tuple[int, int]:
    assert window.moment is not None
    return window.moment.position.iteration, window.moment.k


def test_ids_and_keys_are_unique() -> None:
    assert max(Counter(i.id for i in actions.ITEMS).values()) == 1
    keys = Counter(QKeySequence(k).toString() for i in actions.ITEMS for k in i.keys)
    assert all(keys)
    assert max(keys.values()) == 1, keys


def test_each_built_in_has_an_action() -> None:
    assert {i.argument for i in actions.ITEMS if i.id.startswith("example-")} == set(EXAMPLES)


def test_every_call_leads_somewhere(window: MainWindow) -> None:
    for item in actions.ITEMS:
        owner, method = item.call.split(".")
        assert callable(getattr(window.owners[owner], method)), item.id


def test_every_action_is_in_a_menu_and_says_its_keys(window: MainWindow) -> None:
    found: list[str] = []

    def walk(menu: QMenu) -> None:
        for action in menu.actions():
            inner = action.menu()
            if isinstance(inner, QMenu):
                walk(inner)
            elif not action.isSeparator():
                found.append(str(action.data()))

    for top in window.menuBar().actions():
        menu = top.menu()
        assert isinstance(menu, QMenu)
        walk(menu)
    assert sorted(found) == sorted(i.id for i in actions.ITEMS)
    for item in actions.ITEMS:
        action = window.actions_[item.id]
        assert action.toolTip()
        for key in item.keys:
            assert QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) in action.toolTip()


def test_every_button_of_the_bar_has_a_name_and_a_tip(window: MainWindow) -> None:
    from stepper.widgets.bar_button import BarButton

    buttons = window.top_bar.findChildren(BarButton)
    assert len(buttons) <= sum(i.button is not None for i in actions.ITEMS)
    names = [b.accessibleName() for b in buttons]
    assert all(names)
    assert len(set(names)) == len(names)
    assert all("(" in b.toolTip() for b in buttons)


def keys_of(text: str) -> tuple[Qt.Key, Qt.KeyboardModifier]:
    combination = QKeySequence(text)[0]
    return combination.key(), combination.keyboardModifiers()


@pytest.mark.parametrize(
    "item", [i for i in actions.ITEMS if i.later is not None and i.keys and i.id not in INSIDE], ids=lambda i: i.id
)
def test_every_key_does_the_same_as_its_action(window: MainWindow, qtbot: QtBot, item: actions.Item) -> None:
    assert window.controller.session is not None
    for key in item.keys:
        window.controller.session.go(1, 14)
        window.actions_[item.id].trigger()
        expected = place(window)
        assert (expected > (1, 14)) == item.later
        assert expected == (1, LEADS_TO.get(item.id, expected[1]))
        window.controller.session.go(1, 14)
        QTest.keyClick(window, *keys_of(key))
        assert place(window) == expected, key


def test_arrows_step_wherever_the_focus_is(window: MainWindow, qtbot: QtBot) -> None:
    assert window.controller.session is not None
    places = [w for w in window.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisible()]
    assert len(places) >= 12
    stepped = 0
    for widget in places:
        window.controller.session.go(1, 14)
        QApplication.processEvents()
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        focus = QApplication.focusWidget()
        if focus is None:
            continue
        wanted = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier)
        wanted.ignore()
        QApplication.sendEvent(focus, wanted)
        if wanted.isAccepted():
            continue
        QTest.keyClick(focus, Qt.Key.Key_Right)
        assert place(window) == (1, 15), focus
        QTest.keyClick(focus, Qt.Key.Key_Left)
        assert place(window) == (1, 14), focus
        stepped += 1
    assert stepped >= 11


def test_the_slider_keeps_its_arrows(window: MainWindow, qtbot: QtBot) -> None:
    slider = window.top_bar._slider
    slider.setFocus()
    speeds: list[int] = []
    window.top_bar.speed_changed.connect(speeds.append)
    QTest.keyClick(slider, Qt.Key.Key_Right)
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert speeds == [10, 0]
    assert place(window) == (1, 0)
    assert window.settings.get("speed") == 0


def test_run_key_starts_and_stops(window: MainWindow, qtbot: QtBot) -> None:
    moments: list[Moment] = []
    window.controller.changed.connect(moments.append)
    QTest.keyClick(window, Qt.Key.Key_F5)
    assert moments[-1].running
    assert window.actions_["run"].iconText() == "stop"
    assert "running" in window.top_bar.status_text()
    QTest.keyClick(window, Qt.Key.Key_F5)
    assert not moments[-1].running
    assert window.actions_["run"].iconText() == "run"


def test_no_button_has_the_letter_of_a_menu(window: MainWindow) -> None:
    """With two owners of one letter Qt opens the menu or presses nothing at all."""
    for name in window.panels.docks:
        window.panels.view(name)
    menus = {QKeySequence.mnemonic(a.text()).toString(): a.text() for a in window.menuBar().actions()}
    assert len(menus) == len(window.menuBar().actions())
    buttons = [b.text() for b in window.findChildren(QAbstractButton)]
    taken = [text for text in buttons if QKeySequence.mnemonic(text).toString() in menus]
    assert len(buttons) > 100 and taken == []
