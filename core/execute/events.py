"""Changes by hand: events of the timeline, each before the first operation of an iteration, holding from there on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.execute.inputs import Datum, State, initial_state
from core.program.ir import Program

Cell = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Event:
    """What was changed before the first operation of `iteration`.

    `values` are whole new values by name; `cells` says for each name which cells differ (none: all of it).
    `program` is another program from here on, as with another optimizer.
    """

    iteration: int
    text: str
    values: Mapping[str, Datum] = field(default_factory=dict)
    cells: Mapping[str, frozenset[Cell]] = field(default_factory=dict)
    program: Program | None = None


def programs_of(program: Program, events: Sequence[Event]) -> dict[int, Program]:
    """Return which program holds from which iteration on, with the data and hyperparameters that hold then."""
    found = {1: program}
    changed: dict[str, Datum] = {}
    for event in sorted(events, key=lambda e: e.iteration):
        program = program if event.program is None else event.program
        changed |= event.values
        given = {n: v for n, v in changed.items() if n not in program.carried}
        found[event.iteration] = _with_given(program, given)
    return found


def entered(state: State, events: Sequence[Event], iteration: int, program: Program) -> State:
    """Return the state that an iteration starts from: what the one before left, and what was changed here."""
    here = [e for e in events if e.iteration == iteration]
    if not here:
        return state
    found = dict(state)
    for event in here:
        found |= event.values
    first = initial_state(program) if set(program.carried) - set(found) else {}
    return {name: found[name] if name in found else first[name] for name in program.carried}


def _with_given(program: Program, values: Mapping[str, Datum]) -> Program:
    if not any(g.name in values for g in program.given):
        return program
    given = tuple(replace(g, value=values[g.name]) if g.name in values else g for g in program.given)
    return replace(program, given=given)
