"""The arithmetic of one cell with its numbers: `0.5·0.52 + (−0.114)·0.55 = 0.197`, and where it came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from core.explain import loss_terms, moving
from core.explain.cells import NO_CELLS, Cell, Cells, aligned
from core.explain.numbers import number, wrapped
from core.explain.place import Arithmetic, Place
from core.explain.sums import MOST_TERMS, bare, sum_text
from core.program.ir import Array, Instruction

MOST_CHECKED = 64
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
        found = _RULES.get(instruction.op, _unknown)(place)
        left, sign, right = found.text.rpartition(" = ")
        if (
            sign
            and instruction.op not in moving.RULES
            and np.isfinite(place.result[place.cell])
            and not _as_written(place, found)
        ):
            return Arithmetic(f"{left} ≈ {right}", found.sources)
        return found


def _as_written(p: Place, found: Arithmetic) -> bool:
    """Tell whether all numbers that the text is made of stand in it in full, so that it may say `=`.

    A result of just 0 comes from factors of 0 or a bend at 0, which no rounding changes.
    """
    if p.result[p.cell] == 0:
        return True
    for array, cells in zip(p.operands, found.sources, strict=True):
        if len(cells) > MOST_CHECKED:
            if not np.all((array == np.rint(array)) & (np.abs(array) < 1e4)):
                return False
        elif any(float(number(array[c]).replace("−", "-").replace("∞", "inf")) != array[c] for c in cells):
            return False
    return True


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


def _product_sum(a: Array, b: Array, own: str) -> str:
    terms = np.asarray(a * b)
    text = sum_text(terms, lambda i: f"{wrapped(a[i])}·{wrapped(b[i])}")
    return f"{bare(text)} = {own}"


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


# --- others --------------------------------------------------------------------------------------


def _unknown(p: Place) -> Arithmetic:
    return Arithmetic(f"this cell is {p.own}", tuple(NO_CELLS for _ in p.operands))


def _logistic(z: Any) -> str:
    return f"1 / (1 + exp({number(-np.asarray(z, dtype=float))})) = {{out}}"


def _bent(name: str, usual: float, below: Callable[[Any, float], str]) -> Callable[[Place], Arithmetic]:
    """An activation that leaves a positive number as it is."""

    def rule(p: Place) -> Arithmetic:
        z = p.operands[0][p.cell]
        source = (Cells.one(p.cell),)
        if z > 0:
            return Arithmetic(f"{number(z)} is positive, so it stays: {p.own}", source)
        return Arithmetic(f"{below(z, p.attributes.get(name, usual))} = {p.own}", source)

    return rule


def _gelu(z: Any) -> str:
    return f"0.5·{wrapped(z)}·(1 + tanh(0.7979·({number(z)} + 0.04472·{wrapped(z)}**3))) ≈ {{out}}"


def _gelu_slope(z: Any) -> str:
    t = np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))
    return f"0.5·(1 + {wrapped(t)}) + 0.5·{wrapped(z)}·(1 − {wrapped(t)}²)·0.7979·(1 + 0.1341·{wrapped(z)}²) ≈ {{out}}"


def _gelu_erf(z: Any) -> str:
    return f"0.5·{wrapped(z)}·(1 + erf(0.7071·{wrapped(z)})) ≈ {{out}}"


def _gelu_erf_slope(z: Any) -> str:
    below = f"0.5·(1 + erf(0.7071·{wrapped(z)}))"
    return f"{below} + 0.3989·{wrapped(z)}·exp(−0.5·{wrapped(z)}²) ≈ {{out}}"


def _selu(p: Place) -> Arithmetic:
    z = p.operands[0][p.cell]
    text = f"1.0507·{number(z)}" if z > 0 else f"1.0507·1.6733·(exp({number(z)}) − 1)"
    return Arithmetic(f"{text} ≈ {p.own}", (Cells.one(p.cell),))


def _argmax(p: Place) -> Arithmetic:
    (x,) = p.operands
    if p.attributes.get("axis") is None:
        numbers, cells = x.reshape(-1), Cells.whole(x.shape)
    else:
        axis = p.attributes["axis"] % x.ndim
        cell = list(p.cell)
        if not p.attributes.get("keepdims", False):
            cell.insert(axis, 0)
        numbers = np.moveaxis(x, axis, -1)[tuple(c for i, c in enumerate(cell) if i != axis)]
        cells = Cells(
            tuple(range(n) if i == axis else range(c, c + 1) for i, (c, n) in enumerate(zip(cell, x.shape, strict=True)))
        )
    listed = ", ".join(number(v) for v in numbers[:MOST_TERMS])
    more = f" and {numbers.size - MOST_TERMS} more" if numbers.size > MOST_TERMS else ""
    return Arithmetic(f"the largest of {listed}{more} stands at place {p.own}, counted from 0", (cells,))


def _one_hot(p: Place) -> Arithmetic:
    y = p.operands[0]
    columns = p.attributes.get("samples") == -1
    row, sample = p.cell if columns else p.cell[::-1]
    at = np.unravel_index(sample, y.shape)
    found = Cells.one(tuple(int(i) for i in at))
    return Arithmetic(
        f"sample {sample + 1} belongs to class {number(y[at])}, and this is the place of class {row}: {p.own}", (found, NO_CELLS)
    )


def _dropout(p: Place) -> Arithmetic:
    rate = p.attributes.get("rate", 0.5)
    if p.result[p.cell]:
        return Arithmetic(f"kept by chance, so it is 1 / (1 − {number(rate)}) = {p.own}", (NO_CELLS, NO_CELLS))
    return Arithmetic("dropped by chance in this iteration: 0", (NO_CELLS, NO_CELLS))


def _plain(p: Place) -> Arithmetic:
    return Arithmetic(f"{p.names[0]} = {p.own}", (Cells.whole(p.operands[0].shape),))


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
    "floor": _elementwise(lambda a: f"{number(a)} rounded down is {{out}}"), "sin": _function("sin"), "cos": _function("cos"),
    "leaky_relu": _bent("slope", 0.01, lambda z, slope: f"{number(slope)}·{wrapped(z)}"),
    "elu": _bent("alpha", 1.0, lambda z, alpha: f"{number(alpha)}·(exp({number(z)}) − 1)"),
    "gelu": _elementwise(_gelu), "gelu_slope": _elementwise(_gelu_slope), "gelu_erf": _elementwise(_gelu_erf),
    "gelu_erf_slope": _elementwise(_gelu_erf_slope), "erf": _function("erf"), "selu": _selu,
    "silu": _elementwise(lambda z: f"{number(z)} / (1 + exp({number(-np.asarray(z, dtype=float))})) = {{out}}"),
    "softsign": _elementwise(lambda z: f"{number(z)} / (1 + |{number(z)}|) = {{out}}"),
    "softplus": _elementwise(lambda z: f"log(1 + exp({number(z)})) = {{out}}"),
    "argmax": _argmax, "one_hot": _one_hot, "dropout_mask": _dropout, "plain_number": _plain,
    **loss_terms.RULES, **moving.RULES,
}  # fmt: skip
