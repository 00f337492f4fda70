"""The backward that the app derives from a text's own forward, whatever backward the text has itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.complete import load
from core.errors import NotationError, StepperError
from core.health.mending import Edit, free_name, typed
from core.notation.parse import Raw, parse
from core.program.ir import Program
from core.writing.reading import said


@dataclass(frozen=True, slots=True)
class DerivedLine:
    """One derived line; `parameter` where it ends in a parameter's gradient, `own` the line of the text that makes it there."""

    text: str
    parameter: str = ""
    own_name: str = ""
    own: int = 0


@dataclass(frozen=True)
class Derived:
    """The derived lines in order, and one sentence where there are none."""

    lines: tuple[DerivedLine, ...] = ()
    problem: str = ""


def derived_backward(text: str, folder: Path | None = None) -> Derived:
    """Derive the backward of a text's forward and loss, without looking at the backward that it may have.

    In `problem` stands why that cannot be: a line before it cannot be read, no loss, nothing to train.
    """
    try:
        program = load(text, folder=folder)
        if program.fault is not None:
            return Derived(problem=f"First mend the line that cannot run: {program.fault.message}")
        bare = typed(program, without_backward=True).text
        try:
            plain = load(bare, folder=folder)
        except NotationError:
            summed = _summed(program, bare)
            if not summed:
                raise
            plain = load(summed, folder=folder)
    except NotationError as error:
        place = f"Line {error.line}: " if error.line else ""
        return Derived(problem=f"What the text lacks cannot be derived yet. {place}{said(error)}")
    except StepperError as error:
        return Derived(problem=str(error))
    if plain.loss is None:
        return Derived(problem="No loss is written: put one under `# loss`, and its backward can be derived.")
    lines = [s for s in plain.statements if s.derived and s.phase == "backward"]
    if not lines:
        return Derived(problem="No parameter is trained by this loss, so there is no backward to derive.")
    ends = {plain.makers[g]: p for p, g in plain.gradients.items() if g in plain.makers}
    found: list[DerivedLine] = []
    for s in lines:
        parameter = ends.get(s.last - 1, "")
        name, line = _own(program, parameter)
        found.append(DerivedLine(s.text, parameter, name, line))
    return Derived(tuple(found))


def _summed(program: Program, text: str) -> str:
    """Return the text with the sum of the loss as its loss, where that is an array; a derivative is that of one number.

    Empty where the loss is no line of the text.
    """
    maker = None if program.loss is None else program.makers.get(program.loss)
    raws = [s for s in parse(text).statements if isinstance(s, Raw)]
    line = next((s for s in reversed(raws) if s.section == "loss"), None)
    if maker is not None and line is None:
        wanted = program.statements[program.instructions[maker].statement].text
        line = next((s for s in raws if s.text == wanted), None)
    edit = Edit(text)
    if line is None:
        return ""
    edit.insert(line.end_line + 1, ["# loss", f"{free_name(program, 'L', 'total')} = sum({line.target})"])
    return edit.text()


def _own(program: Program, parameter: str) -> tuple[str, int]:
    """Return name and line of the gradient that the text itself makes of a parameter; none where it is derived."""
    value = program.gradients.get(parameter)
    maker = None if value is None else program.makers.get(value)
    if value is None or maker is None:
        return "", 0
    s = program.statements[program.instructions[maker].statement]
    return ("", 0) if s.derived else (s.target, s.line)
