"""The picture of a network: gradients at its edges, one sample or all of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from helpers.pictures import WIDE, array, at, value, xor
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.complete import load
from core.library import open_target
from stepper import theme
from stepper.views.network import NetworkView
from stepper.widgets.net_layout import Item
from stepper.widgets.net_lens import Lens
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


# -- edges -------------------------------------------------------------------------------------------


def test_edges_show_gradients(view: NetworkView, qtbot: QtBot) -> None:
    session = xor("db1")
    view.draw(session.moment())
    qtbot.mouseClick(view.bar.gradients, Qt.MouseButton.LeftButton)
    scene, moment = view.scene(), session.moment()
    assert scene is not None and scene.gradients
    for name, kind, layer in (("dW1", "weight", 1), ("dW2", "weight", 2), ("db1", "bias", 1)):
        gradient = array(moment, name)
        for (unit, source), number in np.ndenumerate(gradient):
            item = Item(kind, layer, unit, source)
            assert scene.number(item) == number and scene.target(item) == (value(session, name), (unit, source))
    assert "gradient > 0" in legend_of(view) and "weight" not in legend_of(view)
    text = view.describe(Item("weight", 1, 2, 1))
    assert "dW1[2, 1] = " in text and "W1 = " in text
    with qtbot.waitSignal(view.value_clicked) as caught:
        qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=view.canvas.position_of(Item("weight", 2, 0, 1)))
    assert caught.args == [value(session, "dW2"), (0, 1)]


def test_gradients_that_are_not_computed_are_hollow_and_said(view: NetworkView) -> None:
    session = xor("A2")
    view.draw(session.moment())
    view.set_edges(True)
    scene = view.scene()
    assert scene is not None and scene.waiting and scene.number(Item("weight", 1, 0, 0)) is None
    assert "it comes with the backward lines" in legend_of(view)
    assert "not computed yet" in view.describe(Item("weight", 1, 0, 0))
    session.go(1, next(i.index for i in session.program.instructions if i.result == value(session, "dW2")) + 1)
    view.draw(session.moment())
    scene = view.scene()
    assert scene is not None and not scene.waiting and scene.number(Item("weight", 1, 0, 0)) is None
    assert "no gradient yet" in legend_of(view)


def test_gradients_have_a_scale_of_their_own_that_only_grows(view: NetworkView) -> None:
    session = xor("dW1")
    view.draw(session.moment())
    view.set_edges(True)
    before = view.scene()
    assert before is not None and 0 < before.edge_scale == before.gradient_scale < before.weight_scale
    session.run(300)
    view.draw(session.moment())
    session.go(1, len(session.program))
    view.draw(session.moment())
    after = view.scene()
    assert after is not None and after.gradient_scale >= before.gradient_scale


# -- samples -----------------------------------------------------------------------------------------


def test_the_slider_and_the_box_go_together_and_tell_the_place_in_the_data(view: NetworkView, qtbot: QtBot) -> None:
    session = at(open_target("digits").program, "L", 2)
    moment = session.moment()
    view.draw(moment)
    assert view.bar.slider.maximum() == view.sample.maximum() == 32
    with qtbot.waitSignal(view.sample_clicked) as caught:
        view.bar.slider.setValue(7)
    assert caught.args == [int(moment.samples[6])] and view.sample.value() == 7
    with qtbot.waitSignal(view.sample_clicked) as caught:
        view.sample.setValue(9)
    assert caught.args == [int(moment.samples[8])] and view.bar.slider.value() == 9


def test_a_sample_chosen_elsewhere_is_shown(view: NetworkView, qtbot: QtBot) -> None:
    session = at(open_target("digits").program, "L", 2)
    view.draw(session.moment())
    chosen = int(session.moment().samples[11])
    session.select_sample(chosen)
    with qtbot.assertNotEmitted(view.sample_clicked):
        view.draw(session.moment())
    assert view.sample.value() == 12 and view.scene().sample == 11  # type: ignore[union-attr]
    session.later("iteration")
    while chosen in session.moment().samples:
        session.later("iteration")
    view.draw(session.moment())
    assert view.sample.value() == 12
    assert f"sample {chosen + 1}, chosen elsewhere, is not in this batch" in legend_of(view)
    assert f"number {int(session.moment().samples[11]) + 1} of the " in view.bar.slider.toolTip()


def test_what_was_chosen_here_is_not_taken_back(view: NetworkView) -> None:
    session = xor("L")
    session.select_sample(2)
    view.draw(session.moment())
    assert view.sample.value() == 3
    view.sample_clicked.connect(session.select_sample)
    view.sample.setValue(2)
    assert session.selection.sample == 1
    session.later()
    view.draw(session.moment())
    assert view.sample.value() == 2


def test_all_samples_at_once(view: NetworkView, qtbot: QtBot) -> None:
    session = xor("dZ2")
    view.draw(session.moment())
    with qtbot.waitSignal(view.sample_clicked) as caught:
        qtbot.mouseClick(view.bar.all, Qt.MouseButton.LeftButton)
    assert caught.args == [None]
    scene = view.scene()
    assert scene is not None and scene.stripes == 4
    np.testing.assert_array_equal(scene.column(1), array(session.moment(), "A1"))
    assert "a stripe for each of the 4 samples" in legend_of(view) and "adjoint" not in legend_of(view)
    g = view.canvas.geometry_
    assert g is not None
    for sample in range(4):
        place = g.centre(1, 2) + QPointF((sample + 0.5) / 2 * g.radius - g.radius, 0)
        assert item_at(g, place) == Item("unit", 1, 2, 0, sample)
        assert scene.target(Item("unit", 1, 2, 0, sample)) == (value(session, "A1"), (2, sample))
    assert f"sample 2\nA1[2, 1] = {array(session.moment(), 'A1')[2, 1]!s}" in view.describe(Item("unit", 1, 2, 0, 1))
    assert "all samples" in view.describe(Item("unit", 1, 2))
    view.sample.setValue(3)
    assert not view.bar.all.isChecked() and view.scene().sample == 2  # type: ignore[union-attr]


def test_each_stripe_has_the_colour_of_its_sample(view: NetworkView) -> None:
    session = xor("A1")
    view.draw(session.moment())
    view.bar.all.setChecked(True)
    g, scene = view.canvas.geometry_, view.scene()
    assert g is not None and scene is not None
    picture = view.canvas.grab().toImage()
    for sample in range(4):
        place = (g.centre(1, 1) + QPointF((sample + 0.5) / 2 * g.radius - g.radius, 0)).toPoint()
        wanted = theme.diverging(float(array(session.moment(), "A1")[1, sample]), scene.unit_scales[1])
        assert QColor(picture.pixel(place)).name() == wanted.name()


def test_all_samples_of_rows_and_of_wide_layers(view: NetworkView) -> None:
    session = at(open_target("rows").program, "A1")
    view.draw(session.moment())
    view.bar.all.setChecked(True)
    np.testing.assert_array_equal(view.scene().column(1), array(session.moment(), "A1").T)  # type: ignore[union-attr]
    session = at(load(WIDE), "A1")
    view.draw(session.moment())
    view.bar.all.setChecked(True)
    lens = hover(view, Item("unit", 1, 30, 0, 13))
    assert lens is not None and lens.at == (30, 13) and (lens.heat.rows, lens.heat.columns) == (40, 20)
    assert lens.cells is not None and lens.cells[30, 13] == array(session.moment(), "A1")[30, 13]
