"""Going into operations: definitions give the operation's own numbers, cells are its cells, and nothing is changed by it."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.bits import moment_bits
from helpers.programs import SETTINGS, Net, nets
from hypothesis import given
from hypothesis import strategies as st

from core import ops
from core.complete import load
from core.execute.inside import Cells, Definition, opened
from core.execute.timeline import Position
from core.library import EXAMPLES, open_target
from core.session import Session
from core.stops import stops

CALLS = {
    "cross_entropy": "cross_entropy(softmax(Z), Y)", "softmax_cross_entropy": "softmax_cross_entropy(Z, Y)",
    "bce": "bce(sigmoid(Z), Y)", "bce_with_logits": "bce_with_logits(Z, Y)", "huber": "huber(Z, Y, delta=0.7)",
    "leaky_relu": "mse(leaky_relu(Z, slope=0.2), Y)", "elu": "mse(elu(Z, alpha=0.5), Y)",
    "sigmoid_written_out": "mse(1 / (1 + np.exp(-Z)), Y)",
}  # fmt: skip
DEFINED = sorted(op.name for op in ops.all_ops() if op.definition)


def program_with(name, rows, scale=3.0):
    """Return a program that uses an operation, with numbers of some size; targets are one-hot."""
    call = CALLS.get(name) or (f"{name}(Z, Y)" if ops.get(name).kind == "loss" else f"mse({name}(Z), Y)")
    shape, y = ("(5, 3)", "np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]])")
    turn = "" if rows else ".T"
    return load(
        f'# data\nsamples = "{"rows" if rows else "columns"}"\n'
        f"X = {scale} * np.random.default_rng(3).normal(size={shape}){turn}\nY = {y}{turn}\n"
        f"# parameters\nw = 1.5\nV = np.array([[0.7]])\nlr = 0.1\n# forward\nZ = X * V\n# loss\nL = {call}\n"
    )


@pytest.mark.parametrize("rows", [True, False])
@pytest.mark.parametrize("name", DEFINED)
def test_a_definition_gives_the_numbers_of_its_operation(name, rows):
    session = Session(program_with(name, rows), name)
    session.go(1, len(session.program))
    machine = session.timeline.machine
    found = [i for i in session.program.instructions if i.op == name]
    assert found, session.program.text
    inside = opened(session.program, found[0], machine.values, session.program.batching.axis)
    assert isinstance(inside, Definition), name
    assert all(i.op != name for i in inside.machine.program.instructions)
    inside.go(inside.total)
    last = inside.machine.value(inside.machine.program.instructions[-1].result)
    np.testing.assert_allclose(last, machine.value(found[0].result), rtol=1e-12, atol=1e-14)


def test_a_definition_that_would_give_other_numbers_is_not_shown():
    program = program_with("sigmoid", True, scale=1e300)
    session = Session(program, "far")
    session.go(1, len(program))
    first = next(i for i in program.instructions if i.op == "sigmoid")
    inside = opened(program, first, session.timeline.machine.values, 0)
    if isinstance(inside, Definition):
        inside.go(inside.total)
        last = inside.machine.value(inside.machine.program.instructions[-1].result)
        np.testing.assert_allclose(last, session.timeline.machine.value(first.result))


def test_into_step_and_out_in_both_directions():
    session = Session(open_target("iris").program, "iris")
    k = next(i.index for i in session.program.instructions if i.op == "softmax")
    session.go(1, k)
    session.into()
    m = session.moment()
    assert m.position == Position(1, k)
    assert [s.text.split(" = ")[0] for s in m.inner.program.statements] == ["largest", "e", "total", "A2"]
    assert m.inner.k == 0
    texts: list[str] = []
    while session.moment().inner is not None:
        session.later()
        inner = session.moment().inner
        texts.append(inner.lit.text if inner is not None else "out")
    assert texts[-1] == "out"
    assert session.moment().position == Position(1, k + 1)
    session.into(later=False)
    m = session.moment()
    assert m.position == Position(1, k)
    assert m.inner.k == m.inner.n
    session.earlier("statement")
    assert session.moment().inner.k == m.inner.n - 1
    session.out(later=False)
    assert session.moment().inner is None
    assert session.moment().position == Position(1, k)
    session.into()
    session.later("phase")
    assert session.moment().inner is None
    assert session.moment().k > k


def test_into_what_is_inside_down_to_single_cells():
    session = Session(open_target("iris").program, "iris")
    k = next(i.index for i in session.program.instructions if i.op == "softmax")
    session.go(1, k)
    session.into()
    session.into()
    inner = session.moment().inner
    assert inner.element == 0
    session.later("element")
    session.later()
    inner = session.moment().inner
    assert inner.element == 2
    assert inner.selection.cell == (0, 1)
    session.out()
    inner = session.moment().inner
    assert (inner.element, inner.k) == (None, 1)


def test_cell_by_cell_through_an_operation():
    session = Session(open_target("xor").program, "xor")
    session.go(1, 1)
    total = session.moment().shape(session.program.instructions[1].result)
    for n in range(1, int(np.prod(total)) + 1):
        session.later("element")
        m = session.moment()
        assert m.element == n
        assert m.position == Position(1, 1)
        assert m.selection.cell == tuple(int(i) for i in np.unravel_index(n - 1, total))
        assert m.value(session.program.instructions[1].result) is None
    session.later("element")
    assert session.moment().element is None
    assert session.moment().position == Position(1, 2)
    session.earlier("element")
    assert session.moment().element == int(np.prod(total)) - 1


@given(nets(), st.lists(st.sampled_from(["into", "back", "element", "element-", "later", "earlier", "out", "out-"]), max_size=25))
@SETTINGS(25)
def test_having_gone_into_operations_leaves_no_trace(net: Net, actions):
    program = load(net.text)
    session, other = Session(program, "a"), Session(program, "b")
    do = {
        "into": session.into, "back": lambda: session.into(later=False), "element": lambda: session.later("element"),
        "element-": lambda: session.earlier("element"), "later": session.later, "earlier": session.earlier, "out": session.out,
        "out-": lambda: session.out(later=False),
    }  # fmt: skip
    for action in actions:
        do[action]()
        at = session.timeline.position
        other.go(at.iteration, at.k)
        assert moment_bits(session.timeline) == moment_bits(other.timeline)


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_sizes_of_a_step_lie_in_each_other(name):
    program = open_target(name).program
    lines, layers, phases = (set(stops(program, size)) for size in ("statement", "layer", "phase"))
    assert {0, len(program)} <= phases <= layers <= lines
    assert len(layers) > len(phases)


def test_epochs():
    session = Session(open_target("first-seed").program, "first-seed")
    per = session.program.batching.per_epoch
    n = len(session.program)
    session.later("epoch")
    assert session.moment().position == Position(per, n)
    session.later("epoch")
    assert session.moment().position == Position(per + 1, 0)
    session.go(per + 2, 3)
    session.earlier("epoch")
    assert session.moment().position == Position(per + 1, 0)
    session.go(per + 2, n)
    session.later("epoch")
    assert session.moment().position == Position(2 * per, n)


def test_run_to_a_line_and_back_to_it():
    session = Session(open_target("xor").program, "xor")
    last = session.program.statements[2].last
    session.to_line_later(2)
    assert session.moment().position == Position(1, last)
    session.to_line_later(2)
    assert session.moment().position == Position(2, last)
    session.later()
    session.to_line_earlier(2)
    assert session.moment().position == Position(2, last)
    session.to_line_earlier(2)
    assert session.moment().position == Position(1, last)
    session.to_line_earlier(2)
    assert session.moment().position == Position(1, last)


def test_a_plain_operation_opens_into_its_cells():
    session = Session(open_target("xor").program, "xor")
    session.go(1, 1)
    machine = session.timeline.machine
    machine.go(2)
    assert isinstance(opened(session.program, session.program.instructions[0], machine.values, -1), Cells)
