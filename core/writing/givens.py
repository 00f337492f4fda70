"""What the setup lines of a text give, evaluated again only from the first line that was changed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import NotationError
from core.notation.givens import give
from core.notation.parse import Raw
from core.notation.setup import RESERVED, Setup, SetupState
from core.program.ir import Given

MOST_DRAWS = 300_000
"""Draws of more numbers than this are zeros while a person types: only their shape is looked at."""
Refused = Callable[[Raw | ast.Expr, NotationError], None]


@dataclass(frozen=True)
class _Step:
    """One setup line that has been evaluated, and the state of the evaluation after it."""

    key: tuple[object, ...]
    given: Given | None
    reserved: tuple[str, Any] | None
    after: SetupState


@dataclass
class SetupCache:
    """Keeps what the setup lines of one text gave, so that typing below them costs nothing."""

    folder: Path | None = None
    steps: list[_Step] = field(default_factory=list)

    def evaluate(
        self,
        lines: Sequence[Raw | ast.Expr],
        updated: frozenset[str],
        refused: Refused,
        lost: frozenset[str] = frozenset(),
    ) -> tuple[list[Given], dict[str, Any], set[str]]:
        """Return what setup lines give, the reserved names, and the names of lines that cannot be evaluated.

        `updated` are the names that a line of the iteration gives anew. `refused` is told of each line that gives
        nothing, with the reason; a line that reads such a name, or a `lost` one, is passed over without a word.
        """
        setup = Setup(self.folder, MOST_DRAWS)
        reserved: dict[str, Any] = {}
        given: dict[str, Given] = {}
        unknown = set(lost)
        same = True
        for n, item in enumerate(lines):
            key = _key(item, updated)
            same = same and n < len(self.steps) and self.steps[n].key == key
            if same:
                step = self.steps[n]
            else:
                if n and n <= len(self.steps):
                    setup.restore(self.steps[n - 1].after)
                del self.steps[n:]
                step = self._step(setup, item, key, updated, unknown, refused)
                if step is None:
                    # Its outcome is not kept, so all below is evaluated anew until it is mended.
                    rest = self._rest(setup, lines[n + 1 :], updated, unknown, refused)
                    for other in rest:
                        _collect(other, given, reserved)
                    break
                self.steps.append(step)
            if isinstance(item, Raw):
                unknown.discard(item.target)
            _collect(step, given, reserved)
        else:
            del self.steps[len(lines) :]
        lines_of_names = {item.target: item.line for item in lines if isinstance(item, Raw)}
        found = [Given(g.name, g.value, g.section, lines_of_names.get(g.name, g.line)) for g in given.values()]
        return [g for g in found if g.name not in unknown], reserved, unknown

    def _step(
        self,
        setup: Setup,
        item: Raw | ast.Expr,
        key: tuple[object, ...],
        updated: frozenset[str],
        unknown: set[str],
        refused: Refused,
    ) -> _Step | None:
        reserved: dict[str, Any] = {}
        try:
            given = give(setup, item, updated, reserved)
        except NotationError as error:
            if not names_in(item) & unknown:
                refused(item, error)
            if isinstance(item, Raw):
                unknown.add(item.target)
                setup.names.pop(item.target, None)
            return None
        return _Step(key, given, next(iter(reserved.items()), None), setup.state())

    def _rest(
        self, setup: Setup, lines: Sequence[Raw | ast.Expr], updated: frozenset[str], unknown: set[str], refused: Refused
    ) -> list[_Step]:
        found: list[_Step] = []
        for item in lines:
            step = self._step(setup, item, (), updated, unknown, refused)
            if step is not None:
                found.append(step)
                if isinstance(item, Raw):
                    unknown.discard(item.target)
        return found


def names_in(item: Raw | ast.Expr) -> set[str]:
    """Return the names that a line reads."""
    nodes = [item.value] if isinstance(item, ast.Expr) or item.mask is None else [item.value, item.mask]
    found = {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)}
    return found | ({item.target} if isinstance(item, Raw) and (item.augment is not None or item.mask is not None) else set())


def _key(item: Raw | ast.Expr, updated: frozenset[str]) -> tuple[object, ...]:
    if isinstance(item, ast.Expr):
        return (ast.dump(item.value),)
    return (item.target, ast.dump(item.value), item.section, item.target in updated)


def _collect(step: _Step, given: dict[str, Given], reserved: dict[str, Any]) -> None:
    if step.given is not None:
        given[step.given.name] = step.given
    if step.reserved is not None and step.reserved[0] in RESERVED:
        reserved[step.reserved[0]] = step.reserved[1]
