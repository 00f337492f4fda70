"""The picture of a network: the lens over heat maps, zoom, what is out of date, its looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from helpers.pictures import WIDE, array, at, value, xor
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from core.complete import load
from core.program.network import network_of
from stepper import theme
from stepper.views.network import NetworkView
from stepper.widgets.net_items import Item
from stepper.widgets.net_lens import Lens, LensPainter
from stepper.widgets.net_measures import geometry_of
from stepper.widgets.net_pick import item_at


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[NetworkView]:
    theme.apply("light")
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1000, 460)
    found = NetworkView(window)
    found.resize(980, 440)
    window.show()
    qtbot.waitExposed(window)
    yield found
    theme.apply("light")
    del window


def legend_of(view: NetworkView) -> str:
    return view.legend.accessibleDescription()


def hover(view: NetworkView, item: Item) -> Lens | None:
    view.canvas.point_at(QPointF(view.canvas.position_of(item)))
    return view.canvas.lens()


def press(view: NetworkView, key: Qt.Key) -> None:
    QTest.keyClick(view.canvas, key)


def claimed(view: NetworkView, key: Qt.Key) -> bool:
    event = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
    event.ignore()
    QApplication.sendEvent(view.canvas, event)
    return event.isAccepted()


# -- the lens ----------------------------------------------------------------------------------------


def move_over(widget: QWidget, place: QPoint) -> None:
    """Have the mouse be over a place, whatever other window an earlier test has left there."""
    far = widget.mapToGlobal(place)
    no = Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(place), QPointF(far), no, no, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def test_the_lens_shows_what_is_under_the_mouse_and_a_click_chooses_it(view: NetworkView, qtbot: QtBot) -> None:
    session = at(load(WIDE), "L")
    view.draw(session.moment())
    view.canvas.repaint()
    place = view.canvas.position_of(Item("weight", 1, 21, 33))
    move_over(view.canvas, place)
    lens = view.canvas.lens()
    assert lens is not None and lens.cells is not None
    row, column = lens.at
    assert lens.words[1] == f"W1[{row}, {column}] = {array(session.moment(), 'W1')[row, column]!s}"
    rows, columns = lens.shown()
    assert row in rows and column in columns and len(rows) == len(columns) == 5
    picture = view.canvas.picture
    view.canvas.repaint()
    assert view.canvas.picture is picture  # only the lens is painted anew
    with qtbot.waitSignal(view.value_clicked) as caught:
        qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=place)
    assert caught.args == [value(session, "W1"), (row, column)]
    QApplication.sendEvent(view.canvas, QEvent(QEvent.Type.Leave))
    assert view.canvas.lens() is None


@pytest.mark.parametrize("item", [Item("weight", 1, 0, 0), Item("weight", 1, 39, 63), Item("unit", 1, 39), Item("bias", 1, 20)])
def test_the_lens_stops_at_the_rim(view: NetworkView, item: Item) -> None:
    view.draw(at(load(WIDE), "L").moment())
    lens = hover(view, item)
    assert lens is not None
    rows, columns = lens.shown()
    assert rows[0] >= 0 and rows[-1] < lens.heat.rows and columns[0] >= 0 and columns[-1] < lens.heat.columns


@pytest.mark.parametrize("size", [(560, 320), (980, 440), (1800, 900)])
def test_the_lens_never_covers_its_cell(view: NetworkView, size: tuple[int, int]) -> None:
    view.resize(*size)
    view.draw(at(load(WIDE), "L").moment())
    for item in (
        Item("weight", 1, 0, 0),
        Item("weight", 1, 39, 63),
        Item("weight", 1, 20, 32),
        Item("unit", 1, 0),
        Item("unit", 0, 63),
    ):
        lens = hover(view, item)
        assert lens is not None
        pixmap = QPixmap(view.canvas.size())
        painter = QPainter(pixmap)
        shown = LensPainter(painter, lens, QRectF(view.canvas.rect()), view.canvas.offset)
        painter.end()
        assert not shown.rect.intersects(lens.heat.cell(*lens.at)), item
        assert QRectF(view.canvas.rect()).adjusted(-1, -1, 1, 1).contains(shown.rect), item


def test_the_lens_by_the_keyboard(view: NetworkView, qtbot: QtBot) -> None:
    session = at(load(WIDE), "L")
    view.draw(session.moment())
    view.canvas.setFocus(Qt.FocusReason.TabFocusReason)
    assert not claimed(view, Qt.Key.Key_Left) or view.canvas.focus == Item("unit", 0, 0)
    press(view, Qt.Key.Key_Tab)
    assert view.canvas.focus == Item("weight", 1, 0, -1) and view.canvas.lens() is None
    assert "the weights into layer 1, 40×64" in view.canvas.accessibleDescription()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_PageDown, Qt.Key.Key_Right, Qt.Key.Key_Up):
        assert claimed(view, key)
        press(view, key)
    assert view.canvas.focus == Item("weight", 1, 10, 1)
    assert "W1[10, 1]" in view.canvas.accessibleDescription()
    lens = view.canvas.lens()
    assert lens is not None and lens.at == (10, 1)
    with qtbot.waitSignal(view.value_clicked) as caught:
        press(view, Qt.Key.Key_Return)
    assert caught.args == [value(session, "W1"), (10, 1)]
    view.canvas.focus = Item("unit", 2, 0)
    assert not claimed(view, Qt.Key.Key_Left) and not claimed(view, Qt.Key.Key_Right) and claimed(view, Qt.Key.Key_Up)


def test_64_inputs_are_the_picture_that_they_are(view: NetworkView) -> None:
    session = at(load(WIDE), "L")
    view.draw(session.moment())
    g = view.canvas.geometry_
    assert g is not None and g.pixels(0) == 8 and g.strip(0).width() == pytest.approx(g.strip(0).height())
    for unit in (0, 7, 8, 37, 63):
        assert item_at(g, g.centre(0, unit)) == Item("unit", 0, unit)
    lens = hover(view, Item("unit", 0, 37))
    assert lens is not None and lens.cells is not None and lens.at == (4, 5)
    np.testing.assert_array_equal(lens.cells, array(session.moment(), "X")[:, 0].reshape(8, 8))


@pytest.mark.parametrize("name", ["light", "dark"])
def test_nan_in_the_lens_and_in_stripes_keeps_its_sign(view: NetworkView, name: str) -> None:
    theme.apply(name)
    view.draw(at(load(WIDE.replace("np.zeros((40, 1))", "np.zeros((40, 1)) / 0")), "L").moment())
    view.canvas.repaint()
    hover(view, Item("unit", 1, 20))
    error = QColor(theme.current().error).rgb()
    for on in (False, True):
        view.bar.all.setChecked(on)
        picture = view.canvas.grab().toImage()
        assert any(picture.pixel(x, y) == error for x in range(0, picture.width(), 2) for y in range(0, picture.height(), 2))


# -- zoom --------------------------------------------------------------------------------------------


def test_zoom_by_buttons_keys_and_double_click(view: NetworkView, qtbot: QtBot) -> None:
    view.draw(at(load(WIDE), "L").moment())
    canvas, corner = view.canvas, view.canvas.corner
    assert corner.bigger.isEnabled() and not corner.smaller.isEnabled() and not corner.whole.isEnabled()
    assert canvas.rect().contains(corner.geometry())
    for way in (
        lambda: corner.whole.click(),
        lambda: press(view, Qt.Key.Key_F),
        lambda: qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton),
    ):
        corner.bigger.click()
        assert canvas.zoom == 1.25 and corner.smaller.isEnabled()
        way()
        assert canvas.zoom == 1.0 and canvas.offset == QPointF(0, 0)
    for _ in range(4):
        press(view, Qt.Key.Key_Plus)
    before = canvas.offset
    press(view, Qt.Key.Key_S)
    press(view, Qt.Key.Key_D)
    assert canvas.offset.x() < before.x() and canvas.offset.y() < before.y()
    wide = canvas.geometry_.weights_block(1).width()  # type: ignore[union-attr]
    press(view, Qt.Key.Key_0)
    assert wide > 1.5 * canvas.geometry_.weights_block(1).width()  # type: ignore[union-attr]


def test_the_picture_follows_a_zoom_to_the_item_of_the_keyboard(view: NetworkView) -> None:
    view.draw(at(load(WIDE), "L").moment())
    view.canvas.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(8):
        press(view, Qt.Key.Key_Plus)
    for _ in range(6):
        press(view, Qt.Key.Key_Tab)
        focus = view.canvas.focus
        assert focus is not None and view.canvas.rect().contains(view.canvas.position_of(focus))


# -- out of date, changed by hand --------------------------------------------------------------------


def test_what_is_out_of_date_looks_so_and_a_change_is_marked(view: NetworkView) -> None:
    session = xor("L")
    session.change_cell(value(session, "W1"), (0, 1), "0.5")
    moment = session.moment()
    assert moment.stale and moment.edited
    view.draw(moment)
    scene = view.scene()
    assert scene is not None
    assert scene.stale(Item("unit", 1, 0)) and scene.stale(Item("loss", 0)) and not scene.stale(Item("unit", 0, 0))
    assert [i for i in range(3) if scene.edited(Item("weight", 1, i, 1))] == [0]
    assert "out of date" in view.caption.text()
    assert "out of date" in legend_of(view) and "changed by hand" in legend_of(view)
    assert "✎ changed by hand" in view.describe(Item("weight", 1, 0, 1))
    assert "out of date" in view.describe(Item("unit", 1, 0))
    fresh = replace(moment, old={}, edited={})
    with_marks = view.canvas.grab().toImage()
    view.draw(fresh)
    assert "out of date" not in view.caption.text() + legend_of(view)
    assert view.canvas.grab().toImage() != with_marks


# -- looks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [300, 400, 560, 900, 1400])
@pytest.mark.parametrize("name", ["light", "dark"])
def test_nothing_is_cut_off(view: NetworkView, width: int, name: str) -> None:
    theme.apply(name)
    view.window().resize(width, 420)
    view.resize(width, 420)
    view.draw(xor("dW1").moment())
    QApplication.processEvents()
    QApplication.processEvents()
    for widget in (*view.bar.findChildren(QLabel), *view.bar.findChildren(QAbstractButton), view.bar):
        if widget.isVisible():
            assert widget.width() >= widget.sizeHint().width() and view.rect().contains(
                QRect(widget.mapTo(view, QPoint()), widget.size())
            ), widget
    assert view.legend.height() >= view.legend.heightForWidth(view.legend.width())


def test_everything_has_a_name_and_the_keyboard(view: NetworkView) -> None:
    view.draw(xor("L").moment())
    parts = [w for w in view.findChildren(QWidget) if w.isVisible() and w.focusPolicy() != Qt.FocusPolicy.NoFocus]
    assert {view.bar.weights, view.bar.gradients, view.bar.all, view.bar.slider, view.sample, view.canvas} <= set(parts)
    assert view.canvas.corner.bigger in parts
    assert all(w.accessibleName() for w in parts)
    assert all(b.toolTip() for b in view.findChildren(QAbstractButton))


@pytest.mark.parametrize("name", ["light", "dark"])
def test_what_is_switched_on_stands_out(view: NetworkView, name: str) -> None:
    theme.apply(name)
    view.draw(xor("L").moment())
    t = theme.current()
    on, off = (b.grab().toImage() for b in (view.bar.weights, view.bar.gradients))
    assert on.pixelColor(on.width() // 2, 1).name() == t.selection
    assert off.pixelColor(off.width() // 2, 1).name() != t.selection
    assert theme.contrast(t.selection, t.panel) >= 4.5
    assert min(theme.contrast(t.dim, t.panel), theme.contrast(t.text, t.panel)) >= 4.5


def test_blocks_of_weights_keep_clear_of_biases() -> None:
    moment = at(load(WIDE), "").moment()
    network = network_of(moment.program, moment.shape)
    assert network is not None
    for size in ((900, 400), (1400, 800)):
        g = geometry_of(network, *size)
        assert g.weights_block(2).right() < g.bias_box(2, 0).left() and g.weights_block(1).left() > g.strip(0).right()
