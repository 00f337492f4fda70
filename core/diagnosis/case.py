"""A text on its way to being mended: what stands in it now, its program, and where its lines came from."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from core.complete import load
from core.diagnosis.code import Change, Code, aligned, changed
from core.diagnosis.trials import Trial, drained, drawing
from core.errors import StepperError
from core.notation.parse import lines_of
from core.program.ir import Program


@dataclass(eq=False)
class Case:
    """`text` is a text, perhaps with changes in it; `origin` says which line of the text that was given each line is.

    Changes are told in lines of `program.text`, in which derived lines stand as well.
    """

    text: str
    program: Program
    folder: Path | None
    origin: dict[int, int] = field(default_factory=dict[int, int])
    assumed: bool = False
    typed_lines: tuple[str, ...] = ()
    _drawn: list[Trial] | None = None

    @staticmethod
    def of(text: str, folder: Path | None) -> Case:
        """Read a text; raises NotationError."""
        return Case(text, load(text, folder=folder), folder, {n: n for n in range(1, len(lines_of(text)) + 1)},
                    typed_lines=tuple(lines_of(text)))  # fmt: skip

    @cached_property
    def code(self) -> Code:
        """The source of the program, statement by statement."""
        return Code(self.program, self.folder)

    @cached_property
    def typed(self) -> dict[int, int]:
        """Which line of `text` each line of the program's text is."""
        return aligned(self.text, self.program)

    def draw(self) -> Generator[None, None, list[Trial]]:
        """Draw the trials of the program, once; none where the loss cannot be computed."""
        if self._drawn is None:
            self._drawn = [] if self.program.loss is None else (yield from drawing(self.program))
        return self._drawn

    @property
    def trials(self) -> list[Trial]:
        """The trials of the program."""
        return drained(self.draw())

    def line(self, line: int) -> int:
        """Return the line of the text that was given for a line of the program's text."""
        at = self.typed.get(line, line)
        return self.origin.get(at, at)

    def given(self, line: int) -> str:
        """Return a line of the text that was given, without its indent."""
        return self.typed_lines[line - 1].strip() if 0 < line <= len(self.typed_lines) else ""

    def here(self, change: Change) -> Change:
        """Return a change in lines of `text`."""
        last = len(lines_of(self.text)) + 1

        def place(line: int) -> int:
            return next((self.typed[n] for n in range(line, line + 1000) if n in self.typed), last)

        return Change(
            tuple((self.typed[n], new) for n, new in change.lines if n in self.typed),
            tuple((place(n), new) for n, new in change.above),
        )

    def with_(self, change: Change) -> Case | None:
        """Return the case with a change in its text; None if that is no program."""
        text, moved = changed(self.text, self.here(change))
        try:
            program = load(text, folder=self.folder)
        except StepperError:
            return None
        origin = {new: self.origin[old] for new, old in moved.items() if old in self.origin}
        return Case(text, program, self.folder, origin, self.assumed, self.typed_lines)
