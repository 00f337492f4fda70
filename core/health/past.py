"""What rules remember of earlier iterations: the losses, and small measures of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST = 512
Measures = Mapping[Hashable, Any]


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The largest and the smallest singular value of a matrix as it was in an iteration; the matrix itself, if it may be kept."""

    iteration: int
    largest: float
    smallest: float
    shape: tuple[int, ...]
    matrix: Any


class Past:
    """Measures of the iterations up to now, a few hundred at most. `losses` gives the losses from iteration 1 on.

    Where it gives none, those of the iterations that were added are kept.
    """

    def __init__(self, losses: Callable[[], Sequence[float]] | None = None) -> None:
        self._losses = losses
        self._own: dict[int, float] = {}
        self._measures: dict[int, Measures] = {}
        self._means: dict[tuple[int, int], float] = {}
        self.spectra: dict[str, Spectrum] = {}

    def add(self, iteration: int, measures: Measures, loss: float | None = None) -> None:
        """Keep the measures of an iteration, and its loss."""
        self._measures[iteration] = measures
        if loss is not None and self._losses is None:
            self._own[iteration] = loss
        if len(self._measures) > MOST:
            for old in sorted(self._measures)[: MOST // 4]:
                del self._measures[old]

    def at(self, iteration: int) -> Measures | None:
        """Return the measures of an iteration, None where they are not known."""
        return self._measures.get(iteration)

    def loss(self, iteration: int) -> float | None:
        """Return the loss of an iteration, None where it is not known."""
        if self._losses is None:
            return self._own.get(iteration)
        known = self._losses()
        return known[iteration - 1] if 0 < iteration <= len(known) else None

    def mean_loss(self, first: int, last: int) -> float | None:
        """Return the mean loss of iterations, None where one is not known."""
        if (first, last) in self._means:
            return self._means[first, last]
        found = [self.loss(i) for i in range(first, last + 1)]
        known = [x for x in found if x is not None]
        if len(known) < len(found) or not known:
            return None
        if len(self._means) > MOST:
            self._means.clear()
        mean = math.fsum(known) / len(known) if all(map(math.isfinite, known)) else math.nan
        self._means[first, last] = mean
        return mean

    def forget_from(self, iteration: int) -> None:
        """Forget an iteration and all later ones."""
        self._own = {i: x for i, x in self._own.items() if i < iteration}
        self._means = {(a, b): x for (a, b), x in self._means.items() if b < iteration}
        self._measures = {i: x for i, x in self._measures.items() if i < iteration}
        self.spectra = {n: s for n, s in self.spectra.items() if s.iteration < iteration}
