"""Keras files: .keras archives, .h5 models, .weights.h5, and a JSON description with its weights beside it.

Keras is never imported, and nothing that a file names is ever run: the description is plain JSON, the weights are HDF5, walked
link by link (`core.files.h5_walk`).
"""

from __future__ import annotations

import io
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from core.files import json_safe, keras_graph, keras_layers
from core.files.beside import open_beside
from core.files.h5_walk import H5, Part, Place, natural
from core.files.keras_graph import Entry
from core.files.keras_layers import Weight
from core.files.limits import Limits
from core.files.problem import FileProblem, shown
from core.files.saved import Saved, Tensor, capped
from core.files.zip_safe import Zip

NEEDS = ("h5py",)
_CONFIG, _WEIGHTS, _ABOUT = "config.json", "model.weights.h5", "metadata.json"
_WHAT = "its description of the model"
_OPTIMIZER = ("optimizer/", "optimizer_weights/")
_ENDINGS = ("_weights.h5", ".weights.h5", ".h5", ".hdf5", "_weights.hdf5")


def read(path: Path, limits: Limits) -> Saved:
    """Return what a Keras file holds; raises FileProblem."""
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"PK"):
        return _archive(path, limits)
    if start.lstrip()[:1] == b"{":
        return read_json(path, json_safe.loads(path.read_bytes(), _WHAT), limits)
    with H5(path, limits, Place()) as h5:
        return _model(path, h5)


def is_description(value: object) -> bool:
    """Tell whether a JSON value is a Keras description of a model."""
    return keras_graph.is_model(value)


def read_json(path: Path, model: Mapping[str, Any], limits: Limits) -> Saved:
    """Return the network that a JSON description gives, with the weights of an HDF5 file beside it; raises FileProblem."""
    entries = keras_graph.entries(model)
    name = _beside(path)
    about = {"class": str(model.get("class_name", "")), **_versions(model)}
    if name is None:
        read = keras_layers.read_layers(entries, {}, with_weights=False)
        wanted = path.stem + _ENDINGS[0]
        warning = (
            f"there are no weights beside it; put them into the same folder as {shown(wanted)} or {shown(path.stem + '.h5')}"
        )
        return Saved(
            "Keras JSON",
            str(path),
            path.stat().st_size,
            (),
            tuple(read.layers),
            False,
            tuple(read.assumed),
            about,
            (warning, *read.warnings),
        )
    with open_beside(path, name) as file, H5(cast("BinaryIO", file), limits, Place(name)) as h5:
        return _saved("Keras JSON with weights", path, h5, entries, about | {"weights": name})


def array(path: Path, name: str, rows: tuple[int, int] | None, limits: Limits) -> np.ndarray:
    """Return the numbers of a tensor, or of some of its rows; raises FileProblem."""
    with _opened(path, limits) as h5:
        for found, data in h5.datasets():
            if capped(found) == name:
                return h5.numbers(found, data, rows)
    raise FileProblem(f"it has no tensor {shown(name)} any more; open it again")


@contextmanager
def _opened(path: Path, limits: Limits) -> Generator[H5]:
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"PK"):
        with Zip(path, limits) as archive, _weights(path, archive, limits) as h5:
            yield h5
    elif start.lstrip()[:1] == b"{":
        name = _beside(path)
        if name is None:
            raise FileProblem("its weights are no longer beside it; open it again")
        with open_beside(path, name) as file, H5(cast("BinaryIO", file), limits, Place(name)) as h5:
            yield h5
    else:
        with H5(path, limits, Place()) as h5:
            yield h5


def _archive(path: Path, limits: Limits) -> Saved:
    """Return what a .keras zip holds."""
    with Zip(path, limits) as archive:
        model = json_safe.loads(archive.read(_CONFIG, limits.header), _WHAT)
        if not keras_graph.is_model(model):
            raise FileProblem("its config.json describes no Keras model; save the model anew")
        about = {"class": str(model["class_name"]), **_versions(model)}
        if _ABOUT in archive.names:
            said = json_safe.loads(archive.read(_ABOUT, limits.header), "its metadata")
            about |= _versions(said)
        entries = keras_graph.entries(model)
        if _WEIGHTS not in archive.names:
            read = keras_layers.read_layers(entries, {}, with_weights=False)
            warning = f"it has no {_WEIGHTS}, only the description of the model; save the model anew with its weights"
            return Saved(
                "Keras", str(path), path.stat().st_size, (), tuple(read.layers), False, tuple(read.assumed), about, (warning,)
            )
        with _weights(path, archive, limits) as h5:
            return _saved("Keras", path, h5, entries, about)


@contextmanager
def _weights(path: Path, archive: Zip, limits: Limits) -> Generator[H5]:
    """Open the weights in a .keras archive: mapped where they are stored unpacked, else unpacked into memory."""
    span, member = archive.span(_WEIGHTS), archive.member(_WEIGHTS)
    if span is not None and member.size > limits.unpacked:
        with path.open("rb") as file, H5(cast("BinaryIO", Part(file, span, member.size)), limits, Place("", span)) as h5:
            yield h5
    else:
        with H5(io.BytesIO(archive.read(_WEIGHTS)), limits, Place("", span)) as h5:
            yield h5


def _model(path: Path, h5: H5) -> Saved:
    """Return what an HDF5 file holds: a whole model, or weights alone."""
    root = h5.file["/"]
    said = h5.text_attribute(root, "model_config")
    about = _about(h5)
    if said is not None:
        model = json_safe.loads(said, _WHAT)
        if not keras_graph.is_model(model):
            raise FileProblem("its model_config describes no Keras model; save the model anew")
        return _saved("Keras HDF5", path, h5, keras_graph.entries(model), about | {"class": str(model["class_name"])})
    return _saved("Keras weights" if _is_keras(h5) else "HDF5", path, h5, None, about)


def _is_keras(h5: H5) -> bool:
    root = h5.file["/"]
    return h5.text_list(root, "layer_names") is not None or any(
        h5.group(n) is not None for n in ("layers", "_layer_checkpoint_dependencies", "model_weights")
    )


def _about(h5: H5) -> dict[str, str]:
    about: dict[str, str] = {}
    for place in (h5.file["/"], h5.group("model_weights")):
        for key in ("keras_version", "backend", "training_config"):
            text = h5.text_attribute(place, key) if place is not None else None
            if text is not None:
                about[key.replace("_", " ")] = text
    return about


def _versions(said: object) -> dict[str, str]:
    if not isinstance(said, Mapping):
        return {}
    got = cast("Mapping[str, Any]", said)
    found = {k.replace("_", " "): v for k in ("keras_version", "backend", "date_saved") if isinstance(v := got.get(k), str)}
    config = got.get("compile_config")
    loss: Any = cast("Mapping[str, Any]", config).get("loss") if isinstance(config, Mapping) else None
    return found | ({"loss": loss} if isinstance(loss, str) else {})


def _beside(path: Path) -> str | None:
    """Return the bare name of the weights file beside a description, None if there is none."""
    stem = path.name.removesuffix(".json")
    for ending in _ENDINGS:
        if (path.parent / (stem + ending)).is_file():
            return stem + ending
    return None


def _saved(format: str, path: Path, h5: H5, entries: Sequence[Entry] | None, about: dict[str, str]) -> Saved:
    listed = {name: h5.tensor(name, data) for name, data in h5.datasets()}
    size = path.stat().st_size
    layers, complete, assumed, warnings = (), False, (), ()
    order: list[str] = []
    if entries is not None:
        weights = _by_layer(h5, listed, entries)
        read = keras_layers.read_layers(entries, weights)
        layers, complete = tuple(read.layers), read.complete
        assumed, warnings = tuple(read.assumed), tuple(read.lacking + read.warnings)
        order = [w.name for e in entries for w in weights.get(keras_graph.full_name(e), ())]
    else:
        order = [w for names in (_legacy(h5, listed) or {}).values() for _, w in names]
        if any(c.startswith(("layers/", "_layer_checkpoint_dependencies/")) for c in listed) or order:
            warnings = ("it holds weights alone; open the model's .keras or .json file to see its activations too",)
    place = {n: i for i, n in enumerate(order)}
    tensors = sorted(
        listed.values(), key=lambda t: (t.name.startswith(_OPTIMIZER), place.get(t.name, len(place)), natural(t.name))
    )
    return Saved(format, str(path), size, tuple(tensors), layers, complete, assumed, about, warnings)


def _by_layer(h5: H5, listed: Mapping[str, Tensor], entries: Sequence[Entry]) -> dict[str, list[Weight]]:
    """Return the weights of each layer by its full name."""
    legacy = _legacy(h5, listed)
    if legacy is not None:
        return _named(legacy, listed, entries)
    return _numbered(h5, listed, entries)


def _legacy(h5: H5, listed: Mapping[str, Tensor]) -> dict[str, list[tuple[str, str]]] | None:
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
    legacy: Mapping[str, Sequence[tuple[str, str]]], listed: Mapping[str, Tensor], entries: Sequence[Entry]
) -> dict[str, list[Weight]]:
    """Give the weights of the layout of Keras 1 and 2 to their layers: a model within keeps all of its own in one group."""
    weights: dict[str, list[Weight]] = {}
    for entry in entries:
        group = entry.path[0] if entry.path else entry.name
        own = legacy.get(group, ())
        if entry.path:
            own = [p for p in own if entry.name in p[0].split("/")[:-1]]
        weights[keras_graph.full_name(entry)] = [Weight(said, name, listed[name].shape) for said, name in own]
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
        for depth in range(1, len(entry.path) + 1):
            path = entry.path[:depth]
            if path not in models:
                outer = models[path[:-1]]
                own = said.get((outer, path[-1])) or _counted(h5, outer, ("sequential", "functional", "model"), counts)
                models[path] = f"{own}/layers" if h5.group(f"{own}/layers") is not None else own
        outer = models[entry.path]
        own = said.get((outer, entry.name))
        counted = _counted(h5, outer, (keras_graph.snake(entry.kind),), counts)
        found[keras_graph.full_name(entry)] = own or (f"{outer}/{entry.name}" if h5.group(counted) is None else counted)
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
