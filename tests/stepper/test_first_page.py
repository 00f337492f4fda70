"""The first page: three things to begin with, recent files, examples, the way back; all by the keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from core.library import EXAMPLES
from stepper import app
from stepper.controller import Controller
from stepper.first_page import MOST_LESSONS, ChoiceList
from stepper.main_window import MainWindow
from stepper.models.lesson_state import Entry
from stepper.settings import MOST_RECENT, Settings

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
GOOD = "# data\nX = np.array([[1.0, 2.0]])\n# parameters\nw = np.array([[0.5]])\n# forward\nZ = w @ X\n# loss\nL = mean(Z * Z)\n"


@pytest.fixture
def fresh(qtbot: QtBot, settings: Settings) -> MainWindow:
    """The window as it is when it is started without a target."""
    made = MainWindow(Controller(), settings)
    qtbot.addWidget(made)
    made.set_theme("light")
    made.resize(1280, 720)
    made.show_first_page()
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def test_it_is_shown_without_a_target(qtbot: QtBot, tmp_path: Path) -> None:
    running = app.start(None, tmp_path / "s.ini")
    qtbot.addWidget(running.window)
    try:
        assert running.window.at_first_page
        assert not running.window.top_bar.isVisible()
        assert running.window.first_page.watch_button.isVisible()
    finally:
        running.reporter.remove()


def test_enter_watches_xor_before_its_first_operation(fresh: MainWindow, qtbot: QtBot) -> None:
    assert fresh.first_page.watch_button.hasFocus()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert not fresh.at_first_page
    assert fresh.windowTitle().startswith("xor")
    assert fresh.moment is not None and fresh.moment.k == 0
    QTest.keyClick(QApplication.focusWidget() or fresh, Qt.Key.Key_Right)
    assert fresh.moment.k == 1
    fresh.drawer.draw_now()
    assert fresh.operation_view.equation_label.text()


def test_no_step_is_possible_on_it(window: MainWindow) -> None:
    window.controller.later("operation")
    window.actions_["first-page"].trigger()
    assert window.at_first_page
    assert not window.actions_["operation-later"].isEnabled()
    assert not window.actions_["run"].isEnabled()
    QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Right)
    assert window.moment is not None and window.moment.k == 1
    assert window.possible.why_not("operation-later") == "go back to xor first"


def test_the_way_back(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.later("operation")
    window.actions_["first-page"].trigger()
    button = window.first_page.back_button
    assert button.isVisible() and "xor" in button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not window.at_first_page and window.top_bar.isVisible()
    assert window.moment is not None and window.moment.k == 1
    assert window.top_bar.later_button.hasFocus()


def test_there_is_no_way_back_to_nothing(fresh: MainWindow) -> None:
    assert not fresh.first_page.back_button.isVisible()
    fresh.show_panels()
    assert fresh.at_first_page


@pytest.mark.parametrize(("name", "kind"), [("code_button", ".py"), ("network_button", ".safetensors")])
def test_buttons_ask_for_a_file(fresh: MainWindow, qtbot: QtBot, name: str, kind: str) -> None:
    page = fresh.first_page
    qtbot.mouseClick(getattr(page, name), Qt.MouseButton.LeftButton)
    assert page.code_menu.isVisible() == (name == "code_button")
    if page.code_menu.isVisible():  # a person's code lies in a file, or is still to be written
        qtbot.keyClick(page.code_menu, Qt.Key.Key_Return)
    dialog = fresh.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    assert kind in dialog.nameFilters()[0]
    dialog.reject()
    qtbot.waitUntil(lambda: fresh.findChild(QFileDialog) is None)


def test_examples_open_by_click_and_key(fresh: MainWindow, qtbot: QtBot) -> None:
    page = fresh.first_page
    assert page.examples.count() == len(EXAMPLES)
    page.examples.setFocus()
    page.examples.setCurrentRow(3)
    QTest.keyClick(page.examples, Qt.Key.Key_Return)
    assert fresh.windowTitle().startswith("rows")
    fresh.show_first_page()
    item = page.examples.item(0)
    qtbot.mouseClick(page.examples.viewport(), Qt.MouseButton.LeftButton, pos=page.examples.visualItemRect(item).center())
    assert fresh.windowTitle().startswith("xor")


def test_recent_files_are_listed_and_missing_ones_are_grey(fresh: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    assert fresh.first_page.nothing.isVisible()
    paths = [tmp_path / f"net{n}.py" for n in range(MOST_RECENT + 2)]
    for path in paths:
        path.write_text(GOOD, "utf-8")
        fresh.files.open(str(path))
    fresh.files.open(str(paths[5]))
    recent = fresh.files.recent()
    assert len(recent) == MOST_RECENT
    assert recent[0] == str(paths[5]) and recent[1] == str(paths[-1])
    paths[-1].unlink()
    fresh.show_first_page()
    listed = fresh.first_page.recent
    assert not fresh.first_page.nothing.isVisible()
    assert listed.count() == MOST_RECENT
    assert listed.item(1).flags() == Qt.ItemFlag.NoItemFlags and "not there" in listed.item(1).text()
    chosen: list[str] = []
    fresh.first_page.chosen.connect(chosen.append)
    qtbot.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=listed.visualItemRect(listed.item(1)).center())
    assert not chosen
    qtbot.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=listed.visualItemRect(listed.item(0)).center())
    assert chosen == [str(paths[5])]
    again = Settings(fresh.settings.path)
    fresh.settings.save()
    assert again.get("recent") == recent


def test_trouble_is_said_on_it(fresh: MainWindow, tmp_path: Path) -> None:
    fresh.files.open(str(tmp_path / "none.py"))
    assert fresh.at_first_page
    assert "none.py" in fresh.message.text and fresh.message.isVisible()


def test_everything_on_it_is_reached_by_tab_and_named(fresh: MainWindow) -> None:
    page = fresh.first_page
    wanted = {page.watch_button, page.code_button, page.network_button, page.examples, page.tour_button, page.new_button}
    at = page.watch_button
    reached = set()
    for _ in range(12):
        reached.add(at)
        QTest.keyClick(at, Qt.Key.Key_Tab)
        at = QApplication.focusWidget()
    assert wanted <= reached
    assert all(w.accessibleName() or w.text() for w in wanted if not isinstance(w, ChoiceList))
    assert all(w.accessibleName() for w in (page, page.examples, page.recent))


@pytest.mark.parametrize(("width", "height", "zoom"), [(1280, 720, 0), (900, 560, 4), (700, 440, 0), (2560, 1440, 8)])
def test_no_text_of_a_card_is_cut_off(fresh: MainWindow, qtbot: QtBot, width: int, height: int, zoom: int) -> None:
    fresh.looks.zoom_by(zoom)
    try:
        fresh.resize(width, height)
        qtbot.wait(20)
        page = fresh.first_page
        assert page.horizontalScrollBar().maximum() == 0
        for button in (page.watch_button, page.code_button, page.network_button):
            assert button.height() >= button.heightForWidth(button.width()) - 1
            assert button.width() == pytest.approx(page.watch_button.width(), abs=2)
    finally:
        fresh.looks.zoom_by(0)


def test_lessons_are_listed_with_how_far_they_were_read(fresh: MainWindow) -> None:
    page = fresh.first_page
    entries = [Entry(f"lesson:{n}", f"Title {n}", "Summary.", n % 3, 2) for n in range(MOST_LESSONS + 3)]
    page.set_lessons(entries)
    assert page.lessons.count() == MOST_LESSONS + 1
    signs = [page.lessons.item(n).text()[0] for n in range(3)]
    assert signs == ["○", "◐", "✓"]
    wanted: list[str] = []
    page.lesson_wanted.disconnect()
    page.lesson_wanted.connect(wanted.append)
    page.lessons.setCurrentRow(MOST_LESSONS)
    QTest.keyClick(page.lessons, Qt.Key.Key_Return)
    assert not wanted and page.lessons.count() == len(entries) and page.lessons.currentRow() == MOST_LESSONS
    QTest.keyClick(page.lessons, Qt.Key.Key_Return)
    assert wanted == [f"lesson:{MOST_LESSONS}"]
