"""What holds for the looks of the whole window: names, contrast, nothing cut off, text that grows together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QLabel, QLineEdit, QMenu, QRadioButton, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from core.library import EXAMPLES, open_target
from core.notes import Breakpoint, Notes
from core.program.network import network_of
from core.session import Session
from stepper import theme
from stepper.main_window import MainWindow
from stepper.widgets.form_editor import Chooser
from stepper.widgets.grid import LEAST_SCALE
from stepper.widgets.grid_paint import tint
from stepper.widgets.matrix import MatrixWidget
from stepper.widgets.net_items import Item
from stepper.widgets.net_measures import geometry_of
from stepper.widgets.notes_tree import NotesTree

FAULTY = (
    "# data\nX = np.array([[0, 0, 1, 1, 0], [0, 1, 0, 1, 1]])\nY = np.array([[0, 1, 1, 0, 1]])\n"
    "# parameters\nW1 = np.ones((4, 2))\nW2 = np.ones((4, 4))\nlr = 0.5\n"
    "# forward\nA1 = tanh(W1 @ X)\nA2 = sigmoid(W2 @ X)\n# loss\nL = bce(A2, Y)\n"
)


@pytest.fixture
def zoomed(window: MainWindow) -> Iterator[MainWindow]:
    window.looks.zoom_by(4)
    QApplication.processEvents()
    window.drawer.draw_now()
    yield window
    window.looks.zoom_by(0)


def labels_of(widget: QWidget) -> list[QLabel]:
    return [label for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]


def test_whatever_takes_the_keyboard_has_a_name(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.later("operation")
    window.say("something")
    window.drawer.draw_now()
    buddies = {label.buddy() for label in window.findChildren(QLabel) if label.buddy() is not None}
    parts = [w for w in window.findChildren(QWidget) if w.isVisible()]
    found = [w for w in parts if w.focusPolicy() != Qt.FocusPolicy.NoFocus]
    assert len(found) > 15
    nameless = [w for w in found if not w.accessibleName() and w not in buddies]
    assert not nameless
    for view in (*window.views, window.top_bar, window.message):
        assert view.accessibleName()
    for button in window.top_bar.findChildren(QAbstractButton):
        assert button.toolTip()


def test_tab_goes_from_top_to_bottom(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.later("operation")
    window.drawer.draw_now()
    order: list[QWidget] = []
    at = window.top_bar.later_button
    for _ in range(400):
        if at.focusPolicy() & Qt.FocusPolicy.TabFocus and at.isVisible():
            order.append(at)
        at = at.nextInFocusChain()
        if at is window.top_bar.later_button:
            break
    views = [next((i for i, v in enumerate(window.views) if v.isAncestorOf(w) or v is w), -1) for w in order]
    forward = [v for v in views if v >= 0]
    assert forward == sorted(forward) and set(forward) == {0, 1, 2, 3}


@pytest.mark.parametrize("name", sorted(theme.THEMES))
def test_all_text_can_be_read(name: str) -> None:
    t = theme.THEMES[name]
    theme.apply(name)
    grounds = (t.window, t.panel)
    colours = (t.text, t.dim, t.error, t.read, t.written, t.selection, *t.phases.values(), *t.sizes)
    pairs = [(colour, ground) for colour in colours for ground in grounds]
    pairs += [(t.lit_text, t.lit), (t.error, t.lit), (t.accent_text, t.accent), (t.panel, t.selection)]
    pairs += [(t.text, tint(x, 1.0).name()) for x in np.linspace(-1, 1, 21)]
    bad = {pair: round(theme.contrast(*pair), 2) for pair in pairs if theme.contrast(*pair) < 4.5}
    theme.apply("light")
    assert not bad


def test_contrast_is_that_of_the_standard() -> None:
    assert theme.contrast("#ffffff", "#000000") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colours", sorted(theme.THEMES))
@pytest.mark.parametrize("target", sorted(EXAMPLES))
def test_no_text_is_cut_off_on_a_small_screen(window: MainWindow, target: str, colours: str, qtbot: QtBot) -> None:
    window.set_theme(colours)
    window.controller.open(target)
    assert window.moment is not None
    for k in (0, 4, window.moment.n // 2, window.moment.n):
        assert window.controller.session is not None
        window.controller.session.go(1, k)
        window.drawer.draw_now()
        QApplication.processEvents()
        for label in labels_of(window):
            lines = label.text().replace("&", "").split("\n")
            if not label.wordWrap() and label is not window.network_view.caption:
                widest = max(QFontMetrics(label.font()).horizontalAdvance(line) for line in lines)
                assert label.width() >= widest, (k, label.text())
            need = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
            assert label.height() >= need - 1, (k, label.text())
        inside = window.operation_view.equation.viewport().rect()
        matrices = [m for m in window.operation_view.findChildren(MatrixWidget) if m.isVisible()]
        tall = any(m.grid()[0] > 7 and not m.is_heat_map for m in matrices)
        for matrix in matrices:
            assert matrix.size() == matrix.sizeHint()
            at = matrix.mapTo(window.operation_view.equation.viewport(), matrix.rect().bottomRight())
            # Eight rows of numbers are more than a panel of this height can hold: they are scrolled.
            assert at.x() <= inside.right() and (tall or at.y() <= inside.bottom()), (k, matrix.name)


def test_all_text_grows_together(zoomed: MainWindow, qtbot: QtBot) -> None:
    points = QApplication.font().pointSizeF()
    assert zoomed.program_view.delegate.mono.pointSizeF() == pytest.approx(points)
    assert zoomed.program_view.delegate.small.pointSizeF() == pytest.approx(points - 1)
    view = zoomed.operation_view
    assert view.equation_label.font().pointSizeF() >= points
    assert view.phase_label.font().pointSizeF() == pytest.approx(points)
    scale = max(view.equation.scale, LEAST_SCALE)  # where the panel is short, heat maps shrink further, text does not
    matrix = next(m for m in view.findChildren(MatrixWidget) if m.isVisible())
    assert matrix.shown.fonts.mono.pointSizeF() == pytest.approx(points * scale - 0.5, abs=0.6)
    geometry = zoomed.network_view.canvas.geometry_
    assert geometry is not None and geometry.zoom > 1.2


def test_a_title_wider_than_its_matrix_is_not_cut(window: MainWindow, qtbot: QtBot) -> None:
    matrix = MatrixWidget(window)
    matrix.set_matrix("a_name_longer_than_its_matrix", np.zeros((3, 1)))
    grid = matrix.shown
    assert matrix.sizeHint().width() >= grid.body().left() + grid.title_width()


def test_matrices_use_the_room_there_is(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(1600, 1000)
    QApplication.processEvents()
    window.controller.later("operation")
    window.drawer.draw_now()
    assert window.operation_view.equation.scale > 1.2
    window.resize(900, 560)
    QApplication.processEvents()
    assert window.operation_view.equation.scale <= 1.0


def test_the_strip_is_low_until_there_is_a_loss(window: MainWindow, qtbot: QtBot) -> None:
    low = window.loss_view.height()
    assert low < 110
    window.controller.later("iteration")
    QApplication.processEvents()
    assert 125 <= window.loss_view.height() <= 205
    window.controller.to_start()
    QApplication.processEvents()
    assert window.loss_view.height() > low  # it does not jump back


def test_a_strip_that_a_person_moved_stays(window: MainWindow, qtbot: QtBot) -> None:
    edge = window.panels.docks["loss"].geometry().topLeft() + QPoint(300, -3)
    assert window.panels.isSeparator(edge)
    QTest.mousePress(window.panels, Qt.MouseButton.LeftButton, pos=edge)
    QTest.mouseRelease(window.panels, Qt.MouseButton.LeftButton, pos=edge)
    low = window.loss_view.height()
    window.controller.later("iteration")
    QApplication.processEvents()
    assert window.loss_view.height() == low


def test_what_to_press_first_stands_out(window: MainWindow, qtbot: QtBot) -> None:
    button, hint = window.top_bar.later_button, window.operation_view.hint_label
    image = button.grab().toImage()
    assert image.pixelColor(8, 8).name() == theme.current().accent
    assert hint.isVisible() and "later" in hint.text()
    window.controller.later("operation")
    window.drawer.draw_now()
    assert not hint.isVisible()


def test_a_line_that_fails_is_marked_and_later_says_why(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "faulty.py"
    path.write_text(FAULTY)
    window.controller.open(str(path))
    later = window.actions_["operation-later"]
    usual = later.toolTip()
    while later.isEnabled():
        window.controller.later("operation")
    window.drawer.draw_now()
    assert "W2 is 4×4, X is 2×5" in later.toolTip()
    assert window.top_bar.later_button.toolTip() == later.toolTip()
    view = window.operation_view
    shown = {m.name: m for m in view.findChildren(MatrixWidget) if m.isVisible()}
    assert shown.keys() == {"W2", "X"}
    assert shown["W2"].shown.clashes == (False, True) and shown["X"].shown.clashes == (True, False)
    culprits = [g for g in view.equation.glyphs if g.isVisible() and g.culprit]
    assert [g.text() for g in culprits] == ["@"]
    assert view.fault_label.isVisible() and not view.arithmetic_label.isVisible()
    assert any("✗" in line for line in (view.phase_label.text(), view.fault_label.text()))
    window.controller.earlier("operation")
    window.drawer.draw_now()
    assert later.toolTip() == usual and later.isEnabled()
    assert not any(m.shown.clashes[0] or m.shown.clashes[1] for m in view.findChildren(MatrixWidget) if m.isVisible())


def test_a_name_that_is_not_in_the_line_is_explained(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.later("iteration")
    window.drawer.draw_now()
    assert "b1_next is b1 after this update" in window.operation_view.part_label.text()


@pytest.mark.parametrize("target", ["xor", "flower", "first-seed"])
@pytest.mark.parametrize(("width", "height"), [(870, 235), (870, 205), (1180, 400), (1500, 700)])
def test_biases_and_their_rings_never_cover_a_neuron(target: str, width: int, height: int) -> None:
    opened = open_target(target)
    moment = Session(opened.program, target).moment()
    network = network_of(opened.program, moment.shape)
    assert network is not None
    g = geometry_of(network, width, height)
    if not g.bias_text:
        return
    for layer in range(1, len(network.layers) + 1):
        for unit in range(network.size(layer)):
            box = g.place_of(Item("bias", layer, unit)).adjusted(-10.5, -10.5, 10.5, 10.5)
            for other in range(network.size(layer)):
                c = g.centre(layer, other)
                near = QPointF(min(max(c.x(), box.left()), box.right()), min(max(c.y(), box.top()), box.bottom()))
                assert (near - c).manhattanLength() > 0 and np.hypot((near - c).x(), (near - c).y()) > g.radius - 1
        assert g.frame(layer).right() <= g.bias_box(layer, 0).left()


@pytest.mark.parametrize("name", sorted(theme.THEMES))
@pytest.mark.parametrize("kind", [QCheckBox, QRadioButton, QLineEdit, QSpinBox, Chooser])
def test_what_can_be_ticked_or_typed_into_has_an_outline_that_is_seen(name: str, kind: type[QWidget], qtbot: QtBot) -> None:
    theme.apply(name)
    page = QWidget()
    qtbot.addWidget(page)
    inside = kind(page)
    inside.setGeometry(10, 10, 60, 26)
    page.resize(80, 46)
    page.show()
    image, t = page.grab().toImage(), theme.current()
    middle = 10 + inside.height() // 2
    across = [image.pixelColor(x, middle) for x in range(10, 26)]
    theme.apply("light")
    # From left to right: the window, the outline, what is inside; the outline is told from both.
    seen = max(across, key=lambda colour: min(theme.contrast(colour, t.window), theme.contrast(colour, t.panel)))
    assert image.pixelColor(2, 2).name() == t.window
    assert min(theme.contrast(seen, t.window), theme.contrast(seen, t.panel)) >= 3


@pytest.mark.qt_log_ignore("This plugin does not support")
@pytest.mark.parametrize("name", sorted(theme.THEMES))
def test_the_list_below_a_choice_and_a_menu_can_be_read(name: str, qtbot: QtBot) -> None:
    theme.apply(name)
    page = QWidget()
    qtbot.addWidget(page)
    choice = Chooser(page)
    choice.addItems(["one", "two", "three"])
    page.show()
    choice.showPopup()
    QApplication.processEvents()
    below = choice.view().window().grab().toImage()
    ground = below.pixelColor(below.width() - 4, below.height() - 5)
    choice.hidePopup()
    menu = QMenu(choice)
    menu.addAction("one").setCheckable(True)
    theme.outline_menu(menu)
    menu.popup(QPoint(0, 0))
    QApplication.processEvents()
    shown = menu.grab().toImage()
    inside = shown.pixelColor(3, 3)
    box = max(theme.contrast(shown.pixelColor(x, shown.height() // 2), inside) for x in range(4, 16))
    menu.close()
    theme.apply("light")
    text = theme.THEMES[name].text
    assert min(theme.contrast(text, ground), theme.contrast(text, inside)) >= 7 and box >= 3


@pytest.mark.parametrize("name", sorted(theme.THEMES))
def test_the_box_of_a_stop_is_seen(name: str, qtbot: QtBot) -> None:
    theme.apply(name)
    tree = NotesTree()
    qtbot.addWidget(tree)
    stop = Breakpoint("finding", enabled=False)
    tree.show_notes(Notes().add(stop), {stop: ("a finding", "", "")}, ("", "", ""))
    tree.resize(300, 200)
    tree.show()
    image, t = tree.viewport().grab().toImage(), theme.current()
    stops = tree.topLevelItem(0)
    assert stops is not None
    row = tree.visualItemRect(stops.child(0))
    colours = [image.pixelColor(row.left() + x, row.center().y()) for x in range(30)]
    theme.apply("light")
    assert image.pixelColor(150, 190).name() == t.panel
    assert theme.contrast(colours[0], t.panel) < 1.1
    assert max(theme.contrast(c, t.panel) for c in colours[:20]) >= 3
