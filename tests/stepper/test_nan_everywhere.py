"""NaN and ∞ put into a moment: every scale, legend, table and statistic stays right, and every view says what is there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage

from core.library import open_target
from core.moment import Moment
from core.session import Session, session_of
from stepper import theme
from stepper.main_window import MainWindow
from stepper.views.conditioning import ConditioningView
from stepper.views.curves import CurvesView
from stepper.views.data import DataView
from stepper.views.graph import GraphView
from stepper.views.line import LineView
from stepper.views.loss import LossView
from stepper.views.network import NetworkView
from stepper.views.notes import NotesView
from stepper.views.operation import OperationView
from stepper.views.problems import ProblemsView
from stepper.views.program import ProgramView
from stepper.views.saved import SavedView
from stepper.views.stepping import SteppingView
from stepper.views.tensor import TensorView
from stepper.views.update import UpdateView
from stepper.views.value import CHANGE, FACTS, HEAT, SPREAD, TABLE, ValueView
from stepper.views.why import WhyView
from stepper.widgets.net_items import Item

STRANGE = (np.nan, np.inf, -np.inf)


@pytest.fixture
def session() -> Session:
    made = session_of(open_target("xor"))
    made.run(12)
    return made


def label(moment: Moment, name: str) -> int:
    return next(v.index for v in moment.program.values if v.label == name)


def ill(session: Session, *names: str) -> Moment:
    """Return a moment in which the first cells of these values are NaN, ∞ and −∞ (as many as there are)."""
    moment = session.moment()
    for name in names:
        value = label(moment, name)
        array = np.array(moment.value(value), dtype=float)
        array.reshape(-1)[: min(3, array.size)] = STRANGE[: array.size]
        moment.machine.values[value] = array
    session.monitor.set_settings(session.monitor.settings)
    session.monitor.stand()
    return session.moment()


def show(qtbot, view, moment: Moment, size=(640, 420)):
    qtbot.addWidget(view)
    view.resize(*size)
    view.show()
    view.draw(moment)
    assert not view.grab().isNull()
    return view


def test_matrices_keep_their_scale_and_say_the_signs(qtbot, session: Session) -> None:
    moment = ill(session, "Z1")
    session.go(12, moment.program.makers[label(moment, "A1")] + 1)
    moment = session.moment()
    view = show(qtbot, OperationView(), moment)
    z1 = next(m for m in view.equation.matrices if not m.isHidden() and m.name == "Z1")
    assert [z1.text_of((0, i)) for i in range(3)] == ["NaN", "∞", "−∞"]
    rest = np.array(moment.value(label(moment, "Z1"))).reshape(-1)[3:]
    assert z1.shown.extent == np.abs(rest).max()
    assert z1.shown.marks_at((0, 0)) == ()  # its own pattern says it
    assert any("⚠" in m.glyph for m in z1.shown.marks)


def test_the_value_view_in_each_of_its_parts(qtbot, session: Session) -> None:
    moment = ill(session, "A1")
    moment = replace(moment, selection=replace(moment.selection, value=label(moment, "A1"), cell=None))
    rest = np.array(moment.value(label(moment, "A1"))).reshape(-1)[3:]
    view = show(qtbot, ValueView(), moment, (380, 420))
    view.show_part(HEAT)
    assert view.heat.plane is not None and np.isfinite(view.heat.plane.extent) and view.heat.plane.extent >= rest.max()
    assert view.heat.heat is not None and view.heat.heat.bad == {"NaN": 1, "∞": 1, "−∞": 1}
    assert "NaN" in view.head.problems.text() or "not a number" in view.head.problems.text()
    view.show_part(TABLE)
    cells = [view.table.numbers.data(view.table.numbers.index(0, i), Qt.ItemDataRole.DisplayRole) for i in range(3)]
    assert cells == ["NaN", "∞", "−∞"]
    view.show_part(FACTS)
    text = view.facts.as_text()
    assert "NaN: 1" in text and "∞: 1" in text and "−∞: 1" in text
    assert f"largest: {float(rest.max())!r}" in text and "mean: nan" not in text.lower()
    for part in (SPREAD, CHANGE):
        view.show_part(part)
        assert not view.grab().isNull()
    assert np.isfinite(view.scales.ranges["A1"]).all()


def test_a_large_value_of_nan_is_hatched_and_one_nan_in_it_seen(qtbot) -> None:
    session = session_of(open_target("flower"))
    session.run(2)
    moment = session.moment()
    value = label(moment, "Z2")
    array = np.array(moment.value(value))
    array[0, 200] = np.nan
    moment.machine.values[value] = array
    moment = session.moment()
    moment = replace(moment, selection=replace(moment.selection, value=value, cell=None))
    view = show(qtbot, ValueView(), moment, (300, 400))
    body = view.heat.body()
    image = view.heat.grab(body).toImage().convertToFormat(QImage.Format.Format_RGB32)
    red = QColor(theme.current().error).rgb()
    columns = {x for x in range(image.width()) if any(image.pixel(x, y) == red for y in range(image.height()))}
    assert 3 <= len(columns) <= 12
    moment.machine.values[value] = np.full_like(array, np.nan)
    moment = session.moment()
    show(qtbot, view, replace(moment, selection=replace(moment.selection, value=value, cell=None)), (300, 400))
    assert view.heat.heat is not None and view.heat.heat.bad == {"NaN": 400}


def test_the_network_keeps_its_scales_and_names_what_is_broken(qtbot, session: Session) -> None:
    healthy = show(qtbot, NetworkView(), session.moment())
    before = dict(healthy._scales)
    moment = ill(session, "A1", "W1_next", "W2_next", "L")
    view = show(qtbot, NetworkView(), moment)
    assert all(np.isfinite(x) for x in view._scales.values())
    assert view._scales["weight"] <= before["weight"]
    scene = view.scene()
    assert scene is not None and np.isnan(scene.number(Item("unit", 1, 0)))  # type: ignore[arg-type]
    assert "nan" in view.describe(Item("unit", 1, 0)).lower()
    assert "NaN or ∞" in view.legend.accessibleDescription()
    view.bar.all.setChecked(True)
    view.draw(moment)
    assert not view.grab().isNull()


def test_a_wide_network_marks_one_broken_weight_in_its_heat_map(qtbot) -> None:
    session = session_of(open_target("digits"))
    session.run(1)
    moment = session.moment()
    w1 = moment.current("W1")
    assert w1 is not None
    array = np.array(moment.value(w1), dtype=float)
    array[5, 7] = np.nan
    moment.machine.values[w1] = array
    view = show(qtbot, NetworkView(), session.moment(), (900, 500))
    scene = view.scene()
    assert scene is not None
    heat = view.canvas.geometry_.heat(Item("weight", 1, 0, -1))  # type: ignore[union-attr]
    layers = scene.marks.block(1, "weight", heat.rows, heat.columns)
    assert layers[0].mask.sum() == 1 and layers[0].colour == theme.current().error
    rect = heat.rect.toRect()
    image = view.canvas.grab(rect).toImage().convertToFormat(QImage.Format.Format_RGB32)
    red = QColor(theme.current().error).rgb()
    seen = sum(image.pixel(x, y) == red for x in range(image.width()) for y in range(image.height()))
    assert 9 <= seen < 0.2 * image.width() * image.height()  # seen, and the other weights are too


def test_the_graph_and_the_lines_say_which_is_broken(qtbot, session: Session) -> None:
    moment = ill(session, "Z2")
    view = show(qtbot, GraphView(), moment)
    scene = view.canvas._scene
    assert scene is not None
    broken = {moment.program.values[n.value].label for n in scene.graph.nodes if scene.broken(n)}
    assert broken == {"Z2"}
    lines = show(qtbot, ProgramView(), moment)
    rows = [lines.model.row(i) for i in range(lines.model.rowCount())]
    assert [r.text for r in rows if "NaN" in r.mark] == [s.text for s in moment.program.statements if s.target == "Z2"]


def test_curves_and_the_loss_keep_their_scale(qtbot, session: Session) -> None:
    losses = session.timeline.losses
    losses[5], losses[7] = float("nan"), float("inf")
    finite = [x for x in losses if np.isfinite(x)]
    view = show(qtbot, LossView(), session.moment(), (700, 220))
    low, high = view.plot.item.viewRange()[1]
    assert np.isfinite([low, high]).all() and max(finite) <= high < 2 * max(finite)
    assert view.bad_marks.getData()[0].tolist() == [6, 8]
    view.set_log(True)
    assert np.isfinite(view.plot.item.viewRange()[1]).all()
    curves = show(qtbot, CurvesView(), session.moment(), (500, 420))
    for panel in curves.panels.values():
        assert np.isfinite(panel._extent).all()


@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize(
    "make", [WhyView, LineView, UpdateView, DataView, NotesView, ProblemsView, ConditioningView], ids=lambda m: m.__name__
)
def test_every_other_view_draws_what_is_not_finite(qtbot, session: Session, make: type, strange: float) -> None:
    moment = session.moment()
    for name in ("A1", "A2", "dW1", "W1", "W1_next", "L"):
        value = label(moment, name)
        array = np.array(moment.value(value), dtype=float)
        array.reshape(-1)[:1] = strange
        moment.machine.values[value] = array
    a2 = label(moment, "A2")
    moment = session.moment()
    moment = replace(moment, selection=replace(moment.selection, value=a2, cell=(0, 0)))
    show(qtbot, make(), moment)


def test_why_says_the_number_as_it_is(qtbot, session: Session) -> None:
    moment = ill(session, "A2")
    a2 = label(moment, "A2")
    moment = replace(moment, selection=replace(moment.selection, value=a2, cell=(0, 0)))
    view = show(qtbot, WhyView(), moment)
    assert view.title_label.text() == "A2[0, 0] = NaN"


@pytest.mark.parametrize("strange", [STRANGE, (np.nan,) * 32], ids=["three", "nothing else"])
def test_a_file_of_numbers_that_are_not_finite(window: MainWindow, qtbot, tmp_path, strange: tuple[float, ...]) -> None:
    weight = np.arange(32.0).reshape(4, 8) / 31
    weight.reshape(-1)[: len(strange)] = strange
    path, later = tmp_path / "ill.npz", tmp_path / "later.npz"
    np.savez(path, W1=weight, b1=np.zeros(8), W2=np.ones((8, 3)), b2=np.full(3, np.inf))
    np.savez(later, W1=weight + 1, b1=np.zeros(8), W2=np.full((8, 3), np.nan), b2=np.full(3, np.inf))
    window.resize(1600, 1000)
    window.inspecting.read(str(path))
    qtbot.waitUntil(lambda: not window.inspecting.work.busy, timeout=20_000)
    window.inspecting.compare_with(str(later))
    qtbot.waitUntil(lambda: not window.inspecting.work.busy, timeout=20_000)
    saved, view, form = (window.panels.view(name) for name in ("saved", "tensor", "stepping"))
    assert isinstance(saved, SavedView) and isinstance(view, TensorView) and isinstance(form, SteppingView)
    look = window.inspecting.state.look
    finite = weight[np.isfinite(weight)]
    assert look is not None and look.summary.nonfinite == len(strange)
    if len(finite):
        assert (look.summary.min, look.summary.max, look.summary.mean) == (finite.min(), finite.max(), finite.mean())
        assert look.histogram is not None and look.histogram.counts.sum() == len(finite)
    for name in ("W1", "W2", "b2"):
        window.inspecting.choose(name)
        qtbot.waitUntil(lambda: not window.inspecting.work.busy, timeout=20_000)
        for button in view.head.side_buttons:
            button.click()
            for part in ("heat", "spread", "facts", "health", "spectrum", "numbers"):
                view.show_part(part)
                qtbot.waitUntil(lambda: not window.inspecting.work.busy, timeout=20_000)
                assert not window.grab().isNull()
            assert "nan" not in view.facts.as_text()
        view.head.side_buttons[0].click()
    assert form.note.words.startswith("✓")
    index = saved.rows.place("W1")
    assert "⚠" in saved.rows.data(index)
    assert window.controller.session is not None
    window.controller.later("iteration")
    assert not np.isfinite(window.controller.session.timeline.losses[0])
