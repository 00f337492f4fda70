"""A program's text, edited and read again: what all remedies are made of."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.complete import load
from core.data.batches import Picker
from core.errors import NotationError, StepperError
from core.execute.inputs import Datum, initial_state, inputs_of
from core.execute.machine import Machine
from core.notation.draft import Derivation, draft
from core.notation.parse import Raw, Source, lines_of, parse
from core.optimizers import append_update
from core.program.ir import Program, Statement


class RemedyError(StepperError):
    """A remedy that cannot be applied to a program: one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One line of the text that went (`−`) or came (`+`); `line` counts from 1 in the old or the new text."""

    sign: str
    line: int
    text: str


@dataclass(frozen=True)
class Mended:
    """A program with a remedy in it. `notes` say what else a person must know of this very edit."""

    remedy: str
    title: str
    program: Program
    changes: tuple[Changed, ...]
    notes: tuple[str, ...] = ()


@dataclass
class Edit:
    """Changes of a text, all in the places of the old one; `text()` makes the new one.

    `moved` then says which line each old line has become.
    """

    old: str
    spans: list[tuple[int, int, int, int, str]] = field(default_factory=list)
    above: dict[int, list[str]] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    moved: dict[int, int] = field(default_factory=dict)

    def replace(self, node: ast.expr, new: str) -> None:
        """Write something else where an expression stands."""
        self.spans.append((node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0, new))

    def cut(self, first: ast.expr, second: ast.expr, keep_last: bool) -> None:
        """Take one of two neighbouring arguments out, with the comma between them."""
        a, b = (first, second)
        ends = (a.end_lineno or a.lineno, a.end_col_offset or 0), (b.end_lineno or b.lineno, b.end_col_offset or 0)
        start, end = ((a.lineno, a.col_offset), (b.lineno, b.col_offset)) if keep_last else ends
        self.spans.append((*start, *end, ""))

    def insert(self, line: int, lines: Iterable[str]) -> None:
        """Write lines above a line (one after the last: at the end)."""
        self.above.setdefault(line, []).extend(lines)

    def drop(self, first: int, last: int) -> None:
        """Take lines out."""
        self.gone.update(range(first, last + 1))

    def source(self, node: ast.expr) -> str:
        """Return an expression as it was typed, on one line."""
        return " ".join((ast.get_source_segment(self.old, node) or ast.unparse(node)).split())

    def text(self) -> str:
        """Return the new text."""
        lines = [line.encode() for line in lines_of(self.old)]
        for line, start, last, end, new in sorted(self.spans, reverse=True):
            lines[line - 1] = lines[line - 1][:start] + new.encode() + lines[last - 1][end:]
            self.gone.update(range(line + 1, last + 1))
        out: list[str] = []
        for number, line in enumerate(lines, 1):
            out += self.above.get(number, [])
            if number not in self.gone:
                out.append(line.decode())
                self.moved[number] = len(out)
        out += self.above.get(len(lines) + 1, [])
        return "\n".join(out) + "\n"


@dataclass
class Typed:
    """What was typed of a program: its text without the derived lines, and where its statements stand in that."""

    text: str
    source: Source
    lines: Mapping[int, int]

    def raw(self, statement: Statement) -> Raw:
        """Return a typed statement as it was parsed."""
        at = self.lines[statement.line]
        return next(s for s in self.source.statements if isinstance(s, Raw) and s.line == at)


def typed(program: Program, without_backward: bool = False) -> Typed:
    """Return what was typed, without what is derived anew whenever a text is read; update lines of another optimizer stay."""
    plain = set(append_update({p: program.values[g].name for p, g in program.gradients.items()}, _rate(program)))
    update = [s for s in program.statements if s.derived and s.phase == "update"]
    keep_update = any(s.text not in plain for s in update)
    gone = {
        s.line
        for s in program.statements
        if (s.derived and not (keep_update and s.phase == "update")) or (without_backward and s.phase == "backward")
    }
    source = parse(program.text)
    edit = Edit(program.text)
    for s in source.statements:
        if isinstance(s, Raw) and s.line in gone:
            edit.drop(s.line, s.end_line)
    statements = [s for s in source.statements if isinstance(s, Raw)]
    for heading in source.sections:
        below = [s for s in statements if max((at for at in source.sections if at < s.line), default=0) == heading]
        if below and all(s.line in gone for s in below):
            edit.drop(heading, heading)
    text = edit.text()
    return Typed(text, parse(text), edit.moved)


def _rate(program: Program) -> str:
    from core.changes import rate_of

    return rate_of(program) or "lr"


def rederived(program: Program, edit: Edit, folder: Path | None, title: str, notes: Sequence[str] = ()) -> Mended:
    """Read an edited text; what is not typed is derived anew.

    Raises:
        RemedyError: if it is no program any more, or another one in more than was meant.
    """
    return _finished(program, _read(edit.text(), folder), title, notes)


def kept(program: Program, edit: Edit, folder: Path | None, title: str, notes: Sequence[str] = ()) -> Mended:
    """Read the whole text, edited where it says nothing of the forward; what was derived stays marked so.

    Raises:
        RemedyError: if it is no program any more, or another one in more than was meant.
    """
    text = edit.text()
    moved = edit.moved
    derived = {moved[s.line]: s for s in program.statements if s.derived and s.line in moved}
    tags = {at: tuple(_tag(program, i, moved) for i in range(s.first, s.last)) for at, s in derived.items()}
    try:
        found = draft(text, Derivation(frozenset(derived), tags), folder=folder).program
    except NotationError as error:
        raise RemedyError(f"with this remedy the program cannot be read: {error.bare}") from None
    return _finished(program, found, title, notes)


def _tag(program: Program, instruction: int, moved: Mapping[int, int]) -> tuple[int, int] | None:
    origin = program.instructions[instruction].adjoint_of
    if origin is None:
        return None
    s = program.statements[program.instructions[origin].statement]
    return moved[s.line], origin - s.first


def _read(text: str, folder: Path | None) -> Program:
    try:
        return load(text, folder=folder)
    except NotationError as error:
        raise RemedyError(f"with this remedy the program cannot be read: {error.bare}") from None


def _finished(old: Program, new: Program, title: str, notes: Sequence[str]) -> Mended:
    if new.fault is not None and old.fault is None:
        raise RemedyError(f"with this remedy a line could not run: {new.fault.message}")
    lost = [p for p in old.trainable if p in old.carried and p not in new.carried]
    if lost or (old.loss is None) is not (new.loss is None):
        raise RemedyError(f"with this remedy {', '.join(lost) or 'the loss'} would not be what it was")
    return Mended("", title, new, differences(old.text, new.text), tuple(notes))


def differences(old: str, new: str) -> tuple[Changed, ...]:
    """Return the lines that went and came, in the order of the text."""
    a, b = lines_of(old), lines_of(new)
    found: list[Changed] = []
    for kind, i, j, k, n in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind != "equal":
            found += [Changed("−", at + 1, a[at]) for at in range(i, j)]
            found += [Changed("+", at + 1, b[at]) for at in range(k, n)]
    return tuple(found)


def free_name(program: Program, *wishes: str) -> str:
    """Return the first of the names that a program does not use, else the last with a number."""
    taken = {n.id for n in ast.walk(ast.parse(program.text)) if isinstance(n, ast.Name)}
    taken |= {n.name for n in ast.walk(ast.parse(program.text)) if isinstance(n, ast.FunctionDef)} | set(program.inputs)
    numbered = (f"{wishes[-1]}_{n}" for n in range(2, 1000))
    return next(name for name in (*wishes, *numbered) if name not in taken)


def setup_end(program: Program, folder: Path | None) -> int:
    """Return the last line of what is given, so that a hyperparameter can be written under it."""
    return draft(program.text, folder=folder).setup_end


# -- a backward that a person wrote --------------------------------------------------------------------


def writes_backward(program: Program) -> bool:
    """Tell whether any line of the backward was typed."""
    return any(s.phase == "backward" and not s.derived for s in program.statements)


def forward_text(program: Program, folder: Path | None) -> tuple[Typed, list[str]]:
    """Return the typed text for a remedy that changes the forward or the loss, and what is to be said of the backward.

    A backward written by hand is the derivative of the old lines; it goes, and is derived anew.

    Raises:
        RemedyError: if that cannot be: no loss, or updates that read more of the backward than gradients.
    """
    if program.loss is None:
        raise RemedyError("no loss is written in this program, so its backward cannot be derived anew; write one under `# loss`")
    if not writes_backward(program):
        return typed(program), []
    made = {i.result: program.statements[i.statement] for i in program.instructions}
    gradients = set(program.gradients.values())
    for i in program.instructions:
        for v in i.reads:
            reader = program.statements[i.statement]
            if reader.phase != "backward" and v in made and made[v].phase == "backward" and v not in gradients:
                raise RemedyError(
                    f"line {reader.line} updates with `{program.values[v].label}`, which is no gradient by itself, so your"
                    " backward cannot be derived anew; write the gradients as lines of their own"
                )
    found = typed(program, without_backward=True)
    reference = _read(found.text, folder)
    notes = ["The backward lines that you wrote belong to the old formula; they are taken out and derived anew."]
    own, true = first_iteration(program), first_iteration(reference)
    for p, g in program.gradients.items():
        if p not in reference.gradients:
            raise RemedyError(f"the gradient of `{p}` cannot be derived anew from what your updates read")
        a = np.asarray(own.peek(g), dtype=np.float64).reshape(-1)
        b = np.asarray(true.peek(reference.gradients[p]), dtype=np.float64).reshape(-1)
        if a.shape != b.shape:
            raise RemedyError(f"the gradient of `{p}` that you wrote has another shape than the derived one; mend that first")
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            notes.append(f"The gradient of {p} is not finite at the start, so yours could not be compared with the derived one.")
            continue
        if np.dot(a, b) < 0:
            raise RemedyError(
                f"the gradient of `{p}` that you wrote has the opposite sign of the derived one; with it your update would climb"
            )
        if not np.allclose(a, b, rtol=1e-6, atol=1e-6 * float(np.max(np.abs(b), initial=0.0))):
            notes.append(f"The gradient of {p} that you wrote is not the derived one; the second run uses the derived one.")
    return found, notes


def first_iteration(program: Program, state: Mapping[str, Datum] | None = None) -> Machine:
    """Return the first iteration with all its values, perhaps from another state."""
    start: dict[str, Any] = dict(initial_state(program)) | dict(state or {})
    machine = Machine(program, inputs_of(program, Picker(program.batching), start, 1))
    machine.go(len(program))
    return machine
