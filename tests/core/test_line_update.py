"""What a line means and what the update does, against independent computations."""

from __future__ import annotations

import re

import numpy as np
import pytest
from helpers.programs import SETTINGS, Net, nets
from hypothesis import given

from core.complete import load
from core.costs import cost, memory_text, total
from core.execute.adjoints import adjoints
from core.explain.line import line
from core.library import EXAMPLES, open_target
from core.session import Session
from core.update import arithmetic, changes, loss_change, loss_with, verdict_of

ROWS = """
# data
X = np.array([[0.5, -0.25], [1.0, 0.5], [-0.5, 0.75]])
Y = np.array([[0.2], [0.9], [0.4]])
samples = "rows"
# parameters
W = np.array([[0.3], [-0.6]])
b = np.array([0.1])
lr = {rate}
# forward
A = sigmoid(X @ W + b)
# loss
L = mse(A, Y)
# backward
g = {sign}2 * (A - Y) / 3 * A * (1 - A)
dW = X.T @ g
db = sum(g, axis=0)
# update
W = W {step} lr * dW
b = b {step} lr * db
"""


def rows(rate=0.01, sign="", step="-"):
    return at_end(load(ROWS.format(rate=rate, sign=sign, step=step)))


def at_end(program, iteration=1):
    session = Session(program, "")
    session.run(iteration)
    return session.moment()


def facts(moment):
    return loss_change(moment.program, moment.machine, moment.k)


# --- the true adjoints --------------------------------------------------------------------------


@SETTINGS(80)
@given(nets())
def test_true_adjoints_are_the_derived_gradients(net: Net) -> None:
    program = load(net.text)
    machine = at_end(program, 2).machine
    names = [n for n in program.trainable if n in program.gradients]
    found = adjoints(program, machine.peek, [program.inputs[n] for n in names])
    assert found is not None
    for name in names:
        np.testing.assert_allclose(found[program.inputs[name]], machine.peek(program.gradients[name]), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", EXAMPLES)
def test_true_adjoints_of_the_built_ins(name: str) -> None:
    program = open_target(name).program
    machine = at_end(program, 3).machine
    found = adjoints(program, machine.peek, list(program.inputs.values()))
    assert found is not None
    for p, g in program.gradients.items():
        np.testing.assert_allclose(found[program.inputs[p]], machine.peek(g), rtol=1e-9, atol=1e-12)
        assert found[program.inputs[p]].shape == np.shape(machine.peek(program.inputs[p]))


def test_adjoints_before_the_loss_is_known() -> None:
    program = open_target("xor").program
    assert adjoints(program, Session(program, "").moment().machine.peek, [program.inputs["W1"]]) is None
    assert adjoints(load("# parameters\nW = np.ones((2, 2))\n# forward\nZ = W @ W\n"), lambda v: None, []) is None


# --- the update ---------------------------------------------------------------------------------


def by_hand(moment, W, b):
    given = moment.program.first_values
    A = 1 / (1 + np.exp(-(given["X"] @ W + b)))
    return float(np.mean((A - given["Y"]) ** 2))


def test_update_against_numpy() -> None:
    moment = rows(rate=0.5)
    w, b = changes(moment.program, moment.machine, moment.k)
    X, Y = (moment.program.first_values[n] for n in "XY")
    W0, b0 = np.array([[0.3], [-0.6]]), np.array([0.1])
    A = 1 / (1 + np.exp(-(X @ W0 + b0)))
    g = 2 * (A - Y) / 3 * A * (1 - A)
    dW, db = X.T @ g, g.sum(axis=0)
    np.testing.assert_allclose(w.new, W0 - 0.5 * dW, rtol=1e-12)
    assert w.share == pytest.approx(np.linalg.norm(0.5 * dW) / np.linalg.norm(W0))
    assert b.share == pytest.approx(0.5 * abs(db[0]) / 0.1)
    assert w.largest == (int(np.argmax(np.abs(dW))), 0)
    assert w.by(w.largest) == pytest.approx(-0.5 * dW[w.largest])
    found = facts(moment)
    assert found.before == pytest.approx(by_hand(moment, W0, b0))
    assert found.after == pytest.approx(by_hand(moment, W0 - 0.5 * dW, b0 - 0.5 * db))
    assert found.predicted == pytest.approx(-0.5 * (np.sum(dW**2) + np.sum(db**2)))
    assert found.own == pytest.approx(found.predicted) and not found.misled


def test_small_steps_agree_to_first_order_and_better_the_smaller() -> None:
    misses = []
    for rate in (0.1, 0.01, 0.001):
        found = facts(rows(rate))
        assert found.verdict == "agrees"
        misses.append(abs(found.actual / found.predicted - 1))
    assert misses[1] < misses[0] / 5 and misses[2] < misses[1] / 5


@pytest.mark.parametrize(("sign", "step", "verdict", "misled"), [
    ("", "-", "agrees", False), ("", "+", "uphill", False), ("-", "+", "agrees", True), ("-", "-", "uphill", True),
])  # fmt: skip
def test_the_prediction_keeps_its_sign_whatever_a_learner_calls_gradient(sign, step, verdict, misled) -> None:
    moment = rows(0.01, sign, step)
    found = facts(moment)
    assert (found.verdict, found.misled) == (verdict, misled)
    assert np.sign(found.predicted) == np.sign(found.actual)
    assert found.predicted == pytest.approx(found.actual, rel=0.05)


def test_too_large_a_step_rises_although_a_fall_was_predicted() -> None:
    found = facts(at_end(open_target("flower").program, 3))
    assert found.predicted < 0 < found.actual and found.verdict == "rises"


@pytest.mark.parametrize(("args", "verdict"), [
    ((1.0, 0.8, -0.2), "agrees"), ((1.0, 0.95, -0.2), "less"), ((1.0, 0.5, -0.2), "more"), ((1.0, 1.1, -0.2), "rises"),
    ((1.0, 1.1, 0.2), "uphill"), ((1.0, 0.9, 0.2), "falls"), ((1.0, 1.0, 0.0), "rounding"), ((1.0, None, 0.1), "unknown"),
    ((1.0, 0.9, None), "unknown"), ((1.0, np.nan, -0.1), "not finite"), ((1.0, np.inf, -0.1), "not finite"),
])  # fmt: skip
def test_verdicts(args, verdict) -> None:
    assert verdict_of(*args, eps=2e-16) == verdict


@SETTINGS(60)
@given(nets())
def test_the_loss_after_is_what_the_next_iteration_starts_with(net: Net) -> None:
    """With all samples in each batch the next iteration computes that very loss."""
    program = load(net.text)
    moment = at_end(program, 2)
    found = facts(moment)
    assert found is not None and found.before == moment.losses[1]
    if program.batching.size == program.batching.total and not program.batching.shuffle:
        assert found.after == pytest.approx(at_end(program, 3).losses[2], rel=1e-9, nan_ok=True)
    again = facts(moment)
    assert again is found
    assert loss_with(program, moment.machine.peek, {}) == pytest.approx(found.before, rel=1e-12)


def test_a_nan_is_shown_and_breaks_nothing() -> None:
    moment = at_end(open_target("flower").program, 1800)
    found = facts(moment)
    assert found.verdict == "not finite" and np.isnan(found.after)
    for change in changes(moment.program, moment.machine, moment.k):
        assert np.isnan(change.share) and np.isnan(change.by(change.largest))
        assert "NaN" in arithmetic(moment.program, moment.machine, change.lines[0], change.largest)


def test_before_the_update_nothing_is_run_ahead() -> None:
    program = open_target("xor").program
    session = Session(program, "")
    session.go(1, 14)
    moment = session.moment()
    found = {c.name: c for c in changes(program, moment.machine, moment.k)}
    assert all(c.new is None and c.by((0, 0)) is None for c in found.values())
    assert found["W2"].waits_for == () and found["W1"].waits_for == (program.gradients["W1"],)
    assert facts(moment) is None
    session.go(1, 29)
    assert facts(session.moment()) is not None
    session.go(1, 14)  # the values of later are known, but not to be shown here
    assert facts(session.moment()) is None


BETWEEN = """
# data
X = np.array([[0.5, -0.25], [1.0, 0.5], [-0.5, 0.75]])
Y = np.array([[0.2], [0.9], [0.4]])
samples = "rows"
# parameters
W = np.array([[0.3], [-0.6]])
# forward
A = X @ W
g = 2 * (A - Y) / 3
W = W - 0.1 * X.T @ g
B = X @ W
# loss
L = mse(B, Y)
# backward
h = 2 * (B - Y) / 3
# update
W = W - 0.1 * X.T @ h
"""


def test_a_loss_between_two_updates_is_not_compared_wrongly() -> None:
    moment = at_end(load(BETWEEN))
    found = facts(moment)
    assert found.verdict == "unknown" and found.after is None and found.predicted is None
    (change,) = changes(moment.program, moment.machine, moment.k)
    assert len(change.lines) == 2 and all(arithmetic(moment.program, moment.machine, s, (0, 0)) for s in change.lines)


ALTERNATING = """
# data
X = np.array([[0.5, -0.25], [1.0, 0.5], [-0.5, 0.75]])
Y = np.array([[0.2], [0.9], [0.4]])
# parameters
V = np.array([[0.3, 0.1], [-0.6, 0.2]])
W = np.array([[0.3], [-0.6]])
# forward
A = tanh(X @ V)
B = A @ W
L = mse(B, Y)
# backward
g = 2 * (B - Y) / 3
# update
W = W - 0.01 * A.T @ g
# backward
h = g @ W.T * (1 - A ** 2)
# update
V = V - 0.01 * X.T @ h
"""


def test_phases_that_alternate_are_judged_by_the_true_slope() -> None:
    """This learner goes back through the new W: the gradient of V is not quite the slope, the prediction is."""
    moment = at_end(load(ALTERNATING))
    found = facts(moment)
    given = {n: np.asarray(v) for n, v in moment.program.first_values.items()}

    def loss(V, W):
        return float(np.mean((np.tanh(given["X"] @ V) @ W - given["Y"]) ** 2))

    V, W = (c.new for c in changes(moment.program, moment.machine, moment.k))
    assert found.after == pytest.approx(loss(V, W), rel=1e-12)
    t = 1e-6
    moved = loss(given["V"] + t * (V - given["V"]), given["W"] + t * (W - given["W"]))
    assert found.predicted == pytest.approx((moved - found.before) / t, rel=1e-4)
    assert found.own != pytest.approx(found.predicted, rel=1e-6)


def test_programs_without_update_or_loss() -> None:
    program = load("# parameters\nW = np.ones((2, 2))\n# forward\nZ = W @ W\n")
    moment = at_end(program)
    assert changes(program, moment.machine, moment.k) == () and facts(moment) is None


def test_several_lines_for_one_parameter_are_told_in_order() -> None:
    moment = at_end(load(ROWS.format(rate=0.1, sign="", step="-") + "W *= 0.5\n"))
    change = changes(moment.program, moment.machine, moment.k)[0]
    assert [s.text for s in change.lines] == ["W = W - lr * dW", "W *= 0.5"]
    told = [arithmetic(moment.program, moment.machine, s, (1, 0)) for s in change.lines]
    assert told[0].startswith("−0.6 − 0.1 · ") and told[1].endswith(f"· 0.5 ≈ {told[1].split('≈ ')[1]}")
    assert float(told[1].split("≈ ")[1].replace("−", "-")) == pytest.approx(change.new[1, 0], rel=1e-3)


@pytest.mark.parametrize("name", EXAMPLES)
def test_arithmetic_of_updates_computes_to_its_result(name: str) -> None:
    moment = at_end(open_target(name).program, 3)
    for change in changes(moment.program, moment.machine, moment.k):
        text = arithmetic(moment.program, moment.machine, change.lines[-1], change.largest)
        left, right = re.split(" [=≈] ", text)
        left = left.replace("−", "-").replace("·", "*")
        assert eval(left, {"__builtins__": {}, "sqrt": np.sqrt}) == pytest.approx(
            change.new[change.largest], rel=2e-2
        )  # our text
        assert float(right.replace("−", "-")) == pytest.approx(change.new[change.largest], rel=1e-3)
        assert arithmetic(moment.program, moment.machine, change.lines[-1], (99, 99)) is None


# --- a line -------------------------------------------------------------------------------------


def the_line(program, text, k=None):
    moment = at_end(program)
    s = next(s for s in program.statements if s.text == text)
    return line(program, s.index, moment.shape), moment


def test_a_gradient_line_says_what_is_summed_away() -> None:
    found, moment = the_line(open_target("xor").program, "dW1 = dZ1 @ X.T")
    (part,) = found.parts
    assert part.shapes == "dW1 (3×2) = dZ1 (3×4) @ X.T (4×2)"
    assert part.reason == "The 4 samples are summed away; the 3 rows of dZ1 and the 2 columns of X.T remain."
    assert found.adjoint_of.text == "Z1 = W1 @ X + b1" and found.rules == ("g @ X.T for W1, W1.T @ g for X",)
    assert [s.text for s in found.readers] == ["W1 = W1 - lr * dW1"] and found.carried is None
    price = cost(part.instruction, moment.program, moment.machine.layout)
    assert price.operations == 48 and price.bytes == 48
    assert price.work == "48 multiplications and additions: 6 numbers, each from 4 products."
    assert price.memory == "48 bytes for the result: 6 numbers of 8 bytes (float64)."


def test_other_lines() -> None:
    xor = open_target("xor").program
    found, moment = the_line(xor, "Z1 = W1 @ X + b1")
    assert "b1 (3×1) is one column, repeated 4 times" in found.parts[1].reason
    assert total([cost(p.instruction, xor, moment.machine.layout) for p in found.parts]).startswith("about 60 ")
    found, _ = the_line(xor, "b2 = b2 - lr * db2")
    assert found.carried == "b2" and not found.readers and not found.parts[0].derivative
    found, _ = the_line(xor, "db1 = sum(dZ1, axis=1, keepdims=True)")
    assert found.parts[0].reason == "The 4 samples of dZ1 are summed away; keepdims keeps the axis with size 1."
    assert memory_text(1) == "1 byte" and memory_text(802_816) == "784 KiB"


@SETTINGS(60)
@given(nets())
def test_every_line_has_words_and_its_sizes(net: Net) -> None:
    program = load(net.text)
    moment = at_end(program)
    for s in program.statements:
        found = line(program, s.index, moment.shape)
        assert len(found.parts) == s.last - s.first
        for part in found.parts:
            assert part.title and part.reason and "{" not in part.reason + part.derivative and ".T.T" not in part.derivative
            assert re.sub(r" \([\d×,]+\)", "", part.shapes) == re.sub(r" \(\d+\)", "", part.instruction.text)
            price = cost(part.instruction, program, moment.machine.layout)
            value = np.asarray(moment.machine.peek(part.instruction.result))
            assert price.bytes in (0, value.nbytes)
