"""What health rules say of a value, as signs: which hold for a cell, and how they are written. Never colour alone.

A mark has a glyph, a sentence and a pattern; how strong it is, is said by its ink and by the ⚠ of an error. What is itself
NaN or ±∞ has a pattern of its own already (`grid_paint.pattern_of`, `heat`), and is not marked once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication

from core.health.rules import RULES
from core.program.ir import Array
from stepper import theme

if TYPE_CHECKING:
    from core.health.monitor import Mark, Problem
    from core.moment import Moment

Cell = tuple[int, ...]
translate = QCoreApplication.translate
ORDER: Mapping[str, int] = {"error": 0, "warning": 1, "note": 2}
"""The strongest first."""
WARNING = "⚠"
MOST_GLYPHS = 3
STRIP = 4


def ink(severity: str) -> str:
    """Return the colour in which a mark is written."""
    t = theme.current()
    return {"error": t.error, "warning": t.written}.get(severity, t.dim)


def ordered(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Return marks with the strongest first."""
    return tuple(sorted(marks, key=lambda m: ORDER[m.severity])) if len(marks) > 1 else tuple(marks)


def short_glyph(mark: Mark) -> str:
    """Return the one sign of a mark, where there is no room for `⚠ NaN`."""
    return mark.glyph[:1]


def signed(mark: Mark) -> str:
    """Return the glyph of a mark, that of an error after a ⚠."""
    return WARNING + mark.glyph if mark.severity == "error" and not mark.glyph.startswith(WARNING) else mark.glyph


def mask_of(mark: Mark, shape: tuple[int, ...]) -> Array | None:
    """Return the marked cells of a value of a shape; None where the mark is of the value as a whole, or does not fit."""
    if mark.mask is None:
        return None
    try:
        return np.broadcast_to(mark.mask, shape)
    except ValueError:
        return None


def count_of(mark: Mark) -> int:
    """Return how many cells a mark has, 0 where it is of the value as a whole."""
    return 0 if mark.mask is None else int(np.count_nonzero(mark.mask))


def at_cell(marks: Sequence[Mark], cell: Cell, shape: tuple[int, ...]) -> tuple[Mark, ...]:
    """Return the marks of one cell, the strongest first."""
    if not marks:
        return ()
    masks = ((m, mask_of(m, shape)) for m in marks)
    return ordered([m for m, mask in masks if mask is not None and len(cell) == mask.ndim and bool(mask[cell])])


def cells_only(marks: Sequence[Mark], array: Array | None) -> tuple[Mark, ...]:
    """Return the marks that stand at cells; those that are no finite number have a sign of their own and are left out.

    A note on more than half of all cells stands at the name alone: signs everywhere would only be in the way.
    """
    found: list[Mark] = []
    finite = None
    for mark in marks:
        mask = None if array is None else mask_of(mark, array.shape)
        if array is None or mask is None or (mark.severity == "note" and 2 * np.count_nonzero(mask) > mask.size):
            continue
        if array.dtype.kind == "f":
            finite = np.isfinite(array) if finite is None else finite
            mask = mask & finite
        if mask.any():
            found.append(replace(mark, mask=mask))
    return ordered(found)


def turned(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Return the marks of a value for its transpose."""
    return tuple(m if m.mask is None else replace(m, mask=np.asarray(m.mask).T) for m in marks)


def sliced(marks: Sequence[Mark], shape: tuple[int, ...], at: Cell, size: tuple[int, int]) -> tuple[Mark, ...]:
    """Return the marks of the slice `at` of a value of a shape, as a rectangle of `size` cells."""
    found: list[Mark] = []
    for mark in marks:
        mask = mask_of(mark, shape)
        found.append(mark if mask is None else replace(mark, mask=np.reshape(mask[at] if at else mask, size)))
    return tuple(found)


def named(mark: Mark) -> str:
    """Return the glyph of a mark with the name of its rule, in a word or two."""
    rule = RULES.get(mark.rule)
    return mark.glyph if rule is None else f"{mark.glyph} {worded(rule.title)}"


def worded(title: str) -> str:
    """Return the name of a rule as it stands in a sentence: `saturated units`, but `NaN or ∞`."""
    return title if any(c.isupper() for c in title.split()[0][1:]) else title[:1].lower() + title[1:]


def loud(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Return the marks that are more than a note, the strongest first: those that lines, layers and boxes show."""
    return ordered([m for m in marks if m.severity != "note"])


def loud_problems(moment: Moment) -> list[Problem]:
    """Return the problems that are more than a note."""
    return [p for p in moment.problems if p.finding.severity != "note"]


def told(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Return the marks that a finding stands behind, the strongest first; a cell beyond a limit alone is none."""
    return ordered([m for m in marks if m.severity != "note" or m.rule not in RULES or m.text != RULES[m.rule].about])


def is_nonfinite(mark: Mark) -> bool:
    """Tell whether a mark says what NaN and ±∞ say themselves."""
    return mark.glyph.startswith(WARNING)


def tags(marks: Sequence[Mark], most: int = MOST_GLYPHS) -> list[tuple[str, str]]:
    """Return glyphs with how many cells each holds for, and their colours: `▥12`, `↘`; the last stands for all that follow."""
    found = [(signed(m) + (str(n) if (n := count_of(m)) else ""), ink(m.severity)) for m in ordered(marks)]
    rest = len(found) - most
    return found if rest <= 0 else [*found[: most - 1], (f"+{rest + 1}", found[most - 1][1])]


def sentences(marks: Sequence[Mark]) -> list[str]:
    """Return what marks say, each with its glyph, an error said to be one."""
    error = translate("marks", "{glyph} Error: {text}")
    return [(error if m.severity == "error" else "{glyph} {text}").format(glyph=m.glyph, text=m.text) for m in ordered(marks)]


def glyphs_of(marks: Sequence[Mark]) -> str:
    """Return the signs of a cell's marks, two at most."""
    return "".join(short_glyph(m) for m in marks[:2])
