"""The diagnosis of hand-written backward passes: the seeds' faults, what proves them, and what is never done."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import seed_programs as seeds
from hypothesis import given
from hypothesis import strategies as st

from core.complete import load
from core.diagnosis import FAULTS, Diagnosis, diagnose, diagnosing
from core.diagnosis.trials import constant, trials
from core.errors import NotationError

BASE = """\
def slope(a):
    return a * (1 - a)

# data
X = np.array([[0.2, 0.9, -0.4, 1.1], [0.7, -0.3, 0.5, 0.1]])
Y = np.array([[0, 1, 1, 0]])
samples = "columns"
# parameters
np.random.seed(3)
W1 = np.random.randn(3, 2)
b1 = np.zeros((3, 1))
W2 = np.random.randn(1, 3)
b2 = np.zeros((1, 1))
lr = 0.5
# forward
Z1 = W1 @ X + b1
A1 = sigmoid(Z1)
Z2 = W2 @ A1 + b2
A2 = sigmoid(Z2)
# loss
L = bce(A2, Y)
# backward
dZ2 = A2 - Y
dW2 = dZ2 @ A1.T / m
db2 = np.sum(dZ2, axis=1, keepdims=True) / m
dZ1 = (W2.T @ dZ2) * slope(A1)
dW1 = dZ1 @ X.T / m
db1 = np.sum(dZ1, axis=1, keepdims=True) / m
# update
W1 -= lr * dW1
b1 -= lr * db1
W2 -= lr * dW2
b2 -= lr * db2
"""


def edited(*pairs: tuple[str, str]) -> str:
    text = BASE
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def named(d: Diagnosis) -> list[tuple[str, str]]:
    return [(f.text, f.fault) for f in d.faults]


@pytest.mark.parametrize("seed", seeds.SEEDS, ids=lambda s: s.name)
def test_every_mended_seed_is_right(seed: seeds.Seed) -> None:
    d = diagnose(seed.mended)
    assert d.right and not d.faults
    assert all(p.verdict == "right" for p in d.parameters)


def test_the_first_seed_has_two_faults_and_each_is_mended_alone() -> None:
    d = diagnose(seeds.COST_RISES)
    assert named(d) == [("error_gradient = 2 * (Y - A2)", "sign"), ("dw2 = np.dot(dA2, A2.T)", "operand")]
    sign, operand = d.faults
    assert sign.mended == seeds.COST_RISES_SIGN_MENDED and operand.mended == seeds.COST_RISES_OPERAND_MENDED
    assert d.mended == seeds.COST_RISES_MENDED
    assert sign.parameters == ("w1", "b1", "w2", "b2") and operand.parameters == ("w2",)
    assert {p.name: p.verdict for p in d.parameters} == dict.fromkeys(("w1", "b1", "w2", "b2"), "wrong")
    w2 = next(p for p in d.parameters if p.name == "w2")
    assert w2.own is not None and w2.own.shape == (1, 1) and w2.true is not None and w2.true.shape == (1, 3)


def test_the_second_seed_is_right_and_so_is_its_epsilon() -> None:
    assert diagnose(seeds.NAN_LATER).right
    answered = diagnose(seeds.NAN_LATER_ANSWERED)
    assert answered.right, "an epsilon in the loss and in its derivative is consistent"
    assert [h.fault for h in answered.hints] == ["epsilon", "epsilon"]


def test_the_third_seed_has_all_its_faults() -> None:
    d = diagnose(seeds.NOT_ALIGNED)
    assert d.loss_assumed and d.loss == "L = bce(A2, Y_trainT)"
    assert {(f.text.split(" = ")[0], f.fault) for f in d.faults} == {
        ("w1", "symmetric-start"), ("A1", "bias-missing"), ("A2", "bias-missing"), ("dw1", "no-target"), ("db1", "no-target"),
        ("dw2", "operand"), ("dw2", "scale"), ("Y_prediction_train", "shape"),
    }  # fmt: skip
    shape = d.faults[-1]
    assert shape.expected == "Y_prediction_train = sigmoid(np.dot(w2, A1) + b2)"
    dw2 = next(f for f in d.faults if f.fault == "scale")
    assert dw2.expected == "dw2 = np.dot(A2 - Y_trainT, A1.T / M)"


def test_the_fourth_seed_is_one_fault_of_its_def() -> None:
    d = diagnose(seeds.STUCK)
    assert [f.fault for f in d.faults] == ["derivative-twice"]
    [fault] = d.faults
    assert fault.line in (5, 6) and fault.parameters == ("weights1", "weights2")
    assert {t.line for t in fault.ties} | {fault.line} == {5, 6}, "either line of the def mends it: a tie"
    assert [h.fault for h in d.hints] == ["bias-missing"], "the third input is always 1, so the output bias alone is missing"


def test_the_fifth_seed_is_right_for_half_the_sum_of_squares() -> None:
    d = diagnose(seeds.WHY_PLUS)
    assert d.right and d.loss_assumed and d.loss == "L = half_sse(a2, y)"
    assert [p.factor == pytest.approx(1.0) for p in d.parameters] == [True, True]
    commented = diagnose(seeds.WHY_PLUS_COMMENTED)
    line = "weight2 = weight2 - learningRate * dC_dw2"
    assert named(commented) == [(line, "chain-skipped"), (line, "sign")]


@pytest.mark.parametrize("loss", ["half_sse", "sse", "mse", "bce"])
def test_another_loss_can_be_assumed(loss: str) -> None:
    d = diagnose(seeds.WHY_PLUS, loss=loss)
    assert d.loss == f"L = {loss}(a2, y)" and d.loss_assumed
    verdict = {"half_sse": "right", "sse": "right up to a factor", "mse": "right up to a factor", "bce": "wrong"}[loss]
    assert {p.verdict for p in d.parameters} == {verdict}


@pytest.mark.parametrize(
    ("pairs", "line", "fault", "expected"),
    [
        ((("dW2 = dZ2 @ A1.T / m", "dW2 = dZ2 @ X.T / m"),), "dW2", "operand", "dW2 = dZ2 @ A1.T / m"),
        ((("slope(A1)", "slope(Z1)"),), "dZ1", "derivative-of-preactivation", "dZ1 = (W2.T @ dZ2) * slope(A1)"),
        ((("dZ2 = A2 - Y", "dZ2 = (A2 - Y) * slope(A2)"),), "dZ2", "derivative-extra", "dZ2 = (A2 - Y)"),
        ((("(W2.T @ dZ2) * slope(A1)", "W2.T @ dZ2"),), "dZ1", "derivative-missing", ""),
        ((("(W2.T @ dZ2) * slope(A1)", "dZ2 * slope(A1)"),), "dZ1", "chain-skipped", ""),
        ((("dW1 = dZ1 @ X.T / m", "dW1 = dZ1 @ X.T"),), "dW1", "scale", "dW1 = dZ1 @ X.T / m"),
        ((("W2 -= lr * dW2", "W2 += lr * dW2"),), "W2", "sign", "W2 -= lr * dW2"),
        ((("dZ2 = A2 - Y", "dZ2 = A2 - A1"),), "dZ2", "no-target", ""),
        ((("W2 -= lr * dW2\n", ""),), "dW2", "never-applied", "W2 -= lr * dW2"),
        ((("Z1 = W1 @ X + b1", "Z1 = W1 @ X"),), "Z1", "bias-missing", "Z1 = W1 @ X + b1"),
        ((("np.random.randn(3, 2)", "np.zeros((3, 2))"), ("np.random.randn(1, 3)", "np.ones((1, 3))")),
         "W1", "symmetric-start", ""),
        ((("np.sum(dZ1, axis=1, keepdims=True)", "np.sum(dZ1)"),), "db1", "batch-sum", ""),
        ((("W1 -= lr * dW1", "W1 -= 0.1 * dW1"),), "W1", "scale", "W1 -= lr * dW1"),
    ],
)  # fmt: skip
def test_one_fault(pairs: tuple[tuple[str, str], ...], line: str, fault: str, expected: str) -> None:
    d = diagnose(edited(*pairs))
    assert not d.right
    assert [(f.text.split(" ")[0], f.fault) for f in d.faults] == [(line, fault)], d.faults
    if expected:
        assert d.faults[0].expected == expected
        assert d.faults[0].mended is not None and diagnose(d.faults[0].mended).right


def test_a_weight_updated_too_early_is_stale() -> None:
    d = diagnose(edited(("W2 -= lr * dW2\n", ""), ("dZ1 = (W2", "W2 -= lr * dW2\ndZ1 = (W2")))
    assert [(f.text.split(" ")[0], f.fault) for f in d.faults] == [("dZ1", "stale")]
    assert d.mended is not None and diagnose(d.mended).right


def test_gradients_that_are_added_up_are_never_reset() -> None:
    text = edited(("lr = 0.5", "lr = 0.5\ng = np.zeros((1, 3))"), ("W2 -= lr * dW2", "g += dW2\nW2 -= lr * g"))
    d = diagnose(text)
    assert named(d) == [("g += dW2", "never-reset")] and d.faults[0].expected == "g = dW2"
    assert {p.name: p.verdict for p in d.parameters}["W2"] == "wrong"


def test_momentum_is_not_taken_for_it() -> None:
    text = edited(("lr = 0.5", "lr = 0.5\nmu = 0.9\nv = np.zeros((1, 3))"), ("W2 -= lr * dW2", "v = mu * v + dW2\nW2 -= lr * v"))
    assert diagnose(text).right


@pytest.mark.parametrize(
    "pairs",
    [
        (("dZ2 = A2 - Y", "dZ2 = (A2 - Y) / m"), ("dW2 = dZ2 @ A1.T / m", "dW2 = dZ2 @ A1.T"), ("True) / m", "True)"),
         ("dW1 = dZ1 @ X.T / m", "dW1 = dZ1 @ X.T"), ("True) / m", "True)")),
        (("dZ2 = A2 - Y", "dZ2 = Y - A2"), ("W1 -=", "W1 +="), ("b1 -=", "b1 +="), ("W2 -=", "W2 +="), ("b2 -=", "b2 +=")),
        (("dW2 = dZ2 @ A1.T / m", "dW2 = (A1 @ dZ2.T).T / m"),),
        (("dW1 = dZ1 @ X.T / m", "dW1 = X @ dZ1.T / m"), ("W1 -= lr * dW1", "W1 -= lr * dW1.T")),
        (("W2 -= lr * dW2", "W2 = W2 - lr * (dZ2 @ A1.T / m)"),),
        (("W1 -= lr * dW1", "W1 -= lr * dW1 / (np.sqrt(dW1 ** 2) + 1e-8)"),),
        (("W1 -= lr * dW1", "W1 -= lr * (dW1 + 0.01 * W1)"),),
    ],
)  # fmt: skip
def test_other_ways_of_writing_it_are_not_accused(pairs: tuple[tuple[str, str], ...]) -> None:
    d = diagnose(edited(*pairs))
    assert d.right and not d.faults, d.faults


def test_a_common_factor_is_another_learning_rate() -> None:
    d = diagnose(edited(("dZ2 = A2 - Y", "dZ2 = 3 * (A2 - Y)")))
    assert d.right
    assert {(p.verdict, round(p.factor or 0, 9)) for p in d.parameters} == {("right up to a factor", 3.0)}


def test_what_is_derived_is_never_blamed() -> None:
    forward = BASE[: BASE.index("# backward")]
    d = diagnose(forward)
    assert d.right and [p.verdict for p in d.parameters] == ["right"] * 4
    update = forward + "# update\nW1 += lr * dW1\nb1 -= lr * db1\nW2 -= lr * dW2\nb2 -= lr * db2\n"
    assert named(diagnose(update)) == [("W1 += lr * dW1", "sign")]


def test_lines_are_counted_in_the_text_that_was_given() -> None:
    text = edited(
        ("# update\nW1 -= lr * dW1\nb1 -= lr * db1\nW2 -= lr * dW2\nb2 -= lr * db2\n", ""),
        ("dZ2 @ A1.T", "dZ2 @ A1.T * 2"),
        ("lr = 0.5\n", ""),
    )
    [fault] = diagnose(text).faults
    assert text.split("\n")[fault.line - 1] == fault.text == "dW2 = dZ2 @ A1.T * 2 / m"


def test_two_statements_on_one_line() -> None:
    d = diagnose(
        edited(
            ("dW2 = dZ2 @ A1.T / m\n", "dW2 = dZ2 @ Z1.T / m; "),
        )
    )
    assert [f.fault for f in d.faults] == ["operand"]
    assert d.faults[0].expected == "dW2 = dZ2 @ A1.T / m" and d.mended is not None and diagnose(d.mended).right


def test_the_start_may_be_broken() -> None:
    """A start of NaN says nothing of the lines: they are tried on numbers of our own."""
    d = diagnose(edited(("np.random.randn(3, 2)", "np.full((3, 2), np.nan)")))
    assert all(p.verdict == "right" for p in d.parameters)


def test_problems_are_sentences() -> None:
    assert diagnose("# data\nX = np.ones((2, 3))\n# forward\nZ = X * 2\n").problem
    assert diagnose("# data\nX = np.ones((2, 3))\n# loss\nL = sum(X)\n").problem
    with pytest.raises(NotationError):
        diagnose("for i in range(3): pass")


def test_in_pieces_it_is_the_same() -> None:
    work = diagnosing(seeds.COST_RISES)
    pieces = 0
    while True:
        try:
            next(work)
            pieces += 1
        except StopIteration as end:
            found = end.value
            break
    assert pieces > 20 and named(found) == named(diagnose(seeds.COST_RISES))


def test_the_names_are_those_of_the_field() -> None:
    assert len(set(FAULTS)) == 22


@given(st.integers(1, 3), st.floats(-5, 5).filter(lambda c: abs(c) > 1e-3), st.integers(0, 1000))
def test_constant_finds_the_factor_and_nothing_else(size: int, c: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = [rng.standard_normal((size, 2)) for _ in range(3)]
    assert constant([c * t for t in truth], truth) == pytest.approx(c, rel=1e-9)
    assert constant([c * t + (n == 1) * 0.01 * np.max(np.abs(t)) for n, t in enumerate(truth)], truth) is None
    assert constant([t.T for t in truth], truth) is None or size == 2


def test_trials_differ_and_give_every_parameter_a_gradient() -> None:
    program = load(seeds.COST_RISES)
    drawn = trials(program)
    assert len(drawn) == 3
    for n in program.trainable:
        v = program.inputs[n]
        grads = [next(a for r, a in t.truth.items() if r.kind == "adjoint" and r.index == v) for t in drawn]
        assert all(np.any(g) for g in grads)
        assert not np.array_equal(grads[0], grads[1])
