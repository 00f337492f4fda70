"""Matrices that are badly conditioned, and weights that start too large or too small."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from core.health.finding import Finding
from core.health.look import Look, number
from core.health.past import Spectrum
from core.health.quantities import length
from core.health.rule import Limit, Limits, Rule
from core.program.ir import Array

CHEAP, EVERY, WHOLE = 20_000, 100, 200_000
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
            yield from _judged(look, limits, start, look.floats(start), layer.weight, number_, "")
        units = network.units(number_ - 1) if network is not None else layer.act
        x = look.array(units.value) if look.fresh(units.value) else None
        if x is not None and x.ndim == 2 and x.dtype.kind in "fiu" and units.unit_axis is not None:
            x = _whole(look, units.value, x)
            features = x.T if units.unit_axis else x
            # A feature that is always 0 says nothing of the others, and few samples never span many features.
            features = features[np.any(features != 0, axis=1)]
            if 2 <= features.shape[0] <= features.shape[1] // 2:
                yield from _judged(look, limits, units.value, features, f"{INPUT}{number_}", number_, "the input of ")


def _whole(look: Look, value: int, batch: Array) -> Array:
    """All samples of the data where a batch of them is looked at, if they are not too many."""
    name = next((n for n, v in look.program.inputs.items() if v == value), "")
    if name not in look.program.batching.sliced:
        return batch
    whole = look.program.first_values.get(name)
    known = isinstance(whole, np.ndarray) and whole.ndim == 2 and whole.dtype.kind in "fiu" and whole.size <= WHOLE
    return whole if known and isinstance(whole, np.ndarray) else batch


def _judged(look: Look, limits: Limits, value: int, matrix: Array | None, key: str, layer: int, what: str) -> Iterator[Finding]:
    if matrix is None or matrix.ndim != 2 or min(matrix.shape) < 2:
        return
    kind = np.asarray(look.values[value]).dtype.name
    limit = limits.get(kind, limits["float64"])
    known = _spectrum(look, matrix, key, limit)
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


def _spectrum(look: Look, matrix: Array, key: str, limit: float) -> Spectrum | None:
    """The singular values as known, or within what they can have changed to; None where they are not to be computed now."""
    known, cheap = look.past.spectra.get(key), matrix.size * min(matrix.shape) <= CHEAP
    if known is not None and known.iteration <= look.iteration and known.shape == matrix.shape:
        if known.matrix is matrix or (not cheap and look.iteration - known.iteration < EVERY):
            return known
        if known.matrix is not None:
            moved = length(np.subtract(matrix, known.matrix, dtype=float))
            if known.largest + moved < limit * (known.smallest - moved):
                return known
    if not np.isfinite(matrix).all():
        return None
    try:
        found = np.linalg.svd(matrix.astype(float), compute_uv=False)
    except np.linalg.LinAlgError:
        return None
    # Below rounding a singular value is 0.
    smallest = float(found[-1]) if found[-1] > found[0] * np.finfo(float).eps else 0.0
    # An input may stand in a buffer that the next iteration writes over; only a weight is kept.
    kept = None if key.startswith(INPUT) else matrix
    look.past.spectra[key] = Spectrum(look.iteration, float(found[0]), smallest, matrix.shape, kept)
    return look.past.spectra[key]


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
    sizes: list[float] = []
    for number_, layer in enumerate(network.layers, 1):
        source = network.units(number_ - 1).value
        w, a = look.array(look.program.inputs[layer.weight]), look.array(source)
        if w is None or a is None or not w.size or not a.size:
            return
        a = _whole(look, source, a)
        sizes.append(layer.inputs * float(np.mean(np.square(w, dtype=float))) * float(np.mean(np.square(a, dtype=float))))
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
        remedies=("glorot", "he", "standardise"),
    )  # fmt: skip


INITIALISATION = Rule(
    "initialisation", "Poor initialisation", "At the start the sums of the layers are of very different sizes.",
    "Amazon SageMaker Debugger; Glorot, Bengio (2010)", "⚖", initialisation,
    {
        "ratio": Limit(10.0, "warn when the variances of two layers differ by more than this factor", 1.0, 1e12),
        "steps": Limit(10, "only in so many first iterations", 1, 1000),
    },
    each="iteration",
)  # fmt: skip
