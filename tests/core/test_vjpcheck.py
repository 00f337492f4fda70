"""Is a line's rule right? Every operation of the built-in programs; a rule with a fault in it is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers.cases import CASES, first_inputs
from helpers.written import COLUMNS, ROWS, standing

from core.complete import load
from core.execute.machine import Machine
from core.health.vjpcheck import check_operation, operation_check
from core.library import EXAMPLES, open_target
from core.ops import base

FINE = ("agrees", "unknown", "both zero", "kink")


@pytest.mark.parametrize("target", EXAMPLES)
def test_every_operation_of_the_built_in_programs_is_right(target: str) -> None:
    program = open_target(target).program
    machine = standing(program, 30).machine
    for i in program.instructions:
        found = check_operation(program, machine.peek, i.index, most=20)
        assert found.verdict in FINE, found.sentence
        assert found.sentence.endswith(".") and "wrong" not in found.sentence
        if i.result in program.gradients.values():
            assert found.adjoint is not None and found.adjoint.verdict in ("agrees", "both zero")
            assert f" is ∂L/∂{found.adjoint.of}" in found.sentence


def test_every_rule_of_the_table_is_right_where_its_case_stands() -> None:
    seen: set[str] = set()
    for case in CASES[::3]:
        program = case.program()
        machine = Machine(program, first_inputs(program))
        for i in program.instructions:
            if i.op in seen and program.phase_of(i.index) != "forward":
                continue
            seen.add(i.op)
            found = check_operation(program, machine.peek, i.index)
            assert found.verdict in FINE, (case.title, i.text, found.sentence)


@pytest.mark.parametrize(
    ("op", "n", "wrong"),
    [
        ("sigmoid", 0, lambda s: s.g * s.out),
        ("tanh", 0, lambda s: s.g * (1 - s.out)),
        ("matmul", 1, lambda s: -(s.a.T @ s.g)),
        ("matmul", 0, lambda s: 1.001 * (s.g @ s.b.T)),
        ("multiply", 1, lambda s: s.g * s.b),
        ("half_sse", 0, lambda s: s.g * (s.a - s.b) / 2),
        ("subtract", 1, lambda s: s.g),
    ],
)
def test_a_wrong_rule_is_found_and_named(monkeypatch: pytest.MonkeyPatch, op: str, n: int, wrong: Callable[[Any], Any]) -> None:
    program = load(ROWS if op == "tanh" else COLUMNS)
    machine = standing(program).machine
    at = next(i for i in program.instructions if i.op == op and (op != "subtract" or i.operands[1].value is not None))
    assert check_operation(program, machine.peek, at.index).verdict in FINE
    rules = list(base.get(op).vjp)
    rules[n] = wrong
    monkeypatch.setitem(base._OPS, op, replace(base.get(op), vjp=tuple(rules)))
    found = check_operation(program, machine.peek, at.index)
    read = at.operands[n].value
    assert found.verdict in ("wrong", "near") and read is not None
    bad = [o for o in found.operands if o.verdict in ("wrong", "near")]
    assert [o.label.removesuffix(".T") for o in bad] == [program.values[read].label]
    assert f"for {bad[0].label} is wrong" in found.sentence and bad[0].largest > 1e-4


def test_what_cannot_be_checked_is_said() -> None:
    text = "# data\nX = np.array([[1, 2]])\n# parameters\nW = np.array([[0.0, 2.0]])\n# forward\nM = W > 1\nA = relu(W)\n"
    text += "B = log(W)\n# loss\nL = sum(A * X) + 0 * sum(M)\n"
    program = load(text)
    machine = standing(program).machine
    by_text = {i.text.split(" = ")[0]: check_operation(program, machine.peek, i.index) for i in program.instructions}
    assert "has no slope" in by_text["M"].sentence and not by_text["M"].operands
    assert by_text["A"].verdict == "kink" and by_text["A"].operands[0].kinks == ((0, 0),)
    assert "over a kink" in by_text["A"].sentence
    assert by_text["B"].verdict == "unknown" and "not finite" in by_text["B"].sentence


def test_a_line_that_fails_and_a_value_that_is_not_there_yet() -> None:
    program = load(COLUMNS)
    machine = standing(program, 1, 0).machine
    found = check_operation(program, machine.peek, len(program) - 1)
    assert found.verdict == "agrees", "what is not computed yet is computed for the check"
    assert all(machine.value(i.result) is None for i in program.instructions)


def test_it_comes_in_pieces() -> None:
    program = open_target("digits").program
    at = next(i for i in program.instructions if i.op == "matmul")
    work = operation_check(program, standing(program).machine.peek, at.index, most=3000)
    assert next(work) is None
    work.close()


def test_float32_is_checked_in_float64() -> None:
    program = load(COLUMNS.replace("# parameters", 'dtype = "float32"\n# parameters'))
    machine = standing(program, 2).machine
    for i in program.instructions:
        found = check_operation(program, machine.peek, i.index)
        assert found.verdict in FINE and all(np.isnan(o.largest) or o.largest < 1e-9 for o in found.operands)
