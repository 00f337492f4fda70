"""Sentences on where a number came from."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from core.explain.reasons import Reason
from core.program.ir import Instruction, Program
from core.session import Moment
from stepper import theme

translate = QCoreApplication.translate


def line_words(program: Program, i: Instruction) -> str:
    """Return an operation with its phase and its line: `→ forward, line 14:  A1 = sigmoid(Z1)`."""
    phase = program.phase_of(i.index)
    names = {
        "forward": translate("Why", "forward"),
        "loss": translate("Why", "loss"),
        "backward": translate("Why", "backward"),
        "update": translate("Why", "update"),
        "predict": translate("Why", "predict"),
    }
    line = program.statements[i.statement].line
    return translate("Why", "{sign} {phase}, line {n}:  {text}").format(
        sign=theme.PHASE_SIGN[phase], phase=names[phase], n=line, text=i.text
    )  # fmt: skip


def origin_words(program: Program, found: Reason, iteration: int) -> str:
    """Return what made a number."""
    name = program.values[found.value].name
    if found.origin == "made" and found.instruction is not None:
        return line_words(program, found.instruction)
    if found.origin == "before":
        text = translate("Why", "From iteration {n}: what its update left in {name}.").format(n=iteration - 1, name=name)
        return text if found.instruction is None else f"{text}\n{line_words(program, found.instruction)}"
    words = {
        "first": translate("Why", "The first value of {name}, from line {line}: where the learning starts."),
        "data": translate("Why", "Given under # data, line {line}."),
        "given": translate("Why", "Given under # parameters, line {line}: a number that is chosen, not learned."),
        "iteration": translate("Why", "The number of this iteration."),
        "size": translate("Why", "How many samples this batch has."),
    }  # fmt: skip
    text = words.get(found.origin, "").format(name=name, line=found.line)
    if found.sample is not None:
        text += " " + translate("Why", "It belongs to sample {n} of the data.").format(n=found.sample + 1)
    return text


def is_typed(moment: Moment, value: int, cell: tuple[int, ...] | None) -> bool:
    """Tell whether a cell, or (for None) the whole of a value, was changed by hand."""
    cells = moment.edited.get(value)
    return cells is not None and (not cells or cell in cells)
