"""The value view: its numbers against independent ones, its keys, what is copied, what may be typed over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.value_view import SHAPES, at_end, image, show, shown_view, table, value
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from core.library import open_target
from core.session import Session
from stepper import theme
from stepper.views.value import CHANGE, FACTS, HEAT, NOTHING, SPREAD, TABLE, ValueView


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[ValueView]:
    window, widget = shown_view(qtbot)
    yield widget
    theme.apply("light")
    del window  # it had to live until here


@pytest.fixture
def xor() -> Session:
    return at_end("xor", 3)


@pytest.fixture
def shapes(tmp_path: Path) -> Session:
    file = tmp_path / "shapes.py"
    file.write_text(SHAPES)
    return at_end(str(file), 1)


def xor_weights(iterations: int) -> list[np.ndarray]:
    """W1 before and after each iteration, computed without us."""
    rng = np.random.RandomState(2)
    x, y = np.array([[0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0, 1, 1, 0]])
    w1, w2 = rng.randn(3, 2), rng.randn(1, 3)
    b1, b2 = np.zeros((3, 1)), np.zeros((1, 1))
    found = [w1]
    for _ in range(iterations):
        a1 = 1 / (1 + np.exp(-(w1 @ x + b1)))
        a2 = 1 / (1 + np.exp(-(w2 @ a1 + b2)))
        dz2 = 2 * (a2 - y) / 4 * a2 * (1 - a2)
        dz1 = (w2.T @ dz2) * a1 * (1 - a1)
        w1, w2 = w1 - 3.0 * dz1 @ x.T, w2 - 3.0 * dz2 @ a1.T
        b1, b2 = b1 - 3.0 * dz1.sum(axis=1, keepdims=True), b2 - 3.0 * dz2.sum(axis=1, keepdims=True)
        found.append(w1)
    return found


def test_the_numbers_are_those_of_an_independent_computation(view: ValueView, xor: Session) -> None:
    show(view, xor, "W1", part=TABLE)
    weights = xor_weights(3)
    np.testing.assert_allclose(np.array(table(view), dtype=float), weights[2], rtol=1e-12)
    view.show_part(HEAT)
    assert view.heat.plane is not None and view.heat.shows_numbers
    np.testing.assert_allclose(view.heat.plane.numbers, weights[2], rtol=1e-12)
    view.show_part(FACTS)
    facts = {what.text(): number.text() for what, number in view.facts.rows}
    assert float(facts["mean"]) == pytest.approx(np.mean(weights[2]), rel=1e-12)
    assert float(facts["standard deviation"]) == pytest.approx(np.std(weights[2]), rel=1e-12)
    assert float(facts["norm"]) == pytest.approx(np.linalg.norm(weights[2]), rel=1e-12)
    assert (facts["cells"], facts["dtype"], facts["memory"]) == ("6", "float64", "48 B")
    view.show_part(CHANGE)
    change = weights[2] - weights[1]
    assert view.change.heat.plane is not None
    np.testing.assert_allclose(view.change.heat.plane.numbers, change, rtol=1e-9)
    i, j = np.unravel_index(np.abs(change).argmax(), change.shape)
    assert f"at [{i}, {j}]" in view.change.words.text() and "6 of 6 cells changed" in view.change.words.text()


def test_in_iteration_1_there_is_nothing_to_compare_with(view: ValueView, xor: Session) -> None:
    xor.go(1, 3)
    show(view, xor, "W1", part=CHANGE)
    assert view.stack.currentIndex() == NOTHING and "iteration 1" in view.nothing.text()


def test_the_heading(view: ValueView, xor: Session) -> None:
    show(view, xor, "dW1")
    assert view.head.name.text() == "dW1" and view.head.sizes.accessibleName() == "3×2" and view.head.dtype.text() == "float64"
    assert view.head.kind.text() == "gradient of W1 · dW1 = dZ1 @ X.T"
    assert not view.head.marks.isVisible()
    show(view, xor, "W1")
    assert view.head.kind.text() == "parameter · given in line 7" and "✎" in view.head.marks.text()
    show(view, xor, "dA1")
    assert "adjoint of A1" in view.head.kind.text()
    show(view, xor, "W1_next")
    assert "W1 after this update" in view.head.kind.text() and "typed" in view.head.marks.text()


def test_without_a_selection_the_value_just_made(view: ValueView, xor: Session) -> None:
    xor.select(None)
    xor.go(1, 0)
    view.draw(xor.moment())
    assert view.stack.currentIndex() == NOTHING and "No value is selected" in view.head.kind.text()
    assert not view.tabs.isVisible()
    xor.go(1, 2)
    view.draw(xor.moment())
    lit = xor.moment().lit
    assert lit is not None and view.head.name.text() == xor.program.values[lit.result].label
    assert "just made" in view.head.kind.text()


def test_a_value_that_comes_later(view: ValueView, xor: Session) -> None:
    xor.go(1, 1)
    xor.select(value(xor, "L"))
    view.draw(xor.moment())
    assert "Not computed yet" in view.nothing.text() and view.stack.currentIndex() == NOTHING


def test_headings_tell_units_and_samples(view: ValueView, xor: Session) -> None:
    show(view, xor, "W1", part=TABLE)
    model = view.table.numbers
    assert (
        model.headerData(2, Qt.Orientation.Vertical) == "[2] unit 3"
        and model.headerData(1, Qt.Orientation.Horizontal) == "[1] input 2"
    )
    show(view, xor, "W2", part=TABLE)
    assert model.headerData(1, Qt.Orientation.Horizontal) == "[1] from unit 2"
    show(view, xor, "dA1", part=TABLE)
    assert (
        model.headerData(0, Qt.Orientation.Vertical) == "[0] unit 1"
        and model.headerData(3, Qt.Orientation.Horizontal) == "[3] sample 4"
    )
    moment = replace(xor.moment(), samples=np.array([3, 0, 1, 2]))
    view.draw(moment)
    assert model.headerData(0, Qt.Orientation.Horizontal) == "[0] sample 4"
    view.draw(replace(moment, selection=replace(moment.selection, sample=2)))
    assert model.headerData(3, Qt.Orientation.Horizontal) == "[3] ▸ sample 3"


def test_a_cell_is_chosen_by_keys_and_by_the_mouse(view: ValueView, xor: Session, qtbot: QtBot) -> None:
    show(view, xor, "W1")
    chosen: list[tuple[object, object]] = []
    view.value_clicked.connect(lambda v, c: chosen.append((v, c)))
    view.heat.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        qtbot.keyClick(view.heat, key)
    qtbot.mouseClick(view.heat, Qt.MouseButton.LeftButton, pos=view.heat.rect_of((2, 0)).center())
    w1 = value(xor, "W1")
    assert chosen == [(w1, (1, 1)), (w1, (2, 0))]
    assert view.heat.accessibleDescription().startswith("W1[2, 0] = ") and "unit 3" in view.heat.accessibleDescription()
    view.show_part(TABLE)
    view.table.setCurrentIndex(view.table.numbers.index(0, 1))
    assert chosen[-1] == (w1, (0, 1))


def test_a_selection_made_elsewhere_is_shown_and_not_told_again(view: ValueView, xor: Session) -> None:
    chosen: list[object] = []
    view.value_clicked.connect(lambda v, c: chosen.append(c))
    show(view, xor, "W1", (2, 1))
    assert view.heat.selected == (2, 1) and view.heat.cursor_place == (2, 1)
    view.show_part(TABLE)
    assert (view.table.currentIndex().row(), view.table.currentIndex().column()) == (2, 1)
    assert chosen == []


def test_the_arrows_move_in_the_parts_although_they_step_the_program(view: ValueView, xor: Session, qtbot: QtBot) -> None:
    window = view.window()
    main = QMainWindow()
    qtbot.addWidget(main)
    view.setParent(main)
    action = QAction(main)
    action.setShortcut("Right")
    stepped: list[int] = []
    action.triggered.connect(lambda: stepped.append(1))
    main.addAction(action)
    view.show()
    main.show()
    main.activateWindow()
    qtbot.waitUntil(main.isActiveWindow)
    show(view, xor, "W1", (0, 0))
    for part, widget in ((HEAT, view.heat), (TABLE, view.table), (SPREAD, view.histogram), (FACTS, view.tabs)):
        view.show_part(part)
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        QTest.keyClick(main.windowHandle(), Qt.Key.Key_Right)
    assert stepped == []
    assert view.heat.cursor_place == (0, 1) and view.table.currentIndex().column() == 1 and view.histogram.at == 1
    assert view.tabs.currentIndex() == CHANGE
    view.setParent(window)


def test_nothing_breaks_a_scale(view: ValueView, shapes: Session) -> None:
    show(view, shapes, "D")
    assert view.heat.plane is not None and view.heat.plane.extent == 2.0
    assert view.heat.heat is not None and view.heat.heat.bad == {"NaN": 1, "∞": 1, "−∞": 1}
    view.show_part(SPREAD)
    assert [(words, n) for words, n, x in view.histogram.bars() if x is not None] == [("−∞", 1), ("∞", 1), ("NaN", 1)]
    assert sum(n for _, n, x in view.histogram.bars() if x is None) == 3
    view.show_part(TABLE)
    assert table(view)[0] == ["NaN", "2.0", "−∞"]


def test_scales_only_grow_until_they_are_fitted(view: ValueView, xor: Session) -> None:
    i = value(xor, "dW1")
    largest = 0.0
    xor.select(i)
    for iteration in (1, 5, 200):
        xor.go(iteration, len(xor.program))
        view.draw(xor.moment())
        array = xor.moment().value(i)
        assert array is not None and view.heat.plane is not None
        largest = max(largest, float(np.abs(array).max()))
        assert view.heat.plane.extent == largest
    view.fit_scale()
    assert view.heat.plane.extent == np.abs(array).max()


@pytest.mark.parametrize("label", ["X", "V", "E", "W", "lr", "B", "S", "L"])
def test_every_shape_in_every_part(view: ValueView, shapes: Session, label: str) -> None:
    for width in (320, 420, 1200):
        view.resize(width, 420)
        for part in (HEAT, TABLE, SPREAD, FACTS, CHANGE):
            array = show(view, shapes, label, part=part)
            view.grab()
    view.show_part(TABLE)
    if 0 in array.shape:
        assert "no cells" in view.nothing.text()
    else:
        shown = [[float(x.replace("true", "1").replace("false", "0")) for x in row] for row in table(view)]
        assert np.array_equal(np.array(shown), np.reshape(array[0] if array.ndim > 2 else array, np.shape(shown)))


def test_the_slice_of_more_axes(view: ValueView, shapes: Session) -> None:
    array = show(view, shapes, "X", (1, 2, 3), TABLE)
    assert [box.value() for box in view.slices.boxes if box.isVisible()] == [1] and view.slices.boxes[0].accessibleName()
    assert np.array_equal(np.array(table(view), dtype=float), array[1])
    at = view.tabs.nextInFocusChain()
    while not (at.isVisible() and at.focusPolicy() & Qt.FocusPolicy.TabFocus):
        at = at.nextInFocusChain()
    assert view.slices.boxes[0] in (at, at.parentWidget())
    chosen: list[object] = []
    view.value_clicked.connect(lambda v, c: chosen.append(c))
    view.slices.boxes[0].setValue(0)
    assert np.array_equal(np.array(table(view), dtype=float), array[0])
    view.table.setCurrentIndex(view.table.numbers.index(1, 1))
    assert chosen == [(0, 1, 1)]
    show(view, shapes, "V")
    assert not view.slices.boxes[0].isVisible()


def test_one_nan_among_many_pixels_is_seen(view: ValueView, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "large.py"
    file.write_text(
        "# data\nnp.random.seed(1)\nX = np.random.rand(784, 3)\n"
        "# parameters\nW = np.random.rand(128, 784)\n# forward\nZ = W @ X\nL = sum(Z)\n"
    )
    session = Session(open_target(str(file)).program, "large")
    session.go(1, 1)
    w = show(view, session, "W", part=HEAT)
    assert not view.heat.shows_numbers
    red = theme.current().error.removeprefix("#")
    before = np.count_nonzero((image(view.heat) & 0xFFFFFF) == int(red, 16))
    w[77, 555] = np.nan
    view.draw(session.moment())
    after = np.count_nonzero((image(view.heat) & 0xFFFFFF) == int(red, 16))
    assert after > before + 12
    body = view.heat.body()
    assert view.heat.place_at(body.center().toPointF()) is not None and view.heat.place_at(QPoint(0, 0).toPointF()) is None


@pytest.mark.parametrize("colours", sorted(theme.THEMES))
def test_texts_fit_and_can_be_read(view: ValueView, xor: Session, colours: str) -> None:
    theme.apply(colours)
    view.resize(320, 480)
    for label in ("W1", "dA1", "L"):
        for part in (HEAT, TABLE, SPREAD, FACTS, CHANGE):
            show(view, xor, label, part=part)
            QApplication.processEvents()
            for text in view.findChildren(QLabel):
                if text.isVisible() and text.text():
                    ink, ground = text.palette().color(text.foregroundRole()), theme.current().window
                    assert theme.contrast(ink, ground) >= 4.5
                    assert text.width() >= text.minimumSizeHint().width() or text.wordWrap()
    focusable = [w for w in view.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisibleTo(view)]
    assert focusable and all(w.accessibleName() for w in focusable)


def test_nothing_is_formatted_that_is_not_looked_at(view: ValueView, xor: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    show(view, xor, "W1", part=HEAT)
    asked: list[QModelIndex] = []
    monkeypatch.setattr(type(view.table.numbers), "set_plane", lambda *_: asked.append(QModelIndex()))
    view.draw(xor.moment())
    assert asked == [] and not view.table.isVisible()
