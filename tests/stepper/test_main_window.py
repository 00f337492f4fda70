"""The window: what it shows follows the session; trouble is one sentence; nothing is left behind."""

from __future__ import annotations

import ast
import gc
import weakref
from pathlib import Path

import pytest
from helpers.dropping import drop
from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from core.session import Moment
from stepper import theme
from stepper.controller import Controller
from stepper.dialogs import AboutDialog
from stepper.help import HelpView
from stepper.main_window import MainWindow
from stepper.settings import Settings

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # the offscreen platform says it of every dialog
GOOD = (
    "# data\nX = np.array([[1.0, 2.0]])\n# parameters\nw = np.array([[0.5]])\nlr = 0.1\n"
    "# forward\nZ = w @ X\n# loss\nL = mean(Z * Z)\n"
)


def test_it_opens_before_the_first_operation(window: MainWindow) -> None:
    assert window.windowTitle() == "xor — Backprop Stepper"
    assert window.top_bar.status_text() == "iteration 1 · epoch 1 · 0 of 29 done · → forward"
    assert not window.actions_["operation-earlier"].isEnabled()
    assert not window.actions_["start"].isEnabled()
    assert window.actions_["operation-later"].isEnabled()


def test_right_works_at_once(window: MainWindow, qtbot: QtBot) -> None:
    QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Right)
    assert window.top_bar.status_text().startswith("iteration 1 · epoch 1 · 1 of 29 done")
    assert window.actions_["operation-earlier"].isEnabled()


def test_the_status_says_phase_and_loss(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.to_statement(5)
    text = window.top_bar.status_text()
    assert "← backward" in text
    assert "loss 0.2734" in text
    seen = [label.text() for label in window.top_bar.findChildren(QLabel) if label.isVisible()]
    for part in text.split(" · ")[2:]:
        assert part in seen


def test_buttons_step(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.mouseClick(window.top_bar.later_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(window.top_bar.later_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(window.top_bar.earlier_button, Qt.MouseButton.LeftButton)
    assert window.moment is not None
    assert window.moment.k == 1
    qtbot.mouseClick(window.top_bar.start_button, Qt.MouseButton.LeftButton)
    assert window.moment.k == 0
    assert window.top_bar.later_button.isEnabled()


def test_clicks_in_the_views_reach_the_session(window: MainWindow) -> None:
    window.program_view.statement_clicked.emit(4)
    assert window.moment is not None
    assert window.moment.lit is not None
    assert window.moment.lit.statement == 4
    for view in (window.program_view, window.network_view, window.operation_view):
        view.value_clicked.emit(window.moment.lit.result, None)
        assert window.moment.selection.value == window.moment.lit.result
    window.loss_view.iteration_clicked.emit(3)
    assert window.moment.position.iteration == 3


def test_a_bad_file_is_one_sentence_and_changes_nothing(window: MainWindow, tmp_path: Path) -> None:
    window.controller.later("iteration")
    bad = tmp_path / "bad.py"
    bad.write_text("# forward\nwhile True: pass\n", "utf-8")
    window.open_file(str(bad))
    assert "bad.py" in window.message.text
    assert "line 2" in window.message.text
    assert window.message.isVisible()
    assert window.windowTitle() == "xor — Backprop Stepper"
    assert window.moment is not None
    assert window.moment.k == 29
    assert QApplication.activeModalWidget() is None
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.message.isVisible()


def test_a_good_file_takes_the_message_away_and_is_remembered(window: MainWindow, tmp_path: Path) -> None:
    window.open_file(str(tmp_path / "missing.py"))
    assert window.message.isVisible()
    good = tmp_path / "good.py"
    good.write_text(GOOD, "utf-8")
    window.open_file(str(good))
    assert not window.message.isVisible()
    assert window.windowTitle() == "good.py — Backprop Stepper"
    assert window.settings.get("folder") == str(tmp_path)


def test_markup_in_a_message_stays_text(window: MainWindow) -> None:
    window.say("<b>W1</b> & <img src=x>")
    labels = [x for x in window.message.findChildren(QLabel) if "W1" in x.text()]
    assert labels[0].textFormat() == Qt.TextFormat.PlainText
    assert window.message.text == "<b>W1</b> & <img src=x>"


def test_no_label_guesses_markup(window: MainWindow) -> None:
    for label in (*window.top_bar.findChildren(QLabel), *window.message.findChildren(QLabel)):
        assert label.textFormat() == Qt.TextFormat.PlainText


def test_later_stops_at_a_line_that_fails(window: MainWindow, tmp_path: Path) -> None:
    file = tmp_path / "mismatch.py"
    file.write_text(GOOD.replace("Z = w @ X", "A = X + 1\nZ = A @ w @ X @ X").replace("mean(Z * Z)", "mean(Z)"), "utf-8")
    window.open_file(str(file))
    assert window.actions_["operation-later"].isEnabled()
    window.controller.later("iteration")
    for name in ("operation-later", "line-later", "phase-later", "iteration-later", "run"):
        assert not window.actions_[name].isEnabled()
    assert window.actions_["operation-earlier"].isEnabled()
    assert window.message.isVisible()
    window.controller.earlier("operation")
    assert window.actions_["operation-later"].isEnabled()


def test_a_dropped_file_opens(window: MainWindow, tmp_path: Path) -> None:
    good = tmp_path / "dropped.py"
    good.write_text(GOOD, "utf-8")
    assert drop(window, [good])
    assert window.windowTitle() == "dropped.py — Backprop Stepper"


def test_examples_open_from_the_menu(window: MainWindow) -> None:
    window.actions_["example-rows"].trigger()
    assert window.windowTitle() == "rows — Backprop Stepper"


def test_the_script_is_saved_whole_or_not_at_all(window: MainWindow, tmp_path: Path) -> None:
    out = tmp_path / "out.py"
    out.write_text("before", "utf-8")
    window.files.save_script(str(out))
    text = out.read_text("utf-8")
    ast.parse(text)
    assert "W1 @ X + b1" in text
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".part"] == []
    window.files.save_script(str(tmp_path / "no folder" / "out.py"))
    assert "not saved" in window.message.text


@pytest.mark.parametrize("name", ["open", "save-script"])
def test_asking_for_a_file_does_not_block(window: MainWindow, qtbot: QtBot, name: str) -> None:
    window.actions_[name].trigger()
    dialog = window.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    qtbot.waitUntil(dialog.isVisible)
    dialog.reject()
    qtbot.waitUntil(lambda: window.findChild(QFileDialog) is None)


def test_the_help_is_made_from_the_table(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_["keys"].trigger()
    keys = window.panels.view("help")
    assert isinstance(keys, HelpView)
    assert keys.page == "keys" and "Shift+F10" in keys.browser.toPlainText()
    window.actions_["about"].trigger()
    about = window.findChild(AboutDialog)
    assert isinstance(about, AboutDialog)
    assert "NumPy" in about.text.text()
    about.close()


def test_a_view_that_is_not_seen_waits(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    monkeypatch.setattr(window.loss_view, "draw", lambda m: drawn.append(m.k))
    window.panels.hide_panel("loss")
    window.controller.later("operation")
    window.drawer.draw_now()
    assert drawn == []
    window.panels.show_panel("loss")
    qtbot.waitUntil(lambda: drawn == [1])
    window.panels.tabifyDockWidget(window.panels.docks["loss"], window.panels.docks["operation"])
    window.panels.show_panel("operation")
    qtbot.waitUntil(lambda: not window.panels.is_in_front("loss"))
    window.controller.later("operation")
    window.drawer.draw_now()
    assert drawn[-1] == 1
    window.panels.show_panel("loss")
    qtbot.waitUntil(lambda: drawn[-1] == 2)


def test_many_keys_at_once_draw_once(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    monkeypatch.setattr(window.loss_view, "draw", lambda m: drawn.append(m.k))
    for _ in range(10):
        window.controller.later("operation")
    qtbot.waitUntil(lambda: bool(drawn))
    assert drawn == [10]


def test_themes(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_["theme-dark"].trigger()
    assert theme.current().name == "dark"
    assert window.actions_["theme-dark"].isChecked()
    assert window.settings.get("theme") == "dark"
    QApplication.processEvents()
    dark = window.grab().toImage().pixelColor(3, 40).lightness()
    window.actions_["theme-light"].trigger()
    assert theme.current().name == "light"
    QApplication.processEvents()
    assert window.grab().toImage().pixelColor(3, 40).lightness() > dark + 100


def test_text_size(window: MainWindow) -> None:
    before = window.font().pointSizeF()
    window.actions_["bigger"].trigger()
    window.actions_["bigger"].trigger()
    QApplication.processEvents()
    assert window.font().pointSizeF() == before + 2
    assert window.settings.get("zoom") == 2
    window.actions_["usual"].trigger()
    QApplication.processEvents()
    assert window.font().pointSizeF() == before


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (2560, 1440), (700, 440)])
def test_it_fits(window: MainWindow, qtbot: QtBot, width: int, height: int) -> None:
    window.resize(width, height)
    qtbot.wait(10)
    assert (window.width(), window.height()) == (width, height)
    for widget in (window.top_bar.later_button, window.top_bar.run_button):
        right = widget.mapTo(window, widget.rect().topRight()).x()
        assert right < width


def test_the_window_comes_back_as_it_was(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(790, 640)
    program = window.panels.docks["program"]

    def on_the_edge() -> QPoint:
        return program.geometry().topRight() + QPoint(3, 40)

    qtbot.wait(10)
    qtbot.waitUntil(lambda: window.panels.isSeparator(on_the_edge()))
    edge = on_the_edge()
    QTest.mousePress(window.panels, Qt.MouseButton.LeftButton, pos=edge)
    QTest.mouseMove(window.panels, edge - QPoint(60, 0))
    qtbot.wait(10)
    QTest.mouseRelease(window.panels, Qt.MouseButton.LeftButton, pos=edge - QPoint(60, 0))
    qtbot.wait(10)
    widths = {name: dock.width() for name, dock in window.panels.docks.items() if not dock.isHidden()}
    assert widths["program"] < 300
    window.close()
    again = MainWindow(Controller(), Settings(window.settings.path))
    qtbot.addWidget(again)
    again.show()
    qtbot.waitExposed(again)
    assert again.size() == window.size()
    qtbot.wait(20)
    assert {name: dock.width() for name, dock in again.panels.docks.items() if not dock.isHidden()} == widths


def test_every_place_for_the_focus_has_a_name(window: MainWindow) -> None:
    for widget in window.findChildren(QWidget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and widget.focusProxy() is None:
            named = [w.accessibleName() for w in (widget, widget.parentWidget()) if w is not None]
            assert any(named), widget


@pytest.mark.parametrize("running", [False, True])
def test_a_closed_window_leaves_nothing(qtbot: QtBot, settings: Settings, running: bool) -> None:
    window = MainWindow(Controller(), settings)
    window.controller.open("xor")
    window.show()
    qtbot.waitExposed(window)
    window.controller.later("iteration")
    window.drawer.draw_now()
    if running:
        window.controller.toggle_run()
        qtbot.wait(80)
    timers = [weakref.ref(t) for t in window.findChildren(QTimer)]
    window.close()
    ours = (window.controller, window)
    assert not any(t.isActive() for r in timers if (t := r()) is not None and t.parent() in ours)
    del ours
    left = [weakref.ref(x) for x in (window, window.controller, window.controller.session, *window.views)]
    window.deleteLater()
    del window
    QApplication.processEvents()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    assert [r() for r in left if r() is not None] == []


def test_the_focus_stays_on_the_steps_when_there_is_no_further(window: MainWindow) -> None:
    window.controller.later("operation")
    window.top_bar.earlier_button.setFocus()
    window.controller.earlier("operation")
    assert window.top_bar.later_button.hasFocus()


def test_every_view_has_drawn_what_is_seen(window: MainWindow) -> None:
    assert window.drawer.waiting == set()
    assert window.program_view.model.rowCount() > 20


def test_a_view_that_fails_does_not_keep_the_others_from_drawing(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    def fail(moment: Moment) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(window.program_view, "draw", fail)
    monkeypatch.setattr(window.loss_view, "draw", lambda m: drawn.append(m.k))
    with qtbot.captureExceptions() as caught:
        window.controller.later("operation")
        qtbot.waitUntil(lambda: drawn == [1])
    assert [kind for kind, _, _ in caught] == [ZeroDivisionError]
