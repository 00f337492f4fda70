"""Every last function, with every kind of targets, under every loss: it runs, and gives what PyTorch gives."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import SettingError, StepperError
from core.library import Opened, open_target
from core.report import trace, training
from core.steppable.build import Choices
from core.steppable.data import Samples

R = np.random.default_rng(11)
OUTPUTS = (
    "identity", "relu", "sigmoid", "tanh", "softmax", "log_softmax", "leaky_relu", "elu", "selu", "gelu", "gelu_erf", "silu",
    "softplus", "softsign",
)  # fmt: skip
LOSSES = ("mse", "half_sse", "sse", "mae", "huber", "hinge", "bce", "bce_with_logits", "cross_entropy", "softmax_cross_entropy")
NEEDS = {"bce": "sigmoid", "cross_entropy": "softmax"}
TABLES = {
    "named": (3, "1,2,ape\n3,4,bee\n5,6,cat\n7,8,bee\n"),
    "numbered": (3, "1,2,0\n3,4,2\n5,6,1\n7,8,2\n"),
    "columns of classes": (3, "1,2,1,0,0\n3,4,0,0,1\n5,6,0,1,0\n7,8,0,0,1\n"),
    "columns of truths": (3, "1,2,1,1,0\n3,4,0,0,1\n5,6,0,1,1\n7,8,0,0,0\n"),
    "columns of numbers": (3, "1,2,0.5,1,0.25\n3,4,0.5,0,1\n5,6,0.125,1,1\n7,8,0.5,0.5,0.5\n"),
    "truth": (1, "1,2,0\n3,4,1\n5,6,1\n7,8,0\n"),
    "number": (1, "1,2,0.5\n3,4,1.25\n5,6,-1\n7,8,0\n"),
    "random": (3, ""),
    "random of one": (1, ""),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all tests: a file that has not changed is read once."""
    return tmp_path_factory.mktemp("losses")


def written(folder: Path, outputs: int, columns: bool = False) -> Path:
    path = folder / f"net{outputs}{'c' * columns}.npz"
    if path.exists():
        return path
    shapes = {"W1": (2, 4), "b1": (4,), "W2": (4, outputs), "b2": (outputs,)}
    held = {n: R.standard_normal(s) / 2 for n, s in shapes.items()}
    if columns:
        held = {n: a.T.copy() if a.ndim == 2 else a.reshape(-1, 1) for n, a in held.items()}
    np.savez(path, **held)
    return path


def opened(folder: Path, table: str, choices: Choices, columns: bool = False) -> Opened:
    outputs, text = TABLES[table]
    target = str(written(folder, outputs, columns))
    if not text:
        return open_target(target, None, choices)
    points = folder / f"{table}.csv"
    if not points.exists():
        points.write_text(text)
    return open_target(target, None, choices, Samples(str(points)))


def wanted(t: Any, last: str, loss: str, z: Any, y: Any) -> Any:
    """Return what PyTorch gives for a loss of the last sums `z`."""
    f = t.nn.functional
    a = {
        "identity": lambda: z, "relu": lambda: f.relu(z), "sigmoid": lambda: f.sigmoid(z), "tanh": lambda: f.tanh(z),
        "softmax": lambda: f.softmax(z, 1), "log_softmax": lambda: f.log_softmax(z, 1),
        "leaky_relu": lambda: f.leaky_relu(z, 0.01), "elu": lambda: f.elu(z), "softplus": lambda: f.softplus(z),
        "gelu": lambda: f.gelu(z, approximate="tanh"), "gelu_erf": lambda: f.gelu(z), "silu": lambda: f.silu(z),
        "selu": lambda: f.selu(z), "softsign": lambda: f.softsign(z),
    }[last]()  # fmt: skip
    m = len(z)
    if loss == "softmax_cross_entropy":
        scores = z if last in ("softmax", "log_softmax") else a
        return f.cross_entropy(scores, y.reshape(-1).long() if y.shape != z.shape else y)
    return {
        "mse": lambda: f.mse_loss(a, y), "sse": lambda: f.mse_loss(a, y, reduction="sum"),
        "half_sse": lambda: f.mse_loss(a, y, reduction="sum") / 2, "mae": lambda: f.l1_loss(a, y, reduction="sum") / m,
        "huber": lambda: f.huber_loss(a, y, reduction="sum") / m, "hinge": lambda: (1 - y * a).clamp(min=0).sum() / m,
        # PyTorch's own takes targets between 0 and 1 alone; this is its definition.
        "bce": lambda: -(y * t.log(a) + (1 - y) * t.log(1 - a)).sum() / m,
        "bce_with_logits": lambda: f.binary_cross_entropy_with_logits(z if last == "sigmoid" else a, y, reduction="sum") / m,
        "cross_entropy": lambda: -(y * t.log(a)).sum() / m,
    }[loss]()  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_every_loss_after_every_function_equals_torch(folder: Path, table: str) -> None:
    t = pytest.importorskip("torch", reason="the oracle extra is not installed")
    outputs = OUTPUTS if table in ("numbered", "number") else ("identity", "sigmoid", "softmax")
    for n, (last, loss) in enumerate(product(outputs, LOSSES)):
        choices = Choices("tanh", last, loss=loss)
        if loss in NEEDS and NEEDS[loss] != last:
            with pytest.raises(SettingError, match=rf"needs a {NEEDS[loss]}|shares out a whole"):
                opened(folder, table, choices)
            continue
        if loss.endswith("cross_entropy") and (TABLES[table][0] == 1 or table in ("columns of truths", "columns of numbers")):
            with pytest.raises(StepperError, match=r"shares out a whole|add up to 1"):
                opened(folder, table, choices)
            continue
        columns = n % 2 == 1
        program = opened(folder, table, choices, columns).program
        machine = trace(program, 1).machine
        held = {name: t.tensor(np.asarray(program.first_values[name]), requires_grad=True) for name in ("W1", "b1", "W2", "b2")}
        x, y = (np.asarray(program.first_values[name], np.float64) for name in "XY")
        w1, b1, w2, b2 = (p.T if columns else p for p in held.values())
        z = t.tanh(t.tensor(x.T if columns else x) @ w1 + b1) @ w2 + b2
        result = wanted(t, last, loss, z, t.tensor((y.T if columns else y).copy()))
        result.backward()
        assert program.loss is not None
        found = np.asarray(machine.value(program.loss))
        assert np.allclose(found, result.detach().numpy(), rtol=1e-10, atol=1e-12), (last, loss)
        for name, p in held.items():
            assert np.allclose(machine.value(program.gradients[name]), p.grad.numpy(), rtol=1e-9, atol=1e-11), (last, loss, name)


USUAL = {
    ("softmax", "numbered"): "softmax_cross_entropy", ("softmax", "named"): "softmax_cross_entropy",
    ("identity", "named"): "softmax_cross_entropy", ("identity", "numbered"): "softmax_cross_entropy",
    ("identity", "truth"): "bce_with_logits", ("identity", "columns of truths"): "bce_with_logits",
    ("identity", "number"): "mse", ("identity", "columns of numbers"): "mse", ("identity", "random"): "mse",
    ("sigmoid", "truth"): "bce_with_logits", ("sigmoid", "number"): "mse", ("sigmoid", "named"): "bce_with_logits",
    ("tanh", "numbered"): "mse", ("tanh", "number"): "mse",
}  # fmt: skip


@pytest.mark.parametrize(("last", "table"), USUAL)
def test_the_usual_loss_goes_with_the_function_and_the_targets(folder: Path, last: str, table: str) -> None:
    found = opened(folder, table, Choices("tanh", last))
    assert found.steps is not None
    assert found.steps.loss == USUAL[last, table]
    assert found.steps.text.count(f"# {found.steps.loss}: assumed, the file does not say it") == 1
    assert trace(found.program, 1).fault is None


def test_the_targets_of_the_hinge_loss_are_signs(folder: Path) -> None:
    found = opened(folder, "named", Choices("tanh", "identity", loss="hinge"))
    assert np.array_equal(found.program.first_values["Y"], 2 * np.eye(3)[[0, 1, 2, 1]] - 1)
    found = opened(folder, "truth", Choices("tanh", "identity", loss="hinge"))
    assert np.array_equal(found.program.first_values["Y"], [[-1], [1], [1], [-1]])


# -- accuracy


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize("mode", ["use", "training"])
@pytest.mark.parametrize(
    ("last", "table", "loss"),
    [
        ("softmax", "named", ""), ("identity", "numbered", ""), ("softmax", "numbered", "mse"), ("sigmoid", "truth", ""),
        ("identity", "truth", ""), ("identity", "truth", "mse"), ("identity", "truth", "hinge"), ("tanh", "named", "hinge"),
        ("sigmoid", "columns of truths", ""), ("identity", "columns of truths", ""), ("sigmoid", "named", ""),
    ],
)  # fmt: skip
def test_the_accuracy_is_that_of_the_answers(
    folder: Path, last: str, table: str, loss: str, mode: str, columns: bool
) -> None:  # fmt: skip
    found = opened(folder, table, Choices("tanh", last, loss=loss, mode=mode, batch=2), columns)
    row = list(training(found.program, 2, found.evaluations))[-1]
    held = np.load(written(folder, TABLES[table][0], columns))
    assert [e.part for e in found.evaluations] == ["training"]
    program = found.program
    machine = trace(program, 2).machine
    w = {name: np.asarray(machine.value(program.carried[name][1])) for name in held.files}
    w = {name: a.T if columns else a for name, a in w.items()}
    x, y = (np.asarray(program.first_values[name], np.float64) for name in "XY")
    x, y = (x.T, y.T) if columns else (x, y)
    z = np.tanh(x @ w["W1"] + w["b1"]) @ w["W2"] + w["b2"]
    if y.shape[1] == 1 and z.shape[1] > 1:
        right = z.argmax(1) == y[:, 0]
    elif table.startswith("named") or table == "numbered":
        right = z.argmax(1) == y.argmax(1)
    else:
        threshold = 0.5 if loss == "mse" else 0
        right = (z > threshold) == (y > (0 if loss == "hinge" else 0.5))
    assert row["accuracy"] == np.mean(right)


@pytest.mark.parametrize("table", ["random", "number", "columns of numbers"])
def test_there_is_no_accuracy_where_targets_are_no_answers(folder: Path, table: str) -> None:
    assert opened(folder, table, Choices("tanh", "identity")).evaluations == ()


def test_dropout_and_batches_of_training_are_not_in_the_accuracy(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    torch.manual_seed(2)
    net = torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(8, 3)
    ).double()
    torch.save(net, tmp_path / "net.pt")
    found = open_target(str(tmp_path / "net.pt"), {"lr": 1e-300}, Choices(mode="training"), Samples("iris"))
    assert "dropout_mask" in found.program.text
    assert found.steps is not None
    assert "dropout_mask" not in found.steps.evaluation
    rows = list(training(found.program, 2, found.evaluations))
    assert 0 <= rows[0]["accuracy"] <= 1


def test_a_batch_of_one_sample_is_not_normalised(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
    torch.save(torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3)).double(), tmp_path / "net.pt")
    for samples, batch in ((Samples(inputs=(1.0, 2.0, 3.0, 4.0)), None), (Samples("iris"), 1), (Samples(count=9), 4)):
        with pytest.raises(SettingError, match="at least 2"):
            open_target(str(tmp_path / "net.pt"), None, Choices(mode="training", batch=batch), samples)
        open_target(str(tmp_path / "net.pt"), None, Choices(batch=batch), samples)
