"""Expressions of a line as source: which there are, what they multiply, and how they are written beside an operator."""

from __future__ import annotations

import ast
from collections.abc import Callable

from core.notation.convert import is_numpy

Text = Callable[[ast.expr], str]


def nodes_of(root: ast.expr) -> list[ast.expr]:
    """Return the expressions inside one, outermost first; functions and the arrays that sizes are read of are not operands."""
    found: list[ast.expr] = []

    def visit(node: ast.expr) -> None:
        found.append(node)
        if isinstance(node, ast.BinOp):
            visit(node.left)
            visit(node.right)
        elif isinstance(node, ast.UnaryOp):
            visit(node.operand)
        elif isinstance(node, ast.Attribute) and node.attr == "T":
            visit(node.value)
        elif isinstance(node, ast.Compare):
            visit(node.left)
            visit(node.comparators[0])
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and not is_numpy(node.func.value):
                visit(node.func.value)
            for a in node.args:
                if not isinstance(a, (ast.Tuple, ast.Constant)):
                    visit(a)
        elif isinstance(node, ast.Subscript) and not (isinstance(node.value, ast.Attribute) and node.value.attr == "shape"):
            visit(node.value)

    visit(root)
    return found


def function_of(node: ast.expr) -> str:
    """Return the name of the function that is called, empty for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""


def product_of(node: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """Return the two operands of a matrix product."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return node.left, node.right
    if function_of(node) in ("dot", "matmul") and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if is_numpy(node.func.value) and len(node.args) == 2:
            return node.args[0], node.args[1]
        if not is_numpy(node.func.value) and len(node.args) == 1:
            return node.func.value, node.args[0]
    return None


def times_of(node: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """Return the two operands of a product of single cells."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return node.left, node.right
    if function_of(node) == "multiply" and isinstance(node, ast.Call) and len(node.args) == 2:
        return node.args[0], node.args[1]
    return None


def wrapped(node: ast.expr, text: Text) -> str:
    """Return the source of an expression, in parentheses unless it is one thing."""
    return text(node) if isinstance(node, (ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.Constant)) else f"({text(node)})"


def turned(node: ast.expr, text: Text) -> str:
    """Return the source of an expression transposed."""
    return text(node) if isinstance(node, ast.Attribute) and node.attr == "T" else f"{wrapped(node, text)}.T"


def bare(node: ast.expr, text: Text) -> str:
    """Return the source of an expression without `.T`."""
    return wrapped(node.value, text) if isinstance(node, ast.Attribute) and node.attr == "T" else wrapped(node, text)


def parenthesised(source: str) -> str:
    """Return source that can stand beside an operator."""
    return source if source.replace("_", "").replace(".", "").isalnum() or source.startswith("(") else f"({source})"
