"""Inputs that a network learns badly from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.health.finding import Finding
from core.health.look import Look, number
from core.health.roles import PRODUCTS, Roles
from core.health.rule import Limit, Limits, Mask, Rule
from core.program.structure import descendants


def input_range(look: Look, limits: Limits) -> Iterator[Finding]:
    """Hint at inputs outside ±1 that are not standardised (mean about 0, spread about 1) either."""
    for value in look.roles.once("inputs", _inputs):
        if not look.fresh(value):
            continue
        largest, standard = look.roles.once(f"input {value}", lambda roles, v=value: _facts(roles, v))
        if largest > limits["largest"] and not standard:
            text = (
                f"The input {look.label(value)} goes up to {number(largest)} in size: networks learn best from inputs within "
                "±1 or standardised to a mean of 0 and a spread of 1."
            )
            mask = input_cells(look, value, limits)
            yield look.finding("input-range", "note", value, text, mask, numbers={"largest": largest}, remedies=("standardise",))


def input_cells(look: Look, value: int, limits: Limits) -> Mask | None:
    """Mark the cells outside."""
    if value not in look.roles.once("inputs", _inputs):
        return None
    x = look.array(value)
    if x is None or x.dtype.kind not in "fiu" or look.roles.once(f"input {value}", lambda roles: _facts(roles, value))[1]:
        return None
    return np.abs(x.astype(float)) > limits["largest"]


def _inputs(roles: Roles) -> tuple[int, ...]:
    """The data that meets weights in a product, before anything else is done to it."""
    starts = {start for start, _ in roles.parameters.values()}
    weights = descendants(roles.forward, starts)
    found = [v for i in roles.forward if i.op in PRODUCTS and weights.intersection(i.reads) for v in i.reads if v in roles.data]
    names = {v: n for n, v in roles.program.inputs.items()}
    return tuple(v for v in dict.fromkeys(found) if v in names)


def _facts(roles: Roles, value: int) -> tuple[float, bool]:
    """The largest |x| of all samples, and whether every feature is standardised."""
    name = next(n for n, v in roles.program.inputs.items() if v == value)
    whole = np.asarray(roles.program.first_values.get(name, 0.0))
    if whole.dtype.kind not in "fiu" or not whole.size:
        return 0.0, True
    x = whole.astype(float)
    x = np.where(np.isfinite(x), x, 0.0)
    largest = float(np.max(np.abs(x)))
    if x.ndim != 2 or largest == 0:
        return largest, False
    axis = roles.program.batching.axis % 2
    spread, mean = np.std(x, axis=axis), np.mean(x, axis=axis)
    used = spread > 1e-12 * largest
    near = (np.abs(mean) < 0.5) & (spread > 0.4) & (spread < 2.5) & used
    return largest, bool(np.all(near | (~used & (np.abs(mean) <= 1))))


INPUT_RANGE = Rule(
    "input-range", "Inputs out of range", "Inputs are outside ±1 and not standardised.",
    "UMLAUT (Schoop et al., 2021)", "⇲", input_range,
    {"largest": Limit(1.0, "hint at inputs larger than this", 1e-6, 1e12)}, input_cells,
)  # fmt: skip
