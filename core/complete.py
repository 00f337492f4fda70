"""Text → whole program: what the text leaves out, backward or update, is derived and written into it."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.autodiff import Backward, append_backward
from core.errors import NotationError, SettingError
from core.notation.check import first_facts, infer, infer_symbolic
from core.notation.draft import Derivation, Draft, draft
from core.notation.parse import SETUP, Raw, Source, lines_of, parse
from core.notation.setup import RESERVED
from core.optimizers import RATE_NAMES, append_update
from core.program.ir import Program

DEFAULT_RATE = 0.1


def load(text: str, settings: Mapping[str, Any] | None = None, folder: Path | None = None) -> Program:
    """Read a text and derive what it leaves out.

    `settings` replaces hyperparameters and reserved names (`samples`, `batch`, `shuffle`, `seed`, `dtype`).

    Raises:
        NotationError: if the text is not a program.
        SettingError: if a setting names nothing in it.
    """
    if settings:
        text = with_settings(text, settings)
    started = draft(text, stop_at_missing=True, folder=folder)
    if started.program.fault is not None:
        return started.program
    edit = _derive(started)
    if edit is None:
        return started.program if not started.missing else draft(text, folder=folder).program
    return _apply(text, edit, folder).program


def with_settings(text: str, settings: Mapping[str, Any]) -> str:
    """Return the text with the given values written in; raises SettingError for a name it does not give."""
    source = parse(text)
    lines = lines_of(text)
    numbers = {s.target: s for s in source.statements if isinstance(s, Raw) and _is_number(s.value)}
    for name, value in settings.items():
        if isinstance(value, float) and value.is_integer() and name in numbers and _is_whole(numbers[name].value):
            value = int(value)
        if name in numbers:
            node = numbers[name].value
            if name not in RESERVED and (isinstance(value, (bool, str)) or not math.isfinite(value)):
                raise SettingError(f"`{name}` needs a number, such as `{name}=0.5`")
            line = lines[node.lineno - 1].encode()
            if node.end_lineno == node.lineno:
                lines[node.lineno - 1] = (line[: node.col_offset] + repr(value).encode() + line[node.end_col_offset :]).decode()
                continue
        if name in RESERVED:
            at = min((s.line if isinstance(s, Raw) else s.lineno for s in source.statements), default=1) - 1
            lines.insert(at, f"{name} = {value!r}")
            source = parse("\n".join(lines))
            numbers = {s.target: s for s in source.statements if isinstance(s, Raw) and _is_number(s.value)}
            continue
        known = ", ".join(sorted({*numbers, *RESERVED}))
        raise SettingError(f"there is no setting `{name}` here; there are {known}")
    return "\n".join(lines) + ("\n" if text.endswith("\n") else "")


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float, str))


def _is_whole(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


@dataclass
class _Edit:
    """Lines to insert: before a line (keep), or after one (derived); and the tags of the derived ones."""

    before: dict[int, list[str]] = field(default_factory=dict)
    after: dict[int, list[tuple[str, tuple[tuple[int, int] | None, ...]]]] = field(default_factory=dict)


def _derive(d: Draft) -> _Edit | None:
    """Decide what is missing and derive it; None if nothing is."""
    program = d.program
    wanted = _wanted(d)
    updated = set(program.carried)
    needs_update = not d.missing and bool(program.trainable) and not any(p in updated for p in program.trainable)
    if not wanted and not needs_update:
        return None
    edit = _Edit()
    place, env = _place(d)
    taken = _names(d)
    gradients: dict[str, str] = _named_gradients(d) if needs_update else {}
    todo = wanted or {p: "" for p in program.trainable if p not in gradients}
    if todo:
        backward = _backward(d, todo, env, taken)
        for statement, lines in backward.keep.items():
            edit.before.setdefault(program.statements[statement].line, []).extend(lines)
        edit.after.setdefault(place, []).append(("# backward", ()))
        for line in backward.lines:
            edit.after.setdefault(place, []).append((line.text, tuple(_where(program, t) for t in line.tags)))
        gradients = {**gradients, **backward.gradients}
        gradients = {p: gradients[p] for p in [*backward.gradients, *gradients] if p in gradients}
    if needs_update:
        rate = next((n for n in RATE_NAMES if n in program.inputs), None)
        if rate is None:
            rate = "lr" if "lr" not in taken else "learning_rate"
            edit.after.setdefault(max(d.setup_end, 0), []).append((f"{rate} = {DEFAULT_RATE}", ()))
        edit.after.setdefault(place, []).append(("# update", ()))
        edit.after[place].extend((line, ()) for line in append_update(gradients, rate))
    heading = _heading(d, place)
    if heading is not None:
        edit.after.setdefault(place, []).append((heading, ()))
    return edit


def _wanted(d: Draft) -> dict[str, str]:
    """Return parameter → name of its gradient, for names that an update reads and nobody gives."""
    if not d.missing:
        return {}
    wanted = {p: name for p in d.program.trainable if (name := gradient_name(d.source, d.missing, p)) is not None}
    for name, line in d.missing.items():
        if name not in wanted.values():
            raise NotationError(f"`{name}` has no value yet; give it one above this line", line, 1)
    if d.program.loss is None:
        name, line = min(d.missing.items(), key=lambda item: item[1])
        raise NotationError(
            f"`{name}` has no value, and without a loss above this line it cannot be derived as a gradient", line, 1
        )
    return wanted


def gradient_name(source: Source, missing: Mapping[str, int], parameter: str) -> str | None:
    """Return the missing name that a parameter's update reads first, through lines such as `v = mu * v + dW`."""
    lines = [raw for raw in source.statements if isinstance(raw, Raw)]
    makers: dict[str, list[int]] = {}
    for n, raw in enumerate(lines):
        makers.setdefault(raw.target, []).append(n)
    level = makers.get(parameter, [])[-1:]
    seen: set[int] = set()
    while level:
        found: list[str] = []
        below: list[int] = []
        for n in level:
            seen.add(n)
            for name in dict.fromkeys(x.id for x in ast.walk(lines[n].value) if isinstance(x, ast.Name)):
                maker = next((k for k in reversed(makers.get(name, [])) if k < n and lines[k].section not in SETUP), None)
                if maker is not None and maker not in seen:
                    below.append(maker)
                elif maker is None and name in missing:
                    found.append(name)
        if found:
            return next((name for name in found if parameter in name), found[0])
        level = below
    return None


def _named_gradients(d: Draft) -> dict[str, str]:
    """Return parameter → gradient where a typed line already carries the usual name, such as `dW1`."""
    env = d.environments[-1] if d.environments else {}
    found: dict[str, str] = {}
    for p in d.program.trainable:
        for name in (f"d{p}", f"d_{p}", f"grad_{p}", f"{p}_grad"):
            if name in env and d.program.values[env[name]].statement is not None:
                found[p] = name
                break
    return found


def _place(d: Draft) -> tuple[int, dict[str, int]]:
    """Return the line after which derived lines go, and what each name stands for there.

    They follow the loss; an update that uses gradients which are typed follows those.
    """
    phases = ("forward", "loss") if d.missing else ("forward", "loss", "backward")
    last = max((s.index for s in d.program.statements if s.phase in phases), default=-1)
    if last < 0:
        return d.setup_end, dict(d.program.inputs)
    return d.ends[last], d.environments[last]


def _names(d: Draft) -> set[str]:
    taken = {n.id for s in d.source.statements if isinstance(s, Raw) for n in ast.walk(s.value) if isinstance(n, ast.Name)}
    return (
        taken | {s.target for s in d.source.statements if isinstance(s, Raw)} | set(d.source.definitions) | set(d.program.inputs)
    )


def _backward(d: Draft, wanted: Mapping[str, str], env: Mapping[str, int], taken: set[str]) -> Backward:
    program = d.program
    concrete = first_facts(program)
    layout = infer_symbolic(program, concrete)
    batch = _batch_name(d, program, taken)
    if layout is None:
        return append_backward(program, infer(program, concrete), env, wanted, batch, taken)
    return append_backward(program, layout, env, wanted, batch, taken | {batch})


def _batch_name(d: Draft, program: Program, taken: set[str]) -> str:
    """Return the name that the batch size has here: `m`, unless the text uses `m` for something else."""
    b = program.batching
    assigned = {s.target for s in d.source.statements if isinstance(s, Raw)}
    if "m" not in taken or "m" not in assigned:
        return "m"
    if b.batch is None and any(g.name == "m" and g.value == b.total and isinstance(g.value, int) for g in program.given):
        return "m"
    return "batch_size"


def _where(program: Program, instruction: int | None) -> tuple[int, int] | None:
    if instruction is None:
        return None
    s = program.statements[program.instructions[instruction].statement]
    return s.line, instruction - s.first


def _heading(d: Draft, place: int) -> str | None:
    """Return the section comment of the typed line after `place`, if it stands above the insertion and must be said again."""
    rest = [s for s in d.source.statements if isinstance(s, Raw) and s.line > place]
    if not rest or rest[0].section is None or rest[0].section in SETUP:
        return None
    own = max(at for at in d.source.sections if at < rest[0].line)
    return d.source.lines[own - 1].strip() if own <= place else None


def _apply(text: str, edit: _Edit, folder: Path | None) -> Draft:
    """Write the lines in and read the whole again, with the derived lines marked."""
    lines = lines_of(text)
    out: list[str] = []
    moved: dict[int, int] = {}
    derived: set[int] = set()
    tags: dict[int, tuple[tuple[int, int] | None, ...]] = {}

    def insert(after: int) -> None:
        for line, tag in edit.after.get(after, ()):
            out.append(line)
            if not line.startswith("#"):
                derived.add(len(out))
                tags[len(out)] = tag

    insert(0)
    for number, line in enumerate(lines, 1):
        for kept in edit.before.get(number, ()):
            out.append(kept)
            derived.add(len(out))
        out.append(line)
        moved[number] = len(out)
        insert(number)
    final = {at: tuple(None if t is None else (moved[t[0]], t[1]) for t in tag) for at, tag in tags.items()}
    try:
        return draft("\n".join(out) + "\n", Derivation(frozenset(derived), final), folder=folder)
    except NotationError as error:
        # The person knows the lines that they typed, not those that were written in.
        line = max((typed for typed, now in moved.items() if now <= error.line), default=1)
        raise NotationError(error.bare, line, error.column) from None
