"""What rules look at: one iteration's values as far as they are computed, their roles, and what went before."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from core.data.batches import ends_epoch
from core.explain.numbers import number
from core.health import quantities
from core.health.finding import FEW, Finding, Severity
from core.health.past import MOST, Past
from core.health.roles import Roles, roles_of
from core.health.rule import Mask
from core.program.ir import Array, Instruction, Program

__all__ = ["Look", "Past"]


class Look:
    """The values of one iteration by index, of which those made by the first `k` instructions count (None: all).

    `new` is the first instruction that was not looked at before in this iteration; at -1 what the iteration starts from is
    new too. `past` knows earlier iterations. `known` holds quantities of this iteration that were taken before.
    """

    def __init__(
        self,
        program: Program,
        values: Sequence[Any],
        iteration: int = 1,
        k: int | None = None,
        past: Past | None = None,
        new: int = -1,
        known: dict[Hashable, Any] | None = None,
    ) -> None:
        self.program, self.values, self.iteration = program, values, iteration
        self.k = len(program) if k is None else k
        self.past = Past() if past is None else past
        self.new = new
        self._roles: Roles | None = None
        self._known: dict[Hashable, Any] = {} if known is None else known

    @property
    def roles(self) -> Roles:
        """What the values are to the rules."""
        if self._roles is None:
            self._roles = roles_of(self.program, self.values)
        return self._roles

    # -- values --------------------------------------------------------------------------------------

    def made_by(self, index: int) -> int:
        """Return the instruction that makes a value, -1 for what the iteration starts from."""
        return self.program.makers.get(index, -1)

    def has(self, index: int) -> bool:
        """Tell whether a value is computed."""
        return self.values[index] is not None and self.program.makers.get(index, -1) < self.k

    def fresh(self, index: int) -> bool:
        """Tell whether a value is computed and was not looked at before."""
        return self.new <= self.program.makers.get(index, -1) < self.k and self.values[index] is not None

    def array(self, index: int) -> Array | None:
        """Return a value as an array, None where it is not computed."""
        return np.asarray(self.values[index]) if self.has(index) else None

    def floats(self, index: int) -> Array | None:
        """Return a value as an array if it is computed, holds numbers with a fraction, and is not empty."""
        if not self.has(index):
            return None
        found = np.asarray(self.values[index])
        return found if found.dtype.kind == "f" and found.size else None

    # -- measures ------------------------------------------------------------------------------------

    def measure(self, kind: str, key: Hashable) -> Any:
        """Return a measure of this iteration (see `core.health.quantities`), None where it cannot be taken yet."""
        if (kind, key) not in self._known:
            found = quantities.TAKE[kind](self, key)
            if found is None:
                return None
            self._known[kind, key] = found
        return self._known[kind, key]

    def over(self, count: int, kind: str, key: Hashable) -> list[Any] | None:
        """Return a measure of the last `count` iterations, this one last; None where one is not known."""
        found: list[Any] = []
        for i in range(self.iteration - count + 1, self.iteration):
            known = self.past.at(i)
            if known is None or (kind, key) not in known:
                return None
            found.append(known[kind, key])
        mine = self.measure(kind, key)
        return None if mine is None else [*found, mine]

    def over_epoch(self, kind: str, key: Hashable) -> list[Any] | None:
        """Return a measure of as many iterations as make an epoch, this one last; None where one is not known."""
        return self.over(min(self.program.batching.per_epoch, MOST // 2), kind, key)

    def remember(self) -> None:
        """Put the measures of this iteration, which is done, into the past."""
        for kind, key in quantities.asked(self.roles):
            self.measure(kind, key)
        self.past.add(self.iteration, self._known, self.loss)

    # -- losses --------------------------------------------------------------------------------------

    @property
    def loss(self) -> float | None:
        """The loss of this iteration, None where it is not computed or there is none."""
        if self.program.loss is None or not self.has(self.program.loss):
            return None
        found = np.asarray(self.values[self.program.loss])
        return float(found.reshape(-1)[0]) if found.size else None

    def epoch_losses(self, count: int) -> list[float] | None:
        """Return the mean losses of the last `count` whole epochs, oldest first; None where one is not known."""
        batching, mine = self.program.batching, self.loss
        if mine is None:
            return None
        per = batching.per_epoch
        end = self.iteration if ends_epoch(batching, self.iteration) else (self.iteration // per) * per
        found: list[float] = []
        for n in range(count - 1, -1, -1):
            last = end - n * per
            mean = mine if last == self.iteration and per == 1 else self._mean(last - per + 1, last)
            if mean is None:
                return None
            found.append(mean)
        return found

    def _mean(self, first: int, last: int) -> float | None:
        if first < 1:
            return None
        if last < self.iteration:
            return self.past.mean_loss(first, last)
        before, mine = self.past.mean_loss(first, last - 1), self.loss
        return None if before is None or mine is None else (before * (last - first) + mine) / (last - first + 1)

    @cached_property
    def _loss_now(self) -> float | None:
        """The mean loss of the last iterations that make an epoch, or what is known instead."""
        per = self.program.batching.per_epoch
        now = self.loss if per == 1 else self._mean(max(1, self.iteration - per + 1), self.iteration)
        return self.past.loss(self.iteration - 1) if now is None else now

    @property
    def first_loss(self) -> float | None:
        """The mean loss of the first epoch, None where it is not known."""
        per = self.program.batching.per_epoch
        if self.iteration <= per:
            return self.loss if self.iteration == 1 else self.past.mean_loss(1, self.iteration - 1)
        return self.past.mean_loss(1, per)

    def near_floor(self, share: float) -> bool:
        """Tell whether the loss, over an epoch, has fallen to a small share of what it was in the first epoch."""
        first = self.first_loss
        if first is None or not first > 0:
            return self.loss == 0
        now = self._loss_now
        return now is not None and now <= share * first

    # -- words ---------------------------------------------------------------------------------------

    def label(self, index: int) -> str:
        """Return what a value is called, as it stands in a sentence."""
        return f"`{self.program.values[index].label}`"

    def where(self, index: int) -> str:
        """Return where a value is made: ` in line 12`, nothing for what an iteration starts from."""
        maker = self.made_by(index)
        return "" if maker < 0 else f" in line {self.program.statements[self.program.instructions[maker].statement].line}"

    @property
    def made(self) -> Sequence[Instruction]:
        """The instructions whose results are new."""
        return self.program.instructions[max(self.new, 0) : self.k]

    def finding(
        self,
        rule: str,
        severity: Severity,
        value: int,
        text: str,
        mask: Mask | None = None,
        layer: int | None = None,
        units: Sequence[int] = (),
        numbers: dict[str, float] | None = None,
        remedies: tuple[str, ...] = (),
        after: int = -1,
    ) -> Finding:
        """Return a finding of a value; `mask` says which cells, `after` which value had to be known, by its index."""
        cells, count = first_cells(mask), 0 if mask is None else int(np.count_nonzero(mask))
        maker = self.made_by(value)
        if layer is None and 0 <= maker < len(self.program.layers):
            layer = self.program.layers[maker]
        numbers = {n: float(x) for n, x in (numbers or {}).items()}
        return Finding(
            rule, severity, value, cells, maker, text, count, layer, tuple(units), numbers, remedies,
            after if after < 0 else self.made_by(after),
        )  # fmt: skip


def first_cells(mask: Mask | None) -> tuple[tuple[int, ...], ...]:
    """Return the first few cells of a mask, in C order."""
    if mask is None:
        return ()
    flat = np.flatnonzero(mask)[:FEW]
    return (
        tuple(zip(*(tuple(int(c) for c in axis) for axis in np.unravel_index(flat, mask.shape)), strict=True))
        if mask.ndim
        else ((),)
    )


def cell_text(cell: Sequence[int]) -> str:
    """Return a cell as it is written: `[0, 3]`."""
    return f"[{', '.join(map(str, cell))}]" if cell else ""


def share_text(count: int, size: int) -> str:
    """Return how many of how many: `3 of the 40 cells of`."""
    return f"{count} of the {size} cells of" if size > 1 else ""


__all__ += ["cell_text", "first_cells", "number", "share_text"]
