"""One tensor looked at: summary, blocks, histogram, remarks and singular values, each beside what NumPy says of all of it."""

from __future__ import annotations

import math
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.raw_saved import raw_saved

from core.files import arrays
from core.files.looks import look_parts
from core.files.looks.look import difference, first_look, layer_of, look
from core.files.looks.look_words import remark_text
from core.files.looks.looks import Look, Remark
from core.files.problem import FileProblem
from core.files.saved import Layer, Saved, Tensor, Where
from core.files.worker import read

R = np.random.default_rng(7)


def seen(path: Path, value: Any, orientation: str = "", role: str = "weight", **options: Any) -> Look:
    layer = Layer("dense", "fc", tensors={role: "W"}, attributes={"orientation": orientation}) if orientation else None
    return look(raw_saved(path / "raw", {"W": value}), "W", layer, **options)


def kinds(found: Look) -> dict[str, Remark]:
    return {r.kind: r for r in found.remarks}


ORDERS = [np.ascontiguousarray, np.asfortranarray]


# Summary and blocks


@pytest.mark.parametrize("piece", [16, 48, 2**21])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shape", [(), (1,), (7,), (600,), (5, 3), (3, 700), (300, 2), (2, 3, 4), (3, 1, 2, 5), (0, 4), (4, 0)])
def test_the_first_look_is_that_of_the_whole_array(
    shape: tuple[int, ...], order: Any, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "PIECE", piece)
    a = order(R.normal(size=shape)) if shape else R.normal(size=shape)
    saved = raw_saved(tmp_path / "raw", {"W": a})
    found = first_look(saved, "W")
    assert (found.name, found.histogram, found.remarks, found.spectrum) == ("W", None, (), None)
    assert found.summary.count == a.size
    if a.size:
        assert (found.summary.min, found.summary.max) == (a.min(), a.max())
        assert found.summary.mean == pytest.approx(a.mean(), rel=1e-12, abs=1e-14)
        assert found.summary.std == pytest.approx(a.std(), rel=1e-12, abs=1e-14)
    flat = a.reshape(math.prod(shape[:-1]), shape[-1] if shape else 1)
    assert found.blocks.shape == tuple(min(256, n) for n in flat.shape)
    assert np.allclose(found.blocks, arrays.blocks(saved, "W"), equal_nan=True)
    edges = [np.linspace(0, n, min(n, 256) + 1).astype(int) for n in flat.shape]
    for i, (r0, r1) in enumerate(zip(edges[0][:-1], edges[0][1:], strict=True)):
        for j, (c0, c1) in enumerate(zip(edges[1][:-1], edges[1][1:], strict=True)):
            assert found.blocks[i, j] == pytest.approx(flat[r0:r1, c0:c1].mean(), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("piece", [16, 40, 200])
def test_pieces_change_nothing(piece: int, order: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a = R.normal(size=(13, 11)).astype("f4")
    a[3, 2], a[7, 9], a[5], a[:, 4] = np.nan, -np.inf, 0, 0
    a[8], a[:, 6] = a[1], a[:, 0]
    a[8, 6] = a[1, 6] = a[8, 0]
    for orientation in ("out,in", "in,out"):
        whole = seen(tmp_path, order(a), orientation)
        monkeypatch.setattr(arrays, "PIECE", piece)
        cut = seen(tmp_path, order(a), orientation)
        monkeypatch.undo()
        assert cut.remarks == whole.remarks
        assert cut.units == whole.units
        assert cut.histogram is not None and whole.histogram is not None
        assert np.array_equal(cut.histogram.counts, whole.histogram.counts)
        assert np.allclose(cut.blocks, whole.blocks, equal_nan=True)


def test_a_first_look_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = raw_saved(tmp_path / "raw", {"W": R.normal(size=(4, 5))})
    first = first_look(saved, "W")
    monkeypatch.setattr("core.files.looks.look.first_look", None)
    found = look(saved, "W", first=first)
    assert found.blocks is first.blocks
    assert found.summary is first.summary
    assert found.histogram is not None


def test_a_large_tensor_is_never_loaded_whole(tmp_path: Path) -> None:
    path, count = tmp_path / "raw", 2**24
    with path.open("wb") as file:
        file.truncate(4 * count)
    a = np.memmap(path, "f4", "r+", shape=(4096, 4096))
    a[7], a[9] = R.normal(size=(2, 4096))
    a[11] = a[7]
    a.flush()
    del a
    tensor = Tensor("W", (4096, 4096), "float32", 4 * count, Where("span", length=4 * count))
    saved = Saved("raw", str(path), 4 * count, (tensor,))
    tracemalloc.start()
    found = look(saved, "W")
    there = difference(saved, saved, "W", "W")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * count // 2
    assert kinds(found)["duplicated"].at == ((7, 11),)
    assert kinds(found)["dead"].count == 4093
    assert found.spectrum is None
    assert found.spectrum_later
    assert there.summary.zeros == count


# Histogram


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "u1", "i4", "i8", "u8", "bool"])
def test_the_histogram_is_that_of_numpy(dtype: str, tmp_path: Path) -> None:
    a = (np.maximum(R.normal(size=(40, 50)) * 20 + 40, 0)).astype(dtype)
    a[0, 0] = 0
    h = seen(tmp_path, a).histogram
    assert h is not None
    assert h.exact
    counts, edges = np.histogram(a.astype("f8"), 64)
    assert np.array_equal(h.counts, counts)
    assert np.allclose(h.edges, edges)


def test_only_finite_numbers_are_in_the_histogram(tmp_path: Path) -> None:
    h = seen(tmp_path, np.array([1.0, np.nan, 2.0, np.inf, -np.inf, 2.0])).histogram
    assert h is not None
    assert (h.edges[0], h.edges[-1], h.counts.sum(), h.counts[-1]) == (1, 2, 3, 2)
    assert seen(tmp_path, np.full(4, np.nan)).histogram is None
    assert seen(tmp_path, np.zeros((0, 3))).histogram is None


@pytest.mark.parametrize("value", [0.0, 3.0, -2e-300, 1e308, -1.7e308])
def test_a_constant_is_one_bar_around_it(value: float, tmp_path: Path) -> None:
    h = seen(tmp_path, np.full(9, value)).histogram
    assert h is not None
    assert h.counts.tolist() == [9]
    assert h.edges[0] < value < h.edges[1]
    assert np.isfinite(h.edges).all()


def test_ranges_that_are_too_small_or_too_large_for_64_bars(tmp_path: Path) -> None:
    near = seen(tmp_path, np.array([1.0, np.nextafter(1.0, 2), 1.0])).histogram
    assert near is not None
    assert (near.edges.tolist(), near.counts.tolist()) == ([1.0, np.nextafter(1.0, 2)], [3])
    far = seen(tmp_path, np.array([-1.7e308, 0.1, 1.7e308])).histogram
    assert far is not None
    assert len(far.counts) == 64
    assert (far.edges[0], far.edges[-1]) == (-1.7e308, 1.7e308)
    assert (far.counts[0], far.counts[32], far.counts[-1]) == (1, 1, 1)
    tiny = seen(tmp_path, np.array([0.0, 5e-324, 5e-322])).histogram
    assert tiny is not None
    assert tiny.counts.sum() == 3


def test_of_very_many_numbers_some_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a = np.arange(1001.0)
    monkeypatch.setattr(look_parts, "MOST_COUNTED", 400)
    monkeypatch.setattr(arrays, "PIECE", 56)
    h = seen(tmp_path, a).histogram
    assert h is not None
    assert not h.exact
    assert np.array_equal(h.counts, np.histogram(a[::3], 64, (0, 1000))[0])


def test_complex_numbers_count_by_their_absolute_value(tmp_path: Path) -> None:
    found = seen(tmp_path, np.array([3 + 4j, 0, complex(np.nan, 1)]))
    assert (found.summary.max, found.summary.nonfinite) == (5, 1)
    assert found.histogram is not None
    assert found.histogram.counts.sum() == 2


# Remarks on numbers


@pytest.mark.parametrize("order", ORDERS)
def test_where_the_first_odd_numbers_are(order: Any, tmp_path: Path) -> None:
    a = R.normal(size=(30, 9))
    a[2, 3], a[0, 8], a[29, 0] = np.nan, np.inf, -np.inf
    r = kinds(seen(tmp_path, order(a)))["nonfinite"]
    assert (r.severity, r.count, r.at) == ("error", 3, ((0, 8), (2, 3), (29, 0)))
    a[5:] = np.nan
    r = kinds(seen(tmp_path, order(a)))["nonfinite"]
    assert r.count == 25 * 9 + 2
    assert len(r.at) == 20
    assert all(not np.isfinite(a[cell]) for cell in r.at)
    r = kinds(seen(tmp_path, np.array(np.nan)))["nonfinite"]
    assert r.at == ((),)


def test_zeros_and_constants(tmp_path: Path) -> None:
    weight, bias = np.zeros((3, 4)), np.zeros(3)
    assert [(r.kind, r.severity) for r in seen(tmp_path, weight, "out,in").remarks] == [("all_zero", "warning")]
    assert [(r.kind, r.severity) for r in seen(tmp_path, bias, "out,in", "bias").remarks] == [("all_zero", "note")]
    assert [(r.kind, r.severity) for r in seen(tmp_path, bias, "out,in", "gamma").remarks] == [("all_zero", "warning")]
    r = kinds(seen(tmp_path, weight + 2, "out,in"))["constant"]
    assert (r.severity, r.value) == ("warning", 2)
    assert [(r.kind, r.severity) for r in seen(tmp_path, bias + 1, "out,in", "gamma").remarks] == [("constant", "note")]
    few = np.array([0, 0, 0, 1, 2.0])
    assert [(r.kind, r.severity, r.count) for r in seen(tmp_path, few).remarks] == [("zeros", "note", 3)]
    assert seen(tmp_path, np.array([0, 0, 1, 2.0])).remarks == ()
    assert seen(tmp_path, np.array(0.0)).remarks == ()


def test_large_numbers(tmp_path: Path) -> None:
    assert kinds(seen(tmp_path, np.array([1.0, -2e6])))["large"].value == 2e6
    assert kinds(seen(tmp_path, np.array([1, 40000], "f2")))["large"].value == 40000
    assert seen(tmp_path, np.array([1.0, 1e6])).remarks == ()
    assert seen(tmp_path, np.array([1, 30000], "f2")).remarks == ()
    assert seen(tmp_path, np.array([1, 2**40])).remarks == ()


def test_negative_variances(tmp_path: Path) -> None:
    a = np.array([0.5, -1e-9, 2, -3])
    r = kinds(seen(tmp_path, a, "out,in", "variance"))["variance"]
    assert (r.severity, r.count, r.at) == ("error", 2, ((1,), (3,)))
    assert "variance" not in kinds(seen(tmp_path, a, "out,in", "mean"))
    saved = raw_saved(tmp_path / "raw", {"bn.running_var": a, "bn.running_mean": a})
    assert "variance" in kinds(look(saved, "bn.running_var"))
    assert "variance" not in kinds(look(saved, "bn.running_mean"))


# Remarks on units


def alike(rows: np.ndarray) -> list[tuple[int, int]]:
    """Return pairs (earlier, later) of rows with the same numbers, the slow way."""
    found = []
    for later in range(len(rows)):
        for earlier in range(later):
            if np.isfinite(rows[later]).all() and rows[later].any() and (rows[earlier] == rows[later]).all():
                found.append((earlier, later))
                break
    return found


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "u2", "i4", "i8", "c8", "c16"])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("orientation", ["out,in", "in,out"])
@pytest.mark.parametrize("signs", [False, True])
def test_units_with_the_same_weights(dtype: str, order: Any, orientation: str, signs: bool, tmp_path: Path) -> None:
    # Of three numbers, each −1 or 1, many are the same, and all differ from each other in few bits.
    a = R.choice([-1, 1], size=(40, 9)) if signs else R.integers(-1, 2, size=(40, 3))
    a = (a + (dtype[0] == "u")).astype(dtype)
    wanted = alike(a)
    dead = np.flatnonzero(~a.any(axis=1)).tolist()
    if dtype[0] in "fc":
        a[a == 0] *= -1
    found = kinds(seen(tmp_path, order(a if orientation == "out,in" else a.T), orientation))
    assert wanted or signs
    if wanted:
        r = found["duplicated"]
        assert (r.severity, r.count, list(r.at)) == ("warning", len(wanted), wanted[:20])
    else:
        assert "duplicated" not in found
    if dead:
        assert (found["dead"].count, [at[0] for at in found["dead"].at]) == (len(dead), dead[:20])
    else:
        assert "dead" not in found


def test_units_of_bfloat16(tmp_path: Path) -> None:
    a = R.normal(size=(5, 4)).astype("f4")
    a[4] = a[2]
    upper = (a.view("u4") >> 16).astype("u2")
    found = look(raw_saved(tmp_path / "raw", {"W": upper}, types={"W": "bfloat16"}), "W")
    assert kinds(found)["duplicated"].at == ((2, 4),)


def test_no_unit_is_the_same_by_chance(tmp_path: Path) -> None:
    for dtype in ("f4", "f8"):
        signs = R.choice([-1.0, 1.0], size=(2000, 64)).astype(dtype)
        assert "duplicated" not in kinds(seen(tmp_path, signs, "out,in"))
        assert "duplicated" not in kinds(seen(tmp_path, signs, "in,out"))


def test_units_that_are_not_finite_are_not_the_same(tmp_path: Path) -> None:
    a = np.full((4, 3), np.nan)
    a[2:] = 1, 2, 3
    assert kinds(seen(tmp_path, a, "out,in"))["duplicated"].at == ((2, 3),)
    assert "duplicated" not in kinds(seen(tmp_path, a, "in,out"))


def test_which_axis_is_that_of_units(tmp_path: Path) -> None:
    a = R.normal(size=(4, 3, 2, 5))
    a[3], a[1] = a[0], 0
    saved = raw_saved(tmp_path / "raw", {"W": a, "b": a[0, 0], "v": a[0, 0, 0]})
    found = look(saved, "W")
    assert (found.units, found.spectrum, found.spectrum_later) == ("rows", None, False)
    assert (kinds(found)["duplicated"].at, kinds(found)["dead"].at) == (((0, 3),), ((1,),))
    fortran = look(raw_saved(tmp_path / "raw2", {"W": np.asfortranarray(a)}), "W")
    assert fortran.remarks == found.remarks
    box = {"kind": "box", "name": "conv", "tensors": {"weight": "W", "bias": "b"}}
    assert look(saved, "W", Layer(**box)).units == "rows"
    assert look(saved, "b", Layer(**box)).units == ""
    assert look(saved, "v").units == ""
    assert look(saved, "W", Layer(**box, attributes={"class": "ConvTranspose2d"})).units == ""
    assert look(replace(saved, format="Keras model (.keras)"), "W", Layer(**box)).units == "columns"
    last = a.transpose(1, 2, 3, 0)
    turned = raw_saved(tmp_path / "raw3", {"W": np.ascontiguousarray(last)})
    found = look(replace(turned, format="Keras model (.keras)"), "W", Layer(**box))
    assert (kinds(found)["duplicated"].at, kinds(found)["dead"].at) == (((0, 3),), ((1,),))


def test_a_table_of_signs_has_no_units(tmp_path: Path) -> None:
    a = R.normal(size=(5, 3))
    a[0] = 0
    saved = raw_saved(tmp_path / "raw", {"ch_embeddings.weight": a, "ch.weight": a})
    assert kinds(look(saved, "ch.weight")).keys() == {"dead"}
    for layer in (None, Layer("box", "ch", tensors={"weight": "ch_embeddings.weight"})):
        found = look(saved, "ch_embeddings.weight", layer)
        assert (found.units, found.remarks) == ("", ())
    dense = Layer("dense", "ch", tensors={"weight": "ch_embeddings.weight"})
    assert look(saved, "ch_embeddings.weight", dense).units == "rows"


def test_units_of_one_weight_are_not_compared(tmp_path: Path) -> None:
    assert kinds(seen(tmp_path, np.array([[1.0], [2], [1], [0]]), "out,in")).keys() == {"dead"}
    assert seen(tmp_path, np.array([[1.0, 2, 1]]), "out,in").remarks == ()
    assert seen(tmp_path, np.array([[1.0], [2], [1]])).units == ""


def test_more_units_than_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a = np.tile(R.normal(size=3), (9, 1))
    monkeypatch.setattr(look_parts, "MOST_UNITS", 8)
    assert "duplicated" not in kinds(seen(tmp_path, a, "out,in"))


# Singular values


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i4", "c16"])
@pytest.mark.parametrize("order", ORDERS)
def test_singular_values_are_those_of_numpy(dtype: str, order: Any, tmp_path: Path) -> None:
    a = order((R.normal(size=(6, 9)) * 5).astype(dtype))
    s = seen(tmp_path, a).spectrum
    assert s is not None
    wanted = np.linalg.svd(a.astype("c16" if dtype == "c16" else "f8"), compute_uv=False)
    assert np.allclose(s.values, wanted, rtol=1e-12)
    assert s.condition == pytest.approx(wanted[0] / wanted[-1])
    assert s.rank == 6


def test_rank_is_that_of_numpy(tmp_path: Path) -> None:
    for dtype in ("f4", "f8"):
        a = (R.normal(size=(20, 3)).astype(dtype) @ R.normal(size=(3, 12)).astype(dtype)).astype(dtype)
        found = seen(tmp_path, a)
        assert found.spectrum is not None
        assert found.spectrum.rank == np.linalg.matrix_rank(a) == 3
        assert (kinds(found)["rank"].value, kinds(found)["rank"].severity) == (3, "warning")
        assert kinds(found)["condition"].value > 1e6
    # What rounding leaves of a matrix of 16 bits says nothing of its rank.
    found = seen(tmp_path, R.normal(size=(400, 400)).astype("f2"))
    assert found.spectrum is not None
    assert found.spectrum.rank == 400


def test_high_condition_numbers(tmp_path: Path) -> None:
    q, _ = np.linalg.qr(R.normal(size=(5, 5)))
    found = seen(tmp_path, q @ np.diag([1e7, 1, 1, 1, 1]) @ q.T / 1e7)
    assert kinds(found)["condition"].value == pytest.approx(1e7, rel=1e-6)
    assert "rank" not in kinds(found)
    zero = seen(tmp_path, np.zeros((3, 3)))
    assert zero.spectrum is not None
    assert (zero.spectrum.condition, zero.spectrum.rank) == (math.inf, 0)
    assert kinds(zero).keys() == {"all_zero"}


def test_what_has_no_singular_values(tmp_path: Path) -> None:
    for a in (
        np.array([[1, np.nan]]),
        np.ones((2, 2, 2)),
        np.ones(3),
        np.zeros((0, 3)),
        np.ones((2, 3), bool),
        np.ones((5000, 4200), "i1"),
    ):
        found = seen(tmp_path, a)
        assert (found.spectrum, found.spectrum_later) == (None, False)


def test_large_matrices_only_when_asked(tmp_path: Path) -> None:
    a = np.eye(513)
    assert seen(tmp_path, a).spectrum_later
    found = seen(tmp_path, a, spectrum=True)
    assert not found.spectrum_later
    assert found.spectrum is not None
    assert np.allclose(found.spectrum.values, 1)


# Difference


@pytest.mark.parametrize("here", ORDERS)
@pytest.mark.parametrize("there", ORDERS)
@pytest.mark.parametrize("piece", [24, 2**21])
def test_the_difference(here: Any, there: Any, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "PIECE", piece)
    for shape in ((5, 7), (2, 3, 4), (6,)):
        a, b = R.normal(size=shape).astype("f4"), R.normal(size=shape)
        first, second = raw_saved(tmp_path / "a", {"W": here(a)}), raw_saved(tmp_path / "b", {"V": there(b)})
        found = difference(first, second, "W", "V")
        wanted = b - a.astype("f8")
        assert np.allclose(found.blocks, wanted.reshape(-1, shape[-1]), rtol=1e-14)
        assert (found.summary.min, found.summary.max) == (wanted.min(), wanted.max())
        assert found.histogram is not None
        assert np.array_equal(found.histogram.counts, np.histogram(wanted, 64)[0])
        assert (found.units, found.spectrum, found.remarks) == ("", None, ())


def test_the_difference_of_odd_and_same_numbers(tmp_path: Path) -> None:
    a = np.array([[1, np.nan], [2, 3]])
    b = a.copy()
    saved = raw_saved(tmp_path / "raw", {"a": a, "b": b, "c": np.ones((1, 4)), "d": np.ones(4)})
    assert [(r.kind, r.severity, r.at) for r in difference(saved, saved, "a", "b").remarks] == [("nonfinite", "note", ((0, 1),))]
    assert [(r.kind, r.severity) for r in difference(saved, saved, "c", "c").remarks] == [("all_zero", "note")]
    with pytest.raises(ValueError, match="shape"):
        difference(saved, saved, "c", "d")


def test_two_packed_files(tmp_path: Path) -> None:
    a, b = R.normal(size=(2, 300, 200))
    np.savez_compressed(tmp_path / "a.npz", W=a)
    np.savez_compressed(tmp_path / "b.npz", W=np.asfortranarray(b))
    saved, other = read(tmp_path / "a.npz"), read(tmp_path / "b.npz")
    assert np.isclose(look(saved, "W").summary.mean, a.mean())
    found = difference(saved, other, "W", "W")
    assert found.summary.max == (b - a).max()


# What cannot be


def test_what_cannot_be_looked_at(tmp_path: Path) -> None:
    saved = raw_saved(tmp_path / "raw", {"W": np.ones(3), "t": np.ones(3)}, types={"t": "object"})
    with pytest.raises(KeyError):
        look(saved, "nothing")
    with pytest.raises(FileProblem, match="type"):
        look(saved, "t")
    (tmp_path / "raw").write_bytes(b"12")
    with pytest.raises(FileProblem, match="shorter"):
        look(saved, "W")


def test_the_layer_of_a_tensor() -> None:
    layers = (Layer("dense", "a", tensors={"weight": "W"}), Layer("dense", "b", tensors={"weight": "W", "bias": "b"}))
    assert layer_of(layers, "W") is layers[0]
    assert layer_of(layers, "b") is layers[1]
    assert layer_of(layers, "c") is None


# Words


def test_each_remark_is_one_sentence(tmp_path: Path) -> None:
    a = R.normal(size=(6, 4))
    a[3], a[5] = a[1], 0
    a[:, 2] = 2e6 * a[:, 1]
    found = [seen(tmp_path, a, "out,in")]
    found += [seen(tmp_path, np.full((2, 2), v), "out,in") for v in (0.0, 2.0)]
    found += [seen(tmp_path, v, "out,in", "variance") for v in (np.array([-1.0, np.nan]), np.zeros(3), np.array([0, 0, -1.0]))]
    told = {r.kind: remark_text(r, one) for one in found for r in one.remarks}
    assert set(told) == {
        "nonfinite", "all_zero", "zeros", "constant", "duplicated", "dead", "condition", "rank", "large", "variance"
    }  # fmt: skip
    for text in told.values():
        assert text.endswith(".")
        assert text.count(". ") == 0
        assert "\n" not in text
    assert "unit 4 as unit 2" in told["duplicated"]
    assert "unit 6" in told["dead"]
    assert "66.7 %" in told["zeros"]
    assert "3 of 4" in told["rank"]
    infinite = [
        remark_text(Remark("condition", "warning", value=math.inf), found[0]),
        remark_text(Remark("large", "warning"), found[-1]),
    ]
    assert "infinite" in infinite[0]
    assert "weights" not in infinite[1]
