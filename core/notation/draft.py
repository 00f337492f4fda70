"""Text → program, as it stands: setup evaluated, lines lowered, phases, loss and kinds decided."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import NotationError
from core.notation.builder import IMPLICIT_SIZES, Builder
from core.notation.check import facts_of
from core.notation.convert import BINARY, Converter, Definition
from core.notation.givens import batching_of, given_by, recast, split
from core.notation.parse import SETUP, Raw, Source, functions_of, parse
from core.notation.print import instruction_text
from core.program.expr import Apply, Name
from core.program.ir import Batching, Given, Instruction, Kind, Phase, Program, Value
from core.program.structure import ancestors, classify, descendants, find_gradients, layers_of, results


@dataclass(frozen=True)
class Derivation:
    """Which lines of a text were derived, and the forward place each of their operations is the adjoint of.

    `tags` maps a line to one (line, offset) an operation; the offset counts operations within that line.
    """

    lines: frozenset[int] = frozenset()
    tags: Mapping[int, tuple[tuple[int, int] | None, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Stated:
    """What `# data` and `# parameters` gave when they were evaluated: kept with a document, so that nothing is evaluated anew."""

    given: tuple[Given, ...]
    batching: Batching


@dataclass
class Draft:
    """A program with what is needed to derive the rest of it.

    `environments` holds, for each statement, the value of every name after it; `missing` maps names
    that are read but never given to the line of the first use.
    """

    source: Source
    program: Program
    environments: list[dict[str, int]]
    ends: list[int]
    missing: dict[str, int]
    setup_end: int


def draft(
    text: str,
    derivation: Derivation | None = None,
    stop_at_missing: bool = False,
    folder: Path | None = None,
    stated: Stated | None = None,
) -> Draft:
    """Read a text as it stands.

    With `stop_at_missing`, lines from the first one that reads a name without a value are left out
    and the names reported, so that what they need can be derived. Files that the text names lie in `folder`.
    With `stated` the lines of data and parameters are not evaluated, but have given that.

    Raises:
        NotationError: if the text is not a program.
    """
    source = parse(text)
    setup_lines, lines = split(source)
    if not lines:
        raise NotationError("there are no lines to run; write some under `# forward`, such as `Z1 = W1 @ X + b1`", 1, 1)
    definitions = source.definitions
    given, batching = _stated(setup_lines, lines, folder) if stated is None else (list(stated.given), stated.batching)
    missing = missing_names([g.name for g in given], lines, definitions)
    if missing and not stop_at_missing:
        name, line = min(missing.items(), key=lambda item: item[1])
        raise NotationError(f"`{name}` has no value yet; give it one above this line", line, 1)
    if missing:
        lines = [raw for raw in lines if raw.line < min(missing.values())]
    builder = started(given, batching)
    environments = _lower(builder, Converter(definitions, context_of(batching)), lines)
    program = assemble(text, builder, given, batching, lines, derivation or Derivation())
    program = replace(program, functions=functions_of(source))
    setup_end = max((_end(s) for s in setup_lines), default=0)
    return Draft(source, program, environments, [raw.end_line for raw in lines[: len(environments)]], missing, setup_end)


def _stated(setup_lines: list[Raw | ast.Expr], lines: list[Raw], folder: Path | None) -> tuple[list[Given], Batching]:
    given, reserved = given_by(setup_lines, lines, folder)
    batching = batching_of(given, reserved, lines)
    return recast(given, reserved.get("dtype")), batching


def started(given: Sequence[Given], batching: Batching) -> Builder:
    """Return a builder that knows what an iteration starts from, and no line yet."""
    builder = Builder()
    for item in given:
        value = item.value
        if item.name in batching.sliced:
            assert isinstance(value, np.ndarray)
            value = value[(slice(None),) * (batching.axis % value.ndim) + (slice(0, batching.size),)]
        kind: Kind = "data" if item.section == "data" else "parameter"
        builder.add_input(item.name, kind if isinstance(value, np.ndarray) else "hyperparameter", facts_of(value))
    return builder


def context_of(batching: Batching) -> dict[str, Any]:
    """Return what operations may ask the program for (`Op.context`)."""
    return {"samples": batching.axis, "class_axis": 0 if batching.axis == -1 else -1, "seed": batching.seed}


def _end(node: Raw | ast.Expr) -> int:
    return node.end_line if isinstance(node, Raw) else (node.end_lineno or node.lineno)


def missing_names(given: Sequence[str], lines: Sequence[Raw], definitions: Mapping[str, Definition]) -> dict[str, int]:
    """Return the names that lines read and nothing above gives, each with the line of its first use."""
    known = set(given) | set(IMPLICIT_SIZES) | {"np", "numpy", "len", "float", "int"} | set(definitions)
    missing: dict[str, int] = {}
    for raw in lines:
        functions = {id(n.func) for node in (raw.value, raw.mask) if node for n in ast.walk(node) if isinstance(n, ast.Call)}
        for node in (raw.value, raw.mask):
            for n in ast.walk(node) if node is not None else ():
                if isinstance(n, ast.Name) and id(n) not in functions and n.id not in known:
                    missing.setdefault(n.id, raw.line)
        if (raw.augment is not None or raw.mask is not None) and raw.target not in known:
            missing.setdefault(raw.target, raw.line)
        known.add(raw.target)
    return missing


def _lower(builder: Builder, converter: Converter, lines: list[Raw]) -> list[dict[str, int]]:
    environments: list[dict[str, int]] = []
    for raw in lines:
        lower_line(builder, converter, raw)
        environments.append(dict(builder.env))
        if builder.fault is not None:
            break
    return environments


def lower_line(builder: Builder, converter: Converter, raw: Raw) -> None:
    """Emit one line; `builder.fault` says afterwards whether its shapes fit.

    Raises:
        NotationError: if it is no line of the notation, or reads a name without a value.
    """
    converter.context["target"] = raw.target
    value = converter.convert(raw.value)
    in_place: str | None = None
    if raw.augment is not None:
        op = BINARY.get(type(raw.augment))
        if op is None:
            raise NotationError("this operator is not part of the notation; use += -= *= or /=", raw.line, raw.column)
        value, in_place = Apply(op, (Name(raw.target), value)), "augment"
    elif raw.mask is not None:
        value, in_place = Apply("mask_assign", (Name(raw.target), converter.convert(raw.mask), value)), "mask"
    builder.assign(raw.target, value, raw.line, raw.text, in_place)


def assemble(
    text: str, builder: Builder, given: list[Given], batching: Batching, lines: list[Raw], derivation: Derivation
) -> Program:
    """Return the program of the lines that a builder was given, with phases, loss, kinds and gradients decided."""
    statements, instructions = builder.statements, builder.instructions
    builder.check_carried([g.name for g in given if g.name not in batching.sliced])
    made = results(statements, instructions)
    carried = {
        g.name: (builder.inputs[g.name], builder.env[g.name])
        for g in given
        if g.name not in batching.sliced and builder.env[g.name] != builder.inputs[g.name]
    }
    ends = {end for _, end in carried.values()}
    updated = {s.index for s in statements if s.target in carried or made[s.index] in ends}
    claimed: list[Phase | None] = [raw.section if raw.section not in SETUP else None for raw in lines[: len(statements)]]  # type: ignore[misc]
    loss = _loss(builder, claimed, made, updated, batching)
    order = [v for i in instructions for v in i.reads if builder.values[v].kind == "data"]
    targets = {v for v in order if v != order[0]} if order else set()
    phases = classify(instructions, statements, claimed, updated, loss, targets)
    statements = [replace(s, phase=p, derived=s.line in derivation.lines) for s, p in zip(statements, phases, strict=True)]
    trainable = _trainable(builder, given, loss, carried, phases)
    gradients = find_gradients(instructions, statements, builder.values, carried, trainable)
    values = _labelled(builder, _kinds(builder, given, batching, trainable, carried), carried)
    program = Program(
        text=text, given=tuple(given), batching=batching, values=values,
        instructions=_tagged(builder, derivation, values), statements=tuple(statements), inputs=dict(builder.inputs),
        carried=carried, trainable=trainable, loss=loss, gradients=gradients, fault=builder.fault, calls=tuple(builder.calls),
    )  # fmt: skip
    return replace(program, layers=layers_of(program))


def _labelled(builder: Builder, kinds: Mapping[int, Kind], carried: Mapping[str, tuple[int, int]]) -> tuple[Value, ...]:
    """Give the values their final kinds, and what lives on into the next iteration the label `W1_next`."""
    names = {v.name for v in builder.values}
    labels: dict[int, str] = {}
    for name, (_, end) in carried.items():
        if builder.values[end].name == name:
            labels[end] = f"{name}_next" + "_" * (f"{name}_next" in names)
    return tuple(replace(v, kind=kinds.get(v.index, v.kind), label=labels.get(v.index, v.label)) for v in builder.values)


def _tagged(builder: Builder, derivation: Derivation, values: Sequence[Value]) -> tuple[Instruction, ...]:
    first = {s.line: s.first for s in builder.statements}
    out = [replace(i, text=instruction_text(i.op, i.operands, i.attributes, i.result, values)) for i in builder.instructions]
    for s in builder.statements:
        for index, tag in zip(range(s.first, s.last), derivation.tags.get(s.line, ()), strict=False):
            if tag is not None:
                out[index] = replace(out[index], adjoint_of=first[tag[0]] + tag[1])
    return tuple(out)


def _loss(
    builder: Builder, claimed: Sequence[Phase | None], made: Sequence[int | None], updated: set[int], batching: Batching
) -> int | None:
    """The scalar under `# loss`; else the last scalar of the forward lines that no update is made from."""

    def scalar(value: int | None) -> bool:
        facts = None if value is None else builder.facts[value]
        return facts is not None and all(d == 1 for d in facts.shape) and not isinstance(facts.dtype, type)

    single = [i for i, v in enumerate(made) if scalar(v) and i not in updated]
    strict = [i for i in single if (f := builder.facts[made[i] or 0]) is not None and f.shape == ()]
    for candidates in (strict, single):
        under = [i for i in candidates if claimed[i] == "loss"]
        if under:
            return made[under[-1]]
    ends = {v for i in updated if (v := made[i]) is not None}
    feeds, later = ancestors(builder.instructions, ends), descendants(builder.instructions, ends)
    forward = [
        i for i in strict
        if claimed[i] in (None, "forward") and made[i] not in feeds and made[i] not in later
        and any(builder.values[v].kind == "parameter" for v in ancestors(builder.instructions, [made[i] or 0]))
    ]  # fmt: skip
    return made[forward[-1]] if forward else None


def _trainable(
    builder: Builder, given: list[Given], loss: int | None, carried: Mapping[str, Any], phases: Sequence[Phase]
) -> tuple[str, ...]:
    if loss is not None:
        used = ancestors(builder.instructions, [loss])
    else:
        used = {v for i in builder.instructions for v in i.reads if phases[i.statement] == "forward"}
    # a plain number is a parameter where its update is made from what the backward computes, as a slope and an intercept are
    backward = {i.result for i in builder.instructions if phases[i.statement] == "backward"}
    after = descendants(builder.instructions, backward)
    moved = {n for n, (_, end) in carried.items() if end in after}
    return tuple(
        g.name
        for g in given
        if g.section == "parameters"
        and (isinstance(g.value, (np.ndarray, np.generic)) or g.name in moved)
        and np.asarray(g.value).dtype.kind == "f"
        and builder.inputs[g.name] in used
        and (loss is not None or g.name in carried)
    )


def _kinds(
    builder: Builder, given: list[Given], batching: Batching, trainable: Sequence[str], carried: Mapping[str, Any]
) -> dict[int, Kind]:
    kinds: dict[int, Kind] = {}
    for g in given:
        index = builder.inputs[g.name]
        if g.name in trainable:
            kinds[index] = "parameter"
        elif g.name in carried:
            kinds[index] = "state"
        elif g.section == "data" and isinstance(g.value, np.ndarray):
            kinds[index] = "data"
        elif isinstance(g.value, (bool, int, float)):
            kinds[index] = "hyperparameter"
        else:
            kinds[index] = "constant"
    return kinds
