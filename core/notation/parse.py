"""Text → statements: Python's grammar read by `ast`, sections by comment. Nothing is executed."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Literal

from core.errors import NotationError
from core.notation.convert import Definition
from core.notation.syntax import python_tree
from core.program.ir import BodyLine, Function

Section = Literal["data", "parameters", "forward", "loss", "backward", "update", "predict"]
SETUP: tuple[Section, ...] = ("data", "parameters")
_SECTION = re.compile(r"^\s*#+\s*(data|parameters?|forward|loss|cost|backward|update|predict)\b", re.IGNORECASE)
_SPELLINGS: dict[str, Section] = {"parameter": "parameters", "cost": "loss"}
MOST_CHARACTERS = 2_000_000
MOST_STATEMENTS = 20_000


@dataclass(frozen=True)
class Raw:
    """One assignment as typed: `target = value`, `target op= value`, or `target[mask] = value`."""

    line: int
    end_line: int
    text: str
    target: str
    value: ast.expr
    augment: ast.operator | None = None
    mask: ast.expr | None = None
    section: Section | None = None
    column: int = 1


@dataclass
class Source:
    """A parsed text: its lines, assignments in order, definitions, and setup calls such as `np.random.seed(1)`."""

    lines: list[str]
    statements: list[Raw | ast.Expr] = field(default_factory=list)
    sections: dict[int, Section] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)

    def section_at(self, line: int) -> Section | None:
        """Return the section that a line stands in, None before the first."""
        best = max((at for at in self.sections if at < line), default=None)
        return None if best is None else self.sections[best]


def lines_of(text: str) -> list[str]:
    """Return the lines of a text as Python counts them; `str.splitlines` also splits at form feeds and the like."""
    lines = re.split(r"\r\n|\r|\n", text)
    return lines[:-1] if lines[-1] == "" else lines


def parse(text: str) -> Source:
    """Read `text` into statements.

    Raises:
        NotationError: with line and column, for anything outside the notation.
    """
    if len(text) > MOST_CHARACTERS:
        raise NotationError(f"the program is longer than {MOST_CHARACTERS} characters; is it the right file?", 1, 1)
    tree = _tree(text)
    lines = lines_of(text)
    source = Source(lines=lines)
    covered = {n for s in tree.body for n in range(s.lineno + 1, (s.end_lineno or s.lineno) + 1)}
    for number, line in enumerate(lines, 1):
        match = _SECTION.match(line)
        if match and number not in covered:
            word = match[1].lower()
            source.sections[number] = _SPELLINGS.get(word, word)  # type: ignore[arg-type]
    if len(tree.body) > MOST_STATEMENTS:
        raise NotationError(
            f"the program has more than {MOST_STATEMENTS} lines; only one iteration is needed",
            tree.body[MOST_STATEMENTS].lineno,
            1,
        )
    for position, node in enumerate(tree.body):
        _statement(source, node, first=position == 0)
    return source


def _tree(text: str) -> ast.Module:
    try:
        return python_tree(text)
    except SyntaxError as error:
        what = (error.msg or "invalid syntax").rstrip(".")
        raise NotationError(f"this is not a line that Python could read ({what})", error.lineno or 1, error.offset or 1) from None
    except (ValueError, RecursionError, MemoryError) as error:
        what = "a line is nested too deeply" if isinstance(error, (RecursionError, MemoryError)) else str(error)
        raise NotationError(f"this text cannot be read ({what})", 1, 1) from None


_STRANGE: dict[type[ast.stmt], str] = {
    ast.For: "a `for` loop", ast.While: "a `while` loop", ast.If: "an `if`", ast.ClassDef: "a class",
    ast.With: "a `with` block", ast.Try: "a `try` block", ast.Return: "`return`", ast.Delete: "`del`",
    ast.Assert: "`assert`", ast.Raise: "`raise`", ast.Global: "`global`", ast.AnnAssign: "a type annotation",
}  # fmt: skip


def _statement(source: Source, node: ast.stmt, first: bool) -> None:
    line, column = node.lineno, node.col_offset + 1
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        _check_import(node)
        return
    if isinstance(node, ast.Expr):
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return
        if isinstance(node.value, ast.Call):
            source.statements.append(node)
            return
        raise NotationError("this line computes something but gives it no name; write `name = …`", line, column)
    if isinstance(node, ast.FunctionDef):
        source.definitions[node.name] = _definition(node)
        return
    if isinstance(node, ast.Assign):
        if len(node.targets) != 1:
            raise NotationError("give one name a line; write two lines instead of `a = b = …`", line, column)
        _assign(source, node, node.targets[0], node.value, None)
        return
    if isinstance(node, ast.AugAssign):
        _assign(source, node, node.target, node.value, node.op)
        return
    what = _STRANGE.get(type(node), "this kind of line")
    raise NotationError(
        f"{what} is not part of the notation; write the lines of one iteration, one under the other", line, column
    )


def _assign(source: Source, node: ast.stmt, target: ast.expr, value: ast.expr, augment: ast.operator | None) -> None:
    line, end = node.lineno, node.end_lineno or node.lineno
    mask: ast.expr | None = None
    if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and augment is None:
        mask, target = target.slice, target.value
    if not isinstance(target, ast.Name):
        raise NotationError(
            "the left side must be one name, or a name with a mask such as `dZ[Z <= 0]`", line, node.col_offset + 1
        )
    text = ast.get_source_segment("\n".join(source.lines), node) if end > line else source.lines[line - 1].strip()
    source.statements.append(
        Raw(line, end, (text or "").strip(), target.id, value, augment, mask, source.section_at(line), node.col_offset + 1)
    )


def _check_import(node: ast.Import | ast.ImportFrom) -> None:
    if isinstance(node, ast.Import) and all(a.name == "numpy" and (a.asname or "numpy") in ("np", "numpy") for a in node.names):
        return
    raise NotationError(
        "only `import numpy as np` can stand here; other libraries are not used", node.lineno, node.col_offset + 1
    )


def _definition(node: ast.FunctionDef) -> Definition:
    a = node.args
    if a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs or a.defaults or node.decorator_list:
        raise NotationError(f"`{node.name}` may only have plain arguments", node.lineno, node.col_offset + 1)
    body = [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if not body or not isinstance(body[-1], ast.Return) or body[-1].value is None:
        raise NotationError(f"`{node.name}` must end with `return` and an expression", node.lineno, node.col_offset + 1)
    steps: list[tuple[str, ast.expr]] = []
    for s in body[:-1]:
        if not (isinstance(s, ast.Assign) and len(s.targets) == 1 and isinstance(s.targets[0], ast.Name)):
            raise NotationError(f"`{node.name}` may only hold lines `name = …` and a `return`", s.lineno, s.col_offset + 1)
        steps.append((s.targets[0].id, s.value))
    return Definition(node.name, tuple(x.arg for x in a.args), tuple(steps), body[-1].value, node)


def functions_of(source: Source) -> tuple[Function, ...]:
    """Return the `def`s of a text with their lines as they are written."""
    whole = "\n".join(source.lines)
    return tuple(_function(source, d, whole) for d in source.definitions.values())


def _function(source: Source, definition: Definition, whole: str) -> Function:
    lines: list[BodyLine] = []
    nodes = [s for s in definition.node.body if isinstance(s, (ast.Assign, ast.Return))]
    for step, (node, target) in enumerate(zip(nodes, [*(name for name, _ in definition.steps), ""], strict=True)):
        alone = node.lineno == node.end_lineno and node.lineno > definition.node.lineno
        alone = alone and sum(n.lineno == node.lineno for n in nodes) == 1
        text = source.lines[node.lineno - 1] if alone else ast.get_source_segment(whole, node) or ast.unparse(node)
        lines.append(BodyLine(definition.name, step, node.lineno, text.strip(), target))
    return Function(definition.name, definition.arguments, definition.node.lineno, tuple(lines))
