"""The small `def`s of a learner: edits of them, and which of them is to blame."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core.diagnosis.code import computed
from core.diagnosis.edits import Edit, Stock, edits_of
from core.diagnosis.trials import constant
from core.errors import NotationError
from core.notation.convert import Definition

if TYPE_CHECKING:
    from core.diagnosis.mend import Mender
    from core.diagnosis.search import Place


def scaled_definitions(mender: Mender) -> dict[str, float]:
    """Return the small `def`s that compute a constant times the derivative of the activation of what they are called with."""
    found: dict[str, float] = {}
    for statement, raw in enumerate(mender.code.raws):
        names = mender.code.names_before(statement)
        for node in ast.walk(raw.value) if mender.program.statements[statement].phase in ("backward", "update") else ():
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1):
                continue
            if node.func.id not in mender.code.source.definitions or node.func.id in found:
                continue
            try:
                e = mender.code.read(f"_ = {mender.code.source_of(node)}", "_")
            except NotationError:
                continue
            numbers = [computed(e, names, values, mender.extra(n)) for n, values in enumerate(mender.work.now)]
            for role in mender.work.trials[0].truth:
                if role.kind == "factor" and (c := constant(numbers, mender.work.truth(role))) is not None:
                    found[node.func.id] = c
                    break
    return {name: c for name, c in found.items() if abs(c - 1) > 1e-6}


def definition_to_blame(mender: Mender, place: Place) -> str | None:
    """Return the small `def` of a line that computes nothing known of what it is called with, so that it may be at fault."""
    statement = mender.work.statement_of(place.value)
    raw = mender.code.raws[statement]
    names = mender.code.names_before(statement)
    definitions = mender.code.source.definitions
    for node in ast.walk(raw.value):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in definitions):
            continue
        name = node.func.id
        if len(node.args) != 1 or len(definitions[name].arguments) != 1 or right_elsewhere(mender, name, statement):
            continue
        try:
            e = mender.code.read(f"_ = {mender.code.source_of(node)}", "_")
        except NotationError:
            continue
        found = [computed(e, names, values, mender.extra(n)) for n, values in enumerate(mender.work.now)]
        known = any(r.kind == "factor" and constant(found, mender.work.truth(r)) is not None for r in mender.work.trials[0].truth)
        if not known and all(f is not None for f in found):
            return name
    return None


def calls_of(mender: Mender, name: str) -> int:
    """Return how many lines call a small `def`."""
    return sum(any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(raw.value)) for raw in mender.code.raws)


def right_elsewhere(mender: Mender, name: str, statement: int) -> bool:
    """Tell whether another line that calls a `def` is right, so that the `def` is not to blame."""
    wrong = {mender.work.statement_of(v) for v in mender.work.replaced}
    for s in mender.program.statements:
        if s.index == statement or s.index in wrong or s.last == s.first:
            continue
        raw = mender.code.raws[s.index]
        calls = any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(raw.value))
        if calls and (
            s.phase in ("forward", "loss") or mender.work.role_of(mender.program.instructions[s.last - 1].result) is not None
        ):
            return True
    return False


def definition_edits(mender: Mender, d: Definition) -> Iterator[tuple[ast.expr, tuple[Any, ...], Edit]]:
    arrays = [*d.arguments, *(n for n, _ in d.steps)]
    functions = [n for n, f in mender.code.source.definitions.items() if len(f.arguments) == 1 and n != d.name] + [
        "sigmoid",
        "tanh",
    ]
    stock = Stock(arrays, (), (), 1, tuple(dict.fromkeys(functions)), ())
    for _, root in (*d.steps, ("", d.value)):
        for edit in edits_of(root, mender.program.text, stock):
            if edit.kind not in ("put sum", "reshape", "transpose", "axis"):
                yield root, edit.spans, edit
        # every place of the same expression at once: `sigmoid(x) * (1 - sigmoid(x))` becomes `x * (1 - x)`
        calls: dict[str, list[ast.expr]] = {}
        for node in ast.walk(root):
            if isinstance(node, (ast.Call, ast.BinOp)):
                calls.setdefault(ast.unparse(node), []).append(node)
        for text, nodes in calls.items():
            for a in arrays:
                if ast.unparse(root) != text or (root is not d.value):
                    yield root, tuple((n, a) for n in nodes), Edit("name", tuple((n, a) for n in nodes), text, a)
        names: list[ast.expr] = [n for n in ast.walk(root) if isinstance(n, ast.Name) and n.id in arrays]
        for f in stock.functions:
            spans = tuple((n, f"{f}({n.id})") for n in names if isinstance(n, ast.Name))
            if len(spans) > 1:
                yield root, spans, Edit("put call", spans, "", f)
        if root is d.value:
            for a in arrays:
                for new in (f"{a} * (1 - {a})", f"1 - {a} ** 2", f"({a} > 0)"):
                    yield root, ((root, new),), Edit("write derivative", ((root, new),), ast.unparse(root), new)
