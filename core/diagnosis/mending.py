"""A fault, and the change of a text that mends it."""

from __future__ import annotations

from dataclasses import dataclass

from core.diagnosis.case import Case
from core.diagnosis.code import Change
from core.diagnosis.result import Fault


@dataclass(frozen=True, eq=False)
class Mending:
    """A fault, and the change that mends it in the text of a case."""

    fault: Fault
    case: Case
    change: Change | None
