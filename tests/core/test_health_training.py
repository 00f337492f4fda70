"""Rules of a whole training: matrices, the start, the loss over epochs, the inputs."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.health import found, judged, label, net, of

from core.complete import load
from core.execute.timeline import Timeline
from core.health.look import Look
from core.health.rules import findings

SLOPE = """# data
X = np.array([[1.0, 2.0]])
Y = np.array([[2.0, 4.0]])
samples = "columns"
{more}
# parameters
W = np.array([[0.5]])
lr = {lr}
# forward
P = W @ X
# loss
L = mse(P, Y)
"""


def slope(lr: float, more: str = "") -> str:
    """Return the fit of a line through 0: it contracts by 1 − 5·lr in each step."""
    return SLOPE.format(lr=lr, more=more)


def test_rising() -> None:
    assert found(slope(0.5), "rising", 4)  # 1 − 5·0.5 = −1.5: grows, three times in a row
    assert not found(slope(0.5), "rising", 3)
    assert not found(slope(0.3), "rising", 30)
    up = slope(1e-4).replace(
        "L = mse(P, Y)\n", "L = mse(P, Y)\n# backward\ndP = Y - P\ndW = dP @ X.T\n# update\nW = W - lr * dW\n"
    )
    [finding] = found(up, "rising", 4)
    assert "in a row" in finding.text and finding.severity == "warning"


def test_stalled() -> None:
    assert found(slope(1e-6), "stalled", 11) and not found(slope(1e-6), "stalled", 10)
    assert not found(slope(0.01), "stalled", 20)
    assert not found(slope(0.1), "stalled", 300)  # at its floor


def test_alternating() -> None:
    # Two weights: one settles slowly and keeps the loss up, the other jumps from side to side.
    text = "# parameters\nw = np.array([3.0])\nlr = 1.0\n# forward\nq = abs(w - 0.4)\n# loss\nL = sum(q)\n"
    assert found(text, "alternating", 14)
    assert not found(text.replace("lr = 1.0", "lr = 0.01"), "alternating", 40)
    assert not found(slope(0.3), "alternating", 30)


def test_losses_of_batches_are_compared_by_epochs() -> None:
    # The two samples have very different losses: up and down from batch to batch, down from epoch to epoch.
    text = slope(0.01, "batch = 1")
    assert not found(text, "alternating", 40) and not found(text, "rising", 40)


def test_what_epochs_say_holds_until_the_next_one_ends() -> None:
    monitor = judged(slope(1e-6, "batch = 1"), 23)
    [problem] = [p for p in monitor.problems() if p.finding.rule == "stalled"]
    assert problem.first[0] == 22 and problem.current and problem.times == 2


@pytest.mark.parametrize(
    ("classes", "loss", "expected"),
    [(3, "softmax_cross_entropy(Z, Y)", ""), (3, "softmax_cross_entropy(Z, Y) * 2", "off"),
     (3, "softmax_cross_entropy(Z, Y) / m", "off"),
     (3, "cross_entropy(softmax(Z), Y)", ""), (3, "softmax_cross_entropy(Z, Y, reduction='sum')", ""),
     (3, "bce_with_logits(Z, Y)", ""), (3, "bce_with_logits(Z, Y) * 2", "off"), (3, "bce(sigmoid(Z), Y)", ""),
     (3, "bce(sigmoid(Z), Y) + 900 * np.sum(W ** 2)", "")],
)  # fmt: skip
def test_initial_loss(classes: int, loss: str, expected: str) -> None:
    text = (
        f"# data\nnp.random.seed(1)\nX = np.random.randn(4, 12)\nY = np.eye({classes})[:, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]]\n"
        f"samples = 'columns'\n# parameters\nW = 0.01 * np.random.randn({classes}, 4)\n# forward\nZ = W @ X\n# loss\nL = {loss}\n"
    ).replace("np.eye(3)[:, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]]", f"np.array({np.eye(3)[:, [0, 1, 2] * 4].tolist()})")
    assert bool(found(text, "initial-loss")) == bool(expected)
    assert all(p.times == 1 for p in judged(text, 3).problems() if p.finding.rule == "initial-loss")
    assert not found(text.replace("0.01 * np", "3 * np"), "initial-loss")  # not small: nothing is expected


@pytest.mark.parametrize("rows", [False, True])
def test_condition_of_weights_and_inputs(rows: bool) -> None:
    bad = "np.array([[1.0, 2, 3], [2, 4, 6.0000000001], [3, 6, 9], [1, 2, 3], [1, 2, 3], [4, 8, 12]])"
    monitor = judged(net(bad, rows=rows), 1)
    [finding] = of(monitor, "condition")
    assert label(monitor, finding) == "W1" and finding.layer == 1 and finding.numbers["condition"] > 1e8
    twice = "np.array([[1.0, -1, 2, 0, 1, 3, 1, 2], [2, -2, 4, 0, 2, 6, 2, 4], [1, 0, 0, 1, 0, 0, 1, 0]])"
    monitor = judged(net(X=twice, rows=rows), 1)
    assert [label(monitor, f) for f in of(monitor, "condition")] == ["X"]
    assert not found(net(rows=rows), "condition")
    constant = "np.array([[1.0, -1, 2, 0, 1, 3, 1, 2], [0, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0, 1, 0]])"
    assert not found(net(X=constant, rows=rows), "condition")  # a feature that is always 0


@pytest.mark.parametrize(("dtype", "kappa", "bad"), [
    ("float64", 1e6, False), ("float64", 1e9, True),
    ("float32", 1e3, False), ("float32", 1e6, True),
    ("float16", 20, False), ("float16", 500, True),
])  # fmt: skip
def test_condition_follows_the_dtype(dtype: str, kappa: float, bad: bool) -> None:
    W = f"np.array([[1.0, 0.0], [0.0, {1 / kappa}]], dtype=np.{dtype})"
    text = f"# data\nX = np.ones((2, 2), dtype=np.{dtype})\nsamples = 'columns'\n# parameters\nW = {W}\n"
    text += "# forward\nq = W @ X\n# loss\nL = sum(q)\n"
    assert bool(found(text, "condition")) == bad


def test_condition_is_kept_up_to_date_while_weights_change() -> None:
    """The bound never hides a matrix that became bad."""
    p = load(net("np.random.randn(30, 40)", "np.random.randn(1, 30)", X="np.random.randn(40, 8)", b1="np.zeros((30, 1))"))
    timeline = Timeline(p)
    timeline.go(timeline.position)
    values = list(timeline.machine.values)
    look = Look(p, values, 1, 0)
    assert not findings(look, rules=["condition"])
    weight = np.array(values[p.inputs["W1"]])
    weight[1] = weight[0]
    values[p.inputs["W1"]] = weight
    assert not findings(Look(p, values, 2, 0, look.past), rules=["condition"])  # expensive: looked at again in a while
    assert findings(Look(p, values, 101, 0, look.past), rules=["condition"])


def test_initialisation() -> None:
    assert not found(net("0.5 * np.random.randn(6, 3)", "0.5 * np.random.randn(1, 6)"), "initialisation")
    [finding] = found(net("0.5 * np.random.randn(6, 3)", "0.01 * np.random.randn(1, 6)"), "initialisation")
    assert finding.layer == 2 and finding.numbers["ratio"] > 10
    text = net("0.5 * np.random.randn(6, 3)", "0.01 * np.random.randn(1, 6)", lr=0.0)
    monitor = judged(text, 12)
    [problem] = [p for p in monitor.problems() if p.finding.rule == "initialisation"]
    assert problem.times == 10 and not problem.current


def test_initialisation_does_not_hang_on_one_sample() -> None:
    X = "np.array([[0.0, 1, -1, 1], [0, 1, 1, -1], [0, -1, 1, 1]])"
    assert not found(
        net("0.5 * np.random.randn(6, 3)", "0.5 * np.random.randn(1, 6)", X=X, Y="np.array([[0, 1, 1, 0]])", more="batch = 1"),
        "initialisation",
        4,
    )


def test_inputs_out_of_range() -> None:
    [finding] = found(net(X="50 + 10 * np.random.randn(3, 8)"), "input-range")
    assert finding.severity == "note" and finding.count == 24
    assert not found(net(X="np.random.rand(3, 8)"), "input-range")
    assert not found(
        net(X="np.array([[2.0, -1, -1, 0], [-1, 2, -1, 0], [0, 0, 1.4, -1.4]])", Y="np.array([[9, 0, 9, 0]])"), "input-range"
    )
    whole = "np.array([[0, 255, 128, 3], [0, 1, 2, 3], [9, 9, 9, 1]])"
    assert found(net(X=whole, Y="np.array([[1, 0, 1, 0]])"), "input-range")
