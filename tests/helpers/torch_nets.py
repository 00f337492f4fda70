"""Networks of PyTorch drawn at random, and a file's program beside them: what both give, and every gradient."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.library import Opened, open_target
from core.report import trace
from core.steppable.build import Choices
from core.steppable.data import Samples

torch = pytest.importorskip("torch", reason="the oracle extra is not installed")

BOUND = {"float32": 1e-5, "float64": 1e-12}
COUNT = 7
HIDDEN = (
    "relu", "tanh", "sigmoid", "leaky_relu", "elu", "selu", "softplus", "gelu", "gelu_erf", "silu", "softsign", "identity",
)  # fmt: skip
FUNCTIONS: dict[str, Any] = {
    "relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "softplus": torch.nn.functional.softplus,
    "leaky_relu": torch.nn.functional.leaky_relu, "elu": torch.nn.functional.elu, "identity": lambda z: z,
    "gelu": lambda z: torch.nn.functional.gelu(z, approximate="tanh"), "gelu_erf": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu, "selu": torch.nn.functional.selu, "softsign": torch.nn.functional.softsign,
    "softmax": lambda z: torch.softmax(z, 1),
    "log_softmax": lambda z: torch.log_softmax(z, 1),
}  # fmt: skip


class Stepped:
    """The first iteration of a file's program, with mean squared errors as its loss."""

    def __init__(self, path: Path, choices: Choices | None = None) -> None:
        chosen = choices or Choices(loss="mse")
        self.opened: Opened = open_target(str(path), None, chosen, Samples(count=COUNT, seed=3))
        self.program = self.opened.program
        assert self.program.fault is None
        assert self.opened.steps is not None
        assert not self.opened.steps.stops
        self.machine = trace(self.program, 1).machine
        assert self.machine.fault is None

    def value(self, name: str) -> Any:
        (index,) = [v.index for v in self.program.values if v.name == name and v.kind != "part"][:1]
        return np.asarray(self.machine.value(index))

    @property
    def out(self) -> Any:
        return self.value([s for s in self.program.statements if s.phase == "forward"][-1].target)

    def gradients(self) -> dict[str, Any]:
        """Return the gradients by the names that the tensors have in the file."""
        tensors = self.opened.steps.parameters  # type: ignore[union-attr]
        assert set(self.program.trainable) <= set(tensors)
        # Running statistics move, too, but along no gradient.
        return {tensors[n]: np.asarray(self.machine.value(g)) for n, g in self.program.gradients.items() if n in tensors}

    def check(self, forward: Any, parameters: dict[str, Any], dtype: str) -> None:
        """Compare with PyTorch: `forward` takes and gives tensors, `parameters` are its own by their names in the file."""
        kind = getattr(torch, dtype)
        x, y = (torch.tensor(self.value(n), dtype=kind) for n in ("X", "Y"))
        out = forward(x)
        torch.nn.functional.mse_loss(out, y).backward()
        close(self.out, out, dtype)
        found = self.gradients()
        assert set(found) == set(parameters)
        for name, parameter in parameters.items():
            close(found[name], parameter.grad, dtype)
            assert found[name].dtype == dtype


def close(found: Any, wanted: Any, dtype: str) -> None:
    wanted = wanted.detach().numpy()
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max(initial=0) <= BOUND[dtype] * max(1.0, float(np.abs(wanted).max(initial=0)))


def function(draw: random.Random) -> Any:
    nn = torch.nn
    return draw.choice([
        nn.ReLU(), nn.Tanh(), nn.Sigmoid(), nn.LeakyReLU(draw.choice([0.01, 0.2, 0.3])), nn.ELU(draw.choice([1.0, 0.7])),
        nn.Softplus(), nn.GELU(approximate="tanh"), nn.GELU(), nn.SiLU(), nn.SELU(), nn.Softsign(), nn.Identity(),
    ])  # fmt: skip


def sequential(seed: int, dtype: str) -> Any:
    """Return a random network of what can be stepped, with statistics that some training left."""
    draw, nn = random.Random(seed), torch.nn
    torch.manual_seed(seed)
    size = draw.choice([1, 3, 4, 6])
    layers: list[Any] = [nn.Flatten()] if draw.random() < 0.3 else []
    for _ in range(draw.randint(1, 4)):
        units = draw.choice([1, 2, 5, 6])
        layers.append(nn.Linear(size, units, bias=draw.random() < 0.7))
        size = units
        extra = draw.random()
        if extra < 0.25:
            layers.append(nn.BatchNorm1d(size, eps=draw.choice([1e-5, 1e-3]), affine=draw.random() < 0.8))
        elif extra < 0.5:
            # The normalisation of a single number is 0 whatever it is, and its gradient is what rounding leaves.
            layers += [nn.LayerNorm(size, bias=draw.random() < 0.8)] if size > 2 else []
        layers.append(function(draw))
        if size == 6 and draw.random() < 0.5:
            layers += [nn.Unflatten(1, (2, 3)), nn.Tanh(), nn.Flatten()]
        if draw.random() < 0.2:
            layers.append(nn.Dropout(0.4))
        if draw.random() < 0.15:
            layers = [nn.Sequential(*layers)]
    if size > 1:
        layers += draw.choice([[], [nn.Softmax(1)], [nn.LogSoftmax(dim=-1)]])
    net = nn.Sequential(*layers).to(getattr(torch, dtype))
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm1d):
            layer.running_mean.uniform_(-1, 1)
            layer.running_var.uniform_(0.5, 2)
        if isinstance(layer, (nn.BatchNorm1d, nn.LayerNorm)):
            # An exporter writes equal tensors once, and so those that no training has moved.
            for parameter in layer.parameters():
                torch.nn.init.uniform_(parameter, 0.5, 1.5)
    return net


def without_dropout(net: Any) -> bool:
    return not any(isinstance(n, torch.nn.Dropout) for n in net.modules())
