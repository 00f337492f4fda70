"""The table of health rules, and the question that a breakpoint on findings asks."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from core.health import nonfinite
from core.health.finding import Finding
from core.program.ir import Program

Rule = Callable[[Program, Sequence[Any]], Iterable[Finding]]
RULES: Mapping[str, Rule] = {nonfinite.NAME: nonfinite.find}


def findings(program: Program, values: Sequence[Any], rule: str = "") -> list[Finding]:
    """Return what a rule (all of them, where none is named) finds in the values of an iteration, first operation first."""
    asked = [check for name, check in RULES.items() if rule in ("", name)]
    return sorted((f for check in asked for f in check(program, values)), key=lambda f: f.instruction)


def finder(rule: str = "") -> Callable[[Program, Sequence[Any]], list[tuple[int, Hashable]]]:
    """Return what a breakpoint on findings asks: where in an iteration, and what; see `core.execute.breakpoints.Fresh`."""
    return lambda program, values: [(f.instruction + 1, (f.rule, f.value)) for f in findings(program, values, rule)]
