"""What a library computes with settings that are seldom used; found by tests/fuzz/fuzz_networks.py."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
onnx = pytest.importorskip("onnx", reason="the oracle extra is not installed")

from helpers.keras_torch import keras_on_torch  # noqa: E402
from helpers.torch_nets import Stepped, close  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from core.errors import TargetError  # noqa: E402
from core.library import open_target  # noqa: E402
from core.report import trace  # noqa: E402
from core.saved_convert import convert  # noqa: E402
from core.saved_target import read_saved  # noqa: E402
from core.saved_writing import values_now, write_weights  # noqa: E402
from core.session import session_of  # noqa: E402
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


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_keras_keeps_the_variance_of_the_batch_itself(tmp_path: Path) -> None:
    k = keras_on_torch()
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


def used_twice(folder: Path, form: str) -> tuple[Path, Any]:
    """Return a file in which the first layer is also the third, and its network."""
    first, second = nn.Linear(4, 4), nn.Linear(4, 2)
    net = nn.Sequential(first, nn.Tanh(), first, second)
    path = folder / f"net{form}"
    if form == ".pt":
        torch.save(net, path)
    elif form == ".onnx":
        held = {"W": first.weight.T, "b": first.bias, "V": second.weight.T, "c": second.bias}
        nodes = [helper.make_node(*n) for n in (
            ("Gemm", ["x", "W", "b"], ["z"]), ("Tanh", ["z"], ["a"]), ("Gemm", ["a", "W", "b"], ["y"]),
            ("Gemm", ["y", "V", "c"], ["o"]),
        )]  # fmt: skip
        onnx_file(folder, nodes, {n: a.detach().numpy() for n, a in held.items()}, 4).rename(path)
    else:
        k = keras_on_torch()
        shared, last, start = k.layers.Dense(4), k.layers.Dense(2), k.Input((4,))
        k.Model(start, last(shared(k.layers.Activation("tanh")(shared(start))))).save(path)
        for layer, own in ((shared, first), (last, second)):
            own.weight.data, own.bias.data = (
                torch.tensor(np.asarray(a)) for a in (layer.kernel.value.detach().T, layer.bias.value.detach())
            )
    return path, net


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("form", [".pt", ".onnx", ".keras", ".h5"])
def test_a_layer_that_is_used_twice_trains_the_same_numbers(tmp_path: Path, form: str) -> None:
    path, net = used_twice(tmp_path, form)
    stepped = Stepped(path)
    x, y = (torch.tensor(stepped.value(n), dtype=torch.float32) for n in ("X", "Y"))
    out = net(x)
    torch.nn.functional.mse_loss(out, y).backward()
    close(stepped.out, out, "float32")
    assert sorted(stepped.program.gradients) == ["W1", "W3", "b1", "b3"]
    for name, layer in (("1", net[0]), ("3", net[3])):
        gradient = stepped.machine.value(stepped.program.gradients[f"W{name}"])
        close(gradient if form == ".pt" else gradient.T, layer.weight.grad, "float32")
        close(stepped.machine.value(stepped.program.gradients[f"b{name}"]), layer.bias.grad, "float32")
    with pytest.raises(TargetError, match="the same weights as a layer before it"):
        convert(str(path), tmp_path / "net.toml")


def test_a_layer_that_is_used_twice_is_saved_under_both_names(tmp_path: Path) -> None:
    path, _ = used_twice(tmp_path, ".pt")
    session = session_of(open_target(str(path), None, Choices(loss="mse")))
    session.run(2)
    write_weights(session, tmp_path / "after.npz")
    held = np.load(tmp_path / "after.npz")
    assert np.array_equal(held["0.weight"], values_now(session)["W1"])
    assert np.array_equal(held["0.weight"], held["2.weight"])


def test_equal_biases_that_onnx_holds_once_are_still_two(tmp_path: Path) -> None:
    nodes = [helper.make_node("Gemm", ["x", "W", "b"], ["z"]), helper.make_node("Gemm", ["z", "V", "b"], ["y"])]
    path = onnx_file(tmp_path, nodes, {"W": R.normal(size=(3, 3)), "V": R.normal(size=(3, 3)), "b": np.zeros(3)}, 3)
    assert sorted(Stepped(path).program.gradients) == ["W1", "W2", "b1", "b2"]


def test_names_of_ours_do_not_meet_those_that_writing_onnx_needs(tmp_path: Path) -> None:
    net, path = saved(
        tmp_path, nn.Linear(4, 4), nn.SiLU(), nn.Unflatten(1, (2, 2)), nn.SELU(), nn.Flatten(), nn.Linear(4, 2), nn.SELU()
    )
    convert(str(path), tmp_path / "out.onnx")
    evaluator = ReferenceEvaluator(str(tmp_path / "out.onnx"))
    x = R.normal(size=(5, 4))
    wanted = net(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(evaluator.run(None, {evaluator.input_names[0]: x})[0], wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_mixed_precision_of_keras_is_said(tmp_path: Path) -> None:
    k = keras_on_torch()
    k.Sequential([k.Input((3,)), k.layers.Dense(4, dtype="mixed_bfloat16")]).save(tmp_path / "net.keras")
    assert any("Keras computes in bfloat16 here" in said for said in read_saved(str(tmp_path / "net.keras")).assumed)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_regressor_of_scikit_learn_that_ends_in_exp_is_stepped_up_to_it(tmp_path: Path) -> None:
    networks = pytest.importorskip("sklearn.neural_network", reason="scikit-learn is not installed")
    x = R.uniform(size=(30, 3))
    net = networks.MLPRegressor(loss="poisson", hidden_layer_sizes=(4,), max_iter=3, random_state=1).fit(x, x.sum(1))
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(net))
    opened = open_target(str(tmp_path / "net.pkl"))
    assert opened.steps is not None
    assert opened.steps.stops.endswith("before the layer 'output' (exp): its last function is exp, which cannot be stepped yet")
    run = trace(opened.program, 1)
    out = np.asarray(run.machine.value(opened.program.instructions[-1].result))
    np.testing.assert_allclose(np.exp(out)[:, 0], net.predict(opened.program.first_values["X"]), rtol=1e-12)


def test_numbers_of_64_bits_in_onnx_are_not_rounded(tmp_path: Path) -> None:
    held = {"t": np.float64(-0.1234567890123456), "W": R.normal(size=(2, 3))}
    nodes = [helper.make_node("Sub", ["x", "t"], ["z"]), helper.make_node("MatMul", ["z", "W"], ["y"])]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", 11, ["m", 2])], [helper.make_tensor_value_info("y", 11, None)],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in held.items()],
    )  # fmt: skip
    (tmp_path / "net.onnx").write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]).SerializeToString())
    stepped = Stepped(tmp_path / "net.onnx")
    np.testing.assert_allclose(stepped.out, (stepped.value("X") - held["t"]) @ held["W"], rtol=1e-14, atol=1e-15)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_scaler_whose_settings_are_all_off_changes_nothing(tmp_path: Path) -> None:
    networks = pytest.importorskip("sklearn.neural_network", reason="scikit-learn is not installed")
    from sklearn import pipeline, preprocessing

    x = R.normal(size=(30, 3))
    scaler = preprocessing.StandardScaler(with_mean=False, with_std=False)
    net = pipeline.make_pipeline(scaler, networks.MLPRegressor(hidden_layer_sizes=(4,), max_iter=3, random_state=1)).fit(
        x, x[:, 0]
    )
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(net))
    stepped = Stepped(tmp_path / "net.pkl")
    np.testing.assert_allclose(stepped.out[:, 0], net.predict(stepped.value("X")), rtol=1e-12, atol=1e-14)


def test_a_function_after_a_dropout_is_said_not_to_be_described(tmp_path: Path) -> None:
    _, path = saved(tmp_path, nn.Linear(3, 4), nn.Dropout(0.2), nn.ReLU(), nn.Linear(4, 2))
    with pytest.raises(TargetError, match="follows no dense layer"):
        convert(str(path), tmp_path / "net.toml")
