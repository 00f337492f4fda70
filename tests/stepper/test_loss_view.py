"""The loss view shows the losses as they are, says where NaN begins, and travels by mouse and keyboard."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.library import open_target
from core.session import Session
from stepper import theme
from stepper.views.loss import LossView
from stepper.widgets.numbers import full


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[LossView]:
    theme.apply("light")
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(820, 200)
    found = LossView(window)
    found.resize(800, 180)
    window.show()
    qtbot.waitExposed(window)
    yield found
    del window


def session_of(target: str, iterations: int = 0) -> Session:
    found = open_target(target)
    session = Session(found.program, found.title)
    if iterations:
        session.run(iterations)
    return session


def xor_losses(iterations: int) -> list[float]:
    """The textbook's own loop, written out."""
    rng = np.random.RandomState(2)
    x, y = np.array([[0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0, 1, 1, 0]])
    w1, b1, w2, b2 = rng.randn(3, 2), np.zeros((3, 1)), rng.randn(1, 3), np.zeros((1, 1))
    out = []
    for _ in range(iterations):
        a1 = 1 / (1 + np.exp(-(w1 @ x + b1)))
        a2 = 1 / (1 + np.exp(-(w2 @ a1 + b2)))
        out.append(float(((a2 - y) ** 2).mean()))
        d2 = 2 * (a2 - y) / 4 * a2 * (1 - a2)
        d1 = (w2.T @ d2) * a1 * (1 - a1)
        w2, b2 = w2 - 3 * d2 @ a1.T, b2 - 3 * d2.sum(axis=1, keepdims=True)
        w1, b1 = w1 - 3 * d1 @ x.T, b1 - 3 * d1.sum(axis=1, keepdims=True)
    return out


def at(view: LossView, iteration: float) -> QPoint:
    return QPoint(round(view.plot.x_of(iteration)), 60)


def test_empty_state_invites(view: LossView) -> None:
    view.draw(session_of("xor").moment())
    assert view.hint.isVisible() and not view.plot.isVisible()
    assert "Run" in view.hint.text()


def test_curve_is_the_textbook_loss(view: LossView) -> None:
    session = session_of("xor", 40)
    view.draw(session.moment())
    x, y = view.curve.getOriginalDataset()
    assert list(x) == list(range(1, 41))
    np.testing.assert_allclose(y, xor_losses(40), rtol=1e-9)
    assert view.now.toolTip() == full(session.moment().losses[39])
    assert view.line.value() == 40


def test_click_drag_and_keys_travel(view: LossView, qtbot: QtBot) -> None:
    session = session_of("xor", 40)
    view.draw(session.moment())
    seen: list[int] = []
    view.iteration_clicked.connect(seen.append)
    target = view.plot.viewport()
    qtbot.mouseClick(target, Qt.MouseButton.LeftButton, pos=at(view, 12))
    assert seen == [12]
    qtbot.mousePress(target, Qt.MouseButton.LeftButton, pos=at(view, 5))
    qtbot.mouseMove(target, at(view, 30))
    qtbot.mouseRelease(target, Qt.MouseButton.LeftButton, pos=at(view, 30))
    assert seen[1] == 5
    qtbot.mouseClick(target, Qt.MouseButton.LeftButton, pos=QPoint(2, 60))
    assert seen[-1] == 1
    seen.clear()
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_PageUp):
        qtbot.keyClick(view, key)
    assert seen == [39, 40, 1, 36]
    before = view.plot.getPlotItem().getViewBox().viewRange()
    qtbot.mouseMove(target, at(view, 3))
    assert view.plot.getPlotItem().getViewBox().viewRange() == before


def test_right_key_inside_an_iteration_goes_to_its_end(view: LossView, qtbot: QtBot) -> None:
    session = session_of("xor", 10)
    session.go(4, 3)
    view.draw(session.moment())
    with qtbot.waitSignal(view.iteration_clicked) as caught:
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert caught.args == [4]


def test_epochs_only_where_they_have_several_iterations(view: LossView) -> None:
    session = session_of("first-seed", 42)
    view.draw(session.moment())
    x, y = view.epoch_curve.getOriginalDataset()
    losses = session.moment().losses
    assert list(x) == [4 * e for e in range(1, 11)]
    np.testing.assert_allclose(y, [np.mean(losses[4 * e : 4 * e + 4]) for e in range(10)])
    assert view._keys["point"].isVisible()
    view.draw(session_of("xor", 5).moment())
    assert not view._keys["point"].isVisible()


def test_nan_is_a_gap_with_a_sign_and_never_breaks_the_scale(view: LossView) -> None:
    session = session_of("xor", 20)
    losses = [*session.moment().losses, math.inf, math.nan, math.nan]
    view.draw(replace(session.moment(), losses=losses))
    low, high = view.plot.getPlotItem().getViewBox().viewRange()[1]
    assert math.isfinite(low) and math.isfinite(high) and high < 1
    _, y = view.curve.getOriginalDataset()
    assert np.isnan(y[20:]).all() and np.isfinite(y[:20]).all()
    assert view.bad_label.isVisible() and view.bad_label.toPlainText() == "∞ in iteration 21, then NaN"
    assert view._keys["bad"].isVisible()
    view.draw(replace(session.moment(), losses=[math.nan, 0.5, 0.25]))
    assert view.bad_label.toPlainText() == "NaN in iteration 1"
    view.draw(replace(session.moment(), losses=[0.5, math.nan]))
    assert view.bad_label.toPlainText() == "NaN from iteration 2"


def test_only_non_finite_losses(view: LossView) -> None:
    view.draw(replace(session_of("xor", 3).moment(), losses=[math.nan] * 3))
    assert view.plot.isVisible()
    assert view.grab().width() == 800


def test_a_growing_list_and_an_edited_one(view: LossView) -> None:
    session = session_of("xor", 5)
    view.draw(session.moment())
    session.run(5)
    view.draw(session.moment())
    assert len(view.curve.getOriginalDataset()[1]) == 10
    view.draw(replace(session.moment(), losses=[0.9, 0.8]))
    assert list(view.curve.getOriginalDataset()[1]) == [0.9, 0.8]


def test_hidden_view_waits_for_its_show(view: LossView) -> None:
    view.hide()
    view.draw(session_of("xor", 6).moment())
    assert view.curve.getOriginalDataset()[1] is None
    view.show()
    assert len(view.curve.getOriginalDataset()[1]) == 6


def test_themes(view: LossView) -> None:
    theme.apply("dark")
    view.draw(session_of("xor", 6).moment())
    assert view.plot.backgroundBrush().color().name() == theme.current().panel
    theme.apply("light")
