"""The program view: what it says of every line, and that it can be reached by mouse and keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QWidget

from core.complete import load
from core.library import open_target
from core.session import Session
from stepper import theme
from stepper.models.program_model import ROW_ROLE
from stepper.views.program import ProgramView
from stepper.views.program_lines import cut, fold

FAULTY = (
    "# data\nX = np.zeros((2, 5))\nY = np.ones((1, 5))\n# parameters\nW1 = np.ones((4, 2))\nW2 = np.ones((4, 4))\nlr = 0.1\n"
    "# forward\nZ1 = W1 @ X\nZ2 = W2 @ X\n# loss\nL = mse(Z2, Y)\n"
)  # fmt: skip


@pytest.fixture
def view(qtbot):
    window = QWidget()  # a view shown by itself would have Qt warn of size hints
    window.resize(1700, 700)
    qtbot.addWidget(window)
    widget = ProgramView(window)
    widget.resize(360, 600)
    window.show()
    yield widget
    del window  # it had to live until here


@pytest.fixture
def xor():
    return Session(open_target("xor").program, "xor")


def rows(view):
    return [view.model.row(i) for i in range(view.model.rowCount())]


def lines(view):
    return {r.text: r for r in rows(view) if r.kind == "line"}


def test_lines_stand_as_written_with_their_shapes(view, xor):
    view.draw(xor.moment())
    shapes = {r.text: r.shape for r in rows(view) if r.kind == "line"}
    assert list(shapes) == [s.text for s in xor.program.statements]
    assert shapes["Z1 = W1 @ X + b1"] == "3×4"
    assert shapes["dW1 = dZ1 @ X.T"] == "3×2"
    assert shapes["L = mse(A2, Y)"] == "number"
    assert all(isinstance(view.model.data(view.model.index(i)), str) for i in range(view.model.rowCount()))


def test_a_heading_stands_where_the_phase_changes(view, xor):
    view.draw(xor.moment())
    headings = [(r.text, r.note) for r in rows(view) if r.kind == "heading"]
    assert headings == [("forward", ""), ("loss", ""), ("backward", "derived for you"), ("update", "derived for you")]
    assert all(r.derived == (r.phase in ("backward", "update")) for r in lines(view).values())


def test_what_has_run_what_is_lit_what_comes_next(view, xor):
    xor.go(1, 3)
    view.draw(xor.moment())
    found = lines(view)
    assert found["Z1 = W1 @ X + b1"].status == "done"
    assert found["A1 = sigmoid(Z1)"].status == "lit" and found["A1 = sigmoid(Z1)"].note == ""
    assert found["Z2 = W2 @ A1 + b2"].status == "next"
    assert found["A2 = sigmoid(Z2)"].status == "waiting"
    xor.go(1, 4)
    view.draw(xor.moment())
    assert lines(view)["Z2 = W2 @ A1 + b2"].status == "lit" and lines(view)["Z2 = W2 @ A1 + b2"].note == "1 of 2"
    xor.go(2, 0)
    view.draw(xor.moment())
    assert {r.status for r in lines(view).values()} == {"next", "waiting"}
    xor.go(2, len(xor.program))
    view.draw(xor.moment())
    assert {r.status for r in lines(view).values()} == {"done", "lit"}


def test_a_failing_line_has_its_sentence_under_it(view):
    session = Session(load(FAULTY), "x")
    view.draw(session.moment())
    failing = lines(view)["Z2 = W2 @ X"]
    assert failing.status == "failed" and failing.fault == session.moment().fault.message and "W2" in failing.fault
    plan = view.delegate.plan(failing, 360)
    assert " ".join(plan.fault) == " ".join(failing.fault.split())
    assert plan.height > view.delegate.plan(lines(view)["Z1 = W1 @ X"], 360).height


def test_a_click_goes_to_the_line_and_its_shape_to_the_value(view, xor, qtbot):
    view.draw(xor.moment())
    statement = 3
    rect = view.list.visualRect(view.model.index(view.model.row_of(statement)))
    with qtbot.waitSignal(view.statement_clicked) as went:
        qtbot.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert went.args == [statement]
    with qtbot.waitSignal(view.value_clicked) as chose:
        qtbot.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(rect.right() - 12, rect.center().y()))
    assert chose.args == [next(v.index for v in xor.program.values if v.label == "A2"), None]


def test_keys_move_and_go(view, xor, qtbot):
    xor.go(1, 3)
    view.draw(xor.moment())
    view.list.setFocus()
    qtbot.keyClick(view.list, Qt.Key.Key_Down)
    with qtbot.waitSignal(view.statement_clicked) as went:
        qtbot.keyClick(view.list, Qt.Key.Key_Return)
    assert went.args == [2]
    with qtbot.waitSignal(view.value_clicked) as chose:
        qtbot.keyClick(view.list, Qt.Key.Key_Space)
    assert chose.args[0] == next(v.index for v in xor.program.values if v.label == "Z2")


def test_keys_pass_over_headings(view, xor, qtbot):
    xor.go(1, 6)
    view.draw(xor.moment())
    view.list.setFocus()
    qtbot.keyClick(view.list, Qt.Key.Key_Down)
    assert view.list.currentIndex().data(ROW_ROLE).text == "L = mse(A2, Y)"


def test_what_is_given_opens_and_closes(view, xor, qtbot):
    view.draw(xor.moment())
    count = view.model.rowCount()
    first = view.list.visualRect(view.model.index(0)).center()
    qtbot.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=first)
    given = {r.text: r.shape for r in rows(view) if r.kind == "given"}
    assert given == {"X": "2×4", "Y": "1×4", "W1": "3×2", "b1": "3×1", "W2": "1×3", "b2": "1×1", "lr": "= 3.0"}
    xor.go(1, 5)
    view.draw(xor.moment())
    assert len(rows(view)) == count + 7
    view.list.setCurrentIndex(view.model.index(0))
    qtbot.keyClick(view.list, Qt.Key.Key_Return)
    assert view.model.rowCount() == count


def test_the_lit_line_is_always_in_view(view, xor):
    view.resize(360, 140)
    for k in [*range(len(xor.program) + 1), 0, 12, 3]:
        xor.go(1, k)
        moment = xor.moment()
        view.draw(moment)
        row = view.model.row_of((moment.lit or moment.upcoming).statement)
        assert view.list.viewport().rect().contains(view.list.visualRect(view.model.index(row))), k
    view.resize(300, 90)
    row = view.model.row_of(xor.moment().lit.statement)
    assert view.list.viewport().rect().contains(view.list.visualRect(view.model.index(row)))


def test_what_is_drawn_does_not_depend_on_what_was_drawn_before(view, xor, qtbot):
    n = len(xor.program)
    for iteration, k in [(1, 0), (1, 5), (1, 20), (1, 3), (1, n), (2, 0), (2, n), (1, 7), (1, 7)]:
        xor.go(iteration, k)
        if k == 20:
            xor.select(next(v.index for v in xor.program.values if v.label == "A1"))
        view.draw(xor.moment())
        fresh = ProgramView()
        qtbot.addWidget(fresh)
        fresh.draw(xor.moment())
        assert rows(view) == rows(fresh)
    assert [r.text for r in rows(view) if r.selected] == ["A1 = sigmoid(Z1)"]


def test_screen_readers_hear_the_state(view, xor):
    xor.go(1, 3)
    view.draw(xor.moment())
    texts = [view.model.data(view.model.index(i), Qt.ItemDataRole.AccessibleTextRole) for i in range(view.model.rowCount())]
    assert "A1 = sigmoid(Z1), just executed, 3×4" in texts
    assert "dW1 = dZ1 @ X.T, 3×2, derived" in texts
    assert view.accessibleName() and view.list.accessibleName()


def test_phases_may_alternate(view):
    program = load(
        "# data\nX = np.zeros((2, 5))\nY = np.ones((1, 5))\nsamples = 'columns'\n# parameters\nW = np.ones((1, 2))\nlr = 0.1\n"
        "# forward\nZ = W @ X\nA = sigmoid(Z)\n# backward\nE = A - Y\ndZ = E * A * (1 - A)\n"
        "# update\nW = W - lr * dZ @ X.T\n# loss\nL = half_sse(A, Y)\n"
    )  # fmt: skip
    view.draw(Session(program, "x").moment())
    phases = [s.phase for s in program.statements]
    changes = [p for i, p in enumerate(phases) if i == 0 or phases[i - 1] != p]
    assert [r.phase for r in rows(view) if r.kind == "heading"] == changes


def test_a_step_in_a_long_program_touches_few_lines(view):
    count = 1500
    body = "".join(f"Z{i} = Z{i - 1} + {i}.0\n" for i in range(1, count))
    program = load(f"# data\nX = np.ones((2, 3))\n# parameters\nlr = 0.1\n# forward\nZ0 = X * 2.0\n{body}")
    session = Session(program, "long")
    view.draw(session.moment())
    session.go(1, 700)
    view.draw(session.moment())
    for k in range(701, 711):
        session.go(1, k)
        spy = QSignalSpy(view.model.dataChanged)
        view.draw(session.moment())
        touched = [(spy.at(n)[0].row(), spy.at(n)[1].row()) for n in range(spy.count())]
        assert touched and all(last - first <= 3 for first, last in touched)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_both_themes_paint(view, xor, name):
    theme.apply(name)
    xor.go(1, 9)
    view.draw(xor.moment())
    image = view.grab().toImage()
    wanted = theme.current().lit
    assert any(image.pixelColor(image.width() // 2, y).name() == wanted for y in range(image.height()))
    theme.apply("light")


@pytest.mark.parametrize("width", [180, 240, 300])
def test_rows_are_as_high_as_their_text_at_any_width(view, width):
    session = Session(open_target("flower").program, "flower")
    view.resize(width, 300)
    for k in (1, 8, 12, 14):
        session.go(1, k)
        view.draw(session.moment())
        for i in range(view.model.rowCount()):
            rect = view.list.visualRect(view.model.index(i))
            assert rect.height() == view.delegate.plan(view.model.row(i), view.list.viewport().width()).height
            assert rect.width() == view.list.viewport().width()


@pytest.mark.parametrize("columns", [9, 14, 20, 80])
def test_a_long_line_is_continued_not_cut(columns):
    text = "dA2 = ((1 - Y) / (1 - A2) - Y / A2) / m"
    pieces = cut(text, columns)
    assert all(len(p) <= columns for p in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert cut("", 10) == [""]


def test_a_sentence_is_folded(view):
    metrics = QFontMetrics(view.font())
    pieces = fold("one two three four five", metrics, metrics.horizontalAdvance("one two th"))
    assert len(pieces) > 1 and " ".join(pieces) == "one two three four five"
