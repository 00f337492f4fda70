"""The first operation that makes NaN or ±∞ out of finite numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from core.health.finding import Finding
from core.health.look import Look, cell_text, first_cells, share_text
from core.health.rule import Limits, Mask, Rule
from core.program.ir import Array

NAME = "nonfinite"
SMALL = 8192


def check(look: Look, limits: Limits) -> Iterator[Finding]:
    """Find the operations whose operands are finite and whose result is not, and data that is not.

    What lives on from the iteration before was bad there already, unless this is the first one. A number typed into the
    program counts as finite.
    """
    del limits
    program, values = look.program, look.values
    bad = {v for v in (*program.inputs.values(), *program.makers) if look.has(v) and not finite(values[v])}
    if not bad:
        return
    carried = {start for start, _ in program.carried.values()}
    for v in program.inputs.values():
        if v in bad and look.fresh(v) and (look.iteration == 1 or v not in carried):
            yield _finding(look, v, f"before anything is computed in iteration {look.iteration}")
    for i in look.made:
        if i.result in bad and not bad.intersection(i.reads):
            line = program.statements[i.statement].line
            yield _finding(look, i.result, f"in line {line}, out of finite numbers")


def marks(look: Look, value: int, limits: Limits) -> Mask | None:
    """Mark every cell that is NaN or infinite, wherever it comes from."""
    del limits
    if finite(look.values[value]) or not look.has(value):
        return None
    return ~np.isfinite(np.asarray(look.values[value]))


def finite(datum: Any) -> bool:
    """Tell whether every number is finite; what is not computed counts as finite."""
    if datum is None:
        return True
    if not isinstance(datum, np.ndarray):
        return bool(np.isfinite(datum)) if isinstance(datum, np.generic) else math.isfinite(datum)
    if datum.dtype.kind != "f":
        return True
    # One number tells of all cells in one pass; it can only be wrong by overflow. BLAS is quicker, until its threads
    # wait for each other.
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.vdot(datum, datum) if datum.size <= SMALL else np.add.reduce(datum, axis=None)
    return math.isfinite(total) or bool(np.isfinite(datum).all())


def _finding(look: Look, value: int, where: str) -> Finding:
    array: Array = np.asarray(look.values[value])
    bad = ~np.isfinite(array)
    nan = int(np.isnan(array).sum())
    what = "not a number (NaN)" if nan else "infinite"
    count, verb = int(bad.sum()), "becomes" if look.made_by(value) >= 0 else "is"
    if array.size == 1:
        who = f"{look.label(value)} {verb}"
    else:
        many = "become" if verb == "becomes" else "are"
        verb = many if count > 1 else verb
        who = f"{share_text(count, array.size)} {look.label(value)} {verb}"
    first = "" if array.ndim == 0 or array.size == 1 else f" First is {cell_text(first_cells(bad)[0])}."
    numbers: dict[str, float] = {"nan": nan, "infinite": count - nan}
    remedies = ("fused-loss", "smaller-rate", "standardise", "clip")
    return look.finding(NAME, "error", value, f"{who} {what} {where}.{first}", bad, numbers=numbers, remedies=remedies)


RULE = Rule(
    NAME, "NaN or ∞", "An operation makes NaN or ±∞ out of finite numbers.",
    "IEEE 754-2019; the first bad operation as in TensorFlow Debugger V2", "⚠", check, marks=marks,
)  # fmt: skip
