"""Operations that work cell by cell: arithmetic, powers, logarithms, comparisons, choices.

Derivatives: any calculus textbook, for instance Goodfellow, Bengio, Courville, *Deep Learning* (2016), 6.5.
At a kink the rules take: abs 0 at 0; maximum and minimum give a tie to the first operand.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from core.ops.base import Op, elementwise, register
from core.program.expr import Num, call


def _infix(
    name: str, symbol: str, precedence: int, function: Any, ufunc: np.ufunc, *vjp: Any, names: tuple[str, ...] = ()
) -> None:
    register(
        Op(
            name, function, elementwise, vjp, names=names, form="infix", symbol=symbol, precedence=precedence,
            ufunc=ufunc, elementwise=True,
        )
    )  # fmt: skip


def _function(name: str, ufunc: np.ufunc, *vjp: Any, names: tuple[str, ...] = (), cost: int = 1, definition: str = "") -> None:
    register(
        Op(
            name, ufunc, elementwise, vjp, names=names or (name,), numpy=f"np.{ufunc.__name__}", ufunc=ufunc,
            elementwise=True, cost=lambda shapes, out, attributes: cost * int(np.prod(out)), definition=definition,
        )
    )  # fmt: skip


_infix("add", "+", 4, operator.add, np.add, lambda s: s.g, lambda s: s.g, names=("add",))
_infix("subtract", "-", 4, operator.sub, np.subtract, lambda s: s.g, lambda s: -s.g, names=("subtract",))
_infix("multiply", "*", 5, operator.mul, np.multiply, lambda s: s.g * s.b, lambda s: s.g * s.a, names=("multiply",))
_infix(
    "divide",
    "/",
    5,
    operator.truediv,
    np.divide,
    lambda s: s.g / s.b,
    lambda s: -(s.g * s.out / s.b),
    names=("divide", "true_divide"),
)


def _power_base(s: Any) -> Any:
    return s.g * s.b * s.a ** (Num(s.b.number - 1) if isinstance(s.b, Num) else s.b - 1)


def _power_exponent(s: Any) -> Any:
    return s.g * s.out * call("log", s.a)


# `**` has fast paths for 2, 0.5, −1 that np.power lacks, so the two are different operations to the last bit.
register(
    Op(
        "power", operator.pow, elementwise, (_power_base, _power_exponent), form="infix", symbol="**", precedence=7,
        elementwise=True, cost=lambda shapes, out, attributes: 10 * int(np.prod(out)),
    )
)  # fmt: skip
_function("power_function", np.power, _power_base, _power_exponent, names=("power",), cost=10)
register(
    Op(
        "negative", operator.neg, elementwise, (lambda s: -s.g,), names=("negative",), form="prefix", symbol="-",
        precedence=6, ufunc=np.negative, elementwise=True,
    )
)  # fmt: skip

_function("exp", np.exp, lambda s: s.g * s.out, cost=10)
_function("log", np.log, lambda s: s.g / s.a, cost=10)
_function("sqrt", np.sqrt, lambda s: s.g / (2 * s.out), cost=4)
_function("square", np.square, lambda s: s.g * 2 * s.a, definition="x ** 2")
_function("abs", np.abs, lambda s: s.g * call("sign", s.a), names=("abs", "absolute"))
_function("floor", np.floor, lambda s: Num(0))
_function("sin", np.sin, lambda s: s.g * call("cos", s.a), cost=10)
_function("cos", np.cos, lambda s: -(s.g * call("sin", s.a)), cost=10)
_function("sign", np.sign, lambda s: Num(0))
_function(
    "maximum", np.maximum,
    lambda s: s.g * (call("greater", s.a, s.b) if isinstance(s.b, Num) else call("greater_equal", s.a, s.b)),
    lambda s: s.g * call("greater", s.b, s.a),
)  # fmt: skip
_function(
    "minimum", np.minimum,
    lambda s: s.g * (call("less", s.a, s.b) if isinstance(s.b, Num) else call("less_equal", s.a, s.b)),
    lambda s: s.g * call("less", s.b, s.a),
)  # fmt: skip

_infix("greater", ">", 3, operator.gt, np.greater, None, None, names=("greater",))
_infix("greater_equal", ">=", 3, operator.ge, np.greater_equal, None, None, names=("greater_equal",))
_infix("less", "<", 3, operator.lt, np.less, None, None, names=("less",))
_infix("less_equal", "<=", 3, operator.le, np.less_equal, None, None, names=("less_equal",))
_infix("equal", "==", 3, operator.eq, np.equal, None, None, names=("equal",))
_infix("not_equal", "!=", 3, operator.ne, np.not_equal, None, None, names=("not_equal",))

register(
    Op(
        "where", np.where, elementwise,
        (None, lambda s: call("where", s.a, s.g, 0), lambda s: call("where", s.a, 0, s.g)),
        names=("where",), numpy="np.where", elementwise=True,
    )
)  # fmt: skip
