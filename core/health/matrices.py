"""Matrices that are badly conditioned, and weights that start too large or too small."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from core.health.finding import Finding
from core.health.look import Look, number
from core.health.past import Past, Spectrum
from core.health.quantities import FEW, length
from core.health.roles import Roles
from core.health.rule import Limit, Limits, Rule
from core.program.ir import Array

CHEAP, EVERY = 20_000, 100
"""Up to so much work (cells · the smaller side) singular values are computed in each iteration, else in every so many."""
WHOLE = 1_000_000
"""Data is judged as a whole up to so much work; larger data by its batches, where they are large enough."""
INPUT = "input of layer "


# -- condition ---------------------------------------------------------------------------------------


def condition(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find weight matrices and inputs of layers with a very large condition number.

    Singular values are computed anew where they are cheap, else every so many iterations, and not at all while what changed since
    cannot have made the matrix bad: no singular value moves by more than the norm of the change (Weyl).
    """
    network = look.roles.network
    for number_, layer in enumerate(() if network is None else network.layers, 1):
        start = look.program.inputs[layer.weight]
        if look.fresh(start):
            w = look.floats(start)
            if w is not None and w.ndim == 2 and min(w.shape) >= 2:
                known = _of_weights(look, layer.weight, w, _limit(look, limits, start))
                yield from _bad(look, limits, start, known, number_, "")
        units = network.units(number_ - 1) if network is not None else layer.act
        if not look.fresh(units.value) or units.unit_axis is None:
            continue
        whole = look.roles.once(f"whole {units.value}", lambda roles, v=units.value: _whole(roles, v))
        if whole is not None:
            # All samples of the data stay what they are: taken apart once.
            of = look.roles.once(f"spectrum {units.value}", lambda roles, x=whole, axis=units.unit_axis: _of_features(x, axis))
        else:
            x, key = look.array(units.value), f"{INPUT}{number_}"
            of = (
                None
                if x is None or x.dtype.kind not in "fiu"
                else _of_features(x, units.unit_axis, look.past, key, look.iteration)
            )
        yield from _bad(look, limits, units.value, of, number_, "the input of ")


def _whole(roles: Roles, value: int) -> Array | None:
    """All samples of the data that a batch is taken from, if they are not too many."""
    name = next((n for n, v in roles.program.inputs.items() if v == value), "")
    whole = roles.program.first_values.get(name) if name in roles.program.batching.sliced else None
    fits = (
        isinstance(whole, np.ndarray) and whole.ndim == 2 and whole.dtype.kind in "fiu" and whole.size * min(whole.shape) <= WHOLE
    )
    return np.asarray(whole) if fits else None


def _of_features(
    x: Array, unit_axis: int, past: Past | None = None, key: str = "", iteration: int = 0
) -> Spectrum | None:  # fmt: skip
    """The spectrum of what a layer reads; with a past, no oftener than it is cheap."""
    if x.ndim != 2 or not x.size:
        return None
    features = x.T if unit_axis else x
    # A feature that is always 0 says nothing of the others, and few samples never span many features.
    features = features[np.any(features != 0, axis=1)]
    if not 2 <= features.shape[0] <= features.shape[1] // 2:
        return None
    known = None if past is None else past.spectra.get(key)
    if known is not None and known.shape == features.shape and not _cheap(features) and 0 <= iteration - known.iteration < EVERY:
        return known
    found = _taken_apart(features, iteration, None)
    if past is not None and found is not None:
        past.spectra[key] = found
    return found


def _of_weights(look: Look, name: str, matrix: Array, limit: float) -> Spectrum | None:
    """The spectrum of weights as known, while what changed since cannot have made them bad; else anew, where that is cheap."""
    known = look.past.spectra.get(name)
    if known is not None and known.iteration <= look.iteration and known.shape == matrix.shape:
        if known.matrix is matrix or (not _cheap(matrix) and look.iteration - known.iteration < EVERY):
            return known
        moved = length(np.subtract(matrix, known.matrix, dtype=float))
        if known.largest + moved < limit * (known.smallest - moved):
            return known
    found = _taken_apart(matrix, look.iteration, matrix)
    if found is not None:
        look.past.spectra[name] = found
    return found


def _cheap(matrix: Array) -> bool:
    return matrix.size * min(matrix.shape) <= CHEAP


def _taken_apart(matrix: Array, iteration: int, kept: Array | None) -> Spectrum | None:
    if not np.isfinite(matrix).all():
        return None
    try:
        found = np.linalg.svd(matrix.astype(float), compute_uv=False)
    except np.linalg.LinAlgError:
        return None
    # Below rounding a singular value is 0.
    smallest = float(found[-1]) if found[-1] > found[0] * np.finfo(float).eps else 0.0
    return Spectrum(iteration, float(found[0]), smallest, matrix.shape, kept)


def _bad(look: Look, limits: Limits, value: int, known: Spectrum | None, layer: int, what: str) -> Iterator[Finding]:
    limit = _limit(look, limits, value)
    if known is None or not known.largest > 0 or known.largest <= limit * known.smallest:
        return
    kappa = known.largest / known.smallest if known.smallest > 0 else math.inf
    who = f"{what}layer {layer}, {look.label(value)}," if what else f"{look.label(value)} of layer {layer}"
    text = (
        f"{who} is badly conditioned: its largest singular value is {number(known.largest)}, its smallest "
        f"{number(known.smallest)}, κ = {number(kappa)}. Some directions are learned that much slower than others."
    )
    yield look.finding(
        "condition", "warning", value, text[0].upper() + text[1:], None, layer,
        remedies=("standardise",) if what else ("glorot",),
        numbers={"condition": kappa, "largest": known.largest, "smallest": known.smallest},
    )  # fmt: skip


def _limit(look: Look, limits: Limits, value: int) -> float:
    return limits.get(np.asarray(look.values[value]).dtype.name, limits["float64"])


CONDITION = Rule(
    "condition", "Badly conditioned matrix", "The largest and the smallest singular value of a matrix are too far apart.",
    "Golub, Van Loan, Matrix Computations; LeCun et al., Efficient BackProp (1998)", "κ", condition,
    {
        "float64": Limit(1e8, "warn above this condition number in float64", 1.0, 1e18),
        "float32": Limit(1e4, "warn above this condition number in float32", 1.0, 1e18),
        "float16": Limit(1e2, "warn above this condition number in float16", 1.0, 1e18),
    },
    each="iteration",
)  # fmt: skip


# -- initialisation ----------------------------------------------------------------------------------


def initialisation(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find networks whose layers start with weighted sums of very different sizes.

    What is compared is fan-in · mean w² · mean a², the size that the squares of a layer's sums are expected to have; it does not
    hang on a batch of one sample, as a variance of the sums would.
    """
    network = look.roles.network
    if (
        network is None
        or len(network.layers) < 2
        or look.iteration > limits["steps"]
        or not look.fresh(network.layers[-1].pre.value)
    ):
        return
    sizes, batching = list[float](), look.program.batching
    for number_, layer in enumerate(network.layers, 1):
        w = look.array(look.program.inputs[layer.weight])
        squares = look.over(min(batching.per_epoch, -(-FEW // max(batching.size, 1))), "square", number_)
        if w is None or not w.size or squares is None:
            return
        sizes.append(layer.inputs * float(np.mean(np.square(w, dtype=float))) * math.fsum(squares) / len(squares))
    if not all(map(math.isfinite, sizes)) or min(sizes) < 0:
        return
    largest, smallest = max(sizes), min(sizes)
    if largest <= limits["ratio"] * smallest:
        return
    # The layer to name is the one that is farthest from 1, where a signal keeps its size.
    worst = max(range(len(sizes)), key=lambda n: abs(math.log(sizes[n])) if sizes[n] else math.inf)
    start = look.program.inputs[network.layers[worst].weight]
    ratio = largest / smallest if smallest else math.inf
    text = (
        f"The layers start with sums of very different sizes: in layer {worst + 1} ({look.label(start)}) their variance is about "
        f"{number(sizes[worst])}, and the largest of all layers is {number(ratio)} times the smallest."
    )
    yield look.finding(
        "initialisation", "warning", start, text, None, worst + 1, numbers={"ratio": ratio, "size": sizes[worst]},
        remedies=("glorot", "he", "standardise"), after=network.layers[-1].pre.value,
    )  # fmt: skip


INITIALISATION = Rule(
    "initialisation", "Poor initialisation", "At the start the sums of the layers are of very different sizes.",
    "Amazon SageMaker Debugger; Glorot, Bengio (2010)", "⚖", initialisation,
    {
        "ratio": Limit(10.0, "warn when the variances of two layers differ by more than this factor", 1.0, 1e12),
        "steps": Limit(10, "only in so many first iterations", 1, 1000),
    },
    each="iteration",
    past=True,
)  # fmt: skip
