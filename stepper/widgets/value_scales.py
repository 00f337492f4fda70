"""Scales that only grow, so that two steps can be compared: the strongest colour of each value, the range of its bars."""

from __future__ import annotations

from core.explain.statistics import Histogram, histogram
from core.program.ir import Array
from stepper.widgets import numbers


class Scales:
    """The scales of the values of one program, by their names; the differences of a value have a scale of their own."""

    def __init__(self) -> None:
        self.extents: dict[tuple[str, bool], float] = {}
        self.ranges: dict[str, tuple[float, float]] = {}

    def clear(self) -> None:
        """Begin anew, as another program does."""
        self.extents.clear()
        self.ranges.clear()

    def forget(self, name: str) -> None:
        """Fit the scales of one value to the numbers that come next."""
        self.extents.pop((name, False), None)
        self.extents.pop((name, True), None)
        self.ranges.pop(name, None)

    def extent(self, name: str, array: Array, change: bool = False) -> float:
        """Return the magnitude of the strongest colour, these numbers included; `change` says that they are differences."""
        key = (name, change)
        self.extents[key] = max(self.extents.get(key, 0.0), numbers.finite_extent(array))
        return self.extents[key]

    def spread(self, name: str, array: Array) -> Histogram:
        """Return the histogram of these numbers over a range that holds the earlier ones, too."""
        found = histogram(array, self.ranges.get(name))
        if found.edges:
            self.ranges[name] = (found.edges[0], found.edges[-1] - found.whole)
        return found
