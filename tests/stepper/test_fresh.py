"""Whatever is done, no number on the screen that is out of date is shown as current."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from helpers.programs import SETTINGS
from helpers.twin import BATCHED, Twin, change
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication, QLabel

from core.complete import load
from core.session import Session
from core.steppable.build import Choices
from core.steppable.data import Samples
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


SHAPES = {"W1": (4, 8), "b1": (8,), "W2": (8, 3), "b2": (3,), "epoch": (1,)}
SAVED_ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("tensor"), st.sampled_from(list(SHAPES))),
        st.tuples(st.just("side"), st.integers(0, 2)),
        st.tuples(
            st.sampled_from(["compare", "alone", "run", "apply", "step", "wait", "write", "select", "open"]), st.integers(0, 2)
        ),
    ),
    min_size=5,
    max_size=14,
)


def write(path: Path, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    values = {name: rng.standard_normal(shape) for name, shape in SHAPES.items()}
    np.savez(path, **values)
    return values


@given(SAVED_ACTIONS)
@settings(SETTINGS(15), suppress_health_check=list(HealthCheck))
def test_no_number_of_a_file_is_one_of_another_tensor_or_file(one_window, tmp_path, actions):
    window, inspecting = one_window, one_window.inspecting
    paths = [tmp_path / f"{n}.npz" for n in range(3)]
    held = {str(path): write(path, n) for n, path in enumerate(paths)}
    known = dict(held)  # as they were when they were read
    window.panels.show_panel("tensor")
    view = window.panels.view("tensor")
    view.show_part("numbers")

    def settle() -> None:
        while inspecting.work.busy:
            QApplication.processEvents()
        QApplication.processEvents()

    inspecting.read(str(paths[0]))
    settle()
    for n, (action, what) in enumerate(actions):
        match action:
            case "tensor":
                window.wiring._on_tensor(what)
            case "side":
                view.head.side_buttons[what].click()
            case "compare":
                inspecting.compare_with(str(paths[what]))
                known[str(paths[what])] = held[str(paths[what])]
            case "alone":
                inspecting.stop_comparing()
            case "run":
                window.controller.session.go(3 + what, 0)
            case "apply":
                window.writing.apply_text(window.writing.text + "\n# more\n")
                known[inspecting.path] = held.get(inspecting.path, {})
            case "step":
                inspecting.step(Choices(("relu", "tanh", "sigmoid")[what]), Samples())
            case "wait":
                settle()
            case "write":
                settle()
                held[str(paths[what])] = write(paths[what], 10 * n + what + 5)
            case "select":
                values = window.controller.session.program.values
                window.controller.select(next(v.index for v in values if v.name == ("W1", "b2", "Z1")[what]))
            case _:
                inspecting.read(str(paths[what]))
                settle()
                known[str(paths[what])] = held[str(paths[what])]
    settle()
    s, moment = inspecting.state, window.controller.session.moment()
    candidates = [held, known]
    path = inspecting.path
    assert s.saved is not None
    if s.look is None:
        assert s.look_trouble
        return
    expected = [c[path][s.tensor] for c in candidates]
    ours = [e for e in expected if s.look.summary.max == e.max() and s.look.summary.min == e.min()]
    assert s.look.name == s.tensor and ours
    assert f"in {Path(path).name} " in view.head.what.text() or view.head.side == 1
    number = view.table.numbers.number(0, 0)
    assert number is None or number == ours[0].reshape(-1)[0]
    if s.other is not None and s.other_look is not None:
        there = [c[s.other.path][s.other_look.name] for c in candidates]
        assert s.other_look.name == s.tensor and any(s.other_look.summary.max == t.max() for t in there)
        if s.difference is not None:
            assert any(s.difference.summary.max == pytest.approx((t - ours[0]).max(), rel=1e-12) for t in there)
    for name, tensor in inspecting.parameters.items():
        assert any(np.array_equal(window.controller.session.program.first_values[name], c[path][tensor]) for c in candidates)
    chosen = moment.selection.value
    if chosen is not None and moment.program.values[chosen].name in inspecting.parameters:
        assert inspecting.parameters[moment.program.values[chosen].name] == s.tensor
