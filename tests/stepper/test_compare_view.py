"""Try a mend: what fits is offered, a second run is drawn beside the first, and what is taken is the mended program."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from core.complete import load
from core.health.remedies import REMEDIES, Mended
from core.library import open_target
from core.program.ir import Program
from core.session import Session, session_of
from stepper import theme
from stepper.views.compare import CompareView
from stepper.widgets.curve_panel import look_of


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[CompareView]:
    theme.apply("light")
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(420, 920)
    found = CompareView(window)
    found.resize(400, 900)
    window.show()
    qtbot.waitExposed(window)
    yield found
    del window


def ready(qtbot: QtBot, view: CompareView, session: Session) -> None:
    view.draw(session.moment())
    qtbot.waitUntil(lambda: len(view.fitting) == len(REMEDIES), timeout=20_000)


def finish(qtbot: QtBot, view: CompareView) -> None:
    qtbot.waitUntil(lambda: not view.busy, timeout=60_000)


def row(view: CompareView, row: int, column: int) -> str:
    item = view.pane.list.topLevelItem(row)
    return "" if item is None else item.text(column)


def test_what_fits_is_offered_with_what_it_does_not_mend(qtbot: QtBot, view: CompareView) -> None:
    ready(qtbot, view, session_of(open_target("flower")))
    texts = [view.card.list.item(row).text() for row in range(view.card.list.count())]
    assert len(texts) == len(REMEDIES) and texts[0] == "Fused loss"
    fits = [not t.endswith("does not fit") for t in texts]
    assert fits == sorted(fits, reverse=True), "what does not fit stands last"
    view.card.choose("fused-loss")
    assert "Its limits: It ends the NaN. It does not end the saturation" in view.card.keeps.text()
    assert "− 19  L = bce(A2, Y)" in view.card.lines.toPlainText()
    assert "+ 19  L = bce_with_logits(Z2, Y)" in view.card.lines.toPlainText()
    view.card.choose("tanh-for-sigmoid")
    assert "does not fit here: there is no sigmoid in a hidden layer." in view.card.note.text()
    assert not view.card.try_button.isEnabled() and not view.card.take_button.isEnabled()


def test_a_problem_puts_its_remedies_first(qtbot: QtBot, view: CompareView) -> None:
    ready(qtbot, view, session_of(open_target("flower")))
    view.offer(("smaller-rate", "clip", "unknown"))
    first = [view.card.list.item(row).text() for row in range(3)]
    assert [t.startswith("➤") for t in first] == [True, True, False]
    assert view.card.chosen() == "smaller-rate"


def test_a_second_run_is_drawn_beside_the_first(qtbot: QtBot, view: CompareView) -> None:
    session = session_of(open_target("flower"))
    session.run(120)
    ready(qtbot, view, session)
    assert view.pane.hint.isVisible() and not view.pane.panel.isVisible()
    view.card.choose("fused-loss")
    qtbot.mouseClick(view.card.try_button, Qt.MouseButton.LeftButton)
    finish(qtbot, view)
    one = view.tries[0]
    assert one.run.done == 120, "as far as the first has come"
    assert list(one.run.losses[0]) == list(session.timeline.losses)
    assert len(view.pane.panel.legend.entries) == 2 and view.pane.panel.legend.entries[0].text.startswith("as it is")
    for place, losses in enumerate(one.run.losses):
        assert np.array_equal(view.pane.panel.curves[place].getData()[1], np.array(losses))
    pens = [look_of(place, ghost=False) for place in (0, 1)]
    assert pens[0].style() != pens[1].style(), "told apart by more than colour"
    assert session.timeline.position.iteration == 120 and len(session.timeline.losses) == 120


def test_the_first_difference_is_a_link(qtbot: QtBot, view: CompareView) -> None:
    ready(qtbot, view, session_of(open_target("xor")))
    view.try_remedy("smaller-rate", "10")
    finish(qtbot, view)
    assert "First differs in iteration 1 in W2_next[0, 0]" in view.pane.link.text()
    with qtbot.waitSignal(view.place_wanted) as caught:
        qtbot.mouseClick(view.pane.link, Qt.MouseButton.LeftButton)
    program = open_target("xor").program
    at = next(i.index for i in program.instructions if program.values[i.result].label == "W2_next")
    assert caught.args == [1, at + 1]


def test_several_tries_are_kept_run_on_and_removed(qtbot: QtBot, view: CompareView) -> None:
    ready(qtbot, view, session_of(open_target("xor")))
    for id, choice in (("smaller-rate", "3"), ("smaller-rate", "10"), ("he", ""), ("he", "")):
        view.try_remedy(id, choice)
    finish(qtbot, view)
    assert [t.title for t in view.tries] == ["Learning rate ÷ 3", "Learning rate ÷ 10", "He start"]
    assert {t.run.done for t in view.tries} == {100}
    qtbot.mouseClick(view.pane.more, Qt.MouseButton.LeftButton)
    finish(qtbot, view)
    assert {t.run.done for t in view.tries} == {200}
    assert row(view, 0, 0).startswith("✗"), "slower, after so few iterations"
    view.pane.list.choose(view.tries[1])
    assert view.card.chosen() == "smaller-rate" and view.card.strength() == "10"
    view.pane.list.setFocus()
    qtbot.keyClick(view.pane.list, Qt.Key.Key_Delete)
    assert [t.title for t in view.tries] == ["Learning rate ÷ 3", "He start"]


def test_a_run_can_be_stopped(qtbot: QtBot, view: CompareView) -> None:
    ready(qtbot, view, session_of(open_target("xor")))
    view.try_remedy("he", "")
    view.pane.further.emit(1_000_000)
    qtbot.waitUntil(lambda: view.tries[0].run.done > 5, timeout=20_000)
    assert "iteration" in row(view, 0, 1) and view.pane.stop.isEnabled()
    qtbot.mouseClick(view.pane.stop, Qt.MouseButton.LeftButton)
    finish(qtbot, view)
    assert view.tries[0].run.done == view.tries[0].target < 1_000_000


def test_a_loss_that_is_not_finite_is_marked_and_breaks_no_scale(qtbot: QtBot, view: CompareView) -> None:
    text = open_target("flower").program.text.replace("np.sqrt(2 / 4)", "900")
    ready(qtbot, view, Session(load(text), "broken"))
    view.try_remedy("fused-loss", "")
    view.try_remedy("he", "")
    finish(qtbot, view)
    assert not np.isfinite(view.tries[0].run.losses[0]).any() and view.pane.panel.bad_label.isVisible()
    low, high = view.pane.panel.plot.item.getViewBox().viewRange()[1]
    assert np.isfinite([low, high]).all()
    view.pane.log.click()
    view.grab()
    assert row(view, 1, 0).startswith("✓")


def test_a_change_by_hand_makes_tries_out_of_date(qtbot: QtBot, view: CompareView) -> None:
    session = session_of(open_target("xor"))
    ready(qtbot, view, session)
    view.try_remedy("he", "")
    finish(qtbot, view)
    session.change_cell(session.program.inputs["W1"], (0, 0), "2")
    view.draw(session.moment())
    assert view.tries[0].stale and "out of date" in row(view, 0, 1)
    assert not view.pane.more.isEnabled()
    view.try_remedy("he", "")
    finish(qtbot, view)
    assert len(view.tries) == 2 and not view.tries[1].stale
    view.draw(session_of(open_target("rows")).moment())
    assert view.tries == [] and view.pane.hint.isVisible()


def test_a_remedy_can_be_taken(qtbot: QtBot, view: CompareView) -> None:
    ready(qtbot, view, session_of(open_target("flower")))
    view.card.choose("smaller-rate", "100")
    with qtbot.waitSignal(view.program_wanted) as caught:
        qtbot.mouseClick(view.card.take_button, Qt.MouseButton.LeftButton)
    program, title = caught.args or (None, "")
    assert isinstance(program, Program) and program.first_values["lr"] == 0.012 and title == "flower, Learning rate ÷ 100"


def test_a_program_that_cannot_run_offers_nothing_and_says_why(qtbot: QtBot, view: CompareView) -> None:
    broken = load("# data\nX = np.ones((2, 3))\n# parameters\nW = np.ones((4, 5))\n# forward\nL = sum(W @ X)\n")
    ready(qtbot, view, Session(broken, "broken"))
    assert not any(isinstance(found, Mended) for found in view.fitting.values())
    assert "cannot run" in view.card.note.text()
    view.try_remedy("he", "")
    assert view.tries == []


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("width", [260, 400, 1100])
def test_everything_can_be_read_reached_and_named(qtbot: QtBot, view: CompareView, name: str, width: int) -> None:
    theme.apply(name)
    view.resize(width, 700)
    ready(qtbot, view, session_of(open_target("xor")))
    view.try_remedy("he", "")
    finish(qtbot, view)
    assert all(w.accessibleName() or w.text() for w in view.findChildren(QPushButton))
    for part in (view.card.try_button, view.card.take_button, view.pane.remove, view.pane.log, view.pane.link):
        left = part.mapTo(view, QPoint(0, 0)).x()
        assert left >= 0 and left + part.width() <= view.width(), "nothing is cut off"
    colours = theme.current()
    for ink in (colours.error, colours.phases["update"], colours.dim):
        assert theme.contrast(QColor(ink), QColor(colours.panel)) >= 4.5
    theme.apply("light")
