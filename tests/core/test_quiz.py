"""The questions before a step: the right choice is what the machine then computes."""

from __future__ import annotations

import re

import numpy as np
import pytest
from helpers.programs import SETTINGS, Net, nets
from hypothesis import given

from core.complete import load
from core.execute.machine import Machine
from core.library import EXAMPLES, open_target
from core.quiz import NOT_A_NUMBER, question, shape_text
from core.session import Session
from core.update import loss_change


def check(program, machine: Machine, iteration: int, k: int) -> None:
    asked = question(program, machine, iteration, k)
    if asked is None:
        return
    assert asked == question(program, machine, iteration, k)
    assert 2 <= len(asked.choices) <= 4 and len(set(asked.choices)) == len(asked.choices)
    assert not any(re.search(r"\d\.\d", c) for c in asked.choices)
    done = machine.done
    before = machine.peek(asked.instruction.result)
    machine.go(k + 1)
    assert before is not None or done <= k, "asking has not run ahead"
    value = np.asarray(machine.peek(asked.instruction.result))
    answer = asked.choices[asked.right]
    if asked.kind == "shape":
        assert answer == shape_text(value.shape)
    elif asked.kind == "sign":
        cell = value[asked.cell]
        word = NOT_A_NUMBER if np.isnan(cell) else "positive" if cell > 0 else "negative" if cell < 0 else "exactly zero"
        assert answer == word
    else:
        machine.go(len(program))
        found = loss_change(program, machine, len(program))
        word = "falls" if found.actual < 0 else "rises" if found.actual > 0 else "stays exactly the same"
        assert answer == (NOT_A_NUMBER if np.isnan(found.after) else word)


@SETTINGS(40)
@given(nets())
def test_the_right_choice_is_what_the_machine_computes(net: Net) -> None:
    program = load(net.text)
    session = Session(program, "")
    for iteration in (1, 3):
        session.go(iteration, 0)
        for k in range(len(program)):
            session.go(iteration, k)
            check(program, session.moment().machine, iteration, k)


@pytest.mark.parametrize("name", EXAMPLES)
def test_questions_of_the_built_ins(name: str) -> None:
    program = open_target(name).program
    session = Session(program, "")
    kinds = set()
    for iteration in (1, 2):
        for k in range(len(program) + 1):
            session.go(iteration, k)
            asked = question(program, session.moment().machine, iteration, k)
            kinds |= {asked.kind} if asked is not None else set()
            check(program, session.moment().machine, iteration, k)
        assert asked is None, "nothing comes after the last operation"
    assert kinds == {"shape", "sign", "loss"}


def test_shape_choices_offer_the_usual_mistakes() -> None:
    program = open_target("xor").program
    session = Session(program, "")
    asked = question(program, session.moment().machine, 1, 0)
    assert asked.kind == "shape" and set(asked.choices) >= {"3×4", "4×3"}
    session.go(1, 14)
    assert "(1,), one axis" in question(program, session.moment().machine, 1, 14).choices


def test_nan_is_a_choice_and_a_failing_line_is_not_asked_about() -> None:
    program = open_target("flower").program
    session = Session(program, "")
    session.run(1800)
    session.go(1801, 1)
    asked = question(program, session.moment().machine, 1801, 1)
    assert asked.choices[asked.right] == NOT_A_NUMBER
    broken = load("# parameters\nW = np.ones((2, 3))\n# forward\nZ = W @ W\n")
    assert question(broken, Session(broken, "").moment().machine, 1, 0) is None
