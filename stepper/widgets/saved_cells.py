"""What stands in each column of the tree of a saved network, how it is written, and what it is sorted by."""

from __future__ import annotations

import math
from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication

from core.costs import memory_text
from core.files.looks.looks import Look, Match
from core.files.problem import shown
from core.files.saved import Tensor
from stepper.models.mark_signs import ORDER, WARNING
from stepper.models.saved_columns import Column
from stepper.models.saved_nodes import Node, Nodes
from stepper.models.saved_words import CLOSED, cut, kind_text, shape_text, sizes_text, worst
from stepper.widgets.numbers import short
from stepper.widgets.saved_signs import match_sentence, match_text, remark_text, remarks_text
from stepper.widgets.stepping_words import SIGNS

LONGEST_TIP = 256
translate = QCoreApplication.translate


class Cells:
    """Says what the lines of `nodes` show; `seen` and `matches` are what is known of the tensors so far."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.seen: Mapping[str, Look] = {}
        self.matches: Mapping[str, Match] = {}

    def text(self, node: Node, column: int) -> str:
        """Return what stands in a cell."""
        if node.kind in ("title", "why"):
            return node.text if column == Column.NAME else ""
        match column:
            case Column.NAME:
                return self._name(node) + self._warning(node)
            case Column.DIFFERENCE:
                found = self.match_of(node)
                return "" if found is None else match_text(found)
            case Column.RELATIVE:
                found = self.match_of(node)
                return "" if found is None or found.relative is None else short(found.relative)
            case Column.WHAT:
                return self._what(node)
            case Column.SHAPE if node.layer is not None:
                return sizes_text(node.layer, self.nodes.shapes)
            case Column.SHAPE if node.tensor is not None:
                return shape_text(node.tensor.shape)
            case Column.REMARK:
                look = self.look_of(node)
                return "" if look is None else remark_text(look)
            case Column.MIN | Column.MAX:
                extreme = self._extreme(node, column)
                return "" if extreme is None else short(extreme)
            case _:
                tensors = self._tensors(node)
                return self._stored(tensors, column) if tensors else ""

    def said(self, node: Node) -> str:
        """Return a line in words, as a screen reader says it."""
        if node.kind in ("title", "why"):
            return node.text
        cells = ((c, self.text(node, c)) for c in Column)
        first = translate("saved", "layer") if node.layer is not None else translate("saved", "tensor")
        return ", ".join([first, *(text for c, text in cells if text and c not in (Column.MIN, Column.MAX))])

    def tip(self, node: Node, column: int) -> str:
        """Return all that a cell has no room for."""
        look, found, tensor, layer = self.look_of(node), self.match_of(node), node.tensor, node.layer
        if node.kind in ("title", "why"):
            return node.text
        if column == Column.REMARK and look is not None:
            return remarks_text(look)
        if column in (Column.DIFFERENCE, Column.RELATIVE) and found is not None:
            said = match_sentence(found)
            if tensor is not None and found.other not in ("", tensor.name):
                said += "\n" + translate("saved", "There it is called {name}.").format(name=cut(found.other, LONGEST_TIP))
            return said
        if column == Column.NAME and tensor is not None:
            return cut(tensor.name, LONGEST_TIP)
        if layer is not None and column in (Column.NAME, Column.WHAT):
            why = [self.nodes.list[n].text for n in node.children if self.nodes.list[n].kind == "why"]
            later = [translate("saved", "It comes after a layer that is closed, and is not stepped.")] if node.unstepped else []
            who = {
                "assumed": translate("saved", "{sign} The file does not say its function: the app assumed it."),
                "chosen": translate("saved", "{sign} The file does not say its function: you chose it."),
            }.get(node.origin, "")
            who = who.format(sign=SIGNS.get(node.origin, ""))
            return "\n".join(x for x in (cut(layer.name, LONGEST_TIP), self._what(node), who, *why, *later) if x)
        if column in (Column.MIN, Column.MAX, Column.REMARK) and look is None and node.kind == "tensor":
            return translate("saved", "It was not looked at yet: choose it.")
        return node.text if column == Column.WHAT and tensor is not None else self.text(node, column)

    def tone(self, node: Node, column: int) -> str:
        """Return how a cell is written: `strong`, `dim`, `error`, `warning`, or as usual ''."""
        if node.kind in ("why", "there"):
            return "dim"
        if node.kind == "title":
            return "strong"
        if column == Column.REMARK:
            look = self.look_of(node)
            remark = None if look is None else worst(look)
            return "dim" if remark is None else {"error": "error", "warning": "warning"}.get(remark.severity, "dim")
        if column in (Column.DIFFERENCE, Column.RELATIVE):
            found = self.match_of(node)
            return "dim" if found is None or found.kind in ("equal", "near") else ""
        if node.layer is not None:
            stands = node.layer.steppable and not node.unstepped
            return "strong" if column == Column.NAME and stands else "" if stands else "dim"
        return "dim" if column == Column.WHAT else ""

    def key(self, node: Node, column: int) -> float | str | None:
        """Return what a line is sorted by in a column; None, where nothing is known, is last."""
        if node.kind in ("title", "why"):
            return None
        match column:
            case Column.DIFFERENCE | Column.RELATIVE:
                found = self.match_of(node)
                return None if found is None else _apart(found, column == Column.RELATIVE)
            case Column.REMARK:
                look = self.look_of(node)
                remark = None if look is None else worst(look)
                return None if look is None else 3 if remark is None else ORDER[remark.severity]
            case Column.MIN | Column.MAX:
                return self._extreme(node, column)
            case Column.SHAPE | Column.NUMBERS:
                return float(sum(t.count for t in self._tensors(node)))
            case Column.BYTES:
                return float(sum(t.bytes for t in self._tensors(node)))
            case _:
                return self.text(node, column).casefold()

    def match_of(self, node: Node) -> Match | None:
        """Return how a tensor differs; of a layer, how that of its tensors does that differs most."""
        if node.tensor is not None:
            return self.matches.get(node.tensor.name)
        if node.layer is None or not self.matches:
            return None
        found = [m for t in self._tensors(node) if (m := self.matches.get(t.name)) is not None]
        return max(found, key=_apart, default=None)

    def look_of(self, node: Node) -> Look | None:
        """Return what was seen of a tensor; of a layer, that of its tensors with the gravest remark."""
        if node.tensor is not None:
            return self.seen.get(node.tensor.name) if node.kind == "tensor" else None
        if node.layer is None or not self.seen:
            return None
        found = [look for t in self._tensors(node) if (look := self.seen.get(t.name)) is not None]
        return min(found, key=lambda look: 3 if (r := worst(look)) is None else ORDER[r.severity], default=None)

    def _extreme(self, node: Node, column: int) -> float | None:
        look = self.look_of(node) if node.tensor is not None else None
        return None if look is None else look.summary.min if column == Column.MIN else look.summary.max

    def _tensors(self, node: Node) -> list[Tensor]:
        if node.tensor is not None:
            return [node.tensor]
        return [t for n in node.children if (t := self.nodes.list[n].tensor) is not None]

    def _name(self, node: Node) -> str:
        if node.layer is not None:
            name = cut(node.layer.name) or kind_text(node.layer)
            return name if node.layer.steppable else f"{CLOSED} {name}"
        name = "" if node.tensor is None else node.tensor.name
        return cut(name) if name.strip() or node.tensor is None else shown(name)

    def _warning(self, node: Node) -> str:
        """Return the sign at the name of a tensor with NaN or ∞: in a narrow panel the remarks are out of sight."""
        look = self.look_of(node) if node.tensor is not None else None
        remark = None if look is None else worst(look)
        return f" {WARNING}" if remark is not None and remark.severity == "error" else ""

    def _what(self, node: Node) -> str:
        if node.layer is None:
            return node.text
        kind = kind_text(node.layer)
        if not node.layer.steppable:
            closed = translate("saved", "closed")
            return f"{closed}, {kind}" if kind else closed
        kind += f" {SIGNS[node.origin]}" if node.origin else ""
        return translate("saved", "not stepped: {kind}").format(kind=kind) if node.unstepped else kind

    def _stored(self, tensors: list[Tensor], column: int) -> str:
        if column == Column.NUMBERS:
            return f"{sum(t.count for t in tensors):,}"
        if column == Column.BYTES:
            return memory_text(sum(t.bytes for t in tensors))
        return ", ".join(dict.fromkeys(cut(t.dtype, 16) for t in tensors[:4]))


def _apart(match: Match, relative: bool = False) -> float:
    """Return how far apart two tensors are; those that cannot be compared are as far as can be."""
    if match.kind == "equal":
        return 0.0
    far = match.relative if relative else match.largest
    return math.inf if far is None or math.isnan(far) else far
