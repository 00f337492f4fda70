"""What each ONNX operator is as a layer. An operator that is not listed at the end is a closed box.

Source: "ONNX Operators" (opset 1 to 24) for attributes, defaults and what changed between opsets.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from core.files.onnx_format.onnx_functions import ACTIVATIONS, activation
from core.files.onnx_format.onnx_graph import Constant, Node, Shape
from core.files.onnx_format.onnx_idioms import around_batch_norm, spelled_out_norm
from core.files.onnx_format.onnx_shapes import BATCH
from core.files.problem import shown

if TYPE_CHECKING:
    from core.files.onnx_format.onnx_layers import Reader

FLOATS = (1, 11)
"""Numbers of onnx.TensorProto.DataType that hold any number of a file: float32 and float64."""


def gemm(reader: Reader, node: Node) -> None:
    """alpha · A @ B + beta · C, with A or B transposed."""
    got, bias = reader.constant(node, 1), reader.constant(node, 2)
    a = node.attributes
    said = {"product_times": reader.number(node, "alpha", 1.0), "bias_times": reader.number(node, "beta", 1.0)}
    times = {k: v for k, v in said.items() if v != 1 and (k == "product_times" or bias is not None)}
    finite = all(map(math.isfinite, times.values()))
    if got is None or len(got[0].shape) != 2 or a.get("transA") or not finite:
        reason = "its first operand is turned, or its second no matrix" if finite else "its alpha or beta is no finite number"
        reader.box(node, f"it is a Gemm that cannot be stepped ({reason})")
        return
    turned = got[1] != bool(a.get("transB"))
    if not _is_bias(bias, got[0], turned):
        reader.box(node, "its third operand is no bias of one number for each unit")
        return
    _dense(reader, node, got[0], turned, bias, node.outputs[0], times=times)


def matmul(reader: Reader, node: Node) -> None:
    """X @ W; a bias that is added right after belongs to it."""
    got = reader.constant(node, 1)
    if got is None or len(got[0].shape) != 2:
        reader.box(node, "it multiplies by something else than a matrix of the file")
        return
    output, add = node.outputs[0], reader.only_user(node)
    if add is not None and add.op == "Add" and not add.domain and len(add.inputs) == 2 and add.outputs[0]:
        other = next((n for n in add.inputs if n != output), "")
        bias = reader.constants.get(other)
        if bias is not None and _is_bias(bias, got[0], got[1]):
            reader.taken.add(id(add))
            _dense(reader, node, got[0], got[1], bias, add.outputs[0])
            return
    _dense(reader, node, got[0], got[1], None, output)


def _dense(
    reader: Reader, node: Node, weight: Constant, turned: bool, bias: tuple[Constant, bool] | None, output: str, after: str = "",
    times: Mapping[str, float] | None = None,
) -> None:  # fmt: skip
    units, fed = (weight.shape[0], weight.shape[1]) if turned else (weight.shape[1], weight.shape[0])
    tensors = {"weight": weight.name} | ({"bias": bias[0].name} if bias is not None else {})
    shape = reader.shape(node)
    why = ""
    if shape and shape[-1] is not None and shape[-1] != fed:
        why = f"its weight takes {fed} numbers of a sample, but {shape[-1]} flow in"
    if weight.dtype not in ("float16", "bfloat16", "float32", "float64"):
        why = f"its weight is of type {weight.dtype}"
    given = (*shape[:-1], units) if shape else (None, units)
    attributes = {"orientation": "out,in" if turned else "in,out"} | dict(times or {})
    reader.add(node, "dense", after, tensors, attributes, why, given, output)


def linear(reader: Reader, node: Node) -> None:
    """A linear model of ai.onnx.ml: scores of all classes from coefficients that are attributes."""
    got, bias = reader.constant(node, 1), reader.constant(node, 2)
    after = {"NONE": "", "LOGISTIC": "sigmoid", "SOFTMAX": "softmax"}.get(str(node.attributes.get("post_transform", "NONE")))
    classes = max((len(v) for k, v in node.attributes.items() if k.startswith("classlabels") and v), default=0)
    output = node.outputs[-1] if node.op == "LinearRegressor" or len(node.outputs) == 2 else ""
    if got is None or after is None or not output or (classes and classes != got[0].shape[0]):
        reader.box(node, f"it is a {node.op} of a kind that cannot be stepped")
        return
    _dense(reader, node, got[0], True, bias, output, after)


def scaler(reader: Reader, node: Node) -> None:
    """(x − offset) · scale of ai.onnx.ml, from numbers that are attributes: one of each, or one for each unit."""
    offset, factor = reader.constant(node, 1), reader.constant(node, 2)
    if offset is None or factor is None:
        reader.box(node, "its offset or its scale is not in the file")
        return
    tensors = {"term": offset[0].name, "factor": factor[0].name}
    reader.add(node, "scale", "", tensors, {"steps": [["-", "term"], ["*", "factor"]]}, "", reader.shape(node))


def softmax(reader: Reader, node: Node) -> None:
    """Softmax or LogSoftmax: before opset 13 over all axes from `axis` (1 if not said) on, since then over one (the last)."""
    shape, since = reader.shape(node), reader.graph.opset >= 13
    axis = node.attributes.get("axis", -1 if since else 1)
    rank = len(shape) if shape else None
    last = axis == -1 or (rank is not None and axis == rank - 1)
    why = "" if last else f"it is a softmax over axis {axis}, which is not the last"
    if rank is None and axis == 1:
        why = ""
        reader.made.assumed.append(f"what flows into {shown(node.name or node.op)} is taken to have two axes, samples and units")
    name = "softmax" if node.op == "Softmax" else "log_softmax"
    reader.add(node, "softmax", name, {}, {"axis": -1 if not why else axis}, why, shape)


def dropout(reader: Reader, node: Node) -> None:
    """Identity outside of training. The ratio is an attribute before opset 12, an input since."""
    ratio = reader.numbers(node, 1)
    rate = float(ratio[0]) if ratio else float(node.attributes.get("ratio", 0.5) or 0.0)
    training = reader.numbers(node, 2)
    if training and training[0] and rate:
        reader.box(node, "it draws a random mask, in a way that the file does not say")
        return
    reader.add(node, "dropout", "", {}, {"rate": rate}, "", reader.shape(node))


def batch_norm(reader: Reader, node: Node) -> None:
    """With the statistics in the file. ONNX's momentum is the share that is kept."""
    got = [reader.constant(node, i) for i in range(1, 5)]
    roles = ("gamma", "beta", "mean", "variance")
    tensors = {r: g[0].name for r, g in zip(roles, got, strict=True) if g is not None and len(g[0].shape) == 1}
    if node.attributes.get("training_mode") or len(tensors) < len(roles):
        reader.box(node, "it is batch normalization without statistics in the file")
        return
    shape = reader.shape(node)
    why = f"its values have {len(shape)} axes" if shape is not None and len(shape) != 2 else ""
    attributes = {
        "epsilon": reader.number(node, "epsilon", 1e-5), "momentum": 1 - reader.number(node, "momentum", 0.9), "axis": 1,
        "population": True,
    }  # fmt: skip
    reader.add(node, "batch_norm", "", tensors, attributes, why, shape)


def layer_norm(reader: Reader, node: Node) -> None:
    """Over the last axis."""
    scale, bias, shape = reader.constant(node, 1), reader.constant(node, 2), reader.shape(node)
    axis = node.attributes.get("axis", -1)
    if scale is None:
        reader.box(node, "its scale is not a tensor of the file")
        return
    last = axis == -1 or (shape is not None and axis == len(shape) - 1)
    why = "" if last and len(scale[0].shape) == 1 else f"it is normalized over axis {axis} and those after it"
    tensors = {"gamma": scale[0].name} | ({"beta": bias[0].name} if bias is not None else {})
    reader.add(node, "layer_norm", "", tensors, {"epsilon": reader.number(node, "epsilon", 1e-5), "axis": axis}, why, shape)


def mean(reader: Reader, node: Node) -> None:
    """A mean with which a layer normalisation begins that is written in small steps."""
    found = spelled_out_norm(reader.flow, node, lambda n: _axes(reader, n))
    if found is None:
        reader.box(node, f"{node.op} cannot be stepped yet")
        return
    reader.taken.update(id(n) for n in found.nodes)
    tensors = {r: c.name for r, c in (("gamma", found.gamma), ("beta", found.beta)) if c is not None}
    attributes = {"epsilon": reader.kept(found.epsilon), "axis": -1}
    reader.add(node, "layer_norm", "", tensors, attributes, "", reader.shape(node), found.nodes[-1].outputs[0])


def cast(reader: Reader, node: Node) -> None:
    """To other numbers of the same value: the type is that of the parameters here."""
    if node.attributes.get("to") in FLOATS:
        reader.add(node, "activation", "identity", {}, {}, "", reader.shape(node))
    else:
        reader.box(node, "it changes the numbers to another type")


def transpose(reader: Reader, node: Node) -> None:
    """Around a batch normalisation of a table, which keras2onnx turned around and back; or of axes of one number alone."""
    shape, turn = reader.shape(node), node.attributes.get("perm")
    if shape and turn and sorted(turn) == list(range(len(shape))) and None not in shape[1:] and len(shape) > 2:
        moved = [n for n in turn if n and shape[n] != 1]
        if turn[0] == 0 and moved == sorted(moved):
            sizes = [n for p in turn[1:] if (n := shape[p]) is not None]
            reader.add(node, "reshape", "", {}, {"shape": sizes}, "", (None, *sizes))
            return
    if not _around_batch_norm(reader, node):
        reader.box(node, f"{node.op} cannot be stepped yet")
        return
    reader.made.assumed.append(
        "a table is turned around before a batch normalisation and back after it, which does not fit its statistics; "
        "it is read as one over the units"
    )


def _around_batch_norm(reader: Reader, node: Node) -> bool:
    """Leave out what an exporter puts in before a batch normalization, and takes away after it."""
    found = around_batch_norm(reader.flow, node, lambda n: _axes(reader, n))
    if found is None:
        return False
    norm, after = found
    reader.taken.update((id(norm), id(after)))
    batch_norm(reader, Node(norm.name, norm.op, norm.domain, (node.inputs[0], *norm.inputs[1:]), after.outputs, norm.attributes))
    return True


def _axes(reader: Reader, node: Node) -> tuple[int, ...] | None:
    """Return the axes that a node works along: an attribute in older operators, an input since."""
    found: Any = reader.numbers(node, 1) if len(node.inputs) > 1 else node.attributes.get("axes")
    return tuple(int(n) for n in found) if found else None


def flatten(reader: Reader, node: Node) -> None:
    """All axes but the first become one."""
    axis, shape = node.attributes.get("axis", 1), reader.shape(node)
    fits = axis == 1 or (axis == 0 and reader.batch() == 1) or (shape and axis == 1 - len(shape))
    why = "" if fits else f"it flattens from axis {axis} on, samples included"
    reader.add(node, "flatten", "", {}, {}, why, (None, _product(shape[1:]) if shape else None))


def reshape(reader: Reader, node: Node) -> None:
    """To sizes written in the file: 0 keeps an axis, −1 is what is left."""
    sizes: Any = reader.sizes.of(node.inputs[1]) if len(node.inputs) > 1 else node.attributes.get("shape")
    shape = reader.shape(node)
    if sizes and sizes[0] == BATCH:
        sizes = (0, *sizes[1:])
    if not sizes or len(sizes) < 2 or not all(isinstance(n, int) for n in sizes):
        reader.box(node, "the sizes to which it reshapes are not whole numbers of the file with one for the samples")
        return
    wanted: list[int | None] = [int(n) for n in sizes]
    for i, n in enumerate(wanted):
        if n == 0 and not node.attributes.get("allowzero") and i:
            wanted[i] = shape[i] if shape and i < len(shape) else None
    batch = reader.batch()
    inner = wanted[1:]
    keeps = wanted[0] in (0, batch) or (wanted[0] == -1 and None not in inner and -1 not in inner)
    total = _product(shape[1:]) if shape else None
    if keeps and inner.count(-1) == 1 and None not in inner and total is not None:
        rest = math.prod(n for n in inner if n is not None and n != -1)
        inner = [(total // rest if rest else 0) if n == -1 else n for n in inner]
    if wanted[0] == -1 and total is not None and _product(tuple(inner)) not in (None, total):
        keeps = False
    if not keeps or None in inner:
        reader.box(node, f"it reshapes to {list(sizes)}, which mixes the samples or leaves an axis open")
        return
    after: Shape = (None, *(None if n == -1 else n for n in inner))
    if len(inner) == 1:
        reader.add(node, "flatten", "", {}, {}, "", after)
    else:
        reader.add(node, "reshape", "", {}, {"shape": inner}, "", after)


def squeeze(reader: Reader, node: Node) -> None:
    """Squeeze and Unsqueeze of a known shape: a reshape. The axes are an attribute before opset 13, an input since."""
    shape = reader.shape(node)
    axes = _axes(reader, node)
    if not shape or None in shape[1:] or not axes:
        reader.box(node, "the shape that it changes is not known")
        return
    if node.op == "Unsqueeze" and _around_batch_norm(reader, node):
        return
    rank = len(shape) + (len(axes) if node.op == "Unsqueeze" else 0)
    places = sorted({int(a) % rank for a in axes})
    if 0 in places or (node.op == "Squeeze" and any(shape[p] != 1 for p in places)):
        reader.box(node, "it changes the axis of the samples")
        return
    sizes = list(shape)
    if node.op == "Squeeze":
        sizes = [n for i, n in enumerate(sizes) if i not in places]
    else:
        for p in places:
            sizes.insert(p, 1)
    if len(sizes) < 2:
        reader.box(node, "it leaves no axis but that of the samples")
        return
    reader.add(node, "reshape", "", {}, {"shape": sizes[1:]}, "", tuple(sizes))


RULES: Mapping[str, Callable[[Reader, Node], None]] = {
    **dict.fromkeys(ACTIVATIONS, activation),
    "LinearClassifier": linear, "LinearRegressor": linear, "Scaler": scaler, "Gemm": gemm, "MatMul": matmul, "Softmax": softmax,
    "LogSoftmax": softmax, "Dropout": dropout, "BatchNormalization": batch_norm, "LayerNormalization": layer_norm,
    "ReduceMean": mean, "Flatten": flatten, "Reshape": reshape, "Squeeze": squeeze, "Unsqueeze": squeeze,
    "Transpose": transpose, "Cast": cast,
}  # fmt: skip


def _product(sizes: Shape) -> int | None:
    whole = [n for n in sizes if n is not None and n >= 0]
    return math.prod(whole) if len(whole) == len(sizes) else None


def _is_bias(bias: tuple[Constant, bool] | None, weight: Constant, turned: bool) -> bool:
    """Tell whether a tensor, if there is one, has one number for each unit of a weight."""
    if bias is None:
        return True
    units, shape = weight.shape[0 if turned else 1], bias[0].shape
    return (shape in ((units,), (1, units)) and not (bias[1] and len(shape) == 2)) or (bias[1] and shape == (units, 1))
