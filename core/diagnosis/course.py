"""What a fault does: a learner's program and mended ones from the same start, with how far downhill each step goes."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from core.data.batches import ends_epoch
from core.execute.adjoints import adjoints
from core.execute.runner import Runner
from core.execute.timeline import mean_loss
from core.health.compare import Pair, first_difference, pairs_of
from core.program.ir import Array, Program, fault_sentence

ALL_KNOWN = 500
"""The cosine is taken in so many iterations from the first on, and more and more rarely after them."""
WHOLE_EPOCHS = 16
"""Epochs of up to so many iterations are sampled as a whole, so that no sample is left out of their mean."""
GOLDEN = (math.sqrt(5) - 1) / 2
PIECE = 0.01


class Run:
    """One program on its way. `names` are its trainable parameters.

    `losses` has the loss of each iteration's own samples, `epoch_losses` the mean of each whole epoch. `stopped` says in a
    sentence why it cannot go on; `first_bad` is the first iteration with a loss that is not finite, 0 if there is none.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = program.trainable
        self.losses: list[float] = []
        self.epoch_losses: list[float] = []
        self.stopped = ""
        self.first_bad = 0
        self.sampled: list[int] = []
        self._ends = {n: program.carried.get(n, (program.inputs[n], program.inputs[n])) for n in self.names}
        self._cosines: dict[str, list[float]] = {n: [] for n in self.names}
        self._lengths: dict[str, list[float]] = {n: [] for n in self.names}
        self._runner = Runner(program)

    @property
    def values(self) -> Sequence[Any]:
        """All values of the iteration just done, by index; the next one writes over them."""
        return self._runner.values

    def step(self, sample: bool) -> bool:
        """Run one iteration, and take its cosines if `sample`; False if a line cannot run."""
        if self.stopped:
            return False
        at = len(self.losses) + 1
        if not self._runner.step():
            fault = self._runner.fault
            self.stopped = f"iteration {at} cannot run" if fault is None else fault_sentence(self.program, fault)
            return False
        loss = math.nan if self._runner.loss is None else self._runner.loss
        self.losses.append(loss)
        if not math.isfinite(loss) and not self.first_bad:
            self.first_bad = at
        if ends_epoch(self.program.batching, at):
            self.epoch_losses.append(mean_loss(self.losses[-self.program.batching.per_epoch :]))
        if sample:
            self._take(at)
        return True

    def cosine(self, name: str) -> tuple[Array, Array]:
        """Return the iterations that were sampled and the cosine of the change of a parameter with −∇L in each.

        ∇L is at this run's own parameters, on that iteration's samples. NaN where either has no length, where the update
        changes the shape, or where a number is not finite. Both have shape (sampled,).
        """
        return np.array(self.sampled, dtype=np.int64), np.array(self._cosines[name], dtype=np.float64)

    def length(self, name: str) -> tuple[Array, Array]:
        """Return the iterations that were sampled and the length ‖Δp‖ of the change of a parameter in each; both (sampled,)."""
        return np.array(self.sampled, dtype=np.int64), np.array(self._lengths[name], dtype=np.float64)

    def _take(self, at: int) -> None:
        values = self.values
        starts = [start for start, _ in self._ends.values()]
        true = adjoints(self.program, values.__getitem__, starts)
        self.sampled.append(at)
        for name, (start, end) in self._ends.items():
            old, new = (np.asarray(values[v], dtype=np.float64) for v in (start, end))
            with np.errstate(all="ignore"):
                move = new - old if new.shape == old.shape else None
            self._lengths[name].append(math.nan if move is None else _length(move))
            self._cosines[name].append(math.nan if move is None or true is None else _cosine(move, -true[start]))


@dataclass(frozen=True)
class Parting:
    """Where two runs part: after `k` operations of an iteration of the first, in `line` of its program.

    `name` is what is computed there, `cell` the first that differs (empty for a number, and where the shapes differ: `shapes`),
    `numbers` what stands there in each, in as few digits as tell them apart, `exact` the same in full.
    """

    iteration: int
    k: int
    line: int
    name: str
    cell: tuple[int, ...]
    numbers: tuple[str, str]
    exact: tuple[str, str]
    shapes: bool


class Course:
    """Runs beside each other, from the same start: the learner's own and mended ones."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self.runs = tuple(Run(p) for p in programs)
        self.done = 0
        self._pairs: dict[tuple[int, int], list[Pair]] = {
            (a, a + 1): pairs_of(one, other) for a, (one, other) in enumerate(pairwise(programs))
        }
        self._partings: dict[tuple[int, int], Parting] = {}

    @property
    def ended(self) -> bool:
        """Tell whether no run can go on."""
        return all(r.stopped for r in self.runs)

    @property
    def per_epoch(self) -> int:
        """How many iterations make an epoch."""
        return self.runs[0].program.batching.per_epoch

    @property
    def rarely(self) -> bool:
        """Tell whether the cosine was not taken in every iteration."""
        return self.done > max(len(r.sampled) for r in self.runs)

    def samples(self, iteration: int) -> bool:
        """Tell whether the cosine is taken in an iteration: in all up to ALL_KNOWN, then in about every 2nd, 4th, …

        The steps of the golden ratio are even, and never keep time with the samples of an epoch.
        """
        size = self.per_epoch if self.per_epoch <= WHOLE_EPOCHS else 1
        block = (iteration - 1) // size
        stride = 1
        while stride * ALL_KNOWN < block * size:
            stride *= 2
        return stride == 1 or (block * GOLDEN) % 1.0 < 1.0 / stride

    def step(self) -> bool:
        """Run all that can one iteration on; False if none can."""
        at = self.done + 1
        sample = self.samples(at)
        went = [r.step(sample) for r in self.runs]
        if not any(went):
            return False
        self.done = at
        for (a, b), pairs in self._pairs.items():
            if (a, b) not in self._partings and went[a] and went[b]:
                found = _parted(at, self.runs[a], self.runs[b], pairs)
                if found is not None:
                    self._partings[a, b] = found
        return True

    def running(self, iterations: int) -> Generator[int, None, None]:
        """Run so many iterations, in pieces of about a hundredth of a second; yields how many are done by then."""
        target, until = self.done + iterations, time.perf_counter() + PIECE
        while self.done < target and self.step():
            if time.perf_counter() > until:
                yield self.done
                until = time.perf_counter() + PIECE

    def parting(self, place: int = 0) -> Parting | None:
        """Return where a run and the next one part; None while they have not."""
        return self._partings.get((place, place + 1))


def epoch_means(iterations: Array, numbers: Array, per_epoch: int) -> tuple[Array, Array]:
    """Return the last iteration of each epoch that has a number, and the mean of its finite ones; NaN where none is finite."""
    if not iterations.size:
        return iterations, numbers
    epochs = (iterations - 1) // per_epoch
    whole, place = np.unique(epochs, return_inverse=True)
    finite = np.isfinite(numbers)
    sums = np.bincount(place, np.where(finite, numbers, 0.0), whole.size)
    counts = np.bincount(place, finite, whole.size)
    with np.errstate(all="ignore"):
        return (whole + 1) * per_epoch, np.where(counts > 0, sums / counts, np.nan)


def _parted(iteration: int, one: Run, other: Run, pairs: Sequence[Pair]) -> Parting | None:
    """Return where two runs part in an iteration that both have just done."""
    p = one.program
    found = first_difference(iteration, p, pairs, one.values, other.values)
    if found is None:
        return None
    a, b = next((np.shape(one.values[x]), np.shape(other.values[y])) for k, x, y in pairs if k == found.k)
    line = p.statements[p.instructions[found.k - 1].statement].line
    return Parting(iteration, found.k, line, found.name, found.cell, found.shown, (found.old, found.new), a != b)


def _length(array: Array) -> float:
    """Return the Euclidean length, without overflow where it is finite."""
    size = float(np.max(np.abs(array), initial=0.0))
    if not size or not math.isfinite(size):
        return size
    return size * float(np.linalg.norm(np.ravel(array / size)))


def _cosine(a: Array, b: Array) -> float:
    if a.shape != b.shape:
        return math.nan
    with np.errstate(all="ignore"):
        large, other = (float(np.max(np.abs(x), initial=0.0)) for x in (a, b))
        if not (0 < large < math.inf and 0 < other < math.inf):
            return math.nan
        a, b = np.ravel(a / large), np.ravel(b / other)
        found = float(np.dot(a, b)) / (float(np.linalg.norm(a)) * float(np.linalg.norm(b)))
    return min(1.0, max(-1.0, found))
