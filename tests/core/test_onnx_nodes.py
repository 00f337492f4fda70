"""The node test cases of the onnx package, computed by programs in our notation.

The cases are generated in process by `onnx.backend.test`; nothing is downloaded. Every case whose model is one node of an
operator with a rule in `helpers.onnx_nodes` either passes (values, shapes and types) or stands in NOT_EXPRESSIBLE with its
reason.
"""

from __future__ import annotations

import warnings
from collections import Counter
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import numpy as np
import pytest
from helpers.onnx_nodes import RULES, CannotError, nodes_of

pytest.importorskip("onnx", reason="the oracle extra is not installed")

RELATIVE = 1e-6
"""float32 and float64 are held to this or to the case's own bound, whichever is smaller; float16 to the case's own."""

NOT_EXPRESSIBLE: dict[str, str] = {
    "test_cast*FLOAT8*": "NumPy has no float of 8 bits",
    "test_cast*FLOAT4*": "NumPy has no float of 4 bits",
    "test_cast*BFLOAT16*": "NumPy has no bfloat16",
    "test_celu_bfloat16": "NumPy has no bfloat16",
    "test_cast*INT4*": "NumPy has no whole number of 4 bits",
    "test_cast*INT2*": "NumPy has no whole number of 2 bits",
    "test_equal_string*": "text is no number",
    "test_identity_sequence": "a list of arrays is no array",
    "test_identity_opt": "an optional value is no array",
    "test_div_*int*": "whole numbers divided without a rest; `/` is NumPy's, which gives fractions",
    "test_reduce_max_empty_set*": "the largest of no numbers: NumPy refuses it, ONNX says −∞",
    "test_reduce_min_empty_set": "the smallest of no numbers: NumPy refuses it, ONNX says ∞",
    "test_training_dropout": "the random mask is drawn by ONNX's own generator and is not among the outputs",
    "test_training_dropout_default": "the random mask is drawn by ONNX's own generator and is not among the outputs",
}
WANTED = {
    "Gemm",
    "MatMul",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Pow",
    "Neg",
    "Exp",
    "Log",
    "Sqrt",
    "Abs",
    "Sign",
    "Floor",
    "Sin",
    "Cos",
    "Max",
    "Min",
    "Where",
    "Equal",
    "Greater",
    "GreaterOrEqual",
    "Less",
    "LessOrEqual",
    "Relu",
    "LeakyRelu",
    "Elu",
    "Gelu",
    "Erf",
    "Softplus",
    "Sigmoid",
    "Tanh",
    "Softmax",
    "LogSoftmax",
    "ReduceSum",
    "ReduceMean",
    "ReduceMax",
    "ReduceMin",
    "ArgMax",
    "Transpose",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Slice",
    "Flatten",
    "Identity",
    "Clip",
    "Dropout",
    "LayerNormalization",
    "BatchNormalization",
    "SoftmaxCrossEntropyLoss",
    "NegativeLogLikelihoodLoss",
    "Momentum",
    "Adagrad",
    "Adam",
}  # fmt: skip)


@cache
def cases() -> dict[str, Any]:
    """Return the cases of one node of an operator with a rule, by name."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = collect_testcases()
    return {c.name: c for c in found if len(c.model.graph.node) == 1 and c.model.graph.node[0].op_type in RULES}


def reason_for(name: str) -> str | None:
    """Return why a case is not expressible, None if it is."""
    return next((reason for pattern, reason in NOT_EXPRESSIBLE.items() if fnmatchcase(name, pattern)), None)


def check(case: Any) -> None:
    """Compute a case and compare all its outputs."""
    for node in nodes_of(case):
        for n, (ours, true) in enumerate(zip(node.run(), node.expected, strict=True)):
            true = np.asarray(true)
            what = f"{case.name}, output {n}\n{node.text()}"
            assert (ours.shape, ours.dtype) == (true.shape, true.dtype), what
            bound = case.rtol if true.dtype == np.float16 else min(case.rtol, RELATIVE)
            np.testing.assert_allclose(ours, true, rtol=bound, atol=case.atol, err_msg=what)


@pytest.mark.parametrize("operator", sorted(RULES))
def test_every_case_of_an_operator_gives_its_outputs(operator: str) -> None:
    own = [c for c in cases().values() if c.model.graph.node[0].op_type == operator]
    assert own, f"onnx has no case of {operator}"
    passed = [c for c in own if reason_for(c.name) is None]
    assert passed, f"no case of {operator} is expressible"
    for case in passed:
        check(case)


@pytest.mark.parametrize("pattern", NOT_EXPRESSIBLE)
def test_what_is_listed_as_not_expressible_is_not(pattern: str) -> None:
    """A line of the table that matches nothing, or a case that would pass after all, does not stay in it."""
    matched = [c for name, c in cases().items() if fnmatchcase(name, pattern)]
    assert matched, f"{pattern} matches no case"
    for case in matched:
        with pytest.raises((CannotError, AssertionError)):
            check(case)


def test_the_count() -> None:
    """What passes is tested above; here it is counted, so that a rule or cases cannot go missing unnoticed."""
    assert set(RULES) >= WANTED
    reasons = Counter(reason for name in cases() if (reason := reason_for(name)) is not None)
    passed = [c for name, c in cases().items() if reason_for(name) is None]
    floats = [c for c in passed if any(_is_float(x) for pair in c.data_sets for x in pair[1])]
    print(
        f"\nonnx: {len(passed)} of {len(cases())} single-node cases of {len(RULES)} operators pass, {len(floats)} of them floats"
    )
    for reason, count in reasons.most_common():
        print(f"  {count:3} not expressible: {reason}")
    assert len(passed) >= 565
    assert len(floats) >= 328
    assert len(passed) + sum(reasons.values()) == len(cases())


def _is_float(output: Any) -> bool:
    return isinstance(output, (np.ndarray, np.generic)) and output.dtype.kind == "f"


def test_the_check_itself_would_notice_a_wrong_digit() -> None:
    case = cases()["test_gemm_all_attributes"]
    inputs, (output,) = case.data_sets[0]
    case = case.__class__(**{**vars(case), "data_sets": [(inputs, [output * np.float32(1 + 4e-6)])]})
    with pytest.raises(AssertionError, match="test_gemm_all_attributes"):
        check(case)
