"""Numbers as text: short where there is little room, full where it is asked for. The only rounding there is."""

from __future__ import annotations

import math

from core.program.ir import Array

FEWEST_DIGITS, MOST_DIGITS = 3, 17
_digits = [4]


def show_digits(count: int) -> None:
    """Show numbers with so many significant digits from now on; what stands already must be drawn again."""
    _digits[0] = max(FEWEST_DIGITS, min(MOST_DIGITS, count))


def shown_digits() -> int:
    """Return how many significant digits are shown now."""
    return _digits[0]


def short(x: object, digits: int | None = None) -> str:
    """Return a number in at most about `digits` significant digits, as many as the person chose if not given.

    NaN, ∞ and −∞ are said by their signs.
    """
    digits = _digits[0] if digits is None else digits
    if isinstance(x, bool) or type(x).__name__ == "bool":
        return "true" if x else "false"
    number = float(x)  # type: ignore[arg-type]
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "∞" if number > 0 else "−∞"
    if number == 0:
        return "−0" if math.copysign(1, number) < 0 else "0"
    if 1e-3 <= abs(number) < 1e5:
        text = f"{number:.{max(0, digits - 1 - math.floor(math.log10(abs(number))))}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = f"{number:.{digits - 2}e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    return text.replace("-", "−")


def full(x: object) -> str:
    """Return a number in the fewest digits that give it back exactly."""
    if isinstance(x, bool) or type(x).__name__ == "bool":
        return "true" if x else "false"
    return str(x) if hasattr(x, "dtype") else repr(x)  # NumPy's own text: the shortest for a float32 too


def percent(share: float) -> str:
    """Return a share as `96.7 %`; what is not quite all or not quite nothing never looks as if it were."""
    if math.isnan(share):
        return "NaN"
    text = f"{100 * share:.1f}".removesuffix(".0")
    if text in ("0", "100") and share not in (0.0, 1.0):
        text = "99.9" if share > 0.5 else "0.1"
    return f"{text} %"


def size_text(shape: tuple[int, ...]) -> str:
    """Return a shape as people say it: `3×4`, a vector `(5,)`, a single number `number`."""
    if len(shape) == 0:
        return "number"
    return "×".join(str(d) for d in shape) if len(shape) > 1 else f"({shape[-1]},)"


def finite_extent(array: Array) -> float:
    """Return the largest finite magnitude in an array, 0 if there is none; one NaN does not poison it."""
    import numpy as np

    numbers = np.abs(array[np.isfinite(array)]) if array.dtype.kind in "fiub" else np.zeros(0)
    return float(numbers.max()) if numbers.size else 0.0
