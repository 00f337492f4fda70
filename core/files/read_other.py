"""Formats of which only the simple part is read — TensorFlow.js, MATLAB 5, GGUF, skops — or that are only recognised.

What cannot be read is answered with how to convert it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np

from core.files import gguf_file, json_safe, mat_file
from core.files.beside import open_beside
from core.files.keras_format import keras_graph, keras_layers
from core.files.keras_format.keras_layers import Weight
from core.files.limits import Limits
from core.files.npy_header import named, npy_header
from core.files.problem import FileProblem, shown
from core.files.saved import ITEM_BYTES, MOST_AXES, MOST_TENSORS, Saved, Tensor, Where, capped
from core.files.sniff import sniff
from core.files.zip_safe import CHECKED, Zip

_HOW = {
    "savedmodel": "it is a TensorFlow SavedModel, whose graph is not read here; load it in Keras and model.save('name.keras')",
    "torchscript": "it is a TorchScript archive, which holds code; torch.jit.load it and torch.save its state_dict()",
    "pt2": "it is an exported PyTorch program, which holds code; torch.save the model's state_dict(), or export it to .onnx",
}


def read(path: Path, limits: Limits) -> Saved:
    """Return what a file holds; raises FileProblem, with how to convert it if it is not read here."""
    format = sniff(path).format
    if format == "mat":
        return mat_file.read(path, limits)
    if format == "gguf":
        return gguf_file.read(path, limits)
    if format == "tfjs":
        return _Js(path, limits).saved()
    if format == "skops":
        return _skops(path, limits)
    raise FileProblem(_HOW.get(format, "it is of a kind that is not read here; save the network as .npz, .safetensors or .onnx"))


def array(path: Path, name: str, rows: tuple[int, int] | None, limits: Limits) -> np.ndarray:
    """Return the numbers of a tensor that cannot be mapped, or some of its rows; raises FileProblem."""
    format = sniff(path).format
    if format == "mat":
        return mat_file.array(path, name, rows, limits)
    if format == "tfjs":
        return _Js(path, limits).numbers(name, rows)
    raise FileProblem(f"the numbers of {shown(name)} are packed in a way that is not read here")


class _Js:
    """A model.json of TensorFlow.js with its shards beside it."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path, self.limits = path, limits
        if path.stat().st_size > limits.header:
            raise FileProblem(f"its description has more than {limits.header} bytes; it cannot be a network")
        self.said: Any = json_safe.loads(path.read_bytes(), "its description")
        self.found: list[tuple[Tensor, list[tuple[str, int]], int]] = []
        """Tensor, its group's shards with their sizes, and where it begins in them put together."""
        manifest: Any = self.said.get("weightsManifest") if isinstance(self.said, Mapping) else None
        if not isinstance(manifest, list):
            raise FileProblem("it is a TensorFlow.js model without a weightsManifest; convert it anew")
        for group in cast("list[Any]", manifest):
            self._group(group)

    def _group(self, group: Any) -> None:
        paths: Any = group.get("paths") if isinstance(group, Mapping) else None
        weights: Any = cast("Mapping[str, Any]", group).get("weights") if isinstance(group, Mapping) else None
        if not isinstance(paths, list) or not isinstance(weights, list) or len(cast("list[Any]", paths)) > 10_000:
            raise FileProblem("its weightsManifest is not in order; convert the model anew")
        shards: list[tuple[str, int]] = []
        for name in cast("list[Any]", paths):
            with open_beside(self.path, str(name)) as file:
                shards.append((str(name), file.seek(0, 2)))
        total, at = sum(n for _, n in shards), 0
        for weight in cast("list[Any]", weights):
            tensor, length = self._weight(weight)
            if len(self.found) >= MOST_TENSORS or any(t.name == tensor.name for t, _, _ in self.found[-1000:]):
                raise FileProblem(f"it holds {shown(tensor.name)} twice, or too many tensors; convert the model anew")
            if at + length > total:
                raise FileProblem(f"the tensor {shown(tensor.name)} lies beyond the end of its shards; copy the files again")
            self.found.append((self._placed(tensor, shards, at, length), shards, at))
            at += length

    def _weight(self, weight: Any) -> tuple[Tensor, int]:
        if not isinstance(weight, Mapping):
            raise FileProblem("its weightsManifest is not in order; convert the model anew")
        got = cast("Mapping[str, Any]", weight)
        name, shape, dtype = got.get("name"), got.get("shape"), got.get("dtype")
        sizes: list[Any] = cast("list[Any]", shape) if isinstance(shape, list) else [None]
        fits = all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in sizes) and len(sizes) <= MOST_AXES
        if not isinstance(name, str) or not fits or not isinstance(dtype, str):
            raise FileProblem("its weightsManifest is not in order; convert the model anew")
        packed = got.get("quantization")
        kept: Any = cast("Mapping[str, Any]", packed).get("dtype") if isinstance(packed, Mapping) else dtype
        if kept not in ITEM_BYTES:
            raise FileProblem(
                f"the tensor {shown(name)} is of type {shown(str(kept))}, which is not read here; convert the model anew"
            )
        length = math.prod(sizes) * ITEM_BYTES[str(kept)]
        written = f"{dtype} packed as {kept}" if packed is not None else dtype
        return Tensor(name, tuple(sizes), written, length, Where("worker")), length

    def _placed(self, tensor: Tensor, shards: list[tuple[str, int]], at: int, length: int) -> Tensor:
        """Return the tensor with where it lies, if it lies in one shard."""
        start = 0
        for name, size in shards:
            if start <= at and at + length <= start + size and tensor.readable:
                return Tensor(tensor.name, tensor.shape, tensor.dtype, length, Where("span", name, at - start, length))
            start += size
        return tensor

    def numbers(self, name: str, rows: tuple[int, int] | None) -> np.ndarray:
        """Return a tensor that lies in more than one shard."""
        for tensor, shards, at in self.found:
            if capped(tensor.name) != name or not tensor.readable:
                continue
            if tensor.bytes > self.limits.array:
                raise FileProblem(f"{shown(name)} has {tensor.bytes} bytes, more than {self.limits.array} at once")
            pieces: list[bytes] = []
            start = 0
            for shard, size in shards:
                low, high = max(at, start), min(at + tensor.bytes, start + size)
                if low < high:
                    with open_beside(self.path, shard) as file:
                        file.seek(low - start)
                        pieces.append(file.read(high - low))
                start += size
            made = np.frombuffer(b"".join(pieces), np.dtype(tensor.dtype).newbyteorder("<")).reshape(tensor.shape)
            return made if rows is None or not made.ndim else made[rows[0] : rows[1]]
        raise FileProblem(f"it has no tensor {shown(name)} that can be read; open it again")

    def saved(self) -> Saved:
        """Return the network; its topology is Keras', or a graph of TensorFlow, which is not read."""
        said = cast("Mapping[str, Any]", self.said)
        topology: Any = said.get("modelTopology")
        model: Any = topology.get("model_config", topology) if isinstance(topology, Mapping) else None
        tensors = tuple(t for t, _, _ in self.found)
        about = {k: v for k in ("format", "generatedBy", "convertedBy") if isinstance(v := said.get(k), str)}
        size = self.path.stat().st_size
        if not keras_graph.is_model(model):
            warning = "its graph is TensorFlow's own, of which only the weights are read here"
            return Saved("TensorFlow.js", str(self.path), size, tensors, (), False, (), about, (warning,))
        entries = keras_graph.entries(cast("Mapping[str, Any]", model))
        weights: dict[str, list[Weight]] = {}
        for entry in entries:
            own = [t for t in tensors if entry.name in t.name.split("/")[:-1]]
            weights[keras_graph.full_name(entry)] = [Weight(t.name, t.name, t.shape) for t in own]
        read = keras_layers.read_layers(entries, weights)
        return Saved(
            "TensorFlow.js", str(self.path), size, tensors, tuple(read.layers), read.complete, tuple(read.assumed), about,
            tuple(read.lacking + read.warnings),
        )  # fmt: skip


def _skops(path: Path, limits: Limits) -> Saved:
    """Return the arrays of a skops archive, named by their place in its schema."""
    with Zip(path, limits) as archive:
        schema: Any = json_safe.loads(archive.read("schema.json", limits.header), "its schema")
        places = _places(schema)
        small = sum(m.size for m in archive.members.values()) <= CHECKED
        tensors: list[Tensor] = []
        for member in archive.names:
            if not member.endswith(".npy"):
                continue
            span = archive.span(member)
            stream = archive.open(member)
            header = npy_header(stream.read, named(places.get(member, member)))
            if small:
                stream.finish()
            length = archive.member(member).size - header.size
            if header.bytes != length and header.item:
                raise FileProblem(f"{named(member)} declares {header.bytes} bytes, but {length} are stored; save it anew")
            plain = header.dtype in ITEM_BYTES and not header.big_endian
            if plain and span is not None:
                where = Where("span", "", span + header.size, length, "", header.order)
            elif plain:
                where = Where("member", "", header.size, length, member, header.order)
            else:
                where = Where("worker")
            dtype = header.dtype if plain else f"{header.dtype}, highest byte first" if header.big_endian else header.dtype
            tensors.append(Tensor(places.get(member, member), header.shape, dtype, length, where))
        kind = str(schema.get("__class__", "")) if isinstance(schema, Mapping) else ""
    warning = "its layers are not read; save the estimator with joblib.dump to have its activations too, or choose them"
    return Saved("skops", str(path), path.stat().st_size, tuple(tensors), (), False, (), {"class": kind}, (warning,))


def _places(schema: Any) -> dict[str, str]:
    """Return, for each member that the schema names, the way to it: coefs_.0."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    waiting: list[tuple[str, Any]] = [("", schema)]
    while waiting and len(found) < MOST_TENSORS:
        way, node = waiting.pop()
        if isinstance(node, Mapping):
            got = cast("Mapping[str, Any]", node)
            file: Any = got.get("file")
            if isinstance(file, str) and file not in found:
                name = way if way and way not in taken else file
                found[file] = name
                taken.add(name)
            content: Any = got.get("content")
            inner: Any = content if "__class__" in got else got
            if isinstance(inner, Mapping) and "__class__" in inner:
                waiting.append((way, inner))
            elif isinstance(inner, Mapping):
                waiting.extend((f"{way}.{k}".lstrip(".") if not str(k).startswith("__") else way, v) for k, v in inner.items())
            elif isinstance(inner, list):
                waiting.extend((f"{way}.{i}".lstrip("."), v) for i, v in enumerate(cast("list[Any]", inner)))
    return found
