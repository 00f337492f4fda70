"""Networks broken on purpose: every fault is found by its rule, and its first cause is named."""

from __future__ import annotations

import pytest
from helpers.broken import BROKEN, Broken

from core.complete import load
from core.execute.timeline import Position, Timeline
from core.health.cause import chain
from core.health.finding import Finding
from core.health.monitor import Monitor
from core.health.rules import RULES


def found_in(case: Broken) -> tuple[Timeline, int, list[Finding]]:
    """Step through a network's iterations to the first in which its rule finds something."""
    program = load(case.text)
    timeline = Timeline(program)
    monitor = Monitor(timeline)
    for iteration in range(1, case.iterations + 1):
        timeline.go(Position(iteration, len(program)))
        monitor.stand()
        found = [f for f in monitor.current() if f.rule == case.rule]
        if found:
            return timeline, iteration, found
    raise AssertionError(f"{case.rule} finds nothing; {sorted({p.finding.rule for p in monitor.problems()})} do")


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_every_fault_is_found_and_its_first_cause_named(case: Broken) -> None:
    timeline, iteration, found = found_in(case)
    # A NaN has one cause here, whatever shows it; of others the first finding counts.
    for finding in found if case.rule == "nonfinite" else found[:1]:
        links = chain(timeline, iteration, finding)
        assert (links[0].value, links[0].iteration) == (finding.value, iteration)
        assert all(link.text.endswith(".") and 0 <= link.step <= len(timeline.program_at(link.iteration)) for link in links)
        root = timeline.program_at(links[-1].iteration).values[links[-1].value].label
        assert root in case.causes, [link.text for link in links]
        assert any(case.word in link.text for link in links), [link.text for link in links]


def test_the_suite_has_every_rule_and_enough_of_all() -> None:
    assert len(BROKEN) >= 60
    assert {case.rule for case in BROKEN} == set(RULES)
    assert len({case.name for case in BROKEN}) == len(BROKEN)
