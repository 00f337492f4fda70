"""Weights without a network → layers: names pair and order them, dimensions decide how each matrix is stored.

Nothing here is certain, so everything is said: why the layers are read so, and what only a person can know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from core.files.inference.infer_groups import Group, grouped, parts_of
from core.files.inference.infer_names import Named, all_named, is_norm, is_theta, not_of_the_network, words
from core.files.inference.infer_order import ORIENTATIONS as ORIENTATIONS
from core.files.inference.infer_order import Orientation, Reading, best, chosen_of, sizes_of
from core.files.problem import shown
from core.files.saved import Layer, Tensor

MOST_INFERRED = 3000
_MOST_NAMED = 4 * MOST_INFERRED
"""Beside each parameter an optimizer may hold two tensors; of more the names are not even looked at, which would take seconds."""
_MOST_PARTS = 40
_MOST_SHOWN = 12
_HIDDEN = ("relu", "sigmoid", "tanh", "leaky_relu", "elu", "selu", "gelu", "gelu_erf", "silu", "softplus", "softsign", "identity")
_OUTPUT = ("softmax", "sigmoid", "identity", "tanh", "relu", "log_softmax")
_EPSILON = {True: 1e-3, False: 1e-5}
"""What Keras, and what others add to a variance where nothing else is said."""

STORED = {
    "out,in": "a row for each unit (outputs × inputs)",
    "in,out": "a column for each unit (inputs × outputs)",
}


@dataclass(frozen=True)
class Question:
    """What a file does not say: `key` names the choice, `options` what it can be, `chosen` the sensible one that is ready."""

    key: str
    text: str
    options: tuple[str, ...]
    chosen: str


@dataclass(frozen=True)
class Inferred:
    """The layers that weights were read as, how their matrices are stored, why, and what has to be asked.

    `extras` are tensors that belong to no layer: name → what each one is.
    """

    layers: tuple[Layer, ...]
    orientation: Orientation
    why: tuple[str, ...]
    questions: tuple[Question, ...]
    extras: dict[str, str] = field(default_factory=dict)


def infer(tensors: Sequence[Tensor], activation: str = "", output: str = "", orientation: str = "") -> Inferred:
    """Return the layers that tensors of these names and shapes are most likely the parameters of.

    `activation`, `output` and `orientation` are a person's answers to the questions, '' where there is none yet.
    """
    extras = not_of_the_network(tensors) if len(tensors) <= _MOST_NAMED else {}
    own = [t for t in tensors if t.name not in extras]
    if len(own) > MOST_INFERRED:
        many = f"it holds {len(own)} parameters, more than the {MOST_INFERRED} that are read as layers without a description"
        return Inferred((), "out,in", (many,), (), extras)
    kept = all_named(own)
    groups, lost = grouped(kept)
    extras |= lost
    theta = is_theta(kept)
    why: list[str] = []
    questions: list[Question] = []
    wanted: tuple[Orientation, ...] = ORIENTATIONS
    readings = best(groups, wanted, theta)
    if orientation and orientation not in {r.orientation for r in readings}:
        # A person knows better, or wants to see what comes of it.
        wanted = tuple(o for o in ORIENTATIONS if o == orientation)
        readings = best(groups, wanted, theta)
    if not readings:
        return Inferred((), "out,in", ("no tensor in it looks like the weights of a layer",), (), extras)
    for parts in parts_of(groups):
        if readings[0].fits == len(readings[0].groups) or not 1 < len(parts) <= _MOST_PARTS:
            continue
        found = [(name, part, best(part, wanted, theta)) for name, part in parts.items()]
        whole = [
            (name, part, r) for name, part, r in found if r and r[0].fits == len(part) and any(not g.why_closed for g in part)
        ]
        if whole and max(len(part) for _, part, _ in whole) > 1:
            name, _, readings = max(whole, key=lambda one: len(one[1]))
            for other, rest, _ in found:
                if other != name:
                    said = f"of another network in the file, {shown(other)}"
                    extras |= {t.name: said for g in rest for t in g.tensors.values()}
            which = shown(name) if name else "the one whose layers have no name before their own"
            why.append(f"the file holds {len(parts)} networks by their names; this is {which}")
    reading = next((r for r in readings if r.orientation == orientation), None) or chosen_of(readings, kept)
    if len(readings) > 1 and any(not g.norm and not g.why_closed for g in reading.groups):
        questions.append(
            Question(
                "orientation",
                "Both ways to read the matrices fit, because their sizes are equal. How are they stored?",
                ORIENTATIONS,
                reading.orientation,
            )
        )
    layers = _layers(reading, activation or "relu", output)
    why += _reasons(reading, len(readings) > 1, kept, reading.orientation == orientation)
    dense = [n for n in layers if n.kind == "dense"]
    if dense and len(dense) > 1:
        text = "The weights do not say which function follows each hidden layer."
        questions.append(Question("activation", text, _HIDDEN, activation or "relu"))
    if dense:
        size = int(dense[-1].attributes["outputs"])
        chosen = output or _output(size)
        text = f"The weights do not say which function follows the last layer, of {size} unit{'s' * (size != 1)}."
        questions.append(Question("output_activation", text, _OUTPUT, chosen))
    if extras:
        names = ", ".join(shown(n) for n in list(extras)[:4])
        why.append(f"not parts of the network: {names}{' and more' if len(extras) > 4 else ''}")
    return Inferred(tuple(layers), reading.orientation, tuple(why), tuple(questions), extras)


def _output(size: int) -> str:
    """Return the usual function after a last layer of so many units: one says yes or no, several share out a whole."""
    return "sigmoid" if size == 1 else "softmax"


def _is_keras(g: Group) -> bool:
    """Tell whether a normalisation is called as Keras calls it: layer_normalization, moving_mean, or numbered in `vars`."""
    parts = {w for t in g.tensors.values() for w in words(t.name)}
    return bool(parts & {"moving", "normalization", "vars"})


def _layers(reading: Reading, activation: str, output: str) -> list[Layer]:
    dense = [n for n, g in enumerate(reading.groups) if not g.norm and not g.why_closed]
    made: list[Layer] = []
    flow = "input"
    broken = ""
    for n, g in enumerate(reading.groups):
        tensors = {role: t.name for role, t in g.tensors.items()}
        here = Layer("box", g.label, (flow,), (f"{n + 1}",), "", tensors)
        flow = f"{n + 1}"
        if g.why_closed:
            made.append(replace(here, steppable=False, why=f"{g.why_closed}, and cannot be stepped"))
            continue
        if n >= reading.fits and not broken:
            broken = "it does not take what the layer before gives, so the order or a layer between is not known"
        following = next((k for k in dense if k > n), None)
        # The function follows the normalisation, where one follows the layer.
        ends = n + 1 == len(reading.groups) or not reading.groups[n + 1].norm
        first = g.norm and not any(k < n for k in dense)
        last = output or (_output(_units(reading)) if dense else "")
        after = "" if not ends or first else activation if following is not None else last
        after = "" if after == "identity" else after
        if g.norm:
            kind = "batch_norm" if "mean" in g.tensors or "variance" in g.tensors else "layer_norm"
            keras = _is_keras(g)
            # What Keras keeps of a running mean where nothing else is said is 0.99; its variance is the batch's own.
            own: dict[str, Any] = {"momentum": 0.01, "population": True} if keras and kind == "batch_norm" else {}
            layer = replace(here, kind=kind, activation=after, attributes={"epsilon": _EPSILON[keras], **own})
        else:
            entering, units = sizes_of(g, reading.orientation, reading.column)
            attributes = {"orientation": reading.orientation, "inputs": entering, "outputs": units}
            if reading.column:
                attributes["bias"] = "first column"
            layer = replace(here, kind="dense", activation=after, attributes=attributes)
        made.append(replace(layer, steppable=not broken, why=broken))
    return made


def _units(reading: Reading) -> int:
    """Return how many numbers the last dense layer gives."""
    last = next(g for g in reversed(reading.groups) if not g.norm and not g.why_closed)
    return sizes_of(last, reading.orientation, reading.column)[1]


def _reasons(reading: Reading, both: bool, kept: Sequence[Named], chosen: bool) -> list[str]:
    dense = [g for g in reading.groups if not g.norm and not g.why_closed]
    why: list[str] = []
    if not dense:
        return ["it has no dense layer: nothing in it can be stepped"]
    sizes = [sizes_of(g, reading.orientation, reading.column) for g in dense]
    numbers = [str(s) for s in [sizes[0][0], *(out for _, out in sizes)]]
    if len(numbers) > _MOST_SHOWN:
        numbers[_MOST_SHOWN // 2 : 1 - _MOST_SHOWN // 2] = ["…"]
    chain = " → ".join(numbers)
    how = f" {reading.how}" if len(reading.groups) > 1 else ""
    if reading.fits == len(reading.groups):
        chained = f"the layers{how} chain as {chain}" if len(dense) > 1 else f"there is one layer, {chain}"
        why.append(chained if all(a[1] == b[0] for a, b in pairwise(sizes)) else f"the layers stand{how}")
    else:
        why.append(f"only the first {reading.fits} of {len(reading.groups)} layers chain{how}")
    stored = STORED[reading.orientation]
    if reading.column:
        why.append("each matrix has one column more than what enters it: the first column is the bias, as in a course's Theta")
    elif both:
        why.append(f"both ways to read the matrices fit; {stored} {'was chosen' if chosen else 'is usual for such names'}")
    else:
        other = STORED["in,out" if reading.orientation == "out,in" else "out,in"]
        bias = any("bias" in g.tensors for g in dense)
        why.append(f"the matrices have {stored}: so the sizes{' and the biases' * bias} fit, and with {other} they do not")
    if not any(is_norm(g.name) or g.norm for g in reading.groups):
        return why
    why.append("gamma and beta without a matrix are a normalisation; the activation is taken to follow it")
    added = {_EPSILON[_is_keras(g)] for g in reading.groups if g.norm}
    return [*why, *(f"what a normalisation adds to the variance is not in the file; {e} is usual for such names" for e in added)]
