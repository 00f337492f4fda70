"""One parameter while its gradient is being checked: which cells are nudged, and how it is judged."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.health.agreement import NOTE, WARN, WRONG, Verdict, errors, factor_of, floor_of, largest, level, scale_of
from core.health.gradresult import ParameterCheck
from core.health.own import own_gradient
from core.health.probe import Cell, Mover, Nudge, Probe
from core.program.ir import Array

DIRECTIONS = 3
EXACT = 1e-5
"""Derived and own need no nudge: rounding moves them apart by so much less than it moves a centred difference."""


class Plan:
    """One parameter while it is being checked."""

    def __init__(
        self,
        probe: Probe,
        held: Mapping[int, Any],
        name: str,
        index: int,
        found: Mapping[int, Array] | None,
        loss: float,
    ) -> None:
        self.name, self.index, self.loss = name, index, loss
        self.mover: Mover = probe.mover(index)
        self.shape = self.mover.start.shape
        self.derived = None if found is None else np.asarray(found[index], dtype=float)
        self.own = own_gradient(probe, held, name)
        self.gradient = probe.program.gradients.get(name)
        self.floor = floor_of(loss, self.mover.h)
        self.nudged = np.full(self.shape, np.nan)
        self.floors = np.full(self.shape, self.floor)
        self.bent: dict[Cell, Nudge] = {}
        self.slopes: list[tuple[float, float]] = []
        self.cells: list[Cell] = []
        self.directions = 0

    @property
    def total(self) -> int:
        return len(self.cells) + self.directions

    def choose(self, cells: Sequence[Cell] | None, most: int | None) -> None:
        """Decide which cells to nudge; of some only, whole directions are nudged too."""
        n = self.mover.start.size
        if not np.isfinite(self.loss):
            return
        if cells is not None:
            self.cells = list(cells)
        elif most is None or n <= most:
            self.cells = [tuple(int(x) for x in c) for c in np.ndindex(self.shape)]
        else:
            self.cells = [_cell(k, self.shape) for k in self._sample(n, most)]
            self.directions = DIRECTIONS

    def _sample(self, n: int, most: int) -> list[int]:
        """Return cells by number: where the derived and the own gradient are largest and differ most, others at random."""
        wanted: list[int] = []
        if self.derived is not None and np.isfinite(self.derived).all():
            wanted.append(int(np.argmax(np.abs(self.derived))))
            if self.own is not None and self.own.array.shape == self.shape and np.isfinite(self.own.array).all():
                wanted += [int(np.argmax(np.abs(self.own.array))), int(np.argmax(np.abs(self.own.array - self.derived)))]
        drawn = np.random.Generator(np.random.PCG64(n)).choice(n, size=most, replace=False)
        return list(dict.fromkeys([*wanted, *(int(k) for k in drawn)]))[:most]

    def work(self) -> Generator[None, None, None]:
        """Nudge, and yield after each nudge."""
        for cell in self.cells:
            self._nudge(cell)
            yield
        random = np.random.Generator(np.random.PCG64(self.mover.start.size))
        for _ in range(self.directions):
            signs = np.where(random.random(self.shape) < 0.5, -1.0, 1.0) / np.sqrt(max(self.mover.start.size, 1))
            seen = self.mover.direction(signs)
            if seen.kink is None and self.derived is not None:
                self.slopes.append((float(np.sum(self.derived * signs)), seen.slope))
            yield

    def _nudge(self, cell: Cell) -> None:
        seen = self.mover.cell(cell)
        self.nudged[cell] = seen.slope
        if self.derived is None or not np.isfinite(seen.slope):
            return
        expected = float(self.derived[cell])
        off = abs(seen.slope - expected) > self.floor + NOTE * abs(expected)
        jump = abs(seen.later - seen.earlier) > 4 * self.floor + WARN * max(abs(seen.later), abs(seen.earlier))
        if seen.kink is not None and (off or jump):
            self.bent[cell] = seen
            return
        if not off:
            return
        # How much of it is rounding, or a slope that bends on the way, other widths tell.
        self.nudged[cell], self.floors[cell] = self.mover.careful(cell, self.floor)

    def result(self) -> ParameterCheck:
        """Judge."""
        derived = np.full(self.shape, np.nan) if self.derived is None else self.derived
        misses = errors(derived, self.nudged, self.floors)
        bent = self.bent
        for cell in bent:
            misses[cell] = 0.0
        trusted = ~np.isfinite(self.nudged) | (misses <= WRONG)
        truth = np.where(trusted, derived, self.nudged)
        own = None if self.own is None else self.own.array
        if own is None:
            error, judged = misses, derived
        elif own.shape != self.shape:
            error, judged = np.full(self.shape, np.nan), own
        else:
            error = errors(own, truth, np.where(trusted, EXACT * self.floor, self.floors))
            for cell, seen in bent.items():
                if seen.between(float(own[cell]), self.floor + WARN * scale_of(truth)):
                    error[cell] = 0.0
            judged = own
        worst, where = largest(error)
        verdict, factor = self._verdict(judged, truth, worst, bent)
        kinks = {c: s.kink for c, s in bent.items() if s.kink is not None}
        found = ParameterCheck(
            self.name, self.index, self.gradient, self.derived, self.nudged, self.own, error, misses, worst, where, verdict,
            factor, kinks, tuple(self.slopes), self.floor, self.mover.h,
        )  # fmt: skip
        if own is None and verdict in ("agrees", "both zero") and not found.confirmed:
            return replace(found, verdict="wrong")
        return found

    def _verdict(
        self, judged: Array, truth: Array, worst: float, bent: Mapping[Cell, Nudge]
    ) -> tuple[Verdict, float | None]:  # fmt: skip
        if judged.shape != self.shape:
            return "wrong", None
        if not np.isfinite(self.loss) or (judged.size and np.isnan(truth).all()):
            return "not finite", None
        if not bent and not scale_of(truth) > self.floor * EXACT and not np.any(np.abs(judged) > self.floor):
            return "both zero", None
        found = level(worst)
        if found in ("near", "wrong"):
            factor = factor_of(judged, truth) if self.own is not None else None
            return ("factor" if factor is not None and factor > 0 else found), factor
        if found == "agrees" and bent:
            return "kink", None
        return found, None


def _cell(k: int, shape: tuple[int, ...]) -> Cell:
    return tuple(int(x) for x in np.unravel_index(k, shape)) if shape else ()
