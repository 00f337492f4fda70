"""The panel of a saved network: what it says of real files, how it is searched, chosen from and compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.saved_files import WEIGHTS, seeds
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from core.files.arrays import Summary, summary
from core.files.looks.looks import Look, Match, Remark
from core.files.saved import Layer, Saved, Tensor, Where
from core.files.worker import read
from core.steppable.build import Choices, layers_of
from stepper import theme
from stepper.looks import BIGGEST
from stepper.models.saved_columns import Column
from stepper.models.saved_rows import IN_ORDER
from stepper.models.saved_state import SavedState
from stepper.views.saved import SavedView
from stepper.widgets.stepping_words import SIGNS

RIGHT_TO_LEFT = "\u202e"


@pytest.fixture
def view(unwatched: SavedView) -> SavedView:
    """A view whose model is watched over by Qt: every index and every signal has to be in order."""
    QAbstractItemModelTester(unwatched.rows, QAbstractItemModelTester.FailureReportingMode.Fatal, unwatched)
    return unwatched


@pytest.fixture
def unwatched(qtbot: QtBot) -> Iterator[SavedView]:
    theme.apply("light")
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(480, 720)
    found = SavedView(window)
    found.resize(480, 720)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    yield found
    del window


def state_of(path: Path, choices: Choices | None = None) -> SavedState:
    saved = read(path)
    layers, inferred = layers_of(saved, choices)
    return SavedState(saved, layers, inferred, choices=choices or Choices())


@pytest.fixture
def weights(tmp_path: Path) -> SavedState:
    """Weights alone, two dense layers and a tensor of no layer."""
    path = tmp_path / "net.safetensors"
    save_file({**WEIGHTS, "epoch": np.array([7], np.int64)}, path, {"author": "somebody"})
    return state_of(path)


def seed(folder: Path, name: str) -> SavedState:
    path = folder / name
    path.write_bytes(seeds()[name])
    return state_of(path)


def made(*layers: Layer, shapes: dict[str, tuple[int, ...]] | None = None, complete: bool = True) -> SavedState:
    """A state without a file."""
    tensors = tuple(Tensor(n, s, "float32", 4 * int(np.prod(s)), Where("worker")) for n, s in (shapes or {}).items())
    return SavedState(Saved("PyTorch module", "/nowhere/net.pt", 1234, tensors, layers, complete), layers)


def looked(state: SavedState, name: str, *remarks: Remark) -> Look:
    assert state.saved is not None
    return Look(name, summary(state.saved, name), np.zeros((1, 1)), None, remarks=remarks)


def lines(view: SavedView) -> list[tuple[int, str, str, str]]:
    """Every line that can be seen: how deep, name, what, size."""
    found: list[tuple[int, str, str, str]] = []

    def walk(parent: QModelIndex, depth: int) -> None:
        for row in range(view.rows.rowCount(parent)):
            cells = [view.rows.index(row, c, parent).data() for c in (Column.NAME, Column.WHAT, Column.SHAPE)]
            assert all(type(c) is str for c in cells)
            found.append((depth, *cells))
            index = view.rows.index(row, 0, parent)
            if view.tree.isExpanded(index):
                walk(index, depth + 1)

    walk(QModelIndex(), 0)
    return found


def chosen(view: SavedView) -> str:
    return view.tree.currentIndex().siblingAtColumn(0).data() or ""


# --- what it says -------------------------------------------------------------------------------------


def test_nothing_open_is_one_button_and_what_can_be_opened(view: SavedView, qtbot: QtBot) -> None:
    assert view.stack.currentWidget() is view.empty and view.empty.button.text() == "Open a saved network…"
    assert ".pt" in view.empty.formats.text() and "ONNX" in view.empty.formats.text()
    with qtbot.waitSignal(view.open_wanted):
        view.empty.button.click()
    view.show_state(SavedState(busy="big.pt"))
    assert view.status.text() == "Reading big.pt …" and not view.empty.button.isVisible()
    view.show_state(SavedState(trouble=f"<b>a.pt</b>: it is cut {RIGHT_TO_LEFT}short"))
    assert view.status.text() == "⚠ <b>a.pt</b>: it is cut \\u202eshort" and view.empty.button.isVisible()
    assert view.status.textFormat() == Qt.TextFormat.PlainText


def test_weights_alone_are_shown_as_the_layers_that_they_are_read_as(view: SavedView, weights: SavedState) -> None:
    view.show_state(weights)
    assert lines(view) == [
        (0, "fc1", "dense, relu ?", "2 → 3"),
        (1, "fc1.weight", "weight", "3×2"),
        (1, "fc1.bias", "bias", "3"),
        (0, "fc2", "dense, sigmoid ?", "3 → 1"),
        (1, "fc2.weight", "weight", "1×3"),
        (1, "fc2.bias", "bias", "1"),
        (0, "Tensors of no layer (1)", "", ""),
        (1, "epoch", weights.inferred.extras["epoch"] if weights.inferred else "", "1"),
    ]
    assert view.header.name.text() == "net.safetensors"
    facts = view.header.facts.text().replace("\u00a0", " ")
    assert "5 tensors · 13 parameters · 1 number of no layer" in facts and "float32" in facts and "int64" in facts
    assert "Weights alone" in view.header.known.text()


def test_the_folded_part_tells_what_is_said_from_what_is_assumed_and_chosen(view: SavedView, weights: SavedState) -> None:
    view.show_state(weights)
    assert not view.header.page.isVisible() and "1 note in the file" in view.header.fold.text()
    view.header.fold.click()
    text = view.header.page.toPlainText()
    before, after = text.split("Assumed by the app")
    assert "names, shapes and types" in before and "2 → 3 → 1" in after and "author" in after and "somebody" in after
    assert "The function after each hidden layer: relu" in after and "Chosen by you" not in text
    assert weights.saved is not None
    choices = Choices(activation="tanh")
    layers, inferred = layers_of(weights.saved, choices)
    view.show_state(replace(weights, layers=layers, inferred=inferred, choices=choices))
    assert "The function after each hidden layer: tanh" in view.header.page.toPlainText().split("Chosen by you")[1]
    told = [line[2] for line in lines(view) if line[2].startswith("dense")]
    assert told == [f"dense, tanh {SIGNS['chosen']}", f"dense, sigmoid {SIGNS['assumed']}"]
    assert "you chose it" in view.rows.index(0, Column.WHAT).data(Qt.ItemDataRole.ToolTipRole)


@pytest.mark.parametrize("name", ["seed.onnx", "seed.keras", "seed.h5", "seed.npz", "seed.json"])
def test_files_of_other_libraries(view: SavedView, tmp_path: Path, name: str) -> None:
    state = seed(tmp_path, name)
    view.show_state(state)
    assert state.saved is not None and view.rows.nodes.total == len(state.saved.tensors) > 0
    assert [line[1] for line in lines(view) if line[0] == 1] and view.header.known.text()[0] in "✓◐"


def test_a_closed_layer_says_why_and_those_after_it_that_they_are_not_stepped(view: SavedView) -> None:
    why = "it slides over pictures, and cannot be stepped"
    layers = (
        Layer("dense", "0", tensors={"weight": "a"}, attributes={"orientation": "out,in"}),
        Layer("box", "1", attributes={"class": "torch.nn.modules.conv.Conv2d"}, steppable=False, why=why),
        Layer("dense", "2", activation="relu", tensors={"weight": "b"}),
    )
    view.show_state(made(*layers, shapes={"a": (3, 2), "b": (4, 3)}))
    told = lines(view)
    assert (0, "▣ 1", "closed, Conv2d", "") in told and (0, "2", "not stepped: dense, relu", "3 → 4") in told
    assert (1, "It slides over pictures, and cannot be stepped", "", "") in told
    closed = view.rows.index(1, 0)
    assert "It slides" in closed.data(Qt.ItemDataRole.ToolTipRole)
    assert "closed" in closed.data(Qt.ItemDataRole.AccessibleTextRole)
    assert "graph and weights" in view.header.known.text().casefold()


def test_running_statistics_are_no_parameters_and_a_shared_tensor_counts_once(view: SavedView) -> None:
    roles = {"gamma": "g", "beta": "b", "mean": "m", "variance": "v"}
    layers = (Layer("batch_norm", "n", tensors=roles), Layer("dense", "d", tensors={"weight": "w"}), Layer(
        "dense", "again", tensors={"weight": "w"}))  # fmt: skip
    view.show_state(made(*layers, shapes={"g": (4,), "b": (4,), "m": (4,), "v": (4,), "w": (4, 4)}))
    assert "24 parameters · 8 running statistics" in view.header.facts.text().replace("\u00a0", " ")
    assert (1, "m", "running mean", "4") in lines(view) and lines(view)[0] == (0, "n", "batch norm", "4")


def test_what_was_looked_at_is_said_with_the_gravest_remark(view: SavedView, tmp_path: Path) -> None:
    numbers = {k: v.copy() for k, v in WEIGHTS.items()}
    numbers["fc1.weight"][1, 1] = np.nan
    path = tmp_path / "nan.safetensors"
    save_file(numbers, path)
    state = state_of(path)
    view.show_state(state)
    place = view.rows.place("fc1.weight")
    assert place.siblingAtColumn(Column.MIN).data() == place.siblingAtColumn(Column.REMARK).data() == ""
    remarks = Remark("large", "note", value=3.0), Remark("nonfinite", "error", 1, ((1, 1),))
    odd, fine = looked(state, "fc1.weight", *remarks), looked(state, "fc1.bias")
    resets: list[int] = []
    view.rows.modelReset.connect(lambda: resets.append(1))
    view.show_state(replace(state, seen={"fc1.weight": odd, "fc1.bias": fine}))
    assert place.siblingAtColumn(Column.REMARK).data() == "⚠ 1 NaN or ∞  +1"
    assert place.siblingAtColumn(Column.MIN).data() == "−1" and place.siblingAtColumn(Column.MAX).data() == "1"
    assert "as large as 3" in place.siblingAtColumn(Column.REMARK).data(Qt.ItemDataRole.ToolTipRole)
    assert view.rows.place("fc1.bias").siblingAtColumn(Column.REMARK).data() == "✓"
    assert view.rows.index(0, Column.REMARK).data() == "⚠ 1 NaN or ∞  +1"  # the layer says it too
    assert not resets


def test_every_kind_of_remark_and_of_difference_has_words_of_its_own(view: SavedView, weights: SavedState) -> None:
    kinds = ("nonfinite", "all_zero", "zeros", "constant", "duplicated", "dead", "condition", "rank", "large", "variance")
    texts: set[str] = set()
    for kind in kinds:
        for count in (1, 2):
            look = Look(
                "epoch", Summary(4, 0, 3, 1.0, 2.0, 1.0, 0.5), np.zeros((1, 1)), None, "", (Remark(kind, "warning", count),)
            )
            view.show_state(replace(weights, seen={"epoch": look}))
            texts.add(view.rows.place("epoch").siblingAtColumn(Column.REMARK).data())
    assert len(texts) == 14 and all(" " in t for t in texts)
    for kind in ("equal", "near", "different", "shape", "type", "only here"):
        match = Match("epoch", "epoch", kind, 1e-9 if kind == "near" else None)
        view.show_state(replace(weights, other=weights.saved, matches={"epoch": match}))
        place = view.rows.place("epoch").siblingAtColumn(Column.DIFFERENCE)
        texts.add(place.data())
        assert place.data(Qt.ItemDataRole.ToolTipRole).endswith(".")
    assert len(texts) == 20


def test_names_of_a_file_are_never_markup_and_never_long(view: SavedView, tmp_path: Path, qtbot: QtBot) -> None:
    bold, turned, long = "<b>fc1</b>", f"evil{RIGHT_TO_LEFT}gnp", "x" * 2**20
    names = {f"{bold}.weight": (3, 2), f"{turned}.weight": (4, 3), f"{long}.weight": (1, 4), "line\nbreak": (2, 2, 2)}
    folder = tmp_path / "<i>"
    folder.mkdir()
    path = folder / "<img src=x>.safetensors"
    save_file(
        {n: np.ones(s, np.float32) for n, s in names.items()}, path, {bold: f"<script>{RIGHT_TO_LEFT}", "long": long[:9999]}
    )
    state = state_of(path)
    assert state.saved is not None
    # A state that no reader capped is shown just so.
    layers = (Layer("box", long, tensors={bold: f"{bold}.weight"}, activation=turned, steppable=False, why=f"{bold}{long}"),)
    raw = replace(state.saved, format=long, warnings=(bold, long), metadata={bold: turned, long: long})
    for shown in (state, SavedState(raw, layers, state.inferred), SavedState(raw, layers, other=raw)):
        view.show_state(shown)
        view.header.fold.setChecked(True)
        view.search.line.setText(bold)
        assert f"{bold}.weight" in [line[1] for line in lines(view)]
        view.search.line.clear()
        for text in [t for line in lines(view) for t in line[1:]]:
            assert RIGHT_TO_LEFT not in text and "\n" not in text and len(text) <= 402
        for index in [view.rows.index(r, c) for r in range(view.rows.rowCount()) for c in Column]:
            for role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
                assert RIGHT_TO_LEFT not in index.data(role) and len(index.data(role)) < 2000
        for label in view.findChildren(QLabel):
            assert label.textFormat() == Qt.TextFormat.PlainText and len(label.text()) < 2000
        page = view.header.page.toPlainText()
        assert bold in page and RIGHT_TO_LEFT not in page and len(page) < 5000
        assert not view.grab().isNull()
    assert view.header.name.text() == "<img src=x>.safetensors" and "<img" not in view.header.name.toolTip()
    assert view.minimumSizeHint().width() <= 300
    view.tree.setCurrentIndex(view.rows.place(f"{turned}.weight"))
    view.tree.copy_name()
    assert QApplication.clipboard().text() == "evil\\u202egnp.weight"


# --- choosing -----------------------------------------------------------------------------------------


def test_choosing_says_the_tensor_and_a_layer_its_weight(view: SavedView, weights: SavedState, qtbot: QtBot) -> None:
    said: list[object] = []
    view.tensor_chosen.connect(said.append)
    view.show_state(replace(weights, tensor="fc1.bias"))
    assert chosen(view) == "fc1.bias" and not said
    view.tree.setFocus()
    qtbot.keyClick(view.tree, Qt.Key.Key_Down)
    assert said == ["fc2.weight"] and chosen(view) == "fc2"
    view.show_state(replace(weights, tensor="fc2.weight"))
    assert chosen(view) == "fc2"  # the layer stands for its weight, and stays
    qtbot.keyClick(view.tree, Qt.Key.Key_Down)
    assert said == ["fc2.weight"] and chosen(view) == "fc2.weight"
    qtbot.keyClick(view.tree, Qt.Key.Key_Return)
    assert said == ["fc2.weight", "fc2.weight"]
    qtbot.keyClick(view.tree, Qt.Key.Key_Left)
    qtbot.keyClick(view.tree, Qt.Key.Key_Left)
    assert not view.tree.isExpanded(view.rows.index(1, 0))
    qtbot.keyClick(view.tree, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "fc2.weight"
    view.show_state(replace(weights, tensor="epoch"))
    assert chosen(view) == "epoch" and len(said) == 2


def test_a_person_may_stand_where_there_is_no_tensor(view: SavedView, qtbot: QtBot) -> None:
    layers = (Layer("dense", "0", tensors={"weight": "w"}), Layer("dropout", "1", attributes={"rate": 0.25}))
    state = replace(made(*layers, shapes={"w": (3, 2)}), tensor="w")
    view.show_state(state)
    view.tree.setFocus()
    qtbot.keyClick(view.tree, Qt.Key.Key_Down)
    look = Look("w", Summary(6, 0, 0, 1.0, 2.0, 1.5, 0.5), np.zeros((1, 1)), None)
    view.show_state(replace(state, seen={"w": look}))
    assert chosen(view) == "1" and view.tree.currentIndex().siblingAtColumn(Column.WHAT).data() == "dropout 0.25"


def test_the_menu_folds_unfolds_sorts_and_copies(view: SavedView, weights: SavedState) -> None:
    view.show_state(replace(weights, tensor="fc1.weight"))
    menu = view.tree.menu()
    copying, unfolding, folding, sorting = menu.actions()
    folding.trigger()
    assert {line[0] for line in lines(view)} == {0}
    view.show_state(replace(weights, tensor="fc1.weight", seen={"fc1.bias": looked(weights, "fc1.bias")}))
    assert {line[0] for line in lines(view)} == {0}  # it stays as it was left
    unfolding.trigger()
    copying.trigger()
    assert {line[0] for line in lines(view)} == {0, 1} and QApplication.clipboard().text() == "fc1.weight"
    by = {a.text(): a for a in sorting.menu().actions()}  # type: ignore[attr-defined]
    assert by["the order of the file"].isChecked() and "difference" not in by
    by["numbers"].trigger()
    assert [line[1] for line in lines(view) if not line[0]] == ["fc1", "fc2", "Tensors of no layer (1)"]
    by["layer, tensor"].trigger()
    assert [line[1] for line in lines(view)][:3] == ["fc1", "fc1.bias", "fc1.weight"] and chosen(view) == "fc1.weight"
    by["the order of the file"].trigger()
    assert [line[1] for line in lines(view)][:3] == ["fc1", "fc1.weight", "fc1.bias"]
    menu.close()


# --- searching ----------------------------------------------------------------------------------------


def test_a_search_finds_by_name_kind_and_shape_and_keeps_what_is_chosen(
    view: SavedView, weights: SavedState, qtbot: QtBot
) -> None:
    said: list[object] = []
    view.tensor_chosen.connect(said.append)
    view.show_state(replace(weights, tensor="fc2.bias"))
    view.tree.setFocus()
    qtbot.keyClick(view.tree, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert view.search.line.hasFocus()
    qtbot.keyClicks(view.search.line, "BIAS dense")
    assert [line[1] for line in lines(view)] == ["fc1", "fc1.bias", "fc2", "fc2.bias"]
    assert view.search.count.text() == "2 of 5" and chosen(view) == "fc2.bias"
    for words, found in (("3×2", ["fc1", "fc1.weight"]), ("3x2", ["fc1", "fc1.weight"]), ("int64", ["epoch"])):
        view.search.line.setText(words)
        assert [line[1] for line in lines(view) if not line[1].startswith("Tensors")] == found
    view.search.line.setText("sigmoid")
    assert [line[1] for line in lines(view)] == ["fc2", "fc2.weight", "fc2.bias"]  # a layer with all that it has
    view.search.line.setText("no such")
    assert not lines(view) and "goes with these words" in view.none.text() and view.search.count.text() == "0 of 5"
    qtbot.keyClick(view.search.line, Qt.Key.Key_Escape)
    assert view.search.line.text() == "" and len(lines(view)) == 8 and not view.none.isVisible()
    assert chosen(view) == "fc2.bias" and not said
    qtbot.keyClick(view.search.line, Qt.Key.Key_Escape)
    assert view.tree.hasFocus()


def test_another_file_is_shown_whole(view: SavedView, weights: SavedState, tmp_path: Path) -> None:
    view.show_state(weights)
    view.search.line.setText("fc2")
    view.tree.collapse(view.rows.index(0, 0))
    view.show_state(seed(tmp_path, "seed.npz"))
    assert view.search.line.text() == "" and len([line for line in lines(view) if line[0]]) == 4


def test_what_was_folded_is_folded_again_after_a_search(view: SavedView, weights: SavedState) -> None:
    view.show_state(weights)
    view.tree.collapse(view.rows.index(0, 0))
    view.search.line.setText("fc")
    assert view.tree.isExpanded(view.rows.index(0, 0))
    view.search.line.clear()
    assert not view.tree.isExpanded(view.rows.index(0, 0)) and view.tree.isExpanded(view.rows.index(1, 0))


def test_layers_without_tensors_are_counted_as_layers(view: SavedView) -> None:
    view.show_state(made(Layer("flatten", "0"), Layer("dense", "1", tensors={"weight": "w"}), shapes={"w": (3, 2)}))
    view.search.line.setText("flatten")
    assert view.search.count.text() == "1 layer"


# --- comparing ----------------------------------------------------------------------------------------


def test_a_comparison_is_shown_tensor_by_tensor_and_sorted(view: SavedView, weights: SavedState, qtbot: QtBot) -> None:
    view.show_state(weights)
    assert view.tree.isColumnHidden(Column.DIFFERENCE) and view.compare.button.isVisible()
    with qtbot.waitSignal(view.compare_wanted):
        view.compare.button.click()
    assert weights.saved is not None
    there = Tensor("<b>new</b>", (2, 2), "float32", 16, Where("worker"))
    other = replace(weights.saved, path="/x/later.safetensors", tensors=(*weights.saved.tensors, there))
    matches = {
        "fc1.weight": Match("fc1.weight", "fc1.weight", "equal", 0.0, 0.0, 0.0, 0, 1.0),
        "fc1.bias": Match("fc1.bias", "fc1.bias", "near", 1e-9, 1e-9, 1e-9, 2, 1.0),
        "fc2.weight": Match("fc2.weight", "fc2.weight", "different", 0.5, 0.25, 0.125, 3, 0.9),
    }
    state = replace(weights, other=other, matches=matches, comparing=3, tensor="fc1.weight")
    view.show_state(state)
    assert "later.safetensors" in view.compare.with_label.text() and view.compare.found_label.text() == "3 of 5 compared…"
    place = view.rows.place("fc2.weight")
    assert place.siblingAtColumn(Column.DIFFERENCE).data() == "≠ 0.5"
    assert place.siblingAtColumn(Column.RELATIVE).data() == "0.125"
    assert view.rows.place("fc1.weight").siblingAtColumn(Column.DIFFERENCE).data() == "= equal"
    assert view.rows.place("fc1.bias").siblingAtColumn(Column.DIFFERENCE).data() == "≈ 1.00e−9"
    view.compare.first_box.click()
    matches = {
        **matches, "fc2.bias": Match("fc2.bias", "", "only here"), "epoch": Match("epoch", "epoch", "type"),
        there.name: Match("", there.name, "only there"),
    }  # fmt: skip
    view.show_state(replace(state, matches=matches, comparing=6))
    names = [line[1] for line in lines(view)]
    assert names[:4] == ["fc2", "fc2.bias", "fc2.weight", "fc1"] and names[-2:] == ["Only in the other file (1)", there.name]
    assert "≠ 1 different" in view.compare.found_label.text() and "▷ 1 only there" in view.compare.found_label.text()
    assert chosen(view) == "fc1.weight"
    said: list[object] = []
    view.tensor_chosen.connect(said.append)
    last = view.rows.index(0, 0, view.rows.index(view.rows.rowCount() - 1, 0))
    assert last.siblingAtColumn(Column.DIFFERENCE).data() == "▷ only there"
    view.tree.setCurrentIndex(last)
    assert not said
    with qtbot.waitSignal(view.compare_ended):
        view.compare.end_button.click()
    view.show_state(weights)
    assert view.tree.isColumnHidden(Column.DIFFERENCE) and not view.compare.first_box.isVisible()
    assert view.tree.header().sortIndicatorSection() == IN_ORDER or view.rows.index(0, 0).data() == "fc1"
    assert [line[1] for line in lines(view)][:3] == ["fc1", "fc1.weight", "fc1.bias"]


def test_two_equal_files_are_said_to_be_equal(view: SavedView, weights: SavedState) -> None:
    assert weights.saved is not None
    matches = {t.name: Match(t.name, t.name, "equal", 0.0, 0.0, 0.0, 0, 1.0) for t in weights.saved.tensors}
    view.show_state(replace(weights, other=weights.saved, matches=matches, comparing=5))
    assert view.compare.found_label.text() == "= All 5 tensors are equal"


# --- many ---------------------------------------------------------------------------------------------


def test_very_many_tensors_begin_folded_and_are_found(unwatched: SavedView) -> None:
    view = unwatched
    shapes = {f"block{n // 8}.part{n % 8}": (n % 7 + 1, 3) for n in range(100_000)}
    state = made(shapes=shapes, complete=False)
    view.show_state(replace(state, tensor="block0.part0"))
    assert chosen(view) == "block0.part0" and view.rows.rowCount() == 1
    asked: list[int] = []
    sought = view.rows.nodes.sought
    view.rows.nodes.sought = lambda n: (asked.append(n), sought(n))[1]  # type: ignore[method-assign]
    look = Look("block0.part0", Summary(3, 0, 0, 1.0, 2.0, 1.5, 0.5), np.zeros((1, 1)), None)
    view.show_state(replace(state, tensor="block0.part0", seen={"block0.part0": look}))
    assert not asked  # a look does not go through them all again
    view.search.line.setText("block12345 part7")
    assert [line[1] for line in lines(view)] == ["Tensors (100,000)", "block12345.part7"]
    assert view.search.count.text() == "1 of 100,000"


@pytest.mark.parametrize("size", [(340, 600), (480, 900), (700, 500), (240, 140)])
def test_it_fits_into_its_panel(view: SavedView, weights: SavedState, size: tuple[int, int]) -> None:
    view.show_state(weights)
    view.header.fold.setChecked(True)
    view.resize(*size)
    QApplication.processEvents()
    assert view.tree.isVisible() and view.tree.height() >= 40
    assert view.header.page.height() <= max(90, size[1] // 2)
    assert view.header.facts.isVisible() is (size[1] > 140)


def test_the_largest_text_fits_into_a_narrow_panel(view: SavedView, weights: SavedState) -> None:
    before = QApplication.font()
    font = QApplication.font()
    font.setPointSizeF(font.pointSizeF() + BIGGEST)
    try:
        QApplication.setFont(font)
        view.resize(340, 600)
        view.show_state(weights)
        QApplication.processEvents()
        for part in (view.header, view.compare, view.search, view.tree):
            assert part.isVisible() and part.geometry().right() <= 340
        assert view.tree.height() > 100 and view.header.fold.text().endswith("…")
    finally:
        QApplication.setFont(before)


@pytest.mark.parametrize("width", [306, 340])
def test_sizes_are_in_sight_in_a_narrow_panel_and_so_is_that_a_number_is_nan(view: SavedView, width: int) -> None:
    names = {f"layers.{n}.{part}": shape for n in (1, 2) for part, shape in (("weight", (128, 784)), ("bias", (128,)))}
    parts = [(n, {part: f"layers.{n}.{part}" for part in ("weight", "bias")}) for n in (1, 2)]
    layers = (Layer("dense", f"layers.{n}", tensors=t, activation="softmax" if n == 2 else "relu") for n, t in parts)
    state = made(*layers, shapes=names)
    bad = Remark("nonfinite", "error", 3)
    look = Look("layers.1.weight", Summary(3, 3, 0, 1.0, 2.0, 1.5, 0.5), np.zeros((1, 1)), None, remarks=(bad,))
    view.resize(width, 600)
    view.show_state(replace(state, seen={"layers.1.weight": look}))
    QApplication.processEvents()
    head = view.tree.header()
    end = head.sectionViewportPosition(Column.SHAPE) + head.sectionSize(Column.SHAPE)
    assert head.sectionSize(Column.NAME) >= 80 and end <= view.tree.viewport().width()
    marked = [name for _, name, *_ in lines(view) if "⚠" in name]
    assert marked == ["layers.1.weight ⚠"]
