"""A diagnosis in words: each level tells more than the one before, in the learner's own names."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from helpers.seed_programs import BY_NAME, COST_RISES, COST_RISES_MENDED, NOT_ALIGNED, WHY_PLUS

from core.diagnosis import FAULTS, Diagnosis, Fault, ParameterVerdict, Tie, diagnose, words
from core.diagnosis.fault_texts import SAID
from core.diagnosis.phrases import times
from core.diagnosis.report import diagnosis_text
from core.library import example_text

LINE, TEXT, MENDED = 29, "dw2 = np.dot(dA2, A2.T)", "dw2 = np.dot(dA2, A1.T)"


@pytest.fixture(scope="module")
def first() -> Diagnosis:
    return diagnose(COST_RISES)


@pytest.fixture(scope="module")
def third() -> Diagnosis:
    return diagnose(NOT_ALIGNED)


def verdict(**given: object) -> ParameterVerdict:
    usual: dict[str, object] = {
        "name": "w2", "verdict": "wrong", "factor": None, "cosine": None, "own": np.ones((1, 3)), "true": np.ones((1, 3)),
        "value": 3,
    }  # fmt: skip
    return ParameterVerdict(**{**usual, **given})  # type: ignore[arg-type]


ROLES = ("∂L/∂w2", "∂L/∂b2", "∂L/∂Z1", "the derivative of A1", "A1", "")
PARAMETERS = ((), ("w2",), ("w1", "b1"), ("w1", "b1", "w2", "b2"))
LINES = ((LINE, TEXT, MENDED), (LINE, TEXT, ""), (5, "return sigmoid(x) * (1 - sigmoid(x))", "return x * (1 - x)"),
         (33, "w2 -= dw2 * learning_rate", "w2 += dw2 * learning_rate"), (7, "X = np.array([[0, 1]])", ""))  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_every_level_of_every_fault_says_something_for_any_role_and_line(name: str, first: Diagnosis) -> None:
    for role in ROLES:
        for parameters in PARAMETERS:
            for line, text, expected in LINES:
                fault = Fault(line, text, name, expected, "", (Tie(8, "a = b", "a = c", "sign"),), parameters, role)
                said = words.levels(fault, first)
                assert [level for level, _ in said] == list(words.LEVELS)
                for _, sentence in said:
                    first_line = sentence.split("\n")[0]
                    assert first_line[0].isupper() or first_line[0] == "`", sentence
                    assert not re.search(r"[{}]|\bNone\b|  |\.\.| ,| \.( |$)", first_line), sentence
                    assert sentence.count("`") % 2 == 0, sentence
                hint, place, what, mend = (sentence for _, sentence in said)
                assert str(line) not in hint and text not in hint, "a hint does not give the place away"
                assert f"Line {line}, " in place
                assert what.startswith(SAID[name].title)
                if expected:
                    assert expected not in hint + place + what and f"\n    {expected}" in mend
                assert "    a = c" in mend and "line 8" in mend


def test_a_hint_on_a_gradient_does_not_name_its_variable(first: Diagnosis) -> None:
    for name in FAULTS:
        hint = words.hint(Fault(LINE, TEXT, name, MENDED, parameters=("w2",), role="∂L/∂w2"), first)
        assert "`dw2`" not in hint and "A1" not in hint


def test_every_fault_has_a_title_of_its_own_and_a_page() -> None:
    assert set(SAID) == set(FAULTS)
    assert len({words.title(name) for name in FAULTS}) == len(FAULTS)
    assert tuple(f"fault-{name}" for name in FAULTS) == words.PAGES
    with pytest.raises(KeyError):
        words.title("typo")


def test_the_first_seed_in_the_askers_own_names(first: Diagnosis) -> None:
    sign, operand = first.faults
    assert words.fault_sentence(sign, first) == (
        "The wrong sign. `error_gradient` has the opposite sign of ∂L/∂A2, the derivative of the loss by `A2`: a step with it"
        " goes uphill, whatever the learning rate is."
    )
    said = words.fault_sentence(operand, first)
    assert "`dw2` should be the gradient of `w2`" in said and "`A2` does not belong in it" in said
    assert "It is 1×1 and `w2` is 1×3: the update stretches it silently" in said
    assert "What was `w2` multiplied with in the forward?" in words.hint(operand, first)
    assert words.mend(sign, first).endswith("\n    error_gradient = 2 * (A2 - Y)")
    assert words.place(operand, first) == "Line 29, `dw2 = np.dot(dA2, A2.T)`: it makes `w2` wrong."
    assert [words.verdict_sentence(p, first) for p in first.parameters][1:3] == [
        "wrong: its update goes exactly uphill", "wrong: your gradient is 1×1, and w2 is 1×3",
    ]  # fmt: skip


def test_a_fault_inside_a_def_is_told_of_the_def() -> None:
    found = diagnose(BY_NAME["stuck"].asked)
    [fault] = found.faults
    assert "inside `sigmoid_derivative`" in words.place(fault, found)
    assert "0.197 and 0.25" in words.fault_sentence(fault, found)


def test_a_line_that_cannot_run_is_explained_by_its_shapes(third: Diagnosis) -> None:
    shape = next(f for f in third.faults if f.fault == "shape")
    assert "the 4 columns of w2 meet the 2 rows of X_train" in words.fault_sentence(shape, third)
    assert "w2" not in words.hint(shape, third)


def test_an_assumed_loss_is_said_to_be_assumed(first: Diagnosis) -> None:
    assert "ssumed" not in words.loss_sentence(first) and "`cost = (Y - A2) ** 2`" in words.loss_sentence(first)
    found = diagnose(WHY_PLUS)
    assert found.loss_assumed and "No loss is written. Assumed: `L = half_sse(a2, y)`" in words.loss_sentence(found)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"verdict": "right", "factor": 1.0}, "right"),
        ({"verdict": "right up to a factor", "factor": 0.25}, "right up to a factor: 1/4 of the true gradient"),
        ({"verdict": "right up to a factor", "factor": 2.0}, "it acts like 2 times the learning rate"),
        ({"factor": -1.0}, "its update goes exactly uphill"),
        ({"factor": -0.5}, "exactly uphill, and by 1/2 of what it should go"),
        ({"factor": 4.0}, "4 times the true gradient, unlike the others"),
        ({"own": np.ones((1, 1))}, "your gradient is 1×1, and w2 is 1×3"),
        ({"value": None}, "no update changes it by its gradient"),
        ({"cosine": 0.99999}, "almost straight downhill (cosine 0.9999)"),
        ({"cosine": -0.3}, "rather uphill than down (cosine −0.3)"),
        ({"cosine": float("nan")}, "nor a multiple of it"),
        ({"name": "b9"}, "the forward does not use it"),
    ],
)
def test_verdicts(given: dict[str, object], said: str, first: Diagnosis) -> None:
    sentence = words.verdict_sentence(verdict(**given), first)
    assert said in sentence, sentence
    assert words.verdict_short(verdict(**given)).startswith(str(given.get("verdict", "wrong")))


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (2.0, "2 times"),
        (0.0025, "1/400 of"),
        (-0.5, "−1/2 of"),
        (0.3, "0.3 times"),
        (1 / 3, "1/3 of"),
        (0.7, "0.7 times"),
    ],
)
def test_factors(x: float, said: str) -> None:
    assert times(x) == said


def test_a_factor_is_told_against_the_gradients_that_are_right(first: Diagnosis) -> None:
    some = replace(first, parameters=(verdict(factor=8.0), verdict(name="w1", verdict="right up to a factor", factor=2.0)))
    fault = Fault(LINE, TEXT, "scale", "", parameters=("w2",), role="∂L/∂w2")
    assert "is 4 times what it should be against the other gradients" in words.fault_sentence(fault, some)
    assert "too long" in words.hint(fault, some)


def test_summaries() -> None:
    assert words.summary(diagnose(COST_RISES)) == "wrong: w1, b1, w2 and b2; 2 faults found"
    assert words.summary(diagnose(COST_RISES_MENDED)) == "right: your gradients are those of the loss (4 of 4 parameters)"
    half = diagnose(COST_RISES_MENDED.replace("2 * (A2 - Y)", "A2 - Y"))
    assert words.summary(half).startswith("right up to a factor: all are 1/2 of the true gradients")
    derived = diagnose(example_text("xor"))
    assert not words.written_by_hand(derived.program) and "derived by the app" in words.summary(derived)
    start = diagnose(COST_RISES_MENDED.replace("np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]])", "np.zeros((3, 2))"))
    assert start.faults == () or words.summary(start).startswith("the gradients are right, but")
    nothing = diagnose("# data\nX = np.ones((2, 2))\n# parameters\nW = np.ones((1, 2))\n# forward\nA = W @ X\n")
    assert words.summary(nothing) == nothing.problem != ""


def test_the_text_shows_only_as_much_as_is_asked_for(first: Diagnosis) -> None:
    shown = {level: diagnosis_text(first, "mine.py", level) for level in words.LEVELS}
    assert "line 29" not in shown["hint"] and "dw2" not in shown["hint"] and "26" not in shown["hint"]
    assert "line 29: dw2 = np.dot(dA2, A2.T)" in shown["place"] and "wrong sign" not in shown["place"].lower()
    assert "The wrong sign." in shown["fault"] and "A1.T" not in shown["fault"]
    assert "dw2 = np.dot(dA2, A1.T)" in shown["mend"]
    for text in shown.values():
        assert all(len(line) <= 100 for line in text.split("\n"))
        assert text.startswith("mine.py\n") and text.split("\n")[-1].startswith("wrong: ")
