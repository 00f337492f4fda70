"""The list of problems: what it says, what of it is shown, and that every wish can be typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from helpers.sick import sick
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.health.rules import RULES
from core.library import open_target
from core.notes import Breakpoint
from core.session import Session, session_of
from stepper import theme
from stepper.views.problems import ProblemsView
from stepper.widgets.problem_details import CHAIN, LIMITS, MEND


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[ProblemsView]:
    theme.apply("light")
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(440, 620)
    found = ProblemsView(window)
    found.resize(420, 600)
    window.show()
    qtbot.waitExposed(window)
    yield found
    del window


@pytest.fixture
def session() -> Session:
    return sick("saturated")


def wire(view: ProblemsView, session: Session) -> list[tuple[Any, ...]]:
    """Wire a view to a session as the window does; returns what was asked."""
    asked: list[tuple[Any, ...]] = []

    def use(what: str, *args: Any) -> None:
        asked.append((what, *args))
        if what == "chain":
            session.choose_problem(args[0])
        elif what == "mute":
            session.set_health(session.monitor.settings.mute(*args))
        elif what == "limit":
            session.set_health(session.monitor.settings.with_limit(*args))
        elif what == "go":
            session.go(*args)
        elif what == "select":
            session.select(*args)
        view.draw(session.moment())

    view.chain_wanted.connect(lambda p: use("chain", p))
    view.muted.connect(lambda rule, on: use("mute", rule, on))
    view.limit_changed.connect(lambda *a: use("limit", *a))
    view.limit_reset.connect(lambda r, n: use("limit", r, n, None))
    view.place_wanted.connect(lambda i, k: use("go", i, k))
    view.value_clicked.connect(lambda v, c: use("select", v, c))
    view.stop_wanted.connect(lambda r: use("stop", r))
    view.hunt_wanted.connect(lambda d, r: use("hunt", d, r))
    view.mend_wanted.connect(lambda r: use("mend", r))
    view.page_wanted.connect(lambda p: use("page", p))
    view.draw(session.moment())
    return asked


def choose(view: ProblemsView, rule: str) -> int:
    row = next(n for n, r in enumerate(view.rows.rows) if r.problem.finding.rule == rule)
    view.list.setFocus()
    view.list.setCurrentIndex(view.rows.index(row))
    return row


def test_rows_say_what_where_since_when_and_how_often(view: ProblemsView, session: Session) -> None:
    wire(view, session)
    assert [r.problem for r in view.rows.rows] == list(session.moment().problems)  # sorted by the core
    row = view.rows.rows[choose(view, "saturated")]
    assert row.title == "Saturated units" and row.severity == "Warning" and row.glyph == "▥"
    assert "`A1`" in row.text and "line 13" in row.history and "in iteration 4" in row.history and "● here now" in row.history
    said = view.rows.data(view.list.currentIndex(), Qt.ItemDataRole.AccessibleTextRole)
    assert said.startswith("Warning, Saturated units: ") and row.text in said
    for i in (5, 6, 7):
        session.go(i, len(session.program))
    view.draw(session.moment())
    row = view.rows.rows[view.rows.row_of(row.key)]
    assert "since iteration 4, in 4 iterations, last in 7" in row.history


def test_an_empty_list_says_what_is_watched(view: ProblemsView) -> None:
    session = session_of(open_target("xor"))
    session.run(30)
    wire(view, session)
    assert view.stack.currentWidget() is view.empty and not view.details.isVisible()
    assert "No problems found so far" in view.empty.text()
    for rule in RULES.values():
        assert rule.title[1:] in view.empty.text()


def test_filters_by_words_and_severity(view: ProblemsView, session: Session, qtbot: QtBot) -> None:
    wire(view, session)
    every = view.rows.rowCount()
    assert every >= 2
    qtbot.keyClicks(view.header.line, "saturated A1")
    assert [r.problem.finding.rule for r in view.rows.rows] == ["saturated"]
    view.header.line.setText("no such word")
    assert "hides" in view.empty.text() and view.stack.currentWidget() is view.empty
    view.header.line.clear()
    view.header.buttons["warning"].click()
    assert view.rows.rowCount() < every and all(r.problem.finding.severity != "warning" for r in view.rows.rows)
    assert view.header.buttons["warning"].text() == f"Warnings: {view.rows.counts['warning']}"
    view.header.buttons["warning"].click()
    assert view.rows.rowCount() == every


def test_choosing_one_shows_its_way_to_the_first_cause(view: ProblemsView, session: Session) -> None:
    asked = wire(view, session)
    assert view.details.isHidden()
    choose(view, "saturated")
    assert {a[0] for a in asked} == {"chain"} and asked[-1][1].finding.rule == "saturated" and view.details.isVisible()
    assert len(view.details.chain.links) >= 2
    first, last = view.details.chain.item(0).text(), view.details.chain.item(view.details.chain.count() - 1).text()
    assert first.startswith("▼") and last.startswith("● First cause: ")
    count = len(asked)
    view.draw(session.moment())  # drawing again asks nothing
    assert len(asked) == count


def test_enter_goes_to_it_and_shift_enter_to_its_first_cause(view: ProblemsView, session: Session, qtbot: QtBot) -> None:
    asked = wire(view, session)
    choose(view, "saturated")
    problem = view.list.current().problem  # type: ignore[union-attr]
    asked.clear()
    qtbot.keyClick(view.list, Qt.Key.Key_Return)
    assert asked == [("go", *problem.first), ("select", problem.finding.value, problem.finding.cells[0])]
    links = session.moment().links
    asked.clear()
    qtbot.keyClick(view.list, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert asked == [("go", links[-1].iteration, links[-1].step), ("select", links[-1].value, links[-1].cell)]


def test_links_are_gone_to_by_click_and_enter(view: ProblemsView, session: Session, qtbot: QtBot) -> None:
    asked = wire(view, session)
    choose(view, "saturated")
    chain = view.details.chain
    link = chain.links[1]
    asked.clear()
    chain.setFocus()
    qtbot.keyClick(chain, Qt.Key.Key_Down)
    qtbot.keyClick(chain, Qt.Key.Key_Return)
    assert asked == [("go", link.iteration, link.step), ("select", link.value, link.cell)]
    asked.clear()
    qtbot.mouseClick(chain.viewport(), Qt.MouseButton.LeftButton, pos=chain.visualItemRect(chain.item(0)).center())
    assert asked[0] == ("go", chain.links[0].iteration, chain.links[0].step)


def test_m_mutes_and_the_menu_lets_speak_again(view: ProblemsView, session: Session, qtbot: QtBot) -> None:
    wire(view, session)
    choose(view, "saturated")
    qtbot.keyClick(view.list, Qt.Key.Key_Delete)  # takes nothing away
    assert view.rows.row_of(("saturated", view.list.current().key[1])) >= 0  # type: ignore[union-attr]
    qtbot.keyClick(view.list, Qt.Key.Key_M)
    assert all(r.problem.finding.rule != "saturated" for r in view.rows.rows)
    assert view.header.muted.isVisible() and view.header.muted.text() == "Muted: 1"
    (action,) = view.header.menu.actions()
    assert action.text() == "Unmute: Saturated units"
    action.trigger()
    assert any(r.problem.finding.rule == "saturated" for r in view.rows.rows) and not view.header.muted.isVisible()


def test_limits_are_typed_within_bounds_and_given_back(view: ProblemsView, session: Session, qtbot: QtBot) -> None:
    asked = wire(view, session)
    choose(view, "saturated")
    view.details.tabs.setCurrentIndex(LIMITS)
    form = view.details.limits
    rule = RULES["saturated"]
    name, limit = next(iter(rule.limits.items()))
    line = form.lines[name]
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, str(limit.largest * 10))
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert "does not fit" in form.said.text() and not any(a[0] == "limit" for a in asked)
    wanted = (limit.default + limit.largest) / 2
    line.selectAll()
    qtbot.keyClicks(line, repr(wanted))
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert ("limit", "saturated", name, wanted) in asked
    assert session.monitor.settings.limits_of(rule)[name] == wanted


def test_reset_gives_a_limit_back(view: ProblemsView, session: Session) -> None:
    name = next(iter(RULES["saturated"].limits))
    session.set_health(session.monitor.settings.with_limit("saturated", name, RULES["saturated"].limits[name].default * 1.01))
    wire(view, session)
    choose(view, "saturated")
    view.details.tabs.setCurrentIndex(LIMITS)
    reset = view.details.limits._resets[name]
    assert reset.isEnabled()
    reset.click()
    assert session.monitor.settings.limits == {} and not reset.isEnabled()


def test_what_mends_it_says_what_it_does_not_mend(view: ProblemsView, session: Session) -> None:
    asked = wire(view, session)
    choose(view, "saturated")
    view.details.tabs.setCurrentIndex(MEND)
    assert "What it does not mend" in view.details.mends.toPlainText()
    finding = view.list.current().problem.finding  # type: ignore[union-attr]
    view.details.mend.click()
    assert asked[-1] == ("mend", finding.remedies) and finding.remedies


def test_more_is_in_the_menu_and_f1_opens_the_page(view: ProblemsView, session: Session, qtbot: QtBot) -> None:
    asked = wire(view, session)
    choose(view, "saturated")
    asked.clear()
    d = view.details
    for action in (d.earlier, d.later, d.stop, d.page):
        action.trigger()
    qtbot.keyClick(view.list, Qt.Key.Key_F1)
    page = ("page", "rule-saturated")
    assert asked == [("hunt", "earlier", "saturated"), ("hunt", "later", "saturated"), ("stop", "saturated"), page, page]
    session.note(session.notes.add(Breakpoint("finding", "saturated")))
    view.draw(session.moment())
    assert d.stop.isChecked()


def test_a_run_only_watches(view: ProblemsView, session: Session) -> None:
    wire(view, session)
    choose(view, "saturated")
    view.draw(replace(session.moment(), running=True))
    assert not view.details.go.isEnabled() and not view.details.cause.isEnabled() and not view.details.mend.isEnabled()


def test_it_fits_into_a_low_strip_and_a_narrow_column(view: ProblemsView, session: Session) -> None:
    wire(view, session)
    choose(view, "saturated")
    view.resize(1200, 150)
    assert view.splitter.orientation() == Qt.Orientation.Horizontal
    view.resize(300, 500)
    assert view.splitter.orientation() == Qt.Orientation.Vertical
    for part in (CHAIN, MEND, LIMITS):
        view.details.tabs.setCurrentIndex(part)
        assert not view.grab().isNull()


def test_errors_are_told_without_colour(view: ProblemsView) -> None:
    wire(view, sick("nan"))
    row = view.rows.rows[0]
    assert row.severity == "Error" and row.problem.finding.rule == "nonfinite"
    choose(view, "nonfinite")
    assert view.details.chain.links


def test_what_went_wrong_before_anybody_looked_can_be_found(view: ProblemsView) -> None:
    session = sick("nan")
    asked = wire(view, session)
    assert view.began.isHidden()  # it is in the list
    unseen = Session(session.program, "nan")
    unseen.run(4)
    view.draw(unseen.moment())
    assert not any(r.problem.finding.rule == "nonfinite" for r in view.rows.rows) and view.began.isVisible()
    view.began.click()
    assert asked[-1] == ("hunt", "earlier", "nonfinite")
