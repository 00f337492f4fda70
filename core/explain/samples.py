"""Which axis of each value counts the samples, followed from the data through the operations."""

from __future__ import annotations

from collections.abc import Callable

from core.program.ir import Instruction, Operand, Program

ShapeOf = Callable[[int], tuple[int, ...] | None]
_SAME_AXES = {
    "sigmoid", "sigmoid_written_out", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "gelu_slope", "gelu_erf",
    "gelu_erf_slope", "silu", "erf", "softplus", "softsign", "softmax", "log_softmax", "identity", "copy", "astype", "ones_like",
    "zeros_like", "mask_assign", "dropout_mask", "floor", "sin", "cos",
}  # fmt: skip
_CELLWISE = {
    "add", "subtract", "multiply", "divide", "power", "power_function", "negative", "exp", "log", "sqrt", "square", "abs", "sign",
    "maximum", "minimum", "greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "where",
}  # fmt: skip
_REDUCTIONS = {"sum", "mean", "max", "min", "argmax"}


def sample_axes(program: Program, shapes: ShapeOf, until: int | None = None) -> dict[int, int]:
    """Return the sample axis (from 0) of every value that has one, by the value's index.

    Only the first `until` instructions are followed, all of them for None. `shapes` gives the shape of a
    value by its index, None where it is not known. Where an operation could hide the axis (a reshape, a
    slice) nothing is claimed.
    """
    found: dict[int, int] = {}
    for name in program.batching.sliced:
        index = program.inputs.get(name)
        shape = None if index is None else shapes(index)
        if index is not None and shape:
            found[index] = program.batching.axis % len(shape)
    for instruction in program.instructions[:until]:
        axis = _axis_of_result(instruction, found, shapes)
        if axis is not None:
            found[instruction.result] = axis
    return found


def operand_axis(operand: Operand, axes: dict[int, int], shapes: ShapeOf) -> int | None:
    """Return the sample axis of an operand as the instruction sees it, transposed where it is read so."""
    if operand.value is None or operand.value not in axes:
        return None
    axis = axes[operand.value]
    shape = shapes(operand.value)
    return len(shape) - 1 - axis if operand.transposed and shape is not None else axis


def operand_shape(operand: Operand, shapes: ShapeOf) -> tuple[int, ...] | None:
    """Return the shape of an operand as the instruction sees it."""
    if operand.value is None:
        return ()
    shape = shapes(operand.value)
    return shape[::-1] if operand.transposed and shape is not None else shape


def _axis_of_result(instruction: Instruction, axes: dict[int, int], shapes: ShapeOf) -> int | None:
    at = [operand_axis(o, axes, shapes) for o in instruction.operands]
    if all(a is None for a in at):
        return None
    sizes = [operand_shape(o, shapes) for o in instruction.operands]
    out = shapes(instruction.result)
    if out is None or any(s is None for s in sizes):
        return None
    ranks = [len(s) for s in sizes if s is not None]
    if instruction.op in _SAME_AXES:
        return at[0]
    if instruction.op == "one_hot":
        return at[1]
    if instruction.op in _CELLWISE:
        return next((len(out) - rank + a for a, rank in zip(at, ranks, strict=True) if a is not None), None)
    if instruction.op in ("matmul", "dot") and max(ranks) <= 2 and min(ranks) >= 1:
        if at[0] is not None and at[0] < ranks[0] - 1:
            return 0
        return len(out) - 1 if at[1] == 1 else None
    if instruction.op in _REDUCTIONS and at[0] is not None:
        axis, keep = instruction.attributes.get("axis"), instruction.attributes.get("keepdims", False)
        gone = set(range(ranks[0])) if axis is None else {a % ranks[0] for a in (axis if isinstance(axis, tuple) else (axis,))}
        if at[0] in gone:
            return None
        return at[0] if keep else at[0] - sum(1 for a in gone if a < at[0])
    if instruction.op == "transpose" and "axes" not in instruction.attributes and at[0] is not None:
        return ranks[0] - 1 - at[0]
    return None
