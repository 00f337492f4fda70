"""A case with its trials: what the looks for single faults look at."""

from __future__ import annotations

from dataclasses import dataclass

from core.diagnosis.case import Case
from core.diagnosis.code import Change
from core.diagnosis.result import Fault
from core.diagnosis.work import Work
from core.program.ir import Program

Found = tuple[Fault, Change | None]


@dataclass(eq=False)
class Look:
    """What is looked at: a case, and trials of it (none where the loss cannot be computed)."""

    case: Case
    work: Work | None

    @staticmethod
    def of(case: Case) -> Look:
        """Draw the trials of a case."""
        drawn = case.trials
        return Look(case, Work(case.program, drawn) if drawn else None)

    @property
    def program(self) -> Program:
        """The program of the case."""
        return self.case.program
