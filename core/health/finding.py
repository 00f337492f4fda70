"""What a rule says of a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found in one iteration.

    `value` is the index of the value, `cells` up to a few of its cells, `instruction` the one that made it;
    `text` is one sentence for a person.
    """

    rule: str
    severity: Severity
    value: int
    cells: tuple[tuple[int, ...], ...]
    instruction: int
    text: str
