"""ONNX graphs as exporters write them: in many small nodes that together are one layer, or only count sizes."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="the oracle extra is not installed")
torch = pytest.importorskip("torch", reason="the oracle extra is not installed")

from helpers.torch_nets import Stepped, close, sequential  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from core.files.limits import LIMITS  # noqa: E402
from core.files.onnx_format import read_onnx  # noqa: E402

R = np.random.default_rng(4)


def exported(net: Any, x: Any, path: Path, opset: int, open_batch: bool = True) -> Path:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net.eval(), (x,), str(path), input_names=["x"], dynamo=False, opset_version=opset,
            dynamic_axes={"x": {0: "m"}} if open_batch else None,
        )  # fmt: skip
    return path


@pytest.mark.parametrize("opset", [13, 17, 20])
@pytest.mark.parametrize("seed", range(8))
def test_random_networks_that_pytorch_exported(tmp_path: Path, seed: int, opset: int) -> None:
    net = sequential(seed, "float32")
    entering = next(n.in_features for n in net.modules() if isinstance(n, torch.nn.Linear))
    path = exported(net, torch.randn(5, entering), tmp_path / "net.onnx", opset, bool(seed % 3))
    stepped = Stepped(path)
    x, y = (torch.tensor(stepped.value(n), dtype=torch.float32) for n in ("X", "Y"))
    out = net(x)
    torch.nn.functional.mse_loss(out, y).backward()
    close(stepped.out, out, "float32")
    # The exporter turns the matrix of a layer without a bias around, and gives it a name of its own.
    own = dict(net.named_parameters())
    for name, gradient in stepped.gradients().items():
        if name in own:
            close(gradient, own[name].grad, "float32")


class Viewed(torch.nn.Module):
    """Flattens as many courses do, by the sizes of what comes in."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = torch.nn.Linear(12, 5), torch.nn.Linear(5, 3)

    def forward(self, x: Any) -> Any:
        x = torch.tanh(self.first(x.view(x.size(0), -1)))
        return torch.softmax(self.second(x).reshape(x.shape[0], 3), dim=1)


@pytest.mark.parametrize("open_batch", [False, True])
@pytest.mark.parametrize("opset", [9, 11, 13, 18])
def test_sizes_that_are_computed(tmp_path: Path, opset: int, open_batch: bool) -> None:
    net = Viewed()
    stepped = Stepped(exported(net, torch.randn(5, 3, 4), tmp_path / "net.onnx", opset, open_batch))
    assert stepped.value("X").shape[1:] == (3, 4)
    close(stepped.out, net(torch.tensor(stepped.value("X"), dtype=torch.float32)), "float32")


# -- written by hand


def node(op: str, inputs: str, output: str, **attributes: Any) -> Any:
    return helper.make_node(op, inputs.split(), output.split(), **attributes)


def model(
    nodes: list[Any], tensors: dict[str, Any], output: str = "y", sizes: tuple[Any, ...] = ("m", 4), opset: int = 15
) -> Any:
    initializers = [numpy_helper.from_array(np.asarray(a), n) for n, a in tensors.items()]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", 1, sizes)], [helper.make_tensor_value_info(output, 1, None)], initializers
    )
    domains = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=domains)


def kinds(made: Any, folder: Path) -> list[str]:
    (folder / "net.onnx").write_bytes(made.SerializeToString())
    saved = read_onnx.read(folder / "net.onnx", LIMITS)
    return [n.kind + (f" {n.activation}" if n.activation else "") for n in saved.layers[1:]]


def check(made: Any, folder: Path, wanted: list[str]) -> None:
    assert kinds(made, folder) == wanted
    stepped = Stepped(folder / "net.onnx")
    reference = ReferenceEvaluator(made).run([made.graph.output[0].name], {"x": stepped.value("X").astype(np.float32)})[0]
    assert np.abs(stepped.out - reference).max() <= 1e-6 * max(1.0, float(np.abs(reference).max()))


def floats(*shape: int) -> Any:
    return R.normal(size=shape).astype(np.float32)


F = np.float32
SPELLED: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "gelu": ([
        node("Mul", "z z", "z2"), node("Mul", "z z2", "z3"), node("Mul", "k z3", "a"), node("Add", "z a", "b"),
        node("Mul", "c b", "d"), node("Tanh", "d", "e"), node("Add", "one e", "f"), node("Mul", "z f", "g"),
        node("Mul", "half g", "y"),
    ], {"k": F(0.044715), "c": F(0.7978845608), "one": F(1), "half": F(0.5)}),
    "gelu (power)": ([
        node("Pow", "z three", "z3"), node("Mul", "k z3", "a"), node("Add", "a z", "b"), node("Mul", "c b", "d"),
        node("Tanh", "d", "e"), node("Add", "e one", "f"), node("Mul", "half z", "h"), node("Mul", "h f", "y"),
    ], {"three": F(3), "k": F(0.044715), "c": F(0.7978845608), "one": F(1), "half": F(0.5)}),
    "gelu_erf": ([
        node("Div", "z r", "d"), node("Erf", "d", "e"), node("Add", "e one", "f"), node("Mul", "z f", "g"),
        node("Mul", "g half", "y"),
    ], {"r": F(2**0.5), "one": F(1), "half": F(0.5)}),
    "gelu_erf (half first)": ([
        node("Mul", "z r", "d"), node("Erf", "d", "e"), node("Add", "one e", "f"), node("Mul", "half z", "h"),
        node("Mul", "h f", "y"),
    ], {"r": F(0.5**0.5), "one": F(1), "half": F(0.5)}),
    "gelu_erf (erfc)": ([
        node("Neg", "z", "n"), node("Mul", "n r", "d"), node("Erf", "d", "e"), node("Sub", "one e", "f"),
        node("Mul", "half z", "h"), node("Mul", "h f", "y"),
    ], {"r": F(0.5**0.5), "one": F(1), "half": F(0.5)}),
    "silu": ([node("Sigmoid", "z", "s"), node("Mul", "z s", "y")], {}),
    "silu (turned)": ([node("Sigmoid", "z", "s"), node("Mul", "s z", "y")], {}),
    "softsign": ([node("Abs", "z", "a"), node("Add", "a one", "b"), node("Div", "z b", "y")], {"one": F(1)}),
    "selu": ([
        node("Min", "z zero", "n"), node("Exp", "n", "e"), node("Sub", "e one", "d"), node("Mul", "both d", "b"),
        node("Max", "z zero", "p"), node("Mul", "lambda p", "s"), node("Add", "s b", "y"),
    ], {"zero": F(0), "one": F(1), "both": F(1.7580993408473768), "lambda": F(1.0507009873554805)}),
    "sigmoid": (
        [node("Neg", "z", "n"), node("Exp", "n", "e"), node("Add", "e one", "p"), node("Div", "one p", "y")], {"one": F(1)},
    ),
    "softplus": ([node("Exp", "z", "e"), node("Add", "one e", "p"), node("Log", "p", "y")], {"one": F(1)}),
    "relu": ([node("Max", "z zero", "y")], {"zero": F(0)}),
    "relu (clip)": ([node("Clip", "z zero", "y")], {"zero": F(0)}),
    "leaky_relu": ([node("Mul", "z slope", "s"), node("Max", "s z", "y")], {"slope": F(0.2)}),
}  # fmt: skip


@pytest.mark.parametrize("name", SPELLED)
def test_a_function_in_small_operations(tmp_path: Path, name: str) -> None:
    nodes, numbers = SPELLED[name]
    tensors = {"W": floats(4, 6), "bias": floats(6), "V": floats(6, 2)}
    end = [helper.make_node("MatMul", ["y", "V"], ["out"])]
    made = model([node("Gemm", "x W bias", "z"), *nodes, *end], tensors | numbers, "out")
    check(made, tmp_path, ["dense", f"activation {name.split()[0]}", "dense"])


@pytest.mark.parametrize(
    ("nodes", "why"),
    [
        ([node("Sigmoid", "z", "s"), node("Tanh", "z", "t"), node("Mul", "t s", "y")], "Mul"),
        ([node("Mul", "z q", "c"), node("Sigmoid", "c", "s"), node("Mul", "z s", "y")], "Mul"),
        ([node("Clip", "z zero six", "y")], "Clip"),
        ([node("Clip", "z zero far", "y")], "Clip"),
        ([node("Add", "z cube", "y")], "no matrix product"),
        ([node("Div", "z r", "d"), node("Erf", "d", "e"), node("Add", "e one", "f"), node("Mul", "z f", "y")], "Erf"),
    ],
)
def test_a_function_that_is_none_of_ours_stays_closed(tmp_path: Path, nodes: list[Any], why: str) -> None:
    numbers = {"zero": F(0), "six": F(6), "far": F(1000), "one": F(1), "r": F(2**0.5), "q": F(1.702), "cube": floats(2, 1, 6)}
    made = model([node("Gemm", "x W bias", "z"), *nodes], {"W": floats(4, 6), "bias": floats(6)} | numbers)
    (tmp_path / "net.onnx").write_bytes(made.SerializeToString())
    saved = read_onnx.read(tmp_path / "net.onnx", LIMITS)
    assert saved.complete
    assert why in next(n.why for n in saved.layers if not n.steppable)


@pytest.mark.parametrize("squared", ["Pow", "Mul"])
@pytest.mark.parametrize("affine", ["both", "scale", "none"])
def test_a_layer_normalisation_in_small_operations(tmp_path: Path, affine: str, squared: str) -> None:
    names = {"both": ("n", "s", "y"), "scale": ("n", "y", ""), "none": ("y", "", "")}[affine]
    nodes = [
        node("Gemm", "x W b", "z"), node("ReduceMean", "z", "mu", axes=[-1]), node("Sub", "z mu", "d"),
        node("Pow", "d two", "q") if squared == "Pow" else node("Mul", "d d", "q"), node("ReduceMean", "q", "v", axes=[1]),
        node("Add", "v e", "ve"), node("Sqrt", "ve", "r"), node("Div", "d r", names[0]),
    ]  # fmt: skip
    if names[1]:
        nodes.append(node("Mul", "n gamma", names[1]))
    if names[2]:
        nodes.append(node("Add", "beta s", names[2]))
    tensors = {"W": floats(4, 6), "b": floats(6), "two": F(2), "e": F(1e-5), "gamma": floats(6), "beta": floats(6)}
    check(model([*nodes, node("Relu", "y", "out")], tensors, "out"), tmp_path, ["dense", "layer_norm", "activation relu"])


def test_the_layer_normalisation_of_tensorflow(tmp_path: Path) -> None:
    nodes = [
        node("Gemm", "x W b", "z"), node("ReduceMean", "z", "mu", axes=[1]), node("Sub", "z mu", "d"), node("Mul", "d d", "q"),
        node("ReduceMean", "q", "v", axes=[1]), node("Add", "v e", "ve"), node("Sqrt", "ve", "r"), node("Reciprocal", "r", "i"),
        node("Mul", "i gamma", "g"), node("Mul", "z g", "a"), node("Mul", "mu g", "m"), node("Sub", "beta m", "c"),
        node("Add", "a c", "y"),
    ]  # fmt: skip
    tensors = {"W": floats(4, 6), "b": floats(6), "e": F(1e-3), "gamma": floats(6), "beta": floats(6)}
    check(model(nodes, tensors), tmp_path, ["dense", "layer_norm"])


def test_a_mean_that_is_used_elsewhere_is_no_normalisation(tmp_path: Path) -> None:
    nodes = [
        node("ReduceMean", "x", "mu", axes=[-1]), node("Sub", "x mu", "d"), node("Mul", "d d", "q"),
        node("ReduceMean", "q", "v", axes=[-1]), node("Add", "v e", "ve"), node("Sqrt", "ve", "r"), node("Div", "d r", "n"),
        node("Mul", "n mu", "y"),
    ]  # fmt: skip
    assert "layer_norm" not in kinds(model(nodes, {"e": F(1e-5)}), tmp_path)


def test_what_makes_an_answer_is_left_out(tmp_path: Path) -> None:
    """As scikit-learn's networks are exported: the likeliest class and its name beside the probabilities."""
    nodes = [
        node("Cast", "x", "f", to=1), node("MatMul", "f W", "p"), node("Add", "p b", "z"), node("Softmax", "z", "y", axis=1),
        node("ArgMax", "y", "i", axis=1), node("ArrayFeatureExtractor", "classes i", "c", domain="ai.onnx.ml"),
        node("Cast", "c", "label", to=7),
    ]  # fmt: skip
    made = model(nodes, {"W": floats(4, 3), "b": floats(1, 3), "classes": np.array([0, 1, 2])})
    made.graph.output.append(helper.make_tensor_value_info("label", 7, None))
    check(made, tmp_path, ["dense", "softmax softmax"])
    saved = read_onnx.read(tmp_path / "net.onnx", LIMITS)
    assert saved.complete
    assert any("ArgMax, ArrayFeatureExtractor, Cast" in s for s in saved.assumed)


@pytest.mark.parametrize(("after", "name"), [("NONE", ""), ("LOGISTIC", " sigmoid"), ("SOFTMAX", " softmax")])
def test_a_linear_classifier_keeps_its_weights_in_attributes(tmp_path: Path, after: str, name: str) -> None:
    linear = node(
        "LinearClassifier", "x", "label y", domain="ai.onnx.ml", coefficients=floats(3, 4).ravel().tolist(),
        intercepts=floats(3).tolist(), classlabels_ints=[0, 1, 2], post_transform=after, name="linear",
    )  # fmt: skip
    check(model([linear], {}), tmp_path, [f"dense{name}"])
    saved = read_onnx.read(tmp_path / "net.onnx", LIMITS)
    assert [(t.name, t.shape) for t in saved.tensors] == [("linear.coefficients", (3, 4)), ("linear.intercepts", (3,))]


def test_axes_of_one_number_that_are_moved_are_a_reshape(tmp_path: Path) -> None:
    nodes = [node("Transpose", "x", "t", perm=[0, 2, 3, 1]), node("Flatten", "t", "f"), node("Gemm", "f W b", "y")]
    check(model(nodes, {"W": floats(6, 2), "b": floats(2)}, sizes=(1, 1, 2, 3)), tmp_path, ["reshape", "flatten", "dense"])
    assert kinds(model(nodes, {"W": floats(24, 2), "b": floats(2)}, sizes=(1, 4, 2, 3)), tmp_path)[0] == "box"
