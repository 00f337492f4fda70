"""The panel in which a person says how a saved network is stepped."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from core.errors import StepperError
from core.library import open_saved
from core.saved_target import read_saved
from core.steppable.build import Choices, layers_of
from core.steppable.data import Samples
from stepper import theme
from stepper.models.saved_state import SavedState
from stepper.views.stepping import SteppingView
from stepper.widgets.stepping_words import option_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

R = np.random.default_rng(4)


def mlp(folder: Path, *sizes: int, name: str = "net.npz", **more: Any) -> Path:
    held: dict[str, Any] = {}
    for k, (i, o) in enumerate(pairwise(sizes), 1):
        held[f"W{k}"], held[f"b{k}"] = R.standard_normal((i, o)), R.standard_normal(o)
    np.savez(folder / name, **held, **more)
    return folder / name


def stated(
    path: Path, choices: Choices | None = None, samples: Samples | None = None, before: SavedState | None = None
) -> SavedState:
    """Return what the window knows of a file that is stepped so."""
    c, s = choices or Choices(), samples or Samples()
    saved = read_saved(str(path)) if before is None or before.saved is None else before.saved
    layers, inferred = layers_of(saved, c)
    try:
        steps, trouble = open_saved(saved, None, c, s).steps, ""
    except StepperError as error:
        steps, trouble = None, str(error)
    return SavedState(saved, layers, inferred, choices=c, samples=s, steps=steps, steps_trouble=trouble)


class Desk:
    """The view in a window, with what it asked for."""

    def __init__(self, bot: QtBot, size: tuple[int, int] = (330, 600)) -> None:
        self.bot = bot
        self.window = QWidget()
        self.window.resize(*size)
        self.view = SteppingView(self.window)
        self.view.resize(*size)
        self.wanted: list[tuple[Choices, Samples]] = []
        self.view.step_wanted.connect(self._on_step)
        bot.addWidget(self.window)
        self.window.show()

    def _on_step(self, choices: Choices, samples: Samples) -> None:
        self.wanted.append((choices, samples))

    def choose(self, key: str, value: str) -> None:
        """Choose as a person does."""
        box = self.view.choices[key].box if key != "set" else self.view.data.set.box
        n = box.findData(value)
        assert n >= 0, (key, value)
        box.setCurrentIndex(n)
        box.activated.emit(n)

    def type(self, key: str, text: str) -> None:
        """Type into a line, in place of what stands there."""
        rows = {"learning_rate": self.view.rate, "batch": self.view.batch, **self.view.data.typed}
        line = rows[key].tab_stops()[0]
        assert line is not None
        if rows[key].pane.isHidden():
            rows[key].line.selectAll()
            self.bot.keyClicks(line, text) if text else self.bot.keyClick(line, Qt.Key.Key_Delete)
        else:
            rows[key].pane.setPlainText(text)

    def way(self, name: str) -> None:
        self.view.data.ways[name].click()

    def step(self) -> tuple[Choices, Samples]:
        """Press the button."""
        assert self.view.button.isEnabled(), self.view.note.words
        self.bot.mouseClick(self.view.button, Qt.MouseButton.LeftButton)
        return self.wanted[-1]


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    theme.apply("light")
    yield Desk(qtbot)


def test_without_a_file_there_is_a_sentence_and_nothing_else(desk: Desk) -> None:
    desk.view.show_state(SavedState())
    assert desk.view.empty.isVisible()
    assert not desk.view.button.isVisible()
    seen = [w for w in desk.view.findChildren(QWidget) if w.isVisible() and not w.visibleRegion().isEmpty()]
    assert seen == [desk.view.empty]


def test_the_questions_come_with_an_answer_and_say_who_gave_it(desk: Desk, tmp_path: Path) -> None:
    desk.view.show_state(stated(mlp(tmp_path, 4, 6, 3)))
    v = desk.view
    assert "It takes 4 numbers a sample and gives 3." in v.about.words
    assert "Every layer can be stepped" in v.about.words
    assert v.choices["activation"].box.currentText() == "relu (the app's choice)"
    assert v.choices["activation"].origin == "? assumed by the app"
    assert v.choices["orientation"].origin == "≡ said by the file"
    assert not v.choices["orientation"].box.isEnabled()
    assert v.choices["orientation"].box.currentText() == "a column for each unit (inputs × outputs)"
    assert v.choices["mode"].isHidden()
    assert v.note.words == "✓ The open program is stepped like this."
    desk.choose("activation", "tanh")
    assert v.choices["activation"].origin == "✓ chosen by you"
    assert "✓&nbsp;chosen&nbsp;by&nbsp;you" in v.choices["activation"].head.text()
    assert "Not applied yet" in v.note.words
    assert desk.step() == (Choices("tanh"), Samples())
    desk.choose("activation", "")
    assert v.choices["activation"].origin == "? assumed by the app"


def test_what_the_app_would_take_follows_the_other_choices(desk: Desk, tmp_path: Path) -> None:
    desk.view.show_state(stated(mlp(tmp_path, 4, 6, 3)))
    desk.choose("output_activation", "identity")
    assert desk.view.choices["loss"].box.currentText() == "mse (the app's choice)"
    desk.way("set")
    desk.choose("set", "iris")
    assert desk.view.choices["loss"].box.currentText() == "softmax_cross_entropy (the app's choice)"
    assert desk.view.choices["output_activation"].box.itemText(0) == "softmax (the app's choice)"
    desk.choose("loss", "mae")
    assert desk.view.choices["loss"].box.itemText(0) == "softmax_cross_entropy (the app's choice)"
    assert desk.step() == (Choices("", "identity", loss="mae"), Samples("iris"))


def test_a_module_of_torch_says_its_functions_and_asks_for_the_mode(desk: Desk, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    nn = torch.nn
    torch.save(nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3)), tmp_path / "net.pt")
    desk.view.show_state(stated(tmp_path / "net.pt"))
    v = desk.view
    assert v.heads["unsaid"].isHidden()
    assert [v.choices[k].box.currentText() for k in ("activation", "output_activation")] == ["relu", "identity (no function)"]
    assert not v.choices["activation"].box.isEnabled()
    assert v.choices["mode"].isVisible()
    desk.choose("mode", "training")
    desk.choose("optimizer", "adam")
    assert desk.step() == (Choices(optimizer="adam", mode="training"), Samples())


def test_all_that_can_be_set_arrives(desk: Desk, tmp_path: Path) -> None:
    desk.view.show_state(stated(mlp(tmp_path, 4, 6, 3)))
    for key, value in (("output_activation", "sigmoid"), ("loss", "bce"), ("optimizer", "adam")):
        desk.choose(key, value)
    desk.type("learning_rate", "1e-3")
    desk.type("batch", "16")
    desk.view.shuffle.box.click()
    desk.type("count", "40")
    desk.type("seed", "7")
    made = Choices("", "sigmoid", "", "bce", "adam", 1e-3, "use", 16, True)
    assert desk.step() == (made, Samples(count=40, seed=7))
    desk.way("set")
    desk.choose("set", "iris")
    desk.view.data.standardize.box.click()
    assert desk.step() == (made, Samples("iris", standardize=True))
    desk.way("typed")
    desk.type("inputs", "0.5, -1, 2, 3")
    desk.type("target", "1 0 0")
    assert desk.step() == (made, Samples(inputs=(0.5, -1.0, 2.0, 3.0), target=(1.0, 0.0, 0.0)))
    # What was typed for the other ways is still there.
    desk.way("random")
    assert desk.step() == (made, Samples(count=40, seed=7))


def test_a_file_is_asked_for_and_taken(desk: Desk, tmp_path: Path) -> None:
    desk.view.show_state(stated(mlp(tmp_path, 4, 6, 3)))
    desk.way("file")
    assert not desk.view.button.isEnabled()
    assert desk.view.note.words == "⚠ File: choose a file."
    with desk.bot.waitSignal(desk.view.file_wanted):
        desk.bot.mouseClick(desk.view.data.file.button, Qt.MouseButton.LeftButton)
    name = str(tmp_path / "po<b>ints\u202e.csv")
    desk.view.take_file(name)
    assert desk.step() == (Choices(), Samples(name))
    assert desk.view.data.file.hint.text() == "po<b>ints\\u202e.csv"
    assert desk.view.data.file.hint.textFormat() == Qt.TextFormat.PlainText
    desk.way("random")
    desk.view.take_file(name)
    assert desk.view.data.ways["file"].isChecked()


@pytest.mark.parametrize(
    ("key", "text", "word"),
    [
        ("learning_rate", "fast", "Learning rate"), ("batch", "0", "Samples in an iteration"),
        ("count", "many", "How many samples"), ("seed", "-1", "Seed"), ("inputs", "1, 2", "2 numbers of 4"),
        ("inputs", "1 2 3 x", "'x'"), ("target", "9", "from 0 to 2"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_said_at_its_field_and_at_the_button(
    desk: Desk, tmp_path: Path, key: str, text: str, word: str
) -> None:  # fmt: skip
    desk.view.show_state(stated(mlp(tmp_path, 4, 6, 3)))
    if key in ("inputs", "target"):
        desk.way("typed")
        desk.type("inputs", "1 2 3 4")
    desk.type(key, text)
    v = desk.view
    rows = {"learning_rate": v.rate, "batch": v.batch, **v.data.typed}
    assert not v.button.isEnabled()
    assert word in v.note.words
    assert rows[key].wrong.isVisible()
    assert rows[key].wrong.text().startswith("⚠ ")
    assert "⚠" in rows[key].line.accessibleDescription()
    assert rows[key].holds() == text
    desk.bot.keyClick(rows[key].line, Qt.Key.Key_Return)
    assert desk.wanted == []


def test_a_new_file_begins_anew_and_the_same_one_keeps_what_was_typed(desk: Desk, tmp_path: Path) -> None:
    first = stated(mlp(tmp_path, 4, 6, 3))
    desk.view.show_state(first)
    desk.choose("activation", "tanh")
    desk.type("learning_rate", "nonsense")
    desk.view.show_state(stated(tmp_path / "net.npz", Choices("elu"), before=first))
    assert desk.view.rate.holds() == "nonsense"
    assert desk.view.choices["activation"].holds() == "tanh"
    desk.view.show_state(stated(mlp(tmp_path, 5, 2, name="other.npz"), Choices(output_activation="tanh"), Samples(count=3)))
    assert desk.view.rate.holds() == "0.1"
    assert desk.view.choices["output_activation"].holds() == "tanh"
    assert desk.view.data.count.holds() == "3"
    assert desk.view.choices["activation"].isHidden()
    desk.view.show_state(SavedState())
    assert desk.view.empty.isVisible()


def test_trouble_is_said_and_nothing_typed_is_lost(desk: Desk, tmp_path: Path) -> None:
    first = stated(mlp(tmp_path, 4, 6, 3))
    desk.view.show_state(first)
    desk.way("file")
    desk.view.take_file(str(tmp_path / "gone.csv"))
    choices, samples = desk.step()
    state = stated(tmp_path / "net.npz", choices, samples, first)
    assert state.steps_trouble
    desk.view.show_state(state)
    assert "gone.csv" in desk.view.trouble.words
    assert desk.view.data.ways["file"].isChecked()
    assert desk.view.button.isEnabled()


def test_a_network_that_ends_early_and_one_that_cannot_begin(desk: Desk, tmp_path: Path) -> None:
    more = {"lstm.weight_ih_l0": R.standard_normal((12, 5)), "lstm.weight_hh_l0": R.standard_normal((12, 3))}
    desk.view.show_state(stated(mlp(tmp_path, 4, 5, **more)))
    assert "⚠ Steps end before the layer 'lstm" in desk.view.about.words
    assert "nothing to train" in desk.view.no_loss.words
    assert desk.view.choices["loss"].isHidden()
    assert desk.view.rate.isHidden()
    desk.way("typed")
    desk.type("inputs", "1 2 3 4")
    assert desk.view.data.target.isHidden()
    assert desk.step() == (Choices(), Samples(inputs=(1.0, 2.0, 3.0, 4.0)))
    np.savez(tmp_path / "conv.npz", **{"conv1.weight": np.zeros((4, 1, 3, 3)), "conv1.bias": np.zeros(4)})
    desk.view.show_state(stated(tmp_path / "conv.npz"))
    assert "✗ It cannot be stepped" in desk.view.about.words
    assert desk.view.data.isHidden()
    assert not desk.view.button.isEnabled()
    assert desk.view.note.words == "⚠ It cannot be stepped."


def test_only_sets_that_fit_are_offered_with_their_sizes(desk: Desk, tmp_path: Path) -> None:
    desk.view.show_state(stated(mlp(tmp_path, 4, 6, 3)))
    desk.way("set")
    box = desk.view.data.set.box
    assert [box.itemText(n) for n in range(box.count())] == ["iris: 4 inputs, 3 classes"]
    assert box.currentText() == "iris: 4 inputs, 3 classes"
    assert desk.view.button.isEnabled()
    desk.view.show_state(stated(mlp(tmp_path, 7, 3, name="odd.npz")))
    assert not desk.view.data.ways["set"].isEnabled()
    assert desk.view.data.whys["set"].text() == "None of the built-in sets has the sizes of this network"


def test_many_inputs_are_typed_in_many_lines(desk: Desk, tmp_path: Path) -> None:
    desk.view.show_state(stated(mlp(tmp_path, 30, 6, 2)))
    desk.way("typed")
    row = desk.view.data.inputs
    assert row.pane.isVisible()
    assert not row.line.isVisible()
    desk.type("inputs", "\n".join("0.5" for _ in range(29)))
    assert "29 numbers of 30" in row.wrong.text()
    desk.type("inputs", "\n".join("0.5" for _ in range(30)))
    assert desk.step()[1].inputs == (0.5,) * 30
    row.pane.setFocus()
    desk.bot.keyClick(row.pane, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert len(desk.wanted) == 2
    desk.bot.keyClick(row.pane, Qt.Key.Key_Return)
    assert len(desk.wanted) == 2
    desk.view.show_state(stated(mlp(tmp_path, 4, 2, name="small.npz")))
    desk.way("typed")
    assert row.line.isVisible()


def test_the_sentences_fold_and_nothing_of_a_file_is_markup(desk: Desk, tmp_path: Path) -> None:
    evil = "<b>W</b>\u202e`x`" * 20
    np.savez(
        tmp_path / "net.npz", **{f"{evil}1.weight": np.ones((3, 4)), f"{evil}1.bias": np.ones(3), "<i>step</i>": np.array(3)}
    )
    desk.view.show_state(stated(tmp_path / "net.npz"))
    why = desk.view.why
    assert why.prose.isHidden()
    why.button.click()
    assert why.prose.isVisible()
    assert any("random" in s for s in why.sentences)
    assert why.button.text().startswith("▾")
    assert all(len(s) < 500 for s in why.sentences)
    for label in desk.view.findChildren(QLabel):
        assert "\u202e" not in label.text()
        if label.textFormat() != Qt.TextFormat.PlainText:
            assert "<i>" not in label.text().replace("<i>ℹ", "")
            assert "<b>W" not in label.text()


def test_everything_has_a_name_and_is_reached_by_tab(desk: Desk, tmp_path: Path) -> None:
    desk.view.show_state(stated(mlp(tmp_path, 3, 3, 3)))
    desk.way("typed")
    desk.type("inputs", "1 2 3")
    v = desk.view
    stops = [w for w in v.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisible() and w.isEnabled()]
    for widget in stops:
        assert widget.accessibleName() or (isinstance(widget, QPushButton) and widget.text()) or getattr(widget, "text", str)()
    v.choices["activation"].box.setFocus()
    seen: list[QWidget | None] = []
    for _ in range(len(stops) + 3):
        seen.append(QApplication.focusWidget())
        desk.bot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    order = [
        v.choices["activation"].box, v.choices["output_activation"].box, v.choices["orientation"].box,
        v.data.ways["typed"], v.data.inputs.line,
        v.data.target.line, v.choices["loss"].box, v.choices["optimizer"].box, v.rate.line, v.batch.line, v.why.button, v.button,
    ]  # fmt: skip
    assert [w for w in seen if w in order][: len(order)] == order


def test_while_something_is_read_nothing_else_is_asked_for(desk: Desk, tmp_path: Path) -> None:
    from dataclasses import replace

    state = stated(mlp(tmp_path, 4, 6, 3))
    desk.view.show_state(replace(state, busy="net.npz"))
    assert not desk.view.button.isEnabled()
    assert "net.npz is being read" in desk.view.note.words


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("size", "scale"), [((330, 600), 1.0), ((420, 900), 1.0), ((330, 600), 1.8)])
def test_nothing_is_cut_off(qtbot: QtBot, tmp_path: Path, size: tuple[int, int], scale: float, dark: bool) -> None:
    theme.apply("dark" if dark else "light")
    before = QApplication.font()
    large = QApplication.font()
    large.setPointSizeF(before.pointSizeF() * scale)
    try:
        QApplication.setFont(large)
        desk = Desk(qtbot, size)
        desk.view.show_state(stated(mlp(tmp_path, 3, 3, 3)))
        desk.way("typed")
        desk.type("inputs", "1, 2, x")
        desk.view.why.button.click()
        QApplication.processEvents()
        width = desk.view.width()
        for label in desk.view.findChildren(QLabel):
            if label.isVisible() and label.wordWrap() and label.text():
                assert label.height() >= label.heightForWidth(label.width()) - 1, label.text()
                assert label.mapTo(desk.view, label.rect().topRight()).x() <= width
        for widget in (*desk.view.data.ways.values(), desk.view.shuffle.box, desk.view.button):
            assert widget.mapTo(desk.view, widget.rect().topRight()).x() <= width
            assert widget.sizeHint().width() <= width
    finally:
        QApplication.setFont(before)
        theme.apply("light")


def test_the_two_forms_of_gelu_are_told_apart() -> None:
    assert option_words("activation", "relu, gelu_erf") == "relu, GELU (exact, by erf)"
    assert option_words("output_activation", "gelu") == "GELU (tanh form)"
    assert option_words("loss", "mse") == "mse"
