"""Groups of ONNX nodes that together are one layer, and those that only make an answer of what a network gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.files.onnx_format.onnx_graph import Constant, Node, Shape
from core.files.saved import Layer

_ANSWERS = frozenset(("ArgMax", "ArgMin", "ZipMap", "TopK", "LabelEncoder", "ArrayFeatureExtractor"))
_BESIDE = _ANSWERS | frozenset(
    ("Cast", "Reshape", "Concat", "Sub", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Greater", "GreaterOrEqual", "Less",
     "Equal", "Not", "Where", "Binarizer", "Normalizer", "Gather")
)  # fmt: skip


@dataclass(frozen=True)
class Flow:
    """What is asked of a graph here: the constant of a name, the nodes that take a value, and the shape of a value."""

    constant: Callable[[str], Constant | None]
    users: Callable[[str], tuple[Node, ...]]
    shape: Callable[[str], Shape | None]
    outputs: frozenset[str]

    def only_user(self, name: str, *ops: str) -> Node | None:
        """Return the one node of these operators that takes a value which is no result, None if there is none."""
        users = self.users(name)
        fits = len(users) == 1 and name not in self.outputs and users[0].op in ops and not users[0].domain
        return users[0] if fits and len(users[0].outputs) >= 1 else None

    def number(self, name: str) -> float | None:
        """Return the one number of a constant, None if it has several or none."""
        got = self.constant(name)
        one = got is not None and got.values is not None and len(got.values) == 1
        return got.values[0] if got is not None and got.values is not None and one else None

    def vector(self, name: str, size: int | None) -> Constant | None:
        """Return a constant with one number for each unit."""
        got = self.constant(name)
        if got is None or len(got.shape) != 1 or size not in (None, got.shape[0]):
            return None
        return got


def answers(layers: list[Layer]) -> int:
    """Return how many of the last layers only make an answer of what the network gives: the likeliest class, its name."""
    count = 0
    while count < len(layers) and layers[-1 - count].attributes.get("class") in _BESIDE:
        count += 1
    tail, before = layers[len(layers) - count :], layers[: len(layers) - count]
    if not any(n.attributes.get("class") in _ANSWERS for n in tail) or not before or not before[-1].steppable:
        return 0
    made = {*before[-1].outputs, *(o for n in tail for o in n.outputs)}
    return count if before[-1].kind != "input" and all(i in made for n in tail for i in n.inputs) else 0


@dataclass(frozen=True)
class Normal:
    """A layer normalisation that is written in small steps; `nodes` are all of them, the last one gives it."""

    gamma: Constant | None
    beta: Constant | None
    epsilon: float
    nodes: tuple[Node, ...]


def spelled_out_norm(flow: Flow, mean: Node, axes: Callable[[Node], tuple[int, ...] | None]) -> Normal | None:
    """Return the layer normalisation that begins with a mean, as PyTorch (up to opset 16) and TensorFlow export it."""
    source, shape = mean.inputs[0], flow.shape(mean.inputs[0])
    last = ((-1,), (len(shape) - 1,) if shape else (-1,))
    if axes(mean) not in last or mean.attributes.get("keepdims", 1) != 1:
        return None
    size = shape[-1] if shape else None
    subs = [n for n in flow.users(mean.outputs[0]) if n.op == "Sub" and n.inputs == (source, mean.outputs[0])]
    if not subs or any(len(n.outputs) != 1 for n in subs):
        return None
    differences = {n.outputs[0] for n in subs}
    squared = next(
        (
            n
            for d in differences
            for n in flow.users(d)
            if (n.op == "Pow" and n.inputs[0] == d and flow.number(n.inputs[1]) == 2) or (n.op == "Mul" and n.inputs == (d, d))
        ),
        None,
    )
    again = flow.only_user(squared.outputs[0], "ReduceMean") if squared is not None else None
    plus = flow.only_user(again.outputs[0], "Add") if again is not None and axes(again) in last else None
    if squared is None or again is None or plus is None or again.attributes.get("keepdims", 1) != 1:
        return None
    epsilon = next((e for n in plus.inputs if (e := flow.number(n)) is not None), None)
    root = flow.only_user(plus.outputs[0], "Sqrt")
    if epsilon is None or root is None:
        return None
    first = (mean, *subs, squared, again, plus, root)
    ending = _divided(flow, first, differences, size) or _scaled(flow, first, source, size)
    if ending is None:
        return None
    gamma, beta, nodes = ending
    found = Normal(gamma, beta, epsilon, (*first, *nodes))
    inside = {id(n) for n in found.nodes}
    given = [n.outputs[0] for n in found.nodes[:-1]]
    closed = all(id(u) in inside for name in given for u in flow.users(name)) and not flow.outputs & set(given)
    return found if closed else None


_Ending = tuple[Constant | None, Constant | None, tuple[Node, ...]]


def _divided(flow: Flow, first: tuple[Node, ...], differences: set[str], size: int | None) -> _Ending | None:
    """d / sqrt(v + e), then times gamma, plus beta."""
    division = flow.only_user(first[-1].outputs[0], "Div")
    if division is None or division.inputs[0] not in differences:
        return None
    nodes: list[Node] = [division]
    found: dict[str, Constant] = {}
    for op in ("Mul", "Add"):
        user = flow.only_user(nodes[-1].outputs[0], op)
        other = next((n for n in user.inputs if n != nodes[-1].outputs[0]), "") if user is not None else ""
        vector = flow.vector(other, size)
        if user is not None and vector is not None:
            nodes.append(user)
            found[op] = vector
    return found.get("Mul"), found.get("Add"), tuple(nodes)


def _scaled(flow: Flow, first: tuple[Node, ...], source: str, size: int | None) -> _Ending | None:
    """TensorFlow's: r = gamma / sqrt(v + e); x · r + (beta − mean · r)."""
    inverse = flow.only_user(first[-1].outputs[0], "Reciprocal")
    rate = flow.only_user(inverse.outputs[0], "Mul") if inverse is not None else None
    if inverse is None or rate is None:
        return None
    gamma = next((v for n in rate.inputs if (v := flow.vector(n, size)) is not None), None)
    r, mean = rate.outputs[0], first[0].outputs[0]
    times = {frozenset(n.inputs): n for n in flow.users(r) if n.op == "Mul"}
    ahead, shift = times.get(frozenset((source, r))), times.get(frozenset((mean, r)))
    if gamma is None or ahead is None or shift is None:
        return None
    less = flow.only_user(shift.outputs[0], "Sub")
    beta = flow.vector(less.inputs[0], size) if less is not None else None
    end = flow.only_user(less.outputs[0], "Add") if less is not None else None
    if less is None or beta is None or end is None or set(end.inputs) != {less.outputs[0], ahead.outputs[0]}:
        return None
    return gamma, beta, (inverse, rate, ahead, shift, less, end)


@dataclass(frozen=True)
class Fixed:
    """A batch normalisation with the statistics of the file that is written in small steps; it begins with nodes[0]."""

    tensors: dict[str, str]
    epsilon: float
    nodes: tuple[Node, ...]


def spelled_out_statistics(flow: Flow, less: Node, makers: Mapping[str, Node]) -> Fixed | None:
    """(x − mean) / sqrt(variance + e), then times gamma, plus beta: as this app writes one."""
    mean = flow.vector(less.inputs[1], None) if len(less.inputs) == 2 else None
    division = flow.only_user(less.outputs[0], "Div") if mean is not None else None
    if mean is None or division is None or division.inputs[0] != less.outputs[0]:
        return None
    root = makers.get(division.inputs[1])
    plus = makers.get(root.inputs[0]) if root is not None and root.op == "Sqrt" else None
    if root is None or plus is None or plus.op != "Add" or len(plus.inputs) != 2:
        return None
    size = mean.shape[0]
    both = ((flow.vector(a, size), flow.number(b)) for a, b in (plus.inputs, plus.inputs[::-1]))
    variance, epsilon = next(((v, e) for v, e in both if v is not None and e is not None), (None, None))
    alone = all(flow.only_user(n.outputs[0], op) is not None for n, op in ((plus, "Sqrt"), (root, "Div")))
    if variance is None or epsilon is None or not alone:
        return None
    tensors, nodes = {"mean": mean.name, "variance": variance.name}, [less, plus, root, division]
    for role, op in (("gamma", "Mul"), ("beta", "Add")):
        user = flow.only_user(nodes[-1].outputs[0], op)
        other = next((n for n in user.inputs if n != nodes[-1].outputs[0]), "") if user is not None else ""
        vector = flow.vector(other, size)
        if user is not None and vector is not None:
            nodes.append(user)
            tensors[role] = vector.name
    return Fixed(tensors, epsilon, tuple(nodes))


def around_batch_norm(flow: Flow, node: Node, axes: Callable[[Node], tuple[int, ...] | None]) -> tuple[Node, Node] | None:
    """Return the batch normalisation after a node and the node that undoes it, None if it is not that.

    PyTorch's exporter puts an axis in before and takes it away after; keras2onnx turned the table around and back.
    """
    norm = flow.only_user(node.outputs[0], "BatchNormalization")
    after = flow.only_user(norm.outputs[0], "Squeeze", "Transpose") if norm is not None else None
    shape = flow.shape(node.inputs[0])
    if norm is None or after is None or norm.inputs[0] != node.outputs[0] or shape is None or len(shape) != 2:
        return None
    scale = flow.constant(norm.inputs[1]) if len(norm.inputs) == 5 else None
    if scale is None or shape[1] not in (None, *scale.shape):
        return None
    if node.op == "Unsqueeze":
        fits = after.op == "Squeeze" and axes(node) == (2,) and axes(after) in ((2,), (-1,))
    else:
        fits = after.op == "Transpose" and all(tuple(n.attributes.get("perm") or (1, 0)) == (1, 0) for n in (node, after))
    return (norm, after) if fits else None
