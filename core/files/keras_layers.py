"""Keras' description of a model (JSON) as layers. A class name is looked up in one table here; nothing is imported or called.

What the table does not know — a Lambda, a custom class, an operation that cannot be stepped — is a closed box with its name.
Keras 1 ("output_dim", "p", "batch_input_shape"), 2 and 3 are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from core.files.keras_graph import Config, Entry, full_name, mapping, snake
from core.files.problem import shown
from core.files.saved import Layer, LayerKind

ACTIVATIONS: Mapping[str, str] = {
    "linear": "", "relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh", "softmax": "softmax", "log_softmax": "log_softmax",
    "elu": "elu", "softplus": "softplus", "leaky_relu": "leaky_relu",
}  # fmt: skip
"""Keras' names of the functions that can be stepped, with ours."""
_OTHERS = frozenset(
    (
        "selu", "softsign", "swish", "silu", "gelu", "exponential", "exp", "hard_sigmoid", "hard_silu", "hard_swish", "mish",
        "relu6", "celu", "glu", "hard_tanh", "hard_shrink", "soft_shrink", "tanh_shrink", "log_sigmoid", "threshold",
        "squareplus", "sparse_plus", "sparsemax", "sparse_sigmoid",
    )
)  # fmt: skip
_NAMES = frozenset(
    (
        "Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D",
        "Conv2DTranspose", "MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D", "GlobalMaxPooling1D",
        "GlobalMaxPooling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "ZeroPadding2D", "UpSampling2D", "Embedding",
        "LSTM", "GRU", "SimpleRNN", "Bidirectional", "TimeDistributed", "Add", "Subtract", "Multiply", "Average", "Maximum",
        "Minimum", "Concatenate", "Dot", "Merge", "GaussianNoise", "GaussianDropout", "AlphaDropout", "SpatialDropout1D",
        "SpatialDropout2D", "ActivityRegularization", "Masking", "Permute", "RepeatVector", "PReLU", "ThresholdedReLU",
        "UnitNormalization", "GroupNormalization", "RMSNormalization", "Normalization", "Rescaling", "MultiHeadAttention",
        "Attention", "Cropping2D", "EinsumDense", "LocallyConnected1D", "LocallyConnected2D", "Highway", "MaxoutDense",
    )
)  # fmt: skip
"""Layers of Keras that are known and cannot be stepped; any other name is the author's own code."""

# The roles of a layer's weights, in the order in which Keras keeps them.
_ROLES: Mapping[str, tuple[str, ...]] = {
    "Dense": ("weight", "bias"),
    "BatchNormalization": ("gamma", "beta", "mean", "variance"),
    "LayerNormalization": ("gamma", "beta"),
}
_SAID: Mapping[str, str] = {
    "kernel": "weight", "w": "weight", "bias": "bias", "b": "bias", "gamma": "gamma", "beta": "beta", "moving_mean": "mean",
    "running_mean": "mean", "moving_variance": "variance", "moving_std": "variance", "running_std": "variance",
}  # fmt: skip


@dataclass(frozen=True)
class Weight:
    """A tensor of a layer: what Keras calls it there ("kernel", "dense_1_W", "0"), its name in the file, and its shape."""

    said: str
    name: str
    shape: tuple[int, ...]


@dataclass
class Read:
    """Layers in order of the data flow; `lacking` are sentences on weights that are missing or do not fit."""

    layers: list[Layer] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether graph and weights are both known."""
        return bool(self.layers) and not self.lacking and not self.unknown


def read_layers(found: Sequence[Entry], weights: Mapping[str, Sequence[Weight]], with_weights: bool = True) -> Read:
    """Return the layers with their tensors; `weights` are by `full_name` of the layer."""
    read = Read()
    before: tuple[str, ...] = ()
    for entry in found:
        inputs = before if entry.sources is None else entry.sources
        layer = _layer(entry, inputs, tuple(weights.get(full_name(entry), ())), read, with_weights)
        read.layers.append(layer)
        before = layer.outputs
    return read


def _layer(entry: Entry, inputs: tuple[str, ...], weights: tuple[Weight, ...], read: Read, with_weights: bool) -> Layer:
    maker = _Maker(entry, inputs, weights, read, with_weights)
    return maker.layer()


class _Maker:
    """Makes the layer of one entry."""

    def __init__(
        self, entry: Entry, inputs: tuple[str, ...], weights: tuple[Weight, ...], read: Read, with_weights: bool
    ) -> None:
        self.entry, self.inputs, self.weights, self.read, self.with_weights = entry, inputs, weights, read, with_weights
        self.config = entry.config
        self.whole = full_name(entry)

    def layer(self) -> Layer:
        """Return it."""
        kind, known = self.entry.kind, self.entry.known
        if kind == "Lambda":
            self.read.unknown.append(kind)
            return self._box("it is a Lambda: code that Keras would run, which is never run here")
        if not known:
            self.read.unknown.append(kind)
            return self._box(f"it is the author's own code ({self.entry.registered or kind}), which is never run here")
        if len(self.inputs) > 1 and (kind in _NAMES or kind in _MADE):
            return self._box(f"it joins {len(self.inputs)} inputs ({kind}), which cannot be stepped yet")
        make = getattr(self, f"_{snake(kind)}", None) if kind in _MADE else None
        if make is not None:
            return make()
        if kind not in _NAMES:
            self.read.unknown.append(kind)
            return self._box(
                f"there is no layer {kind or 'without a class'} in Keras that is known here, and foreign code is never run"
            )
        return self._box(f"{kind} cannot be stepped yet")

    def _box(self, why: str) -> Layer:
        tensors = {_role(w, i) or w.said: w.name for i, w in enumerate(self.weights)}
        attributes = {
            "class": self.entry.kind,
            **{k: v for k, v in self.config.items() if isinstance(v, (str, int, float)) and k != "name"},
        }
        return Layer("box", self.whole, self.inputs, (self.whole,), "", tensors, attributes, False, why)

    def _made(self, kind: LayerKind, activation: str = "", attributes: Config | None = None, why: str = "") -> Layer:
        tensors = self._tensors()
        return Layer(kind, self.whole, self.inputs, (self.whole,), activation, tensors, attributes or {}, not why, why)

    def _tensors(self) -> dict[str, str]:
        roles = self._roles()
        if not roles:
            return {}
        said = {r: w for w in self.weights if (r := _role(w, -1)) is not None}
        got = said if len(said) == len(self.weights) else dict(zip(roles, self.weights, strict=False))
        if self.with_weights:
            for role in roles:
                if role not in got:
                    self.read.lacking.append(f"the file has no {role} of layer {shown(self.whole)}")
        return {r: w.name for r, w in got.items() if r in roles}

    def _roles(self) -> tuple[str, ...]:
        kind, config = self.entry.kind, self.config
        roles = _ROLES.get(kind, ())
        if kind == "Dense" and not config.get("use_bias", config.get("bias", True)):
            return roles[:1]
        if kind in ("BatchNormalization", "LayerNormalization"):
            leave = {"gamma" if config.get("scale", True) is False else "", "beta" if config.get("center", True) is False else ""}
            return tuple(r for r in roles if r not in leave)
        return roles

    def _number(self, *keys: str, default: float) -> float:
        for key in keys:
            value: Any = self.config.get(key)
            if isinstance(value, Mapping):
                value = mapping(mapping(value).get("config")).get("value", value)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return float(value)
        return default

    def _input_layer(self) -> Layer:
        shape: Any = next(
            (self.config[k] for k in ("batch_shape", "batch_input_shape", "input_shape") if self.config.get(k)), None
        )
        attributes: dict[str, Any] = {}
        if isinstance(shape, list):
            sizes = [n if isinstance(n, int) else None for n in cast("list[Any]", shape)]
            attributes = {"shape": sizes[1:]}
            if sizes and sizes[0] is not None:
                attributes["samples"] = sizes[0]
                self.read.assumed.append(f"the batch size {sizes[0]} is fixed in the file; any number of samples is taken here")
        return self._made("input", attributes=attributes)

    def _dense(self) -> Layer:
        units = self.config.get("units", self.config.get("output_dim"))
        name, settings, why = self._function(self.config.get("activation", "linear"))
        tensors = self._tensors()
        shapes = {w.name: w.shape for w in self.weights}
        weight, bias = shapes.get(tensors.get("weight", "")), shapes.get(tensors.get("bias", ""))
        if weight is not None and (len(weight) != 2 or (isinstance(units, int) and weight[1] != units)):
            self.read.lacking.append(f"the weight of layer {shown(self.whole)} is {weight}, which does not fit its {units} units")
            why = why or "its weight does not fit its units"
        elif weight is not None and bias is not None and bias != weight[1:]:
            self.read.lacking.append(f"the bias of layer {shown(self.whole)} is {bias}, which does not fit its weight {weight}")
            why = why or "its bias does not fit its weight"
        attributes = {"orientation": "in,out", "units": units, **settings}
        return Layer("dense", self.whole, self.inputs, (self.whole,), name, tensors, attributes, not why, why)

    def _activation(self) -> Layer:
        name, settings, why = self._function(self.config.get("activation", "linear"))
        return self._made("softmax" if name == "softmax" else "activation", name or "identity", settings, why)

    def _function(self, said: Any) -> tuple[str, dict[str, Any], str]:
        """Return our name of an activation, its settings, and why it cannot be stepped."""
        config: Config = {}
        registered = ""
        if isinstance(said, Mapping):
            got = mapping(said)
            registered, module = str(got.get("registered_name") or ""), str(got.get("module") or "")
            config, name = mapping(got.get("config")), got.get("class_name")
            if isinstance(got.get("config"), str):
                name = got.get("config")
            if module.startswith("keras.") or (module in ("", "builtins") and str(name) in ACTIVATIONS):
                said = name
            else:
                self.read.unknown.append(str(name))
                what = shown(str(registered or name))
                return str(name), {}, f"its activation {what} is the author's own code, which is never run here"
        if said is None:
            return "", {}, ""
        name = snake(str(said))
        name = {"leaky_re_lu": "leaky_relu", "re_lu": "relu", "e_lu": "elu", "log_soft_max": "log_softmax"}.get(name, name)
        if name in ACTIVATIONS:
            if name == "relu":
                return _relu(config)
            settings: dict[str, Any] = {}
            if name == "leaky_relu":
                settings = {"slope": _value(config, 0.2, "negative_slope", "alpha")}
            elif name == "elu":
                settings = {"alpha": _value(config, 1.0, "alpha")}
            elif name in ("softmax", "log_softmax"):
                settings = {"axis": -1}
            return ACTIVATIONS[name], settings, ""
        if name in _OTHERS:
            if name == "gelu":
                return name, {"approximate": "none"}, "its gelu is the exact one with erf, which NumPy does not have"
            return name, {}, f"its activation {shown(str(name))} cannot be stepped yet"
        self.read.unknown.append(str(said))
        return name, {}, f"its activation {shown(str(registered or said))} is the author's own code, which is never run here"

    def _leaky_re_lu(self) -> Layer:
        # Keras 1 and 2 wrote alpha and took 0.3 where nothing was said; Keras 3 writes negative_slope.
        return self._made("activation", "leaky_relu", {"slope": self._number("negative_slope", "alpha", default=0.3)})

    def _re_lu(self) -> Layer:
        name, settings, why = _relu(self.config)
        return self._made("activation", name, settings, why)

    def _elu(self) -> Layer:
        return self._made("activation", "elu", {"alpha": self._number("alpha", default=1.0)})

    def _softmax(self) -> Layer:
        axis = self.config.get("axis", -1)
        if isinstance(axis, list) and len(cast("list[Any]", axis)) == 1:
            axis = cast("list[Any]", axis)[0]
        return self._made(
            "softmax", "softmax", {"axis": axis}, "" if axis in (-1, 1) else "it is a softmax over another axis than the last"
        )

    def _dropout(self) -> Layer:
        return self._made("dropout", attributes={"rate": self._number("rate", "p", default=0.5)})

    def _batch_normalization(self) -> Layer:
        axis = self.config.get("axis", -1)
        if isinstance(axis, list) and len(cast("list[Any]", axis)) == 1:
            axis = cast("list[Any]", axis)[0]
        attributes = {
            "epsilon": self._number("epsilon", default=1e-3), "axis": axis,
            "momentum": 1 - self._number("momentum", default=0.99),
        }  # fmt: skip
        why = "" if axis in (-1, 1) else f"it is normalized over axis {axis}, not the last"
        if self.config.get("renorm") or self.config.get("mode", 0) not in (0, None):
            why = "it is a variant of batch normalization (renorm, mode) that cannot be stepped"
        return self._made("batch_norm", "", attributes, why)

    def _layer_normalization(self) -> Layer:
        axis = self.config.get("axis", -1)
        if isinstance(axis, list) and len(cast("list[Any]", axis)) == 1:
            axis = cast("list[Any]", axis)[0]
        why = "" if axis in (-1, 1) else f"it is normalized over axis {axis}, not the last"
        if self.config.get("rms_scaling"):
            why = "it only scales (rms_scaling), which cannot be stepped yet"
        return self._made("layer_norm", "", {"epsilon": self._number("epsilon", default=1e-3), "axis": axis}, why)

    def _flatten(self) -> Layer:
        return self._made("flatten")

    def _reshape(self) -> Layer:
        shape: Any = self.config.get("target_shape", self.config.get("dims"))
        sizes: list[Any] = cast("list[Any]", shape) if isinstance(shape, list) else []
        good = bool(sizes) and all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in sizes)
        why = "" if good else "its shape is left open for one axis"
        return self._made("reshape", "", {"shape": list(sizes)}, why)


_MADE = frozenset(
    (
        "InputLayer", "Dense", "Activation", "LeakyReLU", "ReLU", "ELU", "Softmax", "Dropout", "BatchNormalization",
        "LayerNormalization", "Flatten", "Reshape",
    )
)  # fmt: skip


def _value(config: Config, default: float, *keys: str) -> float:
    for key in keys:
        value: Any = config.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    return default


def _relu(config: Config) -> tuple[str, dict[str, Any], str]:
    top, threshold = config.get("max_value"), _value(config, 0.0, "threshold")
    slope = _value(config, 0.0, "negative_slope", "alpha")
    if top is not None or threshold:
        return "relu", {"max_value": top, "threshold": threshold}, "it is a relu with an upper bound or a threshold"
    return ("leaky_relu", {"slope": slope}, "") if slope else ("relu", {}, "")


def _role(weight: Weight, place: int) -> str | None:
    said = weight.said.rsplit("/", 1)[-1].split(":")[0]
    if said in _SAID:
        return _SAID[said]
    for ending, role in _SAID.items():
        if said.lower().endswith("_" + ending):
            return role
    return f"weight {place + 1}" if place >= 0 else None
