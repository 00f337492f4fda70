"""New network…: made from the table, nothing typed is lost, what is wrong is said where it is wrong."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shiboken6
from helpers.dropping import drop
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from core.choices import PRESETS, preset_text
from core.description import FIELDS, LAYER_FIELDS, describe, problems, read_toml
from core.description_text import to_toml
from core.network_file import load_toml
from stepper import theme
from stepper.main_window import MainWindow
from stepper.network_dialog import NetworkDialog
from stepper.widgets.form_editors import BatchEditor, BoolEditor, ChoiceEditor, IntEditor, TextEditor
from stepper.widgets.form_lines import LineEditor
from stepper.widgets.form_row import FieldRow

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
SIX = """\
[network]
inputs = [8, 8]
layers = [
    {layer = "flatten"},
    {units = 12, activation = "leaky_relu", slope = 0.05},
    {layer = "batch_norm", activation = "relu"},
    {layer = "dropout", rate = 0.2},
    {units = 12, activation = "tanh", residual = true},
    {units = 10, activation = "softmax"},
]
loss = "softmax_cross_entropy"

[data]
source = "digits"
batch = 32

[optimizer]
name = "adam"
learning_rate = 0.003
"""


class Driver:
    """A dialog and what a person does in it."""

    def __init__(self, dialog: NetworkDialog, qtbot: QtBot) -> None:
        self.dialog, self.bot = dialog, qtbot
        self.form, self.draft = dialog.form, dialog.draft

    def settle(self) -> None:
        self.bot.waitUntil(lambda: not self.draft.waiting, timeout=20_000)

    def type(self, text: str) -> None:
        self.form.toml.pane.setPlainText(text)
        self.settle()

    def row(self, path: str) -> FieldRow:
        section, _, key = path.rpartition(".")
        if section.startswith("network.layers"):
            self.form.layers.choose(int(section.partition("[")[2].rstrip("]")))
            assert self.form.layers.rows is not None
            return self.form.layers.kind if key == "layer" else self.form.layers.rows.rows[key]
        return self.form.sections[section].rows[key]

    def put(self, path: str, value: Any) -> None:
        """Do as a person does with the editor of a key."""
        editor = self.row(path).editor
        if isinstance(editor, IntEditor):
            editor.spin.setValue(value)
        elif isinstance(editor, BoolEditor):
            editor.box.setChecked(value)
        elif isinstance(editor, ChoiceEditor):
            editor.box.setCurrentText(value)
        elif isinstance(editor, BatchEditor):
            editor.whole.setChecked(value == "full")
            if value != "full":
                editor.spin.setValue(value)
        else:
            assert isinstance(editor, (LineEditor, TextEditor))
            editor.line.setText(value)

    @property
    def status(self) -> str:
        return self.dialog.status.text()

    @property
    def tabs(self) -> list[str]:
        return [self.form.tabs.tabText(n) for n in range(self.form.tabs.count())]


@pytest.fixture
def open_dialog(qtbot: QtBot, tmp_path: Path) -> Iterator[Any]:
    made: list[NetworkDialog] = []

    def make(text: str = "") -> Driver:
        theme.apply("light")
        dialog = NetworkDialog(text, str(tmp_path))
        made.append(dialog)
        dialog.show()
        qtbot.waitExposed(dialog)
        driver = Driver(dialog, qtbot)
        driver.settle()
        return driver

    yield make
    for dialog in made:
        if shiboken6.isValid(dialog):
            dialog.draft.stop()
            dialog.deleteLater()


# -- the form is made from the table -----------------------------------------------------------------


def test_every_key_of_the_table_has_an_editor_with_a_name_and_its_help(open_dialog: Any) -> None:
    d = open_dialog()
    for section, fields in FIELDS.items():
        assert list(d.form.sections[section].rows) == list(fields)
        for key, field in fields.items():
            check_row(d.row(f"{section}.{key}"), field.help)
    for kind, fields in LAYER_FIELDS.items():
        d.form.layers.choose(1)
        d.put("network.layers[1].layer", kind)
        assert d.form.layers.rows is not None
        assert list(d.form.layers.rows.rows) == list(fields)
        for key, field in fields.items():
            check_row(d.row(f"network.layers[1].{key}"), field.help)


def check_row(row: FieldRow, help_text: str) -> None:
    assert help_text[1:].rstrip(".") in row.help.text()
    assert row.help.text() in {w.accessibleDescription() for w in (*row.editor.findChildren(QWidget), row.editor)}
    focusable = [
        w for w in (row.editor, *row.editor.findChildren(QWidget))
        if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.focusProxy() is None and w.window() is row.window()
    ]  # fmt: skip
    assert focusable
    for widget in focusable:
        named = [x.accessibleName() for x in (widget, widget.parentWidget()) if x is not None]
        assert any(named), (row.path, widget)


def test_every_place_for_the_focus_has_a_name_and_no_label_guesses_markup(open_dialog: Any) -> None:
    d = open_dialog(SIX)
    for n in range(d.form.tabs.count()):
        d.form.tabs.setCurrentIndex(n)
        for widget in d.dialog.findChildren(QWidget):
            # The tab bar and the list that drops down are Qt's own.
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and widget.focusProxy() is None:
                chain = [widget, widget.parentWidget(), widget.parentWidget() and widget.parentWidget().parentWidget()]
                assert any(w is not None and w.accessibleName() for w in chain), widget
    for label in d.dialog.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText, label.text()


@pytest.mark.parametrize(
    ("path", "put", "held"),
    [
        ("network.inputs", "2", 2), ("network.inputs", "1, 2", [1, 2]), ("network.inputs", "1×2", [1, 2]),
        ("network.loss", "huber", "huber"), ("network.reduction", "sum", "sum"), ("network.convention", "rows", "rows"),
        ("network.dtype", "float32", "float32"), ("data.source", "circles", "circles"), ("data.batch", 3, 3),
        ("data.shuffle", True, True), ("data.seed", 2**32 - 1, 2**32 - 1), ("data.held_out", "0.25", 0.25),
        ("data.target", "2", 2), ("data.target", '"2"', "2"), ("data.target", "kind of flower", "kind of flower"),
        ("parameters.init", "he", "he"), ("parameters.scale", "1e-3", 0.001), ("parameters.values", "w.npz", "w.npz"),
        ("optimizer.learning_rate", "3", 3.0), ("optimizer.clip_norm", "1", 1.0), ("optimizer.total", 7, 7),
        ("network.layers[1].units", 5, 5), ("network.layers[1].activation", "GELU (tanh form)", "gelu"),
        ("network.layers[1].activation", "GELU (exact, by erf)", "gelu_erf"), ("network.layers[1].activation", "silu", "silu"),
        ("network.layers[2].bias", False, False), ("network.layers[1].slope", "2", 2.0),
    ],
)  # fmt: skip
def test_what_is_put_in_stands_in_the_text_and_comes_back(open_dialog: Any, path: str, put: Any, held: Any) -> None:
    d = open_dialog()
    d.put(path, put)
    tree = read_toml(d.draft.text)
    if path.startswith("network.layers"):
        found = tree["network"]["layers"][int(path[15]) - 1][path.rpartition(".")[2]]
    else:
        section, _, key = path.partition(".")
        found = tree[section][key]
    assert (found, type(found)) == (held, type(held))
    assert d.form.toml.pane.toPlainText() == d.draft.text == to_toml(d.draft.tree)
    again = open_dialog(d.draft.text)
    editor = again.row(path).editor
    assert editor.holds() == held
    assert again.draft.text == d.draft.text


def test_emptied_lines_are_left_out(open_dialog: Any) -> None:
    d = open_dialog()
    d.put("optimizer.learning_rate", "")
    d.put("data.source", "")
    d.settle()
    assert "learning_rate" not in d.draft.text and "[data]" not in d.draft.text
    assert d.draft.network is not None
    assert d.draft.network.description.optimizer["learning_rate"] == FIELDS["optimizer"]["learning_rate"].default


def test_only_what_matters_is_shown(open_dialog: Any) -> None:
    d = open_dialog()

    def shown(section: str) -> set[str]:
        return {k for k, row in d.form.sections[section].rows.items() if not row.isHidden()}

    assert shown("optimizer").isdisjoint({"beta", "beta1", "epsilon", "drop", "total"})
    d.put("optimizer.name", "adam")
    d.put("optimizer.schedule", "cosine")
    assert shown("optimizer") >= {"beta1", "beta2", "epsilon", "total"}
    d.put("parameters.init", "he")
    assert "scale" not in shown("parameters")
    assert not d.row("network.layers[1].slope").isVisibleTo(d.form.layers)
    d.put("network.layers[1].activation", "elu")
    assert d.row("network.layers[1].slope").isVisibleTo(d.form.layers)


def test_the_wheel_over_an_editor_changes_nothing(open_dialog: Any) -> None:
    d = open_dialog()
    d.form.tabs.setCurrentIndex(1)
    before = d.draft.text
    for path in ("network.layers[1].units", "network.layers[1].activation"):
        widget = d.row(path).editor.focusProxy()
        wheel = QWheelEvent(
            QPointF(5, 5), widget.mapToGlobal(QPointF(5, 5)), QPointF(0, 0).toPoint(), QPointF(0, -120).toPoint(),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, wheel)
    assert d.draft.text == before


# -- layers ------------------------------------------------------------------------------------------


def kinds(d: Driver) -> list[Any]:
    return [layer.get("layer", layer.get("units")) for layer in d.draft.tree["network"]["layers"]]


def test_layers_are_added_moved_and_removed(open_dialog: Any) -> None:
    d = open_dialog()
    form = d.form.layers
    assert kinds(d) == [3, 1]
    form.choose(1)
    form.add.click()
    assert kinds(d) == [3, 4, 1]
    assert form.list.currentRow() == 1
    d.put("network.layers[2].layer", "dropout")
    assert kinds(d) == [3, "dropout", 1]
    form.up.click()
    assert kinds(d) == ["dropout", 3, 1]
    assert not form.up.isEnabled()
    form.down.click()
    form.remove.click()
    assert kinds(d) == [3, 1]
    form.choose(2)
    form.add.click()
    assert kinds(d) == [3, 4, 1]  # the last layer fits the targets, so a new one goes before it
    for _ in range(3):
        form.remove.click()
    d.settle()
    assert kinds(d) == []
    assert form.wrong.text().startswith("⚠ layers is needed")
    assert not d.dialog.create_button.isEnabled()
    form.add.click()
    assert kinds(d) == [4]


def test_six_layers_are_shown_as_they_are(open_dialog: Any) -> None:
    d = open_dialog(SIX)
    lines = [d.form.layers.list.item(n).text().split("   ")[1] for n in range(6)]
    assert lines == [
        "flatten", "dense · 12 units · leaky_relu · slope 0.05", "batch norm · relu", "dropout · rate 0.2",
        "dense · 12 units · tanh · residual", "dense · 10 units · softmax",
    ]  # fmt: skip
    assert d.draft.network is not None


# -- what is wrong is said where it is wrong ---------------------------------------------------------

WRONG: list[tuple[str, Any, str, str]] = [
    ("optimizer.learning_rate", "a tenth", "optimizer.learning_rate", "it must be a number"),
    ("optimizer.learning_rate", "0", "optimizer.learning_rate", "above 0"),
    ("optimizer.clip_value", "nan", "optimizer.clip_value", "it must be a number"),
    ("parameters.scale", "-1", "parameters.scale", "from 0"),
    ("network.inputs", "two", "network.inputs", "whole number"),
    ("network.inputs", "3", "network.inputs", "has 2 numbers"),
    ("data.source", "nowhere.csv", "data.source", "nowhere.csv"),
    ("data.labels", "index", "network.loss", "softmax_cross_entropy"),
    ("parameters.values", "nowhere.npz", "parameters.values", "cannot be read"),
    ("network.loss", "cross_entropy", "network.layers[2].activation", "needs softmax"),
    ("network.layers[2].units", 4, "network.layers[2].units", "must be 1"),
    ("network.layers[1].residual", True, "network.layers[1].residual", "equal"),
    ("network.layers[2].layer", "dropout", "network.layers[2]", "cannot be last"),
]


@pytest.mark.parametrize(("path", "put", "place", "part"), WRONG, ids=[f"{p}={v}" for p, v, _, _ in WRONG])
def test_each_kind_of_problem_stands_at_its_field(open_dialog: Any, path: str, put: Any, place: str, part: str) -> None:
    d = open_dialog()
    d.put(path, put)
    d.settle()
    assert not d.dialog.create_button.isEnabled()
    assert part in d.status and d.status.startswith("⚠ ")
    marked = [t for t in d.tabs if "⚠" in t]
    assert len(marked) == 1
    assert "last choices that fit" in d.dialog.preview.state.text()
    if place.endswith("]"):
        assert part in d.form.layers.wrong.text()
        assert d.form.layers.list.item(1).text().startswith("⚠ ")
    else:
        row = d.row(place)
        d.form.tabs.setCurrentIndex(d.tabs.index(marked[0]))
        assert row.frame.wrong
        assert row.wrong.text().startswith(f"⚠ {row.key} ")
        assert part in row.wrong.text()
        assert row.wrong.isVisible()
        assert row.wrong.text()[2:] == (row.editor.focusProxy() or row.editor).accessibleDescription()
    assert part in d.form.toml.wrong.text()


def test_a_problem_goes_when_it_is_mended(open_dialog: Any) -> None:
    d = open_dialog()
    d.put("optimizer.learning_rate", "x")
    d.settle()
    d.put("optimizer.learning_rate", "0.5")
    d.settle()
    assert not d.row("optimizer.learning_rate").frame.wrong
    assert d.dialog.create_button.isEnabled()
    assert d.status.startswith("✓")
    assert not any("⚠" in t for t in d.tabs)
    assert d.form.toml.wrong.isHidden()
    assert d.dialog.preview.pane.isEnabled()


def test_values_that_do_not_fit_the_layers_are_said_at_the_values(open_dialog: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", W1=np.zeros((3, 9)), b1=np.zeros((3, 1)), W2=np.zeros((1, 3)), b2=np.zeros((1, 1)))
    d = open_dialog()
    d.put("parameters.values", "w.npz")
    d.settle()
    assert "W1" in d.row("parameters.values").wrong.text()


def test_a_network_too_large_is_said_at_its_layer(open_dialog: Any) -> None:
    d = open_dialog()
    d.form.layers.choose(1)
    d.form.layers.add.click()
    d.put("network.layers[1].units", 100_000)
    d.put("network.layers[2].units", 100_000)
    d.settle()
    assert "too large" in d.row("network.layers[2].units").wrong.text()


def test_a_key_that_does_not_matter_is_shown_while_it_is_wrong(open_dialog: Any) -> None:
    d = open_dialog()
    d.put("optimizer.name", "momentum")
    d.put("optimizer.beta", "2")
    d.put("optimizer.name", "sgd")
    d.settle()
    assert not d.row("optimizer.beta").isHidden()
    d.put("optimizer.beta", "0.8")
    d.settle()
    assert d.row("optimizer.beta").isHidden()
    assert "beta = 0.8" in d.draft.text  # what was typed is kept


# -- the text and the form ---------------------------------------------------------------------------


def test_the_form_follows_the_text(open_dialog: Any) -> None:
    d = open_dialog()
    d.type(SIX)
    assert d.row("optimizer.name").editor.holds() == "adam"
    assert d.row("network.inputs").editor.holds() == [8, 8]
    assert d.row("data.batch").editor.holds() == 32
    assert len(d.form.layers.layers) == 6
    assert d.form.toml.pane.toPlainText() == SIX
    assert d.draft.network is not None


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("[network]\nlayers = [{units = 1}\nloss = \n", 3, "not TOML"),
        ('[network]\nlayers = [{units = 3}, {units = 1}]\nloss = "mes"\n', 3, "did you mean mse?"),
        ("[network]\nlayers = [\n  {units = 3},\n  {units = 1, activaton = 'relu'},\n]\n", 4, "did you mean activation?"),
        ("[network]\nlayers = [{units = 1}]\n[optimiser]\nname = 'sgd'\n", 3, "did you mean optimizer?"),
        ("[network]\nlayers = [{units = 1}]\n\n[data]\nbatch = 0\n", 5, "at least 1"),
        ("[network]\nlayers = [{units = '1'}]\n", 2, "whole number"),
        ("[network]\nlayers = [{units = 4}]\n", 2, "must be 1"),
        ("[network]\n", 1, "is needed"),
        ("", 0, "is needed"),
    ],
)
def test_wrong_text_is_explained_below_it_with_its_line(open_dialog: Any, text: str, line: int, part: str) -> None:
    d = open_dialog()
    d.form.show_text()
    d.type(text)
    assert part in d.form.toml.wrong.text()
    assert (f"Line {line}: " in d.form.toml.wrong.text()) == (line > 0)
    assert not d.dialog.create_button.isEnabled()
    assert part in d.status
    marks = [s.cursor.blockNumber() + 1 for s in d.form.toml.pane.extraSelections()]
    assert marks == ([line] if line else [])


def test_a_wrong_text_is_not_lost_by_looking_at_the_form(open_dialog: Any) -> None:
    d = open_dialog()
    before = dict(d.draft.tree)
    d.form.show_text()
    wrong = "# mine\n[network]\nlayers = [{units = 3}, {units = 1}]\nloss = 'mes'\n"
    d.type(wrong)
    for n in range(d.form.tabs.count() - 1):
        d.form.tabs.setCurrentIndex(n)
        assert d.form.behind.isVisible()
        assert not d.form.tabs.currentWidget().isEnabled()
    d.form.go_button.click()
    assert d.form.toml.pane.toPlainText() == wrong
    assert not d.form.behind.isVisible()
    d.form.tabs.setCurrentIndex(0)
    d.form.drop_button.click()
    d.settle()
    assert d.draft.tree == before
    assert d.form.tabs.currentWidget().isEnabled()
    assert d.dialog.create_button.isEnabled()
    d.form.toml.pane.undo()
    assert d.form.toml.pane.toPlainText() == wrong


def test_switching_tabs_changes_nothing(open_dialog: Any) -> None:
    d = open_dialog()
    mine = "# a comment of mine\n" + SIX.replace("learning_rate = 0.003", "learning_rate = 3e-3   # slow")
    d.type(mine)
    for n in (*range(d.form.tabs.count()), 0):
        d.form.tabs.setCurrentIndex(n)
    assert d.form.toml.pane.toPlainText() == mine == d.draft.text


@pytest.mark.parametrize("title", PRESETS)
def test_every_preset_fills_the_form(open_dialog: Any, title: str) -> None:
    d = open_dialog(SIX)
    action = next(a for a in d.dialog.presets.menu().actions() if a.text() == title)
    action.trigger()
    d.settle()
    assert d.draft.network is not None
    assert d.draft.network.program.text == load_toml(preset_text(title)).program.text
    for section, keys in read_toml(preset_text(title)).items():
        for key, value in keys.items():
            if key != "layers":
                assert d.row(f"{section}.{key}").editor.holds() == value


# -- the preview -------------------------------------------------------------------------------------


def test_the_preview_shows_program_shapes_and_count(open_dialog: Any) -> None:
    d = open_dialog()
    preview = d.dialog.preview
    assert d.draft.network is not None
    assert preview.pane.toPlainText() == d.draft.network.program.text
    assert preview.pane.isReadOnly()
    assert preview.count.text().startswith("Parameters: 13, in 4 arrays")
    rows = [[preview.table.item(r, c).text() for c in range(3)] for r in range(preview.table.rowCount())]
    assert rows == [["W1", "3×2", "6"], ["b1", "3×1", "3"], ["W2", "1×3", "3"], ["b2", "1×1", "1"]]
    d.put("network.layers[1].units", 5)
    assert preview.table.item(0, 1).text() == "3×2"  # not at once
    d.settle()
    assert preview.table.item(0, 1).text() == "5×2"
    assert "W1 = 1.0 * np.random.randn(5, 2)" in preview.pane.toPlainText()


def test_the_preview_is_made_beside_the_window_and_only_the_last_one_counts(
    open_dialog: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    from stepper import network_draft

    d = open_dialog()
    gate = threading.Event()
    plain, made = network_draft._make, []

    def slow(tree: Any, folder: Path) -> Any:
        made.append(tree["network"]["layers"][0]["units"])
        assert threading.current_thread() is not threading.main_thread()
        gate.wait(10)
        return plain(tree, folder)

    monkeypatch.setattr(network_draft, "_make", slow)
    for units in (5, 6):
        d.put("network.layers[1].units", units)
        d.draft.hurry()
        qtbot.waitUntil(lambda units=units: made[-1:] == [units])
    assert "Working it out" in d.status
    for units in (7, 8):  # two are on their way, which is enough
        d.put("network.layers[1].units", units)
        d.draft.hurry()
    qtbot.wait(60)
    assert made == [5, 6]
    gate.set()
    d.settle()
    assert made == [5, 6, 8]
    assert d.draft.network is not None
    assert d.draft.network.description.layers[0]["units"] == 8
    assert d.draft.problems == ()


def test_a_fault_of_ours_is_not_kept_secret(open_dialog: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    from stepper import network_draft

    def fail(tree: Any, folder: Path) -> Any:
        raise ZeroDivisionError

    d = open_dialog()
    monkeypatch.setattr(network_draft, "_make", fail)
    with qtbot.captureExceptions() as caught:
        d.put("network.layers[1].units", 5)
        d.settle()
        qtbot.wait(20)
    assert [kind for kind, _, _ in caught] == [ZeroDivisionError]
    assert "cannot be made" in d.status
    assert not d.dialog.create_button.isEnabled()


@pytest.mark.parametrize(("width", "height"), [(1180, 640), (1560, 900)])
@pytest.mark.parametrize("name", ["light", "dark"])
def test_it_fits_and_every_word_can_be_read(open_dialog: Any, name: str, width: int, height: int) -> None:
    d = open_dialog(SIX)
    theme.apply(name)
    d.dialog.resize(width, height)
    d.put("optimizer.learning_rate", "x")
    d.settle()
    QApplication.processEvents()
    assert (d.dialog.width(), d.dialog.height()) == (width, height)
    colours = theme.current()
    row = d.row("optimizer.learning_rate")
    assert theme.contrast(row.wrong.palette().windowText().color(), colours.window) >= 4.5
    assert theme.contrast(row.help.palette().windowText().color(), colours.window) >= 4.5
    assert row.wrong.palette().windowText().color().name() == colours.error
    theme.apply("light")


# -- create, save, cancel ----------------------------------------------------------------------------


def test_create_hands_over_what_was_chosen_even_at_once(open_dialog: Any, qtbot: QtBot) -> None:
    d = open_dialog()
    d.put("network.layers[1].units", 6)
    with qtbot.waitSignal(d.dialog.created, timeout=10_000) as told:
        d.dialog.create_button.click()
    network, title, path = told.args
    assert network.description.layers[0]["units"] == 6
    assert (title, path) == ("xor 2-6-1", "")
    assert d.dialog.isHidden()


def test_create_waits_in_vain_for_what_is_wrong(open_dialog: Any) -> None:
    d = open_dialog()
    told: list[Any] = []
    d.dialog.created.connect(lambda *_: told.append(1))
    d.put("network.layers[2].units", 6)
    d.dialog.create_network()
    d.settle()
    assert told == []
    assert d.dialog.isVisible()


@pytest.mark.parametrize("text", ["", SIX, "# mine\n" + SIX])
def test_what_is_saved_reads_back_equal(open_dialog: Any, tmp_path: Path, qtbot: QtBot, text: str) -> None:
    d = open_dialog(text)
    file = tmp_path / "net.toml"
    file.write_text("before", "utf-8")
    d.dialog.save(str(file))
    assert [p.name for p in tmp_path.iterdir()] == ["net.toml"]
    assert describe(read_toml(file.read_text("utf-8"))) == describe(d.draft.tree)
    assert "# mine" in file.read_text("utf-8") or not text.startswith("#")
    assert d.dialog.note.text() == "✓ Saved as net.toml"
    d.settle()
    with qtbot.waitSignal(d.dialog.created, timeout=10_000) as told:
        d.dialog.create_button.click()
    assert told.args[1:] == ["net.toml", str(file)]


def test_a_place_that_cannot_be_written_is_said(open_dialog: Any, tmp_path: Path) -> None:
    d = open_dialog()
    d.dialog.save(str(tmp_path / "no folder" / "net.toml"))
    assert d.dialog.note.text().startswith("⚠ Not saved: ")
    d.dialog.save(str(tmp_path / "net.toml"))
    d.put("network.layers[1].units", 6)
    assert d.dialog.note.text() == ""


def test_a_data_file_beside_the_network_is_named_by_its_name_alone(open_dialog: Any, tmp_path: Path) -> None:
    d = open_dialog()
    inside, outside = tmp_path / "data" / "points.csv", Path("/elsewhere/points.csv")
    inside.parent.mkdir()
    inside.write_text("a,b,c\n1,2,0\n2,1,1\n3,3,0\n4,1,1\n", "utf-8")
    editor = d.row("data.source").editor
    editor.take_file(str(inside))
    d.settle()
    assert d.draft.tree["data"]["source"] == "data/points.csv"
    assert d.draft.network is not None
    assert "target" in {k for k, row in d.form.sections["data"].rows.items() if not row.isHidden()}
    editor.take_file(str(outside))
    assert d.draft.tree["data"]["source"] == str(outside)


def test_asking_for_a_file_does_not_block(open_dialog: Any, qtbot: QtBot) -> None:
    d = open_dialog()
    for button in (d.row("data.source").editor.button, d.dialog.save_button):
        button.click()
        dialogs = [x for x in QApplication.topLevelWidgets() if isinstance(x, QFileDialog) and x.isVisible()]
        assert len(dialogs) == 1
        dialogs[0].reject()
        qtbot.waitUntil(lambda: not any(isinstance(x, QFileDialog) and x.isVisible() for x in QApplication.topLevelWidgets()))


# -- in the window -----------------------------------------------------------------------------------


def opened(window: MainWindow, qtbot: QtBot) -> Driver:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    dialog = next(x for x in window.findChildren(NetworkDialog) if x.isVisible())
    qtbot.waitExposed(dialog)
    d = Driver(dialog, qtbot)
    d.settle()
    return d


def test_create_opens_it_in_the_window(window: MainWindow, qtbot: QtBot) -> None:
    d = opened(window, qtbot)
    next(a for a in d.dialog.presets.menu().actions() if a.text() == "Moons 2-8-1").trigger()
    d.settle()
    d.dialog.create_button.click()
    assert window.windowTitle() == "moons 2-8-1 — Backprop Stepper"
    assert window.moment is not None
    assert window.moment.program.text == load_toml(preset_text("Moons 2-8-1")).program.text
    assert set(window.moment.scores) == {"accuracy", "held_out_accuracy", "held_out_loss"}
    folder = window.settings.get("folder")
    again = opened(window, qtbot)
    assert again.draft.text == preset_text("Moons 2-8-1")  # one goes on from what one made
    assert window.settings.get("folder") == folder
    again.dialog.reject()


def test_cancel_changes_nothing(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.later("iteration")
    session, title = window.controller.session, window.windowTitle()
    d = opened(window, qtbot)
    d.put("network.layers[1].units", 9)
    QTest.keyClick(d.dialog, Qt.Key.Key_Escape)
    assert d.dialog.isHidden()
    assert window.controller.session is session
    assert window.windowTitle() == title
    assert window.moment is not None
    assert window.moment.k == window.moment.n


def test_by_keys_alone(window: MainWindow, qtbot: QtBot) -> None:
    d = opened(window, qtbot)
    form = d.form
    bar = form.tabs.tabBar()
    bar.setFocus()
    QTest.keyClick(bar, Qt.Key.Key_Right)
    assert form.tabs.currentWidget() is form.layers
    assert window.moment is not None
    assert window.moment.k == 0  # the arrow is the dialog's, not a step of the window
    seen: list[QWidget] = []
    for _ in range(11):
        QTest.keyClick(QApplication.focusWidget() or bar, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None
        seen.append(focus)
    assert form.layers.rows is not None
    spin = form.layers.rows.rows["units"].editor.focusProxy()
    places = [form.layers.list, form.layers.add, form.layers.remove, form.layers.down, form.layers.kind.editor.focusProxy(), spin]
    assert seen[: len(places)] == places
    assert seen[-2:] == [d.dialog.preview.pane, d.dialog.preview.table]
    spin.setFocus()
    QTest.keyClick(spin, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(spin, "12")
    QTest.keyClick(spin, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.windowTitle() == "xor 2-12-1 — Backprop Stepper")


def test_a_described_file_opens_and_drops_like_a_program(window: MainWindow, tmp_path: Path) -> None:
    file = tmp_path / "net.toml"
    file.write_text(preset_text("Moons 2-8-1"), "utf-8")
    assert drop(window, [file])
    assert window.windowTitle() == "net.toml — Backprop Stepper"
    window.actions_["open"].trigger()
    dialog = window.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    assert "*.toml" in dialog.nameFilters()[0] and "*.py" in dialog.nameFilters()[0]
    dialog.reject()
    for name in ("iris", "digits"):
        assert window.actions_[f"example-{name}"].text().startswith(name)


def test_a_closed_dialog_leaves_nothing(window: MainWindow, qtbot: QtBot) -> None:
    d = opened(window, qtbot)
    left = [weakref.ref(x) for x in (d.dialog, d.dialog.draft, d.form, d.dialog.preview)]
    d.put("network.layers[1].units", 9)
    d.draft.hurry()
    d.dialog.reject()
    del d
    QApplication.processEvents()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    assert [r() for r in left if r() is not None] == []


def test_every_problem_of_the_table_leads_to_a_field(open_dialog: Any) -> None:
    """A value of a wrong kind at any key of the table is found in the text, with its path."""
    d = open_dialog()
    for section, fields in FIELDS.items():
        for key in fields:
            tree: dict[str, Any] = {"network": {"layers": [{"units": 1}]}}
            tree.setdefault(section, {})[key] = {"a": 1}
            assert [p.path for p in problems(tree)] == [f"{section}.{key}"]
            assert d.row(f"{section}.{key}").path == f"{section}.{key}"
