"""What is said of operations, and the arithmetic of cells, against NumPy."""

from __future__ import annotations

import math
import re
import string

import numpy as np
import pytest

from core import ops
from core.complete import load
from core.explain import EXPLANATIONS, Cells, sentence, why
from core.explain.clash import clashing
from core.explain.operations import explanation, explanation_of, filled
from core.explain.samples import sample_axes
from core.library import EXAMPLES, open_target
from core.program.ir import Instruction
from core.session import Session

RNG = np.random.default_rng(7)


def an_instruction(op, arity, **attributes):
    return Instruction(0, op, (), attributes, 0, 0, "")


def explain(op, *operands, cell=None, **attributes):
    with np.errstate(all="ignore"):
        result = np.asarray(ops.get(op).forward(*operands, **attributes))
    cell = tuple(0 for _ in result.shape) if cell is None else cell
    return why(an_instruction(op, len(operands), **attributes), operands, result, cell), result[cell]


def the_value(text):
    """Compute the left side of an arithmetic text by itself, and read its right side."""
    left, right = re.split(r" [=≈] ", text)
    left = re.sub(r"the other \d+ terms: (−?[\d.e−]+)", r"(\1)", left)
    left = left.replace("²", "**2").replace("−", "-").replace("·", "*").replace("√", "sqrt")
    left = re.sub(r"sqrt([\d.]+)", r"sqrt(\1)", left)
    left = re.sub(r"\|(.+?)\|", r"abs(\1)", left).replace("[", "(").replace("]", ")")
    names = {n: getattr(np, n) for n in ("exp", "log", "tanh", "sqrt", "abs", "sign", "sin", "cos")}
    names |= {"max": max, "min": min, "erf": math.erf}
    return eval(left, {"__builtins__": {}}, names), float(right.replace("−", "-"))  # our own text


M34, M42, V3, V4 = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2)), RNG.normal(size=3), RNG.normal(size=4)
P14, Y14 = RNG.uniform(0.1, 0.9, (1, 4)), np.array([[0, 1, 1, 0]])

PROBABILITIES = np.exp(M34) / np.exp(M34).sum(axis=0)
ONE_HOT = np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]])

NUMERIC = [
    ("matmul", (M34, M42), (1, 1), {}), ("matmul", (M34, V4), (2,), {}), ("matmul", (V3, M34), (3,), {}),
    ("matmul", (V4, V4), (), {}), ("matmul", (RNG.normal(size=(2, 3, 4)), M42), (1, 2, 0), {}),
    ("matmul", (RNG.normal(size=(2, 70)), RNG.normal(size=(70, 3))), (1, 2), {}),
    ("dot", (M34, M42), (0, 1), {}), ("dot", (3.0, V3), (1,), {}), ("outer", (V3, V4), (2, 3), {}),
    ("add", (M34, RNG.normal(size=(3, 1))), (2, 3), {}), ("subtract", (1, M34), (0, 2), {}),
    ("multiply", (M34, M34 > 0), (1, 0), {}),
    ("divide", (M34, 4), (1, 1), {}), ("power", (M34, 2), (1, 1), {}), ("negative", (M34,), (1, 1), {}),
    ("sigmoid", (M34,), (0, 1), {}), ("tanh", (M34,), (0, 1), {}), ("relu", (M34,), (0, 1), {}), ("exp", (M34,), (0, 1), {}),
    ("log", (P14,), (0, 1), {}), ("sqrt", (P14,), (0, 1), {}), ("square", (M34,), (0, 1), {}), ("abs", (M34,), (0, 1), {}),
    ("maximum", (M34, 0.1), (0, 1), {}), ("minimum", (M34, 0.1), (0, 1), {}),
    ("sum", (M34,), (1, 0), {"axis": 1, "keepdims": True}), ("sum", (M34,), (1,), {"axis": 0}), ("sum", (M34,), (), {}),
    ("mean", (M34,), (2,), {"axis": 1}), ("mean", (RNG.normal(size=(5, 90)),), (2,), {"axis": -1}),
    ("mse", (P14, Y14), (), {}), ("sse", (P14, Y14), (), {}), ("half_sse", (P14, Y14), (), {}),
    ("bce", (P14, Y14), (), {"samples": -1}), ("bce_with_logits", (M34, M34 > 0), (), {"samples": -1}),
    ("mse", (RNG.normal(size=(3, 50)), RNG.normal(size=(3, 50))), (), {}), ("mse", (P14, Y14), (), {"reduction": "sum"}),
    ("bce", (P14, Y14), (), {"samples": -1, "reduction": "sum"}), ("mae", (P14, Y14), (), {"samples": -1}),
    ("mae", (P14, Y14), (), {"samples": -1, "reduction": "sum"}), ("huber", (3 * M34, M34), (), {"samples": -1, "delta": 0.5}),
    ("hinge", (M34, np.sign(-M34)), (), {"samples": 0}), ("softmax", (M34,), (1, 2), {"axis": 0}),
    ("softmax", (M34,), (2, 1), {"axis": -1}), ("log_softmax", (M34,), (1, 2), {"axis": 0}),
    ("cross_entropy", (PROBABILITIES, ONE_HOT), (), {"samples": -1}),
    ("softmax_cross_entropy", (M34, ONE_HOT), (), {"samples": -1}), ("softplus", (M34,), (1, 1), {}),
    ("leaky_relu", (-np.abs(M34),), (1, 1), {"slope": 0.1}), ("elu", (-np.abs(M34),), (1, 1), {"alpha": 2.0}),
    ("selu", (-np.abs(M34),), (1, 1), {}), ("selu", (np.abs(M34),), (1, 1), {}), ("silu", (M34,), (1, 1), {}),
    ("silu", (-M34,), (1, 1), {}), ("softsign", (M34,), (1, 1), {}), ("softsign", (-M34,), (1, 1), {}),
    ("erf", (M34,), (1, 1), {}),
    ("gelu_erf", (M34,), (1, 1), {}), ("gelu_erf_slope", (M34,), (1, 1), {}), ("gelu_erf_slope", (-M34,), (1, 1), {}),
    ("gelu", (M34,), (1, 1), {}), ("gelu_slope", (M34,), (1, 1), {}), ("sin", (M34,), (0, 1), {}), ("cos", (M34,), (0, 1), {}),
]  # fmt: skip


@pytest.mark.parametrize(("op", "operands", "cell", "attributes"), NUMERIC)
def test_both_sides_of_the_arithmetic_are_the_cell(op, operands, cell, attributes):
    found, expected = explain(op, *operands, cell=cell, **attributes)
    left, right = the_value(found.text)
    assert right == pytest.approx(float(expected), rel=1e-12)
    assert float(left) == pytest.approx(float(expected), rel=3e-3, abs=3e-3)


@pytest.mark.parametrize(("op", "operands", "cell", "attributes"), NUMERIC)
def test_sources_are_just_the_cells_that_matter(op, operands, cell, attributes):
    """Shaking an operand's cell moves the result's cell if, and only if, it is a source."""
    found, _ = explain(op, *operands, cell=cell, **attributes)
    function = ops.get(op).forward
    for i, operand in enumerate(operands):
        array = np.asarray(operand, dtype=float)
        if array.size > 60 or array.dtype.kind == "b":
            continue
        for at in np.ndindex(array.shape):
            moved = array.copy()
            moved[at] = np.nan
            with np.errstate(all="ignore"):
                result = np.asarray(function(*operands[:i], moved, *operands[i + 1 :], **attributes))[cell]
            expected = at in found.sources[i]
            assert bool(np.isnan(result)) == expected, (op, i, at)


MOVES = [
    ("reshape", {"shape": (2, 6)}), ("transpose", {}), ("transpose", {"axes": (1, 0)}), ("swapaxes", {"axis1": 0, "axis2": 1}),
    ("expand_dims", {"axis": 1}), ("identity", {}), ("copy", {}), ("astype", {"dtype": "float64"}),
    ("getitem", {"index": ((1, None, None), (None, None, 2))}), ("getitem", {"index": (-1,)}),
    ("getitem", {"index": (Ellipsis, None, 2)}), ("getitem", {"index": ((None, None, -1),)}),
]  # fmt: skip


@pytest.mark.parametrize(("op", "attributes"), MOVES)
def test_a_moved_cell_names_where_it_came_from(op, attributes):
    x = np.arange(12.0).reshape(3, 4)
    result = ops.get(op).forward(x, **attributes)
    for cell in np.ndindex(result.shape):
        found = why(an_instruction(op, 1, **attributes), (x,), result, cell, ("X",))
        (source,) = found.sources[0]
        assert x[source] == result[cell]
        assert found.text.startswith(f"X[{source[0]}, {source[1]}] = ")


def test_a_slice_put_back():
    x, index = np.zeros((3, 4)), ((1, None, None), 2)
    g = np.array([5.0, 6.0])
    result = ops.get("unslice").forward(g, x, index=index)
    for cell in np.ndindex(result.shape):
        found = why(an_instruction("unslice", 2, index=index), (g, x), result, cell, ("g", "x"))
        assert [g[c] for c in found.sources[0]] == ([result[cell]] if result[cell] else [])


def test_squeeze_and_reshape_like():
    x = np.arange(3.0).reshape(1, 3, 1)
    found, expected = explain("squeeze", x, cell=(2,))
    assert found.sources[0] == {(0, 2, 0)} and expected == 2
    found, expected = explain("reshape_like", x, np.zeros((3, 1)), cell=(1, 0))
    assert found.sources[0] == {(0, 1, 0)} and expected == 1


@pytest.mark.parametrize("op", ["max", "min"])
def test_extremes_name_what_they_chose_from(op):
    found, expected = explain(op, M34, cell=(1,), axis=1)
    assert found.sources[0] == {(1, j) for j in range(4)}
    assert found.text.endswith(str(expected).replace("-", "−"))


def test_choices_name_the_side_that_was_taken():
    mask = M34 > 0
    where, expected = explain("where", mask, M34, 0, cell=(1, 2))
    assert ("true" in where.text) == bool(mask[1, 2])
    assert bool(where.sources[1]) == bool(mask[1, 2]) and bool(where.sources[2]) != bool(mask[1, 2])
    assert str(expected).replace("-", "−") in where.text or expected == 0
    assign, _ = explain("mask_assign", M34, mask, 0.0, cell=(1, 2))
    assert bool(assign.sources[0]) != bool(mask[1, 2])


def test_comparisons_end_in_a_word():
    found, expected = explain("greater", M34, 0, cell=(0, 0))
    assert found.text.endswith("is true" if expected else "is false")


def test_rounded_terms_do_not_claim_to_be_equal():
    assert explain("multiply", 0.5, 0.25)[0].text == "0.5 · 0.25 = 0.125"
    assert " ≈ " in explain("multiply", 1 / 3, 3.0)[0].text
    assert explain("sum", np.arange(100.0))[0].text.endswith(" = 4950")
    assert " ≈ " in explain("sum", RNG.normal(size=100))[0].text
    assert explain("identity", np.array([1 / 3]))[0].text.endswith(" = 0.3333333333333333")


def test_classes_and_chance():
    z, y = M34, np.array([2, 0, 1, 1])
    fused, expected = explain("softmax_cross_entropy", z, y, samples=-1)
    assert the_value(fused.text)[0] == pytest.approx(float(expected), rel=3e-3)
    found, expected = explain("one_hot", y, z, samples=-1, cell=(2, 0))
    assert expected == 1 and "sample 1 belongs to class 2" in found.text and found.sources[0] == {(0,)}
    found, expected = explain("argmax", z, axis=0, cell=(3,))
    assert f"stands at place {expected}," in found.text and found.sources[0] == {(i, 3) for i in range(3)}
    found, _ = explain("argmax", z, axis=1, keepdims=True, cell=(2, 0))
    assert found.sources[0] == {(2, j) for j in range(4)}
    assert explain("leaky_relu", np.array([2.0]), slope=0.1)[0].text == "2 is positive, so it stays: 2"
    words = {explain("dropout_mask", z, 1, rate=0.5, seed=0, name="d", cell=c)[0].text for c in np.ndindex(3, 4)}
    assert words == {"kept by chance, so it is 1 / (1 − 0.5) = 2", "dropped by chance in this iteration: 0"}
    soft = explain("softmax_cross_entropy", z, np.full((3, 4), 1 / 3), samples=-1)[0].text
    assert soft.startswith("−Σ y·log(softmax(z)) over 4 samples")


def test_a_loss_that_is_summed_says_nothing_of_a_mean():
    for op in ops.all_ops():
        if op.kind == "loss" and "reduction" in op.attributes:
            mean = explanation_of(an_instruction(op.name, 2))
            total = explanation_of(an_instruction(op.name, 2, reduction="sum"))
            assert "mean" in mean.sentence or "veraged" in mean.sentence, op.name
            for text in (total.formula, total.sentence, total.derivative):
                assert "mean" not in text and "/ m" not in text and "verage" not in text, (op.name, text)


def test_nan_and_infinity_are_named():
    a = np.array([[np.nan, 1.0], [np.inf, 1.0]])
    assert explain("matmul", a, np.ones((2, 1)), cell=(0, 0))[0].text == "NaN·1 + 1·1 = NaN"
    assert explain("add", a, -np.inf, cell=(1, 1))[0].text == "1 + (−∞) = −∞"
    long = np.zeros(100)
    long[77] = np.nan
    long[3] = np.inf
    text = explain("sum", long)[0].text
    assert text == "0 + 0 + ∞ + NaN + the other 96 terms: 0 = NaN"
    assert explain("bce", np.array([[0.0, 1.0]]), np.array([[0, 1]]), samples=-1)[0].text.endswith("= NaN")


def test_float32_results_are_shown_as_float32():
    found, expected = explain("add", np.float32(0.1), np.float32(0.2))
    assert found.text.endswith("= 0.3") and str(expected) == "0.3"


def test_a_cell_that_is_not_there_is_refused():
    with pytest.raises(IndexError):
        explain("add", M34, 1, cell=(5, 5))
    with pytest.raises(IndexError):
        explain("add", M34, 1, cell=(0,))


def test_cells_are_the_plain_set():
    cells = Cells((range(1, 2), range(3)))
    assert cells == {(1, 0), (1, 1), (1, 2)} and len(cells) == 3 and (0, 0) not in cells and "x" not in cells


def test_every_operation_is_explained():
    missing = {op.name for op in ops.all_ops()} - set(EXPLANATIONS)
    assert not missing
    fields = {"a", "b", "c", "out", "along", "slope", "alpha", "delta", "rate"}
    for name, found in EXPLANATIONS.items():
        texts = (found.title, found.formula, found.sentence, found.derivative, found.shape_reason)
        assert all(texts), name
        for text in texts[2:]:
            assert {f for _, f, _, _ in string.Formatter().parse(text) if f} <= fields, name
        assert found.sentence.endswith(".") and found.shape_reason.endswith(".")
    assert explanation("no such operation").sentence


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_operation_of_the_examples_can_be_explained(name):
    program = open_target(name).program
    session = Session(program, name)
    session.go(1, len(program))
    moment = session.moment()
    for instruction in program.instructions:
        text = sentence(instruction, program, moment.shape)
        assert text.endswith(".") and "{" not in text and len(text) < 260
        assert filled(explanation(instruction.op).derivative, instruction, program)
        operands = [o.number if o.value is None else _seen(moment, o) for o in instruction.operands]
        result = moment.value(instruction.result)
        found = why(instruction, operands, result, tuple(0 for _ in result.shape))
        assert len(found.sources) == len(operands) and found.text


def _seen(moment, operand):
    value = moment.value(operand.value)
    return value.T if operand.transposed else value


def _sentences(name):
    program = open_target(name).program
    session = Session(program, name)
    moment = session.moment()
    return {i.text: sentence(i, program, moment.shape) for i in program.instructions}


def test_sentences_know_their_context():
    xor = _sentences("xor")
    assert xor["Z1.1 = W1 @ X"] == "Each of the 3 units adds up its 2 inputs, each times its weight, for each of the 4 samples."
    assert xor["dW2 = dZ2 @ A1.T"] == "The 4 samples are summed away: one number for each weight of W2."
    assert xor["db1 = sum(dZ1, axis=1, keepdims=True)"] == "The 4 samples are summed away: one number for each bias in b1."
    assert "3 inputs of W2" in xor["dA1 = W2.T @ dZ2"] and "the unit that it feeds" in xor["dA1 = W2.T @ dZ2"]
    assert "every one of the 4 samples" in xor["Z1 = Z1.1 + b1"]
    assert "W2" in xor["W2.1 = lr * dW2"] and "next iteration" in xor["W2_next = W2 - W2.1"]
    rows = _sentences("rows")
    assert rows["Z1 = X @ W1"] == "Each of the 4 units adds up its 3 inputs, each times its weight, for each of the 4 samples."
    assert rows["dW1 = X.T @ dZ1"] == "The 4 samples are summed away: one number for each weight of W1."
    assert "passes where Z1 was positive" in _sentences("flower")["dZ1 = dA1 * dZ1.1"]
    assert "only one sample" in _sentences("first-seed")["dW2 = dZ2 @ A1.T"]


def test_the_sample_axis_is_followed():
    program = open_target("rows").program
    moment = Session(program, "rows").moment()
    axes = {program.values[v].label: axis for v, axis in sample_axes(program, moment.shape).items()}
    assert axes == dict.fromkeys(
        ("X", "Y", "Z1", "A1", "Z2", "A2", "dA2", "dZ2.1", "dZ2.2", "dZ2", "dA1", "dZ1.1", "dZ1.2", "dZ1"), 0
    )  # fmt: skip
    program = open_target("xor").program
    moment = Session(program, "xor").moment()
    axes = {program.values[v].label: axis for v, axis in sample_axes(program, moment.shape).items()}
    assert axes["Z1"] == 1 and "dW2" not in axes and "db2" not in axes and "L" not in axes


def test_a_product_of_two_results_has_the_general_sentence():
    program = load(
        "# data\nX = np.ones((2, 3))\nY = np.ones((2, 2))\n# parameters\nW = np.ones((3, 3))\nlr = 0.1\n"
        "# forward\nH = X @ W\nS = H @ H.T\n# loss\nL = mse(S, Y)\n"
    )  # fmt: skip
    moment = Session(program, "x").moment()
    product = next(i for i in program.instructions if i.text == "S = H @ H.T")
    assert sentence(product, program, moment.shape).startswith("Each cell of S is a row of H")


def test_sizes_that_clash_are_found():
    assert clashing("matmul", [(4, 4), (2, 5)]) == (frozenset({1}), frozenset({0}))
    assert clashing("matmul", [(3, 4), (5,)]) == (frozenset({1}), frozenset({0}))
    assert clashing("add", [(3, 4), (3, 1)]) == (frozenset(), frozenset())
    assert clashing("add", [(3, 4), (3, 5)]) == (frozenset({1}), frozenset({1}))
    assert clashing("multiply", [(2, 3, 4), (3,)]) == (frozenset({2}), frozenset({0}))
    assert clashing("exp", [(3, 4)]) == (frozenset(),)


def test_an_update_by_addition_takes_its_step():
    program = load(
        "# data\nX = np.ones((2, 3))\nY = np.ones((2, 3))\n# parameters\nW = np.ones((2, 2))\n# forward\nA = W @ X\n"
        "# backward\nE = Y - A\n# update\nW += E.dot(X.T)\n"
    )  # fmt: skip
    moment = Session(program, "x").moment()
    assert sentence(program.instructions[-1], program, moment.shape).startswith("W takes its step")
