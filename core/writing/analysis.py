"""Text as it stands under the keyboard → shapes, faults and roles, line by line. Nothing typed is executed.

A line that cannot be read is left out, and its name is unknown from there on; lines that read an unknown name have no
shape and no fault of their own. So one slip does not darken the rest.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from core.complete import gradient_name
from core.errors import NotationError
from core.notation.builder import IMPLICIT_SIZES, Builder
from core.notation.check import Facts
from core.notation.convert import Converter, Definition
from core.notation.draft import Derivation, assemble, context_of, lower_line, missing_names, started
from core.notation.givens import batching_of, recast, split
from core.notation.parse import Raw, Section, Source, lines_of
from core.program.dims import show
from core.program.ir import Batching, Given, Program
from core.writing.givens import SetupCache, names_in
from core.writing.reading import Trouble, lost_names, node_range, read

Role = Literal["data", "parameter", "hyperparameter", "state", "gradient", "definition", "loss", "other"]
MOST_TROUBLES = 30
A_PIECE = 40
"""Lines that are emitted at once, before others may have their turn."""
_ALWAYS = (*IMPLICIT_SIZES, "np", "numpy", "len", "float", "int", "True", "False", "None")


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What a line makes: its name, its shape as text (`3×4`, `number`, empty where unknown), and its part of the program."""

    name: str
    shape: str
    section: Section | None


@dataclass(frozen=True)
class Analysis:
    """What is known of a text. Lines count from 1; `lines` holds those that make a value.

    `troubles` are sorted by line, at most one a line. `roles` says what a name is, `sections` in which part each heading
    begins, `definitions` the arguments of each `def`. `missing` are names that will be derived: gradients that an update reads.
    `program` is that of all lines that can be read, None where there are none.
    """

    text: str
    lines: Mapping[int, LineFacts] = field(default_factory=dict[int, LineFacts])
    troubles: tuple[Trouble, ...] = ()
    roles: Mapping[str, Role] = field(default_factory=dict[str, Role])
    sections: Mapping[int, Section] = field(default_factory=dict[int, Section])
    definitions: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    missing: tuple[str, ...] = ()
    program: Program | None = None

    def trouble_at(self, line: int) -> Trouble | None:
        """Return what is wrong with a line, None if nothing is known to be."""
        return next((t for t in self.troubles if t.line <= line <= t.last), None)


def analyse(text: str, folder: Path | None = None, cache: SetupCache | None = None) -> Analysis:
    """Return what is known of a text; never raises for anything that was typed.

    `cache` keeps the setup lines' values from one call to the next; files that they name lie in `folder`.
    """
    work = analysing(text, folder, cache)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def analysing(text: str, folder: Path | None = None, cache: SetupCache | None = None) -> Generator[None, None, Analysis]:
    """Do the same in pieces of a few milliseconds."""
    source, statements, troubles = read(text)
    yield
    work = _Work(text, source, troubles)
    setup, lines = work.split(statements)
    cache = cache if cache is not None and cache.folder == folder else SetupCache(folder)
    given, reserved, unknown = cache.evaluate(setup, frozenset(raw.target for raw in lines), work.refused, frozenset(work.lost))
    yield
    return (yield from work.lower(setup, given, reserved, unknown, lines))


class _Work:
    """One analysis under way."""

    def __init__(self, text: str, source: Source, troubles: list[Trouble]) -> None:
        self.text, self.source = text, source
        self.rows = lines_of(text)
        self.troubles = troubles
        self.lost = lost_names(text, troubles)

    def split(self, statements: list[Raw | ast.Expr]) -> tuple[list[Raw | ast.Expr], list[Raw]]:
        """Separate setup lines from those of an iteration, without the lines that are neither."""
        kept = list(statements)
        while True:
            try:
                return split(replace(self.source, statements=kept))
            except NotationError as error:
                bad = [s for s in kept if (s.line if isinstance(s, Raw) else s.lineno) == error.line]
                if not bad:
                    return [], [s for s in kept if isinstance(s, Raw)]
                self.refused(bad[0], error)
                kept = [s for s in kept if s not in bad]

    def refused(self, item: Raw | ast.Expr, error: NotationError) -> None:
        """Note what is wrong with a statement."""
        line, last = (item.line, item.end_line) if isinstance(item, Raw) else (item.lineno, item.end_lineno or item.lineno)
        self.trouble(line, last, item.value, error)

    def trouble(self, line: int, last: int, value: ast.expr, error: NotationError) -> None:
        """Note one fault: at the node that the error points at, else under the right side."""
        if any(t.line <= line <= t.last for t in self.troubles) or len(self.troubles) >= MOST_TROUBLES:
            return
        nodes = [n for n in ast.walk(value) if isinstance(n, ast.expr)] if error.column > 1 else []
        found = next((n for n in nodes if (n.lineno, n.col_offset + 1) == (error.line, error.column)), None)
        self.troubles.append(Trouble(line, last, *node_range(self.rows, found or value), _sentence(error.bare)))

    def lower(
        self,
        setup: list[Raw | ast.Expr],
        given: list[Given],
        reserved: Mapping[str, object],
        unknown: set[str],
        lines: list[Raw],
    ) -> Generator[None, None, Analysis]:
        """Emit the lines that can be, again without those that turn out to be at fault."""
        try:
            batching = batching_of(given, reserved, lines)
        except NotationError as error:
            place = next((s for s in setup if isinstance(s, Raw) and s.line == error.line), None)
            if place is not None:
                self.refused(place, error)
            return self._bare(given, lines)
        given = recast(given, str(reserved["dtype"]) if "dtype" in reserved else None)
        definitions = self.source.definitions
        derived = self._derived(given, lines, definitions, unknown)
        bad: set[int] = set()
        while True:
            builder = started(given, batching)
            for name, parameter in derived.items():
                facts = builder.facts[builder.inputs[parameter]]
                builder.add_input(name, "constant", facts or Facts((), np.dtype(float)))
            good = yield from self._emit(builder, Converter(definitions, context_of(batching)), lines, bad, set(unknown))
            yield
            if good is not None:
                break
        return self._result(builder, given, batching, lines, good, derived)

    def _derived(
        self, given: list[Given], lines: list[Raw], definitions: Mapping[str, Definition], unknown: set[str]
    ) -> dict[str, str]:
        """Return the names of gradients that an update reads and that will be derived, with their parameters."""
        given_names = [g.name for g in given]
        missing = missing_names([*given_names, *unknown, *self.lost], lines, definitions)
        found: dict[str, str] = {}
        arrays = [g.name for g in given if g.section == "parameters" and isinstance(g.value, np.ndarray)]
        for parameter in arrays if missing else ():
            name = gradient_name(self.source, missing, parameter)
            update = None if name is None else next((raw for raw in lines if raw.line == missing[name]), None)
            if name is not None and update is not None and update.section in (None, "update"):
                found[name] = parameter
        return found

    def _emit(
        self, builder: Builder, converter: Converter, lines: list[Raw], bad: set[int], unknown: set[str]
    ) -> Generator[None, None, list[Raw] | None]:
        """Emit all lines but the bad ones; None if another bad one was found, which is then among them."""
        good: list[Raw] = []
        lost = dict(self.lost)
        for n, raw in enumerate(lines, 1):
            if n % A_PIECE == 0:
                yield
            reads = names_in(raw)
            unknown |= {name for name in lost if lost[name] < raw.line}
            lost = {name: line for name, line in lost.items() if line >= raw.line}
            if raw.line in bad or reads & unknown:
                unknown.add(raw.target)
                continue
            functions = {id(n.func) for n in ast.walk(raw.value) if isinstance(n, ast.Call)}
            try:
                for node in ast.walk(raw.value):
                    if isinstance(node, ast.Name) and id(node) not in functions:
                        self._check_name(node, raw, builder)
                lower_line(builder, converter, raw)
            except NotationError as error:
                self.trouble(raw.line, raw.end_line, raw.value, error)
            except (RecursionError, MemoryError, ArithmeticError, ValueError, TypeError, AttributeError) as error:
                self.trouble(raw.line, raw.end_line, raw.value, NotationError(f"this line cannot be read ({error})"))
            else:
                if builder.fault is None:
                    unknown.discard(raw.target)
                    good.append(raw)
                    continue
                self.trouble(raw.line, raw.end_line, raw.value, NotationError(builder.fault.message))
            bad.add(raw.line)
            return None
        return good

    def _check_name(self, node: ast.Name, raw: Raw, builder: Builder) -> None:
        if node.id in builder.env or node.id in self.source.definitions or node.id in _ALWAYS:
            return
        near = difflib.get_close_matches(node.id, sorted(builder.env), 1)
        near = near or [n for n in sorted(builder.env) if len(n) == len(node.id) < 4 and n[:-1] == node.id[:-1]]
        near = near or [n for n in builder.env if n.lower() == node.id.lower()]
        hint = f"did you mean `{near[0]}`?" if near else "give it one above this line"
        raise NotationError(f"`{node.id}` has no value here; {hint}", raw.line, node.col_offset + 1)

    def _bare(self, given: list[Given], lines: list[Raw]) -> Analysis:
        return self._finish({}, {**{g.name: _given_role(g) for g in given}}, given, None, ())

    def _result(
        self,
        builder: Builder,
        given: list[Given],
        batching: Batching,
        all_lines: list[Raw],
        good: list[Raw],
        derived: Mapping[str, str],
    ) -> Analysis:
        program: Program | None = None
        if good:
            try:
                program = assemble(self.text, builder, given, batching, good, Derivation())
            except NotationError as error:
                place = next((raw for raw in good if raw.line == error.line), good[-1])
                self.refused(place, error)
        roles: dict[str, Role] = {g.name: _given_role(g) for g in given}
        lines: dict[int, LineFacts] = {}
        for raw in all_lines:
            lines[raw.line] = LineFacts(raw.target, "", raw.section)
            if raw.section == "backward":
                roles.setdefault(raw.target, "gradient")
        if program is not None:
            roles |= _roles(program, derived)
            made = {s.index: i.result for s in program.statements for i in program.instructions[s.last - 1 : s.last]}
            for s in program.statements:
                facts = builder.facts[made[s.index]] if s.index in made else None
                if facts is not None:
                    lines[s.line] = LineFacts(s.target, shape_text(facts.shape), s.phase)
        return self._finish(lines, roles, given, program, tuple(derived))

    def _finish(
        self,
        lines: dict[int, LineFacts],
        roles: dict[str, Role],
        given: list[Given],
        program: Program | None,
        missing: tuple[str, ...],
    ) -> Analysis:
        for g in given:
            lines[g.line] = LineFacts(g.name, shape_text(np.shape(g.value)), g.section)
        definitions = {name: d.arguments for name, d in self.source.definitions.items()}
        ranked = sorted(self.troubles, key=lambda t: (t.line, t.column))
        roles = {**dict.fromkeys(definitions, "definition"), **roles}  # type: ignore[assignment]
        return Analysis(self.text, dict(sorted(lines.items())), tuple(ranked), roles, dict(self.source.sections), definitions,
                        missing, program)  # fmt: skip


def shape_text(shape: tuple[object, ...]) -> str:
    """Return a shape as the program shows it: `3×4`, or `number`."""
    return show(shape) if shape else "number"  # type: ignore[arg-type]


def _sentence(text: str) -> str:
    """Return a reason as a sentence: with a full stop; a name or a formula at its start stays as it is."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _given_role(given: Given) -> Role:
    if not isinstance(given.value, (np.ndarray, np.generic)):
        return "hyperparameter"
    return "data" if given.section == "data" else "parameter"


def _roles(program: Program, derived: Mapping[str, str]) -> dict[str, Role]:
    """Return what each name of a program is; a name that is made in the backward counts as a gradient."""
    found: dict[str, Role] = {}
    for s in program.statements:
        found.setdefault(s.target, "gradient" if s.phase == "backward" else "other")
    for value in program.values:
        if value.kind == "part" or value.kind == "result":
            continue
        kind = value.kind
        found[value.name] = "gradient" if value.name in derived else kind if kind in _KINDS else "other"  # type: ignore[assignment]
    if program.loss is not None:
        found[program.values[program.loss].name] = "loss"
    return found


_KINDS = ("data", "parameter", "hyperparameter", "state")
