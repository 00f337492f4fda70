"""What a value is called on the screen."""

from __future__ import annotations

from typing import Literal

from core.program.ir import Program

Notation = Literal["d", "partial"]
_notation: list[Notation] = ["d"]
_known: list[tuple[Program, dict[int, str]]] = []


def use_notation(notation: Notation) -> None:
    """Write derivatives as `dW1` or as `∂L/∂W1` from now on; what stands already must be drawn again."""
    _notation[0] = notation


def shown(program: Program, index: int) -> str:
    """Return the label of a value as the person wants to read it: for headings, never for program text."""
    label = program.values[index].label
    if _notation[0] == "d":
        return label
    of = adjoint_names(program).get(index)
    return label if of is None or program.loss is None else f"∂{program.values[program.loss].label}/∂{of}"


def adjoint_names(program: Program) -> dict[int, str]:
    """Return, for each value that is surely an adjoint, the label of the value that it is the adjoint of.

    Sure is a gradient of a parameter, and a derived line of the backward phase that is named `d` and a forward value.
    """
    if not _known or _known[0][0] is not program:
        _known[:] = [(program, _find(program))]
    return _known[0][1]


def _find(program: Program) -> dict[int, str]:
    found = {index: name for name, index in program.gradients.items()}
    makers, late = program.makers, ("backward", "update")
    forward = {v.label for v in program.values if v.index not in makers or program.phase_of(makers[v.index]) not in late}
    for instruction in program.instructions:
        value = program.values[instruction.result]
        of = value.label.removeprefix("d")
        if instruction.adjoint_of is not None and value.kind != "part" and of != value.label and of in forward:
            found.setdefault(value.index, of)
    return found
