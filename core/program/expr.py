"""Expressions of the notation as immutable trees, and the peephole that keeps derived ones readable.

The operators of `Expr` build trees: `g * out * (1 - out)` is written in a rule as it is read in a
textbook. The peephole lives in the operators: 1·x, signs, and divisions moved to the end. It only
rewrites derived lines; what a person typed is never touched.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from core.program.ir import Number

Attributes = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Expr:
    """Base of the three kinds of expression; the operators build simplified trees."""

    def __add__(self, other: Expr | Number) -> Expr:
        a, b = self, lift(other)
        if is_number(a, 0):
            return b
        if is_number(b, 0):
            return a
        minus = negated(b)
        return Apply("subtract", (a, minus)) if minus is not None else Apply("add", (a, b))

    def __radd__(self, other: Number) -> Expr:
        return lift(other) + self

    def __sub__(self, other: Expr | Number) -> Expr:
        a, b = self, lift(other)
        if is_number(b, 0):
            return a
        minus = negated(b)
        return Apply("add", (a, minus)) if minus is not None else Apply("subtract", (a, b))

    def __rsub__(self, other: Number) -> Expr:
        return lift(other) - self

    def __neg__(self) -> Expr:
        if isinstance(self, Num):
            return Num(-self.number)
        minus = negated(self)
        if minus is not None:
            return minus
        if isinstance(self, Apply):
            if self.op == "subtract":
                return self.args[1] - self.args[0]
            if self.op in ("multiply", "divide"):
                return Apply(self.op, (-self.args[0], self.args[1]))
        return Apply("negative", (self,))

    def __mul__(self, other: Expr | Number) -> Expr:
        a, b = self, lift(other)
        if isinstance(a, Num) and isinstance(b, Num):
            return Num(a.number * b.number)
        if isinstance(b, Num):
            a, b = b, a
        if is_number(a, 0) or is_number(b, 1):
            return a
        if is_number(a, 1):
            return b
        if is_number(a, -1):
            return -b
        for x, y in ((a, b), (b, a)):
            minus = negated(x)
            if minus is not None and not isinstance(x, Num):
                return -(minus * y)
        if isinstance(a, Apply) and a.op == "divide":
            return (a.args[0] * b) / a.args[1]
        if isinstance(b, Apply) and b.op == "divide":
            return (a * b.args[0]) / b.args[1]
        if isinstance(b, Apply) and b.op == "multiply" and isinstance(b.args[0], Num):
            return (a * b.args[0]) * b.args[1]
        return Apply("multiply", (a, b))

    def __rmul__(self, other: Number) -> Expr:
        return lift(other) * self

    def __truediv__(self, other: Expr | Number) -> Expr:
        a, b = self, lift(other)
        if is_number(b, 1) or is_number(a, 0):
            return a
        minus = negated(a)
        if minus is not None and not isinstance(a, Num):
            return -(minus / b)
        if isinstance(a, Apply) and a.op == "divide":
            return a.args[0] / (a.args[1] * b)
        if isinstance(a, Num) and isinstance(b, Num) and a.number % b.number == 0:
            return Num(a.number / b.number)
        return Apply("divide", (a, b))

    def __rtruediv__(self, other: Number) -> Expr:
        return lift(other) / self

    def __pow__(self, other: Expr | Number) -> Expr:
        exponent = lift(other)
        if is_number(exponent, 1):
            return self
        return Apply("power", (self, exponent))

    def __matmul__(self, other: Expr) -> Expr:
        return Apply("matmul", (self, other))

    @property
    def T(self) -> Expr:
        """The transposed expression; transposing twice gives the first back."""
        if isinstance(self, Apply) and self.op == "transpose" and not self.attributes:
            return self.args[0]
        return Apply("transpose", (self,))


@dataclass(frozen=True)
class Name(Expr):
    """A name as written. `value` is the value that it stands for, where that is known."""

    name: str
    value: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Num(Expr):
    """A number as written."""

    number: Number


@dataclass(eq=False)
class Expansion:
    """One call of a `def`, written out in place. Filled while its body is read, and never changed after that.

    `results` are what its lines give, the returned expression last; `first` is what Python works out before that: the
    arguments, then the lines, in order.
    """

    function: str
    node: ast.Call
    arguments: tuple[Expr, ...]
    results: list[Expr] = field(default_factory=list)
    first: tuple[Expr, ...] = ()

    @property
    def text(self) -> str:
        """The call as it is written."""
        try:
            return ast.unparse(self.node)
        except RecursionError:
            return f"{self.function}(…)"


@dataclass(frozen=True, slots=True)
class Within:
    """The line of a `def`, counted from 0, that an operation stands in."""

    expansion: Expansion
    step: int


@dataclass(frozen=True)
class Apply(Expr):
    """An operation on expressions. `adjoint_of` is the forward instruction that a rule derived it from.

    `frames` are the lines of `def`s that it was written in, the outermost first.
    """

    op: str
    args: tuple[Expr, ...]
    attributes: Attributes = ()
    adjoint_of: int | None = field(default=None, compare=False)
    frames: tuple[Within, ...] = field(default=(), compare=False, repr=False)


def lift(x: Expr | Number) -> Expr:
    """Return `x` as an expression."""
    return x if isinstance(x, Expr) else Num(x)


def call(op: str, *args: Expr | Number, **attributes: Any) -> Expr:
    """Return the application of the operation named `op`."""
    return Apply(op, tuple(lift(a) for a in args), tuple(sorted(attributes.items())))


def is_number(e: Expr, number: Number) -> bool:
    """Tell whether `e` is this very number."""
    return isinstance(e, Num) and e.number == number


def negated(e: Expr) -> Expr | None:
    """Return x where `e` reads as −x, else None."""
    if isinstance(e, Apply) and e.op == "negative":
        return e.args[0]
    if isinstance(e, Num) and e.number < 0:
        return Num(-e.number)
    if isinstance(e, Apply) and e.op in ("multiply", "divide"):
        first = negated(e.args[0])
        if first is not None:
            return first * e.args[1] if e.op == "multiply" else first / e.args[1]
    return None


def walk(e: Expr, visit: Callable[[Expr], None]) -> None:
    """Call `visit` on every node of `e`, operands before their operation, in the order of evaluation."""
    if isinstance(e, Apply):
        for a in e.args:
            walk(a, visit)
    visit(e)


def tagged(e: Expr, adjoint_of: int) -> Expr:
    """Return `e` with every untagged operation marked as part of the adjoint of an instruction."""
    if not isinstance(e, Apply):
        return e
    args = tuple(tagged(a, adjoint_of) for a in e.args)
    return replace(e, args=args, adjoint_of=adjoint_of if e.adjoint_of is None else e.adjoint_of)
