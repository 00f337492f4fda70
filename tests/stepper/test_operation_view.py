"""The operation view against values computed by hand with NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QWidget

from core.complete import load
from core.library import EXAMPLES, open_target
from core.session import Session
from stepper import theme
from stepper.views.operation import OperationView


@pytest.fixture
def view(qtbot):
    window = QWidget()  # a view shown by itself would have Qt warn of size hints
    window.resize(1700, 700)
    qtbot.addWidget(window)
    widget = OperationView(window)
    widget.resize(900, 320)
    window.show()
    yield widget
    del window  # it had to live until here


def at(target, text, iteration=1):
    """Return a session that stands just after the operation written `text`."""
    session = Session(open_target(target).program, target)
    index = next(i.index for i in session.program.instructions if i.text == text)
    session.go(iteration, index + 1)
    return session


def value(session, label):
    return next(v.index for v in session.program.values if v.label == label)


def shown(view):
    return {m.name: m for m in view.equation.matrices if m.isVisible()}


def by_hand():
    """XOR's first iteration, up to the adjoint of the second layer."""
    rng = np.random.RandomState(2)
    x, y = np.array([[0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0, 1, 1, 0]])
    w1, w2 = rng.randn(3, 2), rng.randn(1, 3)
    a1 = 1 / (1 + np.exp(-(w1 @ x)))
    a2 = 1 / (1 + np.exp(-(w2 @ a1)))
    dz2 = 2 * (a2 - y) / 4 * a2 * (1 - a2)
    return a1, dz2


def test_the_equation_stands_as_it_is_written(view):
    session = at("xor", "dW2 = dZ2 @ A1.T")
    view.draw(session.moment())
    a1, dz2 = by_hand()
    matrices = shown(view)
    assert list(matrices) == ["dW2", "dZ2", "A1.T"]
    np.testing.assert_allclose(matrices["dW2"].array, dz2 @ a1.T, rtol=1e-12)
    np.testing.assert_allclose(matrices["dZ2"].array, dz2, rtol=1e-12)
    np.testing.assert_allclose(matrices["A1.T"].array, a1.T, rtol=1e-12)
    assert [g.text() for g in view.equation.glyphs if g.isVisible()] == ["=", "@"]
    order = [m.x() for m in matrices.values()]
    assert order == sorted(order)
    assert "backward" in view.phase_label.text() and "←" in view.phase_label.text() and "layer 2" in view.phase_label.text()
    assert view.equation_label.text() == "dW2 = dZ2 @ A1.T"
    assert view.part_label.text() == "adjoint of  Z2.1 = W2 @ A1"
    assert view.sentence_label.text() == "The 4 samples are summed away: one number for each weight of W2."


def test_a_cell_shows_where_it_came_from(view):
    session = at("xor", "dW2 = dZ2 @ A1.T")
    session.select(value(session, "dW2"), (0, 2))
    view.draw(session.moment())
    matrices = shown(view)
    assert matrices["dW2"].selected == (0, 2)
    assert matrices["dZ2"].highlighted == {(0, j) for j in range(4)}
    assert matrices["A1.T"].highlighted == {(i, 2) for i in range(4)}
    a1, dz2 = by_hand()
    text = view.arithmetic_label.text()
    assert text.startswith("dW2[0, 2]:  ")
    assert float(text.rsplit("≈ ", 1)[1].replace("−", "-")) == pytest.approx((dz2 @ a1.T)[0, 2], rel=1e-12)
    assert f"{dz2[0, 0]:.4g}·{a1[2, 0]:.4g}" in text


def test_without_a_choice_the_first_cell_is_explained(view):
    session = at("xor", "A1 = sigmoid(Z1)")
    view.draw(session.moment())
    assert view.arithmetic_label.text() == "A1[0, 0]:  1 / (1 + exp(0)) = 0.5"
    assert [g.text() for g in view.equation.glyphs if g.isVisible()] == ["=", "sigmoid(", ")"]


def test_clicks_tell_the_untransposed_cell(view, qtbot):
    session = at("xor", "dW2 = dZ2 @ A1.T")
    view.draw(session.moment())
    matrix = shown(view)["A1.T"]
    with qtbot.waitSignal(view.value_clicked) as got:
        qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect((3, 1)).center())
    assert got.args == [value(session, "A1"), (1, 3)]
    session.select(*got.args)
    view.draw(session.moment())
    assert matrix.selected == (3, 1)


def test_keys_choose_a_cell_of_the_result(view, qtbot):
    session = at("xor", "dW2 = dZ2 @ A1.T")
    view.draw(session.moment())
    matrix = shown(view)["dW2"]
    matrix.setFocus()
    qtbot.keyClick(matrix, Qt.Key.Key_Right)
    with qtbot.waitSignal(view.value_clicked) as got:
        qtbot.keyClick(matrix, Qt.Key.Key_Return)
    assert got.args == [value(session, "dW2"), (0, 1)]


def test_a_click_on_the_name_chooses_the_whole_value(view, qtbot):
    session = at("xor", "dW2 = dZ2 @ A1.T")
    view.draw(session.moment())
    matrix = shown(view)["dZ2"]
    with qtbot.waitSignal(view.value_clicked) as got:
        qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.body().topLeft() - QPoint(0, 30))
    assert got.args == [value(session, "dZ2"), None]


def test_an_operand_cell_asks_for_the_cell_that_it_became(view):
    session = at("xor", "Z1 = Z1.1 + b1")
    session.select(value(session, "Z1.1"), (1, 3))
    view.draw(session.moment())
    assert view.arithmetic_label.text().startswith("Z1[1, 3]:")
    assert shown(view)["b1"].highlighted == {(1, 0)}


def test_before_the_first_operation_the_view_invites(view):
    session = Session(open_target("xor").program, "xor")
    view.draw(session.moment())
    assert view.hint_label.isVisible() and "→ key, to do the first operation." in view.hint_label.text()
    assert "next" in view.phase_label.text()
    matrices = shown(view)
    assert matrices["Z1.1"].array is None and matrices["W1"].array.shape == (3, 2)
    assert not view.arithmetic_label.isVisible()
    session.go(2, 0)
    view.draw(session.moment())
    assert "iteration 2" in view.hint_label.text()


def test_parts_say_of_what_they_are_a_part(view):
    view.draw(at("xor", "Z1.1 = W1 @ X").moment())
    assert view.part_label.text() == "part 1 of 2 of  Z1 = W1 @ X + b1"


def test_numbers_stand_as_numbers(view):
    view.draw(at("xor", "dA2.2 = 2 * dA2.1").moment())
    assert [g.text() for g in view.equation.glyphs if g.isVisible()] == ["=", "2", "*"]
    assert list(shown(view)) == ["dA2.2", "dA2.1"]


def test_attributes_stand_in_the_call(view):
    view.draw(at("xor", "db2 = sum(dZ2, axis=1, keepdims=True)").moment())
    assert "".join(g.text() for g in view.equation.glyphs if g.isVisible()) == "=sum(, axis=1, keepdims=True)"


def test_samples_have_a_label_and_a_colour_of_their_own(view):
    view.draw(at("rows", "Z1 = X @ W1").moment())
    matrix = shown(view)["Z1"]
    assert matrix.shown.labels == ("4 samples", "")
    assert matrix.shown.colours[0] != matrix.shown.colours[1]
    assert (
        shown(view)["X"].shown.colours[0] == matrix.shown.colours[0]
        and shown(view)["W1"].shown.colours[1] == matrix.shown.colours[1]
    )
    assert shown(view)["X"].shown.colours[1] == shown(view)["W1"].shown.colours[0]


@pytest.mark.parametrize("name", sorted(EXAMPLES))
@pytest.mark.parametrize("size", [(500, 200), (1600, 500)])
def test_every_operation_of_the_examples_is_drawn(view, name, size):
    session = Session(open_target(name).program, name)
    view.resize(*size)
    for k in range(len(session.program) + 1):
        session.go(1, k)
        moment = session.moment()
        view.draw(moment)
        if moment.lit is None:
            continue
        operands = [o for o in moment.lit.operands if o.value is not None]
        assert len(shown(view)) >= 1 and len([m for m in view.equation.matrices if m.isVisible()]) == 1 + len(operands)
        result = moment.value(moment.lit.result)
        assert view.equation.matrices[0].array is result or np.array_equal(
            view.equation.matrices[0].array, result, equal_nan=True
        )
        assert all(m.geometry().bottom() <= view.equation.inside.height() for m in view.equation.matrices if m.isVisible())
    view.grab()


def test_nan_is_shown_as_it_is(view):
    program = load(
        "# data\nX = np.zeros((2, 3))\nY = np.ones((1, 3))\nsamples = 'columns'\n# parameters\nW = np.zeros((1, 2))\nlr = 0.1\n"
        "# forward\nA = log(W @ X)\n# loss\nL = mse(A, Y)\n"
    )  # fmt: skip
    session = Session(program, "x")
    session.go(1, 2)
    view.draw(session.moment())
    assert view.arithmetic_label.text() == "A[0, 0]:  log(0) = −∞"
    assert view.equation.matrices[0].text_of((0, 0)) == "−∞"


def test_a_line_that_fails_is_explained(view):
    program = load(
        "# data\nX = np.zeros((2, 5))\nY = np.ones((1, 5))\n# parameters\nW1 = np.ones((4, 2))\nW2 = np.ones((4, 4))\nlr = 0.1\n"
        "# forward\nZ1 = W1 @ X\nZ2 = W2 @ X\n# loss\nL = mse(Z2, Y)\n"
    )  # fmt: skip
    session = Session(program, "x")
    session.go(1, 1)
    moment = session.moment()
    assert moment.fault is not None
    view.draw(moment)
    assert view.fault_label.isVisible() and view.fault_label.text().startswith("✗") and "W2" in view.fault_label.text()
    session.go(1, 0)
    view.draw(session.moment())
    assert not view.fault_label.isVisible()


def test_labels_are_plain_text_and_named(view):
    view.draw(at("xor", "A1 = sigmoid(Z1)").moment())
    for label in view.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText
    assert view.accessibleName()


@pytest.mark.parametrize("name", ["light", "dark"])
def test_both_themes_draw(view, name):
    theme.apply(name)
    view.draw(at("flower", "dW2 = dZ2 @ A1.T").moment())
    assert not view.grab().isNull()
    theme.apply("light")
