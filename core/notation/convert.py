"""Python expression nodes → expressions of the notation. Function definitions are expanded in place."""

from __future__ import annotations

import ast
import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import ops
from core.errors import NotationError
from core.program.expr import Apply, Attributes, Expansion, Expr, Name, Num, Within

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power", ast.MatMult: "matmul",
}  # fmt: skip
COMPARE: dict[type[ast.cmpop], str] = {
    ast.Gt: "greater", ast.GtE: "greater_equal", ast.Lt: "less", ast.LtE: "less_equal", ast.Eq: "equal", ast.NotEq: "not_equal",
}  # fmt: skip
METHODS = ("sum", "mean", "max", "min", "dot", "reshape", "transpose", "copy", "astype", "squeeze")
CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}
DTYPES = ("float64", "float32", "float16", "int64", "int32", "uint8", "bool")
DEEPEST = 150
MOST_NODES = 300_000


@dataclass(frozen=True)
class Definition:
    """A small `def`: arguments, lines `name = …`, and the returned expression."""

    name: str
    arguments: tuple[str, ...]
    steps: tuple[tuple[str, ast.expr], ...]
    value: ast.expr
    node: ast.FunctionDef


def fail(node: ast.AST, message: str) -> NotationError:
    """Return an error that points at `node`."""
    return NotationError(message, getattr(node, "lineno", 0), getattr(node, "col_offset", 0) + 1)


def is_numpy(node: ast.expr) -> bool:
    """Tell whether `node` is the name `np` or `numpy`."""
    return isinstance(node, ast.Name) and node.id in ("np", "numpy")


def constant(node: ast.expr) -> Any:
    """Return the value of an attribute: a whole number, True, None, a text, a dtype, or a tuple of these."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float, str, type(None))):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = constant(node.operand)
        if isinstance(inner, (int, float)):
            return -inner
    if isinstance(node, (ast.Tuple, ast.List)):
        return tuple(constant(e) for e in node.elts)
    if isinstance(node, ast.Attribute) and is_numpy(node.value) and node.attr in DTYPES:
        return node.attr
    if isinstance(node, ast.Name) and node.id in ("float", "int", "bool"):
        return {"float": "float64", "int": "int64", "bool": "bool"}[node.id]
    raise fail(node, "a plain number, True, False or None is needed here")


class Converter:
    """Turns `ast` nodes into expressions. `context` holds what operations ask the program for (`Op.context`)."""

    def __init__(self, definitions: Mapping[str, Definition], context: Mapping[str, Any]) -> None:
        self.definitions = definitions
        self.context = dict(context)
        self._depth = 0
        self._converted = 0
        self._frames: tuple[Within, ...] = ()

    def convert(self, node: ast.expr, scope: Mapping[str, Expr] | None = None) -> Expr:
        """Return the expression that `node` stands for; `scope` holds the arguments of a `def`.

        Raises:
            NotationError: for anything outside the notation.
        """
        self._depth += 1
        try:
            self._converted += 1
            if self._converted > MOST_NODES:
                raise fail(node, "written out, the `def`s of this program become too long; use fewer of them inside each other")
            if self._depth > DEEPEST:
                raise fail(node, "this line is nested too deeply; split it in two")
            return self._convert(node, scope)
        finally:
            self._depth -= 1

    def _convert(self, node: ast.expr, scope: Mapping[str, Expr] | None) -> Expr:
        if isinstance(node, ast.Constant):
            if isinstance(node.value, (bool, int, float)):
                return Num(_plain(node, node.value))
            raise fail(node, "only numbers can stand here")
        if isinstance(node, ast.Name):
            return scope[node.id] if scope is not None and node.id in scope else Name(node.id)
        if isinstance(node, ast.BinOp):
            return self._binary(node, scope)
        if isinstance(node, ast.UnaryOp):
            return self._unary(node, scope)
        if isinstance(node, ast.Compare):
            if len(node.ops) != 1 or type(node.ops[0]) not in COMPARE:
                raise fail(node, "compare two things at a time, with > >= < <= == or !=")
            return self._made(
                COMPARE[type(node.ops[0])], (self.convert(node.left, scope), self.convert(node.comparators[0], scope))
            )
        if isinstance(node, ast.Attribute):
            return self._attribute(node, scope)
        if isinstance(node, ast.Subscript):
            return self._subscript(node, scope)
        if isinstance(node, ast.Call):
            return self._call(node, scope)
        raise fail(
            node, "this is not part of the notation; use names, numbers, + - * / ** @, comparisons, slices and known functions"
        )

    def _binary(self, node: ast.BinOp, scope: Mapping[str, Expr] | None) -> Expr:
        op = BINARY.get(type(node.op))
        if op is None:
            raise fail(node, "this operator is not part of the notation; use + - * / ** or @")
        made = self._made(op, (self.convert(node.left, scope), self.convert(node.right, scope)))
        z = written_out_sigmoid(made)
        return made if z is None else self._made("sigmoid_written_out", (z,))

    def _unary(self, node: ast.UnaryOp, scope: Mapping[str, Expr] | None) -> Expr:
        inner = self.convert(node.operand, scope)
        if isinstance(node.op, ast.UAdd):
            return inner
        if not isinstance(node.op, ast.USub):
            raise fail(node, "`not` and `~` are not part of the notation; compare instead, as in `Z <= 0`")
        return Num(-inner.number) if isinstance(inner, Num) else self._made("negative", (inner,))

    def _attribute(self, node: ast.Attribute, scope: Mapping[str, Expr] | None) -> Expr:
        if is_numpy(node.value) and node.attr in CONSTANTS:
            return Num(CONSTANTS[node.attr])
        if node.attr == "T":
            inner = self.convert(node.value, scope)
            twice = isinstance(inner, Apply) and inner.op == "transpose" and not inner.attributes
            return inner.T if twice else self._made("transpose", (inner,))
        if node.attr == "shape":
            raise fail(node, "name one size, as in `X.shape[1]`")
        raise fail(
            node,
            f"`.{node.attr}` is not part of the notation; .T, .shape[i] and {', '.join('.' + m + '()' for m in METHODS)} are",
        )

    def _subscript(self, node: ast.Subscript, scope: Mapping[str, Expr] | None) -> Expr:
        if isinstance(node.value, ast.Attribute) and node.value.attr == "shape":
            axis = constant(node.slice)
            if not isinstance(axis, int):
                raise fail(node, "`.shape[i]` needs a whole number")
            return self._made("size_of", (self.convert(node.value.value, scope),), (("axis", axis),))
        return self._made("getitem", (self.convert(node.value, scope),), (("index", self._index(node.slice)),))

    def _index(self, node: ast.expr) -> tuple[Any, ...]:
        items = node.elts if isinstance(node, ast.Tuple) else [node]
        out: list[Any] = []
        for item in items:
            if isinstance(item, ast.Slice):
                ends = [None if e is None else constant(e) for e in (item.lower, item.upper, item.step)]
                if any(e is not None and (not isinstance(e, int) or isinstance(e, bool)) for e in ends) or ends[2] == 0:
                    raise fail(item, "a slice needs whole numbers, and a step other than 0")
                out.append(tuple(ends))
            elif isinstance(item, ast.Attribute) and is_numpy(item.value) and item.attr == "newaxis":
                out.append(None)
            elif isinstance(item, ast.Constant) and item.value is Ellipsis:
                out.append(Ellipsis)
            else:
                try:
                    number = constant(item)
                except NotationError:
                    raise fail(
                        item, "an index is a whole number or a slice such as `1:3`; a mask can only be assigned to"
                    ) from None
                if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
                    raise fail(item, "an index is a whole number or a slice such as `1:3`")
                out.append(number)
        if out.count(Ellipsis) > 1:
            raise fail(node, "an index can hold `...` only once")
        return tuple(out)

    def _call(self, node: ast.Call, scope: Mapping[str, Expr] | None) -> Expr:
        function = node.func
        if isinstance(function, ast.Name) and function.id in self.definitions:
            return self._expand(node, self.definitions[function.id], scope)
        if isinstance(function, ast.Name) and function.id == "len" and len(node.args) == 1 and not node.keywords:
            return self._made("size_of", (self.convert(node.args[0], scope),), (("axis", 0),))
        if isinstance(function, ast.Name) or (isinstance(function, ast.Attribute) and is_numpy(function.value)):
            name = function.id if isinstance(function, ast.Name) else function.attr
            return self._apply(node, name, list(node.args), scope)
        if isinstance(function, ast.Attribute) and function.attr in METHODS:
            return self._apply(node, function.attr, [function.value, *node.args], scope, method=True)
        name = ast.unparse(function)
        raise fail(node, f"`{name[:60]}` is not a function of the notation")

    def _apply(
        self, node: ast.Call, name: str, arguments: list[ast.expr], scope: Mapping[str, Expr] | None, method: bool = False
    ) -> Expr:
        op = ops.named(name)
        if op is None:
            near = difflib.get_close_matches(name, [*ops.function_names(), *self.definitions], 1)
            hint = f"; did you mean `{near[0]}`?" if near else "; define it with a small `def`, or see `stepper list ops`"
            raise fail(node, f"there is no function `{name}`{hint}")
        if any(isinstance(a, ast.Starred) for a in arguments) or any(k.arg is None for k in node.keywords):
            raise fail(node, "`*` and `**` in a call are not part of the notation")
        if name == "reshape" and len(arguments) == 2 and isinstance(arguments[1], ast.Attribute) and arguments[1].attr == "shape":
            return self._made("reshape_like", (self.convert(arguments[0], scope), self.convert(arguments[1].value, scope)))
        needed = op.arity - len(op.implicit)
        given, rest = arguments[:needed], arguments[needed:]
        if len(given) < needed:
            raise fail(node, f"`{name}` needs {needed} operand{'s' if needed > 1 else ''}, {len(given)} given")
        if name == "unslice" and isinstance(given[1], ast.Subscript):
            index = self._index(given[1].slice)
            return self._made(
                "unslice", (self.convert(given[0], scope), self.convert(given[1].value, scope)), (("index", index),)
            )
        attributes = self._attributes(node, op, name, rest, method)
        operands = tuple(self.convert(a, scope) for a in given) + tuple(Name(n) for n in op.implicit)
        return self._made(op.name, operands, attributes)

    def _attributes(
        self, node: ast.Call, op: ops.Op, name: str, rest: list[ast.expr], method: bool
    ) -> tuple[tuple[str, Any], ...]:
        known = list(op.attributes)
        if name in ("reshape", "transpose") and len(rest) > 1 and method:
            found: dict[str, Any] = {known[0]: tuple(constant(r) for r in rest)}
        elif len(rest) > len(known):
            raise fail(node, f"`{name}` was given too many arguments")
        else:
            found = {key: constant(value) for key, value in zip(known, rest, strict=False)}
        for keyword in node.keywords:
            if keyword.arg not in known:
                raise fail(node, f"`{name}` has no argument `{keyword.arg}`" + (f"; it has {', '.join(known)}" if known else ""))
            if keyword.arg in found:
                raise fail(node, f"`{name}` was given `{keyword.arg}` twice")
            found[keyword.arg] = constant(keyword.value)
        for key, what in op.context.items():
            found.setdefault(key, self.context[what])
        needed = [key for key in known if key not in found and op.attributes[key] is ops.REQUIRED]
        if needed:
            raise fail(node, f"`{name}` needs `{needed[0]}`")
        for key, value in found.items():
            _check_attribute(node, key, value)
        return tuple(sorted((k, v) for k, v in found.items() if k in op.context or v != op.attributes[k]))

    def _expand(self, node: ast.Call, definition: Definition, scope: Mapping[str, Expr] | None) -> Expr:
        if node.keywords or len(node.args) != len(definition.arguments):
            raise fail(node, f"`{definition.name}` takes {len(definition.arguments)} arguments, in order")
        inner: dict[str, Expr] = {
            name: self.convert(argument, scope) for name, argument in zip(definition.arguments, node.args, strict=True)
        }
        call = Expansion(definition.name, node, tuple(inner.values()))
        outer = self._frames
        try:
            for step, (name, value) in enumerate(definition.steps):
                self._frames = (*outer, Within(call, step))
                inner[name] = self.convert(value, inner)
                call.results.append(inner[name])
            self._frames = (*outer, Within(call, len(definition.steps)))
            result = self.convert(definition.value, inner)
        finally:
            self._frames = outer
        call.first = _needed(call.arguments, call.results, result)
        call.results.append(result)
        return result

    def _made(self, op: str, args: tuple[Expr, ...], attributes: Attributes = ()) -> Apply:
        return Apply(op, args, attributes, frames=self._frames)


def _needed(arguments: Sequence[Expr], steps: Sequence[Expr], result: Expr) -> tuple[Expr, ...]:
    """Return those of a call's arguments and lines that its result is worked out from, in the order of evaluation.

    What is not needed is left out: it makes no instruction. Nothing is looked for inside the arguments: they are not of the body.
    """
    outside = {id(e) for e in arguments}
    wanted = outside | {id(e) for e in steps}
    found, seen, todo = set[int](), set[int](), [result]
    while todo:
        e = todo.pop()
        if isinstance(e, Apply) and id(e) not in seen:
            seen.add(id(e))
            if id(e) in wanted:
                found.add(id(e))
            if id(e) not in outside:
                todo += e.args
    return tuple(e for e in (*arguments, *steps) if id(e) in found and e is not result)


def _plain(node: ast.AST, number: bool | int | float) -> bool | int | float:
    if isinstance(number, int) and abs(number) > 2**62:
        raise fail(node, "this whole number is too large; write it with a decimal point")
    return number


def _check_attribute(node: ast.AST, key: str, value: Any) -> None:
    def whole(v: Any) -> bool:
        return isinstance(v, int) and not isinstance(v, bool) and abs(v) < 2**40

    if key in ("axis", "axes", "shape", "axis1", "axis2", "samples"):
        parts = value if isinstance(value, tuple) else (value,)
        single = key in ("axis1", "axis2", "samples")
        optional = key in ("axis", "axes")
        if not (value is None and optional) and (not all(whole(p) for p in parts) or (single and isinstance(value, tuple))):
            raise fail(node, f"`{key}` needs whole numbers")
    elif key == "reduction" and value not in ("mean", "sum"):
        raise fail(node, '`reduction` is "mean" or "sum"')
    elif key in ("rate", "slope", "alpha", "delta", "seed"):
        if isinstance(value, (bool, str, tuple)) or value is None or not 0 <= value < (1 if key == "rate" else 2**32):
            raise fail(node, f"`{key}` needs a number of at least 0" + (" and below 1" if key == "rate" else ""))
    elif key == "name" and not isinstance(value, str):
        raise fail(node, "`name` is a text")
    elif key == "keepdims" and not isinstance(value, bool):
        raise fail(node, "`keepdims` is True or False")
    elif key == "dtype" and value not in DTYPES:
        raise fail(node, f"`dtype` is one of {', '.join(DTYPES)}")


def written_out_sigmoid(e: Expr) -> Expr | None:
    """Return z where `e` is 1 / (1 + exp(-z)), else None.

    Recognised because its derivative, taken part by part, is NaN at z = -800 although its value is finite.
    """
    if not (isinstance(e, Apply) and e.op == "divide" and e.args[0] == Num(1)):
        return None
    below = e.args[1]
    if not (isinstance(below, Apply) and below.op == "add" and Num(1) in below.args):
        return None
    power = below.args[1] if below.args[0] == Num(1) else below.args[0]
    if isinstance(power, Apply) and power.op == "exp" and isinstance(power.args[0], Apply) and power.args[0].op == "negative":
        return power.args[0].args[0]
    return None
