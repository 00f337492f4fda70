"""Changes by hand: what may be typed over, how a typed number is read, and another optimizer from here on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.data.batches import indices_of
from core.errors import ChangeError
from core.execute.events import Event
from core.execute.inputs import Datum
from core.notation.draft import Derivation, draft
from core.notation.parse import lines_of
from core.optimizers import RATE_NAMES, RULES, USES
from core.program.ir import Program, Statement

Cell = tuple[int, ...]
STARTS = {"beta": 0.9, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}


def refusal(program: Program, index: int) -> str:
    """Return why a value cannot be changed by hand, empty if it can: parameters, data, targets and hyperparameters can."""
    value = program.values[index]
    if index in {end for _, end in program.carried.values()}:
        return ""
    if value.name in program.first_values and program.inputs.get(value.name) == index:
        return ""
    if index not in program.makers:
        return f"{value.label} is counted by the program itself and cannot be changed by hand"
    read = program.instructions[program.makers[index]].reads
    names = [program.values[v].label for v in dict.fromkeys(read)]
    listed = ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else "".join(names)
    one = "that instead" if len(names) == 1 else "one of them instead"
    if not names:
        return f"{value.label} is calculated by its line and cannot be changed by hand"
    return f"{value.label} is calculated from {listed}; change {one}"


def typed(text: str, like: Datum, label: str) -> Any:
    """Read a number as it was typed for a cell of `like`, in its type; a plain number may become a fraction.

    Raises:
        ChangeError: if it is no number, or not one of this type.
    """
    bare = text.strip().replace("−", "-").replace("∞", "inf")
    plain = isinstance(like, (bool, int, float)) and not isinstance(like, np.generic)
    dtype: Any = None if plain else np.asarray(like).dtype
    if (dtype is None and isinstance(like, bool)) or (dtype is not None and dtype.kind == "b"):
        if bare.lower() not in ("true", "false", "0", "1"):
            raise ChangeError(f"{label} is yes or no; type True or False")
        return bare.lower() in ("true", "1")
    try:
        number: int | float = int(bare)
    except ValueError:
        try:
            number = float(bare)
        except ValueError:
            raise ChangeError(f"“{text.strip()}” is not a number; type one such as 0.5, -2 or 1e-3") from None
    if dtype is None:
        return float(number) if isinstance(like, float) else number
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if isinstance(number, float) or not limits.min <= number <= limits.max:
            raise ChangeError(f"{label} holds whole numbers from {limits.min} to {limits.max}; type one of these")
        return number
    with np.errstate(over="ignore"):
        cast = float(dtype.type(number))
    if np.isinf(cast) and not np.isinf(float(number)):
        raise ChangeError(f"{text.strip()} is too large for {dtype}, whose largest number is {np.finfo(dtype).max}")
    return number


def with_cell(datum: Datum, cell: Cell, number: Any) -> Datum:
    """Return a copy of an array, in its memory layout, with another number in one cell; for a plain number the new one.

    Raises:
        ChangeError: if there is no such cell.
    """
    if not isinstance(datum, np.ndarray):
        return type(datum)(number) if isinstance(datum, np.generic) else number
    if len(cell) != datum.ndim or any(not 0 <= i < size for i, size in zip(cell, datum.shape, strict=False)):
        raise ChangeError(f"there is no cell {list(cell)} in an array of shape {datum.shape}")
    changed = np.copy(datum, order="K")
    changed[cell] = number
    return changed


def changed_cell(program: Program, index: int, iteration: int, whole: Datum | None, cell: Cell, text: str) -> Event:
    """Return the change of one cell of a value's name, `whole` up to now, to the number typed, from an iteration on.

    Raises:
        ChangeError: with one sentence, where that cannot be.
    """
    why = refusal(program, index)
    if why or whole is None:
        raise ChangeError(why)
    name = program.values[index].name
    changed = with_cell(whole, cell, typed(text, whole, place(name, cell)))
    was, now = (np.asarray(x)[cell].item() for x in (whole, changed))
    return Event(iteration, f"{place(name, cell)}: {was!r} → {now!r}", {name: changed}, {name: frozenset({cell})})


def cell_in_data(program: Program, name: str, cell: Cell, iteration: int) -> Cell:
    """Return the cell of the whole data that a cell of an iteration's batch is; raises ChangeError where there is none."""
    batching = program.batching
    if name not in batching.sliced or not cell:
        return cell
    axis = batching.axis % len(cell)
    samples = indices_of(batching, iteration)
    if not 0 <= cell[axis] < len(samples):
        raise ChangeError(f"there is no sample {cell[axis]} in this batch of {len(samples)}")
    return (*cell[:axis], int(samples[cell[axis]]), *cell[axis + 1 :])


def edited_cells(program: Program, events: Sequence[Event], iteration: int) -> dict[int, frozenset[Cell]]:
    """Return the inputs of an iteration that were changed by hand, with their changed cells (none: all of it).

    What lives on from iteration to iteration counts as changed only in the iteration of the change.
    """
    found: dict[int, frozenset[Cell]] = {}
    for event in events:
        for name in event.values:
            index = program.inputs.get(name)
            if index is None or event.iteration > iteration or (name in program.carried and event.iteration != iteration):
                continue
            changed = event.cells.get(name, frozenset())
            if name in program.batching.sliced and changed:
                changed = _in_batch(program, changed, iteration)
                if not changed:
                    continue
            whole = not changed or found.get(index) == frozenset()
            found[index] = frozenset() if whole else found.get(index, frozenset()) | changed
    return found


def _in_batch(program: Program, changed: frozenset[Cell], iteration: int) -> frozenset[Cell]:
    batching = program.batching
    places = {int(s): i for i, s in enumerate(indices_of(batching, iteration))}
    found: set[Cell] = set()
    for cell in changed:
        axis = batching.axis % len(cell)
        if cell[axis] in places:
            found.add((*cell[:axis], places[cell[axis]], *cell[axis + 1 :]))
    return frozenset(found)


def place(name: str, cell: Cell) -> str:
    """Return how a cell is written: `W1[0, 2]`, `lr`."""
    return f"{name}[{', '.join(map(str, cell))}]" if cell else name


def rate_of(program: Program) -> str | None:
    """Return the name of the learning rate, None where none is given by itself."""
    return next((n for n in RATE_NAMES if n in program.first_values and n in program.inputs), None)


def with_optimizer(program: Program, name: str, iteration: int, folder: Path | None = None) -> tuple[Program, tuple[str, ...]]:
    """Return the program with the update lines of another optimizer, and the names of that one's state.

    It begins at an iteration (from 1).
    Hyperparameters that it needs and the program has not are given their usual values, state starts at 0.
    Files that the program names lie in `folder`.

    Raises:
        ChangeError: if there is nothing to update, or no such optimizer.
    """
    if name not in RULES:
        raise ChangeError(f"there is no optimizer `{name}`; there are {', '.join(RULES)}")
    if not program.gradients:
        raise ChangeError("no line of this program uses a gradient to update a parameter, so no optimizer can take its place")
    update = [s for s in program.statements if s.phase == "update"]
    last = max((s.line for s in program.statements if s.phase != "update"), default=0)
    if any(s.line < last for s in update):
        raise ChangeError("the updates of this program stand between its other lines; write the other optimizer into the program")
    gradients = {p: program.values[g].name for p, g in program.gradients.items()}
    rate = rate_of(program) or "lr"
    written = {p: RULES[name][0](p, g, rate) for p, g in gradients.items()}
    starts: dict[str, str] = {h: str(STARTS[h]) for h in USES.get(name, ())} | (
        {} if rate in program.first_values else {rate: "0.1"}
    )
    for one in written.values():
        starts |= one.state
    if name == "adamw":
        starts["weight_decay"] = "0.01"
    lines = ["# update"]
    if name.startswith("adam"):
        lines.append("t = iteration" if iteration == 1 else f"t = iteration - {iteration - 1}")
    for p, one in written.items():
        if name == "adamw":
            lines.append(f"{p} = (1 - {rate} * weight_decay) * {p}")
        lines += one.lines
    setup = [f"{n} = {value}" for n, value in starts.items() if n not in program.first_values]
    changed = _rewritten(program, update, setup, lines, folder)
    return changed, tuple(state for one in written.values() for state in one.state)


def _rewritten(program: Program, update: list[Statement], setup: list[str], lines: list[str], folder: Path | None) -> Program:
    """Take update lines out, put others in; what was derived stays marked so, with what it is the adjoint of."""
    text = lines_of(program.text)
    end = draft(program.text, folder=folder).setup_end
    gone = {s.line for s in update}
    out: list[str] = []
    moved: dict[int, int] = {}
    for number, line in enumerate(text, 1):
        if number not in gone:
            out.append(line)
            moved[number] = len(out)
        if number == end:
            out += setup
    kept = [s for s in program.statements if s.line in moved and s.derived]
    derived = frozenset(moved[s.line] for s in kept) | frozenset(range(len(out) + 2, len(out) + len(lines) + 1))
    tags = {moved[s.line]: tuple(_tag(program, i, moved) for i in range(s.first, s.last)) for s in kept}
    return draft("\n".join([*out, *lines]) + "\n", Derivation(derived, tags), folder=folder).program


def _tag(program: Program, instruction: int, moved: Mapping[int, int]) -> tuple[int, int] | None:
    origin = program.instructions[instruction].adjoint_of
    if origin is None:
        return None
    statement = program.statements[program.instructions[origin].statement]
    return moved[statement.line], origin - statement.first
