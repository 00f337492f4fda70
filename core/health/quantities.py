"""Small quantities of an iteration that are kept, so that rules can judge several iterations together."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from core.execute.meters import norm

QUARTERS, SMALL = 640, 8192
FEW = 8
"""Fewer samples than these in a batch, and several batches are judged together."""

if TYPE_CHECKING:
    from core.health.look import Look
    from core.health.roles import Roles


def length(array: Any) -> float:
    """Return the square root of the sum of the squares of all cells.

    A large array goes without BLAS, whose threads can wait for each other.
    """
    if array.size <= SMALL or array.dtype != np.float64:
        return norm([array])
    flat = array.ravel(order="K")
    square = float(np.einsum("i,i->", flat, flat))
    return math.sqrt(square) if 1e-290 < square < math.inf else norm([array])


def gradient(look: Look, name: Any) -> tuple[float, float] | None:
    """The mean of |g| and the norm ‖g‖ of the gradient of a parameter."""
    index = look.program.gradients.get(name)
    found = None if index is None else look.floats(index)
    if found is None:
        return None
    return float(np.mean(np.abs(found), dtype=float)), length(found)


def step(look: Look, name: Any) -> tuple[float, float] | None:
    """‖new − old‖ and ‖old‖ of a parameter; NaN where its shape changes."""
    start, end = look.roles.parameters[name]
    old, new = look.floats(start), look.floats(end)
    if start == end or old is None or new is None:
        return None
    if old.shape != new.shape:
        return math.nan, length(old)
    return length(np.subtract(new, old, dtype=float)), length(old)


def alive(look: Look, value: Any) -> Any:
    """Which units of a rectified layer are above 0 for some sample; NaN counts as alive, it has a rule of its own."""
    site = look.roles.site_of[value]
    found = look.floats(site.result)
    if found is None or site.unit_axis is None or site.sample_axis is None or found.ndim != 2:
        return None
    return ~(np.max(found, axis=site.sample_axis) <= 0)


def sizes(look: Look, value: Any) -> Any:
    """How many cells of what an activation reads have |z| in each quarter: [0, 0.25), [0.25, 0.5), … up to 160 and more."""
    found = look.floats(look.roles.site_of[value].pre)
    if found is None:
        return None
    size = np.abs(found).ravel()
    size = np.minimum(size[~np.isnan(size)].astype(float), QUARTERS / 4)
    return np.bincount((size * 4).astype(np.intp), minlength=QUARTERS + 1)


def square(look: Look, layer: Any) -> float | None:
    """The mean of the squares of what a layer reads."""
    network = look.roles.network
    found = None if network is None else look.array(network.units(layer - 1).value)
    return None if found is None or not found.size else float(np.mean(np.square(found, dtype=float)))


TAKE: Mapping[str, Callable[[Look, Any], Any]] = {
    "gradient": gradient,
    "step": step,
    "alive": alive,
    "sizes": sizes,
    "square": square,
}


def asked(roles: Roles) -> Iterator[tuple[str, Hashable]]:
    """Yield every quantity that rules over several iterations may ask for."""
    for name in roles.program.gradients:
        yield "gradient", name
    for name, (start, end) in roles.parameters.items():
        if start != end:
            yield "step", name
    if roles.network is not None and roles.program.batching.size < FEW:
        for number, _ in enumerate(roles.network.layers, 1):
            yield "square", number
    for site in roles.sites:
        if site.kind == "relu":
            yield "alive", site.result
        elif site.hidden:
            yield "sizes", site.result
