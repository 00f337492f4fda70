"""Numbers as they stand in a sentence: about four significant digits, NaN and ∞ by their signs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def number(x: Any, digits: int = 4) -> str:
    """Return a number at `digits` significant digits; true and false as the 1 and 0 that NumPy counts them as."""
    value = float(x)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e6:
        text = f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}"
    else:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def wrapped(x: Any, digits: int = 4) -> str:
    """Return a number as it stands inside an expression: in parentheses where it carries a sign."""
    text = number(x, digits)
    return f"({text})" if text.startswith("−") else text


def exact(x: Any) -> str:
    """Return a result in the fewest digits that give it back exactly; true and false as words."""
    value = np.asarray(x)[()]
    if isinstance(value, np.bool_):
        return "true" if value else "false"
    if not np.isfinite(value):
        return number(value)
    text = str(value)
    text = text[:-2] if text.endswith(".0") else text
    return text.replace("-", "−")
