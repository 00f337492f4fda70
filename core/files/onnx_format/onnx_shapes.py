"""Sizes that an ONNX graph computes from its own shapes, as PyTorch exports `x.view(x.size(0), -1)`: followed, not computed.

Source: "ONNX Operators", Shape, Gather, Concat, Slice, Squeeze, Unsqueeze.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from core.files.onnx_format.onnx_graph import Constant, Node, Shape

BATCH = "batch"
Size = int | Literal["batch"] | None
"""A whole number, the number of samples, or what is not known."""
Sizes = tuple[Size, ...]

_SAME = frozenset(("Unsqueeze", "Squeeze", "Cast", "Identity", "Reshape"))
_TWO: dict[str, Callable[[int, int], int]] = {
    "Add": operator.add, "Sub": operator.sub, "Mul": operator.mul, "Div": operator.floordiv, "Mod": operator.mod
}  # fmt: skip
_FAMILY = _SAME | frozenset((*_TWO, "Shape", "Gather", "Concat", "Slice"))
_WHOLE = ("int64", "int32")
_DEEPEST = 12
_MOST_STEPS = 20_000
_LONGEST = 64


def shape_nodes(
    nodes: Sequence[Node], uses: Mapping[str, Sequence[Node]], outputs: Sequence[str], constant: Callable[[str], Constant | None]
) -> set[int]:  # fmt: skip
    """Return the ids of nodes that only compute to what size something is reshaped; `nodes` are in the order of the flow."""
    found: dict[int, Node] = {}
    made: set[str] = set()
    for node in nodes:
        whole = node.inputs and all(n in made or _is_whole(constant(n)) for n in node.inputs if n)
        if not node.domain and node.op in _FAMILY and (node.op == "Shape" or whole):
            found[id(node)] = node
            made.update(node.outputs)
    ends = set(outputs)
    # What takes a value comes after what makes it, so one way back is enough.
    for key, node in reversed(list(found.items())):
        users = [(u, name) for name in node.outputs for u in uses.get(name, ())]
        good = all(id(u) in found or (u.op == "Reshape" and u.inputs[1:2] == (name,)) for u, name in users)
        if not users or not good or ends & set(node.outputs):
            del found[key]
    return set(found)


def _is_whole(constant: Constant | None) -> bool:
    return constant is not None and constant.values is not None and constant.dtype in _WHOLE


class SizesRead:
    """Follows one value back to the shapes and constants that it is made of."""

    def __init__(
        self, makers: Mapping[str, Node], constant: Callable[[str], Constant | None], shape: Callable[[str], Shape | None]
    ) -> None:
        self._makers, self._constant, self._shape = makers, constant, shape
        self._left = _MOST_STEPS

    def of(self, name: str, depth: int = 0) -> Sizes | None:
        """Return the numbers of a short list, None if how many there are is not known."""
        constant = self._constant(name)
        if constant is not None:
            return None if constant.values is None else tuple(int(v) for v in constant.values)
        node = self._makers.get(name)
        self._left -= 1
        if node is None or depth > _DEEPEST or not node.inputs or self._left < 0:
            return None
        if node.op == "Shape":
            return self._of_shape(node)
        if node.op == "Gather":
            return self._gathered(node, depth)
        if node.op in _SAME:
            return self.of(node.inputs[0], depth + 1)
        if node.op in _TWO:
            return self._counted(node, depth)
        if node.op == "Concat":
            parts = [self.of(n, depth + 1) for n in node.inputs[:_LONGEST]]
            return None if None in parts else tuple(s for p in parts for s in p or ())
        return self._sliced(node, depth) if node.op == "Slice" else None

    def _of_shape(self, node: Node) -> Sizes | None:
        shape = self._shape(node.inputs[0])
        if shape is None:
            return None
        sizes: Sizes = (BATCH, *shape[1:])
        return sizes[node.attributes.get("start") or 0 : node.attributes.get("end")]

    def _counted(self, node: Node, depth: int) -> Sizes | None:
        got = [self.of(n, depth + 1) for n in node.inputs[:2]]
        one = [n for g in got if g is not None and len(g) == 1 for n in g if isinstance(n, int)]
        if len(one) != 2 or max(map(abs, one)) > 2**53 or (one[1] == 0 and node.op in ("Div", "Mod")):
            return None
        return (_TWO[node.op](*one),)

    def _gathered(self, node: Node, depth: int) -> Sizes | None:
        source, chosen = (*node.inputs, "", "")[:2]
        places, maker = self.of(chosen, depth + 1), self._makers.get(source)
        if places == (0,) and maker is not None and maker.op == "Shape" and not maker.attributes.get("start"):
            return (BATCH,)
        data = self.of(source, depth + 1)
        if data is None or places is None:
            return None
        return tuple(data[p] if isinstance(p, int) and -len(data) <= p < len(data) else None for p in places)

    def _sliced(self, node: Node, depth: int) -> Sizes | None:
        data = self.of(node.inputs[0], depth + 1)
        if len(node.inputs) == 1:
            ends: list[Sizes | None] = [node.attributes.get(k) for k in ("starts", "ends")]
        else:
            ends = [self.of(n, depth + 1) for n in node.inputs[1:5]]
        one: list[int] = []
        for end in ends:
            whole = [n for n in end or () if isinstance(n, int)]
            if len(whole) != 1:
                return None
            one += whole
        # What follows are the axes, of which a list has one, and the step.
        if data is None or len(one) < 2 or one[2:] not in ([], [0], [0, 1]):
            return None
        return data[one[0] : one[1]]
