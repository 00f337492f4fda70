"""Why a number is what it is: what made it, of which cells, and what each term of a sum adds to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core.explain.arithmetic import why
from core.explain.cells import Cell, Cells
from core.explain.contributions import Contributions, by_size, contributions, total
from core.explain.moving import index_text
from core.explain.operations import operand_name
from core.explain.samples import ShapeOf, sample_axes
from core.program.ir import Array, Instruction, Operand, Program

Reader = Callable[[int], Array | None]
Origin = Literal["made", "data", "first", "before", "given", "iteration", "size"]
Notable = Literal["nan", "infinite", "largest", "smallest"]
MOST_SHOWN = 12
MOST_OPERANDS = 8


@dataclass(frozen=True)
class Factor:
    """A number that another was made of: a cell of a value, or (`value` None) a number of the line itself.

    `number` is a NumPy scalar or a plain number, so that it can be written in full; `name` is `W1[0, 2]`.
    """

    name: str
    number: Any
    value: int | None = None
    cell: Cell = ()


@dataclass(frozen=True)
class Term:
    """One term of a sum: what it adds, what it is made of, and the index in the data of its sample, if it has one."""

    factors: tuple[Factor, ...]
    number: float
    sample: int | None = None


@dataclass(frozen=True)
class Sum:
    """A sum by its largest terms; `others` more terms add `rest`, so that everything adds up to the number."""

    terms: tuple[Term, ...]
    others: int = 0
    rest: float = 0.0

    @property
    def count(self) -> int:
        """How many terms there are."""
        return len(self.terms) + self.others

    @property
    def by_sample(self) -> bool:
        """Whether each term belongs to one sample."""
        return bool(self.terms) and all(t.sample is not None for t in self.terms)


@dataclass(frozen=True)
class Reason:
    """Why `value[cell]` is the number that it is.

    `origin` says where it came from: `made` by `instruction`; `data`, `given` (a hyperparameter or a constant) or the
    `first` value of something that lives on, written in line `line`; `before`: by `instruction` of the iteration before,
    as its value `earlier`; the number of the `iteration`, the `size` of the batch. `number` is None where it is not
    computed yet, and then there is no more to say. `sample` is the index in the data of the sample that a cell of
    the data belongs to. `sources` gives for each operand all the cells that were used, in the operand's own
    (untransposed) cells; `operands` the first of them with their numbers.
    """

    value: int
    cell: Cell
    name: str
    number: Any
    origin: Origin
    instruction: Instruction | None = None
    line: int | None = None
    earlier: int | None = None
    sample: int | None = None
    text: str = ""
    sum: Sum | None = None
    sources: tuple[Cells, ...] = ()
    operands: tuple[Factor, ...] = ()


def reason(
    program: Program,
    value: int,
    cell: Cell,
    read: Reader,
    shapes: ShapeOf,
    *,
    iteration: int = 1,
    samples: Sequence[int] | Array = (),
    most: int = MOST_SHOWN,
    axes: dict[int, int] | None = None,
) -> Reason:
    """Return why a cell is what it is.

    `read` gives a value by its index, None if it is not computed yet; `samples` are the indices in the data of the
    batch's samples; `axes` is what `sample_axes` found, if that is known already.

    Raises:
        IndexError: if the value has no such cell.
    """
    array = read(value)
    if array is not None and len(cell) != array.ndim:
        raise IndexError(f"a cell of an array with {array.ndim} axes has as many indices")
    number = None if array is None else array[cell]
    label = index_text(program.values[value].label, cell)
    known = sample_axes(program, shapes) if axes is None else axes
    maker = program.makers.get(value)
    if maker is None:
        return _given(program, value, cell, label, number, iteration, samples, known)
    instruction = program.instructions[maker]
    operands = [seen(o, read) for o in instruction.operands]
    if array is None or any(o is None for o in operands):
        return Reason(value, cell, label, None, "made", instruction)
    arrays = [np.asarray(o) for o in operands]
    names = [operand_name(o, program) for o in instruction.operands]
    found = why(instruction, arrays, array, cell, names)
    sources = tuple(_untransposed(o, c) for o, c in zip(instruction.operands, found.sources, strict=True))
    terms = contributions(instruction, arrays, cell)
    return Reason(
        value, cell, label, number, "made", instruction, program.statements[instruction.statement].line, text=found.text,
        sum=None if terms is None else sum_of(program, instruction, terms, read, known, samples, most),
        sources=sources, operands=_factors(program, instruction, sources, read),
    )  # fmt: skip


def factor(program: Program, value: int, cell: Cell, read: Reader) -> Factor:
    """Return a cell of a value that is computed, with its number and its name."""
    array = read(value)
    assert array is not None
    return Factor(index_text(program.values[value].label, cell), array[cell], value, cell)


def own_cell(operand: Operand, seen: Cell) -> Cell:
    """Return the cell of the value itself that an operation sees at `seen`."""
    return seen[::-1] if operand.transposed else seen


def sum_of(
    program: Program,
    instruction: Instruction,
    found: Contributions,
    read: Reader,
    axes: dict[int, int],
    samples: Sequence[int] | Array,
    most: int = MOST_SHOWN,
) -> Sum:
    """Return a sum by its largest terms, each with its factors, and with its sample where terms belong to samples."""
    places = sample_places(instruction, found, axes)
    largest, rest = largest_of(found.numbers, most)
    terms: list[Term] = []
    for i in largest:
        cells = [found.cell(n, i) for n in range(len(instruction.operands))]
        factors = tuple(
            factor(program, o.value, own_cell(o, c), read)
            for o, c in zip(instruction.operands, cells, strict=True)
            if o.value is not None and c is not None
        )
        terms.append(Term(factors, float(found.numbers[i]), None if places is None else sample_index(samples, int(places[i]))))
    return Sum(tuple(terms), found.numbers.size - len(terms), rest)


def largest_of(numbers: Array, most: int) -> tuple[list[int], float]:
    """Return the places of the largest numbers in order of size, and the sum of all others.

    A single number is never left over: it would take as much room as the words about it.
    """
    order = by_size(numbers)
    most = most if numbers.size > most + 1 else numbers.size
    return [int(i) for i in order[:most]], total(numbers[order[most:]])


def sample_places(instruction: Instruction, found: Contributions, axes: dict[int, int]) -> Array | None:
    """Return for each term the place in the batch of its sample; None where the terms are not of different samples."""
    for operand, place in zip(instruction.operands, found.places, strict=True):
        if place is None or operand.value is None or operand.value not in axes:
            continue
        axis = axes[operand.value]
        at = place[len(place) - 1 - axis if operand.transposed else axis]
        if not isinstance(at, int):
            return at
    return None


def sample_index(samples: Sequence[int] | Array, place: int) -> int:
    """Return the index in the data of the sample at a place of the batch."""
    return int(samples[place]) if place < len(samples) else place


def _given(
    program: Program,
    value: int,
    cell: Cell,
    label: str,
    number: Any,
    iteration: int,
    samples: Sequence[int] | Array,
    axes: dict[int, int],
) -> Reason:
    name = program.values[value].name
    if name in program.carried and iteration > 1:
        end = program.carried[name][1]
        maker = program.makers.get(end)
        instruction = None if maker is None else program.instructions[maker]
        return Reason(value, cell, label, number, "before", instruction, earlier=end)
    given = next((g for g in program.given if g.name == name), None)
    if given is None:
        return Reason(value, cell, label, number, "iteration" if name == "iteration" else "size")
    if name in program.carried:
        return Reason(value, cell, label, number, "first", line=given.line)
    sample = sample_index(samples, cell[axes[value]]) if value in axes and len(cell) > axes[value] else None
    return Reason(value, cell, label, number, "data" if given.section == "data" else "given", line=given.line, sample=sample)


def seen(operand: Operand, read: Reader) -> Any:
    """Return what an operation sees of an operand: its number, or its array, turned where it is written so."""
    if operand.value is None:
        return operand.number
    array = read(operand.value)
    return array.T if array is not None and operand.transposed else array


def _untransposed(operand: Operand, cells: Cells) -> Cells:
    return Cells(cells.axes[::-1]) if operand.transposed else cells


def _factors(program: Program, instruction: Instruction, sources: Sequence[Cells], read: Reader) -> tuple[Factor, ...]:
    """Return the numbers that a cell was made of, of each operand at most MOST_OPERANDS, those of largest magnitude."""
    found: list[Factor] = []
    for operand, cells in zip(instruction.operands, sources, strict=True):
        if operand.value is None:
            found.append(Factor(str(operand.number).replace("-", "−"), operand.number))
            continue
        array = read(operand.value)
        if array is None or not cells:
            continue
        if len(cells) <= MOST_OPERANDS:
            found += [factor(program, operand.value, c, read) for c in cells]
            continue
        block = np.asarray(array[np.ix_(*cells.axes)], dtype=float)
        for i in by_size(block.reshape(-1))[:MOST_OPERANDS]:
            at = np.unravel_index(i, block.shape)
            cell = tuple(int(r[int(k)]) for r, k in zip(cells.axes, at, strict=True))
            found.append(factor(program, operand.value, cell, read))
    return tuple(found)


def expression(program: Program, value: int, cell: Cell) -> str | None:
    """Return a cell as it is written in a question, such as `W1[0, 2]`; None for a part of a line, which has no name."""
    found = program.values[value]
    if found.kind == "part":
        return None
    return index_text(found.label if found.label.isidentifier() else found.name, cell)


def notable(array: Array) -> list[tuple[Notable, Cell]]:
    """Return cells worth asking of: the first NaN, the first ±∞, the finite ones of largest and of smallest magnitude."""
    if not array.size:
        return []
    flat = np.asarray(array, dtype=np.float64).reshape(-1)
    size = np.abs(flat)
    finite = np.isfinite(flat)
    nan, infinite = np.flatnonzero(np.isnan(flat)), np.flatnonzero(np.isinf(flat))
    found: dict[Notable, int] = {}
    if nan.size:
        found["nan"] = int(nan[0])
    if infinite.size:
        found["infinite"] = int(infinite[0])
    if finite.any():
        found["largest"] = int(np.argmax(np.where(finite, size, -1.0)))
        smallest = int(np.argmin(np.where(finite, size, np.inf)))
        if smallest != found["largest"]:
            found["smallest"] = smallest
    return [(kind, tuple(int(i) for i in np.unravel_index(at, array.shape))) for kind, at in found.items()]
