"""What a check of gradients gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.health.agreement import NOTE, WARN, WRONG, Verdict, largest, tells
from core.health.finding import Severity
from core.health.own import Own
from core.health.probe import Cell
from core.program.ir import Array, Program


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a check has come: nudges done of all, and the parameter that it is at."""

    done: int
    total: int
    name: str


@dataclass(frozen=True, eq=False)
class ParameterCheck:
    """What was found of one parameter; every array has its shape, NaN stands for not known.

    `value` is the version of it that the loss was computed with, `gradient` the value that its update uses as one.
    `own` is the learner's, None where the lines were derived. `derived` is None where it cannot be computed. `error` is
    the relative error of each cell: of the learner's own against the derived one that nudging confirms, without one of
    the derived against nudging. `misses` is that of the derived one against nudging alone, where nudged. `kinks` are cells
    at which the probe went over a kink and the numbers differ for that reason, with the operation and a cell of it.
    `slopes` holds (derived, nudged) along random directions of the whole array.
    """

    name: str
    value: int
    gradient: int | None
    derived: Array | None
    nudged: Array
    own: Own | None
    error: Array
    misses: Array
    largest: float
    where: Cell | None
    verdict: Verdict
    factor: float | None
    kinks: Mapping[Cell, tuple[int, Cell]]
    slopes: tuple[tuple[float, float], ...]
    floor: float
    h: float

    @property
    def cells(self) -> int:
        """How many cells it has."""
        return self.nudged.size

    @property
    def nudges(self) -> int:
        """How many of its cells were nudged."""
        return int(np.count_nonzero(~np.isnan(self.misses)))

    @property
    def severity(self) -> Severity | None:
        """A wrong gradient is an error, one that is scaled, nearly right or not to be told a warning; None if it is right."""
        if self.verdict == "wrong":
            return "error"
        if self.verdict in ("near", "factor", "unknown", "not finite"):
            return "warning"
        return "note" if self.verdict == "agrees" and self.largest > NOTE else None

    @property
    def confirmed(self) -> bool:
        """Whether nudging says the same as the derived gradient, wherever it was asked."""
        worst, _ = largest(self.misses)
        return self.derived is not None and not worst > WRONG and all(_same(a, b, self.floor) for a, b in self.slopes)


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """What was found of an iteration; `problem` says in a sentence why there is nothing to check."""

    program: Program
    loss: float | None
    results: tuple[ParameterCheck, ...]
    problem: str = ""
    inputs: Mapping[int, Any] = field(default_factory=dict[int, Any], repr=False)

    def holds(self, program: Program, value: Callable[[int], Any]) -> bool:
        """Tell whether an iteration starts from what was checked, so that what was found is true of it too."""
        return program is self.program and all(_equal(datum, value(v)) for v, datum in self.inputs.items())

    def with_results(self, found: GradientCheck) -> GradientCheck:
        """Return the same check with the results of another one of the same iteration in the place of its own."""
        newer = {r.name: r for r in found.results}
        return replace(self, results=settled([newer.get(r.name, r) for r in self.results]))

    def of(self, name: str) -> ParameterCheck:
        """Return what was found of a parameter; raises KeyError."""
        for found in self.results:
            if found.name == name:
                return found
        raise KeyError(name)

    @property
    def factor(self) -> float | None:
        """The one factor c > 0, not 1, by which all gradients differ from the true ones: it acts like another learning rate."""
        judged = [r for r in self.results if r.verdict not in ("both zero", "kink")]
        factors = [r.factor for r in judged]
        if not judged or any(r.verdict != "factor" for r in judged) or any(f is None for f in factors):
            return None
        first = factors[0]
        assert first is not None
        return first if all(f is not None and abs(f - first) <= WARN * first for f in factors) else None

    @property
    def right(self) -> bool:
        """Whether nothing is wrong: every gradient agrees, or all up to one factor."""
        good = ("agrees", "both zero", "kink")
        return not self.problem and (all(r.verdict in good for r in self.results) or self.factor is not None)


def settled(results: Sequence[ParameterCheck]) -> tuple[ParameterCheck, ...]:
    """A single number is a multiple of any other: its factor counts only where that of a whole array is the same."""
    sure = [r.factor for r in results if r.verdict == "factor" and r.factor is not None and tells(_truth(r))]
    return tuple(
        replace(r, verdict="wrong")
        if r.verdict == "factor" and r.factor is not None and not tells(_truth(r))
        and not any(abs(r.factor - f) <= WARN * f for f in sure)
        else r
        for r in results
    )  # fmt: skip


def _truth(r: ParameterCheck) -> Array:
    return r.nudged if r.derived is None else r.derived


def _same(a: float, b: float, floor: float) -> bool:
    """Tell whether two slopes along a direction are the same, as far as a centred difference can tell."""
    return abs(a - b) <= 10 * floor + WARN * max(abs(a), abs(b)) or not np.isfinite([a, b]).all()


def _equal(a: Any, b: Any) -> bool:
    if a is b:
        return True
    one, other = np.asarray(a), np.asarray(b)
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
