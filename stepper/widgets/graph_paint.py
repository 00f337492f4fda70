"""How the graph of operations is painted. Every state has a line and a sign of its own; colour only repeats them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPen, QPolygonF

from core.program.graph import Edge, Node
from core.program.ir import Phase
from stepper import theme
from stepper.models.mark_signs import ink, is_nonfinite, tags
from stepper.widgets import fonts
from stepper.widgets.graph_layout import Line, Places
from stepper.widgets.graph_scene import BROKEN_SIGN, STATE_SIGN, GraphScene, State, Words, phase_name, translate
from stepper.widgets.graph_text import PAD, Pens

ROUND = 6.0
FAR = 0.55
TINT = 0.07
PHASES_OF: dict[str, Phase] = {
    "forward": "forward",
    "backward": "backward",
    "gradient": "backward",
    "update": "update",
    "predict": "predict",
}


class GraphPainter:
    """Paints a scene into a painter that is already moved and scaled."""

    def __init__(
        self, painter: QPainter, scene: GraphScene, places: Places, words: Sequence[Words], use: Pens, zoom: float
    ) -> None:
        self.p, self.scene, self.places, self.words, self.use, self.zoom = painter, scene, places, words, use, zoom
        self.t = theme.current()

    def paint(self, shown: QRectF, focus: int | None) -> None:
        """Paint all that is in `shown`: the bands, the lines, the lit lines, the boxes."""
        self.p.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._bands()
        graph = self.scene.graph
        loud: list[tuple[Edge, Line]] = []
        for edge, line in zip(graph.edges, self.places.lines, strict=True):
            if self.scene.is_read(edge) or self.scene.on_the_way(edge) or self.scene.on_path(edge):
                loud.append((edge, line))
            elif edge.flow != "quiet" and line.path.controlPointRect().adjusted(-4, -4, 4, 4).intersects(shown):
                self._line(edge, line)
        for edge, line in sorted(loud, key=lambda pair: self.scene.is_read(pair[0])):
            self._loud_line(edge, line)
        for node in graph.nodes:
            box = self.places.boxes[node.index]
            if box.adjusted(-12, -14, 12, 12).intersects(shown):
                self._node(node, box)
        if focus is not None:
            self.p.setBrush(Qt.BrushStyle.NoBrush)
            self.p.setPen(QPen(QColor(self.t.text), 1.4 / min(1.0, self.zoom), Qt.PenStyle.DashLine))
            self.p.drawRoundedRect(self.places.boxes[focus].adjusted(-7, -7, 7, 7), ROUND + 4, ROUND + 4)

    # --- bands and lines ------------------------------------------------------------------------

    def _bands(self) -> None:
        self.p.setPen(Qt.PenStyle.NoPen)
        for name, rect in self.places.bands:
            self.p.setBrush(band_colour(name))
            self.p.drawRoundedRect(rect, 8, 8)

    def _line(self, edge: Edge, line: Line) -> None:
        target = self.scene.graph.nodes[edge.target]
        done = self.scene.state(target) in ("done", "lit")
        colour = QColor(self.t.dim)
        if edge.flow != "kept" and target.phase is not None:  # the hue of the loss is too near to that of the selection
            colour = QColor(self.t.phases["forward" if target.phase == "loss" else target.phase])
        if not done:
            colour = mixed(self.t.dim, self.t.panel, 0.65)
        pen = QPen(colour, (1.5 if edge.flow == "flow" and done else 1.0) * self._thicker())
        if edge.flow == "kept":
            pen.setDashPattern([5, 3])
        self._stroke(line, pen, 7)

    def _loud_line(self, edge: Edge, line: Line) -> None:
        if self.scene.on_path(edge):
            self._stroke(line, QPen(QColor(self.t.error), 6.0 * self._thicker()), 14)
            inner = QPen(QColor(self.t.panel), 2.0 * self._thicker())
            inner.setDashPattern([2, 2])
            self.p.setBrush(Qt.BrushStyle.NoBrush)
            self.p.setPen(inner)
            self.p.drawPath(line.path)
        if self.scene.on_the_way(edge):
            self._stroke(line, QPen(QColor(self.t.selection), 1.6 * self._thicker()), 8)
        if self.scene.is_read(edge):
            self._stroke(line, QPen(QColor(self.t.read), 3.6 * self._thicker()), 12)

    def _thicker(self) -> float:
        """Lines do not get thinner than a pixel however far away the picture is."""
        return 1 / min(1.0, max(0.2, self.zoom))

    def _stroke(self, line: Line, pen: QPen, head: float) -> None:
        self.p.setBrush(Qt.BrushStyle.NoBrush)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        self.p.setPen(pen)
        self.p.drawPath(line.path)
        back = line.end - line.heading * head
        aside = QPointF(-line.heading.y(), line.heading.x()) * (head * 0.5)
        self.p.setPen(Qt.PenStyle.NoPen)
        self.p.setBrush(pen.color())
        self.p.drawPolygon(QPolygonF([line.end, back + aside, back - aside]))

    # --- boxes ----------------------------------------------------------------------------------

    def _node(self, node: Node, box: QRectF) -> None:
        scene, state = self.scene, self.scene.state(node)
        kind, stale = scene.broken(node), scene.stale(node)
        self._frames(node, box)
        round_ = box.height() / 2 if node.given else ROUND
        fill = QColor(self.t.panel)
        if state == "lit":
            fill = QColor(self.t.lit)
        elif state in ("waiting", "next", "failed"):
            fill = band_colour(node.lane)
        self.p.setPen(Qt.PenStyle.NoPen)
        self.p.setBrush(fill)
        self.p.drawRoundedRect(box, round_, round_)
        if stale:
            self.p.setBrush(QBrush(mixed(self.t.dim, self.t.panel, 0.32), Qt.BrushStyle.BDiagPattern))
            self.p.drawRoundedRect(box, round_, round_)
        self.p.setBrush(Qt.BrushStyle.NoBrush)
        self.p.setPen(self._border(node, state, bool(kind), stale))
        self.p.drawRoundedRect(box, round_, round_)
        if self.zoom * fonts.zoom() < FAR:
            self._far_words(node, box, state, bool(kind))
        else:
            self._words(node, box, state)
        above = box.top() - 0.9 * self.use.of_small.height()
        if scene.edited(node):
            self._pill(QPointF(box.left() - 8, above), "✎", self.t.text, right=False)
        marks = [m for m in scene.marks(node) if not (kind and is_nonfinite(m))]
        if marks:
            text = " ".join(tag for tag, _ in tags(marks, most=2))
            self._pill(QPointF(box.right() + 5, above), text, ink(marks[0].severity), right=True)
        if number := scene.path.get(node.index):
            below = box.bottom() - 0.2 * self.use.of_small.height()
            self._pill(QPointF(box.left() - 8, below), str(number), self.t.error, right=False)

    def _frames(self, node: Node, box: QRectF) -> None:
        self.p.setBrush(Qt.BrushStyle.NoBrush)
        round_ = (box.height() / 2 if node.given else ROUND) + 3
        if node.index in self.scene.path:
            self.p.setPen(QPen(QColor(self.t.error), 3.0 * self._thicker()))
            self.p.drawRoundedRect(box.adjusted(-3, -3, 3, 3), round_, round_)
        if node.index == self.scene.selected:
            self.p.setPen(QPen(QColor(self.t.selection), 2.6 * self._thicker()))
            self.p.drawRoundedRect(box.adjusted(-4, -4, 4, 4), round_, round_)
        if node.index in self.scene.read:
            pen = QPen(QColor(self.t.read), 2.4 * self._thicker(), Qt.PenStyle.DotLine)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            self.p.setPen(pen)
            self.p.drawRoundedRect(box.adjusted(-4, -4, 4, 4), round_, round_)
        elif node.index == self.scene.lit:
            self.p.setPen(QPen(QColor(self.t.written), 1.6 * self._thicker()))
            self.p.drawRoundedRect(box.adjusted(-4, -4, 4, 4), round_, round_)

    def _border(self, node: Node, state: State, broken: bool, stale: bool) -> QPen:
        hue = QColor(self.t.dim if node.phase is None else self.t.phases[node.phase])
        pen = QPen(hue, 1.3)
        if state == "lit":
            pen.setWidthF(2.4)
        elif state == "next":
            pen = QPen(hue, 1.8, Qt.PenStyle.DashLine)
        elif state == "waiting":
            pen = QPen(QColor(self.t.dim), 1.0, Qt.PenStyle.DotLine)
        if broken or state == "failed":
            pen.setColor(QColor(self.t.error))
            pen.setWidthF(2.2)
        if stale:
            pen.setStyle(Qt.PenStyle.DashLine)
        pen.setWidthF(pen.widthF() * self._thicker())
        return pen

    def _ink(self, state: State) -> tuple[QColor, QColor]:
        """Return the colour of what matters in a box and of what matters less."""
        if state == "lit":
            return QColor(self.t.lit_text), QColor(self.t.lit_text)
        return QColor(self.t.error if state == "failed" else self.t.dim if state == "waiting" else self.t.text), QColor(
            self.t.dim
        )

    def _words(self, node: Node, box: QRectF, state: State) -> None:
        ink, quiet = self._ink(state)
        if self.scene.stale(node):
            quiet = ink  # hatching leaves no contrast to spare
        words = self.words[node.index]
        inner = box.adjusted(PAD, 3, -PAD, -3)
        name, small, code = self.use.of_name, self.use.of_small, self.use.of_code
        detail = self.scene.progress(node) or self.scene.detail(node)
        line = QRectF(inner.left(), inner.top(), inner.width(), name.height())
        middle = Qt.AlignmentFlag.AlignVCenter
        self.p.setFont(self.use.small)
        self.p.setPen(quiet)
        if kind := self.scene.broken(node):
            self._pill(line.topRight(), f"⚠ {BROKEN_SIGN[kind]}", self.t.error, right=True)
        else:
            self.p.drawText(line, middle | Qt.AlignmentFlag.AlignRight, detail)
        sign = STATE_SIGN[state] or self.scene.sign(node)
        if sign:
            self.p.setPen(ink if STATE_SIGN[state] else self._hue(node.phase, state))
            self.p.drawText(line, middle, sign)
            line.setLeft(line.left() + small.horizontalAdvance(sign + " "))
        self.p.setFont(self.use.name)
        self.p.setPen(ink)
        self.p.drawText(line, middle, words.name)
        if not node.given:
            below = QRectF(inner.left(), line.bottom() + 2, inner.width(), code.height())
            self.p.setFont(self.use.code)
            self.p.setPen(ink)
            for text in words.lines:
                self.p.drawText(below, middle | Qt.TextFlag.TextDontClip, text)
                below.translate(0, code.height())

    def _far_words(self, node: Node, box: QRectF, state: State, broken: bool) -> None:
        """From far away only the name can be read, and it is written as big as there is room."""
        text = self.words[node.index].name
        sign = "⚠" if broken else STATE_SIGN[state]
        text = f"{sign} {text}" if sign else text
        metrics = self.use.of_name
        scale = min((box.width() - 4) / max(1.0, metrics.horizontalAdvance(text)), box.height() / metrics.height(), 1 / self.zoom)
        font = QFont(self.use.name)
        font.setPointSizeF(max(1.0, fonts.points(font) * scale))
        self.p.setFont(font)
        self.p.setPen(QColor(self.t.error) if broken and state != "lit" else self._ink(state)[0])
        self.p.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _hue(self, phase: Phase | None, state: State) -> QColor:
        if state in ("lit", "waiting") or phase is None:
            return self._ink(state)[1]
        return QColor(self.t.phases[phase])

    def _pill(self, at: QPointF, text: str, colour: str, right: bool) -> None:
        """Write a mark in light letters on its own ground, to the left or to the right of a place."""
        metrics = self.use.of_small
        rect = QRectF(at.x(), at.y(), metrics.horizontalAdvance(text) + 8, metrics.height() + 2)
        if right:
            rect.moveRight(at.x() + 3)
        self.p.setPen(Qt.PenStyle.NoPen)
        self.p.setBrush(QColor(colour))
        self.p.drawRoundedRect(rect, 4, 4)
        self.p.setFont(self.use.small)
        self.p.setPen(QColor(self.t.panel))
        self.p.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def mixed(one: str, other: str, share: float) -> QColor:
    """Return a colour between two: `share` of the first and the rest of the second."""
    a, b = QColor(one), QColor(other)
    return QColor.fromRgbF(
        b.redF() + (a.redF() - b.redF()) * share,
        b.greenF() + (a.greenF() - b.greenF()) * share,
        b.blueF() + (a.blueF() - b.blueF()) * share,
    )


def band_colour(lane: str) -> QColor:
    """Return the ground of a lane: a little of the hue of its phase."""
    t = theme.current()
    phase = PHASES_OF.get(lane)
    return QColor(t.panel) if phase is None else mixed(t.phases[phase], t.panel, TINT)


def paint_titles(p: QPainter, places: Places, use: Pens, zoom: float, offset: QPointF) -> None:
    """Write the titles of the bands, which stay in sight when the picture is moved sideways."""
    t = theme.current()
    font = QFont(use.small)
    font.setPointSizeF(max(6.0, fonts.points(font) * min(1.0, zoom)))
    font.setBold(True)
    p.setFont(font)
    for name, rect in places.bands:
        phase = PHASES_OF.get(name)
        text = translate("graph", "given") if phase is None else f"{theme.PHASE_SIGN[phase]} {phase_name(phase)}"
        at = QPointF(max(rect.left() * zoom + offset.x(), 0) + 10, rect.top() * zoom + offset.y() + 2)
        box = QRectF(at, QSizeF(p.fontMetrics().horizontalAdvance(text) + 6, use.title * zoom))
        p.fillRect(box, band_colour(name))
        p.setPen(QColor(t.dim if phase is None else t.phases[phase]))
        p.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, text)
