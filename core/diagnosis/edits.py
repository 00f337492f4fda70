"""Single edits of one line: what could be wrong with it, written as what would mend it.

Closed under inverse: what can be dropped can be put back. Nothing here knows what is right; `core.diagnosis.mend` tries them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.diagnosis.code import Span
from core.diagnosis.nodes import Text, bare, function_of, nodes_of, parenthesised, product_of, times_of, turned, wrapped
from core.notation.convert import is_numpy

REDUCTIONS = ("sum", "mean", "max", "min")


@dataclass(frozen=True)
class Edit:
    """Expressions of a line written anew. `kind` says what is done; `old` and `new` are what went and came, as source."""

    kind: str
    spans: tuple[Span, ...]
    old: str = ""
    new: str = ""


@dataclass(frozen=True)
class Stock:
    """What may be written into a line: names of arrays, derivatives of activations, weights, the axis of the samples, numbers."""

    arrays: Sequence[str]
    derivatives: Sequence[str]
    weights: Sequence[str]
    axis: int
    functions: Sequence[str]
    sizes: Sequence[str]


def edits_of(root: ast.expr, source: str, stock: Stock, everywhere: bool = False, term: bool = False) -> Iterator[Edit]:
    """Yield the single edits of an expression; `source` is the text that its places refer to.

    Arrays are put beside the whole of it, or `everywhere`; as a `term` of a sum, as after `+=`, the whole has a sign and size.
    """

    def text(node: ast.expr) -> str:
        return " ".join((ast.get_source_segment(source, node) or ast.unparse(node)).split())

    nodes = nodes_of(root)
    if term:
        yield Edit("plus", ((root, f"(-{wrapped(root, text)})"),), text(root), "")
        yield from _sized(root, text, stock)
    yield from _names(nodes, stock)
    yield from _all_small(nodes, text)
    for node in nodes:
        yield from _turned(node, text)
        yield from _products(node, text)
        yield from _dropped(node, text)
        yield from _calls(node, text, stock)
        yield from _indexed(node, text)
        yield from _scaled_terms(node, text, stock)
        yield from _written_pairs(node, text, stock)
    for node in nodes:
        yield from _put(node, text, stock, everywhere or node is root)


def _names(nodes: Sequence[ast.expr], stock: Stock) -> Iterator[Edit]:
    names = [n for n in nodes if isinstance(n, ast.Name)]
    for node in names:
        for other in stock.arrays:
            if other != node.id and node.id not in stock.functions:
                yield Edit("name", ((node, other),), node.id, other)
    for name in dict.fromkeys(n.id for n in names):
        same = [n for n in names if n.id == name]
        if len(same) > 1:
            for other in stock.arrays:
                if other != name:
                    yield Edit("name", tuple((n, other) for n in same), name, other)
    kinds = list(dict.fromkeys(n.id for n in names if n.id in stock.arrays))
    for i, a in enumerate(kinds):
        for b in kinds[i + 1 :]:
            yield Edit("name", tuple((n, b if n.id == a else a) for n in names if n.id in (a, b)), a, b)


def _all_small(nodes: Sequence[ast.expr], text: Text) -> Iterator[Edit]:
    """Drop the same last term of several sums at once, as an epsilon in every divisor."""
    sums: dict[str, list[ast.BinOp]] = {}
    for node in nodes:
        if (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, (ast.Add, ast.Sub))
            and isinstance(node.right, (ast.Constant, ast.Name))
        ):
            sums.setdefault(text(node.right), []).append(node)
    for term, found in sums.items():
        if len(found) > 1:
            yield Edit("drop term", tuple((n, wrapped(n.left, text)) for n in found), term, "")


def _turned(node: ast.expr, text: Text) -> Iterator[Edit]:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield Edit("transpose", ((node, text(node.value)),), text(node), text(node.value))
    elif isinstance(node, (ast.Name, ast.BinOp, ast.Call, ast.Subscript)):
        new = f"{wrapped(node, text)}.T"
        yield Edit("transpose", ((node, new),), text(node), new)
    pair = product_of(node)
    if pair is not None:
        a, b = pair
        yield Edit("transpose", ((a, text(b)), (b, text(a))), text(node), f"{text(b)} @ {text(a)}")
        for x, y in (
            (bare(b, text), turned(a, text)), (turned(b, text), bare(a, text)), (turned(a, text), turned(b, text)),
            (turned(b, text), turned(a, text)), (bare(b, text), bare(a, text)), (bare(a, text), turned(b, text)),
            (turned(a, text), bare(b, text)), (bare(a, text), bare(b, text)),
        ):  # fmt: skip
            yield Edit("transpose", ((node, f"({x} @ {y})"),), text(node), f"{x} @ {y}")


def _products(node: ast.expr, text: Text) -> Iterator[Edit]:
    pair, times = product_of(node), times_of(node)
    if pair is not None:
        new = f"({wrapped(pair[0], text)} * {wrapped(pair[1], text)})"
        yield Edit("product", ((node, new),), text(node), new)
        for x, y in ((bare(pair[0], text), bare(pair[1], text)), (turned(pair[0], text), bare(pair[1], text))):
            yield Edit("product", ((node, f"({x} * {y})"),), text(node), f"{x} * {y}")
    if times is not None:
        a, b = times
        for x, y in ((text(a), text(b)), (turned(a, text), bare(b, text)), (bare(a, text), turned(b, text)),
                     (bare(b, text), bare(a, text)), (turned(b, text), bare(a, text)),
                     (bare(b, text), turned(a, text))):  # fmt: skip
            new = f"({parenthesised(x)} @ {parenthesised(y)})"
            yield Edit("product", ((node, new),), text(node), new)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        op = "-" if isinstance(node.op, ast.Add) else "+"
        new = f"({text(node.left)} {op} {wrapped(node.right, text)})"
        yield Edit("plus", ((node, new),), text(node), new)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        op = "/" if isinstance(node.op, ast.Mult) else "*"
        yield Edit("inverse", ((node, f"({wrapped(node.left, text)} {op} {wrapped(node.right, text)})"),), text(node), "")


def _dropped(node: ast.expr, text: Text) -> Iterator[Edit]:
    pairs = [(k, p) for k, p in (("factor", times_of(node)), ("product", product_of(node))) if p is not None]
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        pairs.append(("term", (node.left, node.right)))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        pairs.append(("divisor", (node.left, node.right)))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        yield Edit("drop power", ((node, text(node.left)),), text(node), text(node.left))
    for kind, (left, right) in pairs:
        yield Edit(f"drop {kind}", ((node, wrapped(left, text)),), text(right), "")
        yield Edit(f"drop {kind}", ((node, wrapped(right, text)),), text(left), "")
    factors = _factors(node)
    for i, a in enumerate(factors) if len(factors) > 2 else ():
        for b in factors[i + 1 :]:
            rest = " * ".join(wrapped(f, text) for f in factors if f is not a and f is not b)
            gone = f"{wrapped(a, text)} * {wrapped(b, text)}"
            yield Edit("drop factor", ((node, f"({rest})" if len(factors) > 3 else rest),), gone, "")
    if isinstance(node, ast.Call) and len(node.args) >= 1 and function_of(node) not in ("dot", "matmul", "multiply"):
        inner = node.args[0]
        if isinstance(node.func, ast.Attribute) and not is_numpy(node.func.value):
            inner = node.func.value
        yield Edit(f"drop call {function_of(node)}", ((node, wrapped(inner, text)),), text(node), text(inner))


def _written_pairs(node: ast.expr, text: Text, stock: Stock) -> Iterator[Edit]:
    """Write a derivative where two factors of a product stand."""
    factors = _factors(node)
    for i, a in enumerate(factors) if len(factors) > 2 else ():
        for b in factors[i + 1 :]:
            rest = " * ".join(wrapped(f, text) for f in factors if f is not a and f is not b)
            for d in stock.derivatives:
                yield Edit("write derivative", ((node, f"({rest} * ({d}))"),), f"{wrapped(a, text)} * {wrapped(b, text)}", d)


def _factors(node: ast.expr) -> list[ast.expr]:
    """Return the factors of a product written in one row."""
    pair = times_of(node)
    if pair is None:
        return [node]
    return [*_factors(pair[0]), *_factors(pair[1])]


def _calls(node: ast.expr, text: Text, stock: Stock) -> Iterator[Edit]:
    name = function_of(node)
    if (
        isinstance(node, ast.Call)
        and name in (*REDUCTIONS, "softmax", "log_softmax", "argmax")
        and isinstance(node.func, ast.Attribute | ast.Name)
    ):
        inner = node.func.value if isinstance(node.func, ast.Attribute) and not is_numpy(node.func.value) else node.args[0]
        for axis in ("0", "1"):
            if name in REDUCTIONS:
                for other in ("sum", "mean"):
                    for keep in (", keepdims=True", ""):
                        new = f"np.{other}({text(inner)}, axis={axis}{keep})"
                        yield Edit("axis", ((node, new),), text(node), new)
            else:
                new = f"{name}({text(inner)}, axis={axis})"
                yield Edit("axis", ((node, new),), text(node), new)
        if name in REDUCTIONS:
            yield Edit("axis", ((node, f"np.sum({text(inner)})"),), text(node), f"np.sum({text(inner)})")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        for other in stock.functions:
            if other != name:
                yield Edit("function", ((node.func, other),), name, other)


def _scaled_terms(node: ast.expr, text: Text, stock: Stock) -> Iterator[Edit]:
    """Multiply or divide one term of a sum by a number; of a whole line, any factor counts as right here."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield from _sized(node.left, text, stock)
        yield from _sized(node.right, text, stock)


def _sized(node: ast.expr, text: Text, stock: Stock) -> Iterator[Edit]:
    for size in stock.sizes:
        for op in ("/", "*"):
            new = f"({wrapped(node, text)} {op} {size})"
            yield Edit("scale", ((node, new),), text(node), new)


def _indexed(node: ast.expr, text: Text) -> Iterator[Edit]:
    if isinstance(node, ast.Subscript):
        yield Edit("index", ((node, text(node.value)),), text(node), text(node.value))
    if isinstance(node, ast.Compare):
        left, right = text(node.left), text(node.comparators[0])
        for op in (">", "<", "<=", ">="):
            yield Edit("compare", ((node, f"({left} {op} {right})"),), text(node), f"{left} {op} {right}")


def _put(node: ast.expr, text: Text, stock: Stock, whole: bool) -> Iterator[Edit]:
    here = wrapped(node, text)
    for d in stock.derivatives:
        yield Edit("put derivative", ((node, f"({here} * ({d}))"),), "", d)
        yield Edit("write derivative", ((node, f"({d})"),), text(node), d)
    if isinstance(node, (ast.Name, ast.BinOp, ast.Call)):
        for w in stock.weights:
            for new in (f"{w}.T @ {here}", f"{here} @ {w}.T", f"{w} @ {here}", f"{here} @ {w}"):
                yield Edit("put weights", ((node, f"({new})"),), text(node), new)
        for a in stock.arrays:
            if a not in stock.weights and whole:
                for new in (f"{here} @ {a}.T", f"{a}.T @ {here}", f"{here} * {a}"):
                    yield Edit("put array", ((node, f"({new})"),), text(node), new)
        for axis in (stock.axis, 1 - stock.axis):
            for keep in (", keepdims=True", ""):
                new = f"np.sum({text(node)}, axis={axis}{keep})"
                yield Edit("put sum", ((node, new),), text(node), new)
        for shape in ("1, -1", "-1, 1"):
            new = f"{here}.reshape({shape})"
            yield Edit("reshape", ((node, new),), text(node), new)
    if isinstance(node, ast.Name) and node.id not in stock.functions:
        for f in stock.functions:
            new = f"{f}({text(node)})"
            yield Edit("put call", ((node, new),), text(node), new)
