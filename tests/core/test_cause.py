"""The first cause of a finding: exact for NaN and ∞ by fault injection, and sentence by sentence on known programs."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from helpers.programs import SETTINGS, nets
from hypothesis import given
from hypothesis import strategies as st

from core.complete import load
from core.execute.events import Event
from core.execute.inputs import compute, reader
from core.execute.timeline import Course, Position, Timeline
from core.explain.arithmetic import why
from core.health.cause import Link, chain, roots
from core.health.guard import Guard, first_bad
from core.health.lineage import Lineage
from core.health.look import Look
from core.health.rules import findings
from core.library import open_target
from core.program.ir import Program

FAULTS = (np.nan, np.inf, -np.inf, 1e200, -1e300)


def finding(value: int, *cells: tuple[int, ...], rule: str = "nan") -> Any:
    return SimpleNamespace(rule=rule, value=value, cells=cells, text="found")


def index_of(program: Program, label: str) -> int:
    return next(v.index for v in program.values if v.label == label)


def said(program: Program, links: Sequence[Link]) -> list[str]:
    return [program.values[link.value].label for link in links]


# --- exactness --------------------------------------------------------------------------------------


def hurt(program: Program, values: Sequence[Any], faults: Sequence[tuple[int, int, float]]) -> list[Any]:
    """Compute an iteration again in which the result of some instructions has a wrong number in one cell."""
    found = list(values)
    with np.errstate(all="ignore"):
        for i in program.instructions:
            result = compute(i, reader(i)(found))
            for place, flat, number in faults:
                array = np.array(result)
                if place == i.index and array.size and array.dtype.kind == "f":
                    array.reshape(-1)[flat % array.size] = number
                    result = array
            found[i.result] = result
    return found


def scanned(
    program: Program, values: Sequence[Any], value: int, cell: Any, known: dict[Any, Any]
) -> tuple[int, int, tuple[int, ...]]:
    """Return the earliest place that a bad cell descends from, by brute force: (k, rank, cell), cell after cell."""
    key = (value, cell)
    if key not in known:
        maker = program.makers.get(value)
        rank = list(program.inputs.values()).index(value) if maker is None else 0
        best = None
        if maker is not None:
            i = program.instructions[maker]
            seen = [np.asarray(o.number if o.value is None else values[o.value]) for o in i.operands]
            seen = [s.T if o.transposed else s for s, o in zip(seen, i.operands, strict=True)]
            for o, s, cells in zip(i.operands, seen, why(i, seen, values[value], cell).sources, strict=True):
                for c in cells if s.dtype.kind == "f" else ():
                    if o.value is not None and not np.isfinite(s[c]):
                        found = scanned(program, values, o.value, c[::-1] if o.transposed else c, known)
                        best = found if best is None else min(best, found)
        known[key] = best or (0 if maker is None else maker + 1, rank, cell)
    return known[key]


@SETTINGS(60)
@given(nets(dtype="float64"), st.data())
def test_the_origin_of_every_bad_cell_is_what_a_scan_finds(net: Any, data: Any) -> None:
    program = load(net.text)
    timeline = Timeline(program)
    healthy = timeline.machine_at(1).values
    n = len(program)
    faults = data.draw(
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, 50), st.sampled_from(FAULTS)), min_size=1, max_size=3)
    )  # fmt: skip
    values = hurt(program, healthy, faults)
    lineage = Lineage(timeline, 1, values)
    known: dict[Any, Any] = {}
    asked = 0
    for value, marks in lineage.marks(1).items():
        array = np.asarray(values[value])
        for cell in np.argwhere(~np.isfinite(array)):
            at = tuple(int(c) for c in cell)
            _, origin = lineage.origin(1, value, at)
            place, _, where = scanned(program, values, value, at, known)
            assert (origin.place, origin.cell) == (place, where), (program.values[value].label, at, marks[at])
            if asked < 4:
                links = chain(timeline, 1, finding(value, at), at, values)
                asked += 1
                assert (links[0].value, links[0].cell) == (value, at) or program.values[value].kind == "part"
                assert any((x.iteration, x.step, x.value, x.cell) == (1, place, origin.value, where) for x in links)
                assert all(x.text.strip() for x in links)


@SETTINGS(60)
@given(nets(dtype="float64"), st.data())
def test_a_parameter_hurt_in_an_iteration_is_the_origin_of_all_that_is_bad_later(net: Any, data: Any) -> None:
    program = load(net.text)
    names = [n for n in program.trainable if program.carried[n][0] != program.carried[n][1]]
    timeline = Timeline(program, budget=data.draw(st.sampled_from([1, 10**9])))
    hurt_at = data.draw(st.integers(1, 6))
    list(timeline.iterate(1, hurt_at))
    name = data.draw(st.sampled_from(names))
    array = np.array(timeline.state_before(hurt_at)[name])
    flat = data.draw(st.integers(0, array.size - 1))
    array.reshape(-1)[flat] = np.nan
    cell = tuple(int(c) for c in np.unravel_index(flat, array.shape)) if array.ndim else ()
    timeline.take(Course((Event(hurt_at, "hurt", {name: array}, {name: frozenset({cell})}),)))
    asked = hurt_at + data.draw(st.integers(0, 9))
    lineage = Lineage(timeline, asked)
    start = program.carried[name][0]
    for n, value in enumerate(lineage.marks(asked)):
        bad = np.argwhere(~np.isfinite(np.asarray(lineage.values(asked)[value])))
        for at in map(tuple, bad[:1]):
            _, origin = lineage.origin(asked, value, at)
            assert (origin.iteration, origin.place, origin.value, origin.cell) == (hurt_at, 0, start, cell)
            if n > 2:
                continue
            links = chain(timeline, asked, finding(value), tuple(int(c) for c in at))
            assert (links[-1].iteration, links[-1].step, links[-1].value, links[-1].cell) == (hurt_at, 0, start, cell)
            assert "by hand" in links[-1].text


@SETTINGS(40)
@given(nets(dtype="float64"), st.data())
def test_first_bad_stands_at_a_bad_result_and_never_before_the_first_bad_number(net: Any, data: Any) -> None:
    """A huge parameter overflows somewhere. Bad numbers that lead nowhere may come before; test_guard scans what leads."""
    program = load(net.text)
    name = data.draw(st.sampled_from(program.trainable))
    array = np.array(Timeline(program).state_before(1)[name])
    array.reshape(-1)[0] = data.draw(st.sampled_from(FAULTS))
    timeline = Timeline(program)
    timeline.take(Course((Event(1, "hurt", {name: array}, {}),)))
    guard = Guard(timeline)
    for _ in timeline.iterate(1, 40):
        if guard.alarm is not None:
            break
    if guard.alarm is None:
        return
    found = first_bad(timeline, guard.alarm)
    assert found is not None
    assert found <= Position(guard.alarm, len(program))
    first = None
    for iteration in range(1, guard.alarm + 1):
        values = timeline.machine_at(iteration).values
        bad = [k for k in [0, *range(1, len(program) + 1)] if _bad(program, values, k)]
        if bad and first is None:
            first = Position(iteration, bad[0])
    assert first is not None
    assert first <= found
    if found.k:
        i = program.instructions[found.k - 1]
        values = timeline.machine_at(found.iteration).values
        assert not np.isfinite(np.asarray(values[i.result])).all()


def _bad(program: Program, values: Sequence[Any], k: int) -> bool:
    looked = program.inputs.values() if k == 0 else [program.instructions[k - 1].result]
    return any(not np.isfinite(np.asarray(values[v], dtype=float)).all() for v in looked)


# --- the flower -------------------------------------------------------------------------------------


def test_the_two_symptoms_of_the_flower_have_one_root() -> None:
    program = open_target("flower").program
    timeline = Timeline(program)
    guard = Guard(timeline)
    for _ in timeline.iterate(1, 20_000):
        if guard.alarm is not None:
            break
    at = guard.alarm
    assert at is not None
    loss, gradient = (chain(timeline, at, finding(index_of(program, name))) for name in ("L", "dW2"))
    assert said(program, loss) == ["L", "A2", "Z2"]
    assert said(program, gradient) == ["dW2", "dZ2", "dA2", "dA2.3", "dA2.2", "A2", "Z2"]
    assert roots([loss, gradient]) == [[0, 1]]
    sample = gradient[-1].cell[1]  # type: ignore[index]
    label = int(np.asarray(program.first_values["Y"])[0, sample])
    assert "the logarithm of exactly 0" in loss[0].text
    assert ("0 / 0 = NaN" if label else "1 / 0 = ∞") in gradient[3].text
    assert "`1 - A2`" in gradient[4].text and "exactly 0" in gradient[4].text
    assert "exactly 1" in gradient[5].text
    assert "above 36.74 sigmoid is exactly 1: it has run out of float64" in gradient[6].text
    assert all(f"(sample {sample + 1}, Y = {label})" in link.text for link in gradient[1:])
    assert {link.iteration for link in (*loss, *gradient)} == {at}
    found = first_bad(timeline, at)
    assert found == Position(at, loss[0].step)
    # What the rule itself finds there has that root too.
    look = Look(program, timeline.machine_at(at).values, at)
    chains = [chain(timeline, at, f) for f in findings(look, rules=["nonfinite"])]
    assert len(chains) >= 2
    assert roots([*chains, loss]) == [list(range(len(chains) + 1))]
    # Long after, everything is NaN; the root is the same.
    later = chain(timeline, at + 150, finding(index_of(program, "W1_next")))
    assert (later[-1].iteration, later[-1].value) == (at, gradient[-1].value)
    assert first_bad(timeline, at + 150) == found


# --- operations -------------------------------------------------------------------------------------

FRAME = """\
# data
X = np.array([[1.0, 2.0, 0.0]])
Y = np.array([[1.0, 0.0, 1.0]])
samples = "columns"
# parameters
W = np.array([[{w}]])
lr = 0.1
# forward
{forward}
# loss
L = {loss}
"""


def first_cause(forward: str, w: str = "1.0", loss: str = "mse(A, Y)", dtype: str = "") -> tuple[Program, tuple[Link, ...]]:
    text = FRAME.format(forward=forward, w=w, loss=loss)
    program = load(text.replace("# parameters", f'dtype = "{dtype}"\n# parameters') if dtype else text)
    timeline = Timeline(program)
    position = first_bad(timeline, 1)
    assert position is not None
    value = program.instructions[position.k - 1].result
    return program, chain(timeline, 1, finding(value))


def check(forward: str, expected: list[str], *words: str, **more: str) -> None:
    program, links = first_cause(forward, **more)
    assert said(program, links) == expected, [link.text for link in links]
    for word in words:
        assert any(word in link.text for link in links), [link.text for link in links]


def test_log_of_zero() -> None:
    check(
        "Z = W @ X\nA = log(Z)",
        ["A", "Z", "X"],
        "log(0) = −∞, the logarithm of exactly 0",
        "sample 3, Y = 1",
        "as it is given in line 2",
    )


def test_log_of_a_negative_number() -> None:
    check("Z = W @ X\nA = log(Z)", ["A", "Z", "W"], "a negative number has no logarithm", "in line 6", w="-2.0")


def test_division_by_zero_and_zero_by_zero() -> None:
    check("Z = W @ X\nA = 1 / Z", ["A", "Z", "X"], "1 / 0 = ∞, a division by exactly 0")
    check("Z = W @ X\nB = Z + 0\nA = Z / B", ["A", "B", "Z", "X"], "0 / 0 has no value")


def test_overflows() -> None:
    check("Z = W @ X\nA = exp(Z)", ["A", "Z", "W"], "exp overflows float64 above 709.8", w="400.0")
    check("Z = W @ X\nA = exp(Z)", ["A", "Z", "W"], "exp overflows float32 above 88.72", w="60.0", dtype="float32")
    check("Z = W @ X\nA = Z ** 2", ["A", "Z", "W"], "beyond 1.798e308, the largest number of float64", w="1e200")
    check("Z = W @ X\nA = Z * Z", ["A", "Z", "W"], "beyond", w="1e200")
    check("Z = W @ X\nA = Z", ["L", "A", "Z", "W"], "beyond", w="1e200")


def test_roots_and_powers() -> None:
    check("Z = W @ X\nA = sqrt(Z)", ["A", "Z", "W"], "a negative number has no square root", w="-1.0")
    check("Z = W @ X\nA = Z ** -1.0", ["A", "Z", "X"], "a negative power of 0")
    check("Z = W @ X\nA = Z ** 0.5", ["A", "Z", "W"], "broken power", w="-1.0")


def test_a_saturated_output_under_a_logarithm() -> None:
    check("Z = W @ X\nA = sigmoid(Z)", ["L", "A", "Z"], "log(1 − 1)", "above 36.74", w="40.0", loss="bce(A, Y)")
    check("Z = W @ X\nA = sigmoid(Z)", ["L", "A", "Z"], "above 16.64", w="20.0", loss="bce(A, Y)", dtype="float32")
    check("Z = W @ X\nA = sigmoid(Z)", ["L", "A", "Z"], "below −745.13", w="-800.0", loss="bce(A, Y)")
    check("Z = W @ X\nA = 1 - tanh(Z)", ["L.1", "A", "A.1", "Z"], "beyond ±19.06", w="30.0", loss="mean(log(A))")


def test_given_numbers_that_are_bad_are_their_own_cause() -> None:
    program = load(FRAME.format(forward="Z = W @ X\nA = Z", w="np.nan", loss="mse(A, Y)"))
    links = chain(Timeline(program), 1, finding(index_of(program, "L")))
    assert said(program, links)[-1] == "W"
    assert links[-1].text == "`W[0, 0]` is NaN as it is given in line 6."
    assert links[-1].step == 0


def test_independent_causes_are_chains_of_their_own() -> None:
    program, _ = first_cause("Z = W @ X\nA = log(Z)\nB = exp(800 * X)", loss="mean(A) + mean(B)")
    timeline = Timeline(program)
    chains = [chain(timeline, 1, finding(index_of(program, name))) for name in ("A", "B", "L")]
    assert roots(chains) == [[0, 2], [1]]


def test_a_parameter_that_grew_is_followed_to_the_update_that_made_it_large() -> None:
    text = FRAME.format(forward="A = W @ X", w="1.0", loss="mse(A, Y)").replace("lr = 0.1", "lr = 100.0")
    program = load(text)
    timeline = Timeline(program)
    guard = Guard(timeline)
    for _ in timeline.iterate(1, 2000):
        if guard.alarm is not None:
            break
    assert guard.alarm is not None
    links = chain(timeline, guard.alarm, finding(index_of(program, "L")))
    assert said(program, links)[-2:] == ["W", "W_next"]
    assert links[-1].iteration < guard.alarm
    assert "too large a step" in links[-1].text
