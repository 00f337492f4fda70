"""What an answer means: a class by a threshold or by the largest output, or a number; and whether it is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.program.ir import Array

Kind = Literal["threshold", "largest", "each", "value"]
NO_CLASS = -1


@dataclass(frozen=True)
class Reading:
    """How outputs are read.

    `threshold`: one output, class 1 above `threshold`, else class 0. `largest`: the class of the largest output.
    `each`: several outputs, each with a yes or no of its own. `value`: the outputs are numbers, there are no classes.
    `low` and `high` are what the two classes of a threshold are called in the targets (0 and 1, or −1 and 1).
    """

    kind: Kind
    threshold: float = 0.0
    classes: int = 0
    low: int = 0

    def classes_of(self, outputs: Array) -> Array:
        """Return the class of each column of `outputs` (outputs×samples); NO_CLASS where a NaN leaves none."""
        if self.kind == "largest":
            found = np.argmax(outputs, axis=0)
        elif self.kind == "threshold":
            found = (outputs[0] > self.threshold).astype(np.int64)
        else:
            return np.full(outputs.shape[1], NO_CLASS)
        return np.where(np.isnan(outputs).any(axis=0), NO_CLASS, found)

    def name(self, number: int) -> str:
        """Return what a class is called in the targets."""
        return str(number if number or not self.low else self.low)


@dataclass(frozen=True)
class Answer:
    """The network's answers for all samples: `outputs` is outputs×samples, the others have one entry a sample.

    `wrong` is true where the class is known and another was found; `nothing` where the outputs hold a NaN.
    """

    outputs: Array
    found: Array
    wrong: Array
    nothing: Array

    @property
    def misclassified(self) -> int:
        """How many samples were put into a wrong class."""
        return int(np.count_nonzero(self.wrong))

    @property
    def silent(self) -> int:
        """How many samples have no answer, because it is NaN."""
        return int(np.count_nonzero(self.nothing))


def reading_of(targets: Array | None, outputs: int, loss: str | None, raw: bool) -> Reading:
    """Return how answers are to be read, by the targets (outputs×samples, or class numbers 1×samples) and the loss.

    `raw` says that the answer is not a probability yet: the loss itself makes one of it.
    """
    if outputs > 1:
        return Reading("largest", classes=outputs) if _one_of(targets, outputs, loss) else _of_several(targets, loss, raw)
    seen = set() if targets is None else set(np.unique(targets).tolist())
    signs = loss == "hinge" or (bool(seen) and seen <= {-1.0, 1.0} and seen != {1.0})
    if signs:
        return Reading("threshold", 0.0, 2, low=-1)
    if loss in ("bce", "bce_with_logits") or (seen and seen <= {0.0, 1.0}):
        return Reading("threshold", 0.0 if raw else 0.5, 2)
    return Reading("value")


def truth_of(targets: Array | None, reading: Reading, samples: int) -> Array | None:
    """Return the true class of each sample, None where there are no classes or no targets."""
    if targets is None or reading.kind not in ("threshold", "largest"):
        return None
    if reading.kind == "threshold":
        return (targets[0] > (0 if reading.low else 0.5)).astype(np.int64)
    return np.argmax(targets, axis=0) if targets.shape[0] > 1 else targets[0].astype(np.int64)


def answer_of(outputs: Array, targets: Array | None, truth: Array | None, reading: Reading) -> Answer:
    """Judge outputs (outputs×samples)."""
    found, nothing = reading.classes_of(outputs), np.asarray(np.isnan(outputs).any(axis=0))
    wrong = np.zeros(outputs.shape[1], dtype=bool)
    if truth is not None:
        wrong = (found != truth) & ~nothing
    elif reading.kind == "each" and targets is not None:
        wrong = ((outputs > reading.threshold) != (targets > 0.5)).any(axis=0) & ~nothing
    return Answer(outputs, found, wrong, nothing)


def _one_of(targets: Array | None, outputs: int, loss: str | None) -> bool:
    if loss in ("cross_entropy", "softmax_cross_entropy"):
        return True
    if targets is None or targets.shape[0] != outputs:
        return targets is not None
    return bool(np.isin(targets, (0, 1)).all() and (targets.sum(axis=0) == 1).all())


def _of_several(targets: Array | None, loss: str | None, raw: bool) -> Reading:
    answers = loss in ("bce", "bce_with_logits") and targets is not None and bool(np.isin(targets, (0, 1)).all())
    return Reading("each", 0.0 if raw else 0.5) if answers else Reading("value")
