"""The arithmetic of losses and softmax with their numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.explain.cells import Cells
from core.explain.numbers import number, wrapped
from core.explain.place import Arithmetic, Place
from core.explain.sums import bare, sum_text
from core.program.ir import Array


def everything(p: Place) -> tuple[Cells, ...]:
    """Return all cells of all operands."""
    return tuple(Cells.whole(o.shape) for o in p.operands)


def _over(text: str, p: Place, count: int, sign: str = "") -> Arithmetic:
    """Finish a loss: its sum, divided by `count` unless everything is just added up."""
    if p.attributes.get("reduction", "mean") == "sum":
        return Arithmetic(f"−({text}) = {p.own}" if sign else f"{bare(text)} = {p.own}", everything(p))
    return Arithmetic(f"{sign}({text}) / {count} = {p.own}", everything(p))


def _samples(p: Place) -> int:
    return p.operands[0].shape[p.attributes["samples"]]


def _squares(p: Place) -> Arithmetic:
    a, y = (o.reshape(-1) for o in p.operands)
    text = sum_text((a - y) ** 2, lambda i: f"({number(a[i])} − {wrapped(y[i])})²")
    if p.instruction.op == "mse":
        return _over(text, p, a.size)
    return Arithmetic(f"{text if p.instruction.op == 'sse' else f'0.5·({text})'} = {p.own}", everything(p))


def _absolute(p: Place) -> Arithmetic:
    a, y = (o.reshape(-1) for o in p.operands)
    return _over(sum_text(np.abs(a - y), lambda i: f"|{number(a[i])} − {wrapped(y[i])}|"), p, _samples(p))


def _huber(p: Place) -> Arithmetic:
    a, y = (o.reshape(-1) for o in p.operands)
    delta = p.attributes.get("delta", 1.0)
    e = np.abs(a - y)

    def term(i: int) -> str:
        if e[i] <= delta:
            return f"0.5·({number(a[i])} − {wrapped(y[i])})²"
        return f"{number(delta)}·(|{number(a[i])} − {wrapped(y[i])}| − 0.5·{number(delta)})"

    terms = np.where(e <= delta, 0.5 * e**2, delta * (e - 0.5 * delta))
    return _over(sum_text(terms, term), p, _samples(p))


def _hinge(p: Place) -> Arithmetic:
    a, y = (o.reshape(-1) for o in p.operands)
    text = sum_text(np.maximum(1 - y * a, 0), lambda i: f"max(0, 1 − {wrapped(y[i])}·{wrapped(a[i])})")
    return _over(text, p, _samples(p))


def _two_classes(p: Place) -> Arithmetic:
    a, y = (o.reshape(-1) for o in p.operands)

    def term(i: int) -> str:
        if y[i] == 1 and 0 < a[i] < 1:
            return f"log({number(a[i])})"
        if y[i] == 0 and 0 < a[i] < 1:
            return f"log(1 − {number(a[i])})"
        return f"{wrapped(y[i])}·log({number(a[i])}) + {wrapped(1 - y[i])}·log(1 − {wrapped(a[i])})"

    return _over(sum_text(y * np.log(a) + (1 - y) * np.log(1 - a), term), p, _samples(p), sign="−")


def _two_classes_of_logits(p: Place) -> Arithmetic:
    z, y = (o.reshape(-1) for o in p.operands)
    terms = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    text = sum_text(
        terms, lambda i: f"[max({number(z[i])}, 0) − {wrapped(z[i])}·{wrapped(y[i])} + log(1 + exp(−{number(abs(z[i]))}))]"
    )
    return _over(text, p, _samples(p))


def _many_classes(p: Place) -> Arithmetic:
    a, y = (o.reshape(-1) for o in p.operands)
    # A term with the target 0 is 0, unless its logarithm is not a number to be multiplied with.
    at = np.flatnonzero((y != 0) | ~np.isfinite(np.log(a)))
    a, y = a[at], y[at]
    text = sum_text(y * np.log(a), lambda i: f"log({number(a[i])})" if y[i] == 1 else f"{wrapped(y[i])}·log({number(a[i])})")
    return _over(text, p, _samples(p), sign="−")


def _many_classes_of_logits(p: Place) -> Arithmetic:
    """One term a sample: the log of the sum over its classes, less the score of the right class."""
    z, y = p.operands
    by_sample = z.T if p.attributes["samples"] == -1 else z
    right = _target_scores(by_sample, y, z.shape, p.attributes["samples"])
    logs = np.log(np.sum(np.exp(by_sample - by_sample.max(axis=1, keepdims=True)), axis=1)) + by_sample.max(axis=1)

    def term(i: int) -> str:
        return f"[log({_exps(by_sample[i])}) − {wrapped(right[i])}]"

    if y.shape == z.shape and not _is_one_hot(y.T if p.attributes["samples"] == -1 else y):
        return Arithmetic(f"−Σ y·log(softmax(z)) over {by_sample.shape[0]} samples: {p.own}", everything(p))
    return _over(sum_text(logs - right, term), p, by_sample.shape[0])


def _target_scores(by_sample: Array, y: Array, shape: tuple[int, ...], samples: int) -> Array:
    if y.shape == shape:
        return np.sum(np.where(y.T if samples == -1 else y, by_sample, 0.0), axis=1)
    index = y.reshape(-1).astype(int)
    return np.array([row[i] for row, i in zip(by_sample, index, strict=True)])


def _is_one_hot(by_sample: Array) -> bool:
    return bool(np.all((by_sample == 0) | (by_sample == 1)) and np.all(by_sample.sum(axis=1) == 1))


def _exps(row: Array) -> str:
    return sum_text(np.exp(row), lambda i: f"exp({number(row[i])})")


def _softmax(p: Place) -> Arithmetic:
    (z,) = p.operands
    axis = p.attributes["axis"] % z.ndim
    index: list[Any] = [*p.cell]
    index[axis] = slice(None)
    row, own = z[tuple(index)], z[p.cell]
    ranges = tuple(range(z.shape[axis]) if i == axis else range(c, c + 1) for i, c in enumerate(p.cell))
    if p.instruction.op == "softmax":
        text = f"exp({number(own)}) / ({_exps(row)}) = {p.own}"
    else:
        text = f"{number(own)} − log({_exps(row)}) = {p.own}"
    return Arithmetic(text, (Cells(ranges),))


RULES: dict[str, Callable[[Place], Arithmetic]] = {
    "mse": _squares, "sse": _squares, "half_sse": _squares, "mae": _absolute, "huber": _huber, "hinge": _hinge,
    "bce": _two_classes, "bce_with_logits": _two_classes_of_logits,
    "cross_entropy": _many_classes, "softmax_cross_entropy": _many_classes_of_logits,
    "softmax": _softmax, "log_softmax": _softmax,
}  # fmt: skip
