"""What a fault does: both runs from the same start, the cosine of each step with −∇L, and what the curve can and cannot show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from helpers.first_seed import FIRST, operand_mended, sign_mended

from core.complete import load
from core.data.batches import Picker
from core.diagnosis import Diagnosis, Fault, diagnose
from core.diagnosis.course import ALL_KNOWN, Course, epoch_means
from core.diagnosis.course_choices import by_interest, choices, course_of, is_of
from core.diagnosis.course_words import verdict
from core.execute.inputs import initial_state, inputs_of
from core.execute.machine import Machine
from core.execute.timeline import Timeline
from core.program.ir import Program

LINEAR = """# data
X = np.array([[1.0, 2.0, 3.0], [2.0, 1.0, 0.5]])
Y = np.array([[1.0, 0.0, 1.0]])
# parameters
W = np.array([[0.1, 0.2]])
b = np.zeros((1, 1))
lr = 0.05
# forward
A = W @ X + b
# loss
L = mse(A, Y)
# backward
dA = 2 * (A - Y) / 3
dW = dA @ X.T
db = np.sum(dA, axis=1, keepdims=True)
# update
W = W - lr * dW
b = b - lr * db
"""


def run(iterations: int, *texts: str) -> Course:
    course = Course([load(t) for t in texts])
    for _ in course.running(iterations):
        pass
    return course


def by_numbers(program: Program, iteration: int, name: str) -> np.ndarray:
    """Return ∇L by central differences of the forward at the parameters that an iteration starts from."""
    timeline = Timeline(program)
    state = initial_state(program) if iteration == 1 else timeline.state_before(iteration)
    inputs = inputs_of(program, Picker(program.batching), state, iteration)

    def loss(p: np.ndarray) -> float:
        machine = Machine(program, {**inputs, name: p})
        assert program.loss is not None
        machine.go(program.makers[program.loss] + 1)
        return float(np.sum(np.asarray(machine.peek(program.loss))))

    start = np.asarray(inputs[name], dtype=float)
    found = np.zeros(start.shape)
    for cell in np.ndindex(start.shape):
        up, down = start.copy(), start.copy()
        up[cell] += 1e-6
        down[cell] -= 1e-6
        found[cell] = (loss(up) - loss(down)) / 2e-6
    return found


def step_of(program: Program, iteration: int, name: str) -> np.ndarray:
    machine = Timeline(program).machine_at(iteration)
    start, end = program.carried[name]
    return np.asarray(machine.peek(end)) - np.asarray(machine.peek(start))


def test_the_first_seed_with_one_fault_of_two_mended() -> None:
    course = run(80, FIRST, sign_mended(FIRST), operand_mended(sign_mended(FIRST)))
    assert [r.epoch_losses[-1] for r in course.runs] == pytest.approx([0.26046271019640493, 0.255771, 0.255776], abs=5e-7)
    first, second = course.parting(0), course.parting(1)
    assert first is not None and second is not None
    assert (first.iteration, first.name, first.shapes, first.numbers) == (1, "error_gradient", False, ("−1.149", "1.149"))
    assert FIRST.splitlines()[first.line - 1] == "error_gradient = 2 * (Y - A2)"
    assert (second.iteration, second.name, second.shapes, second.numbers) == (1, "dw2", True, ("1×1", "1×3"))
    assert FIRST.splitlines()[second.line - 1] == "dw2 = np.dot(dA2, A2.T)"
    assert verdict(course, 0, "this fault") == (
        "The curve shows this fault: after 20 epochs 0.260463 with it, risen from 0.257033; 0.255771 without."
    )
    assert verdict(course, 1, "this fault") == (
        "The curve cannot show this fault: after 20 epochs 0.255771 with it, 0.255776 without; the shape of dw2 can."
    )


def test_the_operand_mended_alone_the_cost_rises_to_a_half() -> None:
    course = run(40_000, operand_mended(FIRST))
    assert course.runs[0].epoch_losses[9_999] == pytest.approx(0.499, abs=5e-4)


def test_a_wrong_sign_goes_straight_uphill_and_the_right_one_straight_downhill() -> None:
    course = run(40, operand_mended(FIRST), operand_mended(sign_mended(FIRST)))
    for one, end in zip(course.runs, (-1.0, 1.0), strict=True):
        for name in one.names:
            x, y = one.cosine(name)
            assert x.tolist() == list(range(1, 41))
            finite = np.isfinite(y)
            # the sample (0, 0) moves no weight of the first layer
            assert finite.all() or (name == "w1" and not finite[::4].any() and finite.sum() == 30)
            assert y[finite] == pytest.approx(end, abs=1e-12)
            assert np.array_equal(one.length(name)[1] == 0, ~finite)


@pytest.mark.parametrize("iteration", [1, 2, 7])
@pytest.mark.parametrize("text", [FIRST, sign_mended(FIRST), LINEAR])
def test_a_cosine_is_that_of_numeric_derivatives(text: str, iteration: int) -> None:
    one = run(iteration, text).runs[0]
    for name in one.names:
        move, slope = step_of(one.program, iteration, name), by_numbers(one.program, iteration, name)
        size = np.linalg.norm(move) * np.linalg.norm(slope)
        found = one.cosine(name)[1][-1]
        assert one.length(name)[1][-1] == pytest.approx(float(np.linalg.norm(move)), rel=1e-12)
        if size:
            assert found == pytest.approx(-float(np.sum(move * slope)) / size, abs=1e-6)
        else:
            assert math.isnan(found)


def test_losses_are_those_of_the_timeline_and_stopping_changes_nothing() -> None:
    texts = (FIRST, operand_mended(FIRST))
    course = Course([load(t) for t in texts])
    pieces = course.running(200)
    for _ in range(7):
        course.step()
    pieces.close()
    for _ in course.running(53):
        pass
    assert course.done == 60
    for one, text in zip(course.runs, texts, strict=True):
        timeline = Timeline(load(text))
        assert timeline.run(60)
        assert one.losses == timeline.losses and one.epoch_losses == timeline.epoch_losses


def test_one_that_stops_lets_the_other_go_on() -> None:
    broken = LINEAR.replace("dW = dA @ X.T", "dW = dA.T @ X.T")
    course = run(20, broken, LINEAR)
    assert (len(course.runs[0].losses), len(course.runs[1].losses)) == (0, 20)
    assert not course.ended and course.parting() is None
    text = verdict(course, 0, "this fault")
    assert text.startswith("With this fault, the training stops in iteration 1: line 14, `dW = dA.T @ X.T`")
    assert "Without it, it goes on: after 20 iterations the loss is " in text
    both = run(20, broken, broken)
    assert both.ended and both.done == 0


def test_numbers_that_are_not_finite_are_said() -> None:
    course = run(
        900, LINEAR.replace("W - lr", "W + lr").replace("lr = 0.05", "lr = 0.1"), LINEAR.replace("lr = 0.05", "lr = 0.1")
    )
    bad = course.runs[0].first_bad
    assert bad and not math.isfinite(course.runs[0].losses[bad - 1]) and math.isfinite(course.runs[0].losses[bad - 2])
    assert course.runs[1].first_bad == 0
    assert verdict(course, 0, "this fault") == (
        f"The loss is not finite from iteration {bad} on with this fault; without, it stays finite."
    )
    assert course.runs[0].cosine("W")[1][0] == pytest.approx(-1, abs=1e-12)


def test_a_parameter_that_takes_no_step_has_no_cosine() -> None:
    course = run(3, LINEAR.replace("b = b - lr * db\n", ""), LINEAR)
    assert np.isnan(course.runs[0].cosine("b")[1]).all() and (course.runs[0].length("b")[1] == 0).all()
    assert course.runs[1].cosine("b")[1] == pytest.approx(1.0)


def test_equal_runs_do_not_part() -> None:
    course = run(20, LINEAR, LINEAR)
    assert course.parting() is None
    assert verdict(course, 0, "this fault").startswith("No difference yet: after 20 iterations every value has the same bits")


def test_other_lines_above_do_not_matter_for_where_they_part() -> None:
    longer = LINEAR.replace("# backward\n", "# backward\nerror = A - Y\n").replace("2 * (A - Y) / 3", "2 * error / 3")
    course = run(2, LINEAR.replace("dW = dA @ X.T", "dW = 2 * dA @ X.T"), longer)
    parting = course.parting()
    assert parting is not None and (parting.name, parting.line, parting.iteration) == ("dW", 14, 1)


def test_long_runs_take_the_cosine_rarely_and_miss_no_sample() -> None:
    course = Course([load(FIRST)])
    taken = [i for i in range(1, 40_001) if course.samples(i)]
    assert taken[:ALL_KNOWN] == list(range(1, ALL_KNOWN + 1))
    assert len(taken) < 10 * ALL_KNOWN
    assert {i % 4 for i in taken[-40:]} == {0, 1, 2, 3}
    assert len(taken) % 4 == 0, "whole epochs"
    gaps = np.diff([i for i in taken if i > 20_000 and i % 4 == 1])
    assert gaps.max() < 4 * gaps.mean(), "evenly"


def test_the_mean_of_an_epoch_leaves_out_what_is_not_finite() -> None:
    x, y = epoch_means(np.array([1, 2, 3, 4, 9, 10]), np.array([1.0, math.nan, 0.0, 0.5, math.nan, math.nan]), 4)
    assert x.tolist() == [4, 12] and y[0] == 0.5 and math.isnan(y[1])


def hand_made(faults: Sequence[Fault] = ()) -> Diagnosis:
    return Diagnosis(load(FIRST), FIRST, "cost = (Y - A2) ** 2", False, (), tuple(faults), (), operand_mended(sign_mended(FIRST)))


def test_each_fault_can_be_mended_alone() -> None:
    faults = (
        Fault(27, "error_gradient = 2 * (Y - A2)", "sign", mended=sign_mended(FIRST)),
        Fault(30, "dw2 = np.dot(dA2, A2.T)", "operand", parameters=("w2",), mended=operand_mended(FIRST)),
    )
    d = hand_made(faults)
    found = choices(d)
    assert [(c.kind, c.line) for c in found] == [("all", 0), ("only", 27), ("only", 30)]
    assert [len(course_of(d, None, c).runs) for c in (None, *found)] == [1, 2, 3, 3]
    assert [c.kind for c in choices(hand_made(faults[:1]))] == ["all"], "one fault alone is all of them"
    assert by_interest(d) == ["w2", "w1", "b1", "b2"], "what is wrong first, then weights"


def test_the_open_program_is_known_again() -> None:
    d = hand_made()
    assert is_of(d, load(FIRST)) and not is_of(d, load(sign_mended(FIRST)))
    assert not is_of(d, load(FIRST.replace("0.01", "0.02")))
    without = FIRST.replace("# loss\ncost = (Y - A2) ** 2\n", "")
    assumed = replace(d, loss_assumed=True)
    assert is_of(assumed, load(without))


def test_what_is_diagnosed_can_be_run() -> None:
    d = diagnose(FIRST)
    course = course_of(d, None, choices(d)[0])
    for _ in course.running(80):
        pass
    assert course.runs[1].epoch_losses[-1] == pytest.approx(0.255776, abs=5e-7)
