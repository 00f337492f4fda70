"""The arithmetic of one cell with its numbers: `0.5·0.52 + (−0.114)·0.55 = 0.197`, and where it came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from core.explain import moving
from core.explain.cells import NO_CELLS, Cell, Cells, aligned
from core.explain.numbers import number, wrapped
from core.explain.place import Arithmetic, Place
from core.program.ir import Array, Instruction

MOST_TERMS = 6
LARGEST_TERMS = 4
Datum = Array | np.generic | bool | int | float


def why(instruction: Instruction, operands: Sequence[Datum], result: Datum, cell: Cell, names: Sequence[str] = ()) -> Arithmetic:
    """Return the arithmetic of `result[cell]`.

    `operands` are given as the instruction sees them, transposed where it reads them so; `names` are what
    a person calls them. An operation that has no arithmetic of its own names the cell that is copied.

    Raises:
        IndexError: if the result has no such cell.
    """
    arrays = tuple(np.asarray(o) for o in operands)
    called = tuple(names) or tuple("abcdefgh"[: len(arrays)])
    place = Place(instruction, arrays, np.asarray(result), tuple(cell), called)
    if len(place.cell) != place.result.ndim:
        raise IndexError(f"a cell of an array with {place.result.ndim} axes has as many indices")
    with np.errstate(all="ignore"):
        return _RULES.get(instruction.op, _unknown)(place)


# --- cell by cell -------------------------------------------------------------------------------


def _elementwise(write: Callable[..., str]) -> Callable[[Place], Arithmetic]:
    def rule(p: Place) -> Arithmetic:
        cells = [aligned(o.shape, p.cell) for o in p.operands]
        numbers = [o[c] for o, c in zip(p.operands, cells, strict=True)]
        sources = tuple(Cells.one(c) for c in cells)
        return Arithmetic(write(*numbers).format(out=p.own), sources)

    return rule


def _infix(sign: str) -> Callable[[Place], Arithmetic]:
    return _elementwise(lambda a, b: f"{number(a)} {sign} {wrapped(b)} = {{out}}")


def _power(a: Any, b: Any) -> str:
    return f"{wrapped(a)} ** {wrapped(b)} = {{out}}"


def _comparison(sign: str) -> Callable[[Place], Arithmetic]:
    return _elementwise(lambda a, b: f"{number(a)} {sign} {number(b)} is {{out}}")


def _function(name: str) -> Callable[[Place], Arithmetic]:
    return _elementwise(lambda *x: f"{name}({', '.join(number(i) for i in x)}) = {{out}}")


def _where(p: Place) -> Arithmetic:
    condition, a, b = (Cells.one(aligned(o.shape, p.cell)) for o in p.operands)
    if p.operands[0][aligned(p.operands[0].shape, p.cell)]:
        return Arithmetic(f"the condition is true, so the first number is taken: {p.own}", (condition, a, NO_CELLS))
    return Arithmetic(f"the condition is false, so the second number is taken: {p.own}", (condition, NO_CELLS, b))


def _mask_assign(p: Place) -> Arithmetic:
    _, mask, value = p.operands
    if mask[p.cell]:
        return Arithmetic(
            f"the mask is true here, so {number(value)} is written: {p.own}", (NO_CELLS, Cells.one(p.cell), Cells(()))
        )
    return Arithmetic(
        f"the mask is false here, so the number stays: {p.own}", (Cells.one(p.cell), Cells.one(p.cell), NO_CELLS)
    )  # fmt: skip


# --- sums ---------------------------------------------------------------------------------------


def sum_text(terms: Array, write: Callable[[int], str]) -> str:
    """Write a sum of numbers; of a long one its largest terms, NaN and ∞ first, and the sum of the others.

    `write(i)` is the text of term i, fit to stand after a plus sign.
    """
    terms = np.asarray(terms).reshape(-1)
    if terms.size <= MOST_TERMS:
        return " + ".join(write(i) for i in range(terms.size)) or "0"
    if terms.dtype.kind == "b":
        terms = terms.astype(int)
    rank = np.where(np.isnan(terms), np.inf, np.abs(terms))
    largest = np.sort(np.argsort(-rank, kind="stable")[:LARGEST_TERMS])
    others = np.delete(terms, largest)
    shown = " + ".join(write(int(i)) for i in largest)
    return f"{shown} + the other {others.size} terms: {number(others.sum())}"


def _product_sum(a: Array, b: Array, own: str) -> str:
    terms = np.asarray(a * b)
    text = sum_text(terms, lambda i: f"{wrapped(a[i])}·{wrapped(b[i])}")
    return f"{bare(text)} = {own}"


def bare(text: str) -> str:
    """Drop the parentheses around a sign that opens an expression: nothing stands before it."""
    if text.startswith("(−") and ")" in text:
        inner, rest = text[1:].split(")", 1)
        return inner + rest
    return text


def _matmul(p: Place) -> Arithmetic:
    a, b = p.operands
    if p.instruction.op == "dot" and (not a.ndim or not b.ndim):
        return _infix("·")(p)
    paired = p.instruction.op == "dot" and b.ndim > 1 and a.ndim + b.ndim > 4
    cell = p.cell
    batch = () if paired else cell[: max(a.ndim - 2, b.ndim - 2, 0)]
    rest = cell[len(batch) :]
    if paired:  # np.dot: every row of a meets every column of b
        at_a, at_b = rest[: a.ndim - 1], rest[a.ndim - 1 :]
        from_a, from_b = (*at_a, slice(None)), (*at_b[:-1], slice(None), at_b[-1])
    else:
        row = rest[:1] if a.ndim > 1 else ()
        column = rest[-1:] if b.ndim > 1 else ()
        from_a = (*_lent(a.shape[:-2], batch), *row, slice(None))
        from_b = (*_lent(b.shape[:-2], batch), slice(None), *column)
    text = _product_sum(a[from_a], b[from_b], p.own)
    return Arithmetic(text, (_cells_of(a.shape, from_a), _cells_of(b.shape, from_b)))


def _lent(shape: tuple[int, ...], batch: Cell) -> Cell:
    return aligned(shape, batch) if shape else ()


def _cells_of(shape: tuple[int, ...], index: Sequence[Any]) -> Cells:
    return Cells(tuple(range(n) if isinstance(i, slice) else range(i, i + 1) for n, i in zip(shape, index, strict=True)))


def _outer(p: Place) -> Arithmetic:
    a, b = p.operands
    i, j = p.cell
    return Arithmetic(f"{number(a[i])}·{wrapped(b[j])} = {p.own}", (Cells.one((i,)), Cells.one((j,))))


def _reduction(p: Place) -> Arithmetic:
    (x,) = p.operands
    axis, keepdims = p.attributes.get("axis"), p.attributes.get("keepdims", False)
    gone = (
        {a % x.ndim for a in (range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,))}
        if x.ndim
        else set()
    )
    kept = iter(p.cell)
    index: list[Any] = []
    for i in range(x.ndim):
        at = next(kept) if keepdims or i not in gone else None
        index.append(slice(None) if i in gone else at)
    numbers = np.asarray(x[tuple(index)]).reshape(-1)
    sources = (_cells_of(x.shape, index),)
    op = p.instruction.op
    if op in ("sum", "mean"):
        text = bare(sum_text(numbers, lambda i: wrapped(numbers[i])))
        return Arithmetic(f"{text} = {p.own}" if op == "sum" else f"({text}) / {numbers.size} = {p.own}", sources)
    word = "largest" if op == "max" else "smallest"
    listed = [number(v) for v in numbers[:MOST_TERMS]]
    more = f" and {numbers.size - MOST_TERMS} more" if numbers.size > MOST_TERMS else ""
    return Arithmetic(f"the {word} of {', '.join(listed)}{more}: {p.own}", sources)


# --- losses -------------------------------------------------------------------------------------


def _squares(p: Place) -> Arithmetic:
    a, y = (o.reshape(-1) for o in p.operands)
    text = sum_text((a - y) ** 2, lambda i: f"({number(a[i])} − {wrapped(y[i])})²")
    end = {"mse": f"({text}) / {a.size}", "sse": text, "half_sse": f"0.5·({text})"}[p.instruction.op]
    return Arithmetic(f"{end} = {p.own}", _everything(p))


def _cross_entropy(p: Place) -> Arithmetic:
    a, y = (o.reshape(-1) for o in p.operands)

    def term(i: int) -> str:
        if y[i] == 1 and 0 < a[i] < 1:
            return f"log({number(a[i])})"
        if y[i] == 0 and 0 < a[i] < 1:
            return f"log(1 − {number(a[i])})"
        return f"{wrapped(y[i])}·log({number(a[i])}) + {wrapped(1 - y[i])}·log(1 − {wrapped(a[i])})"

    text = sum_text(y * np.log(a) + (1 - y) * np.log(1 - a), term)
    return Arithmetic(f"−({text}) / {_samples(p)} = {p.own}", _everything(p))


def _cross_entropy_of_logits(p: Place) -> Arithmetic:
    z, y = (o.reshape(-1) for o in p.operands)
    terms = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    text = sum_text(
        terms, lambda i: f"[max({number(z[i])}, 0) − {wrapped(z[i])}·{wrapped(y[i])} + log(1 + exp(−{number(abs(z[i]))}))]"
    )
    return Arithmetic(f"({text}) / {_samples(p)} = {p.own}", _everything(p))


def _samples(p: Place) -> int:
    return p.operands[0].shape[p.attributes["samples"]]


def _everything(p: Place) -> tuple[Cells, ...]:
    return tuple(Cells.whole(o.shape) for o in p.operands)


def _unknown(p: Place) -> Arithmetic:
    return Arithmetic(f"this cell is {p.own}", tuple(NO_CELLS for _ in p.operands))


def _logistic(z: Any) -> str:
    return f"1 / (1 + exp({number(-np.asarray(z, dtype=float))})) = {{out}}"


_RULES: dict[str, Callable[[Place], Arithmetic]] = {
    "add": _infix("+"), "subtract": _infix("−"), "multiply": _infix("·"), "divide": _infix("/"),
    "power": _elementwise(_power), "power_function": _elementwise(_power),
    "negative": _elementwise(lambda a: f"−{wrapped(a)} = {{out}}"),
    "greater": _comparison(">"), "greater_equal": _comparison("≥"), "less": _comparison("<"),
    "less_equal": _comparison("≤"), "equal": _comparison("="), "not_equal": _comparison("≠"),
    "exp": _function("exp"), "log": _function("log"), "tanh": _function("tanh"), "sign": _function("sign"),
    "maximum": _function("max"), "minimum": _function("min"),
    "sqrt": _elementwise(lambda a: f"√{wrapped(a)} = {{out}}"),
    "square": _elementwise(lambda a: f"{wrapped(a)}² = {{out}}"),
    "abs": _elementwise(lambda a: f"|{number(a)}| = {{out}}"),
    "relu": _elementwise(lambda z: f"max({number(z)}, 0) = {{out}}"),
    "sigmoid": _elementwise(_logistic), "sigmoid_written_out": _elementwise(_logistic),
    "where": _where, "mask_assign": _mask_assign,
    "matmul": _matmul, "dot": _matmul, "outer": _outer,
    "sum": _reduction, "mean": _reduction, "max": _reduction, "min": _reduction,
    "mse": _squares, "sse": _squares, "half_sse": _squares, "bce": _cross_entropy, "bce_with_logits": _cross_entropy_of_logits,
    **moving.RULES,
}  # fmt: skip
