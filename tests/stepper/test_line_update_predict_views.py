"""What this line means, what the update does, predict: what they show, by mouse and by keyboard, in both themes."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from core.complete import load
from core.library import open_target
from core.session import Session
from stepper import theme
from stepper.views.line import LineView
from stepper.views.predict import PredictView
from stepper.views.update import UpdateView

VIEWS = (LineView, UpdateView, PredictView)


def session(target="xor", iteration=1, k=0):
    made = Session(open_target(target).program, target)
    if iteration > 1:
        made.run(iteration - 1)
    made.go(iteration, len(made.program) if k is None else k)
    return made


@pytest.fixture
def shown(qtbot):
    """Make a view, show it, have it draw."""

    def make(cls, moment, width=380, height=640):
        theme.apply("light")
        view = cls()
        qtbot.addWidget(view)
        view.resize(width, height)
        view.show()
        view.draw(moment)
        return view

    return make


def text(view):
    return view.page.toPlainText().replace("\u00a0", " ")


def link(view, words):
    """Return the target of the link that shows these words."""
    found = re.findall(r'<a href="([^"]*)">(.*?)</a>', view.page.toHtml(), re.S)
    return next(target for target, inner in found if words in re.sub("<[^>]*>", "", inner))


# --- a line -------------------------------------------------------------------------------------


def test_the_line_just_executed_is_explained(shown) -> None:
    view = shown(LineView, session(k=20).moment())
    told = text(view)
    assert told.startswith("← backward · line 26")
    for part in (
        "dW1 = dZ1 @ X.T", "dW1 (3×2) = dZ1 (3×4) @ X.T (4×2)", "The 4 samples are summed away", "Z1 = W1 @ X + b1",
        "48 multiplications and additions", "48 bytes for the result", "Who reads dW1 next:", "W1 = W1 - lr * dW1",
    ):  # fmt: skip
        assert part in told, part


def test_before_the_first_operation_the_line_to_come_is_explained(shown) -> None:
    told = text(shown(LineView, session().moment()))
    assert "not run yet" in told and "operation 1 of 2: matrix product" in told and "○" in told
    assert "Going back, when g arrives: g @ X.T for W1, W1.T @ g for X" in told


def test_a_link_selects_the_value_of_its_line(shown, qtbot) -> None:
    at = session(k=20)
    view = shown(LineView, at.moment())
    with qtbot.waitSignal(view.value_clicked) as caught:
        view.page.anchorClicked.emit(link(view, "W1 = W1 - lr * dW1"))
    value, cell = caught.args
    assert at.program.values[value].label == "W1_next" and cell is None


def test_links_are_reached_by_keyboard(shown, qtbot) -> None:
    view = shown(LineView, session(k=20).moment())
    view.activateWindow()
    qtbot.waitUntil(view.isActiveWindow)
    view.setFocus()
    qtbot.waitUntil(view.page.hasFocus)
    with qtbot.waitSignal(view.value_clicked):
        qtbot.keyClick(view.page, Qt.Key.Key_Tab)
        qtbot.keyClick(view.page, Qt.Key.Key_Return)


def test_a_line_that_fails_is_told_with_its_reason(shown) -> None:
    program = load("# parameters\nW = np.ones((2, 3))\n# forward\nZ = W @ W\nL = sum(Z)\n")
    told = text(shown(LineView, Session(program, "").moment()))
    assert "✗ This line cannot run" in told and "3 columns of W" in told


def test_text_of_a_program_is_never_markup(shown) -> None:
    program = load("# parameters\nW = np.ones((2, 2))\n# forward\nM = W < 1\nL = sum(W * M)\n")
    at = Session(program, "<b>x</b>")
    at.go(1, 1)
    assert "M = W < 1" in text(shown(LineView, at.moment()))


# --- the update ---------------------------------------------------------------------------------


def test_the_update_shows_old_step_new_and_both_losses(shown) -> None:
    told = text(shown(UpdateView, session(iteration=2, k=None).moment()))
    for part in ("same 4 samples", "0.25983", "0.25340", "−0.007653", "−0.006439", "✓ As predicted", "W1 = W1 - lr * dW1",
                 "−0.8786 − 3 · 0.01192 ≈ −0.9143", "the cell that changes most", "1.47 % of its size"):  # fmt: skip
        assert part in told, part


def test_the_selected_cell_is_the_one_that_is_told(shown, qtbot) -> None:
    at = session(iteration=2, k=None)
    at.select(at.program.gradients["W1"], (0, 1))
    view = shown(UpdateView, at.moment())
    assert "W1[0, 1] the cell that is selected" in text(view)
    with qtbot.waitSignal(view.value_clicked) as caught:
        view.page.anchorClicked.emit(link(view, "W1[0, 1]"))
    assert caught.args == [at.program.carried["W1"][1], (0, 1)]


def test_before_the_update_nothing_is_run_ahead(shown) -> None:
    told = text(shown(UpdateView, session(iteration=2, k=14).moment()))
    assert "No parameter is updated yet" in told and "waits for dW1" in told and "L after" not in told
    told = text(shown(UpdateView, session(iteration=2, k=25).moment()))
    assert "Not updated yet: W1, b1." in told and "L after" not in told


def test_a_step_that_is_too_large_and_a_nan_are_said(shown) -> None:
    assert "⚠ L rises although a fall was predicted" in text(shown(UpdateView, session("flower", 3, None).moment()))
    told = text(shown(UpdateView, session("flower", 1800, None).moment()))
    assert "NaN" in told and "not finite" in told


def test_what_a_change_by_hand_made_old_is_not_shown(shown) -> None:
    at = session(iteration=2, k=None)
    at.change_cell(at.program.inputs["W1"], (0, 0), "5")
    moment = at.moment()
    told = text(shown(UpdateView, moment))
    assert bool(moment.stale) == ("out of date" in told)
    at.recompute()
    if at.moment().k == moment.k:
        assert "out of date" not in text(shown(UpdateView, at.moment()))


def test_a_program_without_update(shown) -> None:
    program = load("# parameters\nW = np.ones((2, 2))\n# forward\nZ = W @ W\n")
    assert "updates no parameter" in text(shown(UpdateView, Session(program, "").moment()))


def test_adam_shows_its_own_formula(shown) -> None:
    told = text(shown(UpdateView, session("digits", 2, None).moment()))
    assert "W1 = W1 - lr * mW1_hat / (sqrt(vW1_hat) + epsilon)" in told and "the same 32 samples" in told


# --- predict ------------------------------------------------------------------------------------


def visible(view):
    return [b for b in view.buttons if not b.isHidden()]


def test_a_right_and_a_wrong_answer(shown, qtbot) -> None:
    at = session()
    view = shown(PredictView, at.moment())
    assert view.question is not None and len(visible(view)) == len(view.question.choices)
    with qtbot.waitSignal(view.answered) as caught:
        qtbot.mouseClick(view.buttons[view.question.right], Qt.MouseButton.LeftButton)
    assert caught.args == [True]
    assert view.answer_label.text() == "✓ Right." and view.reason_label.text() == view.question.reason
    assert "✓" in view.buttons[view.question.right].text() and not view.buttons[0].isEnabled()
    view.answer(0)
    assert view.tally_label.text() == "1 of 1 right so far", "the first choice counts"
    at.later()
    view.draw(at.moment())
    assert view.answer_label.isHidden() and view.buttons[0].isEnabled() and view.before_label.isHidden()
    wrong = (view.question.right + 1) % len(view.question.choices)
    with qtbot.waitSignal(view.answered) as caught:
        qtbot.keyClick(view, Qt.Key.Key_1 + wrong)
    assert caught.args == [False]
    assert view.answer_label.text().startswith("✗ Not right. It is: ") and "✗" in view.buttons[wrong].text()
    assert view.tally_label.text() == "1 of 2 right so far"


def test_stepping_on_tells_the_answer(shown) -> None:
    at = session()
    view = shown(PredictView, at.moment())
    assert view.before_label.isHidden()
    asked = view.question
    at.later()
    view.draw(at.moment())
    assert f"it was: {asked.choices[asked.right]}." in view.before_label.text() and not view.before_label.isHidden()
    before = view.question
    at.select(0, (0, 0))
    view.draw(at.moment())
    assert view.question is before, "a selection asks nothing new"


def test_the_end_of_an_iteration_and_a_run_ask_nothing(shown) -> None:
    at = session(k=None)
    view = shown(PredictView, at.moment())
    assert view.question is None and not visible(view) and "This iteration is done" in view.question_label.text()
    at.go(2, 0)
    at.set_running(True)
    view.draw(at.moment())
    assert view.question is None and "Stop the run" in view.question_label.text()
    at.set_running(False)
    view.draw(at.moment())
    assert view.question is not None


def test_hidden_it_forgets_and_keeps_its_tally(shown) -> None:
    at = session()
    view = shown(PredictView, at.moment())
    view.answer(view.question.right)
    view.hide()
    assert view.question is None
    view.show()
    view.draw(at.moment())
    assert view.question is not None and view.tally_label.text() == "1 of 1 right so far"


def test_keys_reach_the_view_from_its_buttons(shown, qtbot) -> None:
    view = shown(PredictView, session().moment())
    view.activateWindow()
    view.buttons[0].setFocus(Qt.FocusReason.TabFocusReason)
    with qtbot.waitSignal(view.answered):
        qtbot.keyClick(view.buttons[0], Qt.Key.Key_2)
    view = shown(PredictView, session(k=1).moment())
    with qtbot.waitSignal(view.answered):
        qtbot.keyClick(view.buttons[0], Qt.Key.Key_Return)


# --- all three ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", VIEWS)
@pytest.mark.parametrize("name", ["light", "dark"])
def test_names_contrast_and_narrow_windows(cls, name, shown) -> None:
    view = shown(cls, session("digits", 2, 90).moment(), width=300)
    theme.apply(name)
    QApplication.processEvents()
    view.draw(session("digits", 2, 91).moment())
    assert view.accessibleName()
    for widget in (*view.findChildren(QLabel), *view.findChildren(QPushButton)):
        assert widget.accessibleName(), widget
    if cls is PredictView:
        inks = [label.palette().color(label.foregroundRole()).name() for label in view.findChildren(QLabel)]
        inks += [theme.current().dim]
    else:
        inks = re.findall(r"color:(#[0-9a-f]{6})", view.page.toHtml())
        assert view.page.horizontalScrollBar().maximum() == 0
    assert inks and all(theme.contrast(ink, theme.current().panel) >= 4.5 for ink in inks), inks


@pytest.mark.parametrize("cls", VIEWS)
def test_every_place_of_an_iteration_can_be_drawn(cls, shown) -> None:
    for target in ("xor", "rows", "digits"):
        at = session(target, 2, 0)
        view = shown(cls, at.moment())
        for k in range(len(at.program) + 1):
            at.go(2, k)
            view.draw(at.moment())
