"""The gradient that a learner's own lines hand to an update, as numbers that can be compared with a slope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.health.agreement import scale_of
from core.health.probe import Probe, depending
from core.program.ir import Array, Program


@dataclass(frozen=True, eq=False)
class Own:
    """What a parameter's update uses as its gradient, worked out in float64 by the learner's own lines.

    Where the update adds it (`uphill`), the array has its sign turned: it is the change that is judged, not a sign. Where
    it is part of the line of the update, as in `W -= lr * dZ @ X.T`, the hyperparameters named in `without` count as 1.
    `rounding` is how far the numbers of the iteration itself, in their own type, are from these, relative to the largest; 0 if
    they are not computed yet.
    """

    array: Array
    uphill: bool = False
    without: tuple[str, ...] = ()
    rounding: float = 0.0


def own_gradient(probe: Probe, held: Mapping[int, Any], name: str) -> Own | None:
    """Return the learner's own gradient of a parameter; None where there is none, where it was derived or not computed.

    `held` has the gradients as the iteration computed them, None where it has not yet.
    """
    program = probe.program
    index = program.gradients.get(name)
    if index is None or probe.values[index] is None:
        return None
    statement = program.values[index].statement
    if statement is None or program.statements[statement].derived:
        return None
    now = held.get(index)
    array = np.asarray(probe.values[index], dtype=float)
    rounding = 0.0
    if now is not None and np.shape(now) == array.shape and getattr(now, "dtype", None) != np.float64:
        with np.errstate(all="ignore"):
            off = np.abs(np.asarray(now, dtype=float) - array)
            rounding = float(np.max(off, initial=0.0)) / (scale_of(array) or 1.0)
    array, without = _without_rates(program, probe, index, array)
    uphill = _uphill(program, probe, index, name)
    wanted = np.shape(probe.values[program.inputs[name]])
    if array.size == 1 and int(np.prod(wanted, dtype=np.int64)) == 1:  # `db2 = sum(dZ2)` for a bias of one number
        array = array.reshape(wanted)
    return Own(-array if uphill else array, uphill, without, rounding)


def _without_rates(program: Program, probe: Probe, index: int, array: Array) -> tuple[Array, tuple[str, ...]]:
    """Take the learning rate out of a gradient that stands in the line of the update itself."""
    value = program.values[index]
    assert value.statement is not None
    s = program.statements[value.statement]
    if s.phase != "update":
        return array, ()
    lines = program.instructions[s.first : program.makers[index] + 1]
    read = {v for i in lines for v in i.reads}
    rates = {v for v in read if program.values[v].kind == "hyperparameter" and index in _reached(lines, v)}
    if not rates:
        return array, ()
    values = probe.again(dict.fromkeys(rates, 1.0), lines)
    if values is None:
        return array, ()
    return np.asarray(values[index], dtype=float), tuple(program.values[v].label for v in sorted(rates))


def _reached(lines: Any, index: int) -> set[int]:
    return {i.result for i in depending(lines, index)}


def _uphill(program: Program, probe: Probe, index: int, name: str) -> bool:
    """Tell whether the update moves the parameter along what it uses as a gradient: does turning that turn the step?"""
    _, end = program.carried.get(name, (-1, -1))
    if end < 0 or probe.values[end] is None:
        return False
    lines = depending(program.instructions[: program.makers.get(end, -1) + 1], index)
    turned = probe.again({index: np.negative(probe.values[index])}, lines)
    if turned is None:
        return False
    step = np.asarray(probe.values[end], dtype=float) - turned[end]
    gradient = np.asarray(probe.values[index], dtype=float)
    if step.shape != gradient.shape and step.size != gradient.size:
        return False
    with np.errstate(all="ignore"):
        return bool(np.nansum(step * gradient.reshape(step.shape)) > 0)
