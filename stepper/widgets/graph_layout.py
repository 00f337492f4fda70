"""Where everything in the graph of operations is: boxes in columns and rows, lines in the gaps between them.

A line runs along tracks in the gaps and so never behind a box. Lengths are pixels at zoom 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QPainterPath

from core.program.graph import Edge, Graph, Lane, Node

SLOT_GAP = 12.0
ROW_GAP = 16.0
COLUMN_GAP = 22.0
TRACK = 6.0
CORNER = 6.0
MARGIN = 14.0
BANDS: dict[Lane, str] = {
    "given": "given", "forward": "forward", "backward": "backward", "gradient": "backward", "update": "update",
    "predict": "predict",
}  # fmt: skip
Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Route:
    """How a line goes: out of a side or the bottom, along gaps (("row" or "column", number)), into a side or the top."""

    leave: str
    gaps: tuple[Key, ...]
    enter: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is drawn, from its first point to its last, with the direction that its arrowhead has."""

    path: QPainterPath
    end: QPointF
    heading: QPointF


@dataclass(frozen=True)
class Places:
    """The places of all nodes and edges, by their index, and of the bands behind the phases."""

    graph: Graph
    boxes: tuple[QRectF, ...]
    lines: tuple[Line, ...]
    bands: tuple[tuple[str, QRectF], ...]
    size: QSizeF

    def node_at(self, at: QPointF) -> int | None:
        """Return the node at a place."""
        return next((i for i, box in enumerate(self.boxes) if box.contains(at)), None)


def places_of(graph: Graph, sizes: Sequence[QSizeF], title: float) -> Places:
    """Lay a graph out; `sizes` are the boxes that the nodes need, `title` the height of the title of a band."""
    return _Placing(graph, sizes, title).run()


class _Placing:
    def __init__(self, graph: Graph, sizes: Sequence[QSizeF], title: float) -> None:
        self.graph, self.sizes, self.title = graph, sizes, title
        self.cells = {(n.row, n.column, n.slot) for n in graph.nodes}
        self.filled = {(n.row, n.column) for n in graph.nodes}
        self.routes = [self._route(e) for e in graph.edges]
        self.tracks: dict[Key, list[int]] = {}
        for edge, route in zip(graph.edges, self.routes, strict=True):
            for key in route.gaps:
                mine = self.tracks.setdefault(key, [])
                if edge.flow != "quiet" and edge.source not in mine:
                    mine.append(edge.source)
        for (way, _), mine in self.tracks.items():
            mine.sort(key=lambda s: (graph.nodes[s].column, s) if way == "row" else (-graph.nodes[s].row, s))
        self.boxes: list[QRectF] = []

    def run(self) -> Places:
        self._columns()
        self._rows()
        self.boxes = [self._box(n) for n in self.graph.nodes]
        lines = self._lines()
        size = QSizeF(self.gap_x[-1] + self.gap_width[-1], self.gap_y[-1] + self.gap_height[-1])
        return Places(self.graph, tuple(self.boxes), tuple(lines), tuple(self._bands(size.width())), size)

    # --- boxes ----------------------------------------------------------------------------------

    def _columns(self) -> None:
        slots = self.graph.slots
        self.slot_width = [0.0] * len(slots)
        self.wide = [0.0] * len(slots)
        for node in self.graph.nodes:
            widest = self.slot_width if node.slot is not None else self.wide
            widest[node.column] = max(widest[node.column], self.sizes[node.index].width())
        self.column_width: list[float] = []
        for column, count in enumerate(slots):
            if count > 1:  # wide enough for what is given above it to come straight down
                self.wide[column] = max(self.wide[column], (count - 1) * (self.slot_width[column] + SLOT_GAP) + 48)
            width = max(count * self.slot_width[column] + (count - 1) * SLOT_GAP, self.wide[column])
            self.slot_width[column] = (width - (count - 1) * SLOT_GAP) / count
            self.column_width.append(width)
        self.gap_x, self.gap_width, self.left = [], [], []
        x = 0.0
        for column in range(len(slots) + 1):
            base = MARGIN if column in (0, len(slots)) else COLUMN_GAP
            width = base + TRACK * len(self.tracks.get(("column", column), ()))
            self.gap_x.append(x)
            self.gap_width.append(width)
            x += width
            if column < len(slots):
                self.left.append(x)
                x += self.column_width[column]

    def _rows(self) -> None:
        starts: dict[int, Lane] = {first: lane for lane, first, _ in self.graph.lanes}
        heights = [0.0] * self.graph.rows
        for node in self.graph.nodes:
            heights[node.row] = max(heights[node.row], self.sizes[node.index].height())
        self.gap_y, self.gap_height, self.top, self.row_height = [], [], [], heights
        self.band_top: dict[int, float] = {}
        y, before = 0.0, ""
        for row in range(self.graph.rows + 1):
            lane = starts.get(row)
            height = ROW_GAP + TRACK * max(0, len(self.tracks.get(("row", row), ())) - 1)
            if row == self.graph.rows:
                height = max(height, MARGIN)
            elif lane is not None and BANDS[lane] != before:
                before = BANDS[lane]
                height += self.title + (MARGIN + 6 if row else 0)
                self.band_top[row] = y + (height - self.title - 6 if row else 4)
            self.gap_y.append(y)
            self.gap_height.append(height)
            y += height
            if row < self.graph.rows:
                self.top.append(y)
                y += heights[row]

    def _box(self, node: Node) -> QRectF:
        width, left = self.column_width[node.column], self.left[node.column]
        if node.slot is None:
            mine = min(self.wide[node.column], width)
            left += (width - mine) / 2
            width = mine
        else:
            width = self.slot_width[node.column]
            left += node.slot * (width + SLOT_GAP)
            if node.given:  # a given is as wide as its name needs, above the middle of what stands in its slot
                mine = min(width, max(self.sizes[node.index].width(), 64.0))
                left += (width - mine) / 2
                width = mine
        height = self.sizes[node.index].height()
        return QRectF(left, self.top[node.row] + (self.row_height[node.row] - height) / 2, width, height)

    def _bands(self, width: float) -> list[tuple[str, QRectF]]:
        starts = sorted(self.band_top)
        lane_at: dict[int, Lane] = {first: lane for lane, first, _ in self.graph.lanes}
        out: list[tuple[str, QRectF]] = []
        for i, row in enumerate(starts):
            last = (starts[i + 1] if i + 1 < len(starts) else self.graph.rows) - 1
            bottom = self.top[last] + self.row_height[last] + 8
            out.append((BANDS[lane_at[row]], QRectF(4, self.band_top[row], width - 8, bottom - self.band_top[row])))
        return out

    # --- lines ----------------------------------------------------------------------------------

    def _route(self, edge: Edge) -> Route:
        a, b = self.graph.nodes[edge.source], self.graph.nodes[edge.target]
        later = b.column > a.column
        beside = a.lane == b.lane and a.column != b.column
        by_side = beside and a.slot is None
        near: Key = ("column", a.column + 1 if later else a.column)
        far: Key = ("column", b.column if later else b.column + 1)
        if by_side and b.slot is None:
            leave, enter = ("right", "left") if later else ("left", "right")
            if a.row == b.row and self._free(a.row, a.column, b.column):
                return Route(leave, (), enter)
            if self._free(a.row, a.column, b.column):
                return Route(leave, (far,), enter)
            if near == far or self._free(b.row, a.column, b.column):
                return Route(leave, (near,), enter)
            return Route(leave, (near, ("row", b.row if b.row > a.row else b.row + 1), far), enter)
        if by_side:
            return Route("right" if later else "left", (near, ("row", b.row)), "top")
        if b.row <= a.row:
            return Route("right", (("column", a.column + 1), ("row", b.row), ("column", b.column)), "left")
        if b.row == a.row + 1 or self._falls(a, b):
            return Route("bottom", (("row", b.row),), "top")
        if a.column == b.column:
            far = ("column", b.column if not b.slot else b.column + 1)
        return Route("bottom", (("row", a.row + 1), far, ("row", b.row)), "top")

    def _free(self, row: int, one: int, other: int) -> bool:
        low, high = sorted((one, other))
        return not any((row, column) in self.filled for column in range(low + 1, high))

    def _falls(self, a: Node, b: Node) -> bool:
        """Tell whether nothing stands between two nodes of which one is straight below the other."""
        between = range(a.row + 1, b.row)
        if a.column != b.column:
            return False
        if a.slot is None or b.slot is None:
            return not any((row, a.column) in self.filled for row in between)
        return a.slot == b.slot and not any((row, a.column, s) in self.cells for row in between for s in (a.slot, None))

    def _track(self, key: Key, edge: Edge) -> float:
        way, number = key
        start, length = (
            (self.gap_y[number], self.gap_height[number]) if way == "row" else (self.gap_x[number], self.gap_width[number])
        )
        if way == "row" and number in self.band_top and number:  # the lines keep out of the title of the band
            length -= self.title
        mine = self.tracks.get(key, [])
        middle = start + length / 2
        return middle + (mine.index(edge.source) - (len(mine) - 1) / 2) * TRACK if edge.source in mine else middle

    def _lines(self) -> list[Line]:
        entries = self._entries()
        lines: list[Line] = []
        for index, (edge, route) in enumerate(zip(self.graph.edges, self.routes, strict=True)):
            a = self.boxes[edge.source]
            points = [{"right": QPointF(a.right(), a.center().y()), "left": QPointF(a.left(), a.center().y())}.get(
                route.leave, QPointF(a.center().x(), a.bottom()))]  # fmt: skip
            end = entries[index]
            if route.leave == "bottom" and route.enter == "top" and self._under(a, end.x(), route):
                points[0].setX(end.x())
            for way, number in route.gaps:
                at, track = points[-1], self._track((way, number), edge)
                points.append(QPointF(at.x(), track) if way == "row" else QPointF(track, at.y()))
            if route.gaps:
                at = points[-1]
                points.append(QPointF(end.x(), at.y()) if route.enter == "top" else QPointF(at.x(), end.y()))
            points.append(end)
            heading = {"top": QPointF(0, 1), "left": QPointF(1, 0), "right": QPointF(-1, 0)}[route.enter]
            lines.append(Line(rounded(points, heading), end, heading))
        return lines

    def _under(self, box: QRectF, x: float, route: Route) -> bool:
        return len(route.gaps) == 1 and box.left() + 8 <= x <= box.right() - 8

    def _entries(self) -> list[QPointF]:
        """Where each line ends: on the side that it comes from, several side by side."""
        wanted: dict[tuple[int, str], list[tuple[float, int]]] = {}
        for index, (edge, route) in enumerate(zip(self.graph.edges, self.routes, strict=True)):
            a, b = self.boxes[edge.source], self.boxes[edge.target]
            if route.enter == "top":
                columns = [n for way, n in route.gaps if way == "column"]
                approach = self._track(("column", columns[-1]), edge) if columns else a.center().x()
                place = min(max(approach, b.left() + 12), b.right() - 12)
                if not columns and b.left() + 12 <= b.center().x() <= b.right() - 12 and a.left() <= b.center().x() <= a.right():
                    place = b.center().x()
            else:
                place = b.center().y() + (0 if a.center().y() == b.center().y() else 9 if a.top() > b.top() else -9)
            wanted.setdefault((edge.target, route.enter), []).append((place, index))
        out = [QPointF()] * len(self.graph.edges)
        for (target, side), places in wanted.items():
            box = self.boxes[target]
            if side != "top":
                for place, index in places:
                    out[index] = QPointF(box.left() if side == "left" else box.right(), place)
                continue
            places.sort()
            room = (box.width() - 24) / max(1, len(places) - 1)
            for (_, index), x in zip(places, _apart([p for p, _ in places], min(14.0, room), box.right() - 12), strict=True):
                out[index] = QPointF(x, box.top())
        return out


def _apart(places: list[float], least: float, limit: float) -> list[float]:
    """Move places in rising order apart, so that two are at least `least` from one another and none is beyond `limit`."""
    out: list[float] = []
    for place in places:
        out.append(place if not out else max(place, out[-1] + least))
    for i in reversed(range(len(out))):
        out[i] = min(out[i], limit if i == len(out) - 1 else out[i + 1] - least)
    return out


def rounded(points: Sequence[QPointF], heading: QPointF) -> QPainterPath:
    """Return straight pieces through points with round corners, ending short of the last to leave room for an arrowhead."""
    kept = [points[0]]
    for point in points[1:]:
        if (point - kept[-1]).manhattanLength() > 0.5:
            kept.append(point)
    kept[-1] = kept[-1] - heading * 4
    path = QPainterPath(kept[0])
    for before, at, after in zip(kept, kept[1:], kept[2:], strict=False):
        one, other = before - at, after - at
        r = min(CORNER, one.manhattanLength() / 2, other.manhattanLength() / 2)
        path.lineTo(at + one * (r / max(one.manhattanLength(), 1e-9)))
        path.quadTo(at, at + other * (r / max(other.manhattanLength(), 1e-9)))
    path.lineTo(kept[-1])
    return path
