"""The published runs that the app must reproduce, to the digits they were published with."""

# ruff: noqa: E501 (a table of printed costs)
from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import seed_programs as seeds

from core.complete import load
from core.execute.timeline import Position, Timeline
from core.library import example_text

PRINTED = (
    0.25703296560961486, 0.25718506279033615, 0.25734002245320176, 0.25749789408142415, 0.25765872780276317, 0.25782257438803613, 0.25798948524907084,
    0.2581595124360765, 0.2583327086344036, 0.25850912716066776, 0.2586888219582088, 0.25887184759185666, 0.2590582592419748, 0.2592481126977533,
    0.2594414643497189, 0.25963837118143357, 0.2598388907603498, 0.2600430812277913, 0.2602510012880266, 0.26046271019640493,
)  # fmt: skip


def test_first_seed_mended() -> None:
    timeline = Timeline(load(example_text("first-seed")))
    assert timeline.run(40_000)
    assert timeline.epoch() == 10_000 and len(timeline.epoch_losses) == 10_000
    for epoch, true in (
        (1, 0.2557335792798098),
        (2, 0.2556909371159084),
        (5000, 0.11559036325187509),
        (10_000, 0.0015935514365542887),
    ):
        assert timeline.epoch_losses[epoch - 1] == pytest.approx(true, rel=1e-9, abs=0)


def test_first_seed_as_it_was_asked_with_its_two_faults() -> None:
    program = load(seeds.COST_RISES)
    assert program.fault is None
    assert not any(s.derived for s in program.statements), "nothing is missing, so nothing is derived"
    phases = [s.phase for s in program.statements]
    assert phases == ["forward"] * 4 + ["loss"] + ["backward"] * 5 + ["update"] * 2 + ["backward"] * 4 + ["update"] * 2
    assert program.loss is not None and program.values[program.loss].name == "cost"
    timeline = Timeline(program)
    assert timeline.run(80)
    assert len(timeline.epoch_losses) == 20
    for seen, printed in zip(timeline.epoch_losses, PRINTED, strict=True):
        assert seen == pytest.approx(printed, rel=0, abs=1e-12)


def test_first_seed_with_one_fault_of_two() -> None:
    operand_mended = Timeline(load(seeds.COST_RISES_OPERAND_MENDED))
    assert operand_mended.run(80)
    assert operand_mended.epoch_losses[-1] > operand_mended.epoch_losses[0], "the sign alone already makes the cost rise"
    sign_mended = Timeline(load(seeds.COST_RISES_SIGN_MENDED))
    assert sign_mended.run(80)
    assert sign_mended.epoch_losses[-1] == pytest.approx(0.255771, abs=5e-7)
    both = Timeline(load(seeds.COST_RISES_MENDED))
    assert both.run(80)
    assert both.epoch_losses[-1] == pytest.approx(0.255776, abs=5e-7)


def test_rows_after_a_thousand_iterations() -> None:
    program = load(example_text("rows"))
    timeline = Timeline(program)
    assert timeline.run(1000)
    state = timeline.machine.state()
    x = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    hidden = 1 / (1 + np.exp(-(x @ np.asarray(state["W1"]))))
    outputs = 1 / (1 + np.exp(-(hidden @ np.asarray(state["W2"]))))
    assert [f"{o:.3f}" for o in outputs.ravel()] == ["0.028", "0.925", "0.925", "0.090"]


def test_flower_costs_and_its_end_in_nan() -> None:
    timeline = Timeline(load(example_text("flower")))
    assert timeline.run(1001)
    assert timeline.losses[0] == pytest.approx(0.98975862390, abs=6e-12)
    assert timeline.losses[500] == pytest.approx(0.55132274061, abs=6e-12)
    assert timeline.losses[1000] == pytest.approx(0.5457090, abs=6e-8)
    assert timeline.run(4000)
    broken = [i for i, loss in enumerate(timeline.losses, 1) if not math.isfinite(loss)]
    assert broken and broken[0] > 1300, "it breaks, but no test may say when"


def test_what_is_not_finite_is_stepped_through_like_anything_else() -> None:
    timeline = Timeline(load(example_text("flower")))
    assert timeline.run(5000)
    first = next(i for i, loss in enumerate(timeline.losses, 1) if not math.isfinite(loss))
    program = timeline.program
    timeline.go(Position(first, len(program)))
    assert program.loss is not None
    assert not np.isfinite(np.asarray(timeline.machine.value(program.loss)))
    before = Position(first - 1, len(program))
    assert timeline.go(before) == before
    assert np.isfinite(np.asarray(timeline.machine.value(program.loss)))
