"""Layers that scale and shift by what stands in the file step as Keras and the evaluator of ONNX compute them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.keras_torch import keras_on_torch

from core.files.saved import Layer
from core.files.source import saved_file
from core.library import Opened, open_target
from core.report import trace
from core.saved_convert import convert
from core.steppable.build import Choices, steppable
from core.steppable.data import Samples

R = np.random.default_rng(5)
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:keras"), pytest.mark.filterwarnings("ignore::UserWarning:keras"),
]  # fmt: skip


def outputs(opened: Opened) -> tuple[Any, Any]:
    """Return the samples of a program that was opened, and what its last forward line gives."""
    machine = trace(opened.program, 1).machine
    last = [s for s in opened.program.statements if s.phase == "forward"][-1].target
    index = next(v.index for v in opened.program.values if v.name == last and v.kind != "part")
    return np.asarray(opened.program.first_values["X"]), np.asarray(machine.value(index))


def updated(opened: Opened) -> set[str]:
    """Return what a step of training changes: nothing that prepares the inputs."""
    return {s.target for s in opened.program.statements if s.phase == "update"}


def lines(opened: Opened) -> list[str]:
    assert opened.steps is not None
    assert not opened.steps.stops, opened.steps.stops
    return [line for line in opened.steps.text.splitlines() if line.startswith("S")]


def onnx_file(path: Path, nodes: list[tuple[str, str, str]], constants: dict[str, Any], sizes: tuple[int, ...] = (4,)) -> Any:
    onnx = pytest.importorskip("onnx", reason="the oracle extra is not installed")
    held = [onnx.numpy_helper.from_array(np.asarray(v), n) for n, v in constants.items()]
    kind = onnx.helper.np_dtype_to_tensor_dtype(np.asarray(next(iter(constants.values()))).dtype)
    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(op, given.split(), [made]) for op, given, made in nodes], "g", [info("x", kind, ("m", *sizes))],
        [info(nodes[-1][2], kind, None)], held,
    )  # fmt: skip
    made = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)
    path.write_bytes(made.SerializeToString())
    return made


W = R.normal(size=(4, 3))
SCALED: dict[str, tuple[list[tuple[str, str, str]], dict[str, Any], list[str]]] = {
    "number": ([("Mul", "x c", "s")], {"c": np.array(0.25)}, ["S1 = X * 0.25"]),
    "number first": ([("Mul", "c x", "s")], {"c": np.array([-0.5])}, ["S1 = X * -0.5"]),
    "from a number": ([("Sub", "c x", "s")], {"c": np.array(1.0)}, ["S1 = 1.0 - X"]),
    "number by": ([("Div", "c x", "s")], {"c": np.array(2.0)}, ["S1 = 2.0 / X"]),
    "pixels": ([("Div", "x c", "a"), ("Sub", "a d", "s")], {"c": np.array(255.0), "d": np.array(0.5)},
               ["S1 = X / 255.0", "S2 = S1 - 0.5"]),
    "a number for each": ([("Sub", "x m", "a"), ("Div", "a d", "s")], {"m": R.normal(size=4), "d": R.uniform(1, 2, (1, 4))},
                          ["S1 = X - term1", "S2 = S1 / factor2"]),
    "by a number for each": ([("Div", "d x", "a"), ("Add", "t a", "s")], {"t": R.normal(size=4), "d": R.uniform(1, 2, 4)},
                             ["S1 = factor1 / X", "S2 = S1 + term2"]),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SCALED)
def test_onnx_scales_by_what_is_in_the_file(tmp_path: Path, name: str, dtype: str) -> None:
    nodes, constants, wanted = SCALED[name]
    held = {n: np.asarray(v, dtype) for n, v in (constants | {"W": W}).items()}
    made = onnx_file(tmp_path / "net.onnx", [*nodes, ("MatMul", "s W", "z")], held)
    opened = open_target(str(tmp_path / "net.onnx"), None, Choices(loss="mse"))
    assert lines(opened) == wanted
    x, found = outputs(opened)
    assert x.dtype == found.dtype == dtype
    from onnx.reference import ReferenceEvaluator

    (true,) = ReferenceEvaluator(made).run(None, {"x": x})
    bound = 1e-6 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(found, true, rtol=bound, atol=bound)
    assert updated(opened) == {"W1"}
    convert(str(tmp_path / "net.onnx"), tmp_path / "again.onnx")
    np.testing.assert_allclose(outputs(open_target(str(tmp_path / "again.onnx")))[1], found, rtol=bound, atol=bound)


@pytest.mark.parametrize(
    ("shape", "why"), [((4, 1), r"shape \(4, 1\)"), ((3,), r"shape \(3,\)"), ((2, 1, 4), "Mul cannot be stepped yet")]
)
def test_what_does_not_spread_over_a_sample_is_not_stepped(tmp_path: Path, shape: tuple[int, ...], why: str) -> None:
    onnx_file(tmp_path / "net.onnx", [("MatMul", "x W", "z"), ("Mul", "z c", "y")], {"W": np.ones((4, 4)), "c": np.ones(shape)})
    steps = open_target(str(tmp_path / "net.onnx")).steps
    assert steps is not None
    assert re.search(why, steps.stops), steps.stops
    assert [n.kind for n in steps.closed] == ["box" if len(shape) > 2 else "scale"]


@pytest.mark.parametrize(
    "steps",
    [None, [], "*", [["*"]], [["%", 2.0]], [["*", float("nan")]], [["*", None]], [["*", "factor"]], [["*", "b = 1\nc"]],
     [["*", 2.0]] * 9],
)  # fmt: skip
def test_steps_that_are_none_are_not_in_the_program(tmp_path: Path, steps: Any) -> None:
    np.savez(tmp_path / "net.npz", W1=np.ones((2, 3)))
    saved = saved_file(tmp_path / "net.npz")
    layers = (
        Layer("dense", "d", ("input",), ("a",), tensors={"weight": "W1"}, attributes={"orientation": "in,out"}),
        Layer("scale", "s", ("a",), ("b",), tensors={"b = 1\nc": "W1"}, attributes={"steps": steps}),
    )
    found = steppable(replace(saved, layers=layers))
    assert "by what it scales is not in the file" in found.stops
    assert "b = 1" not in found.text


def test_samples_of_several_axes_are_scaled_before_they_are_flat(tmp_path: Path) -> None:
    constants = {"c": np.full((1, 1, 2), 0.5), "W": R.normal(size=(12, 2))}
    nodes = [("Mul", "x c", "s"), ("Flatten", "s", "f"), ("MatMul", "f W", "z")]
    made = onnx_file(tmp_path / "net.onnx", nodes, constants, (3, 2, 2))
    opened = open_target(str(tmp_path / "net.onnx"))
    x, found = outputs(opened)
    from onnx.reference import ReferenceEvaluator

    np.testing.assert_allclose(found, ReferenceEvaluator(made).run(None, {"x": x})[0], rtol=1e-12, atol=1e-12)


def test_an_onnx_file_without_tensors_says_its_type_at_the_input(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="the oracle extra is not installed")
    for kind, wanted in ((onnx.TensorProto.FLOAT, "float32"), (onnx.TensorProto.DOUBLE, "float64")):
        info = onnx.helper.make_tensor_value_info
        node = onnx.helper.make_node("Sigmoid", ["x"], ["y"])
        graph = onnx.helper.make_graph([node], "g", [info("x", kind, ("m", 3))], [info("y", kind, ("m", 3))])
        path = tmp_path / f"{wanted}.onnx"
        path.write_bytes(onnx.helper.make_model(graph).SerializeToString())
        x, found = outputs(open_target(str(path)))
        assert x.dtype == found.dtype == wanted


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_keras_rescaling_and_adapted_normalization(tmp_path: Path, ending: str) -> None:
    keras = keras_on_torch()
    n = keras.layers
    table = R.normal(size=(20, 4)).astype("float32") * 3 + 7
    table[:, 2] = 7  # a feature that never varies is divided by Keras' epsilon, not by 0
    normal = n.Normalization()
    normal.adapt(table)
    net = keras.Sequential([n.Input((4,)), n.Rescaling(0.5, 0.25), normal, n.Dense(5, "tanh"), n.Rescaling(1 / 255), n.Dense(3)])
    net.save(tmp_path / f"net{ending}")
    np.savez(tmp_path / "x.npz", X=(table[:6] - 0.25) * 2, Y=np.zeros((6, 3)))
    opened = open_target(str(tmp_path / f"net{ending}"), None, None, Samples(str(tmp_path / "x.npz")))
    assert lines(opened) == [
        "S1 = X * 0.5 + 0.25", "S2 = (S1 - mean2) / maximum(sqrt(variance2), 1e-07)", "S3 = A1 * 0.00392156862745098 + 0.0"
    ]  # fmt: skip
    assert updated(opened) == {"W1", "b1", "W2", "b2"}
    x, found = outputs(opened)
    assert x.dtype == "float32"
    np.testing.assert_allclose(found, keras.ops.convert_to_numpy(net(x)), rtol=1e-6, atol=1e-6)


def test_a_normalization_that_is_not_adapted_is_closed(tmp_path: Path) -> None:
    keras = keras_on_torch()
    n = keras.layers
    net = keras.Sequential([n.Input((2,)), n.Dense(2), n.Normalization(mean=[1.0, 2.0], variance=[1.0, 1.0]), n.Dense(3)])
    net.save(tmp_path / "net.keras")
    closed = [layer for layer in saved_file(tmp_path / "net.keras").layers if not layer.steppable]
    assert [(layer.kind, "in its description" in layer.why) for layer in closed] == [("box", True)]
