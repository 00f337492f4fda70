"""Two files beside each other, tensor by tensor; and one tensor written into a file of its own."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.raw_saved import raw_saved

from core.errors import StepperError
from core.files import arrays
from core.files.arrays import array
from core.files.looks import export
from core.files.looks.compare import compare, paired
from core.files.looks.export import SUFFIXES, export_tensor
from core.files.looks.look import difference
from core.files.looks.looks import Match
from core.files.problem import FileProblem
from core.files.saved import Saved, Tensor, Where
from core.files.worker import read
from core.saving import SavingError

R = np.random.default_rng(11)


def match(path: Path, here: Any, there: Any) -> Match:
    (found,) = compare(raw_saved(path / "a", {"W": here}), raw_saved(path / "b", {"W": there}))
    return found


def names(*given: str) -> Saved:
    return Saved("", "", 0, tuple(Tensor(n, (), "float32", 4, Where("span")) for n in given))


# Which belong together


@pytest.mark.parametrize(
    ("here", "there", "wanted"),
    [
        (["a", "b"], ["b", "a"], [("a", "a"), ("b", "b")]),
        (["a", "b"], ["b", "c"], [("a", ""), ("b", "b"), ("", "c")]),
        (["fc.weight", "x"], ["module.fc.weight", "y"], [("fc.weight", "module.fc.weight"), ("x", ""), ("", "y")]),
        (["model.fc.w", "q"], ["module._orig_mod.fc.w", "r"], [("model.fc.w", "module._orig_mod.fc.w"), ("q", ""), ("", "r")]),
        (["model/fc/w", "q"], ["fc/w", "r"], [("model/fc/w", "fc/w"), ("q", ""), ("", "r")]),
        (["model.w", "module.w"], ["w", "v"], [("model.w", ""), ("module.w", ""), ("", "w"), ("", "v")]),
        (["w", "model.w"], ["w", "net.w"], [("w", "w"), ("model.w", "net.w")]),
        (["model", "x"], ["module", "y"], [("model", ""), ("x", ""), ("", "module"), ("", "y")]),
        (["W1"], ["W1_later"], [("W1", "W1_later")]),
        ([], ["a"], [("", "a")]),
        (["modelling.w", "a"], ["w", "b"], [("modelling.w", ""), ("a", ""), ("", "w"), ("", "b")]),
    ],
)
def test_which_tensors_belong_together(here: list[str], there: list[str], wanted: list[tuple[str, str]]) -> None:
    assert list(paired(names(*here), names(*there))) == wanted


def test_every_tensor_is_told_of_once_and_in_order(tmp_path: Path) -> None:
    here = raw_saved(tmp_path / "a", {"W": np.ones(2), "b": np.ones(2), "c": np.ones(2), "d": np.ones(2), "e": np.ones(2)},
                     types={"e": "object"})  # fmt: skip
    there = raw_saved(tmp_path / "b", {"d": np.ones(3), "W": np.ones(2), "net.c": np.zeros(2), "f": np.ones(2), "e": np.ones(2)})
    found = compare(here, there)
    assert next(found).name == "W"
    assert [(m.name, m.other, m.kind) for m in found] == [
        ("b", "", "only here"), ("c", "net.c", "different"), ("d", "d", "shape"), ("e", "e", "type"), ("f", "f", "only there"),
    ]  # fmt: skip
    assert all(m.largest is None for m in compare(here, there) if m.kind not in ("equal", "different"))


# How they differ


@pytest.mark.parametrize("piece", [24, 2**21])
@pytest.mark.parametrize("here", [np.ascontiguousarray, np.asfortranarray])
@pytest.mark.parametrize("there", [np.ascontiguousarray, np.asfortranarray])
@pytest.mark.parametrize("shape", [(), (9,), (5, 7), (2, 3, 4)])
@pytest.mark.parametrize("dtypes", [("f4", "f4"), ("f4", "f8"), ("f2", "i4"), ("c16", "c8")])
def test_the_numbers_are_those_of_numpy(
    shape: tuple[int, ...], dtypes: tuple[str, str], here: Any, there: Any, piece: int, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(arrays, "PIECE", piece)
    a, b = (
        order(R.normal(size=shape) * 9).astype(t).reshape(shape, order="A")
        for order, t in zip((here, there), dtypes, strict=True)
    )
    m = match(tmp_path, a, b)
    x, y = a.astype("c16").reshape(-1), b.astype("c16").reshape(-1)
    assert m.kind == "different"
    assert m.largest == pytest.approx(np.abs(y - x).max(), rel=1e-12)
    assert m.rms == pytest.approx(math.sqrt((np.abs(y - x) ** 2).mean()), rel=1e-12)
    assert m.relative == pytest.approx(np.linalg.norm(y - x) / np.linalg.norm(x), rel=1e-12)
    assert m.differing == np.count_nonzero(x != y)
    assert m.cosine == pytest.approx(np.vdot(x, y).real / np.linalg.norm(x) / np.linalg.norm(y), rel=1e-9)


def test_equal_numbers_are_equal(tmp_path: Path) -> None:
    a = np.array([1, -0.0, np.nan, np.inf, -np.inf, 1e-30], "f4")
    m = match(tmp_path, a, np.abs(a[1]) * 0 + a.astype("f8"))
    assert (m.kind, m.largest, m.rms, m.relative, m.differing, m.cosine) == ("equal", 0, 0, 0, 0, 1)
    m = match(tmp_path, np.zeros(3), np.zeros(3))
    assert (m.kind, m.relative, m.cosine) == ("equal", 0, None)
    assert match(tmp_path, np.zeros((0, 3)), np.zeros((0, 3))).kind == "equal"
    assert match(tmp_path, np.array([True, False]), np.array([1, 0])).kind == "equal"


def test_whole_numbers_that_float64_cannot_tell_apart(tmp_path: Path) -> None:
    m = match(tmp_path, np.array([2**60, 5]), np.array([2**60 + 1, 5]))
    assert (m.kind, m.differing) == ("near", 1)


@pytest.mark.parametrize(("gap", "kind"), [(0.9e-6, "near"), (1.1e-6, "different")])
def test_what_is_near(gap: float, kind: str, tmp_path: Path) -> None:
    a = np.array([3.0, -3.0, 3.0, 3.0])
    b = a.copy()
    b[2] += 3 * gap
    m = match(tmp_path, a, b)
    assert m.kind == kind
    assert m.differing == 1
    assert m.largest == pytest.approx(3 * gap, rel=1e-6)


def test_numbers_that_are_finite_in_one_file_only(tmp_path: Path) -> None:
    a = np.array([1.0, np.nan, 2.0, np.inf, np.inf])
    b = np.array([1.5, 1.0, 2.0, -np.inf, np.inf])
    m = match(tmp_path, a, b)
    assert (m.kind, m.largest, m.differing) == ("different", math.inf, 3)
    assert m.rms == pytest.approx(math.sqrt(0.25 / 2))
    assert m.relative == pytest.approx(math.sqrt(0.25 / 5))
    assert m.cosine == pytest.approx(5.5 / math.sqrt(5 * 6.25))
    m = match(tmp_path, np.zeros(3), np.array([0, 0, 2.0]))
    assert (m.kind, m.relative, m.cosine) == ("different", math.inf, None)
    m = match(tmp_path, np.full(2, np.nan), np.ones(2))
    assert (m.kind, m.largest, m.rms, m.cosine) == ("different", math.inf, 0, None)


def test_numbers_too_large_to_be_squared(tmp_path: Path) -> None:
    m = match(tmp_path, np.array([1e200, 1]), np.array([-1e200, 1]))
    assert (m.kind, m.largest, m.rms, m.relative, m.cosine) == ("different", 2e200, None, None, None)


def test_packed_files_and_damaged_ones(tmp_path: Path) -> None:
    a, b = R.normal(size=(2, 400, 300))
    c = a.copy()
    c[399, 299] += 1
    np.savez_compressed(tmp_path / "a.npz", a=a, b=b)
    np.savez_compressed(tmp_path / "b.npz", a=np.asfortranarray(a), b=c)
    saved, other = read(tmp_path / "a.npz"), read(tmp_path / "b.npz")
    assert [(m.name, m.kind) for m in compare(saved, other)] == [("a", "equal"), ("b", "different")]
    assert [m.kind for m in compare(other, other)] == ["equal", "equal"]
    data = bytearray((tmp_path / "b.npz").read_bytes())
    data[5000:6000] = bytes(1000)
    (tmp_path / "b.npz").write_bytes(data)
    assert [(m.name, m.kind) for m in compare(saved, other)] == [("a", "type"), ("b", "different")]
    (tmp_path / "b.npz").unlink()
    assert [(m.name, m.kind) for m in compare(saved, other)] == [("a", "type"), ("b", "type")]


def test_an_error_that_is_kept_does_not_keep_the_process_that_reads(tmp_path: Path) -> None:
    a = R.normal(size=(800, 600))
    np.savez_compressed(tmp_path / "a.npz", W=a)
    np.savez_compressed(tmp_path / "b.npz", W=a)
    saved, other = read(tmp_path / "a.npz"), read(tmp_path / "b.npz")
    (tmp_path / "b.npz").write_bytes((tmp_path / "b.npz").read_bytes()[:-1_000_000])
    with pytest.raises(FileProblem) as kept:
        difference(saved, other, "W", "W")
    assert np.array_equal(array(saved, "W"), a)
    assert str(kept.value).startswith("b.npz")


# Written into a file of its own

KINDS = ["bool", "i1", "u1", "i2", "i4", "i8", "u8", "f2", "f4", "f8", "c8", "c16"]


def back(out: Path, name: str) -> np.ndarray:
    saved = read(out)
    assert len(saved.tensors) == 1
    assert out.suffix.lower() == ".npy" or saved.tensors[0].name == name
    return array(saved, saved.tensors[0].name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".npy", ".npz", ".safetensors", ".csv", ".NPY"])
@pytest.mark.parametrize("order", [np.ascontiguousarray, np.asfortranarray])
def test_a_tensor_comes_back_to_its_last_bit(kind: str, suffix: str, order: Any, tmp_path: Path) -> None:
    a = order(R.normal(size=(3, 4)) * 100).astype(kind)
    if a.dtype.kind == "f":
        a[0, :3] = np.finfo(kind).max, np.finfo(kind).tiny, -0.0
        a[1, :3] = np.nan, np.inf, -np.inf
    saved, out = raw_saved(tmp_path / "raw", {"x.W": a}), tmp_path / f"out{suffix}"
    if a.dtype.kind == "c" and suffix in (".csv", ".safetensors"):
        with pytest.raises(StepperError, match="complex"):
            export_tensor(saved, "x.W", out)
        assert not out.exists()
        return
    export_tensor(saved, "x.W", out)
    if suffix == ".csv":
        found = np.loadtxt(out, delimiter=",", ndmin=2, dtype="f8" if kind == "bool" else kind).astype(kind)
    else:
        found = back(out, "x.W")
    assert found.dtype == a.dtype
    assert found.tobytes() == np.ascontiguousarray(a).tobytes()


def test_numbers_in_a_table_are_exact_for_any_reader(tmp_path: Path) -> None:
    a = R.integers(0, 2**32, 4000, dtype="u4").view("f4")
    a = a[np.isfinite(a)]
    export_tensor(raw_saved(tmp_path / "raw", {"W": a}), "W", tmp_path / "a.csv")
    found = [float(line) for line in (tmp_path / "a.csv").read_text().splitlines()]
    assert np.array(found).astype("f4").tobytes() == a.tobytes()
    assert found == a.astype("f8").tolist()


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [((), (1, 1)), ((5,), (5, 1)), ((2, 3), (2, 3)), ((2, 3, 4), (6, 4)), ((2, 2, 1, 3), (4, 3)), ((0, 3), None)],
)
def test_how_axes_become_a_table(shape: tuple[int, ...], wanted: tuple[int, int] | None, tmp_path: Path) -> None:
    a = R.normal(size=shape)
    export_tensor(raw_saved(tmp_path / "raw", {"W": a}), "W", tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text()
    if wanted is None:
        assert text == ""
        return
    assert np.array_equal([[float(x) for x in line.split(",")] for line in text.splitlines()], a.reshape(wanted))


def test_bfloat16_is_written_exactly(tmp_path: Path) -> None:
    upper = R.integers(0, 0x7F00, (3, 2)).astype("u2")
    saved = raw_saved(tmp_path / "raw", {"W": upper}, types={"W": "bfloat16"})
    wanted = (upper.astype("u4") << 16).view("f4")
    for suffix in SUFFIXES:
        export_tensor(saved, "W", tmp_path / f"out{suffix}")
        if suffix != ".csv":
            assert np.array_equal(back(tmp_path / f"out{suffix}", "W"), wanted)
    assert read(tmp_path / "out.safetensors").tensors[0].dtype == "bfloat16"
    assert np.array_equal(np.loadtxt(tmp_path / "out.csv", delimiter=","), wanted.astype("f8"))


def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = raw_saved(tmp_path / "raw", {"W": np.ones(3), "t": np.ones(3)}, types={"t": "object"})
    out = tmp_path / "out.npy"
    out.write_text("old")
    with pytest.raises(FileProblem, match="type"):
        export_tensor(saved, "t", out)
    with pytest.raises(KeyError):
        export_tensor(saved, "nothing", out)
    with pytest.raises(SavingError, match="ends in none of"):
        export_tensor(saved, "W", tmp_path / "out.txt")
    with pytest.raises(SavingError, match="cannot be written"):
        export_tensor(saved, "W", tmp_path / "gone" / "out.npy")
    monkeypatch.setattr(export, "MOST", 16)
    with pytest.raises(FileProblem, match="too large"):
        export_tensor(saved, "W", out)
    (tmp_path / "raw").write_bytes(b"12")
    monkeypatch.undo()
    with pytest.raises(FileProblem, match="shorter"):
        export_tensor(saved, "W", out)
    assert out.read_text() == "old"
    assert {p.name for p in tmp_path.iterdir()} == {"raw", "out.npy"}
