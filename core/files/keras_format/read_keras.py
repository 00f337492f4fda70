"""Keras files: .keras archives, .h5 models, .weights.h5, and a JSON description with its weights beside it.

Keras is never imported, and nothing that a file names is ever run: the description is plain JSON, the weights are HDF5, walked
link by link (`core.files.keras_format.h5_walk`).
"""

from __future__ import annotations

import io
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from core.files import json_safe
from core.files.beside import open_beside
from core.files.keras_format import keras_graph, keras_layers, keras_weights
from core.files.keras_format.h5_place import Part, Place
from core.files.keras_format.h5_walk import H5, natural
from core.files.keras_format.keras_graph import Entry
from core.files.limits import Limits
from core.files.problem import FileProblem, shown
from core.files.saved import Saved, capped
from core.files.zip_safe import Zip

NEEDS = ("h5py",)
_CONFIG, _WEIGHTS, _ABOUT = "config.json", "model.weights.h5", "metadata.json"
_WHAT = "its description of the model"
_OPTIMIZER = ("optimizer/", "optimizer_weights/")
_DESCRIBING = ("model", "architecture", "config")
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
    # model.json beside weights.h5, net_architecture.json beside net_weights.h5
    stems = [stem, *(stem.replace(word, "weights") for word in _DESCRIBING if word in stem)]
    names = (s + ending for s in stems for ending in _ENDINGS)
    return next((name for name in names if (path.parent / name).is_file()), None)


def _saved(format: str, path: Path, h5: H5, entries: Sequence[Entry] | None, about: dict[str, str]) -> Saved:
    listed = {name: h5.tensor(name, data) for name, data in h5.datasets()}
    size = path.stat().st_size
    layers, complete, assumed, warnings = (), False, (), ()
    order: list[str] = []
    if entries is not None:
        weights = keras_weights.by_layer(h5, listed, entries)
        read = keras_layers.read_layers(entries, weights)
        layers, complete = tuple(read.layers), read.complete
        assumed, warnings = tuple(read.assumed), tuple(read.lacking + read.warnings)
        order = [w.name for e in entries for w in weights.get(keras_graph.full_name(e), ())]
    else:
        order = [w for names in (keras_weights.legacy(h5, listed) or {}).values() for _, w in names]
        if any(c.startswith(("layers/", "_layer_checkpoint_dependencies/")) for c in listed) or order:
            warnings = ("it holds weights alone; open the model's .keras or .json file to see its activations too",)
    place = {n: i for i, n in enumerate(order)}
    tensors = sorted(
        listed.values(), key=lambda t: (t.name.startswith(_OPTIMIZER), place.get(t.name, len(place)), natural(t.name))
    )
    return Saved(format, str(path), size, tuple(tensors), layers, complete, assumed, about, warnings)
