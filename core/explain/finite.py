"""Whether an array has cells that are no finite numbers: asked of every new value, so it has to be cheap."""

from __future__ import annotations

from typing import Literal

import numpy as np

from core.program.ir import Array

Broken = Literal["", "nan", "inf", "-inf"]


def broken(array: Array) -> Broken:
    """Return the worst of what an array has besides finite numbers: `nan` before `inf` before `-inf`; "" for nothing."""
    if array.dtype.kind not in "fc" or bool(np.isfinite(array).all()):
        return ""
    if bool(np.isnan(array).any()):
        return "nan"
    return "inf" if bool((array == np.inf).any()) else "-inf"
