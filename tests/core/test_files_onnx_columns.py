"""Graphs of W @ X + b, whose samples are columns: those of this app, of courses, and what must not be taken for one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="the oracle extra is not installed")

from onnx import helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from core.library import open_target  # noqa: E402
from core.report import trace  # noqa: E402
from core.saved_convert import convert  # noqa: E402
from core.saved_target import read_saved  # noqa: E402
from core.steppable.build import Choices  # noqa: E402
from core.steppable.data import Samples  # noqa: E402

node = helper.make_node
R = np.random.default_rng(5)
W1, B1, W2, B2 = R.normal(size=(4, 3)), R.normal(size=(4, 1)), R.normal(size=(2, 4)), R.normal(size=(2, 1))
HELD = {"W1": W1, "b1": B1, "W2": W2, "b2": B2}
EXAMPLES = ("xor", "flower", "iris", "first-seed", "digits")


def written(path: Path, nodes: list[Any], held: dict[str, Any], shape: tuple[Any, ...] = (3, "m"), opset: int = 20) -> Path:
    tensors = [numpy_helper.from_array(np.asarray(a), n) for n, a in held.items()]
    given, made = (helper.make_tensor_value_info(n, 11, s) for n, s in (("x", shape), ("y", None)))
    graph = helper.make_graph(nodes, "g", [given], [made], tensors)
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)]).SerializeToString())
    return path


def same_as_the_reference(path: Path, near: float = 1e-12) -> Any:
    """Step through the forward of a file, and find in it what onnx makes of the same samples; returns the program."""
    model = onnx.load(str(path))
    given = model.graph.input[0]
    opened = open_target(str(path), None, Choices(), Samples(count=7))
    run = trace(opened.program, 1)
    assert run.fault is None
    x = opened.program.first_values["X"]
    is_turned = x.shape[0] != given.type.tensor_type.shape.dim[0].dim_value
    expected = ReferenceEvaluator(model).run(None, {given.name: x.T if is_turned else x})[0]
    expected = expected.T if is_turned else expected
    values = [run.machine.value(v.index) for v in opened.program.values]
    assert any(np.shape(v) == expected.shape and np.allclose(v, expected, rtol=near, atol=near) for v in values)
    return opened.program


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_this_app_writes_is_stepped_whole_again(tmp_path: Path, example: str) -> None:
    path = tmp_path / "out.onnx"
    convert(example, path)
    saved = read_saved(str(path))
    assert saved.complete and all(n.steppable for n in saved.layers)
    program = same_as_the_reference(path)
    before = open_target(example).program
    assert "W1 @ X" in program.text and "W1 @ X" in before.text
    for name in ("W1", "b1", "W2", "b2"):
        assert program.first_values[name].tobytes() == before.first_values[name].tobytes()


ENDS = {
    "softmax": [node("Softmax", ["z2"], ["y"], axis=0)],
    "softmax, counted from the end": [node("Softmax", ["z2"], ["y"], axis=-2)],
    "gelu spelled out": [
        node("Div", ["z2", "root"], ["d"]), node("Erf", ["d"], ["e"]), node("Add", ["e", "one"], ["f"]),
        node("Mul", ["z2", "f"], ["g"]), node("Mul", ["g", "half"], ["y"]),
    ],
    "sigmoid": [node("Sigmoid", ["z2"], ["y"])],
}  # fmt: skip
SMALL = {"root": np.array(2**0.5), "one": np.array(1.0), "half": np.array([0.5])}


@pytest.mark.parametrize("end", ENDS)
def test_products_and_biases_apart(tmp_path: Path, end: str) -> None:
    nodes = [
        node("MatMul", ["W1", "x"], ["p"]), node("Add", ["b1", "p"], ["z1"]), node("Tanh", ["z1"], ["a1"]),
        node("MatMul", ["W2", "a1"], ["q"]), node("Add", ["q", "b2"], ["z2"]), *ENDS[end],
    ]  # fmt: skip
    near = 1e-7 if "gelu" in end else 1e-12  # onnx computes erf in 32 bits
    program = same_as_the_reference(written(tmp_path / "a.onnx", nodes, HELD | SMALL), near)
    assert "W2 @ A1 + b2" in program.text and ".T" not in program.text.partition("# forward")[2].partition("#")[0]


@pytest.mark.parametrize("turned", [0, 1])
def test_gemm_with_the_weight_first(tmp_path: Path, turned: int) -> None:
    nodes = [
        node("Gemm", ["W1", "x", "b1"], ["z1"], transA=turned, alpha=0.5), node("Relu", ["z1"], ["a1"]),
        node("Gemm", ["W2", "a1", "b2"], ["y"], transA=turned, beta=2.0),
    ]  # fmt: skip
    held = HELD | ({"W1": W1.T.copy(), "W2": W2.T.copy()} if turned else {})
    path = written(tmp_path / "a.onnx", nodes, held)
    assert all(n.steppable for n in read_saved(str(path)).layers)
    same_as_the_reference(path)


def test_a_weight_that_is_turned_in_the_graph(tmp_path: Path) -> None:
    nodes = [
        node("Transpose", ["V"], ["W"], perm=[1, 0]), node("MatMul", ["W", "x"], ["p"]), node("Add", ["p", "b1"], ["y"]),
    ]  # fmt: skip
    path = written(tmp_path / "a.onnx", nodes, {"V": W1.T.copy(), "b1": B1})
    assert [n.kind for n in read_saved(str(path)).layers] == ["input", "dense"]


MATRIX = {"W1": W1, "b1": B1, "row": R.normal(size=(1, 4)), "wide": R.normal(size=(4, 5)), "V": R.normal(size=(5, 2))}
NOT_COLUMNS = {
    "a row is added": ([node("MatMul", ["W1", "x"], ["p"]), node("Add", ["p", "row"], ["y"])], (3, 4), 20),
    "a matrix is added": ([node("MatMul", ["W1", "x"], ["p"]), node("Add", ["p", "wide"], ["y"])], (3, 5), 20),
    "a product on either side": ([node("MatMul", ["W1", "x"], ["p"]), node("MatMul", ["p", "V"], ["y"])], (3, 5), 20),
    "over the samples": ([node("MatMul", ["W1", "x"], ["p"]), node("Softmax", ["p"], ["y"], axis=1)], (3, "m"), 20),
    "along more than one axis": ([node("MatMul", ["W1", "x"], ["p"]), node("Softmax", ["p"], ["y"], axis=0)], (3, "m"), 11),
    "a mean": ([node("MatMul", ["W1", "x"], ["p"]), node("ReduceMean", ["p"], ["y"])], (3, "m"), 20),
    "three axes": ([node("MatMul", ["W1", "x"], ["y"])], ("m", 3, 1), 20),
}


@pytest.mark.parametrize("what", NOT_COLUMNS)
def test_what_is_none_stays_closed(tmp_path: Path, what: str) -> None:
    nodes, shape, opset = NOT_COLUMNS[what]
    saved = read_saved(str(written(tmp_path / "a.onnx", nodes, MATRIX, shape, opset)))
    product = next(n for n in saved.layers if n.kind != "input")
    assert not product.steppable and product.attributes["class"] == "MatMul"


def test_the_samples_that_a_file_fixes_are_its_last_axis(tmp_path: Path) -> None:
    nodes = [node("MatMul", ["W1", "x"], ["p"]), node("Add", ["p", "b1"], ["y"])]
    path = written(tmp_path / "a.onnx", nodes, {"W1": W1, "b1": B1}, (3, 7))
    saved = read_saved(str(path))
    assert saved.layers[0].attributes["shape"] == [3]
    assert any("batch size 7" in sentence for sentence in saved.assumed)
