"""Which rules are muted and which limits a person has changed. Plain data, kept with the document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.health.rule import Limits, Rule

LONGEST_NAME, MOST = 100, 200


@dataclass(frozen=True)
class HealthSettings:
    """The names of the muted rules, and limits that are not the default ones by (rule, limit)."""

    muted: frozenset[str] = frozenset()
    limits: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def limits_of(self, rule: Rule) -> Limits:
        """Return every limit of a rule, kept within what it may be."""
        return {
            name: min(max(self.limits.get((rule.name, name), limit.default), limit.smallest), limit.largest)
            for name, limit in rule.limits.items()
        }

    def mute(self, rule: str, on: bool = True) -> HealthSettings:
        """Mute a rule, or let it speak again."""
        return replace(self, muted=self.muted | {rule} if on else self.muted - {rule})

    def with_limit(self, rule: str, limit: str, number: float | None) -> HealthSettings:
        """Change a limit; None gives it back its default."""
        others = {key: value for key, value in self.limits.items() if key != (rule, limit)}
        return replace(self, limits=others if number is None else {**others, (rule, limit): float(number)})

    def to_data(self) -> dict[str, Any]:
        """Return the settings as plain data (JSON)."""
        limits: dict[str, dict[str, float]] = {}
        for (rule, limit), number in sorted(self.limits.items()):
            limits.setdefault(rule, {})[limit] = number
        return {"muted": sorted(self.muted), "limits": limits}

    @staticmethod
    def from_data(data: Any) -> HealthSettings:
        """Read settings; whatever in them is not as it should be is left out."""
        data = data if isinstance(data, Mapping) else {}
        muted, limits = data.get("muted"), data.get("limits")
        names = [n for n in muted if _name(n)] if isinstance(muted, (list, tuple)) else []
        found: dict[tuple[str, str], float] = {}
        for rule, own in limits.items() if isinstance(limits, Mapping) else ():
            for limit, number in own.items() if isinstance(own, Mapping) else ():
                if _name(rule) and _name(limit) and _finite(number):
                    found[rule, limit] = float(number)
        return HealthSettings(frozenset(names[:MOST]), dict(list(found.items())[:MOST]))


def _name(x: Any) -> bool:
    return isinstance(x, str) and 0 < len(x) <= LONGEST_NAME


def _finite(x: Any) -> bool:
    return isinstance(x, (int, float)) and not isinstance(x, bool) and abs(x) <= 1e308 and math.isfinite(x)
