"""Networks that the real libraries wrote, drawn at random: what they give and every gradient equals PyTorch's."""

from __future__ import annotations

import pickle
import random
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.steppable.build import Choices

torch = pytest.importorskip("torch", reason="the oracle extra is not installed")

from helpers.keras_torch import keras_on_torch  # noqa: E402
from helpers.torch_nets import BOUND, FUNCTIONS, HIDDEN, Stepped, close, sequential, without_dropout  # noqa: E402

NEW = ("gelu", "silu", "selu", "softsign")

# -- PyTorch


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_a_whole_sequential(tmp_path: Path, seed: int, legacy: bool) -> None:
    dtype = ("float32", "float64")[seed % 2]
    net = sequential(seed, dtype)
    torch.save(net, tmp_path / "net.pt", _use_new_zipfile_serialization=not legacy)
    modes = ("use", "training") if without_dropout(net) else ("use",)
    for mode in modes:
        net.train(mode == "training").zero_grad()
        Stepped(tmp_path / "net.pt", Choices(loss="mse", mode=mode)).check(net, dict(net.named_parameters()), dtype)


@pytest.mark.parametrize("dtype", BOUND)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_state_dict_with_what_is_chosen(tmp_path: Path, hidden: str, dtype: str) -> None:
    draw, nn = random.Random(hidden), torch.nn
    sizes = [4, *draw.sample([3, 5, 6, 7], 3), 2]
    layers: list[Any] = []
    torch.manual_seed(len(hidden))
    for n, (a, b) in enumerate(pairwise(sizes)):
        layers.append(nn.Linear(a, b))
        if n < len(sizes) - 2:
            norm = draw.choice([[], [nn.BatchNorm1d(b)], [nn.LayerNorm(b)]])
            layers += [*norm, torch.nn.Identity()]
    net = nn.Sequential(*layers).to(getattr(torch, dtype)).eval()
    state = {
        "epoch": 3,
        "model_state_dict": net.state_dict(),
        "optimizer_state_dict": torch.optim.Adam(net.parameters()).state_dict(),
    }
    torch.save(state, tmp_path / "net.pt")

    def forward(x: Any) -> Any:
        for layer in net:
            x = FUNCTIONS[hidden](x) if isinstance(layer, nn.Identity) else layer(x)
        return FUNCTIONS["softmax"](x)

    stepped = Stepped(tmp_path / "net.pt", Choices(hidden, "softmax", loss="mse"))
    stepped.check(forward, dict(net.named_parameters()), dtype)


# -- Keras (its layers on PyTorch multiply in 32 bits)


def keras_layers(k: Any, seed: int) -> list[Any]:
    draw, n = random.Random(seed), k.layers
    found: list[Any] = [n.Reshape((2, 3)), n.Flatten()] if draw.random() < 0.4 else []
    for _ in range(draw.randint(1, 4)):
        units = draw.choice([3, 4, 6])
        named = draw.choice(["relu", "tanh", "sigmoid", "softplus", "elu", "linear", "leaky_relu", None, "softmax", *NEW])
        found.append(n.Dense(units, activation=named, use_bias=draw.random() < 0.7, bias_initializer="random_normal"))
        found += draw.choice([
            [], [n.BatchNormalization(epsilon=draw.choice([1e-3, 1e-4]), center=draw.random() < 0.8)],
            [n.LayerNormalization(scale=draw.random() < 0.8)], [n.Dropout(0.3)],
        ])  # fmt: skip
        found += draw.choice([
            [], [n.ReLU()], [n.LeakyReLU(negative_slope=0.15)], [n.ELU(alpha=0.6)], [n.Activation("tanh")], [n.Softmax()],
            [n.ReLU(negative_slope=0.1)],
        ])  # fmt: skip
    return found


def keras_net(k: Any, seed: int, functional: bool) -> Any:
    k.utils.set_random_seed(seed)
    layers = keras_layers(k, seed)
    start = k.Input((6,))
    if not functional:
        net = k.Sequential([start, *layers])
    else:
        flow = start
        for layer in layers:
            flow = layer(flow)
        net = k.Model(start, flow)
    for layer in net.layers:
        if isinstance(layer, k.layers.BatchNormalization):
            layer.moving_mean.assign(np.random.default_rng(seed).normal(size=layer.moving_mean.shape))
            layer.moving_variance.assign(np.random.default_rng(seed).uniform(0.5, 2, layer.moving_mean.shape))
    return net


def check_keras(net: Any, path: Path) -> None:
    """Compare: the names of tensors differ between the layouts, so gradients are matched layer by layer."""
    stepped = Stepped(path)
    for weight in net.trainable_weights:
        weight.value.grad = None
    x, y = (torch.tensor(stepped.value(n), dtype=torch.float32) for n in ("X", "Y"))
    out = net(x, training=False)
    torch.nn.functional.mse_loss(out, y).backward()
    close(stepped.out, out, "float32")
    found = list(stepped.gradients().values())
    assert len(found) == len(net.trainable_weights)
    for gradient, weight in zip(found, net.trainable_weights, strict=True):
        close(gradient, weight.value.grad, "float32")


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("form", [".keras", ".h5", ".json"])
@pytest.mark.parametrize("functional", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_keras(tmp_path: Path, seed: int, functional: bool, form: str) -> None:
    net = keras_net(keras_on_torch(), seed, functional)
    path = tmp_path / f"net{form}"
    if form == ".json":
        path.write_text(net.to_json())
        net.save_weights(tmp_path / "net.weights.h5")
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            net.save(path)
    check_keras(net, path)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("hidden", ["relu", "tanh", "sigmoid", "elu", "softplus", *NEW])
def test_weights_of_keras_alone(tmp_path: Path, hidden: str) -> None:
    k = keras_on_torch()
    k.utils.set_random_seed(4)
    n = k.layers
    net = k.Sequential([
        k.Input((5,)), n.Dense(7, activation=hidden), n.Dense(6), n.BatchNormalization(), n.Activation(hidden), n.Dense(3),
        n.Softmax(),
    ])  # fmt: skip
    net.save_weights(tmp_path / "net.weights.h5")
    stepped = Stepped(tmp_path / "net.weights.h5", Choices({"gelu": "gelu_erf"}.get(hidden, hidden), "softmax", loss="mse"))
    close(stepped.out, net(torch.tensor(stepped.value("X"), dtype=torch.float32), training=False), "float32")


# -- scikit-learn


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("task", ["several", "two", "many labels", "numbers"])
@pytest.mark.parametrize("hidden", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("dtype", BOUND)
def test_scikit_learn(tmp_path: Path, hidden: str, task: str, dtype: str) -> None:
    networks = pytest.importorskip("sklearn.neural_network", reason="scikit-learn is not installed")
    joblib = pytest.importorskip("joblib")
    r = np.random.default_rng(2)
    x = r.normal(size=(60, 4)).astype(dtype)
    targets = {
        "several": r.integers(0, 3, 60), "two": r.integers(0, 2, 60), "many labels": r.integers(0, 2, (60, 3)),
        "numbers": r.normal(size=(60, 2)),
    }[task]  # fmt: skip
    kind = networks.MLPRegressor if task == "numbers" else networks.MLPClassifier
    net = kind(hidden_layer_sizes=(6, 5), activation=hidden, max_iter=4, random_state=1).fit(x, targets)
    assert net.coefs_[0].dtype == dtype
    path = tmp_path / ("net.pkl" if dtype == "float32" else "net.joblib")
    if dtype == "float32":
        path.write_bytes(pickle.dumps(net))
    else:
        joblib.dump(net, path, compress=3 if hidden == "relu" else 0)
    stepped = Stepped(path)
    ours = stepped.out
    theirs = net.predict(stepped.value("X")) if task == "numbers" else net.predict_proba(stepped.value("X"))
    wanted = theirs[:, 1:] if task == "two" else theirs
    assert np.abs(ours - wanted).max() <= BOUND[dtype] * max(1.0, float(np.abs(wanted).max()))
    weights = [torch.tensor(a, requires_grad=True) for a in (*net.coefs_, *net.intercepts_)]
    last = {"several": "softmax", "two": "sigmoid", "many labels": "sigmoid", "numbers": "identity"}[task]

    def forward(a: Any) -> Any:
        for n in range(3):
            z = a @ weights[n] + weights[3 + n]
            a = FUNCTIONS[{"logistic": "sigmoid"}.get(hidden, hidden) if n < 2 else last](z)
        return a

    names = [f"{kind}.{n}" for kind in ("coefs_", "intercepts_") for n in range(3)]
    stepped.check(forward, dict(zip(names, weights, strict=True)), dtype)
