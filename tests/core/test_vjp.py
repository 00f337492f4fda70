"""Every vjp rule of the table against central differences, on programs whose backward is derived."""

from __future__ import annotations

import inspect
from collections import defaultdict

import numpy as np
import pytest
from helpers.cases import CASES, Case, first_inputs, gradients, loss_at
from helpers.numeric import central_difference, relative_error, step_for

from core import ops

BOUND = 1e-6


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.title)
def test_derived_gradient_is_the_central_difference(case: Case) -> None:
    program = case.program()
    found = gradients(program)
    inputs = first_inputs(program)
    parameters = [n for n in case.operands if n[0] != "K"]
    assert set(found) == set(parameters), "each parameter that the loss reads has a gradient"
    for name in parameters:
        h = step_for(np.asarray(inputs[name]))
        true = central_difference(lambda at: loss_at(program, dict(at)), inputs, name)
        error = relative_error(found[name], true, loss_at(program, inputs), h)
        assert error < BOUND, f"{name}: relative error {error:.2e}\n{program.text}"


def test_every_operation_and_every_differentiable_operand_has_a_case() -> None:
    covered: dict[str, set[int]] = defaultdict(set)
    used: set[str] = set()
    for case in CASES:
        program = case.program()
        assert program.loss is not None
        weights = {program.inputs[n] for n in program.trainable}
        moved = set(weights)
        for i in program.instructions[: program.makers[program.loss] + 1]:
            used.add(i.op)
            for n, o in enumerate(i.operands):
                if o.value in moved:
                    covered[i.op].add(n)
            if any(o.value in moved for o in i.operands):
                moved.add(i.result)
    for op in ops.all_ops():
        assert op.name in used, f"{op.name} has no case; add it to tests/helpers/cases.py"
        missing = [n for n, rule in enumerate(op.vjp) if rule is not None and n not in covered[op.name]]
        assert not missing, f"operand {missing} of {op.name} has a rule but no case; add it to tests/helpers/cases.py"


def test_each_case_uses_the_operation_that_it_is_named_after() -> None:
    for case in CASES:
        assert case.op in {i.op for i in case.program().instructions}, case.title


@pytest.mark.parametrize("op", list(ops.all_ops()), ids=lambda op: op.name)
def test_an_attribute_that_is_left_out_has_the_same_default_everywhere(op: ops.Op) -> None:
    """A default is not passed on, so the function and the shape rule must have it too."""
    for function in (op.forward, op.shape):
        if not inspect.isfunction(function):
            continue
        parameters = inspect.signature(function).parameters
        swallows = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        for name, default in op.attributes.items():
            if default is ops.REQUIRED or name in op.context:
                continue
            if name in parameters:
                assert parameters[name].default == default, f"{op.name}: {function.__name__} has another default for `{name}`"
            else:
                assert swallows, f"{op.name}: {function.__name__} does not take `{name}`"


def test_the_check_itself_would_notice_a_wrong_factor() -> None:
    case = next(c for c in CASES if c.op == "tanh")
    program = case.program()
    inputs = first_inputs(program)
    wrong = gradients(program)["A"] * (1 + 3e-6)
    true = central_difference(lambda at: loss_at(program, dict(at)), inputs, "A")
    assert relative_error(wrong, true, loss_at(program, inputs), step_for(inputs["A"])) > BOUND
