"""Emits instructions: versions of names, parts of compound lines, shapes as they are known so far."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

from core import ops
from core.errors import NotationError, ShapeError
from core.notation.check import Facts, infer_instruction
from core.notation.mismatch import explain
from core.notation.print import instruction_text
from core.program.expr import Apply, Expansion, Expr, Name, Num
from core.program.ir import Call, Fault, Frame, Instruction, Kind, Operand, Statement, Value

MOST_INSTRUCTIONS = 50_000
IMPLICIT_SIZES = ("m", "batch_size", "iteration")


class Builder:
    """Collects the values, instructions and statements of one iteration; stops at the first fault."""

    def __init__(self) -> None:
        self.values: list[Value] = []
        self.facts: list[Facts | None] = []
        self.instructions: list[Instruction] = []
        self.statements: list[Statement] = []
        self.inputs: dict[str, int] = {}
        self.env: dict[str, int] = {}
        self.fault: Fault | None = None
        self.calls: list[Call] = []
        self._entered: dict[Expansion, int] = {}
        self._versions: dict[str, int] = {}
        self._memory: dict[int, int] = {}
        self._exact: dict[int, int] = {}
        self._poisoned: dict[str, str] = {}
        self._changed: dict[str, int] = {}

    def add_input(self, name: str, kind: Kind, facts: Facts) -> int:
        """Add a value that an iteration starts from."""
        index = self._value(name, name, kind, None, facts)
        self.inputs[name] = self.env[name] = index
        return index

    def assign(self, target: str, expr: Expr, line: int, text: str, in_place: str | None = None) -> None:
        """Add the statement `target = expr`; `in_place` names the operator of an augmented or masked one.

        Raises:
            NotationError: for a name without a value, or memory shared in a way that cannot be followed.
        """
        first = len(self.instructions)
        statement = len(self.statements)
        memo: dict[int, int] = {}
        if isinstance(expr, (Name, Num)) or (
            isinstance(expr, Apply) and expr.op == "transpose" and isinstance(expr.args[0], Name)
        ):
            expr = expr if isinstance(expr, Apply) else Apply("identity", (expr,))
        self._pending = (target, line, statement)
        result: int | None = None
        self._entered = {}
        with contextlib.suppress(_Stopped):
            result = self._lower(expr, memo, in_place, top=True)
        self._end_calls(first, memo)
        if result is not None:
            self._bind(target, result, in_place, line)
        self.statements.append(Statement(statement, line, text, target, "forward", False, first, len(self.instructions)))

    def _value(self, name: str, label: str, kind: Kind, statement: int | None, facts: Facts | None) -> int:
        index = len(self.values)
        version = self._versions.get(name, -1) + 1 if kind != "part" else 0
        if kind != "part":
            self._versions[name] = version
        self.values.append(Value(index, name, version, label, kind, statement))
        self.facts.append(facts)
        self._memory[index] = index
        self._exact[index] = index
        return index

    def _lower(self, expr: Expr, memo: dict[int, int], in_place: str | None, top: bool = False) -> int:
        target, line, statement = self._pending
        assert isinstance(expr, Apply)
        self._enter(expr, memo)
        if id(expr) in memo:
            return memo[id(expr)]
        operands = tuple(self._operand(a, memo) for a in expr.args)
        attributes: dict[str, Any] = dict(expr.attributes)
        if top and in_place == "augment" and self._is_array(self._read(target)):
            attributes["in_place"] = True
        if len(self.instructions) >= MOST_INSTRUCTIONS:
            raise NotationError(f"the program has more than {MOST_INSTRUCTIONS} operations", line, 1)
        index = len(self.instructions)
        version = self._versions.get(target, -1) + 1
        numbered = target if not version else f"{target} ({version + 1})"
        if top:
            result = self._value(target, numbered, "result", statement, None)
        else:
            part = 1 + index - (self.statements[-1].last if self.statements else 0)
            whole = target if version == 1 and target in self.inputs else numbered
            result = self._value(target, f"{whole}.{part}", "part", statement, None)
        text = instruction_text(expr.op, operands, attributes, result, self.values)
        frames = tuple(Frame(self._entered[w.expansion], w.step) for w in expr.frames)
        instruction = Instruction(index, expr.op, operands, attributes, result, statement, text, expr.adjoint_of, frames)
        self.instructions.append(instruction)
        memo[id(expr)] = result
        try:
            self.facts[result] = infer_instruction(instruction, self.facts)
        except ShapeError as error:
            self.fault = Fault(statement, index, explain(instruction, self.values, self.facts, str(error)))
            raise _Stopped from None
        self._share(instruction)
        return result

    def _enter(self, expr: Apply, memo: dict[int, int]) -> None:
        """Begin the calls of `def`s that an operation stands in: first their arguments, then their lines, as Python does."""
        for within in expr.frames:
            if within.expansion not in self._entered:
                self._entered[within.expansion] = len(self.calls) + len(self._entered)
                for e in within.expansion.first:
                    self._operand(e, memo)

    def _end_calls(self, first: int, memo: dict[int, int]) -> None:
        """Keep the calls of a statement that instructions from `first` on came out of."""
        _, line, statement = self._pending
        made = self.instructions[first:]
        spans: dict[int, list[int]] = {}
        for i in made:
            for depth, frame in enumerate(i.frames):
                parent = i.frames[depth - 1].call if depth else None
                spans.setdefault(frame.call, [i.index, i.index, -1 if parent is None else parent])[1] = i.index
        for expansion, index in self._entered.items():
            start, end, parent = spans.get(index, [first, first - 1, -1])
            self.calls.append(
                Call(
                    index, expansion.function, expansion.text, expansion.node.lineno or line, None if parent < 0 else parent,
                    statement, start, end + 1, tuple(self._known(e, memo) for e in expansion.arguments),
                    tuple(self._known(e, memo) for e in expansion.results),
                )
            )  # fmt: skip

    def _known(self, e: Expr, memo: dict[int, int]) -> Operand | None:
        """Return what an expression of the statement stands for, if anything was made of it."""
        if isinstance(e, Num):
            return Operand(number=e.number)
        if isinstance(e, Name):
            return Operand(self.env[e.name]) if e.name in self.env else None
        if id(e) in memo:
            return Operand(memo[id(e)])
        inner = self._known(e.args[0], memo) if isinstance(e, Apply) and e.op == "transpose" and not e.attributes else None
        return None if inner is None or inner.value is None else replace(inner, transposed=not inner.transposed)

    def _operand(self, e: Expr, memo: dict[int, int]) -> Operand:
        if isinstance(e, Num):
            return Operand(number=e.number)
        if isinstance(e, Name):
            return Operand(self._read(e.name))
        if isinstance(e, Apply) and e.op == "transpose" and not e.attributes:
            inner = e.args[0]
            if isinstance(inner, Name):
                return Operand(self._read(inner.name), transposed=True)
            if isinstance(inner, Apply):
                return Operand(self._lower(inner, memo, None), transposed=True)
        return Operand(self._lower(e, memo, None))

    def _read(self, name: str) -> int:
        _, line, _ = self._pending
        if name in self._poisoned:
            raise NotationError(self._poisoned[name], line, 1)
        if name not in self.env:
            if name in IMPLICIT_SIZES:
                return self.add_input(name, "size", Facts((), int))
            raise NotationError(f"`{name}` has no value yet; give it one above this line", line, 1)
        return self.env[name]

    def _share(self, instruction: Instruction) -> None:
        """Remember whose memory a result looks into, as NumPy's views do."""
        op = ops.get(instruction.op)
        first = instruction.operands[0]
        if not op.view or first.value is None or not self._is_array(first.value):
            return
        self._memory[instruction.result] = self._memory[first.value]
        if instruction.op == "identity" and not first.transposed:
            self._exact[instruction.result] = self._exact[first.value]

    def _is_array(self, value: int) -> bool:
        facts = self.facts[value]
        return facts is not None and facts.shape != ()

    def _bind(self, target: str, result: int, in_place: str | None, line: int) -> None:
        """Give `target` its new version; an in-place change reaches every name for the same memory."""
        before = self.env.get(target)
        if in_place is not None and before is not None and self._is_array(before):
            self._changed[target] = line
            if self.values[self._memory[before]].kind == "data":
                raise NotationError(
                    f"this changes the data in place, for every later iteration too; write `{target} = …`", line, 1
                )
            for name, value in list(self.env.items()):
                if name == target or self._memory[value] != self._memory[before]:
                    continue
                if self._exact[value] == self._exact[before]:
                    self.env[name] = result
                else:
                    self._poisoned[name] = (
                        f"`{name}` shares its memory with `{target}`, which line {line} changed in place; "
                        f"write `{target} = {target}.copy()` before that line"
                    )
        self.env[target] = result
        self._poisoned.pop(target, None)

    def check_carried(self, names: list[str]) -> None:
        """Refuse two names that share memory into the next iteration, where one is changed in place.

        NumPy would then change both, which values that are assigned once cannot follow.
        """
        seen: dict[int, str] = {}
        for name in names:
            memory = self._memory[self.env[name]]
            other = seen.setdefault(memory, name)
            for changed in (name, other):
                if other != name and changed in self._changed:
                    raise NotationError(
                        f"`{name}` and `{other}` share their memory from one iteration to the next, and this line changes "
                        f"it in place; write `{other}.copy()` where one is made from the other",
                        self._changed[changed], 1,
                    )  # fmt: skip


class _Stopped(Exception):
    """The line that fails has been reached; what stands so far is the program."""
