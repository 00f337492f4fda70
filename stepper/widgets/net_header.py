"""The names above the columns of a network, and the arrow that shows which way the step just taken went."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from core.explain.prose_activations import CALLED
from core.program.network import INPUT, LOSS, Part
from stepper import theme
from stepper.models.mark_signs import tags
from stepper.widgets import net_marks as marks
from stepper.widgets.net_items import Item
from stepper.widgets.net_layout import Geometry
from stepper.widgets.net_scene import Scene

Name = tuple[str, tuple[Part, ...], Item]


@dataclass(frozen=True)
class Words:
    """The texts of the picture, translated, with their places in braces."""

    units: str
    pixels: str
    samples: str
    layer: str
    broken: str
    inputs: str
    loss: str
    closed: str


class HeaderPainter:
    """Paints the names of the columns of one scene; what is lit is named by the value that is read or written."""

    def __init__(self, painter: QPainter, scene: Scene, geometry: Geometry, words: Words) -> None:
        self.p, self.scene, self.g, self.words = painter, scene, geometry, words
        self.colours = theme.current()

    def paint(self) -> None:
        """Paint the names, then the flow."""
        n, g = self.scene.network, self.g
        tight, gap = g.gap < 150 * g.zoom, g.gap / g.zoom
        self._title(g.xs[0], g.gap * 0.5, ((self.scene.label(n.input.value), (INPUT,), Item("unit", 0)),), self.words.inputs)
        for layer in range(1, len(n.layers) + 1):
            found = n.layers[layer - 1]
            names: list[Name] = [(self._edges(layer, "weight"), (("weights", layer),), Item("weight", layer))]
            bias_lit = ("bias", layer) in self.scene.touch.reads | self.scene.touch.writes
            if found.bias is not None and (bias_lit or not tight):
                names.append((self._edges(layer, "bias"), (("bias", layer),), Item("bias", layer)))
            size = "×".join(str(d) for d in found.weight_shape) if not tight else ""
            if gap >= 64:
                self._title((g.xs[layer - 1] + g.xs[layer]) / 2, g.gap * 0.62, tuple(names), size)
            text = self.words.layer.format(n=layer) if gap > 70 else ""
            name = CALLED.get(found.activation or "", found.activation or "")
            text += f" · {name}" if name and gap > (190 if len(name) < 12 else 205) else ""
            parts: tuple[Part, ...] = (("units", layer, "pre"), ("units", layer, "act"))
            self._title(g.xs[layer], g.gap * 0.5, ((self.scene.label(found.act.value), parts, Item("unit", layer)),), text)
        if n.loss is not None:
            self._title(
                g.xs[-1],
                g.gap * 0.45,
                ((self.scene.label(n.loss), (LOSS,), Item("loss", 0)),),
                self.words.loss if gap > 70 else "",
            )
        if g.closed:
            p, box = self.p, g.closed_boxes[0]
            p.setFont(marks.font_of(p, (13 if g.gap >= 90 else 11) * g.zoom, bold=True))
            p.setPen(QColor(self.colours.dim))
            half = min(g.width - box.center().x(), box.center().x() - g.xs[-1]) - 4
            name = p.fontMetrics().elidedText(self.words.closed, Qt.TextElideMode.ElideRight, int(2 * half))
            p.drawText(QRectF(box.center().x() - half, 5, 2 * half, 18 * g.zoom), Qt.AlignmentFlag.AlignCenter, name)
        self._flow()

    def _title(self, x: float, room: float, names: tuple[Name, ...], below: str) -> None:
        """The names of what stands in a column; a lit one under the name of the value that is read or written.

        What health rules say of any of it stands behind its name.
        """
        p, touch = self.p, self.scene.touch
        p.setFont(marks.font_of(p, (13 if self.g.gap >= 90 else 11) * self.g.zoom, bold=True))
        metrics = p.fontMetrics()
        texts = [self._lit_name(name, parts) for name, parts, _ in names]
        found = [tags(self.scene.marks.of_column(item)) for _, _, item in names]
        if sum(metrics.horizontalAdvance(t) + 12 for t in texts) > max(room, 40):
            texts = [metrics.elidedText(t, Qt.TextElideMode.ElideRight, int(max(room, 40) / len(names)) - 6) for t in texts]
        behind = [sum(metrics.horizontalAdvance(tag) + 3 for tag, _ in tagged) for tagged in found]
        widths = [metrics.horizontalAdvance(t) + 12 + more for t, more in zip(texts, behind, strict=True)]
        left = x - (sum(widths) + 6 * (len(names) - 1)) / 2
        for (_, parts, _), text, tagged, more, wide in zip(names, texts, found, behind, widths, strict=True):
            read, written = any(q in touch.reads for q in parts), any(q in touch.writes for q in parts)
            box = QRectF(left, 5, wide - more, 18 * self.g.zoom)
            at = box.right() - 2
            for tag, colour in tagged:
                p.setPen(QColor(colour))
                p.drawText(QRectF(at, box.top(), 80, box.height()), Qt.AlignmentFlag.AlignVCenter, tag)
                at += metrics.horizontalAdvance(tag) + 3
            if read or written:
                marks.ring(p, box.adjusted(4, 4, -4, -3), read and not written, written, round_=False)
            p.setPen(QColor(self.colours.written if written else (self.colours.read if read else self.colours.text)))
            p.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
            left += wide + 6
        if below and self.g.header > 40 * self.g.zoom:
            p.setFont(marks.font_of(p, 11 * self.g.zoom))
            p.setPen(QColor(self.colours.dim))
            p.drawText(QRectF(x - 100, 25 * self.g.zoom, 200, 14 * self.g.zoom), Qt.AlignmentFlag.AlignCenter, below)

    def _edges(self, layer: int, kind: str) -> str:
        """The name of what the edges into a layer, or its biases, show; an updated parameter keeps its name."""
        found = self.scene.network.layers[layer - 1]
        name = found.weight if kind == "weight" else found.bias or ""
        value = self.scene.edge_value(layer, kind) if self.scene.gradients else None
        return name if value is None else self.scene.label(value)

    def _lit_name(self, name: str, parts: tuple[Part, ...]) -> str:
        touch, lit = self.scene.touch, self.scene.moment.lit
        if lit is None:
            return name
        if any(q in touch.writes for q in parts):
            return self.scene.label(lit.result)
        known = self.scene.network.parts
        here = [self.scene.label(v) for v in lit.reads if any(q in known.get(v, ()) for q in parts)]
        return ", ".join(dict.fromkeys(here)) or name

    def _flow(self) -> None:
        """The arrow from where the step reads to where it writes; a turn for an update."""
        phase = self.scene.moment.phase
        touch = self.scene.touch
        lit = self.scene.moment.lit
        if phase is None or lit is None or not (touch.reads or touch.writes):
            return
        y = self.g.header - (8 if self.g.header > 40 * self.g.zoom else 2)
        reads = [self._x_of(q) for q in touch.reads or touch.writes]
        writes = [self._x_of(q) for q in touch.writes or touch.reads]
        if phase == "update":
            for x in set(writes):
                self.p.setFont(marks.font_of(self.p, 18, bold=True))
                self.p.setPen(QColor(self.colours.phases[phase]))
                self.p.drawText(QRectF(x - 20, y - 10, 40, 20), Qt.AlignmentFlag.AlignCenter, theme.PHASE_SIGN[phase])
            return
        way = -1 if phase == "backward" else 1
        start, end = (min(reads), max(writes)) if way > 0 else (max(reads), min(writes))
        if (end - start) * way < 36:
            start, end = end - way * 18, end + way * 18
        marks.arrow(self.p, start, end, y, phase)

    def _x_of(self, part: Part) -> float:
        xs = self.g.xs
        if part == LOSS:
            return xs[-1]
        if part[0] == "input":
            return xs[0]
        layer = int(part[1])
        if part[0] == "bias" and self.g.bias_text and not self.g.big(layer):
            return self.g.bias_box(layer, 0).center().x()
        return (xs[layer - 1] + xs[layer]) / 2 if part[0] == "weights" else xs[layer]
