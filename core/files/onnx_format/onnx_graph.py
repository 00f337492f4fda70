"""An ONNX graph as plain values, and its nodes in the order of the data flow."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.files.problem import FileProblem, shown

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Node:
    """A node: its operator, its domain ("" for ONNX's own), names of what flows in and out ("" where left out), attributes.

    An attribute that is a tensor or a graph is None.
    """

    name: str
    op: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Constant:
    """A tensor that is written in the file. `values` are its numbers, if they are whole and few (axes, shapes), or one number."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    values: tuple[float, ...] | None = None


@dataclass
class Graph:
    """What is read of a graph."""

    nodes: Sequence[Node]
    constants: Mapping[str, Constant]
    inputs: Mapping[str, Shape | None]
    outputs: Sequence[str]
    opset: int
    exact: bool = True
    """Whether settings are the very numbers of 32 bits that the file keeps; else the shortest that mean the same in 32 bits."""
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """Shapes that the file states of what flows between the nodes."""
    types: Mapping[str, str] = field(default_factory=dict)
    """The types of numbers that flow in, as the file states them."""


def in_order(graph: Graph) -> list[Node]:
    """Return the nodes so that each comes after those it takes from, else as listed."""
    makers: dict[str, int] = {}
    for i, node in enumerate(graph.nodes):
        for name in node.outputs:
            if not name:
                continue
            if name in makers or name in graph.inputs or name in graph.constants:
                raise FileProblem(f"its graph makes the value {shown(name)} twice, so it is unclear which counts; export it anew")
            makers[name] = i
    needs = [{makers[n] for n in node.inputs if n in makers} for node in graph.nodes]
    users: list[list[int]] = [[] for _ in graph.nodes]
    for i, sources in enumerate(needs):
        for source in sources:
            users[source].append(i)
    ready = [i for i, sources in enumerate(needs) if not sources]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        i = heapq.heappop(ready)
        order.append(i)
        for user in users[i]:
            needs[user].discard(i)
            if not needs[user]:
                heapq.heappush(ready, user)
    if len(order) < len(graph.nodes):
        stuck = next(graph.nodes[i] for i, sources in enumerate(needs) if sources)
        raise FileProblem(f"its nodes feed each other in a circle (at {shown(stuck.name or stuck.op)}); export it anew")
    return [graph.nodes[i] for i in order]
