"""The nodes of an ONNX graph as layers, in the order of the data flow. Nothing is computed: shapes are followed, not values.

Operators that the table does not know become closed boxes with their name.
Source: "ONNX Operators" (opset 1 to 24) for attributes, defaults and what changed between opsets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.files.onnx_format.onnx_columns import in_rows
from core.files.onnx_format.onnx_functions import spelled_out
from core.files.onnx_format.onnx_graph import Constant, Graph, Node, Shape, in_order
from core.files.onnx_format.onnx_idioms import Fixed, Flow, answers, spelled_out_statistics
from core.files.onnx_format.onnx_operators import FLOATS, RULES
from core.files.onnx_format.onnx_scale import SIGNS, scale
from core.files.onnx_format.onnx_shapes import SizesRead, shape_nodes
from core.files.problem import bare
from core.files.saved import Layer, LayerKind

MOST_TRIED = 500
"""So often it is tried whether a function begins with a node."""


@dataclass
class Read:
    """The layers; `unknown` are operators of which nothing is known."""

    layers: list[Layer] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)


def read_layers(graph: Graph) -> Read:
    """Return the layers of a graph; raises FileProblem if values are made twice or feed each other in a circle."""
    return Reader(in_rows(graph)).read()


class Reader:
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
        self.nodes: list[Node] = []
        self.places: dict[int, int] = {}
        self.computed: set[str] = set()
        self.normal: dict[int, Fixed] = {}
        self.tried = 0
        self.sizes = SizesRead({}, self._named, self.shapes.get)
        self.flow = Flow(self._named, lambda n: tuple(self.uses.get(n, ())), self.shapes.get, frozenset(graph.outputs))

    def read(self) -> Read:
        """Return the layers."""
        graph = self.graph
        for name, shape in graph.inputs.items():
            self._input(name, shape)
        self.nodes = nodes = in_order(graph)
        self.places = {id(node): i for i, node in enumerate(nodes)}
        for node in nodes:
            for name in node.inputs:
                if name:
                    self.uses.setdefault(name, []).append(node)
        computing = shape_nodes(nodes, self.uses, graph.outputs, self._named)
        self.taken |= computing
        self.computed = {name for node in nodes if id(node) in computing for name in node.outputs}
        makers = {name: node for node in nodes for name in node.outputs if name}
        self.sizes = SizesRead(makers, self._named, self.shape_of)
        for node in nodes:
            found = spelled_out_statistics(self.flow, node, makers) if node.op == "Sub" and not node.domain else None
            if found is not None:
                self.normal[id(node)] = found
                self.taken |= {id(n) for n in found.nodes[1:]}
        for node in nodes:
            if not node.domain and node.outputs and self.first(node) in self.constants and self._passes(node):
                self.taken.add(id(node))
        for node in nodes:
            if id(node) not in self.taken:
                self._node(node)
        self._leave_out_answers()
        return self.made

    def _named(self, name: str) -> Constant | None:
        got = self.constants.get(name)
        return got[0] if got is not None and not got[1] else None

    def _leave_out_answers(self) -> None:
        """Leave out what only makes an answer (the likeliest class, its name) of what the network gives."""
        count = answers(self.made.layers)
        if count:
            ops = [str(n.attributes.get("class")) for n in self.made.layers[-count:]]
            del self.made.layers[-count:]
            self.made.unknown = [n for n in self.made.unknown if n not in ops]
            said = ", ".join(dict.fromkeys(ops))
            self.made.assumed.append(f"what only makes an answer of the network's numbers is left out ({said})")

    def _input(self, name: str, shape: Shape | None) -> None:
        attributes: dict[str, Any] = {}
        if shape is not None:
            attributes["shape"] = list(shape[1:])
            if shape and shape[0] is not None:
                attributes["samples"] = shape[0]
                if shape[0] != 1:
                    self.made.assumed.append(
                        f"the batch size {shape[0]} is fixed in the file; any number of samples is taken here"
                    )
            shape = (None, *shape[1:])
        if name in self.graph.types:
            attributes["dtype"] = self.graph.types[name]
        self.shapes[name] = shape
        self.made.layers.append(Layer("input", self._unique(name), (), (name,), "", {}, attributes))

    def _node(self, node: Node) -> None:
        own = node.domain in ("", "ai.onnx")
        gives = bool(node.outputs and node.outputs[0])
        if own and gives and self._passes(node):
            return
        if id(node) in self.normal:
            self._normalised(node, self.normal[id(node)])
            return
        rule = RULES.get(node.op) if own and gives else None
        flows = self._flows(node)
        # x · sigmoid(x) begins with an operator of its own.
        joined = node.op == "Sigmoid" and len(self.uses.get(node.inputs[0] if node.inputs else "", ())) > 1
        if own and gives and (rule is None or joined) and self._spelled_out(node):
            return
        if rule is not None and flows == [0]:
            rule(self, node)
        elif node.op in SIGNS and own and gives and len(flows) == 1 and len(node.inputs) == 2 and scale(self, node, flows[0]):
            pass
        elif node.op == "Add" and own and len(flows) == 1 and len(node.inputs) == 2:
            self.box(node, "it adds a tensor of the file that belongs to no matrix product")
        elif own and node.op in ("Add", "Gemm", "MatMul"):
            self.box(node, f"it joins or multiplies values in a way that cannot be stepped yet ({node.op})")
        else:
            if not own:
                self.made.unknown.append(node.op)
            foreign = f"it is an operator of {bare(node.domain)}, not of ONNX"
            self.box(node, f"{node.op} cannot be stepped yet" if own else foreign)

    def _spelled_out(self, node: Node) -> bool:
        """Add a function that the graph spells out in small operations; return whether it begins with this node."""
        self.tried += 1
        if self.tried > MOST_TRIED:
            return False
        found = spelled_out(self.nodes, self.places[id(node)], self.flow.number, self.flow.users, self.graph.outputs)
        if found is None:
            return False
        self.taken.update(id(n) for n in found.nodes)
        name = next(n for n in node.inputs if n and n not in self.constants)
        whole = Node(node.name, node.op, "", (name,), found.nodes[-1].outputs, {})
        self.add(whole, "activation", found.name, {}, found.settings, "", self.shape(whole))
        return True

    def _normalised(self, node: Node, found: Fixed) -> None:
        shape = self.shape(node)
        why = f"its values have {len(shape)} axes" if shape is not None and len(shape) != 2 else ""
        attributes = {"epsilon": self.kept(found.epsilon), "axis": 1}
        self.add(node, "batch_norm", "", found.tensors, attributes, why, shape, found.nodes[-1].outputs[0])

    def _passes(self, node: Node) -> bool:
        """Note what only renames or turns a tensor of the file; return whether the node was that."""
        source = self.first(node)
        if node.op == "Identity":
            if source in self.constants:
                self.constants[node.outputs[0]] = self.constants[source]
                return True
            if node.outputs and node.outputs[0] not in self.graph.outputs and source:
                self.same[node.outputs[0]] = source
                self.shapes[node.outputs[0]] = self.shapes.get(source)
                return True
        if node.op == "Cast" and node.outputs and source in self.shapes and node.attributes.get("to") in FLOATS:
            self.same[node.outputs[0]] = source
            self.shapes[node.outputs[0]] = self.shapes.get(source)
            return source not in self.constants and node.outputs[0] not in self.graph.outputs
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

    def first(self, node: Node) -> str:
        """Return what flows in first, with renamings followed."""
        return self.source(node.inputs[0]) if node.inputs else ""

    def only_user(self, node: Node) -> Node | None:
        """Return the node that alone takes what this one gives, None if others do or it is a result."""
        users = self.uses.get(node.outputs[0], [])
        return users[0] if len(users) == 1 and node.outputs[0] not in self.graph.outputs and users[0].outputs else None

    def batch(self) -> int | None:
        """Return the number of samples that the file fixes, None if it is open."""
        return next((n.attributes.get("samples") for n in self.made.layers if n.kind == "input"), None)

    def _flows(self, node: Node) -> list[int]:
        return [i for i, n in enumerate(node.inputs) if n and n not in self.constants and n not in self.computed]

    def constant(self, node: Node, place: int) -> tuple[Constant, bool] | None:
        """Return the tensor at a place of a node's inputs and whether it is taken transposed; None if there is none."""
        return self.constants.get(node.inputs[place]) if place < len(node.inputs) and node.inputs[place] else None

    def numbers(self, node: Node, place: int) -> tuple[float, ...] | None:
        """Return the numbers of a short tensor at a place of a node's inputs."""
        got = self.constant(node, place)
        return None if got is None else got[0].values

    def number(self, node: Node, name: str, default: float) -> float:
        """Return an attribute that is a number; ONNX keeps those in 32 bits, defaults too."""
        value: Any = node.attributes.get(name)
        return self.kept(value if isinstance(value, float) else float(np.float32(default)))

    def kept(self, number: float) -> float:
        """Return a number as the file has it, or the shortest that means it where all numbers are of 32 bits."""
        return number if self.graph.exact else float(str(np.float32(number)))

    def shape(self, node: Node) -> Shape | None:
        """Return the shape of what flows into a node, None if it is unknown."""
        return self.shapes.get(self.first(node))

    def shape_of(self, name: str) -> Shape | None:
        """Return the shape of a value, with renamings followed; None if it is unknown."""
        return self.shapes.get(self.source(name))

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
            Layer(kind, name, (self.first(node),), (output,), activation, tensors or {}, settings, not why, why)
        )

    def box(self, node: Node, why: str) -> None:
        """Add a layer that cannot be stepped."""
        roles = {1: "weight", 2: "bias"} if node.op in ("Conv", "ConvTranspose", "Gemm", "MatMul") else {}
        tensors: dict[str, str] = {}
        for i, name in enumerate(node.inputs):
            # A constant that is a plain number is no tensor, and has no name.
            if name in self.constants and self.constants[name][0].name:
                tensors[roles.get(i, f"input {i + 1}")] = self.constants[name][0].name
        flows = tuple(self.source(n) for n in node.inputs if n and n not in self.constants)
        outputs = tuple(n for n in node.outputs if n)
        plain = {k: v for k, v in node.attributes.items() if v is not None}
        for output in outputs:
            stated = self.graph.shapes.get(output)
            self.shapes[output] = stated and (None, *stated[1:])
        name = self._unique(node.name or (outputs[0] if outputs else node.op))
        self.made.layers.append(Layer("box", name, flows, outputs, "", tensors, {**plain, "class": node.op}, False, why))
