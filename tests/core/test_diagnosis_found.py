"""Backward passes as people write them are called right, and the faults that they had are found and named."""

from __future__ import annotations

import pytest
from helpers import found_programs as found
from helpers.found_programs import RIGHT, WRONG, Found

from core.complete import load
from core.diagnosis import Diagnosis, diagnose
from core.diagnosis.words import levels


def _replaced(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def verdicts(d: Diagnosis) -> dict[str, str]:
    return {p.name: p.verdict for p in d.parameters}


@pytest.mark.parametrize("program", RIGHT, ids=lambda f: f.name)
def test_a_right_one_is_never_called_wrong(program: Found) -> None:
    d = diagnose(program.text)
    assert d.right and not d.faults and not d.problem, d.faults
    assert set(verdicts(d)) == set(d.program.trainable)


@pytest.mark.parametrize("program", WRONG, ids=lambda f: f.name)
def test_the_fault_is_found_and_nothing_else(program: Found) -> None:
    d = diagnose(program.text)
    assert not d.right
    said = {f.text: f.fault for f in d.faults}
    assert said.keys() == {line for line, _ in program.faults}
    for line, names in program.faults:
        assert said[line] in names, (line, said[line])


@pytest.mark.parametrize("program", WRONG, ids=lambda f: f.name)
def test_what_is_mended_is_right(program: Found) -> None:
    d = diagnose(program.text)
    if all(f.expected for f in d.faults):
        assert d.mended is not None and diagnose(d.mended).right


def test_names_of_courses_are_parameters_also_as_plain_numbers() -> None:
    assert load(found.SLOPE).trainable == ("m_curr", "b_curr")
    fading = _replaced(found.SLOPE, ("# update\n", "# update\nlearning_rate = 0.9 * learning_rate\n"))
    assert load(fading).trainable == ("m_curr", "b_curr")


def test_the_gradient_is_neither_a_number_of_samples_nor_a_norm() -> None:
    p = load(found.BIKES)
    assert {p.values[v].name for v in p.gradients.values()} == {"delta_weights_i_h", "delta_weights_h_o"}
    norm = "norm = np.sqrt(np.sum(dW2 ** 2) + np.sum(dW1 ** 2))\n# update\n"
    text = _replaced(found.PLANAR, ("# update\n", norm), ("learning_rate * dW1", "learning_rate * dW1 / norm"),
                     ("learning_rate * dW2", "learning_rate * dW2 / norm"))  # fmt: skip
    p = load(text)
    assert {n: p.values[v].name for n, v in p.gradients.items()} == {n: f"d{n}" for n in ("W1", "b1", "W2", "b2")}
    assert diagnose(text).right


def test_what_no_update_changes_is_left_out_and_said() -> None:
    text = _replaced(
        found.PLANAR,
        ("dW1 = 1 / m * np.dot(dZ1, X.T)\n", ""), ("db1 = 1 / m * np.sum(dZ1, axis=1, keepdims=True)\n", ""),
        ("W1 = W1 - learning_rate * dW1\n", ""), ("b1 = b1 - learning_rate * db1\n", ""),
    )  # fmt: skip
    d = diagnose(text)
    assert d.right and verdicts(d) == {"W2": "right", "b2": "right"}
    assert [(h.text.split(" ")[0], h.fault) for h in d.hints] == [("W1", "never-applied"), ("b1", "never-applied")]
    said = dict(levels(d.hints[0], d))
    assert "frozen" in said["fault"] and "wrong" not in said["place"] and "No single change" not in said["mend"]


def test_a_gradient_that_is_computed_but_never_applied_is_still_a_fault() -> None:
    d = diagnose(_replaced(found.PLANAR, ("W1 = W1 - learning_rate * dW1\n", "")))
    assert [f.fault for f in d.faults] == ["never-applied"] and verdicts(d)["W1"] == "wrong" and not d.hints


def test_data_under_parameters_is_no_fault() -> None:
    x = "X = np.random.randn(2, 7)\n"
    text = _replaced(found.PLANAR, (x, ""), ("np.random.seed(2)\n", f"np.random.seed(2)\n{x}"))
    assert diagnose(text).right


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_it_does_not_depend_on_the_precision(dtype: str) -> None:
    text = _replaced(found.PLANAR, ('samples = "columns"\n', f'samples = "columns"\ndtype = "{dtype}"\n'))
    assert diagnose(text).right
    [fault] = diagnose(_replaced(text, ("dZ2 = A2 - Y", "dZ2 = Y - A2"))).faults
    assert (fault.text, fault.fault) == ("dZ2 = Y - A2", "sign")


def test_data_that_are_no_numbers_say_nothing_of_the_lines() -> None:
    bad = "np.array([[np.nan, 1, 2, 3, 4, 5, np.inf], [1, 2, 3, 4, 5, 6, 7]])"
    d = diagnose(_replaced(found.PLANAR, ("np.random.randn(2, 7)", bad)))
    assert set(verdicts(d).values()) == {"right"} and not d.faults


def test_where_a_gradient_is_made_of_what_nothing_mends_either_line_may_be_meant() -> None:
    """Without biases, no parameter stands between the delta without its slope and the product that reads it."""
    program = next(f for f in WRONG if f.name == "slope left away")
    [fault] = diagnose(program.text).faults
    assert [t.text for t in fault.ties] == ["V -= c * X.T @ hidden_deltas"]


def test_half_and_twice_of_two_parameters_are_a_tie() -> None:
    """Of two parameters one goes twice too far, or the other half as far as it should: the numbers cannot tell."""
    [fault] = diagnose(_replaced(found.BIKES, ("np.dot(features.T,", "2 * np.dot(features.T,"))).faults
    assert fault.fault == "scale"
    lines = {fault.text.split(" ")[0], *(t.text.split(" ")[0] for t in fault.ties)}
    assert lines == {"delta_weights_h_o", "delta_weights_i_h"}
