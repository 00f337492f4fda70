"""Arrays that NumPy saved: what is read, and what is refused."""

from __future__ import annotations

import os
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.damaged import FUZZ, mutations, outcome, problem, truncated
from helpers.real_files import real_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.files.arrays import array, blocks, summary
from core.files.problem import FileProblem
from core.files.saved import Saved
from core.files.worker import Worker, read

RNG = np.random.default_rng(7)
ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "W1": RNG.normal(size=(30, 40)),
    "b1": RNG.normal(size=(40, 1)).astype(np.float32),
    "fortran": np.asfortranarray(RNG.normal(size=(13, 5)).astype(np.float32)),
    "fortran3": np.asfortranarray(RNG.normal(size=(4, 3, 2))),
    "big": RNG.normal(size=(6, 7)).astype(">f8"),
    "big_ints": np.arange(12, dtype=">i2").reshape(3, 4),
    "half": RNG.normal(size=(3, 2)).astype(np.float16),
    "counts": np.arange(24, dtype=np.int64).reshape(2, 3, 4),
    "bytes": np.arange(5, dtype=np.uint8),
    "truth": np.array([True, False, True]),
    "complex": RNG.normal(size=(2, 2)) + 1j,
    "scalar": np.float64(3.5),
    "empty": np.zeros((0, 3)),
    "name with / and é": np.ones(2),
}


@pytest.fixture(scope="module")
def worker() -> Any:
    with Worker() as made:
        yield made


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_every_array_is_read_to_the_bit(save: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save(path, **ARRAYS)
    saved = read(path)
    assert saved.format == "NumPy archive (.npz)" and saved.size == path.stat().st_size and not saved.warnings
    assert [t.name for t in saved.tensors] == list(ARRAYS)
    for name, value in ARRAYS.items():
        tensor, got = saved.tensor(name), array(saved, name)
        assert tensor.shape == value.shape and tensor.bytes == value.nbytes
        assert tensor.dtype == got.dtype.name == value.dtype.newbyteorder("=").name
        assert got.shape == value.shape and np.array_equal(got, value)
        kind = "worker" if value.dtype.str.startswith(">") else "span" if save is np.savez else "member"
        assert tensor.where.kind == kind
        if value.ndim and len(value) > 2:
            assert np.array_equal(array(saved, name, (1, 3)), value[1:3])
            assert array(saved, name, (1, 1)).shape == (0, *value.shape[1:])


@pytest.mark.parametrize("name", list(ARRAYS))
def test_summaries_and_block_averages(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.files.arrays.PIECE", 96)
    path, value = tmp_path / "a.npz", ARRAYS[name]
    np.savez(path, **{name: value})
    saved = read(path)
    got = summary(saved, name)
    numbers = np.abs(value).astype(np.float64)
    numbers = numbers if np.iscomplexobj(value) else value.astype(np.float64)
    assert (got.count, got.nonfinite, got.zeros) == (value.size, 0, np.count_nonzero(value == 0))
    if value.size:
        assert (got.min, got.max) == (numbers.min(), numbers.max())
        assert got.mean == pytest.approx(numbers.mean()) and got.std == pytest.approx(numbers.std())
    else:
        assert got.mean is None
    flat = numbers.reshape(-1, value.shape[-1]) if value.ndim > 1 else numbers.reshape(1, -1)
    assert np.allclose(blocks(saved, name, 1000, 1000), flat)
    if flat.size:
        whole = blocks(saved, name, 1, 1)
        assert whole.shape == (1, 1) and whole[0, 0] == pytest.approx(flat.mean())
        few = blocks(saved, name, 3, 4)
        edges = [np.linspace(0, n, min(n, m) + 1).astype(int) for n, m in zip(flat.shape, (3, 4), strict=True)]
        expected = [
            [flat[a:b, c:d].mean() for c, d in zip(edges[1], edges[1][1:], strict=False)]
            for a, b in zip(edges[0], edges[0][1:], strict=False)
        ]
        assert np.allclose(few, expected)


def test_numbers_that_are_not_finite_are_counted(tmp_path: Path) -> None:
    value = np.array([[np.nan, 1, np.inf], [0, 3, -np.inf]], np.float32)
    np.save(tmp_path / "a.npy", value)
    saved = read(tmp_path / "a.npy")
    got = summary(saved, "a")
    assert (got.count, got.nonfinite, got.zeros, got.min, got.max) == (6, 3, 1, 0, 3)
    assert got.mean == pytest.approx(4 / 3)
    assert np.array_equal(blocks(saved, "a"), value, equal_nan=True)
    np.save(tmp_path / "b.npy", np.full(3, np.nan))
    assert summary(read(tmp_path / "b.npy"), "b").min is None


def test_a_single_array(tmp_path: Path) -> None:
    np.save(tmp_path / "W.npy", ARRAYS["W1"])
    saved = read(tmp_path / "W.npy")
    assert [t.name for t in saved.tensors] == ["W"] and np.array_equal(array(saved, "W"), ARRAYS["W1"])
    with (tmp_path / "W.npy").open("ab") as file:
        np.save(file, ARRAYS["b1"])
    assert "bytes more, which are not read" in read(tmp_path / "W.npy").warnings[0]


def test_other_types_are_listed_and_not_read(tmp_path: Path) -> None:
    mixed = np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")])
    np.savez(tmp_path / "a.npz", W=np.eye(2), names=np.array(["x", "yz"]), mixed=mixed, raw=np.zeros(2, "V2"))
    saved = read(tmp_path / "a.npz")
    assert [(t.name, t.dtype, t.readable) for t in saved.tensors] == [
        ("W", "float64", True), ("names", "text", False), ("mixed", "structured", False), ("raw", "void", False),
    ]  # fmt: skip
    with pytest.raises(FileProblem, match="not numbers that can be calculated with"):
        array(saved, "names")
    np.savez(tmp_path / "b.npz", names=np.array(["x", "yz"]))
    assert "holds no array of numbers" in problem(tmp_path / "b.npz")


def test_what_is_no_array_is_named_and_left_out(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", W=np.eye(2))
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr("readme\u202e.txt", b"hello")
    saved = read(tmp_path / "a.npz")
    assert saved.warnings == ("The archive holds 'readme\\u202e.txt', which is no array and is left out.",)


def test_headers_of_python_2_and_of_version_2(tmp_path: Path) -> None:
    numbers = np.arange(6, dtype="<f4")
    for version, text in ((1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 2L), }"), (2, _header("(3, 2)", "<f4"))):
        _npy(tmp_path / "a.npy", text, numbers.tobytes(), version)
        saved = read(tmp_path / "a.npy")
        assert np.array_equal(array(saved, "a"), numbers.reshape(3, 2))


def test_it_has_changed_since_it_was_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    for save in (np.savez, np.savez_compressed):
        save(path, W=RNG.normal(size=(50, 50)))
        saved = read(path)
        path.write_bytes(path.read_bytes()[:2000])
        with pytest.raises(FileProblem, match=r"a\.npz: .*(shorter|end is missing)"):
            array(saved, "W")
        path.unlink()
        with pytest.raises(FileProblem, match=r"a\.npz: (it is not there any more|there is no such file|it cannot be read)"):
            array(saved, "W")


# Hostile and damaged


class _Trap:
    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, ...]:
        return (os.system, (f"touch {self.canary}",))


def test_objects_are_refused_and_nothing_runs(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    np.savez(tmp_path / "a.npz", W=np.eye(2), evil=np.array([_Trap(canary)], dtype=object))
    np.save(tmp_path / "b.npy", np.array([_Trap(canary)], dtype=object), allow_pickle=True)
    mixed = np.zeros(1, dtype=[("a", "<f4"), ("b", "O")])
    np.savez(tmp_path / "c.npz", mixed=mixed)
    for name in ("a.npz", "b.npy", "c.npz"):
        assert "holds Python objects (dtype object), which are never opened" in problem(tmp_path / name)
    assert not canary.exists()


def _header(shape: str, descr: str = "<f8") -> str:
    return f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"


def _npy(path: Path, text: str, data: bytes = b"", version: int = 1) -> Path:
    raw = text.encode("latin-1") + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(raw))
    path.write_bytes(b"\x93NUMPY" + bytes([version, 0]) + length + raw + data)
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (_header("(1000000, 550000)"), "4,400,000,000,000 bytes of numbers and 64 are there"),
        (_header("(-1, 8)"), "has an axis of -1"),
        (_header("(8, -8)"), "has an axis of -8"),
        (_header("(9223372036854775807, 9223372036854775807)"), "more numbers than any computer holds"),
        (_header("(0, 9223372036854775807, 9223372036854775807)"), "more numbers than any computer holds"),
        (_header("(" + "9" * 5_000 + ",)"), "header is damaged"),
        (_header("(" + "1, " * 60 + ")"), "60 axes"),
        (_header("(2, 4)") + " " * 50_000, "a header of"),
        (_header("(2, 4)", "<f99"), "header is damaged"),
        (_header("(2, 4)", "f"), "header is damaged"),
        (_header("(2, 4)", "|O"), "holds Python objects"),
        (_header("(2, 4)", "O"), "holds Python objects"),
        (_header("(__import__('os').system('touch x'), 4)"), "header is damaged"),
        (_header("[2, 4]"), "header is damaged"),
        (_header("(2.0, 4)"), "header is damaged"),
        (_header("((((((((((((((2)))))))"), "header is damaged"),
        ("{'descr': '<f8', 'shape': (2, 4)}", "header is damaged"),
        ("(" * 5_000, "header is damaged"),
        ("", "header is damaged"),
    ],
)
def test_headers_that_lie(text: str, words: str, tmp_path: Path, worker: Worker) -> None:
    assert words in problem(_npy(tmp_path / "a.npy", text, bytes(64)), worker)
    single = (tmp_path / "a.npy").read_bytes()
    with zipfile.ZipFile(tmp_path / "b.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("W.npy", single)
    assert "the array 'W' " in problem(tmp_path / "b.npz", worker)


def test_a_header_of_an_unknown_version(tmp_path: Path) -> None:
    assert "version 9" in problem(_npy(tmp_path / "a.npy", _header("(8,)"), bytes(64), 9))


def test_archives_that_lie(tmp_path: Path, worker: Worker) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, W=np.eye(3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("W.npy", b"another")
    assert "holds 'W.npy' twice" in problem(path, worker)
    np.savez(path, W=np.arange(100.0))
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<d", 42.0), struct.pack("<d", 43.0), 1))
    assert "checksum differs" in problem(path, worker)
    np.savez_compressed(path, W=np.zeros((5000, 5000)))
    assert path.stat().st_size < 250_000 and "zip bomb" in problem(path, worker)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("W.npy", b"\x80\x04K\x01.")
    assert "the array 'W' is no NumPy array" in problem(path, worker)


def test_a_checksum_of_a_large_archive_is_checked_when_it_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.npz"
    numbers = RNG.normal(size=5 * 2**20)
    np.savez_compressed(path, W=numbers, b=np.ones(3))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    saved = read(path)
    with pytest.raises(FileProblem, match=r"checksum differs|damaged"):
        array(saved, "W")
    assert np.array_equal(array(saved, "b"), np.ones(3))


def test_names_that_are_markup_or_enormous(tmp_path: Path) -> None:
    names = ["<b>bold</b>", "W\u202egnp", "../../etc/passwd", "a" * 60_000, "{0.__class__}", "%s%n", "\x1b[31m"]
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for i, name in enumerate(names):
            data = b"\x93NUMPY\x01\x00\x46\x00" + _header("(1,)").ljust(69).encode() + b"\n" + struct.pack("<d", i)
            archive.writestr(f"{name}.npy", data)
    saved = read(tmp_path / "a.npz")
    assert [t.name for t in saved.tensors if len(t.name) < 256] == [n for n in names if len(n) < 256]
    assert all(len(t.name) <= 256 for t in saved.tensors)
    assert [array(saved, t.name)[0] for t in saved.tensors] == list(range(len(names)))


def _small(tmp_path: Path, kind: str) -> tuple[Path, bytes]:
    if kind == "npy":
        path = tmp_path / "small.npy"
        np.save(path, np.eye(2, dtype=np.float32))
    else:
        path = tmp_path / "small.npz"
        (np.savez if kind == "npz" else np.savez_compressed)(path, W=np.eye(2, dtype=np.float32), b=np.array([1.0, -2.0]))
    return path, path.read_bytes()


KINDS = ["npy", "npz", "compressed"]


@pytest.mark.parametrize("kind", KINDS)
def test_cut_short_at_every_byte(kind: str, tmp_path: Path, worker: Worker) -> None:
    path, whole = _small(tmp_path, kind)
    for data in truncated(whole):
        path.write_bytes(data)
        assert isinstance(outcome(worker, path), str), f"{len(data)} bytes of {len(whole)} were read as if whole"


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60 * FUZZ, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_changed_at_random(kind: str, data: st.DataObject, tmp_path: Path, worker: Worker) -> None:
    path, whole = _small(tmp_path, kind)
    path.write_bytes(data.draw(mutations(whole)))
    saved = outcome(worker, path)
    if isinstance(saved, Saved):
        for tensor in saved.tensors:
            try:
                array(saved, tensor.name)
                summary(saved, tensor.name)
            except FileProblem as error:
                assert str(error).startswith("small.np")


def test_a_real_one() -> None:
    saved = read(real_file("g2p-en", "2.1.0", "g2p_en/checkpoint20.npz"))
    assert len(saved.tensors) == 12 and saved.tensor("fc_w").shape == (74, 256)
    with np.load(saved.path) as reference:
        for tensor in saved.tensors:
            assert np.array_equal(array(saved, tensor.name), reference[tensor.name])
