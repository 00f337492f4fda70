"""Saved networks step as PyTorch computes them: forward, gradients and updates, from files that the real libraries wrote."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import SettingError, StepperError, TargetError
from core.execute.machine import Machine
from core.library import Opened, open_target
from core.notation.script import script_text
from core.program.ir import Program
from core.report import trace
from core.steppable.build import Choices, steppable
from core.steppable.data import Samples, Wanted, given_data, quoted

R = np.random.default_rng(7)


def first_iteration(program: Program) -> Machine:
    assert program.fault is None, program.fault
    return trace(program, 1).machine


def value(program: Program, machine: Machine, name: str) -> Any:
    found = [v.index for v in program.values if v.name == name and v.kind != "part"]
    return machine.value(found[0])


def weights(sizes: list[int], dtype: str = "float64") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for k, (i, o) in enumerate(pairwise(sizes), 1):
        found[f"W{k}"] = R.standard_normal((i, o)).astype(dtype)
        found[f"b{k}"] = R.standard_normal(o).astype(dtype)
    return found


def statements(opened: Opened) -> list[str]:
    assert opened.steps is not None
    return opened.steps.text.splitlines()


# -- torch

LAYERS: dict[str, Any] = {
    "relu": lambda t: [t.nn.Linear(4, 6), t.nn.ReLU(), t.nn.Linear(6, 3)],
    "tanh": lambda t: [t.nn.Linear(4, 6), t.nn.Tanh(), t.nn.Linear(6, 5), t.nn.Tanh(), t.nn.Linear(5, 3)],
    "sigmoid, no bias": lambda t: [t.nn.Linear(4, 6, bias=False), t.nn.Sigmoid(), t.nn.Linear(6, 3, bias=False)],
    "leaky, elu": lambda t: [t.nn.Linear(4, 6), t.nn.LeakyReLU(0.2), t.nn.Linear(6, 6), t.nn.ELU(0.7), t.nn.Linear(6, 3)],
    "softplus": lambda t: [t.nn.Linear(4, 6), t.nn.Softplus(), t.nn.Linear(6, 3)],
    "gelu": lambda t: [t.nn.Linear(4, 6), t.nn.GELU(approximate="tanh"), t.nn.Linear(6, 3)],
    "gelu, exact": lambda t: [t.nn.Linear(4, 6), t.nn.GELU(), t.nn.Linear(6, 3)],
    "silu, softsign": lambda t: [t.nn.Linear(4, 6), t.nn.SiLU(), t.nn.Linear(6, 6), t.nn.Softsign(), t.nn.Linear(6, 3)],
    "selu": lambda t: [t.nn.Linear(4, 6), t.nn.SELU(), t.nn.Linear(6, 3)],
    "batch norm": lambda t: [t.nn.Linear(4, 6), t.nn.BatchNorm1d(6), t.nn.ReLU(), t.nn.Linear(6, 3)],
    "layer norm": lambda t: [t.nn.Linear(4, 6), t.nn.LayerNorm(6), t.nn.ReLU(), t.nn.Dropout(0.3), t.nn.Linear(6, 3)],
    "flatten": lambda t: [t.nn.Flatten(), t.nn.Linear(4, 3)],
    "softmax": lambda t: [t.nn.Linear(4, 6), t.nn.ReLU(), t.nn.Linear(6, 3), t.nn.Softmax(1)],
    "log softmax": lambda t: [t.nn.Linear(4, 6), t.nn.ReLU(), t.nn.Linear(6, 3), t.nn.LogSoftmax(1)],
}


def module(torch: Any, name: str, dtype: str) -> Any:
    torch.manual_seed(3)
    net = torch.nn.Sequential(*LAYERS[name](torch)).to(getattr(torch, dtype))
    for layer in net:
        if isinstance(layer, torch.nn.BatchNorm1d):
            layer.running_mean.uniform_(-1, 1)
            layer.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
            torch.nn.init.uniform_(layer.bias, -0.5, 0.5)
    return net


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mode", ["use", "training"])
@pytest.mark.parametrize("name", LAYERS)
def test_forward_and_gradients_of_a_module_equal_torch(tmp_path: Path, name: str, mode: str, dtype: str) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    if mode == "training" and name == "layer norm":
        pytest.skip("dropout draws other numbers there")
    net = module(torch, name, dtype)
    torch.save(net, tmp_path / "net.pt")
    loss = "softmax_cross_entropy"
    opened = open_target(str(tmp_path / "net.pt"), None, Choices(loss=loss, mode=mode), Samples("iris"))
    machine = first_iteration(opened.program)
    net.train(mode == "training")
    x = torch.tensor(np.asarray(value(opened.program, machine, "X")))
    y = torch.tensor(np.asarray(value(opened.program, machine, "Y"))).argmax(1)
    out = net(x)
    taken = torch.nn.functional.nll_loss if name == "log softmax" else torch.nn.functional.cross_entropy
    wanted = taken(net[:-1](x) if name == "softmax" else out, y)
    wanted.backward()
    bound = 2e-6 if dtype == "float32" else 1e-12
    forward = [s for s in opened.program.statements if s.phase == "forward"][-1].target
    close(value(opened.program, machine, forward), out.detach().numpy(), bound)
    close(value(opened.program, machine, "L"), wanted.detach().numpy(), bound)
    names = {line.split(" = ")[0]: line.split('"')[3] for line in statements(opened) if 'tensor("' in line}
    parameters = dict(net.named_parameters())
    checked = 0
    for own, theirs in names.items():
        if theirs in parameters:
            gradient = machine.value(opened.program.gradients[own])
            close(gradient, parameters[theirs].grad.numpy(), bound)
            assert np.asarray(gradient).dtype == dtype
            checked += 1
    assert checked == len(parameters)


def close(found: Any, wanted: Any, bound: float) -> None:
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.reshape(wanted.shape).shape == wanted.shape
    scale = max(1.0, float(np.abs(wanted).max(initial=0)))
    assert np.abs(found.reshape(wanted.shape) - wanted).max(initial=0) <= bound * scale


def test_a_state_dict_and_its_update_equal_torch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    net = module(torch, "relu", "float64")
    torch.save(net.state_dict(), tmp_path / "net.pt")
    opened = open_target(str(tmp_path / "net.pt"), {"lr": 0.3}, Choices("relu", "softmax"), Samples("iris"))
    machine = first_iteration(opened.program)
    x = torch.tensor(np.asarray(value(opened.program, machine, "X")))
    y = torch.tensor(np.asarray(value(opened.program, machine, "Y"))).argmax(1)
    optimizer = torch.optim.SGD(net.parameters(), 0.3)
    torch.nn.functional.cross_entropy(net(x), y).backward()
    optimizer.step()
    for own, theirs in (("W1", net[0].weight), ("b1", net[0].bias), ("W2", net[2].weight), ("b2", net[2].bias)):
        _, end = opened.program.carried[own]
        close(machine.value(end), theirs.detach().numpy(), 1e-12)


def test_bfloat16_is_computed_in_float32(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    net = module(torch, "relu", "bfloat16")
    torch.save(net.state_dict(), tmp_path / "net.pt")
    opened = open_target(str(tmp_path / "net.pt"))
    assert opened.steps is not None
    assert any("bfloat16" in s for s in opened.steps.assumed)
    assert np.array_equal(opened.program.first_values["W1"], net[0].weight.detach().float().numpy())
    assert opened.program.given_named("W1").value.dtype == np.float32  # type: ignore[union-attr]


# -- texts


def test_both_orientations_stay_as_they_are_stored(tmp_path: Path) -> None:
    held = weights([4, 6, 3])
    np.savez(tmp_path / "rows.npz", **held)
    np.savez(tmp_path / "turned.npz", **{n: a.T.copy() if a.ndim == 2 else a for n, a in held.items()})
    column = {n: a.T.copy() if a.ndim == 2 else a.reshape(-1, 1) for n, a in held.items()}
    np.savez(tmp_path / "columns.npz", **column)
    lines = {}
    found = {}
    for name in ("rows", "turned", "columns"):
        opened = open_target(str(tmp_path / f"{name}.npz"), None, None, Samples("iris"))
        lines[name] = statements(opened)
        machine = first_iteration(opened.program)
        answer = np.asarray(value(opened.program, machine, "A2"))
        found[name] = answer.T if name == "columns" else answer
        assert np.array_equal(opened.program.first_values["W1"], held["W1"] if name == "rows" else held["W1"].T)
    assert "Z1 = X @ W1 + b1" in lines["rows"]
    assert "Z1 = X @ W1.T + b1" in lines["turned"]
    assert "Z1 = W1 @ X + b1" in lines["columns"]
    for name in ("turned", "columns"):
        assert np.allclose(found[name], found["rows"], rtol=0, atol=1e-12)


def test_a_first_column_of_biases_is_taken_apart(tmp_path: Path) -> None:
    np.savez(tmp_path / "ex4.npz", Theta1=R.standard_normal((5, 5)), Theta2=R.standard_normal((3, 6)))
    opened = open_target(str(tmp_path / "ex4.npz"), None, Choices("sigmoid", "sigmoid"), Samples("iris"))
    theta = np.load(tmp_path / "ex4.npz")
    machine = first_iteration(opened.program)
    x = np.asarray(value(opened.program, machine, "X"))

    def layer(a: Any, t: Any) -> Any:
        return 1 / (1 + np.exp(-np.c_[np.ones(len(a)), a] @ t.T))

    assert np.allclose(value(opened.program, machine, "A2"), layer(layer(x, theta["Theta1"]), theta["Theta2"]), atol=1e-12)


def test_what_is_chosen_and_what_is_assumed_is_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", **weights([2, 3, 1]))
    opened = open_target(str(tmp_path / "net.npz"), None, Choices(activation="tanh", loss="mse"))
    assert opened.steps is not None
    assert opened.steps.chosen == ("the loss mse", "activation: tanh")
    assert any("output activation: sigmoid" in s for s in opened.steps.assumed)
    assert any("random" in s for s in opened.steps.assumed)
    assert [q.key for q in opened.steps.questions] == ["activation", "output_activation"]


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "averaged_momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"])
def test_every_optimiser_runs(tmp_path: Path, optimizer: str) -> None:
    np.savez(tmp_path / "net.npz", **weights([4, 5, 3]))
    opened = open_target(str(tmp_path / "net.npz"), None, Choices(optimizer=optimizer), Samples("iris"))
    first_iteration(opened.program)
    assert set(opened.program.trainable) == {"W1", "b1", "W2", "b2"} == set(opened.program.gradients)


def test_steps_end_at_the_first_closed_layer(tmp_path: Path) -> None:
    held = weights([4, 5])
    held["lstm.weight_ih_l0"], held["lstm.weight_hh_l0"] = R.standard_normal((12, 5)), R.standard_normal((12, 3))
    np.savez(tmp_path / "net.npz", **held)
    opened = open_target(str(tmp_path / "net.npz"))
    assert opened.steps is not None
    assert "lstm" in opened.steps.stops
    assert "recurrent" in opened.steps.stops
    assert opened.steps.stops in opened.steps.assumed
    assert [s.phase for s in opened.program.statements] == ["forward"] * len(opened.program.statements)
    first_iteration(opened.program)


def test_a_network_that_begins_with_a_closed_layer_is_refused_with_its_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", **{"conv1.weight": np.zeros((4, 1, 3, 3)), "conv1.bias": np.zeros(4)})
    with pytest.raises(TargetError, match=r"'conv1'.*convolution"):
        open_target(str(tmp_path / "net.npz"))


def test_no_name_of_a_file_gets_into_a_text_but_as_a_text(tmp_path: Path) -> None:
    evil = 'W1") ; import os #\u202e<i>\n"""'
    held = {evil: R.standard_normal((4, 3)), "b1": np.zeros(3)}
    from core.files.saving.save_safetensors import Part, write_safetensors

    with (tmp_path / "net.safetensors").open("wb") as file:
        write_safetensors(file, [Part(n, "float64", a.shape, lambda a=a: a) for n, a in held.items()])
    opened = open_target(str(tmp_path / "net.safetensors"))
    assert opened.steps is not None
    assert opened.steps.text.isascii()
    assert "import os" not in [s.target for s in opened.program.statements]
    assert np.array_equal(opened.program.first_values["W1"], held[evil])


@pytest.mark.parametrize("text", ["plain", 'quote"', "it's", "back\\slash", "new\nline", "\u202e", "💥", "both'\""])
def test_quoted_texts_read_back(text: str) -> None:
    import ast

    assert ast.literal_eval(quoted(text)) == text
    assert quoted(text).isascii()
    assert "\n" not in quoted(text)


def test_the_printed_script_runs_alone_and_gives_the_same_losses(tmp_path: Path) -> None:
    import subprocess
    import sys

    np.savez(tmp_path / "net.npz", **weights([4, 5, 3], "float32"))
    opened = open_target(str(tmp_path / "net.npz"), None, None, Samples("iris"))
    script = script_text(opened.program, "net", 3)
    assert "net.npz" not in script
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "net.py").write_text(script)
    ran = subprocess.run([sys.executable, "net.py", "3"], cwd=other, capture_output=True, text=True, check=True)
    machine = first_iteration(opened.program)
    assert ran.stdout.splitlines()[0] == f"1 {float(value(opened.program, machine, 'L'))!r}"
    assert len(ran.stdout.splitlines()) == 3


# -- choices and data that do not fit


@pytest.mark.parametrize(
    ("choices", "word"),
    [
        (Choices(activation="swish"), "swish"),
        (Choices(loss="nll"), "nll"),
        (Choices(optimizer="lion"), "lion"),
        (Choices(mode="eval"), "eval"),
        (Choices(loss="cross_entropy", output_activation="identity"), "softmax"),
        (Choices(loss="bce"), "sigmoid"),
    ],
)
def test_choices_that_are_none(tmp_path: Path, choices: Choices, word: str) -> None:
    np.savez(tmp_path / "net.npz", **weights([4, 5, 3]))
    with pytest.raises(SettingError, match=word):
        open_target(str(tmp_path / "net.npz"), None, choices)


def test_data_of_another_size(tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", **weights([5, 4, 3]))
    with pytest.raises(TargetError, match="iris has 4 inputs a sample, and the network takes 5"):
        open_target(str(tmp_path / "net.npz"), None, None, Samples("iris"))
    np.savez(tmp_path / "net.npz", **weights([4, 4, 7]))
    with pytest.raises(TargetError, match="the network gives 7"):
        open_target(str(tmp_path / "net.npz"), None, None, Samples("iris"))


def test_other_targets_take_no_choices() -> None:
    with pytest.raises(TargetError, match="no saved network"):
        open_target("xor", None, Choices(activation="tanh"))
    with pytest.raises(TargetError, match="no saved network"):
        open_target("xor", None, None, Samples("iris"))


CSV = "a,b,kind\n1,2,0\n3,4,2\n5,6,1\n7,8,2\n"


def test_a_table_of_class_numbers_and_one_of_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", **weights([2, 4, 3]))
    (tmp_path / "points.csv").write_text(CSV)
    opened = open_target(str(tmp_path / "net.npz"), None, None, Samples(str(tmp_path / "points.csv")))
    assert 'X = inputs("points.csv")' in statements(opened)
    assert np.array_equal(opened.program.first_values["Y"], [[0], [2], [1], [2]])
    first_iteration(opened.program)
    (tmp_path / "names.csv").write_text(CSV.replace(",0\n", ",ape\n").replace(",1\n", ",bee\n").replace(",2\n", ",cat\n"))
    opened = open_target(str(tmp_path / "net.npz"), None, None, Samples(str(tmp_path / "names.csv")))
    assert np.array_equal(opened.program.first_values["Y"], np.eye(3)[[0, 2, 1, 2]])
    first_iteration(opened.program)


def test_the_last_columns_of_a_table_are_the_targets_where_there_are_several(tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", **weights([2, 4, 2]))
    (tmp_path / "points.csv").write_text("1,2,0.5,3\n4,5,1.5,6\n7,8,2.5,9\n")
    choices = Choices(output_activation="identity")
    opened = open_target(str(tmp_path / "net.npz"), None, choices, Samples(str(tmp_path / "points.csv")))
    assert np.array_equal(opened.program.first_values["X"], [[1, 2], [4, 5], [7, 8]])
    assert np.array_equal(opened.program.first_values["Y"], [[0.5, 3], [1.5, 6], [2.5, 9]])
    assert opened.steps is not None
    assert "L = mse(Z2, Y)  # mse: assumed, the file does not say it" in statements(opened)


def test_a_table_elsewhere_is_named_by_its_whole_path(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    np.savez(tmp_path / "net.npz", **weights([2, 4, 3]))
    (tmp_path / "data" / "points.csv").write_text(CSV)
    opened = open_target(str(tmp_path / "net.npz"), None, None, Samples(str(tmp_path / "data" / "points.csv")))
    assert np.shape(opened.program.first_values["X"]) == (4, 2)


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize(("outputs", "targets"), [(1, "truth"), (3, "classes"), (3, "one-hot"), (3, "numbers"), (2, "")])
def test_random_samples_and_a_typed_one_have_the_right_shape(outputs: int, targets: str, columns: bool) -> None:
    from core.notation.draft import draft

    for samples in (Samples(), Samples(inputs=(1.0, -2.0)), Samples(count=3, seed=5)):
        found = given_data(samples, Wanted((2,), outputs, targets, columns), None)
        program = draft("\n".join(["# data", *found.lines, "# forward", "Z = X + 1"])).program
        n = 1 if samples.inputs else samples.count
        x, y = program.first_values["X"], np.asarray(program.first_values["Y"])
        assert np.shape(x) == ((2, n) if columns else (n, 2))
        width = 1 if found.targets == "classes" else outputs
        assert y.shape == ((width, n) if columns else (n, width))


def test_a_typed_sample_with_its_target() -> None:
    found = given_data(Samples(inputs=(1.0, 2.0), target=(2.0,)), Wanted((2,), 3, "classes", False), None)
    assert found.lines == ("X = np.array([[1.0, 2.0]])  # typed by you", "Y = np.array([[2.0]])  # typed by you")
    with pytest.raises(TargetError, match="takes 2"):
        given_data(Samples(inputs=(1.0,)), Wanted((2,), 3, "classes", False), None)
    with pytest.raises(TargetError, match="from 0 to 2"):
        given_data(Samples(inputs=(1.0, 2.0), target=(3.0,)), Wanted((2,), 3, "classes", False), None)


# -- tensor()


def test_tensor_says_what_is_wrong(tmp_path: Path) -> None:
    from core.complete import load

    np.savez(tmp_path / "net.npz", W1=np.eye(2), c=np.ones(2, np.complex64))
    text = "# data\nX = np.ones((3, 2))\n# parameters\nW1 = tensor({})\n# forward\nZ = X @ W1\n"
    assert np.array_equal(load(text.format('"net.npz", "W1"'), None, tmp_path).first_values["W1"], np.eye(2))
    for arguments, word in (
        ('"net.npz", "W2"', "holds no array 'W2'; it holds 'W1'"), ('"gone.npz", "W1"', "gone.npz"), ('3, "W1"', "in quotes"),
        ('"net.npz", "c"', "complex64"), ('"a\\0b.npz", "W1"', "quotes"),
    ):  # fmt: skip
        with pytest.raises(StepperError, match=word):
            load(text.format(arguments), None, tmp_path)


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    from core.files.source import tensor

    np.savez(tmp_path / "net.npz", W1=np.zeros((2, 2)))
    first = tensor("net.npz", "W1", tmp_path)
    np.savez(tmp_path / "net.npz", W1=np.ones((2, 2)), more=np.zeros(3))
    assert np.array_equal(tensor("net.npz", "W1", tmp_path), np.ones((2, 2)))
    assert np.array_equal(first, np.zeros((2, 2)))
    first[0, 0] = 7
    assert tensor("net.npz", "W1", tmp_path)[0, 0] == 1


def test_not_finite_weights_are_stepped_and_seen(tmp_path: Path) -> None:
    held = weights([4, 5, 3])
    held["W1"][0, 0] = np.nan
    np.savez(tmp_path / "net.npz", **held)
    opened = open_target(str(tmp_path / "net.npz"), None, None, Samples("iris"))
    assert np.isnan(np.asarray(value(opened.program, first_iteration(opened.program), "Z1"))).any()


def test_steppable_takes_what_was_read(tmp_path: Path) -> None:
    from core.saved_target import read_saved

    np.savez(tmp_path / "net.npz", **weights([4, 5, 3]))
    found = steppable(read_saved(str(tmp_path / "net.npz")), None, Samples("iris"), tmp_path)
    assert found.text == steppable(read_saved(str(tmp_path / "net.npz")), None, Samples("iris"), tmp_path).text
    assert found.inferred is not None
    assert not found.stops


# -- other libraries


def test_scikit_learn_answers_as_here(tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib", reason="scikit-learn is not installed")
    networks = pytest.importorskip("sklearn.neural_network", reason="scikit-learn is not installed")
    data = sources_iris()
    net = networks.MLPClassifier((6, 5), activation="tanh", max_iter=400, random_state=1, tol=1.0).fit(*data)
    joblib.dump(net, tmp_path / "net.joblib")
    opened = open_target(str(tmp_path / "net.joblib"), None, None, Samples("iris"))
    found = value(opened.program, first_iteration(opened.program), "A3")
    assert np.abs(found - net.predict_proba(data[0])).max() <= 1e-12


def sources_iris() -> tuple[Any, Any]:
    from core.data.sources import load

    table = load("iris")
    return table.inputs, table.labels


@pytest.mark.parametrize("kind", ["Gemm", "MatMul"])
def test_onnx_gives_what_its_reference_gives(tmp_path: Path, kind: str) -> None:
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper
    from onnx.reference import ReferenceEvaluator

    shapes = {"w1": (6, 4), "b1": (6,), "w2": (6, 3), "b2": (3,)}
    held = {n: R.standard_normal(s) for n, s in shapes.items()}
    if kind == "Gemm":
        nodes = [helper.make_node("Gemm", ["x", "w1", "b1"], ["h"], transB=1)]
    else:
        held["w1"] = held["w1"].T
        nodes = [helper.make_node("MatMul", ["x", "w1"], ["p"]), helper.make_node("Add", ["b1", "p"], ["h"])]
    nodes += [
        helper.make_node("Relu", ["h"], ["r"]), helper.make_node("Gemm", ["r", "w2", "b2"], ["z"]),
        helper.make_node("Softmax", ["z"], ["y"], axis=-1),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["m", 4])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, ["m", 3])],
        [numpy_helper.from_array(np.ascontiguousarray(a), n) for n, a in held.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "net.onnx")
    opened = open_target(str(tmp_path / "net.onnx"), None, None, Samples("iris"))
    wanted = ReferenceEvaluator(model).run(None, {"x": sources_iris()[0]})[0]
    assert np.abs(value(opened.program, first_iteration(opened.program), "A2") - wanted).max() <= 1e-12
