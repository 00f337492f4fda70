"""The gradient check, pressed and clicked as a person would."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.written import COLUMNS
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QScrollArea, QWidget

from core.complete import load
from core.library import open_target
from core.session import Session
from stepper import theme
from stepper.views.check import CheckView

WRONG = COLUMNS.replace("(W2.T @ dZ2)", "-(W2.T @ dZ2)").replace("dW2 = dZ2", "dW2 = 2 * dZ2")
LARGE = COLUMNS.replace("(2, 2)", "(150, 2)").replace("(2, 1)", "(150, 1)").replace("(1, 2)", "(1, 150)")


class Desk:
    """A view with a session behind it, wired as the window wires them."""

    def __init__(self, bot, session, size=(420, 640)):
        self.bot, self.session = bot, session
        self.window = QWidget()  # a view shown by itself would have Qt warn of size hints
        self.window.resize(*size)
        self.view = CheckView(self.window)
        self.view.resize(*size)
        self.view.value_clicked.connect(session.select)
        session.listen(self.draw)
        bot.addWidget(self.window)
        self.window.show()
        self.draw()

    def draw(self):
        self.view.draw(self.session.moment())

    def check(self, button=None):
        self.bot.mouseClick(button or self.view.check_button, Qt.MouseButton.LeftButton)
        self.settle()

    def settle(self):
        self.bot.waitUntil(lambda: not self.view.work.busy, timeout=60000)

    def rows(self):
        tree = self.view.rows
        return [[tree.topLevelItem(k).text(c) for c in range(4)] for k in range(tree.topLevelItemCount())]

    def click(self, matrix, cell):
        self.bot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect(cell).center())
        self.settle()

    @property
    def chosen(self):
        s = self.session.selection
        return None if s.value is None else (self.session.program.values[s.value].label, s.cell)


@pytest.fixture
def desk(qtbot):
    def make(target="xor", iteration=1, k=None, **how):
        text = {"own": COLUMNS, "wrong": WRONG, "large": LARGE}.get(target)
        program = load(text) if text else open_target(target).program
        session = Session(program, target)
        session.go(iteration, len(program) if k is None else k)
        return Desk(qtbot, session, **how)

    return make


def test_before_a_check_it_says_what_it_would_do(desk):
    d = desk()
    assert "nudged" in d.view.summary_label.text() and d.view.place_label.isHidden()
    assert d.view.rows.isHidden() and d.view.matrices.isHidden() and d.view.every_button.isHidden() and d.view.bar.isHidden()
    assert d.view.check_button.isEnabled() and not desk(k=0).view.operation_button.isEnabled()


def test_one_click_checks_all(desk):
    d = desk()
    d.check()
    assert d.view.summary_label.text() == "✓ All 4 of the derived gradients agree with the slope of L that nudging shows."
    assert d.view.place_label.text() == "These numbers belong to iteration 1."
    assert [r[:3] for r in d.rows()] == [[n, "✓ agrees", "0"] for n in ("W1", "b1", "W2", "b2")]
    m = d.view.matrices
    assert m.own.isHidden() and not any(x.isHidden() for x in (m.derived, m.nudged, m.error))
    value = next(v.index for v in d.session.program.values if v.label == "dW1")
    assert np.allclose(m.derived.array, d.session.moment().value(value), rtol=1e-12)


def test_enter_checks_and_escape_stops(desk):
    d = desk("digits")
    d.view.setFocus()
    d.bot.keyClick(d.view, Qt.Key.Key_Return)
    assert d.view.work.busy and d.view.check_button.text() == "Stop" and not d.view.bar.isHidden()
    d.bot.waitUntil(lambda: d.view.bar.maximum() > 0)
    assert "nudges" in d.view.bar.text() and 0 < d.view.bar.value() < d.view.bar.maximum()
    d.bot.keyClick(d.view, Qt.Key.Key_Escape)
    assert not d.view.work.busy and d.view.bar.isHidden() and d.view.check_button.text() == "Check all gradients"
    assert d.rows() == []
    d.bot.keyClick(d.view, Qt.Key.Key_Return)
    d.settle()
    assert len(d.rows()) == 4
    d.view.rows.setFocus()
    d.bot.keyClick(d.view.rows, Qt.Key.Key_Return)
    assert d.view.work.busy
    d.view.check_button.setFocus()
    d.bot.keyClick(d.view.check_button, Qt.Key.Key_Return)
    assert not d.view.work.busy


def test_it_works_on_while_a_person_steps(desk):
    d = desk("digits", k=4)
    d.view.check_all()
    d.session.go(3, 2)
    d.settle()
    assert "iteration 1, you are in 3" in d.view.place_label.text() and d.view.summary_label.text().startswith("✓")
    d.session.go(1, 7)
    assert d.view.place_label.text() == "These numbers belong to iteration 1."


def test_a_wrong_backward_is_shown_cell_by_cell(desk):
    d = desk("wrong")
    d.check()
    assert [r[1] for r in d.rows()] == ["✗ wrong sign", "✗ wrong sign", "≈ up to a factor 2", "✓ agrees"]
    assert d.view.summary_label.text().startswith("✗ Wrong: the gradients of W1 and b1.")
    assert d.view.rows.current() == "W1" and "sign is turned" in d.view.sentence_label.text()
    m = d.view.matrices
    assert not m.own.isHidden() and m.own.name == "yours: dW1"
    assert np.allclose(m.own.array, -m.derived.array) and m.own.shown.extent == m.derived.shown.extent
    assert m.error.array[d.view._cell] == np.nanmax(m.error.array)
    d.view.rows.setCurrentItem(d.view.rows.topLevelItem(2))
    assert "2 times ∂L/∂W2" in d.view.sentence_label.text() and m.own.name == "yours: dW2"


def test_a_cell_is_shown_in_full_and_chosen_everywhere(desk):
    d = desk("wrong")
    d.check()
    d.click(d.view.matrices.derived, (1, 0))
    assert d.chosen == ("W1", (1, 0))
    text = d.view.cell_label.text()
    derived = float(d.view.matrices.derived.array[1, 0])
    assert text.startswith("W1[1, 0]") and repr(derived) in text and repr(-derived) in text and "nudged" in text
    assert all(x.selected == (1, 0) for x in (d.view.matrices.own, d.view.matrices.nudged, d.view.matrices.error))
    d.click(d.view.matrices.own, (0, 1))
    assert d.chosen == ("dW1", (0, 1)) and d.view.cell_label.text().startswith("W1[0, 1]")
    index = next(v.index for v in d.session.program.values if v.label == "dW2")
    d.session.select(index, (0, 1))
    assert d.view.rows.current() == "W2" and d.view.cell_label.text().startswith("W2[0, 1]")


def test_out_of_date_looks_out_of_date(desk):
    d = desk("own")
    d.check()
    d.session.go(2, 3)
    assert d.view.place_label.text().startswith("◷ Out of date: these numbers belong to iteration 1")
    assert d.view.matrices.derived.shown.stale and "out of date" in d.view.matrices.derived.accessibleName()
    d.session.go(1, 3)
    assert not d.view.matrices.derived.shown.stale
    d.session.change_cell(d.session.program.inputs["W1"], (0, 0), "2.5")
    assert "before a change" in d.view.place_label.text() and d.view.matrices.derived.shown.stale
    d.check()
    assert "◷" not in d.view.place_label.text() or d.session.moment().stale


def test_another_program_forgets(desk, qtbot):
    d = desk("own")
    d.check()
    other = Session(open_target("iris").program, "iris")
    other.go(1, 3)
    d.view.draw(other.moment())
    assert d.rows() == [] and d.view.cell_label.isHidden() and "nudged" in d.view.summary_label.text()


def test_a_large_array_is_sampled_and_can_be_nudged_whole(desk):
    d = desk("large")
    d.check()
    m = d.view.matrices
    assert "200 of 300 cells were nudged" in d.view.sentence_label.text() and m.nudged.isHidden()
    assert d.view.every_button.text() == "Nudge all 300 cells of W1"
    r = d.view._check.of("W1")
    cell = next(c for c in np.ndindex(150, 2) if np.isnan(r.nudged[c]))
    d.view._on_cell(cell, False)
    d.settle()
    assert "not yet" not in d.view.cell_label.text() and d.view.cell_label.text().startswith(f"W1[{cell[0]}, {cell[1]}]")
    d.check(d.view.every_button)
    assert d.view.every_button.isHidden() and not m.nudged.isHidden() and "of 300" not in d.view.sentence_label.text()


def test_the_operation_that_just_happened(desk):
    d = desk()
    k = next(i.index for i in d.session.program.instructions if i.text.startswith("dW2")) + 1
    d.session.go(1, k)
    d.check(d.view.operation_button)
    text = d.view.operation_label.text()
    assert text.startswith("`dW2 = dZ2 @ A1.T`, iteration 1:\n✓ dW2 is ∂L/∂W2")
    d.session.go(1, k + 1)
    assert d.view.operation_label.text().startswith("◷ `dW2")


def test_a_loss_that_is_nan_has_no_slope(desk):
    d = desk("own")
    d.session.change_cell(d.session.program.inputs["W1"], (0, 0), "nan")
    d.check()
    assert d.view.summary_label.text().startswith("⊘ L is not a finite number")
    assert [r[1] for r in d.rows()] == ["⊘ not finite"] * 4 and d.view.matrices.isHidden() and d.view.cell_label.isHidden()
    d.check(d.view.operation_button)
    assert "not finite" in d.view.operation_label.text()


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("size", [(240, 300), (300, 700), (900, 500)])
def test_it_can_be_read_in_any_theme_and_width(desk, name, size):
    before = theme.current().name
    theme.apply(name)
    try:
        d = desk("wrong", size=size)
        d.check()
        d.session.go(2, 4)
        QApplication.processEvents()
        for label in d.view.findChildren(QLabel):
            if label.isVisible():
                ground = d.view.palette().color(d.view.backgroundRole())
                assert theme.contrast(label.palette().color(label.foregroundRole()), ground) >= 4.5, label.accessibleName()
                assert label.accessibleName() and label.textFormat() == Qt.TextFormat.PlainText
                assert label.height() >= label.heightForWidth(label.width())
        for button in d.view.findChildren(QPushButton):
            assert button.accessibleName() or button.isHidden()
            assert button.isHidden() or button.geometry().right() <= d.view.width()
        area = d.view.findChild(QScrollArea)
        assert area.widget().width() <= area.viewport().width()
        item = d.view.rows.topLevelItem(0)
        assert d.view.rows.visualItemRect(item).right() <= d.view.rows.viewport().width() + 1
        assert d.view.rows.viewport().rect().contains(QPoint(5, 5))
    finally:
        theme.apply(before)
