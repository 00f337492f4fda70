"""What a file's layers compute, in NumPy alone: samples in rows. It knows `Saved` and none of our readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from core.files.arrays import array
from core.files.limits import LIMITS
from core.files.problem import FileProblem
from core.files.saved import Layer, Saved

_FUNCTIONS: Mapping[str, Callable[[np.ndarray, Mapping], np.ndarray]] = {
    "": lambda z, _: z,
    "identity": lambda z, _: z,
    "relu": lambda z, _: np.maximum(z, 0),
    "sigmoid": lambda z, _: 1 / (1 + np.exp(-z)),
    "tanh": lambda z, _: np.tanh(z),
    "leaky_relu": lambda z, a: np.where(z > 0, z, a["slope"] * z),
    "elu": lambda z, a: np.where(z > 0, z, a["alpha"] * np.expm1(np.minimum(z, 0))),
    "gelu": lambda z, _: 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
    "softplus": lambda z, _: np.logaddexp(0, z),
    "softmax": lambda z, _: np.exp(_log_softmax(z)),
    "log_softmax": lambda z, _: _log_softmax(z),
}


def _log_softmax(z: np.ndarray) -> np.ndarray:
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def forward(saved: Saved, x: np.ndarray) -> np.ndarray:
    """Return what the layers of a file make of samples `x`, a row each, outside training."""
    flow = {"input": x}
    last = x
    for layer in saved.layers:
        (before,) = layer.inputs
        last = _step(saved, layer, flow[before])
        flow |= dict.fromkeys(layer.outputs, last)
    return last


def _step(saved: Saved, layer: Layer, x: np.ndarray) -> np.ndarray:
    got = {role: array(saved, name) for role, name in layer.tensors.items()}
    a = layer.attributes
    assert layer.steppable, layer.why
    if layer.kind == "dense":
        w = got["weight"].T if a["orientation"] == "out,in" else got["weight"]
        x = x @ w + got.get("bias", 0)
    elif layer.kind == "batch_norm":
        x = (x - got["mean"]) / np.sqrt(got["variance"] + a["epsilon"]) * got.get("gamma", 1) + got.get("beta", 0)
    elif layer.kind == "layer_norm":
        centred = x - x.mean(axis=-1, keepdims=True)
        x = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + a["epsilon"]) * got.get("gamma", 1) + got.get("beta", 0)
    elif layer.kind == "flatten":
        x = x.reshape(len(x), -1)
    else:
        assert layer.kind in ("activation", "softmax", "dropout"), layer.kind
    return _FUNCTIONS[layer.activation](x, a)


def outcome(reader: Callable[[Path, object], Saved], path: Path) -> Saved | str:
    """Return what a reader makes of a file: a `Saved` that passes its own check, or the one sentence of a problem."""
    try:
        saved = reader(path, LIMITS)
    except FileProblem as error:
        sentence = str(error)
        assert sentence
        assert "\n" not in sentence
        assert len(sentence) < 500
        assert sentence.isprintable()
        return sentence
    return Saved.from_data(saved.to_data())
