"""An operation as an equation: its parts in the order in which they are written, and a colour for every size."""

from __future__ import annotations

from collections.abc import Sequence

from core import ops
from core.explain.samples import operand_axis, operand_shape
from core.notation.print import index_text
from core.program.ir import Instruction, Operand
from core.session import Moment

Piece = Operand | str


def pieces(instruction: Instruction) -> list[Piece]:
    """Return what stands right of the equals sign, operands and signs in the order in which they are written."""
    op, operands = ops.get(instruction.op), instruction.operands
    if instruction.op == "mask_assign":
        return [operands[0], "with", operands[2], "where", operands[1]]
    if instruction.op == "identity":
        return [operands[0]]
    if instruction.op == "size_of":
        return [operands[0], f".shape[{instruction.attributes['axis']}]"]
    if instruction.op == "sigmoid_written_out":
        return ["1 / (1 + exp(−", operands[0], "))"]
    if op.form == "infix":
        return [operands[0], op.symbol, operands[1]]
    if op.form == "prefix":
        return [op.symbol.replace("-", "−"), operands[0]]
    if op.form == "attribute" and "axes" not in instruction.attributes:
        return [operands[0], op.symbol]
    if op.form == "subscript":
        return [operands[0], f"[{index_text(instruction.attributes['index'])}]"]
    found: list[Piece] = [f"{op.names[0]}("]
    for i, operand in enumerate(operands):
        found += [operand] if i == 0 else [",", operand]
    extra = [f", {k}={v!r}" for k, v in instruction.attributes.items() if k not in ("samples", "in_place", "index")]
    if instruction.op == "unslice":
        extra.append(f", [{index_text(instruction.attributes['index'])}]")
    return [*found, "".join([*extra, ")"])]


def size_colours(moment: Moment, operands: Sequence[Operand], axes: dict[int, int], palette: Sequence[str]) -> dict[object, str]:
    """Give every size above 1 a colour of its own, in order of use; the samples have one for themselves ("samples").

    `axes` is the sample axis of each value that has one; sizes that no colour is left for are not in the answer.
    """
    found: dict[object, str] = {}
    for operand in operands:
        at = operand_axis(operand, axes, moment.shape)
        for i, size in enumerate(operand_shape(operand, moment.shape) or ()):
            key: object = "samples" if i == at else size
            if size > 1 and key not in found and len(found) < len(palette):
                found[key] = palette[len(found)]
    return found
