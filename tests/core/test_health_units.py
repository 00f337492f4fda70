"""Rules of units: saturated, dead, copies; in both conventions, under any names."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.health import found, judged, label, net, of

from core.health.settings import HealthSettings

ODD = ("data", "y", "gewicht", "c", "syn1", "off", "net", "out", "lin", "l2", "cost", "eta")


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("names", [(), ODD])
@pytest.mark.parametrize("act", ["tanh", "sigmoid"])
def test_saturated_hidden_layer(rows: bool, names: tuple[str, ...], act: str) -> None:
    more = {"names": names} if names else {}
    text = net("9 * np.random.randn(6, 3)", act=act, rows=rows, **more)  # type: ignore[arg-type]
    monitor = judged(text)
    [finding] = [f for f in of(monitor, "saturated") if f.layer == 1]
    assert label(monitor, finding) == (ODD[7] if names else "A1")
    z = np.asarray(monitor.timeline.machine.peek(monitor.timeline.program.makers and finding.value - 1))
    assert finding.count == int((np.abs(z) >= 5).sum()) and finding.numbers["share"] > 0.5
    mask = next(m.mask for m in monitor.marks(finding.value) if m.rule == "saturated")
    assert mask is not None and mask.shape == z.shape
    assert not found(net("0.5 * np.random.randn(6, 3)", act=act, rows=rows, **more), "saturated")  # type: ignore[arg-type]


def test_share_of_saturated_units_decides() -> None:
    half = "np.array([[9.0, 9, 9], [9, -9, 9], [9, 9, -9], [.1, .1, .1], [.1, -.1, .1], [0, .1, .1]])"
    text = net(half, X="np.ones((3, 8))")
    assert not found(text, "saturated")  # exactly half
    lower = HealthSettings().with_limit("saturated", "share", 0.4)
    assert of(judged(text, 1, lower), "saturated")


@pytest.mark.parametrize("rows", [False, True])
def test_output_at_the_right_label_is_healthy(rows: bool) -> None:
    ones = {"W1": "np.ones((6, 3))", "X": "np.ones((3, 4))", "act": "relu", "rows": rows}
    right = net(W2="np.full((1, 6), 2.0)", Y="np.ones((1, 4))", **ones)  # type: ignore[arg-type]
    wrong = net(W2="np.full((1, 6), 2.0)", Y="np.array([[1, 1, 0, 1]])", **ones)  # type: ignore[arg-type]
    assert not found(right, "saturated")
    [finding] = found(wrong, "saturated")
    assert finding.count == 1 and finding.cells == (((2, 0) if rows else (0, 2)),) and "wrong label" in finding.text


def test_a_fused_loss_does_not_mind_a_saturated_output() -> None:
    text = net("np.ones((6, 3))", "np.full((1, 6), 2.0)", X="np.ones((3, 4))", Y="np.zeros((1, 4))", act="relu")
    assert found(text, "saturated")
    fused = text.replace("L = mse(A2, Y)", "L = bce_with_logits(Z2, Y)")
    assert not found(fused, "saturated")


def test_one_sample_is_not_an_epoch() -> None:
    X = "np.array([[9.0, .1, .1, .1], [9.0, .1, .1, .1], [9.0, .1, .1, .1]])"
    text = net("np.ones((6, 3))", X=X, Y="np.array([[0, 1, 1, 0]])", more="batch = 1", lr=0.0)
    assert not found(text, "saturated", 8)
    assert found(net("20 * np.ones((6, 3))", X=X, Y="np.array([[0, 1, 1, 0]])", more="batch = 1", lr=0.0), "saturated", 4)


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize(
    "line", ["relu(Z1)", "np.maximum(Z1, 0)", "np.maximum(0, Z1)", "Z1 * (Z1 > 0)", "np.where(Z1 > 0, Z1, 0)"]
)
@pytest.mark.parametrize(("dead", "severity"), [(0, ""), (3, "note"), (4, "warning"), (5, "error"), (6, "error")])
def test_dead_units(rows: bool, line: str, dead: int, severity: str) -> None:
    b1 = f"np.array({[[-99.0]] * dead + [[9.0]] * (6 - dead)})"
    text = net(b1=b1, act="relu", rows=rows).replace("relu(Z1)", line)
    findings = found(text, "dead")
    assert [f.severity for f in findings] == ([severity] if severity else [])
    if findings:
        assert findings[0].units == tuple(range(dead)) and findings[0].count == 8 * dead and findings[0].layer == 1


def test_what_is_not_a_dead_unit() -> None:
    b1 = f"np.array({[[-99.0]] * 6})"
    assert not found(net(b1=b1, act="leaky_relu"), "dead")
    alive_once = f"np.array({[[1.0] + [-1.0] * 7] * 3})"
    assert not found(net("np.ones((6, 3))", X=alive_once, act="relu"), "dead")
    last = net(act="tanh", out="relu", Y="np.zeros((1, 8))").replace("b2 = np.zeros((1, 1))", "b2 = np.array([[-99.0]])")
    assert not found(last, "dead")  # an output of 0 is the answer
    assert found(last.replace("np.zeros((1, 8))", "np.ones((1, 8))"), "dead")[0].severity == "error"
    sums = (
        net(act="tanh", out="", loss="", Y="np.ones((1, 8))")
        .split("A2 =")[0]
        .replace("b2 = np.zeros((1, 1))", "b2 = np.array([[-9.0]])")
    )
    by_hand = sums + "# loss\nL = sum(np.maximum(Z2, 0) - Z2 * Y + np.log(1 + np.exp(-abs(Z2))))\n"
    assert not found(by_hand, "dead")  # this maximum is part of a loss


def test_a_unit_is_dead_over_an_epoch_only() -> None:
    X = f"np.array({[[1.0, -1, -1, -1]] * 3})"
    alive = net("np.ones((6, 3))", X=X, Y="np.array([[0, 1, 1, 0]])", act="relu", more="batch = 1", lr=0.0)
    assert not found(alive, "dead", 9)
    dead = net("np.ones((6, 3))", X="-np.ones((3, 4))", Y="np.array([[0, 1, 1, 0]])", act="relu", more="batch = 1", lr=0.0)
    assert not found(dead, "dead", 3)
    assert found(dead, "dead", 4)[0].severity == "error"


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("value", [0.0, 0.5])
@pytest.mark.parametrize("names", [(), ODD])
def test_copies(rows: bool, value: float, names: tuple[str, ...]) -> None:
    more = {"names": names} if names else {}
    text = net(f"np.full((6, 3), {value})", f"np.full((1, 6), {value})", rows=rows, **more)  # type: ignore[arg-type]
    monitor = judged(text, 3)
    [finding] = of(monitor, "symmetric")
    assert finding.severity == "error" and finding.units == tuple(range(6)) and finding.layer == 1
    assert finding.count == 18 and monitor.problems()[0].finding is finding


def test_two_copies_among_others() -> None:
    W1 = "np.array([[1.0, 2, 3], [4, 5, 6], [1, 2, 3], [7, 8, 9], [1, 2, 4], [0, 1, 0]]) / 10"
    [finding] = found(net(W1, "np.array([[.1, .2, .1, .3, .4, .1]])"), "symmetric")
    assert finding.units == (0, 2) and finding.severity == "warning"
    assert not found(net(W1, "np.array([[.1, .2, .15, .3, .4, .1]])"), "symmetric")  # other weights out: other gradients
    assert not found(net("np.zeros((6, 3))", "np.random.randn(1, 6)"), "symmetric", 3)
    bias = "np.array([[0.0], [0], [.1], [0], [0], [0]])"
    assert not found(net(W1, "np.array([[.1, .2, .1, .3, .4, .1]])", b1=bias), "symmetric")
