"""The text of a question → an expression: one line of Python's grammar, with `and`, `or`, `not` and a few short words."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from core.errors import NotationError, StepperError
from core.notation.convert import Converter, Definition
from core.notation.parse import parse
from core.notation.syntax import python_tree
from core.program.expr import Apply, Expr, Num, call
from core.program.ir import Program

LONGEST = 500
SHORT = {
    "norm": "sqrt(sum(x ** 2))",  # of Frobenius: Golub, Van Loan, *Matrix Computations*, 2.3.1
    "any": "max(x != 0)",
    "all": "min(x != 0)",
    "isnan": "x != x",
}


def question_expr(text: str, program: Program) -> Expr:
    """Return the expression that a text stands for; raises NotationError with one sentence."""
    return _Logic(program).read(text)


class _Logic:
    """Reads text; `and`, `or`, `not` of whole answers become smallest, largest and `== 0` of truth values."""

    def __init__(self, program: Program) -> None:
        axis = program.batching.axis
        context = {"samples": axis, "class_axis": 0 if axis == -1 else -1, "seed": program.batching.seed, "target": ""}
        self._converter = Converter({**_definitions(), **_own(program.text)}, context)

    def read(self, text: str) -> Expr:
        text = text.strip()
        if not text:
            raise NotationError("write an expression, such as `L` or `abs(dW1).max()`")
        if len(text) > LONGEST:
            raise NotationError(f"a question is at most {LONGEST} characters long")
        try:
            tree = python_tree(text, "eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            if re.search(r"(?<![<>=!])=(?!=)", text):
                raise NotationError("to compare two things write `==`, not `=`") from None
            raise NotationError("this is not a whole expression yet; write one like `L > 0.5` or `norm(dW1)`") from None
        try:
            return self._logic(_Plain().visit(tree))
        except NotationError as error:
            raise NotationError(error.bare) from None
        except StepperError as error:
            raise NotationError(str(error)) from None

    def _logic(self, node: ast.expr) -> Expr:
        if isinstance(node, ast.BoolOp):
            parts = [self._truth(n) for n in node.values]
            join = "minimum" if isinstance(node.op, ast.And) else "maximum"
            whole = parts[0]
            for part in parts[1:]:
                whole = Apply(join, (whole, part))
            return whole
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return call("equal", self._truth(node.operand), Num(False))
        return self._converter.convert(node)

    def _truth(self, node: ast.expr) -> Expr:
        inner = self._logic(node)
        logical = isinstance(node, (ast.BoolOp, ast.Compare)) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
        return inner if logical else call("not_equal", inner, 0)


class _Plain(ast.NodeTransformer):
    """`np.linalg.norm(x)`, `np.any(x)`, `x.any()` as people type them → `norm(x)`, `any(x)`."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        f = node.func
        if isinstance(f, ast.Attribute) and f.attr in SHORT:
            module = ast.unparse(f.value) in ("np", "numpy", "np.linalg", "numpy.linalg")
            arguments = node.args if module else [f.value, *node.args]
            return ast.copy_location(ast.Call(ast.Name(f"np.{f.attr}", ast.Load()), arguments, node.keywords), node)
        return node


@lru_cache(maxsize=8)
def _own(text: str) -> Mapping[str, Definition]:
    """Return the `def`s of a program: a question may call them, and what they mean goes before a short word."""
    return parse(text).definitions


def _definitions() -> Mapping[str, Definition]:
    """Return the short words, also as `np.norm`, which no `def` of a learner takes away."""
    found: dict[str, Definition] = {}
    for name, text in SHORT.items():
        node: Any = python_tree(f"def {name}(x):\n    return {text}\n").body[0]
        found[name] = found[f"np.{name}"] = Definition(name, ("x",), (), node.body[0].value, node)
    return found
