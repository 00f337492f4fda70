"""Dense networks drawn at random, and written as each library writes them, in every way that a learner does.

A network is a list of PyTorch's modules in the type of the file. What another library defines otherwise is a module here, too:
`Scaled`, and `Normed`, whose running variance takes the population's, as that of Keras and ONNX does.
"""

from __future__ import annotations

import json
import os
import pickle
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import joblib
import numpy as np
import safetensors.torch
import torch
from sklearn import neural_network, pipeline, preprocessing
from torch import nn

WIDTHS = (1, 2, 3, 3, 4, 4, 4, 6, 8, 12)
CHOSEN: dict[str, Callable[[], Any]] = {
    "relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "leaky_relu": nn.LeakyReLU, "elu": nn.ELU, "softplus": nn.Softplus,
    "gelu": lambda: nn.GELU("tanh"), "gelu_erf": nn.GELU, "silu": nn.SiLU, "selu": nn.SELU, "softsign": nn.Softsign,
    "identity": nn.Identity,
}  # fmt: skip
LASTS: dict[str, Callable[[], Any]] = {
    "softmax": lambda: nn.Softmax(1), "log_softmax": lambda: nn.LogSoftmax(-1), "sigmoid": nn.Sigmoid, "identity": nn.Identity,
    "tanh": nn.Tanh,
}  # fmt: skip


class Scaled(nn.Module):
    """x · factor + term, both of the file and not trained."""

    def __init__(self, factor: Any, term: Any) -> None:
        super().__init__()
        self.register_buffer("factor", torch.as_tensor(factor))
        self.register_buffer("term", torch.as_tensor(term))

    def forward(self, x: Any) -> Any:
        return x * self.factor + self.term


class Normed(nn.BatchNorm1d):
    """Batch normalisation whose running variance divides by m."""

    def forward(self, x: Any) -> Any:
        before = self.running_var.clone()
        out = super().forward(x)
        if self.training:
            self.running_var = before + self.momentum * (x.detach().var(0, unbiased=False) - before)
        return out


class Gemmed(nn.Linear):
    """alpha · x @ W + beta · b."""

    alpha, beta = 1.0, 1.0

    @classmethod
    def of(cls, r: random.Random, layer: Any) -> Gemmed:
        made = cls(layer.in_features, layer.out_features, layer.bias is not None, dtype=layer.weight.dtype)
        made.load_state_dict(layer.state_dict())
        made.alpha, made.beta = r.choice([(0.5, 1.0), (1.0, 2.0), (0.25, -0.5), (1.0, 0.0)])
        return made

    def forward(self, x: Any) -> Any:
        product = self.alpha * (x @ self.weight.T)
        return product if self.bias is None else product + self.beta * self.bias


class Masked(nn.Module):
    """Dropout with the mask that the program drew."""

    mask: Any = None

    def forward(self, x: Any) -> Any:
        return x if self.mask is None or not self.training else x * self.mask


@dataclass
class Case:
    """A file; the network in it; what to choose; what its library itself gives; the arrays that it is to hold.

    `infer` says that it holds weights alone.
    """

    path: Path
    net: Any
    way: str
    choices: dict[str, str] = field(default_factory=dict)
    theirs: Callable[[Any], Any] | None = None
    arrays: list[Any] | None = None
    infer: bool = False
    dtype: str = "float32"


def function(r: random.Random) -> Any:
    return r.choice([
        *CHOSEN.values(), *CHOSEN.values(), lambda: nn.LeakyReLU(r.choice([0.3, 0.05, 1.5, 0.0])),
        lambda: nn.ELU(r.choice([0.7, 2.0, 1])), lambda: nn.ReLU(inplace=True),
    ])()  # fmt: skip


def drawn(r: random.Random, dtype: str, chosen: str = "", last: str = "") -> Any:
    """Return a network; `chosen` makes it one whose weights alone say all but the functions."""
    torch.manual_seed(r.randrange(2**31))
    size, layers = r.choice(WIDTHS), []
    if not chosen and r.random() < 0.2:
        layers.append(nn.Flatten())
    depth = r.choice([0, 1, 2, 2, 3, 3, 4, 5, 6]) if not chosen else r.choice([1, 2, 3, 4])
    if not chosen and r.random() < 0.1:
        layers.append(nn.BatchNorm1d(size))
    layers += [] if depth else [function(r)]
    for n in range(depth):
        units = size if r.random() < 0.4 else r.choice(WIDTHS)
        # The normalisation of a single number is 0 whatever it is.
        norm = r.choice([nn.BatchNorm1d, nn.LayerNorm]) if r.random() < 0.3 and units > 2 else None
        layers.append(nn.Linear(size, units, bias=bool(chosen) or r.random() < 0.75))
        size = units
        if chosen:
            layers += [] if norm is None else [norm(size)]
            layers.append((LASTS[last] if n == depth - 1 else CHOSEN[chosen])())
            continue
        if norm is nn.BatchNorm1d:
            momentum = r.choice([0.1, 0.1, 0.01, 0.3, 0.0, 1.0])
            layers.append(norm(size, eps=r.choice([1e-5, 1e-3, 0.02]), momentum=momentum, affine=r.random() < 0.7))
        elif norm is nn.LayerNorm:
            layers.append(norm(size, r.choice([1e-5, 1e-6, 0.01]), r.random() < 0.8, bias=r.random() < 0.7))
        layers.append(function(r))
        if size in (4, 6, 8, 12) and r.random() < 0.15:
            layers += [nn.Unflatten(1, r.choice([(2, size // 2), (2, -1), (size, 1)])), function(r), nn.Flatten()]
        if r.random() < 0.2:
            layers.append(nn.Dropout(r.choice([0.0, 0.2, 0.5, 0.9])))
    if not chosen and depth and size > 1 and r.random() < 0.4:
        layers.append(r.choice([nn.Softmax(1), nn.Softmax(-1), nn.LogSoftmax(dim=1), nn.Softmax(dim=None)]))
    net = nn.Sequential(*layers)
    for layer in net:
        if isinstance(layer, nn.BatchNorm1d):
            layer.running_mean.uniform_(-1, 1)
            layer.running_var.uniform_(0.5, 2)
        if isinstance(layer, (nn.BatchNorm1d, nn.LayerNorm)):
            for p in layer.parameters():
                nn.init.uniform_(p, 0.4, 1.6)
    return net.to(getattr(torch, dtype)).eval()


def numbers(net: Any) -> list[Any]:
    return [a.detach().float().numpy() if a.dtype == torch.bfloat16 else a.detach().numpy() for a in net.state_dict().values()]


def linears(net: Any) -> list[Any]:
    return [n for n in net if isinstance(n, nn.Linear)]


def entering(net: Any) -> int:
    """Return how many numbers a network takes; where it takes any, 3."""
    for n in net:
        if isinstance(n, (nn.Linear, nn.BatchNorm1d)):
            return n.in_features if isinstance(n, nn.Linear) else n.num_features
    return 3


# -- PyTorch


def of_torch(r: random.Random, folder: Path) -> Case:
    dtype = r.choice(["float32", "float32", "float64", "float64", "float16", "bfloat16"])
    way = r.choice(["whole", "nested", "legacy", "parallel", "state dict", "checkpoint", "safetensors"])
    alone = way in ("state dict", "checkpoint", "safetensors")
    last, chosen = r.choice(list(LASTS)), r.choice(list(CHOSEN))
    net = drawn(r, dtype, chosen, last) if alone else drawn(r, dtype)
    case = Case(folder / "net.pt", net, f"torch {way}", dtype=dtype, arrays=numbers(net), infer=alone)
    if alone:
        case.choices = {"activation": chosen, "output_activation": last}
    state = net.state_dict()
    if way == "checkpoint":
        optimizer = torch.optim.Adam(net.parameters())
        key = r.choice(["model_state_dict", "state_dict", "model", "net"])
        torch.save({"epoch": 3, key: state, "optimizer_state_dict": optimizer.state_dict(), "loss": 0.25}, case.path)
    elif way == "state dict":
        torch.save(state, case.path, _use_new_zipfile_serialization=r.random() < 0.7)
    elif way == "safetensors":
        case.path = folder / "net.safetensors"
        safetensors.torch.save_file(state, case.path)
    else:
        held = net
        cut = r.randrange(len(net) + 1)
        if way == "nested":
            held = nn.Sequential(net[:cut], nn.Sequential(nn.Identity(), net[cut:]))
        elif way == "parallel":
            held = nn.DataParallel(net)
        torch.save(held, case.path, _use_new_zipfile_serialization=way != "legacy")
    return case


def of_arrays(r: random.Random, folder: Path) -> Case:
    """Weights alone, by names as learners choose them, in both directions."""
    chosen, last = r.choice(list(CHOSEN)), r.choice(list(LASTS))
    dtype = r.choice(["float32", "float64", "float16"])
    net = nn.Sequential(*(n for n in drawn(r, dtype, chosen, last) if not isinstance(n, (nn.BatchNorm1d, nn.LayerNorm))))
    way, out_first = r.choice(["npz", "json", "csv", "theta"]), r.random() < 0.5
    dtype = dtype if way in ("npz", "theta") else "float64"
    net = net.to(getattr(torch, dtype))
    held: dict[str, Any] = {}
    w, b = r.choice([("W{}", "b{}"), ("layer{}.weight", "layer{}.bias"), ("w_{}", "b_{}"), ("dense{}/kernel", "dense{}/bias")])
    for n, layer in enumerate(linears(net), 1):
        weight, bias = (p.detach().numpy() for p in (layer.weight, layer.bias))
        if way == "theta":
            held[f"Theta{n}"] = np.column_stack([bias, weight])
            continue
        held[w.format(n)] = weight if out_first else np.ascontiguousarray(weight.T)
        held[b.format(n)] = bias[:, None] if out_first and w == "W{}" and way == "npz" and r.random() < 0.5 else bias
    path = folder / f"net.{ {'theta': 'npz'}.get(way, way) }"
    if path.suffix == ".npz":
        r.choice([np.savez, np.savez_compressed])(path, **held)
    elif way == "json":
        path.write_text(json.dumps({n: a.tolist() for n, a in held.items()}))
    else:
        rows = [np.atleast_2d(a).tolist() for a in held.values()]
        path.write_text(
            "".join(f"{n}\n" + "".join(",".join(map(repr, x)) + "\n" for x in a) for n, a in zip(held, rows, strict=True))
        )
    choices = {"activation": chosen, "output_activation": last}
    arrays = list(held.values()) if way != "csv" else None
    return Case(path, net, f"arrays {way}", choices | {"way": "out,in" if out_first else "in,out"}, None, arrays, True, dtype)


def of_scikit(r: random.Random, folder: Path) -> Case:
    dtype = r.choice(["float32", "float64"])
    task, hidden = r.choice(["several", "two", "labels", "numbers"]), r.choice(["identity", "logistic", "tanh", "relu"])
    d, sizes = r.choice([1, 2, 4, 7]), [r.choice(WIDTHS) for _ in range(r.choice([0, 1, 2, 3, 5]))]
    rng = np.random.default_rng(r.randrange(2**32))
    x = (rng.normal(size=(40, d)) * rng.uniform(0.5, 3, d) + rng.normal(size=d)).astype(dtype)
    y = {"several": np.arange(40) % 3, "two": np.arange(40) % 2, "labels": rng.integers(0, 2, (40, 3)),
         "numbers": rng.normal(size=(40, r.choice([1, 2])))}[task]  # fmt: skip
    kind = neural_network.MLPRegressor if task == "numbers" else neural_network.MLPClassifier
    mlp = kind(hidden_layer_sizes=sizes, activation=hidden, max_iter=3, random_state=r.randrange(99))
    steps = [r.choice([
        preprocessing.StandardScaler(with_mean=r.random() < 0.8, with_std=r.random() < 0.8), preprocessing.MinMaxScaler((-1, 2)),
        preprocessing.MaxAbsScaler(), preprocessing.RobustScaler(with_scaling=r.random() < 0.8), "passthrough",
    ]) for _ in range(r.choice([0, 1, 1, 2]))]  # fmt: skip
    whole = pipeline.make_pipeline(*steps, mlp) if steps or r.random() < 0.3 else mlp
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole.fit(x, y.ravel() if y.shape[-1:] == (1,) else y)
    layers: list[Any] = []
    for step in steps:
        if step != "passthrough":
            zero = step.transform(np.zeros((1, d)))[0]
            layers.append(Scaled(step.transform(np.ones((1, d)))[0] - zero, zero))
    functions = {"identity": nn.Identity, "logistic": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
    out = {"several": lambda: nn.Softmax(1), "two": nn.Sigmoid, "labels": nn.Sigmoid, "numbers": nn.Identity}[task]
    for n, (w, b) in enumerate(zip(mlp.coefs_, mlp.intercepts_, strict=True)):
        layer = nn.Linear(*w.shape, dtype=getattr(torch, dtype))
        layer.weight.data, layer.bias.data = torch.tensor(w.T), torch.tensor(b)
        layers += [layer, (functions[hidden] if n < len(mlp.coefs_) - 1 else out)()]
    packed = r.choice([0, 3])
    path = folder / r.choice(["net.pkl", "net.joblib"])
    if path.suffix == ".pkl":
        path.write_bytes(pickle.dumps(whole, protocol=r.choice([2, 4, 5])))
    else:
        joblib.dump(whole, path, compress=packed)

    def theirs(a: Any) -> Any:
        if task == "numbers":
            return whole.predict(a).reshape(len(a), -1)
        return whole.predict_proba(a)[:, 1:] if task == "two" else whole.predict_proba(a)

    exact = "float64" if steps else dtype
    arrays = [*mlp.coefs_, *mlp.intercepts_]
    return Case(path, nn.Sequential(*layers).eval(), "sklearn", {}, theirs, arrays, False, exact if exact == dtype else "mixed")
