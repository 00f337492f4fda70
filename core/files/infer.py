"""Weights without a network → layers: names pair and order them, dimensions decide how each matrix is stored.

Nothing here is certain, so everything is said: why the layers are read so, and what only a person can know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from core.files.infer_names import (
    Named,
    all_named,
    closed,
    has_slopes,
    is_norm,
    is_theta,
    network_of,
    not_of_the_network,
    number_key,
    order_key,
    words,
)
from core.files.problem import shown
from core.files.saved import Layer, Tensor

Orientation = Literal["out,in", "in,out"]
ORIENTATIONS: tuple[Orientation, ...] = ("out,in", "in,out")
MOST_INFERRED = 3000
_MOST_SEARCHED = 7
"""Of so many layers every order is tried where neither their names nor the file's order chain."""

_MOST_PARTS = 40
_MOST_PENDING = 64
"""So many matrices may come before the biases that belong to them."""
_MOST_SHOWN = 12

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


@dataclass
class _Group:
    """The tensors of one layer, as their names say it."""

    name: tuple[str, ...]
    at: int
    tensors: dict[str, Tensor]
    why_closed: str = ""

    @property
    def weight(self) -> Tensor | None:
        return self.tensors.get("weight")

    @property
    def norm(self) -> bool:
        return "gamma" in self.tensors

    @property
    def label(self) -> str:
        """What the layer is called in the file: what the names of its tensors begin with, else its words."""
        names = [t.name for t in self.tensors.values()]
        start = _shared(names) if len(names) > 1 else re.sub(r"[./:_-][^./:_-]*$|^[^./:_-]*$", "", names[0])
        return start.rstrip("./:_- ") or ".".join(self.name) or "layer"


@dataclass(frozen=True)
class _Reading:
    """One way to read the file: an order, how matrices are stored, whether they hold the bias; and how far it chains."""

    groups: tuple[_Group, ...]
    orientation: Orientation
    column: bool
    fits: int
    how: str


def infer(tensors: Sequence[Tensor], activation: str = "", output: str = "", orientation: str = "") -> Inferred:
    """Return the layers that tensors of these names and shapes are most likely the parameters of.

    `activation`, `output` and `orientation` are a person's answers to the questions, '' where there is none yet.
    """
    extras = not_of_the_network(tensors)
    kept = all_named([t for t in tensors if t.name not in extras])
    if len(kept) > MOST_INFERRED:
        many = f"it holds {len(kept)} parameters, more than the {MOST_INFERRED} that are read as layers without a description"
        return Inferred((), "out,in", (many,), (), extras)
    groups, lost = _grouped(kept)
    extras |= lost
    theta = is_theta(kept)
    why: list[str] = []
    questions: list[Question] = []
    wanted: tuple[Orientation, ...] = ORIENTATIONS
    readings = _best(groups, wanted, theta)
    if orientation and orientation not in {r.orientation for r in readings}:
        # A person knows better, or wants to see what comes of it.
        wanted = tuple(o for o in ORIENTATIONS if o == orientation)
        readings = _best(groups, wanted, theta)
    if not readings:
        return Inferred((), "out,in", ("no tensor in it looks like the weights of a layer",), (), extras)
    parts = _parts(groups)
    if readings[0].fits < len(groups) and 1 < len(parts) <= _MOST_PARTS:
        found = [(name, part, _best(part, wanted, theta)) for name, part in parts.items()]
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
    reading = next((r for r in readings if r.orientation == orientation), None) or _chosen(readings, kept)
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


_HIDDEN = ("relu", "sigmoid", "tanh", "leaky_relu", "elu", "gelu", "softplus", "identity")
_OUTPUT = ("softmax", "sigmoid", "identity", "tanh", "relu", "log_softmax")


def _output(size: int) -> str:
    """Return the usual function after a last layer of so many units: one says yes or no, several share out a whole."""
    return "sigmoid" if size == 1 else "softmax"


def _shared(names: Sequence[str]) -> str:
    """Return the characters that all names begin with."""
    first, last = min(names), max(names)
    n = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:n]


def _grouped(kept: Sequence[Named]) -> tuple[list[_Group], dict[str, str]]:
    """Return the layers by name, and the tensors that belong to none."""
    lost: dict[str, str] = {}
    groups: dict[tuple[str, ...], _Group] = {}
    loose: list[tuple[int, Named]] = []
    for at, n in enumerate(kept):
        why = closed(n)
        key = n.group
        if why or n.role == "":
            loose.append((at, n))
            continue
        group = groups.setdefault(key, _Group(key, at, {}))
        role = n.role
        if role == "weight" and len(n.shape) == 1:
            role = "gamma"
        if role in group.tensors:
            lost[n.tensor.name] = "a second one of its kind in its layer"
        else:
            group.tensors[role] = n.tensor
    _roleless(groups, loose)
    found = sorted(groups.values(), key=lambda g: g.at)
    for g in found:
        if is_norm(g.name) and g.weight is not None and g.weight.shape[:-1] == (1,):
            g.tensors["gamma"] = g.tensors.pop("weight")
        if g.norm:
            g.tensors = {("beta" if r == "bias" else r): t for r, t in g.tensors.items()}
    _share_biases(found)
    _close_recurrent(found)
    out: list[_Group] = []
    for g in found:
        normal = g.norm and (len(g.tensors) > 1 or is_norm(g.name))
        if g.why_closed or normal or (g.weight is not None and len(g.weight.shape) == 2):
            out.append(g)
        else:
            lost |= {t.name: "of no layer that is known here" for t in g.tensors.values()}
    return out, lost


def _close_recurrent(groups: Sequence[_Group]) -> None:
    """Close what takes the inputs of a recurrent layer, too: layers.0 beside layers.0.recurrent."""
    starts = {g.name[: g.name.index("recurrent")]: g.why_closed for g in groups if g.why_closed and "recurrent" in g.name}
    for g in groups:
        g.why_closed = g.why_closed or next((w for start, w in starts.items() if start and g.name[: len(start)] == start), "")


def _roleless(groups: dict[tuple[str, ...], _Group], loose: Sequence[tuple[int, Named]]) -> None:
    """Place what names say nothing about: matrices begin a layer, what has as many numbers as it has units follows it."""
    pending: list[_Group] = []
    for at, n in sorted(loose, key=lambda one: order_key(words(one[1].tensor.name))):
        why = closed(n)
        shape = n.shape
        if why:
            group = groups.setdefault(n.group, _Group(n.group, at, {}))
            group.why_closed = group.why_closed or why
            role = "slope" if len(shape) < 2 and has_slopes(n) else n.role or "weight"
            while role in group.tensors:
                role += "_"
            group.tensors[role] = n.tensor
            continue
        taker = next((g for g in pending[:_MOST_PENDING] if g.weight is not None and _can_be_bias(shape, g.weight.shape)), None)
        if taker is not None:
            taker.tensors["bias"] = n.tensor
            pending.remove(taker)
            continue
        key = words(n.tensor.name)
        role = "weight" if len(shape) == 2 else "gamma" if len(shape) == 1 and is_norm(key) else "other"
        groups[key] = made = _Group(key, at, {role: n.tensor})
        if role == "weight":
            pending.append(made)


def _can_be_bias(shape: Sequence[int], weight: Sequence[int]) -> bool:
    rows, columns = weight
    return tuple(shape) in ((rows,), (columns,), (rows, 1), (1, columns))


def _share_biases(groups: list[_Group]) -> None:
    """Give biases whose names match no weight to the weights in order, where the counts and the sizes agree: wih and bh."""
    single = [g for g in groups if set(g.tensors) == {"bias"}]
    bare = [g for g in groups if g.weight is not None and "bias" not in g.tensors and len(g.weight.shape) == 2]
    if not single or len(single) != len(bare):
        return
    pairs = list(zip(sorted(bare, key=lambda g: order_key(g.name)), sorted(single, key=lambda g: order_key(g.name)), strict=True))
    given: set[int] = set()
    if all(w.weight is not None and max(b.tensors["bias"].shape, default=0) in w.weight.shape for w, b in pairs):
        for w, b in pairs:
            w.tensors["bias"] = b.tensors["bias"]
            given.add(id(b))
        groups[:] = [g for g in groups if id(g) not in given]


def _parts(groups: Sequence[_Group]) -> dict[str, list[_Group]]:
    """Return the groups by the first word of their names: actor and critic, generator and discriminator."""
    parts: dict[str, list[_Group]] = {}
    for g in groups:
        parts.setdefault(network_of(g.name), []).append(g)
    return parts


def _best(groups: Sequence[_Group], wanted: Sequence[Orientation], theta: bool) -> list[_Reading]:
    """Return the readings that chain furthest, of the most trusted order; two only where both orientations fit alike."""
    best: list[_Reading] = []
    for how, order in _orders(groups):
        for column in (True, False) if theta else (False, True):
            possible: list[Orientation] = [o for o in wanted if not column or o == "out,in"]
            found = [_Reading(tuple(order), o, column, _chained(order, o, column), how) for o in possible]
            found = [r for r in found if r.fits == max(x.fits for x in found)]
            if found and (not best or found[0].fits > best[0].fits):
                best = found
            if best and best[0].fits == len(groups):
                return best
    return best


def _orders(groups: Sequence[_Group]) -> Iterator[tuple[str, list[_Group]]]:
    """Yield orders of the layers with the reason for each, the most trusted first."""
    natural = sorted(groups, key=lambda g: order_key(g.name))
    counted = sorted(groups, key=lambda g: number_key(g.name, g.norm))
    asis = sorted(groups, key=lambda g: g.at)
    numbered = all(any(w.isdigit() for w in g.name) or order_key(g.name)[0] for g in groups) or _one_stem(groups)
    # A file that is not simply sorted has an order of its own, which says more than names of several kinds: conv4, dense5.
    sorted_file = [g.label for g in asis] == sorted(g.label for g in groups)
    names = ("in the order of their names", natural)
    file = ("in the order of the file", asis)
    for how, order in (names, file) if numbered and (sorted_file or _one_stem(groups)) else (file, names):
        if not _norms_lead(order) or (order is asis and not sorted_file):
            yield how, order
    yield "by the numbers in their names", counted
    yield file
    for orientation in ORIENTATIONS:
        placed = _placed([g for g in natural if not g.norm], [g for g in natural if g.norm], orientation)
        if placed is not None:
            yield "with each normalisation after a layer of its size", placed
    if len(groups) <= _MOST_SEARCHED:
        for orientation in ORIENTATIONS:
            order = _searched(groups, orientation)
            if order is not None:
                yield "in the only order in which their sizes chain", order


def _placed(layers: Sequence[_Group], norms: Sequence[_Group], orientation: Orientation) -> list[_Group] | None:
    """Return the layers with each normalisation after one of its size, as early as there is one; None if there is none.

    Keras numbers the layers of a class by themselves: dense, dense_1, batch_normalization.
    """
    if not norms or any(g.why_closed for g in layers):
        return None
    order: list[_Group] = []
    waiting = list(norms)
    for layer in layers:
        order.append(layer)
        if waiting and _sizes(layer, orientation, False)[1] == waiting[0].tensors["gamma"].count:
            order.append(waiting.pop(0))
    return order if not waiting else None


def _one_stem(groups: Sequence[_Group]) -> bool:
    """Tell whether the names differ in numbers alone: dense, dense_1, dense_2."""
    return len({tuple(w for w in g.name if not w.isdigit()) for g in groups}) == 1


def _norms_lead(order: Sequence[_Group]) -> bool:
    """Tell whether a normalisation stands first or after another: then its name is of its kind, not of its place."""
    return (bool(order) and order[0].norm) or any(a.norm and b.norm for a, b in pairwise(order))


def _sizes(g: _Group, orientation: Orientation, column: bool) -> tuple[int, int]:
    """Return how many numbers enter a dense layer, and how many units it has."""
    assert g.weight is not None
    rows, columns = g.weight.shape
    entering, units = (columns, rows) if orientation == "out,in" else (rows, columns)
    return entering - column, units


def _chained(order: Sequence[_Group], orientation: Orientation, column: bool) -> int:
    """Return how many layers from the first one fit: each takes what the one before gives, and its bias fits its units."""
    flow: int | None = None
    for n, g in enumerate(order):
        if g.why_closed:
            flow = flow if set(g.tensors) == {"slope"} else None
            continue
        if g.norm:
            size = g.tensors["gamma"].count
            if flow not in (None, size):
                return n
            flow = size
            continue
        entering, units = _sizes(g, orientation, column)
        bias = g.tensors.get("bias")
        if entering < 1 or flow not in (None, entering):
            return n
        if bias is not None and (column or not _bias_fits(bias, units, orientation)):
            return n
        flow = units
    return len(order)


def _bias_fits(bias: Tensor, units: int, orientation: Orientation) -> bool:
    """Tell whether a bias has a number a unit; a column of it belongs to W @ X, whose W has a row a unit."""
    if bias.count != units or len(bias.shape) > 2:
        return False
    return not (len(bias.shape) == 2 and units > 1 and bias.shape[1] == 1 and orientation == "in,out")


def _searched(groups: Sequence[_Group], orientation: Orientation) -> list[_Group] | None:
    """Return the one order in which dense layers chain, None if there is none or more than one."""
    if any(g.norm or g.why_closed for g in groups):
        return None
    found: list[list[_Group]] = []

    def walk(done: list[_Group], rest: list[_Group]) -> None:
        if len(found) > 1:
            return
        if not rest:
            found.append(done)
        for g in rest:
            if _chained([*done[-1:], g], orientation, False) == len(done[-1:]) + 1:
                walk([*done, g], [x for x in rest if x is not g])

    walk([], list(groups))
    return found[0] if len(found) == 1 else None


def _chosen(readings: Sequence[_Reading], kept: Sequence[Named]) -> _Reading:
    """Choose between orientations that both fit: what writes such names stores its matrices so."""
    usual = _usual(kept)
    return next((r for r in readings if r.orientation == usual), readings[0])


def _usual(kept: Sequence[Named]) -> Orientation:
    parts = {w for n in kept for w in words(n.tensor.name)}
    column = any(n.role == "bias" and len(n.shape) == 2 and n.shape[1] == 1 and n.shape[0] > 1 for n in kept)
    row = any(n.role == "bias" and len(n.shape) == 2 and n.shape[0] == 1 and n.shape[1] > 1 for n in kept)
    if column or row:
        return "out,in" if column else "in,out"
    if parts & {"kernel", "kernels", "coef", "coefs", "syn"}:
        return "in,out"
    if parts & {"weight", "theta"}:
        return "out,in"
    return "in,out"


_EPSILON = {True: 1e-3, False: 1e-5}
"""What Keras, and what others add to a variance where nothing else is said."""


def _is_keras(g: _Group) -> bool:
    """Tell whether a normalisation is called as Keras calls it: layer_normalization, moving_mean, or numbered in `vars`."""
    parts = {w for t in g.tensors.values() for w in words(t.name)}
    return bool(parts & {"moving", "normalization", "vars"})


def _layers(reading: _Reading, activation: str, output: str) -> list[Layer]:
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
        after = "" if not ends else activation if following is not None else ""
        after = "" if after == "identity" else after
        if g.norm:
            kind = "batch_norm" if "mean" in g.tensors or "variance" in g.tensors else "layer_norm"
            first = not any(k < n for k in dense)
            layer = replace(here, kind=kind, activation="" if first else after, attributes={"epsilon": _EPSILON[_is_keras(g)]})
        else:
            entering, units = _sizes(g, reading.orientation, reading.column)
            attributes = {"orientation": reading.orientation, "inputs": entering, "outputs": units}
            if reading.column:
                attributes["bias"] = "first column"
            if following is None and ends:
                after = output or _output(units)
                after = "" if after == "identity" else after
            layer = replace(here, kind="dense", activation=after, attributes=attributes)
        made.append(replace(layer, steppable=not broken, why=broken))
    return made


def _reasons(reading: _Reading, both: bool, kept: Sequence[Named], chosen: bool) -> list[str]:
    dense = [g for g in reading.groups if not g.norm and not g.why_closed]
    why: list[str] = []
    if not dense:
        return ["it has no dense layer: nothing in it can be stepped"]
    sizes = [_sizes(g, reading.orientation, reading.column) for g in dense]
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
