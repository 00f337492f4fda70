"""scikit-learn's models, as an inert pickle holds them → layers, arrays and facts.

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
from core.files.pickles.pickle_arrays import named_arrays
from core.files.pickles.sklearn_models import LINEAR, closed, linear
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
_MOST_MODELS = 1_000
_RANKS = (_MLPS, LINEAR)
"""Which kinds of models are looked for first."""


@dataclass
class Estimator:
    """A model with what stands before it in a pipeline, and what is to be said of it."""

    name: str
    layers: tuple[Layer, ...] = ()
    arrays: dict[str, Ndarray] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    complete: bool = True
    said: tuple[str, ...] = ()


def estimator_in(value: Value, source: Source) -> Estimator | None:
    """Return the model of scikit-learn in a pickle: itself, in a Pipeline, as the best of a search, or an entry of something.

    Of several a network comes first, then a linear model. Another model counts where the pickle holds no arrays but its own,
    for else they may be the weights of a network that is written in NumPy. None if there is none.
    """
    for _ in range(_DEEPEST):
        if isinstance(value, Called) and _kind(value) in _SEARCHES:
            value = _attributes(value).get("best_estimator_")
    models: list[Called] = []
    _models(value, models, set(), 0)
    if not models:
        return None
    best = min(models, key=_rank)
    if best is not value and _rank(best) and len(named_arrays(value)) > sum(len(named_arrays(m)) for m in models):
        return None
    return _estimator(best, source) if _rank(best) < len(_RANKS) else _other(best, value)


def _other(model: Called, value: Value) -> Estimator:
    """Return a model that is no network as one closed box, with all arrays that are there."""
    layer = closed(_steps(model)[-1])
    return Estimator(layer.name, (layer,), named_arrays(value), complete=False)


def _models(value: Value, found: list[Called], seen: set[int], depth: int) -> None:
    """Collect the models in a value, none of those that are parts of another."""
    # What is shared is looked through once: lists of lists of the same list have more ways than anyone can go.
    if depth > _DEEPEST or id(value) in seen or len(found) >= _MOST_MODELS:
        return
    seen.add(id(value))
    if isinstance(value, Called) and value.payload is None and value.name.startswith("sklearn."):
        if _kind(value) in _SEARCHES:
            _models(_attributes(value).get("best_estimator_"), found, seen, depth + 1)
        elif _kind(value)[:1].isupper() and isinstance(value.state, Table):
            found.append(value)
    elif isinstance(value, (Table, Items)) or (isinstance(value, Called) and value.payload is None):
        for _, inner in entries(value):
            _models(inner, found, seen, depth + 1)


def _rank(model: Called) -> int:
    """Return 0 for a network, 1 for a linear model, 2 for any other; a Pipeline is what its last step is."""
    kind = _kind(_steps(model)[-1])
    return next((n for n, kinds in enumerate(_RANKS) if kind in kinds), len(_RANKS))


def _estimator(model: Called, source: Source) -> Estimator:
    *before, last = _steps(model)
    kind = _kind(last)
    made = Estimator(kind if last is model else f"Pipeline with {kind}")
    for n, step in enumerate(before):
        _prepared(made, step, f"step {n + 1}")
    flow = made.layers[-1].outputs if made.layers else ("input",)
    got = _attributes(last)
    if kind in _MLPS:
        _mlp(made, last, source)
        return made
    found = linear(last, got, "layer 1", flow, source) if kind in LINEAR else None
    if found is not None:
        layer, arrays, said = found
        made.layers, made.arrays, made.said = (*made.layers, layer), made.arrays | arrays, said
    else:
        made.layers, made.complete = (*made.layers, closed(last, flow)), False
        made.arrays |= named_arrays(last)
    _facts(made, got, source)
    return made


def _kind(value: Value) -> str:
    """Return the class of an object of scikit-learn, '' for anything else."""
    if not isinstance(value, Called) or not value.name.startswith("sklearn."):
        return ""
    return value.name.rpartition(".")[2]


def _attributes(value: Called) -> Mapping[str, Value]:
    return dict(value.state.texts()) if isinstance(value.state, Table) else {}


def _steps(value: Called) -> list[Called]:
    """Return the steps of a Pipeline; any other model, and a Pipeline without steps, is its own only one."""
    steps = _attributes(value).get("steps") if _kind(value) == "Pipeline" else None
    parts = [p.values[1] for p in steps if isinstance(p, Items) and len(p) == 2] if isinstance(steps, Items) else []
    return [p for p in parts if isinstance(p, Called)] or [value]


def _prepared(made: Estimator, step: Called, name: str) -> None:
    """Add what a pipeline does before the network: scaling by what it saw of the data."""
    kind, got = _kind(step) or step.name.rpartition(".")[2], _attributes(step)
    flow = made.layers[-1].outputs if made.layers else ("input",)
    done = [(sign, attribute) for sign, attribute, said in _SCALERS.get(kind, ()) if not said or got.get(said) is not False]
    if kind in _SCALERS and not done:
        return  # both of its settings are off, so it changes nothing
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
    # That of an MLPRegressor with the loss poisson.
    exponential = got.get("out_activation_") == "exp"
    hidden, last = _function(got, "activation"), "" if exponential else _function(got, "out_activation_")
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
    if exponential:
        why = "its last function is exp, which cannot be stepped yet"
        made.layers += (Layer("box", "output", flow, ("output",), attributes={"class": "exp"}, steppable=False, why=why),)
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
