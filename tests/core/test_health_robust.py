"""Rules never raise, whatever stands in the arrays: NaN, nothing, single numbers, whole numbers, other shapes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from helpers.health import net

from core.complete import load
from core.errors import ExecutionError
from core.execute.inputs import compute, reader
from core.execute.timeline import Position, Timeline
from core.health.look import Look
from core.health.rules import RULES, findings
from core.health.settings import HealthSettings
from core.program.ir import Program

SHAPES: list[tuple[int, ...]] = [(), (0,), (1,), (3,), (3, 8), (0, 8), (3, 0), (1, 1), (2, 3, 4)]
FILLS = [np.nan, np.inf, -np.inf, 0.0, 1e-320, 1e308, 1, True]
TEXTS = {"columns": net(), "rows": net(rows=True, loss="bce"), "batch": net(act="relu", more="batch = 2")}


def judge(program: Program, values: Sequence[Any]) -> None:
    """Ask every rule for findings, and for marks of every value."""
    look = Look(program, values, 1)
    for finding in findings(look):
        assert finding.text and finding.rule in RULES
    with np.errstate(all="ignore"):
        for rule in RULES.values():
            for v in range(len(program.values)):
                if look.has(v):
                    rule.marks(look, v, HealthSettings().limits_of(rule))
        look.remember()


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("fill", FILLS)
def test_any_number_in_any_result(text: str, fill: Any) -> None:
    program = load(text)
    timeline = Timeline(program)
    timeline.go(Position(1, len(program)))
    for n, i in enumerate(program.instructions):
        values = list(timeline.machine.values)
        filled = np.full(np.shape(values[i.result]), fill)
        with np.errstate(all="ignore"):
            values[i.result] = filled.astype([filled.dtype, np.float16, np.float32][n % 3])
        judge(program, values)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_any_shape_of_any_input(text: str, shape: tuple[int, ...]) -> None:
    program = load(text)
    timeline = Timeline(program)
    for n, index in enumerate(program.inputs.values()):
        values = list(timeline.machine.values)
        values[index] = np.full(shape, FILLS[n % len(FILLS)])
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for i in program.instructions:
                try:
                    values[i.result] = compute(i, reader(i)(values))
                except ExecutionError:
                    break
        judge(program, values)
