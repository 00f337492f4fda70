"""scikit-learn's models that are no MLP: linear ones are one dense layer, all others a closed box that says what they are.

A linear model keeps a row of `coef_` and a number of `intercept_` for each output; one of two classes keeps a single row, whose
score is positive for the second class (scikit-learn, linear_model/_base.py and _logistic.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from core.files.pickles.inert_numpy import Ndarray, array_in, number_in, texts_in
from core.files.pickles.inert_source import Source
from core.files.pickles.inert_values import Called, Value
from core.files.problem import shown
from core.files.saved import Layer

_LOGISTIC = ("LogisticRegression", "LogisticRegressionCV")
_SCORES = (
    "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "MultiTaskLasso", "BayesianRidge",
    "ARDRegression", "HuberRegressor", "Lars", "LassoLars", "TheilSenRegressor", "SGDRegressor", "LinearSVR", "LinearSVC",
    "SGDClassifier", "Perceptron", "RidgeClassifier", "RidgeClassifierCV", "PassiveAggressiveClassifier",
    "PassiveAggressiveRegressor", "LinearDiscriminantAnalysis",
)  # fmt: skip
"""What their one layer gives is the score of each class, or the prediction itself."""
LINEAR = frozenset(_LOGISTIC + _SCORES)


def linear(
    value: Called, got: Mapping[str, Value], name: str, flow: tuple[str, ...], source: Source
) -> tuple[Layer, dict[str, Ndarray], tuple[str, ...]] | None:
    """Return a fitted linear model as a layer, its arrays and what is to be said of it; None if it is not one layer."""
    kind, coef = value.name.rpartition(".")[2], array_in(got.get("coef_"))
    if coef is None or not coef.numeric or coef.dtype.kind != "f" or len(coef.shape) not in (1, 2):
        return None
    if len(coef.shape) == 1:
        coef = replace(coef, shape=(1, *coef.shape), order="C")
    units, inputs = coef.shape
    bias = _bias(got.get("intercept_"), units, source)
    function = _function(kind, got, units, source)
    if bias is None or function is None or not units or not inputs:
        return None
    arrays = {"coef_": coef} | ({"intercept_": bias} if bias.shape else {})
    tensors = {"weight": "coef_"} | ({"bias": "intercept_"} if bias.shape else {})
    attributes = {"class": value.name, "orientation": "out,in", "inputs": inputs, "outputs": units}
    said: list[str] = []
    if function == "sigmoid" and units > 1:
        said.append("each class has a sigmoid of its own here; predict_proba divides them by their sum")
    return Layer("dense", name, flow, (name,), function, tensors, attributes), arrays, tuple(said)


def closed(value: Called, flow: tuple[str, ...] = ("input",)) -> Layer:
    """Return the box of a model that is no network, or is linear in a way that is not one layer."""
    kind = value.name.rpartition(".")[2]
    own = f"it is a {kind} of scikit-learn, which is no neural network that can be stepped"
    what = own if value.name.startswith("sklearn.") else f"{shown(kind)} is not a class that is known here"
    why = f"{what}; its arrays can be looked at"
    return Layer("box", kind, flow, (kind,), attributes={"class": value.name}, steppable=False, why=why)


def _bias(value: Value, units: int, source: Source) -> Ndarray | None:
    """Return one number for each unit; an array without axes where there is none, None where they do not fit."""
    array = array_in(value)
    if array is not None:
        fits = array.numeric and array.dtype.kind == "f" and array.shape in ((), (units,)) and (array.shape or units == 1)
        return replace(array, shape=(units,)) if fits else None
    number = number_in(value, source)
    if number is None:
        return None
    try:
        number = float(number)
    except OverflowError:
        return None  # a whole number that no float64 holds
    if not number:
        return Ndarray((), np.dtype("<f8"), "C", b"")
    return Ndarray((1,), np.dtype("<f8"), "C", np.array([number], "<f8").tobytes()) if units == 1 else None


def _function(kind: str, got: Mapping[str, Value], units: int, source: Source) -> str | None:
    """Return what makes probabilities of the scores, '' for scores alone, None where it is none that can be stepped."""
    if kind == "SGDClassifier":
        return "sigmoid" if got.get("loss") in ("log", "log_loss") else ""
    if kind not in _LOGISTIC:
        return ""
    two = len(texts_in(got.get("classes_"), source)) <= 2
    ways = got.get("multi_class", "auto")
    each = ways in ("ovr", "warn") or (ways in ("auto", "deprecated") and (two or got.get("solver") == "liblinear"))
    if each:
        return "sigmoid"
    # Of two classes and one score, softmax is taken of the score and its opposite.
    return "softmax" if units > 1 else None
