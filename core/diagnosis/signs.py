"""How a line is written with another sign, or with a constant factor more or less."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from core.diagnosis.code import Change, Code, computed
from core.diagnosis.nodes import nodes_of, product_of, times_of, wrapped
from core.diagnosis.tidying import tidy
from core.diagnosis.work import Work
from core.errors import NotationError
from core.notation.parse import Raw

RTOL = 1e-9


def rewritten(work: Work, code: Code, value: int, times: float) -> tuple[str, Change] | None:
    """Return a line whose result (of an update: whose step) is `times` as large, the plainest way of writing it."""
    statement = work.statement_of(value)
    raw = code.raws[statement]
    names = code.names_before(statement)
    p = work.program
    start = names.get(raw.target)
    is_step = raw.target in p.carried and p.statements[statement].phase == "update" and (
        value == p.carried[raw.target][1] or p.instructions[p.statements[statement].last - 1].result != value
    )  # fmt: skip
    values = work.trials[0].values
    made = p.instructions[p.statements[statement].last - 1].result
    old = np.asarray(values[made], dtype=float)
    base = np.asarray(values[start], dtype=float) if is_step and start is not None else np.zeros(())
    if np.shape(old) != np.shape(base) and np.ndim(base):
        return None
    wanted = base + (old - base) * times
    for segment in _candidates(code, raw, times, names, values, is_step):
        try:
            e = code.read(segment, raw.target)
        except (NotationError, KeyError):
            continue
        size = p.batching.size
        found = computed(e, names, values, {"m": size, "batch_size": size, "iteration": 1})
        if (
            found is not None
            and np.shape(found) == wanted.shape
            and np.allclose(found, wanted, rtol=RTOL, atol=1e-12 * float(np.max(np.abs(wanted)) or 1))
        ):
            new = tidy(segment, raw.text)
            return new.strip(), code.change(raw, new)
    return None


def _candidates(code: Code, raw: Raw, times: float, names: Mapping[str, int], values: list[Any], is_step: bool) -> Iterator[str]:
    segment = code.segment(raw)
    root = raw.value
    text = code.source_of
    if times < 0:
        yield from _other_sign(code, raw, root, segment)
        if abs(times + 1) > RTOL:
            for first in _other_sign(code, raw, root, segment):
                yield from _scaled_text(first, raw, abs(times), names, values)
        yield code.spliced(raw, [(root, f"-({text(root)})")])
        return
    yield from _named_numbers(code, raw, root, names, values)
    yield from _dropped_scalars(code, raw, root)
    inside = _step_of(raw, root) if is_step else root
    for suffix in _suffixes(times, names, values):
        here = wrapped(inside, text) if not _product(inside) else text(inside)
        yield code.spliced(raw, [(inside, f"{here} {suffix}" if inside is root else f"({here} {suffix})")])


def _named_numbers(code: Code, raw: Raw, root: ast.expr, names: Mapping[str, int], values: list[Any]) -> Iterator[str]:
    """Write the name of a number where a number stands, as `lr` for 0.1."""
    scalars = [n for n, v in names.items() if isinstance(values[v], float)]
    for node in nodes_of(root):
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            for name in scalars:
                yield code.spliced(raw, [(node, name)])


def _scaled_text(segment: str, raw: Raw, times: float, names: Mapping[str, int], values: list[Any]) -> Iterator[str]:
    head, equals, tail = segment.partition("=")
    for suffix in _suffixes(times, names, values):
        yield f"{head}{equals} ({tail.strip()}) {suffix}"


def _product(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div, ast.MatMult))


def _step_of(raw: Raw, root: ast.expr) -> ast.expr:
    """Return what an update adds to its parameter or takes from it."""
    if raw.augment is None and isinstance(root, ast.BinOp) and isinstance(root.op, (ast.Add, ast.Sub)):
        return root.right
    return root


def _other_sign(code: Code, raw: Raw, root: ast.expr, segment: str) -> Iterator[str]:
    text = code.source_of
    if raw.augment is not None:
        a, b = ("-=", "+=") if isinstance(raw.augment, ast.Sub) else ("+=", "-=")
        yield segment.replace(a, b, 1)
    for node in nodes_of(root):
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield code.spliced(raw, [(node, text(node.operand))])
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Sub, ast.Add)):
            left, right = text(node.left), wrapped(node.right, text)
            op = "+" if isinstance(node.op, ast.Sub) else "-"
            inner = f"{left} {op} {right}"
            yield code.spliced(raw, [(node, inner)])
            if isinstance(node.op, ast.Sub):
                yield code.spliced(raw, [(node.left, wrapped(node.right, text)), (node.right, wrapped(node.left, text))])
    for node in nodes_of(root):
        if isinstance(node, ast.Constant):
            yield code.spliced(raw, [(node, f"-{text(node)}")])


def _dropped_scalars(code: Code, raw: Raw, root: ast.expr) -> Iterator[str]:
    text = code.source_of
    for node in nodes_of(root):
        pair = times_of(node) or (
            (node.left, node.right) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) else product_of(node)
        )
        if pair is not None:
            yield code.spliced(raw, [(node, wrapped(pair[0], text))])
            yield code.spliced(raw, [(node, wrapped(pair[1], text))])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("mean", "sum"):
            other = "sum" if node.func.attr == "mean" else "mean"
            source = text(node)
            at = source.find(f".{node.func.attr}(")
            yield code.spliced(raw, [(node, source[:at] + f".{other}(" + source[at + len(node.func.attr) + 2 :])])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("mean", "sum"):
            yield code.spliced(raw, [(node.func, "sum" if node.func.id == "mean" else "mean")])


def _suffixes(times: float, names: Mapping[str, int], values: list[Any]) -> Iterator[str]:
    scalars = {
        n: float(values[v]) for n, v in names.items() if isinstance(values[v], (int, float)) and not isinstance(values[v], bool)
    }
    for n, x in sorted(scalars.items(), key=lambda item: item[0] not in ("m", "M", "n", "N")):
        if x and np.isclose(times, 1 / x, rtol=RTOL) and x != 1:
            yield f"/ {n}"
        if np.isclose(times, x, rtol=RTOL) and x != 1:
            yield f"* {n}"
    for whole in range(2, 1001):
        if np.isclose(times, 1 / whole, rtol=RTOL):
            yield f"/ {whole}"
        if np.isclose(times, whole, rtol=RTOL):
            yield f"* {whole}"
    yield f"* {times!r}"
