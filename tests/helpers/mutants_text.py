"""Edits of single lines of a program, found in Python's tree and made in its text."""

from __future__ import annotations

import ast
from collections.abc import Iterator

PRODUCTS = ("dot", "matmul")


def parts(line: str) -> tuple[str, str, str]:
    """Return the target, the assigning sign (`=`, `-=`, …, or `return`) and the right side of a line."""
    if line.strip().startswith("return "):
        return "", "return", line.strip()[7:]
    tree = ast.parse(line).body[0]
    assert isinstance(tree, (ast.Assign, ast.AugAssign))
    target = tree.targets[0] if isinstance(tree, ast.Assign) else tree.target
    left, right = line[: target.end_col_offset], line[tree.value.col_offset : tree.value.end_col_offset]
    between = line[target.end_col_offset : tree.value.col_offset]
    start = line.index("=", target.end_col_offset or 0)
    sign = line[start - 1 : start + 1] if line[start - 1] in "+-*/" else "="
    outer = line[start + 1 :].strip()
    return left, sign, outer if between.strip() != sign else (outer or right)


def with_right(line: str, right: str) -> str:
    """Return the line with another right side."""
    target, sign, _ = parts(line)
    if sign == "return":
        return line[: line.index("return")] + f"return {right}"
    return f"{target} {sign} {right}"


def simple(text: str) -> str:
    """Return an expression that can be a factor or have `.T` put behind it: in brackets unless it is a name, call or bracket."""
    node = ast.parse(text, mode="eval").body
    if isinstance(node, (ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.Constant)):
        return text
    return f"({text})"


def nodes(text: str) -> Iterator[tuple[ast.AST, str, int, int]]:
    """Yield every expression in a right side with its text and its columns; the text must be of one line."""
    for node in ast.walk(ast.parse(text, mode="eval").body):
        if isinstance(node, ast.expr):
            start, end = node.col_offset, node.end_col_offset or 0
            yield node, text[start:end], start, end


def spliced(text: str, start: int, end: int, new: str) -> str:
    """Return the text with a piece replaced."""
    return text[:start] + new + text[end:]


def names(text: str) -> list[tuple[str, int, int]]:
    """Return the names that are read, not those called, with their columns, in order."""
    found = list(nodes(text))
    called = {id(n.func) for n, *_ in found if isinstance(n, ast.Call)}
    spaces = {"np"}
    return sorted(
        ((n.id, a, b) for n, _, a, b in found if isinstance(n, ast.Name) and id(n) not in called and n.id not in spaces),
        key=lambda x: x[1],
    )


def products(text: str) -> list[tuple[str, str, int, int]]:
    """Return the matrix products: left and right operand as text, and the columns of the whole."""
    out: list[tuple[str, str, int, int]] = []
    for node, _, start, end in nodes(text):
        pair: list[ast.expr] = []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            pair = [node.left, node.right]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PRODUCTS:
            spoken = isinstance(node.func.value, ast.Name) and node.func.value.id == "np"
            pair = list(node.args) if spoken else [node.func.value, *node.args]
        if len(pair) == 2:
            left, right = (text[p.col_offset : p.end_col_offset] for p in pair)
            left, right = _bracketed(text, pair[0], left), _bracketed(text, pair[1], right)
            out.append((left, right, start, end))
    return out


def _bracketed(text: str, node: ast.expr, inner: str) -> str:
    return f"({inner})" if isinstance(node, (ast.BinOp, ast.UnaryOp)) else inner


def transposed(text: str) -> str:
    """Return the transpose of an expression, `X` for `X.T`."""
    node = ast.parse(text, mode="eval").body
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return text[: node.value.end_col_offset] if not text.startswith("(") else text[:-2]
    return f"{simple(text)}.T"


def transposes(text: str) -> list[tuple[str, int, int]]:
    """Return what stands before each `.T`, with the columns of the whole."""
    return [
        (text[start : node.value.end_col_offset] if text[start] != "(" else text[start : end - 2], start, end)
        for node, _, start, end in nodes(text)
        if isinstance(node, ast.Attribute) and node.attr == "T"
    ]


def differences(text: str) -> list[tuple[str, str, int, int]]:
    """Return the subtractions: both sides as text, and the columns of the whole."""
    return [
        (text[n.left.col_offset : n.left.end_col_offset], text[n.right.col_offset : n.right.end_col_offset], start, end)
        for n, _, start, end in nodes(text)
        if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Sub)
    ]


def constants(text: str) -> list[tuple[str, int, int]]:
    """Return the factors that are only numbers or sizes (`2 *`, `/ m`, `(1 / m) *`) with the columns that leave with them."""
    out: list[tuple[str, int, int]] = []
    for n, _, start, end in nodes(text):
        if not isinstance(n, ast.BinOp):
            continue
        if isinstance(n.op, ast.Mult) and _size(n.left):
            out.append((text[n.left.col_offset : n.left.end_col_offset], start, _open(text, n.right.col_offset)))
        elif isinstance(n.op, (ast.Mult, ast.Div)) and _size(n.right) and not _size(n.left):
            out.append((text[n.right.col_offset : n.right.end_col_offset], _close(text, n.left.end_col_offset or 0), end))
        elif isinstance(n.op, ast.MatMult) and isinstance(n.left, ast.BinOp):
            continue
    return out


def _open(text: str, at: int) -> int:
    """Return where the brackets that stand directly before a column begin."""
    while at and text[at - 1] == "(" and text[max(at - 2, 0)] in " (*/":
        at -= 1
    return at


def _close(text: str, at: int) -> int:
    while at < len(text) and text[at] == ")":
        at += 1
    return at


def _size(node: ast.expr) -> bool:
    """Tell whether an expression is made of numbers and sizes only."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Name):
        return node.id in ("m", "n")
    if isinstance(node, ast.BinOp):
        return _size(node.left) and _size(node.right)
    if isinstance(node, ast.UnaryOp):
        return _size(node.operand)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "len"
    return isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
