"""How large everything of a network is in a picture: how far apart its columns and neurons stand, and their radius."""

from __future__ import annotations

from core.program.network import Network
from stepper.widgets.net_closed import LEAD, closed_width
from stepper.widgets.net_layout import MOST_NEURONS, PICTURES, Geometry, header_of


def geometry_of(network: Network, width: float, height: float, zoom: float = 1.0, samples: int = 0, closed: int = 0) -> Geometry:
    """Lay a network out in a picture of this size, in pixels; for `samples` and `closed`, see `Geometry`."""
    layers = len(network.layers)
    steps = layers + 0.7 * (network.loss is not None)
    limit = 30.0 * max(1.0, min(height / 520, width / 900))
    # The diamond of the loss needs room for its frames, also where it is large.
    left, right = (
        min(64.0, 34 + width * 0.03) * max(1.0, zoom),
        max(50.0, 1.15 * limit + 14) if network.loss is not None else 70.0,
    )
    if network.inputs > MOST_NEURONS:
        left = 46.0
        if samples > 1 or network.inputs in PICTURES:
            left = max(left, min(110.0 * max(1.0, height / 800), 22 + width * 0.065))
    if closed:
        right = (50.0 if network.loss is not None else 30.0) + LEAD + closed_width(width, zoom) + 10
    gap = max(30.0, min((width - left - right) / max(steps, 1), 330.0 * max(1.0, height / 500)))
    start = max(left, (width - gap * steps - right + left) / 2)
    xs = [start + gap * c for c in range(layers + 1)]
    if network.loss is not None:
        xs.append(xs[-1] + 0.7 * gap)
    room = height - header_of(height, zoom) - 10
    sizes = [max(network.size(c), 1) for c in range(layers + 1)]
    pitches = tuple(min((room - (24 if n > 3 else 0)) / n, 120.0 * max(1.0, height / 500)) for n in sizes)
    small = [p for c, p in enumerate(pitches) if network.size(c) <= MOST_NEURONS]
    radius = max(3.0, min([limit, gap * 0.17, *(min(p * 0.4, max(16.0, (p - 20) / 2)) for p in small)]))
    return Geometry(network, width, height, tuple(xs), radius, pitches, gap, zoom, samples, closed)
