"""scikit-learn's multi-layer perceptrons, as an inert pickle holds them → layers, arrays and facts.

An MLP keeps a weight matrix (inputs × outputs) and a bias a layer in `coefs_` and `intercepts_`, the function of the hidden
layers in `activation` and that of the last one in `out_activation_` (scikit-learn, neural_network/_multilayer_perceptron.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from core.files.pickles.inert_numpy import Ndarray, array_in, number_in, texts_in
from core.files.pickles.inert_source import Source
from core.files.pickles.inert_values import Called, Items, Table, Value, entries
from core.files.problem import FileProblem, shown
from core.files.saved import ROLES_OF_STEPS, Layer

_MLPS = ("MLPClassifier", "MLPRegressor")
_SEARCHES = ("GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV")
_ACTIVATIONS = {"logistic": "sigmoid", "tanh": "tanh", "relu": "relu", "identity": "", "softmax": "softmax"}
_SCALERS = {
    "StandardScaler": (("-", "mean_", "with_mean"), ("/", "scale_", "with_std")),
    "MinMaxScaler": (("*", "scale_", ""), ("+", "min_", "")),
    "MaxAbsScaler": (("/", "scale_", ""),),
    "RobustScaler": (("-", "center_", "with_centering"), ("/", "scale_", "with_scaling")),
}
"""What scalers do with each feature, in order: the sign, the array, and the setting that leaves it out."""
_AGAIN = "fit it, and save it again"
_DEEPEST = 6


@dataclass
class Estimator:
    """An MLP with what stands before it in a pipeline."""

    name: str
    layers: tuple[Layer, ...] = ()
    arrays: dict[str, Ndarray] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    complete: bool = True


def estimator_in(value: Value, source: Source) -> Estimator | None:
    """Return the MLP in a pickle: itself, in a Pipeline, as the best of a search, or an entry; None if there is none."""
    return _find(value, source, set(), 0)


def _find(value: Value, source: Source, seen: set[int], depth: int) -> Estimator | None:
    # What is shared is looked through once: lists of lists of the same list have more ways than anyone can go.
    if depth > _DEEPEST or id(value) in seen:
        return None
    seen.add(id(value))
    kind = _kind(value)
    if isinstance(value, Called) and kind in _MLPS:
        made = Estimator(kind)
        _mlp(made, value, source)
        return made
    if isinstance(value, Called) and kind == "Pipeline":
        return _pipeline(value, source)
    if isinstance(value, Called) and kind in _SEARCHES:
        return _find(_attributes(value).get("best_estimator_"), source, seen, depth + 1)
    if isinstance(value, (Table, Items)):
        for _, inner in entries(value):
            found = _find(inner, source, seen, depth + 1)
            if found is not None:
                return found
    return None


def _kind(value: Value) -> str:
    """Return the class of an object of scikit-learn, '' for anything else."""
    if not isinstance(value, Called) or not value.name.startswith("sklearn."):
        return ""
    return value.name.rpartition(".")[2]


def _attributes(value: Called) -> Mapping[str, Value]:
    return dict(value.state.texts()) if isinstance(value.state, Table) else {}


def _pipeline(value: Called, source: Source) -> Estimator | None:
    steps = _attributes(value).get("steps")
    parts = [p.values[1] for p in steps if isinstance(p, Items) and len(p) == 2] if isinstance(steps, Items) else []
    last = parts[-1] if parts else None
    if not isinstance(last, Called) or _kind(last) not in _MLPS:
        return None
    made = Estimator(f"Pipeline with {_kind(last)}")
    for n, step in enumerate(parts[:-1]):
        if isinstance(step, Called):
            _prepared(made, step, f"step {n + 1}")
    _mlp(made, last, source)
    return made


def _prepared(made: Estimator, step: Called, name: str) -> None:
    """Add what a pipeline does before the network: scaling by what it saw of the data."""
    kind, got = _kind(step) or step.name.rpartition(".")[2], _attributes(step)
    flow = made.layers[-1].outputs if made.layers else ("input",)
    done = [(sign, attribute) for sign, attribute, said in _SCALERS.get(kind, ()) if not said or got.get(said) is not False]
    held = {attribute: array_in(got.get(attribute)) for _, attribute in done}
    arrays = {attribute: a for attribute, a in held.items() if a is not None and a.numeric and len(a.shape) == 1}
    fits = done and len(arrays) == len(done) and len({a.shape for a in arrays.values()}) == 1
    if not fits or got.get("clip") not in (None, False):
        made.complete = False
        why = f"{shown(kind)} prepares the data and is not a layer that can be stepped here"
        made.layers += (Layer("box", name, flow, (name,), attributes={"class": step.name}, steppable=False, why=why),)
        return
    made.arrays |= {f"{name}.{attribute}": a for attribute, a in arrays.items()}
    tensors = {ROLES_OF_STEPS[sign]: f"{name}.{attribute}" for sign, attribute in done}
    attributes = {"class": step.name, "steps": [[sign, ROLES_OF_STEPS[sign]] for sign, _ in done]}
    made.layers += (Layer("scale", name, flow, (name,), tensors=tensors, attributes=attributes),)


def _mlp(made: Estimator, value: Called, source: Source) -> None:
    got = _attributes(value)
    coefs, intercepts = _arrays(got, "coefs_"), _arrays(got, "intercepts_")
    if len(coefs) != len(intercepts):
        raise FileProblem(f"it has {len(coefs)} matrices and {len(intercepts)} biases; {_AGAIN}")
    for n, (w, b) in enumerate(zip(coefs, intercepts, strict=True)):
        if len(w.shape) != 2 or b.shape != w.shape[1:]:
            raise FileProblem(f"the matrix and the bias of its layer {n + 1} do not fit each other; {_AGAIN}")
    for n, (w, v) in enumerate(pairwise(coefs)):
        if w.shape[1] != v.shape[0]:
            raise FileProblem(f"its layer {n + 2} takes {v.shape[0]} numbers where the one before gives {w.shape[1]}; {_AGAIN}")
    hidden, last = _function(got, "activation"), _function(got, "out_activation_")
    flow = made.layers[-1].outputs if made.layers else ("input",)
    for n, (w, b) in enumerate(zip(coefs, intercepts, strict=True)):
        weight, bias, name = f"coefs_.{n}", f"intercepts_.{n}", f"layer {n + 1}"
        made.arrays[weight], made.arrays[bias] = w, b
        layer = Layer(
            "dense", name, flow, (name,), hidden if n < len(coefs) - 1 else last, {"weight": weight, "bias": bias},
            {"class": value.name, "orientation": "in,out", "inputs": w.shape[0], "outputs": w.shape[1]},
        )  # fmt: skip
        made.layers += (layer,)
        flow = layer.outputs
    _facts(made, got, source)


def _arrays(got: Mapping[str, Value], name: str) -> list[Ndarray]:
    values = got.get(name)
    if not isinstance(values, Items) or not len(values):
        raise FileProblem(f"it was never fitted: it has no {name}; {_AGAIN}")
    found: list[Ndarray] = []
    for n, value in enumerate(values):
        array = array_in(value)
        if array is None or not array.numeric or array.dtype.kind != "f":
            kind = "of Python objects" if array is not None and array.objects is not None else "not of real numbers"
            raise FileProblem(f"its {name}[{n}] is {kind}, so it is no network; {_AGAIN}")
        found.append(array)
    return found


def _function(got: Mapping[str, Value], name: str) -> str:
    value = got.get(name)
    if not isinstance(value, str) or value not in _ACTIVATIONS:
        raise FileProblem(f"its {name} is no function that scikit-learn knows; {_AGAIN}")
    return _ACTIVATIONS[value]


def _facts(made: Estimator, got: Mapping[str, Value], source: Source) -> None:
    classes = texts_in(got.get("classes_"), source)
    if classes:
        made.metadata["classes"] = ", ".join(classes)
    for name in ("solver", "alpha", "loss", "n_features_in_", "n_iter_", "best_loss_", "loss_", "_sklearn_version"):
        value = got.get(name)
        plain = value if isinstance(value, str) else number_in(value, source)
        if plain is not None:
            made.metadata[name.strip("_")] = str(plain)
