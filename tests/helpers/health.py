"""Programs to be judged, and what the rules say of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from core.complete import load
from core.execute.timeline import Position, Timeline
from core.health.finding import Finding
from core.health.look import Look, Past
from core.health.monitor import Monitor
from core.health.rules import DEFAULTS, findings
from core.health.settings import HealthSettings
from core.program.ir import Program


def net(
    W1: str = "np.random.randn(6, 3)",
    W2: str = "np.random.randn(1, 6)",
    *,
    act: str = "tanh",
    out: str = "sigmoid",
    loss: str = "mse",
    lr: float = 0.1,
    X: str = "np.random.randn(3, 8)",
    Y: str = "np.array([[0, 1, 0, 1, 1, 0, 1, 0]])",
    b1: str = "np.zeros((6, 1))",
    more: str = "",
    rows: bool = False,
    names: Sequence[str] = ("X", "Y", "W1", "b1", "W2", "b2", "Z1", "A1", "Z2", "A2", "L", "lr"),
) -> str:
    """Return a program of two layers; `rows` turns it round (all shapes are given for columns). Names are given in order."""
    t = ".T" if rows else ""
    first, second = ("X @ W1", "A1 @ W2") if rows else ("W1 @ X", "W2 @ A1")
    text = f"""# data
np.random.seed(7)
X = ({X}){t}
Y = ({Y}){t}
samples = "{"rows" if rows else "columns"}"
{more}
# parameters
W1 = ({W1}){t}
b1 = ({b1}){t}
W2 = ({W2}){t}
b2 = np.zeros((1, 1))
lr = {lr}
# forward
Z1 = {first} + b1
A1 = {act}(Z1)
Z2 = {second} + b2
A2 = {out}(Z2)
# loss
L = {loss}(A2, Y)
"""
    usual = ("X", "Y", "W1", "b1", "W2", "b2", "Z1", "A1", "Z2", "A2", "L", "lr")
    for old, new in zip(usual, names, strict=True):
        if old != new:
            text = "".join(_renamed(text, old, new))
    return text


def _renamed(text: str, old: str, new: str) -> Iterator[str]:
    import re

    yield re.sub(rf"(?<![\w.]){re.escape(old)}(?!\w)", new, text)


def judged(text: str | Program, iterations: int = 1, settings: HealthSettings = DEFAULTS) -> Monitor:
    """Return a monitor that has looked at the end of each of the first iterations."""
    timeline = Timeline(load(text) if isinstance(text, str) else text)
    monitor = Monitor(timeline, settings)
    for i in range(1, iterations + 1):
        timeline.go(Position(i, len(timeline.program_at(i))))
        monitor.stand()
    return monitor


def of(monitor: Monitor, rule: str) -> list[Finding]:
    """Return the newest findings of a rule."""
    return [p.finding for p in monitor.problems() if p.finding.rule == rule]


def found(text: str | Program, rule: str, iterations: int = 1) -> list[Finding]:
    """Return what a rule finds in the first iterations."""
    return of(judged(text, iterations), rule)


def once(text: str, rule: str, **instead: Any) -> list[Finding]:
    """Return what a rule finds in the first iteration of a program, with some inputs replaced, by name."""
    program = load(text)
    timeline = Timeline(program)
    values = list(timeline.machine.values)
    for name, value in instead.items():
        values[program.inputs[name]] = value
    from core.execute.inputs import compute, reader

    with np.errstate(all="ignore"):
        for i in program.instructions:
            values[i.result] = compute(i, reader(i)(values))
    return findings(Look(program, values, 1, past=Past()), rules=[rule])


def label(monitor: Monitor, finding: Finding) -> str:
    """Return what the value of a finding is called."""
    return monitor.timeline.program.values[finding.value].label
