"""The nodes of an ONNX graph as layers, in the order of the data flow. Nothing is computed: shapes are followed, not values.

Operators that the table does not know become closed boxes with their name.
Source: "ONNX Operators" (opset 1 to 24) for attributes, defaults and what changed between opsets.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from core.files.onnx_graph import Constant, Graph, Node, Shape, in_order
from core.files.problem import shown
from core.files.saved import Layer, LayerKind


@dataclass
class Read:
    """The layers; `unknown` are operators of which nothing is known."""

    layers: list[Layer] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)


def read_layers(graph: Graph) -> Read:
    """Return the layers of a graph; raises FileProblem if values are made twice or feed each other in a circle."""
    return _Reader(graph).read()


class _Reader:
    """Follows the flow through the nodes."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.made = Read()
        self.constants: dict[str, tuple[Constant, bool]] = {n: (c, False) for n, c in graph.constants.items()}
        self.same: dict[str, str] = {}
        self.shapes: dict[str, Shape | None] = {}
        self.uses: dict[str, list[Node]] = {}
        self.taken: set[int] = set()
        self.names: dict[str, int] = {}

    def read(self) -> Read:
        """Return the layers."""
        graph = self.graph
        for name, shape in graph.inputs.items():
            self._input(name, shape)
        nodes = in_order(graph)
        for node in nodes:
            for name in node.inputs:
                if name:
                    self.uses.setdefault(name, []).append(node)
        for node in nodes:
            if not node.domain and node.outputs and self._first(node) in self.constants and self._passes(node):
                self.taken.add(id(node))
        for node in nodes:
            if id(node) not in self.taken:
                self._node(node)
        return self.made

    def _input(self, name: str, shape: Shape | None) -> None:
        attributes: dict[str, Any] = {}
        if shape is not None:
            attributes["shape"] = list(shape[1:])
            if shape and shape[0] is not None:
                attributes["batch"] = shape[0]
                if shape[0] != 1:
                    self.made.assumed.append(
                        f"the batch size {shape[0]} is fixed in the file; any number of samples is taken here"
                    )
            shape = (None, *shape[1:])
        self.shapes[name] = shape
        self.made.layers.append(Layer("input", self._unique(name), (), (name,), "", {}, attributes))

    def _node(self, node: Node) -> None:
        own = node.domain in ("", "ai.onnx")
        gives = bool(node.outputs and node.outputs[0])
        if own and gives and self._passes(node):
            return
        rule = _RULES.get(node.op) if own and gives else None
        if rule is not None and self._flows(node) == [0]:
            rule(self, node)
        elif rule is not None and node.op in ("Add", "Gemm", "MatMul"):
            self._box(node, f"it joins or multiplies values in a way that cannot be stepped yet ({node.op})")
        else:
            if not own:
                self.made.unknown.append(node.op)
            foreign = f"it is an operator of {node.domain}, not of ONNX" if not own else f"{node.op} cannot be stepped yet"
            self._box(node, foreign)

    def _passes(self, node: Node) -> bool:
        """Note what only renames or turns a tensor of the file; return whether the node was that."""
        source = self._first(node)
        if node.op == "Identity":
            if source in self.constants:
                self.constants[node.outputs[0]] = self.constants[source]
                return True
            if node.outputs and node.outputs[0] not in self.graph.outputs and source:
                self.same[node.outputs[0]] = source
                self.shapes[node.outputs[0]] = self.shapes.get(source)
                return True
        if node.op == "Transpose" and source in self.constants:
            constant, turned = self.constants[source]
            if len(constant.shape) == 2 and tuple(node.attributes.get("perm") or (1, 0)) == (1, 0):
                self.constants[node.outputs[0]] = (constant, not turned)
                return True
        return False

    def source(self, name: str) -> str:
        """Return the value that a name stands for, with renamings followed."""
        seen = 0
        while name in self.same and seen <= len(self.same):
            name, seen = self.same[name], seen + 1
        return name

    def _first(self, node: Node) -> str:
        return self.source(node.inputs[0]) if node.inputs else ""

    def _flows(self, node: Node) -> list[int]:
        return [i for i, n in enumerate(node.inputs) if n and n not in self.constants]

    def constant(self, node: Node, place: int) -> tuple[Constant, bool] | None:
        """Return the tensor at a place of a node's inputs and whether it is taken transposed; None if there is none."""
        return self.constants.get(node.inputs[place]) if place < len(node.inputs) and node.inputs[place] else None

    def numbers(self, node: Node, place: int) -> tuple[float, ...] | None:
        """Return the numbers of a short tensor at a place of a node's inputs."""
        got = self.constant(node, place)
        return None if got is None else got[0].values

    def number(self, node: Node, name: str, default: float) -> float:
        """Return an attribute that is a number; ONNX keeps those in 32 bits, defaults too."""
        value: Any = node.attributes.get(name, default)
        kept = np.float32(value if isinstance(value, float) else default)
        return float(kept) if self.graph.exact else float(str(kept))

    def shape(self, node: Node) -> Shape | None:
        """Return the shape of what flows into a node, None if it is unknown."""
        return self.shapes.get(self._first(node))

    def _unique(self, name: str) -> str:
        count = self.names.get(name, 0)
        self.names[name] = count + 1
        return f"{name} ({count + 1})" if count else name

    def add(
        self, node: Node, kind: LayerKind, activation: str = "", tensors: Mapping[str, str] | None = None,
        attributes: Mapping[str, Any] | None = None, why: str = "", shape: Shape | None = None, output: str = "",
    ) -> None:  # fmt: skip
        """Add a layer that takes the first input of a node; `shape` is that of what it gives."""
        name = self._unique(node.name or output or (node.outputs[0] if node.outputs else node.op))
        output = output or node.outputs[0]
        stated = self.graph.shapes.get(output)
        self.shapes[output] = shape if shape is not None else stated and (None, *stated[1:])
        settings = {**(attributes or {}), "class": node.op}
        self.made.layers.append(
            Layer(kind, name, (self._first(node),), (output,), activation, tensors or {}, settings, not why, why)
        )

    def _box(self, node: Node, why: str) -> None:
        roles = {1: "weight", 2: "bias"} if node.op in ("Conv", "ConvTranspose", "Gemm", "MatMul") else {}
        tensors: dict[str, str] = {}
        for i, name in enumerate(node.inputs):
            if name in self.constants:
                tensors[roles.get(i, f"input {i + 1}")] = self.constants[name][0].name
        flows = tuple(self.source(n) for n in node.inputs if n and n not in self.constants)
        outputs = tuple(n for n in node.outputs if n)
        plain = {k: v for k, v in node.attributes.items() if v is not None}
        for output in outputs:
            stated = self.graph.shapes.get(output)
            self.shapes[output] = stated and (None, *stated[1:])
        name = self._unique(node.name or (outputs[0] if outputs else node.op))
        self.made.layers.append(Layer("box", name, flows, outputs, "", tensors, {**plain, "class": node.op}, False, why))

    # --- operators ---------------------------------------------------------------------------------------------------------

    def gemm(self, node: Node) -> None:
        """alpha · A @ B + beta · C, with A or B transposed."""
        got, bias = self.constant(node, 1), self.constant(node, 2)
        a = node.attributes
        odd = [
            f"{k} = {a[k]:g}"
            for k in ("alpha", "beta")
            if isinstance(a.get(k), float) and a[k] != 1 and (k == "alpha" or bias is not None)
        ]
        if got is None or len(got[0].shape) != 2 or a.get("transA") or odd:
            reason = ", ".join(odd) or "its first operand is turned, or its second no matrix"
            self._box(node, f"it is a Gemm that cannot be stepped ({reason})")
            return
        turned = got[1] != bool(a.get("transB"))
        if not _is_bias(bias, got[0], turned):
            self._box(node, "its third operand is no bias of one number for each unit")
            return
        self._dense(node, got[0], turned, bias, node.outputs[0])

    def matmul(self, node: Node) -> None:
        """X @ W; a bias that is added right after belongs to it."""
        got = self.constant(node, 1)
        if got is None or len(got[0].shape) != 2:
            self._box(node, "it multiplies by something else than a matrix of the file")
            return
        output, add = node.outputs[0], self._only_user(node)
        if add is not None and add.op == "Add" and not add.domain and len(add.inputs) == 2 and add.outputs[0]:
            other = next((n for n in add.inputs if n != output), "")
            bias = self.constants.get(other)
            if bias is not None and _is_bias(bias, got[0], got[1]):
                self.taken.add(id(add))
                self._dense(node, got[0], got[1], bias, add.outputs[0])
                return
        self._dense(node, got[0], got[1], None, output)

    def _dense(self, node: Node, weight: Constant, turned: bool, bias: tuple[Constant, bool] | None, output: str) -> None:
        units, fed = (weight.shape[0], weight.shape[1]) if turned else (weight.shape[1], weight.shape[0])
        tensors = {"weight": weight.name} | ({"bias": bias[0].name} if bias is not None else {})
        shape = self.shape(node)
        why = ""
        if shape and shape[-1] is not None and shape[-1] != fed:
            why = f"its weight takes {fed} numbers of a sample, but {shape[-1]} flow in"
        if weight.dtype not in ("float16", "bfloat16", "float32", "float64"):
            why = f"its weight is of type {weight.dtype}"
        after = (*shape[:-1], units) if shape else (None, units)
        attributes = {"orientation": "out,in" if turned else "in,out"}
        self.add(node, "dense", "", tensors, attributes, why, after, output)

    def add_bias(self, node: Node) -> None:
        """An Add that belongs to no MatMul."""
        self._box(node, "it adds a tensor of the file that belongs to no matrix product")

    def activation(self, node: Node) -> None:
        """A function of each number by itself."""
        name, settings = _ACTIVATIONS[node.op]
        attributes: dict[str, Any] = {ours: self.number(node, theirs, default) for theirs, (ours, default) in settings.items()}
        if node.op == "Gelu":
            attributes["approximate"] = str(node.attributes.get("approximate", "none"))
            why = "" if attributes["approximate"] == "tanh" else "it is the exact gelu with erf, which NumPy does not have"
        else:
            why = ""
        self.add(node, "activation", name, {}, attributes, why, self.shape(node))

    def softmax(self, node: Node) -> None:
        """Softmax or LogSoftmax: before opset 13 over all axes from `axis` (1 if not said) on, since then over one (the last)."""
        shape, since = self.shape(node), self.graph.opset >= 13
        axis = node.attributes.get("axis", -1 if since else 1)
        rank = len(shape) if shape else None
        last = axis == -1 or (rank is not None and axis == rank - 1)
        why = "" if last else f"it is a softmax over axis {axis}, which is not the last"
        if rank is None and axis == 1:
            why = ""
            self.made.assumed.append(
                f"what flows into {shown(node.name or node.op)} is taken to have two axes, samples and units"
            )
        name = "softmax" if node.op == "Softmax" else "log_softmax"
        self.add(node, "softmax", name, {}, {"axis": -1 if not why else axis}, why, shape)

    def dropout(self, node: Node) -> None:
        """Identity outside of training. The ratio is an attribute before opset 12, an input since."""
        ratio = self.numbers(node, 1)
        rate = float(ratio[0]) if ratio else float(node.attributes.get("ratio", 0.5) or 0.0)
        training = self.numbers(node, 2)
        if training and training[0] and rate:
            self._box(node, "it draws a random mask, in a way that the file does not say")
            return
        self.add(node, "dropout", "", {}, {"rate": rate}, "", self.shape(node))

    def batch_norm(self, node: Node) -> None:
        """With the statistics in the file. ONNX's momentum is the share that is kept."""
        got = [self.constant(node, i) for i in range(1, 5)]
        if node.attributes.get("training_mode") or any(g is None or len(g[0].shape) != 1 for g in got):
            self._box(node, "it is batch normalization without statistics in the file")
            return
        roles = ("gamma", "beta", "mean", "variance")
        tensors = {r: cast("tuple[Constant, bool]", g)[0].name for r, g in zip(roles, got, strict=True)}
        shape = self.shape(node)
        why = f"its values have {len(shape)} axes" if shape is not None and len(shape) != 2 else ""
        attributes = {
            "epsilon": self.number(node, "epsilon", 1e-5), "momentum": 1 - self.number(node, "momentum", 0.9), "axis": 1,
        }  # fmt: skip
        self.add(node, "batch_norm", "", tensors, attributes, why, shape)

    def layer_norm(self, node: Node) -> None:
        """Over the last axis."""
        scale, bias, shape = self.constant(node, 1), self.constant(node, 2), self.shape(node)
        axis = node.attributes.get("axis", -1)
        if scale is None:
            self._box(node, "its scale is not a tensor of the file")
            return
        last = axis == -1 or (shape is not None and axis == len(shape) - 1)
        why = "" if last and len(scale[0].shape) == 1 else f"it is normalized over axis {axis} and those after it"
        tensors = {"gamma": scale[0].name} | ({"beta": bias[0].name} if bias is not None else {})
        self.add(node, "layer_norm", "", tensors, {"epsilon": self.number(node, "epsilon", 1e-5), "axis": axis}, why, shape)

    def flatten(self, node: Node) -> None:
        """All axes but the first become one."""
        axis, shape = node.attributes.get("axis", 1), self.shape(node)
        only_one = axis == 0 and self._batch() == 1
        why = (
            ""
            if axis == 1 or only_one or (shape and axis == 1 - len(shape))
            else f"it flattens from axis {axis} on, samples included"
        )
        self.add(node, "flatten", "", {}, {}, why, (None, _product(shape[1:]) if shape else None))

    def _batch(self) -> int | None:
        """Return the number of samples that the file fixes, None if it is open."""
        return next((n.attributes.get("batch") for n in self.made.layers if n.kind == "input"), None)

    def reshape(self, node: Node) -> None:
        """To sizes written in the file: 0 keeps an axis, −1 is what is left."""
        sizes: Any = self.numbers(node, 1) if len(node.inputs) > 1 else node.attributes.get("shape")
        shape = self.shape(node)
        if not sizes or len(sizes) < 2:
            self._box(node, "the sizes to which it reshapes are not whole numbers of the file with one for the samples")
            return
        wanted: list[int | None] = [int(n) for n in sizes]
        for i, n in enumerate(wanted):
            if n == 0 and not node.attributes.get("allowzero") and i:
                wanted[i] = shape[i] if shape and i < len(shape) else None
        batch = self._batch()
        inner = wanted[1:]
        keeps = wanted[0] in (0, batch) or (wanted[0] == -1 and None not in inner and -1 not in inner)
        total = _product(shape[1:]) if shape else None
        if keeps and inner.count(-1) == 1 and None not in inner and total is not None:
            rest = math.prod(n for n in inner if n is not None and n != -1)
            inner = [(total // rest if rest else 0) if n == -1 else n for n in inner]
        if wanted[0] == -1 and total is not None and _product(tuple(inner)) not in (None, total):
            keeps = False
        if not keeps or None in inner:
            self._box(node, f"it reshapes to {list(sizes)}, which mixes the samples or leaves an axis open")
            return
        after: Shape = (None, *(None if n == -1 else n for n in inner))
        if len(inner) == 1:
            self.add(node, "flatten", "", {}, {}, "", after)
        else:
            self.add(node, "reshape", "", {}, {"shape": inner}, "", after)

    def _around_batch_norm(self, node: Node) -> bool:
        """Leave out an axis that PyTorch's exporter puts in before a batch normalization, and takes away after it."""
        norm = self._only_user(node)
        after = self._only_user(norm) if norm is not None and norm.op == "BatchNormalization" else None
        if norm is None or after is None or after.op != "Squeeze" or norm.inputs[0] != node.outputs[0]:
            return False
        axes: Any = self.numbers(after, 1) if len(after.inputs) > 1 else after.attributes.get("axes")
        if not axes or tuple(axes) not in ((2,), (-1,)) or self.constant(norm, 1) is None:
            return False
        self.taken.update((id(norm), id(after)))
        self.batch_norm(Node(norm.name, norm.op, norm.domain, (node.inputs[0], *norm.inputs[1:]), after.outputs, norm.attributes))
        return True

    def _only_user(self, node: Node) -> Node | None:
        """Return the node that alone takes what this one gives, None if others do or it is a result."""
        users = self.uses.get(node.outputs[0], [])
        return users[0] if len(users) == 1 and node.outputs[0] not in self.graph.outputs and users[0].outputs else None

    def squeeze(self, node: Node) -> None:
        """Squeeze and Unsqueeze of a known shape: a reshape. The axes are an attribute before opset 13, an input since."""
        shape = self.shape(node)
        axes: Any = self.numbers(node, 1) if len(node.inputs) > 1 else node.attributes.get("axes")
        if not shape or None in shape[1:] or not axes:
            self._box(node, "the shape that it changes is not known")
            return
        if node.op == "Unsqueeze" and len(shape) == 2 and tuple(axes) == (2,) and self._around_batch_norm(node):
            return
        rank = len(shape) + (len(axes) if node.op == "Unsqueeze" else 0)
        places = sorted({int(a) % rank for a in axes})
        if 0 in places or (node.op == "Squeeze" and any(shape[p] != 1 for p in places)):
            self._box(node, "it changes the axis of the samples")
            return
        sizes = list(shape)
        if node.op == "Squeeze":
            sizes = [n for i, n in enumerate(sizes) if i not in places]
        else:
            for p in places:
                sizes.insert(p, 1)
        if len(sizes) < 2:
            self._box(node, "it leaves no axis but that of the samples")
            return
        self.add(node, "reshape", "", {}, {"shape": sizes[1:]}, "", tuple(sizes))


_ACTIVATIONS: Mapping[str, tuple[str, Mapping[str, tuple[str, Any]]]] = {
    "Relu": ("relu", {}), "Sigmoid": ("sigmoid", {}), "Tanh": ("tanh", {}), "Softplus": ("softplus", {}), "Gelu": ("gelu", {}),
    "LeakyRelu": ("leaky_relu", {"alpha": ("slope", 0.01)}), "Elu": ("elu", {"alpha": ("alpha", 1.0)}),
    "Identity": ("identity", {}),
}  # fmt: skip
_RULES: Mapping[str, Callable[[_Reader, Node], None]] = {
    **dict.fromkeys(_ACTIVATIONS, _Reader.activation),
    "Gemm": _Reader.gemm, "MatMul": _Reader.matmul, "Add": _Reader.add_bias, "Softmax": _Reader.softmax,
    "LogSoftmax": _Reader.softmax, "Dropout": _Reader.dropout, "BatchNormalization": _Reader.batch_norm,
    "LayerNormalization": _Reader.layer_norm, "Flatten": _Reader.flatten, "Reshape": _Reader.reshape,
    "Squeeze": _Reader.squeeze, "Unsqueeze": _Reader.squeeze,
}  # fmt: skip


def _product(sizes: Shape) -> int | None:
    whole = [n for n in sizes if n is not None and n >= 0]
    return math.prod(whole) if len(whole) == len(sizes) else None


def _is_bias(bias: tuple[Constant, bool] | None, weight: Constant, turned: bool) -> bool:
    """Tell whether a tensor, if there is one, has one number for each unit of a weight."""
    if bias is None:
        return True
    units, shape = weight.shape[0 if turned else 1], bias[0].shape
    return shape in ((units,), (1, units)) and not (bias[1] and len(shape) == 2)
