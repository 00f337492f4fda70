"""See what it does: both curves, whose steps go downhill, where they part, and the way there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from helpers.first_seed import FIRST, operand_mended, sign_mended
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from core.complete import load
from core.diagnosis import Diagnosis, Fault
from core.session import Session
from stepper import theme
from stepper.main_window import MainWindow
from stepper.views.course import CourseView
from stepper.widgets.curve_panel import look_of

TEXT, SIGN, OPERAND, BOTH = FIRST, sign_mended(FIRST), operand_mended(FIRST), operand_mended(sign_mended(FIRST))


def line(text: str) -> int:
    return TEXT.splitlines().index(text) + 1


FAULTS = (
    Fault(line("error_gradient = 2 * (Y - A2)"), "error_gradient = 2 * (Y - A2)", "sign", mended=SIGN),
    Fault(line("dw2 = np.dot(dA2, A2.T)"), "dw2 = np.dot(dA2, A2.T)", "operand", mended=OPERAND),
)


def diagnosis(text: str = TEXT, faults: tuple[Fault, ...] = FAULTS, mended: str | None = BOTH) -> Diagnosis:
    return Diagnosis(load(text), text, "cost = (Y - A2) ** 2", False, (), faults, (), mended)


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[CourseView]:
    theme.apply("light")
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(820, 720)
    found = CourseView(window)
    found.resize(800, 700)
    window.show()
    qtbot.waitExposed(window)
    yield found
    del window


def finish(qtbot: QtBot, view: CourseView) -> None:
    qtbot.waitUntil(lambda: not view.busy, timeout=60_000)


def entries(view: CourseView) -> list[str]:
    return [e.text for e in view.losses.legend.entries]


def shown(qtbot: QtBot, view: CourseView, line: int = 0, d: Diagnosis | None = None) -> None:
    d = diagnosis() if d is None else d
    view.show_diagnosis(load(TEXT), None, d, line)
    finish(qtbot, view)


def test_before_anything_was_checked_it_says_what_it_is_for(view: CourseView) -> None:
    assert "Check your code first" in view.words.notice.text()
    assert not view.losses.isVisible() and not view.controls.isVisible() and not view.words.parting.isVisible()


def test_both_curves_from_the_same_start(qtbot: QtBot, view: CourseView) -> None:
    shown(qtbot, view)
    assert view.course is not None and view.course.done == 80, "20 epochs of 4 samples"
    assert entries(view) == ["yours 0.2605", "mended 0.2558"]
    for place, run in enumerate(view.course.runs):
        x, y = view.losses.curves[place].getData()
        assert x.tolist() == list(range(4, 81, 4)) and y.tolist() == run.epoch_losses
    assert look_of(0, False).style() != look_of(1, False).style(), "told apart by more than colour"
    assert "after 20 epochs 0.260463 with them" in view.words.verdict.text()


def test_one_of_two_faults_mended_alone(qtbot: QtBot, view: CourseView) -> None:
    shown(qtbot, view, FAULTS[0].line)
    assert view.controls.mends.currentText() == f"mended: only line {FAULTS[0].line}, {FAULTS[0].text}"
    assert [e.rsplit(" ", 1)[0] for e in entries(view)] == ["yours", f"only line {FAULTS[0].line} mended", "all mended"]
    left = view.words.verdict.text().splitlines()[1]
    assert left.startswith("The curve cannot show what is left after this mend: after 20 epochs 0.255771 with it, 0.255776")
    assert left.endswith("without; the shape of dw2 can.")
    view.controls.mends.setCurrentIndex(2)
    view.controls.mends.activated.emit(2)
    finish(qtbot, view)
    assert f"at line {FAULTS[1].line}, the shape of dw2: yours 1×1, mended 1×3." in view.words.parting.text()


def test_the_place_where_they_part_is_a_press_away(qtbot: QtBot, view: CourseView) -> None:
    shown(qtbot, view)
    assert view.words.parting.text() == (
        f"They part in iteration 1 at line {FAULTS[0].line}, error_gradient[0, 0]: yours −1.149, mended 1.149."
    )
    with qtbot.waitSignal(view.place_wanted) as caught:
        qtbot.mouseClick(view.words.go, Qt.MouseButton.LeftButton)
    program = load(TEXT)
    made = next(i for i in program.instructions if program.values[i.result].label == "error_gradient")
    assert caught.args == [1, made.index + 1]


def test_the_steps_of_each_run_with_words_at_the_ends(qtbot: QtBot, view: CourseView) -> None:
    shown(qtbot, view)
    assert [e.text for e in view.steps.legend.entries] == ["w1 −1", "b1 −1", "w2 −0.9974", "b2 −1"]
    assert [w.toPlainText() for w in view.steps.words] == ["↘ 1: straight downhill", "↗ −1: straight uphill"]
    view.controls.steps.setCurrentIndex(1)
    view.controls.steps.activated.emit(1)
    assert [e.text for e in view.steps.legend.entries] == ["w1 1", "b1 1", "w2 1", "b2 1"]
    view.controls.parameters[2].trigger()
    assert [e.text.split()[0] for e in view.steps.legend.entries] == ["w1", "b1", "b2"]


def test_it_runs_on_stops_and_begins_again(qtbot: QtBot, view: CourseView) -> None:
    shown(qtbot, view)
    assert [b.text() for b in view.controls.more] == ["+20", "+200", "+2000"] and view.controls.units.text() == "epochs:"
    assert view.controls.more[0].accessibleName() == "Run 20 epochs further"
    qtbot.mouseClick(view.controls.more[1], Qt.MouseButton.LeftButton)
    finish(qtbot, view)
    assert view.course is not None and view.course.done == 880
    qtbot.mouseClick(view.controls.more[2], Qt.MouseButton.LeftButton)
    assert view.busy and view.controls.stop.isEnabled()
    qtbot.mouseClick(view.controls.stop, Qt.MouseButton.LeftButton)
    assert not view.busy and view.course.done < 8880
    qtbot.mouseClick(view.controls.again, Qt.MouseButton.LeftButton)
    assert view.course.done == 0 and not view.busy


def test_the_arrow_keys_look_at_other_iterations(qtbot: QtBot, view: CourseView) -> None:
    shown(qtbot, view)
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Home)
    assert view.here == 1 and entries(view)[0] == "yours none here", "no epoch is whole yet"
    view.controls.means.trigger()
    assert entries(view)[0] == "yours 0.33" and view.losses.legend.title == "Loss"
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.here == 2
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert view.here == 0, "the end goes along as it runs"


def test_a_run_that_stops_and_numbers_that_are_not_finite(qtbot: QtBot, view: CourseView) -> None:
    broken = TEXT.replace("np.dot(dA2, A2.T)", "np.dot(dA2, A1)")
    shown(qtbot, view, d=diagnosis(broken, FAULTS[1:], BOTH))
    assert entries(view)[0] == "yours stopped"
    assert "With this fault, the training stops in iteration 1: line" in view.words.verdict.text()
    fast = TEXT.replace("A2 = sigmoid(Z2)", "A2 = exp(Z2)").replace("0.01", "5.0")
    view.show_diagnosis(None, None, diagnosis(fast, FAULTS[:1], fast.replace("2 * (Y - A2)", "2 * (A2 - Y)")))
    finish(qtbot, view)
    assert "yours not finite" in entries(view)[0] and view.losses.bad_label.isVisible()
    assert not view.words.go.isVisible(), "another text is open"


def test_a_program_without_a_mend_runs_alone(qtbot: QtBot, view: CourseView) -> None:
    shown(qtbot, view, d=diagnosis(BOTH, (), None))
    assert view.words.notice.text().startswith("⚠ The open program is another one")
    view.show_diagnosis(load(BOTH), None, diagnosis(BOTH, (), None))
    finish(qtbot, view)
    assert "nothing to mend" in view.words.notice.text() and len(entries(view)) == 1
    assert not view.controls.mends.isVisible() and not view.controls.steps.isVisible()
    nothing = Diagnosis(load(TEXT), TEXT, "", False, problem="No parameters.")
    object.__setattr__(nothing, "program", load(TEXT.replace("# loss\ncost = (Y - A2) ** 2\n", "")))
    view.show_diagnosis(None, None, nothing)
    assert view.words.notice.text() == "No parameters." and not view.losses.isVisible()


def test_a_mend_that_cannot_be_read_is_said(qtbot: QtBot, view: CourseView) -> None:
    shown(qtbot, view, d=diagnosis(mended=BOTH.replace("A1 = sigmoid(Z1)", "A1 = sigmoid(Z1")))
    assert view.words.notice.text().startswith("The mended program cannot be read: line")
    assert not view.losses.isVisible()


def test_everything_can_be_reached_and_is_named(qtbot: QtBot, view: CourseView) -> None:
    shown(qtbot, view)
    for part in view.findChildren(QWidget):
        if isinstance(part, (QAbstractButton, QComboBox)) and part.isVisible() and part.objectName() == "":
            assert part.accessibleName() or (isinstance(part, QAbstractButton) and part.text()), part
            if part.parent() is not None and not part.parent().inherits("QScrollBar"):
                assert part.focusPolicy() & Qt.FocusPolicy.TabFocus, part


@pytest.mark.parametrize("name", ["light", "dark"])
def test_both_themes_and_many_sizes(qtbot: QtBot, view: CourseView, name: str) -> None:
    shown(qtbot, view, FAULTS[1].line)
    theme.apply(name)
    for size in ((260, 160), (600, 240), (1900, 240), (1900, 1200)):
        view.resize(*size)
        image = view.grab().toImage()
        assert not image.isNull()
    theme.apply("light")


def test_in_the_window(qtbot: QtBot, window: MainWindow) -> None:
    window.controller.take(Session(load(TEXT), "the first seed"))
    window.wiring.see(diagnosis(), 0)
    view = window.panels.view("course")
    assert isinstance(view, CourseView) and window.panels.is_shown("course")
    finish(qtbot, view)
    view.words.go.click()
    moment = window.controller.session.moment()  # type: ignore[union-attr]
    program = moment.program
    assert program.values[program.instructions[moment.k - 1].result].label == "error_gradient"
    window.controller.take(Session(load(BOTH), "another"))
    window.drawer.draw_now()
    assert view.words.notice.text().startswith("⚠ The open program is another one")


def test_nan_in_the_numbers_draws(qtbot: QtBot, view: CourseView) -> None:
    text = TEXT.replace("np.zeros((1, 1))", "np.full((1, 1), np.nan)")
    shown(qtbot, view, d=diagnosis(text, FAULTS[:1], text.replace("2 * (Y - A2)", "2 * (A2 - Y)")))
    assert all("not finite" in e for e in entries(view))
    assert np.isnan(view.course.runs[0].losses).all()  # type: ignore[union-attr]
