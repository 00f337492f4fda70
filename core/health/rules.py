"""The table of health rules, and the question that a breakpoint on findings asks. A new rule is one entry here."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from core.health import gradients, inputs, losses, matrices, nonfinite, precision, units
from core.health.finding import Finding
from core.health.look import Look, Past
from core.health.rule import Rule
from core.health.settings import HealthSettings
from core.program.ir import Program

# Cause before symptom: the earlier a rule stands, the more likely what it finds explains what later ones find.
RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        inputs.INPUT_RANGE, matrices.INITIALISATION, losses.INITIAL_LOSS, units.SYMMETRIC, matrices.CONDITION,
        units.SATURATED, units.DEAD, precision.ABOUT, precision.DENORMAL, precision.CANCELLING, nonfinite.RULE,
        gradients.EXPLODING, gradients.VANISHING, gradients.UNCHANGED, gradients.UPDATE_RATIO,
        losses.ALTERNATING, losses.RISING, losses.STALLED,
    )
}  # fmt: skip
ORDER: Mapping[str, int] = {name: n for n, name in enumerate(RULES)}
DEFAULTS = HealthSettings()


def findings(look: Look, settings: HealthSettings = DEFAULTS, rules: Iterable[str] = ()) -> list[Finding]:
    """Return what the rules (all that are not muted, where none is named) find that is new, first operation first."""
    asked = [RULES[name] for name in rules] or [r for name, r in RULES.items() if name not in settings.muted]
    found: list[Finding] = []
    with np.errstate(all="ignore"):
        for rule in asked:
            found += rule.check(look, settings.limits_of(rule))
    return sorted(found, key=lambda f: (f.instruction, ORDER[f.rule]))


class Finder:
    """What a breakpoint on findings asks of an iteration: where it finds something, and what (`core.execute.breakpoints.Fresh`).

    It remembers the iterations it was asked about in a row, as far as its rules need them.
    """

    def __init__(self, rules: Sequence[str], settings: HealthSettings = DEFAULTS) -> None:
        self._rules, self._settings = rules, settings
        self._past, self._last = Past(), 0
        self._remembers = any(RULES[name].past for name in rules)

    def __call__(self, iteration: int, program: Program, values: Sequence[Any]) -> list[tuple[int, Hashable]]:
        """Return the place and the nature of each finding in an iteration."""
        if iteration != self._last + 1:
            self._past = Past()
        self._last = iteration
        look = Look(program, values, iteration, past=self._past)
        found: list[tuple[int, Hashable]] = [(f.place, (f.rule, f.value)) for f in findings(look, self._settings, self._rules)]
        if self._remembers:
            with np.errstate(all="ignore"):
                look.remember()
        return found


def finder(rule: str = "", settings: HealthSettings = DEFAULTS) -> Finder:
    """Return what a breakpoint on a rule asks; where none is named, on NaN and ∞; "any": on every rule, errors and warnings."""
    if rule == "any":
        return Finder([name for name in RULES if name not in settings.muted], settings)
    return Finder([rule if rule in RULES else nonfinite.NAME], settings)
