"""Remedies that change what is given: other starting weights, standardised inputs, float64."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.complete import with_settings
from core.errors import StepperError
from core.health.mending import Edit, Mended, RemedyError, differences, free_name, kept, typed
from core.notation.parse import Raw, parse
from core.program.ir import Array, Given, Program

SEED = 1
SIZES = {"1": "of usual size", "0.1": "ten times smaller"}


@dataclass(frozen=True, slots=True)
class Weight:
    """A weight parameter with the number of units that it comes from and leads to."""

    given: Given
    shape: tuple[int, ...]
    fan_in: int
    fan_out: int


def weights(program: Program) -> Iterator[Weight]:
    """Find the parameters of products of the forward: `W @ X` stores them out×in, `X @ W` in×out."""
    seen: set[str] = set()
    names = {program.inputs[p]: p for p in program.trainable}
    for i in program.instructions:
        if i.op not in ("matmul", "dot") or program.phase_of(i.index) != "forward":
            continue
        for place, operand in enumerate(i.operands):
            name = names.get(-1 if operand.value is None else operand.value)
            if name is None or name in seen:
                continue
            seen.add(name)
            shape: tuple[int, ...] = np.shape(program.first_values[name])
            if not shape:
                continue
            count = math.prod(shape)
            sizes = shape if len(shape) > 1 else (count, 1) if place else (1, count)
            if operand.transposed:
                sizes = sizes[::-1]
            out_first = place == 0
            fan_in, fan_out = (sizes[-1], sizes[-2]) if out_first else (sizes[-2], sizes[-1])
            yield Weight(program.given_named(name), shape, int(fan_in), int(fan_out))


def glorot(program: Program, folder: Path | None, choice: str) -> Mended:
    """Start all weights anew with variance 2 / (fan in + fan out)."""
    del choice
    return _started(
        program, folder, "Glorot start", list(weights(program)),
        lambda w, normal: f"np.sqrt(2 / ({w.fan_in} + {w.fan_out})) * {normal}",
    )  # fmt: skip


def he(program: Program, folder: Path | None, choice: str) -> Mended:
    """Start all weights anew with variance 2 / fan in."""
    del choice
    return _started(program, folder, "He start", list(weights(program)), lambda w, normal: f"np.sqrt(2 / {w.fan_in}) * {normal}")


def break_symmetry(program: Program, folder: Path | None, choice: str) -> Mended:
    """Start the weights whose units are alike from random numbers of variance 1 / fan in, or a tenth of their size."""
    share = "" if choice in ("", "1") else f"{float(choice)} * "
    alike = [w for w in weights(program) if _alike(np.asarray(w.given.value))]
    if not alike:
        raise RemedyError("no two units start with the same weights, so there is no symmetry to break")
    title = f"Random start, {SIZES[choice or '1']}"
    return _started(program, folder, title, alike, lambda w, normal: f"{share}np.sqrt(1 / {w.fan_in}) * {normal}")


def _alike(start: Array) -> bool:
    """Tell whether two rows or two columns of weights are equal, or all of them are one number."""
    if start.size > 1 and np.all(start == start.flat[0]):
        return True
    rows = [start, start.T] if start.ndim == 2 else []
    return any(len(np.unique(a, axis=0)) < len(a) for a in rows if a.shape[1] > 1)


def _started(
    program: Program, folder: Path | None, title: str, chosen: Sequence[Weight], write: Callable[[Weight, str], str]
) -> Mended:
    if not chosen:
        raise RemedyError("no weights were found: no parameter is multiplied (`W @ X` or `X @ W`) in the forward lines")
    generator = free_name(program, "start", "fresh")
    lines = {w.given.name: f"{write(w, f'{generator}.standard_normal({_size(w.shape)})')}" for w in chosen}
    new = f"{generator} = np.random.default_rng({SEED})"
    edit = Edit(program.text)
    raws = [_given_line(program, w.given) for w in chosen]
    edit.insert(min(r.line for r in raws), [new])
    for w, raw in zip(chosen, raws, strict=True):
        edit.replace(raw.value, lines[w.given.name])
    found = kept(program, edit, folder, title)
    if _others_changed(program, found.program, set(lines)):
        # The old draws came from a shared generator: they must be made, so that what is drawn after them stays.
        edit = Edit(program.text)
        edit.insert(max(r.end_line for r in raws) + 1, [new, *(f"{name} = {line}" for name, line in lines.items())])
        found = kept(
            program, edit, folder, title, ("The old lines stay above the new ones, so that later random numbers stay the same.",)
        )
        if _others_changed(program, found.program, set(lines)):
            raise RemedyError("other numbers that are given depend on these weights, so they cannot be changed alone")
    return found


def _others_changed(old: Program, new: Program, names: set[str]) -> bool:
    return any(
        g.name not in names and not np.array_equal(np.asarray(g.value), np.asarray(new.first_values[g.name]), equal_nan=True)
        for g in old.given
    )


def _size(shape: tuple[int, ...]) -> str:
    return str(tuple(shape)) if len(shape) > 1 else str(math.prod(shape))


def _given_line(program: Program, given: Given) -> Raw:
    """Return the line that gives a value; raises RemedyError where it stands elsewhere, as in a file."""
    source = parse(program.text)
    for s in source.statements:
        if isinstance(s, Raw) and s.line == given.line and s.target == given.name:
            return s
    raise RemedyError(f"the line that gives `{given.name}` was not found")


def standardise(program: Program, folder: Path | None, choice: str) -> Mended:
    """Shift and scale each feature of the inputs to mean 0 and standard deviation 1, over all samples."""
    del choice
    used = {program.inputs[p] for p in program.trainable}
    products = [i for i in program.instructions if i.op in ("matmul", "dot") and used.intersection(i.reads)]
    data = {program.inputs[n]: n for n in program.batching.sliced if n in program.inputs}
    names = list(dict.fromkeys(data[v] for i in products for v in i.reads if v in data))
    if not names:
        raise RemedyError("no data array is multiplied with weights here, so there are no inputs to standardise")
    edit, notes = Edit(program.text), list[str]()
    axis = program.batching.axis
    for name in names:
        given = program.given_named(name)
        x = np.asarray(given.value, dtype=np.float64)
        spread, mean = x.std(axis=axis), x.mean(axis=axis)
        if x.shape[axis] < 2 or not np.isfinite(spread).all():
            raise RemedyError(f"`{name}` has fewer than two samples, or numbers that are not finite; it cannot be standardised")
        still = int(np.sum(spread <= 1e-12 * np.maximum(np.abs(mean), 1)))
        if still == spread.size:
            raise RemedyError(f"no feature of `{name}` ever changes, so there is nothing to standardise")
        if not still and np.allclose(mean, 0, atol=1e-6) and np.allclose(spread, 1, rtol=1e-6):
            raise RemedyError(f"`{name}` is standardised already: each feature has mean 0 and standard deviation 1")
        edit.insert(_given_line(program, given).end_line + 1, _standardised(name, axis % x.ndim, bool(still)))
        if still:
            notes.append(
                f"{still} of the features of {name} never change, such as inputs that work as a bias; they stay as they are."
            )
    others = [g.name for g in program.given if g.section == "data" and g.name not in program.batching.sliced and np.ndim(g.value)]
    if others:
        notes.append(f"{', '.join(others)} must be shifted and scaled with the same numbers before you predict with it.")
    found = kept(program, edit, folder, "Standardised inputs", notes)
    if any(g.name not in found.program.first_values or g.name not in found.program.inputs for g in program.given):
        raise RemedyError("put the data under a line `# data` first, so that they are computed once and not in each iteration")
    if len(found.program) != len(program):
        raise RemedyError("put the data under a line `# data` first, so that they are computed once and not in each iteration")
    return found


def _standardised(name: str, axis: int, some_still: bool) -> list[str]:
    mean = f"np.mean({name}, axis={axis}, keepdims=True)"
    lines = [f"{name} = {name} - {mean}"]
    deviation = f"np.sqrt(np.mean({name} ** 2, axis={axis}, keepdims=True))"
    if not some_still:
        return [*lines, f"{name} = {name} / {deviation}"]
    still = f"np.equal(np.max({name}, axis={axis}, keepdims=True), np.min({name}, axis={axis}, keepdims=True))"
    centred = f"({name} - {mean})"
    deviation = f"np.sqrt(np.mean({centred} ** 2, axis={axis}, keepdims=True))"
    return [f"{name} = np.where({still}, {name}, {centred} / np.maximum({deviation}, 1e-12))"]


def float64(program: Program, folder: Path | None, choice: str) -> Mended:
    """Compute everything in float64."""
    del choice
    kinds = {np.asarray(g.value).dtype for g in program.given if isinstance(g.value, (np.ndarray, np.generic))}
    if not any(k.kind == "f" and k != np.float64 for k in kinds):
        raise RemedyError("everything is computed in float64 already")
    text = typed(program).text
    try:
        changed = with_settings(text, {"dtype": "float64"})
    except StepperError as error:
        raise RemedyError(str(error)) from None
    edit = Edit(program.text)
    for change in differences(text, changed):
        # `with_settings` writes one line, or changes one; both stand above everything derived.
        if change.sign == "+":
            edit.insert(change.line, [change.text])
        else:
            edit.drop(change.line, change.line)
    return kept(program, edit, folder, "float64")
