"""What takes the number of a track from the values of an iteration: lengths of gradients and updates, closed units, watches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core.errors import ExecutionError, NotationError
from core.execute import units
from core.notation.question import Question, compile
from core.program.dims import show
from core.program.ir import Program

Family = Literal["loss", "scores", "gradient", "update", "units", "watch"]
WATCH = "watch:"
Meter = Callable[[int, Sequence[Any]], float]


@dataclass(frozen=True, slots=True)
class Track:
    """One curve: what it is called, and what it says. `problem` tells why it has no numbers, if it has none."""

    id: str
    family: Family
    name: str
    sentence: str
    problem: str = ""


def weights_of(program: Program) -> dict[int, tuple[str, ...]]:
    """Return the weights of each layer, from 1: the trainable names that its forward products read."""
    names = {program.inputs[n]: n for n in program.trainable if n in program.carried}
    found: dict[int, tuple[str, ...]] = {}
    for i in program.instructions:
        layer = program.layers[i.index] if i.index < len(program.layers) else None
        if layer is None or i.op not in ("matmul", "dot") or program.phase_of(i.index) not in ("forward", "loss"):
            continue
        mine = tuple(names[v] for v in i.reads if v in names and names[v] not in found.get(layer, ()))
        if mine:
            found[layer] = (*found.get(layer, ()), *mine)
    return dict(sorted(found.items()))


def norm(arrays: Iterable[Any]) -> float:
    """Return the square root of the sum of the squares of all cells (Frobenius), also where a square overflows."""
    parts = [np.ravel(np.asarray(a, dtype=float)) for a in arrays]
    flat = parts[0] if len(parts) == 1 else np.concatenate(parts)
    square = float(np.dot(flat, flat))
    if 1e-290 < square < math.inf or not flat.size:
        return math.sqrt(square)
    largest = float(np.max(np.abs(flat)))
    return largest * math.sqrt(float(np.sum((flat / largest) ** 2))) if math.isfinite(largest) and largest else largest


def layer_track(program: Program, family: Literal["gradient", "update"], layer: int, weights: tuple[str, ...]) -> Track:
    """Return the track of a layer's gradient or of its update ratio."""
    names = ", ".join(weights)
    if family == "gradient":
        missing = [n for n in weights if n not in program.gradients]
        problem = f"No line computes a gradient of {missing[0]}." if missing else ""
        sentence = f"The length of the gradient of {names}: the square root of the sum of its squared cells."
        return Track(f"gradient:{layer}", family, f"gradient, layer {layer}", sentence, problem)
    sentence = f"How long the step that the update takes in {names} is, as a share of the length of {names} before it."
    return Track(f"update:{layer}", family, f"update ratio, layer {layer}", sentence)


def unit_tracks(program: Program) -> list[Track]:
    """Return the tracks of the shares of saturated and of dead units, for the layers whose activation has such."""
    words = {
        "saturated": "the units of layer {n} whose sum is 5 or more, or −5 or less, on more than half of the iteration's samples",
        "dead": "the units of layer {n} that give 0 for every one of the iteration's samples",
    }
    found: list[Track] = []
    for gate in units.gates_of(program):
        sentence = f"What share of all units are {words[gate.kind].format(n=gate.layer)}."
        found.append(Track(f"{gate.kind}:{gate.layer}", "units", f"{gate.kind}, layer {gate.layer}", sentence))
    return found


def watch_track(text: str, program: Program) -> Track:
    """Return the track of a watch; its `problem` says why it cannot be plotted."""
    sentence = f"`{text}` at the end of each iteration."
    try:
        question = compile(text, program)
    except NotationError as error:
        return Track(WATCH + text, "watch", text, sentence, str(error))
    problem = ""
    if math.prod(question.shape) != 1:
        problem = f"`{text}` is {show(question.shape)}; only one number can be plotted, such as `norm({text})` or one cell."
    return Track(WATCH + text, "watch", text, sentence, problem)


def meter_of(id: str, program: Program) -> Meter | None:
    """Return what takes a track's number from the values of an iteration; None where there is none."""
    if id.startswith(WATCH):
        try:
            question = compile(id.removeprefix(WATCH), program)
        except NotationError:
            return None
        return _asked(question) if math.prod(question.shape) == 1 else None
    family, _, layer = id.partition(":")
    if family in ("saturated", "dead") and layer.isdecimal():
        return units.meter(program, family, int(layer))
    weights = weights_of(program).get(int(layer) if layer.isdecimal() else 0)
    if weights is None or family not in ("gradient", "update"):
        return None
    if family == "gradient":
        found = [program.gradients[n] for n in weights if n in program.gradients]
        return (lambda iteration, values: norm(values[v] for v in found)) if len(found) == len(weights) else None
    pairs = [program.carried[n] for n in weights]
    return lambda iteration, values: _ratio(pairs, values)


def _ratio(pairs: Sequence[tuple[int, int]], values: Sequence[Any]) -> float:
    before = norm(values[a] for a, _ in pairs)
    if any(np.shape(values[a]) != np.shape(values[b]) for a, b in pairs):
        return math.nan
    step = norm(np.asarray(values[b], dtype=float) - values[a] for a, b in pairs)
    return step / before if before else (0.0 if step == 0 else math.inf)


def _asked(question: Question) -> Meter:
    last = question.points[-1]

    def meter(iteration: int, values: Sequence[Any]) -> float:
        try:
            answer = question.ask(last, values, iteration)
            return math.nan if answer is None else float(np.asarray(answer).reshape(-1)[0])
        except (ExecutionError, OverflowError, IndexError):
            return math.nan

    return meter
