"""The geometry of two inputs: a grid of points, the border between classes, the line where a unit's sum is zero."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.predictions.reading import NO_CLASS, Reading
from core.program.ir import Array

EDGES = 4


@dataclass(frozen=True)
class Box:
    """A part of the plane, in the units of the inputs."""

    left: float
    right: float
    bottom: float
    top: float

    @property
    def width(self) -> float:
        """How far it reaches along the first input."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """How far it reaches along the second input."""
        return self.top - self.bottom


@dataclass(frozen=True)
class Surface:
    """The network's answer at the points of a grid over a box, its first row at the top, points on the box's edges.

    `classes` holds a class a point, NO_CLASS where the answer is NaN or a number. `strength` says how strong the
    answer is: from −1 to 1 around the threshold (or the middle of the targets), from 0 to 1 for the lead of the
    largest output. `borders` are pieces (x, y, x, y) of the lines on which the class changes.
    """

    box: Box
    classes: Array
    strength: Array
    nothing: Array
    borders: Array


@dataclass(frozen=True)
class NeuronLine:
    """Where W·x + b = 0 for one unit of the first layer, cut off at the box; `side` points to where it is positive."""

    unit: int
    start: tuple[float, float]
    end: tuple[float, float]
    side: tuple[float, float]


@dataclass(frozen=True)
class Answers:
    """What the network answers along one input: `outputs` is outputs×points."""

    x: Array
    outputs: Array


def box_around(x: Array, y: Array, margin: float = 0.12) -> Box:
    """Return the box around all finite points, with a margin (a share of its size)."""
    return Box(*padded(x, margin), *padded(y, margin))


def padded(numbers: Array, margin: float) -> tuple[float, float]:
    """Return the range of all finite numbers with a margin; never empty."""
    finite = numbers[np.isfinite(numbers)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (-1.0, 1.0)
    pad = (high - low) * margin or abs(high) * margin or 1.0
    return low - pad, high + pad


def grid(box: Box, columns: int, rows: int) -> tuple[Array, Array]:
    """Return the x of each column and the y of each row of a grid; the first row is the top of the box."""
    return np.linspace(box.left, box.right, columns), np.linspace(box.top, box.bottom, rows)


def surface_of(outputs: Array, box: Box, columns: int, rows: int, reading: Reading, middle: float, half: float) -> Surface:
    """Return the surface for outputs (outputs×points of the grid, row by row).

    `middle` and `half` are the middle and half the range of the targets, for numbers that are no classes.
    """
    at = outputs.reshape(-1, rows, columns)
    nothing = np.asarray(np.isnan(at).any(axis=0))
    x, y = grid(box, columns, rows)
    if reading.kind == "largest":
        order = np.sort(at, axis=0)
        strength = np.clip(order[-1] - order[-2], 0, 1)
        borders = [contour(at[c] - np.delete(at, c, axis=0).max(axis=0), x, y) for c in range(at.shape[0])]
    elif reading.kind == "threshold":
        from_threshold = at[0] - reading.threshold
        scale = 2.0 if reading.threshold else 1.0
        strength, borders = np.clip(from_threshold * scale, -1, 1), [contour(from_threshold, x, y)]
    else:
        strength, borders = np.clip((at[0] - middle) / half, -1, 1), []
    classes = reading.classes_of(outputs).reshape(rows, columns)
    whole = np.concatenate(borders) if borders else np.empty((0, 4))
    return Surface(box, np.where(nothing, NO_CLASS, classes), np.where(nothing, 0.0, strength), nothing, whole)


def contour(values: Array, x: Array, y: Array) -> Array:
    """Return the pieces (x, y, x, y) of the lines on which `values` (rows×columns) is zero: marching squares.

    Between two points of the grid the value is taken to change evenly. Where a corner is not finite there is no line.
    """
    above = values > 0
    usable = np.isfinite(values)
    whole = usable[:-1, :-1] & usable[:-1, 1:] & usable[1:, :-1] & usable[1:, 1:]
    across, down = np.broadcast_to(x, values.shape), np.broadcast_to(y[:, None], values.shape)

    def crossing(a: tuple[slice, slice], b: tuple[slice, slice]) -> tuple[Array, Array, Array]:
        crossed = (above[a] != above[b]) & whole
        share = np.where(crossed, values[a] / np.where(crossed, values[a] - values[b], 1.0), 0.0)
        return crossed, across[a] + share * (across[b] - across[a]), down[a] + share * (down[b] - down[a])

    first, later = slice(None, -1), slice(1, None)
    corners = (first, first), (first, later), (later, later), (later, first)
    edges = [crossing(corners[n], corners[(n + 1) % EDGES]) for n in range(EDGES)]
    count = sum(e[0].astype(int) for e in edges)
    pieces: list[Array] = []

    def join(one: int, other: int, where: Array) -> None:
        if where.any():
            pieces.append(
                np.stack([edges[one][1][where], edges[one][2][where], edges[other][1][where], edges[other][2][where]], 1)
            )

    for one, other in combinations(range(EDGES), 2):
        join(one, other, (count == 2) & edges[one][0] & edges[other][0])
    # A saddle has a crossing on every side; the middle of the square says which corners belong together.
    middle = values[:-1, :-1] + values[:-1, 1:] + values[1:, :-1] + values[1:, 1:] > 0
    same = middle == above[:-1, :-1]
    for pairs, where in ((((0, 1), (2, 3)), same), (((3, 0), (1, 2)), ~same)):
        for one, other in pairs:
            join(one, other, (count == EDGES) & where)
    return np.concatenate(pieces) if pieces else np.empty((0, 4))


def line_through(box: Box, w: tuple[float, float], b: float) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return where w₁x + w₂y + b = 0 enters and leaves the box, None if it does not, or is no line."""
    wx, wy = w
    if not all(map(math.isfinite, (wx, wy, b))) or (wx == 0 and wy == 0):
        return None
    met: list[tuple[float, float]] = []
    if wy != 0:
        met += [(x, y) for x in (box.left, box.right) if box.bottom <= (y := -(wx * x + b) / wy) <= box.top]
    if wx != 0:
        met += [(x, y) for y in (box.bottom, box.top) if box.left <= (x := -(wy * y + b) / wx) <= box.right]
    if len(met) < 2:
        return None
    apart = max(combinations(met, 2), key=lambda pair: math.dist(*pair))
    return apart if apart[0] != apart[1] else None
