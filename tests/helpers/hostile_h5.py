"""Hostile HDF5 files and archives of Keras: what leads out of them, says to be enormous, or names code."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from helpers.hostile_pickles import Cases, zipped

SECRET = b"a secret of this computer"
W = np.ones((2, 3), np.float32)
DENSE = {"class_name": "Dense", "config": {"name": "d", "units": 3, "activation": "relu", "batch_input_shape": [None, 2]}}


def keras(config: Any, weights: bytes = b"") -> bytes:
    """Return a .keras archive; `config` is JSON, or what stands in its place."""
    raw = config if isinstance(config, bytes) else json.dumps(config).encode()
    return zipped({"config.json": raw, "metadata.json": b"{}", **({"model.weights.h5": weights} if weights else {})})


def sequential(*layers: Any) -> dict[str, Any]:
    """Return the description of a model of Keras."""
    return {"class_name": "Sequential", "config": {"name": "net", "layers": list(layers)}}


def h5(make: Any) -> bytes:
    """Return an HDF5 file that `make` filled."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        make(file)
    return stream.getvalue()


def leaks(secret: Path) -> Cases:
    """Kinds 12 and 13: data sets and links that lead out of an HDF5 file, alone, in an archive, and beside a description."""

    def external(f: Any) -> None:
        f.create_dataset("w", (len(SECRET),), "u1", external=[(str(secret), 0, len(SECRET))])

    def external_deep(f: Any) -> None:
        f.create_dataset("model_weights/d/w", (len(SECRET),), "u1", external=[(str(secret), 0, len(SECRET))])

    def link(f: Any) -> None:
        f["w"] = h5py.ExternalLink(str(secret), "/w")

    def link_mid_path(f: Any) -> None:
        f.create_group("layers/dense")["vars"] = h5py.ExternalLink(str(secret), "/x")

    def soft(f: Any) -> None:
        f["a"] = W
        f["w"] = h5py.SoftLink("/a")

    def soft_mid_path(f: Any) -> None:
        f.create_group("real/dense")
        f["layers"] = h5py.SoftLink("/real")

    def virtual(f: Any) -> None:
        layout = h5py.VirtualLayout((4,), "u1")
        layout[:] = h5py.VirtualSource(str(secret), "w", (4,))
        f.create_virtual_dataset("w", layout)

    def circle(f: Any) -> None:
        group = f.create_group("a")
        group.create_group("b")["again"] = group

    elsewhere = (external, external_deep, link, link_mid_path)
    said = {soft: "soft link", soft_mid_path: "soft link", virtual: "virtual", circle: "circle"}
    for make, words in {**dict.fromkeys(elsewhere, "another file"), **said}.items():
        yield from _in_h5(make.__name__, h5(make), words)


def _in_h5(name: str, data: bytes, words: str) -> Cases:
    yield f"{name}.h5", data, words
    yield f"{name}.weights.h5", data, words
    yield f"{name}.keras", keras(sequential(DENSE), data), words
    yield f"{name}-beside_weights.h5", data, words
    yield f"{name}-beside.json", json.dumps(sequential(DENSE)).encode(), words


def declared() -> Cases:
    """Kind 14: little that says it is much."""
    for way, more in {
        "declares": {}, "pieces": {"chunks": (1000, 1000), "compression": "gzip"},
        "one piece": {"chunks": (20_000, 20_000), "compression": "gzip"},
    }.items():  # fmt: skip
        data = h5(lambda f, more=more: f.create_dataset("w", (20_000, 20_000), "f4", **more))
        yield from _in_h5(way, data, "pieces" if way == "one piece" else "declares")
    long = h5(lambda f: f.attrs.create("model_config", "x" * 60_000))
    yield "attribute.h5", long, "no JSON"
    yield "attribute.weights.h5", long, "no JSON"


def code(canary: Path) -> Cases:
    """Kind 15: what Keras would run; here it is a box with its name."""
    evil = [
        {"class_name": "Lambda", "config": {"name": "l", "function": ["4wEAAAAA", None, None], "output_shape": "os.system"}},
        {"class_name": "Lambda", "config": {"name": "m", "function": {"class_name": "__lambda__", "config": {"code": "4wEA"}}}},
        {"class_name": "TFOpLambda", "config": {"name": "t", "function": "os.system"}},
        {"module": "os", "class_name": "system", "registered_name": "os>system", "config": {"name": f"touch {canary}"}},
        {"module": "__main__", "class_name": "__class__", "config": {"name": "__reduce__"}},
        {"module": "keras.layers", "class_name": "Dense",
         "config": {"name": "e", "units": 3, "activation": {"module": "os", "class_name": "function", "config": "system"}}},
    ]  # fmt: skip
    model = sequential(DENSE, *evil)
    yield "code.keras", keras(model), ""
    yield "code.json", json.dumps(model).encode(), ""
    yield "code.h5", h5(lambda f: (f.attrs.create("model_config", json.dumps(model)), f.create_dataset("w", data=W))), ""
