"""Questions: what they answer, what they refuse in one sentence, and where their answer can change."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from helpers.programs import SETTINGS, Net, nets
from hypothesis import given
from hypothesis import strategies as st

from core.complete import load
from core.errors import ExecutionError, NotationError
from core.execute.timeline import Position, Timeline
from core.library import example_text
from core.notation.question import compile, compile_condition, evaluate, known_names
from core.program.ir import Program
from core.session import Session


@cache
def xor() -> Timeline:
    """Return the end of the third iteration of XOR."""
    timeline = Timeline(load(example_text("xor")))
    timeline.go(Position(3, len(timeline.program)))
    return timeline


def values(timeline: Timeline) -> dict[str, Any]:
    """Return the values by label; the bare name is the newest."""
    found: dict[str, Any] = {v.label: timeline.machine.peek(v.index) for v in timeline.program.values}
    return found | {v.name: timeline.machine.peek(v.index) for v in timeline.program.values if v.kind != "part"}


ANSWERS: dict[str, Any] = {
    "abs(dW1).max() > 10": lambda v: np.abs(v["dW1"]).max() > 10,
    "L > 0.5": lambda v: v["L"] > 0.5,
    "iteration == 3": lambda v: True,
    "W1[0, 1]": lambda v: v["W1"][0, 1],
    "W1[:, -1]": lambda v: v["W1"][:, -1],
    "norm(dW1)": lambda v: np.sqrt(np.sum(v["dW1"] ** 2)),
    "np.linalg.norm(dW1)": lambda v: np.sqrt(np.sum(v["dW1"] ** 2)),
    "max(abs(Z2))": lambda v: np.max(np.abs(v["Z2"])),
    "sqrt(sum(W1 ** 2))": lambda v: np.sqrt(np.sum(v["W1"] ** 2)),
    "L > 0.1 and not iteration > 5 or L == 7": lambda v: True,
    "not L": lambda v: False,
    "W1.any() and np.all(A1 > 0)": lambda v: True,
    "any(isnan(W1))": lambda v: False,
    "norm(W1_next - W1) / norm(W1)": lambda v: (
        np.linalg.norm(v["W1_next"] - xor().machine.peek(xor().program.inputs["W1"]))
        / np.linalg.norm(xor().machine.peek(xor().program.inputs["W1"]))  # type: ignore[arg-type]
    ),
    "W2 @ A1 + b2": lambda v: v["W2"] @ v["A1"] + v["b2"],
    "epoch + m": lambda v: 7,
    "W1.T": lambda v: v["W1"].T,
    "log(-L)": lambda v: np.nan,
    "L / (L - L)": lambda v: np.inf,
    "softmax(Z1)[0, 0]": lambda v: (np.exp(v["Z1"]) / np.exp(v["Z1"]).sum(axis=0))[0, 0],
}


@pytest.mark.parametrize("text", ANSWERS)
def test_answers(text: str) -> None:
    t = xor()
    question = compile(text, t.program)
    answer = evaluate(question, len(t.program), t.machine.peek, 3)
    np.testing.assert_allclose(np.asarray(answer, dtype=float), np.asarray(ANSWERS[text](values(t)), dtype=float), rtol=1e-14)
    assert np.shape(answer) == question.shape
    assert question.condition == (np.asarray(answer).dtype == bool and np.size(answer) == 1)


REFUSED = {
    "": "write an expression",
    "L >": "not a whole expression yet",
    "L = 0.5": "write `==`, not `=`",
    "dW11 > 3": "there is no value `dW11`; did you mean `dW1`?",
    "w1": "did you mean `W1`?",
    "qqqqqq": "use a name that stands in the program",
    "W1[0, 2]": "W1 is 3×2: index 2 is outside an axis of size 2",
    "W1 @ dW1": "the 2 columns of W1 meet the 3 rows of dW1",
    "W1 @ (X.T + 1)": "(X.T + 1) is 4×2",
    "foo(W1)": "there is no function `foo`",
    "lambda: 3": "not part of the notation",
    "__import__('os').system('ls')": "not a function of the notation",
    "W1.__class__": "is not part of the notation",
    "[x for x in W1]": "not part of the notation",
    "0 < L < 1": "compare two things at a time",
    "(-8) ** 0.5": "not a real number",
    "L\n": "",
    "L" + "+L" * 400: "at most 500 characters",
}


@pytest.mark.parametrize("text", [t for t in REFUSED if REFUSED[t]])
def test_refusals_are_one_sentence(text: str) -> None:
    with pytest.raises(NotationError) as caught:
        compile(text, xor().program)
    assert REFUSED[text] in str(caught.value) and "line 0" not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(("text", "said"), [("L", "a condition compares"), ("W1 > 0", "ask for `any(…)`"), ("W1", "is 3×2")])
def test_a_condition_is_one_yes_or_no(text: str, said: str) -> None:
    with pytest.raises(NotationError, match=r"condition|yes or no") as caught:
        compile_condition(text, xor().program)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["1 / 0", "iteration ** 99999999999", "(0 - iteration) ** 0.5", "1 / (iteration - iteration)"])
def test_what_cannot_be_computed_is_one_sentence(text: str) -> None:
    try:
        question = compile(text, xor().program)
    except NotationError:
        return
    with pytest.raises(ExecutionError, match="`"):
        evaluate(question, 0, xor().machine.peek, 3)


def test_points_are_where_a_name_gets_a_value() -> None:
    p = xor().program
    after = {v.label: p.makers[v.index] + 1 for v in p.values if v.index in p.makers}
    assert [x.k for x in compile("W1", p).points] == [0, after["W1_next"]]
    assert [x.k for x in compile("W1 * L", p).points] == [after["L"], after["W1_next"]]
    assert [x.k for x in compile("iteration", p).points] == [0]
    assert [x.k for x in compile("W1_next", p).points] == [after["W1_next"]]
    assert evaluate(compile("dW1", p), 3, xor().machine.peek, 3) is None, "not computed yet there"


def test_a_value_behind_a_line_that_fails_is_said() -> None:
    p = load("# data\nX = np.ones((2, 5))\n# parameters\nW = np.ones((4, 4))\n# forward\nA = W + 1\nZ = W @ X\nL = sum(Z)\n")
    assert p.fault is not None
    assert compile("A", p).shape == (4, 4)
    with pytest.raises(NotationError, match=r"never computed|no value"):
        compile("L > 0", p)


def test_a_last_batch_of_another_size() -> None:
    p = load(
        "# data\nX = np.array([[1.0, 2.0, 3.0]])\nsamples = 'columns'\nbatch = 2\n# parameters\nw = np.array([[1.0]])\n"
        "# forward\nA = w @ X\nL = sum(A)\n# update\nw = w - 0.1\n"
    )
    timeline = Timeline(p)
    timeline.go(Position(2, len(p)))
    assert evaluate(compile("m", p), 0, timeline.machine.peek, 2) == 1
    with pytest.raises(ExecutionError, match="cannot be computed here"):
        evaluate(compile("A[0, 1]", p), len(p), timeline.machine.peek, 2)


@SETTINGS(25)
@given(nets(), st.data())
def test_a_name_is_the_newest_version_everywhere(net: Net, data: st.DataObject) -> None:
    program: Program = load(net.text)
    session = Session(program, "x")
    session.run(1)
    for name in {v.name for v in program.values if v.kind != "part" and v.name.isidentifier()}:
        question = compile(name, program)
        k = data.draw(st.integers(0, session.moment().k))
        session.go(1, k)
        moment = session.moment()
        index = moment.current(name)
        answer = evaluate(question, moment.k, moment.machine.peek, 1)
        assert (answer is None) == (index is None)
        if index is not None:
            np.testing.assert_array_equal(np.asarray(answer), np.asarray(moment.value(index)))
        session.go(1, len(program))


def test_names_for_completion() -> None:
    names = known_names(xor().program)
    assert {"W1", "W1_next", "dZ1", "iteration", "norm"} <= set(names) and not any("." in n for n in names)
    assert len(names) == len(set(names))


PIECES = (
    "W1", "dW1", "L", "iteration", "Z9", "(", ")", "[", "]", ",", ":", "0", "1.5", "-1", "1e308", "**", "+", "-", "*", "/", "@",
    " and ", " or ", "not ", ">", "<=", "==", "=", ".T", ".max()", ".shape[0]", "abs(", "norm(", "where(", "np.", "softmax(",
    "None", "'x'", "lambda: ", "\n", "\0", "é", "_",
)  # fmt: skip


@SETTINGS(400)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join) | st.text(max_size=20))
def test_any_text_is_a_question_or_one_sentence(text: str) -> None:
    t = xor()
    try:
        question = compile(text, t.program)
        evaluate(question, len(t.program), t.machine.peek, 3)
    except (NotationError, ExecutionError) as error:
        assert str(error) and "Traceback" not in str(error)


OWN = """\
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def slope(x):
    s = sigmoid(x)
    return s * (1 - s)

def norm(x):
    return max(abs(x))

# data
X = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]])
Y = np.array([[0.0, 1, 1, 0]])
samples = "columns"
# parameters
W = np.array([[0.3, -0.2]])
lr = 0.5
# forward
Z = W @ X
A = sigmoid(Z)
# loss
L = sum((A - Y) ** 2)
"""


def test_a_question_may_call_the_functions_of_the_program():
    program = load(OWN)
    session = Session(program, "own")
    session.go(1, len(program))

    def asked(text):
        return evaluate(compile(text, program), len(program), session.timeline.machine.peek, 1)

    z, a = (session.timeline.machine.peek(v.index) for v in program.values if v.label in ("Z", "A"))
    assert np.array_equal(asked("slope(Z)"), a * (1 - a))
    assert asked("abs(slope(Z)).max() > 0.2") == (np.abs(a * (1 - a)).max() > 0.2)
    assert asked("norm(Z)") == np.abs(z).max()  # the learner's own goes before the short word
    assert np.isclose(asked("np.linalg.norm(Z)"), np.linalg.norm(z))
    assert asked("A.any() and sigmoid(0) == 0.5")
    assert compile_condition("slope(W)[0, 0] > 0.2", program).condition
    assert {"sigmoid", "slope", "norm"} <= set(known_names(program))
    assert known_names(program).count("norm") == 1
    with pytest.raises(NotationError, match="`slope` takes 1 arguments"):
        compile("slope(Z, A)", program)
    with pytest.raises(NotationError, match="did you mean `slope`"):
        compile("slop(Z)", program)


def test_a_condition_on_a_function_of_the_program_becomes_true_where_its_value_does():
    program = load(OWN)
    condition = compile_condition("slope(Z).max() >= 0.25", program)
    assert [p.k for p in condition.points] == [program.makers[next(v.index for v in program.values if v.label == "Z")] + 1]
