"""A line that cannot run: it, or the line before it whose result has the wrong shape."""

from __future__ import annotations

import ast
from collections.abc import Generator

import numpy as np

from core.diagnosis.code import computed
from core.diagnosis.edits import Stock, edits_of
from core.diagnosis.look import Found, Look
from core.diagnosis.mend import Mend, Mender
from core.diagnosis.nodes import product_of
from core.diagnosis.result import Fault, Tie
from core.diagnosis.tidying import ast_of, tidy
from core.diagnosis.trials import Role, first_inputs
from core.diagnosis.work import Work
from core.errors import NotationError
from core.health.probe import Probe
from core.program.ir import Program, Statement
from core.program.structure import ancestors


def misfit(look: Look) -> Generator[None, None, Found | None]:
    """The line that fails, or the line before it whose result is of the wrong shape."""
    p, case = look.program, look.case
    if p.fault is None:
        return None
    s = p.statements[p.fault.statement]
    best: tuple[tuple[float, ...], int, Mend] | None = None
    for statement in _suspects(look, s.index):
        for mend, score in (yield from _fitting(look, statement, s.index)):
            if best is None or score < best[0]:
                best = (score, statement, mend)
        if best is not None and best[0][0] <= 0 and statement != s.index:
            break
    unknown = [n for n in _suspects(look, s.index)[:-1] if not _idle_line(look, n)]
    if unknown and (best is None or (best[1] == s.index and best[0][0] > 0)):
        # no edit was found of a line before it that computes no adjoint: one of the two
        first = p.statements[unknown[0]]
        return Fault(case.line(first.line), first.text, "shape", ties=(Tie(case.line(s.line), s.text, "", "shape"),)), None
    if best is None:
        return Fault(case.line(s.line), s.text, "shape"), None
    _, statement, mend = best
    name = "shape" if statement == s.index else mend.fault
    return Fault(case.line(mend.line), mend.text, name, mend.expected), mend.change


def _suspects(look: Look, failing: int) -> list[int]:
    """Return the lines that may be at fault, in their order: backward lines before it that compute no adjoint, then itself."""
    work, p = look.work, look.program
    if work is None or p.statements[failing].phase not in ("backward", "update"):
        return [failing]
    names = look.case.code.names_before(failing)
    raw = look.case.code.raws[failing]
    roots = (raw.value, *([] if raw.mask is None else [raw.mask]))
    read = {names[n.id] for root in roots for n in ast.walk(root) if isinstance(n, ast.Name) and n.id in names}
    if raw.mask is not None or raw.augment is not None:
        read |= {names[n] for n in (raw.target,) if n in names}
    above = ancestors(p.instructions, read)
    found: list[int] = []
    for s in p.statements[:failing]:
        if s.last == s.first or not work.judged(s.index) or s.phase != "backward":
            continue
        v = p.instructions[s.last - 1].result
        if v not in above:
            continue
        if not _known(work, v, p.statements[failing]) or any(_idle(work, s.index, r) for r in work.roles_of(v)):
            found.append(s.index)
    return [*found, failing]


def _known(work: Work, value: int, failing: Statement) -> bool:
    """Tell whether a value is an adjoint that a line can be made from; an update is made from its own parameter's gradient."""
    parameters = set(work.starts.values()) - {work.starts.get(failing.target) if failing.phase == "update" else None}
    return any(r.kind == "adjoint" and r.index not in parameters for r in work.roles_of(value))


def _idle(work: Work, statement: int, role: Role) -> bool:
    """Tell whether a line only gives an adjoint that an earlier line of the backward has."""
    p = work.program
    earlier = [x for x in p.statements[:statement] if x.phase == "backward" and x.last > x.first]
    return any((r := work.role_of(p.instructions[x.last - 1].result)) is not None and r[0] == role for x in earlier)


def _idle_line(look: Look, statement: int) -> bool:
    p, work = look.program, look.work
    if work is None or p.fault is None:
        return True
    return _known(work, p.instructions[p.statements[statement].last - 1].result, p.statements[p.fault.statement])


def _fitting(look: Look, statement: int, failing: int) -> Generator[None, None, list[tuple[Mend, tuple[float, ...]]]]:
    """Return edits of a line after which the failing one fits, each with how wrong the whole then is."""
    case, p, work = look.case, look.program, look.work
    if work is not None and p.statements[statement].phase in ("backward", "update"):
        mender = Mender(work, case.code)
        roles = [r for r in work.trials[0].truth if r.kind == "adjoint" and r.index != p.loss]
        mends = yield from mender.for_any_role(statement, roles)
    else:
        mends = yield from _legal(look, statement)
    found: list[tuple[Mend, tuple[float, ...]]] = []
    for k, mend in enumerate(mends[:8]):
        yield
        after = case.with_(mend.change)
        if after is None or (after.program.fault is not None and after.program.fault.statement <= failing):
            continue
        wrong = 0.5 * (after.program.fault is not None)
        if p.statements[statement].phase in ("backward", "update"):
            then = Look.of(after).work
            wrong += 99.0 if then is None else float(len(then.wrong()) + len(set(then.starts) - set(then.gradients)))
            if wrong and mend.edit.kind.startswith("drop"):
                continue  # to leave half of a product away is no mend if it makes nothing right
        elif after.program.loss is not None:
            read = ancestors(after.program.instructions, [after.program.loss])
            inputs = [after.program.inputs[n] for n in after.program.batching.sliced]
            wrong += len([v for v in inputs if v not in read]) - 0.01 * len(after.program.trainable)
        found.append((mend, (wrong, float(k))))
    return found


def _legal(look: Look, statement: int) -> Generator[None, None, list[Mend]]:
    """Return edits with which a line of the forward or a prediction runs; first those that do as the forward does."""
    case, p = look.case, look.program
    code = case.code
    raw = code.raws[statement]
    values = look.work.now[0] if look.work is not None else Probe(p, first_inputs(p).__getitem__).values
    names = code.names_before(statement)
    arrays = [n for n, v in names.items() if isinstance(values[v], np.ndarray) and np.ndim(values[v])]
    stock = Stock(arrays, (), (), 1 if p.batching.axis == -1 else 0, (), ())
    size = p.batching.size
    found: list[tuple[float, int, Mend]] = []
    for k, edit in enumerate(edits_of(raw.value, p.text, stock)):
        yield
        if edit.kind not in ("name", "transpose", "index", "reshape"):
            continue
        segment = tidy(code.spliced(raw, edit.spans), raw.text)
        try:
            result = computed(code.read(segment, raw.target), names, values, {"m": size, "batch_size": size, "iteration": 1})
        except NotationError:
            continue
        if result is not None:
            change = code.change(raw, segment)
            found.append((_like_forward(p, segment), k, Mend("shape", raw.line, raw.text, segment.strip(), change, 1.0, edit)))
    return [m for _, _, m in sorted(found, key=lambda x: x[:2])]


def _like_forward(program: Program, segment: str) -> float:
    """Return 0 where a line multiplies a weight with what the forward multiplies it with, else 1."""
    forward = {pair for s in program.statements if s.phase == "forward" for pair in _pairs(s.text)}
    return 0.0 if forward & _pairs(segment) else 1.0


def _pairs(line: str) -> set[tuple[str, str]]:
    try:
        node = ast_of(line)
    except (SyntaxError, ValueError):
        return set()
    found = [product_of(n) for n in ast.walk(node) if isinstance(n, ast.expr)]
    return {(ast.unparse(a), ast.unparse(b)) for pair in found if pair is not None for a, b in [pair]}
