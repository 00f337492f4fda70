"""The graph of operations: every instruction once, nothing on top of another, each adjoint under its operation."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.programs import SETTINGS, Net, nets
from hypothesis import given
from hypothesis import strategies as st

from core.complete import load
from core.explain.finite import broken
from core.library import EXAMPLES, open_target
from core.network_file import load_toml
from core.program.graph import LANES, Graph, Node
from core.program.graph_places import graph_of
from core.program.ir import Program

BATCH_NORM = """
[network]
inputs = 4
layers = [
    {units = 5}, {layer = "batch_norm", activation = "relu"}, {units = 5, residual = true}, {units = 3, activation = "softmax"},
]
loss = "softmax_cross_entropy"
[data]
source = "iris"
batch = 30
[parameters]
seed = 1
[optimizer]
name = "momentum"
"""
BY_HAND = """
# data
inp = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1.]])
out = np.array([[0], [1], [1], [0.]])
samples = "rows"
# parameters
np.random.seed(1)
syn0 = 2 * np.random.random((3, 4)) - 1
syn1 = 2 * np.random.random((4, 1)) - 1
# forward
l1 = sigmoid(inp @ syn0)
l2 = sigmoid(l1 @ syn1)
# backward
l2_delta = (out - l2) * l2 * (1 - l2)
l1_delta = l2_delta @ syn1.T * l1 * (1 - l1)
g1 = l1.T @ l2_delta
g0 = inp.T @ l1_delta
# update
syn1 += g1
syn0 += g0
"""
MASKED = """
# data
np.random.seed(1)
X = np.random.randn(2, 5)
Y = np.random.rand(1, 5)
samples = "columns"
# parameters
W1 = np.random.randn(3, 2)
W2 = np.random.randn(1, 3)
lr = 0.1
# forward
Z1 = W1 @ X
A1 = relu(Z1)
Z2 = W2 @ A1
L = mse(Z2, Y)
# backward
E = 2 * (Z2 - Y) / 5
G2 = E @ A1.T
back = W2.T @ E
err = back * (Z1 > 0)
G1 = err @ X.T
# update
W1 = W1 - lr * G1
W2 = W2 - lr * G2
"""
SHARED = """
# data
np.random.seed(1)
X = np.random.randn(2, 5)
Y = np.random.rand(1, 5)
samples = "columns"
# parameters
W = np.random.randn(2, 2)
V = np.random.randn(1, 2)
lr = 0.1
lam = 0.01
# forward
H1 = tanh(W @ X)
H2 = tanh(W @ H1)
P = V @ H2
R = lam * (sum(W ** 2) + sum(V ** 2))
D = mse(P, Y)
L = D + R
# update
W = W - lr * dW
V = V - lr * dV
# predict
guess = V @ tanh(W @ tanh(W @ X))
right = mean(abs(guess - Y))
"""
FAULT = """
# data
X = np.array([[0., 1, 2], [1, 0, 2]])
samples = "columns"
# parameters
np.random.seed(1)
W1 = np.random.randn(3, 2)
W2 = np.random.randn(1, 4)
# forward
A = sigmoid(W1 @ X)
B = W2 @ A + 1
L = sum(B)
"""


def label(program: Program, node: Node) -> str:
    return program.values[node.value].label


def named(program: Program, graph: Graph) -> dict[str, Node]:
    return {label(program, n): n for n in graph.nodes}


def check(program: Program, unfolded: bool) -> Graph:
    """Check all that is promised of any graph."""
    g = graph_of(program, unfolded)
    assert g == graph_of(program, unfolded)
    done = [i for n in g.nodes for i in range(n.first, n.last)]
    assert done == list(range(len(program)))
    assert [n.index for n in g.nodes] == list(range(len(g.nodes)))
    if not unfolded:
        assert len([n for n in g.nodes if not n.given]) == len([s for s in program.statements if s.last > s.first])

    cells: dict[tuple[int, int], list[int | None]] = {}
    for n in g.nodes:
        assert 0 <= n.column < len(g.slots) and 0 <= n.row < g.rows
        assert n.slot is None or 0 <= n.slot < g.slots[n.column]
        cells.setdefault((n.row, n.column), []).append(n.slot)
    for slots in cells.values():
        assert len(slots) == len(set(slots)) and (None not in slots or len(slots) == 1), "two nodes in one place"

    assert [lane for lane, _, _ in g.lanes] == [lane for lane in LANES if any(n.lane == lane for n in g.nodes)]
    bounds = {lane: range(first, last) for lane, first, last in g.lanes}
    assert [row for rows in bounds.values() for row in rows] == list(range(g.rows))
    assert all(n.row in bounds[n.lane] for n in g.nodes)

    for e in g.edges:
        a, b = g.nodes[e.source], g.nodes[e.target]
        assert a.given or a.last <= b.first, "an edge leads to something later"
        if a.lane == b.lane == "forward":
            assert a.column < b.column
        made = {a.value} if a.given else {i.result for i in program.instructions[a.first : a.last]}
        assert made.issuperset(e.values)
    joined = {(v, e.target) for e in g.edges for v in e.values}
    held = {n.value for n in g.nodes if n.given} | {i.result for i in program.instructions}
    for i in program.instructions:
        target = g.place[i.result]
        for v in i.reads:  # an old state has no node of its own: its name stands in the line that renews it
            assert (v, target) in joined or g.place[v] == target or (v not in held and program.values[v].kind == "state")

    forward = {i: n for n in g.nodes if n.lane == "forward" for i in range(n.first, n.last)}
    gradients = set(program.gradients.values())
    for n in g.nodes:
        tag = None if n.given else program.instructions[n.last - 1].adjoint_of
        if tag is not None and n.lane in ("backward", "gradient") and tag in forward and n.value not in gradients:
            assert n.column == forward[tag].column, f"{label(program, n)} is not under its operation"
    return g


@SETTINGS(60)
@given(net=nets(), unfolded=st.booleans())
def test_any_program(net: Net, unfolded: bool) -> None:
    check(load(net.text), unfolded)


@pytest.mark.parametrize("unfolded", [False, True])
@pytest.mark.parametrize("target", EXAMPLES)
def test_examples(target: str, unfolded: bool) -> None:
    program = open_target(target).program
    g = check(program, unfolded)
    for name, value in program.gradients.items():
        at = {n.value: n for n in g.nodes}
        parameter, gradient, new = at[program.inputs[name]], at[value], at[program.carried[name][1]]
        assert parameter.lane == "given" and gradient.lane == "gradient" and new.lane == "update"
        assert parameter.column == gradient.column == new.column and parameter.slot == gradient.slot == new.slot


@pytest.mark.parametrize("unfolded", [False, True])
@pytest.mark.parametrize("text", [BY_HAND, MASKED, FAULT])
def test_programs_written_by_hand(text: str, unfolded: bool) -> None:
    check(load(text), unfolded)


@pytest.mark.parametrize("unfolded", [False, True])
def test_batch_normalisation(unfolded: bool) -> None:
    program = load_toml(BATCH_NORM, None, None).program
    g = check(program, unfolded)
    at = named(program, g)
    assert at["mean1_next"].lane == "update" and at["mean1_next"].column == at["mu1"].column
    numbers = [n for n in g.nodes if n.given and label(program, n) in ("beta", "lr", "m")]
    assert numbers and all(n.column == 0 for n in numbers)


def test_xor_reads_as_on_paper() -> None:
    program = open_target("xor").program
    g = graph_of(program)
    at = named(program, g)
    row = [at[n].column for n in ("X", "Z1", "A1", "Z2", "A2", "L")]
    assert row == [0, 1, 2, 3, 4, 5] and len({at[n].row for n in ("X", "Z1", "A1", "Z2", "A2", "L")}) == 1
    assert [at[n].column for n in ("dA2", "dZ2", "dA1", "dZ1")] == [5, 4, 3, 2]
    assert [(at[n].column, at[n].slot) for n in ("W2", "b2", "dW2", "db2", "W2_next", "b2_next")] == 3 * [(3, 0), (3, 1)]
    flows = {(label(program, g.nodes[e.source]), label(program, g.nodes[e.target])): e.flow for e in g.edges}
    assert flows["Z1", "A1"] == flows["dZ2", "dW2"] == flows["W2", "Z2"] == "flow"
    assert flows["A1", "dW2"] == flows["W2", "dA1"] == "kept"
    assert flows["lr", "W2_next"] == flows["W2", "W2_next"] == "quiet"


def test_a_backward_by_hand_stands_by_dataflow() -> None:
    program = load(BY_HAND)
    at = named(program, graph_of(program))
    assert at["l2_delta"].column == at["l2"].column and at["l1_delta"].column == at["l1"].column
    assert at["out"].lane == "backward" and at["out"].column == at["l2"].column + 1
    assert (at["g1"].lane, at["g1"].column) == ("gradient", at["l2"].column)
    program = load(MASKED)
    at = named(program, graph_of(program))
    assert at["back"].column == at["Z2"].column
    assert at["err"].column == at["A1"].column


def test_the_line_that_fails_stands_last_with_what_it_reads() -> None:
    program = load(FAULT)
    g = graph_of(program)
    at = named(program, g)
    failing = g.node_of(program.fault.instruction)  # type: ignore[union-attr]
    assert failing is not None and failing.index == len(g.nodes) - 1
    assert at["W2"].lane == "given" and at["W2"].column == failing.column


def test_the_way_of_the_data_stays_in_one_row() -> None:
    program = load(SHARED)
    g = check(program, False)
    at = named(program, g)
    assert len({at[n].row for n in ("X", "H1", "H2", "P", "D", "L")}) == 1
    assert at["R"].column == at["D"].column and at["R"].row > at["D"].row, "just before it is used, below the way of the data"
    assert (at["guess"].lane, at["right"].column) == ("predict", at["guess"].column + 1)
    assert at["W"].column == at["dW"].column == at["W_next"].column == at["H1"].column
    check(program, True)


def test_sources_are_all_ancestors() -> None:
    program = open_target("xor").program
    g = graph_of(program)
    at = named(program, g)
    names = {label(program, g.nodes[i]) for i in g.sources_of(at["A1"].index)}
    assert names == {"X", "W1", "b1", "Z1"}
    assert g.sources_of(at["X"].index) == frozenset()
    names = {label(program, g.nodes[i]) for i in g.sources_of(at["dZ2"].index)}
    assert names == {"X", "W1", "b1", "Z1", "A1", "W2", "b2", "Z2", "A2", "Y", "m", "dA2"}


def test_old_state_is_found_at_the_line_that_renews_it() -> None:
    program = open_target("digits").program
    g = graph_of(program)
    start, end = program.carried["mW1"]
    assert g.place[start] == g.place[end]
    parts = [v.index for v in program.values if v.kind == "part"]
    assert parts and all(v in g.place for v in parts)


@pytest.mark.parametrize("cells, found", [
    ([1.0, 2.0], ""), ([1, 2], ""), ([], ""), ([1.0, np.nan, np.inf], "nan"), ([-np.inf, np.inf], "inf"),
    ([-np.inf, 0.0], "-inf"), ([1e308, 1e308], ""),
])  # fmt: skip
def test_broken(cells: list[float], found: str) -> None:
    assert broken(np.array(cells)) == found


def test_broken_of_a_single_number() -> None:
    assert broken(np.asarray(np.nan)) == "nan" and broken(np.asarray(True)) == ""
