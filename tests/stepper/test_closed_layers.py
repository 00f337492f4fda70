"""Layers of a saved network that are not stepped: boxes at the end of both pictures, for mouse, keyboard and screen reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from core.files.saved import Layer
from core.library import open_target
from core.session import Session, session_of
from stepper import theme
from stepper.models.closed_words import describe, line_of, lines_of, parted
from stepper.views.graph import GraphView
from stepper.views.network import NetworkView
from stepper.widgets.net_items import Item
from stepper.widgets.net_pick import item_at

CONV = Layer(
    "box", "conv", ("h",), ("c",), "", {"weight": "conv.weight", "bias": "conv.bias"}, {"class": "torch.nn.modules.conv.Conv2d"},
    False, "a <b>convolution</b> \u202e cannot be stepped",
)  # fmt: skip
RELU = Layer("activation", "act", ("c",), ("a",), "relu")
SHAPES = {"conv.weight": (8, 1, 3, 3), "conv.bias": (8,)}
SIZES = [(1280, 560), (620, 330), (330, 200), (200, 160), (2400, 1200)]


def session(closed: tuple[Layer, ...] = (CONV, RELU), target: str = "xor") -> Session:
    made = session_of(open_target(target))
    made.closed = made.layers = closed
    made.shapes = SHAPES
    made.later()
    return made


def shown(view: Any, qtbot: Any, of: Session, size: tuple[int, int] = (900, 420)) -> Any:
    qtbot.addWidget(view)
    view.resize(*size)
    view.show()
    view.draw(of.moment())
    return view


def many(n: int) -> tuple[Layer, ...]:
    return tuple(Layer("box", f"layer{k}", steppable=False, why="no", tensors={"weight": f"w{k}"}) for k in range(n))


def image(widget: QWidget) -> QImage:
    return widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def test_a_program_without_closed_layers_looks_as_before(qtbot: Any) -> None:
    of = session(())
    view = shown(NetworkView(), qtbot, of)
    assert view.canvas.geometry_.closed == 0
    assert all(items[0].kind != "closed" for items in view.canvas.geometry_.columns())
    graph = shown(GraphView(), qtbot, of)
    assert graph.canvas.content == graph.canvas.places.size
    assert "closed" not in [sign for sign, _ in graph.legend.entries]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [1, 2, 20])
def test_boxes_stand_in_the_picture_beside_all_others(qtbot: Any, size: tuple[int, int], count: int) -> None:
    view = shown(NetworkView(), qtbot, session(many(count)), size)
    g = view.canvas.geometry_
    assert 1 <= len(g.closed_boxes) <= count
    for box in g.closed_boxes:
        assert box.top() >= g.header - 1 and box.bottom() <= g.height + 1
        assert not box.intersects(g.loss_box())
        assert item_at(g, box.center()) is not None and item_at(g, box.center()).kind == "closed"
        if size[0] >= 330:
            assert box.right() <= g.width and box.width() >= 30
    tops = [box.top() for box in g.closed_boxes]
    assert tops == sorted(tops)
    assert sum(map(len, parted(many(count), len(g.closed_boxes)))) == count


def test_a_click_on_a_box_tells_the_layer(qtbot: Any) -> None:
    view = shown(NetworkView(), qtbot, session())
    told: list[str] = []
    view.closed_clicked.connect(told.append)
    for n in range(2):
        QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=view.canvas.position_of(Item("closed", 0, n)))
    assert told == ["conv", "act"]
    view.canvas.zoom_by(3.0, QPointF(view.canvas.width(), view.canvas.height() / 2))
    QTest.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=view.canvas.position_of(Item("closed", 0, 0)))
    assert told[-1] == "conv"


def test_the_keyboard_reaches_the_boxes_and_a_screen_reader_hears_of_them(qtbot: Any) -> None:
    view = shown(NetworkView(), qtbot, session())
    told: list[str] = []
    view.closed_clicked.connect(told.append)
    view.canvas.setFocus()
    qtbot.waitUntil(view.canvas.hasFocus)
    for _ in view.canvas.geometry_.columns():
        QTest.keyClick(view.canvas, Qt.Key.Key_Tab)
        if view.canvas.focus is not None and view.canvas.focus.kind == "closed":
            break
    assert view.canvas.focus is not None and view.canvas.focus.kind == "closed"
    assert "closed" in view.canvas.accessibleDescription()
    QTest.keyClick(view.canvas, Qt.Key.Key_Up)
    assert view.canvas.focus == Item("closed", 0, 0) and "8×1×3×3" in view.canvas.accessibleDescription()
    QTest.keyClick(view.canvas, Qt.Key.Key_Down)
    QTest.keyClick(view.canvas, Qt.Key.Key_Return)
    assert told == ["act"]
    QTest.keyClick(view.canvas, Qt.Key.Key_Down)
    assert view.canvas.focus == Item("closed", 0, 1)


def test_the_graph_has_them_at_its_end_for_mouse_and_keyboard(qtbot: Any) -> None:
    view = shown(GraphView(), qtbot, session())
    canvas = view.canvas
    told: list[str] = []
    view.closed_clicked.connect(told.append)
    nodes = len(canvas.places.boxes)
    assert canvas.content.width() > canvas.places.size.width()
    canvas.fit()
    at = canvas.place_of(nodes).center().toPoint()
    assert canvas.node_at(QPointF(at)) == nodes
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert told[0] == "conv"
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert canvas.focus == nodes + 1 and "act" in canvas.accessibleDescription()
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    assert told[-1] == "act"
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert canvas.focus == nodes + 1
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    assert canvas.focus == nodes - 1
    assert "closed" in [sign for sign, _ in view.legend.entries]
    view.draw(session(()).moment())
    assert canvas.node_at(QPointF(at)) != nodes


@pytest.mark.parametrize("target", ["xor", "digits", "first-seed", "rows"])
def test_the_boxes_of_the_graph_cover_no_operation(qtbot: Any, target: str) -> None:
    view = shown(GraphView(), qtbot, session(many(20), target))
    canvas = view.canvas
    nodes = len(canvas.places.boxes)
    boxes = [canvas.place_of(nodes + n) for n in range(4)]
    assert not any(box.intersects(canvas.place_of(n)) for box in boxes for n in range(nodes))


def test_what_is_said_of_a_layer_is_never_markup_and_never_turns_the_text() -> None:
    told = describe((CONV,), SHAPES)
    assert told.splitlines()[0] == "▣ conv (Conv2d): closed, it is not stepped"
    assert "\u202e" not in told and "\\u202e" in told
    assert "weight: conv.weight 8×1×3×3" in told and "bias: conv.bias 8" in told
    odd = Layer("box", "n" * 10**6, attributes={"class": "<i>\u202eX" * 1000}, why="w" * 20_000, tensors={"a" * 500: "b" * 500})
    assert len(describe((odd,), {})) < 1200 and all(len(line) < 120 for line in lines_of((odd,)))
    plain = Layer("box", "2", steppable=False)  # a file of weights alone does not say its class
    assert lines_of((plain,)) == ("▣ 2", "closed layer") and line_of((plain,)) == "▣ 2 · closed layer"
    assert describe((plain,), {}).startswith("▣ 2: closed,")
    assert lines_of(many(3)) == ("▣ and 3 more", "closed")
    assert line_of(many(3), long=False) == "▣ +3" and line_of((RELU,)) == "▣ act · activation"
    assert "and 8 more" in describe(many(20), {}) and "What enters it" in describe((RELU,), {})


@pytest.mark.parametrize("view", [NetworkView, GraphView])
@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_boxes_are_painted_in_both_colours(qtbot: Any, view: Any, name: str) -> None:
    before = theme.current().name
    theme.apply(name)
    try:
        plain, closed = (image(shown(view(), qtbot, session(c))) for c in ((), (CONV,)))
        assert plain.size() == closed.size() and plain != closed
    finally:
        theme.apply(before)


def test_where_nothing_can_be_drawn_the_closed_layers_are_told(qtbot: Any, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("# data\nX = np.array([[1.0, 2.0]])\n# forward\nA = relu(X)\n", "utf-8")
    of = session((CONV,), str(tmp_path / "a.py"))
    view = shown(NetworkView(), qtbot, of)
    assert "conv (Conv2d)" in view.hint.text()


def test_a_real_network_with_a_convolution_has_its_layers_closed(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    nn = torch.nn
    net = nn.Sequential(
        nn.Linear(4, 16), nn.ReLU(), nn.Unflatten(1, (1, 4, 4)), nn.Conv2d(1, 8, 3), nn.Flatten(), nn.Linear(32, 3)
    )
    torch.save(net, tmp_path / "net.pt")
    moment = session_of(open_target(str(tmp_path / "net.pt"))).moment()
    assert [n.name for n in moment.closed][-3:] == ["3", "4", "5"]
    assert moment.shapes["3.weight"] == (8, 1, 3, 3)


def test_where_a_box_is(qtbot: Any) -> None:
    view = shown(NetworkView(), qtbot, session())
    at = view.canvas.position_of(Item("closed", 0, 0))
    assert isinstance(at, QPoint) and view.canvas.item_at(QPointF(at)) == Item("closed", 0, 0)
