"""Which samples an iteration sees. Iterations and epochs count from 1."""

from __future__ import annotations

import numpy as np

from core.program.ir import Array, Batching


def epoch_of(batching: Batching, iteration: int) -> int:
    """Return the epoch that an iteration belongs to."""
    return (iteration - 1) // batching.per_epoch + 1


def ends_epoch(batching: Batching, iteration: int) -> bool:
    """Tell whether an iteration is the last of its epoch."""
    return iteration % batching.per_epoch == 0


def order_of(batching: Batching, epoch: int) -> Array:
    """Return the order of all samples in an epoch: as given, or shuffled by (seed, epoch)."""
    if not batching.shuffle:
        return np.arange(batching.total)
    return np.random.Generator(np.random.PCG64([batching.seed, epoch])).permutation(batching.total)


def indices_of(batching: Batching, iteration: int) -> Array:
    """Return the indices of the samples in an iteration's batch."""
    start = ((iteration - 1) % batching.per_epoch) * batching.size
    return order_of(batching, epoch_of(batching, iteration))[start : start + batching.size]


class Picker:
    """Cuts batches from whole data arrays; remembers the order of the epoch it was last asked for."""

    def __init__(self, batching: Batching) -> None:
        self._batching = batching
        self._epoch = 0
        self._order: Array = np.arange(0)

    def size(self, iteration: int) -> int:
        """Return how many samples the iteration's batch has."""
        start = ((iteration - 1) % self._batching.per_epoch) * self._batching.size
        return min(self._batching.size, self._batching.total - start)

    def cut(self, whole: Array, iteration: int) -> Array:
        """Return the batch of `whole`: a slice (a view), or `np.take` when shuffled; its bits depend on that."""
        b = self._batching
        axis = b.axis % whole.ndim
        start = ((iteration - 1) % b.per_epoch) * b.size
        if b.shuffle:
            epoch = epoch_of(b, iteration)
            if epoch != self._epoch:
                self._epoch, self._order = epoch, order_of(b, epoch)
            return np.take(whole, self._order[start : start + b.size], axis=axis)
        return whole[(slice(None),) * axis + (slice(start, start + b.size),)]
