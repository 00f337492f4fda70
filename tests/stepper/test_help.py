"""Help: a page for each panel, found by F1 where the keyboard is; links lead to pages; nothing else is opened."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from stepper import actions, help
from stepper.arrangement import PANELS
from stepper.guide import HelpDialog
from stepper.help import HelpView
from stepper.main_window import MainWindow
from stepper.widgets.dock_title import DockTitle


def shown(window: MainWindow) -> HelpView:
    view = window.panels.views["help"]
    assert isinstance(view, HelpView)
    return view


@pytest.mark.parametrize("name", (*help.PAGES, *help.RULE_PAGES, *help.FAULT_PAGES))
def test_pages_are_there_short_and_their_links_lead_somewhere(name: str) -> None:
    text = help.page_text(name)
    assert text.startswith("# ")
    # Two pages are references: for a teacher who writes a lesson, with an example that runs, and for who reads a document.
    assert len(text.split()) < (1200 if name in ("lesson-format", "document") else 320)
    for link in re.findall(r"\]\(([^)]*)\)", text):
        assert link.removesuffix(".md") in (*help.PAGES, *help.RULE_PAGES, *help.FAULT_PAGES), link
    assert "http" not in text


def test_every_page_is_reached_from_the_contents() -> None:
    assert set(re.findall(r"\]\(([\w-]+)\.md\)", help.page_text("start"))) == set(help.PAGES) - {"start"}


def test_there_is_no_other_page() -> None:
    with pytest.raises(KeyError):
        help.page_text("../secret")


@pytest.mark.parametrize("panel", [p for p in PANELS if p.id != "help"], ids=lambda p: p.id)
def test_f1_opens_the_page_of_the_panel_with_the_keyboard(window: MainWindow, qtbot: QtBot, panel: object) -> None:
    name = panel.id  # type: ignore[attr-defined]
    window.panels.show_panel(name, focus=True)
    qtbot.wait(10)
    focus = QApplication.focusWidget()
    assert focus is not None and window.panels.docks[name].isAncestorOf(focus), name
    QTest.keyClick(focus, Qt.Key.Key_F1)
    assert shown(window).page == panel.page  # type: ignore[attr-defined]
    assert window.panels.is_shown("help")


def test_f1_elsewhere(window: MainWindow, qtbot: QtBot) -> None:
    assert window.top_bar.later_button.hasFocus()
    QTest.keyClick(window, Qt.Key.Key_F1)
    assert shown(window).page == "steps"
    window.actions_["help-start"].trigger()
    assert shown(window).page == "start"
    assert QApplication.focusWidget() is shown(window).browser


def test_the_question_mark_of_a_panel(window: MainWindow, qtbot: QtBot) -> None:
    title = window.panels.docks["network"].titleBarWidget()
    assert isinstance(title, DockTitle)
    qtbot.mouseClick(title.help_button, Qt.MouseButton.LeftButton)
    assert shown(window).page == "network"


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_help_on_the_first_page_is_a_window_of_its_own(window: MainWindow) -> None:
    window.actions_["first-page"].trigger()
    for _ in range(2):
        window.actions_["help-here"].trigger()
    assert window.at_first_page
    dialogs = window.findChildren(HelpDialog)
    assert len(dialogs) == 1 and dialogs[0].isVisible() and not dialogs[0].isModal()
    assert dialogs[0].view.page == "start"
    window.guide.show_page("keys")
    assert "Right" in dialogs[0].view.browser.toPlainText()
    dialogs[0].close()


def test_links_go_to_pages_and_back_comes_back(window: MainWindow) -> None:
    window.actions_["help-start"].trigger()
    view = shown(window)
    view.browser.anchorClicked.emit(QUrl("network.md"))
    assert view.page == "network"
    for elsewhere in ("https://example.org", "file:///etc/passwd", "nothing.md"):
        view.browser.anchorClicked.emit(QUrl(elsewhere))
        assert view.page == "network"
    view.back_button.click()
    assert view.page == "start"
    assert not view.back_button.isEnabled()
    view.keys_button.click()
    assert view.page == "keys"


def test_the_page_of_keys_is_made_from_the_table(window: MainWindow) -> None:
    window.guide.show_page("keys")
    text = shown(window).browser.toPlainText()
    for item in actions.ITEMS:
        assert actions.plain(item.text) in text, item.id
        assert actions.keys_text(item) in text, item.id


def test_it_is_painted_again_in_other_colours(window: MainWindow) -> None:
    window.guide.show_page("program")
    window.set_theme("dark")
    assert shown(window).page == "program"
    assert "one iteration" in shown(window).browser.toPlainText()
