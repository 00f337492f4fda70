"""False alarms: none at level error on the healthy built-ins over 1000 iterations."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.health import judged
from helpers.programs import SETTINGS, Net, nets
from hypothesis import given

from core.complete import load
from core.execute.timeline import Position, Timeline
from core.health.monitor import Monitor
from core.library import open_target


@pytest.mark.parametrize("name", ["xor", "first-seed", "rows", "iris", "digits"])
def test_no_errors_on_the_healthy_built_ins(name: str) -> None:
    monitor = judged(open_target(name).program, 1000)
    assert [p.finding.text for p in monitor.problems() if p.finding.severity == "error"] == []
    # Nor is there anything about values that end or are lost; what warns is said of the training.
    rules = {p.finding.rule for p in monitor.problems() if p.finding.severity != "note"}
    assert rules <= ({"update-ratio", "stalled"} if name in ("first-seed", "rows") else set())


def test_the_flower_is_ill_and_its_ends_are_seen_before_it_breaks() -> None:
    timeline = Timeline(open_target("flower").program)
    monitor = Monitor(timeline)
    for iteration in range(1, 4000):
        timeline.go(Position(iteration, len(timeline.program)))
        monitor.stand()
        if not np.isfinite(timeline.losses[-1]):
            break
    first = {p.finding.rule: p.first for p in reversed(monitor.problems())}
    assert first["about-to-be"] < first["nonfinite"] and first["saturated"] < first["nonfinite"]
    order = [p.finding.rule for p in monitor.problems() if p.finding.severity == "error"]
    assert order[0] == "nonfinite"


RECTIFIED = {"relu", "masked", "where", "maximum"}


@given(nets(oracle=True))
@SETTINGS(80)
def test_no_errors_on_random_nets_without_rectified_units(net: Net) -> None:
    # Momentum makes ten steps of one: at a rate of 0.3 that alone can saturate a layer, and its gradient vanishes truly.
    if not RECTIFIED.intersection(layer.activation for layer in net.layers) and (net.update, net.rate) != ("momentum", 0.3):
        monitor = judged(net.text, 12)
        assert [p.finding.text for p in monitor.problems() if p.finding.severity == "error"] == []


@given(nets())
@SETTINGS(60)
def test_rules_judge_any_program_and_change_nothing(net: Net) -> None:
    program = load(net.text)
    plain, watched = Timeline(program), Timeline(program)
    monitor = Monitor(watched)
    for iteration in (1, 2, 3, 5):
        for timeline in (plain, watched):
            timeline.go(Position(iteration, len(timeline.program_at(iteration))))
        monitor.stand()
    for a, b in zip(plain.machine.values, watched.machine.values, strict=True):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()
    for finding in monitor.current():
        value = np.asarray(watched.machine.values[finding.value])
        for cell in finding.cells:
            assert len(cell) == value.ndim and all(0 <= c < n for c, n in zip(cell, value.shape, strict=True))
        assert "nan" not in finding.text.replace("NaN", "") and finding.text.endswith(".")
        for mark in monitor.marks(finding.value):
            assert mark.mask is None or mark.mask.shape == value.shape
