"""The window of settings is made from the table; a choice is seen at once and kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QSpinBox
from pytestqt.qtbot import QtBot

from core.library import open_target
from stepper import theme
from stepper.controller import Controller
from stepper.looks import KEYS
from stepper.main_window import MainWindow
from stepper.settings import SETTINGS, Settings
from stepper.settings_dialog import SettingsDialog
from stepper.widgets import names, numbers
from stepper.widgets.grid_paint import tint
from stepper.widgets.matrix import MatrixWidget

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def dialog(window: MainWindow) -> Iterator[SettingsDialog]:
    window.controller.later("phase")
    window.actions_["settings"].trigger()
    found = window.findChild(SettingsDialog)
    assert isinstance(found, SettingsDialog)
    yield found
    found.reset()
    found.close()


def choose(dialog: SettingsDialog, key: str, value: object) -> None:
    editor = dialog.editors[key]
    if isinstance(editor, QComboBox):
        editor.setCurrentIndex(editor.findData(value))
    else:
        assert isinstance(value, int)
        editor.setValue(value)
    QApplication.processEvents()


def matrix(window: MainWindow) -> MatrixWidget:
    window.drawer.draw_now()
    return next(m for m in window.operation_view.findChildren(MatrixWidget) if m.isVisible())


def test_it_has_every_setting_that_has_a_title(dialog: SettingsDialog, window: MainWindow) -> None:
    assert list(dialog.editors) == [s.key for s in SETTINGS if s.title]
    assert {*KEYS, "speed"} == set(dialog.editors)
    for setting in SETTINGS:
        if setting.title:
            editor = dialog.editors[setting.key]
            assert editor.accessibleName()
            shown = editor.currentData() if isinstance(editor, QComboBox) else editor.value()
            assert shown == window.settings.get(setting.key)
    window.actions_["settings"].trigger()
    assert len(window.findChildren(SettingsDialog)) == 1


def test_colours(dialog: SettingsDialog, window: MainWindow) -> None:
    choose(dialog, "theme", "dark")
    assert theme.current().name == "dark" and window.actions_["theme-dark"].isChecked()
    choose(dialog, "scale", "grey")
    assert theme.current().key == "dark/grey"
    window.actions_["theme-light"].trigger()
    assert theme.current().key == "light/grey"
    editor = dialog.editors["theme"]
    assert isinstance(editor, QComboBox) and editor.currentData() == "light"


def test_digits_are_seen_at_once(dialog: SettingsDialog, window: MainWindow) -> None:
    before = matrix(window).text_of((0, 0))
    width = matrix(window).sizeHint().width()
    choose(dialog, "digits", 12)
    assert numbers.shown_digits() == 12
    after = matrix(window).text_of((0, 0))
    assert len(after) > len(before) + 5 and after.startswith(before[:3])
    assert matrix(window).sizeHint().width() > width
    choose(dialog, "digits", 17)
    assert float(matrix(window).text_of((0, 0)).replace("−", "-")) == float(np.asarray(matrix(window).array)[0, 0])


def test_text_size_and_speed(dialog: SettingsDialog, window: MainWindow) -> None:
    before = QApplication.font().pointSizeF()
    choose(dialog, "zoom", 2)
    assert QApplication.font().pointSizeF() == before + 2
    editor = dialog.editors["zoom"]
    assert isinstance(editor, QSpinBox) and editor.text() == "2 points bigger"
    window.actions_["usual"].trigger()
    assert editor.value() == 0 and editor.text() == "as usual"
    choose(dialog, "speed", 30)
    assert window.settings.get("speed") == 30
    assert "30 a second" in window.top_bar._slider.accessibleDescription()


def test_notation(dialog: SettingsDialog, window: MainWindow) -> None:
    program = open_target("xor").program
    gradient = program.gradients["W1"]
    assert names.shown(program, gradient) == "dW1"
    choose(dialog, "notation", "partial")
    assert names.shown(program, gradient) == "∂L/∂W1"
    labels = {v.label: names.shown(program, v.index) for v in program.values}
    assert labels["dZ2"] == "∂L/∂Z2"
    assert all(labels[same] == same for same in ("W1", "Z1", "L", "dZ2.1", "lr", "W1_next"))


def test_without_a_loss_or_certainty_names_stay(window: MainWindow) -> None:
    names.use_notation("partial")
    try:
        for target in ("rows", "flower", "digits"):
            program = open_target(target).program
            for value in program.values:
                said = names.shown(program, value.index)
                assert said == value.label or (said.startswith("∂") and value.label.startswith("d"))
    finally:
        names.use_notation("d")


def test_usual_values(dialog: SettingsDialog, window: MainWindow, qtbot: QtBot) -> None:
    for key, value in (("digits", 9), ("scale", "grey"), ("notation", "partial"), ("speed", 0)):
        choose(dialog, key, value)
    qtbot.mouseClick(dialog.reset_button, Qt.MouseButton.LeftButton)
    assert {s.key: window.settings.get(s.key) for s in SETTINGS if s.title} == {s.key: s.default for s in SETTINGS if s.title}


def test_choices_hold_in_the_next_run(dialog: SettingsDialog, window: MainWindow, qtbot: QtBot) -> None:
    choose(dialog, "digits", 7)
    choose(dialog, "scale", "purple-orange")
    choose(dialog, "notation", "partial")
    window.settings.save()
    numbers.show_digits(4)
    names.use_notation("d")
    again = MainWindow(Controller(), Settings(window.settings.path))
    qtbot.addWidget(again)
    assert numbers.shown_digits() == 7
    assert theme.current().scale == "purple-orange"
    assert names.shown(open_target("xor").program, open_target("xor").program.gradients["W1"]) == "∂L/∂W1"


@pytest.mark.parametrize(("name", "scale"), sorted(theme.SCALES))
def test_numbers_can_be_read_on_every_scale(name: str, scale: str) -> None:
    before = theme.current().key.split("/")
    theme.apply(name, scale)
    try:
        t = theme.current()
        for x in np.linspace(-1, 1, 41):
            assert theme.contrast(t.text, tint(x, 1.0).name()) >= 4.5, x
        for ink in (t.negative, t.positive):
            assert theme.contrast(ink, t.panel) >= 4.5
        ends = [theme.diverging(x, 1.0).lightness() for x in (-1, 0, 1)]
        if scale == "grey":
            assert ends == sorted(ends) and ends[2] - ends[0] > 100
    finally:
        theme.apply(*before)
