"""Weights without a network: their names and their shapes say which tensors make one layer together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.files.inference.infer_names import Named, closed, has_slopes, is_norm, network_of, order_key, words
from core.files.saved import Tensor

_MOST_PENDING = 64
"""So many matrices may come before the biases that belong to them."""


@dataclass
class Group:
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


def _shared(names: Sequence[str]) -> str:
    """Return the characters that all names begin with."""
    first, last = min(names), max(names)
    n = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:n]


def grouped(kept: Sequence[Named]) -> tuple[list[Group], dict[str, str]]:
    """Return the layers by name, and the tensors that belong to none."""
    lost: dict[str, str] = {}
    groups: dict[tuple[str, ...], Group] = {}
    loose: list[tuple[int, Named]] = []
    for at, n in enumerate(kept):
        why = closed(n)
        key = n.group
        if why or n.role == "":
            loose.append((at, n))
            continue
        group = groups.setdefault(key, Group(key, at, {}))
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
    out: list[Group] = []
    for g in found:
        normal = g.norm and (len(g.tensors) > 1 or is_norm(g.name))
        if g.why_closed or normal or (g.weight is not None and len(g.weight.shape) == 2):
            out.append(g)
        else:
            lost |= {t.name: "of no layer that is known here" for t in g.tensors.values()}
    return out, lost


def _close_recurrent(groups: Sequence[Group]) -> None:
    """Close what takes the inputs of a recurrent layer, too: layers.0 beside layers.0.recurrent."""
    starts = {g.name[: g.name.index("recurrent")]: g.why_closed for g in groups if g.why_closed and "recurrent" in g.name}
    for g in groups:
        g.why_closed = g.why_closed or next((w for start, w in starts.items() if start and g.name[: len(start)] == start), "")


def _roleless(groups: dict[tuple[str, ...], Group], loose: Sequence[tuple[int, Named]]) -> None:
    """Place what names say nothing about: matrices begin a layer, what has as many numbers as it has units follows it."""
    pending: list[Group] = []
    for at, n in sorted(loose, key=lambda one: order_key(words(one[1].tensor.name))):
        why = closed(n)
        shape = n.shape
        if why:
            group = groups.setdefault(n.group, Group(n.group, at, {}))
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
        groups[key] = made = Group(key, at, {role: n.tensor})
        if role == "weight":
            pending.append(made)


def _can_be_bias(shape: Sequence[int], weight: Sequence[int]) -> bool:
    rows, columns = weight
    return tuple(shape) in ((rows,), (columns,), (rows, 1), (1, columns))


def _share_biases(groups: list[Group]) -> None:
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


def parts_of(groups: Sequence[Group]) -> Iterator[dict[str, list[Group]]]:
    """Yield the groups by network: by the first word (actor, critic), then by all before a dot (agent0, agent1)."""
    words: dict[str, list[Group]] = {}
    starts: dict[str, list[Group]] = {}
    for g in groups:
        network = network_of(g.name)
        words.setdefault(network, []).append(g)
        starts.setdefault(re.split(r"[./:]", g.label)[0] if network else "", []).append(g)
    yield words
    yield starts
