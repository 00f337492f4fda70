"""What a health rule is: one function with its limits, its source and how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.health.finding import Finding

if TYPE_CHECKING:
    from core.health.look import Look

Limits = Mapping[str, float]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
Check = Callable[["Look", Limits], Iterable[Finding]]
Marks = Callable[["Look", int, Limits], Mask | None]


def no_marks(look: Look, value: int, limits: Limits) -> Mask | None:
    """Mark no cells: the rule speaks of a value as a whole."""
    del look, value, limits


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of a rule that a person can change, from `smallest` to `largest`; `text` says what it is."""

    default: float
    text: str
    smallest: float
    largest: float


@dataclass(frozen=True)
class Rule:
    """A rule. Its page of help is `rule-<name>`.

    `check` looks at what is new in a look (`Look.fresh`) and yields what it finds; `marks` says which cells of a value to mark,
    None where none are. `each` tells whether it judges the values of one operation or what a whole iteration, an epoch or several
    of them say; `past` tells whether it needs earlier iterations.
    """

    name: str
    title: str
    about: str
    source: str
    glyph: str
    check: Check
    limits: Mapping[str, Limit] = field(default_factory=dict)
    marks: Marks = no_marks
    each: Literal["operation", "iteration"] = "operation"
    past: bool = False

    @property
    def page(self) -> str:
        """The page of help."""
        return f"rule-{self.name}"
