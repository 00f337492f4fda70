"""Predictions: against NumPy written by hand, against the Machine's own bits, and the geometry of the plane."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.complete import load
from core.library import EXAMPLES, open_target
from core.network_file import load_toml
from core.predictions import Box, Predictor, box_around, parameters_at
from core.predictions.plane import contour, line_through
from core.predictions.predictor import MOST_SAMPLES
from core.program.ir import Array, Program
from core.session import Session

CURVE = """
# data
X = np.array([[-2.0, -1.0, 0.0, 1.0, 2.0]]){turn}
Y = np.array([[4.0, 1.0, 0.0, 1.0, 4.0]]){turn}
samples = "{samples}"
# parameters
np.random.seed(3)
W1 = np.random.randn{first}
b1 = np.zeros({bias})
W2 = np.random.randn{second}
lr = 0.01
# forward
A1 = tanh({one} + b1)
P = {two}
# loss
L = mse(P, Y)
"""
COLUMNS = CURVE.format(turn="", samples="columns", first=(3, 1), bias=(3, 1), second=(1, 3), one="W1 @ X", two="W2 @ A1")
ROWS = CURVE.format(turn=".T", samples="rows", first=(1, 3), bias=(1, 3), second=(3, 1), one="X @ W1", two="A1 @ W2")
NET = """
[network]
convention = "{convention}"
layers = [{layers}]
loss = "{loss}"
[data]
source = "{source}"
{data}
[optimizer]
learning_rate = 0.1
"""


def at(program: Program, iteration: int, k: int | None = None) -> tuple[Session, Predictor, dict[int, Any]]:
    session = Session(program, "test")
    session.go(iteration, len(program) if k is None else k)
    predictor = Predictor(session.moment().program)
    found = parameters_at(program, session.moment().k, session.timeline.machine.peek)
    assert found is not None
    return session, predictor, dict(found)


def now(session: Session, name: str) -> Array:
    moment = session.moment()
    index = moment.current(name)
    assert index is not None
    found = moment.value(index)
    assert found is not None
    return found


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def by_hand(name: str, s: Session) -> Array:
    x = s.program.first_values["X"]
    if name == "rows":
        return sigmoid(sigmoid(x @ now(s, "W1")) @ now(s, "W2")).T
    z1 = now(s, "W1") @ x + now(s, "b1")
    a1 = {"flower": lambda z: np.maximum(z, 0), "digits": lambda z: np.maximum(z, 0), "iris": np.tanh}.get(name, sigmoid)(z1)
    z2 = now(s, "W2") @ a1 + now(s, "b2")
    if name in ("iris", "digits"):
        e = np.exp(z2 - z2.max(axis=0))
        return e / e.sum(axis=0)
    return sigmoid(z2)


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("iteration", [1, 40])
def test_the_answers_are_those_of_numpy(name: str, iteration: int) -> None:
    session, predictor, parameters = at(open_target(name).program, iteration)
    answer = predictor.answer(parameters)
    assert answer is not None
    wanted = by_hand(name, session)
    np.testing.assert_allclose(answer.outputs, wanted, rtol=1e-10, atol=1e-12)
    y = np.asarray(session.program.first_values["Y"])
    y = y.T if name == "rows" else y
    right = (wanted > 0.5) == (y > 0.5) if len(y) == 1 else (wanted.argmax(0) == y.argmax(0))[None]
    assert answer.misclassified == np.count_nonzero(~right) and answer.silent == 0


@pytest.mark.parametrize("name", ["iris", "digits"])
def test_they_agree_with_the_accuracy(name: str) -> None:
    opened = open_target(name)
    session = Session(opened.program, name, opened.evaluations)
    session.go(60, len(opened.program))
    moment = session.moment()
    predictor = Predictor(moment.program)
    answer = predictor.answer(parameters_at(moment.program, moment.k, moment.machine.peek) or {})
    assert answer is not None
    assert 1 - answer.misclassified / predictor.samples == pytest.approx(moment.scores["accuracy"])


@pytest.mark.parametrize("source", ["xor", "flower", "rows", "columns", "samples as rows"])
def test_where_the_batch_is_all_data_the_bits_are_those_of_the_machine(source: str) -> None:
    program = {"columns": load(COLUMNS), "samples as rows": load(ROWS)}.get(source) or open_target(source).program
    session, predictor, parameters = at(program, 5, 0)
    answer = predictor.answer(parameters)
    session.go(5, len(program))
    seen = session.timeline.machine.peek(predictor.source.output)
    assert answer is not None and isinstance(seen, np.ndarray)
    assert (answer.outputs if predictor.source.sample_axis else answer.outputs.T).tobytes() == seen.tobytes()


def test_the_parameters_are_those_of_the_moment() -> None:
    program = open_target("xor").program
    session, predictor, parameters = at(program, 3, 0)
    before = predictor.answer(parameters)
    assert predictor.answer(dict(parameters)) is before  # nothing changed, nothing is computed
    session.go(3, len(program))
    after = predictor.answer(parameters_at(program, len(program), session.timeline.machine.peek) or {})
    assert before is not None and after is not None
    np.testing.assert_allclose(after.outputs, by_hand("xor", session))
    assert not np.array_equal(before.outputs, after.outputs)


def test_nan_is_no_class() -> None:
    _, predictor, parameters = at(open_target("flower").program, 3)
    w2 = predictor.program.inputs["W2"]
    parameters[w2] = np.full((1, 4), np.nan)
    answer = predictor.answer(parameters)
    assert answer is not None and answer.silent == 400 and answer.misclassified == 0 and set(answer.found) == {-1}
    surface = predictor.surface(parameters, box_around(*predictor.points), 30, 20)
    assert surface is not None and surface.nothing.all() and not surface.borders.size and not surface.strength.any()
    parameters[predictor.program.inputs["W1"]] = np.full((4, 2), np.nan)
    assert predictor.neuron_lines(parameters, Box(-1, 1, -1, 1)) == ()


@pytest.mark.parametrize("text", [COLUMNS, ROWS])
def test_the_curve_of_one_input(text: str) -> None:
    session, predictor, parameters = at(load(text), 10)
    assert predictor.has_curve and not predictor.has_surface and predictor.reading.kind == "value" and predictor.truth is None
    curve = predictor.curve(parameters, -3, 3, 50)
    assert curve is not None
    w1, b1, w2 = (now(session, n).reshape(-1, 1) for n in ("W1", "b1", "W2"))
    np.testing.assert_allclose(curve.outputs[0], (w2.T @ np.tanh(w1 @ curve.x[None] + b1))[0], rtol=1e-12)


def test_the_surface_is_the_answer_at_its_points() -> None:
    session, predictor, parameters = at(open_target("flower").program, 300)
    box = box_around(*predictor.points)
    surface = predictor.surface(parameters, box, 40, 30)
    assert surface is not None and surface.classes.shape == (30, 40)
    x, y = np.meshgrid(np.linspace(box.left, box.right, 40), np.linspace(box.top, box.bottom, 30))
    a1 = np.maximum(now(session, "W1") @ np.stack([x.ravel(), y.ravel()]) + now(session, "b1"), 0)
    wanted = sigmoid(now(session, "W2") @ a1 + now(session, "b2")).reshape(30, 40)
    np.testing.assert_allclose(surface.strength, 2 * wanted - 1, atol=1e-12)
    assert np.array_equal(surface.classes, wanted > 0.5) and len(surface.borders) > 5


@pytest.mark.parametrize("name", ["xor", "flower", "rows"])
def test_a_neurons_line_is_where_its_sum_is_zero(name: str) -> None:
    session, predictor, parameters = at(open_target(name).program, 30)
    box = Box(-6, 6, -5, 5)
    lines = predictor.neuron_lines(parameters, box)
    assert lines
    w1 = now(session, "W1")
    for line in lines:
        w = w1[:, line.unit] if name == "rows" else w1[line.unit]
        b = w[2] if name == "rows" else now(session, "b1")[line.unit, 0]
        for x, y in (line.start, line.end):
            assert abs(w[0] * x + w[1] * y + b) < 1e-12 * (1 + np.abs(w).max() * 6)
            assert x in (box.left, box.right) or y in (box.bottom, box.top)
        assert line.side == (w[0], w[1])


def test_lines_are_cut_off_at_the_box() -> None:
    box = Box(0, 2, 0, 1)
    assert set(line_through(box, (1, -1), 0) or ()) == {(0, 0), (1, 1)}
    assert set(line_through(box, (1, 0), -1) or ()) == {(1, 0), (1, 1)}
    assert set(line_through(box, (0, 2), -1) or ()) == {(0, 0.5), (2, 0.5)}
    assert line_through(box, (1, 0), -3) is None and line_through(box, (0, 0), 1) is None
    assert line_through(box, (np.nan, 1), 1) is None and line_through(box, (1, 1), 0) is None  # only a corner


def test_the_border_of_a_plane_is_exact() -> None:
    x, y = np.linspace(-1, 1, 7), np.linspace(1, -1, 5)
    values = 2 * x[None] - y[:, None] + 0.1
    pieces = contour(values, x, y)
    for a, b in ((0, 1), (2, 3)):
        np.testing.assert_allclose(2 * pieces[:, a] - pieces[:, b] + 0.1, 0, atol=1e-12)
    saddle = contour(np.array([[1.0, -1.0], [-1.0, 1.0]]), np.array([0.0, 1.0]), np.array([1.0, 0.0]))
    assert saddle.shape == (2, 4)
    assert not contour(np.array([[1.0, np.nan], [-1.0, 1.0]]), np.array([0.0, 1.0]), np.array([1.0, 0.0])).size


@pytest.mark.parametrize("convention", ["columns", "rows"])
@pytest.mark.parametrize(
    ("loss", "last", "kind", "low"),
    [("bce_with_logits", "sigmoid", "threshold", 0), ("hinge", "identity", "threshold", -1), ("mse", "tanh", "threshold", 0)],
)
def test_how_one_output_is_read(convention: str, loss: str, last: str, kind: str, low: int) -> None:
    layers = f'{{units = 4, activation = "tanh"}}, {{units = 1, activation = "{last}"}}'
    network = load_toml(NET.format(convention=convention, layers=layers, loss=loss, source="moons", data=""))
    session = Session(network.program, "moons", network.evaluations)
    session.go(30, len(network.program))
    moment = session.moment()
    predictor = Predictor(moment.program)
    answer = predictor.answer(parameters_at(moment.program, moment.k, moment.machine.peek) or {})
    assert (predictor.reading.kind, predictor.reading.low) == (kind, low) and predictor.has_surface
    assert answer is not None
    assert 1 - answer.misclassified / predictor.samples == pytest.approx(moment.scores["accuracy"])


@pytest.mark.parametrize("convention", ["columns", "rows"])
@pytest.mark.parametrize("labels", ["auto", "index"])
def test_how_several_outputs_are_read(convention: str, labels: str) -> None:
    layers = '{units = 5, activation = "relu"}, {units = 3, activation = "softmax"}'
    text = NET.format(
        convention=convention, layers=layers, loss="softmax_cross_entropy", source="iris", data=f'labels = "{labels}"\nbatch = 20'
    )
    _, predictor, parameters = at(load_toml(text).program, 20)
    answer = predictor.answer(parameters)
    assert predictor.reading.kind == "largest" and predictor.classes == 3 and answer is not None
    np.testing.assert_allclose(answer.outputs.sum(axis=0), 1)
    assert predictor.truth is not None and set(predictor.truth) == {0, 1, 2}
    assert answer.misclassified == np.count_nonzero(answer.outputs.argmax(axis=0) != predictor.truth)


def test_nothing_is_dropped_and_what_the_batch_shares_is_that_of_all_samples() -> None:
    drop = '{layer = "dropout", rate = 0.5}, {layer = "batch_norm"}'
    layers = f'{{units = 6, activation = "tanh"}}, {drop}, {{units = 1, activation = "sigmoid"}}'
    session, predictor, parameters = at(
        load_toml(NET.format(convention="columns", layers=layers, loss="bce", source="moons", data="batch = 40")).program, 9
    )
    assert predictor.source.dropout and len(predictor.source.shared) == 2
    answer = predictor.answer(parameters)
    x = np.asarray(session.program.first_values["X"])

    def hidden(points: Array) -> Array:
        return np.tanh(now(session, "W1") @ points + now(session, "b1"))

    mean, variance = hidden(x).mean(axis=1, keepdims=True), hidden(x).var(axis=1, keepdims=True)

    def out(points: Array) -> Array:
        normal = (hidden(points) - mean) / np.sqrt(variance + 1e-5)
        scaled = now(session, "gamma1") * normal + now(session, "beta_1")
        return sigmoid(now(session, "W2") @ scaled + now(session, "b2"))

    assert answer is not None
    np.testing.assert_allclose(answer.outputs, out(x), rtol=1e-9)
    surface = predictor.surface(parameters, Box(-1, 1, -1, 1), 30, 30)
    assert surface is not None
    x0, y0 = np.meshgrid(np.linspace(-1, 1, 30), np.linspace(1, -1, 30))
    np.testing.assert_allclose(surface.strength.ravel(), 2 * out(np.stack([x0.ravel(), y0.ravel()]))[0] - 1, atol=1e-9)


def test_pictures() -> None:
    digits = Predictor(open_target("digits").program)
    assert digits.pictures and digits.side == (8, 8) and digits.classes == 10
    shades = digits.shades(range(digits.samples))
    assert shades.shape == (64, digits.samples) and shades.min() == 0 and shades.max() == 1
    layers = '{layer = "flatten"}, {units = 10, activation = "softmax"}'
    text = NET.format(convention="columns", layers=layers, loss="softmax_cross_entropy", source="digits", data="")
    shaped = Predictor(load_toml(text.replace("layers =", "inputs = [8, 8]\nlayers =")).program)
    assert shaped.refusal is None and shaped.side == (8, 8) and shaped.pictures and not shaped.source.shared
    assert Predictor(open_target("iris").program).side is None


def test_what_cannot_be_asked_says_why() -> None:
    data = "# data\nX = np.array([[0.0, 1.0]])\nY = np.array([[0.0, 1.0]])\n# parameters\nW = np.ones((1, 1))\nlr = 0.1\n"
    end = "# loss\nL = mse(P, Y)\n"
    assert Predictor(load(data + "# forward\nP = W @ X\n" + end)).refusal is None
    wide = data.replace("(1, 1)", "(1, 2)")
    assert Predictor(load(wide + "# forward\nP = W @ X\n" + end)).refusal == "does not fit"
    assert Predictor(load("# parameters\nW = np.ones((2, 2))\nlr = 1\n# loss\nL = sum(W ** 2)\n")).refusal == "no data"
    backward = load(data + "# forward\nP = W @ X\n" + end + "# backward\ndW = P @ X\n# update\nW = W - lr * dW\n")
    assert backward.fault is not None and Predictor(backward).refusal is None
    two = data.replace("# parameters", "V = np.array([[1.0, 1.0]])\n# parameters")
    assert Predictor(load(two + "# forward\nP = W @ (X + V)\n" + end)).refusal == "two data"


def test_without_dense_layers_the_answer_is_what_the_loss_reads() -> None:
    text = '# data\nX = np.array([[0.0, 1.0, 2.0]])\nY = np.array([[1.0, 3.0, 5.5]])\nsamples = "columns"\n'
    text += "# parameters\nw = np.ones((1, 1))\nb = np.zeros((1, 1))\nlr = 0.1\n# forward\nP = w * X + b\n# loss\nL = mse(P, Y)\n"
    session, predictor, parameters = at(load(text), 4)
    answer = predictor.answer(parameters)
    assert predictor.refusal is None and predictor.source.network is None and predictor.has_curve and answer is not None
    np.testing.assert_allclose(answer.outputs[0], now(session, "w")[0, 0] * np.array([0, 1, 2]) + now(session, "b")[0, 0])
    assert predictor.neuron_lines(parameters, Box(-1, 1, -1, 1)) == ()


def test_only_so_many_samples_are_judged() -> None:
    many = "# data\nnp.random.seed(1)\nX = np.random.randn(1, 6000)\nY = X ** 2\nsamples"
    _, predictor, parameters = at(load(many + COLUMNS.split("samples", 1)[1]), 2)
    answer = predictor.answer(parameters)
    assert answer is not None and answer.outputs.shape == (1, MOST_SAMPLES) and predictor.total == 6000
