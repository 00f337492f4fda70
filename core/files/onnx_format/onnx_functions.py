"""A function of each number by itself: one operator, or spelled out in small operations and recognised by what it gives.

An exporter writes 0.5 · x · (1 + tanh(…)) where the operator did not exist yet. The operations are known arithmetic on one
value and numbers of the file; they are followed for a few values, and compared with the functions that can be stepped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.files.onnx_format.onnx_graph import Node
from core.files.problem import shown

if TYPE_CHECKING:
    from core.files.onnx_format.onnx_layers import Reader

_LAMBDA, _ALPHA = 1.0507009873554805, 1.6732632423543772
"""The numbers of SELU (Klambauer et al., 2017)."""
ACTIVATIONS: Mapping[str, tuple[str, Mapping[str, tuple[str, float]]]] = {
    "Relu": ("relu", {}), "Sigmoid": ("sigmoid", {}), "Tanh": ("tanh", {}), "Softplus": ("softplus", {}),
    "LeakyRelu": ("leaky_relu", {"alpha": ("slope", 0.01)}), "Elu": ("elu", {"alpha": ("alpha", 1.0)}),
    "Selu": ("selu", {"alpha": ("alpha", _ALPHA), "gamma": ("gamma", _LAMBDA)}), "Gelu": ("gelu_erf", {}),
    "Swish": ("silu", {"alpha": ("alpha", 1.0)}), "Softsign": ("softsign", {}), "Identity": ("identity", {}),
}  # fmt: skip
"""Operator → our name, and its settings: theirs → (ours, the default)."""
_FIXED = ("Selu", "Swish")
"""Operators that can be stepped with the default settings alone."""
MOST_NODES = 24
_CORE = 57
_FAR = (-1e9, -1e4, -75.0, -21.0, -8.5, 8.5, 21.0, 75.0, 1e4, 1e9)
_AT = np.array([*np.linspace(-5.3, 5.9, _CORE), *_FAR])
_NEAR = 3e-6
"""Numbers of a file are of 32 bits; the exact gelu and the one by tanh differ by 4e-4."""

_ONE: Mapping[str, Callable[[Any], Any]] = {
    "Neg": np.negative, "Exp": np.exp, "Log": np.log, "Tanh": np.tanh, "Sqrt": np.sqrt, "Abs": np.abs, "Identity": np.array,
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)), "Reciprocal": lambda x: 1 / x, "Relu": lambda x: np.maximum(x, 0),
    "Softplus": lambda x: np.logaddexp(0, x), "Cast": np.array, "Erf": np.vectorize(math.erf, otypes=[float]),
    "Softsign": lambda x: x / (1 + np.abs(x)),
}  # fmt: skip
_TWO: Mapping[str, Callable[[Any, Any], Any]] = {
    "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide, "Pow": np.power, "Max": np.maximum,
    "Min": np.minimum, "Less": np.less, "Greater": np.greater, "LessOrEqual": np.less_equal, "GreaterOrEqual": np.greater_equal,
    "CastLike": lambda x, _: np.array(x),
}  # fmt: skip

BY_ITSELF = frozenset((*ACTIVATIONS, *_ONE, *_TWO))
"""Operators that work on each number by itself, whatever the axes mean."""


def activation(reader: Reader, node: Node) -> None:
    """Add the layer of an operator that is a function of each number by itself."""
    name, settings = ACTIVATIONS[node.op]
    attributes: dict[str, Any] = {ours: reader.number(node, theirs, default) for theirs, (ours, default) in settings.items()}
    why = ""
    if node.op == "Gelu":
        form = attributes["approximate"] = str(node.attributes.get("approximate", "none"))
        name = "gelu" if form == "tanh" else name
        why = "" if form in ("none", "tanh") else f"it is a Gelu of the form {shown(form)}, which ONNX does not have"
    elif node.op in _FIXED:
        # The file has them in 32 bits.
        held = {ours: (attributes[ours], usual) for ours, usual in settings.values()}
        odd = [f"{ours} = {v:g}" for ours, (v, usual) in held.items() if not math.isclose(v, usual, rel_tol=1e-6)]
        why = f"it is a {node.op} with {', '.join(odd)}, which cannot be stepped" if odd else ""
    reader.add(node, "activation", name, {}, attributes, why, reader.shape(node))


@dataclass(frozen=True)
class Found:
    """The function's name here, its settings, the nodes that it is made of; the last one gives it."""

    name: str
    settings: Mapping[str, float]
    nodes: tuple[Node, ...]


def spelled_out(
    nodes: Sequence[Node], at: int, number: Callable[[str], float | None], users: Callable[[str], Sequence[Node]],
    outputs: Sequence[str],
) -> Found | None:  # fmt: skip
    """Return the function that begins with node `at` of the graph in the order of its flow, None if none that is known does.

    `number` gives the one number of a constant, `users` the nodes that take a value.
    """
    entering = {n for n in nodes[at].inputs if n and number(n) is None}
    if len(entering) != 1 or nodes[at].op not in (*_ONE, *_TWO, "Clip", "Where"):
        return None
    (source,) = entering
    if len(users(source)) > MOST_NODES:
        return None
    values: dict[str, Any] = {source: _AT}
    taken: list[Node] = []
    with np.errstate(all="ignore"):
        for node in nodes[at : at + 2 * MOST_NODES]:
            got = _followed(node, values, number)
            if got is None or len(node.outputs) != 1:
                continue
            values[node.outputs[0]] = got
            taken.append(node)
            if got.shape != _AT.shape:
                continue
            inside = {id(n) for n in taken}
            given = [source, *(n.outputs[0] for n in taken[:-1])]
            alone = all(id(u) in inside for name in given for u in users(name)) and not set(given[1:]) & set(outputs)
            name = _named(got) if alone else None
            if name is not None:
                return Found(*name, tuple(taken))
            if len(taken) >= MOST_NODES:
                break
    return None


def _followed(node: Node, values: Mapping[str, Any], number: Callable[[str], float | None]) -> Any:
    """Return what a node makes of the values so far, None if it is no arithmetic on them."""
    if node.domain:
        return None
    got: list[Any] = []
    for name in node.inputs:
        value = values.get(name) if name else None
        if value is None and name:
            value = number(name)
            if value is None:
                return None
        got.append(value)
    if node.op in _ONE and len(got) == 1 and got[0] is not None:
        return _ONE[node.op](got[0])
    if node.op in _TWO and len(got) == 2 and got[0] is not None and got[1] is not None:
        return _TWO[node.op](got[0], got[1])
    whole: list[Any] = [v for v in got if v is not None]
    if node.op == "Where" and len(whole) == len(got) == 3:
        return np.where(whole[0], whole[1], whole[2])
    if node.op == "Clip" and got and got[0] is not None:
        low, high = (*got[1:3], None, None)[:2] if len(got) > 1 else (node.attributes.get("min"), node.attributes.get("max"))
        return np.clip(got[0], -np.inf if low is None else low, np.inf if high is None else high)
    return None


def _named(got: Any) -> tuple[str, dict[str, float]] | None:
    """Return the function that gives these values, and its settings."""
    if got.shape != _AT.shape or not np.isfinite(got[:_CORE]).all():
        return None
    # Far out, what is spelled out may not be finite where the function is.
    finite = np.isfinite(got)
    x, below = _AT, float(got[0])
    slope, alpha = _short(below / x[0]), _short(below / np.expm1(x[0]))
    known: list[tuple[str, dict[str, float], Any]] = [
        ("identity", {}, x), ("relu", {}, np.maximum(x, 0)), ("sigmoid", {}, 1 / (1 + np.exp(-x))), ("tanh", {}, np.tanh(x)),
        ("softplus", {}, np.logaddexp(0, x)), ("softsign", {}, x / (1 + np.abs(x))), ("silu", {}, x * _ONE["Sigmoid"](x)),
        ("selu", {}, _LAMBDA * np.where(x > 0, x, _ALPHA * np.expm1(x))),
        ("gelu_erf", {}, 0.5 * x * (1 + _ONE["Erf"](x / np.sqrt(2)))),
        ("gelu", {}, 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))),
        ("leaky_relu", {"slope": slope}, np.where(x > 0, x, slope * x)),
        ("elu", {"alpha": alpha}, np.where(x > 0, x, alpha * np.expm1(x))),
    ]  # fmt: skip
    for name, settings, wanted in known:
        near = np.abs(got - wanted) <= _NEAR * np.maximum(1, np.abs(wanted))
        if near[finite].all() and all(0 < s < 1e6 for s in settings.values()):
            return name, settings
    return None


def _short(number: float) -> float:
    """Return the shortest number that is the same in 32 bits, but for the last digits that arithmetic left in it."""
    return float(f"{number:.6g}")
