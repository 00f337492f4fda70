"""What rules mark is seen at the cell, the value, the neuron, the box, the line and the iteration; never by colour alone."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.sick import BROKEN, sick
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from core.health.monitor import Mark
from core.library import open_target
from core.session import Session, session_of
from stepper import theme
from stepper.models import mark_signs
from stepper.models.program_model import ProgramModel, Row
from stepper.views.graph import GraphView
from stepper.views.loss import LossView
from stepper.views.network import NetworkView
from stepper.views.operation import OperationView
from stepper.views.program import ProgramView
from stepper.views.value import HEAT, TABLE, ValueView
from stepper.widgets import mark_overlay
from stepper.widgets.heat import Heat
from stepper.widgets.matrix import MatrixWidget
from stepper.widgets.net_items import Item


def mark(mask, glyph="▥", severity="warning", rule="saturated", text="Some cells are saturated.") -> Mark:
    return Mark(rule, glyph, severity, mask, text)


def pixels(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_ARGB32)
    return np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)[:, : image.width()].copy()


def runs(row: np.ndarray) -> list[int]:
    """Return how long the runs of true are."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(int), [0]))))
    return (edges[1::2] - edges[::2]).tolist()


# --- signs -----------------------------------------------------------------------------------------


def test_the_strongest_comes_first_and_an_error_is_said() -> None:
    marks = (mark(None, "↘", "note"), mark(None, "≡", "error"), mark(np.ones((1, 2), bool)))
    assert [m.glyph for m in mark_signs.ordered(marks)] == ["≡", "▥", "↘"]
    assert [text for text, _ in mark_signs.tags(marks)] == ["⚠≡", "▥2", "↘"]
    assert mark_signs.sentences(marks)[0] == "≡ Error: Some cells are saturated."
    assert [m.glyph for m in mark_signs.loud(marks)] == ["≡", "▥"]


def test_more_tags_than_there_is_room_for_are_counted() -> None:
    marks = tuple(mark(None, g, rule=g) for g in "▥⊘≡↘κ")
    assert [text for text, _ in mark_signs.tags(marks)] == ["▥", "⊘", "+3"]


def test_inks_can_be_read_in_both_themes() -> None:
    for name in ("light", "dark"):
        theme.apply(name)
        for severity in ("error", "warning", "note"):
            for ground in (theme.current().panel, theme.current().window):
                assert theme.contrast(mark_signs.ink(severity), ground) >= 4.5, (name, severity)
    theme.apply("light")


def test_a_cell_that_is_nan_is_not_marked_once_more() -> None:
    array = np.array([[np.nan, 7.0, np.inf, 1.0]])
    found = mark_signs.cells_only((mark(np.array([[True, True, True, False]])),), array)
    assert np.array_equal(found[0].mask, [[False, True, False, False]])
    assert mark_signs.cells_only((mark(np.array([[True, False, True, False]])),), array) == ()


def test_a_mask_of_units_holds_for_all_samples_and_one_that_does_not_fit_for_none() -> None:
    units = mark(np.array([[True], [False]]))
    assert mark_signs.at_cell((units,), (0, 3), (2, 5)) and not mark_signs.at_cell((units,), (1, 3), (2, 5))
    assert mark_signs.at_cell((mark(np.ones((3, 3), bool)),), (0, 0), (2, 5)) == ()


def test_a_transposed_operand_carries_its_marks_transposed() -> None:
    mask = np.zeros((2, 3), bool)
    mask[1, 2] = True
    (turned,) = mark_signs.turned((mark(mask),))
    assert turned.mask is not None and turned.mask[2, 1]


# --- heat maps ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [0, 1, 123, 398, 399])
@pytest.mark.parametrize("columns", [400, 5000])
def test_one_marked_cell_among_many_is_wide_enough_to_be_seen(qapp, columns: int, cell: int) -> None:
    mask = np.zeros((1, columns), bool)
    mask[0, cell] = True
    image = pixels(mark_overlay.overlay(mark_overlay.layers_of((mark(mask),)), 280, 14))
    seen = (image >> 24) > 0
    assert seen.all(axis=0).sum() == mark_overlay.FRAMED
    assert runs(seen[0]) == [mark_overlay.FRAMED]
    inks = set(image[seen].tolist())
    assert inks == {QColor(theme.current().panel).rgba(), QColor(theme.current().written).rgba()}  # a pattern, no flat colour


def test_patterns_differ_by_their_lines_alone(qapp) -> None:
    tiles = {g: mark_overlay.lines_of(g, 20, 20).tobytes() for g in ("▥", "⊘", "◬", "≈", "≡", "₀", "κ")}
    assert len(set(tiles.values())) == len(tiles)
    assert all(5 in runs(np.ones(5, bool)) and mark_overlay.lines_of(g, 5, 5).any() for g in tiles)


def test_many_marks_let_the_colours_through(qapp) -> None:
    image = pixels(mark_overlay.overlay(mark_overlay.layers_of((mark(np.ones((1, 400), bool)),)), 280, 14))
    clear = ((image >> 24) == 0).mean()
    assert 0.3 < clear < 0.8


def test_without_marks_a_heat_map_makes_no_overlay(qapp) -> None:
    heat = Heat(1, 400, np.linspace(-1, 1, 400).reshape(1, 400), 1.0)
    heat.fit(280, 120, 14)
    image = QImage(280, 14, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    heat.paint(painter, QPoint(0, 0))
    painter.end()
    assert heat._over is None


# --- matrices and the value view --------------------------------------------------------------------------


def test_a_matrix_says_its_marks_at_the_name_at_the_cell_and_to_a_screen_reader(qtbot) -> None:
    matrix = MatrixWidget()
    qtbot.addWidget(matrix)
    array = np.array([[0.5, 7.0], [1.0, 2.0]])
    matrix.set_matrix("Z1", array)
    plain_size, image = matrix.sizeHint(), pixels(matrix.grab().toImage())
    mask = array > 5
    matrix.set_matrix("Z1", array, marks=(mark(mask),))
    assert matrix.sizeHint().width() > plain_size.width()
    assert matrix.cell_text((0, 1)) == "Z1[0, 1] = 7.0\n▥ Some cells are saturated."
    assert matrix.cell_text((0, 0)) == "Z1[0, 0] = 0.5"
    assert "Some cells are saturated" in matrix.accessibleName()
    assert QColor(theme.current().written).rgb() in pixels(matrix.grab().toImage())
    assert QColor(theme.current().written).rgb() not in image


@pytest.fixture
def sat() -> Session:
    return sick("saturated")


def label(session: Session, name: str) -> int:
    return next(v.index for v in session.program.values if v.label == name)


def test_the_value_view_marks_cells_explains_them_and_says_the_sentence(qtbot, sat: Session) -> None:
    view = ValueView()
    qtbot.addWidget(view)
    view.resize(380, 420)
    a1 = label(sat, "A1")
    sat.select(a1, (0, 0))
    moment = sat.moment()
    found = moment.marks(a1)
    assert any(m.rule == "saturated" and m.severity == "warning" for m in found)
    view.draw(moment)
    view.show_part(HEAT)
    view.grab()
    assert "saturated" in view.head.problems.text() and view.head.problems.text() in view.head.accessibleName()
    assert view.heat.heat is not None and view.heat.heat.marks
    marked = np.argwhere(next(m.mask for m in view.heat.heat.marks if m.rule == "saturated"))[0]
    place = (int(marked[0]), int(marked[1]))
    assert "saturated" in view.heat.text_of(place)
    view.show_part(TABLE)
    index = view.table.numbers.index(*place)
    assert "saturated" in view.table.numbers.data(index, Qt.ItemDataRole.AccessibleTextRole)
    view.grab()


def test_the_operation_view_shows_marks_of_result_and_operands(qtbot, sat: Session) -> None:
    view = OperationView()
    qtbot.addWidget(view)
    sat.go(sat.timeline.iteration, sat.program.makers[label(sat, "Z2.1")] + 1)
    view.draw(sat.moment())
    a1 = next(m for m in view.equation.matrices if not m.isHidden() and m.name == "A1")
    assert a1.shown.marks and "saturated" in a1.accessibleName()


# --- network, graph, lines, iterations -----------------------------------------------------------------------


def test_neurons_and_layers_carry_what_was_found_of_them(qtbot, sat: Session) -> None:
    view = NetworkView()
    qtbot.addWidget(view)
    view.resize(800, 420)
    view.draw(sat.moment())
    scene = view.scene()
    assert scene is not None
    assert any(m.rule == "saturated" for m in scene.marks.of_column(Item("unit", 1)))
    units = [u for u in range(5) if any(m.rule == "saturated" for m in scene.marks.told_at(Item("unit", 1, u)))]
    assert units
    assert "saturated" in view.describe(Item("unit", 1, units[0]))
    assert "saturated units" in view.legend.accessibleDescription()
    view.grab()


@pytest.mark.parametrize(("kind", "rule"), [("dead", "dead"), ("zero", "symmetric")])
def test_what_concerns_whole_units_stands_at_the_neurons(qtbot, kind: str, rule: str) -> None:
    session = sick(kind)
    view = NetworkView()
    qtbot.addWidget(view)
    view.resize(800, 420)
    view.draw(session.moment())
    scene = view.scene()
    assert scene is not None
    units = {u for p in session.moment().problems if p.finding.rule == rule and p.current for u in p.finding.units}
    assert units
    assert {u for u in range(5) if any(m.rule == rule for m in scene.marks.told_at(Item("unit", 1, u)))} >= units


def test_lines_say_a_sign_and_a_word(qtbot, sat: Session) -> None:
    model = ProgramModel()
    model.draw(sat.moment())
    row = next(model.row(i) for i in range(model.rowCount()) if model.row(i).text.startswith("A1 ="))
    assert row.mark == "▥ saturated units" and row.severity == "warning"
    index = model.index(model.row_of(row.statement))
    assert "is saturated" in model.data(index, Qt.ItemDataRole.AccessibleTextRole)
    sat.go(sat.timeline.iteration, 1)  # before A1 is made, nothing can be said of it
    model.draw(sat.moment())
    assert not model.row(index.row()).mark
    view = ProgramView()
    qtbot.addWidget(view)
    view.draw(sat.moment())
    view.grab()


def test_the_word_gives_way_to_the_code_and_the_sign_stays(qtbot) -> None:
    view = ProgramView()
    qtbot.addWidget(view)
    row = Row("line", "db2 = sum(dZ2, axis=1, keepdims=True)", "backward", 0, mark="⚠ NaN or ∞", severity="error", shape="1×1")
    wide, narrow = view.delegate.plan(row, 900), view.delegate.plan(row, 260)
    assert (wide.mark, len(wide.code)) == ("⚠ NaN or ∞", 1)
    assert narrow.mark == "⚠" and len(narrow.code) > 1


def test_given_values_say_theirs_at_the_heading(qtbot) -> None:
    model = ProgramModel()
    model.draw(sick("zero").moment())
    assert model.row(0).kind == "given-heading" and "copies" in model.row(0).mark and model.row(0).mark.startswith("⚠")


def test_boxes_carry_marks_and_the_way_to_the_cause_is_numbered(qtbot, sat: Session) -> None:
    view = GraphView()
    qtbot.addWidget(view)
    view.resize(900, 420)
    problem = next(p for p in sat.moment().problems if p.finding.rule == "saturated")
    sat.choose_problem(problem)
    moment = sat.moment()
    assert moment.path
    view.draw(moment)
    scene = view.canvas._scene
    assert scene is not None
    node = scene.graph.nodes[scene.graph.place[label(sat, "A1")]]
    assert [m.rule for m in scene.marks(node)][:1] == ["saturated"]
    assert "is saturated" in scene.describe(node)
    assert sorted(scene.path.values()) == list(range(1, len(scene.path) + 1))
    assert scene.path[node.index] == len(scene.path)  # the symptom is the last
    assert any(scene.on_path(e) for e in scene.graph.edges)
    assert "first cause" in view.legend.accessibleDescription()
    view.grab()


def test_the_timeline_says_where_problems_begin(qtbot) -> None:
    session = sick("nan")
    view = LossView()
    qtbot.addWidget(view)
    view.resize(700, 160)
    view.show()
    moment = session.moment()
    view.draw(moment)
    begun = {p.first[0] for p in moment.problems if p.finding.severity != "note"}
    assert begun and set(view.signs.problems.getData()[0].tolist()) == begun
    assert any("From iteration" in text for _, text in view.plot.tips)


def test_a_healthy_network_shows_nothing(qtbot) -> None:
    session = session_of(open_target("xor"))
    session.run(30)
    moment = session.moment()
    model = ProgramModel()
    model.draw(moment)
    assert not any(model.row(i).mark for i in range(model.rowCount()))
    network, graph = NetworkView(), GraphView()
    for view in (network, graph):
        qtbot.addWidget(view)
        view.draw(moment)
    scene = network.scene()
    assert scene is not None and scene.marks.shown() == ()
    assert graph.canvas._scene is not None and graph.canvas._scene.all_marks == ()


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("name", ["light", "dark"])
def test_every_view_paints_every_sick_network(qtbot, kind: str, name: str) -> None:
    theme.apply(name)
    session = sick(kind)
    for make in (NetworkView, GraphView, ProgramView, OperationView, ValueView, LossView):
        view = make()
        qtbot.addWidget(view)
        view.resize(640, 360)
        view.draw(session.moment())
        assert not view.grab().isNull()
    theme.apply("light")
