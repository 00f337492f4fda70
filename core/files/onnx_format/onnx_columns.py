"""A graph of W @ X + b, whose samples are columns, as the same network with its samples in rows; others stay as they are.

What is read afterwards knows rows alone. A product is turned by (W X)ᵀ = Xᵀ Wᵀ; what works on each number is the same both ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from core.files.onnx_format.onnx_functions import BY_ITSELF
from core.files.onnx_format.onnx_graph import Graph, Node, Shape

_SOFTMAX = ("Softmax", "LogSoftmax")
_PLAIN = (*BY_ITSELF, "Dropout")
_SINCE = 13
"""The version of the operators since which a softmax runs along one axis."""


def in_rows(graph: Graph) -> Graph:
    """Return a graph whose samples are rows: the one given, unless every operator in it is one of samples in columns."""
    flows = [name for name, shape in graph.inputs.items() if shape is not None and len(shape) == 2]
    if len(flows) != 1 or len(graph.inputs) != 1:
        return graph
    shapes = {name: c.shape for name, c in graph.constants.items()}
    turning = _Turning(set(flows), shapes)
    products = False
    for node in graph.nodes:
        if node.domain or not node.outputs:
            return graph
        if not turning.of_constants(node):
            turned = turning.turned(node, graph.opset)
            if turned is None:
                return graph
            products = products or turned.op in ("MatMul", "Gemm")
            turning.nodes.append(turned)
            turning.flows.update(turned.outputs)
    if not products:
        return graph
    return replace(
        graph, nodes=turning.nodes, inputs={name: _swapped(shape) for name, shape in graph.inputs.items()},
        shapes={name: s[::-1] for name, s in graph.shapes.items() if len(s) == 2},
    )  # fmt: skip


@dataclass
class _Turning:
    """The nodes as they are turned one after the other; `shapes` are those of tensors of the file."""

    flows: set[str]
    shapes: dict[str, tuple[int, ...]]
    nodes: list[Node] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    def of_constants(self, node: Node) -> bool:
        """Keep a node that only renames or turns a tensor of the file; return whether it was that."""
        shape = self.shapes.get(node.inputs[0]) if node.inputs else None
        if shape is None or node.op not in ("Identity", "Transpose"):
            return False
        self.shapes[node.outputs[0]] = shape if node.op == "Identity" else shape[::-1]
        self.nodes.append(node)
        return True

    def turned(self, node: Node, opset: int) -> Node | None:
        """Return a node with its samples in rows, None if it is not one of samples in columns."""
        inputs = node.inputs
        if node.op == "MatMul" and self._is_product(inputs):
            return replace(node, inputs=(inputs[1], self._turn(inputs[0])))
        if node.op == "Gemm" and self._is_product(inputs[:2]) and not node.attributes.get("transB"):
            bias = self._beside(inputs[2:])
            sides = {"transA": 0, "transB": int(not node.attributes.get("transA"))}
            return None if bias is None else replace(
                node, inputs=(inputs[1], inputs[0], *bias), attributes={**node.attributes, **sides}
            )  # fmt: skip
        if node.op in _SOFTMAX and opset >= _SINCE and node.attributes.get("axis", -1) in (0, -2):
            return replace(node, attributes={**node.attributes, "axis": -1})
        if node.op in _PLAIN:
            operands = self._beside(inputs)
            return None if operands is None else replace(node, inputs=operands)
        return None

    def _is_product(self, inputs: Sequence[str]) -> bool:
        return len(inputs) == 2 and len(self.shapes.get(inputs[0], ())) == 2 and inputs[1] in self.flows

    def _beside(self, inputs: Sequence[str]) -> tuple[str, ...] | None:
        """Return operands of which each number meets one of the same place; None if a tensor has not one number a unit."""
        found: list[str] = []
        for name in inputs:
            shape = self.shapes.get(name)
            if shape is None or all(n == 1 for n in shape):
                found.append(name)
            elif len(shape) == 2 and shape[1] == 1:
                found.append(self._turn(name))
            else:
                return None
        return tuple(found)

    def _turn(self, name: str) -> str:
        """Return the name of a tensor of the file turned."""
        if name not in self.names:
            free = f"{name}/turned"
            while free in self.shapes or free in self.flows:
                free += "_"
            self.names[name] = free
            self.shapes[free] = self.shapes[name][::-1]
            self.nodes.append(Node("", "Transpose", "", (name,), (free,), {}))
        return self.names[name]


def _swapped(shape: Shape | None) -> Shape | None:
    return None if shape is None else shape[::-1]
