"""The graph view: places, lines and signs; every part by mouse and by keyboard; what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from core.complete import load
from core.library import EXAMPLES, open_target
from core.program.graph_places import graph_of
from core.program.ir import Program
from core.session import Moment, Session
from stepper import theme
from stepper.views.graph import GraphView
from stepper.widgets.graph_layout import places_of
from stepper.widgets.graph_paint import band_colour
from stepper.widgets.graph_scene import GraphScene
from stepper.widgets.graph_text import cut, pens

LARGE = (
    "# data\nnp.random.seed(0)\nX = np.random.rand(784, 64)\nY = np.random.rand(10, 64)\nsamples = 'columns'\n# parameters\n"
    "W1 = np.random.randn(128, 784)\nb1 = np.zeros((128, 1))\nW2 = np.random.randn(64, 128)\nb2 = np.zeros((64, 1))\n"
    "W3 = np.random.randn(10, 64)\nb3 = np.zeros((10, 1))\nlr = 0.1\n# forward\nZ1 = W1 @ X + b1\nA1 = relu(Z1)\n"
    "Z2 = W2 @ A1 + b2\nA2 = relu(Z2)\nZ3 = W3 @ A2 + b3\nL = softmax_cross_entropy(Z3, Y)\n"
)
FAULT = """
# data
X = np.array([[0., 1, 2], [1, 0, 2]])
samples = "columns"
# parameters
np.random.seed(1)
W1 = np.random.randn(3, 2)
W2 = np.random.randn(1, 4)
# forward
A = sigmoid(W1 @ X)
B = W2 @ A + 1
"""


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[GraphView]:
    theme.apply("light")
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1320, 620)
    found = GraphView(window)
    found.resize(1300, 600)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    yield found
    theme.apply("light")
    del window


def at(program: Program, label: str, iteration: int = 1) -> Session:
    """Return a session that stands just after the operation that makes `label`; "" is the start."""
    session = Session(program, "test")
    session.go(iteration, 1 + program.makers[value(program, label)] if label else 0)
    return session


def xor(label: str = "") -> Session:
    return at(open_target("xor").program, label)


def value(program: Program, label: str) -> int:
    return next(v.index for v in program.values if v.label == label)


def scene(view: GraphView) -> GraphScene:
    found = view.canvas._scene
    assert found is not None
    return found


def node(view: GraphView, label: str) -> int:
    s = scene(view)
    return s.graph.place[value(s.moment.program, label)]


def state(view: GraphView, label: str) -> str:
    return scene(view).state(scene(view).graph.nodes[node(view, label)])


def middle(view: GraphView, label: str) -> QPoint:
    return view.canvas.place_of(node(view, label)).center().toPoint()


def read(view: GraphView) -> set[str]:
    s = scene(view)
    return {s.moment.program.values[s.graph.nodes[i].value].label for i in s.read}


def grab(view: GraphView) -> QImage:
    return view.canvas.viewport().grab().toImage()


@pytest.mark.parametrize("unfolded", [False, True])
@pytest.mark.parametrize("target", [*EXAMPLES, "large"])
def test_boxes_are_apart_and_no_line_runs_behind_a_box(view: GraphView, target: str, unfolded: bool) -> None:
    program = load(LARGE) if target == "large" else open_target(target).program
    graph = graph_of(program, unfolded)
    places = places_of(graph, [QSizeF(60 + 17 * (n.index % 5), 20 + 9 * (n.index % 3)) for n in graph.nodes], 14)
    for a, b in combinations(places.boxes, 2):
        assert not a.intersects(b)
    for box in places.boxes:
        assert QRectF(QPointF(), places.size).contains(box)
        assert any(band.contains(box) for _, band in places.bands)
    for (_, a), (_, b) in combinations(places.bands, 2):
        assert not a.intersects(b)
    for edge, line in zip(graph.edges, places.lines, strict=True):
        points = [line.path.pointAtPercent(i / 200) for i in range(201)]
        for index, box in enumerate(places.boxes):
            inside = box.adjusted(1, 1, -1, -1)
            assert not any(inside.contains(p) for p in points), (edge, index)


def test_states_of_lines(view: GraphView) -> None:
    view.draw(xor("dZ2").moment())
    assert (state(view, "A2"), state(view, "dZ2"), state(view, "dW2"), state(view, "dW1")) == ("done", "lit", "next", "waiting")
    assert state(view, "W1") == "given"
    view.draw(xor().moment())
    assert state(view, "Z1") == "next" and state(view, "A1") == "waiting"
    assert "Next" in view.caption.text()


def test_a_line_half_done_says_so_and_what_it_has_read(view: GraphView) -> None:
    view.draw(xor("Z1.1").moment())
    nodes = scene(view).graph.nodes
    assert state(view, "Z1") == "lit" and scene(view).progress(nodes[node(view, "Z1")]) == "1/2"
    assert read(view) == {"W1", "X"}
    view.draw(xor("Z1").moment())
    assert read(view) == {"W1", "X", "b1"} and scene(view).progress(nodes[node(view, "Z1")]) == ""
    view.unfold.setChecked(True)
    assert read(view) == {"Z1.1", "b1"}


def test_details_are_shapes_and_numbers(view: GraphView) -> None:
    session = xor("L")
    view.draw(session.moment())
    s = scene(view)
    loss = session.moment().value(value(session.program, "L"))
    assert loss is not None
    assert s.detail(s.graph.nodes[node(view, "W1")]) == "3×2"
    assert s.detail(s.graph.nodes[node(view, "lr")]) == "3"
    assert float(s.detail(s.graph.nodes[node(view, "L")])) == pytest.approx(float(loss), rel=1e-3)
    assert "adjoint of: A2 = sigmoid(Z2)" not in s.describe(s.graph.nodes[node(view, "L")])
    text = s.describe(s.graph.nodes[node(view, "dZ2")])
    assert "dZ2: backward, not done yet" in text and "adjoint of: A2 = sigmoid(Z2)" in text and "1×4" in text


def test_click_chooses_and_double_click_goes_there(view: GraphView, qtbot: QtBot) -> None:
    session = xor("dZ2")
    view.draw(session.moment())
    with qtbot.waitSignal(view.value_clicked) as caught:
        qtbot.mouseClick(view.canvas.viewport(), Qt.MouseButton.LeftButton, pos=middle(view, "W2"))
    assert caught.args == [value(session.program, "W2"), None]
    with qtbot.waitSignal(view.instruction_clicked) as caught:
        qtbot.mouseDClick(view.canvas.viewport(), Qt.MouseButton.LeftButton, pos=middle(view, "A1"))
    assert caught.args == [session.program.makers[value(session.program, "A1")]]
    with qtbot.assertNotEmitted(view.instruction_clicked):
        qtbot.mouseDClick(view.canvas.viewport(), Qt.MouseButton.LeftButton, pos=middle(view, "X"))
    with qtbot.assertNotEmitted(view.value_clicked):
        qtbot.mouseClick(view.canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(2, 2))


def test_keys(view: GraphView, qtbot: QtBot) -> None:
    session = xor("dZ2")
    view.draw(session.moment())
    canvas = view.canvas
    canvas.setFocus(Qt.FocusReason.TabFocusReason)
    assert canvas.focus == node(view, "dZ2") and "dZ2: backward, just done" in canvas.accessibleDescription()
    qtbot.keyClick(canvas, Qt.Key.Key_Down)
    assert canvas.focus == node(view, "dW2") and "dW2: backward, next" in canvas.accessibleDescription()
    with qtbot.waitSignal(view.value_clicked) as caught:
        qtbot.keyClick(canvas, Qt.Key.Key_Space)
    assert caught.args == [value(session.program, "dW2"), None]
    with qtbot.waitSignal(view.instruction_clicked) as caught:
        qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert caught.args == [session.program.makers[value(session.program, "dW2")]]
    for _ in range(60):
        qtbot.keyClick(canvas, Qt.Key.Key_Up)
    assert canvas.focus == 0
    for key, ours in ((Qt.Key.Key_Down, True), (Qt.Key.Key_Space, True), (Qt.Key.Key_0, True), (Qt.Key.Key_Left, False)):
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
        event.ignore()
        QApplication.sendEvent(canvas, event)
        assert event.isAccepted() == ours
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Tab):
        event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas, event)
        assert canvas.focus == 0


def test_zoom_pan_and_fit(view: GraphView, qtbot: QtBot) -> None:
    view.draw(xor("L").moment())
    canvas = view.canvas
    whole = canvas.zoom
    place = QPointF(middle(view, "A1"))
    for _ in range(4):
        event = QWheelEvent(place, canvas.viewport().mapToGlobal(place), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
                            Qt.KeyboardModifier.ControlModifier, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
        QApplication.sendEvent(canvas.viewport(), event)
    assert canvas.zoom == pytest.approx(whole * 1.2**4)
    assert abs(middle(view, "A1").x() - place.x()) < 6, "what is under the mouse stays there"
    before = middle(view, "L")
    port = canvas.viewport()
    qtbot.mousePress(port, Qt.MouseButton.LeftButton, pos=QPoint(400, 200))
    qtbot.mouseMove(port, QPoint(440, 200))
    qtbot.mouseRelease(port, Qt.MouseButton.LeftButton, pos=QPoint(440, 200))
    assert middle(view, "L") == before + QPoint(40, 0)
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.zoom == pytest.approx(whole, rel=0.02)
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.zoom == pytest.approx(whole * 1.25, rel=0.02)
    qtbot.mouseClick(view.smaller, Qt.MouseButton.LeftButton)
    assert canvas.zoom == pytest.approx(whole, rel=0.02)
    qtbot.mouseClick(view.bigger, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(view.whole, Qt.MouseButton.LeftButton)
    assert canvas.zoom == pytest.approx(whole, rel=0.02)


def test_what_is_lit_comes_into_sight(view: GraphView) -> None:
    view.resize(420, 260)
    QApplication.processEvents()
    session = Session(open_target("digits").program, "test")
    for label in ("Z1", "L", "dW1", "b1_next"):
        session.go(1, 1 + session.program.makers[value(session.program, label)])
        view.draw(session.moment())
        assert view.canvas.viewport().rect().contains(middle(view, label)), label
    view.canvas.fit()
    QApplication.processEvents()
    assert not view.canvas.verticalScrollBar().isVisible() and not view.canvas.horizontalScrollBar().isVisible()
    seen = QRectF(view.canvas.viewport().rect())
    assert all(seen.contains(view.canvas.place_of(n.index)) for n in scene(view).graph.nodes)


def test_selection_and_where_it_came_from(view: GraphView) -> None:
    session = xor("dW2")
    plain = grab_of(view, session.moment())
    session.select(value(session.program, "A1"))
    view.draw(session.moment())
    names = {session.program.values[scene(view).graph.nodes[i].value].label for i in scene(view).came_from}
    assert names == {"X", "W1", "b1", "Z1"} and scene(view).selected == node(view, "A1")
    chosen = QColor(theme.LIGHT.selection).rgb()
    frame = view.canvas.place_of(node(view, "A1")).toRect().adjusted(-6, -6, 6, 6)
    assert count(grab(view), frame, chosen) > count(plain, frame, chosen) + 50


def grab_of(view: GraphView, moment: Moment) -> QImage:
    view.draw(moment)
    return grab(view)


def count(picture: QImage, rect: object, rgb: int) -> int:
    area = picture.rect().intersected(rect)  # type: ignore[arg-type]
    return sum(picture.pixel(x, y) == rgb for x in range(area.left(), area.right()) for y in range(area.top(), area.bottom()))


def test_nan_is_marked_with_its_name(view: GraphView) -> None:
    session = Session(open_target("flower").program, "test")
    session.go(1700, 3)
    view.draw(session.moment())
    s = scene(view)
    kinds = {session.program.values[n.value].label: s.broken(n) for n in s.graph.nodes}
    assert kinds["A1"] == "nan" and kinds["X"] == "" and kinds["dZ2"] == "", "what is not computed yet is not broken"
    assert "NaN" in s.describe(s.graph.nodes[node(view, "A1")])
    box = view.canvas.place_of(node(view, "A1")).toRect()
    assert count(grab(view), box, QColor(theme.LIGHT.error).rgb()) > 100


def test_only_new_arrays_are_checked(view: GraphView, monkeypatch: pytest.MonkeyPatch) -> None:
    from stepper.widgets import graph_scene

    looked: list[int] = []

    def counting(array: np.ndarray) -> str:
        looked.append(array.size)
        return ""

    monkeypatch.setattr(graph_scene, "broken", counting)
    session = xor("dZ2")
    view.draw(session.moment())
    grab(view)
    before = len([s for s in looked if s > 1])
    session.later()
    view.draw(session.moment())
    grab(view)
    assert len([s for s in looked if s > 1]) == before + 1


def test_stale_and_edited(view: GraphView) -> None:
    session = xor("L")
    a1, w1 = value(session.program, "A1"), value(session.program, "W1")
    plain = grab_of(view, session.moment())
    assert "out of date" not in view.legend.accessibleDescription()
    view.draw(replace(session.moment(), old={a1: session.moment().machine.peek(a1)}, edited={w1: frozenset()}))
    s = scene(view)
    assert s.stale(s.graph.nodes[node(view, "A1")]) and s.edited(s.graph.nodes[node(view, "W1")])
    assert not s.stale(s.graph.nodes[node(view, "Z1")]) and not s.edited(s.graph.nodes[node(view, "b1")])
    for label in ("A1", "W1"):
        box = view.canvas.place_of(node(view, label)).toRect().adjusted(-4, -14, 4, 4)
        assert grab(view).copy(box) != plain.copy(box)
    assert "out of date" in view.legend.accessibleDescription() and "by hand" in view.legend.accessibleDescription()
    assert "Out of date" in s.describe(s.graph.nodes[node(view, "A1")])
    assert "Changed by hand" in s.describe(s.graph.nodes[node(view, "W1")])


def test_a_line_that_cannot_run(view: GraphView) -> None:
    program = load(FAULT)
    session = Session(program, "test")
    session.go(1, len(program))
    view.draw(session.moment())
    last = scene(view).graph.nodes[-1]
    assert scene(view).state(last) == "failed" and view.canvas._words[last.index].name == "B"
    assert "cannot run" in scene(view).describe(last)


def test_an_empty_program_is_said(view: GraphView) -> None:
    program = replace(open_target("rows").program, instructions=(), statements=(), layers=())
    view.draw(replace(xor().moment(), program=program, upcoming=None))
    assert view.hint.isVisible() and "no operation" in view.hint.text() and not view.legend.isVisible()
    view.draw(xor("L").moment())
    assert view.canvas.isVisible() and not view.hint.isVisible()


def test_code_is_cut_but_not_lost(view: GraphView) -> None:
    metrics = QFontMetricsF(pens().code)
    for text in ("sigmoid(Z1)", "dA1 * A1 * (1 - A1)", "sum(dZ2, axis=1, keepdims=True)", "softmax_cross_entropy(Z2, Y)", ""):
        lines = cut(text, metrics)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "") and len(lines) <= 3
    assert cut("x + " * 60, metrics)[-1].endswith("…")


@pytest.mark.parametrize("name", ["light", "dark"])
def test_words_can_be_read_on_every_lane(name: str) -> None:
    theme.apply(name)
    colours = theme.current()
    for lane in ("given", "forward", "backward", "gradient", "update", "predict"):
        ground = band_colour(lane)
        for ink in (colours.text, colours.dim, colours.error, colours.selection, colours.read, *colours.phases.values()):
            assert theme.contrast(ink, ground) >= (4.5 if ink not in (colours.read,) else 3), (lane, ink)
    for ink, ground in ((colours.panel, colours.error), (colours.lit_text, colours.lit), (colours.panel, colours.text)):
        assert theme.contrast(ink, ground) >= 4.5
    theme.apply("light")


@pytest.mark.parametrize("size", [(300, 300), (700, 400), (1900, 900)])
def test_every_position_can_be_drawn(view: GraphView, size: tuple[int, int]) -> None:
    view.resize(*size)
    for target in ("rows", "iris"):
        session = Session(open_target(target).program, "test")
        for k in range(len(session.program) + 1):
            session.go(1, k)
            view.unfold.setChecked(k % 2 == 1)
            view.draw(session.moment())
            assert not grab(view).isNull()


def test_every_widget_has_a_name(view: GraphView) -> None:
    view.draw(xor("L").moment())
    for part in (view.canvas, view.caption, view.unfold, view.smaller, view.whole, view.bigger, view.legend, view.hint):
        assert part.accessibleName()


def test_the_layout_is_made_once_for_a_program(view: GraphView) -> None:
    session = at(load(LARGE), "")
    view.draw(session.moment())
    graph = scene(view).graph
    session.later()
    view.draw(session.moment())
    assert scene(view).graph is graph
