"""ONNX nodes that scale or shift each number by one of the file, or by one for each unit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.files.onnx_format.onnx_graph import Node
from core.files.saved import ROLES_OF_STEPS

if TYPE_CHECKING:
    from core.files.onnx_format.onnx_layers import Reader

SIGNS = {"Mul": "*", "Add": "+", "Sub": "-", "Div": "/"}


def scale(reader: Reader, node: Node, flow: int) -> bool:
    """Add the layer if the operand beside the one that flows in is a number or a tensor of the file; return whether it is."""
    sign, name = SIGNS[node.op], node.inputs[1 - flow]
    constant = reader.flow.constant(name)
    if constant is None or len(constant.shape) > max(len(reader.shape_of(node.inputs[flow]) or ()), 2):
        return False
    number = reader.flow.number(name)
    if number is None and (not constant.name or not constant.dtype.startswith(("float", "bfloat"))):
        return False
    if number is not None and not math.isfinite(number):
        return False
    role = ROLES_OF_STEPS[sign]
    tensors = {} if number is not None else {role: constant.name}
    steps = [[sign, role if number is None else reader.kept(number)]]
    ordered = Node(node.name, node.op, "", (node.inputs[flow],), node.outputs, {})
    reader.add(ordered, "scale", "", tensors, {"steps": steps, "turned": flow == 1 and sign in "-/"}, "", reader.shape(ordered))
    return True
