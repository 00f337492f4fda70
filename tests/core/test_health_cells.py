"""Rules of cells: non-finite, about to be, denormal, cancellation. Each with what has it and what almost has it."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.health import found, judged, label, net, of
from helpers.programs import SETTINGS
from hypothesis import example, given
from hypothesis import strategies as st

from core.complete import load
from core.execute.timeline import Timeline
from core.health.look import Look
from core.health.nonfinite import finite
from core.health.precision import denormal_cells
from core.health.rules import RULES, findings
from core.health.settings import HealthSettings


def program(lines: str, x: str, dtype: str = "float64") -> str:
    """Return a program of a few forward lines over `x`, `W1 @ X` first, in one dtype."""
    return (
        f"# data\nX = np.array({x}, dtype=np.{dtype})\nsamples = 'columns'\n# parameters\n"
        f"W = np.ones((1, 1), dtype=np.{dtype})\n# forward\nz = W @ X\n{lines}\n# loss\nL = sum(q)\n"
    )


def test_first_bad_operation_and_not_what_follows() -> None:
    monitor = judged(program("p = log(z)\nq = p * 2", "[[1.0, 0.0, -1.0, 4.0]]"))
    finding = of(monitor, "nonfinite")[0]
    assert label(monitor, finding) == "p" and finding.severity == "error"
    assert finding.cells == ((0, 1), (0, 2)) and finding.count == 2
    assert finding.numbers == {"nan": 1, "infinite": 1} and "line 9" in finding.text
    after = next(v.index for v in monitor.timeline.program.values if v.name == "q")
    mark = next(m for m in monitor.marks(after) if m.rule == "nonfinite")
    assert mark.mask is not None and mark.mask.tolist() == [[False, True, True, False]] and mark.severity == "error"


def test_bad_data_is_found_before_anything_is_computed() -> None:
    monitor = judged(program("q = z * 2", "[[1.0, np.nan]]"))
    [finding] = of(monitor, "nonfinite")
    assert finding.instruction == -1 and label(monitor, finding) == "X"


def test_a_bad_weight_is_not_found_again_in_the_next_iteration() -> None:
    monitor = judged(net(lr=1e308, loss="sse", out="", act="", X="1e200 * np.random.randn(3, 8)"), 3)
    first = {p.first[0] for p in monitor.problems() if p.finding.rule == "nonfinite"}
    assert first == {1}


@given(st.lists(st.floats(width=32), min_size=1, max_size=20))
@example([0.0, 4.9e35])  # all are finite, and their sum is not
@SETTINGS(100)
def test_finite_says_what_numpy_says(numbers: list[float]) -> None:
    for dtype in (np.float32, np.float64):
        array = np.array(numbers * 700, dtype=dtype)
        assert finite(array) == np.isfinite(array).all()
        assert finite(array[0]) == np.isfinite(array[0])


@pytest.mark.parametrize(
    ("lines", "x", "dtype", "cells"),
    [
        ("q = log(z)", "[[1e-13, 1e-11, 1.0]]", "float64", ((0, 0),)),
        ("q = log(z)", "[[1e-13, 1e-11, 1.0]]", "float32", ((0, 0),)),
        ("q = log(z)", "[[5e-5, 1e-3, 1.0]]", "float16", ((0, 0),)),
        ("q = 1 / z", "[[1.0, 1e-13, -1e-13]]", "float64", ((0, 1), (0, 2))),
        ("q = z ** -1", "[[1.0, 1e-13]]", "float64", ((0, 1),)),
        ("q = exp(z)", "[[708.9, 709.2]]", "float64", ((0, 1),)),
        ("q = exp(z)", "[[87.5, 88.5]]", "float32", ((0, 1),)),
        ("q = exp(z)", "[[10.9, 11.05]]", "float16", ((0, 1),)),
        ("q = sigmoid(z)", "[[36.0, 36.8]]", "float64", ((0, 1),)),
        ("q = sigmoid(z)", "[[16.0, 16.8]]", "float32", ((0, 1),)),
    ],
)
def test_about_to_be_follows_the_dtype(lines: str, x: str, dtype: str, cells: tuple[tuple[int, ...], ...]) -> None:
    [finding] = found(program(lines, x, dtype), "about-to-be")
    assert finding.cells == cells
    assert finding.severity == ("note" if "sigmoid" in lines else "warning")
    assert ("logarithm" in finding.text) == ("log" in lines)


@pytest.mark.parametrize("lines", ["q = log(z + 1)", "q = 1 / (z + 1)", "q = exp(z)", "q = sigmoid(z)", "q = log(z + 2) / 3"])
def test_near_misses_of_about_to_be(lines: str) -> None:
    assert not found(program(lines, "[[1e-13, 0.0, 30.0]]"), "about-to-be")


def test_a_sigmoid_of_exactly_one_before_a_logarithm() -> None:
    text = "q = sigmoid(z)\nr = log(1 - q)\ns = log(q)"
    monitor = judged(program(text, "[[40.0, 1.0]]").replace("sum(q)", "sum(r)"))
    by_value = {label(monitor, f): f for f in of(monitor, "about-to-be")}
    assert by_value["q"].severity == "warning" and by_value["q"].cells == ((0, 0),)
    assert "run out of digits" in by_value["q"].text


def test_limits_of_about_to_be_can_be_changed() -> None:
    text = program("q = log(z)", "[[1e-7, 1.0]]")
    settings = HealthSettings().with_limit("about-to-be", "log", 1e-6)
    assert of(judged(text, 1, settings), "about-to-be") and not of(judged(text), "about-to-be")


@pytest.mark.parametrize(("dtype", "small"), [("float64", 1e-310), ("float32", 1e-40), ("float16", 1e-6)])
def test_denormal_numbers(dtype: str, small: float) -> None:
    [finding, *_] = found(program("q = z + 1", f"[[{small}, 1.0, 1.0, 0.0]]", dtype), "denormal")
    assert finding.cells == ((0, 0),) and finding.numbers["share"] == 0.25
    assert not found(program("q = z + 1", "[[1e-5, 1.0, 0.0]]", "float32"), "denormal")


@given(st.integers(1, 60), st.integers(1, 200), st.integers(0, 2**31))
@SETTINGS(60)
def test_denormal_rows_and_columns_of_large_arrays_are_not_overlooked(rows: int, columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    p = load(
        f"# data\nX = np.ones(({rows * 3}, {columns * 5}))\nsamples = 'columns'\n# forward\nq = X * 2.0\n# loss\nL = sum(q)\n"
    )
    timeline = Timeline(p)
    x = np.ones((rows * 3, columns * 5))
    share = max(1, x.shape[0] // 20)
    x[random.choice(x.shape[0], share, replace=False)] = 1e-310
    values = list(timeline.machine.values)
    values[p.inputs["X"]] = x
    look = Look(p, values, 1, 0)
    assert findings(look, rules=["denormal"])
    mask = denormal_cells(look, p.inputs["X"], {})
    assert mask is not None and mask.sum() == share * x.shape[1]


def test_cancellation_and_its_exemptions() -> None:
    [finding, *_] = found(program("q = 1 - sigmoid(z)", "[[36.0, 2.0]]"), "cancelling")
    assert finding.cells == ((0, 0),)
    assert not found(program("q = 1 - sigmoid(z)", "[[25.0, 40.0]]"), "cancelling")  # far enough, and exactly 0
    almost = "# data\nX = np.array([[1.0]])\nY = np.array([[1.0000000000000002]])\nsamples = 'columns'\n"
    assert not found(
        almost + "# parameters\nW = np.ones((1, 1))\n# forward\nE = W @ X - Y\n# loss\nL = sum(E * E)\n", "cancelling"
    )


def test_cancellation_in_float32() -> None:
    assert found(program("q = 1 - sigmoid(z)", "[[15.0]]", "float32"), "cancelling")
    assert not found(program("q = 1 - sigmoid(z)", "[[15.0]]", "float64"), "cancelling")


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_says_where_it_comes_from(rule: str) -> None:
    it = RULES[rule]
    assert it.name == rule and it.title and it.about.endswith(".") and it.source and it.glyph
    for limit in it.limits.values():
        assert limit.smallest <= limit.default <= limit.largest and limit.text
