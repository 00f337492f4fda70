"""Gradients that are never applied, or added up and never set back."""

from __future__ import annotations

import ast

import numpy as np

from core.diagnosis.case import Case
from core.diagnosis.code import Change, splice
from core.diagnosis.look import Found, Look
from core.diagnosis.result import Fault
from core.diagnosis.tidying import ast_of
from core.diagnosis.trials import Role, Trial, again, constant, fitted
from core.diagnosis.work import Work, step_of
from core.program.ir import Program
from core.program.structure import ancestors, descendants


def never_applied(look: Look) -> list[Found]:
    p, case, work = look.program, look.case, look.work
    if work is None or not any(s.phase == "update" and not s.derived for s in p.statements):
        return []
    found: list[Found] = []
    for name in p.trainable:
        role = work.own_role(name)
        if role not in work.trials[0].truth:
            continue
        start, end = p.carried.get(name, (-1, -1))
        moved = [step_of(t.values, start, end) for t in work.trials] if name in work.gradients else []
        steep = name in work.gradients and all(np.any(work.gradient(name, t.values)) for t in work.trials)
        stands = bool(moved) and steep and all(m is not None and not np.any(m) for m in moved)
        if name in work.gradients and not stands:
            continue
        line = _line_of_change(work, name, role)
        at = None if stands or line is not None else _gradient_line(work, name, role)
        if at is None:
            if line is None:
                continue
            s = p.statements[line]
            new = _applied_text(look, line, name)
            gradient = None if stands else _gradient_line(work, name, role)
            if new is None and gradient is not None:
                new = _update_like(look, name, gradient[1])
            found.append((
                Fault(case.line(s.line), s.text, "never-applied", new or "", parameters=(name,), role=f"∂L/∂{name}"),
                Change(((s.line, new),)) if new else None,
            ))  # fmt: skip
            continue
        value, label = at
        s = p.statements[work.statement_of(value)]
        update = _update_like(look, name, label)
        last = max(x.line for x in p.statements if x.phase == "update")
        end_line = case.code.raws[next(x.index for x in p.statements if x.line == last)].end_line
        change = Change((), ((end_line + 1, update),))
        found.append((Fault(case.line(s.line), s.text, "never-applied", update, parameters=(name,), role=f"∂L/∂{name}"), change))
    return found


def _line_of_change(work: Work, name: str, role: Role) -> int | None:
    """Return the line that would be a parameter's update: it moves it along its gradient under another name, or by nothing."""
    p = work.program
    start = p.inputs[name]
    for s in p.statements:
        if s.last == s.first or s.derived or s.phase in ("forward", "loss"):
            continue
        v = p.instructions[s.last - 1].result
        moved = [step_of(t.values, start, v) for t in work.trials]
        if constant(moved, work.truth(role)) is not None:
            return s.index
    return next((s.index for s in p.statements if s.phase == "update" and s.target == name), None)


def _applied_text(look: Look, statement: int, name: str) -> str | None:
    """Return the line with its result given to the parameter."""
    raw = look.case.code.raws[statement]
    if raw.target == name or raw.augment is not None:
        return None
    return f"{name} = {look.case.code.source_of(raw.value)}"


def _gradient_line(work: Work, name: str, role: Role) -> tuple[int, str] | None:
    """Return the value that is a parameter's gradient though no update uses it: by its numbers, else by its name."""
    p = work.program
    made = [
        p.instructions[s.last - 1].result
        for s in p.statements
        if s.last > s.first
        and s.last <= p.runnable
        and work.judged(s.index)
        and p.instructions[s.last - 1].result not in work.gradients.values()
    ]
    truth = work.truth(role)
    same = [v for v in made if p.values[v].name not in p.inputs
            and constant([fitted(t.values[v], truth[0].shape) for t in work.trials], truth) is not None]  # fmt: skip
    if same:
        v = next((v for v in same if p.values[v].name.lower().endswith(name.lower())), same[-1])
        return v, p.values[v].name
    for v in made:
        other = p.values[v].name
        if other.lower().endswith(name.lower()) and other != name:
            return v, other
    return None


def _update_like(look: Look, name: str, gradient: str) -> str:
    """Return the update of a parameter, written as another one's is."""
    p, case, work = look.program, look.case, look.work
    assert work is not None
    for other, g in work.gradients.items():
        end = p.carried[other][1]
        raw = case.code.raws[work.statement_of(end)]
        label = p.values[g].name
        if label == other or p.values[g].kind == "part":
            continue
        new: dict[str, str] = {other: name, label: gradient, **_states(p, g, gradient)}
        spans = [(n, new[n.id]) for n in ast.walk(raw.value) if isinstance(n, ast.Name) and n.id in new]
        if raw.augment is not None:
            sign = "-" if isinstance(raw.augment, ast.Sub) else "+"
            return f"{name} {sign}= {_renamed(case, raw.value, spans)}"
        return f"{name} = {_renamed(case, raw.value, spans)}"
    return f"{name} = {name} - lr * {gradient}"


def _states(program: Program, other: int, gradient: str) -> dict[str, str]:
    """Return which state of one parameter's update stands for which of another's: each is made from its gradient."""
    own = next((v.index for v in reversed(program.values) if v.name == gradient and v.kind != "part"), None)
    trainable = set(program.trainable)
    states = {n: end for n, (_, end) in program.carried.items() if n not in trainable}
    there, here = (
        [n for n, end in states.items() if v is not None and v in ancestors(program.instructions, [end])] for v in (other, own)
    )
    return dict(zip(there, here, strict=False))


def _renamed(case: Case, node: ast.expr, spans: list[tuple[ast.Name, str]]) -> str:
    text = case.code.source_of(node)
    shifted = ast_of(f"_ = {text}").value
    old = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
    new = [n for n in ast.walk(shifted) if isinstance(n, ast.Name)]
    wanted = {id(a): b for a, b in spans}
    return splice(f"_ = {text}", 1, [(b, wanted[id(a)]) for a, b in zip(old, new, strict=True) if id(a) in wanted]).removeprefix(
        "_ = "
    )


def never_reset(look: Look) -> list[Found]:
    """A gradient that is added to a state which is never set back: g is the sum of all gradients so far."""
    p, case, work = look.program, look.case, look.work
    if work is None:
        return []
    found: list[Found] = []
    for name, (start, end) in p.carried.items():
        datum = work.trials[0].values[start]
        if name in p.trainable or not isinstance(datum, np.ndarray) or datum.dtype.kind != "f":
            continue
        touched = [n for n in p.trainable if n in p.carried and p.carried[n][1] in descendants(p.instructions, [start])]
        if not touched or not _adds(work.trials[0], start, end) or not _moves(work.trials[0], start, p.carried[touched[0]]):
            continue
        statement = work.statement_of(end)
        raw = case.code.raws[statement]
        text = case.code.source_of
        new = ""
        if isinstance(raw.augment, ast.Add):
            new = f"{name} = {text(raw.value)}"
        elif isinstance(raw.value, ast.BinOp) and isinstance(raw.value.op, ast.Add):
            mine = [n for n in (raw.value.left, raw.value.right) if isinstance(n, ast.Name) and n.id == name]
            if mine:
                other = raw.value.right if mine[0] is raw.value.left else raw.value.left
                new = f"{name} = {text(other)}"
        found.append((
            Fault(case.line(raw.line), raw.text, "never-reset", new, parameters=tuple(touched), role=name),
            case.code.change(raw, new) if new else None,
        ))  # fmt: skip
    return found


def _adds(trial: Trial, start: int, end: int) -> bool:
    """Tell whether a state comes out as it went in, plus something: its own past never fades."""
    rng = np.random.default_rng(1)
    datum = np.asarray(trial.values[start])
    extra = rng.standard_normal(datum.shape)
    values = again(trial, {start: datum + extra})
    if values is None:
        return False
    before, after = np.asarray(trial.values[end]), np.asarray(values[end])
    return (
        before.shape == extra.shape == after.shape
        and bool(np.allclose(after - before, extra, rtol=1e-9, atol=1e-12))
        and not np.array_equal(before, datum)
    )


def _moves(trial: Trial, start: int, parameter: tuple[int, int]) -> bool:
    """Tell whether what a state holds goes straight into a step: twice as much moves twice as far."""
    rng = np.random.default_rng(2)
    datum = np.asarray(trial.values[start])
    extra = rng.standard_normal(datum.shape)
    once, twice = again(trial, {start: datum + extra}), again(trial, {start: datum + 2 * extra})
    if once is None or twice is None:
        return False
    base, a, b = (np.asarray(v[parameter[1]], dtype=float) for v in (trial.values, once, twice))
    return (
        a.shape == base.shape == b.shape
        and bool(np.any(a != base))
        and bool(np.allclose(b - base, 2 * (a - base), rtol=1e-6, atol=1e-12))
    )


def squares(look: Look) -> list[Found]:
    """A sum of gradients where their squares are summed: the root of it is no size, and cells go up and down their gradient.

    From a state of 0, every usual update moves each cell along its gradient (Adam: Kingma and Ba, 2015, algorithm 1).
    """
    p, case, work = look.program, look.case, look.work
    if work is None or any(np.any(t.values[p.carried[n][0]]) for t in work.trials for n in p.carried if _is_state(p, n)):
        return []
    found: list[Found] = []
    for name in sorted(work.adaptive, key=lambda n: p.carried[n][1]):
        if _one_way(work, name):
            continue
        gradient = p.values[work.gradients[name]].name
        way = ancestors(p.instructions, [p.carried[name][1]])
        for s in p.statements:
            if s.phase != "update" or s.derived or s.last == s.first or p.instructions[s.last - 1].result not in way:
                continue
            raw = case.code.raws[s.index]
            for node in (n for n in ast.walk(raw.value) if isinstance(n, ast.Name) and n.id == gradient):
                new = case.code.spliced(raw, [(node, f"{gradient} ** 2")]).strip()
                change = case.code.change(raw, new)
                after = case.with_(change)
                then = None if after is None else Look.of(after).work
                if then is not None and name in then.adaptive and _one_way(then, name):
                    fault = Fault(case.line(s.line), s.text, "operand", new, parameters=(name,), role=s.target)
                    found.append((fault, change))
    return found


def _is_state(program: Program, name: str) -> bool:
    given = program.given_named(name)
    return name not in program.trainable and isinstance(given.value, np.ndarray)


def _one_way(work: Work, name: str) -> bool:
    """Tell whether all cells of a parameter move along their gradient, or all against it."""
    start, end = work.program.carried[name]
    for t in work.trials:
        step, g = step_of(t.values, start, end), work.gradient(name, t.values)
        if step is None or np.shape(step) != np.shape(g):
            return True
        with np.errstate(all="ignore"):
            along = step * np.asarray(g, dtype=float)
        if not (np.all(along >= 0) or np.all(along <= 0)):
            return False
    return True
