"""A network described by choices: the one table behind the TOML file, the dialog and `--set`.

`problems` checks a nested mapping against the table; `describe` turns it into a `Description`.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.data.sources import BUILT_IN, SUFFIXES
from core.errors import DescriptionError
from core.toml_lines import line_of as line_of

ACTIVATIONS = (
    "sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "gelu_erf", "silu", "softplus", "softsign", "softmax",
    "log_softmax", "identity",
)  # fmt: skip
LOSSES = (
    "mse", "half_sse", "sse", "mae", "huber", "hinge", "bce", "bce_with_logits", "cross_entropy", "softmax_cross_entropy",
)  # fmt: skip
OPTIMIZERS = ("sgd", "momentum", "averaged_momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw")
INITIALIZERS = {
    "zeros": "every weight 0; all units of a layer then stay equal",
    "constant": "every weight `scale`; all units of a layer then stay equal",
    "uniform": "even between -scale and scale",
    "normal": "normal draws times scale",
    "glorot": "normal draws times sqrt(2 / (inputs + units)), for sigmoid and tanh",
    "he": "normal draws times sqrt(2 / inputs), for relu",
    "lecun": "normal draws times sqrt(1 / inputs), for selu",
    "orthogonal": "rows or columns of length 1 at right angles",
}
LAYERS = ("dense", "dropout", "batch_norm", "layer_norm", "flatten")
SCHEDULES = ("constant", "step", "cosine")


@dataclass(frozen=True)
class Field:
    """One key: its kind, its default, what it may be, and what it does in one sentence.

    `kind` is "int", "float", "bool", "text", "choice", "batch" (a whole number or "full"), "sizes"
    (a whole number or a list of them) or "column" (a name or a number). `least` and `most` bound
    numbers; `open_ends` excludes the bounds themselves. A "text" can name a file with one of the
    `suffixes`; its `choices` are only some of what it can be.
    """

    kind: str
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    open_ends: bool = False
    suffixes: tuple[str, ...] = ()


FIELDS: dict[str, dict[str, Field]] = {
    "network": {
        "inputs": Field("sizes", None, "how many numbers a sample has; found from the data if left out", least=1, most=100_000),
        "loss": Field("choice", "mse", "what is made small", LOSSES),
        "reduction": Field("choice", "mean", "mean over samples (mse: over elements), or sum", ("mean", "sum")),
        "convention": Field("choice", "columns", "samples as columns (W @ X) or as rows (X @ W)", ("columns", "rows")),
        "dtype": Field("choice", "float64", "precision of all numbers", ("float64", "float32", "float16")),
    },
    "data": {
        "source": Field(
            "text", "xor", "a built-in data set, or a .csv or .npz file beside this one", tuple(BUILT_IN), suffixes=SUFFIXES
        ),
        "batch": Field("batch", "full", "samples in an iteration, or all of them"),
        "shuffle": Field("bool", False, "a new order of the samples in each epoch"),
        "seed": Field("int", 0, "fixes the order and the split", least=0, most=2**32 - 1),
        "standardize": Field("bool", False, "shift and scale each input to mean 0 and standard deviation 1"),
        "held_out": Field("float", 0.0, "share of the samples kept aside to test on", least=0.0, most=0.9),
        "target": Field("column", None, "which column of a table is the target; the last if left out"),
        "labels": Field("choice", "auto", "how classes are written as targets", ("auto", "one-hot", "index")),
    },
    "parameters": {
        "init": Field("choice", "normal", "how the weights start; biases start at 0", tuple(INITIALIZERS)),
        "scale": Field("float", 0.1, "size of normal, uniform and constant starts", least=0.0, most=1e6),
        "seed": Field("int", 1, "fixes the draws", least=0, most=2**32 - 1),
        "generator": Field("choice", "RandomState", "which of NumPy's generators draws", ("RandomState", "PCG64")),
        "values": Field("text", None, "an .npz file with W1, b1, W2, … to start from", suffixes=(".npz",)),
    },
    "optimizer": {
        "name": Field("choice", "sgd", "how a step is made from the gradient", OPTIMIZERS),
        "learning_rate": Field("float", 0.1, "length of a step", least=0.0, most=1e6, open_ends=True),
        "beta": Field("float", 0.9, "how much of the past momentum or rmsprop keep", least=0.0, most=0.999999),
        "beta1": Field("float", 0.9, "how much of the past gradient adam keeps", least=0.0, most=0.999999),
        "beta2": Field("float", 0.999, "how much of the past squared gradient adam keeps", least=0.0, most=0.9999999),
        "epsilon": Field("float", 1e-8, "keeps a division away from 0", least=0.0, most=1.0, open_ends=True),
        "l1": Field("float", 0.0, "weight of Σ|W| in the loss", least=0.0, most=1e6),
        "l2": Field("float", 0.0, "weight of ½ΣW² in the loss", least=0.0, most=1e6),
        "weight_decay": Field(
            "float",
            None,
            "each step shrinks the weights by rate · this (decoupled); left out: 0.01 for adamw, else 0",
            least=0.0,
            most=1e3,
        ),
        "clip_value": Field("float", None, "no gradient cell larger than this", least=0.0, most=1e9, open_ends=True),
        "clip_norm": Field(
            "float", None, "no norm of all gradients together larger than this", least=0.0, most=1e9, open_ends=True
        ),
        "schedule": Field("choice", "constant", "how the rate changes with time", SCHEDULES),
        "drop": Field("float", 0.5, "step schedule: factor at each drop", least=0.0, most=1.0, open_ends=True),
        "every": Field("int", 100, "step schedule: iterations between drops", least=1, most=10**9),
        "total": Field("int", 1000, "cosine schedule: iterations until the rate is 0", least=1, most=10**9),
    },
}

_SLOPE = Field("float", None, "leaky_relu: slope below 0, else 0.01; elu: how far it goes below 0, else 1", least=0.0, most=100.0)
LAYER_FIELDS: dict[str, dict[str, Field]] = {
    "dense": {
        "units": Field("int", 1, "how many neurons", least=1, most=100_000),
        "activation": Field("choice", "sigmoid", "what each neuron does with its sum", ACTIVATIONS),
        "bias": Field("bool", True, "whether each neuron has a bias"),
        "residual": Field("bool", False, "add the layer's input to its output (equal sizes)"),
        "slope": _SLOPE,
    },
    "dropout": {"rate": Field("float", 0.5, "share of the units left out in an iteration", least=0.0, most=0.95)},
    "batch_norm": {
        "activation": Field("choice", "identity", "what follows", ACTIVATIONS),
        "momentum": Field("float", 0.1, "share of a new batch in the running statistics", least=0.0, most=1.0),
        "slope": _SLOPE,
    },
    "layer_norm": {
        "activation": Field("choice", "identity", "what follows", ACTIVATIONS),
        "slope": _SLOPE,
    },
    "flatten": {},
}


@dataclass(frozen=True)
class Problem:
    """What is wrong with one key: its path, such as `network.layers[2].units`, and a sentence."""

    path: str
    message: str


@dataclass(frozen=True)
class Description:
    """A checked network: every key of FIELDS with its value, and the layers in order."""

    network: Mapping[str, Any]
    layers: tuple[Mapping[str, Any], ...]
    data: Mapping[str, Any]
    parameters: Mapping[str, Any]
    optimizer: Mapping[str, Any]


def problems(tree: Mapping[str, Any]) -> list[Problem]:
    """Return everything that is wrong with a nested mapping of choices, in its order."""
    return problems_of_keys(tree) or _together(tree)


def problems_of_keys(tree: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with single keys, each looked at for itself."""
    found: list[Problem] = []
    for section, keys in tree.items():
        if section not in FIELDS:
            found.append(Problem(section, f"is not a section; there are {', '.join(FIELDS)}{_near(section, FIELDS)}"))
        elif not isinstance(keys, Mapping):
            found.append(Problem(section, "must be a section with keys"))
        else:
            for key, value in keys.items():
                if section == "network" and key == "layers":
                    found += _layer_problems(value)
                else:
                    found += _check(f"{section}.{key}", key, value, FIELDS[section])
    network = tree.get("network")
    if not isinstance(network, Mapping) or not network.get("layers"):
        found.append(Problem("network.layers", 'is needed: a list such as [{units = 3, activation = "sigmoid"}, {units = 1}]'))
    return found


def _layer_problems(layers: Any) -> list[Problem]:
    if not isinstance(layers, list):
        return [Problem("network.layers", "must be a list of layers in braces")]
    found: list[Problem] = []
    for n, layer in enumerate(layers, 1):
        path = f"network.layers[{n}]"
        if not isinstance(layer, Mapping):
            found.append(Problem(path, "must be a layer in braces, such as {units = 3}"))
            continue
        kind = layer.get("layer", "dense")
        if not isinstance(kind, str) or kind not in LAYER_FIELDS:
            found.append(Problem(f"{path}.layer", f"is {_shown(kind)}; it can be {', '.join(LAYERS)}{_near(kind, LAYERS)}"))
            continue
        for key, value in layer.items():
            if key != "layer":
                found += _check(f"{path}.{key}", key, value, LAYER_FIELDS[kind])
        if kind == "dense" and "units" not in layer:
            found.append(Problem(f"{path}.units", "is needed: how many neurons the layer has"))
    return found


def _check(path: str, key: str, value: Any, known: Mapping[str, Field]) -> list[Problem]:
    if key not in known:
        allowed = f"there are {', '.join(known)}" if known else "it has no keys"
        return [Problem(path, f"is not a key here; {allowed}{_near(key, known)}")]
    f = known[key]
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    whole = number and isinstance(value, int)
    amount = _amount(value) if number else math.nan
    fits = {
        "int": whole,
        "float": number and not math.isnan(amount),
        "bool": isinstance(value, bool),
        "text": isinstance(value, str) and bool(value),
        "choice": isinstance(value, str) and value in f.choices,
        "batch": value == "full" or (whole and amount >= 1),
        "sizes": whole or (isinstance(value, list) and 1 <= len(value) <= 4 and all(_is_size(v) for v in value)),
        "column": whole or isinstance(value, str),
    }[f.kind]
    if not fits:
        return [Problem(path, f"is {_shown(value)}; {_wanted(f)}{_near(value, f.choices)}")]
    low = f.least is not None and (amount < f.least or (f.open_ends and amount == f.least))
    if number and (low or (f.most is not None and amount > f.most)):
        return [Problem(path, f"is {_shown(value)}; {_wanted(f)}")]
    return []


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _amount(number: float) -> float:
    """Return a number to compare with bounds; a whole one that no float can hold is as good as infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _wanted(f: Field) -> str:
    bounds = ""
    if f.least is not None and f.most is not None:
        bounds = f" {'above' if f.open_ends else 'from'} {_exact(f.least)} {'up ' if f.open_ends else ''}to {_exact(f.most)}"
    return {
        "int": f"it must be a whole number{bounds}",
        "float": f"it must be a number{bounds}",
        "bool": "it must be true or false",
        "text": "it must be a text in quotes",
        "choice": f"it can be {', '.join(f.choices)}",
        "batch": 'it must be a whole number of at least 1, or "full"',
        "sizes": "it must be a whole number of at least 1, or a list of them such as [8, 8]",
        "column": "it must be a column's name, or its number: from 1, or -1 for the last",
    }[f.kind]


def _exact(bound: float) -> str:
    return f"{bound:.0f}" if float(bound).is_integer() else f"{bound:.10g}"


def _shown(value: Any) -> str:
    try:
        text = repr(value) if not isinstance(value, bool) else str(value).lower()
    except (ValueError, RecursionError):
        # Python writes out no number of more than some thousand digits.
        return "too long"
    return text if len(text) <= 60 else text[:57] + "…"


def _near(word: Any, known: Any) -> str:
    near = difflib.get_close_matches(word, list(known), 1) if isinstance(word, str) else []
    return f"; did you mean {near[0]}?" if near else ""


def _together(tree: Mapping[str, Any]) -> list[Problem]:
    """Choices that are each possible but not together."""
    network = tree["network"]
    layers = {n: layer for n, layer in enumerate(network["layers"], 1) if layer.get("layer", "dense") != "flatten"}
    loss = network.get("loss", "mse")
    place = f"network.layers[{max(layers, default=len(network['layers']))}]"
    last = layers[max(layers)] if layers else {}
    found: list[Problem] = []
    if last.get("layer", "dense") == "dropout" or not layers:
        found.append(Problem(place, "cannot be last; end with a dense layer"))
        return found
    activation = last.get("activation", "sigmoid" if last.get("layer", "dense") == "dense" else "identity")
    wanted = {"bce": "sigmoid", "bce_with_logits": "sigmoid", "cross_entropy": "softmax", "softmax_cross_entropy": "softmax"}
    if loss in wanted and activation != wanted[loss]:
        found.append(Problem(f"{place}.activation", f"is {activation!r}; the loss {loss} needs {wanted[loss]} in the last layer"))
    if loss in wanted and last.get("residual"):
        found.append(Problem(f"{place}.residual", f"is true; the loss {loss} needs what {wanted[loss]} gives as it is"))
    return found


def describe(tree: Mapping[str, Any]) -> Description:
    """Return the checked description with every default filled in.

    Raises:
        DescriptionError: naming the first problem by its key path.
    """
    wrong = problems(tree)
    if wrong:
        raise DescriptionError(wrong[0].path, wrong[0].message)

    def filled(section: str) -> dict[str, Any]:
        given = tree.get(section, {})
        return {key: given.get(key, f.default) for key, f in FIELDS[section].items()}

    layers = tuple(
        {"layer": kind, **{key: layer.get(key, f.default) for key, f in LAYER_FIELDS[kind].items()}}
        for layer in tree["network"]["layers"]
        for kind in [layer.get("layer", "dense")]
    )
    optimizer = filled("optimizer")
    if optimizer["weight_decay"] is None:
        optimizer["weight_decay"] = 0.01 if optimizer["name"] == "adamw" else 0.0
    return Description(filled("network"), layers, filled("data"), filled("parameters"), optimizer)


def read_toml(text: str) -> dict[str, Any]:
    """Return the tree of a TOML text.

    Raises:
        DescriptionError: if it is not TOML; with the line.
    """
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        place = re.search(r"at line (\d+)", str(error))
        reason = re.sub(r"\s*\(at .*\)$", "", str(error)) if not isinstance(error, RecursionError) else "it is nested too deeply"
        line = int(place[1]) if place else len(text.splitlines()) if "at end of document" in str(error) else 0
        raise DescriptionError("", f"this is not TOML: {reason[:200]}", line) from None
