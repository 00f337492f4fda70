"""What the layers of a `Saved` say, computed with NumPy alone: the check that a reader understood a file."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from core.files import arrays
from core.files.saved import Layer, Saved


def numbers(saved: Saved, name: str, array: Callable[[str], Any]) -> Any:
    """Return a tensor: mapped where the file says it lies, else asked of the reader."""
    from pathlib import Path

    tensor = saved.tensor(name)
    where = tensor.where
    if where.kind != "span":
        return array(name)
    path = Path(saved.path)
    path = path.parent / where.file if where.file else path
    raw = path.read_bytes()[where.offset : where.offset + where.length]
    return np.frombuffer(raw, tensor.dtype).reshape(tensor.shape, order=where.order)


def forward(saved: Saved, x: Any, array: Callable[[str], Any] | None = None) -> Any:
    """Return what flows out of the last layer if `x` flows into the first; every layer must be steppable.

    `array` is what a reader gives of a tensor; without it the file is asked as the app does it.
    """
    values: dict[str, Any] = {}
    first = saved.layers[0]
    values[first.outputs[0] if first.kind == "input" else first.inputs[0]] = x
    for layer in saved.layers:
        assert layer.steppable, layer
        if layer.kind == "input":
            continue
        assert len(layer.inputs) == 1, layer
        tensors = {
            role: numbers(saved, name, array) if array is not None else arrays.array(saved, name)
            for role, name in layer.tensors.items()
        }
        x = values[layer.outputs[0]] = _activated(layer, _one(layer, values[layer.inputs[0]], tensors))
    return x


def _one(layer: Layer, x: Any, t: dict[str, Any]) -> Any:
    a = layer.attributes
    if layer.kind == "dense":
        weight = t["weight"].T if a["orientation"] == "out,in" else t["weight"]
        return a.get("product_times", 1) * (x @ weight) + a.get("bias_times", 1) * t.get("bias", 0)
    if layer.kind == "batch_norm":
        return t.get("gamma", 1) * (x - t["mean"]) / np.sqrt(t["variance"] + a["epsilon"]) + t.get("beta", 0)
    if layer.kind == "layer_norm":
        centred = x - x.mean(-1, keepdims=True)
        return t.get("gamma", 1) * centred / np.sqrt((centred**2).mean(-1, keepdims=True) + a["epsilon"]) + t.get("beta", 0)
    if layer.kind == "scale":
        t["variance"] = np.maximum(np.sqrt(t["variance"]), a["least"]) if "variance" in t else None
        for sign, by in a["steps"]:
            pair = (t[by] if isinstance(by, str) else by, x)
            left, right = pair if a.get("turned") else pair[::-1]
            x = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}[sign](left, right).astype(x.dtype)
        return x
    if layer.kind == "flatten":
        return x.reshape(len(x), -1)
    if layer.kind == "reshape":
        return x.reshape(len(x), *a["shape"])
    assert layer.kind in ("activation", "softmax", "dropout"), layer.kind
    return x


def _activated(layer: Layer, z: Any) -> Any:
    a = layer.attributes
    name = layer.activation
    if name in ("softmax", "log_softmax"):
        z = z - z.max(-1, keepdims=True)
        logarithms = z - np.log(np.exp(z).sum(-1, keepdims=True))
        return np.exp(logarithms) if name == "softmax" else logarithms
    return {
        "": lambda: z,
        "identity": lambda: z,
        "relu": lambda: np.maximum(z, 0),
        "leaky_relu": lambda: np.where(z > 0, z, a["slope"] * z),
        "elu": lambda: np.where(z > 0, z, a["alpha"] * np.expm1(np.minimum(z, 0))),
        "sigmoid": lambda: 1 / (1 + np.exp(-z)),
        "tanh": lambda: np.tanh(z),
        "softplus": lambda: np.logaddexp(0, z),
        "softsign": lambda: z / (1 + np.abs(z)),
        "silu": lambda: z / (1 + np.exp(-z)),
        "selu": lambda: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0))),
        "gelu_erf": lambda: 0.5 * z * (1 + np.array([math.erf(n) for n in (z / np.sqrt(2)).ravel()], z.dtype).reshape(z.shape)),
        "gelu": lambda: 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
    }[name]()
