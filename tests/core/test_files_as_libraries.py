"""What a library computes with settings that are seldom used; found by tests/fuzz/fuzz_networks.py."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
onnx = pytest.importorskip("onnx", reason="the oracle extra is not installed")

from helpers.torch_nets import Stepped, close  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from core.errors import TargetError  # noqa: E402
from core.library import open_target  # noqa: E402
from core.report import trace  # noqa: E402
from core.saved_convert import convert  # noqa: E402
from core.saved_target import read_saved  # noqa: E402
from core.steppable.build import Choices, steppable  # noqa: E402
from core.steppable.data import Samples  # noqa: E402

nn = torch.nn
R = np.random.default_rng(11)


def saved(folder: Path, *layers: Any) -> tuple[Any, Path]:
    torch.manual_seed(1)
    net = nn.Sequential(*layers).double().eval()
    torch.save(net, folder / "net.pt")
    return net, folder / "net.pt"


def onnx_file(folder: Path, nodes: list[Any], tensors: dict[str, Any], size: int) -> Path:
    held = [numpy_helper.from_array(np.asarray(a, np.float32), n) for n, a in tensors.items()]
    given, made = (helper.make_tensor_value_info(n, 1, s) for n, s in (("x", ["m", size]), ("y", None)))
    model = helper.make_model(helper.make_graph(nodes, "g", [given], [made], held), opset_imports=[helper.make_opsetid("", 20)])
    (folder / "net.onnx").write_bytes(model.SerializeToString())
    return folder / "net.onnx"


def after_one_step(path: Path, mode: str = "training") -> tuple[Any, Any]:
    """Return the first samples, and the state that one iteration leaves."""
    opened = open_target(str(path), None, Choices(mode=mode), Samples(count=5))
    run = trace(opened.program, 1)
    assert run.fault is None
    return opened.program.first_values["X"], run.machine.state()


@pytest.mark.parametrize("momentum", [0.0, 0.3, 1.0])
def test_the_share_of_a_batch_in_running_statistics_is_that_of_pytorch(tmp_path: Path, momentum: float) -> None:
    net, path = saved(tmp_path, nn.Linear(3, 4), nn.BatchNorm1d(4, momentum=momentum))
    x, state = after_one_step(path)
    net.train()(torch.tensor(np.asarray(x)))
    np.testing.assert_allclose(state["mean1"], net[1].running_mean.numpy(), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(state["variance1"], net[1].running_var.numpy(), rtol=1e-12)


def test_running_statistics_over_all_batches_are_not_stepped_in_training(tmp_path: Path) -> None:
    _, path = saved(tmp_path, nn.Linear(3, 4), nn.BatchNorm1d(4, momentum=None), nn.Linear(4, 2))
    assert steppable(read_saved(str(path)), Choices()).stops == ""
    assert "momentum None" in steppable(read_saved(str(path)), Choices(mode="training")).stops


def test_keras_keeps_the_variance_of_the_batch_itself(tmp_path: Path) -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    k = pytest.importorskip("keras", reason="the oracle extra is not installed")
    net = k.Sequential([k.Input((3,)), k.layers.Dense(4), k.layers.BatchNormalization(momentum=0.6)])
    net.save(tmp_path / "net.keras")
    x, state = after_one_step(tmp_path / "net.keras")
    net(np.asarray(x, np.float32), training=True)
    np.testing.assert_allclose(state["mean1"], np.asarray(net.layers[1].moving_mean), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(state["variance1"], np.asarray(net.layers[1].moving_variance), rtol=1e-5)


def test_onnx_keeps_the_variance_of_the_batch_itself(tmp_path: Path) -> None:
    tensors = {"g": [1.0, 2.0], "b": [0.0, 0.5], "m": [0.1, -0.2], "v": [1.5, 0.5]}
    path = onnx_file(tmp_path, [helper.make_node("BatchNormalization", [*"xgbmv"], ["y"], momentum=0.75)], tensors, 2)
    x, state = after_one_step(path)
    train = onnx.load(str(path))
    train.graph.node[0].attribute.append(helper.make_attribute("training_mode", 1))
    train.graph.node[0].output.extend(["mean", "variance"])
    train.graph.output.extend(helper.make_tensor_value_info(n, 1, [2]) for n in ("mean", "variance"))
    mean, variance = ReferenceEvaluator(train).run(["mean", "variance"], {"x": np.asarray(x, np.float32)})
    np.testing.assert_allclose(state["mean1"], mean, rtol=1e-5)
    np.testing.assert_allclose(state["variance1"], variance, rtol=1e-5)


@pytest.mark.parametrize(("alpha", "beta", "turned"), [(0.5, 1.0, 0), (1.0, 2.0, 1), (-0.25, 0.5, 1), (3.0, 0.0, 0)])
def test_a_gemm_with_factors_is_stepped(tmp_path: Path, alpha: float, beta: float, turned: int) -> None:
    tensors = {"W": R.normal(size=(3, 4) if turned else (4, 3)), "b": R.normal(size=3)}
    node = helper.make_node("Gemm", ["x", "W", "b"], ["y"], alpha=alpha, beta=beta, transB=turned)
    stepped = Stepped(onnx_file(tmp_path, [node], tensors, 4))
    w, b = (torch.tensor(a, dtype=torch.float32, requires_grad=True) for a in tensors.values())
    stepped.check(lambda x: alpha * (x @ (w.T if turned else w)) + beta * b, {"W": w, "b": b}, "float32")
    convert(str(tmp_path / "net.onnx"), tmp_path / "again.onnx")
    evaluator = ReferenceEvaluator(str(tmp_path / "again.onnx"))
    again = evaluator.run(None, {evaluator.input_names[0]: stepped.value("X").astype(np.float32)})[0]
    close(again, torch.tensor(stepped.out), "float32")
    with pytest.raises(TargetError, match="multiplied by a number"):
        convert(str(tmp_path / "net.onnx"), tmp_path / "net.toml")


@pytest.mark.parametrize("norm", ["BatchNorm1d", "LayerNorm"])
def test_the_last_function_follows_a_normalisation_after_the_last_layer(tmp_path: Path, norm: str) -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 5), getattr(nn, norm)(5)).double().eval()
    torch.save(net.state_dict(), tmp_path / "net.pt")
    stepped = Stepped(tmp_path / "net.pt", Choices("tanh", "sigmoid", loss="mse"))
    stepped.check(lambda x: torch.sigmoid(net[2](net[1](torch.tanh(net[0](x))))), dict(net.named_parameters()), "float64")
    assert "# sigmoid: chosen by you" in stepped.program.text


def test_what_is_not_trained_is_never_updated(tmp_path: Path) -> None:
    nodes = [helper.make_node("Mul", ["x", "f"], ["z"]), helper.make_node("Sub", ["z", "t"], ["y"])]
    opened = open_target(str(onnx_file(tmp_path, nodes, {"f": [2.0, 3.0], "t": [0.5, 1.0]}, 2)))
    assert opened.steps is not None
    assert "nothing in it is trained, so there is no loss" in opened.steps.assumed
    assert not opened.program.carried
    run = trace(opened.program, 1)
    x = np.asarray(opened.program.first_values["X"], np.float32)
    out = run.machine.value(opened.program.instructions[-1].result)
    np.testing.assert_allclose(out, x * [2.0, 3.0] - [0.5, 1.0], rtol=1e-6)


def test_settings_of_pytorch_that_are_numbers_of_numpy_are_read(tmp_path: Path) -> None:
    slope = np.linspace(0.1, 0.5, 3)[1]
    net, path = saved(
        tmp_path, nn.Linear(3, 4), nn.LeakyReLU(slope), nn.LayerNorm(4, eps=np.float32(0.25)), nn.ELU(np.float64(0.7))
    )
    Stepped(path).check(net, dict(net.named_parameters()), "float64")


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        (nn.LeakyReLU(torch.tensor(0.3)), "its negative_slope is no plain number"),
        (nn.Softplus(threshold=1), "threshold below 20"),
        (nn.Softplus(beta=2), "beta other than 1"),
    ],
)
def test_settings_of_pytorch_that_are_nothing_plain_close_the_layer(tmp_path: Path, layer: Any, why: str) -> None:
    _, path = saved(tmp_path, nn.Linear(3, 4), layer, nn.Linear(4, 2))
    assert why in steppable(read_saved(str(path))).stops


@pytest.mark.parametrize("length", [0x0178, 0x5E78, 0x9C78, 0x5D])
def test_a_length_that_is_the_beginning_of_a_packing(tmp_path: Path, length: int) -> None:
    """The first bytes of .safetensors are how long its header is."""
    text = '{"W":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}'.ljust(length).encode()
    (tmp_path / "net.safetensors").write_bytes(length.to_bytes(8, "little") + text + np.float32([1, 2]).tobytes())
    assert [t.name for t in read_saved(str(tmp_path / "net.safetensors")).tensors] == ["W"]
