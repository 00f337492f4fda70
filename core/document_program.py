"""Programs and numbers as plain data for a document, and back: the text as it stands, which lines were derived, what was given.

The lines of data and parameters are not evaluated when a document is opened; what they gave is kept, to the last bit.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from core.complete import load
from core.document_files import files_of, folder_of
from core.document_origin import origin_of
from core.errors import NotationError, StepperError
from core.execute.inputs import Datum
from core.files.document import Box, Shelf, unpacked
from core.files.document_form import damaged
from core.files.problem import FileProblem
from core.health.mending import typed
from core.network_file import Evaluation
from core.notation.draft import Derivation, Stated, draft
from core.origin import Origin
from core.program.ir import Array, Batching, Given, Program

LONGEST_TEXT = 5 * 2**20
LARGEST = 2**53
SECTIONS = ("data", "parameters")
MOST_SAMPLES = 10**8
T = TypeVar("T")
First = tuple[str, Program, tuple[Evaluation, ...], Path, Origin | None]


def datum_data(datum: Datum, shelf: Shelf) -> dict[str, Any]:
    """Return a number or an array as plain data; arrays go on the shelf."""
    if isinstance(datum, np.ndarray):
        return {"array": shelf.put(datum)}
    if isinstance(datum, np.generic):
        return {"scalar": shelf.put(np.asarray(datum))}
    if isinstance(datum, bool):
        return {"truth": datum}
    if isinstance(datum, int):
        return {"whole": datum}
    return {"bits": struct.pack(">d", datum).hex()}


def datum_of(data: Any, box: Box) -> Datum:
    """Read what `datum_data` wrote; raises FileProblem."""
    match data:
        case {"array": number}:
            return box.array(number)
        case {"scalar": number} if box.array(number).ndim == 0:
            return cast("np.generic", box.array(number)[()])
        case {"truth": bool(truth)}:
            return truth
        case {"whole": int(number)} if not isinstance(number, bool) and abs(number) < 2**63:
            return number
        case {"bits": str(bits)} if len(bits) == 16 and bits.isalnum() and bits.isascii():
            try:
                return float(struct.unpack(">d", bytes.fromhex(bits))[0])
            except ValueError:
                raise damaged("a number in it cannot be read") from None
        case _:
            raise damaged("a number in it cannot be read")


def program_data(program: Program, shelf: Shelf) -> dict[str, Any]:
    """Return a program as plain data."""
    first = {s.line: s.first for s in program.statements}
    lines = [s.line for s in program.statements]
    tags: dict[str, list[list[int] | None]] = {}
    for s in program.statements:
        found = [program.instructions[i].adjoint_of for i in range(s.first, s.last)]
        if any(origin is not None for origin in found):
            at = [None if o is None else lines[program.instructions[o].statement] for o in found]
            tags[str(s.line)] = [
                None if o is None or line is None else [line, o - first[line]] for o, line in zip(found, at, strict=True)
            ]
    b = program.batching
    return {
        "text": program.text,
        "derived": sorted({s.line for s in program.statements if s.derived}),
        "adjoint_of": tags,
        "given": [
            {"name": g.name, "section": g.section, "line": g.line, "value": datum_data(g.value, shelf)} for g in program.given
        ],
        "batching": {
            "axis": b.axis, "total": b.total, "batch": b.batch, "shuffle": b.shuffle, "seed": b.seed, "sliced": list(b.sliced),
        },
    }  # fmt: skip


def program_of(data: Any, box: Box) -> Program:
    """Read what `program_data` wrote; raises FileProblem."""
    match data:
        case {
            "text": str(text),
            "derived": list(derived),
            "adjoint_of": dict(tags),
            "given": list(given),
            "batching": dict(batching),
        } if len(text) <= LONGEST_TEXT and "\0" not in text:
            pass
        case _:
            raise damaged("the program in it cannot be read")
    stated_given = tuple(_given(g, box) for g in cast("list[Any]", given))
    if len({g.name for g in stated_given}) < len(stated_given):
        raise damaged("its program gives a name twice")
    stated = Stated(stated_given, _batching(cast("dict[str, Any]", batching), stated_given))
    lines = frozenset(whole(n, 1) for n in cast("list[Any]", derived))
    derivation = Derivation(lines, {_line(at): _tags(found) for at, found in cast("dict[str, Any]", tags).items()})
    try:
        program = draft(text, derivation, stop_at_missing=True, stated=stated).program
    except NotationError as error:
        raise damaged(f"its program cannot be read ({error})") from None
    except KeyError:
        raise damaged("a derived line in it belongs to no line") from None
    for instruction in program.instructions:
        if instruction.adjoint_of is not None and not 0 <= instruction.adjoint_of < instruction.index:
            raise damaged("a derived line in it belongs to a later line")
    return program


def evaluations_data(evaluations: Sequence[Evaluation], shelf: Shelf) -> list[dict[str, Any]]:
    """Return the programs that evaluate a network as plain data."""
    return [{"part": e.part, "program": program_data(e.program, shelf)} for e in evaluations]


def evaluations_of(data: Any, box: Box) -> tuple[Evaluation, ...]:
    """Read what `evaluations_data` wrote; raises FileProblem."""
    found: list[Evaluation] = []
    for entry in items(data, 2, "programs that evaluate"):
        part = entry.get("part") if isinstance(entry, Mapping) else None
        if part not in ("training", "held-out"):
            raise damaged("a program that evaluates belongs to no part of the data")
        found.append(Evaluation(part, program_of(entry.get("program"), box)))
    return tuple(found)


def first_of(path: Path, settings: Mapping[str, Any] | None = None) -> First:
    """Return what a document is called, its program at its first iteration, what evaluates it, where its files lie, its origin.

    With `settings` its text is read anew, with the files that lie in the document.

    Raises:
        StepperError: if the document or a setting cannot be used.
    """
    box = unpacked(path)
    title, program, evaluations = in_file(path, lambda: head_of(box))
    folder = folder_of(in_file(path, lambda: files_of(box)), path.parent)
    origin = in_file(path, lambda: origin_of(box.data.get("origin"), program.text, folder))
    if settings:
        return title, load(typed(program).text, settings, folder), (), folder, origin
    return title, program, evaluations, folder, origin


def in_file(path: Path, read: Callable[[], T]) -> T:
    """Return what `read` does; a document that does not hold together is said with the name of its file, in one sentence.

    Raises:
        FileProblem: whatever went wrong: all of a document is data, and none of it is to bring the app down.
    """
    try:
        return read()
    except StepperError as error:
        raise FileProblem(f"{path.name}: {error}") from None
    except Exception as error:
        raise FileProblem(f"{path.name}: {damaged(f'its parts do not fit together ({type(error).__name__})')}") from None


def head_of(box: Box) -> tuple[str, Program, tuple[Evaluation, ...]]:
    """Return what a document is called, its program and the programs that evaluate it; raises FileProblem."""
    title = box.data.get("title")
    if not isinstance(title, str) or not 0 < len(title) <= 500:
        raise damaged("it does not say its title")
    return title, program_of(box.data.get("program"), box), evaluations_of(box.data.get("evaluations"), box)


def whole(number: Any, least: int = 0, most: int = LARGEST) -> int:
    """Return a whole number as it was written; raises FileProblem for anything else."""
    if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
        raise damaged("a whole number in it cannot be read")
    return number


def items(data: Any, most: int, what: str) -> list[Any]:
    """Return a list of at most so many entries; raises FileProblem for anything else."""
    if not isinstance(data, list) or len(cast("list[Any]", data)) > most:
        raise damaged(f"its list of {what} cannot be read")
    return cast("list[Any]", data)


def _given(data: Any, box: Box) -> Given:
    match data:
        case {"name": str(name), "section": str(section), "line": line, "value": value} if name and section in SECTIONS:
            return Given(name, cast("Array", datum_of(value, box)), cast("Any", section), whole(line))
        case _:
            raise damaged("what its program starts from cannot be read")


def _batching(data: Mapping[str, Any], given: Sequence[Given]) -> Batching:
    match data:
        case {
            "axis": 0 | -1 as axis,
            "total": total,
            "batch": batch,
            "shuffle": bool(shuffle),
            "seed": seed,
            "sliced": list(names),
        }:
            pass
        case _:
            raise damaged("its batches cannot be read")
    found = Batching(
        int(axis), whole(total, 1, MOST_SAMPLES), None if batch is None else whole(batch, 1), shuffle,
        whole(seed, 0, 2**32 - 1), tuple(cast("list[str]", names)),
    )  # fmt: skip
    values = {g.name: g.value for g in given}
    for name in found.sliced:
        value = values.get(name) if isinstance(name, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]
        if not isinstance(value, np.ndarray) or not value.ndim or value.shape[axis] != found.total:
            raise damaged("its batches do not fit its data")
    return found


def _line(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise damaged("a line in it cannot be read")
    return int(text)


def _tags(data: Any) -> tuple[tuple[int, int] | None, ...]:
    found: list[tuple[int, int] | None] = []
    for tag in items(data, 10_000, "derived operations"):
        if tag is None:
            found.append(None)
            continue
        match tag:
            case [line, offset]:
                found.append((whole(line, 1), whole(offset, -LARGEST)))
            case _:
                raise damaged("a derived operation in it cannot be read")
    return tuple(found)
