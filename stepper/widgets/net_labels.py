"""Where along the lines of a network the numbers of its weights stand, so that none covers another, a bias or an adjoint."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stepper.widgets.net_layout import Geometry

CHOICES = (0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.56, 0.62, 0.2)
"""The shares of the way from left to right that are tried; of equally good ones the first is taken."""
ENOUGH = 18.0
"""A distance between numbers above which more of it makes nothing clearer, where text has its usual size."""
LEAST = 14.0
"""A distance below which numbers cover one another."""
ADJOINT = 80.0
"""How wide the box of an adjoint may be."""
HALF = 22.0
"""How far a number reaches to either side of its middle."""


def shares_of(g: Geometry) -> dict[int, tuple[float, float]]:
    """Return for each layer drawn in lines how far along them the numbers stand best, and their distance there, in pixels.

    The distance is 0 where the boxes of the biases leave no room for numbers beside them.
    """
    found: dict[int, tuple[float, float]] = {}
    for layer in range(1, len(g.network.layers) + 1):
        if not g.block(layer):
            rooms = [(_room(g, layer, share), -n, share) for n, share in enumerate(CHOICES)]
            clear = [r for r in rooms if r[0] >= LEAST * g.text and _behind_adjoints(g, layer, r[2])]
            room, _, share = max(clear or rooms)
            found[layer] = share, room
    return found


def _room(g: Geometry, layer: int, share: float) -> float:
    return min(_between(g, layer, share), ENOUGH * g.text) if _beside_biases(g, layer, share) else 0.0


def _beside_biases(g: Geometry, layer: int, share: float) -> bool:
    """Tell whether numbers end before the boxes of the biases begin; small boxes without a number do no harm."""
    if g.network.layers[layer - 1].bias is None or not g.bias_text:
        return True
    gap, r = g.xs[layer] - g.xs[layer - 1], g.radius
    furthest = g.xs[layer - 1] + max(r + (gap - 2 * r) * share, gap * share if share > 0.5 else 0.0)
    return furthest + HALF * g.text < g.bias_box(layer, 0).left()


def _behind_adjoints(g: Geometry, layer: int, share: float) -> bool:
    """Tell whether numbers begin where the adjoints at the neurons before end."""
    nearest = g.xs[layer - 1] + (g.xs[layer] - g.xs[layer - 1]) * share
    return layer == 1 or nearest - HALF * g.text > g.xs[layer - 1] + 0.5 * g.radius + ADJOINT * g.text


def _between(g: Geometry, layer: int, share: float) -> float:
    """Return the least distance between two numbers."""
    n = g.network
    ys = sorted(
        a.y() + (b.y() - a.y()) * share
        for u in range(n.size(layer)) for s in range(n.size(layer - 1))
        for a, b in [g.line(layer, u, s)]
    )  # fmt: skip
    return min((b - a for a, b in pairwise(ys)), default=99.0)
