"""Numbers as a person types them in a line, or in many."""

from __future__ import annotations

import math
import re

from core.errors import SettingError


def numbers_of(text: str) -> tuple[float, ...]:
    """Return typed numbers, with commas, semicolons, blanks or lines between them; raises SettingError naming what is none."""
    found: list[float] = []
    for n, word in enumerate(re.split(r"[,;\s]+", text.strip().strip("[](),;")), 1):
        try:
            number = float(word)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            what = f"{word[:40]!r}, at place {n}, is none" if word else "nothing is typed"
            raise SettingError(f"numbers are needed, such as 0.5, -1, 2; {what}")
        found.append(number)
    return tuple(found)
