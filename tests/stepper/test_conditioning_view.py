"""The conditioning panel: what stands in it, signs beyond limits, selection both ways, singular values only when it is time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.complete import load
from core.library import open_target
from core.session import Session, session_of
from stepper import theme
from stepper.main_window import MainWindow
from stepper.views import conditioning
from stepper.views.conditioning import COLUMNS, ConditioningView
from stepper.widgets.log_bars import Bar, LogBars

SINGULAR = """
# data
X = np.array([[1.0, 2.0, 4.0], [2.0, 4.0, 8.0]])
Y = np.array([[1.0, 0.0, 1.0]])
samples = "columns"
# parameters
W1 = np.array([[1.0, 2.0], [2.0, 4.0]])
W2 = np.array([[1.0, -2.0]])
# forward
Z1 = W1 @ X
A1 = relu(Z1)
Z2 = W2 @ A1
# loss
L = mse(Z2, Y)
"""


@pytest.fixture(params=["light", "dark"])
def view(qtbot: QtBot, request: pytest.FixtureRequest) -> Iterator[ConditioningView]:
    theme.apply(request.param)
    made = ConditioningView()
    qtbot.addWidget(made)
    made.resize(700, 600)
    made.show()
    qtbot.waitExposed(made)
    yield made
    theme.apply("light")


def ended(target: str, iterations: int = 1) -> Session:
    session = session_of(open_target(target))
    session.run(iterations)
    return session


def text(view: ConditioningView, row: int, kind: str) -> str:
    item = view.table.item(row, COLUMNS.index(kind))
    assert item is not None
    return item.text()


def settle(qtbot: QtBot, view: ConditioningView) -> None:
    qtbot.waitUntil(lambda: not view.status.isVisible())


def test_a_row_for_each_layer(view: ConditioningView) -> None:
    session = ended("xor", 20)
    view.draw(session.moment())
    headers = [view.table.verticalHeaderItem(r).text() for r in range(view.table.rowCount())]
    assert headers == ["layer 1 · W1", "layer 2 · W2"]
    w1 = np.asarray(session.moment().value(session.program.carried["W1"][1]))
    assert float(text(view, 0, "condition")) == pytest.approx(np.linalg.cond(w1), rel=1e-2)
    assert float(text(view, 0, "input condition")) == pytest.approx(3**0.5, rel=1e-2)
    assert text(view, 0, "saturated") == "0 %" and view.table.isColumnHidden(COLUMNS.index("dead"))
    assert "condition number κ of W1" in view.words.toPlainText() and "Limit: Warns above 1e8" in view.words.toPlainText()
    np.testing.assert_allclose([b.number or 0.0 for b in view.spectrum.bars], np.linalg.svd(w1, compute_uv=False))
    assert len(view.slopes.bars) == 4 and not view.status.isVisible()


def test_before_anything_is_computed_it_says_so(view: ConditioningView) -> None:
    view.draw(session_of(open_target("xor")).moment())
    assert text(view, 0, "gradient") == text(view, 1, "input condition") == "–"
    view.table.setCurrentCell(1, COLUMNS.index("input condition"))
    assert "A1 is not computed yet" in view.words.toPlainText() and "A1 is not computed yet" in view.spectrum.empty
    assert view.slopes.bars == () and "No gradient" in view.slopes.empty


def test_what_is_beyond_its_limit_has_a_sign_words_and_a_link(view: ConditioningView, qtbot: QtBot) -> None:
    session = Session(load(SINGULAR), "")
    view.draw(session.moment())
    assert text(view, 0, "condition") == "κ ∞" and text(view, 0, "smallest") == "0"
    item = view.table.item(0, 0)
    assert item is not None and item.foreground().color().name() == theme.current().error
    assert "rank is 1 of 2" in item.toolTip() and "κ W1 is badly conditioned" in view.words.toPlainText()
    assert [b.number == 0 for b in view.spectrum.bars] == [False, True] and view.spectrum.bars[1].marked
    view.spectrum.setFocus()
    qtbot.keyClick(view.spectrum, Qt.Key.Key_End)
    assert "2 of 2: 0 but for rounding" in view.spectrum.accessibleDescription()
    seen: list[object] = []
    view.value_clicked.connect(lambda value, cell: seen.append((value, cell)))
    view.words.link_clicked.emit("0,1")
    assert view.table.currentColumn() == 1 and "X (2×3)" in view.spectrum.accessibleName()
    assert seen == [(session.program.inputs["X"], None)]
    view.grab()


def test_nan_is_said_and_breaks_no_scale(view: ConditioningView) -> None:
    view.draw(ended("flower", 3000).moment())
    assert text(view, 0, "condition") == "⚠ NaN or ∞" and text(view, 0, "gradient") == text(view, 0, "dead") == "⚠ NaN"
    assert "Also beyond its limit" in view.words.toPlainText() and "not finite" in view.spectrum.empty
    low, high = view.slopes.extent()
    assert low < high
    for size in ((300, 420), (1300, 500)):
        view.resize(*size)
        QApplication.processEvents()
        assert not view.grab().isNull()


def test_choosing_and_selection_meet(view: ConditioningView, qtbot: QtBot) -> None:
    session = ended("xor", 3)
    view.draw(session.moment())
    seen: list[object] = []
    view.value_clicked.connect(lambda value, cell: seen.append((session.program.values[value].label, cell)))
    view.table.setFocus()
    qtbot.keyClick(view.table, Qt.Key.Key_Down)
    for _ in range(4):
        qtbot.keyClick(view.table, Qt.Key.Key_Right)
    assert seen[0] == ("W2_next", None) and seen[1] == ("A1", None) and seen[-1] == ("dW2", None)
    del seen[:]
    session.select(session.program.gradients["W1"])
    view.draw(session.moment())
    assert (view.table.currentRow(), COLUMNS[view.table.currentColumn()]) == (0, "gradient")
    assert "gradient of W1" in view.words.toPlainText() and not seen, "following tells nothing"
    rect = view.table.visualRect(view.table.model().index(1, 0))
    qtbot.mouseClick(view.table.viewport(), Qt.MouseButton.LeftButton, pos=rect.center() - QPoint(2, 0))
    assert seen and seen[-1] == ("W2_next", None)


def test_large_matrices_follow_when_the_window_is_idle(
    view: ConditioningView, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conditioning, "AT_ONCE", 10)
    session = ended("digits", 2)
    view.draw(session.moment())
    assert text(view, 0, "condition") == "…" and "being computed" in view.status.text()
    settle(qtbot, view)
    assert text(view, 0, "condition") not in ("…", "–") and not view.status.isVisible()


def test_in_a_run_singular_values_are_of_an_earlier_iteration_and_say_so(
    view: ConditioningView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conditioning, "PAUSE", 10**9)
    taken: list[int] = []
    found = conditioning.spectrum
    monkeypatch.setattr(conditioning, "spectrum", lambda *a: (taken.append(1), found(*a))[1])
    session = ended("xor", 3)
    session.set_running(True)
    view.draw(session.moment())
    first = text(view, 0, "condition")
    done = len(taken)
    assert done == 4
    for _ in range(3):
        session.run(200)
        view.draw(session.moment())
    assert len(taken) == done and text(view, 0, "condition") == first and "as of iteration 3." in view.status.text()
    gradient = text(view, 0, "gradient")
    session.set_running(False)
    view.draw(session.moment())
    assert len(taken) > done and text(view, 0, "condition") != first and not view.status.isVisible()
    assert text(view, 0, "gradient") == gradient


def test_singular_values_are_computed_once_for_the_same_weights(view: ConditioningView, monkeypatch: pytest.MonkeyPatch) -> None:
    session = session_of(open_target("xor"))
    view.draw(session.moment())
    taken: list[int] = []
    found = conditioning.spectrum
    monkeypatch.setattr(conditioning, "spectrum", lambda *a: (taken.append(1), found(*a))[1])
    for _ in range(6):
        session.later()
        view.draw(session.moment())
    assert len(taken) == 1, "of A1 alone: the weights and X are the same arrays"


def test_nothing_to_say_is_said(view: ConditioningView) -> None:
    view.draw(Session(load("# data\nx = 3.0\n# parameters\nw = 2.0\n# loss\nL = w * x\n"), "").moment())
    assert view.status.isVisible() and "no layer" in view.status.text() and not view.table.isVisible()


def test_a_line_that_fails_leaves_what_there_is(view: ConditioningView) -> None:
    session = Session(load(SINGULAR.replace("Z2 = W2 @ A1", "Z2 = A1 @ W2")), "")
    session.run(1)
    view.draw(session.moment())
    assert session.moment().fault is not None and text(view, 0, "condition") == "κ ∞" and text(view, 0, "gradient") == "–"


def test_out_of_date_is_said(view: ConditioningView) -> None:
    session = ended("xor", 1)
    session.go(2, 3)
    session.change_cell(session.program.inputs["W1"], (0, 0), "9")
    moment = session.moment()
    view.draw(moment)
    assert bool(moment.stale) is ("Out of date" in view.status.text())


def test_bars_stand_in_order_on_the_scale(qtbot: QtBot) -> None:
    bars = LogBars()
    qtbot.addWidget(bars)
    bars.resize(300, 200)
    numbers = [1e4, 1.0, 1e-6, 0.0]
    bars.show_bars("all", [Bar(str(n), x, f"bar {n}") for n, x in enumerate(numbers)], (1e-3, "limit"))
    heights = [bars.y_of(x) for x in numbers]
    assert heights == sorted(heights) and all(a < b for a, b in pairwise(heights)), "the smallest is above the zero"
    assert bars.extent() == (-7, 4) and not bars.grab().isNull()
    bars.show_bars(
        "strange", [Bar("a", float("nan"), "a"), Bar("b", float("inf"), "b"), Bar("c", None, "c"), Bar("d", 5e-324, "d")]
    )
    assert all(np.isfinite(bars.extent())) and not bars.grab().isNull()


def test_it_is_a_panel_of_the_window(window: MainWindow, qtbot: QtBot) -> None:
    window.panels.show_panel("conditioning", focus=True)
    view = window.panels.view("conditioning")
    assert isinstance(view, ConditioningView)
    qtbot.waitUntil(lambda: view.table.rowCount() == 2)
    view.table.setCurrentCell(1, 0)
    assert window.controller.session is not None
    assert window.controller.session.selection.value == window.controller.session.program.inputs["W2"]
