"""What a view says leads to what it should: a choice in any view is seen by all, stops and changes arrive."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QLabel, QMenu
from pytestqt.qtbot import QtBot

from core.notes import Breakpoint
from stepper.main_window import MainWindow
from stepper.views.curves import CurvesView
from stepper.views.loss import LossView
from stepper.widgets.matrix import MatrixWidget

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
VALUES = ("program", "network", "graph", "operation", "line", "update", "value", "why")
SHOWING = ("program", "network", "graph", "operation", "value", "why")
SAMPLES = ("network", "data", "why")
ITERATIONS = ("loss", "curves")


@pytest.fixture
def all_views(window: MainWindow, qtbot: QtBot) -> MainWindow:
    window.actions_["arrange-debug"].trigger()
    for name in window.panels.docks:
        window.panels.view(name)
    window.controller.later("iteration")
    return window


def shows(window: MainWindow, name: str, label: str, cell: tuple[int, int]) -> bool:
    """Tell whether a panel shows a cell of a value as the chosen one, in its own way."""
    view: Any = window.panels.view(name)
    place = f"{label}[{cell[0]}, {cell[1]}]"
    if name == "program":
        rows = [view.model.row(i) for i in range(view.model.rowCount())]
        return [r.text.split(" = ")[0] for r in rows if r.selected] == [label]
    if name == "network":
        items, _ = view.scene().selected()
        return any(item.unit == cell[0] for item in items)
    if name == "graph":
        scene = view.canvas._scene
        return scene.selected is not None and scene.moment.program.gradients["W1"] in scene.values(
            scene.graph.nodes[scene.selected]
        )
    if name == "operation":
        return any(m.isVisible() and m.name == label and m.selected == cell for m in view.findChildren(MatrixWidget))
    if name == "value":
        words = " ".join(x.text() for x in view.findChildren(QLabel) if x.isVisible())
        return label in words and view.heat.isVisible() and place in view.heat.accessibleDescription()
    assert name == "why"
    return view.title_label.text().startswith(f"{place} = ")


@pytest.mark.parametrize("other", SHOWING)
@pytest.mark.parametrize("name", VALUES)
def test_a_value_chosen_in_a_view_is_shown_in_every_other(all_views: MainWindow, qtbot: QtBot, name: str, other: str) -> None:
    program = all_views.controller.session.program
    index = program.gradients["W1"]
    all_views.controller.go(2, program.makers[index] + 1)
    all_views.panels.show_panel(other)
    all_views.panels.view(name).value_clicked.emit(index, (1, 0))
    qtbot.waitUntil(lambda: all_views.panels.views[other] not in all_views.drawer.waiting)
    assert shows(all_views, other, "dW1", (1, 0))
    all_views.panels.view(name).value_clicked.emit(index, (2, 1))
    qtbot.waitUntil(lambda: all_views.panels.views[other] not in all_views.drawer.waiting)
    assert shows(all_views, other, "dW1", (2, 1))


def test_a_cell_opens_what_explains_it_unless_that_was_closed(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.later("iteration")
    index = window.controller.session.program.gradients["W1"]
    assert not window.panels.is_shown("why")
    window.operation_view.value_clicked.emit(index, (0, 0))
    assert window.panels.is_shown("why") and window.panels.is_shown("value")
    window.panels.hide_panel("why")
    window.panels.hide_panel("value")
    window.operation_view.value_clicked.emit(index, (0, 1))
    assert not window.panels.is_shown("why")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_chosen_in_a_view_is_chosen_everywhere(all_views: MainWindow, name: str) -> None:
    all_views.panels.view(name).sample_clicked.emit(2)  # type: ignore[attr-defined]
    assert all_views.moment is not None and all_views.moment.selection.sample == 2


@pytest.mark.parametrize("name", ITERATIONS)
def test_travelling(all_views: MainWindow, name: str) -> None:
    all_views.panels.view(name).iteration_clicked.emit(4)  # type: ignore[attr-defined]
    assert all_views.moment is not None and all_views.moment.position.iteration == 4


def test_the_graph_goes_to_an_operation(all_views: MainWindow) -> None:
    all_views.panels.view("graph").instruction_clicked.emit(5)  # type: ignore[attr-defined]
    assert all_views.moment is not None and all_views.moment.lit is not None
    assert all_views.moment.lit.index == 5


def test_a_breakpoint_from_either_view(all_views: MainWindow) -> None:
    all_views.program_view.stop_clicked.emit(3)
    assert all_views.moment is not None and len(all_views.moment.notes.breakpoints) == 1
    all_views.panels.view("notes").breakpoint_added.emit(Breakpoint("condition", "L > 0.5"))  # type: ignore[attr-defined]
    assert len(all_views.moment.notes.breakpoints) == 2
    all_views.panels.view("why").stop_wanted.emit("W1[0, 0]")  # type: ignore[attr-defined]
    assert len(all_views.moment.notes.breakpoints) == 3
    assert all_views.message.is_news
    all_views.controller.earlier("operation")
    assert not all_views.message.isVisible()


def test_a_watch_is_plotted_among_the_curves(all_views: MainWindow, qtbot: QtBot) -> None:
    all_views.panels.view("why").plot_wanted.emit("W1[0, 0]")  # type: ignore[attr-defined]
    assert all_views.moment is not None
    assert [w.text for w in all_views.moment.notes.watches] == ["W1[0, 0]"]
    qtbot.waitUntil(lambda: all_views.panels.is_in_front("curves"))


def test_the_scale_of_the_loss_is_one(all_views: MainWindow) -> None:
    curves, loss = all_views.panels.view("curves"), all_views.panels.view("loss")
    assert isinstance(curves, CurvesView) and isinstance(loss, LossView)
    loss.header.log_button.click()
    assert all_views.settings.get("log") == 1
    assert curves.header.log_button.isChecked()
    curves.header.log_button.click()
    assert all_views.settings.get("log") == 0
    assert not loss.header.log_button.isChecked()


def test_the_menu_of_a_line_is_of_the_one_table(all_views: MainWindow, qtbot: QtBot) -> None:
    all_views.program_view.menu_wanted.emit(all_views.pos())
    menu = all_views.panels.findChild(QMenu)
    assert isinstance(menu, QMenu)
    assert all_views.actions_["stop-line"] in menu.actions()
    menu.close()


def test_a_change_by_hand_and_back(all_views: MainWindow) -> None:
    assert all_views.moment is not None
    weights = all_views.moment.program.inputs["W1"]
    undo, recompute = all_views.actions_["undo"], all_views.actions_["recompute"]
    assert not undo.isEnabled() and not recompute.isEnabled()
    assert all_views.possible.why_not("undo") == "nothing was changed by hand"
    all_views.panels.view("value").cell_edited.emit(weights, (0, 0), "1.5")  # type: ignore[attr-defined]
    assert all_views.moment.stale and undo.isEnabled() and recompute.isEnabled()
    assert all_views.stale_bar.isVisible()
    all_views.actions_["first-page"].trigger()
    assert not all_views.stale_bar.isVisible() and not undo.isEnabled()
    all_views.show_panels()
    assert all_views.stale_bar.isVisible()
    recompute.trigger()
    assert not all_views.moment.stale and not all_views.stale_bar.isVisible()
    undo.trigger()
    assert not undo.isEnabled() and all_views.actions_["redo"].isEnabled()
