"""Safetensors files: what is read, and what is refused."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from helpers.damaged import FUZZ, mutations, outcome, problem, truncated
from helpers.real_files import real_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from core.files.arrays import array, blocks, summary
from core.files.problem import FileProblem
from core.files.saved import Saved
from core.files.worker import Worker, read

RNG = np.random.default_rng(3)


@pytest.fixture(scope="module")
def worker() -> Any:
    with Worker() as made:
        yield made


def _made(path: Path, entries: Any, data: bytes = b"", length: int | None = None) -> Path:
    header = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    path.write_bytes(struct.pack("<Q", len(header) if length is None else length) + header + data)
    return path


def _entry(start: int, end: int, shape: list[int] | None = None, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": [(end - start) // 4] if shape is None else shape, "data_offsets": [start, end]}


def test_what_the_library_wrote_is_read_to_the_bit(tmp_path: Path) -> None:
    values = {
        f"{i}.{t}": RNG.integers(0, 2, (3, 4 + i)).astype(t)
        for i, t in enumerate(("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"))
    }
    values["none"], values["scalar"] = np.zeros((0, 5), np.float32), np.array(2.5)
    save_file(values, tmp_path / "a.safetensors", metadata={"framework": "numpy", "note": "<b>x</b>"})
    saved = read(tmp_path / "a.safetensors")
    assert dict(saved.metadata) == {"framework": "numpy", "note": "<b>x</b>"}
    assert {t.name for t in saved.tensors} == set(values)
    for name, value in values.items():
        got = array(saved, name)
        assert got.dtype == value.dtype and got.shape == value.shape and np.array_equal(got, value)
        assert saved.tensor(name).where.kind == "span" and saved.tensor(name).bytes == value.nbytes


def test_bfloat16_is_read_exactly(tmp_path: Path) -> None:
    bits = np.arange(2**16, dtype=np.uint16).reshape(256, 256)
    _made(tmp_path / "a.safetensors", {"W": _entry(0, 2**17, [256, 256], "BF16")}, bits.tobytes())
    saved = read(tmp_path / "a.safetensors")
    with np.errstate(all="ignore"):
        expected = bits.view(ml_dtypes.bfloat16).astype(np.float32)
    got = array(saved, "W")
    assert saved.tensor("W").dtype == "bfloat16" and got.dtype == np.float32
    assert np.array_equal(got, expected, equal_nan=True)
    assert summary(saved, "W").nonfinite == np.count_nonzero(~np.isfinite(expected))
    assert blocks(saved, "W", 16, 16).shape == (16, 16)


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e5m2", "bfloat16"])
def test_what_torch_wrote(name: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file as save_torch

    save_torch({"W": torch.ones(4).to(getattr(torch, name))}, str(tmp_path / "a.safetensors"))
    if name == "bfloat16":
        assert np.array_equal(array(read(tmp_path / "a.safetensors"), "W"), np.ones(4))
        return
    text = problem(tmp_path / "a.safetensors")
    assert "'W' holds floats of 8 bits" in text and "tensor.to(torch.float32)" in text


@pytest.mark.parametrize(
    ("entries", "data", "length", "words"),
    [
        (b"{", b"", 2**40, "claims to be 1,099,511,627,776 bytes long"),
        (b"{", b"", 2**63, "claims to be"),
        (b"{}", b"", 5_000, "is cut short: its header is 5,000 bytes long"),
        ({"a": _entry(0, 8), "b": _entry(4, 12)}, bytes(12), None, "'a' and 'b' overlap"),
        ({"a": _entry(0, 8), "b": _entry(0, 8)}, bytes(8), None, "overlap"),
        ({"a": _entry(0, 8), "b": _entry(16, 24)}, bytes(24), None, "before the tensor 'b' lie 8 bytes that belong to none"),
        ({"a": _entry(8, 16)}, bytes(16), None, "before the tensor 'a' lie 8 bytes"),
        ({"a": _entry(0, 8)}, bytes(9), None, "after its last tensor come 1 bytes"),
        ({"a": _entry(0, 8)}, bytes(7), None, "is cut short"),
        (b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
         bytes(4), None, "gives 'a' twice"),
        (b'{"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}', bytes(4), None, "gives 'dtype' twice"),
        ({"a": _entry(0, 8, [3])}, bytes(8), None, "takes 12 bytes by its shape and type, and 8 by its place"),
        ({"a": _entry(8, 0, [0])}, bytes(8), None, "takes 0 bytes by its shape and type, and -8"),
        ({"a": _entry(0, 8, [-2])}, bytes(8), None, "lacks its type, shape or place"),
        ({"a": _entry(0, 8, [2**40, 2**40])}, bytes(8), None, "claims a shape that no array has"),
        ({"a": _entry(0, 8, [2**70])}, bytes(8), None, "lacks its type, shape or place"),
        ({"a": _entry(0, 8, [2.0])}, bytes(8), None, "lacks its type, shape or place"),  # type: ignore[list-item]
        ({"a": _entry(0, 8, [1] * 100)}, bytes(8), None, "claims a shape that no array has"),
        ({"a": _entry(0, 8, dtype="os.system")}, bytes(8), None, "is of the type 'os.system', which is not known"),
        ({"a": _entry(0, 4, [4], "F8_E4M3")}, bytes(4), None, "floats of 8 bits"),
        ({"a": _entry(0, 4, [8], "F4")}, bytes(4), None, "floats of 4 bits"),
        ({"a": [1]}, b"", None, "no entry in order"),
        ({"a": {}}, b"", None, "lacks its type"),
        ({"__metadata__": {"a": 1}, "b": _entry(0, 4)}, bytes(4), None, "metadata"),
        ({"__metadata__": []}, b"", None, "metadata"),
        ({}, b"", None, "holds no tensor"),
        (b'{"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", b"", None, "nested more than 16 deep"),
        (b'{"a": ' + b"[" * 50_000, b"", None, "is no JSON (it begins with { and ends with"),
        (b'{"a": ' + b"1" * 5_000 + b"}", b"", None, "a number of thousands of digits"),
        (b"{\xff\xfe", b"", None, "no text in UTF-8"),
        (b"{'a': 1}", b"", None, "is no JSON"),
    ],
)  # fmt: skip
def test_hostile_headers(entries: Any, data: bytes, length: int | None, words: str, tmp_path: Path, worker: Worker) -> None:
    assert words in problem(_made(tmp_path / "a.safetensors", entries, data, length), worker)


def test_names_that_are_markup_or_enormous(tmp_path: Path) -> None:
    names = ["<b>bold</b>", "W\u202egnp", "../../etc/passwd", "a" * 10**6, "a" * 10**6 + "b", "\ud800", "\x00"]
    entries = {n: _entry(4 * i, 4 * i + 4) for i, n in enumerate(names)}
    path = _made(tmp_path / "a.safetensors", entries, np.arange(7, dtype="<f4").tobytes())
    saved = read(path)
    assert [t.name for t in saved.tensors if len(t.name) < 256] == [n for n in names if len(n) < 256]
    assert [array(saved, t.name)[0] for t in saved.tensors] == list(range(7))


def test_weights_that_are_nan_are_read(tmp_path: Path) -> None:
    save_file({"W": np.full((2, 2), np.nan, np.float32)}, tmp_path / "a.safetensors")
    got = summary(read(tmp_path / "a.safetensors"), "W")
    assert (got.nonfinite, got.min, got.mean) == (4, None, None)


def test_too_many_tensors(tmp_path: Path) -> None:
    path = _made(tmp_path / "a.safetensors", {str(i): _entry(0, 0) for i in range(100_002)})
    assert "holds 100002 tensors, more than 100000" in problem(path)


def _small(path: Path) -> bytes:
    save_file({"W": np.eye(2, dtype=np.float32), "b": np.array([1.0, -2.0])}, path, metadata={"a": "b"})
    return path.read_bytes()


def test_cut_short_at_every_byte(tmp_path: Path, worker: Worker) -> None:
    path = tmp_path / "a.safetensors"
    for data in truncated(_small(path)):
        path.write_bytes(data)
        assert isinstance(outcome(worker, path), str)


@settings(max_examples=150 * FUZZ, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_changed_at_random(data: st.DataObject, tmp_path: Path, worker: Worker) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(data.draw(mutations(_small(path))))
    saved = outcome(worker, path)
    if isinstance(saved, Saved):
        for tensor in saved.tensors:
            try:
                array(saved, tensor.name)
            except FileProblem as error:
                assert str(error).startswith("a.safetensors: ")


def test_a_real_one() -> None:
    saved = read(real_file("silero-vad", "6.2.3", "silero_vad/data/silero_vad_16k.safetensors"))
    reference = load_file(saved.path)
    assert {t.name for t in saved.tensors} == set(reference)
    for name, value in reference.items():
        assert np.array_equal(array(saved, name), value)
