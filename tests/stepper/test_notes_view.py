"""Stops and watches: what is typed is read at once, what is listed says what it is worth, every wish can be typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from core.library import open_target
from core.notes import Bookmark, Breakpoint, Notes, Watch
from core.session import Session
from stepper import theme
from stepper.views.notes import NotesView


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[NotesView]:
    theme.apply("light")
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(420, 520)
    found = NotesView(window)
    found.resize(400, 500)
    window.show()
    qtbot.waitExposed(window)
    yield found
    del window


@pytest.fixture
def session() -> Session:
    made = Session(open_target("xor").program, "xor")
    made.run(12)
    return made


def wire(view: NotesView, session: Session) -> list[tuple[Any, ...]]:
    """Wire a view to a session as the window does; returns what was asked beyond the notes."""
    asked: list[tuple[Any, ...]] = []

    def note(notes: Notes) -> None:
        session.note(notes)
        view.draw(session.moment())

    view.breakpoint_added.connect(lambda b: note(session.notes.add(b)))
    view.breakpoint_switched.connect(lambda b: note(session.notes.switch(b)))
    view.breakpoint_removed.connect(lambda b: note(session.notes.remove(b)))
    view.watch_added.connect(lambda t: note(session.notes.add(Watch(t))))
    view.watch_removed.connect(lambda t: note(session.notes.remove(Watch(t))))
    view.bookmark_removed.connect(lambda b: note(session.notes.remove(b)))
    view.bookmark_noted.connect(lambda b, text: note(session.notes.add(replace(b, note=text))))
    view.hunt.connect(lambda direction, b: asked.append((direction, b)))
    view.bookmark_gone_to.connect(lambda b: asked.append(("go", b)))
    view.watch_plotted.connect(lambda t: asked.append(("plot", t)))
    view.draw(session.moment())
    return asked


def rows(view: NotesView) -> list[tuple[str, str]]:
    return [(i.text(0), i.text(1)) for items in view.tree._items for i in items]


def choose(view: NotesView, group: int, n: int) -> None:
    view.tree.setCurrentItem(view.tree._items[group][n])
    view.tree.setFocus()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_typing_adds_watches_and_stops(view: NotesView, session: Session, qtbot: QtBot) -> None:
    wire(view, session)
    line = view.form.line
    line.setFocus()
    for text in ("norm(dW1)", "W1[0, 1] + 1"):
        qtbot.keyClicks(line, text)
        view.form.line.popup.hide()
        qtbot.keyClick(line, Qt.Key.Key_Return)
    assert session.notes.watches == (Watch("norm(dW1)"), Watch("W1[0, 1] + 1")) and line.text() == ""
    line.setText("L > 0.5")
    assert view.form.stop.text() == "Stop if true" and view.form.stop.isEnabled()
    qtbot.keyClick(line, Qt.Key.Key_Return)
    line.setText("W1[0, 1]")
    assert view.form.stop.text() == "Stop if changed"
    view.form.stop.click()
    view.problems.click()
    view.bookmark.click()
    assert session.notes.breakpoints == (
        Breakpoint("condition", "L > 0.5"), Breakpoint("change", "W1[0, 1]"), Breakpoint("finding"),
    )  # fmt: skip
    assert session.notes.bookmarks == (Bookmark(12, len(session.program)),) and not view.problems.isEnabled()


@pytest.mark.parametrize(
    ("text", "said"), [("dW11 > 3", "did you mean `dW1`"), ("L = 3", "write `==`"), ("L >", "not a whole"), ("W1[0, 7]", "axis")]
)
def test_what_does_not_fit_is_said_while_typing(view: NotesView, session: Session, text: str, said: str, qtbot: QtBot) -> None:
    wire(view, session)
    view.form.line.setText(text)
    assert view.form.said.isVisible() and said in view.form.said.text()
    assert not view.form.watch.isEnabled() and not view.form.stop.isEnabled()
    qtbot.keyClick(view.form.line, Qt.Key.Key_Return)
    assert session.notes == Notes() and view.form.line.text() == text
    view.form.line.clear()
    assert not view.form.said.isVisible()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_names_are_completed(view: NotesView, session: Session, qtbot: QtBot) -> None:
    wire(view, session)
    line = view.form.line
    line.setFocus()
    qtbot.keyClicks(line, "norm(dw")
    assert line.popup.isVisible()
    names = [line.popup.model().index(n, 0).data() for n in range(line.popup.model().rowCount())]
    assert names == ["dW2", "dW1"]
    line.completer_box.activated.emit("dW1")
    assert line.text() == "norm(dW1" and not line.popup.isVisible()
    qtbot.keyClicks(line, ") > iterat")
    line.popup.setCurrentIndex(line.popup.model().index(0, 0))
    qtbot.keyClick(line.popup, Qt.Key.Key_Return)
    assert line.text() == "norm(dW1) > iteration" and view.form.stop.isEnabled()
    line.popup.hide()


def test_rows_say_what_they_are_worth_here(view: NotesView, session: Session) -> None:
    texts = ("W1[0, 1]", "W1", "L > 0.1", "dW9", "W1 / 0")
    for text in texts:
        session.note(session.notes.add(Watch(text)))
    wire(view, session)
    w = np.asarray(session.moment().value(session.program.carried["W1"][1]))
    found = dict(rows(view))
    assert found["W1[0, 1]"] == str(w[0, 1]) and found["W1"].startswith(f"3×2:  {w[0, 0]}, {w[0, 1]}")
    assert found["L > 0.1"] == "true" and found["dW9"].startswith("⚠ there is no value") and "inf" in found["W1 / 0"]
    session.go(13, 3)
    view.draw(session.moment())
    assert dict(rows(view))["L > 0.1"] == "not computed yet" and dict(rows(view))["W1[0, 1]"] == str(w[0, 1])


def test_nothing_out_of_date_looks_current(view: NotesView, session: Session) -> None:
    session.note(session.notes.add(Watch("L")).add(Watch("W1[0, 0]")))
    session.go(12, 8)
    wire(view, session)
    before = dict(rows(view))["L"]
    session.change_cell(session.program.inputs["W1"], (0, 0), "3.5")
    view.draw(session.moment())
    found = dict(rows(view))
    assert found["L"] != before and (found["L"] == "⚠ out of date" or session.moment().k < 8)
    assert found["W1[0, 0]"] == "3.5"


def test_keys_switch_remove_and_go(view: NotesView, session: Session, qtbot: QtBot) -> None:
    b, c = Breakpoint("condition", "L > 0.5"), Breakpoint("change", "W1")
    session.note(session.notes.add(b).add(c).add(Watch("L")).add(Watch("W1")).add(Bookmark(4, 3, "here")))
    asked = wire(view, session)
    tree = view.tree
    choose(view, 0, 1)
    assert view.earlier.isVisible() and view.later.isVisible() and not view.go.isVisible()
    qtbot.keyClick(tree, Qt.Key.Key_Space)
    assert [x.enabled for x in session.notes.breakpoints] == [True, False]
    off = replace(c, enabled=False)
    assert tree.current_note() == off, "the row stays chosen"
    qtbot.keyClick(tree, Qt.Key.Key_Return)
    qtbot.keyClick(tree, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    view.earlier.click()
    choose(view, 1, 0)
    assert view.plot.isEnabled()
    qtbot.keyClick(tree, Qt.Key.Key_Return)
    choose(view, 1, 1)
    assert not view.plot.isEnabled(), "an array cannot be plotted"
    choose(view, 2, 0)
    view.go.click()
    assert asked == [("later", off), ("earlier", off), ("earlier", off), ("plot", "L"), ("go", Bookmark(4, 3, "here"))]
    choose(view, 0, 0)
    qtbot.keyClick(tree, Qt.Key.Key_Delete)
    assert session.notes.breakpoints == (off,) and tree.current_note() == off
    choose(view, 1, 1)
    view.remove.click()
    choose(view, 2, 0)
    qtbot.keyClick(tree, Qt.Key.Key_Delete)
    assert session.notes.watches == (Watch("L"),) and session.notes.bookmarks == ()


def test_a_click_on_the_box_switches(view: NotesView, session: Session) -> None:
    session.note(session.notes.add(Breakpoint("finding")))
    wire(view, session)
    item = view.tree._items[0][0]
    item.setCheckState(0, Qt.CheckState.Unchecked)
    assert session.notes.breakpoints == (Breakpoint("finding", enabled=False),)


def test_notes_of_bookmarks_are_written_in_place(view: NotesView, session: Session, qtbot: QtBot) -> None:
    session.note(session.notes.add(Bookmark(4, 3)))
    wire(view, session)
    choose(view, 2, 0)
    qtbot.keyClick(view.tree, Qt.Key.Key_F2)
    editor = view.tree.findChild(QLineEdit)
    assert editor is not None
    editor.setText("<b>here</b>")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.notes.bookmarks == (Bookmark(4, 3, "<b>here</b>"),))
    assert ("<b>here</b>", "iteration 4, 3 done") in rows(view)


def test_a_line_that_is_gone_is_said(view: NotesView, session: Session) -> None:
    session.note(session.notes.toggle_line(session.program.statements[2]).add(Breakpoint("line", "q = 3", 4)))
    session.note(session.notes.add(Breakpoint("condition", "L")))
    wire(view, session)
    found = dict(rows(view))
    assert found["Z2 = W2 @ A1 + b2"] == "before line 15" and found["q = 3"].startswith("⚠ this line")
    assert found["L"].startswith("⚠ a condition compares")


def test_empty_groups_invite_and_everything_has_a_name(view: NotesView, session: Session) -> None:
    wire(view, session)
    hints = [g.child(0) for g in view.tree._groups]
    assert all(h is not None and "none yet" in h.text(0) for h in hints) and view.tree.current_note() is None
    for widget in (view, view.tree, view.form.line):
        assert widget.accessibleName()
    session.note(session.notes.add(Watch("L")))
    view.draw(session.moment())
    assert view.tree._groups[1].childCount() == 1
    for name in ("dark", "light"):
        theme.apply(name)
        view.draw(session.moment())
        assert view.grab().width() == 400
