"""A saved network as a tree: its layers in order, below each its tensors, and at the end those that belong to no layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QCoreApplication

from core.files.inference.infer import Inferred
from core.files.saved import ROLES, Layer, Saved, Tensor
from core.steppable.build import Choices
from stepper.models.saved_words import LONGEST_NAME, cut, kind_text, role_text, sentence, shape_text, sizes_text

NodeKind = Literal["layer", "tensor", "there", "title", "why"]
TOP = -1
translate = QCoreApplication.translate


@dataclass(slots=True)
class Node:
    """One line of the tree; its place in the list of nodes is its number, which rows and parents are given by.

    `text` is what a tensor is in its layer or else why it is in none, the words of a title, or why a layer is closed.
    `origin` says who decided the function of a layer, if the file does not: `assumed` or `chosen`.
    `rows` are the children that are shown, `at` is the place among those of its parent, −1 if it is not shown.
    """

    kind: NodeKind
    parent: int = TOP
    layer: Layer | None = None
    tensor: Tensor | None = None
    text: str = ""
    origin: str = ""
    unstepped: bool = False
    children: Sequence[int] = ()
    rows: Sequence[int] = ()
    at: int = -1
    sought: str = ""


def _origins(layers: Sequence[Layer], inferred: Inferred | None, choices: Choices) -> list[str]:
    """Return who decided the function of each layer, '' where the file says it or there is none."""
    if inferred is None:
        return [""] * len(layers)
    asked = {q.key for q in inferred.questions}
    last = max((n for n, layer in enumerate(layers) if layer.kind == "dense"), default=len(layers))
    found: list[str] = []
    for n, layer in enumerate(layers):
        key = "output_activation" if n >= last else "activation"
        decided = "chosen" if getattr(choices, key) else "assumed"
        found.append(decided if layer.activation and key in asked else "")
    return found


def _first_role(entry: tuple[str, str]) -> int:
    """The weight first, whatever the order of the file; what has another role comes after those that are known."""
    return ROLES.index(entry[0]) if entry[0] in ROLES else len(ROLES)


class Nodes:
    """The lines of a file; `tops` are those that stand at the left."""

    def __init__(self, saved: Saved, layers: Sequence[Layer], inferred: Inferred | None, choices: Choices) -> None:
        self.shapes = {t.name: t.shape for t in saved.tensors}
        self.list: list[Node] = []
        self.tops: list[int] = []
        self.of: dict[str, int] = {}
        """Where each tensor is first."""
        self.total = len(saved.tensors)
        self._under: dict[int, list[int]] = {}
        self._tensors = {t.name: t for t in saved.tensors}
        stopped = False
        origins = _origins(layers, inferred, choices)
        extras = {} if inferred is None else inferred.extras
        for layer, origin in zip(layers, origins, strict=True):
            top = self._top(Node("layer", layer=layer, unstepped=stopped, origin=origin))
            if not layer.steppable:
                stopped = True
                self._below(top, Node("why", text=sentence(layer.why) or translate("saved", "It cannot be stepped")))
            for role, name in sorted(layer.tensors.items(), key=_first_role):
                if name in self._tensors:
                    self._tensor(top, self._tensors[name], role_text(role))
        loose = [t for t in saved.tensors if t.name not in self.of]
        if loose:
            of_none = translate("saved", "Tensors of no layer ({n})") if self.tops else translate("saved", "Tensors ({n})")
            top = self._top(Node("title", text=of_none.format(n=f"{len(loose):,}")))
            for tensor in loose:
                why = extras.get(tensor.name)
                self._tensor(top, tensor, cut(why, LONGEST_NAME) if why else "")
        self._own = len(self.list)

    def add_there(self, tensors: list[Tensor]) -> None:
        """Put tensors that only the other file has at the end, in place of those that were there."""
        del self.list[self._own :]
        self.tops = [n for n in self.tops if n < self._own]
        if tensors:
            top = self._top(Node("title", text=translate("saved", "Only in the other file ({n})").format(n=f"{len(tensors):,}")))
            for tensor in tensors:
                self._below(top, Node("there", tensor=tensor))

    def sought(self, number: int) -> str:
        """Return what a line can be found by, in small letters."""
        node = self.list[number]
        if not node.sought:
            node.sought = self._words(node).casefold()
        return node.sought

    def _words(self, node: Node) -> str:
        layer, tensor = node.layer, node.tensor
        if tensor is not None:
            above = self.list[node.parent].layer
            kind = "" if above is None else f"{above.kind.replace('_', ' ')} {kind_text(above)}"
            shape = shape_text(tensor.shape)
            return f"{cut(tensor.name, 256)} {node.text} {kind} {shape} {shape.replace('×', 'x')} {cut(tensor.dtype, 16)}"
        if layer is not None:
            closed = "" if layer.steppable else translate("saved", "closed")
            sizes = sizes_text(layer, self.shapes)
            return f"{cut(layer.name, 256)} {layer.kind.replace('_', ' ')} {kind_text(layer)} {sizes} {closed}"
        return node.text if node.kind == "title" else ""

    def _top(self, node: Node) -> int:
        self.tops.append(len(self.list))
        node.children = self._under[len(self.list)] = []
        self.list.append(node)
        return len(self.list) - 1

    def _below(self, parent: int, node: Node) -> None:
        node.parent = parent
        self._under[parent].append(len(self.list))
        self.list.append(node)

    def _tensor(self, parent: int, tensor: Tensor, text: str) -> None:
        self.of.setdefault(tensor.name, len(self.list))
        self._below(parent, Node("tensor", tensor=tensor, text=text))
