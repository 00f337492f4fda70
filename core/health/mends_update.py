"""Remedies of the step: a smaller rate, clipped gradients."""

from __future__ import annotations

import ast
from pathlib import Path

from core.changes import rate_of
from core.health.mending import Edit, Mended, RemedyError, free_name, kept, setup_end
from core.notation.parse import Raw, parse
from core.program.ir import Program, Statement

RATES = {"3": "÷ 3", "10": "÷ 10", "100": "÷ 100"}
NORMS = {"1": "to length 1", "5": "to length 5", "0.1": "to length 0.1"}


def smaller_rate(program: Program, folder: Path | None, choice: str) -> Mended:
    """Divide the learning rate."""
    by = int(choice or "3")
    title = f"Learning rate ÷ {by}"
    if not any(p in program.carried for p in program.trainable):
        raise RemedyError("no line updates a parameter, so there is no step to make smaller")
    name = rate_of(program) or _shared_number(program)
    edit = Edit(program.text)
    if name is not None:
        raw = next((s for s in parse(program.text).statements if isinstance(s, Raw) and s.target == name), None)
        old = program.first_values[name]
        if raw is not None and isinstance(old, (int, float)):
            edit.replace(raw.value, _quotient(float(old), by))
            return kept(program, edit, folder, title)
    for s in _updates(program):
        _divide(program, s, edit, by)
    notes = ("This program has no learning rate of its own; the step is divided where it is taken.",)
    return kept(program, edit, folder, title, notes)


def _quotient(number: float, by: int) -> str:
    """Return a quotient as a person writes it: 1.2 by 3 is 0.4."""
    return repr(float(f"{number / by:.12g}"))


def _updates(program: Program) -> list[Statement]:
    """Return the lines that change parameters."""
    ends = {program.carried[p][1] for p in program.trainable if p in program.carried}
    return [program.statements[program.instructions[program.makers[e]].statement] for e in sorted(ends)]


def _shared_number(program: Program) -> str | None:
    """Return the one hyperparameter that all updates read, whatever its name."""
    numbers = {program.inputs[n]: n for n, v in program.first_values.items() if isinstance(v, float) and n in program.inputs}
    found: set[int] | None = None
    for s in _updates(program):
        reads = {v for i in program.instructions[s.first : s.last] for v in i.reads if v in numbers}
        found = reads if found is None else found & reads
    return numbers[found.pop()] if found is not None and len(found) == 1 else None


def _divide(program: Program, statement: Statement, edit: Edit, by: int) -> None:
    """Divide what a line such as `W += step` or `W = W - step` adds."""
    raw = next(s for s in parse(program.text).statements if isinstance(s, Raw) and s.line == statement.line)
    step: ast.expr | None = None
    if isinstance(raw.augment, (ast.Add, ast.Sub)):
        step = raw.value
    elif isinstance(raw.value, ast.BinOp) and isinstance(raw.value.op, (ast.Add, ast.Sub)):
        left = raw.value.left
        step = raw.value.right if isinstance(left, ast.Name) and left.id == raw.target else None
    if step is None:
        raise RemedyError(f"no step was found in line {statement.line}, `{statement.text}`; write it as `W = W - lr * dW`")
    if isinstance(step, ast.BinOp) and isinstance(step.op, ast.Mult) and isinstance(step.left, ast.Constant):
        edit.replace(step.left, _quotient(float(step.left.value), by))  # type: ignore[arg-type]
    else:
        edit.replace(step, f"({edit.source(step)}) / {by}")


def clip(program: Program, folder: Path | None, choice: str) -> Mended:
    """Shorten all gradients together to a length before they are used (Pascanu, Mikolov, Bengio, 2013)."""
    largest = float(choice or "1")
    if not program.gradients:
        raise RemedyError("no line of this program uses a gradient to update a parameter, so there is nothing to clip")
    parts = [p for p, g in program.gradients.items() if program.values[g].kind == "part"]
    if parts:
        raise RemedyError(f"the gradient of `{parts[0]}` has no name; write it as a line of its own, such as `d{parts[0]} = …`")
    update = [s for s in program.statements if s.phase == "update"]
    made = [program.instructions[program.makers[g]].statement for g in program.gradients.values()]
    if min(s.index for s in update) < max(made):
        raise RemedyError(
            "the updates of this program stand between its other lines; all gradients must be known before one is used"
        )
    names = list(dict.fromkeys(program.values[g].name for g in program.gradients.values()))
    limit, norm, shrink = (
        free_name(program, *wish) for wish in (("clip_norm", "clip_limit"), ("norm", "norm_of_all"), ("shrink",))
    )
    edit = Edit(program.text)
    edit.insert(setup_end(program, folder) + 1, [f"{limit} = {largest!r}"])
    lines = [
        f"{norm} = sqrt({' + '.join(f'sum({g} ** 2)' for g in names)})",
        f"{shrink} = minimum(1, {limit} / ({norm} + 1e-06))",
        *(f"{g} = {shrink} * {g}" for g in names),
    ]
    edit.insert(min(s.line for s in update), lines)
    return kept(program, edit, folder, f"Gradients clipped {NORMS.get(choice or '1', f'to length {largest:g}')}")
