"""What a rule says of a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
FEW = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found in one iteration.

    `value` is the index of the value, `cells` the first few of its cells and `count` how many there are in all (0: the
    value as a whole); `instruction` is the one that made it, -1 for what an iteration starts from. `text` is one sentence for
    a person: what, where, the numbers, which `numbers` holds by name. `layer` counts from 1, `units` are units of it, from 0.
    `remedies` are ids of `core.health.remedies`. `after` is the instruction that has to be executed for it to be seen, where
    that is a later one than `instruction`.
    """

    rule: str
    severity: Severity
    value: int
    cells: tuple[tuple[int, ...], ...]
    instruction: int
    text: str
    count: int = 0
    layer: int | None = None
    units: tuple[int, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    remedies: tuple[str, ...] = ()
    after: int = -1

    @property
    def place(self) -> int:
        """How many instructions have to be executed for this to be seen."""
        return max(self.instruction, self.after) + 1
