"""Keras' description of a model (JSON) as a list of its layers, sorted by the data flow; models within models are opened up.

Keras 1 (a list in place of a mapping), 2 (inbound_nodes as lists) and 3 (as mappings with keras_history) are read.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from core.files.problem import FileProblem, shown
from core.files.saved import MOST_LAYERS

Config = Mapping[str, Any]


_DEEPEST = 12


_MODELS = frozenset(("Sequential", "Functional", "Model"))


@dataclass(frozen=True)
class Entry:
    """A layer as the description lists it; `path` names the models around it, `sources` what flows in."""

    path: tuple[str, ...]
    name: str
    kind: str
    config: Config
    sources: tuple[str, ...] | None
    known: bool
    registered: str = ""


def is_model(config: object) -> bool:
    """Tell whether a JSON value describes a Keras model."""
    return isinstance(config, Mapping) and isinstance(config.get("class_name"), str) and "config" in config


def entries(model: Config) -> list[Entry]:
    """Return all layers of a model, those of models within it included, sorted by the data flow; raises FileProblem."""
    found: list[Entry] = []
    _collect(model, (), None, found, 0)
    return found


def full_name(entry: Entry) -> str:
    """Return the name of a layer with those of the models around it."""
    return "/".join((*entry.path, entry.name))


def mapping(value: Any) -> Config:
    return cast("Config", value) if isinstance(value, Mapping) else {}


def _collect(
    model: Config, path: tuple[str, ...], feed: tuple[str, ...] | None, found: list[Entry], depth: int
) -> tuple[str, ...]:
    """Add the layers of a model; `feed` is what flows into it. Return what flows out."""
    if depth > _DEEPEST:
        raise FileProblem(f"its models are nested deeper than {_DEEPEST}; it cannot be a network to step through")
    config = model.get("config")
    listed: Any = config if isinstance(config, list) else mapping(config).get("layers")
    if not isinstance(listed, list) or not all(isinstance(x, Mapping) for x in cast("list[Any]", listed)):
        raise FileProblem("its description of the model lists no layers; save the model anew")
    rows = [mapping(x) for x in cast("list[Any]", listed)]
    if len(rows) + len(found) > MOST_LAYERS:
        raise FileProblem(f"it has more than {MOST_LAYERS} layers; it cannot be a network to step through")
    names = [_name(row, i) for i, row in enumerate(rows)]
    if len(set(names)) != len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise FileProblem(f"it has two layers of the name {shown(twice)}, so it is unclear which weights are whose; save it anew")
    if model.get("class_name") == "Sequential":
        order = list(range(len(rows)))
        flows = None
    else:
        flows = {n: _inbound(row) for n, row in zip(names, rows, strict=True)}
        order = _in_order(names, flows)
    ends: dict[str, tuple[str, ...]] = {}
    last = feed or ()
    for i in order:
        row, name = rows[i], names[i]
        sources = last if flows is None else tuple(end for s in flows[name] for end in ends[s])
        if flows is None and not last and not found and row.get("class_name") != "InputLayer":
            sources = ("input",)
        class_name = str(row.get("class_name", ""))
        if class_name in _MODELS and (isinstance(row.get("config"), list) or "layers" in mapping(row.get("config"))):
            last = ends[name] = _collect(row, (*path, name), sources, found, depth + 1)
            continue
        if class_name == "InputLayer" and feed:
            last = ends[name] = feed
            continue
        module = str(row.get("module") or "")
        known = not row.get("registered_name") and (
            not module or module == "keras" or module.startswith(("keras.", "tensorflow."))
        )
        whole = "/".join((*path, name))
        entry = Entry(
            path, name, class_name, mapping(row.get("config")), sources, known, str(row.get("registered_name") or module)
        )
        found.append(entry)
        last = ends[name] = (whole,)
    return last


def _name(row: Config, i: int) -> str:
    for place in (row, mapping(row.get("config"))):
        name = place.get("name")
        if isinstance(name, str) and name:
            return name
    return f"layer_{i + 1}"


def _inbound(row: Config) -> list[str]:
    """Return the names of the layers whose outputs a layer of a functional model takes at its first call."""
    nodes = row.get("inbound_nodes")
    if not isinstance(nodes, list) or not nodes:
        return []
    found: list[str] = []
    waiting: list[Any] = [cast("list[Any]", nodes)[0]]
    steps = 0
    while waiting and steps < 10_000:
        steps += 1
        node = waiting.pop()
        if isinstance(node, Mapping):
            history = mapping(cast("Config", node).get("config")).get("keras_history") or cast("Config", node).get(
                "keras_history"
            )
            if isinstance(history, list) and history and isinstance(history[0], str):
                found.append(history[0])
            else:
                waiting.extend(reversed(list(cast("Config", node).values())))
        elif isinstance(node, list):
            own = cast("list[Any]", node)
            if len(own) >= 3 and isinstance(own[0], str) and isinstance(own[1], int):
                found.append(own[0])
            else:
                waiting.extend(reversed(own))
    return found


def _in_order(names: Sequence[str], flows: Mapping[str, Sequence[str]]) -> list[int]:
    """Return the places of the layers so that each comes after those it takes from, else as listed; raises FileProblem."""
    place = {n: i for i, n in enumerate(names)}
    for name, sources in flows.items():
        for source in sources:
            if source not in place:
                raise FileProblem(f"its layer {shown(name)} takes from {shown(source)}, which there is not; save the model anew")
    needs = {n: set(s) for n, s in flows.items()}
    users: dict[str, list[str]] = {n: [] for n in names}
    for name, sources in needs.items():
        for source in sources:
            users[source].append(name)
    ready = [place[n] for n in names if not needs[n]]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        i = heapq.heappop(ready)
        order.append(i)
        for user in users[names[i]]:
            needs[user].discard(names[i])
            if not needs[user]:
                heapq.heappush(ready, place[user])
    if len(order) < len(names):
        stuck = next(n for n in names if needs[n])
        raise FileProblem(f"its layers feed each other in a circle (at {shown(stuck)}); save the model anew")
    return order


def snake(name: str) -> str:
    """Return a class name as Keras makes it a name: BatchNormalization → batch_normalization, ReLU → re_lu, ELU → elu."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
