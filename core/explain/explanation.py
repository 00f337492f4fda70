"""What is said of one operation.

In every text `{a}`, `{b}`, `{c}` stand for the operands, `{out}` for the result, `{along}` for the axes that
go. `g` in a derivative is the adjoint of the result: how the loss changes as the result does. Sources of the
derivatives: those of the rules in `core.ops`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """An operation's name, formula, one sentence, derivative, and why its result has the shape it has."""

    title: str
    formula: str
    sentence: str
    derivative: str
    shape_reason: str
