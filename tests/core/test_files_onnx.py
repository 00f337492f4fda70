"""ONNX files: written by the onnx package, by torch's exporter, and by hand where they are hostile."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.reading import answers
from helpers.saved_forward import forward, numbers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.files import arrays, worker
from core.files.limits import LIMITS
from core.files.problem import FileProblem
from core.files.saved import Saved

onnx = pytest.importorskip("onnx", reason="the oracle extra is not installed")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from core.files.onnx_format import read_onnx  # noqa: E402

RNG = np.random.default_rng(0)
BOUND = {np.float32: 1e-6, np.float64: 1e-12}


def tensor(name: str, *shape: int, dtype: Any = np.float64, raw: bool = True) -> Any:
    array = RNG.normal(size=shape).astype(dtype)
    if raw:
        return numpy_helper.from_array(array, name)
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor(name, kind, shape, array.ravel().tolist())


def model(
    nodes: list[Any], initializers: list[Any], sizes: tuple[Any, ...] = ("m", 4), opset: int = 21, dtype: Any = np.float64,
    output: str = "y", listed: bool = False, **more: Any,
) -> Any:  # fmt: skip
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    inputs = [helper.make_tensor_value_info("x", kind, sizes)]
    if listed:
        inputs += [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in initializers]
    graph = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info(output, kind, None)], initializers, **more)
    return helper.make_model(graph, producer_name="test", producer_version="1", opset_imports=[helper.make_opsetid("", opset)])


def saved_of(made: Any, folder: Path) -> Saved:
    path = folder / "net.onnx"
    path.write_bytes(made if isinstance(made, bytes) else made.SerializeToString())
    saved = read_onnx.read(path, LIMITS)
    assert Saved.from_data(saved.to_data()).tensors == saved.tensors
    return saved


def check(made: Any, folder: Path, x: Any, bound: float = 0) -> Saved:
    """Read a model and compare its output with the reference evaluator's."""
    saved = saved_of(made, folder)
    assert saved.complete
    ours = forward(saved, x, lambda name: read_onnx.array(Path(saved.path), name, None, LIMITS))
    (true,) = ReferenceEvaluator(made).run(None, {"x": x})
    bound = bound or BOUND[x.dtype.type]
    np.testing.assert_allclose(ours, true, rtol=bound, atol=bound)
    return saved


def node(op: str, inputs: str, output: str, **attributes: Any) -> Any:
    return helper.make_node(op, inputs.split(), [output], **attributes)


def samples(*shape: int, dtype: Any = np.float64) -> Any:
    return RNG.normal(size=shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("listed", [True, False])
def test_gemm_networks(tmp_path: Path, dtype: Any, raw: bool, listed: bool) -> None:
    nodes = [
        node("Gemm", "x W1 b1", "z1", transB=1),
        node("Relu", "z1", "a1"),
        node("Gemm", "a1 W2 b2", "z2"),
        node("Softmax", "z2", "y"),
    ]
    weights = [tensor(n, *s, dtype=dtype, raw=raw) for n, s in (("W1", (5, 4)), ("b1", (5,)), ("W2", (5, 3)), ("b2", (1, 3)))]
    saved = check(model(nodes, weights, dtype=dtype, listed=listed), tmp_path, samples(6, 4, dtype=dtype))
    assert [n.kind for n in saved.layers] == ["input", "dense", "activation", "dense", "softmax"]
    assert [n.attributes["orientation"] for n in saved.layers if n.kind == "dense"] == ["out,in", "in,out"]
    assert saved.metadata["producer"] == "test 1"
    assert saved.metadata["opset"] == "21"
    assert {t.where.kind for t in saved.tensors} == ({"span"} if raw else {"worker"})


@pytest.mark.parametrize("swapped", [False, True])
def test_matmul_and_add_are_one_layer(tmp_path: Path, swapped: bool) -> None:
    nodes = [node("MatMul", "x W", "p"), node("Add", "b p" if swapped else "p b", "y")]
    saved = check(model(nodes, [tensor("W", 4, 3), tensor("b", 3)]), tmp_path, samples(5, 4))
    (dense,) = saved.layers[1:]
    assert (dense.inputs, dense.outputs, dict(dense.tensors)) == (("x",), ("y",), {"weight": "W", "bias": "b"})


def test_a_product_that_is_looked_at_elsewhere_stays_alone(tmp_path: Path) -> None:
    nodes = [node("MatMul", "x W", "p"), node("Add", "p b", "y"), node("Relu", "p", "r")]
    saved = saved_of(model(nodes, [tensor("W", 4, 3), tensor("b", 3)]), tmp_path)
    assert [n.kind for n in saved.layers] == ["input", "dense", "scale", "activation"]


@pytest.mark.parametrize(
    ("op", "attributes"),
    [
        ("Relu", {}), ("LeakyRelu", {}), ("LeakyRelu", {"alpha": 0.25}), ("Elu", {}), ("Elu", {"alpha": 0.5}), ("Sigmoid", {}),
        ("Tanh", {}), ("Softplus", {}), ("Gelu", {"approximate": "tanh"}), ("Gelu", {}), ("Gelu", {"approximate": "none"}),
        ("Selu", {}), ("Selu", {"alpha": 1.6732632, "gamma": 1.050701}), ("Softsign", {}), ("Softmax", {}),
        ("Softmax", {"axis": 1}), ("LogSoftmax", {}), ("Identity", {}), ("Flatten", {}), ("Dropout", {}),
    ],
)  # fmt: skip
def test_activations(tmp_path: Path, op: str, attributes: dict[str, Any]) -> None:
    # The evaluator computes Gelu by its definition with constants, and an erf, of 32 bits; so are those of Selu.
    check(model([node(op, "x", "y", **attributes)], []), tmp_path, samples(5, 4), 1e-7 if op in ("Gelu", "Selu") else 0)


@pytest.mark.parametrize("axis", [None, 1])
def test_softmax_before_opset_13_took_axis_1(tmp_path: Path, axis: int | None) -> None:
    made = model([node("Softmax", "x", "y", **({} if axis is None else {"axis": axis}))], [], opset=11)
    assert check(made, tmp_path, samples(5, 4)).layers[1].steppable


def test_softmax_over_samples_is_not_stepped(tmp_path: Path) -> None:
    assert "axis 0" in saved_of(model([node("Softmax", "x", "y", axis=0)], []), tmp_path).layers[1].why


def test_the_swish_of_a_new_opset_is_silu(tmp_path: Path) -> None:
    check(model([node("Swish", "x", "y")], [], opset=24), tmp_path, samples(5, 4))


@pytest.mark.parametrize(
    ("op", "attributes", "why"),
    [
        ("Selu", {"alpha": 1.5}, "alpha = 1.5"), ("Selu", {"gamma": 2.0}, "gamma = 2"), ("Swish", {"alpha": 1.702}, "1.702"),
        ("Gelu", {"approximate": "quick"}, "'quick'"),
    ],
)  # fmt: skip
def test_other_numbers_of_a_function_say_why(tmp_path: Path, op: str, attributes: dict[str, Any], why: str) -> None:
    layer = saved_of(model([node(op, "x", "y", **attributes)], [], opset=24), tmp_path).layers[1]
    assert not layer.steppable
    assert why in layer.why


def test_a_scaled_gemm_keeps_its_factors(tmp_path: Path) -> None:
    tensors = [tensor("W", 4, 3), tensor("b", 3)]
    check(model([node("Gemm", "x W b", "y", alpha=2.0, beta=0.5)], tensors), tmp_path, samples(5, 4))
    attributes = saved_of(model([node("Gemm", "x W b", "y", alpha=2.0, beta=0.5)], tensors), tmp_path).layers[1].attributes
    assert (attributes["product_times"], attributes["bias_times"]) == (2.0, 0.5)


def test_normalizations(tmp_path: Path) -> None:
    each = [tensor(n, 4) for n in ("g", "b", "m")]
    variance = numpy_helper.from_array(RNG.uniform(0.5, 2, 4), "v")
    check(model([node("BatchNormalization", "x g b m v", "y", epsilon=1e-3)], [*each, variance]), tmp_path, samples(5, 4))
    check(model([node("LayerNormalization", "x g b", "y")], each[:2]), tmp_path, samples(5, 4))


def test_shapes_are_followed(tmp_path: Path) -> None:
    sizes = numpy_helper.from_array(np.array([-1, 12]), "sizes")
    other = numpy_helper.from_array(np.array([0, 4, 3]), "other")
    axes = numpy_helper.from_array(np.array([1]), "axes")
    nodes = [
        node("Unsqueeze", "x axes", "u"),
        node("Squeeze", "u axes", "s"),
        node("Reshape", "s other", "r"),
        node("Reshape", "r sizes", "f"),
        node("Gemm", "f W", "y"),
    ]
    saved = check(model(nodes, [sizes, other, axes, tensor("W", 12, 2)], sizes=("m", 3, 4)), tmp_path, samples(5, 3, 4))
    assert [n.kind for n in saved.layers] == ["input", "reshape", "reshape", "reshape", "flatten", "dense"]


def test_an_axis_around_a_batch_normalization_is_none(tmp_path: Path) -> None:
    """As PyTorch's exporter wrote BatchNorm1d once."""
    each = [tensor(n, 4) for n in ("g", "b", "m")]
    variance = numpy_helper.from_array(RNG.uniform(0.5, 2, 4), "v")
    axes = numpy_helper.from_array(np.array([2]), "axes")
    nodes = [node("Unsqueeze", "x axes", "u"), node("BatchNormalization", "u g b m v", "n"), node("Squeeze", "n axes", "y")]
    # Not with opset 9: there the evaluator mixes the batch's own statistics in, which ONNX does not say.
    saved = check(model(nodes, [*each, variance, axes], opset=15), tmp_path, samples(5, 4))
    assert [n.kind for n in saved.layers] == ["input", "batch_norm"]


def test_a_fixed_batch_is_let_free(tmp_path: Path) -> None:
    sizes = numpy_helper.from_array(np.array([789444, 4]), "sizes")
    nodes = [node("Reshape", "x sizes", "f"), node("Gemm", "f W", "y")]
    saved = saved_of(model(nodes, [sizes, tensor("W", 4, 2)], sizes=(789444, 2, 2)), tmp_path)
    assert saved.layers[0].attributes == {"shape": [2, 2], "samples": 789444, "dtype": "float64"}
    assert [n.kind for n in saved.layers] == ["input", "flatten", "dense"]
    assert "789444" in saved.assumed[0]


def test_weights_in_constant_nodes_renamed_and_turned(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Constant", [], ["W0"], value=tensor("", 3, 4)),
        node("Transpose", "W0", "Wt", perm=[1, 0]),
        node("Identity", "Wt", "W"),
        helper.make_node("Constant", [], ["b"], value=tensor("", 3)),
        node("MatMul", "x W", "p"),
        node("Add", "p b", "q"),
        node("Identity", "q", "r"),
        node("Relu", "r", "y"),
    ]
    saved = check(model(nodes, []), tmp_path, samples(5, 4))
    assert [n.kind for n in saved.layers] == ["input", "dense", "activation"]
    assert [t.where.kind for t in saved.tensors] == ["span", "span"]


def test_nodes_out_of_order_are_sorted(tmp_path: Path) -> None:
    made = model([node("Relu", "z", "y"), node("Gemm", "x W", "z")], [tensor("W", 4, 2)])
    assert [n.kind for n in saved_of(made, tmp_path).layers] == ["input", "dense", "activation"]


def test_what_is_unknown_is_a_box_with_its_name(tmp_path: Path) -> None:
    nodes = [node("Conv", "x K", "c"), helper.make_node("Quant", ["c"], ["y"], domain="qonnx.custom_op.general")]
    saved = saved_of(model(nodes, [tensor("K", 2, 1, 3, 3)], sizes=("m", 1, 8, 8)), tmp_path)
    assert [(n.kind, n.attributes.get("class"), n.steppable) for n in saved.layers[1:]] == [
        ("box", "Conv", False),
        ("box", "Quant", False),
    ]
    assert saved.layers[1].tensors == {"weight": "K"}
    assert not saved.complete
    assert "qonnx" in saved.layers[2].why


@pytest.mark.parametrize("dynamo", [False, True])
def test_torch_exports(tmp_path: Path, dynamo: bool) -> None:
    torch = pytest.importorskip("torch")
    if dynamo:
        pytest.importorskip("onnxscript")
    net = torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.3), torch.nn.Linear(8, 8, bias=False),
        torch.nn.ELU(0.7), torch.nn.LayerNorm(8), torch.nn.Linear(8, 3), torch.nn.Softmax(1),
    ).double().eval()  # fmt: skip
    x, path = torch.randn(7, 4, dtype=torch.float64), tmp_path / "net.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, (x,), str(path), input_names=["x"], dynamo=dynamo, opset_version=17, dynamic_axes={"x": {0: "m"}})
    saved = read_onnx.read(path, LIMITS)
    ours = forward(saved, x.numpy(), lambda name: read_onnx.array(path, name, None, LIMITS))
    (true,) = ReferenceEvaluator(str(path)).run(None, {"x": x.numpy()})
    np.testing.assert_allclose(ours, true, rtol=1e-12, atol=1e-12)
    # ONNX keeps 0.7 and the epsilons in 32 bits.
    np.testing.assert_allclose(ours, net(x).detach().numpy(), rtol=1e-7)


def test_weights_beside_it(tmp_path: Path) -> None:
    made = model([node("Gemm", "x W b", "y")], [tensor("W", 4, 300), tensor("b", 300)])
    onnx.save_model(made, str(tmp_path / "net.onnx"), save_as_external_data=True, location="net.data", size_threshold=0)
    saved = read_onnx.read(tmp_path / "net.onnx", LIMITS)
    assert {t.where.file for t in saved.tensors} == {"net.data"}
    x = samples(3, 4)
    w, b = (numbers(saved, n, lambda _: None) for n in ("W", "b"))
    (true,) = ReferenceEvaluator(str(tmp_path / "net.onnx")).run(None, {"x": x})
    np.testing.assert_allclose(x @ w + b, true, rtol=1e-12)
    (tmp_path / "net.data").write_bytes((tmp_path / "net.data").read_bytes()[:100])
    with pytest.raises(FileProblem, match=r"cut short|beyond"):
        read_onnx.read(tmp_path / "net.onnx", LIMITS)
    (tmp_path / "net.data").unlink()
    with pytest.raises(FileProblem, match="not beside it"):
        read_onnx.read(tmp_path / "net.onnx", LIMITS)


def outside(location: str, **more: str) -> Any:
    made = tensor("W", 4, 2)
    made.ClearField("raw_data")
    made.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **more}.items():
        made.external_data.add(key=key, value=value)
    return model([node("Gemm", "x W", "y")], [made])


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "sub/file", "..", "", "link", "C:\\secret", "fold", "\0"])
def test_weights_elsewhere_are_never_opened(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "fold").mkdir()
    (tmp_path / "secret").write_bytes(b"s" * 64)
    (folder / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(FileProblem):
        saved_of(outside(location), folder)


@pytest.mark.parametrize(
    "more",
    [{"offset": "-1"}, {"offset": "1e3"}, {"length": "63"}, {"length": "9" * 30}, {"offset": "1"}, {"offset": str(10**17)}],
)
def test_wrong_places_beside_it(tmp_path: Path, more: dict[str, str]) -> None:
    (tmp_path / "w").write_bytes(b"s" * 64)
    saved_of(outside("w"), tmp_path)
    with pytest.raises(FileProblem):
        saved_of(outside("w", **more), tmp_path)


def huge() -> Any:
    shape = numpy_helper.from_array(np.array([10_000_000_000]), "s")
    return model([node("ConstantOfShape", "s", "big"), node("Add", "x big", "y")], [shape])


def test_nothing_is_ever_computed(tmp_path: Path) -> None:
    assert [n.attributes["class"] for n in saved_of(huge(), tmp_path).layers[1:]] == ["ConstantOfShape", "Add"]


def declared(*dims: int) -> Any:
    made = tensor("W", 4, 2)
    made.dims[:] = dims
    return model([node("Gemm", "x W", "y")], [made])


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (model([node("Relu", "a", "b"), node("Relu", "b", "a")], []), "circle"),
        (model([node("Relu", "y", "y")], []), "circle"),
        (model([node("Gemm", "x W", "y")], [tensor("W", 4, 2), tensor("W", 4, 2)]), "twice"),
        (model([node("Relu", "x", "y"), node("Tanh", "x", "y")], []), "twice"),
        (declared(100_000, 100_000), "declares"),
        (declared(-4, 2), "shape"),
        (declared(2**62, 2**62), "declares"),
        (helper.make_model(helper.make_graph([], "g", [], [])), "without a graph"),
    ],
)
def test_refused_by_a_sentence(tmp_path: Path, made: Any, said: str) -> None:
    with pytest.raises(FileProblem, match=said):
        saved_of(made, tmp_path)


def message(*fields: tuple[int, bytes]) -> bytes:
    """Write a protobuf message by hand: the library writes no more than 100 levels."""

    def varint(n: int) -> bytes:
        return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)

    return b"".join(varint(number << 3 | 2) + varint(len(data)) + data for number, data in fields)


@pytest.mark.parametrize("depth", [20, 60, 2000])
def test_graphs_nested_in_graphs(tmp_path: Path, depth: int) -> None:
    graph = message((1, message((1, b"x"), (2, b"y"), (4, b"Identity"))))
    for _ in range(depth):
        branch = message((1, b"then_branch"), (6, graph)) + b"\xa0\x01\x05"
        graph = message((1, message((1, b"c"), (2, b"y"), (4, b"If"), (5, branch))))
    raw = b"\x08\x08" + message((7, graph), (8, b"\x10\x15"))
    if depth == 20:
        assert [n.attributes["class"] for n in saved_of(raw, tmp_path).layers] == ["If"]
    else:
        with pytest.raises(FileProblem, match="nested too deep"):
            saved_of(raw, tmp_path)


def test_names_are_kept_and_numbers_may_be_nan(tmp_path: Path) -> None:
    name = "<b>W</b>\u202e" + "w" * 1_000_000
    made = model([node("Gemm", "x W", "y")], [numpy_helper.from_array(np.full((4, 2), np.nan), "W")])
    made.graph.initializer[0].name = made.graph.node[0].input[1] = name
    saved = saved_of_long(made, tmp_path)
    capped = saved.to_data()["tensors"][0]["name"]
    assert len(capped) <= 256
    assert saved.tensors[0].where.kind == "span"


def saved_of_long(made: Any, folder: Path) -> Saved:
    path = folder / "net.onnx"
    path.write_bytes(made.SerializeToString())
    return Saved.from_data(read_onnx.read(path, LIMITS).to_data())


def test_through_the_child_process(tmp_path: Path) -> None:
    """Numbers that are mapped here, beside it, and asked of the reader; and a location that is refused."""
    weights = [tensor("W", 4, 3), tensor("b", 3, raw=False)]
    made = model([node("Gemm", "x W b", "y")], weights)
    onnx.save_model(made, str(tmp_path / "net.onnx"), save_as_external_data=True, location="net.data", size_threshold=0)
    saved = worker.read(tmp_path / "net.onnx")
    for t in weights:
        np.testing.assert_array_equal(arrays.array(saved, t.name), numpy_helper.to_array(t))
    (tmp_path / "bad.onnx").write_bytes(outside("../secret").SerializeToString())
    with pytest.raises(FileProblem, match="secret"):
        worker.read(tmp_path / "bad.onnx")


def sample_file() -> bytes:
    sizes = numpy_helper.from_array(np.array([-1, 12]), "sizes")
    nodes = [
        node("Reshape", "x sizes", "f"), node("Gemm", "f W b", "z", transB=1), node("Relu", "z", "a"), node("MatMul", "a V", "p"),
        node("Add", "p c", "q"), node("Softmax", "q", "y"),
    ]  # fmt: skip
    weights = [sizes, tensor("W", 5, 12), tensor("b", 5), tensor("V", 5, 3), tensor("c", 3, raw=False)]
    return model(nodes, weights, sizes=("m", 3, 4)).SerializeToString()


WHOLE = sample_file()


def test_cut_at_every_byte(tmp_path: Path) -> None:
    for n in range(len(WHOLE)):
        answers(read_onnx, tmp_path / "any.onnx", WHOLE[:n])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_bytes(tmp_path: Path, raw: bytes) -> None:
    answers(read_onnx, tmp_path / "any.onnx", raw)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_changed_bytes(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    raw = bytearray(WHOLE)
    for at, byte in changes:
        raw[at] = byte
    answers(read_onnx, tmp_path / "any.onnx", bytes(raw))
