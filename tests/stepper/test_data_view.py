"""The data view: what it shows of a moment, what is chosen in it, and that nothing is computed twice."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from core.complete import load
from core.library import EXAMPLES, open_target
from core.predictions import Predictor
from core.program.ir import Program
from core.session import Session
from stepper import theme
from stepper.views.data import DataView
from stepper.widgets import data_marks as marks

CURVE = """
# data
X = np.array([[-2.0, -1.0, 0.0, 1.0, 2.0]])
Y = np.array([[4.0, 1.0, 0.0, 1.0, 4.0]])
samples = "columns"
# parameters
np.random.seed(3)
W1 = np.random.randn(3, 1)
W2 = np.random.randn(1, 3)
lr = {lr}
# forward
P = W2 @ tanh(W1 @ X)
# loss
L = mse(P, Y)
"""


@pytest.fixture
def view(qtbot: QtBot) -> DataView:
    theme.apply("light")
    made = DataView()
    qtbot.addWidget(made)
    made.resize(700, 520)
    made.show()
    qtbot.waitExposed(made)
    return made


def draw(view: DataView, program: Program, iteration: int = 1, k: int | None = None) -> Session:
    session = Session(program, "test")
    session.go(iteration, len(program) if k is None else k)
    view.draw(session.moment())
    QApplication.processEvents()
    return session


def key_words(view: DataView) -> str:
    return "; ".join(k.text for k in view.legend.keys)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_shown(view: DataView, name: str) -> None:
    session = draw(view, open_target(name).program, 3)
    count = session.program.batching.total
    assert f"of {count} samples misclassified with the parameters at this point" in view.headline.text()
    assert view.legend.keys and view.legend.accessibleDescription()
    assert not view.grab().isNull()


def test_the_surface_and_the_lines_of_two_inputs(view: DataView) -> None:
    session = draw(view, open_target("xor").program, 300)
    scene = view.plot.scene
    assert scene is not None and scene.surface is not None and len(scene.surface.borders) and len(scene.lines) == 3
    assert view.headline.text().startswith("None of 4 samples") and not view.note.isVisible()
    assert "the class changes here" in key_words(view) and "neuron" in key_words(view)
    view.controls.lines.click()
    scene = view.plot.scene
    assert scene is not None and not scene.lines and "neuron" not in key_words(view)
    session.go(1, 0)
    view.draw(session.moment())
    assert "2 of 4 samples" in view.headline.text() and "misclassified" in key_words(view)


def test_within_an_iteration_nothing_is_computed(view: DataView, monkeypatch: pytest.MonkeyPatch) -> None:
    session = draw(view, open_target("flower").program, 2, 0)
    scene = view.plot.scene
    runs: list[int] = []
    computed = Predictor._run  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(Predictor, "_run", lambda self, *a: runs.append(1) or computed(self, *a))
    first_update = next(i.index for i in session.program.instructions if session.program.phase_of(i.index) == "update")
    for k in range(1, first_update + 1):
        session.go(2, k)
        view.draw(session.moment())
    assert view.plot.scene is scene and not runs
    session.select_sample(3)  # another current sample is painted, and nothing else
    view.draw(session.moment())
    assert view.plot.scene is scene and not runs and "sample 4 of 400" in view.detail.text()
    session.go(2, len(session.program))
    view.draw(session.moment())
    assert view.plot.scene is not scene and runs


def test_a_run_does_not_wait_for_the_data_and_what_stands_at_its_end_is_new(view: DataView) -> None:
    session = draw(view, open_target("digits").program, 1)
    view._cost = 1.0  # pyright: ignore[reportPrivateUsage]
    session.set_running(True)
    session.run(20)
    before = view.headline.text()
    view.draw(session.moment())
    assert view.headline.text() == before
    session.set_running(False)
    view.draw(session.moment())
    fresh = DataView(view)
    fresh.draw(session.moment())
    assert view.headline.text() == fresh.headline.text() != before


def test_a_click_chooses_a_sample(view: DataView, qtbot: QtBot) -> None:
    session = draw(view, open_target("xor").program, 5)
    frame = view.plot.frame()
    assert frame is not None
    at = frame.points_of(2)[0].toPoint()
    with qtbot.waitSignal(view.sample_clicked) as caught:
        qtbot.mouseClick(view.plot, Qt.MouseButton.LeftButton, pos=at)
    assert caught.args == [2]
    assert frame.sample_at(QPointF(at + QPoint(60, 60))) is None
    session.select_sample(2)
    view.draw(session.moment())
    assert view.detail.text().startswith("sample 3 of 4 · inputs 1, 0 · target class 1")
    assert "current sample" in key_words(view)


def test_the_keys_go_through_the_samples(view: DataView, qtbot: QtBot) -> None:
    session = draw(view, open_target("xor").program, 5)
    found: list[int] = []

    def choose(sample: int) -> None:
        found.append(sample)
        session.select_sample(sample)
        view.draw(session.moment())

    view.sample_clicked.connect(choose)
    view.plot.setFocus()
    keys = (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_End, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Home)
    for key in keys:
        qtbot.keyClick(view.plot, key)
    assert found == [0, 1, 0, 3, 3, 3, 0]


def test_nan_is_said_and_hatched(view: DataView) -> None:
    draw(view, open_target("flower").program, 1700)
    assert "NaN" in view.headline.text() and "No answer for any of 400 samples" in view.headline.text()
    scene = view.plot.scene
    assert scene is not None and scene.surface is not None and scene.surface.nothing.all() and not scene.lines
    assert "no answer: NaN" in key_words(view) and "the class changes here" not in key_words(view)
    image = view.plot.grab().toImage()
    frame = view.plot.frame()
    assert frame is not None
    corner = frame.room.topLeft().toPoint()
    seen = {image.pixelColor(corner.x() + 20 + n, corner.y() + 20).name() for n in range(12)}
    assert len(seen) > 1  # a pattern, not a colour


def test_the_curve_of_one_input(view: DataView) -> None:
    draw(view, load(CURVE.format(lr=0.05)), 50)
    scene = view.plot.scene
    assert scene is not None and scene.curve is not None and scene.surface is None
    assert scene.curve.outputs.shape[0] == 1 and list(scene.y) == [4, 1, 0, 1, 4]
    assert view.headline.text().startswith("Targets of 5 samples") and {"target", "answer"} <= {k.text for k in view.legend.keys}
    box = scene.box
    draw(view, load(CURVE.format(lr=3.0)), 5)
    scene = view.plot.scene
    assert scene is not None and scene.box == box  # the scale stays put, whatever the curve does
    assert "leaves the picture" in view.note.text()
    draw(view, load(CURVE.format(lr=1e200)), 6)
    assert "NaN" in view.headline.text() and not view.grab().isNull()


def test_pictures(view: DataView, qtbot: QtBot) -> None:
    session = draw(view, open_target("digits").program, 30)
    assert view.controls.as_pictures.isChecked() and view.sheet.isVisible() and not view.plot.isVisible()
    scene = view.sheet.scene
    assert scene is not None and scene.samples == tuple(range(100)) and any(scene.wrong)
    wrong = scene.wrong.index(True)
    assert "✗" in scene.words[wrong]
    with qtbot.waitSignal(view.sample_clicked) as caught:
        qtbot.mouseClick(view.sheet, Qt.MouseButton.LeftButton, pos=view.sheet.places()[7].center().toPoint())
    assert caught.args == [7]
    view.controls.only_wrong.click()
    scene = view.sheet.scene
    assert scene is not None and all(scene.wrong) and scene.samples[0] == wrong
    session.select_sample(wrong)
    view.draw(session.moment())
    with qtbot.waitSignal(view.sample_clicked) as caught:
        qtbot.keyClick(view.sheet, Qt.Key.Key_Right)
    assert caught.args == [scene.samples[1]]
    view.controls.as_pictures.click()
    assert view.plot.isVisible() and "No surface: the answer depends on" in view.note.text()
    assert view.controls.across.count() > 50


def test_two_of_four_inputs_are_chosen_as_axes(view: DataView) -> None:
    draw(view, open_target("iris").program, 10)
    scene = view.plot.scene
    assert scene is not None and scene.surface is None and (scene.x_name, scene.y_name) == ("input x1", "input x2")
    assert "in this batch" in key_words(view) and scene.filled.sum() == 30
    view.controls.up.setCurrentIndex(3)
    changed = view.plot.scene
    assert changed is not None and changed.y_name == "input x4" and not np.array_equal(changed.y, scene.y)
    assert "4 inputs" in view.note.text()


def test_where_there_is_nothing_a_sentence_says_why(view: DataView) -> None:
    session = Session(load("# parameters\nW = np.ones((2, 2))\nlr = 1\n# loss\nL = sum(W ** 2)\n"), "test")
    view.draw(session.moment())
    assert "There are no samples to show" in view.hint.text() and view.hint.isVisible() and not view.legend.isVisible()
    text = CURVE.format(lr=1).replace("randn(3, 1)", "randn(3, 2)")
    view.draw(Session(load(text), "test").moment())
    assert "cannot run" in view.hint.text()
    draw(view, open_target("xor").program)  # and back
    assert view.plot.isVisible() and view.headline.isVisible() and view.controls.isVisible()


def test_after_a_change_by_hand_the_answers_are_those_of_the_new_numbers(view: DataView) -> None:
    session = draw(view, open_target("xor").program, 300, 3)
    before = view.plot.scene
    session.change_cell(session.program.inputs["Y"], (0, 3), "1")
    view.draw(session.moment())
    assert view.headline.text().startswith("1 of 4 samples misclassified")
    session.change_cell(session.program.inputs["X"], (0, 0), "4")
    view.draw(session.moment())
    scene = view.plot.scene
    assert scene is not None and before is not None and scene.x[0] == 4 and scene.box != before.box
    session.undo()
    session.undo()
    view.draw(session.moment())
    assert view.headline.text().startswith("None of 4") and not view.note.text()
    session.go(300, len(session.program))
    session.change_cell(session.program.inputs["W1"], (0, 0), "-5")
    view.draw(session.moment())
    assert "after the change by hand" in view.note.text()
    session.recompute()
    shown = view.headline.text()
    view.draw(session.moment())
    assert view.note.text() == "" and view.headline.text() == shown


@pytest.mark.parametrize("size", [(300, 260), (400, 320), (1200, 800)])
@pytest.mark.parametrize("name", ["xor", "digits", "iris"])
def test_nothing_is_cut_off(view: DataView, name: str, size: tuple[int, int]) -> None:
    view.resize(*size)
    draw(view, open_target(name).program, 5)
    view.resize(size[0], size[1] + 1)
    QApplication.processEvents()
    assert view.width() == size[0]
    for label in (view.headline, view.detail, view.note):
        if label.isVisible():
            assert label.height() >= label.heightForWidth(label.width())
    assert view.legend.height() >= view.legend.heightForWidth(view.legend.width())


def test_whatever_takes_the_keyboard_has_a_name(view: DataView) -> None:
    draw(view, open_target("digits").program)
    parts = [w for w in view.findChildren(QWidget) if w.focusPolicy() != Qt.FocusPolicy.NoFocus and w.parent() is not None]
    named = [w for w in parts if w.accessibleName() or w.inherits("QAbstractItemView") or w.inherits("QScrollBar")]
    assert [w.metaObject().className() for w in parts if w not in named and w.isVisible()] == []


@pytest.mark.parametrize("name", sorted(theme.THEMES))
def test_classes_differ_by_shape_and_can_be_told_from_the_ground(name: str) -> None:
    theme.apply(name)
    assert len(set(marks.SHAPES)) == len(marks.SHAPES) >= 10
    for classes in (0, 2, 6):
        for number in range(max(classes, 1)):
            assert theme.contrast(marks.class_colour(number, classes), theme.current().panel) >= 3
    theme.apply("light")
