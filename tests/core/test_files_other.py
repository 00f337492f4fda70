"""The formats of which only the simple part is read: MATLAB 5, GGUF, TensorFlow.js, skops, and those only recognised."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.reading import answers
from helpers.saved_forward import forward, numbers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.files import read_other
from core.files.limits import LIMITS
from core.files.problem import FileProblem
from core.files.saved import Saved

RNG = np.random.default_rng(2)
SOME = [HealthCheck.function_scoped_fixture]


def value(saved: Saved, name: str) -> Any:
    return numbers(saved, name, lambda n: read_other.array(Path(saved.path), n, None, LIMITS))


# --- MATLAB -----------------------------------------------------------------------------------------------------------

THETA = RNG.normal(size=(25, 401))


def mat(packed: bool) -> bytes:
    scipy_io = pytest.importorskip("scipy.io", reason="the oracle extra is not installed")
    raw = io.BytesIO()
    whole = {
        "Theta1": THETA,
        "whole": np.arange(6.0).reshape(2, 3),
        "single": THETA[:3, :4].astype("f4"),
        "bytes": np.arange(4, dtype="u1"),
        "right": np.array([[True, False]]),
        "three": RNG.normal(size=(2, 3, 4)),
        "said": "a text",
        "s": {"a": 1.0},
        "z": np.array([1j]),
        "nothing": np.zeros((0, 3)),
    }
    scipy_io.savemat(raw, whole, do_compression=packed)
    return raw.getvalue()


@pytest.mark.parametrize("packed", [False, True])
def test_mat(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "w.mat"
    path.write_bytes(mat(packed))
    saved = read_other.read(path, LIMITS)
    assert Saved.from_data(saved.to_data()).tensors == saved.tensors
    np.testing.assert_array_equal(value(saved, "Theta1"), THETA)
    np.testing.assert_array_equal(value(saved, "whole"), np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(value(saved, "single"), THETA[:3, :4].astype("f4"))
    np.testing.assert_array_equal(value(saved, "right"), [[True, False]])
    assert value(saved, "three").shape == (2, 3, 4)
    np.testing.assert_array_equal(read_other.array(path, "Theta1", (3, 5), LIMITS), THETA[3:5])
    listed = {t.name: (t.dtype, t.readable) for t in saved.tensors}
    assert listed["said"] == ("text", False)
    assert listed["s"] == ("a struct", False)
    assert listed["z"] == ("complex", False)
    assert saved.tensor("Theta1").where.kind == ("worker" if packed else "span")


@pytest.mark.parametrize("packed", [False, True])
def test_mat_damaged(tmp_path: Path, packed: bool) -> None:
    raw = mat(packed)
    rng = np.random.default_rng(0)
    # The fuzzer (tests/fuzz) tries many more.
    for n in [*range(120, 200), *rng.integers(200, len(raw), 100).tolist()]:
        answers(read_other, tmp_path / "w.mat", raw[:n])
    for _ in range(150):
        changed = bytearray(raw)
        for at in rng.integers(0, min(len(raw), 2000), 3):
            changed[at] = rng.integers(256)
        answers(read_other, tmp_path / "w.mat", bytes(changed))


# --- GGUF -------------------------------------------------------------------------------------------------------------


def text(s: str) -> bytes:
    return struct.pack("<Q", len(s.encode())) + s.encode()


def gguf(offset: int = 0, kind: int = 0, axes: tuple[int, ...] = (3, 2), version: int = 3) -> bytes:
    head = b"GGUF" + struct.pack("<IQQ", version, 2, 3)
    head += text("general.name") + struct.pack("<I", 8) + text("a net")
    head += text("count") + struct.pack("<II", 4, 7)
    head += text("tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b")
    head += text("w") + struct.pack(f"<I{len(axes)}QIQ", len(axes), *axes, kind, offset)
    head += text("q") + struct.pack("<IQIQ", 1, 32, 2, 32)
    head += b"\0" * (-len(head) % 32)
    return head + np.arange(6, dtype="f4").tobytes() + b"\0" * 40


def test_gguf(tmp_path: Path) -> None:
    path = tmp_path / "net.gguf"
    path.write_bytes(gguf())
    saved = read_other.read(path, LIMITS)
    np.testing.assert_array_equal(value(saved, "w"), np.arange(6.0).reshape(2, 3))
    assert (saved.tensor("q").dtype, saved.tensor("q").readable) == ("q4_0", False)
    assert saved.metadata["general.name"] == "a net"
    assert saved.metadata["tokens"] == "a list of 2"


@pytest.mark.parametrize(
    "raw", [gguf(offset=2**40), gguf(axes=(2**40, 2**40)), gguf(version=9), gguf()[:40], gguf(axes=(1,) * 60)]
)
def test_gguf_that_lies(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "net.gguf").write_bytes(raw)
    with pytest.raises(FileProblem):
        read_other.read(tmp_path / "net.gguf", LIMITS)


@settings(max_examples=300, deadline=None, suppress_health_check=SOME)
@given(st.lists(st.tuples(st.integers(0, len(gguf()) - 1), st.integers(0, 255)), max_size=5), st.integers(4, len(gguf())))
def test_gguf_damaged(tmp_path: Path, changes: list[tuple[int, int]], end: int) -> None:
    raw = bytearray(gguf())
    for at, byte in changes:
        raw[at] = byte
    answers(read_other, tmp_path / "net.gguf", bytes(raw[:end]))


# --- TensorFlow.js ----------------------------------------------------------------------------------------------------


def js(folder: Path, cut: int = 40, **more: Any) -> tuple[Path, Any, Any]:
    """Write a model of one dense layer in two shards; the first ends in the middle of the kernel."""
    kernel, bias = RNG.normal(size=(4, 3)).astype("f4"), RNG.normal(size=3).astype("f4")
    raw = kernel.tobytes() + bias.tobytes()
    (folder / "group1-shard1of2.bin").write_bytes(raw[:cut])
    (folder / "group1-shard2of2.bin").write_bytes(raw[cut:])
    layer = {"class_name": "Dense", "config": {"name": "d", "units": 3, "activation": "tanh", "batch_input_shape": [None, 4]}}
    topology = {"keras_version": "2.4", "model_config": {"class_name": "Sequential", "config": {"name": "s", "layers": [layer]}}}
    weights = [{"name": "d/kernel", "shape": [4, 3], "dtype": "float32"}, {"name": "d/bias", "shape": [3], "dtype": "float32"}]
    group = {"paths": ["group1-shard1of2.bin", "group1-shard2of2.bin"], "weights": weights} | more
    said = {"format": "layers-model", "modelTopology": topology, "weightsManifest": [group]}
    (folder / "model.json").write_text(json.dumps(said))
    return folder / "model.json", kernel, bias


def test_tensorflow_js(tmp_path: Path) -> None:
    path, kernel, bias = js(tmp_path)
    saved = read_other.read(path, LIMITS)
    assert saved.complete
    assert [t.where.kind for t in saved.tensors] == ["worker", "span"]
    x = RNG.normal(size=(5, 4)).astype("f4")
    ours = forward(saved, x, lambda n: read_other.array(path, n, None, LIMITS))
    np.testing.assert_allclose(ours, np.tanh(x @ kernel + bias), rtol=1e-6)
    np.testing.assert_array_equal(read_other.array(path, "d/kernel", (1, 2), LIMITS), kernel[1:2])


@pytest.mark.parametrize(
    "more",
    [
        {"paths": ["../group1-shard1of2.bin"]},
        {"paths": ["/etc/passwd"]},
        {"paths": ["nowhere.bin"]},
        {"paths": 3},
        {"weights": [3]},
        {"weights": [{"name": "w", "shape": [10**9, 10**9], "dtype": "float32"}]},
        {"weights": [{"name": "w", "shape": [-1], "dtype": "float32"}]},
        {"weights": [{"name": "w", "shape": [1], "dtype": "float32"}] * 2},
        {"weights": [{"name": "w", "shape": [1], "dtype": "string"}]},
    ],
)
def test_tensorflow_js_that_lies(tmp_path: Path, more: dict[str, Any]) -> None:
    path, _, _ = js(tmp_path, **more)
    with pytest.raises(FileProblem):
        read_other.read(path, LIMITS)


# --- skops, and what is only recognised -------------------------------------------------------------------------------


def npy(array: Any) -> bytes:
    raw = io.BytesIO()
    np.save(raw, array)
    return raw.getvalue()


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_skops(tmp_path: Path, how: int) -> None:
    w, path = RNG.normal(size=(4, 3)), tmp_path / "net.skops"
    array = {"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode", "type": "numpy", "file": "77.npy"}
    coefs = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": [array]}
    state = {"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "content": {"coefs_": coefs}}
    schema = {"__class__": "MLPRegressor", "__module__": "sklearn", "__loader__": "ObjectNode", "content": state, "protocol": 2}
    with zipfile.ZipFile(path, "w", how) as z:
        z.writestr("schema.json", json.dumps(schema))
        z.writestr("77.npy", npy(w))
    saved = read_other.read(path, LIMITS)
    assert [(t.name, t.shape, t.where.kind) for t in saved.tensors] == [
        ("coefs_.0", (4, 3), "span" if how == zipfile.ZIP_STORED else "member")
    ]
    if how == zipfile.ZIP_STORED:
        np.testing.assert_array_equal(value(saved, "coefs_.0"), w)


def test_what_is_only_recognised_says_how_to_convert_it(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "net.pt"
    with pytest.MonkeyPatch.context(), zipfile.ZipFile(path, "w") as z:
        for name in ("archive/data.pkl", "archive/constants.pkl", "archive/code/__torch__.py", "archive/version"):
            z.writestr(name, b"\x80\x02}.")
    assert torch
    with pytest.raises(FileProblem, match="state_dict"):
        read_other.read(path, LIMITS)
