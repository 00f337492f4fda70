"""Which of the learner's own `def`s one stands in, and the places that steps within one lead to.

A call is an index of `Program.calls`. Where nobody has said otherwise, one stands in the call that the operation just
executed came out of, as long as its line is not finished.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.notation.print import instruction_text
from core.program.ir import BodyLine, Call, Frame, Instruction, Operand, Program, Value

OUTSIDE = -1
LONGEST_CALL = 24


def chain(program: Program, call: int | None) -> tuple[int, ...]:
    """Return the calls that one stands in, the outermost first."""
    found: list[int] = []
    while call is not None:
        found.insert(0, call)
        call = program.calls[call].parent
    return tuple(found)


def standing(program: Program, k: int, placed: int | None) -> int | None:
    """Return the innermost call that one stands in after `k` instructions.

    `placed` is where a person has put themselves: in a call, OUTSIDE of all, or None.
    """
    if placed == OUTSIDE:
        return None
    if placed is not None and placed < len(program.calls):
        call = program.calls[placed]
        if call.first < call.last and call.first <= k <= call.last:
            return placed
    if not k or k == program.statements[program.instructions[k - 1].statement].last:
        return None
    return _innermost(program.instructions[k - 1])


def after_operation(program: Program, k: int, inside: int | None, later: bool) -> int:
    """Return where one stands after a step of one operation, from within the call `inside`, to `k`.

    In the call whose line was executed last, even if that has ended it; towards earlier one stays before its first line.
    """
    found = _innermost(program.instructions[k - 1]) if k else None
    if found is None and not later:
        before = [c for c in chain(program, inside) if program.calls[c].first == k]
        found = before[-1] if before else None
    return OUTSIDE if found is None else found


def entered(program: Program, k: int, inside: int | None, later: bool) -> int | None:
    """Return the call that the next operation (towards earlier, the last one) lies in and that one is not in yet."""
    if not 0 <= (k if later else k - 1) < len(program.instructions):
        return None
    target = [f.call for f in program.instructions[k if later else k - 1].frames]
    here = chain(program, inside)
    common = 0
    while common < min(len(target), len(here)) and target[common] == here[common]:
        common += 1
    return target[common] if common < len(target) else None


def line_stop(program: Program, k: int, inside: int | None, later: bool) -> tuple[int, int] | None:
    """Return the end (towards earlier, the start) of a line of the `def`s one stands in, and the call that it is of.

    None where the next stop is one of the program's own lines.
    """
    for call in reversed(chain(program, inside)):
        found = [e for e in _ends(program, program.calls[call]) if (e > k if later else e < k)]
        if found:
            return (min if later else max)(found), call
    return None


def runs(program: Program, line: BodyLine) -> list[tuple[int, int]]:
    """Return where in an iteration a line of a `def` runs: the places before and after it, for each call, in order."""
    found: list[tuple[int, int]] = []
    for call in program.calls:
        if call.function == line.function:
            depth = len(chain(program, call.index)) - 1
            steps = [i.index for i in program.instructions[call.first : call.last] if i.frames[depth].step == line.step]
            if steps:
                found.append((steps[0], steps[-1] + 1))
    return sorted(found)


def body_line(program: Program, function: str, step: int) -> BodyLine | None:
    """Return a line of a `def`, None if there is no such."""
    return next((b for f in program.functions if f.name == function for b in f.lines if b.step == step), None)


def frame_in(program: Program, instruction: Instruction | None, call: int) -> Frame | None:
    """Return which line of a call an instruction came out of, None if out of none."""
    return None if instruction is None else next((f for f in instruction.frames if f.call == call), None)


def meanings(program: Program, call: int, step: int) -> dict[str, Operand]:
    """Return what the names of a `def` stand for in a call, after its lines before `step`; not what nothing is made of."""
    c = program.calls[call]
    function = next(f for f in program.functions if f.name == c.function)
    found: dict[str, Operand | None] = dict(zip(function.arguments, c.arguments, strict=True))
    for line in function.lines[:step]:
        found[line.target] = c.results[line.step]
    return {name: operand for name, operand in found.items() if name and operand is not None}


def local_labels(program: Program, instruction: Instruction) -> dict[int, str]:
    """Return what the values that an operation reads and makes are called in its innermost call, by their index.

    An argument is called `x (Z2)`, with what was given for it; what a call returns is called like the call, `prime(Z2)`,
    where it has no name of its own. What has no name there, or was handed in through `.T`, is not in it.
    """
    if not instruction.frames or not program.functions:
        return {}
    frame = instruction.frames[-1]
    call = program.calls[frame.call]
    found: dict[int, str] = {}
    for name, operand in meanings(program, call.index, frame.step).items():
        if operand.value is not None and operand.value in instruction.reads and not operand.transposed:
            own = program.values[operand.value]
            given = operand in call.arguments and own.kind != "part"
            found[operand.value] = f"{name} ({own.label})" if given and own.label != name else name
    name = local_name(program, instruction)
    if name == "" and program.values[instruction.result].kind == "part" and len(call.text) <= LONGEST_CALL:
        name = call.text
    return found | ({instruction.result: name} if name else {})


def local_text(program: Program, instruction: Instruction) -> str:
    """Return an operation of a `def` in the names of its innermost call, such as `s = 1 / (1 + exp(-x))`; else its own text.

    What has no name there keeps its label.
    """
    labels = {v: label.partition(" ")[0] for v, label in local_labels(program, instruction).items()}
    if not instruction.frames:
        return instruction.text
    reads = {
        v: replace(program.values[v], label=labels.get(v, program.values[v].label))
        for v in (*instruction.reads, instruction.result)
    }
    text = instruction_text(instruction.op, instruction.operands, instruction.attributes, instruction.result, _Some(reads))
    name, _, right = text.partition(" = ")
    return f"return {right}" if local_name(program, instruction) == "" else f"{name} = {right}"


def call_text(program: Program, instruction: Instruction) -> str:
    """Return the calls that an operation came out of, the outermost first: `sigmoid_prime(Z2) ▸ sigmoid(x)`."""
    return " ▸ ".join(program.calls[f.call].text for f in instruction.frames)


def named_in(program: Program, instruction: Instruction) -> list[tuple[str, str]]:
    """Return the local names that an operation gives, each with the calls that it holds in; empty for what one returns.

    The outermost first: what `sigmoid(x)` returns is `s` in the function that says `s = sigmoid(x)`.
    """
    found: list[tuple[str, str]] = []
    for depth, frame in enumerate(instruction.frames):
        call = program.calls[frame.call]
        line = body_line(program, call.function, frame.step)
        if line is not None and call.results[frame.step] == Operand(instruction.result):
            found.append((line.target, " ▸ ".join(program.calls[f.call].text for f in instruction.frames[: depth + 1])))
    return found


def line_part(program: Program, instruction: Instruction) -> tuple[int, int]:
    """Return how many operations of its line of a `def` an operation is the last of (from 1), and how many there are."""
    frame = instruction.frames[-1]
    call = program.calls[frame.call]
    same = [i.index for i in program.instructions[call.first : call.last] if frame_in(program, i, call.index) == frame]
    return same.index(instruction.index) + 1, len(same)


def local_name(program: Program, instruction: Instruction) -> str | None:
    """Return the local name that an operation gives in its innermost call; empty for its `return`, None for a part of a line."""
    if not instruction.frames:
        return None
    frame = instruction.frames[-1]
    call = program.calls[frame.call]
    made = call.results[frame.step]
    line = body_line(program, call.function, frame.step)
    return None if line is None or made != Operand(instruction.result) else line.target


class _Some(Sequence[Value]):
    """A few of a program's values, under their indices."""

    def __init__(self, values: Mapping[int, Value]) -> None:
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: Any) -> Any:
        return self._values[index]


def _innermost(instruction: Instruction) -> int | None:
    return instruction.frames[-1].call if instruction.frames else None


def _ends(program: Program, call: Call) -> list[int]:
    """Return the places at which a line of a call begins or ends."""
    inside = program.instructions[call.first : call.last]
    steps = [frame.step for i in inside if (frame := frame_in(program, i, call.index)) is not None]
    between = [call.first + n for n in range(1, len(steps)) if steps[n] != steps[n - 1]]
    return [call.first, *between, call.last]
