"""Expressions and instructions → text of the notation, with only the parentheses that are needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core import ops
from core.program.expr import Apply, Expr, Name, Num
from core.program.ir import Operand, Value

_ATOM = 9


def expression_text(e: Expr, numpy: bool = False) -> str:
    """Return `e` as it is typed; with `numpy`, functions carry their `np.` as in a plain script."""
    return _text(e, numpy)[0]


def _text(e: Expr, numpy: bool) -> tuple[str, int]:
    if isinstance(e, Name):
        return e.name, _ATOM
    if isinstance(e, Num):
        text = number_text(e.number)
        return text, _ATOM if not text.startswith("-") else 6
    assert isinstance(e, Apply)
    return apply_text(e.op, [_text(a, numpy) for a in e.args], dict(e.attributes), numpy)


def apply_text(name: str, args: Sequence[tuple[str, int]], attributes: Mapping[str, Any], numpy: bool = False) -> tuple[str, int]:
    """Return the text of an operation and how tightly it binds; `args` are texts with theirs."""
    op = ops.get(name)
    if op.form == "infix":
        right_first = name == "power"
        left = _wrapped(args[0], op.precedence + (1 if right_first else 0))
        right = _wrapped(args[1], op.precedence + (0 if right_first else 1))
        return f"{left} {op.symbol} {right}", op.precedence
    if op.form == "prefix":
        return op.symbol + _wrapped(args[0], op.precedence), op.precedence
    if op.form == "attribute" and not attributes:
        return _wrapped(args[0], 8) + op.symbol, 8
    if op.form == "subscript":
        return _wrapped(args[0], 8) + f"[{index_text(attributes['index'])}]", 8
    if name == "sigmoid_written_out":
        exp = "np.exp" if numpy else "exp"
        return f"1 / (1 + {exp}(-{_wrapped(args[0], 6)}))", 5
    if name == "size_of":
        return _wrapped(args[0], 8) + f".shape[{attributes['axis']}]", 8
    if name == "unslice":
        return f"unslice({args[0][0]}, {_wrapped(args[1], 8)}[{index_text(attributes['index'])}])", 8
    function = (op.numpy or op.names[0]) if numpy else op.names[0]
    hidden = {k for k, what in op.context.items() if what != "class_axis"} | {"in_place"}
    shown = [f"{k}={_attribute_text(v)}" for k, v in attributes.items() if k not in hidden]
    args = args[: len(args) - len(op.implicit)]
    return f"{function}({', '.join([a for a, _ in args] + shown)})", 8


def _attribute_text(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _wrapped(text: tuple[str, int], least: int) -> str:
    return text[0] if text[1] >= least else f"({text[0]})"


def index_text(index: tuple[Any, ...]) -> str:
    """Return an index as it is typed between brackets."""
    return ", ".join(_index_item(i) for i in index)


def _index_item(item: Any) -> str:
    if item is Ellipsis:
        return "..."
    if isinstance(item, tuple):
        start, stop, step = ("" if i is None else str(i) for i in item)
        return f"{start}:{stop}" + (f":{step}" if step else "")
    return str(item)


def number_text(number: bool | int | float) -> str:
    """Return a number as the shortest text that gives the same number back."""
    if isinstance(number, float) and number.is_integer() and abs(number) < 1e15:
        return repr(number)
    if isinstance(number, float) and number != number:
        return "np.nan"
    if isinstance(number, float) and number in (float("inf"), float("-inf")):
        return "np.inf" if number > 0 else "-np.inf"
    return repr(number)


def operand_text(operand: Operand, values: Sequence[Value]) -> tuple[str, int]:
    """Return an operand as a person sees it, such as `A1.T` or `2`, and how tightly it binds."""
    if operand.value is None:
        assert operand.number is not None
        text = number_text(operand.number)
        return text, _ATOM if not text.startswith("-") else 6
    return values[operand.value].label + (".T" if operand.transposed else ""), _ATOM


def instruction_text(
    op: str, operands: Sequence[Operand], attributes: Mapping[str, Any], result: int, values: Sequence[Value]
) -> str:
    """Return one operation as a line, its parts by their labels: `Z1 = Z1.1 + b1`."""
    shown = {k: v for k, v in attributes.items() if k != "in_place"}
    label = values[result].label
    if op == "identity":
        return f"{label} = {operand_text(operands[0], values)[0]}"
    if op == "mask_assign":
        target, mask, value = (operand_text(o, values)[0] for o in operands)
        return f"{label} = {target} with {value} where {mask}"
    return f"{label} = {apply_text(op, [operand_text(o, values) for o in operands], shown)[0]}"
