"""Keras' functions after a layer: what each one is called here, with its settings; and numbers of a layer's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from core.files.keras_format.keras_graph import Config, mapping, snake
from core.files.problem import shown

_ACTIVATIONS: Mapping[str, str] = {
    "linear": "", "relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh", "softmax": "softmax", "log_softmax": "log_softmax",
    "elu": "elu", "softplus": "softplus", "leaky_relu": "leaky_relu", "gelu": "gelu_erf", "silu": "silu", "swish": "silu",
    "selu": "selu", "softsign": "softsign",
}  # fmt: skip
"""Keras' names of the functions that can be stepped, with ours."""
_OTHERS = frozenset(
    (
        "exponential", "exp", "hard_sigmoid", "hard_silu", "hard_swish", "mish", "relu6", "celu", "glu", "hard_tanh",
        "hard_shrink", "soft_shrink", "tanh_shrink", "log_sigmoid", "threshold", "squareplus", "sparse_plus", "sparsemax",
        "sparse_sigmoid",
    )
)  # fmt: skip


class Function(NamedTuple):
    """Our name of a function, its settings, and why it cannot be stepped; `unknown` is what no Keras has."""

    name: str
    settings: dict[str, Any]
    why: str = ""
    unknown: tuple[str, ...] = ()


def function(said: Any) -> Function:
    """Return what a layer's "activation" says: a name, or Keras 3's mapping of a class."""
    config: Config = {}
    registered = ""
    if isinstance(said, Mapping):
        got = mapping(said)
        registered, module = str(got.get("registered_name") or ""), str(got.get("module") or "")
        config, name = mapping(got.get("config")), got.get("class_name")
        if isinstance(got.get("config"), str):
            name = got.get("config")
        if not (module.startswith("keras.") or (module in ("", "builtins") and str(name) in _ACTIVATIONS)):
            return _foreign(str(name), str(name), str(registered or name))
        said = name
    if said is None:
        return Function("", {})
    name = snake(str(said))
    name = {"leaky_re_lu": "leaky_relu", "re_lu": "relu", "e_lu": "elu", "log_soft_max": "log_softmax"}.get(name, name)
    if name == "relu":
        return relu(config)
    if name in _ACTIVATIONS:
        settings: dict[str, Any] = {}
        if name == "leaky_relu":
            settings = {"slope": number(config, 0.2, "negative_slope", "alpha")}
        elif name == "elu":
            settings = {"alpha": number(config, 1.0, "alpha")}
        elif name in ("softmax", "log_softmax"):
            settings = {"axis": -1}
        return Function(_ACTIVATIONS[name], settings)
    if name in _OTHERS:
        return Function(name, {}, f"its activation {shown(name)} cannot be stepped yet")
    return _foreign(name, str(said), str(registered or said))


def _foreign(name: str, unknown: str, called: str) -> Function:
    return Function(name, {}, f"its activation {shown(called)} is the author's own code, which is never run here", (unknown,))


def number(config: Config, default: float, *keys: str) -> float:
    """Return the first of some settings that is a number; Keras 3 can write one as an array with a value."""
    for key in keys:
        value: Any = config.get(key)
        if isinstance(value, Mapping):
            value = mapping(mapping(value).get("config")).get("value", value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    return default


def relu(config: Config) -> Function:
    """Return what a ReLU of these settings is: with a slope below 0 it is a leaky one."""
    top, threshold = config.get("max_value"), number(config, 0.0, "threshold")
    slope = number(config, 0.0, "negative_slope", "alpha")
    if top is not None or threshold:
        return Function("relu", {"max_value": top, "threshold": threshold}, "it is a relu with an upper bound or a threshold")
    return Function("leaky_relu", {"slope": slope}) if slope else Function("relu", {})
