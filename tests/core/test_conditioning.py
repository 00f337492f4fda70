"""Conditioning: singular values against NumPy's, the numbers of each layer in both conventions, NaN and nothing."""

from __future__ import annotations

import gc
import math
import weakref

import numpy as np
import pytest
from helpers.programs import SETTINGS, Net, nets
from hypothesis import given
from hypothesis import strategies as st

from core.complete import load
from core.execute import units
from core.execute.timeline import Timeline
from core.execute.tracks import Tracks
from core.health import spectrum as room
from core.health.conditioning import Matrix, Row, condition_of, extremes_of, limit_of, rows_of
from core.health.measures import Measure
from core.health.spectrum import Spectrum, known, spectrum
from core.library import EXAMPLES, open_target
from core.program.ir import Program
from core.session import Moment, Session, session_of

COLUMNS = """
# data
X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]])
Y = np.array([[1.0, 0.0, 1.0]])
samples = "columns"
# parameters
W1 = np.array([[0.5, -0.3], [0.2, 0.8], [1.0, -1.0]])
b1 = np.array([[0.1], [0.2], [0.3]])
W2 = np.array([[1.0, -2.0, 0.5]])
lr = 0.1
# forward
Z1 = W1 @ X + b1
A1 = {activation}
Z2 = W2 @ A1
A2 = sigmoid(Z2)
# loss
L = mse(A2, Y)
"""
ROWS = """
# data
inputs = np.array([[0.5, 1.5], [-1.0, 0.25], [2.0, -0.5]])
targets = np.array([[1.0], [0.0], [1.0]])
samples = "rows"
# parameters
syn0 = np.array([[0.5, 0.2, 1.0], [-0.3, 0.8, -1.0]])
off = np.array([0.1, 0.2, 0.3])
syn1 = np.array([[1.0], [-2.0], [0.5]])
alpha = 0.1
# forward
z = inputs @ syn0 + off
l1 = np.tanh(z)
u = l1 @ syn1
l2 = sigmoid(u)
# loss
cost = mse(l2, targets)
"""


def moment_of(program: Program, iteration: int = 1, k: int | None = None) -> Moment:
    session = Session(program, "")
    session.go(iteration, len(program) if k is None else k)
    return session.moment()


def rows_at(moment: Moment) -> tuple[Row, ...]:
    return rows_of(moment.program, moment.value, moment.shape)


def measures(row: Row) -> list[Measure]:
    found = [row.gradient, row.adjoint, row.update, row.bias_update, row.saturated, row.dead]
    for matrix in (row.weight, row.input):
        if matrix is not None and matrix.array is not None:
            taken = spectrum(matrix.array, matrix.unit_axis)
            found += [condition_of(matrix, taken), *extremes_of(matrix, taken)]
    return [m for m in found if m is not None]


def judged(array: np.ndarray, unit_axis: int | None = None) -> tuple[Spectrum, Measure]:
    taken = spectrum(array, unit_axis)
    return taken, condition_of(Matrix(0, "W1", array, unit_axis), taken)


# --- singular values --------------------------------------------------------------------------------


@SETTINGS(60)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from(["f8", "f4", "f2"]), st.integers(0, 10**6), st.booleans())
def test_singular_values_and_condition_are_those_of_numpy(m: int, n: int, dtype: str, seed: int, turned: bool) -> None:
    array = np.random.default_rng(seed).standard_normal((n, m) if turned else (m, n)).astype(dtype)
    array = array.T if turned else array
    wanted = np.linalg.svd(array.astype(float), compute_uv=False)
    for axis in (None, 0, 1):
        found = spectrum(array, axis)
        np.testing.assert_allclose(found.values, wanted, rtol=1e-12, atol=1e-14)
        assert found.rank == np.linalg.matrix_rank(array.astype(float)) == min(m, n)
        assert found.condition == pytest.approx(np.linalg.cond(array.astype(float)), rel=1e-9)
        assert (found.largest, found.smallest) == (found.values[0], found.values[-1])


@pytest.mark.parametrize(("dtype", "limit"), [("float64", 1e8), ("float32", 1e4), ("float16", 1e2), ("int64", 1e8)])
def test_the_limit_follows_the_type(dtype: str, limit: float) -> None:
    assert limit_of(dtype) == limit
    if dtype == "int64":
        return
    for factor, beyond in ((2.0, True), (0.5, False)):
        taken, measure = judged(np.diag([1.0, 1 / (factor * limit)]).astype(dtype))
        assert bool(measure.problem) is beyond and (measure.glyph == "κ") is beyond
        assert math.isfinite(taken.condition) and dtype in measure.limit


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_without_full_rank_it_is_infinite_and_says_the_rank(dtype: str) -> None:
    array = np.array([[1, 2, 3], [2, 4, 6], [1, 0, 1]], dtype=dtype)
    taken, measure = judged(array)
    assert (taken.rank, taken.condition, taken.smallest) == (2, math.inf, 0.0)
    assert taken.is_zero(2) and not taken.is_zero(1)
    assert "rank is 2" in measure.meaning and "2 of 3" in measure.problem
    zeros, nothing = judged(np.zeros((3, 2), dtype=dtype))
    assert zeros.rank == 0 and zeros.condition == math.inf and "all of its cells are 0" in nothing.meaning and nothing.problem


def test_dead_units_in_an_input_are_told_apart_from_units_that_repeat() -> None:
    random = np.random.default_rng(0)
    array = random.standard_normal((4, 12))
    array[1] = 0
    taken, measure = judged(array, 0)
    assert taken.condition == math.inf and taken.empty == 1
    assert taken.condition_without_empty == pytest.approx(np.linalg.cond(np.delete(array, 1, axis=0)))
    assert "1 of its units is 0 on every sample" in measure.meaning and not measure.problem
    twice = array.T.copy()
    twice[:, 1] = twice[:, 2]
    _, repeated = judged(twice, 1)
    assert repeated.problem and "rank is 3 of 4" in repeated.problem
    _, few = judged(twice[:7].copy(), 1)
    assert few.number == math.inf and not few.problem and "7 samples are too few to tell 4 units apart" in few.limit


@pytest.mark.parametrize("array", [np.array([[3.0, 4.0]]), np.array([[3.0], [4.0]]), np.array([3.0, 4.0])])
def test_one_row_has_one_direction(array: np.ndarray) -> None:
    taken, measure = judged(array)
    assert taken.values == (pytest.approx(5.0),) and taken.condition == 1 and not measure.problem


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_said(bad: float) -> None:
    array = np.ones((3, 2))
    array[1, 1] = bad
    taken, measure = judged(array)
    assert taken.values == () and math.isnan(taken.condition) and math.isnan(taken.largest) and math.isnan(taken.smallest)
    assert measure.number is None and "1 of its 6 cells are not finite" in measure.problem and measure.glyph == "⚠"
    assert all(m.number is None for m in extremes_of(Matrix(0, "W1", array), taken))


@pytest.mark.parametrize("array", [np.zeros((0, 3)), np.zeros((2, 2, 2)), np.zeros(0), np.full((2, 2), 1.7e308)])
def test_what_has_no_singular_values_says_why(array: np.ndarray) -> None:
    taken, measure = judged(array)
    assert taken.problem.endswith(".") and math.isnan(taken.condition) and measure.number is None


def test_they_are_kept_as_long_as_the_array_lives() -> None:
    array = np.random.default_rng(1).standard_normal((3, 3))
    assert known(array) is None and room.work(array) == 27
    assert spectrum(array) is spectrum(array) is known(array) and room.work(array) == 0
    assert known(array, 0) is None and known(array.copy()) is None
    gone = weakref.ref(array)
    del array
    gc.collect()
    assert gone() is None, "what is kept does not keep the array"


def test_too_many_samples_are_thinned_out_and_too_large_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_WORK", 1000)
    array = np.random.default_rng(2).standard_normal((5, 400))
    taken, measure = judged(array, 0)
    assert (taken.used, taken.samples) == (40, 400) and len(taken.values) == 5 and "40 of the 400 samples" in measure.meaning
    refused, said = judged(np.ones((20, 20)))
    assert "too large" in refused.problem and said.number is None and not said.problem


# --- the numbers of each layer ----------------------------------------------------------------------


def test_both_conventions_give_the_same_numbers() -> None:
    one, other = (rows_at(moment_of(load(text))) for text in (COLUMNS.format(activation="np.tanh(Z1)"), ROWS))
    assert [r.weight.name for r in one] == ["W1", "W2"] and [r.weight.name for r in other] == ["syn0", "syn1"]
    for a, b in zip(one, other, strict=True):
        assert len(measures(a)) == len(measures(b))
        for x, y in zip(measures(a), measures(b), strict=True):
            assert x.kind == y.kind and x.number == pytest.approx(y.number, rel=1e-9), x.meaning
        assert a.input is not None and b.input is not None and a.input.array is not None and b.input.array is not None
        left, right = spectrum(a.input.array, a.input.unit_axis), spectrum(b.input.array, b.input.unit_axis)
        assert left.shape == right.shape
        np.testing.assert_allclose(left.values, right.values)


def test_each_number_is_what_it_says() -> None:
    moment = moment_of(load(COLUMNS.format(activation="np.tanh(Z1)")))
    at = {v.label: moment.value(v.index) for v in moment.program.values}
    first, last = rows_at(moment)
    assert first.weight.array is at["W1_next"] and last.input is not None and last.input.array is at["A1"]
    assert first.gradient.number == pytest.approx(np.linalg.norm(np.asarray(at["dW1"])))
    assert first.adjoint is not None and first.adjoint.number == pytest.approx(np.linalg.norm(np.asarray(at["dZ1"])))
    step = np.asarray(at["W1_next"]) - np.asarray(at["W1"])
    assert first.update.number == pytest.approx(np.linalg.norm(step) / np.linalg.norm(np.asarray(at["W1"])))
    assert first.bias_update is not None and last.bias_update is None
    before = rows_at(moment_of(moment.program, 1, 0))
    assert before[0].gradient.number is None and "not computed yet" in before[0].gradient.meaning
    assert before[0].weight.array is not None and before[1].input is not None and before[1].input.array is None


def test_a_backward_by_hand_gets_the_true_adjoints() -> None:
    derived = load(COLUMNS.format(activation="np.tanh(Z1)"))
    wrong = "# backward\ndZ2 = 7 * (A2 - Y)\ndW2 = dZ2 @ A1.T\n# update\nW2 = W2 - lr * dW2\n"
    hand = rows_at(moment_of(load(COLUMNS.format(activation="np.tanh(Z1)") + wrong)))
    for a, b in zip(rows_at(moment_of(derived)), hand, strict=True):
        assert a.adjoint is not None and b.adjoint is not None and a.adjoint.number == pytest.approx(b.adjoint.number)
    assert hand[0].gradient.number is None or hand[0].update.number is not None


def test_vanishing_and_exploding_gradients_and_steps_are_found() -> None:
    text = COLUMNS.format(activation="np.tanh(Z1)")
    tiny = text.replace("W2 = np.array([[1.0, -2.0, 0.5]])", "W2 = 1e-6 * np.array([[1.0, -2.0, 0.5]])")
    first, _ = rows_at(moment_of(load(tiny)))
    assert first.gradient.glyph == "↘" and "vanishes" in first.gradient.problem
    huge = text.replace("W2 = np.array([[1.0, -2.0, 0.5]])", "W2 = 1e4 * np.array([[1.0, -2.0, 0.5]])")
    huge = huge.replace("A2 = sigmoid(Z2)", "A2 = 1 * Z2")
    first, _ = rows_at(moment_of(load(huge)))
    assert first.gradient.glyph == "↗" and first.update.glyph == "↗" and "learning rate" in first.update.problem
    slow = rows_at(moment_of(load(text.replace("lr = 0.1", "lr = 1e-9"))))
    assert slow[0].update.glyph == "↘" and not slow[0].gradient.problem


# --- units ------------------------------------------------------------------------------------------

RELUS = ("relu(Z1)", "np.maximum(Z1, 0)", "np.maximum(0, Z1)", "np.where(Z1 > 0, Z1, 0)", "Z1 * (Z1 > 0)")


@pytest.mark.parametrize("written", RELUS)
def test_dead_units_are_found_however_the_relu_is_written(written: str) -> None:
    text = COLUMNS.format(activation=written).replace("[[0.1], [0.2], [0.3]]", "[[-90.0], [0.2], [-90.0]]")
    first, last = rows_at(moment_of(load(text)))
    assert first.saturated is None and last.dead is None
    assert first.dead is not None and first.dead.number == pytest.approx(2 / 3) and first.dead.glyph == "⊘"
    assert "2 of 3 units are dead" in first.dead.meaning and "this batch alone" in first.dead.limit


@pytest.mark.parametrize("written", ["leaky_relu(Z1)", "np.where(Z1 > 0, Z1, 0.1 * Z1)", "1 * Z1"])
def test_what_cannot_die_has_no_such_number(written: str) -> None:
    first, _ = rows_at(moment_of(load(COLUMNS.format(activation=written))))
    assert first.dead is None and first.saturated is None


def test_saturated_units_count_where_they_are_so_on_most_samples() -> None:
    gate = units.Gate(1, "saturated", units.Units(0, 0, 1), False)
    z = np.array([[5.0, -5.0, 0.0], [9.0, 0.0, 0.0], [4.9, 4.9, -4.9], [np.inf, -np.inf, 6.0], [np.nan, 9.0, 9.0]])
    found = units.shares(gate, z)
    assert found is not None and found.closed == (0, 3) and found.share == 0.5 and found.not_judged == 1
    assert found.cells == pytest.approx(6 / 12)
    every = units.shares(gate, np.full((2, 2), np.nan))
    assert every is not None and math.isnan(every.share) and units.shares(gate, np.zeros((0, 3))) is None


def test_an_output_and_a_single_sample_are_not_blamed() -> None:
    text = COLUMNS.format(activation="np.tanh(40 * Z1)").replace("A2 = sigmoid(Z2)", "A2 = sigmoid(99 * Z2)")
    assert all(r.saturated is None or not r.saturated.problem for r in rows_at(moment_of(load(text))))
    blamed = COLUMNS.format(activation="np.tanh(Z1)").replace("[[0.1], [0.2], [0.3]]", "[[90.0], [90.0], [90.0]]")
    assert (first := rows_at(moment_of(load(blamed)))[0].saturated) is not None and first.glyph == "▥"
    single = blamed.replace('samples = "columns"', 'samples = "columns"\nbatch = 1')
    one = rows_at(moment_of(load(single)))[0].saturated
    assert one is not None and one.number == 1.0 and not one.problem and "One sample" in one.limit


@pytest.mark.parametrize("name", ["xor", "flower", "digits", "rows"])
def test_tracks_of_units_are_the_shares_of_each_iteration(name: str) -> None:
    program = open_target(name).program
    timeline = Timeline(program)
    tracks = Tracks(timeline)
    ids = [t.id for t in tracks.built_in() if t.family == "units"]
    assert ids
    timeline.run(12)
    tracks.want(ids)
    assert tracks.fill(60)
    for id in ids:
        kind, _, layer = id.partition(":")
        gate = next(g for g in units.gates_of(program) if (g.kind, g.layer) == (kind, int(layer)))
        wanted = [units.shares(gate, timeline.machine_at(i).peek(gate.read.value)) for i in range(1, 13)]
        assert tracks.series(id).tolist() == [w.share for w in wanted if w is not None]


# --- every program ----------------------------------------------------------------------------------


def sound(rows: tuple[Row, ...]) -> None:
    """Check that every number is said in whole sentences, and that a sign has words."""
    for row in rows:
        for m in measures(row):
            assert m.meaning.endswith((".", ")")) and bool(m.problem) == bool(m.glyph), m
            assert m.number is None or isinstance(m.number, float)
            assert m.number is None or math.isfinite(m.number) or m.problem or m.kind in ("condition", "input condition"), m


@pytest.mark.parametrize("name", EXAMPLES)
def test_all_built_ins_at_every_step(name: str) -> None:
    session = session_of(open_target(name))
    n = len(session.program)
    for iteration in (1, 7):
        for k in range(n + 1):
            session.go(iteration, k)
            rows = rows_at(session.moment())
            assert len(rows) == 2 and [r.layer for r in rows] == [1, 2]
            sound(rows)


def test_nan_is_said_of_every_number_and_breaks_none() -> None:
    session = session_of(open_target("flower"))
    session.run(3000)
    rows = rows_at(session.moment())
    sound(rows)
    for row in rows:
        bad = {m.kind for m in measures(row) if m.glyph == "⚠"}
        assert {"condition", "gradient", "adjoint", "update", "bias update"} <= bad


@SETTINGS(60)
@given(nets(), st.data())
def test_no_program_breaks_it(net: Net, data: st.DataObject) -> None:
    program = load(net.text)
    moment = moment_of(program, data.draw(st.integers(1, 3)), data.draw(st.integers(0, len(program))))
    sound(rows_at(moment))


def test_matrices_outside_of_any_layer_have_rows() -> None:
    program = load(
        "# data\nY = np.ones((2, 2))\n# parameters\nV = np.array([[1.0, 2.0], [3.0, 4.0]])\nlr = 0.1\n# loss\nL = mse(V, Y)\n"
    )
    rows = rows_at(moment_of(program))
    assert [(r.layer, r.name) for r in rows] == [(0, "V")] and rows[0].input is None
    sound(rows)
