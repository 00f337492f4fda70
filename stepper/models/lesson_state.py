"""What the panel of a lesson shows at one moment: which lesson, which step of it, what was answered, what is under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.lessons.lesson import Lesson, Step
from core.lessons.runs import Shown

Given = int | float | str
"""An answer: an option counted from 0, a number, or a text as typed; SHOWN where a person had it shown."""
SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class Entry:
    """A lesson in the list of lessons: how to open it, its title and summary, how many of its steps were read."""

    target: str
    title: str
    summary: str
    read: int = 0
    steps: int = 0

    @property
    def line(self) -> str:
        """The title and the summary in one line."""
        return f"{self.title}{'' if self.title.endswith(('?', '!', '.')) else ':'} {self.summary}"

    @property
    def done(self) -> bool:
        """Whether every step was read."""
        return 0 < self.steps <= self.read


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two programs of a lesson to be run beside each other: their names, their texts, how many iterations, where data lie."""

    names: tuple[str, str]
    texts: tuple[str, str]
    iterations: int
    folder: Path | None = None


@dataclass(frozen=True)
class LessonState:
    """All that the panel draws.

    `shown` is the step with its numbers, None while they are worked out. `given` is the answer to its question, None
    before there is one. `read` are the steps seen, with their titles. `away` says that the window shows another place than
    the step is about, `busy` what is under way, `part` how much of it is done (0 … 1, None where nobody knows),
    `trouble` why the step cannot be shown; `acted` tells that what it asks to be done was done, or passed over. `panels` are
    those that this window has.
    """

    entries: tuple[Entry, ...] = ()
    lesson: Lesson | None = None
    at: int = 0
    shown: Shown | None = None
    given: Given | None = None
    read: Mapping[int, str] = field(default_factory=dict)
    away: bool = False
    busy: str = ""
    part: float | None = None
    trouble: str = ""
    acted: bool = False
    panels: frozenset[str] = frozenset()

    @property
    def step(self) -> Step | None:
        """The step that is looked at."""
        return None if self.lesson is None else self.lesson.steps[self.at]

    @property
    def open(self) -> bool:
        """Whether no question waits: the step asks nothing, or was answered."""
        return self.shown is not None and (self.shown.question is None or self.given is not None)

    @property
    def told(self) -> bool:
        """Whether the step has nothing to hide any more. One without a question tells what comes of what it asks to be done."""
        step = self.step
        if step is None or self.shown is None:
            return False
        if self.shown.question is not None:
            return self.given is not None
        return self.acted or not (step.run or step.diagnose or step.compare)
