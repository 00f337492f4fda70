"""One meaning, the same bits: stepping, running, going earlier, replaying from few checkpoints."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.bits import bits, floats, moment_bits, state_bits, stepped
from helpers.programs import SETTINGS, Net, nets
from hypothesis import given
from hypothesis import strategies as st

from core.complete import load
from core.data.batches import Picker, indices_of, order_of
from core.execute.inputs import initial_state
from core.execute.runner import Runner
from core.execute.timeline import Position, Timeline
from core.library import EXAMPLES, open_target
from core.session import Session

SMALL = """
# data
X = np.array([[0.5, -0.25, 0.75], [1.0, 0.5, -0.5]])
Y = np.array([[0.2, 0.9, 0.4]])
samples = "columns"
batch = 2
shuffle = True
seed = 3
# parameters
np.random.seed(4)
W = np.random.randn(1, 2)
b = np.zeros((1, 1))
v = np.zeros((1, 2))
# forward
A = sigmoid(W @ X + b)
# loss
L = mse(A, Y)
# backward
dA = 2 * (A - Y) / m
dZ = dA * A * (1 - A)
dW = dZ @ X.T
db = sum(dZ, axis=1, keepdims=True)
# update
v = 0.9 * v + dW
W -= 0.1 * v
b -= 0.1 * db
"""


@SETTINGS(150)
@given(nets())
def test_stepping_and_running_give_the_same_bits(net: Net) -> None:
    program = load(net.text)
    assert program.fault is None, net.text
    slow, states = stepped(program, 20)
    runner = Runner(program)
    losses = []
    for iteration in range(20):
        assert runner.step(), runner.fault
        losses.append(runner.loss)
        assert state_bits(runner.state) == states[iteration], f"iteration {iteration + 1}\n{net.text}"
    assert floats(losses) == floats(slow.losses)
    fast = Timeline(program)
    assert fast.run(7) and fast.run(1) and fast.run(12)
    assert fast.position == Position(20, len(program))
    assert floats(fast.losses) == floats(slow.losses)
    assert floats(fast.epoch_losses) == floats(slow.epoch_losses)
    assert moment_bits(fast) == moment_bits(slow)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_built_ins_step_and_run_alike(name: str) -> None:
    program = open_target(name).program
    slow, states = stepped(program, 20)
    fast = Timeline(program)
    assert fast.run(20)
    assert floats(fast.losses) == floats(slow.losses)
    assert moment_bits(fast) == moment_bits(slow)
    assert state_bits(fast.machine.state()) == states[-1]


@SETTINGS(50)
@given(
    nets(),
    st.lists(st.tuples(st.integers(1, 14), st.integers(0, 80)), min_size=2, max_size=12),
    st.sampled_from([0, 2000, 1 << 28]),
)
def test_a_walk_through_time_leaves_no_trace(net: Net, walk: list[tuple[int, int]], budget: int) -> None:
    program = load(net.text)
    wandering = Timeline(program, budget=budget)
    for iteration, k in walk:
        wandering.go(Position(iteration, k % (len(program) + 1)))
    iteration, k = walk[-1]
    direct = Timeline(program)
    direct.go(Position(iteration, k % (len(program) + 1)))
    assert wandering.position == direct.position == Position(iteration, k % (len(program) + 1))
    assert moment_bits(wandering) == moment_bits(direct)
    slow, _ = stepped(program, wandering.iteration)
    slow.go(direct.position)
    assert moment_bits(slow) == moment_bits(direct)
    seen = len(wandering.losses)
    assert floats(wandering.losses) == floats(Timeline_losses(program, seen))


def Timeline_losses(program: object, iterations: int) -> list[float]:
    """The losses of a plain run."""
    timeline = Timeline(program)  # type: ignore[arg-type]
    if iterations:
        timeline.run(iterations)
    return timeline.losses


@SETTINGS(20)
@given(nets(), st.lists(st.sampled_from(["operation", "statement", "phase", "iteration"]), min_size=1, max_size=40))
def test_the_steps_of_a_session_taken_back_lead_home(net: Net, sizes: list[str]) -> None:
    session = Session(load(net.text), "net")
    stops = [(session.timeline.position, moment_bits(session.timeline))]
    for size in sizes:
        session.later(size)  # type: ignore[arg-type]
        assert session.timeline.position > stops[-1][0], "later is later"
        stops.append((session.timeline.position, moment_bits(session.timeline)))
    for position, seen in reversed(stops):
        session.go(position.iteration, position.k)
        assert moment_bits(session.timeline) == seen
    for size in sizes:
        session.earlier(size)  # type: ignore[arg-type]
        assert session.timeline.position == Position(1, 0), "nothing is earlier than the start"


def test_ten_thousand_steps_earlier_and_later_again() -> None:
    program = load(SMALL)
    session = Session(program, "small")
    trail = []
    for _ in range(10_000):
        session.later()
        trail.append((session.timeline.position, hash(str(moment_bits(session.timeline)))))
    end = moment_bits(session.timeline)
    losses = floats(session.timeline.losses)
    for position, seen in reversed(trail):
        assert session.timeline.position == position
        assert hash(str(moment_bits(session.timeline))) == seen
        session.earlier()
    assert session.timeline.position == Position(1, 0)
    for _ in range(10_000):
        session.later()
    assert moment_bits(session.timeline) == end
    assert floats(session.timeline.losses) == losses


@pytest.mark.parametrize("budget", [0, 1, 1000, 20_000])
def test_a_small_checkpoint_budget_changes_no_bit(budget: int) -> None:
    program = load(SMALL)
    rich, poor = Timeline(program), Timeline(program, budget=budget)
    assert rich.run(200) and poor.run(200)
    random = np.random.default_rng(5)
    for _ in range(60):
        to = Position(int(random.integers(1, 201)), int(random.integers(0, len(program) + 1)))
        assert rich.go(to) == poor.go(to) == to
        assert moment_bits(poor) == moment_bits(rich), to
    assert poor.run(50) and rich.run(50)
    assert moment_bits(poor) == moment_bits(rich)
    assert floats(poor.losses) == floats(rich.losses)


def test_checkpoints_stay_within_their_budget() -> None:
    program = load(SMALL)
    timeline = Timeline(program, budget=20_000)
    timeline.run(2000)
    held = timeline._checkpoints
    assert sum(sum(v.nbytes for v in s.values()) + 200 for s in held.values()) <= 20_000
    assert 1 in held


def test_what_was_once_seen_is_never_written_to() -> None:
    """A view that kept an array sees the same numbers after any amount of running."""
    program = load(SMALL)
    timeline = Timeline(program)
    timeline.run(5)
    kept = {i: timeline.machine.value(i) for i in range(len(program.values))}
    before = {i: bits(v) for i, v in kept.items()}
    timeline.run(50)
    timeline.go(Position(3, 2))
    timeline.run(9)
    assert {i: bits(v) for i, v in kept.items()} == before
    given_before = {g.name: bits(g.value) for g in program.given}
    assert given_before == {g.name: bits(g.value) for g in load(SMALL).given}


@pytest.mark.parametrize("samples", ["columns", "rows"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_short_last_batch_and_its_epochs(samples: str, shuffle: bool) -> None:
    x = np.arange(10.0).reshape(2, 5)
    product = "W @ X" if samples == "columns" else "X @ W"
    program = load(
        f'# data\nX = np.array({(x if samples == "columns" else x.T).tolist()})\nsamples = "{samples}"\nbatch = 2\n'
        f"shuffle = {shuffle}\nseed = 7\n# parameters\nW = np.array([[0.5, -0.25]]){'' if samples == 'columns' else '.T'}\n"
        f"# forward\nA = {product}\n# loss\nL = sum(A) / m\n"
    )
    batching = program.batching
    assert (batching.size, batching.per_epoch, batching.total) == (2, 3, 5)
    timeline = Timeline(program)
    assert timeline.run(6)
    assert len(timeline.losses) == 6 and len(timeline.epoch_losses) == 2
    assert timeline.epoch_losses[0] == pytest.approx(np.mean(timeline.losses[:3]), rel=1e-15)
    w = np.array([0.5, -0.25])
    for iteration in range(1, 7):
        chosen = indices_of(batching, iteration)
        assert len(chosen) == (1 if iteration % 3 == 0 else 2)
        assert timeline.losses[iteration - 1] == pytest.approx(float((w @ x[:, chosen]).sum()) / len(chosen), rel=1e-12)
        w = w - 0.1 * x[:, chosen].mean(axis=1)
    seen = [sorted(np.concatenate([indices_of(batching, i) for i in range(s, s + 3)]).tolist()) for s in (1, 4)]
    assert seen == [[0, 1, 2, 3, 4]] * 2, "an epoch sees every sample once"


def test_the_shuffled_order_is_that_of_the_recorded_seed() -> None:
    text = SMALL.replace("seed = 3", "seed = {}")
    a, b, other = (load(text.format(s)).batching for s in (3, 3, 4))
    orders = [order_of(a, epoch).tolist() for epoch in range(1, 30)]
    assert orders == [order_of(b, epoch).tolist() for epoch in range(1, 30)]
    assert orders != [order_of(other, epoch).tolist() for epoch in range(1, 30)]
    assert len({tuple(o) for o in orders}) > 1, "each epoch has an order of its own"
    expected = np.random.Generator(np.random.PCG64([3, 2])).permutation(3)
    assert orders[1] == expected.tolist()
    assert indices_of(a, 3).tolist() == expected[:2].tolist()


def test_a_batch_can_be_asked_for_in_any_order() -> None:
    program = load(SMALL)
    whole = program.given_named("X").value
    assert isinstance(whole, np.ndarray)
    picker = Picker(program.batching)
    for iteration in (9, 1, 2, 30, 2, 1):
        expected = whole[:, indices_of(program.batching, iteration)]
        assert np.array_equal(picker.cut(whole, iteration), expected)
        assert picker.size(iteration) == expected.shape[1]


def test_a_line_that_python_refuses_stops_both_executors_at_the_same_place() -> None:
    program = load(
        "# data\nX = np.array([[1.0, 2.0]])\n# parameters\nW = np.array([[0.5]])\nn = 2\nlr = 0.1\n"
        "# forward\nn = n - 1\nr = 1 / n\nA = W @ X * r\n# loss\nL = sum(A * A)\n# update\nW = W - lr * sum(A)\n"
    )
    slow, fast = Timeline(program), Timeline(program)
    for iteration in (1, 2):
        for k in range(len(program) + 1):
            slow.go(Position(iteration, k))
    assert not fast.run(5)
    assert slow.fault is not None and slow.fault == fast.fault
    assert "zero" in slow.fault.message and "1 / n" in slow.fault.message
    assert slow.position == fast.position == Position(2, 1)
    assert moment_bits(slow) == moment_bits(fast)


def test_an_update_that_changes_a_shape_is_inferred_anew() -> None:
    program = load(
        "# data\nX = np.array([[1.0, 2.0, 3.0]])\n# parameters\nb = np.zeros((1, 1))\nlr = 0.1\n"
        "# forward\nA = X + b\n# loss\nL = sum(A * A)\n# update\nb = b - lr * A\n"
    )
    slow, states = stepped(program, 5)
    fast = Timeline(program)
    assert fast.run(5)
    assert np.shape(fast.machine.state()["b"]) == (1, 3)
    assert state_bits(fast.machine.state()) == states[-1]
    assert floats(fast.losses) == floats(slow.losses)


def test_a_run_on_from_inside_an_iteration_counts_it_as_the_first() -> None:
    program = load(SMALL)
    timeline = Timeline(program)
    timeline.go(Position(4, 3))
    assert timeline.run(1)
    assert timeline.position == Position(4, len(program))
    assert timeline.run(2)
    assert timeline.position == Position(6, len(program))


def test_python_numbers_stay_python_numbers() -> None:
    program = load(
        SMALL.replace("W -= 0.1 * v", "count = count + 1\nW -= 0.1 * v").replace("v = np.zeros", "count = 0\nv = np.zeros")
    )
    assert initial_state(program)["count"] == 0
    slow, states = stepped(program, 6)
    fast = Timeline(program)
    assert fast.run(6)
    assert type(fast.machine.state()["count"]) is int
    assert fast.machine.state()["count"] == 6
    assert state_bits(fast.machine.state()) == states[-1]
    assert floats(slow.losses) == floats(fast.losses)
