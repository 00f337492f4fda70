"""The network view against values computed by hand with NumPy; every part by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from core.complete import load
from core.library import open_target
from core.program.ir import Program
from core.program.network import network_of
from core.session import Selection, Session
from stepper import theme
from stepper.views.network import NetworkView, nice
from stepper.widgets.net_items import Item
from stepper.widgets.net_measures import geometry_of
from stepper.widgets.net_paint import Painter
from stepper.widgets.numbers import full

LARGE = """
# data
np.random.seed(0)
X = np.random.rand(784, 8)
Y = np.random.rand(10, 8)
samples = "columns"
# parameters
W1 = np.random.randn(128, 784) * np.sqrt(2 / 784)
b1 = np.zeros((128, 1))
W2 = np.random.randn(64, 128) * np.sqrt(2 / 128)
b2 = np.zeros((64, 1))
W3 = np.random.randn(10, 64) * np.sqrt(2 / 64)
lr = 0.1
# forward
Z1 = W1 @ X + b1
A1 = relu(Z1)
Z2 = W2 @ A1 + b2
A2 = relu(Z2)
Z3 = W3 @ A2
A3 = sigmoid(Z3)
L = mse(A3, Y)
"""
NO_LAYERS = (
    "# data\nX = np.array([[1., 2.]])\nsamples = 'rows'\n"
    "# parameters\na = np.array([[2., 3.]])\nlr = 0.1\n# forward\nL = sse(a * X, X)\n"
)


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[NetworkView]:
    theme.apply("light")
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1000, 440)
    found = NetworkView(window)
    found.resize(980, 420)
    window.show()
    qtbot.waitExposed(window)
    yield found
    del window


def at(program: Program, label: str, iteration: int = 1) -> Session:
    """Return a session that stands just after the operation that makes `label`; "" is the start."""
    session = Session(program, "test")
    k = 0 if not label else 1 + next(i.index for i in program.instructions if program.values[i.result].label == label)
    session.go(iteration, k)
    return session


def xor(label: str = "", iteration: int = 1) -> Session:
    return at(open_target("xor").program, label, iteration)


def value(session: Session, label: str) -> int:
    return next(v.index for v in session.program.values if v.label == label)


def by_hand() -> dict[str, np.ndarray]:
    rng = np.random.RandomState(2)
    x, y = np.array([[0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0, 1, 1, 0]])
    w1, w2 = rng.randn(3, 2), rng.randn(1, 3)
    z1 = w1 @ x
    a1 = 1 / (1 + np.exp(-z1))
    a2 = 1 / (1 + np.exp(-(w2 @ a1)))
    dz2 = 2 * (a2 - y) / 4 * a2 * (1 - a2)
    dw2, dz1 = dz2 @ a1.T, (w2.T @ dz2) * a1 * (1 - a1)
    return {"W1": w1, "W2": w2, "Z1": z1, "A1": a1, "A2": a2, "dZ2": dz2, "dW2": dw2, "dZ1": dz1, "W2_next": w2 - 3 * dw2}


def click(view: NetworkView, qtbot: QtBot, item: Item) -> tuple[object, object]:
    with qtbot.waitSignal(view.value_clicked) as caught:
        qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=view.canvas.position_of(item))
    return tuple(caught.args)  # type: ignore[return-value]


def test_numbers_are_those_of_the_sample(view: NetworkView) -> None:
    known = by_hand()
    view.draw(xor("L").moment())
    view.sample.setValue(3)
    scene = view.scene()
    assert scene is not None
    for unit in range(3):
        assert scene.number(Item("unit", 1, unit)) == pytest.approx(known["A1"][unit, 2])
        before = scene.before_activation(Item("unit", 1, unit))
        assert before is not None and before[0] == "Z1" and before[1] == pytest.approx(known["Z1"][unit, 2])
        assert scene.number(Item("weight", 2, 0, unit)) == pytest.approx(known["W2"][0, unit])
    assert scene.number(Item("unit", 0, 0)) == 1.0
    assert scene.number(Item("loss", 0)) == pytest.approx(((known["A2"] - [[0, 1, 1, 0]]) ** 2).mean())


def test_what_is_not_computed_yet_is_empty_also_when_it_was_once(view: NetworkView) -> None:
    session = xor("L")
    session.go(1, 2)
    view.draw(session.moment())
    scene = view.scene()
    assert scene is not None
    assert scene.number(Item("unit", 1, 0)) is None and scene.number(Item("loss", 0)) is None
    assert scene.before_activation(Item("unit", 1, 0)) is not None
    assert "not computed yet" in view.describe(Item("unit", 2, 0))


def test_after_its_update_the_new_weight_is_shown(view: NetworkView) -> None:
    known = by_hand()
    item = Item("weight", 2, 0, 1)
    view.draw(xor("dW1").moment())
    scene = view.scene()
    assert scene is not None and scene.number(item) == pytest.approx(known["W2"][0, 1])
    gradient = scene.gradient(item)
    assert gradient is not None and gradient[0] == "dW2" and gradient[1] == pytest.approx(known["dW2"][0, 1])
    session = xor("W2_next")
    view.draw(session.moment())
    scene = view.scene()
    assert scene is not None and scene.number(item) == pytest.approx(known["W2_next"][0, 1])
    assert scene.target(item) == (value(session, "W2_next"), (0, 1))


def test_adjoints_appear_where_they_are_known(view: NetworkView) -> None:
    known = by_hand()
    view.draw(xor("dZ2").moment())
    scene = view.scene()
    assert scene is not None and scene.adjoint(Item("unit", 1, 0)) is None
    found = scene.adjoint(Item("unit", 2, 0))
    assert found is not None and found[0] == "dZ2" and found[1] == pytest.approx(known["dZ2"][0, 0])
    view.draw(xor("dZ1").moment())
    scene = view.scene()
    found = scene.adjoint(Item("unit", 1, 2)) if scene is not None else None
    assert found is not None and found[0] == "dZ1" and found[1] == pytest.approx(known["dZ1"][2, 0])


def test_lit_parts(view: NetworkView) -> None:
    view.draw(xor("dA1").moment())
    scene = view.scene()
    assert scene is not None
    assert scene.lit_as(Item("unit", 1, 0)) == (False, True)
    assert scene.lit_as(Item("weight", 2)) == (True, False)
    assert scene.lit_as(Item("unit", 2)) == (True, False)
    assert scene.lit_as(Item("weight", 1)) == (False, False)
    picture = view.canvas.grab().toImage()
    colours = {QColor(picture.pixel(x, y)).name() for x in range(0, picture.width(), 2) for y in range(picture.height())}
    assert {theme.LIGHT.read, theme.LIGHT.written, theme.LIGHT.phases["backward"]} <= colours


def test_clicks_give_value_and_cell(view: NetworkView, qtbot: QtBot) -> None:
    session = xor("L")
    view.draw(session.moment())
    view.sample.setValue(2)
    assert click(view, qtbot, Item("unit", 1, 2)) == (value(session, "A1"), (2, 1))
    assert click(view, qtbot, Item("unit", 0, 1)) == (value(session, "X"), (1, 1))
    assert click(view, qtbot, Item("weight", 1, 1, 0)) == (value(session, "W1"), (1, 0))
    assert click(view, qtbot, Item("bias", 1, 2)) == (value(session, "b1"), (2, 0))
    assert click(view, qtbot, Item("loss", 0)) == (value(session, "L"), None)


def test_a_click_on_nothing_says_nothing(view: NetworkView, qtbot: QtBot) -> None:
    view.draw(xor("L").moment())
    with qtbot.assertNotEmitted(view.value_clicked):
        qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=QPoint(2, view.canvas.height() - 2))


def test_keyboard_reaches_every_column(view: NetworkView, qtbot: QtBot) -> None:
    session = xor("L")
    view.draw(session.moment())
    view.canvas.setFocus(Qt.FocusReason.TabFocusReason)
    seen = []
    for _ in range(8):
        assert view.canvas.focus is not None
        seen.append((view.canvas.focus.kind, view.canvas.focus.layer))
        qtbot.keyClick(view.canvas, Qt.Key.Key_Tab)
    assert seen == [("unit", 0), ("weight", 1), ("bias", 1), ("unit", 1), ("weight", 2), ("bias", 2), ("unit", 2), ("loss", 0)]
    view.canvas.focus = Item("unit", 1, 0)
    qtbot.keyClick(view.canvas, Qt.Key.Key_Down)
    assert "Unit 2 of layer 1" in view.canvas.accessibleDescription()
    with qtbot.waitSignal(view.value_clicked) as caught:
        qtbot.keyClick(view.canvas, Qt.Key.Key_Return)
    assert caught.args == [value(session, "A1"), (1, 0)]


def test_selection_is_framed_and_brings_its_sample(view: NetworkView) -> None:
    session = xor("L")
    session.select(value(session, "A1"), (1, 3))
    view.draw(session.moment())
    scene = view.scene()
    assert view.sample.value() == 4
    assert scene is not None and scene.selected() == ({Item("unit", 1, 1)}, set())
    view.sample.setValue(1)
    assert view.scene() is not None and view.scene().selected() == (set(), set())  # type: ignore[union-attr]
    session.select(value(session, "dW2"), (0, 2))
    view.draw(session.moment())
    assert view.scene().selected()[0] == {Item("weight", 2, 0, 2)}  # type: ignore[union-attr]
    session.select(value(session, "b1"))
    view.draw(session.moment())
    assert view.scene().selected() == (set(), {("bias", 1)})  # type: ignore[union-attr]
    view.draw(replace(session.moment(), selection=Selection(value(session, "Y"), (0, 0))))
    assert view.scene().selected() == (set(), set())  # type: ignore[union-attr]


def test_rows(view: NetworkView, qtbot: QtBot) -> None:
    session = at(open_target("rows").program, "L")
    view.draw(session.moment())
    view.sample.setValue(4)
    assert click(view, qtbot, Item("unit", 1, 2)) == (value(session, "A1"), (3, 2))
    assert click(view, qtbot, Item("weight", 1, 3, 0)) == (value(session, "W1"), (0, 3))
    assert not any(c[0].kind == "bias" for c in view.canvas.geometry_.columns())  # type: ignore[union-attr]


def test_one_sample_an_iteration_needs_no_choice(view: NetworkView) -> None:
    session = at(open_target("first-seed").program, "A1", 6)
    view.draw(session.moment())
    assert not view.sample.isVisible()
    assert view.of_samples.text() == "sample 2 of 4 in the data"


def test_nan_has_its_sign_and_never_poisons_a_scale(view: NetworkView) -> None:
    session = xor("L")
    program = load(LARGE.replace("b1 = np.zeros((128, 1))", "b1 = np.zeros((128, 1)) / 0"))
    for moment in (session.moment(), at(program, "L").moment()):
        view.draw(moment)
        assert all(np.isfinite(s) for s in view.scene().unit_scales)  # type: ignore[union-attr]
        assert np.isfinite(view.scene().weight_scale)  # type: ignore[union-attr]
    picture = view.canvas.grab().toImage()
    error = QColor(theme.LIGHT.error).rgb()
    assert any(picture.pixel(x, y) == error for x in range(picture.width()) for y in range(0, picture.height(), 3))


def test_scales_stay_put_between_steps(view: NetworkView) -> None:
    session = xor()
    session.run(200)
    view.draw(session.moment())
    high = view.scene().weight_scale  # type: ignore[union-attr]
    session.go(1, 0)
    view.draw(session.moment())
    assert view.scene().weight_scale == high  # type: ignore[union-attr]
    view.draw(xor().moment())
    assert view.scene().weight_scale < high  # type: ignore[union-attr]


def test_large_layers_are_heat_maps(view: NetworkView, qtbot: QtBot) -> None:
    session = at(load(LARGE), "L")
    view.draw(session.moment())
    g = view.canvas.geometry_
    assert g is not None and [g.big(c) for c in range(4)] == [True, True, True, False]
    assert all(g.block(layer) for layer in (1, 2, 3))
    assert click(view, qtbot, Item("unit", 3, 7)) == (value(session, "A3"), (7, 0))
    block = g.weights_block(1)
    with qtbot.waitSignal(view.value_clicked) as caught:
        corner = (block.topLeft() + QPointF(1, 1) + view.canvas.offset).toPoint()
        qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=corner)
    assert caught.args[0] == value(session, "W1") and max(caught.args[1]) <= 12


def test_a_bright_cell_is_bright(view: NetworkView) -> None:
    session = at(load(LARGE), "A1")
    view.draw(session.moment())
    a = session.moment().value(value(session, "A1"))
    scene = view.scene()
    assert a is not None and scene is not None
    np.testing.assert_array_equal(scene.column(1), a[:, 0])
    image = view.canvas._image(a[:, :1], scene.unit_scales[1])
    top = int(np.argmax(a[:, 0]))
    wanted = theme.diverging(float(a[top, 0]), scene.unit_scales[1])
    assert max(abs(x - y) for x, y in zip(QColor(image.pixel(0, top)).getRgb(), wanted.getRgb(), strict=True)) <= 2


def test_no_dense_layers_is_said(view: NetworkView) -> None:
    view.draw(at(load(NO_LAYERS), "").moment())
    assert view.hint.isVisible() and "dense layers" in view.hint.text()
    assert not view.canvas.isVisible() and not view.legend.isVisible()
    view.draw(xor().moment())
    assert view.canvas.isVisible() and view.legend.isVisible()


def test_zoom_pan_and_fit(view: NetworkView, qtbot: QtBot) -> None:
    view.draw(xor("L").moment())
    canvas = view.canvas
    item = Item("unit", 1, 0)
    place = QPointF(canvas.position_of(item))
    for _ in range(3):
        event = QWheelEvent(place, canvas.mapToGlobal(place), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
                            Qt.KeyboardModifier.ControlModifier, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
        QApplication.sendEvent(canvas, event)
    assert canvas.zoom == pytest.approx(1.2**3)
    before = canvas.position_of(item)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(400, 300))
    qtbot.mouseMove(canvas, QPoint(430, 320))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(430, 320))
    assert canvas.position_of(item) == before + QPoint(30, 20)
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.zoom == 1.0 and canvas.position_of(item) == place.toPoint()
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.zoom == 1.25
    qtbot.keyClick(canvas, Qt.Key.Key_Minus)
    assert canvas.zoom == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("size", [(600, 250), (1900, 900), (300, 160)])
def test_every_part_stays_inside_at_every_size(view: NetworkView, name: str, size: tuple[int, int]) -> None:
    theme.apply(name)
    view.resize(*size)
    for program in (open_target("xor").program, load(LARGE)):
        view.draw(at(program, "dZ1").moment())
        QApplication.processEvents()
        g = view.canvas.geometry_
        assert g is not None
        for column in g.columns():
            for item in (column[0], column[-1]):
                assert view.canvas.rect().contains(view.canvas.position_of(item)), item
        assert view.grab().width() == size[0]
    theme.apply("light")


def test_tooltips_are_in_full_precision(view: NetworkView) -> None:
    known = by_hand()
    view.draw(xor("L").moment())
    text = view.describe(Item("weight", 1, 2, 1))
    assert "W1[2, 1] = " + full(known["W1"][2, 1]) in text and "unit 3 of layer 1" in text


def test_every_position_of_every_example_can_be_drawn(view: NetworkView) -> None:
    for target in ("xor", "rows", "first-seed", "flower"):
        session = Session(open_target(target).program, target)
        for k in range(len(session.program) + 1):
            session.go(1, k)
            view.draw(session.moment())
            view.canvas.repaint()
            assert view.caption.text()


def test_nice() -> None:
    assert [nice(x) for x in (0.0, 0.9, 1.0, 1.2, 2.2, 64.0, 760.0)] == [0.0, 1.0, 1.0, 1.5, 3.0, 75.0, 1000.0]


@pytest.mark.parametrize("size", [(542, 150), (542, 300), (700, 420), (1000, 500), (1700, 900)])
@pytest.mark.parametrize("zoom", [1.0, 1.7])
def test_no_number_of_a_weight_stands_below_a_bias(size: tuple[int, int], zoom: float) -> None:
    moment = xor().moment()
    network = network_of(moment.program, moment.shape)
    assert network is not None
    g = geometry_of(network, *size, zoom)
    for number, layer in enumerate(network.layers, 1):
        boxes = [g.bias_box(number, unit) for unit in range(layer.units)]
        labels = [g.place_of(Item("weight", number, u, s)) for u in range(layer.units) for s in range(layer.inputs)]
        if g.labelled(number) and g.bias_text:
            assert not any(label.intersects(box) for label in labels for box in boxes)
        if g.labelled(number):
            ys = sorted(label.center().y() for label in labels)
            assert all(b - a >= 14 * g.text for a, b in pairwise(ys))


def test_how_much_is_not_finite_never_runs_into_what_stands_beside(view: NetworkView, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(open_target("digits").program, "digits")
    session.later("operation")
    array = session.timeline.machine.value(value(session, "W1"))
    assert array is not None
    array.flags.writeable = True
    array[:, :12] = np.nan
    said: list[tuple[str, float, float]] = []
    whole = Painter._under

    def spy(self: Painter, rect: QRectF, text: str, numbers: object, room: float) -> None:
        said.append((text, rect.center().x(), room))
        whole(self, rect, text, numbers, room)  # type: ignore[arg-type]

    monkeypatch.setattr(Painter, "_under", spy)
    view.resize(542, 260)
    view.draw(session.moment())
    view.grab()
    g = view.canvas.geometry_
    assert g is not None
    _, middle, room = next(s for s in said if "×" in s[0] and abs(s[1] - g.weights_block(1).center().x()) < 1)
    before, after = g.strip(0), g.bias_strip(1) if g.big(1) else g.place_of(Item("unit", 1, 0))
    assert before.right() <= middle - room / 2 and middle + room / 2 <= after.left()
    assert "NaN or ∞" in view.describe(Item("weight", 1, 0, -1))


@pytest.mark.parametrize("size", [(542, 300), (700, 420), (1000, 500), (1350, 800)])
@pytest.mark.parametrize("name", ["xor", "flower", "iris"])
def test_no_number_of_a_weight_is_cut_by_an_adjoint(
    view: NetworkView, monkeypatch: pytest.MonkeyPatch, name: str, size: tuple[int, int]
) -> None:
    session = Session(open_target(name).program, name)
    session.later("iteration")
    labels: list[QRectF] = []
    adjoints: list[QRectF] = []
    tag, box_of = Painter._tag, Painter._adjoint_box

    def spy(self: Painter, at: QPointF, text: str, colour: str) -> QRectF:
        labels.append(tag(self, at, text, colour))
        return labels[-1]

    def spy_box(self: Painter, c: QPointF, adjoint: tuple[str, float]) -> tuple[QRectF, str]:
        adjoints.append(box_of(self, c, adjoint)[0])
        return box_of(self, c, adjoint)

    monkeypatch.setattr(Painter, "_tag", spy)
    monkeypatch.setattr(Painter, "_adjoint_box", spy_box)
    view.resize(*size)
    view.draw(session.moment())
    view.grab()
    assert adjoints or size[0] < 1000
    assert not [label for label in labels if any(label.intersects(box) for box in adjoints)]
