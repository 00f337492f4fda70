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
Call = tuple[str, int]
"""A layer by its name, and which of its calls: one that is called twice has the same weights in two places."""


@dataclass(frozen=True)
class Entry:
    """A call of a layer that the description lists; `path` names the models around it, `sources` what flows in.

    `again` is 0 at the layer's first call, 1 at its second.
    """

    path: tuple[str, ...]
    name: str
    kind: str
    config: Config
    sources: tuple[str, ...] | None
    known: bool
    registered: str = ""
    again: int = 0


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


def flow_name(entry: Entry) -> str:
    """Return the name of a call of a layer, and of what flows out of it."""
    return full_name(entry) + (f" ({entry.again + 1})" if entry.again else "")


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
    calls: list[Call] = [(n, 0) for n in names]
    flows: dict[Call, list[Call]] | None = None
    if model.get("class_name") != "Sequential":
        made = {n: _nodes(row) for n, row in zip(names, rows, strict=True)}
        flows = {(n, k): _inbound(node, made) for n, nodes in made.items() for k, node in enumerate(nodes)}
        if len(flows) + len(found) > MOST_LAYERS:
            raise FileProblem(f"its layers are called more than {MOST_LAYERS} times; it cannot be a network to step through")
        calls = _in_order(list(flows), flows)
    row_of = dict(zip(names, rows, strict=True))
    before: dict[tuple[str, ...], int] = {}
    for entry in found:
        before[(*entry.path, entry.name)] = before.get((*entry.path, entry.name), 0) + 1
    ends: dict[Call, tuple[str, ...]] = {}
    last = feed or ()
    for call in calls:
        name = call[0]
        row = row_of[name]
        sources = last if flows is None else tuple(end for s in flows[call] for end in ends[s])
        if flows is None and not last and not found and row.get("class_name") != "InputLayer":
            sources = ("input",)
        class_name = str(row.get("class_name", ""))
        if class_name in _MODELS and (isinstance(row.get("config"), list) or "layers" in mapping(row.get("config"))):
            last = ends[call] = _collect(row, (*path, name), sources, found, depth + 1)
            continue
        if class_name == "InputLayer" and feed:
            last = ends[call] = feed
            continue
        module = str(row.get("module") or "")
        known = not row.get("registered_name") and (
            not module or module == "keras" or module.startswith(("keras.", "tensorflow."))
        )
        registered, again = str(row.get("registered_name") or module), before.get((*path, name), 0) + call[1]
        entry = Entry(path, name, class_name, mapping(row.get("config")), sources, known, registered, again)
        found.append(entry)
        last = ends[call] = (flow_name(entry),)
    return last


def _name(row: Config, i: int) -> str:
    for place in (row, mapping(row.get("config"))):
        name = place.get("name")
        if isinstance(name, str) and name:
            return name
    return f"layer_{i + 1}"


def _nodes(row: Config) -> list[Any]:
    """Return the calls of a layer of a functional model; one without any is an input."""
    nodes = row.get("inbound_nodes")
    return cast("list[Any]", nodes) if isinstance(nodes, list) and nodes else [[]]


def _inbound(node: Any, made: Mapping[str, Sequence[Any]]) -> list[Call]:
    """Return the calls whose outputs a call takes; `made` are the calls of each layer."""
    found: list[Call] = []
    waiting: list[Any] = [node]
    steps = 0
    while waiting and steps < 10_000:
        steps += 1
        node = waiting.pop()
        if isinstance(node, Mapping):
            history = mapping(cast("Config", node).get("config")).get("keras_history") or cast("Config", node).get(
                "keras_history"
            )
            if isinstance(history, list) and history and isinstance(history[0], str):
                found.append(_call(cast("list[Any]", history), made))
            else:
                waiting.extend(reversed(list(cast("Config", node).values())))
        elif isinstance(node, list):
            own = cast("list[Any]", node)
            if len(own) >= 3 and isinstance(own[0], str) and isinstance(own[1], int):
                found.append(_call(own, made))
            else:
                waiting.extend(reversed(own))
    return found


def _call(history: Sequence[Any], made: Mapping[str, Sequence[Any]]) -> Call:
    """Return the call that a tensor's history names: a layer and which of its calls."""
    name, place = history[0], history[1] if len(history) > 1 else 0
    most = len(made.get(name, ())) - 1
    return name, min(place, most) if isinstance(place, int) and place > 0 else 0


def _in_order(calls: Sequence[Call], flows: Mapping[Call, Sequence[Call]]) -> list[Call]:
    """Return the calls so that each comes after those it takes from, else as listed; raises FileProblem."""
    place = {c: i for i, c in enumerate(calls)}
    for call, sources in flows.items():
        for source in sources:
            if source not in place:
                raise FileProblem(
                    f"its layer {shown(call[0])} takes from {shown(source[0])}, which there is not; save the model anew"
                )
    needs = {c: set(s) for c, s in flows.items()}
    users: dict[Call, list[Call]] = {c: [] for c in calls}
    for call, sources in needs.items():
        for source in sources:
            users[source].append(call)
    ready = [place[c] for c in calls if not needs[c]]
    heapq.heapify(ready)
    order: list[Call] = []
    while ready:
        call = calls[heapq.heappop(ready)]
        order.append(call)
        for user in users[call]:
            needs[user].discard(call)
            if not needs[user]:
                heapq.heappush(ready, place[user])
    if len(order) < len(calls):
        stuck = next(c for c in calls if needs[c])
        raise FileProblem(f"its layers feed each other in a circle (at {shown(stuck[0])}); save the model anew")
    return order


def snake(name: str) -> str:
    """Return a class name as Keras makes it a name: BatchNormalization → batch_normalization, ReLU → re_lu, ELU → elu."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
