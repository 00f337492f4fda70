"""Which mends there are to run beside a program that was diagnosed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from core.complete import load
from core.diagnosis.course import Course
from core.diagnosis.result import Diagnosis, Fault
from core.program.ir import Program


@dataclass(frozen=True)
class Choice:
    """Which mend: `all` faults mended, `only` the one in `line` (`text` as typed), or a `hint` taken.

    `program` is the mended text.
    """

    kind: Literal["all", "only", "hint"]
    program: str
    line: int = 0
    text: str = ""


def choices(diagnosis: Diagnosis) -> tuple[Choice, ...]:
    """Return the mends that there are, that of all faults first."""
    found = [] if diagnosis.mended is None else [Choice("all", diagnosis.mended)]
    if len(diagnosis.faults) > 1:
        found += _alone("only", diagnosis.faults)
    return tuple(found + _alone("hint", diagnosis.hints))


def _alone(kind: Literal["only", "hint"], faults: Sequence[Fault]) -> list[Choice]:
    return [Choice(kind, f.mended, f.line, f.text) for f in faults if f.mended is not None]


def course_of(diagnosis: Diagnosis, folder: Path | None = None, choice: Choice | None = None) -> Course:
    """Return the course of a diagnosed program, of a mend, and, where that is not of all faults, of the program with all mended.

    Without a choice there is the diagnosed program alone. Files that the text names lie in `folder`.

    Raises:
        NotationError: if a mended text cannot be read.
    """
    texts = [] if choice is None else [choice.program]
    if choice is not None and choice.kind == "only" and diagnosis.mended not in (None, choice.program):
        texts.append(str(diagnosis.mended))
    return Course([diagnosis.program, *(load(text, folder=folder) for text in texts)])


def is_of(diagnosis: Diagnosis, program: Program) -> bool:
    """Tell whether a program is the one that was diagnosed, but for a loss that was assumed."""
    own = diagnosis.program
    lines = [s.text for s in own.statements if not s.derived and not (diagnosis.loss_assumed and s.text == diagnosis.loss)]
    if lines != [s.text for s in program.statements if not s.derived] or own.first_values.keys() != program.first_values.keys():
        return False
    given = program.first_values
    return all(np.asarray(x).tobytes() == np.asarray(given[n]).tobytes() for n, x in own.first_values.items())


def by_interest(diagnosis: Diagnosis) -> list[str]:
    """Return the parameters, those with a wrong gradient first, then weights before biases."""
    wrong = {p.name for p in diagnosis.parameters if p.verdict == "wrong"} | {n for f in diagnosis.faults for n in f.parameters}
    first = diagnosis.program.first_values
    return sorted(
        diagnosis.program.trainable, key=lambda n: (n not in wrong, min(np.shape(first.get(n, 0.0)), default=1) == 1)
    )  # fmt: skip
