"""Random valid programs in the notation, as a learner might write them, and the same training in PyTorch."""

# ruff: noqa: E501 (tables of names and lines)
from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from core.complete import load
from core.data.batches import indices_of
from core.program.ir import Program


def SETTINGS(examples: int) -> Any:
    """Return the settings of a property test: no deadline, reproducible, nothing written to disk.

    `make fuzz` sets STEPPER_FUZZ, and each test then tries so many times as many examples, new ones every time.
    """
    more = int(os.environ.get("STEPPER_FUZZ", "1"))
    return settings(
        max_examples=examples * more, deadline=None, derandomize=more == 1, database=None, print_blob=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """One dense layer as written: its names, its bias (`none`, `full`, `vector`, `scalar`), its activation."""

    weight: str
    bias: str
    pre: str
    out: str
    kind: str
    activation: str


@dataclass(frozen=True)
class Net:
    """A program's text with the facts it was written from."""

    text: str
    columns: bool
    layers: tuple[Layer, ...]
    loss: str
    l2: float
    update: str
    rate: float
    momentum: float
    inputs: str
    targets: str
    tags: frozenset[str] = field(default_factory=frozenset)


NAMES = (
    ("W{}", "b{}", "Z{}", "A{}"), ("w{}", "c{}", "z{}", "a{}"), ("theta_{}", "bias_{}", "pre_{}", "act_{}"), ("W{}", "b{}", "A", "A"),
    ("syn{}", "off{}", "lin{}", "l{}"), ("gewicht{}", "θ{}", "net", "out"), ("W{}", "b{}", "Z", "A"), ("dW{}", "L{}x", "m{}z", "lambda_{}"),
)  # fmt: skip
OURS = ("gelu", "gelu_erf", "silu", "selu", "softsign")
ACTIVATIONS = ("sigmoid", "tanh", "relu", "identity", "written", "def", "leaky", "masked", "where", "maximum", *OURS)
LOSSES = (
    "mse", "sse", "half_sse", "bce", "bce_with_logits", "mean_square", "half_sum", "sum_over_m", "log_sums", "mean_method", "two_step",
)  # fmt: skip
PROBABILITY = ("bce", "log_sums")


@st.composite
def nets(draw: Callable[..., Any], dtype: str | None = None, oracle: bool = False) -> Net:
    """Draw a program. With `oracle`, what drives units into saturation is left out, and PyTorch can follow."""
    columns = draw(st.booleans())
    samples = draw(st.integers(2, 7))
    batch = draw(st.sampled_from([None, 1, samples, max(1, samples - 1), max(1, (samples + 1) // 2)]))
    shuffle = draw(st.booleans())
    kind = dtype or draw(st.sampled_from(["float64", "float32"]))
    numbers = draw(st.integers(0, 2**31 - 1))
    random = np.random.default_rng(numbers)
    depth = draw(st.integers(1, 3))
    sizes = [draw(st.integers(1, 4)) for _ in range(depth + 1)]
    patterns = draw(st.sampled_from(NAMES))
    loss = draw(st.sampled_from(LOSSES))
    biases = draw(st.sampled_from(["none", "full", "vector", "scalar", "mixed"]))
    prefix = draw(st.sampled_from(["", "np."]))
    product = draw(st.sampled_from(["@", "np.dot", "dot", ".dot", "np.matmul"]))
    one_each = draw(st.booleans())
    update = draw(st.sampled_from(["derived", "assign", "minus", "momentum", "typed"]))
    l2 = draw(st.sampled_from([0.0, 0.0, 0.05]))
    rate = draw(st.sampled_from([0.1, 0.05, 0.3]))
    momentum = draw(st.sampled_from([0.9, 0.5]))
    rate_name = draw(st.sampled_from(["lr", "alpha", "eta"]))
    x, y = draw(st.sampled_from([("X", "Y"), ("inputs", "targets"), ("X_train", "T"), ("data", "y")]))
    whole_numbers = draw(st.booleans())

    layers: list[Layer] = []
    for i in range(1, depth + 1):
        last = i == depth
        if last and loss in PROBABILITY:
            activation = draw(st.sampled_from(["sigmoid", "written", "def"]))
        elif last and loss == "bce_with_logits":
            activation = "identity"
        else:
            activation = draw(st.sampled_from(ACTIVATIONS))
        shape = draw(st.sampled_from(["none", "full", "vector", "scalar"])) if biases == "mixed" else biases
        if shape == "vector" and columns:
            shape = "full"
        w, b, z, a = (p.format(i) for p in patterns)
        layers.append(Layer(w, b if shape != "none" else "", z, a, shape, activation))

    out: list[str] = ["# data"]
    X = random.uniform(-1, 1, (sizes[0], samples)).round(3)
    Y = random.integers(0, 2, (sizes[-1], samples)).astype(float)
    if loss not in PROBABILITY and loss != "bce_with_logits":
        Y = random.uniform(0, 1, (sizes[-1], samples)).round(3)
    elif whole_numbers:
        Y = Y.astype(int)
    if not columns:
        X, Y = X.T, Y.T
    turned = draw(st.booleans())
    out += [f"{x} = np.array({X.T.tolist()}).T" if turned else f"{x} = np.array({X.tolist()})", f"{y} = np.array({Y.tolist()})"]
    # Squares of data say nothing of rows and columns: the reserved name always does.
    out.append(f'samples = "{"columns" if columns else "rows"}"')
    if batch is not None:
        out.append(f"batch = {batch}")
    if shuffle:
        out += ["shuffle = True", f"seed = {draw(st.integers(0, 9))}"]
    if kind != "float64":
        out.append(f'dtype = "{kind}"')
    out.append("# parameters")
    out.append(f"np.random.seed({draw(st.integers(0, 2**32 - 1))})")
    for i, layer in enumerate(layers):
        rows, cols = (sizes[i + 1], sizes[i]) if columns else (sizes[i], sizes[i + 1])
        scale = 0.5 if oracle else draw(st.sampled_from([0.5, 1.0]))
        turned = draw(st.booleans()) and draw(st.booleans())
        out.append(
            f"{layer.weight} = {scale} * np.random.randn({rows}, {cols})"
            if not turned
            else f"{layer.weight} = np.random.randn({cols}, {rows}).T"
        )
        if layer.bias:
            shape = {
                "full": f"({sizes[i + 1]}, 1)" if columns else f"(1, {sizes[i + 1]})",
                "vector": f"({sizes[i + 1]},)",
                "scalar": "(1, 1)",
            }[layer.kind]
            out.append(
                f"{layer.bias} = "
                + draw(
                    st.sampled_from([f"np.zeros({shape})", f"0.1 * np.ones({shape})", f"np.random.uniform(-0.5, 0.5, {shape})"])
                )
            )
    named = [n for layer in layers for n in (layer.weight, layer.bias) if n]
    if update == "momentum":
        out += [f"v_{n} = np.zeros_like({n})" for n in named]
        out.append(f"mu = {momentum}")
    if update != "derived" or draw(st.booleans()):
        out.append(f"{rate_name} = {rate}")
    else:
        rate = 0.1
    definitions: list[str] = []
    if any(layer.activation == "def" for layer in layers):
        definitions += ["def squash(z):", f"    return 1 / (1 + {prefix}exp(-z))", ""]
    if any(layer.activation == "leaky" for layer in layers):
        definitions += ["def leaky(z):", "    slope = 0.1", f"    return {prefix}where(z > 0, z, slope * z)", ""]

    out.append("# forward")
    before = x
    for i, layer in enumerate(layers):
        out += _layer(layer, before, columns, product, prefix, one_each, i == len(layers) - 1 and draw(st.booleans()))
        before = layer.out
    out.append("# loss")
    out += _loss(loss, before, y, columns, prefix, [layer.weight for layer in layers] if l2 else [], l2)
    text = "\n".join([*definitions, *out]) + "\n"
    if update == "assign":
        text += "# update\n" + "".join(f"{n} = {n} - {rate_name} * g_{n}\n" for n in named)
    elif update == "minus":
        text += "# update\n" + "".join(f"{n} -= {rate_name} * g_{n}\n" for n in named)
    elif update == "momentum":
        text += "# update\n" + "".join(f"v_{n} = mu * v_{n} + g_{n}\n{n} -= {rate_name} * v_{n}\n" for n in named)
    elif update == "typed":
        text = load(text).text
    return Net(text, columns, tuple(layers), loss, l2, update, rate, momentum, x, y)


def _product(a: str, b: str, product: str) -> str:
    if product == "@":
        return f"{a} @ {b}"
    return f"{a}.dot({b})" if product == ".dot" else f"{product}({a}, {b})"


def _layer(layer: Layer, before: str, columns: bool, product: str, prefix: str, one_each: bool, plus_first: bool) -> list[str]:
    made = _product(layer.weight, before, product) if columns else _product(before, layer.weight, product)
    z = layer.pre
    lines: list[str] = []
    simple = {
        "sigmoid": "sigmoid({})", "tanh": prefix + "tanh({})", "relu": "relu({})", "identity": "{}", "written": f"1 / (1 + {prefix}exp(-{{}}))",
        "def": "squash({})", "leaky": "leaky({})", "where": prefix + "where({0} > 0, {0}, 0)", "maximum": prefix + "maximum(0, {})",
        **{name: f"{name}({{}})" for name in OURS},
    }  # fmt: skip
    if layer.bias and one_each:
        lines += [f"{z} = {made}", f"{z} = {z} + {layer.bias}"]
    elif layer.bias:
        lines.append(f"{z} = {layer.bias} + {made}" if plus_first else f"{z} = {made} + {layer.bias}")
    else:
        lines.append(f"{z} = {made}")
    if layer.activation == "masked":
        if layer.out == z:
            return [*lines, f"{z}[{z} <= 0] = 0"]
        return [*lines, f"{layer.out} = {z}.copy()", f"{layer.out}[{z} <= 0] = 0"]
    if layer.activation in ("relu", "tanh", "sigmoid") and not one_each and layer.out == z:
        return [f"{layer.out} = {simple[layer.activation].format(lines[0].split(' = ', 1)[1])}"] if len(lines) == 1 else lines
    return [*lines, f"{layer.out} = {simple[layer.activation].format(z)}"]


def _loss(loss: str, a: str, y: str, columns: bool, prefix: str, weights: list[str], l2: float) -> list[str]:
    axis = 1 if columns else 0
    text = {
        "mse": f"mse({a}, {y})", "sse": f"sse({a}, {y})", "half_sse": f"half_sse({a}, {y})", "bce": f"bce({a}, {y})",
        "bce_with_logits": f"bce_with_logits({a}, {y})", "mean_square": f"{prefix}mean(({a} - {y}) ** 2)",
        "half_sum": f"0.5 * {prefix}sum({prefix}square({a} - {y}))", "sum_over_m": f"{prefix}sum(({y} - {a}) ** 2) / m",
        "log_sums": f"-{prefix}sum({y} * {prefix}log({a}) + (1 - {y}) * {prefix}log(1 - {a})) / {y}.shape[{axis}]",
        "mean_method": f"(({a} - {y}) * ({a} - {y})).mean()", "two_step": "cost_mean / 2",
    }[loss]  # fmt: skip
    lines: list[str] = []
    if loss == "two_step":
        lines += [f"err = {a} - {y}", f"cost_mean = {prefix}mean({prefix}sum(err ** 2, axis={1 - axis}))"]
    if weights:
        penalty = " + ".join(f"{prefix}sum({w} ** 2)" if i % 2 == 0 else f"{prefix}sum({w} * {w})" for i, w in enumerate(weights))
        text = f"{text} + {l2} * ({penalty})"
    return [*lines, f"Loss = {text}"]


def torch_training(net: Net, program: Program, iterations: int) -> tuple[list[float], dict[str, Any], dict[str, Any]]:
    """Train the same net with PyTorch's autograd; return its losses, last weights and last gradients.

    Only the first values and the order of the samples are taken from the program.
    """
    import torch
    from torch.nn import functional

    f64 = torch.float64
    given = {g.name: g.value for g in program.given}
    named = [n for layer in net.layers for n in (layer.weight, layer.bias) if n]
    weights = {n: torch.tensor(np.array(given[n]), dtype=f64, requires_grad=True) for n in named}
    velocity = {n: torch.zeros_like(w) for n, w in weights.items()}
    X, Y = (torch.tensor(np.array(given[n]), dtype=f64) for n in (net.inputs, net.targets))
    losses: list[float] = []
    gradients: dict[str, Any] = {}
    for iteration in range(1, iterations + 1):
        chosen = torch.tensor(np.array(indices_of(program.batching, iteration)))
        axis = 1 if net.columns else 0
        x, y = X.index_select(axis, chosen), Y.index_select(axis, chosen)
        m = len(chosen)
        a = x
        for layer in net.layers:
            z = weights[layer.weight] @ a if net.columns else a @ weights[layer.weight]
            if layer.bias:
                z = z + weights[layer.bias]
            a = {
                "sigmoid": torch.sigmoid, "written": torch.sigmoid, "def": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu,
                "masked": torch.relu, "where": torch.relu, "maximum": torch.relu, "identity": lambda t: t,
                "leaky": lambda t: functional.leaky_relu(t, 0.1), "gelu": lambda t: functional.gelu(t, approximate="tanh"),
                "gelu_erf": functional.gelu, "silu": functional.silu, "selu": functional.selu, "softsign": functional.softsign,
            }[layer.activation](z)  # fmt: skip
        total = _torch_loss(net.loss, a, y, m)
        if net.l2:
            total = total + net.l2 * sum((weights[layer.weight] ** 2).sum() for layer in net.layers)
        grads = torch.autograd.grad(total, list(weights.values()))
        losses.append(float(total.detach()))
        gradients = {n: g.numpy() for n, g in zip(weights, grads, strict=True)}
        with torch.no_grad():
            for n, g in zip(list(weights), grads, strict=True):
                velocity[n] = net.momentum * velocity[n] + g if net.update == "momentum" else g
                weights[n] = (weights[n] - net.rate * velocity[n]).requires_grad_(True)
    return losses, {n: w.detach().numpy() for n, w in weights.items()}, gradients


def _torch_loss(loss: str, a: Any, y: Any, m: int) -> Any:
    from torch.nn import functional

    squares = (a - y) ** 2
    if loss in PROBABILITY:
        return functional.binary_cross_entropy(a, y, reduction="sum") / m
    if loss == "bce_with_logits":
        return functional.binary_cross_entropy_with_logits(a, y, reduction="sum") / m
    if loss in ("mse", "mean_square", "mean_method"):
        return squares.mean()
    return squares.sum() * {"sse": 1, "half_sse": 0.5, "half_sum": 0.5, "sum_over_m": 1 / m, "two_step": 0.5 / m}[loss]
