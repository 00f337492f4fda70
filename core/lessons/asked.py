"""A question with its right answer, and how that follows from what the programs compute."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import NotationError
from core.lessons.lesson import Answer, Kind
from core.program.ir import Array
from core.quiz import NOT_A_NUMBER, shape_text

SIGNS = ("positive", "negative", "exactly zero", NOT_A_NUMBER)
WAYS = ("falls", "rises", "stays exactly the same", "becomes NaN")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its right answer: the index of an option, or a number to type.

    `within` is how near a typed number must come, as a share of the right one.
    """

    kind: Kind
    prompt: str
    options: tuple[str, ...]
    right: int
    number: float | None
    within: float
    explanation: str

    def is_right(self, choice: float) -> bool:
        """Tell whether the index of an option, or a typed number, is right."""
        if self.number is None:
            return choice == self.right
        if math.isnan(self.number) or math.isinf(self.number):
            return choice == self.number or (math.isnan(choice) and math.isnan(self.number))
        return abs(choice - self.number) <= self.within * abs(self.number) or choice == self.number

    @property
    def right_text(self) -> str:
        """The right answer in words."""
        return self.options[self.right] if self.number is None else f"{self.number:.6g}".replace("-", "−")


def right_of(a: Answer, answers: Sequence[Array]) -> int | str | float:
    """Return the right answer: the index of an option, the text of one, or a number; `answers` are those to `a.texts`.

    Raises:
        NotationError: where something else than one number was needed, or not exactly one condition holds.
    """
    if a.kind == "shape":
        return shape_text(answers[0].shape)
    for text, answer in zip(a.texts, answers, strict=True):
        if answer.size != 1:
            raise NotationError(f"`{text}` is {shape_text(answer.shape)}, not one number")
    if a.kind == "holds":
        true = [n for n, answer in enumerate(answers) if bool(answer.reshape(-1)[0])]
        if len(true) != 1:
            raise NotationError(f"{len(true)} of the conditions hold, and it must be exactly one")
        return true[0]
    x = float(answers[0].reshape(-1)[0])
    if a.kind == "value":
        return x
    return SIGNS[3] if math.isnan(x) else SIGNS[0] if x > 0 else SIGNS[1] if x < 0 else SIGNS[2]


def way_of(before: float, after: float) -> str:
    """Return what a loss did, as one of WAYS; raises NotationError where it was NaN already."""
    if math.isnan(before):
        raise NotationError("the loss is NaN already")
    return WAYS[3] if math.isnan(after) else WAYS[0] if after < before else WAYS[1] if after > before else WAYS[2]
