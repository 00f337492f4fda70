"""Which tensors of an HDF5 file are the weights of which Keras layer: the layouts of Keras 1 and 2, and of Keras 3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.files.keras_format.h5_walk import H5, natural
from core.files.keras_format.keras_graph import Entry, full_name, snake
from core.files.keras_format.keras_layers import Weight
from core.files.problem import FileProblem, shown
from core.files.saved import Tensor


def by_layer(h5: H5, listed: Mapping[str, Tensor], entries: Sequence[Entry]) -> dict[str, list[Weight]]:
    """Return the weights of each layer by its full name."""
    own = legacy(h5, listed)
    if own is not None:
        return _named(own, listed, entries)
    return _numbered(h5, listed, entries)


def legacy(h5: H5, listed: Mapping[str, Tensor]) -> dict[str, list[tuple[str, str]]] | None:
    """Return, for each group of the layout of Keras 1 and 2, what it calls its weights and their paths; None if it is another."""
    base = "model_weights" if h5.group("model_weights") is not None else ""
    root = h5.group(base)
    names = h5.text_list(root, "layer_names") if root is not None else None
    if root is None or names is None:
        return None
    found: dict[str, list[tuple[str, str]]] = {}
    for name in names:
        group = h5.group(name, root)
        said = h5.text_list(group, "weight_names") if group is not None else None
        pairs = [(n, "/".join(p for p in (base, name, n) if p)) for n in said or ()]
        missing = next((n for n, p in pairs if p not in listed), None)
        if missing is not None:
            raise FileProblem(f"layer {shown(name)} lists the weight {shown(missing)}, which is not in the file; save it anew")
        found[name] = pairs
    return found


def _named(
    groups: Mapping[str, Sequence[tuple[str, str]]], listed: Mapping[str, Tensor], entries: Sequence[Entry]
) -> dict[str, list[Weight]]:
    """Give the weights of the layout of Keras 1 and 2 to their layers: a model within keeps all of its own in one group."""
    weights: dict[str, list[Weight]] = {}
    for entry in entries:
        group = entry.path[0] if entry.path else entry.name
        own = groups.get(group, ())
        if entry.path:
            own = [p for p in own if entry.name in p[0].split("/")[:-1]]
        weights[full_name(entry)] = [Weight(said, name, listed[name].shape) for said, name in own]
    return weights


def _numbered(h5: H5, listed: Mapping[str, Tensor], entries: Sequence[Entry]) -> dict[str, list[Weight]]:
    """Give the weights of the layout of Keras 3 to their layers.

    A layer's group is named by its class and counted (dense, dense_1), in some versions by its own name; its numbered weights
    lie in `vars`, which mostly says the layer's name.
    """
    inside: dict[str, list[str]] = {}
    for name in listed:
        group, _, last = name.rpartition("/")
        if last.isdigit() and group.rpartition("/")[2] == "vars":
            inside.setdefault(group.rpartition("/")[0], []).append(name)
    bases = [b for b in ("layers", "_layer_checkpoint_dependencies") if h5.group(b) is not None]
    if not bases:
        return {}
    groups = _groups(h5, bases[0], entries)
    return {
        name: [Weight(n.rpartition("/")[2], n, listed[n].shape) for n in sorted(inside.get(group, ()), key=natural)]
        for name, group in groups.items()
    }


def _groups(h5: H5, base: str, entries: Sequence[Entry]) -> dict[str, str]:
    """Return the group of each layer by its full name."""
    said = _said_names(h5, base)
    counts: dict[tuple[str, str], int] = {}
    models: dict[tuple[str, ...], str] = {(): base}
    found: dict[str, str] = {}
    for entry in entries:
        if full_name(entry) in found:
            continue  # another call of the same layer
        for depth in range(1, len(entry.path) + 1):
            path = entry.path[:depth]
            if path not in models:
                outer = models[path[:-1]]
                own = said.get((outer, path[-1])) or _counted(h5, outer, ("sequential", "functional", "model"), counts)
                models[path] = f"{own}/layers" if h5.group(f"{own}/layers") is not None else own
        outer = models[entry.path]
        own = said.get((outer, entry.name))
        counted = _counted(h5, outer, (snake(entry.kind),), counts)
        found[full_name(entry)] = own or (f"{outer}/{entry.name}" if h5.group(counted) is None else counted)
    return found


def _counted(h5: H5, outer: str, kinds: Sequence[str], counts: dict[tuple[str, str], int]) -> str:
    """Return the group that the next layer of a class has by Keras' counting."""
    for kind in kinds:
        n = counts.get((outer, kind), 0)
        name = f"{outer}/{kind}_{n}" if n else f"{outer}/{kind}"
        if h5.group(name) is not None or kind == kinds[-1]:
            counts[outer, kind] = n + 1
            return name
    return outer


def _said_names(h5: H5, base: str) -> dict[tuple[str, str], str]:
    """Return the group in which each layer lies, by the group around it and by the name that its `vars` says."""
    found: dict[tuple[str, str], str] = {}
    waiting = [(base, 0)]
    while waiting:
        outer, depth = waiting.pop()
        group = h5.group(outer)
        if group is None or depth > 12:
            continue
        for name in sorted(group.keys(), key=natural):
            inner = f"{outer}/{name}"
            own = h5.group(f"{inner}/vars")
            said = h5.text_attribute(own, "name") if own is not None else None
            if said is not None:
                found.setdefault((outer, said), inner)
            if h5.group(f"{inner}/layers") is not None:
                waiting.append((f"{inner}/layers", depth + 1))
    return found
