"""The matrix widget: what it writes, what it marks, how it is reached by keys and by screen readers."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QColor, QKeySequence
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QMainWindow

from stepper import theme
from stepper.widgets.grid_paint import pattern_of
from stepper.widgets.heat import strongest
from stepper.widgets.matrix import MatrixWidget
from stepper.widgets.tips import plain


@pytest.fixture
def matrix(qtbot):
    widget = MatrixWidget()
    qtbot.addWidget(widget)
    widget.show()
    return widget


def pixels(widget):
    image = widget.grab().toImage().convertToFormat(widget.grab().toImage().Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)[:, : image.width()].copy()


def test_numbers_in_the_grid_are_those_of_the_array(matrix):
    array = np.array([[0.5, -0.0256789], [1e-7, 3.0]])
    matrix.set_matrix("W1", array)
    assert [[matrix.text_of((i, j)) for j in range(2)] for i in range(2)] == [["0.5", "−0.02568"], ["1.00e−7", "3"]]
    assert matrix.cell_text((0, 1)) == "W1[0, 1] = -0.0256789"
    assert not matrix.is_heat_map


def test_names_for_screen_readers(matrix):
    matrix.set_matrix("W1", np.array([[0.5, 2.0], [1.0, 3.0], [4.0, 5.0]]))
    assert matrix.accessibleName() == "W1, 3 by 2"
    matrix.set_selected((2, 1))
    assert matrix.accessibleDescription() == "W1[2, 1] = 5.0"
    matrix.set_matrix("L", np.asarray(0.25))
    assert matrix.accessibleName() == "L, a single number" and matrix.accessibleDescription() == "L = 0.25"


def test_keys_move_and_choose(matrix, qtbot):
    matrix.set_matrix("W", np.arange(6.0).reshape(2, 3))
    matrix.setFocus()
    chosen = []
    matrix.cell_clicked.connect(chosen.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Return):
        qtbot.keyClick(matrix, key)
    assert matrix.accessibleDescription() == "W[1, 2] = 5.0"
    qtbot.keyClick(matrix, Qt.Key.Key_Left)
    qtbot.keyClick(matrix, Qt.Key.Key_Space)
    assert chosen == [(1, 2), (1, 1)]


def test_the_arrows_move_the_cell_although_they_step_the_program(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    matrix = MatrixWidget(window)
    matrix.set_matrix("W", np.arange(6.0).reshape(2, 3))
    action = QAction(window)
    action.setShortcut(QKeySequence("Right"))
    stepped = QSignalSpy(action.triggered)
    window.addAction(action)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    matrix.clearFocus()
    qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect((0, 0)).center())
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Right)
    assert stepped.count() == 1 and matrix.accessibleDescription() == "W[0, 0] = 0.0"
    matrix.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Right)
    assert stepped.count() == 1 and matrix.accessibleDescription() == "W[0, 1] = 1.0"


def test_a_click_chooses_the_cell_under_it(matrix, qtbot):
    matrix.set_matrix("W", np.arange(6.0).reshape(2, 3))
    for cell in np.ndindex(2, 3):
        with qtbot.waitSignal(matrix.cell_clicked) as got:
            qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect(cell).center())
        assert got.args == [cell]


@pytest.mark.parametrize(
    ("shape", "cell"),
    [((), ()), ((5,), (3,)), ((3, 4), (2, 1)), ((2, 3, 4), (0, 2, 3)), ((2, 400), (1, 399)), ((128, 784), (127, 0))],
)
def test_any_shape_is_drawn_and_hit(matrix, qtbot, shape, cell):
    array = np.random.default_rng(0).normal(size=shape)
    matrix.set_matrix("A", array)
    matrix.grab()
    with qtbot.waitSignal(matrix.cell_clicked) as got:
        point = matrix.cell_rect(cell).center() if array.size < 100 else matrix.cell_rect(cell).topLeft()
        qtbot.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=point)
    (hit,) = got.args
    assert len(hit) == len(shape)
    assert hit == cell if array.size < 100 else all(abs(i - j) <= 3 for i, j in zip(hit, cell, strict=True))


def test_nothing_is_drawn_of_empty_arrays_and_nothing_breaks(matrix, qtbot):
    for shape in ((0,), (0, 3), (3, 0)):
        matrix.set_matrix("E", np.zeros(shape))
        matrix.setFocus()
        matrix.grab()
        qtbot.keyClick(matrix, Qt.Key.Key_Right)
        qtbot.keyClick(matrix, Qt.Key.Key_Return)


def test_what_is_not_computed_yet_has_its_places(matrix):
    matrix.set_matrix("Z", None, shape=(3, 4))
    assert matrix.text_of((0, 0)) == "·" and matrix.accessibleName() == "Z, 3 by 4"
    matrix.set_matrix("Z", None, shape=(3, 400))
    matrix.grab()


def test_a_cell_of_a_heat_map_is_reached_by_keys(matrix, qtbot):
    array = np.random.default_rng(0).normal(size=(2, 400))
    matrix.set_matrix("X", array)
    assert matrix.is_heat_map
    matrix.setFocus()
    for _ in range(7):
        qtbot.keyClick(matrix, Qt.Key.Key_Right)
    assert matrix.accessibleDescription() == f"X[0, 7] = {array[0, 7]!r}".replace("np.float64(", "").replace(")", "")


def test_nan_does_not_poison_the_colours(matrix):
    clean = np.array([[1.0, -1.0], [0.5, 0.0]])
    bad = np.array([[1.0, -1.0], [0.5, np.nan]])
    shots = []
    for array in (clean, bad):
        matrix.set_matrix("A", array)
        shots.append(pixels(matrix))
    rect = matrix.cell_rect((1, 1))
    left = slice(0, rect.left() - 1)
    assert np.array_equal(shots[0][:, left], shots[1][:, left])
    assert not np.array_equal(shots[0], shots[1])
    assert matrix.text_of((1, 1)) == "NaN"


def test_nan_and_the_infinities_differ_in_more_than_colour():
    assert len({pattern_of(x) for x in (np.nan, np.inf, -np.inf)}) == 3


def test_selected_and_marked_cells_are_seen(matrix):
    matrix.set_matrix("A", np.zeros((3, 3)))
    plainly = pixels(matrix)
    matrix.set_highlighted({(1, 0), (1, 1), (1, 2)})
    marked = pixels(matrix)
    matrix.set_selected((1, 1))
    selected = pixels(matrix)
    row = slice(matrix.cell_rect((1, 0)).top(), matrix.cell_rect((1, 0)).bottom() + 1)
    changed = np.argwhere(plainly != marked)
    assert len(changed) and changed[:, 0].min() >= row.start and changed[:, 0].max() < row.stop
    assert (marked != selected).any()


def test_equal_sizes_have_the_colour_they_are_given(matrix):
    matrix.set_matrix("A", np.zeros((3, 4)), row_colour="#123456", column_colour="#654321", column_label="4 samples")
    shot = pixels(matrix)
    for colour in ("#123456", "#654321"):
        assert (shot == QColor(colour).rgb()).any()


@pytest.mark.parametrize("name", ["light", "dark"])
def test_both_themes_paint(matrix, name):
    theme.apply(name)
    matrix.set_matrix("A", np.array([[np.nan, np.inf, -np.inf, 1.0]]))
    assert len(np.unique(pixels(matrix))) > 10
    theme.apply("light")


def test_the_strongest_of_each_block_is_kept():
    array = np.random.default_rng(3).normal(size=(50, 90))
    array[7, 11], array[20, 33], array[30, 50] = np.nan, np.inf, -np.inf
    picked, bad = strongest(array, 10, 30)
    clean = np.where(np.isfinite(array), array, 0)
    for r in range(10):
        for c in range(30):
            block = clean[r * 5 : r * 5 + 5, c * 3 : c * 3 + 3]
            assert picked[r, c] == block.flat[np.abs(block).argmax()]
    assert (bad[1, 3], bad[4, 11], bad[6, 16]) == (3, 2, 1) and np.count_nonzero(bad) == 3


def test_tooltips_keep_their_signs():
    assert "&lt;b&gt;" in plain("<b>") and plain("") == ""


def test_a_point_beside_the_cells_is_no_cell(matrix):
    matrix.set_matrix("A", np.zeros((2, 2)))
    assert matrix.cell_at(QPoint(0, 0).toPointF()) is None


def test_what_is_out_of_date_looks_and_says_so(matrix):
    array = np.array([[0.5, 2.0], [1.0, np.nan]])
    matrix.set_matrix("Z", array)
    before = pixels(matrix)
    matrix.set_matrix("Z", array, stale=True)
    assert matrix.accessibleName() == "Z, 2 by 2, out of date" and matrix.cell_text((0, 0)) == "Z[0, 0] = 0.5, out of date"
    assert "out of date" in matrix.shown.note
    after = pixels(matrix)
    assert after.shape[0] > before.shape[0]  # the words below
    colours = set((after[: before.shape[0], : before.shape[1]] & 0xFFFFFF).ravel().tolist())
    tints = {int(theme.diverging(x, 2.0).rgb() & 0xFFFFFF) for x in (0.5, 1.0, 2.0)}
    assert not colours & tints
    for name in theme.THEMES:
        t = theme.THEMES[name]
        assert theme.contrast(t.dim, t.panel) >= 4.5
    matrix.set_matrix("Z", array)
    assert matrix.accessibleName() == "Z, 2 by 2"


@pytest.mark.parametrize("shape", [(3, 4), (40, 60)])
def test_cells_changed_by_hand_are_marked(matrix, shape):
    array = np.ones(shape)
    matrix.set_matrix("W", array)
    matrix.set_selected((1, 2))
    before = pixels(matrix)
    matrix.set_matrix("W", array, edited={(1, 2)})
    matrix.set_selected((1, 2))
    after = pixels(matrix)[: before.shape[0], : before.shape[1]]
    cell = matrix.cell_rect((1, 2)).adjusted(0, 0, 4, 4)
    area = (slice(cell.top(), cell.bottom()), slice(cell.left(), cell.right()))
    assert (after[area] != before[:, : after.shape[1]][area]).any()
    assert matrix.accessibleName().endswith("changed by hand")
    assert matrix.cell_text((1, 2)).endswith("changed by hand") and not matrix.cell_text((0, 0)).endswith("by hand")
    matrix.set_matrix("W", array, edited=frozenset())  # all of it
    assert matrix.cell_text((0, 0)).endswith("changed by hand")


def test_cells_that_are_not_worked_out_tell_nothing(matrix):
    array = np.arange(1.0, 7.0).reshape(2, 3)
    matrix.set_matrix("Z", array, done=4)
    assert [matrix.text_of((i, j)) for i in range(2) for j in range(3)] == ["1", "2", "3", "4", "·", "·"]
    assert matrix.cell_text((1, 1)) == "Z[1, 1] = …" and matrix.accessibleName() == "Z, 2 by 3, 4 cells worked out"
    one = pixels(matrix)
    matrix.set_matrix("Z", np.where(array > 4, 6, array), done=4)
    assert np.array_equal(one, pixels(matrix))
    large = np.random.default_rng(0).random((40, 300))
    matrix.set_matrix("Z", large, done=20 * 300, extent=1.0)
    one = pixels(matrix)
    large[20:] = np.nan
    matrix.set_matrix("Z", large, done=20 * 300, extent=1.0)
    assert np.array_equal(one, pixels(matrix))
    matrix.set_matrix("Z", np.asarray(0.5), done=0)
    assert matrix.text_of(()) == "·"


def test_one_nan_among_many_cells_can_be_seen(matrix):
    array = np.random.default_rng(0).random((128, 784))
    red = int(theme.current().error.removeprefix("#"), 16)
    for cell in ((0, 0), (127, 783), (77, 400)):
        array[cell] = -np.inf
        matrix.set_matrix("W", array)
        body = matrix.body()
        inside = pixels(matrix)[body.top() : body.bottom(), body.left() : body.right()] & 0xFFFFFF
        assert np.count_nonzero(inside == red) >= 5
        array[cell] = 0.5
