"""Statistics, histograms and copies of arrays against independent formulas: exact fractions, counting by hand, eval."""

from __future__ import annotations

import csv
import io
import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.explain.copying import csv_text, numpy_code, table_text
from core.explain.statistics import MOST_BARS, difference, histogram, statistics

MODERATE = st.floats(-1e150, 1e150, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-100)
ARRAYS = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.int8, np.bool_]), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)
)


def root(x: Fraction) -> float:
    """The square root of a fraction, right to the last digit but one."""
    if not x:
        return 0.0
    shift = max(0, 140 - (x.numerator // x.denominator).bit_length())
    return float(Fraction(math.isqrt(int(x * 4**shift)), 2**shift)) if x >= 1 else 1 / root(1 / x)


def close(found: float, right: float) -> bool:
    return math.isclose(found, right, rel_tol=4e-16)


@given(st.lists(MODERATE, min_size=1, max_size=40))
def test_moments_are_right_to_float64(numbers: list[float]) -> None:
    s = statistics(np.array(numbers))
    exact = [Fraction(x) for x in numbers]
    mean = sum(exact) / len(exact)
    assert s.mean is not None and s.deviation is not None and s.norm is not None
    assert close(s.mean, float(mean))
    assert close(s.norm, root(sum((x * x for x in exact), Fraction())))
    spread = root(sum(((x - mean) ** 2 for x in exact), Fraction()) / len(exact))
    # Where the deviation is far below the rounding of the numbers' own differences, those are what limits it.
    assert math.isclose(s.deviation, spread, rel_tol=1e-14)
    assert (s.minimum, s.maximum) == (min(numbers), max(numbers))


def test_many_cells_are_added_without_loss() -> None:
    rng = np.random.default_rng(1)
    numbers = rng.standard_normal(20_001) * 10.0 ** rng.integers(-9, 9, 20_001)
    numbers[::2] = -numbers[1::2].sum() / 10_001 + numbers[::2]
    s = statistics(numbers)
    exact = [Fraction(float(x)) for x in numbers]
    mean = sum(exact) / len(exact)
    assert s.mean is not None and s.deviation is not None and s.norm is not None
    assert close(s.mean, float(mean))
    assert close(s.norm, root(sum((x * x for x in exact), Fraction())))
    assert close(s.deviation, root(sum(((x - mean) ** 2 for x in exact), Fraction()) / len(exact)))


def test_the_mean_of_numbers_that_cancel() -> None:
    s = statistics(np.array([1e16, 1.0, -1e16, 1e308, -1e308, 5e-324]))
    assert s.mean == 1 / 6
    big = np.concatenate([np.full(3000, 1e16), np.ones(3000), np.full(3000, -1e16)])
    assert statistics(big).mean == 1 / 3


@pytest.mark.parametrize(
    ("numbers", "mean", "deviation", "norm"),
    [
        ([1e308] * 4, 1e308, 0.0, math.inf),
        ([1e308, -1e308], 0.0, 1e308, math.sqrt(2) * 1e308),
        ([3e-320, 4e-320], 3.5e-320, 5e-321, 5e-320),
        ([1e-200, 3e-200], 2e-200, 1e-200, math.sqrt(10) * 1e-200),
        ([7.25] * 3, 7.25, 0.0, math.sqrt(3) * 7.25),
        ([0.1] * 10, 0.1, 0.0, math.sqrt(10) * 0.1),
    ],
)
def test_no_overflow_and_no_underflow(numbers: list[float], mean: float, deviation: float, norm: float) -> None:
    s = statistics(np.array(numbers))
    assert s.mean == pytest.approx(mean, rel=1e-15, abs=5e-324)
    assert s.deviation == pytest.approx(deviation, rel=1e-3 if deviation < 1e-300 else 1e-15, abs=5e-324)
    assert s.norm == pytest.approx(norm, rel=1e-3 if norm < 1e-300 else 1e-15)


def test_what_is_no_number_is_counted_and_poisons_nothing() -> None:
    s = statistics(np.array([[math.nan, 2.0, -math.inf], [math.inf, -0.0, -4.0]]))
    assert (s.nan, s.plus_infinity, s.minus_infinity) == (1, 1, 1)
    assert (s.cells, s.finite, s.zeros, s.negatives, s.positives) == (6, 3, 1, 1, 1)
    assert (s.minimum, s.maximum, s.mean) == (-4.0, 2.0, -2 / 3)
    assert (s.shape, s.dtype, s.memory) == ((2, 3), "float64", 48)
    none = statistics(np.array([math.nan, math.inf]))
    assert none.minimum is none.maximum is none.mean is none.deviation is none.norm is None
    empty = statistics(np.zeros((0, 3)))
    assert (empty.cells, empty.memory, empty.mean) == (0, 0, None)


def test_other_dtypes() -> None:
    flags = statistics(np.array([[True, False, True]]))
    assert (flags.mean, flags.zeros, flags.minimum, flags.maximum, flags.dtype) == (2 / 3, 1, 0.0, 1.0, "bool")
    small = statistics(np.array([0.1, 0.2], np.float32))
    assert small.mean == (float(np.float32(0.1)) + float(np.float32(0.2))) / 2 and small.memory == 8
    assert statistics(np.asarray(3)).norm == 3.0


def by_hand(edges: tuple[float, ...], numbers: list[float]) -> list[int]:
    pairs = list(pairwise(edges))
    if len(pairs) == 1 and edges[0] == edges[1]:
        return [len(numbers)]
    return [sum(a <= x < b or (x == b == edges[-1]) for x in numbers) for a, b in pairs]


@given(
    st.lists(st.floats(width=64), max_size=60),
    st.none() | st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False)),
)
def test_bars_count_what_lies_between_their_edges(numbers: list[float], ends: tuple[float, float] | None) -> None:
    within = None if ends is None else (min(ends), max(ends))
    h = histogram(np.array(numbers, dtype=float), within)
    finite = [x for x in numbers if math.isfinite(x)]
    assert h.nan + h.plus_infinity + h.minus_infinity + sum(h.counts) == len(numbers)
    assert h.nan == sum(map(math.isnan, numbers)) and h.plus_infinity == numbers.count(math.inf)
    assert len(h.counts) <= MOST_BARS
    if finite or within:
        assert list(h.counts) == by_hand(h.edges, finite)
        assert len(h.edges) == len(h.counts) + 1 and (list(h.edges) == sorted(set(h.edges)) or h.edges[0] == h.edges[-1])
        assert h.edges[0] == min([*finite, *(within or ())]) and h.edges[-1] == max([*finite, *(within or ())])
    else:
        assert h.edges == h.counts == ()


def test_histograms_of_constants_and_whole_numbers() -> None:
    assert histogram(np.full((3, 4), 0.1)).counts == (12,) and histogram(np.full(3, 0.1)).edges == (0.1, 0.1)
    whole = histogram(np.array([3, 1, 1, 4]))
    assert whole.whole and whole.counts == (2, 0, 1, 1) and whole.edges == (1, 2, 3, 4, 5)
    assert histogram(np.array([True, False, True])).counts == (1, 2)
    assert not histogram(np.array([0, 10**6])).whole
    assert histogram(np.array([math.nan] * 3)).nan == 3


def test_the_range_of_before_is_kept() -> None:
    h = histogram(np.array([0.5, 0.6]), (-1.0, 1.0))
    assert (h.edges[0], h.edges[-1]) == (-1.0, 1.0) and sum(h.counts) == 2
    assert histogram(np.array([5.0]), (-1.0, 1.0)).edges[-1] == 5.0


def test_the_difference_to_before() -> None:
    now = np.array([[1.0, math.nan, math.nan], [5.0, math.inf, 2.0]])
    before = np.array([[1.0, math.nan, 3.0], [7.5, 1.0, 1.0]])
    d = difference(now, before)
    assert d is not None
    assert (d.largest, d.at, d.changed, d.lost, d.without) == (-2.5, (1, 0), 4, 2, 3)
    assert d.array[1, 2] == 1.0 and math.isnan(d.array[0, 2])
    assert difference(now, now[:1]) is None
    same = difference(np.asarray(3.0), np.asarray(3.0))
    assert same is not None and (same.largest, same.at, same.changed) == (0.0, (), 0)
    flags = difference(np.array([True, False]), np.array([False, False]))
    assert flags is not None and flags.largest == 1.0
    gone = difference(np.array([math.nan]), np.array([1.0]))
    assert gone is not None and gone.largest is None and gone.lost == 1
    empty = difference(np.zeros((0, 2)), np.zeros((0, 2)))
    assert empty is not None and empty.largest is None and empty.changed == 0


@given(ARRAYS)
def test_numpy_code_gives_back_the_same_bits(array: np.ndarray) -> None:
    again = eval(numpy_code(array), {"np": np})
    assert again.shape == array.shape and again.dtype == array.dtype
    usual = np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, dtype=bool)
    # What is hidden inside an unusual NaN is not promised, its sign is.
    assert np.where(usual, 0, array).tobytes() == np.where(usual, 0, again).tobytes()
    if array.dtype.kind == "f":
        assert (np.signbit(array) == np.signbit(again)).all() and (np.isnan(again) == usual).all()


def test_numpy_code_as_it_is_read() -> None:
    assert numpy_code(np.array([[0.1, math.nan], [-math.inf, -0.0]])) == "np.array([[0.1, np.nan],\n          [-np.inf, -0.0]])"
    assert numpy_code(np.array([1.5], np.float32)) == "np.array([1.5], dtype=np.float32)"
    assert numpy_code(np.asarray(3)) == "np.array(3)"
    computed = -np.array([math.nan])
    assert eval(numpy_code(computed), {"np": np}).tobytes() == computed.tobytes()


@given(hnp.arrays(st.sampled_from([np.float64, np.float32, np.int64]), hnp.array_shapes(min_dims=1, max_dims=2)))
def test_csv_and_tables_keep_every_digit(array: np.ndarray) -> None:
    rows = array.reshape(1, -1) if array.ndim == 1 else array
    for text, between in ((csv_text(array), ","), (table_text(array), "\t")):
        read = [[array.dtype.type(x) for x in row] for row in csv.reader(io.StringIO(text), delimiter=between)]
        np.testing.assert_array_equal(np.array(read, dtype=array.dtype), rows)
