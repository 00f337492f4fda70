"""Why a number is what it is: the terms add up, operands lead back to what was given, samples add up, the chain rule holds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers.programs import SETTINGS, nets
from hypothesis import given
from hypothesis import strategies as st

from core.complete import load
from core.execute.adjoints import adjoints
from core.explain.reasons import expression, notable, reason
from core.explain.sample_shares import by_sample, shares
from core.explain.samples import sample_axes
from core.gradient_parts import Chain
from core.library import open_target
from core.notation import question
from core.session import Session

READS_NOTHING = {"ones_like", "zeros_like", "size_of", "dropout_mask"}


def at_end(program, iteration=1):
    session = Session(program, "test")
    session.go(iteration, len(program))
    return session.moment()


def at(target, iteration=1):
    return at_end(open_target(target).program, iteration)


def index(moment, label):
    return next(v.index for v in moment.program.values if v.label == label)


def asked(moment, label, cell, **more):
    iteration = moment.position.iteration
    return reason(
        moment.program,
        index(moment, label),
        cell,
        moment.value,
        moment.shape,
        iteration=iteration,
        samples=moment.samples,
        **more,
    )


def close(a, b, size, array):
    if math.isnan(b) or math.isinf(b):
        return True
    eps = np.finfo(array.dtype).eps if array.dtype.kind == "f" else 1e-15
    return abs(a - b) <= 64 * eps * max(size, abs(b), 1e-30)


def a_cell(data, array):
    return tuple(data.draw(st.integers(0, n - 1)) for n in array.shape)


@SETTINGS(60)
@given(net=nets(), data=st.data())
def test_every_number_is_explained_by_its_terms_and_leads_to_what_was_given(net, data):
    moment = at_end(load(net.text), data.draw(st.integers(1, 2)))
    program = moment.program
    value = data.draw(st.sampled_from([v.index for v in program.values if moment.value(v.index) is not None]))
    cell = a_cell(data, moment.value(value))
    axes = sample_axes(program, moment.shape)
    for _ in range(len(program) + 1):
        array = moment.value(value)
        found = reason(
            program, value, cell, moment.value, moment.shape, iteration=moment.position.iteration, samples=moment.samples,
            most=data.draw(st.integers(1, 5)), axes=axes,
        )  # fmt: skip
        assert str(found.number) == str(np.asarray(moment.machine.value(value))[cell])
        for factor in found.operands:
            if factor.value is not None:
                assert str(factor.number) == str(moment.value(factor.value)[factor.cell])
        if found.sum is not None:
            numbers = [t.number for t in found.sum.terms]
            assert close(math.fsum([*numbers, found.sum.rest]), float(found.number), sum(map(abs, numbers)), array)
        made = moment.program.makers.get(value)
        if made is None:
            assert found.origin != "made" and (found.origin == "before") == (
                program.values[value].name in program.carried and moment.position.iteration > 1
            )
            break
        assert found.origin == "made" and found.instruction.index == made
        next_ones = [
            (o.value, cells)
            for o, cells in zip(found.instruction.operands, found.sources, strict=True)
            if o.value is not None and cells
        ]
        if not next_ones:
            assert found.instruction.op in READS_NOTHING or not found.instruction.reads
            break
        value, cells = data.draw(st.sampled_from(next_ones))
        cell = tuple(data.draw(st.sampled_from(list(r))) for r in cells.axes)
        assert cell in cells
    else:
        pytest.fail("operands never end")


@SETTINGS(60)
@given(net=nets(), data=st.data())
def test_samples_and_upstream_times_local_give_the_gradient_again(net, data):
    moment = at_end(load(net.text))
    program = moment.program
    axes = sample_axes(program, moment.shape)
    chain = Chain(program, moment.shape)
    adjoint = {v: k for k, v in chain.adjoint.items()}
    true = adjoints(program, moment.machine.peek, [program.inputs[n] for n in program.gradients])
    for name, gradient in program.gradients.items():
        array = moment.value(gradient)
        cell = a_cell(data, array)
        number = float(array[cell])
        found = shares(program, gradient, cell, moment.value, axes)
        assert found is not None and len(found.numbers) == len(moment.samples), name
        assert close(
            math.fsum([*found.numbers, found.other]), number, float(np.abs(found.numbers).sum()) + abs(found.other), array
        )
        if program.statements[program.instructions[program.makers[gradient]].statement].derived:
            assert true is not None
            np.testing.assert_allclose(number, float(true[program.inputs[name]][cell]), rtol=2e-3, atol=1e-5)
        parts = chain.parts(gradient, cell, moment.value, axes, moment.samples, most=3)
        if parts is None:
            continue
        assert parts.of == program.inputs[name] and adjoint[gradient] == parts.of
        total = math.fsum(math.fsum([*(t.number for t in w.sum.terms), w.sum.rest]) for w in parts.ways)
        size = sum(abs(t.number) for w in parts.ways for t in w.sum.terms)
        assert close(total, number, 100 * size, array)
        for way in parts.ways:
            for term in way.sum.terms:
                upstream, local = term.factors
                assert term.number == pytest.approx(float(upstream.number) * float(local.number), rel=1e-6)


@pytest.mark.parametrize("target", ["xor", "rows", "iris", "flower", "first-seed"])
def test_every_derived_named_gradient_of_the_builtins_has_its_parts(target):
    moment = at(target)
    program = moment.program
    axes = sample_axes(program, moment.shape)
    chain = Chain(program, moment.shape)
    for statement in program.statements:
        if statement.phase == "backward" and statement.derived:
            value = program.instructions[statement.last - 1].result
            assert chain.parts(value, tuple(0 for _ in moment.value(value).shape), moment.value, axes) is not None, statement.text


def test_a_weight_gradient_of_xor_by_hand():
    moment = at("xor")
    found = asked(moment, "dW1", (0, 1))
    dz1, x = moment.value(index(moment, "dZ1")), moment.value(index(moment, "X"))
    assert {t.sample: t.number for t in found.sum.terms} == {s: dz1[0, s] * x[1, s] for s in range(4)}
    assert [abs(t.number) for t in found.sum.terms] == sorted((abs(t.number) for t in found.sum.terms), reverse=True)
    assert {f.name for t in found.sum.terms for f in t.factors} == {f"{n}, {s}]" for n in ("dZ1[0", "X[1") for s in range(4)}
    # X is read as X.T; the cells are those of X itself
    assert list(found.sources[1]) == [(1, 0), (1, 1), (1, 2), (1, 3)]
    chain = Chain(moment.program, moment.shape)
    axes = sample_axes(moment.program, moment.shape)
    parts = chain.parts(index(moment, "dZ1"), (0, 2), moment.value, axes)
    (way,) = parts.ways
    (term,) = way.sum.terms
    a1 = moment.value(index(moment, "A1"))[0, 2]
    assert way.forward.text == "A1 = sigmoid(Z1)" and [f.name for f in term.factors] == ["dA1[0, 2]", "∂A1/∂Z1"]
    assert term.factors[1].number == pytest.approx(a1 * (1 - a1), rel=1e-12) and term.sample == 2
    parts = chain.parts(index(moment, "dA2"), (0, 0), moment.value, axes)
    assert [f.name for f in parts.ways[0].sum.terms[0].factors] == ["∂L/∂L", "∂L/∂A2"]
    assert chain.parts(index(moment, "dZ2.1"), (0, 0), moment.value, axes) is None


def test_where_inputs_come_from():
    first, later = at("xor"), at("xor", 3)
    assert (asked(first, "W1", (0, 1)).origin, asked(first, "X", (0, 1)).origin) == ("first", "data")
    assert asked(first, "X", (0, 1)).line == first.program.given_named("X").line
    assert asked(first, "X", (0, 3)).sample == 3
    before = asked(later, "W1", (0, 1))
    assert before.origin == "before" and before.earlier == index(later, "W1_next")
    assert before.instruction.text == "W1_next = W1 - W1.1"
    np.testing.assert_equal(before.number, at("xor", 2).value(before.earlier)[0, 1])
    assert asked(later, "lr", ()).origin == "given" and asked(later, "m", ()).origin == "size"
    shuffled = at("iris", 2)
    assert asked(shuffled, "X", (0, 5)).sample == shuffled.samples[5]


def test_what_is_not_computed_yet_has_no_number():
    session = Session(open_target("xor").program, "xor")
    session.go(1, 1)
    found = asked(session.moment(), "A1", (0, 0))
    assert found.number is None and found.instruction.text == "A1 = sigmoid(Z1)" and found.sum is None


def test_long_sums_keep_the_rest():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(784, 2))
    text = (
        f"# data\nX = np.array({x.tolist()})\nY = np.array([[0.0, 1.0]])\n# parameters\nnp.random.seed(1)\n"
        "W = np.random.randn(1, 784)\n# forward\nA = W @ X\n# loss\nL = mse(A, Y)\n"
    )
    moment = at_end(load(text))
    found = asked(moment, "A", (0, 1), most=6).sum
    assert (len(found.terms), found.others, found.count) == (6, 778, 784)
    w, a = moment.value(index(moment, "W")), moment.value(index(moment, "A"))
    numbers = w[0] * x[:, 1]
    assert [t.number for t in found.terms] == sorted(numbers, key=abs, reverse=True)[:6]
    assert math.fsum([*(t.number for t in found.terms), found.rest]) == pytest.approx(a[0, 1], rel=1e-12)


def test_a_divided_product_with_decay_is_shared_by_its_samples_and_the_rest():
    text = (
        "# data\nX = np.array([[1.0, 2.0, 3.0]])\nY = np.array([[0.0, 1.0, 0.5]])\n# parameters\nW = np.array([[0.5]])\n"
        "lr = 0.1\n# forward\nA = W @ X\n# loss\nL = mse(A, Y)\n# backward\ndA = 2 * (A - Y)\n"
        "dW = np.dot(dA, X.T) / 3 + 0.01 * W\n# update\nW = W - lr * dW\n"
    )
    moment = at_end(load(text))
    value = index(moment, "dW")
    found = shares(moment.program, value, (0, 0), moment.value, sample_axes(moment.program, moment.shape))
    a, x, y = (moment.value(index(moment, n)) for n in "AXY")
    np.testing.assert_allclose(found.numbers, (2 * (a - y) * x / 3)[0], rtol=1e-12)
    assert found.other == 0.005
    rows = by_sample(found, [7, 8, 9], 12)
    assert [t.number for t in rows.terms[:3]] == sorted(found.numbers, key=abs, reverse=True)
    assert {t.sample for t in rows.terms[:3]} == {7, 8, 9} and rows.terms[3].sample is None and rows.terms[3].number == 0.005
    # the hand-written lines are not known to be adjoints, and their decay makes the gradient not the true one
    assert Chain(moment.program, moment.shape).parts(value, (0, 0), moment.value, {}) is None


def test_nan_stands_first_and_is_not_hidden():
    text = (
        "# data\nX = np.array([[1.0, 0.0, 3.0]])\nY = np.array([[0.0, 1.0, 0.5]])\nsamples = 'columns'\n"
        "# parameters\nW = np.array([[0.5]])\n# forward\nA = log(W * X) * 0\n# loss\nL = mean(A - Y)\n"
    )
    moment = at_end(load(text))
    found = asked(moment, "L", (), most=1).sum
    assert math.isnan(found.terms[0].number) and found.terms[0].sample == 1 and found.others == 2
    assert found.rest == pytest.approx(-0.5 / 3)


def test_a_cell_that_is_not_there_is_refused():
    with pytest.raises(IndexError):
        asked(at("xor"), "W1", (0,))


HEAD = (
    "# data\nX = np.array([[1.0, 2.0, -3.0, 0.5], [0.3, -1.0, 0.7, 2.0]])\n"
    "Y = np.array([[0.0, 1.0, 0.5, 1.0], [1.0, 0.0, 0.5, 0.0]])\n"
    "samples = 'columns'\n# parameters\n"
    "W = np.array([[0.5, -0.2], [0.1, 0.4]])\nb = np.array([[0.1], [0.2]])\nlr = 0.1\n# forward\n"
)
FORWARDS = {
    "softmax": "Z = W @ X + b\nA = softmax(Z, axis=0)\n# loss\nL = cross_entropy(A, Y)\n",
    "softmax by hand": "Z = W @ X + b\nE = exp(Z - max(Z, axis=0, keepdims=True))\nA = E / sum(E, axis=0, keepdims=True)\n"
    "# loss\nL = -sum(Y * log(A)) / 4\n",
    "batch norm": "Z = W @ X\nmu = mean(Z, axis=1, keepdims=True)\nD = Z - mu\nv = mean(D ** 2, axis=1, keepdims=True)\n"
    "N = D / sqrt(v + 0.01) + b\nA = tanh(N)\n# loss\nL = mse(A, Y)\n",
    "weight decay": "Z = W @ X + b\nA = sigmoid(Z)\n# loss\nL = bce(A, Y) + 0.01 * sum(W ** 2)\n",
    "rows": "Z = X.T @ W.T + b.T\nA = tanh(Z)\n# loss\nL = sum((A - Y.T) ** 2) / 8\n",
    "reshaped": "Z = W @ X + b\nA = tanh(Z)\nF = A.reshape(-1)\n# loss\nL = sum((F - Y.reshape(-1)) ** 2)\n",
}


@pytest.mark.parametrize("name", FORWARDS)
def test_all_ways_together_are_the_true_adjoint(name):
    moment = at_end(load(HEAD + FORWARDS[name]))
    program = moment.program
    axes = sample_axes(program, moment.shape)
    chain = Chain(program, moment.shape)
    known = [v for v in chain.of if moment.value(v) is not None]
    assert set(program.gradients.values()) <= set(known) and len(known) > 2
    for value in known:
        for cell in np.ndindex(moment.value(value).shape):
            parts = chain.parts(value, cell, moment.value, axes, moment.samples)
            assert parts is not None, program.values[value].label
            true = adjoints(program, moment.machine.peek, [parts.of])[parts.of][cell]
            found = math.fsum(t.number for w in parts.ways for t in w.sum.terms)
            assert found == pytest.approx(true, rel=1e-9, abs=1e-12), program.values[value].label
            assert all(w.sum.others == 0 for w in parts.ways)


@pytest.mark.parametrize(("sign", "right"), [("", True), ("-", False)])
def test_of_a_wrong_gradient_written_by_hand_nothing_false_is_said(sign, right):
    text = HEAD + (
        "Z = W @ X + b\nA = sigmoid(Z)\n# loss\nL = mse(A, Y)\n# backward\ndA = 2 * (A - Y) / 8\ndZ = dA * A * (1 - A)\n"
        f"dW = {sign}dZ @ X.T\ndb = np.sum(dZ, axis=1, keepdims=True)\n# update\nW = W - lr * dW\nb = b - lr * db\n"
    )
    moment = at_end(load(text))
    axes = sample_axes(moment.program, moment.shape)
    value = index(moment, "dW")
    parts = Chain(moment.program, moment.shape).parts(value, (1, 0), moment.value, axes)
    assert (parts is not None) == right
    found = shares(moment.program, value, (1, 0), moment.value, axes)  # what each sample adds is true of any sum
    assert math.fsum(found.numbers) == pytest.approx(float(moment.value(value)[1, 0]), rel=1e-12)


def test_extremes_are_found_without_what_is_not_finite():
    found = dict(notable(np.array([[np.nan, -3.0], [np.inf, 0.5]])))
    assert found == {"nan": (0, 0), "infinite": (1, 0), "largest": (0, 1), "smallest": (1, 1)}
    assert notable(np.zeros((0, 2))) == [] and notable(np.array(2.0)) == [("largest", ())]


def test_only_what_has_a_name_can_be_asked_for():
    moment = at("xor")
    assert expression(moment.program, index(moment, "W1"), (0, 2)) == "W1[0, 2]"
    assert expression(moment.program, index(moment, "W1_next"), (0, 2)) == "W1_next[0, 2]"
    assert expression(moment.program, index(moment, "L"), ()) == "L"
    assert expression(moment.program, index(moment, "Z1.1"), (0, 0)) is None
    for value in moment.program.values:
        text = expression(moment.program, value.index, tuple(0 for _ in moment.value(value.index).shape))
        assert text is None or question.compile(text, moment.program).shape == ()
