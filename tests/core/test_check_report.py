"""A check of a whole training: what is found, at which iterations was looked, and that its JSON is JSON."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from helpers.programs import SETTINGS, nets
from hypothesis import given
from hypothesis import strategies as st

from core.check_report import HealthReport, health_report, planned, rules_named
from core.check_words import health_json, health_text, verdict
from core.complete import load
from core.errors import SettingError
from core.execute.timeline import Position
from core.health.remedies import REMEDIES
from core.health.rules import RULES
from core.library import Opened, open_target
from core.session import session_of

ZERO_START = """\
# data
X = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]])
Y = np.array([[0.0, 1.0, 1.0, 0.0]])
# parameters
W1 = np.zeros((3, 2))
b1 = np.zeros((3, 1))
W2 = np.zeros((1, 3))
b2 = np.zeros((1, 1))
lr = 0.5
# forward
A1 = tanh(W1 @ X + b1)
A2 = sigmoid(W2 @ A1 + b2)
# loss
L = bce(A2, Y)
"""
# The fourth batch alone holds a 0, and nothing that lives on is made of its logarithm.
TRANSIENT = """\
# data
X = np.array([[1.0, 2.0, 3.0, 0.0, 1.5, 2.5]])
Y = np.array([[0.2, 0.4, 0.6, 0.1, 0.3, 0.5]])
samples = "columns"
batch = 1
# parameters
W = np.array([[0.1]])
lr = 0.01
# forward
P = W @ X
B = log(X)
# loss
L = mse(P, Y)
"""


def strict(report: HealthReport) -> dict[str, Any]:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(json.dumps(health_json(report)), parse_constant=refuse)


def checked(text: str, iterations: int = 20, **more: Any) -> HealthReport:
    return health_report(Opened("mine", load(text)), iterations, **more)


@pytest.mark.parametrize(("name", "iterations"), [("xor", 300), ("iris", 150), ("digits", 60)])
def test_healthy_built_ins_are_healthy(name: str, iterations: int) -> None:
    report = health_report(open_target(name), iterations)
    assert report.healthy, health_text(report)
    assert (report.reached, report.looked, report.stopped) == (iterations, ((1, iterations),), "")
    assert verdict(report).startswith("healthy") and strict(report)["healthy"] is True


def test_the_flower_is_told_to_its_root_and_the_run_ends_there() -> None:
    report = health_report(open_target("flower"), 20_000, ["nonfinite"])
    loss = next(f for f in report.found if f.value == "L")
    gradient = next(f for f in report.found if f.value.startswith("dA2"))
    assert not report.healthy and report.reached == loss.iteration == gradient.iteration < 20_000
    assert [c.value for c in loss.cause] == ["L", "A2", "Z2"]
    assert [c.value for c in gradient.cause][-3:] == ["dA2.2", "A2", "Z2"]
    assert loss.cause[-1] == gradient.cause[-1] and "run out of float64" in loss.cause[-1].text
    assert loss.severity == "error" and loss.remedies[0] == ("fused-loss", True)
    text = health_text(report)
    assert "no longer finite" in report.stopped and report.stopped in text
    assert (
        text.index("logarithm of exactly 0")
        < text.index("run out of float64")
        < text.index("as under 1")
        < text.index("not healthy")
    )
    assert "mends: Fused loss" in text


def test_the_same_is_found_as_in_the_window() -> None:
    opened = Opened("mine", load(ZERO_START))
    report = health_report(opened, 40)
    session = session_of(opened)
    for i in range(1, 41):
        session.go(i, len(opened.program))
    labels = opened.program.values
    seen = {(p.finding.rule, labels[p.finding.value].label): (p.first[0], p.last, p.times) for p in session.moment().problems}
    assert {(f.rule, f.value): (f.since, f.last, f.times) for f in report.found} == seen
    assert "symmetric" in {f.rule for f in report.found} and not report.healthy


def test_json_holds_what_is_asked_for_and_no_nan() -> None:
    text = ZERO_START.replace("np.zeros((1, 1))", "np.array([[np.nan]])")
    data = strict(checked(text, gradients=True))
    finding = next(f for f in data["findings"] if f["rule"] == "nonfinite")
    wanted = "rule severity value cells iteration step text cause remedy since times"
    assert set(finding) >= set(wanted.split())
    assert (finding["value"], finding["cells"], finding["step"]) == ("b2", [[0, 0]], 0)
    assert set(finding["cause"][-1]) == {"value", "cell", "iteration", "step", "text"}
    assert all(r["title"] == REMEDIES[r["id"]].title for f in data["findings"] for r in f["remedy"])
    assert data["loss"]["last"] == "NaN"
    assert data["gradients"][0]["parameters"][0]["error"] == "NaN"


def test_chosen_rules_only() -> None:
    assert {f.rule for f in checked(ZERO_START, rules=["symmetric"]).found} == {"symmetric"}
    assert rules_named(" dead,nonfinite") == tuple(n for n in RULES if n in ("dead", "nonfinite"))
    for bad in ("", "dead,", "nan"):
        with pytest.raises(SettingError, match=r"the rules are .*nonfinite"):
            rules_named(bad)


def test_long_runs_are_looked_at_in_stretches_but_nothing_infinite_is_missed() -> None:
    text = TRANSIENT.replace("0.0, 1.5, 2.5]", ", ".join(["1.5"] * 400 + ["0.0"] + ["1.5"] * 99) + "]")
    text = text.replace("0.1, 0.3, 0.5]", ", ".join(["0.3"] * 500) + "]")
    report = checked(text, 503, most_work=1)
    assert len(report.looked) > 2 and report.looked[0][0] == 1 and report.looked[-1][1] == 503
    assert sum(b - a + 1 for a, b in report.looked) < 200
    bad = next(f for f in report.found if f.rule == "nonfinite")
    assert (bad.value, bad.iteration, bad.times) == ("B", 404, 1)
    assert (404, 404) in report.looked
    assert "each one for NaN and ∞" in health_text(report)


def test_what_does_not_live_on_does_not_end_a_run() -> None:
    report = checked(TRANSIENT, 18)
    bad = next(f for f in report.found if f.rule == "nonfinite")
    assert report.reached == 18 and (bad.since, bad.times, bad.last) == (4, 3, 16)


@pytest.mark.parametrize(
    ("iterations", "most", "window"), [(1000, 100, 10), (60, 50, 10), (101, 100, 256), (10**6, 300, 45), (7, 5, 1)]
)
def test_the_plan_holds_the_start_the_end_and_little_more_than_it_may(iterations: int, most: int, window: int) -> None:
    plan = planned(iterations, most, window)
    assert set(range(1, min(50, most) + 1)) <= plan and iterations in plan
    assert min(plan) == 1 and max(plan) == iterations and len(plan) <= most + 2 * window


@pytest.mark.parametrize(("line", "reached"), [("A2 = sigmoid(W2 @ X)", 0), ("A2 = sigmoid(W2 @ A1 + b2)\nc = 1 / (3 - k)", 2)])
def test_a_line_that_cannot_run_is_a_finding(line: str, reached: int) -> None:
    text = ZERO_START.replace("A2 = sigmoid(W2 @ A1 + b2)", line)
    if reached:
        text = text.replace("lr = 0.5", "lr = 0.5\nk = 1") + "# update\nk = k + 1\n"
    report = checked(text, gradients=True)
    fault = report.found[0]
    assert (fault.rule, fault.severity, fault.iteration, report.reached) == ("fault", "error", reached + 1, reached)
    assert line.splitlines()[-1] in fault.text and fault.cause[0].text == fault.text
    assert len(report.gradients or ()) == reached and ("not one iteration can run" in health_text(report)) is (reached == 0)
    assert "cannot run to its end" in health_text(report) and strict(report)["findings"][0]["rule"] == "fault"


def test_a_wrong_gradient_is_a_finding_of_its_own() -> None:
    backward = """\
# backward
dZ2 = (A2 - Y) / 4
dW2 = -dZ2 @ A1.T
db2 = np.sum(dZ2, axis=1, keepdims=True)
dA1 = W2.T @ dZ2
dZ1 = dA1 * (1 - A1 ** 2)
dW1 = dZ1 @ X.T
db1 = np.sum(dZ1, axis=1, keepdims=True)
# update
W1 -= lr * dW1
b1 -= lr * db1
W2 -= lr * dW2
b2 -= lr * db2
"""
    random = np.random.default_rng(1)
    text = ZERO_START.replace("np.zeros((3, 2))", f"np.array({random.normal(size=(3, 2)).tolist()})")
    text = text.replace("np.zeros((1, 3))", f"np.array({random.normal(size=(1, 3)).tolist()})") + backward
    report = checked(text, 10, gradients=True, rules=["nonfinite"])
    assert [(f.rule, f.severity, f.value, f.since, f.times) for f in report.found] == [("gradient", "error", "dW2", 1, 2)]
    assert "uphill" in report.found[0].text and not report.healthy
    assert [iteration for iteration, _ in report.gradients or ()] == [1, 10]
    assert "✗ W2" in health_text(report) and strict(report)["gradients"][0]["right"] is False
    right = checked(text.replace("-dZ2 @ A1.T", "dZ2 @ A1.T"), 10, gradients=True, rules=["nonfinite"])
    assert right.healthy and all(check.right for _, check in right.gradients or ())


def test_a_position_is_where_the_value_has_just_been_made() -> None:
    opened = open_target("flower")
    finding = next(f for f in health_report(opened, 30).found if f.step)
    session = session_of(opened)
    session.go(finding.iteration, finding.step)
    assert session.timeline.position == Position(finding.iteration, finding.step)
    made = opened.program.instructions[finding.step - 1].result
    assert opened.program.values[made].label == finding.value


@SETTINGS(40)
@given(nets(), st.sampled_from([1.0, 30.0, 1e4, 1e200]))
def test_whatever_a_net_does_the_report_is_whole(net: Any, rate: float) -> None:
    """Random nets with rates up to absurd ones: chains, remedies, text and JSON of all that the rules find."""
    text = re.sub(r"^(lr|alpha|eta) = .*", rf"\1 = {rate}", net.text, flags=re.M)
    program = load(text)
    report = health_report(Opened("net", program), 15, gradients=True)
    data = strict(report)
    assert data["findings"] == [] or health_text(report).count("\n") > 2
    for f in report.found:
        assert f.severity == "note" or not report.healthy
        assert f.cause and f.text and f.since <= f.iteration <= report.reached + 1 and f.times >= 1
        assert f.rule in ("gradient", *RULES) and not set(dict(f.remedies)) - set(REMEDIES)
