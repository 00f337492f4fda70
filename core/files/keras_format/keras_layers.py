"""Keras' description of a model (JSON) as layers. A class name is looked up in one table here; nothing is imported or called.

What the table does not know — a Lambda, a custom class, an operation that cannot be stepped — is a closed box with its name.
Keras 1 ("output_dim", "p", "batch_input_shape"), 2 and 3 are read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from core.files.keras_format.keras_functions import function, number, relu
from core.files.keras_format.keras_graph import Config, Entry, flow_name, full_name, mapping, snake
from core.files.problem import shown
from core.files.saved import Layer, LayerKind

_NAMES = frozenset(
    (
        "Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D",
        "Conv2DTranspose", "MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D", "GlobalMaxPooling1D",
        "GlobalMaxPooling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "ZeroPadding2D", "UpSampling2D", "Embedding",
        "LSTM", "GRU", "SimpleRNN", "Bidirectional", "TimeDistributed", "Add", "Subtract", "Multiply", "Average", "Maximum",
        "Minimum", "Concatenate", "Dot", "Merge", "GaussianNoise", "GaussianDropout", "AlphaDropout", "SpatialDropout1D",
        "SpatialDropout2D", "ActivityRegularization", "Masking", "Permute", "RepeatVector", "PReLU", "ThresholdedReLU",
        "UnitNormalization", "GroupNormalization", "RMSNormalization", "MultiHeadAttention",
        "Attention", "Cropping2D", "EinsumDense", "LocallyConnected1D", "LocallyConnected2D", "Highway", "MaxoutDense",
    )
)  # fmt: skip
"""Layers of Keras that are known and cannot be stepped; any other name is the author's own code."""

# The roles of a layer's weights, in the order in which Keras keeps them.
_ROLES: Mapping[str, tuple[str, ...]] = {
    "Dense": ("weight", "bias"),
    "BatchNormalization": ("gamma", "beta", "mean", "variance"),
    "LayerNormalization": ("gamma", "beta"),
    "Normalization": ("mean", "variance"),
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
    mixed = next((p for p in map(_policy, found) if p), "")
    if mixed:
        read.assumed.append(f"Keras computes in {mixed} here and keeps its weights in float32; all is computed in float32")
    return read


def _policy(entry: Entry) -> str:
    """Return the type in which Keras computes a layer, if it mixes that with another; '' else."""
    said: Any = entry.config.get("dtype")
    name = mapping(mapping(said).get("config")).get("name") if isinstance(said, Mapping) else said
    return {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}.get(str(name), "")


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
        self.whole, self.flow = full_name(entry), flow_name(entry)

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
        return Layer("box", self.flow, self.inputs, (self.flow,), "", tensors, attributes, False, why)

    def _made(self, kind: LayerKind, activation: str = "", attributes: Config | None = None, why: str = "") -> Layer:
        tensors = self._tensors()
        return Layer(kind, self.flow, self.inputs, (self.flow,), activation, tensors, attributes or {}, not why, why)

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
        name, settings, why, unknown = function(self.config.get("activation", "linear"))
        self.read.unknown += unknown
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
        return Layer("dense", self.flow, self.inputs, (self.flow,), name, tensors, attributes, not why, why)

    def _activation(self) -> Layer:
        name, settings, why, unknown = function(self.config.get("activation", "linear"))
        self.read.unknown += unknown
        return self._made("softmax" if name == "softmax" else "activation", name or "identity", settings, why)

    def _leaky_re_lu(self) -> Layer:
        # Keras 1 and 2 wrote alpha and took 0.3 where nothing was said; Keras 3 writes negative_slope.
        return self._made("activation", "leaky_relu", {"slope": number(self.config, 0.3, "negative_slope", "alpha")})

    def _re_lu(self) -> Layer:
        name, settings, why, _ = relu(self.config)
        return self._made("activation", name, settings, why)

    def _elu(self) -> Layer:
        return self._made("activation", "elu", {"alpha": number(self.config, 1.0, "alpha")})

    def _softmax(self) -> Layer:
        axis = self._axis()
        return self._made(
            "softmax", "softmax", {"axis": axis}, "" if axis in (-1, 1) else "it is a softmax over another axis than the last"
        )

    def _axis(self) -> Any:
        """Return the axis; Keras 2 wrote a list of one."""
        axis: Any = self.config.get("axis", -1)
        listed = cast("list[Any]", axis) if isinstance(axis, list) else []
        return listed[0] if len(listed) == 1 else axis

    def _dropout(self) -> Layer:
        return self._made("dropout", attributes={"rate": number(self.config, 0.5, "rate", "p")})

    def _batch_normalization(self) -> Layer:
        axis = self._axis()
        attributes = {
            "epsilon": number(self.config, 1e-3, "epsilon"), "axis": axis,
            "momentum": 1 - number(self.config, 0.99, "momentum"), "population": True,
        }  # fmt: skip
        why = "" if axis in (-1, 1) else f"it is normalized over axis {axis}, not the last"
        if self.config.get("renorm") or self.config.get("mode", 0) not in (0, None):
            why = "it is a variant of batch normalization (renorm, mode) that cannot be stepped"
        return self._made("batch_norm", "", attributes, why)

    def _layer_normalization(self) -> Layer:
        axis = self._axis()
        why = "" if axis in (-1, 1) else f"it is normalized over axis {axis}, not the last"
        if self.config.get("rms_scaling"):
            why = "it only scales (rms_scaling), which cannot be stepped yet"
        return self._made("layer_norm", "", {"epsilon": number(self.config, 1e-3, "epsilon"), "axis": axis}, why)

    def _rescaling(self) -> Layer:
        both = [self.config.get(key) for key in ("scale", "offset")]
        why = (
            ""
            if all(isinstance(n, (int, float)) and math.isfinite(n) for n in both)
            else "it scales each input by its own number"
        )
        return self._made("scale", "", {} if why else {"steps": [["*", both[0]], ["+", both[1]]]}, why)

    def _normalization(self) -> Layer:
        mean, variance = self.config.get("mean"), self.config.get("variance")
        why = "its mean and variance are in its description and not among the weights" if (mean, variance) != (None, None) else ""
        if self.config.get("invert"):
            why = "it undoes a normalization"
        if why:
            return Layer("box", self.flow, self.inputs, (self.flow,), "", {}, {"class": self.entry.kind}, False, why)
        # What Keras adds nothing to: the deviation is never less than this (keras.config.epsilon).
        return self._made("scale", "", {"steps": [["-", "mean"], ["/", "variance"]], "least": 1e-7})

    def _flatten(self) -> Layer:
        return self._made("flatten")

    def _reshape(self) -> Layer:
        shape: Any = self.config.get("target_shape", self.config.get("dims"))
        sizes: list[Any] = cast("list[Any]", shape) if isinstance(shape, list) else []
        good = bool(sizes) and all(type(n) is int and (n > 0 or n == -1) for n in sizes) and sizes.count(-1) <= 1
        why = "" if good else "its shape is left open for more than one axis"
        return self._made("reshape", "", {"shape": list(sizes)}, why)


_MADE = frozenset(
    (
        "InputLayer", "Dense", "Activation", "LeakyReLU", "ReLU", "ELU", "Softmax", "Dropout", "BatchNormalization",
        "LayerNormalization", "Flatten", "Reshape", "Rescaling", "Normalization",
    )
)  # fmt: skip


def _role(weight: Weight, place: int) -> str | None:
    said = weight.said.rsplit("/", 1)[-1].split(":")[0]
    if said in _SAID:
        return _SAID[said]
    for ending, role in _SAID.items():
        if said.lower().endswith("_" + ending):
            return role
    return f"weight {place + 1}" if place >= 0 else None
