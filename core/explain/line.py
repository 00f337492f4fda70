"""What a line means: per operation its formula, its derivative and why its shape is what it is; whom the line serves."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.explain.operations import explanation_of, filled, operand_name, sentence
from core.explain.samples import ShapeOf, operand_axis, operand_shape, sample_axes
from core.program.dims import show
from core.program.ir import Instruction, Operand, Program, Statement

_CELLWISE = {
    "add", "subtract", "multiply", "divide", "power", "power_function", "maximum", "minimum", "greater", "greater_equal",
    "less", "less_equal", "equal", "not_equal", "where",
}  # fmt: skip
_REDUCTIONS = {"sum", "mean", "max", "min"}


@dataclass(frozen=True)
class Part:
    """One operation of a line, in words. `shapes` is its line with the size of every array after its name.

    `derivative` says what goes back through it, `g` being the adjoint of its result; empty where nothing does.
    """

    instruction: Instruction
    title: str
    formula: str
    sentence: str
    derivative: str
    shapes: str
    reason: str


@dataclass(frozen=True)
class Line:
    """A line in words; `adjoint_of` is the forward line that it belongs to, `readers` the lines that read its result.

    `rules` are the derivatives of the forward operations that the line is the adjoint of. `carried` is the name
    under which the next iteration starts from the result, None where it does not.
    """

    statement: Statement
    parts: tuple[Part, ...]
    adjoint_of: Statement | None
    rules: tuple[str, ...]
    readers: tuple[Statement, ...]
    carried: str | None


def line(program: Program, statement: int, shapes: ShapeOf) -> Line:
    """Return what a line means; `shapes` gives the shape of a value by its index, None where it is not known."""
    s = program.statements[statement]
    axes = sample_axes(program, shapes, s.last)
    parts = tuple(_part(program, i, shapes, axes) for i in program.instructions[s.first : s.last])
    forward = _forward_line(program, s)
    result = program.instructions[s.last - 1].result if s.last > s.first else -1
    readers = dict.fromkeys(i.statement for i in program.instructions if result in i.reads)
    carried = next((n for n, (_, end) in program.carried.items() if end == result), None)
    tagged = dict.fromkeys(i.adjoint_of for i in program.instructions[s.first : s.last] if i.adjoint_of is not None)
    rules = tuple(derivative(program.instructions[t], program, shapes) for t in tagged)
    return Line(s, parts, forward, rules, tuple(program.statements[r] for r in readers), carried)


def derivative(i: Instruction, program: Program, shapes: ShapeOf) -> str:
    """Return what goes back through an operation; nothing is said of what cannot change, such as the 2 in `2 * a`."""
    text = filled(explanation_of(i).derivative, i, program).replace(".T.T", "")
    names = [operand_name(o, program) for o in i.operands]
    fixed = [o.value is None or program.values[o.value].kind in ("hyperparameter", "size") for o in i.operands]
    moving = [n for n, is_fixed in zip(names, fixed, strict=True) if not is_fixed]
    if moving and len(moving) < len(names):
        text = text.replace("g for both operands", f"g for {moving[0]}")
        still = {n for n, is_fixed in zip(names, fixed, strict=True) if is_fixed}
        text = ", ".join(c for c in text.split(", ") if c.rpartition(" for ")[2] not in still)
    sizes = [operand_shape(o, shapes) for o, is_fixed in zip(i.operands, fixed, strict=True) if not is_fixed]
    if all(s == shapes(i.result) for s in sizes):
        text = text.replace(", summed over any axis along which one was repeated", "")
    return text


def formula(i: Instruction, program: Program) -> str:
    """Return an operation's formula and what its letters stand for here: `a + b; here a is Z1.1 and b is b1`."""
    text = explanation_of(i).formula
    letters: list[str] = []
    for operand, known in zip(i.operands, ("az", "by", "c"), strict=False):
        name = operand_name(operand, program)
        letters += [f"{x} is {name}" for x in known if x != name and re.search(rf"(?<![a-zA-Z]){x}(?![a-zA-Z])", text)]
    return f"{text}; here {' and '.join(letters)}" if letters else text


def shapes_of(instruction: Instruction, program: Program, shapes: ShapeOf) -> str:
    """Return an operation with the sizes of its arrays: `dW1 (3×2) = dZ1 (3×4) @ X.T (4×2)`."""
    known: dict[str, str] = {}
    for operand in instruction.operands:
        shape = operand_shape(operand, shapes)
        if operand.value is not None and shape:
            known[operand_name(operand, program)] = _size(shape)
    label = program.values[instruction.result].label
    out = shapes(instruction.result)
    right = instruction.text.removeprefix(f"{label} = ")
    if known:
        names = "|".join(re.escape(n) for n in sorted(known, key=len, reverse=True))
        # Not within a longer name, and not the name of an argument such as `axis=1`.
        right = re.sub(rf"(?<![\w.])({names})(?![\w]|\.\d|\s*=)", lambda m: f"{m[1]} {known[m[1]]}", right)
    return f"{label}{f' {_size(out)}' if out else ''} = {right}"


def shape_reason(instruction: Instruction, program: Program, shapes: ShapeOf, axes: dict[int, int]) -> str:
    """Return why the result has its shape, in the program's own names and sizes; in general where no more is sure."""
    operands, out = instruction.operands, shapes(instruction.result)
    known = [operand_shape(o, shapes) for o in operands]
    if out is not None and all(s is not None for s in known):
        sizes = [s for s in known if s is not None]
        if instruction.op in ("matmul", "dot") and len(sizes[0]) == len(sizes[1]) == 2:
            return _product(operands, program, sizes, [operand_axis(o, axes, shapes) for o in operands])
        if instruction.op in _REDUCTIONS and sizes[0]:
            return _reduced(instruction, program, sizes[0], operand_axis(operands[0], axes, shapes))
        if instruction.op in _CELLWISE:
            return _cellwise(operands, program, sizes, out)
    return filled(explanation_of(instruction).shape_reason, instruction, program)


def _part(program: Program, i: Instruction, shapes: ShapeOf, axes: dict[int, int]) -> Part:
    more = explanation_of(i)
    goes_back = derivative(i, program, shapes) if program.phase_of(i.index) in ("forward", "loss") else ""
    return Part(
        i, more.title, formula(i, program), sentence(i, program, shapes, axes), goes_back,
        shapes_of(i, program, shapes), shape_reason(i, program, shapes, axes),
    )  # fmt: skip


def _forward_line(program: Program, s: Statement) -> Statement | None:
    """Return the forward line that a backward line is the adjoint of: that of most of its operations."""
    found = [
        program.instructions[i.adjoint_of].statement for i in program.instructions[s.first : s.last] if i.adjoint_of is not None
    ]
    return program.statements[max(found, key=found.count)] if found else None


def _size(shape: tuple[int, ...]) -> str:
    return f"({show(shape)})" if len(shape) > 1 else show(shape)


def _count(n: int, one: str) -> str:
    return f"the {n} {one}s" if n != 1 else f"the one {one}"


def _product(operands: tuple[Operand, ...], program: Program, sizes: list[tuple[int, ...]], samples: list[int | None]) -> str:
    a, b = (operand_name(o, program) for o in operands)
    (rows, inner), (_, columns) = sizes
    left = f"{_count(rows, 'row')} of {a} and {_count(columns, 'column')} of {b} remain"
    if samples[0] == 1 and samples[1] == 0:
        gone = f"The {inner} samples are summed away" if inner != 1 else "There is one sample, so nothing is added up"
        return f"{gone}; {left}."
    met = _count(inner, "column")
    meets = "meet" if inner != 1 else "meets"
    gone = "are summed away" if inner != 1 else "nothing is added up"
    return f"{met[0].upper()}{met[1:]} of {a} {meets} {_count(inner, 'row')} of {b} and {gone}; {left}."


def _reduced(i: Instruction, program: Program, shape: tuple[int, ...], samples: int | None) -> str:
    axis, keep = i.attributes.get("axis"), i.attributes.get("keepdims", False)
    name = operand_name(i.operands[0], program)
    gone = range(len(shape)) if axis is None else sorted(a % len(shape) for a in (axis if isinstance(axis, tuple) else (axis,)))
    stays = "; keepdims keeps the axis with size 1" if keep else ""
    if len(gone) == len(shape):
        return (
            f"All {show(shape)} numbers of {name} become a single one{'; keepdims keeps its axes with size 1' if keep else ''}."
        )
    n = shape[gone[0]]
    what = _count(n, "sample") if list(gone) == [samples] else f"the {n} places along axis {gone[0]}"
    if len(gone) > 1:
        what = f"the axes {', '.join(map(str, gone))}"
    verb = {"sum": "summed away", "mean": "averaged away"}.get(i.op, "reduced to one")
    alone = len(gone) == 1 and n == 1 and list(gone) == [samples]
    return f"{what[0].upper()}{what[1:]} of {name} {'is' if alone else 'are'} {verb}{stays}."


def _cellwise(operands: tuple[Operand, ...], program: Program, sizes: list[tuple[int, ...]], out: tuple[int, ...]) -> str:
    repeated: list[str] = []
    for operand, shape in zip(operands, sizes, strict=True):
        if shape == out or not out:
            continue
        name = operand_name(operand, program)
        if all(n == 1 for n in shape):
            repeated.append(f"the single number {name} meets every cell")
            continue
        padded = (1,) * (len(out) - len(shape)) + shape
        times = [n for n, mine in zip(out, padded, strict=True) if mine != n]
        kind = "column" if len(padded) == 2 and padded[1] == 1 else "row" if len(padded) == 2 else "array"
        repeated.append(f"{name} {_size(shape)} is one {kind}, repeated {'×'.join(map(str, times))} times")
    if not out:
        return "Single numbers in, a single number out."
    text = "Cell by cell"
    text += f": {' and '.join(repeated)}" if repeated else ": the result has the shape of its operands"
    return f"{text}; the result is {show(out)}." if repeated else f"{text}, {show(out)}."
