"""Which sizes of the operands do not go together, where an operation fails because of its shapes."""

from __future__ import annotations

from collections.abc import Sequence

Shape = tuple[int, ...]


def clashing(op: str, shapes: Sequence[Shape]) -> tuple[frozenset[int], ...]:
    """Return for each operand the axes (from 0) whose sizes clash with those of another; all empty if none is found.

    In a product the last axis of the first operand meets the rows of the second; everywhere else sizes are
    compared from the last axis on, and 1 goes with everything.
    """
    found: list[set[int]] = [set() for _ in shapes]
    if op in ("matmul", "dot"):
        if len(shapes) == 2 and all(shapes):
            a, b = shapes
            at = max(len(b) - 2, 0)
            if a[-1] != b[at]:
                found[0].add(len(a) - 1)
                found[1].add(at)
        return tuple(frozenset(f) for f in found)
    for i, a in enumerate(shapes):
        for j, b in enumerate(shapes[:i]):
            for back in range(1, min(len(a), len(b)) + 1):
                if a[-back] != b[-back] and 1 not in (a[-back], b[-back]):
                    found[i].add(len(a) - back)
                    found[j].add(len(b) - back)
    return tuple(frozenset(f) for f in found)
