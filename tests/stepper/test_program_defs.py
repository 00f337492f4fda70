"""The learner's own functions in the window: their lines lit as they run, their names clickable, stops and the cursor on them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QSignalSpy, QTest

from core.complete import load
from core.notes import Breakpoint
from core.session import Session
from stepper.models.program_model import ROW_ROLE
from stepper.views.line import LineView
from stepper.views.operation import OperationView
from stepper.views.program import ProgramView
from stepper.views.program_lines import GUTTER, INDENT
from stepper.widgets.value_head import in_function

TEXT = """\
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def sigmoid_prime(x):
    s = sigmoid(x)
    t = 1 - s
    return s * t * 1.0

# data
X = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]])
Y = np.array([[0.0, 1, 1, 0]])
samples = "columns"
# parameters
W = np.array([[0.3, -0.2]])
b = np.array([[0.1]])
lr = 0.5
# forward
Z = W @ X + b
A = sigmoid(Z)
# loss
L = sum((A - Y) ** 2)
# backward
dZ = 2 * (A - Y) * sigmoid_prime(Z)
dW = dZ @ X.T
db = sum(dZ, axis=1, keepdims=True)
# update
W -= lr * dW
b -= lr * db
"""


@pytest.fixture
def session():
    return Session(load(TEXT), "prime")


@pytest.fixture
def view(qtbot, window):
    widget = ProgramView(window)
    widget.resize(380, 700)
    widget.show()
    return widget


def rows(view):
    return [view.model.row(i) for i in range(view.model.rowCount())]


def bodies(view):
    return {r.text: r for r in rows(view) if r.kind == "body"}


def line(session, target):
    return next(s for s in session.program.statements if s.target == target)


def enter(session):
    """Go into sigmoid_prime, before its first line."""
    session.go(1, line(session, "dZ").first + 2)
    session.into()


def point_on(view, row, word):
    """Return where a word of a row stands."""
    rect = view.list.visualRect(view.model.index(row))
    metrics = QFontMetrics(view.delegate.mono)
    shown = view.model.row(row)
    before = shown.text.index(word)
    x = GUTTER + shown.depth * INDENT + metrics.horizontalAdvance(shown.text[:before]) + 2
    return QPoint(rect.left() + x, rect.top() + 8)


def test_the_functions_stand_in_the_program(view, session):
    view.draw(session.moment())
    found = [(r.kind, r.text) for r in rows(view) if r.kind in ("defs-heading", "def", "body")]
    assert found == [
        ("defs-heading", "your functions"), ("def", "def sigmoid(x):"), ("body", "return 1 / (1 + np.exp(-x))"),
        ("def", "def sigmoid_prime(x):"), ("body", "s = sigmoid(x)"), ("body", "t = 1 - s"), ("body", "return s * t * 1.0"),
    ]  # fmt: skip
    assert all(r.shape == "" and not r.names for r in bodies(view).values())
    assert view.strip.isVisible() and view.strip.words.text().startswith("in none")
    view.list.setCurrentIndex(view.model.index(1))
    QTest.keyClick(view.list, Qt.Key.Key_Return)
    assert not bodies(view)
    QTest.keyClick(view.list, Qt.Key.Key_Return)
    assert len(bodies(view)) == 4


def test_a_program_without_functions_has_no_strip(view):
    view.draw(Session(load(TEXT[TEXT.index("# data") :].replace("sigmoid_prime(Z)", "A")), "plain").moment())
    assert not view.strip.isVisible()
    assert not [r for r in rows(view) if r.kind in ("defs-heading", "def", "body")]


def test_the_exact_line_is_lit_and_the_call_hollow(view, session):
    enter(session)
    seen = []
    for _ in range(5):
        view.draw(session.moment())
        call = next(r for r in rows(view) if r.text.startswith("dZ ="))
        seen.append((call.status, call.note, [r.status for r in bodies(view).values()]))
        session.later()
    assert seen == [
        ("next", "2 of 7", ["next", "next", "waiting", "waiting"]),
        ("next", "3 of 7", ["lit", "next", "waiting", "waiting"]),
        ("next", "4 of 7", ["waiting", "done", "lit", "next"]),
        ("next", "5 of 7", ["waiting", "done", "done", "lit"]),
        ("next", "6 of 7", ["waiting", "done", "done", "lit"]),
    ]
    view.draw(session.moment())
    call = next(r for r in rows(view) if r.text.startswith("dZ ="))
    assert call.status == "lit" and call.note == ""
    assert {r.status for r in bodies(view).values()} == {"waiting"}


def test_names_have_values_and_shapes_of_this_call(view, session, qtbot):
    enter(session)
    session.later("statement")
    session.later("statement")
    view.draw(session.moment())
    z = session.program.values[session.program.instructions[line(session, "Z").last - 1].result].index
    found = bodies(view)
    assert [found[t].shape for t in ("s = sigmoid(x)", "t = 1 - s", "return s * t * 1.0")] == ["1×4"] * 3
    assert {said for _, _, said in found["t = 1 - s"].names} == {"x = Z (1×4)", "s = dZ.3 (1×4)", "t = dZ.4 (1×4)"}
    assert [n for n, _, _ in found["s = sigmoid(x)"].names] == ["x", "s"]
    assert found["return 1 / (1 + np.exp(-x))"].names == ()
    row = next(i for i, r in enumerate(rows(view)) if r.text == "s = sigmoid(x)")
    with qtbot.waitSignal(view.value_clicked) as chosen:
        qtbot.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=point_on(view, row, "x)"))
    assert chosen.args == [z, None]
    assert view.delegate.word_at(view.model.row(row), view.list.visualRect(view.model.index(row)), QPoint(2, 2)) == ""


def test_the_strip_says_where_and_with_what(view, session, qtbot):
    enter(session)
    session.into()
    view.draw(session.moment())
    assert view.strip.words.text() == "in sigmoid_prime ▸ sigmoid"
    shown = [b for b in view.strip.buttons if b.isVisible()]
    assert [b.text() for b in shown] == ["x = Z 1×4"]
    with qtbot.waitSignal(view.value_clicked) as chosen:
        shown[0].click()
    assert session.program.values[chosen.args[0]].label == "Z"
    height = view.strip.height()
    session.out()
    session.out()
    view.draw(session.moment())
    assert view.strip.height() == height


def test_clicks_go_to_a_line_and_put_stops(view, session, qtbot):
    view.draw(session.moment())
    row = next(i for i, r in enumerate(rows(view)) if r.text == "t = 1 - s")
    index = view.model.index(row)
    rect = view.list.visualRect(index)
    with qtbot.waitSignal(view.body_line_clicked) as went:
        qtbot.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=point_on(view, row, "1"))
    assert (went.args[0].function, went.args[0].step) == ("sigmoid_prime", 1)
    with qtbot.waitSignal(view.body_stop_clicked) as stop:
        qtbot.mouseClick(view.list.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(rect.left() + 4, rect.center().y()))
    session.note(session.notes.toggle_line(stop.args[0]))
    view.draw(session.moment())
    assert view.model.row(row).stop is True
    moved = QSignalSpy(view.body_cursor_moved)
    view.list.setCurrentIndex(view.model.index(row + 1))
    assert moved.at(moved.count() - 1)[0].step == 2
    assert view.model.data(index, ROW_ROLE).body == stop.args[0]


def test_in_the_window_keys_stops_and_the_cursor(window, tmp_path, qtbot):
    path = tmp_path / "prime.txt"
    path.write_text(TEXT)
    assert window.controller.open(str(path))
    window.drawer.draw_now()
    program = window.program_view
    view_rows = [program.model.row(i) for i in range(program.model.rowCount())]
    row = next(i for i, r in enumerate(view_rows) if r.text == "t = 1 - s")
    window.drawer.draw_now()
    program.list.setCurrentIndex(program.model.index(row))
    window.actions_["to-cursor"].trigger()
    assert window.moment.lit.text == "dZ.4 = 1 - dZ.3" and window.moment.calls[-1].function == "sigmoid_prime"
    window.drawer.draw_now()
    assert program.list.currentIndex().row() == row
    window.actions_["stop-line"].trigger()
    session = window.controller.session
    assert session.notes.breakpoints == (Breakpoint("line", "t = 1 - s", 6),)
    window.controller.to_start()
    window.actions_["run"].trigger()
    qtbot.waitUntil(lambda: session.moment().k > 0 and not session.running)
    m = session.moment()
    assert m.upcoming.text == "dZ.4 = 1 - dZ.3" and [c.function for c in m.calls] == ["sigmoid_prime"]
    window.actions_["out-earlier"].trigger()
    assert session.moment().calls == ()
    window.actions_["into"].trigger()
    assert session.moment().calls[-1].function == "sigmoid_prime"


def test_the_operation_in_the_names_of_the_function(window, session):
    view = OperationView(window)
    view.resize(800, 300)
    enter(session)
    session.later()
    session.later()
    view.draw(session.moment())
    assert view.equation_label.text() == "t = 1 - s"
    assert view.part_label.text() == "t in sigmoid_prime(Z)"
    assert view.sentence_label.text().startswith("s is taken away")
    session.later()
    view.draw(session.moment())
    assert view.part_label.text() == "part 1 of 2 of  return s * t * 1.0   ·   in sigmoid_prime(Z)"
    session.out()
    view.draw(session.moment())
    assert view.equation_label.text().startswith("dZ.6 = ")
    session.go(1, line(session, "A").first)
    session.later()
    view.draw(session.moment())
    assert view.equation_label.text() == "return 1 / (1 + exp(-x))"
    session.go(1, line(session, "A").last)
    view.draw(session.moment())
    assert view.equation_label.text() == "A = 1 / (1 + exp(-Z))"


def test_a_line_of_a_function_that_cannot_run(view):
    session = Session(load(TEXT.replace("t = 1 - s", "t = W - s @ s")), "wrong")
    assert session.program.fault is not None
    session.go(1, session.program.fault.instruction)
    view.draw(session.moment())
    assert bodies(view)["t = W - s @ s"].status == "failed"


def test_value_and_line_say_what_a_part_is_in_its_function(window, tmp_path):
    path = tmp_path / "prime.txt"
    path.write_text(TEXT)
    assert window.controller.open(str(path))
    program = window.controller.session.program
    made = program.instructions[line(window.controller.session, "dZ").first :]
    said = [in_function(program, i.result) for i in made[:7]]
    assert said == [
        [], [], ["s in sigmoid_prime(Z)"], ["t in sigmoid_prime(Z)"], ["in sigmoid_prime(Z)"],
        ["what sigmoid_prime(Z) returns"], [],
    ]  # fmt: skip
    view = LineView(window)
    window.controller.go(1, made[3].index + 1)
    view.draw(window.moment)
    text = view.page.toPlainText()
    assert "In your function: sigmoid_prime(Z), where it reads: t = 1 - s" in text.replace("\xa0", " ")


def test_going_in_and_out_cuts_no_line_anew(view, session):
    heights = set()
    for k in range(len(session.program) + 1):
        session.go(1, k)
        view.draw(session.moment())
        heights.add(tuple(view.delegate.plan(r, 380).height for r in rows(view)))
    assert len(heights) == 1


def test_a_line_that_nothing_is_made_of_is_never_said_to_be_done(view):
    session = Session(load(TEXT.replace("    t = 1 - s", "    spare = x * 3\n    t = 1 - s")), "spare")
    enter(session)
    for _ in range(4):
        session.later()
        view.draw(session.moment())
        assert bodies(view)["spare = x * 3"].status == "waiting"
    assert bodies(view)["s = sigmoid(x)"].status == "done"
