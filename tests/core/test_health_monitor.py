"""The monitor: since when, how often, in any order; what is muted; what a change by hand makes it forget."""

from __future__ import annotations

from typing import Any

from helpers.health import judged, net
from helpers.programs import SETTINGS
from hypothesis import given
from hypothesis import strategies as st

from core.complete import load
from core.execute.timeline import Position, Timeline
from core.health.finding import SEVERITIES
from core.health.look import Look
from core.health.monitor import Monitor, Problem
from core.health.rules import ORDER, RULES, finder, findings
from core.health.settings import HealthSettings
from core.session import Session

ILL = net("9 * np.random.randn(6, 3)", loss="bce", act="relu", lr=2.0)
COPIES = net("np.ones((6, 3))", "np.ones((1, 6))")


def seen(monitor: Monitor) -> list[tuple[Any, ...]]:
    """Return what a monitor knows now, without the order of visits."""
    return [(f.rule, f.severity, f.value, f.cells, f.count, f.text) for f in monitor.current()]


def test_stepping_finds_what_a_whole_iteration_finds() -> None:
    program = load(ILL)
    stepped, whole = Timeline(program), Timeline(program)
    a, b = Monitor(stepped), Monitor(whole)
    for iteration in range(1, 5):
        for k in range(len(program) + 1):
            stepped.go(Position(iteration, k))
            a.stand()
            assert all(f.instruction < k and f.place <= k for f in a.current())
        whole.go(Position(iteration, len(program)))
        b.stand()
        assert sorted(seen(a)) == sorted(seen(b))
    assert [(p.finding.rule, p.first, p.times) for p in a.problems()] == [
        (p.finding.rule, p.first, p.times) for p in b.problems()
    ]


@given(st.sampled_from([ILL, COPIES]), st.lists(st.tuples(st.integers(1, 4), st.integers(0, 40)), max_size=12))
@SETTINGS(30)
def test_what_holds_at_a_place_does_not_hang_on_the_way(text: str, places: list[tuple[int, int]]) -> None:
    timeline = Timeline(load(text))
    monitor = Monitor(timeline)
    for iteration, k in [*places, (3, 12)]:
        timeline.go(Position(iteration, k))
        monitor.stand()
    straight = Timeline(load(text))
    other = Monitor(straight)
    straight.go(Position(3, 12))
    other.stand()
    assert sorted(seen(monitor)) == sorted(seen(other))


def test_one_warning_with_a_count() -> None:
    monitor = judged(net(lr=300.0), 1)
    timeline = monitor.timeline
    [before] = [p for p in monitor.problems() if p.finding.rule == "update-ratio" and p.finding.layer == 2]
    for iteration in (1, 2, 1, 2, 1):
        timeline.go(Position(iteration, len(timeline.program)))
        monitor.stand()
    [p] = [p for p in monitor.problems() if p.finding.rule == "update-ratio" and p.finding.layer == 2]
    assert before.times == 1 and p.times <= 2 and p.first == before.first == (1, p.finding.instruction + 1)
    timeline.go(Position(1, 0))
    monitor.stand()
    assert not [p for p in monitor.problems() if p.finding.rule == "update-ratio" and p.current]


def test_errors_first_and_causes_before_symptoms() -> None:
    problems = judged(ILL, 12).problems()
    ranks = [(SEVERITIES.index(p.finding.severity), ORDER[p.finding.rule], p.first) for p in problems]
    assert ranks == sorted(ranks) and len(problems) > 3


def test_windows_are_replayed_where_one_stands_still() -> None:
    text = net(X="-np.ones((3, 4))", W1="np.ones((6, 3))", Y="np.array([[0, 1, 1, 0]])", act="relu", more="batch = 1")
    timeline = Timeline(load(text))
    monitor = Monitor(timeline)
    timeline.run(50)
    assert not monitor.problems()
    monitor.stand()
    assert [p.finding.rule for p in monitor.problems() if p.finding.severity == "error"][:1] == ["dead"]


def test_muted_rules_and_other_limits_at_once() -> None:
    monitor = judged(ILL, 1)
    rules = {p.finding.rule for p in monitor.problems()}
    assert "saturated" in rules
    monitor.set_settings(monitor.settings.mute("saturated"))
    assert {p.finding.rule for p in monitor.problems()} == rules - {"saturated"}
    assert all(m.rule != "saturated" for v in range(len(monitor.timeline.program.values)) for m in monitor.marks(v))
    monitor.set_settings(HealthSettings())
    assert "saturated" in {p.finding.rule for p in monitor.problems() if p.current}


def test_a_change_by_hand_forgets_what_came_after() -> None:
    session = Session(load(net(lr=300.0)), "a net")
    monitor = Monitor(session.timeline)
    for iteration in range(1, 7):
        session.timeline.go(Position(iteration, len(session.program)))
        monitor.stand()
    assert max(p.last for p in monitor.problems()) == 6
    session.go(4, 0)
    session.change_cell(session.program.inputs["lr"], (), "0.001")
    assert monitor.problems() and max(p.last for p in monitor.problems()) < 4
    session.go(6, len(session.program))
    monitor.stand()
    assert all(p.times <= 6 for p in monitor.problems())


def test_marks() -> None:
    monitor = judged(ILL, 1)
    program = monitor.timeline.program
    marked = {v.name: monitor.marks(v.index) for v in program.values if monitor.marks(v.index)}
    assert "A2" in marked
    for marks in marked.values():
        assert [SEVERITIES.index(m.severity) for m in marks] == sorted(SEVERITIES.index(m.severity) for m in marks)
        assert all(m.glyph == RULES[m.rule].glyph and m.text for m in marks)
    assert monitor.marks(10**6) == () and Monitor(Timeline(program)).marks(0) == ()


def test_a_finder_says_the_same_as_the_rules() -> None:
    timeline = Timeline(load(ILL))
    ask = finder("saturated")
    for iteration in timeline.iterate(1, 20):
        look = Look(timeline.program, timeline.values, iteration)
        assert ask(iteration, timeline.program, timeline.values) == [
            (f.place, (f.rule, f.value)) for f in findings(look, rules=["saturated"])
        ]  # fmt: skip


def test_a_finder_of_rules_over_epochs_remembers() -> None:
    text = net(X="-np.ones((3, 4))", W1="np.ones((6, 3))", Y="np.array([[0, 1, 1, 0]])", act="relu", more="batch = 1")
    timeline, ask = Timeline(load(text)), finder("dead")
    hits = [i for i in timeline.iterate(1, 8) if ask(i, timeline.program, timeline.values)]
    assert hits == [4, 5, 6, 7, 8]
    assert finder("any") and not ask(1, timeline.program, timeline.values)  # an iteration out of turn: begun anew


settings = st.builds(
    HealthSettings, st.frozensets(st.sampled_from(list(RULES))),
    st.dictionaries(st.sampled_from([(r, n) for r, rule in RULES.items() for n in rule.limits]), st.floats(-1e9, 1e9)),
)  # fmt: skip


@given(settings)
@SETTINGS(50)
def test_settings_survive_a_file(it: HealthSettings) -> None:
    assert HealthSettings.from_data(it.to_data()) == it
    for rule in RULES.values():
        limits = it.limits_of(rule)
        assert all(rule.limits[n].smallest <= x <= rule.limits[n].largest for n, x in limits.items())


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["muted", "limits", "dead"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.sampled_from(["muted", "limits"]), inner)
    ),
    max_leaves=8,
)


@given(json)
@SETTINGS(100)
def test_settings_from_anything(data: Any) -> None:
    HealthSettings.from_data(data).to_data()


def test_every_value_may_be_missing() -> None:
    program = load(ILL)
    timeline = Timeline(program)
    for k in range(len(program) + 1):
        timeline.go(Position(1, k))
        look = Look(program, timeline.machine.values, 1, k)
        findings(look)
        look.remember()


def test_problem_knows_its_place() -> None:
    problem = judged(ILL, 1).problems()[0]
    assert isinstance(problem, Problem) and problem.position == Position(*problem.first)
