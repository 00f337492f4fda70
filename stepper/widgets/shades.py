"""The diverging scale as a table of colours, made once for each theme: pictures look their colours up in it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from core.program.ir import Array
from stepper import theme


def table(levels: int) -> Array:
    """Return `2 * levels + 1` colours from the most negative over zero to the most positive, as 0xffrrggbb."""
    return _table(theme.current().key, levels)


@lru_cache(maxsize=8)
def _table(_: str, levels: int) -> Array:
    return np.array([theme.diverging(i / levels, 1.0).rgb() for i in range(-levels, levels + 1)], dtype=np.uint32)
