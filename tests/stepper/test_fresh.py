"""Whatever is done, no number on the screen that is out of date is shown as current."""

from __future__ import annotations

import re

import numpy as np
import pytest
from helpers.programs import SETTINGS
from helpers.twin import BATCHED, Twin, change
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication, QLabel

from core.complete import load
from core.session import Session
from stepper.drawing import can_be_seen
from stepper.main_window import MainWindow
from stepper.views.why import WhyView
from stepper.widgets.grid import CLOCK
from stepper.widgets.matrix import MatrixWidget

NUMBER = re.compile(r"= ([−-]?[\d.]+(?:e[−+-]?\d+)?|NaN|nan|[−-]?(?:∞|inf))")
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("later"), st.sampled_from(["operation", "statement", "phase", "iteration"])),
        st.tuples(st.just("earlier"), st.sampled_from(["operation", "phase", "iteration"])),
        st.tuples(st.just("change"), st.tuples(st.sampled_from(["W", "b", "X", "Y", "lr"]), st.integers(0, 5), st.floats(-3, 3))),
        st.tuples(st.just("change"), st.tuples(st.sampled_from(["W", "b", "X"]), st.integers(0, 5), st.floats(0.5, 3))),
        st.tuples(st.just("select"), st.integers(0, 200)),
        st.tuples(st.just("undo"), st.just(None)),
        st.tuples(st.just("recompute"), st.just(None)),
        st.tuples(st.just("what_if"), st.booleans()),
    ),
    min_size=4,
    max_size=10,
)


def read(text: str) -> float:
    """Return a number as it is written on the screen."""
    return float(text.replace("−", "-").replace("∞", "inf").replace("NaN", "nan"))


def seen_in_matrices(window: MainWindow, fresh) -> None:
    """Every cell of the operation view is the fresh one, or is marked."""
    for m in window.operation_view.findChildren(MatrixWidget):
        if not m.isVisible() or m.array is None:
            continue
        rows, columns = m.grid()
        expected = np.asarray(fresh.peek(m.value))
        expected = expected.T if m.transposed else expected
        marked = CLOCK in m.accessibleName() or "out of date" in m.accessibleName()
        for r in range(rows):
            for c in range(columns):
                cell = () if expected.ndim == 0 else (r, c)
                words = m.cell_text(cell)
                if "out of date" not in words:
                    shown = NUMBER.search(words)
                    assert shown is not None, words
                    np.testing.assert_equal(read(shown[1]), float(expected[cell]), err_msg=f"{m.name}{cell}")
                    assert not marked


def seen_elsewhere(window: MainWindow, moment, fresh) -> None:
    """The loss, the value panel and the explanation tell the fresh number or say that theirs is out of date."""
    loss = float(fresh.peek(moment.program.loss))
    status = window.top_bar.status_text()
    found = re.search(r"loss (\S+)$", status)
    if found and "out of date" not in status:
        assert read(found[1]) == pytest.approx(loss, rel=1e-3), status
    words = window.loss_view.header.now.text()
    found = re.match(r"Loss (\S+) in", words)
    if found:
        assert read(found[1]) == pytest.approx(loss, rel=1e-3), words
    index, cell = moment.selection.value, moment.selection.cell
    if index is None or cell is None or not can_be_seen(window.panels.view("why")):
        return
    why = window.panels.view("why")
    assert isinstance(why, WhyView)
    title, all_words = why.title_label.text(), " ".join(x.text() for x in why.findChildren(QLabel) if x.isVisible())
    found = NUMBER.search(title)
    if found and "out of date" not in all_words.lower():
        assert read(found[1]) == float(np.asarray(fresh.peek(index))[cell]), title


@given(ACTIONS)
@settings(SETTINGS(30), suppress_health_check=list(HealthCheck))
def test_no_number_on_the_screen_is_out_of_date_unmarked(one_window, actions):
    window = one_window
    session = Session(load(BATCHED), "batched")
    window.controller.take(session)
    twin = Twin(session.program)
    session.go(1, 4)
    for action, what in actions:
        if action in ("later", "earlier"):
            getattr(window.controller, action)(what)
        elif action == "change":
            change(session, twin, *what)
        elif action == "select":
            value = session.program.values[what % len(session.program.values)]
            shape = session.moment().shape(value.index)
            window.controller.select(value.index, tuple(0 for _ in shape))
        elif action == "undo" and twin.back:
            window.changing.undo()
            twin.changes = twin.back.pop()
        elif action == "recompute":
            window.changing.recompute()
        elif action == "what_if":
            session.set_what_if(what)
        window.drawer.draw_now()
        moment = session.moment()
        fresh, _ = twin.machine(moment.position.iteration)
        seen_in_matrices(window, fresh)
        seen_elsewhere(window, moment, fresh)


@pytest.fixture
def one_window(window: MainWindow):
    """One window for all examples, with the panels that show numbers in sight."""
    window.resize(1600, 1000)
    window.panels.show_panel("why")
    QApplication.processEvents()
    assert can_be_seen(window.panels.view("why"))
    return window
