"""The tensor view: what it shows of real files against NumPy, its signs, its keys, and what it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.tensor_view import RNG, Reader, compared, layer_of, saved_of, shown_view, state_of
from helpers.value_view import image
from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from core.files.looks.looks import Histogram, Look
from core.files.saved import Saved, Tensor, Where
from stepper import theme
from stepper.models.saved_state import SavedState
from stepper.models.tensor_cells import TensorCells
from stepper.views.tensor import TensorView
from stepper.widgets.fonts import BASE_POINTS
from stepper.widgets.tensor_head import CHANGE, THERE
from stepper.widgets.tensor_places import FACTS, HEALTH, HEAT, NUMBERS, PARTS, SPECTRUM, SPREAD, TABS

WEIGHT = RNG.normal(size=(20, 12)).astype(np.float32)
WEIGHT[6], WEIGHT[15] = WEIGHT[2], 0.0


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[TensorView]:
    window, widget = shown_view(qtbot)
    yield widget
    theme.apply("light")
    del window  # it had to live until here


@pytest.fixture
def state(tmp_path: Path) -> SavedState:
    saved = saved_of(tmp_path / "net.npz", {"fc1.weight": WEIGHT, "fc1.bias": np.zeros(20, np.float32)})
    return state_of(saved, "fc1.weight", layer_of("fc1.weight", bias="fc1.bias"))


def one(tmp_path: Path, array: np.ndarray, layer: bool = True) -> SavedState:
    return state_of(saved_of(tmp_path / "one.npz", {"w": array}), "w", layer_of("w") if layer else None)


def settle() -> None:
    for _ in range(3):
        QApplication.processEvents()


# -- what stands above -----------------------------------------------------------------------------------------------------------


def test_the_head_says_what_the_tensor_is(view: TensorView, state: SavedState, qtbot: QtBot) -> None:
    view.show_state(state)
    assert view.head.name.text() == "fc1.weight"
    assert view.head.what.text() == "in net.npz · 20×12 (units × inputs) · float32 · 240 numbers · 960 bytes · weights of 'fc1'"
    assert "each row holds the weights of one unit" in view.head.what.toolTip()
    assert not view.head.comparison.isVisible()
    with qtbot.waitSignal(view.export_wanted) as asked:
        view.head.export_button.click()
    assert asked.args == ["fc1.weight"]
    with qtbot.waitSignal(view.tensor_chosen) as chosen:
        view.head.layer_menu.actions()[0].trigger()
    assert chosen.args == ["fc1.bias"]


def test_inputs_come_first_where_the_file_stores_it_so(view: TensorView, state: SavedState) -> None:
    assert state.saved is not None
    view.show_state(state_of(state.saved, "fc1.weight", layer_of("fc1.weight", "in,out")))
    assert "20×12 (inputs × units)" in view.head.what.text() and "each column holds" in view.head.what.toolTip()


def test_a_name_is_text_and_never_markup(view: TensorView, tmp_path: Path) -> None:
    evil = "<b>x</b>\u202e\n" + "y" * 300_000
    saved = Saved("npz", str(tmp_path / "n.npz"), 0, (Tensor(evil, (2, 2), "float32", 16, Where("worker")),))
    found = replace(one(tmp_path, np.eye(2, dtype=np.float32)), saved=saved, tensor=evil)
    assert found.look is not None
    named = replace(found.look, name=evil)
    view.show_state(replace(found, look=named, seen={evil: named}))
    settle()
    view.grab()
    assert view.head.name.text().startswith("<b>x</b>\\u202e\\ny")
    assert (
        view.head.name.toolTip().startswith("<p style='white-space:pre-wrap'>&lt;b&gt;x") and len(view.head.name.toolTip()) < 5000
    )
    for label in view.findChildren(QLabel):
        assert "\u202e" not in label.text() and label.textFormat() == Qt.TextFormat.PlainText
    assert "\u202e" not in view.heat.accessibleName() and len(view.heat.accessibleName()) < 200


# -- as colours ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(300, 520), (7, 3), (10,), (64, 3, 3, 3), (1000,), (257, 2)])
def test_a_cell_stands_for_the_numbers_that_it_says(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = RNG.normal(size=shape)
    found = one(tmp_path, array, layer=False).look
    assert found is not None
    cells = TensorCells.of(found, shape)
    table = array.reshape(-1, shape[-1])
    for place in ((0, 0), (cells.rows - 1, cells.columns - 1), (cells.rows // 2, cells.columns // 3)):
        rows, columns = slice(*cells.rows_of(place[0])), slice(*cells.columns_of(place[1]))
        assert found.blocks[place] == pytest.approx(table[rows, columns].mean())
        assert cells.count(place) == table[rows, columns].size


def test_cells_in_words() -> None:
    big = TensorCells((4096, 4096), 256, 256, "rows")
    assert big.block_words() == "each cell is the mean of 16×16 numbers"
    assert big.where((1, 0)) == "[16–31, 0–15]" and big.meaning((1, 0)) == "units 17–32, inputs 1–16"
    assert TensorCells((300, 2), 256, 2).block_words() == "each cell is the mean of up to 2×1 numbers"
    assert TensorCells((), 1, 1).where((0, 0)) == "" and TensorCells((10,), 1, 10).where((0, 4)) == "[4]"
    convolution = TensorCells((64, 3, 3, 3), 256, 3, "rows")
    assert convolution.where((0, 2)) == "[0, 0, 0, 2] to [0, 0, 1, 2]" and convolution.meaning((255, 0)) == "unit 64"
    keras = TensorCells((3, 3, 3, 64), 27, 64, "columns")
    assert keras.where((26, 63)) == "[2, 2, 2, 63]" and keras.meaning((26, 63)) == "unit 64"


def test_every_number_is_told_in_full_with_its_unit(view: TensorView, state: SavedState) -> None:
    view.show_state(state)
    view.heat.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right):
        QTest.keyClick(view.heat, key)
    words = f"[1, 2] = {WEIGHT[1, 2]!s} · unit 2, input 3"
    assert view.heat.text_of(view.heat.cursor_place) == words and words in view.heat.accessibleDescription()
    QTest.keyClick(view.heat, Qt.Key.Key_End)
    QTest.keyClick(view.heat, Qt.Key.Key_PageDown)
    assert view.heat.cursor_place == (11, 11)
    QTest.keyClick(view.heat, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == str(WEIGHT[11, 11])
    assert view.message.text() == f"Copied: {WEIGHT[11, 11]!s}"
    at = QPointF(view.heat.rect_of((15, 3)).center())
    assert view.heat.place_at(at) == (15, 3) and view.heat.tip_at(at).endswith("unit 16, input 4 ⊘")


def test_copied_and_empty_units_have_signs_at_the_edge(view: TensorView, state: SavedState, qtbot: QtBot) -> None:
    view.show_state(state)
    assert [(s.sign, s.text) for s in view.heat.signs] == [("≡", "3"), ("≡", "7"), ("⊘", "16")]
    assert {e.text for e in view.heat.entries} == {"same weights: units 3 = 7", "all weights 0: unit 16"}
    assert state.look is not None
    before = image(view.heat)
    plain = replace(state.look, remarks=())
    view.show_state(replace(state, look=plain, seen={"fc1.weight": plain}))
    assert not view.heat.signs and (image(view.heat) != before).any()
    assert state.saved is not None
    view.show_state(state_of(state.saved, "fc1.weight", layer_of("fc1.weight", "in,out")))
    assert not view.heat.signs  # no column is a copy


def test_what_is_no_number_has_its_pattern_and_a_word(view: TensorView, tmp_path: Path) -> None:
    array = np.arange(12.0).reshape(3, 4)
    array[0, 1], array[2, 2], array[2, 3] = np.nan, np.inf, -np.inf
    view.show_state(one(tmp_path, array))
    assert [e.text for e in view.heat.entries] == ["NaN in 1 cell", "∞ in 1 cell", "−∞ in 1 cell"]
    assert view.heat.extent == 9.0 and view.heat.text_of((0, 1)) == "[0, 1] = NaN · unit 1, input 2"
    assert view.heat.shows_numbers and view.heat.short_of((2, 3)) == "−∞"
    view.grab()


def test_the_scale_is_the_same_here_and_there(view: TensorView, state: SavedState, tmp_path: Path) -> None:
    there = WEIGHT * 3
    both = compared(state, saved_of(tmp_path / "later.npz", {"fc1.weight": there}))
    view.show_state(both)
    assert view.heat.extent == pytest.approx(float(np.abs(there).max()))
    view.head.side_buttons[THERE].click()
    assert view.heat.extent == pytest.approx(float(np.abs(there).max()))
    assert view.heat.text_of((0, 0)).startswith(f"[0, 0] = {there[0, 0]!s}")
    view.head.side_buttons[CHANGE].click()
    assert view.heat.extent == pytest.approx(float(np.abs(there - WEIGHT).max()))
    assert "●" in view.head.side_buttons[CHANGE].text() and "○" in view.head.side_buttons[THERE].text()


# -- the spread ------------------------------------------------------------------------------------------------------------------


def test_the_bars_are_those_of_numpy(view: TensorView, tmp_path: Path) -> None:
    array = RNG.normal(size=(40, 50))
    array[3, 3] = np.nan
    view.show_state(one(tmp_path, array))
    view.show_part(SPREAD)
    counts = np.histogram(array[np.isfinite(array)], bins=len(view.histogram.counts()) - 1)[0]
    assert view.histogram.counts() == [*counts.tolist(), 1]
    assert view.histogram.text_of(len(counts)) == "1 of 2,000 numbers: NaN or ∞"
    assert not view.sample.isVisible()
    QTest.keyClick(view.histogram, Qt.Key.Key_End)
    QTest.keyClick(view.histogram, Qt.Key.Key_Left)
    assert view.histogram.accessibleDescription().startswith(f"{counts[-1]} of 1,999 numbers: from ")
    before, shares = image(view.histogram), [view.histogram.share_of(int(n)) for n in counts]
    view.log_box.click()
    logged = [view.histogram.share_of(int(n)) for n in counts]
    assert (image(view.histogram) != before).any()
    assert all(b >= a for a, b in zip(shares, logged, strict=True)) and max(logged) == 1.0
    assert np.argsort(logged, kind="stable").tolist() == np.argsort(shares, kind="stable").tolist()


def test_a_sample_says_that_it_is_one(view: TensorView, state: SavedState) -> None:
    assert state.look is not None and state.look.histogram is not None
    sampled = replace(state.look, histogram=replace(state.look.histogram, exact=False))
    view.show_state(replace(state, look=sampled))
    view.show_part(SPREAD)
    assert view.sample.isVisible() and "numbers of a sample" in view.histogram.text_of(0)


@pytest.mark.parametrize("edges", [[-1.7e308, 0.0, 1.7e308], [5e-324, 1e-323], [1.0, 1.0], [1e18, 1e18 + 512]])
@pytest.mark.parametrize("log", [False, True])
def test_any_range_can_be_drawn(view: TensorView, state: SavedState, edges: list[float], log: bool) -> None:
    assert state.look is not None
    counts = np.full(len(edges) - 1, 10**12, np.int64)
    view.log_box.setChecked(log)
    view.show_state(replace(state, look=replace(state.look, histogram=Histogram(np.array(edges), counts))))
    view.show_part(SPREAD)
    view.grab()
    assert view.histogram.text_of(0)


# -- statistics and health -------------------------------------------------------------------------------------------------------


def facts(view: TensorView) -> list[list[str]]:
    return [line.split("\t") for line in view.facts.as_text().splitlines()]


def test_statistics_are_those_of_numpy_in_full(view: TensorView, state: SavedState) -> None:
    view.show_state(state)
    view.show_part(FACTS)
    found = {row[0]: row[1] for row in facts(view)}
    assert float(found["smallest"]) == WEIGHT.min() and float(found["largest"]) == WEIGHT.max()
    assert float(found["mean"]) == pytest.approx(WEIGHT.astype(float).mean(), rel=1e-12)
    assert float(found["standard deviation"]) == pytest.approx(WEIGHT.astype(float).std(), rel=1e-12)
    assert (found["numbers"], found["zeros"], found["NaN or ∞"]) == ("240", "12", "0")
    shown = {line[0].text(): line[1] for line in view.facts.labels}
    assert shown["zeros"].text() == "12  5 %" and found["mean"] in shown["mean"].toolTip()
    assert shown["mean"].textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
    view.facts.setFocus()
    QTest.keyClick(view.facts, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == view.facts.as_text()


def test_two_files_side_by_side(view: TensorView, state: SavedState, tmp_path: Path) -> None:
    there = WEIGHT + np.float32(0.5)
    view.show_state(compared(state, saved_of(tmp_path / "later.npz", {"fc1.weight": there})))
    view.show_part(FACTS)
    table = facts(view)
    assert table[0] == ["", "here", "there", "there − here"]
    mean = next(row for row in table if row[0] == "mean")
    assert [float(x) for x in mean[1:]] == pytest.approx([WEIGHT.mean(), there.mean(), 0.5], rel=1e-5)
    assert "≠ different there · by at most 0.5" in view.head.match.text() and "240 numbers differ" in view.head.match.text()
    view.show_state(state)  # the comparison ends
    assert not view.head.comparison.isVisible() and [len(row) for row in facts(view)] == [2] * 7


def test_health_says_what_it_means_and_what_mends_it(view: TensorView, state: SavedState) -> None:
    view.show_state(state)
    view.show_part(HEALTH)
    text = view.health.toPlainText()
    assert "≡" in text and "Units 3 and 7 have the same weights." in text and "Start from random weights" in text
    assert "⊘" in text and "All weights of unit 16 are 0." in text
    grave = sum(r.severity != "note" for r in state.look.remarks) if state.look else 0
    assert view.places.tabs.tabText(list(PARTS).index(HEALTH)) == f"Health ⚠ {grave}"
    assert view.health.accessibleDescription().startswith(text[:1])


@pytest.mark.parametrize(
    ("array", "role", "words"),
    [
        (np.where(np.eye(5) > 0, np.nan, 1.0), "weight", "5 of 25 numbers are NaN or infinite, at [0, 0], [1, 1]"),
        (np.zeros((4, 4)), "weight", "All numbers are 0."),
        (np.zeros(4), "bias", "usual before the first update"),
        (np.full((4, 4), 0.5), "weight", "All numbers are 0.5."),
        (np.diag([1.0, 1e-7, 1, 1]), "weight", "Condition number 1.00e7"),
        (np.outer([1.0, 2, 3], [1.0, 2, 3]), "weight", "Its rank is 1 of 3."),
        (np.array([[1e9, 1.0], [1.0, -3.0]]), "weight", "The largest number is 1.00e9 in size."),
        (np.array([1.0, -1.0, 2.0]), "variance", "1 variance is negative."),
        (np.where(RNG.random((20, 20)) < 0.7, 0.0, RNG.normal(size=(20, 20))), "weight", "of the numbers are exactly 0."),
    ],
)  # fmt: skip
def test_each_remark_has_its_sentence(view: TensorView, tmp_path: Path, array: np.ndarray, role: str, words: str) -> None:
    saved = saved_of(tmp_path / "one.npz", {"w": array})
    layer = replace(layer_of("w"), tensors={role: "w"}, kind="batch_norm" if role == "variance" else "dense")
    view.show_state(state_of(saved, "w", layer))
    view.show_part(HEALTH)
    assert words in view.health.toPlainText()


def test_nothing_remarkable(view: TensorView, tmp_path: Path) -> None:
    view.show_state(one(tmp_path, np.array([[1.0, 0.5], [-0.5, 1.0]])))
    view.show_part(HEALTH)
    assert "✓ Nothing remarkable" in view.health.toPlainText()
    assert view.places.tabs.tabText(list(PARTS).index(HEALTH)) == "Health"


# -- singular values -------------------------------------------------------------------------------------------------------------


def test_singular_values_with_condition_and_rank(view: TensorView, tmp_path: Path) -> None:
    array = RNG.normal(size=(9, 6))
    view.show_state(one(tmp_path, array))
    view.show_part(SPECTRUM)
    values = np.linalg.svd(array, compute_uv=False)
    assert [b.number for b in view.spectrum.bars.bars] == pytest.approx(values.tolist())
    title = view.spectrum.bars.accessibleName()
    assert "rank 6 of 6" in title and float(title.split()[2]) == pytest.approx(values[0] / values[-1], rel=1e-3)
    assert not view.spectrum.button.isVisible()
    view.show_state(one(tmp_path, np.arange(4.0)))
    assert "Only a matrix of finite numbers" in view.spectrum.bars.accessibleDescription()


def test_those_of_a_large_matrix_are_asked_for(view: TensorView, tmp_path: Path, qtbot: QtBot) -> None:
    state = one(tmp_path, RNG.normal(size=(520, 513)))
    assert state.look is not None and state.look.spectrum_later
    view.show_state(state)
    view.show_part(SPECTRUM)
    assert view.spectrum.button.isVisible() and view.spectrum.button.isEnabled()
    with qtbot.waitSignal(view.spectrum_wanted):
        view.spectrum.button.click()
    assert not view.spectrum.button.isEnabled()
    view.show_state(replace(state, comparing=1))
    assert not view.spectrum.button.isEnabled()
    view.show_state(replace(state, tensor=""))  # on the way to another one what was asked for is given up
    view.show_state(state)
    assert view.spectrum.button.isEnabled()
    assert state.saved is not None
    view.show_state(state_of(state.saved, "w", layer_of("w"), spectrum=True))
    bars = view.spectrum.bars.bars
    assert not view.spectrum.button.isVisible() and "rank 513 of 513 · 256 of them drawn" in view.spectrum.bars.accessibleName()
    assert bars[0].words.startswith("singular value 1: ") and bars[-1].words.startswith("singular value 513: ")
    view.grab()


# -- the numbers themselves ------------------------------------------------------------------------------------------------------


def test_only_rows_in_sight_are_asked_for(view: TensorView, tmp_path: Path) -> None:
    array = np.arange(60_000.0).reshape(15_000, 4)
    state = state_of(saved_of(tmp_path / "n.npz", {"w": array}), "w", layer_of("w"))
    reader = Reader(view, state)
    view.show_state(state)
    settle()
    assert not reader.asked  # nobody looks at the numbers
    view.show_part(NUMBERS)
    settle()
    model, table = view.table.numbers, view.table.table
    assert len(reader.asked) == 1 and reader.asked[0][0] == 0 and reader.asked[0][1] < 100
    assert model.rowCount() == 10_000 and model.index(3, 2).data() == "14" and model.index(5000, 0).data() == "…"
    assert model.headerData(3, Qt.Orientation.Vertical) == "[3] unit 4"
    assert model.headerData(2, Qt.Orientation.Horizontal) == "[2] input 3"
    table.scrollTo(model.index(5000, 0))
    settle()
    assert model.index(5000, 1).data() == "20001" and reader.asked[-1][0] > 4900
    view.table.pages.rows.setValue(12_000)
    settle()
    assert model.rowCount() == 3000 and model.index(0, 3).data() == "48003"
    assert sum(last - first for first, last in reader.asked) < 1000


def test_a_number_in_full_and_where_it_stands(view: TensorView, tmp_path: Path) -> None:
    array = RNG.normal(size=(4, 3, 2, 5)).astype(np.float32)
    state = one(tmp_path, array)
    reader = Reader(view, state)
    view.show_part(NUMBERS)
    view.show_state(state)
    settle()
    model = view.table.numbers
    assert (model.rowCount(), model.columnCount()) == (24, 5)
    assert model.headerData(23, Qt.Orientation.Vertical).startswith("[3, 2, 1]")
    assert reader.asked
    words = str(model.index(23, 4).data(Qt.ItemDataRole.AccessibleTextRole))
    assert words.startswith(f"[3, 2, 1, 4] = {array[3, 2, 1, 4]!s}") and str(array[3, 2, 1, 4]) in model.index(23, 4).data(
        Qt.ItemDataRole.ToolTipRole
    )


def test_copying_what_is_there_and_what_is_not(view: TensorView, tmp_path: Path) -> None:
    array = RNG.normal(size=(3000, 6))
    state = one(tmp_path, array, layer=False)
    reader = Reader(view, state)
    view.show_part(NUMBERS)
    view.show_state(state)
    settle()
    table, model = view.table.table, view.table.numbers
    table.setFocus()

    def select(rows: tuple[int, int], columns: tuple[int, int]) -> None:
        chosen = QItemSelection(model.index(rows[0], columns[0]), model.index(rows[1] - 1, columns[1] - 1))
        table.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)

    select((1, 3), (2, 4))
    assert QApplication.clipboard().text() == f"{array[1, 2]}\t{array[1, 3]}\n{array[2, 2]}\t{array[2, 3]}\n"
    before = len(reader.asked)
    select((0, 2000), (1, 2))
    assert reader.asked[before:][0] == (0, 2000)
    copied = [float(x) for x in QApplication.clipboard().text().split()]
    assert copied == array[:2000, 1].tolist()
    assert view.message.text() == "Copied: the selection"


def test_too_much_to_be_copied_is_said(view: TensorView, tmp_path: Path) -> None:
    state = one(tmp_path, np.zeros((3000, 600), np.int8), layer=False)
    reader = Reader(view, state)
    view.show_part(NUMBERS)
    view.show_state(state)
    settle()
    assert view.table.numbers.columnCount() == 500 and view.table.pages.columns.isVisible()
    before = len(reader.asked)
    view.table.table.selectAll()
    view.table.copy()
    assert len(reader.asked) == before and "export the tensor" in view.message.text()


def test_rows_of_another_tensor_are_left_out(view: TensorView, tmp_path: Path) -> None:
    state = one(tmp_path, np.ones((5, 4)))
    view.show_part(NUMBERS)
    view.show_state(state)
    view.show_rows(0, np.zeros((5, 3)))
    view.show_rows(3, np.zeros((5, 4)))
    assert view.table.numbers.index(0, 0).data() == "…"
    view.show_rows(0, np.ones((5, 4)))
    assert view.table.numbers.index(4, 3).data() == "1"


def test_what_was_given_up_is_asked_for_again(view: TensorView, tmp_path: Path) -> None:
    state = one(tmp_path, np.ones((5, 4)))
    asked: list[tuple[int, int]] = []
    view.rows_wanted.connect(lambda first, last: asked.append((first, last)))
    view.show_part(NUMBERS)
    view.show_state(state)
    settle()
    view.show_state(replace(state, comparing=1))
    settle()
    assert asked == [(0, 5)]
    view.show_state(replace(state, tensor=""))
    view.show_state(state)
    settle()
    assert asked == [(0, 5)] * 2


# -- where there is nothing to see -----------------------------------------------------------------------------------------------


def test_why_there_is_nothing(view: TensorView, state: SavedState) -> None:
    def why(shown: SavedState) -> str:
        view.show_state(shown)
        return view.nothing.text() if view.nothing.isVisible() else ""

    assert "Once a saved network is open" in why(SavedState())
    assert why(SavedState(busy="net.npz")) == "Reading net.npz…"
    # What is wrong with the file stands in its own panel and in the bar above all.
    assert why(SavedState(trouble="net.npz: it is damaged")).startswith("The file could not be read")
    assert "Choose a tensor" in why(replace(state, tensor="", look=None))
    assert why(replace(state, look=None, seen={})) == "Looking at it…"
    assert view.head.name.text() == "fc1.weight" and view.head.isVisible()
    assert why(replace(state, look=None, look_trouble="it is too large")) == "⚠ it is too large"
    assert state.saved is not None
    text = Tensor("fc1.weight", (3,), "<U5", 60, Where("worker"))
    unreadable = replace(state, saved=replace(state.saved, tensors=(text,)), look=None, seen={})
    assert "of the type '<U5', which this app cannot read" in why(unreadable)
    assert why(state) == ""
    assert "holds no tensors" in why(replace(state, saved=replace(state.saved, tensors=(), layers=()), tensor=""))


def test_the_first_look_does_not_judge(view: TensorView, state: SavedState) -> None:
    assert state.saved is not None
    view.show_state(state_of(state.saved, "fc1.weight", whole=False))
    assert view.heat.look is not None and view.health.toPlainText() == "Looking at it…"
    view.show_part(SPREAD)
    assert view.histogram.text_of(0) == "Looking at it…"
    view.show_state(state)
    assert "Units 3 and 7" in view.health.toPlainText() and view.histogram.counts()


def test_a_tensor_that_only_one_file_has(view: TensorView, state: SavedState, tmp_path: Path) -> None:
    other = saved_of(tmp_path / "other.npz", {"fc2": np.eye(3), "fc1.bias": np.zeros((4, 4), np.float32)})
    view.show_state(compared(state, other))
    assert view.head.match.text() == "only in this file"
    view.head.side_buttons[THERE].click()
    assert "Only one of the two files" in view.nothing.text() and view.nothing.isVisible()
    assert state.saved is not None
    view.show_state(compared(state_of(state.saved, "fc1.bias"), other))
    view.head.side_buttons[CHANGE].click()
    assert view.nothing.text() == "The two cannot be subtracted: ≠ of another shape there."
    view.head.side_buttons[THERE].click()
    assert not view.nothing.isVisible() and (view.heat.cells.rows, view.heat.cells.columns) == (4, 4)


# -- every kind, every size ------------------------------------------------------------------------------------------------------

KINDS = {
    "number": np.float32(3.5), "one": np.array([[0.25]]), "ten": np.arange(10.0), "bool": np.eye(6) > 0,
    "empty": np.zeros((0, 3)),
    "int": np.array([[2**62, -(2**62)], [0, 7]]), "complex": np.array([[1 + 2j, np.nan], [3j, -1]]), "zero": np.zeros((8, 4)),
    "nan": np.full((5, 5), np.nan), "half": RNG.normal(size=(30, 3)).astype(np.float16), "huge": np.array([[1e308, -1e308]] * 3),
    "convolution": RNG.normal(size=(8, 3, 3, 3)), "long": RNG.normal(size=5000), "inf": np.array([np.inf, -np.inf, 0.0]),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("colours", sorted(theme.THEMES))
def test_every_kind_can_be_seen_from_every_side(view: TensorView, tmp_path: Path, kind: str, colours: str) -> None:
    theme.apply(colours)
    state = one(tmp_path, np.asarray(KINDS[kind]))
    reader = Reader(view, state)
    view.show_state(state)
    for size in ((540, 330), (900, 500), (1400, 800), (300, 220)):
        view.resize(*size)
        for part in PARTS:
            view.show_part(part)
            settle()
            assert not view.grab().isNull()
    assert view.nothing.isVisible() == (kind == "empty") and bool(reader.asked) == (kind != "empty")


def test_numbers_are_said_in_their_own_type(view: TensorView, tmp_path: Path) -> None:
    def told(kind: str) -> str:
        view.show_state(one(tmp_path, np.asarray(KINDS[kind])))
        return view.heat.text_of((0, 0))

    assert told("number") == "3.5" and told("ten") == "[0] = 0.0" and told("bool").startswith("[0, 0] = true")
    assert "true is 1" in view.heat.note()
    assert told("complex").startswith(f"[0, 0] = {abs(1 + 2j)}") and "absolute value" in view.heat.note()
    state = one(tmp_path, np.asarray(KINDS["int"]))
    reader = Reader(view, state)
    view.show_part(NUMBERS)
    view.show_state(state)
    settle()
    assert reader.asked and view.table.numbers.index(0, 0).data() == str(2**62)


# -- room, keys and names --------------------------------------------------------------------------------------------------------


def test_parts_stand_where_there_is_room(view: TensorView, state: SavedState) -> None:
    view.show_state(state)
    for size, tabs, seen in (
        ((540, 330), 6, {HEAT}), ((900, 500), 5, {HEAT, HEALTH}), ((1400, 800), 2, {HEAT, SPREAD, FACTS, HEALTH, SPECTRUM}),
        ((540, 330), 6, {HEALTH}),
    ):  # fmt: skip
        view.resize(*size)
        settle()
        if size == (900, 500):
            view.show_part(HEALTH)
        parts = {
            HEAT: view.heat, SPREAD: view.histogram, FACTS: view.facts, HEALTH: view.health, SPECTRUM: view.spectrum,
            NUMBERS: view.table,
        }  # fmt: skip
        assert view.places.tabs.count() == tabs and {k for k, w in parts.items() if w.isVisible()} == seen
    view.resize(1400, 800)
    settle()
    view.places.tabs.setCurrentIndex(1)
    assert view.table.isVisible() and not view.facts.isVisible() and view.heat.isVisible()


def test_everything_is_reached_by_keyboard_and_has_a_name(view: TensorView, state: SavedState, tmp_path: Path) -> None:
    view.show_state(compared(state, saved_of(tmp_path / "later.npz", {"fc1.weight": WEIGHT * 2})))
    for size in ((540, 330), (1400, 800)):
        view.resize(*size)
        settle()
        order: list[QWidget] = []
        at: QWidget = view.head.layer_button
        for _ in range(200):
            if at.isVisible() and at.focusPolicy() & Qt.FocusPolicy.TabFocus and view.isAncestorOf(at):
                order.append(at)
            at = at.nextInFocusChain()
            if at is view.head.layer_button:
                break
        tabs = order.index(view.places.tabs)
        assert order[:3] == [view.head.layer_button, view.head.export_button, view.head.side_buttons[0]]
        assert tabs < order.index(view.heat)
        assert [w for w in order if not w.accessibleName()] == []
    assert {view.heat, view.log_box, view.histogram, view.facts, view.health, view.spectrum.bars} <= {*order, view.log_box}


def test_the_largest_text_has_room(view: TensorView, state: SavedState) -> None:
    font = QApplication.font()
    larger = QApplication.font()
    larger.setPointSizeF(font.pointSizeF() + 8)
    view.show_state(state)
    application = QApplication.instance()
    assert application is not None
    try:
        application.setProperty(BASE_POINTS, font.pointSizeF())
        QApplication.setFont(larger)
        settle()
        view.resize(900, 500)
        settle()
        assert view.places.mode == TABS and view.heat.body().height() > 60
        for part in PARTS:
            view.show_part(part)
            view.grab()
    finally:
        QApplication.setFont(font)
        application.setProperty(BASE_POINTS, None)
        settle()


def test_the_same_state_is_not_drawn_again(view: TensorView, state: SavedState) -> None:
    view.show_state(state)
    first = view.heat.heat
    view.show_state(replace(state, comparing=5))
    assert view.heat.heat is first
    theme.apply("dark")
    view.show_state(state)
    assert view.heat.heat is not first


def test_the_cursor_stays_while_the_tensor_does(view: TensorView, state: SavedState) -> None:
    view.show_state(state)
    view.heat.move_to((3, 4))
    assert isinstance(state.look, Look)
    again = replace(state.look, spectrum_later=True)
    view.show_state(replace(state, look=again))
    assert view.heat.cursor_place == (3, 4)
