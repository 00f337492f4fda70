"""The program as a graph of operations on a grid: forward left to right, each adjoint under its own operation.

Columns count the longest way through the forward (column 0 holds what is only given), lanes hold the phases.
Every parameter has a slot, a part of its column, in which it, its gradient and its update stand one below the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from core.program.ir import Phase

Lane = Literal["given", "forward", "backward", "gradient", "update", "predict"]
LANES: tuple[Lane, ...] = ("given", "forward", "backward", "gradient", "update", "predict")
Flow = Literal["flow", "kept", "quiet"]


@dataclass(frozen=True, slots=True)
class Node:
    """An operation, a line of several, or something given.

    It makes (or is) `value` with the instructions `first` up to but not including `last`; for what is given both
    are 0 and `statement` is None. `row` counts through all lanes from the top. `slot` is its part of the column,
    from 0; None is the whole width of the column.
    """

    index: int
    value: int
    statement: int | None
    phase: Phase | None
    first: int
    last: int
    lane: Lane
    column: int
    slot: int | None
    row: int

    @property
    def given(self) -> bool:
        """Whether this is no operation but something that an iteration starts from."""
        return self.statement is None


@dataclass(frozen=True, slots=True)
class Edge:
    """`target` reads `values` of `source`.

    `flow` is the way of the computation, `kept` a value of the forward that a later phase reads again, `quiet` a
    number or an old parameter, which would only clutter a picture at rest.
    """

    source: int
    target: int
    values: tuple[int, ...]
    flow: Flow


@dataclass(frozen=True)
class Graph:
    """Nodes in program order and edges. `slots` says for each column how many nodes stand side by side in it.

    `lanes` gives the rows of each lane as (lane, first row, row after its last), without empty lanes. `place` maps
    a value to its node: a part of a folded line to the line, an old state to the line that renews it.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    slots: tuple[int, ...]
    lanes: tuple[tuple[Lane, int, int], ...]
    place: Mapping[int, int]
    unfolded: bool

    @property
    def rows(self) -> int:
        """The number of rows of all lanes."""
        return self.lanes[-1][2] if self.lanes else 0

    def node_of(self, instruction: int) -> Node | None:
        """Return the node that an instruction is in."""
        return next((n for n in self.nodes if n.first <= instruction < n.last), None)

    def sources_of(self, node: int) -> frozenset[int]:
        """Return all nodes that a node is made from, without itself."""
        found: set[int] = set()
        for edge in sorted(self.edges, key=lambda e: -self.nodes[e.target].last):
            if edge.target == node or edge.target in found:
                found.add(edge.source)
        return frozenset(found - {node})
