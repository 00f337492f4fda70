"""ONNX graphs. The graph is parsed by the onnx package, which runs nothing; weights in other files are found by ourselves.

Raw numbers are mapped where they lie, in the file or in one beside it; only what is written as a list of numbers within the
message is loaded when it is looked at.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from core.files.beside import open_beside
from core.files.held import held
from core.files.limits import Limits
from core.files.onnx_format import onnx_layers, onnx_wire
from core.files.onnx_format.onnx_graph import Constant, Graph, Node
from core.files.onnx_format.onnx_ml import KEPT, tensors_of, text_of
from core.files.problem import FileProblem, shown
from core.files.saved import ITEM_BYTES, MOST_AXES, MOST_LAYERS, MOST_TENSORS, Saved, Tensor, Where, capped

NEEDS = ("onnx", "onnx.numpy_helper", "ml_dtypes")
_MOST_SHORT = 64
_LONGEST_SHOWN = 200
_TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "text", 9: "bool", 10: "float16",
    11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16", 17: "float8e4m3fn",
    18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4e2m1", 24: "float8e8m0",
    25: "uint2", 26: "int2",
}  # fmt: skip
"""Numbers of onnx.TensorProto.DataType."""
_EXTERNAL, _DOUBLE = 1, 11


def read(path: Path, limits: Limits) -> Saved:
    """Return the graph and the tensors of an ONNX file; raises FileProblem."""
    return _File(path, limits).saved()


def array(path: Path, name: str, rows: tuple[int, int] | None, limits: Limits) -> np.ndarray:
    """Return the numbers of a tensor that is written as a list in the message, or some of its rows; raises FileProblem."""
    from onnx import numpy_helper

    file, tensors = held(path, lambda: _named(_File(path, limits)))
    if name not in tensors:
        raise FileProblem(f"it has no tensor {shown(name)} any more; open it again")
    tensor = tensors[name]
    if tensor.data_location == _EXTERNAL or file.tensor(name, tensor, None).dtype not in ITEM_BYTES:
        raise FileProblem(f"{shown(name)} holds no numbers that can be read here")
    made = numpy_helper.to_array(tensor)
    return made if rows is None or not made.ndim else made[rows[0] : rows[1]]


def _named(file: _File) -> tuple[_File, dict[str, Any]]:
    """Return a file with its tensors by name, the first where a name is cut to that of another."""
    tensors: dict[str, Any] = {}
    for name, tensor, _ in file.tensors():
        tensors.setdefault(capped(name), tensor)
    return file, tensors


class _File:
    """One parsed file."""

    def __init__(self, path: Path, limits: Limits) -> None:
        import onnx
        from google.protobuf.message import DecodeError

        self.path, self.limits = path, limits
        self.size = path.stat().st_size
        if self.size > limits.unpacked:
            raise FileProblem(
                f"it is an ONNX file of {self.size} bytes, more than {limits.unpacked} are read; save it with its weights "
                "beside it (onnx.save with save_as_external_data=True)"
            )
        if not self.size:
            raise FileProblem("it is empty (0 bytes); download or save it again")
        self.spans = onnx_wire.spans(path)
        try:
            self.model: Any = onnx.load_model_from_string(path.read_bytes())
        except (DecodeError, ValueError, UnicodeError):
            raise FileProblem("it is no ONNX file, or is cut short, damaged or nested too deep; export it again") from None
        self.graph: Any = self.model.graph
        if not len(self.graph.node) and not len(self.graph.initializer):
            raise FileProblem("it is an ONNX file without a graph in it; export the network anew")
        if len(self.graph.node) > MOST_LAYERS or len(self.graph.initializer) > MOST_TENSORS:
            raise FileProblem(
                f"it has {len(self.graph.node)} nodes, more than {MOST_LAYERS}; it cannot be a network to step through"
            )
        self.sidecars: dict[str, int] = {}

    def tensors(self) -> list[tuple[str, Any, onnx_wire.Key]]:
        """Return name, message and key of all tensors: initialisers and Constant nodes."""
        found: list[tuple[str, Any, onnx_wire.Key]] = [
            (text_of(t.name), t, ("initializer", i, 0)) for i, t in enumerate(self.graph.initializer)
        ]
        for i, node in enumerate(self.graph.node):
            if node.op_type == "Constant" and len(node.output) == 1:
                found.extend(
                    (text_of(node.output[0]), a.t, ("node", i, j)) for j, a in enumerate(node.attribute) if a.name == "value"
                )
        for i, node in enumerate(self.graph.node):
            if (node.domain, node.op_type) in KEPT:
                found.extend((t.name, t, ("linear", i, 0)) for t in tensors_of(node))
        names: set[str] = set()
        for name, _, _ in found:
            if name in names:
                raise FileProblem(f"it gives the tensor {shown(name)} twice, so it is unclear which counts; export it anew")
            names.add(name)
        return found

    def tensor(self, name: str, tensor: Any, key: onnx_wire.Key | None) -> Tensor:
        """Return a tensor after comparing what it declares with what is stored; raises FileProblem."""
        shape, dtype = tuple(int(n) for n in tensor.dims), _TYPES.get(tensor.data_type, f"type {tensor.data_type}")
        if len(shape) > MOST_AXES or any(n < 0 for n in shape):
            raise FileProblem(f"the tensor {shown(name)} has the shape {shape}, which there is not; export it anew")
        item = ITEM_BYTES.get(dtype)
        if tensor.data_location == _EXTERNAL:
            return self._external(name, tensor, shape, dtype)
        raw = len(tensor.raw_data)
        if item is None:
            return Tensor(name, shape, dtype, raw, Where("worker"))
        count = math.prod(shape)
        if tensor.HasField("raw_data"):
            if raw != count * item:
                raise _short(name, count * item, raw)
            span = self.spans.get(key) if key is not None else None
            if span is not None and span[1] == raw:
                return Tensor(name, shape, dtype, raw, Where("span", "", *span))
            return Tensor(name, shape, dtype, raw, Where("worker"))
        listed = {"float32": tensor.float_data, "complex64": tensor.float_data, "float64": tensor.double_data,
                  "complex128": tensor.double_data, "int64": tensor.int64_data, "uint32": tensor.uint64_data,
                  "uint64": tensor.uint64_data}.get(dtype, tensor.int32_data)  # fmt: skip
        stored = len(listed) // (2 if dtype.startswith("complex") else 1)
        if stored != count:
            raise _short(name, count * item, stored * item)
        return Tensor(name, shape, dtype, count * item, Where("worker"))

    def _external(self, name: str, tensor: Any, shape: tuple[int, ...], dtype: str) -> Tensor:
        """Return a tensor whose numbers lie in a file beside this one: by its bare name, no link, and of the exact length."""
        said = {text_of(e.key): text_of(e.value) for e in tensor.external_data}
        place = said.get("location", "")
        if place not in self.sidecars:
            with open_beside(self.path, place) as file:
                self.sidecars[place] = file.seek(0, 2)
        try:
            offset = _whole(said.get("offset", "0"))
            length = _whole(said.get("length") or str(self.sidecars[place] - offset))
        except ValueError:
            raise FileProblem(f"{shown(name)} says no whole numbers for its place in {shown(place)}; export it anew") from None
        declared = math.prod(shape) * ITEM_BYTES.get(dtype, 0)
        if dtype in ITEM_BYTES and length != declared:
            raise _short(name, declared, length)
        if offset + length > self.sidecars[place]:
            raise FileProblem(
                f"{shown(name)} lies beyond the end of {shown(place)} ({offset + length} of {self.sidecars[place]} bytes); "
                "one of the two files is cut short, copy them again"
            )
        return Tensor(name, shape, dtype, length, Where("span", place, offset, length))

    def saved(self) -> Saved:
        """Return all that is known of the file."""
        listed = self.tensors()
        tensors = [self.tensor(name, tensor, key) for name, tensor, key in listed]
        constants = {
            t.name: Constant(t.name, t.shape, t.dtype, self._few(t, m)) for t, (_, m, _) in zip(tensors, listed, strict=True)
        }
        nodes, more = self._nodes(constants)
        constants |= more
        opset = next((int(o.version) for o in self.model.opset_import if o.domain in ("", "ai.onnx")), 1)
        inputs = {n: _shape(i) for i in self.graph.input if (n := text_of(i.name)) not in constants}
        types = {text_of(i.name): t for i in self.graph.input if (t := _TYPES.get(i.type.tensor_type.elem_type)) is not None}
        stated = {text_of(v.name): s for v in (*self.graph.value_info, *self.graph.output) if (s := _shape(v)) is not None}
        outputs = [text_of(o.name) for o in self.graph.output]
        exact = any(t.dtype == "float64" for t in tensors) or any(
            i.type.tensor_type.elem_type == _DOUBLE for i in self.graph.input
        )
        read = onnx_layers.read_layers(Graph(nodes, constants, inputs, outputs, opset, exact, stated, types))
        warnings: list[str] = []
        if len(self.graph.sparse_initializer):
            warnings.append(f"{len(self.graph.sparse_initializer)} of its tensors are sparse and are not shown")
        if len(self.model.functions):
            warnings.append(f"{len(self.model.functions)} functions of its own are not looked into")
        made = {n for node in nodes for n in node.outputs} | set(inputs) | set(constants)
        missing = [n for node in nodes for n in node.inputs if n and n not in made]
        if missing:
            warnings.append(f"{shown(missing[0])} flows into a node, but nothing makes it")
        known = not read.unknown and not missing and not len(self.graph.sparse_initializer)
        return Saved(
            "ONNX", str(self.path), self.size, tuple(tensors), tuple(read.layers), known and bool(read.layers),
            tuple(dict.fromkeys(read.assumed)), self._about(opset, inputs, outputs), tuple(warnings),
        )  # fmt: skip

    def _few(self, tensor: Tensor, message: Any) -> tuple[float, ...] | None:
        """Return the numbers of a tensor that can say how (axes, sizes, a rate)."""
        if tensor.count > _MOST_SHORT or tensor.dtype not in ITEM_BYTES or message.data_location == _EXTERNAL:
            return None
        from onnx import numpy_helper

        got = numpy_helper.to_array(message).reshape(-1)
        if got.dtype.kind in "biu":
            return tuple(int(v) for v in got)
        return (float(got[0]),) if got.dtype.kind == "f" and got.size == 1 else None

    def _nodes(self, constants: dict[str, Constant]) -> tuple[list[Node], dict[str, Constant]]:
        """Return the nodes without those that only give a constant, and the constants that are no tensors."""
        nodes: list[Node] = []
        more: dict[str, Constant] = {}
        for node in self.graph.node:
            outputs = tuple(text_of(n) for n in node.output)
            if node.op_type == "Constant" and len(outputs) == 1 and outputs[0] in constants:
                continue
            attributes = {text_of(a.name): _attribute(a) for a in node.attribute}
            if node.op_type == "Constant" and len(outputs) == 1 and len(attributes) == 1:
                value: Any = next(iter(attributes.values()))
                if isinstance(value, (int, float)):
                    more[outputs[0]] = Constant("", (), "int64" if isinstance(value, int) else "float32", (value,))
                    continue
                if isinstance(value, tuple) and all(isinstance(v, int) for v in value):
                    more[outputs[0]] = Constant("", (len(value),), "int64", value)
                    continue
            inputs, domain = tuple(text_of(n) for n in node.input), text_of(node.domain)
            if (node.domain, node.op_type) in KEPT:
                inputs, domain = (*inputs[:1], *(t.name for t in tensors_of(node))), ""
            nodes.append(Node(text_of(node.name), text_of(node.op_type), domain, inputs, outputs, attributes))
        return nodes, more

    def _about(self, opset: int, inputs: Any, outputs: Any) -> dict[str, str]:
        model = self.model
        about = {
            "producer": f"{text_of(model.producer_name)} {text_of(model.producer_version)}".strip(), "opset": str(opset),
            "IR version": str(model.ir_version), "domain": text_of(model.domain), "graph": text_of(self.graph.name),
            "description": "\n".join(t for t in (text_of(model.doc_string), text_of(self.graph.doc_string)) if t),
            "inputs": ", ".join(inputs), "outputs": ", ".join(outputs),
            "weights beside it": ", ".join(self.sidecars),
        }  # fmt: skip
        about |= {text_of(p.key): text_of(p.value) for p in model.metadata_props}
        return {k: v for k, v in about.items() if v}


def _attribute(a: Any) -> Any:
    """Return an attribute as a plain value, None if it is a tensor or a graph."""
    kind = int(a.type)
    if kind == 1:
        return float(a.f)
    if kind == 2:
        return int(a.i)
    if kind == 3:
        return a.s.decode("utf-8", "replace")[:_LONGEST_SHOWN]
    if kind == 6:
        return tuple(float(v) for v in a.floats[:_LONGEST_SHOWN])
    if kind == 7:
        return tuple(int(v) for v in a.ints[:_LONGEST_SHOWN])
    return None


def _shape(value: Any) -> tuple[int | None, ...] | None:
    """Return the shape that the file states of a value, None if it states none."""
    kind = value.type.tensor_type
    if not value.type.HasField("tensor_type") or not kind.HasField("shape"):
        return None
    return tuple(int(d.dim_value) if d.HasField("dim_value") and d.dim_value >= 0 else None for d in kind.shape.dim[:MOST_AXES])


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ValueError(text)
    return int(text)


def _short(name: str, declared: int, stored: int) -> FileProblem:
    return FileProblem(
        f"the tensor {shown(name)} declares {declared} bytes, but {stored} are stored; the file is damaged, export it anew"
    )
