"""What a lesson is made of, as it is written: nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

WRONG, MENDED = "wrong", "mended"
Kind = Literal["sign", "shape", "rises-or-falls", "choice", "number"]
KINDS: tuple[Kind, ...] = ("sign", "shape", "rises-or-falls", "choice", "number")
AnswerKind = Literal["sign", "shape", "rises", "choice", "holds", "value"]
ANSWERS: Mapping[Kind, tuple[AnswerKind, ...]] = {
    "sign": ("sign",),
    "shape": ("shape",),
    "rises-or-falls": ("rises",),
    "choice": ("choice", "holds"),
    "number": ("value",),
}
PANELS = (
    "program", "network", "graph", "curves", "conditioning", "operation", "line", "update", "value", "why", "data", "loss",
    "problems", "check", "diagnosis", "course",
)  # fmt: skip
"""The panels that a step may ask for, by the names that the window gives them."""
Expected = Literal["right", "wrong", "unasked"] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a step stands.

    In `iteration` (from 1): before or after a `line` (its text, the name that it computes, or its number from 1), at the
    `end`, or else at the start. With `where`, a condition, it is the first iteration, within so many, in which that becomes
    true, and if no line is named the place where it does; `iteration` is then 0.
    """

    iteration: int = 1
    line: str | int | None = None
    after: bool = False
    end: bool = False
    where: str = ""
    within: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """How the right answer is found. `texts` are expressions: one, or one an option for `holds`.

    `number` is how many iterations `rises` looks ahead, or the option (from 1) that `choice` names because nothing computes it.
    `variant` and `iteration` say where it is asked, if not where the step stands; an iteration alone means its end.
    """

    kind: AnswerKind
    texts: tuple[str, ...] = ()
    number: int = 0
    variant: str = ""
    iteration: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before the step reveals anything. `expect` is the answer that the author counts on, None if not said.

    `within` is how near a typed number must come, as a share of the right one.
    """

    kind: Kind
    prompt: str
    options: tuple[str, ...]
    answer: Answer
    explanation: str
    expect: str | float | None = None
    within: float = 0.01


@dataclass(frozen=True, slots=True)
class Compare:
    """Two variants whose losses are drawn side by side."""

    variants: tuple[str, str]
    iterations: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a lesson. Texts are Markdown with placeholders; `index` counts from 0, `line` is that of the file.

    `select` is a value or a cell of one, `show` the panels to have in sight, `run` how many iterations may be run on from
    here, `diagnose` whether the diagnosis of the variant is shown.
    """

    index: int
    line: int
    title: str
    text: str
    variant: str
    stop: Stop
    select: str = ""
    show: tuple[str, ...] = ()
    question: Question | None = None
    reveal: str = ""
    run: int = 0
    diagnose: bool = False
    compare: Compare | None = None


@dataclass(frozen=True)
class Lesson:
    """A whole lesson. `variants` holds its programs by name, `wrong` first; `diagnosis` what is to be found in each.

    `name` is what it is called on the command line, `file` the path of one that does not come with the app, else empty.
    """

    name: str
    title: str
    summary: str
    order: int
    credit: str
    variants: Mapping[str, str]
    diagnosis: Mapping[str, Expected]
    steps: tuple[Step, ...]
    text: str
    file: str = ""

    def target(self, variant: str = WRONG) -> str:
        """Return the TARGET that opens a variant."""
        return f"{self.file}:{variant}" if self.file else f"lesson:{self.name}:{variant}"
