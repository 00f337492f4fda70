"""True remarks on a program whose gradients may be right: what is not wrong, but worth knowing."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import numpy as np

from core.diagnosis.look import Look
from core.diagnosis.nodes import function_of, nodes_of, wrapped
from core.diagnosis.result import Fault
from core.diagnosis.tidying import tidy
from core.diagnosis.trials import first_inputs
from core.health.probe import Probe
from core.program.ir import Program

SMALL = 0.05


def remarks(look: Look, faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Return what is worth knowing: an epsilon in a logarithm or a divisor, an output layer without a bias, what stays."""
    return (*_epsilons(look), *_output_without_bias(look), *_frozen(look, {n for f in faults for n in f.parameters}))


def _epsilons(look: Look) -> list[Fault]:
    """A small number that keeps a divisor or a logarithm from 0 makes the gradient wrong where the output is surely wrong."""
    p, case = look.program, look.case
    small = {n for n, v in p.first_values.items() if isinstance(v, float) and 0 < abs(v) < SMALL}
    found: list[Fault] = []
    for s in p.statements:
        if s.derived or s.phase not in ("forward", "loss", "backward"):
            continue
        raw = case.code.raws[s.index]
        for node in ast.walk(raw.value):
            inner = _guarded(node)
            if inner is None or not any(_adds_small(x, small) for x in nodes_of(inner)):
                continue
            spans = [
                (x, wrapped(x.left, case.code.source_of))
                for x in ast.walk(raw.value)
                if isinstance(x, ast.BinOp) and _adds_small(x, small)
            ]
            text = tidy(case.code.spliced(raw, spans), raw.text).strip()
            found.append(Fault(case.line(s.line), s.text, "epsilon", text, role=s.target))
            break
    return found


def _guarded(node: ast.AST) -> ast.expr | None:
    """Return what a logarithm is taken of, or what is divided by."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return node.right
    if isinstance(node, ast.Call) and function_of(node) in ("log", "log2", "log10") and node.args:
        return node.args[0]
    if isinstance(node, ast.Call) and function_of(node) == "divide" and len(node.args) == 2:
        return node.args[1]
    return None


def _adds_small(node: ast.expr, small: set[str]) -> bool:
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub))):
        return False
    right = node.right
    if isinstance(right, ast.Constant):
        return isinstance(right.value, float) and 0 < abs(right.value) < SMALL
    return isinstance(right, ast.Name) and right.id in small


def _output_without_bias(look: Look) -> list[Fault]:
    """An output that is a sum of hidden outputs alone: where they are all 0, so is it. Inputs may hold a column of ones."""
    p, case = look.program, look.case
    if p.loss is None:
        return []
    products = [i for i in p.instructions if i.op in ("matmul", "dot") and p.phase_of(i.index) == "forward"
                and any(p.values[v].name in p.trainable for v in i.reads)]  # fmt: skip
    if not products:
        return []
    last = products[-1]
    if any(last.result in j.reads and j.op in ("add", "subtract") for j in p.instructions):
        return []
    probe = Probe(p, first_inputs(p).__getitem__)
    sample = 1 if p.batching.axis == -1 else 0
    for v in last.reads:
        datum = probe.values[v]
        if p.values[v].name in p.trainable or np.ndim(datum) != 2:
            continue
        if any(np.all(np.take(datum, k, axis=1 - sample) == 1) for k in range(np.shape(datum)[1 - sample])):
            return []  # a feature that is always 1 is a bias by another name
    raw = case.code.raws[last.statement]
    return [Fault(case.line(raw.line), raw.text, "bias-missing", role=p.values[last.result].label)]


def frozen(program: Program) -> list[str]:
    """Return the parameters that no update changes, though one changes others: they may be meant to stay as they are."""
    moved = {n for n, (start, end) in program.carried.items() if start != end}
    return [n for n in program.trainable if n not in moved] if not moved.isdisjoint(program.trainable) else []


def _frozen(look: Look, accused: set[str]) -> list[Fault]:
    case = look.case
    found: list[Fault] = []
    for name in (n for n in frozen(look.program) if n not in accused):
        line = look.program.given_named(name).line
        found.append(Fault(case.line(line), case.code.lines[line - 1].strip(), "never-applied"))
    return found
