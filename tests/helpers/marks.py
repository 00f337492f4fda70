"""Marks and problems made by hand, put into the moments of a real session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Mark:
    rule: str
    glyph: str
    severity: str
    mask: Any
    text: str


def marked(moment: Any, marks: dict[int, tuple[Any, ...]], problems: tuple[Any, ...] = (), path: frozenset[int] = frozenset()) -> Any:
    """Return a moment that says it has these marks (by index of the value), problems and path."""
    object.__setattr__(moment, "marks", lambda index: marks.get(index, ()))
    object.__setattr__(moment, "problems", problems)
    object.__setattr__(moment, "path", path)
    return moment


def saturated(array: Any, limit: float = 5.0) -> Mark:
    """Return the mark of the cells beyond a limit."""
    mask = np.abs(np.asarray(array)) >= limit
    return Mark("saturated", "▥", "warning", mask, f"{int(mask.sum())} of {mask.size} cells are saturated.")
