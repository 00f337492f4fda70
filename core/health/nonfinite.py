"""The first operation that makes NaN or ±∞ out of finite numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from core.health.finding import Finding
from core.program.ir import Instruction, Program

NAME = "nonfinite"
FEW = 8


def find(program: Program, values: Sequence[Any]) -> Iterator[Finding]:
    """Find the operations whose operands are finite and whose result is not; `values` are those of one iteration by index.

    A value that is not computed is None; a number typed into the program counts as finite.
    """
    bad = {v for v in (*program.inputs.values(), *program.makers) if not finite(values[v])}
    if not bad:
        return
    for i in program.instructions:
        if i.result in bad and not bad.intersection(i.reads):
            yield _finding(program, i, values[i.result])


def finite(datum: Any) -> bool:
    """Tell whether every number is finite; what is not computed counts as finite."""
    if datum is None:
        return True
    if not isinstance(datum, np.ndarray):
        return bool(np.isfinite(datum)) if isinstance(datum, np.generic) else math.isfinite(datum)
    if datum.dtype.kind != "f":
        return True
    # A sum of squares is one pass without an array of answers; it can only be wrong by overflow.
    return math.isfinite(np.vdot(datum, datum)) or bool(np.isfinite(datum).all())


def _finding(program: Program, i: Instruction, datum: Any) -> Finding:
    array = np.asarray(datum)
    cells = tuple(tuple(int(c) for c in cell) for cell in np.argwhere(~np.isfinite(array))[:FEW])
    nan = bool(np.isnan(array).any())
    what = "not a number (NaN)" if nan else "infinite"
    label, line = program.values[i.result].label, program.statements[i.statement].line
    count = int(array.size - np.isfinite(array).sum())
    who = f"`{label}` becomes" if array.ndim == 0 else f"{count} of the {array.size} cells of `{label}` become"
    return Finding(NAME, "error", i.result, cells, i.index, f"{who} {what} in line {line}, out of finite numbers.")
