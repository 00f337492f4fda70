"""The learner's lines as source: edited, read again one line at a time, and computed with numbers."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from core import ops
from core.errors import NotationError, StepperError
from core.notation.convert import BINARY, Converter, Definition
from core.notation.draft import draft
from core.notation.parse import Raw, Source, lines_of, parse
from core.notation.syntax import python_tree
from core.program.expr import Apply, Expr, Name, Num
from core.program.ir import Program

Span = tuple[ast.expr, str]
_FAILS = (ArithmeticError, ValueError, TypeError, IndexError, AttributeError, KeyError)


@dataclass(frozen=True)
class Change:
    """A text with some lines written anew: line (from 1, of the program's text) → new text, None where it goes.

    `above` are lines that come before a line.
    """

    lines: tuple[tuple[int, str | None], ...]
    above: tuple[tuple[int, str], ...] = ()


class Code:
    """The text of a program, statement by statement."""

    def __init__(self, program: Program, folder: Path | None = None) -> None:
        self.program = program
        self.source: Source = parse(program.text)
        self.lines = lines_of(program.text)
        made = draft(program.text, stop_at_missing=program.fault is not None, folder=folder)
        self.environments = made.environments
        at: dict[int, list[Raw]] = {}
        for raw in self.source.statements:
            if isinstance(raw, Raw):
                at.setdefault(raw.line, []).append(raw)
        self._crowded = {line for line, raws in at.items() if len(raws) > 1}
        self.raws: list[Raw] = [at[s.line].pop(0) if len(at[s.line]) > 1 else at[s.line][0] for s in program.statements]
        self.words = {
            n.id for raw in self.source.statements if isinstance(raw, Raw) for n in ast.walk(raw.value) if isinstance(n, ast.Name)
        }
        self.words |= {raw.target for raw in self.source.statements if isinstance(raw, Raw)}
        b = program.batching
        self.context: dict[str, Any] = {"samples": b.axis, "class_axis": 0 if b.axis == -1 else -1, "seed": b.seed}

    def names_before(self, statement: int) -> Mapping[str, int]:
        """Return what each name stands for before a line."""
        return self.environments[statement - 1] if statement else self.program.inputs

    def segment(self, raw: Raw) -> str:
        """Return a statement as typed; what stands beside it on its line is left blank."""
        if raw.line in self._crowded and raw.end_line == raw.line:
            line = self.lines[raw.line - 1].encode()
            return " " * (raw.column - 1) + line[raw.column - 1 : raw.value.end_col_offset].decode()
        return "\n".join(self.lines[raw.line - 1 : raw.end_line])

    def change(self, raw: Raw, new: str) -> Change:
        """Return the change that writes a statement anew."""
        if raw.line in self._crowded and raw.end_line == raw.line:
            line = self.lines[raw.line - 1].encode()
            new = (line[: raw.column - 1] + new.strip().encode() + line[raw.value.end_col_offset :]).decode()
        return Change(((raw.line, new), *((n, None) for n in range(raw.line + 1, raw.end_line + 1))))

    def spliced(self, raw: Raw, spans: Sequence[Span]) -> str:
        """Return a statement with expressions in it written anew."""
        return splice(self.segment(raw), raw.line, spans)

    def source_of(self, node: ast.expr) -> str:
        """Return an expression as typed."""
        return ast.get_source_segment(self.program.text, node) or ast.unparse(node)

    def read(self, segment: str, target: str, definitions: Mapping[str, Definition] | None = None) -> Expr:
        """Return the expression of the new value of `target` that one statement computes; raises NotationError."""
        try:
            [node] = python_tree(segment.strip()).body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise NotationError(str(error)) from None
        converter = Converter(self.source.definitions if definitions is None else definitions, {**self.context, "target": target})
        if isinstance(node, ast.AugAssign):
            value = Apply(BINARY[type(node.op)], (Name(target), converter.convert(node.value)))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            value = Apply("mask_assign", (Name(target), converter.convert(node.targets[0].slice), converter.convert(node.value)))
        elif isinstance(node, ast.Assign):
            value = converter.convert(node.value)
        else:
            raise NotationError("this is no line of a program")
        return value

    @cached_property
    def definition_lines(self) -> dict[str, tuple[int, int]]:
        """The first and last line of each `def`."""
        return {n: (d.node.lineno, d.node.end_lineno or d.node.lineno) for n, d in self.source.definitions.items()}


def changed(text: str, change: Change) -> tuple[str, dict[int, int]]:
    """Return a text with a change in it, and which old line each new line is."""
    lines = lines_of(text)
    new, above = dict(change.lines), dict[int, list[str]]()
    for at, line in change.above:
        above.setdefault(at, []).append(line)
    out: list[str] = []
    origin: dict[int, int] = {}
    gone = {line: n for n, line in enumerate(lines, 1) if n in new and new[n] is None}
    for number, line in enumerate([*lines, ""], 1):
        for moved in above.get(number, []):
            out.append(moved)
            if moved in gone:
                origin[len(out)] = gone[moved]
        if number <= len(lines):
            now = new.get(number, line)
            if now is not None:
                out.append(now)
                origin[len(out)] = number
    return "\n".join(out) + "\n", origin


def joined(changes: Sequence[Change]) -> Change:
    """Return several changes of one text as one; of two that write the same line anew the first counts."""
    lines: dict[int, str | None] = {}
    for c in changes:
        for at, text in c.lines:
            lines.setdefault(at, text)
    return Change(tuple(lines.items()), tuple(x for c in changes for x in c.above))


def splice(segment: str, first: int, spans: Sequence[Span]) -> str:
    """Return source that begins on line `first` with expressions in it written anew; the spans do not overlap."""
    lines = [line.encode() for line in segment.split("\n")]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    whole = b"\n".join(lines)
    for node, new in sorted(spans, key=lambda s: (s[0].lineno, s[0].col_offset), reverse=True):
        a = starts[node.lineno - first] + node.col_offset
        b = starts[(node.end_lineno or node.lineno) - first] + (node.end_col_offset or 0)
        whole = whole[:a] + new.encode() + whole[b:]
    return whole.decode()


def computed(e: Expr, names: Mapping[str, int], values: Sequence[Any], extra: Mapping[str, Any]) -> Any:
    """Return the numbers of an expression; None where NumPy refuses, or a name has no value."""
    try:
        with np.errstate(all="ignore"):
            return _value(e, names, values, extra)
    except (*_FAILS, StepperError, MemoryError):
        return None


def _value(e: Expr, names: Mapping[str, int], values: Sequence[Any], extra: Mapping[str, Any]) -> Any:
    if isinstance(e, Name):
        if e.name in names:
            found = values[names[e.name]]
            if found is None:
                raise ValueError(e.name)
            return found
        return extra[e.name]
    if isinstance(e, Num):
        return e.number
    assert isinstance(e, Apply)
    attributes = {k: v for k, v in e.attributes if k != "in_place"}
    return ops.get(e.op).forward(*(_value(a, names, values, extra) for a in e.args), **attributes)


def aligned(typed: str, program: Program) -> dict[int, int]:
    """Return which line of the typed text each line of the program's text is; derived lines are none of it."""
    old, new = lines_of(typed), lines_of(program.text)
    derived = {s.line for s in program.statements if s.derived}
    found: dict[int, int] = {}
    at = 0
    for number, line in enumerate(new, 1):
        if at < len(old) and number not in derived and line == old[at]:
            at += 1
            found[number] = at
    return found
