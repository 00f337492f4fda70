"""What a fault is called: by the edit that mends the line, and by the numbers where the edit alone does not tell."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from core.diagnosis.code import computed
from core.diagnosis.edits import REDUCTIONS
from core.diagnosis.nodes import bare, function_of, product_of
from core.diagnosis.targets import depends
from core.diagnosis.trials import Role, constant
from core.errors import NotationError
from core.notation.convert import Definition
from core.program.ir import Program
from core.program.structure import ancestors, descendants

if TYPE_CHECKING:
    from core.diagnosis.edits import Edit
    from core.diagnosis.mend import Mender
    from core.diagnosis.search import Place


def role_text(program: Program, role: Role) -> str:
    """Return what a value should be, in words: ∂L/∂Z2, or the derivative of A1."""
    label = program.values[role.index].label
    if role.kind == "part":
        return f"the part of the gradient that {label} adds"
    return f"∂L/∂{label}" if role.kind == "adjoint" else f"the derivative of {label}"


def by_numbers(mender: Mender, place: Place) -> str:
    """Return the likeliest name of a fault that no edit mends."""
    program, work = mender.program, mender.work
    wanted = work.truth(place.role)
    statement = work.statement_of(place.value)
    if place.role.kind == "adjoint" and mender.targets and not depends(program, place.value, mender.targets):
        return "no-target"
    e = mender.code.read(mender.code.segment(mender.code.raws[statement]), program.statements[statement].target)
    found = [computed(e, mender.code.names_before(statement), v, mender.extra(n)) for n, v in enumerate(work.now)]
    if any(f is None for f in found):
        return "operand"
    shapes = {np.shape(f) for f in found}
    own = place.role.index in work.starts.values()
    if shapes != {wanted[0].shape} and np.size(found[0]) > wanted[0].size and not own:
        return "broadcast"
    if shapes != {wanted[0].shape} and own:
        return "batch-sum"
    if _skips_weights(mender, place, statement):
        return "chain-skipped"
    if shapes != {wanted[0].shape}:
        return "shape"
    for role in [r for r in work.trials[0].truth if r.kind == "factor"]:
        factor = work.truth(role)
        if factor[0].shape == wanted[0].shape:
            with np.errstate(all="ignore"):
                if constant(found, [w * f for w, f in zip(wanted, factor, strict=True)]) is not None:
                    return "derivative-extra"
                if constant([f * d for f, d in zip(found, factor, strict=True)], wanted) is not None:
                    return "derivative-missing"
    raw = mender.code.raws[statement]
    if any(
        isinstance(n, ast.Subscript) and not (isinstance(n.value, ast.Attribute) and n.value.attr == "shape")
        for n in ast.walk(raw.value)
    ):
        return "batch-sum"
    if place.role.index not in work.starts.values() and any(
        (pair := product_of(n)) is not None and not _is_weight(mender, pair)
        for n in ast.walk(raw.value)
        if isinstance(n, ast.expr)
    ):
        return "product"
    if (
        wanted[0].ndim == 2
        and wanted[0].shape[0] == wanted[0].shape[1]
        and constant([np.transpose(f) for f in found], wanted) is not None
    ):
        return "transpose"
    return "operand"


def _is_weight(mender: Mender, pair: tuple[ast.expr, ast.expr]) -> bool:
    names = {n.id for side in pair for n in ast.walk(side) if isinstance(n, ast.Name)}
    return not names.isdisjoint(mender.program.trainable)


def _skips_weights(mender: Mender, place: Place, statement: int) -> bool:
    """Tell whether a line goes from one layer's adjoint to the one before without reading the weights between them."""
    program, work = mender.program, mender.work
    if place.role.kind != "adjoint" or place.role.index in work.starts.values():
        return False
    s = program.statements[statement]
    reads = {v for i in program.instructions[s.first : s.last] for v in i.reads}
    names = {program.values[v].name for v in reads}
    below = descendants(program.instructions, [place.role.index])
    sources = [work.role_of(v) for v in reads if v in work.leads_to]
    if place.value not in work.replaced:
        sources.append(work.role_of(place.value))
    indices = {r[0].index for r in sources if r is not None and r[0].kind == "adjoint"} & below
    if not reads.isdisjoint(mender.targets) and program.loss is not None:
        indices.add(program.loss)  # the raw error
    for index in indices:
        above = ancestors(program.instructions, [index])
        between = [
            i
            for i in program.instructions
            if i.result in below & above and i.result != place.role.index and i.op in ("matmul", "dot")
        ]
        weights = {program.values[w].name for i in between for w in i.reads if program.values[w].name in program.trainable}
        if weights and not weights & names:
            return True
    return False


def name_of(mender: Mender, edit: Edit, place: Place, statement: int, definition: Definition | None) -> str:
    """Return one of FAULTS for what an edit undoes in a line."""
    kind = edit.kind
    role = place.role
    program = mender.program
    if definition is None and mender.targets and kind in ("name", "put array"):
        names = mender.code.names_before(statement)
        new = names.get(edit.new)
        had = depends(program, place.value, mender.targets)
        if new is not None and not had and (new in mender.targets or depends(program, new, mender.targets)):
            return "no-target"
    if definition is not None:
        return _in_def(edit, definition)
    if kind == "name":
        return _renamed(mender, edit, statement)
    if kind in ("function",):
        return "operand"
    if kind == "transpose":
        raw = mender.code.raws[statement]
        bias = place.role.index in mender.work.starts.values() and min(np.shape(mender.work.truth(place.role)[0]), default=2) == 1
        return (
            "batch-sum"
            if bias and any(function_of(n) in REDUCTIONS for n in ast.walk(raw.value) if isinstance(n, ast.expr))
            else "transpose"
        )
    if kind == "product":
        return "product"
    if kind == "put derivative":
        return "derivative-missing"
    if kind == "write derivative":
        return _derivative(mender, edit, statement)
    if kind in ("drop factor", "drop divisor"):
        return _dropped(mender, edit, statement)
    if kind in ("put weights", "put array"):
        return "chain-skipped" if "@" in edit.new or edit.new in program.trainable else "derivative-missing"
    if kind in ("put sum", "axis") or kind.startswith(("drop call sum", "drop call mean")):
        return "axis" if "softmax" in edit.old else "batch-sum"
    if kind == "index":
        if "::-1" in edit.old or edit.new in program.trainable:
            return "operand"
        return "broadcast" if _grows(mender, place, statement) else "batch-sum"
    if kind == "reshape":
        return "broadcast" if _grows(mender, place, statement) else "transpose"
    if kind == "drop term":
        kept = {t for _, t in edit.spans}
        if _small(mender, edit.old, statement):
            return "epsilon"
        dropped = _numbers(mender, edit.old, statement)
        return "stale" if kept & set(program.trainable) and dropped is not None and np.ndim(dropped[0]) else "operand"
    if kind.startswith("drop call"):
        name = kind.removeprefix("drop call ")
        if _grows(mender, place, statement):
            return "broadcast"
        return "derivative-twice" if _is_activation(mender, name) else "operand"
    if kind == "put call":
        return "derivative-of-preactivation" if _is_activation(mender, edit.new.split("(")[0]) else "derivative-missing"
    if kind == "drop product":
        return "product"
    if kind == "scale":
        return "scale"
    if kind in ("plus", "inverse"):
        return "sign" if kind == "plus" else "operand"
    return "operand" if role.kind != "factor" else "derivative-of-preactivation"


def _in_def(edit: Edit, definition: Definition) -> str:
    steps = {name for name, _ in definition.steps}
    if edit.kind == "name" and edit.old in steps and edit.new in definition.arguments:
        return "derivative-twice"
    if edit.kind == "name" and edit.old in definition.arguments and edit.new in steps:
        return "derivative-of-preactivation"
    if any(op in edit.old for op in ("<", ">")):
        return "operand"
    if (edit.kind == "name" and not edit.old.isidentifier()) or edit.kind.startswith("drop call"):
        return "derivative-twice"
    if edit.kind == "put call":
        return "derivative-of-preactivation"
    if edit.kind == "write derivative":
        return "derivative-of-preactivation" if edit.new.startswith(edit.old[:1]) else "derivative-twice"
    if edit.kind.startswith("put"):
        return "derivative-missing"
    if edit.kind.startswith("drop"):
        return "derivative-extra"
    return "operand"


def _renamed(mender: Mender, edit: Edit, statement: int) -> str:
    names = mender.code.names_before(statement)
    old, new = names.get(edit.old), names.get(edit.new)
    if old is None or new is None:
        return "operand"
    if len({text for _, text in edit.spans}) > 1:
        return "transpose" if _one_product(mender, edit, statement) else "operand"
    if _in_product(mender, edit):
        return "operand"
    was = [np.asarray(values[old], dtype=float) for values in mender.work.now]
    for i in mender.program.instructions:
        if Role("factor", i.result) not in mender.work.trials[0].truth:
            continue
        a = [np.asarray(t.values[i.result], dtype=float) for t in mender.work.trials]
        with np.errstate(all="ignore"):
            if any(constant(was, [f(x) for x in a]) is not None for f in (lambda x: 1 / (1 + np.exp(-x)), np.tanh)):
                return "derivative-twice"
        z = i.reads[0]
        if (z, i.result) == (new, old):
            return "derivative-twice"
        if (z, i.result) == (old, new):
            return "derivative-of-preactivation"
    return "operand"


def _in_product(mender: Mender, edit: Edit) -> bool:
    """Tell whether every name that is written anew is an operand of a matrix product."""
    nodes = {id(n) for n, _ in edit.spans}
    sides: set[int] = set()
    for raw in mender.code.raws:
        for node in ast.walk(raw.value):
            pair = product_of(node) if isinstance(node, ast.expr) else None
            for side in pair or ():
                sides.add(id(side.value if isinstance(side, ast.Attribute) and side.attr == "T" else side))
    return nodes <= sides


def _one_product(mender: Mender, edit: Edit, statement: int) -> bool:
    """Tell whether two names that change places are the two operands of one product."""
    text = mender.code.source_of
    for node in ast.walk(mender.code.raws[statement].value):
        pair = product_of(node) if isinstance(node, ast.expr) else None
        if pair is not None and {bare(pair[0], text), bare(pair[1], text)} == {edit.old, edit.new}:
            return True
    return False


def _numbers(mender: Mender, source: str, statement: int) -> list[Any] | None:
    try:
        e = mender.code.read(f"_ = {source}", "_")
    except NotationError:
        return None
    names = mender.code.names_before(statement)
    found = [computed(e, names, values, {}) for values in mender.work.now]
    return None if any(f is None for f in found) else found


def _derivative(mender: Mender, edit: Edit, statement: int) -> str:
    """Another expression stands where a derivative belongs: which mistake is it?"""
    right = _numbers(mender, edit.new, statement)
    wrong = _numbers(mender, edit.old, statement)
    if right is None or wrong is None:
        return "operand"
    if np.shape(wrong[0]) == np.shape(right[0]):
        with np.errstate(all="ignore"):
            if all(np.min(np.asarray(w)) >= 0.19 and np.max(np.asarray(w)) <= 0.2501 for w in wrong):
                return "derivative-twice"
        for role in mender.work.trials[0].truth:
            if role.kind == "factor":
                z = mender.program.instructions[mender.program.makers[role.index]].reads[0]
                for at, which in ((z, "derivative-of-preactivation"), (role.index, "derivative-missing")):
                    a = [np.asarray(t.values[at]) for t in mender.work.trials]
                    for formula in (lambda x: x * (1 - x), lambda x: 1 - x**2):
                        if constant(wrong, [formula(x) for x in a]) is not None:
                            return "derivative-of-preactivation" if which == "derivative-of-preactivation" else "operand"
    return "derivative-missing" if np.ndim(wrong[0]) == 0 else "operand"


def _dropped(mender: Mender, edit: Edit, statement: int) -> str:
    found = _numbers(mender, edit.old, statement)
    if found is None:
        return "derivative-extra"
    fixed = np.size(found[0]) == 1 and all(np.array_equal(f, found[0]) for f in found)
    return "operand" if fixed else "derivative-extra"


def _small(mender: Mender, source: str, statement: int) -> bool:
    """Tell whether an expression is a small number, as one that is to keep a divisor from 0."""
    found = _numbers(mender, source, statement)
    return found is not None and np.size(found[0]) == 1 and 0 < abs(float(np.ravel(found[0])[0])) < 0.05


def _grows(mender: Mender, place: Place, statement: int) -> bool:
    """Tell whether the result of a line is larger than what it should be."""
    found = mender.work.now[0][place.value] if place.value < len(mender.work.now[0]) else None
    s = mender.program.statements[statement]
    found = mender.work.trials[0].values[mender.program.instructions[s.last - 1].result] if s.last > s.first else found
    truth = mender.work.truth(place.role)[0]
    return found is not None and np.size(found) > truth.size


def _is_activation(mender: Mender, name: str) -> bool:
    return name in ("sigmoid", "tanh", "relu", "softmax") or name in mender.code.source.definitions
