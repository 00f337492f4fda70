"""What is written is read back bit for bit, by us and by the real libraries; nothing is half written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from core.errors import StepperError
from core.files.arrays import array
from core.files.problem import FileProblem
from core.files.saving.save_npz import write_npz
from core.files.saving.save_onnx import onnx_bytes
from core.files.saving.save_safetensors import Part, write_safetensors
from core.files.worker import read
from core.library import open_target
from core.report import trace
from core.saved_convert import convert, parameters_of, write_values
from core.saving import SavingError, save_bytes, save_with
from core.steppable.build import Choices
from core.steppable.data import Samples

R = np.random.default_rng(11)
HELD: dict[str, Any] = {
    "W1": R.standard_normal((3, 4)), "f16": R.standard_normal(5).astype("f2"), "f32": R.standard_normal((2, 3, 4)).astype("f4"),
    "turned": np.asfortranarray(R.standard_normal((3, 2))), "odd": np.array([np.nan, -0.0, np.inf, -np.inf, 5e-324]),
    "i8": np.arange(-3, 3, dtype="i1"), "u16": np.arange(3, dtype="u2"), "i64": np.array([2**62, -1]),
    "yes": np.array([True, False]),
    "none": np.zeros((0, 3)), "one": np.array(2.5), "a/b.c d": np.arange(3.0), "é💥": np.arange(2.0),
}  # fmt: skip


def same(a: Any, b: Any) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def test_npz_reads_back_bit_for_bit(tmp_path: Path) -> None:
    write_values(tmp_path / "all.npz", HELD)
    theirs = np.load(tmp_path / "all.npz", allow_pickle=False)
    ours = read(tmp_path / "all.npz")
    assert theirs.files == list(HELD)
    for name, a in HELD.items():
        assert same(theirs[name], a)
        assert theirs[name].flags.f_contiguous == a.flags.f_contiguous
        assert same(np.asarray(array(ours, name)), a)


def test_safetensors_read_back_bit_for_bit(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    write_values(tmp_path / "all.safetensors", HELD)
    theirs = load_file(tmp_path / "all.safetensors")
    ours = read(tmp_path / "all.safetensors")
    assert set(theirs) == set(HELD) == {t.name for t in ours.tensors}
    for name, a in HELD.items():
        assert same(theirs[name], a)
        assert same(np.ascontiguousarray(array(ours, name)).reshape(a.shape), np.ascontiguousarray(a).reshape(a.shape))


def test_bfloat16_and_metadata_go_through_a_safetensors_file(tmp_path: Path) -> None:
    from safetensors import safe_open
    from safetensors.numpy import save_file

    bits = np.arange(0, 2**16, 7, dtype=np.uint16)
    save_file({"w": bits.view(ml_dtypes.bfloat16), "b": np.ones(3, "f4")}, tmp_path / "in.safetensors", {"made": "by <us>"})
    convert(str(tmp_path / "in.safetensors"), tmp_path / "out.safetensors")
    with safe_open(tmp_path / "out.safetensors", "numpy") as file:
        assert file.metadata() == {"made": "by <us>"}
        assert np.array_equal(file.get_tensor("w").view(np.uint16), bits)
    said = convert(str(tmp_path / "in.safetensors"), tmp_path / "out.npz")
    assert "float32" in said[0]
    held = np.load(tmp_path / "out.npz")["w"]
    assert np.array_equal(held.view(np.uint32) >> 16, bits)


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    for ending in ("npz", "safetensors"):
        write_values(tmp_path / f"a.{ending}", HELD)
        write_values(tmp_path / f"b.{ending}", HELD)
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


def test_from_form_to_form_and_back(tmp_path: Path) -> None:
    write_values(tmp_path / "a.npz", HELD)
    convert(str(tmp_path / "a.npz"), tmp_path / "b.safetensors")
    convert(str(tmp_path / "b.safetensors"), tmp_path / "c.npz")
    found = np.load(tmp_path / "c.npz")
    for name, a in HELD.items():
        assert same(found[name], np.ascontiguousarray(a).reshape(a.shape))


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 70_000])
def test_names_that_a_zip_cannot_hold(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileProblem, match=r"\.npz"):
        write_values(tmp_path / "a.npz", {name: np.zeros(2)})
    assert list(tmp_path.iterdir()) == []


def test_types_that_safetensors_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="complex64"):
        write_values(tmp_path / "a.safetensors", {"c": np.zeros(2, "c8")})
    with pytest.raises(FileProblem, match="__metadata__"):
        write_values(tmp_path / "a.safetensors", {"__metadata__": np.zeros(2)})
    assert list(tmp_path.iterdir()) == []


def test_an_array_that_changes_while_it_is_written(tmp_path: Path) -> None:
    def write(file: Any) -> None:
        write_safetensors(file, [Part("w", "float64", (3,), lambda: np.zeros(2))])

    with pytest.raises(FileProblem, match="changed"):
        save_with(tmp_path / "a.safetensors", write)
    assert list(tmp_path.iterdir()) == []


def test_what_stood_there_stays_where_writing_fails(tmp_path: Path) -> None:
    out = tmp_path / "a.npz"
    save_bytes(out, b"before")

    def broken() -> Any:
        raise FileProblem("the disk went away")

    def write(file: Any) -> None:
        write_npz(file, [("W1", lambda: np.ones(3)), ("W2", broken)])

    with pytest.raises(FileProblem, match="went away"):
        save_with(out, write)
    assert out.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [out]
    with pytest.raises(SavingError, match="cannot be written"):
        save_bytes(tmp_path / "no" / "a.npz", b"")
    with pytest.raises(SavingError, match="is a folder"):
        save_bytes(tmp_path, b"")


# -- ONNX

TEXT = """# data
X = inputs("iris")
Y = targets("iris")
samples = "{samples}"
dtype = "{dtype}"
# parameters
np.random.seed(1)
W1 = np.random.randn(4, 5)
b1 = np.random.randn(5)
W2 = np.random.randn(3, 5)
gamma = np.random.randn(5)
# forward
{lines}
# loss
L = softmax_cross_entropy({last}, Y)
"""
FORWARD = {
    "dense": "Z1 = X @ W1 + b1\nA1 = relu(Z1)\nZ2 = A1 @ W2.T\nA2 = softmax(Z2, axis=1)",
    "activations": "A1 = tanh(X @ W1 + b1)\nB1 = elu(A1, alpha=0.5)\nC1 = leaky_relu(B1, slope=0.2)\nD1 = gelu(softplus(C1))\n"
    "Z2 = sigmoid(D1) @ W2.T\nA2 = log_softmax(Z2, axis=1)",
    "more activations": "A1 = silu(X @ W1 + b1)\nB1 = selu(A1 - 0.5)\nZ2 = softsign(B1) @ W2.T",
    "error function": "A1 = gelu_erf(X @ W1 + b1)\nZ2 = A1 @ W2.T\nA2 = erf(Z2)",
    "layer norm": "Z1 = X @ W1 + b1\nmu = mean(Z1, axis=1, keepdims=True)\nvar = mean((Z1 - mu) ** 2, axis=1, keepdims=True)\n"
    "N1 = gamma * (Z1 - mu) / sqrt(var + 1e-05)\nZ2 = N1 @ W2.T",
    "reshape": "F = X.reshape(-1, 2, 2)\nG = F.reshape(-1, 4)\nZ2 = maximum(G @ W1, 0) @ W2.T",
    "written out": "Z1 = X @ W1\nA1 = 1 / (1 + exp(-Z1))\nZ2 = (A1 - abs(A1) * 2) @ W2.T",
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FORWARD)
def test_onnx_gives_the_same_outputs(name: str, dtype: str) -> None:
    from core.complete import load

    program = load(TEXT.format(samples="rows", dtype=dtype, lines=FORWARD[name], last="Z2"))
    data = onnx_bytes(program)
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    t = trace(program, 1)
    last = [s for s in program.statements if s.phase == "forward"][-1].target
    wanted = next(t.machine.value(v.index) for v in program.values if v.name == last and v.kind != "part")
    x = np.asarray(program.first_values["X"])
    found = ReferenceEvaluator(onnx.load_from_string(data)).run(None, {"X": x})[0]
    assert found.dtype == dtype
    # The evaluator computes erf in 32 bits.
    bound = 1e-6 if dtype == "float32" else 1e-7 if name == "error function" else 1e-12
    assert np.abs(found - wanted).max() <= bound * max(1, np.abs(wanted).max())
    few = ReferenceEvaluator(onnx.load_from_string(data)).run(None, {"X": x[:7]})[0]
    assert few.shape == found[:7].shape


def test_onnx_takes_values_of_now_and_the_file_is_ours_to_read(tmp_path: Path) -> None:
    from core.complete import load

    program = load(TEXT.format(samples="rows", dtype="float64", lines=FORWARD["dense"], last="Z2"))
    values = {**parameters_of(program), "b1": np.full(5, 100.0)}
    (tmp_path / "net.onnx").write_bytes(onnx_bytes(program, values))
    saved = read(tmp_path / "net.onnx")
    assert {t.name for t in saved.tensors} >= {"W1", "b1", "W2"}
    assert np.array_equal(array(saved, "b1"), values["b1"])
    again = open_target(str(tmp_path / "net.onnx"), None, None, Samples("iris"))
    assert [n.kind for n in (again.saved.layers if again.saved else ()) if n.tensors] == ["dense", "dense"]


@pytest.mark.parametrize("lines", ["D = dropout_mask(X, rate=0.5)\nZ2 = (X * D) @ W1 @ W2.T", "Z2 = (X @ W1 / m) @ W2.T"])
def test_what_onnx_cannot_hold_is_said(lines: str) -> None:
    from core.complete import load

    with pytest.raises(StepperError, match=r"line \d+.*ONNX"):
        onnx_bytes(load(TEXT.format(samples="rows", dtype="float64", lines=lines, last="Z2")))


@pytest.mark.parametrize("target", ["xor", "first-seed", "flower", "rows", "iris", "digits"])
def test_every_example_can_be_written_in_every_form(tmp_path: Path, target: str) -> None:
    for ending in ("npz", "safetensors", "onnx"):
        convert(target, tmp_path / f"net.{ending}")
        assert read(tmp_path / f"net.{ending}").tensors
    onnx.checker.check_model(str(tmp_path / "net.onnx"), full_check=True)


# -- a description


@pytest.mark.parametrize("data", [None, "iris"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("stored", ["rows", "columns", "turned"])
def test_a_description_trains_as_the_file_does(tmp_path: Path, stored: str, dtype: str, data: str | None) -> None:
    held = {f"W{k}": R.standard_normal(s).astype(dtype) for k, s in ((1, (4, 6)), (2, (6, 3)))}
    held |= {f"b{k}": R.standard_normal(n).astype(dtype) for k, n in ((1, 6), (2, 3))}
    if stored != "rows":
        held = {n: a.T.copy() if a.ndim == 2 else a.reshape(-1, 1) if stored == "columns" else a for n, a in held.items()}
    np.savez(tmp_path / "net.npz", **held)
    samples = None if data is None else Samples(data)
    choices = Choices("tanh")
    out = tmp_path / "out" / "net.toml"
    out.parent.mkdir()
    said = convert(str(tmp_path / "net.npz"), out, None, choices, samples)
    assert any("net.weights.npz" in s for s in said)
    assert {p.name for p in out.parent.iterdir()} == {"net.toml", "net.weights.npz"} | (
        {"net.data.npz"} if data is None else set()
    )
    losses = []
    for opened in (open_target(str(tmp_path / "net.npz"), None, choices, samples), open_target(str(out))):
        t = trace(opened.program, 4)
        assert opened.program.loss is not None
        losses.append(float(np.asarray(t.machine.value(opened.program.loss))))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5 if dtype == "float32" else 1e-12)


def test_what_cannot_be_described_leaves_nothing_behind(tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", W1=np.full((4, 3), np.nan), b1=np.zeros(3))
    with pytest.raises(StepperError, match="NaN"):
        convert(str(tmp_path / "net.npz"), tmp_path / "net.toml")
    with pytest.raises(StepperError, match="program"):
        convert("xor", tmp_path / "net.toml")
    assert [p.name for p in tmp_path.iterdir()] == ["net.npz"]


# -- text


def text_file(folder: Path, name: str, text: str) -> Any:
    (folder / name).write_text(text)
    return read(folder / name)


def test_a_csv_of_several_matrices(tmp_path: Path) -> None:
    saved = text_file(tmp_path, "net.csv", "W1\n1,2\n3,4.5\n-5e-1,6\nb1\n1\n2\n3\n\nW2\n1,2,3\nb2\n0\n")
    assert {t.name: t.shape for t in saved.tensors} == {"W1": (3, 2), "b1": (3,), "W2": (1, 3), "b2": (1,)}
    assert array(saved, "W1").tolist() == [[1, 2], [3, 4.5], [-0.5, 6]]
    opened = open_target(str(tmp_path / "net.csv"), None, None, Samples("xor"))
    assert opened.program.trainable == ("W1", "b1", "W2", "b2")


def test_a_csv_of_one_matrix_is_called_as_the_file(tmp_path: Path) -> None:
    saved = text_file(tmp_path, "W1.csv", "x;y\n1,5;2\n".replace(",", ".") + "3;4\n")
    assert [(t.name, t.shape) for t in saved.tensors] == [("W1", (2, 2))]


def test_json_by_name_and_by_layers(tmp_path: Path) -> None:
    saved = text_file(tmp_path, "net.json", json.dumps({"W1": [[1, 2], [3, 4], [5, 6]], "b1": [0, 1, 2.5], "note": "hello"}))
    assert {t.name: t.shape for t in saved.tensors} == {"W1": (3, 2), "b1": (3,)}
    assert not saved.complete
    layers = [
        {"weights": [[1, 2], [3, 4], [5, 6]], "biases": [0, 1, 2], "activation": "ReLU"},
        {"weights": [[1, 2, 3]], "biases": [0.5], "activation": "Sigmoid"},
    ]
    for said, ours in (("Swish", "silu"), ("SELU", "selu"), ("soft_sign", "softsign"), ("GELU", None)):
        again = text_file(tmp_path, f"{said}.json", json.dumps({"layers": [{**layers[0], "activation": said}, layers[1]]}))
        assert [n.activation for n in again.layers[:1]] == ([] if ours is None else [ours])
    saved = text_file(tmp_path, "layers.json", json.dumps({"layers": layers}))
    assert saved.complete
    assert [n.activation for n in saved.layers] == ["relu", "sigmoid"]
    assert array(saved, "layers.0.weights").tolist() == layers[0]["weights"]
    opened = open_target(str(tmp_path / "layers.json"), None, None, Samples("xor"))
    assert opened.program.trainable == ("W1", "b1", "W2", "b2")


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("a.csv", "W1\n1,2\n3\n", "line 3 has 1 numbers where line 2 has 2"),
        ("a.csv", "1,2\n3,4\n5,x\n6,7\n8,9\n", "line 3: 'x' is not a number"),
        ("a.json", '{"a": "b"}', "no lists of numbers"),
        ("a.json", '{"W1": [1' + "0" * 390 + "]}", "no float64"),
        ("a.json", '{"W1": [1, 2], "W1": [3]}', "twice"),
    ],
)
def test_texts_that_are_no_weights(tmp_path: Path, name: str, text: str, word: str) -> None:
    with pytest.raises(FileProblem, match=word):
        text_file(tmp_path, name, text)


def test_numbers_that_are_not_finite_in_json(tmp_path: Path) -> None:
    saved = text_file(tmp_path, "a.json", '{"W1": [[1, null], [NaN, -Infinity]]}')
    assert np.array_equal(array(saved, "W1"), [[1, np.nan], [np.nan, -np.inf]], equal_nan=True)
