"""Operations that draw: keyed by (seed, iteration, name of the value), so that every replay draws the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.ops.base import Op, register
from core.program.dims import Shape


def dropout_mask(x, iteration, rate=0.5, seed=0, name=""):
    """Return 0 with probability `rate`, else 1 / (1 − rate), in the shape and type of `x`.

    Inverted dropout (Srivastava et al., 2014, section 10): what is kept is scaled up, so that nothing
    needs to change when the network is used. The draw depends on seed, iteration and name alone.
    """
    key = [seed, iteration, *name.encode()]
    kept = np.random.Generator(np.random.PCG64(key)).random(np.shape(x)) >= rate
    return (kept / (1.0 - rate)).astype(np.asarray(x).dtype)


def _shape(x: Shape, iteration: Shape, **_: Any) -> Shape:
    return x


register(
    Op(
        "dropout_mask", dropout_mask, _shape, (None, None), names=("dropout_mask",),
        attributes={"rate": 0.5, "seed": 0, "name": ""}, context={"seed": "seed", "name": "target"}, implicit=("iteration",),
        cost=lambda shapes, out, attributes: 3 * int(np.prod(out)),
    )
)  # fmt: skip
