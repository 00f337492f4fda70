"""What two trainings must share to the last bit: type, dtype, shape, strides, bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.execute.timeline import Position, Timeline


def bits(datum: Any) -> Any:
    """Return everything that can be seen of an array or number, as something to compare; NaNs of equal bits are equal."""
    if datum is None:
        return None
    if isinstance(datum, np.ndarray):
        # The stride of an axis of size 1 moves nothing; NumPy itself is free in it.
        strides = tuple(s for s, n in zip(datum.strides, datum.shape, strict=True) if n > 1) if datum.size else ()
        return "array", datum.dtype.str, datum.shape, strides, datum.tobytes(order="A")
    if isinstance(datum, np.generic):
        return "scalar", datum.dtype.str, datum.tobytes()
    return type(datum).__name__, np.asarray(datum).tobytes()


def state_bits(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bits of what lives on from iteration to iteration."""
    return {name: bits(value) for name, value in state.items()}


def moment_bits(timeline: Timeline) -> dict[Any, Any]:
    """Return the bits of every value that stands at the timeline's position, and the position."""
    found = {i: bits(timeline.machine.value(i)) for i in range(len(timeline.program.values))}
    return {"position": timeline.position, **found}


def floats(losses: Any) -> bytes:
    """Return the bytes of a list of losses."""
    return np.asarray(list(losses), dtype=np.float64).tobytes()


def stepped(program: Any, iterations: int) -> tuple[Timeline, list[dict[str, Any]]]:
    """Step one operation at a time through iterations; return the timeline and the state after each."""
    timeline = Timeline(program)
    states = []
    for iteration in range(1, iterations + 1):
        for k in range(len(program) + 1):
            timeline.go(Position(iteration, k))
        states.append(state_bits(timeline.machine.state()))
    return timeline, states
