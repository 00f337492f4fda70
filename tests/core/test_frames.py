"""Stepping into the learner's own small `def`s: what came out of which line, where steps lead, and the bits stay the same."""

from __future__ import annotations

import contextlib
import io
import sys

import numpy as np
import pytest
from helpers.bits import floats, moment_bits, state_bits, stepped
from helpers.programs import SETTINGS
from hypothesis import given
from hypothesis import strategies as st

from core.complete import load
from core.execute.breakpoints import arm, earlier, later
from core.execute.runner import Runner
from core.execute.timeline import Position, Timeline
from core.frames import body_line, local_name, local_text, meanings, runs
from core.health import rules
from core.notation.script import script_text
from core.notes import Breakpoint, Notes
from core.session import Session

PRIME = """\
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def sigmoid_prime(x):
    s = sigmoid(x)
    t = 1 - s
    return s * t

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
    return Session(load(PRIME), "prime")


@contextlib.contextmanager
def arguments_of_script(arguments):
    before, errors = sys.argv, np.geterr()
    sys.argv = arguments
    try:
        yield
    finally:
        sys.argv = before
        np.seterr(**errors)


def place(session):
    """Return how many operations are done, and the functions that one stands in."""
    m = session.moment()
    return m.k, [c.function for c in m.calls]


def of_line(session, target):
    return next(s for s in session.program.statements if s.target == target)


def test_every_instruction_knows_the_lines_of_the_defs_it_came_out_of(session):
    p = session.program
    s = of_line(session, "dZ")
    found = [[(p.calls[f.call].function, f.step) for f in i.frames] for i in p.instructions[s.first : s.last]]
    prime = "sigmoid_prime"
    assert found == [[], [], [(prime, 0), ("sigmoid", 0)], [(prime, 1)], [(prime, 2)], []]
    call = next(c for c in p.calls if c.function == prime)
    assert (call.text, call.line, call.parent, call.statement) == ("sigmoid_prime(Z)", s.line, None, s.index)
    inner = next(c for c in p.calls if c.parent == call.index)
    assert (inner.text, inner.line, inner.first, inner.last) == ("sigmoid(x)", 5, call.first, call.first + 1)
    assert [p.values[o.value].label for o in call.arguments] == ["Z"]
    assert [p.values[o.value].label for o in call.results] == ["dZ.3", "dZ.4", "dZ.5"]
    assert [(f.text, [b.text for b in f.lines]) for f in p.functions] == [
        ("def sigmoid(x):", ["return 1 / (1 + np.exp(-x))"]),
        ("def sigmoid_prime(x):", ["s = sigmoid(x)", "t = 1 - s", "return s * t"]),
    ]


def test_operations_in_the_names_of_their_def(session):
    p = session.program
    s = of_line(session, "dZ")
    assert [local_text(p, i) for i in p.instructions[s.first : s.last]] == [
        "dZ.1 = A - Y", "dZ.2 = 2 * dZ.1", "return 1 / (1 + exp(-x))", "t = 1 - s", "return s * t", "dZ = dZ.2 * dZ.5",
    ]  # fmt: skip
    assert [local_name(p, i) for i in p.instructions[s.first : s.last]] == [None, None, "", "t", "", None]
    call = next(c for c in p.calls if c.function == "sigmoid_prime")
    assert {n: p.values[o.value].label for n, o in meanings(p, call.index, 2).items()} == {"x": "Z", "s": "dZ.3", "t": "dZ.4"}
    assert set(meanings(p, call.index, 0)) == {"x"}


def test_the_order_is_that_of_python():
    p = load(
        "def f(x, y):\n    a = x * 2\n    b = y + 1\n    return b - a\n\n# data\nX = np.ones((2, 2))\nY = np.ones((2, 2))\n"
        "# parameters\nW = np.ones((2, 2))\nlr = 0.1\n# forward\nB = f(W @ X, W * Y)\nL = sum(B)\n"
    )
    first = p.statements[0]
    assert [i.op for i in p.instructions[first.first : first.last]] == ["matmul", "multiply", "multiply", "add", "subtract"]
    assert [[f.step for f in i.frames] for i in p.instructions[first.first : first.last]] == [[], [], [0], [1], [2]]


def test_what_a_def_gives_no_use_to_makes_no_operation():
    p = load(
        "def f(x, y):\n    spare = x @ x\n    return x\n\ndef g(x):\n    s = x * 2\n    return s\n\n# data\nX = np.ones((2, 3))\n"
        "# parameters\nW = np.ones((2, 3))\nlr = 0.1\n# forward\nA = f(W, 1)\nB = g(A) + g(3.0)\nC = g(X.T)\n"
        "L = sum(B) + sum(C)\n"
    )
    assert [i.op for i in p.instructions[:3]] == ["identity", "multiply", "multiply"]
    unused = next(c for c in p.calls if c.function == "g")
    assert unused.results == (unused.results[0],) * 2
    assert p.instructions[p.statements[2].first].op == "multiply"


def test_into_over_and_out_of_a_def(session):
    s = of_line(session, "dZ")
    session.go(1, s.first)
    session.into()  # the next operation is the line's own
    assert session.moment().element == 0
    session.out()
    session.later()
    k = s.first + 2
    assert place(session) == (k, [])
    session.into()
    assert place(session) == (k, ["sigmoid_prime"])
    session.into()
    assert place(session) == (k, ["sigmoid_prime", "sigmoid"])
    session.into()
    assert session.moment().inner is not None  # 1 / (1 + exp(-x)) itself
    session.out(later=False)
    assert place(session) == (k, ["sigmoid_prime", "sigmoid"])
    session.out()
    assert place(session) == (k + 1, ["sigmoid_prime"])
    session.out(later=False)
    assert place(session) == (k, [])
    session.into()
    session.later("statement")
    assert place(session) == (k + 1, ["sigmoid_prime"])  # over sigmoid(x)
    session.later("statement")
    assert place(session) == (k + 2, ["sigmoid_prime"])
    session.earlier("statement")
    session.earlier("statement")
    assert place(session) == (k, ["sigmoid_prime"])
    session.later()
    assert place(session) == (k + 1, ["sigmoid_prime", "sigmoid"])
    session.later()
    session.later()
    assert place(session) == (k + 3, ["sigmoid_prime"])
    session.out()
    assert place(session) == (k + 3, [])
    session.into(later=False)
    assert place(session) == (k + 3, ["sigmoid_prime"])
    session.later("statement")
    assert place(session) == (s.last, [])


def test_a_line_as_a_whole_leads_into_no_def(session):
    for s in session.program.statements:
        session.later("statement")
        assert place(session) == (s.last, [])
    for s in reversed(session.program.statements):
        session.earlier("statement")
        assert place(session) == (s.first, [])


def test_one_operation_at_a_time_both_ways(session):
    there, back = [], []
    n = len(session.program)
    for _ in range(n):
        session.later()
        there.append(place(session))
    for _ in range(n - 1):
        session.earlier()
        back.insert(0, place(session))
    assert [k for k, _ in there] == list(range(1, n + 1))
    a = of_line(session, "A")
    assert (a.last, ["sigmoid"]) in there
    prime = [names for k, names in there if names[:1] == ["sigmoid_prime"]]
    assert prime == [["sigmoid_prime", "sigmoid"], ["sigmoid_prime"], ["sigmoid_prime"]]
    # Coming from later one stays in a call until it is undone; otherwise both ways show the same.
    first = {c.first for c in session.program.calls}
    assert [p for p in back if p[0] not in first] == [p for p in there[:-1] if p[0] not in first]


def test_to_the_lines_of_a_def(session):
    line = body_line(session.program, "sigmoid", 0)
    places = [end for _, end in runs(session.program, line)]
    assert len(places) == 2
    for k in places:
        session.to_body_line("sigmoid", 0)
        assert place(session)[0] == k
        assert place(session)[1][-1] == "sigmoid"
    session.to_body_line("sigmoid", 0)
    assert session.moment().position == Position(2, places[0])
    session.to_body_line("sigmoid", 0, later=False)
    assert session.moment().position == Position(1, places[1])


def test_a_breakpoint_on_a_line_of_a_def_stops_in_every_call(session):
    line = body_line(session.program, "sigmoid", 0)
    notes = Notes().toggle_line(line)
    assert notes.at_line(line) is not None
    assert notes.settled(load("\n\n" + PRIME)).breakpoints[0].line == line.line + 2
    armed = arm(notes.breakpoints, rules.finder)

    def hunted(hunt):
        while True:
            try:
                next(hunt)
            except StopIteration as end:
                return end.value

    at, found = Position(1, 0), []
    for _ in range(4):
        at = hunted(later(session.timeline, armed, at)).position
        found.append(at)
    places = [first for first, _ in runs(session.program, line)]
    assert found == [Position(i, k) for i in (1, 2) for k in places]
    assert hunted(earlier(session.timeline, armed, at)).position == found[-2]
    session.stop_before(1, places[1], "sigmoid")
    assert place(session) == (places[1], ["sigmoid_prime", "sigmoid"])
    assert Breakpoint("line", "nowhere") not in notes.breakpoints


BODIES = st.lists(
    st.sampled_from(["{0} * 2", "sigmoid({0})", "np.tanh({0})", "{0} - {1}", "1 / (1 + np.exp(-{0}))", "{0}", "0.5 * {0} + {1}",
                     "{0}.T.T"]),
    min_size=1, max_size=5,
)  # fmt: skip


CALLS = ["g(f(Z, Y), A)", "f(g(Z, Z), g(A, Y)) * f(A, A)", "f(Z.T, A.T).T", "g(W @ X, 0.5 * b)"]


@given(BODIES, BODIES, st.sampled_from(CALLS))
@SETTINGS(40)
def test_defs_change_no_bit(first, second, call):
    """Stepping = running = the script = the same lines without a `def`."""

    def body(name, bodies, other):
        names, lines = ["x", "y"], []
        for n, text in enumerate(bodies):
            lines.append(f"    v{n} = {text.format(names[-1], names[-2])}")
            names.append(f"v{n}")
        inner = f"{other}({names[-1]}, {names[-2]})" if other else names[-1]
        return "\n".join([f"def {name}(x, y):", *lines, f"    return {inner} + x"])

    text = PRIME.replace("# data", f"{body('f', first, '')}\n\n{body('g', second, 'f')}\n\n# data", 1)
    text = text.replace("# loss", f"P = {call}\n# loss").replace("(A - Y) ** 2", "(A - Y) ** 2 + 0.01 * sum(P ** 2)")
    program = load(text)
    assert program.fault is None, text
    slow, states = stepped(program, 5)
    runner = Runner(program)
    for state in states:
        assert runner.step()
        assert state_bits(runner.state) == state
    again = load(program.text)
    assert [i.text for i in again.instructions] == [i.text for i in program.instructions]
    assert [i.frames for i in again.instructions] == [i.frames for i in program.instructions]
    fast = Timeline(program)
    assert fast.run(5)
    assert floats(fast.losses) == floats(slow.losses)
    assert moment_bits(fast) == moment_bits(slow)
    space: dict[str, object] = {"__name__": "__main__"}
    with arguments_of_script(["script.py", "5"]), contextlib.redirect_stdout(io.StringIO()):
        exec(compile(script_text(program, "defs"), "script.py", "exec"), space)
    for name, value in slow.machine.state().items():
        assert np.asarray(space[name]).tobytes() == np.asarray(value).tobytes(), (name, text)
    for call_ in program.calls:
        inside = program.instructions[call_.first : call_.last]
        assert all(any(f.call == call_.index for f in i.frames) for i in inside)
        assert all(i.statement == call_.statement for i in inside)


ACTIONS = ["into", "into-", "out", "out-", "later", "earlier", "over", "over-", "element", "phase", "line"]


@given(st.lists(st.sampled_from(ACTIONS), max_size=30))
@SETTINGS(40)
def test_stepping_about_in_defs_leaves_no_trace(actions):
    session, other = Session(load(PRIME), "a"), Session(load(PRIME), "b")
    do = {
        "into": session.into, "into-": lambda: session.into(later=False), "out": session.out,
        "out-": lambda: session.out(later=False), "later": session.later,
        "earlier": session.earlier, "over": lambda: session.later("statement"),
        "over-": lambda: session.earlier("statement"), "element": lambda: session.later("element"),
        "phase": lambda: session.later("phase"), "line": lambda: session.to_body_line("sigmoid_prime", 1),
    }  # fmt: skip
    for action in actions:
        before = session.timeline.position, session.moment().call, session.moment().inner, session.moment().element
        do[action]()
        m = session.moment()
        after = session.timeline.position, m.call, m.inner, m.element
        assert after != before or action.endswith("-") or action in ("earlier", "into"), action
        at = session.timeline.position
        other.go(at.iteration, at.k)
        assert moment_bits(session.timeline) == moment_bits(other.timeline)
        for c in m.calls:
            assert c.first <= at.k <= c.last
