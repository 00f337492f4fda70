"""Faults that can be told before any gradient is compared: by shapes, by structure, by what becomes of a state."""

from __future__ import annotations

from collections.abc import Callable, Generator

from core.diagnosis.biases import idle_parameters, missing_biases
from core.diagnosis.look import Found, Look
from core.diagnosis.misfit import misfit
from core.diagnosis.sums import broadcasts, wrong_axes
from core.diagnosis.updates import never_applied, never_reset, squares


def prior_fault(look: Look, known: frozenset[tuple[int, str]]) -> Generator[None, None, Found | None]:
    """Find the first fault that is not known yet, as (line, fault), and the change that mends it."""
    for one in broadcasts(look):  # before the lines that a stretched target does not fit
        if (one[0].line, one[0].fault) not in known:
            return one
    yield
    found = yield from misfit(look)
    if found is not None and ((found[0].line, found[0].fault) not in known or found[1] is None):
        return found
    looks: tuple[Callable[[Look], list[Found]], ...] = (
        wrong_axes,
        missing_biases,
        idle_parameters,
        never_applied,
        never_reset,
        squares,
    )
    for kind in looks:
        for one in kind(look):
            if (one[0].line, one[0].fault) not in known:
                return one
        yield
    return None
