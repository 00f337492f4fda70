"""What one row of the program shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.program.ir import BodyLine, Phase
from core.session import Moment
from stepper.models import mark_signs

RowKind = Literal["given-heading", "given", "heading", "line", "inner", "defs-heading", "def", "body"]
Status = Literal["waiting", "done", "lit", "next", "failed"]

STATUS_SIGN: dict[Status, str] = {"waiting": "", "done": "✓", "lit": "▶", "next": "▷", "failed": "✗"}


@dataclass(frozen=True)
class Row:
    """What one row shows. `value` is the value that it names, `note` a word before the shape.

    `widest` is the widest note that the row can have: room is kept for it, so that no line is cut anew
    while the program is stepped through. `stop` says whether a breakpoint on the line is on, None where
    there is none; `stale` that the line's value is out of date. A line inside an operation has a `depth`.
    `mark` is the strongest of what health rules say of what the line makes, in a sign and a word; `problems` are the sentences.
    `body` is the line of a `def` that the row shows; `names` are those that stand for a value here, with its index and what
    is to be said of it.
    """

    kind: RowKind
    text: str
    phase: Phase | None = None
    statement: int | None = None
    value: int | None = None
    derived: bool = False
    shape: str = ""
    note: str = ""
    status: Status = "waiting"
    fault: str = ""
    selected: bool = False
    widest: str = ""
    stop: bool | None = None
    stale: bool = False
    depth: int = 0
    mark: str = ""
    severity: str = ""
    problems: tuple[str, ...] = ()
    body: BodyLine | None = None
    names: tuple[tuple[str, int, str], ...] = ()

    @property
    def room(self) -> tuple[str, ...]:
        """The texts that decide how high the row is."""
        return (self.text, self.shape, self.widest or self.note, self.fault, self.mark)


def worst(moment: Moment, values: Sequence[int]) -> tuple[str, str, tuple[str, ...]]:
    """Return the sign and the word of the gravest mark of some values, how grave it is, and what all of them say."""
    marks = mark_signs.loud(list({m.rule: m for v in values for m in moment.marks(v)}.values()))
    first = next(iter(marks), None)
    if first is None:
        return "", "", ()
    sign = f"{mark_signs.WARNING} " if first.severity == "error" and not mark_signs.is_nonfinite(first) else ""
    word = sign + mark_signs.named(first) + (f" +{len(marks) - 1}" if len(marks) > 1 else "")
    return word, first.severity, tuple(mark_signs.sentences(marks))
