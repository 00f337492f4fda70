"""What is known of a text while it is written: shapes, faults, roles, completions; for any text at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.hostile import nothing_is_executed, poisoned, valid_python
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.complete import load
from core.diagnosis import diagnose
from core.execute.timeline import Timeline
from core.library import EXAMPLES, example_text
from core.notation.setup import Setup
from core.program.dims import show
from core.writing import SetupCache, analyse, completions, derived_backward, marks_of

RIGHT = """# data
X = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
Y = np.array([[0, 1, 1, 0]])
# parameters
np.random.seed(1)
W1 = np.random.randn(3, 2)
b1 = np.zeros((3, 1))
W2 = np.random.randn(1, 3)
lr = 0.5
# forward
Z1 = W1 @ X + b1
A1 = sigmoid(Z1)
A2 = sigmoid(W2 @ A1)
# loss
L = mse(A2, Y)
# backward
dA2 = 2 * (A2 - Y) / 4
dZ2 = dA2 * A2 * (1 - A2)
dW2 = dZ2 @ A1.T
dZ1 = W2.T @ dZ2 * A1 * (1 - A1)
dW1 = dZ1 @ X.T
db1 = sum(dZ1, axis=1, keepdims=True)
# update
W1 = W1 - lr * dW1
b1 = b1 - lr * db1
W2 = W2 - lr * dW2
"""


def with_line(number: int, line: str) -> str:
    rows = RIGHT.split("\n")
    rows[number - 1] = line
    return "\n".join(rows)


def shapes(text: str) -> dict[int, str]:
    return {line: facts.shape for line, facts in analyse(text).lines.items()}


@pytest.mark.parametrize("name", [n for n in EXAMPLES if n not in ("iris", "digits")])
def test_shapes_are_those_that_the_program_has(name: str) -> None:
    text = example_text(name)
    found = analyse(text)
    program = load(text)
    layout = Timeline(program).machine.layout
    assert not found.troubles
    made = 0
    for s in program.statements:
        if not s.derived:
            shape = layout.shape(program.instructions[s.last - 1].result)
            line = next(n for n, f in found.lines.items() if f.name == s.target and f.section == s.phase)
            assert shape is not None
            assert found.lines[line].shape == (show(shape) if shape else "number")
            made += 1
    assert made >= 5


def test_roles_and_sections_are_told() -> None:
    roles = analyse(RIGHT).roles
    assert (roles["X"], roles["W1"], roles["lr"]) == ("data", "parameter", "hyperparameter")
    assert (roles["dW1"], roles["L"], roles["Z1"]) == ("gradient", "loss", "other")


@pytest.mark.parametrize(
    ("line", "text", "message", "under"),
    [
        (11, "Z1 = W1 @ X + b9", "`b9` has no value here; did you mean `b1`?", "b9"),
        (12, "A1 = sigmod(Z1)", "sigmod", "sigmod(Z1)"),
        (13, "A2 = sigmoid(A1 @ W2)", "the 4 columns of A1 meet the 1 row of W2", "sigmoid(A1 @ W2)"),
        (13, "A2 = sigmoid(W2 @ A1", "The bracket `(` is not closed.", "("),
        (12, "for i in range(3):", "`for` is not part of the notation", None),
        (6, "W1 = np.random.randn(3, oops)", "`oops` has no value yet", "oops"),
        (17, "dA2 = 2 * (A2 - Y) / 4 )", "unmatched ')'", ")"),
        (12, "A1", "gives it no name", "A1"),
    ],
)
def test_a_fault_has_its_line_and_sentence_and_place(line: int, text: str, message: str, under: str | None) -> None:
    trouble = analyse(with_line(line, text)).troubles[0]
    assert trouble.line == line
    assert message in trouble.message
    if under is not None:
        assert text[trouble.column : trouble.end] == under


def test_one_fault_leaves_the_rest_as_it_is() -> None:
    whole, found = shapes(RIGHT), shapes(with_line(12, "A1 = sigmoid(Z1"))
    assert {n: s for n, s in found.items() if n < 12} == {n: s for n, s in whole.items() if n < 12}
    assert found[13] == ""  # it reads A1, of which nothing is known
    assert found[24] == ""


def test_an_update_that_is_half_typed_keeps_its_parameter() -> None:
    found = analyse(with_line(26, "W2 = W2 - lr *"))
    assert [t.line for t in found.troubles] == [26]
    assert found.lines[13].shape == "1×4"


def test_two_faults_are_two() -> None:
    text = with_line(11, "Z1 = W1 @ Y + b1").replace("db1 = sum(dZ1,", "db1 = sum(dZ1, ,")
    assert [t.line for t in analyse(text).troubles] == [11, 22]


def test_gradients_that_will_be_derived_are_no_faults() -> None:
    rows = RIGHT.split("\n")
    text = "\n".join(rows[:15] + rows[22:])
    found = analyse(text)
    assert not found.troubles
    assert set(found.missing) == {"dW1", "db1", "dW2"}
    assert shapes(text)[17] == "3×2"
    assert found.roles["dW1"] == "gradient"


def test_setup_lines_are_evaluated_again_only_from_the_changed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    evaluate = Setup.evaluate
    monkeypatch.setattr(Setup, "evaluate", lambda self, node: (seen.append(node.lineno), evaluate(self, node))[1])
    cache = SetupCache()
    first = analyse(RIGHT, cache=cache)
    seen.clear()
    assert analyse(with_line(12, "A1 = tanh(Z1)"), cache=cache).lines[6] == first.lines[6]
    assert seen == []
    analyse(with_line(7, "b1 = np.ones((3, 1))"), cache=cache)
    assert seen == [7, 8, 9]
    again = analyse(RIGHT, cache=cache)
    assert again.program is not None and first.program is not None
    for name, value in first.program.first_values.items():
        assert (
            (again.program.first_values[name] == value).all()
            if hasattr(value, "shape")
            else again.program.first_values[name] == value
        )


def test_draws_that_are_large_are_not_drawn() -> None:
    text = (
        "# parameters\nnp.random.seed(1)\nW = np.random.randn(5000, 5000)\n# data\nX = np.ones((5000, 2))\n# forward\nZ = W @ X\n"
    )
    found = analyse(text)
    assert not found.troubles
    assert found.lines[7].shape == "5000×2"


def names(text: str, line: int, column: int) -> list[str]:
    return [c.text for c in completions(text, line, column, analyse(text)).items]


def test_completions_know_the_names_above_and_the_functions() -> None:
    text = with_line(12, "A1 = sig")
    assert names(text, 12, 8)[0] == "sigmoid("
    assert "A1" not in names(with_line(12, "A1 = "), 12, 5)
    assert names(with_line(12, "A1 = Z"), 12, 6) == ["Z1", "zeros_like("]
    found = completions(with_line(12, "A1 = Z"), 12, 6, analyse(RIGHT))
    assert (found.start, found.typed, found.items[0].detail) == (5, "Z", "3×4")


@pytest.mark.parametrize(
    ("line", "typed"), [("A1.", "T"), ("A1.su", "sum("), ("np.random.ra", "randn("), ("(A1 + 1).", "T"), ("np.ex", "exp(")]
)
def test_methods_and_modules_after_a_dot(line: str, typed: str) -> None:
    text = f"# data\nA1 = np.ones((2, 2))\n{line}"
    assert typed in names(text, 3, len(line))


@pytest.mark.parametrize("line", ["# sig", "x = 'sig", "x = 1 # sig", "x = 3.", "x = 12", 'x = "a # sig'])
def test_nothing_is_offered_in_comments_texts_and_numbers(line: str) -> None:
    assert names(f"# forward\n{line}", 2, len(line)) == []


def test_own_functions_and_their_arguments() -> None:
    text = "def prime(value):\n    half = value / 2\n    return \n# forward\nx = pr"
    assert "prime(" in names(text, 5, 6)
    assert {"value", "half"} <= set(names(text, 3, 11))


def test_the_derived_backward_beside_ones_own() -> None:
    found = derived_backward(RIGHT)
    own = {line.parameter: (line.own_name, line.own) for line in found.lines if line.parameter}
    assert own == {"W1": ("dW1", 21), "b1": ("db1", 22), "W2": ("dW2", 19)}
    assert "-" not in found.problem


def test_the_derived_backward_of_a_loss_that_is_no_number_is_that_of_its_sum() -> None:
    found = derived_backward(with_line(15, "L = (A2 - Y) ** 2"))
    assert not found.problem
    assert found.lines[0].text.startswith("dA2 = 2 * (A2 - Y)")


@pytest.mark.parametrize("text", ["", "x = ", "# forward\nx = 1\n", "a = b"])
def test_no_derived_backward_is_said_in_a_sentence(text: str) -> None:
    found = derived_backward(text)
    assert found.problem
    assert not found.lines


def test_marks_of_a_diagnosis() -> None:
    right = marks_of(diagnose(RIGHT), RIGHT)
    assert all(m.right for m in right.values())
    assert set(right) == {17, 18, 19, 20, 21, 22}
    text = with_line(22, "db1 = -sum(dZ1, axis=1, keepdims=True)")
    found = diagnose(text)
    marks = marks_of(found, text)
    assert not marks[22].right and marks[22].words == "sign"
    assert marks[21].right
    assert 22 not in marks_of(found, text, {})


def test_a_nul_is_one_fault() -> None:
    found = analyse("# data\nX = 1\0\ny = 2\n")
    assert [(t.line, "NUL" in t.message) for t in found.troubles] == [(2, True)]


LINES = st.sampled_from(
    [
        *RIGHT.split("\n"),
        "def f(x):",
        "    return x * 2",
        "x = f(",
        "'''",
        "for i in x:",
        "W1 -= lr * dW1",
        "\tx = 1",
        "Z1[Z1 < 0] = 0",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(st.text(max_size=200), st.lists(LINES, max_size=14).map("\n".join), st.lists(LINES, max_size=9).map("\r\n".join))
)
@example("\ufeffx = 1")
@example("x = (\n)\n\0")
@example("é = 'ü' + ß\n𝒳 = 𝒴\n")
@example("def f(x):\n    return f(x)\n# forward\ny = f(1)\n")
@example("\x0c\x1c\u2028x = 1")
def test_any_text_is_analysed(text: str) -> None:
    found = analyse(text)
    rows = max(1, text.count("\n") + text.count("\r") + 1)
    for trouble in found.troubles:
        assert 1 <= trouble.line <= trouble.last <= rows
        assert 0 <= trouble.column < max(trouble.end, 1)
        assert trouble.message
        assert "Traceback" not in trouble.message
    assert found.lines == analyse(text).lines
    for line in (1, rows):
        for column in (0, 3):
            completions(text, line, column, found)


@settings(max_examples=40, deadline=None)
@given(st.lists(LINES, max_size=12).map("\n".join), st.lists(LINES, max_size=12).map("\n".join))
def test_a_cache_changes_nothing(before: str, after: str) -> None:
    cache = SetupCache()
    analyse(before, cache=cache)
    kept, fresh = analyse(after, cache=cache), analyse(after)
    assert (kept.lines, kept.troubles, kept.roles) == (fresh.lines, fresh.troubles, fresh.roles)


def test_nothing_typed_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made: Callable[[str], str] = lambda code: f"# data\nX = {code}\n# forward\nZ = {code}\n"  # noqa: E731
    for code in ("open('x', 'w')", "__import__('os').system('touch x')", "eval('1')", "(lambda: 1)()", "[i for i in range(3)]"):
        assert analyse(made(code)).troubles
        derived_backward(made(code))
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=60, deadline=None)
@given(st.one_of(valid_python(), poisoned(RIGHT)))
def test_python_of_any_kind_is_read_and_never_run(text: str) -> None:
    with nothing_is_executed():
        found = analyse(text)
        completions(text, 1, 1, found)
        derived_backward(text)
    assert all(t.message for t in found.troubles)
