"""The dense layers in a program: both conventions, any names, every shape of bias; what a step reads and writes."""

from __future__ import annotations

import numpy as np
import pytest

from core.complete import load
from core.execute.timeline import Timeline
from core.library import open_target
from core.program.ir import Program
from core.program.network import INPUT, LOSS, Network, network_of, touches
from core.session import Moment, Session

HEAD = """
# data
np.random.seed(0)
X = np.random.randn(3, 5)
Y = np.random.rand(2, 5)
samples = "columns"
# parameters
W = np.random.randn(2, 3)
b = np.random.randn({bias})
lr = 0.1
# forward
Z = {product}
A = sigmoid(Z)
L = mse(A, Y)
"""
BY_HAND = """
# data
inp = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1.]])
out = np.array([[0], [1], [1], [0.]])
samples = "rows"
# parameters
np.random.seed(1)
syn0 = 2 * np.random.random((3, 4)) - 1
bb = np.zeros(4)
syn1 = 2 * np.random.random((4, 1)) - 1
# forward
l1 = 1 / (1 + np.exp(-(np.dot(inp, syn0) + bb)))
l2 = 1 / (1 + np.exp(-(np.dot(l1, syn1))))
# backward
l2_delta = (out - l2) * (l2 * (1 - l2))
l1_delta = l2_delta.dot(syn1.T) * (l1 * (1 - l1))
# update
syn1 += l1.T.dot(l2_delta)
syn0 += inp.T.dot(l1_delta)
bb += l1_delta.sum(axis=0)
"""
SOFTMAX = """
# data
np.random.seed(0)
X = np.random.randn(5, 3)
Y = np.array([[1, 0], [0, 1], [1, 0], [0, 1], [1, 0.]])
samples = "rows"
# parameters
W1 = np.random.randn(4, 3)
b1 = np.zeros((1, 4))
W2 = np.random.randn(4, 2)
b2 = np.zeros((2,))
lr = 0.1
# forward
Xn = X * 2
Z1 = (W1 @ Xn.T).T + b1
A1 = np.maximum(0, Z1)
Z2 = A1 @ W2 + b2
E = exp(Z2)
P = E / np.sum(E, axis=1, keepdims=True)
logp = np.log(P)
L = -np.sum(Y * logp) / 5
"""


def found(program: Program, k: int | None = None) -> tuple[Network, Moment]:
    session = Session(program, "test")
    session.go(1, len(program) if k is None else k)
    moment = session.moment()
    network = network_of(program, moment.shape)
    assert network is not None
    return network, moment


def label(program: Program, value: int) -> str:
    return program.values[value].label


def touched(program: Program, network: Network, result: str) -> tuple[set[object], set[object]]:
    instruction = next(i for i in program.instructions if label(program, i.result) == result)
    touch = touches(network, program, instruction)
    return set(touch.reads), set(touch.writes)


def test_columns() -> None:
    program = open_target("xor").program
    n, moment = found(program)
    assert (n.inputs, [layer.units for layer in n.layers]) == (2, [3, 1])
    assert [(layer.weight, layer.bias, layer.activation) for layer in n.layers] == [
        ("W1", "b1", "sigmoid"),
        ("W2", "b2", "sigmoid"),
    ]
    assert [label(program, v) for layer in n.layers for v in (layer.pre.value, layer.act.value)] == ["Z1", "A1", "Z2", "A2"]
    x, w, b = (np.asarray(program.given_named(name).value) for name in ("X", "W1", "b1"))
    a = moment.value(n.layers[0].act.value)
    assert a is not None
    layer = n.layers[0]
    for unit in range(3):
        for sample in range(4):
            z = b[layer.bias_cell(unit)] + sum(w[layer.weight_cell(unit, s)] * x[n.input.cell(s, sample)] for s in range(2))
            assert a[layer.act.cell(unit, sample)] == pytest.approx(1 / (1 + np.exp(-z)))


def test_rows_without_bias() -> None:
    n, moment = found(open_target("rows").program)
    layer = n.layers[0]
    assert (layer.weight_out_first, layer.bias, layer.units, n.inputs) == (False, None, 4, 3)
    assert layer.weight_cell(unit=3, source=1) == (1, 3)
    assert layer.unit_and_source((1, 3)) == (3, 1)
    assert layer.act.cell(unit=2, sample=1) == (1, 2)
    assert layer.act.unit_and_sample((1, 2)) == (2, 1)
    x, w = (np.asarray(moment.program.given_named(name).value) for name in ("X", "W1"))
    a = moment.value(layer.act.value)
    assert a is not None
    assert a[layer.act.cell(2, 3)] == pytest.approx(1 / (1 + np.exp(-(x[3] @ w[:, 2]))))


@pytest.mark.parametrize("bias, product", [
    ("2, 1", "W @ X + b"), ("2, 1", "b + np.dot(W, X)"), ("1, 2", "W @ X + b.T"), ("1, 1", "W @ X + b"), ("2, 1", "W.dot(X) - b"),
])  # fmt: skip
def test_every_bias(bias: str, product: str) -> None:
    n, _ = found(load(HEAD.format(bias=bias, product=product)))
    layer = n.layers[0]
    assert layer.bias == "b"
    wanted = {"2, 1": (1, 0), "1, 2": (0, 1), "1, 1": (0, 0)}[bias]
    assert layer.bias_cell(1) == wanted


def test_transposed_operands() -> None:
    text = HEAD.format(bias="2, 1", product="np.dot(V.T, X) + b").replace(
        "W = np.random.randn(2, 3)", "V = np.random.randn(3, 2)"
    )
    n, _ = found(load(text))
    layer = n.layers[0]
    assert (layer.weight_out_first, layer.units, layer.inputs, layer.weight_cell(1, 2)) == (False, 2, 3, (2, 1))


def test_one_weight_vector() -> None:
    text = """
# data
X = np.array([[0., 1, 2], [3, 4, 5]])
y = np.array([0., 1, 1])
samples = "columns"
# parameters
w = np.array([0.5, -0.25])
lr = 0.1
# forward
z = w @ X
a = sigmoid(z)
L = mse(a, y)
"""
    n, _ = found(load(text))
    layer = n.layers[0]
    assert (layer.units, layer.inputs, layer.weight_cell(0, 1), layer.act.cell(0, 2)) == (1, 2, (1,), (2,))
    assert layer.unit_and_source((1,)) == (0, 1)


def test_compound_lines_and_other_names() -> None:
    program = load(BY_HAND)
    n, _ = found(program)
    assert [(layer.weight, layer.bias, layer.activation) for layer in n.layers] == [
        ("syn0", "bb", "sigmoid"),
        ("syn1", None, "sigmoid"),
    ]
    assert label(program, n.layers[0].act.value) == "l1"
    assert program.values[n.layers[0].pre.value].kind == "part"


def test_hand_written_deltas_count_for_their_units_but_are_not_called_adjoints() -> None:
    program = load(BY_HAND)
    n, _ = found(program)
    assert n.adjoints == {}
    assert touched(program, n, "l2_delta")[1] == {("units", 2, "pre")}
    reads, writes = touched(program, n, "l1_delta.1")
    assert reads == {("units", 2, "pre"), ("weights", 2)} and writes == {("units", 1, "pre")}


def test_the_output_is_what_the_targets_meet() -> None:
    program = load(SOFTMAX)
    n, moment = found(program)
    assert label(program, n.input.value) == "Xn"
    assert [label(program, layer.act.value) for layer in n.layers] == ["A1", "P"]
    assert [layer.activation for layer in n.layers] == ["relu", None]
    p = moment.value(n.layers[1].act.value)
    assert p is not None
    assert sum(p[n.layers[1].act.cell(u, 3)] for u in range(2)) == pytest.approx(1)
    assert touched(program, n, "logp")[1] == {LOSS}
    assert touched(program, n, "E")[1] == {("units", 2, "act")}


def test_touches_of_each_phase() -> None:
    program = open_target("xor").program
    n, _ = found(program)
    assert touched(program, n, "Z1.1") == ({INPUT, ("weights", 1)}, {("units", 1, "pre")})
    assert touched(program, n, "A1") == ({("units", 1, "pre")}, {("units", 1, "act")})
    assert touched(program, n, "L") == ({("units", 2, "act")}, {LOSS})
    assert touched(program, n, "dW2") == ({("units", 2, "pre"), ("units", 1, "act")}, {("weights", 2)})
    assert touched(program, n, "db1") == ({("units", 1, "pre")}, {("bias", 1)})
    assert touched(program, n, "dA1") == ({("units", 2, "pre"), ("weights", 2)}, {("units", 1, "act")})
    assert touched(program, n, "W2.1") == ({("weights", 2)}, set())
    assert touched(program, n, "W2_next") == ({("weights", 2)}, {("weights", 2)})


@pytest.mark.parametrize("target", ["xor", "rows", "softmax"])
def test_adjoints_are_the_derivatives(target: str) -> None:
    """Nudge a forward value, recompute what comes after it: the slope is what is called its adjoint."""
    program = load(SOFTMAX) if target == "softmax" else open_target(target).program
    n, moment = found(program)
    assert len(n.adjoints) >= 4
    for value, adjoint in n.adjoints.items():
        known, claimed = moment.value(value), moment.value(adjoint)
        assert known is not None and claimed is not None and claimed.shape == known.shape
        cell = tuple(np.array(known.shape) - 1)
        slope = (_loss_with(program, moment, value, cell, 1e-6) - _loss_with(program, moment, value, cell, -1e-6)) / 2e-6
        assert claimed[cell] == pytest.approx(slope, abs=1e-7), label(program, value)


def _loss_with(program: Program, moment: Moment, value: int, cell: tuple[int, ...], nudge: float) -> float:
    from core.execute.inputs import compute, reader

    values = [moment.machine.peek(v.index) for v in program.values]
    changed = np.array(values[value], dtype=float)
    changed[cell] += nudge
    values[value] = changed
    for i in program.instructions[program.makers[value] + 1 : program.makers[program.loss or 0] + 1]:
        values[i.result] = compute(i, reader(i)(values))
    return float(np.asarray(values[program.loss or 0]))


def test_no_dense_layers() -> None:
    program = load(
        "# data\nX = np.array([[1., 2.]])\nsamples = 'rows'\n"
        "# parameters\na = np.array([[2., 3.]])\nlr = 0.1\n# forward\nL = sse(a * X, X)\n"
    )
    assert network_of(program, Session(program, "none").moment().shape) is None


def test_a_line_that_fails_leaves_the_layers_before_it() -> None:
    text = BY_HAND.replace("syn1 = 2 * np.random.random((4, 1)) - 1", "syn1 = 2 * np.random.random((5, 1)) - 1")
    program = load(text)
    assert program.fault is not None
    n = network_of(program, Session(program, "fault").moment().shape)
    assert n is not None and [layer.weight for layer in n.layers] == ["syn0"]


def test_with_a_fused_loss_the_output_is_the_activation_beside_it():
    program = open_target("iris").program
    machine = Timeline(program).machine
    network = network_of(program, lambda v: machine.layout.shape(v))
    assert network is not None
    assert [program.values[layer.act.value].label for layer in network.layers] == ["A1", "A2"]
    assert network.layers[-1].activation == "softmax"
