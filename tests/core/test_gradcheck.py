"""Gradients that are right are called right, wrong ones wrong; what nudging cannot tell is said."""

# ruff: noqa: E501 (tables of faults, one a line)
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers.numeric import central_difference
from helpers.programs import SETTINGS, Net, nets, torch_training
from helpers.written import COLUMNS, RIGHT, ROWS, check_of, standing, verdicts
from hypothesis import given
from hypothesis import strategies as st

from core.complete import load
from core.health.gradcheck import MOST_CELLS, check, checked
from core.health.gradcheck_words import sentence, short_verdict, summary
from core.library import EXAMPLES, open_target
from core.update import loss_with

FAULTS = [
    (COLUMNS, "(W2.T @ dZ2)", "-(W2.T @ dZ2)", {"W1": "wrong sign", "b1": "wrong sign"}),
    (COLUMNS, "dW2 = dZ2", "dW2 = 2 * dZ2", {"W2": "up to a factor 2"}),
    (COLUMNS, "dW1 = dZ1 @ X.T", "dW1 = (dZ1 @ X.T).T", {"W1": "wrong"}),
    (COLUMNS, " * A1 * (1 - A1)", " * A1", {"W1": "wrong", "b1": "wrong"}),
    (COLUMNS, " * A1 * (1 - A1)", "", {"W1": "wrong", "b1": "wrong"}),
    (COLUMNS, "dZ1 @ X.T", "dZ1 @ X[::-1].T", {"W1": "wrong"}),
    (COLUMNS, "db1 = sum(dZ1, axis=1, keepdims=True)", "db1 = sum(dZ1)", {"b1": "wrong shape"}),
    (COLUMNS, "db1 = sum(dZ1, axis=1, keepdims=True)", "db1 = dZ1[:, :1]", {"b1": "wrong"}),
    (COLUMNS, "dW2 = dZ2 @ A1.T", "dW2 = 0 * (dZ2 @ A1.T)", {"W2": "wrong"}),
    (COLUMNS, "half_sse(A2, Y)", "half_sse(A2, Y) + 0.1 * sum(W1 ** 2)", {"W1": "wrong"}),
    (COLUMNS, "half_sse(A2, Y)", "half_sse(A2, Y) / 4", dict.fromkeys(("W1", "b1", "W2", "b2"), "up to a factor 4")),
    (COLUMNS, "(A2 - Y) * A2 * (1 - A2)", "(A2 - Y) * A2 * (1 - A2) / (A2 - A2)", dict.fromkeys(("W1", "b1", "W2", "b2"), "wrong")),
    (ROWS, "(1 - A1 ** 2)", "(1 - A1)", {"W1": "wrong", "b1": "wrong"}),
    (ROWS, "db1 = sum(dZ1, axis=0)", "db1 = mean(dZ1, axis=0)", {"b1": "up to a factor 0.25"}),
    (ROWS, "W2 -= lr * dW2", "W2 += lr * dW2", {"W2": "wrong sign"}),
    (ROWS, "2 * (A2 - Y)", "2 * (Y - A2)", dict.fromkeys(("W1", "b1", "W2"), "wrong sign")),
]  # fmt: skip


@pytest.mark.parametrize("target", EXAMPLES)
@pytest.mark.parametrize("iteration", [1, 40])
def test_every_gradient_of_the_built_in_programs_agrees(target: str, iteration: int) -> None:
    program = open_target(target).program
    found = check_of(program, iteration)
    assert set(verdicts(found)) == set(program.trainable)
    assert found.right and not found.problem, summary(found)
    for r in found.results:
        assert r.own is None and r.confirmed and r.verdict in RIGHT
        assert r.nudges == min(r.cells, MOST_CELLS) and (r.slopes != ()) == (r.cells > MOST_CELLS)


@pytest.mark.parametrize("text", [COLUMNS, ROWS], ids=["columns", "rows"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_a_right_backward_is_right_in_every_precision(text: str, dtype: str) -> None:
    found = check_of(text.replace("# parameters", f'dtype = "{dtype}"\n# parameters'), 3)
    assert found.right and set(verdicts(found).values()) == {"agrees"}, summary(found)
    for r in found.results:
        assert r.own is not None and r.largest < 1e-9
        assert (r.own.rounding > 0) == (dtype != "float64")
        assert ("own precision" in sentence(found.program, r)) == (dtype == "float16")


@pytest.mark.parametrize(
    ("text", "right", "wrong", "expected"), FAULTS, ids=lambda x: x if isinstance(x, str) and len(x) < 40 else ""
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_fault_is_found_where_it_is_and_nowhere_else(
    text: str, right: str, wrong: str, expected: dict[str, str], dtype: str
) -> None:
    assert right in text
    found = check_of(text.replace(right, wrong).replace("# parameters", f'dtype = "{dtype}"\n# parameters'))
    said = {r.name: short_verdict(r) for r in found.results}
    assert said == dict.fromkeys(said, "agrees") | expected
    one_factor = found.factor is not None
    assert found.right == one_factor == (len(expected) == 4 and set(expected.values()) == {"up to a factor 4"})
    assert {r.name for r in found.results if r.severity is not None} == set(expected)
    for name in expected:
        assert sentence(found.program, found.of(name)).startswith("Your gradient")


def test_the_three_numbers_are_what_numpy_says() -> None:
    program = load(COLUMNS.replace("dW2 = dZ2", "dW2 = 3 * dZ2"))
    machine = standing(program, 2).machine
    found = checked(program, machine.peek)
    for r in found.results:
        start = np.asarray(machine.peek(r.value))
        true = central_difference(lambda at, v=r.value: loss_with(program, machine.peek, {v: at["x"]}) or 0.0, {"x": start}, "x")
        assert np.allclose(r.nudged, true, rtol=1e-6, atol=1e-9) and r.derived is not None
        assert np.allclose(r.derived, true, rtol=1e-6, atol=1e-9)
    r = found.of("W2")
    assert r.own is not None and r.derived is not None
    assert np.array_equal(r.own.array, machine.peek(program.gradients["W2"]))
    assert r.factor == pytest.approx(3) and r.where is not None
    assert r.error == pytest.approx(np.abs(r.own.array - r.derived) / np.max(np.abs(r.own.array)))
    assert r.largest == r.error[r.where] == np.max(r.error)


@pytest.mark.parametrize(("old", "new", "words"), [
    ([("(A2 - Y)", "(Y - A2)"), ("-=", "+=")], [], "sign turned"),
    ([("W2 -= lr * dW2", "W2 -= lr * dZ2 @ A1.T")], ["W2"], "lr = 1"),
    ([("W2 -= lr * dW2", "W2 = W2 - lr * (dZ2 @ A1.T)")], ["W2"], ""),
    ([("db2 = sum(dZ2, axis=1, keepdims=True)", "db2 = sum(dZ2)")], ["b2"], ""),
    ([("lr = 0.5", "lr = 0.5\nv = np.zeros((1, 2))"), ("W2 -= lr * dW2", "v = 0.9 * v - lr * dW2\nW2 += v")], ["W2"], ""),
    ([("lr = 0.5", "lr = 0.5\nv = np.zeros((1, 2))"), ("W2 -= lr * dW2", "v = 0.9 * v + 0.1 * dW2 ** 2\nW2 -= lr * dW2 / (sqrt(v) + 1e-8)")], ["W2"], ""),
])  # fmt: skip
def test_it_is_the_change_that_is_judged_not_a_sign_or_a_rate(old: Any, new: list[str], words: str) -> None:
    text = COLUMNS
    for a, b in old:
        assert a in text
        text = text.replace(a, b)
    for iteration in (1, 4):
        found = check_of(text, iteration)
        assert found.right and set(verdicts(found).values()) == {"agrees"}, summary(found)
        for name in new or [r.name for r in found.results]:
            assert words in sentence(found.program, found.of(name))


def test_phases_may_alternate_and_the_update_may_come_first() -> None:
    lines = COLUMNS.split("# update\n")[0]
    alternating = lines.replace(
        "dZ1 = (W2.T", "# update\nW3 = W2.copy()\nW2 -= lr * dW2\nb2 -= lr * db2\n# backward\ndZ1 = (W3.T"
    )
    assert check_of(alternating + "# update\nW1 -= lr * dW1\nb1 -= lr * db1\n", 2).right
    late = alternating.replace("W3.T", "W2.T") + "# update\nW1 -= lr * dW1\nb1 -= lr * db1\n"
    assert {n for n, v in verdicts(check_of(late, 2)).items() if v != "agrees"} == {"W1", "b1"}
    first = """\
# data
X = np.array([[0.5, 1.0, -1]])
Y = np.array([[1, 0.3, -2]])
# parameters
W = np.array([[0.4]])
g = np.array([[0.0]])
lr = 0.1
# update
W = W - lr * g
# forward
A = W @ X
# loss
L = half_sse(A, Y)
# backward
g = (A - Y) @ X.T
"""
    found = check_of(first, 3)
    r = found.of("W")
    assert found.program.values[r.value].version == 1 and r.confirmed and r.verdict == "agrees"


def test_on_a_plateau_a_right_gradient_passes_and_a_wrong_one_does_not() -> None:
    flat = COLUMNS.replace("W1 = np.random.randn(2, 2)", "W1 = 12 * np.random.randn(2, 2)").replace(
        "W2 = np.random.randn(1, 2)", "W2 = 9 * np.random.randn(1, 2)"
    )
    found = check_of(flat)
    assert found.right, summary(found)
    derived = found.of("W1").derived
    assert derived is not None and 0 < np.max(np.abs(derived)) < 1e-2
    for r in found.results:
        assert r.derived is not None and np.max(np.abs(r.nudged - r.derived)) <= 10 * r.floor
    assert verdicts(check_of(flat.replace("(W2.T @ dZ2)", "1.02 * (W2.T @ dZ2)")))["W1"] != "agrees"


KINKS = {
    "relu": "A1 = relu(W1 @ X)", "leaky_relu": "A1 = leaky_relu(W1 @ X)", "abs": "A1 = abs(W1 @ X)", "maximum": "A1 = maximum(W1 @ X, 0)",
    "greater": "A1 = where(W1 @ X > 0, W1 @ X, 0.1 * (W1 @ X))", "max": "A1 = max(W1 @ X, axis=0, keepdims=True) * ones_like(X)",
}  # fmt: skip


@pytest.mark.parametrize("op", KINKS)
def test_a_kink_under_the_probe_is_said_and_not_failed(op: str) -> None:
    text = f"""\
# data
X = np.array([[0.5, 1.0, -1], [1.0, -2, 0.25]])
Y = np.array([[1, 0.3, -2], [0.5, 1, 1]])
samples = "columns"
# parameters
W1 = np.zeros((2, 2))
W2 = np.ones((2, 2))
# forward
{KINKS[op]}
L = half_sse(W2 @ A1, Y)
"""
    found = check_of(text)
    r = found.of("W1")
    assert found.right and r.verdict == "kink" and r.kinks, summary(found)
    index, _ = next(iter(r.kinks.values()))
    assert found.program.instructions[index].op == op
    said = sentence(found.program, r)
    assert "kink" in said and "no fault" in said and f"`{op}` in line" in said
    # Away from the kink, the same program is simply right.
    assert verdicts(check_of(text.replace("np.zeros((2, 2))", "np.array([[1.0, 2.0], [3.0, -1.0]])")))["W1"] == "agrees"


def test_another_slope_at_a_kink_is_accepted_a_wrong_one_is_not() -> None:
    text = """\
# data
X = np.array([[1.0, 2.0, 3.0]])
Y = np.array([[1.0, 1.0, 1.0]])
samples = "columns"
# parameters
W = np.array([[0.0], [2.0]])
lr = 0.1
# forward
Z = W @ X
A = relu(Z)
L = sum(A) / 3
# backward
dW = (({mask}) / 3) @ X.T
# update
W -= lr * dW
"""
    for mask in ("Z > 0", "Z >= 0", "0.5 * (Z >= 0) + 0.5 * (Z > 0)"):
        assert verdicts(check_of(text.format(mask=mask))) == {"W": "kink"}
        assert check_of(text.format(mask=mask)).right
    for mask in ("2.0 * (Z >= 0)", "(Z > 0) * 1.1", "-1.0 * (Z >= 0) + 2.0 * (Z > 0)"):
        assert not check_of(text.format(mask=mask)).right or check_of(text.format(mask=mask)).factor is not None


def test_random_draws_stay_as_they_are() -> None:
    text = COLUMNS.replace("A2 = ", "D = dropout_mask(A1, rate=0.5)\nA1 = A1 * D\nA2 = ").replace(
        "A1 * (1 - A1)", "D * S * (1 - S)"
    )
    text = text.replace("A1 = sigmoid(W1 @ X + b1)", "S = sigmoid(W1 @ X + b1)\nA1 = S * 1")
    for iteration in (1, 2, 3):
        assert check_of(text, iteration).right


def test_both_zero_and_nothing_to_check() -> None:
    dead = COLUMNS.replace("W2 = np.random.randn(1, 2)", "W2 = np.zeros((1, 2))").replace("b2 = np.zeros", "b2 = np.ones")
    found = check_of(dead)
    assert verdicts(found) == {"W1": "both zero", "b1": "both zero", "W2": "agrees", "b2": "agrees"} and found.right
    assert "no loss" in summary(
        check_of("# data\nX = np.ones((2, 2))\n# parameters\nW = np.ones((2, 2))\n# forward\nZ = W @ X\n")
    )


def test_without_a_finite_loss_nothing_is_claimed() -> None:
    found = check_of(COLUMNS.replace("half_sse(A2, Y)", "half_sse(A2, Y) + log(b2[0, 0] - 1)"))
    assert set(verdicts(found).values()) == {"not finite"} and not found.right
    assert "earlier iteration" in summary(found) and all(not r.kinks and r.nudges == 0 for r in found.results)


def test_of_a_large_array_some_cells_and_whole_directions_are_nudged_always_the_same() -> None:
    text = COLUMNS.replace("(2, 2)", "(40, 2)").replace("(2, 1)", "(40, 1)").replace("(1, 2)", "(1, 40)")
    once, again, every = check_of(text, most=30), check_of(text, most=30), check_of(text, most=None)
    for r, same, whole in zip(once.results, again.results, every.results, strict=True):
        assert np.array_equal(r.nudged, same.nudged, equal_nan=True)
        assert r.nudges == min(r.cells, 30) and whole.nudges == whole.cells
        assert len(r.slopes) == (3 if r.cells > 30 else 0) and r.confirmed
        at = ~np.isnan(r.nudged)
        assert np.array_equal(r.nudged[at], whole.nudged[at])
    assert f"30 of {once.of('W1').cells} cells were nudged" in sentence(once.program, once.of("W1"))
    bad = text.replace("dW1 = dZ1 @ X.T", "dW1 = dZ1 @ X.T + (X @ X.T)[0, 0] * (W1 == max(W1))")
    assert verdicts(check_of(bad, most=3))["W1"] == "wrong"


def test_names_and_single_cells() -> None:
    program = load(COLUMNS)
    work = check(program, standing(program).machine.peek, ["W1"], {"W1": [(1, 0)]})
    with pytest.raises(StopIteration) as end:
        while True:
            next(work)
    found = end.value.value
    assert [r.name for r in found.results] == ["W1"] and found.of("W1").nudges == 1
    whole = checked(program, standing(program).machine.peek)
    assert found.of("W1").nudged[1, 0] == whole.of("W1").nudged[1, 0]
    merged = whole.with_results(found)
    assert merged.of("W1").nudges == 1 and merged.of("W2") is whole.of("W2")


def test_it_comes_in_pieces_can_be_stopped_and_does_not_touch_the_iteration() -> None:
    program = open_target("digits").program
    timeline = standing(program, 2, 5)
    before = [None if v is None else np.copy(v) for v in timeline.machine.values]
    work = check(program, timeline.machine.peek, most=None)
    seen = [next(work) for _ in range(4)]
    assert [p.done for p in seen] == sorted({p.done for p in seen}) and all(p.total == seen[0].total for p in seen)
    assert seen[0].total == sum(np.size(timeline.machine.peek(program.inputs[n])) for n in program.trainable)
    timeline.go(timeline.position.__class__(1, 0))
    next(work)
    work.close()
    timeline.go(timeline.position.__class__(2, 5))
    for a, b in zip(before, timeline.machine.values, strict=True):
        assert a is None or np.array_equal(a, b)


def test_it_knows_which_iteration_it_is_true_of() -> None:
    program = load(COLUMNS)
    found = checked(program, standing(program, 2, 0).machine.peek)
    assert found.holds(program, standing(program, 2).machine.peek)
    assert not found.holds(program, standing(program, 3).machine.peek)
    assert not found.holds(load(COLUMNS), standing(program, 2).machine.peek)


@SETTINGS(40)
@given(nets())
def test_derived_and_typed_gradients_of_any_net_are_right(net: Net) -> None:
    program = load(net.text)
    typed = load(program.text)
    for p in (program, typed):
        timeline = standing(p, 2)
        loss = timeline.machine.peek(p.loss or 0)
        found = checked(p, timeline.machine.peek)
        if timeline.fault is not None or loss is None or not np.isfinite(loss):
            continue
        assert all(r.verdict in RIGHT for r in found.results), (summary(found), verdicts(found), net.text)
        assert p is program or any(r.own is not None for r in found.results)


@SETTINGS(25)
@given(nets(oracle=True, dtype="float64"))
def test_derived_is_what_pytorch_says(net: Net) -> None:
    pytest.importorskip("torch")
    program = load(net.text)
    found = checked(program, standing(program, 2).machine.peek)
    for name, true in torch_training(net, program, 2)[2].items():
        derived = found.of(name).derived
        assert derived is not None and np.allclose(derived, true, rtol=1e-7, atol=1e-12)


@SETTINGS(40)
@given(nets(), st.integers(0, 9), st.sampled_from(["-({})", "2 * ({})", "1.001 * ({})", "0 * ({})", "({}) * ({})"]))
def test_a_fault_in_any_gradient_of_any_net_is_found(net: Net, which: int, fault: str) -> None:
    program = load(load(net.text).text)
    name = program.trainable[which % len(program.trainable)]
    value = program.values[program.gradients[name]]
    if value.kind == "part" or value.statement is None:
        return
    line = program.statements[value.statement].text
    left, _, right = line.partition(" = ")
    if left != value.name:
        return
    lines = program.text.split("\n")
    lines[program.statements[value.statement].line - 1] = f"{left} = {fault.replace('{}', right)}"
    wrong = load("\n".join(lines))
    timeline = standing(wrong, 1)
    loss = timeline.machine.peek(wrong.loss or 0)
    if timeline.fault is not None or loss is None or not np.isfinite(loss):
        return
    found = checked(wrong, timeline.machine.peek)
    r = found.of(name)
    assert r.derived is not None
    size = float(np.max(np.abs(r.derived), initial=0.0))
    one = fault.startswith("({})") and np.allclose(r.derived**2, r.derived, rtol=1e-3)
    assert r.verdict not in RIGHT or size <= 1e-3 * r.floor or r.kinks or one, (r.verdict, r.derived, lines)
    others = [o for o in found.results if o.name != name and wrong.gradients.get(o.name) != wrong.gradients[name]]
    assert all(o.verdict in RIGHT for o in others) or line.count("d") > 1, verdicts(found)
