"""Networks drawn at random, as Keras, PyTorch's exporter and `onnx.helper` write them."""

from __future__ import annotations

import contextlib
import io
import random
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import torch
from drawn_networks import Case, Gemmed, Normed, Scaled, drawn, entering
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import nn

NAMES = {
    nn.ReLU: ("relu", "Relu"), nn.Tanh: ("tanh", "Tanh"), nn.Sigmoid: ("sigmoid", "Sigmoid"), nn.SiLU: ("silu", "Swish"),
    nn.Softplus: ("softplus", "Softplus"), nn.SELU: ("selu", "Selu"), nn.Softsign: ("softsign", "Softsign"),
    nn.Identity: ("linear", "Identity"), nn.Softmax: ("softmax", "Softmax"), nn.LogSoftmax: ("log_softmax", "LogSoftmax"),
}  # fmt: skip
"""A module → Keras' name of it, and ONNX's operator."""


def population(net: Any, exact: bool = False, affine: tuple[Any, ...] = (), biased: bool = False) -> Any:
    """Return a network whose batch normalisations keep the population's variance.

    ONNX holds settings in 32 bits, which is seen where the rest is `exact`; the kinds in `affine` always have factors there,
    and what PyTorch exports always adds a number where it is `biased`.
    """
    made: list[Any] = []
    for layer in net:
        spelled_out = isinstance(layer, nn.LayerNorm) and nn.LayerNorm not in affine  # its epsilon is a tensor of 64 bits
        for key in ("eps", "negative_slope", "alpha", "momentum"):
            if exact and hasattr(layer, key) and not spelled_out:
                kept = float(np.float32(getattr(layer, key)))
                setattr(layer, key, 1 - float(np.float32(1 - layer.momentum)) if key == "momentum" else kept)
        if isinstance(layer, nn.BatchNorm1d):
            other = Normed(layer.num_features, layer.eps, layer.momentum, layer.affine).to(layer.running_mean.dtype)
            other.load_state_dict(layer.state_dict())
            layer = other
        if isinstance(layer, affine) and layer.weight is None:
            layer.weight = nn.Parameter(_ones(layer, net))
            layer.bias = layer.bias if isinstance(layer, nn.LayerNorm) else nn.Parameter(torch.zeros_like(layer.weight))
        if biased and isinstance(layer, nn.LayerNorm) and layer.weight is not None and layer.bias is None:
            layer.bias = nn.Parameter(torch.zeros_like(layer.weight))
        made.append(layer)
    return nn.Sequential(*made).eval()


def _ones(layer: Any, net: Any) -> Any:
    size = layer.normalized_shape if isinstance(layer, nn.LayerNorm) else layer.num_features
    return torch.ones(size, dtype=next((p.dtype for p in net.parameters()), torch.float32))


# -- Keras


def of_keras(r: random.Random, folder: Path) -> Case:
    net = population(drawn(r, "float32"))
    # Keras' settings do not say that a GELU is the one by tanh.
    net = nn.Sequential(*(nn.GELU() if isinstance(n, nn.GELU) else n for n in net)).eval()
    d = entering(net)
    before: list[Any] = []
    if r.random() < 0.3:
        scale, offset = r.choice([1 / 255, 2.0, 0.5]), r.choice([0.0, -1.0])
        before.append(keras.layers.Rescaling(scale, offset))
        net = nn.Sequential(Scaled(np.float32(scale), np.float32(offset)), *net).eval()
    k = keras.layers
    made = [*before, *(_of_keras(r, n) for n in net if not isinstance(n, Scaled))]
    layers: list[Any] = []
    for layer in made:
        # A function as a setting of the layer before it.
        plain = layers and isinstance(layers[-1], k.Dense) and layers[-1].activation is keras.activations.linear
        if isinstance(layer, k.Activation) and plain and r.random() < 0.5:
            layers[-1].activation = layer.activation
        else:
            layers.append(layer)
    functional = r.random() < 0.5
    flow = start = keras.Input((d,))
    if functional:
        for layer in layers:
            flow = layer(flow)
    model = keras.Model(start, flow) if functional else keras.Sequential([start, *layers])
    sources = [n for n in net if isinstance(n, (nn.Linear, nn.BatchNorm1d, nn.LayerNorm))]
    holders = [n for n in layers if isinstance(n, (k.Dense, k.BatchNormalization, k.LayerNormalization))]
    for source, layer in zip(sources, holders, strict=True):
        held = [source.weight.T] if isinstance(source, nn.Linear) else [source.weight]
        held += [source.bias, getattr(source, "running_mean", None), getattr(source, "running_var", None)]
        layer.set_weights([a.detach().numpy() for a in held if a is not None])
    form = r.choice([".keras", ".keras", ".h5", ".json"])
    path = folder / f"net{form}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if form == ".json":
            path.write_text(model.to_json())
            model.save_weights(folder / "net.weights.h5")
        else:
            model.save(path)

    def theirs(a: Any) -> Any:
        return model(torch.tensor(a, dtype=torch.float32), training=False).detach().numpy()

    arrays = [w.value.detach().numpy() for w in model.weights if "seed" not in w.path]
    return Case(path, net, f"keras {form}{' functional' * functional}", {}, theirs, arrays)


def _of_keras(r: random.Random, layer: Any) -> Any:
    k, kind = keras.layers, type(layer)
    if kind is nn.Linear:
        return k.Dense(layer.out_features, use_bias=layer.bias is not None)
    if kind in (nn.BatchNorm1d, Normed):
        affine = layer.affine
        return k.BatchNormalization(epsilon=layer.eps, momentum=1 - layer.momentum, center=affine, scale=affine)
    if kind is nn.LayerNorm:
        return k.LayerNormalization(epsilon=layer.eps, center=layer.bias is not None, scale=layer.weight is not None)
    if kind is nn.Dropout:
        return k.Dropout(layer.p)
    if kind is nn.LeakyReLU:
        return r.choice([k.LeakyReLU(negative_slope=layer.negative_slope), k.ReLU(negative_slope=layer.negative_slope)])
    if kind is nn.ELU:
        return k.ELU(alpha=layer.alpha)
    if kind is nn.Flatten:
        return k.Flatten()
    if kind is nn.Unflatten:
        return k.Reshape(tuple(layer.unflattened_size))
    if kind is nn.GELU:
        return k.Activation("gelu")
    if kind is nn.Softmax and r.random() < 0.5:
        return k.Softmax()
    return k.Activation(NAMES[kind][0])


# -- ONNX


def of_exporter(r: random.Random, folder: Path) -> Case:
    net = drawn(r, r.choice(["float32", "float32", "float64"]))
    d = entering(net)
    # Dropout is left out of what is exported.
    net = nn.Sequential(*(nn.Identity() if isinstance(n, nn.Dropout) else n for n in net)).eval()
    path, opset = folder / "net.onnx", r.choice([9, 11, 13, 14, 15, 17, 18, 20])
    opset = max(opset, 13) if any(isinstance(n, nn.Unflatten) for n in net) else opset
    dtype = next((str(p.dtype)[6:] for p in net.parameters()), "float32")
    x = torch.zeros((1 if r.random() < 0.3 else 5), d, dtype=getattr(torch, dtype))
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net, (x,), str(path), input_names=["x"], dynamo=False, opset_version=opset,
            keep_initializers_as_inputs=r.random() < 0.3,
            do_constant_folding=r.random() < 0.7, dynamic_axes={"x": {0: "m"}} if r.random() < 0.7 else None,
            export_params=True,
        )  # fmt: skip
    return Case(
        path,
        population(net, dtype == "float64", (nn.BatchNorm1d, *[nn.LayerNorm] * (opset >= 17)), opset >= 17),
        f"torch.onnx {opset}",
        dtype=dtype,
    )


class _Onnx:
    """Writes a network node by node, each layer in one of the ways that it can be written."""

    def __init__(self, r: random.Random, dtype: str, opset: int) -> None:
        self.r, self.dtype, self.opset = r, np.dtype(dtype), opset
        self.nodes: list[Any] = []
        self.held: list[Any] = []
        self.flow, self.count = "x", 0

    def tensor(self, array: Any, dtype: Any = None) -> str:
        self.count += 1
        name, array = f"t{self.count}", np.ascontiguousarray(np.asarray(array, dtype or self.dtype))
        made = numpy_helper.from_array(array.reshape(np.shape(array)), name)
        if self.r.random() < 0.3:
            self.nodes.append(helper.make_node("Constant", [], [name], value=made))
        else:
            self.held.append(made)
        return name

    def node(self, op: str, *inputs: str, **attributes: Any) -> None:
        self.count += 1
        self.nodes.append(helper.make_node(op, list(inputs), [f"v{self.count}"], **attributes))
        self.flow = f"v{self.count}"

    def layer(self, layer: Any) -> None:
        kind, r = type(layer), self.r
        if isinstance(layer, nn.Linear):
            self._linear(layer)
        elif isinstance(layer, nn.BatchNorm1d):
            ones = torch.ones(layer.num_features)
            held = (layer.weight if layer.affine else ones, layer.bias if layer.affine else 0 * ones)
            held = [self.tensor(a.detach().numpy()) for a in (*held, layer.running_mean, layer.running_var)]
            self.node("BatchNormalization", self.flow, *held, epsilon=layer.eps, momentum=1 - layer.momentum)
        elif kind is nn.LayerNorm:
            held = [layer.weight if layer.weight is not None else torch.ones(layer.normalized_shape)]
            held += [layer.bias] * (layer.bias is not None)
            tensors = [self.tensor(a.detach().numpy()) for a in held]
            self.node("LayerNormalization", self.flow, *tensors, epsilon=layer.eps, axis=r.choice([-1, 1]))
        elif kind is nn.Dropout:
            self.node("Dropout", self.flow, self.tensor(layer.p, np.float32))
        elif kind is nn.LeakyReLU:
            self.node("LeakyRelu", self.flow, alpha=layer.negative_slope)
        elif kind is nn.ELU:
            self.node("Elu", self.flow, alpha=float(layer.alpha))
        elif kind is nn.GELU:
            self.node("Gelu", self.flow, approximate=layer.approximate)
        elif kind is nn.Flatten:
            if r.random() < 0.5:
                self.node("Flatten", self.flow)
            else:
                self.node("Reshape", self.flow, self.tensor([0, -1], np.int64))
        elif kind is nn.Unflatten:
            self.node("Reshape", self.flow, self.tensor([r.choice([0, -1]) if -1 not in layer.unflattened_size else 0,
                                                         *layer.unflattened_size], np.int64))  # fmt: skip
        elif kind is Scaled:
            self._scaled(layer)
        elif kind in (nn.Softmax, nn.LogSoftmax):
            self.node(NAMES[kind][1], self.flow, **r.choice([{}, {"axis": 1}, {"axis": -1}]))
        elif kind is nn.SiLU:
            before = self.flow
            self.node("Sigmoid", before)
            self.node("Mul", *r.sample([before, self.flow], 2))
        else:
            self.node(NAMES[kind][1], self.flow)

    def _linear(self, layer: Any) -> None:
        r, weight = self.r, layer.weight.detach().numpy()
        bias = None if layer.bias is None else layer.bias.detach().numpy()
        if isinstance(layer, Gemmed) or r.random() < 0.4:
            turned, alpha, beta = r.random() < 0.5, getattr(layer, "alpha", 1.0), getattr(layer, "beta", 1.0)
            inputs = [self.flow, self.tensor(weight if turned else weight.T)] + ([] if bias is None else [self.tensor(bias)])
            self.node("Gemm", *inputs, transB=int(turned), alpha=alpha, **({} if bias is None else {"beta": beta}))
            return
        self.node("MatMul", self.flow, self.tensor(weight.T))
        if bias is not None:
            self.node("Add", *r.sample([self.flow, self.tensor(bias[None] if r.random() < 0.2 else bias)], 2))

    def _scaled(self, layer: Any) -> None:
        factor, term = (a.numpy() for a in (layer.factor, layer.term))
        if self.r.random() < 0.5:
            self.node("Mul", *self.r.sample([self.flow, self.tensor(factor)], 2))
        else:
            self.node("Div", self.flow, self.tensor(1 / factor))
        if self.r.random() < 0.5:
            self.node("Add", *self.r.sample([self.flow, self.tensor(term)], 2))
        else:
            self.node("Sub", self.flow, self.tensor(-term))


def of_helper(r: random.Random, folder: Path) -> Case:
    dtype, opset = r.choice(["float32", "float32", "float64"]), r.choice([20, 21, 22])
    net = population(drawn(r, dtype), dtype == "float64", (nn.BatchNorm1d, nn.LayerNorm))
    net = nn.Sequential(*(Gemmed.of(r, n) if isinstance(n, nn.Linear) and r.random() < 0.2 else n for n in net)).eval()
    d = entering(net)
    if r.random() < 0.3:
        g = np.random.default_rng(r.randrange(2**32))
        # Factors whose inverse is exact, so that dividing by it is the same.
        both = (2.0 ** g.integers(-3, 3, d), g.normal(size=d)) if r.random() < 0.5 else (np.float64(0.5), np.float64(-0.25))
        net = nn.Sequential(Scaled(*(np.asarray(a, dtype) for a in both)), *net).eval()
    made = _Onnx(r, dtype, opset)
    for layer in net:
        made.layer(layer)
    if not made.nodes:
        made.node("Identity", made.flow)
    code = {"float32": 1, "float64": 11}[dtype]
    inputs = [helper.make_tensor_value_info("x", code, [r.choice(["N", None, 1, 7]), d])]
    if r.random() < 0.3:
        inputs += [helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in made.held]
    graph = helper.make_graph(made.nodes, "g", inputs, [helper.make_tensor_value_info(made.flow, code, None)], made.held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    path = folder / "net.onnx"
    path.write_bytes(model.SerializeToString())
    evaluator = ReferenceEvaluator(model)
    # The evaluator computes these two with numbers of 32 bits.
    rough = any(isinstance(n, (nn.GELU, nn.SELU)) for n in net) and dtype == "float64"
    theirs = None if rough else lambda a: evaluator.run(None, {"x": np.asarray(a, dtype)})[0]
    return Case(path, net, "onnx.helper", {}, theirs, dtype=dtype)
